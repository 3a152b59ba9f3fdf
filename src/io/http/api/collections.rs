//! The collections of the office: trunks, extensions, groups, voice messages, timetables, voice menus, media files. One way for all,
//! since a thing is the office file's table as JSON (`tables`), a change is that kind's tables with one of them added, replaced or taken
//! out, read by the office file's own reader (`change`), and who refers to what is the office's knowledge. What only extensions
//! and trunks have (devices, secrets, live state) is in files of their own.

use serde_json::Value;

use super::super::ask::encode;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::change::{Before, Place, change_to, etag, read_back};
use super::tables::{self, Table};
use super::{Visit, extensions, media, paging, phone_templates, referrers, trunks, webhooks};
use crate::office::file;
use crate::office::{Kind, Office};

/// Path, kind, and what the reasons of versions call one of them.
const COLLECTIONS: [(&str, Kind, &str); 9] = [
    ("trunks", Kind::Trunk, "trunk"),
    ("extensions", Kind::Extension, "extension"),
    ("media", Kind::Media, "media file"),
    ("voice-messages", Kind::VoiceMessage, "voice message"),
    ("schedules", Kind::Schedule, "schedule"),
    ("groups", Kind::Group, "group"),
    ("voice-menus", Kind::VoiceMenu, "voice menu"),
    ("phone-templates", Kind::PhoneTemplate, "phone template"),
    ("webhooks", Kind::Webhook, "webhook"),
];

/// What is known of a media file beside its name: it may come back as it was read.
const MEDIA_READ: [&str; 5] = ["file", "kind", "bytes", "seconds", "used_by"];

/// A collection by its path.
#[derive(Clone, Copy)]
struct Collection {
    path: &'static str,
    kind: Kind,
    noun: &'static str,
}

impl Collection {
    fn of(visit: &Visit<'_>) -> Result<Self, Problem> {
        let path = visit.ask.path.strip_prefix(super::ROOT).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let found = COLLECTIONS.into_iter().find(|(known, ..)| *known == path);
        found.map(|(path, kind, noun)| Self { path, kind, noun }).ok_or_else(problems::not_found)
    }

    /// For the version, which is named before the key is judged.
    fn reason(self, key: &str, done: &str) -> String {
        let key: String = key.chars().filter(|letter| !letter.is_control()).take(60).collect();
        format!("{} {key} {done}", self.noun)
    }

    fn location(self, key: &str) -> String {
        format!("{}{}/{}", super::ROOT, self.path, encode(key))
    }

    fn key(self, table: &Table) -> String {
        table.get(self.kind.key()).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let kind = Collection::of(visit)?.kind;
    let tables = tables::of(&visit.office, kind.table(), false)?;
    let live = Live::of(visit, kind);
    let items = tables.into_iter().enumerate();
    let items = items.map(|(at, table)| Value::Object(live.show(visit, plain(&visit.office, kind, at, table))));
    paging::page(&visit.ask.query, items)
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let kind = Collection::of(visit)?.kind;
    let table = seen(visit, &visit.office, kind, visit.value())?;
    Ok(answer(visit, kind, table))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let collection = Collection::of(visit)?;
    let kind = collection.kind;
    let mut table = given(visit, kind)?;
    if kind == Kind::Extension {
        extensions::fill_in(&visit.office, &mut table);
    }
    let key = collection.key(&table);
    let office = change_to(visit, &collection.reason(&key, "added"), Before::Nothing, |present| {
        let mut tables = tables::of(present, kind.table(), true)?;
        tables.push(table.clone());
        read(visit, kind, Draft { present, base: present, at: tables.len() - 1, tables, given: &table })
    })?;
    let table = seen(visit, &office, kind, &key)?;
    let tag = etag(&Value::Object(table.clone()));
    let mut shown = Live::of(visit, kind).show(visit, table);
    if let (Kind::Extension, Some(extension)) = (kind, office.extension(&key)) {
        extensions::tell_passwords(extension, &mut shown);
    }
    Ok(Reply::created(&Value::Object(shown), &collection.location(&key)).with("etag", tag))
}

/// PUT: another key renames the thing, and everything that refers to it follows.
pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let collection = Collection::of(visit)?;
    let (kind, key) = (collection.kind, visit.value());
    let table = given(visit, kind)?;
    let new_key = collection.key(&table);
    let before = |office: &Office| seen(visit, office, kind, key).map(Value::Object);
    let office = change_to(visit, &collection.reason(key, "changed"), Before::Seen(&before), |present| {
        let at = present.place(kind, key).ok_or_else(problems::not_found)?;
        let (mut base, mut changed) = (present.clone(), table.clone());
        if !new_key.is_empty() && new_key != key {
            base.rename(kind, key, &new_key);
        }
        match kind {
            Kind::Extension => extensions::keep_passwords(present, at, &mut changed),
            Kind::Trunk => trunks::numbers_follow(present, at, &mut base, &table)?,
            // which file it is was settled when it came
            Kind::Media => {
                let file = present.media.get(at).map(|one| Value::String(one.file.clone()));
                changed.extend(file.map(|file| ("file".to_owned(), file)));
            }
            _ => {}
        }
        let mut tables = tables::of(&base, kind.table(), true)?;
        *tables.get_mut(at).ok_or_else(problems::not_found)? = changed;
        read(visit, kind, Draft { present, base: &base, at, tables, given: &table })
    })?;
    Ok(answer(visit, kind, seen(visit, &office, kind, &new_key)?))
}

