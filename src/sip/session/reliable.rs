//! Reliable provisional responses, both ways: RFC 3262.

use super::body::description;
use super::incoming::Reliable;
use super::outgoing::put_description;
use super::{Context, Deal, LIFETIME, Ours, Phase, Purpose, Session, T1, Theirs, Timer};
use crate::base::ServerTxn;
use crate::sip::stack::{EndedBy, SessionEvent};
use crate::sip::transaction::{Incoming, ServerOwner};
use crate::sip::wire::{Headers, Method, Name, Request, Response};

impl Session {
    /// Sends the next reliable provisional response, if none is out.
    pub(super) fn send_reliable(&mut self, cx: &mut Context<'_>) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        if ringing.reliable.is_some() {
            return;
        }
        let Some((status, mut headers, sdp)) = ringing.queue.pop_front() else { return };
        ringing.rseq += 1;
        ringing.reliable = Some(Reliable { rseq: ringing.rseq, every: T1, described: sdp.is_some() });
        headers.push(Name::Require, "100rel");
        headers.push(Name::RSeq, ringing.rseq.to_string());
        let (offered, is_agreed) = (ringing.offered, ringing.is_agreed);
        if let Some(sdp) = &sdp {
            if offered {
                ringing.is_agreed = true;
                self.deal = Deal::Idle;
            } else if !is_agreed {
                self.deal = Deal::Ours(Ours::Reliable);
            }
            self.keep_local(sdp);
        }
        self.send_provisional(cx, status, headers, sdp);
        self.timers.cancel(Timer::RepeatProvisional);
        self.timers.arm(Timer::ResendProvisional, cx.now + T1);
        self.timers.arm(Timer::NoPrack, cx.now + LIFETIME);
    }

    pub(super) fn resend_reliable(&mut self, cx: &mut Context<'_>) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let Some(reliable) = &mut ringing.reliable else { return };
        reliable.every *= 2; // without a bound, RFC 3262 §3; the wait ends after 64·T1
        self.timers.arm(Timer::ResendProvisional, cx.now + reliable.every);
        cx.core.resend_last(ringing.txn);
    }

    /// No PRACK in 64·T1: the INVITE is refused with a 5xx, RFC 3262 §3.
    pub(super) fn give_up_reliable(&mut self, cx: &mut Context<'_>) {
        self.reject(cx, 504, Headers::new());
        self.emit(cx, SessionEvent::Ended { why: EndedBy::NoAck, headers: Headers::new() });
    }

    /// A PRACK came.
    pub(super) fn on_prack(&mut self, cx: &mut Context<'_>, incoming: &Incoming) {
        let request = &incoming.request;
        let txn = cx.core.open(cx.now, incoming, ServerOwner::Session(self.own.id));
        if !self.take_prack(request) {
            cx.core.respond(cx.now, txn, 481, Headers::new(), Vec::new());
            return;
        }
        let sdp = description(&request.headers, &request.body).map(<[u8]>::to_vec);
        match (&self.deal, sdp) {
            (Deal::Ours(Ours::Reliable), sdp) => {
                self.deal = Deal::Idle;
                cx.core.respond(cx.now, txn, 200, Headers::new(), Vec::new());
                let Some(sdp) = sdp else { return self.refuse_unanswered(cx) };
                if let Phase::Ringing(ringing) = &mut self.phase {
                    ringing.is_agreed = true;
                }
                self.emit(cx, SessionEvent::OfferAnswered { sdp });
            }
            (Deal::Idle, Some(sdp)) => return self.offer_in_prack(cx, txn, sdp),
            _ => {
                cx.core.respond(cx.now, txn, 200, Headers::new(), Vec::new());
            }
        }
        self.go_on_ringing(cx);
    }

    /// What waited for a PRACK: the answer, unless a description must go out before it, or the next provisional response.
    pub(super) fn go_on_ringing(&mut self, cx: &mut Context<'_>) {
        if let Phase::Ringing(ringing) = &mut self.phase
            && !ringing.must_wait()
            && let Some((headers, sdp)) = ringing.waiting.take()
        {
            return self.answer_now(cx, headers, sdp);
        }
        self.send_reliable(cx);
        self.send_offer(cx);
    }

    /// A reliable provisional response came: RFC 3262 §4.
    pub(super) fn on_reliable(&mut self, cx: &mut Context<'_>, response: Response) {
        let Some(rseq) = response.headers.number(&Name::RSeq) else { return };
        let Ok(cseq) = response.headers.cseq() else { return };
        let contact = self.active_dialog().map(|dialog| dialog.flow).map(|flow| self.contact(&flow));
        let Phase::Placing(placing) = &mut self.phase else { return };
        let offered = matches!(self.deal, Deal::Ours(Ours::Invite));
        let to_tag = response.headers.to().ok().and_then(|to| to.tag().map(str::to_owned));
        let Some(fork) = placing.forks.last_mut().filter(|fork| Some(fork.dialog.remote_tag()) == to_tag.as_deref())
        else {
            return;
        };
        if fork.rseq.is_some_and(|last| Some(rseq) != last.checked_add(1)) {
            return; // resent while its PRACK was under way, or ahead of one that was lost
        }
        fork.rseq = Some(rseq);
        let mut prack = fork.dialog.request(Method::Prack);
        prack.headers.push(Name::RAck, format!("{rseq} {cseq}"));
        if let Some(contact) = contact {
            prack.headers.push(Name::Contact, contact);
        }
        let flow = fork.dialog.flow;
        let sdp = description(&response.headers, &response.body).map(<[u8]>::to_vec);
        let is_offer = sdp.is_some() && !offered && !fork.is_agreed;
        if sdp.is_some() {
            fork.is_agreed = true;
        }
        let status = response.status;
        if is_offer {
            self.deal = Deal::Theirs(Theirs::Reliable { prack: Box::new(prack) });
            self.timers.arm(Timer::NoAnswer, cx.now + LIFETIME);
            self.emit(cx, SessionEvent::Progress { status, sdp: None, response: Box::new(response) });
            self.emit(cx, SessionEvent::Offer { sdp });
            return;
        }
        if sdp.is_some() && offered {
            self.deal = Deal::Idle;
        }
        self.send(cx, self.owner(Purpose::Prack), flow, prack);
        self.emit(cx, SessionEvent::Progress { status, sdp, response: Box::new(response) });
        self.send_offer(cx);
    }

    /// Our answer to the offer of a reliable provisional response.
    pub(super) fn send_prack(&mut self, cx: &mut Context<'_>, mut prack: Request, sdp: Option<&[u8]>) {
        put_description(&mut prack, sdp);
        if let Some(flow) = self.active_dialog().map(|dialog| dialog.flow) {
            self.send(cx, self.owner(Purpose::Prack), flow, prack);
        }
    }

    /// Whether the PRACK is for the response that waits for one; then it waits no longer.
    fn take_prack(&mut self, prack: &Request) -> bool {
        let ringing = match &mut self.phase {
            Phase::Ringing(ringing) => ringing,
            Phase::Standing => return true, // our 2xx overtook it: RFC 3262 §3
            Phase::Placing(_) => return false,
        };
        let fits = prack.headers.get(&Name::RAck).is_some_and(|text| {
            let words: Vec<&str> = text.split_whitespace().collect();
            let [rseq, cseq, "INVITE"] = words.as_slice() else { return false };
            let waiting = ringing.reliable.as_ref().map(|reliable| reliable.rseq);
            waiting.is_some() && rseq.parse().ok() == waiting && cseq.parse() == Ok(ringing.cseq)
        });
        if fits {
            ringing.reliable = None;
            self.timers.cancel(Timer::ResendProvisional);
            self.timers.cancel(Timer::NoPrack);
        }
        fits
    }

    fn offer_in_prack(&mut self, cx: &mut Context<'_>, txn: ServerTxn, sdp: Vec<u8>) {
        self.deal = Deal::Theirs(Theirs::Prack { txn });
        self.timers.arm(Timer::NoAnswer, cx.now + LIFETIME);
        self.emit(cx, SessionEvent::Offer { sdp: Some(sdp) });
    }

    /// A PRACK that should have answered our offer did not.
    fn refuse_unanswered(&mut self, cx: &mut Context<'_>) {
        self.reject(cx, 488, Headers::new());
        self.emit(cx, SessionEvent::Ended { why: EndedBy::NoAck, headers: Headers::new() });
    }
}
