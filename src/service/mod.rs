//! Services that speak and are reached by a code or a number: mailbox, entry to a conference, echo, clock, recording.

mod phrase;

pub use phrase::Phrase;
