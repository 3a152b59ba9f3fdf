//! Session descriptions (RFC 8866) and offer/answer (RFC 3264), for audio: text ⇄ what two sides agreed on. Knows no call,
//! no office and no socket.
//!
//! We read what phones and carriers really send: bare LF, lines out of place or missing, names in any case, junk after
//! the end. What we write is to the letter.

use std::net::SocketAddr;

use crate::codec::{Codec, OpusParameters};

mod crypto;
mod description;
mod formats;
mod negotiator;
mod statement;

pub use crate::rtp::srtp::{MasterKey, Suite};
pub use negotiator::Negotiator;

/// Who may send: RFC 8866 §6.7, as seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// Whether we may send.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the peer may send.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same as seen from the other side: RFC 3264 §6.1.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// What both allow.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::of(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    fn from_attribute(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.attribute().eq_ignore_ascii_case(name))
    }
}

/// What both sides agreed on for the audio stream, as seen from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The format of what we send, and of what we expect.
    pub codec: Codec,
    /// Payload type that the peer wants for `codec`; what we send with.
    pub payload_type: u8,
    /// The telephone-event (RFC 4733) that the peer accepts, when it does: that of the codec's clock where there is a choice.
    pub events: Option<Events>,
    /// What the payload types of its packets mean: as our description said, and as its own did where that leaves no doubt
    /// (phones send dynamic formats by either number).
    pub hears: Vec<(u8, Meaning)>,
    /// The peer takes comfort noise (RFC 3389) as payload type 13 beside `codec`.
    pub noise: bool,
    /// What the peer asks of our Opus.
    pub opus: OpusParameters,
    /// Keys of both directions when the stream is SRTP.
    pub srtp: Option<StreamKeys>,
    /// Where the peer wants its RTP; `None` on hold by 0.0.0.0, and when it gave a host name, a multicast address or
    /// none: then only its packets can tell.
    pub rtp: Option<SocketAddr>,
    /// Where it wants its RTCP: `a=rtcp` (RFC 3605), else the next port.
    pub rtcp: Option<SocketAddr>,
    /// What we may do. The peer put us on hold when we may not send: see [`on_hold`](Self::on_hold).
    pub direction: Direction,
    /// Milliseconds of sound in a packet that the peer asks for: 10 to 60, in tens; 20 when it doesn't.
    pub ptime_ms: u32,
    /// The most milliseconds of sound in a packet that it can take, when it says so: `a=maxptime`, brought to 10 to 60.
    pub max_ptime_ms: Option<u32>,
    /// Formats that both sides could speak, the peer's order.
    pub common: Vec<Codec>,
}

/// telephone-event in one direction: RFC 4733.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// What it goes by.
    pub payload_type: u8,
    /// The RTP clock in Hz that its durations count: 8000, or 48000 beside Opus.
    pub clock_rate: u32,
}

/// What a payload type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Sound.
    Audio(Codec),
    /// telephone-event under this RTP clock in Hz.
    Events(u32),
    /// Comfort noise: RFC 3389.
    Noise,
}

/// The SRTP keys of one stream: RFC 4568.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamKeys {
    /// How packets are protected, both ways.
    pub suite: Suite,
    /// For what we send.
    pub ours: MasterKey,
    /// For what the peer sends.
    pub theirs: MasterKey,
}

impl std::fmt::Debug for StreamKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamKeys").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// Whether a leg's sound is SRTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SrtpPolicy {
    /// Never: plain RTP is offered, streams that must be SRTP are refused.
    Off,
    /// When the peer can: keys are offered beside plain RTP, and either is taken.
    Optional,
    /// Always: a peer that can't gets no sound.
    Required,
}

impl Agreed {
    /// Whether the peer put us on hold: it sends only (`RecvOnly` for us) or nothing goes at all. Hold by 0.0.0.0 (RFC 3264
    /// §8.4) counts as well.
    pub const fn on_hold(&self) -> bool {
        !self.direction.sends()
    }
}

/// Why a session description leads to no sound. [`status`](Self::status) answers a request that carried it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no session description.
    #[error("session description line {line}: {what}")]
    Parse {
        /// Counted from 1; 0 for the whole.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// No audio stream over a transport that we may use, or the peer refused ours.
    #[error("no usable audio stream")]
    NoAudio,
    /// Audio, but without keys that we can use where there must be some.
    #[error("no usable srtp keys")]
    NotSecure,
    /// Audio, but no format that we speak and may use.
    #[error("no common audio format")]
    NoCommonCodec,
    /// An answer came where no offer of ours is open.
    #[error("answer without an offer")]
    NoOffer,
}

impl Error {
    /// The SIP status: 400 for nonsense, 488 where we decline (RFC 3261 §13.3.1.3).
    pub const fn status(&self) -> u16 {
        match self {
            Self::Parse { .. } => 400,
            Self::NoAudio | Self::NotSecure | Self::NoCommonCodec | Self::NoOffer => 488,
        }
    }
}

#[cfg(test)]
mod tests;
