//! A phone transfers (RFC 3515, 5589) and asks for other things by requests that open no call.

use dozvon::base::Instant;
use dozvon::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Response, Uri};

use super::{CallState, Leaves, Phone};

impl Phone {
    /// Asks the exchange to connect the other side of this call with a number.
    pub(crate) fn refer(&mut self, now: Instant, index: usize, number: &str) {
        let target = self.uri_of(number);
        self.refer_to(now, index, &format!("<{target}>"));
    }

    /// Asks the exchange to connect the other side of one call with the other side of another.
    pub(crate) fn refer_attended(&mut self, now: Instant, index: usize, consulted: usize) {
        let call = &self.calls[consulted];
        let (dialog, headers) = (call.replaces(), &call.invite.headers);
        let target = if call.outgoing { headers.to() } else { headers.from() }.unwrap().uri;
        self.refer_to(now, index, &format!("<{target}?Replaces={}>", escaped(&dialog)));
    }

    /// REFER with any Refer-To.
    pub(crate) fn refer_to(&mut self, now: Instant, index: usize, refer_to: &str) {
        let mut headers = Headers::new();
        headers.push(Name::ReferTo, refer_to);
        headers.push(Name::ReferredBy, format!("<{}>", self.uri_of(&self.login)));
        self.inside_with(now, index, Method::Refer, headers, "");
    }

    /// REFER outside of any call.
    pub(crate) fn refer_outside(&mut self, now: Instant, refer_to: &str) {
        let mut headers = Headers::new();
        headers.push(Name::ReferTo, refer_to);
        self.send_loose(now, Method::Refer, "200", headers);
    }

    /// A request outside of any call; a challenge is answered.
    pub(crate) fn send_loose(&mut self, now: Instant, method: Method, to: &str, headers: Headers) {
        let uri = self.uri_of(to);
        let from = NameAddr::new("", self.uri_of(&self.login)).with_tag(&self.rng.token(8));
        let (to, call_id) = (NameAddr::new("", uri.clone()), self.rng.token(20));
        let mut request = self.request(method.clone(), uri, &from, &to, &call_id, 1);
        request.headers.extend(headers);
        self.loose = Some(request.clone());
        self.send_request(now, &request, format!("{call_id} 1 {method}"));
    }

    fn uri_of(&self, user: &str) -> Uri {
        Uri::sip(Some(user), Host::Ip(self.exchange.ip()), None)
    }

    pub(super) fn on_other_response(&mut self, now: Instant, response: &Response, method: Method, cseq: u32) {
        let call_id = response.headers.call_id().unwrap().to_owned();
        let Some(index) = self.find(&call_id) else { return self.on_loose_response(now, response, method, cseq) };
        let status = response.status;
        let call = &mut self.calls[index];
        call.answers.push((method.clone(), status));
        let accepted = method == Method::Refer && (200..300).contains(&status);
        if accepted && self.leaves == Leaves::WhenAccepted {
            self.hang_up(now, index);
        } else if method == Method::Refer && status >= 300 {
            self.take_back(now, index);
        }
    }

    fn on_loose_response(&mut self, now: Instant, response: &Response, method: Method, cseq: u32) {
        let Some(mut request) = self.loose.take() else { return };
        if request.headers.call_id() != response.headers.call_id() {
            self.loose = Some(request);
            return;
        }
        if response.status == 401 && !request.headers.contains(&Name::Authorization) {
            self.authorize(&mut request, response, cseq + 1);
            let key = format!("{} {} {method}", response.headers.call_id().unwrap(), cseq + 1);
            self.loose = Some(request.clone());
            return self.send_request(now, &request, key);
        }
        self.answers.push((method, response.status));
    }

    /// The exchange tells how a transfer goes.
    pub(super) fn on_notify(&mut self, now: Instant, index: usize, request: &Request) -> Vec<u8> {
        if self.calls[index].state == CallState::Over {
            return self.reply(request, 481, "x", Vec::new(), &[]);
        }
        let kind = request.headers.get(&Name::ContentType).unwrap_or("").to_ascii_lowercase();
        let event = request.headers.get(&Name::Event).unwrap_or("").to_ascii_lowercase();
        assert!(event.starts_with("refer"), "{} is told of {event:?}", self.name);
        assert!(kind.starts_with("message/sipfrag"), "{} is told in {kind:?}", self.name);
        let state = request.headers.get(&Name::SubscriptionState).expect("RFC 6665 §8.2.1: mandatory").to_owned();
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
        let status: u16 = status.unwrap_or_else(|| panic!("{} is told {text:?}", self.name));
        let call = &mut self.calls[index];
        call.told.push(status);
        call.subscription = state;
        let bytes = self.reply(request, 200, "x", Vec::new(), &[]);
        match (status, self.leaves) {
            (200..=299, Leaves::WhenDone) => self.hang_up(now, index),
            (300.., _) => self.take_back(now, index),
            _ => {}
        }
        bytes
    }

    /// A transfer failed: he talks again with whom he wanted to transfer.
    fn take_back(&mut self, now: Instant, index: usize) {
        let call = &self.calls[index];
        if call.state == CallState::Talking && call.direction.is_some() {
            self.resume(now, index);
        }
    }
}

/// As a header field of a URI: RFC 3261 §19.1.1.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
