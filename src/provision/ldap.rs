//! LDAP v3 (RFC 4511), as much of it as a telephone needs that looks for a colleague: sign in, search, sign out. Bytes in, bytes out.
//!
//! BER is read and written by `lber`, the half of the LDAP client that signs people in. It works by recursion and trusts lengths, so
//! each message is walked through before, without recursion: none is longer than [`LONGEST`], nothing in it lies deeper than
//! [`DEEPEST`], and nothing sticks out of what it is in. Who does not sign in is told nothing.

use bytes::BytesMut;
use lber::common::TagClass;
use lber::structure::{PL, StructureTag};

use super::Mac;
use super::directory::{Directory, Filter, Found, NAMES, Scope, Search, mac_of_user};

/// A connection of a telephone.
#[derive(Debug, Default)]
pub struct Session {
    buffer: Vec<u8>,
    bound: Option<Mac>,
    /// Refused in a row.
    refused: u32,
    is_over: bool,
}

impl Session {
    /// Takes what has come.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the connection is to be closed, once all answers are sent.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Who has signed in.
    pub const fn bound(&self) -> Option<Mac> {
        self.bound
    }

    /// Answers the next whole message; `None`: more must come, or nothing more will. `may` judges who signs in, by MAC and password.
    pub fn answer(&mut self, directory: &Directory, may: impl FnOnce(Mac, &str) -> bool) -> Option<Vec<u8>> {
        if self.is_over {
            return None;
        }
        let message = match self.take() {
            Ok(message) => message?,
            Err(Broken) => {
                self.is_over = true;
                return Some(disconnection());
            }
        };
        let Some(Message { id, op, critical }) = Message::read(&message) else {
            self.is_over = true;
            return Some(disconnection());
        };
        let result = |tag: u64, code: u8, text: &str| message_of(id, result(tag, code, text));
        match op {
            Op::Unbind => {
                self.is_over = true;
                Some(Vec::new())
            }
            Op::Abandon => Some(Vec::new()),
            Op::Bind(bind) => {
                let code = self.bind(bind, may);
                self.is_over = self.is_over || self.refused >= REFUSALS;
                Some(result(BIND + 1, code, if code == SUCCESS { "" } else { "sign in as a telephone of this office" }))
            }
            _ if self.bound.is_none() => Some(result(op.answer(), NO_RIGHT, "sign in first")),
            _ if critical => Some(result(op.answer(), NO_SUCH_EXTENSION, "")),
            Op::Search(search, shown) => Some(found(id, directory, &search, &shown)),
            Op::Mistaken(_) => Some(result(op.answer(), PROTOCOL_ERROR, "")),
            Op::Other(_) => Some(result(op.answer(), UNWILLING, "this directory is only read")),
        }
    }

    /// RFC 4511 §4.2: whoever fails is nobody afterwards.
    fn bind(&mut self, bind: Bind, may: impl FnOnce(Mac, &str) -> bool) -> u8 {
        self.bound = None;
        self.refused += 1;
        let password = match bind {
            Bind { version, .. } if version != 3 => return PROTOCOL_ERROR,
            Bind { password: None, .. } => return NO_SUCH_METHOD,
            // RFC 4513 §5.1.1 and §5.1.2
            Bind { password: Some(password), name, .. } if password.is_empty() || name.is_empty() => {
                return NOT_ANONYMOUS;
            }
            Bind { password: Some(password), .. } => password,
        };
        match mac_of_user(&bind.name).filter(|mac| may(*mac, &password)) {
            Some(mac) => {
                self.bound = Some(mac);
                self.refused = 0;
                SUCCESS
            }
            None => WRONG,
        }
    }

    /// The next whole message.
    fn take(&mut self) -> Result<Option<StructureTag>, Broken> {
        // nothing but a SEQUENCE begins a message: whoever speaks another language need not end its sentence
        if self.buffer.first().is_some_and(|first| *first != 0x30) {
            return Err(Broken);
        }
        let Some(header) = Header::read(&self.buffer)? else { return Ok(None) };
        let length = header.size + header.content;
        if length > LONGEST {
            return Err(Broken);
        }
        if self.buffer.len() < length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(length);
        let message = std::mem::replace(&mut self.buffer, rest);
        if !is_sound(&message) {
            return Err(Broken);
        }
        match lber::parse::parse_tag(&message) {
            Ok((_, tag)) => Ok(Some(tag)),
            Err(_) => Err(Broken),
        }
    }
}

