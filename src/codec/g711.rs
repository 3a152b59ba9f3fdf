//! G.711: one byte a sample, A-law and µ-law (ITU-T G.711, tables 1 and 2).

use audio_codec_algorithms as laws;

use super::Codec;

/// One sample as a byte.
pub fn encode_sample(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcma => laws::encode_alaw(sample),
        Codec::Pcmu => laws::encode_ulaw(sample),
    }
}

/// The sample that a byte means.
pub fn decode_sample(codec: Codec, byte: u8) -> i16 {
    match codec {
        Codec::Pcma => laws::decode_alaw(byte),
        Codec::Pcmu => laws::decode_ulaw(byte),
    }
}

/// Encodes as many samples as both slices hold; returns how many.
pub fn encode(codec: Codec, samples: &[i16], bytes: &mut [u8]) -> usize {
    match codec {
        Codec::Pcma => each(samples, bytes, laws::encode_alaw),
        Codec::Pcmu => each(samples, bytes, laws::encode_ulaw),
    }
}

/// Decodes as many bytes as both slices hold; returns how many.
pub fn decode(codec: Codec, bytes: &[u8], samples: &mut [i16]) -> usize {
    match codec {
        Codec::Pcma => each(bytes, samples, laws::decode_alaw),
        Codec::Pcmu => each(bytes, samples, laws::decode_ulaw),
    }
}

/// Turns a payload from one law into the other in place, by the tables 3 and 4 of G.711: A → µ → A changes nothing but the
/// lowest bit of some codes. Nothing happens when the laws are the same.
pub fn transcode(from: Codec, to: Codec, payload: &mut [u8]) {
    let convert: fn(u8) -> u8 = match (from, to) {
        (Codec::Pcma, Codec::Pcmu) => laws::convert_alaw_to_ulaw,
        (Codec::Pcmu, Codec::Pcma) => laws::convert_ulaw_to_alaw,
        (Codec::Pcma, Codec::Pcma) | (Codec::Pcmu, Codec::Pcmu) => return,
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
