//! What differs between two offices, in words per thing: what `dozvon apply` prints and the audit log keeps. Names what changed and
//! never shows a value, so that no password can slip out.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::{
    Authority, BackupPlace, BackupSettings, Codes, Conference, Device, Element, Extension, Feature, Group, Ldap,
    Limits, Mail, MediaFile, MobileDevice, Notices, Office, Openid, Parking, Phone, PhoneTemplate, Provisioning, Quiet,
    Recordings, Schedule, Settings, SipDevice, Syslog, Trunk, User, VoiceMenu, VoiceMessage, VoicemailSettings,
    Webhook,
};

/// One thing that differs. Displays as `extension 203: added`, `trunk Основной: server changed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `extension 203`.
    pub thing: String,
    /// What happened to it.
    pub what: What,
}

/// What happened to a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// These of its keys differ, as spelled in the office file.
    Changed(Vec<String>),
    /// The things of this kind stand in another order.
    Reordered,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Added => write!(f, "{}: added", self.thing),
            What::Removed => write!(f, "{}: removed", self.thing),
            What::Changed(keys) => write!(f, "{}: {} changed", self.thing, keys.join(", ")),
            What::Reordered => write!(f, "{}: order changed", self.thing),
        }
    }
}

/// What makes `new` of `old`, in the order of the office file; empty when they are equal.
pub fn between(old: &Office, new: &Office) -> Vec<Change> {
    let mut changes = Vec::new();
    push(&mut changes, "office".to_owned(), settings(&old.settings, &new.settings));
    list(&mut changes, "trunk", &old.trunks, &new.trunks, |t| &t.name, trunk);
    list(&mut changes, "extension", &old.extensions, &new.extensions, |e| &e.number, extension);
    list(&mut changes, "media", &old.media, &new.media, |m| &m.name, media);
    list(&mut changes, "voice message", &old.voice_messages, &new.voice_messages, |m| &m.name, voice_message);
    list(&mut changes, "schedule", &old.schedules, &new.schedules, |s| &s.name, schedule);
    list(&mut changes, "group", &old.groups, &new.groups, |g| &g.number, group);
    list(&mut changes, "voice menu", &old.voice_menus, &new.voice_menus, |m| &m.name, voice_menu);
    list(&mut changes, "element", &old.desk.elements, &new.desk.elements, |e| &e.id, element);
    list(&mut changes, "user", &old.users, &new.users, |u| &u.login, user);
    push(&mut changes, "recordings".to_owned(), recordings(&old.recordings, &new.recordings));
    let networks = old.protection.trusted_networks != new.protection.trusted_networks;
    let listening = old.protection.listening != new.protection.listening;
    push(&mut changes, "protection".to_owned(), names(&[("trusted_networks", networks), ("listening", listening)]));
    push(&mut changes, "limits".to_owned(), limits(&old.limits, &new.limits));
    push(&mut changes, "codes".to_owned(), codes(&old.codes, &new.codes));
    push(&mut changes, "parking".to_owned(), parking(&old.parking, &new.parking));
    list(&mut changes, "conference", &old.conferences, &new.conferences, |c| &c.number, conference);
    push(&mut changes, "voicemail".to_owned(), voicemail(&old.voicemail, &new.voicemail));
    push(&mut changes, "mail".to_owned(), mail(&old.mail, &new.mail));
    push(&mut changes, "openid".to_owned(), openid(&old.openid, &new.openid));
    push(&mut changes, "ldap".to_owned(), ldap(&old.ldap, &new.ldap));
    list(&mut changes, "authority", &old.authorities, &new.authorities, |a| &a.name, authority);
    list(&mut changes, "phone", &old.phones, &new.phones, |p| &p.mac, phone);
    list(&mut changes, "phone template", &old.phone_templates, &new.phone_templates, |t| &t.name, phone_template);
    push(&mut changes, "provisioning".to_owned(), provisioning(&old.provisioning, &new.provisioning));
    push(&mut changes, "notices".to_owned(), notices(&old.notices, &new.notices));
    list(&mut changes, "webhook", &old.webhooks, &new.webhooks, |w| &w.name, webhook);
    push(&mut changes, "syslog".to_owned(), syslog(&old.syslog, &new.syslog));
    push(&mut changes, "backup".to_owned(), backup(&old.backup, &new.backup));
    list(&mut changes, "backup place", &old.backup_places, &new.backup_places, |p| &p.name, backup_place);
    changes
}

fn push(changes: &mut Vec<Change>, thing: String, keys: Vec<String>) {
    if !keys.is_empty() {
        changes.push(Change { thing, what: What::Changed(keys) });
    }
}

