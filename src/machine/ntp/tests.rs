use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use proptest::prelude::*;

use super::*;
use crate::base::{Duration, Instant, Rng};

/// 2026-11-26.
const NOW: i64 = 1_795_651_200 * SECOND;
const MS: i64 = 1_000_000;

/// A server of the simulated world.
#[derive(Clone, Copy)]
struct Peer {
    /// Its clock is ahead of the truth by so much.
    ahead: i64,
    there: i64,
    back: i64,
    answers: bool,
    twist: fn(&mut Packet),
}

impl Peer {
    fn good(ahead: i64) -> Self {
        Self { ahead, there: 5 * MS, back: 5 * MS, answers: true, twist: |_| {} }
    }

    fn twisted(twist: fn(&mut Packet)) -> Self {
        Self { twist, ..Self::good(0) }
    }

    fn silent() -> Self {
        Self { answers: false, ..Self::good(0) }
    }

    fn answer(&self, question: &[u8], truth: i64) -> [u8; Packet::LENGTH] {
        let asked = Packet::read(question).unwrap();
        let at = Moment(truth + self.ahead + self.there).to_wire();
        let mut packet = Packet {
            version: asked.version,
            mode: SERVER,
            stratum: 2,
            root_delay: to_short(8 * MS),
            root_dispersion: to_short(2 * MS),
            origin: asked.transmit,
            receive: at,
            transmit: at,
            ..Packet::default()
        };
        (self.twist)(&mut packet);
        packet.write()
    }
}

/// A box whose clock is ahead of the truth by `ahead`, and its servers.
struct World {
    client: Client,
    peers: Vec<Peer>,
    now: Instant,
    ahead: i64,
    asked: usize,
}

impl World {
    fn new(ahead: i64, peers: Vec<Peer>) -> Self {
        let mut client = Client::new(Rng::from_seed(7), Moment(NOW - 86_400 * SECOND));
        client.set_sources((0..peers.len()).map(source).collect());
        Self { client, peers, now: Instant::ZERO, ahead, asked: 0 }
    }

    fn truth(&self) -> i64 {
        NOW + i64::try_from(self.now.micros()).unwrap() * 1_000
    }

    /// Waits for the next round, and plays it. A step moves the clock, and of a slew all.
    fn round(&mut self) -> Correction {
        self.now = self.now.max(self.client.due());
        let questions = self.client.begin(self.now);
        self.asked = questions.len();
        for (to, question) in questions {
            let peer = self.peers[usize::from(to.port()) - 1];
            if peer.answers {
                let answer = peer.answer(&question, self.truth());
                let sent = Moment(self.truth() + self.ahead);
                let received = Moment(sent.0 + peer.there + peer.back);
                self.client.hear(self.now, to, &answer, sent, received);
            }
        }
        let correction = self.client.finish(self.now);
        if let Correction::Step(by) | Correction::Slew { offset: by, .. } = correction {
            self.ahead += by;
        }
        correction
    }

    fn pause(&self) -> u64 {
        (self.client.due() - self.now).as_secs()
    }
}

fn source(index: usize) -> Source {
    let port = u16::try_from(index + 1).unwrap();
    Source { name: format!("{index}.example"), address: SocketAddr::from(([192, 0, 2, 1], port)) }
}

#[test]
fn the_first_answer_steps_a_clock_of_1970_and_later_ones_slew_it() {
    let mut world = World::new(-NOW, vec![Peer::good(0)]);
    assert_eq!(world.round(), Correction::Step(NOW));
    assert!(world.ahead.abs() < 2 * MS && world.client.standing().is_some());
    world.ahead = 50 * MS;
    assert!(matches!(world.round(), Correction::Slew { offset, poll: 6 } if (offset + 50 * MS).abs() < MS));
    assert!((60..=64).contains(&world.pause()), "{}", world.pause());
}

#[test]
fn a_jump_later_is_borne_out_by_a_second_round_soon_after() {
    let mut world = World::new(0, vec![Peer::good(0)]);
    world.round();
    world.ahead = 3_600 * SECOND;
    assert_eq!(world.round(), Correction::Doubtful);
    assert_eq!(world.pause(), 15);
    assert!(matches!(world.round(), Correction::Step(_)));
    assert!(world.ahead.abs() < MS);
    world.ahead = 3_600 * SECOND;
    assert_eq!(world.round(), Correction::Doubtful);
    world.ahead = 0;
    assert!(matches!(world.round(), Correction::Slew { .. }), "it was a hiccup");
}

#[test]
fn a_steady_clock_is_looked_at_more_and_more_rarely_and_a_restless_one_more_often() {
    let mut world = World::new(0, vec![Peer::good(0)]);
    for _ in 0..40 {
        world.round();
    }
    assert!((960..=1024).contains(&world.pause()), "{}", world.pause());
    for _ in 0..3 {
        world.ahead = 40 * MS;
        world.round();
    }
    assert!((120..=128).contains(&world.pause()), "{}", world.pause());
}

