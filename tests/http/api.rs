//! The API as integrators and the page use it.

use std::time::Duration;

use dozvon::base::CallId;
use dozvon::call::cdr::{CallDirection, CallOutcome};
use dozvon::engine::live::{CallState, CallView, ContactView, Live, TrunkState, TrunkView};
use dozvon::io::store::StoredStep;
use dozvon::office::Role;
use serde_json::{Value, json};

use crate::client::{Caller, Wire};
use crate::description::{document, validate};
use crate::world::{PASSWORD, START, TOKEN, VIEWER_TOKEN, World, office, row, user};

pub(crate) fn call(id: u64) -> CallView {
    CallView {
        call: CallId(id),
        started_at: START,
        answered_at: Some(START + Duration::from_secs(9)),
        direction: CallDirection::Inbound,
        caller: "79211234567".to_owned(),
        caller_name: "Иван".to_owned(),
        called: "78126122981".to_owned(),
        with: vec!["200".to_owned()],
        state: CallState::Talking,
        element: Some("menu".to_owned()),
        element_since: None,
        trunk: Some("Основной городской".to_owned()),
    }
}

#[test]
fn without_a_sign_in_everything_is_401_whatever_the_method_path_or_body() {
    let world = World::new();
    let templates = document()["paths"].as_object().unwrap().keys().map(String::as_str);
    let others = ["/api/v1/nothing", "/api/v1/", "/api/v1/calls/1/2", "/api/v1/trunks/%ff", "/api/v1/trunks?x=%zz"];
    let wrong = [("Authorization", "Bearer wrong"), ("Authorization", "Basic YTpi"), ("Cookie", "__Host-dozvon=x")];
    for path in templates.chain(others).filter(|path| path.starts_with("/api/v1/")) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let open = path == "/api/v1/openapi.json"
                || (path == "/api/v1/session" && !["GET", "HEAD", "DELETE"].contains(&method));
            if open {
                continue;
            }
            let mut nobody = Caller::nobody(&world);
            assert_eq!(nobody.ask(method, path, Some(json!("not an object"))).status, 401, "{method} {path}");
        }
        for (name, value) in wrong {
            let status = Caller::nobody(&world).with(name, value).get(path).status;
            assert_eq!(status, if path == "/api/v1/openapi.json" { 200 } else { 401 }, "{name}: {value} {path}");
        }
    }
}

#[test]
fn a_sign_in_opens_and_a_sign_out_closes() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let me = admin.get("/api/v1/session").json();
    assert_eq!(
        (&me["login"], &me["role"], &me["must_change_password"]),
        (&json!("admin"), &json!("admin"), &json!(false))
    );
    assert_eq!(admin.get("/api/v1/trunks").status, 200);
    let out = admin.ask("DELETE", "/api/v1/session", None);
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(admin.get("/api/v1/trunks").status, 401);
}

#[test]
fn the_cookie_is_for_this_host_over_tls_and_for_no_script() {
    let world = World::new();
    let answer = Caller::nobody(&world).sign_in("admin", PASSWORD);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-dozvon="));
    for word in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_login_look_the_same_and_slow_down() {
    let world = World::new();
    let mut caller = Caller::nobody(&world);
    let wrong = caller.sign_in("admin", "wrong").json();
    let unknown = caller.sign_in("nobody", "wrong").json();
    assert_eq!(wrong, unknown);
    let statuses: Vec<u16> = (0..4).map(|_| caller.sign_in("admin", "wrong").status).collect();
    assert_eq!(statuses, [401, 401, 401, 429]);
    let answer = caller.sign_in("admin", PASSWORD);
    assert_eq!(answer.status, 429, "the right one waits too");
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() <= 2);
    let mut token = Caller::token(&world, TOKEN);
    assert_eq!(token.get("/api/v1/trunks").status, 200, "who is in stays in");
}

#[test]
fn a_sign_in_is_json_of_two_fields() {
    let world = World::new();
    let mut caller = Caller::nobody(&world);
    for body in [
        json!({}),
        json!([]),
        json!({"login": "a"}),
        json!({"login": "a", "password": 1}),
        json!({"login": "a", "password": "b", "x": 1}),
    ] {
        assert_eq!(caller.ask("POST", "/api/v1/session", Some(body)).status, 400);
    }
    let mut wire = Wire::tls(&world);
    wire.send("POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}");
    assert_eq!(wire.answer().unwrap().status, 415, "a form of another site could send that");
}

