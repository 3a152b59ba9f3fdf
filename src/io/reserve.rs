//! Room kept for the day when the disk is full: `DATA/reserve`, a file that means nothing. A database can't even be opened without a few
//! blocks to write to, so a start that finds no room gives the file up, and calls are carried while what is too much is taken away.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use nix::fcntl::posix_fallocate;

use super::files::free_bytes;

/// Bytes of the file: the database's log (SQLite empties it at 4 MB), and days of calls.
const SIZE: u64 = 8 << 20;
/// With less, a start gives the file up. Bytes.
const LEAST: u64 = 4 << 20;
/// Only with so much is it made: it must not be what fills the disk. Bytes.
const ROOM: u64 = 8 * SIZE;
const NAME: &str = "reserve";

/// Before anything is opened: gives the room up when there is no other. Whether it did.
pub(super) fn give_up_if_full(data: &Path) -> bool {
    let is_full = free_bytes(data).is_ok_and(|free| free < LEAST);
    let given = is_full && fs::remove_file(data.join(NAME)).is_ok();
    if given {
        tracing::error!("the disk is full: the room that was kept for that is given up");
    }
    given
}

/// Makes the file when there is room for it, and it is not there.
pub(super) fn keep(data: &Path) {
    let path = data.join(NAME);
    if path.exists() || !free_bytes(data).is_ok_and(|free| free >= ROOM) {
        return;
    }
    if let Err(error) = make(&path) {
        let _ = fs::remove_file(&path);
        tracing::warn!(%error, "no room is kept for a full disk");
    }
}

fn make(path: &Path) -> io::Result<()> {
    let file = File::create_new(path)?;
    posix_fallocate(&file, 0, i64::try_from(SIZE).unwrap_or(i64::MAX))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;

    #[test]
    fn room_is_kept_once_and_given_up_only_on_a_full_disk() {
        let scratch = Scratch::new();
        let path = scratch.path().join(NAME);
        keep(scratch.path());
        let kept = fs::metadata(&path).expect("this disk has room");
        assert_eq!(kept.len(), SIZE);
        fs::write(&path, "still the first one").expect("writable");
        keep(scratch.path());
        assert_eq!(fs::read(&path).expect("there"), b"still the first one");
        assert!(!give_up_if_full(scratch.path()) && path.exists());
    }
}
