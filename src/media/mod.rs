//! The media plane as one pure machine: endpoints, what is heard from each and what is sent to it. Packets and 20 ms ticks
//! in and out. Knows no SIP and no office; `io::rtp` moves its packets.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::EndpointId;
use crate::codec::Codec;
use crate::sdp::Agreed;

/// Sound that is played: mono, 8000 samples a second, 16 bits.
#[derive(Debug, PartialEq, Eq)]
pub struct Clip {
    /// The samples.
    pub samples: Vec<i16>,
}

/// Signals of the country: `config/countries`. Frequencies in Hz, cadence in milliseconds of sound and silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tone {
    /// One or two frequencies that sound together; one that is 0 is absent.
    pub frequencies: [u16; 2],
    /// Sound, silence, sound, silence … repeated; empty: sounds without end.
    pub cadence_ms: Vec<u16>,
}

/// What is played to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A file, `repeat` times over; 0: for ever.
    Clip { clip: Arc<Clip>, repeat: u32 },
    /// A tone, until stopped.
    Tone(Tone),
}

/// Orders to the media plane. An order for an endpoint that is gone is dropped.
#[derive(Clone, Debug)]
pub enum Command {
    /// Takes an endpoint into use on a port pair that [`Event::Ports`] announced.
    Open { endpoint: EndpointId, port: u16 },
    /// What was agreed by offer and answer; may come again at a re-INVITE. Before it nothing is sent, and what arrives is not heard.
    Configure { endpoint: EndpointId, agreed: Agreed },
    /// Each hears the other from now on, until `Play`, `Separate` or `Close`. Relayed as it is when the codecs are the
    /// same, transcoded when not.
    Bridge { a: EndpointId, b: EndpointId },
    /// Ends a bridge; both hear nothing.
    Separate { endpoint: EndpointId },
    /// Plays to one endpoint; whoever is bridged with it is not heard meanwhile. `id` comes back in `PlayEnded`.
    Play { endpoint: EndpointId, id: u32, sound: Sound },
    /// Stops what is played; a bridge is heard again. No `PlayEnded` follows.
    StopPlay { endpoint: EndpointId },
    /// Plays a digit to the peer as RFC 4733 events (or as tones when that was not agreed). Milliseconds.
    SendDigit { endpoint: EndpointId, digit: char, duration_ms: u32 },
    /// On hold, silence is expected: the silence watch rests.
    WatchSilence { endpoint: EndpointId, on: bool },
    /// Frees the endpoint and its ports; [`Event::Closed`] follows.
    Close { endpoint: EndpointId },
}

/// What the media plane tells the engine.
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
    /// Packets of strangers that were dropped.
    pub strangers: u64,
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

/// A use of [`Codec`] for the skeleton.
pub type Format = Codec;
