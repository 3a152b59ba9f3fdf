use std::collections::VecDeque;

use super::*;
use crate::base::{Duration, Instant, Rng, limits};
use crate::codec::detect::{Ear, level_dbm0};
use crate::codec::{Codec, Law, OpusParameters, g711};
use crate::rtp::event::Payload;
use crate::rtp::{self, Header, rtcp};
use crate::sdp::{Direction, Events, Meaning};

mod decoded;
mod latching;
mod random;
mod rooms;
mod sound;

const A: EndpointId = EndpointId(1);
const B: EndpointId = EndpointId(2);

/// A packet that the plane sent.
#[derive(Clone, Debug, PartialEq)]
struct Packet {
    at: Instant,
    destination: Destination,
    header: Header,
    payload: Vec<u8>,
}

/// A plane with its clock and everything that it sent and told.
struct Bench {
    plane: Plane,
    now: Instant,
    sent: Vec<Packet>,
    reports: Vec<(Destination, Vec<u8>)>,
    told: Vec<Event>,
    blocks: Vec<tape::Block>,
}

/// One peer's own stream.
struct Phone {
    endpoint: EndpointId,
    from: SocketAddr,
    header: Header,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn agreed(codec: Codec, events: Option<u8>, rtp: &str) -> Agreed {
    let rtp = address(rtp);
    Agreed {
        codec,
        payload_type: codec.static_payload_type().unwrap_or(107),
        events: events.map(|payload_type| Events { payload_type, clock_rate: 8000 }),
        hears: vec![(101, Meaning::Events(8000))].into_iter().filter(|_| events.is_some()).collect(),
        noise: false,
        opus: OpusParameters::default(),
        srtp: None,
        max_ptime_ms: None,
        rtp: Some(rtp),
        rtcp: Some(SocketAddr::new(rtp.ip(), rtp.port() + 1)),
        direction: Direction::SendRecv,
        ptime_ms: 20,
        common: vec![codec],
    }
}

const PHONE_A: &str = "10.0.0.1:4000";
const PHONE_B: &str = "10.0.0.2:5000";

impl Bench {
    fn new() -> Self {
        let plane = Plane::new(Rng::from_seed(7));
        Self {
            plane,
            now: Instant::ZERO + Duration::from_secs(100),
            sent: Vec::new(),
            reports: Vec::new(),
            told: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// A and B, bridged, with their phones where signalling named them.
    fn call(a: Agreed, b: Agreed) -> (Self, Phone, Phone) {
        let mut bench = Self::new();
        let phones = [(A, a), (B, b)].map(|(endpoint, agreed)| {
            let phone = Phone::new(endpoint, agreed.rtp.expect("named"), agreed.payload_type);
            bench.order(Command::Open { endpoint, port: 10_000 });
            bench.order(Command::Configure { endpoint, agreed });
            phone
        });
        bench.order(Command::Bridge { a: A, b: B });
        let [a, b] = phones;
        (bench, a, b)
    }

    fn usual_call() -> (Self, Phone, Phone) {
        Self::call(agreed(Codec::Pcma, Some(101), PHONE_A), agreed(Codec::Pcma, Some(96), PHONE_B))
    }

    fn order(&mut self, command: Command) {
        self.plane.handle_command(self.now, command);
        self.drain();
    }

    fn configure(&mut self, endpoint: EndpointId, agreed: Agreed) {
        self.order(Command::Configure { endpoint, agreed });
    }

    fn drain(&mut self) {
        while let Some(event) = self.plane.poll_event() {
            self.told.push(event);
        }
    }

    fn take_told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.told)
    }

    fn digits(&self) -> Vec<(EndpointId, char)> {
        let digit = |event: &Event| match event {
            Event::Digit { endpoint, digit, .. } => Some((*endpoint, *digit)),
            _ => None,
        };
        self.told.iter().filter_map(digit).collect()
    }

    /// Runs to that moment, ticking when the plane asks for it.
    fn run_until(&mut self, until: Instant) {
        while let Some(at) = self.plane.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let Self { plane, sent, reports, now, .. } = self;
            plane.tick(*now, &mut |destination, bytes| {
                if destination.rtcp {
                    reports.push((destination, bytes.to_vec()));
                } else {
                    sent.push(Packet::read(*now, destination, bytes));
                }
            });
            self.drain();
            while let Some(block) = self.plane.poll_block(self.now) {
                self.blocks.push(block);
            }
            let next = self.plane.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
        }
        self.now = until;
    }

