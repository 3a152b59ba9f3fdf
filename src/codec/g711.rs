//! G.711: one byte a sample, A-law and µ-law (ITU-T G.711, tables 1 and 2).

use audio_codec_algorithms as laws;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law: Europe and Russia, and every call across a border.
    A,
    /// µ-law: North America and Japan.
    Mu,
}

impl Law {
    /// The byte that sounds as silence.
    pub const fn silence(self) -> u8 {
        match self {
            Self::A => 0xD5,
            Self::Mu => 0xFF,
        }
    }
}

/// One sample as a byte.
pub fn encode_sample(law: Law, sample: i16) -> u8 {
    match law {
        Law::A => laws::encode_alaw(sample),
        Law::Mu => laws::encode_ulaw(sample),
    }
}

/// The sample that a byte means.
pub fn decode_sample(law: Law, byte: u8) -> i16 {
    match law {
        Law::A => laws::decode_alaw(byte),
        Law::Mu => laws::decode_ulaw(byte),
    }
}

/// Encodes as many samples as both slices hold; returns how many.
pub fn encode(law: Law, samples: &[i16], bytes: &mut [u8]) -> usize {
    match law {
        Law::A => each(samples, bytes, laws::encode_alaw),
        Law::Mu => each(samples, bytes, laws::encode_ulaw),
    }
}

/// Decodes as many bytes as both slices hold; returns how many.
pub fn decode(law: Law, bytes: &[u8], samples: &mut [i16]) -> usize {
    match law {
        Law::A => each(bytes, samples, laws::decode_alaw),
        Law::Mu => each(bytes, samples, laws::decode_ulaw),
    }
}

/// Turns a payload from one law into the other in place, by the tables 3 and 4 of G.711: A → µ → A changes nothing but the
/// lowest bit of some codes. Nothing happens when the laws are the same.
pub fn transcode(from: Law, to: Law, payload: &mut [u8]) {
    let convert: fn(u8) -> u8 = match (from, to) {
        (Law::A, Law::Mu) => laws::convert_alaw_to_ulaw,
        (Law::Mu, Law::A) => laws::convert_ulaw_to_alaw,
        (Law::A, Law::A) | (Law::Mu, Law::Mu) => return,
    };
    for byte in payload {
        *byte = convert(*byte);
    }
}

fn each<A: Copy, B>(from: &[A], to: &mut [B], convert: impl Fn(A) -> B) -> usize {
    for (source, target) in from.iter().zip(to.iter_mut()) {
        *target = convert(*source);
    }
    from.len().min(to.len())
}
