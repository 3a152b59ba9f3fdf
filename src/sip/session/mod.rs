//! INVITE sessions: RFC 3261 §13 to §15 with RFC 3262, 3311 and 4028. One [`Session`] is a call as one peer sees it: it is
//! placed or it rings, it stands, it ends. Both halves, offers and answers, reliable provisional responses and the
//! session timer have a file each.
//!
//! A session owns its dialogs and speaks through the [`Transactions`]; it never looks into a session description.

mod body;
mod incoming;
mod offers;
mod outgoing;
mod refresh;
mod reliable;
mod requests;

use std::sync::Arc;

use crate::base::{Duration, Instant, ServerTxn, SessionId, Timers};
use crate::sip::auth::Credentials;
use crate::sip::dialog::Dialog;
use crate::sip::stack::{EndedBy, Output, SessionCommand, SessionEvent};
use crate::sip::transaction::{ExchangeId, LIFETIME, Owner, Plan, Purpose, T1, T2, Transactions};
use crate::sip::wire::{Headers, Host, Method, NameAddr, Request, Scheme, Uri};
use crate::sip::{Flow, Transport};

pub use body::description;
pub(crate) use body::is_unreadable;
use incoming::Ringing;
use outgoing::{Cancel, Placing};
pub(crate) use outgoing::{dismiss, made_up};
use refresh::Refresh;
pub(crate) use refresh::{LEAST_SECONDS, is_too_short};

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    own: Identity,
    phase: Phase,
    /// The dialog of a session that rings or stands; while it is placed, the dialogs are with the forks.
    dialog: Option<Box<Dialog>>,
    deal: Deal,
    offers: Offers,
    unacked: Option<Box<Unacked>>,
    refresh: Refresh,
    timers: Timers<Timer, 9>,
    /// The user has hung up, and BYE has to wait for the ACK (§15).
    doomed: Option<Headers>,
    is_over: bool,
}

/// Who we are in a session.
#[derive(Debug)]
struct Identity {
    id: SessionId,
    local_tag: Box<str>,
    call_id: Box<str>,
    contact_user: Box<str>,
    /// The peer speaks of `sips:`, and so do we: RFC 3261 §12.1.1.
    is_secure: bool,
    credentials: Option<Arc<Credentials>>,
    /// We own the Call-ID: §14.1.
    is_caller: bool,
}

/// Our offers.
#[derive(Debug, Default)]
struct Offers {
    /// The user's next, while it waits for its time.
    next: Option<Vec<u8>>,
    /// Who we are to the peer, since he was told otherwise.
    identity: Headers,
    /// Our description in force: what a refresh by re-INVITE repeats.
    local: Option<Box<[u8]>>,
    /// How often the offer that is out has met 491 and its like.
    glares: u8,
}

/// How far it is.
#[derive(Debug)]
enum Phase {
    /// Our INVITE is out.
    Placing(Box<Placing>),
    /// Their INVITE waits for our answer.
    Ringing(Box<Ringing>),
    /// A 2xx went over the wire.
    Standing,
}

/// Offer and answer: RFC 3264, RFC 6337. At most one offer is open.
#[derive(Debug)]
enum Deal {
    Idle,
    /// Ours is out.
    Ours(Ours),
    /// Theirs waits for the user.
    Theirs(Theirs),
}

/// What carried our offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ours {
    /// INVITE; the answer comes in a reliable provisional response or the 2xx.
    Invite,
    /// A reliable provisional response; the answer comes in PRACK.
    Reliable,
    /// A 2xx; the answer comes in ACK.
    Success,
    /// A re-INVITE or UPDATE.
    Renewal(ExchangeId),
}

