//! What other exchanges keep in their backups → the office. Tables of text come in, as `io::import` found them in the file; what becomes of
//! them is an office that has more than before, and a note for everything that has no counterpart here. Nothing that exists is changed.

mod fit;
mod freepbx;
mod miko;
mod sql;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::office::{
    Device, Extension, Forward, Group, Language, Network, Permissions, Schedule, SipDevice, Srtp, Trunk,
};

pub use fit::{Imported, fit};
pub use sql::inserts;

/// Whose backup it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// MikoPBX: a SQLite database.
    Miko,
    /// FreePBX: JSON by module, or a dump of MySQL.
    FreePbx,
}

impl Maker {
    /// As the API spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Miko => "mikopbx",
            Self::FreePbx => "freepbx",
        }
    }

    /// As people know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Miko => "MikoPBX",
            Self::FreePbx => "FreePBX",
        }
    }
}

/// A row: column → text. Absent columns and NULL are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    /// The text of a column.
    pub fn get(&self, column: &str) -> &str {
        self.0.get(column).map_or("", |text| text.trim())
    }

    /// Puts a column.
    pub fn put(&mut self, column: impl Into<String>, text: impl Into<String>) {
        self.0.insert(column.into(), text.into());
    }

    fn number(&self, column: &str, least: u32, most: u32, usual: u32) -> u32 {
        self.get(column).parse::<u32>().map_or(usual, |number| number.clamp(least, most))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Row {
    fn from(columns: [(&str, &str); N]) -> Self {
        Self(columns.into_iter().map(|(column, text)| (column.to_owned(), text.to_owned())).collect())
    }
}

/// Tables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables(BTreeMap<String, Vec<Row>>);

impl Tables {
    /// Adds a row; beyond [`ROWS`] of a table they are dropped.
    pub fn push(&mut self, table: &str, row: Row) {
        let rows = self.0.entry(table.to_owned()).or_default();
        if rows.len() < ROWS {
            rows.push(row);
        }
    }

    /// The rows of a table; none when it is not there.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }

    fn find(&self, table: &str, column: &str, text: &str) -> Option<&Row> {
        self.rows(table).iter().find(|row| row.get(column) == text)
    }

    /// What the tables say. `zone` is where the office's clocks are.
    pub fn read(&self, maker: Maker, zone: &str) -> Found {
        let mut found = match maker {
            Maker::Miko => miko::read(self, zone),
            Maker::FreePbx => freepbx::read(self),
        };
        found.maker = Some(maker);
        found
    }
}

/// Rows of one table.
pub const ROWS: usize = 20_000;
/// So many are read by nobody.
const NOTES: usize = 500;

/// A sentence for the admin, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    ru: String,
    en: String,
}

impl Note {
    fn new(ru: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ru: ru.into(), en: en.into() }
    }

    /// In this language.
    pub fn say(&self, language: Language) -> &str {
        match language {
            Language::Ru => &self.ru,
            Language::En => &self.en,
        }
    }
}

/// What another exchange has, before it is held against the office.
#[derive(Clone, Debug, Default)]
pub struct Found {
    maker: Option<Maker>,
    extensions: Vec<Extension>,
    groups: Vec<(Group, Goal)>,
    menus: Vec<FoundMenu>,
    checks: Vec<Check>,
    trunks: Vec<Trunk>,
    incoming: Vec<Incoming>,
    notes: Vec<Note>,
}

impl Found {
    /// The sounds that are wanted, by the name of the file without its folder; with or without its ending.
    pub fn sounds(&self) -> Vec<String> {
        let mut sounds: Vec<String> =
            self.menus.iter().map(|menu| menu.sound.clone()).filter(|s| !s.is_empty()).collect();
        sounds.sort();
        sounds.dedup();
        sounds
    }

    /// Whether there is nothing in it that could be taken.
    pub fn is_empty(&self) -> bool {
        self.extensions.is_empty() && self.groups.is_empty() && self.trunks.is_empty() && self.menus.is_empty()
    }

    fn note(&mut self, ru: impl Into<String>, en: impl Into<String>) {
        if self.notes.len() < NOTES {
            self.notes.push(Note::new(ru, en));
        }
    }
}

/// Where a call goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    /// Nowhere was said.
    Nowhere,
    HangUp,
    Extension(String),
    Group(String),
    /// By the key that the other exchange has for it.
    Menu(String),
    /// Likewise.
    Check(String),
    /// What has no counterpart; as the other exchange calls it.
    Elsewhere(String),
}

#[derive(Clone, Debug)]
struct FoundMenu {
    key: String,
    name: String,
    /// Without its folder; empty: it has none.
    sound: String,
    timeout_seconds: u32,
    repeat: u32,
    keys: Vec<(char, Goal)>,
    then: Goal,
}

#[derive(Clone, Debug)]
struct Check {
    key: String,
    schedule: Schedule,
    yes: Goal,
    no: Goal,
}

#[derive(Clone, Debug)]
struct Incoming {
    /// As written there; empty: whatever number of the trunk is called.
    number: String,
    /// A name of [`Found::trunks`]; empty: any.
    trunk: String,
    goal: Goal,
}

/// The text without what no name may hold.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(NAME).collect::<String>().trim().to_owned()
}

/// The last part of a path.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The longest name that is taken. Characters.
const NAME: usize = 100;

/// An extension that may call within the country when there is a way out.
fn extension(number: &str, employee: &str, email: &str, may_call_out: bool) -> Extension {
    let permissions = Permissions {
        city: may_call_out,
        mobile_region: may_call_out,
        mobile_national: may_call_out,
        long_distance: may_call_out,
        international: false,
    };
    let email = if email.contains('@') && !email.contains(char::is_whitespace) { email } else { "" };
    Extension {
        number: number.to_owned(),
        employee: plain(employee),
        email: email.to_owned(),
        ring: Default::default(),
        outgoing_number: String::new(),
        permissions,
        limits: Default::default(),
        record: false,
        voicemail: false,
        voicemail_pin: String::new(),
        voicemail_greeting: String::new(),
        call_waiting: true,
        do_not_disturb: false,
        devices: Vec::new(),
    }
}

fn device(login: &str, password: &str, ring_seconds: u32, forward: Forward) -> Device {
    Device::Sip(SipDevice {
        login: login.to_owned(),
        password: password.to_owned(),
        ring_seconds,
        allow_from: vec![Network::ANY],
        forward,
        mac: String::new(),
        line: 0,
        model: String::new(),
        srtp: Srtp::Optional,
    })
}

/// A trunk as most carriers want it.
fn trunk(name: String, server: String, login: &str, password: &str) -> Trunk {
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
fn server(host: &str, port: &str) -> String {
    match port.parse::<u16>() {
        Ok(port) if port != 0 && port != 5060 && !host.contains(':') => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}
