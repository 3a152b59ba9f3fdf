//! Requests outside of sessions: matching, absorbing, refusing what needs no judgement.

use super::bench::*;
use crate::sip::wire::{Headers, Method, Name};

#[test]
fn a_request_is_resent_answered_once_and_forgotten() {
    let mut bench = Bench::new();
    let txn = bench.request(plain(Method::Options));
    bench.run(secs(4));
    assert_eq!(bench.said().len(), 4); // 0, 0.5, 1.5, 3.5
    bench.request(plain(Method::Options));
    let options = bench.last(&Method::Options);
    bench.reply(&options, 200, &[], b"");
    bench.reply(&options, 200, &[], b"");
    assert_eq!(bench.responses.len(), 1);
    assert_eq!(bench.responses[0].1.status, 200);
    bench.run(secs(28));
    assert_eq!(bench.responses.len(), 2);
    assert_eq!((bench.responses[1].0, bench.responses[1].1.status), (txn, 408));
    assert_eq!(bench.stack.transactions(), 0);
}

#[test]
fn a_request_over_tcp_is_sent_once() {
    let mut bench = Bench::new();
    let mut draft = plain(Method::Options);
    draft.flows = vec![flow_by(crate::sip::Transport::Tcp, "10.0.0.2:5060")];
    bench.request(draft);
    bench.run(secs(33));
    assert_eq!(bench.said(), ["OPTIONS"]);
    assert_eq!(bench.responses[0].1.status, 408);
}

#[test]
fn resends_of_a_request_meet_the_same_response() {
    let mut bench = Bench::new();
    let options = text("OPTIONS", "1", 1, None, "", b"");
    bench.hear(&options);
    bench.hear(&options);
    assert_eq!(bench.requests.len(), 1);
    let (txn, _) = bench.requests[0];
    bench.stack.respond(bench.now, txn, 200, Headers::new(), Vec::new());
    bench.drain();
    let first = bench.last_response();
    assert!(first.headers.to().unwrap().tag().is_some());
    bench.hear(&options);
    assert_eq!(bench.last_response(), first);
    assert_eq!(bench.said(), ["200 OPTIONS", "200 OPTIONS"]);
    bench.run(secs(32));
    assert_eq!(bench.stack.transactions(), 0);
}

#[test]
fn a_refused_invite_is_resent_until_its_ack() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let (txn, _) = bench.requests[0];
    bench.stack.respond(bench.now, txn, 404, Headers::new(), Vec::new());
    bench.drain();
    bench.run(secs(4));
    assert_eq!(bench.said(), ["404 INVITE"; 4]); // 0, 0.5, 1.5, 3.5
    bench.hear(&text("ACK", "1", 1, Some("x"), "", b""));
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    bench.run(secs(6));
    assert!(bench.said().is_empty());
    assert_eq!(bench.stack.transactions(), 0);
    assert_eq!(bench.stack.counters().stray_acks, 0);
}

#[test]
fn an_invite_that_waits_gets_its_100_after_200_ms() {
    let mut bench = Bench::new();
    let invite = text("INVITE", "1", 1, None, "Timestamp: 54\r\n", OFFER);
    bench.hear(&invite);
    bench.run(crate::base::Duration::from_millis(199));
    assert!(bench.said().is_empty());
    bench.run(crate::base::Duration::from_millis(1));
    let trying = bench.last_response();
    assert_eq!((trying.status, trying.headers.to().unwrap().tag()), (100, None));
    assert_eq!(trying.headers.get(&Name::Timestamp), Some("54"));
    bench.hear(&invite);
    assert_eq!(bench.said(), ["100 INVITE", "100 INVITE"]);
}

#[test]
fn an_ignored_request_is_forgotten_in_silence() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let (txn, _) = bench.requests[0];
    bench.stack.ignore(txn);
    bench.run(secs(1));
    assert!(bench.said().is_empty());
    assert_eq!(bench.stack.transactions(), 0);
}

#[test]
fn a_cancel_before_anybody_took_the_invite_ends_it() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    bench.hear(&text("CANCEL", "1", 1, None, "", b""));
    assert_eq!(bench.said(), ["200 CANCEL", "487 INVITE"]);
    let (txn, _) = bench.requests[0];
    assert!(bench.stack.accept_invite(bench.now, txn, "alice").is_none());
    bench.stack.respond(bench.now, txn, 404, Headers::new(), Vec::new());
    bench.drain();
    assert!(bench.said().is_empty());
}

#[test]
fn the_same_request_by_another_way_is_merged() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    bench.hear(&text("INVITE", "2", 1, None, "", OFFER));
    assert_eq!(bench.said(), ["482 INVITE"]);
    bench.hear(&text("INVITE", "3", 2, None, "", OFFER));
    assert_eq!(bench.requests.len(), 2);
}

