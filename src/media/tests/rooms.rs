//! Rooms: conferences, listening in, whispering; and what goes on tape.

use super::decoded::{Speaker, assert_tone, hear};
use super::*;
use crate::codec::detect::level_of;
use crate::media::tape::{Entry, Mark, Side};

const ROOM: RoomId = RoomId(7);
const TONES: [u16; 4] = [500, 900, 1500, 2300];

/// Four in one room, each with a codec and a tone of its own.
fn party(codecs: [Codec; 4]) -> (Bench, Vec<Speaker>) {
    let mut bench = Bench::new();
    let speakers = codecs.iter().zip(TONES).enumerate().map(|(n, (codec, hz))| {
        let endpoint = EndpointId(n as u32 + 1);
        let terms = agreed(*codec, None, &format!("10.0.0.{}:4000", n + 1));
        let phone = Phone::new(endpoint, terms.rtp.expect("named"), terms.payload_type);
        bench.order(Command::Open { endpoint, port: 10_000 });
        bench.order(Command::Configure { endpoint, agreed: terms });
        bench.order(Command::Join { endpoint, room: ROOM, speaks: Speaks::ToAll });
        Speaker::new(phone, *codec, hz, 20)
    });
    let speakers = speakers.collect();
    (bench, speakers)
}

impl Bench {
    fn talk(&mut self, speakers: &mut [Speaker], frames: usize) {
        for _ in 0..frames {
            for speaker in speakers.iter_mut() {
                let bytes = speaker.packet();
                self.receive(speaker.phone.endpoint, speaker.phone.from, &bytes);
            }
            self.run_for(20);
        }
    }

    /// Which of the four tones are heard at that place, by the last half second.
    fn tones_at(&self, n: u32, codec: Codec) -> Vec<u16> {
        let heard = hear(codec, &self.sent_to(EndpointId(n)));
        let last = &heard[heard.len() - 4000..];
        TONES.into_iter().filter(|hz| level_of(last, *hz) > -16.0).collect()
    }
}

#[test]
fn everybody_hears_everybody_but_himself_whatever_he_speaks() {
    let codecs = [Codec::Pcma, Codec::G722, Codec::Opus, Codec::Pcmu];
    let (mut bench, mut speakers) = party(codecs);
    bench.talk(&mut speakers, 100);
    for (n, codec) in codecs.into_iter().enumerate() {
        let expected: Vec<u16> = TONES.into_iter().filter(|hz| *hz != TONES[n]).collect();
        assert_eq!(bench.tones_at(n as u32 + 1, codec), expected, "{codec:?}");
    }
}

#[test]
fn who_is_muted_hears_and_who_listens_in_is_not_heard() {
    let (mut bench, mut speakers) = party([Codec::Pcma; 4]);
    bench.order(Command::Join { endpoint: EndpointId(1), room: ROOM, speaks: Speaks::ToNobody });
    bench.talk(&mut speakers, 100);
    assert_eq!(bench.tones_at(1, Codec::Pcma), [900, 1500, 2300]);
    assert_eq!(bench.tones_at(2, Codec::Pcma), [1500, 2300]);
}

#[test]
fn a_whisper_reaches_one_ear_only() {
    for codecs in [[Codec::Pcma; 4], [Codec::Pcma, Codec::G722, Codec::Pcma, Codec::Pcma]] {
        let (mut bench, mut speakers) = party(codecs);
        bench.order(Command::Join { endpoint: EndpointId(1), room: ROOM, speaks: Speaks::To(EndpointId(2)) });
        bench.talk(&mut speakers, 100);
        assert_eq!(bench.tones_at(2, codecs[1]), [500, 1500, 2300]);
        assert_eq!(bench.tones_at(3, Codec::Pcma), [900, 2300]);
    }
}

