//! What happens, as webhooks are told of it: facts as JSON for programs, and a sentence for people in the office's language.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::{CallId, Message, RecordingId, WallTime};
use crate::call::cdr::{CallEnded, CallOutcome, CallStarted, CallView, MissedCall};
use crate::engine::live::{TrunkState, TrunkView};
use crate::guard::Alarm;
use crate::io::board::{Event, PhoneView, trunk_state};
use crate::office::{Language, Office, WebhookEvent};

/// Something happened.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A call began.
    Started(CallStarted),
    /// A call ended.
    Ended(CallEnded),
    /// Nobody took a call of those who were rung.
    Missed(MissedCall),
    /// What the pages are told: of it, calls that are answered, telephones and trunks.
    Seen(Arc<Event>),
    /// A recording is complete.
    Recorded {
        /// Which.
        recording: RecordingId,
        /// Of which call.
        call: CallId,
        /// Milliseconds of sound.
        duration_ms: u64,
    },
    /// A message is in a mailbox.
    Voicemail(Message),
    /// An alarm that is none of those before.
    Alarm {
        /// Its row.
        id: i64,
        /// What it says.
        alarm: Alarm,
        /// When.
        at: WallTime,
    },
    /// The settings changed.
    Settings {
        /// The version of them.
        version: i64,
        /// Who changed them.
        author: String,
        /// Why.
        reason: String,
    },
}

/// An event as receivers get it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    /// Its kind.
    pub(super) event: WebhookEvent,
    /// When it happened.
    pub(super) at: WallTime,
    /// Its facts, with the sentence as `text`.
    pub(super) data: Value,
}

/// Makes events of what happens; remembers calls and trunks, since what happens to them says little by itself.
#[derive(Debug, Default)]
pub(super) struct Teller {
    calls: HashMap<CallId, Call>,
    trunks: HashMap<String, &'static str>,
    phones: HashMap<String, bool>,
}

#[derive(Debug)]
struct Call {
    started: CallStarted,
    answered: bool,
}

/// Calls that are remembered; those beyond are told of without who it was.
const CALLS: usize = 2_000;

impl Teller {
    /// The event that receivers are told; `None`: none.
    pub(super) fn tell(&mut self, office: &Office, now: WallTime, happening: Happening) -> Option<Told> {
        match happening {
            Happening::Started(started) => Some(self.started(office, started)),
            Happening::Ended(ended) => Some(self.ended(office, &ended)),
            Happening::Missed(missed) => Some(self::missed(office, &missed)),
            Happening::Seen(event) => match &*event {
                Event::Call(view) => self.answered(office, view),
                Event::Registration { login, phone } => self.registration(office, now, login, phone),
                Event::Trunk(view) => self.trunk(office, view),
                _ => None,
            },
            Happening::Recorded { recording, call, duration_ms } => {
                Some(self.recorded(office, now, recording, call, duration_ms))
            }
            Happening::Voicemail(message) => Some(voicemail(office, &message)),
            Happening::Alarm { id, alarm, at } => Some(self::alarm(office, id, &alarm, at)),
            Happening::Settings { version, author, reason } => Some(settings(office, now, version, &author, &reason)),
        }
    }

    fn started(&mut self, office: &Office, started: CallStarted) -> Told {
        let (who, whom) = (party(office, &started.caller, &started.caller_name), party(office, &started.called, ""));
        let text = say(office, format!("Звонок: {who} → {whom}."), format!("Call: {who} → {whom}."));
        let (at, data) = (started.at, call_facts(office, &started, text));
        if self.calls.len() < CALLS {
            self.calls.insert(started.call, Call { started, answered: false });
        }
        Told { event: WebhookEvent::CallStarted, at, data }
    }

    /// Once a call.
    fn answered(&mut self, office: &Office, view: &CallView) -> Option<Told> {
        let at = view.answered_at?;
        let call = self.calls.get_mut(&view.call).filter(|call| !call.answered)?;
        call.answered = true;
        let who = party(office, &view.caller, &view.caller_name);
        let with = view.with.iter().map(|one| party(office, one, "")).collect::<Vec<_>>().join(", ");
        let text =
            say(office, format!("Разговор начался: {who} и {with}."), format!("Answered: {who} talks to {with}."));
        let mut data = call_facts(office, &call.started, text);
        data["answered_at"] = rfc3339(office, at).into();
        data["with"] = json!(view.with);
        Some(Told { event: WebhookEvent::CallAnswered, at, data })
    }

