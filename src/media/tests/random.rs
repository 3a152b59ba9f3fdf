//! Whatever comes in whatever order: nothing breaks, and no packet leaves for an address that nobody proved.

use proptest::prelude::*;

use super::*;
use crate::base::Rng;

/// What a world can do to the plane; numbers stand for a few endpoints, addresses and agreements.
#[derive(Clone, Debug)]
enum Act {
    Open(u8),
    Configure { endpoint: u8, address: u8, direction: u8, codec: u8, events: bool },
    Expect(u8, u8),
    Bridge(u8, u8),
    Separate(u8),
    Join(u8, u8, u8),
    Announce(u8),
    Record(u8, u8, u8),
    Pause(u8, bool),
    StopRecording(u8),
    Play(u8, u8),
    StopPlay(u8),
    SendDigit(u8, char),
    Watch(u8, bool),
    Close(u8),
    Packet { endpoint: u8, from: u8, header: (bool, u8, u16, u32, u8), payload: Vec<u8> },
    Noise { endpoint: u8, rtcp: bool, from: u8, bytes: Vec<u8> },
    Rtcp { endpoint: u8, from: u8, block: (u32, u32) },
    Wait(u32),
}

fn any_act() -> impl Strategy<Value = Act> {
    let e = || 0u8..4;
    let a = || 0u8..8;
    let payload = prop::collection::vec(any::<u8>(), 0..200);
    let header =
        (any::<bool>(), prop::sample::select(vec![0u8, 8, 9, 107, 13, 101, 96, 3]), 0u16..400, 0u32..64_000, 0u8..3);
    prop_oneof![
        2 => e().prop_map(Act::Open),
        4 => (e(), a(), 0u8..5, 0u8..4, any::<bool>()).prop_map(|(endpoint, address, direction, codec, events)| {
            Act::Configure { endpoint, address, direction, codec, events }
        }),
        1 => (e(), a()).prop_map(|(endpoint, address)| Act::Expect(endpoint, address)),
        2 => (e(), e()).prop_map(|(a, b)| Act::Bridge(a, b)),
        1 => e().prop_map(Act::Separate),
        3 => (e(), 0u8..2, 0u8..6).prop_map(|(endpoint, room, speaks)| Act::Join(endpoint, room, speaks)),
        1 => (0u8..2).prop_map(Act::Announce),
        1 => (0u8..3, e(), e()).prop_map(|(recording, left, right)| Act::Record(recording, left, right)),
        1 => (0u8..3, any::<bool>()).prop_map(|(recording, on)| Act::Pause(recording, on)),
        1 => (0u8..3).prop_map(Act::StopRecording),
        2 => (e(), any::<u8>()).prop_map(|(endpoint, sound)| Act::Play(endpoint, sound)),
        1 => e().prop_map(Act::StopPlay),
        2 => (e(), prop::sample::select(vec!['1', '#', 'D', 'x', 'я'])).prop_map(|(endpoint, digit)| Act::SendDigit(endpoint, digit)),
        1 => (e(), any::<bool>()).prop_map(|(endpoint, on)| Act::Watch(endpoint, on)),
        1 => e().prop_map(Act::Close),
        12 => (e(), a(), header, payload).prop_map(|(endpoint, from, header, payload)| {
            Act::Packet { endpoint, from, header, payload }
        }),
        2 => (e(), any::<bool>(), a(), prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(endpoint, rtcp, from, bytes)| {
            Act::Noise { endpoint, rtcp, from, bytes }
        }),
        1 => (e(), a(), any::<(u32, u32)>()).prop_map(|(endpoint, from, block)| Act::Rtcp { endpoint, from, block }),
        6 => prop::sample::select(vec![0u32, 7, 20, 20, 100, 100, 1500, 4000]).prop_map(Act::Wait),
    ]
}

/// Eight addresses: two ports each on four hosts.
fn place(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number / 2], 4000 + 100 * u16::from(number % 2)))
}

/// The checker's own, simple view: which addresses signalling named, and which a valid packet could have proved.
#[derive(Default)]
struct Proofs {
    open: Vec<EndpointId>,
    codec: Vec<(EndpointId, u8, bool)>,
    rtp: Vec<(EndpointId, SocketAddr)>,
    rtcp: Vec<(EndpointId, SocketAddr)>,
}

