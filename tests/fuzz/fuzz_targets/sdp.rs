//! Any bytes as an offer and as an answer: no panic, and an answer of ours has exactly one stream that isn't refused.
#![no_main]

use dozvon::codec::Codec;
use dozvon::sdp::{Direction, Negotiator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let local = std::net::SocketAddr::from(([192, 0, 2, 1], 10_000));
    let mut ours = Negotiator::new(local, 1);
    ours.offer(&Codec::ALL, Direction::SendRecv);
    let _ = ours.receive_answer(text);
    let _ = Negotiator::peek_codecs(text);
    if let Ok((answer, agreed)) = ours.receive_offer(text, &Codec::ALL, None) {
        let again = Negotiator::peek_codecs(&answer).expect("our answer holds audio");
        assert_eq!(again, [agreed.codec]);
        let next = ours.offer(&Codec::ALL, agreed.direction);
        Negotiator::new(local, 2).receive_offer(&next, &Codec::ALL, None).expect("our offer can be answered");
    }
});
