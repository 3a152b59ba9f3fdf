//! What webhooks have beside the office file's table: a secret that goes in and never comes out, a try, and the last deliveries. The way of
//! all collections is `collections`.

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::tables::Table;
use super::{Visit, paging};
use crate::io::store::{DELIVERIES_KEPT, DeliveryRow};
use crate::io::webhooks;
use crate::office::{Language, Webhook};

/// What may come back as it was read.
pub(super) const READ: &str = "has_secret";

/// As everybody may see it who may see webhooks.
pub(super) fn plain(webhook: &Webhook, table: &mut Table) {
    table.insert(READ.to_owned(), Value::Bool(!webhook.secret.is_empty()));
}

/// POST `webhooks/{name}/test`: sends a test at once, whether it is switched on or not.
pub(super) fn test(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let webhook = visit.office.webhook(visit.value()).ok_or_else(problems::not_found)?;
    let sent = {
        let _turn = visit.house.turns.take()?;
        webhooks::try_out(&visit.office, webhook, visit.house.outgoing)
    };
    let ok = sent.why.iter().all(String::is_empty);
    let [ru, en] = &sent.why;
    let text = match (ok, visit.language()) {
        (true, Language::Ru) => "Получатель принял проверочное сообщение.",
        (true, Language::En) => "The receiver has taken the test.",
        (false, Language::Ru) => ru,
        (false, Language::En) => en,
    };
    Ok(Reply::json(&json!({ "ok": ok, "status": sent.status, "text": text })))
}

pub(super) fn deliveries(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&["limit"])?;
    let most = usize::try_from(DELIVERIES_KEPT).unwrap_or(usize::MAX);
    let limit = query.number("limit", 1, most, most)?;
    visit.office.webhook(visit.value()).ok_or_else(problems::not_found)?;
    let rows = visit.house.exchange.deliveries(visit.value(), limit)?;
    Ok(paging::list(rows.iter().map(|row| item(visit, row)).collect(), None))
}

fn item(visit: &Visit<'_>, row: &DeliveryRow) -> Value {
    let why = match visit.language() {
        Language::Ru => &row.why_ru,
        Language::En => &row.why_en,
    };
    json!({
        "id": row.id.to_string(),
        "event": row.event,
        "at": visit.time(row.made_at),
        "tried_at": row.tried_at.map(|at| visit.time(at)),
        "attempts": row.attempts,
        "outcome": row.outcome.as_str(),
        "status": row.status,
        "text": Some(why).filter(|why| !why.is_empty()),
    })
}
