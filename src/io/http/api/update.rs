//! `system/update`: a new version of the box. The file's header is judged before anything of it is written, the rest before it is anything.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::Visit;
use crate::io::update::{Refused, View, When};
use crate::machine::trial::Count;
use crate::machine::update::{LARGEST, LONGEST_HEADER};
use crate::office::Language;

/// The longest update file. Bytes.
pub(super) const LONGEST: u64 = LARGEST + LONGEST_HEADER as u64;
/// What must be free on the disk for a usual one. A disk that is full before the end refuses the rest. Bytes.
const FLOOR: u64 = 96 << 20;
const PATH: &str = "/api/v1/system/update";
const DOWNGRADE: &str = "downgrade";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// `now`, `idle` or `HH:MM`.
    when: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromStick {
    /// As the machine names it.
    stick: String,
    /// Of the stick's topmost folder.
    file: String,
    /// An older version is meant.
    #[serde(default)]
    downgrade: bool,
}

/// Whether a body that comes for this target is an update.
pub(in crate::io::http) fn is_one(target: &str) -> bool {
    target.split('?').next() == Some(PATH)
}

/// Whether its sender says that an older version is meant.
pub(in crate::io::http) fn is_downgrade(target: &str) -> bool {
    target.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| pair == "downgrade=true"))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    Ok(Reply::json(&shown(visit)))
}

/// POST: asked for twice, before the file comes and when it is there.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[DOWNGRADE])?;
    let downgrade = visit.ask.query.word(DOWNGRADE, &["true", "false"])?.as_deref() == Some("true");
    let updates = visit.house.exchange.updates();
    updates.may_come().map_err(|refused| problem(&refused))?;
    if visit.ask.too_large {
        let words = Words::new("Файл больше любого обновления.", "The file is larger than any update.");
        return Err(problems::too_large().saying(words.into()));
    }
    let Some(arrived) = visit.arrived(|| visit.room_for(FLOOR))? else { return Ok(Reply::come()) };
    updates.take(&visit.house.data.join(arrived), downgrade).map_err(|refused| problem(&refused))?;
    Ok(Reply::accepted(&shown(visit)))
}

pub(super) fn start(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Start { when } = visit.ask.json()?;
    let words = Words::new("now, idle или время ЧЧ:ММ", "now, idle or a time HH:MM");
    let when = When::parse(&when).ok_or_else(|| problems::invalid().at("/when", words))?;
    visit.house.exchange.updates().start(when).map_err(|refused| problem(&refused))?;
    Ok(Reply::accepted(&shown(visit)))
}

pub(super) fn from_stick(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let FromStick { stick, file, downgrade } = visit.ask.json()?;
    let updates = visit.house.exchange.updates();
    updates.copy_from_stick(&stick, &file, downgrade).map_err(|refused| problem(&refused))?;
    Ok(Reply::accepted(&shown(visit)))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    visit.house.exchange.updates().forget().map_err(|refused| problem(&refused))?;
    Ok(Reply::empty())
}

fn shown(visit: &Visit<'_>) -> Value {
    let View { stage, version, notes, percent, when, reason, before, back } = visit.house.exchange.updates().view();
    let said = |[ru, en]: [String; 2]| if visit.language() == Language::Ru { ru } else { en };
    let count = |Count { phones, trunks }| json!({ "phones": phones, "trunks": trunks });
    json!({
        "state": stage.word(),
        "version": version,
        "notes": said(notes),
        "percent": percent,
        "starts_at": when.map(When::word),
        "reason": reason.map(said),
        "before": count(before),
        "back": count(back),
    })
}

/// Why it is not done, in words.
pub(in crate::io::http) fn problem(refused: &Refused) -> Problem {
    match refused {
        Refused::NotTheBox => problems::conflict().saying(
            Words::new(
                "Эта станция работает не на своём образе: обновляйте её так, как её установили.",
                "This exchange does not run on its own image: update it the way it was installed.",
            )
            .into(),
        ),
        Refused::Busy => problems::conflict().saying(
            Words::new("Обновление уже идёт. Дождитесь его конца.", "An update is going on. Wait for its end.").into(),
        ),
        Refused::Nothing => problems::conflict().saying(
            Words::new("Нет файла обновления. Сначала загрузите его.", "There is no update file. Upload one first.")
                .into(),
        ),
        Refused::File([ru, en]) => problems::invalid().saying(Said::new(ru.clone(), en.clone())),
        Refused::Disk => problems::conflict().saying(
            Words::new(
                "Диск станции не принял файл. Проверьте свободное место и повторите.",
                "The box's disk did not take the file. See to free space and try again.",
            )
            .into(),
        ),
    }
}
