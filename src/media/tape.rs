//! What is heard in a call on its way to the recorder. The media thread only copies packets: a [`Tape`] collects them in
//! [`Block`]s, and another thread puts them in order and decodes them in a [`Reel`]. Knows no file and no thread.

mod line;
mod reel;

pub use reel::{FRAME_MS, FRAME_SAMPLES, HORIZON, Reel};

use crate::base::{Duration, Instant, RecordingId};
use crate::codec::Codec;
use crate::rtp;

/// Whose sound. A recording is stereo, with one party on each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The caller's.
    Left,
    /// The answering side's.
    Right,
}

/// What happens to a recording as the call moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// From here on nothing is recorded, and no time passes in the recording.
    Pause,
    /// Goes on after a pause.
    Resume,
    /// Nothing comes any more.
    End,
}

/// Collects what is heard, on the media thread. One for each recording that goes on.
#[derive(Debug)]
pub struct Tape {
    recording: RecordingId,
    /// Written and not taken yet.
    bytes: Vec<u8>,
    /// When the oldest entry of `bytes` was heard.
    since: Option<Instant>,
    paused: bool,
    ended: bool,
    missed: u64,
}

impl Tape {
    /// An empty tape that runs.
    pub fn new(recording: RecordingId) -> Self {
        Self { recording, bytes: Vec::new(), since: None, paused: false, ended: false, missed: 0 }
    }

    /// Notes a packet of sound that was heard at `now`, after SRTP and latching. Does nothing while the tape is paused or
    /// after its end; a packet that finds [`BLOCK_MOST`] bytes waiting is left out and counted.
    pub fn heard(&mut self, now: Instant, side: Side, codec: Codec, header: &rtp::Header, payload: &[u8]) {
        let Ok(length) = u16::try_from(payload.len()) else { return };
        if self.paused || self.ended {
            return;
        }
        if self.bytes.len() + PACKET_BYTES + payload.len() > BLOCK_MOST {
            self.missed += 1;
            return;
        }
        self.begin(now);
        self.put(now, Kind::packet(side));
        self.bytes.push(code(codec));
        self.bytes.extend_from_slice(&header.sequence.to_le_bytes());
        self.bytes.extend_from_slice(&header.timestamp.to_le_bytes());
        self.bytes.extend_from_slice(&header.ssrc.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(payload);
    }

    /// Notes that the recording pauses, goes on or ends. After the end nothing is noted.
    pub fn mark(&mut self, now: Instant, what: Mark) {
        if self.ended {
            return;
        }
        self.begin(now);
        self.put(now, Kind::Mark(what));
        match what {
            Mark::Pause => self.paused = true,
            Mark::Resume => self.paused = false,
            Mark::End => self.ended = true,
        }
    }

    /// A block that is full, older than [`BLOCK_AGE`], or the last one. Call it after [`Self::heard`], after
    /// [`Self::mark`], and at [`Self::poll_timeout`].
    pub fn take(&mut self, now: Instant) -> Option<Block> {
        let since = self.since?;
        let full = self.bytes.len() >= BLOCK_BYTES - ROOM;
        if !full && !self.ended && now < since + BLOCK_AGE {
            return None;
        }
        self.since = None;
        let bytes = std::mem::take(&mut self.bytes);
        Some(Block { recording: self.recording, bytes, is_last: self.ended, missed: std::mem::take(&mut self.missed) })
    }

    /// When [`Self::take`] has something, if nothing is heard until then.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let since = self.since?;
        Some(if self.ended { since } else { since + BLOCK_AGE })
    }

    /// Every block begins with how the tape stands: one that is lost on its way can then not turn a pause into sound.
    fn begin(&mut self, now: Instant) {
        if self.since.is_none() {
            self.since = Some(now);
            self.bytes.reserve(BLOCK_BYTES);
            self.put(now, Kind::Mark(if self.paused { Mark::Pause } else { Mark::Resume }));
        }
    }

    fn put(&mut self, now: Instant, kind: Kind) {
        self.bytes.extend_from_slice(&now.micros().to_le_bytes());
        self.bytes.push(kind.byte());
    }
}

/// A stretch of tape on its way to the recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Of which recording.
    pub recording: RecordingId,
    bytes: Vec<u8>,
    is_last: bool,
    missed: u64,
}

impl Block {
    /// What is on it, in the order of time.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || read(&mut rest))
    }

    /// Nothing comes after it: losing it would leave a recording open.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// Packets that were left out behind the block before, as nobody took this one.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// One thing on a tape.
#[expect(missing_docs, reason = "the fields are those of an RTP header, and what `Tape::heard` was given")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A packet was heard.
    Packet { at: Instant, side: Side, codec: Codec, sequence: u16, timestamp: u32, ssrc: u32, payload: &'a [u8] },
    /// The recording paused, went on or ended; the same may be said again.
    Mark { at: Instant, mark: Mark },
}

#[derive(Clone, Copy)]
enum Kind {
    Left,
    Right,
    Mark(Mark),
}

impl Kind {
    fn packet(side: Side) -> Self {
        match side {
            Side::Left => Self::Left,
            Side::Right => Self::Right,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Left => 0,
            Self::Right => 1,
            Self::Mark(Mark::Pause) => 2,
            Self::Mark(Mark::Resume) => 3,
            Self::Mark(Mark::End) => 4,
        }
    }
}

/// The next entry; `None` at the end.
fn read<'a>(rest: &mut &'a [u8]) -> Option<Entry<'a>> {
    let at = Instant::from_micros(u64::from_le_bytes(cut(rest)?));
    let [kind] = cut(rest)?;
    let side = match kind {
        0 => Side::Left,
        1 => Side::Right,
        2 => return Some(Entry::Mark { at, mark: Mark::Pause }),
        3 => return Some(Entry::Mark { at, mark: Mark::Resume }),
        _ => return Some(Entry::Mark { at, mark: Mark::End }),
    };
    let [codec] = cut(rest)?;
    let codec = Codec::ALL.into_iter().find(|known| code(*known) == codec)?;
    let sequence = u16::from_le_bytes(cut(rest)?);
    let timestamp = u32::from_le_bytes(cut(rest)?);
    let ssrc = u32::from_le_bytes(cut(rest)?);
    let length = usize::from(u16::from_le_bytes(cut(rest)?));
    let (payload, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Entry::Packet { at, side, codec, sequence, timestamp, ssrc, payload })
}

fn cut<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

fn code(codec: Codec) -> u8 {
    match codec {
        Codec::Pcma => 0,
        Codec::Pcmu => 1,
        Codec::G722 => 2,
        Codec::Opus => 3,
    }
}

/// The longest that an entry waits for company.
pub const BLOCK_AGE: Duration = Duration::from_millis(200);
/// Room of a block; 200 ms of two sides in G.711 take half of it. Bytes.
const BLOCK_BYTES: usize = 8 * 1024;
/// What a packet may need: a block with less room left is full. Bytes.
const ROOM: usize = 1536;
/// Most bytes that wait when nobody takes them.
pub const BLOCK_MOST: usize = 64 * 1024;
/// What a packet needs besides its payload, and the mark at a block's head. Bytes.
const PACKET_BYTES: usize = 9 + 13 + 9;

#[cfg(test)]
mod tests;
