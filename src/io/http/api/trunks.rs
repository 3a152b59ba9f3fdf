//! `trunks`: the connections to carriers with their live state in words. Never a password.

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::{Visit, paging, rfc3339};
use crate::engine::live::{TrunkState, TrunkView};
use crate::io::board::trunk_state;
use crate::office::{CallerIdIn, Language, NumberFormat, Trunk, Word};
use crate::sip::Transport;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let live = visit.house.board.trunks();
    paging::page(&visit.ask.query, visit.office.trunks.iter().map(|trunk| item(visit, trunk, live.get(&trunk.name))))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let trunk = visit.office.trunk(visit.value()).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&item(visit, trunk, visit.house.board.trunk(&trunk.name).as_ref())))
}

fn item(visit: &Visit<'_>, trunk: &Trunk, live: Option<&TrunkView>) -> Value {
    json!({
        "name": trunk.name,
        "number": trunk.number,
        "numbers": trunk.numbers,
        "server": trunk.server,
        "login": trunk.login,
        "comment": trunk.comment,
        "register": trunk.register,
        "transport": transport(trunk.transport),
        "auth_login": trunk.auth_login,
        "outbound_proxy": trunk.outbound_proxy,
        "from_domain": trunk.from_domain,
        "number_format": number_format(trunk.number_format),
        "caller_id_in": caller_id_in(trunk.caller_id_in),
        "codecs": trunk.codecs,
        "max_calls": trunk.max_calls,
        "register_every": trunk.register_every,
        "srtp": trunk.srtp.word(),
        "state": match live {
            Some(live) => state(live, visit.language(), &visit.office.settings.timezone),
            None => never_heard(visit.language()),
        },
    })
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

const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
    }
}

const fn number_format(format: NumberFormat) -> &'static str {
    match format {
        NumberFormat::E164 => "e164",
        NumberFormat::Plus => "plus",
        NumberFormat::National => "national",
    }
}

const fn caller_id_in(place: CallerIdIn) -> &'static str {
    match place {
        CallerIdIn::From => "from",
        CallerIdIn::Pai => "pai",
        CallerIdIn::Rpid => "rpid",
        CallerIdIn::Ppi => "ppi",
    }
}
