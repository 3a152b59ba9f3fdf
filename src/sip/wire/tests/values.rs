//! URIs, addresses, Vias and fields one by one.

use crate::sip::wire::{CSeq, Headers, Host, Method, Name, NameAddr, Params, ParseError, Scheme, Uri, Via};
use crate::sip::{Flow, Transport};

fn uri(text: &str) -> Uri {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn address(text: &str) -> NameAddr {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_plus_survives_however_it_is_spelled() {
    for text in ["sip:prefix+user200s0@10.0.0.1", "sip:prefix%2Buser200s0@10.0.0.1", "sip:prefix%2buser200s0@10.0.0.1"]
    {
        assert_eq!(uri(text).user.as_deref(), Some("prefix+user200s0"));
        assert_eq!(uri(text).to_string(), "sip:prefix+user200s0@10.0.0.1");
    }
}

#[test]
fn what_needs_escaping_is_escaped() {
    for (user, written) in [
        ("*60", "sip:*60@h"),
        ("##200", "sip:%23%23200@h"),
        ("a b@c:d%\"<>", "sip:a%20b%40c%3Ad%25%22%3C%3E@h"),
        ("иван", "sip:%D0%B8%D0%B2%D0%B0%D0%BD@h"),
        ("\r\n", "sip:%0D%0A@h"),
    ] {
        let own = Uri::sip(Some(user), Host::Name("h".into()), None);
        assert_eq!(own.to_string(), written);
        assert_eq!(uri(written), own);
    }
    assert_eq!(uri("sip:#21@h").user.as_deref(), Some("#21"));
    assert_eq!(uri("sip:50%@h").user.as_deref(), Some("50%"));
    assert_eq!(uri("sip:%E9t%e9@h").user.as_deref(), Some("été"), "escaped Latin-1");
}

#[test]
fn uris_are_taken_apart() {
    let full = uri("SIPS:Bob:s%3Aecret@Biloxi.COM:5070;Transport=TCP;lr?subject=x&to=y%40z");
    assert_eq!(
        (&full.scheme, full.user.as_deref(), full.password.as_deref()),
        (&Scheme::Sips, Some("Bob"), Some("s:ecret"))
    );
    assert_eq!((full.host_port().as_str(), full.transport()), ("biloxi.com:5070", Some(Transport::Tcp)));
    assert!(full.params.has("LR") && full.params.get("lr").is_none());
    assert_eq!(full.headers.as_deref(), Some("subject=x&to=y%40z"));
    assert_eq!(full.to_string(), "sips:Bob:s%3Aecret@biloxi.com:5070;Transport=TCP;lr?subject=x&to=y%40z");
    assert_eq!((uri("sip:h").user, uri("sip:@h").user, uri("sip:h:").port), (None, None, None));
    assert_eq!(uri("sip:h;lr;").params, Params(vec![("LR".into(), None)]));
}

#[test]
fn telephone_numbers_lose_their_separators() {
    let tel = uri("tel:+7-(812)-612.29.81;phone-context=+7;ext=200");
    assert_eq!((&tel.scheme, tel.user.as_deref()), (&Scheme::Tel, Some("+78126122981")));
    assert_eq!((tel.params.get("phone-context"), tel.params.get("EXT")), (Some("+7"), Some("200")));
    assert_eq!(tel.to_string(), "tel:+78126122981;phone-context=+7;ext=200");
    assert_eq!(uri("TEL:112"), Uri::tel("1-12"));
    assert!("tel:".parse::<Uri>().is_err() && "tel:--".parse::<Uri>().is_err());
}

#[test]
fn broken_uris_are_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        "sip:a@",
        "sip:a@h:x",
        "sip:a@h:65536",
        "sip:a@h:-1",
        "sip:a@h:+5",
        "sip:a b@h",
        "sip:a@b@h",
        "sip:@h?x=a@b",
        "sip:a@h h",
        "sip:a@[::1",
        "sip:a@[::g]",
        "sip:a@[::1]x",
        "sip:a@::1",
        "sip:a@[1.2.3.4]",
        "sip:a@h;;lr",
        "sip:a@h;=x",
        "<sip:a@h>",
        "1sip:a",
        "s p:a",
        ":a",
        "sip:a@h\r\nVia: x",
        "sip:a@h,b",
        "isbn:",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
}

#[test]
fn uris_compare_as_rfc_3261_says() {
    for (a, b) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;x=1;x=2", "sip:carol@chicago.com;x=1;x=2"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(uri(a).same_as(&uri(b)) && uri(b).same_as(&uri(a)), "{a} {b}");
    }
    for (a, b) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@h", "sips:a@h"),
        ("sip:a@h;user=phone", "sip:a@h"),
        ("sip:a@h", "sip:a@h;maddr=1.2.3.4"),
    ] {
        assert!(!uri(a).same_as(&uri(b)) && !uri(b).same_as(&uri(a)), "{a} {b}");
    }
}

