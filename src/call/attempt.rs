//! What those answer who are rung: they ring, take the call, refuse it, send it elsewhere.

use crate::media::{Command, Sound};
use crate::number::Target as Meaning;
use crate::sip::stack::{SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Response};

use super::Around;
use super::cdr::StepKind;
use super::leg::{Leg, LegState, Spoken};
use super::one::{Call, Ordered, RingWhy, Stage};
use super::outside::Attempt;
use super::ring::{Diversion, Patience, Target};

impl Call {
    /// A leg that rings.
    pub(super) fn on_attempt(&mut self, around: &mut Around<'_>, index: usize, event: SessionEvent) {
        match event {
            SessionEvent::Progress { status, sdp, .. } => self.attempt_rings(around, index, status, sdp),
            SessionEvent::Answered { sdp, .. } => self.attempt_answered(around, index, sdp),
            SessionEvent::Failed { response, from_peer } => self.attempt_failed(around, index, &response, from_peer),
            SessionEvent::Ended { .. } => {
                let gone = Response::new(480);
                self.attempt_failed(around, index, &gone, false);
            }
            SessionEvent::Request { txn, .. } => {
                if let Some(attempt) = self.attempts.get(index) {
                    let refuse = SessionCommand::Respond { txn, status: 501, headers: Headers::new() };
                    around.command(attempt.leg.session, refuse);
                }
            }
            SessionEvent::Offer { sdp } => {
                if let Some(attempt) = self.attempts.get_mut(index) {
                    attempt.leg.receive_offer(around, sdp.as_deref());
                }
            }
            _ => {}
        }
    }

    fn attempt_rings(&mut self, around: &mut Around<'_>, index: usize, status: u16, sdp: Option<Vec<u8>>) {
        let alone = self.attempts.len() == 1;
        let Some(attempt) = self.attempts.get_mut(index) else { return };
        if matches!(status, 180..=189) {
            attempt.leg.state = LegState::Ringing;
        }
        let early = match sdp {
            Some(sdp) => attempt.leg.receive_answer(around, &sdp).is_ok(),
            None => false,
        };
        let (spoken, endpoint) = (attempt.leg.spoken(), attempt.leg.endpoint());
        // early sound of a single called party is heard: the carrier's announcements, its ringback
        if early && alone && self.early_for_caller(around, spoken) {
            if let (Some(a), Some(b)) = (self.a.endpoint(), endpoint) {
                around.media(Command::StopPlay { endpoint: a });
                around.media(Command::Bridge { a, b });
            }
        } else if status == 180 && self.a.state == LegState::Calling {
            self.a.ring(around);
        }
    }

    fn early_for_caller(&mut self, around: &mut Around<'_>, spoken: Option<Spoken>) -> bool {
        match self.a.state {
            LegState::Answered => self.music_is_off(),
            _ => self.a.can_hear_early() && self.a.early(around, spoken).is_ok(),
        }
    }

    /// A group's caller goes on hearing music; and whoever was given on the country's ringback.
    fn music_is_off(&self) -> bool {
        !matches!(&self.stage, Stage::Ringing { why: RingWhy::Group { .. } | RingWhy::Order(_), .. })
    }

    fn attempt_answered(&mut self, around: &mut Around<'_>, index: usize, sdp: Option<Vec<u8>>) {
        let Some(attempt) = self.attempts.get_mut(index) else { return };
        let heard = match sdp {
            Some(sdp) => attempt.leg.receive_answer(around, &sdp).is_ok(),
            None => attempt.leg.agreed.is_some(),
        };
        attempt.leg.state = LegState::Answered;
        let session = attempt.leg.session;
        around.metered_answer(session);
        let Some(attempt) = self.attempts.get_mut(index) else { return };
        if !heard {
            attempt.leg.hang_up(around, Some("SIP;cause=488"));
            self.attempts.swap_remove(index);
            if let Some(ring) = self.ring_mut() {
                ring.leg_failed(session, 488);
            }
            return self.drive_ring(around);
        }
        if attempt.confirm {
            return self.ask_for_confirmation(around, index);
        }
        self.take_attempt(around, index);
    }

    /// An operator's mailbox answers too: who took the call presses 1 first.
    fn ask_for_confirmation(&mut self, around: &mut Around<'_>, index: usize) {
        let question = self.question(around);
        self.plays += 1;
        let id = self.plays;
        let Some(endpoint) = self.attempts.get(index).and_then(|attempt| attempt.leg.endpoint()) else { return };
        around.media(Command::Play { endpoint, id, sound: question, until_digit: false });
    }

    /// What is heard by who is asked to confirm.
    fn question(&self, around: &Around<'_>) -> Sound {
        self.speech(&[crate::service::Phrase::PressOneToAccept(around.plan.redial(&self.a.party.who))])
    }

    /// A key was pressed on a leg that rings, or is asked to confirm.
    pub(super) fn attempt_digit(&mut self, around: &mut Around<'_>, endpoint: crate::base::EndpointId, digit: char) {
        let asked = |attempt: &Attempt| attempt.confirm && attempt.leg.state == LegState::Answered;
        let index = self.attempts.iter().position(|a| asked(a) && a.leg.endpoint() == Some(endpoint));
        if let (Some(index), '1') = (index, digit) {
            around.media(Command::StopPlay { endpoint });
            self.take_attempt(around, index);
        }
    }

