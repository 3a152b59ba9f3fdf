//! Tones as a telephone hears them: signals of the country with their cadence, and the sixteen digits (ITU-T Q.23). Sound has
//! no jump where one block meets the next.

use super::{FULL_SCALE_DBM0, SAMPLE_RATE};

/// A tone of one or two frequencies that is switched on and off by a cadence, without end. About −10 dBm0 in all.
#[derive(Clone, Debug)]
pub struct ToneGenerator {
    chord: Chord,
    cadence: Box<[u32]>,
    /// Which part of the cadence sounds, and how many samples of it are left.
    part: usize,
    left: u32,
}

impl ToneGenerator {
    /// `frequencies` in Hz, one that is 0 is absent. `cadence_ms` is sound, silence, sound, silence …, repeated; when it is empty
    /// or holds only zeros the tone sounds without a break.
    pub fn new(frequencies: [u16; 2], cadence_ms: &[u16]) -> Self {
        let sounding = frequencies.iter().filter(|hz| **hz != 0).count();
        let each = if sounding == 2 { TONE_DBM0 - HALF_POWER_DB } else { TONE_DBM0 };
        let endless = cadence_ms.iter().all(|ms| *ms == 0);
        let cadence: Box<[u32]> =
            if endless { Box::default() } else { cadence_ms.iter().map(|ms| samples(u32::from(*ms))).collect() };
        let left = cadence.first().copied().unwrap_or(0);
        Self { chord: Chord::new(frequencies, [each, each]), cadence, part: 0, left }
    }

    /// The next samples.
    pub fn fill(&mut self, mut block: &mut [i16]) {
        if self.cadence.is_empty() {
            return self.chord.fill(block);
        }
        while !block.is_empty() {
            if self.left == 0 {
                self.next_part();
                continue;
            }
            let length = block.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let (now, later) = block.split_at_mut(length);
            if self.part % 2 == 0 {
                self.chord.fill(now)
            } else {
                now.fill(0)
            }
            self.left -= u32::try_from(length).unwrap_or(self.left);
            block = later;
        }
    }

    /// Each sound starts at phase zero, so that it starts without a click.
    fn next_part(&mut self) {
        self.part = if self.part + 1 < self.cadence.len() { self.part + 1 } else { 0 };
        self.left = self.cadence.get(self.part).copied().unwrap_or(0);
        self.chord.restart();
    }
}

/// A digit as two tones, for a peer that doesn't take RFC 4733 events: −11 dBm0 low, −9 dBm0 high.
#[derive(Clone, Debug)]
pub struct DigitTone {
    chord: Chord,
    left: u32,
}

impl DigitTone {
    /// `None` when `digit` is none of `0`–`9`, `*`, `#`, `A`–`D`.
    pub fn new(digit: char, duration_ms: u32) -> Option<Self> {
        let frequencies = digit_frequencies(digit)?;
        Some(Self { chord: Chord::new(frequencies, [LOW_GROUP_DBM0, HIGH_GROUP_DBM0]), left: samples(duration_ms) })
    }

    /// The next samples, silence after the end. Returns whether any of them sounded.
    pub fn fill(&mut self, block: &mut [i16]) -> bool {
        let length = block.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let (sound, silence) = block.split_at_mut(length);
        self.chord.fill(sound);
        silence.fill(0);
        self.left -= u32::try_from(length).unwrap_or(self.left);
        length > 0
    }
}

/// The low and the high frequency of a digit in Hz: ITU-T Q.23. Letters in any case.
pub fn digit_frequencies(digit: char) -> Option<[u16; 2]> {
    let digit = digit.to_ascii_uppercase();
    DIGITS.iter().zip(LOW_GROUP).find_map(|(row, low)| {
        let column = row.iter().position(|key| *key == digit)?;
        HIGH_GROUP.get(column).map(|high| [low, *high])
    })
}

/// Up to two sines at once.
#[derive(Clone, Debug)]
struct Chord {
    sines: [Sine; 2],
}

impl Chord {
    fn new(frequencies: [u16; 2], levels_dbm0: [f32; 2]) -> Self {
        let [first, second] = frequencies;
        let [first_level, second_level] = levels_dbm0;
        Self { sines: [Sine::new(first, first_level), Sine::new(second, second_level)] }
    }

    fn restart(&mut self) {
        for sine in &mut self.sines {
            sine.restart();
        }
    }

    fn fill(&mut self, block: &mut [i16]) {
        let [first, second] = &mut self.sines;
        for sample in block {
            // Float to integer saturates in Rust, and the levels leave 13 dB of room.
            *sample = (first.next() + second.next()).round() as i16;
        }
        first.steady();
        second.steady();
    }
}

/// A pointer that turns by a fixed angle each sample; its height is the sine. No trigonometry while it plays.
#[derive(Clone, Copy, Debug)]
struct Sine {
    amplitude: f32,
    step: (f32, f32),
    pointer: (f32, f32),
}

impl Sine {
    fn new(hz: u16, level_dbm0: f32) -> Self {
        let angle = std::f64::consts::TAU * f64::from(hz) / f64::from(SAMPLE_RATE);
        let amplitude = if hz == 0 { 0.0 } else { amplitude(level_dbm0) };
        Self { amplitude, step: (angle.cos() as f32, angle.sin() as f32), pointer: START }
    }

    fn restart(&mut self) {
        self.pointer = START;
    }

    fn next(&mut self) -> f32 {
        let ((x, y), (cos, sin)) = (self.pointer, self.step);
        self.pointer = (x * cos - y * sin, x * sin + y * cos);
        y * self.amplitude
    }

    /// Takes out the rounding that changes the pointer's length.
    fn steady(&mut self) {
        let (x, y) = self.pointer;
        let length = x.hypot(y);
        if length > 0.5 {
            self.pointer = (x / length, y / length);
        }
    }
}

/// The peak of a sine of that level.
fn amplitude(level_dbm0: f32) -> f32 {
    f32::from(i16::MAX) * 10f32.powf((level_dbm0 - FULL_SCALE_DBM0) / 20.0)
}

const fn samples(ms: u32) -> u32 {
    ms.saturating_mul(SAMPLE_RATE / 1000)
}

const START: (f32, f32) = (1.0, 0.0);
const TONE_DBM0: f32 = -10.0;
const HALF_POWER_DB: f32 = 3.01;
/// The high group is sent a little louder, since lines lose more of it: ITU-T Q.23, ETSI ES 201 235-2 §4.2.3.
const LOW_GROUP_DBM0: f32 = -11.0;
const HIGH_GROUP_DBM0: f32 = -9.0;

/// Hz, top row of the keypad first.
pub(crate) const LOW_GROUP: [u16; 4] = [697, 770, 852, 941];
/// Hz, left column first.
pub(crate) const HIGH_GROUP: [u16; 4] = [1209, 1336, 1477, 1633];
/// The keypad, with the letters that only machines send.
pub(crate) const DIGITS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
