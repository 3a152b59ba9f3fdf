//! Comfort noise: what a pause sounds like when the sender describes it instead of sending it (RFC 3389).

use super::Rate;

/// Makes noise of a described level and colour.
#[derive(Debug)]
pub(super) struct Noise {
    rate: Rate,
    /// Root mean square that the output shall have, and that it has: it glides, so that a new description makes no step.
    target: f32,
    level: f32,
    /// What the filter adds to the level of its white input, and its reflection coefficients.
    gain: f32,
    reflection: [f32; ORDER],
    lattice: [f32; ORDER],
    seed: u32,
}

impl Noise {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, target: 0.0, level: 0.0, gain: 1.0, reflection: [0.0; ORDER], lattice: [0.0; ORDER], seed: 1 }
    }

    /// Takes a description: the level in −dBov, then reflection coefficients (§3.1, §3.2). An empty one changes nothing.
    pub(super) fn describe(&mut self, payload: &[u8]) {
        let Some((level, coefficients)) = payload.split_first() else { return };
        self.target = OVERLOAD * 10f32.powf(-f32::from(level & 0x7F) / 20.0);
        self.reflection = [0.0; ORDER];
        let mut residue = 1.0;
        for (reflection, byte) in self.reflection.iter_mut().zip(coefficients) {
            // A coefficient of 1 or more would ring for ever; the last codes say 1.008.
            *reflection = ((f32::from(*byte) - 127.0) / 127.0).clamp(-STEEPEST, STEEPEST);
            residue *= 1.0 - *reflection * *reflection;
        }
        self.gain = residue.sqrt();
    }

    /// The next samples.
    pub(super) fn fill(&mut self, out: &mut [i16]) {
        let glide = 1.0 / self.rate.samples(GLIDE_MS) as f32;
        for sample in out {
            self.level += (self.target - self.level) * glide;
            let white = self.chance() * self.gain;
            *sample = (self.filter(white) * self.level).round() as i16;
        }
    }

    /// Forgets its level: the next noise starts from silence.
    pub(super) fn rest(&mut self) {
        self.level = 0.0;
    }

    /// White, of variance 1, without a peak over 1.74: a linear congruential generator's upper bits.
    fn chance(&mut self) -> f32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let even = (self.seed >> 8) as f32 / (1u32 << 23) as f32 - 1.0;
        even * 3f32.sqrt()
    }

    /// The all-pole lattice filter.
    fn filter(&mut self, input: f32) -> f32 {
        let mut forward = input;
        let mut held = [0.0; ORDER];
        for stage in (0..ORDER).rev() {
            let (k, before) = (self.reflection[stage], self.lattice[stage]);
            forward -= k * before;
            held[stage] = before + k * forward;
        }
        // What a stage gives backwards is what the next one holds.
        self.lattice[1..].copy_from_slice(&held[..ORDER - 1]);
        self.lattice[0] = forward;
        forward
    }
}

/// Coefficients that are listened to; further ones add hardly anything to a room's noise.
const ORDER: usize = 10;
/// RFC 3389 §3.1: 0 dBov is the loudest square wave.
const OVERLOAD: f32 = 32_768.0;
const STEEPEST: f32 = 0.97;
const GLIDE_MS: u32 = 5;
