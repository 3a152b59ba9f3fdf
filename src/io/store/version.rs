//! Table `version`: every applied office, as the office file's own text.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::base::WallTime;

/// One applied office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Rises with each.
    pub id: i64,
    /// When it was applied.
    pub made_at: WallTime,
    /// By whom: a web account, or `console`.
    pub author: String,
    /// In words, for people.
    pub reason: String,
    /// The office file with its secrets.
    pub office: String,
}

/// When the first one was applied.
pub(super) fn first_at(connection: &Connection) -> rusqlite::Result<Option<WallTime>> {
    let at: Option<i64> = connection.query_row("SELECT min(made_at) FROM version", [], |row| row.get(0))?;
    Ok(at.map(WallTime))
}

pub(super) fn add(
    connection: &Connection,
    at: WallTime,
    author: &str,
    reason: &str,
    office: &str,
) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO version (made_at, author, reason, office) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, params![at.0, author, reason, office])?;
    Ok(connection.last_insert_rowid())
}

pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<Version>> {
    let sql = "SELECT id, made_at, author, reason, office FROM version ORDER BY id DESC LIMIT 1";
    connection.query_row(sql, (), read).optional()
}

/// Versions older than `before`, newest first.
pub(super) fn list(connection: &Connection, limit: usize, before: Option<i64>) -> rusqlite::Result<Vec<Version>> {
    let sql = "SELECT id, made_at, author, reason, office FROM version WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([before.unwrap_or(i64::MAX), limit], read)?;
    rows.collect()
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        id: row.get(0)?,
        made_at: WallTime(row.get(1)?),
        author: row.get(2)?,
        reason: row.get(3)?,
        office: row.get(4)?,
    })
}
