//! The machine under the exchange: its state, its networks, its clock, and its ends.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dozvon::base::{CallId, RecordingId, WallTime};
use dozvon::call::cdr::CallOutcome;
use dozvon::engine::Record;
use dozvon::engine::live::Live;
use dozvon::io::http::Ground;
use dozvon::io::machine::Machine;
use dozvon::io::steward::client::Steward;
use dozvon::machine::order::{Card, Disk};
use dozvon::machine::{Addressing, Carrier, Network, Order, Port, State};
use dozvon::office::Role;
use serde_json::{Value, json};

use crate::api::call;
use crate::client::{Answer, Caller, put, put_as};
use crate::events::Stream;
use crate::real::{RealWorld, kind};
use crate::steward::StandIn;
use crate::world::{PASSWORD, START, TOKEN, VIEWER_TOKEN, World, ground, office, user};

fn on(ground: Ground) -> World {
    World::on(office(vec![user("admin", Role::Admin, false)]), ground)
}

/// A box with one card, in an office's network by DHCP.
fn the_box() -> (StandIn, World) {
    let steward = StandIn::new();
    steward.set(|state| {
        state.slot = "a".to_owned();
        state.release = "1.2".to_owned();
        state.host_name = "dozvon".to_owned();
        state.cards = vec![Card {
            name: "eth0".to_owned(),
            mac: "52:54:00:12:34:56".to_owned(),
            link: true,
            speed: Some(1000),
            addresses: vec!["192.168.1.10/24".to_owned()],
        }];
        state.disk = Disk { model: "SSD".to_owned(), wear: Some(3), ..Disk::default() };
        state.time_served = true;
    });
    let world = on(steward.ground());
    (steward, world)
}

fn wait_for(what: &str, is: impl Fn() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn pointers(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 422, "{}", answer.text());
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_steward_the_machine_is_its_owners_and_that_is_said() {
    let world = on(ground());
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).with("Accept-Language", "ru");
    assert_eq!(admin.get("/api/v1/system").json()["machine"]["image"], false);
    let ends = [
        ("restart", json!({ "what": "box", "when": "now" })),
        ("shutdown", json!({ "when": "idle" })),
        ("reset", json!({ "password": PASSWORD })),
    ];
    for (path, body) in ends {
        let answer = admin.ask("POST", &format!("/api/v1/system/{path}"), Some(body));
        assert_eq!((answer.status, kind(&answer).as_str()), (409, "no_steward"), "{path}: {}", answer.text());
        assert!(answer.text().contains("обычный Linux"), "{}", answer.text());
    }
    for path in ["network", "time"] {
        let answer = admin.get(&format!("/api/v1/system/{path}"));
        assert_eq!((answer.status, kind(&answer).as_str()), (409, "no_steward"), "{path}");
    }
    let answer = admin.ask("POST", "/api/v1/system/restart", Some(json!({ "what": "exchange", "when": "now" })));
    assert_eq!((answer.status, kind(&answer).as_str()), (409, "not_supervised"), "{}", answer.text());
    assert_eq!(world.box_.stopped.load(Ordering::Relaxed), 0);
}

#[test]
fn a_plain_linux_tells_what_it_can() {
    let fill = |state: &mut State| (state.memory_total, state.uptime_seconds) = (7, 77);
    let machine = Machine::new(Steward::at("/nowhere/steward.sock".into()), Some(Box::new(fill)));
    let world = on(Ground { machine, ..ground() });
    let told = Caller::token(&world, VIEWER_TOKEN).get("/api/v1/system").json()["machine"].clone();
    assert_eq!(
        (&told["image"], &told["memory_total"], &told["uptime_seconds"]),
        (&json!(false), &json!(7), &json!(77))
    );
    assert_eq!(told["slot"], Value::Null);
}

