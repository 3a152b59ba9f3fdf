//! `history`: rows of calls, newest first, and the story of one.

use serde_json::{Value, json};

use super::super::ask::{Query, bad};
use super::super::reply::{Problem, Reply, problems};
use super::super::words::{self, Words};
use super::{Visit, calls, paging};
use crate::io::store::{HistoryFilter, HistoryPage, HistoryRow, Place, StoredStep, party_of_element, party_of_trunk};
use crate::office::{ElementKind, Office};

const DIRECTIONS: &[&str] = &["inbound", "outbound", "internal"];
const OUTCOMES: &[&str] = &["answered", "no_answer", "busy", "abandoned", "refused", "failed", "interrupted"];
/// What a list and a file can be narrowed by.
pub(super) const FILTERS: &[&str] = &["from", "to", "number", "extension", "direction", "outcome", "text"];
/// The longest text that is sought. Letters.
const LONGEST_TEXT: usize = 100;
/// Employees, groups, trunks and elements whose names hold the text that is sought; further ones are passed over.
const NAMED: usize = 20;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&[FILTERS, &["limit", "cursor"]].concat())?;
    let filter = filter(visit)?;
    let limit = query.number("limit", 1, paging::LONGEST, paging::USUAL)?;
    let before = match query.get("cursor") {
        None => None,
        Some(cursor) => Some(place(cursor).ok_or_else(|| bad("cursor"))?),
    };
    let HistoryPage { rows, next } = visit.house.exchange.history(&filter, limit, before)?;
    Ok(paging::list(rows.iter().map(|row| item(visit, row)).collect(), next.map(cursor)))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let call = calls::id(visit.value()).ok_or_else(problems::not_found)?;
    let exchange = &visit.house.exchange;
    let row = exchange.row(call)?.ok_or_else(problems::not_found)?;
    let mut story = item(visit, &row);
    story["steps"] = exchange.steps(call)?.iter().map(|one| step(visit, one)).collect();
    Ok(Reply::json(&story))
}

/// What is asked for, each part by itself and all together.
pub(super) fn filter(visit: &Visit<'_>) -> Result<HistoryFilter, Problem> {
    let query = &visit.ask.query;
    let (from, to) = (query.time("from")?, query.time("to")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        let detail = Words::new("Начало позже конца.", "The beginning is after the end.");
        return Err(Problem::new(400, "bad_query", detail).parameter("from", detail));
    }
    let text = query.get("text").map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return Err(bad("text"));
    }
    Ok(HistoryFilter {
        from,
        to,
        number: digits(query, "number")?,
        extension: digits(query, "extension")?,
        direction: query.word("direction", DIRECTIONS)?,
        outcome: query.word("outcome", OUTCOMES)?,
        text: text.map(str::to_owned),
        named: text.map_or_else(Vec::new, |text| named(&visit.office, text)),
    })
}

/// Parties of calls whose name in the office holds this text.
fn named(office: &Office, text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let holds = |name: &str| name.to_lowercase().contains(&text);
    let employees = office.extensions.iter().filter(|e| holds(&e.employee)).map(|e| e.number.clone());
    let groups = office.groups.iter().filter(|group| holds(&group.name)).map(|group| group.number.clone());
    let trunks = office.trunks.iter().filter(|trunk| holds(&trunk.name)).map(|trunk| party_of_trunk(&trunk.name));
    let is_named = |kind: &ElementKind| match kind {
        ElementKind::VoiceMessage { voice_message: name }
        | ElementKind::VoiceMenu { voice_menu: name }
        | ElementKind::Schedule { schedule: name } => holds(name),
        _ => false,
    };
    let elements = office.desk.elements.iter().filter(|element| holds(&element.id) || is_named(&element.kind));
    let elements = elements.map(|element| party_of_element(&element.id));
    employees.chain(groups).chain(trunks).chain(elements).take(NAMED).collect()
}

/// A number as people write it: separators are left out.
fn digits(query: &Query, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let number: String = text.chars().filter(|letter| !" +-()\u{a0}".contains(*letter)).collect();
    let fits = !number.is_empty() && number.len() <= 32 && number.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(Some(number)) } else { Err(bad(name)) }
}

fn cursor((at, call): Place) -> String {
    paging::seal(&format!("{at}.{call}"))
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
