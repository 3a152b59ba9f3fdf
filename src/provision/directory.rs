//! The phone book of the office as a directory to search: employees and groups under [`BASE`], each with its name and number.
//!
//! What is searched for is a filter of LDAP (RFC 4511 §4.5.1.7) with its three values: what a filter says of an attribute that no
//! entry can have is neither true nor false. Letters are compared without case, in Cyrillic too, and `ё` is `е`, as people type.
//! `ldap` reads and writes the messages.

use sha2::{Digest as _, Sha256};

use super::Mac;
use super::view::name_of;
use crate::office::{Language, Office};

/// The top of the tree: telephones are told to search from here.
pub const BASE: &str = "dc=dozvon";

/// The name by which a telephone signs in.
pub fn user(mac: Mac) -> String {
    format!("cn={},ou=phones,{BASE}", mac.plain())
}

/// Whose name that is.
pub(super) fn mac_of_user(name: &str) -> Option<Mac> {
    let name = normal(name);
    let digits = name.strip_prefix("cn=")?.strip_suffix(&format!(",ou=phones,{BASE}"))?;
    Mac::read(digits)
}

/// The password that goes with it: made of the secret of the telephone's own address, which it does not tell. LDAP is not encrypted
/// here, and whoever overhears this can read names and numbers, and nothing else.
pub fn password(key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"phone book\0");
    hash.update(key.as_bytes());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// All entries of an office.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    entries: Vec<Entry>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As on the wire.
    pub dn: String,
    attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    /// One of [`NAMES`].
    name: &'static str,
    /// With its form for comparisons.
    values: Vec<(String, String)>,
}

/// How far below its base a search looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Scope {
    Base,
    OneLevel,
    Subtree,
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of these.
    And(Vec<Self>),
    /// One of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// The attribute is there.
    Present(String),
    /// It is this.
    Equal(String, String),
    /// It begins, goes on and ends with these; an empty text at an end: with anything.
    Substrings(String, Vec<String>),
    /// It comes not before this.
    AtLeast(String, String),
    /// It comes not behind this.
    AtMost(String, String),
    /// What this directory has no rule for.
    Unknown,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Where it begins.
    pub base: String,
    /// How far it looks.
    pub scope: Scope,
    /// What is wanted.
    pub filter: Filter,
    /// Entries at most; 0: as many as there may be.
    pub most: usize,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// There is no such base.
    NoSuchObject,
    /// These, in the order of names.
    Entries {
        /// At most [`MOST`].
        entries: Vec<&'a Entry>,
        /// There are more.
        is_cut: bool,
    },
}

impl Directory {
    /// That of an office.
    pub fn of(office: &Office) -> Self {
        let mut people: Vec<(String, Entry)> = Vec::new();
        for extension in &office.extensions {
            let name = name_of(office, &extension.number);
            let person = ["top", "person", "organizationalPerson", "inetOrgPerson"];
            let mut entry = Entry::new(&extension.number, "people", &person, &name);
            let (surname, given) = parts(&name, office.settings.language);
            entry.set("sn", &[surname]);
            entry.set("givenName", &[given]);
            entry.set("mail", &[&extension.email]);
            people.push((fold(&name), entry));
        }
        for group in &office.groups {
            let name = name_of(office, &group.number);
            let mut entry = Entry::new(&group.number, "groups", &["top", "organizationalRole"], &name);
            // telephones search and sort by it
            entry.set("sn", &[&name]);
            people.push((fold(&name), entry));
        }
        people.sort_by(|(name, entry), (other, second)| (name, &entry.dn).cmp(&(other, &second.dn)));
        let mut entries = vec![Entry::container(BASE.to_owned(), "dc", "dozvon")];
        entries.extend(["people", "groups"].map(|ou| Entry::container(format!("ou={ou},{BASE}"), "ou", ou)));
        entries.extend(people.into_iter().map(|(_, entry)| entry));
        Self { entries }
    }

    /// Answers a question.
    pub fn search(&self, search: &Search) -> Found<'_> {
        let base = normal(&search.base);
        if !self.entries.iter().any(|entry| entry.dn == base) {
            return Found::NoSuchObject;
        }
        let most = if search.most == 0 { MOST } else { search.most.min(MOST) };
        let is_in = |entry: &&Entry| {
            let above = entry.dn.strip_suffix(&base).map(|rest| rest.matches(',').count());
            match (search.scope, above) {
                (_, None) => false,
                (Scope::Base, Some(levels)) => levels == 0,
                (Scope::OneLevel, Some(levels)) => levels == 1,
                (Scope::Subtree, Some(_)) => true,
            }
        };
        let mut fitting = self.entries.iter().filter(is_in).filter(|entry| entry.fits(&search.filter) == Some(true));
        let entries: Vec<&Entry> = fitting.by_ref().take(most).collect();
        Found::Entries { entries, is_cut: fitting.next().is_some() }
    }
}

