//! Table `alarm`: what an admin must learn. At most [`ALARM_ROWS`] of a kind are kept, so that a flood of one hides no other.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{Reader, Store, StoreError};
use crate::base::{Duration, WallTime};

/// Rows kept of a kind; the oldest go.
pub const ALARM_ROWS: i64 = 500;

/// An alarm that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlarm {
    /// With the same key within `one_within` it is one alarm with the one before.
    pub key: String,
    /// How long the one before counts, from its first time on.
    pub one_within: Duration,
    /// A word for programs.
    pub kind: String,
    /// `alarm`, `warning`.
    pub severity: String,
    /// How often since the last one was kept.
    pub count: u32,
    /// Now.
    pub at: WallTime,
    /// For a person, in Russian.
    pub text_ru: String,
    /// And in English.
    pub text_en: String,
    /// Which extension it is about.
    pub extension: Option<String>,
    /// Which address it is about.
    pub address: Option<String>,
}

/// An alarm as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// Rises with each.
    pub id: i64,
    /// See [`NewAlarm`], and so the others.
    pub kind: String,
    /// `alarm`, `warning`.
    pub severity: String,
    /// The first time.
    pub at: WallTime,
    /// The last time.
    pub last_at: WallTime,
    /// How often.
    pub count: i64,
    /// Of the last time.
    pub text_ru: String,
    /// Of the last time.
    pub text_en: String,
    /// Which extension.
    pub extension: Option<String>,
    /// Which address.
    pub address: Option<String>,
    /// Somebody has looked at it.
    pub seen: bool,
}

/// What to look for; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Looked at, or not.
    pub seen: Option<bool>,
    /// The kind.
    pub kind: Option<String>,
}

/// What became of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its row.
    pub id: i64,
    /// It is a row of its own, and did not count for one before.
    pub is_new: bool,
}

impl Store {
    /// Keeps alarms, in order.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn keep_alarms(&self, alarms: Vec<NewAlarm>) -> Result<Vec<Kept>, StoreError> {
        self.ask(move |db| {
            let together = db.unchecked_transaction()?;
            let kept = alarms.iter().map(|alarm| keep(db, alarm)).collect::<rusqlite::Result<_>>()?;
            together.commit()?;
            Ok(kept)
        })
    }

    /// Somebody has looked at this alarm, or at all; false: there is none.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn see_alarm(&self, id: Option<i64>) -> Result<bool, StoreError> {
        self.ask(move |db| {
            Ok(match id {
                Some(id) => db.prepare_cached("UPDATE alarm SET seen = 1 WHERE id = ?1")?.execute([id])? > 0,
                None => db.prepare_cached("UPDATE alarm SET seen = 1 WHERE seen = 0")?.execute(()).map(|_| true)?,
            })
        })
    }
}

