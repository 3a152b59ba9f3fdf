//! What sounds in a block: digits pressed by a caller whose carrier sends them as sound, and, for tests and simulated
//! phones, which tone dominates.
//!
//! The digit detector meets ITU-T Q.24 as far as a single receiver can: digits of 40 ms and more, pauses of 40 ms and more,
//! ±1.5 % of frequency, ±8 dB of twist. A voice is told from a digit by three things at once: hardly anything may sound
//! beside the two tones (a voice's harmonics do), both frequencies must stand still to some Hz from block to block
//! (a voice glides), and all that for 32 ms.

use super::tone::{DIGITS, HIGH_GROUP, LOW_GROUP};
use super::{FULL_SCALE_DBM0, SAMPLE_RATE};

/// A digit that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardDigit {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digit: char,
    /// How long it sounded, good to some 10 ms.
    pub duration_ms: u32,
}

/// Hears digits in a stream of 8 kHz samples.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    bank: [Resonator; 8],
    /// Samples and energy of the half block that is being filled.
    filled: usize,
    energy: f32,
    previous: HalfBlock,
    /// What the last whole block held: to see whether its tones stand still.
    last: Option<Pair>,
    /// What a tone of each row takes from a tone of each column within one block, and the other way round.
    leaks: [[Phasor; 4]; 4],
    state: State,
}

impl Default for DtmfDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl DtmfDetector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        let mut bank = [Resonator::default(); 8];
        for (resonator, hz) in bank.iter_mut().zip(LOW_GROUP.into_iter().chain(HIGH_GROUP)) {
            *resonator = Resonator::new(hz);
        }
        let leaks = LOW_GROUP.map(|low| HIGH_GROUP.map(|high| Phasor::leak(low, high)));
        Self { bank, filled: 0, energy: 0.0, previous: HalfBlock::default(), last: None, leaks, state: State::Idle }
    }

    /// Whether a key is down: what sounds is long enough for a digit already.
    pub fn is_sounding(&self) -> bool {
        matches!(self.state, State::Sounding { .. })
    }

    /// Listens on. Each digit is told once, at its end; a slice of up to 60 ms holds at most one end.
    pub fn listen(&mut self, samples: &[i16]) -> Option<HeardDigit> {
        let mut heard = None;
        for sample in samples {
            let sample = f32::from(*sample);
            self.energy += sample * sample;
            for resonator in &mut self.bank {
                resonator.push(sample);
            }
            self.filled += 1;
            if self.filled == HALF_BLOCK {
                heard = self.end_half_block().or(heard);
            }
        }
        heard
    }

    /// A block is two half blocks, and each half block belongs to two blocks: so a digit can't hide between blocks.
    fn end_half_block(&mut self) -> Option<HeardDigit> {
        let mut half = HalfBlock { energy: self.energy, ..HalfBlock::default() };
        let mut block = [Phasor::default(); 8];
        let tones = block.iter_mut().zip(&mut half.tones).zip(&self.previous.tones);
        for (resonator, ((whole, tone), earlier)) in self.bank.iter_mut().zip(tones) {
            *tone = resonator.take();
            *whole = earlier.times(resonator.turn).plus(*tone);
        }
        let energy = half.energy + self.previous.energy;
        self.previous = half;
        (self.filled, self.energy) = (0, 0.0);

        let pair = self.pair_in(&block, energy);
        let before = self.last.filter(|last| pair.is_some_and(|pair| last.digit == pair.digit));
        self.last = pair;
        let hit = match (&before, &mut self.last) {
            (Some(before), Some(pair)) => stands_still(&self.bank, before, pair),
            (None, Some(pair)) => pair.low.explained + pair.high.explained >= MIN_SHARE_AT_ONSET,
            (_, None) => false,
        };
        self.state.advance(pair.filter(|_| hit).map(|pair| pair.digit))
    }

    /// The two tones that may make up the block, each cleared of what the other leaks into it.
    fn pair_in(&self, block: &[Phasor; 8], energy: f32) -> Option<Pair> {
        let (low_block, high_block) = block.split_at(4);
        let (row, low) = strongest(low_block)?;
        let (column, high) = strongest(high_block)?;
        let leak = *self.leaks.get(row)?.get(column)?;
        let rest = 1.0 - leak.power();
        let low_alone = low.minus(leak.times(high)).scaled(1.0 / rest);
        let high_alone = high.minus(leak.conjugate().times(low)).scaled(1.0 / rest);
        let (low_power, high_power) = (low_alone.power(), high_alone.power());
        let loud = low_power.min(high_power) >= MIN_POWER;
        let level = low_power <= high_power * MAX_TWIST && high_power <= low_power * MAX_TWIST;
        if !(loud && level) {
            return None;
        }
        let whole = energy * BLOCK as f32 / 2.0;
        Some(Pair {
            digit: *DIGITS.get(row)?.get(column)?,
            low: Tone { bin: row, phasor: low_alone, explained: low_alone.dot(low) / whole, off: None },
            high: Tone { bin: column + 4, phasor: high_alone, explained: high_alone.dot(high) / whole, off: None },
        })
    }
}

