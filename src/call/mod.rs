//! The B2BUA: calls and their legs, ringing, the desk's steps, and the row of history each call leaves.

pub mod cdr;
