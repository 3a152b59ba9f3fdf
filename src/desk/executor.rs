//! One call on the desk: product.md section 5. Elements that take no time are passed in one go; whatever takes time is a
//! [`Step`] for the owner of the call, and its [`Outcome`] comes back in. Knows no sound, no phone and no clock.

use std::sync::Arc;

use super::timetable::{self, Zone};
use crate::base::{Duration, WallTime, limits};
use crate::office::{Element, ElementKind, Office, Out, VoiceMenu, VoiceMessage};

/// What the desk knows of a call before its first step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The office's number that was called, E.164 digits.
    pub number: String,
    /// Who calls: E.164 digits, an extension, or empty when withheld.
    pub caller: String,
}

/// What is to be done next with the call. The caller of the executor does it and answers with an [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Play a media file (by name) `repeat` times. With `collect`, digits count from the first sample on: a digit
    /// stops the sound, and after the sound `collect.timeout` runs. Without it digits are ignored.
    Prompt {
        /// A media name.
        media: String,
        /// Times, 1 or more.
        repeat: u32,
        /// Whether and how digits are awaited.
        collect: Option<Collect>,
    },
    /// Ring this extension as product.md section 4 says. Ends the walk: no answer ends the call.
    RingExtension {
        /// Its number.
        extension: String,
    },
    /// Ring this extension, chosen by the caller's digits; no answer comes back as [`Outcome::NotAnswered`].
    DialExtension {
        /// Its number.
        extension: String,
    },
    /// Offer the call to this group (an extension's or group's number was dialled, or an element reached).
    RingGroup {
        /// Its number.
        group: String,
    },
    /// The end.
    HangUp {
        /// For the history.
        why: HangUpWhy,
    },
}

/// How digits are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collect {
    /// So many end the step.
    pub digits: u32,
    /// Silence after the prompt, and between digits, that ends the step.
    pub timeout: Duration,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A prompt without digits ended.
    Played,
    /// Digits came: as many as asked for, or fewer when the timeout ran out after the first.
    Digits(String),
    /// No digit came.
    TimedOut,
    /// Nobody took the call from a dialled extension.
    NotAnswered,
    /// The group gave it back.
    Reserve(GroupExit),
}

/// Why a group gave a call back; the history says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupExit {
    /// No members.
    Empty,
    /// Nobody of the members is registered.
    NobodyRegistered,
    /// The caller waited `max_wait_seconds`.
    WaitedTooLong,
    /// `max_queue` callers wait already.
    QueueFull,
}

/// Why the desk hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUpWhy {
    /// An element «Положить трубку».
    Element,
    /// An output that leads nowhere.
    DeadEnd,
    /// The belt against endless walks.
    TooManySteps,
}

/// One call on the desk. Keeps the office with which it began.
#[derive(Debug, Clone)]
pub struct Executor {
    office: Arc<Office>,
    element: String,
    state: State,
    trail: Vec<Entered>,
    belt: Belt,
}

/// An element that a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Its id.
    pub id: String,
    /// The output of the element before it that led here; `None` at the start.
    pub by: Option<Out>,
}

/// What the last step was, so that its outcome can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing more comes.
    Ended,
    /// A voice message plays.
    Message,
    /// A menu's greeting plays for the `greetings`th time and a key is awaited.
    Menu { greetings: u32 },
    /// The menu's file for wrong keys plays.
    WrongKey { greetings: u32 },
    /// Digits of a number are awaited.
    Dialling,
    /// An extension or a group rings; if nobody takes it, the reserve exit.
    Ringing,
}

/// Against endless walks: so many elements within one second.
#[derive(Debug, Clone, Copy)]
struct Belt {
    since: WallTime,
    steps: usize,
}

impl Belt {
    const WINDOW: Duration = Duration::from_secs(1);

