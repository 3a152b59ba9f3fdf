//! The ways of calls: what another exchange says of a number becomes elements and links of the desk, and every number that lost its way gets
//! one.

use std::collections::HashMap;

use super::fit::Fitter;
use super::found::{Check, Goal, Incoming};
use crate::office::file::to_e164;
use crate::office::{Element, ElementKind, Office, Out, Trunk};

impl Fitter<'_> {
    /// Draws the ways of the numbers: those that name one before those that take what is left.
    pub(super) fn ways(&mut self) {
        let found = self.found;
        let mut ways: Vec<&Incoming> = found.incoming.iter().collect();
        ways.sort_by_key(|way| (way.number.is_empty(), way.trunk.is_empty())); // stable
        ways.into_iter().for_each(|way| self.incoming(way));
    }

    fn incoming(&mut self, incoming: &Incoming) {
        let office = &self.imported.office;
        let of_trunk = |name: &str| office.trunk(name).filter(|_| self.imported.trunks.iter().any(|new| new == name));
        let started = |number: &str| begins(office, number);
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

    /// Gives every number a way that has none. Without one its calls went to the group of a new box, which is gone.
    pub(super) fn open_numbers(&mut self) {
        let Some(somebody) = self.somebody() else { return };
        let office = &self.imported.office;
        let mut open: Vec<(String, Vec<String>)> = Vec::new();
        for element in office.desk.elements.iter().filter(|element| element.links.is_empty()) {
            if let ElementKind::Incoming { numbers } = &element.kind {
                open.push((element.id.clone(), numbers.clone()));
            }
        }
        for (id, _) in &open {
            self.link(id, Out::Next, &somebody);
        }
        let office = &self.imported.office;
        let all = office.trunks.iter().flat_map(Trunk::all_numbers);
        let bare: Vec<String> = all.filter(|number| !begins(office, number)).map(str::to_owned).collect();
        if !bare.is_empty() {
            let rest = self.found.incoming.iter().find(|way| way.number.is_empty() && way.trunk.is_empty());
            let goal = rest.map_or(&somebody, |way| &way.goal);
            let start = self.element(ElementKind::Incoming { numbers: bare.clone() });
            self.link(&start, Out::Next, goal);
            self.top += STEP_Y;
            open.push((start, bare));
        }
        let list = open.into_iter().flat_map(|(_, numbers)| numbers).collect::<Vec<_>>().join(", ");
        if !list.is_empty() {
            self.note(
                format!("Для входящих на {list} пути в копии нет. Проверьте на схеме, куда они теперь идут."),
                format!("The backup has no way for calls to {list}. See on the desk where they go now."),
            );
        }
    }

    /// Elements that led to what gave way lead to what has come in its place.
    pub(super) fn redirect(&mut self) {
        let Some(somebody) = self.somebody() else { return };
        let office = &mut self.imported.office;
        let (extensions, groups) = (office.extensions.clone(), office.groups.clone());
        let is_extension = |number: &str| extensions.iter().any(|one| one.number == number);
        let is_group = |number: &str| groups.iter().any(|one| one.number == number);
        for element in &mut office.desk.elements {
            let number = match &element.kind {
                ElementKind::Extension { extension } if !is_extension(extension) => extension.clone(),
                ElementKind::Group { group } if !is_group(group) => group.clone(),
                _ => continue,
            };
            element.kind = match &somebody {
                _ if is_extension(&number) => ElementKind::Extension { extension: number },
                _ if is_group(&number) => ElementKind::Group { group: number },
                Goal::Group(group) => ElementKind::Group { group: group.clone() },
                Goal::Extension(extension) => ElementKind::Extension { extension: extension.clone() },
                _ => continue,
            };
            if matches!(element.kind, ElementKind::Extension { .. }) {
                element.links.clear();
            }
        }
    }

    /// Who takes calls that nobody is named for: the first group that came and rings somebody, else the first extension.
    fn somebody(&self) -> Option<Goal> {
        let office = &self.imported.office;
        let rings = |number: &&String| office.group(number).is_some_and(|group| !group.members.is_empty());
        let group = self.imported.groups.iter().find(rings).map(|number| Goal::Group(number.clone()));
        group.or_else(|| self.imported.extensions.first().map(|number| Goal::Extension(number.clone())))
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
            Goal::Group(number) if self.imported.office.group(self.now(number)).is_some() => {
                let group = self.now(number).to_owned();
                let id = self.placed(known, ElementKind::Group { group });
                let then = found.groups.iter().find(|one| one.group.number == *number).map(|one| &one.then);
                if let Some(then) = then {
                    self.link(&id, Out::Reserve, then);
                }
                Some(id)
            }
            Goal::Message(key) => {
                let Some(message) = found.messages.iter().find(|message| message.key == *key) else {
                    return self.nowhere(key, key);
                };
                let Some(name) = self.messages.get(key).cloned() else { return self.draw(&message.then) };
                let id = self.placed(known, ElementKind::VoiceMessage { voice_message: name });
                self.link(&id, Out::Next, &message.then);
                Some(id)
            }
            Goal::Menu(key) => {
                let Some(menu) = found.menus.iter().find(|menu| menu.key == *key) else {
                    return self.nowhere(key, key);
                };
                let Some(name) = self.menus.get(key).cloned() else { return self.draw(&menu.then) };
                let id = self.placed(known, ElementKind::VoiceMenu { voice_menu: name });
                for (key, goal) in &menu.keys {
                    self.link(&id, Out::Key(*key), goal);
                }
                self.link(&id, Out::Timeout, &menu.then);
                Some(id)
            }
            Goal::Check(key) => {
                let check = found.checks.iter().find(|check| check.key == *key);
                let Some((check, schedule)) = check.and_then(|check| Some((check, self.schedule(check)?))) else {
                    return self.nowhere(key, key);
                };
                let id = self.placed(known, ElementKind::Schedule { schedule });
                self.link(&id, Out::Yes, &check.yes);
                self.link(&id, Out::No, &check.no);
                Some(id)
            }
            Goal::Extension(what) | Goal::Group(what) => {
                let what = what.clone();
                self.nowhere(&what, &what)
            }
            Goal::Elsewhere(ru, en) => self.nowhere(ru, en),
        }
    }

    fn nowhere(&mut self, ru: &str, en: &str) -> Option<String> {
        self.note(
            format!("На схеме нет места для «{ru}»: звонок там кончается. Проведите связь сами."),
            format!("The desk has nothing for {en}: the call ends there. Draw the link yourself."),
        );
        None
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

/// Whether an element says that calls to this number begin there, wherever they go on.
fn begins(office: &Office, number: &str) -> bool {
    let named = |one: &Element| matches!(&one.kind, ElementKind::Incoming { numbers } if numbers.iter().any(|own| own == number));
    office.desk.elements.iter().any(named)
}

/// Between elements of the desk.
const STEP_X: f64 = 200.0;
pub(super) const STEP_Y: f64 = 120.0;
/// A way over more elements than this is no way for callers.
const DEEPEST: usize = 40;
/// Timetables of one name.
const MOST_ALIKE: u32 = 20;
