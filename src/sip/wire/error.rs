//! What can be wrong with the bytes of a peer.

use super::{Name, Response};

/// Why bytes are not a message, or text not the value it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing that looks like a start line: not answered, whoever sent it.
    #[error("not a sip message")]
    NotSip,
    /// The version is not 2.0: 505, RFC 3261 §21.5.6.
    #[error("sip version is not 2.0")]
    Version,
    /// A request line or status line that can't be read: RFC 3261 §7.1, §7.2.
    #[error("start line")]
    StartLine,
    /// The blank line after the header fields is missing.
    #[error("header fields without end")]
    Truncated,
    /// Longer than [`SIP_MESSAGE_BYTES`](crate::base::limits::SIP_MESSAGE_BYTES): 513, RFC 3261 §21.5.7.
    #[error("longer than {} bytes", crate::base::limits::SIP_MESSAGE_BYTES)]
    TooLong,
    /// More header fields than [`SIP_HEADERS`](crate::base::limits::SIP_HEADERS).
    #[error("more than {} header fields", crate::base::limits::SIP_HEADERS)]
    TooManyHeaders,
    /// A line among the header fields that is none: no colon, a name that is no token, a carriage return inside.
    #[error("line that is no header field")]
    HeaderLine,
    /// A header field that the message must have is absent.
    #[error("missing {0}")]
    Missing(Name),
    /// A header field that may stand once stands twice and contradicts itself.
    #[error("contradicting {0}")]
    Duplicate(Name),
    /// A header field's value can't be read.
    #[error("malformed {0}")]
    Header(Name),
    /// CSeq names another method than the request line: RFC 3261 §8.1.1.5.
    #[error("method of CSeq is not the request's")]
    CSeqMethod,
    /// Content-Length is no number, or is more than there is: RFC 3261 §18.3.
    #[error("Content-Length does not fit")]
    ContentLength,
    /// A URI that can't be read: RFC 3261 §19.1.
    #[error("malformed uri")]
    Uri,
    /// A host or port that can't be read.
    #[error("malformed host or port")]
    Host,
    /// A name-addr that can't be read: RFC 3261 §25.1.
    #[error("malformed address")]
    Address,
    /// Parameters that can't be read, or a tag or branch that stands twice.
    #[error("malformed parameters")]
    Params,
    /// A Via that can't be read: RFC 3261 §20.42.
    #[error("malformed via")]
    Via,
    /// A CSeq that can't be read, or of 2^31 and over: RFC 3261 §8.1.1.5.
    #[error("malformed cseq")]
    CSeq,
    /// A method or header name that is no token.
    #[error("not a token")]
    Token,
}

impl ParseError {
    /// The status that a request with this fault meets.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooLong => 513,
            _ => 400,
        }
    }
}

/// A message that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed message: {why}")]
pub struct Malformed {
    /// What is wrong.
    pub why: ParseError,
    /// What a broken request is answered with, statelessly, to where it came from. `None`: drop (a response, an ACK,
    /// a request without any Via, no SIP at all).
    pub reply: Option<Box<Response>>,
}

/// A stream that can't be followed any further: RFC 3261 §18.3. Send [`reply`](Self::reply), then close.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed stream: {why}")]
pub struct FrameError {
    /// What is wrong.
    pub why: ParseError,
    /// What to send before the connection is closed.
    pub reply: Option<Box<Response>>,
}
