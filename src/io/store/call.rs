//! Tables `call`, `call_party` and `call_step`: the history as it is written.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use crate::base::{CallId, WallTime};
use crate::call::cdr::{CallEnded, CallOutcome, CallStarted, CallStep, StepKind};
use crate::media::Stats;

pub(super) fn start(connection: &Connection, call: &CallStarted) -> rusqlite::Result<()> {
    let sql = "INSERT INTO call (id, started_at, direction, caller, caller_name, called, trunk)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let id = row_id(call.call);
    connection.prepare_cached(sql)?.execute(params![
        id,
        call.at.0,
        call.direction.as_str(),
        call.caller,
        call.caller_name,
        call.called,
        call.trunk
    ])?;
    connection
        .prepare_cached("INSERT INTO call_text (rowid, caller, caller_name, called) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, call.caller, call.caller_name, call.called])?;
    let place = (call.direction.as_str(), call.at.0, id);
    add_party(connection, place, &call.caller)?;
    add_party(connection, place, &call.called)?;
    call.trunk.iter().try_for_each(|trunk| add_party(connection, place, &party_of_trunk(trunk)))
}

/// The party under which a trunk's calls are found.
pub fn party_of_trunk(name: &str) -> String {
    format!("trunk:{name}")
}

/// The party under which the calls of an element of the desk are found.
pub fn party_of_element(id: &str) -> String {
    format!("element:{id}")
}

/// `place` orders the steps of one call; it need only rise while the process lives.
pub(super) fn step(connection: &Connection, place: i64, step: &CallStep) -> rusqlite::Result<()> {
    let (what, detail) = words(&step.what);
    let id = row_id(step.call);
    connection
        .prepare_cached("INSERT INTO call_step (call, place, at, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, place, step.at.0, what, detail.to_string()])?;
    note_group(connection, id, step)?;
    match &step.what {
        StepKind::Rung { who, .. }
        | StepKind::Group { group: who }
        | StepKind::Answered { who }
        | StepKind::PickedUp { by: who }
        | StepKind::Joined { who, .. } => add_later_party(connection, id, who),
        StepKind::Element { element } => add_later_party(connection, id, &party_of_element(element)),
        StepKind::Trunk { trunk } => add_later_party(connection, id, &party_of_trunk(trunk)),
        _ => Ok(()),
    }
}

/// Keeps `call_group` with the story.
fn note_group(connection: &Connection, call: i64, step: &CallStep) -> rusqlite::Result<()> {
    match &step.what {
        StepKind::Group { group } => {
            let sql = r#"INSERT OR IGNORE INTO call_group (call, at, "group") VALUES (?1, ?2, ?3)"#;
            connection.prepare_cached(sql)?.execute(params![call, step.at.0, group]).map(drop)
        }
        StepKind::GroupExit { .. } => end_waits(connection, call, step.at, "given_back"),
        StepKind::Answered { .. }
        | StepKind::PickedUp { .. }
        | StepKind::Joined { .. }
        | StepKind::Transferred { .. } => end_waits(connection, call, step.at, "answered"),
        _ => Ok(()),
    }
}

fn end_waits(connection: &Connection, call: i64, at: WallTime, outcome: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE call_group SET wait_ms = max(0, ?2 - at), outcome = ?3 WHERE call = ?1 AND outcome IS NULL";
    connection.prepare_cached(sql)?.execute(params![call, at.0, outcome]).map(drop)
}

pub(super) fn end(connection: &Connection, call: &CallEnded) -> rusqlite::Result<()> {
    let sql =
        "UPDATE call SET ended_at = ?2, outcome = ?3, status = ?4, cause = ?5, answered_at = ?6, answered_by = ?7,
               ring_ms = ?8, talk_ms = ?9, quality = ?10 WHERE id = ?1";
    let id = row_id(call.call);
    connection.prepare_cached(sql)?.execute(params![
        id,
        call.at.0,
        call.outcome.as_str(),
        call.status,
        call.cause,
        call.answered_at.map(WallTime::millis),
        call.answered_by,
        span(call.ring_ms),
        span(call.talk_ms),
        quality(&call.quality),
    ])?;
    end_waits(connection, id, call.at, "given_up")?;
    call.answered_by.iter().try_for_each(|who| add_later_party(connection, id, who))
}

/// Closes the calls that were going on when the process ended without saying so: they lasted at least until their last
/// step. Returns how many.
pub(super) fn close_interrupted(connection: &Connection) -> rusqlite::Result<usize> {
    let sql = "UPDATE call SET
        outcome = ?1, cause = 'exchange_stopped',
        ended_at = max(started_at, coalesce((SELECT max(at) FROM call_step WHERE call = call.id), started_at)),
        answered_at = (SELECT min(at) FROM call_step WHERE call = call.id AND what = 'answered'),
        answered_by = (SELECT detail ->> 'who' FROM call_step WHERE call = call.id AND what = 'answered' ORDER BY place LIMIT 1)
        WHERE outcome IS NULL";
    let closed = connection.execute(sql, [CallOutcome::Interrupted.as_str()])?;
    let waits = "UPDATE call_group SET outcome = 'given_up', wait_ms = max(0, coalesce(
        (SELECT ended_at FROM call WHERE id = call_group.call), at) - at) WHERE outcome IS NULL";
    connection.execute(waits, ())?;
    if closed > 0 {
        let sql = "UPDATE call SET
            ring_ms = max(0, coalesce(answered_at, ended_at) - started_at),
            talk_ms = max(0, ended_at - coalesce(answered_at, ended_at))
            WHERE outcome = ?1 AND ring_ms = 0 AND talk_ms = 0";
        connection.execute(sql, [CallOutcome::Interrupted.as_str()])?;
    }
    Ok(closed)
}

