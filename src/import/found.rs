//! What another exchange has, in the office's words where there are any, before it is held against the office.

use super::dial::{Pattern, Rule};
use super::{Maker, NAMES_OF_A_NOTE, NOTES, Note, plain};
use crate::office::file::is_email;
use crate::office::{Conference, Device, Extension, Forward, Group, Schedule, SipDevice, Srtp, Trunk};

/// What another exchange has.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) maker: Option<Maker>,
    /// Their outgoing numbers are as written there.
    pub(super) extensions: Vec<Extension>,
    pub(super) groups: Vec<FoundGroup>,
    pub(super) menus: Vec<FoundMenu>,
    pub(super) messages: Vec<FoundMessage>,
    pub(super) rooms: Vec<Conference>,
    pub(super) checks: Vec<Check>,
    pub(super) trunks: Vec<Trunk>,
    pub(super) incoming: Vec<Incoming>,
    /// In the order in which they are asked.
    pub(super) rules: Vec<Rule>,
    /// What trunks do to the numbers that they send, by name.
    pub(super) rewrites: Vec<(String, Pattern)>,
    pub(super) notes: Vec<Note>,
    /// Notes beyond [`NOTES`].
    pub(super) untold: usize,
}

impl Found {
    /// Whose backup it is.
    pub fn maker(&self) -> Maker {
        self.maker.unwrap_or(Maker::Miko)
    }

    /// The sounds that are wanted, by the name of the file without its folder; with or without its ending.
    pub fn sounds(&self) -> Vec<String> {
        let menus = self.menus.iter().map(|menu| &menu.sound);
        let messages = self.messages.iter().map(|message| &message.sound);
        let groups = self.groups.iter().flat_map(|group| [&group.greeting, &group.music]);
        let wanted = menus.chain(messages).chain(groups);
        let mut sounds: Vec<String> = wanted.filter(|sound| !sound.is_empty()).cloned().collect();
        sounds.sort();
        sounds.dedup();
        sounds
    }

    /// Whether there is nothing in it that could be taken.
    pub fn is_empty(&self) -> bool {
        self.extensions.is_empty()
            && self.groups.is_empty()
            && self.trunks.is_empty()
            && self.menus.is_empty()
            && self.rooms.is_empty()
    }

    pub(super) fn note(&mut self, ru: impl Into<String>, en: impl Into<String>) {
        let note = Note::new(ru, en);
        if self.notes.contains(&note) {
            return;
        }
        if self.notes.len() < NOTES {
            self.notes.push(note);
        } else {
            self.untold += 1;
        }
    }

    /// A note with a list of names, of which the first are told.
    pub(super) fn note_names<'n>(&mut self, ru: &str, en: &str, names: impl Iterator<Item = &'n str>) {
        let mut told: Vec<String> = names.map(plain).filter(|name| !name.is_empty()).collect();
        told.dedup();
        let more = told.len().saturating_sub(NAMES_OF_A_NOTE);
        told.truncate(NAMES_OF_A_NOTE);
        let list = if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) };
        let (and_ru, and_en) =
            if more > 0 { (format!(" и ещё {more}"), format!(" and {more} more")) } else { Default::default() };
        self.note(format!("{ru}{list}{and_ru}."), format!("{en}{list}{and_en}."));
    }
}

/// Where a call goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Nowhere was said.
    Nowhere,
    HangUp,
    Extension(String),
    Group(String),
    /// By the key that the other exchange has for it.
    Menu(String),
    /// Likewise.
    Message(String),
    /// Likewise.
    Check(String),
    /// What has no counterpart; as people know it, in Russian and English.
    Elsewhere(String, String),
}

#[derive(Clone, Debug)]
pub(super) struct FoundGroup {
    pub(super) group: Group,
    /// Where calls go that nobody took.
    pub(super) then: Goal,
    /// A sound without its folder; empty: none.
    pub(super) greeting: String,
    /// Likewise.
    pub(super) music: String,
}

#[derive(Clone, Debug)]
pub(super) struct FoundMenu {
    pub(super) key: String,
    pub(super) name: String,
    /// Without its folder; empty: it has none.
    pub(super) sound: String,
    pub(super) timeout_seconds: u32,
    pub(super) repeat: u32,
    pub(super) keys: Vec<(char, Goal)>,
    pub(super) then: Goal,
}

/// Something that is played to the caller on his way.
#[derive(Clone, Debug)]
pub(super) struct FoundMessage {
    pub(super) key: String,
    pub(super) name: String,
    /// Without its folder; empty: it has none.
    pub(super) sound: String,
    pub(super) then: Goal,
}

#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) key: String,
    pub(super) schedule: Schedule,
    pub(super) yes: Goal,
    pub(super) no: Goal,
}

#[derive(Clone, Debug)]
pub(super) struct Incoming {
    /// As written there; empty: whatever number of the trunk is called.
    pub(super) number: String,
    /// A name of [`Found::trunks`]; empty: any.
    pub(super) trunk: String,
    pub(super) goal: Goal,
}

/// An extension without devices that calls nobody outside yet.
pub(super) fn extension(number: &str, employee: &str, email: &str) -> Extension {
    Extension { employee: plain(employee), email: address(email), ..Extension::new(number) }
}

/// The first address of what may be several; empty when it is none.
pub(super) fn address(text: &str) -> String {
    let first = text.split([',', ';', '|']).next().unwrap_or("").trim();
    if is_email(first) { first.to_owned() } else { String::new() }
}

/// A PIN that the office takes.
pub(super) fn is_pin(text: &str) -> bool {
    (4..=10).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
}

pub(super) fn device(login: &str, password: &str, ring_seconds: u32, forward: Forward) -> Device {
    Device::Sip(SipDevice { ring_seconds, forward, ..SipDevice::new(login, password) })
}

/// A trunk as most carriers want it.
pub(super) fn trunk(name: String, server: String, login: &str, password: &str) -> Trunk {
    Trunk {
        name,
        number: String::new(),
        numbers: Vec::new(),
        server,
        login: login.to_owned(),
        password: password.to_owned(),
        comment: String::new(),
        register: true,
        transport: crate::sip::Transport::Udp,
        auth_login: String::new(),
        outbound_proxy: String::new(),
        from_domain: String::new(),
        number_format: Default::default(),
        caller_id_in: Default::default(),
        codecs: ["pcma", "pcmu", "g722", "opus"].map(str::to_owned).to_vec(),
        max_calls: 0,
        register_every: 300,
        srtp: Srtp::Off,
    }
}

/// `host:port`, the port only where it is not the usual one.
pub(super) fn server(host: &str, port: &str) -> String {
    match port.parse::<u16>() {
        Ok(port) if port != 0 && port != 5060 && !host.contains(':') => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}
