//! Token buckets: so many for ever, so many at once.

use crate::base::{Duration, Instant};

/// What a bucket lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// One more after each such time.
    each: Duration,
    /// At once, after a silence.
    burst: u32,
}

impl Rate {
    /// So many a second, and so many at once. `count` divides a second.
    pub(super) const fn per_second(count: u32, burst: u32) -> Self {
        Self { each: Duration::from_nanos(1_000_000_000 / count as u64), burst }
    }

    /// One in each such time, and so many at once.
    pub(super) const fn one_each(each: Duration, burst: u32) -> Self {
        Self { each, burst }
    }

    fn full(self) -> Duration {
        self.each.saturating_mul(self.burst)
    }
}

/// What may still pass, as the time in which it would have come together, and as of when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    level: Duration,
    at: Instant,
}

impl Bucket {
    pub(super) fn full(rate: Rate, now: Instant) -> Self {
        Self { level: rate.full(), at: now }
    }

    fn level(&self, rate: Rate, now: Instant) -> Duration {
        self.level.saturating_add(now.since(self.at)).min(rate.full())
    }

    /// Whether it says nothing that a new one wouldn't.
    pub(super) fn is_full(&self, rate: Rate, now: Instant) -> bool {
        self.level(rate, now) >= rate.full()
    }

    /// Whether nothing may pass now.
    pub(super) fn is_empty(&self, rate: Rate, now: Instant) -> bool {
        self.level(rate, now) < rate.each
    }

    /// Lets one pass, if it may.
    pub(super) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let level = self.level(rate, now);
        self.at = self.at.max(now);
        let left = level.checked_sub(rate.each);
        self.level = left.unwrap_or(level);
        left.is_some()
    }
}
