//! A stand-in for the steward: it keeps what it is ordered, and answers from a state that the test sets.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use dozvon::io::http::Ground;
use dozvon::io::machine::Machine;
use dozvon::io::steward::client::Steward;
use dozvon::machine::{Answer, Order, Reason, State, reason};

use crate::world::ground;

#[derive(Clone)]
pub(crate) struct StandIn(Arc<Shared>);

struct Shared {
    path: PathBuf,
    orders: Mutex<Vec<Order>>,
    state: Mutex<State>,
    /// It refuses everything but to tell.
    refusal: Mutex<Option<Reason>>,
}

impl StandIn {
    /// Begins to listen.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("dozvon-steward-{}-{number}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let shared = Shared { path, orders: Mutex::default(), state: Mutex::default(), refusal: Mutex::default() };
        let new = Self(Arc::new(shared));
        let ours = new.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ours = ours.clone();
                std::thread::spawn(move || ours.converse(&stream));
            }
        });
        new
    }

    /// The box, looked after.
    pub(crate) fn ground(&self) -> Ground {
        Ground { machine: Machine::new(Steward::at(self.0.path.clone()), None), supervised: true, ..ground() }
    }

    pub(crate) fn set(&self, set: impl FnOnce(&mut State)) {
        set(&mut self.0.state.lock().unwrap());
    }

    pub(crate) fn refuse(&self, russian: &str, english: &str) {
        *self.0.refusal.lock().unwrap() = Some(reason(russian, english));
    }

    /// What was ordered, without questions.
    pub(crate) fn orders(&self) -> Vec<Order> {
        let is_order = |order: &&Order| !matches!(order, Order::State | Order::KernelLog);
        self.0.orders.lock().unwrap().iter().filter(is_order).cloned().collect()
    }

    /// How often its state was asked.
    pub(crate) fn asked(&self) -> usize {
        self.0.orders.lock().unwrap().iter().filter(|order| **order == Order::State).count()
    }

    fn converse(&self, mut stream: &UnixStream) {
        let mut line = String::new();
        if BufReader::new(stream).read_line(&mut line).unwrap_or(0) == 0 {
            return; // somebody looks whether anybody is there
        }
        let order: Order = serde_json::from_str(&line).unwrap();
        self.0.orders.lock().unwrap().push(order.clone());
        let answer = match order {
            Order::State => Answer::State(Box::new(self.0.state.lock().unwrap().clone())),
            Order::KernelLog => {
                Answer::Text { text: "6,1,5000000,-;eth0: link up\n3,2,6000000,-;ata1: failed\n".to_owned() }
            }
            order => self.perform(order),
        };
        let _ = writeln!(stream, "{}", serde_json::to_string(&answer).unwrap());
    }

    fn perform(&self, order: Order) -> Answer {
        if let Some(reason) = self.0.refusal.lock().unwrap().clone() {
            return Answer::Refused { reason };
        }
        let mut state = self.0.state.lock().unwrap();
        match order {
            Order::HostName { name } => state.host_name = name,
            Order::Network { network, confirm_within } => {
                state.network = network;
                state.confirm_within = Some(confirm_within);
            }
            Order::ConfirmNetwork => state.confirm_within = None,
            Order::Time { servers, serve } => (state.time_servers, state.time_served) = (servers, serve),
            _ => {}
        }
        Answer::Done
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
