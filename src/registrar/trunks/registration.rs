//! One trunk's registration, kept for ever: RFC 3261 §10.2 as client, RFC 3608 Service-Route, RFC 3263 failover. A trunk
//! that the carrier knows by address runs through the same phases with OPTIONS in place of REGISTER.
//!
//! Resolving → Asking one hop after the other → Settled until the refresh, or Resting until the next try. There is no
//! phase that gives up.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::TrunkState;
use super::account::{Account, Identity};
use super::{Order, Output, StoredServer};
use crate::base::{Duration, Instant, QueryId, Rng, Timers, limits};
use crate::office::Trunk;
use crate::sip::flow::ServerName;
use crate::sip::wire::{Name, NameAddr, Response};
use crate::sip::{Flow, Transport};

/// A trunk and how we stand with its carrier.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) trunk: Trunk,
    pub(super) account: Account,
    pub(super) identity: Identity,
    phase: Phase,
    state: TrunkState,
    /// Where its server is, the one that answered last first.
    hops: Vec<Flow>,
    resolved_at: Option<Instant>,
    /// Every address that the server or the proxy had lately: calls come from there.
    addresses: VecDeque<SocketAddr>,
    /// Where it was before a restart, until its name is answered.
    recalled: Recalled,
    /// A question about the server behind the proxy.
    behind: Option<QueryId>,
    /// Service-Route of the last 200.
    service_route: Vec<NameAddr>,
    /// P-Associated-URI of the last 200: the numbers that the carrier says are ours.
    associated: Vec<NameAddr>,
    /// Whether a REGISTER of ours may be alive there.
    registered: bool,
    accepted_at: Instant,
    again_at: Instant,
    /// Seconds to ask for: `register_every`, or what the carrier's Min-Expires demanded.
    expires: u32,
    failures: u32,
    timers: Timers<Timer, 3>,
    rng: Rng,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Which addresses has it? `recalled`: the way to where it was before is asked for, not the name.
    Resolving { query: QueryId, recalled: bool },
    /// A request is out to the hop at this place.
    Asking { order: Order, hop: usize },
    /// It answered; the next request goes at [`Timer::Again`].
    Settled,
    /// It did not; likewise.
    Resting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// The name server's answer is late.
    Query,
    /// Refresh, or try again.
    Again,
    /// An empty packet holds the NAT's door open.
    KeepAlive,
}

/// What was known before a restart.
#[derive(Debug, Default)]
struct Recalled {
    /// Calls come from there.
    addresses: Vec<SocketAddr>,
    /// Its first place, which is asked once the name has proved to have no answer.
    place: Option<ServerName>,
}

/// What the server made of our request.
enum Outcome {
    Accepted,
    /// 423 with Min-Expires.
    TooBrief(u32),
    /// 401, 403, 407 after our answer.
    WrongPassword,
    /// No answer from this hop: the next may have one.
    NoAnswer,
    /// 503: the next hop may have another answer.
    Overloaded,
    Refused,
}

impl Registration {
    pub(super) fn new(trunk: Trunk, account: Account, mut rng: Rng) -> Self {
        let identity = Identity {
            token: format!("t{}", rng.token(TOKEN_LETTERS)),
            call_id: rng.token(TOKEN_LETTERS),
            from_tag: rng.token(10),
            cseq: 0,
        };
        let expires = account.register_every.max(SHORTEST_WISH);
        let starting = Output::State { trunk: trunk.name.clone(), state: TrunkState::Starting };
        Self {
            trunk,
            account,
            identity,
            phase: Phase::Resting,
            state: TrunkState::Starting,
            hops: Vec::new(),
            resolved_at: None,
            addresses: VecDeque::new(),
            recalled: Recalled::default(),
            behind: None,
            service_route: Vec::new(),
            associated: Vec::new(),
            registered: false,
            accepted_at: Instant::ZERO,
            again_at: Instant::ZERO,
            expires,
            failures: 0,
            timers: Timers::default(),
            rng,
            outputs: VecDeque::from([starting]),
        }
    }

