//! Those who sign in from outside: an OpenID provider or a directory says who they are, and the settings of the moment what they may
//! do. They have no account here, so nothing of theirs is in the office file.

use std::sync::Mutex;
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::reply::{Problem, problems};
use super::sessions::random_word;
use crate::base::WallTime;
use crate::io::accounts::Origin;
use crate::io::out::openid::Secrets;
use crate::office::{Office, Role};

/// Whoever wants to sign in at a provider has so long for it. Seconds.
pub(super) const TICKET_LIFE: i64 = 600;
/// Names one sign-in at a provider. Lax: the way back is a navigation from the provider's site.
pub(super) const TICKET_COOKIE: &str = "__Host-dozvon-openid";
/// Conversations with servers at a time: each keeps one of the handlers' threads.
const CONVERSATIONS: usize = 3;

/// Somebody from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guest {
    pub(super) login: String,
    /// Values of the claim, or groups, that make the role.
    pub(super) values: Vec<String>,
    pub(super) proof: Proof,
}

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    Openid { issuer: String, client_id: String, id_token: String },
    Ldap { server: String },
}

impl Guest {
    pub(super) const fn origin(&self) -> Origin {
        match self.proof {
            Proof::Openid { .. } => Origin::Openid,
            Proof::Ldap { .. } => Origin::Ldap,
        }
    }

    /// What the settings of now let him do: his role, and whether he may hear recordings. `None`: nothing; he is of another provider, or
    /// has no value that counts.
    pub(super) fn may(&self, office: &Office) -> Option<(Role, bool)> {
        let (openid, ldap) = (&office.openid, &office.ldap);
        let (role, may_hear) = match &self.proof {
            Proof::Openid { issuer, client_id, .. } => {
                let is_ours = openid.enabled && openid.issuer == *issuer && openid.client_id == *client_id;
                (openid.role(&self.values).filter(|_| is_ours)?, openid.may_hear_recordings)
            }
            Proof::Ldap { server } => {
                let is_ours = ldap.enabled && ldap.server == *server;
                (ldap.role(&self.values).filter(|_| is_ours)?, ldap.may_hear_recordings)
            }
        };
        Some((role, may_hear || role == Role::Admin))
    }
}

/// Sign-ins at a provider that have begun: nothing is kept of them, so that nobody can crowd others out. What must come back follows from
/// a word in the browser's cookie and a key of this process.
pub(super) struct Tickets(String);

impl Default for Tickets {
    fn default() -> Self {
        Self(random_word())
    }
}

impl Tickets {
    /// A new one: the cookie's value.
    pub(super) fn open(&self, now: WallTime) -> String {
        format!("{}.{}", now.millis() / 1_000, random_word())
    }

    /// What belongs to a cookie; `None`: it is too old, or none of ours.
    pub(super) fn secrets(&self, ticket: &str, now: WallTime) -> Option<Secrets> {
        let (at, _) = ticket.split_once('.').filter(|_| ticket.len() <= LONGEST_TICKET)?;
        let age = now.millis() / 1_000 - at.parse::<i64>().ok()?;
        let of = |what: &str| self.derived(what, ticket);
        (0..=TICKET_LIFE).contains(&age).then(|| Secrets {
            state: of("state"),
            nonce: of("nonce"),
            verifier: of("pkce"),
        })
    }

    /// The same, when `state` came back with it.
    pub(super) fn redeem(&self, ticket: &str, state: &str, now: WallTime) -> Option<Secrets> {
        let secrets = self.secrets(ticket, now)?;
        bool::from(secrets.state.as_bytes().ct_eq(state.as_bytes())).then_some(secrets)
    }

    /// 43 characters, as RFC 7636 §4.1 wants of a verifier.
    fn derived(&self, what: &str, ticket: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(ticket.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

const LONGEST_TICKET: usize = 100;

/// Turns for conversations with servers.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<usize>);

impl Turns {
    /// A turn; it is given back when it is dropped.
    pub(super) fn take(&self) -> Result<Turn<'_>, Problem> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *taken >= CONVERSATIONS {
            return Err(problems::busy(2));
        }
        *taken += 1;
        Ok(Turn(self))
    }
}

pub(super) struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallTime = WallTime(1_800_000_000_000);

    fn later(seconds: i64) -> WallTime {
        WallTime(NOW.millis() + seconds * 1_000)
    }

    #[test]
    fn a_ticket_opens_with_its_own_state_in_its_own_time() {
        let (tickets, others) = (Tickets::default(), Tickets::default());
        let (mine, yours) = (tickets.open(NOW), tickets.open(NOW));
        let secrets = tickets.secrets(&mine, NOW).unwrap();
        assert_eq!(secrets.verifier.len(), 43);
        assert!(secrets.state != secrets.nonce && secrets.nonce != secrets.verifier);
        assert!(tickets.redeem(&mine, &secrets.state, later(TICKET_LIFE)).is_some());
        assert!(tickets.redeem(&mine, &secrets.state, later(TICKET_LIFE + 1)).is_none(), "too late");
        assert!(tickets.redeem(&mine, &secrets.state, later(-1)).is_none(), "before its time");
        assert!(tickets.redeem(&yours, &secrets.state, NOW).is_none(), "another browser");
        assert!(tickets.redeem(&mine, "", NOW).is_none() && tickets.redeem(&mine, &secrets.nonce, NOW).is_none());
        assert!(others.redeem(&mine, &secrets.state, NOW).is_none(), "another process");
        assert!(tickets.redeem("", "", NOW).is_none() && tickets.redeem("x.y", "", NOW).is_none());
    }

    #[test]
    fn a_guest_may_what_the_settings_of_now_say() {
        let openid = |edit: &dyn Fn(&mut crate::office::Openid)| {
            let mut office = Office::default();
            office.openid.enabled = true;
            office.openid.issuer = "https://login.example.org".to_owned();
            office.openid.client_id = "box".to_owned();
            office.openid.viewer_values = vec!["staff".to_owned()];
            edit(&mut office.openid);
            office
        };
        let proof = Proof::Openid {
            issuer: "https://login.example.org".to_owned(),
            client_id: "box".to_owned(),
            id_token: String::new(),
        };
        let guest = Guest { login: "anna".to_owned(), values: vec!["staff".to_owned()], proof };
        assert_eq!(guest.may(&openid(&|_| {})), Some((Role::Viewer, false)));
        assert_eq!(guest.may(&openid(&|openid| openid.may_hear_recordings = true)), Some((Role::Viewer, true)));
        let admin = openid(&|openid| openid.admin_values.push("staff".to_owned()));
        assert_eq!(guest.may(&admin), Some((Role::Admin, true)));
        assert_eq!(guest.may(&openid(&|openid| openid.enabled = false)), None);
        assert_eq!(guest.may(&openid(&|openid| openid.viewer_values.clear())), None);
        assert_eq!(guest.may(&openid(&|openid| openid.issuer.push('/'))), None);
    }

    #[test]
    fn conversations_take_turns() {
        let turns = Turns::default();
        let taken: Vec<_> = (0..CONVERSATIONS).map(|_| turns.take().ok().unwrap()).collect();
        assert!(turns.take().is_err());
        drop(taken);
        assert!(turns.take().is_ok());
    }
}
