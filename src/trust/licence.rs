//! A licence: lines of text that a person can read, signed as a whole. What is signed are the canonical bytes: the lines below in this
//! order, each `name: value`, ended by one LF, without the last one, which is the signature. A reader takes what mail programs do to
//! text (CR, spaces at ends of lines, empty lines around, a byte order mark) and makes the canonical bytes of what it read.
//!
//! ```text
//! dozvon-license v1
//! serial: 2026-000123
//! owner: ООО Ромашка
//! edition: office
//! hardware: u-k3m5q7aa.b-x2c4v6bb
//! issued: 2026-11-26
//! starts: 2026-11-26
//! expires: 2027-11-25
//! grace_days: 14
//! extensions: 30
//! outside_calls: 16
//! functions: provisioning recording transcoding
//! support_mail: help@vendor.example
//! support_phone: +7 812 612-29-81
//! key: vendor-1
//! signature: BASE64
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

use super::hardware::Hardware;
use super::key::{SecretKey, Trusted, is_name};
use crate::base::WallTime;

/// The first line; another format is another version.
const HEAD: &str = "dozvon-license v1";
const FAMILY: &str = "dozvon-license ";
/// Longest value of a line, in bytes.
const LONGEST_VALUE: usize = 400;
/// Longest text that is looked at, in bytes.
pub(super) const LONGEST_TEXT: usize = 16_384;
/// A licence works on for so many days at most after its end.
const LONGEST_GRACE: u16 = 90;
const DAY_MS: i64 = 86_400_000;

/// A day of the calendar: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i32);

/// How much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Only(u32),
    /// As many as the box can.
    Unlimited,
}

/// What a licence may or may not contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Desk phones configure themselves.
    Provisioning,
    /// Calls are recorded.
    Recording,
    /// Sides that share no codec can talk.
    Transcoding,
}

/// Some of the functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Functions(u8);

/// What the vendor signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Unique; the vendor's.
    pub serial: String,
    /// Who may use it.
    pub owner: String,
    /// Its name in the price list.
    pub edition: String,
    /// The box that it is for; `None`: any.
    pub hardware: Option<Hardware>,
    /// When it was signed.
    pub issued: Day,
    /// The first day.
    pub starts: Day,
    /// The last day; `None`: no end.
    pub expires: Option<Day>,
    /// After the last day it works on for so many.
    pub grace_days: u16,
    /// Extensions of the office.
    pub extensions: Amount,
    /// Calls with the city at a time.
    pub outside_calls: Amount,
    /// What it contains.
    pub functions: Functions,
    /// Of the vendor; may be empty.
    pub support_mail: String,
    /// Of the vendor; may be empty.
    pub support_phone: String,
}

/// What is wrong with a licence's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LicenceError {
    /// Longer than any licence.
    #[error("the text is too long for a licence")]
    TooLong,
    /// Something else was pasted.
    #[error("this is no licence: its first line would be `{HEAD}`")]
    NoLicence,
    /// Of a later Dozvon.
    #[error("this licence has a format that this version of Dozvon does not know: update it first")]
    OtherVersion,
    /// A line is missing, or another stands in its place; counted from the first line of the licence.
    #[error("line {line} must begin with `{name}:`")]
    Line {
        /// From 1.
        line: usize,
        /// What belongs there.
        name: &'static str,
    },
    /// A value can't be.
    #[error("line {line}: `{name}` is not right")]
    Value {
        /// From 1.
        line: usize,
        /// Of which line.
        name: &'static str,
    },
    /// There is more after the signature.
    #[error("there is more text after the signature")]
    More,
    /// Signed by somebody else, or changed since.
    #[error("the signature is wrong: the text was changed, or it was not signed by the vendor")]
    Signature,
    /// By a key that this build doesn't know.
    #[error("it is signed with the key `{0}`, which this version of Dozvon does not trust")]
    UnknownKey(String),
}

/// Why a licence that is genuine is of no use here and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is bound to another one.
    #[error("it is for another box")]
    OtherBox,
    /// Its first day has not come.
    #[error("it begins on {0}")]
    NotYet(Day),
    /// Its last day is over, and the time of grace.
    #[error("it ended on {0}")]
    Over(Day),
}

