//! Telephone events: RFC 4733. [`Receiver`] reports each digit once, at its end, whatever was lost or doubled on the
//! way; [`Sender`] says what the packets of one digit hold.

use crate::base::{Duration, Instant};

/// What one packet says: RFC 4733 §2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The event code: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for A to D; others are no digits.
    pub code: u8,
    /// The E bit.
    pub end: bool,
    /// Power below 0 dBm0, 0 to 63.
    pub volume: u8,
    /// Since the event's start, in ticks of the RTP clock.
    pub duration: u16,
}

impl Payload {
    /// Bytes of a payload.
    pub const BYTES: usize = 4;

    /// Reads the first event of a payload; `None` when it is too short.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [code, flags, d0, d1] = *bytes.first_chunk()?;
        let duration = u16::from_be_bytes([d0, d1]);
        Some(Self { code, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The bytes of the payload.
    pub fn write(&self) -> [u8; Self::BYTES] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | self.volume & 0x3f, d0, d1]
    }
}

/// The event code of a digit: RFC 4733 §3.2. Lower-case letters too.
pub fn code_of(digit: char) -> Option<u8> {
    let place = DIGITS.iter().position(|&own| char::from(own) == digit.to_ascii_uppercase())?;
    u8::try_from(place).ok()
}

/// The digit of an event code; `None` for flash and all the other events.
pub fn digit_of(code: u8) -> Option<char> {
    DIGITS.get(usize::from(code)).map(|&digit| char::from(digit))
}

/// A digit that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// `0`-`9`, `*`, `#`, `A`-`D`.
    pub digit: char,
    /// How long the key was down, as far as it is known. Milliseconds.
    pub duration_ms: u32,
}

/// The receive side for one peer.
#[derive(Clone, Debug)]
pub struct Receiver {
    ticks_per_ms: u32,
    /// The newest event, in progress or done.
    newest: Option<Event>,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    timestamp: u32,
    code: u8,
    /// Of the segments before this one (RFC 4733 §2.5.1.3).
    earlier_ticks: u32,
    duration: u16,
    done: bool,
    seen_at: Instant,
}

impl Default for Receiver {
    /// Nothing heard, under a clock of 8000 Hz.
    fn default() -> Self {
        Self { ticks_per_ms: ticks_per_ms(super::CLOCK_HZ), newest: None }
    }
}

impl Receiver {
    /// Under which clock events count from now on: that of the audio beside them, 48000 Hz for Opus (RFC 4733 §2.1, by the
    /// rate in the event's `a=rtpmap`). An event in progress is forgotten when it changes.
    pub fn set_clock(&mut self, hz: u32) {
        if self.ticks_per_ms != ticks_per_ms(hz) {
            *self = Self { ticks_per_ms: ticks_per_ms(hz), newest: None };
        }
    }

    /// Takes one packet and hands ended digits to `heard`: at most the one before, whose end was lost, and this one.
    pub fn receive(&mut self, now: Instant, timestamp: u32, payload: Payload, heard: &mut impl FnMut(Heard)) {
        let before = self.newest.take();
        let ticks_per_ms = self.ticks_per_ms;
        let mut event = match before {
            Some(before) if before.is_late(timestamp, ticks_per_ms) => {
                self.newest = Some(before);
                return;
            }
            Some(before) if before.goes_on(now, timestamp, &payload) => before,
            Some(before) if before.has_next_segment(timestamp, &payload) => before.next_segment(timestamp),
            _ => {
                if let Some(lost_end) = before.filter(|before| !before.done) {
                    lost_end.report(ticks_per_ms, heard);
                }
                Event { timestamp, code: payload.code, earlier_ticks: 0, duration: 0, done: false, seen_at: now }
            }
        };
        event.duration = event.duration.max(payload.duration);
        event.seen_at = now;
        if payload.end && !event.done {
            event.done = true;
            event.report(self.ticks_per_ms, heard);
        }
        self.newest = Some(event);
    }

    /// Ends an event whose end packets were all lost: the key is up when nothing came for [`LOST_END`].
    pub fn expire(&mut self, now: Instant, heard: &mut impl FnMut(Heard)) {
        if let Some(event) = self.newest.as_mut().filter(|event| !event.done && now >= event.seen_at + LOST_END) {
            event.done = true;
            event.report(self.ticks_per_ms, heard);
        }
    }

    /// When [`expire`](Self::expire) must be called, if nothing comes.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.newest.filter(|event| !event.done).map(|event| event.seen_at + LOST_END)
    }
}

impl Event {
    /// A packet of an event before this one that was overtaken.
    fn is_late(&self, timestamp: u32, ticks_per_ms: u32) -> bool {
        let behind = self.timestamp.wrapping_sub(timestamp);
        (1..LATE_MS * ticks_per_ms).contains(&behind)
    }

