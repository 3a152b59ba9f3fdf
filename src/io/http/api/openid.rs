//! `/auth/…`: signing in at an OpenID provider. A browser is sent there and comes back with a code; what became of it is told to the
//! page as a word in its address, since nobody reads JSON on the way.
//!
//! The answer on the way back is a redirect to our own page. The session's cookie is SameSite=Strict: a browser keeps it, though the
//! navigation began at the provider, and the page that it then loads needs no cookie; what that page asks for by itself is of the
//! same site and carries it.

use serde_json::json;

use super::super::guests::{Guest, Proof, TICKET_COOKIE, TICKET_LIFE};
use super::super::reply::{Problem, Reply};
use super::super::workers::HOST;
use super::Visit;
use super::session::{cookie, from};
use super::{audit, session};
use crate::io::clock;
use crate::io::out::openid::{Asking, OpenidError, Provider};
use crate::io::out::{OutError, Trust};
use crate::office::Office;

/// Where a provider sends people back to.
const CALLBACK: &str = "/auth/openid/callback";
/// The longest code and state that are looked at. Bytes.
const LONGEST_CODE: usize = 4_096;

/// How a sign-in ended in vain: a word that the page has a sentence for.
type Refusal = &'static str;

/// GET: how one may sign in besides by password. Open: the sign-in page asks.
pub(super) fn methods(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let openid = &visit.office.openid;
    let shown = openid.enabled.then(|| json!({ "name": openid.name, "href": "/auth/openid" }));
    Ok(Reply::json(&json!({ "openid": shown })))
}

/// GET: sends a browser to the provider.
pub(super) fn start(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    Ok(match to_provider(visit) {
        Ok((url, ticket)) => see(&url).with("set-cookie", ticket),
        Err(refusal) => to_page(refusal),
    })
}

fn to_provider(visit: &Visit<'_>) -> Result<(String, String), Refusal> {
    let asked = Asked::of(visit, CALLBACK)?;
    let tickets = &visit.house.tickets;
    let now = clock::wall();
    let ticket = tickets.open(now);
    let secrets = tickets.secrets(&ticket, now).ok_or("provider")?;
    let _turn = visit.house.turns.take().map_err(|_| "busy")?;
    let asking = asked.asking(&visit.office);
    let url = visit.house.provider.provider(asking, visit.house.clock.now());
    let url = url.and_then(|provider| provider.sign_in_url(asking, &secrets)).map_err(|error| told(&error))?;
    Ok((url, format!("{TICKET_COOKIE}={ticket}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={TICKET_LIFE}")))
}

/// GET: a browser comes back from the provider.
pub(super) fn callback(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let gone = format!("{TICKET_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    let reply = match came_back(visit) {
        Ok(cookie) => see("/").with("set-cookie", cookie),
        Err(refusal) => to_page(refusal),
    };
    Ok(reply.with("set-cookie", gone))
}

fn came_back(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (house, query) = (visit.house, &visit.ask.query);
    let asked = Asked::of(visit, CALLBACK)?;
    let given = |name: &str| query.get(name).filter(|text| text.len() <= LONGEST_CODE);
    let ticket = visit.ask.cookie(TICKET_COOKIE).unwrap_or_default();
    let secrets = house.tickets.redeem(ticket, given("state").unwrap_or_default(), clock::wall()).ok_or("stale")?;
    let Some(code) = given("code") else { return Err(if query.get("error").is_some() { "declined" } else { "stale" }) };
    let now = house.clock.now();
    house.door.count(visit.ask.peer, now).map_err(|_| "wait")?;
    let _turn = house.turns.take().map_err(|_| "busy")?;
    let asking = asked.asking(&visit.office);
    let provider = house.provider.provider(asking, now).map_err(|error| refused(visit, "", told(&error)))?;
    let identity = match provider.identify(asking, code, &secrets) {
        // A code is spent by the first try, so that whoever meets new keys tries again by hand, and then they are known.
        Err(error) if error.is_of_old_keys() => {
            let _ = house.provider.ask(asking, now);
            Err(refused(visit, "", told(&error)))
        }
        other => other.map_err(|error| refused(visit, "", told(&error))),
    }?;
    let openid = &visit.office.openid;
    let login = identity.login;
    let proof = Proof::Openid {
        issuer: openid.issuer.clone(),
        client_id: openid.client_id.clone(),
        id_token: identity.id_token,
    };
    let guest = Guest { login: login.clone(), values: identity.values, proof };
    let opened = house.sessions.open_guest(guest, &visit.office, from(visit), now);
    let (secret, signed_in) = opened.ok_or_else(|| refused(visit, &login, "no_role"))?;
    house.door.forgive(visit.ask.peer);
    session::note_sign_in(visit, &signed_in);
    Ok(cookie(&secret))
}