    fn run_for(&mut self, ms: u64) {
        self.run_until(self.now + Duration::from_millis(ms));
    }

    /// A datagram arrives; what is relayed is returned and kept.
    fn receive(&mut self, endpoint: EndpointId, from: SocketAddr, bytes: &[u8]) -> Option<Packet> {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        bytes.resize(length + 20, 0);
        let forward = self.plane.handle_packet(self.now, endpoint, false, from, &mut bytes, length);
        self.drain();
        let packet = forward.map(|forward| Packet::read(self.now, forward.destination, &bytes[..forward.len]));
        self.sent.extend(packet.clone());
        packet
    }

    /// A datagram arrives; the very bytes that are relayed.
    fn receive_raw(&mut self, endpoint: EndpointId, from: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut buffer = bytes.to_vec();
        buffer.resize(bytes.len() + 40, 0);
        let forward = self.plane.handle_packet(self.now, endpoint, false, from, &mut buffer, bytes.len());
        self.drain();
        forward.map(|forward| buffer[..forward.len].to_vec())
    }

    /// The phone speaks `frames` frames of sound.
    fn speak(&mut self, phone: &mut Phone, frames: usize) -> Vec<Packet> {
        (0..frames)
            .filter_map(|_| {
                let heard = self.receive(phone.endpoint, phone.from, &phone.frame(&[0x5a; 160]));
                self.run_for(20);
                heard
            })
            .collect()
    }

    fn sent_to(&self, endpoint: EndpointId) -> Vec<Packet> {
        self.sent.iter().filter(|packet| packet.destination.endpoint == endpoint).cloned().collect()
    }

    fn stats(&mut self, endpoint: EndpointId) -> Stats {
        self.order(Command::Close { endpoint });
        match self.told.last() {
            Some(Event::Closed { endpoint: closed, stats }) if *closed == endpoint => *stats,
            other => panic!("not closed: {other:?}"),
        }
    }
}

impl Packet {
    fn read(at: Instant, destination: Destination, bytes: &[u8]) -> Self {
        let packet = rtp::read(bytes).expect("what the plane sends is RTP");
        Self { at, destination, header: packet.header, payload: packet.payload(bytes).to_vec() }
    }

    fn samples(&self, codec: Codec) -> Vec<i16> {
        self.payload.iter().map(|&byte| g711::decode_sample(codec.law().expect("G.711"), byte)).collect()
    }
}

impl Phone {
    fn new(endpoint: EndpointId, from: SocketAddr, payload_type: u8) -> Self {
        let ssrc = 0xaaaa_0000 + endpoint.0;
        Self { endpoint, from, header: Header { marker: false, payload_type, sequence: 65_530, timestamp: 77, ssrc } }
    }

    /// The next packet of sound.
    fn frame(&mut self, payload: &[u8]) -> Vec<u8> {
        let bytes = packet(self.header, payload);
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(payload.len() as u32);
        bytes
    }

    /// The packets of one digit that lasts for 100 ms, the end three times.
    fn digit(&mut self, payload_type: u8, code: u8) -> Vec<Vec<u8>> {
        let packets = [160, 320, 480, 640, 800, 800, 800].iter().enumerate().map(|(n, &duration)| {
            let payload = Payload { code, end: duration == 800, volume: 10, duration };
            let bytes = packet(Header { payload_type, marker: n == 0, ..self.header }, &payload.write());
            self.header.sequence = self.header.sequence.wrapping_add(1);
            bytes
        });
        let packets = packets.collect();
        self.header.timestamp = self.header.timestamp.wrapping_add(1120);
        packets
    }
}

fn packet(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut head = [0; 12];
    header.write(&mut head);
    [&head, payload].concat()
}

/// One source, no number twice or left out, and a clock that fits the time at which the packets were sent; that of
/// events may stand still.
fn assert_clean(stream: &[Packet]) {
    let Some(first) = stream.first() else { return };
    for (n, packet) in stream.iter().enumerate() {
        assert_eq!(packet.header.ssrc, first.header.ssrc);
        assert_eq!(packet.header.sequence.wrapping_sub(first.header.sequence), n as u16, "{packet:?}");
        let ticks = i64::from(packet.header.timestamp.wrapping_sub(first.header.timestamp) as i32);
        let passed = packet.at.since(first.at).as_micros() as i64 * 8 / 1000;
        let is_event = packet.header.payload_type > 13;
        assert!(ticks <= passed + 480 && (is_event || ticks >= passed - 480), "{ticks} ticks in {passed}: {packet:?}");
    }
}

