//! `trunks/{name}/check`: the trunk doctor. POST begins to look, GET tells what is known by now, and the verdict at the end.

use std::sync::PoisonError;

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::Visit;
use crate::io::trunk_doctor::{Advice, Examination, Facts, Fix, State, Verdict, verdict};
use crate::office::Word as _;

/// Trunks that are looked at at the same time.
const AT_ONCE: usize = 4;

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let trunk = visit.office.trunk(visit.value()).ok_or_else(problems::not_found)?;
    let known = visit.house.examinations.lock().unwrap_or_else(PoisonError::into_inner);
    let examination = known.get(&trunk.name).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&shown(visit, examination)))
}

/// One that goes on already is not begun anew.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let trunk = visit.office.trunk(visit.value()).ok_or_else(problems::not_found)?;
    let mut known = visit.house.examinations.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|name, _| visit.office.trunk(name).is_some());
    if known.get(&trunk.name).is_none_or(|last| last.facts().done) {
        if known.values().filter(|one| !one.facts().done).count() >= AT_ONCE {
            return Err(problems::unavailable());
        }
        let examination = visit.house.exchange.examine(trunk.clone()).map_err(|error| {
            tracing::error!(%error, "web: no thread for the trunk doctor");
            problems::unavailable()
        })?;
        known.insert(trunk.name.clone(), examination);
    }
    let examination = known.get(&trunk.name).ok_or_else(problems::unavailable)?;
    Ok(Reply::accepted(&shown(visit, examination)))
}

fn shown(visit: &Visit<'_>, examination: &Examination) -> Value {
    let facts = examination.facts();
    let Verdict { advice, text, next, fix, findings, letter } = verdict(&examination.trunk, &facts, visit.language());
    let findings: Vec<Value> = findings
        .into_iter()
        .map(|finding| json!({ "what": finding.what, "state": state(finding.state), "text": finding.text }))
        .collect();
    json!({
        "running": !facts.done,
        "verdict": code(advice),
        "text": text,
        "next": next,
        "fix": fix.map(|Fix { field, value }| json!({ "field": field, "value": value })),
        "findings": findings,
        "letter": letter,
        "trials": trials(&facts),
    })
}

/// The calls, for their stories.
fn trials(facts: &Facts) -> Vec<Value> {
    let of_one = |trial: &crate::io::trunk_doctor::Trial| json!({ "number_format": trial.format.word(), "call": trial.call.map(|call| call.to_string()) });
    facts.trials.iter().map(of_one).collect()
}

const fn state(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Bad => "bad",
        State::Unclear => "unclear",
        State::Skipped => "skipped",
        State::Running => "running",
    }
}

const fn code(advice: Advice) -> &'static str {
    match advice {
        Advice::Running => "running",
        Advice::Healthy => "healthy",
        Advice::NoNames => "no_names",
        Advice::WrongName => "wrong_name",
        Advice::NoRoute => "no_route",
        Advice::WrongPort => "wrong_port",
        Advice::Silent => "silent",
        Advice::NoTls => "no_tls",
        Advice::Certificate(_) => "certificate",
        Advice::WrongPassword => "wrong_password",
        Advice::RegistrationRefused(_) => "registration_refused",
        Advice::Form(_) => "number_format",
        Advice::CallRefused(_) => "call_refused",
        Advice::Busy => "busy",
        Advice::NotBack => "not_back",
        Advice::NotAnswered => "not_answered",
        Advice::AnsweredElsewhere => "answered_elsewhere",
        Advice::NoSoundIn => "no_sound_in",
        Advice::NoSoundOut => "no_sound_out",
        Advice::NoSound => "no_sound",
        Advice::NotPlaced => "not_placed",
    }
}
