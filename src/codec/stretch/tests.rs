use super::super::detect::{Ear, dominant};
use super::super::testing::{level, sine, speech, steepest};
use super::*;

const RATES: [Rate; 3] = [Rate::Narrow, Rate::Wide, Rate::Full];
type Stretch = fn(Rate, &mut Vec<i16>) -> usize;
const BOTH: [Stretch; 2] = [shorten, lengthen];

#[test]
fn a_tone_keeps_its_pitch_and_level_and_never_clicks() {
    for rate in RATES {
        for hz in [180.0, 300.0, 425.0, 1000.0, 1400.0, 3000.0] {
            for stretch in BOTH {
                let whole = sine(rate, hz, -10.0, 60);
                let mut sound = whole.clone();
                let changed = stretch(rate, &mut sound);
                assert!((rate.samples(5) / 2..=rate.samples(25) / 2).contains(&changed), "{rate:?} {hz}: {changed}");
                assert_eq!(sound.len().abs_diff(whole.len()), changed);
                assert!((level(&sound) + 10.0).abs() < 0.5, "{rate:?} {hz}: {}", level(&sound));
                let (before, after) = (steepest(&whole), steepest(&sound));
                assert!(
                    after <= before * 11 / 10 + 2,
                    "{rate:?} {hz}: a step of {after} where {before} was the largest"
                );
                if rate == Rate::Narrow {
                    let heard = dominant(&sound).expect("one tone");
                    assert!((f64::from(heard) - hz).abs() <= 8.0, "{hz} heard as {heard}");
                }
            }
        }
    }
}

#[test]
fn digits_and_two_tones_stay_what_they_are() {
    for pair in [[697, 1209], [941, 1633], [350, 440], [770, 1477]] {
        for stretch in BOTH {
            let [low, high] = pair.map(|hz| sine(Rate::Narrow, f64::from(hz), -12.0, 100));
            let mut sound: Vec<i16> = low.iter().zip(&high).map(|(low, high)| low + high).collect();
            stretch(Rate::Narrow, &mut sound);
            assert!(Ear::hear(&sound).hears(pair.map(|hz| hz as u16)), "{pair:?}");
        }
    }
}

#[test]
fn most_of_speech_can_be_stretched_and_none_of_it_clicks() {
    for rate in RATES {
        for stretch in BOTH {
            let whole = speech(rate, 3000);
            let (mut tried, mut done) = (0, 0);
            for part in whole.chunks_exact(rate.samples(40)) {
                let mut sound = part.to_vec();
                let changed = stretch(rate, &mut sound);
                tried += 1;
                done += usize::from(changed > 0);
                assert_eq!(sound.len().abs_diff(part.len()), changed);
                assert!(steepest(&sound) <= steepest(part) * 5 / 4 + 100, "{rate:?}");
                // A blend that starts at an end has that much of the other sound in its first sample.
                let loudest = part.iter().map(|sample| i32::from(*sample).abs()).max().unwrap_or(0);
                let most = 1 + 2 * loudest / rate.samples(BLEND_MS) as i32;
                for (one, other) in [(sound[0], part[0]), (sound[sound.len() - 1], part[part.len() - 1])] {
                    let apart = (i32::from(one) - i32::from(other)).abs();
                    assert!(
                        apart <= most,
                        "{rate:?}: the ends must meet what lies around, and are {apart} of {most} apart"
                    );
                }
            }
            assert!(done * 2 >= tried, "{rate:?}: {done} of {tried}");
        }
    }
}

#[test]
fn silence_and_what_nobody_hears_is_stretched_always() {
    for rate in RATES {
        for stretch in BOTH {
            assert_eq!(stretch(rate, &mut vec![0; rate.samples(30)]), rate.samples(25) / 2);
            assert_ne!(stretch(rate, &mut sine(rate, 600.0, -60.0, 30)), 0);
        }
    }
}

#[test]
fn a_loud_hiss_and_a_short_piece_stay_as_they_are() {
    let mut seed = 3u32;
    let hiss: Vec<i16> = (0..Rate::Wide.samples(60))
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as i16 / 4
        })
        .collect();
    for stretch in BOTH {
        let mut sound = hiss.clone();
        assert_eq!(stretch(Rate::Wide, &mut sound), 0);
        assert_eq!(sound, hiss);
        let mut short = sine(Rate::Wide, 425.0, -10.0, 29);
        assert_eq!(stretch(Rate::Wide, &mut short), 0);
        assert_eq!(stretch(Rate::Wide, &mut Vec::new()), 0);
    }
}
