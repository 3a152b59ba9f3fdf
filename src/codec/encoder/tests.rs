use super::super::testing::{Line, speech};
use super::*;

fn opus_line(opus: OpusParameters) -> Line {
    Line { opus, ..Line::new(Codec::Opus, Rate::Wide) }
}

fn bits_a_second(line: &Line, sound: &[i16]) -> usize {
    let packets = line.packets(sound, 0);
    packets.iter().map(Vec::len).sum::<usize>() * 8 * 1000 / (packets.len() * line.packet_ms as usize)
}

#[test]
fn a_packet_holds_what_the_peer_asks_for_as_far_as_the_codec_can() {
    for (asked, plain, opus) in [
        (0, 10, 10),
        (10, 10, 10),
        (20, 20, 20),
        (25, 20, 20),
        (30, 30, 20),
        (40, 40, 40),
        (50, 50, 40),
        (60, 60, 60),
        (200, 60, 60),
    ] {
        assert_eq!(Encoder::packet_ms(Codec::Pcma, asked), plain);
        assert_eq!(Encoder::packet_ms(Codec::G722, asked), plain);
        assert_eq!(Encoder::packet_ms(Codec::Opus, asked), opus);
    }
}

#[test]
fn the_rate_is_the_codec_s_and_for_opus_what_the_peer_can_play() {
    let rate = |codec, max_playback_rate| {
        Encoder::new(codec, &OpusParameters { max_playback_rate, ..OpusParameters::default() }).rate()
    };
    assert_eq!(rate(Codec::Pcmu, 48_000), Rate::Narrow);
    assert_eq!(rate(Codec::G722, 8000), Rate::Wide);
    assert_eq!(rate(Codec::Opus, 8000), Rate::Narrow);
    assert_eq!(rate(Codec::Opus, 12_000), Rate::Narrow);
    assert_eq!(rate(Codec::Opus, 16_000), Rate::Wide);
    assert_eq!(rate(Codec::Opus, 48_000), Rate::Wide);
}

#[test]
fn opus_keeps_to_the_peer_s_bit_rate() {
    let sound = speech(Rate::Wide, 3000);
    let usual = bits_a_second(&opus_line(OpusParameters::default()), &sound);
    assert!((12_000..=28_000).contains(&usual), "{usual}");
    let limit = |bits| OpusParameters { max_average_bitrate: Some(bits), ..OpusParameters::default() };
    let limited = bits_a_second(&opus_line(limit(12_000)), &sound);
    assert!(limited <= 13_000, "{limited}");
    // Less than Opus can do, as a peer may say, is the least it can.
    assert!(bits_a_second(&opus_line(limit(1)), &sound) <= 8_000);
    assert!(bits_a_second(&opus_line(limit(u32::MAX)), &sound) <= 28_000);
}

#[test]
fn a_constant_bit_rate_has_packets_of_one_length() {
    let line = opus_line(OpusParameters { constant_bitrate: true, ..OpusParameters::default() });
    let packets = line.packets(&speech(Rate::Wide, 1000), 0);
    assert!(packets.iter().all(|packet| packet.len() == 60), "24 kbit/s are 60 bytes in 20 ms");
}

#[test]
fn dtx_sends_next_to_nothing_in_silence_and_all_of_a_voice() {
    let line = opus_line(OpusParameters { dtx: true, ..OpusParameters::default() });
    let mut sound = speech(Rate::Wide, 1000);
    sound.resize(Rate::Wide.samples(5000), 0);
    let packets = line.packets(&sound, 0);
    let sent = |packets: &[Vec<u8>]| packets.iter().filter(|packet| !packet.is_empty()).count();
    assert!(sent(&packets[..50]) >= 48, "{}", sent(&packets[..50]));
    // Once every 400 ms the noise is described anew.
    assert!(sent(&packets[100..]) <= 150 / 10, "{} of 150", sent(&packets[100..]));
    let always = opus_line(OpusParameters::default()).packets(&sound, 0);
    assert_eq!(sent(&always), 250);
}

#[test]
fn fec_grows_with_the_loss_that_the_peer_reports() {
    let sound = speech(Rate::Wide, 2000);
    let fec = opus_line(OpusParameters { fec: true, constant_bitrate: false, ..OpusParameters::default() });
    let bytes = |line: &Line, loss| line.packets(&sound, loss).iter().map(Vec::len).sum::<usize>();
    let plain = opus_line(OpusParameters::default());
    assert!(bytes(&fec, 20) > bytes(&fec, 5) && bytes(&fec, 5) > bytes(&fec, 0));
    assert!(bytes(&plain, 20) <= bytes(&plain, 0) * 11 / 10, "a peer that can't use it gets none");
}

#[test]
fn lengths_that_a_codec_lacks_and_rooms_too_small_give_nothing_or_less() {
    let mut payload = [0; 1275];
    let mut opus = Encoder::new(Codec::Opus, &OpusParameters::default());
    for samples in [0, 1, 159, 480] {
        assert_eq!(opus.encode(&vec![0; samples], &mut payload), 0, "{samples}");
    }
    assert_eq!(opus.encode(&[0; 320], &mut []), 0);
    let mut g722 = Encoder::new(Codec::G722, &OpusParameters::default());
    assert_eq!(g722.encode(&[0; 321], &mut payload), 160);
    assert_eq!(g722.encode(&[0; 320], &mut payload[..100]), 100);
    let mut law = Encoder::new(Codec::Pcma, &OpusParameters::default());
    assert_eq!(law.encode(&[0; 160], &mut payload[..100]), 100);
    assert_eq!(format!("{law:?}"), "Encoder { codec: Pcma, rate: Narrow, .. }");
}

#[test]
fn each_direction_may_move_to_another_thread() {
    fn moves<T: Send>() {}
    moves::<Encoder>();
    moves::<super::super::Decoder>();
    moves::<super::super::Resampler>();
}
