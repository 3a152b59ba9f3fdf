//! room
pub mod sound;
