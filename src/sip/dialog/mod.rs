//! Dialogs: RFC 3261 §12. What two sides have agreed on to find each other's messages: identity, sequence, route.
//!
//! Knows no transaction and no session description.

mod stored;

use crate::base::Rng;
use crate::sip::Flow;
use crate::sip::wire::{Headers, Method, Name, NameAddr, Request, Response, Uri};

/// One dialog, early or confirmed.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    call_id: String,
    /// Our From (or To) with our tag, as it stands on the wire.
    local: String,
    /// The peer's To (or From) with its tag, as it stands on the wire.
    remote: String,
    remote_tag: String,
    remote_target: Uri,
    /// Route values, in order.
    routes: Vec<String>,
    local_seq: u32,
    remote_seq: Option<u32>,
    /// Where our requests go: where the peer's last message came from. What a phone behind NAT writes into its Contact
    /// is not an address that we could reach.
    pub(crate) flow: Flow,
    /// Whether the peer's Allow names UPDATE: RFC 3311 §4.
    pub(crate) peer_takes_update: bool,
}

/// Where a request of the peer stands in its sequence: §12.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// As it should be.
    InOrder,
    /// Older than what came before: 500.
    Old,
}

impl Dialog {
    /// The called side's: §12.1.1. `request` are the header fields of the INVITE or SUBSCRIBE (RFC 6665 §4.4.1). `None`
    /// without a usable From. Peers of RFC 2543 may leave out the Contact; they are found at their From.
    pub(crate) fn of_request(rng: &mut Rng, request: &Headers, local_tag: &str, flow: Flow) -> Option<Self> {
        let from = request.from().ok()?;
        let contact = request.contacts().ok()?.into_iter().next().map(|contact| contact.uri);
        Some(Self {
            call_id: request.call_id()?.to_owned(),
            local: request.to_tagged(local_tag)?,
            remote: request.get(&Name::From)?.to_owned(),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
            remote_target: contact.unwrap_or(from.uri),
            routes: request.addresses(&Name::RecordRoute).ok()?.iter().map(NameAddr::to_string).collect(),
            local_seq: first_seq(rng),
            remote_seq: Some(request.cseq().ok()?.number),
            flow,
            peer_takes_update: takes_update(request),
        })
    }

    /// The calling side's: §12.1.2. `None` without a To-tag, or for what can't be read.
    pub(crate) fn of_response(response: &Response, flow: Flow) -> Option<Self> {
        let headers = &response.headers;
        let to = headers.to().ok()?;
        let contact = headers.contacts().ok()?.into_iter().next().map(|contact| contact.uri);
        Some(Self {
            call_id: headers.call_id()?.to_owned(),
            local: headers.get(&Name::From)?.to_owned(),
            remote: headers.get(&Name::To)?.to_owned(),
            remote_tag: to.tag()?.to_owned(),
            // A 2xx must have a Contact; without one there is nothing better than whom we called.
            remote_target: contact.unwrap_or(to.uri.clone()),
            routes: headers.addresses(&Name::RecordRoute).ok()?.iter().rev().map(NameAddr::to_string).collect(),
            local_seq: headers.cseq().ok()?.number,
            remote_seq: None,
            flow,
            peer_takes_update: takes_update(headers),
        })
    }

    /// Where the peer wants to be found: the Contact of its last request that may move it.
    pub(crate) fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The peer's tag.
    pub(crate) fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// Whether a request of the peer, found by our tag, is of this dialog: §12.
    pub(crate) fn holds(&self, request: &Headers) -> bool {
        let tag = |from: &NameAddr| from.tag().unwrap_or_default() == self.remote_tag;
        request.call_id() == Some(self.call_id.as_str()) && request.from().is_ok_and(|from| tag(&from))
    }

    /// Whether it has this Call-ID and this tag of the peer's.
    pub(crate) fn is(&self, call_id: &str, remote_tag: &str) -> bool {
        self.call_id == call_id && self.remote_tag == remote_tag
    }

    /// Takes a request's place in the sequence, and the way that it came.
    pub(crate) fn receive(&mut self, cseq: u32, flow: Flow) -> Sequence {
        if self.remote_seq.is_some_and(|last| cseq < last) {
            return Sequence::Old;
        }
        self.remote_seq = Some(cseq);
        self.flow = flow;
        Sequence::InOrder
    }

    /// A target refresh (re-INVITE, UPDATE, and the 2xx to ours): §12.2.
    pub(crate) fn refresh(&mut self, headers: &Headers) {
        if let Some(contact) = headers.contacts().ok().and_then(|contacts| contacts.into_iter().next()) {
            self.remote_target = contact.uri;
        }
        if headers.contains(&Name::Allow) {
            self.peer_takes_update = takes_update(headers);
        }
    }

    /// The route set and target of the 2xx replace those of the early dialog: §13.2.2.4.
    pub(crate) fn confirm(&mut self, response: &Response, flow: Flow) {
        if let Some(confirmed) = Self::of_response(response, flow) {
            let local_seq = self.local_seq.max(confirmed.local_seq);
            let remote_seq = self.remote_seq;
            let peer_takes_update = confirmed.peer_takes_update || self.peer_takes_update;
            *self = Self { local_seq, remote_seq, peer_takes_update, ..confirmed };
        }
    }

    /// The number for our next request.
    pub(crate) fn next_seq(&mut self) -> u32 {
        self.local_seq = (self.local_seq + 1).min(HIGHEST_SEQ);
        self.local_seq
    }

    /// Leaves out so many numbers: more than may have been used since the dialog was stored.
    pub(crate) fn skip(&mut self, numbers: u32) {
        self.local_seq = self.local_seq.saturating_add(numbers).min(HIGHEST_SEQ);
    }

    /// A request within the dialog: §12.2.1.1. Via is for the transaction to make.
    pub(crate) fn request(&mut self, method: Method) -> Request {
        let number = self.next_seq();
        self.numbered(method, number)
    }

    /// The ACK of the 2xx to the INVITE with this number: §13.2.2.4.
    pub(crate) fn ack(&self, number: u32) -> Request {
        self.numbered(Method::Ack, number)
    }

    fn numbered(&self, method: Method, number: u32) -> Request {
        let (uri, routes) = self.target();
        let mut headers = Headers::new();
        for route in routes {
            headers.push(Name::Route, route);
        }
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, self.local.as_str());
        headers.push(Name::To, self.remote.as_str());
        headers.push(Name::CallId, self.call_id.as_str());
        headers.push(Name::CSeq, format!("{number} {method}"));
        Request { headers, ..Request::new(method, uri) }
    }

    /// Request-URI and Route: a first hop without `lr` is a strict router and gets itself as Request-URI.
    fn target(&self) -> (Uri, Vec<String>) {
        let first = self.routes.first().and_then(|route| route.parse::<NameAddr>().ok());
        match first {
            Some(first) if !first.uri.params.has("lr") => {
                let last = NameAddr::new("", self.remote_target.clone()).to_string();
                let mut uri = first.uri;
                uri.headers = None;
                (uri, self.routes.iter().skip(1).cloned().chain([last]).collect())
            }
            _ => (self.remote_target.clone(), self.routes.clone()),
        }
    }
}

fn takes_update(headers: &Headers) -> bool {
    headers.tokens(&Name::Allow).iter().any(|method| method == "update")
}

/// Below 2^31 with room to count: §8.1.1.5.
fn first_seq(rng: &mut Rng) -> u32 {
    1 + rng.u32() % 0xffff
}

/// §8.1.1.5.
const HIGHEST_SEQ: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests;
