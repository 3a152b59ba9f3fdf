//! The end of the exchange or of the machine, when somebody asks for it: soon, so that the answer is out first, or once no call goes on.
//! One end is wanted at a time; another one takes its place.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::House;
use crate::io::board::Event;
use crate::io::clock;
use crate::machine::Order;

/// What ends, and how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The exchange starts anew.
    Exchange,
    /// The machine starts anew.
    Box,
    /// The machine is switched off.
    ShutDown,
}

impl What {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Box => "box",
            Self::ShutDown => "shutdown",
        }
    }
}

/// The end that is wanted. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending(Arc<Mutex<Wanted>>);

#[derive(Debug, Default)]
struct Wanted {
    what: Option<What>,
    /// Rises with each order.
    turn: u64,
}

impl Ending {
    /// What is going to end.
    pub(super) fn pending(&self) -> Option<What> {
        self.wanted().what
    }

    /// Begins to end it; `idle`: once no call goes on.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(super) fn order(&self, house: &House, what: What, idle: bool) -> io::Result<()> {
        let turn = {
            let mut wanted = self.wanted();
            wanted.turn += 1;
            wanted.what = Some(what);
            wanted.turn
        };
        let (ours, of) = (self.clone(), house.clone());
        let waiting = thread::Builder::new().name("ending".to_owned()).spawn(move || ours.wait(&of, turn, what, idle));
        if let Err(error) = waiting {
            self.wanted().what = None;
            return Err(error);
        }
        tell(house, "an end is ordered");
        Ok(())
    }

    /// It goes on after all; false: nothing was going to end.
    pub(super) fn forget(&self, house: &House) -> bool {
        let was = {
            let mut wanted = self.wanted();
            wanted.turn += 1;
            wanted.what.take()
        };
        if was.is_some() {
            tell(house, "an end was called off");
        }
        was.is_some()
    }

    fn wait(&self, house: &House, turn: u64, what: What, idle: bool) {
        thread::sleep(ANSWER_FIRST);
        while idle && self.wanted().turn == turn && !house.board.calls().is_empty() {
            thread::sleep(LOOK_EVERY);
        }
        if self.wanted().turn != turn {
            return;
        }
        tracing::info!(what = what.word(), "web: it is ended as ordered");
        let order = match what {
            What::Exchange => return house.exchange.stop(),
            What::Box => Order::Restart,
            What::ShutDown => Order::ShutDown,
        };
        if let Err(error) = house.ground.machine.order(&order) {
            tracing::error!(%error, what = what.word(), "web: it is not ended");
            self.forget(house);
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(house: &House, text: &str) {
    house.board.tell(Event::System { what: "machine", text: text.to_owned(), at: clock::wall() });
}

/// Whoever asked hears that it will be.
const ANSWER_FIRST: Duration = Duration::from_millis(500);
/// How often it is seen whether a call goes on.
const LOOK_EVERY: Duration = Duration::from_millis(500);
