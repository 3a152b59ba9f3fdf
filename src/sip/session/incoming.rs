//! The called half: provisional responses, 2xx until its ACK, refusals, CANCEL. RFC 3261 §13.3, §9.2.

use std::collections::VecDeque;

use super::outgoing::holds;
use super::{Context, Deal, Identity, LIFETIME, Ours, Phase, Refresh, Session, T1, Theirs, Timer, Unacked, next_pause};
use crate::base::{Duration, ServerTxn, SessionId};
use crate::sip::Flow;
use crate::sip::dialog::Dialog;
use crate::sip::stack::{EndedBy, SessionEvent};
use crate::sip::transaction::Taken;
use crate::sip::wire::{Headers, Name, Request, Scheme};

/// An INVITE that waits for our answer.
#[derive(Debug)]
pub(super) struct Ringing {
    pub(super) txn: ServerTxn,
    pub(super) cseq: u32,
    /// The INVITE carried an offer.
    pub(super) offered: bool,
    /// Offer and answer are done: both went reliably.
    pub(super) is_agreed: bool,
    /// The peer requires reliable provisional responses, or at least can take them.
    pub(super) requires_reliable: bool,
    pub(super) takes_reliable: bool,
    pub(super) reliable: Option<Reliable>,
    /// Provisional responses that wait for the PRACK of the one before.
    pub(super) queue: VecDeque<(u16, Headers, Option<Vec<u8>>)>,
    pub(super) rseq: u32,
    /// A 2xx that waits for a PRACK.
    pub(super) waiting: Option<(Headers, Option<Vec<u8>>)>,
    /// What the 2xx says about the session timer.
    timer: Headers,
}

/// A provisional response that waits for its PRACK: RFC 3262 §3.
#[derive(Debug)]
pub(super) struct Reliable {
    pub(super) rseq: u32,
    pub(super) every: Duration,
    /// It carried a description, so that the 2xx must wait for the PRACK.
    pub(super) described: bool,
}

impl Ringing {
    /// Whether a 2xx must wait: a description is on its way and not acknowledged, or is still to go.
    pub(super) fn must_wait(&self) -> bool {
        let queued = self.queue.iter().any(|(_, _, sdp)| sdp.is_some());
        queued || self.reliable.as_ref().is_some_and(|reliable| reliable.described)
    }
}

impl Session {
    /// Makes a session of an INVITE. `None` when its From can't be used.
    pub(crate) fn ring(
        cx: &mut Context<'_>,
        id: SessionId,
        txn: ServerTxn,
        taken: Taken,
        contact_user: &str,
    ) -> Option<Self> {
        let Taken { headers, local_tag, flow, offered } = taken;
        let dialog = Dialog::of_request(&mut cx.core.rng, &headers, &local_tag, flow)?;
        let mut refresh = Refresh::default();
        let timer = refresh.answer(&headers, false);
        let requires_reliable = holds(&headers, &Name::Require, "100rel");
        let ringing = Ringing {
            txn,
            cseq: headers.cseq().ok()?.number,
            offered,
            is_agreed: false,
            requires_reliable,
            takes_reliable: requires_reliable || holds(&headers, &Name::Supported, "100rel"),
            reliable: None,
            queue: VecDeque::new(),
            rseq: cx.core.rng.u32() % 0xffff,
            waiting: None,
            timer,
        };
        let (local_tag, contact_user) = (local_tag.into(), contact_user.into());
        let call_id = headers.call_id()?.into();
        let is_secure = is_secure(&headers);
        let own = Identity { id, local_tag, call_id, contact_user, is_secure, credentials: None, is_caller: false };
        let deal = if offered { Deal::Theirs(Theirs::Invite) } else { Deal::Idle };
        let mut session = Self::new(own, Phase::Ringing(Box::new(ringing)), deal, refresh);
        session.dialog = Some(Box::new(dialog));
        Some(session)
    }

