//! What was dialled → what is meant: an emergency number first of all, then an extension, a group, a parking place, a conference
//! room, a feature code, one of our own numbers, an outside number with its class. The plan of a country is data in `config/countries`. Knows no SIP and no clock.
//!
//! A number is written in one of these forms, with spaces, brackets, dashes, dots or tildes anywhere: `8XXXXXXXXXX`,
//! `7XXXXXXXXXX`, `+7XXXXXXXXXX`, ten digits, a local number (ten minus the area code's length; an extension wins), and
//! abroad `810…`, `8~10…`, `00…`, `+…`. Inside, a number is always E.164 digits without `+`.
//!
//! **City** is the office's own area code, and the codes that `same_city` of the country's file joins with it: Moscow's
//! 495, 499 and 498 are one city, since the plan gave the second when the first was full. A region's code that holds
//! several towns (343 with 3435) counts as one city unless the office's area code says the longer one.

mod country;
mod mobile;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use country::{Country, Kind};
use mobile::Ranges;

use crate::media::Tone;
use crate::office::{Feature, NumberFormat, Office};

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
    Emergency {
        /// As dialled.
        digits: String,
    },
    /// An extension.
    Extension {
        /// Its number.
        number: String,
    },
    /// A group.
    Group {
        /// Its number.
        number: String,
    },
    /// One of the office's own numbers: takes the desk without leaving the box.
    OwnNumber {
        /// E.164 digits.
        number: String,
    },
    /// Anything else that can be dialled.
    Outside {
        /// E.164 digits; short services (122, 115) keep theirs.
        number: String,
        /// What right it needs.
        class: Class,
    },
    /// A feature code, with what was dialled after it.
    Feature {
        /// Which.
        feature: Feature,
        /// As dialled, without separators; `None` when nothing follows. Of a forwarding: how it stands is asked (`*#21#`).
        number: Option<String>,
    },
    /// A parking place: takes the call that waits there.
    Place {
        /// Its number.
        number: String,
    },
    /// A conference room.
    Conference {
        /// Its number.
        number: String,
    },
    /// `*31NUMBER`: the inner target (never an emergency number), with our number hidden.
    Hidden(Box<Target>),
    /// Neither a number of ours nor of anybody.
    Unknown,
}

/// A country's numbering plan with the office's area code.
#[derive(Debug, Clone)]
pub struct Plan {
    country: Arc<Country>,
    area_code: String,
    /// Area codes within which a call is a city call.
    city: Vec<String>,
    ranges: Arc<Ranges>,
}

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
    /// Not an area code of the country.
    #[error("{0:?} is not an area code")]
    AreaCode(String),
    /// The table of mobile ranges is wrong; names the line.
    #[error("mobile ranges: {0}")]
    MobileRanges(String),
}

impl Plan {
    /// The plan of `country` (ISO code), with local numbers completed by `area_code` (empty: there are no local numbers).
    /// `mobile_ranges` replaces the shipped table of mobile ranges by region (the official register's format, see
    /// `config/countries/ru-mobile.csv`), when the admin has given one.
    ///
    /// # Errors
    /// No such country; an area code that isn't digits or leaves no number; a broken line in `mobile_ranges`.
    pub fn load(country: &str, area_code: &str, mobile_ranges: Option<&str>) -> Result<Self, PlanError> {
        let files = COUNTRIES.iter().find(|(code, ..)| code.eq_ignore_ascii_case(country));
        let (_, plan, shipped) = files.ok_or_else(|| PlanError::UnknownCountry(country.to_owned()))?;
        let country = Country::read(plan)?;
        let local = country.national_length.saturating_sub(area_code.len());
        if !area_code.bytes().all(|b| b.is_ascii_digit()) || local < SHORTEST_LOCAL {
            return Err(PlanError::AreaCode(area_code.to_owned()));
        }
        let own = country.region_of_area(area_code);
        let ranges = Ranges::read(mobile_ranges.unwrap_or(shipped), &country, own).map_err(PlanError::MobileRanges)?;
        Ok(Self {
            city: country.city_of(area_code),
            area_code: area_code.to_owned(),
            country: Arc::new(country),
            ranges: Arc::new(ranges),
        })
    }

    /// What `dialled` means when a person (or a phone on his behalf) dialled it. In this order: emergency, an extension's or
    /// group's number, a parking place, a conference room, our own numbers in any form, outside numbers. What begins with a
    /// star or a hash is none of these but a code, as [`Codes::read`](crate::office::Codes::read) reads it; those that are
    /// keyed in calls are none when they are dialled. Never panics, whatever it is given.
    pub fn interpret(&self, office: &Office, dialled: &str) -> Target {
        let Some(dialled) = clean(dialled) else { return Target::Unknown };
        if !dialled.starts_with(CODE_STARTS) {
            return self.plain(office, &dialled);
        }
        match office.codes.read(&dialled) {
            None => Target::Unknown,
            Some((Feature::Hide, number)) => self.hidden(office, number.unwrap_or_default()),
            Some((feature, number)) => Target::Feature { feature, number: number.map(str::to_owned) },
        }
    }

