//! The box's clock: put right by time servers, kept from falling behind what it has shown before, and told to the telephones of the
//! office. `machine::ntp` knows how; here are its sockets and threads, and [`Hands`] that may be others in tests.

mod floor;
mod hands;
mod rounds;
mod telling;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::base::{Duration, Instant, Rng};
use crate::io::clock::{self as machine_clock, Clock};
use crate::machine::ntp::{Moment, Standing};
use crate::machine::order;

pub use hands::{Hands, Machine};

/// Where the clock finds what it needs; elsewhere in tests.
#[derive(Clone, Debug)]
pub struct Places {
    /// The last time that was noted: `/data/clock`.
    pub stamp: PathBuf,
    /// When this program was made, of `/etc/dozvon/release`: no time before that is ever right.
    pub built: Moment,
    /// UDP, ours.
    pub server_port: u16,
    /// UDP, of servers that are named without one.
    pub client_port: u16,
}

impl Places {
    /// Those of the box.
    pub fn of_the_box(built_seconds: i64) -> Self {
        Self {
            stamp: PathBuf::from("/data/clock"),
            built: Moment(built_seconds.saturating_mul(1_000_000_000)),
            server_port: NTP,
            client_port: NTP,
        }
    }
}

/// What is wanted of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names or addresses, with a port at will; empty: pool.ntp.org's.
    pub servers: Vec<String>,
    /// Whether telephones are answered.
    pub serve: bool,
    /// The only interface where they are; empty: any.
    pub interface: String,
}

/// Keeps the clock, on threads of its own. Clones are the same.
#[derive(Clone, Debug)]
pub struct Timekeeper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: Places,
    hands: Arc<dyn Hands>,
    clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    wanted: Wanted,
    /// Rises with each change of what is wanted.
    edition: u64,
    /// A network has come or changed.
    hurry: bool,
    closing: bool,
    standing: Option<Standing>,
    source: Before,
}

/// Where the time came from before a server told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The machine's own clock with its battery.
    Rtc,
    /// What was noted on the disk, or when this program was made. It is behind.
    Floor,
}

impl Timekeeper {
    /// Lifts the clock to the latest time that is known of, and starts to keep it. To be called once the stamp can be read.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(places: Places, hands: Arc<dyn Hands>, wanted: Wanted) -> io::Result<Self> {
        let source = floor::lift(&places, hands.as_ref());
        let state = State { wanted, edition: 0, hurry: false, closing: false, standing: None, source };
        let inner = Inner { places, hands, clock: Clock::start(), state: Mutex::new(state), changed: Condvar::new() };
        let keeper = Self(Arc::new(inner));
        let rng = Rng::from_entropy(machine_clock::entropy()?);
        let (client, server) = (keeper.clone(), keeper.clone());
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
        };
        spawn("ntp-client", Box::new(move || rounds::run(&client, rng)))?;
        spawn("ntp-server", Box::new(move || telling::run(&server)))?;
        Ok(keeper)
    }

    /// Other servers, or another place for telephones.
    pub fn want(&self, wanted: Wanted) {
        let mut state = self.state();
        if state.wanted != wanted {
            state.wanted = wanted;
            state.edition += 1;
            self.0.changed.notify_all();
        }
    }

    /// The network has come or changed: servers are asked soon.
    pub fn hurry(&self) {
        self.state().hurry = true;
        self.0.changed.notify_all();
    }

    /// How the clock is.
    pub fn told(&self) -> order::Clock {
        let state = self.state();
        match &state.standing {
            Some(standing) => order::Clock {
                synchronized: true,
                source: standing.source.name.clone(),
                offset_ms: round_to_micros(standing.offset),
            },
            None => {
                let source = if state.source == Before::Rtc { "rtc" } else { "floor" };
                order::Clock { synchronized: false, source: source.to_owned(), offset_ms: 0.0 }
            }
        }
    }

    /// Notes the time on the disk; ends the threads. For a shutdown.
    pub fn close(&self) {
        self.note();
        self.state().closing = true;
        self.0.changed.notify_all();
    }

    fn note(&self) {
        if let Err(error) = floor::note(&self.0.places.stamp, self.0.hands.now()) {
            tracing::warn!(%error, path = %self.0.places.stamp.display(), "the time can't be noted");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// Waits until then, or until something changes.
    fn wait(&self, span: Duration) {
        let state = self.state();
        if !state.hurry && !state.closing {
            drop(self.0.changed.wait_timeout(state, span));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "of a correction in milliseconds three digits behind the point matter")]
fn round_to_micros(nanos: i64) -> f64 {
    (nanos / 1_000) as f64 / 1_000.0
}

/// RFC 5905 §7.2.
const NTP: u16 = 123;

#[cfg(test)]
mod tests;
