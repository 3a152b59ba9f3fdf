//! `authorities`: whose certificates prove servers, beside those that everybody trusts. No secret is among them: what else a file holds
//! is left out when it is read.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ask::encode;
use super::super::reply::{Problem, Reply, problems};
use super::change::{Before, Place, change, etag};
use super::{Visit, paging};
use crate::office::{Authority, Office};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
    /// PEM.
    certificate: String,
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    paging::page(&visit.ask.query, visit.office.authorities.iter().map(|authority| item(visit, authority)))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let shown = shown(visit, &visit.office, visit.value())?;
    let tag = etag(&shown);
    Ok(Reply::json(&shown).with("etag", tag))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { name, certificate } = visit.ask.json()?;
    let reason = format!("authority {} added", short(&name));
    let office = change(visit, &reason, Before::Nothing, |office| {
        office.authorities.push(Authority { name: name.clone(), certificate });
        let place = Place::new(format!("/authority/{}", office.authorities.len() - 1));
        Ok(place.wanting(vec![("/name".to_owned(), name.clone())]))
    })?;
    let shown = shown(visit, &office, &name)?;
    let tag = etag(&shown);
    Ok(Reply::created(&shown, &format!("/api/v1/authorities/{}", encode(&name))).with("etag", tag))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let name = visit.value();
    let before = |office: &Office| shown(visit, office, name);
    change(visit, &format!("authority {} removed", short(name)), Before::MaybeSeen(&before), |office| {
        office.authorities.retain(|authority| authority.name != name);
        Ok(Place::default())
    })?;
    Ok(Reply::empty())
}

fn shown(visit: &Visit<'_>, office: &Office, name: &str) -> Result<Value, Problem> {
    let found = office.authorities.iter().find(|authority| authority.name == name);
    found.map(|authority| item(visit, authority)).ok_or_else(problems::not_found)
}

fn item(visit: &Visit<'_>, authority: &Authority) -> Value {
    let about = authority.about();
    json!({
        "name": authority.name,
        "certificate": authority.certificate,
        "subject": about.as_ref().map_or("", |about| about.subject.as_str()),
        "not_after": about.map(|about| visit.time(about.not_after)),
    })
}

/// For the reason, which is written before the name is judged.
fn short(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(60).collect()
}
