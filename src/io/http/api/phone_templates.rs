//! `phone-templates`: those that the program brings, and those of the office. An admin copies one and changes the copy; each is tried
//! before it is taken.

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::change::etag;
use super::tables::{self, Table};
use super::{Visit, collections, paging};
use crate::office::{BUILT_IN_TEMPLATES, Office};
use crate::provision::template::{Template, built_in_text};
use crate::provision::{Kind, TemplateError, check as try_out};

/// What is known beside the settings: it may come back as it was read.
pub(super) const READ: [&str; 5] = ["built_in", "title", "files", "used_by", "problem"];

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let office = &visit.office;
    let own = office.phone_templates.iter().map(|one| (one.name.as_str(), one.base.as_str(), one.text.as_str(), false));
    let shipped =
        BUILT_IN_TEMPLATES.into_iter().map(|name| (name, name, built_in_text(name).unwrap_or_default(), true));
    let items: Vec<Value> = own
        .chain(shipped)
        .map(|(name, base, text, built_in)| {
            let mut item = item(office, name, base, text, built_in);
            item.remove("text");
            Value::Object(item)
        })
        .collect();
    paging::page(&visit.ask.query, items.into_iter())
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let name = visit.value();
    if let Some(text) = built_in_text(name) {
        let item = Value::Object(item(&visit.office, name, name, text, true));
        return Ok(Reply::json(&item).with("etag", etag(&item)));
    }
    collections::get(visit)
}

/// POST check: whether a template's text can make files, and which; nothing is kept.
pub(super) fn check(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mut body: Table = visit.ask.json()?;
    let text = body.remove("text");
    if let Some(unknown) = body.keys().next() {
        let words = Words::new("Такого поля нет.", "There is no such field.");
        return Err(problems::invalid().at(format!("/{}", tables::escaped(unknown)), words));
    }
    let Some(Value::String(text)) = text else {
        return Err(problems::invalid().at("/text", Words::new("Здесь нужен текст.", "This must be text.")));
    };
    Ok(Reply::json(&match try_out(&text) {
        Ok(template) => json!({ "problem": null, "files": files(&template) }),
        Err(error) => json!({ "problem": problem(&error, visit), "files": [] }),
    }))
}

fn problem(error: &TemplateError, visit: &Visit<'_>) -> Value {
    json!({ "line": error.line, "text": said(error).say(visit.language()) })
}

fn said(error: &TemplateError) -> Said {
    let TemplateError { line, what } = error;
    Said::new(format!("Строка {line}: {what}."), format!("Line {line}: {what}."))
}

/// What `collections` asks before it takes a template.
pub(super) fn judge(table: &Table) -> Result<(), Problem> {
    let Some(text) = table.get("text").and_then(Value::as_str).filter(|text| !text.is_empty()) else { return Ok(()) };
    try_out(text).map(drop).map_err(|error| problems::invalid().at("/text", said(&error)))
}

/// With what the text says of itself.
pub(super) fn plain(office: &Office, at: usize, table: &mut Table) {
    if let Some(one) = office.phone_templates.get(at) {
        *table = item(office, &one.name, &one.base, &one.text, false);
    }
}

fn item(office: &Office, name: &str, base: &str, text: &str, built_in: bool) -> Table {
    let read = Template::read(name, text).ok();
    let used_by = office.phones.iter().filter(|phone| phone.template == name).map(|phone| phone.mac.as_str());
    let item = json!({
        "name": name,
        "base": base,
        "text": text,
        "built_in": built_in,
        "title": read.as_ref().map_or("", |template| template.head.title.as_str()),
        "files": read.as_ref().map(files).unwrap_or_default(),
        "used_by": used_by.collect::<Vec<_>>(),
    });
    if let Value::Object(item) = item { item } else { Table::new() }
}

/// What telephones of it ask for.
fn files(template: &Template) -> Vec<Value> {
    let one = |file: &crate::provision::template::File| json!({ "names": file.patterns(), "secret": file.kind == Kind::Phone });
    template.files.iter().map(one).collect()
}
