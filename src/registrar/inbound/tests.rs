use proptest::prelude::*;

use super::*;
use crate::registrar::trunks::samples::{plan, trunk};
use crate::sip::wire::{Message, parse};

fn office() -> Office {
    Office {
        trunks: vec![trunk("Один", "78126122981", &[]), trunk("Много", "78124000001", &["78124000002"])],
        ..Office::default()
    }
}

fn invite(uri: &str, to: &str, lines: &[&str]) -> Request {
    let mut text = format!(
        "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK1\r\nTo: {to}\r\nCall-ID: c\r\n\
         CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:203.0.113.1>\r\n"
    );
    if !lines.iter().any(|line| line.starts_with("From:")) {
        text += "From: <sip:89211234567@carrier.example>;tag=f\r\n";
    }
    for line in lines {
        text += line;
        text += "\r\n";
    }
    match parse((text + "Content-Length: 0\r\n\r\n").as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn called(name: &str, uri: &str, to: &str, lines: &[&str]) -> Result<String, UnknownNumber> {
    let office = office();
    called_number(&office, &plan(), office.trunk(name).expect("a trunk"), &invite(uri, to, lines))
}

const SELF: &str = "sip:tq7k2@192.168.1.1:5060";

#[test]
fn the_called_number_stands_in_the_request_uri_in_any_form() {
    for user in ["78126122981", "88126122981", "+78126122981", "8126122981", "6122981", "%2B7(812)612-29-81"] {
        let number = called("Один", &format!("sip:{user}@192.168.1.1"), "<sip:whoever@x>", &[]);
        assert_eq!(number.as_deref(), Ok("78126122981"), "{user}");
    }
    assert_eq!(called("Один", "tel:+7-812-612-29-81", "<sip:whoever@x>", &[]).as_deref(), Ok("78126122981"));
    let with_context = "sip:6122981;phone-context=+7812@192.168.1.1;user=phone";
    assert_eq!(called("Один", with_context, "<sip:whoever@x>", &[]).as_deref(), Ok("78126122981"));
}

#[test]
fn else_it_stands_in_to_or_in_diversion() {
    assert_eq!(called("Много", SELF, "<sip:88124000002@c>", &[]).as_deref(), Ok("78124000002"));
    assert_eq!(called("Много", SELF, "<tel:+78124000002>", &[]).as_deref(), Ok("78124000002"));
    let diverted = ["Diversion: <sip:123@x>;reason=no-answer, <sip:+78124000002@c>;reason=unconditional"];
    assert_eq!(called("Много", SELF, "<sip:79990000000@c>", &diverted).as_deref(), Ok("78124000002"));
    let both = ["Diversion: <sip:88124000001@c>"];
    assert_eq!(called("Много", SELF, "<sip:88124000002@c>", &both).as_deref(), Ok("78124000002"), "To comes first");
    let uri_first = called("Много", "sip:4000001@h", "<sip:88124000002@c>", &[]);
    assert_eq!(uri_first.as_deref(), Ok("78124000001"), "the Request-URI comes first of all");
}

#[test]
fn else_it_is_the_trunks_only_number() {
    assert_eq!(called("Один", SELF, "<sip:tq7k2@c>", &[]).as_deref(), Ok("78126122981"));
    assert_eq!(called("Один", "sip:192.168.1.1", "<sip:192.168.1.1>", &[]).as_deref(), Ok("78126122981"));
    let forwarded = called("Один", SELF, "<sip:79217654321@c>", &[]);
    assert_eq!(forwarded.as_deref(), Ok("78126122981"), "To may be the number from which the call was diverted");
}

#[test]
fn the_login_means_the_trunks_number() {
    assert_eq!(called("Много", "sip:login78124000001@h", "<sip:x@c>", &[]).as_deref(), Ok("78124000001"));
    assert_eq!(called("Много", SELF, "<sip:login78124000001@c>", &[]).as_deref(), Ok("78124000001"));
    let did = called("Много", "sip:login78124000001@h", "<sip:88124000002@c>", &[]);
    assert_eq!(did.as_deref(), Ok("78124000002"), "a number that is named beats the login");
}

#[test]
fn a_number_that_is_none_of_ours_is_unknown() {
    let error = called("Один", "sip:88127777777@h", "<sip:x@c>", &[]).expect_err("not ours");
    assert_eq!((error.written.as_str(), error.status()), ("88127777777", 404));
    assert!(called("Много", SELF, "<sip:x@c>", &[]).is_err(), "several numbers, none named");
}

fn caller(lines: &[&str]) -> Caller {
    caller_identity(&invite("sip:78126122981@h", "<sip:78126122981@c>", lines), &plan())
}

fn shown(number: &str, name: &str) -> Caller {
    Caller { number: number.to_owned(), name: name.to_owned(), hidden: false }
}

#[test]
fn the_caller_is_the_asserted_one_before_the_one_in_from() {
    assert_eq!(caller(&["From: \"Иванов\" <sip:89211234567@c>;tag=f"]), shown("79211234567", "Иванов"));
    let lines =
        ["From: \"ООО\" <sip:account7@c>;tag=f", "P-Asserted-Identity: <sip:88127654321@c>, <tel:+78127654321>"];
    assert_eq!(caller(&lines), shown("78127654321", "ООО"));
    let lines = ["Remote-Party-ID: \"Петров\" <sip:+375291234567@c>;party=calling;screen=yes;privacy=off"];
    assert_eq!(caller(&lines), shown("375291234567", "Петров"));
    assert_eq!(caller(&["P-Asserted-Identity: <tel:+7-921-123-45-67>"]), shown("79211234567", ""));
    assert_eq!(caller(&["From: <sip:pbx@c>;tag=f"]), shown("pbx", ""));
}

#[test]
fn a_name_that_only_repeats_the_number_is_none() {
    assert_eq!(caller(&["From: \"+7 (921) 123-45-67\" <sip:89211234567@c>;tag=f"]), shown("79211234567", ""));
}

#[test]
fn a_caller_who_hides_is_known_to_the_record_only() {
    let hidden = |number: &str| Caller { number: number.to_owned(), name: String::new(), hidden: true };
    let anonymous = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=f";
    assert_eq!(caller(&[anonymous]), hidden(""));
    assert_eq!(caller(&[anonymous, "P-Asserted-Identity: \"И\" <sip:89211234567@c>"]), hidden("79211234567"));
    let by_word = ["From: \"И\" <sip:89211234567@c>;tag=f", "Privacy: critical; ID"];
    assert_eq!(caller(&by_word), hidden("79211234567"));
    assert_eq!(caller(&["Remote-Party-ID: <sip:89211234567@c>;privacy=full"]), hidden("79211234567"));
    assert!(!caller(&["Privacy: none"]).hidden);
}

#[test]
fn broken_identities_fall_back_to_from() {
    let mut request = invite("sip:78126122981@h", "<sip:78126122981@c>", &[]);
    request.headers.push(Name::PAssertedIdentity, "<sip:8921");
    request.headers.push(Name::RemotePartyId, "\"");
    assert_eq!(caller_identity(&request, &plan()), shown("79211234567", ""));
}

proptest! {
    #[test]
    fn no_user_part_can_panic_the_reading(user in "\\PC{0,20}", display in "\\PC{0,20}") {
        let mut request = invite(SELF, "<sip:x@c>", &[]);
        request.uri.user = Some(user.clone());
        let mut address = NameAddr::new(&display, request.uri.clone());
        request.headers.push(Name::Diversion, address.to_string());
        address.uri.user = Some(user);
        request.headers.push(Name::PAssertedIdentity, address.to_string());
        let office = office();
        for trunk in &office.trunks {
            let _ = called_number(&office, &plan(), trunk, &request);
            names_trunk(&plan(), trunk, &request);
        }
        caller_identity(&request, &plan());
    }
}