impl Proofs {
    fn forget(&mut self, endpoint: EndpointId) {
        self.codec.retain(|own| own.0 != endpoint);
        self.rtp.retain(|own| own.0 != endpoint);
        self.rtcp.retain(|own| own.0 != endpoint);
    }

    fn agreed(&self, endpoint: EndpointId, payload_type: u8) -> bool {
        self.codec.iter().any(|&(own, codec, events)| {
            own == endpoint
                && (payload_type == codec || payload_type == 13 || (events && [96, 101].contains(&payload_type)))
        })
    }

    fn check(&self, to: &Destination) {
        let proved = if to.rtcp { &self.rtcp } else { &self.rtp };
        assert!(proved.contains(&(to.endpoint, to.to)), "sent to an address that nobody proved: {to:?}");
    }
}

struct World {
    plane: Plane,
    now: Instant,
    proofs: Proofs,
    told: VecDeque<Event>,
}

impl World {
    fn act(&mut self, act: Act) {
        let id = |number: u8| EndpointId(u32::from(number));
        let Self { plane, now, proofs, .. } = self;
        match act {
            Act::Open(n) => {
                proofs.open.push(id(n));
                plane.handle_command(*now, Command::Open { endpoint: id(n), port: 10_000 });
            }
            Act::Configure { endpoint: n, address, direction, codec, events } => {
                let (endpoint, codec) = (id(n), Codec::ALL[usize::from(codec)]);
                let mut terms = agreed(codec, events.then_some(96), "10.0.0.1:4000");
                (terms.rtp, terms.rtcp) = (Some(place(address)), Some(SocketAddr::new(place(address).ip(), 9000)));
                use Direction::*;
                match [SendRecv, SendOnly, RecvOnly, Inactive].get(usize::from(direction)) {
                    Some(&direction) => terms.direction = direction,
                    None => terms.rtp = None,
                }
                if proofs.open.contains(&endpoint) {
                    // Proofs outlive a re-INVITE here: the exact rule has its own tests.
                    proofs.codec.retain(|own| own.0 != endpoint);
                    proofs.codec.push((endpoint, terms.payload_type, events));
                    proofs.rtp.extend(terms.rtp.map(|rtp| (endpoint, rtp)));
                    proofs.rtcp.push((endpoint, SocketAddr::new(place(address).ip(), 9000)));
                }
                plane.handle_command(*now, Command::Configure { endpoint, agreed: terms });
            }
            Act::Expect(n, address) => {
                plane.handle_command(*now, Command::Expect { endpoint: id(n), host: place(address).ip() });
            }
            Act::Bridge(a, b) => plane.handle_command(*now, Command::Bridge { a: id(a), b: id(b) }),
            Act::Join(n, room, speaks) => {
                let speaks = match speaks {
                    0 => Speaks::ToNobody,
                    1..4 => Speaks::To(id(speaks)),
                    _ => Speaks::ToAll,
                };
                plane.handle_command(*now, Command::Join { endpoint: id(n), room: RoomId(room.into()), speaks });
            }
            Act::Announce(room) => {
                let sound = Sound::Clip { clip: clip(500), repeat: 2 };
                plane.handle_command(*now, Command::Announce { room: RoomId(room.into()), sound });
            }
            Act::Record(recording, left, right) => {
                let (left, right) = (id(left), id(right));
                let recording = RecordingId(recording.into());
                plane.handle_command(*now, Command::Record { recording, left, right });
            }
            Act::Pause(recording, on) => {
                plane.handle_command(*now, Command::PauseRecording { recording: RecordingId(recording.into()), on });
            }
            Act::StopRecording(recording) => {
                plane.handle_command(*now, Command::StopRecording { recording: RecordingId(recording.into()) });
            }
            Act::Separate(n) => plane.handle_command(*now, Command::Separate { endpoint: id(n) }),
            Act::Play(n, kind) => {
                let sound = match kind % 3 {
                    0 => Sound::Tone(Tone { frequencies: [425, 0], cadence_ms: vec![0, u16::from(kind)] }),
                    1 => Sound::Clip { clip: clip(usize::from(kind) * 10), repeat: u32::from(kind % 4) },
                    _ => Sound::Clip { clip: clip(0), repeat: 0 },
                };
                plane.handle_command(
                    *now,
                    Command::Play { endpoint: id(n), id: u32::from(kind), sound, until_digit: kind > 127 },
                );
            }
            Act::StopPlay(n) => plane.handle_command(*now, Command::StopPlay { endpoint: id(n) }),
            Act::SendDigit(n, digit) => {
                plane.handle_command(*now, Command::SendDigit { endpoint: id(n), digit, duration_ms: 100 });
            }
            Act::Watch(n, on) => plane.handle_command(*now, Command::WatchSilence { endpoint: id(n), on }),
            Act::Close(n) => {
                proofs.open.retain(|own| *own != id(n));
                proofs.forget(id(n));
                plane.handle_command(*now, Command::Close { endpoint: id(n) });
            }
            Act::Packet { endpoint: n, from, header: (marker, payload_type, sequence, timestamp, ssrc), payload } => {
                let header = Header { marker, payload_type, sequence, timestamp, ssrc: u32::from(ssrc) };
                if proofs.agreed(id(n), payload_type) && !payload.is_empty() {
                    proofs.rtp.push((id(n), place(from)));
                }
                self.arrive(id(n), false, place(from), packet(header, &payload));
            }
            Act::Noise { endpoint: n, rtcp, from, bytes } => {
                let valid = rtp::read(&bytes).is_ok_and(|packet| proofs.agreed(id(n), packet.header.payload_type));
                if !rtcp && valid {
                    proofs.rtp.push((id(n), place(from)));
                }
                self.arrive(id(n), rtcp, place(from), bytes);
            }
            Act::Rtcp { endpoint: n, from, block: (last_report, delay) } => {
                if proofs.rtp.iter().any(|(own, host)| *own == id(n) && host.ip() == place(from).ip()) {
                    proofs.rtcp.push((id(n), place(from)));
                }
                let block = Some(rtcp::Block { last_report, delay, ..rtcp::Block::default() });
                let mut bytes = [0; 100];
                let length = rtcp::Compound { ssrc: 1, sent: None, block, name: "n", goodbye: true }.write(&mut bytes);
                self.arrive(id(n), true, place(from), bytes[..length].to_vec());
            }
            Act::Wait(ms) => self.wait(ms),
        }
        while let Some(event) = self.plane.poll_event() {
            self.told.push_back(event);
        }
        while self.plane.poll_block(self.now).is_some() {}
    }

