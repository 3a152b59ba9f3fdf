//! Outside numbers as a person writes them in the file → E.164 digits, and back. The file's law is E.164; what Russians write
//! (`8…`, `810…`, a local number) is taken where a person's number stands: mobile phones and targets of forwarding.

use crate::office::Settings;

/// The shortest and the longest E.164 number that is taken, in digits.
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=15;

/// Whether `text` is E.164 digits without `+`: ITU-T E.164 §6.1.
pub(super) fn is_e164(text: &str) -> bool {
    LENGTHS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

/// A number as written → E.164 digits; `None` when it is none.
pub fn to_e164(written: &str, settings: &Settings) -> Option<String> {
    let bare: String = written.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    if let Some(digits) = bare.strip_prefix('+') {
        return is_e164(digits).then(|| digits.to_owned());
    }
    if !bare.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let national = (settings.country == "RU").then(|| from_russia(&bare, &settings.area_code)).flatten();
    national.or(Some(bare)).filter(|digits| is_e164(digits))
}

fn from_russia(digits: &str, area_code: &str) -> Option<String> {
    if digits.len() == 11 {
        return digits.strip_prefix('8').map(|rest| format!("7{rest}"));
    }
    if let Some(abroad) = digits.strip_prefix("810").filter(|rest| is_e164(rest)) {
        return Some(abroad.to_owned());
    }
    let local = !area_code.is_empty() && digits.len() + area_code.len() == 10;
    local.then(|| format!("7{area_code}{digits}"))
}

/// E.164 digits as they are written: with `+` where they would be taken for something else without.
pub(super) fn spell(number: &str, settings: &Settings) -> String {
    match to_e164(number, settings) {
        Some(same) if same == number => same,
        _ => format!("+{number}"),
    }
}
