//! The routing graph: `check` finds loops and dead ends, [`executor`] takes one call along it, `timetable` tells open from
//! closed. «What if» runs the same executor as real calls. Knows no SIP, no clock: facts and outcomes come in, steps go out.

pub mod executor;
pub mod timetable;

pub use executor::{Collect, Executor, Facts, GroupExit, HangUpWhy, Outcome, Step};
