//! Two stacks and the wire between them: datagrams are lost, doubled, delayed and overtaken, by a seed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::{InviteDraft, Output, SessionCommand, SessionEvent, Stack};
use super::bench::{ANSWER, OFFER};
use crate::base::{Duration, Instant, Rng, SessionId};
use crate::sip::wire::{Headers, Method};
use crate::sip::{Flow, Transport};

/// How bad the wire is: chances in 100.
#[derive(Clone, Copy)]
pub(super) struct Faults {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) late: u64,
    pub(super) broken: u64,
}

pub(super) struct World {
    pub(super) now: Instant,
    pub(super) sides: [Side; 2],
    rng: Rng,
    faults: Faults,
    under_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    datagrams: u64,
}

/// One stack and a user who does something now and then.
pub(super) struct Side {
    pub(super) stack: Stack,
    address: SocketAddr,
    pub(super) calls: BTreeMap<SessionId, Call>,
    rng: Rng,
    wishes: BTreeMap<(Instant, u64), (SessionId, Wish)>,
    wished: u64,
}

/// What the user knows of a session.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) is_caller: bool,
    pub(super) answered: bool,
    pub(super) over: bool,
    /// Confirmed, for the called side.
    pub(super) confirmed: bool,
}

#[derive(Debug, Clone)]
enum Wish {
    Ring,
    Answer,
    Refuse,
    /// Nobody has answered for too long.
    Tire,
    HangUp,
    Offer,
    Accept,
    Decline,
    Ask,
}

impl World {
    pub(super) fn new(seed: u64, faults: Faults) -> Self {
        let mut rng = Rng::from_seed(seed);
        let side = |address: &str, rng: &mut Rng| Side {
            stack: Stack::new(rng.fork(), "Test"),
            address: address.parse().unwrap(),
            calls: BTreeMap::new(),
            rng: rng.fork(),
            wishes: BTreeMap::new(),
            wished: 0,
        };
        let sides = [side("10.0.0.1:5060", &mut rng), side("10.0.0.2:5060", &mut rng)];
        Self { now: Instant::ZERO, sides, rng, faults, under_way: BTreeMap::new(), datagrams: 0 }
    }

    /// One side calls the other.
    pub(super) fn call(&mut self, from: usize) -> SessionId {
        let (local, remote) = (self.sides[from].address, self.sides[1 - from].address);
        let flow = Flow { transport: Transport::Udp, local, peer: remote, connection: 0 };
        let rng = &mut self.rng;
        let mut headers = Headers::new();
        if rng.chance(1, 4) {
            headers.push(crate::sip::wire::Name::Require, "100rel");
        }
        let draft = InviteDraft {
            flows: vec![flow],
            uri: "sip:bob@10.0.0.2".parse().unwrap(),
            from: "<sip:alice@10.0.0.1>".parse().unwrap(),
            to: "<sip:bob@10.0.0.2>".parse().unwrap(),
            contact_user: "alice".to_owned(),
            routes: Vec::new(),
            headers,
            sdp: (!rng.chance(1, 4)).then(|| OFFER.to_vec()),
            credentials: None,
            give_up: None,
            session_timer: rng.chance(1, 2),
        };
        let side = &mut self.sides[from];
        let id = side.stack.invite(self.now, draft);
        side.calls.insert(id, Call { is_caller: true, ..Call::default() });
        side.wish(self.now + Duration::from_secs(200), 1000, id, Wish::Tire);
        if side.rng.chance(1, 3) {
            side.wish(self.now, 20_000, id, Wish::HangUp);
        }
        self.drain();
        id
    }

