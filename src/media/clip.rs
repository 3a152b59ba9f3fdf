//! A sound that is played: coded already, in every codec of a telephone.

use crate::base::Duration;
use crate::codec::{ClipEncoder, Coded, Packets, Rate};

/// Sound in frames of 20 ms: G.711, G.722 and Opus, all three of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clip(Coded);

impl Clip {
    /// `None` when the three differ in length.
    pub fn new(coded: Coded) -> Option<Self> {
        let bytes = coded.opus.len() * FRAME_BYTES;
        (coded.alaw.len() == bytes && coded.g722.len() == bytes).then_some(Self(coded))
    }

    /// Of samples of 8000 Hz; the last frame is filled up with silence. Takes some milliseconds for each second of sound.
    pub fn from_narrow(samples: &[i16]) -> Self {
        let mut encoder = ClipEncoder::new(Rate::Narrow);
        samples.chunks(encoder.frame()).for_each(|frame| encoder.encode(frame));
        Self(encoder.finish())
    }

    /// Of packets of Opus, 20 ms each, with wide-band speech. Takes about a millisecond for each second of sound.
    pub fn from_opus(packets: Packets) -> Self {
        Self(Coded::from_opus(packets))
    }

    /// So many frames of silence.
    pub fn silence(frames: usize) -> Self {
        Self::from_narrow(&vec![0; frames * FRAME_BYTES])
    }

    /// As [`from_narrow`](Self::from_narrow), for sound that is played round and round without a pause. G.722 and Opus predict from what
    /// was before, so they begin with what they would remember of the end; else each round would begin with a bang.
    pub fn endless(samples: &[i16]) -> Self {
        let mut encoder = ClipEncoder::new(Rate::Narrow);
        let frames = samples.chunks(encoder.frame());
        let warm = frames.len().min(WARM_UP_FRAMES);
        frames.clone().skip(frames.len() - warm).chain(frames).for_each(|frame| encoder.encode(frame));
        let mut coded = encoder.finish();
        let mut opus = Packets::default();
        (warm..coded.opus.len()).for_each(|frame| opus.push(coded.opus.get(frame)));
        let (alaw, g722) = (coded.alaw.split_off(warm * FRAME_BYTES), coded.g722.split_off(warm * FRAME_BYTES));
        Self(Coded { alaw, g722, opus })
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.0.opus.len()
    }

    /// How long it plays.
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.frames() as u64 * u64::from(FRAME_MS))
    }

    /// A-law: 160 bytes a frame.
    pub fn alaw(&self) -> &[u8] {
        &self.0.alaw
    }

    /// G.722 at 64 kbit/s: 160 bytes a frame.
    pub fn g722(&self) -> &[u8] {
        &self.0.g722
    }

    /// The packet of that frame; empty beyond the last.
    pub fn opus(&self, frame: usize) -> &[u8] {
        self.0.opus.get(frame)
    }
}

/// A fifth of a second, after which neither remembers what was before.
const WARM_UP_FRAMES: usize = 10;
/// Of a frame of G.711 and of G.722.
pub(super) const FRAME_BYTES: usize = 160;
/// Milliseconds of a frame.
pub(super) const FRAME_MS: u32 = 20;