#[test]
fn silence_is_asked_again_with_more_and_more_patience() {
    let mut world = World::new(0, vec![Peer::silent()]);
    let pauses: Vec<u64> = (0..9)
        .map(|_| {
            assert_eq!(world.round(), Correction::Nobody);
            world.pause()
        })
        .collect();
    assert_eq!(pauses[0], 15);
    assert!(pauses.windows(2).all(|two| two[0] <= two[1] + 64) && (960..=1024).contains(&pauses[8]), "{pauses:?}");
    // the cable is plugged in
    world.client.hurry(world.now);
    assert_eq!(world.pause(), 15);
    world.peers[0] = Peer::good(0);
    assert!(matches!(world.round(), Correction::Step(_)));
    assert!((60..=64).contains(&world.pause()));
}

#[test]
fn a_liar_is_outvoted_and_two_that_contradict_set_nothing() {
    let mut world = World::new(0, vec![Peer::good(0), Peer::good(9_000 * SECOND), Peer::good(2 * MS)]);
    assert!(matches!(world.round(), Correction::Step(by) if by.abs() < 4 * MS));
    let mut world = World::new(0, vec![Peer::good(0), Peer::good(9_000 * SECOND)]);
    assert_eq!(world.round(), Correction::Disagreement);
    assert_eq!(world.client.standing(), None);
}

#[test]
fn an_answer_that_breaks_the_rules_is_none() {
    let twists: [fn(&mut Packet); 9] = [
        |packet| packet.origin ^= 1,
        |packet| packet.mode = CLIENT,
        |packet| packet.leap = ALARM,
        |packet| packet.stratum = 16,
        |packet| packet.transmit = 0,
        |packet| packet.version = 0,
        |packet| packet.root_dispersion = to_short(5 * SECOND),
        |packet| packet.root_delay = to_short(5 * SECOND),
        |packet| packet.transmit = Moment(NOW - 90_000 * SECOND).to_wire(),
    ];
    for (number, twist) in twists.into_iter().enumerate() {
        let mut world = World::new(0, vec![Peer::twisted(twist)]);
        assert_eq!(world.round(), Correction::Nobody, "rule {number}");
    }
}

#[test]
fn an_answer_counts_once_and_from_its_server_alone() {
    let ask = || {
        let mut world = World::new(0, vec![Peer::good(0), Peer::silent()]);
        let questions = world.client.begin(Instant::ZERO);
        (world.client, questions)
    };
    let (sent, received) = (Moment(NOW), Moment(NOW + 10 * MS));
    let (mut client, questions) = ask();
    let answer = Peer::good(0).answer(&questions[0].1, NOW);
    client.hear(Instant::ZERO, questions[1].0, &answer, sent, received);
    client.hear(Instant::ZERO, questions[0].0, &answer[..47], sent, received);
    assert_eq!(client.finish(Instant::ZERO), Correction::Nobody);

    let (mut client, questions) = ask();
    let (answer, late) = (Peer::good(0), Peer::good(9 * SECOND));
    for peer in [answer, late] {
        client.hear(Instant::ZERO, questions[0].0, &peer.answer(&questions[0].1, NOW), sent, received);
    }
    assert!(!client.is_complete(), "the other one may still answer");
    assert!(matches!(client.finish(Instant::ZERO), Correction::Step(by) if by.abs() < MS));
}

#[test]
fn a_kissed_server_is_left_alone() {
    let rate: fn(&mut Packet) = |packet| (packet.stratum, packet.reference) = (0, *b"RATE");
    let deny: fn(&mut Packet) = |packet| (packet.stratum, packet.reference) = (0, *b"DENY");
    let mut world = World::new(0, vec![Peer::twisted(rate), Peer::twisted(deny), Peer::good(0)]);
    world.round();
    assert_eq!(world.asked, 3);
    world.round();
    assert_eq!(world.asked, 1);
    world.now += Duration::from_secs(1_100);
    world.round();
    assert_eq!(world.asked, 2, "the impatient one is back, the other stays away for a day");
    world.now += Duration::from_secs(1_100);
    world.round();
    assert_eq!(world.asked, 1, "twice as long the second time");
    world.now += Duration::from_secs(86_400);
    world.round();
    assert_eq!(world.asked, 3);
}

#[test]
fn what_is_known_of_a_server_that_stays_is_kept() {
    let deny: fn(&mut Packet) = |packet| (packet.stratum, packet.reference) = (0, *b"DENY");
    let mut world = World::new(0, vec![Peer::twisted(deny), Peer::good(0)]);
    world.round();
    world.client.set_sources(vec![source(1), source(0)]);
    world.round();
    assert_eq!(world.asked, 1);
}

/// What our server tells a client of ours.
fn told(server: &mut Server, now: Instant, standing: Option<&Standing>, from: [u8; 4]) -> Option<Packet> {
    let question = Packet { version: 3, mode: CLIENT, poll: 6, transmit: 0x1234, ..Packet::default() }.write();
    let from = IpAddr::from(from);
    let answer = server.answer(now, (from, &question), standing, (Moment(NOW), Moment(NOW + 1)))?;
    Packet::read(&answer)
}

