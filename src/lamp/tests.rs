//! The lamps before phones that a test plays by hand.

mod documents;
mod office;
mod random;
mod subscribing;

use std::net::SocketAddr;

use super::*;
use crate::sip::Transport;
use crate::sip::wire::{Message, Method, parse};

const WALL: WallTime = WallTime(1_800_000_000_000);
const LOGIN: &str = "user200s0";

fn flow(port: u16) -> Flow {
    let local: SocketAddr = "10.0.0.1:5060".parse().unwrap();
    Flow { transport: Transport::Udp, local, peer: SocketAddr::from(([10, 0, 1, 1], port)), connection: 0 }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A SUBSCRIBE of the phone 200 for `user`, with these further header lines.
fn text(user: &str, call_id: &str, cseq: u32, to_tag: &str, lines: &[&str]) -> Request {
    let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let mut text = format!(
        "SUBSCRIBE sip:{user}@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.1:5062;branch=z9hG4bK{call_id}{cseq}\r\n\
         From: <sip:{LOGIN}@10.0.0.1>;tag=p{call_id}\r\nTo: <sip:{user}@10.0.0.1>{to_tag}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} SUBSCRIBE\r\nMax-Forwards: 70\r\n"
    );
    let more = ["Contact: <sip:200@10.0.1.1:5062>"].iter().filter(|_| !lines.iter().any(|l| l.starts_with("Contact")));
    for line in more.chain(lines) {
        text += line;
        text += "\r\n";
    }
    match parse(format!("{text}Content-Length: 0\r\n\r\n").as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

/// A NOTIFY that went out.
#[derive(Clone)]
struct Said {
    txn: ClientTxn,
    at: Instant,
    flow: Flow,
    request: Request,
}

impl Said {
    fn body(&self) -> String {
        String::from_utf8(self.request.body.clone()).unwrap()
    }

    fn state(&self) -> &str {
        self.request.headers.get(&Name::SubscriptionState).unwrap()
    }

    fn version(&self) -> u32 {
        let body = self.body();
        let (_, rest) = body.split_once("version=\"").filter(|_| body.contains("<dialog-info")).unwrap();
        rest.split_once(" version=\"").unwrap_or(("", rest)).1.split('"').next().unwrap().parse().unwrap()
    }
}

/// The lamps, and all that they said.
struct House {
    lamps: Lamps,
    now: Instant,
    said: Vec<Said>,
    /// What the disk holds.
    disk: Vec<StoredSubscription>,
    txns: u64,
    tags: u32,
}

impl House {
    fn new() -> Self {
        let lamps = Lamps::new(Rng::from_seed(1));
        Self { lamps, now: Instant::ZERO, said: Vec::new(), disk: Vec::new(), txns: 0, tags: 0 }
    }

    fn wall(&self) -> WallTime {
        WALL + self.now.since(Instant::ZERO)
    }

    fn drain(&mut self) {
        while let Some(output) = self.lamps.poll_output() {
            match output {
                Output::Request { order, draft } => {
                    self.txns += 1;
                    let txn = ClientTxn(self.txns);
                    self.lamps.sent(order, txn);
                    assert_eq!(draft.request.method, Method::Notify);
                    let [flow] = draft.flows[..] else { panic!("one flow") };
                    self.said.push(Said { txn, at: self.now, flow, request: draft.request });
                }
                Output::Kept(stored) => {
                    self.disk.retain(|own| own.tag != stored.tag);
                    self.disk.push(stored);
                }
                Output::Gone { tag } => {
                    assert!(self.disk.iter().any(|own| own.tag == tag), "{tag} was never kept");
                    self.disk.retain(|own| own.tag != tag);
                }
            }
        }
    }

    /// A SUBSCRIBE of `login`; returns our tag.
    fn send_as(&mut self, login: &str, port: u16, request: &Request) -> Result<(String, Headers), SubscribeError> {
        self.tags += 1;
        let tag = format!("t{}", self.tags);
        let user = request.uri.user.clone().unwrap();
        let thing = if user == LOGIN || user == "*97" { "200" } else { user.as_str() };
        let thing = Some(thing).filter(|thing| *thing != "nobody");
        let number = if login == LOGIN { "200" } else { "201" };
        let asked = Asked { flow: flow(port), request, tag: &tag, login, number, thing };
        let answer = self.lamps.subscribe(self.now, self.wall(), &asked);
        self.drain();
        answer.map(|headers| (tag, headers))
    }

    fn send(&mut self, request: &Request) -> Result<(String, Headers), SubscribeError> {
        self.send_as(LOGIN, 5062, request)
    }

    /// A lamp of 200 for this number; the first NOTIFY is answered.
    fn watch(&mut self, number: &str) -> String {
        let call_id = format!("c{}", self.tags);
        let (tag, _) = self.send(&text(number, &call_id, 1, "", &["Event: dialog", "Expires: 600"])).unwrap();
        self.answer(200);
        tag
    }

    /// Answers the last NOTIFY.
    fn answer(&mut self, status: u16) {
        let txn = self.said.last().expect("something was said").txn;
        self.answer_to(txn, status);
    }

    fn answer_to(&mut self, txn: ClientTxn, status: u16) {
        assert!(self.lamps.handle_response(self.now, txn, &Response::new(status)));
        self.drain();
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.lamps.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.lamps.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn talks(&mut self, number: &str, talks: &[Talk]) {
        self.lamps.set_talks(self.now, number, talks.to_vec());
        self.drain();
    }

    fn phone(&mut self, number: &str, phone: Phone) {
        self.lamps.set_phone(self.now, number, phone);
        self.drain();
    }

    fn moved(&mut self, ports: &[u16]) {
        let flows: Vec<Flow> = ports.iter().copied().map(flow).collect();
        self.lamps.moved(self.now, LOGIN, &flows);
        self.drain();
    }

    fn last(&self) -> &Said {
        self.said.last().expect("something was said")
    }

    /// The same house after a restart.
    fn restarted(mut self, ports: &[u16]) -> Self {
        let mut new = Self::new();
        new.now = self.now;
        new.tags = self.tags;
        let flows: Vec<Flow> = ports.iter().copied().map(flow).collect();
        let stored = std::mem::take(&mut self.disk);
        new.disk.clone_from(&stored);
        new.lamps.restore(new.now, new.wall(), stored, |_| flows.clone());
        new.drain();
        new
    }
}

fn talk(id: u64, state: TalkState) -> Talk {
    Talk {
        id,
        state,
        incoming: state != TalkState::Calling,
        remote: "202".to_owned(),
        remote_name: "Склад".to_owned(),
        held: false,
    }
}

fn registered() -> Phone {
    Phone { registered: true, ..Phone::default() }
}
