//! Strangers, NAT and re-INVITE.

use super::*;

const STRANGER: &str = "6.6.6.6:666";
const NAT: &str = "9.9.9.9:30000";

fn phone_at(endpoint: EndpointId, from: &str) -> Phone {
    Phone { from: address(from), ..Phone::new(endpoint, address(from), 8) }
}

fn stranger() -> Phone {
    let mut phone = phone_at(A, STRANGER);
    (phone.header.ssrc, phone.header.sequence) = (0x6666, 6000);
    phone
}

/// Where A's peer is sent to now.
fn destination(bench: &mut Bench, b: &mut Phone) -> Option<SocketAddr> {
    let (from, bytes) = (b.from, b.frame(&[2; 160]));
    bench.receive(B, from, &bytes).map(|packet| packet.destination.to)
}

fn is_heard(bench: &mut Bench, phone: &mut Phone) -> bool {
    let (from, bytes) = (phone.from, phone.frame(&[1; 160]));
    bench.receive(phone.endpoint, from, &bytes).is_some()
}

#[test]
fn a_stranger_is_never_heard_once_the_named_address_was() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    let mut stranger = stranger();
    for _ in 0..1000 {
        assert!(is_heard(&mut bench, &mut a));
        assert!(!is_heard(&mut bench, &mut stranger));
        assert_eq!(destination(&mut bench, &mut b), Some(a.from));
        bench.run_for(20);
    }
    bench.run_for(50_000); // even when the peer is silent
    assert!(!is_heard(&mut bench, &mut stranger));
    stranger.header.ssrc = a.header.ssrc; // or its source is guessed, but not the sequence
    stranger.header.sequence = a.header.sequence.wrapping_add(20_000);
    assert!(!is_heard(&mut bench, &mut stranger));
    assert_eq!(destination(&mut bench, &mut b), Some(a.from));
    assert_eq!(bench.stats(A).strangers, 1002);
}

#[test]
fn the_named_address_takes_the_place_of_a_stranger_who_was_first() {
    for first_after_ms in [0, 1000, 10_000] {
        let (mut bench, mut a, mut b) = Bench::usual_call();
        let mut stranger = stranger();
        is_heard(&mut bench, &mut stranger);
        bench.run_for(first_after_ms);
        assert!(is_heard(&mut bench, &mut a));
        assert!(!is_heard(&mut bench, &mut stranger));
        assert_eq!(destination(&mut bench, &mut b), Some(a.from));
        assert_clean(&bench.sent_to(B));
    }
}

#[test]
fn a_phone_behind_nat_is_heard_from_where_it_sends() {
    let (mut bench, named, mut b) = Bench::usual_call();
    assert_eq!(destination(&mut bench, &mut b), Some(named.from), "until it speaks, signalling counts");
    let mut phone = phone_at(A, NAT);
    assert!(is_heard(&mut bench, &mut phone));
    assert_eq!(destination(&mut bench, &mut b), Some(phone.from));
    assert!(!is_heard(&mut bench, &mut stranger()));
    let mut neighbour = phone_at(A, "9.9.9.9:30002");
    neighbour.header.ssrc = 1;
    assert!(!is_heard(&mut bench, &mut neighbour), "another port of the same NAT is a stranger too");
}

#[test]
fn the_named_host_takes_over_from_another_only_at_the_start() {
    for (after_ms, heard) in [(2000, true), (4000, false)] {
        let (mut bench, _, _) = Bench::usual_call();
        let mut first = phone_at(A, NAT);
        is_heard(&mut bench, &mut first);
        bench.speak(&mut first, after_ms / 20);
        assert_eq!(is_heard(&mut bench, &mut phone_at(A, "10.0.0.1:4444")), heard);
    }
}

#[test]
fn only_the_host_of_the_signalling_may_prove_itself_when_it_is_expected() {
    let (mut bench, _, mut b) = Bench::usual_call();
    bench.order(Command::Expect { endpoint: A, host: address(NAT).ip() });
    assert!(!is_heard(&mut bench, &mut stranger()));
    assert_eq!(destination(&mut bench, &mut b), Some(address(PHONE_A)));
    assert!(is_heard(&mut bench, &mut phone_at(A, NAT)));
    assert_eq!(destination(&mut bench, &mut b), Some(address(NAT)));
    assert_eq!(bench.stats(A).strangers, 1);
}

#[test]
fn a_nat_that_forgot_its_binding_is_followed_by_the_streams_own_numbers() {
    let (mut bench, _, mut b) = Bench::usual_call();
    let mut phone = phone_at(A, NAT);
    bench.speak(&mut phone, 10);
    phone.from = address("9.9.9.9:31111");
    for _ in 0..149 {
        assert!(!is_heard(&mut bench, &mut phone), "while the old one was heard less than three seconds ago");
        bench.run_for(20);
    }
    bench.run_for(20);
    assert!(is_heard(&mut bench, &mut phone));
    assert_eq!(destination(&mut bench, &mut b), Some(phone.from));
}

