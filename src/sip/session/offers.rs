//! Offers after the first: re-INVITE and UPDATE both ways, and what is done when both sides begin at once. RFC 3261 §14,
//! RFC 3311, RFC 6337.

use super::body::description;
use super::outgoing::proofs_of;
use super::{Cancel, Context, Deal, LIFETIME, MOST_GLARES, Ours, Phase, Purpose, Session, Theirs, Timer};
use crate::base::{Duration, ServerTxn};
use crate::sip::stack::{EndedBy, SessionEvent};
use crate::sip::transaction::{Incoming, ServerOwner, Tried};
use crate::sip::wire::{Headers, Method, Name, Response};

use super::refresh::{LEAST_SECONDS, is_too_short};

impl Session {
    /// Sends the user's offer as soon as the session's state allows it.
    pub(super) fn send_offer(&mut self, cx: &mut Context<'_>) {
        let waits = self.offers.next.is_none()
            || !matches!(self.deal, Deal::Idle)
            || self.unacked.is_some()
            || self.doomed.is_some()
            || self.timers.is_armed(Timer::RetryOffer);
        if waits {
            return;
        }
        let agreed_early = match &self.phase {
            Phase::Placing(placing) => {
                matches!(placing.cancel, Cancel::No) && placing.forks.last().is_some_and(|fork| fork.is_agreed)
            }
            Phase::Ringing(ringing) => ringing.is_agreed && ringing.reliable.is_none(),
            Phase::Standing => false,
        };
        let stands = matches!(self.phase, Phase::Standing);
        let takes_update = self.active_dialog().is_some_and(|dialog| dialog.peer_takes_update);
        let method = match (stands, agreed_early && takes_update) {
            (true, _) => Method::Invite,
            (false, true) => Method::Update,
            (false, false) => return, // before the answer there is no other way
        };
        if let Some(sdp) = self.offers.next.take() {
            self.send_renewal(cx, method, Purpose::Offer, Some(&sdp));
        }
    }

    /// Tells the peer whom he speaks with, where he can be told without an offer.
    pub(super) fn identify(&mut self, cx: &mut Context<'_>, headers: Headers) {
        self.offers.identity = headers;
        let takes_update = self.active_dialog().is_some_and(|dialog| dialog.peer_takes_update);
        let stands = matches!(self.phase, Phase::Standing) && self.doomed.is_none() && !self.is_over;
        if stands && takes_update {
            self.send_renewal(cx, Method::Update, Purpose::Refresh, None);
        }
    }

    /// A re-INVITE came: §14.2.
    pub(super) fn on_reinvite(&mut self, cx: &mut Context<'_>, incoming: &Incoming) {
        // A new INVITE in the sequence shows that our 2xx arrived, whatever became of its ACK.
        if !matches!(self.deal, Deal::Ours(_))
            && let Some(unacked) = self.unacked.take()
        {
            self.timers.cancel(Timer::ResendSuccess);
            self.timers.cancel(Timer::NoAck);
            self.on_confirmed(cx, unacked.is_first, None);
        }
        let txn = cx.core.open(cx.now, incoming, ServerOwner::Session(self.own.id));
        if !matches!(self.phase, Phase::Standing) || self.is_over {
            return self.refuse_now(cx, txn, 500);
        }
        if !self.may_offer(cx, txn, incoming, true) {
            return;
        }
        let request = &incoming.request;
        let sdp = description(&request.headers, &request.body).map(<[u8]>::to_vec);
        let timer = self.refreshed_by(cx, &request.headers);
        self.deal = Deal::Theirs(Theirs::ReInvite { txn, empty: sdp.is_none(), timer, cseq: incoming.cseq });
        self.timers.arm(Timer::NoAnswer, cx.now + LIFETIME);
        self.emit(cx, SessionEvent::Offer { sdp });
    }

