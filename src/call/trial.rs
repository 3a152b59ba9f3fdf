//! A trial call: out through a trunk to one of the office's own numbers, and in again by the city. The exchange answers itself, so that
//! nobody is rung; the two rows of the history tell how far it came and what was heard each way.

use crate::base::{CallId, Duration, limits};
use crate::number::Target as Meaning;
use crate::office::{NumberFormat, Trunk};
use crate::service::{Kind, Phrase};

use super::Around;
use super::calls::Calls;
use super::cdr::{CallDirection, CallStarted, StepKind};
use super::leg::{Leg, LegState, Party};
use super::one::{Call, Ordered, RingWhy};
use super::ring::{Ringing, Target};

/// A call to the own number that comes in within this time of a trial is the trial's: as long as it rings.
pub(super) const TRIAL_SECONDS: u32 = 30;

/// What the story says of both calls.
const TRIAL: StepKind = StepKind::Service { service: "trial" };

impl Calls {
    /// Calls the trunk's own number through it, written in `format` or as the trunk's settings say. False when there is no such trunk,
    /// or no room for a call.
    pub fn try_out(&mut self, around: &mut Around<'_>, trunk: &str, format: Option<NumberFormat>) -> bool {
        let office = std::sync::Arc::clone(around.office);
        let Some(trunk) = office.trunk(trunk).filter(|_| self.len() + 1 < limits::CALLS) else { return false };
        let id = self.next_id(around);
        let until = around.now + Duration::from_secs(u64::from(TRIAL_SECONDS));
        around.books.trials.push((trunk.number.clone(), until));
        let call = Call::trial(around, id, trunk, format);
        self.begin(around, id, call);
        true
    }

    /// Whether an incoming call is the far end of a trial: a carrier may withhold the number or write it in a form of its own, and
    /// nobody else calls a number of the office from that number.
    pub(super) fn is_trial(around: &mut Around<'_>, started: &CallStarted, meaning: &Meaning) -> bool {
        let now = around.now;
        around.books.trials.retain(|(_, until)| *until > now);
        let Meaning::OwnNumber { number } = meaning else { return false };
        let from_us = started.caller.is_empty() || around.office.trunk_of(&started.caller).is_some();
        let tried = around.books.trials.iter().position(|(tried, _)| tried == number).filter(|_| from_us);
        tried.map(|at| around.books.trials.swap_remove(at)).is_some()
    }
}

impl Call {
    fn trial(around: &mut Around<'_>, id: CallId, trunk: &Trunk, format: Option<NumberFormat>) -> Self {
        let started = CallStarted {
            call: id,
            at: around.wall,
            direction: CallDirection::Outbound,
            caller: trunk.number.clone(),
            caller_name: String::new(),
            called: trunk.number.clone(),
            trunk: Some(trunk.name.clone()),
        };
        let own = Party { who: trunk.number.clone(), ..Party::default() };
        let mut call = Self::new(around, started, Leg::absent(own), limits::MAX_FORWARDS);
        around.step(id, TRIAL);
        let mut ring = Ringing::default();
        let (number, trunk) = (trunk.number.clone(), trunk.name.clone());
        ring.add_outside("", Target::Trial { number, trunk, format }, Vec::new());
        call.begin_ringing(around, ring, RingWhy::Order(Ordered::Trial));
        call
    }

    /// The near end of a trial was answered: something is said, so that there is something to be heard at both ends.
    pub(super) fn trial_answered(&mut self, around: &mut Around<'_>, mut leg: Leg) {
        leg.state = LegState::Answered;
        self.a = leg;
        self.say_and_end(around, &[Phrase::YourNumberIs(self.started.called.clone())]);
    }

    /// The far end of a trial: what is heard goes back.
    pub(super) fn answer_trial(&mut self, around: &mut Around<'_>) {
        around.step(self.id, TRIAL);
        self.begin_service(around, String::new(), Kind::Echo);
    }
}
