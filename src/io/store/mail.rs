//! Table `mail`: what is on its way to people, until a server has taken it.

use rusqlite::{OptionalExtension, Row, params};

use super::{Reader, Store, StoreError};
use crate::base::WallTime;

/// A letter on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterRow {
    /// Its number.
    pub id: i64,
    /// Made when it was queued.
    pub message_id: String,
    /// When it was queued.
    pub made_at: WallTime,
    /// An address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// A file of sound, relative to the data directory.
    pub attachment: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is to be tried.
    pub next_at: WallTime,
}

/// A letter that is to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// What it tells of: a second letter of the same cause is not queued.
    pub cause: String,
    /// See [`LetterRow`], and so the others.
    pub message_id: String,
    /// Now.
    pub at: WallTime,
    /// An address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// A file of sound, relative to the data directory.
    pub attachment: Option<String>,
}

impl Reader {
    /// The letter that waits and is to be tried first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn next_letter(&self) -> Result<Option<LetterRow>, StoreError> {
        let sql = "SELECT id, message_id, made_at, recipient, subject, body, attachment, attempts, next_at FROM mail
                   WHERE ended_at IS NULL ORDER BY next_at, id LIMIT 1";
        Ok(self.connection()?.prepare_cached(sql)?.query_row((), read).optional()?)
    }
}

impl Store {
    /// Queues a letter; false when there is one of its cause.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn add_letter(&self, letter: NewLetter) -> Result<bool, StoreError> {
        self.ask(move |db| {
            let sql = "INSERT OR IGNORE INTO mail
                       (cause, message_id, made_at, recipient, subject, body, attachment, next_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?3)";
            let NewLetter { cause, message_id, at, recipient, subject, body, attachment } = letter;
            let row = params![cause, message_id, at.0, recipient, subject, body, attachment];
            Ok(db.prepare_cached(sql)?.execute(row)? > 0)
        })
    }

    /// A letter was tried in vain; it is tried again at `next_at`.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn letter_waits(&self, id: i64, next_at: WallTime) -> Result<(), StoreError> {
        self.ask(move |db| {
            let sql = "UPDATE mail SET attempts = attempts + 1, next_at = ?2 WHERE id = ?1";
            Ok(db.prepare_cached(sql)?.execute(params![id, next_at.0]).map(drop)?)
        })
    }

    /// A letter was sent, or given up.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn letter_ended(&self, id: i64, at: WallTime, sent: bool) -> Result<(), StoreError> {
        self.ask(move |db| {
            let sql = "UPDATE mail SET attempts = attempts + 1, ended_at = ?2, outcome = ?3 WHERE id = ?1";
            let outcome = if sent { "sent" } else { "given_up" };
            Ok(db.prepare_cached(sql)?.execute(params![id, at.0, outcome]).map(drop)?)
        })
    }

    /// All that wait are to be tried now.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn hurry_letters(&self, now: WallTime) -> Result<(), StoreError> {
        self.ask(move |db| {
            let sql = "UPDATE mail SET next_at = ?1 WHERE ended_at IS NULL AND next_at > ?1";
            Ok(db.prepare_cached(sql)?.execute([now.0]).map(drop)?)
        })
    }

    /// Forgets letters that ended before that moment.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn forget_letters(&self, before: WallTime) -> Result<(), StoreError> {
        self.ask(move |db| {
            Ok(db.prepare_cached("DELETE FROM mail WHERE ended_at < ?1")?.execute([before.0]).map(drop)?)
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<LetterRow> {
    Ok(LetterRow {
        id: row.get(0)?,
        message_id: row.get(1)?,
        made_at: WallTime(row.get(2)?),
        recipient: row.get(3)?,
        subject: row.get(4)?,
        body: row.get(5)?,
        attachment: row.get(6)?,
        attempts: row.get(7)?,
        next_at: WallTime(row.get(8)?),
    })
}
