//! `users`: web accounts. A password goes in and never comes out; the last admin who can sign in stays.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::sign_in::weakness;
use super::super::words::Words;
use super::change::{Before, Place, change, etag};
use super::{Visit, Who, paging};
use crate::io::accounts::is_login;
use crate::office::{Office, Role, User, Word as _};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    login: String,
    role: String,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    may_hear_recordings: bool,
    /// Left out: the present one stays.
    password: Option<String>,
    /// Left out: as it is; with another password for somebody else, true.
    must_change: Option<bool>,
    /// As they were read; they change nothing.
    #[serde(default, rename = "has_password")]
    _has_password: Option<bool>,
    #[serde(default, rename = "has_second_factor")]
    _has_second_factor: Option<bool>,
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let factors = visit.house.exchange.second_factors()?;
    paging::page(&visit.ask.query, visit.office.users.iter().map(|user| full(user, &factors)))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let user = visit.office.user(visit.value()).ok_or_else(problems::not_found)?;
    answer(visit, user)
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let given: Given = visit.ask.json()?;
    let role = judge(&given)?;
    let Some(password) = &given.password else {
        let detail = Words::new("Придумайте первый пароль.", "Choose a first password.");
        return Err(problems::invalid().at("/password", detail));
    };
    let hash = hash(visit, &given.login, password)?;
    let reason = format!("user {} added", given.login);
    let office = change(visit, &reason, Before::Nothing, |office| {
        let must_change = given.must_change.unwrap_or(true);
        let user = User::new(&given.login, role, &hash, must_change);
        let (disabled, may_hear_recordings) = (given.disabled, given.may_hear_recordings);
        office.users.push(User { disabled, may_hear_recordings, ..user });
        Ok(Place::new(format!("/user/{}", office.users.len() - 1)))
    })?;
    let user = office.user(&given.login).ok_or_else(problems::not_found)?;
    let location = format!("/api/v1/users/{}", user.login);
    Ok(Reply { status: 201, ..answer(visit, user)? }.with("location", location))
}

/// PUT: another login renames the account. What concerns signing in ends the account's sessions, but the one that asks.
pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let given: Given = visit.ask.json()?;
    let role = judge(&given)?;
    let old = visit.value();
    let is_own = matches!(&visit.who, Who::Session(signed_in) if signed_in.is(old));
    let hash = given.password.as_deref().map(|password| hash(visit, &given.login, password)).transpose()?;
    let factor = visit.house.exchange.second_factor(old)?;
    let before = |office: &Office| shown(office, old);
    let reason = format!("user {old} changed");
    let mut ends = false;
    let office = change(visit, &reason, Before::Seen(&before), |office| {
        let at = place(office, old)?;
        if let Some(user) = office.users.get_mut(at) {
            let present = user.clone();
            let of_password = hash.as_ref().map(|_| !is_own);
            user.must_change = given.must_change.or(of_password).unwrap_or(present.must_change);
            user.login.clone_from(&given.login);
            (user.role, user.disabled, user.may_hear_recordings) = (role, given.disabled, given.may_hear_recordings);
            if let Some(hash) = hash {
                user.password_hash = hash;
            }
            ends = (&present.login, present.role, present.disabled, &present.password_hash)
                != (&user.login, user.role, user.disabled, &user.password_hash);
        }
        somebody_works(office)?;
        Ok(Place::new(format!("/user/{at}")))
    })?;
    let user = office.user(&given.login).ok_or_else(problems::not_found)?;
    if user.login != old {
        visit.house.exchange.set_second_factor(&user.login, factor)?;
    }
    if ends {
        let own = match &visit.who {
            Who::Session(signed_in) if is_own => Some(&signed_in.key),
            _ => None,
        };
        visit.house.sessions.end(old, own, &user.login, &user.password_hash);
    }
    answer(visit, user)
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let login = visit.value();
    let before = |office: &Office| shown(office, login);
    change(visit, &format!("user {login} removed"), Before::MaybeSeen(&before), |office| {
        let at = place(office, login)?;
        office.users.remove(at);
        somebody_works(office)?;
        Ok(Place::default())
    })?;
    Ok(Reply::empty())
}

/// DELETE second-factor: for somebody who has lost his telephone.
pub(super) fn delete_second_factor(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let login = visit.value();
    visit.office.user(login).ok_or_else(problems::not_found)?;
    visit.house.exchange.second_factor(login)?.ok_or_else(problems::not_found)?;
    visit.house.exchange.set_second_factor(login, None)?;
    Ok(Reply::empty())
}

fn judge(given: &Given) -> Result<Role, Problem> {
    if !is_login(&given.login) {
        let detail = Words::new(
            "От 1 до 64 знаков: буквы, цифры, и внутри . _ @ -",
            "1 to 64 characters: letters, digits, and . _ @ - between them.",
        );
        return Err(problems::invalid().at("/login", detail));
    }
    Role::from_word(&given.role)
        .ok_or_else(|| problems::invalid().at("/role", Words::new("admin или viewer.", "admin or viewer.")))
}

fn hash(visit: &Visit<'_>, login: &str, password: &str) -> Result<String, Problem> {
    match weakness(login, password) {
        Some(weak) => Err(problems::invalid().at("/password", weak)),
        None => visit.house.door.hash(password),
    }
}

/// Somebody must be able to change things afterwards.
fn somebody_works(office: &Office) -> Result<(), Problem> {
    if office.users.iter().any(User::is_working_admin) {
        return Ok(());
    }
    let detail = Words::new(
        "Это последний администратор, который может войти. Сначала дайте эту роль кому-то ещё.",
        "This is the last administrator who can sign in. Give somebody else this role first.",
    );
    Err(Problem::new(409, "last_admin", detail))
}

fn place(office: &Office, login: &str) -> Result<usize, Problem> {
    office.users.iter().position(|user| user.login == login).ok_or_else(problems::not_found)
}

fn answer(visit: &Visit<'_>, user: &User) -> Result<Reply, Problem> {
    let factors = visit.house.exchange.second_factors()?;
    Ok(Reply::json(&full(user, &factors)).with("etag", etag(&item(user))))
}

fn shown(office: &Office, login: &str) -> Result<Value, Problem> {
    office.user(login).map(item).ok_or_else(problems::not_found)
}

fn full(user: &User, factors: &[String]) -> Value {
    let mut item = item(user);
    item["has_second_factor"] = factors.contains(&user.login).into();
    item
}

fn item(user: &User) -> Value {
    json!({
        "login": user.login,
        "role": user.role.word(),
        "disabled": user.disabled,
        "may_hear_recordings": user.may_hear_recordings,
        "must_change": user.must_change,
        "has_password": !user.password_hash.is_empty(),
    })
}
