//! What was found, held against the office: what is new is added, what is there already stays, what a new box came with gives way, and what
//! doesn't fit is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::desk::STEP_Y;
use super::found::{Found, FoundGroup, FoundMenu, FoundMessage};
use super::{NOTES, Note, plain};
use crate::office::file::{is_host, is_host_port, to_e164, weak_password};
use crate::office::{Conference, Device, Extension, Forward, Kind, MediaFile, Office, Trunk, VoiceMenu, VoiceMessage};

/// The office with what came, and what is to be said of it.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// To be read by the office file's reader: logins and passwords may be left out.
    pub office: Office,
    /// What did not come, and what should be looked at.
    pub notes: Vec<Note>,
    /// Numbers of what a new box came with, and what gives way.
    pub replaced: Vec<String>,
    /// Numbers of new extensions.
    pub extensions: Vec<String>,
    /// Numbers of new groups.
    pub groups: Vec<String>,
    /// Numbers of new conference rooms.
    pub conferences: Vec<String>,
    /// Names.
    pub trunks: Vec<String>,
    /// Names.
    pub schedules: Vec<String>,
    /// Names.
    pub menus: Vec<String>,
    /// Names.
    pub messages: Vec<String>,
}

/// Adds what was found to the office. `sounds` has the files of [`Found::sounds`] that are there: as wanted → the path beside the office file.
/// What a new box came with and nobody has touched is taken out when any extension comes.
pub fn fit(found: &Found, current: &Office, sounds: &BTreeMap<String, String>) -> Imported {
    let made_up = if found.extensions.is_empty() { Vec::new() } else { current.made_up() };
    let imported = Fitter::new(found, current, sounds).add(&made_up);
    if !imported.extensions.is_empty() || made_up.is_empty() {
        return imported;
    }
    Fitter::new(found, current, sounds).add(&[])
}

pub(super) struct Fitter<'a> {
    pub(super) found: &'a Found,
    sounds: &'a BTreeMap<String, String>,
    pub(super) imported: Imported,
    /// Goals that have their element.
    pub(super) drawn: HashMap<String, String>,
    /// Goals from the start of a call to the one that is drawn.
    pub(super) way: Vec<String>,
    /// Key of a menu → its name in the office.
    pub(super) menus: HashMap<String, String>,
    /// Likewise of messages.
    pub(super) messages: HashMap<String, String>,
    /// Numbers that nothing can have here → what they have become.
    renumbered: HashMap<String, String>,
    /// Numbers that come.
    wanted: BTreeSet<String>,
    pub(super) next: u32,
    /// Where the desk is free.
    pub(super) top: f64,
    /// Notes beyond [`NOTES`].
    untold: usize,
}

impl<'a> Fitter<'a> {
    fn new(found: &'a Found, current: &Office, sounds: &'a BTreeMap<String, String>) -> Self {
        let extensions = found.extensions.iter().map(|one| &one.number);
        let groups = found.groups.iter().map(|one| &one.group.number);
        let rooms = found.rooms.iter().map(|one| &one.number);
        Self {
            found,
            sounds,
            imported: Imported { office: current.clone(), notes: found.notes.clone(), ..Imported::default() },
            drawn: HashMap::new(),
            way: Vec::new(),
            menus: HashMap::new(),
            messages: HashMap::new(),
            renumbered: HashMap::new(),
            wanted: extensions.chain(groups).chain(rooms).cloned().collect(),
            next: 0,
            top: current.desk.elements.iter().map(|element| element.y + STEP_Y).fold(40.0, f64::max),
            untold: found.untold,
        }
    }

    fn add(mut self, made_up: &[(Kind, String)]) -> Imported {
        let found = self.found;
        self.make_room(made_up);
        found.trunks.iter().for_each(|trunk| self.trunk(trunk));
        found.extensions.iter().for_each(|extension| self.extension(extension));
        found.groups.iter().for_each(|group| self.group(group));
        found.rooms.iter().for_each(|room| self.room(room));
        self.forwards();
        self.rights();
        found.menus.iter().for_each(|menu| self.menu(menu));
        found.messages.iter().for_each(|message| self.message(message));
        self.ways();
        if !made_up.is_empty() {
            self.redirect();
        }
        if made_up.iter().any(|(kind, number)| *kind == Kind::Group && self.imported.office.group(number).is_none()) {
            self.open_numbers();
        }
        if self.untold > 0 {
            let more = self.untold;
            self.imported.notes.push(Note::new(
                format!("И ещё {more} таких замечаний: столько не показать."),
                format!("And {more} more of these: too many to show."),
            ));
        }
        self.imported
    }

