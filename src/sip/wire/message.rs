//! Requests and responses.

use super::{Headers, Method, Uri};

/// A SIP message: RFC 3261 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// RFC 3261 §7.1.
    Request(Request),
    /// RFC 3261 §7.2.
    Response(Response),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// All header fields but Content-Length, which [`write`](super::write) makes from the body.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase, as it came.
    pub reason: String,
    /// All header fields but Content-Length.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Vec<u8>,
}
