//! Table `delivery`: events on their way to webhooks, so that a restart loses none, and what became of the last [`DELIVERIES_KEPT`].

use rusqlite::{Row, params};

use super::{Reader, Store, StoreError};
use crate::base::WallTime;

/// Deliveries that have ended, kept for each webhook.
pub const DELIVERIES_KEPT: i64 = 100;

/// What became of a delivery so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It is on its way.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It never will.
    GivenUp,
}

impl DeliveryOutcome {
    /// As in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "delivered" => Self::Delivered,
            "given_up" => Self::GivenUp,
            _ => Self::Waiting,
        }
    }
}

/// An event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Rises with each.
    pub id: i64,
    /// The webhook's name.
    pub webhook: String,
    /// The event's word.
    pub event: String,
    /// When it happened.
    pub made_at: WallTime,
    /// What is sent; empty once it has ended.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last time.
    pub tried_at: Option<WallTime>,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// HTTP status of the last answer, when there was one.
    pub status: Option<u16>,
    /// What was wrong the last time, in Russian; empty: nothing.
    pub why_ru: String,
    /// And in English.
    pub why_en: String,
}

impl Store {
    /// Keeps a delivery as it is now. Never waits.
    pub fn keep_delivery(&self, delivery: DeliveryRow) {
        self.later("a delivery to a webhook", move |db| {
            let sql = "INSERT OR REPLACE INTO delivery
                       (id, webhook, event, made_at, body, attempts, tried_at, outcome, status, why_ru, why_en)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            let ended = delivery.outcome != DeliveryOutcome::Waiting;
            let body = if ended { "" } else { delivery.body.as_str() };
            let DeliveryRow {
                id, webhook, event, made_at, attempts, tried_at, outcome, status, why_ru, why_en, ..
            } = &delivery;
            let tried_at = tried_at.map(|at| at.0);
            let row = params![
                id,
                webhook,
                event,
                made_at.0,
                body,
                attempts,
                tried_at,
                outcome.as_str(),
                status,
                why_ru,
                why_en
            ];
            db.prepare_cached(sql)?.execute(row)?;
            if ended {
                let sql = "DELETE FROM delivery WHERE webhook = ?1 AND outcome <> 'waiting' AND id <=
                           (SELECT id FROM delivery WHERE webhook = ?1 AND outcome <> 'waiting'
                            ORDER BY id DESC LIMIT 1 OFFSET ?2)";
                db.prepare_cached(sql)?.execute(params![webhook, DELIVERIES_KEPT])?;
            }
            Ok(())
        });
    }

    /// Forgets the deliveries of webhooks that are gone. Never waits.
    pub fn keep_deliveries_of(&self, webhooks: Vec<String>) {
        self.later("deliveries to webhooks", move |db| {
            let marks = vec!["?"; webhooks.len()].join(", ");
            let sql = format!("DELETE FROM delivery WHERE webhook NOT IN ({marks})");
            db.execute(&sql, rusqlite::params_from_iter(webhooks)).map(drop)
        });
    }
}

impl Reader {
    /// Those that wait, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn waiting_deliveries(&self) -> Result<Vec<DeliveryRow>, StoreError> {
        self.deliveries_where("outcome = 'waiting' AND ?1 = ?1 ORDER BY id", "", usize::MAX)
    }

    /// The last ones of a webhook, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn deliveries(&self, webhook: &str, limit: usize) -> Result<Vec<DeliveryRow>, StoreError> {
        self.deliveries_where("webhook = ?1 ORDER BY id DESC", webhook, limit)
    }

    fn deliveries_where(&self, which: &str, webhook: &str, limit: usize) -> Result<Vec<DeliveryRow>, StoreError> {
        let sql = format!(
            "SELECT id, webhook, event, made_at, body, attempts, tried_at, outcome, status, why_ru, why_en
             FROM delivery WHERE {which} LIMIT ?2"
        );
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![webhook, limit], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The highest number of all so far.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn last_delivery(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(max(id), 0) FROM delivery";
        Ok(self.connection()?.prepare_cached(sql)?.query_row((), |row| row.get(0))?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let outcome: String = row.get(7)?;
    Ok(DeliveryRow {
        id: row.get(0)?,
        webhook: row.get(1)?,
        event: row.get(2)?,
        made_at: WallTime(row.get(3)?),
        body: row.get(4)?,
        attempts: row.get(5)?,
        tried_at: row.get::<_, Option<i64>>(6)?.map(WallTime),
        outcome: DeliveryOutcome::of(&outcome),
        status: row.get(8)?,
        why_ru: row.get(9)?,
        why_en: row.get(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;

    #[test]
    fn the_last_hundred_of_each_webhook_are_known_and_all_that_wait() {
        let scratch = Scratch::new();
        std::fs::create_dir_all(scratch.path().join("backups")).unwrap();
        let store = Store::open(scratch.path(), WallTime(0)).unwrap().store;
        let keep = |id: i64, webhook: &str, outcome| {
            store.keep_delivery(DeliveryRow {
                id,
                webhook: webhook.to_owned(),
                event: "alarm".to_owned(),
                made_at: WallTime(id),
                body: "{}".to_owned(),
                attempts: 1,
                tried_at: None,
                outcome,
                status: None,
                why_ru: String::new(),
                why_en: String::new(),
            });
        };
        (1..=5).for_each(|id| keep(id, "crm", DeliveryOutcome::Waiting));
        (6..=200).for_each(|id| keep(id, "crm", DeliveryOutcome::Delivered));
        keep(201, "other", DeliveryOutcome::GivenUp);
        store.flush().unwrap();
        let reader = Reader::open(scratch.path()).unwrap();
        let waiting = reader.waiting_deliveries().unwrap();
        assert_eq!(waiting.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let known = reader.deliveries("crm", 1000).unwrap();
        assert_eq!((known.len(), known[0].id, known[99].id), (105, 200, 101));
        assert!(known[0].body.is_empty(), "what has ended holds nothing that was said");
        store.keep_deliveries_of(vec!["other".to_owned()]);
        store.flush().unwrap();
        assert!(reader.deliveries("crm", 10).unwrap().is_empty() && reader.waiting_deliveries().unwrap().is_empty());
        assert_eq!(reader.last_delivery().unwrap(), 201);
        store.close();
    }
}
