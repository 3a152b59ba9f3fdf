//! Tables `second_factor` and `probation`.

use rusqlite::{Connection, OptionalExtension, params};

use crate::base::WallTime;

/// The second factor of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// Of the codes: RFC 4226 §4, 160 bits.
    pub secret: Vec<u8>,
    /// The newest time step whose code was used; a code opens once.
    pub last_step: u64,
    /// SHA-256 of the recovery codes that are left, in hexadecimal digits.
    pub recovery: Vec<String>,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor").field("last_step", &self.last_step).finish_non_exhaustive()
    }
}

/// A change that comes back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probationer {
    /// Of the settings.
    pub version: i64,
    /// When it was made.
    pub made_at: WallTime,
    /// When it comes back.
    pub revert_at: WallTime,
}

pub(super) fn factor(connection: &Connection, login: &str) -> rusqlite::Result<Option<SecondFactor>> {
    let sql = "SELECT secret, last_step, recovery FROM second_factor WHERE login = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let recovery: String = row.get(2)?;
        Ok(SecondFactor {
            secret: row.get(0)?,
            last_step: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
            recovery: recovery.lines().map(str::to_owned).collect(),
        })
    };
    connection.prepare_cached(sql)?.query_row([login], read).optional()
}

/// The logins that have one.
pub(super) fn factors(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT login FROM second_factor ORDER BY login")?;
    let rows = statement.query_map((), |row| row.get(0))?;
    rows.collect()
}

pub(super) fn set_factor(connection: &Connection, login: &str, factor: Option<&SecondFactor>) -> rusqlite::Result<()> {
    let Some(factor) = factor else {
        connection.prepare_cached("DELETE FROM second_factor WHERE login = ?1")?.execute([login])?;
        return Ok(());
    };
    let sql = "INSERT INTO second_factor (login, secret, last_step, recovery) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT DO UPDATE SET secret = ?2, last_step = ?3, recovery = ?4";
    let step = i64::try_from(factor.last_step).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute(params![login, factor.secret, step, factor.recovery.join("\n")])?;
    Ok(())
}

/// Forgets the factors of accounts that are gone: another one of the same login begins without.
pub(super) fn keep_factors(connection: &Connection, logins: &[String]) -> rusqlite::Result<()> {
    for login in factors(connection)?.iter().filter(|login| !logins.contains(login)) {
        set_factor(connection, login, None)?;
    }
    Ok(())
}

pub(super) fn probation(connection: &Connection) -> rusqlite::Result<Vec<Probationer>> {
    let mut statement = connection.prepare("SELECT version, made_at, revert_at FROM probation ORDER BY version")?;
    let rows = statement.query_map((), |row| {
        Ok(Probationer { version: row.get(0)?, made_at: WallTime(row.get(1)?), revert_at: WallTime(row.get(2)?) })
    })?;
    rows.collect()
}

pub(super) fn begin_probation(connection: &Connection, one: &Probationer) -> rusqlite::Result<()> {
    let sql = "INSERT INTO probation (version, made_at, revert_at) VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![one.version, one.made_at.0, one.revert_at.0]).map(drop)
}

pub(super) fn end_probation(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM probation WHERE version = ?1", [version]).map(drop)
}
