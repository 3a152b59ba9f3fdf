//! Reading beside the writer: the history, the story of a call, tokens, versions.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row};

use super::call::row_id;
use super::{
    AuditFilter, AuditRow, SecondFactor, StoreError, TokenRow, Version, account, audit, schema, token, version,
};
use crate::base::{CallId, Duration, RecordingId, WallTime};
use crate::io::clock::Stopwatch;

/// What to look for; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Began at this moment or later.
    pub from: Option<WallTime>,
    /// Began before this moment.
    pub to: Option<WallTime>,
    /// A party of the call: E.164 digits (a leading `+` is ignored) or an extension; called, calling, rung or answering.
    pub number: Option<String>,
    /// An extension or group that took part: called, calling, rung or answering.
    pub extension: Option<String>,
    /// `inbound`, `outbound`, `internal`.
    pub direction: Option<String>,
    /// A word of [`CallOutcome`](crate::call::cdr::CallOutcome).
    pub outcome: Option<String>,
    /// Any part of the caller, the caller's name or what was called; upper and lower case are the same.
    pub text: Option<String>,
    /// Parties whose calls have the text as well, though no letter of it: numbers of employees and groups of that name, and what
    /// [`party_of_trunk`](super::party_of_trunk) and [`party_of_element`](super::party_of_element) make. Without text: nothing.
    pub named: Vec<String>,
}

/// A row of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// The call.
    pub call: CallId,
    /// Its first second.
    pub started_at: WallTime,
    /// `inbound`, `outbound`, `internal`.
    pub direction: String,
    /// Who called; empty when withheld.
    pub caller: String,
    /// His name.
    pub caller_name: String,
    /// What was called.
    pub called: String,
    /// The trunk's name, for calls of the city.
    pub trunk: Option<String>,
    /// When somebody answered.
    pub answered_at: Option<WallTime>,
    /// Who.
    pub answered_by: Option<String>,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<WallTime>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Why it ended, in one word.
    pub cause: Option<String>,
    /// SIP status towards the caller.
    pub status: Option<u16>,
    /// Milliseconds until the answer, or the end.
    pub ring_ms: u64,
    /// Milliseconds from the answer to the end.
    pub talk_ms: u64,
    /// Two objects or nulls: towards the caller, towards the answering side.
    pub quality: Option<serde_json::Value>,
    /// Its recordings, in their order.
    pub recordings: Vec<RecordingId>,
}

/// One step of a call's story.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredStep {
    /// When.
    pub at: WallTime,
    /// `element`, `trunk`, `rung`, `not_taken`, `answered`, `group_exit`, `digits`, `hold`.
    pub what: String,
    /// The fields of that [`StepKind`](crate::call::cdr::StepKind), as an object.
    pub detail: serde_json::Value,
}

/// Reads the database beside the writer. May be shared between threads; they take turns.
#[derive(Debug)]
pub struct Reader(Mutex<Connection>);

