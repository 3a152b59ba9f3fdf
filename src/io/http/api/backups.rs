//! `backups`: what is backed up where, the timetable, and bringing a backup back. The work is `io::backup`'s; here it is asked for and told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::gate::Stretch;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::super::workers::FILE;
use super::change::{Before, Place, change_to, read_back, shown};
use super::tables::{self, Table};
use super::{Visit, paging};
use crate::io::backup::{
    BackupError, Backups, BeginError, CHECK_TIME, CheckError, FOLDER, Item, Looked, Manifest, Order, Passphrase, State,
    Where, Wrong,
};
use crate::office::{Office, PASSPHRASE};

/// The longest backup that is uploaded; longer ones come by a stick or the console. Bytes.
pub(super) const LONGEST: u64 = 20_000_000_000;
/// An upload is looked at for so long before its sender is sent away to ask again.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
/// What is left free on the disk beside an upload and what becomes of it. Bytes.
const FLOOR: u64 = 256 * 1024 * 1024;
const BUSY: Words = Words::new("Копия уже делается. Дождитесь её.", "A backup is being made. Wait for it.");
const NO_PLACE: Words = Words::new("Такого места нет.", "There is no such place.");
/// Brings the passphrase of a backup that is uploaded: base64 of UTF-8.
const PASSPHRASE_HEADER: &str = "dozvon-passphrase";

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let items = backups(visit)?.list();
    let mut reply = paging::page(&visit.ask.query, items.iter().map(|item| shown_item(visit, item)))?;
    let mut page: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    page["before_restore"] = backups(visit)?.before().map(|at| visit.time(at)).into();
    reply.body = page.to_string().into_bytes();
    Ok(reply)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBackup {
    #[serde(rename = "where")]
    place: String,
    /// Left out: the timetable's. Empty: the backup is open.
    passphrase: Option<String>,
    #[serde(default)]
    recordings: bool,
}

