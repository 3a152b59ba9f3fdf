//! The session timer: RFC 4028.

use super::bench::*;
use crate::sip::stack::{EndedBy, InviteDraft, SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Method, Name};

fn timed() -> InviteDraft {
    InviteDraft { session_timer: true, ..draft(Some(OFFER)) }
}

#[test]
fn whoever_is_asked_to_refresh_does_so_at_half_time() {
    let more = [(Name::SessionExpires, "300;refresher=uac"), (Name::Allow, "UPDATE")];
    let (mut bench, _) = placed_with(timed(), &more);
    bench.run(secs(149));
    assert!(bench.said().is_empty());
    bench.run(secs(1));
    let update = bench.last(&Method::Update);
    assert!(update.body.is_empty());
    assert_eq!(update.headers.get(&Name::SessionExpires), Some("300;refresher=uac"));
    bench.reply(&update, 200, &[(Name::SessionExpires, "120;refresher=uac")], b"");
    bench.said();
    bench.run(secs(60));
    let update = bench.last(&Method::Update);
    bench.reply(&update, 200, &more, b"");
    assert!(bench.heard().is_empty());
}

#[test]
fn a_peer_without_update_gets_our_last_description_again() {
    let (mut bench, _) = placed_with(timed(), &[(Name::SessionExpires, "300;refresher=uac")]);
    bench.run(secs(150));
    let invite = bench.last(&Method::Invite);
    assert_eq!(invite.body, OFFER);
    bench.said();
    bench.reply(&invite, 200, &[(Name::SessionExpires, "300;refresher=uac")], ANSWER);
    assert_eq!(bench.said(), ["ACK"]);
    bench.run(secs(149));
    assert!(bench.said().is_empty());
}

#[test]
fn a_session_that_nobody_refreshes_is_ended_in_time() {
    let (mut bench, _) = placed_with(timed(), &[(Name::SessionExpires, "300;refresher=uas")]);
    bench.run(secs(267));
    assert!(bench.said().is_empty());
    bench.run(secs(1)); // 300 - 32
    assert_eq!(bench.said(), ["BYE"]);
    assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::Expired, .. }]));
}

#[test]
fn a_refresh_that_nobody_answers_ends_the_session() {
    let more = [(Name::SessionExpires, "300;refresher=uac"), (Name::Allow, "UPDATE")];
    let (mut bench, _) = placed_with(timed(), &more);
    bench.run(secs(150 + 32));
    assert_eq!(bench.said().last().map(String::as_str), Some("BYE"));
    assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::Expired, .. }]));
}

#[test]
fn a_refused_refresh_is_tried_again_before_the_end() {
    let more = [(Name::SessionExpires, "240;refresher=uac"), (Name::Allow, "UPDATE")];
    let (mut bench, _) = placed_with(timed(), &more);
    bench.run(secs(120));
    let update = bench.last(&Method::Update);
    bench.reply(&update, 500, &[], b"");
    bench.said();
    bench.run(secs(30));
    assert_eq!(bench.said()[0], "UPDATE");
    bench.run(secs(120));
    assert!(matches!(bench.heard()[..], [SessionEvent::Ended { why: EndedBy::Expired, .. }]));
}

#[test]
fn a_peer_without_timer_is_left_in_peace() {
    let (mut bench, _) = placed_with(timed(), &[]);
    bench.run(secs(4000));
    assert!(bench.said().is_empty() && bench.heard().is_empty());
}

#[test]
fn an_interval_that_is_too_small_is_raised() {
    let mut bench = Bench::new();
    bench.invite(timed());
    let first = bench.last(&Method::Invite);
    assert_eq!(first.headers.get(&Name::SessionExpires), Some("1800"));
    bench.reply(&first, 422, &[(Name::MinSe, "3600")], b"");
    let second = bench.last(&Method::Invite);
    assert_eq!(second.headers.get(&Name::SessionExpires), Some("3600"));
    assert_eq!(second.headers.get(&Name::MinSe), Some("3600"));
    assert_eq!(second.headers.get(&Name::CSeq), Some("2 INVITE"));
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    assert_eq!(second.headers.all(&Name::Via).count(), 1);
    bench.reply(&second, 422, &[(Name::MinSe, "7200")], b"");
    let third = bench.last(&Method::Invite);
    bench.reply(&third, 422, &[(Name::MinSe, "9000")], b"");
    assert!(matches!(&bench.heard()[..], [SessionEvent::Failed { response, .. }] if response.status == 422));
}

#[test]
fn the_wish_of_a_caller_is_met() {
    for (asked, said) in [
        ("Session-Expires: 200;refresher=uas\r\nSupported: timer\r\n", "200;refresher=uas"),
        ("Session-Expires: 200;refresher=uac\r\nSupported: timer\r\n", "200;refresher=uac"),
        ("Session-Expires: 200\r\nSupported: timer\r\n", "200;refresher=uac"),
        ("Session-Expires: 200\r\n", "200;refresher=uas"), // a proxy asks; the caller knows no timer
    ] {
        let mut bench = Bench::new();
        bench.hear(&text("INVITE", "1", 1, None, asked, OFFER));
        let id = bench.accept();
        bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
        let ok = bench.last_response();
        assert_eq!(ok.headers.get(&Name::SessionExpires), Some(said));
        assert_eq!(ok.headers.get(&Name::Require), said.ends_with("uac").then_some("timer"));
    }
}

#[test]
fn the_peers_refresh_keeps_the_session_and_may_change_its_interval() {
    let timer = "Session-Expires: 300;refresher=uac\r\nSupported: timer\r\n";
    let (mut bench, id, tag) = answered_with(timer);
    bench.run(secs(200));
    bench.hear(&text("UPDATE", "3", 2, Some(&tag), timer, b""));
    let ok = bench.last_response();
    assert_eq!(ok.headers.get(&Name::SessionExpires), Some("300;refresher=uac"));
    bench.run(secs(200));
    assert_eq!(bench.said(), ["200 UPDATE"]);
    bench.hear(&text("UPDATE", "4", 3, Some(&tag), "Session-Expires: 60\r\nSupported: timer\r\n", b""));
    assert_eq!((bench.last_response().status, bench.last_response().headers.get(&Name::MinSe)), (422, Some("90")));
    bench.hear(&text("INVITE", "5", 4, Some(&tag), "Supported: timer\r\n", OFFER));
    bench.command(id, SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() });
    bench.hear(&text("ACK", "6", 4, Some(&tag), "", b""));
    bench.heard();
    bench.run(secs(4000)); // no interval in it: no end (§7.2)
    assert!(bench.heard().is_empty());
}
