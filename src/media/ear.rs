//! How one peer is heard where its sound is decoded: packets go in as they come, an even stream of samples comes out.

use crate::base::{Duration, Instant};
use crate::codec::{Codec, Decoder, Rate, stretch};
use crate::rtp::Header;
use crate::rtp::jitter::{Arrived, JitterBuffer, Pace, Pull};

/// A jitter buffer, a decoder, and the sound between them and the hearer.
#[derive(Debug)]
pub(super) struct Ear {
    rate: Rate,
    buffer: JitterBuffer,
    decoder: Decoder,
    /// Decoded, and not taken yet.
    ready: Vec<i16>,
    /// One packet, as it is decoded.
    packet: Vec<i16>,
    /// The last packet came then.
    heard_at: Instant,
    /// Comfort noise that the peer asked for when it fell silent: RFC 3389.
    noise: Option<Noise>,
}

#[derive(Clone, Copy, Debug)]
struct Noise {
    payload: [u8; NOISE_BYTES],
    length: usize,
}

/// A payload of a codec or of comfort noise, as it waits in the jitter buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Audio(Codec),
    Noise,
}

impl Payload {
    fn number(self) -> u8 {
        match self {
            Self::Noise => 0,
            Self::Audio(codec) => 1 + Codec::ALL.iter().position(|known| *known == codec).unwrap_or(0) as u8,
        }
    }

    fn of(number: u8) -> Self {
        let codec = number.checked_sub(1).and_then(|place| Codec::ALL.get(usize::from(place)));
        codec.map_or(Self::Noise, |codec| Self::Audio(*codec))
    }
}

impl Ear {
    /// Hears at that rate what comes in `codec` at first.
    pub(super) fn new(now: Instant, codec: Codec, rate: Rate) -> Self {
        Self {
            rate,
            buffer: JitterBuffer::new(),
            decoder: Decoder::new(codec, rate),
            ready: Vec::with_capacity(rate.samples(LONGEST_MS + LONGEST_PACKET_MS)),
            packet: vec![0; rate.samples(LONGEST_PACKET_MS)],
            heard_at: now,
            noise: None,
        }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a packet that the peer sent. What is no payload of its codec is dropped.
    pub(super) fn hear(&mut self, now: Instant, payload: Payload, header: &Header, bytes: &[u8]) {
        let (clock_rate, ms) = match payload {
            Payload::Noise => (NOISE_CLOCK_HZ, NOISE_MS),
            Payload::Audio(codec) => match Decoder::payload_ms(codec, bytes) {
                Some(ms) => (codec.clock_rate(), ms),
                None => return,
            },
        };
        self.heard_at = now;
        self.buffer.push(
            now,
            Arrived {
                sequence: header.sequence,
                timestamp: header.timestamp,
                clock_rate,
                ms,
                ssrc: header.ssrc,
                kind: payload.number(),
                payload: bytes,
            },
        );
    }

    /// The next sound. `false` when nothing has come from the peer for seconds: then there is nothing to be passed on.
    pub(super) fn fill(&mut self, now: Instant, sound: &mut [i16]) -> bool {
        while self.ready.len() < sound.len() {
            self.decode(now);
        }
        let wanted = sound.len();
        for (place, sample) in sound.iter_mut().zip(self.ready.drain(..wanted)) {
            *place = sample;
        }
        now < self.heard_at + GONE
    }

    /// One more packet of sound, or what stands for it.
    fn decode(&mut self, now: Instant) {
        let waiting_ms = (self.ready.len() / self.rate.samples(1)) as u32;
        let pace = match self.buffer.pull(now, waiting_ms) {
            Pull::Packet { kind, payload } => match Payload::of(kind) {
                Payload::Audio(codec) => {
                    if self.decoder.codec() != codec {
                        self.decoder = Decoder::new(codec, self.rate); // the peer switched: RFC 3264 §7 allows it at any time
                    }
                    self.noise = None;
                    let mut samples = self.decoder.decode(payload, &mut self.packet);
                    if samples == 0 {
                        samples = self.rate.samples(NONSENSE_MS);
                        self.decoder.conceal(self.packet.get_mut(..samples).unwrap_or_default());
                    }
                    self.ready.extend_from_slice(self.packet.get(..samples).unwrap_or_default());
                    true
                }
                Payload::Noise => {
                    self.noise = Some(Noise::new(payload));
                    self.rest();
                    false
                }
            },
            Pull::Lost { ms, next } => {
                let start = self.ready.len();
                self.ready.resize(start + self.rate.samples(ms.clamp(10, LONGEST_MS)), 0);
                let room = self.ready.get_mut(start..).unwrap_or_default();
                match next {
                    Some((kind, payload)) if Payload::of(kind) == Payload::Audio(self.decoder.codec()) => {
                        self.decoder.recover(payload, room);
                    }
                    _ => self.decoder.conceal(room),
                }
                true
            }
            Pull::Empty { silence } => {
                if silence || self.noise.is_some() {
                    self.rest();
                } else {
                    let start = self.ready.len();
                    self.ready.resize(start + self.rate.samples(10), 0);
                    self.decoder.conceal(self.ready.get_mut(start..).unwrap_or_default());
                }
                false
            }
        };
        if pace {
            self.keep_pace(now);
        }
    }

    /// 10 ms of a peer that is silent on purpose.
    fn rest(&mut self) {
        let start = self.ready.len();
        self.ready.resize(start + self.rate.samples(10), 0);
        if let (Some(noise), Some(room)) = (&self.noise, self.ready.get_mut(start..)) {
            self.decoder.noise(noise.payload.get(..noise.length).unwrap_or_default(), room);
        }
    }

    /// Sound is made a pitch period shorter or longer, so that the delay follows the jitter and nobody hears it.
    fn keep_pace(&mut self, now: Instant) {
        if self.ready.len() < self.rate.samples(STRETCHED_MS) {
            return;
        }
        let waiting_ms = (self.ready.len() / self.rate.samples(1)) as u32;
        match self.buffer.pace(now, waiting_ms) {
            Pace::Steady => {}
            Pace::Shorten => {
                stretch::shorten(self.rate, &mut self.ready);
            }
            Pace::Lengthen => {
                stretch::lengthen(self.rate, &mut self.ready);
            }
        }
    }
}

impl Noise {
    fn new(bytes: &[u8]) -> Self {
        let mut payload = [0; NOISE_BYTES];
        let length = bytes.len().min(NOISE_BYTES);
        for (place, byte) in payload.iter_mut().zip(bytes) {
            *place = *byte;
        }
        Self { payload, length }
    }
}

/// A packet of sound is never longer (RFC 6716 §3.2.5), nor is the sound that is made for one that is lost.
const LONGEST_PACKET_MS: u32 = 120;
const LONGEST_MS: u32 = 120;
/// What is taken for a packet that its decoder refuses.
const NONSENSE_MS: u32 = 20;
/// Less can't be stretched.
const STRETCHED_MS: u32 = 30;
/// Comfort noise goes under the clock of 8000 Hz (RFC 3389 §4); a packet of it stands for one of sound.
const NOISE_CLOCK_HZ: u32 = 8000;
const NOISE_MS: u32 = 20;
/// A level and ten coefficients.
const NOISE_BYTES: usize = 11;
/// A peer of whom nothing came for so long is not passed on any more, not even as silence.
const GONE: Duration = Duration::from_secs(5);