    /// Whether the packet belongs to this event. Some phones forget to move the timestamp for the next digit: then
    /// another code, or a duration that begins again a while after the end, tells them apart.
    fn goes_on(&self, now: Instant, timestamp: u32, payload: &Payload) -> bool {
        let begins_again = self.done
            && !payload.end
            && payload.duration < self.duration
            && now >= self.seen_at + Duration::from_millis(60);
        timestamp == self.timestamp && payload.code == self.code && !begins_again
    }

    /// A key held for longer than the duration field can say goes on in a new segment: RFC 4733 §2.5.1.3. The last packet of
    /// the one before may be lost.
    fn has_next_segment(&self, timestamp: u32, payload: &Payload) -> bool {
        let ahead = timestamp.wrapping_sub(self.timestamp);
        let fits = (u32::from(self.duration)..=u32::from(u16::MAX)).contains(&ahead);
        !self.done && self.code == payload.code && self.duration > u16::MAX / 2 && fits
    }

    fn next_segment(self, timestamp: u32) -> Self {
        let earlier_ticks = self.earlier_ticks.saturating_add(timestamp.wrapping_sub(self.timestamp));
        Self { timestamp, earlier_ticks, duration: 0, ..self }
    }

    fn report(&self, ticks_per_ms: u32, heard: &mut impl FnMut(Heard)) {
        let ticks = self.earlier_ticks.saturating_add(u32::from(self.duration));
        if let Some(digit) = digit_of(self.code) {
            heard(Heard { digit, duration_ms: ticks / ticks_per_ms });
        }
    }
}

/// The send side for one digit: a packet every 20 ms, the last one three times (RFC 4733 §2.5.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    code: u8,
    frame_ticks: u32,
    total: u32,
    sent: u32,
    /// Where the present segment began: RFC 4733 §2.5.1.3.
    segment: u32,
    ends: u8,
}

impl Sender {
    /// A digit of `duration_ms`, held between 40 ms and 5 s, under a clock of `clock_hz` (8000 to 48000); `None` when it is
    /// none.
    pub fn new(digit: char, duration_ms: u32, clock_hz: u32) -> Option<Self> {
        let ticks_per_ms = ticks_per_ms(clock_hz);
        let total = duration_ms.clamp(MIN_DIGIT_MS, MAX_DIGIT_MS) * ticks_per_ms;
        let frame_ticks = FRAME_MS * ticks_per_ms;
        Some(Self { code: code_of(digit)?, frame_ticks, total, sent: 0, segment: 0, ends: 0 })
    }

    /// What the next packet says, 20 ms after the one before, and by how many ticks its timestamp is after that of the first;
    /// `None` after the third end packet. It is 0 unless the digit is longer than 16 bits of ticks, 1.3 s at 48000 Hz: then the
    /// digit goes on in another segment.
    pub fn next_packet(&mut self) -> Option<(u32, Payload)> {
        if self.ends == END_PACKETS {
            return None;
        }
        let sent = (self.sent + self.frame_ticks).min(self.total);
        if sent - self.segment > u32::from(u16::MAX) {
            self.segment = self.sent;
        }
        self.sent = sent;
        let end = sent == self.total;
        self.ends += u8::from(end);
        let duration = u16::try_from(sent - self.segment).unwrap_or(u16::MAX);
        Some((self.segment, Payload { code: self.code, end, volume: VOLUME, duration }))
    }
}

/// The ticks in a millisecond; a clock that no format has is taken for the nearest.
fn ticks_per_ms(clock_hz: u32) -> u32 {
    (clock_hz / 1000).clamp(super::CLOCK_HZ / 1000, MOST_TICKS_PER_MS)
}

/// Without a packet for this long a key counts as released: over twice the longest usual interval of 50 ms.
pub const LOST_END: Duration = Duration::from_millis(120);
/// The shortest digit that is sent: ETSI ES 201 235-2 §4.2.4 asks for 65, Q.24 hears 40. Milliseconds.
pub const MIN_DIGIT_MS: u32 = 40;
/// The longest digit that is sent. Milliseconds.
pub const MAX_DIGIT_MS: u32 = 5000;

const DIGITS: &[u8; 16] = b"0123456789*#ABCD";
const MOST_TICKS_PER_MS: u32 = 48;
const FRAME_MS: u32 = 20;
const END_PACKETS: u8 = 3;
/// -10 dBm0, what most phones say.
const VOLUME: u8 = 10;
/// A timestamp up to two seconds back is a late packet; further back, the source began anew.
const LATE_MS: u32 = 2000;

#[cfg(test)]
mod tests;
