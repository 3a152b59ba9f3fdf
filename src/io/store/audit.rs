//! Table `audit`: who did what, from where. Kept for [`AUDIT_DAYS`], and at most [`AUDIT_ROWS`].

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::base::{Duration, WallTime};

/// Rows kept; the oldest go.
pub const AUDIT_ROWS: i64 = 100_000;
/// Days that a row is kept.
pub const AUDIT_DAYS: u64 = 730;
/// How often age is looked at, in rows.
const LOOK_EVERY: i64 = 256;

/// What is to be kept of one deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: WallTime,
    /// A web account, `token NAME`, `console`, `telephone 201`, or `dozvon` itself.
    pub who: String,
    /// From which address; empty: not over the network.
    pub address: String,
    /// A word: `change`, `sign_in`, …
    pub what: String,
    /// On what: a path of the API, or the reason of a change.
    pub subject: String,
    /// The version of the settings that it made.
    pub version: Option<i64>,
}

/// A deed as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Rises with each.
    pub id: i64,
    /// What was done.
    pub deed: Deed,
}

/// What to look for; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// At this moment or later.
    pub from: Option<WallTime>,
    /// Before this moment.
    pub to: Option<WallTime>,
    /// By whom.
    pub who: Option<String>,
    /// The word.
    pub what: Option<String>,
}

/// Adds a row. One that a version has already is completed: the version's own row knows no address.
pub(super) fn add(connection: &Connection, deed: &Deed) -> rusqlite::Result<()> {
    let sql = "INSERT INTO audit (at, who, address, what, subject, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
        ON CONFLICT (version) DO UPDATE SET who = ?2, address = ?3, what = ?4, subject = ?5";
    let values = params![deed.at.0, deed.who, deed.address, deed.what, deed.subject, deed.version];
    connection.prepare_cached(sql)?.execute(values)?;
    let id = connection.last_insert_rowid();
    connection.prepare_cached("DELETE FROM audit WHERE id <= ?1")?.execute([id - AUDIT_ROWS])?;
    if id % LOOK_EVERY == 0 {
        let oldest =
            deed.at.0 - i64::try_from(Duration::from_secs(AUDIT_DAYS * 86_400).as_millis()).unwrap_or(i64::MAX);
        connection.prepare_cached("DELETE FROM audit WHERE at < ?1")?.execute([oldest])?;
    }
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    filter: &AuditFilter,
    limit: usize,
    before: Option<i64>,
) -> rusqlite::Result<Vec<AuditRow>> {
    let mut conditions = vec!["1"];
    let mut values: Vec<Sql> = Vec::new();
    let mut when = |condition: &'static str, value: Option<Sql>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    when("id < ?", before.map(Sql::Integer));
    when("at >= ?", filter.from.map(|at| Sql::Integer(at.0)));
    when("at < ?", filter.to.map(|at| Sql::Integer(at.0)));
    when("who = ?", filter.who.clone().map(Sql::Text));
    when("what = ?", filter.what.clone().map(Sql::Text));
    values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    let conditions = conditions.join(" AND ");
    let sql = format!(
        "SELECT id, at, who, address, what, subject, version FROM audit WHERE {conditions} ORDER BY id DESC LIMIT ?"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    rows.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        id: row.get(0)?,
        deed: Deed {
            at: WallTime(row.get(1)?),
            who: row.get(2)?,
            address: row.get(3)?,
            what: row.get(4)?,
            subject: row.get(5)?,
            version: row.get(6)?,
        },
    })
}
