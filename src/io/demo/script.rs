//! Who calls whom, and when: what happens in the office of the demonstration. Pure and seeded: the same twice. It decides by the
//! clock that is handed in and by what the simulated phones tell; they do as they are ordered and know no plot.
//!
//! Each kind of call comes within some minutes, since plots are drawn like cards from a deck, and two to five calls go on at any time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::{Duration, Instant, Rng};

/// One end of one call, at a phone or in the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Line(pub(super) u64);

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the phone of this extension.
    Phone(String),
    /// At the carrier's other end: the number that is shown when it calls, that was dialled when it is called.
    City(String),
}

/// What the script is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A call comes to a phone, or goes out to the city; `caller` as it is shown there.
    Rings { line: Line, at: Place, caller: String },
    /// A dialled line was answered, or an answered one stands.
    Answered(Line),
    /// It is over, whoever ended it.
    Over(Line),
    /// Something is due.
    Timeout,
}

/// What phones and carrier are to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Plug a phone in.
    Register(&'static str),
    /// Pull its plug: it says goodbye.
    Leave(&'static str),
    /// From now on the carrier hears nothing, or again something, of the second number's registration.
    Silence(bool),
    Dial {
        line: Line,
        from: Place,
        to: String,
    },
    Answer(Line),
    Refuse {
        line: Line,
        status: u16,
    },
    Hold(Line),
    Resume(Line),
    Transfer {
        line: Line,
        to: &'static str,
    },
    Press {
        line: Line,
        keys: &'static str,
    },
    HangUp(Line),
}

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plot {
    /// Of the city, by key 1.
    Sales,
    /// Of the city, by key 2 or to the number of the support.
    Support,
    /// Three at once, so that somebody has to wait.
    Rush,
    /// Of the city, without a key.
    Reception,
    /// Of the city, by key 3 and an extension.
    Extension,
    /// Likewise; on the way home his mobile takes it.
    Mobile,
    /// Of the city; nobody takes it.
    Missed,
    /// Of the city, without a key; nobody is at the reception, and its mailbox takes it.
    Message,
    /// To the city.
    Outgoing,
    /// To the city, where it is busy.
    Busy,
    /// To the city, where nobody is at home.
    NotAtHome,
    /// From phone to phone.
    Internal,
    /// Three meet in the conference room.
    Meeting,
    /// To a parking place.
    Fetch,
}

/// What comes of a talk with somebody of the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Plain,
    Hold,
    Transfer,
    Park,
}

