//! Opus in Ogg: RFC 7845. libopus decodes to 8 kHz by itself, so nothing is resampled.

use ::opus::MSDecoder;

use super::ImportError;

/// The decoder of one Ogg Opus stream.
pub(super) struct OpusStream {
    decoder: MSDecoder,
    channels: usize,
    /// Frames at 8 kHz that are still to be left out at the start.
    skip: usize,
    gain: f32,
    buffer: Vec<f32>,
}

impl OpusStream {
    /// Reads the identification header, RFC 7845 §5.1. The error says what we can't play.
    pub(super) fn new(head: &[u8]) -> Result<Self, String> {
        let Some((
            &[
                b'O',
                b'p',
                b'u',
                b's',
                b'H',
                b'e',
                b'a',
                b'd',
                version,
                channels,
                skip_low,
                skip_high,
                _,
                _,
                _,
                _,
                gain_low,
                gain_high,
                family,
            ],
            mapping,
        )) = head.split_first_chunk::<19>()
        else {
            return Err("an Opus header is missing".to_owned());
        };
        if version & 0xF0 != 0 || !(1..=8).contains(&channels) {
            return Err(format!("Opus version {version} with {channels} channels"));
        }
        let (streams, coupled, mapping) = match (family, mapping.split_first_chunk::<2>()) {
            (0, _) if channels <= 2 => (1, channels - 1, &[0u8, 1][..]),
            (1, Some((&[streams, coupled], mapping))) => (streams, coupled, mapping),
            _ => return Err(format!("Opus channel mapping family {family}")),
        };
        let mapping = mapping.get(..usize::from(channels)).ok_or("an Opus header is cut off")?;
        let decoder = MSDecoder::new(RATE, streams, coupled, mapping).map_err(|error| error.to_string())?;
        let channels = usize::from(channels);
        Ok(Self {
            decoder,
            channels,
            skip: usize::from(u16::from_le_bytes([skip_low, skip_high])) / IN_48K,
            gain: 10f32.powf(f32::from(i16::from_le_bytes([gain_low, gain_high])) / 256.0 / 20.0),
            buffer: vec![0.0; LONGEST_FRAMES * channels],
        })
    }

    /// Decodes one packet and hands its samples on, interleaved. `trim_end` counts frames of 48 kHz that are too many at
    /// its end. A broken packet is left out.
    pub(super) fn decode(
        &mut self,
        packet: &[u8],
        trim_end: u64,
        push: impl FnOnce(usize, &[f32]) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let Ok(frames) = self.decoder.decode_float(packet, &mut self.buffer, false) else { return Ok(()) };
        let trim = usize::try_from(trim_end).unwrap_or(usize::MAX) / IN_48K;
        let end = frames.saturating_sub(trim);
        let start = self.skip.min(end);
        self.skip -= start;
        let samples = self.buffer.get_mut(start * self.channels..end * self.channels).unwrap_or_default();
        for sample in &mut *samples {
            *sample *= self.gain;
        }
        push(self.channels, samples)
    }
}

/// Hz.
const RATE: u32 = 8000;
/// Frames of 48 kHz, in which Ogg Opus counts, for one of ours.
const IN_48K: usize = 6;
/// 120 ms, the longest packet: RFC 6716 §3.2.5.
const LONGEST_FRAMES: usize = 960;
