//! `;name=value` in headers and in URIs. The two are alike but for how a value hides its odd characters: quotes in a
//! header, `%HH` in a URI.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::ParseError;
use super::text::{cut, escape, quote, quoted, trim, unescape, unquote};

/// `;name=value` parameters in order; names compare without case, values are unescaped and unquoted.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Vec<(String, Option<String>)>);

impl Params {
    /// The value of the first parameter `name`; `None` when it is absent or has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)?.1.as_deref()
    }

    /// Whether there is a parameter `name`, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Sets the value of `name`, in its place or at the end.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        match self.0.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some(found) => found.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Drops every parameter `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Option<&(String, Option<String>)> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Writes the parameters of a URI.
    pub(super) fn write_uri(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            f.write_str(";")?;
            escape(f, name, PARAM_UNRESERVED)?;
            if let Some(value) = value {
                f.write_str("=")?;
                escape(f, value, PARAM_UNRESERVED)?;
            }
        }
        Ok(())
    }
}

/// Parameters that were looked at and not copied.
#[derive(Clone, Copy, Debug)]
pub(super) enum ParamsRef<'a> {
    Header(&'a str),
    Uri(&'a str),
}

impl<'a> ParamsRef<'a> {
    /// Nothing, or `;name=value…`; parameter `once` stands at most once, or two readers might disagree about it. One
    /// semicolon at the end is forgiven.
    pub(super) fn of_header(text: &'a str, once: &str) -> Result<Self, ParseError> {
        let mut seen = 0;
        for param in header_params(text) {
            seen += usize::from(param?.0.eq_ignore_ascii_case(once));
        }
        if seen > 1 { Err(ParseError::Params) } else { Ok(Self::Header(text)) }
    }

    /// Nothing, or `;name=value…`. `text` holds no space, quote or angle bracket.
    pub(super) fn of_uri(text: &'a str) -> Result<Self, ParseError> {
        if uri_params(text).any(|(name, _)| name.is_empty()) { Err(ParseError::Params) } else { Ok(Self::Uri(text)) }
    }

    /// The value of parameter `name` of a header, without its quotes.
    pub(super) fn plain(self, name: &str) -> Option<&'a str> {
        let Self::Header(text) = self else { return None };
        header_params(text)
            .flatten()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?
            .1
            .map(|value| value.trim_matches('"'))
    }
}

impl From<ParamsRef<'_>> for Params {
    fn from(params: ParamsRef<'_>) -> Self {
        match params {
            ParamsRef::Header(text) => Self(header_params(text).flatten().map(header_param).collect()),
            ParamsRef::Uri(text) => {
                Self(uri_params(text).map(|(name, value)| (unescape(name), value.map(unescape))).collect())
            }
        }
    }
}

/// The parameters of a header: `;name=value…`.
impl FromStr for Params {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        ParamsRef::of_header(text, "").map(Self::from)
    }
}

/// The parameters of a header: `;name=value…`. Values are quoted where they must be.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            write!(f, ";{name}")?;
            match value {
                None => {}
                Some(value) if must_be_quoted(name, value) => {
                    f.write_str("=")?;
                    quote(f, value)?;
                }
                Some(value) => write!(f, "={value}")?,
            }
        }
        Ok(())
    }
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        let both = self.0.iter().zip(&other.0);
        let mut same = both.map(|((name, value), (other, its))| name.eq_ignore_ascii_case(other) && value == its);
        self.0.len() == other.0.len() && same.all(|same| same)
    }
}

impl Eq for Params {}

impl Hash for Params {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (name, value) in &self.0 {
            name.to_ascii_lowercase().hash(state);
            value.hash(state);
        }
    }
}

type Pair<'a> = (&'a str, Option<&'a str>);

/// The parameters of a header, names and values as they came; ends after the first that can't be read.
fn header_params(text: &str) -> impl Iterator<Item = Result<Pair<'_>, ParseError>> {
    let mut rest = trim(text);
    std::iter::from_fn(move || {
        let inner = rest.strip_prefix(';');
        if rest.is_empty() {
            return None;
        }
        let read = inner.ok_or(ParseError::Params).and_then(|inner| {
            let (param, tail) = cut(inner, b';');
            rest = tail.map_or("", |_| inner.get(param.len()..).unwrap_or(""));
            pair(trim(param), rest.is_empty())
        });
        if read.is_err() {
            rest = "";
        }
        read.transpose()
    })
}

/// One parameter of a header; `None` for the nothing after the `last` semicolon.
fn pair(param: &str, last: bool) -> Result<Option<Pair<'_>>, ParseError> {
    if param.is_empty() && last {
        return Ok(None);
    }
    let (name, value) = param.split_once('=').map_or((param, None), |(name, value)| (name, Some(trim(value))));
    let name = trim(name);
    let value_is_whole = match value.and_then(quoted) {
        Some((_, after)) => after.is_empty(),
        None => !value.unwrap_or("").contains('"'),
    };
    if name.is_empty() || name.contains([' ', '\t', '"', '<', '>']) || !value_is_whole {
        return Err(ParseError::Params);
    }
    Ok(Some((name, value)))
}

/// Copies a parameter of a header.
fn header_param((name, value): Pair<'_>) -> (String, Option<String>) {
    let value = value.map(|value| quoted(value).map_or_else(|| value.to_owned(), |(inner, _)| unquote(inner)));
    (name.to_owned(), value)
}

/// The parameters of a URI, still escaped. One semicolon at the end is forgiven.
fn uri_params(text: &str) -> impl Iterator<Item = Pair<'_>> {
    let inner = text.strip_prefix(';');
    let params = inner.into_iter().flat_map(|inner| inner.strip_suffix(';').unwrap_or(inner).split(';'));
    params.map(|param| param.split_once('=').map_or((param, None), |(name, value)| (name, Some(value))))
}

/// A value is quoted only where it would be read otherwise without: a peer's odd tag goes back as it came. Feature
/// tags (`+sip.instance`) are quoted by their grammar, RFC 3840 §9.
fn must_be_quoted(name: &str, value: &str) -> bool {
    let breaks = |byte: u8| byte <= b' ' || byte == 0x7f || matches!(byte, b'"' | b'\\' | b';' | b',' | b'<' | b'>');
    value.is_empty() || name.starts_with('+') || value.bytes().any(breaks)
}

/// What may stand unescaped in a URI parameter besides the unreserved: RFC 3261 §25.1.
const PARAM_UNRESERVED: &[u8] = b"[]/:&+$";
