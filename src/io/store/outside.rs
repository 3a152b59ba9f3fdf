//! Tables `outside_use` and `allowance`: what calls with the city have used up, and whose limits are lifted.

use rusqlite::{Connection, params};

use super::{Store, StoreError};
use crate::base::WallTime;
use crate::guard::limits::Use;

/// An extension whose limits of outside calls are lifted for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceRow {
    /// Which.
    pub extension: String,
    /// Then they hold again.
    pub until: WallTime,
    /// Who lifted them.
    pub by: String,
}

/// Keeps what a call has used up so far.
pub(super) fn put(connection: &Connection, used: &Use) -> rusqlite::Result<()> {
    let sql = "INSERT INTO outside_use (id, extension, from_at, to_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (id) DO UPDATE SET to_at = excluded.to_at";
    let id = i64::try_from(used.id).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute(params![id, used.extension, used.from.0, used.to.0])?;
    let old = used.to.0.saturating_sub(KEPT_MS);
    connection.prepare_cached("DELETE FROM outside_use WHERE to_at < ?1")?.execute([old]).map(drop)
}

/// What may be of today or yesterday, whatever the zone.
pub(super) fn restore(connection: &Connection, now: WallTime) -> rusqlite::Result<Vec<Use>> {
    let sql = "SELECT id, extension, from_at, to_at FROM outside_use WHERE to_at >= ?1 ORDER BY id DESC LIMIT ?2";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([now.0.saturating_sub(KEPT_MS), RESTORED], |row| {
        let id = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        Ok(Use { id, extension: row.get(1)?, from: WallTime(row.get(2)?), to: WallTime(row.get(3)?) })
    })?;
    rows.collect()
}

/// Those that have not ended, by extension.
pub(super) fn allowances(connection: &Connection, now: WallTime) -> rusqlite::Result<Vec<AllowanceRow>> {
    let sql = "SELECT extension, until_at, by FROM allowance WHERE until_at > ?1 ORDER BY extension";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([now.0], |row| {
        Ok(AllowanceRow { extension: row.get(0)?, until: WallTime(row.get(1)?), by: row.get(2)? })
    })?;
    rows.collect()
}

impl Store {
    /// Extensions whose limits are lifted now.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn allowances(&self, now: WallTime) -> Result<Vec<AllowanceRow>, StoreError> {
        self.ask(move |db| Ok(allowances(db, now)?))
    }

    /// Lifts the limits of an extension, in place of what was allowed before; those that ended by `now` are forgotten.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn allow(&self, row: AllowanceRow, now: WallTime) -> Result<(), StoreError> {
        self.ask(move |db| {
            db.execute("DELETE FROM allowance WHERE until_at <= ?1", [now.0])?;
            let sql = "INSERT OR REPLACE INTO allowance (extension, until_at, by) VALUES (?1, ?2, ?3)";
            db.execute(sql, params![row.extension, row.until.0, row.by])?;
            Ok(())
        })
    }

    /// The limits of an extension hold again; false: they held.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn disallow(&self, extension: &str, now: WallTime) -> Result<bool, StoreError> {
        let extension = extension.to_owned();
        self.ask(move |db| {
            let sql = "DELETE FROM allowance WHERE extension = ?1 RETURNING until_at > ?2";
            let held: Result<bool, _> = db.query_row(sql, params![extension, now.0], |row| row.get(0));
            match held {
                Err(rusqlite::Error::QueryReturnedNoRows) => Ok(false),
                other => Ok(other?),
            }
        })
    }
}

/// Two days, and the hours between zones.
const KEPT_MS: i64 = 72 * 60 * 60 * 1000;
/// Rows that are read at the start: as many as are kept in memory.
const RESTORED: i64 = 20_000;