#[test]
fn the_boxs_state_is_shown_and_many_pages_ask_it_seldom() {
    let (steward, world) = the_box();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    let since = Instant::now();
    for _ in 0..40 {
        let machine = viewer.get("/api/v1/system").json()["machine"].clone();
        assert_eq!(
            (&machine["image"], &machine["slot"], &machine["release"]),
            (&json!(true), &json!("a"), &json!("1.2"))
        );
        assert_eq!(machine["cards"][0]["addresses"], json!(["192.168.1.10/24"]));
        assert_eq!(machine["disk"]["wear"], 3);
        assert_eq!(machine["disk"]["days_left"], Value::Null, "nobody knows yet");
    }
    let most = usize::try_from(since.elapsed().as_secs() / 2).unwrap() + 1;
    assert!(steward.asked() <= most, "{} of {most}", steward.asked());
}

#[test]
fn the_disk_says_how_long_it_lasts_by_how_the_recordings_grew() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let fill = |state: &mut State| (state.disk.data, state.disk.data_free) = (300_000_000_000, 41_073_741_824);
    let machine = Machine::new(Steward::at("/nowhere/steward.sock".into()), Some(Box::new(fill)));
    let world = RealWorld::on(Ground { machine, ..ground() });
    let now = dozvon::io::clock::wall().millis();
    let record = |id: u64, days_ago: i64, bytes: u64| {
        let (recording, at) = (RecordingId(id), WallTime(now - days_ago * DAY_MS));
        let path = format!("recordings/{id}.opus");
        let store = world.handle.store();
        store.record(Record::RecordingStarted { recording, call: CallId(id), at, path, format: "opus" });
        store.record(Record::RecordingEnded { recording, at, duration_ms: 1000, bytes });
    };
    record(1, 10, 12_000_000_000);
    record(2, 3, 8_000_000_000);
    world.handle.store().flush().unwrap();
    let disk = |world: &RealWorld| world.admin().get("/api/v1/system").json()["machine"]["disk"].clone();
    // 2 GB a day, and 40 GB until nothing is recorded any more; the history takes hardly anything.
    let told = disk(&world);
    let left = told["days_left"].as_u64().unwrap();
    assert!((19..=20).contains(&left) && told["recordings_days"] == Value::Null, "{told}");
    world.change(|office| office.recordings.keep_days = 15);
    let told = disk(&world);
    assert_eq!((&told["days_left"], &told["recordings_days"]), (&Value::Null, &json!(15)), "{told}");
    world.change(|office| office.recordings.keep_gigabytes = 24);
    assert_eq!(disk(&world)["recordings_days"], 12);
}

#[test]
fn another_network_is_taken_and_comes_back_unless_it_is_confirmed() {
    let (steward, world) = the_box();
    let mut admin = Caller::token(&world, TOKEN);
    let read = admin.get("/api/v1/system/network");
    let mut wanted = read.json();
    assert_eq!(wanted["office"], json!({ "card": "", "vlan": null, "address": { "mode": "dhcp" } }));
    assert_eq!((&wanted["host_name"], &wanted["confirm_within"]), (&json!("dozvon"), &Value::Null));
    wanted["office"]["address"] = json!({ "mode": "fixed", "address": "192.168.7.2/24", "gateway": "192.168.7.1" });
    wanted["carrier"] = json!({
        "port": { "card": "52:54:00:AA:bb:01", "address": { "mode": "dhcp" } },
        "routes": ["10.0.0.0/8"],
    });
    wanted["dns"] = json!(["192.168.7.1"]);
    let tag = read.header("etag").unwrap().to_owned();
    assert_eq!(admin.ask("PUT", "/api/v1/system/network", Some(wanted.clone())).status, 428);
    assert_eq!(put_as(&mut admin, "/api/v1/system/network", "\"x\"", wanted.clone()).status, 412);
    assert_eq!(admin.ask("POST", "/api/v1/system/network/confirm", None).status, 409);
    let mut stream = Stream::open(&admin);
    let answer = put_as(&mut admin, "/api/v1/system/network", &tag, wanted);
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.json()["addresses"], json!(["https://192.168.7.2"]));
    assert!(answer.json()["confirm_by"].is_string());
    let told = stream.next();
    assert_eq!((told.kind.as_str(), &told.data["what"]), ("system", &json!("machine")));
    let fixed = Addressing::Fixed { address: "192.168.7.2/24".to_owned(), gateway: Some([192, 168, 7, 1].into()) };
    let network = Network {
        office: Port { address: fixed, ..Port::default() },
        carrier: Some(Carrier {
            port: Port { card: "52:54:00:aa:bb:01".to_owned(), ..Port::default() },
            routes: vec!["10.0.0.0/8".to_owned()],
        }),
        dns: vec![[192, 168, 7, 1].into()],
    };
    assert_eq!(steward.orders(), [Order::Network { network, confirm_within: 120 }]);
    assert_eq!(admin.get("/api/v1/system/network").json()["confirm_within"], 120);
    assert_eq!(admin.ask("POST", "/api/v1/system/network/confirm", None).status, 204);
    assert_eq!(steward.orders().last(), Some(&Order::ConfirmNetwork));
    let deeds = world.box_.deeds.lock().unwrap();
    let deeds: Vec<&str> = deeds.iter().map(|deed| deed.what.as_str()).collect();
    assert_eq!(deeds, ["network", "network_confirmed"]);
}

