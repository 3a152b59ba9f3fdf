//! The settings' history: told in words, taken back, and coming back by itself.

use dozvon::office::{Device, Forward, Role};
use serde_json::{Value, json};

use crate::client::{Caller, put};
use crate::real::{RealWorld, kind};
use crate::world::{PASSWORD, user};

const PARKING: &str = "/api/v1/parking";

fn parked(admin: &mut Caller<'_>, seconds: u32) -> String {
    let mut body = admin.get(PARKING).json();
    body["timeout_seconds"] = seconds.into();
    let answer = put(admin, PARKING, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("dozvon-version").unwrap().to_owned()
}

fn revert(admin: &mut Caller<'_>, version: &str, scope: &str) -> crate::client::Answer {
    admin.ask("POST", &format!("/api/v1/versions/{version}/revert"), Some(json!({ "scope": scope })))
}

fn forward(world: &RealWorld, to: &str) {
    world.change(|office| {
        let Some(Device::Sip(sip)) = office.extensions[0].devices.first_mut() else { panic!("a SIP device") };
        sip.forward = Forward::Always { to: to.to_owned() };
    });
}

fn newest(admin: &mut Caller<'_>) -> Value {
    admin.get("/api/v1/versions?limit=1").json()["items"][0].clone()
}

#[test]
fn changes_are_told_in_the_callers_language_page_by_page() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    forward(&world, "79211234567");
    let made = parked(&mut admin, 77);
    let first = admin.get("/api/v1/versions?limit=2").json();
    let items = first["items"].as_array().unwrap();
    assert_eq!((&items[0]["id"], &items[0]["author"]), (&json!(made), &json!("admin")));
    assert_eq!(items[0]["changes"], json!(["В парковке изменилось время ожидания: 77 с."]));
    let said = items[1]["changes"][0].as_str().unwrap();
    assert!(
        said.starts_with("У 200, телефон ") && said.ends_with("изменилась переадресация: всегда на 8 921 123-45-67.")
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/api/v1/versions?limit=2&cursor={cursor}")).json();
    let last = second["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["author"], &last["changes"][0]), (&json!("dozvon"), &json!("Первые настройки станции.")));
    assert!(second["next_cursor"].is_null());
    let mut english = world.admin().with("Accept-Language", "en");
    let story = english.get(&format!("/api/v1/versions/{made}")).json();
    assert_eq!(story["changes"], json!(["Parking: time of waiting is now 77 s."]));
    let field = &story["fields"][0];
    assert_eq!(
        (&field["kind"], &field["field"], &field["before"], &field["after"]),
        (&json!("parking"), &json!("timeout_seconds"), &json!("120 s"), &json!("77 s"))
    );
    for none in ["0", "999", "x", "-1", "9223372036854775807"] {
        assert_eq!(english.get(&format!("/api/v1/versions/{none}")).status, 404, "{none}");
    }
}

#[test]
fn one_change_is_taken_back_and_later_ones_stay() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let made = parked(&mut admin, 77);
    forward(&world, "202");
    let answer = revert(&mut admin, &made, "this");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["changes"], json!(["В парковке изменилось время ожидания: 120 с."]));
    assert_eq!(answer.header("dozvon-version"), answer.json()["version"].as_str());
    assert_eq!(admin.get(PARKING).json()["timeout_seconds"], 120);
    assert!(matches!(
        world.handle.office().extensions[0].devices.first(),
        Some(Device::Sip(sip)) if sip.forward != Forward::None
    ));
    assert_eq!(kind(&revert(&mut admin, &made, "this")), "nothing_to_revert", "twice");
    // An undo is a version, and can be undone.
    let undo = answer.header("dozvon-version").unwrap().to_owned();
    assert_eq!(revert(&mut admin, &undo, "this").status, 200);
    assert_eq!(admin.get(PARKING).json()["timeout_seconds"], 77);
}

#[test]
fn a_change_that_later_ones_touched_is_refused_in_words_and_the_state_of_then_can_be_had() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let made = parked(&mut admin, 77);
    parked(&mut admin, 99);
    let answer = revert(&mut admin, &made, "this");
    assert_eq!((answer.status, kind(&answer).as_str()), (409, "changed_later"));
    let said = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("время ожидания"), "{said}");
    let back = revert(&mut admin, &made, "to");
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(admin.get(PARKING).json()["timeout_seconds"], 77);
    assert!(back.header("dozvon-version").is_some());
    let same = revert(&mut admin, &made, "to");
    assert_eq!((same.status, same.header("dozvon-version")), (200, None), "all is so already");
    assert_eq!(revert(&mut admin, &made, "all").status, 422);
    assert_eq!(revert(&mut admin, "1", "this").status, 409, "there was nothing before");
}

