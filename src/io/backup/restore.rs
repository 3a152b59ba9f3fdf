//! Bringing a backup back. It is unpacked and proved beside the present data ([`stage`]), marked ([`mark`]), and put in their place when
//! the exchange starts the next time ([`finish`]), before anything is opened. Each step is a rename that can be done again, so that the
//! power may go at any moment: whoever starts next goes on where it stopped. The present data are kept in `before-restore`, and come
//! back the same way ([`undo`]).

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::archive::{self, Keep, Passphrase};
use super::make::look_at;
use super::{BackupError, DATABASE, Manifest};
use crate::base::{Rng, WallTime};
use crate::io::clock;
use crate::io::files;
use crate::io::licence::{Keeper, LICENCE_FILE};
use crate::io::recordings;
use crate::io::store::{GOOD, examine_database, settle_database};
use crate::trust::State;

/// A backup that waits beside the present data.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Names it.
    pub token: String,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// What a start has brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The data from before a restore, and not those of a backup.
    pub taken_back: bool,
}

/// What is to be done at the next start. Whole or not there.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// The directory in [`STAGING`]; empty: the data from before the last restore.
    token: String,
    /// Everything is in its place; only the old data are to be put away.
    swapped: bool,
}

/// Unpacks a backup, proves it, and makes it ready to be put in force. One that waited before goes. `told` hears the bytes.
///
/// # Errors
/// What is wrong with it, or with the disk; nothing is left then.
pub fn stage(
    data: &Path,
    backup: &Path,
    passphrase: Option<&Passphrase>,
    told: &mut dyn FnMut(u64),
) -> Result<Staged, BackupError> {
    // Before the disk is looked at: what can't be opened takes no room.
    archive::peek(backup, passphrase)?;
    let token = Rng::from_entropy(clock::entropy().map_err(BackupError::file(Path::new("/dev/urandom")))?).token(20);
    let folder = data.join(STAGING).join(&token);
    if read_mark(data)?.is_none() {
        let _ = fs::remove_dir_all(data.join(STAGING));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(BackupError::file(&folder))?;
    let staged = archive::unpack(backup, passphrase, &folder, Keep::Everything, told)
        .and_then(|manifest| complete(data, &folder, &manifest).map(|()| manifest));
    match staged {
        Ok(manifest) => Ok(Staged { token, manifest }),
        Err(error) => {
            let _ = fs::remove_dir_all(&folder);
            Err(error)
        }
    }
}

/// What the present box adds to a backup, so that the whole can take its place.
fn complete(data: &Path, folder: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    look_at(folder, manifest)?;
    let failed = |why| BackupError::File { path: folder.to_owned(), why };
    lies_on_one_disk(data)?;
    for name in ["media", "recordings"] {
        DirBuilder::new().recursive(true).mode(0o700).create(folder.join(name)).map_err(failed)?;
    }
    // Recordings that the backup knows and doesn't bring stay on this box, if they are here: under a second name, so that the data
    // from before keep theirs, whatever is removed later.
    let (census, _) = examine_database(&folder.join(DATABASE))?;
    for path in census.recordings.iter().chain(&census.messages) {
        let Some(present) = recordings::resolve(data, path).filter(|present| present.is_file()) else { continue };
        let to = folder.join(path);
        if to.exists() {
            continue;
        }
        if let Some(parent) = to.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
        }
        if let Err(error) = fs::hard_link(&present, &to) {
            tracing::warn!(%error, path, "a recording of this box is not taken over");
        }
    }
    // A licence is for one box: the present one stays unless it is of no use and the backup's is.
    let key = folder.join(LICENCE_FILE);
    if key.exists() && (is_licensed(data) || !is_licensed(folder)) {
        fs::remove_file(&key).map_err(failed)?;
    }
    give_to_owner_of(data, &data.join(STAGING)).map_err(failed)?;
    sync(folder)?;
    sync(&data.join(STAGING))
}

