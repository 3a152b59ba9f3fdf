//! The telephones that were seen, and who may have which file.
//!
//! Nobody proves a MAC, so a file with passwords is given in two ways only. When an admin has accepted a telephone, each of its
//! files is given once within [`WINDOW`], to the address that it was seen at before, or that the kernel's neighbour table says
//! is its own; nobody else learns whether there is such a telephone. From then on the telephone asks by an address of its own
//! that nobody guesses. Whoever asks for many telephones, or knows no secret, is not answered for [`BAN`]; whoever asks too fast
//! waits. Every refusal is one and the same.
//!
//! Wall time is used, since what is seen outlives a restart. Windows don't: after one, the admin accepts again.

mod askers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use subtle::ConstantTimeEq as _;

use super::Mac;
use super::directory;
use super::template::{Kind, Template, Templates};
use super::vendor::{self, Identity};
use super::view::{AUTHORITY, BOOKS};
use crate::base::{Duration, WallTime};
use crate::office::Office;
use askers::Askers;

/// How a telephone was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum How {
    Pnp,
    Dhcp,
    Http,
    Tftp,
    Sip,
    Neighbours,
}

impl How {
    const WORDS: [(&'static str, Self); 6] = [
        ("pnp", Self::Pnp),
        ("dhcp", Self::Dhcp),
        ("http", Self::Http),
        ("tftp", Self::Tftp),
        ("sip", Self::Sip),
        ("neighbours", Self::Neighbours),
    ];

    /// As the API and the disk spell it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, how)| *how == self).map_or("", |(word, _)| word)
    }

    /// What a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, how)| *how)
    }
}

/// What the kernel's neighbour table says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// Nothing: a router lies between, or nobody looked.
    Unknown,
    /// This card has it.
    Is(Mac),
}

/// A telephone that was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What it said of itself. Without a MAC it is not noted.
    pub identity: Identity,
    /// Where it is.
    pub address: IpAddr,
    /// Who has that address.
    pub neighbour: Neighbour,
    /// How.
    pub how: How,
    /// What it wanted: a file's name, a login; may be empty.
    pub asked: String,
    /// When.
    pub at: WallTime,
}

/// What is known of a telephone that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it said of itself, the newest of each.
    pub identity: Identity,
    /// Where it is.
    pub address: IpAddr,
    /// The neighbour table has confirmed that.
    pub sure: bool,
    /// How it was noticed last.
    pub how: How,
    /// What it wanted last.
    pub asked: String,
    /// When it was noticed first.
    pub first_at: WallTime,
    /// And last.
    pub last_at: WallTime,
}

/// A file that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// When.
    pub at: WallTime,
    /// From where.
    pub address: IpAddr,
    /// The file's name.
    pub file: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Given, since an admin had just accepted the telephone.
    GivenOnce,
    /// Given by the telephone's own address.
    Given,
    /// Given: it holds no secrets.
    Common,
    /// Not accepted, or the time is over, or it had it already.
    Refused,
}

impl Outcome {
    /// As the API spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GivenOnce => "given_once",
            Self::Given => "given",
            Self::Common => "common",
            Self::Refused => "refused",
        }
    }
}

/// A request for a file.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The part of the path that is secret.
    pub secret: &'a str,
    /// The rest, decoded: a file's name, perhaps with folders.
    pub file: &'a str,
    /// Who asks.
    pub address: IpAddr,
    /// Who has that address.
    pub neighbour: Neighbour,
    /// As it calls itself; empty: TFTP has none.
    pub agent: &'a str,
    /// Whether it came over TLS.
    pub secure: bool,
    /// HTTP or TFTP.
    pub how: How,
    /// Only the head is wanted: nothing is used up.
    pub head: bool,
    /// When.
    pub at: WallTime,
}

/// What may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A file of a template.
    File {
        /// Whose; `None`: a common one of nobody in particular.
        mac: Option<Mac>,
        /// The template's name.
        template: String,
        /// The file's name inside of it.
        file: String,
        /// Whether it holds secrets.
        kind: Kind,
        /// The model, as its name or the telephone says.
        model: String,
    },
    /// The phone book, for a telephone.
    Book {
        /// Whose.
        mac: Mac,
    },
    /// The certificate of the box's own authority, for a telephone.
    Authority,
    /// An uploaded file of firmware.
    Firmware {
        /// Whose.
        mac: Mac,
        /// Its name.
        name: String,
    },
}

