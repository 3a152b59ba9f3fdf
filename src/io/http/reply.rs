//! Answers: JSON, or problem details (RFC 9457) in the caller's language.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::words::{Said, Words};
use super::workers::COME;
use crate::io::store::StoreError;
use crate::office::Language;

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

pub(super) const JSON: &str = "application/json";
/// Fields at fault that one answer names: nobody mends more at once.
const MOST_FAULTS: usize = 100;
pub(super) const PROBLEM: &str = "application/problem+json";

impl Reply {
    /// 200 with JSON.
    pub(super) fn json(value: &Value) -> Self {
        Self { status: 200, headers: Vec::new(), content_type: JSON, body: value.to_string().into_bytes() }
    }

    /// 201 with JSON; where the new thing is.
    pub(super) fn created(value: &Value, location: &str) -> Self {
        Self { status: 201, ..Self::json(value) }.with("location", location)
    }

    /// 202 with JSON: it goes on.
    pub(super) fn accepted(value: &Value) -> Self {
        Self { status: 202, ..Self::json(value) }
    }

    /// 204.
    pub(super) fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), content_type: "", body: Vec::new() }
    }

    /// What lets a long body come; only the gate sees it.
    pub(super) fn come() -> Self {
        Self::empty().with(COME, "1")
    }

    /// 200 with text of some type.
    pub(super) fn text(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), content_type, body: body.into() }
    }

    /// As a file of another name.
    pub(super) fn named(mut self, disposition: String) -> Self {
        self.headers.retain(|(name, _)| *name != "content-disposition");
        self.with("content-disposition", disposition)
    }

    /// With a further header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Why a request is refused: what becomes a problem document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) status: u16,
    /// The last part of the problem's type, a word for programs.
    kind: &'static str,
    /// In a box: it is the largest part, and every handler's answer would be as large.
    detail: Box<Said>,
    faults: Vec<Fault>,
    referrers: Vec<Referrer>,
    headers: Vec<(&'static str, String)>,
}

/// Something that refers to what is to be removed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Referrer {
    /// As the office file spells it: `group`, `element`, `voicemail`.
    pub(super) kind: &'static str,
    /// Its number, name or id; empty of what is there once.
    pub(super) key: String,
    pub(super) text: Said,
    /// Where the page shows it.
    pub(super) href: String,
}

