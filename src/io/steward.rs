//! The steward: the one process of root's on the box. It mounts, supervises the exchange, feeds the watchdog, keeps network and clock,
//! and does what the exchange, which may do none of that, asks by [`Order`](crate::machine::Order).

pub mod client;
mod clock;
mod door;
mod gauges;
mod places;
mod shares;
mod slots;

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use places::Places;

use crate::machine::{Settings, State};

/// What comes of an order: it is done, or a sentence in English says why not.
pub(super) type Outcome = Result<(), String>;

/// How the box goes on after the steward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The machine starts anew.
    Restart,
    /// The machine is switched off.
    ShutDown,
    /// Whoever stopped the steward knows.
    Stopped,
}

/// What all threads of the steward share.
struct Steward {
    places: Places,
    settings: Mutex<Settings>,
    clock: clock::Keeper,
    ends: std::sync::mpsc::Sender<End>,
}

impl Steward {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the machine is.
    fn state(&self) -> State {
        let mut state = State::default();
        {
            let settings = self.settings();
            state.host_name.clone_from(&settings.host_name);
            state.network.clone_from(&settings.network);
            state.time_servers.clone_from(&settings.time.servers);
            state.time_served = settings.time.serve;
        }
        slots::fill(&self.places, &mut state);
        gauges::fill(&self.places, &mut state);
        shares::fill(&self.places, &mut state);
        self.clock.fill(&mut state);
        state
    }
}

/// Keeps the box until it ends.
///
/// # Errors
/// When it can't begin.
pub fn run(places: Places) -> io::Result<()> {
    let (ends, ended) = std::sync::mpsc::channel();
    let settings = Settings::default();
    let clock = clock::Keeper::start(&places, &settings.time);
    let steward = std::sync::Arc::new(Steward { places, settings: Mutex::new(settings), clock, ends });
    door::open(&steward)?;
    let _ = ended.recv();
    Ok(())
}