/// Both tones are where they must be since the block before, and hardly anything sounds beside them. Notes in `now` how far
/// they are off.
fn stands_still(bank: &[Resonator; 8], before: &Pair, now: &mut Pair) -> bool {
    let low = share_in_place(bank, &before.low, &mut now.low);
    let high = share_in_place(bank, &before.high, &mut now.high);
    low.zip(high).is_some_and(|(low, high)| low + high >= MIN_SHARE)
}

/// A pure tone turns its phasor by the same angle each half block; what is over the nominal angle tells how far it is off its
/// frequency. Returns its share of the power, without what the block's width takes from a tone that is off; `None`
/// when it is too far off, or off by another distance than before.
fn share_in_place(bank: &[Resonator; 8], before: &Tone, now: &mut Tone) -> Option<f32> {
    let resonator = bank.get(now.bin)?;
    let turned = now.phasor.times(before.phasor.times(resonator.turn).conjugate());
    let radians = turned.angle();
    let off = radians / std::f32::consts::TAU * (SAMPLE_RATE as f32 / HALF_BLOCK as f32);
    now.off = Some(off);
    let glides = before.off.is_some_and(|was| (off - was).abs() > GLIDE_HZ);
    if glides || off.abs() > DEVIATION_HZ + resonator.hz * DEVIATION_SHARE {
        return None;
    }
    // The block is two half blocks long, so its response is sinc² of just that angle.
    let response = if radians.abs() < 0.01 { 1.0 } else { radians.sin() / radians };
    Some(now.explained / (response * response))
}

/// Where a digit is in its life, counted in half blocks.
#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// Too short for a digit so far.
    Rising {
        digit: char,
        hits: u32,
    },
    /// A digit, until it is missed for long enough. `length` runs from its first hit to its last.
    Sounding {
        digit: char,
        length: u32,
        misses: u32,
        rival: u32,
    },
}

impl State {
    fn advance(&mut self, hit: Option<char>) -> Option<HeardDigit> {
        let (next, ended) = match (*self, hit) {
            (Self::Rising { digit, hits }, Some(now)) if now == digit && hits + 1 >= HITS => {
                (Self::Sounding { digit, length: hits, misses: 0, rival: 0 }, None)
            }
            (Self::Rising { digit, hits }, Some(now)) if now == digit => (Self::Rising { digit, hits: hits + 1 }, None),
            (Self::Idle | Self::Rising { .. }, Some(digit)) => (Self::Rising { digit, hits: 1 }, None),
            (Self::Idle | Self::Rising { .. }, None) => (Self::Idle, None),
            (Self::Sounding { digit, length, misses, .. }, Some(now)) if now == digit => {
                (Self::Sounding { digit, length: length + misses + 1, misses: 0, rival: 0 }, None)
            }
            (Self::Sounding { digit, length, misses, rival }, hit) => {
                let rival = if hit.is_some() { rival + 1 } else { 0 };
                if misses + 1 < MISSES {
                    (Self::Sounding { digit, length, misses: misses + 1, rival }, None)
                } else {
                    let next = match hit {
                        Some(digit) => Self::Rising { digit, hits: rival },
                        None => Self::Idle,
                    };
                    (next, Some(HeardDigit { digit, duration_ms: half_blocks_ms(length) }))
                }
            }
        };
        *self = next;
        ended
    }
}