fn list<T: PartialEq>(
    changes: &mut Vec<Change>,
    kind: &str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &String,
    differing: impl Fn(&T, &T) -> Vec<String>,
) {
    let before: HashMap<&String, &T> = old.iter().map(|thing| (name(thing), thing)).collect();
    let after: HashSet<&String> = new.iter().map(&name).collect();
    let thing = |one: &T| format!("{kind} {}", name(one));
    for gone in old.iter().filter(|one| !after.contains(name(one))) {
        changes.push(Change { thing: thing(gone), what: What::Removed });
    }
    for one in new {
        match before.get(name(one)) {
            None => changes.push(Change { thing: thing(one), what: What::Added }),
            Some(present) => push(changes, thing(one), differing(present, one)),
        }
    }
    let kept = |list: &[T], other: &dyn Fn(&String) -> bool| -> Vec<String> {
        list.iter().map(&name).filter(|name| other(name)).cloned().collect()
    };
    if kept(old, &|name| after.contains(name)) != kept(new, &|name| before.contains_key(name)) {
        changes.push(Change { thing: format!("{kind}s"), what: What::Reordered });
    }
}

/// The names of the keys that differ.
fn names(keys: &[(&str, bool)]) -> Vec<String> {
    keys.iter().filter(|(_, differs)| *differs).map(|(key, _)| (*key).to_owned()).collect()
}

/// Compares two values of a noun field by field; a field that is forgotten here doesn't compile.
macro_rules! differing {
    ($noun:ident, $old:expr, $new:expr; named $($named:ident),*; compared $($key:ident),*) => {{
        let $noun { $($named: _,)* $($key: _),* } = $old;
        names(&[$((stringify!($key), $old.$key != $new.$key)),*])
    }};
}

fn settings(old: &Settings, new: &Settings) -> Vec<String> {
    differing!(Settings, old, new; named; compared name, timezone, language, country, area_code, music)
}

fn trunk(old: &Trunk, new: &Trunk) -> Vec<String> {
    differing!(Trunk, old, new; named name; compared number, numbers, server, login, password, comment, register, transport,
        auth_login, outbound_proxy, from_domain, number_format, caller_id_in, codecs, max_calls, register_every, srtp)
}

fn extension(old: &Extension, new: &Extension) -> Vec<String> {
    let mut keys = differing!(Extension, old, new; named number, devices; compared employee, email, ring, outgoing_number,
        permissions, limits, record, voicemail, voicemail_pin, voicemail_greeting, call_waiting, do_not_disturb);
    if old.devices != new.devices {
        keys.extend(devices(&old.devices, &new.devices));
    }
    keys
}

/// Devices are known by their login or number.
fn devices(old: &[Device], new: &[Device]) -> Vec<String> {
    let mut keys = Vec::new();
    let name = |device: &Device| match device {
        Device::Sip(sip) => sip.login.clone(),
        Device::Mobile(mobile) => mobile.number.clone(),
    };
    for (nth, device) in new.iter().enumerate() {
        match (old.iter().find(|present| name(present) == name(device)), device) {
            (None, _) => keys.push(format!("device {} (new)", name(device))),
            (Some(Device::Sip(present)), Device::Sip(sip)) => {
                keys.extend(sip_device(present, sip).into_iter().map(|key| format!("device {} {key}", sip.login)));
            }
            (Some(Device::Mobile(present)), Device::Mobile(mobile)) => {
                let changed = mobile_device(present, mobile);
                keys.extend(changed.into_iter().map(|key| format!("device {} {key}", mobile.number)));
            }
            (Some(_), _) => keys.push(format!("device {} kind", name(device))),
        }
        let moved = old.iter().position(|present| name(present) == name(device)).is_some_and(|at| at != nth);
        if moved && old.len() == new.len() {
            keys.push(format!("device {} (place)", name(device)));
        }
    }
    let gone = old.iter().filter(|present| !new.iter().any(|device| name(device) == name(present)));
    keys.extend(gone.map(|device| format!("device {} (removed)", name(device))));
    keys
}

fn sip_device(old: &SipDevice, new: &SipDevice) -> Vec<String> {
    differing!(SipDevice, old, new; named login; compared password, ring_seconds, allow_from, forward, mac, line, model, srtp)
}

fn mobile_device(old: &MobileDevice, new: &MobileDevice) -> Vec<String> {
    differing!(MobileDevice, old, new; named number; compared ring_seconds, confirm)
}

fn codes(old: &Codes, new: &Codes) -> Vec<String> {
    let moved = Feature::ALL.into_iter().filter(|feature| old.get(*feature) != new.get(*feature));
    moved.map(|feature| feature.key().to_owned()).collect()
}

fn parking(old: &Parking, new: &Parking) -> Vec<String> {
    differing!(Parking, old, new; named; compared first, last, timeout_seconds)
}

fn conference(old: &Conference, new: &Conference) -> Vec<String> {
    differing!(Conference, old, new; named number; compared name, pin)
}

fn voicemail(old: &VoicemailSettings, new: &VoicemailSettings) -> Vec<String> {
    differing!(VoicemailSettings, old, new; named; compared max_seconds, keep_days, greeting)
}

