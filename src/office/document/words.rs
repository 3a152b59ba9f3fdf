//! What differs between two documents, in words that an admin understands, in Russian and English. Passwords and PINs are said
//! to have changed, and never shown.

use std::collections::{HashMap, HashSet};

use toml::{Table, Value};

use super::labels::{self, Gender, Label, Shape};
use super::{Clash, Difference, Document, Place, SECRETS, What};
use crate::office::Language;

/// Sentences of one change; further ones are counted.
const MOST: usize = 60;
/// A longer value is cut. Characters.
const LONGEST: usize = 120;

/// One field that differs, for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The kind, as in the office file.
    pub kind: String,
    /// The thing's key; empty for kinds that are there once.
    pub key: String,
    /// The thing in words: `группа 500`.
    pub thing: String,
    /// As spelled in the office file; `None`: the thing as a whole.
    pub field: Option<String>,
    /// In words.
    pub label: String,
    /// In words; `None`: there was none.
    pub before: Option<String>,
    /// In words; `None`: there is none.
    pub after: Option<String>,
}

/// What makes `new` of `old`, in sentences; empty when they are equal.
pub fn sentences(old: &Document, new: &Document, language: Language) -> Vec<String> {
    let differences = old.differences(new);
    let say = Say { language, old: elements(old), new: elements(new) };
    let mut said: Vec<String> = differences.iter().filter_map(|difference| say.sentence(difference)).collect();
    said.extend(say.moved(&differences));
    if said.len() > MOST {
        let more = said.len() - MOST;
        said.truncate(MOST);
        said.push(say.of(format!("И ещё изменений: {more}."), format!("And {more} more changes.")));
    }
    said
}

/// The same field by field. Secrets are `***`.
pub fn fields(old: &Document, new: &Document, language: Language) -> Vec<Field> {
    let say = Say { language, old: elements(old), new: elements(new) };
    let differences = old.differences(new);
    differences.iter().take(FIELDS).flat_map(|difference| say.fields(difference)).take(FIELDS).collect()
}

/// Rows of the table of one change.
const FIELDS: usize = 500;

/// Where a later change stands in the way, in words: `203: переадресация`.
pub fn thing(clash: &Clash, language: Language) -> String {
    let say = Say { language, old: HashMap::new(), new: HashMap::new() };
    let thing = say.thing(&clash.at, &Table::new());
    match &clash.field {
        Some(field) => format!("{thing}: {}", say.label(&clash.at, field).0),
        None => thing,
    }
}

/// Elements of the desk by id.
fn elements(document: &Document) -> HashMap<String, Table> {
    let list = super::tables(document.0.get("element")).into_iter();
    list.map(|element| (super::key("element", element), element.clone())).collect()
}

struct Say {
    language: Language,
    old: HashMap<String, Table>,
    new: HashMap<String, Table>,
}

impl Say {
    fn of(&self, ru: impl Into<String>, en: impl Into<String>) -> String {
        match self.language {
            Language::Ru => ru.into(),
            Language::En => en.into(),
        }
    }

    fn sentence(&self, difference: &Difference) -> Option<String> {
        let Difference { at, what } = difference;
        match what {
            What::Field { name, .. } if at.kind == "element" && matches!(name.as_str(), "x" | "y") => None,
            _ if at.kind == "link" => self.link(at, what),
            What::Added(thing) => Some(self.added(at, thing)),
            What::Removed(thing) => Some(self.removed(at, thing)),
            What::Reordered => {
                let order = self.order(at)?;
                Some(self.of(format!("Изменился порядок: {order}."), format!("The order has changed: {order}.")))
            }
            What::Field { name, new, thing, .. } => Some(self.changed(at, name, new.as_ref(), thing)),
        }
    }

    fn added(&self, at: &Place, thing: &Table) -> String {
        let name = self.thing(at, thing);
        match at.kind.as_str() {
            "element" => self.of(format!("На схеме появилось: {name}."), format!("New on the desk: {name}.")),
            _ => self.of(format!("Добавлено: {name}."), format!("{} was added.", capital(&name))),
        }
    }