/// Where to send somebody who signs out, so that the provider forgets him too.
pub(super) fn sign_out_url(visit: &Visit<'_>, id_token: &str) -> Option<String> {
    let asked = Asked::of(visit, "/").ok()?;
    let _turn = visit.house.turns.take().ok()?;
    let asking = asked.asking(&visit.office);
    let provider: Provider = visit.house.provider.provider(asking, visit.house.clock.now()).ok()?;
    provider.sign_out_url(asking, id_token)
}

/// Keeps that it was in vain.
fn refused(visit: &Visit<'_>, login: &str, refusal: Refusal) -> Refusal {
    tracing::warn!(peer = %visit.ask.peer, refusal, "web: sign-in by OpenID refused");
    audit::keep(visit, login, "sign_in_refused", &format!("openid: {refusal}"), None);
    refusal
}

fn told(error: &OpenidError) -> Refusal {
    tracing::warn!(%error, "web: the OpenID provider is of no use");
    match error {
        OpenidError::Out(OutError::Certificate(_)) => "certificate",
        OpenidError::Out(_) => "silent",
        OpenidError::Client(_) => "client",
        OpenidError::Expired(_) => "clock",
        OpenidError::Code(_) => "stale",
        OpenidError::Token(_) => "token",
        OpenidError::Status(_) | OpenidError::Unreadable(_) | OpenidError::OtherIssuer(_) | OpenidError::Plain(_) => {
            "provider"
        }
    }
}

/// What a question to the provider needs beside the settings.
pub(super) struct Asked<'a> {
    visit: &'a Visit<'a>,
    trust: Trust,
    back: String,
}

impl<'a> Asked<'a> {
    /// `off` when there is no provider to ask.
    fn of(visit: &'a Visit<'_>, path: &str) -> Result<Self, Refusal> {
        let asked = Self::for_check(visit, path, &visit.office);
        if visit.office.openid.enabled { Ok(asked) } else { Err("off") }
    }

    /// The same for settings that are not in force.
    pub(super) fn for_check(visit: &'a Visit<'_>, path: &str, office: &Office) -> Self {
        let trust = Trust::of(&office.authorities, office.openid.trust_any_certificate);
        Self { visit, trust, back: format!("https://{}{path}", host(visit)) }
    }

    pub(super) fn asking<'b>(&'b self, office: &'b Office) -> Asking<'b> {
        let outgoing = self.visit.house.outgoing;
        Asking { openid: &office.openid, trust: &self.trust, outgoing, back: &self.back }
    }
}

/// Where a provider sends people back to, for the settings' page.
pub(super) fn callback_url(visit: &Visit<'_>) -> String {
    format!("https://{}{CALLBACK}", host(visit))
}

/// As what the browser called us: the gate has found that it is a name of ours.
fn host<'a>(visit: &'a Visit<'_>) -> &'a str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    visit.ask.header(HOST).filter(|host| host.bytes().all(is_plain)).unwrap_or("localhost")
}

fn to_page(refusal: Refusal) -> Reply {
    see(&format!("/?sign_in={refusal}"))
}

/// 303: RFC 9110 §15.4.4.
fn see(url: &str) -> Reply {
    Reply { status: 303, ..Reply::empty() }.with("location", url)
}
