//! Asks for a PIN, three times at most. Whether it is right, and how soon it may be tried, is for [`Guesses`](super::Guesses).

use super::{ASKED, KEY_TIMEOUT, Keys, Outcome, Phrase, Sound, Step, Turn, Verdict};

/// The longest PIN that is listened to.
const DIGITS: u32 = 16;

/// A PIN that has to wait is tried again so many times; others who guess may be faster each time.
const WAITS: u32 = 3;

#[derive(Clone, Debug)]
pub(super) struct Pin {
    state: State,
    /// How often it was asked for.
    asked: u32,
    waits: u32,
}

#[derive(Clone, Debug)]
enum State {
    Asking,
    Trying(String),
    Waiting(String),
}

/// How asking ended.
#[derive(Debug)]
pub(super) enum Gate {
    Open,
    /// With these last words.
    Shut(Vec<Phrase>),
}

impl Pin {
    pub(super) fn start() -> (Self, Step) {
        (Self { state: State::Asking, asked: 1, waits: 0 }, enter(vec![Phrase::EnterPin]))
    }

    pub(super) fn resume(&mut self, outcome: Outcome) -> Turn<Gate> {
        match (&mut self.state, outcome) {
            (State::Asking, Outcome::Digits(digits)) if !digits.is_empty() => self.attempt(digits),
            (State::Asking, _) => self.ask_again(vec![]),
            (State::Trying(_), Outcome::Pin(Verdict::Right)) => Turn::Over(Gate::Open),
            (State::Trying(digits), Outcome::Pin(Verdict::Later(span))) if self.waits < WAITS => {
                self.waits += 1;
                self.state = State::Waiting(std::mem::take(digits));
                Turn::Step(Step::Wait(span))
            }
            (State::Trying(_), Outcome::Pin(Verdict::Later(_) | Verdict::Refused)) => {
                Turn::Over(Gate::Shut(vec![Phrase::TooManyAttempts, Phrase::Goodbye]))
            }
            (State::Trying(_), _) => self.ask_again(vec![Phrase::WrongPin]),
            (State::Waiting(digits), _) => {
                let digits = std::mem::take(digits);
                self.attempt(digits)
            }
        }
    }

    fn attempt(&mut self, digits: String) -> Turn<Gate> {
        self.state = State::Trying(digits.clone());
        Turn::Step(Step::TryPin(digits))
    }

    fn ask_again(&mut self, mut phrases: Vec<Phrase>) -> Turn<Gate> {
        self.state = State::Asking;
        if self.asked >= ASKED {
            phrases.push(Phrase::Goodbye);
            return Turn::Over(Gate::Shut(phrases));
        }
        self.asked += 1;
        phrases.push(Phrase::EnterPin);
        Turn::Step(enter(phrases))
    }
}

fn enter(phrases: Vec<Phrase>) -> Step {
    let keys = Keys { digits: DIGITS, hash_ends: true, timeout: KEY_TIMEOUT };
    Step::Play { sound: Sound::Phrases(phrases), keys: Some(keys) }
}
