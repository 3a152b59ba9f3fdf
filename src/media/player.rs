//! What is played, packet by packet: a clip with its repeats, clips in a row and music as they were coded, a tone as samples.

use std::sync::Arc;

use super::clip::{FRAME_BYTES, FRAME_MS};
use super::{Clip, Music, Sound};
use crate::base::Instant;
use crate::codec::tone::ToneGenerator;
use crate::codec::{Codec, Law, transcode};

/// Samples of one frame of a tone: 20 ms at 8000 Hz.
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
    Clip { clip: Arc<Clip>, at: Place, rounds: Rounds },
    Sequence { clips: Arc<[Arc<Clip>]>, clip: usize, at: Place },
    Music { music: Arc<Music>, tune: usize, at: Place },
    Tone(Box<ToneGenerator>),
}

/// Milliseconds into a clip; a multiple of 10.
type Place = u32;

#[derive(Clone, Copy, Debug)]
enum Rounds {
    Endless,
    /// This one and how many more.
    More(u32),
}

/// What one packet holds.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for a moment; a box would be an allocation a packet"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Played {
    /// The payload was written: its bytes, and the milliseconds of sound in them.
    Coded { length: usize, ms: u32 },
    /// 20 ms of a tone, as samples.
    Tone([i16; FRAME]),
    /// There is nothing left.
    Nothing,
}

impl Player {
    pub(super) fn new(now: Instant, id: u32, sound: Sound, until_digit: bool) -> Self {
        let source = match sound {
            Sound::Clip { clip, repeat } => {
                let rounds = repeat.checked_sub(1).map_or(Rounds::Endless, Rounds::More);
                // Nothing repeated for ever would never end and never sound.
                let rounds = if clip.frames() == 0 { Rounds::More(0) } else { rounds };
                Source::Clip { clip, at: 0, rounds }
            }
            Sound::Sequence(clips) => Source::Sequence { clip: with_sound(&clips, 0), clips, at: 0 },
            Sound::Music(music) => {
                let (tune, at) = music.place(now);
                Source::Music { music, tune, at }
            }
            Sound::Tone(tone) => Source::Tone(Box::new(ToneGenerator::new(tone.frequencies, &tone.cadence_ms))),
        };
        Self { id, until_digit, source }
    }

