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

#[test]
fn what_is_sent_is_heard_as_sent() {
    for digit in "0123456789*#ABCD".chars() {
        let mut sender = Sender::new(digit, 110).expect("a digit");
        let packets: Vec<_> = std::iter::from_fn(|| sender.next_packet()).collect();
        assert_eq!(packets.len(), 8, "six for 110 ms, the last of them three times");
        assert_eq!(packets.iter().filter(|packet| packet.end).count(), 3);
        let mut heard = Vec::new();
        let mut receiver = Receiver::default();
        for packet in packets {
            let read = Payload::read(&packet.write()).expect("four bytes");
            receiver.receive(Instant::ZERO, 5, read, &mut |digit| heard.push(digit));
        }
        assert_eq!(heard, [Heard { digit, duration_ms: 110 }]);
    }
}

#[test]
fn only_digits_are_sent() {
    assert_eq!(Sender::new('x', 100), None);
    assert_eq!(Sender::new('d', 100), Sender::new('D', 100));
}
