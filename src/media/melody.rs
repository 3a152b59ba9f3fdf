//! The melody that waits with a caller where the office has no tunes of its own: soft broken chords, made here, so that it
//! belongs to nobody and needs no file.

use std::f32::consts::TAU;
use std::sync::{Arc, LazyLock};

use super::Clip;
use crate::codec::SAMPLE_RATE;

/// The melody, made when it is first asked for: that takes a fraction of a second.
pub fn built_in() -> &'static Arc<Clip> {
    static MELODY: LazyLock<Arc<Clip>> = LazyLock::new(|| Arc::new(Clip::endless(&round())));
    &MELODY
}

/// One round of the melody, some 15 seconds; its end leads into its beginning.
fn round() -> Vec<i16> {
    let note = NOTE_MS * SAMPLE_RATE as usize / 1000;
    let mut sound = vec![0.0; note * CHORDS.len() * PATTERN.len()];
    let onsets = CHORDS.iter().flat_map(|chord| PATTERN.map(|step| chord[step]));
    for (number, hz) in onsets.enumerate() {
        pluck(&mut sound, number * note, hz);
    }
    sound.into_iter().map(|sample| sample.round() as i16).collect()
}

/// A string that is plucked at that sample and fades; beyond the end it sounds on at the beginning.
fn pluck(sound: &mut [f32], at: usize, hz: f32) {
    let length = sound.len();
    for n in 0..RINGS_MS * SAMPLE_RATE as usize / 1000 {
        let seconds = n as f32 / SAMPLE_RATE as f32;
        let attack = (seconds / ATTACK_SECONDS).min(1.0);
        let turn = TAU * hz * seconds;
        let tone = turn.sin() + 0.2 * (2.0 * turn).sin();
        if let Some(sample) = sound.get_mut((at + n) % length) {
            *sample += LOUDEST * attack * (-seconds / FADE_SECONDS).exp() * tone;
        }
    }
}

/// Four chords of the scale of C, in Hz.
const CHORDS: [[f32; 4]; 4] = [
    [261.6, 329.6, 392.0, 523.3],
    [220.0, 261.6, 329.6, 440.0],
    [174.6, 261.6, 349.2, 440.0],
    [196.0, 293.7, 392.0, 587.3],
];
/// In which order the notes of a chord sound.
const PATTERN: [usize; 8] = [0, 1, 2, 3, 2, 1, 3, 2];
const NOTE_MS: usize = 480;
/// A note is heard so long, below those that follow.
const RINGS_MS: usize = 1900;
const ATTACK_SECONDS: f32 = 0.012;
const FADE_SECONDS: f32 = 0.5;
/// Of one note at its start; with those that still ring about −14 dBm0 in all.
const LOUDEST: f32 = 4200.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::detect::level_dbm0;
    use crate::codec::{Codec, Decoder, Rate};

    #[test]
    fn the_melody_never_falls_silent_never_clips_and_closes_without_a_jump() {
        let samples = round();
        assert_eq!(samples.len(), 32 * 480 * 8);
        for second in samples.chunks_exact(8000) {
            let level = level_dbm0(second);
            assert!((-22.0..-9.0).contains(&level), "{level} dBm0");
        }
        let around = samples.iter().zip(samples.iter().skip(1).chain(samples.first()));
        let steepest = around.map(|(one, next)| (i32::from(*one) - i32::from(*next)).abs()).max();
        assert!(steepest.is_some_and(|step| step < 6000), "{steepest:?}");
        assert!(samples.iter().all(|sample| sample.unsigned_abs() < 30_000));
    }

    #[test]
    fn a_wide_band_telephone_hears_no_seam_between_two_rounds() {
        let (clip, samples) = (built_in(), round());
        assert_eq!(clip.frames() * 160, samples.len());
        let mut decoder = Decoder::new(Codec::G722, Rate::Narrow);
        let mut heard = Vec::new();
        let end = clip.g722().rchunks(160).take(25).collect::<Vec<_>>();
        for packet in end.into_iter().rev().chain(clip.g722().chunks(160).take(25)) {
            let mut sound = [0; 160];
            decoder.decode(packet, &mut sound);
            heard.extend_from_slice(&sound);
        }
        let (heard, made) = (heard.get(4000..8000).expect("a round begins"), samples.get(..4000).expect("15 s"));
        for (heard, made) in heard.chunks_exact(400).zip(made.chunks_exact(400)) {
            let (heard, made) = (level_dbm0(heard), level_dbm0(made));
            assert!((heard - made).abs() < 2.0, "{heard} dBm0 instead of {made}");
        }
    }
}
