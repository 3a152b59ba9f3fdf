//! Plain calls: placed, answered, refused, cancelled, hung up.

use super::bench::*;
use crate::sip::stack::{EndedBy, SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Message, Method, Name};

#[test]
fn a_placed_call_rings_is_answered_and_hung_up() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    assert_eq!(invite.body, OFFER);
    assert_eq!(invite.headers.get(&Name::Contact), Some("<sip:alice@10.0.0.1:5060>"));
    assert_eq!(invite.headers.get(&Name::MaxForwards), Some("70"));
    for name in [Name::Allow, Name::Supported, Name::UserAgent] {
        assert!(invite.headers.contains(&name), "{name:?}");
    }
    bench.reply(&invite, 100, &[], b"");
    bench.reply(&invite, 180, &[], b"");
    bench.reply(&invite, 183, &[], ANSWER);
    bench.reply(&invite, 200, &[(Name::RecordRoute, "<sip:p1;lr>, <sip:p2;lr>")], ANSWER);
    let events = bench.heard();
    assert!(matches!(&events[0], SessionEvent::Progress { status: 180, sdp: None, .. }));
    assert!(matches!(&events[1], SessionEvent::Progress { status: 183, sdp: Some(sdp), .. } if sdp == ANSWER));
    assert!(matches!(&events[2], SessionEvent::Answered { sdp: Some(sdp), .. } if sdp == ANSWER));
    let ack = bench.last(&Method::Ack);
    assert_eq!(ack.uri.to_string(), "sip:bob@10.0.0.2:5062");
    assert_eq!(ack.headers.all(&Name::Route).collect::<Vec<_>>(), ["<sip:p2;lr>", "<sip:p1;lr>"]);
    assert_eq!(ack.headers.cseq().unwrap().number, invite.headers.cseq().unwrap().number);
    assert_ne!(ack.headers.top_via().unwrap().branch(), invite.headers.top_via().unwrap().branch());

    let mut headers = Headers::new();
    headers.push(Name::Reason, "Q.850;cause=16");
    bench.command(id, SessionCommand::HangUp { headers });
    let bye = bench.last(&Method::Bye);
    assert_eq!(bye.headers.get(&Name::Reason), Some("Q.850;cause=16"));
    assert_eq!(bye.headers.cseq().unwrap().number, invite.headers.cseq().unwrap().number + 1);
    assert_eq!(bench.stack.sessions(), 0);
    bench.reply(&bye, 200, &[], b"");
    bench.run(secs(40));
    assert_eq!(bench.stack.transactions(), 0);
    assert!(bench.heard().is_empty());
}

#[test]
fn each_resend_of_a_2xx_meets_the_same_ack() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 200, &[], ANSWER);
    let first = bench.last(&Method::Ack);
    bench.said();
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    bench.reply(&invite, 200, &[], ANSWER);
    assert_eq!(bench.last(&Method::Ack), first);
    assert_eq!(bench.said(), ["BYE", "ACK"]);
}

#[test]
fn a_refusal_is_acknowledged_by_the_transaction_and_told() {
    let mut bench = Bench::new();
    bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 486, &[], b"");
    assert!(
        matches!(&bench.heard()[..], [SessionEvent::Failed { response, from_peer: true }] if response.status == 486)
    );
    let ack = bench.last(&Method::Ack);
    assert_eq!(ack.headers.top_via(), invite.headers.top_via());
    assert_eq!(ack.headers.to().unwrap().tag(), Some("bobs"));
    bench.said();
    bench.reply(&invite, 486, &[], b"");
    assert_eq!(bench.said(), ["ACK"]);
    bench.run(secs(32));
    assert_eq!((bench.stack.sessions(), bench.stack.transactions()), (0, 0));
}

#[test]
fn nobody_answers_and_the_call_fails_with_408() {
    let mut bench = Bench::new();
    bench.invite(draft(Some(OFFER)));
    bench.run(secs(31));
    assert_eq!(bench.said().len(), 6); // at 0, 0.5, 1.5, 3.5, 7.5, 15.5; 31.5 is still to come
    bench.run(secs(1));
    assert!(
        matches!(&bench.heard()[..], [SessionEvent::Failed { response, from_peer: false }] if response.status == 408)
    );
    assert_eq!((bench.stack.sessions(), bench.stack.transactions()), (0, 0));
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    bench.said();
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    assert!(bench.said().is_empty());
    bench.reply(&invite, 180, &[], b"");
    let cancel = bench.last(&Method::Cancel);
    assert_eq!(cancel.headers.top_via(), invite.headers.top_via());
    assert_eq!(cancel.headers.get(&Name::CSeq), Some("1 CANCEL"));
    assert_eq!(cancel.uri, invite.uri);
    bench.reply(&cancel, 200, &[], b"");
    bench.reply(&invite, 487, &[], b"");
    assert!(
        matches!(&bench.heard()[..], [SessionEvent::Failed { response, from_peer: true }] if response.status == 487)
    );
    assert_eq!(bench.stack.sessions(), 0);
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 180, &[], b"");
    bench.heard();
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    bench.said();
    bench.reply(&invite, 200, &[], ANSWER);
    assert_eq!(bench.said(), ["ACK", "BYE"]);
    assert!(
        matches!(&bench.heard()[..], [SessionEvent::Failed { response, from_peer: false }] if response.status == 487)
    );
    assert_eq!(bench.stack.sessions(), 0);
}

