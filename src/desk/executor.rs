//! One call on the desk.

use std::sync::Arc;

use crate::base::{Duration, WallTime};
use crate::office::Office;

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
    Prompt { media: String, repeat: u32, collect: Option<Collect> },
    /// Ring this extension as product.md section 4 says. Ends the walk: no answer ends the call.
    RingExtension { extension: String },
    /// Ring this extension, chosen by the caller's digits; no answer comes back as [`Outcome::NotAnswered`].
    DialExtension { extension: String },
    /// Offer the call to this group (an extension's or group's number was dialled, or an element reached).
    RingGroup { group: String },
    /// The end.
    HangUp { why: HangUpWhy },
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
}

impl Executor {
    /// Puts a call on the start element of its number; `None` when no start element has the number. The first step is returned.
    pub fn start(_office: Arc<Office>, _facts: &Facts, _at: WallTime) -> Option<(Self, Step)> {
        None
    }

    /// The outcome of the last step leads to the next. `at` is the time for timetables.
    pub fn resume(&mut self, _outcome: Outcome, _at: WallTime) -> Step {
        Step::HangUp { why: HangUpWhy::DeadEnd }
    }

    /// The id of the element on which the call is.
    pub fn element(&self) -> &str {
        &self.element
    }

    /// The elements that were passed since the last call of this, in order, the present one last: for history and the glow on the desk.
    pub fn take_trail(&mut self) -> Vec<String> {
        let _ = &self.office;
        Vec::new()
    }
}
