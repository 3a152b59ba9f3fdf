//! Files by TFTP, to read only: RFC 1350 with the options of RFC 2347, 2348 (block size) and 2349 (timeout, size). One
//! [`Transfer`] is one file on its way to one telephone. What may be read is the ledger's affair.

use std::collections::VecDeque;

use crate::base::{Duration, Instant};

/// A read request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// The file's name, as it came.
    pub file: String,
    mode: Mode,
    block: usize,
    timeout: Duration,
    /// What is granted, as it goes into the acknowledgement of options, and whether the file's size goes with it.
    granted: Vec<(&'static str, String)>,
    wants_size: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Octet,
    /// Lines end in CR LF: RFC 764.
    Netascii,
}

/// Why there is no file: RFC 1350, appendix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The one refusal, whatever the reason.
    NotFound,
    /// Nobody writes here.
    ReadOnly,
    /// Too many at a time.
    Busy,
    /// No request that can be understood.
    Illegal,
}

impl Refusal {
    /// As on the wire.
    pub fn to_bytes(self) -> Vec<u8> {
        let (code, text): (u8, &str) = match self {
            Self::NotFound => (1, "File not found"),
            Self::ReadOnly => (2, "Access violation"),
            Self::Busy => (0, "Try again later"),
            Self::Illegal => (4, "Illegal operation"),
        };
        [&[0, ERROR, 0, code], text.as_bytes(), &[0]].concat()
    }
}

impl ReadRequest {
    /// Reads what came to the port of TFTP. `None` inside: it is no request, and is not answered.
    ///
    /// # Errors
    /// What to answer; `None`: nothing, as an answer to an error or to noise would begin an exchange of them.
    pub fn read(bytes: &[u8]) -> Result<Self, Option<Refusal>> {
        match bytes.first_chunk() {
            Some([0, READ]) if bytes.len() <= LONGEST => {}
            Some([0, READ]) => return Err(Some(Refusal::Illegal)),
            Some([0, WRITE]) => return Err(Some(Refusal::ReadOnly)),
            _ => return Err(None),
        }
        let rest = bytes.get(2..).unwrap_or_default().strip_suffix(&[0]).ok_or(Some(Refusal::Illegal))?;
        let mut words = rest.split(|byte| *byte == 0).map(|word| std::str::from_utf8(word).ok());
        let mut word = || words.next().flatten();
        let file = word().filter(|file| !file.is_empty()).ok_or(Some(Refusal::Illegal))?.to_owned();
        let mode = match word().unwrap_or_default().to_ascii_lowercase().as_str() {
            "octet" => Mode::Octet,
            "netascii" => Mode::Netascii,
            _ => return Err(Some(Refusal::Illegal)),
        };
        let (block, timeout) = (BLOCK, TIMEOUT);
        let mut request = Self { file, mode, block, timeout, granted: Vec::new(), wants_size: false };
        while let (Some(name), Some(value)) = (word(), word()) {
            request.grant(&name.to_ascii_lowercase(), value);
        }
        Ok(request)
    }

    /// RFC 2347: an option that is not known, or whose value does not fit, is passed over.
    fn grant(&mut self, name: &str, value: &str) {
        let number = value.parse::<usize>().ok();
        match (name, number) {
            ("blksize", Some(wanted @ 8..=65464)) if !self.has("blksize") => {
                // no more than fits in one frame: what is cut in pieces gets lost
                self.block = wanted.min(LARGEST_BLOCK);
                self.granted.push(("blksize", self.block.to_string()));
            }
            ("timeout", Some(seconds @ 1..=255)) if !self.has("timeout") => {
                self.timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(1)).min(LONGEST_TIMEOUT);
                self.granted.push(("timeout", seconds.to_string()));
            }
            ("tsize", Some(0)) => self.wants_size = true,
            _ => {}
        }
    }

    fn has(&self, name: &str) -> bool {
        self.granted.iter().any(|(known, _)| *known == name)
    }
}

/// A file on its way.
#[derive(Debug)]
pub struct Transfer {
    data: Vec<u8>,
    block: usize,
    timeout: Duration,
    /// The packet that was sent last, and waits for its acknowledgement.
    last: Vec<u8>,
    /// Blocks that were acknowledged; the acknowledgement of options counts as none.
    done: usize,
    state: State,
    again_at: Instant,
    left: u32,
    outputs: VecDeque<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Options are acknowledged by block 0.
    Options,
    Sending,
    Over,
}

