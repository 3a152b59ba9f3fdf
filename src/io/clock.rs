//! Real time and entropy: the only place that reads a clock.

use std::io::Read;
use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

use crate::base::{Duration, Instant, WallTime};

/// The engine's time base: zero when it was made.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Stopwatch,
}

impl Clock {
    /// Starts the engine's time.
    pub fn start() -> Self {
        Self { start: Stopwatch::start() }
    }

    /// Time since the start.
    pub fn now(&self) -> Instant {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Instant::from_micros(micros)
    }

    /// The moment as the runtime's timers want it.
    pub fn to_monotonic(self, at: Instant) -> Monotonic {
        self.start.0 + Duration::from_micros(at.micros())
    }
}

/// Measures a span.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Monotonic);

impl Stopwatch {
    /// From now on.
    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    pub fn start() -> Self {
        Self(Monotonic::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What the calendar says. A clock before 1970 counts as 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// When the machine was switched on: proc_uptime(5). Now, where nobody knows.
pub fn power_on() -> WallTime {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    WallTime(wall().millis() - (seconds * 1_000.0) as i64)
}

/// 32 bytes from the kernel.
///
/// # Errors
/// When `/dev/urandom` can't be read.
pub fn entropy() -> std::io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(seed)
}
