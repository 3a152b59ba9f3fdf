//! `parking`: the places where calls wait for whoever dials them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply};
use super::Visit;
use super::change::{Before, Place, change, shown};
use crate::office::{Office, Parking};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    first: u32,
    last: u32,
    timeout_seconds: u32,
}

impl Default for Given {
    fn default() -> Self {
        let Parking { first, last, timeout_seconds } = Parking::default();
        Self { first, last, timeout_seconds }
    }
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    show(&visit.office).map(|parking| shown(&parking))
}

/// PUT: what is left out is that of a new box.
pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let Given { first, last, timeout_seconds } = visit.ask.json()?;
    let office = change(visit, "parking changed", Before::Seen(&show), |office| {
        office.parking = Parking { first, last, timeout_seconds };
        Ok(Place::new("/parking"))
    })?;
    show(&office).map(|parking| shown(&parking))
}

fn show(office: &Office) -> Result<Value, Problem> {
    let Parking { first, last, timeout_seconds } = office.parking;
    Ok(json!({ "first": first, "last": last, "timeout_seconds": timeout_seconds }))
}
