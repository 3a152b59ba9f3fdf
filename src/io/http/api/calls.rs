//! `calls`: calls in progress; POST is click to call, DELETE hangs one up. Ids are strings: they are longer than a number of JavaScript.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::{self, Said, Words};
use super::dial::Meaning;
use super::{Visit, paging, rfc3339};
use crate::base::CallId;
use crate::engine::ListenRefused;
use crate::engine::live::CallView;
use crate::io::board::call_state;
use crate::office::{Extension, Language, Listening, SipDevice};

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let calls = visit.house.board.calls();
    paging::page(&visit.ask.query, calls.iter().map(|call| here(visit, call)))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let call = id(visit.value()).and_then(|id| visit.house.board.call(id)).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&here(visit, &call)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    extension: String,
    to: String,
}

/// Click to call: the telephones of the extension ring, and who answers calls `to` with its rights.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { extension: number, to } = visit.ask.json()?;
    let extension = visit.office.extension(&number).ok_or_else(problems::not_found)?;
    let meaning = Meaning::of(&visit.house.exchange.plan(), &visit.office, extension, &to);
    if !meaning.can_be_called() || meaning.is_of(extension) {
        return Err(problems::invalid().at("/to", meaning.text));
    }
    if !can_ring(visit, extension) {
        return Err(problems::conflict().saying(nothing_rings(&number)));
    }
    if let super::Who::Session(signed_in) = &visit.who {
        tracing::info!(extension = number, by = %signed_in.login, "web: click to call");
    }
    let dialled: String = to.chars().filter(|sign| sign.is_ascii_digit() || "+*#".contains(*sign)).collect();
    let call = visit.house.exchange.order_call(&number, &dialled).ok_or_else(|| problems::busy(5))?;
    let id = call.to_string();
    Ok(Reply::created(&json!({ "id": id }), &format!("/api/v1/calls/{id}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listens {
    extension: String,
    mode: Mode,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// He hears both.
    Silent,
    /// And our side hears him.
    Whisper,
}

/// Listening in: the telephones of the extension ring, and who answers hears the call.
pub(super) fn listen(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Listens { extension: number, mode } = visit.ask.json()?;
    let call = id(visit.value()).and_then(|id| visit.house.board.call(id)).ok_or_else(problems::not_found)?;
    let none = Words::new("Такого внутреннего номера нет.", "There is no such extension.");
    let extension = visit.office.extension(&number).ok_or_else(|| problems::invalid().at("/extension", none))?;
    if visit.office.protection.listening != Listening::Off && !can_ring(visit, extension) {
        return Err(problems::conflict().saying(nothing_rings(&number)));
    }
    let whispers = matches!(mode, Mode::Whisper);
    let listens = visit.house.exchange.listen_in(call.call, &number, whispers).map_err(not_listened)?;
    let id = listens.to_string();
    Ok(Reply::created(&json!({ "id": id }), &format!("/api/v1/calls/{id}")))
}

fn not_listened(why: ListenRefused) -> Problem {
    let conflict = |words: Words| problems::conflict().saying(words.into());
    match why {
        ListenRefused::NoCall => problems::not_found(),
        ListenRefused::Full => problems::busy(5),
        ListenRefused::NotAllowed => conflict(Words::new(
            "Прослушивание в офисе выключено: «Настройки», «Офис», «Защита».",
            "Listening in is switched off in this office: Settings, Office, Protection.",
        )),
        ListenRefused::NothingToHear => conflict(Words::new(
            "Слушать нечего: там сейчас не разговаривают.",
            "There is nothing to hear: nobody talks there now.",
        )),
        ListenRefused::NotByHim => problems::invalid().at(
            "/extension",
            Words::new(
                "Этот номер сам участвует в разговоре: укажите другой.",
                "This extension takes part in the call itself: name another one.",
            ),
        ),
    }
}

fn nothing_rings(number: &str) -> Said {
    let ru = format!("Ни один телефон номера {number} сейчас не подключён: звонить не с чего.");
    let en = format!("No telephone of {number} is registered now: there is nothing to call from.");
    Said::new(ru, en)
}

fn can_ring(visit: &Visit<'_>, extension: &Extension) -> bool {
    let phones = visit.house.board.registrations();
    let is_there = |sip: &SipDevice| phones.get(&sip.login).is_some_and(|phone| !phone.contacts.is_empty());
    extension.sip_devices().any(is_there) || extension.mobiles().next().is_some()
}

/// The engine carries it out; that it is done shows as an event.
pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let call = id(visit.value()).and_then(|id| visit.house.board.call(id)).ok_or_else(problems::not_found)?;
    if let super::Who::Session(signed_in) = &visit.who {
        tracing::info!(call = %call.call, by = %signed_in.login, "web: hang up");
    }
    visit.house.exchange.hang_up(call.call);
    Ok(Reply::empty())
}

fn here(visit: &Visit<'_>, call: &CallView) -> Value {
    item(call, visit.language(), &visit.office.settings.timezone)
}

/// A call in progress.
pub(super) fn item(call: &CallView, language: Language, zone: &str) -> Value {
    let state = call_state(call.state);
    json!({
        "id": call.call.to_string(),
        "started_at": rfc3339(call.started_at, zone),
        "answered_at": call.answered_at.map(|at| rfc3339(at, zone)),
        "direction": call.direction.as_str(),
        "caller": call.caller,
        "caller_name": call.caller_name,
        "called": call.called,
        "with": call.with,
        "state": state,
        "state_text": words::call_state(state).say(language),
        "element": call.element,
        "element_since": call.element_since.map(|at| rfc3339(at, zone)),
        "trunk": call.trunk,
    })
}

/// A call's id as the API writes it.
pub(super) fn id(text: &str) -> Option<CallId> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok().map(CallId)).flatten()
}
