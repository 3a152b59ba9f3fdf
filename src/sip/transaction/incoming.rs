//! The server's half of the table: requests of others, and our responses to them.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::invite_server::InviteServer;
use super::key::ServerKey;
use super::server::NonInviteServer;
use super::{Effects, Timed, Transactions};
use crate::base::{Instant, ServerTxn, SessionId};
use crate::sip::Flow;
use crate::sip::wire::{CSeq, Headers, Method, Name, Request, Response, Via};

/// Who answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerOwner {
    /// The stack's user.
    User,
    /// A session.
    Session(SessionId),
}

/// What a request turned out to be.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A resend, or an ACK that a transaction was waiting for: nothing is left to do.
    Absorbed,
    /// New: judge it, then [`Transactions::reply`] or [`Transactions::open`].
    New(Box<Incoming>),
    /// An ACK that belongs to a dialog, or to nobody.
    Ack(Request),
    /// The CANCEL of an open or answered INVITE.
    Cancel { invite: ServerTxn, request: Request },
    /// The CANCEL of nothing.
    StrayCancel(Request),
}

/// A new request and what was read of it.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// With `received` and `rport` in its topmost Via.
    pub(crate) request: Request,
    /// Where it came from and its responses go.
    pub(crate) flow: Flow,
    /// Its CSeq number.
    pub(crate) cseq: u32,
    /// Its To-tag: it belongs to a dialog.
    pub(crate) to_tag: Option<String>,
    /// Whether it carries an offer, for an INVITE's session. The layer above finds out.
    pub(crate) offered: bool,
    key: ServerKey,
    /// Its identity by whatever way, when it belongs to no dialog.
    merged: Option<ServerKey>,
}

/// One server transaction.
#[derive(Debug)]
pub(super) struct Server {
    key: ServerKey,
    merged: Option<ServerKey>,
    machine: Machine,
    flow: Flow,
    owner: ServerOwner,
    /// It carries a session description.
    offered: bool,
    /// What responses and the dialog need of the request; until the final response.
    kept: Option<Box<Headers>>,
    /// Our tag, for a request that came without.
    local_tag: Option<String>,
    /// The last response, as long as it may have to be sent again.
    last: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Machine {
    Invite(InviteServer),
    Other(NonInviteServer),
}

impl Machine {
    fn on_resend(&self) -> Effects {
        match self {
            Self::Invite(machine) => machine.on_resend(),
            Self::Other(machine) => machine.on_resend(),
        }
    }

