//! The client's half of the table: requests of ours, resends, ACKs and CANCEL.

use super::client::NonInviteClient;
use super::invite_client::InviteClient;
use super::key::{COOKIE, ClientKey};
use super::{Effects, ExchangeId, Happening, LIFETIME, Owner, Timed, Transactions, Tried};
use crate::base::{Duration, Instant};
use crate::sip::Flow;
use crate::sip::wire::{Headers, Method, Name, Request, Response, Via};

/// One client transaction.
#[derive(Debug)]
pub(super) struct Client {
    key: ClientKey,
    machine: Machine,
    pub(super) flow: Flow,
    owner: Owner,
    exchange: ExchangeId,
    /// Until the final response.
    request: Option<Box<Request>>,
    /// ACKs that were sent: one for a response above 299, one for each branch of a fork that answered with 2xx.
    acks: Vec<SentAck>,
}

#[derive(Debug)]
enum Machine {
    Invite(InviteClient),
    Other(NonInviteClient),
}

#[derive(Debug)]
struct SentAck {
    to_tag: String,
    flow: Flow,
    bytes: Vec<u8>,
}

impl Machine {
    fn on_response(&mut self, now: Instant, status: u16) -> Effects {
        match self {
            Self::Invite(machine) => machine.on_response(now, status),
            Self::Other(machine) => machine.on_response(now, status),
        }
    }

    fn on_timeout(&mut self, now: Instant) -> Effects {
        match self {
            Self::Invite(machine) => machine.on_timeout(now),
            Self::Other(machine) => machine.on_timeout(now),
        }
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_open(),
            Self::Other(machine) => machine.is_open(),
        }
    }

    fn next(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.next(),
            Self::Other(machine) => machine.next(),
        }
    }
}

impl Transactions {
    /// Sends `request` as a new transaction: Via is made here.
    pub(super) fn start_client(
        &mut self,
        now: Instant,
        mut request: Box<Request>,
        flow: Flow,
        (exchange, owner): (ExchangeId, Owner),
        give_up: Duration,
    ) -> u64 {
        let branch = self.new_branch();
        request.headers.push_front(Name::Via, Via::new(flow.transport, flow.local, &branch).to_string());
        self.introduce(&mut request.headers, false);
        self.transmit(flow, request.to_bytes());
        let reliable = flow.transport.is_reliable();
        let machine = match request.method {
            Method::Invite => Machine::Invite(InviteClient::new(now, reliable, give_up)),
            _ => Machine::Other(NonInviteClient::new(now, reliable, give_up)),
        };
        let key = ClientKey { branch, is_cancel: false };
        self.insert_client(Client { key, machine, flow, owner, exchange, request: Some(request), acks: Vec::new() })
    }

    /// Sends the CANCEL of an INVITE if its time has come. False before a provisional response: §9.1.
    pub(crate) fn cancel(&mut self, now: Instant, exchange: ExchangeId, headers: &Headers) -> bool {
        let Some(client) = self.current_client(exchange).and_then(|id| self.clients.all.get_mut(&id)) else {
            return false;
        };
        let (Machine::Invite(machine), Some(invite)) = (&mut client.machine, &client.request) else { return false };
        if !machine.is_proceeding() {
            return false;
        }
        machine.on_cancelled(now);
        let (flow, branch, deadline) = (client.flow, client.key.branch.clone(), machine.next());
        let mut request = derived(invite, Method::Cancel, None);
        if let Some(id) = self.current_client(exchange) {
            self.timers.set(Timed::Client(id), deadline);
        }
        for (name, value) in headers.iter() {
            request.headers.push(name.clone(), value);
        }
        self.transmit(flow, request.to_bytes());
        let machine = Machine::Other(NonInviteClient::new(now, flow.transport.is_reliable(), LIFETIME));
        let key = ClientKey { branch, is_cancel: true };
        let (owner, exchange) = (Owner::Nobody, ExchangeId::NONE);
        let request = Some(Box::new(request));
        self.insert_client(Client { key, machine, flow, owner, exchange, request, acks: Vec::new() });
        true
    }