    pub(super) fn state(&self) -> &TrunkState {
        &self.state
    }

    /// Whether calls may go out by it.
    pub(super) fn is_up(&self) -> bool {
        let is_untried = self.state == TrunkState::Starting && !self.account.register;
        !self.hops.is_empty() && (is_untried || matches!(self.state, TrunkState::Registered | TrunkState::Reachable))
    }

    pub(super) fn hops(&self) -> &[Flow] {
        &self.hops
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().chain(&self.recalled.addresses).copied()
    }

    /// Whether its name was never answered in this run, and is being asked for.
    pub(super) fn awaits_addresses(&self) -> bool {
        self.resolved_at.is_none() && matches!(self.phase, Phase::Resolving { .. })
    }

    /// What was stored in an earlier run of the names that lead to it counts until they are answered.
    pub(super) fn recall(&mut self, stored: &[StoredServer]) {
        let places = |name: &ServerName| {
            let name = key(name);
            stored
                .iter()
                .filter(move |server| server.name == name)
                .flat_map(|server| server.places.iter().take(MAX_HOPS))
        };
        if self.resolved_at.is_some() {
            return;
        }
        let first = places(&self.account.next_hop).next();
        let place = first.map(|(transport, address)| ServerName {
            host: address.ip().to_string(),
            port: Some(address.port()),
            transport: Some(*transport),
        });
        let names = [Some(&self.account.next_hop), self.account.behind.as_ref()];
        let addresses = names.into_iter().flatten().flat_map(places).map(|(_, address)| *address).collect();
        self.recalled = Recalled { addresses, place };
    }

    pub(super) fn associated(&self) -> &[NameAddr] {
        &self.associated
    }

    /// The preloaded Route set of calls: the outbound proxy, then what Service-Route said, RFC 3608 §5.
    pub(super) fn routes(&self) -> Vec<NameAddr> {
        let first = self.service_route.first().map(|route| (&route.uri.host, route.uri.port));
        let proxy = self.account.proxy.iter().filter(|proxy| first != Some((&proxy.uri.host, proxy.uri.port)));
        proxy.chain(&self.service_route).cloned().collect()
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Asks for the server's addresses, then goes on to ask the server.
    pub(super) fn start(&mut self, now: Instant) {
        self.resolve(now, self.account.next_hop.clone(), false);
        if let Some(name) = self.account.behind.clone() {
            let query = QueryId(self.rng.u64());
            self.behind = Some(query);
            self.outputs.push_back(Output::Resolve { query, name });
        }
    }

    fn resolve(&mut self, now: Instant, name: ServerName, recalled: bool) {
        let query = QueryId(self.rng.u64());
        self.phase = Phase::Resolving { query, recalled };
        self.timers.arm(Timer::Query, now + limits::QUERY);
        self.outputs.push_back(Output::Resolve { query, name });
    }

    /// Takes our contact back, if one may be alive. The answer doesn't matter.
    pub(super) fn unregister(mut self) -> Option<Output> {
        let hop = self.hops.first().copied().filter(|_| self.registered)?;
        let draft = self.account.register(&mut self.identity, hop, 0, None);
        Some(Output::Request { trunk: self.trunk.name, order: Order(self.rng.u64()), draft: Box::new(draft) })
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match (timer, self.phase) {
                (Timer::Query, Phase::Resolving { .. }) => self.on_addresses(now, Vec::new()),
                (Timer::Again, Phase::Settled | Phase::Resting) => self.again(now),
                (Timer::KeepAlive, _) if self.state == TrunkState::Registered => self.keep_alive(now),
                _ => {}
            }
        }
    }

    /// The answer to one of our questions; whether it was one.
    pub(super) fn handle_resolved(&mut self, now: Instant, query: QueryId, hops: &[Flow]) -> bool {
        if self.behind == Some(query) {
            self.behind = None;
            self.remember(hops);
            self.keep(self.account.behind.clone(), hops);
            return true;
        }
        let is_awaited = matches!(self.phase, Phase::Resolving { query: awaited, .. } if awaited == query);
        if is_awaited {
            self.on_addresses(now, hops.to_vec());
        }
        is_awaited
    }

