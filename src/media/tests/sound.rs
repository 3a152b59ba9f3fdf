//! What is played, and digits.

use super::*;

fn play(endpoint: EndpointId, id: u32, samples: usize, repeat: u32) -> Command {
    Command::Play { endpoint, id, sound: Sound::Clip { clip: clip(samples), repeat }, until_digit: false }
}

#[test]
fn a_clip_is_played_in_the_peers_codec_and_its_end_is_told() {
    for codec in [Codec::Pcma, Codec::Pcmu] {
        let (mut bench, a, _) = Bench::call(agreed(codec, None, PHONE_A), agreed(Codec::Pcma, None, PHONE_B));
        let start = bench.now;
        bench.order(play(A, 9, 8000, 2));
        bench.run_for(5000);
        assert_eq!(bench.sent.len(), 100);
        assert_clean(&bench.sent);
        let heard: Vec<i16> = bench.sent.iter().flat_map(|packet| packet.samples(codec)).collect();
        let alaw = clip(8000).alaw().repeat(2);
        let mut played = vec![0; alaw.len()];
        crate::codec::g711::decode(Law::A, &alaw, &mut played);
        for (&heard, &played) in heard.iter().zip(&played) {
            assert!((i32::from(heard) - i32::from(played)).abs() <= 16 + i32::from(played).abs() / 16);
        }
        for (n, packet) in bench.sent.iter().enumerate() {
            assert_eq!(packet.at, start + Duration::from_millis(20 * n as u64));
            assert_eq!(packet.header.marker, n == 0);
            assert_eq!(packet.destination.to, a.from);
        }
        assert_eq!(bench.take_told(), [Event::PlayEnded { endpoint: A, id: 9 }]);
        assert!(bench.plane.poll_timeout() > Some(bench.now + Duration::from_millis(20)), "it rests");
    }
}

#[test]
fn a_wide_band_telephone_is_sent_what_was_coded_for_it() {
    let clip = clip(8000);
    let g722: Vec<Vec<u8>> = clip.g722().chunks(160).map(<[u8]>::to_vec).collect();
    let opus: Vec<Vec<u8>> = (0..clip.frames()).map(|frame| clip.opus(frame).to_vec()).collect();
    for (codec, expected, ticks) in [(Codec::G722, g722, 160), (Codec::Opus, opus, 960)] {
        let (mut bench, ..) = Bench::call(agreed(codec, None, PHONE_A), agreed(Codec::Pcma, None, PHONE_B));
        bench.order(play(A, 3, 8000, 1));
        bench.run_for(2000);
        let steps = bench.sent.windows(2).map(|pair| pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp));
        assert!(steps.into_iter().all(|step| step == ticks), "{codec:?}");
        assert_eq!(bench.sent.iter().map(|packet| packet.payload.clone()).collect::<Vec<_>>(), expected, "{codec:?}");
        assert_eq!(bench.take_told(), [Event::PlayEnded { endpoint: A, id: 3 }]);
    }
}

#[test]
fn the_other_side_is_not_heard_while_one_is_played_to_but_hears() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    bench.speak(&mut b, 5);
    bench.order(play(A, 1, 160 * 10, 1));
    for n in 0..20 {
        let heard = bench.receive(B, b.from, &b.frame(&[3; 160]));
        assert_eq!(heard.is_some(), n > 8, "frame {n}: heard again after the clip");
        assert!(bench.receive(A, a.from, &a.frame(&[4; 160])).is_some());
        bench.run_for(20);
    }
    let stream = bench.sent_to(A);
    assert_eq!(stream.len(), 5 + 10 + 11);
    assert_clean(&stream);
    let spurts: Vec<_> = (0..stream.len()).filter(|&n| stream[n].header.marker).collect();
    assert_eq!(spurts, [0, 5, 15], "a talk spurt begins with each of them");
}

#[test]
fn play_that_is_stopped_ends_without_a_word_and_the_bridge_is_heard() {
    let (mut bench, _, mut b) = Bench::usual_call();
    bench.order(Command::Play { endpoint: A, id: 1, sound: Sound::Tone(ringback()), until_digit: false });
    bench.run_for(1000);
    assert_eq!(bench.sent.len(), 51);
    bench.order(Command::StopPlay { endpoint: A });
    assert_eq!(bench.speak(&mut b, 10).len(), 10);
    assert_eq!(bench.take_told(), [Event::Heard { endpoint: B }]);
    assert_clean(&bench.sent);
}

