//! Non-INVITE server transaction: RFC 3261 §17.2.2, and what is done about a user who never answers.

use super::{Effects, LIFETIME};
use crate::base::{Instant, Timers};

/// The machine; the table keeps the last response.
#[derive(Debug)]
pub(crate) struct NonInviteServer {
    state: State,
    reliable: bool,
    timers: Timers<Timer, 1>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Trying and Proceeding: what there was to repeat is kept by the table.
    Open,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// After 64·T1 the client has given up (its Timer F), so an answer would meet nobody; or J: resends are over.
    End,
}

impl NonInviteServer {
    /// The request has just come.
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        let mut timers = Timers::default();
        timers.arm(Timer::End, now + LIFETIME);
        Self { state: State::Open, reliable, timers }
    }

    /// The request came again: [`Effects::send`] asks for the last response once more, if there is one.
    pub(crate) fn on_resend(&self) -> Effects {
        Effects { send: true, ..Effects::default() }
    }

    /// A response with this status is being sent. `None` when the time for it is over.
    pub(crate) fn on_respond(&mut self, now: Instant, status: u16) -> Option<Effects> {
        if self.state == State::Completed {
            return None;
        }
        if status < 200 {
            return Some(Effects::default());
        }
        self.state = State::Completed;
        self.timers.arm(Timer::End, now + LIFETIME);
        Some(Effects { done: self.reliable, ..Effects::default() })
    }

    /// Fires what is due.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Effects {
        Effects { done: self.timers.pop_due(now).is_some(), ..Effects::default() }
    }

    /// Whether no final response has gone out.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }
}