fn mail(old: &Mail, new: &Mail) -> Vec<String> {
    differing!(Mail, old, new; named; compared server, port, security, trust_any_certificate, login, password, from,
        missed_calls, admin)
}

fn openid(old: &Openid, new: &Openid) -> Vec<String> {
    differing!(Openid, old, new; named; compared enabled, name, issuer, client_id, client_secret, scopes, role_claim,
        admin_values, viewer_values, may_hear_recordings, trust_any_certificate)
}

fn ldap(old: &Ldap, new: &Ldap) -> Vec<String> {
    differing!(Ldap, old, new; named; compared enabled, server, port, security, trust_any_certificate, bind_dn,
        bind_password, user_dn, base, filter, group_base, group_filter, admin_groups, viewer_groups, may_hear_recordings)
}

fn authority(old: &Authority, new: &Authority) -> Vec<String> {
    differing!(Authority, old, new; named name; compared certificate)
}

fn phone(old: &Phone, new: &Phone) -> Vec<String> {
    differing!(Phone, old, new; named mac; compared vendor, model, template, lamps, keys, admin_password, firmware, transport)
}

fn phone_template(old: &PhoneTemplate, new: &PhoneTemplate) -> Vec<String> {
    differing!(PhoneTemplate, old, new; named name; compared base, text)
}

fn provisioning(old: &Provisioning, new: &Provisioning) -> Vec<String> {
    differing!(Provisioning, old, new; named; compared pnp, dhcp, dhcp_first, dhcp_last,
        dhcp_interface, dhcp_router, dhcp_dns, dhcp_lease_hours, tftp, ldap)
}

fn notices(old: &Notices, new: &Notices) -> Vec<String> {
    differing!(Notices, old, new; named; compared mail, kinds, language)
}

fn syslog(old: &Syslog, new: &Syslog) -> Vec<String> {
    differing!(Syslog, old, new; named; compared enabled, server, transport)
}

fn webhook(old: &Webhook, new: &Webhook) -> Vec<String> {
    differing!(Webhook, old, new; named name; compared url, format, chat, secret, events, enabled)
}

fn backup(old: &BackupSettings, new: &BackupSettings) -> Vec<String> {
    differing!(BackupSettings, old, new; named; compared enabled, hour, weekdays, keep, recordings, on_box, passphrase)
}

fn backup_place(old: &BackupPlace, new: &BackupPlace) -> Vec<String> {
    differing!(BackupPlace, old, new; named name; compared kind, server, folder, login, password, private_key, host_key, bucket,
        region)
}

fn recordings(old: &Recordings, new: &Recordings) -> Vec<String> {
    differing!(Recordings, old, new; named; compared format, keep_days, keep_gigabytes, signalling_days)
}

fn limits(old: &Limits, new: &Limits) -> Vec<String> {
    let mut keys = differing!(Limits, old, new; named quiet; compared outside_calls, extension_calls, extension_calls_a_day,
        extension_minutes_a_day, calls_a_day, minutes_a_day, blocked, countries, paid_services, quiet_classes);
    for (key, end) in [("quiet_from", (|quiet| quiet.from) as fn(Quiet) -> u16), ("quiet_to", |quiet| quiet.to)] {
        if old.quiet.map(end) != new.quiet.map(end) {
            keys.push(key.to_owned());
        }
    }
    keys
}

fn media(old: &MediaFile, new: &MediaFile) -> Vec<String> {
    // The clip is made of the file.
    differing!(MediaFile, old, new; named name, clip; compared file)
}

fn voice_message(old: &VoiceMessage, new: &VoiceMessage) -> Vec<String> {
    differing!(VoiceMessage, old, new; named name; compared media, repeat)
}

fn schedule(old: &Schedule, new: &Schedule) -> Vec<String> {
    differing!(Schedule, old, new; named name; compared hours, except, closed)
}

fn group(old: &Group, new: &Group) -> Vec<String> {
    differing!(Group, old, new; named number; compared name, description, strategy, members, greeting, music, max_wait_seconds,
        wrap_up_seconds, max_queue, member_ring_seconds, announce_position)
}

fn voice_menu(old: &VoiceMenu, new: &VoiceMenu) -> Vec<String> {
    differing!(VoiceMenu, old, new; named name; compared greeting, invalid, timeout_seconds, repeat)
}

fn element(old: &Element, new: &Element) -> Vec<String> {
    differing!(Element, old, new; named id; compared kind, x, y, links)
}

fn user(old: &User, new: &User) -> Vec<String> {
    let mut keys = differing!(User, old, new; named login, password_hash; compared role, must_change, disabled,
        may_hear_recordings);
    if old.password_hash != new.password_hash {
        keys.push("password".to_owned());
    }
    keys
}

#[cfg(test)]
mod tests;
