//! `extensions/{number}/dial`: how the box would understand what somebody there dials, and whether it would go through. Nothing is
//! called.

use serde::Deserialize;
use serde_json::json;

use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::{Visit, faults};
use crate::guard;
use crate::number::{Class, Plan, Target};
use crate::office::{Extension, Office};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    number: String,
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { number } = visit.ask.json()?;
    let extension = visit.office.extension(visit.value()).ok_or_else(problems::not_found)?;
    let plan = visit.house.exchange.plan();
    let meaning = Meaning::of(&plan, &visit.office, extension, &number);
    Ok(Reply::json(&json!({
        "kind": meaning.kind,
        "class": meaning.class.map(class_word),
        "number": meaning.number,
        "redial": meaning.class.and(meaning.number.as_ref()).map(|number| plan.redial(number)),
        "permitted": meaning.permitted,
        "trunk": meaning.trunk,
        "text": meaning.text.say(visit.language()),
    })))
}

/// What was dialled means.
pub(super) struct Meaning {
    kind: &'static str,
    /// Of an outside number.
    class: Option<Class>,
    /// As the box stores it; `None` when it is none.
    number: Option<String>,
    permitted: bool,
    /// Which takes it first.
    trunk: Option<String>,
    /// In words.
    pub(super) text: Said,
}

impl Meaning {
    pub(super) fn of(plan: &Plan, office: &Office, extension: &Extension, dialled: &str) -> Self {
        Self::of_target(plan, office, extension, plan.interpret(office, dialled))
    }

    /// Whether somebody or something is called: no code, no parking place, and nothing that is forbidden.
    pub(super) fn can_be_called(&self) -> bool {
        self.permitted && !matches!(self.kind, "feature" | "place" | "unknown")
    }

    /// Whether it is this extension itself.
    pub(super) fn is_of(&self, extension: &Extension) -> bool {
        self.kind == "extension" && self.number.as_deref() == Some(&extension.number)
    }

    fn of_target(plan: &Plan, office: &Office, extension: &Extension, target: Target) -> Self {
        let inside = |kind, number: String, text: Said| Self {
            kind,
            class: None,
            number: Some(number),
            permitted: true,
            trunk: None,
            text,
        };
        match target {
            Target::Extension { number } => {
                let employee = office.extension(&number).map_or("", |one| one.employee.as_str());
                let text = named("Внутренний номер", "Extension", &number, employee);
                inside("extension", number, text)
            }
            Target::Group { number } => {
                let name = office.group(&number).map_or("", |one| one.name.as_str());
                let text = named("Группа", "Group", &number, name);
                inside("group", number, text)
            }
            Target::Conference { number } => {
                let name = office.conference(&number).map_or("", |one| one.name.as_str());
                let text = named("Комната конференции", "Conference room", &number, name);
                inside("conference", number, text)
            }
            Target::Place { number } => {
                let text = Said::new(format!("Место парковки {number}."), format!("Parking place {number}."));
                inside("place", number, text)
            }
            Target::OwnNumber { number } => {
                let written = plan.redial(&number);
                let text = Said::new(
                    format!("Ваш внешний номер {written}: звонок пойдёт по маршруту, не выходя из станции."),
                    format!("Your own outside number {written}: the call takes the desk and never leaves the box."),
                );
                inside("own_number", number, text)
            }
            Target::Feature { feature, .. } => {
                let (ru, en) = faults::feature(feature);
                let text = Said::new(format!("Код: {ru}."), format!("A code: {en}."));
                Self { kind: "feature", class: None, number: None, permitted: true, trunk: None, text }
            }
            Target::Hidden(target) => {
                let meaning = Self::of_target(plan, office, extension, *target);
                let more = |text: &str, hidden: &str| format!("{text} {hidden}");
                let text = Said::new(
                    more(meaning.text.say(crate::office::Language::Ru), "Ваш номер не покажут."),
                    more(meaning.text.say(crate::office::Language::En), "Your number is not shown."),
                );
                Self { text, ..meaning }
            }
            Target::Emergency { digits } => {
                let text = Words::new("Экстренный номер: можно всегда.", "An emergency number: always allowed.");
                Self { trunk: trunk(office, extension), text: text.into(), ..inside("emergency", digits, text.into()) }
            }
            Target::Outside { number, class } => outside(plan, office, extension, number, class),
            Target::Unknown => {
                let text = Words::new(
                    "Такого номера нет: звонок не пойдёт.",
                    "There is no such number: the call does not go.",
                );
                Self { kind: "unknown", class: None, number: None, permitted: false, trunk: None, text: text.into() }
            }
        }
    }
}

fn outside(plan: &Plan, office: &Office, extension: &Extension, number: String, class: Class) -> Meaning {
    let trunk = trunk(office, extension);
    let may = guard::may_call(extension.permissions, office.limits.paid_services, class).is_ok();
    let (ru, en) = class_words(class);
    let written = plan.redial(&number);
    let text = match (&trunk, may) {
        (_, false) => Said::new(
            format!("{ru}: {written}. Номеру {} туда звонить нельзя.", extension.number),
            format!("{en}: {written}. {} may not call there.", extension.number),
        ),
        (None, true) => Said::new(
            format!("{ru}: {written}. Звонить не через что: внешний номер не подключён."),
            format!("{en}: {written}. There is no outside connection to call by."),
        ),
        (Some(trunk), true) => {
            Said::new(format!("{ru}: {written}, через «{trunk}»."), format!("{en}: {written}, by “{trunk}”."))
        }
    };
    let permitted = may && trunk.is_some();
    Meaning { kind: "outside", class: Some(class), number: Some(number), permitted, trunk, text }
}

/// The trunk that is tried first: that of the extension's outgoing number.
fn trunk(office: &Office, extension: &Extension) -> Option<String> {
    let own = office.trunk_of(&extension.outgoing_number).or(office.trunks.first());
    own.map(|trunk| trunk.name.clone())
}

fn named(ru: &str, en: &str, number: &str, name: &str) -> Said {
    if name.is_empty() {
        Said::new(format!("{ru} {number}."), format!("{en} {number}."))
    } else {
        Said::new(format!("{ru} {number}: {name}."), format!("{en} {number}: {name}."))
    }
}

const fn class_word(class: Class) -> &'static str {
    match class {
        Class::Emergency => "emergency",
        Class::City => "city",
        Class::MobileRegion => "mobile_region",
        Class::MobileNational => "mobile_national",
        Class::LongDistance => "long_distance",
        Class::International => "international",
        Class::Premium => "premium",
    }
}

const fn class_words(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Emergency => ("Экстренный номер", "An emergency number"),
        Class::City => ("Городской номер", "A city number"),
        Class::MobileRegion => ("Мобильный вашего региона", "A mobile of your region"),
        Class::MobileNational => ("Мобильный другого региона", "A mobile of another region"),
        Class::LongDistance => ("Междугородный номер", "A long distance number"),
        Class::International => ("Номер за границей", "A number abroad"),
        Class::Premium => ("Платный номер", "A paid service"),
    }
}
