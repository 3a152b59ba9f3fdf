//! `sessions`: who is signed in, from where and since when; and the end of a session, the own or, for admins, anybody's.

use serde_json::json;

use super::super::reply::{Problem, Reply, problems};
use super::super::sessions::{Shown, SignedIn};
use super::{Visit, Who, paging};
use crate::io::clock;
use crate::office::Role;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let sessions = visit.house.sessions.list(&visit.office, visit.house.clock.now(), clock::wall());
    let own_key = own(visit).map(|own| own.key);
    let seen: Vec<_> =
        sessions.into_iter().filter(|one| visit.who.role() == Some(Role::Admin) || is_own(visit, one)).collect();
    let items = seen.iter().map(|one| {
        json!({
            "id": one.id,
            "login": one.login,
            "origin": one.origin.word(),
            "address": one.address.to_string(),
            "user_agent": one.user_agent,
            "since": visit.time(one.since),
            "last_seen": visit.time(one.last_seen),
            "current": Some(one.key) == own_key,
        })
    });
    paging::page(&visit.ask.query, items)
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let sessions = visit.house.sessions.list(&visit.office, visit.house.clock.now(), clock::wall());
    let found = sessions.iter().find(|one| one.id == visit.value()).ok_or_else(problems::not_found)?;
    let must_change = matches!(&visit.who, Who::Session(signed_in) if signed_in.must_change);
    if !is_own(visit, found) && (visit.who.role() != Some(Role::Admin) || must_change) {
        return Err(problems::not_found()); // whether there is one is none of his business
    }
    visit.house.sessions.close(&found.key);
    Ok(Reply::empty())
}

/// Whether it is a session of whoever asks.
fn is_own(visit: &Visit<'_>, one: &Shown) -> bool {
    own(visit).is_some_and(|own| own.origin == one.origin && own.login == one.login)
}

fn own<'a>(visit: &'a Visit<'_>) -> Option<&'a SignedIn> {
    match &visit.who {
        Who::Session(signed_in) => Some(signed_in),
        Who::Token(_) | Who::Nobody => None,
    }
}