    /// An UPDATE came: RFC 3311 §5.2. Without a body it only refreshes the session.
    pub(super) fn on_update(&mut self, cx: &mut Context<'_>, incoming: &Incoming) {
        let txn = cx.core.open(cx.now, incoming, ServerOwner::Session(self.own.id));
        let request = &incoming.request;
        let sdp = description(&request.headers, &request.body).map(<[u8]>::to_vec);
        if !self.may_offer(cx, txn, incoming, sdp.is_some()) {
            return;
        }
        let mut timer = self.refreshed_by(cx, &request.headers);
        if sdp.is_some() {
            self.deal = Deal::Theirs(Theirs::Update { txn, timer });
            self.timers.arm(Timer::NoAnswer, cx.now + LIFETIME);
            self.emit(cx, SessionEvent::Offer { sdp });
        } else {
            self.describe(&mut timer, false);
            cx.core.respond(cx.now, txn, 200, timer, Vec::new());
        }
    }

    /// Our answer; or our offer, when the peer asked for one.
    pub(super) fn accept_offer(&mut self, cx: &mut Context<'_>, sdp: Vec<u8>) {
        if !matches!(&self.deal, Deal::Theirs(theirs) if !matches!(theirs, Theirs::Invite)) {
            return;
        }
        let Deal::Theirs(theirs) = std::mem::replace(&mut self.deal, Deal::Idle) else { return };
        self.timers.cancel(Timer::NoAnswer);
        self.keep_local(&sdp);
        match theirs {
            Theirs::ReInvite { txn, empty, timer, cseq } => {
                if empty {
                    self.deal = Deal::Ours(Ours::Success);
                }
                self.send_success(cx, txn, cseq, false, (timer, Some(sdp)));
            }
            Theirs::Update { txn, timer: mut headers } => {
                self.describe(&mut headers, true);
                cx.core.respond(cx.now, txn, 200, headers, sdp);
            }
            Theirs::Prack { txn } => {
                let mut headers = Headers::new();
                self.describe(&mut headers, true);
                cx.core.respond(cx.now, txn, 200, headers, sdp);
                self.go_on_ringing(cx);
            }
            Theirs::Reliable { prack } => self.send_prack(cx, *prack, Some(&sdp)),
            Theirs::Success { client, cseq, proofs } => self.acknowledge(cx, client, cseq, proofs, Some(&sdp)),
            Theirs::Invite => {}
        }
        self.send_offer(cx);
    }

    /// Refuses the peer's offer. Where a refusal can't be said (in PRACK and ACK), the session ends.
    pub(super) fn reject_offer(&mut self, cx: &mut Context<'_>, status: u16) {
        self.timers.cancel(Timer::NoAnswer);
        match &self.deal {
            Deal::Theirs(Theirs::ReInvite { txn, .. } | Theirs::Update { txn, .. } | Theirs::Prack { txn }) => {
                let txn = *txn;
                self.deal = Deal::Idle;
                cx.core.respond(cx.now, txn, status.clamp(300, 699), Headers::new(), Vec::new());
                self.go_on_ringing(cx);
            }
            Deal::Theirs(Theirs::Success { .. }) => self.fall(cx, EndedBy::NoAck),
            Deal::Theirs(Theirs::Reliable { .. }) => self.hang_up(cx, Headers::new()),
            Deal::Idle | Deal::Ours(_) | Deal::Theirs(Theirs::Invite) => {}
        }
    }

    /// Somebody thinks for too long.
    pub(super) fn on_no_answer(&mut self, cx: &mut Context<'_>) {
        match self.deal {
            Deal::Ours(Ours::Renewal(exchange)) => {
                if !cx.core.cancel(cx.now, exchange, &Headers::new()) {
                    cx.core.abandon(cx.now, exchange);
                }
            }
            _ => self.reject_offer(cx, 500),
        }
    }

