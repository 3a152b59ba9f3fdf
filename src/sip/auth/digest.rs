//! The arithmetic of RFC 7616 §3.4 and the grammar of challenges and credentials (RFC 3261 §25.1).

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

/// What we can compute, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    Md5,
    Md5Sess,
    Sha256,
    Sha256Sess,
}

impl Algorithm {
    /// By its name in a challenge; an absent name is MD5 (RFC 7616 §3.3). `None`: not ours to compute.
    pub(super) fn named(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Self::Md5) };
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess]
            .into_iter()
            .find(|a| a.name().eq_ignore_ascii_case(name))
    }

    /// As in a header field.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
        }
    }

    const fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }

    /// The hash, in hexadecimal, of `parts` joined by colons.
    fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hexadecimal(&joined::<Md5>(parts)),
            Self::Sha256 | Self::Sha256Sess => hexadecimal(&joined::<Sha256>(parts)),
        }
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The protection that a challenge asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qop {
    /// As RFC 2069: no counter.
    Absent,
    Auth,
    AuthInt,
}

impl Qop {
    /// As in a header field; `None` for the old form.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Absent => None,
            Self::Auth => Some("auth"),
            Self::AuthInt => Some("auth-int"),
        }
    }
}

/// All that goes into a response.
#[derive(Clone, Copy)]
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) username: &'a str,
    pub(super) realm: &'a str,
    pub(super) password: &'a str,
    pub(super) nonce: &'a str,
    pub(super) cnonce: &'a str,
    /// Eight hexadecimal digits, as they stand in the header field.
    pub(super) nc: &'a str,
    pub(super) qop: Qop,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

impl Proof<'_> {
    /// RFC 7616 §3.4.1, in hexadecimal.
    pub(super) fn response(&self) -> String {
        let hash = |parts: &[&str]| {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            self.algorithm.hash(&parts)
        };
        let mut a1 = hash(&[self.username, self.realm, self.password]);
        if self.algorithm.is_session() {
            a1 = hash(&[&a1, self.nonce, self.cnonce]);
        }
        let a2 = match self.qop {
            Qop::AuthInt => hash(&[self.method, self.uri, &self.algorithm.hash(&[self.body])]),
            Qop::Auth | Qop::Absent => hash(&[self.method, self.uri]),
        };
        match self.qop.name() {
            None => hash(&[&a1, self.nonce, &a2]),
            Some(qop) => hash(&[&a1, self.nonce, self.nc, self.cnonce, qop, &a2]),
        }
    }
}

/// The parameters of one `Digest …` value; names in lower case, values unquoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Reads every Digest value of a header field. Fields are meant to hold one each, but some servers put several
    /// behind commas; values of other schemes are passed over.
    pub(super) fn read_all(text: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut ours = false;
        for piece in split_outside_quotes(text) {
            let mut piece = piece.trim();
            if let Some((scheme, rest)) = piece.split_once(char::is_whitespace)
                && !scheme.contains('=')
                && !rest.trim_start().starts_with('=')
            {
                ours = scheme.eq_ignore_ascii_case("digest");
                if ours {
                    found.push(Self::default());
                }
                piece = rest.trim();
            }
            if let (true, Some(fields), Some((name, value))) = (ours, found.last_mut(), piece.split_once('=')) {
                fields.0.push((name.trim().to_ascii_lowercase(), unquoted(value.trim())));
            }
        }
        found
    }
}

/// `text` cut at its commas, but not at those inside quotes.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                pieces.push(text.get(start..index).unwrap_or_default());
                start = index + 1;
            }
            _ => {}
        }
    }
    pieces.push(text.get(start..).unwrap_or_default());
    pieces
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let (mut text, mut escaped) = (String::with_capacity(inner.len()), false);
    for letter in inner.chars() {
        if letter == '\\' && !escaped {
            escaped = true;
        } else {
            text.push(letter);
            escaped = false;
        }
    }
    text
}

/// `value` with quotes around it.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for letter in value.chars() {
        if matches!(letter, '"' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push('"');
    text
}
