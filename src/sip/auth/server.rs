//! The server's half: challenges and their check. Nonces are stateless (time, chance and a keyed hash over both and the
//! peer's address); only the counters of nonces in use are kept, in a bounded table.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::digest::{Algorithm, Fields, Proof, Qop, hexadecimal, quoted};
use crate::base::{Duration, Instant, Rng};
use crate::sip::Flow;
use crate::sip::wire::{Name, Request, Uri};

/// Challenges requests and checks the answers.
#[derive(Debug)]
pub struct Challenger {
    rng: Rng,
    key: [u8; 32],
    realm: String,
    /// Nonces in use, oldest first, with the counts that were seen.
    seen: BTreeMap<Mark, Counts>,
    /// Nonces of this time or older have been forgotten: they are stale.
    forgotten_until: Option<u64>,
}

/// What an Authorization proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is none for our realm.
    Absent,
    /// The nonce is old, forged, from before a restart, or another address's, and the password was not looked at; or it is right, and
    /// the nonce's count was used before. Challenge again with `stale`.
    Stale,
    /// The nonce is ours, made for this address, so the sender receives there; and the password is wrong, or there is no such user.
    Wrong {
        /// As it was claimed.
        username: String,
    },
    /// The request comes from who it says.
    Proved {
        /// Who.
        username: String,
    },
}

/// A nonce without its hash: microseconds of its making and chance.
type Mark = (u64, u32);

/// The highest count of a nonce, and bit n for "highest − n was seen": datagrams may overtake each other.
#[derive(Debug, Default)]
struct Counts {
    highest: u32,
    seen: u64,
}

impl Challenger {
    /// A challenger for `realm` with a key of its own.
    pub fn new(mut rng: Rng, realm: &str) -> Self {
        let mut key = [0; 32];
        rng.fill(&mut key);
        Self { rng, key, realm: realm.to_owned(), seen: BTreeMap::new(), forgotten_until: None }
    }

