//! The mailbox by telephone: a caller leaves a message, the owner hears what there is. Messages come in as facts and what is
//! done with them goes out as steps.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};

use super::{ASKED, Outcome, Phrase, SHORTEST, SILENCE, Sound, Step, Take, Turn, ask, interruptible, key, say, time};
use crate::base::Duration;

/// The longest greeting.
const LONGEST_GREETING: Duration = Duration::from_secs(60);

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Unique in the mailbox.
    pub id: u64,
    /// When it was left, by the clocks of the office.
    pub at: DateTime,
    /// Who left it; empty when withheld.
    pub caller: String,
    /// Whether its owner has heard it.
    pub heard: bool,
}

/// A caller leaves a message: greeting, tone, recording.
#[derive(Clone, Debug)]
pub(super) struct Leave {
    state: Leaving,
    longest: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Leaving {
    Greeting,
    Tone,
    Recording,
    /// It is kept or, too short, discarded; whether the caller is still there to hear of it.
    Ending {
        kept: bool,
        listens: bool,
    },
}

impl Leave {
    /// Any key ends the greeting.
    pub(super) fn start(extension: String, greeting: String, longest: Duration) -> (Self, Step) {
        let sound = if greeting.is_empty() {
            Sound::Phrases(vec![Phrase::NumberDoesNotAnswer(extension), Phrase::LeaveMessageAfterTone])
        } else {
            Sound::Media(greeting)
        };
        (Self { state: Leaving::Greeting, longest }, interruptible(sound, Duration::ZERO))
    }

    /// Over with the last words, or without when nobody listens.
    pub(super) fn resume(&mut self, outcome: Outcome) -> Turn<Option<Vec<Phrase>>> {
        let (state, step) = match (self.state, outcome) {
            (Leaving::Greeting, _) => (Leaving::Tone, Step::Play { sound: Sound::Tone, keys: None }),
            (Leaving::Tone, _) => (Leaving::Recording, Step::Record { longest: self.longest, silence: SILENCE }),
            (Leaving::Recording, Outcome::Recorded { span, hung_up }) => {
                let kept = span >= SHORTEST;
                let step = if kept { Step::KeepMessage } else { Step::Discard };
                (Leaving::Ending { kept, listens: !hung_up }, step)
            }
            (Leaving::Recording, _) => return Turn::Over(Some(vec![Phrase::NotAvailable, Phrase::Goodbye])),
            (Leaving::Ending { listens: false, .. }, _) => return Turn::Over(None),
            (Leaving::Ending { kept, .. }, outcome) => {
                let said = match (kept, outcome) {
                    (false, _) => Phrase::NothingRecorded,
                    (true, Outcome::Failed) => Phrase::NotAvailable,
                    (true, _) => Phrase::MessageLeft,
                };
                return Turn::Over(Some(vec![said, Phrase::Goodbye]));
            }
        };
        self.state = state;
        Turn::Step(step)
    }
}

/// The owner in his mailbox.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    /// The day on which he calls.
    today: Date,
    /// New ones first, and the older before the younger; without those that he deleted.
    messages: Vec<Message>,
    /// The present message; past the end when he has been through.
    at: usize,
    state: Reading,
    /// Questions without a good answer.
    asked: u32,
}

#[derive(Clone, Debug, Default)]
enum Reading {
    /// How many there are is said.
    #[default]
    Counts,
    /// Whose message it is, and when it came.
    Header,
    Playing,
    /// It is noted that a message was heard; this key came while it played.
    Marking(Option<char>),
    /// What can be done with it is said.
    Keys,
    Deleting,
    Renewing,
    /// Something is said, and then comes the present message.
    Note,
    /// Something is said, and then comes the menu.
    NoteBeforeMenu,
    Menu,
    RemovingGreeting,
    Greeting(Take),
}

impl Reader {
    pub(super) fn new(today: Date, mut messages: Vec<Message>) -> Self {
        messages.sort_by_key(|message| (message.heard, message.at, message.id));
        let mut ids = BTreeSet::new();
        messages.retain(|message| ids.insert(message.id));
        Self { today, messages, ..Self::default() }
    }

    pub(super) fn start(&mut self) -> Step {
        let count = |heard: bool| {
            let count = self.messages.iter().filter(|message| message.heard == heard).count();
            u32::try_from(count).ok().filter(|count| *count > 0)
        };
        let counts = count(false).map(Phrase::NewMessages).into_iter().chain(count(true).map(Phrase::SavedMessages));
        let phrases: Vec<_> = counts.collect();
        if phrases.is_empty() {
            self.state = Reading::NoteBeforeMenu;
            return say(vec![Phrase::NoMessages]);
        }
        self.state = Reading::Counts;
        interruptible(Sound::Phrases(phrases), Duration::ZERO)
    }