#[test]
fn a_name_alone_needs_no_confirmation() {
    let (steward, world) = the_box();
    let mut admin = Caller::token(&world, TOKEN);
    let mut wanted = admin.get("/api/v1/system/network").json();
    wanted["host_name"] = "reception".into();
    let answer = put(&mut admin, "/api/v1/system/network", wanted);
    assert_eq!((answer.status, answer.json()), (202, json!({ "confirm_by": null, "addresses": [] })));
    assert_eq!(steward.orders(), [Order::HostName { name: "reception".to_owned() }]);
}

#[test]
fn what_is_wrong_with_a_network_is_marked_where_it_stands() {
    let (steward, world) = the_box();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let wanted = json!({
        "host_name": "ящик",
        "office": { "card": "", "vlan": 70000, "address": { "mode": "fixed", "address": "192.168.1.10", "gateway": "шлюз" } },
        "carrier": { "port": { "address": { "mode": "dhcp" } }, "routes": ["0.0.0.0/0"] },
        "dns": ["ya.ru"],
    });
    let answer = put(&mut admin, "/api/v1/system/network", wanted);
    let mut found = pointers(&answer);
    found.sort();
    let expected = [
        "/carrier/port/card",
        "/carrier/routes/0",
        "/dns/0",
        "/host_name",
        "/office/address/address",
        "/office/address/gateway",
        "/office/vlan",
    ];
    assert_eq!(found, expected, "{}", answer.text());
    assert!(answer.text().contains("192.168.1.10/24"), "{}", answer.text());
    assert_eq!(steward.orders(), []);
    let unknown = json!({ "host_name": "a", "office": { "address": { "mode": "dhcp" }, "mtu": 9000 } });
    assert_eq!(put(&mut admin, "/api/v1/system/network", unknown).status, 400);
}

#[test]
fn the_clock_is_told_whom_to_ask() {
    let (steward, world) = the_box();
    let mut admin = Caller::token(&world, TOKEN);
    assert_eq!(admin.get("/api/v1/system/time").json(), json!({ "servers": [], "serve": true }));
    let wrong = json!({ "servers": ["ntp.example.org", "a b"], "serve": true });
    assert_eq!(pointers(&put(&mut admin, "/api/v1/system/time", wrong)), ["/servers/1"]);
    let wanted = json!({ "servers": ["ntp.example.org", "192.168.1.1"], "serve": false });
    let answer = put(&mut admin, "/api/v1/system/time", wanted.clone());
    assert_eq!((answer.status, answer.json()), (200, wanted.clone()));
    let servers = ["ntp.example.org", "192.168.1.1"].map(str::to_owned).into();
    assert_eq!(steward.orders(), [Order::Time { servers, serve: false }]);
    assert_eq!(put(&mut admin, "/api/v1/system/time", wanted).status, 200);
    assert_eq!(steward.orders().len(), 1, "nothing changed");
}

