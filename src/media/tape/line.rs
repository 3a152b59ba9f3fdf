//! One side of a recording: its packets put in order, decoded, and laid where they belong on the time line.
//!
//! Places are samples of 16000 Hz since the beginning of the recording. RTP's sequence tells the order, its timestamp the
//! place, and the arrival on the common clock has the last word: streams jump, and clocks drift or count wrongly.

use std::collections::{BTreeMap, VecDeque};

use crate::codec::{Codec, Decoder, Rate};

/// A packet as it was heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    /// When it arrived.
    pub(super) place: i64,
    pub(super) codec: Codec,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    pub(super) payload: &'a [u8],
}

#[derive(Debug, Default)]
pub(super) struct Line {
    /// Decoded, from `start` on.
    sound: VecDeque<i16>,
    start: i64,
    /// Silence among `sound` that is not kept as samples.
    lull: i64,
    stream: Option<Stream>,
    /// Another source than that of `stream`, and how many packets came from there in a row.
    rival: Option<(u32, u32)>,
}

/// What comes from one source.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    codec: Codec,
    decoder: Decoder,
    /// The sequence number that goes on, extended to more than 16 bits.
    next: i64,
    last_timestamp: u32,
    /// Where the sound of the next packet belongs if nothing is lost and nothing paused.
    next_place: i64,
    /// A timestamp and its place.
    anchor: (u32, i64),
    /// When the last packet arrived.
    heard: i64,
    /// Came before their predecessors, by extended sequence number.
    waiting: BTreeMap<i64, Waiting>,
    /// Packets in a row that were too late.
    behind: u32,
    lateness: Lateness,
}

#[derive(Debug)]
struct Waiting {
    place: i64,
    timestamp: u32,
    payload: Vec<u8>,
}

/// The least that packets came after their place, among some in a row.
#[derive(Debug)]
struct Lateness {
    least: i64,
    count: u32,
}

impl Line {
    /// Behind the last sound.
    pub(super) fn end(&self) -> i64 {
        self.start + self.lull + i64::try_from(self.sound.len()).unwrap_or(0)
    }

