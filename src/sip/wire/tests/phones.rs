//! Heads as phones, softphones and carriers send them.

use super::{read, request_with, status};
use crate::base::limits;
use crate::sip::wire::{Message, Method, Name, ParseError, Response, parse};

#[test]
fn a_folded_field_is_one_value() {
    let request = read(&request_with("Subject: I know you're there,\r\n pick up the phone\r\n\tand talk to me!\r\n"));
    assert_eq!(request.headers.get(&Name::Subject), Some("I know you're there, pick up the phone and talk to me!"));
}

#[test]
fn line_feeds_alone_end_lines() {
    let text = String::from_utf8(request_with("Subject: x\r\n")).unwrap().replace('\r', "");
    assert_eq!(read(text.as_bytes()).headers.get(&Name::Subject), Some("x"));
}

#[test]
fn line_ends_before_the_start_line_are_skipped() {
    let bytes = [b"\r\n\r\n\n".to_vec(), request_with("")].concat();
    assert_eq!(read(&bytes).method, Method::Options);
}

#[test]
fn latin_1_is_read_letter_by_letter() {
    let mut bytes = request_with("Subject: caf?\r\n");
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xe9;
    assert_eq!(read(&bytes).headers.get(&Name::Subject), Some("café"));
}

#[test]
fn compact_names_are_long_ones() {
    let lines = "m: <sip:201@192.0.2.1>\r\nk: 100rel, timer\r\nx: 1800;refresher=uas\r\nr: <sip:1@h>\r\nb: <sip:2@h>\r\n\
                 o: dialog\r\nu: presence\r\nd: fork\r\nc: application/sdp\r\ne: gzip\r\ns: x\r\n";
    let headers = read(&request_with(lines)).headers;
    let names = [Name::Contact, Name::Supported, Name::SessionExpires, Name::ReferTo, Name::ReferredBy, Name::Event];
    assert!(names.iter().all(|name| headers.contains(name)));
    let names = [Name::AllowEvents, Name::ContentType, Name::ContentEncoding, Name::Subject];
    assert!(names.iter().all(|name| headers.contains(name)));
    assert_eq!(headers.get(&Name::Other("request-disposition".into())), Some("fork"));
    assert_eq!(headers.tokens(&Name::Supported), ["100rel", "timer"]);
    assert_eq!(headers.number(&Name::SessionExpires), Some(1800));
    let (_, params) = headers.value(&Name::SessionExpires).unwrap();
    assert_eq!(params.get("Refresher"), Some("uas"));
}

#[test]
fn several_vias_in_one_field_are_several() {
    let mut headers = read(&request_with(
        "Via: SIP / 2.0 / UDP a.example.org : 5070 ;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK2\r\n\
         Via:\r\nv: ,SIP/2.0/tls c.example.org\r\n",
    ))
    .headers;
    let written: Vec<_> = headers.vias().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        written,
        [
            "SIP/2.0/UDP a.example.org:5070;branch=z9hG4bK1;rport",
            "SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK2",
            "SIP/2.0/TLS c.example.org"
        ]
    );
    headers.push(Name::Via, "SIP/2.0/UDP é , SIP/2.0/UDP ÿ \t ");
    for left in [4, 3, 2, 1, 0, 0] {
        headers.pop_via();
        assert_eq!(headers.vias().map_or(0, |vias| vias.len()), left);
    }
}

#[test]
fn a_missing_content_length_takes_the_rest_of_the_datagram() {
    let bytes = [request_with("Content-Type: text/plain\r\n"), b"hello".to_vec()].concat();
    assert_eq!(read(&bytes).body, b"hello");
}

#[test]
fn content_length_cuts_the_body_or_is_refused() {
    let with = |length: &str| [request_with(&format!("Content-Length: {length}\r\n")), b"hello".to_vec()].concat();
    assert_eq!(read(&with("4")).body, b"hell");
    assert_eq!(read(&with("005")).body, b"hello");
    for wrong in ["6", "65536", "-1", "+5", "5 5", "5, 5", "", "0x5", "99999999999999999999"] {
        assert_eq!(status(&with(wrong)), 400, "Content-Length: {wrong}");
    }
}

#[test]
fn fields_that_contradict_each_other_meet_400() {
    for lines in [
        "Content-Length: 0\r\nl: 1\r\n",
        "From: <sip:1@h>;tag=a\r\nFrom: <sip:2@h>;tag=a\r\n",
        "To: <sip:1@h>\r\nt: <sip:2@h>\r\n",
        "CSeq: 1 OPTIONS\r\nCSeq: 2 OPTIONS\r\n",
        "Call-ID: a\r\ni: b\r\n",
        "Max-Forwards: 1\r\nMax-Forwards: 2\r\n",
        "From: <sip:1@h>;tag=a;tag=b\r\n",
        "Via: SIP/2.0/UDP h;branch=z9hG4bKa;branch=z9hG4bKb\r\n",
    ] {
        assert_eq!(status(&request_with(lines)), 400, "{lines}");
    }
    assert_eq!(
        read(&request_with("Max-Forwards: 7\r\nMax-Forwards: 7\r\n")).headers.number(&Name::MaxForwards),
        Some(7)
    );
}

