//! Who is signed in: cookie sessions, in memory only. A session dies of idleness, at sign-out, when its user is removed,
//! and when the password changes anywhere else.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::rand_core::{OsRng, RngCore};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base::{Duration, Instant};
use crate::office::{Office, Role, User};

/// A session without a request for this long is over.
pub const SESSION_IDLE: Duration = Duration::from_secs(30 * 60);
/// Sessions at a time; the one that has been idle longest gives way.
const SESSIONS: usize = 256;
/// `__Host-`: Secure, no Domain, the whole site; another host of the domain can't set it.
pub(super) const COOKIE: &str = "__Host-dozvon";

/// SHA-256 of a session's secret: the secret itself is only in the cookie.
pub(super) type Key = [u8; 32];

#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_key: Mutex<HashMap<Key, Session>>,
}

#[derive(Debug, Clone)]
struct Session {
    login: String,
    csrf: String,
    password_hash: String,
    used_at: Instant,
}

/// A live session with what its user may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedIn {
    pub(super) key: Key,
    pub(super) login: String,
    pub(super) role: Role,
    pub(super) csrf: String,
    pub(super) must_change: bool,
}

impl Sessions {
    /// Opens a session for `user` and returns the cookie's secret with it.
    pub(super) fn open(&self, user: &User, now: Instant) -> (String, SignedIn) {
        let (secret, csrf) = (random_word(), random_word());
        let key = key_of(&secret);
        let session = Session {
            login: user.login.clone(),
            csrf: csrf.clone(),
            password_hash: user.password_hash.clone(),
            used_at: now,
        };
        let mut sessions = self.lock();
        sessions.retain(|_, session| now.since(session.used_at) < SESSION_IDLE);
        if sessions.len() >= SESSIONS {
            let idlest = sessions.iter().min_by_key(|(_, session)| session.used_at).map(|(key, _)| *key);
            idlest.and_then(|key| sessions.remove(&key));
        }
        sessions.insert(key, session);
        let signed_in =
            SignedIn { key, login: user.login.clone(), role: user.role, csrf, must_change: user.must_change };
        (secret, signed_in)
    }

    /// The session of this cookie. `touch`: this request counts as use.
    pub(super) fn find(&self, secret: &str, office: &Office, now: Instant, touch: bool) -> Option<SignedIn> {
        self.look(key_of(secret), office, now, touch)
    }

    /// Whether the session still lives, without using it.
    pub(super) fn is_alive(&self, key: Key, office: &Office, now: Instant) -> bool {
        self.look(key, office, now, false).is_some()
    }

    fn look(&self, key: Key, office: &Office, now: Instant, touch: bool) -> Option<SignedIn> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(&key)?;
        if now.since(session.used_at) >= SESSION_IDLE {
            sessions.remove(&key);
            return None;
        }
        // Not removed here: while a password changes, the new hash is in force before `keep` has told this session.
        let user = office.users.iter().find(|user| user.login == session.login)?;
        if user.password_hash != session.password_hash {
            return None;
        }
        if touch {
            session.used_at = now;
        }
        let csrf = session.csrf.clone();
        Some(SignedIn { key, login: user.login.clone(), role: user.role, csrf, must_change: user.must_change })
    }

    /// Ends one.
    pub(super) fn close(&self, key: &Key) {
        self.lock().remove(key);
    }

    /// Keeps this session over its own change of password; the user's other sessions end by their old hash.
    pub(super) fn keep(&self, key: &Key, password_hash: &str) {
        if let Some(session) = self.lock().get_mut(key) {
            password_hash.clone_into(&mut session.password_hash);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Session>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SignedIn {
    /// Whether this is the session's X-CSRF-Token.
    pub(super) fn csrf_is(&self, given: &str) -> bool {
        bool::from(self.csrf.as_bytes().ct_eq(given.as_bytes()))
    }
}

/// SHA-256, as tokens and sessions are stored.
pub(super) fn key_of(secret: &str) -> Key {
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 random bits as a word for cookies and headers.
pub(super) fn random_word() -> String {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(login: &str, hash: &str) -> User {
        User { login: login.to_owned(), role: Role::Admin, password_hash: hash.to_owned(), must_change: false }
    }

    fn office(users: Vec<User>) -> Office {
        Office { users, ..Office::default() }
    }

    const START: Instant = Instant::ZERO;

    #[test]
    fn a_session_lives_while_it_is_used_and_dies_of_idleness() {
        let (sessions, office) = (Sessions::default(), office(vec![user("admin", "h")]));
        let (secret, _) = sessions.open(&office.users[0], START);
        let almost = SESSION_IDLE - Duration::from_secs(1);
        assert!(sessions.find(&secret, &office, START + almost, true).is_some());
        assert!(sessions.find(&secret, &office, START + almost + almost, false).is_some(), "used in between");
        assert!(sessions.find(&secret, &office, START + almost + SESSION_IDLE, true).is_none());
        assert!(sessions.find(&secret, &office, START, true).is_none(), "and does not come back");
    }

    #[test]
    fn a_new_password_or_a_removed_user_ends_the_other_sessions() {
        let sessions = Sessions::default();
        let before = office(vec![user("admin", "old")]);
        let (mine, signed_in) = sessions.open(&before.users[0], START);
        let (other, _) = sessions.open(&before.users[0], START);
        let after = office(vec![user("admin", "new")]);
        sessions.keep(&signed_in.key, "new");
        assert!(sessions.find(&mine, &after, START, true).is_some());
        assert!(sessions.find(&other, &after, START, true).is_none());
        assert!(sessions.find(&mine, &office(vec![]), START, true).is_none());
    }

    #[test]
    fn the_idlest_session_gives_way_when_there_are_too_many() {
        let (sessions, office) = (Sessions::default(), office(vec![user("admin", "h")]));
        let (first, _) = sessions.open(&office.users[0], START);
        for second in 1..=SESSIONS as u64 {
            sessions.open(&office.users[0], START + Duration::from_secs(second));
        }
        assert!(sessions.find(&first, &office, START + Duration::from_secs(1), true).is_none());
        assert_eq!(sessions.lock().len(), SESSIONS);
    }
}
