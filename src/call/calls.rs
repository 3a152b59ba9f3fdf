//! All calls: an INVITE becomes a call, and what happens later finds its call.

use std::collections::HashMap;

use crate::base::{CallId, EndpointId, Instant, ServerTxn, SessionId, TimerQueue, limits};
use crate::media;
use crate::number::Target;
use crate::registrar::inbound::{Caller, called_number, caller_identity};
use crate::sip::Flow;
use crate::sip::stack::{SessionEvent, description};
use crate::sip::wire::{Headers, Name, Request};

use super::cdr::{CallDirection, CallOutcome, CallStarted, StepKind};
use super::leg::{Leg, Party};
use super::one::{Call, RingWhy};
use super::ring::Target as RingTarget;
use super::{Around, Opened, Output};

/// Where an INVITE comes from, proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A carrier's connection, by name.
    Trunk(String),
    /// A device of ours, by digest.
    Device {
        /// The login that was proved.
        login: String,
        /// Its extension's number.
        extension: String,
    },
}

/// Every call of the exchange.
#[derive(Debug, Default)]
pub struct Calls {
    calls: HashMap<CallId, Call>,
    by_session: HashMap<SessionId, CallId>,
    by_endpoint: HashMap<EndpointId, CallId>,
    timers: TimerQueue<CallId>,
    last_id: u64,
}

impl Calls {
    /// Calls that go on.
    pub fn len(&self) -> usize {
        self.calls.values().filter(|call| !call.is_over()).count()
    }

