//! Packets in any order, at any time, under any numbers, and sound taken at any pace: no panic, no sound that was not sent,
//! and never more of it waiting than a third of a second.
#![no_main]

use dozvon::base::{Duration, Instant};
use dozvon::rtp::jitter::{Arrived, JitterBuffer, Pull};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut buffer = JitterBuffer::new();
    let mut now = Instant::ZERO;
    let (mut sequence, mut timestamp, mut pushed) = (0u16, 0u32, 0u64);
    for step in bytes.chunks_exact(5) {
        let [what, a, b, c, d] = *step else { continue };
        now += Duration::from_micros(u64::from(a) * u64::from(a) * 16); // up to a second
        if what & 0x80 != 0 {
            // mostly the next packet, sometimes any
            sequence = sequence.wrapping_add(if what & 1 == 0 { 1 } else { u16::from_be_bytes([b, c]) });
            timestamp = timestamp.wrapping_add(if what & 2 == 0 { 160 } else { u32::from_be_bytes([b, c, d, a]) });
            let (ms, clock_rate) =
                (if what & 4 == 0 { 20 } else { d.into() }, if what & 8 == 0 { 8000 } else { 48_000 });
            let payload = [d; 160];
            let payload = &payload[..if what & 16 == 0 { 160 } else { usize::from(d) % 3 }];
            let ssrc = u32::from(what >> 5 & 1);
            buffer.push(now, Arrived { sequence, timestamp, clock_rate, ms, ssrc, kind: d, payload });
            pushed += 1;
        } else if what == 0x7f {
            buffer.reset();
            pushed = 0;
        } else {
            match buffer.pull(now, b.into()) {
                Pull::Packet { kind, payload } => assert!(payload.iter().all(|&byte| byte == kind)),
                Pull::Lost { ms, next } => {
                    assert!((10..=120).contains(&ms));
                    assert!(next.is_none_or(|(kind, payload)| payload.iter().all(|&byte| byte == kind)));
                }
                Pull::Empty { .. } => {}
            }
            buffer.pace(now, b.into());
        }
        let counts = buffer.counts();
        assert!((20..=200).contains(&counts.target_ms));
        let gone = counts.played + counts.late + counts.repeated + counts.dropped + counts.others;
        assert!(gone <= pushed && pushed - gone <= 32, "{pushed} pushed, {counts:?}");
    }
});
