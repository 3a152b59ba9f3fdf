//! Samples in, bytes out, and back; tones made and heard. Knows no packet, no call and no file.
//!
//! All linear sound here is mono, 8000 samples a second, 16 bits; levels are dBm0, where a sine over the full range of
//! `i16` is +3.14 (ITU-T G.711, table 1). Nothing here allocates once its machine is made.

pub mod detect;
pub mod g711;
pub mod tone;

pub use g711::transcode;

/// An audio format of the media path: RFC 3551.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, 8000 Hz, payload type 8.
    Pcma,
    /// G.711 µ-law, 8000 Hz, payload type 0.
    Pcmu,
}

/// Samples a second of all sound inside the exchange.
pub const SAMPLE_RATE: u32 = 8000;

/// Level in dBm0 of a sine over the full range of `i16`: ITU-T G.711, table 1a.
#[expect(clippy::approx_constant, reason = "a level of the table, not half a turn")]
pub(crate) const FULL_SCALE_DBM0: f32 = 3.14;

impl Codec {
    /// All formats that we speak.
    pub const ALL: [Self; 2] = [Self::Pcma, Self::Pcmu];

    /// The encoding name of `a=rtpmap`, RFC 3551 §6.
    pub const fn rtp_name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// The RTP clock in Hz, as `a=rtpmap` says it.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu => 8000,
        }
    }

    /// The payload type that RFC 3551 §6 fixes for it.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcma => Some(8),
            Self::Pcmu => Some(0),
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

    /// The byte that sounds as silence.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xD5,
            Self::Pcmu => 0xFF,
        }
    }
}

#[cfg(test)]
mod tests;
