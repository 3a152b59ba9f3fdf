//! An office as a document: the tables of the office file by kind, key and field, without knowing what a field means. What two
//! versions differ in, in words (`words`) and field by field; and one change taken back while later ones stay ([`Document::undo`]).
//!
//! A document is made of what `file::write` wrote, and what comes out of it is judged by `file::read`. A field that a version of
//! an older program lacks counts as an empty one.

mod labels;
mod merge;
mod words;

use toml::{Table, Value};

use super::{Office, file};

pub use merge::{Clash, Prefer};
pub use words::{Field, fields, sentences, thing};

/// Fields whose values are never shown.
const SECRETS: [&str; 10] = [
    "password",
    "password_hash",
    "pin",
    "voicemail_pin",
    "client_secret",
    "bind_password",
    "admin_password",
    "secret",
    "passphrase",
    "private_key",
];

/// What nobody may read of an office's settings, each long enough to be found in other text, the longest first.
pub fn secrets(office: &Office) -> Vec<String> {
    let table: Table = file::write(office, true).parse().unwrap_or_default();
    let mut found = Vec::new();
    for value in table.values() {
        gather(value, false, &mut found);
    }
    found.sort_by_key(|secret: &String| std::cmp::Reverse(secret.len()));
    found.dedup();
    found
}

fn gather(value: &Value, is_secret: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_secret && text.len() >= SECRET_LENGTH => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| gather(one, is_secret, found)),
        Value::Table(table) => {
            table.iter().for_each(|(key, value)| gather(value, SECRETS.contains(&key.as_str()), found));
        }
        _ => {}
    }
}

/// A shorter one stands in other text by chance: PINs. Bytes.
const SECRET_LENGTH: usize = 6;

/// The tables of an office file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(Table);

/// Where something stands: `extension`, `203`, and for a device its login or number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The kind as spelled in the office file.
    pub kind: String,
    /// What a thing of the kind is known by; empty for kinds that are there once.
    pub key: String,
    /// A device of an extension.
    pub part: Option<String>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where.
    pub at: Place,
    /// What.
    pub what: What,
}

/// What differs.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It is new.
    Added(Table),
    /// It is gone.
    Removed(Table),
    /// A field has another value; none: it was or is left out.
    Field {
        /// As spelled in the office file.
        name: String,
        /// Before.
        old: Option<Value>,
        /// After.
        new: Option<Value>,
        /// The thing as it is now.
        thing: Table,
    },
    /// The things of this kind, or the devices of this extension, stand in another order.
    Reordered,
}

impl Document {
    /// The document of an office, with its secrets.
    pub fn of(office: &Office) -> Self {
        Self::read(&file::write(office, true)).unwrap_or_default()
    }

    /// Reads the text of a stored version.
    ///
    /// # Errors
    /// Where it is no TOML.
    pub fn read(text: &str) -> Result<Self, String> {
        text.parse::<Table>().map(Self).map_err(|error| error.message().to_owned())
    }

    /// The document as an office file that says every kind.
    pub fn text(&self) -> String {
        toml::to_string(&self.0).unwrap_or_default()
    }

    /// Keeps the passwords of the accounts that `present` has: going back in time brings no old password back.
    #[must_use]
    pub fn with_passwords_of(mut self, present: &Self) -> Self {
        let users = |table: &Table| table.get("user").and_then(Value::as_array).cloned().unwrap_or_default();
        let present = users(&present.0);
        let Some(mine) = self.0.get_mut("user").and_then(Value::as_array_mut) else { return self };
        for user in mine.iter_mut().filter_map(Value::as_table_mut) {
            let same = |other: &&Value| other.get("login") == user.get("login");
            let Some(other) = present.iter().find(same).and_then(Value::as_table) else { continue };
            for key in ["password_hash", "must_change"] {
                match other.get(key) {
                    Some(value) => user.insert(key.to_owned(), value.clone()),
                    None => user.remove(key),
                };
            }
        }
        self
    }

