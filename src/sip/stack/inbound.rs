//! What becomes of a request that came: RFC 3261 §8.2, §9.2, §12.2.2. Here is answered what needs no judgement.

use super::{Output, Stack};
use crate::base::{Instant, ServerTxn, limits};
use crate::sip::Flow;
use crate::sip::session::{LEAST_SECONDS, description, is_too_short, is_unreadable};
use crate::sip::transaction::{Arrival, Incoming, ServerOwner};
use crate::sip::wire::{Headers, Method, Name, Request, Scheme};

impl Stack {
    /// A request came in.
    pub(super) fn on_request(&mut self, now: Instant, flow: Flow, request: Request) {
        match self.core.on_request(now, flow, request) {
            Arrival::Absorbed => {}
            Arrival::New(incoming) => self.on_new(now, *incoming),
            Arrival::Ack(ack) => self.on_ack(now, flow, &ack),
            Arrival::Cancel { invite, request } => self.on_cancel(now, flow, invite, &request),
            Arrival::StrayCancel(request) => self.core.reply(flow, &request, 481, Headers::new()),
        }
    }

    fn on_new(&mut self, now: Instant, mut incoming: Incoming) {
        if let Some((status, headers)) = self.objection(&incoming) {
            return self.core.reply(incoming.flow, &incoming.request, status, headers);
        }
        if let Some(id) = incoming.to_tag.as_ref().and_then(|tag| self.tags.get(tag)).copied() {
            self.with_session(now, id, |session, cx| session.on_request(cx, incoming));
            return;
        }
        if belongs_to_a_dialog(&incoming) {
            return self.core.reply(incoming.flow, &incoming.request, 481, Headers::new());
        }
        if incoming.request.method == Method::Invite {
            if let Some((status, headers)) = invite_objection(&incoming.request) {
                return self.core.reply(incoming.flow, &incoming.request, status, headers);
            }
            incoming.offered = description(&incoming.request.headers, &incoming.request.body).is_some();
        }
        let txn = self.core.open(now, &incoming, ServerOwner::User);
        let Incoming { request, flow, .. } = incoming;
        self.core.outputs.push_back(Output::Request { txn, flow, request });
    }

    /// What any request may be refused for, in the order of §8.2.
    fn objection(&mut self, incoming: &Incoming) -> Option<(u16, Headers)> {
        let request = &incoming.request;
        let mut headers = Headers::new();
        let is_outside = incoming.to_tag.is_none();
        if is_outside && self.core.len() >= limits::TRANSACTIONS {
            self.core.counters.overloaded += 1;
            headers.push(Name::RetryAfter, RETRY_SECONDS);
            return Some((503, headers));
        }
        if let Method::Other(_) = request.method {
            return Some((501, headers));
        }
        if !matches!(request.uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            return Some((416, headers));
        }
        if request.headers.number(&Name::MaxForwards) == Some(0) {
            return Some((483, headers));
        }
        if self.core.is_merged(incoming) {
            return Some((482, headers));
        }
        let required = request.headers.tokens(&Name::Require);
        let unknown: Vec<String> =
            required.into_iter().filter(|option| !EXTENSIONS.contains(&option.as_str())).collect();
        if !unknown.is_empty() {
            headers.push(Name::Unsupported, unknown.join(", "));
            return Some((420, headers));
        }
        None
    }

    fn on_ack(&mut self, now: Instant, flow: Flow, ack: &Request) {
        let to = ack.headers.to().ok();
        let id = to.as_ref().and_then(|to| to.tag()).and_then(|tag| self.tags.get(tag)).copied();
        let heard = id.is_some_and(|id| self.with_session(now, id, |session, cx| session.on_ack(cx, flow, ack)));
        if !heard {
            self.core.counters.stray_acks += 1;
        }
    }

    /// §9.2: the CANCEL is answered with 200, then the INVITE with 487 if it is still open.
    fn on_cancel(&mut self, now: Instant, flow: Flow, invite: ServerTxn, request: &Request) {
        self.core.answer_cancel(flow, invite, request);
        if !self.core.is_open(invite) {
            return;
        }
        match self.core.owner_of(invite) {
            Some(ServerOwner::Session(id)) => {
                let headers = request.headers.clone();
                self.with_session(now, id, |session, cx| session.on_cancel(cx, invite, headers));
            }
            Some(ServerOwner::User) => {
                self.core.respond(now, invite, 487, Headers::new(), Vec::new());
            }
            None => {}
        }
    }
}

/// Whether a request that found no dialog is one that has no meaning without.
fn belongs_to_a_dialog(incoming: &Incoming) -> bool {
    match incoming.request.method {
        Method::Bye | Method::Prack | Method::Update => true,
        Method::Invite | Method::Info | Method::Notify | Method::Refer => incoming.to_tag.is_some(),
        _ => false,
    }
}

/// What an INVITE outside of dialogs may be refused for beyond that.
fn invite_objection(request: &Request) -> Option<(u16, Headers)> {
    let mut headers = Headers::new();
    if is_unreadable(&request.headers, &request.body) {
        headers.push(Name::Accept, "application/sdp");
        return Some((415, headers));
    }
    if is_too_short(&request.headers) {
        headers.push(Name::MinSe, LEAST_SECONDS.to_string());
        return Some((422, headers));
    }
    None
}

/// The option tags that Require may name.
const EXTENSIONS: [&str; 3] = ["100rel", "timer", "replaces"];
const RETRY_SECONDS: &str = "5";
