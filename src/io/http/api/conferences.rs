//! `conferences`: rooms that are dialled. A list tells who has a PIN; the PIN itself an admin asks for one at a time.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::change::{Before, Place, change, etag, shown};
use super::{Visit, paging};
use crate::office::{Conference, Office, Role};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    number: String,
    #[serde(default)]
    name: String,
    /// Left out: the present one stays; empty: everybody inside may enter.
    pin: Option<String>,
    /// As it was read; it changes nothing.
    #[serde(default, rename = "has_pin")]
    _has_pin: Option<bool>,
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    paging::page(&visit.ask.query, visit.office.conferences.iter().map(item))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let room = visit.office.conference(visit.value()).ok_or_else(problems::not_found)?;
    let mut shown = item(room);
    let tag = etag(&shown);
    if let (Some(Role::Admin), Some(fields)) = (visit.who.role(), shown.as_object_mut()) {
        fields.insert("pin".to_owned(), Value::String(room.pin.clone()));
    }
    Ok(Reply::json(&shown).with("etag", tag))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let Given { number, name, pin, .. } = visit.ask.json()?;
    let reason = format!("conference {} added", short(&number));
    let office = change(visit, &reason, Before::Nothing, |office| {
        let room = Conference { number: number.clone(), name, pin: pin.unwrap_or_default() };
        office.conferences.push(room);
        Ok(Place::new(format!("/conference/{}", office.conferences.len() - 1)))
    })?;
    let room = show(&office, &number)?;
    Ok(Reply::created(&room, &format!("/api/v1/conferences/{number}")).with("etag", etag(&room)))
}

/// PUT: another number moves the room.
pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let Given { number, name, pin, .. } = visit.ask.json()?;
    let before = |office: &Office| show(office, visit.value());
    let reason = format!("conference {} changed", visit.value());
    let office = change(visit, &reason, Before::Seen(&before), |office| {
        let at = place(office, visit.value())?;
        if let Some(room) = office.conferences.get_mut(at) {
            let pin = pin.unwrap_or_else(|| std::mem::take(&mut room.pin));
            *room = Conference { number: number.clone(), name, pin };
        }
        Ok(Place::new(format!("/conference/{at}")))
    })?;
    show(&office, &number).map(|room| shown(&room))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let before = |office: &Office| show(office, visit.value());
    let reason = format!("conference {} removed", visit.value());
    change(visit, &reason, Before::MaybeSeen(&before), |office| {
        let at = place(office, visit.value())?;
        office.conferences.remove(at);
        Ok(Place::default())
    })?;
    Ok(Reply::empty())
}

fn place(office: &Office, number: &str) -> Result<usize, Problem> {
    office.conferences.iter().position(|room| room.number == number).ok_or_else(problems::not_found)
}

fn show(office: &Office, number: &str) -> Result<Value, Problem> {
    office.conference(number).map(item).ok_or_else(problems::not_found)
}

fn item(room: &Conference) -> Value {
    json!({ "number": room.number, "name": room.name, "has_pin": !room.pin.is_empty() })
}

/// For the reason, which is written before the number is judged.
fn short(number: &str) -> String {
    number.chars().take(5).collect()
}
