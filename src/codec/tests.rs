use super::detect::{Ear, dominant, level_dbm0, level_of};
use super::tone::{DigitTone, ToneGenerator, digit_frequencies};
use super::{Codec, Law, g711};

fn tone(frequencies: [u16; 2], cadence_ms: &[u16], samples: usize) -> Vec<i16> {
    let mut sound = vec![0; samples];
    ToneGenerator::new(frequencies, cadence_ms).fill(&mut sound);
    sound
}

#[test]
fn codecs_are_found_by_name_in_any_case_and_by_static_payload_type() {
    assert_eq!(Codec::from_rtp("pcma", 8000), Some(Codec::Pcma));
    assert_eq!(Codec::from_rtp("PCMU", 8000), Some(Codec::Pcmu));
    assert_eq!(Codec::from_rtp("PCMU", 16000), None);
    assert_eq!(Codec::from_rtp("G729", 8000), None);
    assert_eq!(Codec::from_rtp("g722", 8000), Some(Codec::G722));
    assert_eq!(Codec::from_rtp("OPUS", 48000), Some(Codec::Opus));
    assert_eq!(Codec::from_static(8), Some(Codec::Pcma));
    assert_eq!(Codec::from_static(0), Some(Codec::Pcmu));
    assert_eq!(Codec::from_static(9), Some(Codec::G722));
    assert_eq!(Codec::from_static(18), None);
}

#[test]
fn every_byte_survives_decoding_and_encoding() {
    for law in [Law::A, Law::Mu] {
        for byte in 0..=255 {
            let again = g711::encode_sample(law, g711::decode_sample(law, byte));
            // µ-law has two zeros; both may come back as the positive one.
            let both_zero = law == Law::Mu && byte == 0x7F && again == 0xFF;
            assert!(again == byte || both_zero, "{law:?} {byte:#04x} came back as {again:#04x}");
        }
        assert_eq!(g711::encode_sample(law, 0), law.silence());
    }
}

#[test]
fn known_codes_of_the_recommendation_decode_to_its_values() {
    // G.711 tables 1a and 2a: decoder output at the ends of the scale, at 16 and 14 bits.
    assert_eq!(g711::decode_sample(Law::A, 0xAA), 32256);
    assert_eq!(g711::decode_sample(Law::A, 0x2A), -32256);
    assert_eq!(g711::decode_sample(Law::Mu, 0x80), 32124);
    assert_eq!(g711::decode_sample(Law::Mu, 0x00), -32124);
}

#[test]
fn slices_are_coded_as_far_as_both_reach() {
    let samples = [100, -200, 3000, -32768];
    let mut bytes = [0; 3];
    assert_eq!(g711::encode(Law::A, &samples, &mut bytes), 3);
    assert_eq!(bytes, [100, -200, 3000].map(|sample| g711::encode_sample(Law::A, sample)));
    let mut back = [0; 5];
    assert_eq!(g711::decode(Law::A, &bytes, &mut back), 3);
    for (was, is) in samples.iter().zip(&back).take(3) {
        assert!((i32::from(*was) - i32::from(*is)).abs() <= was.unsigned_abs() as i32 / 16 + 16, "{was} became {is}");
    }
    assert_eq!(&back[3..], [0, 0]);
}

#[test]
fn transcoding_there_and_back_keeps_the_sound() {
    let all: Vec<u8> = (0..=255).collect();
    for (from, to) in [(Law::A, Law::Mu), (Law::Mu, Law::A)] {
        let mut payload = all.clone();
        super::transcode(from, to, &mut payload);
        for (was, is) in all.iter().zip(&payload) {
            let (heard, meant) = (i32::from(g711::decode_sample(to, *is)), i32::from(g711::decode_sample(from, *was)));
            // The coarser of the two laws has steps of 1/16 of its segment; near zero A-law's step is 16.
            assert!((heard - meant).abs() <= meant.abs() / 16 + 16, "{from:?} {was:#04x}: {meant} became {heard}");
        }
        super::transcode(to, from, &mut payload);
        // Tables 3 and 4 promise that only the lowest bit of a code may change there and back.
        let upper = |bytes: &[u8]| bytes.iter().map(|byte| byte >> 1).collect::<Vec<_>>();
        assert_eq!(upper(&payload), upper(&all), "{from:?} to {to:?} and back");
    }
    let mut same = all.clone();
    super::transcode(Law::A, Law::A, &mut same);
    assert_eq!(same, all);
}

