//! Where backups are kept: folders of this machine, of a stick or of a share; a server with SSH; a store that speaks S3. All know the same
//! three things: put a file, read it back, remove it. What was put is read back at once, so that nobody finds out on the bad day.

mod folder;
mod s3;
mod sftp;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use self::folder::Folder;
use self::s3::S3;
use self::sftp::Sftp;
use super::FOLDER;
use crate::io::out::{OutError, Outgoing, Trust};
use crate::machine::Reason;
use crate::office::{BackupKind, BackupPlace};

/// Keeps files by their names.
pub(super) trait Shelf {
    /// Puts a file there under this name, whole or not at all. `told` hears the bytes that have gone.
    fn put(&mut self, name: &str, file: &Path, told: &mut dyn FnMut(u64)) -> Result<(), PlaceError>;
    /// Reads what lies there under this name, piece by piece.
    fn read(&mut self, name: &str, piece: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), PlaceError>;
    /// Removes it; one that is gone is no error.
    fn remove(&mut self, name: &str) -> Result<(), PlaceError>;
    /// How many bytes are free there; `None`: the protocol does not tell.
    fn free(&mut self) -> Option<u64> {
        None
    }
    /// The fingerprint of the server's key, when it has one that is not known yet.
    fn new_host_key(&self) -> Option<String> {
        None
    }
}

/// Where a backup goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// The box's own disk.
    Box,
    /// A USB stick, by its id.
    Stick(String),
    /// A place of the office, by its name.
    Place(String),
}

impl Where {
    /// Reads what [`Self::word`] wrote.
    pub fn read(word: &str) -> Self {
        match word.strip_prefix("stick:") {
            Some(id) => Self::Stick(id.to_owned()),
            None if word == "box" => Self::Box,
            None => Self::Place(word.to_owned()),
        }
    }

    /// As the API spells it: `box`, `stick:sdb1`, or the name of a place.
    pub fn word(&self) -> String {
        match self {
            Self::Box => "box".to_owned(),
            Self::Stick(id) => format!("stick:{id}"),
            Self::Place(name) => name.clone(),
        }
    }
}

/// Why a place did not take a backup, or does not give it back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It was not heard.
    #[error("{0}")]
    Out(#[from] OutError),
    /// Login or password is wrong.
    #[error("it refuses the login or the password")]
    Login,
    /// It shows another key than it did: perhaps somebody else's server.
    #[error("its key is {found}, and not {known}: perhaps it is another server")]
    HostKey {
        /// As it was.
        known: String,
        /// As it is.
        found: String,
    },
    /// The private key can't be read.
    #[error("the key for signing in can't be read: {0}")]
    PrivateKey(String),
    /// It refuses, or speaks otherwise.
    #[error("it says: {0}")]
    Refused(String),
    /// A file there.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the kernel said.
        why: String,
    },
    /// Only the box mounts sticks and shares.
    #[error(
        "only the box itself can use sticks and shares of SMB and NFS; on another Linux, mount it and copy the backups there"
    )]
    NoSteward,
    /// The steward has refused.
    #[error("{}", .0[1])]
    Steward(Reason),
    /// There is no such place any more.
    #[error("there is no such place")]
    Gone,
    /// What is read back is not what was put.
    #[error("what lies there is not what was put there")]
    Differs,
}

