//! Why a slot was given up: a line that goes from the exchange to the steward, over a restart to the other slot, and there becomes words.

use std::fmt;

/// Why a slot was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A trunk carries no calls.
    Trunk(String),
    /// Too few telephones have come back.
    Phones {
        /// So many have.
        back: usize,
        /// Of so many.
        wanted: usize,
    },
    /// The clock is before the time at which the update began.
    Clock,
    /// A call through the box was not heard.
    Call,
    /// The page does not answer.
    Page,
    /// Nothing was heard of the exchange until the trial was over: it did not run.
    Silent,
    /// The system did not start at all: no kernel, no steward.
    NotStarted,
    /// A person said so.
    Asked,
    /// By another version; its own word.
    Other(String),
}

/// Of the line. Bytes.
const LONGEST: usize = 200;

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trunk(name) => write!(formatter, "trunk {name}"),
            Self::Phones { back, wanted } => write!(formatter, "phones {back} {wanted}"),
            Self::Clock => formatter.write_str("clock"),
            Self::Call => formatter.write_str("call"),
            Self::Page => formatter.write_str("page"),
            Self::Silent => formatter.write_str("silent"),
            Self::NotStarted => formatter.write_str("not_started"),
            Self::Asked => formatter.write_str("asked"),
            Self::Other(text) => formatter.write_str(text),
        }
    }
}

impl Why {
    /// Reads the line that [`Display`](fmt::Display) writes; one that nobody knows is [`Why::Other`].
    pub fn parse(line: &str) -> Self {
        let line: String = line.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let (word, rest) = line.split_once(' ').unwrap_or((line.as_str(), ""));
        let phones =
            || rest.split_once(' ').and_then(|(back, wanted)| Some((back.parse().ok()?, wanted.parse().ok()?)));
        match (word, rest) {
            ("trunk", name) if !name.is_empty() => Self::Trunk(name.to_owned()),
            ("phones", _) => match phones() {
                Some((back, wanted)) => Self::Phones { back, wanted },
                None => Self::Other(line),
            },
            ("clock", "") => Self::Clock,
            ("call", "") => Self::Call,
            ("page", "") => Self::Page,
            ("silent", "") => Self::Silent,
            ("not_started", "") => Self::NotStarted,
            ("asked", "") => Self::Asked,
            _ => Self::Other(line),
        }
    }

    /// A sentence in Russian.
    pub fn russian(&self) -> String {
        match self {
            Self::Trunk(name) => format!("Внешний номер «{name}» не вернулся: оператор не отвечал новой версии."),
            Self::Phones { back, wanted } => format!("Вернулись не все телефоны: {back} из {wanted}."),
            Self::Clock => "Часы станции стали показывать время из прошлого.".to_owned(),
            Self::Call => "Пробный звонок через станцию не был слышен.".to_owned(),
            Self::Page => "Страница станции не открывалась.".to_owned(),
            Self::Silent => "Новая версия запустилась, но станция в ней не заработала.".to_owned(),
            Self::NotStarted => "Новая версия не запустилась.".to_owned(),
            Self::Asked => "Возврат запросил человек.".to_owned(),
            Self::Other(text) => format!("Новая версия сообщила: {text}."),
        }
    }

    /// A sentence in English.
    pub fn english(&self) -> String {
        match self {
            Self::Trunk(name) => {
                format!("Trunk “{name}” did not come back: its carrier did not answer the new version.")
            }
            Self::Phones { back, wanted } => format!("Too few telephones came back: {back} of {wanted}."),
            Self::Clock => "The box's clock showed a time of the past.".to_owned(),
            Self::Call => "A test call through the box was not heard.".to_owned(),
            Self::Page => "The box's page did not open.".to_owned(),
            Self::Silent => "The new version started, but the exchange did not run in it.".to_owned(),
            Self::NotStarted => "The new version did not start.".to_owned(),
            Self::Asked => "Somebody asked for the old version.".to_owned(),
            Self::Other(text) => format!("The new version said: {text}."),
        }
    }
}
