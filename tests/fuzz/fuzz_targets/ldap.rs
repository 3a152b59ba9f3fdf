//! Any bytes of a caller of the phone book, signed in or not: no panic, no answer without a right password but refusals, and every
//! answer can be read.
#![no_main]

use dozvon::office::Office;
use dozvon::provision::directory::Directory;
use dozvon::provision::ldap::Session;
use libfuzzer_sys::fuzz_target;

/// A bind of telephone 80:5e:c0:12:34:56 with the password "right".
const BIND: &[u8] = b"\x30\x34\x02\x01\x01\x60\x2f\x02\x01\x03\x04\x23cn=805ec0123456,ou=phones,dc=dozvon\x80\x05right";

fuzz_target!(|bytes: &[u8]| {
    let directory = Directory::of(&Office::default());
    for signs_in in [false, true] {
        let mut session = Session::default();
        let mut feed = |bytes: &[u8], is_right: bool| {
            session.feed(bytes);
            while let Some(answer) = session.answer(&directory, |_, password| is_right && password == "right") {
                let mut rest = answer.as_slice();
                while !rest.is_empty() {
                    let (after, _) = lber::parse::parse_tag(rest).expect("our answer is BER");
                    rest = after;
                }
                assert!(signs_in || !String::from_utf8_lossy(&answer).contains("dc=dozvon"), "told to nobody");
            }
        };
        if signs_in {
            feed(BIND, true);
        }
        for piece in bytes.chunks(97) {
            feed(piece, signs_in);
        }
    }
});
