//! A country's numbering plan as its file in `config/countries` tells it, checked once. Knows no office.

use serde::Deserialize;

use super::{PlanError, Tones};
use crate::media::Tone;

/// The plan of one country. All strings are digits, but `x` in `short`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Country {
    pub(super) country_code: String,
    pub(super) national_length: usize,
    pub(super) trunk_prefix: String,
    pub(super) international_prefixes: Vec<String>,
    pub(super) emergency: Vec<String>,
    short: Vec<String>,
    same_city: Vec<Vec<String>>,
    codes: Codes,
    tones: ToneTable,
    #[serde(rename = "region")]
    pub(super) regions: Vec<Region>,
}

/// What the first of the national digits say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    geographic: Vec<String>,
    mobile: Vec<String>,
    free: Vec<String>,
    premium: Vec<String>,
    international: Vec<String>,
    none: Vec<String>,
    bare: Vec<String>,
}

/// Whose a national number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Geographic,
    Mobile,
    Free,
    Premium,
    /// Another country behind the same country code.
    International,
}

/// A region of the country.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    pub(super) name: String,
    areas: Vec<String>,
    words: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToneTable {
    ringback: ToneEntry,
    busy: ToneEntry,
    congestion: ToneEntry,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToneEntry {
    frequencies: Vec<u16>,
    cadence_ms: Vec<u16>,
}

impl Country {
    /// Reads a country's file. What a person could have spoilt in it is an error that names the key.
    pub(super) fn read(text: &str) -> Result<Self, PlanError> {
        let country: Self = toml::from_str(text).map_err(|error| PlanError::Data(error.to_string()))?;
        country.check().map_err(PlanError::Data)?;
        Ok(country)
    }

    fn check(&self) -> Result<(), String> {
        let codes = &self.codes;
        let lists = [
            ("international_prefixes", &self.international_prefixes),
            ("emergency", &self.emergency),
            ("codes.geographic", &codes.geographic),
            ("codes.mobile", &codes.mobile),
            ("codes.free", &codes.free),
            ("codes.premium", &codes.premium),
            ("codes.international", &codes.international),
            ("codes.none", &codes.none),
            ("codes.bare", &codes.bare),
        ];
        for (key, list) in lists {
            if let Some(wrong) = list.iter().find(|entry| !is_digits(entry)) {
                return Err(format!("{key}: {wrong:?} is not digits"));
            }
        }
        for (key, entry) in [("country_code", &self.country_code), ("trunk_prefix", &self.trunk_prefix)] {
            if !is_digits(entry) {
                return Err(format!("{key}: {entry:?} is not digits"));
            }
        }
        if self.international_prefixes.is_empty() {
            return Err("international_prefixes: at least one is needed".to_owned());
        }
        if !(4..=14).contains(&self.national_length) {
            return Err("national_length: 4 to 14".to_owned());
        }
        let tones = [&self.tones.ringback, &self.tones.busy, &self.tones.congestion];
        if tones.iter().any(|tone| !(1..=2).contains(&tone.frequencies.len())) {
            return Err("tones: one or two frequencies each".to_owned());
        }
        Ok(())
    }

    /// Whose the number with these national digits (all of them) is; `None`: nobody's. The longest code that fits decides.
    pub(super) fn kind(&self, national: &str) -> Option<Kind> {
        let codes = &self.codes;
        let tables = [
            (&codes.geographic, Some(Kind::Geographic)),
            (&codes.mobile, Some(Kind::Mobile)),
            (&codes.free, Some(Kind::Free)),
            (&codes.premium, Some(Kind::Premium)),
            (&codes.international, Some(Kind::International)),
            (&codes.none, None),
        ];
        let fitting = tables.iter().flat_map(|(list, kind)| list.iter().map(move |code| (code, *kind)));
        let longest =
            fitting.filter(|(code, _)| national.starts_with(code.as_str())).max_by_key(|(code, _)| code.len());
        longest.and_then(|(_, kind)| kind)
    }

    /// Whether a number of these national digits may be dialled without the trunk prefix.
    pub(super) fn is_bare(&self, national: &str) -> bool {
        self.codes.bare.iter().any(|code| national.starts_with(code.as_str()))
    }

    /// Whether `digits` are a short service: 115, 122.
    pub(super) fn is_short(&self, digits: &str) -> bool {
        let fits = |pattern: &String| {
            pattern.len() == digits.len()
                && pattern.bytes().zip(digits.bytes()).all(|(p, d)| p == d || (p == b'x' && d.is_ascii_digit()))
        };
        self.short.iter().any(fits)
    }

    /// The area codes within which a call from `area_code` is a city call; `area_code` itself among them.
    pub(super) fn city_of(&self, area_code: &str) -> Vec<String> {
        if area_code.is_empty() {
            return Vec::new();
        }
        let shared = self.same_city.iter().find(|codes| codes.iter().any(|code| code == area_code));
        shared.cloned().unwrap_or_else(|| vec![area_code.to_owned()])
    }

    /// The region, by its place in `regions`, in which `area_code` lies.
    pub(super) fn region_of_area(&self, area_code: &str) -> Option<usize> {
        let areas =
            self.regions.iter().enumerate().flat_map(|(at, region)| region.areas.iter().map(move |area| (area, at)));
        areas
            .filter(|(area, _)| area_code.starts_with(area.as_str()))
            .max_by_key(|(area, _)| area.len())
            .map(|(_, at)| at)
    }

    /// Whether the register's words for a region (`г. Санкт-Петербург и Ленинградская область`, `Томская обл.`) name the
    /// region at `at`, alone or among others.
    pub(super) fn names_region(&self, written: &str, at: usize) -> bool {
        let text = written.to_lowercase().replace(" - ", "-").replace('ё', "е");
        text.split(|c: char| !c.is_alphabetic() && c != '-').any(|word| self.region_of_word(word) == Some(at))
    }

    /// The region whose word `word` begins with; the longest decides (`алтайский` is not `Алтай`).
    fn region_of_word(&self, word: &str) -> Option<usize> {
        let words =
            self.regions.iter().enumerate().flat_map(|(at, region)| region.words.iter().map(move |stem| (stem, at)));
        words.filter(|(stem, _)| word.starts_with(stem.as_str())).max_by_key(|(stem, _)| stem.len()).map(|(_, at)| at)
    }

    pub(super) fn tones(&self) -> Tones {
        let tone = |entry: &ToneEntry| {
            let at = |index| entry.frequencies.get(index).copied().unwrap_or(0);
            Tone { frequencies: [at(0), at(1)], cadence_ms: entry.cadence_ms.clone() }
        };
        let table = &self.tones;
        Tones { ringback: tone(&table.ringback), busy: tone(&table.busy), congestion: tone(&table.congestion) }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