#[test]
fn going_back_brings_no_old_password_back() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let before = newest(&mut admin)["id"].as_str().unwrap().to_owned();
    let body = json!({ "current": PASSWORD, "new": "another battery horse" });
    assert_eq!(admin.ask("PUT", "/api/v1/session/password", Some(body)).status, 204);
    parked(&mut admin, 77);
    assert_eq!(revert(&mut admin, &before, "to").status, 200);
    assert_eq!(Caller::nobody(&world).sign_in("admin", PASSWORD).status, 401);
    assert_eq!(Caller::nobody(&world).sign_in("admin", "another battery horse").status, 200);
}

#[test]
fn a_change_that_could_cut_its_maker_off_waits_for_his_word() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("boss", Role::Admin, false)));
    let mut admin = world.admin();
    let quiet = put(&mut admin, "/api/v1/users/boss", json!({ "login": "boss", "role": "viewer" }));
    assert_eq!((quiet.status, quiet.header("dozvon-confirm-by")), (200, None));
    assert_eq!(put(&mut admin, "/api/v1/users/boss", json!({ "login": "boss", "role": "admin" })).status, 200);

    let risky = put(&mut admin, "/api/v1/users/admin", json!({ "login": "admin", "role": "viewer" }));
    assert_eq!(risky.status, 200, "{}", risky.text());
    let at: jiff::Timestamp = risky.header("dozvon-confirm-by").unwrap().parse().unwrap();
    assert!(at.as_millisecond() > dozvon::io::clock::wall().millis());
    let version = risky.header("dozvon-version").unwrap().to_owned();
    let confirm = format!("/api/v1/versions/{version}/confirm");
    let mut boss = Caller::signed_in(&world, "boss", PASSWORD);
    assert!(newest(&mut boss)["confirm_by"].is_string());
    let missing = format!("/api/v1/versions/{}/confirm", i64::MAX - 1);
    assert_eq!(admin.ask("POST", &missing, None).status, 404);
    // He is a viewer now, and there: his own word counts.
    assert_eq!(admin.ask("POST", &confirm, None).status, 204);
    assert!(newest(&mut boss)["confirm_by"].is_null());
    assert_eq!(kind(&boss.ask("POST", &confirm, None)), "not_waiting");
}

#[test]
fn what_nobody_confirmed_comes_back_over_a_restart() {
    let mut world = RealWorld::new();
    world.change(|office| office.users.push(user("boss", Role::Admin, false)));
    let mut admin = world.admin();
    let risky = put(&mut admin, "/api/v1/users/admin", json!({ "login": "admin", "role": "viewer", "disabled": true }));
    assert_eq!(risky.status, 200, "{}", risky.text());
    assert_eq!(admin.get("/api/v1/session").status, 401, "out at once");
    assert!(world.handle.office().users[0].disabled);
    parked(&mut Caller::signed_in(&world, "boss", PASSWORD), 77);
    drop(admin);
    world.handle.store().close();
    // The power was away for an hour.
    let data = std::mem::take(&mut world.data);
    let database = rusqlite::Connection::open(dozvon::io::store::database(&data)).unwrap();
    database.execute("UPDATE probation SET revert_at = revert_at - 3600000, made_at = made_at - 3600000", ()).unwrap();
    drop(database);
    drop(world);
    // Threads of the web hold the old handle; a copy of the directory is the disk of the machine that starts again.
    let copy = data.with_extension("again");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir_all(copy.join("backups")).unwrap();
    for entry in std::fs::read_dir(&data).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    std::fs::remove_dir_all(&data).unwrap();
    let world = RealWorld::open(copy);
    let mut news = world.handle.board().subscribe();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while world.handle.office().users[0].disabled {
        runtime.block_on(news.changed()).unwrap();
    }
    let mut admin = world.admin();
    assert_eq!(admin.get("/api/v1/session").json()["role"], "admin");
    assert_eq!(admin.get(PARKING).json()["timeout_seconds"], 77, "what the other one did meanwhile stays");
    let newest = newest(&mut admin);
    assert_eq!((&newest["author"], &newest["confirm_by"]), (&json!("dozvon"), &Value::Null));
}

#[test]
fn viewers_see_no_versions() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("looker", Role::Viewer, false)));
    let mut looker = Caller::signed_in(&world, "looker", PASSWORD);
    for path in ["/api/v1/versions", "/api/v1/versions/1", "/api/v1/audit", "/api/v1/users", "/api/v1/tokens"] {
        assert_eq!(looker.get(path).status, 403, "{path}");
    }
    assert_eq!(revert(&mut looker, "2", "this").status, 403);
    assert_eq!(looker.ask("POST", "/api/v1/versions/2/confirm", None).status, 403);
}
