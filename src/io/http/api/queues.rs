//! `queues`: who waits at each group and what its members do, as the engine sees them; of one group under `groups/{number}/queue`.

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words;
use super::{Visit, paging, rfc3339};
use crate::engine::live::{MemberState, QueueView};
use crate::io::board::member_state;
use crate::office::{Group, Language};

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    paging::page(&visit.ask.query, visit.office.groups.iter().map(|group| of_group(visit, group)))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let group = visit.office.group(visit.value()).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&of_group(visit, group)))
}

/// A group that nothing has been told of yet was made a moment ago.
fn of_group(visit: &Visit<'_>, group: &Group) -> Value {
    let unknown = || QueueView { group: group.number.clone(), waiting: Vec::new(), members: Vec::new() };
    let view = visit.house.board.queue(&group.number).unwrap_or_else(unknown);
    item(&view, visit.language(), &visit.office.settings.timezone)
}

/// A group's queue.
pub(super) fn item(view: &QueueView, language: Language, zone: &str) -> Value {
    let waiting = view.waiting.iter().zip(1..).map(|(caller, place)| {
        json!({
            "call": caller.call.to_string(),
            "caller": caller.caller,
            "caller_name": caller.caller_name,
            "since": rfc3339(caller.since, zone),
            "place": place,
        })
    });
    let members = view.members.iter().map(|member| {
        let until = match member.state {
            MemberState::Resting { until } => Some(rfc3339(until, zone)),
            _ => None,
        };
        let state = member_state(&member.state);
        json!({
            "extension": member.extension,
            "state": state,
            "state_text": words::member_state(state).say(language),
            "until": until,
        })
    });
    json!({
        "group": view.group,
        "waiting": waiting.collect::<Vec<_>>(),
        "members": members.collect::<Vec<_>>(),
    })
}
