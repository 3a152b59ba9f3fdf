//! What slots do to disks. Each change is one step that happens or does not; a test may let the power go at any of them.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::super::Places;
use crate::io::files;
use crate::machine::environment::{Environment, LENGTH, Slot};

/// On the EFI partition.
const ENVIRONMENT: &str = "grub/grubenv";
/// What was last read or written of it, for those who only look.
const AT_HAND: &str = "dozvon/grubenv";
/// The EFI partition's name in the GPT.
const ESP: &str = "esp";
/// It is mounted by one at a time.
static MOUNTED: Mutex<()> = Mutex::new(());

/// The environment as it is on the disk.
pub(super) fn environment(places: &Places, running: Slot) -> io::Result<Environment> {
    let bytes = with_esp(places, false, |esp| fs::read(esp.join(ENVIRONMENT)))?;
    let environment = Environment::parse(&bytes, running);
    keep_at_hand(places, &environment);
    Ok(environment)
}

/// As it was last read or written, without a look at the disk.
pub(super) fn environment_at_hand(places: &Places, running: Slot) -> Environment {
    match fs::read(places.run.join(AT_HAND)) {
        Ok(bytes) => Environment::parse(&bytes, running),
        Err(_) => environment(places, running).unwrap_or(Environment::good(running)),
    }
}

/// Writes it in place: the file's clusters stay as they are, and what says something is one sector.
pub(super) fn put_environment(places: &Places, environment: &Environment) -> io::Result<()> {
    step()?;
    let block = environment.write();
    with_esp(places, true, |esp| {
        let path = esp.join(ENVIRONMENT);
        if fs::metadata(&path).map_or(0, |about| about.len()) != LENGTH as u64 {
            return files::replace(&path, &block, 0o600); // GRUB would refuse it
        }
        let file = File::options().write(true).open(&path)?;
        file.write_all_at(&block, 0)?;
        file.sync_all()
    })?;
    keep_at_hand(places, environment);
    Ok(())
}

fn keep_at_hand(places: &Places, environment: &Environment) {
    let path = places.run.join(AT_HAND);
    let _ = path.parent().map(fs::create_dir_all);
    if let Err(error) = files::replace(&path, &environment.write(), 0o600) {
        tracing::warn!(%error, "{}", path.display());
        let _ = fs::remove_file(&path); // what is old must not be taken for true
    }
}

/// With the EFI partition mounted for as long as that takes: a box is most often switched off by its plug, and a file system that is
/// not mounted takes no harm.
fn with_esp<T>(places: &Places, writable: bool, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let device = partition(places, ESP).ok_or_else(|| io::Error::other("there is no EFI partition"))?;
    let _alone = MOUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    if device.is_dir() {
        return act(&device); // a test's
    }
    let at = places.run.join("dozvon/esp");
    fs::create_dir_all(&at)?;
    let mut flags = MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | MsFlags::MS_NOSUID | MsFlags::MS_SYNCHRONOUS;
    if !writable {
        flags |= MsFlags::MS_RDONLY;
    }
    mount(Some(&device), &at, Some("vfat"), flags, Some("umask=077"))?;
    let done = act(&at);
    if let Err(error) = umount2(&at, MntFlags::empty()) {
        tracing::warn!(%error, "the EFI partition stays mounted");
        let _ = umount2(&at, MntFlags::MNT_DETACH);
    }
    done
}

/// The device of the partition of this name, as the kernel tells it in `/sys/class/block/*/uevent`.
pub(super) fn partition(places: &Places, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(places.sys.join("class/block")).ok()?;
    entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("uevent")).ok()).find_map(|text| {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        (value("PARTNAME") == Some(name)).then(|| value("DEVNAME").map(|device| places.dev.join(device)))?
    })
}

/// Since power-on, whole seconds.
pub(super) fn uptime_seconds(places: &Places) -> u32 {
    let text = fs::read_to_string(places.proc.join("uptime")).unwrap_or_default();
    text.split(['.', ' ']).next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

/// Bytes of a file or a device.
pub(super) fn length(mut file: &File) -> io::Result<u64> {
    file.seek(SeekFrom::End(0))
}

/// Writes these bytes there.
pub(super) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    if let Err(cut) = step() {
        // The power goes in the midst of it.
        file.write_all_at(bytes.get(..bytes.len() / 2).unwrap_or_default(), at)?;
        return Err(cut);
    }
    file.write_all_at(bytes, at)
}

/// All that was written is on the disk.
pub(super) fn sync(file: &File) -> io::Result<()> {
    step()?;
    file.sync_all()
}

/// The same for all file systems.
pub(super) fn sync_all() {
    nix::unistd::sync();
}

/// What is read next comes from the disk.
pub(super) fn forget_pages(file: &File) {
    let _ = posix_fadvise(file.as_fd(), 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
}

/// A file, whole or not at all.
pub(super) fn put_file(path: &Path, text: &str) -> io::Result<()> {
    step()?;
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    files::replace(path, text.as_bytes(), 0o600)
}

/// A file goes; one that is not there is gone.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    step()?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) => Ok(()),
        Ok(()) => sync_parent(path),
    }
}

/// A file takes the place of another, in one.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step()?;
    fs::rename(from, to)?;
    sync_parent(to)?;
    sync_parent(from)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), files::sync_folder)
}

/// One change of a disk.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a test's may fail")]
fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) use faults::{power, step};

#[cfg(test)]
mod faults {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// The power goes at the change after so many; `None`: it stays.
    pub(in super::super) fn power(changes: Option<u32>) {
        LEFT.set(changes);
    }

    pub(in super::super) fn step() -> io::Result<()> {
        match LEFT.get() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
        }
    }
}
