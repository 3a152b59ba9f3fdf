//! Dozvon, the telephone exchange of a small office.
//!
//! The rooms in reading order; arrows between them point downwards only, see ARCHITECTURE.md. The middle of
//! the program never touches the world: bytes, time, chance and answers from disk come in as values; bytes,
//! commands and deadlines go out as values. Only [`io`] owns a socket, a thread, a file or a clock.

pub mod io;

pub mod engine;

pub mod call;
pub mod lamp;
pub mod registrar;

// other exchanges' backups
pub mod import;

pub mod desk;
pub mod group;
pub mod guard;
pub mod number;
pub mod office;
pub mod provision;
pub mod service;
pub mod speech;
// the box under it all
pub mod machine;
// what the vendor signed
pub mod trust;

pub mod codec;
pub mod media;
pub mod rtp;
pub mod sdp;
pub mod sip;

pub mod base;
