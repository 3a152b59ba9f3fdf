//! The door: passwords are checked at most two at a time (each costs tens of milliseconds and 19 MiB), an unknown login
//! costs what a known one does, and wrong passwords slow down the address they come from, never the account. The wait is
//! at most a minute, so that nobody is locked out of his own box for ever.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

use super::gate::network_of;
use super::reply::{Problem, problems};
use super::words::Words;
use crate::base::{Duration, Instant};
use crate::office::Office;

/// Wrong passwords from one address before it has to wait.
pub(super) const FREE_TRIES: u32 = 5;
/// Wrong passwords from one address that are no slips any more.
const GUESSES: u32 = 10;
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Without a wrong password for this long an address starts afresh.
const FORGET: Duration = Duration::from_secs(15 * 60);
/// Addresses remembered; the one quiet for longest is forgotten first.
const ADDRESSES: usize = 4_096;
/// Passwords hashed at once.
const AT_ONCE: usize = 2;
/// Those who may wait for their turn; the next gets 503 with Retry-After.
const WAITING: usize = 2;
/// A longer password is refused unread. Bytes.
const LONGEST_PASSWORD: usize = 256;
/// A new password has at least so many characters.
const SHORTEST_PASSWORD: usize = 10;

#[derive(Debug, Default)]
pub(super) struct Door {
    tries: Mutex<HashMap<IpAddr, Tries>>,
    hashing: Mutex<Hashing>,
    free: Condvar,
    codes: Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Instant,
    not_before: Instant,
}

#[derive(Debug, Default)]
struct Hashing {
    running: usize,
    waiting: usize,
}

impl Door {
    /// Whether `password` is that of `login`. A wrong one counts against `peer`, a right one makes good.
    pub(super) fn check(
        &self,
        office: &Office,
        login: &str,
        password: &str,
        peer: IpAddr,
        now: Instant,
    ) -> Result<bool, Problem> {
        let right = self.check_first(office, login, password, peer, now)?;
        if right {
            self.forgive(peer);
        }
        Ok(right)
    }

    /// The same for the first of two steps: a right password alone makes nothing good, or codes could be tried for ever.
    pub(super) fn check_first(
        &self,
        office: &Office,
        login: &str,
        password: &str,
        peer: IpAddr,
        now: Instant,
    ) -> Result<bool, Problem> {
        self.count(peer, now)?;
        let user = office.users.iter().find(|user| user.login == login && !user.disabled);
        let hash = user.map(|user| user.password_hash.as_str());
        self.hashing(|| is_password(hash, password))
    }

    /// The PHC text of a new password.
    pub(super) fn hash(&self, password: &str) -> Result<String, Problem> {
        self.hashing(|| new_hash(password))?.ok_or_else(|| problems::busy(1))
    }

    /// Counts a try before its outcome is known, so that tries sent at once do not slip through.
    pub(super) fn count(&self, peer: IpAddr, now: Instant) -> Result<(), Problem> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network_of(peer);
        if tries.len() >= ADDRESSES && !tries.contains_key(&network) {
            let quietest = tries.iter().min_by_key(|(_, tries)| tries.last).map(|(peer, _)| *peer);
            quietest.and_then(|peer| tries.remove(&peer));
        }
        let fresh = Tries { wrong: 0, last: now, not_before: now };
        let entry = tries.entry(network).or_insert(fresh);
        if now.since(entry.last) >= FORGET {
            *entry = fresh;
        }
        if now < entry.not_before {
            return Err(problems::slow_down(entry.not_before.since(now).as_secs() + 1));
        }
        entry.wrong += 1;
        entry.last = now;
        entry.not_before = now + wait_after(entry.wrong);
        Ok(())
    }

    /// Whether so many wrong passwords came from there that nobody forgets his own so often.
    pub(super) fn is_guessing(&self, peer: IpAddr) -> bool {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.get(&network_of(peer)).is_some_and(|tries| tries.wrong >= GUESSES)
    }

    /// Somebody has signed in from there.
    pub(super) fn forgive(&self, peer: IpAddr) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(&network_of(peer));
    }

    /// Held while a code of a second factor is looked at and spent.
    pub(super) fn codes(&self) -> std::sync::MutexGuard<'_, ()> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hashing<T>(&self, work: impl FnOnce() -> T) -> Result<T, Problem> {
        let mut hashing = self.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        if hashing.running >= AT_ONCE {
            if hashing.waiting >= WAITING {
                return Err(problems::busy(1));
            }
            hashing.waiting += 1;
            while hashing.running >= AT_ONCE {
                hashing = self.free.wait(hashing).unwrap_or_else(PoisonError::into_inner);
            }
            hashing.waiting -= 1;
        }
        hashing.running += 1;
        drop(hashing);
        let _turn = Turn(self);
        Ok(work())
    }
}

