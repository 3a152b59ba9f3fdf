//! The board: what events add up to, and what the ring keeps.

use super::*;
use std::net::SocketAddr;

const START: WallTime = WallTime(1_800_000_000_000);

fn at(seconds: i64) -> WallTime {
    WallTime(START.millis() + seconds * 1_000)
}

fn call(id: u64, state: CallState) -> CallView {
    CallView {
        call: CallId(id),
        started_at: START,
        answered_at: None,
        direction: CallDirection::Inbound,
        caller: "79211234567".to_owned(),
        caller_name: String::new(),
        called: "78126122981".to_owned(),
        with: vec!["200".to_owned()],
        state,
        element: None,
        element_since: None,
        trunk: Some("Основной".to_owned()),
    }
}

fn contact(port: u16, expires: i64) -> ContactView {
    let peer = SocketAddr::from(([192, 168, 1, 20], port));
    ContactView { peer, user_agent: "Yealink".to_owned(), expires_at: at(expires) }
}

fn registers(board: &Board, contacts: Vec<ContactView>, seconds: i64) {
    board.apply(Live::Registration { login: "user200s0".to_owned(), contacts }, at(seconds));
}

#[test]
fn a_call_is_on_the_board_until_it_ends_and_then_in_the_totals() {
    let board = Board::new(START);
    board.apply(Live::Call(call(1, CallState::Ringing)), at(0));
    board.apply(Live::Call(call(1, CallState::Talking)), at(1));
    assert_eq!(board.calls(), vec![call(1, CallState::Talking)]);
    board.apply(Live::CallEnded { call: CallId(1), outcome: CallOutcome::Answered }, at(2));
    assert!(board.calls().is_empty());
    assert_eq!(board.totals().calls_ended.get(&("inbound", "answered")), Some(&1));
    assert_eq!(board.since(0, 10).events.len(), 3);
}

#[test]
fn a_refresh_of_the_same_contact_is_kept_but_not_told() {
    let board = Board::new(START);
    registers(&board, vec![contact(5060, 300)], 0);
    let told = *board.subscribe().borrow();
    registers(&board, vec![contact(5060, 600)], 250);
    assert_eq!(*board.subscribe().borrow(), told);
    let phone = board.registrations()["user200s0"].clone();
    assert_eq!((phone.contacts[0].expires_at, phone.since), (at(600), at(0)));
}

#[test]
fn a_phone_that_goes_is_away_since_then_and_back_since_its_return() {
    let board = Board::new(START);
    registers(&board, vec![contact(5060, 300)], 0);
    registers(&board, vec![contact(5062, 300)], 5);
    assert_eq!(board.registrations()["user200s0"].since, at(0), "a move is no new beginning");
    registers(&board, vec![], 10);
    assert_eq!(board.registrations()["user200s0"].since, at(10));
    registers(&board, vec![], 11);
    assert_eq!(board.registrations()["user200s0"].since, at(10));
    registers(&board, vec![contact(5062, 300)], 20);
    assert_eq!(board.registrations()["user200s0"].since, at(20));
}

#[test]
fn who_missed_more_than_the_ring_holds_is_told_so() {
    let board = Board::new(START);
    let start = *board.subscribe().borrow();
    let extra = 5;
    for index in 0..EVENTS_KEPT as u64 + extra {
        board.apply(Live::Notice { what: "test", text: index.to_string() }, at(0));
    }
    let all = board.since(start, usize::MAX);
    assert!(all.missed);
    assert_eq!(all.events.len(), EVENTS_KEPT);
    assert!(!board.since(start + extra, usize::MAX).missed);
    assert!(board.since(start + extra - 1, usize::MAX).missed);
    assert!(board.since(u64::MAX, 10).missed, "an id from the future is of another life");
}

#[test]
fn an_id_from_before_a_restart_is_known_as_old() {
    let before = Board::new(START);
    before.apply(Live::Notice { what: "test", text: String::new() }, at(0));
    let last = *before.subscribe().borrow();
    let after = Board::new(at(60));
    assert!(after.since(last, 10).missed);
    assert!(!after.since(*after.subscribe().borrow(), 10).missed);
}

#[test]
fn what_the_office_no_longer_has_leaves_the_board() {
    let board = Board::new(START);
    board.apply(Live::Trunk(TrunkView { name: "Старый".to_owned(), state: TrunkState::Silent, since: START }), at(0));
    registers(&board, vec![contact(5060, 300)], 0);
    board.office_applied(&Office::default(), at(1));
    assert!(board.trunks().is_empty() && board.registrations().is_empty());
}
