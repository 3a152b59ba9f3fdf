//! How long sound should wait: the delay under which nearly all packets come in time, measured over the last seconds.
//! Two parts: [`Floor`], the shortest way that packets took lately, and [`Target`], how much longer the others take.

use super::micros;

/// The shortest way of the last two to four seconds, in µs of an arbitrary zero: arrival less the time at which the
/// sound was due to be sent. Two halves, so that a clock that drifts and a way that grows longer are followed.
#[derive(Debug, Default)]
pub(super) struct Floor {
    now: Option<i64>,
    before: Option<i64>,
    since: i64,
}

impl Floor {
    /// The shortest way.
    pub(super) fn get(&self) -> i64 {
        self.now.into_iter().chain(self.before).min().unwrap_or(0)
    }

    /// Takes a packet's way; returns by how much it is above the shortest. µs.
    pub(super) fn measure(&mut self, arrival: i64, way: i64) -> i64 {
        if arrival - self.since > HALF_MICROS {
            (self.before, self.now, self.since) = (self.now.or(self.before), None, arrival);
        }
        self.now = Some(self.now.map_or(way, |now| now.min(way)));
        way - self.get()
    }
}

/// A histogram of how late packets are, in which the newest weigh most.
#[derive(Debug)]
pub(super) struct Target {
    /// By steps of [`STEP_MS`]; the last one is open.
    weights: [f32; STEPS],
    total: f32,
    /// Of the next packet: grows instead of all the others shrinking.
    weight: f32,
    /// What a packet later than expected adds at once; falls slowly. Milliseconds.
    spike_ms: f32,
    /// The longest packet of late, milliseconds.
    packet_ms: u32,
    target_ms: u32,
}

impl Default for Target {
    fn default() -> Self {
        let mut weights = [0.0; STEPS];
        if let Some(weight) = weights.get_mut(START_STEP) {
            *weight = START_WEIGHT;
        }
        let mut target =
            Self { weights, total: START_WEIGHT, weight: 1.0, spike_ms: 0.0, packet_ms: LEAST_MS, target_ms: 0 };
        target.update();
        target
    }
}

impl Target {
    /// The delay to play with, above the shortest way. Milliseconds, up to [`MOST_MS`].
    pub(super) fn ms(&self) -> u32 {
        self.target_ms
    }

    /// Takes a packet of `ms` that came `late` µs after the fastest ones.
    pub(super) fn measure(&mut self, late: i64, ms: u32) {
        let late_ms = u32::try_from(late.max(0) / micros(1)).unwrap_or(u32::MAX).min(MOST_MS);
        self.packet_ms = ms;
        let place = (late_ms / STEP_MS) as usize; // below STEPS, as late_ms is bounded
        if let Some(weight) = self.weights.get_mut(place) {
            *weight += self.weight;
            self.total += self.weight;
        }
        self.weight *= 1.0 + ms as f32 / MEMORY_MS;
        if self.weight > HEAVIEST {
            self.weights.iter_mut().for_each(|weight| *weight /= HEAVIEST);
            self.total = self.weights.iter().sum();
            self.weight /= HEAVIEST;
        }
        self.spike_ms = (self.spike_ms - ms as f32 * SPIKE_FALL).max(0.0);
        if late_ms > self.target_ms {
            self.spike_ms = self.spike_ms.max((late_ms - self.target_ms) as f32 * SPIKE_RISE);
        }
        self.update();
    }

    fn update(&mut self) {
        let least = self.packet_ms.max(LEAST_MS);
        let wanted = self.quantile_ms() + MARGIN_MS + self.spike_ms as u32; // the fraction of a millisecond is cut
        self.target_ms = wanted.clamp(least, MOST_MS);
    }

    /// Within how many milliseconds all but [`LATE_SHARE`] came.
    fn quantile_ms(&self) -> u32 {
        let mut left = self.total * LATE_SHARE;
        for (step, weight) in self.weights.iter().enumerate().rev() {
            left -= weight;
            if left < 0.0 {
                return (step as u32 + 1) * STEP_MS; // a step of few
            }
        }
        0
    }
}

/// The longest delay that is aimed at: beyond it a talk becomes a taking of turns, and concealing is the lesser evil.
pub(super) const MOST_MS: u32 = 200;
/// The shortest.
const LEAST_MS: u32 = 20;
const STEP_MS: u32 = 5;
const STEPS: usize = (MOST_MS / STEP_MS) as usize + 1;
/// The share of packets that may come too late: concealing one in a hundred is hardly heard, waiting for it is.
const LATE_SHARE: f32 = 0.009;
/// For the grain of the histogram and of the caller's ticks.
const MARGIN_MS: u32 = 5;
/// What a packet weighs falls to 1/e in this time.
const MEMORY_MS: f32 = 8000.0;
/// Before anything was measured: as if some packets had come within 20 to 25 ms.
const START_STEP: usize = 4;
const START_WEIGHT: f32 = 10.0;
/// A late packet raises the target by this share of what was missing, at once;
const SPIKE_RISE: f32 = 0.25;
/// which falls again by 8 ms a second.
const SPIKE_FALL: f32 = 0.008;
/// Keeps the sums within what an f32 adds up exactly enough.
const HEAVIEST: f32 = 1000.0;
/// Half of the time over which the shortest way is looked for: two seconds.
const HALF_MICROS: i64 = 2_000_000;
