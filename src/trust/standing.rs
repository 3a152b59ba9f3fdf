//! What a box may today: by its licence, within the trial, or at the free level.

use super::hardware::Hardware;
use super::licence::{Amount, Day, Function, Functions, Licence, Refusal};
use crate::base::{Duration, WallTime};

/// An ending licence is told so many days ahead.
pub const WARNING_DAYS: i64 = 30;
/// A box without a licence works in full for so long.
const TRIAL: Duration = Duration::from_secs(30 * 24 * 3600);
const DAY_MS: i64 = 86_400_000;

/// How much a box may. Nothing of it ever ends a call, and an emergency call is never asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The first so many extensions call and are called.
    pub extensions: Amount,
    /// Calls with the city at a time.
    pub outside_calls: Amount,
    /// What works.
    pub functions: Functions,
}

/// By what a box works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Without a licence, in full.
    Trial {
        /// Then comes the free level.
        until: WallTime,
    },
    /// By its licence.
    Licensed {
        /// Its last day, if it has one.
        last: Option<Day>,
    },
    /// Its licence is over and works on for a while.
    Grace {
        /// Its last day.
        last: Day,
        /// Then comes the free level.
        until: WallTime,
    },
    /// Five extensions, two calls with the city, no recording.
    Free {
        /// Why its licence doesn't hold, if it has one.
        why: Option<Refusal>,
    },
}

/// What holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// By what.
    pub state: State,
    /// And how much.
    pub allowance: Allowance,
    /// Days that are left until less is allowed, when that is within [`WARNING_DAYS`]; the last day is 0.
    pub days_left: Option<u32>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self::full()
    }
}

impl Allowance {
    /// Everything: the trial, and tests of what has nothing to do with licences.
    pub fn full() -> Self {
        Self { extensions: Amount::Unlimited, outside_calls: Amount::Unlimited, functions: Functions::all() }
    }

    /// The level without a licence (product.md §2).
    pub fn free() -> Self {
        Self {
            extensions: Amount::Only(5),
            outside_calls: Amount::Only(2),
            functions: Functions::all().without(Function::Recording),
        }
    }

    /// Whether something works.
    pub fn has(&self, function: Function) -> bool {
        self.functions.has(function)
    }
}

impl Standing {
    /// Of a box that was first started at `first_start` and has this licence, whose signature is proved.
    pub fn of(licence: Option<&Licence>, here: &Hardware, first_start: WallTime, now: WallTime) -> Self {
        let trial_ends = first_start + TRIAL;
        let refusal = match licence.map(|licence| (licence, licence.judge(here, now))) {
            Some((licence, Ok(()))) => return Self::by(licence, now),
            Some((_, Err(refusal))) => Some(refusal),
            None => None,
        };
        if now < trial_ends {
            let days_left = soon((trial_ends.millis() - now.millis()).div_euclid(DAY_MS));
            return Self { state: State::Trial { until: trial_ends }, allowance: Allowance::full(), days_left };
        }
        Self { state: State::Free { why: refusal }, allowance: Allowance::free(), days_left: None }
    }

    /// By a licence that holds.
    fn by(licence: &Licence, now: WallTime) -> Self {
        let allowance = Allowance {
            extensions: licence.extensions,
            outside_calls: licence.outside_calls,
            functions: licence.functions,
        };
        let Some(last) = licence.expires else {
            return Self { state: State::Licensed { last: None }, allowance, days_left: None };
        };
        if now < last.is_over() {
            let days_left = soon(last.days_after(Day::of(now)));
            return Self { state: State::Licensed { last: Some(last) }, allowance, days_left };
        }
        let end = last.plus(i32::from(licence.grace_days));
        let days_left = soon(end.days_after(Day::of(now)));
        Self { state: State::Grace { last, until: end.is_over() }, allowance, days_left }
    }
}

/// Days that are worth a word.
fn soon(days: i64) -> Option<u32> {
    (days < WARNING_DAYS).then(|| u32::try_from(days).unwrap_or(0))
}
