//! The routing graph: [`check`] finds loops and dead ends, [`executor`] takes one call along it, [`timetable`] tells open from
//! closed. «What if» ([`whatif`]) runs the same executor as real calls. Knows no SIP, no clock: facts and outcomes come in, steps go out.

pub mod check;
pub mod executor;
#[cfg(test)]
mod testing;
pub mod timetable;
pub mod whatif;

pub use executor::{Collect, Executor, Facts, GroupExit, HangUpWhy, Outcome, Step};
