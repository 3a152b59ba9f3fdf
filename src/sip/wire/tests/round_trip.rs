//! What is written is read back the same; what is broken breaks nothing.

use std::net::IpAddr;

use proptest::prelude::*;

use crate::sip::Transport;
use crate::sip::wire::{
    Headers, Host, Message, Method, Name, NameAddr, Params, Request, Response, Scheme, Uri, Via, parse,
};

fn token() -> BoxedStrategy<String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,12}".boxed()
}

/// Any text that a value can hold; line ends become spaces when they are written, so they are left out.
fn text() -> BoxedStrategy<String> {
    any::<String>().prop_map(|text| text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect()).boxed()
}

fn host() -> BoxedStrategy<Host> {
    prop_oneof!["[a-z][a-z0-9_]{0,8}(\\.[a-z]{2,5}){0,2}".prop_map(Host::Name), any::<IpAddr>().prop_map(Host::Ip),]
        .boxed()
}

fn params(name: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Params> {
    prop::collection::vec((name, prop::option::of(text())), 0..4)
        .prop_map(|mut params| {
            params.retain(|(name, _)| !name.eq_ignore_ascii_case("tag") && !name.eq_ignore_ascii_case("branch"));
            Params(params)
        })
        .boxed()
}

fn sip_uri() -> BoxedStrategy<Uri> {
    let scheme = prop_oneof![Just(Scheme::Sip), Just(Scheme::Sips)];
    let user = prop::option::of(any::<String>().prop_filter("a user has a letter", |user| !user.is_empty()));
    let headers = prop::option::of("[a-z]{1,5}=[a-z%0-9]{0,5}");
    (scheme, user, prop::option::of(any::<String>()), host(), any::<Option<u16>>(), params("\\PC{1,8}"), headers)
        .prop_map(|(scheme, user, password, host, port, params, headers)| {
            let password = password.filter(|_| user.is_some());
            Uri { scheme, user, password, host, port, params, headers }
        })
        .boxed()
}

fn uri() -> BoxedStrategy<Uri> {
    let tel =
        ("\\+?[0-9A-F*#]{1,15}", params("\\PC{1,8}")).prop_map(|(number, params)| Uri { params, ..Uri::tel(&number) });
    prop_oneof![4 => sip_uri(), 1 => tel, 1 => "(urn|isbn|x\\.y):[!-~&&[^<>\"]]{1,20}".prop_map(|text| text.parse().unwrap())]
        .boxed()
}

fn name_addr() -> BoxedStrategy<NameAddr> {
    (text(), uri(), params(token()), prop::option::of(token()))
        .prop_map(|(display, uri, params, tag)| {
            let address = NameAddr { display, uri, params };
            match tag {
                Some(tag) => address.with_tag(&tag),
                None => address,
            }
        })
        .boxed()
}

fn via() -> BoxedStrategy<Via> {
    let known = prop_oneof![Just(Transport::Udp), Just(Transport::Tcp), Just(Transport::Tls)];
    let transport = prop_oneof![known.prop_map(Ok), "X[A-Z]{2,4}".prop_map(Err)];
    (transport, host(), any::<Option<u16>>(), params(token()))
        .prop_map(|(transport, host, port, params)| Via { transport, host, port, params })
        .boxed()
}

fn method() -> BoxedStrategy<Method> {
    prop_oneof![Just(Method::Invite), Just(Method::Register), token().prop_map(|token| token.parse().unwrap())].boxed()
}

/// A value as it is after reading: trimmed.
fn value() -> BoxedStrategy<String> {
    text().prop_map(|text| text.trim_matches([' ', '\t']).to_owned()).boxed()
}

prop_compose! {
    fn headers(method: Method)(
        vias in prop::collection::vec(via(), 1..3),
        (from, to) in (name_addr(), name_addr()),
        contacts in prop::collection::vec(name_addr(), 0..3),
        call_id in "[!-~]{1,20}",
        number in 0u32..1 << 31,
        others in prop::collection::vec(("X-[a-z]{1,8}", value()), 0..4),
    ) -> Headers {
        let mut headers = Headers::new();
        for via in vias {
            headers.push(Name::Via, via.to_string());
        }
        headers.push(Name::From, from.to_string());
        headers.push(Name::To, to.to_string());
        headers.push(Name::CallId, call_id);
        headers.push(Name::CSeq, format!("{number} {method}"));
        for contact in contacts {
            headers.push(Name::Contact, contact.to_string());
        }
        for (name, value) in others {
            headers.push(Name::Other(name), value);
        }
        headers
    }
}

fn message() -> BoxedStrategy<Message> {
    let body = prop::collection::vec(any::<u8>(), 0..50);
    let parts = method().prop_flat_map(|method| (Just(method.clone()), headers(method)));
    (parts, sip_uri(), body, prop::option::of((100u16..700, value())))
        .prop_map(|((method, headers), uri, body, answer)| match answer {
            Some((status, reason)) => Message::Response(Response { status, reason, headers, body }),
            None => Message::Request(Request { method, uri: Uri { headers: None, ..uri }, headers, body }),
        })
        .boxed()
}

/// An INVITE as a desk phone sends it.
const INVITE: &str = "INVITE sip:201@192.168.1.10 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.168.1.21:5060;branch=z9hG4bK2f8a1c7d9e;rport\r\n\
    Max-Forwards: 70\r\n\
    From: \"Anna \\\"A\\\"\" <sip:rik33+user200s0@192.168.1.10>;tag=4a7b2c\r\n\
    To: <sip:201@192.168.1.10>\r\n\
    Call-ID: 0_1187430@192.168.1.21\r\n\
    CSeq: 2 INVITE\r\n\
    Contact: <sip:rik33+user200s0@192.168.1.21:5060;transport=UDP>;+sip.instance=\"<urn:uuid:00000000>\"\r\n\
    Route: <sip:192.168.1.10;lr>\r\n\
    Allow: INVITE, INFO, PRACK, ACK, BYE,\r\n CANCEL, OPTIONS\r\n\
    Supported: replaces, timer\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 5\r\n\
    \r\n\
    v=0\r\n";

/// Reads the bytes and, when they are a message, all of its values.
fn exercise(bytes: &[u8]) {
    let headers = match parse(bytes) {
        Ok(message) => {
            let _ = message.to_bytes();
            message.headers().clone()
        }
        Err(malformed) => match malformed.reply {
            Some(reply) => reply.headers,
            None => return,
        },
    };
    let _ = (headers.vias(), headers.from(), headers.to(), headers.contacts(), headers.cseq(), headers.call_id());
    for (name, _) in headers.iter() {
        let _ = (headers.number(name), headers.tokens(name), headers.value(name), headers.addresses(name));
    }
    let mut headers = headers.clone();
    (0..3).for_each(|_| headers.pop_via());
}

#[test]
fn a_head_cut_off_anywhere_is_no_message() {
    let head = INVITE.find("\r\n\r\n").unwrap() + 4;
    for length in 0..INVITE.len() {
        exercise(&INVITE.as_bytes()[..length]);
        assert!(parse(&INVITE.as_bytes()[..length]).is_err(), "{length} of {head} + 5 bytes");
    }
    assert!(parse(INVITE.as_bytes()).is_ok());
}

#[test]
fn no_byte_in_a_wrong_place_breaks_the_reader() {
    let mut bytes = INVITE.as_bytes().to_vec();
    for at in 0..bytes.len() {
        let kept = bytes[at];
        for byte in *b"\r\n \t:;,<>\"\\%@?=*/[]+-0aZ\0\x7f\x80\xd0\xff" {
            bytes[at] = byte;
            exercise(&bytes);
        }
        bytes[at] = kept;
    }
}

#[test]
fn long_runs_of_one_separator_are_survived() {
    for filler in [";", ",", "<", "\"", "\\", " ", "%", "a;", "a,", "\r\n ", "<a>,", ";a=b", "@", "?", "[", ":::"] {
        let filler = filler.repeat(60_000 / filler.len());
        for name in ["Via: SIP/2.0/UDP h", "From: <sip:a@h>", "Contact: <sip:a@h>", "To: \"", "To: sip:", "X: "] {
            let text = INVITE.replace("Supported: replaces, timer", &format!("{name}{filler}"));
            exercise(text.as_bytes());
        }
        exercise(format!("INVITE sip:{filler} SIP/2.0\r\nVia: x\r\n\r\n").as_bytes());
    }
}

proptest! {
    #[test]
    fn messages_are_read_as_they_were_written(message in message()) {
        let bytes = message.to_bytes();
        prop_assert_eq!(parse(&bytes), Ok(message), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn uris_are_read_as_they_were_written(uri in uri()) {
        prop_assert_eq!(uri.to_string().parse(), Ok(uri.clone()), "{}", uri);
        prop_assert!(uri.same_as(&uri));
    }

    #[test]
    fn addresses_are_read_as_they_were_written(addresses in prop::collection::vec(name_addr(), 1..4)) {
        let mut headers = Headers::new();
        let written: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        headers.push(Name::Contact, written.join(", "));
        prop_assert_eq!(headers.contacts(), Ok(addresses), "{:?}", written);
    }

    #[test]
    fn vias_are_read_as_they_were_written(vias in prop::collection::vec(via(), 1..4)) {
        let mut headers = Headers::new();
        let written: Vec<_> = vias.iter().map(ToString::to_string).collect();
        headers.push(Name::Via, written.join(","));
        prop_assert_eq!(headers.vias(), Ok(vias), "{:?}", written);
    }

    #[test]
    fn any_text_is_survived_as_a_value(text in "\\PC{0,60}") {
        let _ = (text.parse::<Uri>(), text.parse::<NameAddr>(), text.parse::<Via>(), text.parse::<Params>());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
        exercise(&[b"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n", &bytes[..]].concat());
    }
}
