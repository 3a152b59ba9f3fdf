//! Against guessing of PINs, over all calls: each wrong one counts for who tried and for what was tried, so that neither many
//! numbers nor many rooms help. Nothing is forgiven for a right one: who has a mailbox could else guess at others between.

use std::collections::BTreeMap;

use crate::base::{Duration, Instant};

/// Wrong ones that are free, within [`RECENT`] of each other.
const FREE: u32 = 3;

/// A pause after which waits begin anew.
const RECENT: Duration = Duration::from_secs(10 * 60);

/// The first wait; each next one is twice as long, to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// So many wrong ones, and every attempt is refused for [`REFUSAL`].
const MOST: u32 = 10;

/// How long attempts are refused. One wrong one is forgotten each time that this passes, so later each costs as much.
const REFUSAL: Duration = Duration::from_secs(60 * 60);

/// Sources, and targets, that are remembered; then the one whose last wrong one is longest ago is forgotten. There are fewer
/// targets than this, so no flood of made-up numbers frees a target.
const REMEMBERED: usize = 2_000;

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the PIN.
    Right,
    /// It is not.
    Wrong,
    /// Too soon: it was not looked at. Again after this time.
    Later(Duration),
    /// Not looked at, and neither will others be for long.
    Refused,
}

/// Who guessed at what, and how often.
#[derive(Clone, Debug, Default)]
pub struct Guesses {
    sources: BTreeMap<String, Strikes>,
    targets: BTreeMap<String, Strikes>,
}

#[derive(Clone, Copy, Debug)]
struct Strikes {
    /// Since the last pause.
    recent: u32,
    /// All, less one an hour.
    all: u32,
    /// The time up to which `all` has been lessened.
    counted: Instant,
    last: Instant,
    next: Instant,
}

impl Guesses {
    /// An attempt of `source` (an extension, or a caller's number) at `target` (a conference's or a mailbox's number, which exists).
    /// `right` is whether it is the PIN; it matters only when attempts are looked at.
    pub fn attempt(&mut self, now: Instant, source: &str, target: &str, right: bool) -> Verdict {
        let known = self.sources.get(source).into_iter().chain(self.targets.get(target));
        let next = known.map(|strikes| strikes.next).max().unwrap_or(now);
        if next > now {
            let span = next.since(now);
            return if span > LONGEST_WAIT { Verdict::Refused } else { Verdict::Later(span) };
        }
        if right {
            return Verdict::Right;
        }
        for (table, name) in [(&mut self.sources, source), (&mut self.targets, target)] {
            make_room(table, name);
            table.entry(name.to_owned()).or_insert(Strikes::none(now)).strike(now);
        }
        Verdict::Wrong
    }
}

impl Strikes {
    const fn none(now: Instant) -> Self {
        Self { recent: 0, all: 0, counted: now, last: now, next: now }
    }

    fn strike(&mut self, now: Instant) {
        while self.all > 0 && now.since(self.counted) >= REFUSAL {
            self.all -= 1;
            self.counted += REFUSAL;
        }
        if self.all == 0 {
            self.counted = now;
        }
        if now.since(self.last) >= RECENT {
            self.recent = 0;
        }
        self.recent = self.recent.saturating_add(1);
        self.all = self.all.saturating_add(1);
        self.last = now;
        self.next = now + self.pause();
    }

    fn pause(&self) -> Duration {
        if self.all >= MOST {
            return REFUSAL;
        }
        match self.recent.checked_sub(FREE) {
            Some(doublings) => FIRST_WAIT.saturating_mul(1 << doublings.min(8)).min(LONGEST_WAIT),
            None => Duration::ZERO,
        }
    }
}

