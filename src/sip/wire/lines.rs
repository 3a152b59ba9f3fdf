//! The lines of a message's head: RFC 3261 §7.3.1. A line that begins with a space or a tab continues the one before.

use super::text::{decode, find};

/// Hands out one line at a time, with its continuations, without its end; stops at the blank line.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, ended: false }
    }

    /// What follows the blank line; `None` before it was met, or when there is none.
    pub(super) fn body(&self) -> Option<&'a [u8]> {
        self.ended.then_some(self.rest)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.ended {
            return None;
        }
        let mut end = 0;
        loop {
            let Some(length) = line_length(self.rest.get(end..)?) else {
                // No line end: a head that was cut off. What is left of it is no line.
                self.rest = &[];
                return None;
            };
            end += length;
            let (line, rest) = self.rest.split_at_checked(end)?;
            let line = without_end(line);
            if line.is_empty() {
                self.rest = rest;
                self.ended = true;
                return None;
            }
            if !matches!(rest.first(), Some(b' ' | b'\t')) {
                self.rest = rest;
                return Some(line);
            }
        }
    }
}

/// Takes `bytes` apart at the first colon: name and value. `None` when this is no header field.
pub(super) fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = find(line, b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    // Trailing spaces only: one before the name would be a fold.
    let name = std::str::from_utf8(blanks_trimmed(name)).ok()?;
    Some((name, value.get(1..)?))
}

/// A value as text: unfolded, trimmed; `None` when a carriage return stands inside a line, which some reader would take
/// for its end.
pub(super) fn value(raw: &[u8]) -> Option<String> {
    if find(raw, b'\n').is_none() {
        return if find(raw, b'\r').is_some() { None } else { Some(decode(blanks_trimmed(raw))) };
    }
    let mut joined = Vec::with_capacity(raw.len());
    for part in raw.split(|byte| *byte == b'\n') {
        let part = part.strip_suffix(b"\r").unwrap_or(part);
        if find(part, b'\r').is_some() {
            return None;
        }
        let part = blanks_trimmed(part);
        if !part.is_empty() && !joined.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(part);
    }
    Some(decode(&joined))
}

fn blanks_trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Up to and with the line feed.
fn line_length(bytes: &[u8]) -> Option<usize> {
    find(bytes, b'\n').map(|at| at + 1)
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
