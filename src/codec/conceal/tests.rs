use super::super::testing::{Line, Repair, delay, level, lost, segment_snr, sine, speech, steepest};
use super::super::{Codec, OpusParameters};
use super::*;

/// The mean over the 30 ms around each packet that was lost from what is no pause.
fn score(line: &Line, said: &[i16], heard: &[i16], lost: &dyn Fn(usize) -> bool) -> f64 {
    let (packet, beside) = (line.to.samples(line.packet_ms), line.to.samples(5));
    let late = delay(line.to, said, heard);
    let (mut sum, mut count) = (0.0, 0);
    for n in (0..said.len() / packet - 3).filter(|n| lost(*n)) {
        // What a packet brings is heard as late as the codec is.
        let from = n * packet - beside;
        let (said, heard) = (&said[from..][..packet + 2 * beside], &heard[from + late..][..packet + 2 * beside]);
        if level(said) > -30.0 {
            sum += segment_snr(line.to, said, heard);
            count += 1;
        }
    }
    sum / f64::from(count)
}

#[test]
fn speech_stays_intelligible_where_packets_are_lost() {
    // Floors at 5 and at 10 %, half a decibel or more under what was measured.
    for (codec, rate, floors) in [
        (Codec::Pcma, Rate::Narrow, [10.5, 10.0]),
        (Codec::Pcmu, Rate::Narrow, [10.5, 10.0]),
        (Codec::G722, Rate::Wide, [8.0, 7.2]),
        (Codec::Opus, Rate::Wide, [8.0, 7.0]),
    ] {
        let line = Line::new(codec, rate);
        let said = speech(rate, 10_000);
        for (percent, floor) in [5, 10].into_iter().zip(floors) {
            let lost = lost(percent);
            let with = |repair| score(&line, &said, &line.carry_with_loss(&said, &lost, repair), &lost);
            let (silent, concealed) = (with(Repair::Silence), with(Repair::Conceal));
            assert!(concealed > floor, "{codec:?}, {percent} %: {concealed:.2} dB");
            assert!(concealed > silent + 1.5, "{codec:?}, {percent} %: {concealed:.2} dB, with silence {silent:.2}");
        }
    }
}

#[test]
fn what_opus_repeats_is_better_than_what_it_guesses() {
    let opus = OpusParameters { fec: true, ..OpusParameters::default() };
    let line = Line { opus, ..Line::new(Codec::Opus, Rate::Wide) };
    let said = speech(line.to, 10_000);
    for percent in [5, 10, 20] {
        let lost = lost(percent);
        let with = |repair| score(&line, &said, &line.carry_with_loss(&said, &lost, repair), &lost);
        let (concealed, recovered) = (with(Repair::Conceal), with(Repair::Recover));
        assert!(recovered > concealed + 3.0, "{percent} %: {recovered:.2} dB, guessed {concealed:.2}");
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
