//! Captures: what passes the cards, as files for Wireshark in `DATA/captures`, with secrets of SIP covered. Each has a thread of its own,
//! which ends with its time or its bytes, so that a forgotten one fills no disk; calls never wait for it.
//!
//! What can't be covered, and so is not hidden: sound and the digits that are keyed in it, when sound is asked for.

mod packet;
mod socket;
mod stream;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::packet::Watcher;
use self::socket::{Ear, Heard};
use super::clock::{self, Stopwatch};
use super::files::{free_bytes, replace};
use crate::base::WallTime;

pub use packet::Wanted;

/// What is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// SIP.
    Signalling,
    /// SIP and sound.
    All,
}

/// How a capture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on.
    Running,
    /// It has ended as it should.
    Done,
    /// The disk filled up; what came before is there.
    DiskFull,
    /// The disk or the kernel failed.
    Failed,
}

/// One capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Rises with each.
    pub id: u64,
    /// Its beginning, milliseconds since 1970.
    pub at: i64,
    /// How long it goes on at most.
    pub seconds: u32,
    /// What is captured.
    pub what: What,
    /// Only from or to this address.
    pub address: Option<IpAddr>,
    /// How it stands.
    pub state: State,
    /// Of the file, so far.
    #[serde(skip)]
    pub bytes: u64,
}

/// Why no capture begins.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process lacks CAP_NET_RAW, or its service may open no packet socket.
    #[error("this process may not look at packets")]
    NotAllowed,
    /// So many go on.
    #[error("{RUNNING} captures go on already")]
    Busy,
    /// The disk has no room.
    #[error("the disk has no room")]
    NoRoom,
    /// The kernel or the disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// All captures. Clones are the same shelf.
#[derive(Clone)]
pub struct Captures(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    list: Mutex<Vec<Entry>>,
    /// Hears of each that begins or ends.
    told: Box<dyn Fn() + Send + Sync>,
}

#[derive(Clone, Debug)]
struct Entry {
    capture: Capture,
    bytes: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Captures {
    /// The captures in this data directory; `told` hears of each that begins or ends.
    pub fn open(data: &Path, told: impl Fn() + Send + Sync + 'static) -> Self {
        let folder = data.join(FOLDER);
        let mut list: Vec<Entry> = fs::read_dir(&folder).into_iter().flatten().flatten().filter_map(read).collect();
        list.sort_by_key(|entry| entry.capture.id);
        Self(Arc::new(Shared { folder, list: Mutex::new(list), told: Box::new(told) }))
    }

    /// All, the newest first.
    pub fn list(&self) -> Vec<Capture> {
        self.entries().iter().rev().map(Entry::now).collect()
    }

    /// One of them.
    pub fn find(&self, id: u64) -> Option<Capture> {
        self.entries().iter().find(|entry| entry.capture.id == id).map(Entry::now)
    }

    /// Its file, relative to the data directory.
    pub fn path(id: u64) -> String {
        format!("{FOLDER}/{id}.pcap")
    }

    /// Begins one; beyond [`KEPT`] the oldest that has ended goes.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        &self,
        what: What,
        address: Option<IpAddr>,
        seconds: u32,
        wanted: Wanted,
    ) -> Result<Capture, StartError> {
        let ear = Ear::open(&wanted).map_err(|error| match error.raw_os_error() {
            Some(EPERM | EACCES | EAFNOSUPPORT) => StartError::NotAllowed,
            _ => StartError::Io(error),
        })?;
        let mut list = self.entries();
        if list.iter().filter(|entry| entry.capture.state == State::Running).count() >= RUNNING {
            return Err(StartError::Busy);
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0.folder)?;
        if free_bytes(&self.0.folder)? < FREE_BYTES {
            return Err(StartError::NoRoom);
        }
        let at = clock::wall();
        let id = u64::try_from(at.millis()).unwrap_or(0).max(list.last().map_or(0, |last| last.capture.id + 1));
        let capture = Capture { id, at: at.millis(), seconds, what, address, state: State::Running, bytes: 0 };
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.file(id, "pcap"))?;
        self.note(&capture)?;
        let entry = Entry { capture: capture.clone(), bytes: Arc::default(), stop: Arc::default() };
        let work = Work {
            shelf: self.clone(),
            id,
            ear,
            watcher: Watcher::new(wanted),
            out: BufWriter::new(file),
            bytes: Arc::clone(&entry.bytes),
            stop: Arc::clone(&entry.stop),
            time: Duration::from_secs(seconds.into()),
        };
        list.push(entry);
        drop(list);
        if let Err(error) = std::thread::Builder::new().name("capture".to_owned()).spawn(move || work.run()) {
            self.remove(id);
            return Err(error.into());
        }
        self.tidy();
        (self.0.told)();
        Ok(capture)
    }

    /// Ends one, and keeps what there is; `None`: there is none. Its end is told a moment later.
    pub fn stop(&self, id: u64) -> Option<Capture> {
        let list = self.entries();
        let entry = list.iter().find(|entry| entry.capture.id == id)?;
        entry.stop.store(true, Ordering::Relaxed);
        Some(entry.now())
    }

    /// Ends one, and forgets it with its file; false: there is none.
    pub fn remove(&self, id: u64) -> bool {
        let mut list = self.entries();
        let Some(place) = list.iter().position(|entry| entry.capture.id == id) else { return false };
        let entry = list.remove(place);
        entry.stop.store(true, Ordering::Relaxed);
        drop(list);
        for ending in ["pcap", "json"] {
            // one that is not there is gone
            let _ = fs::remove_file(self.file(id, ending));
        }
        (self.0.told)();
        true
    }

    fn ended(&self, id: u64, state: State) {
        let mut list = self.entries();
        // who was removed meanwhile has no file any more
        let Some(entry) = list.iter_mut().find(|entry| entry.capture.id == id) else { return };
        entry.capture.state = state;
        let capture = entry.capture.clone();
        drop(list);
        if let Err(error) = self.note(&capture) {
            tracing::warn!(%error, "what a capture is of is not kept");
        }
        (self.0.told)();
    }

    fn tidy(&self) {
        let oldest = {
            let list = self.entries();
            let ended = list.iter().find(|entry| entry.capture.state != State::Running);
            ended.filter(|_| list.len() > KEPT).map(|entry| entry.capture.id)
        };
        if let Some(oldest) = oldest {
            self.remove(oldest);
        }
    }

    fn note(&self, capture: &Capture) -> io::Result<()> {
        replace(&self.file(capture.id, "json"), &serde_json::to_vec(capture)?, 0o600)
    }

    fn file(&self, id: u64, ending: &str) -> PathBuf {
        self.0.folder.join(format!("{id}.{ending}"))
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn now(&self) -> Capture {
        Capture { bytes: self.bytes.load(Ordering::Relaxed), ..self.capture.clone() }
    }
}