fn make_room(table: &mut BTreeMap<String, Strikes>, name: &str) {
    if table.len() >= REMEMBERED && !table.contains_key(name) {
        let oldest = table.iter().min_by_key(|(_, strikes)| strikes.last).map(|(name, _)| name.clone());
        oldest.and_then(|name| table.remove(&name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + secs(seconds)
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Wrong attempts as fast as they are looked at, to the first refusal: when each was looked at.
    fn storm(guesses: &mut Guesses, from: u64, source: &str, target: &str) -> Vec<u64> {
        let (mut now, mut looked) = (at(from), Vec::new());
        loop {
            match guesses.attempt(now, source, target, false) {
                Verdict::Later(span) => now += span,
                Verdict::Refused => return looked,
                Verdict::Wrong => looked.push(now.micros() / 1_000_000),
                Verdict::Right => panic!("a wrong one was right"),
            }
        }
    }

    #[test]
    fn three_wrong_ones_are_free_then_each_waits_longer_and_after_ten_comes_an_hour() {
        let mut guesses = Guesses::default();
        assert_eq!(storm(&mut guesses, 0, "200", "800"), [0, 0, 0, 5, 15, 35, 75, 135, 195, 255]);
        assert_eq!(guesses.attempt(at(255 + 3_000), "200", "800", true), Verdict::Refused, "even the right one");
        assert_eq!(guesses.attempt(at(255 + 3_600), "200", "800", true), Verdict::Right);
    }

    #[test]
    fn the_right_one_is_right_at_once_while_few_were_wrong() {
        let mut guesses = Guesses::default();
        guesses.attempt(at(0), "200", "800", false);
        guesses.attempt(at(0), "200", "800", false);
        assert_eq!(guesses.attempt(at(0), "200", "800", true), Verdict::Right);
    }

    #[test]
    fn neither_other_numbers_nor_other_rooms_help() {
        let mut guesses = Guesses::default();
        for source in ["79210000001", "79210000002", "79210000003"] {
            assert_eq!(guesses.attempt(at(0), source, "800", false), Verdict::Wrong);
        }
        assert_eq!(guesses.attempt(at(0), "79210000004", "800", false), Verdict::Later(secs(5)));
        for target in ["801", "802", "803"] {
            assert_eq!(guesses.attempt(at(10), "200", target, false), Verdict::Wrong);
        }
        assert_eq!(guesses.attempt(at(10), "200", "804", true), Verdict::Later(secs(5)));
        assert_eq!(guesses.attempt(at(10), "201", "804", true), Verdict::Right);
    }

    #[test]
    fn patience_buys_a_guess_an_hour_and_not_more() {
        let mut guesses = Guesses::default();
        let (mut now, mut looked) = (at(0), 0);
        let end = now + secs(10 * 24 * 3_600);
        while now < end {
            match guesses.attempt(now, "200", "800", false) {
                Verdict::Wrong => looked += 1,
                _ => now += secs(60),
            }
        }
        assert!((100..=10 * 24 + 10).contains(&looked), "{looked} in ten days");
    }

    #[test]
    fn a_pause_ends_the_waits() {
        let mut guesses = Guesses::default();
        (0..3).for_each(|_| assert_eq!(guesses.attempt(at(0), "200", "800", false), Verdict::Wrong));
        assert_eq!(guesses.attempt(at(4), "200", "800", false), Verdict::Later(secs(1)));
        assert_eq!(guesses.attempt(at(700), "200", "800", false), Verdict::Wrong);
        assert_eq!(guesses.attempt(at(700), "200", "800", false), Verdict::Wrong);
    }

    #[test]
    fn a_flood_of_made_up_numbers_fills_no_memory_and_frees_no_room() {
        let mut guesses = Guesses::default();
        storm(&mut guesses, 0, "200", "800");
        for number in 0..3 * u64::try_from(REMEMBERED).unwrap() {
            guesses.attempt(at(300), &number.to_string(), "801", false);
            guesses.attempt(at(300), &number.to_string(), &format!("9{}", number % 500), false);
        }
        assert!(guesses.sources.len() <= REMEMBERED && guesses.targets.len() <= REMEMBERED);
        assert_eq!(guesses.attempt(at(301), "201", "800", true), Verdict::Refused);
    }
}
