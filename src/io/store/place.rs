//! The data directory: made with mode 0700, held by one process at a time.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::StoreError;

/// A data directory that is ours until this value goes. The lock lies on the directory itself, so it needs no file and
/// ends with the process however that ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: Flock<File>,
}

impl DataDir {
    /// Makes the directory when it is missing, and takes it.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], or [`StoreError::InUse`] when another process has it.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let not_writable = |why| StoreError::NotWritable { path: path.to_owned(), why };
        make(path).map_err(not_writable)?;
        let directory = File::open(path).map_err(not_writable)?;
        check_writable(path).map_err(not_writable)?;
        let lock = Flock::lock(directory, FlockArg::LockExclusiveNonblock)
            .map_err(|_| StoreError::InUse { path: path.to_owned() })?;
        for part in ["media", "backups", "recordings", "tls"] {
            make(&path.join(part)).map_err(not_writable)?;
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether a process has this data directory now. False when there is none.
pub fn is_taken(path: &Path) -> bool {
    let Ok(directory) = File::open(path) else { return false };
    Flock::lock(directory, FlockArg::LockExclusiveNonblock).is_err()
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Asks the kernel; a read-only file system says no here as well.
fn check_writable(path: &Path) -> io::Result<()> {
    use nix::unistd::{AccessFlags, access};
    access(path, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK).map_err(io::Error::from)?;
    let mode = path.metadata()?.permissions().mode();
    if mode & 0o002 != 0 {
        tracing::warn!(path = %path.display(), "anybody on this machine may write into the data directory");
    }
    Ok(())
}
