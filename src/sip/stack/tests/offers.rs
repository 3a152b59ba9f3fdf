//! Offers inside a session, from both sides and at once.

use super::bench::*;
use crate::base::Duration;
use crate::sip::stack::{EndedBy, SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Method, Name};

const NEWER: &[u8] = b"v=0\r\no=- 1 2 IN IP4 10.0.0.1\r\n";

fn offer(sdp: &[u8]) -> SessionCommand {
    SessionCommand::Offer { sdp: sdp.to_vec() }
}

#[test]
fn our_offer_goes_out_by_reinvite_and_is_answered() {
    let (mut bench, id) = placed();
    bench.command(id, offer(NEWER));
    let invite = bench.last(&Method::Invite);
    assert_eq!((invite.body.as_slice(), invite.headers.get(&Name::CSeq)), (NEWER, Some("2 INVITE")));
    assert_eq!(invite.headers.to().unwrap().tag(), Some("bobs"));
    bench.command(id, offer(OFFER)); // waits for its turn
    bench.said();
    bench.reply(&invite, 200, &[(Name::Contact, "<sip:bob@10.0.0.2:5070>")], ANSWER);
    assert_eq!(bench.said(), ["ACK", "INVITE"]);
    assert!(matches!(&bench.heard()[..], [SessionEvent::OfferAnswered { sdp }] if sdp == ANSWER));
    bench.reply(&invite, 200, &[], ANSWER);
    assert_eq!(bench.last(&Method::Ack).uri.to_string(), "sip:bob@10.0.0.2:5070"); // the target was refreshed
}

#[test]
fn a_refused_offer_leaves_the_session_as_it_was() {
    let (mut bench, id) = placed();
    bench.command(id, offer(NEWER));
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 488, &[], b"");
    assert!(matches!(bench.heard()[..], [SessionEvent::OfferRefused { status: 488 }]));
    bench.command(id, offer(NEWER));
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 200, &[], b"");
    assert!(matches!(bench.heard()[..], [SessionEvent::OfferRefused { .. }])); // the answer is missing
    bench.command(id, offer(NEWER));
    let invite = bench.last(&Method::Invite);
    bench.said();
    bench.reply(&invite, 481, &[], b"");
    assert_eq!(bench.said(), ["ACK", "BYE"]);
    assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::Expired, .. }]));
}

#[test]
fn their_offer_is_answered_refused_or_cancelled() {
    let (mut bench, id, tag) = answered();
    bench.hear(&text("INVITE", "3", 2, Some(&tag), "", NEWER));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Offer { sdp: Some(sdp) }] if sdp == NEWER));
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    assert_eq!(bench.last_response().body, ANSWER);
    assert!(bench.last_response().headers.contains(&Name::Contact));
    bench.run(Duration::from_millis(600));
    assert_eq!(bench.said(), ["200 INVITE", "200 INVITE"]);
    bench.hear(&text("ACK", "4", 2, Some(&tag), "", b""));
    assert!(bench.heard().is_empty());

    bench.hear(&text("INVITE", "5", 3, Some(&tag), "", NEWER));
    bench.command(id, SessionCommand::RejectOffer { status: 488 });
    assert_eq!(bench.said(), ["488 INVITE"]);
    bench.hear(&text("ACK", "5", 3, Some(&tag), "", b""));

    bench.hear(&text("INVITE", "6", 4, Some(&tag), "", NEWER));
    bench.hear(&text("CANCEL", "6", 4, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["200 CANCEL", "487 INVITE"]);
    bench.hear(&text("ACK", "6", 4, Some(&tag), "", b""));
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    assert!(bench.said().is_empty());

    bench.heard();
    bench.hear(&text("INVITE", "7", 5, Some(&tag), "", NEWER));
    bench.run(secs(33)); // the user sleeps
    assert_eq!(bench.said()[..2], ["100 INVITE", "500 INVITE"]);
    assert_eq!(bench.stack.sessions(), 1);
}

#[test]
fn an_empty_reinvite_asks_for_our_offer() {
    let (mut bench, id, tag) = answered();
    bench.hear(&text("INVITE", "3", 2, Some(&tag), "", b""));
    assert!(matches!(bench.heard()[..], [SessionEvent::Offer { sdp: None }]));
    bench.command(id, SessionCommand::AcceptOffer { sdp: NEWER.to_vec() });
    assert_eq!(bench.last_response().body, NEWER);
    bench.said();
    bench.hear(&text("INVITE", "4", 3, Some(&tag), "", NEWER));
    assert_eq!(bench.said(), ["491 INVITE"]); // ours is not answered yet
    bench.hear(&text("ACK", "5", 2, Some(&tag), "", ANSWER));
    assert!(matches!(&bench.heard()[..], [SessionEvent::OfferAnswered { sdp }] if sdp == ANSWER));
}

#[test]
fn an_update_carries_an_offer_or_only_refreshes() {
    let (mut bench, id, tag) = answered();
    bench.hear(&text("UPDATE", "3", 2, Some(&tag), "", NEWER));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Offer { sdp: Some(_) }]));
    bench.hear(&text("UPDATE", "4", 3, Some(&tag), "", NEWER));
    let busy = bench.last_response();
    assert_eq!(busy.status, 500);
    assert!(busy.headers.number(&Name::RetryAfter).unwrap() <= 10);
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    assert_eq!(bench.last_response().body, ANSWER);
    bench.said();
    bench.hear(&text("UPDATE", "5", 4, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["200 UPDATE"]);
    assert!(bench.heard().is_empty());
}

