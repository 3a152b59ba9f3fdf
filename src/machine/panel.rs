//! The console on the box's screen and serial line: keys in, screens of 24 lines and deeds out. Plain VT100, 80 columns, digits for a
//! menu, so that it works over 115200 8n1 on whatever terminal somebody finds in a drawer.
//!
//! It begins in English, which every font has. Russian is offered where the shell says that the terminal shows it.

mod form;
mod keys;
mod screen;

use serde::{Deserialize, Serialize};

use super::{Network, Reason, State};
use form::{Form, Step};

pub use keys::{Key, keys};
pub use screen::{COLUMNS, ROWS, Screen};

/// Of the panel alone: an office has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

/// What is known now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Of this program.
    pub version: String,
    /// Date and time in the office.
    pub time: String,
    /// The box; `None`: there is no steward, this is plain Linux.
    pub machine: Option<State>,
    /// The exchange; `None`: it does not answer yet, or not any more.
    pub exchange: Option<Exchange>,
}

/// The exchange as it says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What the office is called.
    pub name: String,
    /// Where the page is.
    pub pages: Vec<String>,
    /// Extensions' devices that are registered.
    pub phones_up: usize,
    /// Extensions' devices.
    pub phones: usize,
    /// Trunks that work.
    pub trunks_up: usize,
    /// Trunks.
    pub trunks: usize,
    /// In progress.
    pub calls: usize,
    /// The admin's password is still one that was made for the first sign-in.
    pub is_new: bool,
    /// The one-time password that was made for it, as long as it is known.
    pub first_password: Option<String>,
    /// Days until the disk is full; `None`: nobody knows, or it is not foreseen.
    pub disk_days: Option<u32>,
}

/// What the shell shall do. It tells [`Panel::done`] what came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Take these places in networks, at once and for good.
    Network(Network),
    /// Make a one-time password for this account of the page.
    Password(String),
    /// Start the machine anew.
    Restart,
    /// Switch it off.
    ShutDown,
    /// Forget everything but the licence.
    FactoryReset,
    /// Bring what the kernel has said.
    Log,
    /// Draw everything anew: the terminal was plugged in later.
    Redraw,
    /// End the console: on plain Linux, where somebody has started it.
    Leave,
}

/// What came of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or begun.
    Done,
    /// The new one-time password.
    Password(String),
    /// Lines of a log.
    Log(Vec<String>),
    /// Why not.
    Refused(Reason),
}

/// The console.
#[derive(Clone, Debug)]
pub struct Panel {
    language: Language,
    has_russian: bool,
    facts: Facts,
    page: Page,
}

/// What is on the screen.
#[derive(Clone, Debug, PartialEq)]
enum Page {
    Main,
    Network(Form),
    Login(String),
    /// Shown once.
    Password {
        login: String,
        password: String,
    },
    Sure(Sure),
    /// As far as the word is typed.
    Reset(String),
    /// From this line on; `None`: the log is still to come.
    Details {
        top: usize,
        log: Option<Vec<String>>,
    },
    Working(Deed),
    /// What came of it; `Ok`: done.
    Said(Result<&'static str, String>),
}

/// What is asked twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sure {
    Restart,
    ShutDown,
}

impl Panel {
    /// The main screen. `has_russian`: the terminal shows Cyrillic letters in UTF-8.
    pub fn new(has_russian: bool) -> Self {
        Self { language: Language::En, has_russian, facts: Facts::default(), page: Page::Main }
    }

    /// What is known now.
    pub fn learn(&mut self, facts: Facts) {
        self.facts = facts;
    }

    /// A key was pressed.
    pub fn press(&mut self, key: Key) -> Option<Deed> {
        let page = std::mem::replace(&mut self.page, Page::Main);
        let (page, deed) = self.next(page, key);
        self.page = page;
        deed
    }

    /// Nobody has pressed a key for long: passwords and half-filled forms leave the screen.
    pub fn rest(&mut self) {
        self.page = Page::Main;
    }

    /// What came of the last deed.
    pub fn done(&mut self, outcome: Outcome) {
        let page = std::mem::replace(&mut self.page, Page::Main);
        self.page = match (page, outcome) {
            (Page::Details { top, .. }, Outcome::Log(lines)) => Page::Details { top, log: Some(lines) },
            (Page::Details { top, .. }, Outcome::Refused(why)) => {
                Page::Details { top, log: Some(vec![self.reason(why)]) }
            }
            (Page::Working(Deed::Password(login)), Outcome::Password(password)) => Page::Password { login, password },
            (Page::Working(deed), Outcome::Done) => Page::Said(Ok(self.after(&deed))),
            (Page::Working(_), Outcome::Refused(why)) => Page::Said(Err(self.reason(why))),
            (page, _) => page,
        };
    }

    fn reason(&self, [ru, en]: Reason) -> String {
        if self.language == Language::Ru { ru } else { en }
    }

    /// What is to be seen.
    pub fn screen(&self) -> Screen {
        screen::draw(self)
    }

