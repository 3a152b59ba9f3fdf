//! A call on the routing desk, and while it rings: prompts, digits, extensions, groups.

use crate::base::Duration;
use crate::desk::executor::{Executor, Facts, GroupExit, HangUpWhy, Outcome, Step};
use crate::group::{Decision, Round};
use crate::media::{Music, Sound};
use crate::number::Target as Meaning;

use super::Around;
use super::cdr::{CallOutcome, StepKind};
use super::leg::LegState;
use super::one::{Call, RingWhy, Stage, Timer};
use super::outside::PlaceError;
use super::ring::{Action, Patience, Ringing, Target, Verdict};

impl Call {
    /// Puts the call on the start element of its number; false when there is none.
    pub(super) fn enter_desk(&mut self, around: &mut Around<'_>, number: &str) -> bool {
        let facts = Facts { number: number.to_owned(), caller: self.started.caller.clone() };
        let Some((executor, step)) = Executor::start(std::sync::Arc::clone(&self.office), &facts, around.wall) else {
            return false;
        };
        self.executor = Some(executor);
        self.follow(around, step);
        true
    }

    /// Does what the desk says until the call has to wait.
    fn follow(&mut self, around: &mut Around<'_>, step: Step) {
        let mut next = Some(step);
        while let Some(step) = next {
            self.note_trail(around);
            let outcome = self.take_step(around, step);
            next = match (outcome, &mut self.executor) {
                (Some(outcome), Some(executor)) if !matches!(self.stage, Stage::Over { .. }) => {
                    Some(executor.resume(outcome, around.wall))
                }
                _ => None,
            };
        }
    }

    fn note_trail(&mut self, around: &mut Around<'_>) {
        let trail = self.executor.as_mut().map(Executor::take_trail).unwrap_or_default();
        for element in trail {
            around.step(self.id, StepKind::Element { element });
        }
    }

    /// The outcome when the step was over at once; `None` while it goes on.
    fn take_step(&mut self, around: &mut Around<'_>, step: Step) -> Option<Outcome> {
        match step {
            Step::Prompt { media, repeat, collect } => {
                if !self.answer_caller(around) {
                    return None;
                }
                let clip = self.office.media(&media).and_then(|file| file.clip.clone());
                match (clip, collect) {
                    (Some(clip), collect) => {
                        let play = self.prompt(around, Sound::Clip { clip, repeat }, collect.is_some());
                        self.stage = Stage::Prompt { collect, digits: String::new(), play };
                        None
                    }
                    // the file is gone from the disk: the call goes on without it
                    (None, Some(collect)) => {
                        self.stage = Stage::Prompt { collect: Some(collect), digits: String::new(), play: 0 };
                        self.timers.arm(Timer::Digits, around.now + collect.timeout);
                        None
                    }
                    (None, None) => Some(Outcome::Played),
                }
            }
            Step::RingExtension { extension } => {
                self.ring_extension(around, &extension, RingWhy::DeskEnd);
                None
            }
            Step::DialExtension { extension } => {
                self.ring_extension(around, &extension, RingWhy::DeskDial);
                None
            }
            Step::RingGroup { group } => {
                self.ring_group(around, &group, true);
                None
            }
            Step::HangUp { why } => {
                let (outcome, cause) = match why {
                    HangUpWhy::Element => (CallOutcome::Answered, "desk_hang_up"),
                    HangUpWhy::DeadEnd => (CallOutcome::Failed, "desk_dead_end"),
                    HangUpWhy::TooManySteps => (CallOutcome::Failed, "desk_too_long"),
                };
                let outcome = if self.a.state == LegState::Answered { outcome } else { CallOutcome::Refused };
                self.finish(around, 480, outcome, cause);
                None
            }
        }
    }

    fn resume(&mut self, around: &mut Around<'_>, outcome: Outcome) {
        if let Some(executor) = &mut self.executor {
            let step = executor.resume(outcome, around.wall);
            self.follow(around, step);
        }
    }

    /// A clip came to its end.
    pub(super) fn play_ended(&mut self, around: &mut Around<'_>, id: u32) {
        match &self.stage {
            Stage::Prompt { collect, play, .. } if *play == id => match *collect {
                Some(collect) => self.timers.arm(Timer::Digits, around.now + collect.timeout),
                None => self.resume(around, Outcome::Played),
            },
            // the group's greeting is over: from now on music or ringback
            Stage::Ringing { .. } => self.sound_while_ringing(around),
            _ => {}
        }
    }

