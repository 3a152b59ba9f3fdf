//! Challenges that we meet, and the servers that are tried in turn.

use super::bench::*;
use crate::base::{Duration, Instant, Rng};
use crate::sip::auth::{Challenger, Verdict};
use crate::sip::stack::{SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Message, Method, Name, Request};

fn known(bench: &mut Bench) -> Challenger {
    let mut draft = plain(Method::Register);
    draft.credentials = Some(credentials());
    bench.request(draft);
    Challenger::new(Rng::from_seed(3), "office")
}

fn check(challenger: &mut Challenger, request: &Request) -> Verdict {
    challenger.verify(Instant::ZERO, &peer(), request, |name| (name == "alice").then(|| "secret".to_owned()))
}

#[test]
fn a_challenge_is_met_with_a_new_cseq_and_the_strongest_algorithm() {
    let mut bench = Bench::new();
    let mut server = known(&mut bench);
    let first = bench.last(&Method::Register);
    assert_eq!(check(&mut server, &first), Verdict::Absent);
    let challenges = server.challenge(Instant::ZERO, &peer(), &first, false);
    let more: Vec<(Name, &str)> = challenges.iter().map(|c| (Name::WwwAuthenticate, c.as_str())).collect();
    bench.reply(&first, 401, &more, b"");
    assert!(bench.responses.is_empty());
    let second = bench.last(&Method::Register);
    assert!(second.headers.get(&Name::Authorization).unwrap().contains("algorithm=SHA-256"));
    assert_eq!(second.headers.cseq().unwrap().number, first.headers.cseq().unwrap().number + 1);
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    assert_eq!(second.headers.from(), first.headers.from());
    assert_ne!(second.headers.top_via(), first.headers.top_via());
    assert_eq!(second.headers.all(&Name::Via).count(), 1);
    assert_eq!(check(&mut server, &second), Verdict::Proved { username: "alice".to_owned() });
    bench.reply(&second, 200, &[], b"");
    assert_eq!(bench.responses[0].1.status, 200);

    // The nonce is used again, with the next count.
    let mut draft = plain(Method::Register);
    draft.credentials = Some(credentials());
    bench.request(draft);
    let third = bench.last(&Method::Register);
    assert!(third.headers.get(&Name::Authorization).unwrap().contains("nc=00000002"));
    assert_eq!(check(&mut server, &third), Verdict::Proved { username: "alice".to_owned() });
    // Stale: once more, with the new nonce.
    let stale = server.challenge(Instant::ZERO, &peer(), &third, true);
    bench.reply(&third, 401, &[(Name::WwwAuthenticate, &stale[0])], b"");
    let fourth = bench.last(&Method::Register);
    assert_eq!(check(&mut server, &fourth), Verdict::Proved { username: "alice".to_owned() });
}

#[test]
fn proxy_and_server_may_challenge_in_turn() {
    let mut bench = Bench::new();
    known(&mut bench);
    let first = bench.last(&Method::Register);
    let by_proxy = "Digest realm=\"proxy\", nonce=\"p1\", qop=\"auth\"";
    bench.reply(&first, 407, &[(Name::ProxyAuthenticate, by_proxy)], b"");
    let second = bench.last(&Method::Register);
    assert!(second.headers.contains(&Name::ProxyAuthorization) && !second.headers.contains(&Name::Authorization));
    let by_server = "Digest realm=\"server\", nonce=\"s1\"";
    bench.reply(&second, 401, &[(Name::WwwAuthenticate, by_server)], b"");
    let third = bench.last(&Method::Register);
    assert!(third.headers.get(&Name::ProxyAuthorization).unwrap().contains("nc=00000002"));
    let plain = third.headers.get(&Name::Authorization).unwrap();
    assert!(plain.contains("realm=\"server\"") && !plain.contains("nc=") && !plain.contains("algorithm"));
    bench.reply(&third, 200, &[], b"");
    assert_eq!(bench.responses.len(), 1);
}

#[test]
fn a_wrong_password_is_not_tried_twice_with_one_nonce_and_never_for_ever() {
    let mut bench = Bench::new();
    known(&mut bench);
    for round in 1..=3 {
        let register = bench.last(&Method::Register);
        let challenge = format!("Digest realm=\"r\", nonce=\"n{round}\", algorithm=MD5, qop=\"auth\"");
        bench.reply(&register, 401, &[(Name::WwwAuthenticate, &challenge)], b"");
        assert!(bench.responses.is_empty(), "round {round}");
    }
    let register = bench.last(&Method::Register);
    bench.reply(&register, 401, &[(Name::WwwAuthenticate, "Digest realm=\"r\", nonce=\"n4\"")], b"");
    assert_eq!(bench.responses[0].1.status, 401);

    let mut bench = Bench::new();
    known(&mut bench);
    let same = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    for _ in 0..2 {
        let register = bench.last(&Method::Register);
        bench.reply(&register, 401, &[(Name::WwwAuthenticate, same)], b"");
    }
    assert_eq!(bench.responses[0].1.status, 401);
}

