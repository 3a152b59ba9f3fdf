//! Non-INVITE client transaction: RFC 3261 §17.1.2.

use super::{Effects, LIFETIME, T1, T2, T4};
use crate::base::{Duration, Instant, Timers};

/// The machine; the table keeps the message.
#[derive(Debug)]
pub(crate) struct NonInviteClient {
    state: State,
    reliable: bool,
    resend_every: Duration,
    started: Instant,
    timers: Timers<Timer, 3>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Resend, /* E */
    GiveUp, /* F */
    Linger, /* K */
}

impl NonInviteClient {
    /// The request has just been sent for the first time.
    pub(crate) fn new(now: Instant, reliable: bool, give_up: Duration) -> Self {
        let mut timers = Timers::default();
        if !reliable {
            timers.arm(Timer::Resend, now + T1);
        }
        timers.arm(Timer::GiveUp, now + give_up);
        Self { state: State::Trying, reliable, resend_every: T1, started: now, timers }
    }

    /// A response with this status matched.
    pub(crate) fn on_response(&mut self, now: Instant, status: u16) -> Effects {
        match (self.state, status) {
            (State::Completed, _) => Effects::default(),
            (State::Trying | State::Proceeding, 100..=199) => {
                if self.state == State::Trying {
                    self.state = State::Proceeding;
                    // The peer lives: what is left of Timer F counts, however short the wait for a first sign was.
                    self.timers.arm(Timer::GiveUp, self.started + LIFETIME);
                }
                Effects { deliver: true, ..Effects::default() }
            }
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                self.timers.clear();
                if !self.reliable {
                    self.timers.arm(Timer::Linger, now + T4);
                }
                Effects { deliver: true, done: self.reliable, ..Effects::default() }
            }
        }
    }

    /// Fires what is due.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Effects {
        let mut effects = Effects::default();
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Resend => {
                    self.resend_every = match self.state {
                        State::Trying => (self.resend_every * 2).min(T2),
                        State::Proceeding | State::Completed => T2,
                    };
                    self.timers.arm(Timer::Resend, now + self.resend_every);
                    effects.send = true;
                }
                Timer::GiveUp => return Effects { timed_out: true, done: true, ..Effects::default() },
                Timer::Linger => effects.done = true,
            }
        }
        effects
    }

    /// Whether no final response has come.
    pub(crate) fn is_open(&self) -> bool {
        self.state != State::Completed
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }
}