    /// A provisional response.
    pub(super) fn progress(&mut self, cx: &mut Context<'_>, status: u16, headers: Headers, sdp: Option<Vec<u8>>) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        if !(101..=199).contains(&status) {
            return;
        }
        let is_offer = sdp.is_some() && !ringing.offered && !ringing.is_agreed;
        if ringing.requires_reliable || is_offer && ringing.takes_reliable {
            ringing.queue.push_back((status, headers, sdp));
            return self.send_reliable(cx);
        }
        let sdp = sdp.filter(|_| !is_offer); // an offer in a provisional response must be reliable: §13.2.1
        if let Some(sdp) = &sdp {
            self.keep_local(sdp);
        }
        self.send_provisional(cx, status, headers, sdp);
    }

    pub(super) fn send_provisional(
        &mut self,
        cx: &mut Context<'_>,
        status: u16,
        mut headers: Headers,
        sdp: Option<Vec<u8>>,
    ) {
        let Phase::Ringing(ringing) = &self.phase else { return };
        let txn = ringing.txn;
        self.describe(&mut headers, sdp.is_some());
        cx.core.respond(cx.now, txn, status, headers, sdp.unwrap_or_default());
        self.timers.arm(Timer::RepeatProvisional, cx.now + REPEAT);
    }

    pub(super) fn repeat_provisional(&mut self, cx: &mut Context<'_>) {
        if let Phase::Ringing(ringing) = &self.phase {
            cx.core.resend_last(ringing.txn);
            self.timers.arm(Timer::RepeatProvisional, cx.now + REPEAT);
        }
    }

    /// 200, at once or after the PRACK that it must wait for: RFC 3262 §3.
    pub(super) fn answer(&mut self, cx: &mut Context<'_>, headers: Headers, sdp: Option<Vec<u8>>) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        if ringing.must_wait() {
            ringing.waiting = Some((headers, sdp));
            return;
        }
        self.answer_now(cx, headers, sdp);
    }

    pub(super) fn answer_now(&mut self, cx: &mut Context<'_>, mut headers: Headers, sdp: Option<Vec<u8>>) {
        let Phase::Ringing(ringing) = std::mem::replace(&mut self.phase, Phase::Standing) else { return };
        let Ringing { txn, cseq, offered, is_agreed, timer, .. } = *ringing;
        // What an unreliable provisional response has said is said again, since that one may have been lost: §13.2.1.
        let early = || self.offers.local.as_deref().filter(|_| offered).map(<[u8]>::to_vec);
        let sdp = if is_agreed { None } else { sdp.or_else(early) };
        if let Some(sdp) = &sdp {
            self.keep_local(sdp);
        }
        if matches!(self.deal, Deal::Theirs(Theirs::Invite)) {
            self.deal = Deal::Idle;
        } else if sdp.is_some() {
            self.deal = Deal::Ours(Ours::Success);
        }
        headers.extend(timer);
        for timer in [Timer::RepeatProvisional, Timer::ResendProvisional, Timer::NoPrack] {
            self.timers.cancel(timer);
        }
        self.refresh.start(cx.now, &mut self.timers);
        self.send_success(cx, txn, cseq, true, (headers, sdp));
    }

    /// Sends a 2xx to an INVITE and watches for its ACK.
    pub(super) fn send_success(
        &mut self,
        cx: &mut Context<'_>,
        txn: ServerTxn,
        cseq: u32,
        is_first: bool,
        (mut headers, sdp): (Headers, Option<Vec<u8>>),
    ) {
        self.describe(&mut headers, sdp.is_some());
        let Some((flow, bytes)) = cx.core.respond(cx.now, txn, 200, headers, sdp.unwrap_or_default()) else { return };
        self.unacked = Some(Box::new(Unacked { flow, bytes, every: T1, cseq, is_first }));
        self.timers.arm(Timer::ResendSuccess, cx.now + T1);
        self.timers.arm(Timer::NoAck, cx.now + LIFETIME);
    }

    pub(super) fn resend_success(&mut self, cx: &mut Context<'_>) {
        let Some(unacked) = self.unacked.as_deref_mut() else { return };
        unacked.every = next_pause(unacked.every);
        self.timers.arm(Timer::ResendSuccess, cx.now + unacked.every);
        cx.core.transmit(unacked.flow, unacked.bytes.clone());
    }

    /// 300 to 699.
    pub(super) fn reject(&mut self, cx: &mut Context<'_>, status: u16, headers: Headers) {
        let Phase::Ringing(ringing) = &self.phase else { return };
        let txn = ringing.txn;
        self.close_deal(cx);
        cx.core.respond(cx.now, txn, status.clamp(300, 699), headers, Vec::new());
        self.is_over = true;
    }

    /// The peer's CANCEL of its INVITE (of a re-INVITE too: then the session goes on). Its own 200 is sent already.
    pub(crate) fn on_cancel(&mut self, cx: &mut Context<'_>, invite: ServerTxn, headers: Headers) {
        match (&self.phase, &self.deal) {
            (Phase::Ringing(ringing), _) if ringing.txn == invite => {
                self.reject(cx, 487, Headers::new());
                self.emit(cx, SessionEvent::Ended { why: EndedBy::Cancel, headers });
            }
            (_, Deal::Theirs(Theirs::ReInvite { txn, .. })) if *txn == invite => {
                self.close_deal(cx);
                self.send_offer(cx);
            }
            _ => {}
        }
    }

    /// An ACK in our dialog.
    pub(crate) fn on_ack(&mut self, cx: &mut Context<'_>, flow: Flow, ack: &Request) {
        let Ok(cseq) = ack.headers.cseq() else { return };
        let Some(unacked) = self.unacked.take_if(|unacked| unacked.cseq == cseq.number) else { return };
        self.timers.cancel(Timer::ResendSuccess);
        self.timers.cancel(Timer::NoAck);
        if let Some(dialog) = self.dialog.as_deref_mut() {
            dialog.flow = flow;
        }
        let sdp = super::description(&ack.headers, &ack.body).map(<[u8]>::to_vec);
        self.on_confirmed(cx, unacked.is_first, sdp);
    }

    /// The peer has our 2xx.
    pub(super) fn on_confirmed(&mut self, cx: &mut Context<'_>, is_first: bool, sdp: Option<Vec<u8>>) {
        let awaited = matches!(self.deal, Deal::Ours(Ours::Success));
        if awaited {
            self.deal = Deal::Idle;
        }
        if self.doomed.is_some() || awaited && sdp.is_none() {
            return self.fall(cx, EndedBy::NoAck);
        }
        let answer = sdp.filter(|_| awaited);
        match (is_first, answer) {
            (true, sdp) => self.emit(cx, SessionEvent::Confirmed { sdp }),
            (false, Some(sdp)) => self.emit(cx, SessionEvent::OfferAnswered { sdp }),
            (false, None) => {}
        }
        self.send_offer(cx);
    }

    /// Contact, and what the body is.
    pub(super) fn describe(&self, headers: &mut Headers, described: bool) {
        if let Some(dialog) = self.dialog.as_deref()
            && !headers.contains(&Name::Contact)
        {
            headers.push(Name::Contact, self.contact(&dialog.flow));
        }
        if described {
            headers.set(Name::ContentType, "application/sdp");
        }
    }
}

/// RFC 3261 §13.3.1.1.
const REPEAT: Duration = Duration::from_secs(60);

/// Whether a request asks for `sips:` in our Contact: RFC 3261 §12.1.1.
fn is_secure(headers: &Headers) -> bool {
    let called = headers.to().is_ok_and(|to| to.uri.scheme == Scheme::Sips);
    called || headers.contacts().is_ok_and(|all| all.iter().any(|contact| contact.uri.scheme == Scheme::Sips))
}
