//! What employees key and dial, as the API changes it: the one way of all changes, with its refusals.

use std::sync::Arc;
use std::time::Duration;

use dozvon::office::{Feature, Forward, Mail};
use serde_json::{Value, json};

use crate::client::{Answer, Caller, put, put_as};
use crate::world::{PASSWORD, TOKEN, VIEWER_TOKEN, World};

/// Status, pointer and words of the first fault.
fn fault(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let first = &body["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&first["pointer"]), text(&first["detail"]))
}

#[test]
fn a_code_is_moved_and_a_version_written() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut read = admin.get("/api/v1/codes").json();
    assert_eq!((&read["codes"]["pickup"], &read["defaults"]["pickup"]), (&json!("*8"), &json!("*8")));
    read["codes"]["pickup"] = json!("**");
    let put = put(&mut admin, "/api/v1/codes", read.clone());
    assert_eq!((put.status, put.json()), (200, read));
    assert_eq!(put.header("etag"), admin.get("/api/v1/codes").header("etag"));
    assert_eq!(world.box_.office.read().unwrap().codes.get(Feature::Pickup), "**");
    assert_eq!(*world.box_.changes.lock().unwrap(), ["admin: codes changed"]);
    let same = put_as(&mut admin, "/api/v1/codes", "*", json!({ "codes": { "pickup": "**" } }));
    assert_eq!((same.status, world.box_.changes.lock().unwrap().len()), (200, 1), "nothing changed, no version");
    let back = put_as(&mut admin, "/api/v1/codes", "*", json!({ "codes": {} }));
    assert_eq!(back.json()["codes"]["pickup"], "*8", "what is left out is that of a new box");
}

#[test]
fn what_is_wrong_with_a_code_is_told_at_its_field_in_the_callers_language() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let mut wrong = |key: &str, code: &str| fault(&put(&mut admin, "/api/v1/codes", json!({ "codes": { key: code } })));
    for (key, code, pointer, said) in [
        ("clock", "65", "/codes/clock", "Код начинается с * или #, в нём от 2 до 6 знаков: цифры, * и #."),
        ("clock", "*43", "/codes/clock", "Этот код уже занят: проверка эхом."),
        (
            "clock",
            "*8201",
            "/codes/clock",
            "Так начинается другой код с номером после него: перехват. Станция не отличит одно от другого.",
        ),
        ("clok", "*43", "/codes/clok", "Такой возможности нет."),
    ] {
        assert_eq!(wrong(key, code), (422, pointer.to_owned(), said.to_owned()), "{key} {code}");
    }
    let mut english = Caller::token(&world, TOKEN).with("Accept-Language", "en");
    let answer = put(&mut english, "/api/v1/codes", json!({ "codes": { "clock": "*43" } }));
    assert_eq!(fault(&answer).2, "This code is taken already: echo test.");
    for body in [json!({}), json!({ "codes": { "clock": 65 } }), json!({ "codes": [] }), json!({ "codes": {}, "x": 1 })]
    {
        assert_eq!(put(&mut english, "/api/v1/codes", body).status, 400);
    }
    assert!(world.box_.changes.lock().unwrap().is_empty());
}

#[test]
fn nobodys_change_is_lost() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN);
    let mut other = Caller::token(&world, TOKEN);
    let seen = admin.get("/api/v1/parking").header("etag").unwrap().to_owned();
    assert_eq!(put(&mut other, "/api/v1/parking", json!({ "first": 750, "last": 759 })).status, 200);
    assert_eq!(put(&mut other, "/api/v1/codes", json!({ "codes": { "park": "" } })).status, 200);
    let late = put_as(&mut admin, "/api/v1/parking", &seen, json!({ "first": 700, "last": 701 }));
    assert_eq!(late.status, 412);
    assert_eq!(world.box_.office.read().unwrap().parking.first, 750);
    let blind = admin.ask("PUT", "/api/v1/parking", Some(json!({})));
    assert_eq!(blind.status, 428, "who has seen nothing changes nothing");
    let seen = admin.get("/api/v1/parking").header("etag").unwrap().to_owned();
    assert_eq!(put(&mut other, "/api/v1/codes", json!({ "codes": {} })).status, 200);
    let unrelated = put_as(&mut admin, "/api/v1/parking", &seen, json!({ "last": 0 }));
    assert_eq!(unrelated.status, 200, "a change of something else is no loss");
}

#[test]
fn parking_is_judged_by_itself_and_against_all_numbers() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let mut parking = |body: Value| put(&mut admin, "/api/v1/parking", body);
    assert_eq!(
        fault(&parking(json!({ "first": 100 }))),
        (422, "/first".to_owned(), "Число от 200 до 99999.".to_owned())
    );
    assert_eq!(fault(&parking(json!({ "last": 800 }))), (422, "/last".to_owned(), "Мест не больше 50.".to_owned()));
    let taken = parking(json!({ "first": 203, "last": 204 }));
    assert_eq!(taken.status, 409);
    assert_eq!(taken.json()["detail"], "На номере 203 и место парковки, и внутренний номер. Выберите другие номера.");
    assert_eq!(parking(json!({ "timeout_seconds": 5 })).status, 422);
    assert_eq!(parking(json!({ "first": -1 })).status, 400);
    assert_eq!(parking(json!({ "first": 7001, "last": 7050, "timeout_seconds": 60 })).status, 200);
}

