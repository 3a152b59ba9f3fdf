//! `mail`: how mail leaves the box. The password goes in and never comes out.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::Visit;
use super::change::{Before, Place, change, shown};
use crate::office::{Mail, MailSecurity, Office, Word as _};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Given {
    server: String,
    port: u16,
    security: Option<String>,
    trust_any_certificate: bool,
    login: String,
    /// Left out: the present one stays.
    password: Option<String>,
    /// As it was read; it changes nothing.
    #[serde(rename = "has_password")]
    _has_password: Option<bool>,
    from: String,
    missed_calls: bool,
    admin: String,
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    show(&visit.office).map(|mail| shown(&mail))
}

pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let given: Given = visit.ask.json()?;
    let security = match given.security.as_deref() {
        None => MailSecurity::default(),
        Some(word) => MailSecurity::from_word(word).ok_or_else(|| {
            let detail = Words::new("starttls, tls или none.", "starttls, tls or none.");
            problems::invalid().at("/security", detail)
        })?,
    };
    let office = change(visit, "mail changed", Before::Seen(&show), |office| {
        let kept = std::mem::take(&mut office.mail.password);
        office.mail = Mail {
            server: given.server,
            port: given.port,
            security,
            trust_any_certificate: given.trust_any_certificate,
            login: given.login,
            password: given.password.unwrap_or(kept),
            from: given.from,
            missed_calls: given.missed_calls,
            admin: given.admin,
        };
        Ok(Place::new("/mail"))
    })?;
    show(&office).map(|mail| shown(&mail))
}

fn show(office: &Office) -> Result<Value, Problem> {
    let mail = &office.mail;
    Ok(json!({
        "server": mail.server,
        "port": mail.port,
        "security": mail.security.word(),
        "trust_any_certificate": mail.trust_any_certificate,
        "login": mail.login,
        "has_password": !mail.password.is_empty(),
        "from": mail.from,
        "missed_calls": mail.missed_calls,
        "admin": mail.admin,
    }))
}
