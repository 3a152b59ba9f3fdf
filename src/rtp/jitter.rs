//! The jitter buffer of one heard stream: packets in as they come, sound out as it is needed. It waits as long as the
//! network's jitter asks for and no longer (after the idea of NetEQ: a quantile of how late packets come, in [`target`]).
//!
//! Order is by sequence number (RFC 3550 §5.1) and time is by arrival. Timestamps only tell a pause from a loss, and only
//! when the clock agrees: many phones count wrong (16000 for G.722, steps of 0, anything at all) and stay intelligible.
//! Allocates nothing for a packet once as many have been waiting at a time as ever will.

mod target;

use std::collections::VecDeque;

use crate::base::{Duration, Instant};
use target::{Floor, Target};

/// The buffer. One owner, who pulls whenever less than one tick of decoded sound is left.
#[derive(Debug, Default)]
pub struct JitterBuffer {
    stream: Option<Stream>,
    /// By place in the stream, the oldest first.
    waiting: VecDeque<Slot>,
    waiting_ms: u32,
    free: Vec<Vec<u8>>,
    /// What was pulled last.
    playing: Option<Slot>,
    /// The place to be played next; `None` until sound is first played.
    next: Option<i64>,
    /// Which of the 64 places before `next` were here: bit 0 is the one just before.
    were_here: u64,
    /// The delay was filled up; not at the start and after a pause.
    filled: bool,
    /// Since the last packet was pulled, milliseconds were concealed without one.
    dry_ms: u32,
    floor: Floor,
    target: Target,
    counts: Counts,
}

/// A packet as it comes.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The sequence number.
    pub sequence: u16,
    /// In ticks of the clock.
    pub timestamp: u32,
    /// Ticks a second: 8000, or 48000 for Opus.
    pub clock_rate: u32,
    /// Of sound in the payload, by its codec: 10 to 120; what is outside is taken for the nearest.
    pub ms: u32,
    /// The source.
    pub ssrc: u32,
    /// Comes back with the payload.
    pub kind: u8,
    /// Up to 1500 bytes; a longer one is dropped.
    pub payload: &'a [u8],
}

/// The next piece of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull<'a> {
    /// Decode this.
    Packet {
        /// As it was pushed.
        kind: u8,
        /// As it was pushed.
        payload: &'a [u8],
    },
    /// One packet is lost: conceal all of it.
    Lost {
        /// How much sound is missing.
        ms: u32,
        /// Its follower when that is here already: Opus may recover the lost one from it. It still comes as a `Packet`.
        next: Option<(u8, &'a [u8])>,
    },
    /// Nothing is there: fill [`EMPTY_MS`] and ask again.
    Empty {
        /// The sender paused or never began: play silence or comfort noise; else conceal.
        silence: bool,
    },
}

/// What to do with the length of the sound that was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Leave it.
    Steady,
    /// Too much waits: shorten it by what can't be heard, some milliseconds.
    Shorten,
    /// Too little waits: lengthen it likewise.
    Lengthen,
}

/// What was counted since the start or the last [`JitterBuffer::reset`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets handed out.
    pub played: u64,
    /// Sound that was handed out as lost or missing, milliseconds; pauses of the sender are not counted.
    pub concealed_ms: u64,
    /// Packets that came after their time, and were dropped.
    pub late: u64,
    /// Packets that came again, and were dropped.
    pub repeated: u64,
    /// Packets dropped since too many were waiting.
    pub dropped: u64,
    /// Packets of another source beside the present one, dropped.
    pub others: u64,
    /// How long the sound just pulled lies behind the fastest packets: the delay that the buffer adds. Milliseconds.
    pub delay_ms: u32,
    /// The delay aimed at. Milliseconds, 20 to 200.
    pub target_ms: u32,
}

/// The newest packet of the stream, against which the others are placed.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    ms: u32,
    /// Its place: counts packets over all sources and wraps.
    place: i64,
    /// When its sound was due to be sent, µs, by counting the milliseconds of all packets before.
    due: i64,
    /// The last packet that was not a repeated one.
    heard_at: Instant,
    /// How well timestamps fit the packets' lengths: rises with each that does, negative for a clock not to be believed.
    trust: i8,
    late_in_row: u8,
}

#[derive(Debug)]
struct Slot {
    place: i64,
    due: i64,
    ms: u32,
    kind: u8,
    /// The sender paused before it.
    after_pause: bool,
    payload: Vec<u8>,
}

/// Where a packet belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many places after the newest; with what the timestamp says about a pause between.
    Ahead { places: u16, pause: bool },
    /// So many places before the newest.
    Behind(u16),
    /// Another source, or the same one begun anew: it follows the newest.
    Anew,
    /// Seen already.
    Repeated,
    /// Of a source beside the present one.
    Other,
}

