//! `voicemail`: the messages of mailboxes, their sound, and what is done with them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::reply::{Problem, Reply, problems};
use super::{Visit, calls, paging, recordings};
use crate::base::MessageId;
use crate::io::store::MessageRow;
use crate::io::voicemail;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    recordings::may_hear(visit)?;
    let query = &visit.ask.query;
    query.only(&["extension", "limit", "cursor"])?;
    let limit = query.number("limit", 1, paging::LONGEST, paging::USUAL)?;
    let before = query.get("cursor").map(|cursor| place(cursor).ok_or_else(|| bad("cursor"))).transpose()?;
    // One row more than asked tells whether there is a next page.
    let mut rows = visit.house.exchange.messages(query.get("extension"), limit + 1, before)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    Ok(paging::list(rows.iter().map(|row| item(visit, row)).collect(), next))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    recordings::may_hear(visit)?;
    Ok(Reply::json(&item(visit, &find(visit)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    heard: bool,
}

pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let Change { heard } = visit.ask.json()?;
    let row = find(visit)?;
    if !visit.house.exchange.mark_message(row.message.id, heard)? {
        return Err(problems::not_found());
    }
    get(visit)
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let row = find(visit)?;
    if let super::Who::Session(signed_in) = &visit.who {
        tracing::info!(message = %row.message.id, by = %signed_in.login, "web: remove a message");
    }
    if visit.house.exchange.remove_message(row.message.id)? { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

pub(super) fn audio(visit: &Visit<'_>) -> Result<Reply, Problem> {
    recordings::may_hear(visit)?;
    let row = find(visit)?;
    let file = voicemail::file(&visit.house.data, &row.path).ok_or_else(problems::not_found)?;
    recordings::sound(visit, &file, &row.path, "audio/ogg")
}

/// A message that is complete: one that is being recorded is nobody's yet.
fn find(visit: &Visit<'_>) -> Result<MessageRow, Problem> {
    let id = calls::id(visit.value()).map(|id| MessageId(id.0)).ok_or_else(problems::not_found)?;
    let row = visit.house.exchange.message(id)?.filter(|row| row.duration_ms.is_some());
    row.ok_or_else(problems::not_found)
}

fn cursor(row: &MessageRow) -> String {
    paging::seal(&format!("{}.{}", row.message.at.millis(), row.message.id))
}

fn place(cursor: &str) -> Option<(i64, i64)> {
    let text = paging::open(cursor)?;
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

fn item(visit: &Visit<'_>, row: &MessageRow) -> Value {
    let message = &row.message;
    json!({
        "id": message.id.to_string(),
        "extension": message.extension,
        "at": visit.time(message.at),
        "caller": message.caller,
        "caller_name": message.caller_name,
        "duration_ms": row.duration_ms,
        "bytes": row.bytes,
        "heard": message.heard,
    })
}