    /// The final response to the request of `order`; whether it was ours.
    pub(super) fn handle_response(&mut self, now: Instant, order: Order, response: &Response) -> bool {
        let Phase::Asking { order: awaited, hop } = self.phase else { return false };
        if awaited != order {
            return false;
        }
        let outcome = if self.account.register { judge(response) } else { judge_options(response) };
        match outcome {
            Outcome::Accepted => self.on_accepted(now, hop, response),
            Outcome::TooBrief(least) if least > self.expires && least <= LONGEST_WISH => {
                self.expires = least;
                self.ask(now, hop);
            }
            Outcome::NoAnswer | Outcome::Overloaded if hop + 1 < self.hops.len() => self.ask(now, hop + 1),
            Outcome::NoAnswer => self.rest(now, TrunkState::Silent, response),
            Outcome::WrongPassword => {
                self.rest(now, TrunkState::WrongPassword { status: response.status }, response);
            }
            Outcome::TooBrief(_) | Outcome::Overloaded | Outcome::Refused => {
                let (status, reason) = (response.status, response.reason.clone());
                self.rest(now, TrunkState::Refused { status, reason }, response);
            }
        }
        true
    }

    /// The way to the server broke. A carrier reaches us by the connection that we opened, so it is opened anew at once.
    pub(super) fn handle_flow_failed(&mut self, now: Instant, flow: Flow) {
        let is_ours = self.hops.first().is_some_and(|hop| hop.transport == flow.transport && hop.peer == flow.peer);
        // But no carrier that closes after each answer is asked without end.
        let soon = (now + RECONNECT).max(self.accepted_at + RECONNECT_EVERY);
        if is_ours && self.phase == Phase::Settled && self.again_at > soon {
            self.again_in(now, soon.since(now));
        }
    }

    fn again(&mut self, now: Instant) {
        let is_fresh = self.resolved_at.is_some_and(|at| now.since(at) < NAMES_LIVE);
        if self.phase == Phase::Settled && is_fresh { self.ask(now, 0) } else { self.start(now) }
    }

    fn on_addresses(&mut self, now: Instant, hops: Vec<Flow>) {
        self.timers.cancel(Timer::Query);
        let recalled = matches!(self.phase, Phase::Resolving { recalled: true, .. });
        if hops.is_empty() && self.hops.is_empty() {
            if let Some(place) = self.recalled.place.take() {
                return self.resolve(now, place, true);
            }
        }
        if recalled {
            self.hops = hops; // the name itself is asked again next time
        } else if !hops.is_empty() {
            self.keep(Some(self.account.next_hop.clone()), &hops);
            self.recalled = Recalled::default();
            self.remember(&hops);
            // The server that knows us is asked first (RFC 3263 §4.3), as long as the name still says so.
            let known = self.hops.first().copied();
            self.hops = hops.into_iter().take(MAX_HOPS).collect();
            self.hops.sort_by_key(|hop| Some(*hop) != known);
            self.resolved_at = Some(now);
        }
        // A name server that is down must not take a trunk down whose address we know.
        if self.hops.is_empty() { self.rest_for(now, TrunkState::NoSuchName, None) } else { self.ask(now, 0) }
    }

    fn ask(&mut self, now: Instant, hop: usize) {
        let Some(flow) = self.hops.get(hop).copied() else {
            return self.rest_for(now, TrunkState::Silent, None);
        };
        let give_up = Some(if hop + 1 < self.hops.len() { NEXT_HOP } else { LAST_HOP });
        let draft = if self.account.register {
            self.registered = true;
            self.account.register(&mut self.identity, flow, self.expires, give_up)
        } else {
            self.account.options(&mut self.identity, flow, give_up)
        };
        let order = Order(self.rng.u64());
        self.phase = Phase::Asking { order, hop };
        self.outputs.push_back(Output::Request { trunk: self.trunk.name.clone(), order, draft: Box::new(draft) });
    }

