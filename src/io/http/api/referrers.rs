//! Who refers to a thing, in words: what stands in the way of its removal.

use super::super::ask::encode;
use super::super::reply::Referrer;
use super::super::words::{Said, Words};
use crate::office::{Language, Office, Reference};

/// Each reference with where the page shows it.
pub(super) fn told(office: &Office, references: Vec<Reference>) -> Vec<Referrer> {
    references.into_iter().map(|reference| one(office, &reference)).collect()
}

fn one(office: &Office, reference: &Reference) -> Referrer {
    let of = |kind: &'static str, collection: &str, key: &str, text: Said| Referrer {
        kind,
        key: key.to_owned(),
        text,
        href: format!("#/{collection}/{}", encode(key)),
    };
    let once = |kind: &'static str, text: Words| Referrer {
        kind,
        key: String::new(),
        text: text.into(),
        href: "#/settings".to_owned(),
    };
    let said = |ru: &str, en: &str, name: &dyn Fn(Language) -> String| {
        Said::new(format!("{ru} {}", name(Language::Ru)), format!("{en} {}", name(Language::En)))
    };
    let extension = |ru: &str, en: &str, number: &String| {
        let employee = office.extension(number).map_or("", |extension| extension.employee.as_str());
        of("extension", "extensions", number, said(ru, en, &|language| named(number, employee, language)))
    };
    let group = |ru: &str, en: &str, number: &String| {
        let name = office.group(number).map_or("", |group| group.name.as_str());
        of("group", "groups", number, said(ru, en, &|language| named(number, name, language)))
    };
    let menu = |ru: &str, en: &str, name: &String| {
        of("voice_menu", "voice-menus", name, said(ru, en, &|language| language.quoted(name)))
    };
    let phone_of = |ru: &str, en: &str, mac: &String| of_phone(office, ru, en, mac);
    match reference {
        Reference::Member { group: number } => group("состав группы", "the members of group", number),
        Reference::GroupGreeting { group: number } => group("приветствие группы", "the greeting of group", number),
        Reference::GroupMusic { group: number } => group("музыка группы", "the music of group", number),
        Reference::Forward { extension: number } => extension("переадресация номера", "the forwarding of", number),
        Reference::OutgoingNumber { extension: number } => {
            extension("номер для исходящих у", "the outgoing number of", number)
        }
        Reference::MailboxGreeting { extension: number } => {
            extension("приветствие голосовой почты номера", "the mailbox greeting of", number)
        }
        Reference::MessageMedia { voice_message: name } => {
            let text =
                said("голосовое сообщение", "the voice message", &|language| language.quoted(name));
            of("voice_message", "voice-messages", name, text)
        }
        Reference::MenuGreeting { voice_menu } => {
            menu("приветствие голосового меню", "the greeting of voice menu", voice_menu)
        }
        Reference::MenuInvalid { voice_menu } => {
            menu("сообщение о неверной клавише в меню", "the wrong-key message of voice menu", voice_menu)
        }
        Reference::OfficeMusic => once("office", Words::new("музыка на удержании", "the music on hold")),
        Reference::VoicemailGreeting => {
            once("voicemail", Words::new("общее приветствие голосовой почты", "the greeting of all mailboxes"))
        }
        Reference::PhoneLamp { phone } => phone_of("лампа на телефоне", "a lamp of the telephone", phone),
        Reference::TemplateOf { phone } => phone_of("настройки телефона", "the settings of the telephone", phone),
        Reference::Element { id } => {
            of("element", "routing", id, Words::new("схема «Маршрутизация»", "the desk, Routing").into())
        }
    }
}

/// What of a telephone refers to a thing.
pub(super) fn of_phone(office: &Office, ru: &str, en: &str, mac: &str) -> Referrer {
    let first = office.lines_of(mac).next().map(|(extension, _)| (&extension.number, &extension.employee));
    let name = |language| first.map_or_else(|| mac.to_owned(), |(number, employee)| named(number, employee, language));
    Referrer {
        kind: "phone",
        key: mac.to_owned(),
        text: Said::new(format!("{ru} {}", name(Language::Ru)), format!("{en} {}", name(Language::En))),
        href: format!("#/phones/{}", encode(mac)),
    }
}

fn named(number: &str, name: &str, language: Language) -> String {
    if name.is_empty() { number.to_owned() } else { format!("{number} {}", language.quoted(name)) }
}
