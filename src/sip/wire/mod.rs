//! Bytes ⇄ messages: RFC 3261 §7, §19, §20, §25. Tolerant of what real phones send (folding, compact names, bare LF,
//! spaces before colons, Latin-1), strict about what would let two readers disagree (RFC 4475).
//!
//! Knows no transaction, no dialog and no socket. A [`Message`] keeps its header fields as text in their order; what
//! a field means is read on demand ([`Headers::from`], [`Headers::vias`], …). [`parse`] has looked at all that a
//! transaction needs before it hands a message out: Via, From, To, Call-ID and CSeq of a parsed message are there and
//! can be read, and so can Contact, Route and Record-Route of a request.
//!
//! Body bytes are never looked at. Everything here is linear in the length of its input.

#![warn(clippy::indexing_slicing)]

mod address;
mod error;
mod frame;
mod headers;
mod host;
mod lines;
mod message;
mod method;
mod name;
mod params;
mod parse;
mod replaces;
mod status;
mod text;
mod uri;
mod via;

pub use address::NameAddr;
pub use error::{FrameError, Malformed, ParseError};
pub use frame::{Frame, Framer};
pub use headers::{CSeq, Headers};
pub use host::Host;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name::Name;
pub use params::Params;
pub use parse::parse;
pub use replaces::{BadReplaces, Replaces};
pub use uri::{Scheme, Uri};
pub use via::Via;

#[cfg(test)]
mod tests;