    /// Nobody waits for an INVITE any more: without a final response it ends in 64·T1.
    pub(crate) fn abandon(&mut self, now: Instant, exchange: ExchangeId) {
        let Some(id) = self.current_client(exchange) else { return };
        if let Some(Machine::Invite(machine)) = self.clients.all.get_mut(&id).map(|client| &mut client.machine) {
            machine.on_cancelled(now);
            let deadline = machine.next();
            self.timers.set(Timed::Client(id), deadline);
        }
    }

    /// Sends the ACK of a 2xx and keeps it for that 2xx's resends, as long as the transaction `client` lasts. Via is
    /// made here.
    pub(crate) fn send_ack(&mut self, client: u64, flow: Flow, to_tag: &str, mut ack: Request) {
        let branch = self.new_branch();
        ack.headers.push_front(Name::Via, Via::new(flow.transport, flow.local, &branch).to_string());
        let bytes = ack.to_bytes();
        if let Some(client) = self.clients.all.get_mut(&client) {
            client.acks.push(SentAck { to_tag: to_tag.to_owned(), flow, bytes: bytes.clone() });
        }
        self.transmit(flow, bytes);
    }

    /// A response came in.
    pub(crate) fn on_response(&mut self, now: Instant, flow: Flow, response: Response) -> Option<Happening> {
        let Some(id) = self.match_response(&response) else {
            self.counters.stray_responses += 1;
            return None;
        };
        let client = self.clients.all.get_mut(&id)?;
        let effects = client.machine.on_response(now, response.status);
        if effects.acknowledge {
            self.acknowledge(id, &response);
        }
        let happening = if effects.deliver { self.deliver(id, flow, response) } else { None };
        self.after_client(id, effects.done);
        happening
    }

    /// The flow broke: all requests that wait on it have failed.
    pub(crate) fn on_flow_failed(&mut self, flow: Flow) -> Vec<Happening> {
        let broken = |client: &Client| {
            let same = client.flow.transport == flow.transport && client.flow.peer == flow.peer;
            same && (client.flow.connection == flow.connection || client.flow.connection == 0)
        };
        let mut ids: Vec<u64> = self
            .clients
            .all
            .iter()
            .filter(|(_, client)| broken(client) && client.machine.is_open())
            .map(|(id, _)| *id)
            .collect();
        ids.sort_unstable(); // so that a seeded world plays twice alike
        ids.into_iter().filter_map(|id| self.fail(id, 503)).collect()
    }

    pub(super) fn on_client_timeout(&mut self, now: Instant, id: u64) -> Option<Happening> {
        let client = self.clients.all.get_mut(&id)?;
        let effects = client.machine.on_timeout(now);
        if effects.timed_out {
            return self.fail(id, 408);
        }
        if effects.send
            && let Some(request) = &client.request
        {
            let (flow, bytes) = (client.flow, request.to_bytes());
            self.transmit(flow, bytes);
        }
        self.after_client(id, effects.done);
        None
    }

