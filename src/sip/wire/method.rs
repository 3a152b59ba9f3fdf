//! Request methods.

use std::fmt;
use std::str::FromStr;

use super::ParseError;
use super::text::is_token;

/// A request method: RFC 3261 §7.1 and its extensions. Unknown ones are kept, so that they can be refused with 501.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Register,
    Options,
    Prack,
    Update,
    Info,
    Refer,
    Subscribe,
    Notify,
    Message,
    Publish,
    /// A token that no RFC we know defines. Case matters: RFC 3261 §7.1.
    Other(String),
}

impl Method {
    /// As on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Info => "INFO",
            Self::Refer => "REFER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(token) => token,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Any token; RFC 3261 §7.1.
impl FromStr for Method {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        if !is_token(text) {
            return Err(ParseError::Token);
        }
        // rsip reads `invite` as INVITE, which RFC 3261 §7.1 forbids.
        let known = text.parse::<rsip::Method>().ok().map(Self::from).filter(|known| known.as_str() == text);
        Ok(known.unwrap_or_else(|| Self::Other(text.to_owned())))
    }
}

/// The vocabulary is rsip's; a method that it learns must be learnt here, or this does not compile.
impl From<rsip::Method> for Method {
    fn from(known: rsip::Method) -> Self {
        match known {
            rsip::Method::Ack => Self::Ack,
            rsip::Method::Bye => Self::Bye,
            rsip::Method::Cancel => Self::Cancel,
            rsip::Method::Info => Self::Info,
            rsip::Method::Invite => Self::Invite,
            rsip::Method::Message => Self::Message,
            rsip::Method::Notify => Self::Notify,
            rsip::Method::Options => Self::Options,
            rsip::Method::PRack => Self::Prack,
            rsip::Method::Publish => Self::Publish,
            rsip::Method::Refer => Self::Refer,
            rsip::Method::Register => Self::Register,
            rsip::Method::Subscribe => Self::Subscribe,
            rsip::Method::Update => Self::Update,
        }
    }
}
