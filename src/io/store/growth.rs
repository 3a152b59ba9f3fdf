//! What the data have grown by of late, out of the rows that say how large and how old things are.

use rusqlite::{Connection, params};

use super::{Reader, StoreError};
use crate::base::WallTime;
use crate::machine::forecast::Growth;

impl Reader {
    /// Growth in the last fortnight; `None`: there are no data of two days yet. Reads an index of all calls.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn growth(&self, now: WallTime) -> Result<Option<Growth>, StoreError> {
        let db = self.connection()?;
        let begin = now.millis().saturating_sub(WINDOW_DAYS * DAY_MS);
        let recordings = Recent::of(&db, "recording", "started_at", "sum(bytes)", begin)?;
        let messages = Recent::of(&db, "voicemail", "at", "sum(bytes)", begin)?;
        let calls = Recent::of(&db, "call", "started_at", "count(*)", begin)?;
        let oldest = [recordings.oldest, messages.oldest, calls.oldest].into_iter().flatten().min();
        if oldest.is_none_or(|oldest| now.millis().saturating_sub(oldest) < LEAST_DAYS * DAY_MS) {
            return Ok(None);
        }
        Ok(Some(Growth {
            recordings: recordings.a_day(now),
            recorded: recordings.all,
            messages: messages.a_day(now),
            messages_now: messages.all,
            history: history_bytes(&db)? / float(calls.all.max(1)) * calls.a_day(now),
        }))
    }
}

/// Rows of a table.
struct Recent {
    /// Since the window began.
    recent: u64,
    /// All of them.
    all: u64,
    /// When the first one began, milliseconds since 1970.
    oldest: Option<i64>,
}

impl Recent {
    fn of(db: &Connection, table: &str, at: &str, what: &str, begin: i64) -> Result<Self, StoreError> {
        let count = |from: i64| -> rusqlite::Result<u64> {
            let sql = format!("SELECT coalesce({what}, 0) FROM {table} WHERE {at} >= ?1");
            let count: i64 = db.prepare_cached(&sql)?.query_row(params![from], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let oldest = db.query_row(&format!("SELECT min({at}) FROM {table}"), (), |row| row.get(0))?;
        Ok(Self { recent: count(begin)?, all: count(i64::MIN)?, oldest })
    }

    /// The oldest may have been removed, so what is there tells for how long it was gathered; what began today is not yet a habit.
    fn a_day(&self, now: WallTime) -> f64 {
        let Some(oldest) = self.oldest else { return 0.0 };
        let age = now.millis().saturating_sub(oldest).clamp(DAY_MS, WINDOW_DAYS * DAY_MS);
        float(self.recent) * float(DAY_MS.unsigned_abs()) / float(age.unsigned_abs())
    }
}

/// What the database takes, without what was signalled, which goes after some days.
fn history_bytes(db: &Connection) -> Result<f64, StoreError> {
    let number_of = |sql: &str| -> rusqlite::Result<i64> { db.query_row(sql, (), |row| row.get(0)) };
    let pages = number_of("PRAGMA page_count")? - number_of("PRAGMA freelist_count")?;
    let signalled = number_of("SELECT coalesce(sum(bytes), 0) FROM signalling")?;
    let bytes = pages.saturating_mul(number_of("PRAGMA page_size")?).saturating_sub(signalled);
    Ok(float(u64::try_from(bytes).unwrap_or(0)))
}

#[expect(clippy::cast_precision_loss, reason = "it is a guess")]
const fn float(count: u64) -> f64 {
    count as f64
}

/// What is older says little of tomorrow.
const WINDOW_DAYS: i64 = 14;
/// A guess needs so many.
const LEAST_DAYS: i64 = 2;
const DAY_MS: i64 = 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;
    use crate::io::store::Store;

    const NOW: WallTime = WallTime(1_800_000_000_000);

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1.0
    }

    #[test]
    fn growth_is_known_after_two_days_and_looks_at_two_weeks() {
        let scratch = Scratch::new();
        let store = Store::open(scratch.path(), NOW).expect("opens").store;
        let reader = Reader::open(scratch.path()).expect("opens");
        let recorded = |id: i64, days_ago: i64, bytes: i64| {
            store.ask_for_test(move |db| {
                let sql = "INSERT INTO recording (id, call, path, format, started_at, ended_at, bytes)
                           VALUES (?1, ?1, ?1, 'opus', ?2, ?2, ?3)";
                db.execute(sql, params![id, NOW.0 - days_ago * DAY_MS, bytes]).map(|_| 0)
            });
        };
        assert_eq!(reader.growth(NOW).expect("read"), None);
        recorded(1, 1, 7_000_000);
        assert_eq!(reader.growth(NOW).expect("read"), None, "a day says nothing");
        recorded(2, 7, 7_000_000);
        let growth = reader.growth(NOW).expect("read").expect("known");
        assert!(close(growth.recordings, 2_000_000.0) && growth.recorded == 14_000_000, "{growth:?}");
        assert!(close(growth.messages, 0.0) && close(growth.history, 0.0), "{growth:?}");
        recorded(3, 100, 28_000_000);
        let growth = reader.growth(NOW).expect("read").expect("known");
        assert!(close(growth.recordings, 1_000_000.0) && growth.recorded == 42_000_000, "{growth:?}");
        store.ask_for_test(|db| {
            let sql = "INSERT INTO voicemail (extension, at, caller, caller_name, duration_ms, bytes, path)
                       VALUES ('200', ?1, '7', '', 900, 4000000, 'x')";
            db.execute(sql, [NOW.0 - 4 * DAY_MS])?;
            let sql = "INSERT INTO call (id, started_at, direction, caller, caller_name, called)
                       VALUES (?1, ?2, 'internal', '200', '', '201')";
            db.execute(sql, params![1, NOW.0 - 2 * DAY_MS])?;
            db.execute(sql, params![2, NOW.0 - 100 * DAY_MS]).map(|_| 0)
        });
        let growth = reader.growth(NOW).expect("read").expect("known");
        assert!(close(growth.messages, 1_000_000.0) && growth.messages_now == 4_000_000, "{growth:?}");
        // One call of the two is of the last fortnight.
        let history = history_bytes(&reader.connection().expect("open")).expect("read");
        assert!(close(growth.history, history / 2.0 / 14.0) && growth.history > 1000.0, "{growth:?}");
        store.close();
    }
}
