//! The outside wall: the only code that may block, sleep, spawn, open a file or a socket, or ask the time.

pub mod board;
pub mod clock;
pub mod http;
pub mod rtp;
pub mod store;

#[cfg(test)]
pub(crate) mod scratch;
