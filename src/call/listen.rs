//! Somebody listens in on two who talk: silently, or speaking to our own side alone. His telephone rings first; when he answers, the
//! sound of the two goes through a room of the media plane, where he hears both. It ends with the call, or when he hangs up.

use crate::base::{CallId, EndpointId, RoomId};
use crate::media::{Command, Speaks};
use crate::office::{Language, Listening};

use super::Around;
use super::calls::Calls;
use super::cdr::{CallDirection, CallOutcome, CallStarted, StepKind};
use super::crossing::Crossing;
use super::leg::{Leg, LegState, Party};
use super::one::{Call, Ordered, RingWhy, Stage, Timer};
use super::ring::{Patience, Ringing};

/// So many may listen to one call.
const LISTENERS: usize = 4;

/// Why nobody listens in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenRefused {
    /// There is no such call, or it is over.
    #[error("no such call")]
    NoCall,
    /// The office does not allow it.
    #[error("the office does not allow listening in")]
    NotAllowed,
    /// Nobody talks there, or as many listen as may.
    #[error("there is nothing to listen to")]
    NothingToHear,
    /// There is no such extension, or it takes part in the call.
    #[error("that extension can't listen in")]
    NotByHim,
    /// As many calls as may be.
    #[error("too many calls")]
    Full,
}

/// Who listens to a call, or is about to.
#[derive(Debug)]
pub(super) struct Listener {
    /// The call of his own.
    call: CallId,
    /// He speaks to our side.
    whispers: bool,
    /// Where he listens, once he has answered.
    endpoint: Option<EndpointId>,
}

/// Those who listen to a call, and the room through which its sound goes while somebody does.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    all: Vec<Listener>,
    room: Option<RoomId>,
}

impl Calls {
    /// The telephones of `extension` ring; who answers hears the call.
    ///
    /// # Errors
    /// [`ListenRefused`].
    pub fn listen(
        &mut self,
        around: &mut Around<'_>,
        to: CallId,
        extension: &str,
        whispers: bool,
    ) -> Result<CallId, ListenRefused> {
        if around.office.protection.listening == Listening::Off {
            return Err(ListenRefused::NotAllowed);
        }
        if self.calls.len() >= crate::base::limits::CALLS {
            return Err(ListenRefused::Full);
        }
        let call = self.calls.get(&to).filter(|call| !call.is_over()).ok_or(ListenRefused::NoCall)?;
        let Stage::Talking { b } = &call.stage else { return Err(ListenRefused::NothingToHear) };
        if call.listeners.all.len() >= LISTENERS {
            return Err(ListenRefused::NothingToHear);
        }
        let takes_part = [&call.a.party, &b.party].iter().any(|party| party.employee() == Some(extension));
        if takes_part || around.office.extension(extension).is_none() {
            return Err(ListenRefused::NotByHim);
        }
        let ours = call.our_side().and_then(|leg| leg.party.employee()).unwrap_or(&call.started.called).to_owned();
        let id = self.next_id(around);
        let listener = Call::listener(around, id, extension, (to, ours, whispers));
        if let Some(call) = self.calls.get_mut(&to) {
            call.listeners.all.push(Listener { call: id, whispers, endpoint: None });
        }
        self.begin(around, id, listener);
        Ok(id)
    }

    /// Who listens has answered; or has hung up, when he has no endpoint.
    pub(super) fn listener_changed(
        &mut self,
        around: &mut Around<'_>,
        to: CallId,
        by: CallId,
        ear: Option<EndpointId>,
    ) {
        let is_there = self.calls.get(&to).is_some_and(|call| !call.is_over() && call.listeners.has(by));
        if is_there {
            let who = self.calls.get(&by).map(|call| call.started.caller.clone()).unwrap_or_default();
            self.with(around, to, |call, around| call.listener_changed(around, by, &who, ear));
        } else if ear.is_some() {
            self.with(around, by, |call, around| call.nothing_to_hear(around));
        }
    }

    /// The call that somebody listens to is over.
    pub(super) fn listening_ends(&mut self, around: &mut Around<'_>, by: CallId) {
        self.with(around, by, |call, around| call.nothing_to_hear(around));
    }
}

impl Listeners {
    fn has(&self, by: CallId) -> bool {
        self.all.iter().any(|one| one.call == by)
    }

    /// Whether somebody hears the call now.
    pub(super) fn hear(&self) -> bool {
        self.all.iter().any(|one| one.endpoint.is_some())
    }
}