    /// The fate of our re-INVITE or UPDATE.
    pub(super) fn on_renewal_final(&mut self, cx: &mut Context<'_>, purpose: Purpose, tried: Tried) {
        let offered = !tried.request.body.is_empty();
        if offered && matches!(self.deal, Deal::Ours(Ours::Renewal(_))) {
            self.deal = Deal::Idle;
            self.timers.cancel(Timer::NoAnswer);
        }
        let status = tried.response.status;
        let retry_after = tried.response.headers.number(&Name::RetryAfter).filter(|seconds| *seconds <= 10);
        let pause = match status {
            491 => Some(self.glare_pause(cx)),
            422 => {
                self.refresh.raise(&tried.response.headers);
                Some(Duration::ZERO)
            }
            500 => retry_after.map(|seconds| Duration::from_secs(u64::from(seconds))),
            _ => None,
        };
        match (status, pause) {
            (..=299, _) => self.on_renewed(cx, offered, tried),
            (408 | 481, _) => self.fall(cx, EndedBy::Expired),
            (_, Some(pause)) if self.offers.glares < MOST_GLARES => self.retry(cx, purpose, pause, tried.request.body),
            _ if !tried.from_peer => self.fall(cx, EndedBy::Transport),
            _ if purpose == Purpose::Offer => {
                self.emit(cx, SessionEvent::OfferRefused { status });
                self.send_offer(cx);
            }
            _ => self.refresh_later(cx, None),
        }
    }

    fn on_renewed(&mut self, cx: &mut Context<'_>, offered: bool, tried: Tried) {
        let Tried { client, flow, response, request, .. } = tried;
        self.offers.glares = 0;
        if let Some(dialog) = self.active_dialog() {
            dialog.refresh(&response.headers);
            dialog.flow = flow;
        }
        self.take_interval(cx.now, &response.headers);
        if request.method == Method::Invite {
            let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
            self.acknowledge(cx, client, cseq, proofs_of(&request), None);
        }
        if offered {
            self.keep_local(&request.body);
            self.hear_answer(cx, &response);
        }
        self.send_offer(cx);
    }

    fn hear_answer(&mut self, cx: &mut Context<'_>, response: &Response) {
        match description(&response.headers, &response.body) {
            Some(sdp) => self.emit(cx, SessionEvent::OfferAnswered { sdp: sdp.to_vec() }),
            // A 2xx without the answer that it owes us: the old description is the only one that both know.
            None => self.emit(cx, SessionEvent::OfferRefused { status: 488 }),
        }
    }

    fn retry(&mut self, cx: &mut Context<'_>, purpose: Purpose, pause: Duration, sdp: Vec<u8>) {
        self.offers.glares += 1;
        if purpose == Purpose::Refresh {
            return self.refresh_later(cx, Some(pause));
        }
        if self.offers.next.is_none() {
            self.offers.next = Some(sdp); // else the user has a newer one
        }
        self.timers.arm(Timer::RetryOffer, cx.now + pause);
    }

    /// §14.1: whoever owns the Call-ID waits longer, so that the two don't meet again.
    fn glare_pause(&self, cx: &mut Context<'_>) -> Duration {
        let steps = if self.own.is_caller { 210 + cx.core.rng.below(191) } else { cx.core.rng.below(201) };
        Duration::from_millis(10 * steps)
    }

    /// Whether a request with an offer may be taken; if not it is refused here.
    fn may_offer(&mut self, cx: &mut Context<'_>, txn: ServerTxn, incoming: &Incoming, offers: bool) -> bool {
        let status = match &self.deal {
            _ if is_too_short(&incoming.request.headers) => 422,
            Deal::Ours(_) if offers => 491,
            Deal::Theirs(_) if offers => 500,
            _ => return true,
        };
        self.refuse_now(cx, txn, status);
        false
    }

    fn refuse_now(&mut self, cx: &mut Context<'_>, txn: ServerTxn, status: u16) {
        let mut headers = Headers::new();
        match status {
            422 => headers.push(Name::MinSe, LEAST_SECONDS.to_string()),
            500 => headers.push(Name::RetryAfter, cx.core.rng.below(11).to_string()),
            _ => {}
        }
        cx.core.respond(cx.now, txn, status, headers, Vec::new());
    }

    /// What a re-INVITE or UPDATE changes besides the media: target and interval.
    fn refreshed_by(&mut self, cx: &mut Context<'_>, headers: &Headers) -> Headers {
        if let Some(dialog) = self.active_dialog() {
            dialog.refresh(headers);
        }
        let timer = self.refresh.answer(headers, true);
        if matches!(self.phase, Phase::Standing) {
            self.refresh.start(cx.now, &mut self.timers);
        }
        timer
    }
}