    /// Whether no call goes on.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next deadline of any call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn next_id(&mut self, around: &Around<'_>) -> CallId {
        let from_clock = u64::try_from(around.wall.millis()).unwrap_or(0) << 20;
        self.last_id = from_clock.max(self.last_id + 1);
        CallId(self.last_id)
    }

    /// A new INVITE whose sender is proved.
    pub fn on_invite(
        &mut self,
        around: &mut Around<'_>,
        txn: ServerTxn,
        flow: Flow,
        origin: Origin,
        request: &Request,
    ) {
        if self.calls.len() >= limits::CALLS {
            let mut headers = Headers::new();
            headers.push(Name::RetryAfter, "10");
            return around.stack.respond(around.now, txn, 503, headers, Vec::new());
        }
        let id = self.next_id(around);
        let (started, meaning, hidden, party) = self.understand(around, id, &origin, request);
        let offer = description(&request.headers, &request.body).map(<[u8]>::to_vec);
        let contact_user = if started.called.is_empty() { "dozvon" } else { started.called.as_str() };
        let Some(session) = around.stack.accept_invite(around.now, txn, contact_user) else { return };
        self.by_session.insert(session, id);
        let trunk = party.trunk.clone();
        let a = match Leg::incoming(session, flow, party, offer, around.office, around.codecs) {
            Ok(leg) => leg,
            Err(error) => {
                let headers = Headers::new();
                let status = error.status();
                self.by_session.remove(&session);
                let refuse = crate::sip::stack::SessionCommand::Reject { status, headers };
                return around.command(session, refuse);
            }
        };
        let forwards = request.headers.number(&Name::MaxForwards).unwrap_or(limits::MAX_FORWARDS);
        if let Some(trunk) = &trunk {
            around.books.load_trunk(trunk, 1);
        }
        let mut call = Call::new(around, started, a, forwards.min(limits::MAX_FORWARDS).saturating_sub(1));
        call.hidden = hidden;
        route(&mut call, around, meaning);
        self.calls.insert(id, call);
        self.settle(around, id);
    }

    /// Who calls whom: the first second of the row, what was dialled, and who the caller is.
    fn understand(
        &self,
        around: &Around<'_>,
        id: CallId,
        origin: &Origin,
        request: &Request,
    ) -> (CallStarted, Target, bool, Party) {
        match origin {
            Origin::Trunk(name) => {
                let Caller { number, name: caller_name, hidden } = caller_identity(request, around.plan);
                let called = around
                    .office
                    .trunk(name)
                    .and_then(|trunk| called_number(around.office, around.plan, trunk, request).ok());
                let meaning = called.clone().map_or(Target::Unknown, |number| Target::OwnNumber { number });
                let started = CallStarted {
                    call: id,
                    at: around.wall,
                    direction: CallDirection::Inbound,
                    caller: number.clone(),
                    caller_name,
                    called: called.unwrap_or_else(|| dialled(request).to_owned()),
                    trunk: Some(name.clone()),
                };
                let party = Party { who: number.clone(), device: number, trunk: Some(name.clone()), extension: None };
                (started, meaning, hidden, party)
            }
            Origin::Device { login, extension } => {
                let mut meaning = meaning_of(around, dialled(request));
                let mut hidden = false;
                if let Target::Hidden(inner) = meaning {
                    (meaning, hidden) = (*inner, true);
                }
                let outside = matches!(meaning, Target::Outside { .. } | Target::Emergency { .. });
                let called = match &meaning {
                    Target::Emergency { digits: number }
                    | Target::Extension { number }
                    | Target::Group { number }
                    | Target::OwnNumber { number }
                    | Target::Outside { number, .. } => number.clone(),
                    _ => dialled(request).chars().take(64).collect(),
                };
                let employee = around.office.extension(extension).map(|e| e.employee.clone());
                let started = CallStarted {
                    call: id,
                    at: around.wall,
                    direction: if outside { CallDirection::Outbound } else { CallDirection::Internal },
                    caller: extension.clone(),
                    caller_name: employee.unwrap_or_default(),
                    called,
                    trunk: None,
                };
                let party = Party {
                    who: extension.clone(),
                    device: login.clone(),
                    trunk: None,
                    extension: Some(extension.clone()),
                };
                (started, meaning, hidden, party)
            }
        }
    }

    /// Something happened in a session.
    pub fn on_session(&mut self, around: &mut Around<'_>, session: SessionId, event: SessionEvent) {
        let over = matches!(event, SessionEvent::Ended { .. } | SessionEvent::Failed { .. });
        let Some(id) = self.by_session.get(&session).copied() else { return };
        if over {
            self.by_session.remove(&session);
        }
        self.with(around, id, |call, around| call.on_session(around, session, event));
    }

    /// The media plane says something of an endpoint.
    pub fn on_media(&mut self, around: &mut Around<'_>, event: &media::Event) {
        use media::Event;
        let (Event::Digit { endpoint, .. }
        | Event::PlayEnded { endpoint, .. }
        | Event::Heard { endpoint }
        | Event::Silent { endpoint }
        | Event::Resumed { endpoint }
        | Event::Closed { endpoint, .. }) = event
        else {
            return;
        };
        let endpoint = *endpoint;
        let Some(id) = self.by_endpoint.get(&endpoint).copied() else { return };
        if matches!(event, Event::Closed { .. }) {
            self.by_endpoint.remove(&endpoint);
        }
        self.with(around, id, |call, around| match event {
            Event::Digit { digit, .. } => call.heard_digit(around, endpoint, *digit),
            Event::PlayEnded { id, .. } => call.play_ended(around, *id),
            Event::Silent { .. } => call.heard_silence(around, endpoint, true),
            Event::Resumed { .. } | Event::Heard { .. } => call.heard_silence(around, endpoint, false),
            Event::Closed { stats, .. } => call.endpoint_closed(endpoint, *stats),
            Event::Ports { .. } => {}
        });
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, around: &mut Around<'_>) {
        while let Some(id) = self.timers.pop_due(around.now) {
            self.with(around, id, |call, around| call.handle_timeout(around));
        }
    }

    /// Ends a call, for the page. False when there is no such call.
    pub fn hang_up(&mut self, around: &mut Around<'_>, id: CallId, cause: &'static str) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let outcome = if matches!(call.stage, super::one::Stage::Talking { .. }) {
            CallOutcome::Answered
        } else {
            CallOutcome::Failed
        };
        self.with(around, id, |call, around| call.finish(around, 480, outcome, cause));
        true
    }

    /// Ends all calls: the exchange stops.
    pub fn hang_up_all(&mut self, around: &mut Around<'_>) {
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            self.with(around, id, |call, around| {
                call.finish(around, 503, CallOutcome::Interrupted, "exchange_stopped")
            });
        }
    }

    fn with(&mut self, around: &mut Around<'_>, id: CallId, act: impl FnOnce(&mut Call, &mut Around<'_>)) {
        if let Some(call) = self.calls.get_mut(&id) {
            act(call, around);
            self.settle(around, id);
        }
    }

    /// After a call was touched: the books, its deadline, the page, and its row when it is over.
    fn settle(&mut self, around: &mut Around<'_>, id: CallId) {
        for opened in std::mem::take(&mut around.books.opened) {
            match opened {
                Opened::Session(session) => drop(self.by_session.insert(session, id)),
                Opened::Endpoint(endpoint) => drop(self.by_endpoint.insert(endpoint, id)),
            }
        }
        for closed in std::mem::take(&mut around.books.closed) {
            self.by_session.remove(&closed);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.show(around);
        self.timers.set(id, call.poll_timeout());
        if let Some(row) = call.take_row() {
            around.outputs.push_back(Output::Ended(row));
            self.timers.cancel(id);
            self.calls.remove(&id);
        }
        if std::mem::take(&mut around.books.members_changed) {
            self.look_at_groups(around);
        }
    }

    /// Somebody got free, or registered: waiting callers of groups may be offered to him.
    pub fn look_at_groups(&mut self, around: &mut Around<'_>) {
        let waiting: Vec<CallId> =
            self.calls.values().filter(|call| call.waits_in_group()).map(|call| call.id).collect();
        for id in waiting {
            self.with(around, id, |call, around| call.members_changed(around));
        }
    }
}

