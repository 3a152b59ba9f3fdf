//! Somebody records something, hears it, and keeps it or not: a mailbox's greeting, a media file.

use super::{ASKED, Outcome, Phrase, SHORTEST, SILENCE, Sound, Step, Turn, ask, interruptible, key, say};
use crate::base::Duration;

#[derive(Clone, Debug)]
pub(super) struct Take {
    state: State,
    longest: Duration,
    /// How it is kept.
    keep: Step,
    /// Questions without a good answer.
    asked: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Prompt,
    Tone,
    Recording,
    Review,
    Keys,
    Keeping,
    /// It is forgotten, and then.
    Discarding(Then),
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Again,
    End(TakeEnd),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakeEnd {
    Kept,
    Discarded,
    /// Too short.
    Nothing,
    Failed,
}

impl TakeEnd {
    /// What is said of it; `kept` when it was kept.
    pub(super) fn phrase(self, kept: Phrase) -> Phrase {
        match self {
            Self::Kept => kept,
            Self::Discarded => Phrase::Discarded,
            Self::Nothing => Phrase::NothingRecorded,
            Self::Failed => Phrase::NotAvailable,
        }
    }
}

impl Take {
    pub(super) fn start(prompt: Phrase, longest: Duration, keep: Step) -> (Self, Step) {
        (Self { state: State::Prompt, longest, keep, asked: 0 }, say(vec![prompt]))
    }

    pub(super) fn resume(&mut self, outcome: Outcome) -> Turn<TakeEnd> {
        match (self.state, outcome) {
            (State::Prompt | State::Discarding(Then::Again), _) => {
                self.go(State::Tone, Step::Play { sound: Sound::Tone, keys: None })
            }
            (State::Tone, _) => self.go(State::Recording, Step::Record { longest: self.longest, silence: SILENCE }),
            (State::Recording, Outcome::Recorded { span, .. }) if span >= SHORTEST => {
                self.go(State::Review, interruptible(Sound::Recording, Duration::ZERO))
            }
            (State::Recording, Outcome::Recorded { .. }) => self.discard(Then::End(TakeEnd::Nothing)),
            (State::Recording, _) => Turn::Over(TakeEnd::Failed),
            (State::Review, outcome) if key(&outcome).is_none() => {
                self.go(State::Keys, ask(vec![Phrase::RecordingKeys]))
            }
            (State::Review | State::Keys, outcome) => self.on_key(key(&outcome)),
            (State::Keeping, Outcome::Failed) => Turn::Over(TakeEnd::Failed),
            (State::Keeping, _) => Turn::Over(TakeEnd::Kept),
            (State::Discarding(Then::End(end)), _) => Turn::Over(end),
        }
    }

    fn on_key(&mut self, key: Option<char>) -> Turn<TakeEnd> {
        match key {
            Some('1' | '#') => self.go(State::Keeping, self.keep.clone()),
            Some('2') => self.discard(Then::Again),
            Some('*') => self.discard(Then::End(TakeEnd::Discarded)),
            _ => {
                self.asked += 1;
                if self.asked >= ASKED {
                    return self.discard(Then::End(TakeEnd::Discarded));
                }
                let wrong = key.map(|_| Phrase::WrongKey);
                self.go(State::Keys, ask(wrong.into_iter().chain([Phrase::RecordingKeys]).collect()))
            }
        }
    }

    fn discard(&mut self, then: Then) -> Turn<TakeEnd> {
        self.go(State::Discarding(then), Step::Discard)
    }

    fn go(&mut self, state: State, step: Step) -> Turn<TakeEnd> {
        self.state = state;
        Turn::Step(step)
    }
}
