//! `versions`: every change of the settings that was applied, in words; taken back, returned to, or confirmed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::change::{self, Before, Place, change};
use super::{Visit, paging};
use crate::io::store::Version;
use crate::office::document::{self, Clash, Document, Prefer};
use crate::office::{Language, Office, Role};

/// The longest page: each version is read.
const LONGEST: usize = 100;
/// A page when nobody asks.
const USUAL: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revert {
    scope: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// This one change.
    This,
    /// Everything since.
    To,
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&["limit", "cursor"])?;
    let limit = query.number("limit", 1, LONGEST, USUAL)?;
    let before = query.get("cursor").map(|cursor| place(cursor).ok_or_else(|| bad("cursor"))).transpose()?;
    // One row more than asked: what the last one changed, and whether there is a next page.
    let rows = visit.house.exchange.versions(limit + 1, before)?;
    let next = rows.get(limit).and_then(|_| rows.get(limit - 1)).map(|last| paging::seal(&last.id.to_string()));
    let documents: Vec<Document> = rows.iter().map(read).collect();
    let items = rows.iter().enumerate().take(limit).map(|(nth, version)| {
        let changes = match (documents.get(nth + 1), documents.get(nth)) {
            (Some(before), Some(after)) => document::sentences(before, after, visit.language()),
            _ => vec![first(visit.language())],
        };
        item(visit, version, changes)
    });
    Ok(paging::list(items.collect(), next))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let (version, before) = find(visit)?;
    let (before, after) = (before.as_ref().map(read), read(&version));
    let language = visit.language();
    let changes =
        before.as_ref().map_or_else(|| vec![first(language)], |before| document::sentences(before, &after, language));
    let mut item = item(visit, &version, changes);
    let fields = before.map(|before| fields(&before, &after, language)).unwrap_or_default();
    if let Some(object) = item.as_object_mut() {
        object.insert("fields".to_owned(), fields.into());
    }
    Ok(Reply::json(&item))
}

/// POST revert: takes one change back, or returns to how everything was right after it.
pub(super) fn revert(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let Revert { scope } = visit.ask.json()?;
    let scope = match scope.as_str() {
        "this" => Scope::This,
        "to" => Scope::To,
        _ => {
            let detail = Words::new("this или to.", "this or to.");
            return Err(problems::invalid().at("/scope", detail));
        }
    };
    let (version, before) = find(visit)?;
    let reason = match scope {
        Scope::This => format!("change {} taken back", version.id),
        Scope::To => format!("back to version {}", version.id),
    };
    let mut changes = Vec::new();
    let office = change(visit, &reason, Before::Nothing, |office| {
        let now = Document::of(office);
        let wanted = match scope {
            Scope::This => {
                let before = before.as_ref().ok_or_else(nothing_before)?;
                now.undo(&read(before), &read(&version), Prefer::Neither).map_err(|clashes| in_the_way(&clashes))?
            }
            Scope::To => read(&version),
        };
        let wanted = change::read(&wanted.with_passwords_of(&now).text(), office, &Place::default())?;
        has_its_sound(visit, office, &wanted)?;
        if scope == Scope::This && wanted == *office {
            return Err(nothing_left());
        }
        changes = document::sentences(&now, &Document::of(&wanted), visit.language());
        *office = wanted;
        Ok(Place::default())
    })?;
    drop(office);
    let made = visit.version.get();
    Ok(Reply::json(&json!({ "version": made.map(|id| id.to_string()), "changes": changes })))
}

/// POST confirm: whoever made the change shows that he is still there; another admin may do it for him.
pub(super) fn confirm(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let (version, _) = find(visit)?;
    if visit.who.role() != Some(Role::Admin) && visit.author() != version.author {
        return Err(problems::viewer());
    }
    if !visit.house.exchange.confirm(version.id)? {
        let detail = Words::new(
            "Эта правка не ждёт подтверждения: её уже подтвердили, вернули, или это не нужно.",
            "This change does not wait: it is confirmed or taken back already, or needs no confirmation.",
        );
        return Err(Problem::new(409, "not_waiting", detail));
    }
    Ok(Reply::empty())
}

