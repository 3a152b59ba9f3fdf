//! Reliable provisional responses and PRACK, both ways: RFC 3262.

use super::bench::*;
use crate::sip::stack::{EndedBy, SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Method, Name};

fn progress(status: u16, sdp: Option<&[u8]>) -> SessionCommand {
    SessionCommand::Progress { status, headers: Headers::new(), sdp: sdp.map(<[u8]>::to_vec) }
}

fn answer(sdp: Option<&[u8]>) -> SessionCommand {
    SessionCommand::Answer { headers: Headers::new(), sdp: sdp.map(<[u8]>::to_vec) }
}

/// A ringing INVITE that requires 100rel.
fn ringing(body: &[u8]) -> (Bench, crate::base::SessionId) {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "Require: 100rel\r\nSupported: 100rel\r\n", body));
    let id = bench.accept();
    bench.said();
    (bench, id)
}

fn prack(bench: &Bench, branch: &str, cseq: u32, body: &[u8]) -> String {
    let last = bench.last_response();
    let tag = last.headers.to().unwrap().tag().unwrap().to_owned();
    let rack = format!("RAck: {} 1 INVITE\r\n", last.headers.number(&Name::RSeq).unwrap());
    text("PRACK", branch, cseq, Some(&tag), &rack, body)
}

#[test]
fn provisional_responses_go_out_one_by_one_until_their_prack() {
    let (mut bench, id) = ringing(OFFER);
    bench.command(id, progress(180, None));
    bench.command(id, progress(183, Some(ANSWER)));
    let first = bench.last_response();
    assert_eq!((first.status, first.headers.get(&Name::Require)), (180, Some("100rel")));
    bench.run(secs(4));
    assert_eq!(bench.said(), ["180 INVITE"; 4]); // 0, 0.5, 1.5, 3.5
    bench.command(id, progress(183, None));
    bench.sent.clear();
    bench.command(id, progress(199, None));
    let rseq = first.headers.number(&Name::RSeq).unwrap();
    let tag = first.headers.to().unwrap().tag().unwrap().to_owned();
    let rack = |rseq: u32| format!("RAck: {rseq} 1 INVITE\r\n");
    bench.hear(&text("PRACK", "2", 2, Some(&tag), &rack(rseq + 1), b""));
    assert_eq!(bench.said(), ["481 PRACK"]);
    bench.hear(&text("PRACK", "3", 3, Some(&tag), &rack(rseq), b""));
    let second = bench.last_response();
    assert_eq!(bench.said(), ["200 PRACK", "183 INVITE"]);
    assert_eq!((second.body.as_slice(), second.headers.number(&Name::RSeq)), (ANSWER, Some(rseq + 1)));
    // The 200 waits for the PRACK of a description, and has none of its own then.
    bench.command(id, answer(None));
    assert!(bench.said().is_empty());
    bench.hear(&text("PRACK", "4", 4, Some(&tag), &rack(rseq + 1), b""));
    let said = bench.said();
    assert_eq!(said.last().map(String::as_str), Some("200 INVITE"));
}

#[test]
fn the_200_after_a_reliable_answer_has_no_body() {
    let (mut bench, id) = ringing(OFFER);
    bench.command(id, progress(183, Some(ANSWER)));
    bench.hear(&prack(&bench, "2", 2, b""));
    bench.command(id, answer(Some(ANSWER)));
    let ok = bench.last_response();
    assert_eq!((ok.status, ok.body.len()), (200, 0));
}

#[test]
fn a_200_may_overtake_a_reliable_180() {
    let (mut bench, id) = ringing(OFFER);
    bench.command(id, progress(180, None));
    let late = prack(&bench, "2", 2, b"");
    bench.said();
    bench.command(id, answer(Some(ANSWER)));
    assert_eq!(bench.said(), ["200 INVITE"]);
    bench.hear(&late);
    assert_eq!(bench.said(), ["200 PRACK"]);
}

#[test]
fn without_a_prack_the_invite_is_refused() {
    let (mut bench, id) = ringing(OFFER);
    bench.command(id, progress(180, None));
    bench.run(secs(32));
    assert!(bench.said().contains(&"504 INVITE".to_owned()));
    assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::NoAck, .. }]));
    bench.run(secs(40));
    assert_eq!((bench.stack.sessions(), bench.stack.transactions()), (0, 0));
}

