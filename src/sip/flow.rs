//! The way between us and one peer: RFC 5626 §1 calls it a flow.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What carries SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams: RFC 3261 §18.
    Udp,
    /// A stream, framed by Content-Length: RFC 3261 §18.3.
    Tcp,
    /// TCP under TLS: RFC 3261 §26.
    Tls,
}

impl Transport {
    /// Whether the transport delivers by itself, so that requests are not resent.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// As in a Via: `UDP`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// As in a URI's `transport` parameter: `udp`.
    pub const fn param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

impl std::str::FromStr for Transport {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Udp, Self::Tcp, Self::Tls].into_iter().find(|t| t.name().eq_ignore_ascii_case(text)).ok_or(())
    }
}

/// The way to one peer. Equal flows share a socket or a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// What carries it.
    pub transport: Transport,
    /// Our address as this peer sees it: what Via, Contact and SDP say. Its port is that of our listener.
    pub local: SocketAddr,
    /// The peer's address and port.
    pub peer: SocketAddr,
    /// The connection for TCP and TLS; 0 for UDP, and for "any connection to this peer, opened when there is none".
    pub connection: u32,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}→{}", self.transport.param(), self.local, self.peer)?;
        if self.connection != 0 {
            write!(f, "#{}", self.connection)?;
        }
        Ok(())
    }
}

/// A server to be found: RFC 3263 §4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerName {
    /// A domain, a host name or an address.
    pub host: String,
    /// A port spelled out skips SRV: RFC 3263 §4.2.
    pub port: Option<u16>,
    /// The transport asked for; `None` lets NAPTR choose.
    pub transport: Option<Transport>,
}

impl ServerName {
    /// Whether it is an address already, which nobody has to be asked about.
    pub fn is_address(&self) -> bool {
        self.host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
    }
}
