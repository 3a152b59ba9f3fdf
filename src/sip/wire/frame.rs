//! Messages out of a stream: RFC 3261 §18.3, keep-alives RFC 5626 §3.5.1.

use super::lines::{Lines, field, value};
use super::parse::{Length, refuse_stream};
use super::text::find;
use super::{FrameError, Name, ParseError};
use crate::base::limits;

/// What a stream consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of one message, for [`parse`](super::parse).
    Message(Vec<u8>),
    /// CRLF CRLF: answer with one CRLF.
    KeepAlive,
}

/// Cuts one connection's bytes into messages. Holds at most what was pushed and not yet taken; take all frames with
/// [`next`](Self::next) after each [`push`](Self::push) and that is one message and one read.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the next frame begins.
    start: usize,
    /// How far its head was looked through for the end.
    scanned: usize,
    /// How long it is, once its head is complete.
    length: Option<usize>,
    /// After an error nothing in the stream can be trusted.
    broken: bool,
}

impl Framer {
    /// For a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing waits for its rest.
    pub fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }

    /// Takes what was read from the connection.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the next message's end can't be told: Content-Length is missing, no number, negative or over the limit, or
    /// the head has no end within it. Said once; send the reply and close. What follows is not read.
    #[expect(clippy::should_implement_trait, reason = "the end of the items is not the end of the stream")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let pending = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(length) = self.length {
                let Some(message) = pending.get(..length) else { return Ok(None) };
                let message = message.to_vec();
                self.consume(length);
                return Ok(Some(Frame::Message(message)));
            }
            match pending {
                [] => return Ok(None),
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.consume(4);
                    return Ok(Some(Frame::KeepAlive));
                }
                _ if b"\r\n\r\n".starts_with(pending) => return Ok(None),
                [b'\r' | b'\n', ..] => self.consume(1),
                _ => match head_end(pending, self.scanned) {
                    Ok(end) => self.length = Some(self.message_length(end)?),
                    Err(scanned) if pending.len() <= limits::SIP_MESSAGE_BYTES => {
                        self.scanned = scanned;
                        return Ok(None);
                    }
                    Err(_) => return Err(self.fail(ParseError::TooLong, pending.len())),
                },
            }
        }
    }

    /// Reads Content-Length out of the head that ends at `end`.
    fn message_length(&mut self, end: usize) -> Result<usize, FrameError> {
        let head = self.buffer.get(self.start..).and_then(|pending| pending.get(..end)).unwrap_or_default();
        match content_length(head) {
            Ok(length) if end + length <= limits::SIP_MESSAGE_BYTES => Ok(end + length),
            Ok(_) => Err(self.fail(ParseError::ContentLength, end)),
            Err(why) => Err(self.fail(why, end)),
        }
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.scanned = 0;
        self.length = None;
    }

    /// Gives up the stream. `head` is how much of the pending bytes belongs to the message at fault.
    fn fail(&mut self, why: ParseError, head: usize) -> FrameError {
        let pending = self.buffer.get(self.start..).unwrap_or_default();
        let refused = refuse_stream(why, pending.get(..head).unwrap_or_default());
        *self = Self { broken: true, ..Self::default() };
        FrameError { why: refused.why, reply: refused.reply }
    }
}

/// The end of the head that `bytes` begin with, its blank line included; else how far there is no need to look again.
fn head_end(bytes: &[u8], scanned: usize) -> Result<usize, usize> {
    let mut from = scanned;
    while let Some(feed) = bytes.get(from..).and_then(|rest| find(rest, b'\n')) {
        let after = from + feed + 1;
        match bytes.get(after..).unwrap_or_default() {
            [b'\n', ..] => return Ok(after + 1),
            [b'\r', b'\n', ..] => return Ok(after + 2),
            [] | [b'\r'] => return Err(after - 1),
            _ => from = after,
        }
    }
    Err(bytes.len())
}

fn content_length(head: &[u8]) -> Result<usize, ParseError> {
    let mut length = Length::default();
    for (name, raw) in Lines::new(head).skip(1).filter_map(field) {
        if name.eq_ignore_ascii_case("l") || name.eq_ignore_ascii_case("Content-Length") {
            length.add(&value(raw).ok_or(ParseError::ContentLength)?)?;
        }
    }
    length.0.ok_or(ParseError::Missing(Name::ContentLength))
}