    fn on_respond(&mut self, now: Instant, status: u16) -> Option<Effects> {
        match self {
            Self::Invite(machine) => machine.on_respond(now, status).then(Effects::default),
            Self::Other(machine) => machine.on_respond(now, status),
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

/// An INVITE whose dialog a session makes.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The header fields of the INVITE that a dialog and its extensions need.
    pub(crate) headers: Headers,
    /// The To-tag of our responses.
    pub(crate) local_tag: String,
    /// Where it came from.
    pub(crate) flow: Flow,
    /// Whether it carried an offer.
    pub(crate) offered: bool,
}

impl Transactions {
    /// A request came in.
    pub(crate) fn on_request(&mut self, now: Instant, flow: Flow, mut request: Request) -> Arrival {
        let (Ok(via), Ok(cseq)) = (request.headers.top_via(), request.headers.cseq()) else {
            self.counters.malformed += 1; // the parser holds that both are there
            return Arrival::Absorbed;
        };
        let invite_of = |request: &Request| ServerKey::of(request, &via, &cseq, &Method::Invite);
        match request.method {
            Method::Ack => {
                let txn = self.servers.keys.get(&invite_of(&request)).copied();
                if txn.is_some_and(|txn| self.absorb_ack(now, txn)) { Arrival::Absorbed } else { Arrival::Ack(request) }
            }
            Method::Cancel => match self.servers.keys.get(&invite_of(&request)).copied() {
                Some(invite) => Arrival::Cancel { invite, request },
                None => Arrival::StrayCancel(request),
            },
            _ => {
                let key = ServerKey::of(&request, &via, &cseq, &request.method);
                if let Some(txn) = self.servers.keys.get(&key).copied() {
                    self.on_resend(txn);
                    return Arrival::Absorbed;
                }
                stamp(&mut request, via, &flow);
                Arrival::New(Box::new(read(request, flow, &cseq, key)))
            }
        }
    }

    /// Whether the same request came by another way and is still being dealt with: §8.2.2.2.
    pub(crate) fn is_merged(&self, incoming: &Incoming) -> bool {
        incoming.merged.as_ref().is_some_and(|merged| self.servers.merged.contains_key(merged))
    }

    /// Makes a transaction of a request.
    pub(crate) fn open(&mut self, now: Instant, incoming: &Incoming, owner: ServerOwner) -> ServerTxn {
        let reliable = incoming.flow.transport.is_reliable();
        let machine = match incoming.request.method {
            Method::Invite => Machine::Invite(InviteServer::new(now, reliable)),
            _ => Machine::Other(NonInviteServer::new(now, reliable)),
        };
        let txn = ServerTxn(self.next_id());
        let local_tag = incoming.to_tag.is_none().then(|| self.rng.token(16));
        let (key, merged) = (incoming.key.clone(), incoming.merged.clone());
        if let Some(merged) = &merged {
            self.servers.merged.insert(merged.clone(), txn);
        }
        self.servers.keys.insert(key.clone(), txn);
        self.timers.set(Timed::Server(txn), machine.next());
        let kept = Some(Box::new(keep(&incoming.request)));
        let offered = incoming.offered;
        let server = Server { key, merged, machine, flow: incoming.flow, owner, offered, kept, local_tag, last: None };
        self.servers.all.insert(txn, server);
        txn
    }

    /// Hands an open INVITE of the user's to a session. `None` when its time is over or it is something else.
    pub(crate) fn take_invite(&mut self, now: Instant, txn: ServerTxn, session: SessionId) -> Option<Taken> {
        let server = self.servers.all.get_mut(&txn)?;
        let fits = matches!(server.machine, Machine::Invite(_)) && server.machine.is_open();
        if !fits || server.owner != ServerOwner::User {
            return None;
        }
        server.owner = ServerOwner::Session(session);
        let taken = Taken {
            headers: server.kept.as_deref()?.clone(),
            local_tag: server.local_tag.clone()?,
            flow: server.flow,
            offered: server.offered,
        };
        if server.last.is_none() {
            self.respond(now, txn, 100, Headers::new(), Vec::new());
        }
        Some(taken)
    }

    /// Answers a request. Via, From, To, Call-ID, CSeq and Record-Route are copied, a To-tag is added, and what says who we are.
    /// Returns the bytes of a 2xx to an INVITE, which the caller resends until its ACK (§13.3.1.4), and their way.
    pub(crate) fn respond(
        &mut self,
        now: Instant,
        txn: ServerTxn,
        status: u16,
        headers: Headers,
        body: Vec<u8>,
    ) -> Option<(Flow, Vec<u8>)> {
        let server = self.servers.all.get_mut(&txn)?;
        let effects = server.machine.on_respond(now, status)?;
        let kept = server.kept.as_deref()?;
        let mut response = answer_to(kept, status, server.local_tag.as_deref());
        response.headers.extend(headers);
        response.body = body;
        if status > 100 {
            self.introduce(&mut response.headers, true);
        }
        let bytes = response.to_bytes();
        let server = self.servers.all.get_mut(&txn)?;
        let (flow, deadline) = (server.flow, server.machine.next());
        let accepted = matches!(server.machine, Machine::Invite(_)) && (200..300).contains(&status);
        server.last = (!accepted).then(|| bytes.clone());
        if status >= 200 {
            server.kept = None;
        }
        if matches!(status, 401 | 407)
            && let Some(merged) = server.merged.take()
        {
            self.servers.merged.remove(&merged); // careless phones repeat the CSeq when they come back with credentials
        }
        self.timers.set(Timed::Server(txn), deadline);
        self.transmit(flow, bytes.clone());
        if effects.done {
            self.remove_server(txn);
        }
        accepted.then_some((flow, bytes))
    }

    /// Answers a request without keeping anything: a resend is judged and answered anew, with the same tag.
    pub(crate) fn reply(&mut self, flow: Flow, request: &Request, status: u16, headers: Headers) {
        if request.method == Method::Ack {
            return;
        }
        let tag = self.stateless_tag(request);
        let mut response = answer_to(&request.headers, status, Some(&tag));
        response.headers.extend(headers);
        self.introduce(&mut response.headers, true);
        self.transmit(flow, response.to_bytes());
    }

    /// Sends the last response once more.
    pub(crate) fn resend_last(&mut self, txn: ServerTxn) {
        if let Some((flow, bytes)) = self.servers.all.get(&txn).and_then(|s| Some((s.flow, s.last.clone()?))) {
            self.transmit(flow, bytes);
        }
    }

    /// Forgets a request without any answer.
    pub(crate) fn ignore(&mut self, txn: ServerTxn) {
        self.remove_server(txn);
    }

    /// The tag that our responses bear.
    pub(crate) fn tag_of(&self, txn: ServerTxn) -> Option<&str> {
        self.servers.all.get(&txn)?.local_tag.as_deref()
    }

    /// Who answers it.
    pub(crate) fn owner_of(&self, txn: ServerTxn) -> Option<ServerOwner> {
        self.servers.all.get(&txn).map(|server| server.owner)
    }

    /// Whether it still waits for a final response.
    pub(crate) fn is_open(&self, txn: ServerTxn) -> bool {
        self.servers.all.get(&txn).is_some_and(|server| server.machine.is_open())
    }

    /// 200 to a CANCEL, with the To-tag of its INVITE's responses (§9.2).
    pub(crate) fn answer_cancel(&mut self, flow: Flow, invite: ServerTxn, request: &Request) {
        let tag = self.servers.all.get(&invite).and_then(|server| server.local_tag.clone());
        let mut response = answer_to(&request.headers, 200, tag.as_deref());
        self.introduce(&mut response.headers, true);
        self.transmit(flow, response.to_bytes());
    }

    pub(super) fn on_server_timeout(&mut self, now: Instant, txn: ServerTxn) {
        let Some(server) = self.servers.all.get_mut(&txn) else { return };
        let effects = server.machine.on_timeout(now);
        let deadline = server.machine.next();
        if effects.done {
            self.remove_server(txn);
            return;
        }
        self.timers.set(Timed::Server(txn), deadline);
        if effects.send {
            self.resend_or_try(txn);
        }
    }

    fn on_resend(&mut self, txn: ServerTxn) {
        let effects = self.servers.all.get(&txn).map(|server| server.machine.on_resend()).unwrap_or_default();
        if effects.send {
            self.resend_or_try(txn);
        }
    }

    /// The last response; or, before any, the 100 of an INVITE.
    fn resend_or_try(&mut self, txn: ServerTxn) {
        let Some(server) = self.servers.all.get_mut(&txn) else { return };
        if server.last.is_none()
            && let (Machine::Invite(_), Some(kept)) = (&server.machine, &server.kept)
        {
            server.last = Some(answer_to(kept, 100, None).to_bytes());
        }
        self.resend_last(txn);
    }

    /// Whether a transaction was waiting for this ACK. Phones that give the ACK of a 2xx the INVITE's branch mean the dialog.
    fn absorb_ack(&mut self, now: Instant, txn: ServerTxn) -> bool {
        let Some(Server { machine: Machine::Invite(machine), .. }) = self.servers.all.get_mut(&txn) else {
            return false;
        };
        if machine.is_accepted() {
            return false;
        }
        let effects = machine.on_ack(now);
        let (deadline, open) = (machine.next(), machine.is_open());
        if effects.done {
            self.remove_server(txn);
        } else if let Some(server) = self.servers.all.get_mut(&txn) {
            if !open {
                server.last = None;
            }
            self.timers.set(Timed::Server(txn), deadline);
        }
        true
    }

    fn remove_server(&mut self, txn: ServerTxn) {
        let Some(server) = self.servers.all.remove(&txn) else { return };
        self.servers.keys.remove(&server.key);
        if let Some(merged) = &server.merged {
            self.servers.merged.remove(merged);
        }
        self.timers.cancel(Timed::Server(txn));
    }

    fn stateless_tag(&self, request: &Request) -> String {
        let mut hash = DefaultHasher::new();
        (self.tag_key, request.headers.get(&Name::Via), request.headers.call_id()).hash(&mut hash);
        request.headers.get(&Name::CSeq).hash(&mut hash);
        format!("{:016x}", hash.finish())
    }
}

/// RFC 3581 §4 and RFC 3261 §18.2.1: where it came from, whether asked or not.
fn stamp(request: &mut Request, mut via: Via, flow: &Flow) {
    via.params.set("received", Some(flow.peer.ip().to_string()));
    via.params.set("rport", Some(flow.peer.port().to_string()));
    request.headers.pop_via();
    request.headers.push_front(Name::Via, via.to_string());
}

fn read(request: Request, flow: Flow, cseq: &CSeq, key: ServerKey) -> Incoming {
    let to_tag = request.headers.to().ok().and_then(|to| to.tag().map(str::to_owned));
    let merged = to_tag.is_none().then(|| ServerKey::of_request(&request.headers, cseq));
    Incoming { request, flow, cseq: cseq.number, to_tag, offered: false, key, merged }
}

/// The response that copies what §8.2.6.2 says.
fn answer_to(request: &Headers, status: u16, local_tag: Option<&str>) -> Response {
    let mut response = Response::new(status);
    let headers = &mut response.headers;
    for (name, value) in request.iter() {
        match name {
            Name::To => {
                let tag = local_tag.filter(|_| status > 100 && !has_tag(request));
                headers.push(Name::To, tag.and_then(|tag| request.to_tagged(tag)).unwrap_or_else(|| value.to_owned()));
            }
            Name::Via | Name::From | Name::CallId | Name::CSeq => headers.push(name.clone(), value),
            Name::RecordRoute if (101..300).contains(&status) => headers.push(Name::RecordRoute, value),
            Name::Timestamp if status == 100 => headers.push(Name::Timestamp, value),
            _ => {}
        }
    }
    response
}

fn has_tag(headers: &Headers) -> bool {
    headers.to().is_ok_and(|to| to.tag().is_some())
}

fn keep(request: &Request) -> Headers {
    let mut kept = Headers::new();
    for (name, value) in request.headers.iter() {
        let for_responses = matches!(name, Name::Via | Name::From | Name::To | Name::CallId | Name::CSeq);
        let for_dialogs = matches!(
            name,
            Name::RecordRoute
                | Name::Timestamp
                | Name::Contact
                | Name::Supported
                | Name::Require
                | Name::Allow
                | Name::SessionExpires
                | Name::MinSe
        );
        if for_responses || for_dialogs && request.method == Method::Invite {
            kept.push(name.clone(), value);
        }
    }
    kept
}
