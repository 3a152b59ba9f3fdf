//! The one door of the SIP stack: packets, deadlines and orders in; packets, requests and session events out.
//!
//! The stack owns the four transaction machines (RFC 3261 §17 with RFC 6026), dialogs (§12) and INVITE sessions (§13
//! to §15, RFC 3262, 3311, 4028). It resends, acknowledges, answers what needs no judgement (stray CANCEL, ACK and BYE,
//! loops, Max-Forwards, unknown extensions in Require), answers challenges when credentials are given, and never looks
//! into a session description. Who may call whom is for its user.

mod inbound;

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{ClientTxn, Instant, Rng, ServerTxn, SessionId};
use crate::sip::auth::Credentials;
pub use crate::sip::session::description;
use crate::sip::session::{self, Context, Session};
use crate::sip::transaction::{Happening, Next, Owner, Plan, ServerOwner, Transactions, Tried, renumber};
use crate::sip::wire::{Headers, Message, Name, NameAddr, Replaces, Request, Response, Uri, parse};
use crate::sip::{Flow, Transport};

/// What the stack hands out, drained until `None` after each input.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are told in the text of their variant")]
pub enum Output {
    /// Put these bytes on the way to the flow's peer.
    Send { flow: Flow, bytes: Vec<u8> },
    /// A request outside of any dialog (INVITE included: it is given its 100 by [`Stack::accept_invite`], or after
    /// 200 ms). Answer it with
    /// [`Stack::respond`], or make a session of an INVITE with [`Stack::accept_invite`].
    Request { txn: ServerTxn, flow: Flow, request: Request },
    /// The final response to [`Stack::request`], after challenges were met; 408 is made up when none comes, 503 when
    /// the transport fails (RFC 3261 §8.1.3.1). `flow` is where it came from.
    Response { txn: ClientTxn, flow: Flow, response: Response },
    /// Something happened in a session.
    Session { id: SessionId, event: SessionEvent },
}

/// How an outgoing request is sent.
#[derive(Debug, Clone)]
pub struct RequestDraft {
    /// Where it goes, in the order to try; the next is tried after a transport failure, no response at all within
    /// [`give_up`](Self::give_up), or a 503 (RFC 3263 §4.3). Never empty.
    pub flows: Vec<Flow>,
    /// Method, Request-URI, From, To, Call-ID, CSeq, Max-Forwards and whatever else is wanted. Via is made here;
    /// From-tag, Call-ID and CSeq are made here when they are absent.
    pub request: Request,
    /// What challenges are answered with; without them 401 and 407 are final.
    pub credentials: Option<Credentials>,
    /// How long to wait for any response on one flow before the next is tried, and on the last one before it fails
    /// with 408; `None`: Timer B or F, 32 s.
    pub give_up: Option<crate::base::Duration>,
}

/// Orders to a session. One that does not fit the session's state is dropped (the peer was faster), never an error.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are told in the text of their variant")]
pub enum SessionCommand {
    /// A provisional response to the INVITE we received, 101 to 199. With a body: early media, the answer or, when the
    /// INVITE had none, an offer. Sent reliably when the peer requires it (RFC 3262), and repeated each minute (§13.3.1.1).
    Progress { status: u16, headers: Headers, sdp: Option<Vec<u8>> },
    /// 200 to the INVITE we received; repeated until its ACK. `sdp` is the answer, or our offer when the INVITE had none.
    Answer { headers: Headers, sdp: Option<Vec<u8>> },
    /// 300 to 699 to the INVITE we received.
    Reject { status: u16, headers: Headers },
    /// Ends the session whatever state it is in: CANCEL, BYE, or 480 to an INVITE not answered yet. `headers` (a
    /// Reason, say) go into the CANCEL or BYE. A call that was not answered yet ends with [`SessionEvent::Failed`]; from any
    /// other, nothing is heard any more.
    HangUp { headers: Headers },
    /// A new offer to the peer: UPDATE before the answer where that is possible, re-INVITE afterwards (491 is retried as
    /// RFC 3261 §14.1 says). It waits until the state allows it; a newer one replaces it meanwhile.
    Offer { sdp: Vec<u8> },
    /// Who the peer speaks with has changed: these fields (P-Asserted-Identity) go into all further re-INVITEs and UPDATEs of
    /// ours, and at once into an UPDATE where the peer takes those (RFC 3311).
    Identify { headers: Headers },
    /// Our answer to [`SessionEvent::Offer`]; or, when that had no body, our offer.
    AcceptOffer { sdp: Vec<u8> },
    /// Refuses [`SessionEvent::Offer`] (488); the session goes on as it was. Only the first offer of a call that we placed
    /// without one can't be refused: then the session ends.
    RejectOffer { status: u16 },
    /// A request inside the dialog (INFO, NOTIFY, REFER, MESSAGE): its response comes as [`SessionEvent::Response`].
    Request { request: crate::sip::wire::Method, headers: Headers, body: Vec<u8> },
    /// Our response to [`SessionEvent::Request`].
    Respond { txn: ServerTxn, status: u16, headers: Headers },
}

