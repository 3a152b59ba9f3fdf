//! Our connections to carriers: registrations that are kept for ever, and servers known by address that are watched by
//! OPTIONS. Tells calls where a trunk's packets go, and tells inbound requests which trunk they came by.
//!
//! The engine drains [`Trunks::poll_output`] after every input. It gives [`Output::Request`] to the SIP stack, then says by
//! [`Trunks::sent`] under which number, and brings the final response to [`Trunks::handle_response`]. Challenges are
//! the stack's affair: a 401 or 407 that comes here is the carrier's last word.

mod account;
mod registration;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use account::Account;
use registration::Registration;

use super::inbound::names_trunk;
use crate::base::{ClientTxn, Instant, QueryId, Rng};
use crate::number::Plan;
use crate::office::{Office, Trunk};
use crate::sip::auth::Credentials;
use crate::sip::flow::ServerName;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Host, NameAddr, Request, Response, Uri};
use crate::sip::{Flow, Transport};

/// The state of a trunk, with the facts that words need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkState {
    /// Not tried yet.
    Starting,
    /// 200 came; the next REGISTER goes when this ends.
    Registered,
    /// It is known by address, and answers OPTIONS.
    Reachable,
    /// 401, 403 or 407 again after our answer: the password or the login is wrong.
    WrongPassword {
        /// What the carrier said.
        status: u16,
    },
    /// Another refusal.
    Refused {
        /// The status.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// No answer came.
    Silent,
    /// The name has no address.
    NoSuchName,
}

/// What the trunks want done.
#[derive(Debug)]
pub enum Output {
    /// Which addresses has this name? Answered by [`Trunks::handle_resolved`]. The query's number is random: no other
    /// room's is the same.
    Resolve {
        /// Comes back with the answer.
        query: QueryId,
        /// What is asked for.
        name: ServerName,
    },
    /// A REGISTER or OPTIONS for the SIP stack.
    Request {
        /// The trunk's name, for the log.
        trunk: String,
        /// For [`Trunks::sent`].
        order: Order,
        /// What to send; one flow, since our Contact is made for it.
        draft: Box<RequestDraft>,
    },
    /// An empty line (CRLF CRLF, RFC 5626 §4.4.1) that holds a NAT's door open: to be sent as it is.
    KeepAlive {
        /// Where to.
        flow: Flow,
    },
    /// A trunk's state changed.
    State {
        /// The trunk's name.
        trunk: String,
        /// What it is now.
        state: TrunkState,
    },
    /// Where a server's name was found: to be kept for [`Trunks::restore`].
    Found(StoredServer),
}

/// Where a server was when its name was last answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredServer {
    /// The name, with the port and the transport that were asked for.
    pub name: String,
    /// In the order in which they are tried.
    pub places: Vec<(Transport, SocketAddr)>,
}

impl Output {
    /// The bytes of [`Output::KeepAlive`].
    pub const KEEP_ALIVE: &'static [u8] = b"\r\n\r\n";
}

/// Names one request of a trunk until the stack has given it a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order(u64);

/// How a call goes out by a trunk.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where to send, in the order to try; the server that answers comes first. Empty while the name has no address.
    pub flows: Vec<Flow>,
    /// The Route set: the outbound proxy, then Service-Route (RFC 3608).
    pub routes: Vec<NameAddr>,
    /// What challenges are answered with.
    pub credentials: Option<Credentials>,
    /// Host of Request-URI, To and From.
    pub domain: Host,
    /// Port of the Request-URI, when the settings spell one.
    pub port: Option<u16>,
    /// User of our AOR: the user of From where the number we show goes elsewhere.
    pub user: String,
    /// User of our Contact.
    pub contact_user: String,
    /// Whether it is registered, or answers; a call may still try when no other trunk is up.
    pub up: bool,
}

impl Route {
    /// The Request-URI, and To, of a call to `number` (already written as this carrier wants it).
    pub fn uri(&self, number: &str) -> Uri {
        Uri::sip(Some(number), self.domain.clone(), self.port)
    }

    /// From, P-Asserted-Identity and the like for `number`: without a port, RFC 3261 §19.1.1.
    pub fn identity(&self, number: &str) -> Uri {
        Uri::sip(Some(number), self.domain.clone(), None)
    }
}

/// All trunks of the office.
#[derive(Debug)]
pub struct Trunks {
    /// In the office's order.
    registrations: Vec<Registration>,
    /// Requests under way, by the stack's number.
    under_way: HashMap<ClientTxn, Order>,
    /// Farewells and the like whose trunk is gone.
    outputs: Vec<Output>,
    rng: Rng,
}

impl Trunks {
    /// No trunks yet.
    pub fn new(rng: Rng) -> Self {
        Self { registrations: Vec::new(), under_way: HashMap::new(), outputs: Vec::new(), rng }
    }

    /// A new snapshot of the office: new trunks start, trunks that are gone say goodbye (`Expires: 0`), those whose
    /// connection changed do both, and all others go on undisturbed.
    pub fn office(&mut self, now: Instant, office: &Office) {
        let mut before = std::mem::take(&mut self.registrations);
        for trunk in &office.trunks {
            let Some(account) = Account::of(trunk) else { continue };
            let same = before.iter().position(|old| old.trunk.name == trunk.name && old.account == account);
            if let Some(at) = same {
                let mut kept = before.remove(at);
                kept.trunk = trunk.clone();
                self.registrations.push(kept);
            } else {
                let mut new = Registration::new(trunk.clone(), account, self.rng.fork());
                new.start(now);
                self.registrations.push(new);
            }
        }
        self.outputs.extend(before.into_iter().filter_map(Registration::unregister));
    }

