//! The board: what the engine's [`Live`] events add up to, for the page, the log and metrics. One short lock; the
//! engine's thread never waits for a reader. Knows no HTTP and no SIP.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::base::{CallId, WallTime};
use crate::call::cdr::{CallDirection, CallOutcome};
use crate::engine::live::{CallState, CallView, ContactView, Live, MemberState, QueueView, TrunkState, TrunkView};
use crate::office::{Device, Office};

/// Events kept for those who come back with `Last-Event-ID`; who missed more is told so and reads everything anew.
pub const EVENTS_KEPT: usize = 1_000;

/// The state that the page shows, and the last events. Clones share it.
#[derive(Clone, Debug)]
pub struct Board {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<CallId, CallView>,
    trunks: HashMap<String, TrunkView>,
    phones: HashMap<String, PhoneView>,
    queues: BTreeMap<String, QueueView>,
    ring: VecDeque<(u64, Arc<Event>)>,
    last_id: u64,
    totals: Totals,
}

/// A login's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneView {
    /// Where it can be reached; empty when it is not registered.
    pub contacts: Vec<ContactView>,
    /// Since when it has been registered, or has not.
    pub since: WallTime,
}

/// One thing that happened, as the event stream tells it: always the whole new state of what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A call began or changed.
    Call(CallView),
    /// A call ended.
    CallEnded {
        /// Which.
        call: CallId,
        /// How.
        outcome: CallOutcome,
        /// When.
        at: WallTime,
    },
    /// A phone came, moved or went.
    Registration {
        /// Its login.
        login: String,
        /// Its state now.
        phone: PhoneView,
    },
    /// A trunk's state changed.
    Trunk(TrunkView),
    /// Who waits at a group, or what its members do, changed.
    Queue(QueueView),
    /// A desk telephone was seen, accepted or given a file: the list of telephones is to be read anew.
    Phone {
        /// `aa:bb:cc:dd:ee:ff`.
        mac: String,
    },
    /// How the import of an uploaded media file stands.
    Import {
        /// Of the import.
        id: String,
        /// Of the media file.
        name: String,
        /// `running`, `done` or `refused`.
        state: &'static str,
        /// Of the work.
        percent: u8,
        /// When.
        at: WallTime,
    },
    /// An alarm that is none of those before.
    Alarm {
        /// Its row.
        id: i64,
        /// A word for programs.
        kind: &'static str,
        /// `alarm`, `warning`.
        severity: &'static str,
        /// A sentence in English.
        text: String,
        /// How many nobody has looked at, with this one.
        unseen: u64,
        /// When.
        at: WallTime,
    },
    /// Something an admin should know. `what` is a word for programs, `text` an English sentence.
    System {
        /// `office`: the settings changed; others as the engine names them.
        what: &'static str,
        /// A sentence.
        text: String,
        /// When.
        at: WallTime,
    },
}

/// Counters since the start, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Calls that ended, by direction and outcome.
    pub calls_ended: BTreeMap<(&'static str, &'static str), u64>,
    /// Notices.
    pub notices: u64,
}

/// What [`Board::since`] found.
#[derive(Debug, Default)]
pub struct Catch {
    /// In order, each with its id.
    pub events: Vec<(u64, Arc<Event>)>,
    /// Events between the asked id and the first of `events` are gone: read the lists anew.
    pub missed: bool,
}