impl JitterBuffer {
    /// Empty, with the target for an unknown network.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the stream and its counts, keeps the memory.
    pub fn reset(&mut self) {
        self.drop_to(0);
        let mut free = std::mem::take(&mut self.free);
        free.extend(self.playing.take().map(|slot| slot.payload));
        *self = Self { waiting: std::mem::take(&mut self.waiting), free, ..Self::new() };
    }

    /// Takes a packet that arrived at `now`.
    pub fn push(&mut self, now: Instant, packet: Arrived<'_>) {
        if packet.payload.len() > super::MAX_PACKET_BYTES {
            return;
        }
        let packet = Arrived { ms: packet.ms.clamp(LEAST_PACKET_MS, MOST_PACKET_MS), ..packet };
        let step = self.stream.as_ref().map_or(Step::Anew, |stream| stream.step(now, &packet));
        match step {
            Step::Other => self.counts.others += 1,
            Step::Repeated => self.counts.repeated += 1,
            Step::Behind(places) => self.push_behind(now, places, packet),
            Step::Ahead { places, pause } => self.push_ahead(now, places, pause, packet),
            Step::Anew => self.push_ahead(now, 1, true, packet),
        }
    }

    /// A packet that was overtaken.
    fn push_behind(&mut self, now: Instant, places: u16, packet: Arrived<'_>) {
        let Some(stream) = &mut self.stream else { return };
        let place = stream.place - i64::from(places);
        let due = stream.due - i64::from(places) * micros(packet.ms);
        let before = self.next.map_or(0, |next| next - place);
        if before <= 0 {
            (stream.heard_at, stream.late_in_row) = (now, 0);
            let late = self.floor.measure(arrival(now), arrival(now) - due);
            self.target.measure(late, packet.ms);
            return self.insert(place, due, false, packet);
        }
        stream.late_in_row += 1;
        if stream.late_in_row >= MOST_LATE_IN_ROW {
            return self.push_ahead(now, 1, true, packet); // it counts anew, from just below where it was
        }
        if before <= 64 && self.were_here >> (before - 1) & 1 == 1 {
            self.counts.repeated += 1;
            return;
        }
        self.counts.late += 1;
        stream.heard_at = now;
        self.target.measure(arrival(now) - due - self.floor.get(), packet.ms);
    }

    /// A packet that is the newest now. `anchor`: the time since the one before says nothing about the network.
    fn push_ahead(&mut self, now: Instant, places: u16, pause: bool, packet: Arrived<'_>) {
        let at = arrival(now);
        let (mut place, mut due, mut trust, mut anchor) = (0, at - self.floor.get(), 0, true);
        if let Some(before) = &self.stream {
            place = before.place + i64::from(places);
            anchor = pause || now.since(before.heard_at) >= STALL;
            if !anchor {
                due = before.due + micros(before.ms) + i64::from(places - 1) * micros(packet.ms);
            }
            trust = if before.ssrc == packet.ssrc { before.trusts(&packet, pause) } else { 0 };
        }
        let late = self.floor.measure(at, at - due);
        if !anchor {
            self.target.measure(late, packet.ms);
        }
        self.stream = Some(Stream {
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ms: packet.ms,
            place,
            due,
            heard_at: now,
            trust,
            late_in_row: 0,
        });
        self.insert(place, due, pause, packet);
    }

    fn insert(&mut self, place: i64, due: i64, after_pause: bool, packet: Arrived<'_>) {
        let at = self.waiting.iter().rposition(|slot| slot.place <= place);
        if at.and_then(|at| self.waiting.get(at)).is_some_and(|slot| slot.place == place) {
            self.counts.repeated += 1;
            return;
        }
        let mut payload = self.free.pop().unwrap_or_default();
        payload.clear();
        payload.extend_from_slice(packet.payload);
        let slot = Slot { place, due, ms: packet.ms, kind: packet.kind, after_pause, payload };
        self.waiting.insert(at.map_or(0, |at| at + 1), slot);
        self.waiting_ms += packet.ms;
        if self.waiting_ms > MOST_WAITING_MS {
            self.counts.dropped += self.drop_to(self.target.ms());
            if let (Some(_), Some(front)) = (self.next, self.waiting.front()) {
                let place = front.place;
                self.go_to(place);
            }
        }
    }

    /// Drops the oldest until no more than `ms` wait; tells how many.
    fn drop_to(&mut self, ms: u32) -> u64 {
        let mut dropped = 0;
        while self.waiting_ms > ms {
            let Some(slot) = self.take_front() else { break };
            self.free.push(slot.payload);
            dropped += 1;
        }
        dropped
    }

    fn take_front(&mut self) -> Option<Slot> {
        let slot = self.waiting.pop_front()?;
        self.waiting_ms -= slot.ms;
        Some(slot)
    }