/// Gives the turn back, whatever happens in between.
struct Turn<'a>(&'a Door);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.hashing.lock().unwrap_or_else(PoisonError::into_inner).running -= 1;
        self.0.free.notify_one();
    }
}

/// What is wrong with a new password, if anything.
pub(super) fn weakness(login: &str, password: &str) -> Option<Words> {
    let mut letters: Vec<char> = password.chars().collect();
    let length = letters.len();
    letters.sort_unstable();
    letters.dedup();
    if length < SHORTEST_PASSWORD {
        Some(Words::new("Нужно не меньше 10 знаков.", "At least 10 characters are needed."))
    } else if password.len() > LONGEST_PASSWORD {
        Some(Words::new("Пароль слишком длинный.", "The password is too long."))
    } else if is_common(password) {
        Some(Words::new(
            "Этот пароль угадают первым: он у многих.",
            "Many have this password, and it is guessed first.",
        ))
    } else if letters.len() < 5 {
        Some(Words::new("Знаки слишком часто повторяются.", "Too few different characters."))
    } else if !login.is_empty() && password.to_lowercase().contains(&login.to_lowercase()) && length < login.len() + 8 {
        Some(Words::new("Имя в пароле угадают первым.", "The login in the password is guessed first."))
    } else {
        None
    }
}

/// Whether a password stands on the lists that are tried first, as it is or with something short behind it.
fn is_common(password: &str) -> bool {
    let plain: String = password.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    COMMON.iter().any(|common| plain.strip_prefix(common).is_some_and(|rest| rest.chars().count() <= 4))
}

/// Beginnings of the passwords of ten characters and more that the published lists of leaked ones lead with, and their like on a
/// Russian keyboard.
const COMMON: [&str; 36] = [
    "1234567890",
    "0123456789",
    "123456789",
    "12345678",
    "9876543210",
    "0987654321",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "1qaz2wsx",
    "q1w2e3r4t5",
    "qwertyuiop",
    "qwerty12345",
    "qwerty123",
    "qazwsxedc",
    "asdfghjkl",
    "zxcvbnm",
    "password",
    "passw0rd",
    "p4ssw0rd",
    "iloveyou",
    "administrator",
    "admin12345",
    "admin123",
    "welcome",
    "letmein",
    "changeme",
    "football",
    "superman",
    "sunshine",
    "princess",
    "йцукенгшщз",
    "йцукен",
    "пароль",
    "администратор",
    "abcdefghij",
    "dozvon",
];

fn wait_after(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE_TRIES) {
        None => Duration::ZERO,
        Some(over) => LONGEST_WAIT.min(Duration::from_secs(1 << over.min(6))),
    }
}

fn is_password(hash: Option<&str>, password: &str) -> bool {
    static NOBODY: OnceLock<Option<String>> = OnceLock::new();
    let known = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let nobody = NOBODY.get_or_init(|| new_hash("nobody has this password"));
    let stand_in = nobody.as_deref().and_then(|hash| PasswordHash::new(hash).ok());
    let exists = known.is_some();
    let Some(hash) = known.or(stand_in) else { return false };
    let password = if password.len() > LONGEST_PASSWORD { "" } else { password };
    let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    right && exists && !password.is_empty()
}

fn new_hash(password: &str) -> Option<String> {
    let salt = SaltString::generate(&mut OsRng);
    Argon2::default().hash_password(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests;