#[test]
fn rooms_come_change_move_and_go() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).with("Accept-Language", "ru");
    let room = json!({ "number": "800", "name": "Планёрка", "pin": "4711" });
    let made = admin.ask("POST", "/api/v1/conferences", Some(room.clone()));
    assert_eq!((made.status, made.header("location")), (201, Some("/api/v1/conferences/800")));
    assert!(!made.text().contains("4711") && !admin.get("/api/v1/conferences").text().contains("4711"));
    assert_eq!(admin.get("/api/v1/conferences/800").json()["pin"], "4711", "an admin asks for one at a time");
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    assert!(!viewer.get("/api/v1/conferences/800").text().contains("4711"));
    let twice = admin.ask("POST", "/api/v1/conferences", Some(room));
    assert_eq!(
        fault(&twice),
        (422, "/number".to_owned(), "800 уже у комнаты «Планёрка». Свободны 801 и 802.".to_owned())
    );
    for (number, pin, pointer) in [
        ("201", "", "/number"),
        ("705", "", "/number"),
        ("1", "", "/number"),
        ("", "", "/number"),
        ("801", "12", "/pin"),
    ] {
        let answer = admin.ask("POST", "/api/v1/conferences", Some(json!({ "number": number, "pin": pin })));
        assert_eq!((answer.status, fault(&answer).1.as_str()), (422, pointer), "{number} {pin}");
    }
    let tag = admin.get("/api/v1/conferences/800").header("etag").unwrap().to_owned();
    assert_eq!(made.header("etag"), Some(tag.as_str()));
    let moved = put_as(&mut admin, "/api/v1/conferences/800", &tag, json!({ "number": "801", "name": "Совет" }));
    assert_eq!(moved.json(), json!({ "number": "801", "name": "Совет", "has_pin": true }));
    assert_eq!(world.box_.office.read().unwrap().conferences[0].pin, "4711", "left out, it stays");
    assert_eq!(admin.get("/api/v1/conferences/800").status, 404);
    assert_eq!(put_as(&mut admin, "/api/v1/conferences/800", "*", json!({ "number": "802" })).status, 404);
    let stale = Caller::token(&world, TOKEN).with("If-Match", &tag).ask("DELETE", "/api/v1/conferences/801", None);
    assert_eq!(stale.status, 412);
    assert_eq!(admin.ask("DELETE", "/api/v1/conferences/801", None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/conferences/801", None).status, 404);
    assert_eq!(
        *world.box_.changes.lock().unwrap(),
        ["admin: conference 800 added", "admin: conference 800 changed", "admin: conference 801 removed"]
    );
}

#[test]
fn the_mails_password_goes_in_and_never_comes_out() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN);
    let body = json!({ "server": "smtp.example.org", "security": "tls", "login": "box", "password": "mail-secret", "from": "box@example.org" });
    let answer = put(&mut admin, "/api/v1/mail", body);
    assert_eq!((answer.status, &answer.json()["has_password"]), (200, &json!(true)));
    assert!(!answer.text().contains("mail-secret"));
    let mut read = admin.get("/api/v1/mail").json();
    read["missed_calls"] = json!(true);
    read["admin"] = json!("admin@office.example");
    assert_eq!(read["trust_any_certificate"], false);
    read["trust_any_certificate"] = json!(true);
    assert_eq!(put(&mut admin, "/api/v1/mail", read.clone()).status, 200, "what was read can be written");
    let mail = world.box_.office.read().unwrap().mail.clone();
    assert_eq!((mail.password.as_str(), mail.missed_calls, mail.trust_any_certificate), ("mail-secret", true, true));
    read["password"] = json!("");
    assert_eq!(put(&mut admin, "/api/v1/mail", read).json()["has_password"], false);
    for (body, pointer) in [
        (json!({ "server": "smtp.example.org" }), "/from"),
        (json!({ "server": "smtp example", "from": "a@b" }), "/server"),
        (json!({ "from": "me" }), "/from"),
        (json!({ "security": "ssl" }), "/security"),
        (json!({ "login": "a\u{7}" }), "/login"),
        (json!({ "login": "x".repeat(1001) }), "/login"),
    ] {
        let answer = put(&mut admin, "/api/v1/mail", body.clone());
        // What is not there at all is told of the whole.
        let told = fault(&answer).1;
        assert!(answer.status == 422 && (told == pointer || told.is_empty()), "{body}: {}", answer.text());
    }
    assert_eq!(put(&mut admin, "/api/v1/mail", json!({ "port": 70_000 })).status, 400);
    assert_eq!(put(&mut admin, "/api/v1/mail", json!({})).status, 200);
    assert_eq!(world.box_.office.read().unwrap().mail, Mail::default());
}