    /// Counts a step; false when there were too many.
    fn holds(&mut self, at: WallTime) -> bool {
        if at >= self.since + Self::WINDOW || at < self.since {
            *self = Self { since: at, steps: 0 };
        }
        self.steps += 1;
        self.steps <= limits::DESK_STEPS
    }
}

impl Executor {
    /// Puts a call on the start element of its number; `None` when no start element has the number. The first step is returned.
    pub fn start(office: Arc<Office>, facts: &Facts, at: WallTime) -> Option<(Self, Step)> {
        let start = office.desk.start_of(&facts.number)?.id.clone();
        let belt = Belt { since: at, steps: 0 };
        let mut executor = Self { office, element: String::new(), state: State::Ended, trail: Vec::new(), belt };
        let step = executor.enter(start, None, at);
        Some((executor, step))
    }

    /// The outcome of the last step leads to the next. `at` is the time for timetables. An outcome that doesn't fit the
    /// step counts as silence, or as nobody's answer.
    pub fn resume(&mut self, outcome: Outcome, at: WallTime) -> Step {
        match (self.state, outcome) {
            (State::Message, _) => self.leave(Out::Next, at),
            (State::Menu { greetings }, Outcome::Digits(digits)) => match digits.chars().next() {
                Some(key) => self.on_key(key, greetings, at),
                None => self.greet_again(greetings, at),
            },
            (State::Menu { greetings } | State::WrongKey { greetings }, _) => self.greet_again(greetings, at),
            (State::Dialling, Outcome::Digits(digits)) => self.dial(digits, at),
            (State::Dialling | State::Ringing, _) => self.leave(Out::Reserve, at),
            (State::Ended, _) => self.hang_up(HangUpWhy::DeadEnd),
        }
    }

    /// The id of the element on which the call is.
    pub fn element(&self) -> &str {
        &self.element
    }

    /// The elements that were entered since the last call of this, in order, the present one last; empty when the call
    /// has stayed where it was. For history and the glow on the desk.
    pub fn take_trail(&mut self) -> Vec<String> {
        self.take_way().into_iter().map(|entered| entered.id).collect()
    }

    /// The same, with the outputs that led there.
    pub fn take_way(&mut self) -> Vec<Entered> {
        std::mem::take(&mut self.trail)
    }

    /// Walks from `id` on until something has to be done that takes time.
    fn enter(&mut self, id: String, by: Option<Out>, at: WallTime) -> Step {
        let office = Arc::clone(&self.office);
        let mut next = Some((id, by));
        while let Some((id, by)) = next {
            if !self.belt.holds(at) {
                return self.hang_up(HangUpWhy::TooManySteps);
            }
            let Some(element) = office.desk.element(&id) else { break };
            self.element.clone_from(&id);
            self.trail.push(Entered { id, by });
            match self.visit(&office, element, at) {
                Visit::Step(step) => return step,
                Visit::Leave(out) => next = element.links.get(&out).cloned().map(|id| (id, Some(out))),
            }
        }
        self.hang_up(HangUpWhy::DeadEnd)
    }

    fn visit(&mut self, office: &Office, element: &Element, at: WallTime) -> Visit {
        let (state, step) = match &element.kind {
            ElementKind::Incoming { .. } => return Visit::Leave(Out::Next),
            ElementKind::Schedule { schedule } => {
                let open = is_open(office, schedule, at);
                return Visit::Leave(if open { Out::Yes } else { Out::No });
            }
            ElementKind::Extension { extension } => {
                (State::Ended, Step::RingExtension { extension: extension.clone() })
            }
            ElementKind::Group { group } => (State::Ringing, Step::RingGroup { group: group.clone() }),
            ElementKind::VoiceMessage { voice_message } => match office.voice_message(voice_message) {
                Some(message) => (State::Message, prompt(message, None)),
                None => return Visit::Leave(Out::Next),
            },
            ElementKind::VoiceMenu { voice_menu } => match office.voice_menu(voice_menu) {
                Some(menu) => (State::Menu { greetings: 1 }, greeting(menu)),
                None => return Visit::Leave(Out::Timeout),
            },
            ElementKind::DialExtension { prompt: name, digits, timeout_seconds } => match office.voice_message(name) {
                Some(message) => {
                    let timeout = Duration::from_secs(u64::from(*timeout_seconds));
                    (State::Dialling, prompt(message, Some(Collect { digits: *digits, timeout })))
                }
                None => return Visit::Leave(Out::Reserve),
            },
            ElementKind::HangUp => (State::Ended, Step::HangUp { why: HangUpWhy::Element }),
        };
        self.state = state;
        Visit::Step(step)
    }