#[test]
fn a_challenged_request_may_come_back_with_the_same_cseq() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER));
    let (txn, _) = bench.requests[0];
    bench.stack.respond(bench.now, txn, 401, Headers::new(), Vec::new());
    bench.hear(&text("INVITE", "2", 1, None, "", OFFER));
    assert_eq!(bench.requests.len(), 2);
}

#[test]
fn peers_of_rfc_2543_are_told_apart_without_branches() {
    let mut bench = Bench::new();
    let old = |text: String| text.replace(";branch=z9hG4bK1", "");
    bench.hear(&old(text("INVITE", "1", 1, None, "", OFFER)));
    bench.hear(&old(text("INVITE", "1", 1, None, "", OFFER)));
    assert_eq!(bench.requests.len(), 1);
    let (txn, _) = bench.requests[0];
    bench.stack.respond(bench.now, txn, 404, Headers::new(), Vec::new());
    bench.hear(&old(text("ACK", "1", 1, Some("x"), "", b"")));
    bench.said();
    bench.run(secs(3));
    assert!(bench.said().is_empty()); // the ACK was found
    bench.hear(&old(text("INVITE", "1", 2, None, "", OFFER)));
    assert_eq!(bench.requests.len(), 2);
}

#[test]
fn what_needs_no_judgement_is_refused_at_once() {
    let cases = [
        (text("FLY", "1", 1, None, "", b""), "501 FLY"),
        (text("INVITE", "2", 1, None, "", b"").replace("sip:alice@10.0.0.1 SIP", "http://x SIP"), "416 INVITE"),
        (text("INVITE", "3", 1, None, "", b"").replace("Max-Forwards: 70", "Max-Forwards: 0"), "483 INVITE"),
        (text("INVITE", "4", 1, None, "Require: timer, nothing, else\r\n", b""), "420 INVITE"),
        (text("BYE", "5", 1, Some("x"), "", b""), "481 BYE"),
        (text("INVITE", "6", 1, Some("x"), "", b""), "481 INVITE"),
        (text("NOTIFY", "7", 1, Some("x"), "", b""), "481 NOTIFY"),
        (text("UPDATE", "8", 1, None, "", b""), "481 UPDATE"),
        (text("CANCEL", "9", 1, None, "", b""), "481 CANCEL"),
        (text("INVITE", "11", 1, None, "Content-Type: application/x\r\n", b"?"), "415 INVITE"),
        (text("INVITE", "12", 1, None, "Supported: timer\r\nSession-Expires: 60\r\n", b""), "422 INVITE"),
    ];
    for (request, answer) in cases {
        let mut bench = Bench::new();
        bench.hear(&request);
        let response = bench.last_response();
        let headers = &response.headers;
        assert!(headers.to().unwrap().tag().is_some() && headers.contains(&Name::Allow), "{answer}");
        match response.status {
            420 => assert_eq!(headers.get(&Name::Unsupported), Some("nothing, else")),
            415 => assert_eq!(headers.get(&Name::Accept), Some("application/sdp")),
            422 => assert_eq!(headers.get(&Name::MinSe), Some("90")),
            _ => {}
        }
        bench.hear(&request);
        assert_eq!(bench.last_response(), response); // the same tag, though nothing was kept
        assert_eq!(bench.said(), [answer, answer]);
        assert!(bench.requests.is_empty() && bench.stack.transactions() == 0);
    }
}

#[test]
fn stray_messages_are_dropped_and_counted() {
    let mut bench = Bench::new();
    bench.request(plain(Method::Options));
    let options = bench.last(&Method::Options);
    bench.said();
    let stray = response(&options, 200, "x", &[(Name::Via, "SIP/2.0/UDP 10.0.0.9")], b"");
    bench.hear(&String::from_utf8(stray.to_bytes()).unwrap());
    let mut other = response(&options, 200, "x", &[], b"");
    other.headers.set(Name::CSeq, "1 INVITE");
    bench.hear(&String::from_utf8(other.to_bytes()).unwrap());
    bench.hear(&text("ACK", "1", 1, Some("x"), "", b""));
    bench.hear("not sip at all");
    bench.hear("\r\n\r\n"); // keeps NAT open, means nothing
    assert!(bench.said().is_empty() && bench.responses.is_empty());
    let counters = bench.stack.counters();
    assert_eq!((counters.stray_responses, counters.stray_acks, counters.malformed), (2, 1, 1));
}

#[test]
fn a_user_who_never_answers_costs_a_transaction_for_32_seconds() {
    let mut bench = Bench::new();
    bench.hear(&text("OPTIONS", "1", 1, None, "", b""));
    bench.run(secs(32));
    assert_eq!(bench.stack.transactions(), 0);
}
