//! What a stretch of the history adds up to. Reads each of its rows once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Add;

use rusqlite::{Connection, Row, params};

use super::{Reader, StoreError};
use crate::base::{CallId, WallTime};

/// Calls of some stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// From the city, and answered: by somebody, or by the desk with what the caller was meant to hear.
    pub inbound_answered: u64,
    /// From the city, and nobody took it.
    pub inbound_missed: u64,
    /// To the city.
    pub outbound: u64,
    /// Among employees.
    pub internal: u64,
    /// Talk of all of these. Milliseconds.
    pub talk_ms: u64,
}

impl Add for Count {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            inbound_answered: self.inbound_answered + other.inbound_answered,
            inbound_missed: self.inbound_missed + other.inbound_missed,
            outbound: self.outbound + other.outbound,
            internal: self.internal + other.internal,
            talk_ms: self.talk_ms + other.talk_ms,
        }
    }
}

/// Who came to a group, and how long they waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupWaits {
    /// Its number.
    pub group: String,
    /// Calls that came there.
    pub calls: u64,
    /// Taken by a member.
    pub answered: u64,
    /// Hung up while they waited.
    pub given_up: u64,
    /// Went on to the reserve.
    pub given_back: u64,
    /// Mean wait of all that are over. Milliseconds.
    pub wait_mean_ms: u64,
    /// The longest. Milliseconds.
    pub wait_longest_ms: u64,
}

/// What an employee's telephones did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Calls that it made or that rang there.
    pub calls: u64,
    /// Calls that it took.
    pub answered: u64,
    /// Talk, whoever called. Milliseconds.
    pub talk_ms: u64,
}

/// Somebody of the city whom nobody has talked with since he was missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCalledBack {
    /// E.164 digits.
    pub number: String,
    /// The name that came with the last call; may be empty.
    pub name: String,
    /// How often in this stretch.
    pub missed: u64,
    /// When last.
    pub last_at: WallTime,
    /// That call.
    pub last_call: CallId,
    /// What it called.
    pub called: String,
}

/// The sum of a stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By quarters of an hour, which every time zone's days and hours are made of.
    pub slots: Vec<(WallTime, Count)>,
    /// By number.
    pub groups: Vec<GroupWaits>,
    /// By number.
    pub extensions: BTreeMap<String, Work>,
    /// The last first; at most [`WAITING`].
    pub waiting: Vec<NotCalledBack>,
    /// So many more, which are only counted.
    pub waiting_more: u64,
}

impl Reader {
    /// Adds up the calls that began from `from` on and before `to`. `extensions` are told even when they did nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn summary(&self, from: WallTime, to: WallTime, extensions: &[String]) -> Result<Summary, StoreError> {
        let connection = self.connection()?;
        let mut sum = Sum::default();
        for number in extensions {
            let sql = "SELECT count(*) FROM call_party WHERE party = ?1
                AND direction IN ('inbound', 'outbound', 'internal') AND started_at >= ?2 AND started_at < ?3";
            let calls: i64 =
                connection.prepare_cached(sql)?.query_row(params![number, from.0, to.0], |row| row.get(0))?;
            sum.extensions.entry(number.clone()).or_default().calls = u64::try_from(calls).unwrap_or(0);
        }
        let sql = "SELECT started_at, direction, outcome, talk_ms, caller, answered_by, id, caller_name, called
                   FROM call WHERE started_at >= ?1 AND started_at < ?2 AND outcome IS NOT NULL ORDER BY started_at";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![from.0, to.0])?;
        while let Some(row) = rows.next()? {
            sum.add(row)?;
        }
        let Sum { slots, extensions, missed } = sum;
        let (waiting, waiting_more) = waiting(&connection, missed)?;
        let slots = slots.into_iter().map(|(slot, count)| (WallTime(slot * SLOT_MS), count)).collect();
        Ok(Summary { slots, groups: groups(&connection, from, to)?, extensions, waiting, waiting_more })
    }
}

#[derive(Default)]
struct Sum {
    slots: BTreeMap<i64, Count>,
    extensions: BTreeMap<String, Work>,
    missed: HashMap<String, NotCalledBack>,
}

