use super::*;
use crate::codec::detect::{dominant, level_dbm0};
use crate::codec::{Law, g711};
use crate::rtp::Header;

/// A party that talks in one tone: where its packets come from, and what befalls them on the way.
#[derive(Clone)]
struct Party {
    side: Side,
    hz: f64,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Seconds of ours in a second of his clock.
    clock: f64,
}

impl Party {
    fn new(side: Side, hz: u16) -> Self {
        let seed = u32::from(hz) * 7919;
        Self { side, hz: f64::from(hz), ssrc: seed, sequence: 65_500, timestamp: u32::MAX - seed, clock: 1.0 }
    }

    /// Packets of 20 ms for `ms` from `from_ms` on, each with the time of its arrival in microseconds.
    fn talk(&mut self, from_ms: u64, ms: u64) -> Vec<Packet> {
        let count = ms / 20;
        let packet = |number: u64| {
            let spoken = from_ms as f64 / 1000.0 + number as f64 * 0.02 * self.clock;
            let payload = (0..160).map(|n| {
                let t = number as f64 * 0.02 + f64::from(n) / 8000.0;
                let sample = (t * self.hz * std::f64::consts::TAU).sin() * 8000.0;
                g711::encode_sample(Law::A, sample as i16)
            });
            let header = Header {
                marker: false,
                payload_type: 8,
                sequence: self.sequence.wrapping_add(number as u16),
                timestamp: self.timestamp.wrapping_add(number as u32 * 160),
                ssrc: self.ssrc,
            };
            Packet { at: (spoken * 1e6) as u64, side: self.side, header, payload: payload.collect() }
        };
        let packets = (0..count).map(packet).collect();
        self.sequence = self.sequence.wrapping_add(count as u16);
        self.timestamp = self.timestamp.wrapping_add(count as u32 * 160);
        packets
    }
}

#[derive(Clone)]
struct Packet {
    at: u64,
    side: Side,
    header: Header,
    payload: Vec<u8>,
}

fn both() -> (Party, Party) {
    (Party::new(Side::Left, 600), Party::new(Side::Right, 1100))
}

fn ms(ms: u64) -> Instant {
    Instant::from_micros(ms * 1000)
}

/// What a recording is in the end.
struct Sound {
    samples: Vec<i16>,
    /// Frames that were there before the end was known.
    early: usize,
}

/// Runs packets and marks through tape, blocks and reel.
fn record(mut packets: Vec<Packet>, marks: &[(u64, Mark)]) -> Sound {
    packets.sort_by_key(|packet| packet.at);
    let mut marks = marks.iter().peekable();
    let mut run = Run::new();
    for packet in &packets {
        let now = Instant::from_micros(packet.at);
        while let Some((at, mark)) = marks.next_if(|(at, _)| ms(*at) <= now) {
            run.tape.mark(ms(*at), *mark);
            run.wind(ms(*at));
        }
        run.tape.heard(now, packet.side, Codec::Pcma, &packet.header, &packet.payload);
        run.wind(now);
    }
    for (at, mark) in marks {
        run.tape.mark(ms(*at), *mark);
        run.wind(ms(*at));
    }
    run.sound
}

struct Run {
    tape: Tape,
    reel: Reel,
    sound: Sound,
}

impl Run {
    fn new() -> Self {
        let sound = Sound { samples: Vec::new(), early: 0 };
        Self { tape: Tape::new(RecordingId(1)), reel: Reel::new(), sound }
    }

    fn wind(&mut self, now: Instant) {
        while let Some(block) = self.tape.take(now) {
            for entry in block.entries() {
                let is_end = matches!(entry, Entry::Mark { mark: Mark::End, .. });
                self.reel.add(&entry);
                let mut frame = [0; FRAME_SAMPLES];
                while self.reel.next_frame(&mut frame) {
                    self.sound.samples.extend(frame);
                    self.sound.early += usize::from(!is_end);
                }
            }
        }
    }
}

impl Sound {
    fn ms(&self) -> usize {
        self.samples.len() / 32
    }

    /// 20 ms of one side from `at_ms` on, at 8000 Hz.
    fn block(&self, side: Side, at_ms: usize) -> Vec<i16> {
        let from = at_ms * 32 + usize::from(side == Side::Right);
        self.samples.iter().skip(from).step_by(4).take(160).copied().collect()
    }

    fn hz(&self, side: Side, at_ms: usize) -> Option<u16> {
        dominant(&self.block(side, at_ms))
    }

    fn is_silent(&self, side: Side, at_ms: usize) -> bool {
        level_dbm0(&self.block(side, at_ms)) < -50.0
    }

