//! Tables `token` and `setting`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;
use crate::base::WallTime;
use crate::office::Role;

/// An API token as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Given by the admin, unique.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was last shown, to within some minutes; `None`: never.
    pub used_at: Option<WallTime>,
}

pub(super) fn add(
    connection: &Connection,
    name: &str,
    role: Role,
    sha256: &[u8; 32],
    at: WallTime,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO token (name, role, sha256, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO NOTHING";
    match connection.execute(sql, params![name, role_word(role), sha256, at.0])? {
        0 => Err(StoreError::Taken(name.to_owned())),
        _ => Ok(()),
    }
}

pub(super) fn remove(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM token WHERE name = ?1", [name])? > 0)
}

pub(super) fn list(connection: &Connection) -> rusqlite::Result<Vec<TokenRow>> {
    let mut statement = connection.prepare_cached("SELECT name, role, created_at, used_at FROM token ORDER BY name")?;
    let rows = statement.query_map((), read)?;
    rows.collect()
}

pub(super) fn by_hash(connection: &Connection, sha256: &[u8; 32]) -> rusqlite::Result<Option<TokenRow>> {
    connection
        .prepare_cached("SELECT name, role, created_at, used_at FROM token WHERE sha256 = ?1")?
        .query_row([sha256], read)
        .optional()
}

/// The token was shown now.
pub(super) fn used(connection: &Connection, name: &str, at: WallTime) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE token SET used_at = ?2 WHERE name = ?1")?.execute(params![name, at.0])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    let role = role_of(&row.get::<_, String>(1)?);
    let used_at = row.get::<_, Option<i64>>(3)?.map(WallTime);
    Ok(TokenRow { name: row.get(0)?, role, created_at: WallTime(row.get(2)?), used_at })
}

pub(super) fn setting(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached("SELECT value FROM setting WHERE key = ?1")?.query_row([key], |row| row.get(0)).optional()
}

pub(super) fn set(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
    connection.execute(sql, [key, value]).map(drop)
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Viewer => "viewer",
    }
}

/// The table's CHECK allows two words; anything but `admin` gets the lesser right.
fn role_of(word: &str) -> Role {
    if word == "admin" { Role::Admin } else { Role::Viewer }
}
