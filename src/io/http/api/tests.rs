//! The routes against openapi.json, and the small parts of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

fn document() -> Value {
    serde_json::from_str(OPENAPI).expect("openapi.json is JSON")
}

#[test]
fn openapi_and_the_routes_name_the_same_methods_and_paths() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let said: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters" && *key != "summary");
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let done: BTreeSet<(String, String)> = table().map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(said, done);
}

#[test]
fn every_reference_of_openapi_leads_somewhere_and_every_schema_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for reference in &used {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(used.contains(&format!("#/components/schemas/{name}")), "{name} is used nowhere");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_brace_of_a_path_is_a_parameter_that_openapi_tells() {
    let document = document();
    let names = |value: &Value| -> Vec<String> {
        let all = value["parameters"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
    };
    for (path, item) in document["paths"].as_object().expect("paths") {
        let wanted = path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
        for name in wanted {
            for (method, operation) in item.as_object().expect("methods").iter().filter(|(key, _)| *key != "parameters")
            {
                let told = [names(item), names(operation)].concat();
                assert!(told.iter().any(|one| one == name), "{method} {path}: {name}");
            }
        }
    }
}

#[test]
fn every_route_under_the_root_but_two_asks_for_a_sign_in() {
    let open: Vec<_> =
        ROUTES.iter().filter(|route| route.path.starts_with(ROOT) && route.access == Access::Open).collect();
    let open: Vec<_> = open.iter().map(|route| (route.method, route.path)).collect();
    assert_eq!(open, [("GET", "/api/v1/openapi.json"), ("POST", "/api/v1/session")]);
    let asks = ["/api/v1/routing/what-if", "/api/v1/extensions/{number}/dial"];
    let only_looks = |route: &&Route| route.method == "GET" || asks.contains(&route.path);
    assert!(
        ROUTES.iter().filter(|route| route.access == Access::Viewer).all(|route| only_looks(&route)),
        "viewers only look"
    );
}

#[test]
fn a_path_matches_its_pattern_segment_by_segment() {
    assert_eq!(matches("/a/{b}", "/a/x%20y"), Some(vec!["x y".to_owned()]));
    assert_eq!(matches("/a/{b}", "/a/x%2fy"), Some(vec!["x/y".to_owned()]));
    for path in ["/a", "/a/", "/a/x/", "/a/%ff", "/a/%0", "/A/x", "//a/x"] {
        assert_eq!(matches("/a/{b}", path), None, "{path}");
    }
}

#[test]
fn times_carry_the_offset_of_the_office() {
    assert_eq!(rfc3339(WallTime(1_795_605_600_000), "Europe/Moscow"), "2026-11-25T14:20:00.000+03:00");
    assert_eq!(rfc3339(WallTime(1_795_605_600_001), "nowhere"), "2026-11-25T11:20:00.001+00:00");
}

#[test]
fn a_ticket_for_the_gate_survives_the_way() {
    for (after, session) in [(None, None), (Some(7), Some([9; 32]))] {
        let ticket = events::Ticket { after, session, language: Language::En };
        assert_eq!(events::Ticket::read(&ticket.write()), Some(ticket));
    }
}
