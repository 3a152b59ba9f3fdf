//! Table `phone`: the telephones that configure themselves, as the ledger keeps them.

use rusqlite::{Connection, Row, params};

use crate::base::WallTime;
use crate::provision::Mac;
use crate::provision::ledger::{Carried, How, Seen, Stored};
use crate::provision::vendor::Identity;

/// Keeps a telephone; one of which nothing is known any more goes.
pub(super) fn put(connection: &Connection, stored: &Stored) -> rusqlite::Result<()> {
    let Stored { mac, seen, key, carried } = stored;
    if seen.is_none() && key.is_none() && carried.is_none() {
        connection.prepare_cached("DELETE FROM phone WHERE mac = ?1")?.execute([mac.to_string()])?;
        return Ok(());
    }
    let sql = "INSERT OR REPLACE INTO phone
               (mac, key, vendor, model, firmware, address, sure, how, asked, first_at, last_at, version, print, given_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let (seen, carried) = (seen.as_ref(), carried.as_ref());
    connection.prepare_cached(sql)?.execute(params![
        mac.to_string(),
        key,
        seen.map(|seen| &seen.identity.vendor),
        seen.map(|seen| &seen.identity.model),
        seen.map(|seen| &seen.identity.firmware),
        seen.map(|seen| seen.address.to_string()),
        seen.map(|seen| seen.sure),
        seen.map(|seen| seen.how.word()),
        seen.map(|seen| &seen.asked),
        seen.map(|seen| seen.first_at.0),
        seen.map(|seen| seen.last_at.0),
        carried.map(|carried| carried.version),
        carried.map(|carried| &carried.print),
        carried.map(|carried| carried.at.0),
    ])?;
    Ok(())
}

/// All of them. A row that can't be understood is skipped: the telephone is seen again.
pub(super) fn restore(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let sql = "SELECT mac, key, vendor, model, firmware, address, sure, how, asked, first_at, last_at, version, print, given_at
               FROM phone ORDER BY mac";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.flatten().flatten().collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<Stored>> {
    let Some(mac) = Mac::read(&row.get::<_, String>(0)?) else { return Ok(None) };
    let text = |at: usize| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
    let identity = Identity { mac: Some(mac), vendor: text(2)?, model: text(3)?, firmware: text(4)? };
    let (address, how) = (text(5)?.parse(), How::from_word(&text(7)?));
    let seen = match (address, how) {
        (Ok(address), Some(how)) => Some(Seen {
            identity,
            address,
            sure: row.get::<_, Option<bool>>(6)?.unwrap_or(false),
            how,
            asked: text(8)?,
            first_at: WallTime(row.get(9)?),
            last_at: WallTime(row.get(10)?),
        }),
        _ => None,
    };
    let carried = match row.get::<_, Option<i64>>(11)? {
        Some(version) => Some(Carried { version, print: text(12)?, at: WallTime(row.get(13)?) }),
        None => None,
    };
    Ok(Some(Stored { mac, seen, key: row.get(1)?, carried }))
}
