//! Table `ban`: judgements over a restart.

use rusqlite::{Connection, Row, params};

use crate::base::WallTime;
use crate::guard::{Ban, MEMORY, Reason};

/// Keeps one in place of what its address had before.
pub(super) fn put(connection: &Connection, ban: &Ban) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO ban (id, address, reason, since_at, until_at, times, dropped, user_agent, logins)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        ban.id,
        ban.address.to_string(),
        ban.reason.word(),
        ban.since.0,
        ban.until.0,
        ban.times,
        i64::try_from(ban.dropped).unwrap_or(i64::MAX),
        ban.user_agent,
        ban.logins.join("\n"),
    ])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM ban WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Forgets what is over for long, and returns the rest. A row that can't be understood is skipped.
pub(super) fn restore(connection: &Connection, now: WallTime) -> rusqlite::Result<Vec<Ban>> {
    let memory = i64::try_from(MEMORY.as_millis()).unwrap_or(i64::MAX);
    connection.execute("DELETE FROM ban WHERE until_at <= ?1", [now.0.saturating_sub(memory)])?;
    let sql = "SELECT id, address, reason, since_at, until_at, times, dropped, user_agent, logins FROM ban ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.flatten().flatten().collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<Ban>> {
    let text = |column: usize| row.get::<_, String>(column);
    let (Ok(address), Some(reason)) = (text(1)?.parse(), Reason::from_word(&text(2)?)) else { return Ok(None) };
    Ok(Some(Ban {
        id: row.get(0)?,
        address,
        reason,
        since: WallTime(row.get(3)?),
        until: WallTime(row.get(4)?),
        times: row.get(5)?,
        dropped: u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
        user_agent: text(7)?,
        logins: text(8)?.lines().map(str::to_owned).collect(),
    }))
}
