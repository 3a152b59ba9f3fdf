//! `DATA/control.sock`: orders from the console to a running exchange. A line of JSON each way; who may open the socket
//! may do everything, so it is its owner's only.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::accounts::{self, UserChange};
use super::backup::{self, BackupError};
use super::handle::{Handle, HandleError};
use super::steward::gauges;
use super::store::Deed;
use super::{apply, board, clock, files, licence, recordings, update};
use crate::base::Duration;
use crate::engine::live::TrunkState;
use crate::machine::panel::Exchange;
use crate::office::Role;

/// What the console may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// `dozvon apply`. The path is absolute; the exchange reads media files beside it.
    Apply {
        /// Where the office file lies.
        path: PathBuf,
        /// What it says.
        text: String,
        /// Change nothing.
        dry_run: bool,
    },
    /// `dozvon user add`, `dozvon user set-password`.
    User(UserChange),
    /// `dozvon license install`.
    License {
        /// What the file says.
        text: String,
    },
    /// `dozvon update`.
    Update {
        /// A proved copy of the file, in the data directory.
        path: PathBuf,
        /// `now`, `idle` or `HH:MM`; absent: it is only written into the other slot.
        when: Option<String>,
        /// An older version is meant.
        downgrade: bool,
    },
    /// How the exchange is, for `dozvon panel`.
    Status,
    /// Keep in mind what was done to the box at its console.
    Note {
        /// What.
        deed: String,
    },
    /// `dozvon restore`, when the backup is unpacked and proved.
    Restore {
        /// Names it.
        token: String,
    },
    /// `dozvon restore --undo`.
    UndoRestore,
    /// `dozvon token create`.
    Token {
        /// Unique.
        name: String,
        /// Whether it may change things.
        admin: bool,
        /// Of the token, in hexadecimal digits.
        sha256: String,
    },
}

/// What the console is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It is done.
    Done {
        /// What has changed, a line a thing.
        changes: Vec<String>,
        /// What should be looked at.
        warnings: Vec<String>,
    },
    /// As it is.
    Status(Box<Status>),
    /// Nothing is done yet, and it takes its time; another answer follows.
    Working {
        /// With what, and how far that is.
        words: String,
    },
    /// Nothing was done.
    Refused {
        /// Why, a line a fault.
        reasons: Vec<String>,
    },
}

/// How the exchange is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// As the console shows it.
    pub exchange: Exchange,
    /// Of the office: an IANA name.
    pub timezone: String,
}

/// Does what is asked; `told` hears how far it is when that takes long.
pub fn perform(handle: &Handle, request: Request, told: &mut dyn FnMut(String)) -> Answer {
    let done = || Answer::Done { changes: Vec::new(), warnings: Vec::new() };
    let refused = |reason: String| Answer::Refused { reasons: vec![reason] };
    match request {
        Request::Apply { path, text, dry_run } => match apply::apply(handle, &path, &text, dry_run, AUTHOR, told) {
            Ok(applied) => Answer::Done { changes: applied.changes, warnings: applied.warnings },
            Err(apply::Refused(reasons)) => Answer::Refused { reasons },
        },
        Request::User(change) => {
            let reason = match &change {
                UserChange::Add { login, .. } => format!("user {login} added"),
                UserChange::Password { login, .. } => format!("password of user {login} set"),
            };
            let result = handle.change(AUTHOR, &reason, |office| {
                accounts::changed(office, change).map(Some).map_err(HandleError::from)
            });
            result.map_or_else(|error| refused(error.to_string()), |_| done())
        }
        Request::License { text } => match handle.install_licence(&text) {
            Ok(standing) => {
                note(handle, "license".to_owned());
                Answer::Done { changes: vec![licence::in_words(&standing)], warnings: Vec::new() }
            }
            Err(error) => refused(error.to_string()),
        },
        Request::Update { path, when, downgrade } => {
            match update::by_console(handle, &path, when.as_deref(), downgrade, told) {
                Ok(line) => {
                    note(handle, "update".to_owned());
                    Answer::Done { changes: vec![line], warnings: Vec::new() }
                }
                Err(reason) => refused(reason),
            }
        }
        Request::Status => Answer::Status(Box::new(status(handle))),
        Request::Note { deed } => {
            note(handle, deed);
            done()
        }
        Request::Restore { token } => {
            anew(handle, "restored", backup::mark(handle.data(), &token)).unwrap_or_else(|why| refused(why.to_string()))
        }
        Request::UndoRestore => {
            anew(handle, "restore_undone", backup::undo(handle.data())).unwrap_or_else(|why| refused(why.to_string()))
        }
        Request::Token { name, admin, sha256 } => {
            let Some(hash) = from_hex(&sha256) else { return refused("not a SHA-256".to_owned()) };
            let role = if admin { Role::Admin } else { Role::Viewer };
            let added = handle.store().add_token(&name, role, hash, clock::wall());
            added.map_or_else(|error| refused(error.to_string()), |()| done())
        }
    }
}