    /// The share of blocks of 20 ms, between two times, in which the side has its tone.
    fn share(&self, side: Side, hz: u16, from_ms: usize, to_ms: usize) -> f64 {
        let blocks: Vec<usize> = (from_ms..to_ms - 20).step_by(20).collect();
        let heard = blocks.iter().filter(|at| self.hz(side, **at).is_some_and(|heard| heard.abs_diff(hz) <= 12));
        heard.count() as f64 / blocks.len() as f64
    }
}

#[test]
fn each_side_is_on_its_channel_when_it_talked() {
    let (mut left, mut right) = both();
    let packets = [left.talk(0, 2_000), right.talk(1_000, 2_000)].concat();
    let sound = record(packets, &[(3_000, Mark::End)]);
    assert_eq!(sound.ms(), 3_000);
    assert!(sound.share(Side::Left, 600, 0, 1_980) > 0.99 && sound.is_silent(Side::Left, 2_040));
    assert!(sound.share(Side::Right, 1100, 1_000, 2_980) > 0.99 && sound.is_silent(Side::Right, 960));
}

#[test]
fn nothing_of_the_last_second_but_a_little_waits_for_the_end() {
    let (mut left, mut right) = both();
    let talk = [left.talk(0, 4_000), right.talk(0, 4_000)].concat();
    assert!(record(talk, &[(4_000, Mark::End)]).early >= 185, "both talk: only the block and the fade are waited for");
    let alone = record(left.talk(0, 4_000), &[(4_000, Mark::End)]);
    assert!(alone.early >= 160, "one side silent: {} frames of 20 ms", alone.early);
    assert_eq!(alone.ms(), 4_000);
}

#[test]
fn jitter_reordering_and_doubled_packets_leave_no_trace() {
    let (mut left, mut right) = both();
    let mut packets = [left.talk(0, 5_000), right.talk(0, 5_000)].concat();
    for (n, packet) in packets.iter_mut().enumerate().skip(1) {
        packet.at += (n as u64 * 7919) % 73_000;
    }
    let doubles: Vec<Packet> = packets.iter().step_by(3).cloned().collect();
    let sound = record([packets, doubles].concat(), &[(5_100, Mark::End)]);
    assert!(sound.share(Side::Left, 600, 100, 4_900) > 0.99, "{}", sound.share(Side::Left, 600, 100, 4_900));
    assert!(sound.share(Side::Right, 1100, 100, 4_900) > 0.99);
}

#[test]
fn a_lost_packet_costs_no_more_than_its_own_time() {
    let (mut left, mut right) = both();
    let talk = left.talk(0, 6_000).into_iter().enumerate().filter(|(n, _)| n % 10 != 5).map(|(_, packet)| packet);
    let sound = record([talk.collect(), right.talk(0, 6_000)].concat(), &[(6_000, Mark::End)]);
    assert_eq!(sound.ms(), 6_000);
    assert!(sound.share(Side::Left, 600, 0, 6_000) > 0.88);
    assert!(sound.share(Side::Right, 1100, 0, 6_000) > 0.99);
}

#[test]
fn a_pause_takes_no_time_and_is_cut_at_the_same_place_on_both_sides() {
    let (mut left, mut right) = both();
    let mut packets = [left.talk(0, 6_000), right.talk(0, 6_000)].concat();
    let mut secret = Party::new(Side::Left, 2_000);
    secret.ssrc = left.ssrc;
    packets.retain(|packet| packet.side == Side::Right || !(2_000_000..4_000_000).contains(&packet.at));
    packets.extend(secret.talk(2_000, 2_000));
    let marks = [(2_000, Mark::Pause), (4_000, Mark::Resume), (6_000, Mark::End)];
    let sound = record(packets, &marks);
    assert_eq!(sound.ms(), 4_000);
    for (side, hz) in [(Side::Left, 600), (Side::Right, 1100)] {
        assert!(sound.share(side, hz, 0, 1_960) > 0.99 && sound.share(side, hz, 2_040, 3_960) > 0.99);
        assert!(level_dbm0(&sound.block(side, 1_990)) < level_dbm0(&sound.block(side, 1_900)) - 3.0, "no fade");
    }
    assert!((0..3_980).step_by(20).all(|at| sound.hz(Side::Left, at) != Some(2_000)), "the pause was recorded");
}

#[test]
fn a_recording_that_ends_in_a_pause_ends_where_the_pause_began() {
    let (mut left, mut right) = both();
    let packets = [left.talk(0, 3_000), right.talk(0, 3_000)].concat();
    let sound = record(packets, &[(1_000, Mark::Pause), (1_500, Mark::Pause), (60_000, Mark::End)]);
    assert_eq!(sound.ms(), 1_000);
}

