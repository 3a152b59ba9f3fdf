//! Bridges between formats: decoded, held back for jitter, encoded anew.

use super::*;
use crate::codec::tone::ToneGenerator;
use crate::codec::{Decoder, Encoder, Rate, Resampler};
use crate::rtp::srtp::{MasterKey, Protector, Suite, Unprotector};
use crate::sdp::StreamKeys;

/// A phone that speaks any codec: a tone goes out, and what comes in is heard at 8000 Hz.
pub(super) struct Speaker {
    pub(super) phone: Phone,
    encoder: Encoder,
    tone: ToneGenerator,
    up: Option<Resampler>,
    packet_ms: u32,
}

impl Speaker {
    pub(super) fn new(phone: Phone, codec: Codec, hz: u16, packet_ms: u32) -> Self {
        let encoder = Encoder::new(codec, &OpusParameters::default());
        let up = (encoder.rate() != Rate::Narrow).then(|| Resampler::new(Rate::Narrow, encoder.rate()));
        Self { phone, encoder, tone: ToneGenerator::new([hz, 0], &[]), up, packet_ms }
    }

    pub(super) fn packet(&mut self) -> Vec<u8> {
        let mut narrow = vec![0; Rate::Narrow.samples(self.packet_ms)];
        self.tone.fill(&mut narrow);
        let sound = match &mut self.up {
            Some(up) => {
                let mut wide = vec![0; self.encoder.rate().samples(self.packet_ms)];
                up.process(&narrow, &mut wide);
                wide
            }
            None => narrow,
        };
        let mut payload = [0; 1275];
        let length = self.encoder.encode(&sound, &mut payload);
        let bytes = packet(self.phone.header, &payload[..length]);
        let ticks = self.encoder.codec().clock_rate() / 1000 * self.packet_ms;
        self.phone.header.sequence = self.phone.header.sequence.wrapping_add(1);
        self.phone.header.timestamp = self.phone.header.timestamp.wrapping_add(ticks);
        bytes
    }
}

/// What a listener hears in a stream, at 8000 Hz.
pub(super) fn hear(codec: Codec, stream: &[Packet]) -> Vec<i16> {
    let mut decoder = Decoder::new(codec, Rate::Narrow);
    let mut heard = Vec::new();
    for packet in stream {
        let mut sound = [0; 960];
        let length = decoder.decode(&packet.payload, &mut sound);
        heard.extend_from_slice(&sound[..length]);
    }
    heard
}

pub(super) fn assert_tone(what: &str, heard: &[i16], hz: u16) {
    let steady = &heard[heard.len() / 2..];
    assert!(steady.len() > 1600, "{what}: {} samples", heard.len());
    for block in steady.chunks_exact(400) {
        let (ear, level) = (Ear::hear(block), level_dbm0(block));
        assert!(ear.frequencies[0].is_some_and(|own| own.abs_diff(hz) < 15), "{what}: {ear:?}");
        // Where the jitter buffer stretches or conceals, a block may dip for a moment.
        assert!((level + 10.0).abs() < 5.0, "{what}: {level} dBm0");
    }
    assert!((level_dbm0(steady) + 10.0).abs() < 1.0, "{what}: {} dBm0 in all", level_dbm0(steady));
}

/// One source, no number twice or left out, and a clock that moves with the sound.
fn assert_even(what: &str, codec: Codec, stream: &[Packet]) {
    for pair in stream.windows(2) {
        assert_eq!(pair[1].header.ssrc, pair[0].header.ssrc, "{what}");
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1), "{what}");
        let ms = Decoder::payload_ms(codec, &pair[0].payload).expect("sound");
        let ticks = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
        assert_eq!(ticks, ms * codec.clock_rate() / 1000, "{what}");
    }
}

fn with_ptime(codec: Codec, ptime_ms: u32, rtp: &str) -> Agreed {
    Agreed { ptime_ms, ..agreed(codec, None, rtp) }
}

#[test]
fn a_tone_passes_between_any_two_formats_and_packet_times() {
    for from in Codec::ALL {
        for to in Codec::ALL {
            for (sent_ms, asked_ms) in [(20, 20), (10, 30), (60, 20), (40, 60), (20, 10)] {
                let what = format!("{from:?} of {sent_ms} ms to {to:?} of {asked_ms} ms");
                let a = with_ptime(from, 20, PHONE_A);
                let mut b = with_ptime(to, asked_ms, PHONE_B);
                b.max_ptime_ms = Some(asked_ms);
                let (mut bench, a, _) = Bench::call(a, b);
                let mut speaker = Speaker::new(a, from, 1000, sent_ms);
                for _ in 0..1500 / sent_ms {
                    let bytes = speaker.packet();
                    bench.receive(A, speaker.phone.from, &bytes);
                    bench.run_for(u64::from(sent_ms));
                }
                let stream = bench.sent_to(B);
                assert_even(&what, to, &stream);
                assert_tone(&what, &hear(to, &stream), 1000);
                for packet in &stream {
                    let ms = Decoder::payload_ms(to, &packet.payload).expect("sound");
                    assert!(ms <= asked_ms, "{what}: a packet of {ms} ms");
                }
            }
        }
    }
}