    fn ended(&mut self, office: &Office, ended: &CallEnded) -> Told {
        let outcome = outcome(office, ended.outcome);
        let mut data = match self.calls.remove(&ended.call) {
            Some(Call { started, .. }) => {
                let who = party(office, &started.caller, &started.caller_name);
                let whom = party(office, &started.called, "");
                let talk = ended.talk_ms / 1000;
                let length = format!("{}:{:02}", talk / 60, talk % 60);
                let text = say(
                    office,
                    format!("Звонок закончен: {who} → {whom}, {outcome}, разговор {length}."),
                    format!("Call ended: {who} → {whom}, {outcome}, talked {length}."),
                );
                call_facts(office, &started, text)
            }
            None => json!({
                "call": ended.call.to_string(),
                "text": say(office, format!("Звонок закончен: {outcome}."), format!("Call ended: {outcome}.")),
            }),
        };
        data["answered_at"] = ended.answered_at.map(|at| rfc3339(office, at)).into();
        data["answered_by"] = ended.answered_by.clone().into();
        data["ended_at"] = rfc3339(office, ended.at).into();
        data["outcome"] = ended.outcome.as_str().into();
        data["cause"] = ended.cause.into();
        data["status"] = ended.status.into();
        data["ring_seconds"] = (ended.ring_ms / 1000).into();
        data["talk_seconds"] = (ended.talk_ms / 1000).into();
        Told { event: WebhookEvent::CallEnded, at: ended.at, data }
    }

    /// Only when a telephone comes or goes, not when it moves.
    fn registration(&mut self, office: &Office, now: WallTime, login: &str, phone: &PhoneView) -> Option<Told> {
        let registered = !phone.contacts.is_empty();
        if self.phones.insert(login.to_owned(), registered) == Some(registered) {
            return None;
        }
        let extension = office.device_by_login(login).map(|(extension, _)| extension.number.clone());
        let who = extension.as_deref().map_or_else(|| login.to_owned(), |number| party(office, number, ""));
        let text = if registered {
            say(office, format!("Телефон подключился: {who}."), format!("Phone registered: {who}."))
        } else {
            say(office, format!("Телефон отключился: {who}."), format!("Phone went away: {who}."))
        };
        let contact = phone.contacts.first();
        let data = json!({
            "login": login,
            "extension": extension,
            "registered": registered,
            "address": contact.map(|contact| contact.peer.ip().to_string()),
            "user_agent": contact.map(|contact| contact.user_agent.as_str()),
            "text": text,
        });
        Some(Told { event: WebhookEvent::Registration, at: now, data })
    }

    fn trunk(&mut self, office: &Office, view: &TrunkView) -> Option<Told> {
        let code = trunk_state(&view.state);
        if view.state == TrunkState::Starting || self.trunks.insert(view.name.clone(), code) == Some(code) {
            return None;
        }
        let words = match &view.state {
            TrunkState::Registered | TrunkState::Reachable => ("работает", "works"),
            TrunkState::WrongPassword { .. } => ("оператор не принимает пароль", "the carrier refuses the password"),
            TrunkState::Refused { .. } => ("оператор отказал", "the carrier refuses"),
            TrunkState::Silent => ("сервер оператора не отвечает", "the carrier's server does not answer"),
            _ => ("имя сервера не найдено", "no server of that name"),
        };
        let status = match &view.state {
            TrunkState::WrongPassword { status } | TrunkState::Refused { status, .. } => Some(*status),
            _ => None,
        };
        let text = say(
            office,
            format!("Внешний номер «{}»: {}.", view.name, words.0),
            format!("Outside number “{}”: {}.", view.name, words.1),
        );
        let data = json!({ "trunk": view.name, "state": code, "status": status, "text": text });
        Some(Told { event: WebhookEvent::Trunk, at: view.since, data })
    }

    fn recorded(&self, office: &Office, now: WallTime, recording: RecordingId, call: CallId, duration_ms: u64) -> Told {
        let seconds = duration_ms / 1000;
        let text = say(
            office,
            format!("Готова запись разговора, {}:{:02}.", seconds / 60, seconds % 60),
            format!("A recording is ready, {}:{:02}.", seconds / 60, seconds % 60),
        );
        let (recording, call) = (recording.to_string(), call.to_string());
        let data = json!({ "recording": recording, "call": call, "seconds": seconds, "text": text });
        Told { event: WebhookEvent::Recording, at: now, data }
    }
}

