use super::super::testing::{Line, Repair, delay, fw_snr, lost, speech};
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
