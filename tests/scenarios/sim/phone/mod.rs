//! A simulated phone (or a carrier's switch): its own small SIP user agent, apart from the exchange's stack but for the
//! parser, so that a mistake of the stack is not made twice and overlooked.

mod answers;
mod call;
mod calls;
mod refers;
mod registers;
mod sound;

use std::collections::HashMap;
use std::net::SocketAddr;

use dozvon::base::{Duration, Instant, Rng};
use dozvon::sip::Transport;
use dozvon::sip::wire::{Headers, Host, Message, Method, Name, NameAddr, Request, Response, Uri, Via, parse};

pub(crate) use call::{CallState, PhoneCall, tone_payload};

/// Which phone of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PhoneId(pub(crate) usize);

/// What a phone does with a call that comes in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Rings until the scenario says otherwise.
    Ring,
    /// Rings, then answers.
    After(Duration),
    /// Refuses.
    Refuse(u16),
    /// Redirects.
    Redirect(String),
    /// Early media with its tone (183), then answers.
    Early(Duration),
    /// Doesn't answer at all.
    Dead,
}

/// When a phone that asked for a transfer leaves the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// Once it is told that the target answered; when it is told of a failure, it takes the call back.
    WhenDone,
    /// At once after the 202, as some do.
    WhenAccepted,
    /// The exchange ends its leg.
    Never,
}

/// A request or a 200 that is resent until it is answered.
#[derive(Debug)]
struct Resend {
    key: String,
    bytes: Vec<u8>,
    to: SocketAddr,
    at: Instant,
    every: Duration,
    until: Instant,
}

/// Something that the phone does by itself later.
#[derive(Debug, Clone, PartialEq)]
enum Later {
    AnswerCall(String),
    Register,
    Sound(String),
}

/// What a phone wants sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// A phone.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) name: String,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) sip: SocketAddr,
    pub(crate) rtp: SocketAddr,
    pub(crate) exchange: SocketAddr,
    /// What it sends when it talks, Hz.
    pub(crate) tone: u16,
    pub(crate) answer: Answer,
    pub(crate) codecs: Vec<u8>,
    /// It likes Opus best, and asks this of it. It says so only: it neither makes Opus nor hears it.
    pub(crate) opus: Option<&'static str>,
    /// Milliseconds between the sound packets that it sends: sparse.
    pub(crate) sound_every: Duration,
    pub(crate) registered: bool,
    pub(crate) expires: u32,
    /// A carrier answers REGISTER and challenges with this password; it takes calls without registering.
    pub(crate) registrar: bool,
    pub(crate) registered_contact: Option<Uri>,
    pub(crate) calls: Vec<PhoneCall>,
    /// All requests that came, as `METHOD uri`.
    pub(crate) log: Vec<Message>,
    resends: Vec<Resend>,
    later: Vec<(Instant, Later)>,
    answered: HashMap<String, Vec<u8>>,
    pub(crate) sent: Vec<Sent>,
    rng: Rng,
    register_call_id: String,
    register_cseq: u32,
    /// Offers no description in INVITE.
    pub(crate) late_offer: bool,
    /// Offers video beside audio.
    pub(crate) video: bool,
    /// It listens to one packet of so many: an ear costs more than all the rest of a day.
    pub(crate) listens_to_each: u32,
    /// Takes calls that ask for it without ringing.
    pub(crate) auto_answer: bool,
    pub(crate) leaves: Leaves,
    /// Final responses to requests outside of calls.
    pub(crate) answers: Vec<(Method, u16)>,
    /// The last request outside of calls, for the answer to a challenge.
    loose: Option<Request>,
    /// What its descriptions say instead of where its sound really comes from: a phone behind NAT.
    pub(crate) advertised: Option<SocketAddr>,
}

/// What it understands: RFC 3261 §20.5.
const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, REFER, NOTIFY, INFO";
const T1: Duration = Duration::from_millis(500);

impl Phone {
    pub(crate) fn new(name: &str, password: &str, ip: [u8; 4], exchange: SocketAddr, tone: u16, mut rng: Rng) -> Self {
        let register_call_id = rng.token(16);
        Self {
            name: name.to_owned(),
            login: name.to_owned(),
            password: password.to_owned(),
            sip: SocketAddr::from((ip, 5060)),
            rtp: SocketAddr::from((ip, 4000)),
            exchange,
            tone,
            answer: Answer::Ring,
            codecs: vec![8, 0],
            opus: None,
            sound_every: Duration::from_millis(200),
            registered: false,
            expires: 3600,
            registrar: false,
            registered_contact: None,
            calls: Vec::new(),
            log: Vec::new(),
            resends: Vec::new(),
            later: Vec::new(),
            answered: HashMap::new(),
            sent: Vec::new(),
            rng,
            register_call_id,
            register_cseq: 0,
            late_offer: false,
            video: false,
            listens_to_each: 1,
            auto_answer: true,
            leaves: Leaves::WhenDone,
            answers: Vec::new(),
            loose: None,
            advertised: None,
        }
    }