    /// The caller pressed a key.
    pub(super) fn caller_digit(&mut self, around: &mut Around<'_>, digit: char) {
        let Stage::Prompt { collect: Some(collect), digits, play } = &mut self.stage else { return };
        let collect = *collect;
        *play = 0; // the prompt's end, should it be on its way already, means nothing any more
        digits.push(digit);
        let done = digits.chars().count() >= usize::try_from(collect.digits).unwrap_or(usize::MAX);
        self.stop_play(around);
        if done {
            self.digits_over(around);
        } else {
            self.timers.arm(Timer::Digits, around.now + collect.timeout);
        }
    }

    /// No further digit comes.
    pub(super) fn digits_over(&mut self, around: &mut Around<'_>) {
        let Stage::Prompt { digits, .. } = &mut self.stage else { return };
        let digits = std::mem::take(digits);
        self.timers.cancel(Timer::Digits);
        if digits.is_empty() {
            return self.resume(around, Outcome::TimedOut);
        }
        around.step(self.id, StepKind::Digits { digits: digits.clone() });
        self.resume(around, Outcome::Digits(digits));
    }

    /// Rings an extension's devices.
    pub(super) fn ring_extension(&mut self, around: &mut Around<'_>, number: &str, why: RingWhy) {
        let mut ring = Ringing::default();
        let office = std::sync::Arc::clone(&self.office);
        if let Some(extension) = office.extension(number) {
            ring.add_extension(extension, Patience::Own);
        }
        self.begin_ringing(around, ring, why);
    }

    /// Calls a number of the city for an extension.
    pub(super) fn ring_outside(&mut self, around: &mut Around<'_>, extension: &str, target: Target) {
        let mut ring = Ringing::default();
        ring.add_outside(extension, target);
        self.begin_ringing(around, ring, RingWhy::Dialled);
    }

    /// Offers the call to a group.
    pub(super) fn ring_group(&mut self, around: &mut Around<'_>, number: &str, from_desk: bool) {
        let office = std::sync::Arc::clone(&self.office);
        let Some(group) = office.group(number) else {
            return self.group_exit(around, number, GroupExit::Empty, from_desk);
        };
        let last = around.books.last_answered.get(number).cloned();
        let round = Round::new(around.now, group, last.as_deref());
        let number = number.to_owned();
        self.stage = Stage::Ringing { ring: Ringing::default(), why: RingWhy::Group { number, round, from_desk } };
        let greeting = office.media(&group.greeting).and_then(|file| file.clip.clone());
        let wants_sound = greeting.is_some() || !group.music.is_empty();
        if wants_sound && !self.answer_caller(around) {
            return;
        }
        match greeting {
            Some(clip) => {
                self.play(around, Sound::Clip { clip, repeat: 1 });
            }
            None => self.sound_while_ringing(around),
        }
        self.look_at_group(around);
    }

    fn begin_ringing(&mut self, around: &mut Around<'_>, ring: Ringing, why: RingWhy) {
        self.stage = Stage::Ringing { ring, why };
        self.timers.arm(Timer::Ringing, around.now + crate::base::limits::RINGING);
        self.sound_while_ringing(around);
        self.drive_ring(around);
    }

