//! Bytes ⇄ messages: RFC 3261 §7, §19, §20, §25. Tolerant of what real phones send (folding, compact names, bare LF,
//! spaces before colons, Latin-1), strict about what would let two readers disagree (RFC 4475).

mod headers;
mod message;
mod method;
mod uri;

pub use headers::{CSeq, Headers, Name};
pub use message::{Message, Request, Response};
pub use method::Method;
pub use uri::{Host, NameAddr, Params, Scheme, Uri, Via};
