//! Holds answers against openapi.json: the status must be told, the body must be of the schema that is told. Knows as much
//! of JSON Schema as the description uses; a word that it does not know is a failure.

use std::sync::OnceLock;

use serde_json::Value;

use crate::client::Answer;

pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(include_str!("../../src/io/http/api/openapi.json")).unwrap())
}

/// Checks one answer; paths that the description does not have are not checked.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    assert!(answer.status < 500 || answer.status == 503, "{method} {path}: {}", answer.status);
    let Some(operation) = operation(method, path) else { return };
    let told = &operation["responses"][answer.status.to_string()];
    assert!(!told.is_null(), "{method} {path}: {} is not in the description: {}", answer.status, answer.text());
    let told = resolve(told);
    let Some(content) = told.get("content").and_then(Value::as_object) else {
        assert!(answer.body.is_empty(), "{method} {path}: a body nobody told of");
        return;
    };
    let given = answer.header("content-type").unwrap_or_default();
    let told = content.iter().find(|(media_type, _)| given.starts_with(media_type.as_str()));
    let (media_type, content) =
        told.unwrap_or_else(|| panic!("{method} {path}: {given} instead of {:?}", content.keys()));
    if media_type.ends_with("json") && method != "HEAD" {
        if let Err(fault) = validate(&content["schema"], &answer.json(), "") {
            panic!("{method} {path} {}: {fault}\n{}", answer.status, answer.text());
        }
    }
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next()?;
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let same = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len() && template.iter().zip(&path).all(|(t, p)| t.starts_with('{') || t == p)
    };
    let paths = document()["paths"].as_object()?;
    paths.iter().find(|(template, _)| same(template))?.1.get(method)
}

fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document().pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

/// JSON Schema, the part that is used. The fault is told with its place.
pub(crate) fn validate(schema: &'static Value, value: &Value, place: &str) -> Result<(), String> {
    let schema = resolve(schema);
    for (word, rule) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "description" | "format" | "required" | "additionalProperties" | "default" => true,
            "type" => types(rule).any(|name| is_of(name, value)),
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= rule.as_u64().unwrap()),
            "pattern" => {
                assert_eq!(rule, "^[0-9]+$", "a pattern nobody has taught this test");
                value.as_str().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            }
            "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().filter(|one| validate(one, value, place).is_ok());
                fitting.count() == 1
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|one| validate(one, value, place).is_ok()),
            "items" => {
                let Some(items) = value.as_array() else { continue };
                for (index, item) in items.iter().enumerate() {
                    validate(rule, item, &format!("{place}/{index}"))?;
                }
                true
            }
            "properties" => {
                let Some(fields) = value.as_object() else { continue };
                object(schema, rule, fields, place)?;
                true
            }
            other => panic!("{other}: a word of JSON Schema that nobody has taught this test"),
        };
        if !fits {
            return Err(format!("{place}: {value} is not {word} {rule}"));
        }
    }
    time(schema, value, place)
}

fn object(
    schema: &'static Value,
    properties: &'static Value,
    fields: &serde_json::Map<String, Value>,
    place: &str,
) -> Result<(), String> {
    for name in schema["required"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        if !fields.contains_key(name) {
            return Err(format!("{place}: no {name}"));
        }
    }
    for (name, field) in fields {
        match properties.get(name) {
            Some(rule) => validate(rule, field, &format!("{place}/{name}"))?,
            None => return Err(format!("{place}: {name} is not in the description")),
        }
    }
    Ok(())
}

fn time(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let (Some("date-time"), Some(text)) = (schema.get("format").and_then(Value::as_str), value.as_str()) else {
        return Ok(());
    };
    text.parse::<jiff::Timestamp>().map(drop).map_err(|error| format!("{place}: {error}"))
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_str().into_iter().chain(rule.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}: a type that nobody has taught this test"),
    }
}
