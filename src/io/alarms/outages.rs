//! When a trunk that is away becomes an alarm: after some minutes, since carriers restart their servers and lines have hiccups; and when
//! it is back. Pure: time and states come in.

use std::collections::HashMap;

use crate::base::WallTime;
use crate::guard::{Alarm, TrunkFault};

/// A trunk away for so long is told. Milliseconds.
pub(super) const PATIENCE_MS: i64 = 3 * 60 * 1000;
/// It is back when it has been for so long: one that comes and goes makes no letter each time. Milliseconds.
pub(super) const STEADY_MS: i64 = 30 * 1000;

/// A trunk as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It carries calls.
    Up,
    /// It is being tried: that says nothing.
    Unknown,
    /// It does not.
    Down(TrunkFault),
}

#[derive(Debug, Default)]
pub(super) struct Outages(HashMap<String, Outage>);

#[derive(Debug)]
struct Outage {
    since: WallTime,
    why: TrunkFault,
    told: bool,
    /// Up again, since then.
    up_since: Option<WallTime>,
}

impl Outages {
    /// What is to be told of these trunks; those that are gone are forgotten.
    pub(super) fn look<'t>(&mut self, now: WallTime, trunks: impl Iterator<Item = (&'t str, Seen)>) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        let mut before = std::mem::take(&mut self.0);
        for (name, seen) in trunks {
            let outage = match (before.remove(name), seen) {
                (None, Seen::Up | Seen::Unknown) => continue,
                (None, Seen::Down(why)) => Outage { since: now, why, told: false, up_since: None },
                (Some(outage), Seen::Unknown) => outage,
                (Some(outage), Seen::Down(why)) => Outage { why, up_since: None, ..outage },
                (Some(outage), Seen::Up) => Outage { up_since: outage.up_since.or(Some(now)), ..outage },
            };
            if let Some(outage) = outage.judge(now, name, &mut alarms) {
                self.0.insert(name.to_owned(), outage);
            }
        }
        alarms
    }
}

impl Outage {
    /// `None`: it is over.
    fn judge(mut self, now: WallTime, name: &str, alarms: &mut Vec<Alarm>) -> Option<Self> {
        let trunk = || name.to_owned();
        if let Some(up_since) = self.up_since {
            if self.told && now.0 - up_since.0 < STEADY_MS {
                return Some(self);
            }
            if self.told {
                let minutes = u32::try_from((up_since.0 - self.since.0) / 60_000).unwrap_or(0).max(1);
                alarms.push(Alarm::TrunkBack { trunk: trunk(), minutes });
            }
            return None;
        }
        if !self.told && now.0 - self.since.0 >= PATIENCE_MS {
            self.told = true;
            alarms.push(Alarm::TrunkDown { trunk: trunk(), why: self.why });
        }
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: Seen = Seen::Down(TrunkFault::Silent);

    fn look(outages: &mut Outages, seconds: i64, seen: Seen) -> Vec<&'static str> {
        let alarms = outages.look(WallTime(seconds * 1000), [("Билайн", seen)].into_iter());
        alarms.iter().map(Alarm::kind).collect()
    }

    #[test]
    fn a_trunk_that_stays_away_is_told_once_and_once_more_when_it_is_back() {
        let mut outages = Outages::default();
        assert!(look(&mut outages, 0, Seen::Unknown).is_empty() && look(&mut outages, 10, DOWN).is_empty());
        assert!(look(&mut outages, 100, Seen::Unknown).is_empty(), "trying again is no sign of life");
        assert!(look(&mut outages, 189, DOWN).is_empty());
        assert_eq!(look(&mut outages, 190, Seen::Down(TrunkFault::WrongPassword)), ["trunk_down"]);
        assert!(look(&mut outages, 4000, DOWN).is_empty());
        assert!(look(&mut outages, 4010, Seen::Up).is_empty(), "it may go again");
        assert!(look(&mut outages, 4020, DOWN).is_empty() && look(&mut outages, 4030, Seen::Up).is_empty());
        assert_eq!(look(&mut outages, 4060, Seen::Up), ["trunk_back"]);
        assert!(look(&mut outages, 4070, Seen::Up).is_empty());
    }

    #[test]
    fn a_hiccup_is_told_to_nobody_and_a_trunk_that_is_gone_is_forgotten() {
        let mut outages = Outages::default();
        for seconds in (0..3600).step_by(200) {
            assert!(look(&mut outages, seconds, DOWN).is_empty());
            assert!(look(&mut outages, seconds + 100, Seen::Up).is_empty());
        }
        assert!(look(&mut outages, 4000, DOWN).is_empty());
        assert!(outages.look(WallTime(5_000_000), std::iter::empty()).is_empty());
        assert!(look(&mut outages, 6000, DOWN).is_empty(), "it counts anew");
    }
}
