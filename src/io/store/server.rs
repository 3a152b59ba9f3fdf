//! Table `server`: where the names of carriers' servers were found, for a start at which no name server answers.

use std::net::SocketAddr;

use rusqlite::{Connection, params};

use crate::engine::StoredServer;
use crate::sip::Transport;

pub(super) fn put(connection: &Connection, server: &StoredServer) -> rusqlite::Result<()> {
    let word = |(transport, address): &(Transport, SocketAddr)| format!("{}/{address}", transport.param());
    let places: Vec<String> = server.places.iter().map(word).collect();
    let sql = "INSERT INTO server (name, places) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET places = ?2";
    connection.prepare_cached(sql)?.execute(params![server.name, places.join(" ")])?;
    Ok(())
}

/// All of them. A place that can't be understood is skipped.
pub(super) fn restore(connection: &Connection) -> rusqlite::Result<Vec<StoredServer>> {
    let mut statement = connection.prepare("SELECT name, places FROM server")?;
    let rows = statement.query_map((), |row| {
        let places: String = row.get(1)?;
        Ok(StoredServer { name: row.get(0)?, places: places.split(' ').filter_map(read).collect() })
    })?;
    rows.collect()
}

fn read(word: &str) -> Option<(Transport, SocketAddr)> {
    let (transport, address) = word.split_once('/')?;
    Some((transport.parse().ok()?, address.parse().ok()?))
}
