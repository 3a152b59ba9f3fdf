//! Calls at their limits: what is asked before one goes out, and what becomes of one that has come to its limit.

use std::sync::Arc;

use crate::base::{SessionId, WallTime};
use crate::guard::limits::{self, Limit, Moment, Order, Usage, Wanted};
use crate::media::Command;
use crate::number::Class;

use super::calls::Calls;
use super::cdr::{CallOutcome, StepKind};
use super::leg::Leg;
use super::one::{Call, Stage};
use super::outside::PlaceError;
use super::{Around, Output};

impl Around<'_> {
    fn moment(&self) -> Moment {
        Moment { now: self.now, wall: self.wall }
    }

    /// Whether the licence covers this extension: the office's first so many. Emergency calls don't ask.
    pub(super) fn is_licensed(&self, extension: &str) -> bool {
        let Some(most) = self.books.allowance.extensions.limit() else { return true };
        let place = self.office.extensions.iter().position(|e| e.number == extension);
        place.is_none_or(|place| place < usize::try_from(most).unwrap_or(usize::MAX))
    }

    /// Whether one more call with the city may be, for this extension.
    pub(super) fn licensed_outside(&self, extension: &str) -> Result<(), PlaceError> {
        if !self.is_licensed(extension) {
            return Err(PlaceError::NotLicensed);
        }
        match self.books.allowance.outside_calls.allows_more_than(self.books.outside_calls()) {
            true => Ok(()),
            false => Err(PlaceError::LicenceFull),
        }
    }

    /// Whether the office's limits let a call out. Emergency calls don't ask.
    pub(super) fn within_limits(&mut self, wanted: &Wanted<'_>) -> Result<(), Limit> {
        self.books.meter.ask(self.moment(), self.office, wanted)
    }

    /// A leg to the city is placed: it counts from now on.
    pub(super) fn meter(&mut self, session: SessionId, extension: &str, is_own_mobile: bool) {
        self.books.meter.begin(session, extension, is_own_mobile);
    }

    /// It is answered.
    pub(super) fn metered_answer(&mut self, session: SessionId) {
        let used = self.books.meter.answered(self.moment(), self.office, session);
        self.outputs.extend(used.map(Output::Used));
    }

    /// It is over.
    pub(super) fn metered_end(&mut self, session: SessionId) {
        let used = self.books.meter.end(self.moment(), self.office, session);
        self.outputs.extend(used.map(Output::Used));
    }
}

impl Calls {
    /// Calls that have come to a limit, or soon will.
    pub(super) fn keep_limits(&mut self, around: &mut Around<'_>) {
        let (moment, office) = (around.moment(), Arc::clone(around.office));
        for order in around.books.meter.handle_timeout(moment, &office) {
            match order {
                Order::Keep(used) => around.outputs.push_back(Output::Used(used)),
                Order::Warn(session) => {
                    if let Some(id) = self.by_session.get(&session).copied() {
                        self.with(around, id, Call::limit_nears);
                    }
                }
                Order::End { session, extension, limit } => {
                    if let Some(id) = self.by_session.get(&session).copied() {
                        self.with(around, id, |call, around| call.limit_reached(around, session, &extension, limit));
                    }
                }
            }
        }
    }

    /// The office has changed, or the clock was set.
    pub fn limits_changed(&mut self, around: &mut Around<'_>) {
        around.books.meter.changed(around.moment(), around.office);
    }

    /// Lifts all limits for an extension until then; `None`: they hold again.
    pub fn allow(&mut self, around: &mut Around<'_>, extension: &str, until: Option<WallTime>) {
        around.books.meter.allow(around.moment(), around.office, extension, until);
    }

    /// What calls with the city use up.
    pub fn usage(&mut self, around: &mut Around<'_>) -> Usage {
        around.books.meter.usage(around.moment(), around.office)
    }
}

impl Call {
    /// Asks the limits for a call that has the right to go out; whoever runs the office is told of a refusal.
    pub(super) fn ask_limits(
        &self,
        around: &mut Around<'_>,
        (extension, number): (&str, &str),
        class: Class,
        is_own_mobile: bool,
    ) -> Result<(), PlaceError> {
        let limits = around.within_limits(&Wanted { extension, number, class, is_own_mobile });
        limits.map_err(|limit| {
            self.tell_limit(around, (extension, number), limit);
            PlaceError::Limit(limit)
        })
    }

    fn tell_limit(&self, around: &mut Around<'_>, (extension, number): (&str, &str), limit: Limit) {
        around.step(self.id, StepKind::Limited { who: extension.to_owned(), why: limit.word() });
        let alarm = limits::alarm(around.office, extension, number, limit);
        around.outputs.push_back(Output::Alarm(alarm));
    }

    /// It ends soon: both sides hear a tone, unless one waits with music.
    fn limit_nears(&mut self, around: &mut Around<'_>) {
        let Stage::Talking { b } = &self.stage else { return };
        if self.a.held || b.held {
            return;
        }
        for endpoint in [self.a.endpoint(), b.endpoint()].into_iter().flatten() {
            around.media(Command::Play { endpoint, id: 0, sound: super::serve::entering(), until_digit: false });
        }
    }

    /// One of its legs to the city has come to a limit: the call is over.
    fn limit_reached(&mut self, around: &mut Around<'_>, session: SessionId, extension: &str, limit: Limit) {
        let number = self.leg_of(session).map(|leg| leg.party.who.clone()).unwrap_or_default();
        self.tell_limit(around, (extension, &number), limit);
        let outcome = if self.was_answered() { CallOutcome::Answered } else { CallOutcome::Failed };
        self.finish(around, 480, outcome, limit.word());
    }

    fn leg_of(&self, session: SessionId) -> Option<&Leg> {
        let b = match &self.stage {
            Stage::Talking { b } => Some(&**b),
            _ => None,
        };
        let rung = self.attempts.iter().map(|attempt| &attempt.leg);
        std::iter::once(&self.a).chain(b).chain(rung).find(|leg| leg.session == session)
    }
}
