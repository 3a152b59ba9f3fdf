//! Any bytes as a datagram: no panic; what is read is written so that it reads the same; what the reader promises to
//! have checked can be read; and a reply to a broken request is well-formed wherever the request let it be.
#![no_main]

use dozvon::sip::wire::{Message, Name, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match parse(bytes) {
    Ok(message) => {
        let written = message.to_bytes();
        assert_eq!(parse(&written).as_ref(), Ok(&message), "{}", String::from_utf8_lossy(&written));
        let headers = message.headers();
        let top = headers.top_via().expect("vias are checked");
        assert_eq!(headers.vias().expect("vias are checked").first(), Some(&top));
        let (from, to) = (headers.from().expect("From is checked"), headers.to().expect("To is checked"));
        assert_eq!(from.to_string().parse(), Ok(from));
        assert_eq!(to.to_string().parse(), Ok(to));
        assert!(headers.call_id().is_some());
        let cseq = headers.cseq().expect("CSeq is checked");
        if let Message::Request(request) = &message {
            assert_eq!(cseq.method, request.method);
            for contact in headers.contacts().expect("contacts are checked") {
                assert_eq!(contact.to_string().parse(), Ok(contact));
            }
            let reply = Message::Response(request.reply(200));
            assert_eq!(parse(&reply.to_bytes()), Ok(reply));
        }
        let mut headers = headers.clone();
        for left in (0..headers.vias().map_or(0, |vias| vias.len())).rev() {
            headers.pop_via();
            assert_eq!(headers.vias().map_or(0, |vias| vias.len()), left);
        }
        for (name, _) in headers.iter() {
            let _ = (headers.number(name), headers.tokens(name), headers.value(name), headers.addresses(name));
        }
    }
    Err(malformed) => {
        if let Some(reply) = malformed.reply {
            assert!(matches!(reply.status, 400 | 505 | 513) && reply.headers.contains(&Name::Via));
            if let Ok(Message::Response(read)) = parse(&reply.to_bytes()) {
                assert!(read.headers.to().is_ok_and(|to| to.tag().is_some()));
            }
        }
    }
});
