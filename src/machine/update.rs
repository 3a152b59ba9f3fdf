//! An update file: lines that a person can read, signed as a whole, then the bytes of a system slot. The lines hold a SHA-256 for each
//! block of the slot, so that a reader proves the lines once, and then each block before it hands it out.
//!
//! ```text
//! dozvon-update v1
//! product: dozvon-x86_64
//! version: 1.4.2
//! format: 1
//! built: 1795651200
//! size: 25165824
//! block: 65536
//! notes_ru: Быстрее запуск, исправлен перевод звонка
//! notes_en: Starts faster, transfers are mended
//! key: vendor-1
//! 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08      one a block, small hexadecimal digits
//! signature: BASE64
//! ```
//!
//! Signed (Ed25519, RFC 8032) are all bytes before `signature:`. Each line ends with one LF; after the last one come the slot's bytes, `size`
//! of them, and nothing else.

mod words;

use std::cmp::Ordering;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_io::{Error as _, ErrorKind, Read};
use sha2::{Digest, Sha256};

use crate::trust::{SecretKey, SignatureError, Trusted, is_key_name};

/// Of a block, but the last one. Bytes.
pub const BLOCK: usize = 64 * 1024;
/// A system slot: no update has more. Bytes.
pub const LARGEST: u64 = 96 * 1024 * 1024;
/// The header of the longest update: what must be read before anything is known. Bytes.
pub const LONGEST_HEADER: usize = 16_384 + (LARGEST as usize / BLOCK) * 65;
/// What the data partition holds is of this format; a slot that would take an older one for its own must not start.
pub const DATA_FORMAT: u32 = 1;
/// What the image is made for.
pub const PRODUCT: &str = "dozvon-x86_64";

const HEAD: &str = "dozvon-update v1";
const FAMILY: &str = "dozvon-update ";
/// Of one line. Bytes.
const LONGEST_LINE: usize = 4_096;
/// Of what is told of a version in one language. Bytes.
const LONGEST_NOTES: usize = 2_000;
const LONGEST_PRODUCT: usize = 64;

/// `1.4.2`, or `1.5.0-rc1`, which comes before `1.5.0`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    text: String,
    numbers: [u32; 4],
    /// After the `-`; `None` is later than any.
    before: Option<String>,
}

/// What a system slot says of itself, in `/etc/dozvon/release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Of the image.
    pub version: Version,
    /// Of the data that it works with.
    pub format: u32,
    /// What machines it is for.
    pub product: String,
    /// When it was made, seconds since 1970. No clock is right that is before it.
    pub built: u64,
}

/// What an update brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// What will run.
    pub release: Release,
    /// What is new, in Russian; may be empty.
    pub notes_ru: String,
    /// What is new, in English; may be empty.
    pub notes_en: String,
}

/// The header of an update file whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it brings.
    pub contents: Contents,
    /// Bytes of the slot, 1 to [`LARGEST`].
    pub size: u64,
    /// The key that signed it.
    pub key: String,
    /// Of each block.
    hashes: Vec<[u8; 32]>,
    /// Bytes of the header itself.
    length: usize,
}

/// What is wrong with an update file. Its [`Display`](fmt::Display) is English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// It can't be read.
    #[error("the update file can't be read: {0:?}")]
    Read(ErrorKind),
    /// Something else.
    #[error("this is no update file of Dozvon")]
    NoUpdate,
    /// Of a later Dozvon.
    #[error("this update file has a form that this version of Dozvon does not know: an update in between is needed")]
    OtherForm,
    /// A line is missing, or another stands in its place.
    #[error("the update file is damaged: line {line} must be `{name}`")]
    Line {
        /// From 1.
        line: usize,
        /// What belongs there.
        name: &'static str,
    },
    /// A value can't be.
    #[error("the update file is damaged: `{name}` in line {line} is not right")]
    Value {
        /// From 1.
        line: usize,
        /// Of which line.
        name: &'static str,
    },
    /// Signed by somebody else, or changed since.
    #[error("the signature of the update is wrong: the file was changed, or it was not made by the vendor")]
    Signature,
    /// By a key that this build doesn't know.
    #[error("the update is signed with the key `{0}`, which this version of Dozvon does not trust")]
    UnknownKey(String),
    /// It ends too early.
    #[error("the update file is not whole: it ends too early, get it anew")]
    Truncated,
    /// A block is not what was signed.
    #[error("the update file is damaged: block {number} is not what was signed, get the file anew")]
    Block {
        /// From 0.
        number: usize,
    },
    /// There is more after its end.
    #[error("the update file is damaged: there is something after its end, get it anew")]
    More,
}