/// The version that is asked for, and the one before it.
fn find(visit: &Visit<'_>) -> Result<(Version, Option<Version>), Problem> {
    let id: i64 = visit.value().parse().ok().filter(|id| *id > 0 && *id < i64::MAX).ok_or_else(problems::not_found)?;
    let mut found = visit.house.exchange.versions(2, Some(id + 1))?.into_iter();
    let version = found.next().filter(|version| version.id == id).ok_or_else(problems::not_found)?;
    Ok((version, found.next()))
}

/// What a version changed, field by field: for the audit log too.
pub(super) fn of_version(visit: &Visit<'_>, id: i64) -> Result<(Vec<String>, Vec<Value>), Problem> {
    let found = visit.house.exchange.versions(2, Some(id.saturating_add(1)))?;
    let language = visit.language();
    Ok(match found.as_slice() {
        [after, before] if after.id == id => {
            let (before, after) = (read(before), read(after));
            (document::sentences(&before, &after, language), fields(&before, &after, language))
        }
        [after] if after.id == id => (vec![first(language)], Vec::new()),
        _ => (Vec::new(), Vec::new()),
    })
}

fn fields(before: &Document, after: &Document, language: Language) -> Vec<Value> {
    let rows = document::fields(before, after, language).into_iter();
    rows.map(|row| {
        json!({
            "kind": row.kind,
            "key": row.key,
            "thing": row.thing,
            "field": row.field,
            "label": row.label,
            "before": row.before,
            "after": row.after,
        })
    })
    .collect()
}

/// A version that can't be read any more says nothing.
fn read(version: &Version) -> Document {
    Document::read(&version.office).unwrap_or_else(|error| {
        tracing::error!(version = version.id, error, "web: a version can't be read");
        Document::default()
    })
}

fn item(visit: &Visit<'_>, version: &Version, changes: Vec<String>) -> Value {
    json!({
        "id": version.id.to_string(),
        "at": visit.time(version.made_at),
        "author": version.author,
        "reason": version.reason,
        "changes": changes,
        "confirm_by": visit.house.exchange.revert_at(version.id).map(|at| visit.time(at)),
    })
}

fn place(cursor: &str) -> Option<i64> {
    paging::open(cursor)?.parse().ok()
}

fn first(language: Language) -> String {
    Words::new("Первые настройки станции.", "The first settings of the box.").say(language).to_owned()
}

/// A media file that comes back must still have its sound.
fn has_its_sound(visit: &Visit<'_>, present: &Office, wanted: &Office) -> Result<(), Problem> {
    let is_known = |file: &str| present.media.iter().any(|media| media.file == file);
    let folder = visit.house.data.join("media");
    let gone = wanted.media.iter().find(|media| !is_known(&media.file) && !folder.join(&media.file).is_file());
    let Some(gone) = gone else { return Ok(()) };
    let name = &gone.name;
    Err(problems::conflict().saying(Said::new(
        format!("Звука медиафайла «{name}» на диске больше нет, вернуть его нельзя."),
        format!("The sound of media file “{name}” is gone from the disk, so it can't come back."),
    )))
}

fn in_the_way(clashes: &[Clash]) -> Problem {
    let things =
        |language| clashes.iter().take(5).map(|one| document::thing(one, language)).collect::<Vec<_>>().join("; ");
    Problem::new(409, "changed_later", Words::new("", "")).saying(Said::new(
        format!("Это меняли и позже, одну правку не вернуть: {}. Сначала верните поздние правки.", things(Language::Ru)),
        format!(
            "Later changes touched the same, so this one can't be taken back alone: {}. Take the later ones back first.",
            things(Language::En)
        ),
    ))
}

fn nothing_before() -> Problem {
    let detail = Words::new("До этого настроек не было, вернуть нечего.", "There were no settings before this.");
    Problem::new(409, "nothing_to_revert", detail)
}

fn nothing_left() -> Problem {
    let detail = Words::new(
        "Возвращать нечего: всё уже так. Пароли учётных записей назад не возвращаются.",
        "There is nothing to take back: all is so already. Passwords of accounts do not come back.",
    );
    Problem::new(409, "nothing_to_revert", detail)
}
