//! Making a backup while calls go on, and proving it. Its files are held fast first, by a second name each: what is removed or replaced
//! meanwhile stays readable until the backup is whole. The database is copied in one moment.

use std::collections::HashSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::archive::{self, Keep, Passphrase, Source, fingerprint, is_ranges};
use super::{BackupError, Counts, DATABASE, ENDING, Entry, FOLDER, FORMAT, Manifest, PRODUCT};
use crate::base::{Rng, WallTime};
use crate::io::clock;
use crate::io::files::free_bytes;
use crate::io::handle::read_stored;
use crate::io::licence::LICENCE_FILE;
use crate::io::store::{Census, copy_database, examine_database};
use crate::office::Office;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// With recordings of calls.
    pub recordings: bool,
    /// `None`: not encrypted.
    pub passphrase: Option<Passphrase>,
}

/// A backup that was proved.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its length.
    pub bytes: u64,
    /// Of the file as it is.
    pub sha256: String,
}

/// Makes a backup of a data directory at `to`, where nothing may be, and proves it by restoring it beside. `told` hears per cent.
///
/// # Errors
/// Why there is none; nothing lies at `to` then.
pub fn make(data: &Path, to: &Path, order: &Order, told: &mut dyn FnMut(u8)) -> Result<Made, BackupError> {
    let work = Work::new(data)?;
    let made = (|| {
        let (manifest, sources) = gather(data, work.path(), order.recordings)?;
        let all = manifest.files.iter().map(|entry| entry.bytes).sum::<u64>().max(1);
        has_room(work.path(), &manifest, all)?;
        let mut done = 0_u64;
        let mut heard = |bytes| {
            done += bytes;
            told(u8::try_from(done.saturating_mul(50) / all).unwrap_or(50).min(99));
        };
        archive::write(to, &manifest, &sources, order.passphrase.as_ref(), &mut heard)?;
        prove(to, order.passphrase.as_ref(), &work.path().join("proof"), &manifest, &mut heard)?;
        let (bytes, sha256) = fingerprint(to)?;
        Ok(Made { manifest, bytes, sha256 })
    })();
    if made.is_err() {
        let _ = fs::remove_file(to);
    }
    made
}

/// What a backup that is made now is called: `dozvon-backup-romashka-2026-11-26-0317.dozvon`, on the office's clocks.
pub fn name_for(office: &Office, at: WallTime) -> String {
    let zone = jiff::tz::TimeZone::get(&office.settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(zone);
    let name = plain(&office.settings.name);
    let name = if name.is_empty() { String::new() } else { format!("{name}-") };
    format!("dozvon-backup-{name}{}.{ENDING}", at.strftime("%Y-%m-%d-%H%M%S"))
}

/// In letters that every file system and every server takes.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars().flat_map(char::to_lowercase).take(LONGEST_NAME) {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            letter => match LETTERS.iter().find(|(of, _)| *of == letter) {
                Some((_, latin)) => plain.push_str(latin),
                None if !plain.is_empty() && !plain.ends_with('-') => plain.push('-'),
                None => {}
            },
        }
    }
    plain.trim_end_matches('-').to_owned()
}

/// A directory that goes with this value.
struct Work(PathBuf);

impl Work {
    fn new(data: &Path) -> Result<Self, BackupError> {
        let folder = data.join(FOLDER);
        let word = Rng::from_entropy(clock::entropy().map_err(BackupError::file(Path::new("/dev/urandom")))?).token(12);
        let path = folder.join(format!("{WORK}{word}"));
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(BackupError::file(&path))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes what a process left behind that was cut while it made a backup. Only of one that holds the data directory.
pub(super) fn tidy(data: &Path) {
    for entry in fs::read_dir(data.join(FOLDER)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(WORK) {
            let _ = fs::remove_dir_all(entry.path());
        } else if name.ends_with(".part") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Holds fast what is to be in the backup, and says what that is.
fn gather(data: &Path, work: &Path, recordings: bool) -> Result<(Manifest, Vec<Source>), BackupError> {
    let database = work.join(DATABASE);
    let free = free_bytes(work).map_err(BackupError::file(work))?;
    let needed = fs::metadata(data.join(DATABASE)).map_or(0, |about| about.len()).saturating_add(FLOOR);
    if needed > free {
        return Err(BackupError::NoRoom { needed, free });
    }
    let census = copy_database(data, &database)?;
    let (_, version) = examine_database(&database)?;
    let office = office_of(&version.office, data)?;
    let mut sources = vec![source(database, DATABASE.to_owned())?];
    let mut held = Held { data, work, count: 0, sources: &mut sources };
    for name in single_files(data) {
        held.hold(&name)?;
    }
    for folder in ["tls", "media"] {
        held.hold_folder(folder, FOLDERS)?;
    }
    for path in &census.messages {
        held.hold(path)?;
    }
    for path in census.recordings.iter().filter(|_| recordings) {
        held.hold(path)?;
    }
    let manifest = Manifest {
        product: PRODUCT.to_owned(),
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: census.schema,
        made_at: clock::wall().millis(),
        name: office.settings.name.clone(),
        recordings,
        counts: counts(&office, &census),
        files: sources.iter().map(|source| source.entry.clone()).collect(),
    };
    Ok((manifest, sources))
}

/// The file and its proof must find room, and calls that are recorded meanwhile too.
fn has_room(work: &Path, manifest: &Manifest, all: u64) -> Result<(), BackupError> {
    let proof = manifest.files.iter().filter(|entry| !archive::is_recording(&entry.path)).map(|entry| entry.bytes);
    let needed = all.saturating_add(proof.sum()).saturating_add(FLOOR);
    let free = free_bytes(work).map_err(BackupError::file(work))?;
    if needed > free { Err(BackupError::NoRoom { needed, free }) } else { Ok(()) }
}

/// Files of the data directory itself that belong to the office.
fn single_files(data: &Path) -> Vec<String> {
    let names = fs::read_dir(data).into_iter().flatten().flatten();
    let mut names: Vec<String> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name == LICENCE_FILE || is_ranges(name))
        .collect();
    names.sort();
    names
}

struct Held<'a> {
    data: &'a Path,
    work: &'a Path,
    count: usize,
    sources: &'a mut Vec<Source>,
}

impl Held<'_> {
    /// Holds one file; one that is gone meanwhile is not in the backup.
    fn hold(&mut self, path: &str) -> Result<(), BackupError> {
        let from = self.data.join(path);
        let second = self.work.join(format!("held-{}", self.count));
        self.count += 1;
        match fs::hard_link(&from, &second) {
            Ok(()) => self.sources.push(source(second, path.to_owned())?),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            // On another disk, or one without second names.
            Err(_) => self.sources.push(source(from, path.to_owned())?),
        }
        Ok(())
    }

    fn hold_folder(&mut self, folder: &str, deeper: u32) -> Result<(), BackupError> {
        let Ok(entries) = fs::read_dir(self.data.join(folder)) else { return Ok(()) };
        let mut names: Vec<(String, bool)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?.is_dir())))
            .collect();
        names.sort();
        for (name, is_folder) in names {
            let path = format!("{folder}/{name}");
            match is_folder {
                true if deeper > 0 => self.hold_folder(&path, deeper - 1)?,
                true => {}
                // A file that is just being written has its own name afterwards.
                false if name.ends_with(".new") => {}
                false => self.hold(&path)?,
            }
        }
        Ok(())
    }
}

