//! What the phones say where sound is decoded: a second of a voice, again and again, each with a pitch of its own, so that an ear
//! tells by the pitch whom it hears.
//!
//! It is no speech, but costs codecs about what speech does: harmonics under three formants, four syllables a second, hiss between.

use std::collections::VecDeque;
use std::f32::consts::TAU;

use dozvon::codec::{Codec, Decoder, Encoder, OpusParameters, Rate};

/// Packets in the second.
pub const FRAMES: usize = 50;
pub const FRAME_MS: u32 = 20;
/// The payload type of Opus here.
pub const OPUS_TYPE: u8 = 107;
/// As many voices are told apart.
pub const VOICES: usize = 100;
/// The lowest pitch in Hz; the next voice is a Hz higher. All are within an octave.
const LOWEST: usize = 100;
/// What ears compare: the lowest harmonics are the same for many.
const COMPARED: std::ops::RangeInclusive<usize> = 3..=8;

/// What a peer asks of our Opus: as browsers and most phones do.
pub fn parameters() -> OpusParameters {
    OpusParameters { fec: true, ..OpusParameters::default() }
}

pub fn payload_type(codec: Codec) -> u8 {
    codec.static_payload_type().unwrap_or(OPUS_TYPE)
}

/// A second of voice `number`; `None`: of a line where nobody speaks.
pub fn sound(number: Option<usize>, rate: Rate) -> Vec<i16> {
    let hz = rate.hz() as f32;
    let mut noise = 1u32;
    let mut hiss = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 16) as f32 / 32_768.0 - 1.0
    };
    let Some(number) = number else { return (0..rate.hz()).map(|_| (hiss() * 4.0) as i16).collect() };
    let pitch = (LOWEST + number) as f32;
    let formant = |f: f32, at: f32, width: f32| 1.0 / (1.0 + ((f - at) / width).powi(2));
    let harmonics: Vec<(f32, f32, f32)> = (1..)
        .map(|k| k as f32 * pitch)
        .take_while(|f| *f < hz * 0.43)
        .zip(1..)
        .map(|(f, k): (f32, i32)| {
            let level = formant(f, 550.0, 200.0) + 0.4 * formant(f, 1500.0, 250.0) + 0.15 * formant(f, 2600.0, 400.0);
            (f, level, (k * k) as f32)
        })
        .collect();
    (0..rate.hz())
        .map(|at| {
            let second = at as f32 / hz;
            let syllable = (TAU * 4.0 * second).sin().max(0.0).sqrt();
            let buzz: f32 = harmonics.iter().map(|(f, level, turn)| level * (TAU * f * second + turn).sin()).sum();
            (2500.0 * syllable * buzz + 300.0 * (1.0 - syllable) * hiss()).clamp(-30_000.0, 30_000.0) as i16
        })
        .collect()
}

/// The same as payloads of 20 ms, from an encoder that has been at it for a second.
pub fn payloads(codec: Codec, number: Option<usize>) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec, &parameters());
    let sound = sound(number, encoder.rate());
    let mut frames = Vec::new();
    for frame in sound.repeat(2).chunks_exact(encoder.rate().samples(FRAME_MS)) {
        let mut payload = [0; 1275];
        let length = encoder.encode(frame, &mut payload);
        frames.push(payload[..length].to_vec());
    }
    frames.split_off(FRAMES)
}

/// Which of the first `voices` is heard in the payloads of a second; `None` when nobody is.
pub fn whom(codec: Codec, heard: &VecDeque<Vec<u8>>, voices: usize) -> Option<usize> {
    let mut decoder = Decoder::new(codec, Rate::Narrow);
    let mut sound = Vec::new();
    for payload in heard {
        let mut room = [0; 960];
        let length = decoder.decode(payload, &mut room);
        sound.extend(room[..length].iter().map(|sample| f32::from(*sample)));
    }
    let all: f32 = sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len().max(1) as f32;
    let score = |voice: usize| COMPARED.map(|k| power(&sound, (k * (LOWEST + voice)) as f32)).sum::<f32>();
    let best = (0..voices).map(|voice| (score(voice), voice)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| all > 10_000.0 && *score > all * 0.1).map(|(_, voice)| voice)
}

/// Mean square of what is of that frequency: Goertzel's algorithm.
fn power(sound: &[f32], hz: f32) -> f32 {
    let turn = 2.0 * (TAU * hz / Rate::Narrow.hz() as f32).cos();
    let (mut one, mut two) = (0.0f32, 0.0f32);
    for sample in sound {
        (one, two) = (sample + turn * one - two, one);
    }
    let length = sound.len().max(1) as f32;
    2.0 * (one * one + two * two - turn * one * two) / (length * length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ear_tells_voices_apart_in_every_codec() {
        for codec in Codec::ALL {
            for voice in [0, 1, 50, VOICES - 1] {
                let heard: VecDeque<_> = payloads(codec, Some(voice)).into();
                assert_eq!(heard.len(), FRAMES);
                assert_eq!(whom(codec, &heard, VOICES), Some(voice), "{codec:?}");
            }
            assert_eq!(whom(codec, &payloads(codec, None).into(), VOICES), None, "{codec:?}");
            assert_eq!(whom(codec, &VecDeque::new(), VOICES), None);
        }
    }
}
