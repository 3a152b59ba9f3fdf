//! What was dialled → what is meant: an emergency number first of all, then an extension, a group, one of our own numbers, an
//! outside number with its class. The plan of a country is data in `config/countries`. Knows no SIP and no clock.

use crate::media::Tone;
use crate::office::{NumberFormat, Office};

/// The classes of numbers of product.md section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Class {
    Emergency,
    City,
    MobileRegion,
    MobileNational,
    LongDistance,
    International,
    /// Paid services (8-803, 8-809): refused unless an admin opens them.
    Premium,
}

/// What a dialled string means in this office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Exact match only; sent to the carrier unchanged.
    Emergency { digits: String },
    /// An extension's number.
    Extension { number: String },
    /// A group's number.
    Group { number: String },
    /// One of the office's own numbers: takes the desk without leaving the box. E.164 digits.
    OwnNumber { number: String },
    /// Anything else that can be dialled. Short services (122, 115) keep their digits; others are E.164.
    Outside { number: String, class: Class },
    /// `*31NUMBER`: the inner target, with our number hidden.
    Hidden(Box<Target>),
    /// Neither a number of ours nor of anybody.
    Unknown,
}

/// A country's numbering plan with the office's area code.
#[derive(Debug, Clone)]
pub struct Plan {}

/// The country's tones for callers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub struct Tones {
    pub ringback: Tone,
    pub busy: Tone,
    /// "All ways are taken", or refused.
    pub congestion: Tone,
}

/// Why a country's plan can't be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No file for it.
    #[error("no numbering plan for country {0:?}")]
    UnknownCountry(String),
    /// The file is wrong.
    #[error("{0}")]
    Data(String),
}

#[expect(unused_variables, reason = "the skeleton of the door")]
impl Plan {
    /// The plan of `country` (ISO code), with local numbers completed by `area_code`. `mobile_ranges` replaces the shipped
    /// table of mobile ranges by region (the official register's format), when the admin has given one.
    pub fn load(country: &str, area_code: &str, mobile_ranges: Option<&str>) -> Result<Self, PlanError> {
        Err(PlanError::UnknownCountry(country.to_owned()))
    }
    /// What `dialled` means.
    pub fn interpret(&self, office: &Office, dialled: &str) -> Target {
        Target::Unknown
    }
    /// The class of an outside number, E.164 digits or a short service.
    pub fn classify(&self, number: &str) -> Class {
        Class::International
    }
    /// A number as a carrier or a person wrote it (`8…`, `+7…`, 7 digits, separators) → E.164 digits; `None` when it isn't one.
    /// `area_code` completes local numbers.
    pub fn to_e164(&self, written: &str) -> Option<String> {
        None
    }
    /// How an E.164 number is sent to a carrier.
    pub fn format(&self, number: &str, format: NumberFormat) -> String {
        number.to_owned()
    }
    /// How a person can dial an E.164 number again: `8…`, `810…`.
    pub fn redial(&self, number: &str) -> String {
        number.to_owned()
    }
    /// The country's tones.
    pub fn tones(&self) -> Tones {
        unreachable!()
    }
    /// The date of the table of mobile ranges, or `None` when it is empty and every mobile counts as national.
    pub fn mobile_ranges_date(&self) -> Option<&str> {
        None
    }
}