impl Board {
    /// An empty board. Ids of events grow from `at`, so that an id from before a restart is known as old.
    pub fn new(at: WallTime) -> Self {
        let last_id = u64::try_from(at.millis()).unwrap_or(0).saturating_mul(1_000);
        let state = State { last_id, ..State::default() };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), news: watch::Sender::new(last_id) }) }
    }

    /// Adds what the engine told. Called by the engine's thread; holds the lock for some map operations. Returns the event that the
    /// pages are told.
    pub fn apply(&self, live: Live, at: WallTime) -> Option<Arc<Event>> {
        let mut state = self.lock();
        let event = Arc::new(state.take(live, at)?);
        let id = state.publish_shared(Arc::clone(&event));
        drop(state);
        self.shared.news.send_replace(id);
        Some(event)
    }

    /// Forgets trunks, logins and groups that `office` no longer has, and tells the pages that the settings changed.
    pub fn office_applied(&self, office: &Office, at: WallTime) {
        let trunks: HashSet<&str> = office.trunks.iter().map(|trunk| trunk.name.as_str()).collect();
        let logins: HashSet<&str> = sip_logins(office).collect();
        let mut state = self.lock();
        state.trunks.retain(|name, _| trunks.contains(name.as_str()));
        state.phones.retain(|login, _| logins.contains(login.as_str()));
        state.queues.retain(|group, _| office.group(group).is_some());
        let id = state.publish(Event::System { what: "office", text: "the settings changed".to_owned(), at });
        drop(state);
        self.shared.news.send_replace(id);
    }

    /// Tells the pages something that leaves nothing on the board.
    pub fn tell(&self, event: Event) {
        let id = self.lock().publish(event);
        self.shared.news.send_replace(id);
    }

    /// Calls in progress, oldest first.
    pub fn calls(&self) -> Vec<CallView> {
        self.lock().calls.values().cloned().collect()
    }

    /// One call in progress.
    pub fn call(&self, call: CallId) -> Option<CallView> {
        self.lock().calls.get(&call).cloned()
    }

    /// What is known of the trunk of this name.
    pub fn trunk(&self, name: &str) -> Option<TrunkView> {
        self.lock().trunks.get(name).cloned()
    }

    /// What is known of trunks, by name.
    pub fn trunks(&self) -> HashMap<String, TrunkView> {
        self.lock().trunks.clone()
    }

    /// What was told of the group of this number.
    pub fn queue(&self, group: &str) -> Option<QueueView> {
        self.lock().queues.get(group).cloned()
    }

    /// Registrations by login; a login that was never heard of is absent.
    pub fn registrations(&self) -> HashMap<String, PhoneView> {
        self.lock().phones.clone()
    }

    /// The counters.
    pub fn totals(&self) -> Totals {
        self.lock().totals.clone()
    }

    /// The newest id, and a signal for each newer one.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// The events after `id`, at most `limit`.
    pub fn since(&self, id: u64, limit: usize) -> Catch {
        let state = self.lock();
        let first = state.ring.front().map_or(state.last_id.saturating_add(1), |(first, _)| *first);
        let events = state.ring.iter().filter(|(at, _)| *at > id).take(limit).cloned().collect();
        Catch { events, missed: id.saturating_add(1) < first || id > state.last_id }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A poisoned lock means that a map operation panicked; its content is still the best there is.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, live: Live, at: WallTime) -> Option<Event> {
        match live {
            Live::Call(view) => {
                if self.calls.insert(view.call, view.clone()).as_ref() == Some(&view) {
                    return None;
                }
                Some(Event::Call(view))
            }
            Live::CallEnded { call, outcome } => {
                let direction = self.calls.remove(&call).map_or(CallDirection::Internal, |view| view.direction);
                *self.totals.calls_ended.entry((direction.as_str(), outcome.as_str())).or_default() += 1;
                Some(Event::CallEnded { call, outcome, at })
            }
            Live::Registration { login, contacts } => self.register(login, contacts, at),
            // the telephones' affair
            Live::RegisterRefused { .. } => None,
            Live::Trunk(view) => {
                if self.trunks.insert(view.name.clone(), view.clone()).as_ref() == Some(&view) {
                    return None;
                }
                Some(Event::Trunk(view))
            }
            Live::Queue(view) => {
                self.queues.insert(view.group.clone(), view.clone());
                Some(Event::Queue(view))
            }
            Live::Notice { what, text } => {
                self.totals.notices += 1;
                Some(Event::System { what, text, at })
            }
        }
    }

    /// A refresh that only moves the expiry is kept and not told: forty phones would drown the rest.
    fn register(&mut self, login: String, contacts: Vec<ContactView>, at: WallTime) -> Option<Event> {
        let before = self.phones.get(&login);
        let was_there = before.is_some_and(|phone| !phone.contacts.is_empty());
        let since = match before {
            Some(phone) if was_there != contacts.is_empty() => phone.since,
            _ => at,
        };
        let same = before.is_some_and(|phone| same_places(&phone.contacts, &contacts));
        let phone = PhoneView { contacts, since };
        self.phones.insert(login.clone(), phone.clone());
        (!same).then_some(Event::Registration { login, phone })
    }

    fn publish(&mut self, event: Event) -> u64 {
        self.publish_shared(Arc::new(event))
    }

    fn publish_shared(&mut self, event: Arc<Event>) -> u64 {
        self.last_id += 1;
        if self.ring.len() == EVENTS_KEPT {
            self.ring.pop_front();
        }
        self.ring.push_back((self.last_id, event));
        self.last_id
    }
}

impl Event {
    /// The type that the event stream gives it (contract.md).
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Call(_) | Self::CallEnded { .. } => "call",
            Self::Registration { .. } => "registration",
            Self::Trunk(_) => "trunk",
            Self::Queue(_) => "queue",
            Self::Phone { .. } => "phone",
            Self::System { .. } | Self::Import { .. } | Self::Alarm { .. } => "system",
        }
    }
}

/// The word for a state of a call, in the API.
pub const fn call_state(state: CallState) -> &'static str {
    match state {
        CallState::Prompt => "prompt",
        CallState::Ringing => "ringing",
        CallState::Talking => "talking",
        CallState::Held => "held",
        CallState::Parked => "parked",
        CallState::Listening => "listening",
        CallState::Ending => "ending",
    }
}

/// The word for what a member of a group does, in the API.
pub const fn member_state(state: &MemberState) -> &'static str {
    match state {
        MemberState::Talking => "talking",
        MemberState::Ringing => "ringing",
        MemberState::DoNotDisturb => "do_not_disturb",
        MemberState::Offline => "offline",
        MemberState::Resting { .. } => "resting",
        MemberState::Free => "free",
    }
}

/// The word for a state of a trunk, in the API and metrics.
pub const fn trunk_state(state: &TrunkState) -> &'static str {
    match state {
        TrunkState::Starting => "starting",
        TrunkState::Registered => "registered",
        TrunkState::Reachable => "reachable",
        TrunkState::WrongPassword { .. } => "wrong_password",
        TrunkState::Refused { .. } => "refused",
        TrunkState::Silent => "silent",
        TrunkState::NoSuchName => "no_such_name",
    }
}

/// The logins of all SIP devices.
pub fn sip_logins(office: &Office) -> impl Iterator<Item = &str> {
    office.extensions.iter().flat_map(|extension| &extension.devices).filter_map(|device| match device {
        Device::Sip(device) => Some(device.login.as_str()),
        Device::Mobile(_) => None,
    })
}

fn same_places(one: &[ContactView], other: &[ContactView]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.peer == b.peer && a.user_agent == b.user_agent)
}

#[cfg(test)]
mod tests;