impl Entry {
    fn new(number: &str, ou: &str, classes: &[&str], name: &str) -> Self {
        let mut entry = Self { dn: format!("telephonenumber={number},ou={ou},{BASE}"), attributes: Vec::new() };
        entry.set("objectClass", classes);
        entry.set("cn", &[name]);
        entry.set("displayName", &[name]);
        entry.set("telephoneNumber", &[number]);
        entry.set("ou", &[ou]);
        entry
    }

    fn container(dn: String, name: &'static str, value: &str) -> Self {
        let class = if name == "dc" { "domain" } else { "organizationalUnit" };
        let mut entry = Self { dn, attributes: Vec::new() };
        entry.set("objectClass", &["top", class]);
        entry.set(name, &[value]);
        entry
    }

    fn set(&mut self, name: &'static str, values: &[&str]) {
        let values = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty());
        let values: Vec<_> = values.map(|value| (value.to_owned(), fold(value))).collect();
        if !values.is_empty() {
            self.attributes.push(Attribute { name, values });
        }
    }

    /// Its attributes with their values, as they are shown.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &str>)> {
        self.attributes.iter().map(|one| (one.name, one.values.iter().map(|(shown, _)| shown.as_str())))
    }

    /// Whether it is what the filter wants; `None`: that can't be told.
    fn fits(&self, filter: &Filter) -> Option<bool> {
        match filter {
            Filter::And(all) => self.until(all, false),
            Filter::Or(any) => self.until(any, true),
            Filter::Not(other) => self.fits(other).map(|fits| !fits),
            Filter::Present(name) => self.has(name, |_| true),
            Filter::Equal(name, value) => {
                let value = fold(value);
                self.has(name, |have| have == value.trim())
            }
            Filter::Substrings(name, pieces) => {
                let pieces: Vec<String> = pieces.iter().map(|piece| fold(piece)).collect();
                self.has(name, |have| holds(have, &pieces))
            }
            Filter::AtLeast(name, value) => self.has(name, |have| have >= fold(value).as_str()),
            Filter::AtMost(name, value) => self.has(name, |have| have <= fold(value).as_str()),
            Filter::Unknown => None,
        }
    }

    /// `decisive` when one of the filters says so; else what all say, or that it can't be told.
    fn until(&self, filters: &[Filter], decisive: bool) -> Option<bool> {
        let mut told = Some(!decisive);
        for filter in filters {
            match self.fits(filter) {
                Some(said) if said == decisive => return Some(decisive),
                Some(_) => {}
                None => told = None,
            }
        }
        told
    }

    /// Whether a value of an attribute is like that; `None`: no entry has such an attribute.
    fn has(&self, name: &str, is_it: impl Fn(&str) -> bool) -> Option<bool> {
        let name = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        let values = self.attributes.iter().filter(|one| one.name == *name).flat_map(|one| &one.values);
        Some(values.into_iter().any(|(_, folded)| is_it(folded)))
    }
}

/// Whether a text begins with the first piece, ends with the last, and has the others between, in their order.
fn holds(text: &str, pieces: &[String]) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        let Some((_, behind)) = rest.split_once(piece.as_str()) else { return false };
        rest = behind;
    }
    rest.ends_with(last.as_str())
}

/// The surname and the rest of a name. In Russian the surname comes first.
fn parts(name: &str, language: Language) -> (&str, &str) {
    let name = name.trim();
    match language {
        Language::Ru => name.split_once(' ').unwrap_or((name, "")),
        Language::En => {
            let (given, surname) = name.rsplit_once(' ').unwrap_or(("", name));
            (surname, given)
        }
    }
}

/// The form in which texts are compared: RFC 4518's, as far as names need it.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ё' => out.push('е'),
            letter if letter.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            letter => out.push(letter),
        }
    }
    out
}

/// A name of the tree as ours are written.
fn normal(dn: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, value)) => format!("{}={}", name.trim(), value.trim()).to_lowercase(),
        None => part.trim().to_lowercase(),
    };
    dn.split(',').map(part).collect::<Vec<_>>().join(",")
}

/// All attributes that an entry may have.
pub(super) const NAMES: [&str; 9] =
    ["objectClass", "cn", "displayName", "sn", "givenName", "telephoneNumber", "mail", "ou", "dc"];
/// Entries of one answer: no telephone shows more.
pub const MOST: usize = 500;

#[cfg(test)]
mod tests;
