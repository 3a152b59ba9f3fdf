//! A conference in virtual time: the media plane itself, without sockets. All parties send, whether they speak or not.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use dozvon::base::{Duration, EndpointId, Instant, Rng, RoomId};
use dozvon::codec::Codec;
use dozvon::media::{Command, Plane, Speaks};
use dozvon::sdp::{Agreed, Direction};

use crate::codecs;
use crate::process;
use crate::sound::header;
use crate::speech::{self, FRAME_MS, FRAMES};

pub const PARTIES: usize = 32;
const ROOM: RoomId = RoomId(1);
const BEFORE_SECONDS: usize = 2;
const SECONDS: usize = 10;

/// What is measured: the codec of all, and how many speak.
pub const KINDS: [(Codec, usize); 3] = [(Codec::G722, 1), (Codec::G722, 3), (Codec::Opus, 3)];

/// CPU milliseconds for each second.
#[derive(Default, Clone, Copy)]
pub struct Conference {
    pub plane_ms: f64,
    pub codecs_ms: f64,
}

struct Room {
    plane: Plane,
    now: Instant,
    frame: usize,
    says: Vec<Vec<Vec<u8>>>,
    codec: Codec,
    sent: usize,
    /// What the last party, who never speaks, has got in the last second.
    heard: VecDeque<Vec<u8>>,
}

pub fn measure(codec: Codec, speakers: usize) -> io::Result<Conference> {
    let mut room = Room::new(codec, speakers);
    room.run(BEFORE_SECONDS);
    room.sent = 0;
    let before = process::own_cpu_ms();
    room.run(SECONDS);
    let plane_ms = (process::own_cpu_ms() - before) / SECONDS as f64;
    let expected = PARTIES * SECONDS * FRAMES;
    if room.sent.abs_diff(expected) > PARTIES {
        return Err(io::Error::other(format!("{} packets of a conference, not {expected}", room.sent)));
    }
    if speech::whom(codec, &room.heard, PARTIES).is_none_or(|voice| voice >= speakers) {
        return Err(io::Error::other("a party of a conference does not hear who speaks"));
    }
    Ok(Conference { plane_ms, codecs_ms: codecs::of_streams(PARTIES, speakers, codec, SECONDS)? })
}

impl Room {
    fn new(codec: Codec, speakers: usize) -> Self {
        let mut plane = Plane::new(Rng::from_seed(7));
        let now = Instant::ZERO + Duration::from_secs(100);
        for party in 0..PARTIES {
            let endpoint = id(party);
            plane.handle_command(now, Command::Open { endpoint, port: 10_000 });
            plane.handle_command(now, Command::Configure { endpoint, agreed: agreed(codec, party) });
            plane.handle_command(now, Command::Join { endpoint, room: ROOM, speaks: Speaks::ToAll });
        }
        let says = (0..PARTIES).map(|party| speech::payloads(codec, Some(party).filter(|party| *party < speakers)));
        Self { plane, now, frame: 0, says: says.collect(), codec, sent: 0, heard: VecDeque::new() }
    }

    fn run(&mut self, seconds: usize) {
        for _ in 0..seconds * FRAMES {
            self.everybody_sends();
            self.pass(Duration::from_millis(u64::from(FRAME_MS)));
            self.frame += 1;
        }
    }

    fn everybody_sends(&mut self) {
        for (party, says) in self.says.iter().enumerate() {
            let payload = &says[self.frame % FRAMES];
            let head = header(party, self.frame as u32, self.codec);
            let mut buffer = [0; 1500];
            let length = head.len() + payload.len();
            buffer[..head.len()].copy_from_slice(&head);
            buffer[head.len()..length].copy_from_slice(payload);
            self.plane.handle_packet(self.now, id(party), false, address(party), &mut buffer, length);
        }
        while self.plane.poll_event().is_some() {}
    }

    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        let Self { plane, sent, heard, .. } = self;
        while let Some(at) = plane.poll_timeout().filter(|at| *at <= until) {
            plane.tick(at, &mut |destination, packet| {
                if destination.rtcp {
                    return;
                }
                *sent += 1;
                if destination.endpoint == id(PARTIES - 1) {
                    if heard.len() == FRAMES {
                        heard.pop_front();
                    }
                    heard.push_back(packet.get(12..).unwrap_or_default().to_vec());
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
        events: None,
        hears: Vec::new(),
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
