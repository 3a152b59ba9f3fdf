//! The floor of transcoding: what the codecs themselves cost on the frames that the phones send, in a tight loop. No packets, no
//! jitter buffer, no concealment; the libraries bare where they can be, and set up as the exchange sets them up.

use std::io;
use std::rc::Rc;

use audio_codec::g722::G722Decoder;
use dozvon::codec::{Codec, Encoder, Law, Rate, Resampler, g711};

use crate::process;
use crate::speech::{self, FRAME_MS, FRAMES};

/// A decoder without anything around it, at the rate that its hearer's encoder takes where the codec can.
enum Bare {
    Law(Law),
    G722(Box<G722Decoder>),
    Opus(opus::Decoder),
}

/// 20 ms at 48 kHz and some more.
type Sound = [i16; 960];

impl Bare {
    /// Gives the rate of its sound too.
    fn new(codec: Codec, wanted: Rate) -> io::Result<(Self, Rate)> {
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
    fn decode(&mut self, payload: &[u8], sound: &mut Sound) -> usize {
        match self {
            Self::Law(law) => g711::decode(*law, payload, sound),
            Self::G722(decoder) => decoder.decode_frame_into(payload, sound).unwrap_or(0),
            Self::Opus(decoder) => decoder.decode(payload, sound, false).unwrap_or(0),
        }
    }
}

/// One stream from its payloads to those of another codec, or of the same.
struct Way {
    decoder: Bare,
    resampler: Resampler,
    encoder: Encoder,
    /// Samples of 20 ms where the resampler takes them.
    samples: usize,
    says: Vec<Vec<u8>>,
    /// What is encoded in place of what was decoded.
    hears: Option<Rc<Vec<i16>>>,
}

impl Way {
    fn new(from: Codec, to: Codec, voice: Option<usize>) -> io::Result<Self> {
        let encoder = Encoder::new(to, &speech::parameters());
        let (decoder, rate) = Bare::new(from, encoder.rate())?;
        let resampler = Resampler::new(rate, encoder.rate());
        let says = speech::payloads(from, voice);
        Ok(Self { decoder, resampler, encoder, samples: rate.samples(FRAME_MS), says, hears: None })
    }

    fn pass(&mut self, frame: usize) -> usize {
        let (mut sound, mut fitting, mut payload) = ([0; 960], [0; 960], [0; 1275]);
        let length = self.decoder.decode(&self.says[frame % FRAMES], &mut sound);
        let length = self.resampler.process(&sound[..length], &mut fitting);
        if let Some(hears) = &self.hears {
            fitting[..length].copy_from_slice(&hears[frame % FRAMES * length..][..length]);
        }
        self.encoder.encode(&fitting[..length], &mut payload)
    }
}

/// Streams through their codecs and nothing else.
pub struct Floor {
    ways: Vec<Way>,
    frame: usize,
}

impl Floor {
    /// So many calls between two codecs.
    pub fn of_calls(calls: usize, codecs: [Codec; 2]) -> io::Result<Self> {
        let way = |at: usize| Way::new(codecs[at % 2], codecs[(at + 1) % 2], Some(at));
        Ok(Self { ways: (0..calls * 2).map(way).collect::<io::Result<_>>()?, frame: 0 })
    }

    /// So many parties of a conference, of whom the first `speakers` have a voice; all hear one.
    pub fn of_conference(parties: usize, speakers: usize, codec: Codec) -> io::Result<Self> {
        let hears = Rc::new(speech::sound(Some(0), Rate::Wide));
        let way = |party: usize| {
            let way = Way::new(codec, codec, Some(party).filter(|party| *party < speakers))?;
            Ok(Way { hears: Some(Rc::clone(&hears)), ..way })
        };
        Ok(Self { ways: (0..parties).map(way).collect::<io::Result<_>>()?, frame: 0 })
    }

    /// CPU milliseconds of a second of all streams.
    pub fn second(&mut self) -> io::Result<f64> {
        let before = process::own_cpu_ms();
        for _ in 0..FRAMES {
            for way in &mut self.ways {
                if way.pass(self.frame) == 0 {
                    return Err(io::Error::other("a codec gave nothing"));
                }
            }
            self.frame += 1;
        }
        Ok(process::own_cpu_ms() - before)
    }

    /// The same of changing the rate alone.
    pub fn second_of_resampling(&mut self) -> f64 {
        let before = process::own_cpu_ms();
        let mut fitting = [0; 960];
        for _ in 0..FRAMES {
            for way in &mut self.ways {
                way.resampler.process(&[1000; 960][..way.samples], std::hint::black_box(&mut fitting));
            }
        }
        process::own_cpu_ms() - before
    }
}
