//! `routing`: the desk as one drawing. An element is the office file's table with its links beside it; what is wrong with the whole is
//! `desk::check`'s to say, the way of an imagined call `desk::whatif`'s.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::change::{Before, Place, change_to, etag, read_back};
use super::tables::{self, Table, escaped};
use super::{Visit, faults};
use crate::desk::check::{self, Severity};
use crate::desk::whatif::{self, NoWay, Question, Way, WhatIfStep};
use crate::io::clock;
use crate::office::file::{Fault, Wanted};
use crate::office::{Language, Office};

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    answer(&visit.office, visit.language())
}

pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let drawing = Drawing::read(visit.ask.json()?)?;
    let office = change_to(visit, "routing changed", Before::Seen(&drawn), |present| {
        let office = drawing.on(present)?;
        refuse_loops(&office).map(|()| office)
    })?;
    answer(&office, visit.language())
}

/// The same body as PUT, and nothing is applied.
pub(super) fn check(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let office = Drawing::read(visit.ask.json()?)?.on(&visit.office)?;
    Ok(Reply::json(&json!({ "problems": faults_of(&office, visit.language()) })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    number: String,
    #[serde(default)]
    from: String,
    at: Option<String>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    busy: Vec<String>,
    #[serde(default)]
    offline: Vec<String>,
    /// A desk that has not been applied.
    elements: Option<Value>,
}

pub(super) fn what_if(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Asked { number, from, at, keys, busy, offline, elements } = visit.ask.json()?;
    let office = match elements {
        None => Arc::clone(&visit.office),
        Some(elements) => {
            let body = Table::from_iter([("elements".to_owned(), elements)]);
            Arc::new(Drawing::read(body)?.on(&visit.office)?)
        }
    };
    let now = clock::wall();
    let at = at.map_or(Some(now), |text| whatif::parse_time(&text, &office, now)).ok_or_else(|| {
        let words = Words::new("Время вида 2026-12-31 14:00 или 14:00.", "A time like 2026-12-31 14:00, or 14:00.");
        problems::invalid().at("/at", words)
    })?;
    let plan = visit.house.exchange.plan();
    let number = plan.to_e164(&number).unwrap_or(number);
    let question = Question { number, from, at, keys, busy, offline };
    let way = whatif::run(&office, &question).map_err(|why| no_way(&why, &question))?;
    Ok(Reply::json(&way_shown(&way, &office, visit.language())))
}

fn no_way(why: &NoWay, question: &Question) -> Problem {
    let place = |list: &[String], key: &String| list.iter().position(|one| one.trim() == key);
    let (pointer, words) = match why {
        NoWay::NotOurNumber(_) => {
            ("/number".to_owned(), Words::new("Это не ваш внешний номер.", "This is none of your outside numbers."))
        }
        NoWay::NoExtension(number) => {
            let busy = place(&question.busy, number).map(|nth| format!("/busy/{nth}"));
            let offline = || place(&question.offline, number).map(|nth| format!("/offline/{nth}"));
            let words = Words::new("Такого внутреннего номера нет.", "There is no such extension.");
            (busy.or_else(offline).unwrap_or_default(), words)
        }
        NoWay::NoKey(key) => (
            place(&question.keys, key).map_or_else(String::new, |nth| format!("/keys/{nth}")),
            Words::new("Клавиши: от 0 до 9, * и #.", "Keys are 0 to 9, * and #."),
        ),
    };
    problems::invalid().at(pointer, words)
}

fn way_shown(way: &Way, office: &Office, language: Language) -> Value {
    let seconds = |span: crate::base::Duration| (span.as_secs_f64() * 10.0).round() / 10.0;
    let step = |step: &WhatIfStep| {
        json!({
            "element": Some(&step.element).filter(|id| !id.is_empty()),
            "after_seconds": seconds(step.after),
            "what": step.what.word(),
            "text": step.text(office, language),
            "out": step.out.map(|out| out.to_string()),
        })
    };
    json!({
        "steps": way.steps.iter().map(step).collect::<Vec<_>>(),
        "end": { "code": way.end.word(), "text": way.end.text(language) },
        "lasts_seconds": seconds(way.lasts),
    })
}

/// A desk as a body gives it, in the office file's spelling.
struct Drawing {
    elements: Vec<Value>,
    links: Vec<Value>,
    place: Place,
}

impl Drawing {
    /// Reads `{"elements": […]}`; `problems` may be sent back as it was read.
    fn read(mut body: Table) -> Result<Self, Problem> {
        body.remove("problems");
        tables::spellable(&mut body)?;
        let mut wrong = Vec::new();
        let elements = match body.remove("elements") {
            Some(Value::Array(elements)) => elements,
            Some(_) => return Err(at("/elements", &Fault::WrongType(Wanted::List))),
            None => return Err(at("/elements", &Fault::Missing)),
        };
        if let Some(key) = body.keys().next() {
            return Err(at(&format!("/{}", escaped(key)), &Fault::UnknownKey { near: None }));
        }
        let mut drawing = Self { elements, links: Vec::new(), place: Place::default() };
        for (nth, element) in drawing.elements.iter_mut().enumerate() {
            let Some(fields) = element.as_object_mut() else { continue };
            let id = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let links = match fields.remove("links") {
                None => Map::new(),
                Some(Value::Object(links)) => links,
                Some(_) => {
                    wrong.push(format!("/elements/{nth}/links"));
                    continue;
                }
            };
            for (out, to) in links {
                let pointer = format!("/elements/{nth}/links/{}", escaped(&out));
                drawing.place = drawing.place.and_all_of(format!("/link/{}", drawing.links.len()), pointer);
                drawing.links.push(json!({ "from": format!("{id}.{out}"), "to": to }));
            }
        }
        drawing.place = drawing.place.and("/element", "/elements");
        if wrong.is_empty() {
            return Ok(drawing);
        }
        let said = || faults::of_fault(&Fault::WrongType(Wanted::Table), &Office::default());
        Err(wrong.into_iter().fold(problems::invalid(), |invalid, pointer| invalid.at(pointer, said())))
    }

    /// The office with this desk.
    fn on(&self, present: &Office) -> Result<Office, Problem> {
        let kinds = [("element", &self.elements), ("link", &self.links)];
        let document = tables::document(kinds.map(|(kind, list)| (kind, Value::Array(list.clone()))))?;
        read_back(&document, present, present, &self.place)
    }
}

fn at(pointer: &str, fault: &Fault) -> Problem {
    problems::invalid().at(pointer.to_owned(), faults::of_fault(fault, &Office::default()))
}

/// The elements with their links, as everybody may see them.
fn drawn(office: &Office) -> Result<Value, Problem> {
    let mut elements = tables::of(office, "element", false)?;
    for (shown, element) in elements.iter_mut().zip(&office.desk.elements) {
        let outs =
            element.kind.outs().filter_map(|out| Some((out.to_string(), element.links.get(&out)?.clone().into())));
        let links: Map<String, Value> = outs.collect();
        shown.insert("links".to_owned(), Value::Object(links));
    }
    Ok(json!({ "elements": elements }))
}

fn answer(office: &Office, language: Language) -> Result<Reply, Problem> {
    let mut drawn = drawn(office)?;
    let tag = etag(&drawn);
    drawn["problems"] = Value::Array(faults_of(office, language));
    Ok(Reply::json(&drawn).with("etag", tag))
}

fn faults_of(office: &Office, language: Language) -> Vec<Value> {
    let shown = |problem: check::Problem| {
        let number = match &problem.kind {
            check::Kind::NoStart { number } => Some(number),
            _ => None,
        };
        let out = match &problem.kind {
            check::Kind::DeadEnd { out } => Some(out.to_string()),
            _ => None,
        };
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        json!({
            "element": problem.element,
            "number": number,
            "out": out,
            "severity": severity,
            "text": problem.words_on(office, language),
        })
    };
    check::check(office).into_iter().map(shown).collect()
}

/// A desk on which a call could go round for ever is not applied.
fn refuse_loops(office: &Office) -> Result<(), Problem> {
    let errors = check::check(office).into_iter().filter(|problem| problem.severity == Severity::Error);
    let place = |problem: &check::Problem| {
        let id = problem.element.as_deref().unwrap_or_default();
        let nth = office.desk.elements.iter().position(|element| element.id == id);
        nth.map_or_else(|| "/elements".to_owned(), |nth| format!("/elements/{nth}"))
    };
    let faults: Vec<_> = errors.map(|problem| (place(&problem), faults::of_desk(&problem, office))).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults.into_iter().fold(problems::invalid(), |invalid, (pointer, said)| invalid.at(pointer, said)))
}