    fn removed(&self, at: &Place, thing: &Table) -> String {
        let name = self.thing(at, thing);
        match at.kind.as_str() {
            "element" => self.of(format!("Со схемы убрано: {name}."), format!("Taken off the desk: {name}.")),
            _ => self.of(format!("Удалено: {name}."), format!("{} was removed.", capital(&name))),
        }
    }

    fn changed(&self, at: &Place, name: &str, new: Option<&Value>, thing: &Table) -> String {
        let (label, gender, shape) = self.label(at, name);
        let whose = self.whose(at, thing);
        let verb = match gender {
            Gender::He => "изменился",
            Gender::She => "изменилась",
            Gender::It => "изменилось",
            Gender::They => "изменились",
        };
        if SECRETS.contains(&name) || shape == Shape::Long {
            return self.of(format!("{whose} {verb} {label}."), format!("{whose}: {label} changed."));
        }
        let value = self.value(new, shape, gender);
        self.of(format!("{whose} {verb} {label}: {value}."), format!("{whose}: {label} is now {value}."))
    }

    /// What leads where on the desk.
    fn link(&self, at: &Place, what: &What) -> Option<String> {
        let (id, out) = at.key.rsplit_once('.')?;
        let to = |value: Option<&Value>| {
            let id = value.and_then(Value::as_str)?;
            self.new.get(id).or_else(|| self.old.get(id)).map(|element| self.element(element))
        };
        let from = self.element(self.new.get(id)?);
        let out = self.out(out);
        match what {
            What::Added(link) | What::Field { thing: link, .. } => {
                let to = to(link.get("to"))?;
                Some(self.of(
                    format!("На схеме «{from}»{out} ведёт к «{to}»."),
                    format!("On the desk “{from}”{out} leads to “{to}”."),
                ))
            }
            What::Removed(_) => Some(self.of(
                format!("На схеме «{from}»{out} больше никуда не ведёт."),
                format!("On the desk “{from}”{out} leads nowhere any more."),
            )),
            What::Reordered => None,
        }
    }

    fn out(&self, out: &str) -> String {
        match out {
            "next" => String::new(),
            "yes" => self.of(", «да»,", ", yes,"),
            "no" => self.of(", «нет»,", ", no,"),
            "timeout" => self.of(" без нажатия", " without a key"),
            "reserve" => self.of(", резервный выход,", ", reserve exit,"),
            key => self.of(format!(", клавиша {key},"), format!(", key {key},")),
        }
    }

    /// Elements that only stand elsewhere, summed up.
    fn moved(&self, differences: &[Difference]) -> Option<String> {
        let moved: HashSet<&str> = differences
            .iter()
            .filter(|one| one.at.kind == "element")
            .filter(|one| matches!(&one.what, What::Field { name, .. } if matches!(name.as_str(), "x" | "y")))
            .map(|one| one.at.key.as_str())
            .collect();
        let count = moved.len();
        (count > 0).then(|| {
            self.of(
                format!("На схеме передвинуто элементов: {count}."),
                format!("{count} element{} of the desk moved.", if count == 1 { "" } else { "s" }),
            )
        })
    }

    /// The list whose order has changed; that of the desk's elements means nothing.
    fn order(&self, at: &Place) -> Option<String> {
        let (ru, en) = match at.kind.as_str() {
            "trunk" => ("внешние номера", "trunks"),
            "extension" if at.key.is_empty() => ("внутренние номера", "extensions"),
            "extension" => {
                return Some(self.of(format!("телефоны номера {}", at.key), format!("telephones of {}", at.key)));
            }
            "group" => ("группы", "groups"),
            "media" => ("медиафайлы", "media files"),
            "voice_message" => ("голосовые сообщения", "voice messages"),
            "schedule" => ("расписания", "timetables"),
            "voice_menu" => ("голосовые меню", "voice menus"),
            "user" => ("учётные записи", "accounts"),
            "conference" => ("комнаты", "rooms"),
            "phone" => ("настольные телефоны", "desk telephones"),
            "phone_template" => ("шаблоны телефонов", "telephone templates"),
            "webhook" => ("получатели событий", "receivers of events"),
            "backup_place" => ("места резервных копий", "places of backups"),
            "element" | "link" => return None,
            other => (other, other),
        };
        Some(self.of(ru, en))
    }

