//! An update file comes into the box: proved as a whole before it is anything.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use embedded_io_adapters::std::FromStd;

use super::plan;
use super::{Refused, judge_disk};
use crate::io::files;
use crate::io::licence;
use crate::io::steward::client;
use crate::machine::update::{Header, UpdateError, UpdateReader};
use crate::machine::{Answer, Order};

/// The file that waits, in `DATA/update`.
pub(super) const FILE: &str = "new.update";
/// Where the steward makes sticks usable.
const STICKS: &str = "/run/dozvon/sticks";

/// Reads a file to its end.
pub(super) fn prove(path: &Path) -> Result<Header, Refused> {
    let mut reader = open(path)?;
    while reader.next_block().map_err(|error| Refused::of(&error))?.is_some() {}
    Ok(reader.header().clone())
}

/// Its header alone.
pub(super) fn header(path: &Path) -> Result<Header, Refused> {
    Ok(open(path)?.header().clone())
}

fn open(path: &Path) -> Result<UpdateReader<FromStd<File>>, Refused> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    UpdateReader::open(FromStd::new(file), &licence::trusted_for_updates(std::path::Path::new("/etc")))
        .map_err(|error| Refused::of(&error))
}

fn unreadable(error: &io::Error) -> Refused {
    tracing::warn!(%error, "an update file can't be read");
    Refused::of(&UpdateError::Read(embedded_io::ErrorKind::Other))
}

/// Moves a proved file to its place.
pub(super) fn put(arrived: &Path, folder: &Path) -> Result<(), Refused> {
    let moved = make(folder).and_then(|()| {
        File::open(arrived)?.sync_all()?;
        fs::rename(arrived, folder.join(FILE))?;
        files::sync_folder(folder)
    });
    plan::forget_when(folder);
    moved.map_err(|error| judge_disk(&error))
}

/// Copies a file to its place; what is proved is what was written.
pub(super) fn copy(
    from: &Path,
    folder: &Path,
    judge: impl FnOnce(&Header) -> Result<(), Refused>,
) -> Result<Header, Refused> {
    let draft = copy_to(from, folder, "draft.update", judge)?;
    let header = header(&draft)?;
    put(&draft, folder).map(|()| header)
}

/// Copies a file into this folder; what is proved is what was written.
pub(super) fn copy_to(
    from: &Path,
    folder: &Path,
    name: &str,
    judge: impl FnOnce(&Header) -> Result<(), Refused>,
) -> Result<PathBuf, Refused> {
    judge(&header(from)?)?;
    let draft = folder.join(name);
    let written = make(folder).and_then(|()| {
        let _ = fs::remove_file(&draft);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&draft)?;
        io::copy(&mut File::open(from)?, &mut file)?;
        file.flush()
    });
    let proved = written.map_err(|error| judge_disk(&error)).and_then(|()| prove(&draft));
    match proved {
        Ok(_) => Ok(draft),
        Err(refused) => {
            let _ = fs::remove_file(&draft);
            Err(refused)
        }
    }
}

/// A file of a stick, which is made usable.
pub(super) fn on_stick(stick: &str, file: &str) -> Result<PathBuf, Refused> {
    let is_name = |name: &str| {
        let mut parts = Path::new(name).components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
    };
    if !is_name(stick) || !is_name(file) {
        return Err(Refused::Nothing);
    }
    match client::ask(&Order::MountStick { id: stick.to_owned() }, &mut |_| ()) {
        Ok(Answer::Done) => Ok(Path::new(STICKS).join(stick).join(file)),
        Ok(answer) => {
            tracing::warn!(?answer, "the stick can't be used");
            Err(Refused::Nothing)
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// Nothing waits any more.
pub(super) fn forget(folder: &Path) {
    let _ = fs::remove_file(folder.join(FILE));
    plan::forget_when(folder);
    plan::forget_plan(folder);
}

pub(super) fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