impl PlaceError {
    /// For people: in Russian and in English.
    pub fn said(&self) -> [String; 2] {
        let ru = match self {
            Self::Out(error) => return crate::io::http::why(error),
            Self::Login => "Сервер не принимает имя или пароль.".to_owned(),
            Self::HostKey { found, .. } => format!(
                "У сервера другой ключ ({found}): возможно, это не он. Если ключ сменили вы, сотрите отпечаток у этого места."
            ),
            Self::PrivateKey(why) => format!("Ключ для входа не прочитать: {why}."),
            Self::Refused(why) => format!("Сервер отказал: {why}."),
            Self::File { why, .. } => format!("Файл там не записать или не прочитать: {why}."),
            Self::NoSteward => {
                "Флешки и общие папки подключает только сама станция. На обычном Linux подключите папку сами и \
                копируйте копии туда."
                    .to_owned()
            }
            Self::Steward([why, _]) => format!("Не подключить: {why}."),
            Self::Gone => "Такого места нет.".to_owned(),
            Self::Differs => "Прочитанное обратно отличается от записанного. Проверьте диск на той стороне.".to_owned(),
        };
        let mut en = self.to_string();
        if let Some(first) = en.get(..1).map(str::to_uppercase) {
            en.replace_range(..1, &first);
        }
        [ru, format!("{en}.")]
    }

    fn file(path: &Path, why: &io::Error) -> Self {
        Self::File { path: path.to_owned(), why: why.to_string() }
    }
}

/// Opens the box's own folder.
pub(super) fn own(data: &Path) -> Box<dyn Shelf> {
    Box::new(Folder::at(data.join(FOLDER)))
}

/// Opens a stick that somebody has chosen.
pub(super) fn stick(id: &str) -> Result<Box<dyn Shelf>, PlaceError> {
    Ok(Box::new(Folder::on_stick(id, "")?))
}

/// Opens a place of the office.
pub(super) fn open(place: &BackupPlace, outgoing: Outgoing, trust: &Trust) -> Result<Box<dyn Shelf>, PlaceError> {
    Ok(match place.kind {
        BackupKind::Sftp => Box::new(Sftp::open(place, outgoing)?),
        BackupKind::S3 => Box::new(S3::open(place, outgoing, trust.clone())?),
        BackupKind::Smb | BackupKind::Nfs => Box::new(Folder::on_share(place)?),
        BackupKind::Stick => Box::new(Folder::on_stick(&place.server, &place.folder)?),
    })
}

/// Puts a file and reads it back; what is not what it was goes again.
pub(super) fn put_proved(
    shelf: &mut dyn Shelf,
    name: &str,
    file: &Path,
    sha256: &str,
    told: &mut dyn FnMut(u64),
) -> Result<(), PlaceError> {
    shelf.put(name, file, told)?;
    let mut hash = Sha256::new();
    shelf.read(name, &mut |piece| {
        hash.update(piece);
        told(piece.len() as u64);
        Ok(())
    })?;
    if in_hexadecimal(hash.finalize().as_slice()) == sha256 {
        return Ok(());
    }
    let _ = shelf.remove(name);
    Err(PlaceError::Differs)
}

/// Tries a place: a small file, which lies at `probe`, goes there, is read back and removed. Bytes that are free there, as far as is known.
pub(super) fn check(shelf: &mut dyn Shelf, name: &str, probe: &Path) -> Result<Option<u64>, PlaceError> {
    let text = name.repeat(PROBE / name.len().max(1));
    std::fs::write(probe, &text).map_err(|why| PlaceError::file(probe, &why))?;
    let proved = put_proved(shelf, name, probe, &in_hexadecimal(Sha256::digest(&text).as_slice()), &mut |_| ());
    let _ = std::fs::remove_file(probe);
    let removed = shelf.remove(name);
    proved.and(removed)?;
    Ok(shelf.free())
}

fn in_hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Brings a file here, to a path where nothing is.
pub(super) fn fetch(shelf: &mut dyn Shelf, name: &str, to: &Path) -> Result<(), PlaceError> {
    let failed = |why: io::Error| PlaceError::file(to, &why);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    let read = shelf.read(name, &mut |piece| file.write_all(piece));
    if read.is_err() {
        let _ = std::fs::remove_file(to);
    }
    read
}

/// Bytes of the file by which a place is tried.
const PROBE: usize = 16 * 1024;
/// Bytes that are read or sent at a time.
const PIECE: usize = 128 * 1024;
