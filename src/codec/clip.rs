//! Sound that is coded once and played often: G.711, G.722 and Opus side by side, in frames of 20 ms, so that playing it to
//! anybody costs no coding and each hears the best that his telephone can do.

use std::fmt;

use audio_codec::g722::G722Encoder;
use opus::{Application, Bitrate, Channels, Signal};

use super::encoder::encode_g722;
use super::{Codec, Decoder, Law, Rate, Resampler, g711};

/// Packets of different lengths, one behind the other.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Packets {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Packets {
    /// Adds one.
    pub fn push(&mut self, packet: &[u8]) {
        self.bytes.extend_from_slice(packet);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// The packet with that number, from 0; empty beyond the last.
    pub fn get(&self, number: usize) -> &[u8] {
        let end = |number: usize| self.ends.get(number).map(|end| *end as usize);
        let from = number.checked_sub(1).and_then(end).unwrap_or(0);
        end(number).and_then(|to| self.bytes.get(from..to)).unwrap_or_default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl fmt::Debug for Packets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} packets of {} bytes", self.ends.len(), self.bytes.len())
    }
}

/// The same sound three times, each as long as the others.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Coded {
    /// G.711 A-law: 160 bytes a frame.
    pub alaw: Vec<u8>,
    /// G.722 at 64 kbit/s: 160 bytes a frame.
    pub g722: Vec<u8>,
    /// Opus: a packet a frame.
    pub opus: Packets,
}

impl Coded {
    /// Of packets of wide-band speech that were coded elsewhere, 20 ms each. Takes about a thousandth of the time that they play.
    pub fn from_opus(opus: Packets) -> Self {
        let (mut decoder, mut g722) = (Decoder::new(Codec::Opus, Rate::Wide), Box::<G722Encoder>::default());
        let mut narrow = Branch::new(Rate::Wide, Rate::Narrow);
        let mut coded = Self::default();
        let due = opus.len() * FRAME_BYTES;
        let mut bytes = [0; FRAME_BYTES];
        // One frame of silence more brings out what the resampler still holds.
        for number in 0..=opus.len() {
            let mut sound = [0; Rate::Wide.samples(FRAME_MS)];
            if number < opus.len() {
                decoder.decode(opus.get(number), &mut sound);
                encode_g722(&mut g722, &sound, &mut bytes);
                coded.g722.extend_from_slice(&bytes);
            }
            narrow.hear(&sound, |sound| {
                if coded.alaw.len() < due {
                    g711::encode(Law::A, sound, &mut bytes);
                    coded.alaw.extend_from_slice(&bytes);
                }
            });
        }
        coded.opus = opus;
        coded
    }
}

impl fmt::Debug for Coded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} frames of 20 ms", self.opus.len())
    }
}

/// Codes the sound of a file, frame by frame. Allocates as it grows: not for the media path.
pub struct ClipEncoder {
    rate: Rate,
    narrow: Branch,
    wide: Branch,
    g722: Box<G722Encoder>,
    /// `None`: libopus had no memory, and its packets stay empty.
    opus: Option<opus::Encoder>,
    coded: Coded,
}

impl ClipEncoder {
    /// For sound of that rate.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            narrow: Branch::new(rate, Rate::Narrow),
            wide: Branch::new(rate, Rate::Wide),
            g722: Box::default(),
            opus: opus_encoder(rate).ok(),
            coded: Coded::default(),
        }
    }

    /// Samples of a frame.
    pub fn frame(&self) -> usize {
        self.rate.samples(FRAME_MS)
    }

    /// One [`frame`](Self::frame); a shorter one is filled up with silence.
    pub fn encode(&mut self, sound: &[i16]) {
        let mut frame = [0; Rate::Full.samples(FRAME_MS)];
        frame.iter_mut().zip(sound).for_each(|(to, from)| *to = *from);
        let frame = frame.get(..self.frame()).unwrap_or_default();
        let mut packet = [0; LONGEST_PACKET];
        let length = self.opus.as_mut().map_or(0, |opus| opus.encode(frame, &mut packet).unwrap_or(0));
        self.coded.opus.push(packet.get(..length).unwrap_or_default());
        self.hear(frame);
    }

    /// All that was coded.
    pub fn finish(mut self) -> Coded {
        // What the resamplers still hold.
        let silence = [0; Rate::Full.samples(FRAME_MS)];
        self.hear(silence.get(..self.frame()).unwrap_or_default());
        self.coded
    }

    fn hear(&mut self, frame: &[i16]) {
        let due = self.coded.opus.len() * FRAME_BYTES;
        let mut bytes = [0; FRAME_BYTES];
        self.narrow.hear(frame, |sound| {
            if self.coded.alaw.len() < due {
                g711::encode(Law::A, sound, &mut bytes);
                self.coded.alaw.extend_from_slice(&bytes);
            }
        });
        self.wide.hear(frame, |sound| {
            if self.coded.g722.len() < due {
                encode_g722(&mut self.g722, sound, &mut bytes);
                self.coded.g722.extend_from_slice(&bytes);
            }
        });
    }
}

impl fmt::Debug for ClipEncoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClipEncoder")
            .field("rate", &self.rate)
            .field("coded", &self.coded)
            .finish_non_exhaustive()
    }
}

/// The sound at another rate, in frames and not late.
struct Branch {
    resampler: Resampler,
    /// Samples of the resampler's delay that are still to be left out.
    late: usize,
    waiting: Vec<i16>,
    frame: usize,
}

impl Branch {
    fn new(from: Rate, to: Rate) -> Self {
        let resampler = Resampler::new(from, to);
        Self { late: resampler.delay(), resampler, waiting: Vec::new(), frame: to.samples(FRAME_MS) }
    }

