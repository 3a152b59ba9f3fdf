//! URIs: RFC 3261 §19.1, §25.1; `tel:` RFC 3966.

use std::fmt;
use std::str::FromStr;

use super::host::{HostRef, host_port, write_host_port};
use super::params::ParamsRef;
use super::text::{escape, unescape};
use super::{Host, Params, ParseError};
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

/// A URI of RFC 3261 §19.1 or RFC 3966.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part with escapes undone (`%2B` is `+`), or the number of a `tel:` URI with visual separators taken
    /// out; with any other scheme all that follows the colon, as it came.
    pub user: Option<String>,
    /// The password of the user part, which nobody should send (RFC 3261 §19.1.1); escapes undone.
    pub password: Option<String>,
    /// The host; only `sip:` and `sips:` have one, the others carry an empty name.
    pub host: Host,
    /// The port, when it is spelled out.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params,
    /// What follows `?`, as it came.
    pub headers: Option<String>,
}

impl Uri {
    /// `sip:user@host:port`.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        let user = user.filter(|user| !user.is_empty()).map(str::to_owned);
        Self { user, host, port, ..Self::empty(Scheme::Sip) }
    }

    /// `tel:number`; visual separators are taken out.
    pub fn tel(number: &str) -> Self {
        Self { user: Some(without_separators(number)), ..Self::empty(Scheme::Tel) }
    }

    /// `host` or `host:port`, as on the wire.
    pub fn host_port(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// The `transport` parameter; `None` when it is absent or names what we don't speak.
    pub fn transport(&self) -> Option<Transport> {
        self.params.get("transport")?.parse().ok()
    }

    /// Whether this is `sip:` or `sips:`.
    pub const fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The same with another parameter.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Self {
        self.params.set(name, value.map(str::to_owned));
        self
    }

    /// Whether both name the same resource: RFC 3261 §19.1.4. An absent port is not 5060, the user's case matters, and
    /// unknown parameters count only where both have them.
    pub fn same_as(&self, other: &Self) -> bool {
        let same_place = self.scheme == other.scheme
            && self.user == other.user
            && self.password == other.password
            && self.host == other.host
            && self.port == other.port;
        let same_rest = || {
            same_params(&self.params, &other.params) && same_headers(self.headers.as_deref(), other.headers.as_deref())
        };
        same_place && (self == other || same_rest())
    }

    fn empty(scheme: Scheme) -> Self {
        Self {
            scheme,
            user: None,
            password: None,
            host: Host::Name(String::new()),
            port: None,
            params: Params::default(),
            headers: None,
        }
    }
}

/// A URI that was looked at and not copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct UriRef<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    place: Option<(HostRef<'a>, Option<u16>)>,
    params: ParamsRef<'a>,
    pub(super) headers: Option<&'a str>,
}

impl<'a> UriRef<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, ParseError> {
        if text.bytes().any(|byte| byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | 0x7f)) {
            return Err(ParseError::Uri);
        }
        let (scheme, rest) = text.split_once(':').ok_or(ParseError::Uri)?;
        let none = Self { scheme, user: None, password: None, place: None, params: ParamsRef::Uri(""), headers: None };
        match scheme {
            _ if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") => none.with_sip(rest),
            _ if scheme.eq_ignore_ascii_case("tel") => none.with_tel(rest),
            _ if rest.is_empty() || !is_scheme(scheme) => Err(ParseError::Uri),
            _ => Ok(Self { user: Some(rest), ..none }),
        }
    }

    /// What follows `sip:` or `sips:`.
    fn with_sip(self, text: &'a str) -> Result<Self, ParseError> {
        // A user part may hold `;`, `?` and `/`, so the at-sign is looked for first; it can't hold a second one.
        let (userinfo, rest) = text.split_once('@').map_or((None, text), |(userinfo, rest)| (Some(userinfo), rest));
        let (user, password) = userinfo.map_or((None, None), |userinfo| match userinfo.split_once(':') {
            Some((user, password)) => (Some(user), Some(password)),
            None => (Some(userinfo).filter(|user| !user.is_empty()), None),
        });
        if userinfo == Some("") && rest.contains('@') {
            return Err(ParseError::Uri); // without the empty user part the second at-sign would become the first
        }
        let (rest, headers) = rest.split_once('?').map_or((rest, None), |(rest, headers)| (rest, Some(headers)));
        let (place, params) = rest.split_at_checked(rest.find(';').unwrap_or(rest.len())).ok_or(ParseError::Uri)?;
        let (place, params) = (Some(host_port(place)?), ParamsRef::of_uri(params)?);
        Ok(Self { user, password, place, params, headers, ..self })
    }

    /// What follows `tel:`.
    fn with_tel(self, text: &'a str) -> Result<Self, ParseError> {
        let (number, params) = text.split_at_checked(text.find(';').unwrap_or(text.len())).ok_or(ParseError::Uri)?;
        if without_separators(&unescape(number)).is_empty() {
            return Err(ParseError::Uri);
        }
        Ok(Self { user: Some(number), params: ParamsRef::of_uri(params)?, ..self })
    }
}