/// Which settings a telephone has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Their version.
    pub version: i64,
    /// Of the file that it was given: the same print, the same settings.
    pub print: String,
    /// When it took them.
    pub at: WallTime,
}

/// A telephone as the disk keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which.
    pub mac: Mac,
    /// How it was seen, if it was.
    pub seen: Option<Seen>,
    /// The secret of its own address, if it was accepted.
    pub key: Option<String>,
    /// What it carries, if it was given anything.
    pub carried: Option<Carried>,
}

#[derive(Clone, Debug)]
struct Window {
    until: WallTime,
    /// `None`: it had not been seen; the neighbour table must know it.
    address: Option<IpAddr>,
    given: BTreeSet<String>,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Ledger {
    secret: String,
    seen: BTreeMap<Mac, Seen>,
    keys: BTreeMap<Mac, String>,
    windows: BTreeMap<Mac, Window>,
    carried: BTreeMap<Mac, Carried>,
    fetches: BTreeMap<Mac, VecDeque<Fetch>>,
    askers: Askers,
    /// The same of those who search the phone book: a telephone with an old password there may still fetch its files.
    readers: Askers,
    /// And of those who try to register.
    callers: Askers,
    /// Told anew to the disk.
    changed: BTreeSet<Mac>,
}

/// A request's file, taken apart.
struct Asked<'a> {
    /// The last part.
    name: &'a str,
    /// `firmware/NAME`.
    is_firmware: bool,
}

impl Ledger {
    /// A ledger with what the disk remembers. `secret` is in the address that telephones are told to look at first.
    pub fn new(secret: String, stored: Vec<Stored>) -> Self {
        let mut ledger = Self {
            secret,
            seen: BTreeMap::new(),
            keys: BTreeMap::new(),
            windows: BTreeMap::new(),
            carried: BTreeMap::new(),
            fetches: BTreeMap::new(),
            askers: Askers::default(),
            readers: Askers::default(),
            callers: Askers::default(),
            changed: BTreeSet::new(),
        };
        for Stored { mac, seen, key, carried } in stored {
            ledger.seen.extend(seen.map(|seen| (mac, seen)));
            ledger.keys.extend(key.map(|key| (mac, key)));
            ledger.carried.extend(carried.map(|carried| (mac, carried)));
        }
        ledger
    }

    /// The secret that is not one telephone's.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// A telephone was noticed.
    pub fn see(&mut self, sighting: Sighting) {
        let Some(mac) = sighting.identity.mac else { return };
        let is_other = matches!(sighting.neighbour, Neighbour::Is(other) if other != mac);
        let is_sure = sighting.neighbour == Neighbour::Is(mac);
        let cut = |text: &str| text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect::<String>();
        let Sighting { identity, address, how, asked, at, .. } = sighting;
        let (model, firmware) = (cut(&identity.model), cut(&identity.firmware));
        let identity = Identity { model, firmware, ..identity }.or(vendor::of_mac(mac));
        match self.seen.get_mut(&mac) {
            // somebody else speaks of it, or lies
            Some(_) if is_other => return,
            Some(seen) => {
                let stays = seen.sure && !is_sure && at.millis() - seen.last_at.millis() < SURE_MS;
                if !stays {
                    seen.address = address;
                    seen.sure = is_sure;
                }
                seen.identity = identity.or(std::mem::take(&mut seen.identity));
                seen.how = how;
                if !asked.is_empty() {
                    seen.asked = cut(&asked);
                }
                seen.last_at = at;
            }
            None => {
                self.make_room();
                let asked = cut(&asked);
                let seen = Seen { identity, address, sure: is_sure, how, asked, first_at: at, last_at: at };
                self.seen.insert(mac, seen);
            }
        }
        self.changed.insert(mac);
    }

    /// The oldest goes that nobody has accepted.
    fn make_room(&mut self) {
        if self.seen.len() < MOST_SEEN {
            return;
        }
        let strangers = self.seen.iter().filter(|(mac, _)| !self.keys.contains_key(mac));
        let oldest = strangers.min_by_key(|(_, seen)| (seen.sure, seen.last_at.millis())).map(|(mac, _)| *mac);
        if let Some(mac) = oldest {
            self.seen.remove(&mac);
            self.fetches.remove(&mac);
            self.changed.insert(mac);
        }
    }

