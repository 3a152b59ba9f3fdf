//! Who refers to what. One walk knows every place of the office that names another thing; listing, renaming, moving and taking away
//! are what is done on the way. Codes and parking places name nothing, and history keeps the names of its day.

use std::collections::HashSet;

use super::{Device, Element, ElementKind, Forward, Office};

/// The kinds of things that have a key of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Kind {
    Trunk,
    Extension,
    Media,
    VoiceMessage,
    Schedule,
    Group,
    VoiceMenu,
    Conference,
    Phone,
    PhoneTemplate,
    Webhook,
}

impl Kind {
    /// Its tables in the office file: `[[voice_message]]`.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Trunk => "trunk",
            Self::Extension => "extension",
            Self::Media => "media",
            Self::VoiceMessage => "voice_message",
            Self::Schedule => "schedule",
            Self::Group => "group",
            Self::VoiceMenu => "voice_menu",
            Self::Conference => "conference",
            Self::Phone => "phone",
            Self::PhoneTemplate => "phone_template",
            Self::Webhook => "webhook",
        }
    }

    /// The key of the table that names the thing.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Extension | Self::Group | Self::Conference => "number",
            Self::Phone => "mac",
            Self::Trunk
            | Self::Media
            | Self::VoiceMessage
            | Self::Schedule
            | Self::VoiceMenu
            | Self::PhoneTemplate
            | Self::Webhook => "name",
        }
    }
}

/// A place that names another thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// It is a member of this group.
    Member {
        /// Its number.
        group: String,
    },
    /// A device of this extension forwards there.
    Forward {
        /// Its number.
        extension: String,
    },
    /// What this extension shows when it calls outside: a trunk by its number.
    OutgoingNumber {
        /// Its number.
        extension: String,
    },
    /// What callers of this extension's mailbox hear first.
    MailboxGreeting {
        /// Its number.
        extension: String,
    },
    /// A group's greeting.
    GroupGreeting {
        /// Its number.
        group: String,
    },
    /// A group's music.
    GroupMusic {
        /// Its number.
        group: String,
    },
    /// What a voice message plays.
    MessageMedia {
        /// Its name.
        voice_message: String,
    },
    /// A menu's greeting.
    MenuGreeting {
        /// Its name.
        voice_menu: String,
    },
    /// What a menu plays on a wrong key.
    MenuInvalid {
        /// Its name.
        voice_menu: String,
    },
    /// The music of the office.
    OfficeMusic,
    /// The greeting of all mailboxes.
    VoicemailGreeting,
    /// A telephone shows its lamp.
    PhoneLamp {
        /// Its MAC.
        phone: String,
    },
    /// A telephone's settings are made of it.
    TemplateOf {
        /// Its MAC.
        phone: String,
    },
    /// An element on the desk.
    Element {
        /// Its id.
        id: String,
    },
}

/// What becomes of a reference.
enum Fate {
    Stays,
    Becomes(String),
    Goes,
}

type Decide<'d> = dyn FnMut(Kind, &str, Reference) -> Fate + 'd;

impl Office {
    /// Whether there is such a thing.
    pub fn has(&self, kind: Kind, key: &str) -> bool {
        self.place(kind, key).is_some()
    }

    /// Its place among its kind.
    pub fn place(&self, kind: Kind, key: &str) -> Option<usize> {
        match kind {
            Kind::Trunk => self.trunks.iter().position(|one| one.name == key),
            Kind::Extension => self.extensions.iter().position(|one| one.number == key),
            Kind::Media => self.media.iter().position(|one| one.name == key),
            Kind::VoiceMessage => self.voice_messages.iter().position(|one| one.name == key),
            Kind::Schedule => self.schedules.iter().position(|one| one.name == key),
            Kind::Group => self.groups.iter().position(|one| one.number == key),
            Kind::VoiceMenu => self.voice_menus.iter().position(|one| one.name == key),
            Kind::Conference => self.conferences.iter().position(|one| one.number == key),
            Kind::Phone => self.phones.iter().position(|one| one.mac == key),
            Kind::PhoneTemplate => self.phone_templates.iter().position(|one| one.name == key),
            Kind::Webhook => self.webhooks.iter().position(|one| one.name == key),
        }
    }

