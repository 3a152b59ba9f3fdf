//! Session descriptions (RFC 8866) and offer/answer (RFC 3264), for audio: text ⇄ what two sides agreed on.

use std::net::SocketAddr;

use crate::codec::Codec;

/// Who may send: RFC 8866 §6.7, as seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// What both sides agreed on for the audio stream, as seen from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The format of what we send, and of what we expect.
    pub codec: Codec,
    /// Payload type that the peer wants for `codec`; what we send with.
    pub payload_type: u8,
    /// Payload type of telephone-event (RFC 4733) that the peer accepts, when it does.
    pub dtmf_payload_type: Option<u8>,
    /// Where the peer wants its RTP; `None` on hold by 0.0.0.0 or a refused stream.
    pub rtp: Option<SocketAddr>,
    /// Where it wants its RTCP: `a=rtcp` (RFC 3605), else the next port.
    pub rtcp: Option<SocketAddr>,
    /// What we may do: `SendOnly` or `Inactive` means that the peer put us on hold.
    pub direction: Direction,
    /// Milliseconds of sound in a packet that the peer asks for; 20 when it doesn't.
    pub ptime_ms: u32,
    /// Formats that both sides could speak, the peer's order.
    pub common: Vec<Codec>,
}
