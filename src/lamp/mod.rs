//! Event subscriptions of phones: busy lamps (RFC 4235), presence (RFC 3856), waiting messages (RFC 3842), on the ground of
//! RFC 6665. Knows numbers and logins as words, and neither an office nor a call: others say how a number stands, this room
//! tells those who watch.
//!
//! The engine drains [`Lamps::poll_output`] after every input. It gives [`Output::Request`] to the SIP stack, then says by
//! [`Lamps::sent`] under which number, and brings the final response to [`Lamps::handle_response`].

mod document;
mod pickup;
mod state;
mod subscription;
#[cfg(test)]
mod tests;
mod wish;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

pub use pickup::{of_pickup_id, pickup_id};
pub use state::{Phone, Talk, TalkState};
pub use wish::{DEFAULT_EXPIRES, EVENTS, MAX_EXPIRES, MIN_EXPIRES, SubscribeError};

use document::{Frame, Package, document};
use state::State;
use subscription::{Due, Fate, Subscription, Watch, contact, seconds};
use wish::Wish;

use crate::base::limits::{SUBSCRIPTIONS, SUBSCRIPTIONS_PER_LOGIN};
use crate::base::{ClientTxn, Duration, Instant, Rng, TimerQueue, WallTime};
use crate::sip::Flow;
use crate::sip::dialog::{Dialog, Sequence};
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Headers, Name, Request, Response, Uri};

/// A SUBSCRIBE of a phone that has proved its login.
#[derive(Debug)]
pub struct Asked<'a> {
    /// How it came.
    pub flow: Flow,
    /// The request.
    pub request: &'a Request,
    /// The tag that our response will bear, when the request has no To-tag: [`Stack::tag_of`](crate::sip::stack::Stack::tag_of).
    pub tag: &'a str,
    /// Who proved himself.
    pub login: &'a str,
    /// His extension's number.
    pub number: &'a str,
    /// The number that the Request-URI means; `None`: nothing of ours.
    pub thing: Option<&'a str>,
}

/// What the lamps want done.
#[derive(Debug)]
pub enum Output {
    /// A NOTIFY for the SIP stack.
    Request {
        /// For [`Lamps::sent`].
        order: Order,
        /// What to send, by one flow.
        draft: Box<RequestDraft>,
    },
    /// A subscription is new or was refreshed: a fact for the disk.
    Kept(StoredSubscription),
    /// It is gone.
    Gone {
        /// Its name.
        tag: String,
    },
}

/// Names one NOTIFY until the stack has given it a number, and afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    subscription: u64,
    number: u64,
}

/// A subscription as the disk keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubscription {
    /// Our tag of its dialog; unique.
    pub tag: String,
    /// The watcher.
    pub login: String,
    /// What is watched.
    pub number: String,
    /// `dialog`, `presence` or `message-summary`.
    pub package: String,
    /// Event, as NOTIFY repeats it.
    pub event: String,
    /// The URI that was subscribed to.
    pub entity: String,
    /// Of the next dialog-info document.
    pub version: u32,
    /// When it ends.
    pub expires_at: WallTime,
    /// The dialog, as text.
    pub dialog: String,
}

/// A number that is watched, or has a state.
#[derive(Debug)]
struct Watched {
    state: State,
    /// What of each package the documents say, as a hash.
    looks: [u64; Package::ALL.len()],
    /// Subscriptions, the oldest first.
    watchers: Vec<u64>,
}

/// All subscriptions of the exchange, and what they watch.
#[derive(Debug)]
pub struct Lamps {
    subscriptions: BTreeMap<u64, Subscription>,
    by_tag: HashMap<String, u64>,
    /// The oldest first.
    by_login: HashMap<String, Vec<u64>>,
    numbers: HashMap<String, Watched>,
    /// NOTIFYs under way, by the stack's number.
    under_way: HashMap<ClientTxn, Order>,
    deadlines: TimerQueue<u64>,
    outputs: VecDeque<Output>,
    last_id: u64,
    rng: Rng,
}

impl Lamps {
    /// Nobody watches.
    pub fn new(rng: Rng) -> Self {
        Self {
            subscriptions: BTreeMap::new(),
            by_tag: HashMap::new(),
            by_login: HashMap::new(),
            numbers: HashMap::new(),
            under_way: HashMap::new(),
            deadlines: TimerQueue::default(),
            outputs: VecDeque::new(),
            last_id: 0,
            rng,
        }
    }

