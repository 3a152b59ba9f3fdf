//! A database that can't be read must not end the box. A proven copy is kept beside it ([`keep_good_copy`]); a start that finds the
//! database damaged sets it aside and takes that copy ([`return_good_copy`]). What is damaged says SQLite alone: SQLITE_CORRUPT,
//! SQLITE_NOTADB or its own check. A database that is locked, newer, forbidden or on a full disk is none of that.
//!
//! In the data directory: `dozvon.db.good`, `dozvon.db.damaged-YYYYMMDD-HHMMSS` (UTC) with its log, `dozvon.db.doubtful` (an empty file:
//! the next start shall look at all of it).

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::schema::{self, SCHEMA};
use super::{RUNNING, StoreError, copy_database, database, token};
use crate::base::WallTime;
use crate::io::files::{self, sync_folder, with_ending};

/// Tells of a copy that was taken when the database was damaged: when it had been made, milliseconds since 1970.
pub const RETURNED_NOTE: &str = "alarm-database-returned";

/// When the good copy was made; `None`: there is none.
pub fn good_copy_at(data: &Path) -> Option<WallTime> {
    let about = fs::metadata(good(data)).ok().filter(fs::Metadata::is_file)?;
    Some(WallTime(about.mtime().saturating_mul(1000)))
}

/// Whether another one should be made: the last one is a day old, or of another schema.
pub fn good_copy_is_due(data: &Path, now: WallTime) -> bool {
    let fresh = good_copy_at(data).is_some_and(|at| (0..DAY_MS).contains(&now.millis().saturating_sub(at.millis())));
    !fresh || written_schema(&good(data)) != Some(SCHEMA)
}

/// Puts a copy of the database beside it when all of it can be read; the copy before stays otherwise. `free`: bytes that the disk has.
/// False: that is too little.
///
/// # Errors
/// [`StoreError::Damaged`]: it is the database that is damaged, and the next start will look at it. Others as the disk says.
pub fn keep_good_copy(data: &Path, free: u64) -> Result<bool, StoreError> {
    let length = fs::metadata(database(data)).map_or(0, |about| about.len());
    if free < length.saturating_add(FLOOR) {
        return Ok(false);
    }
    let draft = data.join(DRAFT);
    remove_draft(&draft);
    let kept = copy_database(data, &draft).and_then(|_| prove(&draft)).and_then(|()| {
        let put = File::open(&draft).and_then(|file| file.sync_all()).and_then(|()| {
            fs::rename(&draft, good(data))?;
            sync_folder(data)
        });
        put.map_err(|why| StoreError::File { path: good(data), why })
    });
    if kept.is_err() {
        remove_draft(&draft);
    }
    if let Err(StoreError::Damaged(_)) = &kept {
        doubt(data);
    }
    kept.map(|()| true)
}

/// The next start shall look at all of the database.
pub(in crate::io) fn doubt(data: &Path) {
    if let Err(error) = files::replace(&data.join(DOUBTFUL), b"", 0o600) {
        tracing::warn!(%error, "that the database is in doubt is not kept");
    }
}

/// Reads all of a database of which nobody knows whether it is whole: after a sudden end, or when somebody has doubted.
///
/// # Errors
/// [`StoreError::Damaged`], and what else SQLite says.
pub(super) fn check_if_doubtful(connection: &Connection, data: &Path) -> Result<(), StoreError> {
    let mark = data.join(DOUBTFUL);
    let is_doubted = mark.exists();
    if !is_doubted && token::setting(connection, RUNNING)?.as_deref() != Some("yes") {
        return Ok(());
    }
    check(connection)?;
    if is_doubted {
        let _ = fs::remove_file(mark);
    }
    Ok(())
}

/// Whether there was a database here that is gone: nobody shall make an empty one in its place. A power cut in [`return_good_copy`] leaves
/// it so, and a file system that was mended may.
pub fn is_gone(data: &Path) -> bool {
    let is_empty = fs::metadata(database(data)).map_or_else(|error| is_none(&error), |about| about.len() == 0);
    is_empty && good(data).is_file()
}