/// POST: has one made.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let wanted: NewBackup = visit.ask.json()?;
    let passphrase = match wanted.passphrase {
        Some(text) if !text.is_empty() && text.chars().count() < PASSPHRASE => {
            let said = Said::new(
                format!("Не короче {PASSPHRASE} знаков."),
                format!("At least {PASSPHRASE} characters."),
            );
            return Err(problems::invalid().at("/passphrase", said));
        }
        Some(text) => Passphrase::new(&text),
        None => Some(Passphrase::new(&visit.office.backup.passphrase).ok_or_else(|| {
            let words = Words::new(
                "Задайте пароль копии. Без пароля её прочтёт любой, кто её найдёт: там все пароли станции.",
                "Set a passphrase. Without one anybody who finds the backup reads it, and all passwords of the box are in it.",
            );
            problems::invalid().at("/passphrase", words)
        })?),
    };
    let order = Order { recordings: wanted.recordings, passphrase };
    match backups(visit)?.begin(&Where::read(&wanted.place), order) {
        Ok(item) => {
            let location = format!("/api/v1/backups/{}", item.id);
            Ok(Reply::accepted(&shown_item(visit, &item)).with("location", location))
        }
        Err(BeginError::Busy) => Err(problems::conflict().saying(BUSY.into())),
        Err(BeginError::NoPlace) => Err(problems::invalid().at("/where", NO_PLACE)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    place: String,
}

/// POST `backup/check`: whether a place takes backups, told within seconds.
pub(super) fn check(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Check { place } = visit.ask.json()?;
    let refused = |said: Said| problems::conflict().saying(said);
    match backups(visit)?.check(&place) {
        Ok(free) => Ok(Reply::json(&json!({ "free_bytes": free }))),
        Err(CheckError::NoPlace) => Err(problems::invalid().at("/place", NO_PLACE)),
        Err(CheckError::Busy) => Err(refused(BUSY.into())),
        Err(CheckError::Slow) => {
            let seconds = CHECK_TIME.as_secs();
            Err(refused(Said::new(
                format!("Место не ответило за {seconds} секунд. Проверьте его адрес и связь с ним."),
                format!("The place did not answer within {seconds} seconds. See to its address and the way there."),
            )))
        }
        Err(CheckError::Refused(error)) => Err(refused(both(error.said()))),
    }
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    Ok(Reply::json(&shown_item(visit, &find(visit)?)))
}

/// The file itself, of a backup on the box's own disk.
pub(super) fn file(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let item = good(find(visit)?)?;
    if item.place() != Where::Box {
        let words = Words::new(
            "Эта копия лежит не на станции. Возьмите её там, где она лежит.",
            "This backup is not on the box. Get it where it is.",
        );
        return Err(problems::conflict().saying(words.into()));
    }
    let path = format!("{FOLDER}/{}", item.file);
    let length = visit.house.data.join(&path).metadata().map_err(|_| problems::not_found())?.len();
    let reply = Reply { status: 200, headers: Vec::new(), content_type: "application/octet-stream", body: Vec::new() };
    Ok(reply
        .with(FILE, Stretch { path, from: 0, length }.write())
        .with("content-disposition", format!("attachment; filename=\"{}\"", item.file)))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let item = find(visit)?;
    if matches!(item.state, State::Running { .. }) {
        let words = Words::new("Копия ещё делается.", "The backup is still being made.");
        return Err(problems::conflict().saying(words.into()));
    }
    backups(visit)?.remove(&item).map_err(|error| problems::conflict().saying(both(error.said())))?;
    Ok(Reply::empty())
}

/// POST: asked for twice, before the file comes and when it is there.
pub(super) fn upload(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    if visit.ask.too_large {
        let words = Words::new(
            "Копия больше 20 ГБ. Принесите её на флешке или командой dozvon restore.",
            "The backup is larger than 20 GB. Bring it on a stick, or by the command dozvon restore.",
        );
        return Err(problems::too_large().saying(words.into()));
    }
    let passphrase = passphrase(visit)?;
    let backups = backups(visit)?;
    let Some(arrived) = visit.arrived(|| visit.room_for(FLOOR))? else { return Ok(Reply::come()) };
    told(visit, &backups, backups.look_at(arrived, passphrase))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Open {
    /// Left out: the timetable's.
    passphrase: Option<String>,
}

/// POST: looks at one of the list, as if it were uploaded.
pub(super) fn look(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let item = good(find(visit)?)?;
    let open: Open = visit.ask.json()?;
    let text = open.passphrase.unwrap_or_else(|| visit.office.backup.passphrase.clone());
    let backups = backups(visit)?;
    told(visit, &backups, backups.look_at_item(item, Passphrase::new(&text)))
}

/// How a backup stands that is being looked at.
pub(super) fn looked(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let looked = backups(visit)?.looked(visit.value()).ok_or_else(problems::not_found)?;
    found(visit, visit.value(), looked)
}

/// POST: the exchange starts anew with it.
pub(super) fn apply(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    match backups(visit)?.restore(visit.value()) {
        Ok(true) => Ok(Reply::accepted(&json!({ "state": "restarting" }))),
        Ok(false) => Err(problems::not_found()),
        Err(error) => Err(refused(&error)),
    }
}

/// POST: the exchange starts anew with what was there before the last restore.
pub(super) fn undo(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    backups(visit)?.take_back().map_err(|error| refused(&error))?;
    Ok(Reply::accepted(&json!({ "state": "restarting" })))
}

pub(super) fn settings(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    seen(&visit.office).map(|settings| shown(&settings))
}

/// PUT: what is left out is that of a new box, but secrets, which stay.
pub(super) fn put_settings(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mut body: Table = visit.ask.json()?;
    body.remove("has_passphrase");
    let mut places = body.remove("places").unwrap_or_else(|| Value::Array(Vec::new()));
    for place in places.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        place.retain(|key, _| key != "has_password" && key != "has_private_key");
    }
    let mut document: Table =
        [("backup".to_owned(), Value::Object(body)), ("backup_place".to_owned(), places)].into_iter().collect();
    let place = Place::default().and("/backup_place", "/places").and("/backup", "");
    tables::spellable(&mut document)?;
    let text = tables::document(document.iter().map(|(kind, value)| (kind.as_str(), value.clone())))?;
    let office =
        change_to(visit, "backups changed", Before::Seen(&seen), |present| read_back(&text, present, present, &place))?;
    seen(&office).map(|settings| shown(&settings))
}

fn seen(office: &Office) -> Result<Value, Problem> {
    let mut settings = tables::of(office, "backup", false)?.into_iter().next().unwrap_or_default();
    settings.insert("has_passphrase".to_owned(), (!office.backup.passphrase.is_empty()).into());
    let mut places = tables::of(office, "backup_place", false)?;
    for (table, place) in places.iter_mut().zip(&office.backup_places) {
        table.insert("has_password".to_owned(), (!place.password.is_empty()).into());
        table.insert("has_private_key".to_owned(), (!place.private_key.is_empty()).into());
    }
    settings.insert("places".to_owned(), Value::Array(places.into_iter().map(Value::Object).collect()));
    Ok(Value::Object(settings))
}

/// Waits a while for what comes of looking at a backup.
fn told(visit: &Visit<'_>, backups: &Backups, begun: std::io::Result<String>) -> Result<Reply, Problem> {
    let word = begun.map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => problems::busy(10),
        _ => {
            tracing::error!(%error, "web: a backup can't be looked at");
            problems::unavailable()
        }
    })?;
    let since = crate::io::clock::Stopwatch::start();
    loop {
        match backups.looked(&word) {
            Some(Looked::Running) if since.elapsed() < PATIENCE => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            Some(looked) => return found(visit, &word, looked),
            None => return Err(problems::not_found()),
        }
    }
}

