//! Sound files of the office: what people have as files becomes the clip that the exchange plays, once, when it is uploaded;
//! the clip is kept beside the original, so that a start decodes nothing. Reads and writes files, blocks for some seconds
//! with long ones: never on the thread of the calls.
//!
//! A file comes from whoever may upload: its size, its length and the work it makes are bounded, and it is decoded by a
//! process of its own that may do nothing else. It is decoded twice, first to be measured, then to be coded, so that
//! nothing needs to hold all of its sound.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::media::Clip;

mod helper;
mod keep;
mod level;
mod whole;

use helper::Helper;
use level::Scan;

pub use keep::{kept_paths, load, remove_old, store};
pub use whole::kind;

/// What an upload may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The file's size in bytes.
    pub bytes: u64,
    /// Its sound's length in seconds.
    pub seconds: u32,
}

impl Default for Limits {
    /// 10 MB (product.md, media files) and half an hour, which becomes 36 MB of clip.
    fn default() -> Self {
        Self { bytes: 10 * MEGABYTE, seconds: 30 * 60 }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Of the whole work; never falls.
    pub percent: u8,
}

/// Why a file can't be played. The text is for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The disk said no, or the kernel.
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
    /// More sound than [`Limits::seconds`].
    #[error("too long: at most {} minutes", .most_seconds / 60)]
    TooLong {
        /// The limit.
        most_seconds: u32,
    },
    /// It would be read for minutes.
    #[error("the file takes too long to read")]
    TooHard,
    /// Its content is that of no sound file.
    #[error("not an audio file we know; {PLAYS}")]
    Unknown,
    /// The right kind of file with another coding of sound in it, such as ATRAC in a wav.
    #[error("a {kind} file with a coding of sound that is not supported: {detail}")]
    Coding {
        /// As people call it: wav, m4a.
        kind: &'static str,
        /// The coding, or what the reader said.
        detail: String,
    },
    /// Outside 4 to 192 kHz or 1 to 8 channels.
    #[error("{rate} Hz with {channels} channels; at most 8 channels of 4000 to 192000 Hz are supported")]
    Shape {
        /// Samples a second.
        rate: u32,
        /// Channels.
        channels: u32,
    },
    /// Cut off, or damaged before any sound.
    #[error("the {kind} file is damaged: {detail}")]
    Damaged {
        /// As people call it: wav, m4a.
        kind: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// Not one sample, or silence throughout.
    #[error("there is no sound in the file")]
    Empty,
}

/// Decodes a file to what the exchange plays: the mean of its channels, without the silence around it, as loud as all
/// others. The content tells what it is, not the name. What is damaged after the first sound is left out.
///
/// # Errors
/// See [`ImportError`].
pub fn import(path: &Path, limits: &Limits, told: &mut dyn FnMut(Progress)) -> Result<Clip, ImportError> {
    import_bytes(&read(path, limits.bytes)?, limits, told)
}

/// [`import`] of a file that is in memory already.
///
/// # Errors
/// As [`import`].
pub fn import_bytes(bytes: &[u8], limits: &Limits, told: &mut dyn FnMut(Progress)) -> Result<Clip, ImportError> {
    if bytes.len() as u64 > limits.bytes {
        return Err(ImportError::TooLarge { bytes: bytes.len() as u64, most: limits.bytes });
    }
    if let Some(kind) = whole::cut_off(bytes, limits.bytes) {
        return Err(ImportError::Damaged { kind, detail: "it was cut off".to_owned() });
    }
    let helper = Helper::new(bytes)?;
    let mut tell = |from: u8, part: u8, percent: u8| {
        told(Progress { percent: from + (u16::from(part) * u16::from(percent.min(100)) / 100) as u8 });
    };
    let mut scan = Scan::default();
    helper.decode(limits.seconds, |percent| tell(0, MEASURING, percent), |sound| scan.hear(sound))?;
    let mut cut = scan.finish()?;
    helper.decode(limits.seconds, |percent| tell(MEASURING, 100 - MEASURING, percent), |sound| cut.hear(sound))?;
    tell(MEASURING, 100 - MEASURING, 100);
    Clip::new(cut.finish()).filter(|clip| clip.frames() > 0).ok_or(ImportError::Empty)
}

/// A whole file, if it has at most so many bytes.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, ImportError> {
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

const MEGABYTE: u64 = 1_000_000;
/// How many percent of the work the first decoding is; Opus is the rest.
const MEASURING: u8 = 30;
const PLAYS: &str = "dozvon plays mp3, wav, wma, m4a, ogg and flac";

#[cfg(test)]
mod tests;
