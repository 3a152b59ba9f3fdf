//! Services that speak and are reached by a code or a number: mailbox, entry to a conference, echo, clock, recording. One
//! [`Service`] is one caller's dialogue: it says the next [`Step`], the owner of the call does it and answers with an
//! [`Outcome`]. [`Phrase`] names all that is ever said, here and elsewhere. Knows no sound, no language, no call and no file.

mod guesses;
mod mailbox;
mod phrase;
mod pin;
mod take;

pub use guesses::{Guesses, Verdict};
pub use mailbox::Message;
pub use phrase::Phrase;

use jiff::civil::DateTime;

use crate::base::{Duration, Instant};
use mailbox::{Leave, Reader};
use pin::{Gate, Pin};
use take::{Take, TakeEnd};

/// What a caller reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something is said, and that is all: what a code did, or why a call can't be.
    Announce(Vec<Phrase>),
    /// One hears oneself.
    Echo,
    /// Time and own number, twice.
    Clock {
        /// The caller's own number; empty: it is not said.
        number: String,
    },
    /// The door of a conference.
    Conference {
        /// Whether a PIN is asked for.
        asks_pin: bool,
    },
    /// A caller leaves a message.
    Leave {
        /// Whose mailbox, for the built-in greeting.
        extension: String,
        /// A media name, or empty for the built-in greeting.
        greeting: String,
        /// The longest message.
        longest: Duration,
    },
    /// The owner hears his messages.
    Read {
        /// Whether a PIN is asked for: not from the owner's own telephones.
        asks_pin: bool,
        /// All that the mailbox holds, in any order.
        messages: Vec<Message>,
    },
    /// Records a media file.
    RecordMessage {
        /// The longest recording.
        longest: Duration,
    },
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Play this. With `keys`, keys count from the first sample on, and the first one stops the sound; after the sound
    /// `keys.timeout` runs. Without, keys are ignored. Answers: [`Outcome::Done`] without `keys`, else [`Outcome::Digits`] or
    /// [`Outcome::TimedOut`]; [`Outcome::Failed`] when there is nothing to play.
    Play {
        /// What.
        sound: Sound,
        /// Whether and how keys are awaited.
        keys: Option<Keys>,
    },
    /// Nothing for so long; [`Outcome::Done`].
    Wait(Duration),
    /// Ask [`Guesses`] whether this is the PIN of what the caller reached; [`Outcome::Pin`], at once.
    TryPin(String),
    /// Record the caller until `#`, hang-up, silence or the longest time; [`Outcome::Recorded`] or [`Outcome::Failed`].
    Record {
        /// The longest time.
        longest: Duration,
        /// So much silence ends it.
        silence: Duration,
    },
    /// Keep what was recorded as a message to the mailbox. This and the next seven are answered with [`Outcome::Done`] or
    /// [`Outcome::Failed`], at once.
    KeepMessage,
    /// Keep what was recorded as the mailbox's greeting.
    KeepGreeting,
    /// Keep what was recorded as a media file.
    KeepMedia,
    /// Forget what was recorded.
    Discard,
    /// The mailbox's greeting is the office's again.
    RemoveGreeting,
    /// This message has been heard.
    MarkHeard(u64),
    /// This message is new again.
    MarkNew(u64),
    /// Delete this message. Comes once for each.
    Delete(u64),
    /// Play the caller what he says, until he hangs up or [`Service::poll_timeout`].
    Echo,
    /// Let the caller into the conference. [`Outcome::Failed`] when it is full; else nothing more is asked of this service.
    Join,
    /// The end. A recording under way is forgotten.
    HangUp,
}

/// What can be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Spoken.
    Phrases(Vec<Phrase>),
    /// A media file, by its name.
    Media(String),
    /// A message of the mailbox, by its id.
    Message(u64),
    /// What was recorded last in this dialogue.
    Recording,
    /// The short tone before a recording.
    Tone,
}

/// How keys are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// So many end the step.
    pub digits: u32,
    /// Whether `#` ends the step too; it is not among the digits then.
    pub hash_ends: bool,
    /// Silence after the sound, and between keys, that ends the step; zero: the sound's end does.
    pub timeout: Duration,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// It could not be done.
    Failed,
    /// These keys came; none, if `#` came first.
    Digits(String),
    /// No key came; or [`Service::poll_timeout`] is over.
    TimedOut,
    /// What became of a PIN.
    Pin(Verdict),
    /// The recording ended.
    Recorded {
        /// Its length, without the silence at its end.
        span: Duration,
        /// It ended because the caller hung up.
        hung_up: bool,
    },
    /// The caller hung up while anything but a recording was under way.
    HungUp,
}

