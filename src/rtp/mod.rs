//! The packets of the media path (RFC 3550): RTP headers read and written in place, RTCP, telephone-event (RFC 4733),
//! and what a receiver counts. Knows no socket, no endpoint and no call; nothing here allocates for a packet.

pub mod event;
pub mod jitter;
mod packet;
pub mod quality;
mod reception;
pub mod rtcp;
pub mod srtp;

pub use packet::{HEADER_BYTES, Header, MAX_PACKET_BYTES, Malformed, Packet, read, strip};
pub use reception::{Order, Reception};

/// Comfort noise: RFC 3389, payload type 13 for the 8000 Hz clock.
pub const COMFORT_NOISE: u8 = 13;
/// Ticks of the RTP clock in a second, for G.711 and its telephone events.
pub const CLOCK_HZ: u32 = 8000;