    /// Takes the thing out. Who referred to it must have been looked after before.
    pub fn remove(&mut self, kind: Kind, key: &str) {
        match kind {
            Kind::Trunk => self.trunks.retain(|one| one.name != key),
            Kind::Extension => self.extensions.retain(|one| one.number != key),
            Kind::Media => self.media.retain(|one| one.name != key),
            Kind::VoiceMessage => self.voice_messages.retain(|one| one.name != key),
            Kind::Schedule => self.schedules.retain(|one| one.name != key),
            Kind::Group => self.groups.retain(|one| one.number != key),
            Kind::VoiceMenu => self.voice_menus.retain(|one| one.name != key),
            Kind::Conference => self.conferences.retain(|one| one.number != key),
            Kind::Phone => {
                self.move_lines(key, "");
                self.phones.retain(|one| one.mac != key);
            }
            Kind::PhoneTemplate => self.phone_templates.retain(|one| one.name != key),
            Kind::Webhook => self.webhooks.retain(|one| one.name != key),
        }
    }

    /// Gives a thing another key; everything that refers to it follows. Whether the key is free and fits is the reader's to say.
    pub fn rename(&mut self, kind: Kind, from: &str, to: &str) {
        let Some(at) = self.place(kind, from) else { return };
        if kind != Kind::Trunk {
            self.redirect(kind, &[from], to); // a trunk is referred to by its numbers
        }
        if kind == Kind::Phone {
            self.move_lines(from, to);
        }
        let key = match kind {
            Kind::Trunk => self.trunks.get_mut(at).map(|one| &mut one.name),
            Kind::Extension => self.extensions.get_mut(at).map(|one| &mut one.number),
            Kind::Media => self.media.get_mut(at).map(|one| &mut one.name),
            Kind::VoiceMessage => self.voice_messages.get_mut(at).map(|one| &mut one.name),
            Kind::Schedule => self.schedules.get_mut(at).map(|one| &mut one.name),
            Kind::Group => self.groups.get_mut(at).map(|one| &mut one.number),
            Kind::VoiceMenu => self.voice_menus.get_mut(at).map(|one| &mut one.name),
            Kind::Conference => self.conferences.get_mut(at).map(|one| &mut one.number),
            Kind::Phone => self.phones.get_mut(at).map(|one| &mut one.mac),
            Kind::PhoneTemplate => self.phone_templates.get_mut(at).map(|one| &mut one.name),
            Kind::Webhook => self.webhooks.get_mut(at).map(|one| &mut one.name),
        };
        if let Some(key) = key {
            to.clone_into(key);
        }
    }

    /// Everything that refers to the thing, each place once.
    pub fn references(&self, kind: Kind, key: &str) -> Vec<Reference> {
        let names = self.names(kind, key);
        let mut found: Vec<Reference> = Vec::new();
        self.clone().walk(&mut |of, name, by| {
            if of == kind && names.iter().any(|one| one == name) && !found.contains(&by) {
                found.push(by);
            }
            Fate::Stays
        });
        found
    }

    /// Who referred to `from` refers to `to` of the same kind from now on. Whoever has both keeps one, a device that would
    /// forward to its own extension no longer forwards, and a number that starts elsewhere on the desk goes on starting there.
    pub fn move_references(&mut self, kind: Kind, from: &str, to: &str) {
        let to =
            if kind == Kind::Trunk { self.trunk(to).map(|trunk| trunk.number.clone()) } else { Some(to.to_owned()) };
        let (names, Some(to)) = (self.names(kind, from), to) else { return };
        self.redirect(kind, &names.iter().map(String::as_str).collect::<Vec<_>>(), &to);
    }

    /// Who referred to one of a trunk's numbers refers to another number.
    pub fn move_number(&mut self, from: &str, to: &str) {
        self.redirect(Kind::Trunk, &[from], to);
    }

