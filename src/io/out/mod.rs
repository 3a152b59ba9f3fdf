//! What the box asks of other servers: an OpenID provider, a directory. One way out for all of it, so that its rules hold for
//! each: TLS 1.2 or later with a proved certificate ([`Trust`]), a bound on every wait and every answer, no redirect followed,
//! and nothing on this machine or its link ([`Outgoing`]). Every call waits for the other
//! side, for [`ANSWER_TIME`] or, where several questions make one conversation, [`WHOLE_TIME`] at most.

mod dial;
pub mod fetch;
pub mod ldap;
pub mod openid;
mod trust;

use std::net::{IpAddr, SocketAddr};

pub(in crate::io) use dial::connect;
pub use dial::{ANSWER_TIME, Outgoing, WHOLE_TIME, first_address, handshake, places, refused};
pub use fetch::{Bounds, fetch, fetch_within};
pub use trust::Trust;

/// Why a server was not heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutError {
    /// What was to be asked is no address.
    #[error("{0:?} is no address of a server")]
    Address(String),
    /// The name leads nowhere.
    #[error("the name {0} has no address")]
    NoName(String),
    /// No name server answers.
    #[error("no name server answers")]
    NamesSilent,
    /// The name leads to this machine or its link.
    #[error("{0} is this machine or its link, where nothing is asked")]
    Local(IpAddr),
    /// The name leads out of the office, where nothing may go unprotected.
    #[error("{0} is outside of the own network, where nothing is sent unprotected")]
    NotHome(IpAddr),
    /// The machine says that nothing listens there.
    #[error("{0} refuses the connection")]
    Refused(SocketAddr),
    /// There is no way there.
    #[error("there is no way to {0}")]
    NoRoute(SocketAddr),
    /// Nothing came back in time.
    #[error("no answer in time")]
    Silent,
    /// The certificate proves nothing.
    #[error("certificate: {0}")]
    Certificate(Distrust),
    /// No TLS came about.
    #[error("no TLS: {0}")]
    Tls(String),
    /// The conversation broke off.
    #[error("the conversation broke off: {0}")]
    Lost(String),
    /// The answer is longer than any should be.
    #[error("the answer is too long")]
    TooLong,
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Nobody whom we trust has signed it.
    #[error("of an unknown authority")]
    Unknown,
    /// It is somebody else's.
    #[error("for another name")]
    OtherName,
    /// It has ended.
    #[error("expired")]
    Expired,
    /// It has not begun: most often our clock is wrong.
    #[error("not valid yet")]
    NotYet,
    /// Something else.
    #[error("{0}")]
    Other(String),
}