impl Call {
    fn listener(
        around: &mut Around<'_>,
        id: CallId,
        extension: &str,
        (to, ours, whispers): (CallId, String, bool),
    ) -> Self {
        let office = std::sync::Arc::clone(around.office);
        let employee = office.extension(extension);
        let started = CallStarted {
            call: id,
            at: around.wall,
            direction: CallDirection::Internal,
            caller: extension.to_owned(),
            caller_name: employee.map(|one| one.employee.clone()).unwrap_or_default(),
            called: ours.clone(),
            trunk: None,
        };
        // his display says what rings; whoever watches his lamp sees no more than that
        let name = match office.settings.language {
            Language::Ru => "Прослушивание",
            Language::En => "Listening in",
        };
        let shown = Party { who: extension.to_owned(), name: format!("{name} {ours}"), ..Party::default() };
        let mut call = Self::new(around, started, Leg::absent(shown), crate::base::limits::MAX_FORWARDS);
        around.step(id, StepKind::ListensTo { call: to, whispers });
        let mut ring = Ringing::default();
        if let Some(employee) = employee {
            ring.add_extension(employee, Patience::Own, Vec::new());
        }
        call.begin_ringing(around, ring, RingWhy::Order(Ordered::Listen(to)));
        call
    }

    /// He who is to listen has answered.
    pub(super) fn listens_in(&mut self, around: &mut Around<'_>, mut leg: Leg, to: CallId) {
        leg.hold_busy(around);
        leg.state = LegState::Answered;
        let (who, endpoint) = (leg.party.who.clone(), leg.endpoint());
        self.a = leg;
        self.stage = Stage::Listening { to };
        self.timers.cancel(Timer::Ringing);
        self.note_answer(around, &who);
        self.watch_caller(around);
        if let Some(endpoint) = endpoint {
            around.media(Command::WatchSilence { endpoint, on: false });
        }
        around.books.crossings.push_back(Crossing::Listens { to, by: self.id, ear: endpoint });
    }

    /// The call that this one listens to, or is about to.
    pub(super) fn listens_to(&self) -> Option<CallId> {
        match &self.stage {
            Stage::Listening { to } | Stage::Ringing { why: RingWhy::Order(Ordered::Listen(to)), .. } => Some(*to),
            _ => None,
        }
    }

    fn nothing_to_hear(&mut self, around: &mut Around<'_>) {
        let outcome = if self.was_answered() { CallOutcome::Answered } else { CallOutcome::NoAnswer };
        self.finish(around, 480, outcome, "listening_ended");
    }

    fn listener_changed(&mut self, around: &mut Around<'_>, by: CallId, who: &str, ear: Option<EndpointId>) {
        let Some(at) = self.listeners.all.iter().position(|one| one.call == by) else { return };
        let heard = self.listeners.hear();
        match (ear, self.listeners.all.get_mut(at)) {
            (Some(ear), Some(listener)) => {
                listener.endpoint = Some(ear);
                let whispers = listener.whispers;
                around.step(self.id, StepKind::ListenedTo { by: who.to_owned(), whispers });
            }
            _ => drop(self.listeners.all.swap_remove(at)),
        }
        if heard || ear.is_some() {
            self.bridge(around);
        }
        if let (Some(room), true, Listening::Told) =
            (self.listeners.room, ear.is_some(), around.office.protection.listening)
        {
            around.media(Command::Announce { room, sound: super::serve::entering() });
        }
    }

    /// Both sides hear each other: straight, or through a room while somebody listens.
    pub(super) fn join_sound(&mut self, around: &mut Around<'_>, a: EndpointId, b: EndpointId) {
        if !self.listeners.hear() {
            self.listeners.room = None;
            return around.media(Command::Bridge { a, b });
        }
        let room = *self.listeners.room.get_or_insert_with(|| around.new_room());
        for endpoint in [a, b] {
            around.media(Command::Join { endpoint, room, speaks: Speaks::ToAll });
        }
        let ours = self.our_side().and_then(Leg::endpoint);
        for Listener { whispers, endpoint, .. } in &self.listeners.all {
            let Some(endpoint) = *endpoint else { continue };
            let speaks = ours.filter(|_| *whispers).map_or(Speaks::ToNobody, Speaks::To);
            around.media(Command::Join { endpoint, room, speaks });
        }
    }

    /// The employee's leg; of two who was called.
    fn our_side(&self) -> Option<&Leg> {
        let Stage::Talking { b } = &self.stage else { return None };
        let called = if self.swapped { [&self.a, &**b] } else { [&**b, &self.a] };
        called.into_iter().find(|leg| leg.party.employee().is_some())
    }

    /// The call is over: so is listening to it, and what this one listened to goes on without.
    pub(super) fn end_listening(&mut self, around: &mut Around<'_>) {
        for listener in std::mem::take(&mut self.listeners.all) {
            around.books.crossings.push_back(Crossing::ListeningEnds { by: listener.call });
        }
        if let Some(to) = self.listens_to() {
            around.books.crossings.push_back(Crossing::Listens { to, by: self.id, ear: None });
        }
    }
}
