//! The outside wall: the only code that may block, sleep, spawn, open a file or a socket, or ask the time.

pub mod board;
pub mod clock;
pub mod config;
pub mod http;
pub mod net;
pub mod rtp;
pub mod sound;
pub mod store;

#[cfg(test)]
pub(crate) mod scratch;
