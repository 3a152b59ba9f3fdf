//! What the kinds say of each other: duplicates and dangling references. The whole merged office is judged, so a kind that was
//! kept may be at fault too.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use super::fault::Fault;
use super::fields::{Report, Spot, nearest};
use super::{Draft, spot, weak_password, written};
use crate::office::{
    BACKUP_PLACES, Device, ElementKind, Extension, Kind, LdapSecurity, MailSecurity, Office, SipDevice, WEBHOOKS,
};

mod inside;
mod phones;

pub(super) fn check(draft: &Draft, report: &Report) {
    let checker = Checker { draft, office: &draft.office, report };
    checker.trunks();
    checker.numbers();
    checker.codes();
    checker.telephone();
    checker.extensions();
    checker.sounds();
    checker.groups();
    checker.phones();
    checker.desk();
    checker.sign_on();
    checker.webhooks();
    checker.backup_places();
    checker.unique("user", "login", &draft.spots.users, draft.office.users.iter().map(|user| user.login.as_str()));
}

struct Checker<'a> {
    draft: &'a Draft,
    office: &'a Office,
    report: &'a Report,
}

impl Checker<'_> {
    /// No text comes twice; empty ones have been told already.
    fn unique<'t>(&self, kind: &str, key: &str, spots: &[Spot], texts: impl Iterator<Item = &'t str>) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (at, text) in texts.enumerate().filter(|(_, text)| !text.is_empty()) {
            if first.insert(text, at).is_some() {
                let what = format_args!("{kind} {text}: there is another {kind} of this {key}");
                self.report.fault(spot(spots, at).key(key), Fault::NameTaken(text.to_owned()), what);
            }
        }
    }

    /// `name` must be one of `known`, or empty.
    fn refers<'t>(
        &self,
        at: Option<usize>,
        thing: impl Display,
        role: &str,
        name: &str,
        kind: Kind,
        known: impl Iterator<Item = &'t str> + Clone,
    ) {
        if name.is_empty() || known.clone().any(|one| one == name) {
            return;
        }
        let near = if name.bytes().all(|b| b.is_ascii_digit()) { None } else { nearest(name, known) };
        let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        let fault = Fault::NoSuch { kind, key: name.to_owned(), near: near.map(str::to_owned) };
        let kind = kind.table().replace('_', " ");
        self.report.fault(at, fault, format_args!("{thing}: {role} {name} is no {kind}{hint}"));
    }

    fn trunks(&self) {
        let (trunks, spots) = (&self.office.trunks, &self.draft.spots.trunks);
        self.unique("trunk", "name", spots, trunks.iter().map(|trunk| trunk.name.as_str()));
        let mut carried: HashMap<&str, &str> = HashMap::new();
        for (at, trunk) in trunks.iter().enumerate() {
            let place = spot(spots, at);
            let places = std::iter::once(place.key("number")).chain((0..).map(|nth| place.item("numbers", nth)));
            for (number, at) in trunk.all_numbers().zip(places).filter(|(number, _)| !number.is_empty()) {
                let name = &trunk.name;
                if !written::is_e164(number) {
                    let meant = written::to_e164(number, &self.office.settings);
                    let hint = meant.as_ref().map(|e164| format!("; write \"{e164}\"")).unwrap_or_default();
                    let what = format_args!(
                        "trunk {name}: number \"{number}\" must be 7 to 15 digits with the country code, without +{hint}"
                    );
                    self.report.fault(at, Fault::NoE164 { meant }, what);
                } else if let Some(other) = carried.insert(number, name) {
                    let fault = Fault::NumberCarried { number: number.to_owned(), by: other.to_owned() };
                    let what = format_args!("trunk {name}: number {number} is carried by trunk {other} already");
                    self.report.fault(at, fault, what);
                }
            }
        }
    }

    fn extensions(&self) {
        let mut logins: HashMap<&str, &str> = HashMap::new();
        for (at, extension) in self.office.extensions.iter().enumerate() {
            let (place, number) = (spot(&self.draft.spots.extensions, at), extension.number.as_str());
            self.outgoing_number(place, extension);
            for (nth, device) in extension.devices.iter().enumerate() {
                let Device::Sip(sip) = device else { continue };
                let place = place.part(nth);
                if let Some(other) = logins.insert(&sip.login, number) {
                    let what = format_args!(
                        "extension {number}: login {} belongs to a device of extension {other} already",
                        sip.login
                    );
                    let fault = Fault::LoginTaken { login: sip.login.clone(), by: other.to_owned() };
                    self.report.fault(place.key("login"), fault, what);
                }
                self.sip_device(place, number, sip);
            }
        }
    }

    fn outgoing_number(&self, place: &Spot, extension: &Extension) {
        let number = extension.outgoing_number.as_str();
        if !number.is_empty() && self.office.trunk_of(number).is_none() {
            let hint =
                written::to_e164(number, &self.office.settings).filter(|e164| self.office.trunk_of(e164).is_some());
            let hint = hint.map(|e164| format!("; write \"{e164}\"")).unwrap_or_default();
            let what =
                format_args!("extension {}: outgoing_number {number} is no number of a trunk{hint}", extension.number);
            self.report.fault(place.key("outgoing_number"), Fault::NoTrunkNumber(number.to_owned()), what);
        }
    }

    fn sip_device(&self, place: &Spot, number: &str, sip: &SipDevice) {
        if let Some(why) = weak_password(&sip.password, &sip.login, number) {
            self.report.warning(place.key("password"), format_args!("extension {number}: device {}: {why}", sip.login));
        }
        if sip.allow_from.is_empty() {
            let what =
                format_args!("extension {number}: device {}: `allow_from` is empty, so it can't connect", sip.login);
            self.report.warning(place.key("allow_from"), what);
        }
        if sip.forward.targets().any(|(_, to)| to == number) {
            let what = format_args!("extension {number}: device {}: forwards to its own number", sip.login);
            self.report.warning(place.key("forward"), what);
        }
        if place.at.is_none() {
            self.kept_targets(number, sip);
        }
    }

    /// Targets of a device of the file have been judged where they were completed; those of a kept one may have lost their extension.
    fn kept_targets(&self, number: &str, sip: &SipDevice) {
        for (_, target) in sip.forward.targets() {
            if !written::is_e164(target)
                && self.office.extension(target).is_none()
                && self.office.group(target).is_none()
            {
                let what = format_args!("extension {number}: forwards to {target}, which is no extension or group");
                self.report.fault(None, Fault::ForwardTarget, what);
            }
        }
    }

    /// Mailboxes and mail.
    fn telephone(&self) {
        let (office, spots) = (self.office, &self.draft.spots);
        self.media(spots.voicemail.key("greeting"), "voicemail", "greeting", &office.voicemail.greeting);
        for (at, extension) in office.extensions.iter().enumerate() {
            let at = spot(&spots.extensions, at).key("voicemail_greeting");
            let thing = format_args!("extension {}", extension.number);
            self.media(at, thing, "voicemail_greeting", &extension.voicemail_greeting);
        }
        let mail = &office.mail;
        let open = mail.security == MailSecurity::None && !mail.server.is_empty() && !mail.login.is_empty();
        if let Some(at) = spots.mail.at.filter(|_| open) {
            self.report.warning(Some(at), "mail: without security everybody on the way can read the password");
        }
    }

    /// Signing in from outside.
    fn sign_on(&self) {
        let (office, spots) = (self.office, &self.draft.spots);
        let names = office.authorities.iter().map(|authority| authority.name.as_str());
        self.unique("authority", "name", &spots.authorities, names);
        if let Some(at) = spots.ldap.at.filter(|_| office.ldap.enabled && office.ldap.security == LdapSecurity::None) {
            self.report.warning(Some(at), "ldap: without security everybody on the way can read the passwords");
        }
        let any = [
            ("openid", &spots.openid, office.openid.trust_any_certificate),
            ("ldap", &spots.ldap, office.ldap.trust_any_certificate),
            ("mail", &spots.mail, office.mail.trust_any_certificate),
        ];
        for (table, spot, _) in any.into_iter().filter(|(_, spot, trusts)| *trusts && spot.at.is_some()) {
            let what = format_args!("{table}: trust_any_certificate lets whoever stands in between be the server");
            self.report.warning(spot.key("trust_any_certificate"), what);
        }
    }

    /// Servers that are told of events.
    fn backup_places(&self) {
        let (places, spots) = (&self.office.backup_places, &self.draft.spots.backup_places);
        self.unique("backup place", "name", spots, places.iter().map(|place| place.name.as_str()));
        if places.len() > BACKUP_PLACES {
            let what = format_args!("there are more than {BACKUP_PLACES} backup places");
            self.report.fault(spot(spots, BACKUP_PLACES).key("name"), Fault::TooMany { most: BACKUP_PLACES }, what);
        }
        let backup = &self.office.backup;
        if backup.enabled && backup.passphrase.is_empty() {
            let what = "backup: has no `passphrase`: whoever gets hold of a backup reads every password in it";
            self.report.warning(self.draft.spots.backup.at, what);
        }
    }

    fn webhooks(&self) {
        let (webhooks, spots) = (&self.office.webhooks, &self.draft.spots.webhooks);
        self.unique("webhook", "name", spots, webhooks.iter().map(|webhook| webhook.name.as_str()));
        if webhooks.len() > WEBHOOKS {
            let what = format_args!("there are more than {WEBHOOKS} webhooks");
            self.report.fault(spot(spots, WEBHOOKS).key("name"), Fault::TooMany { most: WEBHOOKS }, what);
        }
    }

    /// `name` must be a media file, or empty.
    fn media(&self, at: Option<usize>, thing: impl Display, role: &str, name: &str) {
        let known = || self.office.media.iter().map(|media| media.name.as_str());
        if name.is_empty() || known().any(|one| one == name) {
            return;
        }
        let hint = nearest(name, known()).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        let what = format_args!("{thing}: {role} {name} is no media{hint}");
        self.report.fault(at, Fault::NoMedia(name.to_owned()), what);
    }

    /// Media, tunes for those who wait, voice messages, timetables, voice menus.
    fn sounds(&self) {
        let (office, spots) = (self.office, &self.draft.spots);
        self.unique("media", "name", &spots.media, office.media.iter().map(|media| media.name.as_str()));
        self.unique(
            "voice message",
            "name",
            &spots.voice_messages,
            office.voice_messages.iter().map(|m| m.name.as_str()),
        );
        self.unique("schedule", "name", &spots.schedules, office.schedules.iter().map(|s| s.name.as_str()));
        self.unique("voice menu", "name", &spots.voice_menus, office.voice_menus.iter().map(|m| m.name.as_str()));
        for (nth, name) in office.settings.music.iter().enumerate() {
            let at = spots.settings.item("music", nth);
            if name.is_empty() {
                self.report.fault(at, Fault::Missing, "office: `music` holds an empty name");
            }
            self.media(at, "office", "music", name);
        }
        for (at, message) in office.voice_messages.iter().enumerate() {
            let at = spot(&spots.voice_messages, at).key("media");
            self.media(at, format_args!("voice message {}", message.name), "media", &message.media);
        }
        for (at, menu) in office.voice_menus.iter().enumerate() {
            let place = spot(&spots.voice_menus, at);
            let thing = format!("voice menu {}", menu.name);
            self.media(place.key("greeting"), &thing, "greeting", &menu.greeting);
            self.media(place.key("invalid"), &thing, "invalid", &menu.invalid);
        }
    }

    fn groups(&self) {
        for (at, group) in self.office.groups.iter().enumerate() {
            let place = spot(&self.draft.spots.groups, at);
            let thing = format!("group {}", group.number);
            let mut named = HashSet::new();
            for (nth, member) in group.members.iter().enumerate() {
                let at = place.item("members", nth);
                if self.office.extension(member).is_none() {
                    let fault = Fault::NoSuch { kind: Kind::Extension, key: member.clone(), near: None };
                    self.report.fault(at, fault, format_args!("{thing}: member {member} is no extension"));
                } else if !named.insert(member) {
                    let fault = Fault::Twice(member.clone());
                    self.report.fault(at, fault, format_args!("{thing}: member {member} is named twice"));
                }
            }
            self.media(place.key("greeting"), &thing, "greeting", &group.greeting);
            self.media(place.key("music"), &thing, "music", &group.music);
        }
    }

    fn desk(&self) {
        let (office, spots) = (self.office, &self.draft.spots.elements);
        self.unique("element", "id", spots, office.desk.elements.iter().map(|element| element.id.as_str()));
        let mut starts: HashMap<&str, &str> = HashMap::new();
        for (at, element) in office.desk.elements.iter().enumerate() {
            let place = spot(spots, at);
            let thing = format!("element {}", element.id);
            let messages = || office.voice_messages.iter().map(|m| m.name.as_str());
            match &element.kind {
                ElementKind::Incoming { numbers } => {
                    for (nth, number) in numbers.iter().enumerate() {
                        let at = place.item("numbers", nth);
                        if office.trunk_of(number).is_none() {
                            let what = format_args!("{thing}: number {number} is no number of a trunk");
                            self.report.fault(at, Fault::NoTrunkNumber(number.clone()), what);
                        } else if let Some(other) = starts.insert(number, &element.id) {
                            let fault = Fault::StartTaken { number: number.clone(), element: other.to_owned() };
                            let what = format_args!("{thing}: number {number} starts at element {other} already");
                            self.report.fault(at, fault, what);
                        }
                    }
                }
                ElementKind::Extension { extension } => {
                    let known = office.extensions.iter().map(|e| e.number.as_str());
                    self.refers(place.key("extension"), thing, "extension", extension, Kind::Extension, known);
                }
                ElementKind::Group { group } => {
                    let known = office.groups.iter().map(|g| g.number.as_str());
                    self.refers(place.key("group"), thing, "group", group, Kind::Group, known);
                }
                ElementKind::VoiceMessage { voice_message: name } => {
                    self.refers(
                        place.key("voice_message"),
                        thing,
                        "voice_message",
                        name,
                        Kind::VoiceMessage,
                        messages(),
                    );
                }
                ElementKind::DialExtension { prompt, .. } => {
                    self.refers(place.key("prompt"), thing, "prompt", prompt, Kind::VoiceMessage, messages());
                }
                ElementKind::VoiceMenu { voice_menu } => {
                    let known = office.voice_menus.iter().map(|m| m.name.as_str());
                    self.refers(place.key("voice_menu"), thing, "voice_menu", voice_menu, Kind::VoiceMenu, known);
                }
                ElementKind::Schedule { schedule } => {
                    let known = office.schedules.iter().map(|s| s.name.as_str());
                    self.refers(place.key("schedule"), thing, "schedule", schedule, Kind::Schedule, known);
                }
                ElementKind::HangUp => {}
            }
        }
    }
}
