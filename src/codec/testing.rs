//! Sounds for the tests of this room and of recordings, and how far one sound is from another.

use std::f64::consts::TAU;

use super::{Codec, Decoder, Encoder, FULL_SCALE_DBM0, OpusParameters, Rate, Resampler};

/// A sine of so many dBm0.
pub(crate) fn sine(rate: Rate, hz: f64, dbm0: f64, ms: u32) -> Vec<i16> {
    let peak = 32_768.0 * 10f64.powf((dbm0 - f64::from(FULL_SCALE_DBM0)) / 20.0);
    let step = TAU * hz / f64::from(rate.hz());
    (0..rate.samples(ms)).map(|n| (peak * (step * n as f64).sin()).round() as i16).collect()
}

/// Level of one frequency in dBm0, over a Hann window.
pub(crate) fn level_at(rate: Rate, sound: &[i16], hz: f64) -> f64 {
    let step = TAU * hz / f64::from(rate.hz());
    let (mut real, mut imaginary, mut weight) = (0.0, 0.0, 0.0);
    for (n, sample) in sound.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / sound.len() as f64).cos();
        real += window * f64::from(*sample) * (step * n as f64).cos();
        imaginary += window * f64::from(*sample) * (step * n as f64).sin();
        weight += window;
    }
    20.0 * (2.0 * real.hypot(imaginary) / weight / 32_768.0).max(1e-7).log10() + f64::from(FULL_SCALE_DBM0)
}

/// Level of all that sounds, in dBm0.
pub(crate) fn level(sound: &[i16]) -> f64 {
    f64::from(super::detect::level_dbm0(sound))
}

/// Pulses of a gliding voice (100 to 190 Hz) through three formants that wander, in syllables with pauses and hisses between:
/// −20 dBm0 or so while it sounds.
///
/// It is made at 16 kHz, so that it is the same sound at every rate.
pub(crate) fn speech(rate: Rate, ms: u32) -> Vec<i16> {
    let made = voice(ms + 10);
    let mut resampler = Resampler::new(Rate::Wide, rate);
    let mut sound = vec![0; rate.samples(ms + 10)];
    for (block, place) in made.chunks(Rate::Wide.samples(10)).zip(sound.chunks_mut(rate.samples(10))) {
        resampler.process(block, place);
    }
    let from = resampler.delay();
    sound[from..from + rate.samples(ms)].to_vec()
}

fn voice(ms: u32) -> Vec<i16> {
    let rate = Rate::Wide;
    let hz = f64::from(rate.hz());
    let mut formants = [[0.0f64; 2]; 3];
    let (mut phase, mut seed) = (0.0f64, 7u32);
    let mut noise = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed >> 8) / f64::from(1 << 23) - 1.0
    };
    let mut sound = Vec::with_capacity(rate.samples(ms));
    for n in 0..rate.samples(ms) {
        let at = n as f64 / hz;
        // A syllable is 230 ms: voiced for 150, a hiss of 40, a pause of 40.
        let within = at % 0.230;
        phase += (145.0 + 45.0 * (TAU * 0.7 * at).sin()) / hz;
        let pulse = if phase >= 1.0 {
            phase -= 1.0;
            1.0
        } else {
            0.0
        };
        let source = match within {
            t if t < 0.150 => pulse * (std::f64::consts::PI * t / 0.150).sin().sqrt() * 2.0 + 0.002 * noise(),
            t if t < 0.190 => 0.1 * noise(),
            _ => 0.0005 * noise(),
        };
        let centres = [
            500.0 + 200.0 * (TAU * 1.9 * at).sin(),
            1400.0 + 500.0 * (TAU * 1.3 * at).cos(),
            2600.0 + 200.0 * (TAU * 0.9 * at).sin(),
        ];
        let mut out = 0.0;
        for ((state, centre), (bandwidth, gain)) in
            formants.iter_mut().zip(centres).zip([(80.0, 1.0), (110.0, 0.6), (160.0, 0.4)])
        {
            let radius = (-std::f64::consts::PI * bandwidth / hz).exp();
            let next = source + 2.0 * radius * (TAU * centre / hz).cos() * state[0] - radius * radius * state[1];
            *state = [next, state[0]];
            out += gain * next * (TAU * centre / hz).sin();
        }
        sound.push((out * 6000.0).clamp(-32_768.0, 32_767.0) as i16);
    }
    sound
}

