use super::super::tone::{DigitTone, digit_frequencies};
use super::super::{Law, g711};
use super::*;
use crate::base::Rng;

const KEYS: &str = "123A456B789C*0#D";

/// Feeds frames of 20 ms, as they come from the network, and a pause at the end.
fn hear(sound: &[i16]) -> Vec<HeardDigit> {
    let mut detector = DtmfDetector::new();
    let pause = [0; 800];
    sound.chunks(160).chain(pause.chunks(160)).filter_map(|frame| detector.listen(frame)).collect()
}

fn digits(sound: &[i16]) -> String {
    hear(sound).iter().map(|heard| heard.digit).collect()
}

/// Two sines with levels in dBm0, off their frequency by a factor.
fn pair(digit: char, ms: usize, low_dbm0: f64, high_dbm0: f64, off: f64) -> Vec<i16> {
    let [low, high] = digit_frequencies(digit).unwrap().map(|hz| std::f64::consts::TAU * f64::from(hz) * off / 8000.0);
    let peak = |dbm0: f64| 32767.0 * 10f64.powf((dbm0 - f64::from(FULL_SCALE_DBM0)) / 20.0);
    (0..ms * 8)
        .map(|n| (peak(low_dbm0) * (low * n as f64).sin() + peak(high_dbm0) * (high * n as f64 + 1.0).sin()) as i16)
        .collect()
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

fn noisy(mut sound: Vec<i16>, dbm0: f64, seed: u64) -> Vec<i16> {
    let mut rng = Rng::from_seed(seed);
    let peak = 32767.0 / 2f64.sqrt() * 10f64.powf((dbm0 - f64::from(FULL_SCALE_DBM0)) / 20.0) * 3f64.sqrt();
    for sample in &mut sound {
        *sample = sample.saturating_add((uniform(&mut rng) * peak) as i16);
    }
    sound
}

/// −1 … 1.
fn uniform(rng: &mut Rng) -> f64 {
    rng.below(2_000_001) as f64 / 1e6 - 1.0
}

fn dialled(ms: usize, pause: usize, low: f64, high: f64, off: f64) -> Vec<i16> {
    // Pauses of odd lengths move the digits against the detector's blocks.
    KEYS.chars()
        .enumerate()
        .flat_map(|(n, key)| [pair(key, ms, low, high, off), silence(pause + n % 7)].concat())
        .collect()
}

#[test]
fn all_sixteen_digits_of_our_own_generator_are_heard_once_with_their_length() {
    for key in KEYS.chars() {
        let mut sound = silence(100);
        let mut tone = vec![0; 8 * 120];
        DigitTone::new(key, 120).unwrap().fill(&mut tone);
        sound.extend(tone);
        let heard = hear(&sound);
        assert_eq!(heard.len(), 1, "{key}: {heard:?}");
        assert_eq!(heard[0].digit, key);
        assert!(heard[0].duration_ms.abs_diff(120) <= 12, "{key}: {heard:?}");
    }
}

#[test]
fn digits_of_forty_milliseconds_with_pauses_of_forty_are_all_heard_wherever_they_start() {
    for start in 0..52 {
        let sound = [vec![0; start], dialled(40, 40, -9.0, -7.0, 1.0)].concat();
        assert_eq!(digits(&sound), KEYS, "start {start}");
    }
}

#[test]
fn digits_under_twenty_five_milliseconds_are_not_digits() {
    for start in 0..52 {
        let sound = [vec![0; start], dialled(24, 60, -9.0, -7.0, 1.0)].concat();
        assert_eq!(digits(&sound), "", "start {start}");
    }
}

#[test]
fn the_same_digit_twice_is_two_digits_and_a_short_break_is_none() {
    let five = pair('5', 60, -10.0, -8.0, 1.0);
    assert_eq!(digits(&[five.clone(), silence(40), five.clone()].concat()), "55");
    for start in 0..52 {
        let sound = [vec![0; start], five.clone(), silence(8), five.clone()].concat();
        assert_eq!(digits(&sound), "5", "start {start}");
    }
    assert_eq!(digits(&[five, pair('6', 60, -10.0, -8.0, 1.0)].concat()), "56");
}

#[test]
fn twist_of_eight_decibels_either_way_is_heard_and_of_fourteen_is_not() {
    for (low, high) in [(-8.0, -16.0), (-16.0, -8.0), (-17.0, -25.0), (-25.0, -17.0)] {
        assert_eq!(digits(&dialled(50, 50, low, high, 1.0)), KEYS, "{low} / {high} dBm0");
    }
    for (low, high) in [(-6.0, -20.0), (-20.0, -6.0)] {
        assert_eq!(digits(&dialled(100, 50, low, high, 1.0)), "", "{low} / {high} dBm0");
    }
}

#[test]
fn loud_and_quiet_digits_are_heard_and_whispers_are_not() {
    assert_eq!(digits(&dialled(45, 45, -3.0, -3.0, 1.0)), KEYS);
    assert_eq!(digits(&dialled(45, 45, -32.0, -32.0, 1.0)), KEYS);
    assert_eq!(digits(&dialled(100, 50, -55.0, -55.0, 1.0)), "");
}

#[test]
fn frequencies_off_by_one_and_a_half_percent_are_heard_and_by_four_are_not() {
    for off in [0.985, 0.99, 1.01, 1.015] {
        assert_eq!(digits(&dialled(50, 50, -10.0, -8.0, off)), KEYS, "factor {off}");
    }
    for off in [0.96, 1.04] {
        assert_eq!(digits(&dialled(100, 50, -10.0, -8.0, off)), "", "factor {off}");
    }
}

#[test]
fn digits_are_heard_through_noise_fifteen_decibels_below() {
    for seed in 0..20 {
        let sound = noisy(dialled(50, 50, -10.0, -10.0, 1.0), -22.0, seed);
        assert_eq!(digits(&sound), KEYS, "seed {seed}");
    }
}

#[test]
fn digits_are_heard_through_both_laws_and_their_transcoding() {
    for law in [Law::A, Law::Mu] {
        for (low, high) in [(-8.0, -16.0), (-16.0, -8.0), (-3.0, -3.0), (-30.0, -30.0)] {
            let sound = dialled(45, 45, low, high, 1.005);
            let other = if law == Law::A { Law::Mu } else { Law::A };
            let mut bytes = vec![0; sound.len()];
            g711::encode(law, &sound, &mut bytes);
            g711::transcode(law, other, &mut bytes);
            let mut line = vec![0; sound.len()];
            g711::decode(other, &bytes, &mut line);
            assert_eq!(digits(&line), KEYS, "{law:?} {low} / {high} dBm0");
        }
    }
}

#[test]
fn tones_of_the_country_single_tones_and_noise_are_no_digits() {
    for frequencies in [[425, 0], [350, 440], [440, 480], [480, 620], [697, 0], [1209, 0], [1336, 1477], [697, 852]] {
        let mut sound = vec![0; 80_000];
        super::super::tone::ToneGenerator::new(frequencies, &[400, 200]).fill(&mut sound);
        assert_eq!(digits(&sound), "", "{frequencies:?}");
    }
    assert_eq!(digits(&noisy(silence(60_000), -12.0, 3)), "");
}

#[test]
fn a_digit_with_strong_second_harmonics_is_a_voice() {
    let harmonics = |sound: Vec<i16>, key: char| -> Vec<i16> {
        let [low, high] =
            digit_frequencies(key).unwrap().map(|hz| std::f64::consts::TAU * 2.0 * f64::from(hz) / 8000.0);
        let peak = 32767.0 * 10f64.powf((-14.0 - f64::from(FULL_SCALE_DBM0)) / 20.0);
        let add = |n: usize| (peak * ((low * n as f64).sin() + (high * n as f64).sin())) as i16;
        sound.into_iter().enumerate().map(|(n, sample)| sample.saturating_add(add(n))).collect()
    };
    for key in KEYS.chars() {
        let clean = pair(key, 200, -10.0, -10.0, 1.0);
        assert_eq!(digits(&clean), key.to_string());
        assert_eq!(digits(&harmonics(clean, key)), "", "{key} with harmonics 4 dB below");
    }
}

/// A voice: glottal pulses with wandering pitch, a percent of jitter from one to the next as vocal folds have, through three wandering formants, hissed consonants, pauses.
struct Voice {
    rng: Rng,
    pitch: f64,
    phase: f64,
    jitter: f64,
    formants: [Formant; 3],
    gain: f64,
}

#[derive(Default, Clone, Copy)]
struct Formant {
    hz: f64,
    target: f64,
    width: f64,
    near: f64,
    far: f64,
}

impl Voice {
    fn new(seed: u64, pitch: f64) -> Self {
        Self { rng: Rng::from_seed(seed), pitch, phase: 0.0, jitter: 0.0, formants: [Formant::default(); 3], gain: 0.0 }
    }

    fn speak(&mut self, samples: usize) -> Vec<i16> {
        let mut sound = Vec::with_capacity(samples);
        while sound.len() < samples {
            let length = 400 + self.rng.below(2400) as usize;
            let sung = self.rng.chance(1, 4);
            let voiced = if self.rng.chance(4, 5) { 1.0 } else { 0.0 };
            let loud = if self.rng.chance(1, 6) { 0.0 } else { 0.3 + 0.7 * uniform(&mut self.rng).abs() };
            for (formant, (from, to, width)) in
                self.formants.iter_mut().zip([(280.0, 950.0, 50.0), (850.0, 2300.0, 70.0), (2200.0, 3300.0, 120.0)])
            {
                formant.target = from + (to - from) * uniform(&mut self.rng).abs();
                formant.width = width;
            }
            let base = self.pitch * (1.0 + 0.3 * uniform(&mut self.rng));
            let glide = if sung { 0.0 } else { base * 0.4 * uniform(&mut self.rng) / length as f64 };
            sound.extend((0..length).map(|n| self.sample(base + glide * n as f64, voiced, loud)));
        }
        sound.truncate(samples);
        sound
    }

    fn sample(&mut self, hz: f64, voiced: f64, loud: f64) -> i16 {
        self.phase += hz * (1.0 + self.jitter) / 8000.0;
        let pulse = if self.phase >= 1.0 { 1.0 } else { 0.0 };
        if pulse > 0.0 {
            self.jitter = 0.01 * uniform(&mut self.rng);
        }
        self.phase = self.phase.fract();
        self.gain += (loud - self.gain) * 0.01;
        let source = voiced * pulse * 12.0 + uniform(&mut self.rng) * if voiced > 0.0 { 0.02 } else { 0.5 };
        let sum: f64 =
            self.formants.iter_mut().zip([1.0, 0.7, 0.3]).map(|(formant, weight)| weight * formant.ring(source)).sum();
        (sum * self.gain * 2600.0).clamp(-32767.0, 32767.0) as i16
    }
}

impl Formant {
    fn ring(&mut self, source: f64) -> f64 {
        self.hz += (self.target - self.hz) * 0.002;
        let radius = (-std::f64::consts::PI * self.width / 8000.0).exp();
        let cos = (std::f64::consts::TAU * self.hz / 8000.0).cos();
        let next = source * (1.0 - radius) * 8.0 + 2.0 * radius * cos * self.near - radius * radius * self.far;
        self.far = self.near;
        self.near = next;
        next
    }
}

#[test]
fn half_an_hour_of_speech_without_a_breath_holds_at_most_one_digit() {
    let heard: Vec<_> = (1..=15)
        .map(|seed| {
            let sound = Voice::new(seed, 80.0 + 15.0 * seed as f64).speak(8000 * 120);
            let level = level_dbm0(&sound);
            assert!((-30.0..-5.0).contains(&level), "the voice has {level} dBm0");
            digits(&sound)
        })
        .collect();
    assert!(heard.concat().len() <= 1, "{heard:?}");
}

#[test]
fn digits_pressed_between_words_are_heard_and_the_words_are_not() {
    let mut voice = Voice::new(9, 140.0);
    let mut sound = Vec::new();
    for key in KEYS.chars() {
        sound.extend(voice.speak(8000));
        sound.extend(silence(20));
        sound.extend(pair(key, 80, -9.0, -7.0, 1.0));
        sound.extend(silence(20));
    }
    assert_eq!(digits(&sound), KEYS);
}

#[test]
fn the_slicing_of_the_stream_does_not_matter() {
    let sound = [dialled(60, 60, -10.0, -8.0, 1.0), silence(100)].concat();
    for size in [1, 7, 80, 160, 240, 480] {
        let mut detector = DtmfDetector::new();
        let heard: String =
            sound.chunks(size).filter_map(|frame| detector.listen(frame)).map(|heard| heard.digit).collect();
        assert_eq!(heard, KEYS, "slices of {size}");
    }
}