#[test]
fn a_telephone_hears_the_stratum_below_ours_or_10_before_anybody_told_us() {
    let mut server = Server::default();
    let phone = [192, 168, 1, 30];
    let alone = told(&mut server, Instant::ZERO, None, phone).unwrap();
    assert_eq!((alone.stratum, alone.leap, alone.mode, alone.version), (10, 0, SERVER, 3));
    assert_eq!((alone.origin, alone.receive, alone.poll), (0x1234, Moment(NOW).to_wire(), 6));
    assert!(alone.transmit > alone.receive);

    let mut world = World::new(0, vec![Peer::good(0)]);
    world.round();
    let standing = world.client.standing().unwrap();
    let known = told(&mut server, Instant::ZERO, Some(standing), phone).unwrap();
    assert_eq!((known.stratum, known.reference), (3, [192, 0, 2, 1]));
    let hour = Instant::ZERO + Duration::from_secs(3_600);
    let later = told(&mut server, hour, Some(standing), phone).unwrap();
    let drift = from_short(later.root_dispersion) - from_short(known.root_dispersion);
    assert!((50 * MS..60 * MS).contains(&drift), "{drift}");
    assert_eq!(later.reference_time, Moment(NOW - 3_600 * SECOND).to_wire());
    let days = Instant::ZERO + Duration::from_secs(90_000);
    assert_eq!(told(&mut server, days, Some(standing), phone).unwrap().stratum, 10);
}

#[test]
fn who_asks_too_much_is_not_answered_and_others_are() {
    let mut server = Server::default();
    let (greedy, other) = ([192, 168, 1, 66], [192, 168, 1, 30]);
    let count = |server: &mut Server, now| (0..200).filter(|_| told(server, now, None, greedy).is_some()).count();
    assert_eq!(count(&mut server, Instant::ZERO), 32);
    assert!(told(&mut server, Instant::ZERO, None, other).is_some());
    assert_eq!(count(&mut server, Instant::ZERO + Duration::from_millis(2_500)), 2);
    assert_eq!(count(&mut server, Instant::ZERO + Duration::from_secs(1_000)), 32);
    // forged addresses: all together have a bound too, and take no memory
    let flood = (0..10_000_u32).map(|n| Ipv4Addr::from(0x0a00_0000 + n).octets());
    let answered =
        flood.filter(|from| told(&mut server, Instant::ZERO + Duration::from_secs(2_000), None, *from).is_some());
    assert_eq!(answered.count(), 2_000);
}

#[test]
fn only_questions_are_answered() {
    let mut server = Server::default();
    let ask = Packet { version: 4, mode: CLIENT, ..Packet::default() };
    let mut hear = |bytes: &[u8]| {
        let from = IpAddr::from([10, 0, 0, 1]);
        server.answer(Instant::ZERO, (from, bytes), None, (Moment(NOW), Moment(NOW))).is_some()
    };
    assert!(hear(&ask.write()));
    assert!(hear(&[&ask.write()[..], &[0; 20]].concat()), "with a signature that we don't know");
    for mode in [0, 1, 2, 4, 5, 6, 7] {
        assert!(!hear(&Packet { mode, ..ask }.write()), "mode {mode}");
    }
    assert!(!hear(&Packet { version: 0, ..ask }.write()));
    assert!(!hear(&Packet { version: 5, ..ask }.write()));
    assert!(!hear(&ask.write()[..47]) && !hear(&[]));
}

#[test]
fn the_era_of_2036_passes_unnoticed() {
    for seconds in [0, 1_795_651_200, 2_085_978_495, 2_085_978_496, 4_000_000_000] {
        let moment = Moment(seconds * SECOND + 123_456_789);
        assert_eq!(Moment::from_wire(moment.to_wire()), moment);
    }
    assert_eq!(Moment(2_085_978_496 * SECOND).to_wire(), 0);
}

proptest! {
    #[test]
    fn a_packet_is_read_as_it_was_written(bytes in proptest::collection::vec(any::<u8>(), 48..80)) {
        let packet = Packet::read(&bytes).unwrap();
        prop_assert_eq!(&packet.write()[..], &bytes[..48]);
    }

    #[test]
    fn no_answer_does_harm(bytes in proptest::collection::vec(any::<u8>(), 0..60), sent: i64, received: i64) {
        let mut client = Client::new(Rng::from_seed(1), Moment(NOW));
        client.set_sources(vec![source(0)]);
        let (to, question) = client.begin(Instant::ZERO)[0];
        let mut bytes = bytes;
        if bytes.len() >= 48 {
            bytes[0] = 0x24;
            bytes[1] |= 1;
            bytes[24..32].copy_from_slice(&question[40..48]);
        }
        client.hear(Instant::ZERO, to, &bytes, Moment(sent), Moment(received));
        client.finish(Instant::ZERO);
        let mut server = Server::default();
        let moments = (Moment(sent), Moment(received));
        let from = IpAddr::from([10, 0, 0, 1]);
        if let Some(answer) = server.answer(Instant::ZERO, (from, &bytes), client.standing(), moments) {
            prop_assert!(answer.len() <= bytes.len());
        }
    }
}
