//! Payloads into linear sound: one stream's decoder, whatever its codec, with what is heard where no payload is.
//!
//! G.711 and G.722 are concealed here at their own rate, before any resampling, so that the resampler never sees a break;
//! Opus conceals itself (RFC 6716 §4.4).

use std::fmt;

use audio_codec::g722::G722Decoder;
use opus::Channels;

use super::conceal::Concealer;
use super::noise::Noise;
use super::resample::Resampler;
use super::{Codec, Law, Rate, g711};

/// Decodes one stream to samples of one rate.
pub struct Decoder {
    codec: Codec,
    rate: Rate,
    machine: Machine,
    /// From the codec's own rate to the one wanted, and the packet at the codec's.
    resampler: Resampler,
    native: Vec<i16>,
    bridge: Bridge,
}

/// What is heard between payloads, at the codec's own rate.
struct Bridge {
    rate: Rate,
    concealer: Concealer,
    noise: Noise,
    gap: Gap,
    /// Goes on into the first sound after a gap, and fades.
    tail: Vec<i16>,
}

/// What was played last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Concealed,
    Noise,
}

enum Machine {
    Law(Law),
    G722(Box<G722Decoder>),
    Opus(opus::Decoder),
    /// libopus had no memory: silence.
    Mute,
}

impl Decoder {
    /// A decoder whose output has `rate`. Where the codec's own differs it is resampled, 5 ms late; Opus decodes at any.
    pub fn new(codec: Codec, rate: Rate) -> Self {
        let native = match codec {
            Codec::Pcma | Codec::Pcmu => Rate::Narrow,
            Codec::G722 => Rate::Wide,
            Codec::Opus => rate,
        };
        let machine = match codec {
            Codec::Pcma => Machine::Law(Law::A),
            Codec::Pcmu => Machine::Law(Law::Mu),
            Codec::G722 => Machine::G722(Box::default()),
            Codec::Opus => opus::Decoder::new(rate.hz(), Channels::Mono).map_or(Machine::Mute, Machine::Opus),
        };
        Self {
            codec,
            rate,
            machine,
            resampler: Resampler::new(native, rate),
            native: vec![0; native.samples(LONGEST_MS)],
            bridge: Bridge::new(native),
        }
    }

    /// What it understands.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The rate of its output.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Writes the sound of one payload into `out`, which should hold 120 ms; returns the samples written, 0 when the payload
    /// is nonsense or longer than that. After a gap the sound comes in blended with what filled it.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        if Self::payload_ms(self.codec, payload).is_none() {
            return 0;
        }
        let mut native = std::mem::take(&mut self.native);
        let decoded = self.machine.decode(payload, &mut native);
        let mut written = 0;
        if let Some(sound @ [_, ..]) = native.get_mut(..decoded) {
            self.bridge.end(sound);
            written = self.resampler.process(sound, out);
        }
        self.native = native;
        written
    }

    /// The packet before `next` was lost: fills `out` with what `next` repeats of it (RFC 6716 §2.1.7), or else as
    /// [`conceal`](Self::conceal) does. `next` is still to be decoded afterwards.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) {
        let Machine::Opus(decoder) = &mut self.machine else { return self.fill(Gap::Concealed, out) };
        // libopus conceals in steps of 2.5 ms only.
        let length = out.len().next_multiple_of(self.rate.samples(5) / 2).min(self.native.len());
        let sound = self.native.get_mut(..length).unwrap_or_default();
        let repeated = decoder.decode(next, sound, true);
        let made = repeated.or_else(|_| decoder.decode(&[], sound, false)).unwrap_or(0).min(out.len());
        for (place, sample) in out.iter_mut().zip(sound) {
            *place = *sample;
        }
        silence_after(made, out);
        self.bridge.end(out);
    }

    /// Fills `out`, at most 120 ms, where a packet is missing: with the last pitch period, which fades within 60 ms, or by the
    /// concealment of Opus.
    pub fn conceal(&mut self, out: &mut [i16]) {
        self.recover(&[], out);
    }

    /// Fills `out`, at most 120 ms, with comfort noise as an RFC 3389 payload describes it: the level in −dBov in the first byte,
    /// then reflection coefficients. An empty payload goes on with the noise before. The next sound is blended in.
    pub fn noise(&mut self, payload: &[u8], out: &mut [i16]) {
        self.bridge.noise.describe(payload);
        self.fill(Gap::Noise, out);
    }

    /// How many ms of sound a payload holds, rounded down: 8 bytes a ms for G.711 and G.722, by its first bytes for Opus
    /// (RFC 6716 §3.1). `None` when it is nonsense, empty or holds more than 120 ms.
    pub fn payload_ms(codec: Codec, payload: &[u8]) -> Option<u32> {
        let ms = match codec {
            Codec::Pcma | Codec::Pcmu | Codec::G722 => payload.len() / BYTES_PER_MS,
            Codec::Opus => opus::packet::get_nb_samples(payload, OPUS_CLOCK).ok()? / OPUS_CLOCK_PER_MS,
        };
        let fits = payload.len() <= LONGEST_MS as usize * BYTES_PER_MS || codec == Codec::Opus;
        u32::try_from(ms).ok().filter(|ms| fits && (1..=LONGEST_MS).contains(ms))
    }

    fn fill(&mut self, gap: Gap, out: &mut [i16]) {
        let length = out.len() * self.bridge.rate.hz() as usize / self.rate.hz() as usize;
        let mut native = std::mem::take(&mut self.native);
        let mut written = 0;
        let length = length.min(native.len());
        if let Some(sound) = native.get_mut(..length) {
            self.bridge.fill(gap, sound);
            written = self.resampler.process(sound, out);
        }
        self.native = native;
        silence_after(written, out);
    }
}