    fn fields(&self, difference: &Difference) -> Vec<Field> {
        let Difference { at, what } = difference;
        let row = |thing: &Table, field: Option<&str>, label: String, before, after| Field {
            kind: at.kind.clone(),
            key: at.key.clone(),
            thing: self.thing(at, thing),
            field: field.map(str::to_owned),
            label,
            before,
            after,
        };
        let whole = |thing: &Table| self.thing(at, thing);
        match what {
            What::Added(thing) => vec![row(thing, None, self.of("добавлено", "added"), None, Some(whole(thing)))],
            What::Removed(thing) => vec![row(thing, None, self.of("удалено", "removed"), Some(whole(thing)), None)],
            What::Reordered => match self.order(at) {
                Some(order) => vec![row(&Table::new(), None, self.of("порядок", "order"), None, Some(order))],
                None => Vec::new(),
            },
            What::Field { name, old, new, thing } => {
                let (label, gender, shape) = self.label(at, name);
                let value = |value: &Option<Value>| match value {
                    Some(_) if SECRETS.contains(&name.as_str()) => Some("***".to_owned()),
                    Some(value) => Some(self.value(Some(value), shape, gender)),
                    None => None,
                };
                vec![row(thing, Some(name), label, value(old), value(new))]
            }
        }
    }

    fn label(&self, at: &Place, field: &str) -> (String, Gender, Shape) {
        let kind = if at.part.is_some() { super::DEVICE } else { at.kind.as_str() };
        match labels::of(kind, field) {
            Some(Label { ru, gender, en, shape }) => (self.of(ru, en), gender, shape),
            None => (self.of(format!("поле «{field}»"), format!("field “{field}”")), Gender::It, Shape::Plain),
        }
    }

    /// «У 203», «В почте»; in English `203`, `Mail`.
    fn whose(&self, at: &Place, thing: &Table) -> String {
        if at.key.is_empty() {
            let (ru, en) = match at.kind.as_str() {
                "office" => ("В общих настройках", "General settings"),
                "recordings" => ("В настройках записи", "Recordings"),
                "protection" => ("В защите", "Protection"),
                "limits" => ("В ограничениях", "Limits"),
                "codes" => ("В кодах", "Codes"),
                "parking" => ("В парковке", "Parking"),
                "voicemail" => ("В голосовой почте", "Voicemail"),
                "mail" => ("В почте", "Mail"),
                "openid" => ("Во входе через OpenID", "OpenID sign-in"),
                "ldap" => ("Во входе через каталог", "Directory sign-in"),
                "provisioning" => ("В автонастройке телефонов", "Automatic setup of telephones"),
                "notices" => ("В уведомлениях", "Notices"),
                "syslog" => ("В отправке журнала", "Sending the log"),
                other => return self.of(format!("В разделе «{other}»"), capital(other)),
            };
            return self.of(ru, en);
        }
        let key = &at.key;
        let ru = match (at.kind.as_str(), &at.part) {
            ("extension", Some(part)) => format!("У {key}, телефон {part},"),
            ("extension", None) => format!("У {key}"),
            ("group", _) => format!("У группы {key}"),
            ("trunk", _) => format!("У внешнего номера «{key}»"),
            ("media", _) => format!("У медиафайла «{key}»"),
            ("voice_message", _) => format!("У голосового сообщения «{key}»"),
            ("schedule", _) => format!("У расписания «{key}»"),
            ("voice_menu", _) => format!("У голосового меню «{key}»"),
            ("user", _) => format!("У учётной записи {key}"),
            ("authority", _) => format!("У центра сертификации «{key}»"),
            ("conference", _) => format!("У комнаты {key}"),
            ("phone", _) => format!("У телефона {key}"),
            ("phone_template", _) => format!("У шаблона телефонов «{key}»"),
            ("webhook", _) => format!("У получателя событий «{key}»"),
            ("backup_place", _) => format!("У места копий «{key}»"),
            ("element", _) => format!("На схеме у «{}»", self.element(thing)),
            _ => format!("У «{key}»"),
        };
        match self.language {
            Language::Ru => ru,
            Language::En => capital(&self.thing(at, thing)),
        }
    }

