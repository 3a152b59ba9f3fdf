//! Who learns what happens: `[notices]`, `[[webhook]]`, `[syslog]`.

use super::fault::Fault;
use super::fields::Fields;
use super::nouns::{is_email, is_host_port};
use crate::office::notices::{is_token, is_webhook_url, split_token};
use crate::office::{
    ALARM_KINDS, NOTICE_ADDRESSES, Notices, Syslog, SyslogTransport, TELEGRAM, Webhook, WebhookEvent, WebhookFormat,
    Word as _,
};

pub(super) fn notices(fields: &mut Fields<'_, '_>) -> Notices {
    let notices = Notices {
        mail: fields.texts("mail").unwrap_or_default(),
        kinds: fields.texts("kinds").unwrap_or_default(),
        language: fields.word_or("language", crate::office::NoticeLanguage::default()),
    };
    if notices.mail.len() > NOTICE_ADDRESSES {
        let fault = Fault::TooMany { most: NOTICE_ADDRESSES };
        fields.fault("mail", fault, format_args!("`mail` has more than {NOTICE_ADDRESSES} addresses"));
    }
    for (nth, address) in notices.mail.iter().enumerate() {
        if !is_email(address) {
            let at = fields.item("mail", nth);
            fields.fault_at(at, Fault::Address, format_args!("`mail` \"{address}\" is no address"));
        } else if notices.mail.iter().take(nth).any(|other| other == address) {
            let at = fields.item("mail", nth);
            fields.fault_at(at, Fault::Twice(address.clone()), format_args!("`mail` {address} is named twice"));
        }
    }
    words(fields, "kinds", &notices.kinds, &ALARM_KINDS);
    notices
}

pub(super) fn syslog(fields: &mut Fields<'_, '_>) -> Syslog {
    let syslog = Syslog {
        enabled: fields.flag_or("enabled", false),
        server: fields.text_or("server", ""),
        transport: fields.word_or("transport", SyslogTransport::default()),
    };
    if syslog.server.is_empty() {
        if syslog.enabled {
            fields.fault("server", Fault::Missing, "`server` is missing; the log needs somewhere to go");
        }
    } else if !is_host_port(&syslog.server) {
        fields.fault("server", Fault::Host, format_args!("`server` \"{}\" is no host", syslog.server));
    }
    syslog
}

pub(super) fn webhook(fields: &mut Fields<'_, '_>) -> Webhook {
    fields.name_by("webhook", "name");
    let name = fields.required("name");
    let format: WebhookFormat = fields.word_or("format", WebhookFormat::default());
    let given = match format {
        WebhookFormat::Generic => fields.required("url"),
        WebhookFormat::Telegram => fields.text_or("url", TELEGRAM),
    };
    let chat = fields.text_or("chat", "");
    let given_secret = fields.text_or("secret", "");
    let (url, secret) = match split_token(&given).filter(|_| format == WebhookFormat::Telegram) {
        Some((server, token)) => (server, token),
        None if given.is_empty() && format == WebhookFormat::Telegram => (TELEGRAM.to_owned(), given_secret),
        None => (given, given_secret),
    };
    if !url.is_empty() && !is_webhook_url(&url) {
        // The address may hold what is secret, so it isn't repeated.
        fields.fault("url", Fault::WebhookUrl, "`url` is no https address, nor an http address of a home network");
    }
    if format == WebhookFormat::Telegram {
        if chat.is_empty() {
            fields.fault("chat", Fault::Missing, "`chat` is missing; Telegram must know which chat");
        }
        if !secret.is_empty() && !is_token(&secret) {
            fields.fault("secret", Fault::TelegramToken, "`secret` is no token of a Telegram bot");
        }
    }
    let given = fields.texts("events").unwrap_or_default();
    let all: Vec<&str> = WebhookEvent::WORDS.iter().map(|(word, _)| *word).collect();
    words(fields, "events", &given, &all);
    let events = given.iter().filter_map(|word| WebhookEvent::from_word(word)).collect();
    Webhook { name, url, format, chat, secret, events, enabled: fields.flag_or("enabled", true) }
}

/// Each is one of `known`, and each once.
fn words(fields: &Fields<'_, '_>, key: &'static str, given: &[String], known: &[&str]) {
    for (nth, word) in given.iter().enumerate() {
        let at = fields.item(key, nth);
        if !known.contains(&word.as_str()) {
            fields.no_such_word(at, key, word, known.iter().copied());
        } else if given.iter().take(nth).any(|other| other == word) {
            fields.fault_at(at, Fault::Twice(word.clone()), format_args!("`{key}` names {word} twice"));
        }
    }
}