/// DELETE: what refers to the thing is in the way, unless `instead` names what takes its place, or is empty: then it is taken away.
pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["instead"])?;
    let collection = Collection::of(visit)?;
    let (kind, key) = (collection.kind, visit.value());
    let before = |office: &Office| seen(visit, office, kind, key).map(Value::Object);
    let reason = collection.reason(key, "removed");
    let instead = visit.ask.query.given("instead");
    change_to(visit, &reason, Before::MaybeSeen(&before), |present| without(present, kind, key, instead))?;
    Ok(Reply::empty())
}

/// The office without a thing. `instead` as in DELETE's query.
fn without(present: &Office, kind: Kind, key: &str, instead: Option<&str>) -> Result<Office, Problem> {
    present.place(kind, key).ok_or_else(problems::not_found)?;
    let mut office = present.clone();
    match instead {
        None => {}
        Some("") => office.drop_references(kind, key),
        Some(other) if other != key && office.has(kind, other) => office.move_references(kind, key, other),
        Some(_) => {
            let detail =
                Words::new("Заменить на это нельзя: такого нет.", "It can't take the place: there is no such thing.");
            return Err(problems::invalid().parameter("instead", detail));
        }
    }
    let left = office.references(kind, key);
    if !left.is_empty() {
        return Err(problems::in_use().referred(referrers::told(&office, left)));
    }
    office.remove(kind, key);
    read_back(&file::write(&office, true), present, present, &Place::default())
}

/// The body as the office file's table.
fn given(visit: &Visit<'_>, kind: Kind) -> Result<Table, Problem> {
    let mut table: Table = visit.ask.json()?;
    match kind {
        Kind::Extension => extensions::without_read(&mut table),
        Kind::Trunk => trunks::without_read(&mut table),
        Kind::Webhook => drop(table.remove(webhooks::READ)),
        Kind::Media => MEDIA_READ.into_iter().for_each(|read| drop(table.remove(read))),
        Kind::PhoneTemplate => phone_templates::READ.into_iter().for_each(|read| drop(table.remove(read))),
        _ => {}
    }
    tables::spellable(&mut table)?;
    match kind {
        Kind::Extension => extensions::given(&visit.house.exchange.plan(), &mut table)?,
        Kind::Trunk => trunks::given(&visit.house.exchange.plan(), &mut table),
        Kind::PhoneTemplate => phone_templates::judge(&table)?,
        _ => {}
    }
    Ok(table)
}

/// An office to be, with one table that the body gave.
struct Draft<'a> {
    present: &'a Office,
    /// What the document is read onto.
    base: &'a Office,
    tables: Vec<Table>,
    /// Which of them.
    at: usize,
    /// As it came.
    given: &'a Table,
}