#[test]
fn what_comes_from_g711_goes_to_opus_as_narrowband_and_what_comes_from_g722_does_not() {
    for (from, narrow) in [(Codec::Pcma, true), (Codec::G722, false)] {
        let (mut bench, a, _) = Bench::call(agreed(from, None, PHONE_A), agreed(Codec::Opus, None, PHONE_B));
        let mut speaker = Speaker::new(a, from, 1000, 20);
        for _ in 0..50 {
            let bytes = speaker.packet();
            bench.receive(A, speaker.phone.from, &bytes);
            bench.run_for(20);
        }
        // RFC 6716 table 2: configurations 0 to 3 are SILK of narrowband, 16 to 19 CELT of it
        let configurations: Vec<u8> = bench.sent_to(B).iter().map(|packet| packet.payload[0] >> 3).collect();
        let is_narrow = |number: &u8| matches!(number, 0..=3 | 16..=19);
        assert!(configurations.iter().all(|number| is_narrow(number) == narrow), "{from:?}: {configurations:?}");
    }
}

#[test]
fn a_reinvite_may_give_formats_other_numbers_and_packets_another_length() {
    for (from, to) in [(Codec::Opus, Codec::G722), (Codec::Opus, Codec::Opus)] {
        let terms = |codec, payload_type, ptime_ms, rtp| {
            let hears = vec![(payload_type, Meaning::Audio(codec))];
            Agreed { payload_type, hears, ptime_ms, ..agreed(codec, None, rtp) }
        };
        let (mut bench, a, _) = Bench::call(terms(from, 107, 20, PHONE_A), terms(to, 96, 20, PHONE_B));
        let mut speaker = Speaker::new(a, from, 1000, 20);
        let mut talk = |bench: &mut Bench, payload_type: u8| {
            speaker.phone.header.payload_type = payload_type;
            bench.sent.clear();
            for _ in 0..100 {
                let bytes = speaker.packet();
                bench.receive(A, speaker.phone.from, &bytes);
                bench.run_for(20);
            }
            bench.sent_to(B)
        };
        let before = talk(&mut bench, 107);
        assert!(before.iter().all(|packet| packet.header.payload_type == 96));
        bench.configure(A, terms(from, 111, 20, PHONE_A));
        bench.configure(B, terms(to, 100, 40, PHONE_B));
        let after = talk(&mut bench, 111);
        assert!(after.iter().all(|packet| packet.header.payload_type == 100), "{from:?} to {to:?}");
        assert_eq!(after[0].header.ssrc, before[0].header.ssrc, "the stream goes on");
        assert_tone(&format!("{from:?} to {to:?}"), &hear(to, &after), 1000);
        let lost = hear(to, &talk(&mut bench, 107));
        let end = lost.get(lost.len() / 2..).unwrap_or_default();
        assert!(end.is_empty() || level_dbm0(end) < -40.0, "the old number means nothing any more");
    }
}

#[test]
fn what_both_speak_is_relayed_byte_for_byte() {
    for codec in [Codec::G722, Codec::Opus] {
        let (mut bench, a, _) = Bench::call(agreed(codec, None, PHONE_A), agreed(codec, None, PHONE_B));
        let mut speaker = Speaker::new(a, codec, 800, 20);
        for _ in 0..50 {
            let bytes = speaker.packet();
            let heard = bench.receive(A, speaker.phone.from, &bytes).expect("relayed at once");
            assert_eq!(heard.payload, bytes[12..]);
            bench.run_for(20);
        }
        assert_even("relayed", codec, &bench.sent_to(B));
    }
}