/// What carried their offer.
#[derive(Debug)]
enum Theirs {
    /// The INVITE that we have not answered yet.
    Invite,
    /// A reliable provisional response; our answer goes in this PRACK.
    Reliable { prack: Box<Request> },
    /// A 2xx; our answer goes in its ACK.
    Success { client: u64, cseq: u32, proofs: Headers },
    /// A re-INVITE; `empty`: it asks us to offer.
    ReInvite { txn: ServerTxn, empty: bool, timer: Headers, cseq: u32 },
    /// An UPDATE.
    Update { txn: ServerTxn, timer: Headers },
    /// A PRACK.
    Prack { txn: ServerTxn },
}

/// A 2xx of ours that is resent until its ACK: §13.3.1.4.
#[derive(Debug)]
struct Unacked {
    flow: Flow,
    bytes: Vec<u8>,
    every: Duration,
    /// Of the INVITE.
    cseq: u32,
    /// It answered the INVITE that began the session.
    is_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// Our 2xx goes out again.
    ResendSuccess,
    /// No ACK came.
    NoAck,
    /// Our reliable provisional response goes out again: RFC 3262 §3.
    ResendProvisional,
    /// No PRACK came.
    NoPrack,
    /// Each minute, so that proxies don't lose patience: §13.3.1.1.
    RepeatProvisional,
    /// The user has not answered an offer of the peer's, or the peer a re-INVITE of ours that it has begun to work on.
    NoAnswer,
    /// The random wait after glare is over: §14.1.
    RetryOffer,
    /// Half of the session's time is over, and it is for us to refresh it: RFC 4028 §7.2.
    Refresh,
    /// The peer should have refreshed it by now: RFC 4028 §10.
    Expire,
}

/// What a session works with.
pub(crate) struct Context<'a> {
    /// The time.
    pub(crate) now: Instant,
    /// Its way to the world.
    pub(crate) core: &'a mut Transactions,
}

impl Session {
    fn new(own: Identity, phase: Phase, deal: Deal, refresh: Refresh) -> Self {
        Self {
            own,
            phase,
            dialog: None,
            deal,
            offers: Offers::default(),
            unacked: None,
            refresh,
            timers: Timers::default(),
            doomed: None,
            is_over: false,
        }
    }

    /// Whether it can be forgotten.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the user has hung up on a call that is still being placed: nothing further is tried for it.
    pub(crate) const fn is_cancelled(&self) -> bool {
        matches!(&self.phase, Phase::Placing(placing) if !matches!(placing.cancel, Cancel::No))
    }

    /// Our tag: what the peer's requests are found by.
    pub(crate) fn local_tag(&self) -> &str {
        &self.own.local_tag
    }

    /// The Call-ID of all its dialogs.
    pub(crate) fn call_id(&self) -> &str {
        &self.own.call_id
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Credentials for challenges to requests inside the dialog.
    pub(crate) fn use_credentials(&mut self, credentials: Credentials) {
        self.own.credentials = Some(Arc::new(credentials));
    }

    /// Our Contact on this flow.
    pub(crate) fn contact(&self, flow: &Flow) -> String {
        contact(&self.own.contact_user, self.own.is_secure, flow)
    }

    /// Does what the user says.
    pub(crate) fn command(&mut self, cx: &mut Context<'_>, command: SessionCommand) {
        match command {
            SessionCommand::Progress { status, headers, sdp } => self.progress(cx, status, headers, sdp),
            SessionCommand::Answer { headers, sdp } => self.answer(cx, headers, sdp),
            SessionCommand::Reject { status, headers } => self.reject(cx, status, headers),
            SessionCommand::HangUp { headers } => self.hang_up(cx, headers),
            SessionCommand::Offer { sdp } => {
                self.offers.next = Some(sdp);
                self.offers.glares = 0;
                self.send_offer(cx);
            }
            SessionCommand::Identify { headers } => self.identify(cx, headers),
            SessionCommand::AcceptOffer { sdp } => self.accept_offer(cx, sdp),
            SessionCommand::RejectOffer { status } => self.reject_offer(cx, status),
            SessionCommand::Request { request, headers, body } => self.send_request(cx, request, headers, body),
            SessionCommand::Respond { txn, status, headers } => self.respond(cx, txn, status, headers),
        }
    }

    /// Fires what is due.
    pub(crate) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        while let (false, Some(timer)) = (self.is_over, self.timers.pop_due(cx.now)) {
            match timer {
                Timer::ResendSuccess => self.resend_success(cx),
                Timer::NoAck => self.fall(cx, EndedBy::NoAck),
                Timer::ResendProvisional => self.resend_reliable(cx),
                Timer::NoPrack => self.give_up_reliable(cx),
                Timer::RepeatProvisional => self.repeat_provisional(cx),
                Timer::NoAnswer => self.on_no_answer(cx),
                Timer::RetryOffer => self.send_offer(cx),
                Timer::Refresh => self.send_refresh(cx),
                Timer::Expire => self.fall(cx, EndedBy::Expired),
            }
        }
    }

