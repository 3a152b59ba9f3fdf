//! Licences: written, read, bent, bound and dated.

use proptest::prelude::*;

use super::super::hardware::Trait;
use super::super::standing::{Allowance, Standing, State};
use super::*;

fn key() -> SecretKey {
    SecretKey::new("vendor-1", [7; 32]).expect("a name")
}

fn trusted() -> Trusted {
    Trusted::new([key().public(), SecretKey::new("vendor-2", [8; 32]).expect("a name").public()])
}

fn here() -> Hardware {
    Hardware::of([(Trait::Board, "B5RM72".to_owned()), (Trait::Network, "00:15:5d:01:02:03".to_owned())])
}

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

fn noon(text: &str) -> WallTime {
    WallTime(i64::from(day(text).0) * DAY_MS + DAY_MS / 2)
}

fn licence() -> Licence {
    Licence {
        serial: "2026-000123".to_owned(),
        owner: "ООО «Ромашка»".to_owned(),
        edition: "office".to_owned(),
        hardware: Some(here()),
        issued: day("2026-11-26"),
        starts: day("2026-11-26"),
        expires: Some(day("2027-11-25")),
        grace_days: 14,
        extensions: Amount::Only(30),
        outside_calls: Amount::Only(16),
        functions: Functions::all(),
        support_mail: "help@vendor.example".to_owned(),
        support_phone: String::new(),
    }
}

fn signed() -> String {
    licence().sign(&key()).expect("it can be written")
}

#[test]
fn a_licence_is_read_back_as_it_was_signed() {
    assert_eq!(Licence::read(&signed(), &trusted()), Ok(licence()));
    let endless = Licence { expires: None, hardware: None, extensions: Amount::Unlimited, ..licence() };
    assert_eq!(Licence::read(&endless.sign(&key()).expect("it can be written"), &trusted()), Ok(endless));
}

#[test]
fn what_a_mail_program_does_to_text_breaks_no_signature() {
    let mailed = format!("\u{feff}\r\n\r\n  {}\r\n\r\n", signed().replace('\n', " \r\n\r\n"));
    assert_eq!(Licence::read(&mailed, &trusted()), Ok(licence()));
}

#[test]
fn a_second_key_signs_as_well_and_a_strangers_never() {
    let second = SecretKey::new("vendor-2", [8; 32]).expect("a name");
    assert!(Licence::read(&licence().sign(&second).expect("it can be written"), &trusted()).is_ok());
    let stranger = SecretKey::new("vendor-1", [9; 32]).expect("a name");
    let forged = licence().sign(&stranger).expect("it can be written");
    assert_eq!(Licence::read(&forged, &trusted()), Err(LicenceError::Signature));
    let unknown = SecretKey::new("test", [7; 32]).expect("a name");
    let test = licence().sign(&unknown).expect("it can be written");
    assert_eq!(Licence::read(&test, &trusted()), Err(LicenceError::UnknownKey("test".to_owned())));
}

#[test]
fn what_is_no_licence_is_told_by_line() {
    let cases = [
        (String::new(), LicenceError::NoLicence),
        ("hello".to_owned(), LicenceError::NoLicence),
        (signed().replace(" v1", " v2"), LicenceError::OtherVersion),
        (signed().replace("owner:", "holder:"), LicenceError::Line { line: 3, name: "owner" }),
        (signed().replace("extensions: 30", "extensions: 030"), LicenceError::Value { line: 10, name: "extensions" }),
        (signed().replace("2027-11-25", "2027-11-31"), LicenceError::Value { line: 8, name: "expires" }),
        (signed().replace("grace_days: 14", "grace_days: 14000"), LicenceError::Value { line: 9, name: "grace_days" }),
        (signed().replace("recording ", "flying "), LicenceError::Value { line: 12, name: "functions" }),
        (signed() + "more\n", LicenceError::More),
        ("x".repeat(LONGEST_TEXT + 1), LicenceError::TooLong),
        (signed().replace("extensions: 30", "extensions: 31"), LicenceError::Signature),
    ];
    for (text, error) in cases {
        assert_eq!(Licence::read(&text, &trusted()), Err(error), "{text:.60}");
    }
}

