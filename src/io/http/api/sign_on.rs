//! `openid` and `ldap`: how people from outside sign in. The office file's tables as they are, without their secrets; and
//! «Проверить», which tries settings without saving them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Said;
use super::change::{Before, Place, change_to, etag, read_back};
use super::openid::{Asked, callback_url};
use super::tables::{self, Table};
use super::{Visit, sign_on_words as words};
use crate::io::out::ldap::{self, LdapError};
use crate::io::out::openid::Provider;
use crate::io::out::{OutError, Trust};
use crate::office::{LdapSecurity, Office, Word as _};

/// A table with its secret.
#[derive(Clone, Copy)]
struct Kind {
    table: &'static str,
    secret: &'static str,
}

const OPENID: Kind = Kind { table: "openid", secret: "client_secret" };
const LDAP: Kind = Kind { table: "ldap", secret: "bind_password" };

impl Kind {
    /// Tells whether there is a secret, and may come back as it was read.
    fn has(self) -> String {
        format!("has_{}", self.secret)
    }

    fn shown(self, office: &Office) -> Result<Value, Problem> {
        let mut table = tables::of(office, self.table, false)?.into_iter().next().unwrap_or_default();
        let secret = match self.table {
            "openid" => &office.openid.client_secret,
            _ => &office.ldap.bind_password,
        };
        table.insert(self.has(), Value::Bool(!secret.is_empty()));
        Ok(Value::Object(table))
    }

    /// The office with what `body` says.
    fn read(self, present: &Office, body: &Table) -> Result<Office, Problem> {
        let document = tables::document([(self.table, Value::Object(body.clone()))])?;
        read_back(&document, present, present, &Place::new(format!("/{}", self.table)))
    }

    fn given(self, mut body: Table) -> Result<Table, Problem> {
        for read in [self.has().as_str(), REDIRECT, SIGNED_OUT] {
            body.remove(read);
        }
        tables::spellable(&mut body)?;
        Ok(body)
    }
}

/// What the provider must be told of us, beside the settings: known from how the page was called.
const REDIRECT: &str = "redirect_uri";
const SIGNED_OUT: &str = "signed_out_uri";

pub(super) fn get_openid(visit: &Visit<'_>) -> Result<Reply, Problem> {
    get(visit, OPENID)
}

pub(super) fn put_openid(visit: &Visit<'_>) -> Result<Reply, Problem> {
    put(visit, OPENID)
}

pub(super) fn get_ldap(visit: &Visit<'_>) -> Result<Reply, Problem> {
    get(visit, LDAP)
}

pub(super) fn put_ldap(visit: &Visit<'_>) -> Result<Reply, Problem> {
    put(visit, LDAP)
}

fn get(visit: &Visit<'_>, kind: Kind) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    answer(visit, &visit.office, kind)
}

/// PUT: what is left out is that of a new box, but the secret, which stays.
fn put(visit: &Visit<'_>, kind: Kind) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let body = kind.given(visit.ask.json()?)?;
    let before = |office: &Office| kind.shown(office);
    let reason = format!("{} changed", kind.table);
    let office: Arc<Office> = change_to(visit, &reason, Before::Seen(&before), |present| kind.read(present, &body))?;
    answer(visit, &office, kind)
}

fn answer(visit: &Visit<'_>, office: &Office, kind: Kind) -> Result<Reply, Problem> {
    let mut shown = kind.shown(office)?;
    let tag = etag(&shown);
    if kind.table == OPENID.table {
        let url = callback_url(visit);
        shown[SIGNED_OUT] = format!("{}/", url.split("/auth/").next().unwrap_or_default()).into();
        shown[REDIRECT] = url.into();
    }
    Ok(Reply::json(&shown).with("etag", tag))
}

/// One thing that was tried.
struct Step {
    what: &'static str,
    /// `None`: not quite wrong.
    good: Option<bool>,
    text: Said,
}

impl Step {
    fn good(what: &'static str, text: impl Into<Said>) -> Self {
        Self { what, good: Some(true), text: text.into() }
    }

    fn bad(what: &'static str, text: impl Into<Said>) -> Self {
        Self { what, good: Some(false), text: text.into() }
    }

    fn warn(what: &'static str, text: impl Into<Said>) -> Self {
        Self { what, good: None, text: text.into() }
    }
}

fn told(visit: &Visit<'_>, steps: &[Step], role: Option<&str>) -> Reply {
    let shown = |step: &Step| {
        let state = step.good.map_or("warning", |good| if good { "ok" } else { "bad" });
        json!({ "what": step.what, "state": state, "text": step.text.say(visit.language()) })
    };
    Reply::json(&json!({
        "works": steps.iter().all(|step| step.good != Some(false)),
        "steps": steps.iter().map(shown).collect::<Vec<Value>>(),
        "role": role,
    }))
}

