//! Linear sound into payloads: one stream's encoder, whatever its codec. G.711 and G.722 (RFC 3551 §4.5), Opus (RFC 6716,
//! set up by what the peer asked for in RFC 7587 §6.1).

use std::fmt;

use audio_codec::Encoder as _;
use audio_codec::g722::G722Encoder;
use opus::{Application, Bandwidth, Bitrate, Channels, Signal};

use super::{Codec, Law, OpusParameters, Rate, g711};

/// Encodes one stream: what a peer hears of us. Keeps the state that some codecs have between packets.
pub struct Encoder {
    codec: Codec,
    rate: Rate,
    machine: Machine,
}

enum Machine {
    Law(Law),
    G722(Box<G722Encoder>),
    /// `dtx`: an empty packet may stay unsent.
    Opus {
        encoder: opus::Encoder,
        dtx: bool,
    },
    /// libopus had no memory, or no such mode: nothing is sent.
    Mute,
}

impl Encoder {
    /// An encoder for a peer that asks for `opus`, which the other codecs ignore.
    pub fn new(codec: Codec, opus: &OpusParameters) -> Self {
        let rate = match codec {
            Codec::Pcma | Codec::Pcmu => Rate::Narrow,
            Codec::G722 => Rate::Wide,
            Codec::Opus if opus.max_playback_rate < Rate::Wide.hz() => Rate::Narrow,
            Codec::Opus => Rate::Wide,
        };
        let machine = match codec {
            Codec::Pcma => Machine::Law(Law::A),
            Codec::Pcmu => Machine::Law(Law::Mu),
            Codec::G722 => Machine::G722(Box::default()),
            Codec::Opus => {
                opus_encoder(rate, opus).map_or(Machine::Mute, |encoder| Machine::Opus { encoder, dtx: opus.dtx })
            }
        };
        Self { codec, rate, machine }
    }

    /// What it makes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The rate of the samples that [`encode`](Self::encode) takes: narrow for G.711, wide for G.722, and for Opus wide
    /// unless the peer can't play that.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// How many ms one packet should hold when the peer asks for `ptime_ms`: the next smaller length that the codec can do,
    /// from 10 to 60; Opus has no 30 and no 50 (RFC 6716 §2.1.4).
    pub fn packet_ms(codec: Codec, ptime_ms: u32) -> u32 {
        let whole = ptime_ms.clamp(SHORTEST_MS, LONGEST_MS) / SHORTEST_MS * SHORTEST_MS;
        match (codec, whole) {
            (Codec::Opus, 30) => 20,
            (Codec::Opus, 50) => 40,
            _ => whole,
        }
    }

    /// Encodes `samples`, a whole packet at [`rate`](Self::rate) of a length that [`packet_ms`](Self::packet_ms) gives.
    /// Returns the bytes written; 0 says that nothing is sent for this time (DTX of Opus), or that the length is not one
    /// of the codec's. 1275 bytes of `payload` suffice for whatever comes.
    pub fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        match &mut self.machine {
            Machine::Law(law) => g711::encode(*law, samples, payload),
            Machine::G722(encoder) => encode_g722(encoder, samples, payload),
            Machine::Opus { encoder, dtx } => {
                let room = payload.len().min(OPUS_BYTES);
                let written = payload.get_mut(..room).map_or(0, |room| encoder.encode(samples, room).unwrap_or(0));
                if *dtx && written <= OPUS_UNSENT_BYTES { 0 } else { written }
            }
            Machine::Mute => 0,
        }
    }

    /// The loss that the peer reports, in percent: the more, the more bits Opus spends on repeating the packet before.
    pub fn expect_loss(&mut self, percent: u8) {
        if let Machine::Opus { encoder, .. } = &mut self.machine {
            // In range, so that it can't fail.
            let _ = encoder.set_packet_loss_perc(i32::from(percent.min(100)));
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encoder").field("codec", &self.codec).field("rate", &self.rate).finish_non_exhaustive()
    }
}

/// Two samples a byte: as many whole pairs as both slices hold.
pub(super) fn encode_g722(encoder: &mut G722Encoder, samples: &[i16], payload: &mut [u8]) -> usize {
    let bytes = (samples.len() / 2).min(payload.len());
    match (samples.get(..bytes * 2), payload.get_mut(..bytes)) {
        (Some(samples), Some(payload)) => encoder.encode_into(samples, payload).unwrap_or(0),
        _ => 0,
    }
}

fn opus_encoder(rate: Rate, peer: &OpusParameters) -> Result<opus::Encoder, opus::Error> {
    let mut encoder = opus::Encoder::new(rate.hz(), Channels::Mono, Application::Voip)?;
    let (usual, bandwidth) = match rate {
        Rate::Narrow => (NARROW_BITRATE, Bandwidth::Narrowband),
        Rate::Wide | Rate::Full => (WIDE_BITRATE, Bandwidth::Wideband),
    };
    let limit = peer.max_average_bitrate.and_then(|limit| i32::try_from(limit).ok()).unwrap_or(i32::MAX);
    encoder.set_bitrate(Bitrate::Bits(usual.min(limit).max(LEAST_BITRATE)))?;
    encoder.set_max_bandwidth(bandwidth)?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_signal(Signal::Voice)?;
    encoder.set_vbr(!peer.constant_bitrate)?;
    encoder.set_inband_fec(peer.fec)?;
    encoder.set_packet_loss_perc(if peer.fec { FIRST_LOSS_PERCENT } else { 0 })?;
    encoder.set_dtx(peer.dtx)?;
    Ok(encoder)
}

const SHORTEST_MS: u32 = 10;
const LONGEST_MS: u32 = 60;
/// The most that one frame of Opus may have: RFC 6716 §3.2.1.
const OPUS_BYTES: usize = 1275;
/// A packet of so many bytes holds no sound: libopus' `opus_encode` says that it need not be sent.
const OPUS_UNSENT_BYTES: usize = 2;
/// Bits a second: RFC 7587 §3.1.1 recommends 8–12 thousand for narrow speech, 16–20 for wide, and both grow by the FEC.
const NARROW_BITRATE: i32 = 16_000;
const WIDE_BITRATE: i32 = 24_000;
const LEAST_BITRATE: i32 = 6000;
/// Of 0 to 10. At 10 a core would carry half the calls; the ear hardly tells.
const COMPLEXITY: i32 = 5;
/// Until the peer has reported, so that the first loss of a call finds its repeat: libopus adds none when it expects no loss.
const FIRST_LOSS_PERCENT: i32 = 5;

#[cfg(test)]
mod tests;