    /// A connection is gone: the next request opens another to the same place.
    pub(crate) fn on_flow_failed(&mut self, flow: &Flow) {
        let forks = match &mut self.phase {
            Phase::Placing(placing) => placing.forks.as_mut_slice(),
            Phase::Ringing(_) | Phase::Standing => &mut [],
        };
        let dialogs = forks.iter_mut().map(|fork| &mut fork.dialog).chain(self.dialog.as_deref_mut());
        for dialog in dialogs.filter(|dialog| dialog.flow == *flow) {
            dialog.flow.connection = 0;
        }
    }

    /// Whether this is its dialog: by Call-ID and the peer's tag.
    pub(crate) fn is_dialog(&self, call_id: &str, remote_tag: &str) -> bool {
        let is_it = |dialog: &Dialog| dialog.is(call_id, remote_tag);
        match &self.phase {
            Phase::Placing(placing) => placing.forks.iter().any(|fork| is_it(&fork.dialog)),
            Phase::Ringing(_) | Phase::Standing => self.dialog.as_deref().is_some_and(is_it),
        }
    }

    /// The number for a request that was challenged and goes out again: the dialog's next, or its own plus one.
    pub(crate) fn next_seq(&mut self, request: &Request) -> Option<u32> {
        let to = request.headers.to().ok()?;
        Some(self.dialog_with(to.tag()?)?.next_seq())
    }

    /// The dialog with this tag of the peer's.
    fn dialog_with(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        match &mut self.phase {
            Phase::Placing(placing) => {
                let dialogs = placing.forks.iter_mut().map(|fork| &mut fork.dialog);
                dialogs.into_iter().find(|dialog| dialog.remote_tag() == remote_tag)
            }
            Phase::Ringing(_) | Phase::Standing => {
                self.dialog.as_deref_mut().filter(|dialog| dialog.remote_tag() == remote_tag)
            }
        }
    }

    /// The dialog to speak in: the only one, or that which spoke last.
    fn active_dialog(&mut self) -> Option<&mut Dialog> {
        match &mut self.phase {
            Phase::Placing(placing) => placing.forks.last_mut().map(|fork| &mut fork.dialog),
            Phase::Ringing(_) | Phase::Standing => self.dialog.as_deref_mut(),
        }
    }

    fn hang_up(&mut self, cx: &mut Context<'_>, headers: Headers) {
        match &mut self.phase {
            Phase::Placing(placing) => {
                if matches!(placing.cancel, Cancel::No) {
                    let sent = cx.core.cancel(cx.now, placing.exchange, &headers);
                    placing.cancel = if sent { Cancel::Sent } else { Cancel::Wanted(headers) };
                }
            }
            Phase::Ringing(_) => self.reject(cx, 480, headers),
            Phase::Standing if self.unacked.as_ref().is_some_and(|unacked| unacked.is_first) => {
                self.doomed = Some(headers);
            }
            Phase::Standing => {
                self.close_deal(cx);
                self.bye(cx, headers);
                self.is_over = true;
            }
        }
    }