#[test]
fn what_the_steward_refuses_is_told_with_its_reason() {
    let (steward, world) = the_box();
    steward.refuse("диск только для чтения", "the disk is read-only");
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let answer = put(&mut admin, "/api/v1/system/time", json!({ "servers": [], "serve": false }));
    assert_eq!((answer.status, kind(&answer).as_str()), (409, "refused"));
    assert!(answer.text().contains("Станция не смогла это сделать: диск только для чтения."), "{}", answer.text());
}

#[test]
fn a_restart_waits_for_calls_and_can_be_called_off() {
    let (_steward, world) = the_box();
    let mut admin = Caller::token(&world, TOKEN);
    world.board.apply(Live::Call(call(7)), START);
    let restart = json!({ "what": "exchange", "when": "idle" });
    let answer = admin.ask("POST", "/api/v1/system/restart", Some(restart.clone()));
    assert_eq!((answer.status, answer.json()), (202, json!({ "pending": "exchange", "waits_for_calls": 1 })));
    assert_eq!(admin.get("/api/v1/system").json()["pending"], "exchange");
    assert_eq!(admin.ask("DELETE", "/api/v1/system/restart", None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/system/restart", None).status, 404);
    assert_eq!(admin.get("/api/v1/system").json()["pending"], Value::Null);
    assert_eq!(admin.ask("POST", "/api/v1/system/restart", Some(restart)).status, 202);
    assert_eq!(world.box_.stopped.load(Ordering::Relaxed), 0, "a call goes on");
    world.board.apply(Live::CallEnded { call: CallId(7), outcome: CallOutcome::Answered }, START);
    wait_for("the end", || world.box_.stopped.load(Ordering::Relaxed) == 1);
}

#[test]
fn the_box_is_restarted_and_switched_off_by_its_steward() {
    let (steward, world) = the_box();
    let mut admin = Caller::token(&world, TOKEN);
    let answer = admin.ask("POST", "/api/v1/system/restart", Some(json!({ "what": "box", "when": "now" })));
    assert_eq!(answer.json(), json!({ "pending": "box", "waits_for_calls": 0 }));
    wait_for("a restart", || steward.orders() == [Order::Restart]);
    steward.refuse("пишется обновление", "an update is being written");
    assert_eq!(admin.ask("POST", "/api/v1/system/shutdown", Some(json!({ "when": "now" }))).status, 202);
    wait_for("a shutdown", || steward.orders() == [Order::Restart, Order::ShutDown]);
    wait_for("the refusal", || admin_pending(&world) == Value::Null);
}

fn admin_pending(world: &World) -> Value {
    Caller::token(world, TOKEN).get("/api/v1/system").json()["pending"].clone()
}

#[test]
fn everything_is_forgotten_for_the_right_password_only() {
    let (steward, world) = the_box();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut reset = |password: &str| admin.ask("POST", "/api/v1/system/reset", Some(json!({ "password": password })));
    assert_eq!(pointers(&reset("a wrong one")), ["/password"]);
    let by_token =
        Caller::token(&world, TOKEN).ask("POST", "/api/v1/system/reset", Some(json!({ "password": PASSWORD })));
    assert!((400..500).contains(&by_token.status), "{}", by_token.text());
    assert_eq!(steward.orders(), []);
    assert_eq!(reset(PASSWORD).status, 204);
    assert_eq!(steward.orders(), [Order::FactoryReset]);
}

#[test]
fn viewers_look_and_change_nothing() {
    let (steward, world) = the_box();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    for path in ["system/network", "system/time", "syslog"] {
        assert_eq!(viewer.get(&format!("/api/v1/{path}")).status, 200, "{path}");
    }
    for path in ["system/log", "system/log.txt", "captures"] {
        assert_eq!(viewer.get(&format!("/api/v1/{path}")).status, 403, "{path}");
    }
    let body = json!({ "what": "box", "when": "now" });
    assert_eq!(viewer.ask("POST", "/api/v1/system/restart", Some(body)).status, 403);
    assert_eq!(viewer.ask("POST", "/api/v1/system/bundle", None).status, 403);
    assert_eq!(steward.orders(), []);
}
