//! Whether another DHCP server answers: two of them in one network give each other's clients wrong routers and doubled addresses.
//! It asks as a client would, some times before the box may serve and regularly from then on, and goes by what it overhears.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, Opcode, OptionCode};

use super::{card, read, written};
use crate::base::{Duration, Instant, Rng};
use crate::provision::Mac;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet: the box keeps quiet.
    Looking,
    /// Nobody else answers: the box may serve.
    Alone,
    /// This one does: the box keeps quiet.
    Other(Ipv4Addr),
}

/// Asks and listens.
#[derive(Debug)]
pub struct Watch {
    /// Whose name it asks in: the interface's.
    card: Mac,
    /// Ours.
    own: Ipv4Addr,
    xid: u32,
    verdict: Verdict,
    /// Questions of this round that were asked.
    asked: u32,
    next_at: Instant,
    outputs: VecDeque<Vec<u8>>,
}

impl Watch {
    /// Begins to look.
    pub fn new(now: Instant, card: Mac, own: Ipv4Addr, rng: &mut Rng) -> Self {
        let xid = rng.u32();
        Self { card, own, xid, verdict: Verdict::Looking, asked: 0, next_at: now, outputs: VecDeque::new() }
    }

    /// What is known by now.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether a message is this box's own question, which it need not answer.
    pub fn is_own(&self, bytes: &[u8]) -> bool {
        read(bytes).is_some_and(|message| card(&message) == Some(self.card) && message.xid() == self.xid)
    }

    /// A server's message to a client.
    pub fn handle_packet(&mut self, now: Instant, bytes: &[u8]) {
        let Some(message) = read(bytes) else { return };
        let is_word = matches!(message.opts().msg_type(), Some(MessageType::Offer | MessageType::Ack));
        if message.opcode() != Opcode::BootReply || !is_word {
            return;
        }
        if let Some(DhcpOption::ServerIdentifier(server)) = message.opts().get(OptionCode::ServerIdentifier) {
            self.noticed(now, *server);
        }
    }

    /// Another server gave something to somebody.
    pub fn noticed(&mut self, now: Instant, server: Ipv4Addr) {
        if server == self.own || server.is_unspecified() {
            return;
        }
        (self.verdict, self.asked, self.next_at) = (Verdict::Other(server), 0, now + EACH_WHILE_QUIET);
    }

    /// [`Self::poll_timeout`] is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        if now < self.next_at {
            return;
        }
        if self.asked < QUESTIONS {
            self.asked += 1;
            self.outputs.push_back(self.question());
            self.next_at = now + if self.asked < QUESTIONS { BETWEEN } else { PATIENCE };
            return;
        }
        // all were asked, and nobody has answered
        (self.verdict, self.asked, self.next_at) = (Verdict::Alone, 0, now + EACH);
    }

    /// A question, to all on this network, port 67.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    pub const fn poll_timeout(&self) -> Instant {
        self.next_at
    }

    fn question(&self) -> Vec<u8> {
        let mut message = Message::default();
        message.set_opcode(Opcode::BootRequest).set_xid(self.xid).set_chaddr(&self.card.0);
        message.set_flags(Flags::default().set_broadcast());
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(MessageType::Discover));
        options.insert(DhcpOption::ParameterRequestList(vec![OptionCode::SubnetMask, OptionCode::Router]));
        written(&message)
    }
}

/// Questions of a round.
const QUESTIONS: u32 = 3;
/// Between two of them.
const BETWEEN: Duration = Duration::from_secs(1);
/// After the last one: a server may look for three seconds whether an address is free.
const PATIENCE: Duration = Duration::from_secs(4);
/// Between rounds while the box serves.
const EACH: Duration = Duration::from_secs(60);
/// And while another does.
const EACH_WHILE_QUIET: Duration = Duration::from_secs(30);
