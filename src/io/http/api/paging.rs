//! Lists: `?limit=` and an opaque `?cursor=`, and the shape that every list has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::ask::{Query, bad};
use super::super::reply::{Problem, Reply};

/// The longest page.
pub(super) const LONGEST: usize = 500;
/// A page when nobody asks.
pub(super) const USUAL: usize = 100;

/// The page of a list that is whole in memory. The cursor is the place of the next item.
pub(super) fn page(query: &Query, items: impl ExactSizeIterator<Item = Value>) -> Result<Reply, Problem> {
    let limit = query.number("limit", 1, LONGEST, USUAL)?;
    let from = match query.get("cursor") {
        None => 0,
        Some(cursor) => open(cursor).and_then(|text| text.parse().ok()).ok_or_else(|| bad("cursor"))?,
    };
    let next = (items.len() > limit.saturating_add(from)).then(|| seal(&(from + limit).to_string()));
    Ok(list(items.skip(from).take(limit).collect(), next))
}

/// A list's answer.
pub(super) fn list(items: Vec<Value>, next: Option<String>) -> Reply {
    Reply::json(&json!({ "items": items, "next_cursor": next }))
}

/// Makes a cursor nobody is tempted to compute.
pub(super) fn seal(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Reads one of ours.
pub(super) fn open(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
