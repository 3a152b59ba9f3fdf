//! What every room may use and nothing else: time as a value, timers, ids, seeded chance, bounds.

pub mod id;
pub mod limits;
mod message;
mod rng;
mod time;
mod timers;

pub use id::*;
pub use message::Message;
pub use rng::Rng;
pub use time::{Instant, WallTime};
pub use timers::{TimerQueue, Timers};

pub use std::time::Duration;
