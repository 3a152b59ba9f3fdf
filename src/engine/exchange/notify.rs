//! NOTIFY that nobody subscribed to: what telephones take as the order to fetch their settings. RFC 6665 §4.1 knows no such
//! thing; telephones of all vendors do, and ask for `Subscription-State` all the same.

use super::Engine;
use crate::base::Instant;
use crate::sip::Transport;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Uri};

impl Engine {
    /// To every contact of a login; their answers change nothing.
    pub(super) fn notify(&mut self, now: Instant, login: &str, event: &str) {
        let contacts: Vec<_> =
            self.bindings.contacts(login).iter().map(|one| (one.contact.clone(), one.flow)).collect();
        for (uri, flow) in contacts {
            let host = Host::Ip(flow.local.ip());
            let ours = |user| Uri::sip(user, host.clone(), Some(flow.local.port()));
            let contact = match flow.transport {
                Transport::Udp => ours(None),
                other => ours(None).with_param("transport", Some(other.param())),
            };
            let mut headers = Headers::new();
            headers.push(Name::MaxForwards, "70");
            headers.push(Name::From, NameAddr::new("", ours(Some("dozvon"))).to_string());
            headers.push(Name::To, NameAddr::new("", ours(Some(login))).to_string());
            headers.push(Name::Contact, NameAddr::new("", contact).to_string());
            headers.push(Name::Event, event);
            headers.push(Name::SubscriptionState, "terminated");
            let request = Request { method: Method::Notify, uri, headers, body: Vec::new() };
            self.stack.request(now, RequestDraft { flows: vec![flow], request, credentials: None, give_up: None });
        }
    }
}
