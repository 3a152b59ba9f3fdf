//! The stream: tar within gzip within age. Written and read piece by piece; nothing of it is believed before it is checked.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::iter;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use age::secrecy::SecretString;
use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, scrypt};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{BackupError, DATABASE, Entry, FORMAT, MANIFEST, Manifest, PRODUCT};
use crate::io::files::{self, free_bytes};
use crate::io::licence::LICENCE_FILE;
use crate::io::recordings::MESSAGES;
use crate::io::store::known_schema;

/// What opens a backup. Shows itself nowhere.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// `None` of an empty one: without encryption.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(SecretString::from(text.to_owned())))
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

/// A file that is to be in a backup.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where it can be read until the backup is made.
    pub(super) from: PathBuf,
    /// What is said of it.
    pub(super) entry: Entry,
}

/// Writes all of it to a new file, and to the disk.
pub(super) fn write(
    to: &Path,
    manifest: &Manifest,
    sources: &[Source],
    passphrase: Option<&Passphrase>,
    told: &mut dyn FnMut(u64),
) -> Result<(), BackupError> {
    let failed = |why| BackupError::File { path: to.to_owned(), why };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    let out = BufWriter::with_capacity(PIECE, file);
    let sealed = match passphrase {
        None => Sealed::Open(out),
        Some(passphrase) => {
            let mut recipient = scrypt::Recipient::new(passphrase.0.clone());
            recipient.set_work_factor(WORK);
            let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn Recipient));
            let encryptor = encryptor.map_err(|error| failed(io::Error::other(error)))?;
            Sealed::Age(encryptor.wrap_output(out).map_err(failed)?)
        }
    };
    let mut tar = tar::Builder::new(GzEncoder::new(sealed, Compression::fast()));
    let text = serde_json::to_vec(manifest).map_err(|error| failed(error.into()))?;
    append(&mut tar, MANIFEST, text.len() as u64, text.as_slice()).map_err(failed)?;
    for source in sources {
        let from = File::open(&source.from).map_err(BackupError::file(&source.from))?;
        let mut heard = Heard { inner: from.take(source.entry.bytes), told };
        append(&mut tar, &source.entry.path, source.entry.bytes, &mut heard).map_err(failed)?;
    }
    let sealed = tar.into_inner().and_then(GzEncoder::finish).map_err(failed)?;
    let file = match sealed {
        Sealed::Open(out) => out,
        Sealed::Age(age) => age.finish().map_err(failed)?,
    };
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)
}

fn append(tar: &mut tar::Builder<impl Write>, path: &str, bytes: u64, data: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    tar.append_data(&mut header, path, data)
}

enum Sealed<W: Write> {
    Open(W),
    Age(StreamWriter<W>),
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(out) => out.write(bytes),
            Self::Age(age) => age.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(out) => out.flush(),
            Self::Age(age) => age.flush(),
        }
    }
}

/// Tells how much was read.
struct Heard<'a, R> {
    inner: R,
    told: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Heard<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        (self.told)(count as u64);
        Ok(count)
    }
}

enum Unsealed {
    Open(BufReader<File>),
    Age(Box<StreamReader<BufReader<File>>>),
}

impl Read for Unsealed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Open(file) => file.read(into),
            Self::Age(age) => age.read(into),
        }
    }
}

/// What is written to the disk of what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// All of it.
    Everything,
    /// All but recordings of calls, which are read and checked: a proof needs no second copy of them.
    ButRecordings,
}