#[test]
fn a_country_tone_has_its_frequency_and_ten_decibels_below_the_reference() {
    let sound = tone([425, 0], &[], 8000);
    assert_eq!(dominant(&sound[..160]).map(|hz| hz.abs_diff(425) <= 5), Some(true));
    assert!((level_dbm0(&sound) + 10.0).abs() < 0.1, "{}", level_dbm0(&sound));
    let pair = tone([350, 440], &[], 8000);
    assert!((level_dbm0(&pair) + 10.0).abs() < 0.1, "{}", level_dbm0(&pair));
    assert!((level_of(&pair, 440) + 13.0).abs() < 0.2);
    assert!(Ear::hear(&pair).hears([440, 350]));
}

#[test]
fn the_cadence_is_kept_to_the_sample_however_it_is_cut_into_blocks() {
    let whole = tone([425, 0], &[350, 350], 16_000);
    for (number, part) in whole.chunks(350 * 8).enumerate() {
        let loud = level_dbm0(part) > -20.0;
        assert_eq!(loud, number % 2 == 0, "part {number}");
        assert!(loud || part.iter().all(|sample| *sample == 0), "part {number} isn't silent");
    }
    let mut generator = ToneGenerator::new([425, 0], &[350, 350]);
    let mut pieces = vec![0; 16_000];
    for piece in pieces.chunks_mut(160) {
        generator.fill(piece);
    }
    let worst = whole.iter().zip(&pieces).map(|(a, b)| (a - b).abs()).max();
    assert!(worst <= Some(1), "blocks of 160 differ by {worst:?}");
}

#[test]
fn a_tone_has_no_jump_between_blocks_and_starts_at_zero() {
    let mut generator = ToneGenerator::new([425, 0], &[200, 100]);
    let mut sound = vec![0; 8000];
    for piece in sound.chunks_mut(160) {
        generator.fill(piece);
    }
    assert_eq!(sound[0], 0);
    assert_eq!(sound[300 * 8], 0);
    // The steepest a sine of that level can climb is 2π·425/8000 of its peak a sample: 7234 · 0.334 = 2415.
    let ends = |at: usize| at % 2400 == 1600;
    let steepest = (1..sound.len()).filter(|at| !ends(*at)).map(|at| (sound[at] - sound[at - 1]).abs()).max();
    assert!(steepest <= Some(2420), "{steepest:?}");
}

#[test]
fn a_tone_of_an_hour_neither_fades_nor_drifts() {
    let mut generator = ToneGenerator::new([425, 0], &[]);
    let mut block = [0; 160];
    for _ in 0..180_000 {
        generator.fill(&mut block);
    }
    assert!((level_dbm0(&block) + 10.0).abs() < 0.2, "{}", level_dbm0(&block));
}

#[test]
fn odd_cadences_and_absent_frequencies_neither_hang_nor_sound() {
    assert!(tone([0, 0], &[], 160).iter().all(|sample| *sample == 0));
    assert!(level_dbm0(&tone([425, 0], &[0, 0], 1600)) > -11.0, "all zeros sound without a break");
    let restarted = tone([425, 0], &[100, 100, 100], 8 * 600);
    assert!(level_dbm0(&restarted[8 * 200..8 * 400]) > -11.0, "an odd list starts again with its sound");
    assert!(restarted[8 * 100..8 * 200].iter().all(|sample| *sample == 0));
}

#[test]
fn a_digit_tone_sounds_for_its_time_and_then_is_silent() {
    assert_eq!(digit_frequencies('5'), Some([770, 1336]));
    assert_eq!(digit_frequencies('#'), Some([941, 1477]));
    assert_eq!(digit_frequencies('d'), Some([941, 1633]));
    assert!(DigitTone::new('x', 100).is_none());
    let mut digit = DigitTone::new('5', 100).unwrap();
    let mut sound = [1; 960];
    assert!(digit.fill(&mut sound));
    assert!(Ear::hear(&sound[..800]).hears([770, 1336]));
    assert!(sound[800..].iter().all(|sample| *sample == 0));
    assert!(!digit.fill(&mut sound));
}

#[test]
fn the_ear_says_nothing_of_silence_and_noise_and_finds_each_tone() {
    assert_eq!(dominant(&[0; 160]), None);
    assert_eq!(dominant(&[]), None);
    assert_eq!(Ear::hear(&[0; 160]).frequencies, [None, None]);
    let mut rng = crate::base::Rng::from_seed(7);
    let noise: Vec<i16> = (0..1600).map(|_| (rng.below(8000) as i32 - 4000) as i16).collect();
    assert_eq!(dominant(&noise), None);
    for hz in [300, 425, 440, 1000, 1004, 2100, 3400] {
        let heard = dominant(&tone([hz, 0], &[], 160)).unwrap();
        assert!(heard.abs_diff(hz) <= 8, "{hz} Hz heard as {heard}");
    }
}