    /// Goes on by an output of the present element.
    fn leave(&mut self, out: Out, at: WallTime) -> Step {
        let link = self.office.desk.element(&self.element).and_then(|element| element.links.get(&out)).cloned();
        match link {
            Some(next) => self.enter(next, Some(out), at),
            None => self.hang_up(HangUpWhy::DeadEnd),
        }
    }

    fn on_key(&mut self, key: char, greetings: u32, at: WallTime) -> Step {
        let office = Arc::clone(&self.office);
        let linked = office.desk.element(&self.element).is_some_and(|e| e.links.contains_key(&Out::Key(key)));
        if linked {
            return self.leave(Out::Key(key), at);
        }
        match self.menu(&office) {
            Some(menu) if !menu.invalid.is_empty() => {
                self.state = State::WrongKey { greetings };
                Step::Prompt { media: menu.invalid.clone(), repeat: 1, collect: None }
            }
            _ => self.greet_again(greetings, at),
        }
    }

    /// The greeting once more, or the timeout exit when it was played `repeat` times.
    fn greet_again(&mut self, greetings: u32, at: WallTime) -> Step {
        let office = Arc::clone(&self.office);
        match self.menu(&office) {
            Some(menu) if greetings < menu.repeat => {
                self.state = State::Menu { greetings: greetings + 1 };
                greeting(menu)
            }
            _ => self.leave(Out::Timeout, at),
        }
    }

    fn menu<'a>(&self, office: &'a Office) -> Option<&'a VoiceMenu> {
        match &office.desk.element(&self.element)?.kind {
            ElementKind::VoiceMenu { voice_menu } => office.voice_menu(voice_menu),
            _ => None,
        }
    }

    /// Digits of «Донабор»: extensions and groups only, never codes or outside numbers (contract.md, SIP).
    fn dial(&mut self, digits: String, at: WallTime) -> Step {
        let step = if self.office.extension(&digits).is_some() {
            Step::DialExtension { extension: digits }
        } else if self.office.group(&digits).is_some() {
            Step::RingGroup { group: digits }
        } else {
            return self.leave(Out::Reserve, at);
        };
        self.state = State::Ringing;
        step
    }

    fn hang_up(&mut self, why: HangUpWhy) -> Step {
        self.state = State::Ended;
        Step::HangUp { why }
    }
}

/// What an element wants at once.
enum Visit {
    Step(Step),
    Leave(Out),
}

fn prompt(message: &VoiceMessage, collect: Option<Collect>) -> Step {
    Step::Prompt { media: message.media.clone(), repeat: message.repeat, collect }
}

fn greeting(menu: &VoiceMenu) -> Step {
    let timeout = Duration::from_secs(u64::from(menu.timeout_seconds));
    Step::Prompt { media: menu.greeting.clone(), repeat: 1, collect: Some(Collect { digits: 1, timeout }) }
}

/// A timetable or a zone that is not there counts as closed.
fn is_open(office: &Office, schedule: &str, at: WallTime) -> bool {
    let zone = Zone::named(&office.settings.timezone);
    office.schedule(schedule).zip(zone).is_some_and(|(schedule, zone)| timetable::is_open(schedule, &zone, at))
}

#[cfg(test)]
mod tests;