    fn on_accepted(&mut self, now: Instant, hop: usize, response: &Response) {
        self.failures = 0;
        self.phase = Phase::Settled;
        self.accepted_at = now;
        self.hops.get_mut(..=hop).unwrap_or_default().rotate_right(1);
        if !self.account.register {
            self.again_in(now, OPTIONS_EVERY);
            return self.tell(TrunkState::Reachable);
        }
        let headers = &response.headers;
        self.service_route = headers.addresses(&Name::ServiceRoute).unwrap_or_default();
        self.service_route.truncate(MAX_HOPS);
        self.associated = headers.addresses(&Name::Other(ASSOCIATED.to_owned())).unwrap_or_default();
        let granted = self.granted(response);
        self.again_in(now, refresh_after(granted));
        self.timers.arm(Timer::KeepAlive, now + KEEP_ALIVE_EVERY);
        self.tell(TrunkState::Registered);
    }

    /// How long our contact lives: its own `expires` wins over the header's (RFC 3261 §10.2.4); carriers differ in both.
    fn granted(&self, response: &Response) -> Duration {
        let contacts = response.headers.contacts().unwrap_or_default();
        let own = contacts.iter().find(|contact| contact.uri.user.as_deref() == Some(self.identity.token.as_str()));
        let only = contacts.first().filter(|_| contacts.len() == 1); // rewritten on the way
        let by_contact = own.or(only).and_then(|contact| contact.params.get("expires")?.trim().parse::<u32>().ok());
        let seconds = by_contact.or_else(|| response.headers.number(&Name::Expires)).unwrap_or(self.expires);
        Duration::from_secs(u64::from(seconds.clamp(SHORTEST_GRANT, LONGEST_WISH)))
    }

    fn keep_alive(&mut self, now: Instant) {
        self.timers.arm(Timer::KeepAlive, now + KEEP_ALIVE_EVERY);
        if let Some(flow) = self.hops.first().copied() {
            self.outputs.push_back(Output::KeepAlive { flow });
        }
    }

    fn rest(&mut self, now: Instant, state: TrunkState, response: &Response) {
        let retry_after = response.headers.get(&Name::RetryAfter).and_then(read_retry_after);
        self.rest_for(now, state, retry_after);
    }

    fn rest_for(&mut self, now: Instant, state: TrunkState, at_least: Option<Duration>) {
        self.phase = Phase::Resting;
        let longest = self.back_off(&state);
        self.failures = self.failures.saturating_add(1);
        // A quarter of it is chance, so that a thousand boxes don't come back to a carrier in one second.
        let jitter = self.rng.below(u64::try_from(longest.as_millis() / 4).unwrap_or(0));
        let wait = longest - Duration::from_millis(jitter);
        self.again_in(now, wait.max(at_least.unwrap_or_default()));
        self.tell(state);
    }

    fn again_in(&mut self, now: Instant, wait: Duration) {
        self.again_at = now + wait;
        self.timers.arm(Timer::Again, self.again_at);
    }

    fn back_off(&self, state: &TrunkState) -> Duration {
        let (first, most) = match state {
            _ if !self.account.register => (OPTIONS_EVERY, OPTIONS_EVERY),
            // A carrier that hears wrong passwords too often closes the account.
            TrunkState::WrongPassword { .. } => (WRONG_FIRST, WRONG_MOST),
            _ => (RETRY_FIRST, RETRY_MOST),
        };
        first.saturating_mul(1 << self.failures.min(16)).min(most)
    }

    fn remember(&mut self, hops: &[Flow]) {
        for hop in hops.iter().take(MAX_HOPS) {
            self.addresses.retain(|known| *known != hop.peer);
            self.addresses.push_front(hop.peer);
        }
        self.addresses.truncate(MAX_ADDRESSES);
    }

