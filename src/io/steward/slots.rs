//! The two system slots: what each holds, writing an update, trials. All of it is whole after a power cut at any point:
//!
//! - the slot that GRUB's environment calls good is never written;
//! - the environment is one sector, and what decides is its change: to *on trial*, to *kept*, to *failed*;
//! - what goes with a change is noted on the data partition before it, and done after it, at the next start if need be.
//!
//! In `/data/update` are small files, lines `name=value`: `written` (what the other slot holds, proved), `trial` (a trial is about to begin,
//! goes on, or has ended and must be cleared up), `failed` (the last trial that came to nothing, and why), `other` (the release that the
//! other slot holds and that was good once). The exchange leaves a copy of its database in its own `update/` before a trial.

mod ground;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use embedded_io_adapters::std::FromStd;

use super::{End, Event, Outcome, Places, Steward, not_noted};
use crate::base::Duration;
use crate::io::licence;
use crate::machine::environment::{Environment, Slot, TRIES};
use crate::machine::trial::{KEPT_DATABASE, LONGEST, Why};
use crate::machine::update::{BLOCK, Release, UpdateError, UpdateReader};
use crate::machine::{Reason, State, reason};

/// A slow disk tells of itself: so much is written between two signs of life. Bytes.
const SYNC_EVERY: u64 = 4 << 20;
/// What of an update's work is writing, per cent; the rest is reading back.
const WRITING: usize = 80;

/// The exchange, which starts later, has its whole time; it knows better why.
const GRACE: Duration = Duration::from_secs(20);

/// A small file of `/data/update`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    slot: Slot,
    version: String,
    /// Why, or what ran before; empty where that is of no concern.
    more: String,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Written,
    Trial,
    Failed,
    Other,
}

/// Tells what the slots hold.
pub(super) fn fill(places: &Places, state: &mut State) {
    let Some(running) = running(places) else { return };
    state.slot = running.letter().to_owned();
    state.release = release(places).map_or_else(String::new, |release| release.version.to_string());
    let of_other = |kind| note(places, kind).filter(|note| note.slot == running.other());
    state.other_release = of_other(Kind::Other).map_or_else(String::new, |note| note.version);
    if let Some(failed) = of_other(Kind::Failed) {
        state.failed = failed.slot.letter().to_owned();
        state.failed_reason = failed.more;
    }
    state.on_trial = ground::environment_at_hand(places, running).trial == Some(running);
    if state.on_trial {
        state.trial_seconds = ground::uptime_seconds(places);
    }
}

/// What is left of a trial that has ended is cleared up: kept, or the old database returned. To be called when the data partition is
/// there, before the exchange starts.
pub(super) fn settle(places: &Places) {
    let Some(running) = running(places) else { return };
    if let Err(error) = settle_on(places, running) {
        tracing::error!(%error, "what the last update left is not cleared up; it will be tried at the next start");
    }
}

/// Lets a trial end when nobody has kept it in time: that the exchange judges is no matter of course.
///
/// # Errors
/// When there is no thread for it.
pub(super) fn watch_trial(steward: &Arc<Steward>) -> io::Result<()> {
    let is_on_trial = |steward: &Steward| {
        running(&steward.places)
            .is_some_and(|slot| ground::environment_at_hand(&steward.places, slot).trial == Some(slot))
    };
    if !is_on_trial(steward) {
        return Ok(());
    }
    let steward = Arc::clone(steward);
    let work = move || {
        tracing::warn!(seconds = LONGEST.as_secs(), "this version is on trial");
        std::thread::sleep(LONGEST + GRACE);
        if !is_on_trial(&steward) {
            return;
        }
        match give_up(&steward.places, &Why::Silent.to_string()) {
            Ok(()) => drop(steward.events.send(Event::End(End::Restart))),
            // GRUB counts the starts of a trial: the third one ends it too.
            Err([_, error]) => {
                tracing::error!(error, "the trial can't be ended; the box starts anew");
                let _ = steward.events.send(Event::End(End::Restart));
            }
        }
    };
    std::thread::Builder::new().name("trial".to_owned()).spawn(work).map(drop)
}

