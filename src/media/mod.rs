//! The media plane as one pure machine: endpoints, what is heard from each and what is sent to it. Packets and 20 ms ticks
//! in and out. Knows no SIP and no office; `io::rtp` moves its packets.
//!
//! # What happens to a packet
//!
//! Where both sides of a bridge speak the same format, a packet is *relayed*: its header is edited and the payload is left
//! (from one law of G.711 to the other it is looked up byte by byte). So loss and jitter reach the hearer's own buffer,
//! and nothing is decoded in between. Everywhere else sound is *decoded*: an [`Ear`](ear::Ear) with an adaptive jitter buffer and
//! concealment on the side that speaks, a [`Voice`](voice::Voice) with an encoder on the side that hears, and the hearer's
//! own clock moves sound from the one to the other. Rooms mix what many ears hear. Tapes copy what was heard.
//!
//! [`Plane`] owns all endpoints of one media thread. A packet goes in by [`Plane::handle_packet`] and, edited where it lies,
//! out again to the other end of the bridge; what is played, digits and RTCP come out of [`Plane::tick`]. Every outgoing
//! stream has one SSRC for life and sequence numbers and timestamps without a seam, whoever is heard in it.
//!
//! # Who is heard
//!
//! The threat is RTP bleed (2017; found again in relays in 2025): a relay that listens to whoever sends to a media port
//! lets a stranger be heard in a call, and, as it answers to where packets come from, sends him the call. Ports are
//! found by spraying one packet at each. But phones behind NAT send from an address that signalling can't name, so
//! some trust in packets is needed. The rule, in `latch.rs`:
//!
//! - A packet counts only if it is RTP version 2, of an agreed payload type and no longer than 1500 bytes.
//! - The address that signalling named is always heard, and takes over from any other.
//! - While nothing has come from there, the first valid packet from elsewhere proves its source *provisionally*; after
//!   [`Command::Expect`] only one from the named host or from the host of the peer's signalling. Within the next three
//!   seconds a packet from the named host, though from another port, takes over; after that nobody but the named
//!   address does.
//! - Once a source is proved, strangers are dropped and counted. It moves only when it was silent for three seconds and
//!   the new source continues the same SSRC with a plausible sequence number (a NAT that forgot its binding), or
//!   when a `Configure` came (a re-INVITE) and the new source is of the same host. Silence alone opens nothing: a peer
//!   on hold is silent. A `Configure` that names another address begins anew.
//! - Sending goes to the proved source, before that to the named address; to nobody else. Multicast, broadcast and
//!   unspecified addresses are never sent to.
//! - RTCP is heard from the named address, or from the host that RTP proved, and sent likewise. It is never relayed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::base::{EndpointId, RecordingId, RoomId};
use crate::sdp::Agreed;

mod clip;
mod digits;
mod ear;
mod endpoint;
mod incoming;
mod latch;
pub mod melody;
mod outgoing;
mod plane;
mod player;
mod report;
mod room;
mod secure;
pub mod tape;
mod voice;

pub use clip::Clip;
pub use plane::{Forward, Plane};

/// Signals of the country: `config/countries`. Frequencies in Hz, cadence in milliseconds of sound and silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tone {
    /// One or two frequencies that sound together; one that is 0 is absent.
    pub frequencies: [u16; 2],
    /// Sound, silence, sound, silence … repeated; empty: sounds without end.
    pub cadence_ms: Vec<u16>,
}

/// Tunes for those who wait, in turn and without end. All hear the same at the same time, as on the radio: whoever is put on
/// hold again hears how it goes on.
#[derive(Debug, PartialEq, Eq)]
pub struct Music {
    /// In the order in which they are played; empty ones are passed over.
    pub tunes: Vec<Arc<Clip>>,
}

/// What is played to an endpoint.
#[expect(missing_docs, reason = "the fields say what they are; the variants tell the rest")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A file, `repeat` times over; 0: for ever.
    Clip { clip: Arc<Clip>, repeat: u32 },
    /// Clips one behind the other without a gap, once; empty ones are passed over.
    Sequence(Arc<[Arc<Clip>]>),
    /// A tone, until stopped.
    Tone(Tone),
    /// Music, until stopped.
    Music(Arc<Music>),
}

/// Whom a member of a room speaks to. It hears all who speak to it, whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// A party of a conference.
    ToAll,
    /// Muted, or listening in.
    ToNobody,
    /// Whispering into one ear.
    To(EndpointId),
}

