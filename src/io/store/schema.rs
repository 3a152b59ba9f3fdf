//! Opening and migrating. Migrations only go forward, one transaction each; `PRAGMA user_version` counts them.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, database};
use crate::io::files::sync_folder;

/// The schema that this program writes.
pub(super) const SCHEMA: i64 = 13;

const MIGRATIONS: [&str; SCHEMA as usize] = [
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_recording.sql"),
    include_str!("migrations/0003_subscription.sql"),
    include_str!("migrations/0004_voicemail.sql"),
    include_str!("migrations/0005_turn.sql"),
    include_str!("migrations/0006_history.sql"),
    include_str!("migrations/0007_accounts.sql"),
    include_str!("migrations/0008_phone.sql"),
    include_str!("migrations/0009_lease.sql"),
    include_str!("migrations/0010_ban.sql"),
    include_str!("migrations/0011_alarm.sql"),
    include_str!("migrations/0012_outside.sql"),
    include_str!("migrations/0013_server.sql"),
];

/// "Dzvn": so that `file` and we know our own.
const APPLICATION_ID: i64 = 0x447a_766e;

/// Opens the database for writing; makes it when missing, and migrates it when old. The old version is first copied
/// into `backups/`, since the other system slot may boot tomorrow.
pub(super) fn open(data: &Path) -> Result<Connection, StoreError> {
    let path = database(data);
    make_private(&path).map_err(|why| StoreError::NotWritable { path: data.to_owned(), why })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&path, flags)?;
    let schema = schema_of(&connection, &path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // What is committed is on the disk: a change that was told as kept outlives the power cut that follows it. Records come in groups,
    // so that this costs a few waits of one thread a second.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    if schema > 0 && schema < SCHEMA {
        copy_into(&connection, &data.join("backups").join(format!("dozvon-schema-{schema}.db")))?;
    }
    migrate(&mut connection, schema)?;
    Ok(connection)
}

/// Opens the database for reading only.
pub(super) fn open_for_reading(data: &Path) -> Result<Connection, StoreError> {
    let path = database(data);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags)?;
    let schema = schema_of(&connection, &path)?;
    if schema < SCHEMA {
        return Err(StoreError::Unreadable {
            what: "database",
            why: format!("schema {schema} waits for its migration"),
        });
    }
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

pub(super) fn schema_of(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let schema: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let owner: i64 = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if owner != APPLICATION_ID && (schema != 0 || tables != 0) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if schema > SCHEMA {
        return Err(StoreError::Newer { path: path.to_owned(), schema, known: SCHEMA });
    }
    Ok(schema)
}

fn migrate(connection: &mut Connection, from: i64) -> Result<(), StoreError> {
    for (version, sql) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > from) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        tracing::info!(schema = version, "database migrated");
    }
    Ok(())
}

/// The database as it is at this moment, on the disk for good, in place of what was at `copy`.
fn copy_into(connection: &Connection, copy: &Path) -> Result<(), StoreError> {
    let refused = |why| StoreError::File { path: copy.to_owned(), why };
    match std::fs::remove_file(copy) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(refused(why)),
        _ => {}
    }
    make_private(copy).map_err(refused)?;
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    let sync = || {
        std::fs::File::open(copy)?.sync_all()?;
        copy.parent().map_or(Ok(()), sync_folder)
    };
    sync().map_err(refused)
}

/// SQLite would take the umask's mode; the database holds passwords. The files beside it take the mode of this one.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

/// Puts a copy of the database, as it is at this moment, on the disk for good; returns login and contact of each registered telephone.
///
/// # Errors
/// When the disk refuses; there is no copy then.
pub(in crate::io) fn copy_whole(data: &Path, copy: &Path) -> Result<Vec<(String, String)>, StoreError> {
    let connection = open_for_reading(data)?;
    copy_into(&connection, copy)?;
    let mut statement = connection.prepare("SELECT aor, contact FROM binding")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