#[test]
fn sound_is_relayed_as_it_is_both_ways() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    for n in 0..100u8 {
        let heard = bench.receive(A, a.from, &a.frame(&[n; 160])).expect("B hears A");
        assert_eq!(heard.payload, [n; 160]);
        assert_eq!(heard.destination, Destination { endpoint: B, to: b.from, rtcp: false });
        let heard = bench.receive(B, b.from, &b.frame(&[!n; 160])).expect("A hears B");
        assert_eq!(heard.payload, [!n; 160]);
        assert_eq!(heard.destination, Destination { endpoint: A, to: a.from, rtcp: false });
        bench.run_for(20);
    }
    for _ in 0..50 {
        let heard = bench.receive(B, b.from, &b.frame(&[5; 240])).expect("A hears B");
        assert_eq!(heard.payload, [5; 240], "packets of 30 ms stay such");
        bench.run_for(30);
    }
    assert_clean(&bench.sent_to(A));
    assert_clean(&bench.sent_to(B));
    assert_ne!(bench.sent_to(A)[0].header.ssrc, b.header.ssrc, "our own source");
    let stats = bench.stats(A);
    assert_eq!((stats.received, stats.sent, stats.lost, stats.strangers), (100, 150, 0, 0));
}

#[test]
fn sound_is_transcoded_when_the_sides_differ() {
    let (mut bench, mut a, mut b) = Bench::call(agreed(Codec::Pcma, None, PHONE_A), agreed(Codec::Pcmu, None, PHONE_B));
    let all: Vec<u8> = (0..=255).collect();
    let heard = bench.receive(A, a.from, &a.frame(&all)).expect("B hears A");
    assert_eq!(heard.header.payload_type, 0);
    for (&sent, &heard) in all.iter().zip(&heard.payload) {
        let (sent, heard) = (g711::decode_sample(Law::A, sent), g711::decode_sample(Law::Mu, heard));
        assert!((i32::from(sent) - i32::from(heard)).abs() <= 8 + i32::from(sent).abs() / 16, "{sent} {heard}");
    }
    let heard = bench.receive(B, b.from, &b.frame(&all)).expect("A hears B");
    assert_eq!(heard.header.payload_type, 8);
    for (&sent, &heard) in all.iter().zip(&heard.payload) {
        let (sent, heard) = (g711::decode_sample(Law::Mu, sent), g711::decode_sample(Law::A, heard));
        assert!((i32::from(sent) - i32::from(heard)).abs() <= 8 + i32::from(sent).abs() / 16, "{sent} {heard}");
    }
}

#[test]
fn a_peer_may_switch_to_another_common_codec_at_any_time() {
    let mut terms = agreed(Codec::Pcma, None, PHONE_A);
    terms.common = vec![Codec::Pcma, Codec::Pcmu];
    let (mut bench, mut a, _) = Bench::call(terms, agreed(Codec::Pcma, None, PHONE_B));
    assert_eq!(bench.receive(A, a.from, &a.frame(&[0xd5; 160])).expect("heard").payload, [0xd5; 160]);
    a.header.payload_type = 0;
    let heard = bench.receive(A, a.from, &a.frame(&[0xff; 160])).expect("heard");
    assert_eq!((heard.header.payload_type, heard.payload), (8, vec![0xd5; 160]), "silence in the other law");
}

#[test]
fn payload_types_that_were_not_agreed_are_not_heard() {
    let (mut bench, mut a, _) = Bench::usual_call();
    for payload_type in [0, 3, 9, 18, 72, 97, 127] {
        a.header.payload_type = payload_type;
        assert_eq!(bench.receive(A, a.from, &a.frame(&[0; 160])), None);
    }
    assert_eq!(bench.told, []);
}

#[test]
fn a_late_packet_and_a_repeated_one_do_no_harm() {
    let (mut bench, mut a, _) = Bench::usual_call();
    let packets: Vec<_> = (0..4u8).map(|n| a.frame(&[n; 160])).collect();
    let heard: Vec<_> = [0, 1, 3, 3, 2].map(|n| bench.receive(A, a.from, &packets[n])).into_iter().flatten().collect();
    let first = heard[0].header.sequence;
    let order: Vec<_> = heard.iter().map(|packet| packet.header.sequence.wrapping_sub(first)).collect();
    assert_eq!(order, [0, 1, 3, 2]);
    assert_eq!(bench.stats(A).lost, 0);
}

