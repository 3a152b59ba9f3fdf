//! Media files that were uploaded become what the exchange plays: one after another on a thread of their own, since that
//! takes seconds. A file that is refused leaves nothing behind but the words why.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Exchange;
use super::reply::{Problem, problems};
use super::sessions::random_word;
use super::words::{Said, Words};
use crate::io::board::{Board, Event};
use crate::io::clock;
use crate::io::files::{NewMedia, Written};
use crate::io::sound::{ImportError, Limits};
use crate::io::store::StoreError;
use crate::office::{MediaFile, Office};

/// Where uploads wait, in the data directory; emptied at each start.
pub(super) const INBOX: &str = "uploads";
/// Imports that wait or go on; for a further one the box is busy.
const AT_ONCE: usize = 8;
/// Imports that are remembered: their result is to be read some time after.
const KEPT: usize = 64;
/// Progress is told in such steps. Percent.
const STEP: u8 = 5;

/// The imports of this process. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Imports {
    list: Arc<Mutex<VecDeque<Import>>>,
    work: Sender<Work>,
    data: PathBuf,
}

/// How an import stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Import {
    pub(super) id: String,
    /// Of the media file.
    pub(super) name: String,
    pub(super) state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Running { percent: u8 },
    Done,
    Refused(Said),
}

impl State {
    /// The word for it in the API, and the percent of the work.
    pub(super) const fn told(&self) -> (&'static str, u8) {
        match self {
            Self::Running { percent } => ("running", *percent),
            Self::Done => ("done", 100),
            Self::Refused(_) => ("refused", 100),
        }
    }
}

/// What an upload is to become.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) name: String,
    /// For the settings' history.
    pub(super) author: String,
    /// A media file of this name is there and gets another sound; else there must be none.
    pub(super) replaces: bool,
}

#[derive(Debug)]
struct Work {
    id: String,
    order: Order,
    file: PathBuf,
}

/// Starts the thread. What an earlier process left in the inbox goes.
///
/// # Errors
/// When the data directory can't be written, or there is no thread.
pub(super) fn start(exchange: Arc<dyn Exchange>, board: Board, data: &Path) -> io::Result<Imports> {
    let inbox = data.join(INBOX);
    match std::fs::remove_dir_all(&inbox) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => std::fs::create_dir_all(&inbox)?,
    }
    let (work, jobs) = channel();
    let imports = Imports { list: Arc::default(), work, data: data.to_owned() };
    let list = Arc::clone(&imports.list);
    let importer = Importer { list, exchange, board, data: data.to_owned() };
    std::thread::Builder::new().name("import".to_owned()).spawn(move || importer.run(&jobs))?;
    Ok(imports)
}

impl Imports {
    /// Whether another upload would find its place.
    pub(super) fn are_full(&self) -> bool {
        is_full(&lock(&self.list))
    }

    /// Takes over the file that came as `arrived`, which is relative to the data directory, and returns the import's id.
    pub(super) fn begin(&self, arrived: &str, order: Order) -> Result<String, Problem> {
        let id = random_word();
        let mut list = lock(&self.list);
        if is_full(&list) {
            return Err(problems::busy(10));
        }
        let file = self.data.join(INBOX).join(&id);
        std::fs::rename(self.data.join(arrived), &file).map_err(|error| {
            tracing::error!(%error, "web: an upload is gone");
            problems::unavailable()
        })?;
        if list.len() >= KEPT {
            list.pop_front(); // it has ended: those that run are fewer, and come after
        }
        list.push_back(Import { id: id.clone(), name: order.name.clone(), state: State::Running { percent: 0 } });
        drop(list);
        let work = Work { id: id.clone(), order, file };
        self.work.send(work).map_err(|_| problems::unavailable())?;
        Ok(id)
    }

    /// How an import stands; `None`: nobody knows it any more.
    pub(super) fn find(&self, id: &str) -> Option<Import> {
        lock(&self.list).iter().find(|import| import.id == id).cloned()
    }
}

struct Importer {
    list: Arc<Mutex<VecDeque<Import>>>,
    exchange: Arc<dyn Exchange>,
    board: Board,
    data: PathBuf,
}

impl Importer {
    fn run(&self, jobs: &Receiver<Work>) {
        for work in jobs {
            self.tell(&work, State::Running { percent: 0 });
            let result = catch_unwind(AssertUnwindSafe(|| self.import(&work)));
            let _ = std::fs::remove_file(&work.file);
            let state = match result {
                Ok(Ok(())) => State::Done,
                Ok(Err(said)) => State::Refused(said),
                Err(_) => {
                    tracing::error!(name = work.order.name, "web: an import failed");
                    State::Refused(unreadable().into())
                }
            };
            self.tell(&work, state);
        }
    }

    fn import(&self, work: &Work) -> Result<(), Said> {
        let mut told = 0;
        let media = NewMedia::read_upload(&work.file, &mut |progress| {
            if progress.percent >= told + STEP {
                told = progress.percent;
                self.tell(work, State::Running { percent: told.min(99) });
            }
        })
        .map_err(|error| said(&error))?;
        let mut written = Written::default();
        media.write(&self.data, &mut written).map_err(|error| {
            tracing::error!(%error, "web: a media file can't be kept");
            Said::from(no_disk())
        })?;
        self.put(&work.order, &media).map(|()| written.keep())
    }

