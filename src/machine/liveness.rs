//! Whether the exchange is alive: when it is started (again), when it hangs and must be ended, and whether the watchdog, which starts the
//! whole machine anew, is still to be fed. Times come in; nothing is done here.

use crate::base::{Duration, Instant};

/// An exchange that does not turn for so long hangs.
pub const HANGS_AFTER: Duration = Duration::from_secs(15);
/// What a start may take: an old database is brought up to date.
pub const STARTS_WITHIN: Duration = Duration::from_secs(120);
/// Without a sign of life for so long, the machine itself is to blame.
pub const STARVES_AFTER: Duration = Duration::from_secs(60);
/// After so long the next end is not one of a row.
const STEADY_AFTER: Duration = Duration::from_secs(60);
/// Waits between one start and the next, at most this.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Ends in a row, about half a minute, after which a version on trial is none.
pub const HOPELESS_ENDS: u32 = 6;

/// What is known of the exchange.
#[derive(Clone, Debug)]
pub struct Liveness {
    process: Process,
    /// Of the exchange, as it last told.
    turns: Option<u64>,
    /// The watchdog is fed until then whatever happens.
    fed_until: Instant,
    /// Ends in a row.
    ends: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Process {
    /// None; one is started then.
    Waits { until: Instant },
    /// It has not told yet that it turns.
    Starts { since: Instant },
    /// It turned.
    Lives { since: Instant, turned: Instant },
}

impl Liveness {
    /// The steward begins: an exchange is due at once.
    pub fn new(now: Instant) -> Self {
        Self { process: Process::Waits { until: now }, turns: None, fed_until: now + STARTS_WITHIN, ends: 0 }
    }

    /// Whether a process is to be started now.
    pub fn is_due(&self, now: Instant) -> bool {
        matches!(self.process, Process::Waits { until } if now >= until)
    }

    /// One was started.
    pub fn started(&mut self, now: Instant) {
        self.process = Process::Starts { since: now };
        self.turns = None;
    }

    /// It told how often it has turned.
    pub fn turned(&mut self, now: Instant, turns: u64) {
        if self.turns == Some(turns) {
            return;
        }
        let first = self.turns.replace(turns).is_none();
        self.process = match self.process {
            // Of a process that has just ended.
            Process::Waits { .. } => return,
            // The first number may be of a loop that stands; the second one shows that it turns.
            Process::Starts { .. } if first => return,
            Process::Starts { since } | Process::Lives { since, .. } => Process::Lives { since, turned: now },
        };
        self.fed_until = self.fed_until.max(now + STARVES_AFTER);
    }

    /// It ended, or could not be started. The next one waits: 1, 2, 4 … 10 seconds.
    pub fn ended(&mut self, now: Instant) {
        let steady = matches!(self.process, Process::Lives { since, .. } if now.since(since) >= STEADY_AFTER);
        self.ends = if steady { 0 } else { self.ends.saturating_add(1) };
        let wait = Duration::from_secs(1) * 2_u32.saturating_pow(self.ends.saturating_sub(1).min(8));
        self.process = Process::Waits { until: now + wait.min(LONGEST_WAIT) };
        self.turns = None;
    }

    /// Whether it is to be ended: it turns no more, or has never begun to.
    pub fn hangs(&self, now: Instant) -> bool {
        match self.process {
            Process::Waits { .. } => false,
            Process::Starts { since } => now.since(since) >= STARTS_WITHIN,
            Process::Lives { turned, .. } => now.since(turned) >= HANGS_AFTER,
        }
    }

    /// Whether it has turned, and not ended since.
    pub fn lives(&self) -> bool {
        matches!(self.process, Process::Lives { .. })
    }

    /// Whether it ends again and again, so that nothing better is to be hoped for.
    pub fn keeps_ending(&self) -> bool {
        self.ends >= HOPELESS_ENDS
    }

    /// Whether the watchdog is to be fed.
    pub fn is_fed(&self, now: Instant) -> bool {
        now < self.fed_until
    }
}

#[cfg(test)]
mod tests;
