//! Silence at the end of a message: noticed while it is recorded, and left out of its file. It is held back until sound
//! follows. Hears the frames that are decoded for the file anyway, so that it costs the media thread nothing.

use crate::base::Duration;
use crate::media::tape::{FRAME_MS, FRAME_SAMPLES};

type Frame = [i16; FRAME_SAMPLES];

/// Listens to the left side of one message.
#[derive(Debug)]
pub(super) struct Quiet {
    /// So much silence is told, once.
    patience: Duration,
    /// Mean square of the loudest frame so far.
    loudest: i64,
    /// Frames since the last sound.
    silent: usize,
    /// Frames up to the last sound.
    spoken: usize,
    held: Vec<Frame>,
    told: bool,
}

impl Quiet {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, loudest: 0, silent: 0, spoken: 0, held: Vec::new(), told: false }
    }

    /// Hears the next frame, and says which frames belong to the file now.
    pub(super) fn hear(&mut self, frame: &Frame) -> Vec<Frame> {
        let energy = energy(frame);
        self.loudest = self.loudest.max(energy);
        let is_silent = energy < (self.loudest / BELOW).clamp(SILENT, FAINT);
        if is_silent {
            self.silent += 1;
        } else {
            self.spoken += self.silent + 1;
            self.silent = 0;
        }
        self.held.push(*frame);
        if is_silent && self.silent > TAIL && self.held.len() < HELD {
            return Vec::new();
        }
        std::mem::take(&mut self.held)
    }

    /// How long somebody spoke, when the silence since then is long enough; once. `unheard`: nothing comes any more since so long.
    pub(super) fn over(&mut self, unheard: Duration) -> Option<Duration> {
        let silent = in_time(self.silent) + unheard;
        if self.told || silent < self.patience {
            return None;
        }
        self.told = true;
        Some(in_time(self.spoken))
    }
}

fn energy(frame: &Frame) -> i64 {
    let left = frame.iter().step_by(2);
    left.map(|sample| i64::from(*sample) * i64::from(*sample)).sum::<i64>() / (FRAME_SAMPLES as i64 / 2)
}

fn in_time(frames: usize) -> Duration {
    Duration::from_millis(frames as u64 * u64::from(FRAME_MS))
}

/// Silence is so far below the loudest frame (26 dB, as mean squares), but within the two levels.
const BELOW: i64 = 400;
/// Always silence: −50 dB of full scale, the noise of a good line.
const SILENT: i64 = 10_000;
/// Never silence: −40 dB.
const FAINT: i64 = 107_000;
/// Of silence so much stays: the end of a word is faint. Frames.
const TAIL: usize = 15;
/// More is not held back: ten seconds, 640 kB. Frames.
const HELD: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of this level on the left side.
    fn frame(level: i16) -> Frame {
        let mut frame = [0; FRAME_SAMPLES];
        frame.iter_mut().step_by(4).for_each(|sample| *sample = level);
        frame.iter_mut().skip(2).step_by(4).for_each(|sample| *sample = -level);
        frame
    }

    /// How many frames go to the file, and how much was spoken when silence is told.
    fn hear(quiet: &mut Quiet, levels: &[(i16, usize)]) -> (usize, Option<Duration>) {
        let (mut kept, mut told) = (0, None);
        for (level, frames) in levels {
            for _ in 0..*frames {
                kept += quiet.hear(&frame(*level)).len();
                told = told.or(quiet.over(Duration::ZERO));
            }
        }
        (kept, told)
    }

    fn five() -> Quiet {
        Quiet::new(Duration::from_secs(5))
    }

    #[test]
    fn five_seconds_of_silence_end_a_message_and_are_not_kept() {
        let (kept, told) = hear(&mut five(), &[(3000, 100), (20, 250)]);
        assert_eq!((kept, told), (115, Some(Duration::from_secs(2))));
    }

    #[test]
    fn a_pause_is_kept_when_somebody_speaks_again() {
        let (kept, told) = hear(&mut five(), &[(3000, 100), (20, 240), (3000, 10), (20, 100)]);
        assert_eq!((kept, told), (365, None));
    }

    #[test]
    fn silence_is_measured_by_the_voice_and_a_noisy_line_is_no_voice() {
        let (_, told) = hear(&mut five(), &[(8000, 50), (250, 250)]);
        assert_eq!(told, Some(Duration::from_secs(1)), "30 dB below a loud voice");
        let (kept, told) = hear(&mut five(), &[(400, 50), (250, 250)]);
        assert_eq!((kept, told), (300, None), "a faint voice, and one that is fainter");
        let (_, told) = hear(&mut five(), &[(60, 250)]);
        assert_eq!(told, Some(Duration::ZERO), "nobody spoke");
    }

    #[test]
    fn a_peer_who_sends_nothing_in_silence_is_silent_too_and_it_is_told_once() {
        let mut quiet = five();
        hear(&mut quiet, &[(3000, 50), (20, 50)]);
        assert_eq!(quiet.over(Duration::from_secs(3)), None);
        assert_eq!(quiet.over(Duration::from_secs(4)), Some(Duration::from_secs(1)));
        assert_eq!(quiet.over(Duration::from_secs(5)), None);
    }

    #[test]
    fn what_is_held_is_bounded() {
        let (kept, _) = hear(&mut five(), &[(20, 1200)]);
        assert!(kept >= 1200 - HELD, "{kept}");
    }
}
