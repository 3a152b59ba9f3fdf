//! What day it is for a licence. A clock that is set back gives no more days, and one that was wrong for an hour takes none.

use crate::base::{Duration, WallTime};

/// No day of this program is before 2026: a clock that says so was never set, and what it says counts for nothing.
const OLDEST: WallTime = WallTime(1_767_225_600_000);
/// A clock may go back by so much without a word: summer time, corrections, a battery that is weak.
const LENIENCE_MS: i64 = 24 * 3_600_000;
/// A leap of more than this is believed only after [`PROOF`].
const LEAP_MS: i64 = 35 * 24 * 3_600_000;
/// A clock that leapt is believed when it has gone on for so long.
const PROOF: Duration = Duration::from_secs(24 * 3600);

/// Follows the clock by looking at it now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// No day before it comes again.
    reached: WallTime,
    /// A leap that is not believed yet has lasted for so long.
    leaping: Duration,
    set_back: bool,
}

impl Calendar {
    /// One that has come to `reached`, by what was kept of before.
    pub fn new(reached: WallTime) -> Self {
        Self { reached, leaping: Duration::ZERO, set_back: false }
    }

    /// The clock says `wall`, `passed` after the last look (by a clock that nobody sets).
    pub fn look(&mut self, wall: WallTime, passed: Duration) {
        if !Self::is_set(self.reached) {
            self.reached = wall;
            return;
        }
        let ahead = wall.millis().saturating_sub(self.reached.millis());
        self.set_back = ahead < -LENIENCE_MS;
        if ahead > LEAP_MS {
            self.leaping += passed;
            if self.leaping >= PROOF {
                self.reached = wall;
                self.leaping = Duration::ZERO;
                return;
            }
        } else {
            self.leaping = Duration::ZERO;
            if ahead > 0 {
                self.reached = wall;
                return;
            }
        }
        if self.set_back || self.leaping > Duration::ZERO {
            self.reached = self.reached + passed;
        }
    }

    /// Whether a clock that says so was ever set.
    pub fn is_set(at: WallTime) -> bool {
        at >= OLDEST
    }

    /// The day that counts.
    pub fn reached(&self) -> WallTime {
        self.reached
    }

    /// The clock is behind what it has shown before.
    pub fn is_set_back(&self) -> bool {
        self.set_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY_MS: i64 = 24 * 3_600_000;

    fn at(days: i64) -> WallTime {
        WallTime(20_600 * DAY_MS + days * DAY_MS)
    }

    #[test]
    fn days_come_with_the_clock() {
        let mut calendar = Calendar::new(at(0));
        calendar.look(at(3), HOUR);
        assert_eq!((calendar.reached(), calendar.is_set_back()), (at(3), false));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_days() {
        let mut calendar = Calendar::new(at(10));
        for _ in 0..48 {
            calendar.look(at(-300), HOUR);
        }
        assert!(calendar.is_set_back());
        assert_eq!(calendar.reached(), at(12));
        calendar.look(at(13), HOUR);
        assert_eq!((calendar.reached(), calendar.is_set_back()), (at(13), false));
    }

    #[test]
    fn a_clock_that_was_never_set_is_believed_as_soon_as_it_is() {
        let mut calendar = Calendar::new(WallTime(5_000));
        calendar.look(WallTime(6_000), HOUR);
        calendar.look(at(700), HOUR);
        assert_eq!((calendar.reached(), calendar.is_set_back()), (at(700), false));
    }

    #[test]
    fn a_clock_that_was_wrong_for_an_hour_takes_no_days() {
        let mut calendar = Calendar::new(at(0));
        calendar.look(at(4_000), HOUR);
        calendar.look(at(0), HOUR);
        assert!(calendar.reached().millis() <= at(1).millis());
        assert!(!calendar.is_set_back());
    }

    #[test]
    fn a_box_that_lay_in_a_drawer_for_a_year_comes_to_the_right_day_after_one() {
        let mut calendar = Calendar::new(at(0));
        for _ in 0..24 {
            calendar.look(at(400), HOUR);
        }
        assert_eq!(calendar.reached(), at(400));
    }
}
