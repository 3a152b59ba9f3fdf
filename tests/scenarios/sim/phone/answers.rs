//! A phone is called, and answers what comes inside of its calls.

use dozvon::base::Instant;
use dozvon::sip::wire::{Host, Method, Name, Request, Response, Uri};

use super::{ALLOW, Answer, CallState, Later, Phone, PhoneCall, Resend, Sent, T1};

impl Phone {
    pub(super) fn reply(
        &mut self,
        request: &Request,
        status: u16,
        tag: &str,
        body: Vec<u8>,
        extra: &[(Name, String)],
    ) -> Vec<u8> {
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
        if request.method == Method::Invite && status > 100 {
            response.headers.push(Name::Allow, ALLOW);
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

    pub(super) fn on_request(&mut self, now: Instant, request: Request) {
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
                self.calls[index].reason = request.headers.get(&Name::Reason).map(str::to_owned);
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
                self.calls[index].reason = request.headers.get(&Name::Reason).map(str::to_owned);
                self.reply(&request, 200, "x", Vec::new(), &[])
            }
            (Method::Update, Some(index)) if self.calls[index].state != CallState::Over => {
                self.on_update(index, &request)
            }
            (Method::Notify, Some(index)) => self.on_notify(now, index, &request),
            (Method::Info, Some(_)) => self.reply(&request, 200, "x", Vec::new(), &[]),
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
    pub(super) fn remember_final(&mut self, now: Instant, invite: &Request, bytes: Vec<u8>) {
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
            self.next_rtp(),
        );
        call.remote_sdp = String::from_utf8_lossy(&request.body).into_owned();
        call.read_description(&request.body, &self.codecs);
        call.remote_cseq = request.headers.cseq().unwrap().number;
        call.note_identity(&request.headers);
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
                let body = self.description(self.calls.last().unwrap().rtp, 1, None);
                let bytes = self.reply(&request, 183, &tag, body, &[]);
                self.answered.insert(key, bytes);
                self.later.push((now + self.sound_every, Later::Sound(call_id.clone())));
                self.later.push((now + after, Later::AnswerCall(call_id)));
            }
            Answer::Ring | Answer::After(_) | Answer::Dead => {
                let bytes = self.reply(&request, 180, &tag, Vec::new(), &[]);
                self.answered.insert(key, bytes);
                if self.auto_answer && asks_to_be_taken(&request) {
                    self.later.push((now, Later::AnswerCall(call_id)));
                } else if let Answer::After(after) = self.answer {
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
        let body = self.description_of(index);
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
        call.note_identity(&request.headers);
        call.remote_cseq = request.headers.cseq().unwrap().number;
        let tag = call.local.tag().unwrap().to_owned();
        let body = self.description_of(index);
        let bytes = self.reply(request, 200, &tag, body, &[]);
        self.begin_talk(now, index, bytes.clone(), request);
        bytes
    }

    /// A new offer before or after the answer (RFC 3311), or only word of who is there now.
    fn on_update(&mut self, index: usize, request: &Request) -> Vec<u8> {
        let call = &mut self.calls[index];
        call.note_identity(&request.headers);
        if request.body.is_empty() {
            return self.reply(request, 200, "x", Vec::new(), &[]);
        }
        call.read_description(&request.body, &self.codecs);
        let body = self.description_of(index);
        self.reply(request, 200, "x", body, &[])
    }

    /// The answer to an offer: a held side stays held.
    fn description_of(&self, index: usize) -> Vec<u8> {
        let call = &self.calls[index];
        self.description(call.rtp, call.version, call.direction.as_deref())
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
}

/// Paging and intercom: `answer-after=0` of Call-Info (RFC 5373's rival that phones know), or one of the words of Alert-Info.
fn asks_to_be_taken(invite: &Request) -> bool {
    let says = |name: &Name, words: &[&str]| {
        invite.headers.all(name).any(|value| words.iter().any(|word| value.to_ascii_lowercase().contains(word)))
    };
    says(&Name::CallInfo, &["answer-after=0"])
        || says(&Name::Alert, &["alert-autoanswer", "auto answer", "auto-answer"])
}