/// Sets the damaged database aside and takes the good copy, which stays; says when that was made. `None`: there is none that could be
/// used, and nothing has changed. Only for who holds the data directory and has nothing of it open.
///
/// # Errors
/// As the disk says. A cut at any point leaves the database, or [`is_gone`]: the next start does it again.
pub fn return_good_copy(data: &Path, now: WallTime) -> Result<Option<WallTime>, StoreError> {
    let Some(copied) = good_copy_at(data) else { return Ok(None) };
    match prove(&good(data)) {
        Ok(()) => {}
        Err(error @ (StoreError::Damaged(_) | StoreError::Foreign { .. } | StoreError::Newer { .. })) => {
            tracing::error!(%error, "the copy of the database is of no use");
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let file = |why| StoreError::File { path: database(data), why };
    let draft = data.join(DRAFT);
    remove_draft(&draft);
    let second = fs::copy(good(data), &draft).and_then(|_| File::open(&draft)?.sync_all());
    if let Err(error) = second {
        // Better a box that works and has no copy until tomorrow.
        tracing::warn!(%error, "the good copy itself becomes the database");
        remove_draft(&draft);
        fs::rename(good(data), &draft).map_err(file)?;
    }
    // The database first: without its log it would be another one, and no less damaged.
    let aside = free_name(data, now);
    for ending in ["", "-wal", "-shm"] {
        gone(fs::rename(with_ending(&database(data), ending), with_ending(&aside, ending))).map_err(file)?;
    }
    files::replace(&data.join(RETURNED_NOTE), copied.millis().to_string().as_bytes(), 0o600).map_err(file)?;
    sync_folder(data).map_err(file)?;
    fs::rename(&draft, database(data)).map_err(file)?;
    sync_folder(data).map_err(file)?;
    let _ = fs::remove_file(data.join(DOUBTFUL));
    forget_damaged(data, now);
    Ok(Some(copied))
}

/// Whether a damaged database lies aside: what no row of the present one knows may be known by that.
pub fn has_damaged(data: &Path) -> bool {
    !damaged(data).is_empty()
}

/// Of damaged databases the newest two stay, for a month: somebody may save something out of them.
pub fn forget_damaged(data: &Path, now: WallTime) {
    for (nth, path) in damaged(data).iter().rev().enumerate() {
        let age = fs::metadata(path).map_or(0, |about| now.millis().saturating_sub(about.ctime().saturating_mul(1000)));
        if nth >= DAMAGED_KEPT || age > MONTH_MS {
            for ending in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(with_ending(path, ending));
            }
        }
    }
}

/// Opens a database that lies still and reads all of it.
fn prove(path: &Path) -> Result<(), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    if schema::schema_of(&connection, path)? == 0 {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    check(&connection)
}

fn check(connection: &Connection) -> Result<(), StoreError> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Damaged(said)) }
}

/// The `user_version` of a database that nobody has open: four bytes of its header (SQLite's file format, section 1.3).
fn written_schema(path: &Path) -> Option<i64> {
    let mut bytes = [0; 4];
    File::open(path).ok()?.read_exact_at(&mut bytes, 60).ok()?;
    Some(u32::from_be_bytes(bytes).into())
}

/// Those that lie aside, the oldest first.
fn damaged(data: &Path) -> Vec<PathBuf> {
    let is_one = |name: &str| {
        let stamp = name.strip_prefix(DAMAGED).unwrap_or_default();
        stamp.len() == STAMP.len() && stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let entries = fs::read_dir(data).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_one(name));
    let mut found: Vec<PathBuf> = names.map(|name| data.join(name)).collect();
    found.sort();
    found
}

/// By the second; two in one second must not take each other's place.
fn free_name(data: &Path, now: WallTime) -> PathBuf {
    let mut at = now.millis();
    loop {
        let second = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        let path = data.join(format!("{DAMAGED}{}", second.strftime("%Y%m%d-%H%M%S")));
        if !path.exists() {
            return path;
        }
        at += 1000;
    }
}

fn remove_draft(draft: &Path) {
    for ending in ["", "-journal", "-wal", "-shm"] {
        let _ = fs::remove_file(with_ending(draft, ending));
    }
}

fn good(data: &Path) -> PathBuf {
    data.join(GOOD)
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if is_none(&error) => Ok(()),
        other => other,
    }
}

fn is_none(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The copy's name.
pub const GOOD: &str = "dozvon.db.good";
const DRAFT: &str = "dozvon.db.good.part";
const DOUBTFUL: &str = "dozvon.db.doubtful";
const DAMAGED: &str = "dozvon.db.damaged-";
/// How long what follows is.
const STAMP: &str = "YYYYMMDD-HHMMSS";
/// Of those that lie aside.
const DAMAGED_KEPT: usize = 2;
const DAY_MS: i64 = 24 * 3_600_000;
const MONTH_MS: i64 = 30 * DAY_MS;
/// What stays free beside a copy. Bytes.
const FLOOR: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests;
