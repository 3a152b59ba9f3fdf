//! The address of a network card, by which a telephone is known.

use std::fmt;
use std::str::FromStr;

/// Six bytes. Displays as the office file spells it: `80:5e:c0:12:34:56`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// `None` for the address of nobody and for those of many (IEEE 802: the lowest bit of the first byte).
    pub fn of(bytes: [u8; 6]) -> Option<Self> {
        let [first, ..] = bytes;
        (bytes != [0; 6] && first & 1 == 0).then_some(Self(bytes))
    }

    /// `805ec0123456`, as most telephones name their files.
    pub fn plain(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// `805EC0123456`.
    pub fn upper(self) -> String {
        self.plain().to_ascii_uppercase()
    }

    /// The vendor's part: IEEE's OUI.
    pub const fn prefix(self) -> [u8; 3] {
        let [a, b, c, ..] = self.0;
        [a, b, c]
    }

    /// Twelve hexadecimal digits in either case, with or without `:`, `-` or `.` between them; `None` for anything else, and for
    /// what [`of`](Self::of) refuses.
    pub fn read(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b':' | b'-' | b'.')).collect();
        if digits.len() != 12 || text.len() > 17 {
            return None;
        }
        let mut bytes = [0; 6];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Self::of(bytes)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

impl FromStr for Mac {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::read(text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_read_however_it_is_written() {
        for text in ["80:5e:c0:12:34:56", "805EC0123456", "80-5E-c0-12-34-56", "805e.c012.3456"] {
            let mac = Mac::read(text).unwrap();
            assert_eq!((mac.to_string().as_str(), mac.plain().as_str()), ("80:5e:c0:12:34:56", "805ec0123456"));
            assert_eq!(mac.upper(), "805EC0123456");
        }
        for text in ["", "805ec012345", "805ec01234567", "805ec012345g", "000000000000", "01005e00fb01", "ffffffffffff"]
        {
            assert_eq!(Mac::read(text), None, "{text}");
        }
        assert_eq!(Mac::read("8:0:5:e:c:0:1:2:3:4:5:6"), None);
        assert_eq!(Mac::read("ФФФФФФ"), None);
    }
}
