//! The registrar: RFC 3261 §10.3. Which contacts an address of record has, until when, and by which flow they are
//! reached. The engine has authenticated the REGISTER and proved that its To is the AOR before it comes here.
//!
//! A phone behind a NAT writes an address into its Contact that nobody can reach, so its requests go to the flow its
//! REGISTER came by, with the Contact's URI as Request-URI. When the NAT gives it another port, or it starts anew, the old
//! binding would ring nobody: one phone is known by its `+sip.instance` (RFC 5626 §4.1), or by its Call-ID coming from
//! another place, or by its Contact's URI, and has one binding.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use crate::base::limits::CONTACTS_PER_AOR;
use crate::base::{Duration, Instant, WallTime};
use crate::sip::wire::{Headers, Name, NameAddr, Request, Scheme, Uri};
use crate::sip::{Flow, Transport};

/// A registration as the disk keeps it: RFC 3261 §10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBinding {
    /// The login.
    pub aor: String,
    /// The Contact's URI as the phone wrote it.
    pub contact: String,
    /// Where its requests go: the address that its REGISTER came from.
    pub transport: Transport,
    /// Our side of the flow.
    pub local: SocketAddr,
    /// The phone's side of the flow.
    pub peer: SocketAddr,
    /// When it ends.
    pub expires_at: WallTime,
    /// Of the REGISTER that made it; RFC 3261 §10.3 step 7.
    pub call_id: String,
    /// Of the REGISTER that made it.
    pub cseq: u32,
    /// As the phone calls itself.
    pub user_agent: String,
}

/// One contact of an AOR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The login.
    pub aor: String,
    /// As the phone wrote it: the Request-URI of what is sent to it.
    pub contact: Uri,
    /// Where it is reached.
    pub flow: Flow,
    /// When it ends.
    pub expires_at: Instant,
    /// When it was last refreshed.
    pub refreshed_at: Instant,
    /// The phone's preference in thousandths: RFC 3261 §20.10.
    pub q: u16,
    /// As the phone calls itself; may be empty.
    pub user_agent: String,
    instance: Option<String>,
    call_id: String,
    cseq: u32,
    /// Orders equal deadlines; unique for life.
    id: u64,
}

/// A fact for the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A binding is new or was refreshed.
    Kept(StoredBinding),
    /// A binding is gone.
    Gone {
        /// The login.
        aor: String,
        /// The Contact's URI.
        contact: String,
    },
}

/// A REGISTER that was taken: 200 with these header fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// All contacts of the AOR with what is left of each, and Date.
    pub headers: Headers,
    /// For the disk, in order; empty for a query.
    pub changes: Vec<Change>,
}

/// A REGISTER that was refused; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// A Contact can't be read, or isn't a SIP URI.
    #[error("malformed contact")]
    Contact,
    /// `*` stands with other contacts or without `Expires: 0`: RFC 3261 §10.3 step 6.
    #[error("contact * without expires 0")]
    Star,
    /// More contacts than an AOR may have.
    #[error("more than {CONTACTS_PER_AOR} contacts")]
    TooMany,
    /// A shorter life than [`MIN_EXPIRES`] was asked for: RFC 3261 §21.4.17.
    #[error("expires sooner than {} s", MIN_EXPIRES.as_secs())]
    TooBrief,
    /// An older REGISTER of the same phone came late: RFC 3261 §10.3 step 7.
    #[error("older than the binding")]
    OutOfOrder,
}

impl RegisterError {
    /// The response's status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Contact | Self::Star | Self::TooMany => 400,
            Self::TooBrief => 423,
            Self::OutOfOrder => 500,
        }
    }

    /// Header fields for the response.
    pub fn headers(&self) -> Headers {
        let mut headers = Headers::new();
        if matches!(self, Self::TooBrief) {
            headers.push(Name::MinExpires, MIN_EXPIRES.as_secs().to_string());
        }
        headers
    }
}

/// All bindings of the exchange.
#[derive(Debug, Default)]
pub struct Bindings {
    by_aor: HashMap<String, Vec<Binding>>,
    /// By end and id, the AOR.
    deadlines: BTreeMap<(Instant, u64), String>,
    last_id: u64,
}

/// One Contact of a REGISTER, read.
struct Wanted {
    uri: Uri,
    /// Zero: to be removed.
    expires: Duration,
    q: u16,
    instance: Option<String>,
}

