//! `DATA/recordings`: what the tapes of the media threads become. One thread orders, decodes, encodes and writes; nobody
//! waits for it, and when it can't keep up, sound is lost from recordings and never from calls.
//!
//! A file is complete up to the last quarter of a second at any moment, whatever ends the process; [`HORIZON`] and
//! [`BLOCK_AGE`] add to that, all three stay under a second. The index is the store's; see `shelf` for what goes when.
//!
//! [`HORIZON`]: crate::media::tape::HORIZON
//! [`BLOCK_AGE`]: crate::media::tape::BLOCK_AGE

mod file;
mod names;
mod ogg;
mod quiet;
mod recorder;
mod shelf;
mod wav;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use self::recorder::Recorder;
use super::clock::{self, Clock};
use super::files::free_bytes;
use super::store::{Reader, RecordingRow, Store, StoreError};
use crate::base::{CallId, Duration, RecordingId, WallTime};
use crate::call::cdr::RecordingBegun;
use crate::engine::Record;
use crate::machine::forecast::{self, Bounds, Forecast, Growth};
use crate::media::tape::{Block, FRAME_SAMPLES};
use crate::office::Office;

pub use file::RecordingFormat;
pub(super) use ogg::packets;
pub(super) use shelf::{remove_file, resolve};

/// A recording that is to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Its id: that of its tape.
    pub recording: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// Now.
    pub at: WallTime,
    /// For the name of the file: who calls.
    pub caller: String,
    /// For the name of the file: who was called, or answered.
    pub called: String,
    /// What becomes of it.
    pub kind: Kind,
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call: stereo, with a row in the index.
    Call,
    /// What one party says to us, on the left side of the tape: Ogg Opus, mono, without a row and without the silence at its end.
    /// [`MessageEvent`]s follow.
    Message {
        /// Its file, relative to the data directory.
        path: String,
        /// So much silence is told.
        silence: Duration,
    },
}

/// What is told of a [`Kind::Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageEvent {
    /// Nobody speaks any more; it goes on all the same.
    Silent {
        /// In which call.
        call: CallId,
        /// Which.
        recording: RecordingId,
        /// From its beginning to the last sound.
        spoken: Duration,
    },
    /// It is over.
    Finished(Finished),
    /// The recording of a call is complete.
    Recorded {
        /// Which.
        recording: RecordingId,
        /// Of which call.
        call: CallId,
        /// Milliseconds of sound.
        duration_ms: u64,
    },
}

/// A [`Kind::Message`] is complete, or never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Which.
    pub recording: RecordingId,
    /// Milliseconds of sound; 0: there is none, and maybe no file.
    pub duration_ms: u64,
    /// Of the file.
    pub bytes: u64,
}

impl From<RecordingBegun> for Begin {
    fn from(begun: RecordingBegun) -> Self {
        let RecordingBegun { recording, call, at, caller, called } = begun;
        Self { recording, call, at, caller, called, kind: Kind::Call }
    }
}

/// How recordings are made and how long they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// That of recordings that begin from now on.
    pub format: RecordingFormat,
    /// The zone of the days and times in names: an IANA name.
    pub timezone: String,
    /// Those that began so many days ago go; `None`: they stay.
    pub keep_days: Option<u32>,
    /// The oldest go while all take more than so many times 10⁹ bytes; `None`: they stay.
    pub keep_gigabytes: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { format: RecordingFormat::Opus, timezone: "UTC".to_owned(), keep_days: None, keep_gigabytes: None }
    }
}

/// What an admin should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The disk is nearly full: nothing is recorded until [`Told::DiskBack`].
    DiskLow {
        /// What is left.
        free_bytes: u64,
    },
    /// There is room again, and recordings may begin.
    DiskBack {
        /// What is left.
        free_bytes: u64,
    },
    /// The recorder could not keep up, and sound is missing in recordings. Told once an hour at most.
    Lost {
        /// Stretches that are missing since it was last told: packets, or fifths of a second of a call.
        stretches: u64,
    },
    /// One recording could not begin, or ended before its call did.
    Failed {
        /// Which.
        recording: RecordingId,
        /// Of which call.
        call: CallId,
        /// What the kernel said.
        why: String,
    },
}

