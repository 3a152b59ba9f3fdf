//! Sound files of the office: an uploaded wav, ogg or mp3 becomes the mono 8 kHz clip that the exchange plays, once, when it
//! is uploaded; the clip is kept beside the original, so that a start decodes nothing. Reads and writes files, blocks
//! for some seconds with long ones: never on the thread of the calls.
//!
//! A file comes from whoever may upload: its size, its length and the work it makes are bounded, and a panic in a decoder
//! is a broken file, not our end.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::media::Clip;

mod decode;
mod mono;
mod opus;
mod wav;

pub use wav::{from_wav, to_wav};

/// What an upload may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The file's size in bytes.
    pub bytes: u64,
    /// Its sound's length in seconds.
    pub seconds: u32,
}

impl Default for Limits {
    /// 10 MB (product.md, media files) and half an hour, which is 29 MB of memory.
    fn default() -> Self {
        Self { bytes: 10 * MEGABYTE, seconds: 30 * 60 }
    }
}

/// Why a file can't be played. The text is for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The disk said no.
    #[error("cannot read the file: {0}")]
    Unreadable(#[from] io::Error),
    /// More bytes than [`Limits::bytes`].
    #[error("too large: {bytes} bytes, at most {}", size(*.most))]
    TooLarge {
        /// Of the file.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// More sound than [`Limits::seconds`], or so many channels and samples that it would take as long to read.
    #[error("too long: at most {} minutes", .most_seconds / 60)]
    TooLong {
        /// The limit.
        most_seconds: u32,
    },
    /// Its first bytes are those of no sound file.
    #[error("not an audio file we know; {PLAYS}")]
    Unknown,
    /// A sound file of a kind that we know by name only.
    #[error("{kind} is not supported yet; {PLAYS}")]
    NotYet {
        /// As people call it.
        kind: &'static str,
    },
    /// The right kind of file with another coding of sound in it, such as GSM in a wav.
    #[error("a {kind} file with a coding of sound that is not supported: {detail}")]
    Coding {
        /// wav, ogg or mp3.
        kind: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// Outside 4 to 192 kHz or 1 to 8 channels.
    #[error("{rate} Hz with {channels} channels; at most 8 channels of 4000 to 192000 Hz are supported")]
    Shape {
        /// Samples a second.
        rate: u32,
        /// Channels.
        channels: usize,
    },
    /// Cut off or damaged before any sound.
    #[error("the {kind} file is damaged: {detail}")]
    Damaged {
        /// wav, ogg or mp3.
        kind: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// Not one sample.
    #[error("there is no sound in the file")]
    Empty,
}

/// Decodes a file to what the exchange plays: the mean of its channels, 8000 Hz, never clipped (one that would be is made
/// softer as a whole). The content tells what it is, not the name. What is damaged after the first sound is left out.
///
/// # Errors
/// See [`ImportError`].
pub fn import(path: &Path, limits: &Limits) -> Result<Clip, ImportError> {
    let bytes = read(path, limits.bytes)?;
    import_bytes(bytes, limits)
}

/// [`import`] of a file that is in memory already.
///
/// # Errors
/// As [`import`].
pub fn import_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Clip, ImportError> {
    if bytes.len() as u64 > limits.bytes {
        return Err(ImportError::TooLarge { bytes: bytes.len() as u64, most: limits.bytes });
    }
    let (kind, bytes) = decode::recognise(bytes)?;
    // The decoders are safe Rust and libopus; what they build dies with the call, so nothing torn stays behind.
    let samples = catch_unwind(AssertUnwindSafe(|| decode::decode(kind, bytes, limits)))
        .unwrap_or_else(|_| Err(kind.damaged("its decoder gave up")))?;
    if samples.is_empty() { Err(ImportError::Empty) } else { Ok(Clip { samples }) }
}

/// Where the clip of an original is kept: `greeting.ogg` → `greeting.ogg.clip.wav`.
pub fn clip_path(original: &Path) -> PathBuf {
    let mut name = original.as_os_str().to_owned();
    name.push(".clip.wav");
    PathBuf::from(name)
}

/// Keeps a clip as a WAV of 8 kHz and 16 bits: whole or not at all, also when the power goes.
///
/// # Errors
/// As the disk says.
pub fn store(clip: &Clip, path: &Path) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let mut file = File::create(&draft)?;
    file.write_all(&to_wav(clip))?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads what [`store`] wrote, without a decoder.
///
/// # Errors
/// [`ImportError::Unreadable`]; [`ImportError::Damaged`] when it isn't what `store` writes: then [`import`] the original again.
pub fn load(path: &Path) -> Result<Clip, ImportError> {
    let bytes = read(path, MOST_CLIP_BYTES)?;
    from_wav(&bytes).ok_or_else(|| decode::Kind::Wav.damaged("not a clip of this exchange"))
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, ImportError> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file").into());
    }
    if about.len() > most {
        return Err(ImportError::TooLarge { bytes: about.len(), most });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    // It may grow meanwhile.
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(ImportError::TooLarge { bytes: bytes.len() as u64, most });
    }
    Ok(bytes)
}

fn size(bytes: u64) -> String {
    if bytes % MEGABYTE == 0 { format!("{} MB", bytes / MEGABYTE) } else { format!("{bytes} bytes") }
}

const MEGABYTE: u64 = 1024 * 1024;
/// Some hours: a clip is never longer than an import allowed.
const MOST_CLIP_BYTES: u64 = 256 * MEGABYTE;
const PLAYS: &str = "dozvon plays wav, ogg and mp3";

#[cfg(test)]
mod tests;
