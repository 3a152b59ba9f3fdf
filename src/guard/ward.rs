//! The judge in front of the exchange: who is dropped before the parser, whose wrong passwords are answered, who falls silent for how
//! long. The office's own networks, its trunks and addresses behind which a telephone is registered are never judged: a wrong password
//! from there holds back itself, and an admin learns whose it is. Knows no SIP message; places are IPv4 addresses and IPv6 /64s.
//!
//! Only what proves that its sender receives at his address (a challenge of ours that comes back) counts as a password. What needs no
//! such proof, and so can be sent in another's name, never touches a place that has proved itself within a week.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;

use super::ban::{AGENT, Ban, LOGIN, LOGINS, MEMORY, Reason, cut, place};
use super::bucket::{Bucket, Rate};
use super::gate::Gate;
use super::guesses::Guesses;
use crate::base::{Duration, Instant, WallTime};
use crate::office::Network;

/// Judges places. One owner; time comes in.
#[derive(Debug)]
pub struct Ward {
    gate: Gate,
    trusted: Vec<Network>,
    trunks: HashSet<IpAddr>,
    phones: HashSet<IpAddr>,
    bans: HashMap<IpAddr, Kept>,
    last_id: i64,
    suspects: HashMap<IpAddr, Suspect>,
    guesses: Guesses,
    /// Bans of which an admin learns.
    loud: Bucket,
    events: VecDeque<Event>,
}

/// Now, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For deadlines.
    pub now: Instant,
    /// For what is kept and shown.
    pub wall: WallTime,
}

/// A request that nobody has proved, and what is counted of it.
#[derive(Clone, Copy, Debug)]
pub struct Knock<'a> {
    /// Where it came from.
    pub address: IpAddr,
    /// How the sender calls itself.
    pub user_agent: &'a str,
    /// The login that it claims with a password that is wrong; empty: none.
    pub login: &'a str,
    /// Whether there is such a login. Changes nothing that the sender could see.
    pub is_known: bool,
    /// It calls a number that is none of ours.
    pub dials_out: bool,
}

/// Whether a sender hears anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// He does.
    Say,
    /// He does not.
    Silence,
}

/// What came of it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A place is judged.
    Banned {
        /// For the disk and the page.
        ban: Ban,
        /// An admin learns of it by itself; no more of them than he could read.
        is_loud: bool,
    },
    /// A ban was lifted, or is forgotten.
    Gone {
        /// Its name.
        id: i64,
    },
    /// At home, or beside a good telephone, somebody sends a wrong password again and again.
    OldPassword {
        /// Whose.
        login: String,
        /// From where.
        address: IpAddr,
        /// How it calls itself.
        user_agent: String,
    },
    /// A login is guessed at from many addresses; strangers are not heard for a while.
    Guessed {
        /// Whose.
        login: String,
    },
}

/// An address is the office's own, or a trunk's: it is never judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address of the office's own, or of a trunk")]
pub struct AtHome;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The office's own networks, and trunks.
    Home,
    /// A telephone is registered behind it.
    Phone,
    Stranger,
}

#[derive(Debug)]
struct Kept {
    ban: Ban,
    ends: Instant,
    forgotten: Instant,
}

#[derive(Debug, Default)]
struct Suspect {
    /// The last wrong passwords that were answered.
    wrong: VecDeque<Instant>,
    logins: Vec<String>,
    /// Requests without a proof since the last proof, within [`MINUTE`].
    knocks: u32,
    knocks_since: Instant,
    /// Calls to outside numbers without a proof since the last proof.
    dialled: u32,
    last: Instant,
}

impl Default for Ward {
    fn default() -> Self {
        Self {
            gate: Gate::new(),
            trusted: Vec::new(),
            trunks: HashSet::new(),
            phones: HashSet::new(),
            bans: HashMap::new(),
            last_id: 0,
            suspects: HashMap::new(),
            guesses: Guesses::default(),
            loud: Bucket::full(LOUD, Instant::ZERO),
            events: VecDeque::new(),
        }
    }
}