/// The longest that a caller may stay, in a conference alone for longer: no row of keys holds a line for ever.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The most steps of one dialogue; more than anybody keys in [`LONGEST`].
const STEPS: u32 = 2_000;

/// A question is asked so many times when only silence or wrong keys come.
const ASKED: u32 = 3;

/// How long a key is awaited after a question.
const KEY_TIMEOUT: Duration = Duration::from_secs(5);

/// A recording shorter than this is none.
const SHORTEST: Duration = Duration::from_secs(1);

/// So much silence ends a recording.
const SILENCE: Duration = Duration::from_secs(5);

/// One caller's dialogue with one service.
#[derive(Clone, Debug)]
pub struct Service {
    dialogue: Dialogue,
    since: Instant,
    steps: u32,
    recording: Recording,
}

#[derive(Clone, Debug)]
enum Dialogue {
    /// The last words are said, or the last thing is done.
    Farewell,
    Ended,
    EchoTest,
    Echo,
    Clock {
        began: DateTime,
        number: String,
    },
    Conference(Pin),
    Entering,
    Joined,
    Leave(Leave),
    /// The mailbox behind its PIN.
    Locked(Pin, Box<Reader>),
    Read(Box<Reader>),
    RecordMessage(Take),
}

/// What there is of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recording {
    None,
    /// The last step was [`Step::Record`].
    UnderWay,
    /// It is neither kept nor discarded.
    Held,
}

/// What a part of a dialogue does next: a step, or it is over.
#[derive(Debug)]
enum Turn<T> {
    Step(Step),
    Over(T),
}

impl Service {
    /// Begins; `wall` is what clocks in the office show. The first step is returned.
    pub fn start(now: Instant, wall: DateTime, kind: Kind) -> (Self, Step) {
        let mut service = Self { dialogue: Dialogue::Ended, since: now, steps: 0, recording: Recording::None };
        let step = service.begin(wall, kind);
        (service, step)
    }

    fn begin(&mut self, wall: DateTime, kind: Kind) -> Step {
        let (dialogue, step) = match kind {
            Kind::Announce(phrases) => return self.farewell(phrases),
            Kind::Echo => (Dialogue::EchoTest, say(vec![Phrase::EchoTest])),
            Kind::Clock { number } => {
                let step = say(time_and_number(wall, &number));
                (Dialogue::Clock { began: wall, number }, step)
            }
            Kind::Conference { asks_pin: false } => return self.enter_conference(),
            Kind::Conference { asks_pin: true } => {
                let (pin, step) = Pin::start();
                (Dialogue::Conference(pin), step)
            }
            Kind::Leave { extension, greeting, longest } => {
                let (leave, step) = Leave::start(extension, greeting, longest);
                (Dialogue::Leave(leave), step)
            }
            Kind::Read { asks_pin, messages } => {
                let mut reader = Box::new(Reader::new(wall.date(), messages));
                if asks_pin {
                    let (pin, step) = Pin::start();
                    (Dialogue::Locked(pin, reader), step)
                } else {
                    let step = reader.start();
                    (Dialogue::Read(reader), step)
                }
            }
            Kind::RecordMessage { longest } => {
                let (take, step) = Take::start(Phrase::SpeakAfterTone, longest, Step::KeepMedia);
                (Dialogue::RecordMessage(take), step)
            }
        };
        self.dialogue = dialogue;
        step
    }