#[test]
fn an_announcement_is_heard_by_all_and_those_who_leave_hear_nothing() {
    let (mut bench, mut speakers) = party([Codec::Pcma, Codec::G722, Codec::Opus, Codec::Pcma]);
    let tone = Sound::Tone(Tone { frequencies: [1900, 0], cadence_ms: vec![] });
    let wave = |n: u16| (7218.0 * (std::f32::consts::TAU * 1900.0 * f32::from(n) / 8000.0).sin()) as i16;
    let clip = Clip::from_narrow(&(0..17_000).map(wave).collect::<Vec<_>>());
    bench.order(Command::Separate { endpoint: EndpointId(4) });
    for sound in [tone, Sound::Clip { clip: Arc::new(clip), repeat: 1 }] {
        bench.order(Command::Announce { room: ROOM, sound });
        bench.talk(&mut speakers[3..], 100);
        assert_tone("narrow", &hear(Codec::Pcma, &bench.sent_to(EndpointId(1))), 1900);
        assert_tone("wide", &hear(Codec::G722, &bench.sent_to(EndpointId(2))), 1900);
        bench.sent.clear();
    }
    assert!(bench.sent_to(EndpointId(4)).is_empty());
    for n in 1..4 {
        bench.order(Command::Close { endpoint: EndpointId(n) });
    }
    bench.sent.clear();
    bench.run_for(1000);
    assert!(bench.sent.is_empty(), "the room is gone with its last member");
}

#[test]
fn a_room_of_thirty_two_is_heard_by_the_last_one() {
    let mut bench = Bench::new();
    let mut first = None;
    for n in 1..=33u32 {
        let endpoint = EndpointId(n);
        let terms = agreed(Codec::G722, None, &format!("10.0.1.{n}:4000"));
        let phone = Phone::new(endpoint, terms.rtp.expect("named"), 9);
        bench.order(Command::Open { endpoint, port: 10_000 });
        bench.order(Command::Configure { endpoint, agreed: terms });
        bench.order(Command::Join { endpoint, room: ROOM, speaks: Speaks::ToAll });
        first.get_or_insert_with(|| Speaker::new(phone, Codec::G722, 1000, 20));
    }
    let mut speakers = [first.expect("a speaker")];
    bench.talk(&mut speakers, 100);
    assert_tone("the last", &hear(Codec::G722, &bench.sent_to(EndpointId(32))), 1000);
    assert!(bench.sent_to(EndpointId(33)).is_empty(), "there is no place for one more");
    let own = hear(Codec::G722, &bench.sent_to(EndpointId(1)));
    assert!(level_dbm0(&own[own.len() / 2..]) < -50.0, "nobody hears himself");
}

#[test]
fn a_message_is_taped_from_one_party_alone() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    bench.order(Command::Record { recording: RecordingId(5), left: A, right: A });
    for _ in 0..50 {
        bench.receive(A, a.from, &a.frame(&[1; 160]));
        bench.receive(B, b.from, &b.frame(&[2; 160]));
        bench.run_for(20);
    }
    bench.order(Command::StopRecording { recording: RecordingId(5) });
    bench.run_for(20);
    let blocks = std::mem::take(&mut bench.blocks);
    let heard = |entry| match entry {
        Entry::Packet { side, payload, .. } => Some((side, payload[0])),
        Entry::Mark { .. } => None,
    };
    let packets: Vec<_> = blocks.iter().flat_map(|block| block.entries().filter_map(heard)).collect();
    assert_eq!(packets, vec![(Side::Left, 1); 50]);
    assert!(blocks.last().is_some_and(|block| block.is_last()));
}

#[test]
fn a_tape_holds_what_both_sides_said_and_ends_with_the_call() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    let recording = RecordingId(5);
    bench.order(Command::Record { recording, left: A, right: B });
    let (mut packets, mut marks) = (Vec::new(), Vec::new());
    for n in 0..150u8 {
        bench.receive(A, a.from, &a.frame(&[1; 160]));
        bench.receive(B, b.from, &b.frame(&[2; 160]));
        if n == 50 || n == 100 {
            bench.order(Command::PauseRecording { recording, on: n == 50 });
        }
        if n == 149 {
            bench.order(Command::Close { endpoint: B });
        }
        bench.run_for(20);
        for block in std::mem::take(&mut bench.blocks) {
            for entry in block.entries() {
                match entry {
                    Entry::Packet { side, payload, .. } => packets.push((side, payload[0])),
                    Entry::Mark { mark, .. } => marks.push(mark),
                }
            }
        }
    }
    for (side, byte) in [(Side::Left, 1), (Side::Right, 2)] {
        assert_eq!(packets.iter().filter(|packet| **packet == (side, byte)).count(), 100);
    }
    assert_eq!(packets.len(), 200);
    assert_eq!(marks.last(), Some(&Mark::End));
    assert!(bench.plane.poll_block(bench.now).is_none(), "nothing is left");
}
