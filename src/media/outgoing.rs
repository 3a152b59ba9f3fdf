//! The stream that a peer hears: one SSRC for life, sequence numbers and timestamps without a seam, whoever is heard
//! in it: the other side, then a prompt, then digits, then the other side again.

use crate::base::{Instant, Rng};
use crate::rtp::Header;
use crate::rtp::rtcp::{Sent, ntp};

/// The numbers of one outgoing stream.
#[derive(Debug)]
pub(super) struct Outgoing {
    ssrc: u32,
    /// Of the newest packet.
    sequence: u16,
    /// The RTP clock: `timestamp` was right at `clock_at`, and the packet from then lasts `ticks`.
    timestamp: u32,
    clock_at: Instant,
    ticks: u32,
    /// Ticks a second.
    clock_hz: u32,
    source: Source,
    packets: u32,
    bytes: u32,
}

/// Who is heard in the stream.
#[derive(Debug)]
enum Source {
    /// Nobody since the last break.
    Nobody,
    /// Frames of ours; `paused`: the one before was left out, as there was silence.
    Own { next_timestamp: u32, paused: bool },
    /// The other side's stream, moved by constant offsets: its gaps stay gaps, so that the peer can tell loss.
    Relay(Relay),
}

#[derive(Clone, Copy, Debug)]
struct Relay {
    ssrc: u32,
    sequence_offset: u16,
    timestamp_offset: u32,
    /// The oldest incoming sequence number that may still pass: what is older would collide with the source before.
    oldest: u16,
    newest: u16,
    newest_timestamp: u32,
    newest_at: Instant,
}

