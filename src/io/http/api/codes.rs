//! `codes`: what is dialled and keyed, besides numbers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::Visit;
use super::change::{Before, Place, change, shown};
use super::tables::escaped;
use crate::office::{Codes, Feature, Office};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    codes: BTreeMap<String, String>,
    /// As it was read; it changes nothing.
    #[serde(default, rename = "defaults")]
    _defaults: Option<Value>,
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    show(&visit.office).map(|codes| shown(&codes))
}

/// PUT: codes that are left out are those of a new box.
pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let given: Given = visit.ask.json()?;
    let mut codes = Codes::default();
    for (key, code) in &given.codes {
        let Some(feature) = Feature::ALL.into_iter().find(|feature| feature.key() == key) else {
            let unknown = Words::new("Такой возможности нет.", "There is no such feature.");
            return Err(problems::invalid().at(format!("/codes/{}", escaped(key)), unknown));
        };
        codes.set(feature, code);
    }
    let office = change(visit, "codes changed", Before::Seen(&show), |office| {
        office.codes = codes;
        Ok(Place::default().and("/codes", "/codes"))
    })?;
    show(&office).map(|codes| shown(&codes))
}

fn show(office: &Office) -> Result<Value, Problem> {
    let of = |code: &dyn Fn(Feature) -> String| -> Map<String, Value> {
        Feature::ALL.into_iter().map(|feature| (feature.key().to_owned(), Value::String(code(feature)))).collect()
    };
    Ok(json!({
        "codes": of(&|feature| office.codes.get(feature).to_owned()),
        "defaults": of(&|feature| feature.code().to_owned()),
    }))
}