#[test]
fn nothing_is_heard_or_sent_before_the_endpoints_are_configured() {
    let mut bench = Bench::new();
    for endpoint in [A, B] {
        bench.order(Command::Open { endpoint, port: 10_000 });
    }
    bench.order(Command::Bridge { a: A, b: B });
    bench.order(Command::Play {
        endpoint: B,
        id: 1,
        sound: Sound::Clip { clip: clip(1600), repeat: 1 },
        until_digit: false,
    });
    let mut a = Phone::new(A, address(PHONE_A), 8);
    bench.speak(&mut a, 50);
    assert_eq!((bench.sent.len(), bench.reports.len()), (0, 0));
    assert_eq!(bench.take_told(), [Event::PlayEnded { endpoint: B, id: 1 }]);
}

#[test]
fn the_echo_test_hears_itself() {
    let (mut bench, mut a, _) = Bench::usual_call();
    bench.order(Command::Bridge { a: A, b: A });
    let heard = bench.receive(A, a.from, &a.frame(&[7; 160])).expect("an echo");
    assert_eq!((heard.destination.endpoint, heard.payload), (A, vec![7; 160]));
    bench.order(Command::Separate { endpoint: A });
    assert_eq!(bench.receive(A, a.from, &a.frame(&[7; 160])), None);
}

#[test]
fn a_bridge_ends_for_both_when_one_is_bridged_elsewhere_or_closed() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    let c = EndpointId(3);
    bench.order(Command::Open { endpoint: c, port: 10_004 });
    bench.configure(c, agreed(Codec::Pcma, None, "10.0.0.3:6000"));
    bench.order(Command::Bridge { a: A, b: c });
    assert_eq!(bench.receive(B, b.from, &b.frame(&[1; 160])), None, "B is alone");
    assert_eq!(bench.receive(A, a.from, &a.frame(&[1; 160])).expect("C hears A").destination.endpoint, c);
    bench.order(Command::Close { endpoint: c });
    assert_eq!(bench.receive(A, a.from, &a.frame(&[1; 160])), None);
    bench.order(Command::Close { endpoint: c });
    assert_eq!(bench.told.iter().filter(|event| matches!(event, Event::Closed { .. })).count(), 1);
}

#[test]
fn a_peer_on_hold_is_sent_nothing_and_one_that_may_not_send_is_not_heard() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    let mut hold = agreed(Codec::Pcma, Some(101), PHONE_A);
    hold.direction = Direction::RecvOnly; // A doesn't listen
    bench.configure(A, hold.clone());
    assert_eq!(bench.receive(B, b.from, &b.frame(&[1; 160])), None);
    assert!(bench.receive(A, a.from, &a.frame(&[1; 160])).is_some());
    hold.direction = Direction::SendOnly; // A only listens
    bench.configure(A, hold.clone());
    assert!(bench.receive(B, b.from, &b.frame(&[1; 160])).is_some());
    assert_eq!(bench.receive(A, a.from, &a.frame(&[1; 160])), None);
    hold.direction = Direction::SendRecv;
    hold.rtp = None; // the old form: 0.0.0.0
    bench.configure(A, hold);
    assert_eq!(bench.receive(B, b.from, &b.frame(&[1; 160])), None);
    bench.configure(A, agreed(Codec::Pcma, Some(101), PHONE_A));
    assert!(bench.receive(B, b.from, &b.frame(&[1; 160])).is_some());
    assert!(bench.receive(A, a.from, &a.frame(&[1; 160])).is_some());
}

#[test]
fn silence_is_told_once_and_sound_that_is_back_too() {
    let (mut bench, mut a, _) = Bench::usual_call();
    bench.order(Command::WatchSilence { endpoint: B, on: false });
    bench.speak(&mut a, 10);
    assert_eq!(bench.take_told(), [Event::Heard { endpoint: A }]);
    bench.run_for(limits::MEDIA_SILENCE.as_millis() as u64 - 1000);
    assert_eq!(bench.take_told(), []);
    bench.run_for(200_000);
    assert_eq!(bench.take_told(), [Event::Silent { endpoint: A }]);
    bench.speak(&mut a, 10);
    assert_eq!(bench.take_told(), [Event::Resumed { endpoint: A }]);
    bench.run_for(200_000);
    assert_eq!(bench.take_told(), [Event::Silent { endpoint: A }]);
}

