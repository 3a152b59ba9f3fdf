//! Table `recording`: the index of `DATA/recordings`.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::call::row_id;
use super::{Reader, StoreError};
use crate::base::{CallId, RecordingId, WallTime};

/// A recording as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingRow {
    /// Which.
    pub recording: RecordingId,
    /// The call that it is of.
    pub call: CallId,
    /// Its file, relative to the data directory.
    pub path: String,
    /// `opus`, `wav`.
    pub format: String,
    /// Its first second.
    pub started_at: WallTime,
    /// `None` while it goes on.
    pub ended_at: Option<WallTime>,
    /// Milliseconds of sound: pauses take none. 0 while it goes on.
    pub duration_ms: u64,
    /// Of the file; 0 while it goes on.
    pub bytes: u64,
    /// Who called, by the history.
    pub caller: Option<String>,
    /// What was called, by the history.
    pub called: Option<String>,
}

impl Reader {
    /// Recordings, newest first, at most `limit`; of one call when it is given. `before` is the start and id of the last
    /// row of the page before: UTC milliseconds and the number of a [`RecordingId`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn recordings(
        &self,
        call: Option<CallId>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        let mut conditions = vec!["1"];
        let mut values = Vec::new();
        if let Some(call) = call {
            conditions.push("r.call = ?");
            values.push(Sql::Integer(row_id(call)));
        }
        if let Some((started_at, id)) = before {
            conditions.push("(r.started_at, r.id) < (?, ?)");
            values.extend([Sql::Integer(started_at), Sql::Integer(id)]);
        }
        values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let filter = conditions.join(" AND ");
        self.recordings_where(&format!("{filter} ORDER BY r.started_at DESC, r.id DESC LIMIT ?"), values)
    }

    /// One recording.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn recording(&self, recording: RecordingId) -> Result<Option<RecordingRow>, StoreError> {
        let found = self.recordings_where("r.id = ?", vec![Sql::Integer(number(recording.0))])?;
        Ok(found.into_iter().next())
    }

    /// Recordings that go on, or were going on when the last process ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn unfinished_recordings(&self) -> Result<Vec<RecordingRow>, StoreError> {
        self.recordings_where("r.ended_at IS NULL ORDER BY r.started_at, r.id", Vec::new())
    }

    /// Finished recordings, the oldest first, at most `limit`, behind the one that began at `after` with that id.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn oldest_recordings(&self, after: (i64, i64), limit: usize) -> Result<Vec<RecordingRow>, StoreError> {
        let limit = Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
        let filter = "r.ended_at IS NOT NULL AND (r.started_at, r.id) > (?, ?) ORDER BY r.started_at, r.id LIMIT ?";
        self.recordings_where(filter, vec![Sql::Integer(after.0), Sql::Integer(after.1), limit])
    }

    /// What finished recordings take on the disk. Bytes.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn recorded_bytes(&self) -> Result<u64, StoreError> {
        let bytes: i64 = self
            .connection()?
            .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM recording")?
            .query_row((), |row| row.get(0))?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// Whether the index has this file.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn has_recording_file(&self, path: &str) -> Result<bool, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached("SELECT 1 FROM recording WHERE path = ?1")?;
        Ok(statement.query_row([path], |_| Ok(())).optional()?.is_some())
    }

    fn recordings_where(&self, filter: &str, values: Vec<Sql>) -> Result<Vec<RecordingRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM recording AS r LEFT JOIN call AS c ON c.id = r.call WHERE {filter}");
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

pub(super) fn start(
    connection: &Connection,
    recording: RecordingId,
    call: CallId,
    at: WallTime,
    path: &str,
    format: &str,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO recording (id, call, path, format, started_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![number(recording.0), row_id(call), path, format, at.0];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

pub(super) fn end(
    connection: &Connection,
    recording: RecordingId,
    at: WallTime,
    duration_ms: u64,
    bytes: u64,
) -> rusqlite::Result<()> {
    let sql = "UPDATE recording SET ended_at = max(started_at, ?2), duration_ms = ?3, bytes = ?4 WHERE id = ?1";
    let row = params![number(recording.0), at.0, number(duration_ms), number(bytes)];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

pub(super) fn remove(connection: &Connection, recording: RecordingId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM recording WHERE id = ?1")?.execute([number(recording.0)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecordingRow> {
    let count = |column| row.get::<_, i64>(column).map(|value| u64::try_from(value).unwrap_or(0));
    Ok(RecordingRow {
        recording: RecordingId(count(0)?),
        call: CallId(count(1)?),
        path: row.get(2)?,
        format: row.get(3)?,
        started_at: WallTime(row.get(4)?),
        ended_at: row.get::<_, Option<i64>>(5)?.map(WallTime),
        duration_ms: count(6)?,
        bytes: count(7)?,
        caller: row.get(8)?,
        called: row.get(9)?,
    })
}

/// As SQLite counts.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

const COLUMNS: &str =
    "r.id, r.call, r.path, r.format, r.started_at, r.ended_at, r.duration_ms, r.bytes, c.caller, c.called";