#[test]
fn a_lost_block_does_not_turn_a_pause_into_sound() {
    let mut run = Run::new();
    let (mut left, _) = both();
    let talk = left.talk(0, 3_000);
    for packet in &talk {
        let now = Instant::from_micros(packet.at);
        if now == ms(1_000) {
            run.tape.mark(now, Mark::Pause);
            assert!(run.tape.take(now + BLOCK_AGE).is_some(), "lost on its way");
        }
        run.tape.heard(now, packet.side, Codec::Pcma, &packet.header, &packet.payload);
        run.wind(now);
    }
    run.tape.mark(ms(3_000), Mark::Pause);
    run.tape.mark(ms(3_000), Mark::End);
    run.wind(ms(3_000));
    assert!((1_100..run.sound.ms().max(1_120)).step_by(20).all(|at| run.sound.is_silent(Side::Left, at)));
}

#[test]
fn another_source_a_jump_and_a_broken_clock_stay_audible_at_their_time() {
    let (mut left, mut right) = both();
    let mut packets = left.talk(0, 2_000);
    left.ssrc += 1; // transferred
    packets.extend(left.talk(2_000, 2_000));
    left.sequence = left.sequence.wrapping_add(20_000); // restarted with the same source
    left.timestamp = left.timestamp.wrapping_add(1 << 30);
    packets.extend(left.talk(4_000, 2_000));
    let mut broken = right.talk(0, 6_000);
    for (n, packet) in broken.iter_mut().enumerate() {
        packet.header.timestamp = match n {
            0..100 => 7,                                 // stands still
            100..200 => n as u32 * 320,                  // twice as fast
            _ => (n as u32).wrapping_mul(2_654_435_761), // nonsense
        };
    }
    packets.extend(broken);
    let sound = record(packets, &[(6_000, Mark::End)]);
    assert_eq!(sound.ms(), 6_000);
    assert!(sound.share(Side::Left, 600, 0, 6_000) > 0.97, "{}", sound.share(Side::Left, 600, 0, 6_000));
    assert!(sound.share(Side::Right, 1100, 0, 6_000) > 0.97, "{}", sound.share(Side::Right, 1100, 0, 6_000));
}

#[test]
fn two_streams_at_a_time_do_not_talk_over_each_other() {
    let (mut left, mut right) = both();
    let mut ghost = Party::new(Side::Left, 1_700);
    let packets = [left.talk(0, 3_000), ghost.talk(505, 2_000), right.talk(0, 3_000)].concat();
    let sound = record(packets, &[(3_000, Mark::End)]);
    assert!(sound.share(Side::Left, 600, 0, 3_000) > 0.98);
}

#[test]
fn silence_by_the_clock_of_the_sender_stays_as_long_as_it_was() {
    let (mut left, mut right) = both();
    let mut packets = left.talk(0, 1_000);
    left.timestamp = left.timestamp.wrapping_add(160 * 100); // two seconds without packets
    packets.extend(left.talk(3_000, 1_000));
    packets.extend(right.talk(0, 4_000));
    let sound = record(packets, &[(4_000, Mark::End)]);
    assert!(sound.share(Side::Left, 600, 0, 1_000) > 0.98 && sound.share(Side::Left, 600, 3_000, 4_000) > 0.98);
    assert!((1_040..2_960).step_by(20).all(|at| sound.is_silent(Side::Left, at)));
}

#[test]
fn an_hour_in_which_nobody_talks_is_an_hour_of_the_file_and_not_of_memory() {
    let (mut left, mut right) = both();
    let mut packets = [left.talk(0, 1_000), right.talk(0, 1_000)].concat();
    let hour = 3_600_000;
    packets.extend(left.talk(hour, 1_000));
    let mut run = Run::new();
    let mut frames = 0usize;
    packets.sort_by_key(|packet| packet.at);
    let mut frame = [0; FRAME_SAMPLES];
    let mut loud_at = Vec::new();
    for packet in &packets {
        let now = Instant::from_micros(packet.at);
        run.tape.heard(now, packet.side, Codec::Pcma, &packet.header, &packet.payload);
        let Some(block) = run.tape.take(now) else { continue };
        for entry in block.entries() {
            run.reel.add(&entry);
            assert!(run.reel.kept() < 64_000);
            while run.reel.next_frame(&mut frame) {
                if frame.iter().any(|sample| sample.unsigned_abs() > 1_000) {
                    loud_at.push(frames * 20);
                }
                frames += 1;
            }
        }
    }
    assert!(loud_at.iter().all(|at| *at < 1_040 || *at >= 3_599_980), "{loud_at:?}");
    assert!(loud_at.iter().any(|at| *at >= 3_600_000));
}