impl Ward {
    /// The office's own networks. Bans of addresses inside are lifted.
    pub fn set_trusted(&mut self, networks: Vec<Network>) {
        self.trusted = networks;
        self.lift_at_home();
    }

    /// Addresses of trunks. Their bans are lifted.
    pub fn set_trunks(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.trunks = addresses.into_iter().map(place).collect();
        self.lift_at_home();
    }

    /// Addresses behind which a telephone is registered.
    pub fn set_phones(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.phones = addresses.into_iter().map(place).collect();
    }

    /// Bans from before a restart.
    pub fn restore(&mut self, moment: Moment, bans: Vec<Ban>) {
        for ban in bans {
            self.last_id = self.last_id.max(ban.id);
            // A clock that was set back makes no ban longer than it was.
            let from = moment.wall.max(ban.since);
            let ends = moment.now + between(from, ban.until);
            let forgotten = moment.now + between(from, ban.until + MEMORY);
            if self.bans.len() < BANS && self.standing(ban.address) != Standing::Home {
                self.bans.insert(ban.address, Kept { ban, ends, forgotten });
            } else {
                self.events.push_back(Event::Gone { id: ban.id });
            }
        }
    }

    /// What happened; drain until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether a message, or a connection, from there goes on to the parser: nobody judged, and within the rates. Otherwise it is dropped, and counted.
    pub fn admit(&mut self, now: Instant, address: IpAddr) -> bool {
        let standing = self.standing(address);
        standing == Standing::Home
            || !self.drops(now, address, standing)
                && self.gate.admit(now, place(address), standing == Standing::Stranger)
    }

    /// Whether the address is the office's own, a trunk's, or one behind which a telephone is registered.
    pub fn knows(&self, address: IpAddr) -> bool {
        self.standing(address) != Standing::Stranger
    }

    /// A scanner told its name. Silence, but at home, where it is treated as anybody.
    pub fn on_scanner(&mut self, moment: Moment, knock: &Knock<'_>) -> Answer {
        if self.knows(knock.address) {
            return Answer::Say;
        }
        if !self.guesses.knows(moment.now, place(knock.address)) {
            self.judge(moment, knock, Reason::Scanner);
        }
        Answer::Silence
    }

    /// Somebody asks without a proof, and would be challenged.
    pub fn on_knock(&mut self, moment: Moment, knock: &Knock<'_>) -> Answer {
        let (now, place) = (moment.now, place(knock.address));
        if self.knows(knock.address) || self.guesses.knows(now, place) {
            return Answer::Say;
        }
        let Some(suspect) = self.suspect(now, place) else { return Answer::Say };
        if now.since(suspect.knocks_since) >= MINUTE {
            (suspect.knocks, suspect.knocks_since) = (0, now);
        }
        suspect.knocks += 1;
        suspect.dialled += u32::from(knock.dials_out);
        let reason = if suspect.dialled > DIALLED {
            Reason::OutsideCalls
        } else if suspect.knocks > KNOCKS && now.since(suspect.knocks_since) >= PATIENCE {
            Reason::Probing
        } else {
            return Answer::Say;
        };
        self.judge(moment, knock, reason);
        Answer::Silence
    }

    /// Whether a password is looked at. `is_its_flow`: by the very way by which this login is registered.
    pub fn may_try(&self, now: Instant, address: IpAddr, login: &str, is_its_flow: bool) -> bool {
        let (place, login) = (place(address), cut(login, LOGIN));
        match self.standing(address) {
            Standing::Home | Standing::Phone => is_its_flow || self.guesses.may_try_at_home(now, place, &login),
            Standing::Stranger => self.guesses.may_try_elsewhere(now, place, &login),
        }
    }