    /// Where servers were in an earlier run: calls come from there, and requests go there, as long as no name server has answered.
    pub fn restore(&mut self, stored: &[StoredServer]) {
        self.registrations.iter_mut().for_each(|one| one.recall(stored));
    }

    /// What there is to do; drain until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        // Farewells first: a carrier that allows one contact must forget the old one before it hears of the new.
        if !self.outputs.is_empty() {
            return Some(self.outputs.remove(0));
        }
        self.registrations.iter_mut().find_map(Registration::poll_output)
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.registrations.iter().filter_map(Registration::poll_timeout).min()
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        for registration in &mut self.registrations {
            registration.handle_timeout(now);
        }
    }

    /// The SIP stack has taken the request of `order` under this number.
    pub fn sent(&mut self, order: Order, txn: ClientTxn) {
        self.under_way.insert(txn, order);
    }

    /// A final response; false when the request wasn't ours.
    pub fn handle_response(&mut self, now: Instant, txn: ClientTxn, response: &Response) -> bool {
        let Some(order) = self.under_way.remove(&txn) else { return false };
        let _ = self.registrations.iter_mut().any(|one| one.handle_response(now, order, response));
        true
    }

    /// The addresses of a name, best first, or none; false when the question wasn't ours.
    pub fn handle_resolved(&mut self, now: Instant, query: QueryId, hops: &[Flow]) -> bool {
        self.registrations.iter_mut().any(|one| one.handle_resolved(now, query, hops))
    }

    /// A connection was lost, or a datagram was refused.
    pub fn handle_flow_failed(&mut self, now: Instant, flow: Flow) {
        for registration in &mut self.registrations {
            registration.handle_flow_failed(now, flow);
        }
    }

    /// How calls go out by the trunk of this name; `None` when there is no such trunk.
    pub fn route(&self, trunk: &str) -> Option<Route> {
        let one = self.registrations.iter().find(|one| one.trunk.name == trunk)?;
        Some(Route {
            flows: one.hops().to_vec(),
            routes: one.routes(),
            credentials: one.account.credentials.clone(),
            domain: one.account.domain.clone(),
            port: one.account.port,
            user: one.account.user.clone(),
            contact_user: one.identity.token.clone(),
            up: one.is_up(),
        })
    }

    /// Each trunk's name and state, in the office's order.
    pub fn states(&self) -> impl Iterator<Item = (&str, &TrunkState)> {
        self.registrations.iter().map(|one| (one.trunk.name.as_str(), one.state()))
    }

    /// The URIs that the carrier called ours when we registered (P-Associated-URI, RFC 7315 §4.1).
    pub fn associated(&self, trunk: &str) -> &[NameAddr] {
        self.registrations.iter().find(|one| one.trunk.name == trunk).map_or(&[], Registration::associated)
    }

    /// The addresses of all carriers: never to be banned.
    pub fn addresses(&self) -> HashSet<IpAddr> {
        self.registrations.iter().flat_map(|one| one.addresses().map(|address| address.ip())).collect()
    }

    /// Whether the first question for some carrier's addresses is not answered yet.
    pub fn awaits_addresses(&self) -> bool {
        self.registrations.iter().any(Registration::awaits_addresses)
    }

    /// The trunk by which `request` came: the one whose Contact it names; else one that has the source's address, and
    /// among several of those the one that the request names by login or number, else the first.
    ///
    /// On a loopback address, where phones and a carrier may be neighbours, the address alone proves nothing: the port must be the
    /// server's too. A phone behind the carrier's own address is told by [`Bindings::at`](super::bindings::Bindings::at), which
    /// the engine asks first.
    pub fn identify(&self, plan: &Plan, flow: &Flow, request: &Request) -> Option<&str> {
        self.by_contact(request).or_else(|| self.by_address(plan, flow, request)).map(|trunk| trunk.name.as_str())
    }

    /// From wherever it came: whoever knows the Contact has it from the carrier. Carriers ring from addresses that they
    /// never told.
    fn by_contact(&self, request: &Request) -> Option<&Trunk> {
        let user = request.uri.user.as_deref()?;
        self.registrations.iter().find(|one| one.account.register && one.identity.token == user).map(|one| &one.trunk)
    }

    fn by_address(&self, plan: &Plan, flow: &Flow, request: &Request) -> Option<&Trunk> {
        let is_there = |one: &&Registration| one.addresses().any(|known| is_from(known, flow));
        let candidates: Vec<&Trunk> = self.registrations.iter().filter(is_there).map(|one| &one.trunk).collect();
        let named = candidates.iter().find(|trunk| names_trunk(plan, trunk, request));
        named.or(candidates.first()).copied()
    }
}

fn is_from(server: SocketAddr, flow: &Flow) -> bool {
    let is_neighbour = flow.peer.ip().is_loopback();
    let (ip, peer) = (server.ip().to_canonical(), flow.peer.ip().to_canonical());
    ip == peer && (!is_neighbour || (flow.transport == Transport::Udp && server.port() == flow.peer.port()))
}
