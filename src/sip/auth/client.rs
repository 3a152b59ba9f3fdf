//! The client's half: which challenge is answered, with which nonce and count, and when to stop.
//!
//! A nonce that a server has accepted is used again at once for the account's next requests (RFC 7616 §3.3), so that a
//! registration or a dialog is challenged once and not each time.

use super::Credentials;
use super::digest::{Algorithm, Fields, Proof, Qop, quoted};
use crate::base::Rng;
use crate::sip::wire::{Name, Request, Response};

/// The nonces in use, of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    entries: Vec<Entry>,
}

/// One nonce: what a server asked for and how often we have used it.
#[derive(Debug, Clone)]
struct Entry {
    username: String,
    /// The host of our From: the same login at two carriers is two accounts.
    domain: String,
    proxy: bool,
    challenge: Challenge,
    /// nc of the last use: RFC 7616 §3.4.
    used: u32,
    /// The server has let something pass with it; before that, only the request that met the challenge uses it.
    proven: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the server spelled the algorithm; if it didn't, neither do we.
    spelled: bool,
    qop: Qop,
    stale: bool,
}

/// What one request has tried. A request is challenged three times at the most.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    rounds: u8,
    tried: Vec<(String, bool)>,
    retried_stale: bool,
}

impl Nonces {
    /// Puts credentials for all proven nonces of the account into `request`, if there are any.
    pub(crate) fn authorize(
        &mut self,
        rng: &mut Rng,
        request: &mut Request,
        own: &Credentials,
        attempts: &mut Attempts,
    ) {
        let domain = domain_of(request);
        request.headers.remove(&Name::Authorization);
        request.headers.remove(&Name::ProxyAuthorization);
        for entry in &mut self.entries {
            let tried = (entry.challenge.nonce.clone(), entry.proxy);
            let in_use = entry.proven || attempts.tried.contains(&tried);
            if entry.username != own.username || entry.domain != domain || !in_use {
                continue;
            }
            let value = entry.answer(rng, request, own);
            let name = if entry.proxy { Name::ProxyAuthorization } else { Name::Authorization };
            request.headers.push(name, value);
            if !attempts.tried.contains(&tried) {
                attempts.tried.push(tried);
            }
        }
    }

    /// Takes up the challenges of a 401 or 407 and puts the answers into `request`. False when there is nothing (more) to
    /// try: no algorithm that we know, three rounds, or a nonce refused that is not called stale.
    pub(crate) fn take_up(
        &mut self,
        rng: &mut Rng,
        request: &mut Request,
        response: &Response,
        own: &Credentials,
        attempts: &mut Attempts,
    ) -> bool {
        let (field, proxy) = match response.status {
            401 => (Name::WwwAuthenticate, false),
            407 => (Name::ProxyAuthenticate, true),
            _ => return false,
        };
        let challenges = strongest(response.headers.all(&field).flat_map(Fields::read_all).filter_map(Challenge::read));
        if challenges.is_empty() || attempts.rounds >= MOST_ROUNDS {
            return false;
        }
        let domain = domain_of(request);
        for challenge in challenges {
            let tried = (challenge.nonce.clone(), proxy);
            if attempts.tried.contains(&tried) {
                if !challenge.stale || attempts.retried_stale {
                    self.forget(own, &domain, &challenge.realm, proxy);
                    return false;
                }
                attempts.retried_stale = true;
            } else {
                attempts.tried.push(tried);
            }
            self.keep(own, &domain, proxy, challenge);
        }
        attempts.rounds += 1;
        self.authorize(rng, request, own, attempts);
        true
    }

    /// A request with these attempts has passed: its nonces may be used at once from now on.
    pub(crate) fn passed(&mut self, attempts: &Attempts) {
        for (nonce, proxy) in &attempts.tried {
            if let Some(entry) = self.entries.iter_mut().find(|e| e.challenge.nonce == *nonce && e.proxy == *proxy) {
                entry.proven = true;
            }
        }
    }