impl Transfer {
    /// Begins to send a file.
    pub fn new(now: Instant, request: &ReadRequest, data: Vec<u8>) -> Self {
        let data = if request.mode == Mode::Netascii { netascii(&data) } else { data };
        let mut options = request.granted.clone();
        if request.wants_size {
            options.push(("tsize", data.len().to_string()));
        }
        let mut transfer = Self {
            data,
            block: request.block,
            timeout: request.timeout,
            last: Vec::new(),
            done: 0,
            state: State::Sending,
            again_at: now,
            left: 0,
            outputs: VecDeque::new(),
        };
        if options.is_empty() {
            transfer.send_block(now);
        } else {
            let mut packet = vec![0, OPTIONS];
            for (name, value) in options {
                packet.extend([name.as_bytes(), &[0], value.as_bytes(), &[0]].concat());
            }
            transfer.state = State::Options;
            transfer.send(now, packet);
        }
        transfer
    }

    /// A packet of the one who reads.
    pub fn handle_packet(&mut self, now: Instant, bytes: &[u8]) {
        match (self.state, bytes) {
            (State::Over, _) => {}
            (_, [0, ERROR, ..]) => self.state = State::Over,
            (State::Options, [0, ACK, 0, 0]) => {
                self.state = State::Sending;
                self.send_block(now);
            }
            (State::Sending, [0, ACK, high, low]) if u16::from_be_bytes([*high, *low]) == self.number() => {
                let was_last = self.last.len() < self.block + 4;
                self.done += 1;
                if was_last {
                    self.state = State::Over;
                } else {
                    self.send_block(now);
                }
            }
            // an acknowledgement that came twice is no reason to send twice: RFC 1123 §4.2.3.1
            _ => {}
        }
    }

    /// [`Self::poll_timeout`] is over: the last packet goes again, some times.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Over || now < self.again_at {
            return;
        }
        match self.left.checked_sub(1) {
            None => self.state = State::Over,
            Some(left) => {
                let packet = std::mem::take(&mut self.last);
                self.send(now, packet);
                self.left = left;
            }
        }
    }

    /// The next packet to send.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due; `None`: it is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        (self.state != State::Over).then_some(self.again_at)
    }

    /// The number of the block on its way; after 65535 comes 0, as everybody counts.
    fn number(&self) -> u16 {
        u16::try_from((self.done + 1) & 0xffff).unwrap_or(0)
    }

    fn send_block(&mut self, now: Instant) {
        let from = self.done.saturating_mul(self.block).min(self.data.len());
        let to = from.saturating_add(self.block).min(self.data.len());
        let mut packet = vec![0, DATA];
        packet.extend(self.number().to_be_bytes());
        packet.extend(self.data.get(from..to).unwrap_or_default());
        self.send(now, packet);
    }

    fn send(&mut self, now: Instant, packet: Vec<u8>) {
        self.outputs.push_back(packet.clone());
        self.last = packet;
        self.again_at = now + self.timeout;
        self.left = RESENDS;
    }
}

/// RFC 764: LF is CR LF, CR alone is CR NUL.
fn netascii(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    for byte in data {
        match byte {
            b'\n' => out.extend(b"\r\n"),
            b'\r' => out.extend(b"\r\0"),
            other => out.push(*other),
        }
    }
    out
}

const READ: u8 = 1;
const WRITE: u8 = 2;
const DATA: u8 = 3;
const ACK: u8 = 4;
const ERROR: u8 = 5;
const OPTIONS: u8 = 6;
/// RFC 1350. Bytes.
const BLOCK: usize = 512;
/// An Ethernet frame without the heads of IP, UDP and TFTP. Bytes.
const LARGEST_BLOCK: usize = 1_468;
/// The longest request: RFC 2347.
const LONGEST: usize = 512;
/// After which a packet goes again.
const TIMEOUT: Duration = Duration::from_secs(1);
/// However long the other side would wait.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);
/// So often a packet goes again.
const RESENDS: u32 = 4;

#[cfg(test)]
mod tests;
