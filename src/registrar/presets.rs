//! The carriers of `config/carriers`: what the form of a new trunk may be filled with. Data that ages, for people to judge.

use std::net::IpAddr;

use serde::Deserialize;

/// The shipped list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presets {
    /// When it was gathered: `2026-11-23`.
    pub dated: String,
    /// In the list's order.
    #[serde(rename = "carrier")]
    pub carriers: Vec<Preset>,
}

/// What is known of one way in which one carrier sells trunks. Empty or `None`: not known, the office file's default holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// For programs; unique.
    pub id: String,
    /// For people, in the carrier's language.
    pub name: String,
    /// How the carrier knows us.
    pub kind: PresetKind,
    /// As `server` of a trunk.
    #[serde(default)]
    pub server: String,
    /// As `outbound_proxy` of a trunk.
    #[serde(default)]
    pub outbound_proxy: String,
    /// As `from_domain` of a trunk.
    #[serde(default)]
    pub from_domain: String,
    /// What the login looks like.
    #[serde(default)]
    pub login_shape: String,
    /// As `register` of a trunk.
    pub register: Option<bool>,
    /// As `register_every` of a trunk: seconds.
    pub register_every: Option<u32>,
    /// As `max_calls` of a trunk.
    pub max_calls: Option<u32>,
    /// As `caller_id_in` of a trunk.
    pub caller_id_in: Option<String>,
    /// Which values of `number_format` the carrier takes.
    #[serde(default)]
    pub number_formats: Vec<String>,
    /// As `codecs` of a trunk.
    #[serde(default)]
    pub codecs: Vec<String>,
    /// Inbound calls also come from there.
    #[serde(default)]
    pub further_addresses: Vec<IpAddr>,
    /// What it answers beside the usual.
    #[serde(default)]
    pub status: String,
    /// For the person who fills in the form.
    pub note: Option<Note>,
    /// Where this was read.
    pub source: String,
}

/// How a carrier knows us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresetKind {
    /// By registration.
    Login,
    /// By our address.
    Address,
    /// As one likes.
    Either,
}

/// A sentence or two in both languages of the page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// The shipped carriers.
///
/// # Errors
/// The file that was built in is broken; the message names the line. A test holds that it isn't.
pub fn shipped() -> Result<Presets, toml::de::Error> {
    toml::from_str(include_str!("../../config/carriers/carriers.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_shipped_carriers_can_be_read_and_stand_once_each() {
        let presets = shipped().expect("the shipped file");
        let ids: HashSet<_> = presets.carriers.iter().map(|carrier| carrier.id.as_str()).collect();
        assert_eq!(ids.len(), presets.carriers.len());
        assert!(presets.dated.parse::<jiff::civil::Date>().is_ok());
        for carrier in &presets.carriers {
            assert!(!carrier.name.is_empty() && !carrier.source.is_empty(), "{}", carrier.id);
        }
    }

    #[test]
    fn the_shipped_carriers_use_the_office_files_words() {
        for carrier in shipped().expect("the shipped file").carriers {
            let known = |words: &[&str], given: &str| words.contains(&given);
            assert!(carrier.number_formats.iter().all(|f| known(&["e164", "plus", "national"], f)), "{}", carrier.id);
            assert!(carrier.codecs.iter().all(|c| known(&["pcma", "pcmu", "g722", "opus"], c)), "{}", carrier.id);
            assert!(carrier.caller_id_in.iter().all(|c| known(&["from", "pai", "rpid", "ppi"], c)), "{}", carrier.id);
            assert_ne!((carrier.kind, carrier.register), (PresetKind::Login, Some(false)), "{}", carrier.id);
        }
    }
}
