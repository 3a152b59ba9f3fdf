//! A call that rings: devices of an extension, a number of the city, members of a group; and what follows when nobody takes it.

use std::sync::Arc;

use crate::desk::executor::{GroupExit, Outcome};
use crate::media::{Music, Sound};
use crate::number::Target as Meaning;

use super::Around;
use super::cdr::{CallOutcome, StepKind};
use super::leg::LegState;
use super::one::{Back, Call, RingWhy, Stage, Timer};
use super::outside::{Attempt, PlaceError};
use super::ring::{Action, Diversion, Patience, Ringing, Target, Verdict};

impl Call {
    /// Rings an extension's devices.
    pub(super) fn ring_extension(&mut self, around: &mut Around<'_>, number: &str, why: RingWhy) {
        let mut ring = Ringing::default();
        let office = Arc::clone(&self.office);
        if let Some(extension) = office.extension(number) {
            self.wanted = matches!(why, RingWhy::Dialled | RingWhy::DeskEnd | RingWhy::DeskDial | RingWhy::Transfer)
                .then(|| extension.number.clone());
            ring.add_extension(extension, Patience::Own, Vec::new());
        }
        self.begin_ringing(around, ring, why);
    }

    /// Calls a number of the city for an extension.
    pub(super) fn ring_outside(&mut self, around: &mut Around<'_>, extension: &str, target: Target, why: RingWhy) {
        let mut ring = Ringing::default();
        ring.add_outside(extension, target, Vec::new());
        self.begin_ringing(around, ring, why);
    }

    /// Offers the call to a group.
    pub(super) fn ring_group(&mut self, around: &mut Around<'_>, number: &str, back: Back) {
        let office = Arc::clone(&self.office);
        let Some(group) = office.group(number) else {
            return self.group_exit(around, number, GroupExit::Empty, back);
        };
        let number = number.to_owned();
        around.step(self.id, StepKind::Group { group: number.clone() });
        self.stage = Stage::Ringing { ring: Ringing::default(), why: RingWhy::Group { number, back } };
        let greeting = office.media(&group.greeting).and_then(|file| file.clip.clone());
        let wants_sound = greeting.is_some() || !group.music.is_empty() || group.announce_position;
        if wants_sound && !self.answer_caller(around) {
            return;
        }
        match greeting {
            Some(clip) => {
                self.greets = true;
                self.play(around, Sound::Clip { clip, repeat: 1 });
            }
            None => self.sound_while_ringing(around),
        }
        self.enter_queue(around, group);
    }

    pub(super) fn begin_ringing(&mut self, around: &mut Around<'_>, ring: Ringing, why: RingWhy) {
        self.stage = Stage::Ringing { ring, why };
        self.timers.arm(Timer::Ringing, around.now + crate::base::limits::RINGING);
        self.sound_while_ringing(around);
        self.drive_ring(around);
    }

    /// What a caller hears whose call has been answered by the desk already: the group's music, else the ringback tone.
    pub(super) fn sound_while_ringing(&mut self, around: &mut Around<'_>) {
        if self.a.state != LegState::Answered {
            return;
        }
        self.greets = false;
        let group = match &self.stage {
            Stage::Ringing { why: RingWhy::Group { number, .. }, .. } => self.office.group(number),
            _ => None,
        };
        let Some(group) = group else {
            let tone = around.tones.ringback.clone();
            return self.play_tone(around, &tone);
        };
        let sound = match self.office.media(&group.music).and_then(|file| file.clip.clone()) {
            Some(clip) => Sound::Clip { clip, repeat: 0 },
            None => self.music(),
        };
        self.play(around, sound);
    }

    /// What those hear who wait: the office's tunes in turn, else the melody that every exchange has.
    pub(super) fn music(&self) -> Sound {
        let named = self.office.settings.music.iter();
        let mut tunes: Vec<_> = named.filter_map(|name| self.office.media(name)?.clip.clone()).collect();
        if tunes.is_empty() {
            tunes.push(Arc::clone(crate::media::melody::built_in()));
        }
        Sound::Music(Arc::new(Music { tunes }))
    }

    pub(super) fn ring_mut(&mut self) -> Option<&mut Ringing> {
        match &mut self.stage {
            Stage::Ringing { ring, .. } => Some(ring),
            _ => None,
        }
    }