    /// What a caller hears whose call has been answered by the desk already: the group's music, else the ringback tone.
    fn sound_while_ringing(&mut self, around: &mut Around<'_>) {
        if self.a.state != LegState::Answered {
            return;
        }
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
            tunes.push(std::sync::Arc::clone(crate::media::melody::built_in()));
        }
        Sound::Music(std::sync::Arc::new(Music { tunes }))
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
        if matches!(&self.stage, Stage::Ringing { why: RingWhy::Group { .. }, .. }) {
            return self.look_at_group(around);
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
                Action::Forward { device, to } => self.forward_device(around, device, &to),
            }
        }
    }

    fn ring_device(&mut self, around: &mut Around<'_>, device: usize) {
        let Some((extension, target)) =
            self.ring_mut().and_then(|ring| ring.device(device)).map(|(e, t)| (e.to_owned(), t.clone()))
        else {
            return;
        };
        let placed = match &target {
            Target::Login(login) => {
                let legs = self.place_contacts(around, &extension, login);
                if legs.is_empty() { Err(Verdict::Unregistered) } else { Ok(legs) }
            }
            outside => match self.place_outside(around, &extension, outside) {
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
                ring.rang(now, device, legs);
                around.step(self.id, StepKind::Rung { who: extension, device: device_name });
            }
            Err(verdict) => {
                ring.over(device, verdict);
                let status = if let Verdict::NotPlaced(error) = verdict { error.status() } else { 480 };
                around.step(self.id, StepKind::NotTaken { who: extension, device: device_name, status });
            }
        }
    }

    /// A device's calls go elsewhere: with the rights of the extension that forwards.
    fn forward_device(&mut self, around: &mut Around<'_>, device: usize, to: &str) {
        let Some(extension) = self.ring_mut().and_then(|ring| ring.device(device)).map(|(e, _)| e.to_owned()) else {
            return;
        };
        let office = std::sync::Arc::clone(&self.office);
        let meaning = self.target_of(around, to);
        let Some(ring) = self.ring_mut() else { return };
        let set = match meaning {
            Meaning::Extension { number } => {
                office.extension(&number).and_then(|extension| ring.add_extension(extension, Patience::Own))
            }
            Meaning::Outside { number, .. } => ring.add_outside(&extension, Target::Outside(number)),
            _ => None,
        };
        match set {
            Some(set) => ring.forwarded(device, set),
            None => ring.over(device, Verdict::NoAnswer), // a loop, or a target that is gone
        }
    }

    fn stop_legs(&mut self, around: &mut Around<'_>, legs: &[crate::base::SessionId]) {
        for leg in legs {
            if let Some(index) = self.attempts.iter().position(|attempt| attempt.leg.session == *leg) {
                let mut attempt = self.attempts.swap_remove(index);
                let (who, device) = (attempt.leg.party.who.clone(), attempt.leg.party.device.clone());
                around.step(self.id, StepKind::NotTaken { who, device, status: 0 });
                attempt.leg.hang_up(around, None);
                attempt.release(around);
            }
        }
    }

    /// Seconds are over.
    pub(super) fn ring_timeout(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        if let Some(ring) = self.ring_mut() {
            ring.handle_timeout(now);
            self.drive_ring(around);
        }
    }

    /// Asks the group whom to ring now.
    pub(super) fn look_at_group(&mut self, around: &mut Around<'_>) {
        let office = std::sync::Arc::clone(&self.office);
        loop {
            let Stage::Ringing { ring, why: RingWhy::Group { number, round, from_desk } } = &mut self.stage else {
                return;
            };
            let (number, from_desk) = (number.clone(), *from_desk);
            let Some(group) = office.group(&number) else { return };
            for member in ring.take_finished() {
                round.not_taken(around.now, &member);
            }
            let ringing = ring.extensions_ringing();
            match round.decide(around.now, group, &ringing, |member| around.member(&office, member)) {
                Decision::Wait => return,
                Decision::Exit(why) => return self.group_exit(around, &number, why, from_desk),
                Decision::Ring(members, span) => {
                    let span = span.max(Duration::from_secs(1));
                    for extension in members.iter().filter_map(|member| office.extension(member)) {
                        ring.forget(&extension.number);
                        ring.add_extension(extension, Patience::Member(span));
                    }
                }
            }
            self.do_ring_actions(around);
        }
    }

    fn group_exit(&mut self, around: &mut Around<'_>, group: &str, why: GroupExit, from_desk: bool) {
        let name = match why {
            GroupExit::Empty => "empty",
            GroupExit::NobodyRegistered => "nobody_registered",
            GroupExit::WaitedTooLong => "waited_too_long",
            GroupExit::QueueFull => "queue_full",
        };
        around.step(self.id, StepKind::GroupExit { group: group.to_owned(), why: name });
        self.drop_attempts(around, None);
        if from_desk {
            return self.resume(around, Outcome::Reserve(why));
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
        let Stage::Ringing { ring, why } = &self.stage else { return };
        let verdict = ring.verdict();
        let (status, outcome, cause) = match verdict {
            Verdict::Busy => (486, CallOutcome::Busy, "busy"),
            Verdict::NoAnswer => (480, CallOutcome::NoAnswer, "no_answer"),
            Verdict::Unregistered => (480, CallOutcome::NoAnswer, "not_registered"),
            Verdict::NotPlaced(error @ PlaceError::NotAllowed(_)) => (403, CallOutcome::Refused, error.cause()),
            Verdict::NotPlaced(error) => (error.status(), CallOutcome::Failed, error.cause()),
            Verdict::Refused(status) => (status, CallOutcome::Failed, "refused"),
        };
        match why {
            RingWhy::DeskDial => self.resume(around, Outcome::NotAnswered),
            // contract.md, "End of ringing": from the desk busy tone and hang-up
            RingWhy::DeskEnd => {
                let status = if status == 486 { 486 } else { 480 };
                self.refuse_with_tone(around, status, outcome, cause);
            }
            RingWhy::Dialled if self.is_outbound() => self.refuse_with_tone(around, status, outcome, cause),
            RingWhy::Dialled => {
                let status = if matches!(verdict, Verdict::Refused(_) | Verdict::NotPlaced(_)) { 480 } else { status };
                self.finish(around, status, outcome, cause);
            }
            RingWhy::Group { .. } => {}
        }
    }
}
