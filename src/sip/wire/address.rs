//! Addresses with a display name: From, To, Contact, Route and their kin. RFC 3261 §20.10, §25.1.

use std::fmt;
use std::str::FromStr;

use super::params::ParamsRef;
use super::text::{quote, quoted, trim, unquote};
use super::uri::UriRef;
use super::{Params, ParseError, Uri};

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

impl NameAddr {
    /// An address without parameters; `display` may be empty.
    pub fn new(display: &str, uri: Uri) -> Self {
        Self { display: display.to_owned(), uri, params: Params::default() }
    }

    /// The tag, when there is one that isn't empty.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The same with this tag in place of its own.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag.to_owned()));
        self
    }

    /// The same without a tag.
    #[must_use]
    pub fn without_tag(&self) -> Self {
        let mut address = self.clone();
        address.params.remove("tag");
        address
    }
}

/// `"Display" <uri>;params`, `Display <uri>;params`, `<uri>;params` or `uri;params`. Without brackets the parameters
/// are the header's, and the URI can't have a comma or question mark (RFC 3261 §20.10).
impl FromStr for NameAddr {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        NameAddrRef::read(text).map(Self::from)
    }
}

/// The URI is always bracketed, the display name always quoted.
impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display.is_empty() {
            quote(f, &self.display)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// An address that was looked at and not copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameAddrRef<'a> {
    /// As it came; `quoted` is without its quotes, and still escaped.
    display: &'a str,
    quoted: bool,
    uri: UriRef<'a>,
    params: ParamsRef<'a>,
}

impl<'a> NameAddrRef<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, ParseError> {
        let text = trim(text);
        if text.starts_with('"') {
            let (display, rest) = quoted(text).ok_or(ParseError::Address)?;
            return Self::bracketed(display, true, rest);
        }
        let stop = text.find(['<', ';', '"']).unwrap_or(text.len());
        let (head, rest) = text.split_at_checked(stop).ok_or(ParseError::Address)?;
        match rest.bytes().next() {
            Some(b'<') => Self::bracketed(trim(head), false, rest),
            Some(b'"') => Err(ParseError::Address),
            _ => Self::bare(trim(head), rest),
        }
    }

    /// `<uri>;params`. Spaces inside the brackets are ignored, as RFC 4475 §3.1.2.14 allows.
    fn bracketed(display: &'a str, quoted: bool, text: &'a str) -> Result<Self, ParseError> {
        let inner = trim(text).strip_prefix('<').ok_or(ParseError::Address)?;
        let (uri, params) = inner.split_once('>').ok_or(ParseError::Address)?;
        Ok(Self { display, quoted, uri: UriRef::read(trim(uri))?, params: ParamsRef::of_header(params, "tag")? })
    }

    /// `uri;params`.
    fn bare(uri: &'a str, params: &'a str) -> Result<Self, ParseError> {
        if uri.contains(['?', ',']) {
            return Err(ParseError::Address);
        }
        Ok(Self { display: "", quoted: false, uri: UriRef::read(uri)?, params: ParamsRef::of_header(params, "tag")? })
    }
}

impl From<NameAddrRef<'_>> for NameAddr {
    fn from(address: NameAddrRef<'_>) -> Self {
        let display = if address.quoted { unquote(address.display) } else { address.display.to_owned() };
        Self { display, uri: address.uri.into(), params: address.params.into() }
    }
}