impl Licence {
    /// Reads a licence and proves its signature.
    ///
    /// # Errors
    /// See [`LicenceError`]: the first thing that is wrong.
    pub fn read(text: &str, trusted: &Trusted) -> Result<Self, LicenceError> {
        if text.len() > LONGEST_TEXT {
            return Err(LicenceError::TooLong);
        }
        let mut lines = Lines::of(text)?;
        let licence = Self {
            serial: lines.text("serial", 1)?,
            owner: lines.text("owner", 1)?,
            edition: lines.text("edition", 1)?,
            hardware: lines.value("hardware", |text| match text {
                "any" => Some(None),
                text => Hardware::parse(text).ok().map(Some),
            })?,
            issued: lines.value("issued", Day::parse)?,
            starts: lines.value("starts", Day::parse)?,
            expires: lines.value("expires", |text| match text {
                "never" => Some(None),
                text => Day::parse(text).map(Some),
            })?,
            grace_days: lines.value("grace_days", |text| number(text).filter(|days| *days <= LONGEST_GRACE))?,
            extensions: lines.value("extensions", Amount::parse)?,
            outside_calls: lines.value("outside_calls", Amount::parse)?,
            functions: lines.value("functions", Functions::parse)?,
            support_mail: lines.text("support_mail", 0)?,
            support_phone: lines.text("support_phone", 0)?,
        };
        let key = lines.value("key", |name| is_name(name).then(|| name.to_owned()))?;
        let signature = lines.value("signature", |text| <[u8; 64]>::try_from(STANDARD.decode(text).ok()?).ok())?;
        lines.end()?;
        let key = trusted.named(&key).ok_or(LicenceError::UnknownKey(key))?;
        match key.signed(licence.body(key.name()).as_bytes(), &signature) {
            true => Ok(licence),
            false => Err(LicenceError::Signature),
        }
    }

    /// Its text, signed.
    ///
    /// # Errors
    /// Names the line whose value can't be written: too long, or with a control character.
    pub fn sign(&self, key: &SecretKey) -> Result<String, LicenceError> {
        let body = self.body(key.name());
        let signature = STANDARD.encode(key.sign(body.as_bytes()));
        let text = format!("{body}signature: {signature}\n");
        // Whatever it refuses would be refused at the customer's.
        Self::read(&text, &Trusted::new([key.public()])).map(|_| text)
    }

    /// The canonical bytes that are signed.
    fn body(&self, key: &str) -> String {
        let hardware = self.hardware.as_ref().map_or_else(|| "any".to_owned(), Hardware::to_string);
        let expires = self.expires.map_or_else(|| "never".to_owned(), |day| day.to_string());
        let Self { serial, owner, edition, issued, starts, grace_days, extensions, outside_calls, .. } = self;
        let Self { functions, support_mail, support_phone, .. } = self;
        format!(
            "{HEAD}\nserial: {serial}\nowner: {owner}\nedition: {edition}\nhardware: {hardware}\nissued: {issued}\n\
             starts: {starts}\nexpires: {expires}\ngrace_days: {grace_days}\nextensions: {extensions}\n\
             outside_calls: {outside_calls}\nfunctions: {functions}\nsupport_mail: {support_mail}\n\
             support_phone: {support_phone}\nkey: {key}\n"
        )
    }

    /// Whether it holds on this box at this time.
    ///
    /// # Errors
    /// Why not.
    pub fn judge(&self, here: &Hardware, now: WallTime) -> Result<(), Refusal> {
        if self.hardware.as_ref().is_some_and(|bound| !bound.is_same_box(here)) {
            return Err(Refusal::OtherBox);
        }
        if now < self.starts.begins() {
            return Err(Refusal::NotYet(self.starts));
        }
        match self.expires {
            Some(last) if now >= last.plus(i32::from(self.grace_days)).is_over() => Err(Refusal::Over(last)),
            _ => Ok(()),
        }
    }
}