    /// A wrong password, sent by somebody who receives at his address.
    pub fn on_wrong(&mut self, moment: Moment, knock: &Knock<'_>) -> Answer {
        let (now, place, login) = (moment.now, place(knock.address), cut(knock.login, LOGIN));
        if self.knows(knock.address) {
            let held = self.guesses.wrong_at_home(now, place, &login, knock.is_known);
            if held.is_told {
                let (address, user_agent) = (knock.address.to_canonical(), cut(knock.user_agent, AGENT));
                self.events.push_back(Event::OldPassword { login, address, user_agent });
            }
            return if held.is_answered { Answer::Say } else { Answer::Silence };
        }
        if self.guesses.wrong_elsewhere(now, place, &login, knock.is_known) {
            self.events.push_back(Event::Guessed { login: login.clone() });
        }
        let Some(suspect) = self.suspect(now, place) else { return Answer::Silence };
        if suspect.logins.len() < LOGINS && !suspect.logins.contains(&login) {
            suspect.logins.push(login);
        }
        suspect.wrong.retain(|at| now.since(*at) < MINUTE);
        if suspect.wrong.len() < WRONG {
            suspect.wrong.push_back(now);
            return Answer::Say;
        }
        self.judge(moment, knock, Reason::WrongPasswords);
        Answer::Silence
    }

    /// The right password, of a device that may be used from there.
    pub fn on_proved(&mut self, now: Instant, address: IpAddr, login: &str) {
        let is_at_home = self.standing(address) == Standing::Home;
        let place = place(address);
        self.guesses.proved(now, place, &cut(login, LOGIN), is_at_home);
        if let Some(suspect) = self.suspects.get_mut(&place) {
            // Wrong passwords stay: one good account must not pay for guesses at others.
            (suspect.knocks, suspect.dialled) = (0, 0);
        }
    }

    /// Bans in force, the newest first.
    pub fn bans(&self, now: Instant) -> Vec<Ban> {
        let in_force = self.bans.values().filter(|kept| kept.holds(now, self.standing(kept.ban.address)));
        let mut bans: Vec<Ban> = in_force.map(|kept| kept.ban.clone()).collect();
        bans.sort_by_key(|ban| std::cmp::Reverse(ban.id));
        bans
    }

    /// Bans an address for so long, whoever is registered behind it.
    ///
    /// # Errors
    /// [`AtHome`].
    pub fn ban(&mut self, moment: Moment, address: IpAddr, length: Duration) -> Result<Ban, AtHome> {
        if self.standing(address) == Standing::Home {
            return Err(AtHome);
        }
        let knock = Knock { address, user_agent: "", login: "", is_known: false, dials_out: false };
        Ok(self.put(moment, &knock, Reason::ByHand, Some(length.min(BY_HAND))))
    }

    /// Lifts a ban, and forgets what led to it; false: there is none in force.
    pub fn lift(&mut self, now: Instant, id: i64) -> bool {
        let found = self.bans.iter().find(|(_, kept)| kept.ban.id == id && kept.ends > now).map(|(place, _)| *place);
        let Some(place) = found else { return false };
        self.bans.remove(&place);
        self.suspects.remove(&place);
        self.events.push_back(Event::Gone { id });
        true
    }

    /// Messages dropped for their number, since the start.
    pub fn turned_away(&self) -> u64 {
        self.gate.turned_away()
    }

    fn standing(&self, address: IpAddr) -> Standing {
        let place = place(address);
        if self.trunks.contains(&place) || self.trusted.iter().any(|network| network.contains(address)) {
            Standing::Home
        } else if self.phones.contains(&place) {
            Standing::Phone
        } else {
            Standing::Stranger
        }
    }

    fn drops(&mut self, now: Instant, address: IpAddr, standing: Standing) -> bool {
        let Some(kept) = self.bans.get_mut(&place(address)) else { return false };
        let holds = kept.holds(now, standing);
        kept.ban.dropped += u64::from(holds);
        holds
    }

    /// What is counted of a stranger; `None`: of so many that there is no room for one more.
    fn suspect(&mut self, now: Instant, place: IpAddr) -> Option<&mut Suspect> {
        if self.suspects.len() >= SUSPECTS && !self.suspects.contains_key(&place) {
            self.suspects.retain(|_, suspect| now.since(suspect.last) < MINUTE);
            if self.suspects.len() >= SUSPECTS {
                return None;
            }
        }
        let new = || Suspect { knocks_since: now, last: now, ..Suspect::default() };
        let suspect = self.suspects.entry(place).or_insert_with(new);
        if now.since(suspect.last) >= FORGET {
            *suspect = new();
        }
        suspect.last = now;
        Some(suspect)
    }

