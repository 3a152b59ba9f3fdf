//! `;name=value` in headers and in URIs. The two are alike but for how a value hides its odd characters: quotes in a
//! header, `%HH` in a URI.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::ParseError;
use super::text::{cut, escape, quote, trim, unescape, unquote};

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

    /// Reads the parameters of a header value: nothing, or `;name=value…`. One semicolon at the end is forgiven.
    pub(super) fn of_header(text: &str) -> Result<Self, ParseError> {
        let mut params = Vec::new();
        let mut rest = trim(text);
        while !rest.is_empty() {
            rest = rest.strip_prefix(';').ok_or(ParseError::Params)?;
            let (param, tail) = cut(rest, b';');
            let param = trim(param);
            if param.is_empty() && tail.is_none() {
                break;
            }
            params.push(header_param(param)?);
            rest = rest.get(rest.len() - tail.map_or(0, |tail| tail.len() + 1)..).unwrap_or("");
        }
        Ok(Self(params))
    }

    /// Reads the parameters of a URI: nothing, or `;name=value…`. `text` holds no space, quote or angle bracket.
    pub(super) fn of_uri(text: &str) -> Result<Self, ParseError> {
        let mut params = Vec::new();
        let Some(text) = text.strip_prefix(';') else { return Ok(Self(params)) };
        for param in text.strip_suffix(';').unwrap_or(text).split(';') {
            let (name, value) = param.split_once('=').map_or((param, None), |(name, value)| (name, Some(value)));
            if name.is_empty() {
                return Err(ParseError::Params);
            }
            params.push((unescape(name), value.map(unescape)));
        }
        Ok(Self(params))
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

    /// Whether parameter `name` stands more than once.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).nth(1).is_some()
    }
}

/// The parameters of a header: `;name=value…`.
impl FromStr for Params {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::of_header(text)
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

/// One parameter of a header, trimmed.
fn header_param(text: &str) -> Result<(String, Option<String>), ParseError> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(trim(value))));
    let name = trim(name);
    if name.is_empty() || name.contains([' ', '\t', '"', '<', '>']) {
        return Err(ParseError::Params);
    }
    let value = match value {
        Some(quoted) if quoted.starts_with('"') => match unquote(quoted) {
            Some((value, "")) => Some(value),
            _ => return Err(ParseError::Params),
        },
        Some(plain) if plain.contains('"') => return Err(ParseError::Params),
        plain => plain.map(str::to_owned),
    };
    Ok((name.to_owned(), value))
}

/// A value is quoted only where it would be read otherwise without: a peer's odd tag goes back as it came. Feature
/// tags (`+sip.instance`) are quoted by their grammar, RFC 3840 §9.
fn must_be_quoted(name: &str, value: &str) -> bool {
    let breaks = |byte: u8| byte <= b' ' || byte == 0x7f || matches!(byte, b'"' | b'\\' | b';' | b',' | b'<' | b'>');
    value.is_empty() || name.starts_with('+') || value.bytes().any(breaks)
}

/// What may stand unescaped in a URI parameter besides the unreserved: RFC 3261 §25.1.
const PARAM_UNRESERVED: &[u8] = b"[]/:&+$";
