//! One stack, and a peer that says exactly what the test writes.

use std::net::SocketAddr;

use super::super::{InviteDraft, Output, RequestDraft, SessionCommand, SessionEvent, Stack};
use crate::base::{ClientTxn, Duration, Instant, Rng, ServerTxn, SessionId};
use crate::sip::auth::Credentials;
use crate::sip::wire::{Headers, Message, Method, Name, Request, Response, parse};
use crate::sip::{Flow, Transport};

pub(super) const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\n";
pub(super) const ANSWER: &[u8] = b"v=0\r\no=- 2 1 IN IP4 10.0.0.2\r\n";

/// The stack under test at 10.0.0.1, and all that it has said.
pub(super) struct Bench {
    pub(super) stack: Stack,
    pub(super) now: Instant,
    pub(super) sent: Vec<(Flow, Message)>,
    pub(super) events: Vec<(SessionId, SessionEvent)>,
    pub(super) requests: Vec<(ServerTxn, Request)>,
    pub(super) responses: Vec<(ClientTxn, Response)>,
}

pub(super) fn flow_to(peer: &str) -> Flow {
    flow_by(Transport::Udp, peer)
}

pub(super) fn flow_by(transport: Transport, peer: &str) -> Flow {
    let local: SocketAddr = "10.0.0.1:5060".parse().unwrap();
    let connection = if transport == Transport::Udp { 0 } else { 7 };
    Flow { transport, local, peer: peer.parse().unwrap(), connection }
}

pub(super) fn peer() -> Flow {
    flow_to("10.0.0.2:5060")
}

pub(super) fn credentials() -> Credentials {
    Credentials { username: "alice".to_owned(), password: "secret".to_owned() }
}

/// A call from `alice` to `bob`.
pub(super) fn draft(sdp: Option<&[u8]>) -> InviteDraft {
    InviteDraft {
        flows: vec![peer()],
        uri: "sip:bob@10.0.0.2".parse().unwrap(),
        from: "<sip:alice@10.0.0.1>".parse().unwrap(),
        to: "<sip:bob@10.0.0.2>".parse().unwrap(),
        contact_user: "alice".to_owned(),
        routes: Vec::new(),
        headers: Headers::new(),
        sdp: sdp.map(<[u8]>::to_vec),
        credentials: None,
        give_up: None,
        session_timer: false,
    }
}

/// A request outside of sessions.
pub(super) fn plain(method: Method) -> RequestDraft {
    let mut request = Request::new(method, "sip:10.0.0.2".parse().unwrap());
    request.headers.push(Name::From, "<sip:alice@10.0.0.2>");
    request.headers.push(Name::To, "<sip:alice@10.0.0.2>");
    RequestDraft { flows: vec![peer()], request, credentials: None, give_up: None }
}

