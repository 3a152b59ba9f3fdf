//! A box to look at: `cargo test --test http -- --ignored --nocapture a_sample_office` serves the page with an office in
//! the middle of its day until the process is ended. Sign in as admin with the password of `world.rs`.

use std::time::Duration;

use dozvon::base::{CallId, WallTime};
use dozvon::call::cdr::CallDirection;
use dozvon::engine::live::{CallState, ContactView, Live, TrunkState, TrunkView};
use dozvon::io::clock;
use dozvon::io::store::StoredStep;
use dozvon::office::Role;
use serde_json::json;

use crate::api::call;
use crate::world::{PASSWORD, World, office, row, user};

fn ago(seconds: i64) -> WallTime {
    WallTime(clock::wall().millis() - seconds * 1_000)
}

#[test]
#[ignore = "serves until it is ended"]
fn a_sample_office() {
    let must_change = std::env::var_os("MUST_CHANGE").is_some();
    let world = World::with(office(vec![user("admin", Role::Admin, must_change)]));
    trunks(&world);
    phones(&world);
    calls(&world);
    history(&world);
    println!("{} admin {PASSWORD:?}", world.at.https);
    let minutes = std::env::var("MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(30);
    std::thread::sleep(Duration::from_secs(minutes * 60));
}

fn trunks(world: &World) {
    let states = [
        ("Основной городской", TrunkState::Registered, 41 * 86_400),
        ("Запасной", TrunkState::WrongPassword { status: 403 }, 2_000),
    ];
    for (name, state, seconds) in states {
        let view = TrunkView { name: name.to_owned(), state, since: ago(seconds) };
        world.board.apply(Live::Trunk(view), ago(seconds));
    }
}

fn phones(world: &World) {
    for (index, number) in ["200", "201", "202", "203", "204"].into_iter().enumerate() {
        phone(world, number, true, i64::try_from(index).unwrap() * 7_000 + 300);
    }
    phone(world, "205", true, 90_000);
    phone(world, "205", false, 19_000);
}

fn phone(world: &World, number: &str, here: bool, seconds: i64) {
    let contact = ContactView {
        peer: format!("192.168.1.1{}:5060", &number[1..]).parse().unwrap(),
        user_agent: if number == "200" { "Yealink SIP-T46U 108.86.0.20" } else { "Grandstream GXP1625 1.0.7.64" }
            .to_owned(),
        expires_at: ago(-200),
    };
    let contacts = if here { vec![contact] } else { vec![] };
    world.board.apply(Live::Registration { login: format!("user{number}s0"), contacts }, ago(seconds));
}

fn calls(world: &World) {
    let mut incoming = call(1);
    (incoming.started_at, incoming.answered_at, incoming.caller_name) = (ago(261), Some(ago(252)), String::new());
    let mut outgoing = call(2);
    (outgoing.started_at, outgoing.answered_at) = (ago(110), Some(ago(98)));
    (outgoing.direction, outgoing.element) = (CallDirection::Outbound, None);
    (outgoing.caller, outgoing.caller_name) = ("201".to_owned(), "Бухгалтерия".to_owned());
    (outgoing.called, outgoing.with) = ("78005550000".to_owned(), vec!["78005550000".to_owned()]);
    let mut inside = call(3);
    (inside.started_at, inside.answered_at, inside.state) = (ago(6), None, CallState::Ringing);
    (inside.direction, inside.element, inside.trunk) = (CallDirection::Internal, None, None);
    (inside.caller, inside.caller_name) = ("203".to_owned(), "Отдел продаж".to_owned());
    (inside.called, inside.with) = ("202".to_owned(), vec!["202".to_owned()]);
    for view in [incoming, outgoing, inside] {
        world.board.apply(Live::Call(view), clock::wall());
    }
}

fn history(world: &World) {
    let mut rows = Vec::new();
    for index in 0..120_u64 {
        let mut one = row(index + 100, 0);
        let started_at = ago(i64::try_from(120 - index).unwrap() * 1_140);
        one.started_at = started_at;
        one.talk_ms = (index * 7_919 % 400) * 1_000;
        one.ended_at = Some(started_at + Duration::from_millis(one.ring_ms + one.talk_ms));
        match index % 6 {
            0 => outcome(&mut one, "abandoned", "caller_hung_up"),
            1 => {
                (one.direction, one.caller, one.called) =
                    ("outbound".to_owned(), "201".to_owned(), "78005550000".to_owned());
                one.answered_by = Some("78005550000".to_owned());
            }
            2 => {
                (one.direction, one.caller, one.called) = ("internal".to_owned(), "203".to_owned(), "202".to_owned());
                one.answered_by = Some("202".to_owned());
            }
            3 if index % 12 == 3 => {
                (one.direction, one.caller, one.called) =
                    ("outbound".to_owned(), "202".to_owned(), "79112047730".to_owned());
                outcome(&mut one, "refused", "no_permission");
            }
            4 => one.caller = String::new(),
            _ => {}
        }
        rows.push(one);
    }
    let last = CallId(219);
    let at = |seconds: u64| rows.last().unwrap().started_at + Duration::from_secs(seconds);
    let step = |seconds: u64, what: &str, detail| StoredStep { at: at(seconds), what: what.to_owned(), detail };
    let steps = vec![
        step(0, "element", json!({ "element": "hours" })),
        step(0, "element", json!({ "element": "menu" })),
        step(5, "digits", json!({ "digits": "1" })),
        step(6, "rung", json!({ "who": "200", "device": "user200s0" })),
        step(6, "rung", json!({ "who": "201", "device": "user201s0" })),
        step(18, "answered", json!({ "who": "201" })),
        step(18, "not_taken", json!({ "who": "200", "device": "user200s0", "status": 0 })),
        step(60, "hold", json!({ "who": "201", "on": true })),
        step(75, "hold", json!({ "who": "201", "on": false })),
    ];
    world.box_.steps.lock().unwrap().insert(last, steps);
    *world.box_.rows.lock().unwrap() = rows;
}

fn outcome(row: &mut dozvon::io::store::HistoryRow, outcome: &str, cause: &str) {
    (row.outcome, row.cause) = (Some(outcome.to_owned()), Some(cause.to_owned()));
    (row.answered_at, row.answered_by, row.talk_ms) = (None, None, 0);
}
