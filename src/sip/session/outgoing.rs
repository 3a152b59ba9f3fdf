//! The calling half: INVITE, its responses from all branches of a fork, ACK, CANCEL. RFC 3261 §13.2, §9.1.

use std::sync::Arc;

use super::body::description;
use super::{Context, Deal, Identity, LIFETIME, Ours, Phase, Refresh, Session, Theirs, Timer, contact};
use crate::base::SessionId;
use crate::sip::Flow;
use crate::sip::auth::Credentials;
use crate::sip::dialog::Dialog;
use crate::sip::stack::{EndedBy, InviteDraft, SessionEvent};
use crate::sip::transaction::{ExchangeId, Owner, Plan, Purpose, Tried, renumber};
use crate::sip::wire::{Headers, Method, Name, Request, Response, Scheme};

/// A call that is being placed.
#[derive(Debug)]
pub(super) struct Placing {
    pub(super) exchange: ExchangeId,
    /// The INVITE carries our offer.
    offered: bool,
    pub(super) cancel: Cancel,
    /// Early dialogs; the one that spoke last stands last.
    pub(super) forks: Vec<Fork>,
    /// 422 responses that were met with a longer interval.
    raised: u8,
}

/// How far a CANCEL is.
#[derive(Debug)]
pub(super) enum Cancel {
    No,
    /// Waits for a provisional response: §9.1.
    Wanted(Headers),
    Sent,
}

/// One branch of a forked INVITE.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: Dialog,
    /// Of the last reliable provisional response.
    pub(super) rseq: Option<u32>,
    /// Offer and answer are done: both went reliably before the 2xx.
    pub(super) is_agreed: bool,
}

impl Session {
    /// Places a call.
    pub(crate) fn place(cx: &mut Context<'_>, id: SessionId, draft: InviteDraft) -> Option<Self> {
        let local_tag = cx.core.rng.token(16);
        let request = first_invite(cx, &draft, &local_tag);
        let call_id = request.headers.call_id().unwrap_or_default().into();
        let credentials = draft.credentials.map(Arc::new);
        let plan = Plan { flows: draft.flows, credentials: credentials.clone(), give_up: draft.give_up };
        let exchange = cx.core.send(cx.now, Owner::Session(id, Purpose::Invite), request, plan)?;
        let offered = draft.sdp.is_some();
        let placing = Placing { exchange, offered, cancel: Cancel::No, forks: Vec::new(), raised: 0 };
        let (local_tag, contact_user) = (local_tag.into(), draft.contact_user.into());
        let is_secure = draft.uri.scheme == Scheme::Sips;
        let own = Identity { id, local_tag, call_id, contact_user, is_secure, credentials, is_caller: true };
        let deal = if offered { Deal::Ours(Ours::Invite) } else { Deal::Idle };
        let mut session = Self::new(own, Phase::Placing(Box::new(placing)), deal, Refresh::default());
        session.offers.local = draft.sdp.map(Vec::into_boxed_slice);
        Some(session)
    }

    /// A provisional response to a request of ours.
    pub(crate) fn on_progress(&mut self, cx: &mut Context<'_>, purpose: Purpose, flow: Flow, response: Response) {
        let Phase::Placing(placing) = &mut self.phase else { return };
        if purpose != Purpose::Invite {
            return;
        }
        if let Cancel::Wanted(headers) = &placing.cancel
            && cx.core.cancel(cx.now, placing.exchange, headers)
        {
            placing.cancel = Cancel::Sent;
        }
        if response.status == 100 || !matches!(placing.cancel, Cancel::No) {
            return;
        }
        placing.turn_to_fork(&response, flow);
        if response.headers.contains(&Name::RSeq) && holds(&response.headers, &Name::Require, "100rel") {
            self.on_reliable(cx, response);
        } else {
            let sdp = description(&response.headers, &response.body).map(<[u8]>::to_vec);
            self.emit(cx, SessionEvent::Progress { status: response.status, sdp, response: Box::new(response) });
        }
    }

    /// The final response to the INVITE that began the session.
    pub(super) fn on_invite_final(&mut self, cx: &mut Context<'_>, tried: Tried) {
        let Phase::Placing(placing) = &mut self.phase else { return };
        let cancelled = !matches!(placing.cancel, Cancel::No);
        match tried.response.status {
            ..=299 => self.on_answer(cx, tried),
            422 if !cancelled && placing.raised < 2 => {
                placing.raised += 1;
                self.raise_interval(cx, tried);
            }
            _ => {
                let Tried { mut response, from_peer, .. } = tried;
                let goes_on_without = matches!(response.status, 401 | 407 | 422); // it asked for another try
                if cancelled && (!from_peer || goes_on_without) {
                    response = made_up(487, &response.headers);
                }
                self.fail(cx, response, from_peer);
            }
        }
    }