    /// A number of a trunk goes and `main` stays: extensions that showed it show that one, and an incoming call that has others goes
    /// on without it. Returns the elements that have no other.
    pub fn retire_number(&mut self, number: &str, main: &str) -> Vec<Reference> {
        for extension in self.extensions.iter_mut().filter(|extension| extension.outgoing_number == number) {
            main.clone_into(&mut extension.outgoing_number);
        }
        let mut bare = Vec::new();
        for element in &mut self.desk.elements {
            let ElementKind::Incoming { numbers } = &mut element.kind else { continue };
            if numbers.iter().any(|one| one != number) {
                numbers.retain(|one| one != number);
            } else if !numbers.is_empty() {
                bare.push(Reference::Element { id: element.id.clone() });
            }
        }
        bare
    }

    /// Takes away what refers to the thing: members, forwardings, sounds that need not be; elements of the desk with their links.
    /// What can't be without it goes on referring to it.
    pub fn drop_references(&mut self, kind: Kind, key: &str) {
        let names = self.names(kind, key);
        self.walk(&mut |of, name, _| {
            if of == kind && names.iter().any(|one| one == name) { Fate::Goes } else { Fate::Stays }
        });
    }

    /// By what others name it: a trunk by its numbers.
    fn names(&self, kind: Kind, key: &str) -> Vec<String> {
        match kind {
            Kind::Trunk => self.trunk(key).map_or_else(Vec::new, |t| t.all_numbers().map(str::to_owned).collect()),
            _ => vec![key.to_owned()],
        }
    }

    fn redirect(&mut self, kind: Kind, from: &[&str], to: &str) {
        self.walk(&mut |of, name, _| {
            if of == kind && from.contains(&name) { Fate::Becomes(to.to_owned()) } else { Fate::Stays }
        });
    }

    /// Every reference of the office.
    fn walk(&mut self, decide: &mut Decide<'_>) {
        self.walk_extensions(decide);
        for group in &mut self.groups {
            let number = || group.number.clone();
            entries(&mut group.members, Kind::Extension, decide, || Reference::Member { group: number() });
            optional(&mut group.greeting, Kind::Media, decide, || Reference::GroupGreeting { group: number() });
            optional(&mut group.music, Kind::Media, decide, || Reference::GroupMusic { group: number() });
        }
        for message in &mut self.voice_messages {
            let by = Reference::MessageMedia { voice_message: message.name.clone() };
            needed(&mut message.media, Kind::Media, decide, by);
        }
        for menu in &mut self.voice_menus {
            let name = || menu.name.clone();
            needed(&mut menu.greeting, Kind::Media, decide, Reference::MenuGreeting { voice_menu: name() });
            optional(&mut menu.invalid, Kind::Media, decide, || Reference::MenuInvalid { voice_menu: name() });
        }
        entries(&mut self.settings.music, Kind::Media, decide, || Reference::OfficeMusic);
        optional(&mut self.voicemail.greeting, Kind::Media, decide, || Reference::VoicemailGreeting);
        self.walk_phones(decide);
        self.walk_desk(decide);
    }

    fn walk_phones(&mut self, decide: &mut Decide<'_>) {
        let groups: HashSet<&str> = self.groups.iter().map(|group| group.number.as_str()).collect();
        let rooms: HashSet<&str> = self.conferences.iter().map(|room| room.number.as_str()).collect();
        let kind_of = |number: &str| match number {
            number if groups.contains(number) => Kind::Group,
            number if rooms.contains(number) => Kind::Conference,
            _ => Kind::Extension,
        };
        for phone in &mut self.phones {
            let mac = || phone.mac.clone();
            numbers(&mut phone.lamps, kind_of, decide, || Reference::PhoneLamp { phone: mac() });
            optional(&mut phone.template, Kind::PhoneTemplate, decide, || Reference::TemplateOf { phone: mac() });
        }
    }