/// Why an update that is whole and genuine is of no use here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// For other machines.
    #[error("this update is for {theirs}, and this box is {ours}")]
    OtherProduct {
        /// What it is for.
        theirs: String,
        /// What this is.
        ours: String,
    },
    /// It would not understand what is on the disk.
    #[error("version {version} is too old for the data of this box: it would not understand them")]
    OlderFormat {
        /// What it brings.
        version: String,
    },
    /// Older than what runs, and nobody said that this is meant.
    #[error("version {version} is older than {running}, which runs; going back must be asked for")]
    Older {
        /// What it brings.
        version: String,
        /// What runs.
        running: String,
    },
}

impl Version {
    /// One to four numbers with dots between; then at will `-` and small letters, digits and dots.
    pub fn parse(text: &str) -> Option<Self> {
        let (counted, before) = text.split_once('-').map_or((text, None), |(counted, before)| (counted, Some(before)));
        let mut numbers = [0; 4];
        let mut places = numbers.iter_mut();
        for part in counted.split('.') {
            *places.next()? = number(part)?;
        }
        let is_word = |word: &str| {
            (1..=16).contains(&word.len())
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.')
        };
        let fits = before.is_none_or(is_word);
        fits.then(|| Self { text: text.to_owned(), numbers, before: before.map(str::to_owned) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let before = match (&self.before, &other.before) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(two)) => one.cmp(two),
        };
        Some(self.numbers.cmp(&other.numbers).then(before))
    }
}

impl Release {
    /// Reads `/etc/dozvon/release`: lines `name=value`; others than those of the fields are of no concern.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map(|value| value.trim().trim_matches('"'))
        };
        Some(Self {
            version: Version::parse(value("version")?)?,
            format: number(value("format")?)?,
            product: value("product").filter(|product| is_product(product))?.to_owned(),
            built: number(value("built")?)?,
        })
    }
}

impl Contents {
    /// The header of an update file: signed, to be followed by the slot's `size` bytes, whose blocks have these hashes.
    ///
    /// # Errors
    /// Names what no header can hold.
    pub fn sign(&self, size: u64, hashes: &[[u8; 32]], key: &SecretKey) -> Result<Vec<u8>, UpdateError> {
        let Self { release: Release { version, format, product, built }, notes_ru, notes_en } = self;
        let mut text = format!(
            "{HEAD}\nproduct: {product}\nversion: {version}\nformat: {format}\nbuilt: {built}\nsize: {size}\nblock: {BLOCK}\n\
             notes_ru: {notes_ru}\nnotes_en: {notes_en}\nkey: {}\n",
            key.name()
        );
        for hash in hashes {
            for byte in hash {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
        let signature = STANDARD.encode(key.sign(text.as_bytes()));
        let _ = writeln!(text, "signature: {signature}");
        // Whatever it refuses would be refused on each box.
        Header::read(&mut Source::new(text.as_bytes()), &Trusted::new([key.public()]))?;
        Ok(text.into_bytes())
    }
}

/// The size of a slot's image, and the hashes of its blocks.
///
/// # Errors
/// When it can't be read, is empty or larger than a slot.
pub fn measure(image: impl Read) -> Result<(u64, Vec<[u8; 32]>), UpdateError> {
    let mut source = Source::new(image);
    let (mut size, mut hashes) = (0, Vec::new());
    let mut block = vec![0; BLOCK];
    loop {
        let filled = source.fill(&mut block)?;
        if filled == 0 {
            break;
        }
        size += filled as u64;
        if size > LARGEST {
            break;
        }
        hashes.push(digest(block.get(..filled).unwrap_or_default()));
    }
    match size {
        1..=LARGEST => Ok((size, hashes)),
        _ => Err(UpdateError::Value { line: 6, name: "size" }),
    }
}

impl Header {
    /// Looks at the first bytes of a file; `None`: they are not the whole header.
    ///
    /// # Errors
    /// As [`UpdateReader::open`].
    pub fn of_first(bytes: &[u8], trusted: &Trusted) -> Result<Option<Self>, UpdateError> {
        match Self::read(&mut Source::new(bytes), trusted) {
            Err(UpdateError::Truncated) if bytes.len() < LONGEST_HEADER => Ok(None),
            read => read.map(Some),
        }
    }

    /// Whether it may run here after what runs now.
    ///
    /// # Errors
    /// Why not. `downgrade`: an older version is meant; one that would not understand the data is refused all the same.
    pub fn judge(&self, running: &Release, downgrade: bool) -> Result<(), Refusal> {
        let new = &self.contents.release;
        let version = || new.version.to_string();
        if new.product != running.product {
            return Err(Refusal::OtherProduct { theirs: new.product.clone(), ours: running.product.clone() });
        }
        if new.format < running.format {
            return Err(Refusal::OlderFormat { version: version() });
        }
        if new.version < running.version && !downgrade {
            return Err(Refusal::Older { version: version(), running: running.version.to_string() });
        }
        Ok(())
    }

    /// Bytes of the whole file.
    pub fn file_size(&self) -> u64 {
        self.length as u64 + self.size
    }

    /// How many blocks the slot has.
    pub fn blocks(&self) -> usize {
        self.hashes.len()
    }

    /// Whether these are the bytes of this block.
    pub fn is_block(&self, number: usize, bytes: &[u8]) -> bool {
        self.hashes.get(number).is_some_and(|hash| bytes.len() == self.block_size(number) && digest(bytes) == *hash)
    }

    /// Bytes of this block.
    pub fn block_size(&self, number: usize) -> usize {
        let left = self.size.saturating_sub(number as u64 * BLOCK as u64);
        usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK))
    }

