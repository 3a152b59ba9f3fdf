//! A folder: of the box itself, or one that the steward has mounted, of a stick or of a share.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{PIECE, PlaceError, Shelf};
use crate::io::files::{free_bytes, sync_folder};
use crate::io::steward::client;
use crate::machine::{Answer, Order, reason};
use crate::office::{BackupKind, BackupPlace};

/// A folder, and what is to be done when nobody needs it any more.
pub(super) struct Folder {
    path: PathBuf,
    leave: Option<Order>,
}

impl Folder {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, leave: None }
    }

    /// The stick of this id or label; an empty one: the only one that is there.
    pub(super) fn on_stick(wanted: &str, folder: &str) -> Result<Self, PlaceError> {
        let Answer::State(state) = ask(&Order::State)? else { return Err(PlaceError::NoSteward) };
        let mut fitting =
            state.sticks.iter().filter(|stick| wanted.is_empty() || stick.id == wanted || stick.label == wanted);
        let stick = match (fitting.next(), fitting.next()) {
            (Some(stick), None) => stick,
            (None, _) => {
                return Err(PlaceError::Steward(reason("эта флешка не вставлена", "this stick is not plugged in")));
            }
            (Some(_), Some(_)) => {
                let why =
                    reason("вставлено несколько флешек: назовите одну", "several sticks are plugged in: name one");
                return Err(PlaceError::Steward(why));
            }
        };
        done(ask(&Order::MountStick { id: stick.id.clone() })?)?;
        // A folder of our own: of a stick whose file system knows owners nothing else is ours.
        let path = mounts().join("sticks").join(&stick.id).join(OWN_FOLDER).join(folder.trim_start_matches('/'));
        Ok(Self { path, leave: Some(Order::UnmountStick { id: stick.id.clone() }) })
    }

    pub(super) fn on_share(place: &BackupPlace) -> Result<Self, PlaceError> {
        let BackupPlace { server, login, password, .. } = place.clone();
        let password = if place.kind == BackupKind::Nfs { String::new() } else { password };
        done(ask(&Order::MountShare { source: server, login, password })?)?;
        let path = mounts().join("share").join(place.folder.trim_start_matches('/'));
        Ok(Self { path, leave: Some(Order::UnmountShare) })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take()
            && let Err(error) = ask(&leave).and_then(done)
        {
            tracing::warn!(%error, "what was mounted for a backup stays mounted");
        }
    }
}

impl Shelf for Folder {
    fn put(&mut self, name: &str, file: &Path, told: &mut dyn FnMut(u64)) -> Result<(), PlaceError> {
        let (to, draft) = (self.path.join(name), self.path.join(format!("{name}.part")));
        let failed = |why: io::Error| PlaceError::file(&to, &why);
        fs::create_dir_all(&self.path).map_err(failed)?;
        let mut from = File::open(file).map_err(|why| PlaceError::file(file, &why))?;
        let _ = fs::remove_file(&draft);
        let copied = (|| {
            let mut out = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
            let mut piece = vec![0; PIECE];
            loop {
                let count = from.read(&mut piece)?;
                let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
                out.write_all(read)?;
                told(count as u64);
            }
            out.sync_all()?;
            fs::rename(&draft, &to)?;
            sync_folder(&self.path)
        })();
        if copied.is_err() {
            let _ = fs::remove_file(&draft);
        }
        copied.map_err(failed)
    }

    fn read(&mut self, name: &str, piece: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), PlaceError> {
        let path = self.path.join(name);
        let failed = |why: io::Error| PlaceError::file(&path, &why);
        let mut file = File::open(&path).map_err(failed)?;
        let mut buffer = vec![0; PIECE];
        loop {
            let count = file.read(&mut buffer).map_err(failed)?;
            match buffer.get(..count).filter(|read| !read.is_empty()) {
                Some(read) => piece(read).map_err(failed)?,
                None => return Ok(()),
            }
        }
    }

    fn remove(&mut self, name: &str) -> Result<(), PlaceError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PlaceError::file(&path, &error)),
            _ => Ok(()),
        }
    }

    fn free(&mut self) -> Option<u64> {
        free_bytes(&self.path).ok()
    }
}

fn ask(order: &Order) -> Result<Answer, PlaceError> {
    client::ask(order, &mut |_| ()).map_err(|_| PlaceError::NoSteward)
}

fn done(answer: Answer) -> Result<(), PlaceError> {
    match answer {
        Answer::Refused { reason } => Err(PlaceError::Steward(reason)),
        _ => Ok(()),
    }
}

/// On a stick; the steward makes it where it has to.
const OWN_FOLDER: &str = "dozvon";

/// Beside the steward's socket: `/run/dozvon`.
fn mounts() -> PathBuf {
    client::socket().parent().map(Path::to_owned).unwrap_or_default()
}
