//! Transactions: RFC 3261 §17 with RFC 6026. Four machines, one file each, that know times and states and no messages; and
//! the table that matches messages to them, keeps what must be resent, and sends. The table also tries a request's
//! further servers and answers challenges ([`Exchange`]), because each try is a transaction of its own.
//!
//! Knows no dialog and no session; who asked for a request is carried along as an [`Owner`].

mod client;
mod exchange;
mod incoming;
mod invite_client;
mod invite_server;
mod key;
mod outgoing;
mod server;

use std::collections::{HashMap, VecDeque};

use crate::base::{ClientTxn, Duration, Instant, Rng, ServerTxn, SessionId, TimerQueue};
use crate::sip::Flow;
use crate::sip::auth::Nonces;
use crate::sip::stack::{Counters, Output};
use crate::sip::wire::{Headers, Name, Request, Response};

pub(crate) use exchange::{Exchange, ExchangeId, Next, Plan, renumber};
use incoming::Server;
pub(crate) use incoming::{Arrival, Incoming, ServerOwner, Taken};
use key::{ClientKey, ServerKey};
use outgoing::Client;

/// What a machine wants done, in this order.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Effects {
    /// Send the message (request, or last response) again.
    pub(crate) send: bool,
    /// Send the ACK of a response above 299.
    pub(crate) acknowledge: bool,
    /// Hand the response to the owner.
    pub(crate) deliver: bool,
    /// Tell the owner that nobody answered.
    pub(crate) timed_out: bool,
    /// Forget the transaction.
    pub(crate) done: bool,
}

/// Who asked for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody waits for its fate: a CANCEL, the BYE of a session that is over.
    Nobody,
    /// The stack's user.
    User(ClientTxn),
    /// A session.
    Session(SessionId, Purpose),
}

/// What a session sent a request for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The INVITE that began it.
    Invite,
    /// An offer in a re-INVITE or UPDATE.
    Offer,
    /// A session refresh.
    Refresh,
    /// PRACK.
    Prack,
    /// A request of the user's.
    Request,
}

/// What the table has for the layer above.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A provisional response.
    Progress { owner: Owner, flow: Flow, response: Response },
    /// A final response to an INVITE that has had its first already: another branch of a fork answered, too.
    Further { owner: Owner, client: u64, flow: Flow, response: Response },
    /// The end of one try. Made up when the peer did not speak (408 or 503 by `from_peer: false`).
    Tried(Box<Tried>),
    /// A session's deadline.
    Session(SessionId),
}

/// How one try of a request ended.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The request's tries.
    pub(crate) exchange: ExchangeId,
    /// Who asked.
    pub(crate) owner: Owner,
    /// The transaction, for [`Transactions::send_ack`].
    pub(crate) client: u64,
    /// Where the response came from, or the request went.
    pub(crate) flow: Flow,
    /// The final response.
    pub(crate) response: Response,
    /// The request as it was sent.
    pub(crate) request: Box<Request>,
    /// Whether the peer sent the response.
    pub(crate) from_peer: bool,
}

/// All transactions, and what goes out.
#[derive(Debug)]
pub(crate) struct Transactions {
    /// Chance.
    pub(crate) rng: Rng,
    /// What the stack hands out next.
    pub(crate) outputs: VecDeque<Output>,
    /// What was dropped.
    pub(crate) counters: Counters,
    nonces: Nonces,
    clients: Clients,
    exchanges: HashMap<ExchangeId, Exchange>,
    servers: Servers,
    timers: TimerQueue<Timed>,
    last_id: u64,
    user_agent: String,
    /// Makes the tags of stateless responses unguessable.
    tag_key: u64,
}

/// Transactions of requests that we sent.
#[derive(Debug, Default)]
struct Clients {
    all: HashMap<u64, Client>,
    keys: HashMap<ClientKey, u64>,
}

/// Transactions of requests that came.
#[derive(Debug, Default)]
struct Servers {
    all: HashMap<ServerTxn, Server>,
    keys: HashMap<ServerKey, ServerTxn>,
    /// Requests outside of dialogs by From-tag, Call-ID and CSeq: §8.2.2.2.
    merged: HashMap<ServerKey, ServerTxn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Timed {
    Client(u64),
    Server(ServerTxn),
    Session(SessionId),
}

impl Transactions {
    /// None yet. `user_agent` names us in User-Agent and Server.
    pub(crate) fn new(mut rng: Rng, user_agent: &str) -> Self {
        Self {
            tag_key: rng.u64(),
            rng,
            outputs: VecDeque::new(),
            counters: Counters::default(),
            nonces: Nonces::default(),
            clients: Clients::default(),
            exchanges: HashMap::new(),
            servers: Servers::default(),
            timers: TimerQueue::default(),
            last_id: 0,
            user_agent: user_agent.to_owned(),
        }
    }

    /// How many there are, both ways.
    pub(crate) fn len(&self) -> usize {
        self.clients.all.len() + self.servers.all.len()
    }

    /// The next deadline, sessions' included.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Sets or clears the deadline of a session.
    pub(crate) fn set_session_timer(&mut self, id: SessionId, at: Option<Instant>) {
        self.timers.set(Timed::Session(id), at);
    }

    /// Fires the next transaction that is due; `None` when none is left. The inner `None`: nobody above needs to know.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Option<Happening>> {
        Some(match self.timers.pop_due(now)? {
            Timed::Client(id) => self.on_client_timeout(now, id),
            Timed::Server(txn) => {
                self.on_server_timeout(now, txn);
                None
            }
            Timed::Session(id) => Some(Happening::Session(id)),
        })
    }

    /// A number that no other transaction, exchange or session of this stack has.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Puts bytes on the way.
    pub(crate) fn transmit(&mut self, flow: Flow, bytes: Vec<u8>) {
        self.outputs.push_back(Output::Send { flow, bytes });
    }

    /// Adds what all our messages say about us, where the user has not said it.
    fn introduce(&self, headers: &mut Headers, as_server: bool) {
        let own = if as_server { Name::Server } else { Name::UserAgent };
        for (name, value) in [(Name::Allow, ALLOW), (Name::Supported, SUPPORTED), (own, self.user_agent.as_str())] {
            if !headers.contains(&name) && !value.is_empty() {
                headers.push(name, value);
            }
        }
    }
}

/// The methods that we understand, RFC 3261 §20.5.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE, REGISTER, SUBSCRIBE";
/// The extensions that we understand, RFC 3261 §20.37.
pub(crate) const SUPPORTED: &str = "100rel, timer, replaces";
/// The estimate of a round trip: RFC 3261 §17.1.1.1.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// The longest pause between resends of non-INVITE requests and of responses to INVITE.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// 64·T1: timers B, D, F, H, J, L and M.
pub(crate) const LIFETIME: Duration = Duration::from_secs(32);

#[cfg(test)]
mod tests;