#[test]
fn play_replaces_what_was_played_before() {
    let (mut bench, _, _) = Bench::usual_call();
    bench.order(play(A, 1, 8000, 0));
    bench.run_for(100);
    bench.order(play(A, 2, 1600, 1));
    bench.run_for(1000);
    assert_eq!(bench.take_told(), [Event::PlayEnded { endpoint: A, id: 2 }]);
    assert_clean(&bench.sent);
}

fn ringback() -> Tone {
    Tone { frequencies: [425, 0], cadence_ms: vec![1000, 4000] }
}

#[test]
fn a_tone_has_its_frequency_and_its_cadence() {
    let (mut bench, _, _) = Bench::usual_call();
    bench.order(Command::Play { endpoint: A, id: 1, sound: Sound::Tone(ringback()), until_digit: false });
    bench.run_for(9990);
    for (n, packet) in bench.sent.iter().enumerate() {
        let samples = packet.samples(Codec::Pcma);
        let sounds = n % 250 < 50;
        assert_eq!(level_dbm0(&samples) > -30.0, sounds, "frame {n}");
        if sounds {
            let ear = Ear::hear(&samples);
            assert!(ear.frequencies[0].is_some_and(|hz| hz.abs_diff(425) < 10), "frame {n}: {ear:?}");
        }
    }
    assert_eq!(bench.sent.len(), 500);
    assert_clean(&bench.sent);
}

#[test]
fn a_held_peer_misses_the_music_but_its_clip_ends_in_time() {
    let (mut bench, _, _) = Bench::usual_call();
    let mut hold = agreed(Codec::Pcma, None, PHONE_A);
    hold.direction = Direction::Inactive;
    bench.configure(A, hold);
    bench.order(play(A, 5, 800, 1));
    bench.run_for(200);
    assert_eq!(bench.sent, []);
    assert_eq!(bench.take_told(), [Event::PlayEnded { endpoint: A, id: 5 }]);
}

#[test]
fn a_digit_is_told_once_and_relayed_under_the_other_sides_payload_type() {
    let (mut bench, mut a, b) = Bench::usual_call();
    bench.speak(&mut a, 3);
    for packet in a.digit(101, 5) {
        let heard = bench.receive(A, a.from, &packet).expect("relayed");
        assert_eq!((heard.header.payload_type, heard.destination.to), (96, b.from));
        assert_eq!(heard.payload, packet[12..]);
        bench.run_for(20);
    }
    bench.speak(&mut a, 20);
    assert_eq!(bench.digits(), [(A, '5')]);
    let stream = bench.sent_to(B);
    assert_clean(&stream);
    assert_eq!(
        stream.iter().map(|packet| u32::from(packet.header.marker)).sum::<u32>(),
        2,
        "the spurt's and the event's"
    );
    assert!(stream[3..10].iter().all(|packet| packet.header.timestamp == stream[3].header.timestamp));
}

#[test]
fn a_digit_is_told_once_whatever_is_lost_or_doubled() {
    for mask in 1..128u32 {
        let (mut bench, mut a, _) = Bench::usual_call();
        for (n, packet) in a.digit(101, 11).iter().enumerate() {
            for _ in 0..(mask >> n & 1) * 2 {
                bench.receive(A, a.from, packet);
            }
            bench.run_for(20);
        }
        bench.run_for(2000);
        assert_eq!(bench.digits(), [(A, '#')], "packets {mask:07b}");
    }
}

#[test]
fn a_peer_without_events_hears_the_other_sides_digits_as_tones() {
    let (mut bench, mut a, _) =
        Bench::call(agreed(Codec::Pcma, Some(101), PHONE_A), agreed(Codec::Pcmu, None, PHONE_B));
    bench.speak(&mut a, 5);
    for packet in a.digit(101, 9) {
        assert_eq!(bench.receive(A, a.from, &packet), None, "the events end here");
        bench.run_for(20);
    }
    bench.speak(&mut a, 20);
    let stream = bench.sent_to(B);
    assert_clean(&stream);
    let heard: Vec<_> =
        stream.iter().map(|packet| Ear::hear(&packet.samples(Codec::Pcmu)).hears([852, 1477])).collect();
    assert_eq!(heard.iter().filter(|&&heard| heard).count(), 5, "100 ms of a nine: {heard:?}");
    assert_eq!(bench.digits(), [(A, '9')]);
}

