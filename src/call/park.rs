//! A call waits at a parking place for whoever dials it; and a telephone takes a call that was not meant for it, from a place or
//! while it rings elsewhere.

use crate::base::{Duration, SessionId};
use crate::media::Command;
use crate::service::Phrase;
use crate::sip::stack::{SessionCommand, SessionEvent};
use crate::sip::wire::Headers;

use super::Around;
use super::cdr::StepKind;
use super::leg::{Leg, Party};
use super::one::{Call, RingWhy, Stage, Timer};
use super::talk::Side;

impl Call {
    /// Parks the other side at `wanted`, or where a place is free when that is empty. Who parks is told the place, then his leg ends.
    pub(super) fn park(&mut self, around: &mut Around<'_>, by: Side, wanted: &str, is_refer: bool) {
        let free = |place: &String| !around.books.parked.contains_key(place);
        let parking = &around.office.parking;
        let place = match wanted {
            "" => parking.places().find(free),
            place => Some(place.to_owned()).filter(free),
        };
        let Some(place) = place else {
            if is_refer && let Some(leg) = self.leg_mut(by) {
                leg.report(around, 486);
            }
            return self.say_to(around, by, &[Phrase::ParkingFull]);
        };
        let Some(mut leg) = self.part(around, by) else { return };
        let party = leg.party.clone();
        if is_refer {
            leg.report(around, 200);
            leg.hang_up(around, None);
        } else {
            self.tell(around, &leg, &[Phrase::ParkedAt(place.clone())]);
        }
        let teller = Some(leg).filter(|leg| !leg.is_absent());
        self.wait_at(around, place, party, teller);
    }

    fn wait_at(&mut self, around: &mut Around<'_>, place: String, by: Party, teller: Option<Box<Leg>>) {
        around.books.parked.insert(place.clone(), self.id);
        around.step(self.id, StepKind::Parked { by: by.who.clone(), place: place.clone() });
        self.stage = Stage::Parked { place, by, teller };
        let patience = Duration::from_secs(u64::from(around.office.parking.timeout_seconds));
        self.timers.cancel(Timer::Ringing);
        self.timers.arm(Timer::Parked, around.now + patience);
        self.watch_caller(around);
        let sound = self.music();
        self.play(around, sound);
    }

    /// Nobody fetched it: it returns to who parked it.
    pub(super) fn parked_too_long(&mut self, around: &mut Around<'_>) {
        let Stage::Parked { place, by, teller } = &mut self.stage else { return };
        let (place, by) = (place.clone(), by.clone());
        if let Some(leg) = teller {
            leg.hang_up(around, None);
        }
        around.books.parked.remove(&place);
        self.parker = Some(by.clone());
        self.recall(around, &by, Some(place));
    }

    /// He does not take it: it waits on, where it was if that is free still.
    pub(super) fn park_again(&mut self, around: &mut Around<'_>, place: String) {
        let taken = around.books.parked.contains_key(&place);
        let place = if taken {
            around.office.parking.places().find(|p| !around.books.parked.contains_key(p))
        } else {
            Some(place)
        };
        match (place, self.parker.take()) {
            (Some(place), Some(by)) => self.wait_at(around, place, by, None),
            _ => self.refuse_with_tone(around, 480, super::cdr::CallOutcome::Answered, "parking_full"),
        }
    }

    /// Whether a telephone of this extension, or of any when there is none named, may be picked up here: somebody of it rings.
    pub(super) fn rings_at(&self, number: &str) -> bool {
        let why = match &self.stage {
            Stage::Ringing { why, .. } => why,
            _ => return false,
        };
        !matches!(why, RingWhy::Order(_) | RingWhy::Page { .. })
            && self.attempts.iter().any(|attempt| attempt.leg.party.who == number && attempt.leg.party.trunk.is_none())
    }

    /// Who is rung over this session, if it is an employee's telephone.
    pub(super) fn rung_at(&self, session: SessionId) -> Option<&str> {
        let attempt = self.attempts.iter().find(|attempt| attempt.leg.session == session)?;
        attempt.leg.party.inside().filter(|number| self.rings_at(number))
    }

    /// Who talks over this session, if it is an employee's telephone.
    pub(super) fn talks_at(&self, session: SessionId) -> Option<&str> {
        match &self.stage {
            Stage::Talking { b } if b.session == session => b.party.inside(),
            Stage::Talking { .. } if self.a.session == session => self.a.party.inside(),
            _ => None,
        }
    }