impl Reader {
    /// Opens the database of a data directory for reading.
    ///
    /// # Errors
    /// When there is none, or it belongs to another version.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        schema::open_for_reading(data).map(|connection| Self(Mutex::new(connection)))
    }

    /// The calls that match, newest first, at most `limit`. `before` is where an earlier page said that it goes on. Something
    /// rare in much history is looked for piece by piece: then a page is short, or empty, and still goes on.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn history(
        &self,
        filter: &HistoryFilter,
        limit: usize,
        before: Option<Place>,
    ) -> Result<HistoryPage, StoreError> {
        let connection = self.connection()?;
        // one row more than asked tells whether there is a next page
        let wanted = limit.saturating_add(1);
        let plan = Plan::of(&connection, filter)?;
        if !plan.is_laborious {
            return Ok(HistoryPage::cut(plan.search(&connection, filter, wanted, before)?, limit));
        }
        let watch = Stopwatch::start();
        let (mut rows, mut before, mut span) = (Vec::new(), before, FIRST_SPAN);
        loop {
            let piece = Stopwatch::start();
            let from = beginning(&connection, filter, before, span)?;
            let part = HistoryFilter { from: from.or(filter.from), ..filter.clone() };
            rows.extend(plan.search(&connection, &part, wanted - rows.len(), before)?);
            let Some(from) = from.filter(|_| rows.len() < wanted) else { return Ok(HistoryPage::cut(rows, limit)) };
            before = Some((from.millis(), 0));
            if watch.elapsed() >= PATIENCE {
                return Ok(HistoryPage { rows, next: before });
            }
            if piece.elapsed() < QUICK {
                span = span.saturating_mul(4);
            }
        }
    }

    /// One row of the history.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn call(&self, call: CallId) -> Result<Option<HistoryRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM call AS c WHERE c.id = ?1");
        let connection = self.connection()?;
        Ok(connection.prepare_cached(&sql)?.query_row([row_id(call)], read).optional()?)
    }

    /// The story of a call in its order; empty when there is no such call.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn steps(&self, call: CallId) -> Result<Vec<StoredStep>, StoreError> {
        let connection = self.connection()?;
        let mut statement =
            connection.prepare_cached("SELECT at, what, detail FROM call_step WHERE call = ?1 ORDER BY place")?;
        let rows = statement.query_map([row_id(call)], |row| {
            let detail: String = row.get(2)?;
            let detail = serde_json::from_str(&detail).unwrap_or_default();
            Ok(StoredStep { at: WallTime(row.get(0)?), what: row.get(1)?, detail })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The token with this SHA-256.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn token(&self, sha256: &[u8; 32]) -> Result<Option<TokenRow>, StoreError> {
        Ok(token::by_hash(&*self.connection()?, sha256)?)
    }

    /// The API tokens by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        Ok(token::list(&*self.connection()?)?)
    }

    /// The office in force.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn version(&self) -> Result<Option<Version>, StoreError> {
        Ok(version::newest(&*self.connection()?)?)
    }

    /// When the first version of the office was applied.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn first_version_at(&self) -> Result<Option<WallTime>, StoreError> {
        Ok(version::first_at(&*self.connection()?)?)
    }

    /// Versions older than `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn versions(&self, limit: usize, before: Option<i64>) -> Result<Vec<Version>, StoreError> {
        Ok(version::list(&*self.connection()?, limit, before)?)
    }

    /// What was done, newest first, older than `before`, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn audit(&self, filter: &AuditFilter, limit: usize, before: Option<i64>) -> Result<Vec<AuditRow>, StoreError> {
        Ok(audit::list(&*self.connection()?, filter, limit, before)?)
    }

    /// The second factor of an account.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn second_factor(&self, login: &str) -> Result<Option<SecondFactor>, StoreError> {
        Ok(account::factor(&*self.connection()?, login)?)
    }

    /// The logins that have a second factor.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn second_factors(&self) -> Result<Vec<String>, StoreError> {
        Ok(account::factors(&*self.connection()?)?)
    }

    /// How SQLite would look for this, a line a step.
    #[cfg(test)]
    pub(super) fn plan(&self, filter: &HistoryFilter, limit: usize, before: Option<Place>) -> String {
        let connection = self.connection().expect("not poisoned");
        let mut steps = Vec::new();
        let plan = Plan::of(&connection, filter).expect("readable");
        for (sql, values) in plan.questions(filter, limit, before) {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("valid SQL");
            let rows =
                statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).expect("a plan");
            steps.extend(rows.flatten());
        }
        steps.join("\n")
    }

    pub(super) fn connection(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.0.lock().map_err(|_| StoreError::Closed)
    }
}

/// Where a page goes on: before this start in UTC milliseconds, and there before this number of a [`CallId`].
pub type Place = (i64, i64);

