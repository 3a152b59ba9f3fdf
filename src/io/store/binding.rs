//! Table `binding`: registrations of phones over a restart.

use rusqlite::{Connection, Row, params};

use crate::base::WallTime;
use crate::engine::StoredBinding;

pub(super) fn put(connection: &Connection, binding: &StoredBinding) -> rusqlite::Result<()> {
    let sql = "INSERT INTO binding (aor, contact, transport, local, peer, expires_at, call_id, cseq, user_agent)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT DO UPDATE SET transport = ?3, local = ?4, peer = ?5, expires_at = ?6, call_id = ?7, cseq = ?8,
               user_agent = ?9";
    let b = binding;
    let (local, peer) = (b.local.to_string(), b.peer.to_string());
    connection.prepare_cached(sql)?.execute(params![
        b.aor,
        b.contact,
        b.transport.param(),
        local,
        peer,
        b.expires_at.0,
        b.call_id,
        b.cseq,
        b.user_agent
    ])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, aor: &str, contact: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM binding WHERE aor = ?1 AND contact = ?2")?.execute([aor, contact])?;
    Ok(())
}

/// Forgets what has ended, and returns the rest. A row that can't be understood is skipped: the phone will come again.
pub(super) fn restore(connection: &Connection, now: WallTime) -> rusqlite::Result<Vec<StoredBinding>> {
    connection.execute("DELETE FROM binding WHERE expires_at <= ?1", [now.0])?;
    let sql = "SELECT aor, contact, transport, local, peer, expires_at, call_id, cseq, user_agent FROM binding";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.flatten().flatten().collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<StoredBinding>> {
    let text = |column: usize| row.get::<_, String>(column);
    let (transport, local, peer) = (text(2)?.parse(), text(3)?.parse(), text(4)?.parse());
    let (Ok(transport), Ok(local), Ok(peer)) = (transport, local, peer) else { return Ok(None) };
    Ok(Some(StoredBinding {
        aor: text(0)?,
        contact: text(1)?,
        transport,
        local,
        peer,
        expires_at: WallTime(row.get(5)?),
        call_id: text(6)?,
        cseq: row.get(7)?,
        user_agent: text(8)?,
    }))
}