    fn read<R: Read>(source: &mut Source<R>, trusted: &Trusted) -> Result<Self, UpdateError> {
        let mut lines = Lines { source, signed: Vec::new(), at: 0, last: 0 };
        match lines.line("dozvon-update v1")? {
            HEAD => {}
            other if other.starts_with(FAMILY) => return Err(UpdateError::OtherForm),
            _ => return Err(UpdateError::NoUpdate),
        }
        let product = lines.value("product", |text| is_product(text).then(|| text.to_owned()))?;
        let version = lines.value("version", Version::parse)?;
        let format = lines.value("format", number)?;
        let built = lines.value("built", number)?;
        let size = lines.value("size", |text| number(text).filter(|size| (1..=LARGEST).contains(size)))?;
        lines.value("block", |text| (text == BLOCK.to_string()).then_some(()))?;
        let notes =
            |text: &str| (text.len() <= LONGEST_NOTES && !text.chars().any(char::is_control)).then(|| text.to_owned());
        let (notes_ru, notes_en) = (lines.value("notes_ru", notes)?, lines.value("notes_en", notes)?);
        let key = lines.value("key", |name| is_key_name(name).then(|| name.to_owned()))?;
        let blocks = usize::try_from(size.div_ceil(BLOCK as u64)).unwrap_or(usize::MAX);
        let mut hashes = Vec::new();
        for _ in 0..blocks {
            hashes.push(lines.hash()?);
        }
        let signed = lines.signed.len();
        let signature = lines.value("signature", |text| <[u8; 64]>::try_from(STANDARD.decode(text).ok()?).ok())?;
        let body = lines.signed.get(..signed).unwrap_or_default();
        trusted.verify(&key, body, &signature).map_err(|error| match error {
            SignatureError::UnknownKey => UpdateError::UnknownKey(key.clone()),
            SignatureError::Wrong => UpdateError::Signature,
        })?;
        let length = lines.signed.len();
        let contents = Contents { release: Release { version, format, product, built }, notes_ru, notes_en };
        Ok(Self { contents, size, key, hashes, length })
    }
}

/// An update file whose header is proved; its blocks come one after the other, each proved before anybody sees it.
pub struct UpdateReader<R> {
    source: Source<R>,
    header: Header,
    /// Of the block that comes next.
    next: usize,
    block: Vec<u8>,
    /// After a fault nothing comes any more.
    fault: Option<UpdateError>,
}

impl<R: Read> UpdateReader<R> {
    /// Reads the header and proves its signature.
    ///
    /// # Errors
    /// See [`UpdateError`]: the first thing that is wrong.
    pub fn open(reader: R, trusted: &Trusted) -> Result<Self, UpdateError> {
        let mut source = Source::new(reader);
        let header = Header::read(&mut source, trusted)?;
        Ok(Self { source, header, next: 0, block: vec![0; BLOCK], fault: None })
    }

    /// What it brings.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next bytes of the slot: [`BLOCK`] of them, fewer at the end. `None` once, after the last, when the file ends there too.
    ///
    /// # Errors
    /// When the block is not what was signed, the file ends too early or goes on after its end; the same again when asked again.
    pub fn next_block(&mut self) -> Result<Option<&[u8]>, UpdateError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        match self.take() {
            Ok(length) => Ok(length.and_then(|length| self.block.get(..length))),
            Err(fault) => Err(self.fault.insert(fault).clone()),
        }
    }

    fn take(&mut self) -> Result<Option<usize>, UpdateError> {
        let number = self.next;
        let Some(hash) = self.header.hashes.get(number) else {
            let mut one = [0];
            return if self.source.fill(&mut one)? == 0 { Ok(None) } else { Err(UpdateError::More) };
        };
        let length = self.header.block_size(number);
        let block = self.block.get_mut(..length).unwrap_or_default();
        if self.source.fill(block)? < length {
            return Err(UpdateError::Truncated);
        }
        if digest(block) != *hash {
            return Err(UpdateError::Block { number });
        }
        self.next += 1;
        Ok(Some(length))
    }

    /// How much has come, per cent.
    pub fn percent(&self) -> u8 {
        u8::try_from(self.next * 100 / self.header.blocks().max(1)).unwrap_or(100)
    }
}