/// Orders to the media plane. An order for an endpoint that is gone is dropped.
#[expect(missing_docs, reason = "the fields say what they are; the variants tell the rest")]
#[derive(Clone, Debug)]
pub enum Command {
    /// Takes an endpoint into use on a port pair that [`Event::Ports`] announced.
    Open { endpoint: EndpointId, port: u16 },
    /// What was agreed by offer and answer; may come again at a re-INVITE. Before it nothing is sent, and what arrives is not heard.
    Configure { endpoint: EndpointId, agreed: Agreed },
    /// The peer's signalling comes from this host: besides the address that `Configure` names, only it may prove itself by
    /// a first packet. Best sent before `Configure`; where it never comes, the first valid packet proves any host.
    Expect { endpoint: EndpointId, host: IpAddr },
    /// Each hears the other from now on, until `Play`, `Separate`, `Join` or `Close`. Relayed as it is when the codecs are the
    /// same, transcoded when not. `a` may be `b`: it hears itself.
    Bridge { a: EndpointId, b: EndpointId },
    /// Puts an endpoint into a room, where all hear all; the room is made by its first member and gone with its last. Ends
    /// its bridge. For one that is in the room already, it changes whom it speaks to.
    Join { endpoint: EndpointId, room: RoomId, speaks: Speaks },
    /// Ends a bridge, for both, or leaves a room; it hears nothing.
    Separate { endpoint: EndpointId },
    /// Plays to one endpoint; whoever is bridged with it is not heard meanwhile. `id` comes back in `PlayEnded`. What was
    /// played before ends without one. While nothing may be sent, time passes in a clip all the same. `until_digit`: the
    /// first key that the peer presses stops it at once, without a `PlayEnded`.
    Play { endpoint: EndpointId, id: u32, sound: Sound, until_digit: bool },
    /// Stops what is played; a bridge is heard again. No `PlayEnded` follows.
    StopPlay { endpoint: EndpointId },
    /// Plays to all members of a room, beside what they say: join and leave tones, announcements. In place of the one before.
    Announce { room: RoomId, sound: Sound },
    /// Plays a digit to the peer as RFC 4733 events (or as tones when that was not agreed), after those that are
    /// still being sent; nothing else is heard meanwhile. Held for 40 to 5000 milliseconds.
    SendDigit { endpoint: EndpointId, digit: char, duration_ms: u32 },
    /// On hold, silence is expected: the silence watch rests.
    WatchSilence { endpoint: EndpointId, on: bool },
    /// What is heard from both goes on tape from now on, a side each: [`Plane::poll_block`]. Ends with either endpoint. The
    /// same one twice is heard on the left alone.
    Record { recording: RecordingId, left: EndpointId, right: EndpointId },
    /// A pause takes no time on the tape.
    PauseRecording { recording: RecordingId, on: bool },
    /// Ends the tape.
    StopRecording { recording: RecordingId },
    /// Frees the endpoint and its ports; [`Event::Closed`] follows.
    Close { endpoint: EndpointId },
}

impl Command {
    /// Whom it is for; of a bridge or a recording the first.
    pub fn endpoint(&self) -> Option<EndpointId> {
        match *self {
            Self::Open { endpoint, .. }
            | Self::Configure { endpoint, .. }
            | Self::Expect { endpoint, .. }
            | Self::Bridge { a: endpoint, .. }
            | Self::Join { endpoint, .. }
            | Self::Separate { endpoint }
            | Self::Play { endpoint, .. }
            | Self::StopPlay { endpoint }
            | Self::SendDigit { endpoint, .. }
            | Self::WatchSilence { endpoint, .. }
            | Self::Record { left: endpoint, .. }
            | Self::Close { endpoint } => Some(endpoint),
            Self::Announce { .. } | Self::PauseRecording { .. } | Self::StopRecording { .. } => None,
        }
    }
}

/// What the media plane tells the engine.
#[expect(missing_docs, reason = "the fields say what they are; the variants tell the rest")]
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Port pairs that are bound and free: RTP at `port`, RTCP at `port + 1`.
    Ports { ports: Vec<u16> },
    /// A digit was heard (RFC 4733 or in-band), once, at its end.
    Digit { endpoint: EndpointId, digit: char, duration_ms: u32 },
    /// A clip came to its end.
    PlayEnded { endpoint: EndpointId, id: u32 },
    /// The first packet from the proved peer was heard.
    Heard { endpoint: EndpointId },
    /// Nothing came from there for [`limits::MEDIA_SILENCE`](crate::base::limits::MEDIA_SILENCE); told once until sound is back.
    Silent { endpoint: EndpointId },
    /// Sound is back after `Silent`.
    Resumed { endpoint: EndpointId },
    /// The endpoint is gone.
    Closed { endpoint: EndpointId, stats: Stats },
}

/// What an endpoint counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// RTP packets that were accepted.
    pub received: u64,
    /// RTP packets that were sent.
    pub sent: u64,
    /// By the gaps in sequence numbers, RFC 3550 §6.4.1.
    pub lost: u64,
    /// Interarrival jitter in milliseconds, RFC 3550 §6.4.1.
    pub jitter_ms: f32,
    /// Round trip in milliseconds by RTCP, when the peer reports, RFC 3550 §6.4.1.
    pub round_trip_ms: Option<f32>,
    /// How well the peer was heard: mean opinion score by the E-model, 1 to 4.5. `None` when nothing was heard.
    pub mos: Option<f32>,
    /// What the peer reported of how it hears us.
    pub far: Option<Far>,
    /// Packets of strangers that were dropped. Those that the kernel kept from a settled endpoint are not counted.
    pub strangers: u64,
}

/// The other way of a stream, as the peer's RTCP tells it: RFC 3550 §6.4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Far {
    /// Packets of ours that it missed.
    pub lost: u64,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f32,
    /// Mean opinion score by the E-model, 1 to 4.5.
    pub mos: f32,
}

/// Where a packet goes that the machine hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// From whose port it leaves.
    pub endpoint: EndpointId,
    /// To whom.
    pub to: SocketAddr,
    /// From the RTCP port rather than the RTP port.
    pub rtcp: bool,
}

#[cfg(test)]
mod tests;