#[test]
fn a_one_time_password_opens_nothing_but_its_own_change() {
    let world = World::with(office(vec![user("admin", Role::Admin, true)]));
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut other = Caller::signed_in(&world, "admin", PASSWORD);
    assert_eq!(admin.get("/api/v1/session").json()["must_change_password"], true);
    for path in ["/api/v1/trunks", "/api/v1/events", "/api/v1/nothing"] {
        let answer = admin.get(path);
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.json()["type"].as_str().unwrap().ends_with("must_change_password"));
    }
    let mut change = |current: &str, new: &str| {
        admin.ask("PUT", "/api/v1/session/password", Some(json!({ "current": current, "new": new })))
    };
    let pointer = |answer: crate::client::Answer| answer.json()["errors"][0]["pointer"].clone();
    assert_eq!(pointer(change("wrong", "a new good password")), "/current");
    assert_eq!(pointer(change(PASSWORD, "short")), "/new");
    assert_eq!(pointer(change(PASSWORD, PASSWORD)), "/new");
    assert_eq!(change(PASSWORD, "a new good password").status, 204);
    assert_eq!(admin.get("/api/v1/trunks").status, 200);
    assert_eq!(other.get("/api/v1/trunks").status, 401, "the other session ended");
    assert_eq!(Caller::nobody(&world).sign_in("admin", PASSWORD).status, 401);
    Caller::signed_in(&world, "admin", "a new good password");
}

#[test]
fn a_password_that_the_disk_did_not_take_is_not_changed() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    *world.box_.broken.lock().unwrap() = true;
    let body = json!({ "current": PASSWORD, "new": "a new good password" });
    let answer = admin.ask("PUT", "/api/v1/session/password", Some(body));
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(admin.get("/api/v1/history").status, 503);
    assert_eq!(admin.get("/api/v1/trunks").status, 200, "what needs no disk goes on");
}

#[test]
fn a_change_by_cookie_needs_the_csrf_token_of_this_session() {
    let world = World::new();
    world.board.apply(Live::Call(call(7)), START);
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).without("X-CSRF-Token");
    assert_eq!(admin.ask("DELETE", "/api/v1/calls/7", None).status, 403);
    let other = Caller::nobody(&world).sign_in("admin", PASSWORD).json()["csrf_token"].as_str().unwrap().to_owned();
    let mut admin = admin.with("X-CSRF-Token", &other);
    assert_eq!(admin.ask("DELETE", "/api/v1/calls/7", None).status, 403);
    assert_eq!(admin.ask("DELETE", "/api/v1/session", None).status, 403);
    assert!(world.box_.hung_up.lock().unwrap().is_empty());
    let mut token = Caller::token(&world, TOKEN);
    assert_eq!(token.ask("DELETE", "/api/v1/calls/7", None).status, 204, "a token is no cookie");
    assert_eq!(*world.box_.hung_up.lock().unwrap(), [CallId(7)]);
}

#[test]
fn a_viewer_looks_and_changes_nothing() {
    let world = World::new();
    world.board.apply(Live::Call(call(7)), START);
    for mut viewer in [Caller::signed_in(&world, "looker", PASSWORD), Caller::token(&world, VIEWER_TOKEN)] {
        for path in ["calls", "calls/7", "trunks", "extensions", "history", "system"] {
            assert_eq!(viewer.get(&format!("/api/v1/{path}")).status, 200, "{path}");
        }
        assert_eq!(viewer.ask("DELETE", "/api/v1/calls/7", None).status, 403);
        assert_eq!(viewer.ask("DELETE", "/api/v1/calls/8", None).status, 403, "and learns nothing by it");
    }
    assert!(world.box_.hung_up.lock().unwrap().is_empty());
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    assert_eq!(admin.ask("DELETE", "/api/v1/calls/8", None).status, 404);
    assert_eq!(admin.ask("DELETE", "/api/v1/calls/7", None).status, 204);
}

