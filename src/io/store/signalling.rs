//! Table `signalling`: the ladders of calls, packed.

use rusqlite::{Connection, params};

use super::call::row_id;
use super::{Reader, Store, StoreError};
use crate::base::{CallId, WallTime};
use crate::io::signalling::Packed;

impl Store {
    /// Queues a part of a call's ladder. Never waits; what the disk refuses is lost.
    pub fn keep_signalling(&self, packed: Packed) {
        self.order(move |db| {
            let sql = "INSERT INTO signalling (call, at, bytes, messages) VALUES (?1, ?2, ?3, ?4)";
            let Packed { call, at, messages } = packed;
            let bytes = i64::try_from(messages.len()).unwrap_or(i64::MAX);
            let kept = db
                .prepare_cached(sql)
                .and_then(|mut insert| insert.execute(params![row_id(call), at.0, bytes, messages]));
            if let Err(error) = kept {
                tracing::debug!(%error, "a part of a ladder is not kept");
            }
        });
    }

    /// Removes what is older than this, and the oldest beyond so many bytes, some at a time.
    pub fn tidy_signalling(&self, oldest: WallTime, most: u64) {
        self.order(move |db| {
            if let Err(error) = tidy(db, oldest, most) {
                tracing::debug!(%error, "old ladders are not removed");
            }
        });
    }
}

impl Reader {
    /// The parts of a call's ladder in their order; see [`unpack`](crate::io::signalling::unpack).
    ///
    /// # Errors
    /// When the database refuses.
    pub fn signalling(&self, call: CallId) -> Result<Vec<Vec<u8>>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached("SELECT messages FROM signalling WHERE call = ?1 ORDER BY id")?;
        let rows = statement.query_map([row_id(call)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn tidy(db: &Connection, oldest: WallTime, most: u64) -> rusqlite::Result<()> {
    let old = "DELETE FROM signalling WHERE id IN (SELECT id FROM signalling WHERE at < ?1 ORDER BY at LIMIT ?2)";
    db.execute(old, params![oldest.0, AT_ONCE])?;
    let total: i64 = db.query_row("SELECT coalesce(sum(bytes), 0) FROM signalling", (), |row| row.get(0))?;
    let mut over = total - i64::try_from(most).unwrap_or(i64::MAX);
    let mut first = db.prepare("SELECT id, bytes FROM signalling ORDER BY at LIMIT ?1")?;
    let oldest: Vec<(i64, i64)> =
        first.query_map([AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, bytes) in oldest {
        if over <= 0 {
            break;
        }
        db.prepare_cached("DELETE FROM signalling WHERE id = ?1")?.execute([id])?;
        over -= bytes;
    }
    Ok(())
}

/// Parts removed in one go: the writer has other work.
const AT_ONCE: u32 = 2_000;