    pub(crate) fn call(&self) -> Option<&PhoneCall> {
        self.calls.iter().rev().find(|call| call.state != CallState::Over).or(self.calls.last())
    }

    fn find(&mut self, call_id: &str) -> Option<usize> {
        self.calls.iter().position(|call| call.call_id == call_id)
    }

    /// Where the next call's sound comes to.
    fn next_rtp(&self) -> SocketAddr {
        let at = u16::try_from(self.calls.len() % 400).unwrap();
        SocketAddr::new(self.rtp.ip(), self.rtp.port() + 2 * at)
    }

    /// The next thing that it does by itself.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.resends.iter().map(|resend| resend.at).chain(self.later.iter().map(|(at, _)| *at)).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for resend in &mut self.resends {
            if resend.at <= now && resend.at < resend.until {
                self.sent.push(Sent { from: self.sip, to: resend.to, bytes: resend.bytes.clone() });
                resend.every = (resend.every * 2).min(Duration::from_secs(4));
                resend.at = now + resend.every;
            }
        }
        self.resends.retain(|resend| resend.at < resend.until);
        let due: Vec<Later> = self.later.iter().filter(|(at, _)| *at <= now).map(|(_, what)| what.clone()).collect();
        self.later.retain(|(at, _)| *at > now);
        for what in due {
            match what {
                Later::AnswerCall(call_id) => self.answer_now(now, &call_id),
                Later::Register => self.register(now),
                Later::Sound(call_id) => self.make_sound(now, &call_id),
            }
        }
    }

    fn send_request(&mut self, now: Instant, request: &Request, key: String) {
        let bytes = request.to_bytes();
        let to = self.exchange;
        self.sent.push(Sent { from: self.sip, to, bytes: bytes.clone() });
        if request.method != Method::Ack {
            self.resends.push(Resend { key, bytes, to, at: now + T1, every: T1, until: now + 64 * T1 });
        }
    }

    fn request(
        &mut self,
        method: Method,
        uri: Uri,
        from: &NameAddr,
        to: &NameAddr,
        call_id: &str,
        cseq: u32,
    ) -> Request {
        let branch = format!("z9hG4bK{}", self.rng.token(12));
        let mut headers = Headers::new();
        headers.push(Name::Via, Via::new(Transport::Udp, self.sip, &branch).to_string());
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, from.to_string());
        headers.push(Name::To, to.to_string());
        headers.push(Name::CallId, call_id);
        headers.push(Name::CSeq, format!("{cseq} {method}"));
        let contact = Uri::sip(Some(&self.login), Host::Ip(self.sip.ip()), Some(self.sip.port()));
        headers.push(Name::Contact, format!("<{contact}>"));
        headers.push(Name::Allow, ALLOW);
        Request { method, uri, headers, body: Vec::new() }
    }

    /// A datagram for the SIP port.
    pub(crate) fn handle_packet(&mut self, now: Instant, bytes: &[u8]) {
        if bytes.iter().all(|byte| b"\r\n".contains(byte)) {
            return; // a keep-alive
        }
        let message = parse(bytes).unwrap_or_else(|bad| {
            panic!("{} got a broken message: {:?}\n{}", self.name, bad.why, String::from_utf8_lossy(bytes))
        });
        self.log.push(message.clone());
        match message {
            Message::Request(request) => self.on_request(now, request),
            Message::Response(response) => self.on_response(now, response),
        }
    }

    fn on_response(&mut self, now: Instant, response: Response) {
        let cseq = response.headers.cseq().unwrap();
        let call_id = response.headers.call_id().unwrap().to_owned();
        let key = format!("{call_id} {} {}", cseq.number, cseq.method);
        if response.status >= 200 || cseq.method == Method::Invite {
            self.resends.retain(|resend| resend.key != key);
        }
        if response.status < 200 && cseq.method != Method::Invite {
            return;
        }
        match cseq.method {
            Method::Register => self.on_registered(now, &response),
            Method::Invite => {
                if let Some(index) = self.find(&call_id) {
                    self.on_invite_response(now, index, &response, cseq.number);
                }
            }
            _ => self.on_other_response(now, &response, cseq.method, cseq.number),
        }
    }
}
