//! Callers of groups wait together: [`group::Queues`](crate::group::Queues) says who rings for whom, here it is done on their calls.
//! Whoever answers gets the caller who waits longest, whomever his telephone rang for.

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
use super::ring::{Patience, Ringing};

/// RFC 3326: a phone that knows this shows no missed call.
pub(super) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

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
            // a telephone shows who calls: one that rang for another would show the wrong one, so it rings anew
            Order::Hand { from, to, members, span } => {
                self.touch(around, from, |call, around| call.stop_members(around, &members));
                self.touch(around, to, |call, around| call.ring_members(around, &members, span));
            }
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
        self.group_that_rings().is_some()
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
            for attempt in self.let_go(member) {
                self.stop(around, attempt);
            }
        }
    }

    /// The legs of a member; it does not ring here any more.
    fn let_go(&mut self, member: &str) -> Vec<Attempt> {
        if let Some(ring) = self.ring_mut() {
            ring.drop_extension(member);
        }
        let (mine, rest): (Vec<Attempt>, Vec<Attempt>) = std::mem::take(&mut self.attempts)
            .into_iter()
            .partition(|attempt| attempt.leg.party.extension.as_deref() == Some(member));
        self.attempts = rest;
        mine
    }

    /// The leg that answered, out of this call; what else rings of that member stops.
    fn take_answered(&mut self, around: &mut Around<'_>, member: &str, session: SessionId) -> Option<Attempt> {
        let index = self.attempts.iter().position(|attempt| attempt.leg.session == session)?;
        let answered = self.attempts.swap_remove(index);
        for mut other in self.let_go(member) {
            other.leg.hang_up(around, Some(ELSEWHERE));
        }
        Some(answered)
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
