//! The thread that makes backups, one after another: when somebody asks, and by the timetable. A backup is made and proved on the box,
//! brought to its place, and read back there; a failure is told. Backups that are to be restored are looked at on threads of their own.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::beside::Beside;
use super::ledger::{Item, Ledger, State};
use super::place::{self, PlaceError, Shelf};
use super::{BackupError, FOLDER, Made, Manifest, Order, Passphrase, Where, make, restore, timetable};
use crate::base::{Duration, Rng, WallTime};
use crate::guard::Alarm;
use crate::io::board::Event;
use crate::io::clock::{self, Stopwatch};
use crate::io::files;
use crate::io::handle::{Handle, HandleError, WeakHandle};
use crate::io::out::{Outgoing, Trust};
use crate::io::store;
use crate::office::Office;

/// Backups of a running exchange. Clones share them.
#[derive(Clone, Debug)]
pub struct Backups(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    data: PathBuf,
    jobs: Sender<Job>,
    ledger: Mutex<Ledger>,
    /// Backups that are to be restored, by the word under which they are asked for.
    looked_at: Mutex<HashMap<String, Looked>>,
    handle: WeakHandle,
    outgoing: Outgoing,
}

/// What the thread is to do.
#[derive(Debug)]
enum Job {
    Make(Wish),
    /// Try a place. Who asked longer than [`CHECK_TIME`] ago waits no more.
    Check {
        place: String,
        asked: Stopwatch,
        answer: Sender<Result<Option<u64>, PlaceError>>,
    },
}

/// What is to be made.
#[derive(Debug)]
struct Wish {
    /// Rows of the ledger.
    ids: Vec<String>,
    order: Order,
    /// So many of the timetable's stay in each place; `None`: somebody has asked.
    keep: Option<u32>,
}

/// A backup that is to be restored.
#[derive(Clone, Debug)]
pub enum Looked {
    /// It is being unpacked and proved.
    Running,
    /// It may be restored.
    Ready {
        /// What it says of itself.
        manifest: Box<Manifest>,
        /// For [`restore::mark`].
        token: String,
    },
    /// It can't be, in Russian and in English.
    Failed([String; 2], Wrong),
}

/// What is to be done about a backup that can't be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Give the passphrase.
    Passphrase,
    /// Something else.
    Other,
}

/// Why nothing was begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// Another one is being made.
    #[error("a backup is being made")]
    Busy,
    /// There is no such place.
    #[error("there is no such place")]
    NoPlace,
}

/// Why a place was not found to be good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// A backup is being made.
    #[error("a backup is being made")]
    Busy,
    /// There is no such place.
    #[error("there is no such place")]
    NoPlace,
    /// It has not answered yet.
    #[error("the place does not answer")]
    Slow,
    /// It refuses.
    #[error(transparent)]
    Refused(#[from] PlaceError),
}

/// Starts the thread; it ends with the exchange.
///
/// # Errors
/// When there is none.
pub fn start(handle: &Handle, outgoing: Outgoing) -> io::Result<Backups> {
    let data = handle.data().to_owned();
    super::make::tidy(&data);
    restore::tidy(&data, clock::wall());
    store::forget_damaged(&data, clock::wall());
    let (jobs, inbox) = channel();
    let inner = Inner {
        ledger: Mutex::new(Ledger::open(&data)),
        data,
        jobs,
        looked_at: Mutex::default(),
        handle: handle.downgrade(),
        outgoing,
    };
    let backups = Backups(Arc::new(inner));
    let working = Arc::downgrade(&backups.0);
    let work = move || {
        let upgrade = || working.upgrade().map(Backups).filter(|backups| backups.0.handle.upgrade().is_some());
        let mut beside = Beside::default();
        while next(&inbox, &upgrade, &mut beside).is_some() {}
    };
    std::thread::Builder::new().name("backup".to_owned()).spawn(work)?;
    Ok(backups)
}

