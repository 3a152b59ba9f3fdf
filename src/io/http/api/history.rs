//! `history`: rows of calls, newest first, and the story of one.

use serde_json::{Value, json};

use super::super::ask::{Query, bad};
use super::super::reply::{Problem, Reply, problems};
use super::super::words;
use super::{Visit, calls, paging};
use crate::io::store::{HistoryFilter, HistoryRow, StoredStep};

const DIRECTIONS: &[&str] = &["inbound", "outbound", "internal"];
const OUTCOMES: &[&str] = &["answered", "no_answer", "busy", "abandoned", "refused", "failed", "interrupted"];
const PARAMETERS: &[&str] = &["from", "to", "number", "extension", "direction", "outcome", "text", "limit", "cursor"];

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(PARAMETERS)?;
    let filter = filter(query)?;
    let limit = query.number("limit", 1, paging::LONGEST, paging::USUAL)?;
    let before = match query.get("cursor") {
        None => None,
        Some(cursor) => Some(place(cursor).ok_or_else(|| bad("cursor"))?),
    };
    // One row more than asked tells whether there is a next page.
    let mut rows = visit.house.exchange.history(&filter, limit + 1, before)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    Ok(paging::list(rows.iter().map(|row| item(visit, row)).collect(), next))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let call = calls::id(visit.value()).ok_or_else(problems::not_found)?;
    let exchange = &visit.house.exchange;
    let row = exchange.row(call)?.ok_or_else(problems::not_found)?;
    let mut story = item(visit, &row);
    story["steps"] = exchange.steps(call)?.iter().map(|one| step(visit, one)).collect();
    Ok(Reply::json(&story))
}

fn filter(query: &Query) -> Result<HistoryFilter, Problem> {
    Ok(HistoryFilter {
        from: query.time("from")?,
        to: query.time("to")?,
        number: digits(query, "number")?,
        extension: digits(query, "extension")?,
        direction: query.word("direction", DIRECTIONS)?,
        outcome: query.word("outcome", OUTCOMES)?,
        text: query.get("text").map(str::to_owned),
    })
}

/// A number as people write it: separators are left out.
fn digits(query: &Query, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let number: String = text.chars().filter(|letter| !" +-()\u{a0}".contains(*letter)).collect();
    let fits = !number.is_empty() && number.len() <= 32 && number.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(Some(number)) } else { Err(bad(name)) }
}

fn cursor(row: &HistoryRow) -> String {
    paging::seal(&format!("{}.{}", row.started_at.millis(), row.call))
}

fn place(cursor: &str) -> Option<(i64, i64)> {
    let text = paging::open(cursor)?;
    let (at, call) = text.split_once('.')?;
    Some((at.parse().ok()?, call.parse().ok()?))
}

fn item(visit: &Visit<'_>, row: &HistoryRow) -> Value {
    let outcome = row.outcome.as_deref();
    json!({
        "id": row.call.to_string(),
        "started_at": visit.time(row.started_at),
        "answered_at": row.answered_at.map(|at| visit.time(at)),
        "ended_at": row.ended_at.map(|at| visit.time(at)),
        "direction": row.direction,
        "caller": row.caller,
        "caller_name": row.caller_name,
        "called": row.called,
        "trunk": row.trunk,
        "answered_by": row.answered_by,
        "outcome": outcome,
        "outcome_text": outcome.map(|outcome| words::outcome(outcome).say(visit.language())),
        "cause": row.cause,
        "status": row.status,
        "ring_ms": row.ring_ms,
        "talk_ms": row.talk_ms,
        "quality": row.quality,
        "recordings": row.recordings.iter().filter(|_| visit.may_hear()).map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// `at` and `kind`, then what this kind of step knows.
fn step(visit: &Visit<'_>, step: &StoredStep) -> Value {
    let mut fields = step.detail.as_object().cloned().unwrap_or_default();
    fields.insert("at".to_owned(), visit.time(step.at).into());
    fields.insert("kind".to_owned(), step.what.as_str().into());
    Value::Object(fields)
}
