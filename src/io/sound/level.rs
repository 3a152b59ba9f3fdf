//! What of a file is played and how loud: measured in a first hearing, done in a second.

use ebur128::{EbuR128, Mode};

use super::ImportError;
use super::helper::RATE;
use crate::codec::{ClipEncoder, Coded, Rate};

/// The first hearing: where sound begins and ends, and how loud it is by EBU R128.
pub(super) struct Scan {
    meter: Option<EbuR128>,
    heard: u64,
    first_loud: Option<u64>,
    /// The place behind the last loud sample.
    end: u64,
}

impl Default for Scan {
    fn default() -> Self {
        // With the histogram an hour takes no more memory than a second.
        let meter = EbuR128::new(1, RATE, Mode::I | Mode::TRUE_PEAK | Mode::HISTOGRAM).ok();
        Self { meter, heard: 0, first_loud: None, end: 0 }
    }
}

impl Scan {
    pub(super) fn hear(&mut self, sound: &[f32]) {
        let loud = |sample: &f32| sample.abs() > SILENCE;
        if let Some(first) = sound.iter().position(loud) {
            self.first_loud.get_or_insert(self.heard + first as u64);
        }
        if let Some(last) = sound.iter().rposition(loud) {
            self.end = self.heard + last as u64 + 1;
        }
        self.heard += sound.len() as u64;
        if let Some(meter) = &mut self.meter {
            // Mono of a rate that it was made for: can't fail.
            let _ = meter.add_frames_f32(sound);
        }
    }

    pub(super) fn finish(self) -> Result<Cut, ImportError> {
        let first = self.first_loud.ok_or(ImportError::Empty)?;
        Ok(Cut {
            skip: first.saturating_sub(LEAD_IN),
            left: (self.end + LEAD_OUT).min(self.heard) - first.saturating_sub(LEAD_IN),
            gain: self.gain(),
            waiting: Vec::new(),
            encoder: ClipEncoder::new(Rate::Full),
        })
    }

    /// To the loudness that all files have, as far as their noise and their peaks allow.
    fn gain(&self) -> f32 {
        let loudness = self.meter.as_ref().and_then(|meter| meter.loudness_global().ok());
        let peak = self.meter.as_ref().and_then(|meter| meter.true_peak(0).ok()).unwrap_or(1.0);
        // A beep shorter than the 400 ms of a block of R128 has no loudness.
        let wanted = loudness.filter(|loudness| loudness.is_finite()).map_or(0.0, |loudness| TARGET_LUFS - loudness);
        let most = PEAK_DBTP - 20.0 * peak.max(1e-6).log10();
        10f64.powf(wanted.min(MOST_GAIN_DB).min(most) / 20.0) as f32
    }
}

/// The second hearing: what is kept, levelled and coded.
pub(super) struct Cut {
    skip: u64,
    left: u64,
    gain: f32,
    waiting: Vec<i16>,
    encoder: ClipEncoder,
}

impl Cut {
    pub(super) fn hear(&mut self, sound: &[f32]) {
        let skipped = sound.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        self.skip -= skipped as u64;
        let kept = sound.get(skipped..).unwrap_or_default();
        let kept = kept.get(..usize::try_from(self.left).unwrap_or(usize::MAX)).unwrap_or(kept);
        self.left -= kept.len() as u64;
        let gain = self.gain * FULL_SCALE;
        // The cast saturates.
        self.waiting.extend(kept.iter().map(|sample| (sample * gain).round() as i16));
        let mut frames = self.waiting.chunks_exact(self.encoder.frame());
        (&mut frames).for_each(|frame| self.encoder.encode(frame));
        let rest = frames.remainder().len();
        self.waiting.drain(..self.waiting.len() - rest);
    }

    pub(super) fn finish(mut self) -> Coded {
        if !self.waiting.is_empty() {
            self.encoder.encode(&self.waiting);
        }
        self.encoder.finish()
    }
}

/// −50 dBFS: the noise of a room where somebody is about to speak.
const SILENCE: f32 = 0.003_16;
/// 50 ms, so that a soft consonant at the beginning is not lost.
const LEAD_IN: u64 = RATE as u64 / 20;
/// 200 ms, for what fades.
const LEAD_OUT: u64 = RATE as u64 / 5;
/// What EBU R128 itself asks for. With one channel LUFS and dBov nearly agree, so that on a telephone line this is about −17 dBm0:
/// somewhat above the nominal level of talk (−26 dBov, ITU-T P.830), as fits a prompt that competes with a street, and low
/// enough that speech with its peaks is not clipped.
const TARGET_LUFS: f64 = -23.0;
/// More would bring up a recording's hiss as if it were sound.
const MOST_GAIN_DB: f64 = 20.0;
/// The most that R128 allows a true peak. Nothing is compressed: what has high peaks stays softer.
const PEAK_DBTP: f64 = -1.0;
const FULL_SCALE: f32 = 32_768.0;