    /// An admin accepts a telephone: its files may be had once, until the time that is returned. `key` becomes the secret of its own
    /// address when it has none yet.
    pub fn accept(&mut self, mac: Mac, key: impl FnOnce() -> String, at: WallTime) -> WallTime {
        self.keys.entry(mac).or_insert_with(key);
        let until = at + WINDOW;
        let address = self.seen.get(&mac).map(|seen| seen.address);
        self.windows.insert(mac, Window { until, address, given: BTreeSet::new() });
        self.changed.insert(mac);
        until
    }

    /// The secret of a telephone's own address; `key` makes one when it has none yet.
    pub fn own_key(&mut self, mac: Mac, key: impl FnOnce() -> String) -> &str {
        if !self.keys.contains_key(&mac) {
            self.changed.insert(mac);
        }
        self.keys.entry(mac).or_insert_with(key)
    }

    /// A telephone is no longer one of the office's: its address ends.
    pub fn forget(&mut self, mac: Mac) {
        self.windows.remove(&mac);
        self.carried.remove(&mac);
        if self.keys.remove(&mac).is_some() {
            self.changed.insert(mac);
        }
    }

    /// Those whose address is to end, since the office does not have them.
    pub fn keep_only(&mut self, office: &Office) {
        let gone: Vec<Mac> = self.keys.keys().filter(|mac| office.phone(&mac.to_string()).is_none()).copied().collect();
        gone.into_iter().for_each(|mac| self.forget(mac));
    }

    /// Until when a telephone's files may be had; `None`: not now.
    pub fn window(&self, mac: Mac, at: WallTime) -> Option<WallTime> {
        self.windows.get(&mac).map(|window| window.until).filter(|until| until.millis() > at.millis())
    }

    /// The secret of a telephone's own address.
    pub fn key(&self, mac: Mac) -> Option<&str> {
        self.keys.get(&mac).map(String::as_str)
    }

    /// How a telephone was seen.
    pub fn seen(&self, mac: Mac) -> Option<&Seen> {
        self.seen.get(&mac)
    }

    /// All that were seen.
    pub fn all_seen(&self) -> impl Iterator<Item = (Mac, &Seen)> {
        self.seen.iter().map(|(mac, seen)| (*mac, seen))
    }

    /// What a telephone asked for, newest first.
    pub fn fetches(&self, mac: Mac) -> impl Iterator<Item = &Fetch> {
        self.fetches.get(&mac).into_iter().flatten().rev()
    }

    /// What a telephone was given last.
    pub fn carried(&self, mac: Mac) -> Option<&Carried> {
        self.carried.get(&mac)
    }

    /// A telephone was given its settings.
    pub fn set_carried(&mut self, mac: Mac, carried: Carried) {
        self.carried.insert(mac, carried);
        self.changed.insert(mac);
    }

    /// What the disk does not know yet; without anything inside: it is gone.
    pub fn take_changed(&mut self) -> Vec<Stored> {
        let changed = std::mem::take(&mut self.changed);
        let stored = |mac: Mac| Stored {
            mac,
            seen: self.seen.get(&mac).cloned(),
            key: self.keys.get(&mac).cloned(),
            carried: self.carried.get(&mac).cloned(),
        };
        changed.into_iter().map(stored).collect()
    }

    /// Judges a request. `None` is the one refusal.
    pub fn ask(&mut self, office: &Office, templates: &Templates, request: &Request<'_>) -> Option<Grant> {
        let asked = Asked::read(request.file);
        if let Some(mac) = self.owner_of(request.secret) {
            return self.by_own_address(office, templates, mac, asked?, request);
        }
        if !self.askers.may_ask(request.address, request.at) {
            return None;
        }
        if !bool::from(self.secret.as_bytes().ct_eq(request.secret.as_bytes())) || self.secret.is_empty() {
            self.askers.strange(request.address, request.at);
            return None;
        }
        let Some(asked) = asked.filter(|asked| !asked.is_firmware) else {
            self.askers.strange(request.address, request.at);
            return None;
        };
        self.by_first_address(office, templates, &asked, request)
    }

