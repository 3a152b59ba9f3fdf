//! `sessions`: who is signed in, from where and since when; and the end of a session, the own or, for admins, anybody's.

use serde_json::json;

use super::super::reply::{Problem, Reply, problems};
use super::{Visit, Who, paging};
use crate::io::clock;
use crate::office::Role;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let sessions = visit.house.sessions.list(&visit.office, visit.house.clock.now(), clock::wall());
    let (own_key, login) = own(visit);
    let seen: Vec<_> = sessions
        .into_iter()
        .filter(|one| visit.who.role() == Some(Role::Admin) || Some(one.login.as_str()) == login)
        .collect();
    let items = seen.iter().map(|one| {
        json!({
            "id": one.id,
            "login": one.login,
            "address": one.address.to_string(),
            "user_agent": one.user_agent,
            "since": visit.time(one.since),
            "last_seen": visit.time(one.last_seen),
            "current": Some(&one.key) == own_key,
        })
    });
    paging::page(&visit.ask.query, items)
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let sessions = visit.house.sessions.list(&visit.office, visit.house.clock.now(), clock::wall());
    let found = sessions.iter().find(|one| one.id == visit.value()).ok_or_else(problems::not_found)?;
    let (_, login) = own(visit);
    let is_own = Some(found.login.as_str()) == login;
    let must_change = matches!(&visit.who, Who::Session(signed_in) if signed_in.must_change);
    if !is_own && (visit.who.role() != Some(Role::Admin) || must_change) {
        return Err(problems::not_found()); // whether there is one is none of his business
    }
    visit.house.sessions.close(&found.key);
    Ok(Reply::empty())
}

fn own<'a>(visit: &'a Visit<'_>) -> (Option<&'a [u8; 32]>, Option<&'a str>) {
    match &visit.who {
        Who::Session(signed_in) => (Some(&signed_in.key), Some(signed_in.login.as_str())),
        Who::Token(_) | Who::Nobody => (None, None),
    }
}