    /// The session falls: BYE goes out, the user hears why.
    fn fall(&mut self, cx: &mut Context<'_>, why: EndedBy) {
        self.close_deal(cx);
        let headers = self.doomed.clone().unwrap_or_default();
        self.bye(cx, headers);
        self.end(cx, why, Headers::new());
    }

    /// The session is over.
    fn end(&mut self, cx: &mut Context<'_>, why: EndedBy, headers: Headers) {
        self.close_deal(cx);
        self.emit(cx, SessionEvent::Ended { why, headers });
        self.is_over = true;
    }

    /// Answers what the peer still waits for: §15.1.2.
    fn close_deal(&mut self, cx: &mut Context<'_>) {
        self.timers.cancel(Timer::NoAnswer);
        match std::mem::replace(&mut self.deal, Deal::Idle) {
            Deal::Theirs(Theirs::ReInvite { txn, .. } | Theirs::Update { txn, .. } | Theirs::Prack { txn }) => {
                cx.core.respond(cx.now, txn, 487, Headers::new(), Vec::new());
            }
            Deal::Theirs(Theirs::Success { client, cseq, proofs }) => {
                self.acknowledge(cx, client, cseq, proofs, None);
            }
            Deal::Ours(Ours::Renewal(exchange)) => cx.core.abandon(cx.now, exchange),
            Deal::Idle | Deal::Ours(_) | Deal::Theirs(Theirs::Invite | Theirs::Reliable { .. }) => {}
        }
    }

    /// Sends BYE and forgets it.
    fn bye(&mut self, cx: &mut Context<'_>, headers: Headers) {
        let Some(dialog) = self.active_dialog() else { return };
        let mut request = dialog.request(Method::Bye);
        let flow = dialog.flow;
        request.headers.extend(headers);
        self.send(cx, Owner::Nobody, flow, request);
    }

    fn send(&self, cx: &mut Context<'_>, owner: Owner, flow: Flow, request: Request) -> Option<ExchangeId> {
        let plan = Plan { flows: vec![flow], credentials: self.own.credentials.clone(), give_up: None };
        cx.core.send(cx.now, owner, request, plan)
    }

    const fn owner(&self, purpose: Purpose) -> Owner {
        Owner::Session(self.own.id, purpose)
    }

    /// Whether the transaction is answered by the session's own rules.
    fn is_dealing(&self, own: ServerTxn) -> bool {
        match &self.deal {
            Deal::Theirs(Theirs::ReInvite { txn, .. } | Theirs::Update { txn, .. } | Theirs::Prack { txn }) => {
                *txn == own
            }
            _ => matches!(&self.phase, Phase::Ringing(ringing) if ringing.txn == own),
        }
    }

    /// Tells the user, unless he has hung up.
    fn emit(&self, cx: &mut Context<'_>, event: SessionEvent) {
        if self.doomed.is_none() {
            cx.core.outputs.push_back(Output::Session { id: self.own.id, event });
        }
    }

    fn keep_local(&mut self, sdp: &[u8]) {
        self.offers.local = Some(sdp.into());
    }
}

/// `<sip:USER@ADDRESS:PORT>`, with the transport where it isn't UDP; `<sips:…>` over TLS to who wants that.
pub(crate) fn contact(user: &str, is_secure: bool, flow: &Flow) -> String {
    let uri = Uri::sip(Some(user), Host::Ip(flow.local.ip()), Some(flow.local.port()));
    let uri = match flow.transport {
        Transport::Udp => uri,
        Transport::Tls if is_secure => Uri { scheme: Scheme::Sips, ..uri },
        other => uri.with_param("transport", Some(other.param())),
    };
    NameAddr::new("", uri).to_string()
}

/// The pause before the next resend of a response, RFC 3261 §13.3.1.4.
fn next_pause(every: Duration) -> Duration {
    (every * 2).min(T2)
}

/// How many more times an offer that met glare goes out.
const MOST_GLARES: u8 = 8;