    /// Does what the ringing says, until there is nothing to do; then sees whether it is over.
    pub(super) fn drive_ring(&mut self, around: &mut Around<'_>) {
        self.do_ring_actions(around);
        if matches!(self.stage, Stage::Paging { .. }) {
            return self.nobody_listens(around);
        }
        if self.waits_in_group() {
            return self.tell_finished(around);
        }
        if self.ring_mut().is_some_and(|ring| ring.is_over()) {
            self.ring_over(around);
        }
    }

    fn do_ring_actions(&mut self, around: &mut Around<'_>) {
        while let Some(action) = self.ring_mut().and_then(Ringing::poll_action) {
            match action {
                Action::Ring(device) => self.ring_device(around, device),
                Action::Stop(legs) => self.stop_legs(around, &legs),
                Action::Forward { device, to, why } => self.forward_device(around, device, &to, why),
            }
        }
    }

    fn ring_device(&mut self, around: &mut Around<'_>, index: usize) {
        let Some((extension, target, diversions)) = self
            .ring_mut()
            .and_then(|ring| ring.device(index))
            .map(|device| (device.extension.to_owned(), device.target.clone(), device.diversions.to_vec()))
        else {
            return;
        };
        let placed = match (self.refusal(around, &extension, &target), &target) {
            (Some(verdict), _) => Err(verdict),
            (None, Target::Login(login)) => {
                let legs = self.place_contacts(around, &extension, login, &diversions);
                if legs.is_empty() { Err(Verdict::Unregistered) } else { Ok(legs) }
            }
            (None, outside) => match self.place_outside(around, &extension, outside, &diversions) {
                Ok(leg) => Ok(vec![leg]),
                Err(error) => {
                    tracing::info!(call = %self.id, %error, "not placed");
                    Err(Verdict::NotPlaced(error))
                }
            },
        };
        let device_name = target.name().to_owned();
        let now = around.now;
        let Some(ring) = self.ring_mut() else { return };
        match placed {
            Ok(legs) => {
                ring.rang(now, index, legs);
                let asked_himself = matches!(&self.stage, Stage::Ringing { why: RingWhy::Order(_), .. });
                let is_own = !matches!(target, Target::Outside(_) | Target::Emergency(_)) && !asked_himself;
                if is_own && !self.rang.contains(&extension) {
                    self.rang.push(extension.clone());
                }
                let caller = self.a.party.who.clone();
                if !caller.is_empty() && is_own {
                    around.books.last_callers.insert(extension.clone(), caller);
                }
                around.step(self.id, StepKind::Rung { who: extension, device: device_name });
            }
            Err(verdict) => {
                ring.over(index, verdict);
                let status = match verdict {
                    Verdict::NotPlaced(error) => error.status(),
                    Verdict::Busy => 486,
                    _ => 480,
                };
                around.step(self.id, StepKind::NotTaken { who: extension, device: device_name, status });
            }
        }
    }

    /// Why a device is not rung at all: its employee is not to be disturbed, or talks and wants no further call.
    fn refusal(&self, around: &Around<'_>, extension: &str, target: &Target) -> Option<Verdict> {
        let own = matches!(target, Target::Login(_) | Target::Mobile(_));
        let asked = matches!(&self.stage, Stage::Ringing { why: RingWhy::Order(_) | RingWhy::Recall { .. }, .. });
        // what holds now, and not with which desk the call began
        let extension = around.office.extension(extension).filter(|_| own && !asked)?;
        let talks = !extension.call_waiting && around.books.is_busy(&extension.number);
        (extension.do_not_disturb || talks).then_some(Verdict::Busy)
    }

    /// A device's calls go elsewhere: with the rights of the extension that forwards.
    fn forward_device(&mut self, around: &mut Around<'_>, index: usize, to: &str, why: &'static str) {
        let Some(extension) = self.ring_mut().and_then(|ring| ring.device(index)).map(|d| d.extension.to_owned())
        else {
            return;
        };
        let office = Arc::clone(&self.office);
        let meaning = self.target_of(around, to);
        let Some(ring) = self.ring_mut() else { return };
        let diversions = ring.diverted(index, Diversion { by: extension.clone(), why });
        let set = match meaning {
            Meaning::Extension { number } => {
                office.extension(&number).and_then(|e| ring.add_extension(e, Patience::Own, diversions))
            }
            Meaning::Group { number } => {
                let members = office.group(&number).map(|group| group.members.iter()).unwrap_or_default();
                ring.add_all(members.filter_map(|member| office.extension(member)), diversions)
            }
            Meaning::Outside { number, .. } => ring.add_outside(&extension, Target::Outside(number), diversions),
            _ => None,
        };
        match set {
            Some(set) => {
                ring.forwarded(index, set);
                around.step(self.id, StepKind::Diverted { who: extension, to: to.to_owned(), why });
            }
            None => ring.over(index, Verdict::NoAnswer), // a loop, or a target that is gone
        }
    }

