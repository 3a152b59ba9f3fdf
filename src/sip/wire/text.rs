//! The small grammar that all header values share: tokens, quoted strings, escapes, lists. RFC 3261 §25.1.

use std::fmt;

/// Whether `byte` may stand in a token.
pub(super) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether `text` is a token.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Cuts `text` at the first `separator` outside of quoted strings and angle brackets.
pub(super) fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    if find(text.as_bytes(), separator).is_none() {
        return (text, None);
    }
    let (mut quoted, mut angled, mut escaped) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !angled => quoted = !quoted,
            _ if quoted => {}
            b'<' => angled = true,
            b'>' => angled = false,
            _ if byte == separator && !angled => {
                let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
                return (head, tail.get(1..));
            }
            _ => {}
        }
    }
    (text, None)
}

/// Where `byte` is first. By blocks that the compiler compares at once: this is most of what a reader does.
pub(super) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let blocks =
        bytes.chunks_exact(BLOCK).take_while(|block| !block.iter().fold(false, |hit, own| hit | (*own == byte)));
    let start = blocks.count() * BLOCK;
    bytes.get(start..)?.iter().position(|own| *own == byte).map(|at| start + at)
}

/// The values of a comma separated field, trimmed; empty ones are left out.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        loop {
            let (head, tail) = cut(rest?, b',');
            rest = tail;
            let head = trim(head);
            if !head.is_empty() {
                return Some(head);
            }
        }
    })
}

/// Without spaces and tabs at both ends. Unfolding has left no line ends.
pub(super) fn trim(text: &str) -> &str {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let bytes = text.as_bytes();
    let Some(start) = bytes.iter().position(|byte| !blank(byte)) else { return "" };
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or("")
}

/// The inside of the quoted string that `text` begins with, still escaped, and what follows. `None` when it has no end.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

/// Takes the backslashes out of the inside of a quoted string.
pub(super) fn unquote(inner: &str) -> String {
    if find(inner.as_bytes(), b'\\').is_none() {
        return inner.to_owned();
    }
    let mut chars = inner.chars();
    std::iter::from_fn(|| chars.next().and_then(|char| if char == '\\' { chars.next() } else { Some(char) })).collect()
}

/// Writes `text` as a quoted string. Line ends become spaces: no text may begin a header field.
pub(super) fn quote(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        match char {
            '\r' | '\n' => f.write_char(' ')?,
            '"' | '\\' => write!(f, "\\{char}")?,
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}' => write!(f, "\\{char}")?,
            _ => f.write_char(char)?,
        }
    }
    f.write_char('"')
}

/// Bytes as text: UTF-8, or else Latin-1.
pub(super) fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// Undoes `%HH`. A percent sign that begins no escape stands for itself; bytes that are not UTF-8 are read as Latin-1.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        match (byte, ahead.next().and_then(hex), ahead.next().and_then(hex)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    decode(&bytes)
}

/// Writes `text` with `%HH` for every byte that is neither unreserved (RFC 3261 §25.1) nor in `also`.
pub(super) fn escape(f: &mut impl fmt::Write, text: &str, also: &[u8]) -> fmt::Result {
    for byte in text.bytes() {
        if is_unreserved(byte) || also.contains(&byte) {
            f.write_char(char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

/// Digits only; `None` for anything else and for what does not fit.
pub(super) fn decimal(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0u32, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Writes a value of ours or a peer's on one line.
pub(super) fn one_line(out: &mut Vec<u8>, text: &str) {
    if find(text.as_bytes(), b'\n').or_else(|| find(text.as_bytes(), b'\r')).is_some() {
        out.extend(text.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Whether `byte` may always stand unescaped in a URI.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// The value of a hexadecimal digit.
const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Bytes in one step of [`find`].
const BLOCK: usize = 16;