impl Outgoing {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self {
            ssrc: rng.u32(),
            // In the lower half, so that a peer that misses the first packets guesses the right roll-over: RFC 3711 §3.3.1
            sequence: rng.u32() as u16 >> 1,
            timestamp: rng.u32(),
            clock_at: Instant::ZERO,
            ticks: 0,
            clock_hz: 8000,
            source: Source::Nobody,
            packets: 0,
            bytes: 0,
        }
    }

    /// The clock of the codec. A stream keeps its clock for life, so another one begins a new stream: RFC 7160 §4.1.
    pub(super) fn set_clock(&mut self, clock_hz: u32, rng: &mut Rng) {
        if clock_hz != self.clock_hz {
            *self = Self { clock_hz, ..Self::new(rng) };
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(super) fn packets(&self) -> u32 {
        self.packets
    }

    /// Whoever is heard next begins a talk spurt.
    pub(super) fn interrupt(&mut self) {
        self.source = Source::Nobody;
    }

    /// The header for a packet of the other side, with `ticks` of sound in its `bytes`; `None` when it came too late to
    /// pass. The payload type is left as it was.
    pub(super) fn relay(&mut self, now: Instant, header: &Header, ticks: u32, bytes: u32) -> Option<Header> {
        let (mut relay, begins) = match self.source {
            Source::Relay(relay) if relay.is_continued(now, header, self.clock_hz) => (relay, false),
            _ => (self.begin_relay(now, header), true),
        };
        if signed(header.sequence.wrapping_sub(relay.oldest)) < 0 {
            return None;
        }
        relay.advance(now, header);
        self.source = Source::Relay(relay);
        let sequence = header.sequence.wrapping_add(relay.sequence_offset);
        let timestamp = header.timestamp.wrapping_add(relay.timestamp_offset);
        self.count(now, sequence, timestamp, ticks, bytes);
        Some(Header { marker: header.marker || begins, sequence, timestamp, ssrc: self.ssrc, ..*header })
    }

    fn begin_relay(&self, now: Instant, header: &Header) -> Relay {
        Relay {
            ssrc: header.ssrc,
            sequence_offset: self.sequence.wrapping_add(1).wrapping_sub(header.sequence),
            timestamp_offset: self.clock(now).wrapping_sub(header.timestamp),
            oldest: header.sequence,
            newest: header.sequence,
            newest_timestamp: header.timestamp,
            newest_at: now,
        }
    }

    /// The header for a frame of ours with `ms` milliseconds of sound in its `bytes`.
    pub(super) fn frame(&mut self, now: Instant, payload_type: u8, ms: u32, bytes: usize) -> Header {
        let (timestamp, marker) = match self.source {
            Source::Own { next_timestamp, paused } => (next_timestamp, paused),
            _ => (self.clock(now), true),
        };
        let ticks = self.ticks_of(ms);
        self.source = Source::Own { next_timestamp: timestamp.wrapping_add(ticks), paused: false };
        let sequence = self.sequence.wrapping_add(1);
        self.count(now, sequence, timestamp, ticks, u32::try_from(bytes).unwrap_or(0));
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    /// So many milliseconds of ours need no packet: discontinuous transmission, RFC 3551 §4.1.
    pub(super) fn pause(&mut self, ms: u32) {
        let ticks = self.ticks_of(ms);
        if let Source::Own { next_timestamp, paused } = &mut self.source {
            (*next_timestamp, *paused) = (next_timestamp.wrapping_add(ticks), true);
        }
    }

    /// Milliseconds in ticks of the clock.
    pub(super) fn ticks_of(&self, ms: u32) -> u32 {
        ms.saturating_mul(self.clock_hz / 1000)
    }

    pub(super) fn clock_hz(&self) -> u32 {
        self.clock_hz
    }

    /// The timestamp for an event that starts now: all its packets carry it (RFC 4733 §2.5.1.2).
    pub(super) fn begin_event(&mut self, now: Instant) -> u32 {
        self.timestamp = self.clock(now);
        (self.clock_at, self.ticks) = (now, 0);
        self.source = Source::Nobody;
        self.timestamp
    }

    /// The header for a packet of that event.
    pub(super) fn event(&mut self, payload_type: u8, timestamp: u32, marker: bool) -> Header {
        let sequence = self.sequence.wrapping_add(1);
        self.count(self.clock_at, sequence, timestamp, 0, 4);
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    /// What an SR says.
    pub(super) fn sent(&self, now: Instant) -> Sent {
        Sent { ntp: ntp(now), timestamp: self.clock(now), packets: self.packets, bytes: self.bytes }
    }

    /// The RTP clock now; never within the packet before.
    fn clock(&self, now: Instant) -> u32 {
        let passed = ticks_since(self.clock_at, now, self.clock_hz);
        self.timestamp.wrapping_add(passed.max(self.ticks))
    }

    fn count(&mut self, now: Instant, sequence: u16, timestamp: u32, ticks: u32, bytes: u32) {
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(bytes);
        if self.packets == 1 || signed(sequence.wrapping_sub(self.sequence)) > 0 {
            self.sequence = sequence;
            if timestamp != self.timestamp || self.packets == 1 {
                (self.timestamp, self.clock_at, self.ticks) = (timestamp, now, ticks);
            }
        }
    }
}

impl Relay {
    /// Whether the packet fits what came before: the source, its sequence, and a timestamp that time explains.
    fn is_continued(&self, now: Instant, header: &Header, clock_hz: u32) -> bool {
        let step = signed(header.sequence.wrapping_sub(self.newest));
        let ticks = header.timestamp.wrapping_sub(self.newest_timestamp) as i32; // ahead or behind, as wrapping numbers are
        let passed = ticks_since(self.newest_at, now, clock_hz).min(i32::MAX as u32 / 2) as i32;
        let slack = SLACK_SECONDS * clock_hz as i32;
        header.ssrc == self.ssrc
            && (-MOST_BEHIND..MOST_AHEAD).contains(&step)
            && (-slack..passed.saturating_add(slack)).contains(&ticks)
    }

    fn advance(&mut self, now: Instant, header: &Header) {
        if signed(header.sequence.wrapping_sub(self.newest)) > 0 {
            self.newest = header.sequence;
            if header.timestamp != self.newest_timestamp {
                (self.newest_timestamp, self.newest_at) = (header.timestamp, now);
            }
        }
        // Keeps the comparison within half of the sequence space.
        if self.newest.wrapping_sub(self.oldest) > MOST_BEHIND.unsigned_abs() {
            self.oldest = self.newest.wrapping_sub(MOST_BEHIND.unsigned_abs());
        }
    }
}

/// Ahead or behind, as wrapping sequence numbers are: RFC 1982.
fn signed(difference: u16) -> i16 {
    difference as i16
}

fn ticks_since(then: Instant, now: Instant, clock_hz: u32) -> u32 {
    (now.since(then).as_micros() * u128::from(clock_hz) / 1_000_000) as u32 // wraps, as the RTP clock does
}

/// As in the reception statistics: RFC 3550 appendix A.1.
const MOST_AHEAD: i16 = 3000;
const MOST_BEHIND: i16 = 100;
/// How far a timestamp may stray from the time that passed before it counts as a new start.
const SLACK_SECONDS: i32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Duration;

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
    }

    fn outgoing() -> Outgoing {
        Outgoing::new(&mut Rng::from_seed(1))
    }

    #[test]
    fn a_relayed_stream_keeps_its_gaps_and_its_order() {
        let mut out = outgoing();
        let first = out.relay(at(0), &header(7, 65_534, 1000), 160, 160).expect("passes");
        assert!(first.marker);
        for (ms, sequence, step) in [(20, 65_535u16, 1), (80, 2, 4), (81, 0, 2), (100, 3, 5)] {
            let ticks = 160 * u32::from(sequence.wrapping_sub(65_534));
            let next = out.relay(at(ms), &header(7, sequence, 1000 + ticks), 160, 160).expect("passes");
            assert_eq!(next.sequence, first.sequence.wrapping_add(step));
            assert_eq!(next.timestamp, first.timestamp.wrapping_add(ticks));
            assert!(!next.marker && next.ssrc == first.ssrc);
        }
    }

    #[test]
    fn another_source_continues_the_stream_after_the_time_that_passed() {
        let mut out = outgoing();
        let first = out.relay(at(0), &header(7, 1, 0), 160, 160).expect("passes");
        let next = out.relay(at(500), &header(8, 40_000, 99), 160, 160).expect("passes");
        assert_eq!(next.sequence, first.sequence.wrapping_add(1));
        assert_eq!(next.timestamp, first.timestamp.wrapping_add(4000));
        assert!(next.marker);
        assert_eq!(out.relay(at(501), &header(8, 39_999, 0), 160, 160), None, "it would collide with the first");
    }

    #[test]
    fn a_source_that_starts_anew_under_its_ssrc_is_joined_on() {
        let mut out = outgoing();
        let first = out.relay(at(0), &header(7, 1, 0), 160, 160).expect("passes");
        let jump = out.relay(at(20), &header(7, 2, 1_000_000_000), 160, 160).expect("passes");
        assert_eq!(jump.timestamp, first.timestamp.wrapping_add(160));
        let jump = out.relay(at(40), &header(7, 30_000, 1_000_000_160), 160, 160).expect("passes");
        assert_eq!(jump.sequence, first.sequence.wrapping_add(2));
    }

    #[test]
    fn frames_events_and_relay_follow_each_other_without_a_seam() {
        let mut out = outgoing();
        let first = out.frame(at(0), 8, 20, 160);
        assert!(first.marker);
        let second = out.frame(at(25), 8, 20, 160); // late by 5 ms: sound is even nevertheless
        assert_eq!((second.marker, second.timestamp), (false, first.timestamp.wrapping_add(160)));
        let start = out.begin_event(at(45));
        assert_eq!(start, second.timestamp.wrapping_add(160));
        for n in 0..5 {
            let event = out.event(101, start, n == 0);
            assert_eq!((event.timestamp, event.sequence), (start, second.sequence.wrapping_add(n + 1)));
        }
        let relayed = out.relay(at(145), &header(7, 9, 9), 160, 160).expect("passes");
        assert_eq!(relayed.sequence, second.sequence.wrapping_add(6));
        assert_eq!(relayed.timestamp, start.wrapping_add(800));
        assert_eq!(out.packets(), 8);
    }

    #[test]
    fn a_long_stream_never_takes_its_own_packets_for_late() {
        let mut out = outgoing();
        for n in 0..200_000u32 {
            let sequence = n as u16;
            let passed = out.relay(at(u64::from(n) * 20), &header(7, sequence, n.wrapping_mul(160)), 160, 160);
            assert_eq!(passed.map(|header| header.marker), Some(n == 0), "packet {n}");
        }
    }
}
