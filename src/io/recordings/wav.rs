//! WAV with G.711 A-law: RIFF with `fmt `, `fact` and `data`, whose lengths are kept true while it grows.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use super::file::{Contents, bytes};
use crate::codec::{Law, g711};
use crate::media::tape::FRAME_SAMPLES;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Wav {
    file: File,
    /// Encoded, and not handed to the kernel yet.
    pending: Vec<u8>,
    /// Bytes of sound in the file.
    sound: u64,
    halves: [Half; 2],
}

impl Wav {
    pub(super) fn begin(mut file: File) -> io::Result<Self> {
        file.write_all(&header(0))?;
        Ok(Self { file, pending: Vec::new(), sound: 0, halves: [Half::new(), Half::new()] })
    }

    pub(super) fn add(&mut self, frame: &[i16; FRAME_SAMPLES]) -> io::Result<()> {
        for four in frame.chunks_exact(4) {
            let [left, right, next_left, next_right] = four else { continue };
            let [l, r] = &mut self.halves;
            for sample in [l.push(*left, *next_left), r.push(*right, *next_right)] {
                self.pending.push(g711::encode_sample(Law::A, sample));
            }
        }
        if self.pending.len() >= FLUSH_BYTES { self.flush() } else { Ok(()) }
    }

    /// The sound first: a header that knows too little only hides the end.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.pending)?;
        self.sound += self.pending.len() as u64;
        self.pending.clear();
        self.file.write_all_at(&header(self.sound), 0)
    }

    pub(super) fn finish(mut self) -> io::Result<Contents> {
        self.flush()?;
        self.file.sync_all()?;
        Ok(Contents { duration_ms: self.sound / BYTES_A_MS, bytes: bytes(&self.file)? })
    }

    #[cfg(test)]
    pub(super) fn break_file(&mut self) {
        self.file = File::open("/dev/null").expect("it is always there");
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

/// Makes the header's lengths those of the file.
pub(super) fn mend(file: &File) -> io::Result<Contents> {
    let length = bytes(file)?;
    let sound = length.saturating_sub(HEADER as u64) / CHANNELS * CHANNELS;
    file.set_len(HEADER as u64 + sound)?;
    file.write_all_at(&header(sound), 0)?;
    Ok(Contents { duration_ms: sound / BYTES_A_MS, bytes: HEADER as u64 + sound })
}

fn header(sound: u64) -> [u8; HEADER] {
    let mut header = *TEMPLATE;
    let sound = u32::try_from(sound).unwrap_or(u32::MAX);
    let mut put = |at: usize, value: u32| {
        if let Some(field) = header.get_mut(at..at + 4) {
            field.copy_from_slice(&value.to_le_bytes());
        }
    };
    put(4, sound.saturating_add(HEADER as u32 - 8));
    put(46, sound / 2);
    put(54, sound);
    header
}

/// Makes one sample of 8000 Hz out of two of 16000 Hz, behind a low pass of half the band.
#[derive(Debug)]
struct Half {
    taps: [f32; TAPS],
    /// The last samples, the newest last.
    past: [f32; TAPS],
}

impl Half {
    /// A sinc under a Hann window: −6 dB at 4000 Hz.
    fn new() -> Self {
        let middle = (TAPS / 2) as f32;
        let taps = std::array::from_fn(|n| {
            let x = n as f32 - middle;
            let sinc =
                if x == 0.0 { 0.5 } else { (x * std::f32::consts::FRAC_PI_2).sin() / (x * std::f32::consts::PI) };
            let window = 0.5 + 0.5 * (x * std::f32::consts::PI / (middle + 1.0)).cos();
            sinc * window
        });
        Self { taps, past: [0.0; TAPS] }
    }

    fn push(&mut self, first: i16, second: i16) -> i16 {
        self.past.copy_within(2.., 0);
        let [.., before, last] = &mut self.past;
        (*before, *last) = (f32::from(first), f32::from(second));
        let sum: f32 = self.taps.iter().zip(&self.past).map(|(tap, sample)| tap * sample).sum();
        sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
    }
}

const HEADER: usize = 58;
/// A-law (6), two channels, 8000 samples and 16000 bytes a second, 2 bytes a sample of both, 8 bits, no more fields; lengths 0.
const TEMPLATE: &[u8; HEADER] = b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0\x06\0\x02\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x08\0\0\0\
    fact\x04\0\0\0\0\0\0\0data\0\0\0\0";
const CHANNELS: u64 = 2;
/// Bytes of sound in a millisecond.
const BYTES_A_MS: u64 = 16;
/// 240 ms of sound.
const FLUSH_BYTES: usize = 3_840;
/// Taps of the low pass.
const TAPS: usize = 31;
