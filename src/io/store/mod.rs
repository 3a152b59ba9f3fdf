//! What outlives the process: SQLite in `DATA/dozvon.db`. One thread writes, in groups; [`Reader`]s read beside it (WAL).
//!
//! The call path never waits here: [`Store::record`] only queues, and when the disk fails the queue is kept up to a
//! bound, then records are dropped and counted, while calls go on. SQL stays inside this room.

mod account;
mod alarm;
mod audit;
mod ban;
mod binding;
mod call;
mod copy;
mod delivery;
mod follower;
mod good;
mod growth;
mod history;
mod lease;
mod mail;
mod outside;
mod phone;
mod place;
mod recording;
mod schema;
mod server;
mod signalling;
mod subscription;
mod summary;
mod token;
mod turn;
mod version;
mod voicemail;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use account::{Probationer, SecondFactor};
pub use alarm::{ALARM_ROWS, AlarmFilter, AlarmRow, Kept, NewAlarm};
pub use audit::{AUDIT_DAYS, AUDIT_ROWS, AuditFilter, AuditRow, Deed};
pub use call::{party_of_element, party_of_trunk};
pub use copy::{Census, copy_database, examine_database, known_schema, settle_database};
pub use delivery::{DELIVERIES_KEPT, DeliveryOutcome, DeliveryRow};
pub(super) use good::doubt;
pub use good::{
    GOOD, RETURNED_NOTE, forget_damaged, good_copy_at, good_copy_is_due, has_damaged, is_gone, keep_good_copy,
    return_good_copy,
};
pub use history::{HistoryFilter, HistoryPage, HistoryRow, Place, Reader, StoredStep};
pub use mail::{LetterRow, NewLetter};
pub use outside::AllowanceRow;
pub use place::{DataDir, is_taken};
pub use recording::RecordingRow;
pub(super) use schema::copy_whole;
pub use summary::{Count, GroupWaits, NotCalledBack, Summary, WAITING, Work};
pub use token::TokenRow;
pub use version::Version;
pub use voicemail::MessageRow;
pub use writer::{QUEUE, Store};

use rusqlite::ErrorCode;

use crate::engine::{StoredBinding, StoredServer, StoredSubscription};

/// What the disk remembered, read once at the start.
#[derive(Debug)]
pub struct Opened {
    /// The way to write.
    pub store: Store,
    /// Registrations that had not ended.
    pub bindings: Vec<StoredBinding>,
    /// Where carriers' servers were.
    pub servers: Vec<StoredServer>,
    /// Groups, and who took their last calls.
    pub last_answered: Vec<(String, String)>,
    /// Lamps of phones that had not ended.
    pub subscriptions: Vec<StoredSubscription>,
    /// Bans that hold, and those that are remembered.
    pub bans: Vec<crate::guard::Ban>,
    /// The office in force; `None` in a new database.
    pub version: Option<Version>,
    /// Changes that come back by themselves unless they are confirmed.
    pub probation: Vec<Probationer>,
    /// Telephones that configure themselves.
    pub phones: Vec<crate::provision::ledger::Stored>,
    /// What calls with the city used up today and yesterday.
    pub uses: Vec<crate::guard::limits::Use>,
    /// Extensions whose limits are lifted.
    pub allowances: Vec<AllowanceRow>,
    /// Calls that were cut by the end of the last process, now closed as interrupted.
    pub interrupted: usize,
}

/// Our ground shakes: log it, degrade, keep calls up.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory can't be made, entered or written.
    #[error("data directory {} is not writable: {why}", path.display())]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// What the kernel said.
        why: std::io::Error,
    },
    /// Another process works in the data directory.
    #[error("data directory {} is in use by another dozvon", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The database knows more than we do.
    #[error(
        "{} was made by a newer dozvon (schema {schema}, this one knows {known}): run that version, or bring back a copy \
         from backups/", path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        schema: i64,
        /// Ours.
        known: i64,
    },
    /// The file is no database of ours.
    #[error("{} is not a dozvon database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A name that has to be unique is taken.
    #[error("the name {0} is taken")]
    Taken(String),
    /// The office could not be put on the disk beside the database.
    #[error("{}: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the kernel said.
        why: std::io::Error,
    },
    /// What was stored can't be read back.
    #[error("stored {what} is unreadable: {why}")]
    Unreadable {
        /// A noun.
        what: &'static str,
        /// The reason.
        why: String,
    },
    /// The writing thread is gone.
    #[error("the database is closed")]
    Closed,
    /// What is on the disk is not what SQLite has written: see `good`.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// SQLite refused.
    #[error("database: {0}")]
    Database(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// The setting of the box by which a start knows how the process before it ended: `yes` while one runs.
pub const RUNNING: &str = "running";

/// The database file of a data directory.
pub fn database(data: &Path) -> PathBuf {
    data.join("dozvon.db")
}
