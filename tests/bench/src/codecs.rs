//! The floor of transcoding: what the codecs themselves cost on the frames that the phones send, in a tight loop. No packets, no
//! jitter buffer, no concealment; the libraries bare where they can be, and set up as the exchange sets them up.

use std::io;

use audio_codec::g722::G722Decoder;
use dozvon::codec::{Codec, Encoder, Law, Rate, Resampler, g711};

use crate::process;
use crate::speech::{self, FRAME_MS, FRAMES};

/// CPU milliseconds for each second of what was measured.
#[derive(Default, Clone, Copy)]
pub struct Cost {
    pub all: f64,
    /// Of that, what changing the rate costs.
    pub resampling: f64,
}

/// A decoder without anything around it, at the rate that its hearer's encoder takes where the codec can.
pub enum Bare {
    Law(Law),
    G722(Box<G722Decoder>),
    Opus(opus::Decoder),
}

/// 20 ms at 48 kHz and some more.
pub type Sound = [i16; 960];

impl Bare {
    /// Gives the rate of its sound too.
    pub fn new(codec: Codec, wanted: Rate) -> io::Result<(Self, Rate)> {
        Ok(match codec {
            Codec::Pcma => (Self::Law(Law::A), Rate::Narrow),
            Codec::Pcmu => (Self::Law(Law::Mu), Rate::Narrow),
            Codec::G722 => (Self::G722(Box::default()), Rate::Wide),
            Codec::Opus => {
                let decoder = opus::Decoder::new(wanted.hz(), opus::Channels::Mono).map_err(io::Error::other)?;
                (Self::Opus(decoder), wanted)
            }
        })
    }

    /// Returns how many samples.
    pub fn decode(&mut self, payload: &[u8], sound: &mut Sound) -> usize {
        match self {
            Self::Law(law) => g711::decode(*law, payload, sound),
            Self::G722(decoder) => decoder.decode_frame_into(payload, sound).unwrap_or(0),
            Self::Opus(decoder) => decoder.decode(payload, sound, false).unwrap_or(0),
        }
    }
}

/// One direction of a call.
struct Way {
    decoder: Bare,
    resampler: Resampler,
    encoder: Encoder,
    /// Samples of 20 ms where the resampler takes them.
    samples: usize,
    says: Vec<Vec<u8>>,
}

impl Way {
    fn new(from: Codec, to: Codec, voice: usize) -> io::Result<Self> {
        let encoder = Encoder::new(to, &speech::parameters());
        let (decoder, rate) = Bare::new(from, encoder.rate())?;
        let resampler = Resampler::new(rate, encoder.rate());
        let says = speech::payloads(from, Some(voice));
        Ok(Self { decoder, resampler, encoder, samples: rate.samples(FRAME_MS), says })
    }

    fn pass(&mut self, frame: usize) -> usize {
        let (mut sound, mut fitting, mut payload) = ([0; 960], [0; 960], [0; 1275]);
        let length = self.decoder.decode(&self.says[frame % FRAMES], &mut sound);
        let length = self.resampler.process(&sound[..length], &mut fitting);
        self.encoder.encode(&fitting[..length], &mut payload)
    }
}

/// So many calls between two codecs, for so many seconds: for each second of a call.
pub fn of_calls(calls: usize, codecs: [Codec; 2], seconds: usize) -> io::Result<Cost> {
    let mut ways = Vec::new();
    for call in 0..calls {
        ways.push(Way::new(codecs[0], codecs[1], call * 2)?);
        ways.push(Way::new(codecs[1], codecs[0], call * 2 + 1)?);
    }
    let call_seconds = (calls * seconds) as f64;
    let before = process::own_cpu_ms();
    for frame in 0..seconds * FRAMES {
        for way in &mut ways {
            if way.pass(frame) == 0 {
                return Err(io::Error::other("a codec gave nothing"));
            }
        }
    }
    let between = process::own_cpu_ms();
    let mut fitting = [0; 960];
    for _ in 0..seconds * FRAMES {
        for way in &mut ways {
            way.resampler.process(&[1000; 960][..way.samples], std::hint::black_box(&mut fitting));
        }
    }
    let end = process::own_cpu_ms();
    Ok(Cost { all: (between - before) / call_seconds, resampling: (end - between) / call_seconds })
}

/// So many streams decoded, those of `speakers` with a voice in them, and as many encoded with a voice: for each second.
pub fn of_streams(streams: usize, speakers: usize, codec: Codec, seconds: usize) -> io::Result<f64> {
    let mut parties = Vec::new();
    for party in 0..streams {
        let encoder = Encoder::new(codec, &speech::parameters());
        let (decoder, _) = Bare::new(codec, encoder.rate())?;
        parties.push((decoder, encoder, speech::payloads(codec, Some(party).filter(|party| *party < speakers))));
    }
    let mixed = speech::sound(Some(0), Rate::Wide);
    let samples = Rate::Wide.samples(FRAME_MS);
    let before = process::own_cpu_ms();
    for frame in 0..seconds * FRAMES {
        let at = frame % FRAMES;
        for (decoder, encoder, says) in &mut parties {
            let (mut sound, mut payload) = ([0; 960], [0; 1275]);
            decoder.decode(&says[at], std::hint::black_box(&mut sound));
            encoder.encode(&mixed[at * samples..(at + 1) * samples], std::hint::black_box(&mut payload));
        }
    }
    Ok((process::own_cpu_ms() - before) / seconds as f64)
}