    /// The thing by its name: `внутренний номер 203 (Иванов)`.
    fn thing(&self, at: &Place, thing: &Table) -> String {
        let text = |name: &str| thing.get(name).and_then(Value::as_str).unwrap_or_default();
        let more = |name: &str| match text(name) {
            "" => String::new(),
            text => format!(" ({})", cut(text)),
        };
        let key = &at.key;
        match (at.kind.as_str(), &at.part) {
            ("extension", Some(part)) => {
                let part = if text("kind") == "mobile" { telephone(part) } else { part.clone() };
                self.of(format!("у {key} телефон {part}"), format!("{key}, telephone {part}"))
            }
            ("extension", None) => {
                let name = more("employee");
                self.of(format!("внутренний номер {key}{name}"), format!("extension {key}{name}"))
            }
            ("group", _) => self.of(format!("группа {key}{}", more("name")), format!("group {key}{}", more("name"))),
            ("trunk", _) => self.of(format!("внешний номер «{key}»"), format!("trunk “{key}”")),
            ("media", _) => self.of(format!("медиафайл «{key}»"), format!("media file “{key}”")),
            ("voice_message", _) => self.of(format!("голосовое сообщение «{key}»"), format!("voice message “{key}”")),
            ("schedule", _) => self.of(format!("расписание «{key}»"), format!("timetable “{key}”")),
            ("voice_menu", _) => self.of(format!("голосовое меню «{key}»"), format!("voice menu “{key}”")),
            ("user", _) => self.of(format!("учётная запись {key}"), format!("account {key}")),
            ("conference", _) => {
                self.of(format!("комната {key}{}", more("name")), format!("room {key}{}", more("name")))
            }
            ("phone", _) => {
                let (model, vendor) = (more("model"), more("vendor"));
                let name = if model.is_empty() { vendor } else { model };
                self.of(format!("телефон {key}{name}"), format!("telephone {key}{name}"))
            }
            ("phone_template", _) => {
                self.of(format!("шаблон телефонов «{key}»"), format!("telephone template “{key}”"))
            }
            ("webhook", _) => self.of(format!("получатель событий «{key}»"), format!("receiver of events “{key}”")),
            ("backup_place", _) => self.of(format!("место копий «{key}»"), format!("place of backups “{key}”")),
            ("element", _) if thing.is_empty() => {
                self.of(format!("элемент «{key}» на схеме"), format!("element “{key}” of the desk"))
            }
            ("element", _) => self.element(thing),
            ("link", _) => self.of(format!("выход «{key}» на схеме"), format!("output “{key}” of the desk")),
            (kind, _) if key.is_empty() => match self.order(at).filter(|_| super::labels::ORDER.contains(&kind)) {
                Some(order) if order != kind => order,
                _ => self.whose(at, thing),
            },
            (_, _) => self.of(format!("«{key}»"), format!("“{key}”")),
        }
    }

    /// An element of the desk by what it does.
    fn element(&self, element: &Table) -> String {
        let text = |name: &str| element.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("kind") {
            "incoming" => {
                let numbers = self.value(element.get("numbers"), Shape::Number, Gender::It);
                self.of(format!("Входящий звонок {numbers}"), format!("Incoming call {numbers}"))
            }
            "extension" => self.of(format!("Номер {}", text("extension")), format!("Extension {}", text("extension"))),
            "group" => self.of(format!("Группа {}", text("group")), format!("Group {}", text("group"))),
            "voice_message" => {
                let name = text("voice_message");
                self.of(format!("Сообщение {name}"), format!("Voice message {name}"))
            }
            "voice_menu" => {
                self.of(format!("Меню {}", text("voice_menu")), format!("Voice menu {}", text("voice_menu")))
            }
            "schedule" => self.of(format!("График {}", text("schedule")), format!("Schedule {}", text("schedule"))),
            "dial_extension" => self.of("Донабор номера", "Dial extension"),
            "hang_up" => self.of("Положить трубку", "Hang up"),
            other => other.to_owned(),
        }
    }

