//! A call on the routing desk: prompts and digits, and where the desk sends it.

use crate::desk::executor::{Executor, Facts, HangUpWhy, Outcome, Step};
use crate::media::Sound;

use super::Around;
use super::cdr::{CallOutcome, StepKind};
use super::leg::LegState;
use super::one::{Back, Call, RingWhy, Stage, Timer};

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
        if !trail.is_empty() {
            self.element_since = Some(around.wall);
        }
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
                self.ring_group(around, &group, Back::Desk);
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

    pub(super) fn resume(&mut self, around: &mut Around<'_>, outcome: Outcome) {
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
            Stage::Serving(_) => self.service_played(around, id),
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
}