/// From the start of the first block that was hit to the end of the last one.
fn half_blocks_ms(length: u32) -> u32 {
    let half = u32::try_from(HALF_BLOCK).unwrap_or(0);
    (length + 2).saturating_mul(half) / (SAMPLE_RATE / 1000)
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    digit: char,
    low: Tone,
    high: Tone,
}

#[derive(Clone, Copy, Debug)]
struct Tone {
    bin: usize,
    phasor: Phasor,
    /// Its share of the block's power, 0 … 1.
    explained: f32,
    /// How far it is off its frequency in Hz; not known before the second block.
    off: Option<f32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct HalfBlock {
    tones: [Phasor; 8],
    energy: f32,
}

fn strongest(tones: &[Phasor]) -> Option<(usize, Phasor)> {
    tones.iter().copied().enumerate().max_by(|a, b| a.1.power().total_cmp(&b.1.power()))
}

/// Goertzel's recursion for one frequency.
#[derive(Clone, Copy, Debug, Default)]
struct Resonator {
    hz: f32,
    double_cos: f32,
    /// One sample back in time.
    back: Phasor,
    /// One half block forward in time.
    turn: Phasor,
    near: f32,
    far: f32,
}

impl Resonator {
    fn new(hz: u16) -> Self {
        let angle = std::f64::consts::TAU * f64::from(hz) / f64::from(SAMPLE_RATE);
        Self {
            hz: f32::from(hz),
            double_cos: 2.0 * angle.cos() as f32,
            back: Phasor::at(-angle),
            turn: Phasor::at(angle * HALF_BLOCK as f64),
            ..Self::default()
        }
    }

    fn push(&mut self, sample: f32) {
        let next = sample + self.double_cos * self.near - self.far;
        self.far = self.near;
        self.near = next;
    }

    /// The tone of what was pushed, its phase as of the last sample; starts anew.
    fn take(&mut self) -> Phasor {
        let tone = Phasor { x: self.near - self.far * self.back.x, y: -self.far * self.back.y };
        (self.near, self.far) = (0.0, 0.0);
        tone
    }
}

/// A tone's strength and phase.
#[derive(Clone, Copy, Debug, Default)]
struct Phasor {
    x: f32,
    y: f32,
}

impl Phasor {
    fn at(angle: f64) -> Self {
        Self { x: angle.cos() as f32, y: angle.sin() as f32 }
    }
    fn times(self, other: Self) -> Self {
        Self { x: self.x * other.x - self.y * other.y, y: self.x * other.y + self.y * other.x }
    }
    /// The mean of one tone's pointer as seen from the other's, over a block that ends now.
    fn leak(low: u16, high: u16) -> Self {
        let angle = std::f64::consts::TAU * (f64::from(low) - f64::from(high)) / f64::from(SAMPLE_RATE);
        let sum = (0..BLOCK).fold(Self::default(), |sum, back| sum.plus(Self::at(angle * back as f64)));
        sum.scaled(1.0 / BLOCK as f32)
    }
    fn scaled(self, by: f32) -> Self {
        Self { x: self.x * by, y: self.y * by }
    }
    fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }
    fn minus(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }
    fn plus(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y }
    }
    fn conjugate(self) -> Self {
        Self { x: self.x, y: -self.y }
    }
    fn power(self) -> f32 {
        self.x * self.x + self.y * self.y
    }
    fn angle(self) -> f32 {
        self.y.atan2(self.x)
    }
}

/// Loudness of a block in dBm0; −100 for silence.
pub fn level_dbm0(block: &[i16]) -> f32 {
    let energy: f64 = block.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum();
    decibels(energy / block.len().max(1) as f64)
}

/// Loudness in dBm0 of one frequency in a block; the block should hold some tens of ms (160 samples tell 50 Hz apart).
pub fn level_of(block: &[i16], hz: u16) -> f32 {
    decibels(mean_square(block, f64::from(hz)))
}

/// The one frequency in Hz that makes up most of a block, good to some 5 Hz over 20 ms. `None` for silence (under
/// −50 dBm0), noise, and where two tones share the block evenly.
pub fn dominant(block: &[i16]) -> Option<u16> {
    let (hz, share) = Ear::peak(block, None)?;
    (share > 0.6).then_some(hz)
}

/// What a listener would say of a block: for tests and simulated phones, too slow for the media path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ear {
    /// Loudness of all that sounds.
    pub level_dbm0: f32,
    /// Up to two frequencies in Hz that make up the block, the stronger first.
    pub frequencies: [Option<u16>; 2],
}