impl Told {
    /// A word for programs.
    pub fn what(&self) -> &'static str {
        match self {
            Self::DiskLow { .. } => "recording_disk_low",
            Self::DiskBack { .. } => "recording_disk_back",
            Self::Lost { .. } => "recording_lost",
            Self::Failed { .. } => "recording_failed",
        }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DiskLow { free_bytes } => {
                write!(f, "recording has stopped: {} MB are left on the disk; calls go on", free_bytes / 1_000_000)
            }
            Self::DiskBack { free_bytes } => {
                write!(f, "recording is possible again: {} MB are left on the disk", free_bytes / 1_000_000)
            }
            Self::Lost { stretches } => {
                write!(f, "sound is missing in recordings, {stretches} times: the box could not keep up; calls go on")
            }
            Self::Failed { recording, call, why } => write!(f, "recording {recording} of call {call} failed: {why}"),
        }
    }
}

/// The way to the recorder. Clones share one thread.
#[derive(Clone, Debug)]
pub struct RecorderHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    jobs: Sender<Job>,
    /// Blocks on their way.
    queued: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
    /// Hears nothing but its end, when all is on the disk.
    closed: Mutex<Receiver<()>>,
}

enum Job {
    Begin(Begin),
    Block(Block),
    Settings(Settings),
    Close,
}

impl RecorderHandle {
    /// Begins a recording. Blocks for it may follow at once. Never waits.
    pub fn begin(&self, begin: Begin) {
        self.send(Job::Begin(begin));
    }

    /// Brings a stretch of a tape. Never waits: with [`QUEUE`] blocks on their way it is dropped and counted, unless it is
    /// the last of its recording.
    pub fn block(&self, block: Block) {
        let shared = &self.0;
        if shared.queued.load(Ordering::Relaxed) >= QUEUE && !block.is_last() {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        shared.queued.fetch_add(1, Ordering::Relaxed);
        self.send(Job::Block(block));
    }

    /// Blocks that were dropped, since the start.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Other settings from now on.
    pub fn set(&self, settings: Settings) {
        self.send(Job::Settings(settings));
    }

    /// Ends all recordings, and waits until they are on the disk, or for [`CLOSE_TIME`] at most. False when it gave up.
    pub fn close(&self) -> bool {
        self.send(Job::Close);
        let closed = self.0.closed.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(closed.recv_timeout(CLOSE_TIME), Err(RecvTimeoutError::Timeout))
    }

    fn send(&self, job: Job) {
        // A recorder that is closed takes nothing any more.
        let _ = self.0.jobs.send(job);
    }
}

/// Starts the recorder of a data directory; first it closes what the last process left open. `told` is called on its thread, and
/// so is `of_message`.
///
/// # Errors
/// When the index can't be read, or there is no thread.
pub fn start(
    data: &Path,
    store: Store,
    told: impl Fn(Told) + Send + 'static,
    of_message: impl Fn(MessageEvent) + Send + 'static,
) -> Result<RecorderHandle, StoreError> {
    let reader = Reader::open(data)?;
    let shelf = shelf::Shelf::new(data.to_owned(), store, reader);
    let recorder = Recorder::new(shelf, Box::new(free_bytes), Box::new(told), Box::new(of_message));
    let (jobs, inbox) = channel();
    let (open, closed) = channel();
    let queued = Arc::new(AtomicUsize::new(0));
    let dropped = Arc::new(AtomicU64::new(0));
    let ours = (Arc::clone(&queued), Arc::clone(&dropped));
    std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || {
            run(recorder, &inbox, &ours.0, &ours.1);
            drop(open);
        })
        .map_err(|why| StoreError::Database(why.to_string()))?;
    let shared = Shared { jobs, queued, dropped, closed: Mutex::new(closed) };
    Ok(RecorderHandle(Arc::new(shared)))
}