    /// A telephone takes the call by itself.
    pub(super) fn taken_by(&mut self, around: &mut Around<'_>, leg: Leg) {
        leg.adopt(around);
        let who = leg.party.who.clone();
        if let Stage::Parked { place, teller, .. } = &mut self.stage {
            around.books.parked.remove(place);
            if let Some(leg) = teller {
                leg.hang_up(around, None);
            }
            self.timers.cancel(Timer::Parked);
            self.timers.cancel(Timer::Probe);
        }
        self.drop_attempts(around, Some(leg.session));
        around.books.queues.leave(self.id);
        around.step(self.id, StepKind::PickedUp { by: who.clone() });
        self.connect(around, leg);
        self.introduce(around);
    }

    /// Another telephone of the same extension goes on where this one was: RFC 3891 §3.
    pub(super) fn replaced(&mut self, around: &mut Around<'_>, old: SessionId, mut leg: Leg) {
        let Stage::Talking { b } = &self.stage else { return };
        let side = if old == self.a.session {
            Side::A
        } else if old == b.session {
            Side::B
        } else {
            return;
        };
        let Some(mut gone) = self.part(around, side) else { return };
        gone.hang_up(around, Some("SIP;cause=200;text=\"Replaced\""));
        leg.adopt(around);
        if let Err(error) = leg.answer(around, self.a.spoken()) {
            leg.reject(around, error.status());
            return self.sound_failed(around, error);
        }
        leg.hold_busy(around);
        self.come_back(around, Box::new(leg));
    }

    /// Says something to one of two who talk; the talk goes on after it.
    fn say_to(&mut self, around: &mut Around<'_>, side: Side, phrases: &[Phrase]) {
        let sound = self.speech(phrases);
        let Some(endpoint) = self.leg_mut(side).and_then(|leg| leg.endpoint()) else { return };
        around.media(Command::Play { endpoint, id: 0, sound, until_digit: false });
    }

    /// Says something to a leg that is beside the call; its end comes as [`Call::play_ended`].
    fn tell(&mut self, around: &mut Around<'_>, leg: &Leg, phrases: &[Phrase]) {
        let sound = self.speech(phrases);
        self.plays += 1;
        self.told = self.plays;
        if let Some(endpoint) = leg.endpoint() {
            around.media(Command::Play { endpoint, id: self.told, sound, until_digit: false });
        }
    }

    /// Who parked the call has heard where.
    pub(super) fn has_been_told(&mut self, around: &mut Around<'_>, id: u32) {
        if let Stage::Parked { teller, .. } = &mut self.stage
            && id == self.told
            && let Some(mut leg) = teller.take()
        {
            leg.hang_up(around, None);
        }
    }

    /// Whether this session belongs to a leg beside the two that talk: who parked, who listens.
    pub(super) fn is_beside(&self, session: SessionId) -> bool {
        match &self.stage {
            Stage::Parked { teller, .. } => teller.as_ref().is_some_and(|leg| leg.session == session),
            Stage::Paging { legs, .. } => legs.iter().any(|leg| leg.session == session),
            _ => false,
        }
    }

    /// Something happened to such a leg.
    pub(super) fn on_beside(&mut self, around: &mut Around<'_>, session: SessionId, event: &SessionEvent) {
        match event {
            SessionEvent::Ended { .. } | SessionEvent::Failed { .. } => self.beside_gone(around, session),
            SessionEvent::Offer { sdp } => {
                if let Some(leg) = self.beside_mut(session) {
                    leg.receive_offer(around, sdp.as_deref());
                }
            }
            SessionEvent::Request { txn, request } => {
                let status = if request.method == crate::sip::wire::Method::Info { 200 } else { 405 };
                let answer = SessionCommand::Respond { txn: *txn, status, headers: Headers::new() };
                around.command(session, answer);
            }
            _ => {}
        }
    }

    fn beside_mut(&mut self, session: SessionId) -> Option<&mut Leg> {
        match &mut self.stage {
            Stage::Parked { teller, .. } => teller.as_deref_mut().filter(|leg| leg.session == session),
            Stage::Paging { legs, .. } => legs.iter_mut().find(|leg| leg.session == session),
            _ => None,
        }
    }

    fn beside_gone(&mut self, around: &mut Around<'_>, session: SessionId) {
        if let Some(leg) = self.beside_mut(session) {
            leg.close(around);
        }
        match &mut self.stage {
            Stage::Parked { teller, .. } => *teller = None,
            Stage::Paging { legs, .. } => {
                legs.retain(|leg| leg.session != session);
                self.nobody_listens(around);
            }
            _ => {}
        }
    }
}
