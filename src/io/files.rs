//! `DATA/media`: originals under the name of their content, with what is played beside them.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::statvfs::statvfs;
use sha2::{Digest, Sha256};

use super::sound::{self, ImportError, Limits, Progress};
use crate::media::Clip;
use crate::office::Office;

/// A media file that was read and decoded, and is not on the disk yet.
#[derive(Debug)]
pub struct NewMedia {
    /// Its name in `DATA/media`.
    pub stored: String,
    /// What is played.
    pub clip: Arc<Clip>,
    bytes: Vec<u8>,
}

/// Files that go again unless the office that needs them is in force.
#[derive(Debug, Default)]
pub struct Written(Vec<PathBuf>);

impl NewMedia {
    /// Reads and decodes a file, and tells how far that is.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub fn read(path: &Path, told: &mut dyn FnMut(Progress)) -> Result<Self, ImportError> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("audio").to_ascii_lowercase();
        let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).take(5).collect();
        Self::read_as(path, |_| ending, told)
    }

    /// [`read`](Self::read) of a file without a name: its content tells what it is.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub fn read_upload(path: &Path, told: &mut dyn FnMut(Progress)) -> Result<Self, ImportError> {
        Self::read_as(path, |bytes| sound::kind(bytes).to_owned(), told)
    }

    fn read_as(
        path: &Path,
        ending: impl FnOnce(&[u8]) -> String,
        told: &mut dyn FnMut(Progress),
    ) -> Result<Self, ImportError> {
        let limits = Limits::default();
        let bytes = sound::read(path, limits.bytes)?;
        let clip = Arc::new(sound::import_bytes(&bytes, &limits, told)?);
        Ok(Self { stored: name_of(&bytes, &ending(&bytes)), clip, bytes })
    }

    /// Puts the original and its clip on the disk, unless they are there.
    ///
    /// # Errors
    /// As the disk says; what was begun is taken back.
    pub fn write(&self, data: &Path, written: &mut Written) -> io::Result<()> {
        let original = data.join("media").join(&self.stored);
        let kept = sound::kept_paths(&original);
        if !original.exists() {
            written.0.push(original.clone());
            let draft = original.with_extension("new");
            written.0.push(draft.clone());
            let mut file = fs::File::create(&draft)?;
            file.write_all(&self.bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &original)?;
        }
        if !kept.iter().all(|path| path.exists()) {
            written.0.extend(kept.into_iter().filter(|path| !path.exists()));
            sound::store(&self.clip, &original)?;
        }
        Ok(())
    }
}

impl Written {
    /// The office that needs them is in force.
    pub fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes a file whole or not at all, also when the power goes; `mode` says who may read it.
///
/// # Errors
/// As the disk says; the old file stays then.
pub(super) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// What was made, renamed or removed in a folder is so on the disk.
///
/// # Errors
/// As the disk says.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// The path with more at the end of its name.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What anybody may still write on the disk of a directory. Bytes.
pub(super) fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = statvfs(path)?;
    Ok(disk.blocks_available().saturating_mul(disk.fragment_size()))
}

/// Loads what the office plays and has not loaded yet. A clip that is lost is made again from its original; a media file
/// that can't be had stays silent and is logged.
pub fn load_clips(office: &mut Office, data: &Path) {
    for media in &mut office.media {
        if media.clip.is_none() {
            match load(&data.join("media").join(&media.file)) {
                Ok(clip) => media.clip = Some(Arc::new(clip)),
                Err(error) => tracing::error!(media = media.name, file = media.file, %error, "a media file is silent"),
            }
        }
    }
}

fn load(original: &Path) -> Result<Clip, ImportError> {
    if let Ok(clip) = sound::load(original) {
        return Ok(clip);
    }
    let clip = sound::import(original, &Limits::default(), &mut |_| {})?;
    sound::remove_old(original);
    if let Err(error) = sound::store(&clip, original) {
        tracing::warn!(%error, file = %original.display(), "a clip can't be kept");
    }
    Ok(clip)
}

/// The first half of the content's SHA-256, and the ending that people know it by.
fn name_of(bytes: &[u8], ending: &str) -> String {
    let hash: String = Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}.{ending}")
}