    fn hear(&mut self, sound: &[i16], mut take: impl FnMut(&[i16])) {
        let mut room = [0; Rate::Full.samples(FRAME_MS)];
        let made = self.resampler.process(sound, &mut room);
        let late = self.late.min(made);
        self.late -= late;
        self.waiting.extend_from_slice(room.get(late..made).unwrap_or_default());
        let mut whole = self.waiting.chunks_exact(self.frame);
        (&mut whole).for_each(&mut take);
        let rest = whole.remainder().len();
        self.waiting.drain(..self.waiting.len() - rest);
    }
}

fn opus_encoder(rate: Rate) -> Result<opus::Encoder, opus::Error> {
    let mut encoder = opus::Encoder::new(rate.hz(), Channels::Mono, Application::Audio)?;
    encoder.set_bitrate(Bitrate::Bits(BITRATE))?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_signal(Signal::Auto)?;
    Ok(encoder)
}

const FRAME_MS: u32 = 20;
/// Of a frame of G.711 and of G.722.
const FRAME_BYTES: usize = 160;
/// Of one frame of Opus: RFC 6716 §3.2.1.
const LONGEST_PACKET: usize = 1275;
/// Bits a second: RFC 7587 §3.1.1 has 28 to 40 thousand for fullband speech; music is good at that too.
const BITRATE: i32 = 32_000;
/// The best that libopus can: it is coded once.
const COMPLEXITY: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::detect::{dominant, level_dbm0};
    use crate::codec::{Codec, Decoder};

    fn coded(rate: Rate, hz: f64, ms: u32) -> Coded {
        let mut encoder = ClipEncoder::new(rate);
        let wave = |n: usize| (8000.0 * (std::f64::consts::TAU * hz * n as f64 / f64::from(rate.hz())).sin()) as i16;
        let sound: Vec<i16> = (0..rate.samples(ms)).map(wave).collect();
        sound.chunks(encoder.frame()).for_each(|frame| encoder.encode(frame));
        encoder.finish()
    }

    fn decoded(codec: Codec, packets: Vec<&[u8]>) -> Vec<i16> {
        let mut decoder = Decoder::new(codec, Rate::Narrow);
        let mut room = [0; 960];
        let mut decode = |packet| {
            let made = decoder.decode(packet, &mut room);
            room[..made].to_vec()
        };
        packets.into_iter().flat_map(&mut decode).collect()
    }

    #[test]
    fn the_three_codings_are_as_long_as_one_another_and_hold_the_same_sound() {
        for rate in [Rate::Narrow, Rate::Full] {
            let clip = coded(rate, 1000.0, 1990);
            assert_eq!((clip.alaw.len(), clip.g722.len(), clip.opus.len()), (16_000, 16_000, 100), "{rate:?}");
            let packets = (0..100).map(|number| clip.opus.get(number)).collect();
            for (codec, packets) in [
                (Codec::Pcma, clip.alaw.chunks(160).collect()),
                (Codec::G722, clip.g722.chunks(160).collect()),
                (Codec::Opus, packets),
            ] {
                let heard = decoded(codec, packets);
                assert_eq!(heard.len(), 16_000, "{rate:?} {codec:?}");
                for block in heard[800..15_200].chunks_exact(320) {
                    let level = level_dbm0(block);
                    assert!(dominant(block).is_some_and(|hz| hz.abs_diff(1000) < 8), "{rate:?} {codec:?}");
                    assert!((level + 9.1).abs() < 1.0, "{rate:?} {codec:?} {level} dBm0");
                }
            }
        }
    }

    #[test]
    fn what_is_in_opus_already_gets_its_two_other_codings() {
        let made = coded(Rate::Wide, 1000.0, 1000);
        let clip = Coded::from_opus(made.opus.clone());
        assert_eq!((clip.alaw.len(), clip.g722.len(), &clip.opus), (8_000, 8_000, &made.opus));
        for (codec, bytes) in [(Codec::Pcma, &clip.alaw), (Codec::G722, &clip.g722)] {
            let heard = decoded(codec, bytes.chunks(160).collect());
            for block in heard[800..7_200].chunks_exact(320) {
                assert!(dominant(block).is_some_and(|hz| hz.abs_diff(1000) < 8), "{codec:?}");
                assert!((level_dbm0(block) + 9.1).abs() < 1.0, "{codec:?}");
            }
        }
        assert_eq!(Coded::from_opus(Packets::default()), Coded::default());
    }

    #[test]
    fn a_law_of_a_full_clip_is_not_late() {
        let mut encoder = ClipEncoder::new(Rate::Full);
        let mut sound = vec![0; 48_000];
        sound[24_000] = 30_000;
        sound.chunks(960).for_each(|frame| encoder.encode(frame));
        let heard = decoded(Codec::Pcma, encoder.finish().alaw.chunks(160).collect());
        let loudest = (0..heard.len()).max_by_key(|at| heard[*at].unsigned_abs());
        assert!(loudest.is_some_and(|at| at.abs_diff(4000) <= 1), "{loudest:?}");
    }

    #[test]
    fn nothing_is_coded_to_nothing_and_packets_beyond_the_last_are_empty() {
        assert_eq!(ClipEncoder::new(Rate::Full).finish(), Coded::default());
        let mut packets = Packets::default();
        packets.push(b"one");
        packets.push(b"");
        assert_eq!(
            (packets.len(), packets.get(0), packets.get(1), packets.get(2)),
            (2, &b"one"[..], &b""[..], &b""[..])
        );
    }
}