    pub(super) fn resume(&mut self, outcome: Outcome) -> Turn<()> {
        let pressed = key(&outcome);
        match (&mut self.state, outcome) {
            (Reading::Counts, _) => match pressed {
                Some('0') => self.menu(),
                Some('#') => Turn::Over(()),
                _ => self.header(),
            },
            (Reading::Header, _) => match (pressed, self.messages.get(self.at)) {
                (Some(key), _) => self.on_key(key),
                (None, Some(message)) => {
                    let step = interruptible(Sound::Message(message.id), Duration::ZERO);
                    self.go(Reading::Playing, step)
                }
                (None, None) => self.menu(),
            },
            (Reading::Playing, Outcome::Failed) => {
                self.at += 1;
                self.note(Phrase::NotAvailable)
            }
            (Reading::Playing, _) => self.played(pressed),
            (Reading::Marking(pressed), _) => match pressed.take() {
                Some(key) => self.on_key(key),
                None => self.go(Reading::Keys, ask(vec![Phrase::MailboxKeys])),
            },
            (Reading::Keys, _) => match pressed {
                Some(key) => self.on_key(key),
                None => self.ask_again(None, Reading::Keys, Phrase::MailboxKeys),
            },
            (Reading::Deleting | Reading::Renewing, Outcome::Failed) => self.note(Phrase::NotAvailable),
            (Reading::Deleting, _) => self.note(Phrase::Deleted),
            (Reading::Renewing, _) => self.note(Phrase::KeptAsNew),
            (Reading::Note, _) => self.header(),
            (Reading::NoteBeforeMenu, _) => self.menu(),
            (Reading::Menu, _) => self.on_menu(pressed),
            (Reading::RemovingGreeting, Outcome::Failed) => self.note_before_menu(Phrase::NotAvailable),
            (Reading::RemovingGreeting, _) => self.note_before_menu(Phrase::GreetingRemoved),
            (Reading::Greeting(take), outcome) => match take.resume(outcome) {
                Turn::Step(step) => Turn::Step(step),
                Turn::Over(end) => self.note_before_menu(end.phrase(Phrase::GreetingKept)),
            },
        }
    }

    /// Says whose message comes, and when it was left.
    fn header(&mut self) -> Turn<()> {
        let Some(message) = self.messages.get(self.at) else {
            let none = if self.messages.is_empty() { Phrase::NoMessages } else { Phrase::NoMoreMessages };
            return self.note_before_menu(none);
        };
        let date = message.at.date();
        let part = |value: i8| u8::try_from(value).unwrap_or(1);
        let day = if date == self.today {
            Phrase::Today
        } else if date.tomorrow().is_ok_and(|next| next == self.today) {
            Phrase::Yesterday
        } else {
            Phrase::Date { day: part(date.day()), month: part(date.month()) }
        };
        let phrases = vec![Phrase::MessageFrom(message.caller.clone()), day, time(message.at)];
        self.go(Reading::Header, interruptible(Sound::Phrases(phrases), Duration::ZERO))
    }

    /// A message ended, or a key cut it short. It counts as heard, but not when it is deleted or to stay new.
    fn played(&mut self, pressed: Option<char>) -> Turn<()> {
        match (pressed, self.messages.get_mut(self.at)) {
            (Some(key @ ('3' | '4')), _) => self.on_key(key),
            (pressed, Some(message)) if !message.heard => {
                message.heard = true;
                let step = Step::MarkHeard(message.id);
                self.go(Reading::Marking(pressed), step)
            }
            (Some(key), _) => self.on_key(key),
            (None, _) => self.go(Reading::Keys, ask(vec![Phrase::MailboxKeys])),
        }
    }

    /// A key for the present message.
    fn on_key(&mut self, key: char) -> Turn<()> {
        self.asked = if matches!(key, '0'..='4' | '*' | '#') { 0 } else { self.asked };
        match key {
            '0' => self.menu(),
            '1' => self.header(),
            '2' => {
                self.at += 1;
                self.header()
            }
            '3' if self.at < self.messages.len() => {
                let message = self.messages.remove(self.at);
                self.go(Reading::Deleting, Step::Delete(message.id))
            }
            '4' => match self.messages.get_mut(self.at) {
                Some(message) if message.heard => {
                    message.heard = false;
                    let step = Step::MarkNew(message.id);
                    self.at += 1;
                    self.go(Reading::Renewing, step)
                }
                _ => {
                    self.at += 1;
                    self.note(Phrase::KeptAsNew)
                }
            },
            '*' => {
                self.at = self.at.saturating_sub(1);
                self.header()
            }
            '#' => Turn::Over(()),
            _ => self.ask_again(Some(Phrase::WrongKey), Reading::Keys, Phrase::MailboxKeys),
        }
    }

    fn on_menu(&mut self, pressed: Option<char>) -> Turn<()> {
        self.asked = if matches!(pressed, Some('1' | '5' | '6' | '*' | '#')) { 0 } else { self.asked };
        match pressed {
            Some('1') => {
                self.at = 0;
                self.header()
            }
            Some('*') => {
                self.at = self.at.min(self.messages.len().saturating_sub(1));
                self.header()
            }
            Some('5') => {
                let prompt = Phrase::SpeakGreetingAfterTone;
                let (take, step) = Take::start(prompt, LONGEST_GREETING, Step::KeepGreeting);
                self.go(Reading::Greeting(take), step)
            }
            Some('6') => self.go(Reading::RemovingGreeting, Step::RemoveGreeting),
            Some('#') => Turn::Over(()),
            Some(_) => self.ask_again(Some(Phrase::WrongKey), Reading::Menu, Phrase::MailboxMenu),
            None => self.ask_again(None, Reading::Menu, Phrase::MailboxMenu),
        }
    }

    fn menu(&mut self) -> Turn<()> {
        self.go(Reading::Menu, ask(vec![Phrase::MailboxMenu]))
    }

    fn ask_again(&mut self, before: Option<Phrase>, state: Reading, question: Phrase) -> Turn<()> {
        self.asked += 1;
        if self.asked >= ASKED {
            return Turn::Over(());
        }
        self.go(state, ask(before.into_iter().chain([question]).collect()))
    }

    /// Not to be cut off by a key, which would be for the message that comes.
    fn note(&mut self, phrase: Phrase) -> Turn<()> {
        self.go(Reading::Note, say(vec![phrase]))
    }

    fn note_before_menu(&mut self, phrase: Phrase) -> Turn<()> {
        self.go(Reading::NoteBeforeMenu, say(vec![phrase]))
    }

    fn go(&mut self, state: Reading, step: Step) -> Turn<()> {
        self.state = state;
        Turn::Step(step)
    }
}