    fn walk_extensions(&mut self, decide: &mut Decide<'_>) {
        let groups: HashSet<&str> = self.groups.iter().map(|group| group.number.as_str()).collect();
        for extension in &mut self.extensions {
            let own = extension.number.clone();
            let by = || Reference::OutgoingNumber { extension: own.clone() };
            optional(&mut extension.outgoing_number, Kind::Trunk, decide, by);
            let by = || Reference::MailboxGreeting { extension: own.clone() };
            optional(&mut extension.voicemail_greeting, Kind::Media, decide, by);
            for device in &mut extension.devices {
                let Device::Sip(sip) = device else { continue };
                let mut target = |to: &mut String| {
                    let kind = if groups.contains(to.as_str()) { Kind::Group } else { Kind::Extension };
                    let before = to.clone();
                    optional(to, kind, decide, || Reference::Forward { extension: own.clone() });
                    if *to == own && before != own {
                        to.clear();
                    }
                };
                match &mut sip.forward {
                    Forward::None => {}
                    Forward::Always { to } => target(to),
                    Forward::Conditional { busy, no_answer } => {
                        target(busy);
                        target(no_answer);
                    }
                }
                if sip.forward.targets().next().is_none() {
                    sip.forward = Forward::None;
                }
            }
        }
    }

    fn walk_desk(&mut self, decide: &mut Decide<'_>) {
        let mut gone = HashSet::new();
        let started: HashSet<String> = self.desk.elements.iter().flat_map(starts).cloned().collect();
        for element in &mut self.desk.elements {
            let by = || Reference::Element { id: element.id.clone() };
            let stays = match &mut element.kind {
                ElementKind::Incoming { numbers } => {
                    let before = numbers.clone();
                    entries(numbers, Kind::Trunk, decide, by);
                    // a number starts in one place only
                    numbers.retain(|number| before.contains(number) || !started.contains(number));
                    before.is_empty() || !numbers.is_empty()
                }
                ElementKind::Extension { extension } => named(extension, Kind::Extension, decide, by()),
                ElementKind::Group { group } => named(group, Kind::Group, decide, by()),
                ElementKind::VoiceMessage { voice_message } => named(voice_message, Kind::VoiceMessage, decide, by()),
                ElementKind::DialExtension { prompt, .. } => named(prompt, Kind::VoiceMessage, decide, by()),
                ElementKind::VoiceMenu { voice_menu } => named(voice_menu, Kind::VoiceMenu, decide, by()),
                ElementKind::Schedule { schedule } => named(schedule, Kind::Schedule, decide, by()),
                ElementKind::HangUp => true,
            };
            if !stays {
                gone.insert(element.id.clone());
            }
        }
        if gone.is_empty() {
            return;
        }
        self.desk.elements.retain(|element| !gone.contains(&element.id));
        for element in &mut self.desk.elements {
            element.links.retain(|_, to| !gone.contains(to));
        }
    }
}

fn starts(element: &Element) -> &[String] {
    match &element.kind {
        ElementKind::Incoming { numbers } => numbers,
        _ => &[],
    }
}

/// A name whose owner goes with it; false: it goes.
fn named(name: &mut String, kind: Kind, decide: &mut Decide<'_>, by: Reference) -> bool {
    match decide(kind, name, by) {
        Fate::Stays => {}
        Fate::Becomes(other) => *name = other,
        Fate::Goes => return false,
    }
    true
}

/// A name that its owner can't be without.
fn needed(name: &mut String, kind: Kind, decide: &mut Decide<'_>, by: Reference) {
    named(name, kind, decide, by);
}

/// A name that may be empty.
fn optional(name: &mut String, kind: Kind, decide: &mut Decide<'_>, by: impl Fn() -> Reference) {
    if !name.is_empty() && !named(name, kind, decide, by()) {
        name.clear();
    }
}

/// A list of names, none twice.
fn entries(names: &mut Vec<String>, kind: Kind, decide: &mut Decide<'_>, by: impl Fn() -> Reference) {
    numbers(names, |_| kind, decide, by);
}

/// The same of names that are of several kinds.
fn numbers(
    names: &mut Vec<String>,
    kind_of: impl Fn(&str) -> Kind,
    decide: &mut Decide<'_>,
    by: impl Fn() -> Reference,
) {
    let mut kept: Vec<String> = Vec::with_capacity(names.len());
    let before = names.clone();
    for mut name in names.drain(..) {
        let original = name.clone();
        let kind = kind_of(&name);
        let stays = named(&mut name, kind, decide, by());
        // who has both keeps the place that it had
        let doubled = name != original && (before.contains(&name) || kept.contains(&name));
        if stays && !doubled {
            kept.push(name);
        }
    }
    *names = kept;
}

#[cfg(test)]
mod tests;
