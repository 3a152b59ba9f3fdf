//! The files of other exchanges' backups: archives are walked within bounds, of them only what is wanted is read, and nothing is written but
//! beside a folder that the caller gives. What the tables mean is `import`'s.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use flate2::read::GzDecoder;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::files::NewMedia;
use crate::import::{FREEPBX_TABLES, Found, MIKO_TABLES, Maker, ROWS, Row, Tables, inserts};

/// What was found in a backup.
#[derive(Debug)]
pub struct Looked {
    /// By the tables.
    pub found: Found,
    /// Wanted sounds that are there and can be played: as wanted → the name in the folder.
    pub sounds: BTreeMap<String, String>,
}

/// Why a backup can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The disk's.
    #[error("the file can't be read: {0}")]
    File(#[from] io::Error),
    /// Neither of both makers'.
    #[error("this is no backup of MikoPBX or FreePBX")]
    Foreign,
    /// Its database can't be read.
    #[error("the database in it is damaged: {0}")]
    Database(#[from] rusqlite::Error),
    /// It goes beyond a bound.
    #[error("it is too large: {0}")]
    TooLarge(&'static str),
    /// There is nothing that could be taken.
    #[error("there are no extensions, groups, trunks, rooms or menus in it")]
    Empty,
}

impl ImportError {
    /// In Russian and English.
    pub fn said(&self) -> [String; 2] {
        let ru = match self {
            Self::File(_) => "Файл не читается. Возможно, он повреждён.".to_owned(),
            Self::Foreign => {
                "Это не резервная копия MikoPBX или FreePBX: нет ни базы mikopbx.db, ни таблиц FreePBX.".to_owned()
            }
            Self::Database(_) => "База внутри копии повреждена.".to_owned(),
            Self::TooLarge(_) => "Копия слишком большая. Сделайте её без записей разговоров.".to_owned(),
            Self::Empty => "В копии нет ни внутренних номеров, ни групп, ни подключений, ни меню.".to_owned(),
        };
        let en = match self {
            Self::File(_) => "The file can't be read. It may be damaged.".to_owned(),
            Self::Foreign => {
                "This is no backup of MikoPBX or FreePBX: there is neither mikopbx.db nor a table of FreePBX."
                    .to_owned()
            }
            Self::Database(_) => "The database in the backup is damaged.".to_owned(),
            Self::TooLarge(_) => "The backup is too large. Make it without recordings of calls.".to_owned(),
            Self::Empty => "There are no extensions, groups, trunks or menus in the backup.".to_owned(),
        };
        [ru, en]
    }
}

/// Reads a backup. Sounds and the database are unpacked into `folder`, which must be there; `zone` is where the office's clocks are.
///
/// # Errors
/// When it is none, or can't be read.
pub fn look(file: &Path, zone: &str, folder: &Path) -> Result<Looked, ImportError> {
    let database = folder.join("foreign.db");
    let (mut tables, mut miko) = (Tables::default(), false);
    walk(file, &mut |name, data| {
        let last = last_part(name).to_ascii_lowercase();
        if last == "mikopbx.db" {
            // The first one: others are copies of it.
            if !miko {
                copy(data, &database, LONGEST_FILE, 0o600)?;
                miko = true;
            }
        } else if last.ends_with(".json") && name.to_ascii_lowercase().contains("modulejson") {
            take_module(last_part(name), data, &mut tables)?;
        } else if last.ends_with(".sql") {
            take_dump(last_part(name), data, &mut tables)?;
        } else if last.ends_with(".sql.gz") {
            take_dump(last_part(name), &mut GzDecoder::new(data), &mut tables)?;
        } else if last == "voicemail.conf" {
            if let Some(text) = text_of(&last, data, &mut tables)? {
                tables.take_mailboxes(&String::from_utf8_lossy(&text));
            }
        }
        Ok(())
    })?;
    let maker = if miko { Maker::Miko } else { Maker::FreePbx };
    if miko {
        tables = read_database(&database)?;
        let _ = fs::remove_file(&database);
    } else if tables.is_empty() {
        return Err(ImportError::Foreign);
    }
    let found = tables.read(maker, zone);
    if found.is_empty() {
        return Err(ImportError::Empty);
    }
    let sounds = unpack_sounds(file, &found, folder)?;
    Ok(Looked { found, sounds })
}

/// The whole of a file; what is too long, or broken, is only told: other parts of the backup are good.
fn text_of(name: &str, data: &mut dyn Read, tables: &mut Tables) -> Result<Option<Vec<u8>>, ImportError> {
    let mut text = Vec::new();
    match within(data, LONGEST_TEXT).read_to_end(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge && name == LONE => {
            Err(ImportError::TooLarge("its dump"))
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput) => {
            tables.damaged(name);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn take_module(name: &str, data: &mut dyn Read, tables: &mut Tables) -> Result<(), ImportError> {
    let Some(text) = text_of(name, data, tables)? else { return Ok(()) };
    match serde_json::from_slice(&text) {
        Ok(json) => tables.take_json(name.rsplit_once('.').map_or(name, |(module, _)| module), &json),
        Err(_) => tables.damaged(name),
    }
    Ok(())
}

fn take_dump(name: &str, data: &mut dyn Read, tables: &mut Tables) -> Result<(), ImportError> {
    if let Some(text) = text_of(name, data, tables)? {
        inserts(&String::from_utf8_lossy(&text), &FREEPBX_TABLES, tables);
    }
    Ok(())
}

/// Each file of an archive, by its path in it; what is no archive is the only file of itself.
fn walk(file: &Path, each: Each<'_>) -> Result<(), ImportError> {
    let mut head = Vec::new();
    File::open(file)?.take(HEAD).read_to_end(&mut head)?;
    match head.as_slice() {
        [b'P', b'K', 3, 4, ..] => walk_zip(file, each),
        [0x1f, 0x8b, ..] => {
            let mut inside = Vec::new();
            GzDecoder::new(File::open(file)?).take(HEAD).read_to_end(&mut inside)?;
            let data = BufReader::new(GzDecoder::new(BufReader::new(File::open(file)?)));
            if is_tar(&inside) { walk_tar(data, each) } else { each(LONE, &mut { data }) }
        }
        head if is_tar(head) => walk_tar(BufReader::new(File::open(file)?), each),
        head if head.starts_with(b"SQLite format 3\0") => each("mikopbx.db", &mut File::open(file)?),
        head if head.starts_with(b"-- MySQL") || head.starts_with(b"-- MariaDB") || head.starts_with(b"/*") => {
            each(LONE, &mut File::open(file)?)
        }
        _ => Err(ImportError::Foreign),
    }
}

type Each<'a> = &'a mut dyn FnMut(&str, &mut dyn Read) -> Result<(), ImportError>;

/// POSIX.1-1988: "ustar" in the header.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn walk_tar(data: impl Read, each: Each<'_>) -> Result<(), ImportError> {
    let mut tar = tar::Archive::new(within(data, LONGEST_ALL));
    for (nth, entry) in tar.entries()?.enumerate() {
        if nth >= ENTRIES {
            return Err(ImportError::TooLarge("too many files"));
        }
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            each(&name, &mut entry)?;
        }
    }
    Ok(())
}

fn walk_zip(file: &Path, each: Each<'_>) -> Result<(), ImportError> {
    let broken = |error: zip::result::ZipError| ImportError::File(io::Error::other(error));
    let mut zip = zip::ZipArchive::new(BufReader::new(File::open(file)?)).map_err(broken)?;
    if zip.len() > ENTRIES {
        return Err(ImportError::TooLarge("too many files"));
    }
    let mut left = LONGEST_ALL;
    for nth in 0..zip.len() {
        let entry = zip.by_index(nth).map_err(broken)?;
        if entry.is_file() {
            let name = entry.name().map_err(broken)?.into_owned();
            let mut data = within(entry, left);
            each(&name, &mut data)?;
            left = data.left;
        }
    }
    Ok(())
}

/// A reader that fails where a bound is passed, so that nobody takes a part for the whole.
struct Within<R> {
    inner: R,
    left: u64,
}

fn within<R: Read>(inner: R, most: u64) -> Within<R> {
    Within { inner, left: most }
}

impl<R: Read> Read for Within<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(count)
    }
}

fn copy(data: &mut dyn Read, to: &Path, most: u64, mode: u32) -> Result<(), ImportError> {
    let mut out = OpenOptions::new().write(true).create_new(true).mode(mode).open(to)?;
    io::copy(&mut within(data, most), &mut out)?;
    out.flush()?;
    Ok(())
}

fn read_database(path: &Path) -> Result<Tables, ImportError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // A stranger's database: its schema calls nothing.
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    let mut tables = Tables::default();
    let mut names =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name LIMIT 1000")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in names.iter().filter(|name| name.starts_with("m_") && !name.contains('"')) {
        let wanted = MIKO_TABLES.contains(&table.as_str());
        let most = if wanted { ROWS + 1 } else { 1 };
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" LIMIT {most}"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if wanted {
                tables.push(table, row_of(row, &columns)?);
            } else {
                tables.leave(table);
            }
        }
    }
    Ok(tables)
}

