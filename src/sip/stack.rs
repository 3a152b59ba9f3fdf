//! The one door of the SIP stack: packets, deadlines and orders in; packets, requests and session events out.
//!
//! The stack owns the four transaction machines (RFC 3261 §17 with RFC 6026), dialogs (§12) and INVITE sessions (§13
//! to §15, RFC 3262, 3311, 4028). It resends, acknowledges, answers what needs no judgement (stray CANCEL, ACK and BYE,
//! loops, Max-Forwards, unknown extensions in Require), answers challenges when credentials are given, and never looks
//! into a session description. Who may call whom is for its user.

use crate::base::{ClientTxn, Instant, ServerTxn, SessionId};
use crate::sip::wire::{Headers, NameAddr, Request, Response, Uri};
use crate::sip::{Flow, auth::Credentials};

/// What the stack hands out, drained until `None` after each input.
#[derive(Debug)]
pub enum Output {
    /// Put these bytes on the way to the flow's peer.
    Send { flow: Flow, bytes: Vec<u8> },
    /// A request outside of any dialog (INVITE included; it has been given its 100). Answer it with
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
pub enum SessionCommand {
    /// A provisional response to the INVITE we received, 101 to 199. With a body: early media, the answer or, when the
    /// INVITE had none, an offer. Sent reliably when the peer requires it (RFC 3262), and repeated each minute (§13.3.1.1).
    Progress { status: u16, headers: Headers, sdp: Option<Vec<u8>> },
    /// 200 to the INVITE we received; repeated until its ACK. `sdp` is the answer, or our offer when the INVITE had none.
    Answer { headers: Headers, sdp: Option<Vec<u8>> },
    /// 300 to 699 to the INVITE we received.
    Reject { status: u16, headers: Headers },
    /// Ends the session whatever state it is in: CANCEL, BYE, or 480 to an INVITE not answered yet. `headers` (a
    /// Reason, say) go into the CANCEL or BYE. The session ends with [`SessionEvent::Ended`] only if the peer ended it first.
    HangUp { headers: Headers },
    /// A new offer to the peer: UPDATE before the answer, re-INVITE afterwards (491 is retried as RFC 3261 §14.1 says).
    Offer { sdp: Vec<u8> },
    /// Our answer to [`SessionEvent::Offer`]; or, when that had no body, our offer.
    AcceptOffer { sdp: Vec<u8> },
    /// Refuses [`SessionEvent::Offer`] (488); the session goes on as it was.
    RejectOffer { status: u16 },
    /// A request inside the dialog (INFO, NOTIFY, REFER, MESSAGE): its response comes as [`SessionEvent::Response`].
    Request { request: crate::sip::wire::Method, headers: Headers, body: Vec<u8> },
    /// Our response to [`SessionEvent::Request`].
    Respond { txn: ServerTxn, status: u16, headers: Headers },
}

/// What happened in a session. After [`Failed`](Self::Failed) or [`Ended`](Self::Ended) the id is dead.
#[derive(Debug)]
pub enum SessionEvent {
    /// A provisional response above 100 to our INVITE. `sdp` is an answer (early media) and may repeat the last one;
    /// with several early dialogs (forking) the newest speaks.
    Progress { status: u16, sdp: Option<Vec<u8>>, response: Box<Response> },
    /// Our INVITE was answered and the ACK is on its way. `sdp` is the answer, unless it came reliably before.
    Answered { sdp: Option<Vec<u8>>, response: Box<Response> },
    /// Our INVITE failed: the peer's response, or 408 (no answer), 503 (transport), 487 (we cancelled), made up when
    /// none came. A 3xx arrives here with its Contacts.
    Failed { response: Box<Response>, from_peer: bool },
    /// The ACK of our 200 came; with a body when our 200 carried the offer.
    Confirmed { sdp: Option<Vec<u8>> },
    /// The peer offers anew (re-INVITE or UPDATE); `None`: it asks us to offer. Answer with `AcceptOffer` or `RejectOffer`.
    Offer { sdp: Option<Vec<u8>> },
    /// The peer answered our [`SessionCommand::Offer`].
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
    /// Our 200 was never acknowledged (RFC 3261 §13.3.1.4) or our PRACK-less provisional died (RFC 3262 §3); BYE was sent where it must be.
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

/// The SIP stack.
#[derive(Debug)]
pub struct Stack {}

/// Kept so that the door can be read in one place.
#[expect(dead_code, unused_variables, reason = "the skeleton of the door")]
impl Stack {
    /// Packets in: one datagram, or one framed message of a stream.
    pub fn handle_packet(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {}
    /// A connection was lost, or could not be opened, or a datagram was refused (ICMP).
    pub fn handle_flow_failed(&mut self, now: Instant, flow: Flow) {}
    /// Fires what is due.
    pub fn handle_timeout(&mut self, now: Instant) {}
    /// The next deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    /// What there is to do; drain until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }
    /// Answers a request that came as [`Output::Request`]. To, From, Via, Call-ID, CSeq are copied, a To-tag is added.
    /// `headers` and `body` are added to the response.
    pub fn respond(&mut self, now: Instant, txn: ServerTxn, status: u16, headers: Headers, body: Vec<u8>) {}
    /// Makes a session of an INVITE that came as [`Output::Request`]; the user answers it by commands.
    /// `contact_user` is the user part of our Contact.
    pub fn accept_invite(&mut self, now: Instant, txn: ServerTxn, contact_user: &str) -> Option<SessionId> {
        None
    }
    /// Sends a request outside of sessions.
    pub fn request(&mut self, now: Instant, draft: RequestDraft) -> ClientTxn {
        ClientTxn(0)
    }
    /// Places a call.
    pub fn invite(&mut self, now: Instant, draft: InviteDraft) -> SessionId {
        SessionId(0)
    }
    /// Gives an order to a session.
    pub fn command(&mut self, now: Instant, id: SessionId, command: SessionCommand) {}
    /// Sessions alive, for checkers.
    pub fn sessions(&self) -> usize {
        0
    }
    /// Transactions alive, for checkers and metrics.
    pub fn transactions(&self) -> usize {
        0
    }
}