    /// The next packet of up to `packet_ms` for a peer that speaks `codec`; the last one of a clip may be shorter. Opus comes
    /// in the packets of 20 ms in which it was coded.
    pub(super) fn next_packet(&mut self, codec: Codec, packet_ms: u32, payload: &mut [u8]) -> Played {
        match &mut self.source {
            Source::Tone(tone) => {
                let mut frame = [0; FRAME];
                tone.fill(&mut frame);
                Played::Tone(frame)
            }
            Source::Clip { clip, at, rounds } => {
                let next = |at: &mut Place| rounds.next_round().then(|| *at = 0).map(|()| Arc::clone(clip));
                let current = Arc::clone(clip);
                write(current, at, next, codec, packet_ms, payload)
            }
            Source::Sequence { clips, clip, at } => {
                let Some(current) = clips.get(*clip).cloned() else { return Played::Nothing };
                let next = |at: &mut Place| {
                    let following = with_sound(clips, *clip + 1);
                    let next = clips.get(following).cloned()?;
                    (*clip, *at) = (following, 0);
                    Some(next)
                };
                write(current, at, next, codec, packet_ms, payload)
            }
            Source::Music { music, tune, at } => {
                let Some(current) = music.tunes.get(*tune).cloned() else { return Played::Nothing };
                let next = |at: &mut Place| {
                    *at = 0;
                    *tune = music.after(*tune)?;
                    music.tunes.get(*tune).cloned()
                };
                write(current, at, next, codec, packet_ms, payload)
            }
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        match &self.source {
            Source::Clip { clip, at, rounds } => *at >= length_ms(clip) && matches!(rounds, Rounds::More(0)),
            Source::Sequence { clips, clip, at } => {
                let is_played = clips.get(*clip).is_none_or(|current| *at >= length_ms(current));
                is_played && with_sound(clips, *clip + 1) >= clips.len()
            }
            Source::Music { .. } | Source::Tone(_) => false,
        }
    }
}

/// The place of the next clip, from that one on, that is not empty; behind the last when there is none.
fn with_sound(clips: &[Arc<Clip>], from: usize) -> usize {
    let rest = clips.get(from..).unwrap_or_default();
    from + rest.iter().position(|clip| clip.frames() > 0).unwrap_or(rest.len())
}

/// Fills one packet from a clip, and goes on with `next` where it ends: one round follows the other without a gap.
fn write(
    mut clip: Arc<Clip>,
    at: &mut Place,
    mut next: impl FnMut(&mut Place) -> Option<Arc<Clip>>,
    codec: Codec,
    packet_ms: u32,
    payload: &mut [u8],
) -> Played {
    let (mut length, mut ms) = (0, 0);
    while ms < packet_ms {
        if *at >= length_ms(&clip) {
            match next(at) {
                Some(another) => clip = another,
                None => break,
            }
            if clip.frames() == 0 {
                break;
            }
        }
        let room = payload.get_mut(length..).unwrap_or_default();
        let Some((written, took)) = piece(&clip, *at, codec, packet_ms - ms, room) else { break };
        (length, ms) = (length + written, ms + took);
        *at += took;
        if codec == Codec::Opus {
            break; // a packet is a whole
        }
    }
    if ms == 0 { Played::Nothing } else { Played::Coded { length, ms } }
}

/// Bytes and milliseconds of what a clip holds from there on, at most `most_ms`.
fn piece(clip: &Clip, at: Place, codec: Codec, most_ms: u32, payload: &mut [u8]) -> Option<(usize, u32)> {
    if codec == Codec::Opus {
        let packet = clip.opus((at / FRAME_MS) as usize);
        payload.get_mut(..packet.len())?.copy_from_slice(packet);
        return Some((packet.len(), FRAME_MS - at % FRAME_MS));
    }
    let ms = most_ms.min(length_ms(clip) - at);
    let (from, length) = ((at * BYTES_PER_MS) as usize, (ms * BYTES_PER_MS) as usize);
    let coded = if codec == Codec::G722 { clip.g722() } else { clip.alaw() };
    let room = payload.get_mut(..length)?;
    room.copy_from_slice(coded.get(from..from + length)?);
    if codec == Codec::Pcmu {
        transcode(Law::A, Law::Mu, room);
    }
    Some((length, ms))
}

impl Rounds {
    /// Whether there is another; it begins.
    fn next_round(&mut self) -> bool {
        match self {
            Self::Endless => true,
            Self::More(0) => false,
            Self::More(more) => {
                *more -= 1;
                true
            }
        }
    }
}

impl Music {
    /// Frames of 20 ms in all tunes.
    fn frames(&self) -> usize {
        self.tunes.iter().map(|tune| tune.frames()).sum()
    }

    /// What all hear at that moment: a tune, and how far it is.
    fn place(&self, now: Instant) -> (usize, Place) {
        let frames = self.frames().max(1) as u64;
        let mut frame = (now.micros() / 1000 / u64::from(FRAME_MS) % frames) as usize;
        for (number, tune) in self.tunes.iter().enumerate() {
            if frame < tune.frames() {
                return (number, frame as u32 * FRAME_MS);
            }
            frame -= tune.frames();
        }
        (0, 0)
    }

    /// The tune that follows; `None` when all are empty.
    fn after(&self, tune: usize) -> Option<usize> {
        let count = self.tunes.len();
        (1..=count).map(|step| (tune + step) % count).find(|next| self.tunes.get(*next).is_some_and(|t| t.frames() > 0))
    }
}

fn length_ms(clip: &Clip) -> u32 {
    u32::try_from(clip.frames()).unwrap_or(u32::MAX / FRAME_MS).saturating_mul(FRAME_MS)
}

/// Of G.711 and of G.722 at 64 kbit/s.
const BYTES_PER_MS: u32 = FRAME_BYTES as u32 / FRAME_MS;

#[cfg(test)]
mod tests;
