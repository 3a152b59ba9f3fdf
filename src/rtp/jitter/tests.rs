use super::*;
use simulation::{Ear, packet};

mod simulation;

fn at(ms: u64) -> Instant {
    Instant::from_micros(1_000_000 + 1000 * ms)
}

/// Plays packets (arrival in ms, what came) until `until_ms`; what was heard, by the number in each payload and its time.
fn listen(mut packets: Vec<(u64, Arrived<'_>)>, until_ms: u64) -> (Ear, Counts, Vec<(u32, u64)>) {
    packets.sort_by_key(|(ms, _)| *ms);
    let (mut buffer, mut ear) = (JitterBuffer::new(), Ear::default());
    let mut left = packets.into_iter().peekable();
    for ms in (0..until_ms).step_by(20) {
        while let Some((ms, packet)) = left.next_if(|(arrival, _)| *arrival <= ms) {
            buffer.push(at(ms), packet);
        }
        ear.tick(at(ms), &mut buffer);
    }
    let heard = ear.heard.iter().map(|(number, time)| (*number, (time.micros() - 1_000_000) / 1000)).collect();
    (ear, buffer.counts(), heard)
}

fn numbers(heard: &[(u32, u64)]) -> Vec<u32> {
    heard.iter().map(|(number, _)| *number).collect()
}

fn payloads(count: u32) -> Vec<[u8; 4]> {
    (0..count).map(u32::to_be_bytes).collect()
}

/// A minute's part of even packets, changed one by one.
fn stream<'a>(payloads: &'a [[u8; 4]], change: impl Fn(u32, &mut Arrived<'a>)) -> Vec<(u64, Arrived<'a>)> {
    (0u32..)
        .zip(payloads)
        .map(|(n, payload)| {
            let mut arrived = packet(n, payload);
            change(n, &mut arrived);
            (20 * u64::from(n) + 3, arrived)
        })
        .collect()
}

#[test]
fn sound_begins_when_the_delay_is_filled_and_is_silent_before() {
    let payload = [0; 160];
    let mut buffer = JitterBuffer::new();
    assert_eq!(buffer.pull(at(0), 0), Pull::Empty { silence: true });
    buffer.push(at(3), packet(0, &payload));
    assert_eq!(buffer.pull(at(10), 0), Pull::Empty { silence: true });
    assert_eq!(buffer.pull(at(40), 0), Pull::Packet { kind: 8, payload: &payload });
    assert_eq!(buffer.pull(at(60), 0), Pull::Empty { silence: false }, "a packet is missing");
    assert_eq!(buffer.counts().played, 1);
}

#[test]
fn packets_that_overtake_each_other_are_played_in_order_and_once() {
    let payloads = payloads(100);
    let mut packets = stream(&payloads, |_, _| {});
    packets.iter_mut().filter(|(_, arrived)| arrived.sequence % 10 == 3).for_each(|(ms, _)| *ms += 25);
    let again: Vec<_> = packets.iter().filter(|(_, arrived)| arrived.sequence % 7 == 3).copied().collect();
    packets.extend(again.iter().map(|(ms, arrived)| (ms + 22, *arrived)));
    let (ear, counts, heard) = listen(packets, 1980);
    assert_eq!(numbers(&heard), (0..heard.len() as u32).collect::<Vec<_>>());
    assert_eq!((ear.concealed_ms, counts.late), (0, 0));
    assert!(counts.repeated >= 10, "{counts:?}");
}

#[test]
fn a_lost_packet_is_told_with_its_follower() {
    let payload = [7; 20];
    let mut buffer = JitterBuffer::new();
    for n in [0, 1, 3, 4] {
        buffer.push(at(20 * u64::from(n)), packet(n, &payload));
    }
    for n in 0..2 {
        assert!(matches!(buffer.pull(at(80 + 20 * n), 0), Pull::Packet { .. }));
    }
    assert_eq!(buffer.pull(at(120), 0), Pull::Lost { ms: 20, next: Some((8, &payload)) });
    assert_eq!(buffer.pull(at(140), 0), Pull::Packet { kind: 8, payload: &payload });
    buffer.push(at(150), packet(2, &payload));
    let counts = buffer.counts();
    assert_eq!((counts.late, counts.concealed_ms, counts.played), (1, 20, 3));
    buffer.push(at(151), packet(1, &payload));
    assert_eq!(buffer.counts().repeated, 1, "that one was here in time");
}

#[test]
fn a_burst_after_a_stall_does_not_leave_its_delay_behind() {
    let payloads = payloads(400);
    let mut packets = stream(&payloads, |_, _| {});
    packets.iter_mut().filter(|(ms, _)| (2000..3500).contains(ms)).for_each(|(ms, _)| *ms = 3500);
    let (_, counts, heard) = listen(packets, 8000);
    assert!(counts.dropped > 40, "{counts:?}");
    let behind = |&&(number, ms): &&(u32, u64)| ms.saturating_sub(20 * u64::from(number)) <= 210;
    assert!(heard.iter().filter(|(_, ms)| *ms > 3600).all(|heard| behind(&heard)));
    assert!(counts.delay_ms <= counts.target_ms + 20, "{counts:?}");
}

#[test]
fn one_spike_raises_the_delay_and_is_forgotten() {
    let payloads = payloads(3000);
    let mut packets = stream(&payloads, |_, _| {});
    packets.iter_mut().filter(|(ms, _)| (4000..5000).contains(ms)).for_each(|(ms, arrived)| {
        *ms += u64::from(arrived.sequence % 5) * 25;
    });
    let peak = listen(packets.iter().filter(|(ms, _)| *ms < 5100).copied().collect(), 5100).1;
    assert!(peak.target_ms >= 90, "{peak:?}");
    let (_, later, _) = listen(packets, 60_000);
    assert!(later.target_ms <= 40 && later.delay_ms <= 60, "{later:?}");
}

#[test]
fn clocks_that_count_wrong_are_played_like_right_ones() {
    let payloads = payloads(500);
    let clocks: [fn(u32) -> u32; 6] = [
        |n| n * 320, // G.722 at 16000
        |_| 0,
        |n| n.wrapping_mul(2_654_435_761), // anything
        |n| n * 80,
        |n| u32::MAX - n * 160, // backwards
        |n| (n / 2) * 320,
    ];
    for (kind, clock) in clocks.into_iter().enumerate() {
        let (ear, counts, heard) = listen(stream(&payloads, |n, arrived| arrived.timestamp = clock(n)), 9980);
        assert_eq!(ear.concealed_ms, 0, "clock {kind}: {counts:?}");
        assert!(heard.len() > 490 && counts.delay_ms <= 45, "clock {kind}: {} {counts:?}", heard.len());
    }
}

#[test]
fn a_clock_that_counts_double_loses_no_more_than_the_network_did() {
    let payloads = payloads(1000);
    let mut packets = stream(&payloads, |n, arrived| arrived.timestamp = n * 320);
    packets.retain(|(_, arrived)| arrived.sequence % 20 != 0);
    let (ear, counts, _) = listen(packets, 19_980);
    assert!(ear.concealed_ms <= 1100 && counts.delay_ms <= 45, "{} {counts:?}", ear.concealed_ms);
}

#[test]
fn a_source_that_begins_anew_is_heard_at_once() {
    let payloads = payloads(200);
    let changes: [fn(u32, &mut Arrived<'_>); 4] = [
        |n, arrived| arrived.sequence = n as u16 + if n < 100 { 0 } else { 20_000 },
        |n, arrived| arrived.sequence = if n < 100 { 30_000 + n as u16 } else { n as u16 },
        |n, arrived| arrived.timestamp = n * 160 + if n < 100 { 0 } else { 1 << 30 },
        |n, arrived| arrived.sequence = if n < 100 { 30_000 } else { 29_950 } + n as u16,
    ];
    for (kind, change) in changes.into_iter().enumerate() {
        let (_, counts, heard) = listen(stream(&payloads, change), 3980);
        let missing = 200 - heard.len();
        assert!(missing <= 14, "change {kind}: {missing} not heard, {counts:?}");
        assert!(counts.concealed_ms <= 250, "change {kind}: {counts:?}");
    }
}

#[test]
fn another_source_is_heard_when_the_present_one_has_been_silent() {
    let payloads = payloads(200);
    let (_, _, heard) = listen(stream(&payloads, |n, arrived| arrived.ssrc = 1 + n / 100), 3980);
    let first = heard.iter().find(|(number, _)| *number >= 100).expect("the second source is heard");
    assert!((2200..2300).contains(&first.1), "{first:?}");
    assert_eq!(heard.iter().filter(|(number, _)| *number < 100).count(), 100);
}

#[test]
fn a_second_source_beside_the_first_is_not_heard() {
    let payloads = payloads(200);
    let second: Vec<_> = (0..200u32).map(|n| (n + 1_000_000).to_be_bytes()).collect();
    let mut packets = stream(&payloads, |_, _| {});
    packets.extend(stream(&second, |n, arrived| (arrived.ssrc, arrived.sequence) = (99, n as u16)).iter().skip(1));
    let (ear, counts, heard) = listen(packets, 3980);
    assert!(heard.iter().all(|(number, _)| *number < 1000) && heard.len() > 195);
    assert!(ear.concealed_ms == 0 && counts.others >= 195, "{counts:?}");
}

#[test]
fn sequence_numbers_that_are_stuck_doubled_or_shared_lose_nothing() {
    let payloads = payloads(300);
    let numberings: [fn(u32) -> u16; 4] =
        [|_| 77, |n| (n / 2) as u16, |n| (2 * n) as u16, |n| (n + 7 * (n / 50)) as u16];
    for (kind, numbering) in numberings.into_iter().enumerate() {
        let (ear, counts, heard) = listen(stream(&payloads, |n, arrived| arrived.sequence = numbering(n)), 5980);
        assert_eq!((ear.concealed_ms, counts.repeated), (0, 0), "numbering {kind}: {counts:?}");
        assert!(heard.len() > 290, "numbering {kind}");
    }
}

#[test]
fn a_pause_of_the_sender_is_silence_and_no_loss() {
    let payloads = payloads(200);
    for frozen_clock in [false, true] {
        // twenty packets of speech, then two seconds of nothing
        let packets: Vec<_> = stream(&payloads, |_, _| {})
            .into_iter()
            .zip(0u32..)
            .map(|((ms, arrived), n)| {
                let pause = 2000 * (n / 20);
                let ticks = if frozen_clock { 0 } else { pause * 8 };
                (ms + u64::from(pause), Arrived { timestamp: arrived.timestamp.wrapping_add(ticks), ..arrived })
            })
            .collect();
        let (_, counts, heard) = listen(packets, 23_000);
        assert_eq!(numbers(&heard), (0..200).collect::<Vec<_>>());
        assert!(counts.concealed_ms <= 170 * 10 && counts.target_ms <= 45, "{counts:?}");
    }
}

#[test]
fn after_a_payload_that_says_so_the_pause_is_silent_at_once() {
    let payloads = payloads(5);
    let mut buffer = JitterBuffer::new();
    stream(&payloads, |_, _| {}).into_iter().for_each(|(ms, packet)| buffer.push(at(ms), packet));
    buffer.push(at(100), packet(5, &[0xd5]));
    for n in 0..6 {
        assert!(matches!(buffer.pull(at(100 + 20 * n), 0), Pull::Packet { .. }));
    }
    assert_eq!(buffer.pull(at(220), 0), Pull::Empty { silence: true });
    assert_eq!(buffer.counts().concealed_ms, 0);
}

#[test]
fn packets_of_every_length_pass() {
    let payloads = payloads(200);
    for ms in [10u32, 20, 30, 40, 60, 120] {
        let packets = stream(&payloads, |n, arrived| (arrived.ms, arrived.timestamp) = (ms, n * 8 * ms));
        let packets = packets.into_iter().zip(0u64..).map(|((_, arrived), n)| (u64::from(ms) * n, arrived)).collect();
        let mut buffer = JitterBuffer::new();
        let mut waiting = 0;
        let mut left: std::iter::Peekable<std::vec::IntoIter<(u64, Arrived<'_>)>> = Vec::into_iter(packets).peekable();
        for now in (0..u64::from(ms) * 190).step_by(20) {
            while let Some((ms, packet)) = left.next_if(|(arrival, _)| *arrival <= now) {
                buffer.push(at(ms), packet);
            }
            while waiting < 20 {
                waiting += match buffer.pull(at(now), waiting) {
                    Pull::Packet { .. } => ms,
                    Pull::Lost { ms, .. } => ms,
                    Pull::Empty { .. } => EMPTY_MS,
                };
            }
            waiting -= 20;
        }
        let counts = buffer.counts();
        assert!(counts.played > 180 && counts.concealed_ms == 0, "{ms} ms: {counts:?}");
        assert!(counts.delay_ms <= ms.max(40) + 20, "{ms} ms: {counts:?}");
    }
}

#[test]
fn a_clock_that_drifts_is_followed() {
    let payloads = payloads(6000);
    for (name, step) in [("slow", 20_004u64), ("fast", 19_996)] {
        let packets = stream(&payloads, |_, _| {}).into_iter().zip(0u64..);
        let packets = packets.map(|((_, arrived), n)| (step * n / 1000, arrived)).collect();
        let (ear, counts, _) = listen(packets, 119_900);
        assert!(counts.delay_ms <= 45 && ear.concealed_ms <= 60 && counts.dropped == 0, "{name}: {counts:?}");
    }
}

#[test]
fn a_reset_forgets_all_but_its_memory() {
    let payloads = payloads(20);
    let mut buffer = JitterBuffer::new();
    stream(&payloads, |_, _| {}).into_iter().for_each(|(ms, packet)| buffer.push(at(ms), packet));
    buffer.reset();
    assert_eq!(buffer.counts(), JitterBuffer::new().counts());
    assert_eq!(buffer.pull(at(1000), 0), Pull::Empty { silence: true });
    assert!(!buffer.free.is_empty());
}

#[test]
fn a_warm_buffer_keeps_its_slots() {
    let payload = [1; 160];
    let mut buffer = JitterBuffer::new();
    let mut slots = 0;
    for n in 0..500u32 {
        buffer.push(at(20 * u64::from(n)), packet(n, &payload));
        let _ = buffer.pull(at(20 * u64::from(n) + 10), 0);
        let now = buffer.free.len() + buffer.waiting.len() + usize::from(buffer.playing.is_some());
        assert!(n < 10 || now == slots, "a slot was made for packet {n}");
        slots = now;
    }
}
