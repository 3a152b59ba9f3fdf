//! What concerns two calls at a time: one says that it wants it, and here both are at hand.

use crate::base::{CallId, EndpointId, ServerTxn, SessionId};
use crate::sip::stack::SessionCommand;
use crate::sip::wire::{Headers, Replaces};

use super::Around;
use super::calls::Calls;
use super::cdr::{CallOutcome, StepKind};
use super::leg::{Leg, Party};
use super::one::{Call, RingWhy, Stage};
use super::ring::Target;
use super::talk::Side;

/// An order that needs more than one call.
#[derive(Debug)]
pub(super) enum Crossing {
    /// REFER with Replaces: the other sides of two calls of one telephone are joined. RFC 5589 §7.
    Attended { call: CallId, session: SessionId, txn: ServerTxn, replaces: Replaces },
    /// A side of `call` asks a third, in a call of its own.
    Consult { call: CallId, leg: Box<Leg>, number: String },
    /// The other side of `from` comes to who waits in `into`.
    Join { into: CallId, from: CallId },
    /// The call in which a third was asked is over.
    Return { to: CallId, leg: Box<Leg> },
    /// The youngest other call of the trunk ends, then the emergency number is called again.
    GiveWay { trunk: String, to: CallId, number: String, extension: String },
    /// Who listens to a call has answered, or, without an ear, is gone.
    Listens { to: CallId, by: CallId, ear: Option<EndpointId> },
    /// The call that somebody listens to is over.
    ListeningEnds { by: CallId },
    /// A member took a call of his group.
    Answered { from: CallId, group: String, member: String, session: SessionId },
}

impl Calls {
    /// Does what has been ordered, until nothing more is.
    pub(super) fn cross(&mut self, around: &mut Around<'_>) {
        while let Some(crossing) = around.books.crossings.pop_front() {
            match crossing {
                Crossing::Attended { call, session, txn, replaces } => {
                    let status = self.attended(around, call, session, &replaces, txn);
                    if status >= 300 {
                        around.command(session, SessionCommand::Respond { txn, status, headers: Headers::new() });
                    }
                }
                Crossing::Consult { call, leg, number } => self.consult(around, call, *leg, &number),
                Crossing::Join { into, from } => self.join(around, into, from),
                Crossing::Return { to, mut leg } => match self.calls.contains_key(&to) {
                    true => self.with(around, to, |call, around| call.returned(around, leg)),
                    false => leg.hang_up(around, None),
                },
                Crossing::GiveWay { trunk, to, number, extension } => {
                    let gave_way = self.give_way(around, &trunk, to);
                    self.with(around, to, |call, around| match gave_way {
                        true => {
                            let target = Target::Emergency(number);
                            call.ring_outside(around, &extension, target, RingWhy::Dialled);
                        }
                        false => call.refuse_with_tone(around, 503, CallOutcome::Failed, "refused"),
                    });
                }
                Crossing::Listens { to, by, ear } => self.listener_changed(around, to, by, ear),
                Crossing::ListeningEnds { by } => self.listening_ends(around, by),
                Crossing::Answered { from, group, member, session } => {
                    self.member_answered(around, from, &group, &member, session);
                }
            }
        }
    }

    /// The status for the REFER; below 300 it has been answered.
    fn attended(
        &mut self,
        around: &mut Around<'_>,
        id: CallId,
        session: SessionId,
        replaces: &Replaces,
        txn: ServerTxn,
    ) -> u16 {
        let Some(other_session) = around.stack.session_of(replaces) else { return 481 };
        let Some(other) = self.by_session.get(&other_session).copied() else { return 481 };
        let by = self.calls.get(&id).and_then(|call| call.party_of(session)).cloned();
        let there = self.calls.get(&other).and_then(|call| call.party_of(other_session));
        let (Some(by), Some(there)) = (by, there) else { return 481 };
        if other == id || by.inside().is_none() || by.inside() != there.inside() {
            return 403; // a stranger's dialog
        }
        let (Some(mut into), Some(mut from)) = (self.calls.remove(&id), self.calls.remove(&other)) else { return 481 };
        let given = from.give(around, other_session);
        let status = match given {
            Some(given) => {
                around.command(session, SessionCommand::Respond { txn, status: 202, headers: Headers::new() });
                let side = if into.a.session == session { Side::A } else { Side::B };
                into.take(around, Some(side), &by, given, &from);
                from.finish(around, 487, CallOutcome::Answered, "transferred");
                202
            }
            None => 480,
        };
        self.calls.insert(id, into);
        self.calls.insert(other, from);
        self.settle(around, id);
        self.settle(around, other);
        status
    }

    fn consult(&mut self, around: &mut Around<'_>, id: CallId, leg: Leg, number: &str) {
        let consultation = self.next_id(around);
        let party = leg.party.clone();
        let extension = party.extension.clone().unwrap_or_default();
        let (started, meaning, hidden) = self.dialled_inside(around, consultation, &extension, number);
        around.step(id, StepKind::Consulting { by: party.who, call: consultation });
        leg.adopt(around);
        let mut call = Call::new(around, started, leg, crate::base::limits::MAX_FORWARDS);
        call.a.party.hidden = hidden;
        call.consults_for = Some(id);
        super::calls::route(&mut call, around, meaning, &extension);
        self.calls.insert(consultation, call);
        self.settle(around, consultation);
    }

    fn join(&mut self, around: &mut Around<'_>, into: CallId, from: CallId) {
        let Some(mut asking) = self.calls.remove(&from) else { return };
        asking.consults_for = None;
        let waiting = self.calls.get_mut(&into).filter(|call| matches!(call.stage, Stage::Waiting { .. }));
        if let Some(waiting) = waiting {
            let by = asking.a.party.clone();
            match asking.give(around, asking.a.session) {
                Some(given) => waiting.take(around, None, &by, given, &asking),
                None => waiting.returned(around, Box::new(Leg::absent(by))),
            }
            self.settle(around, into);
        }
        asking.finish(around, 487, CallOutcome::Answered, "transferred");
        self.calls.insert(from, asking);
        self.settle(around, from);
    }

    /// Ends the youngest other call that goes over a trunk; false when there is none that may be ended.
    pub(super) fn give_way(&mut self, around: &mut Around<'_>, trunk: &str, except: CallId) -> bool {
        let youngest =
            self.calls.values().filter(|call| call.id != except && call.goes_over(trunk)).map(|c| c.id).max();
        let Some(youngest) = youngest else { return false };
        around.step(youngest, StepKind::GaveWay);
        self.with(around, youngest, |call, around| {
            let outcome = if call.was_answered() { CallOutcome::Answered } else { CallOutcome::Failed };
            call.finish(around, 503, outcome, "gave_way_to_emergency");
        });
        true
    }
}

impl Call {
    /// Who is at the other end of a session of this call.
    fn party_of(&self, session: SessionId) -> Option<&Party> {
        match &self.stage {
            _ if self.a.session == session => Some(&self.a.party),
            Stage::Talking { b } if b.session == session => Some(&b.party),
            _ => None,
        }
    }

    /// Whether one of its legs goes over this trunk.
    fn goes_over(&self, trunk: &str) -> bool {
        let is_it = |leg: &Leg| leg.party.trunk.as_deref() == Some(trunk) && !leg.is_absent();
        let b = match &self.stage {
            Stage::Talking { b } => is_it(b),
            _ => false,
        };
        !self.is_over() && !self.is_emergency && (is_it(&self.a) || b || self.attempts.iter().any(|a| is_it(&a.leg)))
    }
}
