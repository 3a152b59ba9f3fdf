//! NOTIFY that nobody subscribed to: what telephones take as the order to fetch their settings. RFC 6665 §4.1 knows no such
//! thing; telephones of all vendors do, and ask for `Subscription-State` all the same.

use super::Engine;
use crate::base::Instant;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Uri};
use crate::sip::{Flow, Transport};

/// A request of the exchange's own to the telephone that registered this contact, outside of any dialog (RFC 3261 §8.1.1).
pub(super) fn to_telephone(method: Method, login: &str, contact: Uri, flow: Flow) -> Request {
    let host = Host::Ip(flow.local.ip());
    let ours = |user| Uri::sip(user, host.clone(), Some(flow.local.port()));
    let here = match flow.transport {
        Transport::Udp => ours(None),
        other => ours(None).with_param("transport", Some(other.param())),
    };
    let mut headers = Headers::new();
    headers.push(Name::MaxForwards, "70");
    headers.push(Name::From, NameAddr::new("", ours(Some("dozvon"))).to_string());
    headers.push(Name::To, NameAddr::new("", ours(Some(login))).to_string());
    headers.push(Name::Contact, NameAddr::new("", here).to_string());
    Request { headers, ..Request::new(method, contact) }
}

impl Engine {
    /// To every contact of a login; their answers change nothing.
    pub(super) fn notify(&mut self, now: Instant, login: &str, event: &str) {
        let contacts: Vec<_> =
            self.bindings.contacts(login).iter().map(|one| (one.contact.clone(), one.flow)).collect();
        for (uri, flow) in contacts {
            let mut request = to_telephone(Method::Notify, login, uri, flow);
            request.headers.push(Name::Event, event);
            request.headers.push(Name::SubscriptionState, "terminated");
            self.stack.request(now, RequestDraft { flows: vec![flow], request, credentials: None, give_up: None });
        }
    }
}