#[test]
fn a_cancelled_call_without_a_final_response_ends_by_itself() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 180, &[], b"");
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    bench.heard();
    bench.run(secs(33));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Failed { response, .. }] if response.status == 487));
    assert_eq!((bench.stack.sessions(), bench.stack.transactions()), (0, 0));
}

#[test]
fn the_losing_branches_of_a_fork_are_acknowledged_and_ended() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(Some(OFFER)));
    let invite = bench.last(&Method::Invite);
    for (status, tag) in [(180, "one"), (183, "two"), (200, "two"), (200, "three")] {
        let body: &[u8] = if status == 180 { b"" } else { ANSWER };
        let response = response(&invite, status, tag, &[], body);
        bench.hear(&String::from_utf8(response.to_bytes()).unwrap());
    }
    let events = bench.heard();
    assert_eq!(events.len(), 3);
    assert!(matches!(&events[2], SessionEvent::Answered { .. }));
    assert_eq!(bench.last(&Method::Bye).headers.to().unwrap().tag(), Some("three"));
    assert_eq!(bench.said(), ["INVITE", "ACK", "ACK", "BYE"]);
    let late = response(&invite, 200, "three", &[], ANSWER);
    bench.hear(&String::from_utf8(late.to_bytes()).unwrap());
    assert_eq!(bench.said(), ["ACK"]);
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    assert_eq!(bench.last(&Method::Bye).headers.to().unwrap().tag(), Some("two"));
}

#[test]
fn a_call_that_comes_rings_and_is_answered_until_its_ack() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "Record-Route: <sip:p1;lr>\r\n", OFFER));
    assert!(bench.said().is_empty());
    let id = bench.accept();
    assert_eq!(bench.said(), ["100 INVITE"]);
    bench.command(id, SessionCommand::Progress { status: 180, headers: Headers::new(), sdp: None });
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    let ok = bench.last_response();
    assert_eq!(ok.body, ANSWER);
    assert_eq!(ok.headers.get(&Name::RecordRoute), Some("<sip:p1;lr>"));
    assert_eq!(ok.headers.get(&Name::Contact), Some("<sip:alice@10.0.0.1:5060>"));
    assert_eq!(ok.headers.top_via().unwrap().params.get("received"), Some("10.0.0.2"));
    assert_eq!(ok.headers.top_via().unwrap().params.get("rport"), Some("5060"));
    assert_eq!(bench.said(), ["180 INVITE", "200 INVITE"]);
    bench.run(secs(4));
    assert_eq!(bench.said(), ["200 INVITE", "200 INVITE", "200 INVITE"]); // 0.5, 1.5, 3.5
    let tag = ok.headers.to().unwrap().tag().unwrap().to_owned();
    bench.hear(&text("ACK", "2", 1, Some(&tag), "", b""));
    assert!(matches!(bench.heard()[..], [SessionEvent::Confirmed { sdp: None }]));
    bench.run(secs(40));
    assert!(bench.said().is_empty());
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    let bye = bench.last(&Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:bob@10.0.0.2:5062");
    assert_eq!(bye.headers.get(&Name::Route), Some("<sip:p1;lr>"));
    assert_eq!(bye.headers.to().unwrap().tag(), Some("bobs"));
    assert_eq!(bye.headers.from().unwrap().tag(), Some(tag.as_str()));
}

#[test]
fn without_an_ack_the_call_is_ended_after_32_seconds() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    bench.said();
    bench.run(secs(33));
    assert_eq!(bench.said().last().map(String::as_str), Some("BYE"));
    assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::NoAck, .. }]));
    bench.run(secs(33));
    assert_eq!((bench.stack.sessions(), bench.stack.transactions()), (0, 0));
}

#[test]
fn a_hang_up_before_the_ack_waits_for_it() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    let tag = bench.last_response().headers.to().unwrap().tag().unwrap().to_owned();
    bench.said();
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    assert!(bench.said().is_empty());
    bench.hear(&text("ACK", "2", 1, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["BYE"]);
    assert!(bench.heard().is_empty());
    assert_eq!(bench.stack.sessions(), 0);
}

