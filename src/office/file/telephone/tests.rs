//! The kinds of employees' telephones in the office file.

use crate::base::Rng;
use crate::office::file::{Context, Problem, Reading, read, write};
use crate::office::{Codes, Conference, Device, Feature, Mail, MailSecurity, Office, Parking, VoicemailSettings};

const EXAMPLE: &str = include_str!("../../../../config/office.example.toml");

fn read_onto(text: &str, current: &Office) -> Result<Reading, Vec<Problem>> {
    let check = &crate::desk::check::findings;
    read(text, current, Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check })
}

fn first_office() -> Office {
    Office::first_start(&mut Rng::from_seed(7), "$argon2id$hash", true)
}

/// What is wrong with `text` on a new box, with the places in the document.
fn faults(text: &str) -> Vec<(String, String)> {
    let problems = read_onto(text, &first_office()).expect_err("the document is wrong");
    problems.into_iter().map(|problem| (problem.to_string(), problem.pointer)).collect()
}

fn warned(text: &str) -> Vec<String> {
    read_onto(text, &first_office()).expect("warnings only").warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_the_example_shows_of_telephones_are_the_defaults() {
    let office = read_onto(EXAMPLE, &first_office()).expect("the example is valid").office;
    assert_eq!(office.codes, Codes::default());
    assert_eq!(office.parking, Parking::default());
    assert_eq!(office.voicemail, VoicemailSettings::default());
    assert_eq!(office.mail, Mail::default());
    let room = Conference { number: "800".to_owned(), name: "Планёрка".to_owned(), pin: "4711".to_owned() };
    assert_eq!(office.conferences, [room]);
    let [shown, default] = ["200", "201"].map(|number| office.extension(number).expect("an extension"));
    assert_eq!(
        (shown.call_waiting, shown.do_not_disturb, &shown.voicemail_pin),
        (default.call_waiting, default.do_not_disturb, &default.voicemail_pin)
    );
}

#[test]
fn a_new_box_has_all_codes_nine_places_and_no_rooms() {
    let office = first_office();
    assert_eq!((office.codes, office.parking.places().count()), (Codes::default(), 9));
    assert_eq!(office.conferences, []);
}

#[test]
fn codes_are_moved_switched_off_and_left_alone() {
    let office = read_onto("[codes]\npickup = \"**\"\npage = \"\"", &first_office()).expect("valid").office;
    assert_eq!((office.codes.get(Feature::Pickup), office.codes.get(Feature::Page)), ("**", ""));
    assert_eq!(office.codes.get(Feature::Echo), "*43");
    let kept = read_onto("[parking]\nfirst = 750\nlast = 759", &office).expect("valid").office;
    assert_eq!((&kept.codes, kept.parking.first), (&office.codes, 750));
    assert_eq!(read_onto("[codes]", &office).expect("valid").office.codes, Codes::default(), "exactly so");
}

#[test]
fn what_is_wrong_with_codes_is_told_at_the_code() {
    let wrong =
        "[codes]\npickup = \"8\"\npark = \"*43\"\nclock = \"*812\"\npage = \"*82\"\nvoicemail = 97\nevho_test = \"*1\"";
    let expected = [
        (
            "line 2: codes: `pickup` \"8\" is no code: 2 to 6 of digits, * and #, a * or # first; \"\" switches it off",
            "/codes/pickup",
        ),
        ("line 6: codes: `voicemail` must be text in quotes, not a whole number", "/codes/voicemail"),
        ("line 7: codes: unknown key `evho_test`; did you mean `echo_test`?", "/codes/evho_test"),
        // The others are those of a new box, and not in this file: the later one of two is told of.
        ("codes: `echo_test` \"*43\" is the code of `park` already", ""),
    ];
    let mut told = faults(wrong);
    told.sort();
    for (what, pointer) in expected {
        let line = told.iter().find(|(told, _)| told.contains(what)).unwrap_or_else(|| panic!("{what}\n{told:#?}"));
        if !pointer.is_empty() {
            assert_eq!(line.1, pointer);
        }
    }
    let begins = faults("[codes]\npage = \"*82\"");
    let what = "line 2: codes: `page` \"*82\" begins like `pickup` \"*8\" with a number after it";
    assert_eq!(begins, [(what.to_owned(), "/codes/page".to_owned())]);
}

#[test]
fn parking_is_nobodys_number_and_fifty_places_at_most() {
    let cases = [
        (
            "[parking]\nfirst = 750",
            "line 1: parking: `last` 709 must be 750 or more, with as many digits; 0 switches parking off",
            "/parking/last",
        ),
        ("[parking]\nfirst = 701\nlast = 751", "line 3: parking: there are at most 50 places", "/parking/last"),
        (
            "[parking]\nfirst = 990\nlast = 1010",
            "line 3: parking: `last` 1010 must be 990 or more, with as many digits; 0 switches parking off",
            "/parking/last",
        ),
        (
            "[parking]\nfirst = 1001\nlast = 1002",
            "line 2: parking: `first`: a place doesn't start with 0 or 1",
            "/parking/first",
        ),
        ("[parking]\nfirst = 195", "line 2: parking: `first` must be 200 to 99999, not 195", "/parking/first"),
        (
            "[parking]\nfirst = 202\nlast = 210",
            "line 2: extension 202: this number is a parking place (202 to 210)",
            "/parking/first",
        ),
        (
            "[parking]\nfirst = 499\nlast = 500",
            "line 2: group 500: this number is a parking place (499 to 500)",
            "/parking/first",
        ),
        (
            "[[conference]]\nnumber = \"705\"",
            "line 2: conference 705: this number is a parking place (701 to 709)",
            "/conference/0/number",
        ),
    ];
    for (text, what, pointer) in cases {
        let told = faults(text);
        assert!(told.contains(&(what.to_owned(), pointer.to_owned())), "{text}\n{told:#?}");
    }
    assert_eq!(faults("[parking]\nfirst = 100\nlast = 760").len(), 1, "a wrong first place says nothing of the last");
    let off = read_onto("[parking]\nlast = 0", &first_office()).expect("valid").office;
    assert_eq!(off.parking.places().count(), 0);
    assert!(read_onto("[parking]\nlast = 0\n[[conference]]\nnumber = \"705\"", &first_office()).is_ok());
    assert!(read_onto("[parking]\nfirst = 701\nlast = 750", &first_office()).is_ok());
}

#[test]
fn rooms_have_numbers_of_their_own_and_pins_of_four_to_ten_digits() {
    for (text, what, pointer) in [
        ("number = \"500\"", "line 2: conference 500: there is another group of this number", "/conference/0/number"),
        (
            "number = \"12\"",
            "line 2: conference 12: a number has 3 to 5 digits and doesn't start with 0 or 1",
            "/conference/0/number",
        ),
        (
            "number = \"800\"\npin = \"123\"",
            "line 3: conference 800: `pin` must be 4 to 10 digits, or empty",
            "/conference/0/pin",
        ),
        (
            "number = \"800\"\npin = \"12a4\"",
            "line 3: conference 800: `pin` must be 4 to 10 digits, or empty",
            "/conference/0/pin",
        ),
        ("name = \"x\"", "line 1: conference no. 1: `number` is missing", "/conference/0/number"),
        (
            "number = \"800\"\n[[conference]]\nnumber = \"800\"",
            "line 4: conference 800: there is another conference of this number",
            "/conference/1/number",
        ),
    ] {
        let told = faults(&format!("[[conference]]\n{text}"));
        assert_eq!(told, [(what.to_owned(), pointer.to_owned())], "{text}");
    }
    assert_eq!(warned("[[conference]]\nnumber = \"805\""), [] as [&str; 0]);
    assert_eq!(warned("[[conference]]\nnumber = \"850\"").len(), 1, "outside numbers start like this");
    let group = "[[group]]\nnumber = \"809\"\nmembers = [\"200\"]";
    assert_eq!(
        warned(group).first().map(String::as_str),
        Some("line 2: group 809: conference rooms usually have 800 to 809, and outside numbers start with 8")
    );
}

#[test]
fn mail_and_mailboxes_are_checked() {
    for (text, what) in [
        ("[mail]\nserver = \"a b\"\nfrom = \"x@y\"", "line 2: mail: `server` \"a b\" is no host"),
        (
            "[mail]\nserver = \"smtp.example.org:25\"\nfrom = \"x@y\"",
            "line 2: mail: `server` \"smtp.example.org:25\" is no host",
        ),
        ("[mail]\nserver = \"smtp.example.org\"", "line 1: mail: `from` is missing; mail needs a sender"),
        ("[mail]\nfrom = \"me\"", "line 2: mail: `from` \"me\" is no address"),
        ("[mail]\nport = 65536", "line 2: mail: `port` must be 0 to 65535, not 65536"),
        ("[mail]\nsecurity = \"ssl\"", "line 2: mail: `security` \"ssl\" is none of \"starttls\", \"tls\", \"none\""),
        ("[voicemail]\nmax_seconds = 4", "line 2: voicemail: `max_seconds` must be 5 to 3600, not 4"),
        ("[voicemail]\ngreeting = \"Hello\"", "line 2: voicemail: greeting Hello is no media"),
    ] {
        assert_eq!(faults(text).first().map(|(what, _)| what.as_str()), Some(what), "{text}");
    }
    let open = "[mail]\nserver = \"smtp\"\nfrom = \"x@y\"\nsecurity = \"none\"\nlogin = \"x\"\npassword = \"y\"";
    assert_eq!(warned(open), ["line 1: mail: without security everybody on the way can read the password"]);
    let any = "[mail]\nserver = \"smtp\"\nfrom = \"x@y\"\ntrust_any_certificate = true";
    assert_eq!(warned(any), ["line 4: mail: trust_any_certificate lets whoever stands in between be the server"]);
    let keyless = "[mail]\nserver = \"smtp\"\nfrom = \"x@y\"\nlogin = \"x\"";
    assert_eq!(warned(keyless), ["line 1: mail: has no password, and the box keeps none for it"]);
    let greeting = EXAMPLE.replace("voicemail_greeting = \"\"", "voicemail_greeting = \"Приветствия\"");
    let told = faults(&greeting);
    assert_eq!(told[0].1, "/extension/0/voicemail_greeting");
    assert!(told[0].0.contains("extension 200: voicemail_greeting Приветствия is no media; did you mean"), "{told:?}");
    let pin = EXAMPLE.replace("voicemail_pin   = \"\"", "voicemail_pin   = \"12\"");
    assert_eq!(faults(&pin)[0].1, "/extension/0/voicemail_pin");
}

#[test]
fn secrets_stay_when_they_are_left_out_and_go_when_they_are_emptied() {
    let mut current = read_onto(EXAMPLE, &first_office()).expect("valid").office;
    current.extensions[0].voicemail_pin = "2580".to_owned();
    current.extensions[0].do_not_disturb = true;
    current.mail = Mail {
        server: "smtp.example.org".to_owned(),
        security: MailSecurity::Tls,
        login: "box".to_owned(),
        password: "mail-secret".to_owned(),
        from: "box@example.org".to_owned(),
        ..Mail::default()
    };
    let open = write(&current, false);
    for secret in ["2580", "mail-secret", "4711"] {
        assert!(!open.contains(secret) && write(&current, true).contains(secret), "{secret}");
    }
    let shorter: Vec<&str> = open.lines().filter(|line| !line.starts_with("do_not_disturb =")).collect();
    let same = read_onto(&shorter.join("\n"), &current).expect("valid").office;
    assert_eq!(same.extensions, current.extensions, "telephones switch it: it stays where the file is silent");
    assert_eq!((&same.conferences, &same.mail), (&current.conferences, &current.mail));
    let emptied = EXAMPLE.replace("pin    = \"4711\"", "pin    = \"\"");
    let emptied = read_onto(&emptied, &current).expect("valid").office;
    assert_eq!((emptied.conferences[0].pin.as_str(), emptied.mail.password.as_str()), ("", ""));
    assert_eq!((emptied.extensions[0].voicemail_pin.as_str(), emptied.extensions[0].do_not_disturb), ("", false));
}

#[test]
fn a_mobile_may_ask_for_a_one_and_a_group_may_tell_places() {
    let text = EXAMPLE
        .replace("confirm      = false", "confirm      = true")
        .replace("announce_position   = false", "announce_position   = true");
    let office = read_onto(&text, &first_office()).expect("valid").office;
    assert!(matches!(&office.extensions[0].devices[1], Device::Mobile(mobile) if mobile.confirm));
    assert!(office.groups[0].announce_position);
}
