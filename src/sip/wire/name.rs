//! Names of header fields.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::ParseError;
use super::text::is_token;

macro_rules! names {
    ($($name:ident = $text:literal: $lower:pat,)*) => {
        /// A header field's name. Compact forms are read as the long ones: RFC 3261 §7.3.3.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "each is its own name")]
        pub enum Name {
            $($name,)*
            /// As it was spelled; compares without case.
            Other(String),
        }

        impl Name {
            /// As on the wire, the long form.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(name) => name,
                }
            }

            /// The name that `lower` (lower case) is, when it is one of the list.
            const fn known(lower: &[u8]) -> Option<Self> {
                match lower {
                    $($lower => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    Accept = "Accept": b"accept",
    Alert = "Alert-Info": b"alert-info",
    Allow = "Allow": b"allow",
    AllowEvents = "Allow-Events": b"allow-events" | b"u",
    AuthenticationInfo = "Authentication-Info": b"authentication-info",
    Authorization = "Authorization": b"authorization",
    CallId = "Call-ID": b"call-id" | b"i",
    CallInfo = "Call-Info": b"call-info",
    Contact = "Contact": b"contact" | b"m",
    ContentDisposition = "Content-Disposition": b"content-disposition",
    ContentEncoding = "Content-Encoding": b"content-encoding" | b"e",
    ContentLength = "Content-Length": b"content-length" | b"l",
    ContentType = "Content-Type": b"content-type" | b"c",
    CSeq = "CSeq": b"cseq",
    Date = "Date": b"date",
    Diversion = "Diversion": b"diversion",
    Event = "Event": b"event" | b"o",
    Expires = "Expires": b"expires",
    From = "From": b"from" | b"f",
    HistoryInfo = "History-Info": b"history-info",
    MaxForwards = "Max-Forwards": b"max-forwards",
    MinExpires = "Min-Expires": b"min-expires",
    MinSe = "Min-SE": b"min-se",
    Organization = "Organization": b"organization",
    PAssertedIdentity = "P-Asserted-Identity": b"p-asserted-identity",
    PPreferredIdentity = "P-Preferred-Identity": b"p-preferred-identity",
    Path = "Path": b"path",
    Privacy = "Privacy": b"privacy",
    ProxyAuthenticate = "Proxy-Authenticate": b"proxy-authenticate",
    ProxyAuthorization = "Proxy-Authorization": b"proxy-authorization",
    ProxyRequire = "Proxy-Require": b"proxy-require",
    RAck = "RAck": b"rack",
    RSeq = "RSeq": b"rseq",
    Reason = "Reason": b"reason",
    RecordRoute = "Record-Route": b"record-route",
    ReferTo = "Refer-To": b"refer-to" | b"r",
    ReferredBy = "Referred-By": b"referred-by" | b"b",
    RemotePartyId = "Remote-Party-ID": b"remote-party-id",
    Replaces = "Replaces": b"replaces",
    Require = "Require": b"require",
    RetryAfter = "Retry-After": b"retry-after",
    Route = "Route": b"route",
    Server = "Server": b"server",
    ServiceRoute = "Service-Route": b"service-route",
    SessionExpires = "Session-Expires": b"session-expires" | b"x",
    Subject = "Subject": b"subject" | b"s",
    SubscriptionState = "Subscription-State": b"subscription-state",
    Supported = "Supported": b"supported" | b"k",
    Timestamp = "Timestamp": b"timestamp",
    To = "To": b"to" | b"t",
    Unsupported = "Unsupported": b"unsupported",
    UserAgent = "User-Agent": b"user-agent",
    Via = "Via": b"via" | b"v",
    Warning = "Warning": b"warning",
    WwwAuthenticate = "WWW-Authenticate": b"www-authenticate",
}

impl Name {
    /// The compact forms of names that are not in the list.
    const fn expanded(lower: &[u8]) -> Option<&'static str> {
        match lower {
            b"a" => Some("Accept-Contact"),
            b"d" => Some("Request-Disposition"),
            b"j" => Some("Reject-Contact"),
            b"n" => Some("Identity-Info"),
            b"y" => Some("Identity"),
            _ => None,
        }
    }
}

/// Any token, in any case, long or compact.
impl FromStr for Name {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut buffer = [0; LONGEST];
        if let Some(lower) = buffer.get_mut(..text.len()) {
            lower.copy_from_slice(text.as_bytes());
            lower.make_ascii_lowercase();
            if let Some(known) = Self::known(lower) {
                return Ok(known);
            }
            if let Some(long) = Self::expanded(lower) {
                return Ok(Self::Other(long.to_owned()));
            }
        }
        if is_token(text) { Ok(Self::Other(text.to_owned())) } else { Err(ParseError::Token) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Without case, and `Other("via")` is `Via`.
impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(_), _) | (_, Self::Other(_)) => self.as_str().eq_ignore_ascii_case(other.as_str()),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().to_ascii_lowercase().hash(state);
    }
}

/// Of the names in the list; a longer one is none of them.
const LONGEST: usize = 20;
