//! Header fields in their order, and what they mean.

use std::fmt;
use std::str::FromStr;

use super::text::{cut, decimal, list, trim};
use super::{Method, Name, NameAddr, Params, ParseError, Via};

/// CSeq: RFC 3261 §20.16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31.
    pub number: u32,
    /// The method that the number belongs to.
    pub method: Method,
}

impl FromStr for CSeq {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (number, method) = trim(text).split_once([' ', '\t']).ok_or(ParseError::CSeq)?;
        let number = decimal(number).filter(|number| *number < 1 << 31).ok_or(ParseError::CSeq)?;
        let method = trim(method).parse().map_err(|_| ParseError::CSeq)?;
        Ok(Self { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// The header fields of a message, in order. Values are unfolded and trimmed; bytes that are not UTF-8 are read as Latin-1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Name, String)>);

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// The value of the first field `name`.
    pub fn get(&self, name: &Name) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all fields `name`.
    pub fn all(&self, name: &Name) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.0.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a field `name`.
    pub fn contains(&self, name: &Name) -> bool {
        self.get(name).is_some()
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: Name, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    /// Adds a field before all others: a Via of ours, a Record-Route.
    pub fn push_front(&mut self, name: Name, value: impl Into<String>) {
        self.0.insert(0, (name, value.into()));
    }

    /// Replaces all fields `name` by one, in the place of the first.
    pub fn set(&mut self, name: Name, value: impl Into<String>) {
        match self.0.iter().position(|(own, _)| *own == name) {
            None => self.push(name, value),
            Some(place) => {
                self.remove(&name);
                self.0.insert(place, (name, value.into()));
            }
        }
    }

    /// Drops all fields `name`.
    pub fn remove(&mut self, name: &Name) {
        self.0.retain(|(own, _)| own != name);
    }

    /// Adds all fields of `other` at the end.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// All Via values, topmost first.
    ///
    /// # Errors
    /// When there is none, or one of them can't be read.
    pub fn vias(&self) -> Result<Vec<Via>, ParseError> {
        let vias: Vec<Via> = self.listed(&Name::Via)?;
        if vias.is_empty() { Err(ParseError::Missing(Name::Via)) } else { Ok(vias) }
    }

    /// The topmost Via value.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn top_via(&self) -> Result<Via, ParseError> {
        let first = self.all(&Name::Via).flat_map(list).next().ok_or(ParseError::Missing(Name::Via))?;
        first.parse().map_err(|_| ParseError::Header(Name::Via))
    }

    /// From: RFC 3261 §20.20.
    ///
    /// # Errors
    /// When it is absent or can't be read.
    pub fn from(&self) -> Result<NameAddr, ParseError> {
        self.required(Name::From)
    }

    /// To: RFC 3261 §20.39.
    ///
    /// # Errors
    /// When it is absent or can't be read.
    pub fn to(&self) -> Result<NameAddr, ParseError> {
        self.required(Name::To)
    }

    /// All Contact values; none when there is no Contact, and none for `*`.
    ///
    /// # Errors
    /// When one of them can't be read.
    pub fn contacts(&self) -> Result<Vec<NameAddr>, ParseError> {
        if self.is_contact_star() { Ok(Vec::new()) } else { self.addresses(&Name::Contact) }
    }

    /// Whether the Contact is `*`, "all of my bindings": RFC 3261 §10.2.2. A star beside other contacts is none, and
    /// [`contacts`](Self::contacts) fails on it.
    pub fn is_contact_star(&self) -> bool {
        let mut values = self.all(&Name::Contact).flat_map(list);
        values.next() == Some("*") && values.next().is_none()
    }

    /// All values of a field that lists addresses (Route, Record-Route, Service-Route, Path, P-Asserted-Identity,
    /// Diversion, Refer-To …); none when it is absent.
    ///
    /// # Errors
    /// When one of them can't be read.
    pub fn addresses(&self, name: &Name) -> Result<Vec<NameAddr>, ParseError> {
        self.listed(name)
    }

    /// To as it stands, with this tag added; `None` when it is absent or can't be read. A tag without a value, and the semicolon at
    /// the end that the reader forgives, are not taken along.
    pub fn to_tagged(&self, tag: &str) -> Option<String> {
        let text = self.get(&Name::To)?;
        let to = self.to().ok()?;
        let plain = !to.params.has("tag") && !text.ends_with(';');
        Some(if plain { format!("{text};tag={tag}") } else { to.with_tag(tag).to_string() })
    }

    /// CSeq.
    ///
    /// # Errors
    /// When it is absent or can't be read.
    pub fn cseq(&self) -> Result<CSeq, ParseError> {
        self.required(Name::CSeq)
    }

    /// Call-ID; compared with case, byte by byte.
    pub fn call_id(&self) -> Option<&str> {
        self.get(&Name::CallId)
    }

    /// The number that a field begins with: Max-Forwards, Expires, Min-SE, Session-Expires, Retry-After, RSeq … `None`
    /// when it is absent or nonsense, and when it is over 2^32 - 1.
    pub fn number(&self, name: &Name) -> Option<u32> {
        let value = self.get(name)?;
        let end = value.find([';', '(', ' ', '\t']).unwrap_or(value.len());
        decimal(value.get(..end)?)
    }

    /// The values of a comma separated field, over all fields of that name, in lower case: Supported, Require, Allow …
    pub fn tokens(&self, name: &Name) -> Vec<String> {
        self.all(name).flat_map(list).map(str::to_ascii_lowercase).collect()
    }

    /// The first field `name` as a value with parameters: Event, Content-Type, Session-Expires, Replaces, Reason,
    /// Subscription-State … `None` when it is absent or its parameters can't be read.
    pub fn value(&self, name: &Name) -> Option<(String, Params)> {
        let text = self.get(name)?;
        let (value, tail) = cut(text, b';');
        let params = tail.map_or(Ok(Params::default()), |_| text.get(value.len()..).unwrap_or("").parse());
        Some((trim(value).to_owned(), params.ok()?))
    }

    /// Drops the topmost Via value, also when several stand in one field.
    pub fn pop_via(&mut self) {
        // A field without any value is no value: it goes on the way.
        while let Some(place) = self.0.iter().position(|(name, _)| *name == Name::Via) {
            let Some((_, value)) = self.0.get_mut(place) else { return };
            let (mut popped, mut rest) = (false, Some(value.as_str()));
            while let (false, Some(text)) = (popped, rest) {
                let (head, tail) = cut(text, b',');
                (popped, rest) = (!trim(head).is_empty(), tail.map(|tail| tail.trim_start_matches([' ', '\t'])));
            }
            match rest.filter(|rest| !rest.is_empty()).map(|rest| value.len() - rest.len()) {
                Some(gone) => drop(value.drain(..gone)),
                None => drop(self.0.remove(place)),
            }
            if popped {
                return;
            }
        }
    }

    fn required<T: FromStr>(&self, name: Name) -> Result<T, ParseError> {
        match self.get(&name) {
            Some(value) => value.parse().map_err(|_| ParseError::Header(name)),
            None => Err(ParseError::Missing(name)),
        }
    }

    fn listed<T: FromStr>(&self, name: &Name) -> Result<Vec<T>, ParseError> {
        let read = |value: &str| value.parse().map_err(|_| ParseError::Header(name.clone()));
        self.all(name).flat_map(list).map(read).collect()
    }
}
