//! Any bytes as an offer and as an answer, under every policy for SRTP: no panic, and an answer of ours has exactly one stream
//! that isn't refused, with keys exactly when it was agreed so.
#![no_main]

use dozvon::codec::Codec;
use dozvon::sdp::{Direction, MasterKey, Negotiator, SrtpPolicy};
use libfuzzer_sys::fuzz_target;

fn negotiator(policy: SrtpPolicy, of: u8) -> Negotiator {
    let key = |of| MasterKey { key: [of; 16], salt: [of; 14] };
    Negotiator::new(std::net::SocketAddr::from(([192, 0, 2, 1], 10_000)), 1, policy, [key(of), key(of + 1)])
}

fuzz_target!(|text: &[u8]| {
    for policy in [SrtpPolicy::Off, SrtpPolicy::Optional, SrtpPolicy::Required] {
        let mut ours = negotiator(policy, 1);
        ours.offer(&Codec::ALL, Direction::SendRecv);
        let _ = ours.receive_answer(text);
        let _ = Negotiator::peek_codecs(text, policy);
        let Ok((answer, agreed)) = ours.receive_offer(text, &Codec::ALL, None) else { continue };
        let again = Negotiator::peek_codecs(&answer, policy).expect("our answer holds audio");
        assert_eq!(again, [agreed.codec]);
        assert_eq!(agreed.srtp.is_some(), answer.windows(11).any(|part| part == b"\r\na=crypto:"));
        assert!(
            (10..=60).contains(&agreed.ptime_ms)
                && agreed.hears.iter().any(|(number, _)| *number == agreed.payload_type)
        );
        let next = ours.offer(&Codec::ALL, agreed.direction);
        let (answer, theirs) =
            negotiator(policy, 5).receive_offer(&next, &Codec::ALL, None).expect("our offer can be answered");
        let agreed = ours.receive_answer(&answer).expect("and the answer understood");
        let crossed = |a: &dozvon::sdp::Agreed, b: &dozvon::sdp::Agreed| match (&a.srtp, &b.srtp) {
            (Some(a), Some(b)) => a.suite == b.suite && a.ours == b.theirs && a.theirs == b.ours,
            (None, None) => policy == SrtpPolicy::Off,
            _ => false,
        };
        assert!(
            agreed.codec == theirs.codec && agreed.payload_type == theirs.payload_type && crossed(&agreed, &theirs)
        );
    }
});