/// Frequency-weighted segmental signal-to-noise ratio in dB (Hu and Loizou, IEEE TASLP 16(1), 2008, eq. 7): 25 critical bands,
/// of which a narrow sound has fewer; weights are the clean bands' magnitudes to the power 0.2; segments of 30 ms, a quarter
/// apart, limited to −10…35 dB. Segments 40 dB under the loudest aren't counted: silence has no noise that anybody hears.
pub(crate) fn fw_snr(rate: Rate, clean: &[i16], heard: &[i16]) -> f64 {
    let length = rate.samples(30);
    let loudest = clean.chunks(length).map(level).fold(-100.0, f64::max);
    let (mut sum, mut count) = (0.0, 0u32);
    for (clean, heard) in clean.windows(length).zip(heard.windows(length)).step_by(length / 4) {
        if level(clean) > loudest - 40.0 {
            sum += segment_snr(rate, clean, heard);
            count += 1;
        }
    }
    sum / f64::from(count.max(1))
}

pub(crate) fn segment_snr(rate: Rate, clean: &[i16], heard: &[i16]) -> f64 {
    let (clean, heard) = (bands(rate, clean), bands(rate, heard));
    let (mut weighted, mut weights) = (0.0, 0.0);
    for (clean, heard) in clean.iter().zip(&heard) {
        let weight = clean.powf(0.2);
        let error = (clean - heard).powi(2).max(1e-6);
        weighted += weight * (10.0 * (clean * clean / error).max(1e-6).log10()).clamp(-10.0, 35.0);
        weights += weight;
    }
    weighted / weights.max(1e-9)
}

/// Magnitudes in critical bands, one Bark wide from 50 Hz up, by Gaussian filters on the spectrum of a Hann window.
fn bands(rate: Rate, sound: &[i16]) -> Vec<f64> {
    let spectrum = spectrum(sound);
    let bin = f64::from(rate.hz()) / (2.0 * (spectrum.len() - 1) as f64);
    let top = f64::from(rate.hz()) * 0.45;
    let bark = |hz: f64| 26.81 * hz / (1960.0 + hz) - 0.53;
    let centres = (1..25).map(f64::from).filter(|centre| *centre < bark(top));
    centres
        .map(|centre| {
            let power = spectrum.iter().enumerate();
            power.map(|(n, magnitude)| magnitude * (-6.0 * (bark(n as f64 * bin) - centre).powi(2)).exp()).sum()
        })
        .collect()
}

/// Magnitudes from 0 Hz to half the rate, of a Hann window filled up with zeros to 512 samples.
fn spectrum(sound: &[i16]) -> Vec<f64> {
    let mut values = vec![[0.0, 0.0]; sound.len().next_power_of_two()];
    for (n, (value, sample)) in values.iter_mut().zip(sound).enumerate() {
        value[0] = f64::from(*sample) * (0.5 - 0.5 * (TAU * (n as f64 + 0.5) / sound.len() as f64).cos());
    }
    let values = transform(&values);
    values[..=values.len() / 2].iter().map(|[real, imaginary]| real.hypot(*imaginary)).collect()
}