/// What can't be understood: the connection ends.
#[derive(Debug, PartialEq, Eq)]
struct Broken;

/// The head of an element: X.690 §8.1, with the definite lengths that RFC 4511 §5.1 wants and tags of one byte.
struct Header {
    is_constructed: bool,
    /// Its own bytes.
    size: usize,
    /// Those that follow.
    content: usize,
}

impl Header {
    /// `None`: more must come.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        let [tag, length, rest @ ..] = bytes else { return Ok(None) };
        let is_constructed = tag & 0x20 != 0;
        if tag & 0x1f == 0x1f {
            return Err(Broken);
        }
        if *length < 0x80 {
            return Ok(Some(Self { is_constructed, size: 2, content: usize::from(*length) }));
        }
        let count = usize::from(*length & 0x7f);
        if !(1..=4).contains(&count) {
            return Err(Broken);
        }
        let Some(digits) = rest.get(..count) else { return Ok(None) };
        let content = digits.iter().fold(0_usize, |so_far, byte| (so_far << 8) | usize::from(*byte));
        Ok(Some(Self { is_constructed, size: 2 + count, content }))
    }
}

/// Whether everything in a message ends where it should, and nothing lies too deep.
fn is_sound(message: &[u8]) -> bool {
    let mut ends = vec![message.len()];
    let mut at = 0;
    while at < message.len() {
        while ends.last() == Some(&at) {
            ends.pop();
        }
        let (Some(rest), Some(end)) = (message.get(at..), ends.last()) else { return false };
        let Ok(Some(header)) = Header::read(rest) else { return false };
        let start = at + header.size;
        let own = start.saturating_add(header.content);
        if own > *end || ends.len() > DEEPEST {
            return false;
        }
        if header.is_constructed {
            ends.push(own);
            at = start;
        } else {
            at = own;
        }
    }
    true
}

struct Message {
    id: u32,
    op: Op,
    /// It has a control that must not be passed over: RFC 4511 §4.1.11. We know none.
    critical: bool,
}

enum Op {
    Bind(Bind),
    Unbind,
    Abandon,
    Search(Search, Shown),
    /// One of ours by its tag, but not by its content.
    Mistaken(u64),
    /// What is refused, by its tag.
    Other(u64),
}

struct Bind {
    version: u32,
    name: String,
    /// `None`: another way than a simple password.
    password: Option<String>,
}

/// What of an entry is wanted.
struct Shown {
    /// As they were spelled; none: all.
    names: Vec<String>,
    types_only: bool,
}

impl Op {
    /// The tag of its answer: RFC 4511 §4.2 to §4.12.
    const fn answer(&self) -> u64 {
        match self {
            Self::Bind(_) | Self::Unbind | Self::Abandon => BIND + 1,
            Self::Search(..) => SEARCH_DONE,
            Self::Mistaken(tag) | Self::Other(tag) => match *tag {
                SEARCH => SEARCH_DONE,
                EXTENDED => EXTENDED + 1,
                tag => tag + 1,
            },
        }
    }
}

impl Message {
    /// `None`: no message of LDAP at all.
    fn read(tag: &StructureTag) -> Option<Self> {
        let [id, op, rest @ ..] = inside(tag, TagClass::Universal, SEQUENCE)? else { return None };
        let id = number(id)?;
        let critical = rest.iter().any(has_critical);
        if op.class != TagClass::Application {
            return None;
        }
        let op = match op.id {
            BIND => Op::Bind(Bind::read(op)?),
            UNBIND => Op::Unbind,
            ABANDON => Op::Abandon,
            SEARCH => read_search(op).map_or(Op::Mistaken(SEARCH), |(search, shown)| Op::Search(search, shown)),
            // modify, add, delete, rename, compare
            6 | 8 | 10 | 12 | 14 => Op::Other(op.id),
            EXTENDED => Op::Mistaken(EXTENDED),
            _ => return None,
        };
        Some(Self { id, op, critical })
    }
}

impl Bind {
    fn read(op: &StructureTag) -> Option<Self> {
        let [version, name, way] = parts(op)? else { return None };
        let is_simple = way.class == TagClass::Context && way.id == 0;
        let password = if is_simple { Some(text(way)?) } else { None };
        Some(Self { version: number(version)?, name: text(name)?, password })
    }
}