fn missed(office: &Office, missed: &MissedCall) -> Told {
    let who = party(office, &missed.caller, &missed.caller_name);
    let whom = missed.extensions.iter().map(|one| party(office, one, "")).collect::<Vec<_>>().join(", ");
    let data = json!({
        "call": missed.call.to_string(),
        "started_at": rfc3339(office, missed.at),
        "caller": missed.caller,
        "caller_name": missed.caller_name,
        "extensions": missed.extensions,
        "text": say(
            office,
            format!("Пропущенный звонок: {who}. Звонили: {whom}."),
            format!("Missed call: {who}. Rang: {whom}."),
        ),
    });
    Told { event: WebhookEvent::MissedCall, at: missed.at, data }
}

fn voicemail(office: &Office, message: &Message) -> Told {
    let who = party(office, &message.caller, &message.caller_name);
    let whom = party(office, &message.extension, "");
    let length = format!("{}:{:02}", message.seconds / 60, message.seconds % 60);
    let data = json!({
        "message": message.id.to_string(),
        "extension": message.extension,
        "caller": message.caller,
        "caller_name": message.caller_name,
        "seconds": message.seconds,
        "text": say(
            office,
            format!("Голосовое сообщение для {whom}: {who}, {length}."),
            format!("Voice message for {whom}: {who}, {length}."),
        ),
    });
    Told { event: WebhookEvent::Voicemail, at: message.at, data }
}

fn alarm(office: &Office, id: i64, alarm: &Alarm, at: WallTime) -> Told {
    let data = json!({
        "alarm": id.to_string(),
        "kind": alarm.kind(),
        "severity": alarm.severity().as_str(),
        "extension": alarm.extension(),
        "address": alarm.address().map(|address| address.to_string()),
        "text": alarm.text(office, office.settings.language),
    });
    Told { event: WebhookEvent::Alarm, at, data }
}

fn settings(office: &Office, at: WallTime, version: i64, author: &str, reason: &str) -> Told {
    let data = json!({
        "version": version.to_string(),
        "author": author,
        "reason": reason,
        "text": say(office, format!("Настройки изменены: {author}."), format!("Settings changed by {author}.")),
    });
    Told { event: WebhookEvent::Settings, at, data }
}

/// What an attempt by hand sends.
pub(super) fn trial(office: &Office, at: WallTime) -> Value {
    let name = line(&office.settings.name);
    let data = json!({
        "text": say(
            office,
            format!("Проверка связи: станция «{name}» может сюда писать."),
            format!("A test: the exchange of “{name}” can write here."),
        ),
    });
    body(office, "test", at, "0", data)
}

/// The whole of what is sent.
pub(super) fn body(office: &Office, kind: &str, at: WallTime, id: &str, data: Value) -> Value {
    json!({ "id": id, "at": rfc3339(office, at), "type": kind, "data": data })
}

fn call_facts(office: &Office, started: &CallStarted, text: String) -> Value {
    json!({
        "call": started.call.to_string(),
        "direction": started.direction.as_str(),
        "caller": started.caller,
        "caller_name": started.caller_name,
        "called": started.called,
        "trunk": started.trunk,
        "started_at": rfc3339(office, started.at),
        "text": text,
    })
}

fn outcome(office: &Office, outcome: CallOutcome) -> String {
    let (ru, en) = match outcome {
        CallOutcome::Answered => ("поговорили", "answered"),
        CallOutcome::NoAnswer => ("не ответили", "not answered"),
        CallOutcome::Busy => ("занято", "busy"),
        CallOutcome::Abandoned => ("звонивший не дождался", "the caller hung up"),
        CallOutcome::Refused => ("не пропущен", "refused"),
        CallOutcome::Failed => ("не удался", "failed"),
        CallOutcome::Interrupted => ("оборван", "cut off"),
    };
    say(office, ru.to_owned(), en.to_owned())
}

fn say(office: &Office, ru: String, en: String) -> String {
    match office.settings.language {
        Language::Ru => ru,
        Language::En => en,
    }
}

/// Number and name, on one line.
fn party(office: &Office, number: &str, name: &str) -> String {
    let employee = office.extension(number).map(|extension| extension.employee.as_str());
    let name = line(employee.filter(|employee| !employee.is_empty()).unwrap_or(name));
    let is_outside = number.len() > LONGEST_EXTENSION && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_outside { format!("+{number}") } else { line(number) };
    match (number.is_empty(), name.is_empty() || name == number) {
        (true, _) => say(office, "номер скрыт".to_owned(), "number withheld".to_owned()),
        (false, true) => number,
        (false, false) => format!("{number} ({name})"),
    }
}