    /// Another 2xx to an INVITE of ours that met no ACK yet: of another branch of the fork, unless our own 2xx comes again
    /// while the user still thinks about its offer.
    pub(crate) fn on_further(&mut self, cx: &mut Context<'_>, client: u64, flow: Flow, response: &Response) {
        let Ok(to) = response.headers.to() else { return };
        if self.dialog.as_deref().is_some_and(|dialog| Some(dialog.remote_tag()) == to.tag()) {
            return;
        }
        dismiss(cx, client, flow, response, self.own.credentials.clone());
    }

    /// The ACK of a 2xx: §13.2.2.4. `proofs` are the INVITE's credentials, which an ACK repeats (§22.1).
    pub(super) fn acknowledge(
        &mut self,
        cx: &mut Context<'_>,
        client: u64,
        cseq: u32,
        proofs: Headers,
        sdp: Option<&[u8]>,
    ) {
        let Some(dialog) = self.dialog.as_deref() else { return };
        let mut ack = dialog.ack(cseq);
        ack.headers.extend(proofs);
        put_description(&mut ack, sdp);
        cx.core.send_ack(client, dialog.flow, dialog.remote_tag(), ack);
    }

    fn on_answer(&mut self, cx: &mut Context<'_>, tried: Tried) {
        let Phase::Placing(placing) = std::mem::replace(&mut self.phase, Phase::Standing) else { return };
        let Tried { client, flow, response, request, .. } = tried;
        let (offered, cancelled) = (placing.offered, !matches!(placing.cancel, Cancel::No));
        let Some((dialog, is_agreed)) = placing.confirmed(&response, flow) else {
            // Without a To-tag there is no dialog to acknowledge or to end.
            return self.fail(cx, made_up(500, &response.headers), false);
        };
        self.dialog = Some(Box::new(dialog));
        let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let proofs = proofs_of(&request);
        let sdp = description(&response.headers, &response.body).map(<[u8]>::to_vec);
        if cancelled || (!offered && !is_agreed && sdp.is_none()) {
            self.acknowledge(cx, client, cseq, proofs, None);
            self.bye(cx, Headers::new());
            let status = if cancelled { 487 } else { 488 };
            return self.fail(cx, made_up(status, &response.headers), false);
        }
        self.take_interval(cx.now, &response.headers);
        let headers_only = |sdp| SessionEvent::Answered { sdp, response: Box::new(response) };
        if offered || is_agreed {
            self.deal = Deal::Idle;
            self.acknowledge(cx, client, cseq, proofs, None);
            self.emit(cx, headers_only(sdp.filter(|_| !is_agreed)));
            self.send_offer(cx);
        } else {
            self.deal = Deal::Theirs(Theirs::Success { client, cseq, proofs });
            self.timers.arm(Timer::NoAnswer, cx.now + LIFETIME);
            self.emit(cx, headers_only(None));
            self.emit(cx, SessionEvent::Offer { sdp });
        }
    }

    /// 422: the same INVITE with the interval that they want. RFC 4028 §7.3.
    fn raise_interval(&mut self, cx: &mut Context<'_>, tried: Tried) {
        let Tried { flow, response, mut request, .. } = tried;
        self.refresh.raise(&response.headers);
        request.headers.pop_via();
        self.refresh.put(&mut request.headers, None);
        let number = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        renumber(&mut request, number + 1);
        let plan = Plan { flows: vec![flow], credentials: self.own.credentials.clone(), give_up: None };
        let exchange = cx.core.send(cx.now, self.owner(Purpose::Invite), *request, plan);
        if let (Phase::Placing(placing), Some(exchange)) = (&mut self.phase, exchange) {
            placing.exchange = exchange;
        }
    }

    fn fail(&mut self, cx: &mut Context<'_>, response: Response, from_peer: bool) {
        self.emit(cx, SessionEvent::Failed { response: Box::new(response), from_peer });
        self.is_over = true;
    }

