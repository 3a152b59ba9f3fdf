//! The judgement of a slot on trial: does the office have its telephones, its carriers, its sound and its page as before? Pure: what
//! comes back is an input, what is to be asked an output. It is kept as soon as all is well and has been for a moment; what is missing
//! when its time is over makes the box go back.

mod why;

pub use why::Why;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::base::{Duration, Instant, WallTime};

/// Telephones and trunks must be back by then, from the start of the exchange.
pub const BACK_WITHIN: Duration = Duration::from_secs(180);
/// The end of a trial.
pub const LONGEST: Duration = Duration::from_secs(300);
/// No slot is good before it has worked for so long.
pub const SHORTEST: Duration = Duration::from_secs(20);
/// So many of a hundred telephones must be back.
pub const PHONES_PER_CENT: usize = 95;
/// In the exchange's directory: the database as the old version left it. Should the trial come to nothing, it is in force again.
pub const KEPT_DATABASE: &str = "update/dozvon.db";
/// Time for telephones to register by themselves before they are asked.
const FIRST_ASK: Duration = Duration::from_secs(2);
/// Those that are missing are asked again.
const ASK_EVERY: Duration = Duration::from_secs(15);
/// What went wrong once is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// A telephone's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Phone {
    /// Its login.
    pub login: String,
    /// The URI of its Contact.
    pub contact: String,
}

/// What there was before the update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Before {
    /// Trunks that carried calls.
    pub trunks: BTreeSet<String>,
    /// Telephones that were registered.
    pub phones: BTreeSet<Phone>,
    /// When it was noted, milliseconds since 1970: no clock that is right is before it.
    pub at: i64,
    /// Where the page was: browsers look for it there again. `None`: nobody noted it.
    pub page: Option<SocketAddr>,
}

/// How much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Telephones.
    pub phones: usize,
    /// Trunks.
    pub trunks: usize,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A telephone registered, or answered [`Output::AskPhones`].
    Phone(Phone),
    /// A trunk carries calls from now on, or does not.
    Trunk {
        /// Its name.
        name: String,
        /// Whether it does.
        carries: bool,
    },
    /// The answer to [`Output::CallLoop`]: the tone was heard.
    Loop(bool),
    /// The answer to [`Output::AskPage`]: it answers as it should.
    Page(bool),
    /// What the calendar says.
    Clock(WallTime),
    /// Fires what is due.
    Timeout,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send OPTIONS to these.
    AskPhones(Vec<Phone>),
    /// Call through the box and listen.
    CallLoop,
    /// Fetch the page.
    AskPage,
    /// So much is back.
    Back(Count),
    /// It is good. Nothing comes after.
    Keep,
    /// It is not. Nothing comes after.
    GiveUp(Why),
}

/// A test that is asked for, and asked for again until it went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Due(Instant),
    Asked,
    Good,
}

/// One trial.
#[derive(Debug)]
pub struct Trial {
    before: Before,
    began: Instant,
    back: BTreeSet<Phone>,
    carrying: BTreeSet<String>,
    /// Trunks that have carried calls at some time: one that comes and goes has come back.
    seen: BTreeSet<String>,
    call: Proof,
    page: Proof,
    clock_is_right: bool,
    ask_at: Option<Instant>,
    /// The last input.
    looked: Instant,
    told: Option<Count>,
    is_over: bool,
    outputs: VecDeque<Output>,
}

impl Trial {
    /// Begins with the exchange's start.
    pub fn new(now: Instant, before: Before) -> Self {
        let due = Proof::Due(now + FIRST_ASK);
        let mut new = Self {
            before,
            began: now,
            back: BTreeSet::new(),
            carrying: BTreeSet::new(),
            seen: BTreeSet::new(),
            call: due,
            page: due,
            clock_is_right: false,
            ask_at: Some(now + FIRST_ASK),
            looked: now,
            told: None,
            is_over: false,
            outputs: VecDeque::new(),
        };
        new.tell();
        new
    }