    /// Whether a log that a telephone brings is taken, to be dropped: of who knows a secret.
    pub fn takes_log(&mut self, request: &Request<'_>) -> bool {
        let is_log = Asked::read(request.file).is_some_and(|asked| asked.name.to_ascii_lowercase().ends_with(".log"));
        if self.owner_of(request.secret).is_some() {
            return is_log;
        }
        let is_known = bool::from(self.secret.as_bytes().ct_eq(request.secret.as_bytes()));
        if !is_known {
            self.askers.strange(request.address, request.at);
        }
        is_log && is_known && self.askers.may_ask(request.address, request.at)
    }

    /// Whether a telephone may search the phone book, by the password that its file told it. Who guesses is not answered for [`BAN`].
    pub fn may_read_book(&mut self, office: &Office, mac: Mac, said: &str, address: IpAddr, at: WallTime) -> bool {
        if !self.readers.may_ask(address, at) {
            return false;
        }
        let key = self.keys.get(&mac).map_or("", String::as_str);
        // made of nothing as well, so that time does not tell which telephones there are
        let is_right = bool::from(directory::password(key).as_bytes().ct_eq(said.as_bytes()));
        let may = is_right && !key.is_empty() && office.phone(&mac.to_string()).is_some();
        if !may {
            self.readers.strange(address, at);
        }
        may
    }

    /// Whether an address that was refused at registration may be noted with this telephone: bounded in time and in telephones.
    pub fn may_note(&mut self, address: IpAddr, mac: Mac, at: WallTime) -> bool {
        self.callers.may_ask(address, at) && self.callers.may_ask_of(address, mac, at)
    }

    /// Whose address this is. All are compared, so that time tells nothing.
    fn owner_of(&self, secret: &str) -> Option<Mac> {
        let mut owner = None;
        for (mac, key) in &self.keys {
            if bool::from(key.as_bytes().ct_eq(secret.as_bytes())) {
                owner = Some(*mac);
            }
        }
        owner
    }

    fn by_own_address(
        &mut self,
        office: &Office,
        templates: &Templates,
        mac: Mac,
        asked: Asked<'_>,
        request: &Request<'_>,
    ) -> Option<Grant> {
        let phone = office.phone(&mac.to_string())?;
        let template = templates.of_phone(phone);
        let model = self.note(mac, &asked, request);
        // what a telephone can have over TLS goes by no other way
        let grant = if template.head.https && !request.secure {
            None
        } else if asked.is_firmware {
            let name = Some(asked.name).filter(|name| !name.is_empty() && *name == phone.firmware);
            name.map(|name| Grant::Firmware { mac, name: name.to_owned() })
        } else if asked.name == AUTHORITY {
            Some(Grant::Authority)
        } else if BOOKS.iter().any(|book| asked.name.eq_ignore_ascii_case(book)) {
            Some(Grant::Book { mac })
        } else {
            own_file(template, mac, asked.name, &model)
        };
        let outcome = if grant.is_some() { Outcome::Given } else { Outcome::Refused };
        self.fetched(mac, &asked, request, outcome);
        grant
    }

    fn by_first_address(
        &mut self,
        office: &Office,
        templates: &Templates,
        asked: &Asked<'_>,
        request: &Request<'_>,
    ) -> Option<Grant> {
        let identity = vendor::of_user_agent(request.agent);
        let Some(mac) = templates.mac_in(asked.name) else {
            return self.common(templates, asked, request, identity);
        };
        if !self.askers.may_ask_of(request.address, mac, request.at) {
            return None;
        }
        let model = self.note(mac, asked, request);
        let phone = office.phone(&mac.to_string());
        let grant = phone.and_then(|phone| own_file(templates.of_phone(phone), mac, asked.name, &model));
        let grant = grant.filter(|_| self.is_open(mac, asked.name, request));
        let outcome = if grant.is_some() { Outcome::GivenOnce } else { Outcome::Refused };
        if grant.is_some() && !request.head {
            if let Some(window) = self.windows.get_mut(&mac) {
                window.given.insert(asked.name.to_ascii_lowercase());
            }
        }
        self.fetched(mac, asked, request, outcome);
        grant
    }

