//! The watchdog: a clock in the machine that starts it anew unless it is told in time that all is well.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;

use super::{Places, kernel};
use crate::base::{Duration, Instant};

/// Without food for so long, the machine starts anew. Seconds.
const PATIENCE: i32 = 30;
/// Between meals.
const EVERY: Duration = Duration::from_secs(5);

/// The machine's watchdog, or none.
pub(super) struct Watchdog {
    place: PathBuf,
    device: Option<File>,
    fed: Option<Instant>,
}

impl Watchdog {
    /// Wakes it: from now on it wants to be fed.
    pub(super) fn open(places: &Places) -> Self {
        let mut new = Self { place: places.dev.join("watchdog0"), device: None, fed: None };
        new.wake();
        new
    }

    /// Some drivers are there only after a while.
    fn wake(&mut self) {
        let Ok(device) = File::options().write(true).open(&self.place) else { return };
        match kernel::set_watchdog_timeout(device.as_fd(), PATIENCE) {
            Ok(seconds) => tracing::info!(seconds, "the watchdog is awake"),
            Err(error) => tracing::warn!(%error, "the watchdog keeps its own time"),
        }
        self.device = Some(device);
    }

    /// Tells it that all is well, some times a minute.
    pub(super) fn feed(&mut self, now: Instant) {
        if self.fed.is_some_and(|fed| now.since(fed) < EVERY) {
            return;
        }
        self.fed = Some(now);
        if self.device.is_none() {
            self.wake();
        }
        self.feed_now();
    }

    /// Tells it now.
    pub(super) fn feed_now(&mut self) {
        if let Some(error) = self.device.as_mut().and_then(|device| device.write_all(b"\0").err()) {
            tracing::warn!(%error, "the watchdog does not eat");
        }
    }

    /// Lays it to sleep: the steward ends in good order.
    pub(super) fn close(self) {
        if let Some(mut device) = self.device {
            // linux/Documentation/watchdog: this letter before the end, and it asks for no more food
            let _ = device.write_all(b"V");
        }
    }
}

/// The driver's name of it; empty: there is none.
pub(super) fn name(places: &Places) -> String {
    let name = std::fs::read_to_string(places.sys.join("class/watchdog/watchdog0/identity"));
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}
