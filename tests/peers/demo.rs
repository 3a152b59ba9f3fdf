//! `dozvon demo`: an office that lives, and leaves nothing behind.

use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::process::wait_for;

fn items(exchange: &Exchange, path: &str) -> Vec<Value> {
    exchange.get(path)["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_demonstration_is_a_living_office_and_leaves_nothing_behind() {
    let mut exchange = Exchange::demo("demo");
    exchange.wait_for_trunk();
    wait_for("two calls, and somebody who talks", Duration::from_secs(60), || {
        let calls = exchange.calls();
        calls.len() >= 2 && calls.iter().any(|call| call["state"] == "talking")
    });
    let extensions = items(&exchange, "/api/v1/extensions");
    let devices = extensions.iter().flat_map(|one| one["devices"].as_array().cloned().unwrap_or_default());
    let phones: Vec<bool> = devices.filter_map(|device| device["registration"]["registered"].as_bool()).collect();
    assert_eq!(phones.len(), 14, "{phones:?}");
    assert!(phones.iter().filter(|registered| !**registered).count() <= 1, "the script unplugs one at a time");

    let month_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 25);
    let old = items(&exchange, &format!("/api/v1/history?to={month_ago:.0}&limit=100"));
    assert_eq!(old.len(), 100, "a hundred calls before {month_ago}");
    assert!(old.iter().all(|row| !row["outcome"].is_null()));
    assert!(old.iter().any(|row| !exchange.steps(row).is_empty()));
    assert!(items(&exchange, "/api/v1/recordings").len() >= 5);

    assert_eq!(exchange.stop(), Some(0), "{}", exchange.log());
    assert!(!exchange.data().exists(), "its data is thrown away");
}
