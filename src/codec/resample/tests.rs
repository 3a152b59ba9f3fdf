use super::super::testing::{delay, level, level_at, sine, speech, steepest};
use super::*;

const RATES: [Rate; 3] = [Rate::Narrow, Rate::Wide, Rate::Full];

fn pairs() -> impl Iterator<Item = (Rate, Rate)> {
    RATES.into_iter().flat_map(|from| RATES.into_iter().map(move |to| (from, to)))
}

fn resample(from: Rate, to: Rate, sound: &[i16], ms: u32) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to);
    let mut out = vec![0; to.samples(120)];
    let mut all = Vec::new();
    for part in sound.chunks(from.samples(ms)) {
        let written = resampler.process(part, &mut out);
        all.extend_from_slice(&out[..written]);
    }
    all
}

/// The top of what both rates carry.
fn passband(from: Rate, to: Rate) -> f64 {
    if from.min(to) == Rate::Narrow { 3400.0 } else { 7000.0 }
}

#[test]
fn the_response_is_flat_to_the_top_of_the_narrower_rate() {
    for (from, to) in pairs().filter(|(from, to)| from != to) {
        for hz in [50.0, 300.0, 1000.0, 3000.0, 3400.0, 6000.0, 7000.0] {
            if hz <= passband(from, to) {
                let out = resample(from, to, &sine(from, hz, -10.0, 200), 20);
                let gain = level_at(to, &out[to.samples(40)..], hz) + 10.0;
                assert!(gain.abs() < 0.3, "{from:?} to {to:?}: {hz} Hz by {gain:.2} dB");
            }
        }
    }
}

#[test]
fn nothing_is_mirrored_at_the_lower_rate_s_half() {
    for (from, to) in pairs().filter(|(from, to)| from != to) {
        let half = f64::from(from.min(to).hz()) / 2.0;
        let top = passband(from, to);
        let tones: Vec<f64> = if from > to {
            [1.0, 1.03, 1.1, 1.3, 1.5].map(|factor| half * factor).to_vec()
        } else {
            [0.1, 0.5, 1.0].map(|factor| top * factor).to_vec()
        };
        for hz in tones {
            let out = resample(from, to, &sine(from, hz, 0.0, 300), 20);
            let settled = &out[to.samples(100)..];
            let mirrored = if from > to {
                level(settled)
            } else {
                [2.0 * half - hz, 2.0 * half + hz]
                    .map(|image| level_at(to, settled, image))
                    .into_iter()
                    .fold(-100.0, f64::max)
            };
            assert!(mirrored < -50.0, "{from:?} to {to:?}: {hz} Hz gives {mirrored:.1} dB");
        }
    }
}

#[test]
fn it_is_five_milliseconds_late_and_says_so() {
    for (from, to) in pairs() {
        let (said, heard) = (speech(from, 400), resample(from, to, &speech(from, 400), 20));
        let resampler = Resampler::new(from, to);
        assert_eq!(resampler.delay(), if from == to { 0 } else { to.samples(5) });
        if from < to {
            let slow: Vec<i16> = heard.iter().step_by(to.samples(1) / from.samples(1)).copied().collect();
            assert_eq!(delay(from, &said, &slow), from.samples(5), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn lengths_that_are_no_multiple_of_ten_milliseconds_come_out_whole_and_without_a_break() {
    for (from, to) in pairs().filter(|(from, to)| from != to) {
        let sound = sine(from, 440.0, -10.0, 600);
        let smooth = steepest(&resample(from, to, &sound, 20)[to.samples(20)..]);
        for ms in [1, 5, 12, 15, 33] {
            let out = resample(from, to, &sound, ms);
            assert_eq!(out.len(), to.samples(600), "{from:?} to {to:?} by {ms} ms");
            let late = &out[to.samples(20)..];
            assert!(steepest(late) <= smooth + 2, "{from:?} to {to:?} by {ms} ms: {}", steepest(late));
            assert!((level(late) + 10.0).abs() < 0.1, "{from:?} to {to:?} by {ms} ms");
        }
        // Even ones after an odd one go on where that was.
        let mut resampler = Resampler::new(from, to);
        let mut out = vec![0; to.samples(120)];
        let mut all = Vec::new();
        let (odd, even) = sound.split_at(from.samples(5));
        for part in std::iter::once(odd).chain(even.chunks(from.samples(20))) {
            let written = resampler.process(part, &mut out);
            all.extend_from_slice(&out[..written]);
        }
        assert_eq!(all.len(), to.samples(600));
        assert!(steepest(&all[to.samples(20)..]) <= smooth + 2);
    }
}

#[test]
fn too_small_a_room_and_too_long_an_input_are_cut() {
    let mut resampler = Resampler::new(Rate::Narrow, Rate::Wide);
    let mut out = [0; 100];
    assert_eq!(resampler.process(&[0; 160], &mut out), 100);
    assert_eq!(resampler.process(&[], &mut out), 0);
    let mut out = vec![0; 10_000];
    assert_eq!(resampler.process(&[0; 4000], &mut out), Rate::Wide.samples(120));
}

#[test]
fn nothing_piles_up_however_the_slices_are_cut_and_however_small_the_room_is() {
    for (from, to) in pairs().filter(|(from, to)| from != to) {
        for room in [0, 1, to.samples(7), to.samples(120)] {
            let mut resampler = Resampler::new(from, to);
            let (held, made) = (resampler.waiting.capacity(), resampler.ready.capacity());
            let mut out = vec![0; room];
            let (mut taken, mut written) = (0, 0);
            for n in 0..3000 {
                let input = vec![0; n * 37 % from.samples(125)];
                taken += input.len().min(from.samples(120));
                written += resampler.process(&input, &mut out);
            }
            assert_eq!((resampler.waiting.capacity(), resampler.ready.capacity()), (held, made), "{from:?} to {to:?}");
            let due = taken * to.hz() as usize / from.hz() as usize;
            assert!(room < to.samples(120) || written == due, "{from:?} to {to:?}: {written} of {due}");
        }
    }
}

#[test]
fn full_scale_saturates_and_does_not_wrap() {
    let square: Vec<i16> = (0..8000).map(|n| if n / 20 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
    let out = resample(Rate::Narrow, Rate::Wide, &square, 20);
    // Between the samples the square overshoots: where it was cut, the neighbours are near full scale too.
    let wrapped = out.windows(2).filter(|pair| i32::from(pair[0]) * i32::from(pair[1]) < -900_000_000).count();
    assert_eq!(wrapped, 0);
}
