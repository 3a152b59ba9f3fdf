//! The outside wall: the only code that may block, sleep, spawn, open or ask the time.

pub mod board;
pub mod http;