/// What is to be swapped by renaming must be no other disk, or the start would stop half way.
fn lies_on_one_disk(data: &Path) -> Result<(), BackupError> {
    let disk = fs::metadata(data).map_err(BackupError::file(data))?.dev();
    for name in ["media", "recordings", "tls"] {
        let path = data.join(name);
        let elsewhere = fs::symlink_metadata(&path).is_ok_and(|about| about.is_symlink() || about.dev() != disk);
        if elsewhere {
            let why = io::Error::other("it lies on another disk, so that nothing can be restored in its place");
            return Err(BackupError::File { path, why });
        }
    }
    Ok(())
}

fn is_licensed(directory: &Path) -> bool {
    let standing = Keeper::read(directory, clock::wall()).standing();
    matches!(standing.state, State::Licensed { .. } | State::Grace { .. })
}

/// Has a staged backup put in force at the next start.
///
/// # Errors
/// [`BackupError::NotStaged`], or the disk's.
pub fn mark(data: &Path, token: &str) -> Result<(), BackupError> {
    let is_word = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_word || !data.join(STAGING).join(token).join(DATABASE).is_file() {
        return Err(BackupError::NotStaged);
    }
    write_mark(data, &Mark { token: token.to_owned(), swapped: false }, &mut |_| Ok(()))
}

/// Has the data from before the last restore put in force at the next start.
///
/// # Errors
/// [`BackupError::NothingBefore`], or the disk's.
pub fn undo(data: &Path) -> Result<(), BackupError> {
    if !data.join(BEFORE).join(DATABASE).is_file() {
        return Err(BackupError::NothingBefore);
    }
    write_mark(data, &Mark { token: String::new(), swapped: false }, &mut |_| Ok(()))
}

/// When the data from before the last restore were put away; `None`: there are none.
pub fn before(data: &Path) -> Option<WallTime> {
    let about = fs::metadata(data.join(BEFORE)).ok().filter(|_| data.join(BEFORE).join(DATABASE).is_file())?;
    Some(WallTime(about.ctime().saturating_mul(1000)))
}

/// Forgets a staged backup that nobody wants any more.
pub fn forget(data: &Path, token: &str) {
    if token.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !token.is_empty() {
        let _ = fs::remove_dir_all(data.join(STAGING).join(token));
    }
}

/// Does what is marked and says what that was; without a mark nothing. Only who holds the data directory may, before anything of it is open.
///
/// # Errors
/// When the disk refuses: nothing may be opened then, and the next start goes on.
pub fn finish(data: &Path) -> Result<Option<Restored>, BackupError> {
    finish_with(data, &mut |_| Ok(()))
}

/// Marks and does it at once: for whoever holds the data directory of a stopped exchange.
///
/// # Errors
/// As [`mark`] and [`finish`].
pub fn apply(data: &Path, token: &str) -> Result<(), BackupError> {
    mark(data, token)?;
    finish(data).map(drop)
}

/// The data from before a restore go when they are of no use any more; so does what was staged and forgotten.
pub(super) fn tidy(data: &Path, now: WallTime) {
    let old = before(data).filter(|at| now.millis().saturating_sub(at.millis()) > KEEP_MS);
    if old.is_some() && fs::remove_dir_all(data.join(BEFORE)).is_ok() {
        tracing::info!("the data from before the last restore are removed: nobody wanted them back");
    }
}

/// `fault` is asked before each change of the disk: in tests it is the power cut.
pub(super) fn finish_with(data: &Path, fault: Fault<'_>) -> Result<Option<Restored>, BackupError> {
    let Some(mut mark) = read_mark(data)? else { return Ok(None) };
    let taken_back = mark.token.is_empty();
    let staged = if taken_back { data.join(BEFORE) } else { data.join(STAGING).join(&mark.token) };
    let aside = data.join(STAGING).join(ASIDE);
    if !mark.swapped && !staged.is_dir() && data.join(DATABASE).is_file() {
        tracing::error!("what was to be restored is gone; everything stays as it is");
        fs::remove_file(data.join(MARK)).map_err(BackupError::file(data))?;
        return Ok(None);
    }
    if !mark.swapped {
        act(fault, &aside, |aside| DirBuilder::new().recursive(true).mode(0o700).create(aside))?;
        for name in names_in(&staged)? {
            swap(data, &staged, &aside, &name, fault)?;
        }
        // What was being written to the old database when it was closed goes into it, so that it is one file.
        if let Err(error) = settle_database(&aside.join(DATABASE)) {
            tracing::warn!(%error, "the database from before the restore may not be whole");
        }
        mark.swapped = true;
        write_mark(data, &mark, fault)?;
    }
    if aside.exists() {
        act(fault, &data.join(BEFORE), |before| gone(fs::remove_dir_all(before)))?;
        act(fault, &aside, |aside| fs::rename(aside, data.join(BEFORE)))?;
        sync(data)?;
    }
    // The mark goes last: until then all of this is done again.
    act(fault, &data.join(STAGING), |staging| gone(fs::remove_dir_all(staging)))?;
    act(fault, &data.join(MARK), |mark| gone(fs::remove_file(mark)))?;
    sync(data)?;
    Ok(Some(Restored { taken_back }))
}

