//! What trunks have beside the office file's table: numbers as people write them and who follows them, live states in words. The way
//! of all collections is `collections`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::reply::{Problem, problems};
use super::super::words::Words;
use super::tables::Table;
use super::{Visit, referrers, rfc3339};
use crate::engine::live::{TrunkState, TrunkView};
use crate::io::board::trunk_state;
use crate::number::Plan;
use crate::office::{Language, Office, Trunk};

/// Live states by name.
pub(super) type States = HashMap<String, TrunkView>;

/// Takes out what was read and changes nothing.
pub(super) fn without_read(table: &mut Table) {
    table.remove("state");
    table.remove("has_password");
}

/// Numbers come as people write them.
pub(super) fn given(plan: &Plan, table: &mut Table) {
    let numbers = ["number", "numbers"].map(|key| table.get_mut(key).map(Value::take));
    for (key, number) in ["number", "numbers"].into_iter().zip(numbers) {
        let Some(mut number) = number else { continue };
        number.as_array_mut().into_iter().flatten().for_each(|number| to_e164(plan, number));
        to_e164(plan, &mut number);
        table.insert(key.to_owned(), number);
    }
}

/// A number as people write it becomes E.164 digits; what is none stays, for the reader to refuse.
pub(super) fn to_e164(plan: &Plan, number: &mut Value) {
    if let Some(digits) = number.as_str().and_then(|written| plan.to_e164(written)) {
        *number = Value::String(digits);
    }
}

/// Whoever refers to a number of the trunk that is another now follows: the first number's to the first, others' by their place. Of a
/// number that is gone, extensions take the first; an incoming call that has no other number is in the way.
pub(super) fn numbers_follow(present: &Office, at: usize, base: &mut Office, table: &Table) -> Result<(), Problem> {
    let Some(trunk) = present.trunks.get(at) else { return Ok(()) };
    let main = table.get("number").and_then(Value::as_str).unwrap_or_default();
    let further: Vec<&str> =
        table.get("numbers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if main.is_empty() {
        return Ok(()); // told as missing
    }
    let after = std::iter::once(main).chain(further.iter().copied());
    let mut bare = Vec::new();
    for (before, after) in trunk.all_numbers().zip(after.map(Some).chain(std::iter::repeat(None))) {
        if before == main || further.contains(&before) {
            continue;
        }
        match after.filter(|after| !trunk.all_numbers().any(|one| one == *after)) {
            Some(after) => base.move_number(before, after),
            None => bare.extend(base.retire_number(before, main)),
        }
    }
    if bare.is_empty() { Ok(()) } else { Err(problems::in_use().referred(referrers::told(present, bare))) }
}

/// As everybody may see it, without what lives.
pub(super) fn plain(trunk: &Trunk, table: &mut Table) {
    table.insert("has_password".to_owned(), Value::Bool(!trunk.password.is_empty()));
}

/// With its live state.
pub(super) fn alive(visit: &Visit<'_>, states: &States, table: &mut Table) {
    let live = table.get("name").and_then(Value::as_str).and_then(|name| states.get(name));
    let state = live.map_or_else(
        || never_heard(visit.language()),
        |live| state(live, visit.language(), &visit.office.settings.timezone),
    );
    table.insert("state".to_owned(), state);
}

/// The live state of a trunk.
pub(super) fn state(live: &TrunkView, language: Language, zone: &str) -> Value {
    json!({
        "code": trunk_state(&live.state),
        "text": text(&live.state).say(language),
        "advice": advice(&live.state).map(|words| words.say(language)),
        "since": rfc3339(live.since, zone),
        "status": status(&live.state),
        "reason": reason(&live.state),
    })
}

fn never_heard(language: Language) -> Value {
    let text = text(&TrunkState::Starting).say(language);
    json!({ "code": "starting", "text": text, "advice": null, "since": null, "status": null, "reason": null })
}

const fn text(state: &TrunkState) -> Words {
    match state {
        TrunkState::Starting => Words::new("подключается", "connecting"),
        TrunkState::Registered => Words::new("зарегистрирован", "registered"),
        TrunkState::Reachable => Words::new("оператор отвечает", "the carrier answers"),
        TrunkState::WrongPassword { .. } => Words::new("неверный пароль", "wrong password"),
        TrunkState::Refused { .. } => Words::new("оператор отказал", "the carrier refused"),
        TrunkState::Silent => Words::new("сервер не отвечает", "the server doesn't answer"),
        TrunkState::NoSuchName => Words::new("сервер с таким именем не найден", "no server of that name"),
    }
}

const fn advice(state: &TrunkState) -> Option<Words> {
    match state {
        TrunkState::Starting | TrunkState::Registered | TrunkState::Reachable => None,
        TrunkState::WrongPassword { .. } => Some(Words::new(
            "Оператор не принял пароль. Сверьте логин и пароль с договором.",
            "The carrier refused the password. Check login and password against your contract.",
        )),
        TrunkState::Refused { .. } => Some(Words::new(
            "Спросите оператора, почему он не принимает подключение, и назовите ему ответ.",
            "Ask the carrier why it refuses the connection, and tell it the answer.",
        )),
        TrunkState::Silent => Some(Words::new(
            "Сервер оператора молчит. Пробуем снова и снова, делать ничего не нужно. Нет ли перебоя с интернетом?",
            "The carrier's server is silent. We keep trying, nothing to do. Is the internet up?",
        )),
        TrunkState::NoSuchName => Some(Words::new(
            "Проверьте имя сервера и работает ли интернет.",
            "Check the server's name, and whether the internet is up.",
        )),
    }
}

const fn status(state: &TrunkState) -> Option<u16> {
    match state {
        TrunkState::WrongPassword { status } | TrunkState::Refused { status, .. } => Some(*status),
        _ => None,
    }
}

fn reason(state: &TrunkState) -> Option<&str> {
    match state {
        TrunkState::Refused { reason, .. } => Some(reason),
        _ => None,
    }
}
