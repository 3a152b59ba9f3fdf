//! The machine under the exchange, as the page may ask of it: on the box by its steward, whose state is kept for a moment so that
//! pages don't hammer it; elsewhere there is none, and the machine is its owner's.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::{self, Stopwatch};
use super::steward::client::Steward;
use crate::base::WallTime;
use crate::machine::{Answer, Order, Reason, State};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// This machine has no steward: it is not the box.
    #[error("this machine has no steward")]
    None,
    /// The steward says no.
    #[error("the steward refused: {}", .0[1])]
    Refused(Reason),
    /// It did not answer.
    #[error("the steward does not answer: {0}")]
    Silent(#[from] io::Error),
}

/// The way to the steward. Clones share what is known.
#[derive(Clone)]
pub struct Machine(Arc<Shared>);

/// Fills in what can be read of any Linux without rights: sensors, memory, cards, the disk.
pub type Gauges = Box<dyn Fn(&mut State) + Send + Sync>;

struct Shared {
    steward: Steward,
    gauges: Option<Gauges>,
    known: Mutex<Option<Known>>,
    /// What the kernel said a moment ago.
    kernel: Mutex<Option<Kernel>>,
    /// Held by who asks: others take what is known.
    asking: Mutex<()>,
}

/// What the kernel has said.
#[derive(Clone, Debug)]
pub struct Kernel {
    at: Stopwatch,
    /// All of it.
    pub text: Arc<str>,
    /// When the machine was switched on: its lines count from then. The same until the clock is set, so that lines keep their order.
    pub started: WallTime,
}

#[derive(Clone, Debug)]
struct Known {
    at: Stopwatch,
    state: Option<Arc<State>>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Machine").field(&self.0.steward).finish()
    }
}

impl Machine {
    /// One whose steward listens there, if there is any; elsewhere the gauges tell what they can.
    pub fn new(steward: Steward, gauges: Option<Gauges>) -> Self {
        Self(Arc::new(Shared {
            steward,
            gauges,
            known: Mutex::default(),
            kernel: Mutex::default(),
            asking: Mutex::default(),
        }))
    }

    /// Whether this machine is the box.
    pub fn is_box(&self) -> bool {
        self.0.steward.is_there()
    }

    /// What a plain Linux tells of itself; `None`: nothing.
    pub fn plain(&self) -> Option<State> {
        let gauges = self.0.gauges.as_ref()?;
        let mut state = State::default();
        gauges(&mut state);
        Some(state)
    }

    /// How the machine was a moment ago; `None`: there is no steward, or none that answers.
    pub fn state(&self) -> Option<Arc<State>> {
        if let Some(known) = self.fresh() {
            return known.state;
        }
        let Ok(_turn) = self.0.asking.try_lock() else {
            return self.known().clone().and_then(|known| known.state);
        };
        match self.fresh() {
            Some(known) => known.state,
            None => self.ask_state().ok(),
        }
    }

    /// How the machine is now.
    ///
    /// # Errors
    /// Without a steward that answers.
    pub fn state_now(&self) -> Result<Arc<State>, MachineError> {
        let _turn = self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.ask_state()
    }

    /// Orders something; what was known is forgotten.
    ///
    /// # Errors
    /// When it is not done.
    pub fn order(&self, order: &Order) -> Result<Answer, MachineError> {
        if !self.is_box() {
            return Err(MachineError::None);
        }
        let answer = self.0.steward.within(ORDER_PATIENCE).ask(order, &mut |_| ())?;
        *self.known() = None;
        match answer {
            Answer::Refused { reason } => Err(MachineError::Refused(reason)),
            answer => Ok(answer),
        }
    }

    /// What the kernel has said since power-on; `None` where nobody may tell.
    pub fn kernel_log(&self) -> Option<Kernel> {
        if !self.is_box() {
            return None;
        }
        let mut kept = self.0.kernel.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kernel| kernel.at.elapsed() < KERNEL_KEPT) {
            return kept.clone();
        }
        match self.0.steward.within(STATE_PATIENCE).ask(&Order::KernelLog, &mut |_| ()) {
            Ok(Answer::Text { text }) => {
                let now = clock::power_on();
                let before = kept.as_ref().map(|kernel| kernel.started);
                let started = before.filter(|at| at.millis().abs_diff(now.millis()) < CLOCK_SET_MS).unwrap_or(now);
                *kept = Some(Kernel { at: Stopwatch::start(), text: text.into(), started });
                kept.clone()
            }
            Ok(_) | Err(_) => None,
        }
    }

    fn ask_state(&self) -> Result<Arc<State>, MachineError> {
        let answer = if self.is_box() {
            match self.0.steward.within(STATE_PATIENCE).ask(&Order::State, &mut |_| ()) {
                Ok(Answer::State(state)) => Ok(Arc::from(state)),
                Ok(other) => Err(MachineError::Silent(io::Error::other(format!("it said {other:?}")))),
                Err(error) => Err(MachineError::Silent(error)),
            }
        } else {
            Err(MachineError::None)
        };
        let state = answer.as_ref().ok().map(Arc::clone);
        *self.known() = Some(Known { at: Stopwatch::start(), state });
        answer
    }

    fn fresh(&self) -> Option<Known> {
        self.known().clone().filter(|known| known.at.elapsed() < KEPT)
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known is asked again after this.
const KEPT: Duration = Duration::from_secs(2);
/// The same of the kernel's log, which is long.
const KERNEL_KEPT: Duration = Duration::from_secs(10);
/// With a larger difference the clock was set.
const CLOCK_SET_MS: u64 = 2_000;
/// The steward tells how it is within this, or not at all.
const STATE_PATIENCE: Duration = Duration::from_secs(3);
/// It does what it is told within this; a handler has 30 s.
const ORDER_PATIENCE: Duration = Duration::from_secs(20);
