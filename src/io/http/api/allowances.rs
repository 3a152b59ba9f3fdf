//! `allowances`: extensions whose limits of outside calls an admin has lifted for a time; and `usage`: what calls with the city go on, and
//! what today has used up of its limits.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Said;
use super::{Visit, faults, paging};
use crate::base::{Duration, WallTime};
use crate::guard::limits::Tally;
use crate::io::store::AllowanceRow;
use crate::office::file::Fault;

/// «Allow for an hour».
const USUAL_SECONDS: u32 = 3600;
/// A day.
const MOST_SECONDS: u32 = 86_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    extension: String,
    #[serde(default = "usual")]
    seconds: u32,
}

const fn usual() -> u32 {
    USUAL_SECONDS
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let rows = in_force(visit)?;
    paging::page(&visit.ask.query, rows.iter().map(|row| item(visit, row)))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { extension, seconds } = visit.ask.json()?;
    if visit.office.extension(&extension).is_none() {
        let said =
            Said::new(format!("Внутреннего номера {extension} нет."), format!("There is no extension {extension}."));
        return Err(problems::invalid().at("/extension", said));
    }
    if !(1..=MOST_SECONDS).contains(&seconds) {
        let range = Fault::Range { from: 1, to: MOST_SECONDS };
        return Err(problems::invalid().at("/seconds", faults::of_fault(&range, &visit.office)));
    }
    let span = Duration::from_secs(u64::from(seconds));
    let row = visit.house.exchange.allow(&extension, span, &visit.author())?;
    Ok(Reply::created(&item(visit, &row), &format!("/api/v1/allowances/{extension}")))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    if visit.house.exchange.disallow(visit.value())? { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

pub(super) fn usage(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let usage = visit.house.exchange.usage().ok_or_else(problems::unavailable)?;
    let allowed: HashMap<String, WallTime> =
        in_force(visit)?.into_iter().map(|row| (row.extension, row.until)).collect();
    let items = visit.office.extensions.iter().map(|extension| {
        let number = &extension.number;
        let mut item = tally(&usage.extensions.get(number).copied().unwrap_or_default());
        item["extension"] = number.as_str().into();
        item["allowed_until"] = allowed.get(number).map(|until| visit.time(*until)).into();
        item
    });
    Ok(Reply::json(&json!({ "office": tally(&usage.office), "items": items.collect::<Vec<_>>() })))
}

/// Those of extensions that are there still.
fn in_force(visit: &Visit<'_>) -> Result<Vec<AllowanceRow>, Problem> {
    let rows = visit.house.exchange.allowances()?.into_iter();
    Ok(rows.filter(|row| visit.office.extension(&row.extension).is_some()).collect())
}

fn item(visit: &Visit<'_>, row: &AllowanceRow) -> Value {
    json!({ "extension": row.extension, "until": visit.time(row.until), "by": row.by })
}

fn tally(tally: &Tally) -> Value {
    let minutes = tally.time_today.as_secs().saturating_add(30) / 60;
    json!({ "calls": tally.calls, "calls_today": tally.calls_today, "minutes_today": minutes })
}
