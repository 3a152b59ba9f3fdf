//! What outside calls may cost: the limits, what is used up of them, and «allow for an hour».

use dozvon::base::Duration;
use serde_json::{Value, json};

use crate::client::{Answer, Caller, put};
use crate::real::{RealWorld, kind};
use crate::world::{TOKEN, VIEWER_TOKEN, World};

fn russian(world: &World) -> Caller<'_> {
    Caller::token(world, TOKEN).with("Accept-Language", "ru")
}

fn fault(answer: &Answer) -> (u16, String, String) {
    let text = |key: &str| answer.json()["errors"][0][key].as_str().unwrap_or_default().to_owned();
    (answer.status, text("pointer"), text("detail"))
}

fn limits(admin: &mut Caller<'_>, limits: Value) -> Answer {
    put(admin, "/api/v1/settings", json!({ "limits": limits }))
}

#[test]
fn a_new_box_limits_what_a_stolen_password_costs() {
    let world = World::new();
    let read = russian(&world).get("/api/v1/settings").json();
    let limits = &read["limits"];
    assert_eq!((&limits["extension_calls"], &limits["extension_minutes_a_day"]), (&json!(5), &json!(600)));
    assert_eq!((&limits["paid_services"], &limits["countries"]), (&json!(false), &json!([])));
    assert!(limits["blocked"].as_array().unwrap().contains(&json!("881")), "satellites");
    assert_eq!((&limits["quiet_from"], &limits["quiet_to"]), (&json!(""), &json!("")));
    assert_eq!(limits["quiet_classes"], json!(["long_distance", "international"]));
}

#[test]
fn limits_are_changed_and_every_fault_names_its_field() {
    let world = World::new();
    let mut admin = russian(&world);
    let set =
        limits(&mut admin, json!({ "extension_calls": 2, "quiet_from": "", "quiet_to": "", "countries": ["375"] }));
    assert_eq!((set.status, &set.json()["limits"]["extension_calls"]), (200, &json!(2)), "{}", set.text());
    assert_eq!(set.json()["limits"]["quiet_to"], "");
    assert_eq!(set.json()["limits"]["extension_calls_a_day"], 200, "what is left out is that of a new box");
    for (body, pointer, words) in [
        (json!({ "extension_calls": 1001 }), "/limits/extension_calls", "Число от 0 до 1000."),
        (json!({ "minutes_a_day": -1 }), "/limits/minutes_a_day", "Число от 0 до 1000000."),
        (
            json!({ "blocked": ["882", "+375"] }),
            "/limits/blocked/1",
            "Цифры, с которых начинаются номера, с кодом страны и без +: 375 или 88216.",
        ),
        (json!({ "countries": ["375", "375"] }), "/limits/countries/1", "375 здесь дважды."),
        (
            json!({ "quiet_from": "22:00", "quiet_to": "" }),
            "/limits/quiet_to",
            "Нужны начало и конец, и они разные. Чтобы тихих часов не было, оставьте оба поля пустыми.",
        ),
        (
            json!({ "quiet_from": "07:00", "quiet_to": "07:00" }),
            "/limits/quiet_to",
            "Нужны начало и конец, и они разные. Чтобы тихих часов не было, оставьте оба поля пустыми.",
        ),
        (
            json!({ "quiet_classes": ["internal"] }),
            "/limits/quiet_classes/0",
            "Здесь может стоять: city, mobile_region, mobile_national, long_distance, international.",
        ),
        (json!({ "calls": 1 }), "/limits/calls", "Такого поля нет."),
    ] {
        assert_eq!(fault(&limits(&mut admin, body)), (422, pointer.to_owned(), words.to_owned()));
    }
}

#[test]
fn an_extension_has_limits_of_its_own() {
    let world = World::new();
    let mut admin = russian(&world);
    let mut item = admin.get("/api/v1/extensions/200").json();
    assert_eq!(item["limits"], json!({}));
    item["limits"] = json!({ "calls": 1, "minutes_a_day": 0 });
    let set = put(&mut admin, "/api/v1/extensions/200", item.clone());
    assert_eq!((set.status, &set.json()["limits"]), (200, &item["limits"]), "{}", set.text());
    item["limits"] = json!({ "calls": 5000 });
    let wrong = put(&mut admin, "/api/v1/extensions/200", item.clone());
    assert_eq!(fault(&wrong), (422, "/limits/calls".to_owned(), "Число от 0 до 1000.".to_owned()));
    item.as_object_mut().unwrap().remove("limits");
    let none = put(&mut admin, "/api/v1/extensions/200", item);
    assert_eq!(none.json()["limits"], json!({}), "those of the office");
}