    /// The next thing happens; false when nothing is left to happen before `end`.
    pub(super) fn step(&mut self, end: Instant) -> bool {
        let packet = self.under_way.first_key_value().map(|((at, _), _)| *at);
        let timers = self.sides.iter().filter_map(|side| side.stack.poll_timeout());
        let wishes = self.sides.iter().filter_map(|side| side.wishes.first_key_value().map(|((at, _), _)| *at));
        let Some(next) = timers.chain(wishes).chain(packet).min().filter(|at| *at <= end) else {
            self.now = end;
            return false;
        };
        self.now = self.now.max(next);
        while let Some(entry) = self.under_way.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (to, bytes) = entry.remove();
            let (local, peer) = (self.sides[to].address, self.sides[1 - to].address);
            let flow = Flow { transport: Transport::Udp, local, peer, connection: 0 };
            self.sides[to].stack.handle_packet(self.now, flow, &bytes);
            self.drain();
        }
        for side in &mut self.sides {
            side.stack.handle_timeout(self.now);
            side.act(self.now);
        }
        self.drain();
        true
    }

    pub(super) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
    }

    fn drain(&mut self) {
        loop {
            let mut quiet = true;
            for index in 0..2 {
                while let Some(output) = self.sides[index].stack.poll_output() {
                    quiet = false;
                    match output {
                        Output::Send { bytes, .. } => self.send(1 - index, bytes),
                        other => self.sides[index].hear(self.now, other),
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// A byte changes, a line stands twice, or the end is cut.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let place = usize::try_from(self.rng.below(bytes.len() as u64)).unwrap();
        match self.rng.below(3) {
            0 => bytes[place] = b" 0a;,<>\"@:=\n"[place % 12],
            1 => bytes.truncate(place),
            _ => {
                let line = bytes[place..].split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
                bytes.splice(place..place, line);
            }
        }
    }

    fn send(&mut self, to: usize, bytes: Vec<u8>) {
        let Faults { lost, doubled, late, broken } = self.faults;
        let copies = if self.rng.chance(doubled, 100) { 2 } else { 1 };
        for _ in 0..copies {
            if self.rng.chance(lost, 100) {
                continue;
            }
            let slow = if self.rng.chance(late, 100) { 3000 } else { 30 };
            let at = self.now + Duration::from_millis(1 + self.rng.below(slow));
            self.datagrams += 1;
            let mut bytes = bytes.clone();
            if self.rng.chance(broken, 100) {
                self.spoil(&mut bytes);
            }
            self.under_way.insert((at, self.datagrams), (to, bytes));
        }
    }
}

impl Side {
    fn wish(&mut self, now: Instant, within_ms: u64, id: SessionId, wish: Wish) {
        self.wished += 1;
        let at = now + Duration::from_millis(self.rng.below(within_ms));
        self.wishes.insert((at, self.wished), (id, wish));
    }

    fn hear(&mut self, now: Instant, output: Output) {
        match output {
            Output::Request { txn, request, .. } => {
                if request.method != Method::Invite {
                    return self.stack.respond(now, txn, 200, Headers::new(), Vec::new());
                }
                let Some(id) = self.stack.accept_invite(now, txn, "bob") else { return };
                self.calls.insert(id, Call::default());
                self.wish(now, 500, id, Wish::Ring);
                let wish = if self.rng.chance(1, 5) { Wish::Refuse } else { Wish::Answer };
                self.wish(now, 15_000, id, wish);
            }
            Output::Session { id, event } => self.on_event(now, id, event),
            Output::Response { .. } | Output::Send { .. } => {}
        }
    }

    fn on_event(&mut self, now: Instant, id: SessionId, event: SessionEvent) {
        let call = self.calls.get_mut(&id).expect("events come to known sessions");
        assert!(!call.over, "{event:?} after the end");
        match event {
            SessionEvent::Answered { .. } => {
                assert!(call.is_caller && !call.answered);
                call.answered = true;
                self.talk(now, id);
            }
            SessionEvent::Confirmed { .. } => {
                assert!(!call.is_caller && call.answered && !call.confirmed);
                call.confirmed = true;
                self.talk(now, id);
            }
            SessionEvent::Failed { .. } => {
                assert!(call.is_caller && !call.answered);
                call.over = true;
            }
            SessionEvent::Ended { .. } => call.over = true,
            SessionEvent::Offer { .. } => {
                let wish = if self.rng.chance(1, 8) { Wish::Decline } else { Wish::Accept };
                self.wish(now, 1000, id, wish);
            }
            SessionEvent::Request { txn, .. } => {
                self.stack.command(now, id, SessionCommand::Respond { txn, status: 200, headers: Headers::new() });
            }
            SessionEvent::Progress { .. }
            | SessionEvent::OfferAnswered { .. }
            | SessionEvent::OfferRefused { .. }
            | SessionEvent::Response { .. } => {}
        }
    }

    /// What one does in a call: offers, asks, and in the end hangs up.
    fn talk(&mut self, now: Instant, id: SessionId) {
        for _ in 0..self.rng.below(4) {
            self.wish(now, 60_000, id, Wish::Offer);
        }
        for _ in 0..self.rng.below(3) {
            self.wish(now, 60_000, id, Wish::Ask);
        }
        self.wish(now, 5_000_000, id, Wish::HangUp);
    }

    fn act(&mut self, now: Instant) {
        while let Some(entry) = self.wishes.first_entry().filter(|entry| entry.key().0 <= now) {
            let (id, wish) = entry.remove();
            let call = self.calls.get_mut(&id).expect("wishes are about known sessions");
            if call.over {
                continue;
            }
            let headers = Headers::new();
            let command = match wish {
                Wish::Ring => SessionCommand::Progress { status: 180, headers, sdp: None },
                Wish::Answer => {
                    call.answered = true;
                    SessionCommand::Answer { headers, sdp: Some(ANSWER.to_vec()) }
                }
                Wish::Refuse => {
                    call.over = true;
                    SessionCommand::Reject { status: 486, headers }
                }
                Wish::Tire if call.answered => continue,
                Wish::Tire | Wish::HangUp => {
                    call.over = call.answered; // else Failed follows
                    SessionCommand::HangUp { headers }
                }
                Wish::Offer => SessionCommand::Offer { sdp: OFFER.to_vec() },
                Wish::Accept => SessionCommand::AcceptOffer { sdp: ANSWER.to_vec() },
                Wish::Decline => SessionCommand::RejectOffer { status: 488 },
                Wish::Ask => SessionCommand::Request { request: Method::Info, headers, body: b"Signal=1\r\n".to_vec() },
            };
            self.stack.command(now, id, command);
        }
    }
}
