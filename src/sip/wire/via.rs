//! Via: RFC 3261 §20.42, RFC 3581.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::host::{HostRef, host_port, write_host_port};
use super::params::ParamsRef;
use super::text::{is_token, trim};
use super::{Host, Params, ParseError};
use crate::sip::Transport;

/// One Via value: RFC 3261 §20.42, RFC 3581.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The transport; what we don't speak is kept as text.
    pub transport: Result<Transport, String>,
    /// The host of sent-by.
    pub host: Host,
    /// The port of sent-by.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received`, …
    pub params: Params,
}

impl Via {
    /// Ours: `SIP/2.0/UDP address:port;branch=…;rport`.
    pub fn new(transport: Transport, address: SocketAddr, branch: &str) -> Self {
        let params = Params(vec![("branch".to_owned(), Some(branch.to_owned())), ("rport".to_owned(), None)]);
        Self { transport: Ok(transport), host: Host::Ip(address.ip()), port: Some(address.port()), params }
    }

    /// The branch, when there is one that isn't empty.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Where the previous hop saw the request come from: RFC 3261 §18.2.1. With brackets or without (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.parse().ok().or_else(|| text.parse::<Host>().ok()?.ip())
    }

    /// The port that goes with [`received`](Self::received): RFC 3581 §4.
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }

    /// The port of sent-by, or the transport's default: RFC 3261 §18.1.1.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.transport == Ok(Transport::Tls) { 5061 } else { 5060 })
    }
}

/// One value, with spaces wherever RFC 3261's SLASH, COLON, SEMI and EQUAL allow them.
impl FromStr for Via {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        ViaRef::read(text).map(Self::from)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = self.transport.as_ref().map_or_else(String::as_str, |known| known.name());
        write!(f, "SIP/2.0/{transport} ")?;
        write_host_port(f, &self.host, self.port)?;
        self.params.fmt(f)
    }
}

/// A Via that was looked at and not copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct ViaRef<'a> {
    transport: &'a str,
    host: HostRef<'a>,
    port: Option<u16>,
    params: ParamsRef<'a>,
}

impl<'a> ViaRef<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, ParseError> {
        let (name, rest) = text.split_once('/').ok_or(ParseError::Via)?;
        let (version, rest) = rest.split_once('/').ok_or(ParseError::Via)?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err(ParseError::Via);
        }
        let (transport, rest) = trim(rest).split_once([' ', '\t']).ok_or(ParseError::Via)?;
        if !is_token(transport) {
            return Err(ParseError::Via);
        }
        let (sent_by, params) = rest.split_at_checked(rest.find(';').unwrap_or(rest.len())).ok_or(ParseError::Via)?;
        let (host, port) = host_port(sent_by)?;
        Ok(Self { transport, host, port, params: ParamsRef::of_header(params, "branch")? })
    }

    /// The branch.
    pub(super) fn branch(self) -> Option<&'a str> {
        self.params.plain("branch")
    }
}

impl From<ViaRef<'_>> for Via {
    fn from(via: ViaRef<'_>) -> Self {
        let transport = via.transport.parse().map_err(|()| via.transport.to_ascii_uppercase());
        Self { transport, host: via.host.into(), port: via.port, params: via.params.into() }
    }
}