/// A request from the peer. Further header fields stand in `more`, each with its line end.
pub(super) fn text(method: &str, branch: &str, cseq: u32, to_tag: Option<&str>, more: &str, body: &[u8]) -> String {
    let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
    let kind = if body.is_empty() || more.contains("Content-Type") { "" } else { "Content-Type: application/sdp\r\n" };
    let (length, body) = (body.len(), String::from_utf8_lossy(body).into_owned());
    format!(
        "{method} sip:alice@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK{branch};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bob@10.0.0.2>;tag=bobs\r\nTo: <sip:alice@10.0.0.1>{to_tag}\r\n\
         Call-ID: call-1\r\nCSeq: {cseq} {method}\r\nContact: <sip:bob@10.0.0.2:5062>\r\n{more}{kind}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

impl Bench {
    pub(super) fn new() -> Self {
        let stack = Stack::new(Rng::from_seed(7), "Test");
        let (sent, events, requests, responses) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { stack, now: Instant::ZERO, sent, events, requests, responses }
    }

    /// The peer's message arrives.
    pub(super) fn hear(&mut self, text: &str) {
        self.hear_by(peer(), text);
    }

    pub(super) fn hear_by(&mut self, flow: Flow, text: &str) {
        self.stack.handle_packet(self.now, flow, text.as_bytes());
        self.drain();
    }

    /// The peer answers a request of ours.
    pub(super) fn reply(&mut self, to: &Request, status: u16, more: &[(Name, &str)], body: &[u8]) {
        let response = response(to, status, "bobs", more, body);
        self.hear_by(peer(), &String::from_utf8(response.to_bytes()).unwrap());
    }

    pub(super) fn command(&mut self, id: SessionId, command: SessionCommand) {
        self.stack.command(self.now, id, command);
        self.drain();
    }

    pub(super) fn invite(&mut self, draft: InviteDraft) -> SessionId {
        let id = self.stack.invite(self.now, draft);
        self.drain();
        id
    }

    pub(super) fn request(&mut self, draft: RequestDraft) -> ClientTxn {
        let txn = self.stack.request(self.now, draft);
        self.drain();
        txn
    }

    /// Accepts the INVITE that came last.
    pub(super) fn accept(&mut self) -> SessionId {
        let (txn, _) = self.requests.pop().expect("an INVITE came");
        let id = self.stack.accept_invite(self.now, txn, "alice").expect("the INVITE is open");
        self.drain();
        id
    }

    /// Time passes, from deadline to deadline.
    pub(super) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.stack.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.stack.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// What was sent since the last look, as `INVITE` or `200 INVITE`.
    pub(super) fn said(&mut self) -> Vec<String> {
        self.sent.drain(..).map(|(_, message)| brief(&message)).collect()
    }

    /// The last request with this method that was sent.
    pub(super) fn last(&self, method: &Method) -> Request {
        let requests = self.sent.iter().rev().filter_map(|(_, message)| match message {
            Message::Request(request) if request.method == *method => Some(request.clone()),
            _ => None,
        });
        requests.into_iter().next().expect("such a request was sent")
    }

    /// The last response that was sent.
    pub(super) fn last_response(&self) -> Response {
        let responses = self.sent.iter().rev().filter_map(|(_, message)| match message {
            Message::Response(response) => Some(response.clone()),
            Message::Request(_) => None,
        });
        responses.into_iter().next().expect("a response was sent")
    }

    /// The events since the last look.
    pub(super) fn heard(&mut self) -> Vec<SessionEvent> {
        self.events.drain(..).map(|(_, event)| event).collect()
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Send { flow, bytes } => self.sent.push((flow, parse(&bytes).expect("we write what we read"))),
                Output::Request { txn, request, .. } => self.requests.push((txn, request)),
                Output::Response { txn, response, .. } => self.responses.push((txn, response)),
                Output::Session { id, event } => self.events.push((id, event)),
            }
        }
    }
}

pub(super) fn brief(message: &Message) -> String {
    match message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => format!("{} {}", response.status, response.headers.cseq().unwrap().method),
    }
}

/// A response to a request of ours, with this To-tag unless the request has one.
pub(super) fn response(to: &Request, status: u16, tag: &str, more: &[(Name, &str)], body: &[u8]) -> Response {
    let mut response = to.reply(status);
    if status > 100 && to.headers.to().unwrap().tag().is_none() {
        let value = response.headers.to().unwrap().with_tag(tag).to_string();
        response.headers.set(Name::To, value);
    }
    if !more.iter().any(|(name, _)| *name == Name::Contact) {
        response.headers.push(Name::Contact, "<sip:bob@10.0.0.2:5062>");
    }
    for (name, value) in more {
        response.headers.push(name.clone(), *value);
    }
    if !body.is_empty() {
        response.headers.push(Name::ContentType, "application/sdp");
        response.body = body.to_vec();
    }
    response
}

/// A call placed and answered.
pub(super) fn placed() -> (Bench, SessionId) {
    placed_with(draft(Some(OFFER)), &[])
}

/// A call placed and answered with these header fields.
pub(super) fn placed_with(draft: InviteDraft, more: &[(Name, &str)]) -> (Bench, SessionId) {
    let mut bench = Bench::new();
    let id = bench.invite(draft);
    let invite = bench.last(&Method::Invite);
    bench.reply(&invite, 200, more, ANSWER);
    bench.said();
    bench.heard();
    (bench, id)
}

/// A call that came and was answered.
pub(super) fn answered() -> (Bench, SessionId, String) {
    answered_with("")
}

/// A call that came with these header fields and was answered.
pub(super) fn answered_with(more: &str) -> (Bench, SessionId, String) {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, more, OFFER));
    let id = bench.accept();
    bench.command(id, SessionCommand::Answer { headers: Headers::new(), sdp: Some(ANSWER.to_vec()) });
    let tag = bench.last_response().headers.to().unwrap().tag().unwrap().to_owned();
    bench.hear(&text("ACK", "2", 1, Some(&tag), "", b""));
    bench.said();
    bench.heard();
    (bench, id, tag)
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
