//! The torture messages of RFC 4475 (files in `data/torture`, byte by byte as the IETF gave them) and RFC 5118 (below,
//! after its description): what the reader makes of each. What the exchange answers is for the scenarios.

use dozvon::sip::Transport;
use dozvon::sip::wire::{
    Headers, Host, Malformed, Message, Method, Name, ParseError, Request, Response, Scheme, parse,
};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/torture/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn request(name: &str) -> Request {
    match parse(&file(name)) {
        Ok(Message::Request(request)) => request,
        other => panic!("{name}: {other:?}"),
    }
}

fn response(name: &str) -> Response {
    match parse(&file(name)) {
        Ok(Message::Response(response)) => response,
        other => panic!("{name}: {other:?}"),
    }
}

fn malformed(name: &str) -> Malformed {
    parse(&file(name)).expect_err(name)
}

/// The status of the reply, after a look at whether the sender could make use of it.
fn refused(name: &str) -> (u16, ParseError) {
    let Malformed { why, reply } = malformed(name);
    let reply = reply.unwrap_or_else(|| panic!("{name}: no reply for {why}"));
    assert!(reply.headers.contains(&Name::Via), "{name}");
    let written = parse(&reply.to_bytes());
    if let Ok(Message::Response(read)) = written {
        assert_eq!(read.status, reply.status, "{name}");
        assert!(read.headers.to().expect("checked by the reader").tag().is_some(), "{name}: To without a tag");
    }
    (reply.status, why)
}

fn tag(name: &str, headers: &Headers) -> String {
    headers.from().expect(name).tag().expect(name).to_owned()
}

// ── RFC 4475 §3.1.1: valid messages ──

