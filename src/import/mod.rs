//! What other exchanges keep in their backups → the office. Tables of text come in, as `io::import` found them in the file; what becomes of
//! them is an office that has more than before, and a note for everything that has no counterpart here. Nothing that a person made is
//! changed; what a new box came with gives way.

mod desk;
mod dial;
mod fit;
mod found;
mod freepbx;
mod miko;
mod outgoing;
mod sql;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::office::Language;

pub use fit::{Imported, fit};
pub use found::Found;
pub use freepbx::TABLES as FREEPBX_TABLES;
pub use miko::TABLES as MIKO_TABLES;
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

    /// Puts a column. No text of an office holds control characters.
    pub fn put(&mut self, column: impl Into<String>, text: impl AsRef<str>) {
        self.0.insert(column.into(), text.as_ref().replace(char::is_control, " "));
    }

    fn number(&self, column: &str, least: u32, most: u32, usual: u32) -> u32 {
        self.get(column).parse::<u32>().map_or(usual, |number| number.clamp(least, most))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Row {
    fn from(columns: [(&str, &str); N]) -> Self {
        let mut row = Self::default();
        columns.into_iter().for_each(|(column, text)| row.put(column, text));
        row
    }
}

/// Tables by name, and the names of what is there and was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    rows: BTreeMap<String, Vec<Row>>,
    left: BTreeSet<String>,
    damaged: BTreeSet<String>,
    cut: BTreeSet<String>,
}

impl Tables {
    /// Adds a row; beyond [`ROWS`] of a table they are dropped, which is told.
    pub fn push(&mut self, table: &str, row: Row) {
        let rows = self.rows.entry(table.to_owned()).or_default();
        if rows.len() < ROWS {
            rows.push(row);
        } else {
            self.cut.insert(table.to_owned());
        }
    }

    /// Remembers a table or a module that nobody here reads.
    pub fn leave(&mut self, name: &str) {
        if self.left.len() < NAMES {
            self.left.insert(plain(name));
        }
    }

    /// Remembers a part of the backup that can't be read: broken, or too long.
    pub fn damaged(&mut self, name: &str) {
        if self.damaged.len() < NAMES {
            self.damaged.insert(plain(name));
        }
    }

    /// Whether there is any row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of a table; none when it is not there.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
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
        for (names, ru, en) in [
            (&self.damaged, "Не прочиталось и не перенесено", "Can't be read, and does not come over"),
            (&self.cut, "Слишком много строк, взяты только первые", "Too many rows, only the first ones are taken"),
            (&self.left, "В копии есть и другое, чего здесь нет", "There is more in the backup that has no place here"),
        ] {
            if !names.is_empty() {
                found.note_names(ru, en, names.iter().map(String::as_str));
            }
        }
        found
    }
}

/// Rows of one table.
pub const ROWS: usize = 20_000;
/// Names of what was left out.
const NAMES: usize = 1000;
/// So many notes are read by nobody.
const NOTES: usize = 500;
/// Names in one note.
const NAMES_OF_A_NOTE: usize = 40;

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
