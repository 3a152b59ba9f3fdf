//! What employees do on the telephone: `[codes]`, `[parking]`, `[[conference]]`, `[voicemail]`, `[mail]`.

use std::ops::RangeInclusive;

use super::fault::Fault;
use super::fields::Fields;
use super::nouns::{is_email, is_host};
use crate::office::{
    CODE_LENGTHS, Codes, Conference, Feature, Mail, MailSecurity, Parking, VoicemailSettings, is_code,
};

/// Digits of a PIN: four are what a throttled guesser can't find, more than ten nobody keys.
const PIN_DIGITS: RangeInclusive<usize> = 4..=10;
/// Places have as many digits as extensions.
const PLACES: RangeInclusive<u32> = 200..=99_999;
/// Seconds after which a parked call returns.
const PARKED: RangeInclusive<u32> = 10..=3600;
/// Seconds of a voice message.
const MESSAGE: RangeInclusive<u32> = 5..=3600;

pub(super) fn codes(fields: &mut Fields<'_, '_>) -> Codes {
    let mut codes = Codes::default();
    for feature in Feature::ALL {
        let key = feature.key();
        let code = fields.text_or(key, feature.code());
        if !code.is_empty() && !is_code(&code) {
            let (least, most) = (CODE_LENGTHS.start(), CODE_LENGTHS.end());
            let what = format_args!(
                "`{key}` \"{code}\" is no code: {least} to {most} of digits, * and #, a * or # first; \"\" switches it off"
            );
            fields.fault(key, Fault::CodeShape, what);
        }
        codes.set(feature, &code);
    }
    codes
}

pub(super) fn parking(fields: &mut Fields<'_, '_>) -> Parking {
    let default = Parking::default();
    let given = fields.whole_or("first", 0, PLACES);
    let first = if given == 0 { default.first } else { given };
    let last = fields.whole_or("last", default.last, 0..=*PLACES.end());
    let timeout_seconds = fields.whole_or("timeout_seconds", default.timeout_seconds, PARKED);
    let parking = Parking { first, last, timeout_seconds };
    if last == 0 || (given == 0 && fields.spot.has("first")) {
        return parking; // switched off, or told already
    }
    let digits = |number: u32| number.to_string().len();
    if first.to_string().starts_with('1') {
        fields.fault("first", Fault::InsideNumber, "`first`: a place doesn't start with 0 or 1");
    } else if last < first || digits(last) != digits(first) {
        let what = format_args!("`last` {last} must be {first} or more, with as many digits; 0 switches parking off");
        fields.fault("last", Fault::ParkingOrder, what);
    } else if last - first >= Parking::MOST {
        let most = Parking::MOST;
        fields.fault("last", Fault::ParkingSize { most }, format_args!("there are at most {most} places"));
    }
    parking
}

pub(super) fn conference(fields: &mut Fields<'_, '_>) -> Conference {
    fields.name_by("conference", "number");
    Conference { number: fields.required("number"), name: fields.text_or("name", ""), pin: pin(fields, "pin") }
}

/// Digits, or empty.
pub(super) fn pin(fields: &mut Fields<'_, '_>, key: &'static str) -> String {
    let pin = fields.text_or(key, "");
    if !pin.is_empty() && (!PIN_DIGITS.contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit())) {
        fields.fault(key, Fault::Pin, format_args!("`{key}` must be 4 to 10 digits, or empty"));
    }
    pin
}

pub(super) fn voicemail(fields: &mut Fields<'_, '_>) -> VoicemailSettings {
    let default = VoicemailSettings::default();
    VoicemailSettings {
        max_seconds: fields.whole_or("max_seconds", default.max_seconds, MESSAGE),
        keep_days: fields.whole_or("keep_days", default.keep_days, 0..=3650),
        greeting: fields.text_or("greeting", ""),
    }
}

pub(super) fn mail(fields: &mut Fields<'_, '_>) -> Mail {
    let mail = Mail {
        server: fields.text_or("server", ""),
        port: u16::try_from(fields.whole_or("port", 0, 0..=65_535)).unwrap_or(0),
        security: fields.word_or("security", MailSecurity::default()),
        trust_any_certificate: fields.flag_or("trust_any_certificate", false),
        login: fields.text_or("login", ""),
        password: fields.text_or("password", ""),
        from: fields.text_or("from", ""),
        missed_calls: fields.flag_or("missed_calls", false),
        admin: fields.text_or("admin", ""),
    };
    if !mail.admin.is_empty() && !is_email(&mail.admin) {
        fields.fault("admin", Fault::Address, format_args!("`admin` \"{}\" is no address", mail.admin));
    }
    if !mail.server.is_empty() && !is_host(&mail.server) {
        fields.fault("server", Fault::Host, format_args!("`server` \"{}\" is no host", mail.server));
    }
    if mail.from.is_empty() {
        if !mail.server.is_empty() {
            fields.fault("from", Fault::Missing, "`from` is missing; mail needs a sender");
        }
    } else if !is_email(&mail.from) {
        fields.fault("from", Fault::Address, format_args!("`from` \"{}\" is no address", mail.from));
    }
    mail
}

#[cfg(test)]
mod tests;