    fn next(&mut self, page: Page, key: Key) -> (Page, Option<Deed>) {
        match page {
            Page::Main => self.choose(key),
            Page::Network(form) => self.fill(form, key),
            Page::Login(text) => match typed(text, key) {
                Typed::Left => (Page::Main, None),
                Typed::More(text) => (Page::Login(text), None),
                Typed::Whole(text) => {
                    let login = if text.is_empty() { ADMIN.to_owned() } else { text };
                    working(Deed::Password(login))
                }
            },
            Page::Sure(sure) => match key {
                Key::Char('1') => working(if sure == Sure::Restart { Deed::Restart } else { Deed::ShutDown }),
                Key::Char('0') | Key::Back | Key::Enter => (Page::Main, None),
                _ => (Page::Sure(sure), None),
            },
            Page::Reset(text) => match typed(text, key) {
                Typed::Left => (Page::Main, None),
                Typed::More(text) => (Page::Reset(text), None),
                Typed::Whole(text) if text == RESET => working(Deed::FactoryReset),
                Typed::Whole(_) => (Page::Main, None),
            },
            Page::Details { top, log } => self.leaf(top, log, key),
            Page::Working(deed) => (Page::Working(deed), None),
            Page::Password { .. } | Page::Said(_) if matches!(key, Key::Enter | Key::Back | Key::Char('0')) => {
                (Page::Main, None)
            }
            page => (page, None),
        }
    }

    fn choose(&mut self, key: Key) -> (Page, Option<Deed>) {
        let page = match key {
            Key::Char('2') => Page::Login(String::new()),
            Key::Char('6') => return (Page::Details { top: 0, log: None }, Some(Deed::Log)),
            Key::Char('7') if self.has_russian => {
                self.language = if self.language == Language::En { Language::Ru } else { Language::En };
                return (Page::Main, Some(Deed::Redraw));
            }
            Key::Enter | Key::Redraw => return (Page::Main, Some(Deed::Redraw)),
            Key::Char('q') | Key::Back if self.facts.machine.is_none() => return (Page::Main, Some(Deed::Leave)),
            Key::Char('1' | '3' | '4' | '5') => match (&self.facts.machine, key) {
                (None, _) => Page::Said(Err(self.say(NO_STEWARD).to_owned())),
                (Some(machine), Key::Char('1')) => Page::Network(Form::new(&machine.network, &machine.cards)),
                (Some(_), Key::Char('3')) => Page::Sure(Sure::Restart),
                (Some(_), Key::Char('4')) => Page::Sure(Sure::ShutDown),
                _ => Page::Reset(String::new()),
            },
            _ => Page::Main,
        };
        (page, None)
    }

    fn fill(&self, form: Form, key: Key) -> (Page, Option<Deed>) {
        match form.press(key) {
            Step::Left => (Page::Main, None),
            Step::Ask(form) => (Page::Network(form), None),
            Step::Take(network) => working(Deed::Network(network)),
        }
    }

    fn leaf(&self, top: usize, log: Option<Vec<String>>, key: Key) -> (Page, Option<Deed>) {
        let last = screen::details(self, log.as_deref()).len().saturating_sub(screen::PAGE_LINES);
        let top = match key {
            Key::Back | Key::Char('0') => return (Page::Main, None),
            Key::Enter | Key::Char(' ' | 'n') => (top + screen::PAGE_LINES).min(last),
            Key::Char('p') => top.saturating_sub(screen::PAGE_LINES),
            _ => top,
        };
        (Page::Details { top, log }, None)
    }

    /// Where a deed leads.
    fn after(&self, deed: &Deed) -> &'static str {
        self.say(match deed {
            Deed::Network(_) => ("The new network settings are in force.", "Новые настройки сети действуют."),
            Deed::Restart => ("The box restarts now.", "Устройство перезапускается."),
            Deed::ShutDown => ("The box switches off now.", "Устройство выключается."),
            Deed::FactoryReset => {
                ("The box forgets its settings and restarts.", "Устройство забывает настройки и перезапускается.")
            }
            Deed::Password(_) | Deed::Log | Deed::Redraw | Deed::Leave => ("Done.", "Сделано."),
        })
    }

    /// The words of the language.
    fn say(&self, (en, ru): (&'static str, &'static str)) -> &'static str {
        if self.language == Language::Ru { ru } else { en }
    }
}

fn working(deed: Deed) -> (Page, Option<Deed>) {
    (Page::Working(deed.clone()), Some(deed))
}

/// A line that is being typed.
enum Typed {
    Left,
    More(String),
    Whole(String),
}

fn typed(mut text: String, key: Key) -> Typed {
    match key {
        Key::Back => return Typed::Left,
        Key::Enter => return Typed::Whole(text.trim().to_owned()),
        Key::Erase => drop(text.pop()),
        Key::Char(letter) if text.len() < LONGEST_LINE => text.push(letter),
        Key::Char(_) | Key::Redraw | Key::Other => {}
    }
    Typed::More(text)
}

const NO_STEWARD: (&str, &str) = (
    "This is not the box's own system: its network and power are the system's.",
    "Это не система коробки: сетью и питанием ведает система.",
);
/// The account that is meant when none is named.
const ADMIN: &str = "admin";
/// What is typed so that it is meant.
const RESET: &str = "RESET";
/// Characters that are typed on a line.
const LONGEST_LINE: usize = 60;

#[cfg(test)]
mod tests;
