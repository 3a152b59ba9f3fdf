//! Sound for packets that never came: the last pitch period is repeated and fades, as ITU-T G.711 Appendix I describes. Unlike
//! there nothing is delayed: the first repeated samples are bent to meet the last one heard, where the Appendix holds the
//! sound back by 3.75 ms to blend the two.

use super::Rate;
use super::pitch::{Search, best_lag};

/// Remembers what was heard, and goes on with it when nothing comes.
#[derive(Debug)]
pub(super) struct Concealer {
    rate: Rate,
    /// The last 48.75 ms, the newest last: three and a quarter of the longest period.
    heard: Vec<i16>,
    /// What was heard when the sound stopped: it is this that is repeated.
    frozen: Vec<i16>,
    /// `None` while packets come.
    loss: Option<Loss>,
}

/// A gap that is being filled.
#[derive(Clone, Copy, Debug)]
struct Loss {
    period: usize,
    /// How far back the repetition goes when it reaches the end: one period at first, two after 10 ms, three after 20, so that it
    /// doesn't buzz.
    round: usize,
    /// How far before the end of `frozen` the next sample lies: at least 1.
    left: usize,
    filled: usize,
    /// What the first repeated sample falls short of the last heard one.
    jump: f32,
}

impl Concealer {
    pub(super) fn new(rate: Rate) -> Self {
        let length = history(rate);
        Self { rate, heard: vec![0; length], frozen: vec![0; length], loss: None }
    }

    /// How long the sound that comes again should be blended with what [`go_on`](Self::go_on) makes: a quarter of the
    /// period and 4 ms more for each 10 ms of the gap, at most 10 ms. In samples.
    pub(super) fn overlap(&self) -> usize {
        let most = self.rate.samples(10);
        self.loss.map_or(0, |loss| (loss.period / 4 + loss.filled * 2 / 5).min(most))
    }

    /// Sound has come, as it is played: blended already where it ended a gap.
    pub(super) fn hear(&mut self, sound: &[i16]) {
        self.loss = None;
        self.remember(sound);
    }

    /// Fills a gap, or goes on filling it.
    pub(super) fn fill(&mut self, out: &mut [i16]) {
        self.go_on(out);
        self.remember(out);
    }

    /// What would fill the gap now, to be blended into what comes.
    pub(super) fn go_on(&mut self, out: &mut [i16]) {
        let mut loss = self.loss.unwrap_or_else(|| self.freeze());
        for sample in out.iter_mut() {
            *sample = self.next(&mut loss);
        }
        self.loss = Some(loss);
    }

    fn freeze(&mut self) -> Loss {
        self.frozen.copy_from_slice(&self.heard);
        let search = Search {
            least: self.rate.samples(5),
            most: self.rate.samples(15),
            window: self.rate.samples(20),
            stride: self.rate.samples(1) / 4,
        };
        let at = self.frozen.len() - search.window;
        let period = best_lag(&self.frozen, at, &search).map_or(search.most, |(lag, _)| lag);
        let jump = f32::from(self.back(1)) - f32::from(self.back(period + 1));
        Loss { period, round: period, left: period, filled: 0, jump }
    }

    /// The sample that lies so many before the end of what was heard.
    fn back(&self, samples: usize) -> i16 {
        self.frozen.len().checked_sub(samples).and_then(|at| self.frozen.get(at)).copied().unwrap_or(0)
    }

    fn next(&self, loss: &mut Loss) -> i16 {
        let blend = loss.period / 4;
        let mut sound = f32::from(self.back(loss.left));
        // The end of the round is blended into what came before its start, so that it closes without a click.
        if loss.left <= blend {
            let weight = (blend + 1 - loss.left) as f32 / (blend + 1) as f32;
            sound += weight * (f32::from(self.back(loss.left + loss.round)) - sound);
        }
        if loss.filled < blend {
            sound += loss.jump * (1.0 - (loss.filled + 1) as f32 / (blend + 1) as f32);
        }
        let ten_ms = self.rate.samples(10);
        let age = loss.filled as f32 / ten_ms as f32;
        loss.filled += 1;
        loss.left -= 1;
        if loss.left == 0 {
            // The blending just done leads to where this round said; a longer one is for the next end.
            loss.left = loss.round;
            loss.round = loss.period * (loss.filled / ten_ms + 1).min(3);
        }
        // Full for 10 ms, then a fifth less every 10 ms.
        (sound * (1.2 - age / 5.0).clamp(0.0, 1.0)).round() as i16
    }

    fn remember(&mut self, sound: &[i16]) {
        let length = self.heard.len();
        let new = sound.len().min(length);
        self.heard.copy_within(new.., 0);
        if let (Some(place), Some(sound)) = (self.heard.get_mut(length - new..), sound.get(sound.len() - new..)) {
            place.copy_from_slice(sound);
        }
    }
}

fn history(rate: Rate) -> usize {
    rate.samples(195) / 4
}

#[cfg(test)]
mod tests;