impl Bindings {
    /// Nobody is registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// A REGISTER for `aor` that came by `flow`. Without Contact it only asks.
    ///
    /// # Errors
    /// See [`RegisterError`]; then nothing has changed.
    pub fn register(
        &mut self,
        now: Instant,
        wall: WallTime,
        aor: &str,
        flow: Flow,
        request: &Request,
    ) -> Result<Registered, RegisterError> {
        let before = self.contacts(aor).to_vec();
        let after = if request.headers.is_contact_star() {
            remove_all(&before, request)?
        } else {
            let wanted = read_contacts(request)?;
            self.with_wanted(now, aor, flow, request, &before, wanted)?
        };
        let changes = difference(now, wall, &before, &after);
        self.replace(aor, after);
        Ok(Registered { headers: self.answer(now, wall, aor), changes })
    }

    /// The bindings of an AOR, the oldest first; empty when nobody is registered.
    pub fn contacts(&self, aor: &str) -> &[Binding] {
        self.by_aor.get(aor).map_or(&[], Vec::as_slice)
    }

    /// All AORs that have bindings, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.by_aor.iter().map(|(aor, bindings)| (aor.as_str(), bindings.as_slice()))
    }

    /// A phone that registered from there, if any: what comes by its flow is the phone's, even when a trunk has the
    /// same address.
    pub fn at(&self, flow: &Flow) -> Option<&Binding> {
        let is_there = |b: &&Binding| b.flow.peer == flow.peer && b.flow.transport == flow.transport;
        self.by_aor.values().flatten().find(is_there)
    }

    /// Lets go what has expired.
    pub fn expire(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(entry) = self.deadlines.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, id), aor) = entry.remove_entry();
            let Some(bindings) = self.by_aor.get_mut(&aor) else { continue };
            changes.extend(bindings.iter().filter(|b| b.id == id).map(Binding::gone));
            bindings.retain(|b| b.id != id);
            if bindings.is_empty() {
                self.by_aor.remove(&aor);
            }
        }
        changes
    }

    /// A connection is gone. Nobody connects to a phone under TLS (it has no certificate), so a binding by it would ring nobody: it
    /// goes, and the phone comes back by itself (RFC 5626 §4.2). A phone that registered by plain TCP may be connected to.
    pub fn lost(&mut self, flow: &Flow) -> Vec<Change> {
        let is_lost = |b: &Binding| flow.transport == Transport::Tls && b.flow == *flow;
        let of: Vec<String> =
            self.by_aor.iter().filter(|(_, all)| all.iter().any(is_lost)).map(|(aor, _)| aor.clone()).collect();
        let mut changes = Vec::new();
        for aor in of {
            let (lost, left): (Vec<_>, Vec<_>) = self.contacts(&aor).iter().cloned().partition(is_lost);
            changes.extend(lost.iter().map(Binding::gone));
            self.replace(&aor, left);
        }
        changes
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first_key_value().map(|((at, _), _)| *at)
    }

    /// Drops the bindings of AORs that the office no longer has, or that must not be used any more.
    pub fn keep_only(&mut self, is_known: impl Fn(&str) -> bool) -> Vec<Change> {
        let unknown: Vec<String> = self.by_aor.keys().filter(|aor| !is_known(aor)).cloned().collect();
        let mut changes = Vec::new();
        for aor in unknown {
            changes.extend(self.contacts(&aor).iter().map(Binding::gone));
            self.replace(&aor, Vec::new());
        }
        changes
    }

    /// Bindings from before a restart; those that have expired meanwhile come back as [`Change::Gone`], as do ones that
    /// can't be read any more.
    pub fn restore(&mut self, now: Instant, wall: WallTime, stored: Vec<StoredBinding>) -> Vec<Change> {
        let mut changes = Vec::new();
        for stored in stored {
            let gone = Change::Gone { aor: stored.aor.clone(), contact: stored.contact.clone() };
            let left = u64::try_from(stored.expires_at.millis().saturating_sub(wall.millis())).unwrap_or(0);
            // A clock that was set back must not make a binding live longer than any phone could ask for.
            let left = Duration::from_millis(left).min(MAX_EXPIRES);
            let mut bindings = self.contacts(&stored.aor).to_vec();
            match stored.contact.parse::<Uri>() {
                // the connection of TLS died with the last run: see `lost`
                Ok(contact)
                    if !left.is_zero() && bindings.len() < CONTACTS_PER_AOR && stored.transport != Transport::Tls =>
                {
                    let aor = stored.aor.clone();
                    bindings.push(Binding::restored(stored, contact, now, now + left, self.next_id()));
                    self.replace(&aor, bindings);
                }
                _ => changes.push(gone),
            }
        }
        changes
    }

    /// What the disk should hold now.
    pub fn snapshot(&self, now: Instant, wall: WallTime) -> Vec<StoredBinding> {
        self.by_aor.values().flatten().map(|binding| binding.stored(now, wall)).collect()
    }

    /// The bindings after a REGISTER with `wanted`.
    fn with_wanted(
        &mut self,
        now: Instant,
        aor: &str,
        flow: Flow,
        request: &Request,
        before: &[Binding],
        wanted: Vec<Wanted>,
    ) -> Result<Vec<Binding>, RegisterError> {
        let call_id = request.headers.call_id().unwrap_or_default();
        let cseq = request.headers.cseq().map_err(|_| RegisterError::OutOfOrder)?.number;
        let (mut kept, mut fresh) = (before.to_vec(), Vec::new());
        for one in wanted {
            let is_replaced = |b: &Binding| b.is_replaced_by(&one, call_id, flow);
            if kept.iter().any(|b| is_replaced(b) && b.call_id == call_id && cseq <= b.cseq) {
                return Err(RegisterError::OutOfOrder);
            }
            kept.retain(|b| !is_replaced(b));
            fresh.retain(|b: &Binding| !b.contact.same_as(&one.uri)); // the same contact twice: the last one speaks
            if one.expires.is_zero() {
                continue;
            }
            fresh.push(Binding {
                aor: aor.to_owned(),
                contact: one.uri,
                flow,
                expires_at: now + one.expires,
                refreshed_at: now,
                q: one.q,
                user_agent: request.headers.get(&Name::UserAgent).unwrap_or_default().to_owned(),
                instance: one.instance,
                call_id: call_id.to_owned(),
                cseq,
                id: self.next_id(),
            });
        }
        let mut after = kept;
        after.append(&mut fresh);
        let surplus = after.len().saturating_sub(CONTACTS_PER_AOR);
        after.drain(..surplus); // the oldest stand first
        Ok(after)
    }

    fn replace(&mut self, aor: &str, after: Vec<Binding>) {
        for old in self.by_aor.remove(aor).unwrap_or_default() {
            self.deadlines.remove(&(old.expires_at, old.id));
        }
        for new in &after {
            self.deadlines.insert((new.expires_at, new.id), aor.to_owned());
        }
        if !after.is_empty() {
            self.by_aor.insert(aor.to_owned(), after);
        }
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// §10.3 step 8: every contact with its `expires`; Date, by which phones without a clock set theirs (§20.17).
    fn answer(&self, now: Instant, wall: WallTime, aor: &str) -> Headers {
        let mut headers = Headers::new();
        for binding in self.contacts(aor) {
            let mut contact = NameAddr::new("", binding.contact.clone());
            let left = binding.expires_at.since(now).as_millis().div_ceil(1000);
            contact.params.set("expires", Some(left.to_string()));
            if binding.q < FULL_Q {
                contact.params.set("q", Some(format!("0.{:03}", binding.q)));
            }
            headers.push(Name::Contact, contact.to_string());
        }
        if let Some(date) = sip_date(wall) {
            headers.push(Name::Date, date);
        }
        headers
    }
}

