//! A request with all its tries: the servers that can take it (RFC 3263 §4.3) and the challenges on the way (RFC 3261 §22).

use std::collections::VecDeque;
use std::sync::Arc;

use super::{LIFETIME, Owner, Transactions, Tried};
use crate::base::{Duration, Instant};
use crate::sip::Flow;
use crate::sip::auth::{Attempts, Credentials};
use crate::sip::wire::{Name, Request};

/// Names the tries of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ExchangeId(u64);

impl ExchangeId {
    /// Of a CANCEL, which is tried once.
    pub(super) const NONE: Self = Self(0);
}

/// How a request is to be sent.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where to, in the order to try.
    pub(crate) flows: Vec<Flow>,
    /// For challenges.
    pub(crate) credentials: Option<Arc<Credentials>>,
    /// How long to wait for any response on one flow.
    pub(crate) give_up: Option<Duration>,
}

/// What is left to try.
#[derive(Debug)]
pub(crate) struct Exchange {
    owner: Owner,
    flow: Flow,
    left: VecDeque<Flow>,
    credentials: Option<Arc<Credentials>>,
    attempts: Attempts,
    give_up: Duration,
    /// The current transaction.
    client: u64,
}

/// What to do with a request that was tried.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send it again to the same server: it has been given credentials and needs a new CSeq.
    Again(Flow),
    /// Send it to the next server.
    To(Flow),
    /// Tell the owner.
    Over,
}

impl Transactions {
    /// Sends `request`, which has no Via yet. Without a flow it fails at once, with no word: callers give one.
    pub(crate) fn send(&mut self, now: Instant, owner: Owner, mut request: Request, plan: Plan) -> Option<ExchangeId> {
        let mut left = VecDeque::from(plan.flows);
        let flow = left.pop_front()?;
        let mut attempts = Attempts::default();
        if let Some(own) = &plan.credentials {
            self.nonces.authorize(&mut self.rng, &mut request, own, &mut attempts);
        }
        let id = ExchangeId(self.next_id());
        let give_up = plan.give_up.unwrap_or(LIFETIME);
        let client = self.start_client(now, Box::new(request), flow, (id, owner), give_up);
        let exchange = Exchange { owner, flow, left, credentials: plan.credentials, attempts, give_up, client };
        self.exchanges.insert(id, exchange);
        Some(id)
    }

    /// Judges the end of a try. Credentials are put into the request when that is what it takes.
    pub(crate) fn judge(&mut self, tried: &mut Tried, may_fail_over: bool) -> Next {
        let Some(exchange) = self.exchanges.get_mut(&tried.exchange) else { return Next::Over };
        let status = tried.response.status;
        if matches!(status, 401 | 407) {
            let Some(own) = exchange.credentials.clone() else { return Next::Over };
            let Tried { request, response, .. } = tried;
            let taken = self.nonces.take_up(&mut self.rng, request, response, &own, &mut exchange.attempts);
            return if taken { Next::Again(exchange.flow) } else { Next::Over };
        }
        if tried.from_peer {
            self.nonces.passed(&exchange.attempts);
        }
        let next_may_help = status == 503 || !tried.from_peer;
        match exchange.left.pop_front() {
            Some(next) if next_may_help && may_fail_over => Next::To(next),
            _ => Next::Over,
        }
    }

    /// Sends a request that was tried once more, by a new transaction.
    pub(crate) fn resend(&mut self, now: Instant, id: ExchangeId, flow: Flow, mut request: Box<Request>) {
        request.headers.pop_via();
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if flow != exchange.flow
            && let Some(own) = &exchange.credentials
        {
            self.nonces.authorize(&mut self.rng, &mut request, own, &mut exchange.attempts);
        }
        exchange.flow = flow;
        let (owner, give_up) = (exchange.owner, exchange.give_up);
        let client = self.start_client(now, request, flow, (id, owner), give_up);
        if let Some(exchange) = self.exchanges.get_mut(&id) {
            exchange.client = client;
        }
    }

    /// Forgets what was left to try.
    pub(crate) fn finish(&mut self, id: ExchangeId) {
        self.exchanges.remove(&id);
    }

    pub(super) fn current_client(&self, id: ExchangeId) -> Option<u64> {
        self.exchanges.get(&id).map(|exchange| exchange.client)
    }
}

/// Gives `request` another CSeq number.
pub(crate) fn renumber(request: &mut Request, number: u32) {
    let value = format!("{number} {}", request.method);
    request.headers.set(Name::CSeq, value);
}
