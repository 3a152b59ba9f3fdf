use proptest::prelude::*;

use super::super::testing::{Line, delay, fw_snr, level, level_at, sine, speech, steepest};
use super::super::{Encoder, OpusParameters};
use super::*;

/// Every codec to every rate that a call has, and Opus from both of its rates.
fn lines() -> Vec<Line> {
    let narrow_opus = OpusParameters { max_playback_rate: 8000, ..OpusParameters::default() };
    let mut lines = Vec::new();
    for to in [Rate::Narrow, Rate::Wide, Rate::Full] {
        lines.extend(Codec::ALL.map(|codec| Line::new(codec, to)));
        lines.push(Line { opus: narrow_opus, ..Line::new(Codec::Opus, to) });
    }
    lines
}

fn name(line: &Line) -> String {
    format!("{:?} at {:?} to {:?} by {} ms", line.codec, line.from(), line.to, line.packet_ms)
}

/// The tone as it is heard once the codec has settled.
fn settled(line: &Line, hz: f64, ms: u32) -> Vec<i16> {
    line.carry(&sine(line.from(), hz, -10.0, ms)).split_off(line.to.samples(200))
}

#[test]
fn a_tone_keeps_its_level_through_every_codec_at_every_rate() {
    for line in lines() {
        let heard = settled(&line, 1004.0, 600);
        assert!((level(&heard) + 10.0).abs() < 0.5, "{}: {:.2} dBm0", name(&line), level(&heard));
        let beside = level_at(line.to, &heard, 1004.0) + 10.0;
        assert!(beside.abs() < 0.5, "{}: {beside:.2} dB", name(&line));
    }
}

#[test]
fn every_packet_length_carries_the_same_sound() {
    for base in lines() {
        for packet_ms in [10, 20, 30, 40, 50, 60] {
            if Encoder::packet_ms(base.codec, packet_ms) == packet_ms {
                let line = Line { packet_ms, ..base };
                let heard = settled(&line, 700.0, 1200);
                assert!((level(&heard) + 10.0).abs() < 0.5, "{}: {:.2} dBm0", name(&line), level(&heard));
            }
        }
    }
}

#[test]
fn the_frequency_response_is_flat_over_the_codec_s_band() {
    for line in lines() {
        let top = if line.from().min(line.to) == Rate::Narrow { 3400.0 } else { 7000.0 };
        // Opus takes rumble out of a voice: −5 dB at 50 Hz.
        let bottom = if line.codec == Codec::Opus { 200.0 } else { 50.0 };
        for hz in [50.0, 200.0, 300.0, 500.0, 2000.0, 3000.0, 3400.0, 4500.0, 6000.0, 7000.0] {
            if (bottom..=top).contains(&hz) {
                let gain = level_at(line.to, &settled(&line, hz, 600), hz) + 10.0;
                assert!(gain.abs() < 0.5, "{}: {hz} Hz {gain:.2} dB", name(&line));
            }
        }
    }
}

#[test]
fn the_delay_is_that_of_the_codec_and_five_milliseconds_where_it_is_resampled() {
    for line in lines() {
        let heard = line.carry(&speech(line.from(), 800));
        let late = delay(line.to, &speech(line.to, 800), &heard) as f64 * 1000.0 / f64::from(line.to.hz());
        // G.722: 22 samples of its filter bank. Opus looks 5 ms ahead and 1.5 ms more resample its insides (RFC 6716 §2).
        let own = match line.codec {
            Codec::Pcma | Codec::Pcmu => 0.0,
            Codec::G722 => 1.375,
            Codec::Opus => 6.5,
        };
        let resampled = if line.codec != Codec::Opus && line.from() != line.to { 5.0 } else { 0.0 };
        assert!((late - own - resampled).abs() < 0.13, "{}: {late:.3} ms", name(&line));
    }
}

#[test]
fn speech_survives_every_pair_of_codecs() {
    for first in Codec::ALL {
        for second in Codec::ALL {
            // As a bridge does it: decoded to the rate that the second encoder takes.
            let second_line = Line::new(second, Rate::Wide);
            let first_line = Line::new(first, second_line.from());
            let heard = second_line.carry(&first_line.carry(&speech(first_line.from(), 3000)));
            let clean = speech(Rate::Wide, 3000);
            let late = delay(Rate::Wide, &clean, &heard);
            let (clean, heard) = (&clean[..clean.len() - late], &heard[late..]);
            // Over the telephone band, since half of the codecs have no more.
            let snr = fw_snr(Rate::Narrow, &halve(clean), &halve(heard));
            assert!(snr > 19.0, "{first:?} to {second:?}: {snr:.2} dB");
            let louder = level(heard) - level(clean);
            assert!(louder.abs() < 0.6, "{first:?} to {second:?}: {louder:.2} dB");
        }
    }
}

