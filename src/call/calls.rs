//! All calls: an INVITE becomes a call, and what happens later finds its call.

use std::collections::HashMap;

use crate::base::{CallId, Duration, EndpointId, Instant, RecordingId, ServerTxn, SessionId, TimerQueue, limits};
use crate::media;
use crate::number::Target;
use crate::office::Feature;
use crate::registrar::inbound::{Caller, called_number, caller_identity};
use crate::sip::Flow;
use crate::sip::stack::{SessionCommand, SessionEvent, description};
use crate::sip::wire::{Headers, Name, Replaces, Request};

use super::cdr::{CallDirection, CallOutcome, CallStarted, EmergencyCall, StepKind};
use super::leg::{Leg, Party};
use super::one::{Back, Call, RingWhy};
use super::outside::PlaceError;
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
    pub(super) calls: HashMap<CallId, Call>,
    pub(super) by_session: HashMap<SessionId, CallId>,
    by_endpoint: HashMap<EndpointId, CallId>,
    /// What lamps show of each.
    pub(super) talks: HashMap<CallId, Vec<(String, crate::lamp::Talk)>>,
    timers: TimerQueue<CallId>,
    /// What has been told of groups.
    pub(super) told: super::waiting::Told,
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
        [self.timers.next(), self.told.poll_timeout()].into_iter().flatten().min()
    }

    /// Something happened that groups look at: a telephone came or went, or a member's rest is over.
    pub fn look_at_groups(&mut self, around: &mut Around<'_>) {
        if around.queues_are_due() && !around.books.runs_queues {
            self.told.note();
            around.books.runs_queues = true;
            self.run_queues(around);
            around.books.runs_queues = false;
            self.call_back(around);
        }
    }

    pub(super) fn next_id(&mut self, around: &Around<'_>) -> CallId {
        self.last_id = around.id_after(self.last_id);
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
        if let Some(taking) = self.taking(around, &origin, request) {
            return self.take_by_phone(around, txn, flow, &origin, request, taking);
        }
        let id = self.next_id(around);
        let (started, meaning, party) = self.understand(around, id, &origin, request);
        let contact_user = if started.called.is_empty() { "dozvon" } else { started.called.as_str() };
        let Some(a) = self.receive(around, txn, flow, party, request, contact_user) else { return };
        let session = a.session;
        self.by_session.insert(session, id);
        let forwards = request.headers.number(&Name::MaxForwards).unwrap_or(limits::MAX_FORWARDS);
        if let Target::Emergency { .. } = &meaning {
            self.clear_the_way(around, a.party.extension.as_deref().unwrap_or_default(), id);
        }
        let extension = a.party.inside().unwrap_or_default().to_owned();
        let is_trial = Self::is_trial(around, &started, &meaning);
        let is_licensed = match &meaning {
            Target::Emergency { .. } => Ok(()),
            // Counted before this one is.
            Target::OwnNumber { .. } if !is_trial => around.licensed_outside(""),
            _ if !around.is_licensed(&extension) => Err(PlaceError::NotLicensed),
            _ => Ok(()),
        };
        let mut call = Call::new(around, started, a, forwards.min(limits::MAX_FORWARDS).saturating_sub(1));
        if is_trial {
            call.answer_trial(around);
        } else if let Err(error) = is_licensed {
            // A carrier would take 503 for a box that is down.
            let status = if matches!(origin, Origin::Trunk(_)) { 486 } else { error.status() };
            call.finish(around, status, CallOutcome::Refused, error.cause());
        } else {
            route(&mut call, around, meaning, &extension);
        }
        around.books.opened.push(Opened::Session(session));
        self.begin(around, id, call);
    }

    /// Makes a leg of an INVITE; one that can't be met is refused.
    fn receive(
        &mut self,
        around: &mut Around<'_>,
        txn: ServerTxn,
        flow: Flow,
        party: Party,
        request: &Request,
        contact_user: &str,
    ) -> Option<Leg> {
        let offer = description(&request.headers, &request.body).map(<[u8]>::to_vec);
        let session = around.stack.accept_invite(around.now, txn, contact_user)?;
        match Leg::incoming(session, flow, party, offer, around.office, around.codecs) {
            Ok(leg) => Some(leg),
            Err(error) => {
                let refuse = SessionCommand::Reject { status: error.status(), headers: Headers::new() };
                around.command(session, refuse);
                None
            }
        }
    }

    /// Emergency calls find a free channel, if need be in place of the youngest other call.
    fn clear_the_way(&mut self, around: &mut Around<'_>, extension: &str, id: CallId) {
        let number = around.office.extension(extension).map(|e| e.outgoing_number.as_str()).unwrap_or_default();
        let Some(trunk) = around.office.trunk_of(number).or(around.office.trunks.first()) else { return };
        if trunk.max_calls > 0 && around.books.trunk_load(&trunk.name) >= trunk.max_calls {
            let name = trunk.name.clone();
            self.give_way(around, &name, id);
        }
    }

    /// The call that an INVITE takes over rather than to begin one; `Err`: the status of its refusal.
    fn taking(&self, around: &Around<'_>, origin: &Origin, request: &Request) -> Option<Result<Taking, u16>> {
        let Origin::Device { extension, .. } = origin else {
            return request.headers.contains(&Name::Replaces).then_some(Err(403));
        };
        match Replaces::of(&request.headers) {
            Err(_) => return Some(Err(400)),
            Ok(Some(replaces)) => return Some(self.replacing(around, extension, &replaces)),
            Ok(None) => {}
        }
        match meaning_of(around, dialled(request)) {
            Target::Place { number } => {
                Some(around.books.parked.get(&number).map(|call| Taking::Call(*call)).ok_or(404))
            }
            Target::Feature { feature: Feature::Pickup, number } => {
                Some(self.ringing_for(around, extension, number.as_deref()).map(Taking::Call).ok_or(404))
            }
            _ => None,
        }
    }

    /// RFC 3891 §3; a stranger's dialog is not taken over.
    fn replacing(&self, around: &Around<'_>, extension: &str, replaces: &Replaces) -> Result<Taking, u16> {
        // what a lamp told of a ringing call; whoever may watch it may take it
        if let Some((talk, number)) = crate::lamp::of_pickup_id(&replaces.call_id, &replaces.to_tag, &replaces.from_tag)
        {
            let rings = |call: &&Call| call.rings_at(number) || call.group_that_rings() == Some(number);
            let ringing = self.calls.get(&CallId(talk)).filter(rings);
            return ringing.map(|call| Taking::Call(call.id)).ok_or(481);
        }
        let session = around.stack.session_of(replaces).ok_or(481u16)?;
        let id = *self.by_session.get(&session).ok_or(481u16)?;
        let call = self.calls.get(&id).ok_or(481u16)?;
        if let Some(member) = call.rung_at(session) {
            let allowed = member == extension || shares_group(around, extension, member);
            return if allowed { Ok(Taking::Call(id)) } else { Err(403) };
        }
        let own = call.talks_at(session).ok_or(481u16)? == extension;
        match (own, replaces.early_only) {
            (false, _) => Err(403),
            (true, true) => Err(486),
            (true, false) => Ok(Taking::Leg(id, session)),
        }
    }

    /// The call that has rung longest at `number`, or in a group of `extension`'s.
    fn ringing_for(&self, around: &Around<'_>, extension: &str, number: Option<&str>) -> Option<CallId> {
        let office = around.office;
        let at: Vec<String> = match number {
            Some(number) => match office.group(number) {
                Some(group) => group.members.clone(),
                None => vec![number.to_owned()],
            },
            None => {
                let own = office.groups.iter().filter(|g| g.members.iter().any(|m| m == extension));
                own.flat_map(|group| group.members.iter().cloned()).collect()
            }
        };
        let rings = self.calls.values().filter(|call| at.iter().any(|number| call.rings_at(number)));
        rings.map(|call| call.id).min()
    }

    fn take_by_phone(
        &mut self,
        around: &mut Around<'_>,
        txn: ServerTxn,
        flow: Flow,
        origin: &Origin,
        request: &Request,
        taking: Result<Taking, u16>,
    ) {
        let refuse = |around: &mut Around<'_>, status| {
            around.stack.respond(around.now, txn, status, Headers::new(), Vec::new());
        };
        let taking = match taking {
            Ok(taking) => taking,
            Err(status) => return refuse(around, status),
        };
        let Origin::Device { login, extension } = origin else { return refuse(around, 403) };
        let party = Party::of_device(around.office, login, extension);
        let Some(leg) = self.receive(around, txn, flow, party, request, "dozvon") else { return };
        match taking {
            Taking::Call(id) => self.with(around, id, |call, around| call.taken_by(around, leg)),
            Taking::Leg(id, old) => self.with(around, id, |call, around| call.replaced(around, old, leg)),
        }
    }

    /// Who calls whom: the first second of the row, what was dialled, and who the caller is.
    fn understand(
        &self,
        around: &Around<'_>,
        id: CallId,
        origin: &Origin,
        request: &Request,
    ) -> (CallStarted, Target, Party) {
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
                    caller_name: caller_name.clone(),
                    called: called.unwrap_or_else(|| dialled(request).to_owned()),
                    trunk: Some(name.clone()),
                };
                let party = Party {
                    who: number.clone(),
                    device: number,
                    trunk: Some(name.clone()),
                    extension: None,
                    name: caller_name,
                    hidden,
                    stands_in: false,
                };
                (started, meaning, party)
            }
            Origin::Device { login, extension } => {
                let (started, meaning, hidden) = self.dialled_inside(around, id, extension, dialled(request));
                (started, meaning, Party { hidden, ..Party::of_device(around.office, login, extension) })
            }
        }
    }

    /// What an extension dials: the first second of the row, what is meant, and whether it hides its number.
    pub(super) fn dialled_inside(
        &self,
        around: &Around<'_>,
        id: CallId,
        extension: &str,
        dialled: &str,
    ) -> (CallStarted, Target, bool) {
        let mut meaning = meaning_of(around, dialled);
        if let Target::Feature { feature: Feature::LastCaller, .. } = meaning
            && let Some(last) = around.books.last_callers.get(extension)
        {
            meaning = around.plan.resolve(around.office, last);
        }
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
            _ => dialled.chars().take(64).collect(),
        };
        let employee = around.office.extension(extension).map(|e| e.employee.clone());
        let started = CallStarted {
            call: id,
            at: around.wall,
            direction: if outside { CallDirection::Outbound } else { CallDirection::Internal },
            caller: extension.to_owned(),
            caller_name: employee.unwrap_or_default(),
            called,
            trunk: None,
        };
        (started, meaning, hidden)
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
            Event::PlayEnded { id, .. } => {
                call.has_been_told(around, *id);
                call.play_ended(around, *id);
            }
            Event::Silent { .. } => call.heard_silence(around, endpoint, true),
            Event::Resumed { .. } | Event::Heard { .. } => call.heard_silence(around, endpoint, false),
            Event::Closed { stats, .. } => call.endpoint_closed(endpoint, *stats),
            Event::Ports { .. } => {}
        });
    }

    /// A clip came from the disk that a call asked for, or there is none.
    pub fn on_clip(&mut self, around: &mut Around<'_>, id: CallId, clip: Option<std::sync::Arc<media::Clip>>) {
        self.with(around, id, |call, around| call.clip_came(around, clip));
    }

    /// What a call records has fallen silent.
    pub fn on_silence(&mut self, around: &mut Around<'_>, id: CallId, recording: RecordingId, spoken: Duration) {
        self.with(around, id, |call, around| call.fell_silent(around, recording, spoken));
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, around: &mut Around<'_>) {
        while let Some(id) = self.timers.pop_due(around.now) {
            self.with(around, id, |call, around| call.handle_timeout(around));
        }
        self.keep_limits(around);
        self.look_at_groups(around);
    }

    /// Ends a call, for the page. False when there is no such call.
    pub fn hang_up(&mut self, around: &mut Around<'_>, id: CallId, cause: &'static str) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let outcome = if call.was_answered() { CallOutcome::Answered } else { CallOutcome::Failed };
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

    /// The telephones of `extension` ring; who answers calls `to` with the rights of the extension. `None`: there is no such
    /// extension, or there are as many calls as may be.
    pub fn order(&mut self, around: &mut Around<'_>, extension: &str, to: &str) -> Option<CallId> {
        if self.calls.len() >= limits::CALLS {
            return None;
        }
        let id = self.next_id(around);
        let office = std::sync::Arc::clone(around.office);
        let call = Call::order(around, &office, id, extension, to)?;
        self.begin(around, id, call);
        Some(id)
    }

    /// A call is there.
    pub(super) fn begin(&mut self, around: &mut Around<'_>, id: CallId, call: Call) {
        self.calls.insert(id, call);
        self.settle(around, id);
    }

    pub(super) fn with(&mut self, around: &mut Around<'_>, id: CallId, act: impl FnOnce(&mut Call, &mut Around<'_>)) {
        if let Some(call) = self.calls.get_mut(&id) {
            act(call, around);
            self.settle(around, id);
        }
    }

    /// After a call was touched: the books, its deadline, the page, and its row when it is over.
    pub(super) fn settle(&mut self, around: &mut Around<'_>, id: CallId) {
        self.note(around, id);
        self.cross(around);
        self.look_at_groups(around);
    }

    /// Works on a call among others; what that means for groups is looked at later.
    pub(super) fn touch(&mut self, around: &mut Around<'_>, id: CallId, act: impl FnOnce(&mut Call, &mut Around<'_>)) {
        if let Some(call) = self.calls.get_mut(&id) {
            act(call, around);
            self.note(around, id);
            self.cross(around);
        }
    }

    pub(super) fn note(&mut self, around: &mut Around<'_>, id: CallId) {
        for opened in std::mem::take(&mut around.books.opened) {
            match opened {
                Opened::Session(session) => {
                    self.by_session.insert(session, id);
                    if let Some(call) = self.calls.get(&id) {
                        call.tell_leg(around, session);
                    }
                }
                Opened::Endpoint(endpoint) => drop(self.by_endpoint.insert(endpoint, id)),
            }
        }
        for closed in std::mem::take(&mut around.books.closed) {
            self.by_session.remove(&closed);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.told.note();
        call.show(around);
        self.timers.set(id, call.poll_timeout());
        if let Some(row) = call.take_row() {
            around.outputs.push_back(Output::Ended(row));
            self.timers.cancel(id);
            self.calls.remove(&id);
        }
        self.show_talks(around, id);
    }

    /// Somebody got free: who waits for that is called.
    fn call_back(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        around.books.call_backs.retain(|one| one.until > now);
        let is_free = |number: &str| around.member(around.office, number) == crate::group::Member::Free;
        let due = around.books.call_backs.iter().position(|one| is_free(&one.by) && is_free(&one.to));
        if let Some(due) = due {
            let one = around.books.call_backs.remove(due);
            self.order(around, &one.by, &one.to);
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

/// Whether both belong to a group.
fn shares_group(around: &Around<'_>, one: &str, other: &str) -> bool {
    let has = |members: &[String], number: &str| members.iter().any(|member| member == number);
    around.office.groups.iter().any(|group| has(&group.members, one) && has(&group.members, other))
}

/// What an INVITE takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taking {
    /// A call that is parked, or rings.
    Call(CallId),
    /// The place of another telephone in a call.
    Leg(CallId, SessionId),
}

/// The first step of a call; `extension` is whose rights it has.
pub(super) fn route(call: &mut Call, around: &mut Around<'_>, meaning: Target, extension: &str) {
    match meaning {
        Target::Extension { number } => call.ring_extension(around, &number, RingWhy::Dialled),
        Target::Group { number } => call.ring_group(around, &number, Back::Caller),
        Target::OwnNumber { number } => {
            if !call.enter_desk(around, &number) {
                // contract.md: one of ours without a start element goes to group 500, and 480 if that is gone
                call.ring_group(around, "500", Back::Caller);
            }
        }
        Target::Emergency { digits } => {
            call.is_emergency = true;
            let (by, number) = (extension.to_owned(), digits.clone());
            around.outputs.push_back(Output::Emergency(EmergencyCall { call: call.id, at: around.wall, by, number }));
            call.ring_outside(around, extension, RingTarget::Emergency(digits), RingWhy::Dialled);
        }
        Target::Outside { number, class } => {
            let rights = around.office.extension(extension).map(|e| e.permissions);
            if rights
                .is_some_and(|rights| crate::guard::may_call(rights, around.office.limits.paid_services, class).is_ok())
            {
                call.ring_outside(around, extension, RingTarget::Outside(number), RingWhy::Dialled);
            } else {
                around.step(call.id, StepKind::NotTaken { who: number.clone(), device: number, status: 403 });
                call.refuse_with_tone(around, 403, CallOutcome::Refused, "no_permission");
            }
        }
        Target::Feature { feature, number } if !extension.is_empty() => {
            call.feature(around, feature, number.as_deref())
        }
        Target::Conference { number } if !extension.is_empty() => call.enter_conference(around, &number),
        _ if !extension.is_empty() => call.refuse_with_tone(around, 404, CallOutcome::Refused, "no_such_number"),
        _ => call.finish(around, 404, CallOutcome::Refused, "not_our_number"),
    }
}