impl Machine {
    /// Returns the samples written, 0 for nonsense.
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match self {
            Self::Law(law) => g711::decode(*law, payload, out),
            Self::G722(decoder) => decoder.decode_frame_into(payload, out).unwrap_or(0),
            Self::Opus(decoder) => decoder.decode(payload, out, false).unwrap_or(0),
            Self::Mute => 0,
        }
    }
}

impl Bridge {
    fn new(rate: Rate) -> Self {
        let tail = vec![0; rate.samples(LONGEST_BLEND_MS)];
        Self { rate, concealer: Concealer::new(rate), noise: Noise::new(rate), gap: Gap::None, tail }
    }

    /// Sound has come: blends it with what was played before.
    fn end(&mut self, sound: &mut [i16]) {
        match self.gap {
            Gap::None => {}
            Gap::Concealed => {
                let overlap = self.concealer.overlap();
                blend(&mut self.tail, overlap, sound, |tail| self.concealer.go_on(tail));
            }
            Gap::Noise => {
                let overlap = self.rate.samples(NOISE_BLEND_MS);
                blend(&mut self.tail, overlap, sound, |tail| self.noise.fill(tail));
                self.noise.rest();
            }
        }
        self.gap = Gap::None;
        self.concealer.hear(sound);
    }

    fn fill(&mut self, gap: Gap, out: &mut [i16]) {
        if gap == Gap::Noise {
            self.noise.fill(out);
            if self.gap != Gap::Noise {
                let overlap = self.rate.samples(NOISE_BLEND_MS);
                blend(&mut self.tail, overlap, out, |tail| self.concealer.go_on(tail));
            }
            self.concealer.hear(out);
        } else {
            self.concealer.fill(out);
        }
        self.gap = gap;
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Decoder").field("codec", &self.codec).field("rate", &self.rate).finish_non_exhaustive()
    }
}

/// Lets what `old` makes fade out over the first samples of `sound`, which fades in.
fn blend(tail: &mut [i16], overlap: usize, sound: &mut [i16], old: impl FnOnce(&mut [i16])) {
    let overlap = overlap.min(tail.len()).min(sound.len());
    let Some(tail) = tail.get_mut(..overlap) else { return };
    old(tail);
    for (at, (sample, before)) in sound.iter_mut().zip(tail).enumerate() {
        let weight = (at + 1) as f32 / (overlap + 1) as f32;
        let (new, old) = (f32::from(*sample), f32::from(*before));
        *sample = (old + weight * (new - old)).round() as i16;
    }
}

fn silence_after(written: usize, out: &mut [i16]) {
    if let Some(rest) = out.get_mut(written..) {
        rest.fill(0);
    }
}

/// The longest packet of Opus (RFC 6716 §3.2.5), and what the buffers here hold.
const LONGEST_MS: u32 = 120;
const LONGEST_BLEND_MS: u32 = 10;
const NOISE_BLEND_MS: u32 = 5;
/// Of G.711 and G.722 at 64 kbit/s.
const BYTES_PER_MS: usize = 8;
const OPUS_CLOCK: u32 = 48_000;
const OPUS_CLOCK_PER_MS: usize = 48;

#[cfg(test)]
mod tests;
