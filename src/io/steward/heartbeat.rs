//! The exchange's sign of life: its loop counts its turns, and a small thread tells the steward of them each second. The loop itself never
//! waits for the steward.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::client;
use crate::base::Duration;
use crate::machine::Order;

/// Between one sign and the next; the loop turns at least as often.
pub const EVERY: Duration = Duration::from_secs(1);

/// Counts the turns of a loop.
#[derive(Clone, Debug, Default)]
pub struct Heartbeat(Arc<AtomicU64>);

impl Heartbeat {
    /// Begins to tell the steward; `None` on a machine without one.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start() -> std::io::Result<Option<Self>> {
        if !client::is_there() {
            return Ok(None);
        }
        let heartbeat = Self::default();
        let turns = Arc::downgrade(&heartbeat.0);
        std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
            let mut steward = None;
            while let Some(turns) = turns.upgrade() {
                let _ = tell(&mut steward, turns.load(Ordering::Relaxed));
                drop(turns);
                std::thread::sleep(EVERY);
            }
        })?;
        Ok(Some(heartbeat))
    }

    /// The loop has turned.
    pub fn turn(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// By the same connection as before, or by a new one.
fn tell(steward: &mut Option<UnixStream>, turns: u64) -> std::io::Result<()> {
    let mut stream = match steward.take() {
        Some(stream) => stream,
        None => UnixStream::connect(client::socket())?,
    };
    stream.set_write_timeout(Some(EVERY))?;
    let mut line = serde_json::to_vec(&Order::Alive { turns })?;
    line.push(b'\n');
    stream.write_all(&line)?;
    *steward = Some(stream);
    Ok(())
}