impl Ear {
    /// Listens to one block; two tones are told apart when they are over 200 Hz apart in 20 ms, less in longer blocks.
    pub fn hear(block: &[i16]) -> Self {
        let first = Self::peak(block, None).filter(|(_, share)| *share > 0.15);
        let second = first.and_then(|(hz, _)| Self::peak(block, Some(hz))).filter(|(_, share)| *share > 0.15);
        Self { level_dbm0: level_dbm0(block), frequencies: [first.map(|tone| tone.0), second.map(|tone| tone.0)] }
    }

    /// Whether both frequencies sound, in any order, to 15 Hz.
    pub fn hears(&self, pair: [u16; 2]) -> bool {
        pair.iter().all(|hz| self.frequencies.iter().flatten().any(|heard| heard.abs_diff(*hz) <= 15))
    }

    /// The strongest frequency and its share of the power, away from `besides`.
    fn peak(block: &[i16], besides: Option<u16>) -> Option<(u16, f64)> {
        if level_dbm0(block) < -50.0 {
            return None;
        }
        let all = block.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum::<f64>() / block.len() as f64;
        let width = f64::from(SAMPLE_RATE) / block.len() as f64;
        let clear = |hz: f64| besides.is_none_or(|other| (hz - f64::from(other)).abs() > 3.0 * width);
        let steps = (0..).map(|step| 50.0 + width / 2.0 * f64::from(step)).take_while(|hz| *hz < 3950.0);
        let coarse = strongest_of(block, steps.filter(|hz| clear(*hz)))?;
        let near = (-8..=8).map(|step| coarse + width / 16.0 * f64::from(step));
        let fine = strongest_of(block, near.filter(|hz| clear(*hz)))?;
        Some((fine.round() as u16, mean_square(block, fine) / all))
    }
}

fn strongest_of(block: &[i16], candidates: impl Iterator<Item = f64>) -> Option<f64> {
    candidates.map(|hz| (mean_square(block, hz), hz)).max_by(|a, b| a.0.total_cmp(&b.0)).map(|best| best.1)
}

/// The power that one frequency has in a block.
fn mean_square(block: &[i16], hz: f64) -> f64 {
    let angle = std::f64::consts::TAU * hz / f64::from(SAMPLE_RATE);
    let double_cos = 2.0 * angle.cos();
    let (near, far) =
        block.iter().fold((0.0, 0.0), |(near, far), sample| (f64::from(*sample) + double_cos * near - far, near));
    let power = near * near + far * far - double_cos * near * far;
    2.0 * power / (block.len().max(1) as f64).powi(2)
}

fn decibels(mean_square: f64) -> f32 {
    let full_scale = f64::from(i16::MAX).powi(2) / 2.0;
    (10.0 * (mean_square / full_scale).max(1e-10).log10()) as f32 + FULL_SCALE_DBM0
}

/// Samples. Two make a block of 13 ms: 77 Hz wide, as narrow as the groups demand and as short as 40 ms allow.
const HALF_BLOCK: usize = 52;
const BLOCK: usize = 2 * HALF_BLOCK;
/// Blocks in a row that make a digit: 32 ms.
const HITS: u32 = 4;
/// Half blocks in a row without it that end a digit: a break of up to 10 ms is bridged, a pause of 40 ms never.
const MISSES: u32 = 5;
/// Each tone at least −36 dBm0: a peak of 362.
const MIN_POWER: f32 = (362.0 * BLOCK as f32 / 2.0) * (362.0 * BLOCK as f32 / 2.0);
/// What the two tones have of all power; 0.9 is 9.5 dB over all else.
const MIN_SHARE: f32 = 0.9;
/// The same for the first block, which may begin before the digit and can't tell yet how far its tones are off.
const MIN_SHARE_AT_ONSET: f32 = 0.7;
/// 9.5 dB.
const MAX_TWIST: f32 = 8.9;
/// How far a tone may seem to be off its frequency: 1.5 % of Q.24 and what noise can feign.
const DEVIATION_SHARE: f32 = 0.018;
const DEVIATION_HZ: f32 = 3.0;
/// How far it may seem to move from block to block.
const GLIDE_HZ: f32 = 10.0;

#[cfg(test)]
mod tests;
