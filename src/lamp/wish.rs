//! What a SUBSCRIBE wants, read and judged before anything is changed: RFC 6665 §4.2.1.

use super::document::Package;
use crate::base::Duration;
use crate::sip::wire::{Headers, Name, Request};

/// A SUBSCRIBE that was refused; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// From or Contact can't be read, or there is no Contact.
    #[error("malformed subscribe")]
    Malformed,
    /// Nothing of ours has this name.
    #[error("nothing to watch there")]
    Unknown,
    /// Another's mailbox, or the dialog of another phone.
    #[error("not the watcher's own")]
    Foreign,
    /// The watcher can't read what we write.
    #[error("accepts no {0}")]
    Unacceptable(&'static str),
    /// A shorter life than [`MIN_EXPIRES`] was asked for: RFC 6665 §4.2.1.1.
    #[error("expires sooner than {} s", MIN_EXPIRES.as_secs())]
    TooBrief,
    /// There is no such dialog, or no more.
    #[error("no such subscription")]
    NoDialog,
    /// An event package that we don't have: RFC 6665 §8.3.2.
    #[error("no such event package")]
    Event,
    /// An older SUBSCRIBE came late: RFC 3261 §12.2.2.
    #[error("older than the last one")]
    OutOfOrder,
    /// [`SUBSCRIPTIONS_PER_LOGIN`](crate::base::limits::SUBSCRIPTIONS_PER_LOGIN) or
    /// [`SUBSCRIPTIONS`](crate::base::limits::SUBSCRIPTIONS) is reached.
    #[error("too many subscriptions")]
    TooMany,
}

impl SubscribeError {
    /// The response's status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Foreign => 403,
            Self::Unknown => 404,
            Self::Unacceptable(_) => 406,
            Self::TooBrief => 423,
            Self::NoDialog => 481,
            Self::Event => 489,
            Self::OutOfOrder => 500,
            Self::TooMany => 503,
        }
    }

    /// Header fields for the response.
    pub fn headers(&self) -> Headers {
        let mut headers = Headers::new();
        match self {
            Self::Unacceptable(kind) => headers.push(Name::Accept, *kind),
            Self::TooBrief => headers.push(Name::MinExpires, MIN_EXPIRES.as_secs().to_string()),
            Self::Event => headers.push(Name::AllowEvents, EVENTS),
            Self::TooMany => headers.push(Name::RetryAfter, RETRY_SECONDS),
            _ => {}
        }
        headers
    }
}

/// A SUBSCRIBE, as far as it stands for itself.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) package: Package,
    /// As NOTIFY has to repeat it: the package and its `id`, RFC 6665 §8.2.1.
    pub(super) event: String,
    /// Zero: to be told once, and no more.
    pub(super) expires: Duration,
}

impl Wish {
    pub(super) fn read(request: &Request) -> Result<Self, SubscribeError> {
        let headers = &request.headers;
        let (name, params) = headers.value(&Name::Event).ok_or(SubscribeError::Event)?;
        let package = Package::of(&name).ok_or(SubscribeError::Event)?;
        let event = match params.get("id").filter(|id| id.len() <= MOST_ID && id.bytes().all(is_of_id)) {
            Some(id) => format!("{};id={id}", package.name()),
            None => package.name().to_owned(),
        };
        if !accepts(headers, package.content_type()) {
            return Err(SubscribeError::Unacceptable(package.content_type()));
        }
        let expires = headers.get(&Name::Expires).map_or(DEFAULT_EXPIRES, read_expires);
        if !expires.is_zero() && expires < MIN_EXPIRES {
            return Err(SubscribeError::TooBrief);
        }
        Ok(Self { package, event, expires: expires.min(MAX_EXPIRES) })
    }
}

/// No Accept at all stands for the package's own kind: RFC 6665 §3.1.3.
fn accepts(headers: &Headers, kind: &str) -> bool {
    let ranges = headers.tokens(&Name::Accept);
    let fits = |range: &String| matches!(range.split(';').next().map(str::trim), Some(own) if own == kind || own == "*/*" || own == "application/*");
    ranges.is_empty() || ranges.iter().any(fits)
}

/// Seconds; nonsense counts as an hour, as in REGISTER.
fn read_expires(text: &str) -> Duration {
    let text = text.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => MAX_EXPIRES,
        Err(_) => DEFAULT_EXPIRES,
    }
}

/// A token, without what would need quotes.
const fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'%' | b'*' | b'!')
}

/// The packages that we have, for Allow-Events: RFC 6665 §8.2.2.
pub const EVENTS: &str = "dialog, presence, message-summary";
/// The shortest life of a subscription, as of a binding.
pub const MIN_EXPIRES: Duration = Duration::from_secs(60);
/// The longest; longer wishes get this.
pub const MAX_EXPIRES: Duration = Duration::from_secs(7200);
/// When the phone doesn't say: RFC 4235 §3.4, RFC 3856 §6.4, RFC 3842 §3.4.
pub const DEFAULT_EXPIRES: Duration = Duration::from_secs(3600);
const RETRY_SECONDS: &str = "60";
/// Letters of an Event's `id`.
const MOST_ID: usize = 64;