#[test]
fn addresses_are_read_in_all_their_forms() {
    for (text, display, target, tag) in [
        ("<sip:200@h>", "", "sip:200@h", None),
        ("<sip:200@h>;tag=x", "", "sip:200@h", Some("x")),
        ("sip:200@h;tag=x", "", "sip:200@h", Some("x")),
        ("Иван Петров <sip:200@h> ; tag = x ", "Иван Петров", "sip:200@h", Some("x")),
        (r#""A \"B\" <c>, \\d" <sip:200@h;lr>;TAG=x"#, r#"A "B" <c>, \d"#, "sip:200@h;lr", Some("x")),
        ("\"\"<sip:200@h>;tag=\"x y\"", "", "sip:200@h", Some("x y")),
        ("sip:200@h ;tag=x;", "", "sip:200@h", Some("x")),
        ("tel:+7812;tag=x", "", "tel:+7812", Some("x")),
        ("<sip:200@h>;tag=", "", "sip:200@h", None),
    ] {
        let read = address(text);
        assert_eq!(
            (read.display.as_str(), read.uri.to_string().as_str(), read.tag()),
            (display, target, tag),
            "{text}"
        );
    }
    for text in [
        "",
        "<sip:a@h",
        "\"a",
        "\"a\" sip:a@h",
        "a \"b\" <sip:a@h>",
        "<sip:a@h>x",
        "<sip:a@h>;;tag=x",
        "<sip:a@h>;t\"=x",
        "*",
    ] {
        assert!(text.parse::<NameAddr>().is_err(), "{text}");
    }
}

#[test]
fn tags_are_set_and_taken_off() {
    let plain = NameAddr::new("Bob", uri("sip:200@h"));
    let tagged = plain.clone().with_tag("x");
    assert_eq!(tagged.to_string(), "\"Bob\" <sip:200@h>;tag=x");
    assert_eq!((tagged.clone().with_tag("y").tag(), tagged.without_tag()), (Some("y"), plain));
}

#[test]
fn parameters_are_quoted_only_where_they_must_be() {
    let text = r#"<sip:200@h>;+sip.instance="<urn:uuid:0>";tag=a/b@c;q=0.5;x="a;b";y;expires=60"#;
    assert_eq!(address(text).to_string(), text);
    assert_eq!(address(r#"<sip:200@h>;reason="unknown""#).to_string(), "<sip:200@h>;reason=unknown");
    let mut params = address(text).params;
    params.set("EXPIRES", Some("120".into()));
    params.remove("+SIP.instance");
    params.set("z", None);
    assert_eq!(params.to_string(), r#";tag=a/b@c;q=0.5;x="a;b";y;expires=120;z"#);
}

#[test]
fn a_via_of_ours_asks_for_rport() {
    let via = Via::new(Transport::Udp, "[2001:db8::1]:5060".parse().unwrap(), "z9hG4bKx");
    assert_eq!(via.to_string(), "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKx;rport");
    let answered: Via = "SIP/2.0/UDP h;rport=5062;received=192.0.2.7;branch=z9hG4bKx".parse().unwrap();
    assert_eq!(
        (answered.rport(), answered.received(), answered.port_or_default()),
        (Some(5062), "192.0.2.7".parse().ok(), 5060)
    );
    assert_eq!("SIP/2.0/TLS h".parse::<Via>().unwrap().port_or_default(), 5061);
    for text in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0 h",
        "HTTP/2.0/UDP h",
        "SIP/2.0/U@P h",
        "SIP/2.0/UDP h;;x",
        "SIP/2.0/UDP h:x",
    ] {
        assert!(text.parse::<Via>().is_err(), "{text}");
    }
}

#[test]
fn lists_are_cut_at_the_right_commas() {
    let mut headers = Headers::new();
    headers.push(Name::Contact, r#""Bell, \", A" <sip:a,b@h>;x="1,2", <sip:c@h>,, sip:d@h;q=1"#);
    headers.push(Name::Contact, "<sip:e@h>");
    let users: Vec<_> = headers.contacts().unwrap().into_iter().filter_map(|contact| contact.uri.user).collect();
    assert_eq!(users, ["a,b", "c", "d", "e"]);
}

#[test]
fn a_star_is_a_contact_only_alone() {
    let with = |value: &str| {
        let mut headers = Headers::new();
        headers.push(Name::Contact, value);
        headers
    };
    assert!(with("*").is_contact_star() && with("*").contacts() == Ok(vec![]));
    assert!(!with("*, <sip:a@h>").is_contact_star());
    assert_eq!(with("<sip:a@h>, *").contacts(), Err(ParseError::Header(Name::Contact)));
}

#[test]
fn numbers_are_read_or_not_there() {
    let number = |value: &str| {
        let mut headers = Headers::new();
        headers.push(Name::Expires, value);
        headers.number(&Name::Expires)
    };
    assert_eq!((number("3600"), number("0060"), number("120 (in a meeting);x")), (Some(3600), Some(60), Some(120)));
    assert_eq!(
        (number("90;refresher=uac"), number("4294967295"), number("4294967296")),
        (Some(90), Some(u32::MAX), None)
    );
    assert_eq!((number(""), number("-1"), number("1.5"), number("soon")), (None, None, None, None));
}

#[test]
fn fields_keep_their_order() {
    let mut headers = Headers::new();
    headers.push(Name::To, "1");
    headers.push(Name::Via, "2");
    headers.push(Name::To, "3");
    headers.push_front(Name::Via, "0");
    headers.set("t".parse().unwrap(), "4");
    headers.set(Name::From, "5");
    let mut more = Headers::new();
    more.push(Name::Other("x-more".into()), "6");
    headers.extend(more);
    let all: Vec<_> = headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(all, ["Via=0", "To=4", "Via=2", "From=5", "x-more=6"]);
    assert_eq!(headers.get(&Name::Other("X-MORE".into())), Some("6"));
    assert_eq!(headers.get(&Name::Other("VIA".into())), Some("0"));
}

#[test]
fn methods_are_told_apart_by_case() {
    for known in rsip::Method::all() {
        let text = known.to_string();
        let own: Method = text.parse().unwrap();
        assert!(!matches!(own, Method::Other(_)), "{text}");
        assert_eq!(own.to_string(), text);
        assert_eq!(text.to_lowercase().parse(), Ok(Method::Other(text.to_lowercase())));
    }
    assert!("IN VITE".parse::<Method>().is_err() && "".parse::<Method>().is_err() && "A/B".parse::<Method>().is_err());
}

#[test]
fn cseq_is_a_number_below_2_to_the_31_and_a_method() {
    let cseq = CSeq { number: (1 << 31) - 1, method: Method::Prack };
    assert_eq!(cseq.to_string().parse(), Ok(cseq));
    for text in ["2147483648 PRACK", "1", "PRACK", "1 ", "1  a b", "1PRACK"] {
        assert_eq!(text.parse::<CSeq>(), Err(ParseError::CSeq), "{text}");
    }
}

#[test]
fn what_rsip_reads_is_read_alike() {
    use rsip::headers::{ToTypedHeader, UntypedHeader};
    for text in ["sip:200@192.0.2.1", "sip:alice@atlanta.com:5070;transport=tcp", "sips:alice@atlanta.com;lr"] {
        let (theirs, ours) = (rsip::Uri::try_from(text).unwrap(), uri(text));
        assert_eq!(theirs.user().map(ToOwned::to_owned), ours.user, "{text}");
        assert_eq!(theirs.host_with_port.to_string(), ours.host_port(), "{text}");
        assert_eq!(theirs.params.len(), ours.params.0.len(), "{text}");
    }
    let text = "SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bK776asdhds;received=192.0.2.1";
    let theirs = rsip::headers::Via::new(text).typed().unwrap();
    let ours: Via = text.parse().unwrap();
    assert_eq!(
        (theirs.branch().map(ToString::to_string), theirs.received().unwrap()),
        (ours.branch().map(str::to_owned), ours.received())
    );
    let text = "\"Alice\" <sip:alice@atlanta.com>;tag=1928301774";
    let theirs = rsip::headers::From::new(text).typed().unwrap();
    let ours = address(text);
    assert_eq!(theirs.tag().map(ToString::to_string).as_deref(), ours.tag());
    assert_eq!(theirs.uri.to_string(), ours.uri.to_string());
}

#[test]
fn a_flow_is_named_as_in_a_log() {
    let address = |text: &str| text.parse().unwrap();
    let flow =
        Flow { transport: Transport::Tcp, local: address("10.0.0.1:5060"), peer: address("10.0.0.2:1"), connection: 7 };
    assert_eq!(format!("{flow:?}"), "tcp 10.0.0.1:5060→10.0.0.2:1#7");
}
