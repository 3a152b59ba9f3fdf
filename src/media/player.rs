//! Sound in frames of 20 ms: a clip with its repeats, or a tone.

use std::sync::Arc;

use super::{Clip, Sound};
use crate::codec::tone::ToneGenerator;

/// Samples of one frame: 20 ms.
pub(super) const FRAME: usize = 160;

/// What is being played.
#[derive(Debug)]
pub(super) struct Player {
    /// Comes back in `PlayEnded`.
    pub(super) id: u32,
    /// The first key stops it.
    pub(super) until_digit: bool,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Clip { clip: Arc<Clip>, at: usize, rounds: Rounds },
    Tone(Box<ToneGenerator>),
}

#[derive(Clone, Copy, Debug)]
enum Rounds {
    Endless,
    /// This one and how many more.
    More(u32),
}

impl Player {
    pub(super) fn new(id: u32, sound: Sound, until_digit: bool) -> Self {
        let source = match sound {
            Sound::Clip { clip, repeat } => {
                let rounds = repeat.checked_sub(1).map_or(Rounds::Endless, Rounds::More);
                // Nothing repeated for ever would never end and never sound.
                let rounds = if clip.samples.is_empty() { Rounds::More(0) } else { rounds };
                Source::Clip { clip, at: 0, rounds }
            }
            Sound::Tone(tone) => Source::Tone(Box::new(ToneGenerator::new(tone.frequencies, &tone.cadence_ms))),
        };
        Self { id, until_digit, source }
    }

    /// The next frame; silence fills up the last one. Returns whether it was the last one.
    pub(super) fn next_frame(&mut self, frame: &mut [i16; FRAME]) -> bool {
        match &mut self.source {
            Source::Tone(tone) => {
                tone.fill(frame);
                false
            }
            Source::Clip { clip, at, rounds } => next_of_clip(&clip.samples, at, rounds, frame),
        }
    }
}

/// One round follows the other without a gap.
fn next_of_clip(samples: &[i16], at: &mut usize, rounds: &mut Rounds, mut frame: &mut [i16]) -> bool {
    loop {
        let rest = samples.get(*at..).unwrap_or_default();
        let length = rest.len().min(frame.len());
        let (now, later) = frame.split_at_mut(length);
        now.copy_from_slice(rest.get(..length).unwrap_or_default());
        *at += length;
        frame = later;
        if *at < samples.len() {
            return false;
        }
        match rounds {
            Rounds::More(0) => {
                frame.fill(0);
                return true;
            }
            Rounds::More(more) => *more -= 1,
            Rounds::Endless => {}
        }
        *at = 0;
        if frame.is_empty() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(samples: Vec<i16>, repeat: u32, frames: usize) -> (Vec<i16>, Vec<bool>) {
        let mut player = Player::new(1, Sound::Clip { clip: Arc::new(Clip { samples }), repeat }, false);
        let mut heard = Vec::new();
        let ends = (0..frames).map(|_| {
            let mut frame = [9; FRAME];
            let end = player.next_frame(&mut frame);
            heard.extend(frame);
            end
        });
        let ends = ends.collect();
        (heard, ends)
    }

    #[test]
    fn a_clip_is_repeated_without_a_gap_and_filled_up_with_silence() {
        let (heard, ends) = play((1..=100).collect(), 2, 2);
        let mut expected: Vec<i16> = (1..=100).chain(1..=100).collect();
        expected.resize(320, 0);
        assert_eq!(heard, expected);
        assert_eq!(ends, [false, true]);
    }

    #[test]
    fn a_clip_of_whole_frames_ends_with_its_last_frame() {
        assert_eq!(play(vec![5; 320], 1, 2).1, [false, true]);
    }

    #[test]
    fn a_clip_may_play_for_ever_but_an_empty_one_ends_at_once() {
        let (heard, ends) = play(vec![3; 7], 0, 50);
        assert!(heard.iter().all(|&sample| sample == 3) && ends.iter().all(|end| !end));
        assert_eq!(play(Vec::new(), 0, 1).1, [true]);
        assert_eq!(play(Vec::new(), 5, 1).1, [true]);
    }
}