/// The Fourier transform of a power of two of complex values, halved as long as it can be.
fn transform(values: &[[f64; 2]]) -> Vec<[f64; 2]> {
    if values.len() == 1 {
        return values.to_vec();
    }
    let part = |from: usize| transform(&values[from..].iter().step_by(2).copied().collect::<Vec<_>>());
    let (even, odd, half) = (part(0), part(1), values.len() / 2);
    let mut whole = vec![[0.0; 2]; values.len()];
    for n in 0..half {
        let (sin, cos) = (-TAU * n as f64 / values.len() as f64).sin_cos();
        let turned = [odd[n][0] * cos - odd[n][1] * sin, odd[n][0] * sin + odd[n][1] * cos];
        whole[n] = [even[n][0] + turned[0], even[n][1] + turned[1]];
        whole[n + half] = [even[n][0] - turned[0], even[n][1] - turned[1]];
    }
    whole
}

/// One stream from a speaker to a listener.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub(crate) codec: Codec,
    pub(crate) opus: OpusParameters,
    /// What the sound is decoded to.
    pub(crate) to: Rate,
    pub(crate) packet_ms: u32,
}

/// What the listener does about a packet that is lost.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Repair {
    Silence,
    Conceal,
    /// Waits for the next packet: what it repeats.
    Recover,
}

impl Line {
    pub(crate) fn new(codec: Codec, to: Rate) -> Self {
        Self { codec, opus: OpusParameters::default(), to, packet_ms: 20 }
    }

    /// The rate that the speaker's sound must have.
    pub(crate) fn from(&self) -> Rate {
        Encoder::new(self.codec, &self.opus).rate()
    }

    /// What the listener hears of `sound`.
    pub(crate) fn carry(&self, sound: &[i16]) -> Vec<i16> {
        self.carry_with_loss(sound, &|_| false, Repair::Conceal)
    }

    /// The same when the packets that `lost` names don't arrive.
    pub(crate) fn carry_with_loss(&self, sound: &[i16], lost: &dyn Fn(usize) -> bool, repair: Repair) -> Vec<i16> {
        let packets = self.packets(sound, 10);
        let mut decoder = Decoder::new(self.codec, self.to);
        let length = self.to.samples(self.packet_ms);
        let mut heard = vec![0; length * packets.len()];
        for (n, place) in heard.chunks_mut(length).enumerate() {
            match packets.get(n + 1) {
                _ if !lost(n) => assert_eq!(decoder.decode(&packets[n], place), length, "{:?}", self.codec),
                Some(next) if repair == Repair::Recover && !lost(n + 1) => decoder.recover(next, place),
                _ if repair == Repair::Silence => {}
                _ => decoder.conceal(place),
            }
        }
        heard
    }

    /// What is sent; an empty packet is one that isn't.
    pub(crate) fn packets(&self, sound: &[i16], loss_percent: u8) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(self.codec, &self.opus);
        encoder.expect_loss(loss_percent);
        let mut payload = [0; 1275];
        let packets = sound.chunks_exact(encoder.rate().samples(self.packet_ms));
        packets
            .map(|samples| {
                let length = encoder.encode(samples, &mut payload);
                payload[..length].to_vec()
            })
            .collect()
    }
}

/// How much later `heard` is than `said`, in samples of both: where they are most alike, searched up to 40 ms.
pub(crate) fn delay(rate: Rate, said: &[i16], heard: &[i16]) -> usize {
    let alike = |late: usize| -> f64 {
        heard[late..].iter().zip(said).map(|(heard, said)| f64::from(*heard) * f64::from(*said)).sum()
    };
    (0..rate.samples(40)).max_by(|one, other| alike(*one).total_cmp(&alike(*other))).expect("there are lags")
}

/// Every so many packets of a hundred, by chance that is always the same; never the first ten.
pub(crate) fn lost(percent: u32) -> impl Fn(usize) -> bool {
    move |n| {
        let mut mixed = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        n >= 10 && (mixed >> 32) % 100 < u64::from(percent)
    }
}

/// The largest step from one sample to the next.
pub(crate) fn steepest(sound: &[i16]) -> i32 {
    sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
}