    /// The next piece of sound, to be heard after the `waiting_ms` of decoded sound that the caller still holds.
    pub fn pull(&mut self, now: Instant, waiting_ms: u32) -> Pull<'_> {
        let Some(front) = self.waiting.front_mut() else { return self.starve() };
        let (place, due, ms) = (front.place, front.due, front.ms);
        let next = *self.next.get_or_insert(place);
        if front.after_pause && place <= next {
            front.after_pause = false;
            self.filled = false;
        }
        if !self.filled {
            if self.delay(now, waiting_ms, due) < micros(self.target.ms()) {
                return Pull::Empty { silence: true };
            }
            self.filled = true;
            self.go_to(place);
        } else if self.skip_lost(place, ms) {
            return self.lose(ms);
        }
        self.play(now, waiting_ms)
    }

    /// Nothing waits.
    fn starve(&mut self) -> Pull<'_> {
        let paused = self.playing.as_ref().is_some_and(|slot| slot.payload.len() <= PAUSE_BYTES);
        self.filled &= !paused && self.dry_ms < MOST_DRY_MS;
        if self.filled {
            self.dry_ms += EMPTY_MS;
            self.counts.concealed_ms += u64::from(EMPTY_MS);
        }
        Pull::Empty { silence: !self.filled }
    }

    /// Steps over lost places before `place`, which is of `ms`, for which time was filled already (rounded: a stretch will
    /// make up for the rest), or that are too many to make up for. Whether there is one more.
    fn skip_lost(&mut self, place: i64, ms: u32) -> bool {
        let Some(next) = self.next else { return false };
        let lost = place - next;
        if lost <= 0 {
            return false;
        }
        let filled = i64::from((self.dry_ms + ms / 2) / ms);
        let left = (lost - filled).clamp(0, i64::from(MOST_LOST_MS / ms));
        self.dry_ms = 0;
        self.go_to(place - left);
        left > 0
    }

    fn lose(&mut self, ms: u32) -> Pull<'_> {
        let next = self.next.unwrap_or_default() + 1;
        self.go_to(next);
        self.counts.concealed_ms += u64::from(ms);
        let follower = self.waiting.front().filter(|slot| slot.place == next);
        Pull::Lost { ms, next: follower.map(|slot| (slot.kind, slot.payload.as_slice())) }
    }

    fn play(&mut self, now: Instant, waiting_ms: u32) -> Pull<'_> {
        let Some(slot) = self.take_front() else { return Pull::Empty { silence: true } };
        self.free.extend(self.playing.take().map(|played| played.payload));
        self.go_to(slot.place + 1);
        self.were_here |= 1;
        self.dry_ms = 0;
        self.counts.played += 1;
        let delay = self.delay(now, waiting_ms, slot.due) / micros(1);
        self.counts.delay_ms = u32::try_from(delay.max(0)).unwrap_or(u32::MAX);
        let slot = self.playing.insert(slot);
        Pull::Packet { kind: slot.kind, payload: &slot.payload }
    }

    /// The place to be played next is `place`, never before the one that is it now.
    fn go_to(&mut self, place: i64) {
        let by = self.next.map_or(0, |next| (place - next).max(0));
        self.were_here = u32::try_from(by).ok().and_then(|by| self.were_here.checked_shl(by)).unwrap_or(0);
        self.next = Some(self.next.map_or(place, |next| next.max(place)));
    }

    /// How long after the fastest packets sound is heard that was due then. µs.
    fn delay(&self, now: Instant, waiting_ms: u32, due: i64) -> i64 {
        arrival(now) + micros(waiting_ms) - due - self.floor.get()
    }

    /// Whether the packet just pulled should be played as it is. To be asked once for each, with the `waiting_ms` of before:
    /// decoded sound that the caller holds without that packet.
    pub fn pace(&mut self, now: Instant, waiting_ms: u32) -> Pace {
        let Some(playing) = self.playing.as_ref().filter(|_| self.filled) else { return Pace::Steady };
        let over = self.delay(now, waiting_ms, playing.due) - micros(self.target.ms());
        if over > micros(SLACK_OVER_MS) && !self.waiting.is_empty() {
            Pace::Shorten
        } else if over < -micros(SLACK_UNDER_MS) {
            Pace::Lengthen
        } else {
            Pace::Steady
        }
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        Counts { target_ms: self.target.ms(), ..self.counts }
    }
}