#[test]
fn what_a_transaction_needs_must_be_there_and_right() {
    for lines in [
        "CSeq: 2147483648 OPTIONS\r\n",
        "CSeq: 1 INVITE\r\n",
        "CSeq: 1 options\r\n",
        "CSeq: OPTIONS\r\n",
        "CSeq: -1 OPTIONS\r\n",
        "Call-ID: \r\n",
        "Call-ID: a b\r\n",
        "Max-Forwards: many\r\n",
        "Contact: 200\r\n",
        "Contact: *, <sip:a@h>\r\n",
        "Route: <sip:a@h\r\n",
        "From: \"open <sip:a@h>\r\n",
        "To: <>\r\n",
        "Via: SIP/3.0/UDP h\r\n",
        "Via: ,\r\n",
        "no colon\r\n",
        "Bad Name: x\r\n",
        ": x\r\n",
        "Subject: a\rb\r\n",
        "Sub\r\n ject: a\r\n",
    ] {
        assert_eq!(status(&request_with(lines)), 400, "{lines}");
    }
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let whole = String::from_utf8(request_with("")).unwrap();
        let lines: String = whole.split_inclusive("\r\n").filter(|line| !line.starts_with(name)).collect();
        let malformed = parse(lines.as_bytes()).unwrap_err();
        assert_eq!(malformed.why, ParseError::Missing(name.parse().unwrap()));
        let reply = malformed.reply.unwrap();
        assert_eq!((reply.status, reply.reason), (400, format!("Bad Request (missing {name})")));
    }
}

#[test]
fn what_can_not_be_answered_is_dropped() {
    let text = |method: &str| {
        String::from_utf8(request_with("CSeq: x\r\n")).unwrap().replace("OPTIONS sip", &format!("{method} sip"))
    };
    assert_eq!((status(text("INVITE").as_bytes()), status(text("ACK").as_bytes())), (400, 0));
    let without_via: String = text("INVITE").split_inclusive("\r\n").filter(|line| !line.starts_with("Via")).collect();
    assert_eq!(status(without_via.as_bytes()), 0);
    for junk in
        ["", "\r\n\r\n", "\0\0\0\0", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "INVITE sip:a@h\r\n\r\n", "SIP/2.0\r\n\r\n"]
    {
        assert_eq!(status(junk.as_bytes()), 0, "{junk}");
    }
    assert_eq!(status(b"INVITE\r\n sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n"), 0);
}

#[test]
fn a_reply_to_a_broken_request_is_the_same_each_time() {
    let bytes = request_with("CSeq: 1 INVITE\r\nTo: <sip:200@h>\r\nTo: <sip:200@h>\r\n");
    let (first, second) = (parse(&bytes).unwrap_err(), parse(&bytes).unwrap_err());
    assert_eq!(first, second);
    let reply = first.reply.unwrap();
    assert_eq!(reply.headers.all(&Name::To).count(), 1);
    assert!(reply.headers.to().unwrap().tag().is_some());
    assert_eq!(parse(&reply.to_bytes()), Ok(Message::Response(*reply)));
}

#[test]
fn more_fields_or_bytes_than_the_limits_are_refused() {
    let many = |count: usize| request_with(&"X: y\r\n".repeat(count));
    assert_eq!(read(&many(limits::SIP_HEADERS - 5)).headers.len(), limits::SIP_HEADERS);
    assert_eq!(parse(&many(limits::SIP_HEADERS - 4)).unwrap_err().why, ParseError::TooManyHeaders);
    let long = request_with(&format!("X: {}\r\n", "y".repeat(limits::SIP_MESSAGE_BYTES)));
    assert_eq!(status(&long), 513);
}

#[test]
fn responses_are_read_with_their_phrase() {
    let fields = String::from_utf8(request_with("")).unwrap();
    let fields = fields.split_once("\r\n").unwrap().1;
    let response = |line: &str| match parse(format!("{line}\r\n{fields}").as_bytes()) {
        Ok(Message::Response(response)) => Some((response.status, response.reason)),
        _ => None,
    };
    assert_eq!(response("SIP/2.0 486 Busy Here"), Some((486, "Busy Here".to_owned())));
    assert_eq!(response("SIP/2.0 486"), Some((486, String::new())));
    assert_eq!(response("sip/2.0 200 Вызов принят"), Some((200, "Вызов принят".to_owned())));
    for broken in ["SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 0200 x", "SIP/2.0 +20 x", "SIP/3.0 200 OK", "SIP/2.0 OK"] {
        assert_eq!(response(broken), None, "{broken}");
    }
}

#[test]
fn no_value_can_begin_a_field_of_its_own() {
    let mut request = read(&request_with(""));
    request.headers.push(Name::Subject, "a\r\nRoute: <sip:evil@h>\r\n\r\nbody");
    request.headers.push(Name::Other("X\r\nY".into()), "z");
    let Err(malformed) = parse(&request.to_bytes()) else { panic!("a name with a line end is no token") };
    assert_eq!(malformed.why, ParseError::HeaderLine);
    request.headers.remove(&Name::Other("X\r\nY".into()));
    let again = read(&request.to_bytes());
    assert!(!again.headers.contains(&Name::Route) && again.body.is_empty());
    let response =
        Response { reason: "OK\r\nRoute: <sip:evil@h>".into(), headers: again.headers, ..Response::new(200) };
    let Ok(Message::Response(response)) = parse(&response.to_bytes()) else { panic!("it is well-formed") };
    assert!(!response.headers.contains(&Name::Route));
}

#[test]
fn reason_phrases_are_those_of_the_rfcs() {
    let cases =
        [(100, "Trying"), (180, "Ringing"), (202, "Accepted"), (404, "Not Found"), (480, "Temporarily Unavailable")];
    for (status, phrase) in cases {
        assert_eq!(Response::reason_for(status), phrase);
    }
    assert_eq!(Response::reason_for(481), "Call/Transaction Does Not Exist");
    assert_eq!((Response::reason_for(499), Response::reason_for(7)), ("Request Failure", "Unknown"));
}