    fn hidden(&self, office: &Office, number: &str) -> Target {
        match self.plain(office, number) {
            // Who needs help must be found: nothing is hidden from 112.
            target @ (Target::Emergency { .. } | Target::Unknown) => target,
            target => Target::Hidden(Box::new(target)),
        }
    }

    /// What a number that the office has stored means (a forward's target, a mobile device): an extension's or group's
    /// number, or E.164 digits. Other than [`interpret`](Self::interpret) it takes foreign numbers as they are, which in
    /// dialling would turn a digit too much into a call abroad.
    pub fn resolve(&self, office: &Office, stored: &str) -> Target {
        match self.inside(office, stored) {
            Some(target) => target,
            None if self.is_e164(stored) => self.outside(office, stored.to_owned()),
            None => self.interpret(office, stored),
        }
    }

    /// Without feature codes.
    fn plain(&self, office: &Office, dialled: &str) -> Target {
        if let Some(target) = self.inside(office, dialled) {
            return target;
        }
        let number = || dialled.to_owned();
        if office.parking.holds(dialled) {
            return Target::Place { number: number() };
        }
        if office.conference(dialled).is_some() {
            return Target::Conference { number: number() };
        }
        if self.country.is_short(dialled) {
            return Target::Outside { number: number(), class: Class::City };
        }
        match self.entered(dialled) {
            Some(number) => self.outside(office, number),
            None => Target::Unknown,
        }
    }

    /// Exact matches: emergency first of all, then the office's short numbers.
    fn inside(&self, office: &Office, dialled: &str) -> Option<Target> {
        let number = || dialled.to_owned();
        if self.is_emergency(dialled) {
            Some(Target::Emergency { digits: number() })
        } else if office.extension(dialled).is_some() {
            Some(Target::Extension { number: number() })
        } else if office.group(dialled).is_some() {
            Some(Target::Group { number: number() })
        } else {
            None
        }
    }

    fn outside(&self, office: &Office, number: String) -> Target {
        if office.trunk_of(&number).is_some() {
            return Target::OwnNumber { number };
        }
        let class = self.classify(&number);
        Target::Outside { number, class }
    }

    /// The class of an outside number, E.164 digits or a short service. What is nobody's number counts as international:
    /// the narrowest right.
    pub fn classify(&self, number: &str) -> Class {
        if self.is_emergency(number) {
            return Class::Emergency;
        }
        if self.country.is_short(number) {
            return Class::City;
        }
        let Some(national) = self.national_of(number) else { return Class::International };
        match self.country.kind(national) {
            Some(Kind::Free) => Class::City,
            Some(Kind::Premium) => Class::Premium,
            Some(Kind::Mobile) if self.ranges.is_own(national) => Class::MobileRegion,
            Some(Kind::Mobile) => Class::MobileNational,
            Some(Kind::Geographic) if self.city.iter().any(|code| national.starts_with(code.as_str())) => Class::City,
            Some(Kind::Geographic) => Class::LongDistance,
            Some(Kind::International) | None => Class::International,
        }
    }

    /// A number as a carrier or a person wrote it (`8…`, `+7…`, 7 digits, separators) → E.164 digits; `None` when it isn't
    /// one (emergency numbers and short services aren't). Local numbers are completed by the area code. Carriers send
    /// foreign callers without a prefix too, so eleven to fifteen digits that fit no national form are taken as E.164.
    pub fn to_e164(&self, written: &str) -> Option<String> {
        let written = clean(written)?;
        self.entered(&written).or_else(|| self.foreign(&written))
    }

    /// The forms in which a person enters a number, cleaned.
    fn entered(&self, digits: &str) -> Option<String> {
        if let Some(full) = digits.strip_prefix('+') {
            return self.is_e164(full).then(|| full.to_owned());
        }
        if !is_digits(digits) {
            return None;
        }
        let country = &*self.country;
        let abroad = country.international_prefixes.iter().filter_map(|prefix| digits.strip_prefix(prefix.as_str()));
        if let Some(full) = abroad.into_iter().find(|full| self.is_e164(full)) {
            return Some(full.to_owned());
        }
        let is_whole = |national: &&str| national.len() == country.national_length && country.kind(national).is_some();
        let after_trunk = digits.strip_prefix(country.trunk_prefix.as_str()).filter(is_whole);
        let after_code = digits.strip_prefix(country.country_code.as_str()).filter(is_whole);
        let bare = Some(digits).filter(is_whole).filter(|national| country.is_bare(national));
        let national = after_trunk.or(after_code).or(bare).map(str::to_owned).or_else(|| self.completed(digits));
        national.map(|national| format!("{}{national}", country.country_code))
    }

