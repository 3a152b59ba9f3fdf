//! Web accounts from the console, and the first one.

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHasher, SaltString};
use serde::{Deserialize, Serialize};

use crate::base::Rng;
use crate::office::{Office, Role, User};

/// What the first start prints, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstSignIn {
    /// The one-time password; `None` when the environment gave one, which is not repeated.
    pub password: Option<String>,
}

/// A change of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum UserChange {
    /// A new account.
    Add {
        /// Unique.
        login: String,
        /// `admin` or `viewer`.
        admin: bool,
        /// argon2id, PHC text.
        password_hash: String,
        /// Whether the next sign-in must choose another password.
        must_change: bool,
    },
    /// Another password for an account.
    Password {
        /// Whose.
        login: String,
        /// argon2id, PHC text.
        password_hash: String,
        /// Whether the next sign-in must choose another password.
        must_change: bool,
    },
}

/// Where an account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the office file.
    Local,
    /// At the OpenID provider.
    Openid,
    /// In the directory.
    Ldap,
}

impl Origin {
    /// For programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Openid => "openid",
            Self::Ldap => "ldap",
        }
    }

    /// How the audit log and the versions name somebody: `anna`, `anna (OpenID)`. No login of the office file looks like the latter.
    pub fn named(self, login: &str) -> String {
        match self {
            Self::Local => login.to_owned(),
            Self::Openid => format!("{login}{OPENID}"),
            Self::Ldap => format!("{login}{LDAP}"),
        }
    }

    /// Where the account lives that is named so.
    pub fn of_name(name: &str) -> Self {
        if name.ends_with(OPENID) {
            Self::Openid
        } else if name.ends_with(LDAP) {
            Self::Ldap
        } else {
            Self::Local
        }
    }
}

const OPENID: &str = " (OpenID)";
const LDAP: &str = " (LDAP)";

/// Why an account can't be made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// There is one already.
    #[error("there is a user {0} already; `dozvon user set-password {0}` gives him another password")]
    Taken(String),
    /// There is none.
    #[error("there is no user {0}; `dozvon user list` shows who there is")]
    Unknown(String),
    /// A login that would not survive the office file.
    #[error("{0:?} is no login: letters, digits, and . _ @ - between them")]
    Login(String),
    /// A password that is no obstacle.
    #[error("the password is too short: at least {SHORTEST} characters")]
    Weak,
    /// The hash function refused.
    #[error("password: {0}")]
    Hash(String),
}

/// The office of a new box and its first account. `DOZVON_ADMIN_PASSWORD` in the environment sets the password, which
/// then need not be changed at the first sign-in.
///
/// # Errors
/// [`AccountError::Hash`].
pub fn first_start(rng: &mut Rng) -> Result<(Office, FirstSignIn), AccountError> {
    let (password, sign_in) = first_password(rng);
    let must_change = sign_in.password.is_some();
    Ok((Office::first_start(rng, &hash(&password)?, must_change), sign_in))
}

/// The first account's password: that of `DOZVON_ADMIN_PASSWORD`, or a new one, which is told.
pub(super) fn first_password(rng: &mut Rng) -> (String, FirstSignIn) {
    match std::env::var("DOZVON_ADMIN_PASSWORD").ok().filter(|password| !password.is_empty()) {
        Some(password) => (password, FirstSignIn { password: None }),
        None => {
            let password = new_password(rng);
            (password.clone(), FirstSignIn { password: Some(password) })
        }
    }
}

/// A password that can be read out on the telephone.
pub fn new_password(rng: &mut Rng) -> String {
    [(); 4].map(|()| rng.token(4)).join("-")
}

/// The argon2id hash of a password a person chose, as PHC text.
///
/// # Errors
/// [`AccountError::Weak`], [`AccountError::Hash`].
pub fn hash_chosen(password: &str) -> Result<String, AccountError> {
    if password.chars().count() < SHORTEST { Err(AccountError::Weak) } else { hash(password) }
}

/// The argon2id hash of a password, as PHC text.
///
/// # Errors
/// [`AccountError::Hash`].
pub fn hash(password: &str) -> Result<String, AccountError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| AccountError::Hash(error.to_string()))
}

/// The office with one account changed.
///
/// # Errors
/// [`AccountError::Taken`], [`AccountError::Unknown`], [`AccountError::Login`].
pub fn changed(office: &Office, change: UserChange) -> Result<Office, AccountError> {
    let mut office = office.clone();
    match change {
        UserChange::Add { login, admin, password_hash, must_change } => {
            if !is_login(&login) {
                return Err(AccountError::Login(login));
            }
            if office.users.iter().any(|user| user.login == login) {
                return Err(AccountError::Taken(login));
            }
            let role = if admin { Role::Admin } else { Role::Viewer };
            office.users.push(User::new(login, role, password_hash, must_change));
        }
        UserChange::Password { login, password_hash, must_change } => {
            let Some(user) = office.users.iter_mut().find(|user| user.login == login) else {
                return Err(AccountError::Unknown(login));
            };
            user.password_hash = password_hash;
            user.must_change = must_change;
        }
    }
    Ok(office)
}

/// Whether this may be the login of a web account: 1 to 64 letters and digits, with `. _ @ -` between them.
pub fn is_login(login: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '@' | '-');
    (1..=64).contains(&login.chars().count()) && login.chars().all(inside) && login.starts_with(char::is_alphanumeric)
}

/// As on the page.
const SHORTEST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_added_once_and_found_for_a_new_password() {
        let office = Office::first_start(&mut Rng::from_seed(1), "$argon2id$one", true);
        let add = |login: &str| UserChange::Add {
            login: login.to_owned(),
            admin: false,
            password_hash: "$argon2id$two".to_owned(),
            must_change: true,
        };
        let office = changed(&office, add("boss")).expect("new");
        assert_eq!(office.users.last().map(|user| (user.role, user.must_change)), Some((Role::Viewer, true)));
        assert_eq!(changed(&office, add("boss")), Err(AccountError::Taken("boss".to_owned())));
        assert_eq!(changed(&office, add("два слова")), Err(AccountError::Login("два слова".to_owned())));
        let password = |login: &str| UserChange::Password {
            login: login.to_owned(),
            password_hash: "$argon2id$three".to_owned(),
            must_change: false,
        };
        let office = changed(&office, password("boss")).expect("known");
        assert_eq!(office.users[1].password_hash, "$argon2id$three");
        assert_eq!(changed(&office, password("nobody")), Err(AccountError::Unknown("nobody".to_owned())));
    }

    #[test]
    fn made_passwords_are_strong_enough_for_our_own_rule() {
        let password = new_password(&mut Rng::from_seed(2));
        assert!(hash_chosen(&password).expect("long enough").starts_with("$argon2id$"));
        assert_eq!(hash_chosen("short"), Err(AccountError::Weak));
    }
}
