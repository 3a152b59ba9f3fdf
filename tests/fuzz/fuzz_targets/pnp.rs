//! Any datagrams to the plug-and-play group and to the port behind it: no panic, every answer and NOTIFY can be read, they go to who
//! asked, and it comes to an end. The input is pieces, each ended by a zero byte; a piece's first byte says where it arrives.
#![no_main]

use std::net::SocketAddr;

use dozvon::base::{Duration, Instant, Rng};
use dozvon::provision::pnp::{Input, Output, Pnp};
use dozvon::sip::wire::{Message, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut pnp = Pnp::new(Rng::from_seed(1));
    let (from, ours) = (SocketAddr::from(([10, 0, 0, 9], 5060)), SocketAddr::from(([10, 0, 0, 1], 5070)));
    let mut now = Instant::ZERO;
    let drain = |pnp: &mut Pnp| {
        while let Some(output) = pnp.poll_output() {
            match output {
                Output::Seen { identity, address } => assert!(identity.mac.is_some() && address == from.ip()),
                Output::Reply { bytes, .. } => assert!(matches!(parse(&bytes), Ok(Message::Response(_)))),
                Output::Send { bytes, .. } => assert!(matches!(parse(&bytes), Ok(Message::Request(_)))),
            }
        }
    };
    for piece in bytes.split(|byte| *byte == 0) {
        let [way, bytes @ ..] = piece else { continue };
        let input = match way % 2 {
            0 => Input::Asked { from, ours, url: "http://10.0.0.1:8080/provision/secret/", bytes },
            _ => Input::Answered { from, bytes },
        };
        pnp.handle_input(now, input);
        drain(&mut pnp);
        now += Duration::from_millis(u64::from(*way));
    }
    for _ in 0..10_000 {
        let Some(at) = pnp.poll_timeout() else { return };
        now = now.max(at);
        pnp.handle_input(now, Input::Timeout);
        drain(&mut pnp);
    }
    panic!("it does not end");
});