#[test]
fn the_peers_cancel_ends_a_ringing_call_with_487() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Progress { status: 180, headers: Headers::new(), sdp: None });
    bench.said();
    bench.hear(&text("CANCEL", "1", 1, None, "Reason: SIP;cause=200\r\n", b""));
    assert_eq!(bench.said(), ["200 CANCEL", "487 INVITE"]);
    let events = bench.heard();
    let [SessionEvent::Ended { why: EndedBy::Cancel, headers }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(headers.get(&Name::Reason), Some("SIP;cause=200"));
    bench.hear(&text("ACK", "1", 1, Some("x"), "", b""));
    bench.run(secs(5));
    assert_eq!((bench.stack.sessions(), bench.stack.transactions()), (0, 0));
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    bench.said();
    bench.hear(&text("CANCEL", "1", 1, None, "", b""));
    assert_eq!(bench.said(), ["200 CANCEL"]);
    assert_eq!(bench.stack.sessions(), 1);
    bench.hear(&text("CANCEL", "9", 1, None, "", b""));
    assert_eq!(bench.said(), ["481 CANCEL"]);
}

#[test]
fn the_peers_bye_ends_the_call() {
    let (mut bench, _, tag) = answered();
    bench.hear(&text("BYE", "3", 2, Some(&tag), "Reason: Q.850;cause=16\r\n", b""));
    assert_eq!(bench.said(), ["200 BYE"]);
    let events = bench.heard();
    assert!(
        matches!(&events[..], [SessionEvent::Ended { why: EndedBy::Bye, headers }] if headers.contains(&Name::Reason))
    );
    bench.hear(&text("BYE", "3", 2, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["200 BYE"]); // a resend
    bench.hear(&text("BYE", "4", 3, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["481 BYE"]); // the dialog is gone
}

#[test]
fn requests_of_strangers_and_of_the_past_are_refused() {
    let (mut bench, _, tag) = answered();
    bench.hear(&text("BYE", "3", 0, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["500 BYE"]);
    bench.hear(&text("BYE", "4", 2, Some(&tag), "", b"").replace("tag=bobs", "tag=eves"));
    assert_eq!(bench.said(), ["481 BYE"]);
    bench.hear(&text("BYE", "5", 2, Some(&tag), "", b"").replace("call-1", "call-2"));
    assert_eq!(bench.said(), ["481 BYE"]);
    assert_eq!(bench.stack.sessions(), 1);
    assert!(bench.heard().is_empty());
}

#[test]
fn requests_inside_the_dialog_pass_both_ways() {
    let (mut bench, id, tag) = answered();
    let dtmf = text("INFO", "3", 2, Some(&tag), "Content-Type: application/dtmf-relay\r\n", b"Signal=5\r\n");
    bench.hear(&dtmf);
    let events = bench.heard();
    let [SessionEvent::Request { txn, request }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(request.body, b"Signal=5\r\n");
    bench.command(id, SessionCommand::Respond { txn: *txn, status: 200, headers: Headers::new() });
    assert_eq!(bench.said(), ["200 INFO"]);
    bench.hear(&text("OPTIONS", "4", 3, Some(&tag), "", b""));
    assert_eq!(bench.said(), ["200 OPTIONS"]);

    let body = b"Signal=1\r\n".to_vec();
    bench.command(id, SessionCommand::Request { request: Method::Info, headers: Headers::new(), body });
    let info = bench.last(&Method::Info);
    assert_eq!(info.uri.to_string(), "sip:bob@10.0.0.2:5062");
    bench.reply(&info, 415, &[], b"");
    assert!(matches!(&bench.heard()[..], [SessionEvent::Response { response }] if response.status == 415));
    bench.command(id, SessionCommand::Request { request: Method::Info, headers: Headers::new(), body: Vec::new() });
    let info = bench.last(&Method::Info);
    bench.said();
    bench.reply(&info, 481, &[], b"");
    assert_eq!(bench.said(), ["BYE"]);
    let events = bench.heard();
    assert!(matches!(&events[..], [SessionEvent::Response { .. }, SessionEvent::Ended { why: EndedBy::Expired, .. }]));
}

#[test]
fn the_dialog_follows_the_peer_to_a_new_address() {
    let (mut bench, id, tag) = answered();
    bench.hear_by(flow_to("192.0.2.9:4711"), &text("OPTIONS", "3", 2, Some(&tag), "", b""));
    bench.sent.clear();
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    let (flow, Message::Request(bye)) = &bench.sent[0] else { panic!("a BYE") };
    assert_eq!(*flow, flow_to("192.0.2.9:4711"));
    assert_eq!(bye.uri.to_string(), "sip:bob@10.0.0.2:5062"); // the target is the Contact's all the same
}

#[test]
fn an_offer_in_the_200_is_answered_in_the_ack() {
    let mut bench = Bench::new();
    let id = bench.invite(draft(None));
    let invite = bench.last(&Method::Invite);
    assert!(invite.body.is_empty());
    bench.said();
    bench.reply(&invite, 200, &[], OFFER);
    bench.reply(&invite, 200, &[], OFFER);
    assert!(bench.said().is_empty()); // the user thinks
    let events = bench.heard();
    assert!(matches!(&events[0], SessionEvent::Answered { sdp: None, .. }));
    assert!(matches!(&events[1], SessionEvent::Offer { sdp: Some(sdp) } if sdp == OFFER));
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    assert_eq!(bench.last(&Method::Ack).body, ANSWER);
    bench.said();
    bench.reply(&invite, 200, &[], OFFER);
    assert_eq!(bench.last(&Method::Ack).body, ANSWER);
    assert_eq!(bench.stack.sessions(), 1);
}

#[test]
fn a_late_offer_that_is_refused_or_forgotten_ends_the_call() {
    for refuse in [true, false] {
        let mut bench = Bench::new();
        let id = bench.invite(draft(None));
        let invite = bench.last(&Method::Invite);
        bench.reply(&invite, 200, &[], OFFER);
        bench.said();
        bench.heard();
        if refuse {
            bench.command(id, SessionCommand::RejectOffer { status: 488 });
        } else {
            bench.run(secs(32));
        }
        assert_eq!(bench.said()[..2], ["ACK", "BYE"]);
        assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::NoAck, .. }]));
    }
}

