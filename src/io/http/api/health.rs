//! `/healthz`: 200 to everybody; more to those who are near or hold a token.

use serde_json::json;

use super::super::reply::{Problem, Reply};
use super::{Visit, Who, system};
use crate::io::clock;

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let mut health = json!({ "status": "ok" });
    if visit.ask.is_on_loopback() || visit.who != Who::Nobody {
        let uptime = system::uptime(visit.house.started_at, clock::wall());
        health["version"] = env!("CARGO_PKG_VERSION").into();
        health["uptime_seconds"] = uptime.into();
    }
    Ok(Reply::json(&health))
}