#[test]
fn comfort_noise_is_a_sign_of_life_but_is_not_relayed() {
    let (mut bench, mut a, _) = Bench::usual_call();
    bench.order(Command::WatchSilence { endpoint: B, on: false });
    for _ in 0..10 {
        a.header.payload_type = 13;
        assert_eq!(bench.receive(A, a.from, &a.frame(&[40])), None);
        bench.run_for(20_000);
    }
    assert_eq!(bench.take_told(), [Event::Heard { endpoint: A }]);
}

#[test]
fn on_hold_silence_is_expected() {
    let (mut bench, _, _) = Bench::usual_call();
    let mut hold = agreed(Codec::Pcma, None, PHONE_A);
    hold.direction = Direction::SendOnly;
    bench.configure(A, hold);
    bench.order(Command::WatchSilence { endpoint: B, on: false });
    bench.run_for(300_000);
    assert_eq!(bench.take_told(), []);
    bench.order(Command::WatchSilence { endpoint: B, on: true });
    bench.run_for(59_000);
    assert_eq!(bench.take_told(), [], "the watch begins when it is switched on");
    bench.run_for(2_000);
    assert_eq!(bench.take_told(), [Event::Silent { endpoint: B }]);
}

#[test]
fn reports_go_to_the_rtcp_port_every_five_seconds_or_so() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    for _ in 0..3000 {
        bench.receive(A, a.from, &a.frame(&[1; 160]));
        bench.receive(B, b.from, &b.frame(&[1; 160]));
        if a.header.sequence % 10 == 0 {
            a.header.sequence = a.header.sequence.wrapping_add(1); // one of eleven is lost
        }
        bench.run_for(20);
    }
    let to_a: Vec<_> = bench.reports.iter().filter(|(destination, _)| destination.endpoint == A).collect();
    assert!((9..=20).contains(&to_a.len()), "{} in a minute", to_a.len());
    for (destination, bytes) in to_a {
        assert_eq!((destination.to, destination.rtcp), (address("10.0.0.1:4001"), true));
        let report = rtcp::read(bytes).and_then(|mut reader| reader.next());
        let Some(rtcp::Packet::Report { sent: Some(sent), blocks, .. }) = report else { panic!("{report:?}") };
        let blocks: Vec<_> = blocks.collect();
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].ssrc, a.header.ssrc);
        assert!((15..=30).contains(&blocks[0].fraction_lost), "one of eleven of 256: {}", blocks[0].fraction_lost);
        assert_eq!(sent.bytes, sent.packets * 160);
    }
    let stats = bench.stats(A);
    assert!((250..350).contains(&stats.lost), "{stats:?}");
    assert!(stats.jitter_ms < 1.0, "{stats:?}");
}

#[test]
fn the_round_trip_is_read_from_the_peers_reports() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    while bench.reports.iter().all(|(to, _)| to.endpoint != A) {
        bench.speak(&mut b, 1);
    }
    let (_, bytes) = bench.reports.pop().expect("a report to A");
    let report = rtcp::read(&bytes).and_then(|mut reader| reader.next());
    let Some(rtcp::Packet::Report { ssrc, sent: Some(sent), .. }) = report else { panic!("{report:?}") };
    bench.run_for(530);
    let block = rtcp::Block {
        ssrc,
        last_report: rtcp::middle(sent.ntp),
        delay: rtcp::units(Duration::from_millis(500)),
        ..rtcp::Block::default()
    };
    let mut answer = [0; 200];
    let length =
        rtcp::Compound { ssrc: 5, sent: None, block: Some(block), name: "a", goodbye: false }.write(&mut answer);
    let mut forged = answer;
    bench.plane.handle_packet(bench.now, A, true, address("6.6.6.6:4001"), &mut forged, length);
    bench.run_for(100);
    let forward = bench.plane.handle_packet(bench.now, A, true, address("10.0.0.1:4001"), &mut answer, length);
    assert_eq!(forward, None, "RTCP is never relayed");
    bench.speak(&mut a, 1);
    let trip = bench.stats(A).round_trip_ms.expect("a round trip");
    assert!((trip - 130.0).abs() < 25.0, "{trip}: not what the stranger said"); // reports leave on a grid
}

/// A clip that sounds: a slow saw.
fn clip(samples: usize) -> Arc<Clip> {
    Arc::new(Clip::from_narrow(&(0..samples).map(|n| (n % 100) as i16 * 200).collect::<Vec<_>>()))
}

#[test]
fn an_endpoint_is_small() {
    let size = std::mem::size_of::<super::endpoint::Endpoint>();
    assert!(size <= 1000, "{size} bytes");
}
