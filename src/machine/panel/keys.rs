//! Keys as terminals send them: ASCII, and escape sequences of which none is needed.

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter, digit or sign of ASCII, or the space.
    Char(char),
    /// Return.
    Enter,
    /// Escape alone, or ^C: away from here.
    Back,
    /// Backspace.
    Erase,
    /// ^L: draw everything anew.
    Redraw,
    /// An arrow and the like.
    Other,
}

/// The keys in what was read at once. An escape sequence that was cut in two is an escape and some letters.
pub fn keys(mut bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    while let [first, rest @ ..] = bytes {
        bytes = rest;
        keys.push(match (first, rest) {
            (0x1b, [b'[' | b'O', rest @ ..]) => {
                // to the letter at its end: ECMA-48 §5.4
                let length =
                    rest.iter().position(|byte| (0x40..=0x7e).contains(byte)).map_or(rest.len(), |end| end + 1);
                bytes = rest.get(length..).unwrap_or_default();
                Key::Other
            }
            (0x1b | 0x03, _) => Key::Back,
            // a terminal that sends CR LF means one return
            (b'\r', [b'\n', rest @ ..]) => {
                bytes = rest;
                Key::Enter
            }
            (b'\r' | b'\n', _) => Key::Enter,
            (0x08 | 0x7f, _) => Key::Erase,
            (0x0c, _) => Key::Redraw,
            (0x20..=0x7e, _) => Key::Char(char::from(*first)),
            _ => Key::Other,
        });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_terminal_are_understood() {
        use Key::{Back, Char, Enter, Erase, Other, Redraw};
        assert_eq!(keys(b"1a \r"), [Char('1'), Char('a'), Char(' '), Enter]);
        assert_eq!(keys(b"\r\n\n\x7f\x08\x0c"), [Enter, Enter, Erase, Erase, Redraw]);
        assert_eq!(keys(b"\x1b[A\x1bOP\x1b[15~2"), [Other, Other, Other, Char('2')]);
        assert_eq!(keys(b"\x1b\x03"), [Back, Back]);
        assert_eq!(keys("ж".as_bytes()), [Other, Other]);
        assert_eq!(keys(b"\x1b["), [Other]);
    }
}
