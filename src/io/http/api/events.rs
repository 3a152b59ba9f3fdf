//! `events`: the stream of what happens. The handler only judges who may listen and from where; the gate keeps the stream,
//! since a listener would otherwise hold a worker's thread for hours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::reply::{Problem, Reply};
use super::super::sessions::Key;
use super::super::words;
use super::super::workers::EVENTS;
use super::{Visit, Who, calls, extensions, queues, rfc3339, trunks};
use crate::io::board::Event;
use crate::office::Language;

pub(super) const PATH: &str = "/api/v1/events";

/// What the handler tells the gate: from where, for whom, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::io::http) struct Ticket {
    /// The last event that the listener has; `None`: from now on.
    pub(in crate::io::http) after: Option<u64>,
    /// The stream ends with this session; `None`: a token.
    pub(in crate::io::http) session: Option<Key>,
    pub(in crate::io::http) language: Language,
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["last_event_id"])?;
    // EventSource can't set the header on its first connection; the query says the same.
    let given = visit.ask.header("last-event-id").or_else(|| visit.ask.query.get("last_event_id"));
    let after = match given.map(str::trim).filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(id.parse().map_err(|_| bad("last_event_id"))?),
    };
    let session = match &visit.who {
        Who::Session(signed_in) => Some(signed_in.key),
        Who::Token(_) | Who::Nobody => None,
    };
    let ticket = Ticket { after, session, language: visit.language() };
    Ok(Reply::text("text/event-stream", Vec::new()).with(EVENTS, ticket.write()))
}

impl Ticket {
    pub(super) fn write(self) -> String {
        let after = self.after.map_or_else(String::new, |id| id.to_string());
        let session = self.session.map_or_else(String::new, |key| URL_SAFE_NO_PAD.encode(key));
        let language = if self.language == Language::Ru { "ru" } else { "en" };
        format!("{after}/{session}/{language}")
    }

    pub(in crate::io::http) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (after, session, language) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            after: if after.is_empty() { None } else { Some(after.parse().ok()?) },
            session: if session.is_empty() { None } else { URL_SAFE_NO_PAD.decode(session).ok()?.try_into().ok() },
            language: if language == "ru" { Language::Ru } else { Language::En },
        })
    }
}

/// One event in the stream's format: WHATWG HTML, server-sent events. JSON has no line breaks of its own.
pub(in crate::io::http) fn frame(id: u64, event: &Event, language: Language, zone: &str) -> String {
    format!("id: {id}\nevent: {}\ndata: {}\n\n", event.kind(), data(event, language, zone))
}

/// Tells a listener that it missed events and should read the lists anew.
pub(in crate::io::http) fn missed(id: u64) -> String {
    let data = json!({ "what": "missed", "text": "events were missed: read the lists anew", "at": null });
    format!("id: {id}\nevent: system\ndata: {data}\n\n")
}

fn data(event: &Event, language: Language, zone: &str) -> Value {
    match event {
        Event::Call(call) => {
            let mut item = calls::item(call, language, zone);
            item["ended"] = false.into();
            item
        }
        Event::CallEnded { call, outcome, at } => json!({
            "id": call.to_string(),
            "ended": true,
            "ended_at": rfc3339(*at, zone),
            "outcome": outcome.as_str(),
            "outcome_text": words::outcome(outcome.as_str()).say(language),
        }),
        Event::Registration { login, phone } => {
            let mut item = extensions::registration(Some(phone), zone);
            item["login"] = login.as_str().into();
            item
        }
        Event::Trunk(trunk) => json!({ "name": trunk.name, "state": trunks::state(trunk, language, zone) }),
        Event::Queue(view) => queues::item(view, language, zone),
        Event::Phone { mac } => json!({ "mac": mac }),
        Event::Import { id, name, state, percent, at } => json!({
            "what": "import",
            "text": "a media file is imported",
            "at": rfc3339(*at, zone),
            "import": { "id": id, "name": name, "state": state, "percent": percent },
        }),
        Event::Alarm { id, kind, severity, text, unseen, at } => json!({
            "what": "alarm",
            "text": text,
            "at": rfc3339(*at, zone),
            "alarm": { "id": id.to_string(), "kind": kind, "severity": severity, "unseen": unseen },
        }),
        Event::System { what, text, at } => json!({ "what": what, "text": text, "at": rfc3339(*at, zone) }),
    }
}