impl Sum {
    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let started_at: i64 = row.get(0)?;
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default());
        let (direction, outcome, caller, answered_by) = (text(1)?, text(2)?, text(4)?, text(5)?);
        let talk_ms = u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0);
        let count = self.slots.entry(started_at.div_euclid(SLOT_MS)).or_default();
        count.talk_ms += talk_ms;
        let is_answered = outcome == "answered";
        match direction {
            "outbound" => count.outbound += 1,
            "internal" => count.internal += 1,
            _ if is_answered => count.inbound_answered += 1,
            _ if outcome == "refused" => {}
            _ => count.inbound_missed += 1,
        }
        if direction != "inbound" && !answered_by.is_empty() {
            self.work(caller).talk_ms += talk_ms;
        }
        if direction != "outbound" && !answered_by.is_empty() {
            let work = self.work(answered_by);
            work.answered += 1;
            work.talk_ms += talk_ms;
        }
        if direction == "inbound" && !is_answered && outcome != "refused" && !caller.is_empty() {
            let (id, name, called): (i64, &str, &str) = (row.get(6)?, text(7)?, text(8)?);
            let missed = self.missed.entry(caller.to_owned()).or_insert_with(|| NotCalledBack {
                number: caller.to_owned(),
                name: String::new(),
                missed: 0,
                last_at: WallTime(0),
                last_call: CallId(0),
                called: String::new(),
            });
            missed.missed += 1;
            (missed.last_at, missed.last_call) = (WallTime(started_at), CallId(u64::try_from(id).unwrap_or(0)));
            name.clone_into(&mut missed.name);
            called.clone_into(&mut missed.called);
        }
        Ok(())
    }

    fn work(&mut self, number: &str) -> &mut Work {
        if !self.extensions.contains_key(number) {
            self.extensions.insert(number.to_owned(), Work::default());
        }
        self.extensions.entry(number.to_owned()).or_default()
    }
}

/// Those with whom nobody has talked since, by whichever side called.
fn waiting(
    connection: &Connection,
    missed: HashMap<String, NotCalledBack>,
) -> rusqlite::Result<(Vec<NotCalledBack>, u64)> {
    let mut missed: Vec<NotCalledBack> = missed.into_values().collect();
    missed.sort_by_key(|one| std::cmp::Reverse((one.last_at, one.last_call)));
    let sql = "SELECT EXISTS (SELECT 1 FROM call_party AS p JOIN call AS c ON c.id = p.call
               WHERE p.party = ?1 AND p.direction IN ('inbound', 'outbound') AND p.started_at >= ?2 AND p.call <> ?3 AND (
                   (c.outcome = 'answered' AND c.answered_by IS NOT NULL) OR
                   (c.outcome IS NULL AND EXISTS (SELECT 1 FROM call_step WHERE call = c.id AND what = 'answered'))))";
    let mut talked = connection.prepare_cached(sql)?;
    let (mut waiting, mut more) = (Vec::new(), 0);
    for one in missed {
        let id = super::call::row_id(one.last_call);
        if talked.query_row(params![one.number, one.last_at.0, id], |row| row.get(0))? {
            continue;
        }
        if waiting.len() < WAITING {
            waiting.push(one);
        } else {
            more += 1;
        }
    }
    Ok((waiting, more))
}

fn groups(connection: &Connection, from: WallTime, to: WallTime) -> rusqlite::Result<Vec<GroupWaits>> {
    // ids of calls begin with their first millisecond
    let first = |at: WallTime| at.0.max(0).saturating_mul(1 << 20);
    let sql = r#"SELECT "group", count(*), sum(outcome IS 'answered'), sum(outcome IS 'given_up'),
                 sum(outcome IS 'given_back'), coalesce(avg(wait_ms), 0), coalesce(max(wait_ms), 0)
                 FROM call_group WHERE call >= ?1 AND call < ?2 GROUP BY "group" ORDER BY "group""#;
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![first(from), first(to)], |row| {
        let count = |column| row.get::<_, i64>(column).map(|value| u64::try_from(value).unwrap_or(0));
        Ok(GroupWaits {
            group: row.get(0)?,
            calls: count(1)?,
            answered: count(2)?,
            given_up: count(3)?,
            given_back: count(4)?,
            wait_mean_ms: row.get::<_, f64>(5)?.max(0.0).round() as u64,
            wait_longest_ms: count(6)?,
        })
    })?;
    rows.collect()
}

/// People that are told as not called back.
pub const WAITING: usize = 200;
const SLOT_MS: i64 = 900_000;
