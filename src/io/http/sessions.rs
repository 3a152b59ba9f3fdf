//! Who is signed in: cookie sessions, in memory only. A session dies of idleness, at sign-out, when its user is removed or disabled,
//! and when the password changes anywhere else; that of somebody from outside also when the settings let him in no more, and
//! after [`GUEST_LIFE`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::rand_core::{OsRng, RngCore};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::guests::{Guest, Proof};
use crate::base::{Duration, Instant, WallTime};
use crate::io::accounts::Origin;
use crate::office::{Office, Role, User};

/// A session without a request for this long is over.
pub const SESSION_IDLE: Duration = Duration::from_secs(30 * 60);
/// Whoever is from outside must prove himself again after this: his role is only as true as his last sign-in.
const GUEST_LIFE: Duration = Duration::from_secs(12 * 3_600);
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
    account: Account,
    csrf: String,
    opened_at: Instant,
    used_at: Instant,
    from: From,
    /// A second factor that is being set up: its secret.
    factor: Option<Vec<u8>>,
}

/// Whose session it is.
#[derive(Debug, Clone)]
enum Account {
    Local { login: String, password_hash: String },
    Guest(Guest),
}

impl Account {
    fn login(&self) -> &str {
        match self {
            Self::Local { login, .. } => login,
            Self::Guest(guest) => &guest.login,
        }
    }

    fn origin(&self) -> Origin {
        match self {
            Self::Local { .. } => Origin::Local,
            Self::Guest(guest) => guest.origin(),
        }
    }

    /// What it may do now; `None`: not even be here.
    fn may(&self, office: &Office) -> Option<May> {
        match self {
            // Not removed here: while a password changes, the new hash is in force before `keep` has told this session.
            Self::Local { login, password_hash } => {
                let user = office.users.iter().find(|user| user.login == *login)?;
                (user.password_hash == *password_hash && !user.disabled).then(|| May {
                    role: user.role,
                    must_change: user.must_change,
                    hear: user.role == Role::Admin || user.may_hear_recordings,
                })
            }
            Self::Guest(guest) => {
                let (role, hear) = guest.may(office)?;
                Some(May { role, must_change: false, hear })
            }
        }
    }
}

/// What somebody may do.
struct May {
    role: Role,
    must_change: bool,
    hear: bool,
}

/// From where and when somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct From {
    pub(super) address: IpAddr,
    /// As the browser says; may be anything, and empty.
    pub(super) user_agent: String,
    pub(super) since: WallTime,
}

/// A session as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// Tells sessions apart and opens nothing.
    pub(super) id: String,
    pub(super) key: Key,
    pub(super) login: String,
    pub(super) origin: Origin,
    pub(super) address: IpAddr,
    pub(super) user_agent: String,
    pub(super) since: WallTime,
    pub(super) last_seen: WallTime,
}

/// A live session with what its user may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedIn {
    pub(super) key: Key,
    pub(super) login: String,
    /// Where this account lives: logins are unique within one origin.
    pub(super) origin: Origin,
    pub(super) role: Role,
    pub(super) csrf: String,
    pub(super) must_change: bool,
    /// Whether recordings and messages may be heard.
    pub(super) may_hear: bool,
}

impl Sessions {
    /// Opens a session for `user` and returns the cookie's secret with it.
    pub(super) fn open(&self, user: &User, from: From, now: Instant) -> (String, SignedIn) {
        let may = May {
            role: user.role,
            must_change: user.must_change,
            hear: user.role == Role::Admin || user.may_hear_recordings,
        };
        let account = Account::Local { login: user.login.clone(), password_hash: user.password_hash.clone() };
        self.add(account, &may, from, now)
    }

    /// The same for somebody from outside; `None`: the settings let him do nothing here.
    pub(super) fn open_guest(
        &self,
        guest: Guest,
        office: &Office,
        from: From,
        now: Instant,
    ) -> Option<(String, SignedIn)> {
        let account = Account::Guest(guest);
        let may = account.may(office)?;
        Some(self.add(account, &may, from, now))
    }

