//! OPTIONS to a telephone (RFC 3261 §11): is somebody there? Any answer of its own says yes, a refusal too.

use super::Engine;
use super::notify::to_telephone;
use crate::base::{ClientTxn, Duration, Instant};
use crate::engine::Output;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Method, Name, Response};

/// A telephone that does not answer within it is asked again by who asked.
const PATIENCE: Duration = Duration::from_secs(8);

impl Engine {
    /// Asks the telephone that registered this contact; one that is not registered is not asked.
    pub(super) fn ask_phone(&mut self, now: Instant, login: &str, contact: &str) {
        let Some(binding) = self.bindings.contacts(login).iter().find(|one| one.contact.to_string() == contact) else {
            return;
        };
        let flow = binding.flow;
        let mut request = to_telephone(Method::Options, login, binding.contact.clone(), flow);
        request.headers.push(Name::Accept, "application/sdp");
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