fn rfc3339(office: &Office, at: WallTime) -> String {
    let zone = jiff::tz::TimeZone::get(&office.settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// Names come from telephones and carriers: no control characters, and not without end.
fn line(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    plain.trim().to_owned()
}

/// Longer numbers are E.164 digits.
const LONGEST_EXTENSION: usize = 5;
/// Of a name in a sentence. Characters.
const LONGEST_NAME: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::cdr::CallDirection;

    fn started(call: u64) -> CallStarted {
        CallStarted {
            call: CallId(call),
            at: WallTime(1_795_605_600_000),
            direction: CallDirection::Inbound,
            caller: "79211234567".to_owned(),
            caller_name: "Пётр".to_owned(),
            called: "78126122981".to_owned(),
            trunk: Some("Билайн".to_owned()),
        }
    }

    fn view(call: u64, answered: bool) -> Happening {
        let started = started(call);
        Happening::Seen(Arc::new(Event::Call(CallView {
            call: started.call,
            started_at: started.at,
            answered_at: answered.then_some(WallTime(1_795_605_605_000)),
            direction: started.direction,
            caller: started.caller,
            caller_name: started.caller_name,
            called: started.called,
            with: vec!["201".to_owned()],
            state: crate::call::cdr::CallState::Talking,
            element: None,
            element_since: None,
            trunk: started.trunk,
        })))
    }

    #[test]
    fn a_call_is_told_when_it_begins_when_it_is_answered_once_and_when_it_ends() {
        let (office, now) = (Office::default(), WallTime(0));
        let mut teller = Teller::default();
        let began = teller.tell(&office, now, Happening::Started(started(1))).unwrap();
        assert_eq!(began.data["text"], "Звонок: +79211234567 (Пётр) → +78126122981.");
        assert_eq!(teller.tell(&office, now, view(1, false)), None);
        let answered = teller.tell(&office, now, view(1, true)).unwrap();
        assert_eq!((answered.event, &answered.data["with"]), (WebhookEvent::CallAnswered, &json!(["201"])));
        assert_eq!(teller.tell(&office, now, view(1, true)), None);
        assert_eq!(teller.tell(&office, now, view(2, true)), None, "one that nobody heard of");
        let ended = CallEnded {
            call: CallId(1),
            at: WallTime(1_795_605_667_000),
            outcome: CallOutcome::Answered,
            status: 0,
            cause: "caller_hung_up",
            answered_at: Some(WallTime(1_795_605_605_000)),
            answered_by: Some("201".to_owned()),
            ring_ms: 5000,
            talk_ms: 62_000,
            quality: [None, None],
        };
        let told = teller.tell(&office, now, Happening::Ended(ended.clone())).unwrap();
        assert_eq!((&told.data["talk_seconds"], &told.data["caller"]), (&json!(62), &json!("79211234567")));
        assert!(told.data["text"].as_str().unwrap().contains("1:02"));
        assert!(teller.calls.is_empty());
        let unknown = teller.tell(&office, now, Happening::Ended(ended)).unwrap();
        assert_eq!((&unknown.data["outcome"], unknown.data.get("caller")), (&json!("answered"), None));
    }

    #[test]
    fn telephones_and_trunks_are_told_when_they_come_or_go_and_not_in_between() {
        let (office, now) = (Office::default(), WallTime(0));
        let mut teller = Teller::default();
        let mut trunk = |state: TrunkState| {
            let view = TrunkView { name: "Билайн".to_owned(), state, since: now };
            let told = teller.tell(&office, now, Happening::Seen(Arc::new(Event::Trunk(view))));
            told.map(|told| told.data["state"].as_str().unwrap().to_owned())
        };
        assert_eq!(trunk(TrunkState::Starting), None);
        assert_eq!(trunk(TrunkState::Registered).as_deref(), Some("registered"));
        assert_eq!(trunk(TrunkState::Starting), None);
        assert_eq!(trunk(TrunkState::Registered), None);
        assert_eq!(trunk(TrunkState::Silent).as_deref(), Some("silent"));
        let mut phone = |contacts: usize| {
            let contact = crate::engine::live::ContactView {
                peer: "192.168.1.5:5060".parse().unwrap(),
                user_agent: "Yealink".to_owned(),
                expires_at: now,
            };
            let phone = PhoneView { contacts: vec![contact; contacts], since: now };
            let event = Event::Registration { login: "user201s0".to_owned(), phone };
            teller.tell(&office, now, Happening::Seen(Arc::new(event))).map(|told| told.data["registered"] == true)
        };
        assert_eq!([phone(1), phone(2), phone(0), phone(0)], [Some(true), None, Some(false), None]);
    }
}
