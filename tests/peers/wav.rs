//! WAV files for the voices of phones, and an ear for what phones recorded.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::process::Command;

use dozvon::codec::{Law, detect, g711};

/// What every WAV file has before its samples, as written here and by libsndfile.
const HEADER: usize = 44;
const RATE: u32 = 8000;

/// Writes so many seconds of a sum of tones, 8 kHz mono.
pub(crate) fn write_tone(path: &Path, hz: &[u16], seconds: u32) {
    let samples: Vec<i16> = (0..RATE * seconds).map(|n| sum_of_tones(hz, n)).collect();
    write(path, &samples);
}

/// 200 ms of each digit as a telephone sounds it, with as much silence before and after, in PCMA without a header.
pub(crate) fn write_digits(path: &Path, digits: &str) {
    let mut samples = vec![0; 1600];
    for digit in digits.chars() {
        let tones = tones_of(digit);
        samples.extend((0..1600).map(|n| sum_of_tones(&tones, n)));
        samples.extend([0; 1600]);
    }
    let mut bytes = vec![0; samples.len()];
    g711::encode(Law::A, &samples, &mut bytes);
    fs::write(path, bytes).unwrap();
}

/// ITU-T Q.23.
fn tones_of(digit: char) -> [u16; 2] {
    let at = "123A456B789C*0#D".find(digit).expect("a digit of a telephone");
    [[697, 770, 852, 941][at / 4], [1209, 1336, 1477, 1633][at % 4]]
}

fn sum_of_tones(hz: &[u16], n: u32) -> i16 {
    let sum: f64 = hz.iter().map(|hz| (f64::from(n) * f64::from(*hz) * TAU / f64::from(RATE)).sin()).sum();
    (sum * 8000.0) as i16
}

fn write(path: &Path, samples: &[i16]) {
    let size = u32::try_from(samples.len() * 2).unwrap();
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(2u16.to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

/// How many 20 ms blocks of a recorded WAV, from this byte on, hold this tone.
pub(crate) fn blocks_of(path: &Path, from: u64, hz: u16) -> usize {
    blocks(&samples_of(path, from), hz)
}

/// The first channel of a recorded WAV at 8 kHz, from this byte on. Reads a file that is still being written.
pub(crate) fn samples_of(path: &Path, from: u64) -> Vec<i16> {
    let bytes = fs::read(path).unwrap_or_default();
    if bytes.get(22..28).is_none_or(|format| format.iter().all(|byte| *byte == 0)) {
        return Vec::new(); // linphone writes the head when it ends
    }
    let rate = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
    // Every sixth sample of the first channel will do for tones: what folds back is far away from them.
    let frame = 2 * usize::from(bytes[22]) * usize::try_from(rate / RATE).unwrap();
    assert!(frame > 0 && rate % RATE == 0, "a recording of {rate} Hz with {} channels", bytes[22]);
    let from = usize::try_from(from).unwrap().max(HEADER) / frame * frame;
    let samples = bytes.get(from.max(HEADER)..).unwrap_or_default().chunks_exact(frame);
    samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// How many 20 ms blocks of sound of 8 kHz hold this tone.
pub(crate) fn blocks(samples: &[i16], hz: u16) -> usize {
    let near = |block: &&[i16]| detect::dominant(block).is_some_and(|tone| tone.abs_diff(hz) <= 25);
    samples.chunks_exact(160).filter(near).count()
}

/// How many 20 ms blocks hold this tone beside another one.
pub(crate) fn blocks_beside(samples: &[i16], hz: u16) -> usize {
    let heard =
        |block: &&[i16]| detect::Ear::hear(block).frequencies.iter().flatten().any(|tone| tone.abs_diff(hz) <= 25);
    samples.chunks_exact(160).filter(heard).count()
}

/// Both channels at 8 kHz of the one recording under a directory, as ffmpeg reads it.
pub(crate) fn sides(directory: &Path) -> [Vec<i16>; 2] {
    let samples = decoded(directory, "2");
    let side = |at: usize| samples.chunks_exact(2).map(|pair| pair[at]).collect();
    [side(0), side(1)]
}

/// The one file of sound under a directory at 8 kHz, as ffmpeg reads it.
pub(crate) fn mono(directory: &Path) -> Vec<i16> {
    decoded(directory, "1")
}

fn decoded(directory: &Path, channels: &str) -> Vec<i16> {
    let mut file = directory.to_owned();
    while file.is_dir() {
        let entry = fs::read_dir(&file).unwrap().next().expect("a recording").unwrap();
        file = entry.path();
    }
    let read = Command::new("ffmpeg")
        .args(["-v", "error", "-i", file.to_str().unwrap(), "-f", "s16le", "-ac", channels, "-ar", "8000", "-"])
        .output()
        .expect("ffmpeg");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    read.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