/// The lines of a licence, one after the other.
struct Lines<'a> {
    lines: std::iter::Peekable<std::vec::IntoIter<&'a str>>,
    /// Of the one that was read last, from 1.
    at: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Result<Self, LicenceError> {
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim).collect();
        let first = lines.iter().position(|line| !line.is_empty()).ok_or(LicenceError::NoLicence)?;
        match lines[first] {
            HEAD => {}
            other if other.starts_with(FAMILY) => return Err(LicenceError::OtherVersion),
            _ => return Err(LicenceError::NoLicence),
        }
        let rest: Vec<&str> = lines.into_iter().skip(first + 1).filter(|line| !line.is_empty()).collect();
        Ok(Self { lines: rest.into_iter().peekable(), at: 1 })
    }

    fn value<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, LicenceError> {
        self.at += 1;
        let line = self.at;
        let value = self.lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let value = value.ok_or(LicenceError::Line { line, name })?.trim();
        let fits = value.len() <= LONGEST_VALUE && !value.chars().any(char::is_control);
        Some(value).filter(|_| fits).and_then(read).ok_or(LicenceError::Value { line, name })
    }

    fn text(&mut self, name: &'static str, shortest: usize) -> Result<String, LicenceError> {
        self.value(name, |text| (text.len() >= shortest).then(|| text.to_owned()))
    }

    fn end(&mut self) -> Result<(), LicenceError> {
        self.lines.peek().map_or(Ok(()), |_| Err(LicenceError::More))
    }
}

/// A number as it is written in one way only: no sign, no zeros before it.
fn number<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

impl Amount {
    /// A number, or `unlimited`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "unlimited" => Some(Self::Unlimited),
            text => number(text).map(Self::Only),
        }
    }

    /// Whether one more may be when there are so many.
    pub fn allows_more_than(self, present: u32) -> bool {
        match self {
            Self::Only(most) => present < most,
            Self::Unlimited => true,
        }
    }

    /// The number, where there is one.
    pub fn limit(self) -> Option<u32> {
        match self {
            Self::Only(most) => Some(most),
            Self::Unlimited => None,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(most) => most.fmt(formatter),
            Self::Unlimited => formatter.write_str("unlimited"),
        }
    }
}

impl Function {
    /// All, in the order of their names.
    pub const ALL: [Self; 3] = [Self::Provisioning, Self::Recording, Self::Transcoding];

    /// As licences write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Recording => "recording",
            Self::Transcoding => "transcoding",
        }
    }
}

impl Functions {
    /// Every one.
    pub fn all() -> Self {
        Function::ALL.into_iter().fold(Self::default(), Self::with)
    }

    /// These and this one.
    #[must_use]
    pub fn with(self, function: Function) -> Self {
        Self(self.0 | 1 << function as u8)
    }

    /// These without this one.
    #[must_use]
    pub fn without(self, function: Function) -> Self {
        Self(self.0 & !(1 << function as u8))
    }

    /// Whether it is among them.
    pub fn has(self, function: Function) -> bool {
        self.0 & 1 << function as u8 != 0
    }

    /// Names with a space between, in their order; `None`: an unknown one, or another order.
    pub fn parse(text: &str) -> Option<Self> {
        let named = |name: &str| Function::ALL.into_iter().find(|function| function.word() == name);
        let read =
            text.split_whitespace().try_fold(Self::default(), |all, name| named(name).map(|one| all.with(one)))?;
        (read.to_string() == text).then_some(read)
    }
}

impl fmt::Display for Functions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Function::ALL.into_iter().filter(|one| self.has(*one)).map(Function::word).collect();
        formatter.write_str(&names.join(" "))
    }
}

impl Day {
    /// `2026-11-26`, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let days = date.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).ok()?.get_days();
        Some(Self(days)).filter(|day| day.to_string() == text)
    }

    /// The one that this moment belongs to, in UTC.
    pub fn of(moment: WallTime) -> Self {
        Self(i32::try_from(moment.millis().div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// So many days later.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days from `other` to it; below 0 when it came before.
    pub(super) fn days_after(self, other: Self) -> i64 {
        i64::from(self.0) - i64::from(other.0)
    }

    /// When it begins somewhere: at UTC+14.
    fn begins(self) -> WallTime {
        WallTime(i64::from(self.0) * DAY_MS - 14 * 3_600_000)
    }

    /// When it is over everywhere: at UTC-12, so that a licence's last day is whole in every office.
    pub(super) fn is_over(self) -> WallTime {
        WallTime((i64::from(self.0) + 1) * DAY_MS + 12 * 3_600_000)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = jiff::Span::new().try_days(self.0);
        match span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span)) {
            Ok(date) => date.fmt(formatter),
            Err(_) => formatter.write_str("9999-12-31"),
        }
    }
}

#[cfg(test)]
mod tests;
