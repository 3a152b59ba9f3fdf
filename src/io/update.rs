//! Updates of the box, the exchange's part: it takes the file and judges it, waits for a good moment, keeps what the old version would need
//! again, has the steward write and start it, and, when it is itself the new version, judges the trial.
//!
//! In `DATA/update`: `new.update` (the file), `when` (what it waits for), `plan.json` (what the trial is of, and what there was before),
//! `dozvon.db` (the database for the old version).

mod loop_call;
mod own_page;
mod plan;
pub mod release;
mod take;
mod work;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::handle::Handle;
use super::steward::client;
use crate::machine::trial::{self, Count, Why};
use crate::machine::update::{DATA_FORMAT, Header, PRODUCT, Release, UpdateError, Version};

pub use plan::When;

/// What the running slot says of itself.
const RELEASE: &str = "/etc/dozvon/release";

/// The updates of a box. Clones share them.
#[derive(Clone, Debug)]
pub struct Updates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    shown: Mutex<View>,
    /// While the exchange runs.
    work: Mutex<Option<Sender<Job>>>,
    /// While a trial goes on.
    trial: OnceLock<Sender<trial::Input>>,
}

/// Where an update is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    #[default]
    None,
    /// The file is here, and whole.
    Ready,
    /// It will be written when the time has come.
    Waiting,
    /// It is being written into the other slot.
    Writing,
    /// It runs on trial.
    Trial,
    /// The last one was good.
    Kept,
    /// The last one was not: the old version runs again.
    Returned,
}

/// How an update stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Where it is.
    pub stage: Stage,
    /// What it brings; empty: nothing.
    pub version: String,
    /// What is new, in Russian and in English.
    pub notes: [String; 2],
    /// While it is written.
    pub percent: Option<u8>,
    /// What it waits for.
    pub when: Option<When>,
    /// What went wrong, in Russian and in English.
    pub reason: Option<[String; 2]>,
    /// What there was before a trial.
    pub before: Count,
    /// What of it is back.
    pub back: Count,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This machine has no slots.
    NotTheBox,
    /// An update is being written, or is on trial.
    Busy,
    /// There is no file.
    Nothing,
    /// The file is no good: why, in Russian and in English.
    File([String; 2]),
    /// The disk does not take it.
    Disk,
}

/// What the thread is to do.
#[derive(Clone, Debug)]
enum Job {
    Start(When),
    /// Only into the slot; the person tries it later.
    Write(Sender<Result<(), String>>),
    Forget,
}

impl Updates {
    /// Those of a data directory. Nothing is done before [`work`](Self::work).
    pub fn new(data: &Path) -> Self {
        Self(Arc::new(Inner {
            // The steward is at home elsewhere.
            folder: std::path::absolute(data).unwrap_or_else(|_| data.to_owned()).join("update"),
            shown: Mutex::default(),
            work: Mutex::default(),
            trial: OnceLock::new(),
        }))
    }

    /// How the update stands.
    pub fn view(&self) -> View {
        self.shown().clone()
    }

    /// Looks at the first bytes of a file that comes; false: they are not enough.
    ///
    /// # Errors
    /// Why it will not be taken.
    pub fn judge_first(&self, bytes: &[u8], downgrade: bool) -> Result<bool, Refused> {
        let header = Header::of_first(bytes, &super::licence::trusted_for_updates(std::path::Path::new("/etc")))
            .map_err(|error| Refused::of(&error))?;
        let Some(header) = header else { return Ok(false) };
        judge(&header, downgrade)?;
        Ok(true)
    }

    /// Whether a file may come now.
    ///
    /// # Errors
    /// Why not.
    pub fn may_come(&self) -> Result<(), Refused> {
        if !client::is_there() {
            return Err(Refused::NotTheBox);
        }
        self.is_free()
    }

    /// Proves a file that has come, and takes it over by its name.
    ///
    /// # Errors
    /// Why it is not taken; it stays where it is then.
    pub fn take(&self, arrived: &Path, downgrade: bool) -> Result<(), Refused> {
        self.may_come()?;
        let header = take::prove(arrived)?;
        judge(&header, downgrade)?;
        take::put(arrived, &self.0.folder)?;
        self.show_ready(&header);
        Ok(())
    }