/// What happened in a session. After [`Failed`](Self::Failed) or [`Ended`](Self::Ended) the id is dead.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are told in the text of their variant")]
pub enum SessionEvent {
    /// A provisional response above 100 to our INVITE. `sdp` is an answer (early media) and may repeat the last one;
    /// with several early dialogs (forking) the newest speaks.
    Progress { status: u16, sdp: Option<Vec<u8>>, response: Box<Response> },
    /// Our INVITE was answered and the ACK is on its way. `sdp` is the answer, unless it came reliably before. When our INVITE
    /// had no offer, the peer's follows as [`Offer`](Self::Offer), and `AcceptOffer` sends the ACK.
    Answered { sdp: Option<Vec<u8>>, response: Box<Response> },
    /// Our INVITE failed: the peer's response, or 408 (no answer), 503 (transport), 487 (we cancelled), made up when
    /// none came. A 3xx arrives here with its Contacts.
    Failed { response: Box<Response>, from_peer: bool },
    /// The ACK of our 200 to the INVITE that began the session came; with a body when that 200 carried our offer.
    Confirmed { sdp: Option<Vec<u8>> },
    /// The peer offers (re-INVITE, UPDATE, PRACK; when our INVITE had no offer, a reliable provisional response or the 200);
    /// `None`: it asks us to offer. Answer with `AcceptOffer` or `RejectOffer` within 32 s; after that it is refused.
    Offer { sdp: Option<Vec<u8>> },
    /// The peer answered our [`SessionCommand::Offer`], the offer of our reliable provisional response, or the one that
    /// [`AcceptOffer`](SessionCommand::AcceptOffer) made to an empty re-INVITE. Unasked after a session refresh: the same again.
    OfferAnswered { sdp: Vec<u8> },
    /// The peer refused our offer; the old description holds.
    OfferRefused { status: u16 },
    /// A request inside the dialog that the stack can't answer by itself (INFO, REFER, NOTIFY, MESSAGE, …).
    Request { txn: ServerTxn, request: Box<Request> },
    /// The final response to [`SessionCommand::Request`].
    Response { response: Box<Response> },
    /// The peer ended it, or it fell.
    Ended { why: EndedBy, headers: Headers },
}

/// Who or what ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// BYE.
    Bye,
    /// CANCEL before the answer; 487 was sent.
    Cancel,
    /// Our 200 was never acknowledged (RFC 3261 §13.3.1.4), our reliable provisional response met no PRACK (RFC 3262 §3), or
    /// an offer that had to be answered was not; BYE was sent where it must be.
    NoAck,
    /// The session timer ran out (RFC 4028 §10), or a request in the dialog met 408 or 481 (RFC 3261 §12.2.1.2).
    Expired,
    /// The flow broke and could not be opened again.
    Transport,
}

/// A call that we place.
#[derive(Debug, Clone)]
pub struct InviteDraft {
    /// As in [`RequestDraft`].
    pub flows: Vec<Flow>,
    /// Request-URI.
    pub uri: Uri,
    /// Who calls, without tag.
    pub from: NameAddr,
    /// Who is called, without tag.
    pub to: NameAddr,
    /// Our Contact's user part; host and port come from the flow.
    pub contact_user: String,
    /// Preloaded routes (outbound proxy, Service-Route): RFC 3261 §8.1.1.1, RFC 3608.
    pub routes: Vec<NameAddr>,
    /// Further header fields: P-Asserted-Identity, Diversion, Alert-Info, Max-Forwards …
    pub headers: Headers,
    /// Our offer; `None` asks the peer to offer in its answer.
    pub sdp: Option<Vec<u8>>,
    /// What challenges are answered with.
    pub credentials: Option<Credentials>,
    /// As in [`RequestDraft`]; `None`: 32 s.
    pub give_up: Option<crate::base::Duration>,
    /// Whether a session timer is asked for (RFC 4028); an answering peer's own wish is met in any case.
    pub session_timer: bool,
}