fn halve(sound: &[i16]) -> Vec<i16> {
    let mut out = vec![0; sound.len() / 2];
    let mut resampler = Resampler::new(Rate::Wide, Rate::Narrow);
    let block = Rate::Wide.samples(10);
    for (sound, out) in sound.chunks_exact(block).zip(out.chunks_exact_mut(block / 2)) {
        resampler.process(sound, out);
    }
    out
}

#[test]
fn what_a_payload_holds_is_told_by_its_length_or_its_first_byte() {
    assert_eq!(Decoder::payload_ms(Codec::Pcma, &[0; 160]), Some(20));
    assert_eq!(Decoder::payload_ms(Codec::G722, &[0; 240]), Some(30));
    assert_eq!(Decoder::payload_ms(Codec::Pcmu, &[0; 960]), Some(120));
    assert_eq!(Decoder::payload_ms(Codec::Pcmu, &[0; 961]), None);
    assert_eq!(Decoder::payload_ms(Codec::Pcmu, &[0; 7]), None);
    // Opus: RFC 6716, table 2; the upper five bits are the configuration, the lower two how many frames.
    for (payload, ms) in [
        (&[0 << 3, 1][..], Some(10)),
        (&[1 << 3, 1], Some(20)),
        (&[3 << 3, 1], Some(60)),
        (&[(3 << 3) | 1, 1, 1], Some(120)),
        (&[(3 << 3) | 3, 3, 1, 1, 1], None), // 180 ms
        (&[(31 << 3) | 3, 6, 1], Some(120)),
        (&[16 << 3, 1], Some(2)), // 2.5 ms
        (&[(31 << 3) | 3], None), // the number of frames is missing
        (&[], None),
    ] {
        assert_eq!(Decoder::payload_ms(Codec::Opus, payload), ms, "{payload:?}");
    }
}

#[test]
fn nonsense_gives_no_sound_and_disturbs_nothing() {
    for codec in Codec::ALL {
        let mut decoder = Decoder::new(codec, Rate::Wide);
        let mut out = vec![7; Rate::Wide.samples(120)];
        decoder.recover(&[], &mut out[..320]);
        assert!(out[..320].iter().all(|sample| *sample == 0), "{codec:?}: there was nothing to repeat");
        out.fill(7);
        assert_eq!(decoder.decode(&[], &mut out), 0);
        assert_eq!(decoder.decode(&[0xFF; 2000], &mut out), 0, "{codec:?}");
        assert!(out.iter().all(|sample| *sample == 7));
        assert_eq!(decoder.decode(&[1; 160], &mut []), 0, "{codec:?}");
    }
    let decoder = Decoder::new(Codec::G722, Rate::Narrow);
    assert_eq!((decoder.codec(), decoder.rate()), (Codec::G722, Rate::Narrow));
    assert_eq!(format!("{decoder:?}"), "Decoder { codec: G722, rate: Narrow, .. }");
}

#[test]
fn a_stream_sounds_the_same_with_nonsense_between_its_packets() {
    for line in lines() {
        let (mut clean, mut disturbed) = (Decoder::new(line.codec, line.to), Decoder::new(line.codec, line.to));
        let mut outs = [vec![0; line.to.samples(20)], vec![0; line.to.samples(20)]];
        for packet in line.packets(&speech(line.from(), 600), 0) {
            // Too long, no whole ms, and for Opus two frames of one length in one byte (RFC 6716 §3.2.3).
            for nonsense in [&[0xFF; 2000][..], &[], &[(1 << 3) | 1, 1], &[(31 << 3) | 3]] {
                assert_eq!(disturbed.decode(nonsense, &mut outs[1]), 0, "{}", name(&line));
            }
            clean.decode(&packet, &mut outs[0]);
            disturbed.decode(&packet, &mut outs[1]);
            assert!(outs[0] == outs[1], "{}", name(&line));
        }
    }
}

#[test]
fn a_gap_of_any_length_is_filled_to_its_end() {
    for line in lines() {
        let sound = sine(line.from(), 440.0, -10.0, 200);
        let packets = line.packets(&sound, 0);
        for ms in [11, 12, 13, 30] {
            for next in [&[][..], &[0xFF; 3], &packets[9]] {
                let mut decoder = Decoder::new(line.codec, line.to);
                let mut out = vec![0; line.to.samples(20)];
                packets[..8].iter().for_each(|packet| assert_eq!(decoder.decode(packet, &mut out), out.len()));
                let mut gap = vec![0; line.to.samples(ms)];
                decoder.recover(next, &mut gap);
                let end = &gap[gap.len() - line.to.samples(1)..];
                assert!(end.iter().any(|sample| *sample != 0), "{}: {ms} ms with {} bytes", name(&line), next.len());
            }
        }
    }
}

