//! `alarms`: what an admin must learn, newest first; looked at one by one or all at once.

use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::reply::{Problem, Reply, problems};
use super::{Visit, paging, rfc3339};
use crate::io::store::{AlarmFilter, AlarmRow};
use crate::office::{ALARM_KINDS, Language};

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&["seen", "kind", "limit", "cursor"])?;
    let limit = query.number("limit", 1, paging::LONGEST, paging::USUAL)?;
    let filter = AlarmFilter {
        seen: query.word("seen", &["false", "true"])?.map(|word| word == "true"),
        kind: query.word("kind", &ALARM_KINDS)?,
    };
    let before = query.get("cursor").map(|cursor| place(cursor).ok_or_else(|| bad("cursor"))).transpose()?;
    let mut rows = visit.house.exchange.alarms(&filter, limit + 1, before)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| paging::seal(&row.id.to_string()));
    let items: Vec<Value> = rows.iter().map(|row| item(visit, row)).collect();
    let unseen = visit.house.exchange.unseen_alarms()?;
    Ok(Reply::json(&json!({ "items": items, "next_cursor": next, "unseen": unseen })))
}

/// POST `alarms/{id}/seen`.
pub(super) fn see(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let id = visit.value().parse().map_err(|_| problems::not_found())?;
    seen(visit, Some(id))
}

/// POST `alarms/seen`: all of them.
pub(super) fn see_all(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    seen(visit, None)
}

fn seen(visit: &Visit<'_>, id: Option<i64>) -> Result<Reply, Problem> {
    if visit.house.exchange.see_alarm(id)? { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

fn item(visit: &Visit<'_>, row: &AlarmRow) -> Value {
    shown(row, visit.language(), &visit.office.settings.timezone)
}

/// An alarm as everybody is shown it.
pub(super) fn shown(row: &AlarmRow, language: Language, zone: &str) -> Value {
    json!({
        "id": row.id.to_string(),
        "at": rfc3339(row.at, zone),
        "last_at": rfc3339(row.last_at, zone),
        "count": row.count,
        "kind": row.kind,
        "severity": row.severity,
        "text": match language {
            Language::Ru => &row.text_ru,
            Language::En => &row.text_en,
        },
        "extension": row.extension,
        "address": row.address,
        "seen": row.seen,
    })
}

fn place(cursor: &str) -> Option<i64> {
    paging::open(cursor)?.parse().ok()
}
