//! The watchdog: a clock in the machine that starts it anew unless it is told in time that all is well.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;

use super::{Places, kernel};
use crate::base::{Duration, Instant};
use crate::io::files;

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

/// Whether a machine without a living exchange is left to starve: once, since that may help. A second time in a row would not, and whoever
/// stands at the console gets a machine that stays on. A release on trial starves each time: that is how it comes to an end.
pub(super) struct Fast {
    mark: PathBuf,
    /// The start before this one ended so, and nothing has lived since.
    was_tried: bool,
    decided: Option<bool>,
}

impl Fast {
    pub(super) fn new(places: &Places) -> Self {
        let mark = places.data.join("starved");
        Self { was_tried: mark.exists(), mark, decided: None }
    }

    /// Nothing lives: whether it is left so.
    pub(super) fn is_kept(&mut self, is_on_trial: impl FnOnce() -> bool) -> bool {
        *self.decided.get_or_insert_with(|| {
            let kept = is_on_trial() || !self.was_tried;
            tracing::error!(kept, "the exchange does not live; the machine itself may be to blame");
            if kept && let Err(error) = files::replace(&self.mark, b"", 0o600) {
                tracing::warn!(%error, "that it starves can't be noted");
            }
            kept
        })
    }

    /// The exchange lives.
    pub(super) fn end(&mut self) {
        if self.was_tried || self.decided.is_some() {
            let _ = std::fs::remove_file(&self.mark);
            (self.was_tried, self.decided) = (false, None);
        }
    }
}

/// The driver's name of it; empty: there is none.
pub(super) fn name(places: &Places) -> String {
    let name = std::fs::read_to_string(places.sys.join("class/watchdog/watchdog0/identity"));
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;

    #[test]
    fn a_machine_without_life_starves_once_and_a_trial_each_time() {
        let scratch = Scratch::new();
        let places = Places { data: scratch.path().to_owned(), ..Places::default() };
        let mut first = Fast::new(&places);
        assert!(first.is_kept(|| false));
        assert!(first.is_kept(|| false), "it stays decided");
        assert!(!Fast::new(&places).is_kept(|| false), "the second start in a row");
        assert!(Fast::new(&places).is_kept(|| true), "a trial");
        let mut better = Fast::new(&places);
        better.end();
        assert!(Fast::new(&places).is_kept(|| false), "something has lived meanwhile");
    }
}
