//! One attempt: an HTTP request to a receiver, and what its answer means. The whole address and what proves us stay here: neither
//! log nor list ever sees a Telegram token, which is in the address.

use hmac::{Hmac, Mac as _};
use hyper::{Method, Request, Response};
use serde_json::{Value, json};
use sha2::Sha256;

use super::queue::Verdict;
use crate::base::{Duration, WallTime};
use crate::io::http;
use crate::io::out::{OutError, Outgoing, Trust, fetch};
use crate::office::{Authority, Webhook, WebhookFormat};

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What to do next.
    pub verdict: Verdict,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// What is wrong for a person, in Russian and in English; empty: nothing.
    pub why: [String; 2],
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter<'a> {
    /// The event's word.
    pub(super) event: &'a str,
    /// JSON.
    pub(super) body: &'a str,
    /// Of this attempt: what the signature is for.
    pub(super) at: WallTime,
}

/// Sends one event, and waits for the answer, some seconds at most.
pub(super) fn send(webhook: &Webhook, letter: Letter<'_>, authorities: &[Authority], outgoing: Outgoing) -> Sent {
    let Some(request) = request(webhook, letter) else {
        let why = ["Адрес получателя неверен.", "The receiver's address is wrong."].map(str::to_owned);
        return Sent { verdict: Verdict::Later(None), status: None, why };
    };
    // Unprotected, it must not leave the office, whatever the name says by now.
    let outgoing = Outgoing { home_only: webhook.url.starts_with("http://"), ..outgoing };
    match fetch(request, &Trust::new(authorities), outgoing) {
        Ok(answer) => judge(webhook.format, &answer),
        Err(error) => {
            let why = match error {
                OutError::Address(_) => {
                    ["Адрес получателя неверен.", "The receiver's address is wrong."].map(str::to_owned)
                }
                error => http::why(&error),
            };
            Sent { verdict: Verdict::Later(None), status: None, why }
        }
    }
}

fn request(webhook: &Webhook, letter: Letter<'_>) -> Option<Request<Vec<u8>>> {
    let Letter { event, body, at } = letter;
    let head = Request::builder().method(Method::POST).header("content-type", "application/json");
    match webhook.format {
        WebhookFormat::Generic => {
            let head = head.uri(&webhook.url).header("dozvon-event", event);
            let head = match webhook.secret.as_str() {
                "" => head,
                secret => head.header("dozvon-signature", signature(secret, at, body)),
            };
            head.body(body.as_bytes().to_vec()).ok()
        }
        WebhookFormat::Telegram => {
            let uri = format!("{}/bot{}/sendMessage", webhook.url.trim_end_matches('/'), webhook.secret);
            let said = serde_json::from_str::<Value>(body).ok()?;
            let text: String = said.pointer("/data/text")?.as_str()?.chars().take(LONGEST_TEXT).collect();
            let body = json!({ "chat_id": webhook.chat, "text": text }).to_string();
            head.uri(uri).body(body.into_bytes()).ok()
        }
    }
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 (RFC 2104) of the time, a full stop and the body, so that nobody sends an old event again unnoticed.
pub fn signature(secret: &str, at: WallTime, body: &str) -> String {
    let seconds = at.millis() / 1000;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

fn judge(format: WebhookFormat, answer: &Response<Vec<u8>>) -> Sent {
    let status = answer.status().as_u16();
    let wanted = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let (verdict, why) = match status {
        200..=299 => (Verdict::Taken, [String::new(), String::new()]),
        300..=399 => (
            Verdict::Later(None),
            [
                format!(
                    "Получатель отсылает на другой адрес ({status}), станция туда не идёт. Впишите конечный адрес."
                ),
                format!("The receiver redirects ({status}), which the box does not follow. Enter the final address."),
            ],
        ),
        // about this very event, and no better the next time
        400 | 413 | 414 | 415 | 422 => (Verdict::Refused, refused(format, status, answer.body())),
        _ => (Verdict::Later(wanted.map(Duration::from_secs)), refused(format, status, answer.body())),
    };
    Sent { verdict, status: Some(status), why }
}

/// With what Telegram says of it: `{"ok":false,"description":"Bad Request: chat not found"}`.
fn refused(format: WebhookFormat, status: u16, body: &[u8]) -> [String; 2] {
    let said = (format == WebhookFormat::Telegram)
        .then(|| serde_json::from_slice::<Value>(body).ok()?.get("description")?.as_str().map(plain))
        .flatten()
        .map(|said| format!(": {said}"))
        .unwrap_or_default();
    match (format, status) {
        (WebhookFormat::Telegram, 401 | 404) => [
            "Telegram не знает такого бота. Проверьте токен.".to_owned(),
            "Telegram knows no such bot. Check the token.".to_owned(),
        ],
        _ => [format!("Получатель отказался ({status}{said})."), format!("The receiver refused ({status}{said}).")],
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST_SAID).collect()
}

/// Telegram takes 4096 characters.
const LONGEST_TEXT: usize = 4000;
/// Of what a receiver says.
const LONGEST_SAID: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::WebhookEvent;

    fn webhook(format: WebhookFormat, url: &str, secret: &str) -> Webhook {
        Webhook {
            name: "hook".to_owned(),
            url: url.to_owned(),
            format,
            chat: "-100".to_owned(),
            secret: secret.to_owned(),
            events: vec![WebhookEvent::Alarm],
            enabled: true,
        }
    }

    #[test]
    fn the_signature_is_what_openssl_makes_of_time_and_body() {
        // printf '1795605600.{"id":"1"}' | openssl dgst -sha256 -hmac secret
        let signed = signature("secret", WallTime(1_795_605_600_999), r#"{"id":"1"}"#);
        assert_eq!(signed, "t=1795605600,v1=0e1f7cebb083dfe6893e38e32bd7d578fe6ba6db439327e081afceffbd888411");
    }

    #[test]
    fn telegram_gets_the_sentence_and_its_token_only_in_the_address() {
        let telegram = webhook(WebhookFormat::Telegram, "https://api.telegram.org", "123:secret-word");
        let letter = Letter { event: "alarm", body: r#"{"data":{"text":"Диск полон."}}"#, at: WallTime(0) };
        let request = request(&telegram, letter).unwrap();
        assert_eq!(request.uri(), "https://api.telegram.org/bot123:secret-word/sendMessage");
        assert!(request.headers().values().all(|value| !value.to_str().unwrap().contains("secret-word")));
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, json!({ "chat_id": "-100", "text": "Диск полон." }));
    }

    #[test]
    fn an_answer_says_whether_to_try_again() {
        let answer = |status: u16, retry: &str| {
            let answer = Response::builder().status(status).header("retry-after", retry);
            judge(WebhookFormat::Generic, &answer.body(Vec::new()).unwrap()).verdict
        };
        assert_eq!(answer(204, ""), Verdict::Taken);
        assert_eq!(answer(302, ""), Verdict::Later(None));
        assert_eq!(answer(400, ""), Verdict::Refused);
        assert_eq!(answer(404, ""), Verdict::Later(None));
        assert_eq!(answer(503, "120"), Verdict::Later(Some(Duration::from_secs(120))));
        let said = br#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
        let answer = Response::builder().status(403).body(said.to_vec()).unwrap();
        let sent = judge(WebhookFormat::Telegram, &answer);
        assert!(sent.why[1].contains("bot was blocked by the user"), "{:?}", sent.why);
    }
}
