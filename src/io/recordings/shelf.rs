//! The files and their index together: what is mended at a start, what is kept, and what goes. A file goes before its row,
//! so that whatever interrupts us leaves a row without a file, which the next sweep finds.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::file::{self, Contents, SoundFile};
use super::{Begin, DIRECTORY, Kind, MESSAGES, RecordingFormat, Settings, names};
use crate::base::{Duration, RecordingId, WallTime};
use crate::engine::Record;
use crate::io::store::{Reader, RecordingRow, Store, StoreError, has_damaged};

/// `DATA/recordings` and the table of that name.
#[derive(Debug)]
pub(super) struct Shelf {
    data: PathBuf,
    store: Store,
    reader: Reader,
}

impl Shelf {
    pub(super) fn new(data: PathBuf, store: Store, reader: Reader) -> Self {
        Self { data, store, reader }
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// A file for a new recording, and a row when it is a call's; the path is relative.
    pub(super) fn open(&self, begin: &Begin, settings: &Settings) -> io::Result<(String, RecordingFormat, SoundFile)> {
        let (format, path) = match &begin.kind {
            Kind::Call => (settings.format, names::path(begin, settings.format, &settings.timezone)),
            Kind::Message { path, .. } => (RecordingFormat::Opus, path.clone()),
        };
        let is_call = begin.kind == Kind::Call;
        let tags = [
            ("TITLE", format!("{} - {}", begin.caller, begin.called)),
            ("DATE", names::rfc3339(begin.at, &settings.timezone)),
            ("CALL", begin.call.to_string()),
            ("RECORDING", begin.recording.to_string()),
        ];
        let file = SoundFile::create(&self.data.join(&path), format, is_call, &tags)?;
        if is_call {
            self.store.record(Record::RecordingStarted {
                recording: begin.recording,
                call: begin.call,
                at: begin.at,
                path: path.clone(),
                format: format.as_str(),
            });
        }
        Ok((path, format, file))
    }

    /// The recording has ended, well or not.
    pub(super) fn ended(&self, recording: RecordingId, at: WallTime, contents: Contents) {
        let Contents { duration_ms, bytes } = contents;
        self.store.record(Record::RecordingEnded { recording, at, duration_ms, bytes });
    }

    /// What a file holds that could not be finished.
    pub(super) fn mend(&self, path: &str, format: RecordingFormat) -> Contents {
        self.file(path).and_then(|file| file::mend(&file, format).ok()).unwrap_or_default()
    }

    /// Closes what the last process left open. Only before the first recording of this one.
    pub(super) fn close_interrupted(&self) -> Result<(), StoreError> {
        for row in self.reader.unfinished_recordings()? {
            let contents = RecordingFormat::from_word(&row.format).map(|format| self.mend(&row.path, format));
            match contents.filter(|contents| contents.duration_ms > 0) {
                Some(contents) => {
                    let end = row.started_at + Duration::from_millis(contents.duration_ms);
                    self.ended(row.recording, end, contents);
                    tracing::warn!(recording = %row.recording, path = row.path, "a recording was cut and is closed");
                }
                None => self.remove(&row),
            }
        }
        self.store.flush()
    }

    /// Lets the oldest go until the settings are met. `growing`: bytes of those that go on, which stay.
    pub(super) fn enforce(&self, settings: &Settings, growing: u64, now: WallTime) -> Result<(), StoreError> {
        self.store.flush()?;
        let oldest_kept = settings.keep_days.map(|days| now.millis().saturating_sub(i64::from(days) * DAY_MS));
        let most = settings.keep_gigabytes.map(|gigabytes| u64::from(gigabytes) * GIGABYTE);
        let mut bytes = growing + self.reader.recorded_bytes()?;
        self.each_finished(|row| {
            let too_old = oldest_kept.is_some_and(|oldest| row.started_at.millis() < oldest);
            let too_much = most.is_some_and(|most| bytes > most);
            if !too_old && !too_much {
                return false;
            }
            bytes = bytes.saturating_sub(row.bytes);
            self.remove(row);
            true
        })?;
        self.store.flush()
    }

    /// Forgets rows without a file, and files of at least a day that no row knows.
    pub(super) fn sweep(&self, now: WallTime) -> Result<(), StoreError> {
        self.store.flush()?;
        self.each_finished(|row| {
            if !self.file(&row.path).is_some_and(|file| file.exists()) {
                tracing::warn!(recording = %row.recording, path = row.path, "a recording's file is gone; so is its row");
                self.store.record(Record::RecordingGone { recording: row.recording });
            }
            true
        })?;
        if has_damaged(&self.data) {
            return Ok(()); // what this database does not know, the one aside may
        }
        self.sweep_directory(DIRECTORY, now, DEPTH)
    }

    fn sweep_directory(&self, directory: &str, now: WallTime, depth: u32) -> Result<(), StoreError> {
        let Ok(entries) = std::fs::read_dir(self.data.join(directory)) else { return Ok(()) };
        for entry in entries.flatten() {
            let (Ok(name), Ok(facts)) = (entry.file_name().into_string(), entry.metadata()) else { continue };
            let path = format!("{directory}/{name}");
            if facts.is_dir() {
                if depth > 0 && path != MESSAGES {
                    self.sweep_directory(&path, now, depth - 1)?;
                }
                continue;
            }
            let changed = facts.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
            let age = now.millis().saturating_sub(i64::try_from(changed.as_millis()).unwrap_or(i64::MAX));
            if age >= DAY_MS && !self.reader.has_recording_file(&path)? {
                tracing::warn!(path, "a file among the recordings that no row knows is removed");
                self.take_away(&path);
            }
        }
        Ok(())
    }

    /// Calls for each finished recording, the oldest first, until it says no.
    fn each_finished(&self, mut call: impl FnMut(&RecordingRow) -> bool) -> Result<(), StoreError> {
        let mut after = (i64::MIN, i64::MIN);
        loop {
            let rows = self.reader.oldest_recordings(after, ROWS)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = (last.started_at.millis(), i64::try_from(last.recording.0).unwrap_or(i64::MAX));
            if !rows.iter().all(&mut call) {
                return Ok(());
            }
        }
    }

    fn remove(&self, row: &RecordingRow) {
        if self.take_away(&row.path) {
            self.store.record(Record::RecordingGone { recording: row.recording });
        }
    }

    fn take_away(&self, path: &str) -> bool {
        match remove_file(&self.data, path) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, path, "a recording can't be removed");
                false
            }
        }
    }

    fn file(&self, path: &str) -> Option<PathBuf> {
        resolve(&self.data, path)
    }
}

/// Removes a file of the index, and the directories of days that it leaves empty. A file that is gone is no error.
pub(in crate::io) fn remove_file(data: &Path, path: &str) -> io::Result<()> {
    let Some(file) = resolve(data, path) else { return Ok(()) };
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for directory in file.ancestors().skip(1).take(3) {
        if std::fs::remove_dir(directory).is_err() {
            break; // others are in it
        }
    }
    Ok(())
}

/// Where the file of a row is; `None` when the row does not name a file among the recordings.
pub(in crate::io) fn resolve(data: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path);
    let inside =
        relative.starts_with(DIRECTORY) && relative.components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| data.join(relative))
}

const DAY_MS: i64 = 24 * 3600 * 1000;
pub(super) const GIGABYTE: u64 = 1_000_000_000;
/// Rows that are read at a time.
const ROWS: usize = 500;
/// Directories of year, month and day.
const DEPTH: u32 = 3;