    fn arrive(&mut self, endpoint: EndpointId, rtcp: bool, from: SocketAddr, mut bytes: Vec<u8>) {
        let length = bytes.len();
        let forward = self.plane.handle_packet(self.now, endpoint, rtcp, from, &mut bytes, length);
        if let Some(forward) = forward {
            assert!(!forward.destination.rtcp && forward.len <= bytes.len());
            rtp::read(&bytes[..forward.len]).expect("what is relayed is RTP");
            self.proofs.check(&forward.destination);
        }
    }

    fn wait(&mut self, ms: u32) {
        let until = self.now + Duration::from_millis(u64::from(ms));
        while let Some(at) = self.plane.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let proofs = &self.proofs;
            self.plane.tick(self.now, &mut |destination, bytes| {
                proofs.check(&destination);
                assert!(rtp::read(bytes).is_ok() || rtcp::read(bytes).is_some());
            });
            while self.plane.poll_block(self.now).is_some() {}
            let next = self.plane.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
        }
        self.now = until;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn whatever_comes_nothing_goes_where_nobody_proved_to_be(acts in prop::collection::vec(any_act(), 0..250)) {
        let mut world = World {
            plane: Plane::new(Rng::from_seed(3)),
            now: Instant::ZERO,
            proofs: Proofs::default(),
            told: VecDeque::new(),
        };
        for number in 0..3 {
            world.act(Act::Open(number));
            world.act(Act::Configure { endpoint: number, address: number * 2, direction: 0, codec: 0, events: true });
        }
        world.act(Act::Bridge(0, 1));
        for act in acts {
            world.act(act);
        }
    }
}
