//! `bans`: addresses from which telephony hears nothing. They are the guard's own judgements, and an admin's; the page is open to them.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::{Visit, paging};
use crate::base::Duration;
use crate::guard::{BY_HAND, Ban, Reason};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    address: String,
    #[serde(default = "usual")]
    seconds: u64,
}

/// A day.
fn usual() -> u64 {
    24 * 3600
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let bans = visit.house.exchange.bans()?;
    paging::page(&visit.ask.query, bans.iter().map(|ban| item(visit, ban)))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { address, seconds } = visit.ask.json()?;
    let found = address.trim().parse::<IpAddr>().ok().filter(|one| !one.is_unspecified() && !one.is_multicast());
    let Some(address) = found else {
        let detail = Words::new("Один адрес IPv4 или IPv6.", "One IPv4 or IPv6 address.");
        return Err(problems::invalid().at("/address", detail));
    };
    if seconds == 0 || seconds > BY_HAND.as_secs() {
        let detail = Words::new("От 1 до 31622400 секунд (366 дней).", "1 to 31622400 seconds (366 days).");
        return Err(problems::invalid().at("/seconds", detail));
    }
    match visit.house.exchange.ban(address, Duration::from_secs(seconds))? {
        Ok(ban) => Ok(Reply::created(&item(visit, &ban), &format!("/api/v1/bans/{}", ban.id))),
        Err(_) => {
            let detail = Words::new(
                "Это адрес сети офиса или транка: его не блокируют.",
                "This address is of the office's own network or of a trunk: it is never banned.",
            );
            Err(problems::invalid().at("/address", detail))
        }
    }
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let bans = visit.house.exchange.bans()?;
    let ban = bans.iter().find(|ban| ban.id.to_string() == visit.value()).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&item(visit, ban)))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let id = visit.value().parse().map_err(|_| problems::not_found())?;
    if visit.house.exchange.lift_ban(id)? { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

fn item(visit: &Visit<'_>, ban: &Ban) -> Value {
    let address = if ban.address.is_ipv6() { format!("{}/64", ban.address) } else { ban.address.to_string() };
    json!({
        "id": ban.id.to_string(),
        "address": address,
        "reason": ban.reason.word(),
        "text": text(ban.reason).say(visit.language()),
        "since": visit.time(ban.since),
        "until": visit.time(ban.until),
        "times": ban.times,
        "dropped": ban.dropped,
        "user_agent": ban.user_agent,
        "logins": ban.logins,
    })
}

fn text(reason: Reason) -> Words {
    match reason {
        Reason::WrongPasswords => Words::new("Подбирал пароли телефонов", "Guessed passwords of telephones"),
        Reason::Scanner => {
            Words::new("Сканер: ищет телефоны и пароли", "A scanner that looks for telephones and passwords")
        }
        Reason::OutsideCalls => {
            Words::new("Пытался звонить в город за счёт офиса", "Tried to call outside at the office's expense")
        }
        Reason::Probing => {
            Words::new("Много запросов, и ни одного с верным паролем", "Many requests, and none with a right password")
        }
        Reason::ByHand => Words::new("Заблокирован администратором", "Banned by an admin"),
    }
}
