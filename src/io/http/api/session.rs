//! `session`: sign-in, who am I, sign-out, and the change of one's own password.

use serde::Deserialize;
use serde_json::json;

use super::super::reply::{Problem, Reply, problems};
use super::super::sessions::{COOKIE, SESSION_IDLE, SignedIn};
use super::super::sign_in::weakness;
use super::super::words::Words;
use super::{Visit, Who};
use crate::office::Role;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
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
    let right = visit.house.door.check(&visit.office, &given.login, &given.password, visit.ask.peer, now)?;
    let user = visit.office.users.iter().find(|user| right && user.login == given.login);
    let Some(user) = user else {
        tracing::warn!(peer = %visit.ask.peer, "web: sign-in refused");
        return Err(wrong_sign_in());
    };
    let (secret, signed_in) = visit.house.sessions.open(user, now);
    tracing::info!(login = %user.login, peer = %visit.ask.peer, "web: signed in");
    let cookie = format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict");
    Ok(describe(&signed_in).with("set-cookie", cookie))
}

/// GET: who is signed in.
pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    session_of(visit).map(describe)
}

/// DELETE: signs out.
pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.house.sessions.close(&session_of(visit)?.key);
    Ok(Reply::empty().with("set-cookie", format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")))
}

/// PUT password: the other sessions of the same user end with it.
pub(super) fn put_password(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let signed_in = session_of(visit)?;
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
    house.sessions.keep(&signed_in.key, &hash);
    Ok(Reply::empty())
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

fn describe(signed_in: &SignedIn) -> Reply {
    Reply::json(&json!({
        "login": signed_in.login,
        "role": role(signed_in.role),
        "must_change_password": signed_in.must_change,
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

fn wrong_sign_in() -> Problem {
    let detail = Words::new("Имя или пароль не подходят.", "Login or password is wrong.");
    Problem::new(401, "wrong_sign_in", detail)
}
