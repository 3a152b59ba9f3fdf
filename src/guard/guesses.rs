//! Who proved which login from where, and who guesses at it. A login that is guessed at from everywhere is closed to strangers for a
//! while, and stays open where it was proved before; at home the one that sends a wrong password is held back, and nobody beside it.

use std::collections::HashMap;
use std::net::IpAddr;

use super::ban::MEMORY;
use super::bucket::{Bucket, Rate};
use crate::base::{Duration, Instant};

/// The tables of guesses and proofs, bounded: logins that exist are kept before those that are made up.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    /// Wrong passwords from places that are never judged, by place and login.
    at_home: HashMap<(IpAddr, String), AtHome>,
    /// Wrong passwords of strangers, by login.
    logins: HashMap<String, Login>,
    /// Proofs: when a login was last proved from a place.
    proofs: HashMap<(IpAddr, String), Instant>,
    /// When anything was last proved from a place.
    places: HashMap<IpAddr, Instant>,
}

#[derive(Debug)]
struct AtHome {
    bucket: Bucket,
    /// Wrong ones since the last right one.
    in_row: u32,
    last: Instant,
    told: Option<Instant>,
    is_known: bool,
}

#[derive(Debug)]
struct Login {
    bucket: Bucket,
    told: Option<Instant>,
    is_known: bool,
}

/// What becomes of a wrong password from a place that is never judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeldBack {
    /// It is answered.
    pub(super) is_answered: bool,
    /// An admin is to learn of it.
    pub(super) is_told: bool,
}

impl Guesses {
    /// Whether a guess from a place that is never judged is looked at.
    pub(super) fn may_try_at_home(&self, now: Instant, place: IpAddr, login: &str) -> bool {
        self.at_home.get(&(place, login.to_owned())).is_none_or(|one| !one.bucket.is_empty(AT_HOME, now))
    }

    /// Whether a stranger's guess is looked at: where the login was proved before it always is.
    pub(super) fn may_try_elsewhere(&self, now: Instant, place: IpAddr, login: &str) -> bool {
        self.has_proved(now, place, login)
            || self.logins.get(login).is_none_or(|one| !one.bucket.is_empty(ELSEWHERE, now))
    }

    /// A wrong password from a place that is never judged.
    pub(super) fn wrong_at_home(&mut self, now: Instant, place: IpAddr, login: &str, is_known: bool) -> HeldBack {
        let key = (place, login.to_owned());
        if !self.at_home.contains_key(&key) && self.at_home.len() >= MOST {
            self.at_home.retain(|_, one| one.is_known && now.since(one.last) < FORGET_WRONG);
            if self.at_home.len() >= MOST {
                return HeldBack { is_answered: false, is_told: false };
            }
        }
        let new = AtHome { bucket: Bucket::full(AT_HOME, now), in_row: 0, last: now, told: None, is_known };
        let one = self.at_home.entry(key).or_insert(new);
        if now.since(one.last) >= FORGET_WRONG {
            one.in_row = 0;
        }
        one.last = now;
        one.in_row = one.in_row.saturating_add(1);
        let is_due = one.told.is_none_or(|told| now.since(told) >= TELL_EVERY);
        let is_told = is_known && one.in_row >= IN_ROW && is_due;
        if is_told {
            one.told = Some(now);
        }
        HeldBack { is_answered: one.bucket.take(AT_HOME, now), is_told }
    }

    /// A stranger's wrong password. True when an admin is to learn that this login is guessed at.
    pub(super) fn wrong_elsewhere(&mut self, now: Instant, place: IpAddr, login: &str, is_known: bool) -> bool {
        if self.has_proved(now, place, login) {
            return false; // who was here before mistypes; his place is judged by itself
        }
        if !self.logins.contains_key(login) && self.logins.len() >= MOST {
            self.logins.retain(|_, one| one.is_known && !one.bucket.is_full(ELSEWHERE, now));
            if self.logins.len() >= MOST {
                return false;
            }
        }
        let new = Login { bucket: Bucket::full(ELSEWHERE, now), told: None, is_known };
        let one = self.logins.entry(login.to_owned()).or_insert(new);
        one.bucket.take(ELSEWHERE, now);
        let is_due = one.told.is_none_or(|told| now.since(told) >= TELL_EVERY);
        let tell = is_known && is_due && one.bucket.is_empty(ELSEWHERE, now);
        if tell {
            one.told = Some(now);
        }
        tell
    }

    /// The right password.
    pub(super) fn proved(&mut self, now: Instant, place: IpAddr, login: &str, is_at_home: bool) {
        let key = (place, login.to_owned());
        self.at_home.remove(&key);
        if is_at_home {
            return;
        }
        let is_old = |at: &mut Instant| now.since(*at) < MEMORY;
        if self.proofs.len() >= MOST && !self.proofs.contains_key(&key) {
            self.proofs.retain(|_, at| is_old(at));
        }
        if self.places.len() >= MOST && !self.places.contains_key(&place) {
            self.places.retain(|_, at| is_old(at));
        }
        if self.proofs.len() < MOST || self.proofs.contains_key(&key) {
            self.proofs.insert(key, now);
        }
        if self.places.len() < MOST || self.places.contains_key(&place) {
            self.places.insert(place, now);
        }
    }

    /// Whether something was proved from there of late.
    pub(super) fn knows(&self, now: Instant, place: IpAddr) -> bool {
        self.places.get(&place).is_some_and(|at| now.since(*at) < MEMORY)
    }

    fn has_proved(&self, now: Instant, place: IpAddr, login: &str) -> bool {
        self.proofs.get(&(place, login.to_owned())).is_some_and(|at| now.since(*at) < MEMORY)
    }

    #[cfg(test)]
    pub(super) fn rows(&self) -> usize {
        self.at_home.len().max(self.logins.len()).max(self.proofs.len()).max(self.places.len())
    }
}

/// Wrong passwords of one login from one place that is never judged: ten at once, ten a minute.
const AT_HOME: Rate = Rate::one_each(Duration::from_secs(6), 10);
/// Wrong passwords for one login from all strangers together: twenty at once, thirty an hour.
const ELSEWHERE: Rate = Rate::one_each(Duration::from_secs(120), 20);
/// Wrong passwords in a row that are no slip any more.
const IN_ROW: u32 = 3;
/// A row of wrong passwords ends after so long without one.
const FORGET_WRONG: Duration = Duration::from_secs(24 * 3600);
/// An admin learns of the same thing so often.
const TELL_EVERY: Duration = Duration::from_secs(3600);
/// Rows of a table.
pub(super) const MOST: usize = 4096;
