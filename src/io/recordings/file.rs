//! One recording's file, in either format.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::ogg::OggOpus;
use super::wav::Wav;
use super::{ogg, wav};
use crate::media::tape::FRAME_SAMPLES;

/// What a recording is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordingFormat {
    /// Ogg Opus, stereo, 16000 Hz of sound, about 32 kbit/s: RFC 7845.
    #[default]
    Opus,
    /// WAV with G.711 A-law, stereo, 8000 Hz: 128 kbit/s, for software that knows nothing newer.
    Wav,
}

impl RecordingFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Opus, Self::Wav];

    /// As in the index and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Wav => "wav",
        }
    }

    /// The media type: RFC 5334 §4 for Ogg.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Opus => "audio/ogg",
            Self::Wav => "audio/wav",
        }
    }

    /// That of a row.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    pub(super) const fn ending(self) -> &'static str {
        self.as_str()
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(super) enum SoundFile {
    Opus(Box<OggOpus>),
    Wav(Box<Wav>),
}

/// What a finished file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) duration_ms: u64,
    pub(super) bytes: u64,
}

impl SoundFile {
    /// Makes the file and its directories. `tags` are for the formats that have some: name and value. Mono is the left side
    /// alone, and Opus only.
    pub(super) fn create(
        path: &Path,
        format: RecordingFormat,
        stereo: bool,
        tags: &[(&str, String)],
    ) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(match format {
            RecordingFormat::Opus => Self::Opus(Box::new(OggOpus::begin(file, stereo, tags)?)),
            RecordingFormat::Wav => Self::Wav(Box::new(Wav::begin(file)?)),
        })
    }

    /// Adds 20 ms of sound.
    pub(super) fn add(&mut self, frame: &[i16; FRAME_SAMPLES]) -> io::Result<()> {
        match self {
            Self::Opus(file) => file.add(frame),
            Self::Wav(file) => file.add(frame),
        }
    }

    /// Hands all sound to the kernel, so that the end of the process does not take it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Opus(file) => file.flush(),
            Self::Wav(file) => file.flush(),
        }
    }

    /// Puts on the disk what the kernel has.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self {
            Self::Opus(file) => file.file().sync_data(),
            Self::Wav(file) => file.file().sync_data(),
        }
    }

    /// How long the file is now.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        match self {
            Self::Opus(file) => bytes(file.file()),
            Self::Wav(file) => bytes(file.file()),
        }
    }

    /// Ends the file and puts it on the disk.
    pub(super) fn finish(self) -> io::Result<Contents> {
        match self {
            Self::Opus(file) => file.finish(),
            Self::Wav(file) => file.finish(),
        }
    }
}

/// Mends a file that was cut by the end of the process or of the power, and says what it holds.
pub(super) fn mend(path: &Path, format: RecordingFormat) -> io::Result<Contents> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let contents = match format {
        RecordingFormat::Opus => ogg::mend(&file)?,
        RecordingFormat::Wav => wav::mend(&file)?,
    };
    file.sync_all()?;
    Ok(contents)
}

/// The length of a file.
pub(super) fn bytes(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}
