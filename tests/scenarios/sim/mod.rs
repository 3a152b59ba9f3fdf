//! The simulated world: virtual clock, seeded network, phones, a carrier, an ear, and checkers that watch.

mod checks;
mod net;
mod phone;
mod story;
mod watcher;
mod world;

pub(crate) use net::Link;
pub(crate) use phone::{Answer, CallState, Leaves, PhoneId};
pub(crate) use watcher::WatcherId;
pub(crate) use world::{EXCHANGE, STRANGE_PORT, World, read_office};

pub(crate) use std::time::Duration;

/// Seconds.
pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Milliseconds.
pub(crate) fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// 20 ms of a tone, A-law.
pub(crate) fn tone(hz: u16) -> Vec<u8> {
    phone::tone_payload(hz, 8)
}
