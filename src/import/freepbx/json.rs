//! The JSON of FreePBX's modules, from version 15 on: lists of objects are tables, wherever they stand.

use serde_json::Value;

use super::super::{Row, Tables};

impl Tables {
    /// Takes what the JSON of a module of FreePBX holds. `module` is the name of its file.
    pub fn take_json(&mut self, module: &str, json: &Value) {
        let lower = module.to_ascii_lowercase();
        let configs = json.get("configs").unwrap_or(json);
        if is_empty(configs) {
            return;
        }
        if !READ.contains(&lower.as_str()) {
            return self.leave(module); // its lists may be called as those that are read: users, groups
        }
        self.take_value(&lower, "configs", configs, 0);
    }

    fn take_value(&mut self, module: &str, key: &str, value: &Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match value {
            Value::Array(items) => {
                for item in items {
                    self.take_row(module, key, "", item);
                    self.take_value(module, key, item, depth + 1);
                }
            }
            Value::Object(columns) => {
                for (name, inner) in columns.iter().filter(|(name, _)| !UNREAD.contains(&name.as_str())) {
                    // Lists that PHP keyed by id: their rows stand in an object.
                    let is_id = name.bytes().all(|digit| digit.is_ascii_digit());
                    if is_id {
                        self.take_row(module, key, name, inner);
                    }
                    if inner.is_array() || inner.is_object() {
                        self.take_value(module, if is_id { key } else { name }, inner, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// `id` is what PHP keyed the row by; it becomes the column `#`.
    fn take_row(&mut self, module: &str, key: &str, id: &str, value: &Value) {
        let Some(columns) = value.as_object() else { return };
        let mut row = Row::default();
        for (column, value) in columns {
            match value {
                Value::Object(inner) => {
                    for (inner, value) in inner {
                        put(&mut row, format!("{column}.{inner}"), value);
                    }
                }
                value => put(&mut row, column.clone(), value),
            }
        }
        if row.0.len() > 1 {
            row.put("#", id);
            self.push(table_name(module, key), row);
        }
    }
}

/// Texts as they are, lists of them with commas.
fn put(row: &mut Row, column: String, value: &Value) {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(on) => Some(if *on { "1" } else { "0" }.to_owned()),
        _ => None,
    };
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| text(item).is_some()) => {
            row.put(column, items.iter().filter_map(text).collect::<Vec<_>>().join(","));
        }
        value => {
            if let Some(text) = text(value) {
                row.put(column, text);
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(columns) => {
            columns.iter().all(|(name, value)| UNREAD.contains(&name.as_str()) || is_empty(value))
        }
        _ => false,
    }
}

/// The table of the database that a list of the JSON is.
fn table_name<'k>(module: &'k str, key: &'k str) -> &'k str {
    match (module, key) {
        ("conferences", "data") => "meetme",
        ("paging", "data") => "paging_config",
        ("parking", "configs") => "parkplus",
        (module, "configs" | "data") => module,
        ("ringgroups", "groups") => "ringgroups",
        ("ivr", "ivrs") => "ivr_details",
        ("ivr", "entries") => "ivr_entries",
        ("core", "Did") => "incoming",
        ("core", "Routing") => "outbound_routes",
        ("core", "patterns") => "outbound_route_patterns",
        ("core", "dialpatterns") => "trunk_dialpatterns",
        ("pinsets", "listPinsets") => "pinsets",
        ("pinsets", "pinsetUsage") => "pinset_usage",
        (_, other) => other,
    }
}

/// Modules of which the tables are read, or told each by its name.
const READ: [&str; 25] = [
    "core",
    "ringgroups",
    "queues",
    "ivr",
    "timeconditions",
    "recordings",
    "announcement",
    "conferences",
    "findmefollow",
    "callforward",
    "voicemail",
    "daynight",
    "miscdests",
    "pinsets",
    "paging",
    "parking",
    "miscapps",
    "disa",
    "callback",
    "directory",
    "vmblast",
    "setcid",
    "speeddial",
    "phonebook",
    "blacklist",
];
/// What modules keep of themselves.
const UNREAD: [&str; 6] = ["settings", "features", "kvstore", "backup", "astdb", "missing"];
/// Its JSON is not deeper than six.
const DEEPEST: usize = 12;