#[test]
fn a_short_tortuous_invite_is_read_in_full() {
    let invite = request("wsinv");
    assert_eq!(invite.method, Method::Invite);
    assert!(invite.uri.params.has("unknownparam"));
    let headers = &invite.headers;
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!((from.display.as_str(), from.tag()), (r#"J Rosenberg \""#, Some("98asjd8")));
    assert_eq!(headers.number(&Name::MaxForwards), Some(68));
    assert_eq!((headers.cseq().unwrap().number, headers.cseq().unwrap().method), (9, Method::Invite));
    assert_eq!(headers.get(&Name::Subject), Some(""));
    assert_eq!(
        headers.get(&Name::Other("newfangledheader".into())),
        Some("newfangled value continued newfangled value")
    );
    assert_eq!(headers.get(&Name::Other("UnknownHeaderWithUnusualValue".into())), Some(";;,,;;,;"));
    let vias = headers.vias().unwrap();
    let seen: Vec<_> = vias.iter().map(|via| (via.transport.clone(), via.host.to_string(), via.branch())).collect();
    assert_eq!(
        seen,
        [
            (Ok(Transport::Udp), "192.0.2.2".to_owned(), Some("390skdjuw")),
            (Ok(Transport::Tcp), "spindle.example.com".to_owned(), Some("z9hG4bK9ikj8")),
            (Ok(Transport::Udp), "192.168.255.111".to_owned(), Some("z9hG4bK30239")),
        ]
    );
    let route = &headers.addresses(&Name::Route).unwrap()[0];
    assert_eq!((route.uri.params.has("lr"), route.uri.params.get("unknownwith")), (true, Some("value")));
    let contact = &headers.contacts().unwrap()[0];
    assert_eq!(contact.display, r#"Quoted string """#);
    assert_eq!((contact.params.get("newparam"), contact.params.get("q")), (Some("newvalue"), Some("0.33")));
    assert!(contact.params.has("secondparam"));
    assert_eq!(invite.body.len(), 150);
}

#[test]
fn the_whole_range_of_valid_characters_is_read() {
    let odd = request("intmeth");
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    assert_eq!(odd.method, Method::Other(method.to_owned()));
    assert_eq!(odd.headers.cseq().unwrap().method.as_str(), method);
    assert_eq!(odd.uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(odd.uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(odd.headers.to().unwrap().display, "BEL:\u{7} NUL:\0 DEL:\u{7f}");
    let from = odd.headers.from().unwrap();
    assert_eq!(from.display, "token1~` token2'+_ token3*%!.-");
    assert_eq!(from.params.get("fromParam''~+*_!.-%"), Some("работающий"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(odd.headers.call_id(), Some(r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#));
    assert_eq!(odd.headers.get(&Name::Other("extensionHeader-!.%*+_`'~".into())), Some("\u{feff}大停電"));
}

#[test]
fn escapes_are_undone_once_and_only_in_uris() {
    let invite = request("esc01");
    assert_eq!(invite.uri.user.as_deref(), Some("sips:user@example.com"));
    assert_eq!(invite.uri.host, Host::Name("example.net".into()));
    assert_eq!(invite.headers.to().unwrap().uri.user.as_deref(), Some("user"));
    assert_eq!(invite.headers.from().unwrap().uri.user.as_deref(), Some("I have spaces"));
    let contact = &invite.headers.contacts().unwrap()[0].uri;
    assert_eq!(contact.user.as_deref(), Some("caller"));
    assert_eq!((contact.params.has("lr"), contact.params.get("name")), (true, Some("value%41")));
}

#[test]
fn escaped_nulls_stay_in_the_user() {
    let register = request("escnull");
    assert_eq!(register.headers.to().unwrap().uri.user.as_deref(), Some("null-\0-null"));
    let contacts = register.headers.contacts().unwrap();
    let users: Vec<_> = contacts.iter().map(|contact| contact.uri.user.as_deref()).collect();
    assert_eq!(users, [Some("\0"), Some("\0\0")]);
    assert_eq!(contacts[1].uri.to_string(), "sip:%00%00@host5.example.com");
}

#[test]
fn a_percent_sign_is_no_escape_in_methods_names_and_display_names() {
    let odd = request("esc02");
    assert_eq!(odd.method, Method::Other("RE%47IST%45R".to_owned()));
    assert_eq!(odd.headers.to().unwrap().display, "%Z%45");
    assert_eq!(odd.headers.contacts().unwrap().len(), 2);
    assert_eq!(odd.headers.top_via().unwrap().branch(), Some("z9hG4bK209%fzsnel234"));
}

#[test]
fn a_display_name_may_touch_its_bracket() {
    let from = request("lwsdisp").headers.from().unwrap();
    assert_eq!((from.display.as_str(), from.tag()), ("caller", Some("323")));
}

#[test]
fn long_values_are_read() {
    let invite = request("longreq");
    assert_eq!(invite.headers.vias().unwrap().len(), 34);
    assert!(tag("longreq", &invite.headers).len() > 150);
    assert!(invite.headers.from().unwrap().uri.user.unwrap().len() > 100);
    assert_eq!(invite.body.len(), 150);
}

#[test]
fn octets_after_the_content_length_are_ignored() {
    let register = request("dblreq");
    assert_eq!((register.method, register.body.len()), (Method::Register, 0));
    assert_eq!(register.headers.call_id(), Some("dblreq.0ha0isndaksdj99sdfafnl3lk233412"));
}

#[test]
fn semicolons_belong_to_the_user_part() {
    let options = request("semiuri");
    assert_eq!(options.uri.user.as_deref(), Some("user;par=u@example.net"));
    assert!(options.uri.params.is_empty());
    assert_eq!(options.headers.tokens(&Name::Accept).len(), 6);
    assert_eq!(options.uri.to_string(), "sip:user;par=u%40example.net@example.com");
}

#[test]
fn unknown_transports_are_kept() {
    let vias = request("transports").headers.vias().unwrap();
    let transports: Vec<_> = vias.into_iter().map(|via| via.transport).collect();
    let (sctp, unknown) = (Err("SCTP".to_owned()), Err("UNKNOWN".to_owned()));
    assert_eq!(transports, [Ok(Transport::Udp), sctp, Ok(Transport::Tls), unknown, Ok(Transport::Tcp)]);
}

#[test]
fn a_binary_body_stays_as_it_is() {
    let message = request("mpart01");
    assert_eq!((message.method, message.body.len()), (Method::Message, 553));
    assert!(message.body.contains(&0));
}

#[test]
fn reason_phrases_may_be_unusual_or_missing() {
    assert_eq!(response("unreason").reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
    let (reason, status) = (response("noreason").reason, response("noreason").status);
    assert_eq!((reason.as_str(), status), ("", 100));
}

// ── RFC 4475 §3.1.2: invalid messages ──

#[test]
fn what_is_malformed_beyond_doubt_meets_400() {
    let cases = [
        ("badinv01", ParseError::Header(Name::Via)),
        ("clerr", ParseError::ContentLength),
        ("ncl", ParseError::ContentLength),
        ("scalar02", ParseError::Header(Name::CSeq)),
        ("quotbal", ParseError::Header(Name::To)),
        ("ltgtruri", ParseError::Uri),
        ("lwsruri", ParseError::Uri),
        ("escruri", ParseError::Uri),
        ("regbadct", ParseError::Header(Name::Contact)),
        ("mismatch01", ParseError::CSeqMethod),
        ("mismatch02", ParseError::CSeqMethod),
        ("badbranch", ParseError::Header(Name::Via)),
        ("insuf", ParseError::Missing(Name::From)),
        ("multi01", ParseError::Duplicate(Name::CSeq)),
        ("mcl01", ParseError::Duplicate(Name::ContentLength)),
    ];
    for (name, why) in cases {
        assert_eq!(refused(name), (400, why), "{name}");
    }
}

#[test]
fn another_version_meets_505() {
    assert_eq!(refused("badvers"), (505, ParseError::Version));
}

#[test]
fn broken_responses_are_dropped() {
    for (name, why) in [("scalarlg", ParseError::Header(Name::CSeq)), ("bigcode", ParseError::StartLine)] {
        assert_eq!(malformed(name), Malformed { why, reply: None }, "{name}");
    }
}

#[test]
fn superfluous_spaces_of_the_request_line_are_forgiven() {
    assert_eq!(request("lwsstart").uri.to_string(), "sip:user@example.com");
    assert_eq!(request("trws").uri.to_string(), "sip:remote-target@example.com");
}

#[test]
fn a_date_in_a_strange_zone_harms_nobody() {
    assert_eq!(request("baddate").headers.get(&Name::Date), Some("Fri, 01 Jan 2010 16:00:00 EST"));
}

#[test]
fn addresses_that_can_be_read_in_one_way_only_are_read() {
    let to = request("badaspec").headers.to().unwrap();
    assert_eq!((to.display.as_str(), to.uri.to_string().as_str()), ("Watson, Thomas", "sip:t.watson@example.org"));
    // The IETF's file ends without the blank line, which alone is a 400; with it, only the unquoted comma is left.
    assert_eq!(refused("baddn"), (400, ParseError::Truncated));
    let Ok(Message::Request(baddn)) = parse(&[&file("baddn")[..], b"\r\n"].concat()) else { panic!("baddn") };
    assert_eq!(baddn.headers.from().unwrap().display, "Bell, Alexander");
}

// ── RFC 4475 §3.2 to §3.4: well-formed, and for others to judge ──

#[test]
fn what_the_layers_above_must_judge_reaches_them() {
    assert_eq!(request("zeromf").headers.number(&Name::MaxForwards), Some(0));
    assert_eq!(request("bext01").headers.tokens(&Name::Require), ["nothingsupportsthis", "nothingsupportsthiseither"]);
    assert_eq!(request("invut").headers.value(&Name::ContentType).unwrap().0, "application/unknownformat");
    assert!(request("regaut01").headers.get(&Name::Authorization).unwrap().starts_with("NoOneKnowsThisScheme "));
    assert_eq!(request("sdp01").headers.tokens(&Name::Accept), ["text/nobodyknowsthis"]);
    assert_eq!(response("bcast").headers.vias().unwrap().len(), 2);
}

#[test]
fn unknown_schemes_are_kept_whole() {
    let uri = request("unkscm").uri;
    assert_eq!(uri.scheme, Scheme::Other("nobodyknowsthisscheme".to_owned()));
    assert_eq!(uri.user.as_deref(), Some("totallyopaquecontent"));
    assert_eq!(request("novelsc").uri.to_string(), "soap.beep://192.0.2.103:3002");
    let headers = request("unksm2").headers;
    assert_eq!(headers.to().unwrap().uri.to_string(), "isbn:2983792873");
    assert_eq!(headers.from().unwrap().uri.to_string(), "http://www.example.com");
    assert_eq!(headers.from().unwrap().tag(), Some("3234233"));
    assert_eq!(headers.contacts().unwrap()[0].uri.to_string(), "name:John_Smith");
}

#[test]
fn parameters_belong_to_the_contact_or_to_its_uri_by_the_brackets() {
    let without = &request("cparam01").headers.contacts().unwrap()[0];
    assert_eq!((without.params.has("unknownparam"), without.uri.params.has("unknownparam")), (true, false));
    let within = &request("cparam02").headers.contacts().unwrap()[0];
    assert_eq!((within.params.has("unknownparam"), within.uri.params.has("unknownparam")), (false, true));
    assert_eq!(within.uri.user.as_deref(), Some("+19725552222"));
    let escaped = &request("regescrt").headers.contacts().unwrap()[0];
    assert_eq!(escaped.uri.headers.as_deref(), Some("Route=%3Csip:sip.example.com%3E"));
}

#[test]
fn an_invite_of_rfc_2543_is_read() {
    let invite = request("inv2543");
    assert_eq!(invite.headers.from().unwrap().tag(), None);
    let to = invite.headers.to().unwrap();
    assert_eq!((to.params.get("user"), to.uri.params.has("user")), (Some("phone"), false));
    assert_eq!(invite.headers.top_via().unwrap().branch(), None);
    assert!(invite.body.ends_with(b"m=audio 49217 RTP/AVP 0\r\n"));
}

#[test]
fn no_torture_file_was_left_out() {
    let source = include_str!("torture.rs");
    let folder = format!("{}/tests/data/torture", env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(source.contains(&format!("\"{name}\"")), "{name} is not tested");
        files += 1;
    }
    assert_eq!(files, 49);
}

#[test]
fn what_is_read_is_written_so_that_it_reads_the_same() {
    let folder = format!("{}/tests/data/torture", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(message) = parse(&std::fs::read(&path).unwrap()) {
            assert_eq!(parse(&message.to_bytes()).as_ref(), Ok(&message), "{}", path.display());
        }
    }
}

// ── RFC 5118 ──

/// A request as the RFC describes it, with one thing changed against the plainest.
fn ipv6(start: &str, fields: &[(&str, &str)], body: &str) -> Result<Message, Malformed> {
    let method = start.split(' ').next().unwrap_or_default();
    let mut text = format!("{start} SIP/2.0\r\n");
    for (name, value) in fields {
        text += &format!("{name}: {value}\r\n");
    }
    for (name, value) in [
        ("To", "sip:user@example.com"),
        ("From", "sip:user@example.com;tag=81x2"),
        ("Via", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"),
        ("Contact", "\"Caller\" <sip:caller@[2001:db8::1]>"),
    ] {
        if !fields.iter().any(|(given, _)| *given == name) {
            text += &format!("{name}: {value}\r\n");
        }
    }
    text += &format!("Call-ID: ipv6@torture\r\nMax-Forwards: 70\r\nCSeq: 8921 {method}\r\n");
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    parse(text.as_bytes())
}

fn read(message: Result<Message, Malformed>) -> Request {
    match message {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn host(text: &str) -> Host {
    Host::Ip(text.parse().expect(text))
}

#[test]
fn an_ipv6_reference_is_read() {
    let register = read(ipv6("REGISTER sip:[2001:db8::10]", &[], "")); // §4.1
    assert_eq!((&register.uri.host, register.uri.port), (&host("2001:db8::10"), None));
    assert_eq!(register.headers.top_via().unwrap().host, host("2001:db8::9:1"));
    assert_eq!(register.headers.contacts().unwrap()[0].uri.host, host("2001:db8::1"));
    assert_eq!(register.uri.to_string(), "sip:[2001:db8::10]");
}

#[test]
fn an_ipv6_address_without_brackets_meets_400() {
    let Malformed { why, reply } = ipv6("REGISTER sip:2001:db8::10", &[], "").unwrap_err(); // §4.2
    assert_eq!((why, reply.unwrap().status), (ParseError::Host, 400));
}

#[test]
fn a_port_stands_outside_the_brackets() {
    let inside = read(ipv6("REGISTER sip:[2001:db8::10:5070]", &[], "")); // §4.3
    assert_eq!((inside.uri.host, inside.uri.port), (host("2001:db8::10:5070"), None));
    let outside = read(ipv6("REGISTER sip:[2001:db8::10]:5070", &[], "")); // §4.4
    assert_eq!((outside.uri.host, outside.uri.port), (host("2001:db8::10"), Some(5070)));
}

#[test]
fn received_is_read_with_brackets_and_without() {
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!("SIP/2.0/UDP [2001:db8::9:1];received={received};branch=z9hG4bKas3-111"); // §4.5
        let bye = read(ipv6("BYE sip:[2001:db8::10]", &[("Via", &via)], ""));
        let via = bye.headers.top_via().unwrap();
        assert_eq!(via.received(), Some("2001:db8::9:255".parse().unwrap()));
        assert_eq!(via.branch(), Some("z9hG4bKas3-111"));
    }
}

#[test]
fn an_ipv6_description_passes_through() {
    let sdp = "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live video feed\r\n\
               c=IN IP6 2001:db8::20\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 2\r\n"; // §4.6, §4.8
    let invite = read(ipv6("INVITE sip:user@[2001:db8::10]", &[], sdp));
    assert_eq!(invite.body, sdp.as_bytes());
}

#[test]
fn both_kinds_of_addresses_stand_side_by_side() {
    let vias = "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111,SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144,\
                SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200"; // §4.7
    let bye = read(ipv6("BYE sip:user@host.example.net", &[("Via", vias)], ""));
    let vias = bye.headers.vias().unwrap();
    assert_eq!((&vias[0].host, vias[0].port), (&host("2001:db8::9:1"), Some(6050)));
    assert_eq!((&vias[1].host, vias[1].port), (&host("192.0.2.1"), None));
    assert_eq!((&vias[2].host, vias[2].received()), (&host("2001:db8::9:255"), Some("192.0.2.200".parse().unwrap())));
}

#[test]
fn ipv4_mapped_addresses_are_read() {
    let via = "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19"; // §4.9
    let contact = "\"T. desk phone\" <sip:ted@[::ffff:192.0.2.2]>";
    let invite = read(ipv6("INVITE sip:user@example.com", &[("Via", via), ("Contact", contact)], ""));
    let via = invite.headers.top_via().unwrap();
    assert_eq!((via.host, via.port), (host("::ffff:192.0.2.10"), Some(19823)));
    assert_eq!(invite.headers.contacts().unwrap()[0].uri.to_string(), "sip:ted@[::ffff:192.0.2.2]");
}

#[test]
fn the_third_colon_of_rfc_3261_is_read_over() {
    for reference in ["[2001:db8:::192.0.2.1]", "[2001:db8::192.0.2.1]"] {
        let options = read(ipv6(&format!("OPTIONS sip:user@{reference}"), &[], "")); // §4.10
        assert_eq!(options.uri.host, host("2001:db8::192.0.2.1"));
    }
    for reference in ["[2001:db8:::1]", "[2001:db8::::192.0.2.1]", "[2001::db8:::192.0.2.1]", "[::1", "[]"] {
        assert!(ipv6(&format!("OPTIONS sip:user@{reference}"), &[], "").is_err(), "{reference}");
    }
}
