//! Calls that begin the other way round: a group's telephones that answer by themselves and listen, and a telephone that rings first
//! and calls when it is answered.

use crate::base::{CallId, Duration};
use crate::media::{Command, Speaks};
use crate::office::Office;

use super::Around;
use super::cdr::{CallDirection, CallOutcome, CallStarted, StepKind};
use super::leg::{Leg, LegState, Party};
use super::one::{Call, Ordered, RingWhy, Stage, Timer};
use super::ring::{Patience, Ringing};

/// How long after the first telephone another may answer by itself.
const PAGE_PATIENCE: Duration = Duration::from_secs(8);

impl Call {
    /// Speaks from the telephones of a group that are free.
    pub(super) fn page(&mut self, around: &mut Around<'_>, group: &str) {
        let office = std::sync::Arc::clone(&self.office);
        let own = self.a.party.inside().unwrap_or_default().to_owned();
        let Some(group) = office.group(group) else {
            return self.refuse_with_tone(around, 404, CallOutcome::Refused, "no_such_number");
        };
        around.step(self.id, StepKind::Service { service: crate::office::Feature::Page.key() });
        let mut ring = Ringing::default();
        let is_free =
            |number: &&String| **number != own && around.member(&office, number) == crate::group::Member::Free;
        let free: Vec<&String> = group.members.iter().filter(is_free).collect();
        for extension in free.into_iter().filter_map(|number| office.extension(number)) {
            ring.add_extension(extension, Patience::Page, Vec::new());
        }
        let room = around.new_room();
        self.begin_ringing(around, ring, RingWhy::Page { room });
    }

    /// Whether it is spoken from telephones that are to answer by themselves.
    pub(super) fn is_page(&self) -> bool {
        matches!(&self.stage, Stage::Ringing { why: RingWhy::Page { .. }, .. } | Stage::Paging { .. })
    }

    /// One more telephone answered: it listens.
    pub(super) fn listens(&mut self, around: &mut Around<'_>, mut leg: Leg) {
        let room = match &self.stage {
            Stage::Ringing { why: RingWhy::Page { room }, .. } => *room,
            Stage::Paging { room, .. } => *room,
            _ => return leg.hang_up(around, None),
        };
        let who = leg.party.who.clone();
        leg.hold_busy(around);
        if let Some(endpoint) = leg.endpoint() {
            around.media(Command::Join { endpoint, room, speaks: Speaks::ToNobody });
            around.media(Command::WatchSilence { endpoint, on: false });
        }
        self.note_answer(around, &who);
        match &mut self.stage {
            Stage::Paging { legs, .. } => legs.push(leg),
            _ => {
                self.stage = Stage::Paging { room, legs: vec![leg] };
                self.timers.arm(Timer::Ringing, around.now + PAGE_PATIENCE);
                self.watch_caller(around);
                if !self.answer_caller(around) {
                    return;
                }
                if let Some(endpoint) = self.a.endpoint() {
                    around.media(Command::StopPlay { endpoint });
                    around.media(Command::Join { endpoint, room, speaks: Speaks::ToAll });
                }
            }
        }
    }

    /// Telephones that have not answered by now are not such as answer by themselves.
    pub(super) fn no_more_listeners(&mut self, around: &mut Around<'_>) {
        self.drop_attempts(around, None);
        self.nobody_listens(around);
    }

    /// The last listener is gone.
    pub(super) fn nobody_listens(&mut self, around: &mut Around<'_>) {
        let Stage::Paging { legs, .. } = &self.stage else { return };
        if legs.is_empty() && self.attempts.is_empty() {
            self.finish(around, 480, CallOutcome::Answered, "called_hung_up");
        }
    }

    /// A call to be: the telephones of `extension` ring, and who answers calls `to`.
    pub(super) fn order(
        around: &mut Around<'_>,
        office: &Office,
        id: CallId,
        extension: &str,
        to: &str,
    ) -> Option<Self> {
        let extension = office.extension(extension)?;
        let started = CallStarted {
            call: id,
            at: around.wall,
            direction: CallDirection::Internal,
            caller: extension.number.clone(),
            caller_name: extension.employee.clone(),
            called: to.to_owned(),
            trunk: None,
        };
        // the telephone that rings shows whom it is about to call
        let name = office.extension(to).map(|e| e.employee.clone()).unwrap_or_default();
        let shown = Party { who: to.to_owned(), name, ..Party::default() };
        let mut call = Self::new(around, started, Leg::absent(shown), crate::base::limits::MAX_FORWARDS);
        let mut ring = Ringing::default();
        ring.add_extension(extension, Patience::Own, Vec::new());
        call.begin_ringing(around, ring, RingWhy::Order(Ordered::Call(to.to_owned())));
        Some(call)
    }

    /// Who ordered the call has answered.
    pub(super) fn ordered(&mut self, around: &mut Around<'_>, mut leg: Leg, to: &str) {
        leg.hold_busy(around);
        leg.state = LegState::Answered;
        self.a = leg;
        let extension = self.a.party.extension.clone().unwrap_or_default();
        let meaning = around.plan.interpret(around.office, to);
        if matches!(meaning, crate::number::Target::Outside { .. }) {
            self.started.direction = CallDirection::Outbound;
        }
        super::calls::route(self, around, meaning, &extension);
    }
}
