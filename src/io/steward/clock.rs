//! The box's clock: put right by time servers, kept from falling behind what it has shown before, and told to the telephones of the
//! office. `machine::ntp` knows how; here are its sockets and threads, and [`Hands`] that may be others in tests.

mod floor;
mod hands;
mod rounds;
mod telling;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Outcome, Places};
use crate::base::{Duration, Instant, Rng};
use crate::io::clock::{self as machine_clock, Clock};
use crate::machine::ntp::{Moment, Standing};
use crate::machine::settings::Time;
use crate::machine::{self, order};

pub use hands::{Hands, Machine};

/// What the clock starts from; other things in tests.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The last time that was noted: `/data/clock`.
    pub stamp: PathBuf,
    /// When this program was made, of `/etc/dozvon/release`: no time before that is ever right.
    pub built: Moment,
    /// UDP, ours.
    pub server_port: u16,
    /// UDP, of servers that are named without one.
    pub client_port: u16,
}

impl Basis {
    /// That of the box.
    fn of(places: &Places) -> Self {
        Self { stamp: places.data.join("clock"), built: built(places), server_port: NTP, client_port: NTP }
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

/// Lifts the clock to the day on which this release was made, as early as can be: what checks a disk wonders at 1970.
pub(super) fn lift(places: &Places) {
    if places.is_image {
        floor::lift(&Basis { stamp: PathBuf::new(), ..Basis::of(places) }, &Machine);
    }
}

/// The clock of the box; off the box nothing, since the machine's clock is not ours.
pub(super) struct Keeper {
    timekeeper: Option<Timekeeper>,
    /// What is wanted, and the interface of the office; empty: none yet.
    known: Mutex<(Time, String)>,
}

impl Keeper {
    /// Begins. The data partition is mounted; the network need not be there yet.
    pub(super) fn start(places: &Places, time: &Time) -> Self {
        let known = (time.clone(), String::new());
        let start = || Timekeeper::start(Basis::of(places), Arc::new(Machine), Wanted::of(&known));
        let timekeeper = places.is_image.then(start).transpose();
        let timekeeper = timekeeper.inspect_err(|error| tracing::error!(%error, "nobody keeps the clock"));
        Self { timekeeper: timekeeper.ok().flatten(), known: Mutex::new(known) }
    }

    /// Asks others from now on.
    pub(super) fn set(&self, time: &Time) -> Outcome {
        self.change(|known| known.0.clone_from(time));
        Ok(())
    }

    /// The network has come or changed; telephones are at this interface.
    pub(super) fn network(&self, office: &str) {
        self.change(|known| office.clone_into(&mut known.1));
        if let Some(timekeeper) = &self.timekeeper {
            timekeeper.hurry();
        }
    }

    fn change(&self, change: impl FnOnce(&mut (Time, String))) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        if let Some(timekeeper) = &self.timekeeper {
            timekeeper.want(Wanted::of(&known));
        }
    }

    /// How the clock is.
    pub(super) fn fill(&self, state: &mut machine::State) {
        if let Some(keeper) = &self.timekeeper {
            state.clock = keeper.told();
        }
    }

    /// The box ends: notes the time.
    pub(super) fn stop(&self) {
        if let Some(keeper) = &self.timekeeper {
            keeper.close();
        }
    }
}

impl Wanted {
    /// Telephones are told at the office's interface alone.
    fn of((time, office): &(Time, String)) -> Self {
        let serve = time.serve && !office.is_empty();
        Self { servers: time.servers.clone(), serve, interface: office.clone() }
    }
}

/// When the slot was made: `built=SECONDS` of its release.
fn built(places: &Places) -> Moment {
    let release = std::fs::read_to_string(places.etc.join("dozvon/release")).unwrap_or_default();
    let seconds = release.lines().find_map(|line| line.strip_prefix("built=")?.trim().parse::<i64>().ok());
    Moment(seconds.unwrap_or(0).saturating_mul(1_000_000_000))
}

/// Keeps the clock, on threads of its own. Clones are the same.
#[derive(Clone, Debug)]
pub struct Timekeeper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    basis: Basis,
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
    pub fn start(basis: Basis, hands: Arc<dyn Hands>, wanted: Wanted) -> io::Result<Self> {
        let source = floor::lift(&basis, hands.as_ref());
        let state = State { wanted, edition: 0, hurry: false, closing: false, standing: None, source };
        let inner = Inner { basis, hands, clock: Clock::start(), state: Mutex::new(state), changed: Condvar::new() };
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
        if let Err(error) = floor::note(&self.0.basis.stamp, self.0.hands.now()) {
            tracing::warn!(%error, path = %self.0.basis.stamp.display(), "the time can't be noted");
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
