//! `session`: sign-in with its second step, who am I, sign-out, the change of one's own password and of one's own second factor.

use serde::Deserialize;
use serde_json::json;

use super::super::guests::{Guest, Proof};
use super::super::reply::{Problem, Reply, problems};
use super::super::second_factor;
use super::super::sessions::{COOKIE, From, SESSION_IDLE, SignedIn};
use super::super::sign_in::weakness;
use super::super::words::Words;
use super::{Visit, Who, audit, openid};
use crate::base::{Instant, Rng};
use crate::guard::Alarm;
use crate::io::accounts::Origin;
use crate::io::clock;
use crate::io::out::Trust;
use crate::io::out::ldap::{Asking, LdapError};
use crate::io::store::SecondFactor;
use crate::office::{Office, Role};

/// The longest name of a browser that is kept. Characters.
const LONGEST_AGENT: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
    /// Of the second factor, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Password {
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current: String,
    new: String,
}

/// POST: signs in.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let given: SignIn = visit.ask.json()?;
    let now = visit.house.clock.now();
    let right = visit.house.door.check_first(&visit.office, &given.login, &given.password, visit.ask.peer, now)?;
    let user = visit.office.users.iter().find(|user| right && user.login == given.login);
    let Some(user) = user else {
        if asks_directory(&visit.office, &given.login) {
            return by_directory(visit, &given, now);
        }
        tracing::warn!(peer = %visit.ask.peer, "web: sign-in refused");
        audit::keep(visit, &given.login, "sign_in_refused", "password", None);
        tell_guessing(visit);
        return Err(wrong_sign_in());
    };
    prove_second_factor(visit, &user.login, given.code.as_deref())?;
    visit.house.door.forgive(visit.ask.peer);
    let (secret, signed_in) = visit.house.sessions.open(user, from(visit), now);
    note_sign_in(visit, &signed_in);
    let has_factor = visit.house.exchange.second_factor(&user.login)?.is_some();
    Ok(describe(&signed_in, has_factor).with("set-cookie", cookie(&secret)))
}

fn tell_guessing(visit: &Visit<'_>) {
    if visit.house.door.is_guessing(visit.ask.peer) {
        visit.house.exchange.raise(Alarm::PageGuessing { address: visit.ask.peer });
    }
}

/// Whether this login may be one of the directory: those of local accounts never are, so that a directory that is dead, or not ours any
/// more, locks nobody out and takes nobody's place.
fn asks_directory(office: &Office, login: &str) -> bool {
    let login = login.to_lowercase();
    office.ldap.enabled && !office.users.iter().any(|user| user.login.to_lowercase() == login)
}

fn by_directory(visit: &Visit<'_>, given: &SignIn, now: Instant) -> Result<Reply, Problem> {
    let ldap = &visit.office.ldap;
    let refused = |login: &str, why: &str| {
        tracing::warn!(peer = %visit.ask.peer, why, "web: sign-in by the directory refused");
        audit::keep(visit, login, "sign_in_refused", &format!("ldap: {why}"), None);
    };
    let person = {
        let _turn = visit.house.turns.take()?;
        let trust = Trust::of(&visit.office.authorities, ldap.trust_any_certificate);
        let asking = Asking { ldap, trust: &trust, outgoing: visit.house.outgoing };
        asking.sign_in(&given.login, &given.password)
    };
    let person = person.map_err(|error| match error {
        LdapError::WrongPassword | LdapError::NotFound => {
            refused(&given.login, "password");
            tell_guessing(visit);
            wrong_sign_in()
        }
        other => {
            tracing::warn!(error = %other, "web: the directory is of no use");
            refused(&given.login, "directory");
            no_directory()
        }
    })?;
    let login = person.login;
    let guest =
        Guest { login: login.clone(), values: person.groups, proof: Proof::Ldap { server: ldap.server.clone() } };
    let opened = visit.house.sessions.open_guest(guest, &visit.office, from(visit), now);
    let (secret, signed_in) = opened.ok_or_else(|| {
        refused(&login, "no_role");
        no_role()
    })?;
    visit.house.door.forgive(visit.ask.peer);
    note_sign_in(visit, &signed_in);
    Ok(describe(&signed_in, false).with("set-cookie", cookie(&secret)))
}

/// From where this caller signs in.
pub(super) fn from(visit: &Visit<'_>) -> From {
    let user_agent = visit.ask.header("user-agent").unwrap_or_default().chars().take(LONGEST_AGENT).collect();
    From { address: visit.ask.peer, user_agent, since: clock::wall() }
}