/// Where the file of a row is; `None` when the row names none that could be a recording's.
pub fn file(data: &Path, row: &RecordingRow) -> Option<PathBuf> {
    shelf::resolve(data, &row.path)
}

/// Takes a finished recording from the disk and out of the index.
///
/// # Errors
/// As the disk says; the row stays then.
pub fn remove(data: &Path, store: &Store, row: &RecordingRow) -> io::Result<()> {
    shelf::remove_file(data, &row.path)?;
    store.record(Record::RecordingGone { recording: row.recording });
    Ok(())
}

/// Writes a recording whose sound is there already, in frames of 20 ms: Ogg Opus, and mono when it is a message. Returns its file,
/// relative to the data directory, milliseconds of sound, and bytes.
///
/// # Errors
/// As the disk says.
pub(super) fn write_whole(
    data: &Path,
    begin: &Begin,
    timezone: &str,
    sound: impl Iterator<Item = [i16; FRAME_SAMPLES]>,
) -> io::Result<(String, u64, u64)> {
    let (path, stereo) = match &begin.kind {
        Kind::Call => (names::path(begin, RecordingFormat::Opus, timezone), true),
        Kind::Message { path, .. } => (path.clone(), false),
    };
    let mut file = file::SoundFile::create(&data.join(&path), RecordingFormat::Opus, stereo, &[])?;
    for frame in sound {
        file.add(&frame)?;
    }
    let contents = file.finish()?;
    Ok((path, contents.duration_ms, contents.bytes))
}

/// How long a disk lasts whose data grow so, and of which so many bytes are free.
pub(super) fn forecast(office: &Office, growth: &Growth, free: u64) -> Forecast {
    let some = |count: u32| Some(count).filter(|count| *count > 0);
    let kept = &office.recordings;
    let bounds = Bounds {
        recordings_days: some(kept.keep_days),
        recordings_bytes: some(kept.keep_gigabytes).map(|gigabytes| u64::from(gigabytes) * shelf::GIGABYTE),
        messages_days: some(office.voicemail.keep_days),
    };
    forecast::forecast(growth, &bounds, free.saturating_sub(recorder::FLOOR))
}

/// Mends a message's file that was cut, and says how long it is and how large.
pub(super) fn mend_message(file: &Path) -> io::Result<(u64, u64)> {
    file::mend(file, RecordingFormat::Opus).map(|contents| (contents.duration_ms, contents.bytes))
}

fn run(mut recorder: Recorder, inbox: &Receiver<Job>, queued: &AtomicUsize, dropped: &AtomicU64) {
    let clock = Clock::start();
    recorder.tidy(clock.now(), clock::wall());
    loop {
        match inbox.recv_timeout(TICK) {
            Ok(Job::Begin(begin)) => recorder.begin(clock.now(), &begin),
            Ok(Job::Block(block)) => {
                queued.fetch_sub(1, Ordering::Relaxed);
                recorder.block(clock.now(), clock::wall(), &block);
            }
            Ok(Job::Settings(settings)) => recorder.set(settings),
            Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => return recorder.close(clock::wall()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        recorder.dropped(dropped.load(Ordering::Relaxed));
        recorder.tick(clock.now(), clock::wall());
    }
}

/// Reads how much is free where a path is.
type Free = Box<dyn FnMut(&Path) -> io::Result<u64> + Send>;

/// The directory of recordings, relative to the data directory.
const DIRECTORY: &str = "recordings";
/// That of [`Kind::Message`], which the index does not know.
pub(super) const MESSAGES: &str = "recordings/voicemail";
/// Blocks on their way: eight seconds of a hundred calls. Further ones are dropped and counted.
pub const QUEUE: usize = 4_000;
/// How long [`RecorderHandle::close`] waits.
pub const CLOSE_TIME: Duration = Duration::from_secs(10);
/// How often files are looked after when nothing comes.
const TICK: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