impl Stream {
    fn step(&self, now: Instant, packet: &Arrived<'_>) -> Step {
        if packet.ssrc != self.ssrc {
            let alive = now.since(self.heard_at) < ALIVE;
            return if alive { Step::Other } else { Step::Anew };
        }
        match packet.sequence.wrapping_sub(self.sequence) {
            0 if packet.timestamp == self.timestamp => Step::Repeated,
            // a sender whose number is stuck
            0 => Step::Ahead { places: 1, pause: self.pauses(now, 1, packet) },
            ahead @ 1..=MOST_AHEAD => {
                let places = self.places(ahead, packet);
                Step::Ahead { places, pause: self.pauses(now, places, packet) }
            }
            ahead if ahead.wrapping_neg() <= MOST_BEHIND => Step::Behind(ahead.wrapping_neg()),
            _ => Step::Anew,
        }
    }

    /// Sequence numbers that other payloads took (events, noise), or that the sender skips, are no lost sound: when a clock
    /// to be believed says that fewer packets lie between, it is right.
    fn places(&self, ahead: u16, packet: &Arrived<'_>) -> u16 {
        let passed = packet.timestamp.wrapping_sub(self.timestamp);
        let ticks = ticks(self.ms, packet.clock_rate);
        let by_clock = passed / ticks;
        let fits = self.trust >= 0 && passed % ticks == 0 && (1..u32::from(ahead)).contains(&by_clock);
        if fits { u16::try_from(by_clock).unwrap_or(ahead) } else { ahead }
    }

    /// Whether the sender was silent before the packet: the timestamp ran ahead of the sequence, and time did as well.
    fn pauses(&self, now: Instant, places: u16, packet: &Arrived<'_>) -> bool {
        let passed = packet.timestamp.wrapping_sub(self.timestamp);
        let sound = ticks(self.ms, packet.clock_rate).saturating_mul(places.into());
        let rate = u64::from(packet.clock_rate.max(1000));
        let by_clock = u64::from(passed) * 1_000_000 / rate;
        let by_arrival = u64::try_from(now.since(self.heard_at).as_micros()).unwrap_or(u64::MAX);
        let runs_ahead = passed.saturating_sub(sound) >= 2 * ticks(LEAST_PAUSE_MS, packet.clock_rate);
        let slack = (by_clock / 4).max(30_000);
        self.trust >= 0 && runs_ahead && by_clock < MOST_PAUSE_MICROS && by_arrival.abs_diff(by_clock) <= slack
    }

    fn trusts(&self, packet: &Arrived<'_>, pause: bool) -> i8 {
        let passed = packet.timestamp.wrapping_sub(self.timestamp);
        let follows = packet.sequence.wrapping_sub(self.sequence) == 1;
        match (follows, passed == ticks(self.ms, packet.clock_rate)) {
            (true, true) => (self.trust + 1).min(MOST_TRUST),
            (true, false) if !pause => (self.trust - 2).max(-MOST_TRUST),
            _ => self.trust,
        }
    }
}

fn ticks(ms: u32, clock_rate: u32) -> u32 {
    (clock_rate / 1000).saturating_mul(ms).max(1)
}

const fn micros(ms: u32) -> i64 {
    ms as i64 * 1000
}

fn arrival(now: Instant) -> i64 {
    i64::try_from(now.micros()).unwrap_or(i64::MAX / 4)
}

/// What one [`Pull::Empty`] stands for. Milliseconds.
pub const EMPTY_MS: u32 = 10;
const LEAST_PACKET_MS: u32 = 10;
const MOST_PACKET_MS: u32 = 120;
/// When more sound waits than any jitter explains, the oldest is dropped.
const MOST_WAITING_MS: u32 = target::MOST_MS + MOST_PACKET_MS;
/// RFC 3550 appendix A.1: further ahead or behind, the source began anew.
const MOST_AHEAD: u16 = 3000;
const MOST_BEHIND: u16 = 100;
/// So many late or repeated packets without another between: the source counts from lower down.
const MOST_LATE_IN_ROW: u8 = 10;
/// A source that was heard within this time is not given up for another.
const ALIVE: Duration = Duration::from_millis(200);
/// After so long without a packet the next one tells nothing about jitter: the sender paused, or the network did.
const STALL: Duration = Duration::from_millis(300);
/// Concealment has faded out by then; what follows is silence.
const MOST_DRY_MS: u32 = 150;
/// More lost sound in one piece is not made up for by waiting.
const MOST_LOST_MS: u32 = 120;
/// A payload of up to so many bytes says that the sender pauses: Opus in DTX (RFC 7587 §3.1.3), comfort noise (RFC 3389).
const PAUSE_BYTES: usize = 2;
/// Half of the shortest pause that a timestamp may tell: below, it makes no difference.
const LEAST_PAUSE_MS: u32 = 20;
/// A longer pause, half an hour, is told by time alone.
const MOST_PAUSE_MICROS: u64 = 1_800_000_000;
const MOST_TRUST: i8 = 8;
/// How far the delay may be over the target, and below, before the pace changes. Milliseconds.
const SLACK_OVER_MS: u32 = 15;
const SLACK_UNDER_MS: u32 = 10;

#[cfg(test)]
mod tests;