/// Does one thing, or looks at the clock; `None`: the exchange is gone.
fn next(inbox: &Receiver<Job>, upgrade: &dyn Fn() -> Option<Backups>, beside: &mut Beside) -> Option<()> {
    match inbox.recv_timeout(LOOK_EVERY) {
        Ok(Job::Check { place, asked, answer }) => {
            let backups = upgrade()?;
            if asked.elapsed() < CHECK_TIME {
                let tried = catch_unwind(AssertUnwindSafe(|| backups.try_place(place)));
                let _ = answer.send(tried.unwrap_or(Err(PlaceError::Gone)));
            }
        }
        Ok(Job::Make(wish)) => {
            let backups = upgrade()?;
            let ids = wish.ids.clone();
            if catch_unwind(AssertUnwindSafe(|| backups.carry_out(wish))).is_err() {
                tracing::error!("a backup has failed");
                ids.iter().for_each(|id| backups.failed(id, ["Ошибка программы.".to_owned(), "A defect.".to_owned()]));
            }
        }
        Err(RecvTimeoutError::Timeout) => {
            let backups = upgrade()?;
            backups.look_at_clock();
            beside.look(&backups.0.handle.upgrade()?);
        }
        Err(RecvTimeoutError::Disconnected) => return None,
    }
    Some(())
}

impl Backups {
    /// All of them, the newest first.
    pub fn list(&self) -> Vec<Item> {
        self.ledger().items.clone()
    }

    /// The one of this id.
    pub fn find(&self, id: &str) -> Option<Item> {
        self.ledger().find(id).cloned()
    }