fn row_of(row: &rusqlite::Row<'_>, columns: &[String]) -> Result<Row, rusqlite::Error> {
    let mut read = Row::default();
    for (nth, column) in columns.iter().enumerate() {
        match row.get_ref(nth)? {
            ValueRef::Text(text) => read.put(column, String::from_utf8_lossy(text)),
            ValueRef::Integer(number) => read.put(column, number.to_string()),
            ValueRef::Real(number) => read.put(column, number.to_string()),
            ValueRef::Null | ValueRef::Blob(_) => {}
        }
    }
    Ok(read)
}

/// Unpacks the wanted sounds, and keeps those that can be played.
fn unpack_sounds(file: &Path, found: &Found, folder: &Path) -> Result<BTreeMap<String, String>, ImportError> {
    let wanted: Vec<String> = found.sounds().into_iter().take(SOUNDS).collect();
    let mut sounds: BTreeMap<String, String> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(sounds);
    }
    walk(file, &mut |name, data| {
        let last = last_part(name);
        let Some((stem, ending)) = last.rsplit_once('.') else { return Ok(()) };
        let ending = ending.to_ascii_lowercase();
        let fits = wanted
            .iter()
            .find(|want| *want == last || *want == stem || want.rsplit_once('.').is_some_and(|(want, _)| want == stem));
        let Some(want) = fits.filter(|want| ENDINGS.contains(&ending.as_str()) && !sounds.contains_key(*want)) else {
            return Ok(());
        };
        let own = format!("sound{}.{ending}", sounds.len());
        if copy(data, &folder.join(&own), LONGEST_SOUND, 0o644).is_ok() {
            sounds.insert(want.clone(), own);
        }
        Ok(())
    })?;
    sounds.retain(|_, own| NewMedia::read(&folder.join(&*own), &mut |_| {}).is_ok());
    Ok(sounds)
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What a dump is called that is no part of an archive.
const LONE: &str = "dump.sql";
/// What a sound is known by.
const ENDINGS: [&str; 6] = ["mp3", "wav", "wma", "m4a", "ogg", "flac"];
/// Files in an archive.
const ENTRIES: usize = 50_000;
/// All of an archive, unpacked. Bytes.
const LONGEST_ALL: u64 = 2 << 30;
/// A database. Bytes.
const LONGEST_FILE: u64 = 512 << 20;
/// A dump, or the JSON of a module, which are read as a whole. Bytes.
const LONGEST_TEXT: u64 = 64 << 20;
/// As any media file. Bytes.
const LONGEST_SOUND: u64 = 10_000_000;
/// Menus with a sound of their own.
const SOUNDS: usize = 100;
/// By which archives are told apart. Bytes.
const HEAD: u64 = 512;

#[cfg(test)]
mod tests;
