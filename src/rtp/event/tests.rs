use super::*;

/// Plays packets (milliseconds, timestamp, code, duration in ms, end) and returns what was heard, with the time.
fn hear(packets: &[(u64, u32, u8, u16, bool)], until_ms: u64) -> Vec<(u64, char, u32)> {
    let mut receiver = Receiver::default();
    let mut heard = Vec::new();
    let mut left = packets.iter().peekable();
    for ms in 0..=until_ms {
        let now = Instant::ZERO + Duration::from_millis(ms);
        receiver.expire(now, &mut |digit| heard.push((ms, digit.digit, digit.duration_ms)));
        while let Some(&(_, timestamp, code, duration_ms, end)) = left.next_if(|packet| packet.0 <= ms) {
            let payload = Payload { code, end, volume: 10, duration: duration_ms.saturating_mul(8) };
            receiver.receive(now, timestamp, payload, &mut |digit| heard.push((ms, digit.digit, digit.duration_ms)));
        }
    }
    heard
}

#[test]
fn a_digit_is_heard_once_although_its_end_comes_three_times() {
    let packets =
        [(0, 0, 5, 20, false), (20, 0, 5, 40, false), (40, 0, 5, 60, true), (40, 0, 5, 60, true), (60, 0, 5, 60, true)];
    assert_eq!(hear(&packets, 1000), [(40, '5', 60)]);
}

#[test]
fn a_digit_whose_ends_are_lost_is_heard_when_nothing_more_comes() {
    assert_eq!(hear(&[(0, 0, 11, 20, false), (20, 0, 11, 40, false)], 1000), [(140, '#', 40)]);
}

#[test]
fn a_digit_whose_ends_are_lost_is_heard_when_the_next_begins() {
    let packets = [(0, 0, 1, 20, false), (80, 640, 2, 20, false), (100, 640, 2, 40, true)];
    assert_eq!(hear(&packets, 1000), [(80, '1', 20), (100, '2', 40)]);
}

#[test]
fn a_digit_of_which_only_an_end_packet_survives_is_heard() {
    assert_eq!(hear(&[(60, 0, 10, 100, true)], 1000), [(60, '*', 100)]);
}

#[test]
fn the_same_digit_twice_is_heard_twice() {
    let packets = [(0, 0, 7, 20, true), (20, 0, 7, 20, true), (200, 1600, 7, 20, true)];
    assert_eq!(hear(&packets, 1000), [(0, '7', 20), (200, '7', 20)]);
}

#[test]
fn digits_under_a_timestamp_that_never_moves_are_told_apart() {
    let packets = [
        (0, 9, 7, 20, false),
        (60, 9, 7, 80, true),
        (200, 9, 7, 20, false), // the same key again
        (260, 9, 7, 80, true),
        (280, 9, 8, 80, true), // another key
    ];
    assert_eq!(hear(&packets, 1000), [(60, '7', 80), (260, '7', 80), (280, '8', 80)]);
}

#[test]
fn packets_that_come_late_begin_no_digit() {
    let packets = [
        (0, 0, 1, 60, true),
        (10, 0, 1, 40, false),
        (100, 800, 2, 20, false),
        (110, 0, 1, 60, true),
        (120, 800, 2, 40, true),
    ];
    assert_eq!(hear(&packets, 1000), [(0, '1', 60), (120, '2', 40)]);
}

#[test]
fn a_key_held_over_several_segments_is_one_digit() {
    let full = u16::MAX / 8; // 8191 ms, 65528 ticks
    let packets = [(0, 0, 3, full, false), (50, 65_528, 3, 20, false), (90, 65_528, 3, 60, true)];
    assert_eq!(hear(&packets, 1000), [(90, '3', 8251)]);
}

#[test]
fn events_that_are_no_digits_are_not_heard() {
    assert_eq!(hear(&[(0, 0, 16, 20, true), (100, 800, 32, 20, false)], 1000), []);
}

/// Sends a digit and returns its packets and what is heard of them when those of `lost` (by their order) are lost.
fn pass(digit: char, ms: u32, hz: u32, lost: &[usize]) -> (Vec<(u32, Payload)>, Vec<Heard>) {
    let mut sender = Sender::new(digit, ms, hz).expect("a digit");
    let packets: Vec<_> = std::iter::from_fn(|| sender.next_packet()).collect();
    let (mut heard, mut receiver) = (Vec::new(), Receiver::default());
    receiver.set_clock(hz);
    for (n, (after, payload)) in packets.iter().enumerate().filter(|(n, _)| !lost.contains(n)) {
        let read = Payload::read(&payload.write()).expect("four bytes");
        let now = Instant::ZERO + Duration::from_millis(20 * n as u64);
        receiver.receive(now, u32::MAX.wrapping_add(*after), read, &mut |digit| heard.push(digit));
    }
    (packets, heard)
}

#[test]
fn what_is_sent_is_heard_as_sent() {
    for digit in "0123456789*#ABCD".chars() {
        for hz in [8000, 16_000, 48_000] {
            let (packets, heard) = pass(digit, 110, hz, &[]);
            assert_eq!(packets.len(), 8, "six for 110 ms, the last of them three times");
            assert_eq!(packets.iter().filter(|(after, packet)| packet.end && *after == 0).count(), 3);
            assert_eq!(heard, [Heard { digit, duration_ms: 110 }]);
        }
    }
}

#[test]
fn a_digit_longer_than_the_field_goes_on_in_segments() {
    let (packets, heard) = pass('5', 5000, 48_000, &[]);
    assert_eq!(heard, [Heard { digit: '5', duration_ms: 5000 }]);
    assert_eq!(packets.len(), 252);
    let segments: Vec<_> = packets.chunk_by(|a, b| a.0 == b.0).map(|segment| segment[0].0).collect();
    assert_eq!(segments, [0, 65_280, 130_560, 195_840], "68 whole packets each");
    assert!(packets.iter().all(|(after, packet)| packet.end == (after + u32::from(packet.duration) == 240_000)));
    for lost in [&[67usize][..], &[67, 68], &[66, 67, 135], &[249]] {
        assert_eq!(pass('5', 5000, 48_000, lost).1, [Heard { digit: '5', duration_ms: 5000 }], "{lost:?}");
    }
}

#[test]
fn only_digits_are_sent() {
    assert_eq!(Sender::new('x', 100, 8000), None);
    assert_eq!(Sender::new('d', 100, 8000), Sender::new('D', 100, 8000));
}