    /// A file that holds no secrets.
    fn common(
        &mut self,
        templates: &Templates,
        asked: &Asked<'_>,
        request: &Request<'_>,
        identity: Identity,
    ) -> Option<Grant> {
        let Some((template, file, captured)) = templates.common(asked.name, &identity.vendor) else {
            // telephones ask for much that we don't have
            return None;
        };
        let model = if captured.model.is_empty() { identity.model.clone() } else { captured.model };
        if let Some(mac) = identity.mac {
            if !self.askers.may_ask_of(request.address, mac, request.at) {
                return None;
            }
            self.note(mac, asked, request);
            self.fetched(mac, asked, request, Outcome::Common);
        }
        let (template, file) = (template.name.clone(), file.id.clone());
        Some(Grant::File { mac: None, template, file, kind: Kind::Common, model })
    }

    /// Whether this file may be given to whoever asks from there, now.
    fn is_open(&self, mac: Mac, name: &str, request: &Request<'_>) -> bool {
        let Some(window) = self.windows.get(&mac) else { return false };
        let is_in_time = window.until.millis() > request.at.millis();
        let is_it = match request.neighbour {
            Neighbour::Is(card) => card == mac,
            Neighbour::Unknown => window.address == Some(request.address),
        };
        is_in_time && is_it && !window.given.contains(&name.to_ascii_lowercase())
    }

    /// Notes who asked; returns the model as far as it is known.
    fn note(&mut self, mac: Mac, asked: &Asked<'_>, request: &Request<'_>) -> String {
        let said = vendor::of_user_agent(request.agent);
        // a User-Agent with another MAC is that of something in between
        let said = if said.mac.is_none_or(|card| card == mac) { said } else { Identity::default() };
        self.see(Sighting {
            identity: Identity { mac: Some(mac), ..said },
            address: request.address,
            neighbour: request.neighbour,
            how: request.how,
            asked: asked.name.to_owned(),
            at: request.at,
        });
        self.seen.get(&mac).map(|seen| seen.identity.model.clone()).unwrap_or_default()
    }

    fn fetched(&mut self, mac: Mac, asked: &Asked<'_>, request: &Request<'_>, outcome: Outcome) {
        if request.head || !self.seen.contains_key(&mac) {
            return;
        }
        let fetches = self.fetches.entry(mac).or_default();
        if fetches.len() >= FETCHES {
            fetches.pop_front();
        }
        fetches.push_back(Fetch {
            at: request.at,
            address: request.address,
            file: asked.name.to_owned(),
            outcome,
            secure: request.secure,
        });
        tracing::info!(%mac, address = %request.address, file = asked.name, outcome = outcome.word(), "phone file");
    }
}

/// The file of a telephone's template by a name that must be its own.
fn own_file(template: &Template, mac: Mac, name: &str, model: &str) -> Option<Grant> {
    let (file, captured) = if name.is_empty() {
        let first = template.files.iter().find(|file| file.kind == Kind::Phone)?;
        (first, super::template::Captured::default())
    } else {
        template.find(name)?
    };
    if captured.mac.is_some_and(|named| named != mac) {
        return None;
    }
    let model = if model.is_empty() { captured.model } else { model.to_owned() };
    Some(Grant::File { mac: Some(mac), template: template.name.clone(), file: file.id.clone(), kind: file.kind, model })
}

impl<'a> Asked<'a> {
    /// `None`: no telephone asks like this.
    fn read(path: &'a str) -> Option<Self> {
        let is_part = |part: &str| {
            (1..=LONGEST).contains(&part.len())
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte))
        };
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folders: Vec<&str> = folders.split('/').filter(|folder| !folder.is_empty()).collect();
        let fits = folders.len() <= FOLDERS && folders.iter().all(|folder| is_part(folder));
        let is_firmware = folders.as_slice() == ["firmware"];
        (fits && (name.is_empty() || is_part(name))).then_some(Self { name, is_firmware })
    }
}

/// How long after an admin's word a telephone's files may be had.
pub const WINDOW: Duration = Duration::from_secs(600);
/// How long an address is left alone.
pub const BAN: Duration = Duration::from_secs(3600);
/// Telephones that are remembered; then the oldest goes.
pub const MOST_SEEN: usize = 1_000;
/// Requests of one telephone that are remembered.
pub const FETCHES: usize = 50;
/// So long an address that the neighbour table has confirmed is moved by nobody whom it does not know. Milliseconds.
const SURE_MS: i64 = 3_600_000;
/// The longest name of a file, a model, a firmware.
const LONGEST: usize = 100;
/// Folders before a file's name.
const FOLDERS: usize = 3;

#[cfg(test)]
mod tests;
