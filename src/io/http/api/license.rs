//! `license`: by what this box works, how much of that is in use, and another licence in place of the present one.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::Visit;
use crate::io::clock;
use crate::io::licence::InstallError;
use crate::trust::{Amount, Function, Licence, LicenceError, Refusal, Standing, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// As it was pasted, or the content of the file.
    text: String,
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    Ok(Reply::json(&show(visit, visit.house.exchange.licence().standing())))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let given: Given = visit.ask.json()?;
    match visit.house.exchange.install_licence(&given.text) {
        Ok(standing) => Ok(Reply::json(&show(visit, standing))),
        Err(InstallError::Disk(error)) => {
            tracing::error!(%error, "a licence could not be kept");
            Err(problems::unavailable())
        }
        Err(InstallError::Licence(error)) => Err(problems::invalid().at("/text", wrong(&error))),
        Err(InstallError::Refused(refusal)) => Err(problems::invalid().at("/text", refused(refusal))),
    }
}

fn show(visit: &Visit<'_>, standing: Standing) -> Value {
    let keeper = visit.house.exchange.licence();
    let Standing { state, allowance, days_left } = standing;
    let (word, until, last_day, refusal) = match state {
        State::Trial { until } => ("trial", Some(until), None, None),
        State::Licensed { last } => ("licensed", None, last, None),
        State::Grace { last, until } => ("grace", Some(until), Some(last), None),
        State::Free { why } => ("free", None, None, why),
    };
    let (licence, fault) = match keeper.licence() {
        Ok(licence) => (licence, None),
        Err(error) => (None, Some(wrong(&error))),
    };
    let why = fault.or(refusal.map(refused));
    let outside = visit.house.board.calls().iter().filter(|call| call.trunk.is_some()).count();
    let amount = |used: usize, most: Amount| json!({ "used": used, "most": most.limit() });
    let functions: serde_json::Map<String, Value> = Function::ALL
        .into_iter()
        .map(|function| (function.word().to_owned(), Value::Bool(allowance.has(function))))
        .collect();
    json!({
        "state": word,
        "until": until.map(|at| visit.time(at)),
        "last_day": last_day.map(|day| day.to_string()),
        "days_left": days_left,
        "why": why.as_ref().map(|why| why.say(visit.language())),
        "license": licence.as_ref().map(shown),
        "hardware": keeper.hardware().to_string(),
        "limits": {
            "extensions": amount(visit.office.extensions.len(), allowance.extensions),
            "outside_calls": amount(outside, allowance.outside_calls),
        },
        "functions": functions,
        "clock_set_back": keeper.clock_is_set_back(),
        "time": visit.time(clock::wall()),
    })
}

fn shown(licence: &Licence) -> Value {
    json!({
        "serial": licence.serial,
        "owner": licence.owner,
        "edition": licence.edition,
        "bound": licence.hardware.is_some(),
        "issued": licence.issued.to_string(),
        "starts": licence.starts.to_string(),
        "expires": licence.expires.map(|day| day.to_string()),
        "grace_days": licence.grace_days,
        "support_mail": licence.support_mail,
        "support_phone": licence.support_phone,
    })
}

fn wrong(error: &LicenceError) -> Said {
    match error {
        LicenceError::TooLong => Said::of(Words::new(
            "Это слишком длинный текст для лицензии. Вставьте только её.",
            "This text is too long for a licence. Paste the licence alone.",
        )),
        LicenceError::NoLicence => Said::of(Words::new(
            "Это не лицензия: её первая строка — «dozvon-license v1». Вставьте текст целиком, вместе с первой строкой.",
            "This is no licence: its first line is `dozvon-license v1`. Paste the whole text, with the first line.",
        )),
        LicenceError::OtherVersion => Said::of(Words::new(
            "Эта лицензия — для более новой версии Dozvon. Сначала обновите прибор.",
            "This licence is for a newer Dozvon. Update the box first.",
        )),
        LicenceError::Line { line, name } => Said::new(
            format!("Строка {line} должна начинаться со слова «{name}:». Похоже, текст вставлен не целиком."),
            format!("Line {line} must begin with `{name}:`. The text seems to be incomplete."),
        ),
        LicenceError::Value { line, name } => Said::new(
            format!("В строке {line} («{name}») написано не то. Попросите поставщика прислать лицензию ещё раз."),
            format!("Line {line} (`{name}`) is not right. Ask the vendor to send the licence again."),
        ),
        LicenceError::More => Said::of(Words::new(
            "После подписи есть лишний текст. Вставьте только лицензию.",
            "There is more text after the signature. Paste the licence alone.",
        )),
        LicenceError::Signature => Said::of(Words::new(
            "Подпись не сходится: текст изменён или подписан не поставщиком. Вставьте лицензию так, как она пришла.",
            "The signature is wrong: the text was changed, or was not signed by the vendor. Paste it exactly as it came.",
        )),
        LicenceError::UnknownKey(key) => Said::new(
            format!(
                "Лицензия подписана ключом «{key}», которому эта версия Dozvon не доверяет. Обновите прибор или спросите поставщика."
            ),
            format!(
                "It is signed with the key `{key}`, which this version of Dozvon does not trust. Update the box, or ask the vendor."
            ),
        ),
    }
}

fn refused(refusal: Refusal) -> Said {
    match refusal {
        Refusal::OtherBox => Said::of(Words::new(
            "Лицензия выдана для другого прибора. Пошлите поставщику код этого прибора.",
            "This licence is for another box. Send the vendor the code of this one.",
        )),
        Refusal::NotYet(day) => Said::new(
            format!("Лицензия начнёт действовать {day}. Проверьте и время прибора."),
            format!("This licence begins on {day}. Check the box's time, too."),
        ),
        Refusal::Over(day) => Said::new(
            format!("Лицензия действовала до {day}. Попросите у поставщика новую."),
            format!("This licence ended on {day}. Ask the vendor for a new one."),
        ),
    }
}