    fn keep(&mut self, own: &Credentials, domain: &str, proxy: bool, challenge: Challenge) {
        let same = self.position(own, domain, &challenge.realm, proxy);
        if let Some(entry) = same.and_then(|index| self.entries.get_mut(index)) {
            if entry.challenge.nonce != challenge.nonce {
                (entry.used, entry.proven) = (0, false);
            }
            entry.challenge = challenge;
            return;
        }
        if self.entries.len() >= MOST_NONCES {
            self.entries.remove(0);
        }
        let (username, domain) = (own.username.clone(), domain.to_owned());
        self.entries.push(Entry { username, domain, proxy, challenge, used: 0, proven: false });
    }

    fn forget(&mut self, own: &Credentials, domain: &str, realm: &str, proxy: bool) {
        if let Some(index) = self.position(own, domain, realm, proxy) {
            self.entries.remove(index);
        }
    }

    fn position(&self, own: &Credentials, domain: &str, realm: &str, proxy: bool) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry.username == own.username
                && entry.domain == domain
                && entry.challenge.realm == realm
                && entry.proxy == proxy
        })
    }
}

impl Entry {
    /// The value of Authorization or Proxy-Authorization; counts the use.
    fn answer(&mut self, rng: &mut Rng, request: &Request, own: &Credentials) -> String {
        self.used += 1;
        let Challenge { realm, nonce, algorithm, qop, .. } = &self.challenge;
        let (nc, cnonce) = (format!("{:08x}", self.used), rng.token(16));
        // Some carriers check that the port is spelled exactly as in the Request-URI.
        let uri = request.uri.to_string();
        let proof = Proof {
            algorithm: *algorithm,
            username: &own.username,
            realm,
            password: &own.password,
            nonce,
            cnonce: &cnonce,
            nc: &nc,
            qop: *qop,
            method: request.method.as_str(),
            uri: &uri,
            body: &request.body,
        };
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"",
            quoted(&own.username),
            quoted(realm),
            quoted(nonce),
            quoted(&uri),
            proof.response()
        );
        if self.challenge.spelled {
            value += ", algorithm=";
            value += algorithm.name();
        }
        if let Some(qop) = qop.name() {
            value += &format!(", cnonce=\"{cnonce}\", nc={nc}, qop={qop}");
        } else if matches!(algorithm, Algorithm::Md5Sess | Algorithm::Sha256Sess) {
            value += &format!(", cnonce=\"{cnonce}\"");
        }
        if let Some(opaque) = &self.challenge.opaque {
            value += ", opaque=";
            value += &quoted(opaque);
        }
        value
    }
}

impl Challenge {
    /// `None` when it asks for what we can't compute.
    fn read(fields: Fields) -> Option<Self> {
        let algorithm = Algorithm::named(fields.get("algorithm"))?;
        let qop = match fields.get("qop") {
            None | Some("") => Qop::Absent,
            Some(list) if holds(list, "auth") => Qop::Auth,
            Some(list) if holds(list, "auth-int") => Qop::AuthInt,
            Some(_) => return None,
        };
        Some(Self {
            realm: fields.get("realm")?.to_owned(),
            nonce: fields.get("nonce")?.to_owned(),
            opaque: fields.get("opaque").map(str::to_owned),
            algorithm,
            spelled: fields.get("algorithm").is_some(),
            qop,
            stale: fields.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

fn holds(list: &str, word: &str) -> bool {
    list.split(',').any(|own| own.trim().eq_ignore_ascii_case(word))
}

/// One challenge a realm: the strongest, and of equals the topmost (RFC 8760 §2.4).
fn strongest(challenges: impl Iterator<Item = Challenge>) -> Vec<Challenge> {
    let mut best: Vec<Challenge> = Vec::new();
    for challenge in challenges {
        match best.iter_mut().find(|own| own.realm == challenge.realm) {
            Some(own) if challenge.algorithm > own.algorithm => *own = challenge,
            Some(_) => {}
            None => best.push(challenge),
        }
    }
    best
}

fn domain_of(request: &Request) -> String {
    request.headers.from().map(|from| from.uri.host.to_string()).unwrap_or_default()
}

const MOST_ROUNDS: u8 = 3;
/// Far above the number of accounts an office has; the oldest goes, which costs one more challenge.
const MOST_NONCES: usize = 256;