/// The user part of the Request-URI: what was dialled.
fn dialled(request: &Request) -> &str {
    request.uri.user.as_deref().unwrap_or("")
}

/// What an inside caller dialled; a login means its extension.
fn meaning_of(around: &Around<'_>, dialled: &str) -> Target {
    if let Some((extension, _)) = around.office.device_by_login(dialled) {
        return Target::Extension { number: extension.number.clone() };
    }
    around.plan.interpret(around.office, dialled)
}

/// The first step of a call.
fn route(call: &mut Call, around: &mut Around<'_>, meaning: Target) {
    let inside = call.a.party.extension.clone();
    match meaning {
        Target::Extension { number } => call.ring_extension(around, &number, RingWhy::Dialled),
        Target::Group { number } => call.ring_group(around, &number, false),
        Target::OwnNumber { number } => {
            if !call.enter_desk(around, &number) {
                // contract.md: one of ours without a start element goes to group 500, and 480 if that is gone
                call.ring_group(around, "500", false);
            }
        }
        Target::Emergency { digits } => {
            call.ring_outside(around, &inside.unwrap_or_default(), RingTarget::Emergency(digits))
        }
        Target::Outside { number, class } => {
            let extension = inside.unwrap_or_default();
            let allowed = around
                .office
                .extension(&extension)
                .is_some_and(|e| crate::guard::may_call(e.permissions, class).is_ok());
            if allowed {
                call.ring_outside(around, &extension, RingTarget::Outside(number));
            } else {
                around.step(call.id, StepKind::NotTaken { who: number.clone(), device: number, status: 403 });
                call.refuse_with_tone(around, 403, CallOutcome::Refused, "no_permission");
            }
        }
        _ if inside.is_some() => call.refuse_with_tone(around, 404, CallOutcome::Refused, "no_such_number"),
        _ => call.finish(around, 404, CallOutcome::Refused, "not_our_number"),
    }
}