#[test]
fn a_silent_peer_is_not_replaced_by_whoever_speaks() {
    let (mut bench, _, mut b) = Bench::usual_call();
    let mut phone = phone_at(A, NAT);
    bench.speak(&mut phone, 200);
    bench.configure(A, agreed(Codec::Pcma, Some(101), PHONE_A)); // hold, and back
    bench.run_for(30_000);
    assert!(!is_heard(&mut bench, &mut stranger()), "a re-INVITE opens nothing to another host");
    assert_eq!(destination(&mut bench, &mut b), Some(phone.from));
    let mut again = phone_at(A, "9.9.9.9:32222");
    (again.header.ssrc, again.header.sequence) = (0x99, 5);
    assert!(is_heard(&mut bench, &mut again), "but to another port of the same one");
}

#[test]
fn a_reinvite_to_another_address_begins_anew() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    bench.speak(&mut a, 10);
    bench.configure(A, agreed(Codec::Pcma, Some(101), "10.0.0.7:7000"));
    assert_eq!(destination(&mut bench, &mut b), Some(address("10.0.0.7:7000")));
    assert!(!is_heard(&mut bench, &mut a), "what was under way");
    assert_eq!(destination(&mut bench, &mut b), Some(address("10.0.0.7:7000")));
    let mut moved = phone_at(A, "10.0.0.7:7000");
    moved.header.ssrc = 77;
    assert!(is_heard(&mut bench, &mut moved));
    assert!(!is_heard(&mut bench, &mut a));
    assert_clean(&bench.sent_to(A));
    assert_clean(&bench.sent_to(B));
}

#[test]
fn a_session_timers_reinvite_changes_nothing() {
    let (mut bench, _, mut b) = Bench::usual_call();
    let mut phone = phone_at(A, NAT);
    for _ in 0..5 {
        bench.speak(&mut phone, 100);
        bench.configure(A, agreed(Codec::Pcma, Some(101), PHONE_A));
        assert!(!is_heard(&mut bench, &mut stranger()));
        assert_eq!(destination(&mut bench, &mut b), Some(phone.from));
    }
}

#[test]
fn addresses_that_nobody_may_be_at_are_never_sent_to() {
    for to in ["0.0.0.0:4000", "255.255.255.255:4000", "239.1.2.3:4000", "10.0.0.1:0", "[ff02::1]:4000", "[::]:4000"] {
        let (mut bench, _, mut b) = Bench::usual_call();
        let mut terms = agreed(Codec::Pcma, None, PHONE_A);
        (terms.rtp, terms.rtcp) = (Some(address(to)), Some(address(to)));
        bench.configure(A, terms);
        assert_eq!(destination(&mut bench, &mut b), None, "{to}");
        bench.order(Command::Play {
            endpoint: A,
            id: 1,
            sound: Sound::Clip { clip: clip(8000), repeat: 1 },
            until_digit: false,
        });
        bench.run_for(20_000);
        assert!(bench.sent_to(A).is_empty());
        assert!(bench.reports.iter().all(|(destination, _)| destination.endpoint != A));
    }
}

#[test]
fn broken_packets_prove_nothing() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    let mut version_1 = a.frame(&[0; 160]);
    version_1[0] = 0x40;
    let bad = [version_1, a.frame(&[0; 1489]), a.frame(&[]), vec![0x80], vec![], vec![0x90; 14]];
    for bytes in bad {
        assert_eq!(bench.receive(A, address(NAT), &bytes), None);
    }
    assert_eq!(destination(&mut bench, &mut b), Some(a.from));
}

#[test]
fn reports_follow_the_host_that_rtp_proved() {
    let (mut bench, _, mut b) = Bench::usual_call();
    let mut phone = phone_at(A, NAT);
    let control = |bench: &mut Bench, from: &str| {
        let mut bytes = [0; 100];
        let length = rtcp::Compound { ssrc: 1, sent: None, block: None, name: "n", goodbye: false }.write(&mut bytes);
        bench.plane.handle_packet(bench.now, A, true, address(from), &mut bytes, length);
    };
    control(&mut bench, STRANGER);
    bench.speak(&mut phone, 500);
    let to_a = |bench: &Bench| bench.reports.iter().filter(|(to, _)| to.endpoint == A).map(|(to, _)| to.to).collect();
    let before: Vec<SocketAddr> = to_a(&bench);
    assert_eq!(before, [], "the named address lies behind the NAT, nothing else is known");
    control(&mut bench, STRANGER);
    control(&mut bench, "9.9.9.9:30001");
    control(&mut bench, "9.9.9.9:30003");
    bench.speak(&mut phone, 500);
    bench.speak(&mut b, 1);
    let to: Vec<SocketAddr> = to_a(&bench);
    assert!(!to.is_empty() && to.iter().all(|to| *to == address("9.9.9.9:30001")), "{to:?}");
}

#[test]
fn an_endpoint_settles_on_the_named_address_and_opens_when_it_is_silent() {
    let (mut bench, mut a, _) = Bench::usual_call();
    assert_eq!(bench.plane.settled(bench.now, A), None);
    bench.speak(&mut a, 10);
    assert_eq!(bench.plane.settled(bench.now, A), Some(a.from));
    bench.configure(A, agreed(Codec::Pcma, Some(101), PHONE_A));
    assert_eq!(bench.plane.settled(bench.now, A), None);
    bench.speak(&mut a, 200);
    assert_eq!(bench.plane.settled(bench.now, A), Some(a.from));
    bench.run_for(2500);
    assert_eq!(bench.plane.settled(bench.now, A), None);
    bench.speak(&mut phone_at(B, NAT), 10);
    assert_eq!(bench.plane.settled(bench.now, B), None, "the named address might still come");
}
