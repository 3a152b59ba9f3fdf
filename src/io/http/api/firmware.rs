//! `phones/firmware`: programs of telephones that an admin uploaded, for telephones whose settings name one of them. The box
//! brings none: their makers' licences don't allow it.

use std::path::PathBuf;
use std::time::SystemTime;
use std::{fs, io};

use serde_json::{Value, json};

use super::super::reply::{Problem, Referrer, Reply, problems};
use super::super::words::Words;
use super::{Visit, paging, referrers};
use crate::base::WallTime;
use crate::io::phones::FIRMWARE;
use crate::office::{Office, Phone, file};

/// The longest one. Bytes.
pub(super) const LONGEST: u64 = 200_000_000;
/// So many at most.
const MOST: usize = 50;
/// What is left free on the disk beside it. Bytes.
const FLOOR: u64 = 1 << 30;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    paging::page(&visit.ask.query, kept(visit)?.iter().map(|one| one.shown(visit)))
}

/// POST: asked for twice, before the file comes and when it is there.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["name"])?;
    let name = visit.ask.query.get("name").unwrap_or_default();
    if visit.ask.too_large {
        let words = Words::new("Файл больше 200 МБ.", "The file is larger than 200 MB.");
        return Err(problems::too_large().saying(words.into()));
    }
    if name.is_empty() || !file::is_file_name(name) {
        let words = Words::new(
            "Имя файла: латинские буквы, цифры, точка, дефис, подчёркивание.",
            "A file's name: Latin letters, digits, dots, dashes, underscores.",
        );
        return Err(problems::invalid().parameter("name", words));
    }
    let present = kept(visit)?;
    if present.iter().any(|one| one.name == name) {
        return Err(problems::conflict().saying(name_taken().into()).parameter("name", name_taken()));
    }
    if present.len() >= MOST {
        let words = Words::new(
            "Прошивок уже пятьдесят. Удалите ненужные.",
            "There are fifty files of firmware already. Delete what isn't needed.",
        );
        return Err(problems::conflict().saying(words.into()));
    }
    let Some(arrived) = visit.arrived(|| visit.room_for(FLOOR + LONGEST))? else { return Ok(Reply::come()) };
    let folder = folder(visit);
    fs::create_dir_all(&folder)
        .and_then(|()| fs::rename(visit.house.data.join(arrived), folder.join(name)))
        .map_err(unavailable)?;
    let kept = kept(visit)?.into_iter().find(|one| one.name == name).ok_or_else(problems::unavailable)?;
    let reply = Reply { status: 201, ..Reply::json(&kept.shown(visit)) };
    Ok(reply.with("location", format!("/api/v1/phones/firmware/{name}")))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let name = visit.value();
    if !kept(visit)?.iter().any(|one| one.name == name) {
        return Err(problems::not_found());
    }
    let loads = |phone: &Phone| {
        referrers::of_phone(&visit.office, "прошивка телефона", "firmware of the telephone", &phone.mac)
    };
    let users: Vec<Referrer> = used_by(&visit.office, name).map(loads).collect();
    if !users.is_empty() {
        return Err(problems::in_use().referred(users));
    }
    fs::remove_file(folder(visit).join(name)).map_err(unavailable)?;
    Ok(Reply::empty())
}

fn name_taken() -> Words {
    Words::new("Прошивка с таким именем уже есть.", "There is firmware of this name already.")
}

/// A file that telephones may be told to load.
struct Kept {
    name: String,
    bytes: u64,
    at: WallTime,
}

impl Kept {
    fn shown(&self, visit: &Visit<'_>) -> Value {
        let users: Vec<&str> = used_by(&visit.office, &self.name).map(|phone| phone.mac.as_str()).collect();
        json!({ "name": self.name, "bytes": self.bytes, "at": visit.time(self.at), "used_by": users })
    }
}

/// Those that are there, by name.
fn kept(visit: &Visit<'_>) -> Result<Vec<Kept>, Problem> {
    let entries = match fs::read_dir(folder(visit)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unavailable)?,
    };
    let mut kept: Vec<Kept> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let name = entry.file_name().into_string().ok().filter(|name| file::is_file_name(name))?;
            let since = about.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            let at = WallTime(i64::try_from(since.as_millis()).ok()?);
            Some(Kept { name, bytes: about.len(), at })
        })
        .collect();
    kept.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(kept)
}

/// The telephones that are told to load it.
fn used_by<'a>(office: &'a Office, name: &str) -> impl Iterator<Item = &'a Phone> {
    office.phones.iter().filter(move |phone| phone.firmware == name)
}

fn folder(visit: &Visit<'_>) -> PathBuf {
    visit.house.data.join(FIRMWARE)
}

fn unavailable(error: io::Error) -> Problem {
    tracing::error!(%error, "web: firmware of telephones can't be kept");
    problems::unavailable()
}