    /// What is found of a name is kept for the next start.
    fn keep(&mut self, name: Option<ServerName>, hops: &[Flow]) {
        let places = hops.iter().take(MAX_HOPS).map(|hop| (hop.transport, hop.peer)).collect();
        let Some(name) = name.filter(|name| !hops.is_empty() && !name.is_address()) else { return };
        self.outputs.push_back(Output::Found(StoredServer { name: key(&name), places }));
    }

    fn tell(&mut self, state: TrunkState) {
        if self.state != state {
            self.state = state.clone();
            self.outputs.push_back(Output::State { trunk: self.trunk.name.clone(), state });
        }
    }
}

/// A name with all that its answer depends on.
fn key(name: &ServerName) -> String {
    let port = name.port.map_or_else(String::new, |port| format!(":{port}"));
    let transport = name.transport.map_or("", Transport::param);
    format!("{}{port};{transport}", name.host.to_ascii_lowercase())
}

fn judge(response: &Response) -> Outcome {
    match response.status {
        200..=299 => Outcome::Accepted,
        401 | 403 | 407 => Outcome::WrongPassword,
        408 => Outcome::NoAnswer,
        423 => Outcome::TooBrief(response.headers.number(&Name::MinExpires).unwrap_or(0)),
        503 if is_made_up(response) => Outcome::NoAnswer,
        503 => Outcome::Overloaded,
        _ => Outcome::Refused,
    }
}

/// Any answer to OPTIONS says that somebody is there; many carriers answer 404 or 405.
fn judge_options(response: &Response) -> Outcome {
    match response.status {
        408 => Outcome::NoAnswer,
        503 if is_made_up(response) => Outcome::NoAnswer,
        503 => Outcome::Overloaded,
        _ => Outcome::Accepted,
    }
}

/// The stack makes up a 503 when the transport fails; one from the network has come by a Via.
fn is_made_up(response: &Response) -> bool {
    !response.headers.contains(&Name::Via)
}

/// At 80 % of its life, or 30 s before its end, whichever is earlier; half of a life too short for that.
fn refresh_after(granted: Duration) -> Duration {
    granted.saturating_sub(REFRESH_BEFORE).min(granted.mul_f64(REFRESH_SHARE)).max(granted / 2)
}

/// RFC 3261 §20.33: seconds, then perhaps a comment or parameters.
fn read_retry_after(text: &str) -> Option<Duration> {
    let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
    let seconds = digits.parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MOST))
}

/// Letters of the Contact's user: 5 bits each.
const TOKEN_LETTERS: usize = 20;
/// Servers that one name may lead to.
const MAX_HOPS: usize = 8;
/// Addresses that calls are accepted from.
const MAX_ADDRESSES: usize = 32;
/// Seconds: we ask for no less.
const SHORTEST_WISH: u32 = 60;
/// Seconds: and for no more, whatever Min-Expires says.
const LONGEST_WISH: u32 = 86_400;
/// Seconds: a shorter grant counts as this much.
const SHORTEST_GRANT: u32 = 10;
const REFRESH_BEFORE: Duration = Duration::from_secs(30);
const REFRESH_SHARE: f64 = 0.8;
/// How long names are trusted by a registration that works.
const NAMES_LIVE: Duration = Duration::from_secs(600);
/// No answer by then: the next server is asked.
const NEXT_HOP: Duration = Duration::from_secs(5);
/// No answer from the last one by then: all are silent.
const LAST_HOP: Duration = Duration::from_secs(16);
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MOST: Duration = Duration::from_secs(120);
const WRONG_FIRST: Duration = Duration::from_secs(30);
const WRONG_MOST: Duration = Duration::from_secs(300);
/// No carrier's Retry-After keeps us away for longer.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(600);
const OPTIONS_EVERY: Duration = Duration::from_secs(30);
/// NATs forget UDP after 30 s.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(28);
/// After a broken connection.
const RECONNECT: Duration = Duration::from_secs(1);
/// Between two such.
const RECONNECT_EVERY: Duration = Duration::from_secs(15);
/// RFC 7315 §4.1.
const ASSOCIATED: &str = "P-Associated-URI";
