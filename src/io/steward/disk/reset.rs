//! The factory reset: a mark, and at the next start everything goes but the licence. Power may go at any moment: the mark goes last.

use std::fs;
use std::io;
use std::path::Path;

use crate::io::files;
use crate::io::licence::{LICENCE_FILE, STATE_FILE};

/// The mark, in the data partition.
const MARK: &str = "reset";
/// What stays: the exchange's folder for its licence, what e2fsck saves, and the clock's floor, which is no secret and may not go back.
const STAYS: [&str; 4] = ["dozvon", "lost+found", "clock", MARK];

/// Orders it.
pub(in crate::io::steward) fn mark(data: &Path) -> io::Result<()> {
    files::replace(&data.join(MARK), b"", 0o600)
}

/// Does it, if it was ordered.
pub(in crate::io::steward) fn reset(data: &Path) -> io::Result<()> {
    if !data.join(MARK).exists() {
        return Ok(());
    }
    tracing::warn!("everything but the licence is forgotten");
    forget(data, &STAYS)?;
    let exchange = data.join("dozvon");
    if exchange.exists() {
        forget(&exchange, &[LICENCE_FILE, STATE_FILE])?;
    }
    fs::remove_file(data.join(MARK))?;
    files::sync_folder(data)
}

fn forget(folder: &Path, stays: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if stays.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    files::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;
    use crate::io::scratch::Scratch;

    fn box_with_data() -> Scratch {
        let scratch = Scratch::new();
        let data = scratch.path();
        for folder in ["dozvon/media", "update", "lost+found", "dozvon/recordings/2026"] {
            fs::create_dir_all(data.join(folder)).unwrap();
        }
        let files =
            ["machine.toml", "clock", "update/trial", "dozvon/license.key", "dozvon/license.state", "dozvon/dozvon.db"];
        for file in files.into_iter().chain(["dozvon/media/a.wav", "dozvon/recordings/2026/x.ogg"]) {
            fs::write(data.join(file), "x").unwrap();
        }
        scratch
    }

    fn all(folder: &Path) -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| {
                if path.is_dir() { all(&path).into_iter().chain([path]).collect() } else { BTreeSet::from([path]) }
            })
            .collect()
    }

    #[test]
    fn everything_goes_but_the_licence() {
        let scratch = box_with_data();
        let data = scratch.path();
        mark(data).unwrap();
        reset(data).unwrap();
        let left = ["clock", "dozvon", "dozvon/license.key", "dozvon/license.state", "lost+found"];
        assert_eq!(all(data), left.iter().map(|name| data.join(name)).collect());
    }

    #[test]
    fn nothing_goes_without_the_mark() {
        let scratch = box_with_data();
        let before = all(scratch.path());
        reset(scratch.path()).unwrap();
        assert_eq!(all(scratch.path()), before);
    }

    #[test]
    fn a_reset_that_was_cut_off_is_finished_at_the_next_start() {
        let scratch = box_with_data();
        let data = scratch.path();
        mark(data).unwrap();
        // as if power had gone in the middle
        fs::remove_file(data.join("machine.toml")).unwrap();
        fs::remove_dir_all(data.join("dozvon/media")).unwrap();
        reset(data).unwrap();
        assert!(!data.join("dozvon/dozvon.db").exists() && data.join("dozvon/license.key").exists());
        assert!(!data.join("reset").exists());
        fs::write(data.join("dozvon/dozvon.db"), "new").unwrap();
        reset(data).unwrap();
        assert!(data.join("dozvon/dozvon.db").exists(), "it is done once");
    }
}