/// Keeps that somebody has signed in.
pub(super) fn note_sign_in(visit: &Visit<'_>, signed_in: &SignedIn) {
    let name = signed_in.name();
    tracing::info!(login = %name, peer = %visit.ask.peer, "web: signed in");
    let way = if signed_in.origin == Origin::Local { "" } else { signed_in.origin.word() };
    audit::keep(visit, &name, "sign_in", way, None);
}

/// The session's cookie.
pub(super) fn cookie(secret: &str) -> String {
    format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// The second step, for accounts that have one.
fn prove_second_factor(visit: &Visit<'_>, login: &str, code: Option<&str>) -> Result<(), Problem> {
    let exchange = &visit.house.exchange;
    // One after the other, or a code could open twice at once.
    let _turn = visit.house.door.codes();
    let Some(factor) = exchange.second_factor(login)? else { return Ok(()) };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        let detail = Words::new("Введите код из приложения.", "Enter the code of your authenticator.");
        return Err(Problem::new(401, "code_needed", detail));
    };
    let Some(left) = second_factor::opened(&factor, code, clock::wall()) else {
        tracing::warn!(peer = %visit.ask.peer, "web: a code was refused");
        audit::keep(visit, login, "sign_in_refused", "code", None);
        let detail = Words::new(
            "Код не подходит. Проверьте часы телефона, или введите код для восстановления.",
            "The code is wrong. Check the telephone's clock, or enter a recovery code.",
        );
        return Err(Problem::new(401, "wrong_code", detail));
    };
    Ok(exchange.set_second_factor(login, Some(left))?)
}

/// POST second-factor: begins; nothing changes before its first code.
pub(super) fn post_second_factor(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = local_session_of(visit)?;
    let given: Password = visit.ask.json()?;
    let house = visit.house;
    if !house.door.check(&visit.office, &signed_in.login, &given.password, visit.ask.peer, house.clock.now())? {
        let wrong = Words::new("Это не нынешний пароль.", "This is not the present password.");
        return Err(problems::invalid().at("/password", wrong));
    }
    let secret = second_factor::new_secret();
    house.sessions.set_factor(&signed_in.key, Some(secret.clone()));
    let uri = second_factor::uri(&secret, &visit.office.settings.name, &signed_in.login);
    Ok(Reply::json(&json!({
        "secret": second_factor::spelled(&secret),
        "uri": uri,
        "qr_svg": second_factor::drawn(&uri),
    })))
}

/// GET qr.svg: the one that is being set up, as a picture of its own.
pub(super) fn get_second_factor(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = local_session_of(visit)?;
    let secret = visit.house.sessions.factor(&signed_in.key).ok_or_else(problems::not_found)?;
    let uri = second_factor::uri(&secret, &visit.office.settings.name, &signed_in.login);
    let drawn = second_factor::drawn(&uri).ok_or_else(problems::not_found)?;
    Ok(Reply::text("image/svg+xml", drawn))
}

/// PUT second-factor: its first code switches it on.
pub(super) fn put_second_factor(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = local_session_of(visit)?;
    let Code { code } = visit.ask.json()?;
    let secret = visit.house.sessions.factor(&signed_in.key).ok_or_else(|| {
        let detail = Words::new("Сначала начните: нужен новый секрет.", "Begin first: a new secret is needed.");
        Problem::new(409, "not_begun", detail)
    })?;
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let Some(last_step) = second_factor::step_of(&secret, &code, clock::wall()) else {
        let detail = Words::new(
            "Код не подходит. Верны ли часы телефона?",
            "The code is wrong. Is the telephone's clock right?",
        );
        return Err(problems::invalid().at("/code", detail));
    };
    let entropy = clock::entropy().map_err(|error| {
        tracing::error!(%error, "web: no entropy");
        problems::unavailable()
    })?;
    let (codes, recovery) = second_factor::recovery_codes(&mut Rng::from_entropy(entropy));
    let factor = SecondFactor { secret, last_step, recovery };
    visit.house.exchange.set_second_factor(&signed_in.login, Some(factor))?;
    visit.house.sessions.set_factor(&signed_in.key, None);
    Ok(Reply::json(&json!({ "recovery_codes": codes })))
}

/// DELETE second-factor: of the own account.
pub(super) fn delete_second_factor(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = local_session_of(visit)?;
    visit.house.exchange.second_factor(&signed_in.login)?.ok_or_else(problems::not_found)?;
    visit.house.exchange.set_second_factor(&signed_in.login, None)?;
    Ok(Reply::empty())
}