/// Reads a backup to its end, checks everything that its manifest says, and writes its files under `into`, which must be there and be
/// empty. `told` hears the bytes that were read. What was written reaches the disk before this returns.
///
/// # Errors
/// What is wrong with it; files may lie in `into` then.
pub(super) fn unpack(
    path: &Path,
    passphrase: Option<&Passphrase>,
    into: &Path,
    keep: Keep,
    told: &mut dyn FnMut(u64),
) -> Result<Manifest, BackupError> {
    let mut tar = tar::Archive::new(GzDecoder::new(unseal(path, passphrase)?));
    let mut entries = tar.entries().map_err(|_| BackupError::Foreign)?;
    let manifest = read_manifest(entries.next())?;
    has_room(into, &manifest, keep)?;
    let mut wanted: HashMap<&str, &Entry> = manifest.files.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    if wanted.len() != manifest.files.len() {
        return Err(BackupError::Damaged("a file is in it twice".to_owned()));
    }
    let mut folders = Vec::new();
    for entry in entries {
        let mut file = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&file.path_bytes()).into_owned();
        let Some(entry) = wanted.remove(name.as_str()).filter(|_| file.header().entry_type().is_file()) else {
            return Err(BackupError::Damaged(format!("{name:?} is not in its list")));
        };
        let relative = inside(&entry.path).ok_or_else(|| BackupError::Damaged(format!("{name:?} lies outside")))?;
        let to = match keep {
            Keep::ButRecordings if is_recording(&entry.path) => None,
            _ => Some(make_folders(into, relative, &mut folders)?),
        };
        take(&mut file, entry, to.as_deref(), told)?;
    }
    if let Some(path) = wanted.keys().next() {
        return Err(BackupError::Damaged(format!("{path} is missing")));
    }
    // Behind the last file: the sums of gzip and of age, which tell that nothing was cut off.
    let behind = io::copy(&mut tar.into_inner().take(MOST_BEHIND), &mut io::sink()).map_err(damaged)?;
    if behind == MOST_BEHIND {
        return Err(BackupError::Damaged("there is more in it than its files".to_owned()));
    }
    for folder in folders.iter().map(PathBuf::as_path).chain([into]) {
        files::sync_folder(folder).map_err(BackupError::file(folder))?;
    }
    Ok(manifest)
}

/// Reads the manifest of a backup; nothing else of it is checked.
///
/// # Errors
/// As those of [`unpack`].
pub(super) fn peek(path: &Path, passphrase: Option<&Passphrase>) -> Result<Manifest, BackupError> {
    let mut tar = tar::Archive::new(GzDecoder::new(unseal(path, passphrase)?));
    let first = tar.entries().map_err(|_| BackupError::Foreign)?.next();
    read_manifest(first)
}

fn read_manifest<R: Read>(first: Option<io::Result<tar::Entry<'_, R>>>) -> Result<Manifest, BackupError> {
    let mut first = first.and_then(Result::ok).ok_or(BackupError::Foreign)?;
    let is_it = first.path_bytes().as_ref() == MANIFEST.as_bytes() && first.size() <= LONGEST_MANIFEST;
    if !is_it || !first.header().entry_type().is_file() {
        return Err(BackupError::Foreign);
    }
    let mut text = Vec::new();
    first.read_to_end(&mut text).map_err(damaged)?;
    // A newer program may say things that this one can't read: only what it is must stay as it is.
    let head: Head = serde_json::from_slice(&text).map_err(|_| BackupError::Foreign)?;
    if head.product != PRODUCT {
        return Err(BackupError::Foreign);
    }
    if head.format > FORMAT || head.schema > known_schema() {
        return Err(BackupError::Newer { version: head.version });
    }
    serde_json::from_slice(&text).map_err(|error| BackupError::Damaged(error.to_string()))
}

#[derive(Deserialize)]
struct Head {
    product: String,
    format: u32,
    version: String,
    schema: i64,
}

fn has_room(into: &Path, manifest: &Manifest, keep: Keep) -> Result<(), BackupError> {
    let kept = manifest.files.iter().filter(|entry| keep == Keep::Everything || !is_recording(&entry.path));
    let needed = kept.fold(FLOOR, |sum, entry| sum.saturating_add(entry.bytes));
    let free = free_bytes(into).map_err(BackupError::file(into))?;
    if needed > free { Err(BackupError::NoRoom { needed, free }) } else { Ok(()) }
}

/// Reads one file, checks it, and keeps it when there is a place for it.
fn take(file: &mut impl Read, entry: &Entry, to: Option<&Path>, told: &mut dyn FnMut(u64)) -> Result<(), BackupError> {
    let mut out = match to {
        Some(to) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
            Some((file.map_err(BackupError::file(to))?, to))
        }
        None => None,
    };
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0_u64, vec![0; PIECE]);
    loop {
        let count = file.read(&mut piece).map_err(damaged)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        bytes += count as u64;
        if bytes > entry.bytes {
            break;
        }
        if let Some((out, to)) = &mut out {
            out.write_all(read).map_err(BackupError::file(to))?;
        }
        told(count as u64);
    }
    if bytes != entry.bytes || hex(&hash.finalize()) != entry.sha256 {
        return Err(BackupError::Damaged(format!("{} is not what it was", entry.path)));
    }
    out.map_or(Ok(()), |(out, to)| out.sync_all().map_err(BackupError::file(to)))
}

