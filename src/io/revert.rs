//! Changes that nobody has confirmed come back: the thread that waits for that, and the way back.

use std::sync::{Condvar, Mutex, PoisonError};

use super::clock::{self, Clock};
use super::handle::{Handle, HandleError};
use super::probation::{CONFIRM_TIME, Probation};
use super::store::{Probationer, Version};
use crate::base::WallTime;
use crate::desk;
use crate::engine::live::Live;
use crate::office::Office;
use crate::office::document::{Document, Prefer};
use crate::office::file::{self, Context};

/// Who takes changes back that nobody confirmed.
const AUTHOR: &str = "dozvon";

/// What waits, and its thread.
#[derive(Debug)]
pub(super) struct Watch {
    clock: Clock,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    probation: Probation,
    /// When each comes back, as people were told.
    told: Vec<(i64, WallTime)>,
    is_watched: bool,
}

impl Watch {
    /// With what waited when the last process ended.
    pub(super) fn new(stored: &[Probationer]) -> Self {
        let clock = Clock::start();
        let mut state = State::default();
        state.probation.restore(clock.now(), clock::wall(), stored);
        state.told.extend(stored.iter().map(|one| (one.version, one.revert_at)));
        Self { clock, state: Mutex::new(state), news: Condvar::new() }
    }

    /// When this version comes back; `None`: it stays.
    pub(super) fn revert_at(&self, version: i64) -> Option<WallTime> {
        self.lock().told.iter().find(|(one, _)| *one == version).map(|(_, at)| *at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// A change that was just made waits for its confirmation.
    pub(super) fn begin_probation(&self, version: i64, revert_at: WallTime) {
        let watch = self.watch();
        {
            let mut state = watch.lock();
            state.probation.begin(watch.clock.now(), version);
            state.told.push((version, revert_at));
        }
        watch.news.notify_all();
        self.watch_probation();
        let text = format!("change {version} comes back in {} s unless it is confirmed", CONFIRM_TIME.as_secs());
        self.board().apply(Live::Notice { what: "confirm", text }, clock::wall());
    }

    /// The change stays; false: it does not wait.
    ///
    /// # Errors
    /// When the disk refuses; it waits on then.
    pub fn confirm(&self, version: i64) -> Result<bool, HandleError> {
        if self.watch().revert_at(version).is_none() {
            return Ok(false);
        }
        self.store().end_probation(version)?;
        let mut state = self.watch().lock();
        state.told.retain(|(one, _)| *one != version);
        Ok(state.probation.confirm(version))
    }

    /// Starts the thread that takes unconfirmed changes back, when there are any and it does not run yet. It ends with the last
    /// other handle.
    pub fn watch_probation(&self) {
        let mut state = self.watch().lock();
        if state.is_watched || state.probation.next().is_none() {
            return;
        }
        state.is_watched = true;
        drop(state);
        let watching = self.downgrade();
        let work = move || {
            while let Some(handle) = watching.upgrade() {
                if !handle.watch_once() {
                    return;
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("probation".to_owned()).spawn(work) {
            tracing::error!(%error, "changes that nobody confirms will not come back before the next start");
            self.watch().lock().is_watched = false;
        }
    }

    /// Takes back what is due, or waits a little; false: nothing waits any more.
    fn watch_once(&self) -> bool {
        let watch = self.watch();
        let mut state = watch.lock();
        let now = watch.clock.now();
        if let Some(version) = state.probation.take_due(now) {
            drop(state);
            self.take_back(version);
            watch.lock().told.retain(|(one, _)| *one != version);
            return true;
        }
        let Some(next) = state.probation.next() else {
            state.is_watched = false;
            return false;
        };
        // Not longer than a moment: the handle must not be held when everybody else has let it go.
        let wait = next.since(now).min(LOOK_EVERY);
        drop(watch.news.wait_timeout(state, wait));
        true
    }

    /// Takes one change back that nobody confirmed. Where later changes touched the same, what was before wins: it let people in.
    fn take_back(&self, version: i64) {
        let done = self.change(AUTHOR, &format!("change {version} was not confirmed"), |office| {
            self.without(office, version).map(Some)
        });
        if let Err(error) = done {
            tracing::error!(%error, version, "a change that nobody confirmed could not be taken back");
            return;
        }
        if let Err(error) = self.store().end_probation(version) {
            tracing::error!(%error, version, "the next start will take it back again");
        }
        let text = format!("change {version} was not confirmed and has been taken back");
        tracing::warn!(version, "{text}");
        self.board().apply(Live::Notice { what: "reverted", text }, clock::wall());
    }

    fn without(&self, office: &Office, version: i64) -> Result<Office, HandleError> {
        let found = self.reader().versions(2, Some(version + 1))?;
        let [after, before] = found.as_slice() else {
            return Err(HandleError::Office(format!("there is nothing before version {version}")));
        };
        let read = |version: &Version| Document::read(&version.office).map_err(HandleError::Office);
        let (before_document, after_document) = (read(before)?, read(after)?);
        let merged = Document::of(office).undo(&before_document, &after_document, Prefer::Before).unwrap_or_default();
        // A merge that makes no valid office gives way to the office that was.
        self.judged(&merged.text(), office).or_else(|_| self.judged(&before.office, office))
    }

    /// Reads an office as a change of the present one.
    fn judged(&self, text: &str, present: &Office) -> Result<Office, HandleError> {
        let mut rng = self.rng().fork();
        let context = Context { rng: &mut rng, exists: &|_| true, check: &desk::check::findings };
        let reading = file::read(text, present, context).map_err(|problems| {
            HandleError::Office(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        Ok(reading.office)
    }
}

const LOOK_EVERY: crate::base::Duration = crate::base::Duration::from_secs(1);