    /// The values of WWW-Authenticate for this request, both with the same nonce, which is good for [`NONCE_LIFE`] from the
    /// address of `flow`.
    ///
    /// RFC 8760 §2.4 puts the strongest first and lets the client skip what it does not know. Many do not skip: pjsip up to 2.10,
    /// Twinkle and SIPp before 3.7.2 look at the first value only, and give up when that is not MD5. So MD5 stands first, SHA-256
    /// second; a client that answers the first value that it knows proves itself by MD5, one that looks for the strongest, or has
    /// done away with MD5, by SHA-256.
    pub fn challenge(&mut self, now: Instant, flow: &Flow, request: &Request, stale: bool) -> Vec<String> {
        let chance = self.rng.u32();
        let nonce = self.nonce((now.micros(), chance), flow.peer.ip());
        let stale = if stale { ", stale=true" } else { "" };
        let value = |algorithm: Algorithm| {
            let (realm, name) = (quoted(&self.realm), algorithm.name());
            format!("Digest realm={realm}, nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
        };
        let agent = request.headers.get(&Name::UserAgent).unwrap_or_default();
        let offered: &[Algorithm] =
            if stumbles_over_sha256(agent) { &[Algorithm::Md5] } else { &[Algorithm::Md5, Algorithm::Sha256] };
        offered.iter().map(|algorithm| value(*algorithm)).collect()
    }

    /// The user whom an Authorization for our realm claims to come from; `None`: there is none.
    pub fn claimed(&self, request: &Request) -> Option<String> {
        self.claim(request).map(|claim| claim.fields.get("username").unwrap_or_default().to_owned())
    }

    /// Checks an Authorization (or Proxy-Authorization). The password is looked up by user name; an unknown user costs the
    /// same time as a known one. With a nonce that is not good no password is judged: `stale` would tell a guesser whether he was
    /// right, and a forged sender could make others' guesses.
    pub fn verify(
        &mut self,
        now: Instant,
        flow: &Flow,
        request: &Request,
        password_of: impl FnOnce(&str) -> Option<String>,
    ) -> Verdict {
        let Some(claim) = self.claim(request) else { return Verdict::Absent };
        let username = claim.fields.get("username").unwrap_or_default().to_owned();
        let Some(mark) = self.is_fresh(now, flow.peer.ip(), &claim) else { return Verdict::Stale };
        let known = password_of(&username);
        let right = claim.is_right(&self.realm, &username, known.as_deref().unwrap_or(NOBODY), request);
        if !(right && known.is_some()) {
            return Verdict::Wrong { username };
        }
        if self.count(now, mark, claim.nc) { Verdict::Proved { username } } else { Verdict::Stale }
    }

    fn claim(&self, request: &Request) -> Option<Claim> {
        let both = [Name::Authorization, Name::ProxyAuthorization];
        let values = both.iter().flat_map(|name| request.headers.all(name)).flat_map(Fields::read_all);
        values.filter(|fields| fields.get("realm") == Some(self.realm.as_str())).find_map(Claim::read)
    }

    /// The nonce's mark if we made it for this address and it is not too old.
    fn is_fresh(&self, now: Instant, from: IpAddr, claim: &Claim) -> Option<Mark> {
        let nonce = claim.fields.get("nonce")?;
        let mark = (u64::from_str_radix(nonce.get(..16)?, 16).ok()?, u32::from_str_radix(nonce.get(16..24)?, 16).ok()?);
        let ours = bool::from(self.nonce(mark, from).as_bytes().ct_eq(nonce.as_bytes()));
        let young = now.since(Instant::from_micros(mark.0)) <= NONCE_LIFE;
        let forgotten = self.forgotten_until.is_some_and(|until| mark.0 <= until);
        (ours && young && !forgotten).then_some(mark)
    }

    /// Whether this count of this nonce is new.
    fn count(&mut self, now: Instant, mark: Mark, nc: u32) -> bool {
        let oldest = now.micros().saturating_sub(u64::try_from(NONCE_LIFE.as_micros()).unwrap_or(u64::MAX));
        while let Some(entry) = self.seen.first_entry() {
            if entry.key().0 >= oldest {
                break;
            }
            entry.remove();
        }
        if self.seen.len() >= MOST_NONCES
            && !self.seen.contains_key(&mark)
            && let Some(((made, _), _)) = self.seen.pop_first()
        {
            self.forgotten_until = Some(made);
        }
        self.seen.entry(mark).or_default().take(nc)
    }

    fn nonce(&self, mark: Mark, from: IpAddr) -> String {
        let mut text = format!("{:016x}{:08x}", mark.0, mark.1);
        // A key of any length suits HMAC; were it refused, the empty nonce would match nobody's.
        let Ok(mut hash) = <Hmac<Sha256> as Mac>::new_from_slice(&self.key) else { return String::new() };
        hash.update(text.as_bytes());
        hash.update(from.to_string().as_bytes());
        text += &hexadecimal(hash.finalize().into_bytes().get(..16).unwrap_or_default());
        text
    }
}

impl Counts {
    fn take(&mut self, nc: u32) -> bool {
        if self.seen == 0 || nc > self.highest {
            let ahead = if self.seen == 0 { 0 } else { nc - self.highest };
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = nc;
            return true;
        }
        let bit = 1u64.checked_shl(self.highest - nc).unwrap_or(0);
        let new = bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        new
    }
}

/// An Authorization that we could check.
struct Claim {
    fields: Fields,
    algorithm: Algorithm,
    qop: Qop,
    /// 0 without qop: such a nonce is good for one request.
    nc: u32,
}

impl Claim {
    fn read(fields: Fields) -> Option<Self> {
        let algorithm = Algorithm::named(fields.get("algorithm"))?;
        let qop = match fields.get("qop") {
            None => Qop::Absent,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Qop::Auth,
            Some(_) => return None,
        };
        let nc = match qop {
            Qop::Absent => 0,
            _ => u32::from_str_radix(fields.get("nc")?, 16).ok()?,
        };
        matches!(algorithm, Algorithm::Md5 | Algorithm::Sha256).then_some(Self { fields, algorithm, qop, nc })
    }

    fn is_right(&self, realm: &str, username: &str, password: &str, request: &Request) -> bool {
        let field = |name| self.fields.get(name).unwrap_or_default();
        let proof = Proof {
            algorithm: self.algorithm,
            username,
            realm,
            password,
            nonce: field("nonce"),
            cnonce: field("cnonce"),
            nc: field("nc"),
            qop: self.qop,
            method: request.method.as_str(),
            uri: field("uri"),
            body: &request.body,
        };
        let claimed = field("response").to_ascii_lowercase();
        let same = bool::from(proof.response().as_bytes().ct_eq(claimed.as_bytes()));
        same & is_for(field("uri"), &request.uri)
    }
}

/// Phones differ in port and parameters between `uri` and Request-URI, and proxies rewrite hosts: RFC 3261 §22.4 point 8. What
/// must not differ is whom the request is for; a `uri` that names nobody, as SIPp's, stands for the server itself.
fn is_for(uri: &str, target: &Uri) -> bool {
    uri.parse::<Uri>().is_ok_and(|uri| uri.user.is_none() || uri.user == target.user)
}

/// baresip before 3.12 (its library re before 3.12) gives up at any value with an algorithm that it does not know, wherever it
/// stands: `User-Agent: baresip v1.0.0 (x86_64/linux)`.
fn stumbles_over_sha256(agent: &str) -> bool {
    let Some(version) = agent.strip_prefix("baresip v") else { return false };
    let mut parts = version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next(), parts.next()) < (Some(3), Some(12))
}

/// How long a nonce is good.
pub const NONCE_LIFE: Duration = Duration::from_secs(300);
const MOST_NONCES: usize = 8192;
/// Hashed for users that don't exist. Never accepted.
const NOBODY: &str = "correct horse battery";