/// One field at fault: a JSON pointer into the body (RFC 6901), or the name of a query parameter.
#[derive(Debug, Clone, PartialEq)]
struct Fault {
    place: Place,
    detail: Said,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    Pointer(Cow<'static, str>),
    Parameter(String),
}

impl Problem {
    pub(super) fn new(status: u16, kind: &'static str, detail: Words) -> Self {
        Self {
            status,
            kind,
            detail: Box::new(Said::of(detail)),
            faults: Vec::new(),
            referrers: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// With words of this case.
    pub(super) fn saying(mut self, detail: Said) -> Self {
        *self.detail = detail;
        self
    }

    /// Names a field of the body.
    pub(super) fn at(mut self, pointer: impl Into<Cow<'static, str>>, detail: impl Into<Said>) -> Self {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { place: Place::Pointer(pointer.into()), detail: detail.into() });
        }
        self
    }

    /// Whether a field is named.
    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Names what refers to the thing.
    pub(super) fn referred(mut self, by: Vec<Referrer>) -> Self {
        self.referrers = by;
        self
    }

    /// Names a query parameter.
    pub(super) fn parameter(mut self, name: &str, detail: impl Into<Said>) -> Self {
        self.faults.push(Fault { place: Place::Parameter(name.to_owned()), detail: detail.into() });
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The document.
    pub(super) fn reply(self, language: Language) -> Reply {
        let mut document = json!({
            "type": format!("urn:dozvon:problem:{}", self.kind),
            "title": title(self.status),
            "status": self.status,
            "detail": self.detail.say(language),
        });
        if !self.faults.is_empty() {
            let errors: Vec<Value> = self.faults.iter().map(|fault| fault.json(language)).collect();
            document["errors"] = Value::Array(errors);
        }
        if !self.referrers.is_empty() {
            let referrers: Vec<Value> = self.referrers.iter().map(|referrer| referrer.json(language)).collect();
            document["references"] = Value::Array(referrers);
        }
        let body = document.to_string().into_bytes();
        Reply { status: self.status, headers: self.headers, content_type: PROBLEM, body }
    }
}

impl Fault {
    fn json(&self, language: Language) -> Value {
        match &self.place {
            Place::Pointer(pointer) => json!({ "pointer": pointer, "detail": self.detail.say(language) }),
            Place::Parameter(name) => json!({ "parameter": name, "detail": self.detail.say(language) }),
        }
    }
}

impl Referrer {
    fn json(&self, language: Language) -> Value {
        json!({ "kind": self.kind, "key": self.key, "text": self.text.say(language), "href": self.href })
    }
}

/// The phrase of a status: RFC 9457 §4.2.1 wants it as the title.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

/// The problems that more than one place has.
pub(super) mod problems {
    use super::{Problem, Words};

    pub(in crate::io::http) fn bad_request() -> Problem {
        Problem::new(400, "bad_request", Words::new("Запрос составлен неверно.", "The request is malformed."))
    }

    pub(in crate::io::http) fn not_signed_in() -> Problem {
        let detail = Words::new("Сначала войдите, или дайте ключ доступа.", "Sign in first, or give a token.");
        Problem::new(401, "not_signed_in", detail).with("www-authenticate", "Bearer realm=\"dozvon\"")
    }

    pub(in crate::io::http) fn viewer() -> Problem {
        let detail = Words::new(
            "Менять может только администратор, а ваша учётная запись смотрит.",
            "Only an administrator may change this; your account may look.",
        );
        Problem::new(403, "not_allowed", detail)
    }

    pub(in crate::io::http) fn csrf() -> Problem {
        let detail = Words::new(
            "В запросе нет метки X-CSRF-Token этого входа. Обновите страницу.",
            "The request lacks this session's X-CSRF-Token. Reload the page.",
        );
        Problem::new(403, "csrf", detail)
    }

    pub(in crate::io::http) fn must_change_password() -> Problem {
        let detail = Words::new(
            "Сначала смените одноразовый пароль: PUT /api/v1/session/password.",
            "Change the one-time password first: PUT /api/v1/session/password.",
        );
        Problem::new(403, "must_change_password", detail)
    }

    pub(in crate::io::http) fn not_found() -> Problem {
        Problem::new(404, "not_found", Words::new("Такого здесь нет.", "There is no such thing here."))
    }

    pub(in crate::io::http) fn method(allow: &str) -> Problem {
        let detail = Words::new("Так с этим обращаться нельзя.", "This can't be done to it.");
        Problem::new(405, "method_not_allowed", detail).with("allow", allow)
    }

    pub(in crate::io::http) fn timeout() -> Problem {
        let detail = Words::new("Запрос шёл слишком долго.", "The request took too long to arrive.");
        Problem::new(408, "timeout", detail)
    }

    pub(in crate::io::http) fn length_required() -> Problem {
        let detail = Words::new("Укажите длину тела: Content-Length.", "Say how long the body is: Content-Length.");
        Problem::new(411, "length_required", detail)
    }

    pub(in crate::io::http) fn too_large() -> Problem {
        let detail = Words::new("Тело запроса больше 64 кБ.", "The body is over 64 kB.");
        Problem::new(413, "too_large", detail)
    }

    pub(in crate::io::http) fn not_json() -> Problem {
        let detail = Words::new("Здесь нужен application/json.", "This takes application/json.");
        Problem::new(415, "not_json", detail)
    }

    pub(in crate::io::http) fn changed_meanwhile() -> Problem {
        let detail = Words::new(
            "Пока вы правили, это изменил кто-то другой. Обновите и внесите правку снова.",
            "Somebody else changed this meanwhile. Reload, and make your change again.",
        );
        Problem::new(412, "changed_meanwhile", detail)
    }

    pub(in crate::io::http) fn if_match_needed() -> Problem {
        let detail = Words::new(
            "Укажите в If-Match метку ETag того, что вы читали: так не потеряется чужая правка.",
            "Give the ETag of what you have read in If-Match, so that nobody's change is lost.",
        );
        Problem::new(428, "if_match_needed", detail)
    }

    pub(in crate::io::http) fn conflict() -> Problem {
        let detail = Words::new("Это противоречит другим настройкам.", "This contradicts other settings.");
        Problem::new(409, "conflict", detail)
    }

    pub(in crate::io::http) fn no_room() -> Problem {
        conflict().saying(Words::new("На диске мало места.", "The disk has too little room.").into())
    }

    pub(in crate::io::http) fn in_use() -> Problem {
        let detail = Words::new(
            "Это ещё используется. Выберите, чем заменить, или уберите отовсюду.",
            "This is still in use. Choose what takes its place, or take it out everywhere.",
        );
        Problem::new(409, "in_use", detail)
    }

    pub(in crate::io::http) fn expectation() -> Problem {
        let detail = Words::new("Такое ожидание (Expect) не выполнить.", "That expectation can't be met.");
        Problem::new(417, "expectation", detail)
    }

    pub(in crate::io::http) fn misdirected() -> Problem {
        let detail = Words::new(
            "Это имя не принадлежит станции. Откройте её по адресу, например https://192.168.1.10, или по её имени.",
            "This name is none of the box. Open it by its address, like https://192.168.1.10, or by its own name.",
        );
        Problem::new(421, "misdirected", detail)
    }

    pub(in crate::io::http) fn invalid() -> Problem {
        let detail = Words::new("Поправьте отмеченные поля.", "Mend the fields that are marked.");
        Problem::new(422, "invalid", detail)
    }

    pub(in crate::io::http) fn slow_down(seconds: u64) -> Problem {
        let detail = Words::new(
            "Слишком много неверных паролей с этого адреса. Подождите и попробуйте снова.",
            "Too many wrong passwords from this address. Wait and try again.",
        );
        Problem::new(429, "slow_down", detail).with("retry-after", seconds.to_string())
    }

    pub(in crate::io::http) fn head_too_large() -> Problem {
        let detail = Words::new("Заголовок запроса больше 16 кБ.", "The head of the request is over 16 kB.");
        Problem::new(431, "head_too_large", detail)
    }

    pub(in crate::io::http) fn busy(seconds: u64) -> Problem {
        let detail = Words::new(
            "Станция занята другими запросами. Повторите чуть позже.",
            "The box is busy with other requests. Try again in a moment.",
        );
        Problem::new(503, "busy", detail).with("retry-after", seconds.to_string())
    }

    pub(in crate::io::http) fn unavailable() -> Problem {
        let detail = Words::new(
            "Диск станции не отвечает. Звонки идут; повторите позже.",
            "The box's disk does not answer. Calls go on; try again later.",
        );
        Problem::new(503, "unavailable", detail).with("retry-after", "5")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "web: the store does not answer");
        problems::unavailable()
    }
}
