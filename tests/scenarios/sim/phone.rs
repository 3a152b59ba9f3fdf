//! A simulated phone (or a carrier's switch): its own small SIP user agent, apart from the exchange's stack but for the
//! parser, so that a mistake of the stack is not made twice and overlooked.

use std::collections::HashMap;
use std::net::SocketAddr;

use dozvon::base::{Duration, Instant, Rng};
use dozvon::codec::{Law, g711};
use dozvon::sip::Transport;
use dozvon::sip::wire::{Headers, Host, Message, Method, Name, NameAddr, Request, Response, Uri, Via, parse};
use md5::{Digest, Md5};

pub(crate) use super::phone_call::{CallState, PhoneCall, tone_payload};

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
    /// What its descriptions say instead of where its sound really comes from: a phone behind NAT.
    pub(crate) advertised: Option<SocketAddr>,
}

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
            advertised: None,
        }
    }

    pub(crate) fn call(&self) -> Option<&PhoneCall> {
        self.calls.iter().rev().find(|call| call.state != CallState::Over).or(self.calls.last())
    }

    fn find(&mut self, call_id: &str) -> Option<usize> {
        self.calls.iter().position(|call| call.call_id == call_id)
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
        headers.push(Name::Allow, "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE");
        Request { method, uri, headers, body: Vec::new() }
    }

    /// Registers, and goes on doing so.
    pub(crate) fn register(&mut self, now: Instant) {
        self.register_cseq += 1;
        let host = Host::Ip(self.exchange.ip());
        let aor = NameAddr::new("", Uri::sip(Some(&self.login.clone()), host.clone(), None));
        let from = aor.clone().with_tag("reg");
        let (call_id, cseq) = (self.register_call_id.clone(), self.register_cseq);
        let mut request = self.request(Method::Register, Uri::sip(None, host, None), &from, &aor, &call_id, cseq);
        request.headers.push(Name::Expires, self.expires.to_string());
        self.send_request(now, &request, format!("{call_id} {cseq} REGISTER"));
        self.calls_note_register(request);
    }

    fn calls_note_register(&mut self, request: Request) {
        self.answered.insert("register".to_owned(), request.to_bytes());
    }

    /// Calls a number.
    pub(crate) fn dial(&mut self, now: Instant, number: &str, from_user: &str) -> String {
        let call_id = self.rng.token(20);
        let host = Host::Ip(self.exchange.ip());
        let local = NameAddr::new("", Uri::sip(Some(from_user), host.clone(), None)).with_tag(&self.rng.token(8));
        let target = match &self.registered_contact {
            Some(contact) if self.registrar => contact.clone(),
            _ => Uri::sip(Some(number), host.clone(), None),
        };
        let remote = NameAddr::new("", Uri::sip(Some(number), host, None));
        let mut invite = self.request(Method::Invite, target.clone(), &local, &remote, &call_id, 1);
        if !self.late_offer {
            invite.body = self.description(None);
            invite.headers.push(Name::ContentType, "application/sdp");
        }
        self.send_request(now, &invite, format!("{call_id} 1 INVITE"));
        self.calls.push(PhoneCall::new(
            &call_id,
            CallState::Calling,
            true,
            local,
            remote,
            target,
            1,
            invite,
            self.rng.u32(),
        ));
        call_id
    }

    fn description(&self, direction: Option<&str>) -> Vec<u8> {
        let rtp = self.advertised.unwrap_or(self.rtp);
        let ip = rtp.ip();
        let formats: Vec<String> = self.codecs.iter().map(u8::to_string).collect();
        let mut text = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP {} 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
            rtp.port(),
            formats.join(" ")
        );
        if let Some(direction) = direction {
            text.push_str(&format!("a={direction}\r\n"));
        }
        if self.video {
            text.push_str("m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
        }
        text.into_bytes()
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

    fn reply(&mut self, request: &Request, status: u16, tag: &str, body: Vec<u8>, extra: &[(Name, String)]) -> Vec<u8> {
        let mut response = Response::new(status);
        for via in request.headers.all(&Name::Via) {
            response.headers.push(Name::Via, via);
        }
        response.headers.push(Name::From, request.headers.get(&Name::From).unwrap());
        let mut to = request.headers.to().unwrap();
        if to.tag().is_none() && status > 100 {
            to = to.with_tag(tag);
        }
        response.headers.push(Name::To, to.to_string());
        response.headers.push(Name::CallId, request.headers.call_id().unwrap());
        response.headers.push(Name::CSeq, request.headers.get(&Name::CSeq).unwrap());
        let contact = Uri::sip(Some(&self.login), Host::Ip(self.sip.ip()), Some(self.sip.port()));
        if !extra.iter().any(|(name, _)| *name == Name::Contact) {
            response.headers.push(Name::Contact, format!("<{contact}>"));
        }
        for (name, value) in extra {
            response.headers.push(name.clone(), value.clone());
        }
        if !body.is_empty() {
            response.headers.push(Name::ContentType, "application/sdp");
            response.body = body;
        }
        let bytes = response.to_bytes();
        let to = self.exchange;
        self.sent.push(Sent { from: self.sip, to, bytes: bytes.clone() });
        bytes
    }

    fn on_request(&mut self, now: Instant, request: Request) {
        let branch = request.headers.top_via().unwrap().branch().unwrap_or("").to_owned();
        let key = format!("{branch} {}", request.method);
        if request.method != Method::Ack {
            if let Some(bytes) = self.answered.get(&key).cloned() {
                let to = self.exchange;
                self.sent.push(Sent { from: self.sip, to, bytes });
                return;
            }
        }
        let call_id = request.headers.call_id().unwrap().to_owned();
        let known = self.find(&call_id);
        let bytes = match (&request.method, known) {
            (Method::Invite, None) => return self.on_invite(now, request, key),
            (Method::Invite, Some(index)) => self.on_reinvite(now, index, &request),
            (Method::Ack, Some(index)) => return self.on_ack(now, index, &request),
            (Method::Ack, None) => return,
            (Method::Cancel, Some(index)) => {
                let bytes = self.reply(&request, 200, "x", Vec::new(), &[]);
                if self.calls[index].state == CallState::Ringing {
                    self.calls[index].state = CallState::Over;
                    let (invite, tag) =
                        (self.calls[index].invite.clone(), self.calls[index].local.tag().unwrap().to_owned());
                    let refusal = self.reply(&invite, 487, &tag, Vec::new(), &[]);
                    self.calls[index].status = 487;
                    self.remember_final(now, &invite, refusal);
                }
                bytes
            }
            (Method::Bye, Some(index)) => {
                self.calls[index].state = CallState::Over;
                self.calls[index].status = 0;
                self.reply(&request, 200, "x", Vec::new(), &[])
            }
            (Method::Update | Method::Options, Some(index)) => {
                // a call that it has forgotten is none: RFC 3261 §12.2.2
                let status = if self.calls[index].state == CallState::Over { 481 } else { 200 };
                self.reply(&request, status, "x", Vec::new(), &[])
            }
            (Method::Options, None) => self.reply(&request, 200, "x", Vec::new(), &[]),
            (Method::Register, _) if self.registrar => self.on_register(&request),
            (Method::Bye | Method::Cancel, None) => self.reply(&request, 481, "x", Vec::new(), &[]),
            _ => self.reply(&request, 405, "x", Vec::new(), &[]),
        };
        self.answered.insert(key, bytes);
    }

    /// A final response to INVITE other than 200 is resent until its ACK.
    fn remember_final(&mut self, now: Instant, invite: &Request, bytes: Vec<u8>) {
        let branch = invite.headers.top_via().unwrap().branch().unwrap_or("").to_owned();
        self.answered.insert(format!("{branch} INVITE"), bytes.clone());
        let to = self.exchange;
        let key = format!("final {}", invite.headers.call_id().unwrap());
        self.resends.push(Resend { key, bytes, to, at: now + T1, every: T1, until: now + 64 * T1 });
    }

    fn on_invite(&mut self, now: Instant, request: Request, key: String) {
        if self.answer == Answer::Dead {
            return;
        }
        let call_id = request.headers.call_id().unwrap().to_owned();
        let tag = self.rng.token(8);
        let local = request.headers.to().unwrap().with_tag(&tag);
        let remote = request.headers.from().unwrap();
        let target = request.headers.contacts().unwrap()[0].uri.clone();
        let mut call = PhoneCall::new(
            &call_id,
            CallState::Ringing,
            false,
            local,
            remote,
            target,
            1,
            request.clone(),
            self.rng.u32(),
        );
        call.remote_sdp = String::from_utf8_lossy(&request.body).into_owned();
        call.read_description(&request.body, &self.codecs);
        call.remote_cseq = request.headers.cseq().unwrap().number;
        self.calls.push(call);
        match self.answer.clone() {
            Answer::Refuse(status) => {
                let bytes = self.reply(&request, status, &tag, Vec::new(), &[]);
                let call = self.calls.last_mut().unwrap();
                (call.state, call.status) = (CallState::Over, status);
                self.remember_final(now, &request, bytes);
            }
            Answer::Redirect(to) => {
                let contact = (Name::Contact, format!("<sip:{to}@{}>", self.exchange.ip()));
                let bytes = self.reply(&request, 302, &tag, Vec::new(), &[contact]);
                self.calls.last_mut().unwrap().state = CallState::Over;
                self.remember_final(now, &request, bytes);
            }
            Answer::Early(after) => {
                let body = self.description(None);
                let bytes = self.reply(&request, 183, &tag, body, &[]);
                self.answered.insert(key, bytes);
                self.later.push((now + self.sound_every, Later::Sound(call_id.clone())));
                self.later.push((now + after, Later::AnswerCall(call_id)));
            }
            Answer::Ring | Answer::After(_) | Answer::Dead => {
                let bytes = self.reply(&request, 180, &tag, Vec::new(), &[]);
                self.answered.insert(key, bytes);
                if let Answer::After(after) = self.answer {
                    self.later.push((now + after, Later::AnswerCall(call_id)));
                }
            }
        }
    }

    /// Answers a call that rings.
    pub(crate) fn answer_now(&mut self, now: Instant, call_id: &str) {
        let Some(index) = self.find(call_id) else { return };
        if self.calls[index].state != CallState::Ringing || self.calls[index].outgoing {
            return;
        }
        let (invite, tag) = (self.calls[index].invite.clone(), self.calls[index].local.tag().unwrap().to_owned());
        let body = self.description(None);
        let bytes = self.reply(&invite, 200, &tag, body, &[]);
        self.begin_talk(now, index, bytes, &invite);
    }

    fn begin_talk(&mut self, now: Instant, index: usize, ok: Vec<u8>, invite: &Request) {
        let branch = invite.headers.top_via().unwrap().branch().unwrap_or("").to_owned();
        self.answered.insert(format!("{branch} INVITE"), ok.clone());
        let call_id = self.calls[index].call_id.clone();
        let to = self.exchange;
        let cseq = invite.headers.cseq().unwrap().number;
        let key = format!("ok {call_id} {cseq}");
        self.resends.push(Resend { key, bytes: ok.clone(), to, at: now + T1, every: T1, until: now + 64 * T1 });
        let call = &mut self.calls[index];
        call.ok = Some(ok);
        if call.state != CallState::Talking {
            call.state = CallState::Talking;
            self.later.push((now + self.sound_every, Later::Sound(call_id)));
        }
    }

    fn on_reinvite(&mut self, now: Instant, index: usize, request: &Request) -> Vec<u8> {
        let call = &mut self.calls[index];
        call.read_description(&request.body, &self.codecs);
        call.remote_cseq = request.headers.cseq().unwrap().number;
        let tag = call.local.tag().unwrap().to_owned();
        let body = self.description(None);
        let bytes = self.reply(request, 200, &tag, body, &[]);
        self.begin_talk(now, index, bytes.clone(), request);
        bytes
    }

    fn on_ack(&mut self, now: Instant, index: usize, request: &Request) {
        let call_id = self.calls[index].call_id.clone();
        let cseq = request.headers.cseq().unwrap().number;
        self.resends
            .retain(|resend| resend.key != format!("ok {call_id} {cseq}") && resend.key != format!("final {call_id}"));
        let call = &mut self.calls[index];
        call.ok = None;
        if !request.body.is_empty() {
            call.read_description(&request.body, &self.codecs);
            self.later.push((now + self.sound_every, Later::Sound(call_id)));
        }
    }

    /// A carrier's registrar: challenges once, then takes the contact.
    fn on_register(&mut self, request: &Request) -> Vec<u8> {
        if request.headers.get(&Name::Authorization).is_none() {
            let challenge = (
                Name::WwwAuthenticate,
                "Digest realm=\"carrier\", nonce=\"n0nce\", algorithm=MD5, qop=\"auth\"".to_owned(),
            );
            return self.reply(request, 401, "reg", Vec::new(), &[challenge]);
        }
        let contact = request.headers.contacts().unwrap().remove(0);
        self.registered_contact = Some(contact.uri.clone());
        self.registered = true;
        let value = (Name::Contact, format!("<{}>;expires={}", contact.uri, self.expires));
        self.reply(request, 200, "reg", Vec::new(), &[value])
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
            _ => {}
        }
    }

    fn on_registered(&mut self, now: Instant, response: &Response) {
        if response.status == 401 {
            if response.headers.cseq().unwrap().number != self.register_cseq {
                return; // an old answer, doubled on the way
            }
            let bytes = self.answered.get("register").cloned().unwrap();
            let Ok(Message::Request(mut request)) = parse(&bytes) else { return };
            if request.headers.contains(&Name::Authorization) {
                return; // refused for good
            }
            self.register_cseq += 1;
            let cseq = self.register_cseq;
            self.authorize(&mut request, response, cseq);
            let call_id = self.register_call_id.clone();
            self.send_request(now, &request, format!("{call_id} {cseq} REGISTER"));
            self.calls_note_register(request);
        } else if response.status == 200 {
            self.registered = true;
            let again = Duration::from_secs(u64::from(self.expires) * 4 / 5);
            self.later.retain(|(_, what)| *what != Later::Register);
            self.later.push((now + again, Later::Register));
        }
    }

    /// Answers a challenge with MD5: RFC 7616 §3.4.
    fn authorize(&mut self, request: &mut Request, response: &Response, cseq: u32) {
        let challenge = response
            .headers
            .all(&Name::WwwAuthenticate)
            .find(|value| {
                value.to_ascii_lowercase().contains("algorithm=md5")
                    || !value.to_ascii_lowercase().contains("algorithm")
            })
            .unwrap();
        let field = |name: &str| {
            let start = challenge.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
            challenge[start..start + challenge[start..].find('"').unwrap()].to_owned()
        };
        let (realm, nonce) = (field("realm"), field("nonce"));
        let hex = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let uri = request.uri.to_string();
        let ha1 = hex(format!("{}:{realm}:{}", self.login, self.password));
        let ha2 = hex(format!("{}:{uri}", request.method));
        let cnonce = self.rng.token(8);
        let answer = hex(format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"));
        request.headers.set(
            Name::Authorization,
            format!("Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{answer}\", cnonce=\"{cnonce}\", qop=auth, nc=00000001, algorithm=MD5", self.login),
        );
        let branch = format!("z9hG4bK{}", self.rng.token(12));
        request.headers.set(Name::Via, Via::new(Transport::Udp, self.sip, &branch).to_string());
        request.headers.set(Name::CSeq, format!("{cseq} {}", request.method));
    }

    fn on_invite_response(&mut self, now: Instant, index: usize, response: &Response, cseq: u32) {
        let call = &mut self.calls[index];
        if cseq != call.cseq {
            if response.status >= 200 {
                self.ack(index, response, cseq, Vec::new()); // an old answer again
            }
            return;
        }
        match response.status {
            100 => {}
            101..=199 => {
                if call.state == CallState::Calling {
                    call.state = CallState::Ringing;
                }
                call.status = response.status;
                call.read_description(&response.body, &self.codecs);
                if call.cancelled {
                    self.cancel(now, index);
                }
            }
            200..=299 => self.on_answered(now, index, response, cseq),
            status => {
                let challenged = status == 401 && !call.invite.headers.contains(&Name::Authorization);
                self.ack(index, response, cseq, Vec::new());
                if challenged {
                    let call = &mut self.calls[index];
                    call.cseq += 1;
                    let (mut invite, cseq, call_id) = (call.invite.clone(), call.cseq, call.call_id.clone());
                    self.authorize(&mut invite, response, cseq);
                    self.calls[index].invite = invite.clone();
                    self.send_request(now, &invite, format!("{call_id} {cseq} INVITE"));
                } else if self.calls[index].state != CallState::Talking {
                    let call = &mut self.calls[index];
                    (call.state, call.status) = (CallState::Over, status);
                }
            }
        }
    }

    fn on_answered(&mut self, now: Instant, index: usize, response: &Response, cseq: u32) {
        let body = if self.late_offer { self.description(None) } else { Vec::new() };
        let call = &mut self.calls[index];
        call.remote = response.headers.to().unwrap();
        if let Some(contact) = response.headers.contacts().unwrap().into_iter().next() {
            call.target = contact.uri;
        }
        call.read_description(&response.body, &self.codecs);
        let first = call.state != CallState::Talking && call.state != CallState::Over;
        let (call_id, cancelled) = (call.call_id.clone(), call.cancelled);
        if first {
            (call.state, call.status) = (CallState::Talking, 200);
        }
        self.ack(index, response, cseq, body);
        if first {
            self.later.push((now + self.sound_every, Later::Sound(call_id)));
        }
        if cancelled && first {
            self.hang_up(now, index);
        }
    }

    fn ack(&mut self, index: usize, response: &Response, cseq: u32, body: Vec<u8>) {
        let call = &self.calls[index];
        let (local, call_id, target, invite) =
            (call.local.clone(), call.call_id.clone(), call.target.clone(), call.invite.clone());
        let to = response.headers.to().unwrap();
        let success = response.status < 300;
        let uri = if success { target } else { invite.uri.clone() };
        let mut ack = self.request(Method::Ack, uri, &local, &to, &call_id, cseq);
        if !success {
            ack.headers.set(Name::Via, invite.headers.get(&Name::Via).unwrap());
        }
        if !body.is_empty() {
            ack.headers.push(Name::ContentType, "application/sdp");
            ack.body = body;
        }
        self.send_request(Instant::ZERO, &ack, String::new());
    }

    fn cancel(&mut self, now: Instant, index: usize) {
        let call = &self.calls[index];
        let (invite, call_id, cseq) = (call.invite.clone(), call.call_id.clone(), call.cseq);
        let (local, remote) = (call.local.clone(), call.remote.clone());
        let mut cancel = self.request(Method::Cancel, invite.uri.clone(), &local, &remote, &call_id, cseq);
        cancel.headers.set(Name::Via, invite.headers.get(&Name::Via).unwrap());
        self.send_request(now, &cancel, format!("{call_id} {cseq} CANCEL"));
    }

    /// Ends the call by CANCEL or BYE, whatever fits; a call that nobody has answered with 1xx is cancelled once one comes.
    pub(crate) fn hang_up(&mut self, now: Instant, index: usize) {
        let call = &mut self.calls[index];
        match call.state {
            CallState::Calling => call.cancelled = true,
            CallState::Ringing if call.outgoing => {
                call.cancelled = true;
                self.cancel(now, index);
            }
            CallState::Ringing => {
                let (invite, tag) = (call.invite.clone(), call.local.tag().unwrap().to_owned());
                (call.state, call.status) = (CallState::Over, 486);
                let bytes = self.reply(&invite, 486, &tag, Vec::new(), &[]);
                self.remember_final(now, &invite, bytes);
            }
            CallState::Talking => {
                (call.state, call.status) = (CallState::Over, 0);
                call.cseq += 1;
                let (local, remote, target) = (call.local.clone(), call.remote.clone(), call.target.clone());
                let (call_id, cseq) = (call.call_id.clone(), call.cseq);
                let ok = format!("ok {call_id}");
                self.resends.retain(|resend| !resend.key.starts_with(&ok));
                let bye = self.request(Method::Bye, target, &local, &remote, &call_id, cseq);
                self.send_request(now, &bye, format!("{call_id} {cseq} BYE"));
            }
            CallState::Over => {}
        }
    }

    /// A re-INVITE with this direction: `sendonly` holds, `sendrecv` takes back.
    pub(crate) fn reinvite(&mut self, now: Instant, index: usize, direction: &str) {
        let body = self.description(Some(direction));
        let call = &mut self.calls[index];
        call.cseq += 1;
        call.sends = direction == "sendrecv";
        let (local, remote, target) = (call.local.clone(), call.remote.clone(), call.target.clone());
        let (call_id, cseq) = (call.call_id.clone(), call.cseq);
        let mut invite = self.request(Method::Invite, target, &local, &remote, &call_id, cseq);
        invite.body = body;
        invite.headers.push(Name::ContentType, "application/sdp");
        self.calls[index].invite = invite.clone();
        self.send_request(now, &invite, format!("{call_id} {cseq} INVITE"));
    }

    /// A request inside the dialog.
    pub(crate) fn inside(&mut self, now: Instant, index: usize, method: Method, kind: &str, body: &str) {
        let call = &mut self.calls[index];
        call.cseq += 1;
        let (local, remote, target) = (call.local.clone(), call.remote.clone(), call.target.clone());
        let (call_id, cseq) = (call.call_id.clone(), call.cseq);
        let key = format!("{call_id} {cseq} {method}");
        let mut request = self.request(method, target, &local, &remote, &call_id, cseq);
        request.headers.push(Name::ContentType, kind);
        request.body = body.as_bytes().to_vec();
        self.send_request(now, &request, key);
    }

    fn make_sound(&mut self, now: Instant, call_id: &str) {
        let Some(index) = self.find(call_id) else { return };
        let (rtp, tone, every) = (self.rtp, self.tone, self.sound_every);
        let call = &mut self.calls[index];
        let early = call.state == CallState::Ringing && !call.outgoing;
        if call.state != CallState::Talking && !early {
            return;
        }
        if let (Some(to), true) = (call.sound_to, call.sends) {
            let step = u32::try_from(every.as_micros() / 125).unwrap();
            call.sequence = call.sequence.wrapping_add(1);
            call.timestamp = call.timestamp.wrapping_add(step);
            let bytes = call.packet(call.payload_type, &tone_payload(tone, call.payload_type));
            self.sent.push(Sent { from: rtp, to, bytes });
        }
        self.later.push((now + every, Later::Sound(call_id.to_owned())));
    }

    /// Presses a key: RFC 4733, three packets of the event and three of its end.
    pub(crate) fn press(&mut self, index: usize, key: char) {
        let rtp = self.rtp;
        let call = &mut self.calls[index];
        let event = "0123456789*#ABCD".find(key).unwrap() as u8;
        let (Some(to), Some(kind)) = (call.sound_to, call.event_type) else { return };
        call.timestamp = call.timestamp.wrapping_add(1600);
        for step in 1..=6u16 {
            call.sequence = call.sequence.wrapping_add(1);
            let duration = step.min(4) * 160;
            let end = if step >= 4 { 0x80 | 10 } else { 10 };
            let bytes = call.packet(kind, &[event, end, (duration >> 8) as u8, duration as u8]);
            self.sent.push(Sent { from: rtp, to, bytes });
        }
    }

    /// A datagram for the RTP port.
    pub(crate) fn handle_sound(&mut self, bytes: &[u8]) {
        if bytes.len() < 12 {
            return;
        }
        let kind = bytes[1] & 0x7f;
        let Some(index) = self.calls.iter().rposition(|call| call.state != CallState::Over) else { return };
        let call = &mut self.calls[index];
        call.packets_heard += 1;
        if Some(kind) == call.event_type && bytes.len() >= 16 && bytes[13] & 0x80 != 0 {
            let at = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            if call.last_event != Some(at) {
                call.last_event = Some(at);
                call.keys.extend("0123456789*#ABCD".chars().nth(usize::from(bytes[12])));
            }
            return;
        }
        if call.packets_heard % self.listens_to_each != 0 {
            return;
        }
        let samples: Vec<i16> = match kind {
            8 => bytes[12..].iter().map(|byte| g711::decode_sample(Law::A, *byte)).collect(),
            0 => bytes[12..].iter().map(|byte| g711::decode_sample(Law::Mu, *byte)).collect(),
            _ => return,
        };
        if let Some(hz) = dozvon::codec::detect::dominant(&samples) {
            *call.heard.entry(hz).or_default() += 1;
        }
    }
}
