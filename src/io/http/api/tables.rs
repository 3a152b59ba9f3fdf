//! The tables of the office file as JSON, and back. The file's own writer and reader are the one truth of what a thing looks like;
//! here it only changes its clothes.

use serde_json::{Map, Value};

use super::super::reply::{Problem, problems};
use super::super::words::Words;
use crate::office::Office;
use crate::office::file;

/// One table.
pub(super) type Table = Map<String, Value>;

/// No thing of the office is deeper.
const DEEPEST: usize = 7;

/// Every table of the office, by kind. Passwords only with `secrets`.
pub(super) fn all(office: &Office, secrets: bool) -> Result<Table, Problem> {
    toml::from_str(&file::write(office, secrets)).map_err(|error| {
        tracing::error!(%error, "web: our own office file can't be read");
        problems::unavailable()
    })
}

/// The tables of one kind, in the office's order.
pub(super) fn of(office: &Office, kind: &str, secrets: bool) -> Result<Vec<Table>, Problem> {
    let found = all(office, secrets)?.remove(kind);
    let Some(Value::Array(items)) = found else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| if let Value::Object(table) = item { Some(table) } else { None }).collect())
}

/// A document of these kinds.
///
/// # Errors
/// 503 when it can't be spelled, which [`spellable`] has seen to.
pub(super) fn document<'k>(kinds: impl IntoIterator<Item = (&'k str, Value)>) -> Result<String, Problem> {
    let mut text = String::new();
    for (kind, tables) in kinds {
        let value = toml::Value::try_from(&tables).map_err(|error| {
            tracing::error!(%error, "web: a document can't be written");
            problems::unavailable()
        })?;
        text.push_str(&format!("{kind} = {value}\n"));
    }
    Ok(text)
}

/// Refuses what TOML can't say: null, and what is deeper than anything of the office. Numbers too large for it become its largest,
/// which no field takes.
pub(super) fn spellable(body: &mut Table) -> Result<(), Problem> {
    let mut faults = Vec::new();
    for (key, value) in body {
        look(value, &mut format!("/{}", escaped(key)), DEEPEST, &mut faults);
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults.into_iter().fold(problems::invalid(), |invalid, (pointer, words)| invalid.at(pointer, words)))
}

fn look(value: &mut Value, place: &mut String, deeper: usize, faults: &mut Vec<(String, Words)>) {
    let length = place.len();
    if deeper == 0 {
        return faults.push((place.clone(), Words::new("Слишком глубоко вложено.", "This is nested too deeply.")));
    }
    match value {
        Value::Null => {
            let words =
                Words::new("Здесь не может быть null: уберите поле.", "This can't be null: leave the field out.");
            faults.push((place.clone(), words));
        }
        Value::Number(number) if number.is_u64() && number.as_i64().is_none() => *value = i64::MAX.into(),
        Value::Array(items) => {
            for (nth, item) in items.iter_mut().enumerate() {
                place.push_str(&format!("/{nth}"));
                look(item, place, deeper - 1, faults);
                place.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                place.push_str(&format!("/{}", escaped(key)));
                look(field, place, deeper - 1, faults);
                place.truncate(length);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A key within a JSON pointer: RFC 6901 §3. Long ones are cut.
pub(super) fn escaped(key: &str) -> String {
    key.chars().take(60).collect::<String>().replace('~', "~0").replace('/', "~1")
}