/// What happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cue {
    Next,
    Begin(Plot),
    Answer(Line),
    Refuse(Line),
    Press(Line, &'static str),
    Hold(Line),
    Resume(Line),
    Transfer(Line, &'static str),
    Park(Line),
    HangUp(Line),
    /// Patience is over, unless somebody talks.
    GiveUp(Line),
    Join(&'static str),
    PlugOut,
    PlugIn(&'static str),
    Silence,
    Speak,
}

/// A line that the script knows of.
#[derive(Debug)]
struct Part {
    at: Place,
    /// Of who dialled; the others are called.
    plot: Option<Plot>,
    /// What he dialled.
    to: String,
    /// The line of who called this one.
    caller: Option<Line>,
    is_up: bool,
    /// Somebody talks with who dialled.
    is_served: bool,
}

/// The script.
#[derive(Debug)]
pub(super) struct Script {
    rng: Rng,
    cues: BTreeMap<(Instant, u64), Cue>,
    lines: BTreeMap<Line, Part>,
    deck: Vec<Plot>,
    fates: Vec<Fate>,
    orders: VecDeque<Order>,
    offline: BTreeSet<&'static str>,
    is_silent: bool,
    /// So many calls are wanted now.
    wanted: usize,
    count: u64,
}

impl Script {
    /// All phones register at once; the first call comes some seconds later.
    pub(super) fn new(now: Instant, mut rng: Rng) -> Self {
        let wanted = MOST - 1;
        let deck = shuffled(&mut rng, &DECK).into_iter().chain(FIRST).collect();
        let mut new = Self {
            rng,
            cues: BTreeMap::new(),
            lines: BTreeMap::new(),
            deck,
            fates: vec![Fate::Hold, Fate::Transfer, Fate::Park],
            orders: PHONES.iter().map(|phone| Order::Register(phone)).collect(),
            offline: BTreeSet::new(),
            is_silent: false,
            wanted,
            count: 0,
        };
        for (cue, seconds) in [(Cue::Next, 4), (Cue::PlugOut, 110), (Cue::Silence, 260)] {
            new.cue(now, seconds, cue);
        }
        new
    }

    /// What happened.
    pub(super) fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Rings { line, at, caller } => self.on_rings(now, line, at, &caller),
            Input::Answered(line) => self.on_answered(now, line),
            Input::Over(line) => {
                self.lines.remove(&line);
                if self.calls() < FEWEST {
                    self.cue(now, 1, Cue::Next);
                }
            }
            Input::Timeout => {
                while let Some(entry) = self.cues.first_entry().filter(|entry| entry.key().0 <= now) {
                    let cue = entry.remove();
                    self.on_cue(now, cue);
                }
            }
        }
    }

    /// What is to be done; drain until `None`.
    pub(super) fn poll_output(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// The next deadline.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.cues.first_key_value().map(|((at, _), _)| *at)
    }

    /// Calls that go on: each has one who dialled it.
    pub(super) fn calls(&self) -> usize {
        self.lines.values().filter(|part| part.plot.is_some()).count()
    }

    /// Those, and what has been promised.
    fn load(&self) -> usize {
        let is_promised = |cue: &&Cue| matches!(cue, Cue::Begin(_) | Cue::Join(_));
        self.calls() + self.cues.values().filter(is_promised).count()
    }

    fn on_cue(&mut self, now: Instant, cue: Cue) {
        match cue {
            Cue::Next => self.next(now),
            Cue::Begin(plot) => drop(self.begin(now, plot)),
            Cue::Answer(line) if self.rings(line) => self.orders.push_back(Order::Answer(line)),
            Cue::Refuse(line) if self.rings(line) => self.orders.push_back(Order::Refuse { line, status: 486 }),
            Cue::Press(line, keys) if self.is_up(line) => self.orders.push_back(Order::Press { line, keys }),
            Cue::Hold(line) if self.is_up(line) => self.orders.push_back(Order::Hold(line)),
            Cue::Resume(line) if self.is_up(line) => self.orders.push_back(Order::Resume(line)),
            Cue::Transfer(line, to) if self.is_up(line) => self.transfer(now, line, to),
            Cue::Park(line) if self.is_up(line) => self.park(now, line),
            Cue::HangUp(line) if self.lines.contains_key(&line) => self.orders.push_back(Order::HangUp(line)),
            Cue::GiveUp(line) if self.lines.get(&line).is_some_and(|part| !part.is_served) => {
                self.orders.push_back(Order::HangUp(line));
            }
            Cue::Join(phone) if self.is_free(phone) => drop(self.dial(now, phone, ROOM.to_owned(), Plot::Meeting)),
            Cue::PlugOut => self.plug_out(now),
            Cue::PlugIn(phone) => {
                self.offline.remove(phone);
                self.orders.push_back(Order::Register(phone));
            }
            Cue::Silence => {
                self.is_silent = true;
                self.orders.push_back(Order::Silence(true));
                self.cue(now, SILENT_SECONDS, Cue::Speak);
            }
            Cue::Speak => {
                self.is_silent = false;
                self.orders.push_back(Order::Silence(false));
                let calm = self.between(15 * 60, 25 * 60);
                self.cue(now, calm, Cue::Silence);
            }
            // its line is over
            _ => {}
        }
    }

    /// Deals the next card, when there is room for a call.
    fn next(&mut self, now: Instant) {
        let waits = self.cues.values().any(|cue| *cue == Cue::Next);
        if self.load() < self.wanted {
            let begun = (0..TRIES).any(|_| {
                if self.deck.is_empty() {
                    self.deck = shuffled(&mut self.rng, &DECK);
                }
                let Some(plot) = self.deck.pop() else { return false };
                if matches!(plot, Plot::Rush | Plot::Meeting) && self.load() + TOGETHER > MOST {
                    // Its turn comes when there is room for it; nothing else begins before.
                    self.deck.push(plot);
                    return true;
                }
                let begun = self.begin(now, plot);
                if !begun {
                    self.deck.insert(0, plot);
                }
                begun
            });
            if begun {
                self.wanted = FEWEST + 1 + usize::try_from(self.rng.below(3)).unwrap_or(0);
            }
        }
        if !waits {
            let pause = if self.calls() < FEWEST { 2 } else { self.between(3, 8) };
            self.cue(now, pause, Cue::Next);
        }
    }

    /// False when nobody is there to do it, or it would be too much now.
    fn begin(&mut self, now: Instant, plot: Plot) -> bool {
        match plot {
            Plot::Support if !self.is_silent && self.rng.chance(1, 2) => self.city(now, HOTLINE, plot),
            Plot::Sales
            | Plot::Support
            | Plot::Reception
            | Plot::Extension
            | Plot::Mobile
            | Plot::Missed
            | Plot::Message => self.city(now, MAIN, plot),
            Plot::Rush if self.load() + TOGETHER <= MOST => {
                self.cue(now, 3, Cue::Begin(Plot::Support));
                self.cue(now, 5, Cue::Begin(Plot::Support));
                self.city(now, MAIN, Plot::Support)
            }
            Plot::Meeting if self.load() + TOGETHER <= MOST => {
                let mut idle = self.idle(&INSIDE).into_iter();
                let (Some(one), Some(two), Some(three)) = (idle.next(), idle.next(), idle.next()) else { return false };
                self.cue(now, 3, Cue::Join(two));
                self.cue(now, 6, Cue::Join(three));
                self.dial(now, one, ROOM.to_owned(), plot)
            }
            Plot::Rush | Plot::Meeting => false,
            Plot::Outgoing | Plot::Busy | Plot::NotAtHome => {
                let Some(phone) = self.idle(&OUTSIDE).first().copied() else { return false };
                let number = format!("8{}", self.somebody());
                self.dial(now, phone, number, plot)
            }
            Plot::Internal => {
                let idle = self.idle(&INSIDE);
                let (Some(one), Some(two)) = (idle.first(), idle.get(1)) else { return false };
                self.dial(now, one, (*two).to_owned(), plot)
            }
            Plot::Fetch => {
                let Some(phone) = self.idle(&INSIDE).first().copied() else { return false };
                self.dial(now, phone, PARKED.to_owned(), plot)
            }
        }
    }

    fn city(&mut self, now: Instant, to: &str, plot: Plot) -> bool {
        let at = Place::City(format!("7{}", self.somebody()));
        let patience = match plot {
            Plot::Missed => self.between(22, 32),
            Plot::Message => self.between(55, 62), // the greeting, twenty seconds of ringing, and his words
            _ => self.between(100, 150),
        };
        let line = self.place(at, to.to_owned(), plot);
        self.cue(now, patience, Cue::GiveUp(line));
        true
    }

    fn dial(&mut self, now: Instant, phone: &'static str, to: String, plot: Plot) -> bool {
        let patience = if plot == Plot::NotAtHome { self.between(15, 25) } else { 40 };
        let line = self.place(Place::Phone(phone.to_owned()), to, plot);
        self.cue(now, patience, Cue::GiveUp(line));
        true
    }

    fn place(&mut self, at: Place, to: String, plot: Plot) -> Line {
        self.count += 1;
        let line = Line(self.count);
        self.orders.push_back(Order::Dial { line, from: at.clone(), to: to.clone() });
        let part = Part { at, plot: Some(plot), to, caller: None, is_up: false, is_served: false };
        self.lines.insert(line, part);
        line
    }

    /// Somebody is called: how he takes it is the plot of who calls.
    fn on_rings(&mut self, now: Instant, line: Line, at: Place, caller: &str) {
        let (is_phone, shown) = match &at {
            Place::Phone(_) => (true, caller),
            Place::City(number) => (false, number.as_str()),
        };
        let is_busy = is_phone && self.lines.values().any(|part| part.at == at && part.is_up);
        let found = self.lines.iter().find(|(_, part)| part.plot.is_some() && part.is_party(shown, is_phone));
        let (caller, plot) = (found.map(|(line, _)| *line), found.and_then(|(_, part)| part.plot));
        let part = Part { at, plot: None, to: String::new(), caller, is_up: false, is_served: false };
        self.lines.insert(line, part);
        match plot {
            Some(Plot::Missed | Plot::Message | Plot::NotAtHome) => {}
            Some(Plot::Mobile) if is_phone => {}
            Some(Plot::Busy) => self.cue(now, 2, Cue::Refuse(line)),
            _ if is_busy => self.cue(now, 2, Cue::Refuse(line)),
            _ => {
                let seconds = self.between(3, 8);
                self.cue(now, seconds, Cue::Answer(line));
            }
        }
    }

    fn on_answered(&mut self, now: Instant, line: Line) {
        let Some(part) = self.lines.get_mut(&line) else { return };
        part.is_up = true;
        let (plot, at, to, caller) = (part.plot, part.at.clone(), part.to.clone(), part.caller);
        match plot {
            Some(plot) if matches!(at, Place::City(_)) => self.choose(now, line, plot, &to),
            // Who is called hears him, and ends it or leaves that to him.
            Some(Plot::Internal) => {}
            Some(plot) => {
                part.is_served = true;
                let lasts = if plot == Plot::Meeting { self.between(45, 80) } else { self.between(25, 100) };
                self.cue(now, lasts, Cue::HangUp(line));
                if plot == Plot::Outgoing && self.rng.chance(1, 4) {
                    self.hold(now, line);
                }
            }
            None => {
                if let Some(caller) = caller.and_then(|caller| self.lines.get_mut(&caller)) {
                    caller.is_served = true;
                }
                self.talk(now, line, caller, matches!(at, Place::Phone(_)));
            }
        }
    }

    /// A caller of the city hears the greeting, and presses his keys.
    fn choose(&mut self, now: Instant, line: Line, plot: Plot, to: &str) {
        let after = self.between(5, 9);
        match plot {
            Plot::Sales | Plot::Missed => self.cue(now, after, Cue::Press(line, "1")),
            Plot::Support if to == MAIN => self.cue(now, after, Cue::Press(line, "2")),
            Plot::Extension | Plot::Mobile => {
                let extension = if plot == Plot::Mobile { TRAVELLER } else { self.pick(&INSIDE) };
                self.cue(now, after, Cue::Press(line, "3"));
                self.cue(now, after + 3, Cue::Press(line, extension));
            }
            _ => {}
        }
    }

    /// Two have met; `line` is of who was called.
    fn talk(&mut self, now: Instant, line: Line, caller: Option<Line>, is_phone: bool) {
        let from_city = caller.and_then(|caller| self.lines.get(&caller)).is_some_and(Part::is_city);
        let at_reception =
            from_city && self.lines.get(&line).is_some_and(|part| part.at == Place::Phone(RECEPTION.to_owned()));
        let fate = if is_phone && from_city { self.fate() } else { Fate::Plain };
        match fate {
            _ if at_reception && self.rng.chance(1, 2) => return self.give_on(now, line),
            Fate::Transfer => return self.give_on(now, line),
            Fate::Park if !self.is_parked() => {
                let after = self.between(8, 15);
                return self.cue(now, after, Cue::Park(line));
            }
            Fate::Hold => self.hold(now, line),
            Fate::Park | Fate::Plain => {}
        }
        let lasts = self.between(25, 100);
        let who = caller.filter(|_| self.rng.chance(1, 2)).unwrap_or(line);
        self.cue(now, lasts, Cue::HangUp(who));
    }

    /// What comes of a talk: drawn like the plots.
    fn fate(&mut self) -> Fate {
        if self.fates.is_empty() {
            self.fates = shuffled(&mut self.rng, &FATES);
        }
        self.fates.pop().unwrap_or(Fate::Plain)
    }

    fn give_on(&mut self, now: Instant, line: Line) {
        let (after, to) = (self.between(8, 20), self.pick(&EXPERTS));
        self.cue(now, after, Cue::Transfer(line, to));
    }

    fn hold(&mut self, now: Instant, line: Line) {
        let (from, lasts) = (self.between(8, 15), self.between(7, 14));
        self.cue(now, from, Cue::Hold(line));
        self.cue(now, from + lasts, Cue::Resume(line));
    }

    fn transfer(&mut self, now: Instant, line: Line, to: &'static str) {
        if !self.is_free(to) {
            return self.cue(now, 10, Cue::HangUp(line));
        }
        self.orders.push_back(Order::Transfer { line, to });
        self.cue(now, 2, Cue::HangUp(line));
        self.let_go(now, line, 35);
    }

    fn park(&mut self, now: Instant, line: Line) {
        if self.load() >= MOST {
            return self.cue(now, 20, Cue::HangUp(line)); // nobody has time to fetch him
        }
        self.orders.push_back(Order::Press { line, keys: "*5" });
        // It hears the place, and is let go.
        self.cue(now, 9, Cue::HangUp(line));
        let after = self.between(14, 24);
        self.cue(now, after, Cue::Begin(Plot::Fetch));
        self.let_go(now, line, 90);
    }

    /// The caller of that line waits for somebody else; for so long.
    fn let_go(&mut self, now: Instant, line: Line, patience: u64) {
        let caller = self.lines.get(&line).and_then(|part| part.caller);
        if let Some(part) = caller.and_then(|caller| self.lines.get_mut(&caller)) {
            part.is_served = false;
        }
        if let Some(caller) = caller {
            self.cue(now, patience, Cue::GiveUp(caller));
        }
    }

    fn plug_out(&mut self, now: Instant) {
        if let Some(phone) = self.idle(&INSIDE).into_iter().find(|phone| *phone != RECEPTION) {
            self.offline.insert(phone);
            self.orders.push_back(Order::Leave(phone));
            let away = self.between(60, 150);
            self.cue(now, away, Cue::PlugIn(phone));
        }
        let calm = self.between(180, 360);
        self.cue(now, calm, Cue::PlugOut);
    }

    fn rings(&self, line: Line) -> bool {
        self.lines.get(&line).is_some_and(|part| !part.is_up)
    }

    fn is_up(&self, line: Line) -> bool {
        self.lines.get(&line).is_some_and(|part| part.is_up)
    }

    /// Whether somebody is on his way to the parking place.
    fn is_parked(&self) -> bool {
        self.cues.values().any(|cue| *cue == Cue::Begin(Plot::Fetch))
    }

    fn is_free(&self, phone: &str) -> bool {
        let has_it = |part: &Part| matches!(&part.at, Place::Phone(at) if at == phone);
        !self.offline.contains(phone) && !self.lines.values().any(has_it)
    }

    /// Those of `phones` who are there and do nothing, in any order.
    fn idle(&mut self, phones: &[&'static str]) -> Vec<&'static str> {
        shuffled(&mut self.rng, phones).into_iter().filter(|phone| self.is_free(phone)).collect()
    }

    fn pick(&mut self, among: &[&'static str]) -> &'static str {
        let at = usize::try_from(self.rng.below(among.len() as u64)).unwrap_or(0);
        among.get(at).copied().unwrap_or_default()
    }

    /// Ten national digits: of the city or a mobile. Nobody has them.
    fn somebody(&mut self) -> String {
        let digits = self.rng.below(1_000_000);
        if self.rng.chance(2, 5) { format!("8120{digits:06}") } else { format!("9980{digits:06}") }
    }

    /// Seconds, both ends included.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.rng.below(most + 1 - least)
    }

    fn cue(&mut self, now: Instant, seconds: u64, cue: Cue) {
        self.count += 1;
        self.cues.insert((now + Duration::from_secs(seconds), self.count), cue);
    }
}

impl Part {
    /// Whether this is who dialled: by what a called phone shows, or by what was dialled when the city is called.
    fn is_party(&self, shown: &str, is_phone: bool) -> bool {
        match &self.at {
            Place::Phone(number) if is_phone => number == shown,
            Place::Phone(_) => national(&self.to) == national(shown),
            Place::City(number) if is_phone => national(number) == national(shown),
            // The city is called for a caller of the city: it is the mobile.
            Place::City(_) => self.plot == Some(Plot::Mobile),
        }
    }

    fn is_city(&self) -> bool {
        matches!(self.at, Place::City(_))
    }
}

/// The last ten digits: 8…, 7… and +7… are the same.
fn national(number: &str) -> &str {
    number.len().checked_sub(10).and_then(|from| number.get(from..)).unwrap_or(number)
}

fn shuffled<T: Copy>(rng: &mut Rng, items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    for at in (1..items.len()).rev() {
        let other = usize::try_from(rng.below(at as u64 + 1)).unwrap_or(0);
        items.swap(at, other);
    }
    items
}

/// The office's numbers, as in config/demo/office.toml.
pub(super) const MAIN: &str = "78120102030";
pub(super) const HOTLINE: &str = "78120102040";
/// Extensions of config/demo/office.toml.
pub(super) const PHONES: [&str; 14] =
    ["201", "202", "203", "204", "205", "206", "207", "208", "209", "210", "211", "212", "213", "214"];
const RECEPTION: &str = "201";
/// Who call outside.
const OUTSIDE: [&str; 8] = ["201", "203", "204", "205", "206", "207", "212", "213"];
/// Who call each other; the support is left to its queue.
const INSIDE: [&str; 9] = ["201", "203", "205", "206", "207", "211", "212", "213", "214"];
/// To whom callers are given on.
const EXPERTS: [&str; 5] = ["203", "206", "207", "211", "213"];
/// Who has a mobile.
const TRAVELLER: &str = "210";
const ROOM: &str = "800";
/// The first parking place.
const PARKED: &str = "701";
const SILENT_SECONDS: u64 = 170;
/// Calls at a time.
const FEWEST: usize = 2;
pub(super) const MOST: usize = 5;
/// Calls that a rush or a meeting begins.
const TOGETHER: usize = 3;
/// Cards that are looked at for one that can be played.
const TRIES: usize = 4;
/// Those that a first look should see; the last is dealt first.
const FIRST: [Plot; 6] = [Plot::Message, Plot::Sales, Plot::Internal, Plot::Outgoing, Plot::Rush, Plot::Outgoing];
const DECK: [Plot; 24] = [
    Plot::Sales,
    Plot::Sales,
    Plot::Sales,
    Plot::Sales,
    Plot::Sales,
    Plot::Support,
    Plot::Support,
    Plot::Support,
    Plot::Rush,
    Plot::Reception,
    Plot::Reception,
    Plot::Extension,
    Plot::Mobile,
    Plot::Missed,
    Plot::Message,
    Plot::Outgoing,
    Plot::Outgoing,
    Plot::Outgoing,
    Plot::Outgoing,
    Plot::Busy,
    Plot::NotAtHome,
    Plot::Internal,
    Plot::Internal,
    Plot::Meeting,
];
const FATES: [Fate; 10] = [
    Fate::Plain,
    Fate::Plain,
    Fate::Plain,
    Fate::Plain,
    Fate::Plain,
    Fate::Hold,
    Fate::Hold,
    Fate::Hold,
    Fate::Transfer,
    Fate::Park,
];

#[cfg(test)]
mod tests;
