//! Which backups there are, and where. It lies beside the backups and not in the database: a restore brings back an older database, and
//! the backups stay what they are. What the list does not name was made by somebody else, and is left alone.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{FOLDER, Where};
use crate::base::WallTime;
use crate::io::files;

/// One backup in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Names it.
    pub id: String,
    /// When it was begun; milliseconds since 1970, UTC.
    pub at: i64,
    /// Its length; 0 until it is made.
    pub bytes: u64,
    /// As [`Where::word`].
    pub place: String,
    /// Of the file there.
    pub file: String,
    /// With recordings of calls.
    pub recordings: bool,
    /// Whether a passphrase is needed to open it.
    pub encrypted: bool,
    /// It was made by the timetable, which removes it in time.
    pub by_timetable: bool,
    /// Of the file; empty until it is made.
    pub sha256: String,
    /// How it stands.
    pub state: State,
    /// Why it failed, in Russian and in English; empty otherwise.
    pub error: [String; 2],
}

/// How a backup stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being made.
    Running {
        /// So much of it.
        percent: u8,
    },
    /// It was restored for a trial, and is in its place.
    Good,
    /// There is none.
    Failed,
}

impl Item {
    /// When it was begun.
    pub const fn at(&self) -> WallTime {
        WallTime(self.at)
    }

    /// Where it is.
    pub fn place(&self) -> Where {
        Where::read(&self.place)
    }
}

/// All of them, the newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ledger {
    pub(super) items: Vec<Item>,
    /// When the timetable last began one.
    #[serde(default)]
    pub(super) scheduled: i64,
    #[serde(skip)]
    path: PathBuf,
}

impl Ledger {
    /// Those that are known; none of them runs any more.
    pub(super) fn open(data: &Path) -> Self {
        let path = data.join(FOLDER).join(FILE);
        let text = std::fs::read(&path).unwrap_or_default();
        let mut ledger: Self = serde_json::from_slice(&text).unwrap_or_else(|error| {
            if !text.is_empty() {
                tracing::error!(%error, "the list of backups can't be read and begins anew");
            }
            Self::default()
        });
        ledger.items.retain(|item| !matches!(item.state, State::Running { .. }));
        // What somebody has removed himself is gone.
        ledger.items.retain(|item| {
            item.state != State::Good || item.place() != Where::Box || data.join(FOLDER).join(&item.file).is_file()
        });
        ledger.path = path;
        ledger
    }

    pub(super) fn keep(&mut self) {
        // The oldest failures go first; what is somewhere stays in the list.
        while self.items.len() > MOST {
            match self.items.iter().rposition(|item| item.state == State::Failed) {
                Some(oldest) => drop(self.items.remove(oldest)),
                None => break,
            }
        }
        let kept = serde_json::to_vec(self)
            .map_err(std::io::Error::from)
            .and_then(|text| files::replace(&self.path, &text, 0o600));
        if let Err(error) = kept {
            tracing::error!(%error, "the list of backups can't be kept");
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            change(item);
        }
    }

    /// Those of the timetable in a place that are beyond so many, the oldest last.
    pub(super) fn too_many(&self, place: &str, keep: usize) -> Vec<Item> {
        let of_it = |item: &&Item| item.place == place && item.by_timetable && item.state == State::Good;
        self.items.iter().filter(of_it).skip(keep).cloned().collect()
    }
}

/// Rows of the list.
const MOST: usize = 200;
const FILE: &str = "list.json";