    /// A SUBSCRIBE: a new one, a refresh, an end (`Expires: 0`), or a question that is answered once. Returns the header fields of
    /// the 200, which the caller sends before it drains the outputs: the NOTIFY is there already.
    ///
    /// # Errors
    /// See [`SubscribeError`]; then nothing has changed.
    pub fn subscribe(&mut self, now: Instant, wall: WallTime, asked: &Asked<'_>) -> Result<Headers, SubscribeError> {
        let to = asked.request.headers.to().map_err(|_| SubscribeError::Malformed)?;
        match to.tag() {
            Some(tag) => self.resubscribe(now, wall, asked, tag),
            None => self.subscribe_anew(now, wall, asked),
        }
    }

    /// The talks of a number as they are now. What is the same as before costs nothing.
    pub fn set_talks(&mut self, now: Instant, number: &str, talks: Vec<Talk>) {
        self.change(now, number, |state| std::mem::replace(&mut state.talks, talks.clone()) != talks);
    }

    /// How an extension stands.
    pub fn set_phone(&mut self, now: Instant, number: &str, phone: Phone) {
        let phone = Some(phone);
        self.change(now, number, |state| std::mem::replace(&mut state.phone, phone.clone()) != phone);
    }

    /// New and old messages of an extension.
    pub fn set_mailbox(&mut self, now: Instant, number: &str, new: u32, old: u32) {
        self.change(now, number, |state| std::mem::replace(&mut state.mailbox, (new, old)) != (new, old));
    }

    /// A login has registered: its phones are reached by these flows, the newest last. Those that did not hear are told what
    /// they missed.
    pub fn moved(&mut self, now: Instant, login: &str, flows: &[Flow]) {
        for id in self.by_login.get(login).cloned().unwrap_or_default() {
            if let Some(one) = self.subscriptions.get_mut(&id) {
                one.move_to(flows);
                self.attend(now, id);
            }
        }
    }

    /// The office has changed: `number_of` says which extension a login belongs to, `is_there` whether a number can be watched.
    /// What is watched no longer ends by NOTIFY; whoever has no login any more isn't spoken to.
    pub fn office(
        &mut self,
        now: Instant,
        number_of: impl Fn(&str) -> Option<String>,
        is_there: impl Fn(&str) -> bool,
    ) {
        let all: Vec<u64> = self.subscriptions.keys().copied().collect();
        for id in all {
            let Some(watch) = self.subscriptions.get(&id).map(|one| &one.watch) else { continue };
            match number_of(&watch.login) {
                None => self.remove(id),
                Some(own) => {
                    let is_foreign = watch.package == Package::Messages && watch.number != own;
                    if is_foreign || !is_there(&watch.number) {
                        self.end(now, id, "noresource");
                    }
                }
            }
        }
        for (number, watched) in &mut self.numbers {
            if !is_there(number) {
                *watched = Watched { watchers: std::mem::take(&mut watched.watchers), ..Watched::default() };
            }
        }
        self.numbers.retain(|_, watched| !watched.watchers.is_empty() || watched.state != State::default());
    }

    /// Subscriptions from before a restart, when the bindings of phones are known: `flows_of` a login, the newest last. Each
    /// phone that is there is told how things stand, one after the other; others when they come.
    pub fn restore(
        &mut self,
        now: Instant,
        wall: WallTime,
        stored: Vec<StoredSubscription>,
        flows_of: impl Fn(&str) -> Vec<Flow>,
    ) {
        let spread = u64::try_from(stored.len()).unwrap_or(u64::MAX).saturating_mul(RESTORE_EACH_MICROS);
        for stored in stored {
            let restored = Subscription::restored(now, wall, &stored);
            let Some(mut one) = restored.filter(|one| self.has_room_for(&one.watch.login, 0)) else {
                self.outputs.push_back(Output::Gone { tag: stored.tag });
                continue;
            };
            one.speech.quiet_until = now + Duration::from_micros(self.rng.below(spread));
            one.move_to(&flows_of(&one.watch.login));
            // Its numbers have leapt, and must leap on from here at the next restart.
            self.outputs.push_back(Output::Kept(one.stored(now, wall)));
            self.insert(now, one);
        }
    }