    /// Takes what happens.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        if self.is_over {
            return;
        }
        self.looked = now;
        let proof = |good: bool| if good { Proof::Good } else { Proof::Due(now + RETRY) };
        match input {
            Input::Phone(phone) => drop(self.back.insert(phone)),
            Input::Trunk { name, carries: true } => {
                self.seen.insert(name.clone());
                self.carrying.insert(name);
            }
            Input::Trunk { name, carries: false } => drop(self.carrying.remove(&name)),
            Input::Loop(heard) => self.call = proof(heard),
            Input::Page(answers) => self.page = proof(answers),
            Input::Clock(at) => self.clock_is_right = at.millis() >= self.before.at,
            Input::Timeout => {}
        }
        self.ask(now);
        self.tell();
        self.decide(now);
    }

    /// What is to be done; drain until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call again with [`Input::Timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_over {
            return None;
        }
        let due = |proof| if let Proof::Due(at) = proof { Some(at) } else { None };
        // A mark that is past decides nothing any more.
        let marks = [SHORTEST, BACK_WITHIN, LONGEST].map(|after| self.began + after);
        let marks = marks.into_iter().filter(|mark| *mark > self.looked);
        marks.chain([self.ask_at, due(self.call), due(self.page)].into_iter().flatten()).min()
    }

    /// How much there was.
    pub fn wanted(&self) -> Count {
        Count { phones: self.before.phones.len(), trunks: self.before.trunks.len() }
    }

    /// How much of it is back. Of a login with three telephones three must be there, and a telephone that took another port meanwhile is
    /// the same telephone.
    pub fn back(&self) -> Count {
        let wanted = by_login(&self.before.phones);
        let have = by_login(&self.back);
        let phones = wanted.iter().map(|(login, wanted)| have.get(login).copied().unwrap_or(0).min(*wanted)).sum();
        Count { phones, trunks: self.before.trunks.intersection(&self.carrying).count() }
    }

    /// Asks for what is due.
    fn ask(&mut self, now: Instant) {
        if self.ask_at.is_some_and(|at| at <= now) {
            self.ask_at = Some(now + ASK_EVERY).filter(|at| *at < self.began + BACK_WITHIN);
            let missing: Vec<Phone> = self.before.phones.difference(&self.back).cloned().collect();
            if !missing.is_empty() {
                self.outputs.push_back(Output::AskPhones(missing));
            }
        }
        let is_due = |proof: Proof| matches!(proof, Proof::Due(at) if at <= now);
        if is_due(self.call) {
            self.call = Proof::Asked;
            self.outputs.push_back(Output::CallLoop);
        }
        if is_due(self.page) {
            self.page = Proof::Asked;
            self.outputs.push_back(Output::AskPage);
        }
    }

    fn tell(&mut self) {
        let back = self.back();
        if self.told != Some(back) {
            self.told = Some(back);
            self.outputs.push_back(Output::Back(back));
        }
    }

    fn decide(&mut self, now: Instant) {
        let age = now.since(self.began);
        let missing = self.missing();
        if missing.is_none() && age >= SHORTEST {
            return self.end(Output::Keep);
        }
        let gone: Option<Why> = match missing {
            Some(why @ (Why::Phones { .. } | Why::Clock)) if age >= BACK_WITHIN => Some(why),
            Some(why @ Why::Trunk(_)) if age >= BACK_WITHIN && !self.before.trunks.is_subset(&self.seen) => Some(why),
            Some(why) if age >= LONGEST => Some(why),
            _ => None,
        };
        if let Some(why) = gone {
            self.end(Output::GiveUp(why));
        }
    }

    /// The first thing that is not as it should be.
    fn missing(&self) -> Option<Why> {
        let (wanted, back) = (self.wanted(), self.back());
        if let Some(trunk) = self.before.trunks.difference(&self.carrying).next() {
            return Some(Why::Trunk(trunk.clone()));
        }
        if back.phones * 100 < wanted.phones * PHONES_PER_CENT {
            return Some(Why::Phones { back: back.phones, wanted: wanted.phones });
        }
        if !self.clock_is_right {
            return Some(Why::Clock);
        }
        match (self.call, self.page) {
            (Proof::Good, Proof::Good) => None,
            (Proof::Good, _) => Some(Why::Page),
            _ => Some(Why::Call),
        }
    }

    fn end(&mut self, output: Output) {
        self.is_over = true;
        self.outputs.push_back(output);
    }
}

fn by_login(phones: &BTreeSet<Phone>) -> BTreeMap<&str, usize> {
    phones.iter().fold(BTreeMap::new(), |mut count, phone| {
        *count.entry(phone.login.as_str()).or_default() += 1;
        count
    })
}

#[cfg(test)]
mod tests;