fn source(from: PathBuf, path: String) -> Result<Source, BackupError> {
    let (bytes, sha256) = fingerprint(&from)?;
    Ok(Source { from, entry: Entry { path, bytes, sha256 } })
}

fn counts(office: &Office, census: &Census) -> Counts {
    Counts {
        extensions: office.extensions.len() as u64,
        trunks: office.trunks.len() as u64,
        media: office.media.len() as u64,
        versions: census.versions,
        calls: census.calls,
        messages: census.messages.len() as u64,
        recordings: census.recordings.len() as u64,
    }
}

/// An office as it is stored, with the clips of `data`.
pub(super) fn office_of(text: &str, data: &Path) -> Result<Office, BackupError> {
    let entropy = clock::entropy().map_err(BackupError::file(Path::new("/dev/urandom")))?;
    read_stored(text, data, &mut Rng::from_entropy(entropy)).map_err(|error| BackupError::Office(error.to_string()))
}

/// Restores a backup into an empty directory and looks at what has come.
fn prove(
    backup: &Path,
    passphrase: Option<&Passphrase>,
    into: &Path,
    meant: &Manifest,
    told: &mut dyn FnMut(u64),
) -> Result<(), BackupError> {
    DirBuilder::new().mode(0o700).create(into).map_err(BackupError::file(into))?;
    let come = archive::unpack(backup, passphrase, into, Keep::ButRecordings, told)?;
    if come != *meant {
        return Err(BackupError::Damaged("it says something else than what was put in".to_owned()));
    }
    look_at(into, &come)?;
    fs::remove_dir_all(into).map_err(BackupError::file(into))
}

/// Whether a directory that was unpacked is an office: its database whole, its office readable, its media there, its counts right.
pub(super) fn look_at(unpacked: &Path, manifest: &Manifest) -> Result<Office, BackupError> {
    let (census, version) = examine_database(&unpacked.join(DATABASE))?;
    let office = office_of(&version.office, unpacked)?;
    if counts(&office, &census) != manifest.counts {
        return Err(BackupError::Damaged("there is less in it than it says".to_owned()));
    }
    let files: HashSet<&str> = manifest.files.iter().map(|entry| entry.path.as_str()).collect();
    // A sound that was lost before is no fault of the backup; one that is in it must be playable.
    let lost = office
        .media
        .iter()
        .find(|media| media.clip.is_none() && files.contains(format!("media/{}", media.file).as_str()));
    match lost {
        Some(media) => Err(BackupError::Damaged(format!("media file {} can't be played", media.name))),
        None => Ok(office),
    }
}

/// Beginnings of directories of work.
const WORK: &str = "work-";
/// `media/firmware`.
const FOLDERS: u32 = 2;
/// Of an office's name within a file's. Characters.
const LONGEST_NAME: usize = 40;
/// What is left free on the disk. Bytes.
const FLOOR: u64 = 256 * 1024 * 1024;
const LETTERS: [(char, &str); 33] = [
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('д', "d"),
    ('е', "e"),
    ('ё', "e"),
    ('ж', "zh"),
    ('з', "z"),
    ('и', "i"),
    ('й', "y"),
    ('к', "k"),
    ('л', "l"),
    ('м', "m"),
    ('н', "n"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "kh"),
    ('ц', "ts"),
    ('ч', "ch"),
    ('ш', "sh"),
    ('щ', "shch"),
    ('ъ', ""),
    ('ы', "y"),
    ('ь', ""),
    ('э', "e"),
    ('ю', "yu"),
    ('я', "ya"),
];
