//! URIs, name-addrs and Vias: RFC 3261 §19.1, §20.10, §20.42, §25.1; `tel:` RFC 3966.

use std::net::IpAddr;

use crate::sip::Transport;

/// The scheme of a URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    /// Lower case. A Request-URI with it meets 416: RFC 3261 §8.2.2.1.
    Other(String),
}

/// The host of a URI or a Via.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// Lower case.
    Name(String),
    /// IPv6 is written in brackets.
    Ip(IpAddr),
}

/// `;name=value` parameters in order; names compare without case, values are unescaped and unquoted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params(pub Vec<(String, Option<String>)>);

/// A URI of RFC 3261 §19.1 or RFC 3966.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part with escapes undone (`%2B` is `+`), or the number of a `tel:` URI with visual separators taken out.
    pub user: Option<String>,
    /// The host; `tel:` URIs have none and carry an empty name.
    pub host: Host,
    /// The port, when it is spelled out.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params,
    /// What follows `?`, as it came.
    pub headers: Option<String>,
}

/// A display name, a URI and header parameters (`tag`, `expires`, `q`, …): RFC 3261 §20.10.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    /// Unquoted and unescaped; empty when absent.
    pub display: String,
    /// The address.
    pub uri: Uri,
    /// Parameters of the header, not of the URI.
    pub params: Params,
}

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
