//! Any text as a URI, an address, a Via and parameters: no panic, and what is read is written so that it reads the same.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use dozvon::sip::wire::{CSeq, Host, Method, Name, NameAddr, Params, ParseError, Uri, Via};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Unfolding has left no line ends in a value.
    if text.contains(['\r', '\n']) {
        return;
    }
    if let Some(uri) = round_trip::<Uri>(text) {
        assert!(uri.same_as(&uri));
    }
    if let Some(address) = round_trip::<NameAddr>(text) {
        let tagged = address.with_tag("x");
        assert_eq!((tagged.tag(), tagged.without_tag().tag()), (Some("x"), None));
    }
    if let Some(via) = round_trip::<Via>(text) {
        let _ = (via.received(), via.rport(), via.branch(), via.port_or_default());
    }
    round_trip::<Host>(text);
    round_trip::<Params>(text);
    round_trip::<CSeq>(text);
    round_trip::<Method>(text);
    round_trip::<Name>(text);
});

fn round_trip<T: FromStr<Err = ParseError> + Display + Debug + PartialEq>(text: &str) -> Option<T> {
    let value = text.parse::<T>().ok()?;
    let written = value.to_string();
    assert_eq!(written.parse::<T>().as_ref(), Ok(&value), "{text:?} was written as {written:?}");
    Some(value)
}
