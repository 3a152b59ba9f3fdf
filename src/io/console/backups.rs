//! `dozvon backup` and `dozvon restore`. A backup is made by this process beside a running exchange, since reading takes nothing from it; a
//! restore is unpacked and proved here, and put in force by the exchange itself, which starts anew, or here when none runs.

use std::fmt::Write as _;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};

use super::{Refusal, order, stored_office};
use crate::io::backup::{self, Manifest, Order, Passphrase};
use crate::io::control::Request;
use crate::io::handle::{Beginning, Handle};
use crate::io::store::{DataDir, is_taken};

/// How a backup is sealed, or opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// By the passphrase of the timetable, `[backup] passphrase`.
    OfTimetable,
    /// By the first line of this file; `-` is stdin.
    File(PathBuf),
    /// Not at all.
    Plain,
}

/// `dozvon backup`: what to print.
///
/// # Errors
/// Why there is none.
pub fn backup(data: &Path, to: &Path, recordings: bool, seal: &Seal) -> Result<String, Refusal> {
    if to.exists() {
        return Err(Refusal::of(format!("{} is there already", to.display())));
    }
    let passphrase = match seal {
        Seal::Plain => None,
        Seal::File(file) => Some(read_passphrase(file)?),
        Seal::OfTimetable => {
            let office = stored_office(data)?;
            let passphrase = Passphrase::new(&office.backup.passphrase);
            Some(passphrase.ok_or_else(|| {
                Refusal::of(
                    "the office has no passphrase for backups: give --passphrase-file, or --plain for an open one",
                )
            })?)
        }
    };
    let mut told = 0;
    let mut tell = |percent: u8| {
        if percent >= told + STEP {
            told = percent;
            super::tell(format!("{percent} %"));
        }
    };
    let made = backup::make(data, to, &Order { recordings, passphrase }, &mut tell).map_err(Refusal::of)?;
    let mut said = in_words(&made.manifest);
    let _ = writeln!(said, "{}: {} bytes, restored for a trial and found whole", to.display(), made.bytes);
    Ok(said)
}

/// `dozvon restore`: what to print.
///
/// # Errors
/// What is wrong with the backup; nothing has changed then.
pub fn restore(data: &Path, file: &Path, seal: &Seal, dry_run: bool) -> Result<String, Refusal> {
    let passphrase = match seal {
        Seal::Plain => None,
        Seal::File(file) => Some(read_passphrase(file)?),
        // That of the office that is there, if there is one: on another box it has to be given.
        Seal::OfTimetable => stored_office(data).ok().and_then(|office| Passphrase::new(&office.backup.passphrase)),
    };
    // A stopped box is held meanwhile, and made when it is not there.
    let stopped = if is_taken(data) { None } else { Some(DataDir::take(data).map_err(Refusal::of)?) };
    let staged = backup::stage(data, file, passphrase.as_ref(), &mut |_| ()).map_err(Refusal::of)?;
    let mut said = in_words(&staged.manifest);
    if dry_run {
        backup::forget(data, &staged.token);
        said.push_str("(dry run: nothing was changed)\n");
        return Ok(said);
    }
    match stopped {
        None => {
            order(data, Request::Restore { token: staged.token })?;
            said.push_str("restored: the exchange starts anew\n");
        }
        Some(held) => {
            backup::apply(data, &staged.token).map_err(Refusal::of)?;
            drop(held);
            try_out(data)?;
            said.push_str("restored\n");
        }
    }
    said.push_str("`dozvon restore --undo` brings back what was there before, for 30 days\n");
    Ok(said)
}

/// `dozvon restore --undo`: what to print.
///
/// # Errors
/// When there is nothing to bring back.
pub fn undo_restore(data: &Path) -> Result<String, Refusal> {
    if is_taken(data) {
        order(data, Request::UndoRestore)?;
        return Ok("taken back: the exchange starts anew\n".to_owned());
    }
    let held = DataDir::take(data).map_err(Refusal::of)?;
    backup::undo(data).and_then(|()| backup::finish(data)).map_err(Refusal::of)?;
    drop(held);
    try_out(data)?;
    Ok("taken back\n".to_owned())
}

/// Opens what is there now as a start would, migration and all.
fn try_out(data: &Path) -> Result<(), Refusal> {
    let Beginning { handle, .. } = Handle::open(data).map_err(Refusal::of)?;
    handle.store().close();
    Ok(())
}

fn in_words(manifest: &Manifest) -> String {
    let at = jiff::Timestamp::from_millisecond(manifest.made_at).unwrap_or_default();
    let counts = manifest.counts;
    let recordings = if manifest.recordings { "with recordings" } else { "without recordings" };
    format!(
        "{:?}, made {} by dozvon {}, {recordings}\nextensions: {}, trunks: {}, calls: {}, messages: {}\n",
        manifest.name,
        at.strftime("%Y-%m-%d %H:%M UTC"),
        manifest.version,
        counts.extensions,
        counts.trunks,
        counts.calls,
        counts.messages
    )
}

fn read_passphrase(file: &Path) -> Result<Passphrase, Refusal> {
    let unreadable = |why: io::Error| Refusal::of(format!("{}: {why}", file.display()));
    let text = match file.to_str() {
        Some("-") => {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
            line
        }
        _ => std::fs::read_to_string(file).map_err(unreadable)?,
    };
    let line = text.lines().next().unwrap_or_default();
    Passphrase::new(line).ok_or_else(|| Refusal::of(format!("{}: its first line is empty", file.display())))
}

/// Progress is told in such steps. Percent.
const STEP: u8 = 10;
