//! `settings`: what the office has once: itself, its recordings, its protection, the limits of its outside calls, its mailboxes. The office file's tables as they are.

use serde_json::Value;

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::change::{Before, Place, change_to, read_back, shown};
use super::tables::{self, Table, escaped};
use super::{Visit, faults};
use crate::number::{Plan, PlanError};
use crate::office::Office;
use crate::office::file::Fault;

/// The tables.
const TABLES: [&str; 5] = ["office", "recordings", "protection", "limits", "voicemail"];

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    seen(&visit.office).map(|settings| shown(&settings))
}

/// PUT: a table that is left out is left alone; in one that is there, what is left out is that of a new box.
pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mut body: Table = visit.ask.json()?;
    if let Some(key) = body.keys().find(|key| !TABLES.contains(&key.as_str())) {
        let said = faults::of_fault(&Fault::UnknownKey { near: None }, &visit.office);
        return Err(problems::invalid().at(format!("/{}", escaped(key)), said));
    }
    tables::spellable(&mut body)?;
    let place = TABLES.into_iter().fold(Place::default(), |place, table| {
        let pointer = format!("/{table}");
        place.and(pointer.clone(), pointer)
    });
    let document = tables::document(body.iter().map(|(table, fields)| (table.as_str(), fields.clone())))?;
    let office = change_to(visit, "settings changed", Before::Seen(&seen), |present| {
        let office = read_back(&document, present, present, &place)?;
        has_plan(&office).map(|()| office)
    })?;
    seen(&office).map(|settings| shown(&settings))
}

/// Without a numbering plan nobody could call.
fn has_plan(office: &Office) -> Result<(), Problem> {
    let settings = &office.settings;
    match Plan::load(&settings.country, &settings.area_code, None) {
        Ok(_) => Ok(()),
        Err(PlanError::AreaCode(_)) => {
            let words = Words::new("Такого кода города нет.", "There is no such area code.");
            Err(problems::invalid().at("/office/area_code", words))
        }
        Err(_) => {
            let words = Words::new(
                "Плана нумерации этой страны у станции нет.",
                "The box has no numbering plan of this country.",
            );
            Err(problems::invalid().at("/office/country", words))
        }
    }
}

fn seen(office: &Office) -> Result<Value, Problem> {
    let tables = TABLES.into_iter().map(|kind| {
        let table = tables::of(office, kind, false)?.into_iter().next().unwrap_or_default();
        Ok((kind.to_owned(), Value::Object(table)))
    });
    tables.collect::<Result<_, Problem>>().map(Value::Object)
}