#[test]
fn in_band_digits_are_heard_only_where_there_are_no_events() {
    for events in [None, Some(101)] {
        let (mut bench, mut a, _) =
            Bench::call(agreed(Codec::Pcmu, events, PHONE_A), agreed(Codec::Pcmu, None, PHONE_B));
        let mut tone = crate::codec::tone::DigitTone::new('7', 100).expect("a digit");
        for _ in 0..20 {
            let (mut samples, mut payload) = ([0; 160], [0; 160]);
            tone.fill(&mut samples);
            g711::encode(Law::Mu, &samples, &mut payload);
            assert!(
                bench.receive(A, a.from, &a.frame(&payload)).is_some(),
                "the tone is heard on the other side itself"
            );
            bench.run_for(20);
        }
        let expected = if events.is_none() { vec![(A, '7')] } else { vec![] };
        assert_eq!(bench.digits(), expected);
    }
}

#[test]
fn digits_are_sent_as_events_one_after_the_other() {
    let (mut bench, _, mut a) = Bench::usual_call();
    bench.speak(&mut a, 5);
    for digit in ['1', '2', 'z', '#'] {
        bench.order(Command::SendDigit { endpoint: A, digit, duration_ms: 100 });
    }
    bench.speak(&mut a, 60);
    let stream = bench.sent_to(A);
    assert_clean(&stream);
    let events: Vec<_> = stream.iter().filter(|packet| packet.header.payload_type == 101).collect();
    let ends: Vec<_> =
        events.iter().filter_map(|packet| Payload::read(&packet.payload)).filter(|event| event.end).collect();
    let ends: Vec<_> = ends.iter().map(|event| (event.code, event.duration)).collect();
    assert_eq!(ends, [(1, 800), (1, 800), (1, 800), (2, 800), (2, 800), (2, 800), (11, 800), (11, 800), (11, 800)]);
    let marked: Vec<_> =
        events.iter().filter(|packet| packet.header.marker).map(|packet| packet.header.timestamp).collect();
    assert_eq!(marked.len(), 3);
    assert!(events.iter().all(|packet| marked.contains(&packet.header.timestamp)));
}

#[test]
fn digits_are_sent_as_tones_where_there_are_no_events() {
    let (mut bench, _, _) = Bench::call(agreed(Codec::Pcma, None, PHONE_A), agreed(Codec::Pcma, None, PHONE_B));
    for digit in ['4', '4', 'D'] {
        bench.order(Command::SendDigit { endpoint: A, digit, duration_ms: 80 });
    }
    bench.run_for(1000);
    assert_clean(&bench.sent);
    let mut detector = crate::codec::detect::DtmfDetector::new();
    let heard: Vec<_> = bench.sent.iter().filter_map(|packet| detector.listen(&packet.samples(Codec::Pcma))).collect();
    assert_eq!(heard.iter().map(|heard| heard.digit).collect::<Vec<_>>(), ['4', '4', 'D']);
}

#[test]
fn digits_go_before_what_is_played() {
    let (mut bench, _, _) = Bench::usual_call();
    bench.order(play(A, 1, 1600, 1));
    bench.order(Command::SendDigit { endpoint: A, digit: '1', duration_ms: 100 });
    bench.run_for(1000);
    let kinds: Vec<_> = bench.sent.iter().map(|packet| packet.header.payload_type).collect();
    assert_eq!(kinds, [[101; 7].as_slice(), &[8; 10]].concat());
    assert_clean(&bench.sent);
}

#[test]
fn a_thread_that_was_held_up_leaves_old_frames_out() {
    let (mut bench, _, _) = Bench::usual_call();
    bench.order(play(A, 1, 80_000, 1));
    bench.run_for(100);
    bench.sent.clear();
    bench.now += Duration::from_secs(2);
    bench.run_for(0);
    assert!(bench.sent.len() <= 2, "{} at once", bench.sent.len());
}