    fn judge(&mut self, moment: Moment, knock: &Knock<'_>, reason: Reason) {
        self.put(moment, knock, reason, None);
    }

    fn put(&mut self, moment: Moment, knock: &Knock<'_>, reason: Reason, length: Option<Duration>) -> Ban {
        let Moment { now, wall } = moment;
        let place = place(knock.address);
        let suspect = self.suspects.remove(&place).unwrap_or_default();
        let before = self.bans.remove(&place).filter(|kept| kept.forgotten > now);
        if before.is_none() {
            self.make_room(now);
        }
        self.last_id += 1;
        let id = before.as_ref().map_or(self.last_id, |kept| kept.ban.id);
        let times = before.as_ref().map_or(0, |kept| kept.ban.times).saturating_add(1);
        let length = length.unwrap_or_else(|| Ban::length(times));
        let ban = Ban {
            id,
            address: place,
            reason,
            since: wall,
            until: wall + length,
            times,
            dropped: before.map_or(0, |kept| kept.ban.dropped),
            user_agent: cut(knock.user_agent, AGENT),
            logins: suspect.logins,
        };
        let ends = now + length;
        self.bans.insert(place, Kept { ban: ban.clone(), ends, forgotten: ends + MEMORY });
        self.events.push_back(Event::Banned { ban: ban.clone(), is_loud: self.loud.take(LOUD, now) });
        ban
    }

    /// A place among the bans: those that are forgotten go, else the one that would be forgotten first.
    fn make_room(&mut self, now: Instant) {
        if self.bans.len() < BANS {
            return;
        }
        let first = self.bans.values().map(|kept| kept.forgotten).min().unwrap_or(now).max(now);
        let events = &mut self.events;
        self.bans.retain(|_, kept| {
            let stays = kept.forgotten > first;
            if !stays {
                events.push_back(Event::Gone { id: kept.ban.id });
            }
            stays
        });
    }

    fn lift_at_home(&mut self) {
        let home: Vec<IpAddr> =
            self.bans.keys().copied().filter(|place| self.standing(*place) == Standing::Home).collect();
        for place in home {
            if let Some(kept) = self.bans.remove(&place) {
                self.events.push_back(Event::Gone { id: kept.ban.id });
            }
        }
    }
}

impl Kept {
    /// A telephone's address is open, unless an admin closed it.
    fn holds(&self, now: Instant, standing: Standing) -> bool {
        let applies = match standing {
            Standing::Home => false,
            Standing::Phone => self.ban.reason == Reason::ByHand,
            Standing::Stranger => true,
        };
        applies && self.ends > now
    }
}

fn between(from: WallTime, to: WallTime) -> Duration {
    Duration::from_millis(u64::try_from(to.millis().saturating_sub(from.millis())).unwrap_or(0))
}

/// Wrong passwords from an address that are answered within [`MINUTE`]; the next one is judged.
pub const WRONG: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);
/// Calls to outside numbers without a proof that are answered.
const DIALLED: u32 = 3;
/// Requests without any proof that are answered within [`MINUTE`], when that took longer than [`PATIENCE`]: as many telephones as a branch
/// has may wake at once, and the first of them proves itself within moments.
const KNOCKS: u32 = 60;
const PATIENCE: Duration = Duration::from_secs(5);
/// A stranger who keeps still for so long is as new.
const FORGET: Duration = Duration::from_secs(600);
/// The longest that an admin may ban for.
pub const BY_HAND: Duration = Duration::from_secs(366 * 24 * 3600);
/// Bans that are kept, with those that are over and remembered.
const BANS: usize = 10_000;
/// Strangers who are counted one by one. A wrong password of one more is not answered.
const SUSPECTS: usize = 4096;
/// Bans of which an admin learns by themselves: so many at once, one a minute.
const LOUD: Rate = Rate::one_each(MINUTE, 30);

#[cfg(test)]
mod tests;