#[test]
fn an_extension_forwards_only_where_it_may_call() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let path = "/api/v1/extensions/203/forwarding";
    let read = admin.get(path).json();
    assert_eq!(read["devices"][0]["forward"], json!({ "mode": "conditional", "busy": "201", "no_answer": "" }));
    let mut to = |to: &str| {
        let device = json!({ "login": "user203s0", "forward": { "mode": "always", "to": to } });
        put(&mut admin, path, json!({ "do_not_disturb": false, "devices": [device] }))
    };
    let stored = to("123-45-67");
    assert_eq!(stored.json()["devices"][0]["forward"]["to"], "78121234567");
    assert_eq!(to("78121234567").status, 200, "what was read can be written");
    let pointer = "/devices/0/forward/to".to_owned();
    let mobile = "Это мобильный другого региона, а этому внутреннему туда звонить нельзя: переадресация не сработает.";
    assert_eq!(fault(&to("8 921 123-45-67")), (422, pointer.clone(), mobile.to_owned()));
    for wrong in ["203", "112", "299", "", "*43", "375291234567", "701"] {
        let answer = to(wrong);
        assert_eq!((answer.status, fault(&answer).1), (422, pointer.clone()), "{wrong}");
    }
    assert_eq!(to("500").status, 422, "there is no group");
    let quiet = put(&mut admin, path, json!({ "do_not_disturb": true, "devices": [] }));
    assert_eq!(quiet.status, 200);
    let office = world.box_.office.read().unwrap().clone();
    let extension = office.extension("203").unwrap();
    assert!(extension.do_not_disturb);
    assert_eq!(extension.sip_devices().next().unwrap().forward, Forward::Always { to: "78121234567".to_owned() });
    assert_eq!(admin.get("/api/v1/extensions/203").json()["do_not_disturb"], true);
    let stranger = json!({ "login": "user204s0", "forward": { "mode": "none" } });
    let answer = put(&mut admin, path, json!({ "do_not_disturb": false, "devices": [stranger] }));
    assert_eq!(fault(&answer).1, "/devices/0/login");
    assert_eq!(admin.get("/api/v1/extensions/299/forwarding").status, 404);
}

#[test]
fn viewers_look_and_a_broken_disk_changes_nothing() {
    let world = World::new();
    let paths = ["codes", "parking", "mail", "extensions/203/forwarding"];
    let mut viewer = Caller::signed_in(&world, "looker", PASSWORD);
    for path in paths {
        let path = format!("/api/v1/{path}");
        assert_eq!(viewer.get(&path).status, 200);
        assert_eq!(viewer.ask("PUT", &path, Some(json!("nonsense"))).status, 403, "judged before the body");
    }
    assert_eq!(viewer.ask("POST", "/api/v1/conferences", None).status, 403);
    assert_eq!(viewer.ask("DELETE", "/api/v1/conferences/800", None).status, 403);
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    *world.box_.broken.lock().unwrap() = true;
    let answer = put(&mut admin, "/api/v1/parking", json!({ "last": 0 }));
    assert_eq!(answer.status, 503);
    assert_eq!(admin.get("/api/v1/parking").json()["last"], 709);
    *world.box_.broken.lock().unwrap() = false;
    let mut without = admin.without("X-CSRF-Token");
    assert_eq!(without.ask("PUT", "/api/v1/parking", Some(json!({}))).status, 403);
}

#[test]
fn the_trunk_doctor_says_what_is_wrong_and_what_to_do() {
    let world = World::new();
    Arc::make_mut(&mut world.box_.office.write().unwrap()).trunks[0].server = "127.0.0.1:9".to_owned();
    // no space or letter beyond ASCII: it stands in a path
    "City".clone_into(&mut Arc::make_mut(&mut world.box_.office.write().unwrap()).trunks[0].name);
    let name = world.box_.office.read().unwrap().trunks[0].name.clone();
    let path = format!("/api/v1/trunks/{}/check", name);
    let mut admin = Caller::token(&world, TOKEN);
    assert_eq!(admin.get(&path).status, 404, "not looked at yet");
    let begun = admin.ask("POST", &path, None);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let found = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(50));
        admin.get(&path).json()
    });
    let found = found.take(100).find(|found| found["running"] == false).expect("it ends");
    assert_eq!(found["verdict"], "wrong_password", "{found}");
    let states: Vec<&Value> = found["findings"].as_array().unwrap().iter().map(|finding| &finding["state"]).collect();
    assert_eq!(states, ["ok", "ok", "bad", "skipped", "skipped"]);
    assert!(found["text"].as_str().unwrap().contains("пароль") && found["fix"].is_null());
    let english = admin.get(&format!("{path}?lang=en")).json();
    assert!(english["text"].as_str().unwrap().contains("password"), "{english}");
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!((viewer.get(&path).status, viewer.ask("POST", &path, None).status), (200, 403));
    assert_eq!(admin.ask("POST", "/api/v1/trunks/nobody/check", None).status, 404);
}