#[test]
fn two_offers_at_once_meet_491_and_ours_comes_again_later() {
    let (mut bench, id) = placed();
    bench.command(id, offer(NEWER));
    let ours = bench.last(&Method::Invite);
    let (call, tag) =
        (ours.headers.call_id().unwrap().to_owned(), ours.headers.from().unwrap().tag().unwrap().to_owned());
    bench.said();
    bench.hear(&text("INVITE", "1", 1, Some(&tag), "", OFFER).replace("call-1", &call));
    assert_eq!(bench.said(), ["491 INVITE"]);
    bench.hear(&text("UPDATE", "2", 2, Some(&tag), "", OFFER).replace("call-1", &call));
    assert_eq!(bench.said(), ["491 UPDATE"]);
    bench.hear(&text("ACK", "1", 1, Some(&tag), "", b"").replace("call-1", &call));
    bench.reply(&ours, 491, &[], b"");
    assert!(bench.heard().is_empty());
    bench.said();
    bench.run(Duration::from_millis(2090)); // the caller waits 2.1 to 4 s
    assert!(bench.said().is_empty());
    bench.run(secs(2));
    let again = bench.last(&Method::Invite);
    assert_eq!((again.body.as_slice(), again.headers.get(&Name::CSeq)), (NEWER, Some("3 INVITE")));
    bench.reply(&again, 500, &[(Name::RetryAfter, "3")], b"");
    bench.said();
    bench.run(secs(3));
    let again = bench.last(&Method::Invite);
    bench.reply(&again, 200, &[], ANSWER);
    assert!(matches!(bench.heard()[..], [SessionEvent::OfferAnswered { .. }]));
}

#[test]
fn the_called_side_comes_again_within_two_seconds() {
    let (mut bench, id, _) = answered();
    bench.command(id, offer(NEWER));
    let ours = bench.last(&Method::Invite);
    bench.reply(&ours, 491, &[], b"");
    bench.said();
    bench.run(secs(2));
    assert_eq!(bench.said()[0], "INVITE");
}

#[test]
fn a_newer_offer_replaces_one_that_waits_out_its_glare() {
    let (mut bench, id) = placed();
    bench.command(id, offer(OFFER));
    let ours = bench.last(&Method::Invite);
    bench.reply(&ours, 491, &[], b"");
    bench.command(id, offer(NEWER));
    bench.said();
    bench.run(secs(4));
    assert_eq!(bench.last(&Method::Invite).body, NEWER);
}

#[test]
fn an_offer_before_the_answer_goes_by_update_or_waits() {
    for update in [true, false] {
        let mut bench = Bench::new();
        let id = bench.invite(draft(Some(OFFER)));
        let invite = bench.last(&Method::Invite);
        let allow = if update { "INVITE, UPDATE" } else { "INVITE" };
        bench.command(id, offer(NEWER));
        let more = [(Name::Allow, allow), (Name::Require, "100rel"), (Name::RSeq, "1")];
        bench.reply(&invite, 183, &more, ANSWER);
        let said = bench.said();
        if update {
            assert_eq!(said, ["INVITE", "PRACK", "UPDATE"]);
        } else {
            assert_eq!(said, ["INVITE", "PRACK"]);
            bench.reply(&invite, 200, &[], b"");
            assert_eq!(bench.said(), ["ACK", "INVITE"]);
        }
    }
}

#[test]
fn a_reinvite_that_is_never_answered_is_cancelled_and_does_not_outlive_the_session() {
    for hang_up in [false, true] {
        let (mut bench, id) = placed();
        bench.command(id, offer(NEWER));
        let invite = bench.last(&Method::Invite);
        bench.reply(&invite, 100, &[], b"");
        bench.said();
        if hang_up {
            bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
            let bye = bench.last(&Method::Bye);
            bench.reply(&bye, 200, &[], b"");
            bench.run(secs(33));
            assert_eq!(bench.stack.transactions(), 0);
        } else {
            bench.run(secs(64));
            assert_eq!(bench.said(), ["CANCEL"]);
            bench.reply(&invite, 487, &[], b"");
            assert!(matches!(bench.heard()[..], [SessionEvent::OfferRefused { status: 487 }]));
        }
    }
}

#[test]
fn hanging_up_answers_what_the_peer_still_waits_for() {
    let (mut bench, id, tag) = answered();
    bench.hear(&text("INVITE", "3", 2, Some(&tag), "", NEWER));
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    assert_eq!(bench.said(), ["487 INVITE", "BYE"]);
    let (mut bench, _, tag) = answered();
    bench.hear(&text("INVITE", "3", 2, Some(&tag), "", NEWER));
    bench.hear(&text("BYE", "4", 3, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["200 BYE", "487 INVITE"]);
}

#[test]
fn a_new_invite_proves_the_ack_that_was_lost() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    let tag = bench.last_response().headers.to().unwrap().tag().unwrap().to_owned();
    bench.hear(&text("INVITE", "3", 2, Some(&tag), "", NEWER));
    assert!(matches!(bench.heard()[..], [SessionEvent::Confirmed { sdp: None }, SessionEvent::Offer { sdp: Some(_) }]));
}

#[test]
fn a_body_that_we_can_not_read_meets_415_and_its_sdp_part_is_found() {
    let (mut bench, _, tag) = answered();
    bench.hear(&text("INVITE", "3", 2, Some(&tag), "Content-Type: text/plain\r\n", b"hello"));
    assert_eq!(bench.said(), ["415 INVITE"]);
    let parts =
        b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--\r\n";
    bench.hear(&text("INVITE", "4", 3, Some(&tag), "Content-Type: multipart/mixed;boundary=b\r\n", parts));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Offer { sdp: Some(sdp) }] if sdp == b"v=0"));
}