    fn put(&self, order: &Order, media: &NewMedia) -> Result<(), Said> {
        let mut refused = None;
        let verb = if order.replaces { "changed" } else { "added" };
        let reason = format!("media {} {verb}", order.name);
        let changed = self.exchange.change(&order.author, &reason, &mut |present| match with(present, order, media) {
            Ok(office) => Some(office).filter(|office| office != present),
            Err(words) => {
                refused = Some(words);
                None
            }
        });
        changed.map_err(|error: StoreError| {
            tracing::error!(%error, "web: the store does not answer");
            Said::from(no_disk())
        })?;
        refused.map_or(Ok(()), |words| Err(words.into()))
    }

    fn tell(&self, work: &Work, state: State) {
        let (word, percent) = state.told();
        if let Some(import) = lock(&self.list).iter_mut().find(|import| import.id == work.id) {
            import.state = state;
        }
        let (id, name) = (work.id.clone(), work.order.name.clone());
        self.board.tell(Event::Import { id, name, state: word, percent, at: clock::wall() });
    }
}

/// The office with that sound in it. The file has been decoded meanwhile: others may have changed names.
fn with(present: &Office, order: &Order, media: &NewMedia) -> Result<Office, Words> {
    let mut office = present.clone();
    let new = MediaFile { name: order.name.clone(), file: media.stored.clone(), clip: Some(Arc::clone(&media.clip)) };
    match (office.media.iter_mut().find(|place| place.name == order.name), order.replaces) {
        (Some(place), true) => *place = new,
        (None, false) => office.media.push(new),
        (Some(_), false) => return Err(name_taken()),
        (None, true) => {
            return Err(Words::new("Медиафайл тем временем удалили.", "The media file was removed meanwhile."));
        }
    }
    Ok(office)
}

pub(super) const fn name_taken() -> Words {
    Words::new(
        "Медиафайл с таким именем уже есть. Дайте другое имя или замените звук того файла.",
        "There is a media file of this name already. Choose another name, or replace the sound of that one.",
    )
}

const fn no_disk() -> Words {
    Words::new(
        "Диск станции не принял файл. Проверьте свободное место и повторите.",
        "The box's disk did not take the file. See to free space and try again.",
    )
}

const fn unreadable() -> Words {
    Words::new(
        "Файл не удалось прочитать. Сохраните его как mp3 или wav и повторите.",
        "The file could not be read. Save it as mp3 or wav and try again.",
    )
}

/// Why a file is refused, and what to do.
fn said(error: &ImportError) -> Said {
    match error {
        ImportError::Unreadable(error) => {
            tracing::error!(%error, "web: an upload can't be read");
            no_disk().into()
        }
        ImportError::TooLarge { .. } => too_large(),
        ImportError::TooLong { most_seconds } => {
            let minutes = most_seconds / 60;
            Said::new(
                format!("Слишком длинный: в медиафайле не больше {minutes} минут звука."),
                format!("Too long: a media file holds at most {minutes} minutes of sound."),
            )
        }
        ImportError::TooHard => unreadable().into(),
        ImportError::Unknown => Words::new(
            "Это не звук, какое бы имя у файла ни было. Станция знает mp3, wav, wma, m4a, ogg и flac.",
            "This is no sound, whatever the file's name says. The box knows mp3, wav, wma, m4a, ogg and flac.",
        )
        .into(),
        ImportError::Coding { kind, detail } => Said::new(
            format!(
                "Звук в этом файле {kind} закодирован так, что станция его не знает: {detail}. Сохраните его как mp3."
            ),
            format!(
                "The sound of this {kind} file is coded in a way that the box does not know: {detail}. Save it as mp3."
            ),
        ),
        ImportError::Shape { rate, channels } => Said::new(
            format!(
                "Здесь {rate} Гц и каналов {channels}, а нужно от 4 до 192 кГц и не больше 8 каналов. Сохраните файл иначе."
            ),
            format!(
                "It has {rate} Hz and {channels} channels; 4 to 192 kHz and at most 8 channels are played. Save it otherwise."
            ),
        ),
        ImportError::Damaged { kind, .. } => Said::new(
            format!("Файл {kind} повреждён или скопирован не до конца. Возьмите его заново."),
            format!("The {kind} file is damaged, or was not copied to its end. Get it anew."),
        ),
        ImportError::Empty => {
            Words::new("В файле нет звука: одна тишина.", "There is no sound in the file, only silence.").into()
        }
    }
}

/// More than the box takes.
pub(super) fn too_large() -> Said {
    let most = Limits::default().bytes / 1_000_000;
    Said::new(format!("Файл больше {most} МБ."), format!("The file is over {most} MB."))
}

fn is_full(list: &VecDeque<Import>) -> bool {
    list.iter().filter(|import| matches!(import.state, State::Running { .. })).count() >= AT_ONCE
}

fn lock(list: &Mutex<VecDeque<Import>>) -> MutexGuard<'_, VecDeque<Import>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