    fn value(&self, value: Option<&Value>, shape: Shape, gender: Gender) -> String {
        let empty = || self.of("пусто", "empty");
        match (value, shape) {
            (Some(Value::Table(forward)), Shape::Forward) => self.forward(forward),
            (Some(Value::Table(limits)), Shape::Limits) if !limits.is_empty() => self.limits(limits),
            (Some(Value::Table(_)) | None, Shape::Limits) => self.of("как у всего офиса", "those of the office"),
            (Some(Value::Integer(0)) | None, Shape::Most) => self.of("без предела", "none"),
            (None, Shape::Flag) => self.flag(false, gender),
            (None, _) => empty(),
            (Some(Value::Boolean(on)), _) => self.flag(*on, gender),
            (Some(Value::Integer(count)), Shape::Seconds) => self.of(format!("{count} с"), format!("{count} s")),
            (Some(Value::Integer(0)), Shape::Days) => self.of("без срока", "for ever"),
            (Some(Value::Array(items)), _) if items.is_empty() => empty(),
            (Some(Value::Array(items)), _) => {
                let items: Vec<String> = items.iter().map(|item| self.value(Some(item), shape, gender)).collect();
                cut(&items.join(", "))
            }
            (Some(Value::String(text)), _) if text.is_empty() => empty(),
            (Some(Value::String(text)), Shape::Word) => {
                labels::word(text).map_or_else(|| cut(text), |(ru, en)| self.of(ru, en))
            }
            (Some(Value::String(text)), Shape::Number) => telephone(text),
            (Some(Value::String(text)), _) => cut(text),
            (Some(other), _) => cut(&other.to_string()),
        }
    }

    fn flag(&self, on: bool, gender: Gender) -> String {
        let stem = if on { "включ" } else { "выключ" };
        let end = match gender {
            Gender::He => "ён",
            Gender::She => "ена",
            Gender::It => "ено",
            Gender::They => "ены",
        };
        self.of(format!("{stem}{end}"), if on { "on" } else { "off" })
    }

    fn limits(&self, limits: &Table) -> String {
        let say = |key: &str, (ru, en): (&str, &str)| {
            let most = self.value(Some(limits.get(key)?), Shape::Most, Gender::He);
            Some(self.of(format!("{ru} — {most}"), format!("{en}: {most}")))
        };
        let all = [
            ("calls", ("одновременно", "at a time")),
            ("calls_a_day", ("звонков в день", "calls a day")),
            ("minutes_a_day", ("минут в день", "minutes a day")),
        ];
        all.into_iter().filter_map(|(key, words)| say(key, words)).collect::<Vec<_>>().join(", ")
    }

    fn forward(&self, forward: &Table) -> String {
        let to = |key: &str| telephone(forward.get(key).and_then(Value::as_str).unwrap_or_default());
        match forward.get("mode").and_then(Value::as_str) {
            Some("always") => self.of(format!("всегда на {}", to("to")), format!("always to {}", to("to"))),
            Some("conditional") => {
                let (busy, no_answer) = (to("busy"), to("no_answer"));
                let mut parts = Vec::new();
                if !busy.is_empty() {
                    parts.push(self.of(format!("когда занято — на {busy}"), format!("when busy to {busy}")));
                }
                if !no_answer.is_empty() {
                    parts.push(
                        self.of(format!("без ответа — на {no_answer}"), format!("without an answer to {no_answer}")),
                    );
                }
                parts.join(", ")
            }
            _ => self.of("нет", "none"),
        }
    }
}

/// E.164 digits as people write them; numbers inside stay.
fn telephone(number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    if digits.len() == 11 && digits.starts_with('7') && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("8 {} {}-{}-{}", part(1, 4), part(4, 7), part(7, 9), part(9, 11));
    }
    if digits.len() > 5 { format!("+{digits}") } else { number.to_owned() }
}

fn cut(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(std::iter::once('…')).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