    fn add(&self, account: Account, may: &May, from: From, now: Instant) -> (String, SignedIn) {
        let (secret, csrf) = (random_word(), random_word());
        let key = key_of(&secret);
        let signed_in = SignedIn::of(key, &account, may, csrf.clone());
        let session = Session { account, csrf, opened_at: now, used_at: now, from, factor: None };
        let mut sessions = self.lock();
        sessions.retain(|_, session| !session.is_over(now));
        if sessions.len() >= SESSIONS {
            let idlest = sessions.iter().min_by_key(|(_, session)| session.used_at).map(|(key, _)| *key);
            idlest.and_then(|key| sessions.remove(&key));
        }
        sessions.insert(key, session);
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
        if session.is_over(now) {
            sessions.remove(&key);
            return None;
        }
        let may = session.account.may(office)?;
        if touch {
            session.used_at = now;
        }
        Some(SignedIn::of(key, &session.account, &may, session.csrf.clone()))
    }

    /// What the provider signed when this session began.
    pub(super) fn id_token(&self, key: &Key) -> Option<String> {
        match &self.lock().get(key)?.account {
            Account::Guest(Guest { proof: Proof::Openid { id_token, .. }, .. }) => Some(id_token.clone()),
            Account::Guest(_) | Account::Local { .. } => None,
        }
    }

    /// Ends one.
    pub(super) fn close(&self, key: &Key) {
        self.lock().remove(key);
    }

    /// Keeps this session over its own change of password; the user's other sessions end by their old hash.
    pub(super) fn keep(&self, key: &Key, hash: &str) {
        if let Some(Account::Local { password_hash, .. }) = self.lock().get_mut(key).map(|one| &mut one.account) {
            hash.clone_into(password_hash);
        }
    }

    /// Ends the sessions of an account of the office file, but for `own`, which goes on as `login` with this hash.
    pub(super) fn end(&self, of: &str, own: Option<&Key>, login: &str, password_hash: &str) {
        let mut sessions = self.lock();
        sessions.retain(|key, session| {
            let is_his = matches!(&session.account, Account::Local { login, .. } if login == of);
            !is_his || Some(key) == own
        });
        if let Some(session) = own.and_then(|own| sessions.get_mut(own)) {
            let (login, password_hash) = (login.to_owned(), password_hash.to_owned());
            session.account = Account::Local { login, password_hash };
        }
    }

    /// The sessions that live, those used last first. `wall` is the calendar at `now`.
    pub(super) fn list(&self, office: &Office, now: Instant, wall: WallTime) -> Vec<Shown> {
        let keys: Vec<Key> = self.lock().keys().copied().collect();
        let alive: Vec<Key> = keys.into_iter().filter(|key| self.is_alive(*key, office, now)).collect();
        let sessions = self.lock();
        let mut list: Vec<(Instant, Shown)> = alive
            .into_iter()
            .filter_map(|key| Some((key, sessions.get(&key)?)))
            .map(|(key, session)| {
                let ago = i64::try_from(now.since(session.used_at).as_millis()).unwrap_or(0);
                let shown = Shown {
                    id: URL_SAFE_NO_PAD.encode(key.get(..9).unwrap_or_default()),
                    key,
                    login: session.account.login().to_owned(),
                    origin: session.account.origin(),
                    address: session.from.address,
                    user_agent: session.from.user_agent.clone(),
                    since: session.from.since,
                    last_seen: WallTime(wall.millis() - ago),
                };
                (session.used_at, shown)
            })
            .collect();
        list.sort_by(|(one, _), (other, _)| other.cmp(one));
        list.into_iter().map(|(_, shown)| shown).collect()
    }

    /// Keeps the secret of a second factor until it is proved, or forgets it.
    pub(super) fn set_factor(&self, key: &Key, secret: Option<Vec<u8>>) {
        if let Some(session) = self.lock().get_mut(key) {
            session.factor = secret;
        }
    }

    /// The secret that is being set up.
    pub(super) fn factor(&self, key: &Key) -> Option<Vec<u8>> {
        self.lock().get(key)?.factor.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Session>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        let is_guest = matches!(self.account, Account::Guest(_));
        now.since(self.used_at) >= SESSION_IDLE || (is_guest && now.since(self.opened_at) >= GUEST_LIFE)
    }
}

impl SignedIn {
    fn of(key: Key, account: &Account, may: &May, csrf: String) -> Self {
        let (login, origin) = (account.login().to_owned(), account.origin());
        Self { key, login, origin, role: may.role, csrf, must_change: may.must_change, may_hear: may.hear }
    }

