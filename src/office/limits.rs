//! `[limits]`: what outside calls may cost, so that a stolen password is no disaster.

use super::Permissions;

/// `[limits]`. 0 is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Outside calls at a time, of the whole office. To 10000.
    pub outside_calls: u32,
    /// Outside calls at a time, of one extension. To 1000.
    pub extension_calls: u32,
    /// Answered outside calls of one extension, from midnight to midnight. To 100000.
    pub extension_calls_a_day: u32,
    /// Minutes of outside calls of one extension, from midnight to midnight. To 100000.
    pub extension_minutes_a_day: u32,
    /// Answered outside calls of the whole office, from midnight to midnight. To 1000000.
    pub calls_a_day: u32,
    /// Minutes of outside calls of the whole office, from midnight to midnight. To 1000000.
    pub minutes_a_day: u32,
    /// Numbers that begin so are not called: E.164 digits.
    pub blocked: Vec<String>,
    /// Foreign countries that may be called, by the digits with which their numbers begin; empty: all.
    pub countries: Vec<String>,
    /// Paid services may be called, by whoever may call long distance.
    pub paid_services: bool,
    /// The hours in which numbers of `quiet_classes` are not called.
    pub quiet: Option<Quiet>,
    /// The classes that are not called then.
    pub quiet_classes: Permissions,
}

/// `quiet_from` and `quiet_to`: a time of every day, in the office's time zone; it may go on past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Minutes since midnight.
    pub from: u16,
    /// Minutes since midnight, another one; then such calls may be made again.
    pub to: u16,
}

/// `limits` of an extension; what is left out is the office's. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionLimits {
    /// In place of `extension_calls`.
    pub calls: Option<u32>,
    /// In place of `extension_calls_a_day`.
    pub calls_a_day: Option<u32>,
    /// In place of `extension_minutes_a_day`.
    pub minutes_a_day: Option<u32>,
}

impl Limits {
    /// Where nobody calls by himself, and stolen passwords do: whoever receives a call there is paid a share of it. No country is among
    /// them with which offices have much to do, since `countries` closes whole countries.
    ///
    /// 870, 881, 882, 883: satellites and networks of no country. 878, 979: personal numbers and paid services of no country. 1900, 4470, 449:
    /// paid services and personal numbers of North America and Britain. 246 to 690: islands whose few numbers are rented to such services
    /// (Diego Garcia, Ascension, Saint Helena, Falklands, Norfolk and Antarctica, Nauru, Solomon Islands, Wallis and Futuna, Cook Islands, Niue,
    /// Kiribati, Tuvalu, Tokelau). 220 to 269: the African countries that operators name first in their fraud reports (Gambia, Guinea, Liberia, Sierra
    /// Leone, Chad, Central African Republic, São Tomé, Guinea-Bissau, Somalia, Burundi, Comoros). 850: North Korea, for the same reason.
    pub const BLOCKED: [&'static str; 34] = [
        "870", "881", "882", "883", "878", "979", "1900", "4470", "449", "246", "247", "290", "500", "672", "674",
        "677", "681", "682", "683", "686", "688", "690", "220", "224", "231", "232", "235", "236", "239", "245", "252",
        "257", "269", "850",
    ];
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            outside_calls: 0,
            extension_calls: 5,
            extension_calls_a_day: 200,
            extension_minutes_a_day: 600,
            calls_a_day: 0,
            minutes_a_day: 0,
            blocked: Self::BLOCKED.map(str::to_owned).to_vec(),
            countries: Vec::new(),
            paid_services: false,
            quiet: None,
            quiet_classes: Permissions { long_distance: true, international: true, ..Permissions::default() },
        }
    }
}
