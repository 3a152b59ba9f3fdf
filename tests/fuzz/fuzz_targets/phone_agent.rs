//! Any text as what a telephone calls itself over HTTP, SIP, DHCP and plug-and-play: no panic, no endless work, and nothing that it did
//! not say.
#![no_main]

use dozvon::provision::vendor::{Identity, named, of_class, of_profile_event, of_user_agent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let check = |identity: &Identity| {
        assert!(identity.vendor.is_empty() || named(&identity.vendor).is_some());
        assert!(text.contains(&identity.model) || identity.model.is_empty(), "{identity:?}");
    };
    check(&of_user_agent(text));
    check(&of_class(text));
    let (user, event) = text.split_once('\n').unwrap_or((text, ""));
    let _ = of_profile_event(event, user);
});