    /// As the audit log names him.
    pub(super) fn name(&self) -> String {
        self.origin.named(&self.login)
    }

    /// Whether this is the account of the office file with this login.
    pub(super) fn is(&self, login: &str) -> bool {
        self.origin == Origin::Local && self.login == login
    }

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
        User::new(login, Role::Admin, hash, false)
    }

    fn office(users: Vec<User>) -> Office {
        Office { users, ..Office::default() }
    }

    const START: Instant = Instant::ZERO;

    fn from() -> From {
        From { address: IpAddr::from([192, 0, 2, 7]), user_agent: "browser".to_owned(), since: WallTime(0) }
    }

    #[test]
    fn a_session_lives_while_it_is_used_and_dies_of_idleness() {
        let (sessions, office) = (Sessions::default(), office(vec![user("admin", "h")]));
        let (secret, _) = sessions.open(&office.users[0], from(), START);
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
        let (mine, signed_in) = sessions.open(&before.users[0], from(), START);
        let (other, _) = sessions.open(&before.users[0], from(), START);
        let after = office(vec![user("admin", "new")]);
        sessions.keep(&signed_in.key, "new");
        assert!(sessions.find(&mine, &after, START, true).is_some());
        assert!(sessions.find(&other, &after, START, true).is_none());
        assert!(sessions.find(&mine, &office(vec![]), START, true).is_none());
    }

    #[test]
    fn a_disabled_user_is_out_at_once_and_a_changed_one_but_for_the_session_that_changed_him() {
        let sessions = Sessions::default();
        let before = office(vec![user("admin", "h")]);
        let (mine, signed_in) = sessions.open(&before.users[0], from(), START);
        let (other, _) = sessions.open(&before.users[0], from(), START);
        let disabled = office(vec![User { disabled: true, ..user("admin", "h") }]);
        assert!(sessions.find(&mine, &disabled, START, true).is_none());
        assert_eq!(sessions.list(&before, START, WallTime(0)).len(), 2);
        sessions.end("admin", Some(&signed_in.key), "boss", "h");
        let renamed = office(vec![user("boss", "h")]);
        assert!(sessions.find(&mine, &renamed, START, true).is_some());
        assert!(sessions.find(&other, &before, START, true).is_none());
    }

    #[test]
    fn a_guest_is_out_when_the_settings_say_so_and_after_half_a_day() {
        let sessions = Sessions::default();
        let mut office = office(vec![user("anna", "h")]);
        office.ldap.enabled = true;
        office.ldap.viewer_groups.push("staff".to_owned());
        let guest = |values: &[&str]| Guest {
            login: "anna".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            proof: Proof::Ldap { server: String::new() },
        };
        assert!(sessions.open_guest(guest(&["others"]), &office, from(), START).is_none());
        let (secret, signed_in) = sessions.open_guest(guest(&["cn=staff,dc=x"]), &office, from(), START).unwrap();
        assert_eq!((signed_in.role, signed_in.name().as_str()), (Role::Viewer, "anna (LDAP)"));
        assert!(!signed_in.is("anna"), "another than the local one of this name");
        sessions.end("anna", None, "anna", "h");
        sessions.keep(&signed_in.key, "h");
        let mut now = START;
        for _ in 0..23 {
            now += SESSION_IDLE - Duration::from_secs(1);
            assert!(sessions.find(&secret, &office, now, true).is_some());
        }
        office.ldap.admin_groups.push("staff".to_owned());
        assert_eq!(sessions.find(&secret, &office, now, true).map(|one| one.role), Some(Role::Admin));
        let mut off = office.clone();
        off.ldap.enabled = false;
        assert!(sessions.find(&secret, &off, now, true).is_none());
        assert!(sessions.find(&secret, &office, START + GUEST_LIFE, true).is_none(), "however busy");
    }

    #[test]
    fn the_idlest_session_gives_way_when_there_are_too_many() {
        let (sessions, office) = (Sessions::default(), office(vec![user("admin", "h")]));
        let (first, _) = sessions.open(&office.users[0], from(), START);
        for second in 1..=SESSIONS as u64 {
            sessions.open(&office.users[0], from(), START + Duration::from_secs(second));
        }
        assert!(sessions.find(&first, &office, START + Duration::from_secs(1), true).is_none());
        assert_eq!(sessions.lock().len(), SESSIONS);
    }
}