    /// What there is to do; drain until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(id) = self.deadlines.pop_due(now) {
            match self.subscriptions.get(&id) {
                Some(one) if one.expires_at > now => self.attend(now, id),
                Some(one) if one.ending.is_some() => self.remove(id),
                Some(_) => self.end(now, id, "timeout"),
                None => {}
            }
        }
    }

    /// The SIP stack has taken the NOTIFY of `order` under this number.
    pub fn sent(&mut self, order: Order, txn: ClientTxn) {
        self.under_way.insert(txn, order);
    }

    /// A final response; false when the request wasn't ours.
    pub fn handle_response(&mut self, now: Instant, txn: ClientTxn, response: &Response) -> bool {
        let Some(order) = self.under_way.remove(&txn) else { return false };
        let id = order.subscription;
        match self.subscriptions.get_mut(&id).map(|one| one.on_response(order.number, response.status)) {
            Some(Fate::Over) => self.remove(id),
            Some(Fate::Lives) => self.attend(now, id),
            None => {}
        }
        true
    }

    /// Subscriptions that there are, for checkers and metrics.
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether nobody watches.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    fn subscribe_anew(&mut self, now: Instant, wall: WallTime, asked: &Asked<'_>) -> Result<Headers, SubscribeError> {
        let wish = Wish::read(asked.request)?;
        let number = asked.thing.ok_or(SubscribeError::Unknown)?;
        if wish.package == Package::Messages && number != asked.number {
            return Err(SubscribeError::Foreign);
        }
        let headers = &asked.request.headers;
        let has_contact = headers.contacts().is_ok_and(|contacts| contacts.first().is_some_and(|c| c.uri.is_sip()));
        let dialog = Dialog::of_request(&mut self.rng, headers, asked.tag, asked.flow).filter(|_| has_contact);
        let dialog = dialog.ok_or(SubscribeError::Malformed)?;
        let watch = Watch {
            login: asked.login.to_owned(),
            number: number.to_owned(),
            package: wish.package,
            event: wish.event,
            entity: entity_of(&asked.request.uri),
        };
        let mut one = Subscription::new(asked.tag.to_owned(), watch, dialog, now + wish.expires);
        if wish.expires.is_zero() {
            one.end("timeout", now + ENDING_GRACE);
        }
        let former = self.former(&one);
        if !self.has_room_for(asked.login, usize::from(former.is_some())) {
            return Err(SubscribeError::TooMany);
        }
        if let Some(former) = former {
            self.remove(former);
        }
        if one.ending.is_none() {
            self.outputs.push_back(Output::Kept(one.stored(now, wall)));
        }
        let answer = answer(number, asked.flow, wish.expires);
        self.insert(now, one);
        Ok(answer)
    }

    fn resubscribe(
        &mut self,
        now: Instant,
        wall: WallTime,
        asked: &Asked<'_>,
        tag: &str,
    ) -> Result<Headers, SubscribeError> {
        let headers = &asked.request.headers;
        let id = self.by_tag.get(tag).copied().ok_or(SubscribeError::NoDialog)?;
        let one = self.subscriptions.get_mut(&id).ok_or(SubscribeError::NoDialog)?;
        if one.ending.is_some() || !one.dialog.holds(headers) {
            return Err(SubscribeError::NoDialog);
        }
        if one.watch.login != asked.login {
            return Err(SubscribeError::Foreign);
        }
        let wish = Wish::read(asked.request)?;
        if wish.event != one.watch.event {
            return Err(SubscribeError::Event);
        }
        let cseq = headers.cseq().map_err(|_| SubscribeError::Malformed)?.number;
        if one.dialog.receive(cseq, asked.flow) == Sequence::Old {
            return Err(SubscribeError::OutOfOrder);
        }
        one.dialog.refresh(headers);
        one.speech.deaf = false;
        let answer = answer(&one.watch.number, asked.flow, wish.expires);
        if wish.expires.is_zero() {
            self.end(now, id, "timeout");
        } else {
            one.expires_at = now + wish.expires;
            one.speech.due = Due::Always;
            self.outputs.push_back(Output::Kept(one.stored(now, wall)));
            self.attend(now, id);
        }
        Ok(answer)
    }

    /// The subscription that `new` replaces.
    fn former(&self, new: &Subscription) -> Option<u64> {
        let own = self.by_login.get(&new.watch.login)?;
        let is_former = |id: &&u64| self.subscriptions.get(id).is_some_and(|old| old.is_replaced_by(new));
        own.iter().find(is_former).copied().filter(|_| new.ending.is_none())
    }

    /// Whether one more may come, when `less` go.
    fn has_room_for(&self, login: &str, less: usize) -> bool {
        let own = self.by_login.get(login).map_or(0, Vec::len);
        own < SUBSCRIPTIONS_PER_LOGIN + less && self.subscriptions.len() < SUBSCRIPTIONS + less
    }

    fn insert(&mut self, now: Instant, one: Subscription) {
        self.last_id += 1;
        let id = self.last_id;
        self.by_tag.insert(one.tag.clone(), id);
        self.by_login.entry(one.watch.login.clone()).or_default().push(id);
        self.numbers.entry(one.watch.number.clone()).or_default().watchers.push(id);
        self.subscriptions.insert(id, one);
        self.attend(now, id);
    }

    fn remove(&mut self, id: u64) {
        let Some(one) = self.subscriptions.remove(&id) else { return };
        self.deadlines.cancel(id);
        self.by_tag.remove(&one.tag);
        let forget = |ids: &mut Vec<u64>| ids.retain(|own| *own != id);
        if let Some(own) = self.by_login.get_mut(&one.watch.login) {
            forget(own);
            if own.is_empty() {
                self.by_login.remove(&one.watch.login);
            }
        }
        if let Some(watched) = self.numbers.get_mut(&one.watch.number) {
            forget(&mut watched.watchers);
            if watched.watchers.is_empty() && watched.state == State::default() {
                self.numbers.remove(&one.watch.number);
            }
        }
        if one.ending.is_none() {
            self.outputs.push_back(Output::Gone { tag: one.tag });
        }
    }

    /// Says goodbye, to a phone that is there.
    fn end(&mut self, now: Instant, id: u64, reason: &'static str) {
        let Some(one) = self.subscriptions.get_mut(&id).filter(|one| one.ending.is_none()) else { return };
        if one.speech.deaf {
            return self.remove(id);
        }
        one.end(reason, now + ENDING_GRACE);
        let tag = one.tag.clone();
        self.outputs.push_back(Output::Gone { tag });
        self.attend(now, id);
    }

    fn change(&mut self, now: Instant, number: &str, change: impl FnOnce(&mut State) -> bool) {
        if !self.numbers.contains_key(number) {
            self.numbers.insert(number.to_owned(), Watched::default());
        }
        let Some(watched) = self.numbers.get_mut(number) else { return };
        if !change(&mut watched.state) {
            return;
        }
        let before = std::mem::replace(&mut watched.looks, looks(&watched.state));
        let changed = Package::ALL.map(|package| before[package as usize] != watched.looks[package as usize]);
        if watched.watchers.is_empty() && watched.state == State::default() {
            self.numbers.remove(number);
            return;
        }
        for id in watched.watchers.clone() {
            if let Some(one) = self.subscriptions.get_mut(&id).filter(|one| changed[one.watch.package as usize]) {
                one.stir();
                self.attend(now, id);
            }
        }
    }

    /// Sends what is to be sent now, and arms the deadline for the rest.
    fn attend(&mut self, now: Instant, id: u64) {
        let Some(one) = self.subscriptions.get_mut(&id) else { return };
        let Some(watched) = self.numbers.get(&one.watch.number) else { return };
        let look = watched.looks[one.watch.package as usize];
        if one.attends(now, look) {
            self.last_id += 1;
            let order = Order { subscription: id, number: self.last_id };
            let draft = Box::new(one.notify(now, order.number, &watched.state, look));
            self.outputs.push_back(Output::Request { order, draft });
        }
        self.deadlines.set(id, Some(one.deadline()));
    }
}