/// GET: who is signed in.
pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = session_of(visit)?;
    let is_local = signed_in.origin == Origin::Local;
    let has_factor = is_local && visit.house.exchange.second_factor(&signed_in.login)?.is_some();
    Ok(describe(signed_in, has_factor))
}

/// DELETE: signs out. Whoever came from a provider is told where to go on, so that it forgets him too.
pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = session_of(visit)?;
    let id_token = visit.house.sessions.id_token(&signed_in.key);
    visit.house.sessions.close(&signed_in.key);
    let url = id_token.and_then(|id_token| openid::sign_out_url(visit, &id_token));
    let reply = url.map_or_else(Reply::empty, |url| Reply::json(&json!({ "continue": url })));
    Ok(reply.with("set-cookie", format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")))
}

/// PUT password: the other sessions of the same user end with it.
pub(super) fn put_password(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = local_session_of(visit)?;
    let given: NewPassword = visit.ask.json()?;
    let house = visit.house;
    let now = house.clock.now();
    if !house.door.check(&visit.office, &signed_in.login, &given.current, visit.ask.peer, now)? {
        let wrong = Words::new("Это не нынешний пароль.", "This is not the present password.");
        return Err(problems::invalid().at("/current", wrong));
    }
    let same = Words::new("Новый пароль совпадает с нынешним.", "The new password is the present one.");
    let weak = weakness(&signed_in.login, &given.new).or_else(|| (given.new == given.current).then_some(same));
    if let Some(weak) = weak {
        return Err(problems::invalid().at("/new", weak));
    }
    let hash = house.door.hash(&given.new)?;
    let mut known = false;
    let version = house.exchange.change(&signed_in.login, "password changed", &mut |office| {
        let mut office = office.clone();
        let user = office.users.iter_mut().find(|user| user.login == signed_in.login)?;
        user.password_hash.clone_from(&hash);
        user.must_change = false;
        known = true;
        Some(office)
    })?;
    visit.version.set(version);
    if !known {
        return Err(problems::not_signed_in());
    }
    visit.version.set(version);
    house.sessions.keep(&signed_in.key, &hash);
    Ok(Reply::empty())
}

/// Whoever is from outside has password and second factor there.
pub(super) fn local_session_of<'a>(visit: &'a Visit<'_>) -> Result<&'a SignedIn, Problem> {
    session_of(visit).and_then(|signed_in| match signed_in.origin {
        Origin::Local => Ok(signed_in),
        Origin::Openid | Origin::Ldap => {
            let detail = Words::new(
                "Эта учётная запись не здешняя: пароль и второй шаг меняют там, откуда вы входите.",
                "This account is not of this box: its password and second factor are changed where it lives.",
            );
            Err(Problem::new(403, "account_elsewhere", detail))
        }
    })
}

/// A token has no session to look at or to end.
fn session_of<'a>(visit: &'a Visit<'_>) -> Result<&'a SignedIn, Problem> {
    match &visit.who {
        Who::Session(signed_in) => Ok(signed_in),
        Who::Token(_) | Who::Nobody => {
            let detail = Words::new(
                "Ключ доступа не входит и не выходит: это для людей.",
                "A token has no session: this is for people.",
            );
            Err(Problem::new(403, "no_session", detail))
        }
    }
}

fn describe(signed_in: &SignedIn, has_second_factor: bool) -> Reply {
    Reply::json(&json!({
        "login": signed_in.login,
        "origin": signed_in.origin.word(),
        "role": role(signed_in.role),
        "must_change_password": signed_in.must_change,
        "may_hear_recordings": signed_in.may_hear,
        "has_second_factor": has_second_factor,
        "csrf_token": signed_in.csrf,
        "idle_seconds": SESSION_IDLE.as_secs(),
    }))
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Viewer => "viewer",
    }
}

fn no_directory() -> Problem {
    let detail = Words::new(
        "Каталог сейчас не отвечает, а здесь такой учётной записи нет. Повторите позже, или войдите учётной записью станции.",
        "The directory does not answer now, and there is no such account here. Try later, or sign in with an account of the box.",
    );
    Problem::new(503, "no_directory", detail).with("retry-after", "10")
}

fn no_role() -> Problem {
    let detail = Words::new(
        "Пароль верный, но вам здесь ничего не разрешено. Попросите администратора станции добавить вашу группу.",
        "The password is right, but you may do nothing here. Ask the box's administrator to add your group.",
    );
    Problem::new(403, "no_role", detail)
}

fn wrong_sign_in() -> Problem {
    let detail = Words::new("Имя или пароль не подходят.", "Login or password is wrong.");
    Problem::new(401, "wrong_sign_in", detail)
}