#[test]
fn our_offer_in_a_provisional_response_is_answered_by_the_prack() {
    let (mut bench, id) = ringing(b"");
    bench.command(id, progress(183, Some(OFFER)));
    bench.hear(&prack(&bench, "2", 2, ANSWER));
    assert!(matches!(&bench.heard()[..], [SessionEvent::OfferAnswered { sdp }] if sdp == ANSWER));
    // A second offer comes in an UPDATE, then ours goes out in one.
    let tag = bench.last_response().headers.to().unwrap().tag().unwrap().to_owned();
    bench.hear(&text("UPDATE", "3", 3, Some(&tag), "Allow: UPDATE\r\n", OFFER));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Offer { sdp: Some(_) }]));
    bench.said();
    bench.command(id, SessionCommand::Offer { sdp: OFFER.to_vec() });
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    assert_eq!(bench.said(), ["200 UPDATE", "UPDATE"]);
}

#[test]
fn an_offer_in_the_prack_is_answered_in_its_200() {
    let (mut bench, id) = ringing(OFFER);
    bench.command(id, progress(183, Some(ANSWER)));
    bench.hear(&prack(&bench, "2", 2, OFFER));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Offer { sdp: Some(_) }]));
    bench.said();
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    let ok = bench.last_response();
    assert_eq!((ok.headers.cseq().unwrap().method, ok.body.as_slice()), (Method::Prack, ANSWER));
}

#[test]
fn an_offer_needs_a_reliable_response_and_is_left_out_of_others() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", b""));
    let id = bench.accept();
    bench.command(id, progress(183, Some(OFFER)));
    assert!(bench.last_response().body.is_empty());
    bench.command(id, answer(Some(OFFER)));
    assert_eq!(bench.last_response().body, OFFER);
}

#[test]
fn reliable_responses_are_acknowledged_in_order_and_once() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    bench.said();
    let reliable = |rseq: &'static str| [(Name::Require, "100rel"), (Name::RSeq, rseq)];
    bench.reply(&invite, 183, &reliable("7"), ANSWER);
    let prack = bench.last(&Method::Prack);
    assert_eq!(prack.headers.get(&Name::RAck), Some("7 1 INVITE"));
    assert_eq!(prack.headers.get(&Name::CSeq), Some("2 PRACK"));
    bench.reply(&invite, 183, &reliable("7"), ANSWER);
    bench.reply(&invite, 180, &reliable("9"), b"");
    assert_eq!(bench.said(), ["PRACK"]);
    bench.reply(&prack, 200, &[], b"");
    bench.reply(&invite, 180, &reliable("8"), b"");
    assert_eq!(bench.last(&Method::Prack).headers.get(&Name::RAck), Some("8 1 INVITE"));
    bench.reply(&invite, 200, &[], ANSWER);
    let events = bench.heard();
    assert!(matches!(&events[0], SessionEvent::Progress { status: 183, sdp: Some(_), .. }));
    assert!(matches!(&events[1], SessionEvent::Progress { status: 180, sdp: None, .. }));
    assert!(matches!(&events[2], SessionEvent::Answered { sdp: None, .. })); // it came reliably before
    assert_eq!(bench.last(&Method::Ack).headers.get(&Name::CSeq), Some("1 ACK"));
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    assert_eq!(bench.last(&Method::Bye).headers.get(&Name::CSeq), Some("4 BYE"));
}

#[test]
fn a_late_offer_in_a_reliable_response_is_answered_in_the_prack() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(None));
    let invite = bench.last(&Method::Invite);
    bench.said();
    bench.reply(&invite, 183, &[(Name::Require, "100rel"), (Name::RSeq, "1")], OFFER);
    assert!(bench.said().is_empty());
    let events = bench.heard();
    assert!(matches!(&events[..], [SessionEvent::Progress { sdp: None, .. }, SessionEvent::Offer { sdp: Some(_) }]));
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    assert_eq!(bench.last(&Method::Prack).body, ANSWER);
    bench.said();
    bench.reply(&invite, 200, &[], b"");
    assert_eq!(bench.said(), ["ACK"]);
    assert!(matches!(&bench.heard()[..], [SessionEvent::Answered { sdp: None, .. }]));
}