#[test]
fn our_late_offer_is_answered_by_the_ack_or_the_call_ends() {
    for body in [ANSWER, b""] {
        let mut bench = Bench::new();
        bench.hear(&text("INVITE", "1", 1, None, "", b""));
        let id = bench.accept();
        bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(OFFER.to_vec()) });
        let tag = bench.last_response().headers.to().unwrap().tag().unwrap().to_owned();
        bench.said();
        bench.hear(&text("ACK", "2", 1, Some(&tag), "", body));
        let events = bench.heard();
        if body.is_empty() {
            assert!(matches!(events[..], [SessionEvent::Ended { why: EndedBy::NoAck, .. }]));
            assert_eq!(bench.said(), ["BYE"]);
        } else {
            assert!(matches!(&events[..], [SessionEvent::Confirmed { sdp: Some(sdp) }] if sdp == ANSWER));
        }
    }
}

#[test]
fn an_early_answer_is_repeated_in_the_200() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Progress { status: 183, headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    assert_eq!(bench.last_response().body, ANSWER);
    bench.run(secs(61));
    assert_eq!(bench.said(), ["100 INVITE", "183 INVITE", "183 INVITE"]); // §13.3.1.1: each minute
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: None });
    assert_eq!(bench.last_response().body, ANSWER);
}

#[test]
fn a_strict_router_gets_itself_as_request_uri() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "Record-Route: <sip:strict.example>, <sip:p2;lr>\r\n", OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    let tag = bench.last_response().headers.to().unwrap().tag().unwrap().to_owned();
    bench.hear(&text("ACK", "2", 1, Some(&tag), "", b""));
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    let bye = bench.last(&Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:strict.example");
    assert_eq!(bye.headers.all(&Name::Route).collect::<Vec<_>>(), ["<sip:p2;lr>", "<sip:bob@10.0.0.2:5062>"]);
}

#[test]
fn a_lost_connection_is_opened_again_and_its_loss_ends_the_call_only_when_that_fails() {
    let (mut bench, id) = placed();
    let broken = flow_by(crate::sip::Transport::Tcp, "10.0.0.2:5060");
    bench.hear_by(broken, ""); // nothing
    bench.stack.handle_flow_failed(bench.now, broken);
    bench.drain();
    assert_eq!(bench.stack.sessions(), 1);
    bench.command(id, SessionCommand::Request { request: Method::Info, headers: Headers::new(), body: Vec::new() });
    bench.stack.handle_flow_failed(bench.now, peer());
    bench.drain();
    let events = bench.heard();
    assert!(matches!(
        &events[..],
        [SessionEvent::Response { .. }, SessionEvent::Ended { why: EndedBy::Transport, .. }]
    ));
}

#[test]
fn over_tls_our_contact_speaks_of_sips_to_who_does() {
    use crate::sip::session::contact;
    use crate::sip::{Flow, Transport};
    let (local, peer) = ("10.0.0.1:5061".parse().unwrap(), "10.0.0.2:40000".parse().unwrap());
    let tls = Flow { transport: Transport::Tls, local, peer, connection: 1 };
    assert_eq!(contact("alice", false, &tls), "<sip:alice@10.0.0.1:5061;transport=tls>");
    assert_eq!(contact("alice", true, &tls), "<sips:alice@10.0.0.1:5061>");
    assert_eq!(contact("alice", true, &Flow { transport: Transport::Udp, ..tls }), "<sip:alice@10.0.0.1:5061>");
}
