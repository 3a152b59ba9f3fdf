//! Requests and responses, and how they are written.

use std::io::Write as _;

use super::text::one_line;
use super::{Headers, Method, Name, Uri};

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
    /// All header fields but Content-Length, which [`to_bytes`](Self::to_bytes) makes from the body.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase, as it came; may be empty.
    pub reason: String,
    /// All header fields but Content-Length.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Message {
    /// The header fields of either.
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// As on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl Request {
    /// A request without header fields and body. Those that the URI carries, as a contact may, have no place in a Request-URI
    /// (RFC 3261 §19.1.1) and are left out.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri: Uri { headers: None, ..uri }, headers: Headers::new(), body: Vec::new() }
    }

    /// A response to this, with the fields that RFC 3261 §8.2.6.2 wants copied: Via, From, To, Call-ID, CSeq. The tag
    /// of To is for the caller to add.
    pub fn reply(&self, status: u16) -> Response {
        let mut response = Response::new(status);
        response.headers = self.headers.for_reply();
        response
    }

    /// As on the wire. Line ends inside of values become spaces.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("{} {} SIP/2.0", self.method, self.uri);
        write(&start, &self.headers, &self.body)
    }
}

impl Response {
    /// A response without header fields and body, with the RFCs' reason phrase.
    pub fn new(status: u16) -> Self {
        let reason = Self::reason_for(status).to_owned();
        Self { status, reason, headers: Headers::new(), body: Vec::new() }
    }

    /// Whether this is a 1xx.
    pub const fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// Whether this is a 2xx.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// As on the wire. Line ends inside of values become spaces.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("SIP/2.0 {} {}", self.status, self.reason);
        write(&start, &self.headers, &self.body)
    }
}

impl Headers {
    /// The fields that a response takes over from its request; what stands twice by mistake is taken once.
    pub(super) fn for_reply(&self) -> Self {
        let mut copied = Self::with_capacity(12);
        for via in self.all(&Name::Via) {
            copied.push(Name::Via, via);
        }
        for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
            if let Some(value) = self.get(&name) {
                copied.push(name, value);
            }
        }
        copied
    }
}

/// Start line, fields, Content-Length (required over streams, welcome everywhere), body.
fn write(start: &str, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let fields: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let mut out = Vec::with_capacity(start.len() + fields + body.len() + 32);
    one_line(&mut out, start);
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| **name != Name::ContentLength) {
        one_line(&mut out, name.as_str());
        out.extend_from_slice(b": ");
        one_line(&mut out, value);
        out.extend_from_slice(b"\r\n");
    }
    // Writing to a Vec can't fail.
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
    out
}
