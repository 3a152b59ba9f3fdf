//! Any requests as SUBSCRIBE, one after the other, with any fate of what is said to them: no panic, each NOTIFY can be read, what
//! is kept for the disk can be read back, and nothing lives for ever. The input is pieces, each ended by a zero byte: a byte that
//! says what happens before, then a request.
#![no_main]

use std::net::SocketAddr;

use dozvon::base::limits::SUBSCRIPTIONS_PER_LOGIN;
use dozvon::base::{ClientTxn, Duration, Instant, Rng, WallTime};
use dozvon::lamp::{Asked, ENDING_GRACE, Lamps, MAX_EXPIRES, Output, Phone, StoredSubscription, Talk, TalkState};
use dozvon::sip::wire::{Message, Response, parse};
use dozvon::sip::{Flow, Transport};
use libfuzzer_sys::fuzz_target;

struct House {
    lamps: Lamps,
    now: Instant,
    txns: u64,
    open: Vec<ClientTxn>,
    kept: Vec<StoredSubscription>,
}

impl House {
    fn drain(&mut self) {
        while let Some(output) = self.lamps.poll_output() {
            match output {
                Output::Request { order, draft } => {
                    self.txns += 1;
                    self.lamps.sent(order, ClientTxn(self.txns));
                    self.open.push(ClientTxn(self.txns));
                    let mut request = draft.request;
                    request.headers.push_front(dozvon::sip::wire::Name::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1");
                    let bytes = request.to_bytes();
                    assert!(matches!(parse(&bytes), Ok(Message::Request(_))), "{}", String::from_utf8_lossy(&bytes));
                }
                Output::Kept(stored) => {
                    self.kept.retain(|own| own.tag != stored.tag);
                    self.kept.push(stored);
                }
                Output::Gone { tag } => self.kept.retain(|own| own.tag != tag),
            }
        }
    }

    fn answer(&mut self, status: u16) {
        if let Some(txn) = self.open.pop() {
            self.lamps.handle_response(self.now, txn, &Response::new(status));
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.lamps.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.lamps.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn before(&mut self, what: u8) {
        let remote = String::from_utf8_lossy(&[what, b'<']).into_owned();
        let talk = Talk {
            id: what.into(),
            state: [TalkState::Talking, TalkState::Ringing, TalkState::Calling][usize::from(what) % 3],
            incoming: what & 1 == 0,
            remote: remote.clone(),
            remote_name: remote,
            held: what & 2 == 0,
        };
        match what % 8 {
            0 => self.answer(200),
            1 => self.answer(481),
            2 => self.answer(408),
            3 => self.lamps.set_talks(self.now, "201", vec![talk]),
            4 => self.lamps.set_phone(self.now, "201", Phone { registered: what & 8 == 0, ..Phone::default() }),
            5 => self.lamps.set_mailbox(self.now, "201", what.into(), 1),
            6 => self.pass(Duration::from_secs(u64::from(what) * 8)),
            _ => self.lamps.moved(self.now, "login", &[flow(what)]),
        }
        self.drain();
    }
}

fn flow(port: u8) -> Flow {
    let local = SocketAddr::from(([10, 0, 0, 1], 5060));
    let peer = SocketAddr::from(([10, 0, 1, 1], 5060 + u16::from(port)));
    Flow { transport: Transport::Udp, local, peer, connection: 0 }
}

fuzz_target!(|bytes: &[u8]| {
    let lamps = Lamps::new(Rng::from_seed(1));
    let mut house = House { lamps, now: Instant::ZERO, txns: 0, open: Vec::new(), kept: Vec::new() };
    for (place, piece) in bytes.split(|byte| *byte == 0).enumerate() {
        let [what, text @ ..] = piece else { continue };
        house.before(*what);
        let Ok(Message::Request(request)) = parse(text) else { continue };
        let tag = format!("t{place}");
        let thing = request.uri.user.as_deref().map(|_| "201");
        let asked = Asked { flow: flow(*what), request: &request, tag: &tag, login: "login", number: "201", thing };
        let known = house.lamps.len();
        match house.lamps.subscribe(house.now, WallTime(0), &asked) {
            Ok(_) => house.drain(),
            Err(error) => {
                assert!(error.status() >= 400);
                assert_eq!(house.lamps.len(), known);
                assert!(house.lamps.poll_output().is_none());
            }
        }
        assert!(house.lamps.len() <= SUBSCRIPTIONS_PER_LOGIN);
    }
    let kept = std::mem::take(&mut house.kept);
    let mut restored = Lamps::new(Rng::from_seed(2));
    // The wall stood still, so that all of it still holds.
    restored.restore(Instant::ZERO, WallTime(0), kept.clone(), |_| Vec::new());
    assert_eq!(restored.len(), kept.len(), "{kept:?}");
    house.pass(MAX_EXPIRES + ENDING_GRACE);
    assert!(house.lamps.is_empty());
});