fn note(handle: &Handle, subject: String) {
    handle.store().note(Deed {
        at: clock::wall(),
        who: AUTHOR.to_owned(),
        address: String::new(),
        what: "change".to_owned(),
        subject,
        version: None,
    });
}

fn status(handle: &Handle) -> Status {
    let office = handle.office();
    let registrations = handle.board().registrations();
    let trunks = handle.board().trunks();
    let is_up = |name: &String| {
        trunks.get(name).is_some_and(|trunk| matches!(trunk.state, TrunkState::Registered | TrunkState::Reachable))
    };
    let is_registered = |login: &str| registrations.get(login).is_some_and(|phone| !phone.contacts.is_empty());
    let mut pages: Vec<String> =
        gauges::reachable().into_iter().map(|address| handle.phones().site(address).https).collect();
    pages.dedup(); // one address may be told instead of all
    let exchange = Exchange {
        name: office.settings.name.clone(),
        pages,
        phones_up: board::sip_logins(&office).filter(|login| is_registered(login)).count(),
        phones: board::sip_logins(&office).count(),
        trunks_up: office.trunks.iter().filter(|trunk| is_up(&trunk.name)).count(),
        trunks: office.trunks.len(),
        calls: handle.board().calls().len(),
        is_new: office.users.iter().any(|user| user.login == "admin" && user.must_change),
        first_password: handle.first_password().map(str::to_owned),
        disk_days: disk_days(handle),
    };
    Status { exchange, timezone: office.settings.timezone.clone() }
}

fn disk_days(handle: &Handle) -> Option<u32> {
    let free = files::free_bytes(handle.data()).ok()?;
    recordings::forecast(&handle.office(), &handle.growth()?, free).days_left
}

/// What is marked is done when the exchange starts anew.
fn anew(handle: &Handle, what: &str, marked: Result<(), BackupError>) -> Result<Answer, BackupError> {
    marked?;
    tracing::info!(what, "ordered at the console; the exchange starts anew");
    handle.start_anew();
    Ok(Answer::Done { changes: Vec::new(), warnings: Vec::new() })
}

/// Opens the socket and serves it on a thread of its own. The data directory must be taken.
///
/// # Errors
/// As the kernel says.
pub fn serve(handle: Handle) -> io::Result<()> {
    let path = socket_path(handle.data());
    // Of a process that was killed: the directory is ours alone.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = with_short(handle.data(), |short| UnixListener::bind(short))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    std::thread::Builder::new().name("control".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            // One after the other: the console is one person.
            if let Err(error) = stream.and_then(|stream| converse(&handle, &stream)) {
                tracing::debug!(%error, "control socket");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    })?;
    Ok(())
}

/// Asks the exchange that runs on this data directory; `None` when none does. `told` as with [`perform`].
///
/// # Errors
/// When it runs and does not answer.
pub fn ask(data: &Path, request: &Request, told: &mut dyn FnMut(String)) -> io::Result<Option<Answer>> {
    let stream = match with_short(data, |short| UnixStream::connect(short)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    send(&stream, request)?;
    let mut lines = BufReader::new(&stream);
    loop {
        match receive(&mut lines)? {
            Answer::Working { words } => told(words),
            answer => return Ok(Some(answer)),
        }
    }
}

/// Removes the socket at the end.
pub fn close(data: &Path) {
    let _ = fs::remove_file(socket_path(data));
}

fn converse(handle: &Handle, stream: &UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let request = receive(&mut BufReader::new(stream))?;
    // Who does not listen any more wants it done all the same.
    let answer = perform(handle, request, &mut |words| drop(send(stream, &Answer::Working { words })));
    send(stream, &answer)
}

fn send<T: Serialize>(mut stream: &UnixStream, value: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line)
}

fn receive<T: for<'a> Deserialize<'a>>(stream: &mut impl BufRead) -> io::Result<T> {
    let mut line = String::new();
    stream.take(LONGEST_LINE).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// The name of a socket may have 107 bytes, and a data directory may lie deep: through the directory's descriptor it is short.
fn with_short<T>(data: &Path, open: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = socket_path(data);
    if path.as_os_str().len() <= 100 {
        return open(&path);
    }
    let directory = fs::File::open(data)?;
    open(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(SOCKET))
}

fn socket_path(data: &Path) -> PathBuf {
    data.join(SOCKET)
}

/// The hash of a token, as sent over the socket.
pub fn to_hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Whose name stands beside a version that was made here.
const AUTHOR: &str = "console";
const SOCKET: &str = "control.sock";
/// Converting long media files takes its time.
const PATIENCE: Duration = Duration::from_secs(300);
/// An office file of thousands of extensions has some megabytes.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests;