impl<R> fmt::Debug for UpdateReader<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpdateReader")
            .field("header", &self.header)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// A reader with some bytes of it at hand, since lines are looked for byte by byte.
struct Source<R> {
    reader: R,
    held: [u8; 4_096],
    from: usize,
    to: usize,
}

impl<R: Read> Source<R> {
    fn new(reader: R) -> Self {
        Self { reader, held: [0; 4_096], from: 0, to: 0 }
    }

    /// As many bytes as there are, up to the length of `room`.
    fn fill(&mut self, room: &mut [u8]) -> Result<usize, UpdateError> {
        let held = self.held.get(self.from..self.to).unwrap_or_default();
        let mut filled = held.len().min(room.len());
        for (place, byte) in room.iter_mut().zip(held) {
            *place = *byte;
        }
        self.from += filled;
        while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match read(&mut self.reader, rest)? {
                0 => break,
                more => filled += more,
            }
        }
        Ok(filled)
    }

    /// The next byte; `None` at the end.
    fn byte(&mut self) -> Result<Option<u8>, UpdateError> {
        if self.from == self.to {
            self.from = 0;
            self.to = read(&mut self.reader, &mut self.held)?.min(self.held.len());
        }
        let byte = self.held.get(self.from..self.to).and_then(<[u8]>::first).copied();
        self.from += usize::from(byte.is_some());
        Ok(byte)
    }
}

fn read(reader: &mut impl Read, room: &mut [u8]) -> Result<usize, UpdateError> {
    loop {
        match reader.read(room).map_err(|error| error.kind()) {
            Err(ErrorKind::Interrupted) => {}
            Err(kind) => return Err(UpdateError::Read(kind)),
            Ok(length) => return Ok(length),
        }
    }
}

/// The lines of a header, one after the other.
struct Lines<'a, R> {
    source: &'a mut Source<R>,
    /// All that was read.
    signed: Vec<u8>,
    /// Of the line that was read last, from 1.
    at: usize,
    /// Where it begins.
    last: usize,
}

impl<R: Read> Lines<'_, R> {
    /// The next line without its end.
    fn line(&mut self, name: &'static str) -> Result<&str, UpdateError> {
        self.at += 1;
        self.last = self.signed.len();
        loop {
            match self.source.byte()? {
                // What is short and no update is rather something else than cut.
                None if self.at == 1 && !self.is_beginning() => return Err(UpdateError::NoUpdate),
                None => return Err(UpdateError::Truncated),
                Some(b'\n') => break,
                Some(byte) => self.signed.push(byte),
            }
            if self.at == 1 && !self.is_beginning() {
                return Err(UpdateError::NoUpdate);
            }
            if self.signed.len() - self.last > LONGEST_LINE {
                return Err(UpdateError::Value { line: self.at, name });
            }
        }
        self.signed.push(b'\n');
        let line = self.signed.get(self.last..self.signed.len() - 1).unwrap_or_default();
        std::str::from_utf8(line).map_err(|_| UpdateError::Value { line: self.at, name })
    }

    /// Whether what was read of the first line could become one.
    fn is_beginning(&self) -> bool {
        self.signed.iter().zip(FAMILY.as_bytes()).all(|(one, other)| one == other)
    }

    fn value<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, UpdateError> {
        let line = self.at + 1;
        let text = self.line(name)?.strip_prefix(name).and_then(|rest| rest.strip_prefix(": "));
        read(text.ok_or(UpdateError::Line { line, name })?).ok_or(UpdateError::Value { line, name })
    }

    fn hash(&mut self) -> Result<[u8; 32], UpdateError> {
        const NAME: &str = "SHA-256";
        let line = self.at + 1;
        let text = self.line(NAME)?.as_bytes();
        let wrong = UpdateError::Value { line, name: NAME };
        let mut hash = [0; 32];
        if text.len() != 64 {
            return Err(wrong);
        }
        for (byte, pair) in hash.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |c: &u8| (*c as char).to_digit(16).filter(|_| !c.is_ascii_uppercase());
            let value = pair.iter().try_fold(0, |value, c| Some(value * 16 + digit(c)?));
            *byte = value.and_then(|value| u8::try_from(value).ok()).ok_or_else(|| wrong.clone())?;
        }
        Ok(hash)
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn is_product(text: &str) -> bool {
    (1..=LONGEST_PRODUCT).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A number as it is written in one way only: no sign, no zeros before it.
fn number<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

#[cfg(test)]
mod tests;