/// How much of a noise with these two reflection coefficients lies below a part of its band, in dB, by the spectrum of
/// 1 / (1 + k₁(1 + k₂)z⁻¹ + k₂z⁻²): positive coefficients lift the treble, as other makers of this noise have it.
fn share_below(part: f64, k: [f64; 2]) -> f64 {
    let (first, second) = (k[0] * (1.0 + k[1]), k[1]);
    let power = |turn: f64| {
        let real = 1.0 + first * turn.cos() + second * (2.0 * turn).cos();
        let imaginary = first * turn.sin() + second * (2.0 * turn).sin();
        1.0 / (real * real + imaginary * imaginary)
    };
    let sum = |to: usize| (0..to).map(|n| power(std::f64::consts::PI * (n as f64 + 0.5) / 1000.0)).sum::<f64>();
    10.0 * (sum((1000.0 * part) as usize) / sum(1000)).log10()
}

#[test]
fn comfort_noise_has_the_level_and_the_colour_it_is_described_with() {
    for codec in Codec::ALL {
        for to in [Rate::Narrow, Rate::Wide] {
            for coefficients in [[127, 127], [180, 90], [60, 160]] {
                let mut decoder = Decoder::new(codec, to);
                let mut out = vec![0; to.samples(20)];
                let mut heard = Vec::new();
                let payload = [50, coefficients[0], coefficients[1]];
                for n in 0..200 {
                    decoder.noise(if n == 0 { &payload } else { &[] }, &mut out);
                    heard.extend_from_slice(&out);
                }
                // 0 dBov is 6.15 dBm0; what is resampled ends at nine tenths of the narrower band.
                let (own, k) = (decoder.bridge.rate, coefficients.map(|byte| (f64::from(byte) - 127.0) / 127.0));
                let left = 0.91 * f64::from(own.min(to).hz()) / f64::from(own.hz());
                let lost = if own == to { 0.0 } else { share_below(left, k) };
                let off = level(&heard[to.samples(60)..]) - (6.15 - 50.0 + lost);
                assert!(off.abs() < 0.5, "{codec:?} to {to:?}, {coefficients:?}: {off:.2} dB");
            }
        }
    }
}

#[test]
fn sound_comes_back_after_noise_and_after_a_gap_without_a_click() {
    for line in
        [Line::new(Codec::Pcma, Rate::Narrow), Line::new(Codec::G722, Rate::Wide), Line::new(Codec::Pcmu, Rate::Wide)]
    {
        let sound = sine(line.from(), 600.0, -10.0, 400);
        let packets = line.packets(&sound, 0);
        let length = line.to.samples(20);
        let smooth = steepest(&line.carry(&sound)[length..]);
        for described in [true, false] {
            for missing in 1..6 {
                let mut decoder = Decoder::new(line.codec, line.to);
                let mut heard = vec![0; length * packets.len()];
                for (n, place) in heard.chunks_mut(length).enumerate() {
                    match (8..8 + missing).contains(&n) {
                        true if described => decoder.noise(&[70], place),
                        true => decoder.conceal(place),
                        false => assert_eq!(decoder.decode(&packets[n], place), length),
                    }
                }
                let largest = steepest(&heard[length..]);
                assert!(largest <= smooth * 5 / 4, "{}, {missing} missing: {largest}, {smooth}", name(&line));
            }
        }
    }
}

fn any_codec() -> impl Strategy<Value = Codec> {
    proptest::sample::select(Codec::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_order_only_make_sound(
        codec in any_codec(),
        to in proptest::sample::select(vec![Rate::Narrow, Rate::Wide, Rate::Full]),
        steps in proptest::collection::vec((0..8u8, proptest::collection::vec(any::<u8>(), 0..400)), 1..20),
    ) {
        let mut decoder = Decoder::new(codec, to);
        let mut out = vec![0; to.samples(120)];
        for (step, payload) in steps {
            let gap = to.samples(10 * (1 + u32::from(step) % 6));
            match step {
                0 => decoder.conceal(&mut out[..gap]),
                1 => decoder.noise(&payload, &mut out[..gap]),
                2 => decoder.recover(&payload, &mut out[..gap]),
                _ => {
                    let written = decoder.decode(&payload, &mut out);
                    let ms = Decoder::payload_ms(codec, &payload);
                    prop_assert!(written <= to.samples(ms.map_or(0, |ms| ms + 1)));
                    prop_assert!(written == 0 || ms.is_some());
                }
            }
        }
    }

    #[test]
    fn any_samples_become_a_payload_that_lasts_as_long(
        codec in any_codec(),
        asked in 0..100u32,
        loudness in 0..=15u32,
        seed in any::<u32>(),
    ) {
        let mut encoder = Encoder::new(codec, &OpusParameters::default());
        let ms = Encoder::packet_ms(codec, asked);
        let mut chance = seed;
        let samples: Vec<i16> = (0..encoder.rate().samples(ms)).map(|_| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((chance >> 16) as i16) >> loudness
        }).collect();
        let mut payload = [0; 1275];
        for _ in 0..3 {
            let written = encoder.encode(&samples, &mut payload);
            prop_assert_eq!(Decoder::payload_ms(codec, &payload[..written]), Some(ms));
        }
    }
}