    /// Ends a transaction to which nobody answered with a response that we make up: §8.1.3.1.
    fn fail(&mut self, id: u64, status: u16) -> Option<Happening> {
        let mut client = self.remove_client(id)?;
        let request = client.request.take()?;
        let mut response = Response::new(status);
        for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
            if let Some(value) = request.headers.get(&name) {
                response.headers.push(name, value);
            }
        }
        let Client { exchange, owner, flow, .. } = client;
        Some(Happening::Tried(Box::new(Tried {
            exchange,
            owner,
            client: id,
            flow,
            response,
            request,
            from_peer: false,
        })))
    }

    fn deliver(&mut self, id: u64, flow: Flow, response: Response) -> Option<Happening> {
        let client = self.clients.all.get_mut(&id)?;
        let owner = client.owner;
        if response.status < 200 {
            return Some(Happening::Progress { owner, flow, response });
        }
        if let Some(request) = client.request.take() {
            let exchange = client.exchange;
            let tried = Tried { exchange, owner, client: id, flow, response, request, from_peer: true };
            return Some(Happening::Tried(Box::new(tried)));
        }
        let to = response.headers.to().ok()?;
        let resent = client.acks.iter().find(|ack| ack.to_tag == to.tag().unwrap_or_default());
        if let Some((flow, bytes)) = resent.map(|ack| (ack.flow, ack.bytes.clone())) {
            self.transmit(flow, bytes); // §13.2.2.4: an ACK for each 2xx
            return None;
        }
        Some(Happening::Further { owner, client: id, flow, response })
    }

    /// The ACK of a response above 299 has the INVITE's branch and goes where it went: §17.1.1.3.
    fn acknowledge(&mut self, id: u64, response: &Response) {
        let Some(client) = self.clients.all.get_mut(&id) else { return };
        if let (Some(invite), true) = (&client.request, client.acks.is_empty()) {
            let ack = derived(invite, Method::Ack, response.headers.get(&Name::To));
            client.acks.push(SentAck { to_tag: String::new(), flow: client.flow, bytes: ack.to_bytes() });
        }
        if let Some((flow, bytes)) = client.acks.first().map(|ack| (ack.flow, ack.bytes.clone())) {
            self.transmit(flow, bytes);
        }
    }

    fn match_response(&self, response: &Response) -> Option<u64> {
        let vias = response.headers.vias().ok()?;
        let [via] = vias.as_slice() else { return None }; // meant for a proxy behind us: §8.1.3.3
        let method = response.headers.cseq().ok()?.method;
        let key = ClientKey { branch: via.branch()?.to_owned(), is_cancel: method == Method::Cancel };
        let id = *self.clients.keys.get(&key)?;
        let is_invite = matches!(self.clients.all.get(&id)?.machine, Machine::Invite(_));
        (is_invite == (method == Method::Invite)).then_some(id)
    }

    fn insert_client(&mut self, client: Client) -> u64 {
        let id = self.next_id();
        self.clients.keys.insert(client.key.clone(), id);
        self.timers.set(Timed::Client(id), client.machine.next());
        self.clients.all.insert(id, client);
        id
    }

    fn remove_client(&mut self, id: u64) -> Option<Client> {
        let client = self.clients.all.remove(&id)?;
        self.clients.keys.remove(&client.key);
        self.timers.cancel(Timed::Client(id));
        Some(client)
    }

    fn after_client(&mut self, id: u64, done: bool) {
        if done {
            self.remove_client(id);
        } else if let Some(client) = self.clients.all.get(&id) {
            let deadline = client.machine.next();
            self.timers.set(Timed::Client(id), deadline);
        }
    }

    fn new_branch(&mut self) -> String {
        let mut branch = String::with_capacity(27);
        branch.push_str(COOKIE);
        branch.push_str(&self.rng.token(20));
        branch
    }
}

/// CANCEL, or the ACK of a response above 299: same Request-URI, topmost Via, From, Call-ID, CSeq number and Route.
fn derived(invite: &Request, method: Method, to: Option<&str>) -> Request {
    let mut headers = Headers::new();
    if let Ok(via) = invite.headers.top_via() {
        headers.push(Name::Via, via.to_string());
    }
    for route in invite.headers.all(&Name::Route) {
        headers.push(Name::Route, route);
    }
    for name in [Name::From, Name::To, Name::CallId] {
        let value = if name == Name::To { to.or(invite.headers.get(&Name::To)) } else { invite.headers.get(&name) };
        headers.push(name, value.unwrap_or_default());
    }
    let number = invite.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
    headers.push(Name::CSeq, format!("{number} {method}"));
    headers.push(Name::MaxForwards, "70");
    Request { method, uri: invite.uri.clone(), headers, body: Vec::new() }
}
