//! What outside calls may cost: `[limits]`, and `limits` of an extension.

use super::fault::Fault;
use super::fields::Fields;
use super::nouns::classes;
use super::times;
use crate::office::{ExtensionLimits, Limits, Permissions, Quiet};

/// At a time: the office, an extension.
const AT_A_TIME: [u32; 2] = [10_000, 1_000];
/// In a day: the office, an extension.
const A_DAY: [u32; 2] = [1_000_000, 100_000];
/// Digits with which numbers begin.
const PREFIX_DIGITS: std::ops::RangeInclusive<usize> = 1..=15;

pub(super) fn limits(fields: &mut Fields<'_, '_>) -> Limits {
    let default = Limits::default();
    let [office, extension] = AT_A_TIME;
    let [office_a_day, extension_a_day] = A_DAY;
    Limits {
        outside_calls: fields.whole_or("outside_calls", default.outside_calls, 0..=office),
        extension_calls: fields.whole_or("extension_calls", default.extension_calls, 0..=extension),
        extension_calls_a_day: fields.whole_or(
            "extension_calls_a_day",
            default.extension_calls_a_day,
            0..=extension_a_day,
        ),
        extension_minutes_a_day: fields.whole_or(
            "extension_minutes_a_day",
            default.extension_minutes_a_day,
            0..=extension_a_day,
        ),
        calls_a_day: fields.whole_or("calls_a_day", default.calls_a_day, 0..=office_a_day),
        minutes_a_day: fields.whole_or("minutes_a_day", default.minutes_a_day, 0..=office_a_day),
        blocked: prefixes(fields, "blocked").unwrap_or(default.blocked),
        countries: prefixes(fields, "countries").unwrap_or(default.countries),
        paid_services: fields.flag_or("paid_services", default.paid_services),
        quiet: quiet(fields, default.quiet),
        quiet_classes: classes(fields, "quiet_classes", &Permissions::WORDS).unwrap_or(default.quiet_classes),
    }
}

fn prefixes(fields: &mut Fields<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    let given = fields.texts(key)?;
    for (nth, text) in given.iter().enumerate() {
        let at = fields.spot.item(key, nth);
        if !PREFIX_DIGITS.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let what = format_args!("`{key}` \"{text}\" must be the digits with which numbers begin, as \"375\"");
            fields.fault_at(at, Fault::Prefix, what);
        } else if given.iter().take(nth).any(|earlier| earlier == text) {
            fields.fault_at(at, Fault::Twice(text.clone()), format_args!("`{key}` names \"{text}\" twice"));
        }
    }
    Some(given)
}

/// Both times, or none; a table that names neither has those of a new box.
fn quiet(fields: &mut Fields<'_, '_>, default: Option<Quiet>) -> Option<Quiet> {
    let spelled = |minutes: Option<u16>| minutes.map(times::spell_minutes).unwrap_or_default();
    let mut time = |key: &'static str, default: Option<u16>| {
        let text = fields.text_or(key, &spelled(default));
        let minutes = times::minutes(&text).filter(|minutes| *minutes < 24 * 60);
        if minutes.is_none() && !text.is_empty() {
            fields.fault(key, Fault::Time, format_args!("`{key}` \"{text}\" is no time like \"22:00\""));
        }
        (text, minutes)
    };
    let from = time("quiet_from", default.map(|quiet| quiet.from));
    let to = time("quiet_to", default.map(|quiet| quiet.to));
    match (from, to) {
        ((_, Some(from)), (_, Some(to))) if from != to => Some(Quiet { from, to }),
        ((_, Some(_)), (_, Some(_))) => {
            let what = "`quiet_to` must be another time than `quiet_from`; both empty: no quiet hours";
            fields.fault("quiet_to", Fault::QuietHours, what);
            None
        }
        ((from, _), (to, _)) => {
            if from.is_empty() != to.is_empty() {
                let key = if from.is_empty() { "quiet_from" } else { "quiet_to" };
                let what = format_args!("`{key}` is empty; quiet hours have a beginning and an end, or neither");
                fields.fault(key, Fault::QuietHours, what);
            }
            None
        }
    }
}

/// Those of an extension.
pub(super) fn of_extension(fields: &mut Fields<'_, '_>) -> ExtensionLimits {
    let Some(mut table) = fields.table("limits") else { return ExtensionLimits::default() };
    let [[_, calls], [_, a_day]] = [AT_A_TIME, A_DAY];
    let limits = ExtensionLimits {
        calls: table.whole("calls", 0..=calls),
        calls_a_day: table.whole("calls_a_day", 0..=a_day),
        minutes_a_day: table.whole("minutes_a_day", 0..=a_day),
    };
    table.finish();
    limits
}