#[test]
fn decoded_sound_survives_loss_jitter_and_disorder() {
    for to in [Codec::G722, Codec::Opus] {
        let (mut bench, a, _) = Bench::call(agreed(Codec::Pcma, None, PHONE_A), agreed(to, None, PHONE_B));
        let mut speaker = Speaker::new(a, Codec::Pcma, 1000, 20);
        let mut rng = Rng::from_seed(9);
        let start = bench.now;
        let mut under_way: Vec<(Instant, Vec<u8>)> = Vec::new();
        for n in 0..500u64 {
            let at = start + Duration::from_millis(20 * n) + Duration::from_micros(rng.below(40_000));
            let bytes = speaker.packet();
            if !rng.chance(2, 100) {
                under_way.push((at, bytes));
            }
        }
        under_way.sort_by_key(|(at, _)| *at);
        for (at, bytes) in under_way {
            bench.run_until(at);
            bench.receive(A, speaker.phone.from, &bytes);
        }
        let stream = bench.sent_to(B);
        assert_even("jitter", to, &stream);
        let heard = hear(to, &stream);
        let blocks: Vec<_> = heard[16_000..].chunks_exact(400).map(|block| Ear::hear(block).frequencies[0]).collect();
        let good = blocks.iter().filter(|hz| hz.is_some_and(|hz| hz.abs_diff(1000) < 30)).count();
        assert!(good * 100 >= blocks.len() * 95, "{to:?}: {good} of {} blocks", blocks.len());
    }
}

#[test]
fn a_stream_that_comes_twice_under_two_sources_is_heard_once() {
    let (mut bench, a, _) = Bench::call(agreed(Codec::Pcma, None, PHONE_A), agreed(Codec::Pcma, None, PHONE_B));
    let mut twin = Phone::new(A, a.from, 8);
    twin.header.ssrc = 99;
    let mut speaker = Speaker::new(a, Codec::Pcma, 1000, 20);
    for _ in 0..100 {
        let bytes = speaker.packet();
        bench.receive(A, twin.from, &bytes);
        bench.receive(A, twin.from, &twin.frame(&bytes[12..]));
        bench.run_for(20);
    }
    assert_eq!(bench.sent_to(B).len(), 100);
    assert_tone("twins", &hear(Codec::Pcma, &bench.sent_to(B)), 1000);
}

#[test]
fn a_peer_that_changes_its_source_is_heard_on() {
    let (mut bench, mut a, _) = Bench::usual_call();
    bench.speak(&mut a, 10);
    a.header.ssrc = 4711;
    assert!(bench.speak(&mut a, 10).len() >= 8);
}

#[test]
fn digits_pass_between_formats() {
    for (from, to) in [(Codec::Pcma, Codec::Opus), (Codec::Opus, Codec::Pcma), (Codec::G722, Codec::Opus)] {
        let events = |codec: Codec, rtp| {
            let payload_type = 101;
            let mut terms = agreed(codec, None, rtp);
            terms.events = Some(Events { payload_type, clock_rate: codec.clock_rate() });
            terms
        };
        let (mut bench, mut a, _) = Bench::call(events(from, PHONE_A), events(to, PHONE_B));
        let scale = (from.clock_rate() / 8000) as u16;
        for mut bytes in a.digit(101, 7) {
            let duration = u16::from_be_bytes([bytes[14], bytes[15]]) * scale;
            bytes[14..16].copy_from_slice(&duration.to_be_bytes());
            bench.receive(A, a.from, &bytes);
            bench.run_for(20);
        }
        bench.run_for(500);
        let ends: Vec<_> = bench
            .sent_to(B)
            .iter()
            .filter_map(|packet| Payload::read(&packet.payload))
            .filter(|event| event.end)
            .map(|event| (event.code, u32::from(event.duration) * 1000 / to.clock_rate()))
            .collect();
        assert_eq!(ends, [(7, 100); 3], "{from:?} to {to:?}");
        assert_eq!(bench.digits(), [(A, '7')]);
    }
}

#[test]
fn a_digit_in_the_sound_becomes_an_event_where_events_are_taken() {
    let (mut bench, mut a, _) =
        Bench::call(agreed(Codec::Pcma, None, PHONE_A), agreed(Codec::Pcma, Some(101), PHONE_B));
    let mut tone = crate::codec::tone::DigitTone::new('5', 120).expect("a digit");
    for _ in 0..30 {
        let (mut samples, mut payload) = ([0; 160], [0; 160]);
        tone.fill(&mut samples);
        g711::encode(Law::A, &samples, &mut payload);
        bench.receive(A, a.from, &a.frame(&payload));
        bench.run_for(20);
    }
    let stream = bench.sent_to(B);
    let events: Vec<_> = stream
        .iter()
        .filter(|packet| packet.header.payload_type == 101)
        .filter_map(|p| Payload::read(&p.payload))
        .collect();
    assert!(events.iter().all(|event| event.code == 5) && events.iter().filter(|event| event.end).count() == 3);
    let sound = stream.iter().filter(|packet| packet.header.payload_type == 8);
    let toned = sound.filter(|packet| level_dbm0(&packet.samples(Codec::Pcma)) > -30.0).count();
    assert!(toned <= 2, "{toned} packets of the tone itself: it would count as a digit of its own");
}