#[test]
fn lists_tell_the_live_state_and_never_a_password() {
    let world = World::new();
    let state = TrunkState::WrongPassword { status: 403 };
    world.board.apply(Live::Trunk(TrunkView { name: "Запасной".to_owned(), state, since: START }), START);
    let contact = ContactView {
        peer: "192.168.1.20:5060".parse().unwrap(),
        user_agent: "Yealink T46".to_owned(),
        expires_at: START,
    };
    world.board.apply(Live::Registration { login: "user201s0".to_owned(), contacts: vec![contact] }, START);
    world.board.apply(Live::Call(call(7)), START);
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).with("Accept-Language", "ru");
    let trunks = admin.get("/api/v1/trunks");
    assert_eq!(trunks.json()["items"][0]["state"]["text"], "подключается");
    assert_eq!(trunks.json()["items"][1]["state"]["text"], "неверный пароль");
    assert_eq!(trunks.json()["items"][1]["state"]["since"], "2026-11-25T14:20:00.000+03:00");
    let extensions = admin.get("/api/v1/extensions");
    let devices = &extensions.json()["items"][1]["devices"];
    assert_eq!(devices[0]["registration"]["contacts"][0]["user_agent"], "Yealink T46");
    assert_eq!(extensions.json()["items"][0]["devices"][1]["kind"], "mobile");
    assert_eq!(admin.get("/api/v1/calls").json()["items"][0]["state_text"], "разговор");
    assert_eq!(admin.get("/api/v1/extensions/201").json()["devices"][0]["registration"]["registered"], true);
    assert_eq!(
        admin.get("/api/v1/trunks/%D0%97%D0%B0%D0%BF%D0%B0%D1%81%D0%BD%D0%BE%D0%B9").json()["state"]["status"],
        403
    );
    for answer in [trunks, extensions] {
        assert!(!answer.text().contains("secret"), "{}", answer.text());
    }
}

#[test]
fn texts_come_in_the_language_that_was_asked_for() {
    let world = World::new();
    let mut nobody = Caller::nobody(&world);
    assert_eq!(nobody.get("/api/v1/trunks").json()["detail"], "Сначала войдите, или дайте ключ доступа.");
    assert_eq!(nobody.get("/api/v1/trunks?lang=en").json()["detail"], "Sign in first, or give a token.");
    let mut english = Caller::token(&world, TOKEN).with("Accept-Language", "en-US,en;q=0.9,ru;q=0.8");
    assert_eq!(english.get("/api/v1/trunks").json()["items"][0]["state"]["text"], "connecting");
    assert_eq!(english.get("/api/v1/trunks?lang=ru").json()["items"][0]["state"]["text"], "подключается");
}

#[test]
fn the_history_is_paged_without_a_gap_or_a_double_even_when_calls_come_in_between() {
    let world = World::new();
    // Pairs share their millisecond.
    world.box_.rows.lock().unwrap().extend((0..1_203).map(|id| row(id, i64::try_from(id / 2).unwrap())));
    let mut admin = Caller::token(&world, TOKEN);
    let (mut seen, mut path) = (Vec::new(), "/api/v1/history?limit=500".to_owned());
    loop {
        let page = admin.get(&path).json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().parse::<u64>().unwrap()),
        );
        world.box_.rows.lock().unwrap().push(row(5_000 + seen.len() as u64, 100_000));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/history?limit=500&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..1_203).rev().collect::<Vec<_>>());
}

#[test]
fn a_query_that_makes_no_sense_is_refused_by_name() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN);
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("cursor=x", "cursor"),
        ("from=yesterday", "from"),
        ("to=2026-11-25", "to"),
        ("direction=up", "direction"),
        ("outcome=good", "outcome"),
        ("number=abc", "number"),
        ("form=2026-11-25T00:00:00Z", "form"),
    ] {
        let answer = admin.get(&format!("/api/v1/history?{query}"));
        assert_eq!((answer.status, &answer.json()["errors"][0]["parameter"]), (400, &json!(parameter)), "{query}");
    }
    for path in ["trunks", "extensions", "calls"] {
        assert_eq!(admin.get(&format!("/api/v1/{path}?limit=1&cursor=zz")).status, 400, "{path}");
        assert_eq!(admin.get(&format!("/api/v1/{path}?nonsense=1")).status, 400, "{path}");
    }
}

