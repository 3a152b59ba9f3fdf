//! Any datagram as RTP: no panic, what is stripped keeps its payload, and a digit is told once whatever comes.
#![no_main]

use dozvon::base::{Duration, Instant};
use dozvon::rtp::event::{Payload, Receiver};
use dozvon::rtp::{HEADER_BYTES, Reception, read, strip};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagrams: Vec<Vec<u8>>| {
    let mut reception = Reception::default();
    let mut receiver = Receiver::default();
    let mut digits = 0;
    for (n, mut datagram) in datagrams.into_iter().enumerate() {
        let now = Instant::ZERO + Duration::from_millis(7 * n as u64);
        let Ok(packet) = read(&datagram) else { continue };
        reception.receive(now, &packet.header, true);
        let payload = packet.payload(&datagram).to_vec();
        if let Some(event) = Payload::read(&payload) {
            receiver.receive(now, packet.header.timestamp, event, &mut |_| digits += 1);
        }
        let length = strip(&mut datagram, &packet);
        assert_eq!(&datagram[HEADER_BYTES..length], payload);
        assert!(digits <= 2 * (n + 1));
    }
    let (fraction, lost, newest) = reception.report();
    let _ = (fraction, lost, newest, reception.jitter_ms(), reception.lost());
});
