//! Samples in, bytes out, and back; gaps filled, rates changed, time stretched; tones made and heard. Knows no packet, no
//! call and no file.
//!
//! All linear sound here is mono, 16 bits, at one of the [`Rate`]s (8000 Hz where none is named); levels are dBm0, where a
//! sine over the full range of `i16` is +3.14 (ITU-T G.711, table 1). Nothing here allocates once its machine is made, but
//! [`ClipEncoder`], which codes files.

mod clip;
mod conceal;
mod decoder;
pub mod detect;
mod encoder;
pub mod g711;
mod noise;
mod pitch;
mod resample;
pub mod stretch;
pub mod tone;

pub use clip::{ClipEncoder, Coded, Packets};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use resample::Resampler;

pub use g711::{Law, transcode};

/// An audio format of the media path: RFC 3551 and, for Opus, RFC 7587.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, 8000 Hz, payload type 8.
    Pcma,
    /// G.711 µ-law, 8000 Hz, payload type 0.
    Pcmu,
    /// G.722 at 64 kbit/s, 16000 Hz of sound under an RTP clock of 8000 (RFC 3551 §4.5.2), payload type 9.
    G722,
    /// Opus, RFC 6716: any rate of sound under an RTP clock of 48000, a dynamic payload type.
    Opus,
}

/// Samples a second of linear sound inside the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rate {
    /// 8000 Hz: what G.711 carries.
    Narrow,
    /// 16000 Hz: what G.722 carries; conferences are mixed in it.
    Wide,
    /// 48000 Hz: what a media file is made from, and all that Opus carries.
    Full,
}

impl Rate {
    /// Samples a second.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8000,
            Self::Wide => 16_000,
            Self::Full => 48_000,
        }
    }

    /// Samples in so many milliseconds.
    pub const fn samples(self, ms: u32) -> usize {
        (self.hz() / 1000 * ms) as usize
    }
}

/// What a receiver of Opus asks for: the parameters of `a=fmtp`, RFC 7587 §6.1. The default is that of an absent line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpusParameters {
    /// The highest rate of sound, in Hz, that it can render: 8000 to 48000.
    pub max_playback_rate: u32,
    /// The highest rate of sound, in Hz, that it is likely to send: 8000 to 48000.
    pub max_capture_rate: u32,
    /// The most bits a second, averaged; `None`: as the sender likes. 6000 to 510000.
    pub max_average_bitrate: Option<u32>,
    /// It prefers constant bit rate.
    pub constant_bitrate: bool,
    /// It can use in-band forward error correction.
    pub fec: bool,
    /// It prefers discontinuous transmission.
    pub dtx: bool,
    /// It prefers stereo.
    pub stereo: bool,
}

impl Default for OpusParameters {
    fn default() -> Self {
        Self {
            max_playback_rate: 48_000,
            max_capture_rate: 48_000,
            max_average_bitrate: None,
            constant_bitrate: false,
            fec: false,
            dtx: false,
            stereo: false,
        }
    }
}

/// Samples a second of the tones and prompts that are made here.
pub const SAMPLE_RATE: u32 = 8000;

/// Level in dBm0 of a sine over the full range of `i16`: ITU-T G.711, table 1a.
#[expect(clippy::approx_constant, reason = "a level of the table, not half a turn")]
pub(crate) const FULL_SCALE_DBM0: f32 = 3.14;

impl Codec {
    /// All formats that we speak, the best known first.
    pub const ALL: [Self; 4] = [Self::Pcma, Self::Pcmu, Self::G722, Self::Opus];

    /// The encoding name of `a=rtpmap`: RFC 3551 §6, RFC 7587 §7.
    pub const fn rtp_name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The RTP clock in Hz, as `a=rtpmap` says it.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => 8000,
            Self::Opus => 48_000,
        }
    }

    /// The channels that `a=rtpmap` says; what is sent may be mono all the same (RFC 7587 §7).
    pub const fn rtp_channels(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => 1,
            Self::Opus => 2,
        }
    }

    /// The payload type that RFC 3551 §6 fixes for it.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcma => Some(8),
            Self::Pcmu => Some(0),
            Self::G722 => Some(9),
            Self::Opus => None,
        }
    }

    /// The law, when it is G.711.
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::Pcma => Some(Law::A),
            Self::Pcmu => Some(Law::Mu),
            Self::G722 | Self::Opus => None,
        }
    }

    /// The format that `a=rtpmap` names; the name in any case.
    pub fn from_rtp(name: &str, clock_rate: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.rtp_name().eq_ignore_ascii_case(name) && codec.clock_rate() == clock_rate)
    }

    /// The format that a payload type without `a=rtpmap` means.
    pub fn from_static(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type))
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
