//! How many letters alarms may make: some an hour one by one, the rest as one letter when the hour is over. Whoever scans the box must
//! not fill the admin's mailbox with it. Pure: time comes in.

use std::collections::VecDeque;

use crate::base::WallTime;

/// Letters of one alarm each, within an hour.
pub(super) const AN_HOUR: usize = 10;
/// Alarms that a digest tells one by one.
pub(super) const IN_A_DIGEST: usize = 20;
const HOUR_MS: i64 = 3600 * 1000;

#[derive(Debug, Default)]
pub(super) struct Letters {
    sent: VecDeque<WallTime>,
    held: Vec<String>,
    more: usize,
}

/// What had to wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digest {
    /// The first ones.
    pub(super) texts: Vec<String>,
    /// How many were beside them.
    pub(super) more: usize,
}

impl Letters {
    /// Whether this alarm may have a letter of its own now; else it waits for the digest.
    pub(super) fn admit(&mut self, now: WallTime, text: String) -> bool {
        self.forget(now);
        if self.held.is_empty() && self.sent.len() < AN_HOUR {
            self.sent.push_back(now);
            return true;
        }
        if self.held.len() < IN_A_DIGEST {
            self.held.push(text);
        } else {
            self.more += 1;
        }
        false
    }

    /// The digest, when its time has come.
    pub(super) fn due(&mut self, now: WallTime) -> Option<Digest> {
        self.forget(now);
        if self.held.is_empty() || self.sent.len() >= AN_HOUR {
            return None;
        }
        self.sent.push_back(now);
        Some(Digest { texts: std::mem::take(&mut self.held), more: std::mem::take(&mut self.more) })
    }

    /// A clock that was set back would otherwise hold the letters for as long.
    fn forget(&mut self, now: WallTime) {
        self.sent.retain(|at| at.0 <= now.0 && now.0 - at.0 < HOUR_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> WallTime {
        WallTime(seconds * 1000)
    }

    #[test]
    fn a_flood_makes_some_letters_and_one_digest_an_hour() {
        let mut letters = Letters::default();
        let admitted = (0..1000).filter(|nth| letters.admit(at(*nth), format!("{nth}"))).count();
        assert_eq!(admitted, AN_HOUR);
        assert_eq!(letters.due(at(1000)), None);
        let digest = letters.due(at(3600)).expect("an hour after the first");
        assert_eq!((digest.texts.len(), digest.more), (IN_A_DIGEST, 1000 - AN_HOUR - IN_A_DIGEST));
        assert_eq!(digest.texts[0], "10");
        assert_eq!(letters.due(at(3600)), None);
        let in_a_day =
            (3600..86_400).filter(|nth| letters.admit(at(*nth), String::new()) || letters.due(at(*nth)).is_some());
        assert!(in_a_day.count() <= 24 * AN_HOUR);
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_letters() {
        let mut letters = Letters::default();
        for _ in 0..AN_HOUR {
            assert!(letters.admit(at(1_000_000), String::new()));
        }
        assert!(letters.admit(at(1000), String::new()));
    }
}