/// A page of the history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// Newest first.
    pub rows: Vec<HistoryRow>,
    /// Where it goes on; `None`: there is nothing more.
    pub next: Option<Place>,
}

impl HistoryPage {
    /// Of one row more than asked, when there is one.
    pub fn cut(mut rows: Vec<HistoryRow>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| (row.started_at.millis(), row_id(row.call)));
        Self { rows, next }
    }
}

impl HistoryFilter {
    fn text(&self) -> Option<&str> {
        self.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    fn parties(&self) -> Vec<&str> {
        let given = [&self.number, &self.extension].into_iter().flatten();
        given.map(|party| party.trim_start_matches('+')).collect()
    }
}

/// The start of so many calls before that place; `None`: there are not so many.
fn beginning(
    connection: &Connection,
    filter: &HistoryFilter,
    before: Option<Place>,
    span: i64,
) -> rusqlite::Result<Option<WallTime>> {
    let newest = [before.map(|(at, _)| at), filter.to.map(WallTime::millis)].into_iter().flatten().min();
    let sql = "SELECT started_at FROM call WHERE started_at < ?1 ORDER BY started_at DESC LIMIT 1 OFFSET ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found: Option<i64> = statement.query_row([newest.unwrap_or(i64::MAX), span], |row| row.get(0)).optional()?;
    Ok(found.map(WallTime).filter(|at| filter.from.is_none_or(|from| from < *at)))
}

/// How the rows are looked for: one index gives the order of each list, and everything else is a filter on its rows.
struct Plan<'a> {
    lead: Lead<'a>,
    /// Parties that the calls must have besides.
    others: Vec<&'a str>,
    /// Lists of their own besides the text.
    named: Vec<&'a str>,
    directions: Vec<&'a str>,
    /// Whether a rare match may stand behind a million other rows.
    is_laborious: bool,
}

impl<'a> Plan<'a> {
    fn of(connection: &Connection, filter: &'a HistoryFilter) -> rusqlite::Result<Self> {
        let directions = filter.direction.as_deref().map_or_else(|| DIRECTIONS.to_vec(), |one| vec![one]);
        let mut parties = filter.parties();
        let named = match filter.text() {
            Some(_) => filter.named.iter().map(String::as_str).collect(),
            None => Vec::new(),
        };
        let (lead, is_laborious) = if let Some(text) = filter.text() {
            (Lead::Text(text), true)
        } else if parties.is_empty() || is_rare(connection, filter)? {
            (Lead::Calls, false)
        } else {
            let mut counts = Vec::new();
            for party in &parties {
                counts.push(count(connection, party)?);
            }
            let shortest = counts.iter().enumerate().min_by_key(|(_, count)| **count).map_or(0, |(index, _)| index);
            let is_short = counts.get(shortest).is_some_and(|count| *count <= FEW);
            let is_narrowed = filter.outcome.is_some() || parties.len() > 1;
            (Lead::Party(parties.swap_remove(shortest)), is_narrowed && !is_short)
        };
        Ok(Self { lead, others: parties, named, directions, is_laborious })
    }

    /// What is asked of SQLite.
    fn questions(&self, filter: &HistoryFilter, limit: usize, before: Option<Place>) -> Vec<(String, Vec<Sql>)> {
        let ask = |lead, direction: Option<&str>| {
            Question::of(lead, &self.others, direction).within(filter, before).finish(limit)
        };
        let of_party = |party| self.directions.iter().map(move |direction| ask(Lead::Party(party), Some(direction)));
        let mut all: Vec<_> = match self.lead {
            Lead::Party(party) => of_party(party).collect(),
            lead => vec![ask(lead, filter.direction.as_deref())],
        };
        all.extend(self.named.iter().flat_map(|party| of_party(party)));
        all
    }