    /// A local number with the area code before it.
    fn completed(&self, digits: &str) -> Option<String> {
        let whole = format!("{}{digits}", self.area_code);
        let fits =
            !self.area_code.is_empty() && whole.len() == self.country.national_length && !digits.starts_with('0');
        (fits && self.country.kind(&whole).is_some()).then_some(whole)
    }

    fn foreign(&self, digits: &str) -> Option<String> {
        let long = digits.len() > self.country.national_length;
        (long && self.is_e164(digits) && self.national_of(digits).is_none()).then(|| digits.to_owned())
    }

    /// How an E.164 number is sent to a carrier. Emergency numbers and short services go as they are.
    pub fn format(&self, number: &str, format: NumberFormat) -> String {
        match format {
            NumberFormat::National => self.redial(number),
            NumberFormat::Plus if self.is_e164(number) => format!("+{number}"),
            NumberFormat::Plus | NumberFormat::E164 => number.to_owned(),
        }
    }

    /// How a person can dial an E.164 number again: `8…`, `810…`. Anything else (emergency numbers, short services,
    /// extensions) is dialled as it is.
    pub fn redial(&self, number: &str) -> String {
        if !self.is_e164(number) {
            return number.to_owned();
        }
        let country = &*self.country;
        let national = self.national_of(number).filter(|n| country.kind(n) != Some(Kind::International));
        match (national, country.international_prefixes.first()) {
            (Some(national), _) => format!("{}{national}", country.trunk_prefix),
            (None, Some(prefix)) => format!("{prefix}{number}"),
            (None, None) => number.to_owned(),
        }
    }

    /// The country's tones.
    pub fn tones(&self) -> Tones {
        self.country.tones()
    }

    /// The date of the table of mobile ranges (`undated` when the table doesn't say), or `None` when it is empty and
    /// every mobile counts as national.
    pub fn mobile_ranges_date(&self) -> Option<&str> {
        self.ranges.date()
    }

    /// The region whose mobiles count as "of the region": the one in which the office's area code lies.
    pub fn region(&self) -> Option<&str> {
        let at = self.country.region_of_area(&self.area_code)?;
        self.country.regions.get(at).map(|region| region.name.as_str())
    }

    /// Whether `digits` are an emergency number: exact match only.
    pub fn is_emergency(&self, digits: &str) -> bool {
        self.country.emergency.iter().any(|number| number == digits)
    }

    /// The ten national digits of an E.164 number of this country code.
    fn national_of<'a>(&self, number: &'a str) -> Option<&'a str> {
        let national = number.strip_prefix(self.country.country_code.as_str())?;
        (national.len() == self.country.national_length).then_some(national)
    }

    /// Whether `digits` can be a number of E.164 §6.2: up to 15 digits; in our own country code, somebody's.
    fn is_e164(&self, digits: &str) -> bool {
        let plausible = is_digits(digits) && !digits.starts_with('0') && E164_DIGITS.contains(&digits.len());
        let ours = digits.starts_with(self.country.country_code.as_str());
        plausible && (!ours || self.national_of(digits).is_some_and(|national| self.country.kind(national).is_some()))
    }
}

/// Takes out what people write between digits. `None` when something is left that no number has, or it is too long for one.
fn clean(written: &str) -> Option<String> {
    let mut dialled = String::with_capacity(16);
    for letter in written.trim().chars() {
        match letter {
            '0'..='9' | '*' | '#' => dialled.push(letter),
            '+' if dialled.is_empty() || (dialled.starts_with(CODE_STARTS) && !dialled.contains('+')) => {
                dialled.push(letter)
            }
            '(' | ')' | '-' | '.' | '/' | '~' | '\u{2010}'..='\u{2015}' => {}
            _ if letter.is_whitespace() => {}
            _ => return None,
        }
        if dialled.len() > LONGEST_DIALLED {
            return None;
        }
    }
    (!dialled.is_empty()).then_some(dialled)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Every code begins with one of these, and no number does.
const CODE_STARTS: [char; 2] = ['*', '#'];
/// Digits and signs of anything that can be dialled.
const LONGEST_DIALLED: usize = 32;
/// The shortest local number.
const SHORTEST_LOCAL: usize = 5;
/// Digits of an international number: ITU-T E.164 §6.2 has the upper bound.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The countries that are shipped: ISO code, plan, mobile ranges.
const COUNTRIES: [(&str, &str, &str); 1] =
    [("RU", include_str!("../../config/countries/ru.toml"), include_str!("../../config/countries/ru-mobile.csv"))];
