//! The event stream: types, ids, resumption, rights.

use std::io::Read as _;

use dozvon::base::{CallId, WallTime};
use dozvon::call::cdr::CallOutcome;
use dozvon::engine::live::{ContactView, Live, TrunkState, TrunkView};
use dozvon::io::board::EVENTS_KEPT;
use dozvon::office::Role;
use serde_json::Value;

use crate::api::call;
use crate::client::{Caller, Wire};
use crate::description::{document, validate};
use crate::world::{PASSWORD, START, TOKEN, VIEWER_TOKEN, World, office, user};

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    id: u64,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// Reads an event stream: chunks, then lines, then events; each is held against the description.
pub(crate) struct Stream {
    wire: Wire,
    text: String,
}

impl Stream {
    pub(crate) fn open(caller: &Caller<'_>) -> Self {
        Self::open_at(caller, "/api/v1/events")
    }

    fn open_at(caller: &Caller<'_>, path: &str) -> Self {
        let (answer, wire) = caller.listen(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")));
        let mut stream = Self { wire, text: String::new() };
        assert!(stream.block().contains("retry: "), "a stream begins at once");
        stream
    }

    pub(crate) fn next(&mut self) -> Event {
        loop {
            let block = self.block();
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            let Some(data) = field("data: ") else { continue };
            let event = Event {
                id: field("id: ").unwrap().parse().unwrap(),
                kind: field("event: ").unwrap(),
                data: serde_json::from_str(&data).unwrap(),
            };
            let told = "/paths/~1api~1v1~1events/get/responses/200/content/text~1event-stream/schema/x-events";
            let schema = &document().pointer(told).unwrap()[&event.kind];
            validate(schema, &event.data, &event.kind).unwrap();
            return event;
        }
    }

    fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return block;
            }
            let chunk = self.chunk();
            self.text.push_str(&chunk);
        }
    }

    fn chunk(&mut self) -> String {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            let mut byte = [0];
            self.wire.read_exact(&mut byte).unwrap();
            size.push(byte[0]);
        }
        let size = usize::from_str_radix(std::str::from_utf8(&size).unwrap().trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.wire.read_exact(&mut chunk).unwrap();
        String::from_utf8(chunk[..size].to_vec()).unwrap()
    }
}

fn notice(text: &str) -> Live {
    Live::Notice { what: "test", text: text.to_owned() }
}

#[test]
fn everything_that_happens_is_told_with_its_type_and_a_growing_id() {
    let world = World::new();
    let mut stream = Stream::open(&Caller::token(&world, VIEWER_TOKEN));
    let contact =
        ContactView { peer: "192.168.1.20:5060".parse().unwrap(), user_agent: "Snom".to_owned(), expires_at: START };
    let state = TrunkState::Refused { status: 480, reason: "Go\r\n\r\naway".to_owned() };
    for live in [
        Live::Call(call(7)),
        Live::CallEnded { call: CallId(7), outcome: CallOutcome::Answered },
        Live::Registration { login: "user201s0".to_owned(), contacts: vec![contact] },
        Live::Registration { login: "user201s0".to_owned(), contacts: vec![] },
        Live::Trunk(TrunkView { name: "Запасной".to_owned(), state, since: START }),
        notice("the disk is full"),
    ] {
        world.board.apply(live, START);
    }
    let events: Vec<Event> = (0..6).map(|_| stream.next()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["call", "call", "registration", "registration", "trunk", "system"]);
    assert!(events.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!((&events[0].data["ended"], &events[1].data["ended"]), (&false.into(), &true.into()));
    assert_eq!(events[4].data["state"]["reason"], "Go\r\n\r\naway", "what a carrier says breaks no line");
}

#[test]
fn who_comes_back_with_the_last_id_gets_what_he_missed_and_nothing_twice() {
    let world = World::new();
    let caller = Caller::token(&world, TOKEN);
    let mut stream = Stream::open(&caller);
    for text in ["one", "two", "three"] {
        world.board.apply(notice(text), START);
    }
    let first = stream.next();
    drop(stream);
    world.board.apply(notice("four"), START);
    let caller = caller.with("Last-Event-ID", &first.id.to_string());
    let mut stream = Stream::open(&caller);
    let texts: Vec<Value> = (0..3).map(|_| stream.next().data["text"].clone()).collect();
    assert_eq!(texts, ["two", "three", "four"]);
    let mut stream =
        Stream::open_at(&caller.without("Last-Event-ID"), &format!("/api/v1/events?last_event_id={}", first.id));
    assert_eq!(stream.next().data["text"], "two", "the query says the same");
}

#[test]
fn who_missed_too_much_or_comes_from_another_life_is_told_to_read_anew() {
    let world = World::new();
    let start = *world.board.subscribe().borrow();
    for _ in 0..=EVENTS_KEPT {
        world.board.apply(notice("x"), START);
    }
    for id in [0, start, u64::MAX] {
        let mut stream = Stream::open(&Caller::token(&world, TOKEN).with("Last-Event-ID", &id.to_string()));
        assert_eq!(stream.next().data["what"], "missed", "{id}");
        world.board.apply(notice("after"), WallTime(0));
        assert_eq!(stream.next().data["text"], "after", "and goes on from there");
    }
    let (answer, _) = Caller::token(&world, TOKEN).with("Last-Event-ID", "x").listen("/api/v1/events");
    assert_eq!(answer.status, 400);
}

#[test]
fn a_listener_who_does_not_read_holds_nobody_up() {
    let world = World::new();
    let caller = Caller::token(&world, TOKEN);
    let (_, deaf) = caller.listen("/api/v1/events");
    let mut stream = Stream::open(&caller);
    let long = "x".repeat(4_000);
    for _ in 0..5 {
        for _ in 0..100 {
            world.board.apply(notice(&long), START);
        }
        for _ in 0..100 {
            stream.next();
        }
    }
    drop(deaf);
}

#[test]
fn events_need_a_sign_in_and_a_changed_password() {
    let world = World::with(office(vec![user("admin", Role::Admin, true)]));
    let (answer, _) = Caller::nobody(&world).listen("/api/v1/events");
    assert_eq!(answer.status, 401);
    let (answer, _) = Caller::signed_in(&world, "admin", PASSWORD).listen("/api/v1/events");
    assert_eq!(answer.status, 403);
}

#[test]
fn one_address_has_so_many_streams_and_is_then_asked_to_come_back() {
    let world = World::new();
    let caller = Caller::token(&world, TOKEN);
    let streams: Vec<Stream> = (0..24).map(|_| Stream::open(&caller)).collect();
    let (answer, _) = caller.listen("/api/v1/events");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("10")));
    drop(streams);
    let again = (0..500).find(|_| caller.listen("/api/v1/events").0.status == 200);
    assert!(again.is_some(), "places come back with the connections");
}

#[test]
fn texts_of_events_come_in_the_listeners_language() {
    let world = World::new();
    let mut stream = Stream::open_at(&Caller::token(&world, TOKEN), "/api/v1/events?lang=en");
    world.board.apply(Live::Call(call(7)), START);
    assert_eq!(stream.next().data["state_text"], "talking");
}