fn has_critical(controls: &StructureTag) -> bool {
    let all = if controls.class == TagClass::Context && controls.id == 0 { parts(controls) } else { None };
    let is_critical = |control: &StructureTag| {
        let flags = parts(control).into_iter().flatten().filter(|part| part.id == BOOLEAN);
        flags.into_iter().any(is_true)
    };
    all.into_iter().flatten().any(is_critical)
}

/// RFC 4511 §4.5.1.
fn read_search(op: &StructureTag) -> Option<(Search, Shown)> {
    let [base, scope, _, most, _, types_only, filter, names] = parts(op)? else { return None };
    let scope = match number(scope)? {
        0 => Scope::Base,
        1 => Scope::OneLevel,
        2 => Scope::Subtree,
        _ => return None,
    };
    let most = usize::try_from(number(most)?).ok()?;
    let names = parts(names)?.iter().map(text).collect::<Option<Vec<String>>>()?;
    let shown = Shown { names, types_only: is_true(types_only) };
    Some((Search { base: text(base)?, scope, filter: read_filter(filter)?, most }, shown))
}

/// RFC 4511 §4.5.1.7. No deeper than a message may be.
fn read_filter(filter: &StructureTag) -> Option<Filter> {
    if filter.class != TagClass::Context {
        return None;
    }
    let pair = || {
        let [name, value] = parts(filter)? else { return None };
        Some((text(name)?, text(value)?))
    };
    let many = || parts(filter)?.iter().map(read_filter).collect::<Option<Vec<Filter>>>();
    Some(match filter.id {
        0 => Filter::And(many()?),
        1 => Filter::Or(many()?),
        2 => {
            let [other] = parts(filter)? else { return None };
            Filter::Not(Box::new(read_filter(other)?))
        }
        // that which is like it is the same here
        3 | 8 => pair().map(|(name, value)| Filter::Equal(name, value))?,
        4 => read_substrings(filter)?,
        5 => pair().map(|(name, value)| Filter::AtLeast(name, value))?,
        6 => pair().map(|(name, value)| Filter::AtMost(name, value))?,
        7 => Filter::Present(text(filter)?),
        9 => Filter::Unknown,
        _ => return None,
    })
}

fn read_substrings(filter: &StructureTag) -> Option<Filter> {
    let [name, pieces] = parts(filter)? else { return None };
    let (mut first, mut middle, mut last) = (String::new(), Vec::new(), String::new());
    for piece in parts(pieces)? {
        match piece.id {
            0 => first = text(piece)?,
            1 => middle.push(text(piece)?),
            2 => last = text(piece)?,
            _ => return None,
        }
    }
    let pieces = [first].into_iter().chain(middle).chain([last]).collect();
    Some(Filter::Substrings(text(name)?, pieces))
}

fn inside(tag: &StructureTag, class: TagClass, id: u64) -> Option<&[StructureTag]> {
    if tag.class == class && tag.id == id { parts(tag) } else { None }
}