    /// This one has the call.
    fn take_attempt(&mut self, around: &mut Around<'_>, index: usize) {
        if index >= self.attempts.len() {
            return;
        }
        let attempt = self.attempts.swap_remove(index);
        match &self.stage {
            Stage::Ringing { why: RingWhy::Page { .. }, .. } | Stage::Paging { .. } => {
                return self.listens(around, attempt.leg);
            }
            Stage::Ringing { why: RingWhy::Group { number, .. }, .. } => {
                // who answers for a member at a mobile, or where his calls go, is that member
                let party = &attempt.leg.party;
                let member = party.extension.clone().unwrap_or_else(|| party.who.clone());
                let group = number.clone();
                let from = self.id;
                let session = attempt.leg.session;
                self.attempts.push(attempt);
                let answered = super::crossing::Crossing::Answered { from, group, member, session };
                return around.books.crossings.push_back(answered);
            }
            _ => {}
        }
        self.drop_attempts(around, Some(attempt.leg.session));
        if let Stage::Ringing { why: RingWhy::Order(ordered), .. } = &self.stage {
            return match ordered.clone() {
                Ordered::Call(to) => self.ordered(around, attempt.leg, &to),
                Ordered::Trial => self.trial_answered(around, attempt.leg),
                Ordered::Listen(to) => self.listens_in(around, attempt.leg, to),
            };
        }
        self.connect(around, attempt.leg);
    }

    /// A leg has the call: it rang, or its telephone took it by itself.
    pub(super) fn connect(&mut self, around: &mut Around<'_>, mut b: Leg) {
        let who = b.party.who.clone();
        if let Stage::Ringing { why: RingWhy::Group { number, .. }, .. } = &self.stage {
            let member = b.party.extension.clone().unwrap_or_else(|| who.clone());
            self.group = Some((number.clone(), member));
            b.party.stands_in = true;
        }
        around.books.queues.leave(self.id);
        if let Err(error) = b.answer(around, self.a.spoken()) {
            b.reject(around, error.status());
            return self.sound_failed(around, error);
        }
        b.hold_busy(around);
        let spoken = b.spoken();
        self.stage = Stage::Talking { b: Box::new(b) };
        self.keys.clear();
        self.note_answer(around, &who);
        self.transfer_done(around, &who);
        let was_answered = self.a.state == LegState::Answered;
        if was_answered {
            self.stop_play(around);
            if let Some(spoken) = spoken {
                self.a.follow(around, spoken);
            }
        } else if let Err(error) = self.a.answer(around, spoken) {
            return self.sound_failed(around, error);
        }
        self.bridge(around);
    }

    fn attempt_failed(&mut self, around: &mut Around<'_>, index: usize, response: &Response, from_peer: bool) {
        if index >= self.attempts.len() {
            return;
        }
        let mut attempt = self.attempts.swap_remove(index);
        attempt.leg.close(around);
        let (session, party) = (attempt.leg.session, attempt.leg.party.clone());
        let silent = attempt.leg.state == LegState::Calling && !from_peer;
        let unavailable = response.status == 503 || (silent && response.status == 408);
        let next = match response.status {
            _ if unavailable => self.fail_over(around, &mut attempt),
            488 if from_peer => self.insist_on_srtp(around, &attempt),
            _ if from_peer => self.show_own_number(around, &mut attempt, response.status),
            _ => None,
        };
        if let Some(next) = next {
            if let Some(ring) = self.ring_mut() {
                ring.replace_leg(session, next);
            }
            return;
        }
        around.step(self.id, StepKind::NotTaken { who: party.who, device: party.device, status: response.status });
        if self.make_room(around, &attempt) {
            return;
        }
        let redirect = (300..400).contains(&response.status) && party.trunk.is_none();
        let status = if redirect && self.follow_redirect(around, session, response) { return } else { response.status };
        if let Some(ring) = self.ring_mut() {
            ring.leg_failed(session, status);
        }
        self.drive_ring(around);
    }

    /// 3xx from a phone of ours: followed with the rights of its extension (contract.md: "REFER and 3xx carry the rights of the
    /// device that sent them; from a trunk both are refused").
    fn follow_redirect(
        &mut self,
        around: &mut Around<'_>,
        session: crate::base::SessionId,
        response: &Response,
    ) -> bool {
        let contact = response.headers.contacts().ok().and_then(|contacts| contacts.into_iter().next());
        let Some(to) = contact.and_then(|contact| contact.uri.user) else { return false };
        let meaning = around.plan.interpret(&self.office, &to);
        let office = std::sync::Arc::clone(&self.office);
        let Some(ring) = self.ring_mut() else { return false };
        let Some(device) = ring.device_of(session) else { return false };
        let Some(extension) = ring.device(device).map(|device| device.extension.to_owned()) else { return false };
        let diversion = Diversion { by: extension.clone(), why: "redirected" };
        let set = match meaning {
            Meaning::Extension { number } => office
                .extension(&number)
                .and_then(|e| ring.add_extension(e, Patience::Own, ring.diverted(device, diversion))),
            Meaning::Outside { number, .. } => {
                ring.add_outside(&extension, Target::Outside(number), ring.diverted(device, diversion))
            }
            _ => None,
        };
        let Some(set) = set else { return false };
        ring.forwarded(device, set);
        around.step(self.id, StepKind::Diverted { who: extension, to, why: "redirected" });
        self.drive_ring(around);
        true
    }
}