impl Reader {
    /// Alarms, newest first, older than `before`.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn alarms(&self, filter: &AlarmFilter, limit: usize, before: Option<i64>) -> Result<Vec<AlarmRow>, StoreError> {
        let mut conditions = vec!["1"];
        let mut values: Vec<Sql> = Vec::new();
        let given = [
            ("id < ?", before.map(Sql::Integer)),
            ("seen = ?", filter.seen.map(|seen| Sql::Integer(seen.into()))),
            ("kind = ?", filter.kind.clone().map(Sql::Text)),
        ];
        for (condition, value) in given {
            if let Some(value) = value {
                conditions.push(condition);
                values.push(value);
            }
        }
        values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT id, kind, severity, at, last_at, count, text_ru, text_en, extension, address, seen FROM alarm
             WHERE {} ORDER BY id DESC LIMIT ?",
            conditions.join(" AND ")
        );
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many nobody has looked at.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn unseen_alarms(&self) -> Result<u64, StoreError> {
        let count: i64 = self
            .connection()?
            .prepare_cached("SELECT count(*) FROM alarm WHERE seen = 0")?
            .query_row((), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn keep(db: &Connection, alarm: &NewAlarm) -> rusqlite::Result<Kept> {
    let within = i64::try_from(alarm.one_within.as_millis()).unwrap_or(i64::MAX);
    // A clock that was set back makes none of the future count for ever.
    let sql = "SELECT id FROM alarm WHERE key = ?1 AND at > ?2 AND at <= ?3 ORDER BY id DESC LIMIT 1";
    let values = params![alarm.key, alarm.at.0.saturating_sub(within), alarm.at.0];
    let present: Option<i64> = db.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
    if let Some(id) = present {
        let sql = "UPDATE alarm SET last_at = ?2, count = count + ?3, text_ru = ?4, text_en = ?5 WHERE id = ?1";
        db.prepare_cached(sql)?.execute(params![id, alarm.at.0, alarm.count, alarm.text_ru, alarm.text_en])?;
        return Ok(Kept { id, is_new: false });
    }
    let NewAlarm { key, kind, severity, count, at, text_ru, text_en, extension, address, .. } = alarm;
    let sql = "INSERT INTO alarm (key, kind, severity, at, last_at, count, text_ru, text_en, extension, address)
               VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9)";
    let values = params![key, kind, severity, at.0, count, text_ru, text_en, extension, address];
    db.prepare_cached(sql)?.execute(values)?;
    let id = db.last_insert_rowid();
    let oldest = "DELETE FROM alarm WHERE kind = ?1 AND id <=
                  (SELECT id FROM alarm WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    db.prepare_cached(oldest)?.execute(params![kind, ALARM_ROWS])?;
    Ok(Kept { id, is_new: true })
}

fn read(row: &Row<'_>) -> rusqlite::Result<AlarmRow> {
    Ok(AlarmRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        severity: row.get(2)?,
        at: WallTime(row.get(3)?),
        last_at: WallTime(row.get(4)?),
        count: row.get(5)?,
        text_ru: row.get(6)?,
        text_en: row.get(7)?,
        extension: row.get(8)?,
        address: row.get(9)?,
        seen: row.get(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;

    const HOUR_MS: i64 = 3600 * 1000;
    const NOW: WallTime = WallTime(1_800_000_000_000);

    fn alarm(kind: &str, key: &str, at: WallTime) -> NewAlarm {
        NewAlarm {
            key: key.to_owned(),
            one_within: Duration::from_secs(3600),
            kind: kind.to_owned(),
            severity: "alarm".to_owned(),
            count: 1,
            at,
            text_ru: format!("в {}", at.0),
            text_en: format!("at {}", at.0),
            extension: None,
            address: None,
        }
    }

    #[test]
    fn the_same_within_an_hour_of_the_first_is_one_and_later_it_is_told_anew() {
        let scratch = Scratch::new();
        std::fs::create_dir_all(scratch.path().join("backups")).unwrap();
        let store = Store::open(scratch.path(), NOW).unwrap().store;
        let reader = Reader::open(scratch.path()).unwrap();
        let after = |minutes: i64| WallTime(NOW.0 + minutes * 60_000);
        let is_new = |key: &str, at| store.keep_alarms(vec![alarm("a", key, at)]).unwrap()[0].is_new;
        assert!(is_new("x", after(0)) && is_new("y", after(1)));
        assert!(!is_new("x", after(30)) && !is_new("x", after(59)));
        assert!(is_new("x", after(61)), "it goes on: the admin hears of it once an hour");
        assert!(is_new("x", WallTime(NOW.0 - HOUR_MS)), "the clock was set back");
        let rows = reader.alarms(&AlarmFilter::default(), 10, None).unwrap();
        assert_eq!(rows.iter().map(|row| row.count).collect::<Vec<_>>(), [1, 1, 1, 3]);
        assert_eq!((rows[3].last_at, rows[3].text_en.clone()), (after(59), format!("at {}", after(59).0)));
        assert_eq!(reader.unseen_alarms().unwrap(), 4);
        assert!(store.see_alarm(Some(rows[3].id)).unwrap() && !store.see_alarm(Some(999)).unwrap());
        let unseen = AlarmFilter { seen: Some(false), ..AlarmFilter::default() };
        assert_eq!(reader.alarms(&unseen, 10, Some(rows[1].id)).unwrap().len(), 1);
        assert!(store.see_alarm(None).unwrap());
        assert_eq!(reader.unseen_alarms().unwrap(), 0);
        store.close();
    }

    #[test]
    fn a_flood_of_one_kind_pushes_out_only_its_own() {
        let scratch = Scratch::new();
        std::fs::create_dir_all(scratch.path().join("backups")).unwrap();
        let store = Store::open(scratch.path(), NOW).unwrap().store;
        store.keep_alarms(vec![alarm("disk_full", "disk_full", NOW)]).unwrap();
        let flood = (0..ALARM_ROWS + 100).map(|nth| alarm("address_banned", &format!("{nth}"), NOW)).collect();
        store.keep_alarms(flood).unwrap();
        let reader = Reader::open(scratch.path()).unwrap();
        let rows = reader.alarms(&AlarmFilter::default(), 10_000, None).unwrap();
        assert_eq!(i64::try_from(rows.len()).unwrap(), ALARM_ROWS + 1);
        assert_eq!(rows.last().unwrap().kind, "disk_full");
        store.close();
    }
}
