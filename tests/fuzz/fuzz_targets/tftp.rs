//! Any packet to the port of TFTP, then any packets of who reads: no panic, each block is as long as was agreed, and it ends.
#![no_main]

use dozvon::base::Instant;
use dozvon::provision::tftp::{ReadRequest, Transfer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0xff).unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(at);
    let request = match ReadRequest::read(first) {
        Ok(request) => request,
        Err(Some(refusal)) => return assert_eq!(refusal.to_bytes().first_chunk(), Some(&[0, 5])),
        Err(None) => return,
    };
    let mut now = Instant::ZERO;
    let mut transfer = Transfer::new(now, &request, vec![b'\n'; 3000]);
    let drain = |transfer: &mut Transfer| {
        while let Some(packet) = transfer.poll_output() {
            assert!(packet.len() <= 1472, "one frame");
        }
    };
    drain(&mut transfer);
    for packet in rest.chunks(5) {
        transfer.handle_packet(now, packet.get(1..).unwrap_or_default());
        drain(&mut transfer);
    }
    for _ in 0..100 {
        let Some(at) = transfer.poll_timeout() else { return };
        now = now.max(at);
        transfer.handle_timeout(now);
        drain(&mut transfer);
    }
    panic!("it does not end");
});
