//! Hosts and ports: RFC 3261 §25.1, RFC 5954.

use std::fmt::{self, Display as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::ParseError;
use super::text::{decimal, trim};

/// The host of a URI or a Via.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// Lower case.
    Name(String),
    /// IPv6 is written in brackets.
    Ip(IpAddr),
}

impl Host {
    /// The address, when it is one.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets. Fails on anything else: a bare IPv6 address too, since
/// nobody can tell its end from a port (RFC 5118 §4.2).
impl FromStr for Host {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        HostRef::read(text).map(Self::from)
    }
}

impl From<HostRef<'_>> for Host {
    fn from(host: HostRef<'_>) -> Self {
        match host {
            HostRef::Name(name) => Self::Name(name.to_ascii_lowercase()),
            HostRef::Ip(ip) => Self::Ip(ip),
        }
    }
}

/// A host that was looked at and not copied.
#[derive(Clone, Copy, Debug)]
pub(super) enum HostRef<'a> {
    Name(&'a str),
    Ip(IpAddr),
}

impl<'a> HostRef<'a> {
    fn read(text: &'a str) -> Result<Self, ParseError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(ParseError::Host)?;
            return ipv6(inner).map(|ip| Self::Ip(IpAddr::V6(ip))).ok_or(ParseError::Host);
        }
        if text.is_empty() || !text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_')) {
            return Err(ParseError::Host);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            if let Ok(ip) = text.parse::<Ipv4Addr>() {
                return Ok(Self::Ip(IpAddr::V4(ip)));
            }
        }
        Ok(Self::Name(text))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

/// `host[:port]`, with spaces around the colon as RFC 3261's COLON allows in a Via. An empty port counts as none.
pub(super) fn host_port(text: &str) -> Result<(HostRef<'_>, Option<u16>), ParseError> {
    let text = trim(text);
    let after_brackets = text.rfind(']').unwrap_or(0);
    let colon = text.get(after_brackets..).and_then(|tail| tail.find(':')).map(|at| at + after_brackets);
    let Some((host, port)) = colon.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) else {
        return Ok((HostRef::read(text)?, None));
    };
    let port = match trim(port) {
        "" => None,
        digits => Some(decimal(digits).and_then(|port| u16::try_from(port).ok()).ok_or(ParseError::Host)?),
    };
    Ok((HostRef::read(trim(host))?, port))
}

/// Writes `host[:port]`.
pub(super) fn write_host_port(f: &mut fmt::Formatter<'_>, host: &Host, port: Option<u16>) -> fmt::Result {
    host.fmt(f)?;
    port.map_or(Ok(()), |port| write!(f, ":{port}"))
}

/// RFC 3261's grammar let `[2001:db8:::192.0.2.1]` through, and peers were built from it: three colons before an IPv4
/// address are read as two (RFC 5118 §4.10).
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    let (head, tail) = text.split_once(":::")?;
    tail.parse::<Ipv4Addr>().ok()?;
    format!("{head}::{tail}").parse().ok()
}