    /// The peer ended an early dialog with BYE, which a called side may not do but some do.
    pub(super) fn on_early_bye(&mut self, cx: &mut Context<'_>, headers: Headers) {
        self.hang_up(cx, Headers::new());
        self.end(cx, EndedBy::Bye, headers);
    }
}

impl Placing {
    /// Puts the early dialog of a response last; a new To-tag makes a new one (§12.1).
    fn turn_to_fork(&mut self, response: &Response, flow: Flow) {
        let Ok(to) = response.headers.to() else { return };
        let Some(tag) = to.tag() else { return };
        if let Some(place) = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag) {
            let mut fork = self.forks.remove(place);
            fork.dialog.flow = flow;
            self.forks.push(fork);
        } else if self.forks.len() < MOST_FORKS
            && let Some(dialog) = Dialog::of_response(response, flow)
        {
            self.forks.push(Fork { dialog, rseq: None, is_agreed: false });
        }
    }

    /// The dialog that a 2xx confirms, and whether its offer has been answered before.
    fn confirmed(self, response: &Response, flow: Flow) -> Option<(Dialog, bool)> {
        let to = response.headers.to().ok()?;
        match self.forks.into_iter().find(|fork| Some(fork.dialog.remote_tag()) == to.tag()) {
            Some(mut fork) => {
                fork.dialog.confirm(response, flow);
                Some((fork.dialog, fork.is_agreed))
            }
            None => Some((Dialog::of_response(response, flow)?, false)),
        }
    }
}

/// ACK and BYE for a 2xx that nobody wants any more: §13.2.2.4.
pub(crate) fn dismiss(
    cx: &mut Context<'_>,
    client: u64,
    flow: Flow,
    response: &Response,
    credentials: Option<Arc<Credentials>>,
) {
    let (Some(mut dialog), Ok(cseq)) = (Dialog::of_response(response, flow), response.headers.cseq()) else { return };
    let ack = dialog.ack(cseq.number);
    cx.core.send_ack(client, flow, dialog.remote_tag(), ack);
    let bye = dialog.request(Method::Bye);
    cx.core.send(cx.now, Owner::Nobody, bye, Plan { flows: vec![flow], credentials, give_up: None });
}

fn first_invite(cx: &mut Context<'_>, draft: &InviteDraft, local_tag: &str) -> Request {
    let mut request = Request::new(Method::Invite, draft.uri.clone());
    let headers = &mut request.headers;
    for route in &draft.routes {
        headers.push(Name::Route, route.to_string());
    }
    if !draft.headers.contains(&Name::MaxForwards) {
        headers.push(Name::MaxForwards, "70");
    }
    headers.push(Name::From, draft.from.clone().with_tag(local_tag).to_string());
    headers.push(Name::To, draft.to.without_tag().to_string());
    headers.push(Name::CallId, cx.core.rng.token(24));
    headers.push(Name::CSeq, "1 INVITE");
    if let Some(flow) = draft.flows.first() {
        headers.push(Name::Contact, contact(&draft.contact_user, draft.uri.scheme == Scheme::Sips, flow));
    }
    headers.extend(draft.headers.clone());
    if draft.session_timer {
        Refresh::default().put(headers, None);
    }
    put_description(&mut request, draft.sdp.as_deref());
    request
}

/// Gives a message a session description.
pub(super) fn put_description(request: &mut Request, sdp: Option<&[u8]>) {
    if let Some(sdp) = sdp {
        request.headers.set(Name::ContentType, "application/sdp");
        request.body = sdp.to_vec();
    }
}

/// The credentials of an INVITE, for its ACK.
pub(super) fn proofs_of(request: &Request) -> Headers {
    let mut proofs = Headers::new();
    for name in [Name::Authorization, Name::ProxyAuthorization] {
        for value in request.headers.all(&name) {
            proofs.push(name.clone(), value);
        }
    }
    proofs
}

/// A response that nobody sent, for the user.
pub(crate) fn made_up(status: u16, like: &Headers) -> Response {
    let mut response = Response::new(status);
    for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
        if let Some(value) = like.get(&name) {
            response.headers.push(name, value);
        }
    }
    response
}

/// Whether a comma separated field holds `token`.
pub(super) fn holds(headers: &Headers, name: &Name, token: &str) -> bool {
    headers.tokens(name).iter().any(|own| own == token)
}

/// Branches of one INVITE whose early dialogs are kept; further ones are heard but not spoken to.
const MOST_FORKS: usize = 16;
