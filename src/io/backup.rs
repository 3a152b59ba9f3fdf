//! One file that holds the office: made beside calls that go on, proved at once by restoring it, kept in places, and brought back. The
//! file is a tar, packed with gzip and, unless somebody wants it open, encrypted with a passphrase as `age` does it (age-encryption.org/v1),
//! so that other tools can open it too. Its first entry is [`Manifest`]; what it says of each file is checked when it is read.

mod archive;
mod beside;
mod keeper;
mod ledger;
mod make;
mod place;
mod restore;
mod timetable;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::store::StoreError;
use crate::base::WallTime;

pub use archive::Passphrase;
pub use keeper::{Backups, BeginError, CHECK_TIME, CheckError, Looked, Wrong, start};
pub use ledger::{Item, State};
pub use make::{Made, Order, make, name_for};
pub use place::{PlaceError, Where};
pub use restore::{Restored, Staged, apply, before, finish, forget, mark, stage, undo};

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `dozvon`.
    pub product: String,
    /// Of this file: 1.
    pub format: u32,
    /// Of the program that made it.
    pub version: String,
    /// Of the database.
    pub schema: i64,
    /// Milliseconds since 1970, UTC.
    pub made_at: i64,
    /// The office's name.
    pub name: String,
    /// Whether recordings of calls are in it.
    pub recordings: bool,
    /// What is in it.
    pub counts: Counts,
    /// All files, in their order.
    pub files: Vec<Entry>,
}

/// What is in a backup, for people and for the proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Extensions of the office.
    pub extensions: u64,
    /// Trunks.
    pub trunks: u64,
    /// Media files.
    pub media: u64,
    /// Versions of the settings.
    pub versions: u64,
    /// Calls in the history.
    pub calls: u64,
    /// Messages of mailboxes.
    pub messages: u64,
    /// Recordings that the history knows, whether or not they are in it.
    pub recordings: u64,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Relative to the data directory.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Small hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// When it was made.
    pub const fn made_at(&self) -> WallTime {
        WallTime(self.made_at)
    }
}

/// Why a backup was not made, or is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file can't be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the kernel said.
        why: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is no backup of ours.
    #[error("this is no backup of dozvon")]
    Foreign,
    /// It is encrypted, and no passphrase was given.
    #[error("the backup is encrypted: its passphrase is needed")]
    NeedsPassphrase,
    /// The passphrase is another one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// It was changed, or is not whole.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// A newer program made it.
    #[error("the backup was made by dozvon {version}, which is newer than this one: update this box first")]
    Newer {
        /// Its version.
        version: String,
    },
    /// The office in it can't be read.
    #[error("the office in the backup can't be read: {0}")]
    Office(String),
    /// The disk is too small.
    #[error("the disk has too little room: {} MB are needed, {} MB are free", needed / 1_000_000, free / 1_000_000)]
    NoRoom {
        /// Bytes.
        needed: u64,
        /// Bytes.
        free: u64,
    },
    /// There is nothing to take back.
    #[error("nothing was restored here, so there is nothing to take back")]
    NothingBefore,
    /// No such thing is waiting.
    #[error("no backup of this name waits to be restored")]
    NotStaged,
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |why| Self::File { path: path.to_owned(), why }
    }

    /// For people who have to do something about it: in Russian and in English.
    pub fn said(&self) -> [String; 2] {
        let megabytes = |bytes: &u64| bytes.div_ceil(1_000_000);
        let ru = match self {
            Self::File { why, .. } => format!("Файл не записать или не прочитать: {why}."),
            Self::Store(StoreError::Newer { .. }) => {
                "Копия сделана более новой программой. Сначала обновите эту станцию.".to_owned()
            }
            Self::Store(StoreError::Damaged(why)) => format!("База данных повреждена: {why}."),
            Self::Store(error) => format!("База данных: {error}."),
            Self::Foreign => "Это не резервная копия станции.".to_owned(),
            Self::NeedsPassphrase => "Копия зашифрована: введите её пароль.".to_owned(),
            Self::WrongPassphrase => "Пароль копии не подходит.".to_owned(),
            Self::Damaged(what) => format!("Копия повреждена или не целая: {what}."),
            Self::Newer { version } => {
                format!("Копия сделана более новой программой ({version}). Сначала обновите эту станцию.")
            }
            Self::Office(why) => format!("Настройки в копии не прочитать: {why}."),
            Self::NoRoom { needed, free } => {
                format!("На диске мало места: нужно {} МБ, свободно {} МБ.", megabytes(needed), megabytes(free))
            }
            Self::NothingBefore => "Здесь ничего не восстанавливали, вернуть нечего.".to_owned(),
            Self::NotStaged => "Этой копии на станции уже нет. Загрузите её ещё раз.".to_owned(),
        };
        let mut en = self.to_string();
        if let Some(first) = en.get(..1).map(str::to_uppercase) {
            en.replace_range(..1, &first);
        }
        [ru, format!("{en}.")]
    }
}

/// Where backups of the box itself lie, in the data directory.
pub const FOLDER: &str = "backups";
/// What every backup's name ends with.
pub const ENDING: &str = "dozvon";
/// The office is in it.
const DATABASE: &str = "dozvon.db";
/// The first entry.
const MANIFEST: &str = "manifest.json";
/// What is written stands here.
const FORMAT: u32 = 1;
const PRODUCT: &str = "dozvon";