/// Puts one thing in its place and what was there aside. Done again after a cut, it does the rest.
fn swap(data: &Path, staged: &Path, aside: &Path, name: &str, fault: Fault<'_>) -> Result<(), BackupError> {
    let (from, place) = (staged.join(name), data.join(name));
    if place.exists() {
        // It is the old one: the new one has not moved yet.
        act(fault, &place, |place| fs::rename(place, aside.join(name)))?;
    }
    if name == DATABASE {
        // A log beside a database that is not its own would destroy it, and a copy of another one must not return in its place.
        for ending in ["-wal", "-shm", ".good"] {
            let log = data.join(format!("{DATABASE}{ending}"));
            if log.exists() {
                act(fault, &log, |log| fs::rename(log, aside.join(format!("{DATABASE}{ending}"))))?;
            }
        }
    }
    sync(aside)?;
    sync(data)?;
    act(fault, &from, |from| fs::rename(from, &place))?;
    sync(data)?;
    sync(staged)
}

/// What is to be swapped, the database last: until then the old one is there, or none.
fn names_in(staged: &Path) -> Result<Vec<String>, BackupError> {
    let read = fs::read_dir(staged).map_err(BackupError::file(staged))?;
    let mut names: Vec<String> = read
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with("dozvon.db-") && name != GOOD)
        .collect();
    names.sort_by_key(|name| (name == DATABASE, name.clone()));
    Ok(names)
}

type Fault<'a> = &'a mut dyn FnMut(&Path) -> io::Result<()>;

fn act(fault: Fault<'_>, path: &Path, work: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), BackupError> {
    fault(path).and_then(|()| work(path)).map_err(BackupError::file(path))
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn write_mark(data: &Path, mark: &Mark, fault: Fault<'_>) -> Result<(), BackupError> {
    let text = serde_json::to_vec(mark).map_err(|error| BackupError::Damaged(error.to_string()))?;
    act(fault, &data.join(MARK), |path| files::replace(path, &text, 0o600))?;
    give_to_owner_of(data, &data.join(MARK)).map_err(BackupError::file(data))
}

fn read_mark(data: &Path) -> Result<Option<Mark>, BackupError> {
    let path = data.join(MARK);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|why| BackupError::File { path, why: why.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(BackupError::File { path, why }),
    }
}

fn sync(folder: &Path) -> Result<(), BackupError> {
    files::sync_folder(folder).map_err(BackupError::file(folder))
}

/// What root has unpacked belongs to whom the data belong to.
fn give_to_owner_of(data: &Path, path: &Path) -> io::Result<()> {
    let (owner, about) = (fs::metadata(data)?, fs::symlink_metadata(path)?);
    if !nix::unistd::geteuid().is_root() || about.is_symlink() {
        return Ok(());
    }
    if (owner.uid(), owner.gid()) != (about.uid(), about.gid()) {
        std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid()))?;
    }
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            give_to_owner_of(data, &entry?.path())?;
        }
    }
    Ok(())
}

/// Where backups wait that were unpacked, in the data directory.
pub(super) const STAGING: &str = "restore";
/// What the next start has to do.
const MARK: &str = "restore.json";
/// Where the old data go while they are replaced.
const ASIDE: &str = "aside";
/// The data from before the last restore.
pub(super) const BEFORE: &str = "before-restore";
/// How long they can be taken back: 30 days.
const KEEP_MS: i64 = 30 * 24 * 3_600_000;
