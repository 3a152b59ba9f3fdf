//! The media plane in virtual time, without sockets: what our own code adds to the codecs, and nothing of the kernel's.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use dozvon::base::{Duration, EndpointId, Instant, Rng, RoomId};
use dozvon::codec::Codec;
use dozvon::media::{Command, Plane, Speaks};
use dozvon::sdp::{Agreed, Direction, Events, Meaning};

use crate::process;
use crate::sound::header;
use crate::speech::{self, FRAME_MS, FRAMES};

/// Of a conference.
pub const PARTIES: usize = 32;
const ROOM: RoomId = RoomId(1);
const BEFORE_SECONDS: usize = 2;
const EVENTS_TYPE: u8 = 101;

/// What is measured: the codec of all, and how many speak.
pub const CONFERENCES: [(Codec, usize); 3] = [(Codec::G722, 1), (Codec::G722, 3), (Codec::Opus, 3)];

/// A media plane and those who talk through it.
pub struct Scene {
    plane: Plane,
    now: Instant,
    frame: usize,
    parties: Vec<Party>,
    sent: usize,
    /// Whom the last party should hear.
    speakers: Vec<usize>,
}

struct Party {
    codec: Codec,
    says: Vec<Vec<u8>>,
    /// In the last second; kept of the last one only.
    heard: VecDeque<Vec<u8>>,
}

impl Scene {
    /// A conference where all send, but only the first `speakers` speak.
    pub fn conference(codec: Codec, speakers: usize) -> Self {
        let mut scene = Self::new((0..PARTIES).map(|party| (codec, party < speakers)), (0..speakers).collect());
        for party in 0..PARTIES {
            scene.order(Command::Join { endpoint: id(party), room: ROOM, speaks: Speaks::ToAll });
        }
        scene.run(BEFORE_SECONDS);
        scene
    }

    /// So many calls between two codecs.
    pub fn calls(calls: usize, codecs: [Codec; 2]) -> Self {
        let mut scene = Self::new((0..calls * 2).map(|party| (codecs[party % 2], true)), vec![calls * 2 - 2]);
        for call in 0..calls {
            scene.order(Command::Bridge { a: id(call * 2), b: id(call * 2 + 1) });
        }
        scene.run(BEFORE_SECONDS);
        scene
    }

    /// Parties of these codecs, who speak or are silent. Each has a voice of its own.
    fn new(parties: impl Iterator<Item = (Codec, bool)>, speakers: Vec<usize>) -> Self {
        let party = |(number, (codec, speaks)): (usize, (Codec, bool))| Party {
            codec,
            says: speech::payloads(codec, Some(number).filter(|_| speaks)),
            heard: VecDeque::new(),
        };
        let parties: Vec<Party> = parties.enumerate().map(party).collect();
        let codecs: Vec<Codec> = parties.iter().map(|party| party.codec).collect();
        let now = Instant::ZERO + Duration::from_secs(100);
        let mut scene = Self { plane: Plane::new(Rng::from_seed(7)), now, frame: 0, parties, sent: 0, speakers };
        for (party, codec) in codecs.into_iter().enumerate() {
            let endpoint = id(party);
            scene.order(Command::Open { endpoint, port: 10_000 });
            scene.order(Command::Configure { endpoint, agreed: agreed(codec, party) });
        }
        scene
    }

    fn order(&mut self, command: Command) {
        self.plane.handle_command(self.now, command);
    }

    /// CPU milliseconds of a second of all that.
    pub fn second(&mut self) -> io::Result<f64> {
        self.sent = 0;
        let before = process::own_cpu_ms();
        self.run(1);
        let ms = process::own_cpu_ms() - before;
        let expected = self.parties.len() * FRAMES;
        if self.sent.abs_diff(expected) > self.parties.len() {
            return Err(io::Error::other(format!("{} packets of the plane, not {expected}", self.sent)));
        }
        Ok(ms)
    }

    /// An error when the last party does not hear whom it should.
    pub fn check(&self) -> io::Result<()> {
        let heard = self.parties.last().and_then(|own| speech::whom(own.codec, &own.heard, self.parties.len()));
        match heard {
            Some(voice) if self.speakers.contains(&voice) => Ok(()),
            _ => Err(io::Error::other(format!("the last party should hear one of {:?}, not {heard:?}", self.speakers))),
        }
    }

    fn run(&mut self, seconds: usize) {
        for _ in 0..seconds * FRAMES {
            self.everybody_sends();
            self.pass(Duration::from_millis(u64::from(FRAME_MS)));
            self.frame += 1;
        }
    }

    fn everybody_sends(&mut self) {
        for (number, party) in self.parties.iter().enumerate() {
            let payload = &party.says[self.frame % FRAMES];
            let head = header(number, self.frame as u32, party.codec);
            let mut buffer = [0; 1500];
            let length = head.len() + payload.len();
            buffer[..head.len()].copy_from_slice(&head);
            buffer[head.len()..length].copy_from_slice(payload);
            let relayed = self.plane.handle_packet(self.now, id(number), false, address(number), &mut buffer, length);
            self.sent += usize::from(relayed.is_some());
        }
        while self.plane.poll_event().is_some() {}
    }

    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        let last = id(self.parties.len() - 1);
        let Self { plane, sent, parties, .. } = self;
        while let Some(at) = plane.poll_timeout().filter(|at| *at <= until) {
            plane.tick(at, &mut |destination, packet| {
                if destination.rtcp {
                    return;
                }
                *sent += 1;
                if let Some(party) = parties.last_mut().filter(|_| destination.endpoint == last) {
                    if party.heard.len() == FRAMES {
                        party.heard.pop_front();
                    }
                    party.heard.push_back(packet.get(12..).unwrap_or_default().to_vec());
                }
            });
            while plane.poll_event().is_some() {}
        }
        self.now = until;
    }
}

fn id(party: usize) -> EndpointId {
    EndpointId(party as u32 + 1)
}

fn address(party: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, party as u8 + 1], 4000))
}

fn agreed(codec: Codec, party: usize) -> Agreed {
    Agreed {
        codec,
        payload_type: speech::payload_type(codec),
        // Without them digits would be looked for in the sound, which costs a decoder more.
        events: Some(Events { payload_type: EVENTS_TYPE, clock_rate: 8000 }),
        hears: vec![(EVENTS_TYPE, Meaning::Events(8000))],
        noise: false,
        opus: speech::parameters(),
        srtp: None,
        max_ptime_ms: None,
        rtp: Some(address(party)),
        rtcp: None,
        direction: Direction::SendRecv,
        ptime_ms: FRAME_MS,
        common: vec![codec],
    }
}
