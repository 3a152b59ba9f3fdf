//! INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.

use super::{Effects, LIFETIME, T1, T2, T4};
use crate::base::{Duration, Instant, Timers};

/// The machine; the table keeps the last response.
#[derive(Debug)]
pub(crate) struct InviteServer {
    state: State,
    reliable: bool,
    resend_every: Duration,
    timers: Timers<Timer, 3>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    /// A 2xx went out; its user resends it until the ACK. Resends of the INVITE are absorbed.
    Accepted,
    /// 300 to 699 went out and is resent until its ACK.
    Completed,
    /// The ACK came; further ones are absorbed.
    Confirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Trying, /* 200 ms without a response: §17.2.1 */
    Resend, /* G */
    End,    /* H, I, L */
}

impl InviteServer {
    /// The INVITE has just come. When nothing is answered within 200 ms, [`Effects::send`] asks for a 100.
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        let mut timers = Timers::default();
        timers.arm(Timer::Trying, now + TRYING);
        Self { state: State::Proceeding, reliable, resend_every: T1, timers }
    }

    /// The INVITE came again: [`Effects::send`] asks for the last response once more.
    pub(crate) fn on_resend(&self) -> Effects {
        Effects { send: matches!(self.state, State::Proceeding | State::Completed), ..Effects::default() }
    }

    /// A response with this status is being sent. False when the time for it is over.
    pub(crate) fn on_respond(&mut self, now: Instant, status: u16) -> bool {
        if self.state != State::Proceeding {
            return false;
        }
        self.timers.clear();
        match status {
            ..=199 => {}
            200..=299 => {
                self.state = State::Accepted;
                self.timers.arm(Timer::End, now + LIFETIME);
            }
            300.. => {
                self.state = State::Completed;
                self.timers.arm(Timer::End, now + LIFETIME);
                if !self.reliable {
                    self.timers.arm(Timer::Resend, now + T1);
                }
            }
        }
        true
    }

    /// An ACK with the INVITE's branch came: that of a response above 299.
    pub(crate) fn on_ack(&mut self, now: Instant) -> Effects {
        if self.state != State::Completed {
            return Effects::default();
        }
        self.state = State::Confirmed;
        self.timers.clear();
        self.timers.arm(Timer::End, now + T4);
        Effects { done: self.reliable, ..Effects::default() }
    }

    /// Fires what is due.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Effects {
        let mut effects = Effects::default();
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Trying => effects.send = true,
                Timer::Resend => {
                    self.resend_every = (self.resend_every * 2).min(T2);
                    self.timers.arm(Timer::Resend, now + self.resend_every);
                    effects.send = true;
                }
                Timer::End => return Effects { done: true, ..Effects::default() },
            }
        }
        effects
    }

    /// Whether no final response has gone out.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Whether a 2xx went out.
    pub(crate) fn is_accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }
}

const TRYING: Duration = Duration::from_millis(200);
