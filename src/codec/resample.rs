//! From one rate to another: rubato's FFT resampler in blocks of 10 ms, with a filter of 10 ms.
//!
//! A shorter filter would be less late but could not be flat to 3.4 and 7 kHz and yet deaf above the lower rate's half; a
//! polyphase one of the same length has the same delay and costs more.

use std::fmt;

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use super::Rate;

/// Changes the rate of one stream.
pub struct Resampler {
    from: Rate,
    to: Rate,
    /// `None`: the rates are the same.
    fft: Option<Box<Fft<f32>>>,
    block_in: Vec<f32>,
    block_out: Vec<f32>,
    /// Only once a slice was no multiple of 10 ms: input that waits for a whole block, and output made ahead.
    waiting: Vec<i16>,
    ready: Vec<i16>,
    uneven: bool,
    /// What the slices so far left of an output sample, in parts of the input's rate.
    owed: usize,
}

impl Resampler {
    /// A resampler that has heard silence.
    pub fn new(from: Rate, to: Rate) -> Self {
        let (block_in, block_out) = (from.samples(BLOCK_MS), to.samples(BLOCK_MS));
        let fft = (from != to).then(|| {
            let (hz_in, hz_out) = (from.hz() as usize, to.hz() as usize);
            let window = WindowFunction::Blackman;
            let fft = Fft::new_custom(hz_in, hz_out, block_in, 1, 1, window, FixedSync::Both);
            Box::new(fft.expect("rates, block and channels are not zero"))
        });
        let most = LONGEST_MS + 2 * BLOCK_MS;
        Self {
            from,
            to,
            fft,
            block_in: vec![0.0; block_in],
            block_out: vec![0.0; block_out],
            waiting: Vec::with_capacity(from.samples(most)),
            ready: Vec::with_capacity(to.samples(most)),
            uneven: false,
            owed: 0,
        }
    }

    /// How late the output is, in samples of the rate it goes to: 5 ms, or none when the rates are the same.
    pub fn delay(&self) -> usize {
        self.fft.as_ref().map_or(0, |fft| fft.output_delay())
    }

    /// Resamples `input`, at most 120 ms, into `out`, which should hold as much time; returns how many samples were written.
    /// A length that is not a multiple of 10 ms is taken too, and makes the stream 10 ms later, once. What `out` has no room
    /// for is lost.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let input = input.get(..self.from.samples(LONGEST_MS)).unwrap_or(input);
        let due = self.due(input.len());
        let written = due.min(out.len());
        let Some(out) = out.get_mut(..written) else { return 0 };
        if self.fft.is_none() {
            out.copy_from_slice(input.get(..written).unwrap_or_default());
        } else if !self.uneven && input.len() % self.block_in.len() == 0 && written == due {
            for (input, out) in input.chunks_exact(self.block_in.len()).zip(out.chunks_exact_mut(self.block_out.len()))
            {
                self.block(input, |made| round_into(made, out));
            }
        } else {
            self.process_uneven(input, due, out);
        }
        written
    }

    /// How many samples so much input lasts; what is left of one counts for the next slice.
    fn due(&mut self, input: usize) -> usize {
        let parts = input * self.to.hz() as usize + self.owed;
        self.owed = parts % self.from.hz() as usize;
        parts / self.from.hz() as usize
    }

    fn process_uneven(&mut self, input: &[i16], due: usize, out: &mut [i16]) {
        if !self.uneven {
            self.uneven = true;
            self.ready.resize(self.block_out.len(), 0);
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut ready = std::mem::take(&mut self.ready);
        waiting.extend_from_slice(input);
        let blocks = waiting.chunks_exact(self.block_in.len());
        let whole = blocks.len() * self.block_in.len();
        for input in blocks {
            self.block(input, |made| ready.extend(made.iter().map(|sample| round(*sample))));
        }
        waiting.drain(..whole);
        // One block ahead, so that there is always enough; zip keeps it safe all the same.
        for (out, sample) in out.iter_mut().zip(&ready) {
            *out = *sample;
        }
        ready.drain(..due.min(ready.len()));
        (self.waiting, self.ready) = (waiting, ready);
    }

    /// One block through the filter.
    fn block(&mut self, input: &[i16], take: impl FnOnce(&[f32])) {
        for (sample, source) in self.block_in.iter_mut().zip(input) {
            *sample = f32::from(*source);
        }
        let (frames_in, frames_out) = (self.block_in.len(), self.block_out.len());
        if let (Some(fft), Ok(from), Ok(mut to)) = (
            &mut self.fft,
            InterleavedSlice::new(&self.block_in, 1, frames_in),
            InterleavedSlice::new_mut(&mut self.block_out, 1, frames_out),
        ) {
            // The sizes are those it was made for.
            let _ = fft.process_into_buffer(&from, &mut to, None);
        }
        take(&self.block_out);
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

fn round_into(made: &[f32], out: &mut [i16]) {
    for (out, sample) in out.iter_mut().zip(made) {
        *out = round(*sample);
    }
}

/// The cast saturates.
fn round(sample: f32) -> i16 {
    sample.round() as i16
}

const BLOCK_MS: u32 = 10;
/// The longest slice at once: the longest packet of any codec.
const LONGEST_MS: u32 = 120;

#[cfg(test)]
mod tests;
