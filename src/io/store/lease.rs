//! Table `lease`: addresses that the box gave by DHCP.

use rusqlite::{Connection, params};

use crate::base::WallTime;
use crate::provision::Mac;
use crate::provision::dhcp::Lease;

/// Keeps one; what the card or the address had before goes.
pub(super) fn put(connection: &Connection, lease: &Lease) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO lease (address, mac, until_at) VALUES (?1, ?2, ?3)";
    let (address, mac) = (lease.address.to_string(), lease.mac.to_string());
    connection.prepare_cached(sql)?.execute(params![address, mac, lease.until.0])?;
    Ok(())
}

/// All of them. A row that can't be understood is skipped: its card asks again.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Lease>> {
    let mut statement = connection.prepare("SELECT address, mac, until_at FROM lease ORDER BY until_at DESC")?;
    let rows = statement.query_map((), |row| {
        let (address, mac): (String, String) = (row.get(0)?, row.get(1)?);
        let until = WallTime(row.get(2)?);
        let lease = address.parse().ok().zip(Mac::read(&mac));
        Ok(lease.map(|(address, mac)| Lease { mac, address, until }))
    })?;
    Ok(rows.flatten().flatten().collect())
}
