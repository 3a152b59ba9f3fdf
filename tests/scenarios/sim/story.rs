//! What scenarios look at: rows, stories, messages, and what phones were told; and hands for phones with several calls.

use dozvon::base::{CallId, Instant, WallTime};
use dozvon::call::cdr::{CallEnded, CallStarted, StepKind};
use dozvon::engine::Record;
use dozvon::office::Office;
use dozvon::sip::wire::{Message, Method, Request};

use super::phone::{CallState, Phone, PhoneCall, PhoneId};
use super::world::World;
use super::{millis, secs};

impl World {
    /// The finished rows of history.
    pub(crate) fn rows(&self) -> Vec<&CallEnded> {
        self.records
            .iter()
            .filter_map(|record| if let Record::CallEnded(ended) = record { Some(ended) } else { None })
            .collect()
    }

    /// The one row that there is.
    pub(crate) fn only_row(&self) -> &CallEnded {
        let rows = self.rows();
        assert_eq!(rows.len(), 1, "{} rows: {rows:#?}", self.at());
        rows[0]
    }

    /// The beginning of a row, the first is 0.
    fn beginning(&self, nth: usize) -> &CallStarted {
        let mut begun = self.records.iter().filter_map(|record| match record {
            Record::CallStarted(started) => Some(started),
            _ => None,
        });
        let found = begun.nth(nth);
        found.unwrap_or_else(|| panic!("{} no {nth}th call", self.at()))
    }

    /// Which call began as the first, which is 0, second and so on.
    pub(crate) fn started(&self, nth: usize) -> CallId {
        self.beginning(nth).call
    }

    /// Which call began last, which is 0, before that one and so on; when there are not so many, one that never was.
    pub(crate) fn last_started(&self, back: usize) -> CallId {
        let mut begun = self.records.iter().rev().filter_map(|record| match record {
            Record::CallStarted(started) => Some(started.call),
            _ => None,
        });
        begun.nth(back).unwrap_or(CallId(0))
    }

    /// And when.
    pub(crate) fn started_at(&self, nth: usize) -> WallTime {
        self.beginning(nth).at
    }

    /// All steps, with their call.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (CallId, &StepKind)> {
        self.records.iter().filter_map(|record| match record {
            Record::CallStep(step) => Some((step.call, &step.what)),
            _ => None,
        })
    }

    /// The steps of all calls of this kind, in words.
    pub(crate) fn steps_of_kind(&self, kind: &str) -> Vec<String> {
        let of_kind = |words: &String| words.split([' ', '{']).next() == Some(kind);
        self.steps().map(|(_, what)| format!("{what:?}")).filter(of_kind).collect()
    }

    /// Steps of this kind were told, each of which names all of these.
    pub(crate) fn assert_step(&self, kind: &str, names: &[&str]) {
        let steps = self.steps_of_kind(kind);
        let all = |step: &String| names.iter().all(|name| step.contains(&format!("{name:?}")) || step.contains(name));
        assert!(steps.iter().any(all), "{} no step {kind} with {names:?} in {steps:?}", self.at());
    }

    /// The INVITEs outside of dialogs and inside that a phone got, resent ones too.
    pub(crate) fn invites(&self, phone: PhoneId) -> Vec<Request> {
        self.requests(phone, Method::Invite)
    }

    /// The requests of this method that a phone got.
    pub(crate) fn requests(&self, phone: PhoneId, method: Method) -> Vec<Request> {
        let requests = self.phones[phone.0].log.iter().filter_map(|message| match message {
            Message::Request(request) if request.method == method => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    /// A phone's call by its place, the first is 0.
    pub(crate) fn nth(&self, phone: PhoneId, call: usize) -> &PhoneCall {
        let calls = &self.phones[phone.0].calls;
        calls
            .get(call)
            .unwrap_or_else(|| panic!("{} {} has {} calls", self.at(), self.phones[phone.0].name, calls.len()))
    }

    /// States of all calls of a phone.
    pub(crate) fn states(&self, phone: PhoneId) -> Vec<CallState> {
        self.phones[phone.0].calls.iter().map(|call| call.state).collect()
    }

    /// Whether nothing of a phone goes on.
    pub(crate) fn is_idle(&self, phone: PhoneId) -> bool {
        self.states(phone).iter().all(|state| *state == CallState::Over)
    }

    /// Something with a phone's call by its place.
    pub(crate) fn on(&mut self, phone: PhoneId, call: usize, act: impl FnOnce(&mut Phone, Instant, usize)) {
        self.act(phone, |phone, now, _| act(phone, now, call));
    }

    /// Presses one key after the other, as a person does.
    pub(crate) fn keys(&mut self, phone: PhoneId, keys: &str) {
        for key in keys.chars() {
            self.press(phone, key);
            self.run_for(millis(300));
        }
    }

    /// A talk: one dials, the other answers at once.
    pub(crate) fn talk(&mut self, from: PhoneId, number: &str, to: PhoneId) {
        self.dial(from, number);
        let rings = self.run_until(secs(3), |world| world.is_ringing(to));
        assert!(rings, "{} {number} does not ring", self.at());
        self.answer(to);
        let talks = self.run_until(secs(2), |world| world.is_talking(from) && world.is_talking(to));
        assert!(talks, "{} {number} did not come to talk", self.at());
        self.run_for(secs(1));
    }

    /// Each hears the other from now on.
    pub(crate) fn assert_talk(&mut self, one: PhoneId, other: PhoneId) {
        self.run_for(millis(500)); // what was on its way
        self.clear_ears();
        self.run_for(secs(3));
        let (there, back) = (self.hears(one, other), self.hears(other, one));
        let names = (&self.phones[one.0].name, &self.phones[other.0].name);
        assert!(there && back, "{} {names:?} hear each other: {there}, {back}", self.at());
    }

    /// From now on `listener` hears something, but not `other`.
    pub(crate) fn assert_waits(&mut self, listener: PhoneId, other: PhoneId) {
        self.run_for(millis(500));
        self.clear_ears();
        self.run_for(secs(3));
        assert!(!self.hears(listener, other), "{} a waiting party hears the other", self.at());
        let call = self.call_of(listener).unwrap();
        assert!(call.packets_heard > 20, "{} a waiting party hears {} packets", self.at(), call.packets_heard);
    }

    /// Changes the office while calls go on.
    pub(crate) fn apply(&mut self, text: &str, shape: impl FnOnce(&mut Office)) {
        let mut rng = dozvon::base::Rng::from_seed(1);
        let mut office = super::read_office(text, &mut rng);
        shape(&mut office);
        self.input(dozvon::engine::Input::Office(std::sync::Arc::new(office)));
    }
}