#[test]
fn limits_are_lifted_for_an_hour_by_an_admin_and_shown_to_all() {
    let world = World::new();
    let (mut admin, mut viewer) = (russian(&world), Caller::token(&world, VIEWER_TOKEN));
    let ask = json!({ "extension": "200" });
    assert_eq!(viewer.ask("POST", "/api/v1/allowances", Some(ask.clone())).status, 403);
    let made = admin.ask("POST", "/api/v1/allowances", Some(ask));
    assert_eq!((made.status, made.header("location")), (201, Some("/api/v1/allowances/200")), "{}", made.text());
    assert_eq!(made.json()["until"], "2026-11-25T15:20:00.000+03:00", "an hour");
    assert_eq!(viewer.get("/api/v1/allowances").json()["items"][0], made.json());
    let usage = viewer.get("/api/v1/usage").json();
    assert_eq!(usage["office"], json!({ "calls": 1, "calls_today": 12, "minutes_today": 96 }));
    let of_200 = usage["items"].as_array().unwrap().iter().find(|item| item["extension"] == "200").unwrap();
    assert_eq!((&of_200["calls"], &of_200["minutes_today"]), (&json!(1), &json!(96)));
    assert_eq!(of_200["allowed_until"], made.json()["until"]);
    assert!(usage["items"].as_array().unwrap().iter().all(|item| item["extension"] != "999"), "who is gone");
    for (body, pointer, words) in [
        (json!({ "extension": "299" }), "/extension", "Внутреннего номера 299 нет."),
        (json!({ "extension": "200", "seconds": 0 }), "/seconds", "Число от 1 до 86400."),
        (json!({ "extension": "200", "seconds": 90000 }), "/seconds", "Число от 1 до 86400."),
    ] {
        let refused = admin.ask("POST", "/api/v1/allowances", Some(body));
        assert_eq!(fault(&refused), (422, pointer.to_owned(), words.to_owned()));
    }
    assert_eq!(viewer.ask("DELETE", "/api/v1/allowances/200", None).status, 403);
    assert_eq!(admin.ask("DELETE", "/api/v1/allowances/200", None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/allowances/200", None).status, 404);
    assert_eq!(viewer.get("/api/v1/allowances").json()["items"], json!([]));
}

#[test]
fn an_allowance_outlasts_a_restart_and_stands_in_the_audit_log() {
    let world = RealWorld::new();
    world.handle.store().flush().unwrap();
    let number = world.handle.office().extensions[0].number.clone();
    let mut admin = world.admin();
    let made = admin.ask("POST", "/api/v1/allowances", Some(json!({ "extension": number, "seconds": 600 })));
    assert_eq!((made.status, &made.json()["by"]), (201, &json!("admin")), "{}", made.text());
    let again = admin.ask("POST", "/api/v1/allowances", Some(json!({ "extension": number, "seconds": 7200 })));
    let listed = admin.get("/api/v1/allowances").json()["items"].clone();
    assert_eq!(listed, json!([again.json()]), "in place of the one before");
    assert_eq!(kind(&admin.get("/api/v1/usage")), "unavailable", "nothing runs that would know");
    assert_eq!(admin.ask("DELETE", &format!("/api/v1/allowances/{number}"), None).status, 204);
    admin.ask("POST", "/api/v1/allowances", Some(json!({ "extension": number })));
    let deeds = admin.get("/api/v1/audit").json()["items"].clone();
    let told: Vec<&str> = deeds.as_array().unwrap().iter().filter_map(|deed| deed["what"].as_str()).collect();
    assert_eq!(told.iter().filter(|what| **what == "limits_lifted").count(), 3, "{told:?}");
    assert!(told.contains(&"limits_restored"));
    let opened = dozvon::io::store::Store::open(&world.data, dozvon::io::clock::wall()).unwrap();
    let kept: Vec<&str> = opened.allowances.iter().map(|row| row.extension.as_str()).collect();
    assert_eq!(kept, [number.as_str()]);
    let later = dozvon::io::clock::wall() + Duration::from_secs(3700);
    assert!(opened.store.allowances(later).unwrap().is_empty(), "it has ended");
    opened.store.close();
}
