//! What lives: lines of groups, where telephones reach the exchange, listening in.

use dozvon::base::{CallId, WallTime};
use dozvon::engine::live::{ContactView, Live, MemberState, MemberView, QueueView, WaitingView};
use dozvon::office::Listening;
use serde_json::{Value, json};

use crate::api::call;
use crate::client::{Answer, Caller};
use crate::events::Stream;
use crate::world::{START, TOKEN, VIEWER_TOKEN, World};

/// 200 waits at 500, whose 201 talks and whose 202 rests.
fn queue() -> Live {
    let waiting = WaitingView {
        call: CallId(7),
        caller: "79211234567".to_owned(),
        caller_name: "Ромашка".to_owned(),
        since: START,
    };
    let resting = MemberState::Resting { until: WallTime(START.millis() + 15_000) };
    let members = [("201", MemberState::Talking), ("202", resting)];
    let members = members.map(|(extension, state)| MemberView { extension: extension.to_owned(), state });
    Live::Queue(QueueView { group: "500".to_owned(), waiting: vec![waiting], members: members.to_vec() })
}

fn world() -> World {
    let world = World::new();
    for number in ["500", "510"] {
        let group = json!({ "number": number, "name": "Все", "members": ["201"] });
        assert_eq!(Caller::token(&world, TOKEN).ask("POST", "/api/v1/groups", Some(group)).status, 201);
    }
    world
}

#[test]
fn lines_of_groups_are_told_as_they_change_and_listed_for_all() {
    let world = world();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    let mut stream = Stream::open(&viewer);
    world.board.apply(queue(), START);
    let told = stream.next();
    assert_eq!((told.kind.as_str(), &told.data["waiting"][0]["place"]), ("queue", &json!(1)));
    let listed = viewer.get("/api/v1/queues").json();
    assert_eq!(listed["items"][0], told.data, "the list says the same");
    assert_eq!(listed["items"][1], json!({ "group": "510", "waiting": [], "members": [] }));
    let one = viewer.get("/api/v1/groups/500/queue").json();
    let states: Vec<&Value> = one["members"].as_array().unwrap().iter().map(|member| &member["state"]).collect();
    assert_eq!(states, ["talking", "resting"]);
    assert_eq!((&one["members"][0]["until"], one["members"][1]["until"].is_string()), (&Value::Null, true));
    assert_eq!(viewer.get("/api/v1/groups/599/queue").status, 404);
    world.edit(|office| drop(office.groups.remove(0)));
    world.board.office_applied(&world.box_.office.read().unwrap(), START);
    assert_eq!(viewer.get("/api/v1/queues").json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn since_when_a_call_is_at_its_element_is_told() {
    let world = world();
    let here = dozvon::engine::live::CallView { element_since: Some(START), ..call(7) };
    world.board.apply(Live::Call(here), START);
    let shown = Caller::token(&world, TOKEN).get("/api/v1/calls/7").json();
    assert_eq!(shown["element_since"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond(), START.0);
}

#[test]
fn the_box_tells_where_telephones_reach_it() {
    let world = world();
    let system = Caller::token(&world, VIEWER_TOKEN).get("/api/v1/system").json();
    assert_eq!(system["sip"], json!({ "host": null, "udp_port": 5060, "tcp_port": 5062, "tls_port": 5061 }));
}

fn listen(caller: &mut Caller<'_>, call: u32, extension: &str, mode: &str) -> Answer {
    let body = json!({ "extension": extension, "mode": mode });
    caller.ask("POST", &format!("/api/v1/calls/{call}/listen"), Some(body))
}

#[test]
fn an_admin_listens_in_where_the_office_allows_it_and_it_is_kept_who_did() {
    let world = world();
    let mut admin = Caller::token(&world, TOKEN);
    world.board.apply(Live::Call(call(7)), START);
    let off = listen(&mut admin, 7, "201", "silent");
    assert_eq!(off.status, 409, "{}", off.text());
    world.edit(|office| office.protection.listening = Listening::Silent);
    assert_eq!(listen(&mut admin, 7, "201", "silent").status, 409, "no telephone of 201 is there");
    let contacts =
        vec![ContactView { peer: "192.168.1.21:5060".parse().unwrap(), user_agent: String::new(), expires_at: START }];
    world.board.apply(Live::Registration { login: "user201s0".to_owned(), contacts }, START);
    let rings = listen(&mut admin, 7, "201", "whisper");
    assert_eq!((rings.status, rings.header("location")), (201, Some("/api/v1/calls/70")), "{}", rings.text());
    assert_eq!(*world.box_.listened.lock().unwrap(), [(CallId(7), "201".to_owned(), true)]);
    assert_eq!(listen(&mut admin, 8, "201", "silent").status, 404);
    assert_eq!(listen(&mut admin, 7, "299", "silent").status, 422);
    assert_eq!(listen(&mut admin, 7, "201", "loud").status, 400);
    assert_eq!(listen(&mut Caller::token(&world, VIEWER_TOKEN), 7, "201", "silent").status, 403);
    let deeds = world.box_.deeds.lock().unwrap();
    let kept: Vec<_> = deeds.iter().filter(|deed| deed.what == "listened_in").map(|deed| &deed.subject).collect();
    assert_eq!(kept, ["calls/7/listen"], "who was refused has not listened");
}
