//! Table `subscription`: the lamps of phones over a restart.

use rusqlite::{Connection, Row, params};

use crate::base::WallTime;
use crate::engine::StoredSubscription;

pub(super) fn put(connection: &Connection, subscription: &StoredSubscription) -> rusqlite::Result<()> {
    let sql = "INSERT INTO subscription (tag, login, number, package, event, entity, version, expires_at, dialog)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT DO UPDATE SET version = ?7, expires_at = ?8, dialog = ?9";
    let s = subscription;
    connection.prepare_cached(sql)?.execute(params![
        s.tag,
        s.login,
        s.number,
        s.package,
        s.event,
        s.entity,
        s.version,
        s.expires_at.0,
        s.dialog
    ])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, tag: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM subscription WHERE tag = ?1")?.execute([tag])?;
    Ok(())
}

/// Forgets what has ended, and returns the rest, in the order of their tags. A row that can't be understood is skipped: the phone
/// subscribes again.
pub(super) fn restore(connection: &Connection, now: WallTime) -> rusqlite::Result<Vec<StoredSubscription>> {
    connection.execute("DELETE FROM subscription WHERE expires_at <= ?1", [now.0])?;
    let sql =
        "SELECT tag, login, number, package, event, entity, version, expires_at, dialog FROM subscription ORDER BY tag";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.flatten().collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredSubscription> {
    Ok(StoredSubscription {
        tag: row.get(0)?,
        login: row.get(1)?,
        number: row.get(2)?,
        package: row.get(3)?,
        event: row.get(4)?,
        entity: row.get(5)?,
        version: row.get(6)?,
        expires_at: WallTime(row.get(7)?),
        dialog: row.get(8)?,
    })
}