#[test]
fn the_first_key_stops_a_prompt_that_waits_for_keys() {
    let (mut bench, mut a, _) = Bench::usual_call();
    for (until_digit, left) in [(false, 50), (true, 0)] {
        let sound = Sound::Clip { clip: clip(80_000), repeat: 1 };
        bench.order(Command::Play { endpoint: A, id: 1, sound, until_digit });
        bench.run_for(200);
        let first = a.digit(101, 1).remove(0);
        bench.receive(A, a.from, &first);
        bench.sent.clear();
        bench.run_for(1000);
        assert_eq!(bench.sent_to(A).len(), left, "stops at a key: {until_digit}");
    }
}

fn keys(suite: Suite) -> [StreamKeys; 2] {
    let key = |n| MasterKey { key: [n; 16], salt: [n + 1; 14] };
    let keys = |ours, theirs| StreamKeys { suite, ours: key(ours), theirs: key(theirs) };
    [keys(1, 2), keys(3, 4)]
}

#[test]
fn srtp_is_opened_on_one_side_and_closed_on_the_other() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        for both in [false, true] {
            let [own_a, own_b] = keys(suite);
            let mut a = agreed(Codec::Pcma, None, PHONE_A);
            let mut b = agreed(Codec::Pcma, None, PHONE_B);
            a.srtp = Some(own_a.clone());
            b.srtp = both.then(|| own_b.clone());
            let (mut bench, mut a, mut b) = Bench::call(a, b);
            let mut phone_a = (Protector::new(suite, &own_a.theirs), Unprotector::new(suite, &own_a.ours));
            let mut phone_b = Unprotector::new(suite, &own_b.ours);
            for n in 0..50u8 {
                let mut bytes = a.frame(&[n; 160]);
                let length = bytes.len();
                bytes.resize(length + 20, 0);
                let sent = phone_a.0.protect(&mut bytes, length).expect("room");
                let mut forged = bytes[..sent].to_vec();
                forged[20] ^= 1;
                assert_eq!(bench.receive_raw(A, a.from, &forged), None, "a forged packet");
                let mut heard = bench.receive_raw(A, a.from, &bytes[..sent]).expect("B hears A");
                let opened = if both { phone_b.unprotect(&mut heard).expect("ours") } else { heard.len() };
                assert_eq!(&heard[12..opened], [n; 160]);
                if !both {
                    let mut heard = bench.receive_raw(B, b.from, &b.frame(&[!n; 160])).expect("A hears B");
                    assert_ne!(&heard[12..172], [!n; 160], "encrypted");
                    let opened = phone_a.1.unprotect(&mut heard).expect("ours");
                    assert_eq!(&heard[12..opened], [!n; 160]);
                }
                assert_eq!(bench.receive_raw(A, a.from, &a.frame(&[0; 160])), None, "in clear");
                bench.run_for(20);
            }
        }
    }
}

#[test]
fn the_score_of_a_call_tells_loss_in_each_direction() {
    let (mut bench, mut a, mut b) = Bench::usual_call();
    for n in 0..500 {
        bench.receive(A, a.from, &a.frame(&[0x5a; 160]));
        if n % 10 == 0 {
            b.header.sequence = b.header.sequence.wrapping_add(1);
        }
        bench.receive(B, b.from, &b.frame(&[0x5a; 160]));
        bench.run_for(20);
    }
    let (good, bad) = (bench.stats(A).mos.expect("heard"), bench.stats(B).mos.expect("heard"));
    assert!(good > 4.2 && bad < 4.0 && bad > 2.0, "{good} {bad}");
}

#[test]
fn decoded_sound_is_late_by_a_few_packets_and_no_more() {
    for (from, to) in [(Codec::Pcma, Codec::G722), (Codec::Pcma, Codec::Opus), (Codec::Opus, Codec::Pcma)] {
        let (mut bench, a, _) = Bench::call(agreed(from, None, PHONE_A), agreed(to, None, PHONE_B));
        let mut speaker = Speaker::new(a, from, 1000, 20);
        speaker.tone = ToneGenerator::new([1000, 0], &[0, 2000, 5000]);
        let start = bench.now;
        for _ in 0..150 {
            let bytes = speaker.packet();
            bench.receive(A, speaker.phone.from, &bytes);
            bench.run_for(20);
        }
        let stream = bench.sent_to(B);
        let heard = hear(to, &stream);
        let first = heard.chunks_exact(80).position(|block| level_dbm0(block) > -25.0).expect("heard") as u64 * 10;
        let began = stream[0].at.since(start).as_millis() as u64;
        let delay = began + first - 2000;
        assert!((20..=70).contains(&delay), "{from:?} to {to:?}: {delay} ms behind the packet that brought it");
    }
}
