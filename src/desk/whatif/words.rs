//! The way of a call in words, Russian and English, for the console and the page.

use super::{DeviceState, End, Ringing, Way, What, WhatIfStep};
use crate::base::Duration;
use crate::desk::executor::{GroupExit, HangUpWhy};
use crate::office::{Language, Office};

/// A phrase in both languages.
struct Phrase {
    ru: &'static str,
    en: &'static str,
}

impl Phrase {
    const fn say(&self, language: Language) -> &'static str {
        match language {
            Language::Ru => self.ru,
            Language::En => self.en,
        }
    }
}

const fn phrase(ru: &'static str, en: &'static str) -> Phrase {
    Phrase { ru, en }
}

impl Way {
    /// One line a step with its second and element, and the end.
    pub fn lines(&self, office: &Office, language: Language) -> Vec<String> {
        let line = |after: Duration, element: &str, text: &str| {
            let second = phrase("с", "s").say(language);
            let element = if element.is_empty() { "-" } else { element };
            format!("{:>5} {second}  {element:<12} {text}", after.as_secs())
        };
        let mut lines: Vec<String> =
            self.steps.iter().map(|step| line(step.after, &step.element, &step.text(office, language))).collect();
        lines.push(line(self.lasts, "", self.end.text(language)));
        lines
    }
}

impl WhatIfStep {
    /// What happens, in words.
    pub fn text(&self, office: &Office, language: Language) -> String {
        let say = |ru, en| phrase(ru, en).say(language);
        match &self.what {
            What::Comes { number, from } if from.is_empty() => {
                format!("{} {number}, {}", say("звонок на", "call to"), say("номер скрыт", "number withheld"))
            }
            What::Comes { number, from } => {
                format!("{} {number} {} {from}", say("звонок на", "call to"), say("от", "from"))
            }
            What::Asks { schedule, verdict } => {
                let why = office.schedule(schedule).map(|schedule| verdict.why.text(schedule, language));
                let answer = if verdict.open { say("да", "yes") } else { say("нет", "no") };
                format!("{}: {answer} ({})", language.quoted(schedule), why.unwrap_or_default())
            }
            What::Plays { media, lasts } => {
                format!("{} {}, {}", say("звучит", "plays"), language.quoted(media), seconds(*lasts, language))
            }
            What::Presses { keys } => format!("{} {keys}", say("звонящий нажимает", "the caller presses")),
            What::Waits { lasts } => {
                format!("{}, {}", say("звонящий молчит", "the caller presses nothing"), seconds(*lasts, language))
            }
            What::Rings { extension, devices, lasts } => {
                let devices: Vec<String> = devices.iter().map(|device| ringing(device, language)).collect();
                let total = seconds(*lasts, language);
                format!("{} {extension}, {total}: {}", say("вызывается", "rings"), devices.join("; "))
            }
            What::RingsGroup { group, free, exit, lasts } => {
                let free = if free.is_empty() {
                    say("никто не свободен", "nobody is free").to_owned()
                } else {
                    free.join(", ")
                };
                let (total, exit) = (seconds(*lasts, language), exit_text(*exit).say(language));
                format!("{} {group}, {total}: {free}; {exit}", say("вызывается группа", "rings group"))
            }
            What::HangsUp { why } => hang_up_text(*why).say(language).to_owned(),
        }
    }
}

impl End {
    /// In words.
    pub fn text(self, language: Language) -> &'static str {
        let phrase = match self {
            Self::HungUp(_) => phrase("конец звонка", "the call is over"),
            Self::NotTaken => phrase(
                "никто не ответил: сигнал «занято», конец звонка",
                "nobody answered: busy tone, the call is over",
            ),
            Self::Mailbox => phrase(
                "никто не ответил: звонящий оставляет сообщение в голосовой почте",
                "nobody answered: the caller leaves a message in the mailbox",
            ),
            Self::NoStart => phrase(
                "никто не ответил, а запасного выхода у номера без входящего звонка нет: конец звонка",
                "nobody answered, and a number without a start element has no reserve exit: the call is over",
            ),
            Self::Endless => phrase("и так далее без конца", "and so on without end"),
        };
        phrase.say(language)
    }
}

fn seconds(span: Duration, language: Language) -> String {
    format!("{} {}", span.as_millis().div_ceil(1000), phrase("с", "s").say(language))
}

fn ringing(device: &Ringing, language: Language) -> String {
    let say = |ru, en| phrase(ru, en).say(language);
    let state = match device.state {
        DeviceState::Rings(span) => seconds(Duration::from_secs(u64::from(span)), language),
        DeviceState::Busy => say("занят", "busy").to_owned(),
        DeviceState::Offline => say("не подключён", "not registered").to_owned(),
        DeviceState::Forwards => say("переадресация", "forwards").to_owned(),
    };
    match &device.forward {
        Some(to) => format!("{} {state} → {to}", device.device),
        None => format!("{} {state}", device.device),
    }
}

const fn exit_text(exit: GroupExit) -> Phrase {
    match exit {
        GroupExit::Empty => {
            phrase("в группе никого, сразу запасной выход", "it has no members: the reserve exit at once")
        }
        GroupExit::NobodyRegistered => {
            phrase("никто не подключён, сразу запасной выход", "nobody is registered: the reserve exit at once")
        }
        GroupExit::WaitedTooLong => {
            phrase("если никто не ответит, запасной выход", "if nobody answers, the reserve exit")
        }
        GroupExit::QueueFull => phrase("очередь полна, запасной выход", "the queue is full: the reserve exit"),
    }
}

const fn hang_up_text(why: HangUpWhy) -> Phrase {
    match why {
        HangUpWhy::Element => phrase("кладём трубку", "hangs up"),
        HangUpWhy::DeadEnd => phrase("выход никуда не ведёт, кладём трубку", "the output leads nowhere: hangs up"),
        HangUpWhy::TooManySteps => phrase("звонок ходит по кругу, кладём трубку", "the call goes round: hangs up"),
    }
}
