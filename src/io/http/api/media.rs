//! `media`: the sounds of the office; how a file becomes one, and how it sounds to callers.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::super::imports::{self, Order, State};
use super::super::reply::{Problem, Referrer, Reply, problems};
use super::super::words::Said;
use super::change::{self, shown};
use super::{Visit, faults, paging, recordings, referrers};
use crate::io::sound;
use crate::office::file::Fault;
use crate::office::{Kind, MediaFile, Office};

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let item = |media| item(&visit.house.data, &visit.office, media);
    paging::page(&visit.ask.query, visit.office.media.iter().map(item))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    Ok(shown(&item(&visit.house.data, &visit.office, find(visit)?)))
}

/// POST: asked for twice, before the file comes and when it is there.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["name"])?;
    let name = visit.ask.query.get("name").unwrap_or_default();
    may_be_called(visit, name)?;
    take(visit, name, false)
}

/// PUT: what refers to the media file refers to its new sound.
pub(super) fn put_sound(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    take(visit, &find(visit)?.name, true)
}

/// How an import stands.
pub(super) fn import(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let import = visit.house.imports.find(visit.value()).ok_or_else(problems::not_found)?;
    let (word, percent) = import.state.told();
    let detail = match &import.state {
        State::Refused(said) => said.say(visit.language()),
        State::Running { .. } | State::Done => "",
    };
    Ok(Reply::json(&json!({
        "id": import.id, "name": import.name, "state": word, "percent": percent, "detail": detail,
    })))
}

/// What callers with the best telephone hear: trimmed, and as loud as all others.
pub(super) fn audio(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let media = find(visit)?;
    let [.., opus] = sound::kept_paths(Path::new(&format!("media/{}", media.file)));
    let path = opus.to_str().ok_or_else(problems::not_found)?;
    let reply = recordings::sound(visit, &visit.house.data.join(path), path, "audio/ogg")?;
    Ok(reply.named(format!("inline; filename*=UTF-8''{}.opus", encoded(&media.name))))
}

fn take(visit: &Visit<'_>, name: &str, replaces: bool) -> Result<Reply, Problem> {
    if visit.ask.too_large {
        return Err(problems::too_large().saying(imports::too_large()));
    }
    let imports = &visit.house.imports;
    let may_come = || if imports.are_full() { Err(problems::busy(10)) } else { Ok(()) };
    let Some(arrived) = visit.arrived(may_come)? else { return Ok(Reply::come()) };
    let order = Order { name: name.to_owned(), author: visit.author(), replaces };
    let id = imports.begin(arrived, order)?;
    let location = format!("/api/v1/media/imports/{id}");
    Ok(Reply { status: 202, ..Reply::json(&json!({ "id": id })) }.with("location", location))
}

/// Judges a new name by the office file's own reader.
fn may_be_called(visit: &Visit<'_>, name: &str) -> Result<(), Problem> {
    let refused = |said: Said| Err(problems::invalid().parameter("name", said));
    if name.is_empty() {
        return refused(faults::of_fault(&Fault::Missing, &visit.office));
    }
    if visit.office.media(name).is_some() {
        return Err(problems::conflict().saying(imports::name_taken().into()).parameter("name", imports::name_taken()));
    }
    let mut office = Office::clone(&visit.office);
    office.media.push(MediaFile { name: name.to_owned(), file: "new".to_owned(), clip: None });
    match change::wrong(&office, &visit.office)?.first() {
        Some(problem) => refused(faults::said(problem, &visit.office)),
        None => Ok(()),
    }
}

fn find<'a>(visit: &'a Visit<'_>) -> Result<&'a MediaFile, Problem> {
    visit.office.media(visit.value()).ok_or_else(problems::not_found)
}

/// A media file as the office file has it, and what is known of it beside.
pub(super) fn item(data: &Path, office: &Office, media: &MediaFile) -> Value {
    let about = std::fs::metadata(data.join("media").join(&media.file));
    let seconds = media.clip.as_ref().map(|clip| clip.duration().as_millis().div_ceil(1000));
    json!({
        "name": media.name,
        "file": media.file,
        "kind": media.file.rsplit_once('.').map_or("", |(_, kind)| kind),
        "bytes": about.ok().map(|about| about.len()),
        "seconds": seconds.and_then(|seconds| u32::try_from(seconds).ok()),
        "used_by": used_by(office, &media.name),
    })
}

/// What of the office plays it; a thing that does so twice once.
fn used_by(office: &Office, name: &str) -> Vec<Value> {
    let mut users = Vec::new();
    for Referrer { kind, key, href, .. } in referrers::told(office, office.references(Kind::Media, name)) {
        let user = json!({ "kind": kind, "key": key, "href": href });
        if !users.contains(&user) {
            users.push(user);
        }
    }
    users
}

/// RFC 8187 §3.2.1.
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