fn read(visit: &Visit<'_>, kind: Kind, draft: Draft<'_>) -> Result<Office, Problem> {
    let Draft { present, base, tables, at, given } = draft;
    let own = format!("/{}/{at}", kind.table());
    let place = Place::default().and(format!("{own}/device"), "/devices").and(own, "").wanting(wants(kind, given));
    let document = tables::document([(kind.table(), Value::Array(tables.into_iter().map(Value::Object).collect()))])?;
    let office = read_back(&document, base, present, &place)?;
    if let (Kind::Extension, Some(extension)) = (kind, office.extensions.get(at)) {
        extensions::judge(&visit.house.exchange.plan(), &office, extension, given)?;
    }
    Ok(office)
}

/// What the table wants to have for itself alone, with the fields.
fn wants(kind: Kind, table: &Table) -> Vec<(String, String)> {
    let text = |pointer: String, value: &Value| value.as_str().map(|text| (pointer, text.to_owned()));
    let own = table.get(kind.key()).and_then(|value| text(format!("/{}", kind.key()), value));
    let list = |key: &str| table.get(key).and_then(Value::as_array).into_iter().flatten().enumerate();
    let further: Vec<(String, String)> = match kind {
        Kind::Trunk => {
            let number = table.get("number").and_then(|value| text("/number".to_owned(), value));
            number
                .into_iter()
                .chain(list("numbers").filter_map(|(nth, one)| text(format!("/numbers/{nth}"), one)))
                .collect()
        }
        Kind::Extension => {
            let logins =
                list("device").filter_map(|(nth, one)| text(format!("/devices/{nth}/login"), one.get("login")?));
            logins.collect()
        }
        _ => Vec::new(),
    };
    own.into_iter().chain(further).collect()
}

/// The thing as everybody may see it, without what lives: what an ETag is made of.
fn seen(visit: &Visit<'_>, office: &Office, kind: Kind, key: &str) -> Result<Table, Problem> {
    let at = office.place(kind, key).ok_or_else(problems::not_found)?;
    if let (Kind::Media, Some(file)) = (kind, office.media.get(at)) {
        let Value::Object(item) = media::item(&visit.house.data, office, file) else {
            return Err(problems::not_found());
        };
        return Ok(item);
    }
    let table = tables::of(office, kind.table(), false)?.into_iter().nth(at).ok_or_else(problems::not_found)?;
    Ok(plain(office, kind, at, table))
}

fn plain(office: &Office, kind: Kind, at: usize, mut table: Table) -> Table {
    match kind {
        Kind::Extension => office.extensions.get(at).into_iter().for_each(|one| extensions::plain(one, &mut table)),
        Kind::Trunk => office.trunks.get(at).into_iter().for_each(|one| trunks::plain(one, &mut table)),
        Kind::PhoneTemplate => phone_templates::plain(office, at, &mut table),
        Kind::Webhook => office.webhooks.get(at).into_iter().for_each(|one| webhooks::plain(one, &mut table)),
        _ => {}
    }
    table
}

fn answer(visit: &Visit<'_>, kind: Kind, table: Table) -> Reply {
    let tag = etag(&Value::Object(table.clone()));
    Reply::json(&Value::Object(Live::of(visit, kind).show(visit, table))).with("etag", tag)
}

/// What lives beside the settings, read once an answer.
enum Live {
    Phones(extensions::Phones),
    Trunks(trunks::States),
    Nothing,
}

impl Live {
    fn of(visit: &Visit<'_>, kind: Kind) -> Self {
        match kind {
            Kind::Extension => Self::Phones(visit.house.board.registrations()),
            Kind::Trunk => Self::Trunks(visit.house.board.trunks()),
            _ => Self::Nothing,
        }
    }

    fn show(&self, visit: &Visit<'_>, mut table: Table) -> Table {
        match self {
            Self::Phones(phones) => extensions::alive(phones, &visit.office.settings.timezone, &mut table),
            Self::Trunks(states) => trunks::alive(visit, states, &mut table),
            Self::Nothing => {}
        }
        table
    }
}