fn found(visit: &Visit<'_>, word: &str, looked: Looked) -> Result<Reply, Problem> {
    match looked {
        Looked::Running => {
            let location = format!("/api/v1/backups/restore/{word}");
            Ok(Reply::accepted(&json!({ "token": word, "state": "running" })).with("location", location))
        }
        Looked::Ready { manifest, .. } => Ok(Reply::json(&shown_manifest(visit, word, &manifest))),
        Looked::Failed(why, Wrong::Passphrase) => {
            Err(problems::invalid().at("/passphrase", both(why.clone())).saying(both(why)))
        }
        Looked::Failed(why, Wrong::Other) => Err(problems::invalid().saying(both(why))),
    }
}

fn shown_manifest(visit: &Visit<'_>, word: &str, manifest: &Manifest) -> Value {
    let counts = manifest.counts;
    json!({
        "token": word,
        "state": "ready",
        "made_at": visit.time(manifest.made_at()),
        "version": manifest.version,
        "name": manifest.name,
        "recordings": manifest.recordings,
        "extensions": counts.extensions,
        "trunks": counts.trunks,
        "calls": counts.calls,
        "messages": counts.messages,
    })
}

fn shown_item(visit: &Visit<'_>, item: &Item) -> Value {
    let (state, percent) = match item.state {
        State::Running { percent } => ("running", percent),
        State::Good => ("good", 100),
        State::Failed => ("failed", 100),
    };
    let error = both(item.error.clone());
    let error = Some(error.say(visit.language())).filter(|error| !error.is_empty()).map(str::to_owned);
    json!({
        "id": item.id,
        "at": visit.time(item.at()),
        "bytes": item.bytes,
        "where": item.place,
        "name": item.file,
        "recordings": item.recordings,
        "encrypted": item.encrypted,
        "by_timetable": item.by_timetable,
        "state": state,
        "percent": percent,
        "proved": item.state == State::Good,
        "error": error,
    })
}

fn passphrase(visit: &Visit<'_>) -> Result<Option<Passphrase>, Problem> {
    let Some(header) = visit.ask.header(PASSPHRASE_HEADER) else {
        return Ok(Passphrase::new(&visit.office.backup.passphrase));
    };
    let text = STANDARD.decode(header.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(problems::bad_request)?;
    Ok(Passphrase::new(&text))
}

fn find(visit: &Visit<'_>) -> Result<Item, Problem> {
    backups(visit)?.find(visit.value()).ok_or_else(problems::not_found)
}

fn good(item: Item) -> Result<Item, Problem> {
    if item.state == State::Good {
        return Ok(item);
    }
    let words = Words::new("Этой копии ещё нет или она не удалась.", "This backup is not there yet, or has failed.");
    Err(problems::conflict().saying(words.into()))
}

fn backups(visit: &Visit<'_>) -> Result<Backups, Problem> {
    visit.house.exchange.backups().ok_or_else(problems::unavailable)
}

fn refused(error: &BackupError) -> Problem {
    problems::conflict().saying(both(error.said()))
}

fn both([ru, en]: [String; 2]) -> Said {
    Said::new(ru, en)
}