#[test]
fn what_could_not_be_read_is_not_signed() {
    let two_lines = Licence { owner: "Ромашка\nextensions: 9999".to_owned(), ..licence() };
    assert!(two_lines.sign(&key()).is_err());
    let nobody = Licence { owner: String::new(), ..licence() };
    assert_eq!(nobody.sign(&key()), Err(LicenceError::Value { line: 3, name: "owner" }));
}

#[test]
fn it_holds_from_its_first_day_to_its_last_and_through_the_grace() {
    let cases = [
        ("2026-11-24", Err(Refusal::NotYet(day("2026-11-26")))),
        ("2026-11-26", Ok(())),
        ("2027-11-25", Ok(())),
        ("2027-12-09", Ok(())),
        ("2027-12-11", Err(Refusal::Over(day("2027-11-25")))),
    ];
    for (today, verdict) in cases {
        assert_eq!(licence().judge(&here(), noon(today)), verdict, "{today}");
    }
    let elsewhere = Hardware::of([(Trait::Board, "OTHER".to_owned())]);
    assert_eq!(licence().judge(&elsewhere, noon("2027-01-01")), Err(Refusal::OtherBox));
}

#[test]
fn a_box_goes_from_trial_to_licence_to_grace_to_the_free_level() {
    let licence = licence();
    let first = noon("2026-11-20");
    let standing = |licence, today| Standing::of(licence, &here(), first, noon(today));
    let trial = standing(None, "2026-11-26");
    assert!(matches!(trial.state, State::Trial { .. }));
    assert_eq!((trial.allowance, trial.days_left), (Allowance::full(), Some(24)));
    assert_eq!(standing(None, "2026-12-21").state, State::Free { why: None });
    assert_eq!(standing(None, "2026-12-21").allowance, Allowance::free());

    let held = standing(Some(&licence), "2027-01-01");
    assert_eq!((held.state, held.days_left), (State::Licensed { last: licence.expires }, None));
    assert_eq!(held.allowance.extensions, Amount::Only(30));
    assert_eq!(standing(Some(&licence), "2027-11-20").days_left, Some(5));
    assert!(matches!(standing(Some(&licence), "2027-11-28").state, State::Grace { .. }));
    assert_eq!(standing(Some(&licence), "2027-11-28").allowance, held.allowance);
    let over = standing(Some(&licence), "2028-01-01");
    assert_eq!(over.state, State::Free { why: Some(Refusal::Over(day("2027-11-25"))) });
}

#[test]
fn a_licence_of_another_box_leaves_the_trial_as_it_was() {
    let elsewhere = Hardware::of([(Trait::Board, "OTHER".to_owned())]);
    let standing = Standing::of(Some(&licence()), &elsewhere, noon("2026-11-20"), noon("2026-11-26"));
    assert!(matches!(standing.state, State::Trial { .. }));
}

proptest! {
    #[test]
    fn no_byte_can_be_changed(at in 0_usize..600, to in any::<u8>()) {
        let text = signed();
        let mut bytes = text.clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        if let Ok(bent) = String::from_utf8(bytes)
            && let Ok(read) = Licence::read(&bent, &trusted())
        {
            // White space at the end of a line is no part of what is signed.
            prop_assert_eq!(read, licence());
            prop_assert!(char::from(to).is_whitespace() || bent.trim() == text.trim());
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,600}", line in 0_usize..16) {
        let _ = Licence::read(&text, &trusted());
        let mut lines: Vec<String> = signed().lines().map(str::to_owned).collect();
        lines[line] = text;
        let _ = Licence::read(&lines.join("\n"), &trusted());
    }

    #[test]
    fn days_are_written_and_read(days in -20_000_i32..200_000) {
        prop_assert_eq!(Day::parse(&Day(days).to_string()), Some(Day(days)));
    }

    #[test]
    fn less_time_never_allows_less(at in 0_i64..2_000, later in 0_i64..2_000, first in 0_i64..400) {
        let moment = |days: i64| WallTime(noon("2026-01-01").millis() + days * DAY_MS);
        let (early, late) = (at.min(later), at.max(later));
        let licence = Licence { starts: day("2026-01-01"), ..licence() };
        let of = |days| Standing::of(Some(&licence), &here(), moment(first), moment(days));
        // Once a box is at the free level, no day brings more without another licence.
        if let State::Free { .. } = of(early).state {
            let is_free = matches!(of(late).state, State::Free { .. });
            prop_assert!(is_free);
        }
    }
}