    /// Samples in memory.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.sound.len()
    }

    /// Takes a packet: into its place, or to wait for its predecessors.
    pub(super) fn hear(&mut self, packet: &Heard<'_>) {
        if !self.is_of_stream(packet) {
            return;
        }
        let Some(stream) = &mut self.stream else { return };
        stream.heard = packet.place;
        match stream.number(packet) {
            Some(number) if number == stream.next => {
                stream.behind = 0;
                self.lay(number, packet.place, packet.timestamp, packet.payload);
                self.lay_followers();
            }
            Some(number) if number > stream.next => {
                stream.behind = 0;
                let Heard { place, timestamp, .. } = *packet;
                stream.waiting.entry(number).or_insert_with(|| Waiting {
                    place,
                    timestamp,
                    payload: packet.payload.into(),
                });
                if stream.waiting.len() > WAITING {
                    self.release_one();
                }
            }
            Some(_) => {
                stream.behind += 1;
                if stream.behind >= BEHIND {
                    self.begin(packet);
                    self.hear(packet);
                }
            }
            None => {
                self.begin(packet);
                self.hear(packet);
            }
        }
    }

    /// Lays what waits and begins before `until`, however much is missing before it.
    pub(super) fn release_until(&mut self, until: i64) {
        while self.end() < until && self.release_one() {}
    }

    /// Lays all that waits.
    pub(super) fn release(&mut self) {
        while self.release_one() {}
    }

    /// Hands out the next samples, silence where there are none.
    pub(super) fn play<'a>(&mut self, into: impl Iterator<Item = &'a mut i16>) {
        for sample in into {
            *sample = self.sound.pop_front().unwrap_or(0);
            self.start += 1;
        }
    }

    /// Hands out silence of a lull.
    pub(super) fn pass_silence<'a>(&mut self, into: impl Iterator<Item = &'a mut i16>) {
        for sample in into {
            *sample = 0;
            self.start += 1;
            self.lull -= 1;
        }
    }

    /// Nothing is heard from `from`, behind the last sound, to `to`.
    pub(super) fn skip_silence(&mut self, from: i64, to: i64) {
        self.fill(from);
        self.lull = to - from;
    }

    /// Ends at `place`, and begins anew with the next packet.
    pub(super) fn cut(&mut self, place: i64) {
        self.fill(place);
        let keep = usize::try_from(place - self.start - self.lull).unwrap_or(0);
        self.sound.truncate(keep);
        self.stream = None;
        self.rival = None;
    }

    /// Two sources at a time would talk over each other: the one that is heard stays until it falls silent, or others
    /// come in its stead.
    fn is_of_stream(&mut self, packet: &Heard<'_>) -> bool {
        let Some(stream) = &self.stream else {
            self.begin(packet);
            return true;
        };
        if (stream.ssrc, stream.codec) == (packet.ssrc, packet.codec) {
            self.rival = None;
            return true;
        }
        if stream.ssrc != packet.ssrc && packet.place - stream.heard < SOURCE_SILENT {
            let count = self.rival.filter(|(ssrc, _)| *ssrc == packet.ssrc).map_or(1, |(_, count)| count + 1);
            self.rival = Some((packet.ssrc, count));
            if count < RIVAL {
                return false;
            }
        }
        self.begin(packet);
        true
    }

    /// A stream begins, or begins anew: where it arrives, or right behind what was heard a moment ago.
    fn begin(&mut self, packet: &Heard<'_>) {
        self.release();
        let end = self.end();
        let place = if (0..DRIFT).contains(&(end - packet.place)) { end } else { packet.place };
        let decoder = match self.stream.take() {
            Some(stream) if stream.codec == packet.codec && stream.ssrc == packet.ssrc => stream.decoder,
            _ => Decoder::new(packet.codec, Rate::Wide),
        };
        self.rival = None;
        self.stream = Some(Stream {
            ssrc: packet.ssrc,
            codec: packet.codec,
            decoder,
            next: i64::from(packet.sequence) + 0x1_0000,
            last_timestamp: packet.timestamp.wrapping_sub(1),
            next_place: place,
            anchor: (packet.timestamp, place),
            heard: packet.place,
            waiting: BTreeMap::new(),
            behind: 0,
            lateness: Lateness::new(),
        });
    }

    fn lay_followers(&mut self) {
        while let Some(stream) = &mut self.stream
            && let Some(packet) = stream.waiting.remove(&stream.next)
        {
            let number = stream.next;
            self.lay(number, packet.place, packet.timestamp, &packet.payload);
        }
    }

    fn release_one(&mut self) -> bool {
        let Some((number, packet)) = self.stream.as_mut().and_then(|stream| stream.waiting.pop_first()) else {
            return false;
        };
        self.lay(number, packet.place, packet.timestamp, &packet.payload);
        self.lay_followers();
        true
    }

    fn lay(&mut self, number: i64, arrived: i64, timestamp: u32, payload: &[u8]) {
        let end = self.end();
        let Some(stream) = &mut self.stream else { return };
        let lost = number - stream.next;
        let mut buffer = [0; LONGEST];
        let place = stream.place(lost, arrived, timestamp, payload);
        if place > end + SLOP && lost > 0 {
            let missing = usize::try_from(place - end).unwrap_or(0).min(CONCEALED);
            let concealed = buffer.get_mut(..missing).unwrap_or_default();
            stream.decoder.conceal(concealed);
            self.sound.extend(concealed.iter());
        }
        if place > end + SLOP {
            self.fill(place);
        }
        let Some(stream) = &mut self.stream else { return };
        let length = stream.decoder.decode(payload, &mut buffer);
        stream.next = number + 1;
        stream.last_timestamp = timestamp;
        stream.next_place = place + i64::try_from(length).unwrap_or(0);
        let known = if end > place + SLOP { usize::try_from(end - place).unwrap_or(0) } else { 0 };
        self.sound.extend(buffer.get(known.min(length)..length).unwrap_or_default());
    }

    fn fill(&mut self, until: i64) {
        let missing = usize::try_from(until - self.end()).unwrap_or(0);
        self.sound.extend(std::iter::repeat_n(0, missing));
    }
}