fn parts(tag: &StructureTag) -> Option<&[StructureTag]> {
    match &tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

fn content(tag: &StructureTag) -> Option<&[u8]> {
    match &tag.payload {
        PL::P(content) => Some(content),
        PL::C(_) => None,
    }
}

/// What is no UTF-8 finds nothing, and is no reason to hang up.
fn text(tag: &StructureTag) -> Option<String> {
    Some(String::from_utf8_lossy(content(tag)?).into_owned())
}

/// RFC 4511 §4.1.1: 0 to 2³¹-1.
fn number(tag: &StructureTag) -> Option<u32> {
    let content = content(tag)?;
    if content.is_empty() || content.len() > 4 || content.first().is_some_and(|first| *first >= 0x80) {
        return None;
    }
    Some(content.iter().fold(0, |so_far, byte| (so_far << 8) | u32::from(*byte)))
}

fn is_true(tag: &StructureTag) -> bool {
    content(tag).is_some_and(|content| content.iter().any(|byte| *byte != 0))
}

/// What a search has found: each entry in a message of its own, then how it ended.
fn found(id: u32, directory: &Directory, search: &Search, shown: &Shown) -> Vec<u8> {
    let (entries, code) = match directory.search(search) {
        Found::NoSuchObject => (Vec::new(), NO_SUCH_OBJECT),
        Found::Entries { entries, is_cut } => (entries, if is_cut { TOO_MANY } else { SUCCESS }),
    };
    let is_all = shown.names.is_empty() || shown.names.iter().any(|name| name == "*");
    let is_shown = |name: &str| is_all || shown.names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    let mut out = Vec::new();
    for entry in entries {
        let mut attributes = Vec::new();
        for (name, values) in entry.attributes().filter(|(name, _)| NAMES.contains(name) && is_shown(name)) {
            let values = values.filter(|_| !shown.types_only).map(octets).collect();
            attributes.push(sequence(vec![octets(name), tag(TagClass::Universal, SET, PL::C(values))]));
        }
        let entry = PL::C(vec![octets(&entry.dn), sequence(attributes)]);
        out.extend(message_of(id, tag(TagClass::Application, SEARCH_ENTRY, entry)));
    }
    out.extend(message_of(id, result(SEARCH_DONE, code, "")));
    out
}

/// RFC 4511 §4.4.1: why the connection ends.
fn disconnection() -> Vec<u8> {
    let StructureTag { class, id, payload } = result(EXTENDED + 1, PROTOCOL_ERROR, "");
    let mut parts = match payload {
        PL::C(parts) => parts,
        PL::P(_) => Vec::new(),
    };
    parts.push(tag(TagClass::Context, 10, PL::P(DISCONNECTION.into())));
    message_of(0, StructureTag { class, id, payload: PL::C(parts) })
}

/// RFC 4511 §4.1.9.
fn result(id: u64, code: u8, text: &str) -> StructureTag {
    let code = tag(TagClass::Universal, ENUMERATED, PL::P(vec![code]));
    tag(TagClass::Application, id, PL::C(vec![code, octets(""), octets(text)]))
}

fn message_of(id: u32, op: StructureTag) -> Vec<u8> {
    // X.690 §8.3: as few bytes as hold it with its sign, and an id is below 2³¹
    let digits = id.to_be_bytes();
    let skip = digits.windows(2).take_while(|pair| matches!(pair, [0, next] if *next < 0x80)).count();
    let id = tag(TagClass::Universal, INTEGER, PL::P(digits.into_iter().skip(skip).collect()));
    let mut out = BytesMut::new();
    // it writes into memory
    let _ = lber::write::encode_into(&mut out, sequence(vec![id, op]));
    out.to_vec()
}

const fn tag(class: TagClass, id: u64, payload: PL) -> StructureTag {
    StructureTag { class, id, payload }
}

fn sequence(parts: Vec<StructureTag>) -> StructureTag {
    tag(TagClass::Universal, SEQUENCE, PL::C(parts))
}

fn octets(text: &str) -> StructureTag {
    tag(TagClass::Universal, OCTETS, PL::P(text.as_bytes().to_vec()))
}

/// The longest message. Bytes.
pub const LONGEST: usize = 8_192;
/// How deep a message may be: a filter of a telephone has three or four levels.
pub const DEEPEST: usize = 24;
/// Attempts to sign in on one connection.
const REFUSALS: u32 = 3;
/// RFC 4511 §4.4.1.
const DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

// X.690 §8
const BOOLEAN: u64 = 1;
const INTEGER: u64 = 2;
const OCTETS: u64 = 4;
const ENUMERATED: u64 = 10;
const SEQUENCE: u64 = 16;
const SET: u64 = 17;

// RFC 4511 §4.2 to §4.12; an answer's tag is the question's and one
const BIND: u64 = 0;
const UNBIND: u64 = 2;
const SEARCH: u64 = 3;
const SEARCH_ENTRY: u64 = 4;
const SEARCH_DONE: u64 = 5;
const ABANDON: u64 = 16;
const EXTENDED: u64 = 23;

// RFC 4511 §4.1.9
const SUCCESS: u8 = 0;
const PROTOCOL_ERROR: u8 = 2;
const TOO_MANY: u8 = 4;
const NO_SUCH_METHOD: u8 = 7;
const NO_SUCH_EXTENSION: u8 = 12;
const NO_SUCH_OBJECT: u8 = 32;
const NOT_ANONYMOUS: u8 = 48;
const WRONG: u8 = 49;
const NO_RIGHT: u8 = 50;
const UNWILLING: u8 = 53;

#[cfg(test)]
mod tests;
