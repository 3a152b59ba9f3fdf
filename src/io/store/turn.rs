//! Table `turn`: who took the last call of each group.

use rusqlite::{Connection, params};

pub(super) fn put(connection: &Connection, group: &str, member: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO turn (\"group\", member) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET member = ?2";
    connection.prepare_cached(sql)?.execute(params![group, member])?;
    Ok(())
}

pub(super) fn restore(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare("SELECT \"group\", member FROM turn")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
