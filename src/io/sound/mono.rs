//! Many channels of any rate → one of 8000 Hz. Holds one block of input and the whole output, no more.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};

use super::ImportError;

/// Takes samples in, block by block, and gives the clip out.
pub(super) struct Mono {
    most_seconds: u32,
    /// Samples of all channels that may still come: the bound of our work.
    budget: u64,
    stage: Option<Stage>,
    output: Vec<f32>,
}

/// What goes on at one sample rate; a file may change it.
struct Stage {
    rate: u32,
    resampler: Option<Fft<f32>>,
    /// Mono at the file's rate, not resampled yet.
    waiting: Vec<f32>,
    /// Frames that came in, and 8 kHz frames that went out.
    taken: u64,
    given: u64,
    /// 8 kHz frames of the resampler's delay that are still to be left out.
    delay: usize,
    block: Vec<f32>,
}

impl Mono {
    pub(super) fn new(most_seconds: u32) -> Self {
        let budget = u64::from(most_seconds) * BUDGET_PER_SECOND;
        Self { most_seconds, budget, stage: None, output: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.output.is_empty() && self.stage.as_ref().is_none_or(|stage| stage.waiting.is_empty())
    }

    /// Interleaved samples, −1 … 1.
    pub(super) fn push(&mut self, rate: u32, channels: usize, samples: &[f32]) -> Result<(), ImportError> {
        if !(4_000..=192_000).contains(&rate) || !(1..=8).contains(&channels) {
            return Err(ImportError::Shape { rate, channels });
        }
        let too_long = ImportError::TooLong { most_seconds: self.most_seconds };
        let Some(budget) = self.budget.checked_sub(samples.len() as u64) else { return Err(too_long) };
        self.budget = budget;
        if self.stage.as_ref().is_none_or(|stage| stage.rate != rate) {
            self.end_stage()?;
            self.stage = Some(Stage::new(rate)?);
        }
        if let Some(stage) = &mut self.stage {
            stage.take(channels, samples);
            stage.resample(&mut self.output)?;
        }
        if self.output.len() as u64 > u64::from(self.most_seconds) * 8000 { Err(too_long) } else { Ok(()) }
    }

    /// The clip. A peak over full scale, of floating point files or between the samples, makes the whole softer.
    pub(super) fn finish(mut self) -> Result<Vec<i16>, ImportError> {
        self.end_stage()?;
        let peak = self.output.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let scale = if peak > 1.0 { f32::from(i16::MAX) / peak } else { FULL_SCALE };
        // Float to integer saturates in Rust: at full scale +1.0 is one step below.
        Ok(self.output.iter().map(|sample| (sample * scale).round() as i16).collect())
    }

    fn end_stage(&mut self) -> Result<(), ImportError> {
        self.stage.take().map_or(Ok(()), |mut stage| stage.finish(&mut self.output))
    }
}

impl Stage {
    fn new(rate: u32) -> Result<Self, ImportError> {
        let resampler = (rate != 8000).then(|| resampler(rate)).transpose()?;
        let delay = resampler.as_ref().map_or(0, Resampler::output_delay);
        Ok(Self { rate, resampler, waiting: Vec::new(), taken: 0, given: 0, delay, block: Vec::new() })
    }

    /// The mean of the channels: can't be louder than the loudest. What is no number is silence.
    fn take(&mut self, channels: usize, samples: &[f32]) {
        let finite = |sample: &f32| if sample.is_finite() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 };
        let frames = samples.chunks_exact(channels);
        self.taken += frames.len() as u64;
        self.waiting.extend(frames.map(|frame| frame.iter().map(finite).sum::<f32>() / channels as f32));
    }

    /// Whole blocks go on, the rest waits.
    fn resample(&mut self, output: &mut Vec<f32>) -> Result<(), ImportError> {
        let Some(resampler) = &mut self.resampler else {
            self.given += self.waiting.len() as u64;
            output.append(&mut self.waiting);
            return Ok(());
        };
        let block = resampler.input_frames_next();
        let whole = self.waiting.len() / block * block;
        let waiting = std::mem::take(&mut self.waiting);
        let (ready, rest) = waiting.split_at(whole);
        for part in ready.chunks_exact(block) {
            self.block(part, None, u64::MAX, output)?;
        }
        self.waiting.extend_from_slice(rest);
        Ok(())
    }

    /// Pushes out what the resampler still holds: as much as belongs to what came in.
    fn finish(&mut self, output: &mut Vec<f32>) -> Result<(), ImportError> {
        let due = (self.taken * 8000).div_ceil(u64::from(self.rate));
        let mut last = std::mem::take(&mut self.waiting);
        while self.resampler.is_some() && self.given < due {
            let partial = Some(last.len());
            self.block(&last, partial, due, output)?;
            last.clear();
        }
        Ok(())
    }

    /// One block through the resampler; with `partial` the rest of it is silence. Gives at most to `due` frames in all.
    fn block(
        &mut self,
        part: &[f32],
        partial: Option<usize>,
        due: u64,
        output: &mut Vec<f32>,
    ) -> Result<(), ImportError> {
        let Some(resampler) = &mut self.resampler else { return Ok(()) };
        self.block.resize(resampler.output_frames_next(), 0.0);
        let mut padded;
        let part = if partial.is_some() {
            padded = part.to_vec();
            padded.resize(resampler.input_frames_next(), 0.0);
            &padded
        } else {
            part
        };
        let indexing = partial.map(|frames| Indexing::new().partial_len(frames));
        let frames = self.block.len();
        let input = InterleavedSlice::new(part, 1, part.len()).map_err(unexpected)?;
        let mut room = InterleavedSlice::new_mut(&mut self.block, 1, frames).map_err(unexpected)?;
        let (_, made) = resampler.process_into_buffer(&input, &mut room, indexing.as_ref()).map_err(unexpected)?;
        let late = self.delay.min(made);
        self.delay -= late;
        let left = usize::try_from(due - self.given).unwrap_or(usize::MAX);
        let sound = self.block.get(late..made).unwrap_or_default();
        let sound = sound.get(..left).unwrap_or(sound);
        self.given += sound.len() as u64;
        output.extend_from_slice(sound);
        Ok(())
    }
}

/// A twentieth of a second at once: a steep filter, and little to hold.
fn resampler(rate: u32) -> Result<Fft<f32>, ImportError> {
    let rate = usize::try_from(rate).unwrap_or(0);
    Fft::new_custom(rate, 8000, rate / 20, 1, 1, WindowFunction::BlackmanHarris2, FixedSync::Both).map_err(unexpected)
}

/// Rates and sizes are checked before, so no file can bring this about.
fn unexpected(error: impl std::fmt::Display) -> ImportError {
    ImportError::Damaged { kind: "sound", detail: error.to_string() }
}

const FULL_SCALE: f32 = 32_768.0;
/// Floating point files may say anything; over this it isn't sound.
const LOUDEST: f32 = 1000.0;
/// Stereo at 96 kHz, or as much work: half an hour of that is done in some ten seconds.
const BUDGET_PER_SECOND: u64 = 192_000;