    /// Has one made; its row.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub fn begin(&self, place: &Where, order: Order) -> Result<Item, BeginError> {
        let office = self.0.handle.upgrade().ok_or(BeginError::Busy)?.office();
        if matches!(place, Where::Place(name) if office.backup_place(name).is_none()) {
            return Err(BeginError::NoPlace);
        }
        let mut ledger = self.ledger();
        if ledger.items.iter().any(|item| matches!(item.state, State::Running { .. })) {
            return Err(BeginError::Busy);
        }
        let item = row(&office, place, &order, false);
        ledger.items.insert(0, item.clone());
        ledger.keep();
        drop(ledger);
        let wish = Wish { ids: vec![item.id.clone()], order, keep: None };
        self.0.jobs.send(Job::Make(wish)).map_err(|_| BeginError::Busy)?;
        Ok(item)
    }

    /// Tries a place of the office: a small file goes there, is read back and removed. Bytes that are free there, where that is told.
    ///
    /// # Errors
    /// See [`CheckError`].
    pub fn check(&self, name: &str) -> Result<Option<u64>, CheckError> {
        let office = self.0.handle.upgrade().ok_or(CheckError::Busy)?.office();
        office.backup_place(name).ok_or(CheckError::NoPlace)?;
        if self.is_making() {
            return Err(CheckError::Busy);
        }
        let (answer, inbox) = channel();
        // By the thread that makes backups: a share can be at one place only.
        let job = Job::Check { place: name.to_owned(), asked: Stopwatch::start(), answer };
        self.0.jobs.send(job).map_err(|_| CheckError::Busy)?;
        Ok(inbox.recv_timeout(CHECK_TIME).map_err(|_| CheckError::Slow)??)
    }

    fn try_place(&self, name: String) -> Result<Option<u64>, PlaceError> {
        let file = format!("dozvon-check-{}.tmp", new_word());
        let probe = self.0.data.join(FOLDER).join(format!("{file}.part"));
        place::check(&mut *self.shelf(&Where::Place(name))?, &file, &probe)
    }

    fn is_making(&self) -> bool {
        self.ledger().items.iter().any(|item| matches!(item.state, State::Running { .. }))
    }

    /// Removes one from its place and from the list. One that failed is only forgotten.
    ///
    /// # Errors
    /// When its place does not answer; it stays in the list then.
    pub fn remove(&self, item: &Item) -> Result<(), PlaceError> {
        if item.state == State::Good {
            self.shelf(&item.place())?.remove(&item.file)?;
        }
        let mut ledger = self.ledger();
        ledger.items.retain(|one| one.id != item.id);
        ledger.keep();
        drop(ledger);
        self.tell("a backup was removed");
        Ok(())
    }

    /// Looks at a file of the data directory that was uploaded, and takes it over; the word under which [`Self::looked`] tells.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn look_at(&self, arrived: &str, passphrase: Option<Passphrase>) -> io::Result<String> {
        let file = self.0.data.join(FOLDER).join(format!("{}.part", new_word()));
        fs::rename(self.0.data.join(arrived), &file)?;
        let mine = file.clone();
        let looked = self.look(passphrase, move |_| Ok(file));
        if looked.is_err() {
            let _ = fs::remove_file(mine);
        }
        looked
    }

    /// Looks at a backup of the list, wherever it is.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn look_at_item(&self, item: Item, passphrase: Option<Passphrase>) -> io::Result<String> {
        self.look(passphrase, move |backups| {
            let to = backups.0.data.join(FOLDER).join(format!("{}.part", new_word()));
            place::fetch(&mut *backups.shelf(&item.place())?, &item.file, &to)?;
            Ok(to)
        })
    }

    fn look(
        &self,
        passphrase: Option<Passphrase>,
        get: impl FnOnce(&Self) -> Result<PathBuf, PlaceError> + Send + 'static,
    ) -> io::Result<String> {
        let word = new_word();
        {
            let mut looked_at = self.looked_at();
            // One is looked at after the other: unpacking takes the disk.
            if looked_at.values().any(|looked| matches!(looked, Looked::Running)) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            looked_at.clear();
            looked_at.insert(word.clone(), Looked::Running);
        }
        let (backups, mine) = (self.clone(), word.clone());
        std::thread::Builder::new().name("restore".to_owned()).spawn(move || {
            let looked = match get(&backups) {
                Err(error) => Looked::Failed(error.said(), Wrong::Other),
                Ok(file) => {
                    let staged = restore::stage(&backups.0.data, &file, passphrase.as_ref(), &mut |_| ());
                    let _ = fs::remove_file(&file);
                    match staged {
                        Ok(staged) => Looked::Ready { manifest: Box::new(staged.manifest), token: staged.token },
                        Err(error) => {
                            let of_passphrase =
                                matches!(error, BackupError::NeedsPassphrase | BackupError::WrongPassphrase);
                            let wrong = if of_passphrase { Wrong::Passphrase } else { Wrong::Other };
                            Looked::Failed(error.said(), wrong)
                        }
                    }
                }
            };
            backups.looked_at().insert(mine, looked);
            backups.tell("a backup was looked at");
        })?;
        Ok(word)
    }

    /// How a backup stands that is looked at; `None`: nobody knows it any more.
    pub fn looked(&self, word: &str) -> Option<Looked> {
        self.looked_at().get(word).cloned()
    }

    /// Puts a backup that was looked at in force: the exchange starts anew. False: nobody knows it any more.
    ///
    /// # Errors
    /// The disk's.
    pub fn restore(&self, word: &str) -> Result<bool, BackupError> {
        let Some(Looked::Ready { token, .. }) = self.looked(word) else { return Ok(false) };
        restore::mark(&self.0.data, &token)?;
        self.start_anew();
        Ok(true)
    }

    /// Takes the last restore back: the exchange starts anew.
    ///
    /// # Errors
    /// [`BackupError::NothingBefore`].
    pub fn take_back(&self) -> Result<(), BackupError> {
        restore::undo(&self.0.data)?;
        self.start_anew();
        Ok(())
    }

    /// When the data from before the last restore were put away, if they are still there.
    pub fn before(&self) -> Option<WallTime> {
        restore::before(&self.0.data)
    }

    fn start_anew(&self) {
        if let Some(handle) = self.0.handle.upgrade() {
            handle.start_anew();
        }
    }

    fn look_at_clock(&self) {
        let Some(handle) = self.0.handle.upgrade() else { return };
        let (office, now) = (handle.office(), clock::wall());
        let mut ledger = self.ledger();
        let is_idle = !ledger.items.iter().any(|item| matches!(item.state, State::Running { .. }));
        let last = WallTime(ledger.scheduled);
        if !is_idle || !timetable::is_due(now, last, &office.backup, &office.settings.timezone) {
            return;
        }
        ledger.scheduled = now.millis();
        let settings = &office.backup;
        let order = Order { recordings: settings.recordings, passphrase: Passphrase::new(&settings.passphrase) };
        let places = office.backup_places.iter().map(|place| Where::Place(place.name.clone()));
        let on_box = (settings.on_box || office.backup_places.is_empty()).then_some(Where::Box);
        let rows: Vec<Item> =
            on_box.into_iter().chain(places).map(|place| row(&office, &place, &order, true)).collect();
        let ids = rows.iter().map(|item| item.id.clone()).collect();
        ledger.items.splice(0..0, rows);
        ledger.keep();
        drop(ledger);
        let _ = self.0.jobs.send(Job::Make(Wish { ids, order, keep: Some(settings.keep) }));
    }

    fn carry_out(&self, wish: Wish) {
        let Some(file) = wish.ids.first().and_then(|id| self.find(id)).map(|item| item.file) else { return };
        self.tell("a backup is being made");
        let folder = self.0.data.join(FOLDER);
        let draft = folder.join(format!("{file}.part"));
        let _ = fs::remove_file(&draft);
        let mut told = |percent| wish.ids.iter().for_each(|id| self.progress(id, percent));
        match make(&self.0.data, &draft, &wish.order, &mut told) {
            Err(error) => {
                tracing::error!(%error, "no backup was made");
                wish.ids.iter().for_each(|id| self.failed(id, error.said()));
            }
            Ok(made) => {
                // The box's own place is last, since the file moves there.
                let (own, others): (Vec<_>, Vec<_>) =
                    wish.ids.iter().filter_map(|id| self.find(id)).partition(|item| item.place() == Where::Box);
                for item in others.iter().chain(&own) {
                    let brought = match item.place() {
                        Where::Box => fs::rename(&draft, folder.join(&item.file))
                            .and_then(|()| files::sync_folder(&folder))
                            .map_err(|why| PlaceError::File { path: folder.clone(), why: why.to_string() }),
                        place => self.bring(&place, item, &draft, &made),
                    };
                    self.brought(item, &made, brought, wish.keep);
                }
            }
        }
        let _ = fs::remove_file(&draft);
    }

    /// Brings a backup to its place, and reads it back there.
    fn bring(&self, place: &Where, item: &Item, file: &Path, made: &Made) -> Result<(), PlaceError> {
        let mut shelf = self.shelf(place)?;
        let (mut gone, all) = (0_u64, made.bytes.max(1) * 2);
        let mut told = |bytes| {
            gone += bytes;
            self.progress(&item.id, u8::try_from(gone * 100 / all).unwrap_or(100).min(99));
        };
        place::put_proved(&mut *shelf, &item.file, file, &made.sha256, &mut told)
    }

    fn brought(&self, item: &Item, made: &Made, brought: Result<(), PlaceError>, keep: Option<u32>) {
        if let Err(error) = brought {
            tracing::error!(%error, place = item.place, "a backup did not come to its place");
            return self.failed(&item.id, error.said());
        }
        let mut ledger = self.ledger();
        ledger.change(&item.id, |item| {
            item.state = State::Good;
            item.bytes = made.bytes;
            item.sha256.clone_from(&made.sha256);
        });
        let old = keep.map(|keep| ledger.too_many(&item.place, usize::try_from(keep).unwrap_or(usize::MAX)));
        ledger.keep();
        drop(ledger);
        tracing::info!(file = item.file, place = item.place, bytes = made.bytes, "a backup is good");
        self.tell("a backup is good");
        for old in old.into_iter().flatten() {
            if let Err(error) = self.remove(&old) {
                tracing::warn!(%error, file = old.file, place = old.place, "an old backup can't be removed");
            }
        }
    }

    fn failed(&self, id: &str, why: [String; 2]) {
        let mut ledger = self.ledger();
        ledger.change(id, |item| {
            item.state = State::Failed;
            item.error.clone_from(&why);
        });
        let place = ledger.find(id).map(|item| item.place.clone()).unwrap_or_default();
        ledger.keep();
        drop(ledger);
        self.tell("a backup failed");
        if let Some(handle) = self.0.handle.upgrade() {
            let place = if place == "box" { String::new() } else { place };
            handle.raise(Alarm::BackupFailed { place, why });
        }
    }

    fn progress(&self, id: &str, percent: u8) {
        let mut moved = false;
        self.ledger().change(id, |item| {
            let now = State::Running { percent };
            moved = matches!(item.state, State::Running { percent: before } if percent >= before + STEP);
            if moved {
                item.state = now;
            }
        });
        if moved {
            self.tell("a backup is being made");
        }
    }

    fn shelf(&self, place: &Where) -> Result<Box<dyn Shelf>, PlaceError> {
        match place {
            Where::Box => Ok(place::own(&self.0.data)),
            Where::Stick(id) => place::stick(id),
            Where::Place(name) => {
                let handle = self.0.handle.upgrade().ok_or(PlaceError::Gone)?;
                let office = handle.office();
                let place = office.backup_place(name).ok_or(PlaceError::Gone)?;
                let shelf = place::open(place, self.0.outgoing, &Trust::new(&office.authorities))?;
                if let Some(key) = shelf.new_host_key() {
                    pin(&handle, name, &key);
                }
                Ok(shelf)
            }
        }
    }

    fn tell(&self, text: &str) {
        if let Some(handle) = self.0.handle.upgrade() {
            handle.board().tell(Event::System { what: "backup", text: text.to_owned(), at: clock::wall() });
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looked_at(&self) -> MutexGuard<'_, HashMap<String, Looked>> {
        self.0.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the key that a server has shown at the first connection: another one is refused from now on.
fn pin(handle: &Handle, name: &str, key: &str) {
    let kept = handle.change("backup", "key of a server for backups kept", |office: &Office| {
        let mut office = office.clone();
        let place = office.backup_places.iter_mut().find(|place| place.name == name && place.host_key.is_empty());
        let Some(place) = place else { return Ok::<_, HandleError>(None) };
        key.clone_into(&mut place.host_key);
        Ok(Some(office))
    });
    if let Err(error) = kept {
        tracing::error!(%error, "the key of a server for backups is not kept");
    }
}

fn row(office: &Office, place: &Where, order: &Order, by_timetable: bool) -> Item {
    let at = clock::wall();
    Item {
        id: new_word(),
        at: at.millis(),
        bytes: 0,
        place: place.word(),
        file: super::name_for(office, at),
        recordings: order.recordings,
        encrypted: order.passphrase.is_some(),
        by_timetable,
        sha256: String::new(),
        state: State::Running { percent: 0 },
        error: Default::default(),
    }
}

/// Nobody guesses it.
fn new_word() -> String {
    // Without entropy nothing of this house starts.
    clock::entropy().map(|entropy| Rng::from_entropy(entropy).token(20)).unwrap_or_default()
}

/// How often the timetable is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// A handler has 30 s, and a person less patience.
pub const CHECK_TIME: Duration = Duration::from_secs(20);
/// Progress is told in such steps. Percent.
const STEP: u8 = 5;
