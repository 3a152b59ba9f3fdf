//! What the file leaves out: kept from the present office, defaulted, or made. contract.md, "Office file".

use std::collections::HashSet;

use super::fault::Fault;
use super::fields::{Report, Spot};
use super::{Draft, phone, spot, written};
use crate::base::Rng;
use crate::office::first_start::first_group;
use crate::office::{BackupPlace, Device, Extension, Forward, Office, Role, SipDevice, User, Webhook, WebhookFormat};

/// Characters of a made password: 80 bits.
pub(in crate::office) const PASSWORD_LENGTH: usize = 16;
/// Numbers inside the office have no more digits.
const LONGEST_INSIDE: usize = 5;

pub(super) fn complete(draft: &mut Draft, current: &Office, rng: &mut Rng, report: &Report) {
    trunks(draft, current, report);
    first_group_follows(draft);
    logins(draft, current, rng);
    passwords(draft, current, rng);
    telephone(draft, current, report);
    sign_on(draft, current);
    notices(draft, current, report);
    backups(draft, current);
    outgoing_numbers(draft);
    outside_numbers(draft, report);
    users(draft, current, report);
    phone::complete(draft, current, rng);
}

/// A file with extensions of its own and no groups meets the group of a new box: it keeps those of its members that the file has.
/// A group that somebody has made or changed is another thing: a member of it that is gone is a dangling reference.
fn first_group_follows(draft: &mut Draft) {
    if !draft.spots.groups.is_empty() {
        return;
    }
    let Office { groups, extensions, .. } = &mut draft.office;
    let untouched = first_group();
    for group in groups.iter_mut().filter(|group| **group == untouched) {
        group.members.retain(|member| extensions.iter().any(|extension| extension.number == *member));
    }
}

fn trunks(draft: &mut Draft, current: &Office, report: &Report) {
    for (trunk, spot) in draft.office.trunks.iter_mut().zip(&draft.spots.trunks) {
        if spot.has("password") {
            continue;
        }
        match current.trunk(&trunk.name) {
            Some(present) => trunk.password.clone_from(&present.password),
            None if trunk.register => report
                .warning(spot.at, format_args!("trunk {}: has no password, and the box keeps none for it", trunk.name)),
            None => {}
        }
    }
}

/// Logins that are left out: that of the device in the same place, or a new one.
fn logins(draft: &mut Draft, current: &Office, rng: &mut Rng) {
    let written = draft.office.extensions.iter().flat_map(Extension::sip_devices).map(|sip| sip.login.clone());
    let mut taken: HashSet<String> = written.collect();
    let mut prefix = None;
    for extension in &mut draft.office.extensions {
        let number = extension.number.clone();
        for (nth, device) in extension.devices.iter_mut().enumerate() {
            let Device::Sip(sip) = device else { continue };
            if !sip.login.is_empty() {
                continue;
            }
            let present = current.extension(&number).and_then(|e| e.devices.get(nth));
            sip.login = match present {
                Some(Device::Sip(present)) if !taken.contains(&present.login) => present.login.clone(),
                _ => {
                    let prefix = prefix.get_or_insert_with(|| login_prefix(current, rng));
                    device_login(prefix, &number, nth, |login| taken.contains(login))
                }
            };
            taken.insert(sip.login.clone());
        }
    }
}