    /// All lists together and in order.
    fn search(
        &self,
        connection: &Connection,
        filter: &HistoryFilter,
        limit: usize,
        before: Option<Place>,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let questions = self.questions(filter, limit, before);
        let is_one = questions.len() == 1;
        let mut found = Vec::new();
        for (sql, values) in questions {
            let mut statement = connection.prepare_cached(&sql)?;
            for row in statement.query_map(rusqlite::params_from_iter(values), read)? {
                found.push(row?);
            }
        }
        if !is_one {
            found.sort_by_key(|row| std::cmp::Reverse((row.started_at, row.call)));
            found.dedup_by_key(|row| row.call);
            found.truncate(limit);
        }
        Ok(found)
    }
}

/// Whether so few calls ended like this that it is best to look at them all.
fn is_rare(connection: &Connection, filter: &HistoryFilter) -> rusqlite::Result<bool> {
    let Some(outcome) = &filter.outcome else { return Ok(false) };
    let sql = "SELECT count(*) FROM (SELECT 1 FROM call WHERE outcome = ?1 LIMIT ?2)";
    let few: i64 = connection.prepare_cached(sql)?.query_row((outcome, FEW + 1), |row| row.get(0))?;
    Ok(few <= FEW)
}

/// How many calls a party has, up to [`MANY`].
fn count(connection: &Connection, party: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM call_party WHERE party = ?1 LIMIT ?2)";
    connection.prepare_cached(sql)?.query_row((party, MANY), |row| row.get(0))
}