#[test]
fn a_clock_that_is_off_stays_within_a_tenth_of_a_second() {
    for clock in [0.999_9, 1.000_1, 0.999, 1.001] {
        let (mut left, mut right) = both();
        left.clock = clock;
        let length = 10 * 60_000;
        let mut packets = left.talk(0, length);
        let last = packets.last().unwrap().at / 1000;
        left.hz = 1_500.0; // the end of his talk
        packets.extend(left.talk(last + 20, 1_000));
        packets.extend(right.talk(0, length));
        let sound = record(packets, &[(length + 2_000, Mark::End)]);
        let change = (last as usize - 1_000..sound.ms() - 20)
            .step_by(10)
            .find(|at| sound.hz(Side::Left, *at) == Some(1_500))
            .unwrap();
        assert!(change.abs_diff(last as usize) <= 140, "{clock}: {change} and {last}");
        let minutes = (0..10).map(|minute| minute * 60_000 + 7_000);
        assert!(minutes.map(|at| sound.share(Side::Left, 600, at, at + 1_000)).all(|share| share > 0.9));
    }
}

#[test]
fn blocks_hold_what_was_heard() {
    let mut tape = Tape::new(RecordingId(7));
    let header = Header { marker: true, payload_type: 96, sequence: 9, timestamp: 10, ssrc: 11 };
    assert_eq!((tape.take(ms(5)), tape.poll_timeout()), (None, None));
    tape.heard(ms(5), Side::Right, Codec::Opus, &header, &[1, 2, 3]);
    assert_eq!(tape.poll_timeout(), Some(ms(205)));
    assert_eq!(tape.take(ms(204)), None);
    tape.mark(ms(204), Mark::End);
    assert_eq!(tape.poll_timeout(), Some(ms(5)), "the last block waits for nothing");
    let block = tape.take(ms(204)).expect("the last");
    assert!(block.is_last() && block.recording == RecordingId(7));
    let packet = Entry::Packet {
        at: ms(5),
        side: Side::Right,
        codec: Codec::Opus,
        sequence: 9,
        timestamp: 10,
        ssrc: 11,
        payload: &[1, 2, 3],
    };
    let runs = Entry::Mark { at: ms(5), mark: Mark::Resume };
    assert_eq!(block.entries().collect::<Vec<_>>(), [runs, packet, Entry::Mark { at: ms(204), mark: Mark::End }]);
    tape.heard(ms(300), Side::Left, Codec::Pcma, &header, &[0; 160]);
    assert_eq!(tape.take(ms(900)), None, "after the end");
}

#[test]
fn a_tape_that_nobody_takes_is_bounded() {
    let mut tape = Tape::new(RecordingId(1));
    let header = Header { marker: false, payload_type: 8, sequence: 0, timestamp: 0, ssrc: 0 };
    for n in 0..10_000 {
        tape.heard(ms(n * 20), Side::Left, Codec::Pcma, &header, &[0; 1400]);
    }
    assert!(tape.bytes.len() <= BLOCK_MOST);
    let block = tape.take(ms(1_000_000)).expect("what fitted");
    assert_eq!(
        block.missed(),
        10_000 - block.entries().filter(|entry| matches!(entry, Entry::Packet { .. })).count() as u64
    );
    tape.heard(ms(1_000_001), Side::Left, Codec::Pcma, &header, &[0; 160]);
    assert_eq!(tape.take(ms(2_000_000)).expect("what came then").missed(), 0);
}

proptest::proptest! {
    #[test]
    fn no_packets_break_the_reel_or_change_its_length(
        packets in proptest::collection::vec(
            (0u64..90, proptest::bool::ANY, proptest::num::u16::ANY, proptest::num::u32::ANY, 0u32..3, 0usize..400, 0u8..40),
            0..300,
        ),
    ) {
        let mut run = Run::new();
        let mut now = 0;
        run.tape.mark(ms(0), Mark::Resume);
        let (mut paused, mut paused_since, mut cut_out) = (false, 0, 0);
        for (after, left, sequence, timestamp, ssrc, length, what) in packets {
            now += after;
            let side = if left { Side::Left } else { Side::Right };
            // Half of them belong together somehow, the others are nonsense.
            let sequence = if what % 2 == 0 { (now / 20) as u16 } else { sequence };
            let codec = Codec::ALL[usize::from(what) % 4];
            let header = Header { marker: false, payload_type: 0, sequence, timestamp, ssrc };
            run.tape.heard(ms(now), side, codec, &header, &vec![what; length]);
            match what {
                38 if !paused => (paused, paused_since) = (true, now),
                39 if paused => (paused, cut_out) = (false, cut_out + now - paused_since),
                _ => {}
            }
            match what {
                38 => run.tape.mark(ms(now), Mark::Pause),
                39 => run.tape.mark(ms(now), Mark::Resume),
                _ => {}
            }
            run.wind(ms(now));
        }
        run.tape.mark(ms(now), Mark::End);
        run.wind(ms(now));
        let end = if paused { paused_since } else { now } - cut_out;
        // A pause may be cut up to a packet late where its sound was already handed out.
        proptest::prop_assert!((run.sound.ms() as u64).abs_diff(end) <= 20 + 200, "{} and {}", run.sound.ms(), end);
    }
}
