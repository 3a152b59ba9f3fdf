//! Which packets came: roll-over counters and replay windows (RFC 3711 §3.3.1, §3.3.2, appendix A) of a few sources.

/// A packet against those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    /// Seen, or so old that it can't be told.
    Old,
}

/// A replay window over the 128 newest indexes.
#[derive(Debug, Default)]
pub(super) struct Window {
    newest: Option<u64>,
    /// Bit 0 is the newest's.
    seen: u128,
}

impl Window {
    /// The index that a sequence number stands for: the nearest one to the newest so far. Without one the roll-over counter
    /// is 0. `None` when it would lie before the first of all.
    pub(super) fn estimate(&self, sequence: u16) -> Option<u64> {
        let Some(newest) = self.newest else { return Some(sequence.into()) };
        let ahead = sequence.wrapping_sub(newest as u16) as i16; // RFC 1982: ahead or behind
        newest.checked_add_signed(ahead.into())
    }

    pub(super) fn judge(&self, index: u64) -> Verdict {
        let Some(newest) = self.newest else { return Verdict::New };
        let unseen = match newest.checked_sub(index) {
            None => true,
            Some(behind) => behind < u64::from(u128::BITS) && self.seen >> behind & 1 == 0,
        };
        if unseen { Verdict::New } else { Verdict::Old }
    }

    /// Notes an index; only of a packet that was verified, or anyone could move the window.
    pub(super) fn accept(&mut self, index: u64) {
        let newest = self.newest.unwrap_or(index);
        let moved = |by: u64| u32::try_from(by).unwrap_or(u32::MAX);
        if index >= newest {
            self.seen = self.seen.checked_shl(moved(index - newest)).unwrap_or(0) | 1;
            self.newest = Some(index);
        } else {
            self.seen |= 1u128.checked_shl(moved(newest - index)).unwrap_or(0);
        }
    }

    /// The index after the newest. The first is 1, as with all others that send SRTCP, though RFC 3711 §3.4 has 0.
    pub(super) fn next(&self) -> u64 {
        self.newest.unwrap_or(0) + 1
    }
}

/// What is known of one source.
#[derive(Debug)]
pub(super) struct Stream {
    ssrc: u32,
    pub(super) rtp: Window,
    pub(super) control: Window,
}

/// The sources under one key, the one heard last first.
#[derive(Debug, Default)]
pub(super) struct Streams([Option<Stream>; MOST_STREAMS]);

impl Streams {
    /// A source that was verified before.
    pub(super) fn find(&mut self, ssrc: u32) -> Option<&mut Stream> {
        self.0.iter_mut().flatten().find(|stream| stream.ssrc == ssrc)
    }

    /// The source, perhaps new; `None` when there is no room for another.
    pub(super) fn find_or_add(&mut self, ssrc: u32) -> Option<&mut Stream> {
        let known = |place: &Option<Stream>| place.as_ref().is_some_and(|stream| stream.ssrc == ssrc);
        let at = self.0.iter().position(known).or_else(|| self.0.iter().position(Option::is_none))?;
        Some(self.0.get_mut(at)?.get_or_insert_with(|| Stream::new(ssrc)))
    }

    /// The source, perhaps new in place of the one that was silent longest.
    pub(super) fn find_or_replace(&mut self, ssrc: u32) -> &mut Stream {
        let at = self.0.iter().position(|place| place.as_ref().is_some_and(|stream| stream.ssrc == ssrc));
        let upto = at.unwrap_or(MOST_STREAMS - 1);
        if let Some(recent) = self.0.get_mut(..=upto) {
            recent.rotate_right(1);
        }
        let [first, ..] = &mut self.0;
        if at.is_none() {
            *first = None;
        }
        first.get_or_insert_with(|| Stream::new(ssrc))
    }
}

impl Stream {
    fn new(ssrc: u32) -> Self {
        Self { ssrc, rtp: Window::default(), control: Window::default() }
    }
}

/// Sources under one key: a phone that begins anew a few times within a call.
const MOST_STREAMS: usize = 4;