#[test]
fn what_we_can_not_compute_is_passed_over() {
    let mut bench = Bench::new();
    known(&mut bench);
    let register = bench.last(&Method::Register);
    let mixed = "Basic realm=\"a, b\", Digest realm=\"r\", nonce=\"x\", algorithm=SHA-512-256, qop=\"auth\", \
                 Digest realm=\"r\", nonce=\"y, z\", algorithm=MD5-sess, qop=\"auth,auth-int\", opaque=\"o\\\"p\"";
    bench.reply(&register, 401, &[(Name::WwwAuthenticate, mixed)], b"");
    let answer = bench.last(&Method::Register);
    let answer = answer.headers.get(&Name::Authorization).unwrap().to_owned();
    assert!(answer.contains("nonce=\"y, z\"") && answer.contains("algorithm=MD5-sess"), "{answer}");
    assert!(answer.contains("opaque=\"o\\\"p\"") && answer.contains("qop=auth,") == answer.contains("qop=auth, "));
    let mut bench = Bench::new();
    known(&mut bench);
    let register = bench.last(&Method::Register);
    bench.reply(&register, 401, &[(Name::WwwAuthenticate, "Digest realm=\"r\", nonce=\"x\", algorithm=MD6")], b"");
    assert_eq!(bench.responses[0].1.status, 401);
}

#[test]
fn a_challenged_call_goes_on_and_its_ack_and_bye_carry_credentials() {
    let mut bench = Bench::new();
    let id = bench.invite(crate::sip::stack::InviteDraft { credentials: Some(credentials()), ..draft(Some(OFFER)) });
    let first = bench.last(&Method::Invite);
    bench.reply(&first, 407, &[(Name::ProxyAuthenticate, "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"")], b"");
    let second = bench.last(&Method::Invite);
    assert_eq!(second.headers.get(&Name::CSeq), Some("2 INVITE"));
    bench.reply(&second, 200, &[], ANSWER);
    let ack = bench.last(&Method::Ack);
    assert_eq!(ack.headers.get(&Name::CSeq), Some("2 ACK"));
    assert_eq!(ack.headers.get(&Name::ProxyAuthorization), second.headers.get(&Name::ProxyAuthorization));
    bench.command(id, SessionCommand::Request { request: Method::Info, headers: Headers::new(), body: Vec::new() });
    let info = bench.last(&Method::Info);
    assert_eq!(info.headers.get(&Name::CSeq), Some("3 INFO"));
    assert!(info.headers.get(&Name::ProxyAuthorization).unwrap().contains("nc=00000002"));
    bench.reply(&info, 407, &[(Name::ProxyAuthenticate, "Digest realm=\"r\", nonce=\"m\", qop=\"auth\"")], b"");
    assert_eq!(bench.last(&Method::Info).headers.get(&Name::CSeq), Some("4 INFO"));
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    assert_eq!(bench.last(&Method::Bye).headers.get(&Name::CSeq), Some("5 BYE"));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Answered { .. }]));
}

#[test]
fn the_next_server_is_tried_after_silence_503_and_a_broken_flow() {
    let others = [flow_to("10.0.0.3:5060"), flow_to("10.0.0.4:5080")];
    let mut bench = Bench::new();
    let mut call = draft(Some(OFFER));
    call.flows.extend(others);
    call.give_up = Some(Duration::from_secs(5));
    bench.invite(call);
    let first = bench.last(&Method::Invite);
    bench.run(secs(5));
    let second = bench.last(&Method::Invite);
    assert_eq!(bench.sent.last().unwrap().0, others[0]);
    assert_eq!(second.headers.cseq(), first.headers.cseq());
    assert_ne!(second.headers.top_via(), first.headers.top_via());
    let busy = response(&second, 503, "x", &[], b"");
    bench.hear_by(others[0], &String::from_utf8(busy.to_bytes()).unwrap());
    assert_eq!(bench.sent.last().unwrap().0, others[1]);
    bench.stack.handle_flow_failed(bench.now, others[1]);
    bench.drain();
    assert!(
        matches!(&bench.heard()[..], [SessionEvent::Failed { response, from_peer: false }] if response.status == 503)
    );
}

#[test]
fn an_answer_from_the_second_server_makes_the_dialog_there() {
    let mut bench = Bench::new();
    let mut call = draft(Some(OFFER));
    call.flows.push(flow_to("10.0.0.3:5060"));
    let id = bench.invite(call);
    bench.stack.handle_flow_failed(bench.now, peer());
    bench.drain();
    let second = bench.last(&Method::Invite);
    let ok = response(&second, 200, "x", &[], ANSWER);
    bench.hear_by(flow_to("10.0.0.3:5060"), &String::from_utf8(ok.to_bytes()).unwrap());
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    let tail: Vec<_> =
        bench.sent.iter().rev().take(2).map(|(flow, message)| (flow.peer.to_string(), brief(message))).collect();
    let there = |what: &str| ("10.0.0.3:5060".to_owned(), what.to_owned());
    assert_eq!(tail, [there("BYE"), there("ACK")]);
}

#[test]
fn a_cancelled_call_tries_no_further_server() {
    let mut bench = Bench::new();
    let mut call = draft(Some(OFFER));
    call.flows.push(flow_to("10.0.0.3:5060"));
    let id = bench.invite(call);
    bench.command(id, SessionCommand::HangUp { headers: Headers::new() });
    bench.run(secs(40));
    assert!(bench.sent.iter().all(|(flow, message)| *flow == peer() && matches!(message, Message::Request(_))));
    assert!(matches!(&bench.heard()[..], [SessionEvent::Failed { response, .. }] if response.status == 487));
}
