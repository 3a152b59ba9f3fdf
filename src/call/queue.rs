//! Callers of groups wait together: [`group::Queues`](crate::group::Queues) says who rings for whom, here it is done on their calls.
//! Whoever answers gets the caller who waits longest, and a telephone that rings may go on ringing for the next one.

use crate::base::{CallId, Duration, SessionId};
use crate::desk::executor::GroupExit;
use crate::group::Order;
use crate::media::Sound;
use crate::service::Phrase;

use super::Around;
use super::calls::Calls;
use super::leg::LegState;
use super::one::{Back, Call, RingWhy, Stage};
use super::outside::Attempt;
use super::ring::{HandedOver, Patience, Ringing};

/// RFC 3326: a phone that knows this shows no missed call.
pub(super) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// A leg that rang in a group's call which is over: it may ring on for the next caller.
#[derive(Debug)]
pub(super) struct Orphan {
    from: CallId,
    /// Told when it is not needed.
    reason: Option<&'static str>,
    attempt: Attempt,
    /// How its device rang; told once a member.
    handed: Option<HandedOver>,
}

impl Calls {
    /// Carries out what the queues want now.
    pub(super) fn run_queues(&mut self, around: &mut Around<'_>) {
        loop {
            around.books.members_changed = false;
            let mut queues = std::mem::take(&mut around.books.queues);
            let office = std::sync::Arc::clone(around.office);
            let orders = queues.decide(around.now, &office, |member| around.member(&office, member));
            around.books.queues = queues;
            let nothing = orders.is_empty();
            for order in orders {
                self.obey_queue(around, order);
            }
            self.drop_orphans(around);
            if nothing || !around.queues_are_due() {
                break;
            }
        }
        self.play_to_waiting(around);
    }

    fn obey_queue(&mut self, around: &mut Around<'_>, order: Order) {
        match order {
            Order::Ring { call, members, span } => {
                self.touch(around, call, |call, around| call.ring_members(around, &members, span));
            }
            Order::Stop { call, members } => {
                self.touch(around, call, |call, around| call.stop_members(around, &members));
            }
            Order::Exit { call, why } => self.touch(around, call, |call, around| call.queue_exit(around, why)),
            Order::Position { call, place } => {
                self.touch(around, call, |call, around| call.tell_place(around, place));
            }
            Order::Hand { from, to, members, span } => self.hand(around, from, to, &members, span),
        }
    }

    /// Members ring on for another caller; those that can't ring anew.
    fn hand(&mut self, around: &mut Around<'_>, from: CallId, to: CallId, members: &[String], span: Duration) {
        let mut anew = Vec::new();
        for member in members {
            let (attempts, handed) = match self.calls.get_mut(&from).filter(|call| call.waits_in_group()) {
                Some(call) => call.let_go(member),
                None => around.books.take_orphans(from, member),
            };
            let call = self.calls.get_mut(&to).filter(|call| call.waits_in_group());
            match (call, handed) {
                (Some(call), Some(handed)) if !attempts.is_empty() => {
                    attempts.iter().for_each(|attempt| attempt.leg.adopt(around));
                    call.receive(around, attempts, handed, span);
                    self.note(around, to);
                }
                _ => {
                    attempts.into_iter().for_each(|mut attempt| attempt.leg.hang_up(around, None));
                    anew.push(member.clone());
                }
            }
        }
        self.touch(around, to, |call, around| call.ring_members(around, &anew, span));
    }

    fn drop_orphans(&mut self, around: &mut Around<'_>) {
        for mut orphan in std::mem::take(&mut around.books.orphans) {
            orphan.attempt.leg.hang_up(around, orphan.reason);
        }
    }

    /// A member took a call of his group: he gets the caller who waits longest there.
    pub(super) fn member_answered(
        &mut self,
        around: &mut Around<'_>,
        from: CallId,
        group: &str,
        member: &str,
        session: SessionId,
    ) {
        let Some(call) = self.calls.get_mut(&from) else { return };
        let Some(attempt) = call.take_answered(around, member, session) else { return };
        let first = around.books.queues.answered(group, member);
        around.books.members_changed = true;
        let first = first.filter(|id| self.calls.get(id).is_some_and(Call::waits_in_group));
        let Some(first) = first else {
            let mut leg = attempt.leg;
            return leg.hang_up(around, None);
        };
        let last = super::Output::LastAnswered { group: group.to_owned(), member: member.to_owned() };
        around.outputs.push_back(last);
        self.with(around, first, |call, around| {
            attempt.leg.adopt(around);
            call.drop_attempts(around, Some(session));
            call.connect(around, attempt.leg);
        });
        self.touch(around, from, |_, _| {});
    }

    /// Whoever waits and hears nobody ring hears music.
    fn play_to_waiting(&mut self, around: &mut Around<'_>) {
        let silent =
            |call: &&Call| call.waits_in_group() && call.attempts.is_empty() && call.a.state != LegState::Answered;
        let waiting: Vec<CallId> = self.calls.values().filter(silent).map(|call| call.id).collect();
        for id in waiting {
            self.touch(around, id, |call, around| {
                if call.answer_caller(around) {
                    call.sound_while_ringing(around);
                }
            });
        }
    }
}

impl super::Books {
    fn take_orphans(&mut self, from: CallId, member: &str) -> (Vec<Attempt>, Option<HandedOver>) {
        let is_it =
            |orphan: &Orphan| orphan.from == from && orphan.attempt.leg.party.extension.as_deref() == Some(member);
        let (taken, rest): (Vec<Orphan>, Vec<Orphan>) = std::mem::take(&mut self.orphans).into_iter().partition(is_it);
        self.orphans = rest;
        let mut handed = None;
        let mut attempts = Vec::new();
        for orphan in taken {
            handed = handed.or(orphan.handed);
            attempts.push(orphan.attempt);
        }
        (attempts, handed)
    }
}