impl Binding {
    /// What the disk keeps of it.
    pub fn stored(&self, now: Instant, wall: WallTime) -> StoredBinding {
        StoredBinding {
            aor: self.aor.clone(),
            contact: self.contact.to_string(),
            transport: self.flow.transport,
            local: self.flow.local,
            peer: self.flow.peer,
            expires_at: wall + self.expires_at.since(now),
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            user_agent: self.user_agent.clone(),
        }
    }

    fn restored(stored: StoredBinding, contact: Uri, now: Instant, expires_at: Instant, id: u64) -> Self {
        // Connections died with the last run: 0 is "any connection to this peer".
        let flow = Flow { transport: stored.transport, local: stored.local, peer: stored.peer, connection: 0 };
        Self {
            aor: stored.aor,
            contact,
            flow,
            expires_at,
            refreshed_at: now,
            q: FULL_Q,
            user_agent: stored.user_agent,
            instance: None,
            call_id: stored.call_id,
            cseq: stored.cseq,
            id,
        }
    }

    fn gone(&self) -> Change {
        Change::Gone { aor: self.aor.clone(), contact: self.contact.to_string() }
    }

    /// Whether `wanted`, in a REGISTER of `call_id` by `flow`, speaks for this binding's phone. A removal only speaks for
    /// the contact that it names.
    fn is_replaced_by(&self, wanted: &Wanted, call_id: &str, flow: Flow) -> bool {
        let same_instance = self.instance.is_some() && self.instance == wanted.instance;
        // By one Call-ID a phone may register several contacts (§10.2); only from another place is it the same one moved.
        let moved = self.call_id == call_id && self.flow.peer != flow.peer;
        self.contact.same_as(&wanted.uri) || (!wanted.expires.is_zero() && (same_instance || moved))
    }
}

