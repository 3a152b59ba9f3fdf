//! WAV files of tones for prompts, and an ear for what phones recorded.

use std::fs;
use std::path::Path;

use dozvon::codec::detect;

/// Writes so many seconds of a tone, 8 kHz mono.
pub(crate) fn write_tone(path: &Path, hz: u16, seconds: u32) {
    let samples = 8000 * seconds;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + samples * 2).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    for word in [1u16, 1] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(8000u32.to_le_bytes());
    bytes.extend(16_000u32.to_le_bytes());
    for word in [2u16, 16] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((samples * 2).to_le_bytes());
    for n in 0..samples {
        let angle = f64::from(n) * f64::from(hz) * std::f64::consts::TAU / 8000.0;
        bytes.extend(((angle.sin() * 8000.0) as i16).to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

/// How many 20 ms blocks of a recorded WAV hold this tone. Reads a file that is still being written.
pub(crate) fn blocks_of(path: &Path, hz: u16) -> usize {
    let bytes = fs::read(path).unwrap_or_default();
    if bytes.len() < 44 {
        return 0;
    }
    let rate = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
    let step = usize::try_from(rate / 8000).unwrap().max(1);
    let channels = usize::from(u16::from_le_bytes([bytes[22], bytes[23]])).max(1);
    let samples: Vec<i16> =
        bytes[44..].chunks_exact(2 * channels * step).map(|frame| i16::from_le_bytes([frame[0], frame[1]])).collect();
    samples.chunks_exact(160).filter(|block| detect::dominant(block).is_some_and(|tone| tone.abs_diff(hz) <= 25)).count()
}
