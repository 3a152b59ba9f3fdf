//! Who refers to what, and what becomes of it: by chance over valid offices, and case by case.

use super::*;
use crate::base::Rng;
use crate::office::file::{self, Context};
use crate::office::{ForwardKind, Group, MediaFile, Out, VoiceMenu, VoiceMessage, generated};

const KINDS: [Kind; 10] = [
    Kind::Trunk,
    Kind::Extension,
    Kind::Media,
    Kind::VoiceMessage,
    Kind::Schedule,
    Kind::Group,
    Kind::VoiceMenu,
    Kind::Conference,
    Kind::Phone,
    Kind::PhoneTemplate,
];

fn keys(office: &Office, kind: Kind) -> Vec<String> {
    match kind {
        Kind::Trunk => office.trunks.iter().map(|one| one.name.clone()).collect(),
        Kind::Extension => office.extensions.iter().map(|one| one.number.clone()).collect(),
        Kind::Media => office.media.iter().map(|one| one.name.clone()).collect(),
        Kind::VoiceMessage => office.voice_messages.iter().map(|one| one.name.clone()).collect(),
        Kind::Schedule => office.schedules.iter().map(|one| one.name.clone()).collect(),
        Kind::Group => office.groups.iter().map(|one| one.number.clone()).collect(),
        Kind::VoiceMenu => office.voice_menus.iter().map(|one| one.name.clone()).collect(),
        Kind::Conference => office.conferences.iter().map(|one| one.number.clone()).collect(),
        Kind::Phone => office.phones.iter().map(|one| one.mac.clone()).collect(),
        Kind::PhoneTemplate => office.phone_templates.iter().map(|one| one.name.clone()).collect(),
        Kind::Webhook => office.webhooks.iter().map(|one| one.name.clone()).collect(),
    }
}

fn problems(office: &Office) -> Vec<String> {
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() };
    match file::read(&file::write(office, true), office, context) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn whatever_is_renamed_moved_or_taken_away_leaves_an_office_that_its_reader_takes() {
    let mut seen = 0;
    for seed in 0..60 {
        let office = generated::office(&mut Rng::from_seed(seed));
        for kind in KINDS {
            for key in keys(&office, kind) {
                let before = office.references(kind, &key);
                seen += before.len();

                let new = match kind.key() {
                    "number" => "77777",
                    "mac" => "02:00:00:00:00:77",
                    _ => "другое имя",
                };
                let mut renamed = office.clone();
                renamed.rename(kind, &key, new);
                assert_eq!(problems(&renamed), [""; 0], "seed {seed}: {kind:?} {key} renamed");
                assert!(!renamed.has(kind, &key) && renamed.has(kind, new));
                assert_eq!(renamed.references(kind, new).len(), before.len(), "seed {seed}: {kind:?} {key}");

                let mut without = office.clone();
                without.drop_references(kind, &key);
                let left = without.references(kind, &key);
                let needs =
                    |by: &Reference| matches!(by, Reference::MessageMedia { .. } | Reference::MenuGreeting { .. });
                assert!(left.iter().all(needs), "seed {seed}: {kind:?} {key}: {left:?}");
                if left.is_empty() {
                    without.remove(kind, &key);
                    assert_eq!(problems(&without), [""; 0], "seed {seed}: {kind:?} {key} taken away");
                }

                for other in keys(&office, kind).into_iter().filter(|other| *other != key) {
                    let mut moved = office.clone();
                    moved.move_references(kind, &key, &other);
                    assert_eq!(moved.references(kind, &key), [], "seed {seed}: {kind:?} {key} to {other}");
                    moved.remove(kind, &key);
                    assert_eq!(problems(&moved), [""; 0], "seed {seed}: {kind:?} {key} to {other}");
                }
            }
        }
    }
    assert!(seen > 200, "{seen} references are too few to prove anything");
}

fn office() -> Office {
    let mut office = Office::first_start(&mut Rng::from_seed(7), "", false);
    let login = office.extensions[1].sip_devices().next().unwrap().login.clone();
    office = office.with_device_forward(&login, ForwardKind::Busy, "200").unwrap();
    office.with_device_forward(&login, ForwardKind::NoAnswer, "500").unwrap()
}

fn element(id: &str, kind: ElementKind, to: Option<(Out, &str)>) -> Element {
    let links = to.into_iter().map(|(out, to)| (out, to.to_owned())).collect();
    Element { id: id.to_owned(), kind, x: 0.0, y: 0.0, links }
}