    /// Takes out what a new box came with.
    fn make_room(&mut self, made_up: &[(Kind, String)]) {
        if made_up.is_empty() {
            return;
        }
        for (kind, number) in made_up {
            self.office().remove(*kind, number);
        }
        for group in &mut self.office().groups {
            group.members.retain(|member| !made_up.contains(&(Kind::Extension, member.clone())));
        }
        self.imported.replaced = made_up.iter().map(|(_, number)| number.clone()).collect();
    }

    pub(super) fn note(&mut self, ru: String, en: String) {
        let note = Note::new(ru, en);
        if self.imported.notes.contains(&note) {
            return;
        }
        if self.imported.notes.len() < NOTES {
            self.imported.notes.push(note);
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn office(&mut self) -> &mut Office {
        &mut self.imported.office
    }

    /// What a number of a group or a room there is here.
    pub(super) fn now<'n>(&'n self, number: &'n str) -> &'n str {
        self.renumbered.get(number).map_or(number, String::as_str)
    }

    fn trunk(&mut self, trunk: &Trunk) {
        let name = &trunk.name;
        let office = &self.imported.office;
        if office.trunk(name).is_some() {
            return self.note(
                format!("Подключение «{name}» уже есть, оно не меняется."),
                format!("Trunk {name} is here already and stays as it is."),
            );
        }
        let mut numbers: Vec<String> = Vec::new();
        for number in trunk.numbers.iter().filter_map(|number| to_e164(number, &office.settings)) {
            if office.trunk_of(&number).is_none() && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        if numbers.is_empty() || !is_host_port(&trunk.server) || name.is_empty() {
            return self.note(
                format!("Подключение «{name}»: не нашли его городской номер или адрес сервера. Добавьте его вручную."),
                format!("Trunk {name}: its number or its server was not found. Add it by hand."),
            );
        }
        let mut new = trunk.clone();
        new.number = numbers.remove(0);
        new.numbers = numbers;
        for (host, fits) in [
            (&mut new.outbound_proxy, is_host_port as fn(&str) -> bool),
            (&mut new.from_domain, is_host as fn(&str) -> bool),
        ] {
            if !host.is_empty() && !fits(host) {
                let lost = std::mem::take(host);
                self.note(
                    format!("Подключение «{name}»: адрес «{lost}» не подходит, он не переносится."),
                    format!("Trunk {name}: the address {lost} does not fit and does not come over."),
                );
            }
        }
        self.imported.trunks.push(new.name.clone());
        self.office().trunks.push(new);
    }

    /// The number of a new group or room: its own, or a free one where its own is none that can be had here, as those are that MikoPBX
    /// gives (2200100). `None`: the thing does not come, which is told.
    fn number_for(&mut self, number: &str, name: &str, kind: Kind) -> Option<String> {
        let (ru, en, first) = match kind {
            Kind::Conference => ("Комната", "Room", 800),
            _ => ("Группа", "Group", 500),
        };
        if is_inside(number) || number.is_empty() {
            return self.is_free(number, ru, en).then(|| number.to_owned());
        }
        let office = &self.imported.office;
        let same = office.groups.iter().map(|one| (Kind::Group, &one.number, &one.name));
        let mut same = same.chain(office.conferences.iter().map(|one| (Kind::Conference, &one.number, &one.name)));
        if let Some((_, there, _)) = same.find(|(of, _, other)| *of == kind && !name.is_empty() && *other == name) {
            let there = there.clone();
            self.note(
                format!("{ru} {number} «{name}» уже есть под номером {there}, она не меняется."),
                format!("{en} {number} {name} is here already as {there} and stays as it is."),
            );
            self.renumbered.insert(number.to_owned(), there);
            return None;
        }
        let free = |one: &String| !self.wanted.contains(one) && office.owner_of(one, None).is_none();
        let Some(new) = (first..first + 100).map(|one: u32| one.to_string()).find(free) else {
            self.is_free(number, ru, en);
            return None;
        };
        self.renumbered.insert(number.to_owned(), new.clone());
        self.note(
            format!("{ru} {number} «{name}» получает номер {new}: внутренние номера здесь из 3–5 цифр и не с 0 или 1."),
            format!("{en} {number} {name} becomes {new}: numbers inside have 3 to 5 digits here and don't start with 0 or 1."),
        );
        Some(new)
    }

    /// Whether a number may be that of a new thing.
    fn is_free(&mut self, number: &str, ru: &str, en: &str) -> bool {
        if !is_inside(number) {
            self.note(
                format!("{ru} {number} не переносится: внутренние номера здесь из 3–5 цифр и не с 0 или 1."),
                format!("{en} {number} does not come over: numbers inside have 3 to 5 digits here and don't start with 0 or 1."),
            );
            return false;
        }
        if self.imported.office.owner_of(number, None).is_some() {
            self.note(
                format!("{ru} {number} не переносится: такой номер здесь уже занят."),
                format!("{en} {number} does not come over: the number is taken here."),
            );
            return false;
        }
        true
    }

    fn extension(&mut self, extension: &Extension) {
        if !self.is_free(&extension.number, "Внутренний номер", "Extension") {
            return;
        }
        let mut new = extension.clone();
        let number = new.number.clone();
        let mut logins: BTreeSet<String> = BTreeSet::new();
        for device in &mut new.devices {
            let Device::Sip(sip) = device else { continue };
            let usable = |login: &str| {
                login.len() <= 64 && login.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
            };
            let taken = self.imported.office.device_by_login(&sip.login).is_some() || !logins.insert(sip.login.clone());
            if !usable(&sip.login) || taken {
                let login = std::mem::take(&mut sip.login);
                sip.password.clear();
                self.note(
                    format!("{number}: имя телефона «{login}» не годится или занято, сделаны новые имя и пароль."),
                    format!(
                        "{number}: the login {login} can't be used or is taken; there are a new login and password."
                    ),
                );
            } else if sip.password.is_empty() {
                self.note(
                    format!("{number}: пароль телефона не нашли, сделан новый."),
                    format!("{number}: the telephone's password was not found, there is a new one."),
                );
            } else if weak_password(&sip.password, &sip.login, &number).is_some() {
                self.note(
                    format!("{number}: пароль телефона слабый. Смените его, когда все телефоны заработают."),
                    format!("{number}: the telephone's password is weak. Change it when all telephones work."),
                );
            }
        }
        let settings = self.imported.office.settings.clone();
        let (devices, lost): (Vec<Device>, Vec<Device>) = new.devices.into_iter().partition(|device| match device {
            Device::Mobile(mobile) => to_e164(&mobile.number, &settings).is_some(),
            Device::Sip(_) => true,
        });
        new.devices = devices;
        for device in &mut new.devices {
            let Device::Mobile(mobile) = device else { continue };
            mobile.number = to_e164(&mobile.number, &settings).unwrap_or_default();
        }
        for device in lost {
            let Device::Mobile(mobile) = device else { continue };
            self.note(
                format!("{number}: мобильный {} не переносится: это не городской номер.", mobile.number),
                format!("{number}: the mobile {} does not come over: it is no outside number.", mobile.number),
            );
        }
        self.imported.extensions.push(number);
        self.office().extensions.push(new);
    }

    /// Targets of forwarding that are nobody's are left out.
    fn forwards(&mut self) {
        let office = &self.imported.office;
        let mut lost = Vec::new();
        let mut extensions = office.extensions.clone();
        for extension in extensions.iter_mut().filter(|one| self.imported.extensions.contains(&one.number)) {
            for device in &mut extension.devices {
                let Device::Sip(sip) = device else { continue };
                let targets = match &mut sip.forward {
                    Forward::None => Vec::new(),
                    Forward::Always { to } => vec![to],
                    Forward::Conditional { busy, no_answer } => vec![busy, no_answer],
                };
                for to in targets {
                    self.now(to).to_owned().clone_into(to);
                    let own = office.extension(to).is_some() || office.group(to).is_some();
                    let outside = if own { Some(to.clone()) } else { to_e164(to, &office.settings) };
                    match outside.filter(|outside| *outside != extension.number) {
                        Some(outside) => *to = outside,
                        None if to.is_empty() => {}
                        None => lost.push((extension.number.clone(), std::mem::take(to))),
                    }
                }
                if sip.forward.targets().next().is_none() {
                    sip.forward = Forward::None;
                }
            }
        }
        self.office().extensions = extensions;
        for (number, to) in lost {
            self.note(
                format!("{number}: переадресация на {to} не переносится."),
                format!("{number}: forwarding to {to} does not come over."),
            );
        }
    }

    fn group(&mut self, found: &FoundGroup) {
        let Some(number) = self.number_for(&found.group.number, &found.group.name, Kind::Group) else { return };
        let mut new = found.group.clone();
        new.members.clear();
        for member in &found.group.members {
            if self.imported.office.extension(member).is_none() {
                self.note(
                    format!("Группа {number}: участника {member} нет среди внутренних номеров."),
                    format!("Group {number}: its member {member} is no extension."),
                );
            } else if !new.members.contains(member) {
                new.members.push(member.clone());
            }
        }
        for (sound, ru, en, into) in [
            (&found.greeting, "приветствия", "greeting", &mut new.greeting),
            (&found.music, "музыки", "music", &mut new.music),
        ] {
            if sound.is_empty() {
                continue;
            }
            match self.media(sound) {
                Some(media) => *into = media,
                None => self.note(
                    format!("Группа {number}: {ru} «{sound}» в копии нет, не переносится."),
                    format!("Group {number}: its {en} {sound} is not in the backup and does not come over."),
                ),
            }
        }
        new.number.clone_from(&number);
        self.imported.groups.push(number);
        self.office().groups.push(new);
    }

    fn room(&mut self, room: &Conference) {
        let Some(number) = self.number_for(&room.number, &room.name, Kind::Conference) else { return };
        self.imported.conferences.push(number.clone());
        self.office().conferences.push(Conference { number, ..room.clone() });
    }

    /// The name of the media file of a sound; `None`: it is not in the backup.
    fn media(&mut self, sound: &str) -> Option<String> {
        let file = self.sounds.get(sound).filter(|_| !sound.is_empty())?.clone();
        let name = plain(sound.rsplit_once('.').map_or(sound, |(stem, _)| stem));
        if name.is_empty() {
            return None;
        }
        if self.imported.office.media(&name).is_none() {
            self.office().media.push(MediaFile { name: name.clone(), file, clip: None });
        }
        Some(name)
    }

    fn menu(&mut self, menu: &FoundMenu) {
        let name = &menu.name;
        if !name.is_empty() && self.imported.office.voice_menu(name).is_some() {
            return self.note(
                format!("Меню «{name}» уже есть, оно не меняется."),
                format!("Menu {name} is here already and stays as it is."),
            );
        }
        let media = if name.is_empty() { None } else { self.media(&menu.sound) };
        let Some(greeting) = media else {
            return self.note(
                format!("Меню «{name}» не переносится: в копии нет его записи. Звонок идёт туда, куда вело меню без выбора."),
                format!("Menu {name} does not come over: its sound is not in the backup. Calls go where the menu led without a choice."),
            );
        };
        let new = VoiceMenu {
            name: name.clone(),
            greeting,
            invalid: String::new(),
            timeout_seconds: menu.timeout_seconds,
            repeat: menu.repeat,
        };
        self.menus.insert(menu.key.clone(), name.clone());
        self.imported.menus.push(name.clone());
        self.office().voice_menus.push(new);
    }

    fn message(&mut self, message: &FoundMessage) {
        let name = &message.name;
        if !name.is_empty() && self.imported.office.voice_message(name).is_some() {
            self.messages.insert(message.key.clone(), name.clone());
            return self.note(
                format!("Голосовое сообщение «{name}» уже есть, оно не меняется."),
                format!("Voice message {name} is here already and stays as it is."),
            );
        }
        let media = if name.is_empty() { None } else { self.media(&message.sound) };
        let Some(media) = media else {
            return self.note(
                format!("Объявление «{name}» не переносится: в копии нет его записи. Звонок идёт сразу дальше."),
                format!("Announcement {name} does not come over: its sound is not in the backup. Calls go on at once."),
            );
        };
        self.messages.insert(message.key.clone(), name.clone());
        self.imported.messages.push(name.clone());
        self.office().voice_messages.push(VoiceMessage { name: name.clone(), media, repeat: 1 });
    }
}

/// Whether a number can be one inside the office.
fn is_inside(number: &str) -> bool {
    let digits = (3..=5).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    digits && !number.starts_with(['0', '1'])
}
