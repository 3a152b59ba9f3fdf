//! What was found, held against the office: what is new is added, what is there already stays, and what doesn't fit is told.

use std::collections::{BTreeMap, HashMap};

use super::{Check, Found, FoundMenu, Goal, Incoming, Maker, NOTES, Note, plain};
use crate::office::file::{to_e164, weak_password};
use crate::office::{
    Device, Element, ElementKind, Extension, Forward, Group, MediaFile, Office, Out, Trunk, VoiceMenu,
};

/// The office with what came, and what is to be said of it.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// To be read by the office file's reader: logins and passwords may be left out.
    pub office: Office,
    /// What did not come, and what should be looked at.
    pub notes: Vec<Note>,
    /// Numbers of new extensions.
    pub extensions: Vec<String>,
    /// Numbers of new groups.
    pub groups: Vec<String>,
    /// Names.
    pub trunks: Vec<String>,
    /// Names.
    pub schedules: Vec<String>,
    /// Names.
    pub menus: Vec<String>,
}

/// Adds what was found to the office. `sounds` has the files of [`Found::sounds`] that are there: as wanted → the path beside the office file.
pub fn fit(found: &Found, current: &Office, sounds: &BTreeMap<String, String>) -> Imported {
    let imported = Imported { office: current.clone(), notes: found.notes.clone(), ..Imported::default() };
    let mut fitter = Fitter {
        found,
        sounds,
        imported,
        drawn: HashMap::new(),
        way: Vec::new(),
        menus: HashMap::new(),
        next: 0,
        top: 0.0,
    };
    fitter.top = current.desk.elements.iter().map(|element| element.y + STEP_Y).fold(40.0, f64::max);
    found.trunks.iter().for_each(|trunk| fitter.trunk(trunk));
    found.extensions.iter().for_each(|extension| fitter.extension(extension));
    fitter.forwards();
    found.groups.iter().for_each(|(group, _)| fitter.group(group));
    found.menus.iter().for_each(|menu| fitter.menu(menu));
    found.incoming.iter().for_each(|incoming| fitter.incoming(incoming));
    fitter.imported
}

struct Fitter<'a> {
    found: &'a Found,
    sounds: &'a BTreeMap<String, String>,
    imported: Imported,
    /// Goals that have their element.
    drawn: HashMap<String, String>,
    /// Goals from the start of a call to the one that is drawn.
    way: Vec<String>,
    /// Key of a menu → its name in the office.
    menus: HashMap<String, String>,
    next: u32,
    /// Where the desk is free.
    top: f64,
}

/// Between elements of the desk.
const STEP_X: f64 = 200.0;
const STEP_Y: f64 = 120.0;

