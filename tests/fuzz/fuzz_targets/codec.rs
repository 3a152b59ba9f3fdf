//! Any bytes as payloads of any codec, with gaps between: no panic, nothing written beyond what a payload holds and never more
//! than 120 ms, and what comes out can be resampled, encoded and stretched. The input is a byte for codec and rate, then steps:
//! what to do, a length in units of 4 bytes (G.711 of 120 ms has 960), a payload.
#![no_main]

use dozvon::codec::detect::DtmfDetector;
use dozvon::codec::{Codec, Decoder, Encoder, OpusParameters, Rate, Resampler, stretch};
use libfuzzer_sys::fuzz_target;

const RATES: [Rate; 3] = [Rate::Narrow, Rate::Wide, Rate::Full];

fuzz_target!(|input: &[u8]| {
    let [choice, steps @ ..] = input else { return };
    let (choice, mut steps) = (*choice, steps);
    let codec = Codec::ALL[usize::from(choice) % Codec::ALL.len()];
    let rate = RATES[usize::from(choice / 4) % RATES.len()];
    let mut decoder = Decoder::new(codec, rate);
    let mut encoder =
        Encoder::new(codec, &OpusParameters { fec: true, dtx: choice >= 128, ..OpusParameters::default() });
    let mut resampler = Resampler::new(rate, encoder.rate());
    let mut detector = DtmfDetector::new();
    // More than anything may fill.
    let mut out = vec![0; rate.samples(200)];
    let mut said = vec![0; encoder.rate().samples(200)];
    while let [step, length, rest @ ..] = steps {
        let (payload, later) = rest.split_at(rest.len().min(4 * usize::from(*length)));
        steps = later;
        // Every length that a lost packet may have, also those that are no multiple of the codec's.
        let gap = rate.samples(10 + 3 * u32::from(*step / 8));
        let written = match step % 8 {
            0 => sound(gap, || decoder.conceal(&mut out[..gap])),
            1 => sound(gap, || decoder.noise(payload, &mut out[..gap])),
            2 => sound(gap, || decoder.recover(payload, &mut out[..gap])),
            _ => decoder.decode(payload, &mut out),
        };
        let ms = Decoder::payload_ms(codec, payload);
        assert!(step % 8 < 3 || written <= rate.samples(ms.map_or(0, |ms| ms + 1)), "{codec:?}: {written} of {ms:?}");
        assert!(written <= rate.samples(120));
        let mut heard = out[..written].to_vec();
        let removed = stretch::shorten(rate, &mut heard);
        assert_eq!(heard.len() + removed, written);
        if let Some(digit) = detector.listen(&heard) {
            assert!("0123456789*#ABCD".contains(digit.digit));
        }
        let added = stretch::lengthen(rate, &mut heard);
        assert_eq!(heard.len() + removed, written + added);
        let length = resampler.process(&out[..written], &mut said);
        assert!(length <= encoder.rate().samples(120));
        encoder.expect_loss(*step);
        let packet = encoder.rate().samples(Encoder::packet_ms(codec, u32::from(*step)));
        assert!(encoder.encode(&said[..packet], &mut [0; 1275]) <= 1275);
    }
});

fn sound(length: usize, fill: impl FnOnce()) -> usize {
    fill();
    length
}
