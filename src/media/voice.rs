//! What is said to one peer where sound is encoded for it.

use crate::codec::Encoder;
use crate::codec::Resampler;
use crate::codec::{Codec, OpusParameters, Rate};

/// An encoder, and the sound that does not fill a packet yet.
#[derive(Debug)]
pub(super) struct Voice {
    encoder: Encoder,
    packet_ms: u32,
    /// Sound of a room, until there is a packet of it.
    gathered: Vec<i16>,
    /// From the rate at which tones are made; only made for one, as it is large.
    upward: Option<Resampler>,
}

impl Voice {
    pub(super) fn new(codec: Codec, opus: &OpusParameters, ptime_ms: u32) -> Self {
        let encoder = Encoder::new(codec, opus);
        let packet_ms = Encoder::packet_ms(codec, ptime_ms);
        let gathered = Vec::with_capacity(encoder.rate().samples(packet_ms + 20));
        Self { encoder, packet_ms, gathered, upward: None }
    }

    /// Of the sound that [`encode`](Self::encode) takes.
    pub(super) fn rate(&self) -> Rate {
        self.encoder.rate()
    }

    /// Milliseconds of a packet.
    pub(super) fn packet_ms(&self) -> u32 {
        self.packet_ms
    }

    /// A whole packet of sound; returns the payload's length, 0 when nothing needs to be sent for that time.
    pub(super) fn encode(&mut self, sound: &[i16], payload: &mut [u8]) -> usize {
        self.encoder.encode(sound, payload)
    }

    /// 20 ms of a tone, made at 8000 Hz.
    pub(super) fn encode_tone(&mut self, tone: &[i16], payload: &mut [u8]) -> usize {
        let rate = self.encoder.rate();
        if rate == Rate::Narrow {
            return self.encoder.encode(tone, payload);
        }
        let upward = self.upward.get_or_insert_with(|| Resampler::new(Rate::Narrow, rate));
        let mut wide = [0; WIDE_FRAME];
        let length = upward.process(tone, &mut wide);
        self.encoder.encode(wide.get(..length).unwrap_or_default(), payload)
    }

    /// 20 ms of a room, at [`rate`](Self::rate). Returns the length of a payload and its milliseconds once there is one.
    pub(super) fn gather(&mut self, sound: &[i16], payload: &mut [u8]) -> Option<(usize, u32)> {
        let packet = self.rate().samples(self.packet_ms);
        if self.gathered.is_empty() && packet == sound.len() {
            return Some((self.encoder.encode(sound, payload), self.packet_ms));
        }
        self.gathered.extend_from_slice(sound);
        if self.gathered.len() < packet {
            return None;
        }
        let length = self.encoder.encode(self.gathered.get(..packet).unwrap_or_default(), payload);
        self.gathered.drain(..packet);
        Some((length, self.packet_ms))
    }

    /// Whether sound waits for a packet to be full.
    pub(super) fn is_gathering(&self) -> bool {
        !self.gathered.is_empty()
    }

    /// The peer misses that much of what it is sent.
    pub(super) fn expect_loss(&mut self, percent: u8) {
        self.encoder.expect_loss(percent);
    }
}

/// 20 ms at 16000 Hz, the highest rate that is encoded as it goes.
const WIDE_FRAME: usize = 320;