    /// Takes a copy of a file that lies elsewhere: a stick may be pulled out.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn copy(&self, file: &Path, downgrade: bool) -> Result<(), Refused> {
        self.may_come()?;
        let header = take::copy(file, &self.0.folder, |header| judge(header, downgrade))?;
        self.show_ready(&header);
        Ok(())
    }

    /// Takes a copy of a file of a stick, which is made usable for that.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn copy_from_stick(&self, stick: &str, file: &str, downgrade: bool) -> Result<(), Refused> {
        self.may_come()?;
        let path = take::on_stick(stick, file)?;
        self.copy(&path, downgrade)
    }

    /// Begins, or lets it wait.
    ///
    /// # Errors
    /// When there is nothing to begin with.
    pub fn start(&self, when: When) -> Result<(), Refused> {
        self.may_come()?;
        {
            let mut shown = self.shown();
            if !matches!(shown.stage, Stage::Ready | Stage::Waiting) {
                return Err(Refused::Nothing);
            }
            (shown.stage, shown.when, shown.reason) = (Stage::Waiting, Some(when), None);
        }
        self.send(Job::Start(when))
    }

    /// Writes it into the other slot, and no more; waits for it.
    ///
    /// # Errors
    /// When there is nothing to write; inside, why it was not written.
    pub fn write_only(&self) -> Result<Result<(), String>, Refused> {
        self.may_come()?;
        if !matches!(self.view().stage, Stage::Ready | Stage::Waiting) {
            return Err(Refused::Nothing);
        }
        let (answer, inbox) = channel();
        self.send(Job::Write(answer))?;
        inbox.recv().map_err(|_| Refused::Busy)
    }

    /// Forgets a file that waits, or what became of the last one.
    ///
    /// # Errors
    /// When it is being written or on trial.
    pub fn forget(&self) -> Result<(), Refused> {
        self.is_free()?;
        *self.shown() = View::default();
        take::forget(&self.0.folder);
        // Where no exchange runs, nothing waits.
        let _ = self.send(Job::Forget);
        Ok(())
    }

    /// For the judge of a trial: what the engine tells. Nobody listens when there is none.
    pub(super) fn heard(&self, news: impl FnOnce() -> trial::Input) {
        if let Some(trial) = self.0.trial.get() {
            let _ = trial.send(news());
        }
    }

    fn is_free(&self) -> Result<(), Refused> {
        if matches!(self.shown().stage, Stage::Writing | Stage::Trial) { Err(Refused::Busy) } else { Ok(()) }
    }

    fn show_ready(&self, header: &Header) {
        let contents = &header.contents;
        *self.shown() = View {
            stage: Stage::Ready,
            version: contents.release.version.to_string(),
            notes: [contents.notes_ru.clone(), contents.notes_en.clone()],
            ..View::default()
        };
    }

    fn send(&self, job: Job) -> Result<(), Refused> {
        let work = self.0.work.lock().unwrap_or_else(PoisonError::into_inner);
        // A box whose exchange has no thread for it does nothing.
        work.as_ref().and_then(|work| work.send(job).ok()).ok_or(Refused::Busy)
    }

    fn jobs(&self) -> Receiver<Job> {
        let (jobs, inbox) = channel();
        *self.0.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(jobs);
        inbox
    }

    fn shown(&self) -> MutexGuard<'_, View> {
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `dozvon update`: takes the file over and begins; what to say.
///
/// # Errors
/// Why not.
pub(super) fn by_console(
    handle: &Handle,
    path: &Path,
    when: Option<&str>,
    downgrade: bool,
    told: &mut dyn FnMut(String),
) -> Result<String, String> {
    let in_words = |refused: Refused| refused.english();
    let updates = handle.updates();
    updates.take(path, downgrade).map_err(in_words)?;
    let version = updates.view().version;
    let Some(when) = when else {
        told(format!("version {version} is being written"));
        updates.write_only().map_err(in_words)??;
        return Ok(format!("version {version} is in the other slot; it starts when the update is started"));
    };
    let when = When::parse(when).ok_or("--when is now, idle or a time HH:MM")?;
    updates.start(when).map_err(in_words)?;
    Ok(match when {
        When::Now => format!("version {version} is being written; then the box starts anew, with it on trial"),
        _ => format!("version {version} waits ({})", when.word()),
    })
}

/// The file that comes by the console: proved and copied, so that the exchange, which may read nothing else, finds it.
///
/// # Errors
/// Why it is none for this box.
pub(super) fn copy_for_console(file: &Path, data: &Path, downgrade: bool) -> Result<PathBuf, Refused> {
    take::copy_to(file, &data.join("update"), "console.update", |header| judge(header, downgrade))
}

/// Where this exchange is reached, for its look at itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) sip: SocketAddr,
    pub(super) https: SocketAddr,
}

pub(super) use work::{carries, is_on_trial, start};

fn judge_disk(error: &std::io::Error) -> Refused {
    tracing::error!(%error, "an update can't be kept");
    Refused::Disk
}

fn judge(header: &Header, downgrade: bool) -> Result<(), Refused> {
    header
        .judge(&running_release(), downgrade)
        .map_err(|refusal| Refused::File([refusal.russian(), capital(&refusal.to_string())]))
}

/// What runs. On a machine that is not the box: this program, as if it were the box's.
pub(super) fn running_release() -> Release {
    let stored = std::fs::read_to_string(RELEASE).ok().and_then(|text| Release::parse(&text));
    stored.unwrap_or_else(|| Release {
        version: Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or_default(),
        format: DATA_FORMAT,
        product: PRODUCT.to_owned(),
        built: 0,
    })
}

impl Refused {
    /// The file ends before it is anything.
    pub(super) fn not_whole() -> Self {
        Self::of(&UpdateError::Truncated)
    }

    /// A sentence for the console.
    pub fn english(&self) -> String {
        match self {
            Self::NotTheBox => "this machine is not the box's image: update it the way it was installed".to_owned(),
            Self::Busy => "an update is going on".to_owned(),
            Self::Nothing => "there is no update file".to_owned(),
            Self::File([_, english]) => english.clone(),
            Self::Disk => "the disk did not take the file".to_owned(),
        }
    }

    fn of(error: &UpdateError) -> Self {
        Self::File([error.russian(), capital(&error.to_string())])
    }
}

/// A sentence of it.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn in_words(why: &Why) -> [String; 2] {
    [why.russian(), why.english()]
}

impl Stage {
    /// Its word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Writing => "writing",
            Self::Trial => "trial",
            Self::Kept => "kept",
            Self::Returned => "returned",
        }
    }
}
