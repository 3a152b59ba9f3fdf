//! The database as a file that lies still: a copy beside a running exchange, and what is in such a file.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::schema::{self, SCHEMA};
use super::{RUNNING, StoreError, Version, version};
use crate::base::Duration;

/// What a database that lies still has in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Its `user_version`.
    pub schema: i64,
    /// Applied offices.
    pub versions: u64,
    /// Rows of the history.
    pub calls: u64,
    /// Files of recordings that have ended, relative to the data directory.
    pub recordings: Vec<String>,
    /// Files of messages that are whole, relative to the data directory.
    pub messages: Vec<String>,
}

/// Copies the database of a data directory to a new file, whole and of one moment, while others write.
///
/// # Errors
/// When the database can't be read, or the file not be written.
pub fn copy_database(data: &Path, to: &Path) -> Result<Census, StoreError> {
    let source = schema::open_for_reading(data)?;
    schema::make_private(to).map_err(|why| StoreError::File { path: to.to_owned(), why })?;
    let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    {
        // All pages in one step: a reader of the write-ahead log has one moment before it however long that takes, and stops no
        // writer. In several steps it would begin anew with each write of somebody else.
        let backup = Backup::new(&source, &mut copy)?;
        let mut tries = 0;
        while backup.step(-1)? != StepResult::Done {
            tries += 1;
            if tries > TRIES {
                return Err(StoreError::Database("the database is busy".to_owned()));
            }
            std::thread::sleep(RETRY);
        }
    }
    copy.pragma_update(None, "journal_mode", "delete")?;
    // Whoever starts on it was not cut by anything.
    copy.execute("UPDATE setting SET value = 'no' WHERE key = ?1", [RUNNING])?;
    census(&copy)
}

/// Opens a database that lies still, reads all of it, and tells what is in it and its office in force.
///
/// # Errors
/// [`StoreError::Foreign`], [`StoreError::Newer`], [`StoreError::Unreadable`] when it is damaged or holds no office.
pub fn examine_database(path: &Path) -> Result<(Census, Version), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::schema_of(&connection, path)?;
    let damaged = |why: String| StoreError::Unreadable { what: "database", why };
    let said: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if said != "ok" {
        return Err(damaged(said));
    }
    let newest = version::newest(&connection)?.ok_or_else(|| damaged("it holds no office".to_owned()))?;
    Ok((census(&connection)?, newest))
}

/// Makes one file of a database that nobody has open and the log beside it. Nothing happens when there is none.
///
/// # Errors
/// When it can't be read.
pub fn settle_database(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Ok(connection.pragma_update(None, "journal_mode", "delete")?)
}

/// The schema that this program writes: a newer one can't be read.
pub const fn known_schema() -> i64 {
    SCHEMA
}

fn census(connection: &Connection) -> Result<Census, StoreError> {
    let count = |table: &str| -> rusqlite::Result<u64> {
        let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    };
    let texts = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map((), |row| row.get(0))?.collect()
    };
    Ok(Census {
        schema: connection.query_row("PRAGMA user_version", (), |row| row.get(0)).optional()?.unwrap_or(0),
        versions: count("version")?,
        calls: count("call")?,
        recordings: texts("SELECT path FROM recording WHERE ended_at IS NOT NULL ORDER BY id")?,
        messages: texts("SELECT path FROM voicemail WHERE duration_ms IS NOT NULL ORDER BY id")?,
    })
}

/// How often a busy database is asked again.
const TRIES: u32 = 100;
const RETRY: Duration = Duration::from_millis(50);
