//! Any datagrams at two bridged endpoints of any formats, put on tape: no panic, what leaves is RTP or RTCP for who may have it,
//! a tick leaves nothing that is due, and the tape becomes no more sound than time has passed. The input is a byte for both formats,
//! then steps: what comes and where, how long nothing comes before, a length in units of 4 bytes, bytes.
#![no_main]

use std::net::SocketAddr;

use dozvon::base::{Duration, EndpointId, Instant, RecordingId, Rng};
use dozvon::codec::{Codec, OpusParameters};
use dozvon::media::tape::{FRAME_MS, FRAME_SAMPLES, Reel};
use dozvon::media::{Command, Event, Plane};
use dozvon::rtp::{self, rtcp};
use dozvon::sdp::{Agreed, Direction, Events, Meaning};
use libfuzzer_sys::fuzz_target;

fn agreed(codec: Codec, side: u8) -> Agreed {
    let rtp = SocketAddr::from(([10, 0, 0, side], 4000));
    Agreed {
        codec,
        payload_type: 96,
        events: Some(Events { payload_type: 101, clock_rate: codec.clock_rate() }),
        hears: vec![(96, Meaning::Audio(codec)), (101, Meaning::Events(codec.clock_rate())), (13, Meaning::Noise)],
        noise: true,
        opus: OpusParameters::default(),
        srtp: None,
        rtp: Some(rtp),
        rtcp: Some(SocketAddr::new(rtp.ip(), 4001)),
        direction: Direction::SendRecv,
        ptime_ms: 20,
        max_ptime_ms: None,
        common: vec![codec],
    }
}

struct World {
    plane: Plane,
    now: Instant,
    began: Instant,
    reel: Reel,
    taped_ms: u64,
}

impl World {
    fn new(formats: u8) -> Self {
        let began = Instant::ZERO + Duration::from_secs(1);
        let mut plane = Plane::new(Rng::from_seed(1));
        let both = [EndpointId(0), EndpointId(1)];
        for (side, endpoint) in (0u8..).zip(both) {
            let codec = Codec::ALL[usize::from(formats >> (2 * side)) % 4];
            plane.handle_command(began, Command::Open { endpoint, port: 10_000 });
            plane.handle_command(began, Command::Configure { endpoint, agreed: agreed(codec, side) });
        }
        let [left, right] = both;
        plane.handle_command(began, Command::Bridge { a: left, b: right });
        plane.handle_command(began, Command::Record { recording: RecordingId(1), left, right });
        Self { plane, now: began, began, reel: Reel::new(), taped_ms: 0 }
    }

    fn wait(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while let Some(at) = self.plane.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.plane.tick(self.now, &mut |to, bytes| {
                assert!(to.endpoint.0 < 2 && u32::from(to.to.port()) == 4000 + u32::from(to.rtcp));
                assert!(if to.rtcp { rtcp::read(bytes).is_some() } else { rtp::read(bytes).is_ok() });
            });
            self.wind();
            assert!(self.plane.poll_timeout().is_none_or(|next| next > self.now));
        }
        self.now = until;
    }

    fn arrive(&mut self, side: u8, to_rtcp: bool, mut bytes: Vec<u8>) {
        let from = SocketAddr::from(([10, 0, 0, side], 4000 + u16::from(to_rtcp)));
        let length = bytes.len();
        let forward = self.plane.handle_packet(self.now, EndpointId(side.into()), to_rtcp, from, &mut bytes, length);
        if let Some(forward) = forward {
            assert!(forward.len <= bytes.len() && rtp::read(&bytes[..forward.len]).is_ok());
        }
        self.wind();
    }

    fn wind(&mut self) {
        while let Some(event) = self.plane.poll_event() {
            assert!(!matches!(event, Event::Closed { .. }), "nobody closed it");
        }
        while let Some(block) = self.plane.poll_block(self.now) {
            block.entries().for_each(|entry| self.reel.add(&entry));
            while self.reel.next_frame(&mut [0; FRAME_SAMPLES]) {
                self.taped_ms += u64::from(FRAME_MS);
            }
        }
        let passed = self.now.since(self.began).as_millis() as u64;
        assert!(self.taped_ms <= passed + 200, "{} ms on tape of {passed}", self.taped_ms);
    }
}

fuzz_target!(|input: &[u8]| {
    let [formats, steps @ ..] = input else { return };
    let mut world = World::new(*formats);
    let mut steps = steps;
    let mut streams = [(0u16, 0u32); 2];
    while let [what, pause, length, rest @ ..] = steps {
        let (bytes, later) = rest.split_at(rest.len().min(4 * usize::from(*length)));
        steps = later;
        world.wait(u64::from(*pause) * u64::from(*pause) / 8); // up to eight seconds
        let side = what & 1;
        let (sequence, timestamp) = &mut streams[usize::from(side)];
        match what >> 1 & 7 {
            0 => world.arrive(side, false, bytes.to_vec()),
            1 => world.arrive(side, true, bytes.to_vec()),
            kind => {
                // mostly the next packet of its stream
                let step = if kind == 7 { u16::from(*pause) } else { 1 };
                *sequence = sequence.wrapping_add(step);
                *timestamp = timestamp.wrapping_add(160 * u32::from(step));
                let payload_type = match kind {
                    2 => 101,
                    3 => 13,
                    _ => 96,
                };
                let mut packet = vec![0x80, payload_type];
                packet.extend(sequence.to_be_bytes());
                packet.extend(timestamp.to_be_bytes());
                packet.extend([0, 0, 0, side + (what >> 7)]);
                packet.extend(bytes);
                world.arrive(side, false, packet);
            }
        }
    }
    world.wait(1000);
});