/// Writes an update file into the other slot; `told` hears per cent. Each block is proved before it is written, and read back when all
/// are.
pub(super) fn write(places: &Places, file: &Path, told: &mut dyn FnMut(u8)) -> Outcome {
    let slot = idle_slot(places)?;
    let here = release(places).ok_or_else(|| {
        reason("эта система не говорит, какая она версия", "this system does not say which release it is")
    })?;
    let unreadable = |error: io::Error| {
        reason(format!("файл обновления не прочитать: {error}"), format!("{}: {error}", file.display()))
    };
    let update = File::open(file).map_err(unreadable)?;
    if !update.metadata().is_ok_and(|about| about.is_file()) {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let mut reader = UpdateReader::open(FromStd::new(update), &licence::trusted_for_updates(&places.etc))
        .map_err(|error| no_update(&error))?;
    // Whether an older version is meant is between the exchange and who asked for it.
    reader.header().judge(&here, true).map_err(|refusal| said(&refusal.russian(), refusal.to_string()))?;
    let header = reader.header().clone();
    let path = partition(places, slot)?;
    let disk = |error: io::Error| {
        reason(format!("слот {slot} не записать: {error}"), format!("slot {slot} can't be written: {error}"))
    };
    let target = File::options().read(true).write(true).open(&path).map_err(disk)?;
    if ground::length(&target).map_err(disk)? < header.size {
        return Err(reason(
            format!("обновление больше слота {slot}"),
            format!("the update is larger than slot {slot}"),
        ));
    }
    // From here on the slot holds nothing that is known to be good.
    for kind in [Kind::Written, Kind::Other, Kind::Failed] {
        forget(places, kind).map_err(disk)?;
    }
    let mut at = 0;
    while let Some(block) = reader.next_block().map_err(|error| no_update(&error))? {
        ground::write_at(&target, block, at).map_err(disk)?;
        at += block.len() as u64;
        if at % SYNC_EVERY == 0 {
            ground::sync(&target).map_err(disk)?;
        }
        told(share(at, header.size, 0, WRITING));
    }
    ground::sync(&target).map_err(disk)?;
    ground::forget_pages(&target);
    let mut room = vec![0; BLOCK];
    let mut at = 0;
    for number in 0..header.blocks() {
        let block = room.get_mut(..header.block_size(number)).unwrap_or_default();
        target.read_exact_at(block, at).map_err(disk)?;
        if !header.is_block(number, block) {
            return Err(reason(
                format!("в слоте {slot} не то, что записано: возможно, диск отказывает"),
                format!("slot {slot} does not hold what was written: the disk may be failing"),
            ));
        }
        at += block.len() as u64;
        told(share(at, header.size, WRITING, 100 - WRITING));
    }
    let version = header.contents.release.version.to_string();
    put(places, Kind::Written, &Note { slot, version, more: String::new() }).map_err(disk)
}

fn share(done: u64, of: u64, from: usize, width: usize) -> u8 {
    let part = usize::try_from(done.saturating_mul(width as u64) / of.max(1)).unwrap_or(width);
    u8::try_from(from + part.min(width)).unwrap_or(100)
}

/// Notes that the other slot is to be tried. The machine starts anew when this is done.
pub(super) fn start_trial(places: &Places) -> Outcome {
    let slot = idle_slot(places)?;
    let written = note(places, Kind::Written).filter(|written| written.slot == slot);
    let written = written.ok_or_else(|| reason("обновление не записано", "no update was written"))?;
    let from = release(places).map_or_else(String::new, |release| release.version.to_string());
    let good = Environment::good(slot.other());
    let begin = || {
        // A failure of another time must not be taken for one of this trial.
        if ground::environment(places, slot.other())?.failed.is_some() {
            ground::put_environment(places, &good)?;
        }
        put(places, Kind::Trial, &Note { more: from, ..written })?;
        forget(places, Kind::Failed)?;
        ground::sync_all();
        ground::put_environment(places, &Environment { trial: Some(slot), tries: TRIES, ..good })
    };
    begin().map_err(|error: io::Error| not_noted(&error))
}

/// Notes that the running slot is good.
pub(super) fn keep(places: &Places) -> Outcome {
    let running = on_trial(places)?;
    ground::put_environment(places, &Environment::good(running)).map_err(|error| not_noted(&error))?;
    // It is kept: what is left is cleared up at the next start at the latest.
    if let Err(error) = clear_kept(places, running) {
        tracing::warn!(%error, "what the trial left is not cleared up yet");
    }
    Ok(())
}

/// Notes that the running slot is not. The machine starts anew when this is done.
pub(super) fn give_up(places: &Places, why: &str) -> Outcome {
    let running = on_trial(places)?;
    let version = note(places, Kind::Trial).map_or_else(String::new, |trial| trial.version);
    let why = Why::parse(why).to_string();
    let end = || {
        put(places, Kind::Failed, &Note { slot: running, version, more: why })?;
        let back = Environment { failed: Some(running), ..Environment::good(running.other()) };
        ground::put_environment(places, &back)
    };
    end().map_err(|error: io::Error| not_noted(&error))
}

fn settle_on(places: &Places, running: Slot) -> io::Result<()> {
    let environment = ground::environment(places, running)?;
    let Some(trial) = note(places, Kind::Trial) else { return Ok(()) };
    if environment.trial.is_some() {
        return Ok(()); // it goes on
    }
    if running == trial.slot {
        return if environment.slot == running { clear_kept(places, running) } else { Ok(()) };
    }
    if environment.failed == Some(trial.slot) {
        return clear_returned(places, &trial);
    }
    tracing::warn!("an update was written, and its trial did not begin");
    forget(places, Kind::Trial)
}

fn clear_kept(places: &Places, running: Slot) -> io::Result<()> {
    if let Some(trial) = note(places, Kind::Trial) {
        put(places, Kind::Other, &Note { slot: running.other(), version: trial.more, more: String::new() })?;
    }
    ground::remove(&exchange(places).join(KEPT_DATABASE))?;
    for kind in [Kind::Failed, Kind::Written, Kind::Trial] {
        forget(places, kind)?;
    }
    Ok(())
}

/// The trial came to nothing: the old version runs again, with the database that it left. Its mark goes last, so that this is done once
/// to its end, and never a second time.
fn clear_returned(places: &Places, trial: &Note) -> io::Result<()> {
    let (kept, database) = (exchange(places).join(KEPT_DATABASE), exchange(places).join("dozvon.db"));
    if kept.exists() {
        for beside in ["dozvon.db-wal", "dozvon.db-shm"] {
            ground::remove(&exchange(places).join(beside))?;
        }
        ground::rename(&kept, &database)?;
        tracing::warn!("the database of before the update is back");
    }
    let is_of_this = |failed: &Note| failed.slot == trial.slot && failed.version == trial.version;
    if !note(places, Kind::Failed).is_some_and(|failed| is_of_this(&failed)) {
        let more = Why::NotStarted.to_string();
        put(places, Kind::Failed, &Note { more, ..trial.clone() })?;
    }
    forget(places, Kind::Written)?;
    forget(places, Kind::Trial)
}

/// The slot that runs; `None`: this is not the box.
fn running(places: &Places) -> Option<Slot> {
    Slot::of_command_line(&std::fs::read_to_string(places.proc.join("cmdline")).ok()?)
}

/// The slot that does not, while nothing is going on.
fn idle_slot(places: &Places) -> Result<Slot, Reason> {
    let (running, environment) = present(places)?;
    if environment.trial.is_some() {
        return Err(reason("одна версия уже на пробе", "a version is on trial"));
    }
    if environment.slot != running {
        return Err(reason(
            format!("слот {} должен работать и не запускается: сначала его надо починить", environment.slot),
            format!("slot {} should run and can't: it must be mended first", environment.slot),
        ));
    }
    Ok(running.other())
}

/// The slot that runs, and what the boot loader knows.
fn present(places: &Places) -> Result<(Slot, Environment), Reason> {
    let running = running(places).ok_or_else(|| {
        reason("это не образ станции: слотов здесь нет", "this is not the box's image: it has no slots")
    })?;
    let environment = ground::environment(places, running)
        .map_err(|error| reason(format!("раздел EFI не прочитать: {error}"), format!("EFI partition: {error}")))?;
    Ok((running, environment))
}

/// The slot that runs, when it is on trial.
fn on_trial(places: &Places) -> Result<Slot, Reason> {
    let (running, environment) = present(places)?;
    if environment.trial == Some(running) {
        Ok(running)
    } else {
        Err(reason("сейчас ничего не на пробе", "nothing is on trial"))
    }
}

fn no_update(error: &UpdateError) -> Reason {
    said(&error.russian(), error.to_string())
}

/// A sentence without its full stop.
fn said(ru: &str, en: String) -> Reason {
    reason(ru.trim_end_matches('.'), en)
}

fn release(places: &Places) -> Option<Release> {
    Release::parse(&std::fs::read_to_string(places.etc.join("dozvon/release")).ok()?)
}

fn partition(places: &Places, slot: Slot) -> Result<PathBuf, Reason> {
    let name = slot.partition();
    ground::partition(places, name)
        .ok_or_else(|| reason(format!("на диске нет раздела {name}"), format!("there is no partition {name}")))
}

/// The exchange's directory.
fn exchange(places: &Places) -> PathBuf {
    places.data.join("dozvon")
}

fn note(places: &Places, kind: Kind) -> Option<Note> {
    Note::parse(&std::fs::read_to_string(kind.path(places)).ok()?)
}

fn put(places: &Places, kind: Kind, note: &Note) -> io::Result<()> {
    ground::put_file(&kind.path(places), &note.write())
}

fn forget(places: &Places, kind: Kind) -> io::Result<()> {
    ground::remove(&kind.path(places))
}

impl Kind {
    fn path(self, places: &Places) -> PathBuf {
        places.data.join("update").join(match self {
            Self::Written => "written",
            Self::Trial => "trial",
            Self::Failed => "failed",
            Self::Other => "other",
        })
    }
}

impl Note {
    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let [slot, version, more] = ["slot", "version", "more"].map(value);
        Some(Self { slot: Slot::parse(slot?)?, version: version?.to_owned(), more: more?.to_owned() })
    }

    fn write(&self) -> String {
        format!("slot={}\nversion={}\nmore={}\n", self.slot, self.version, self.more)
    }
}

#[cfg(test)]
mod tests;
