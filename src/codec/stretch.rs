//! Time made shorter or longer without a change of pitch, for a jitter buffer that holds too much or too little: a piece of
//! the sound that repeats itself is cut out or doubled, and the seam is blended over 10 ms (WSOLA: Verhelst and Roelands,
//! ICASSP 1993).

use super::Rate;
use super::pitch::{Search, best_lag};

/// Takes 2.5 to 12.5 ms out of `sound`, which must have 30 ms or more of `rate`. Returns the samples removed; 0, and the
/// sound is as it was, when it is too short or a cut would be heard.
pub fn shorten(rate: Rate, sound: &mut Vec<i16>) -> usize {
    let Some(Seam { at, lag }) = seam(rate, sound) else { return 0 };
    let blended = rate.samples(BLEND_MS);
    // From the earlier stretch into the later one; what is read lies never before what is written.
    for step in 0..blended {
        let (earlier, later) = (sound[at - lag + step], sound[at + step]);
        sound[at - lag + step] = mix(earlier, later, step, blended);
    }
    sound.drain(at - lag + blended..at + blended);
    lag
}

/// Puts 2.5 to 12.5 ms into `sound`, which must have 30 ms or more of `rate`. Returns the samples added; 0, and the sound is
/// as it was, when it is too short or a repetition would be heard. Allocates nothing when `sound` has capacity for that.
pub fn lengthen(rate: Rate, sound: &mut Vec<i16>) -> usize {
    let Some(Seam { at, lag }) = seam(rate, sound) else { return 0 };
    let blended = rate.samples(BLEND_MS);
    let mut going_on = [0; Rate::Full.samples(BLEND_MS)];
    going_on[..blended].copy_from_slice(&sound[at..at + blended]);
    let length = sound.len();
    sound.resize(length + lag, 0);
    sound.copy_within(at - lag..length, at);
    for (step, before) in going_on[..blended].iter().enumerate() {
        sound[at + step] = mix(*before, sound[at + step], step, blended);
    }
    lag
}

/// Where two stretches of a sound, each as long as the blending, resemble each other: one at `at`, one a `lag` before. Both lie
/// within the sound.
struct Seam {
    at: usize,
    lag: usize,
}

fn seam(rate: Rate, sound: &[i16]) -> Option<Seam> {
    if sound.len() < rate.samples(SHORTEST_MS) {
        return None;
    }
    let window = rate.samples(BLEND_MS);
    let (least, most) = (rate.samples(5) / 2, rate.samples(25) / 2);
    let search = Search { least, most, window, stride: rate.samples(1) / 4 };
    let mut best: Option<(usize, usize, f32)> = None;
    for at in (most..=sound.len() - window).step_by(window) {
        if is_quiet(&sound[at - most..at + window]) {
            return Some(Seam { at, lag: most });
        }
        if let Some((lag, alike)) = best_lag(sound, at, &search)
            && best.is_none_or(|(_, _, before)| before < alike)
        {
            best = Some((at, lag, alike));
        }
    }
    best.filter(|(_, _, alike)| *alike >= ALIKE).map(|(at, lag, _)| Seam { at, lag })
}

fn is_quiet(sound: &[i16]) -> bool {
    let energy: i64 = sound.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum();
    energy <= QUIET_RMS * QUIET_RMS * i64::try_from(sound.len()).unwrap_or(i64::MAX)
}

/// From one sample to the other along `steps`.
fn mix(from: i16, to: i16, step: usize, steps: usize) -> i16 {
    let weight = (step + 1) as f32 / (steps + 1) as f32;
    (f32::from(from) + weight * (f32::from(to) - f32::from(from))).round() as i16
}

const SHORTEST_MS: u32 = 30;
const BLEND_MS: u32 = 10;
/// The correlation from which on a seam isn't heard: at worst the level dips by half a decibel for some ms.
const ALIKE: f32 = 0.9;
/// −50 dBm0: whatever is done to it, nobody hears.
const QUIET_RMS: i64 = 50;

#[cfg(test)]
mod tests;