    /// When this dialogue has lasted long enough: then [`resume`](Self::resume) with [`Outcome::TimedOut`], whatever the step.
    /// `None`: never; it ends by itself, or when the caller leaves the conference.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let endless = matches!(self.dialogue, Dialogue::Joined | Dialogue::Leave(_) | Dialogue::Ended);
        (!endless).then(|| self.since + LONGEST)
    }

    /// The outcome of the last step leads to the next. One that doesn't fit the step counts as silence. After
    /// [`Step::HangUp`] comes nothing else.
    pub fn resume(&mut self, now: Instant, outcome: Outcome) -> Step {
        self.steps += 1;
        if self.recording == Recording::UnderWay {
            let recorded = matches!(outcome, Outcome::Recorded { .. });
            self.recording = if recorded { Recording::Held } else { Recording::None };
        }
        let hung_up = matches!(outcome, Outcome::HungUp | Outcome::Recorded { hung_up: true, .. });
        let spent = self.steps > STEPS || self.poll_timeout().is_some_and(|end| now >= end);
        let step = match &self.dialogue {
            // a message is kept, however the caller ended it
            Dialogue::Leave(_) if outcome != Outcome::HungUp => self.go_on(now, outcome),
            _ if hung_up || spent => self.close(),
            _ => self.go_on(now, outcome),
        };
        match step {
            Step::Record { .. } => self.recording = Recording::UnderWay,
            Step::KeepMessage | Step::KeepGreeting | Step::KeepMedia | Step::Discard => {
                self.recording = Recording::None;
            }
            _ => {}
        }
        step
    }

    fn go_on(&mut self, now: Instant, outcome: Outcome) -> Step {
        let elapsed = now.since(self.since);
        match &mut self.dialogue {
            Dialogue::EchoTest => {
                self.dialogue = Dialogue::Echo;
                Step::Echo
            }
            Dialogue::Clock { began, number } => {
                let phrases = time_and_number(began.saturating_add(elapsed), number);
                self.farewell(phrases)
            }
            Dialogue::Conference(pin) => match pin.resume(outcome) {
                Turn::Step(step) => step,
                Turn::Over(Gate::Open) => self.enter_conference(),
                Turn::Over(Gate::Shut(phrases)) => self.farewell(phrases),
            },
            Dialogue::Entering => {
                self.dialogue = Dialogue::Joined;
                Step::Join
            }
            Dialogue::Joined if outcome == Outcome::Failed => {
                self.farewell(vec![Phrase::ConferenceFull, Phrase::Goodbye])
            }
            Dialogue::Farewell | Dialogue::Ended | Dialogue::Echo | Dialogue::Joined => self.close(),
            Dialogue::Leave(leave) => match leave.resume(outcome) {
                Turn::Step(step) => step,
                Turn::Over(Some(phrases)) => self.farewell(phrases),
                Turn::Over(None) => self.close(),
            },
            Dialogue::Locked(pin, reader) => match pin.resume(outcome) {
                Turn::Step(step) => step,
                Turn::Over(Gate::Shut(phrases)) => self.farewell(phrases),
                Turn::Over(Gate::Open) => {
                    let mut reader = std::mem::take(reader);
                    let step = reader.start();
                    self.dialogue = Dialogue::Read(reader);
                    step
                }
            },
            Dialogue::Read(reader) => match reader.resume(outcome) {
                Turn::Step(step) => step,
                Turn::Over(()) => self.farewell(vec![Phrase::Goodbye]),
            },
            Dialogue::RecordMessage(take) => match take.resume(outcome) {
                Turn::Step(step) => step,
                Turn::Over(end) => self.farewell(vec![end.phrase(Phrase::Saved), Phrase::Goodbye]),
            },
        }
    }

    fn enter_conference(&mut self) -> Step {
        self.dialogue = Dialogue::Entering;
        say(vec![Phrase::JoiningConference])
    }

    fn farewell(&mut self, phrases: Vec<Phrase>) -> Step {
        self.dialogue = Dialogue::Farewell;
        say(phrases)
    }

    /// The end, with nothing left behind.
    fn close(&mut self) -> Step {
        self.dialogue = Dialogue::Ended;
        if self.recording == Recording::Held { Step::Discard } else { Step::HangUp }
    }
}

fn time_and_number(wall: DateTime, number: &str) -> Vec<Phrase> {
    let mut phrases = vec![Phrase::TheTimeIs, time(wall)];
    if !number.is_empty() {
        phrases.push(Phrase::YourNumberIs(number.to_owned()));
    }
    phrases
}

fn time(wall: DateTime) -> Phrase {
    let part = |value: i8| u8::try_from(value).unwrap_or(0);
    Phrase::Time { hour: part(wall.hour()), minute: part(wall.minute()) }
}

/// Says this; keys are ignored.
fn say(phrases: Vec<Phrase>) -> Step {
    Step::Play { sound: Sound::Phrases(phrases), keys: None }
}

/// Says this and awaits one key.
fn ask(phrases: Vec<Phrase>) -> Step {
    interruptible(Sound::Phrases(phrases), KEY_TIMEOUT)
}

/// Plays this; one key stops it, or comes within `timeout` after it.
fn interruptible(sound: Sound, timeout: Duration) -> Step {
    Step::Play { sound, keys: Some(Keys { digits: 1, hash_ends: false, timeout }) }
}

/// The key that came.
fn key(outcome: &Outcome) -> Option<char> {
    match outcome {
        Outcome::Digits(digits) => digits.chars().next(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