/// What was dropped without a word to the user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Responses that match no transaction of ours, or carry several Vias.
    pub stray_responses: u64,
    /// ACKs that match nothing.
    pub stray_acks: u64,
    /// Messages that can't be read, answered or not.
    pub malformed: u64,
    /// Requests that met 503 because [`limits::TRANSACTIONS`](crate::base::limits::TRANSACTIONS) was reached.
    pub overloaded: u64,
}

/// The SIP stack.
#[derive(Debug)]
pub struct Stack {
    core: Transactions,
    sessions: HashMap<SessionId, Box<Session>>,
    /// Sessions by our tag.
    tags: HashMap<String, SessionId>,
}

impl Stack {
    /// An empty stack. `user_agent` is what User-Agent and Server say; empty: they are left out.
    pub fn new(rng: Rng, user_agent: &str) -> Self {
        Self { core: Transactions::new(rng, user_agent), sessions: HashMap::new(), tags: HashMap::new() }
    }

    /// Packets in: one datagram, or one framed message of a stream.
    pub fn handle_packet(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            return; // keeps a NAT binding alive: RFC 5626 §4.4.1
        }
        match parse(bytes) {
            Ok(Message::Request(request)) => self.on_request(now, flow, request),
            Ok(Message::Response(response)) => {
                if let Some(happening) = self.core.on_response(now, flow, response) {
                    self.settle(now, happening);
                }
            }
            Err(malformed) => {
                self.core.counters.malformed += 1;
                if let Some(reply) = malformed.reply {
                    self.core.transmit(flow, reply.to_bytes());
                }
            }
        }
    }

    /// A connection was lost, or could not be opened, or a datagram was refused (ICMP). Requests that wait on it fail; a
    /// session lives on until it has something to say and can't.
    pub fn handle_flow_failed(&mut self, now: Instant, flow: Flow) {
        if flow.transport != Transport::Udp {
            for session in self.sessions.values_mut() {
                session.on_flow_failed(&flow);
            }
        }
        for happening in self.core.on_flow_failed(flow) {
            self.settle(now, happening);
        }
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(happening) = self.core.handle_timeout(now) {
            if let Some(happening) = happening {
                self.settle(now, happening);
            }
        }
    }

    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.core.next()
    }

    /// What there is to do; drain until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.outputs.pop_front()
    }

    /// Answers a request that came as [`Output::Request`]. To, From, Via, Call-ID, CSeq are copied, a To-tag is added.
    /// `headers` and `body` are added to the response. A request whose time is over is passed over.
    pub fn respond(&mut self, now: Instant, txn: ServerTxn, status: u16, headers: Headers, body: Vec<u8>) {
        if self.core.owner_of(txn) == Some(ServerOwner::User) {
            self.core.respond(now, txn, status, headers, body);
        }
    }

    /// The To-tag that our responses to a request outside of dialogs bear: it names the dialog that a 2xx makes. `None` for a
    /// request inside of one, and when its time is over.
    pub fn tag_of(&self, txn: ServerTxn) -> Option<&str> {
        self.core.tag_of(txn)
    }

    /// Forgets a request that came as [`Output::Request`] without any answer: the sender was judged a scanner.
    pub fn ignore(&mut self, txn: ServerTxn) {
        if self.core.owner_of(txn) == Some(ServerOwner::User) {
            self.core.ignore(txn);
        }
    }

    /// Answers a request that came as [`Output::Request`] and forgets it: who resends it is asked anew. So a stranger costs no memory,
    /// and nobody in whose name he writes is told more than once for each message: RFC 3261 §8.2.7.
    pub fn answer(&mut self, txn: ServerTxn, flow: Flow, request: &Request, status: u16, headers: Headers) {
        if self.core.owner_of(txn) == Some(ServerOwner::User) {
            self.core.ignore(txn);
            self.core.reply(flow, request, status, headers);
        }
    }

    /// Makes a session of an INVITE that came as [`Output::Request`]; the user answers it by commands.
    /// `contact_user` is the user part of our Contact. `None` when the INVITE has been cancelled meanwhile.
    pub fn accept_invite(&mut self, now: Instant, txn: ServerTxn, contact_user: &str) -> Option<SessionId> {
        let id = SessionId(self.core.next_id());
        let taken = self.core.take_invite(now, txn, id)?;
        let mut cx = Context { now, core: &mut self.core };
        match Session::ring(&mut cx, id, txn, taken, contact_user) {
            Some(session) => {
                self.insert(id, session);
                Some(id)
            }
            None => {
                self.core.respond(now, txn, 400, Headers::new(), Vec::new());
                None
            }
        }
    }

    /// Sends a request outside of sessions. Its fate comes as [`Output::Response`].
    pub fn request(&mut self, now: Instant, draft: RequestDraft) -> ClientTxn {
        let txn = ClientTxn(self.core.next_id());
        let RequestDraft { flows, mut request, credentials, give_up } = draft;
        self.complete(&mut request);
        let last_resort = flows.is_empty().then(|| session::made_up(503, &request.headers));
        let plan = Plan { flows, credentials: credentials.map(Arc::new), give_up };
        self.core.send(now, Owner::User(txn), request, plan);
        if let Some(response) = last_resort {
            self.core.outputs.push_back(Output::Response { txn, flow: nowhere(), response });
        }
        txn
    }

    /// Places a call. Its fate comes as [`Output::Session`].
    pub fn invite(&mut self, now: Instant, draft: InviteDraft) -> SessionId {
        let id = SessionId(self.core.next_id());
        let mut cx = Context { now, core: &mut self.core };
        match Session::place(&mut cx, id, draft) {
            Some(session) => self.insert(id, session),
            None => {
                let response = Box::new(Response::new(503));
                let event = SessionEvent::Failed { response, from_peer: false };
                self.core.outputs.push_back(Output::Session { id, event });
            }
        }
        id
    }

    /// Gives an order to a session.
    pub fn command(&mut self, now: Instant, id: SessionId, command: SessionCommand) {
        self.with_session(now, id, |session, cx| session.command(cx, command));
    }

    /// What challenges to requests inside the dialog of a call that *came* are answered with; a call that was placed has
    /// the credentials of its draft.
    pub fn use_credentials(&mut self, id: SessionId, credentials: Credentials) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.use_credentials(credentials);
        }
    }

    /// The session whose dialog has this Call-ID and these tags, whichever of the two is ours: RFC 3891 §3.
    pub fn session_of(&self, named: &Replaces) -> Option<SessionId> {
        [(&named.to_tag, &named.from_tag), (&named.from_tag, &named.to_tag)].into_iter().find_map(|(ours, theirs)| {
            let id = *self.tags.get(ours)?;
            self.sessions.get(&id)?.is_dialog(&named.call_id, theirs).then_some(id)
        })
    }

    /// The Call-ID of a session; `None` when it is over.
    pub fn call_id_of(&self, id: SessionId) -> Option<&str> {
        self.sessions.get(&id).map(|session| session.call_id())
    }

    /// Sessions alive, for checkers.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Transactions alive, for checkers and metrics.
    pub fn transactions(&self) -> usize {
        self.core.len()
    }

    /// What was dropped so far.
    pub fn counters(&self) -> Counters {
        self.core.counters
    }

    /// Hands a happening to whom it concerns.
    fn settle(&mut self, now: Instant, happening: Happening) {
        match happening {
            Happening::Progress { owner: Owner::Session(id, purpose), flow, response, .. } => {
                self.with_session(now, id, |session, cx| session.on_progress(cx, purpose, flow, response));
            }
            Happening::Progress { .. } => {}
            Happening::Further { owner, client, flow, response } => {
                let heard = match owner {
                    Owner::Session(id, _) => {
                        self.with_session(now, id, |session, cx| session.on_further(cx, client, flow, &response))
                    }
                    _ => false,
                };
                if !heard {
                    self.dismiss(now, client, flow, &response);
                }
            }
            Happening::Tried(tried) => self.on_tried(now, *tried),
            Happening::Session(id) => {
                self.with_session(now, id, |session, cx| session.handle_timeout(cx));
            }
        }
    }

    /// The end of one try: the next one, or the end of the request.
    fn on_tried(&mut self, now: Instant, mut tried: Tried) {
        let goes_on = match tried.owner {
            Owner::Session(id, _) => self.sessions.get(&id).is_some_and(|session| !session.is_cancelled()),
            Owner::Nobody | Owner::User(_) => true,
        };
        match self.core.judge(&mut tried, goes_on) {
            Next::Over => self.on_final(now, tried),
            Next::Again(_) if !goes_on => self.on_final(now, tried),
            Next::Again(flow) => {
                let number = self.next_seq(&tried);
                renumber(&mut tried.request, number);
                self.core.resend(now, tried.exchange, flow, tried.request);
            }
            Next::To(flow) => {
                if let Owner::Session(id, _) = tried.owner
                    && let Some(session) = self.sessions.get(&id)
                    && tried.request.headers.contains(&Name::Contact)
                {
                    tried.request.headers.set(Name::Contact, session.contact(&flow));
                }
                self.core.resend(now, tried.exchange, flow, tried.request);
            }
        }
    }

    fn next_seq(&mut self, tried: &Tried) -> u32 {
        let in_dialog = match tried.owner {
            Owner::Session(id, _) => self.sessions.get_mut(&id).and_then(|session| session.next_seq(&tried.request)),
            Owner::Nobody | Owner::User(_) => None,
        };
        let own = tried.request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        in_dialog.unwrap_or(own + 1)
    }

    fn on_final(&mut self, now: Instant, tried: Tried) {
        self.core.finish(tried.exchange);
        match tried.owner {
            Owner::Nobody => {}
            Owner::User(txn) => {
                let Tried { flow, response, .. } = tried;
                self.core.outputs.push_back(Output::Response { txn, flow, response });
            }
            Owner::Session(id, purpose) => {
                let invited = tried.request.method == crate::sip::wire::Method::Invite && tried.response.is_success();
                if self.sessions.contains_key(&id) {
                    self.with_session(now, id, |session, cx| session.on_final(cx, purpose, tried));
                } else if invited {
                    self.dismiss(now, tried.client, tried.flow, &tried.response);
                }
            }
        }
    }

    fn dismiss(&mut self, now: Instant, client: u64, flow: Flow, response: &Response) {
        session::dismiss(&mut Context { now, core: &mut self.core }, client, flow, response, None);
    }

    /// What a request outside of sessions must have and the user left to us.
    fn complete(&mut self, request: &mut Request) {
        let rng = &mut self.core.rng;
        let headers = &mut request.headers;
        if let Ok(from) = headers.from()
            && from.tag().is_none()
        {
            headers.set(Name::From, from.with_tag(&rng.token(16)).to_string());
        }
        if !headers.contains(&Name::CallId) {
            headers.push(Name::CallId, rng.token(24));
        }
        if !headers.contains(&Name::CSeq) {
            headers.push(Name::CSeq, format!("1 {}", request.method));
        }
        if !headers.contains(&Name::MaxForwards) {
            headers.push(Name::MaxForwards, "70");
        }
    }

    fn insert(&mut self, id: SessionId, session: Session) {
        self.tags.insert(session.local_tag().to_owned(), id);
        self.core.set_session_timer(id, session.next());
        self.sessions.insert(id, Box::new(session));
    }

    /// Works on a session, then sees to its deadline and its end. False when there is none.
    fn with_session(&mut self, now: Instant, id: SessionId, work: impl FnOnce(&mut Session, &mut Context<'_>)) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        work(session, &mut Context { now, core: &mut self.core });
        if session.is_over() {
            self.tags.remove(session.local_tag());
            self.sessions.remove(&id);
            self.core.set_session_timer(id, None);
        } else {
            let deadline = session.next();
            self.core.set_session_timer(id, deadline);
        }
        true
    }
}

/// Where a request came from that had nowhere to go.
fn nowhere() -> Flow {
    let none = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    Flow { transport: Transport::Udp, local: none, peer: none, connection: 0 }
}

#[cfg(test)]
mod tests;
