//! A tape played back: packets of two sides become stereo sound on one time line.

use std::collections::VecDeque;

use super::line::{Heard, Line};
use super::{Entry, Mark, Side};
use crate::base::{Duration, Instant};

/// Milliseconds of a frame.
pub const FRAME_MS: u32 = 20;
/// Samples of a frame: 20 ms of two channels at 16000 Hz, interleaved, the left one first.
pub const FRAME_SAMPLES: usize = 640;
/// Where nothing came for so long, nothing is awaited any more: later packets are left out. Together with
/// [`BLOCK_AGE`](super::BLOCK_AGE) and the recorder's own pace it has to stay under the second that may be lost.
pub const HORIZON: Duration = Duration::from_millis(500);

/// Puts a tape in order and decodes it. Both sides lie on the time line of their arrival, each kept steady by its own RTP
/// clock; gaps are concealed at their beginning and then silent, pauses are cut out of both sides at the same place.
///
/// After each [`Self::add`], call [`Self::next_frame`] until it says no.
#[derive(Debug, Default)]
pub struct Reel {
    /// When the first entry was.
    origin: Option<Instant>,
    /// All pauses that are over.
    cut_out: Duration,
    paused_since: Option<Instant>,
    lines: [Line; 2],
    /// The first place that is not handed out yet.
    done: i64,
    newest: i64,
    /// Where nothing comes any more.
    end: Option<i64>,
    /// Places of pauses that are not handed out yet.
    seams: VecDeque<i64>,
    /// Silence of both sides that is too long to be kept as samples.
    lull: Option<Lull>,
}

/// Between two places nobody is heard.
#[derive(Clone, Copy, Debug)]
struct Lull {
    from: i64,
    to: i64,
}

impl Reel {
    /// An empty reel.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entry of the tape.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if self.end.is_some() {
            return;
        }
        match *entry {
            Entry::Packet { at, side, codec, sequence, timestamp, ssrc, payload } => {
                if self.paused_since.is_some() {
                    return;
                }
                let place = self.pass(at);
                self.line(side).hear(&Heard { place, codec, sequence, timestamp, ssrc, payload });
            }
            Entry::Mark { at, mark: Mark::Pause } => self.pause(at),
            Entry::Mark { at, mark: Mark::Resume } => self.resume(at),
            Entry::Mark { at, mark: Mark::End } => {
                self.pause(at);
                self.end = Some(self.newest);
            }
        }
    }

    /// The next frame that nothing can change any more: both sides have gone on behind it, or [`HORIZON`] has passed, or
    /// the recording has ended or pauses. The last frame of a recording is filled up with silence.
    pub fn next_frame(&mut self, frame: &mut [i16; FRAME_SAMPLES]) -> bool {
        if !self.is_final(self.done + FRAME) {
            return false;
        }
        let from = self.done;
        let in_lull = self.lull.is_some_and(|lull| from >= lull.from);
        for (channel, line) in self.lines.iter_mut().enumerate() {
            line.release_until(from + FRAME);
            let channel = frame.iter_mut().skip(channel).step_by(2);
            if in_lull { line.pass_silence(channel) } else { line.play(channel) }
        }
        self.done += FRAME;
        if self.lull.is_some_and(|lull| self.done >= lull.to) {
            self.lull = None;
        }
        self.fade(from, frame);
        true
    }

    /// Samples in memory.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.lines.iter().map(Line::kept).sum()
    }

    fn is_final(&self, until: i64) -> bool {
        match self.end {
            Some(end) => until - FRAME < end,
            None if self.paused_since.is_some() => until <= self.newest,
            // One frame more than that, for the fade before a pause.
            None => {
                self.lines.iter().all(|line| line.end() >= until + FRAME) || until + in_samples(HORIZON) <= self.newest
            }
        }
    }

    fn line(&mut self, side: Side) -> &mut Line {
        let [left, right] = &mut self.lines;
        match side {
            Side::Left => left,
            Side::Right => right,
        }
    }

    /// Goes on to `at`, and says where that is on the time line.
    fn pass(&mut self, at: Instant) -> i64 {
        let origin = *self.origin.get_or_insert(at);
        let place = in_samples(at.since(origin + self.cut_out));
        if self.lull.is_none() && place - self.newest > LULL {
            self.rest(place - in_samples(HORIZON));
        }
        self.newest = self.newest.max(place);
        place
    }

    /// Nobody was heard until `to`.
    fn rest(&mut self, to: i64) {
        self.lines.iter_mut().for_each(Line::release);
        let last = self.lines.iter().map(Line::end).fold(self.newest, i64::max);
        let from = self.done + (last - self.done + FRAME - 1) / FRAME * FRAME;
        let to = from + (to - from) / FRAME * FRAME;
        if to > from {
            self.lines.iter_mut().for_each(|line| line.skip_silence(from, to));
            self.lull = Some(Lull { from, to });
        }
    }

    fn pause(&mut self, at: Instant) {
        if self.paused_since.is_some() {
            return;
        }
        let place = self.pass(at).max(self.done);
        self.paused_since = Some(at);
        for line in &mut self.lines {
            line.release();
            line.cut(place);
        }
        self.newest = place;
    }

    fn resume(&mut self, at: Instant) {
        match self.paused_since.take() {
            Some(since) => {
                // The time line goes on where it stopped, which is not before what was already handed out.
                let origin = *self.origin.get_or_insert(at);
                let ahead = since.since(origin + self.cut_out);
                self.cut_out += at.since(since);
                let behind = self.newest - in_samples(ahead);
                self.cut_out = self.cut_out.saturating_sub(in_time(behind));
                self.seams.push_back(self.newest);
            }
            None => drop(self.pass(at)),
        }
    }

    /// Where a pause was cut out, sound goes down and comes up again within [`FADE`] on either side.
    fn fade(&mut self, from: i64, frame: &mut [i16; FRAME_SAMPLES]) {
        let end = self.end.or(self.paused_since.map(|_| self.newest));
        for (place, pair) in (from..).zip(frame.chunks_exact_mut(2)) {
            let distance = self.seams.iter().chain(&end).map(|seam| distance(*seam, place)).min();
            if let Some(distance) = distance.filter(|distance| *distance < FADE) {
                for sample in pair {
                    *sample = i16::try_from(i64::from(*sample) * distance / FADE).unwrap_or(0);
                }
            }
        }
        while self.seams.front().is_some_and(|seam| seam + FADE <= self.done) {
            self.seams.pop_front();
        }
    }
}

/// Samples from `place` to the seam; the sample before it counts as being as near as the one behind it.
fn distance(seam: i64, place: i64) -> i64 {
    if place < seam { seam - 1 - place } else { place - seam }
}

pub(super) fn in_samples(span: Duration) -> i64 {
    i64::try_from(span.as_micros() * 2 / 125).unwrap_or(i64::MAX)
}

fn in_time(samples: i64) -> Duration {
    Duration::from_micros(u64::try_from(samples).unwrap_or(0) * 125 / 2)
}

/// Samples of one channel in a frame.
const FRAME: i64 = 320;
/// 20 ms down and 20 ms up. Samples.
const FADE: i64 = 320;
/// Two seconds without any packet are not kept as samples.
const LULL: i64 = 32_000;
