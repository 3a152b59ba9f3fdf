use super::super::testing::{Line, Repair, delay, fw_snr, level, lost, sine, speech, steepest};
use super::super::{Codec, OpusParameters};
use super::*;

/// What was heard beside what was said, as long and in time.
fn score(line: &Line, said: &[i16], heard: &[i16]) -> f64 {
    let late = delay(line.to, said, heard);
    let length = said.len() - late;
    fw_snr(line.to, &said[..length], &heard[late..late + length])
}

fn lines() -> [Line; 4] {
    [
        Line::new(Codec::Pcma, Rate::Narrow),
        Line::new(Codec::Pcmu, Rate::Narrow),
        Line::new(Codec::G722, Rate::Wide),
        Line::new(Codec::Opus, Rate::Wide),
    ]
}

#[test]
fn speech_stays_intelligible_when_packets_are_lost() {
    for line in lines() {
        let said = speech(line.to, 6000);
        let whole = score(&line, &said, &line.carry(&said));
        println!("{:?}: {whole:.2} dB whole", line.codec);
        for percent in [5, 10] {
            let with = |repair| score(&line, &said, &line.carry_with_loss(&said, &lost(percent), repair));
            let (silent, concealed) = (with(Repair::Silence), with(Repair::Conceal));
            println!("{:?}, {percent} %: {silent:.2} dB with silence, {concealed:.2} dB concealed", line.codec);
        }
    }
}

#[test]
fn what_opus_repeats_is_better_than_what_it_guesses() {
    let opus = OpusParameters { fec: true, ..OpusParameters::default() };
    let line = Line { opus, ..Line::new(Codec::Opus, Rate::Wide) };
    let said = speech(line.to, 6000);
    for percent in [5, 10, 20] {
        let with = |repair| score(&line, &said, &line.carry_with_loss(&said, &lost(percent), repair));
        let (concealed, recovered) = (with(Repair::Conceal), with(Repair::Recover));
        println!("{percent} %: {concealed:.2} dB concealed, {recovered:.2} dB recovered");
        assert!(recovered > concealed);
    }
}

fn concealer_after(rate: Rate, sound: &[i16]) -> Concealer {
    let mut concealer = Concealer::new(rate);
    for part in sound.chunks(rate.samples(20)) {
        concealer.hear(part);
    }
    concealer
}

#[test]
fn a_tone_goes_on_in_its_pitch_for_ten_milliseconds_and_is_gone_after_sixty() {
    for rate in [Rate::Narrow, Rate::Wide] {
        for hz in [100.0, 180.0, 425.0, 1000.0, 2500.0] {
            let said = sine(rate, hz, -10.0, 300);
            let (heard, lost) = said.split_at(rate.samples(200));
            let mut concealer = concealer_after(rate, heard);
            let mut filled = vec![0; rate.samples(100)];
            for part in filled.chunks_mut(rate.samples(20)) {
                concealer.fill(part);
            }
            let ten = rate.samples(10);
            let error: Vec<i16> = lost[..ten].iter().zip(&filled).map(|(said, filled)| said - filled).collect();
            println!("{rate:?} {hz}: {:.1} {:.1}", level(&error), level(&filled[4 * ten..5 * ten]));
            assert!(level(&error) < level(&lost[..ten]) - 8.0, "{rate:?}, {hz} Hz: {:.1}", level(&error));
            assert!(level(&filled[4 * ten..5 * ten]) < -17.0, "{rate:?}, {hz} Hz");
            assert!(filled[rate.samples(60) + 1..].iter().all(|sample| *sample == 0), "{rate:?}, {hz} Hz");
            let seam = [&heard[heard.len() - 8..], &filled].concat();
            assert!(steepest(&seam) <= steepest(&said) * 13 / 10 + 2, "{rate:?}, {hz} Hz: {}", steepest(&seam));
        }
    }
}

#[test]
fn a_gap_in_silence_is_silent() {
    let mut filled = [1; 160];
    concealer_after(Rate::Narrow, &[0; 1600]).fill(&mut filled);
    assert_eq!(filled, [0; 160]);
}
