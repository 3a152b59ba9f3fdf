//! `tokens`: keys for programs. A token is shown once, when it is made; its SHA-256 is what the box keeps.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::sessions::key_of;
use super::super::words::Words;
use super::{Visit, paging};
use crate::base::Rng;
use crate::io::clock;
use crate::io::store::{StoreError, TokenRow};
use crate::office::{Role, Word as _};

/// Tokens at most.
const MOST: usize = 200;
/// The longest name. Characters.
const LONGEST_NAME: usize = 64;
/// Characters of a token, of 5 bits each.
const LENGTH: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
    role: String,
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let tokens = visit.house.exchange.tokens()?;
    paging::page(&visit.ask.query, tokens.iter().map(|token| item(visit, token)))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let Given { name, role } = visit.ask.json()?;
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let detail = Words::new("Название из 1–64 знаков.", "A name of 1 to 64 characters.");
        return Err(problems::invalid().at("/name", detail));
    }
    let role = Role::from_word(&role)
        .ok_or_else(|| problems::invalid().at("/role", Words::new("admin или viewer.", "admin or viewer.")))?;
    if visit.house.exchange.tokens()?.len() >= MOST {
        let detail =
            Words::new("Ключей доступа уже 200, больше нельзя.", "There are 200 tokens already, which is the most.");
        return Err(Problem::new(409, "too_many", detail));
    }
    let entropy = clock::entropy().map_err(|error| {
        tracing::error!(%error, "web: no entropy");
        problems::unavailable()
    })?;
    let secret = format!("dzv_{}", Rng::from_entropy(entropy).token(LENGTH));
    let created_at = clock::wall();
    match visit.house.exchange.add_token(&name, role, key_of(&secret), created_at) {
        Ok(()) => {}
        Err(StoreError::Taken(_)) => {
            let detail = Words::new("Ключ с таким названием уже есть.", "There is a token of this name already.");
            return Err(problems::invalid().at("/name", detail));
        }
        Err(error) => return Err(error.into()),
    }
    let mut made = item(visit, &TokenRow { name, role, created_at, used_at: None });
    made["secret"] = secret.into();
    Ok(Reply::created(&made, "/api/v1/tokens"))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    if visit.house.exchange.remove_token(visit.value())? { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

fn item(visit: &Visit<'_>, token: &TokenRow) -> Value {
    json!({
        "id": token.name,
        "name": token.name,
        "role": token.role.word(),
        "created_at": visit.time(token.created_at),
        "last_used_at": token.used_at.map(|at| visit.time(at)),
    })
}
