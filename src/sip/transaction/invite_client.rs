//! INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.

use super::{Effects, LIFETIME, T1};
use crate::base::{Duration, Instant, Timers};

/// The machine; the table keeps the message.
#[derive(Debug)]
pub(crate) struct InviteClient {
    state: State,
    reliable: bool,
    resend_every: Duration,
    timers: Timers<Timer, 3>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    /// A 2xx came; further ones, of other branches of a fork, are let through.
    Accepted,
    /// 300 to 699 came; each resend is acknowledged again.
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Resend, /* A */
    GiveUp, /* B */
    Linger, /* D, M */
}

impl InviteClient {
    /// The request has just been sent for the first time.
    pub(crate) fn new(now: Instant, reliable: bool, give_up: Duration) -> Self {
        let mut timers = Timers::default();
        if !reliable {
            timers.arm(Timer::Resend, now + T1);
        }
        timers.arm(Timer::GiveUp, now + give_up);
        Self { state: State::Calling, reliable, resend_every: T1, timers }
    }

    /// A response with this status matched.
    pub(crate) fn on_response(&mut self, now: Instant, status: u16) -> Effects {
        match (self.state, status) {
            (State::Calling, 100..=199) => {
                self.state = State::Proceeding;
                self.timers.clear(); // the phone is ringing: how long is for the call to say
                Effects { deliver: true, ..Effects::default() }
            }
            (State::Proceeding, 100..=199) => Effects { deliver: true, ..Effects::default() },
            (State::Calling | State::Proceeding, 200..=299) => {
                self.state = State::Accepted;
                self.linger(now, LIFETIME);
                Effects { deliver: true, ..Effects::default() } // the dialog sends this ACK: §13.2.2.4
            }
            (State::Accepted, 200..=299) => Effects { deliver: true, ..Effects::default() },
            (State::Calling | State::Proceeding, 300..) => {
                self.state = State::Completed;
                self.linger(now, if self.reliable { Duration::ZERO } else { LIFETIME });
                Effects { acknowledge: true, deliver: true, done: self.reliable, ..Effects::default() }
            }
            (State::Completed, 300..) => Effects { acknowledge: true, ..Effects::default() },
            _ => Effects::default(), // a provisional that was overtaken, or a 300 after a 200
        }
    }

    /// A CANCEL was sent: without a final response 64·T1 later, the INVITE is taken as cancelled (§9.1).
    pub(crate) fn on_cancelled(&mut self, now: Instant) {
        if matches!(self.state, State::Calling | State::Proceeding) {
            self.timers.arm(Timer::GiveUp, now + LIFETIME);
        }
    }

    /// Fires what is due.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Effects {
        let mut effects = Effects::default();
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Resend => {
                    self.resend_every *= 2;
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
        matches!(self.state, State::Calling | State::Proceeding)
    }

    /// Whether a CANCEL may be sent: only after a provisional response (§9.1).
    pub(crate) fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn linger(&mut self, now: Instant, span: Duration) {
        self.timers.clear();
        self.timers.arm(Timer::Linger, now + span);
    }
}
