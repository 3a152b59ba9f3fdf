//! OPTIONS to a telephone (RFC 3261 §11): is somebody there? Any answer of its own says yes, a refusal too.

use super::Engine;
use crate::base::{ClientTxn, Duration, Instant};
use crate::engine::Output;
use crate::sip::Transport;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Response, Uri};

/// A telephone that does not answer within it is asked again by who asked.
const PATIENCE: Duration = Duration::from_secs(8);

impl Engine {
    /// Asks the telephone that registered this contact; one that is not registered is not asked.
    pub(super) fn ask_phone(&mut self, now: Instant, login: &str, contact: &str) {
        let Some(binding) = self.bindings.contacts(login).iter().find(|one| one.contact.to_string() == contact) else {
            return;
        };
        let (uri, flow) = (binding.contact.clone(), binding.flow);
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
        headers.push(Name::Accept, "application/sdp");
        let request = Request { method: Method::Options, uri, headers, body: Vec::new() };
        let draft = RequestDraft { flows: vec![flow], request, credentials: None, give_up: Some(PATIENCE) };
        let txn = self.stack.request(now, draft);
        self.asked.insert(txn, (login.to_owned(), contact.to_owned()));
    }

    /// The answer to one of these questions; 408 and 503 are made up when none comes.
    pub(super) fn on_asked(&mut self, txn: ClientTxn, response: &Response) -> bool {
        let Some((login, contact)) = self.asked.remove(&txn) else { return false };
        if !matches!(response.status, 408 | 503) {
            self.outputs.push_back(Output::PhoneAnswers { login, contact });
        }
        true
    }
}