/// The key of a call's row. Ids stay below 2^63 for the next 276 years.
pub(super) fn row_id(call: CallId) -> i64 {
    i64::try_from(call.0).unwrap_or(i64::MAX)
}

fn add_party(connection: &Connection, (direction, at, call): (&str, i64, i64), party: &str) -> rusqlite::Result<()> {
    if !party.is_empty() {
        let sql = "INSERT OR IGNORE INTO call_party (party, direction, started_at, call) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute(params![party, direction, at, call])?;
    }
    Ok(())
}

fn add_later_party(connection: &Connection, call: i64, party: &str) -> rusqlite::Result<()> {
    let mut started = connection.prepare_cached("SELECT direction, started_at FROM call WHERE id = ?1")?;
    let found = started.query_row([call], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()?;
    match found {
        Some((direction, at)) => add_party(connection, (&direction, at, call), party),
        None => Ok(()),
    }
}

fn words(kind: &StepKind) -> (&'static str, Value) {
    match kind {
        StepKind::Element { element } => ("element", json!({ "element": element })),
        StepKind::Group { group } => ("group", json!({ "group": group })),
        StepKind::Trunk { trunk } => ("trunk", json!({ "trunk": trunk })),
        StepKind::Rung { who, device } => ("rung", json!({ "who": who, "device": device })),
        StepKind::NotTaken { who, device, status } => {
            ("not_taken", json!({ "who": who, "device": device, "status": status }))
        }
        StepKind::Answered { who } => ("answered", json!({ "who": who })),
        StepKind::GroupExit { group, why } => ("group_exit", json!({ "group": group, "why": why })),
        StepKind::Digits { digits } => ("digits", json!({ "digits": digits })),
        StepKind::Transferred { by, to } => ("transferred", json!({ "by": by, "to": to })),
        StepKind::TransferFailed { to, status } => ("transfer_failed", json!({ "to": to, "status": status })),
        StepKind::Recalled { who } => ("recalled", json!({ "who": who })),
        StepKind::Consulting { by, call } => ("consulting", json!({ "by": by, "call": call.to_string() })),
        StepKind::Joined { call, who } => ("joined", json!({ "call": call.to_string(), "who": who })),
        StepKind::Parked { by, place } => ("parked", json!({ "by": by, "place": place })),
        StepKind::PickedUp { by } => ("picked_up", json!({ "by": by })),
        StepKind::Diverted { who, to, why } => ("diverted", json!({ "who": who, "to": to, "why": why })),
        StepKind::Conference { number } => ("conference", json!({ "number": number })),
        StepKind::Mailbox { extension } => ("mailbox", json!({ "extension": extension })),
        StepKind::ListenedTo { by, whispers } => ("listened_to", json!({ "by": by, "whispers": whispers })),
        StepKind::ListensTo { call, whispers } => {
            ("listens_to", json!({ "call": call.to_string(), "whispers": whispers }))
        }
        StepKind::Service { service } => ("service", json!({ "service": service })),
        StepKind::GaveWay => ("gave_way", json!({})),
        StepKind::Limited { who, why } => ("limited", json!({ "who": who, "why": why })),
        StepKind::Hold { who, on } => ("hold", json!({ "who": who, "on": on })),
    }
}

/// Towards the caller, towards the answering side: a JSON array of two, or nothing when nothing was counted.
fn quality(sides: &[Option<Stats>; 2]) -> Option<String> {
    let side = |stats: &Option<Stats>| {
        stats.map_or(Value::Null, |s| {
            json!({
                "received": s.received, "sent": s.sent, "lost": s.lost, "jitter_ms": s.jitter_ms,
                "round_trip_ms": s.round_trip_ms, "strangers": s.strangers, "mos": s.mos,
                "far": s.far.map(|far| json!({ "lost": far.lost, "jitter_ms": far.jitter_ms, "mos": far.mos })),
            })
        })
    };
    sides.iter().any(Option::is_some).then(|| Value::Array(sides.iter().map(side).collect()).to_string())
}

fn span(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
