//! Reading beside the writer: the history, the story of a call, tokens, versions.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row};

use super::call::row_id;
use super::{
    AuditFilter, AuditRow, SecondFactor, StoreError, TokenRow, Version, account, audit, schema, token, version,
};
use crate::base::{CallId, RecordingId, WallTime};

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
    /// Any part of the caller, the caller's name or what was called; upper and lower case are the same. One or two
    /// letters are sought among the newest [`SHORT_TEXT_ROWS`] calls only.
    pub text: Option<String>,
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

    /// The calls that match, newest first, at most `limit`. `before` is the start and id of the last row of the page
    /// before: UTC milliseconds and the number of a [`CallId`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn history(
        &self,
        filter: &HistoryFilter,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let (sql, values) = query(filter, limit, before);
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
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
    pub(super) fn plan(&self, filter: &HistoryFilter, limit: usize, before: Option<(i64, i64)>) -> String {
        let (sql, values) = query(filter, limit, before);
        let connection = self.connection().expect("not poisoned");
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("valid SQL");
        let rows =
            statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).expect("a plan");
        rows.flatten().collect::<Vec<_>>().join("\n")
    }

    pub(super) fn connection(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.0.lock().map_err(|_| StoreError::Closed)
    }
}

/// Builds the question so that one index gives the order and everything else is a filter on its rows: text first (its
/// rows come by id, which is the order of time), then a party, then outcome or direction, then time alone.
fn query(filter: &HistoryFilter, limit: usize, before: Option<(i64, i64)>) -> (String, Vec<Sql>) {
    let mut question = Question::default();
    let mut parties =
        [&filter.number, &filter.extension].into_iter().flatten().map(|party| party.trim_start_matches('+'));
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() >= 3 => {
            question.source = "call_text AS t CROSS JOIN call AS c ON c.id = t.rowid";
            question.order = "t.rowid DESC";
            question.when("call_text MATCH ?", [Sql::Text(format!("\"{}\"", text.replace('"', "\"\"")))]);
            question.when_some("t.rowid < ?", before.map(|(_, call)| call));
        }
        _ => {
            let party = parties.next();
            let (at, id) = if party.is_some() { ("p.started_at", "p.call") } else { ("c.started_at", "c.id") };
            if let Some(party) = party {
                question.source = "call_party AS p CROSS JOIN call AS c ON c.id = p.call";
                question.order = "p.started_at DESC, p.call DESC";
                question.when("p.party = ?", [Sql::Text(party.to_owned())]);
            }
            if let Some((started_at, call)) = before {
                question.when(&format!("({at}, {id}) < (?, ?)"), [Sql::Integer(started_at), Sql::Integer(call)]);
            }
            question.when_some(&format!("{at} >= ?"), filter.from.map(WallTime::millis));
            question.when_some(&format!("{at} < ?"), filter.to.map(WallTime::millis));
            if let Some(text) = text {
                question.short_text(text, before);
            }
        }
    }
    if text.is_some() {
        question.when_some("c.started_at >= ?", filter.from.map(WallTime::millis));
        question.when_some("c.started_at < ?", filter.to.map(WallTime::millis));
    }
    for party in parties {
        question.when(
            "EXISTS (SELECT 1 FROM call_party WHERE party = ? AND started_at = c.started_at AND call = c.id)",
            [Sql::Text(party.to_owned())],
        );
    }
    question.when_some("c.outcome = ?", filter.outcome.clone());
    question.when_some("c.direction = ?", filter.direction.clone());
    question.finish(limit)
}

struct Question {
    source: &'static str,
    order: &'static str,
    conditions: Vec<String>,
    values: Vec<Sql>,
}

impl Default for Question {
    fn default() -> Self {
        Self { source: "call AS c", order: "c.started_at DESC, c.id DESC", conditions: Vec::new(), values: Vec::new() }
    }
}

impl Question {
    fn when(&mut self, condition: &str, values: impl IntoIterator<Item = Sql>) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    fn when_some<T: Into<Sql>>(&mut self, condition: &str, value: Option<T>) {
        if let Some(value) = value {
            self.when(condition, [value.into()]);
        }
    }

    /// The trigram index knows nothing shorter than three letters.
    fn short_text(&mut self, text: &str, before: Option<(i64, i64)>) {
        let newest = before.map_or(i64::MAX, |(started_at, _)| started_at);
        let bound = format!(
            "c.started_at >= coalesce((SELECT started_at FROM call WHERE started_at <= ? \
             ORDER BY started_at DESC LIMIT 1 OFFSET {SHORT_TEXT_ROWS}), 0)"
        );
        self.when(&bound, [Sql::Integer(newest)]);
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        self.when(
            "(c.caller LIKE ? ESCAPE '\\' OR c.caller_name LIKE ? ESCAPE '\\' OR c.called LIKE ? ESCAPE '\\')",
            [Sql::Text(pattern.clone()), Sql::Text(pattern.clone()), Sql::Text(pattern)],
        );
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

/// How many calls are looked through for a text of one or two letters.
pub const SHORT_TEXT_ROWS: u32 = 50_000;
