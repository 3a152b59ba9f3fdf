use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::base::{Duration, EndpointId};
use crate::codec::{Codec, OpusParameters};
use crate::rtp::{self, Header};
use crate::sdp::{Agreed, Direction};

const PATIENCE: Duration = Duration::from_secs(20);

/// A media thread with its events.
struct Thread {
    handle: MediaHandle,
    events: Receiver<Event>,
    ports: Vec<u16>,
}

/// Even, and the next three ports free now. Tests at the same time may take it; then its neighbours are used.
fn range() -> RangeInclusive<u16> {
    let probe = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = probe.local_addr().expect("its address").port();
    port.min(60_000)..=port.min(60_000) + 200
}

impl Thread {
    fn start() -> Self {
        let (sender, events) = channel();
        let config = RtpConfig { ports: range(), clock: Clock::start(), rng: Rng::from_seed(5) };
        let handle = start(config, move |event| drop(sender.send(event)), drop).expect("a media thread");
        let mut thread = Self { handle, events, ports: Vec::new() };
        while thread.ports.is_empty() {
            thread.wait_for(|_| false);
        }
        thread
    }

    /// The next event that `wanted` takes; ports are kept.
    fn wait_for(&mut self, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        loop {
            match self.events.recv_timeout(PATIENCE).expect("an event") {
                Event::Ports { ports } => {
                    self.ports.extend(ports);
                    return None;
                }
                event if wanted(&event) => return Some(event),
                _ => {}
            }
        }
    }