/// §10.3 step 6: all go, unless one of them is younger than the request.
fn remove_all(before: &[Binding], request: &Request) -> Result<Vec<Binding>, RegisterError> {
    let alone = request.headers.all(&Name::Contact).count() == 1;
    if !alone || request.headers.number(&Name::Expires) != Some(0) {
        return Err(RegisterError::Star);
    }
    let call_id = request.headers.call_id().unwrap_or_default();
    let cseq = request.headers.cseq().map_err(|_| RegisterError::OutOfOrder)?.number;
    if before.iter().any(|b| b.call_id == call_id && cseq <= b.cseq) {
        return Err(RegisterError::OutOfOrder);
    }
    Ok(Vec::new())
}

fn read_contacts(request: &Request) -> Result<Vec<Wanted>, RegisterError> {
    let contacts = request.headers.contacts().map_err(|_| RegisterError::Contact)?;
    if contacts.len() > CONTACTS_PER_AOR {
        return Err(RegisterError::TooMany);
    }
    let by_header = request.headers.get(&Name::Expires).map(read_expires);
    contacts.into_iter().map(|contact| read_contact(contact, by_header)).collect()
}

fn read_contact(contact: NameAddr, by_header: Option<Duration>) -> Result<Wanted, RegisterError> {
    if !matches!(contact.uri.scheme, Scheme::Sip | Scheme::Sips) {
        return Err(RegisterError::Contact);
    }
    let asked = contact.params.get("expires").map(read_expires).or(by_header).unwrap_or(DEFAULT_EXPIRES);
    if !asked.is_zero() && asked < MIN_EXPIRES {
        return Err(RegisterError::TooBrief);
    }
    let instance = contact.params.get("+sip.instance").map(str::to_owned);
    let q = contact.params.get("q").map_or(FULL_Q, read_q);
    Ok(Wanted { uri: contact.uri, expires: asked.min(MAX_EXPIRES), q, instance })
}

/// Seconds; nonsense counts as an hour, RFC 3261 §20.19.
fn read_expires(text: &str) -> Duration {
    let text = text.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => MAX_EXPIRES, // too many digits
        Err(_) => DEFAULT_EXPIRES,
    }
}

/// `0.7` → 700; nonsense counts as 1.
fn read_q(text: &str) -> u16 {
    let Some(("0", decimals)) = text.trim().split_once('.').or(Some((text.trim(), ""))) else { return FULL_Q };
    format!("{decimals:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(FULL_Q)
}

/// What the disk must be told to come from `before` to `after`.
fn difference(now: Instant, wall: WallTime, before: &[Binding], after: &[Binding]) -> Vec<Change> {
    let key = |b: &Binding| b.contact.to_string();
    let gone = before.iter().filter(|old| !after.iter().any(|new| key(new) == key(old))).map(Binding::gone);
    let kept = after.iter().filter(|new| !before.iter().any(|old| old.id == new.id));
    gone.chain(kept.map(|new| Change::Kept(new.stored(now, wall)))).collect()
}

/// RFC 3261 §20.17: `Sat, 13 Nov 2010 23:29:00 GMT`.
fn sip_date(wall: WallTime) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(wall.millis()).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    Some(moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// The shortest life of a binding: what a phone may ask of us.
pub const MIN_EXPIRES: Duration = Duration::from_secs(60);
/// The longest; longer wishes get this.
pub const MAX_EXPIRES: Duration = Duration::from_secs(7200);
/// When the phone doesn't say.
pub const DEFAULT_EXPIRES: Duration = Duration::from_secs(3600);
/// q = 1.
const FULL_Q: u16 = 1000;
