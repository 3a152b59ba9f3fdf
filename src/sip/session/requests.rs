//! Requests inside the dialog, both ways: RFC 3261 §12.2, §15.

use super::body::is_unreadable;
use super::{Context, Phase, Purpose, Session};
use crate::base::ServerTxn;
use crate::sip::dialog::Sequence;
use crate::sip::stack::{EndedBy, SessionEvent};
use crate::sip::transaction::{Incoming, ServerOwner, Tried};
use crate::sip::wire::{Headers, Method, Name};

impl Session {
    /// A request that carries our tag. It may still be a stranger's.
    pub(crate) fn on_request(&mut self, cx: &mut Context<'_>, incoming: Incoming) {
        let from_tag = incoming.request.headers.from().ok().and_then(|from| from.tag().map(str::to_owned));
        let dialog = self.dialog_with(&from_tag.unwrap_or_default());
        let Some(dialog) = dialog.filter(|dialog| dialog.holds(&incoming.request.headers)) else {
            return cx.core.reply(incoming.flow, &incoming.request, 481, Headers::new());
        };
        if dialog.receive(incoming.cseq, incoming.flow) == Sequence::Old {
            return cx.core.reply(incoming.flow, &incoming.request, 500, Headers::new());
        }
        let request = &incoming.request;
        let offers = matches!(request.method, Method::Invite | Method::Update | Method::Prack);
        if offers && is_unreadable(&request.headers, &request.body) {
            let mut headers = Headers::new();
            headers.push(Name::Accept, "application/sdp");
            return cx.core.reply(incoming.flow, request, 415, headers);
        }
        match request.method {
            Method::Bye => self.on_bye(cx, incoming),
            Method::Invite => self.on_reinvite(cx, &incoming),
            Method::Update => self.on_update(cx, &incoming),
            Method::Prack => self.on_prack(cx, &incoming),
            Method::Options => {
                let txn = cx.core.open(cx.now, &incoming, ServerOwner::Session(self.own.id));
                let mut headers = Headers::new();
                headers.push(Name::Accept, "application/sdp");
                cx.core.respond(cx.now, txn, 200, headers, Vec::new());
            }
            Method::Info | Method::Refer | Method::Notify | Method::Message | Method::Subscribe => {
                let txn = cx.core.open(cx.now, &incoming, ServerOwner::Session(self.own.id));
                self.emit(cx, SessionEvent::Request { txn, request: Box::new(incoming.request) });
            }
            _ => cx.core.reply(incoming.flow, request, 405, Headers::new()),
        }
    }

    /// The final response to a request of ours.
    pub(crate) fn on_final(&mut self, cx: &mut Context<'_>, purpose: Purpose, tried: Tried) {
        match purpose {
            Purpose::Invite => self.on_invite_final(cx, tried),
            Purpose::Offer | Purpose::Refresh => self.on_renewal_final(cx, purpose, tried),
            // A PRACK that fails leaves it to the INVITE to fail: RFC 3262 §3 has the called side give up.
            Purpose::Prack => {}
            Purpose::Request => {
                let (status, from_peer) = (tried.response.status, tried.from_peer);
                self.emit(cx, SessionEvent::Response { response: Box::new(tried.response) });
                match (&self.phase, status) {
                    (Phase::Standing, 408 | 481) => self.fall(cx, EndedBy::Expired), // §12.2.1.2
                    (Phase::Standing, 503) if !from_peer => self.fall(cx, EndedBy::Transport),
                    _ => {}
                }
            }
        }
    }

    /// A request of the user's.
    pub(super) fn send_request(&mut self, cx: &mut Context<'_>, method: Method, headers: Headers, body: Vec<u8>) {
        let is_ours = matches!(
            method,
            Method::Invite | Method::Ack | Method::Cancel | Method::Bye | Method::Prack | Method::Update
        );
        if is_ours {
            return; // these have orders of their own
        }
        let takes_contact = matches!(method, Method::Refer | Method::Notify | Method::Subscribe);
        let Some(dialog) = self.active_dialog() else { return };
        let mut request = dialog.request(method);
        let flow = dialog.flow;
        if takes_contact && !headers.contains(&Name::Contact) {
            request.headers.push(Name::Contact, self.contact(&flow));
        }
        request.headers.extend(headers);
        request.body = body;
        self.send(cx, self.owner(Purpose::Request), flow, request);
    }

    /// The user's response to [`SessionEvent::Request`].
    pub(super) fn respond(&mut self, cx: &mut Context<'_>, txn: ServerTxn, status: u16, mut headers: Headers) {
        if cx.core.owner_of(txn) == Some(ServerOwner::Session(self.own.id)) && !self.is_dealing(txn) {
            self.describe(&mut headers, false);
            cx.core.respond(cx.now, txn, status, headers, Vec::new());
        }
    }

    fn on_bye(&mut self, cx: &mut Context<'_>, incoming: Incoming) {
        let txn = cx.core.open(cx.now, &incoming, ServerOwner::Session(self.own.id));
        cx.core.respond(cx.now, txn, 200, Headers::new(), Vec::new());
        let headers = incoming.request.headers;
        match &self.phase {
            Phase::Placing(_) => self.on_early_bye(cx, headers),
            Phase::Ringing(ringing) => {
                let txn = ringing.txn;
                cx.core.respond(cx.now, txn, 487, Headers::new(), Vec::new());
                self.end(cx, EndedBy::Bye, headers);
            }
            Phase::Standing => self.end(cx, EndedBy::Bye, headers),
        }
    }
}