    /// What makes `new` of this one, in the order of kinds.
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        for kind in kinds([&self.0, &new.0]) {
            let (old, new) = (self.0.get(kind), new.0.get(kind));
            if is_list(kind, &[old, new]) {
                let at = Place { kind: kind.to_owned(), key: String::new(), part: None };
                list(&mut found, &at, tables(old), tables(new));
            } else {
                let at = Place { kind: kind.to_owned(), key: String::new(), part: None };
                table(&mut found, &at, old.and_then(Value::as_table), new.and_then(Value::as_table));
            }
        }
        found
    }
}

fn list(found: &mut Vec<Difference>, of: &Place, old: Vec<&Table>, new: Vec<&Table>) {
    let kind = if of.key.is_empty() { of.kind.as_str() } else { DEVICE };
    let place = |one: &Table| match of.key.as_str() {
        "" => Place { key: key(kind, one), ..of.clone() },
        _ => Place { part: Some(key(kind, one)), ..of.clone() },
    };
    let find = |among: &[&Table], wanted: &str| among.iter().find(|one| key(kind, one) == wanted).copied().cloned();
    for one in &old {
        if find(&new, &key(kind, one)).is_none() {
            found.push(Difference { at: place(one), what: What::Removed((*one).clone()) });
        }
    }
    for one in &new {
        match find(&old, &key(kind, one)) {
            None => found.push(Difference { at: place(one), what: What::Added((*one).clone()) }),
            Some(before) => table(found, &place(one), Some(&before), Some(one)),
        }
    }
    let kept = |list: &[&Table], other: &[&Table]| -> Vec<String> {
        list.iter().map(|one| key(kind, one)).filter(|key| find(other, key).is_some()).collect()
    };
    if kept(&old, &new) != kept(&new, &old) {
        found.push(Difference { at: of.clone(), what: What::Reordered });
    }
}

fn table(found: &mut Vec<Difference>, at: &Place, old: Option<&Table>, new: Option<&Table>) {
    let empty = Table::new();
    let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
    for name in kinds([old, new]) {
        let (before, after) = (old.get(name), new.get(name));
        if same(before, after) {
            continue;
        }
        if name == DEVICE && is_list(DEVICE, &[before, after]) {
            list(found, at, tables(before), tables(after));
            continue;
        }
        let (old, thing) = (before.cloned(), new.clone());
        found.push(Difference {
            at: at.clone(),
            what: What::Field { name: name.to_owned(), old, new: after.cloned(), thing },
        });
    }
}

/// The devices of an extension.
const DEVICE: &str = "device";

/// All names, those of the office file's kinds in its order.
fn kinds<const N: usize>(of: [&Table; N]) -> Vec<&str> {
    let mut names: Vec<&str> = of.into_iter().flat_map(|table| table.keys().map(String::as_str)).collect();
    let place = |name: &str| labels::ORDER.iter().position(|one| *one == name).unwrap_or(labels::ORDER.len());
    names.sort_unstable_by_key(|name| (place(name), *name));
    names.dedup();
    names
}

/// Whether these are lists of things that are known by a key, each by its own.
fn is_list(kind: &str, lists: &[Option<&Value>]) -> bool {
    let is_keyed = |value: &Value| {
        let Some(items) = value.as_array() else { return false };
        let mut keys: Vec<String> = items.iter().filter_map(Value::as_table).map(|one| key(kind, one)).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        count == items.len() && keys.len() == count && keys.iter().all(|key| !key.is_empty())
    };
    lists.iter().any(Option::is_some) && lists.iter().flatten().all(|value| is_keyed(value))
}

fn tables(of: Option<&Value>) -> Vec<&Table> {
    of.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).collect()
}

/// What a thing of this kind is known by; empty: by nothing.
fn key(kind: &str, thing: &Table) -> String {
    let name = match kind {
        "extension" | "group" | "conference" => "number",
        "element" => "id",
        "link" => "from",
        "phone" => "mac",
        "user" => "login",
        DEVICE if thing.contains_key("login") => "login",
        DEVICE => "number",
        _ => "name",
    };
    thing.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether two values say the same; one that is left out says what an empty one says.
fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        (None, None) => true,
        (Some(only), None) | (None, Some(only)) => match only {
            Value::Boolean(on) => !on,
            Value::Integer(number) => *number == 0,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Table(fields) => fields.is_empty(),
            Value::Float(_) | Value::Datetime(_) => false,
        },
    }
}

#[cfg(test)]
mod tests;