impl Default for Watched {
    fn default() -> Self {
        let state = State::default();
        Self { looks: looks(&state), state, watchers: Vec::new() }
    }
}

fn looks(state: &State) -> [u64; Package::ALL.len()] {
    Package::ALL.map(|package| {
        let mut hash = DefaultHasher::new();
        document(package, state, Frame { number: "", entity: "", version: 0 }).hash(&mut hash);
        hash.finish()
    })
}

/// RFC 6665 §4.2.1.1: the 200 names the life that was granted, and where the dialog goes on.
fn answer(number: &str, flow: Flow, expires: Duration) -> Headers {
    let mut headers = Headers::new();
    headers.push(Name::Expires, seconds(expires).to_string());
    headers.push(Name::Contact, contact(number, flow));
    headers.push(Name::AllowEvents, EVENTS);
    headers
}

/// What was subscribed to, without what is said about the way there: phones compare it with what they asked for.
fn entity_of(uri: &Uri) -> String {
    Uri::sip(uri.user.as_deref(), uri.host.clone(), uri.port).to_string()
}

/// Between two NOTIFYs of one subscription: the newest state wins.
const NOTIFY_PAUSE: Duration = Duration::from_millis(100);
/// A phone that has not answered a NOTIFY by then has not heard it.
const NOTIFY_WAIT: Duration = Duration::from_secs(8);
/// How long a subscription that is over may wait for the answer to its last NOTIFY, and to the one before.
pub const ENDING_GRACE: Duration = Duration::from_secs(40);
/// Numbers left out after a restart: more than NOTIFYs fit between two writings, which are no longer apart than [`MAX_EXPIRES`].
const RESTART_STEP: u32 = 100_000;
/// Of all the time in which the phones are told after a restart, the share of one subscription.
const RESTORE_EACH_MICROS: u64 = 2_000;
