//! The clip as a WAV file of 8 kHz, 16 bits, one channel: RIFF with a `fmt ` and a `data` chunk and nothing else.

use crate::media::Clip;

/// A whole WAV file.
pub fn to_wav(clip: &Clip) -> Vec<u8> {
    let length = u32::try_from(clip.samples.len() * 2).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER + clip.samples.len() * 2);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(length.saturating_add(36)).to_le_bytes());
    bytes.extend_from_slice(FORMAT);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend(clip.samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// Reads what [`to_wav`] wrote; `None` for anything else, also when it is cut off.
pub fn from_wav(bytes: &[u8]) -> Option<Clip> {
    let (header, sound) = bytes.split_at_checked(HEADER)?;
    let length = u32::try_from(sound.len()).ok()?;
    let ours = header.get(8..40)? == FORMAT && header.get(40..)? == length.to_le_bytes() && header.starts_with(b"RIFF");
    if !ours || length % 2 != 0 {
        return None;
    }
    let samples = sound.chunks_exact(2).filter_map(|pair| pair.first_chunk().map(|pair| i16::from_le_bytes(*pair)));
    Some(Clip { samples: samples.collect() })
}

const HEADER: usize = 44;
/// From `WAVE` to `data`: PCM, one channel, 8000 samples and 16000 bytes a second, 2 bytes a frame, 16 bits.
const FORMAT: &[u8; 32] = b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data";