impl Fitter<'_> {
    fn note(&mut self, ru: String, en: String) {
        let note = Note::new(ru, en);
        if self.imported.notes.len() < NOTES && !self.imported.notes.contains(&note) {
            self.imported.notes.push(note);
        }
    }

    fn office(&mut self) -> &mut Office {
        &mut self.imported.office
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
        let fits =
            !trunk.server.is_empty() && trunk.server.chars().all(|c| c.is_ascii_alphanumeric() || ".-:_".contains(c));
        if numbers.is_empty() || !fits || name.is_empty() {
            return self.note(
                format!("Подключение «{name}»: не нашли его городской номер или адрес сервера. Добавьте его вручную."),
                format!("Trunk {name}: its number or its server was not found. Add it by hand."),
            );
        }
        let mut new = trunk.clone();
        new.number = numbers.remove(0);
        new.numbers = numbers;
        for host in [&mut new.outbound_proxy, &mut new.from_domain] {
            if !host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
                host.clear();
            }
        }
        self.imported.trunks.push(new.name.clone());
        self.office().trunks.push(new);
    }

    /// Whether a number may be that of a new thing.
    fn is_free(&mut self, number: &str, ru: &str, en: &str) -> bool {
        let digits = (3..=5).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
        if !digits || number.starts_with(['0', '1']) {
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
        for device in &mut new.devices {
            let Device::Sip(sip) = device else { continue };
            let usable = |login: &str| {
                login.len() <= 64 && login.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
            };
            if !usable(&sip.login) || self.imported.office.device_by_login(&sip.login).is_some() {
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
        new.devices.retain(|device| match device {
            Device::Mobile(mobile) => to_e164(&mobile.number, &settings).is_some(),
            Device::Sip(_) => true,
        });
        self.imported.extensions.push(number);
        self.office().extensions.push(new);
    }

    /// Targets of forwarding that are nobody's are left out.
    fn forwards(&mut self) {
        let office = &self.imported.office;
        let groups: Vec<&str> = self.found.groups.iter().map(|(group, _)| group.number.as_str()).collect();
        let own = |to: &str| office.extension(to).is_some() || office.group(to).is_some() || groups.contains(&to);
        let mut lost = Vec::new();
        let mut extensions = office.extensions.clone();
        for extension in extensions.iter_mut().filter(|one| self.imported.extensions.contains(&one.number)) {
            for device in &mut extension.devices {
                let Device::Sip(sip) = device else { continue };
                let Forward::Conditional { busy, no_answer } = &mut sip.forward else { continue };
                for to in [busy, no_answer] {
                    if !to.is_empty() && !own(to) && to_e164(to, &office.settings).is_none() {
                        lost.push((extension.number.clone(), std::mem::take(to)));
                    }
                }
                if sip.forward.targets().all(|(_, to)| to.is_empty()) {
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

    fn group(&mut self, group: &Group) {
        if !self.is_free(&group.number, "Группа", "Group") {
            return;
        }
        let mut new = group.clone();
        new.members.clear();
        for member in &group.members {
            if self.imported.office.extension(member).is_none() {
                self.note(
                    format!("Группа {}: участника {member} нет среди внутренних номеров.", group.number),
                    format!("Group {}: its member {member} is no extension.", group.number),
                );
            } else if !new.members.contains(member) {
                new.members.push(member.clone());
            }
        }
        self.imported.groups.push(new.number.clone());
        self.office().groups.push(new);
    }

    fn menu(&mut self, menu: &FoundMenu) {
        let name = &menu.name;
        let Some(file) = self.sounds.get(&menu.sound).filter(|_| !menu.sound.is_empty()) else {
            return self.note(
                format!("Меню «{name}» не переносится: в копии нет его записи. Звонок идёт туда, куда вело меню без выбора."),
                format!("Menu {name} does not come over: its sound is not in the backup. Calls go where the menu led without a choice."),
            );
        };
        if name.is_empty() || self.imported.office.voice_menu(name).is_some() {
            return self.note(
                format!("Меню «{name}» уже есть, оно не меняется."),
                format!("Menu {name} is here already and stays as it is."),
            );
        }
        let media = plain(menu.sound.rsplit_once('.').map_or(menu.sound.as_str(), |(stem, _)| stem));
        let file = file.clone();
        if self.imported.office.media(&media).is_none() {
            self.office().media.push(MediaFile { name: media.clone(), file, clip: None });
        }
        let new = VoiceMenu {
            name: name.clone(),
            greeting: media,
            invalid: String::new(),
            timeout_seconds: menu.timeout_seconds,
            repeat: menu.repeat,
        };
        self.menus.insert(menu.key.clone(), name.clone());
        self.imported.menus.push(name.clone());
        self.office().voice_menus.push(new);
    }

    fn incoming(&mut self, incoming: &Incoming) {
        let office = &self.imported.office;
        let of_trunk = |name: &str| office.trunk(name).filter(|_| self.imported.trunks.iter().any(|new| new == name));
        let started = |number: &str| office.desk.start_of(number).is_some();
        let numbers: Vec<String> = if incoming.number.is_empty() {
            let new = self.imported.trunks.iter().filter(|name| incoming.trunk.is_empty() || **name == incoming.trunk);
            let all = new.filter_map(|name| of_trunk(name)).flat_map(Trunk::all_numbers);
            all.filter(|number| !started(number)).map(str::to_owned).collect()
        } else {
            let number = to_e164(&incoming.number, &office.settings);
            let number = number.filter(|number| office.trunk_of(number).is_some() && !started(number));
            if number.is_none() {
                let called = incoming.number.clone();
                return self.note(
                    format!("Входящие на {called} не переносятся: такого номера нет или его схема уже есть."),
                    format!(
                        "Calls to {called} do not come over: there is no such number, or it has its way on the desk."
                    ),
                );
            }
            number.into_iter().collect()
        };
        if numbers.is_empty() {
            return;
        }
        let start = self.element(ElementKind::Incoming { numbers });
        self.link(&start, Out::Next, &incoming.goal);
        self.top += STEP_Y;
    }

    /// Draws where a link leads, and the link. Without a counterpart nothing is drawn.
    fn link(&mut self, from: &str, out: Out, goal: &Goal) {
        let Some(to) = self.draw(goal) else { return };
        if let Some(element) = self.office().desk.elements.iter_mut().find(|element| element.id == from) {
            element.links.insert(out, to);
        }
    }

    fn draw(&mut self, goal: &Goal) -> Option<String> {
        let known = format!("{goal:?}");
        if self.way.contains(&known) && !matches!(goal, Goal::Menu(_)) {
            self.note(
                "Схема ходила по кругу без паузы; круг разорван. Проверьте её.".to_owned(),
                "The desk went round without a pause; the circle was opened. Look at it.".to_owned(),
            );
            return None;
        }
        if let Some(id) = self.drawn.get(&known) {
            return Some(id.clone());
        }
        if self.way.len() >= DEEPEST {
            return None;
        }
        self.way.push(known.clone());
        let id = self.draw_new(goal, &known);
        self.way.pop();
        id
    }

    fn draw_new(&mut self, goal: &Goal, known: &str) -> Option<String> {
        let found = self.found;
        match goal {
            Goal::Nowhere => None,
            Goal::HangUp => Some(self.placed(known, ElementKind::HangUp)),
            Goal::Extension(number) if self.imported.office.extension(number).is_some() => {
                Some(self.placed(known, ElementKind::Extension { extension: number.clone() }))
            }
            Goal::Group(number) if self.imported.office.group(number).is_some() => {
                let id = self.placed(known, ElementKind::Group { group: number.clone() });
                let then = found.groups.iter().find(|(group, _)| group.number == *number).map(|(_, then)| then);
                if let Some(then) = then {
                    self.link(&id, Out::Reserve, then);
                }
                Some(id)
            }
            Goal::Menu(key) => {
                let menu = found.menus.iter().find(|menu| menu.key == *key)?;
                let Some(name) = self.menus.get(key).cloned() else { return self.draw(&menu.then) };
                let id = self.placed(known, ElementKind::VoiceMenu { voice_menu: name });
                for (key, goal) in &menu.keys {
                    self.link(&id, Out::Key(*key), goal);
                }
                self.link(&id, Out::Timeout, &menu.then);
                Some(id)
            }
            Goal::Check(key) => {
                let check = found.checks.iter().find(|check| check.key == *key)?;
                let schedule = self.schedule(check)?;
                let id = self.placed(known, ElementKind::Schedule { schedule });
                self.link(&id, Out::Yes, &check.yes);
                self.link(&id, Out::No, &check.no);
                Some(id)
            }
            Goal::Extension(what) | Goal::Group(what) | Goal::Elsewhere(what) => {
                self.note(
                    format!("На схеме нет места для «{what}»: звонок там кончается. Проведите связь сами."),
                    format!("The desk has nothing for {what}: the call ends there. Draw the link yourself."),
                );
                None
            }
        }
    }

    /// The name of the timetable in the office; a name that another one has gets a number.
    fn schedule(&mut self, check: &Check) -> Option<String> {
        if check.schedule.name.is_empty() {
            return None;
        }
        for nth in 1..=MOST_ALIKE {
            let mut new = check.schedule.clone();
            if nth > 1 {
                new.name = format!("{} {nth}", new.name);
            }
            let name = new.name.clone();
            match self.imported.office.schedules.iter().find(|schedule| schedule.name == name) {
                Some(same) if *same == new => return Some(name),
                Some(_) => {}
                None => {
                    self.imported.schedules.push(name.clone());
                    self.office().schedules.push(new);
                    return Some(name);
                }
            }
        }
        None
    }

    fn placed(&mut self, known: &str, kind: ElementKind) -> String {
        let id = self.element(kind);
        self.drawn.insert(known.to_owned(), id.clone());
        id
    }

    fn element(&mut self, kind: ElementKind) -> String {
        let id = loop {
            self.next += 1;
            let id = format!("import{}", self.next);
            if !self.imported.office.desk.elements.iter().any(|element| element.id == id) {
                break id;
            }
        };
        let column = u32::try_from(self.way.len()).unwrap_or(0);
        let x = 40.0 + STEP_X * f64::from(column);
        let taken = |element: &&Element| (element.x - x).abs() < 1.0 && element.y >= self.top;
        let lowest = self.imported.office.desk.elements.iter().filter(taken).map(|element| element.y + STEP_Y);
        let y = lowest.fold(self.top, f64::max);
        self.office().desk.elements.push(Element { id: id.clone(), kind, x, y, links: HashMap::new() });
        id
    }
}

/// A way over more elements than this is no way for callers.
const DEEPEST: usize = 40;
/// Timetables of one name.
const MOST_ALIKE: u32 = 20;

impl Found {
    /// Whose backup it is.
    pub fn maker(&self) -> Maker {
        self.maker.unwrap_or(Maker::Miko)
    }
}
