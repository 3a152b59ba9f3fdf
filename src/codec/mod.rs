//! Samples in, bytes out, and back; tones made and heard. Knows no packet, no call and no file.

/// An audio format of the media path: RFC 3551.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, 8000 Hz, payload type 8.
    Pcma,
    /// G.711 µ-law, 8000 Hz, payload type 0.
    Pcmu,
}
