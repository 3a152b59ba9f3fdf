//! Digits towards one peer, one after the other: as RFC 4733 events where they were agreed, else as tones in the sound.

use std::collections::VecDeque;

use super::player::FRAME;
use crate::codec::tone::DigitTone;
use crate::rtp::event::{MAX_DIGIT_MS, MIN_DIGIT_MS, Payload, Sender, code_of};

/// Digits that are waiting and the one that is being sent.
#[derive(Debug, Default)]
pub(super) struct DigitQueue {
    waiting: VecDeque<(char, u32)>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    /// The timestamp is set with the first packet.
    Event {
        sender: Sender,
        timestamp: Option<u32>,
    },
    Tone(DigitTone),
    /// Silence between two digits.
    Pause {
        frames: u8,
    },
}

/// What one tick of 20 ms sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An event packet. The timestamp is `None` in the first: [`DigitQueue::set_timestamp`] must follow.
    Event { payload: Payload, timestamp: Option<u32> },
    /// The frame was filled with sound.
    Frame,
    /// Nothing: a pause between events.
    Pause,
    /// No digit is left.
    Idle,
}

impl DigitQueue {
    /// Puts a digit in line. What is no digit is dropped, and so is what comes when too many are waiting.
    pub(super) fn push(&mut self, digit: char, duration_ms: u32) {
        if code_of(digit).is_some() && self.waiting.len() < MAX_WAITING {
            self.waiting.push_back((digit, duration_ms.clamp(MIN_DIGIT_MS, MAX_DIGIT_MS)));
        }
    }

    /// Whether a digit is being sent or waits.
    pub(super) fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || !matches!(self.state, State::Idle)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next 20 ms. `clock_hz`: the clock of the events that the peer takes, when it takes any.
    pub(super) fn next_step(&mut self, clock_hz: Option<u32>, frame: &mut [i16; FRAME]) -> Step {
        loop {
            match &mut self.state {
                State::Idle => match self.waiting.pop_front() {
                    Some((digit, ms)) => self.begin(digit, ms, clock_hz),
                    None => return Step::Idle,
                },
                State::Event { sender, timestamp } => match sender.next_packet() {
                    Some((after, payload)) => {
                        let timestamp = timestamp.map(|began| began.wrapping_add(after));
                        return Step::Event { payload, timestamp };
                    }
                    None => self.state = State::Pause { frames: PAUSE_FRAMES },
                },
                State::Tone(tone) => {
                    if tone.fill(frame) {
                        return Step::Frame;
                    }
                    self.state = State::Pause { frames: PAUSE_FRAMES };
                }
                State::Pause { frames: 0 } => self.state = State::Idle,
                State::Pause { frames } => {
                    *frames -= 1;
                    frame.fill(0);
                    return if clock_hz.is_some() { Step::Pause } else { Step::Frame };
                }
            }
        }
    }

    /// Under which timestamp the event goes that has just begun.
    pub(super) fn set_timestamp(&mut self, began: u32) {
        if let State::Event { timestamp, .. } = &mut self.state {
            timestamp.get_or_insert(began);
        }
    }

    fn begin(&mut self, digit: char, ms: u32, clock_hz: Option<u32>) {
        let state = match clock_hz {
            Some(hz) => Sender::new(digit, ms, hz).map(|sender| State::Event { sender, timestamp: None }),
            None => DigitTone::new(digit, ms).map(State::Tone),
        };
        self.state = state.unwrap_or_default();
    }
}

/// Digits that may wait; more are dropped. A number with all its codes is shorter.
const MAX_WAITING: usize = 64;
/// 60 ms of silence after each digit: Q.24 asks for 40, some carriers hear only from 50 on.
const PAUSE_FRAMES: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_go_one_after_the_other_with_a_pause_between() {
        let mut queue = DigitQueue::default();
        queue.push('1', 100);
        queue.push('x', 100);
        queue.push('2', 10);
        let mut frame = [0; FRAME];
        let steps: Vec<_> = (0..18).map(|_| queue.next_step(Some(8000), &mut frame)).collect();
        let codes: Vec<_> = steps
            .iter()
            .map(|step| match step {
                Step::Event { payload, .. } => i32::from(payload.code),
                Step::Pause => -1,
                other => panic!("{other:?}"),
            })
            .take(7 + 3 + 4 + 3)
            .collect();
        assert_eq!(codes, [1, 1, 1, 1, 1, 1, 1, -1, -1, -1, 2, 2, 2, 2, -1, -1, -1]);
    }

    #[test]
    fn a_peer_without_events_hears_tones() {
        let mut queue = DigitQueue::default();
        queue.push('#', 60);
        let mut frame = [0; FRAME];
        for sounds in [true, true, true, false, false, false] {
            assert_eq!(queue.next_step(None, &mut frame), Step::Frame);
            assert_eq!(frame.iter().any(|&sample| sample != 0), sounds);
        }
        assert_eq!(queue.next_step(None, &mut frame), Step::Idle);
        assert!(!queue.is_busy());
    }

    #[test]
    fn the_line_of_waiting_digits_is_bounded() {
        let mut queue = DigitQueue::default();
        (0..1000).for_each(|_| queue.push('0', 40));
        assert_eq!(queue.waiting.len(), MAX_WAITING);
    }
}
