//! SIP over TCP: a header field that proves somebody may begin in one segment and end in the next. So each direction's bytes since the
//! beginning of the present message are remembered, and a segment is covered as the end of them. Where the beginning was not seen
//! (the capture began in the middle, a segment was lost) everything up to the next message is covered.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::io::signalling::{begins_message, cover_all, cover_in_place};

/// One direction of a connection.
pub(super) type Way = (SocketAddr, SocketAddr);

/// All directions that are followed.
#[derive(Debug, Default)]
pub(super) struct Streams {
    by_way: HashMap<Way, Stream>,
    turn: u64,
}

#[derive(Debug, Default)]
struct Stream {
    /// The sequence number of the first byte of `text`.
    start: u32,
    /// What came since the beginning of the present message, as it came.
    text: Vec<u8>,
    /// A message began at the first byte of `text`.
    is_known: bool,
    used: u64,
}

impl Streams {
    /// Covers the secrets of a segment.
    pub(super) fn cover(&mut self, way: Way, sequence: u32, payload: &mut [u8]) {
        if payload.is_empty() {
            return;
        }
        self.turn += 1;
        if !self.by_way.contains_key(&way) && self.by_way.len() >= MOST {
            let oldest = self.by_way.iter().min_by_key(|(_, stream)| stream.used).map(|(way, _)| *way);
            oldest.and_then(|way| self.by_way.remove(&way));
        }
        let stream = self.by_way.entry(way).or_default();
        stream.used = self.turn;
        stream.cover(sequence, payload);
    }
}

impl Stream {
    fn cover(&mut self, sequence: u32, payload: &mut [u8]) {
        let offset = sequence.wrapping_sub(self.start);
        let offset = match usize::try_from(offset).ok().filter(|offset| *offset <= self.text.len()) {
            Some(offset) if !self.text.is_empty() => offset,
            _ if !self.text.is_empty() && is_before(sequence, self.start) => return cover_unknown(payload),
            _ => {
                *self = Self { start: sequence, text: Vec::new(), is_known: false, used: self.used };
                0
            }
        };
        let end = offset + payload.len();
        if self.text.len() < end {
            self.text.resize(end, 0);
        }
        if let Some(place) = self.text.get_mut(offset..end) {
            place.copy_from_slice(payload);
        }
        let mut covered = self.text.clone();
        let known_from = if self.is_known { Some(0) } else { beginnings(&self.text).next() };
        let (unknown, known) = covered.split_at_mut(known_from.unwrap_or(self.text.len()));
        cover_all(unknown);
        cover_in_place(known);
        if let Some(place) = covered.get(offset..end) {
            payload.copy_from_slice(place);
        }
        self.forget(known_from.is_some());
    }

    /// What is before the last message tells nothing of what comes.
    fn forget(&mut self, is_known: bool) {
        self.is_known = is_known;
        let from = match beginnings(&self.text).last() {
            Some(from) => from,
            // the line that is not whole yet may be the one
            None if !is_known => self.text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
            None => 0,
        };
        if self.text.len() - from > LONGEST {
            *self = Self { used: self.used, ..Self::default() };
            return;
        }
        self.text.drain(..from);
        self.start = self.start.wrapping_add(u32::try_from(from).unwrap_or(0));
        // a stream of which nothing is kept would be taken for a new one
        if self.text.is_empty() {
            self.is_known = false;
        }
    }
}

/// A segment that was there before, or is so late that nobody knows what it continues.
fn cover_unknown(payload: &mut [u8]) {
    let from = beginnings(payload).next().unwrap_or(payload.len());
    let (unknown, known) = payload.split_at_mut(from);
    cover_all(unknown);
    cover_in_place(known);
}

/// Where whole lines stand that begin messages.
fn beginnings(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    text.split_inclusive(|byte| *byte == b'\n').filter_map(move |line| {
        let from = at;
        at += line.len();
        let content = String::from_utf8_lossy(line);
        let is_whole = line.ends_with(b"\n");
        (is_whole && begins_message(content.trim_end_matches(['\r', '\n']))).then_some(from)
    })
}

/// Sequence numbers go round: RFC 9293 §3.4.
fn is_before(one: u32, other: u32) -> bool {
    other.wrapping_sub(one) < 1 << 31
}

/// Directions that are followed at a time; the one that was quiet longest goes.
const MOST: usize = 256;
/// The longest message that is followed. Bytes.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "REGISTER sip:box SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9\r\nAuthorization: Digest username=\"201\", \
        response=\"0123456789abcdef\", uri=\"sip:box\"\r\nContent-Length: 0\r\n\r\n";

    fn way() -> Way {
        ("192.0.2.9:40000".parse().unwrap(), "192.0.2.1:5060".parse().unwrap())
    }

    fn whole(pieces: &[(u32, &str)]) -> Vec<String> {
        let mut streams = Streams::default();
        pieces
            .iter()
            .map(|(sequence, piece)| {
                let mut bytes = piece.as_bytes().to_vec();
                streams.cover(way(), *sequence, &mut bytes);
                assert_eq!(bytes.len(), piece.len());
                String::from_utf8(bytes).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_secret_is_covered_wherever_the_segment_ends() {
        let expected = MESSAGE.replace("0123456789abcdef", "****************");
        for cut in 1..MESSAGE.len() {
            let (one, two) = MESSAGE.split_at(cut);
            // from just before the numbers go round
            let first = u32::MAX - 10;
            let told = whole(&[(first, one), (first.wrapping_add(u32::try_from(cut).unwrap()), two)]).concat();
            // a first line that is not whole yet is no message yet
            let line = MESSAGE.find('\n').unwrap() + 1;
            if cut >= line {
                assert_eq!(told, expected, "cut at {cut}");
            } else {
                assert_eq!(told[cut..], expected[cut..], "cut at {cut}");
            }
            assert!(!told.contains("0123") && !told.contains("cdef"), "cut at {cut}: {told}");
        }
    }

    #[test]
    fn what_nobody_saw_the_beginning_of_is_covered_up_to_the_next_message() {
        let told = whole(&[(1, "789abcdef\", uri=\"sip:box\"\r\n\r\nSIP/2.0 200 OK\r\nCall-ID: a\r\n\r\n")]);
        assert_eq!(told, ["*********\"* ****\"*******\"\r\n\r\nSIP/2.0 200 OK\r\nCall-ID: a\r\n\r\n"]);
        let head = &MESSAGE[..100];
        let lost = whole(&[(1, head), (200, "abcdef\"\r\nContent-Length: 0\r\n\r\n")]);
        assert_eq!(lost[1], "******\"\r\n*************** *\r\n\r\n");
    }

    #[test]
    fn a_segment_that_comes_again_is_covered_again() {
        let (one, two) = MESSAGE.split_at(120);
        let told = whole(&[(1, one), (121, two), (1, one), (121, two)]);
        assert_eq!(told[1], told[3]);
        assert!(!told.concat().contains("cdef"), "{told:?}");
    }

    #[test]
    fn messages_follow_each_other_and_digits_are_covered_too() {
        let info = "INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\nContent-Length: 22\r\n\r\nSignal=5\r\nDuration=160";
        let both = format!("{info}{MESSAGE}");
        let told = whole(&[(1, &both[..90]), (91, &both[90..])]).concat();
        assert!(told.contains("Signal=*\r\nDuration=160REGISTER sip:box SIP/2.0\r\n"), "{told}");
        assert!(!told.contains("0123"), "{told}");
    }
}
