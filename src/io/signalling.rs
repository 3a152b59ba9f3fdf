//! The black box of signalling: every SIP message of a call is kept for some days, so that its ladder can be drawn.
//!
//! The loop copies a message into a queue of bounded size and goes on; a thread of its own masks secrets, sorts messages by
//! Call-ID to the calls that the engine told of, packs them and gives them to the store's writer. When the thread or the disk
//! can't keep up, messages are lost from ladders and counted, and calls go on. Registrations, subscriptions and OPTIONS are
//! never kept.

mod mask;
mod part;
mod pcap;
mod sorter;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::{self, Clock};
use super::store::{Store, StoreError};
use crate::base::{CallId, Instant, WallTime};
use crate::call::cdr::CallLeg;
use crate::sip::Flow;

pub(super) use mask::{begins_message, cover_all, cover_in_place};
pub use part::{Message, Party, unpack};
pub use pcap::pcap;
pub use sorter::{Packed, Sorter};

/// The way to the black box. Clones share one thread.
#[derive(Clone, Debug)]
pub struct SignallingHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    jobs: Sender<Job>,
    /// Bytes of messages on their way.
    queued: Arc<AtomicUsize>,
    dropped: AtomicU64,
    /// Hears nothing but its end.
    closed: Mutex<Receiver<()>>,
}

enum Job {
    Message { at: WallTime, flow: Flow, sent: bool, bytes: Vec<u8> },
    Leg(CallLeg),
    Ended(CallId),
    Flush(CallId, Sender<()>),
    Days(u32),
    Close,
}

impl SignallingHandle {
    /// A message came, or is `sent`. Never waits: with [`QUEUE_BYTES`] on their way it is dropped and counted.
    pub fn message(&self, at: WallTime, flow: Flow, sent: bool, bytes: &[u8]) {
        if !sorter::may_be_of_a_call(bytes) {
            return;
        }
        let shared = &self.0;
        if shared.queued.load(Ordering::Relaxed).saturating_add(bytes.len()) > QUEUE_BYTES {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        shared.queued.fetch_add(bytes.len(), Ordering::Relaxed);
        self.send(Job::Message { at, flow, sent, bytes: bytes.to_vec() });
    }

    /// A leg is of a call from now on.
    pub fn leg(&self, leg: CallLeg) {
        self.send(Job::Leg(leg));
    }

    /// A call is over; its last messages may still be under way.
    pub fn ended(&self, call: CallId) {
        self.send(Job::Ended(call));
    }

    /// From now on messages are kept for so many days; 0: none are kept.
    pub fn keep(&self, days: u32) {
        self.send(Job::Days(days));
    }

    /// Hands what there is of a call to the store, and waits until that is done, or for [`FLUSH_TIME`] at most.
    pub fn flush(&self, call: CallId) {
        let (answer, inbox) = channel();
        self.send(Job::Flush(call, answer));
        let _ = inbox.recv_timeout(FLUSH_TIME);
    }

    /// Messages that were dropped since the start, because too many were on their way.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Hands everything to the store and ends the thread.
    pub fn close(&self) {
        self.send(Job::Close);
        let closed = self.0.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = closed.recv_timeout(FLUSH_TIME);
    }

    fn send(&self, job: Job) {
        // A box that is closed takes nothing any more.
        let _ = self.0.jobs.send(job);
    }
}

/// Starts the thread. Messages are kept for `days`; 0: none are kept.
///
/// # Errors
/// When there is no thread.
pub fn start(store: Store, days: u32) -> Result<SignallingHandle, StoreError> {
    let (jobs, inbox) = channel();
    let (open, closed) = channel();
    let queued = Arc::new(AtomicUsize::new(0));
    let ours = Arc::clone(&queued);
    std::thread::Builder::new()
        .name("signalling".to_owned())
        .spawn(move || {
            Worker { store, days, sorter: Sorter::default(), tidied: None }.run(&inbox, &ours);
            drop(open);
        })
        .map_err(|why| StoreError::Database(why.to_string()))?;
    let shared = Shared { jobs, queued, dropped: AtomicU64::new(0), closed: Mutex::new(closed) };
    Ok(SignallingHandle(Arc::new(shared)))
}

struct Worker {
    store: Store,
    days: u32,
    sorter: Sorter,
    tidied: Option<Instant>,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Job>, queued: &AtomicUsize) {
        let clock = Clock::start();
        loop {
            let job = match inbox.recv_timeout(TICK) {
                Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
            };
            let now = clock.now();
            match job {
                Some(Job::Message { at, flow, sent, bytes }) => {
                    queued.fetch_sub(bytes.len(), Ordering::Relaxed);
                    if self.days > 0 {
                        self.sorter.message(now, at, flow, sent, &bytes);
                    }
                }
                Some(Job::Leg(leg)) => self.sorter.leg(leg),
                Some(Job::Ended(call)) => self.sorter.ended(now, call),
                Some(Job::Flush(call, answer)) => {
                    self.sorter.flush(call);
                    self.write();
                    let _ = answer.send(());
                }
                Some(Job::Days(days)) => {
                    self.days = days;
                    self.tidied = None;
                }
                Some(Job::Close) | None => {}
            }
            self.sorter.handle_timeout(now);
            self.write();
            self.tidy(now);
        }
        self.sorter.flush_all();
        self.write();
    }

    fn write(&mut self) {
        while let Some(packed) = self.sorter.poll_packed() {
            self.store.keep_signalling(packed);
        }
    }

    fn tidy(&mut self, now: Instant) {
        if self.tidied.is_some_and(|at| now.since(at) < TIDY_EVERY) {
            return;
        }
        self.tidied = Some(now);
        let oldest = clock::wall().millis() - i64::from(self.days) * DAY_MS;
        self.store.tidy_signalling(WallTime(oldest), KEPT_BYTES);
    }
}

/// Bytes of messages on their way to the thread; further ones are dropped and counted.
pub const QUEUE_BYTES: usize = 8 * 1024 * 1024;
/// What all kept messages may take, packed; the oldest go beyond that. Some hundred thousand calls.
pub const KEPT_BYTES: u64 = 512 * 1024 * 1024;
/// How long somebody waits for what is not written yet.
pub const FLUSH_TIME: Duration = Duration::from_secs(2);
/// How often calls are looked after when nothing comes.
const TICK: Duration = Duration::from_millis(500);
/// How often what is too old is removed.
const TIDY_EVERY: Duration = Duration::from_secs(600);
const DAY_MS: i64 = 86_400_000;

#[cfg(test)]
mod tests;