/// One of a process before. The end of that process was its end.
fn read(file: fs::DirEntry) -> Option<Entry> {
    let path = file.path();
    if path.extension()? != "json" {
        return None;
    }
    let mut capture: Capture = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    let bytes = fs::metadata(path.with_extension("pcap")).ok()?.len();
    if capture.state == State::Running {
        capture.state = State::Done;
    }
    Some(Entry { capture, bytes: Arc::new(bytes.into()), stop: Arc::default() })
}

struct Work {
    shelf: Captures,
    id: u64,
    ear: Ear,
    watcher: Watcher,
    out: BufWriter<File>,
    bytes: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    time: Duration,
}

impl Work {
    fn run(mut self) {
        let ended = self.listen().and_then(|full| self.out.flush().map(|()| full));
        let state = match ended {
            Ok(false) => State::Done,
            Ok(true) => State::DiskFull,
            Err(error) if error.kind() == io::ErrorKind::StorageFull => State::DiskFull,
            Err(error) => {
                tracing::warn!(%error, "a capture ended early");
                State::Failed
            }
        };
        self.shelf.ended(self.id, state);
    }

    /// True: the disk filled up.
    fn listen(&mut self) -> io::Result<bool> {
        self.out.write_all(&head())?;
        let mut written = HEAD_BYTES;
        self.tell(written)?;
        let (begun, mut looked) = (Stopwatch::start(), 0);
        while !self.stop.load(Ordering::Relaxed) && begun.elapsed() < self.time && written < LONGEST_FILE {
            let Some(Heard { at, link, bytes }) = self.ear.hear(TICK)? else {
                self.tell(written)?; // a pause: who looks sees all
                continue;
            };
            let Some(packet) = self.watcher.take(bytes) else { continue };
            let length = u32::try_from(link.len() + packet.len()).unwrap_or(u32::MAX);
            let (seconds, micros) = (at.div_euclid(1_000_000), at.rem_euclid(1_000_000));
            for word in [u32::try_from(seconds).unwrap_or(0), u32::try_from(micros).unwrap_or(0), length, length] {
                self.out.write_all(&word.to_le_bytes())?;
            }
            self.out.write_all(&link)?;
            self.out.write_all(&packet)?;
            written += 16 + u64::from(length);
            if written - looked >= LOOK_EVERY {
                looked = written;
                self.tell(written)?;
                if free_bytes(&self.shelf.0.folder)? < FREE_BYTES {
                    return Ok(true);
                }
            }
        }
        self.tell(written).map(|()| false)
    }

    fn tell(&mut self, written: u64) -> io::Result<()> {
        self.out.flush()?;
        self.bytes.store(written, Ordering::Relaxed);
        Ok(())
    }
}

/// The classic format with microseconds, of LINKTYPE_LINUX_SLL2: draft-ietf-opsawg-pcap.
fn head() -> Vec<u8> {
    [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, 276].into_iter().flat_map(u32::to_le_bytes).collect()
}

impl Capture {
    /// When it began.
    pub fn began(&self) -> WallTime {
        WallTime(self.at)
    }
}

/// Below the data directory.
const FOLDER: &str = "captures";
/// The longest time of one. Seconds.
pub const LONGEST_TIME: u32 = 3_600;
/// The longest file. Bytes.
pub const LONGEST_FILE: u64 = 100_000_000;
/// Captures that are kept.
pub const KEPT: usize = 10;
/// Captures that go on at a time.
pub const RUNNING: usize = 2;
/// With less on the disk, none begins or goes on. Bytes.
const FREE_BYTES: u64 = 300_000_000;
/// How often the disk is looked at. Bytes that were written.
const LOOK_EVERY: u64 = 1_000_000;
const HEAD_BYTES: u64 = 24;
/// How often one looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(200);
const EPERM: i32 = nix::errno::Errno::EPERM as i32;
const EACCES: i32 = nix::errno::Errno::EACCES as i32;
const EAFNOSUPPORT: i32 = nix::errno::Errno::EAFNOSUPPORT as i32;