    fn event(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            if let Some(event) = self.wait_for(&wanted) {
                return event;
            }
        }
    }

    /// An endpoint whose peer is `phone`; returns where it listens.
    fn open(&mut self, number: u32, phone: &UdpSocket) -> (EndpointId, SocketAddr) {
        let (endpoint, port) = (EndpointId(number), self.ports.pop().expect("a port"));
        self.handle.send(Command::Open { endpoint, port });
        self.handle.send(Command::Configure { endpoint, agreed: agreed(phone) });
        (endpoint, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

pub(super) fn phone() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

pub(super) fn agreed(phone: &UdpSocket) -> Agreed {
    Agreed {
        codec: Codec::Pcma,
        payload_type: 8,
        events: None,
        hears: Vec::new(),
        noise: false,
        opus: OpusParameters::default(),
        srtp: None,
        max_ptime_ms: None,
        rtp: phone.local_addr().ok(),
        rtcp: None,
        direction: Direction::SendRecv,
        ptime_ms: 20,
        common: vec![Codec::Pcma],
    }
}

pub(super) fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
    let header =
        Header { marker: false, payload_type: 8, sequence, timestamp: u32::from(sequence).wrapping_mul(160), ssrc };
    let mut head = [0; 12];
    header.write(&mut head);
    [head.as_slice(), &[sequence as u8; 160]].concat()
}

/// What comes next: the payload's first byte and where it came from.
fn hear(phone: &UdpSocket) -> (u8, SocketAddr) {
    let mut bytes = [0; 2000];
    let (length, from) = phone.recv_from(&mut bytes).expect("a packet");
    let read = rtp::read(&bytes[..length]).expect("RTP");
    (read.payload(&bytes)[0], from)
}

/// Orders take a moment: packets go out until the other side hears the first; returns the last one's number.
fn speak_until_heard(from: &UdpSocket, to: SocketAddr, hearer: &UdpSocket, first: u16) -> u16 {
    hearer.set_nonblocking(true).expect("set");
    let mut sequence = first;
    loop {
        from.send_to(&packet(sequence, 1), to).expect("sent");
        std::thread::sleep(Duration::from_millis(20));
        if hearer.recv(&mut [0; 2000]).is_ok() {
            break;
        }
        assert!(sequence < first + 1000, "nothing is heard");
        sequence += 1;
    }
    hearer.set_nonblocking(false).expect("set");
    sequence
}

#[test]
fn two_phones_hear_each_other_through_real_sockets_and_a_stranger_is_not_heard() {
    let mut thread = Thread::start();
    let (phone_a, phone_b, stranger) = (phone(), phone(), phone());
    let (a, at_a) = thread.open(1, &phone_a);
    let (b, at_b) = thread.open(2, &phone_b);
    thread.handle.send(Command::Bridge { a, b });
    let mut sequence = speak_until_heard(&phone_a, at_a, &phone_b, 0);
    let heard = sequence;
    // Longer than a socket needs until it is connected to its peer, so that both ways of it are taken.
    while sequence < heard + 150 {
        sequence += 1;
        phone_a.send_to(&packet(sequence, 1), at_a).expect("sent");
        assert_eq!(hear(&phone_b), (sequence as u8, at_b));
        stranger.send_to(&packet(9000 + sequence, 3), at_a).expect("sent");
        phone_b.send_to(&packet(sequence, 2), at_b).expect("sent");
        assert_eq!(hear(&phone_a), (sequence as u8, at_a));
        std::thread::sleep(Duration::from_millis(15));
    }
    // Another address is agreed on: the connected socket must open for it.
    let moved = phone();
    thread.handle.send(Command::Configure { endpoint: a, agreed: agreed(&moved) });
    speak_until_heard(&phone_b, at_b, &moved, sequence + 1);
    moved.send_to(&packet(7, 4), at_a).expect("sent");
    assert_eq!(hear(&phone_b), (7, at_b));
    thread.handle.send(Command::Close { endpoint: a });
    let closed = thread.event(|event| matches!(event, Event::Closed { .. }));
    let Event::Closed { endpoint, stats } = closed else { panic!("{closed:?}") };
    assert_eq!((endpoint, stats.lost), (a, 0));
    assert!(stats.received >= 152 && stats.sent >= 151, "{stats:?}");
    assert!(stats.strangers > 0, "until the socket was connected: {stats:?}");
}

#[test]
fn what_is_played_comes_every_20_ms_and_its_end_is_told() {
    let mut thread = Thread::start();
    let phone = phone();
    let (endpoint, at) = thread.open(1, &phone);
    let clip = Arc::new(crate::media::Clip::from_narrow(&[1000; 1600]));
    thread.handle.send(Command::Play {
        endpoint,
        id: 6,
        sound: crate::media::Sound::Clip { clip, repeat: 1 },
        until_digit: false,
    });
    for _ in 0..10 {
        assert_eq!(hear(&phone).1, at);
    }
    assert_eq!(thread.event(|event| matches!(event, Event::PlayEnded { .. })), Event::PlayEnded { endpoint, id: 6 });
}

#[test]
fn ports_are_bound_in_pairs_before_they_are_announced_and_free_again_at_the_end() {
    let mut thread = Thread::start();
    assert!(thread.ports.len() >= 16, "{:?}", thread.ports);
    for &port in &thread.ports {
        assert_eq!(port % 2, 0);
        for port in [port, port + 1] {
            assert!(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_err(), "{port} is ours");
        }
    }
    let phone = phone();
    let ports = thread.ports.clone();
    for number in 0..20.min(ports.len() as u32 - 1) {
        thread.open(number, &phone);
    }
    while thread.ports.len() < 16 {
        thread.wait_for(|_| false); // the reserve is filled up
    }
    thread.handle.stop();
    assert!(ports.iter().any(|&port| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()));
}

#[test]
fn an_order_for_a_port_that_was_not_announced_ends_the_endpoint() {
    let mut thread = Thread::start();
    thread.handle.send(Command::Open { endpoint: EndpointId(7), port: 1 });
    let closed = thread.event(|event| matches!(event, Event::Closed { .. }));
    assert!(matches!(closed, Event::Closed { endpoint: EndpointId(7), .. }));
}

#[test]
fn a_range_without_a_free_pair_is_an_error() {
    let taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let even = port - port % 2;
    for ports in [even..=even + 1, even..=even, 0..=0] {
        let config = RtpConfig { ports, clock: Clock::start(), rng: Rng::from_seed(5) };
        assert!(start(config, drop, drop).is_err());
    }
}