/// POST `openid/check`: the body is what PUT takes.
pub(super) fn check_openid(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mut body = OPENID.given(visit.ask.json()?)?;
    body.insert("enabled".to_owned(), Value::Bool(true));
    let office = OPENID.read(&visit.office, &body)?;
    let _turn = visit.house.turns.take()?;
    let asked = Asked::for_check(visit, "/auth/openid/callback", &office);
    let asking = asked.asking(&office);
    let mut steps = Vec::new();
    match Provider::discover(asking) {
        Err(error) => steps.push(Step::bad("provider", words::openid(&error, &office.openid))),
        Ok(provider) => {
            steps.push(Step::good("provider", words::PROVIDER));
            steps.push(match provider.try_client(asking) {
                Ok(()) => Step::good("client", words::CLIENT),
                Err(error) => Step::bad("client", words::openid(&error, &office.openid)),
            });
        }
    }
    if office.openid.admin_values.is_empty() && office.openid.viewer_values.is_empty() {
        steps.push(Step::bad("role", words::NO_VALUES));
    }
    if office.openid.trust_any_certificate {
        steps.push(Step::warn("certificate", words::ANY_CERTIFICATE));
    }
    Ok(told(visit, &steps, None))
}

/// POST `ldap/check`: what PUT takes, and perhaps `login` and `password` of somebody.
pub(super) fn check_ldap(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mut body: Table = visit.ask.json()?;
    let login = text(&mut body, "login")?;
    let password = text(&mut body, "password")?;
    let mut body = LDAP.given(body)?;
    body.insert("enabled".to_owned(), Value::Bool(true));
    let office = LDAP.read(&visit.office, &body)?;
    let _turn = visit.house.turns.take()?;
    let trust = Trust::of(&office.authorities, office.ldap.trust_any_certificate);
    let asking = ldap::Asking { ldap: &office.ldap, trust: &trust, outgoing: visit.house.outgoing };
    let looked = asking.look(login.as_deref(), password.as_deref());
    let mut steps = steps_of(&looked, &office);
    let mut role = None;
    if let Some(Ok(Some(person))) = &looked.searched {
        role = office.ldap.role(&person.groups);
        steps.push(match role {
            Some(role) => Step::good("role", words::role(role)),
            None => Step::bad("role", words::no_role(&person.groups)),
        });
    }
    if office.ldap.admin_groups.is_empty() && office.ldap.viewer_groups.is_empty() && role.is_none() {
        steps.push(Step::bad("role", words::NO_GROUPS));
    }
    if office.ldap.security == LdapSecurity::None {
        steps.push(Step::warn("security", words::UNPROTECTED));
    } else if office.ldap.trust_any_certificate {
        steps.push(Step::warn("certificate", words::ANY_CERTIFICATE));
    }
    Ok(told(visit, &steps, role.map(|role| role.word())))
}

fn steps_of(looked: &ldap::Looked, office: &Office) -> Vec<Step> {
    let wrong = |error: &LdapError| words::ldap(error, &office.ldap);
    let mut steps = Vec::new();
    match &looked.connected {
        Some(Ok(())) => steps.push(Step::good("connection", words::CONNECTED)),
        Some(Err(error)) => steps.push(Step::bad("connection", wrong(error))),
        None => steps.push(Step::bad("connection", words::out(&OutError::Silent))),
    }
    match &looked.bound {
        Some(Ok(())) if office.ldap.bind_dn.is_empty() && office.ldap.user_dn.is_empty() => {
            steps.push(Step::good("bind", words::BOUND_AS_NOBODY));
        }
        Some(Ok(())) => steps.push(Step::good("bind", words::BOUND)),
        Some(Err(error)) => steps.push(Step::bad("bind", wrong(error))),
        None if looked.connected == Some(Ok(())) => steps.push(Step::warn("bind", words::NEEDS_PASSWORD)),
        None => {}
    }
    match &looked.searched {
        Some(Ok(Some(person))) => steps.push(Step::good("search", words::found(&person.dn))),
        Some(Ok(None)) => steps.push(Step::good("search", words::SEARCHED)),
        Some(Err(error)) => steps.push(Step::bad("search", wrong(error))),
        None => {}
    }
    match &looked.password {
        Some(Ok(())) => steps.push(Step::good("password", words::PASSWORD)),
        Some(Err(error)) => steps.push(Step::bad("password", wrong(error))),
        None => {}
    }
    steps
}

/// A text that may be there, taken out of the body.
fn text(body: &mut Table, key: &str) -> Result<Option<String>, Problem> {
    match body.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(problems::invalid().at(format!("/{key}"), words::TEXT)),
    }
}