/// What gives a list its order.
#[derive(Clone, Copy, Debug)]
enum Lead<'a> {
    /// Time alone, or the outcome's index.
    Calls,
    /// Where a party was in, in one direction.
    Party(&'a str),
    /// Where a text is: the trigram index, by id, which is the order of time. It knows nothing shorter than three letters.
    Text(&'a str),
}

struct Question {
    source: &'static str,
    order: &'static str,
    /// The columns of the order.
    at: &'static str,
    id: &'static str,
    is_text: bool,
    conditions: Vec<String>,
    values: Vec<Sql>,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            source: "call AS c",
            order: "c.started_at DESC, c.id DESC",
            at: "c.started_at",
            id: "c.id",
            is_text: false,
            conditions: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl Question {
    fn of(lead: Lead<'_>, others: &[&str], direction: Option<&str>) -> Self {
        let mut question = Self::default();
        match lead {
            Lead::Calls => {}
            Lead::Party(party) => {
                question.source = "call_party AS p CROSS JOIN call AS c ON c.id = p.call";
                question.order = "p.started_at DESC, p.call DESC";
                (question.at, question.id) = ("p.started_at", "p.call");
                question.when("p.party = ?", [Sql::Text(party.to_owned())]);
                question.when_some("p.direction = ?", direction.map(str::to_owned));
            }
            Lead::Text(text) if text.chars().count() >= 3 => {
                question.source = "call_text AS t CROSS JOIN call AS c ON c.id = t.rowid";
                question.order = "t.rowid DESC";
                question.id = "t.rowid";
                question.is_text = true;
                question.when("call_text MATCH ?", [Sql::Text(format!("\"{}\"", text.replace('"', "\"\"")))]);
            }
            Lead::Text(text) => {
                let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
                let like =
                    "(c.caller LIKE ? ESCAPE '\\' OR c.caller_name LIKE ? ESCAPE '\\' OR c.called LIKE ? ESCAPE '\\')";
                question.when(like, [Sql::Text(pattern.clone()), Sql::Text(pattern.clone()), Sql::Text(pattern)]);
            }
        }
        if !matches!(lead, Lead::Party(_)) {
            question.when_some("c.direction = ?", direction.map(str::to_owned));
        }
        for party in others {
            let has = "EXISTS (SELECT 1 FROM call_party WHERE party = ? AND direction = c.direction \
                       AND started_at = c.started_at AND call = c.id)";
            question.when(has, [Sql::Text((*party).to_owned())]);
        }
        question
    }

    /// The stretch of time, and the outcome.
    fn within(mut self, filter: &HistoryFilter, before: Option<Place>) -> Self {
        if self.is_text {
            // ids begin with their first millisecond
            let first = |at: i64| at.max(0).saturating_mul(1 << 20);
            let before = before.map(|(at, call)| if call == 0 { first(at) } else { call });
            self.when_some("t.rowid < ?", before);
            self.when_some("t.rowid >= ?", filter.from.map(|at| first(at.millis())));
            self.when_some("t.rowid < ?", filter.to.map(|at| first(at.millis())));
        } else if let Some((started_at, call)) = before {
            let (at, id) = (self.at, self.id);
            self.when(&format!("({at}, {id}) < (?, ?)"), [Sql::Integer(started_at), Sql::Integer(call)]);
        }
        let at = self.at;
        self.when_some(&format!("{at} >= ?"), filter.from.map(WallTime::millis));
        self.when_some(&format!("{at} < ?"), filter.to.map(WallTime::millis));
        self.when_some("c.outcome = ?", filter.outcome.clone());
        self
    }

    fn when(&mut self, condition: &str, values: impl IntoIterator<Item = Sql>) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    fn when_some<T: Into<Sql>>(&mut self, condition: &str, value: Option<T>) {
        if let Some(value) = value {
            self.when(condition, [value.into()]);
        }
    }

    fn finish(mut self, limit: usize) -> (String, Vec<Sql>) {
        let filter = if self.conditions.is_empty() { "1".to_owned() } else { self.conditions.join(" AND ") };
        let (source, order) = (self.source, self.order);
        self.values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        (format!("SELECT {COLUMNS} FROM {source} WHERE {filter} ORDER BY {order} LIMIT ?"), self.values)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(WallTime));
    let count = |column| row.get::<_, i64>(column).map(|value| u64::try_from(value).unwrap_or(0));
    Ok(HistoryRow {
        call: CallId(count(0)?),
        started_at: WallTime(row.get(1)?),
        direction: row.get(2)?,
        caller: row.get(3)?,
        caller_name: row.get(4)?,
        called: row.get(5)?,
        trunk: row.get(6)?,
        answered_at: time(7)?,
        answered_by: row.get(8)?,
        ended_at: time(9)?,
        outcome: row.get(10)?,
        cause: row.get(11)?,
        status: row.get(12)?,
        ring_ms: count(13)?,
        talk_ms: count(14)?,
        quality: row.get::<_, Option<String>>(15)?.and_then(|text| serde_json::from_str(&text).ok()),
        recordings: row.get::<_, Option<String>>(16)?.map_or_else(Vec::new, |ids| recordings(&ids)),
    })
}

fn recordings(ids: &str) -> Vec<RecordingId> {
    let mut ids: Vec<RecordingId> = ids.split(',').filter_map(|id| id.parse().ok().map(RecordingId)).collect();
    ids.sort_unstable();
    ids
}

const COLUMNS: &str = "c.id, c.started_at, c.direction, c.caller, c.caller_name, c.called, c.trunk, c.answered_at, \
    c.answered_by, c.ended_at, c.outcome, c.cause, c.status, c.ring_ms, c.talk_ms, c.quality, \
    (SELECT group_concat(id) FROM recording WHERE call = c.id)";

const DIRECTIONS: [&str; 3] = ["inbound", "outbound", "internal"];
/// So many rows are looked at one by one within some milliseconds.
const FEW: i64 = 3_000;
/// Two parties with more calls each are taken as equally busy.
const MANY: i64 = 20_000;
/// The first piece of history that is looked through when no index leads to the rows. Calls.
const FIRST_SPAN: i64 = 10_000;
/// After this a page is given as it is.
const PATIENCE: Duration = Duration::from_millis(50);
/// A piece that took less makes the next one larger.
const QUICK: Duration = Duration::from_millis(8);

#[cfg(test)]
mod tests;
