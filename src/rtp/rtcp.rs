//! RTCP: RFC 3550 §6. Reads compound packets without trusting a length in them, and writes our own: a report, the
//! canonical name, and at the end a goodbye. Extended reports and feedback are stepped over.

use crate::base::{Duration, Instant};

/// What a receiver says about one source: RFC 3550 §6.4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Whom it is about.
    pub ssrc: u32,
    /// Lost since the report before, of 256.
    pub fraction_lost: u8,
    /// Lost in all; negative when packets were doubled. 24 bits.
    pub lost: i32,
    /// Highest sequence number, with the count of wraps above it.
    pub newest: u32,
    /// In ticks of the RTP clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report that was heard; 0 for none.
    pub last_report: u32,
    /// Since then, in units of 1/65536 s.
    pub delay: u32,
}

/// What a sender says about itself: RFC 3550 §6.4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Seconds in the upper half, fractions in the lower.
    pub ntp: u64,
    /// The same moment on the RTP clock.
    pub timestamp: u32,
    /// Since the start of the stream.
    pub packets: u32,
    /// Of payload, since the start of the stream.
    pub bytes: u32,
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Packet<'a> {
    /// SR, or RR when `sent` is absent.
    Report {
        /// Who reports.
        ssrc: u32,
        /// The sender's part of an SR.
        sent: Option<Sent>,
        /// About those that it hears.
        blocks: Blocks<'a>,
    },
    /// BYE: the first source that leaves; 0 when it names none.
    Goodbye {
        /// Who leaves.
        ssrc: u32,
    },
    /// SDES, APP, XR, feedback: not read.
    Other {
        /// The packet type.
        kind: u8,
    },
}

/// Report blocks, read as they are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let (block, rest) = self.0.split_first_chunk::<BLOCK_BYTES>()?;
        self.0 = rest;
        let mut words = block.chunks_exact(4).map(word);
        let mut next = || words.next().unwrap_or(0);
        let ssrc = next();
        let loss = next();
        Some(Block {
            ssrc,
            fraction_lost: loss.to_be_bytes()[0],
            lost: (loss << 8) as i32 >> 8, // 24 bits with their sign
            newest: next(),
            jitter: next(),
            last_report: next(),
            delay: next(),
        })
    }
}

/// Reads a compound packet. `None` unless it is one by appendix A.2: version 2 throughout, a report first, and lengths
/// that add up to the datagram's.
pub fn read(bytes: &[u8]) -> Option<Reader<'_>> {
    let first = *bytes.get(1)?;
    if bytes.len() > super::MAX_PACKET_BYTES || !matches!(first, SENDER_REPORT | RECEIVER_REPORT) {
        return None;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = split(rest)?.1;
    }
    Some(Reader(bytes))
}

/// The packets of a compound, in their order.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Iterator for Reader<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let (packet, rest) = split(self.0)?;
        self.0 = rest;
        let count = usize::from(packet.first()? & 0x1f);
        let kind = *packet.get(1)?;
        let body = packet.get(4..)?;
        let ssrc = body.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let blocks = |from: usize| {
            let all = body.get(from..).unwrap_or_default();
            Blocks(all.get(..count * BLOCK_BYTES).unwrap_or(all))
        };
        Some(match kind {
            SENDER_REPORT => match sent(body) {
                Some(sent) => Packet::Report { ssrc, sent: Some(sent), blocks: blocks(24) },
                None => Packet::Other { kind },
            },
            RECEIVER_REPORT => Packet::Report { ssrc, sent: None, blocks: blocks(4) },
            GOODBYE => Packet::Goodbye { ssrc },
            _ => Packet::Other { kind },
        })
    }
}

/// The first packet of a compound and what follows it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [flags, _, l0, l1] = *bytes.first_chunk()?;
    let length = 4 * (usize::from(u16::from_be_bytes([l0, l1])) + 1);
    (flags >> 6 == 2).then_some(())?;
    bytes.split_at_checked(length)
}

fn sent(body: &[u8]) -> Option<Sent> {
    let fields = body.get(4..24)?;
    let mut words = fields.chunks_exact(4).map(word);
    let mut next = || words.next().unwrap_or(0);
    let ntp = u64::from(next()) << 32 | u64::from(next());
    Some(Sent { ntp, timestamp: next(), packets: next(), bytes: next() })
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte))
}

