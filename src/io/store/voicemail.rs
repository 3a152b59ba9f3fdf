//! Table `voicemail`: the messages of mailboxes.

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, Row, params};

use super::recording::number;
use super::{Reader, Store, StoreError};
use crate::base::{Message, MessageId, WallTime};

/// A message as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// What everybody sees.
    pub message: Message,
    /// Milliseconds of sound; `None` while it is recorded.
    pub duration_ms: Option<u64>,
    /// Of its file.
    pub bytes: u64,
    /// Its file, relative to the data directory.
    pub path: String,
}

impl Reader {
    /// Complete messages, newest first, at most `limit`; of one extension when it is given. `before` is the start and id of the
    /// last one of the page before: UTC milliseconds and the number of a [`MessageId`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn messages(
        &self,
        extension: Option<&str>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut conditions = vec!["duration_ms IS NOT NULL"];
        let mut values = Vec::new();
        if let Some(extension) = extension {
            conditions.push("extension = ?");
            values.push(Sql::Text(extension.to_owned()));
        }
        if let Some((at, id)) = before {
            conditions.push("(at, id) < (?, ?)");
            values.extend([Sql::Integer(at), Sql::Integer(id)]);
        }
        values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        self.messages_where(&format!("{} ORDER BY at DESC, id DESC LIMIT ?", conditions.join(" AND ")), values)
    }

    /// One message, complete or not.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn message(&self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        Ok(self.messages_where("id = ?", vec![Sql::Integer(number(id.0))])?.into_iter().next())
    }

    /// Messages that are being recorded, or were when the last process ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn unfinished_messages(&self) -> Result<Vec<MessageRow>, StoreError> {
        self.messages_where("duration_ms IS NULL", Vec::new())
    }

    /// Complete messages from before that moment, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn messages_before(&self, at: WallTime, limit: usize) -> Result<Vec<MessageRow>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let filter = "duration_ms IS NOT NULL AND at < ? ORDER BY at, id LIMIT ?";
        self.messages_where(filter, vec![Sql::Integer(at.0), Sql::Integer(limit)])
    }

    /// Whether a message has this file.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn has_message_file(&self, path: &str) -> Result<bool, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached("SELECT 1 FROM voicemail WHERE path = ?1")?;
        Ok(statement.query_row([path], |_| Ok(())).optional()?.is_some())
    }

    fn messages_where(&self, filter: &str, values: Vec<Sql>) -> Result<Vec<MessageRow>, StoreError> {
        let sql = format!(
            "SELECT id, extension, at, caller, caller_name, duration_ms, heard, bytes, path FROM voicemail WHERE {filter}"
        );
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Store {
    /// A message begins. A row of that id stays as it is.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn begin_message(&self, message: &Message, path: &str) -> Result<(), StoreError> {
        let (message, path) = (message.clone(), path.to_owned());
        self.ask(move |db| {
            let sql = "INSERT OR IGNORE INTO voicemail (id, extension, at, caller, caller_name, path)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let Message { id, extension, at, caller, caller_name, .. } = message;
            db.prepare_cached(sql)?.execute(params![number(id.0), extension, at.0, caller, caller_name, path])?;
            Ok(())
        })
    }

    /// A message is complete.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn end_message(&self, id: MessageId, duration_ms: u64, bytes: u64) -> Result<(), StoreError> {
        self.ask(move |db| {
            let sql = "UPDATE voicemail SET duration_ms = ?2, bytes = ?3 WHERE id = ?1";
            db.prepare_cached(sql)?.execute(params![number(id.0), number(duration_ms), number(bytes)])?;
            Ok(())
        })
    }

    /// A message was listened to, or counts as new again. False when there is none of that id.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn mark_message(&self, id: MessageId, heard: bool) -> Result<bool, StoreError> {
        self.ask(move |db| {
            let sql = "UPDATE voicemail SET heard = ?2 WHERE id = ?1 AND duration_ms IS NOT NULL";
            Ok(db.prepare_cached(sql)?.execute(params![number(id.0), heard])? > 0)
        })
    }

    /// A message is gone.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn remove_message(&self, id: MessageId) -> Result<(), StoreError> {
        self.ask(move |db| {
            db.prepare_cached("DELETE FROM voicemail WHERE id = ?1")?.execute([number(id.0)])?;
            Ok(())
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let duration_ms = row.get::<_, Option<i64>>(5)?.map(count);
    let message = Message {
        id: MessageId(count(row.get(0)?)),
        extension: row.get(1)?,
        at: WallTime(row.get(2)?),
        caller: row.get(3)?,
        caller_name: row.get(4)?,
        seconds: u32::try_from(duration_ms.unwrap_or(0).div_ceil(1000)).unwrap_or(u32::MAX),
        heard: row.get(6)?,
    };
    Ok(MessageRow { message, duration_ms, bytes: count(row.get(7)?), path: row.get(8)? })
}