/// Makes the folders that lead to a file, and notes them; where the file goes.
fn make_folders(into: &Path, relative: &Path, folders: &mut Vec<PathBuf>) -> Result<PathBuf, BackupError> {
    let to = into.join(relative);
    if let Some(folder) = to.parent().filter(|folder| !folders.iter().any(|made| made == folder)) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(BackupError::file(folder))?;
        let inside = folder.ancestors().take_while(|folder| *folder != into).map(Path::to_owned);
        let new: Vec<PathBuf> = inside.filter(|folder| !folders.contains(folder)).collect();
        folders.extend(new);
    }
    Ok(to)
}

/// A path of a backup as one that leads nowhere but where files of a backup belong.
fn inside(path: &str) -> Option<&Path> {
    let relative = Path::new(path);
    let mut parts = relative.components();
    let first = match parts.next()? {
        Component::Normal(name) => name.to_str()?,
        _ => return None,
    };
    let rest: Vec<Component<'_>> = parts.collect();
    let is_plain = rest.len() < DEEPEST && rest.iter().all(|part| matches!(part, Component::Normal(_)));
    let belongs = match rest.len() {
        0 => first == DATABASE || first == LICENCE_FILE || is_ranges(first),
        _ => matches!(first, "media" | "recordings" | "tls"),
    };
    (is_plain && belongs && !path.ends_with('/')).then_some(relative)
}

/// An admin's own table of mobile ranges: `ru-mobile.csv`.
pub(super) fn is_ranges(name: &str) -> bool {
    let country = name.strip_suffix("-mobile.csv").unwrap_or_default();
    country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_lowercase())
}

/// A call's, and no message of a mailbox.
pub(super) fn is_recording(path: &str) -> bool {
    path.starts_with("recordings/") && !path.starts_with(MESSAGES)
}

fn unseal(path: &Path, passphrase: Option<&Passphrase>) -> Result<Unsealed, BackupError> {
    let failed = || BackupError::file(path);
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(AGE.len() as u64).read_to_end(&mut head)).map_err(failed())?;
    let file = BufReader::with_capacity(PIECE, File::open(path).map_err(failed())?);
    match (head.as_slice(), passphrase) {
        ([0x1f, 0x8b, ..], _) => Ok(Unsealed::Open(file)),
        (head, None) if head == AGE => Err(BackupError::NeedsPassphrase),
        (head, Some(passphrase)) if head == AGE => {
            let mut identity = scrypt::Identity::new(passphrase.0.clone());
            identity.set_max_work_factor(MOST_WORK);
            let decryptor = Decryptor::new_buffered(file).map_err(opened)?;
            let age = decryptor.decrypt(iter::once(&identity as &dyn Identity)).map_err(opened)?;
            Ok(Unsealed::Age(Box::new(age)))
        }
        _ => Err(BackupError::Foreign),
    }
}

fn opened(error: DecryptError) -> BackupError {
    match error {
        DecryptError::Io(why) => BackupError::Damaged(why.to_string()),
        DecryptError::InvalidHeader | DecryptError::UnknownFormat => BackupError::Damaged(error.to_string()),
        DecryptError::ExcessiveWork { .. } => BackupError::Damaged("opening it takes too much memory".to_owned()),
        _ => BackupError::WrongPassphrase,
    }
}

fn damaged(error: io::Error) -> BackupError {
    BackupError::Damaged(error.to_string())
}

/// Length and SHA-256 of a file.
pub(super) fn fingerprint(path: &Path) -> Result<(u64, String), BackupError> {
    let mut file = File::open(path).map_err(BackupError::file(path))?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let count = file.read(&mut piece).map_err(BackupError::file(path))?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        bytes += count as u64;
    }
    Ok((bytes, hex(&hash.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an age file begins with: age-encryption.org/v1.
const AGE: &[u8] = b"age-encryption.org/v1";
/// 2^15 rounds of scrypt (RFC 7914): 32 MB for a moment, a tenth of a second.
const WORK: u8 = 15;
/// What others may have taken: 2^17, 128 MB.
const MOST_WORK: u8 = 17;
/// Behind the last file: a tar ends with zeros.
const MOST_BEHIND: u64 = 64 * 1024;
/// Bytes that are read at a time.
const PIECE: usize = 128 * 1024;
/// Files of a hundred thousand recordings.
const LONGEST_MANIFEST: u64 = 64 * 1024 * 1024;
/// `recordings/2026/11/26/…` and a level more.
const DEEPEST: usize = 6;
/// What is left free on the disk. Bytes.
const FLOOR: u64 = 256 * 1024 * 1024;