/// One compound packet of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    /// Ours.
    pub ssrc: u32,
    /// Makes it an SR; absent when nothing was sent since the last two reports.
    pub sent: Option<Sent>,
    /// About the peer.
    pub block: Option<Block>,
    /// The canonical name: RFC 7022. At most 255 bytes; what is over is cut.
    pub name: &'a str,
    /// Whether we leave.
    pub goodbye: bool,
}

impl Compound<'_> {
    /// Writes the compound into `into` and returns its length. 400 bytes always suffice; with fewer it is cut to nothing: 0.
    pub fn write(&self, into: &mut [u8]) -> usize {
        let mut out = Out { into, at: 0, full: false };
        let kind = if self.sent.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        let words = 1 + if self.sent.is_some() { 5 } else { 0 } + if self.block.is_some() { 6 } else { 0 };
        out.head(u8::from(self.block.is_some()), kind, words);
        out.word(self.ssrc);
        if let Some(sent) = self.sent {
            out.put(&sent.ntp.to_be_bytes());
            out.words(&[sent.timestamp, sent.packets, sent.bytes]);
        }
        if let Some(block) = self.block {
            let loss = (u32::from(block.fraction_lost) << 24) | (block.lost as u32 & 0xff_ffff);
            out.words(&[block.ssrc, loss, block.newest, block.jitter, block.last_report, block.delay]);
        }
        self.write_name(&mut out);
        if self.goodbye {
            out.head(1, GOODBYE, 1);
            out.word(self.ssrc);
        }
        if out.full { 0 } else { out.at }
    }

    /// SDES with CNAME only: RFC 3550 §6.5.1. The item list ends with at least one zero, up to a whole word.
    fn write_name(&self, out: &mut Out<'_>) {
        let name = self.name.as_bytes();
        let name = name.get(..255).unwrap_or(name);
        let chunk = (2 + name.len()) / 4 + 1;
        out.head(1, SOURCE_DESCRIPTION, 1 + chunk);
        out.word(self.ssrc);
        out.put(&[CNAME, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
        out.put(name);
        out.put([0; 4].get(..4 * chunk - 2 - name.len()).unwrap_or_default());
    }
}

struct Out<'a> {
    into: &'a mut [u8],
    at: usize,
    full: bool,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) {
        match self.into.get_mut(self.at..self.at + bytes.len()) {
            Some(room) => room.copy_from_slice(bytes),
            None => self.full = true,
        }
        self.at += bytes.len();
    }

    fn word(&mut self, word: u32) {
        self.put(&word.to_be_bytes());
    }

    fn words(&mut self, words: &[u32]) {
        for &word in words {
            self.word(word);
        }
    }

    /// The head of a packet with `words` words behind it.
    fn head(&mut self, count: u8, kind: u8, words: usize) {
        self.put(&[0x80 | count & 0x1f, kind]);
        self.put(&u16::try_from(words).unwrap_or(u16::MAX).to_be_bytes());
    }
}

/// The NTP time that our reports carry: of a monotonic clock, as RFC 3550 §6.4.1 allows a sender that does not tell
/// the calendar's. Starts above zero, since a zero in a block means that no report was heard.
pub fn ntp(now: Instant) -> u64 {
    let micros = now.micros();
    let seconds = micros / 1_000_000 + 3600;
    (seconds << 32) | (((micros % 1_000_000) << 32) / 1_000_000)
}

/// The middle 32 bits of an NTP time: units of 1/65536 s.
pub fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32 // the cut is the meaning
}

/// A span in units of 1/65536 s.
pub fn units(span: Duration) -> u32 {
    u32::try_from(span.as_micros() * 65_536 / 1_000_000).unwrap_or(u32::MAX)
}

/// The round trip that a block about us proves, in milliseconds: RFC 3550 §6.4.1. `None` when it tells none, or one
/// that cannot be.
pub fn round_trip_ms(now: Instant, block: &Block) -> Option<f32> {
    if block.last_report == 0 {
        return None;
    }
    let since = middle(ntp(now)).wrapping_sub(block.last_report);
    let trip = since.checked_sub(block.delay)?;
    (trip < LONGEST_TRIP).then_some(trip as f32 * 1000.0 / 65_536.0)
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const CNAME: u8 = 1;
const BLOCK_BYTES: usize = 24;
/// Ten seconds, in units of 1/65536 s: more is a lie or another clock.
const LONGEST_TRIP: u32 = 10 * 65_536;

#[cfg(test)]
mod tests;