    fn stop_legs(&mut self, around: &mut Around<'_>, legs: &[crate::base::SessionId]) {
        for leg in legs {
            if let Some(index) = self.attempts.iter().position(|attempt| attempt.leg.session == *leg) {
                let attempt = self.attempts.swap_remove(index);
                self.stop(around, attempt);
            }
        }
    }

    /// Somebody rings no longer, without having answered.
    pub(super) fn stop(&self, around: &mut Around<'_>, mut attempt: Attempt) {
        let (who, device) = (attempt.leg.party.who.clone(), attempt.leg.party.device.clone());
        around.step(self.id, StepKind::NotTaken { who, device, status: 0 });
        attempt.leg.hang_up(around, None);
    }

    /// Seconds are over.
    pub(super) fn ring_timeout(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        if let Some(ring) = self.ring_mut() {
            ring.handle_timeout(now);
            self.drive_ring(around);
        }
    }

    pub(super) fn group_exit(&mut self, around: &mut Around<'_>, group: &str, why: GroupExit, back: Back) {
        let name = match why {
            GroupExit::Empty => "empty",
            GroupExit::NobodyRegistered => "nobody_registered",
            GroupExit::WaitedTooLong => "waited_too_long",
            GroupExit::QueueFull => "queue_full",
        };
        around.step(self.id, StepKind::GroupExit { group: group.to_owned(), why: name });
        around.books.queues.leave(self.id);
        self.drop_attempts(around, None);
        match back {
            Back::Desk => return self.resume(around, Outcome::Reserve(why)),
            Back::Transfer => return self.transfer_failed(around, 480),
            Back::Caller => {}
        }
        let inside = self.a.party.trunk.is_none();
        if inside {
            self.finish(around, 480, CallOutcome::NoAnswer, name);
        } else {
            self.refuse_with_tone(around, 480, CallOutcome::NoAnswer, name);
        }
    }

    /// Nobody took it.
    fn ring_over(&mut self, around: &mut Around<'_>) {
        let Stage::Ringing { ring, .. } = &self.stage else { return };
        let verdict = ring.verdict();
        if verdict == Verdict::Busy
            && let (Some(by), Some(to)) = (self.a.party.inside(), &self.wanted)
        {
            around.books.last_busy.insert(by.to_owned(), to.clone());
        }
        if self.reach_mailbox(around, verdict) {
            return;
        }
        let Stage::Ringing { why, .. } = &self.stage else { return };
        let (status, outcome, cause) = match verdict {
            Verdict::Busy => (486, CallOutcome::Busy, "busy"),
            Verdict::NoAnswer => (480, CallOutcome::NoAnswer, "no_answer"),
            Verdict::Unregistered => (480, CallOutcome::NoAnswer, "not_registered"),
            Verdict::NotPlaced(error @ (PlaceError::NotAllowed(_) | PlaceError::Limit(_))) => {
                (403, CallOutcome::Refused, error.cause())
            }
            Verdict::NotPlaced(error) => (error.status(), CallOutcome::Failed, error.cause()),
            Verdict::Refused(status) => (status, CallOutcome::Failed, "refused"),
        };
        match why {
            RingWhy::DeskDial => self.resume(around, Outcome::NotAnswered),
            RingWhy::Transfer => self.transfer_failed(around, status),
            RingWhy::Recall { place } => {
                let place = place.clone();
                self.nobody_takes_back(around, place);
            }
            // contract.md, "End of ringing": from the desk busy tone and hang-up
            RingWhy::DeskEnd => {
                let status = if status == 486 { 486 } else { 480 };
                self.refuse_with_tone(around, status, outcome, cause);
            }
            RingWhy::Dialled if self.is_outbound() => self.refuse_with_tone(around, status, outcome, cause),
            RingWhy::Dialled | RingWhy::Order(_) | RingWhy::Page { .. } => {
                let status = if matches!(verdict, Verdict::Refused(_) | Verdict::NotPlaced(_)) { 480 } else { status };
                // whoever asked a third hears the tone, and then the other side again
                if self.a.state == LegState::Answered {
                    return self.refuse_with_tone(around, status, outcome, cause);
                }
                self.finish(around, status, outcome, cause);
            }
            RingWhy::Group { .. } => {}
        }
    }
}