impl Stream {
    /// The extended sequence number; `None` when it does not belong to what came before.
    fn number(&self, packet: &Heard<'_>) -> Option<i64> {
        let [.., high, low] = self.next.to_be_bytes();
        let ahead = packet.sequence.wrapping_sub(u16::from_be_bytes([high, low])) as i16; // the shorter way round
        if ahead == -1 && packet.timestamp != self.last_timestamp {
            return Some(self.next); // a sequence number that stands still
        }
        (ahead.unsigned_abs() <= JUMP).then(|| self.next + i64::from(ahead))
    }

    /// Where the packet belongs. Sequence and timestamp mostly agree; when they don't, the arrival decides, and where all that
    /// moves away from the arrival for long, the stream is laid anew.
    fn place(&mut self, lost: i64, arrived: i64, timestamp: u32, payload: &[u8]) -> i64 {
        let length = Decoder::payload_ms(self.codec, payload).map_or(320, |ms| i64::from(ms) * 16);
        let by_sequence = self.next_place + lost * length;
        let by_timestamp = self.anchor.1 + self.ticks_since_anchor(timestamp);
        let is_pause = by_timestamp >= self.next_place
            && (lost > 0 || by_timestamp - by_sequence >= PAUSE)
            && (by_timestamp - arrived).abs() <= (by_sequence - arrived).abs();
        let agree = (by_timestamp - by_sequence).abs() <= SLOP;
        let place = if agree || is_pause { by_timestamp } else { by_sequence };
        let late = arrived - place;
        let out_of_reach = !(-DRIFT..=AWAITED).contains(&late);
        let place = place + if out_of_reach { late } else { self.lateness.note(late) };
        self.anchor = (timestamp, place);
        place
    }

    fn ticks_since_anchor(&self, timestamp: u32) -> i64 {
        let ticks = i64::from(timestamp.wrapping_sub(self.anchor.0) as i32); // the shorter way round
        ticks * i64::from(Rate::Wide.hz()) / i64::from(self.codec.clock_rate())
    }
}

impl Lateness {
    fn new() -> Self {
        Self { least: i64::MAX, count: 0 }
    }

    /// How far the stream has to move: mostly not at all.
    fn note(&mut self, late: i64) -> i64 {
        self.least = self.least.min(late);
        self.count += 1;
        if self.count < WINDOW {
            return 0;
        }
        let least = self.least;
        *self = Self::new();
        if least > DRIFT { least } else { 0 }
    }
}

/// The most samples of one packet: 1500 bytes of G.711.
const LONGEST: usize = 3072;
/// Differences of place that are no gap: 2 ms. Samples.
const SLOP: i64 = 32;
/// How far a stream may be off its arrival: 100 ms. Samples.
const DRIFT: i64 = 1600;
/// What is later than this is not awaited any more where it belongs: [`HORIZON`](super::HORIZON). Samples.
const AWAITED: i64 = 8000;
/// Packets among which the least late one tells whether the stream is off.
const WINDOW: u32 = 50;
/// A timestamp that runs ahead of the sequence by this means that the sender was silent: 60 ms. Samples.
const PAUSE: i64 = 960;
/// So much of a gap is concealed, the rest is silent: 60 ms. Samples.
const CONCEALED: usize = 960;
/// Packets that wait for their predecessors.
const WAITING: usize = 64;
/// Sequence numbers further away than this are of another stream.
const JUMP: u16 = 500;
/// So many packets in a row that are all too late begin anew.
const BEHIND: u32 = 5;
/// A source that was not heard for so long makes room for another: 100 ms. Samples.
const SOURCE_SILENT: i64 = 1600;
/// So many packets of another source in a row make it the one that is heard.
const RIVAL: u32 = 3;
