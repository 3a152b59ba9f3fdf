//! Any datagram as RTCP: no panic, and a report that is read is written so that it reads the same.
#![no_main]

use dozvon::base::Instant;
use dozvon::rtp::rtcp::{Compound, Packet, read, round_trip_ms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    for packet in read(datagram).into_iter().flatten() {
        let Packet::Report { ssrc, sent, blocks } = packet else { continue };
        assert!(blocks.count() <= 31);
        let block = blocks.into_iter().next();
        let _ = block.and_then(|block| round_trip_ms(Instant::from_micros(1), &block));
        let mut bytes = [0; 400];
        let length = Compound { ssrc, sent, block, name: "fuzz", goodbye: true }.write(&mut bytes);
        let again = read(&bytes[..length]).and_then(|mut packets| packets.next());
        let Some(Packet::Report { ssrc: by, sent: said, blocks: about }) = again else { panic!("{again:?}") };
        assert_eq!((by, said, about.into_iter().next()), (ssrc, sent, block));
    }
});