impl From<UriRef<'_>> for Uri {
    fn from(uri: UriRef<'_>) -> Self {
        let scheme = Scheme::of(uri.scheme);
        let user = uri.user.map(|user| match scheme {
            Scheme::Sip | Scheme::Sips => unescape(user),
            Scheme::Tel => without_separators(&unescape(user)),
            Scheme::Other(_) => user.to_owned(),
        });
        let (host, port) = uri.place.map_or((Host::Name(String::new()), None), |(host, port)| (host.into(), port));
        let (password, headers) = (uri.password.map(unescape), uri.headers.map(str::to_owned));
        Self { scheme, user, password, host, port, params: uri.params.into(), headers }
    }
}

/// Fails on spaces, quotes, angle brackets and control characters anywhere, and on hosts and ports that are none.
impl FromStr for Uri {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        UriRef::read(text).map(Self::from)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        let user = self.user.as_deref();
        match self.scheme {
            Scheme::Other(_) => return f.write_str(user.unwrap_or("")),
            Scheme::Tel => escape(f, user.unwrap_or(""), b"+#")?,
            Scheme::Sip | Scheme::Sips => {
                if let Some(user) = user {
                    escape(f, user, USER_UNRESERVED)?;
                }
                if let Some(password) = &self.password {
                    f.write_str(":")?;
                    escape(f, password, PASSWORD_UNRESERVED)?;
                }
                if user.is_some() || self.password.is_some() {
                    f.write_str("@")?;
                }
                write_host_port(f, &self.host, self.port)?;
            }
        }
        self.params.write_uri(f)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Scheme {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        if is_scheme(text) { Ok(Self::of(text)) } else { Err(ParseError::Uri) }
    }
}

impl Scheme {
    /// What was looked at before.
    fn of(text: &str) -> Self {
        match text {
            _ if text.eq_ignore_ascii_case("sip") => Self::Sip,
            _ if text.eq_ignore_ascii_case("sips") => Self::Sips,
            _ if text.eq_ignore_ascii_case("tel") => Self::Tel,
            _ => Self::Other(text.to_ascii_lowercase()),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(scheme) => scheme,
        })
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    let may_follow = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(may_follow)
}

/// Parameters of two URIs, each in any order. Quadratic in their number, so hostile numbers of them never match.
fn same_params(a: &Params, b: &Params) -> bool {
    const MOST: usize = 64;
    let agrees = |own: &Params, (name, value): &(String, Option<String>)| match own.has(name) {
        true => match (own.get(name), value) {
            (Some(own), Some(value)) => own.eq_ignore_ascii_case(value),
            (own, value) => own.is_none() && value.is_none(),
        },
        false => !MUST_BE_IN_BOTH.iter().any(|must| must.eq_ignore_ascii_case(name)),
    };
    a.0.len() <= MOST && b.0.len() <= MOST && a.0.iter().all(|p| agrees(b, p)) && b.0.iter().all(|p| agrees(a, p))
}

/// The header parts of two URIs: the same fields, in any order.
fn same_headers(a: Option<&str>, b: Option<&str>) -> bool {
    let sorted = |text: Option<&str>| {
        let mut fields: Vec<_> =
            text.unwrap_or("").split('&').map(|field| unescape(field).to_ascii_lowercase()).collect();
        fields.sort_unstable();
        fields
    };
    a == b || sorted(a) == sorted(b)
}

/// A telephone number without RFC 3966's visual separators.
fn without_separators(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect()
}

/// Parameters that make two URIs differ when only one has them: RFC 3261 §19.1.4, its rules and its examples.
const MUST_BE_IN_BOTH: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
/// What may stand unescaped in a user part besides the unreserved: RFC 3261 §25.1.
const USER_UNRESERVED: &[u8] = b"&=+$,;?/";
/// The same for a password.
const PASSWORD_UNRESERVED: &[u8] = b"&=+$,";