/// The box's prefix of logins, `rik33`: that of the logins it has, else a new one.
pub fn login_prefix(office: &Office, rng: &mut Rng) -> String {
    let is_prefix = |text: &str| {
        let (letters, digits) = text.split_at_checked(3).unwrap_or(("", ""));
        text.len() == 5 && letters.bytes().all(|b| b.is_ascii_lowercase()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let logins = office.extensions.iter().flat_map(Extension::sip_devices);
    let mut prefixes = logins.filter_map(|sip| Some(sip.login.split_once('+')?.0)).filter(|text| is_prefix(text));
    prefixes.next().map_or_else(|| new_prefix(rng), str::to_owned)
}

/// Three letters that can't be mistaken for digits, and two digits.
fn new_prefix(rng: &mut Rng) -> String {
    let mut pick = |from: &'static str| {
        let at = usize::try_from(rng.below(from.len() as u64)).unwrap_or(0);
        from.get(at..=at).unwrap_or("a")
    };
    let letters = "abcdefghijkmnpqrstuvwxyz";
    [pick(letters), pick(letters), pick(letters), pick("23456789"), pick("23456789")].concat()
}

/// The login of the `nth` device of extension `number`, `rik33+user200s0`, or the next one that isn't taken.
pub fn device_login(prefix: &str, number: &str, nth: usize, taken: impl Fn(&str) -> bool) -> String {
    let login = |at: usize| format!("{prefix}+user{number}s{at}");
    let mut at = nth;
    while taken(&login(at)) {
        at += 1;
    }
    login(at)
}

/// Passwords that are left out: the present one of that login, or a new one.
fn passwords(draft: &mut Draft, current: &Office, rng: &mut Rng) {
    for device in draft.office.extensions.iter_mut().flat_map(|e| &mut e.devices) {
        let Device::Sip(sip) = device else { continue };
        if sip.password.is_empty() {
            let present = current.device_by_login(&sip.login).map(|(_, device)| device.password.clone());
            sip.password = present.filter(|p| !p.is_empty()).unwrap_or_else(|| rng.token(PASSWORD_LENGTH));
        }
    }
}

/// PINs and the mail's password stay when they are left out, as passwords do; «do not disturb» stays since telephones set it.
fn telephone(draft: &mut Draft, current: &Office, report: &Report) {
    let (office, spots) = (&mut draft.office, &draft.spots);
    for (extension, spot) in office.extensions.iter_mut().zip(&spots.extensions) {
        let Some(present) = current.extension(&extension.number) else { continue };
        if !spot.has("voicemail_pin") {
            extension.voicemail_pin.clone_from(&present.voicemail_pin);
        }
        if !spot.has("do_not_disturb") {
            extension.do_not_disturb = present.do_not_disturb;
        }
    }
    for (room, spot) in office.conferences.iter_mut().zip(&spots.conferences) {
        if let Some(present) = current.conference(&room.number).filter(|_| !spot.has("pin")) {
            room.pin.clone_from(&present.pin);
        }
    }
    if spots.mail.at.is_some() && !spots.mail.has("password") {
        office.mail.password.clone_from(&current.mail.password);
        if office.mail.password.is_empty() && !office.mail.login.is_empty() {
            report.warning(spots.mail.at, "mail: has no password, and the box keeps none for it");
        }
    }
}

/// The secrets of signing in from outside stay when they are left out.
fn sign_on(draft: &mut Draft, current: &Office) {
    let (office, spots) = (&mut draft.office, &draft.spots);
    if spots.openid.at.is_some() && !spots.openid.has("client_secret") {
        office.openid.client_secret.clone_from(&current.openid.client_secret);
    }
    if spots.ldap.at.is_some() && !spots.ldap.has("bind_password") {
        office.ldap.bind_password.clone_from(&current.ldap.bind_password);
    }
}

/// A webhook's secret stays when it is left out.
fn notices(draft: &mut Draft, current: &Office, report: &Report) {
    for (webhook, spot) in draft.office.webhooks.iter_mut().zip(&draft.spots.webhooks) {
        let same = |present: &&Webhook| present.format == webhook.format;
        if webhook.secret.is_empty() && !spot.has("secret") {
            if let Some(present) = current.webhook(&webhook.name).filter(same) {
                webhook.secret.clone_from(&present.secret);
            }
        }
        if webhook.secret.is_empty() && webhook.format == WebhookFormat::Telegram {
            let what = format_args!("webhook {}: has no token of a bot, and the box keeps none for it", webhook.name);
            report.warning(spot.at, what);
        }
    }
}

/// Secrets of backups and of their places stay when they are left out.
fn backups(draft: &mut Draft, current: &Office) {
    let (office, spots) = (&mut draft.office, &draft.spots);
    if spots.backup.at.is_some() && !spots.backup.has("passphrase") {
        office.backup.passphrase.clone_from(&current.backup.passphrase);
    }
    for (place, spot) in office.backup_places.iter_mut().zip(&spots.backup_places) {
        // Not those of another server: nobody should learn them by giving his own address.
        let same = |present: &&BackupPlace| {
            present.name == place.name && present.kind == place.kind && present.server == place.server
        };
        let Some(present) = current.backup_places.iter().find(same) else { continue };
        if !spot.has("password") {
            place.password.clone_from(&present.password);
        }
        if !spot.has("private_key") {
            place.private_key.clone_from(&present.private_key);
        }
    }
}

/// «Номер для исходящих» is the first trunk's where it is left out, kept extensions of an office without trunks included.
fn outgoing_numbers(draft: &mut Draft) {
    let Some(first) = draft.office.trunks.first().map(|trunk| trunk.number.clone()) else { return };
    for extension in draft.office.extensions.iter_mut().filter(|e| e.outgoing_number.is_empty()) {
        extension.outgoing_number.clone_from(&first);
    }
}

/// Mobile numbers and targets of forwarding become E.164 digits; a target that is an extension or a group stays.
fn outside_numbers(draft: &mut Draft, report: &Report) {
    let office = &draft.office;
    let inside: HashSet<&str> = office
        .extensions
        .iter()
        .map(|e| e.number.as_str())
        .chain(office.groups.iter().map(|g| g.number.as_str()))
        .collect();
    let mut changed: Vec<Extension> = Vec::new();
    for (at, extension) in office.extensions.iter().enumerate() {
        let Some(place) = draft.spots.extensions.get(at) else { break };
        let mut extension = extension.clone();
        let name = format!("extension {}", extension.number);
        for (nth, device) in extension.devices.iter_mut().enumerate() {
            let place = place.part(nth);
            match device {
                Device::Mobile(mobile) if !mobile.number.is_empty() => {
                    match written::to_e164(&mobile.number, &office.settings) {
                        Some(number) => mobile.number = number,
                        None => report.fault(
                            place.key("number"),
                            Fault::Outside,
                            format_args!("{name}: mobile number \"{}\" is no outside number", mobile.number),
                        ),
                    }
                }
                Device::Mobile(_) => {}
                Device::Sip(sip) => targets(sip, |key, target| {
                    let at = place.part(0).key(key).or(place.at);
                    resolve_target(target, &inside, office, |why| {
                        report.fault(at, Fault::ForwardTarget, format_args!("{name}: {why}"))
                    });
                }),
            }
        }
        changed.push(extension);
    }
    if !changed.is_empty() {
        draft.office.extensions = changed;
    }
}

/// Each target of forwarding with its key.
fn targets(sip: &mut SipDevice, mut each: impl FnMut(&'static str, &mut String)) {
    match &mut sip.forward {
        Forward::None => {}
        Forward::Always { to } => each("to", to),
        Forward::Conditional { busy, no_answer } => {
            each("busy", busy);
            each("no_answer", no_answer);
        }
    }
}

fn resolve_target(target: &mut String, inside: &HashSet<&str>, office: &Office, wrong: impl Fn(String)) {
    if target.is_empty() || inside.contains(target.as_str()) {
        return;
    }
    match written::to_e164(target, &office.settings) {
        Some(number) => *target = number,
        None if target.len() <= LONGEST_INSIDE && target.bytes().all(|b| b.is_ascii_digit()) => {
            wrong(format!("forwards to {target}, which is no extension or group"));
        }
        None => wrong(format!("forwards to \"{target}\", which is no number")),
    }
}

fn users(draft: &mut Draft, current: &Office, report: &Report) {
    for (at, user) in draft.office.users.iter_mut().enumerate() {
        let Some(place) = draft.spots.users.get(at) else { break };
        if !user.password_hash.is_empty() {
            continue;
        }
        if let Some(present) = current.user(&user.login) {
            user.password_hash.clone_from(&present.password_hash);
            if !place.has("must_change") {
                user.must_change = present.must_change;
            }
        }
        if user.password_hash.is_empty() && !user.login.is_empty() {
            let what = format_args!(
                "user {}: has no password and can't sign in before `dozvon user set-password`",
                user.login
            );
            report.warning(place.at, what);
        }
    }
    keep_last_admin(draft, current, report);
}

/// Somebody must be able to change things afterwards.
fn keep_last_admin(draft: &mut Draft, current: &Office, report: &Report) {
    let is_admin = |user: &&User| user.is_working_admin();
    if draft.office.users.iter().any(|user| is_admin(&user)) {
        return;
    }
    let Some(last) = current.users.iter().find(is_admin) else { return };
    let users = &mut draft.office.users;
    let place = match users.iter().position(|user| user.login == last.login) {
        Some(at) => {
            if let Some(user) = users.get_mut(at) {
                user.role = Role::Admin;
                user.disabled = false;
            }
            spot(&draft.spots.users, at).at
        }
        None => {
            users.push(last.clone());
            draft.spots.users.push(Spot::default());
            None
        }
    };
    report.warning(place, format_args!("user {}: kept as admin, since the last admin is never removed", last.login));
}