#[test]
fn filters_reach_the_store_and_small_lists_are_paged_too() {
    let world = World::new();
    let mut other = row(2, 1);
    other.direction = "outbound".to_owned();
    world.box_.rows.lock().unwrap().extend([row(1, 0), other]);
    let mut admin = Caller::token(&world, TOKEN);
    let ids = |answer: Value| {
        answer["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(admin.get("/api/v1/history?direction=outbound").json()), ["2"]);
    assert_eq!(ids(admin.get("/api/v1/history?number=%2B7%20921%20555-08-16").json()), ["2", "1"]);
    let first = admin.get("/api/v1/extensions?limit=5").json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/api/v1/extensions?limit=5&cursor={cursor}")).json();
    assert_eq!((&second["items"][0]["number"], &second["next_cursor"]), (&json!("205"), &Value::Null));
}

#[test]
fn a_call_of_the_history_opens_to_its_story() {
    let world = World::new();
    world.box_.rows.lock().unwrap().push(row(9, 0));
    let step = |what: &str, detail: Value| StoredStep { at: START, what: what.to_owned(), detail };
    let steps = vec![
        step("element", json!({ "element": "menu" })),
        step("rung", json!({ "who": "201", "device": "user201s0" })),
        step("not_taken", json!({ "who": "202", "device": "user202s0", "status": 486 })),
        step("answered", json!({ "who": "201" })),
        step("hold", json!({ "who": "201", "on": true })),
    ];
    world.box_.steps.lock().unwrap().insert(CallId(9), steps);
    let mut admin = Caller::token(&world, TOKEN);
    let story = admin.get("/api/v1/history/9").json();
    assert_eq!(story["steps"].as_array().unwrap().len(), 5);
    assert_eq!(story["steps"][2]["status"], 486);
    assert_eq!(admin.get("/api/v1/history/10").status, 404);
    assert_eq!(admin.get("/api/v1/history/x").status, 404);
}

#[test]
fn unknown_paths_and_methods_are_told_apart() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN);
    assert_eq!(admin.get("/api/v1/nothing").status, 404);
    assert_eq!(admin.get("/api/v1/trunks/").status, 404);
    let answer = admin.ask("PATCH", "/api/v1/calls/1", None);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, DELETE, HEAD")));
    let head = admin.ask("HEAD", "/api/v1/trunks", None);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert!(head.header("content-length").unwrap().parse::<u32>().unwrap() > 100);
    assert_eq!(admin.get("/api/v1/session").status, 403, "a token has none");
}

#[test]
fn metrics_are_prometheus_text() {
    let world = World::new();
    world.board.apply(Live::Call(call(7)), START);
    world.board.apply(Live::Call(call(8)), START);
    world.board.apply(Live::CallEnded { call: CallId(8), outcome: CallOutcome::Busy }, START);
    let text = Caller::nobody(&world).get("/metrics").text();
    for line in [
        "dozvon_calls{state=\"talking\"} 1",
        "dozvon_calls_ended_total{direction=\"inbound\",outcome=\"busy\"} 1",
        "dozvon_phones 6",
        "dozvon_phones_registered 0",
        "dozvon_trunk_state{trunk=\"Запасной\",state=\"starting\"} 1",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} in\n{text}");
    }
    let is_value = |line: &str| line.starts_with("# ") || line.rsplit(' ').next().unwrap().parse::<f64>().is_ok();
    assert!(text.lines().all(is_value), "{text}");
}

#[test]
fn the_description_describes_itself_as_3_1_and_the_validator_finds_faults() {
    assert_eq!(document()["openapi"], "3.1.0");
    let schema = &document()["components"]["schemas"]["Health"];
    assert!(validate(schema, &json!({ "status": "ok" }), "").is_ok());
    for wrong in [
        json!({}),
        json!({ "status": "bad" }),
        json!({ "status": "ok", "x": 1 }),
        json!("ok"),
        json!({ "status": "ok", "uptime_seconds": -1 }),
    ] {
        assert!(validate(schema, &wrong, "").is_err(), "{wrong}");
    }
}

#[test]
fn many_at_once_get_an_answer_or_are_asked_to_come_back() {
    let world = World::new();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..12).map(|_| scope.spawn(|| Caller::nobody(&world).sign_in("admin", PASSWORD).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| [200, 429, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200));
}
