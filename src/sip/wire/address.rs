//! Addresses with a display name: From, To, Contact, Route and their kin. RFC 3261 §20.10, §25.1.

use std::fmt;
use std::str::FromStr;

use super::text::{quote, trim, unquote};
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
        let text = trim(text);
        if text.starts_with('"') {
            let (display, rest) = unquote(text).ok_or(ParseError::Address)?;
            return bracketed(display, rest);
        }
        let stop = text.find(['<', ';', '"']).unwrap_or(text.len());
        let (head, rest) = text.split_at_checked(stop).ok_or(ParseError::Address)?;
        match rest.bytes().next() {
            Some(b'<') => bracketed(trim(head).to_owned(), rest),
            Some(b'"') => Err(ParseError::Address),
            _ => bare(trim(head), rest),
        }
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

/// `<uri>;params`. Spaces inside the brackets are ignored, as RFC 4475 §3.1.2.14 allows.
fn bracketed(display: String, text: &str) -> Result<NameAddr, ParseError> {
    let inner = trim(text).strip_prefix('<').ok_or(ParseError::Address)?;
    let (uri, params) = inner.split_once('>').ok_or(ParseError::Address)?;
    complete(display, trim(uri).parse()?, params)
}

/// `uri;params`.
fn bare(uri: &str, params: &str) -> Result<NameAddr, ParseError> {
    if uri.contains(['?', ',']) {
        return Err(ParseError::Address);
    }
    complete(String::new(), uri.parse()?, params)
}

fn complete(display: String, uri: Uri, params: &str) -> Result<NameAddr, ParseError> {
    let params = Params::of_header(params)?;
    if params.repeats("tag") {
        return Err(ParseError::Params); // which one is the dialog's? two readers would disagree
    }
    Ok(NameAddr { display, uri, params })
}