#[test]
fn members_forwarding_and_elements_name_an_extension() {
    let mut office = office();
    office.desk.elements = vec![
        element("all", ElementKind::Group { group: "500".to_owned() }, Some((Out::Reserve, "one"))),
        element("one", ElementKind::Extension { extension: "200".to_owned() }, None),
    ];
    let by = [
        Reference::Forward { extension: "201".to_owned() },
        Reference::Member { group: "500".to_owned() },
        Reference::Element { id: "one".to_owned() },
    ];
    assert_eq!(office.references(Kind::Extension, "200"), by);
    assert_eq!(office.references(Kind::Extension, "202"), [Reference::Member { group: "500".to_owned() }]);
    assert_eq!(office.references(Kind::Extension, "299"), []);

    office.drop_references(Kind::Extension, "200");
    assert_eq!(office.groups[0].members, ["201", "202"]);
    assert_eq!(office.desk.elements.len(), 1, "the element goes");
    assert!(office.desk.elements[0].links.is_empty(), "and the links that led to it");
    let forward = &office.extensions[1].sip_devices().next().unwrap().forward;
    let group_only = Forward::Conditional { busy: String::new(), no_answer: "500".to_owned() };
    assert_eq!(*forward, group_only);
    office.drop_references(Kind::Group, "500");
    assert_eq!(office.extensions[1].sip_devices().next().unwrap().forward, Forward::None);
}

#[test]
fn who_has_both_keeps_one_and_nobody_forwards_to_himself() {
    let mut office = office();
    office.move_references(Kind::Extension, "200", "201");
    assert_eq!(office.groups[0].members, ["201", "202"]);
    let forward = &office.extensions[1].sip_devices().next().unwrap().forward;
    assert_eq!(*forward, Forward::Conditional { busy: String::new(), no_answer: "500".to_owned() });
}

#[test]
fn what_can_not_be_without_a_sound_goes_on_naming_it() {
    let mut office = office();
    let name = || "Приветствие".to_owned();
    office.media.push(MediaFile { name: name(), file: "a.ogg".to_owned(), clip: None });
    let message = VoiceMessage { name: "Ночь".to_owned(), media: name(), repeat: 1 };
    office.voice_messages.push(message);
    let menu =
        VoiceMenu { name: "Меню".to_owned(), greeting: name(), invalid: name(), timeout_seconds: 5, repeat: 1 };
    office.voice_menus.push(menu);
    office.settings.music = vec![name()];
    let group = Group { music: name(), ..office.groups[0].clone() };
    office.groups[0] = group;
    assert_eq!(office.references(Kind::Media, &name()).len(), 5);
    office.drop_references(Kind::Media, &name());
    let left = [
        Reference::MessageMedia { voice_message: "Ночь".to_owned() },
        Reference::MenuGreeting { voice_menu: "Меню".to_owned() },
    ];
    assert_eq!(office.references(Kind::Media, &name()), left);
    assert!(office.settings.music.is_empty() && office.groups[0].music.is_empty());
}

#[test]
fn a_trunk_is_named_by_its_numbers_and_a_number_starts_once() {
    let mut rng = Rng::from_seed(0);
    let mut office = loop {
        let office = generated::office(&mut rng);
        if office.trunks.len() > 1 && !office.extensions.is_empty() {
            break office;
        }
    };
    let (one, other) = (office.trunks[0].clone(), office.trunks[1].clone());
    office.extensions[0].outgoing_number.clone_from(&one.number);
    let start = |id: &str, number: &String| element(id, ElementKind::Incoming { numbers: vec![number.clone()] }, None);
    office.desk.elements = vec![start("a", &one.number), start("b", &other.number)];
    let by = office.references(Kind::Trunk, &one.name);
    assert!(by.contains(&Reference::Element { id: "a".to_owned() }), "{by:?}");
    assert!(by.contains(&Reference::OutgoingNumber { extension: office.extensions[0].number.clone() }), "{by:?}");

    let mut moved = office.clone();
    moved.move_references(Kind::Trunk, &one.name, &other.name);
    assert_eq!(moved.extensions[0].outgoing_number, other.number);
    let ids: Vec<&str> = moved.desk.elements.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["b"], "calls to the other number go on where they went");

    let bare = office.retire_number(&one.number, &other.number);
    assert_eq!(bare, [Reference::Element { id: "a".to_owned() }]);
    assert_eq!(office.extensions[0].outgoing_number, other.number);
}
