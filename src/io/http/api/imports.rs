//! `imports`: the office of another exchange, from its backup. The file is looked at and kept until it is added, or until the next one comes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::imports::INBOX;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::Visit;
use super::change::{self, Place};
use crate::base::Rng;
use crate::import;
use crate::io::clock;
use crate::io::import::{Looked, look};
use crate::office::document::{self, Document};
use crate::office::{Office, file};

/// The longest backup that is uploaded; longer ones hold recordings, or come by the console. Bytes.
pub(super) const LONGEST: u64 = 500_000_000;
/// What is left free on the disk beside it. Bytes.
const FLOOR: u64 = 1 << 30;
/// Names what is kept of an import.
const PREFIX: &str = "import-";
/// Characters of a token: 80 bits.
const TOKEN: usize = 16;

/// POST: asked for twice, before the file comes and when it is there.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    if visit.ask.too_large {
        let words = Words::new(
            "Копия больше 500 МБ. Сделайте её без записей разговоров или возьмите команду dozvon import.",
            "The backup is larger than 500 MB. Make it without recordings of calls, or use the command dozvon import.",
        );
        return Err(problems::too_large().saying(words.into()));
    }
    let Some(arrived) = visit.arrived(|| visit.room_for(FLOOR))? else { return Ok(Reply::come()) };
    forget_all(&visit.house.data);
    let token = clock::entropy().map(|entropy| Rng::from_entropy(entropy).token(TOKEN)).map_err(unavailable)?;
    let kept = kept(&visit.house.data, &token);
    fs::rename(visit.house.data.join(arrived), &kept).map_err(unavailable)?;
    let told = with_looked(visit, &kept, |looked, _| told(visit, &token, looked));
    if told.is_err() {
        let _ = fs::remove_file(kept);
    }
    told
}

/// POST: adds it.
pub(super) fn apply(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let token = visit.value();
    let kept = kept(&visit.house.data, token);
    if !token.bytes().all(|letter| letter.is_ascii_alphanumeric()) || !kept.is_file() {
        return Err(problems::not_found());
    }
    let before = visit.house.exchange.office();
    let version = with_looked(visit, &kept, |looked, folder| {
        visit.house.exchange.add(looked, folder, &visit.author()).map_err(|refused| {
            tracing::warn!(%refused, "web: an import was refused");
            let why = refused.0.join("; ");
            problems::conflict().saying(Said::new(format!("Не добавлено: {why}"), format!("Not added: {why}")))
        })
    })?;
    visit.version.set(version);
    let _ = fs::remove_file(kept);
    Ok(Reply::json(&json!({ "changes": changes(visit, &before, &visit.house.exchange.office()) })))
}

fn told(visit: &Visit<'_>, token: &str, looked: &Looked) -> Result<Reply, Problem> {
    let fitted = import::fit(&looked.found, &visit.office, &looked.sounds);
    let next = change::read(&file::write(&fitted.office, true), &visit.office, &Place::default())?;
    let notes: Vec<&str> = fitted.notes.iter().map(|note| note.say(visit.language())).collect();
    Ok(Reply::json(&json!({
        "token": token,
        "from": looked.found.maker().word(),
        "name": looked.found.maker().name(),
        "extensions": fitted.extensions,
        "groups": fitted.groups,
        "trunks": fitted.trunks,
        "schedules": fitted.schedules,
        "menus": fitted.menus,
        "messages": fitted.messages,
        "conferences": fitted.conferences,
        "replaced": fitted.replaced,
        "notes": notes,
        "changes": changes(visit, &visit.office, &next),
    })))
}

fn changes(visit: &Visit<'_>, before: &Office, after: &Office) -> Vec<Value> {
    let sentences = document::sentences(&Document::of(before), &Document::of(after), visit.language());
    sentences.into_iter().map(Value::from).collect()
}

/// Looks at a kept file; what is unpacked is gone afterwards.
fn with_looked<T>(
    visit: &Visit<'_>,
    kept: &Path,
    work: impl FnOnce(&Looked, &Path) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let folder = kept.with_extension("unpacked");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).map_err(unavailable)?;
    let looked = look(kept, &visit.office.settings.timezone, &folder).map_err(|error| {
        tracing::info!(%error, "web: a file that was to be imported");
        let [ru, en] = error.said();
        problems::invalid().saying(Said::new(ru, en))
    });
    let done = looked.and_then(|looked| work(&looked, &folder));
    let _ = fs::remove_dir_all(folder);
    done
}

fn kept(data: &Path, token: &str) -> PathBuf {
    data.join(INBOX).join(format!("{PREFIX}{token}"))
}

/// One at a time is kept.
fn forget_all(data: &Path) {
    let entries = fs::read_dir(data.join(INBOX)).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let _ = fs::remove_file(entry.path());
    }
}

fn unavailable(error: std::io::Error) -> Problem {
    tracing::error!(%error, "web: an import can't be kept");
    problems::unavailable()
}