impl Around<'_> {
    /// Whether the queues have something to say.
    pub(super) fn queues_are_due(&self) -> bool {
        self.books.members_changed || self.books.queues.poll_timeout().is_some_and(|at| at <= self.now)
    }
}

impl Call {
    /// Waits in its group's queue from now on.
    pub(super) fn enter_queue(&mut self, around: &mut Around<'_>, group: &crate::office::Group) {
        if let Err(why) = around.books.queues.enter(around.now, group, self.id) {
            self.queue_exit(around, why);
        }
    }

    pub(super) fn waits_in_group(&self) -> bool {
        matches!(&self.stage, Stage::Ringing { why: RingWhy::Group { .. }, .. })
    }

    /// The group at which the call waits.
    pub(super) fn group_that_rings(&self) -> Option<&str> {
        match &self.stage {
            Stage::Ringing { why: RingWhy::Group { number, .. }, .. } => Some(number),
            _ => None,
        }
    }

    fn queue_exit(&mut self, around: &mut Around<'_>, why: GroupExit) {
        let (group, back): (String, Back) = match &self.stage {
            Stage::Ringing { why: RingWhy::Group { number, back }, .. } => (number.clone(), *back),
            _ => return,
        };
        self.group_exit(around, &group, why, back);
    }

    fn ring_members(&mut self, around: &mut Around<'_>, members: &[String], span: Duration) {
        let office = std::sync::Arc::clone(around.office);
        let Some(ring) = self.ring_mut() else { return };
        for extension in members.iter().filter_map(|member| office.extension(member)) {
            ring.forget(&extension.number);
            ring.add_extension(extension, Patience::Member(span.max(Duration::from_secs(1))), Vec::new());
        }
        self.drive_ring(around);
    }

    fn stop_members(&mut self, around: &mut Around<'_>, members: &[String]) {
        for member in members {
            let (attempts, _) = self.let_go(member);
            for mut attempt in attempts {
                let who = attempt.leg.party.who.clone();
                let device = attempt.leg.party.device.clone();
                around.step(self.id, super::cdr::StepKind::NotTaken { who, device, status: 0 });
                attempt.leg.hang_up(around, None);
            }
        }
    }

    /// The legs of a member, and how its devices ring; they are not of this call any more.
    fn let_go(&mut self, member: &str) -> (Vec<Attempt>, Option<HandedOver>) {
        let handed = self.ring_mut().and_then(|ring| ring.hand_over(member));
        let (mine, rest): (Vec<Attempt>, Vec<Attempt>) = std::mem::take(&mut self.attempts)
            .into_iter()
            .partition(|attempt| attempt.leg.party.extension.as_deref() == Some(member));
        self.attempts = rest;
        (mine, handed)
    }

    fn receive(&mut self, around: &mut Around<'_>, attempts: Vec<Attempt>, handed: HandedOver, span: Duration) {
        for attempt in &attempts {
            let (who, device) = (attempt.leg.party.who.clone(), attempt.leg.party.device.clone());
            around.step(self.id, super::cdr::StepKind::Rung { who, device });
        }
        self.attempts.extend(attempts);
        let until = around.now + span;
        if let Some(ring) = self.ring_mut() {
            ring.receive(handed, until);
        }
    }

    /// The leg that answered, out of this call; what else rings of that member stops.
    fn take_answered(&mut self, around: &mut Around<'_>, member: &str, session: SessionId) -> Option<Attempt> {
        let index = self.attempts.iter().position(|attempt| attempt.leg.session == session)?;
        let answered = self.attempts.swap_remove(index);
        let (others, _) = self.let_go(member);
        for mut other in others {
            other.leg.hang_up(around, Some(ELSEWHERE));
        }
        Some(answered)
    }

    /// Keeps those that ring in a group's call which is over for the next caller; `except` stays.
    pub(super) fn orphan_attempts(
        &mut self,
        around: &mut Around<'_>,
        except: Option<SessionId>,
        reason: Option<&'static str>,
    ) {
        let attempts = std::mem::take(&mut self.attempts);
        for attempt in attempts {
            if Some(attempt.leg.session) == except {
                self.attempts.push(attempt);
                continue;
            }
            let member = attempt.leg.party.extension.clone().unwrap_or_default();
            let handed = self.ring_mut().and_then(|ring| ring.hand_over(&member));
            around.books.orphans.push(Orphan { from: self.id, reason, attempt, handed });
        }
        around.books.members_changed = true;
    }

    /// A member's devices are all over: the group leaves it in peace.
    pub(super) fn tell_finished(&mut self, around: &mut Around<'_>) {
        let finished = self.ring_mut().map(Ringing::take_finished).unwrap_or_default();
        for member in finished {
            around.books.queues.refused(around.now, self.id, &member);
            around.books.members_changed = true;
        }
    }

    /// A member's call from its group is over: it rests.
    pub(super) fn rest_member(&mut self, around: &mut Around<'_>) {
        let Some((group, member)) = self.group.take() else { return };
        if let Some(group) = around.office.group(&group) {
            around.books.queues.rest(around.now, &member, group);
            around.books.members_changed = true;
        }
    }

    fn tell_place(&mut self, around: &mut Around<'_>, place: usize) {
        if !self.waits_in_group() || self.greets || !self.answer_caller(around) {
            return;
        }
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let sound: Sound = self.speech(&[Phrase::YouAreNumber(place)]);
        self.play(around, sound);
    }
}
