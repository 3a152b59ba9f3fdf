//! A phone calls, and acts inside of its calls.

use dozvon::base::Instant;
use dozvon::sip::wire::{Headers, Host, Method, Name, NameAddr, Response, Uri};

use super::{CallState, Later, Phone, PhoneCall};

impl Phone {
    /// Calls a number.
    pub(crate) fn dial(&mut self, now: Instant, number: &str, from_user: &str) -> String {
        self.dial_with(now, number, from_user, &[])
    }

    /// Calls a number with further header fields.
    pub(crate) fn dial_with(&mut self, now: Instant, number: &str, from_user: &str, extra: &[(Name, &str)]) -> String {
        let call_id = self.rng.token(20);
        let host = Host::Ip(self.exchange.ip());
        let local = NameAddr::new("", Uri::sip(Some(from_user), host.clone(), None)).with_tag(&self.rng.token(8));
        let target = match &self.registered_contact {
            Some(contact) if self.registrar => contact.clone(),
            _ => Uri::sip(Some(number), host.clone(), None),
        };
        let remote = NameAddr::new("", Uri::sip(Some(number), host, None));
        let mut invite = self.request(Method::Invite, target.clone(), &local, &remote, &call_id, 1);
        for (name, value) in extra {
            invite.headers.push(name.clone(), *value);
        }
        let rtp = self.next_rtp();
        if !self.late_offer {
            invite.body = self.description(rtp, 1, None);
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
            rtp,
        ));
        call_id
    }

    pub(super) fn on_invite_response(&mut self, now: Instant, index: usize, response: &Response, cseq: u32) {
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
                let to = response.headers.to().unwrap();
                if to.tag().is_some() {
                    call.remote = to; // an early dialog
                }
                call.note_identity(&response.headers);
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
        let call = &self.calls[index];
        let body = match self.late_offer {
            true => self.description(call.rtp, call.version, call.direction.as_deref()),
            false => Vec::new(),
        };
        let call = &mut self.calls[index];
        call.note_identity(&response.headers);
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
        let (local, remote) = (call.local.clone(), invite.headers.to().unwrap());
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
        let call = &mut self.calls[index];
        call.version += 1;
        call.direction = (direction != "sendrecv").then(|| direction.to_owned());
        let (rtp, version) = (call.rtp, call.version);
        let body = self.description(rtp, version, Some(direction));
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

    /// Puts the other side on hold.
    pub(crate) fn hold(&mut self, now: Instant, index: usize) {
        self.reinvite(now, index, "sendonly");
    }

    /// Takes the other side back from hold.
    pub(crate) fn resume(&mut self, now: Instant, index: usize) {
        self.reinvite(now, index, "sendrecv");
    }

    /// A key by INFO, as phones send it that are set so.
    pub(crate) fn press_by_info(&mut self, now: Instant, index: usize, key: char) {
        let body = format!("Signal={key}\r\nDuration=160\r\n");
        self.inside(now, index, Method::Info, "application/dtmf-relay", &body);
    }

    /// A request inside the dialog.
    pub(crate) fn inside(&mut self, now: Instant, index: usize, method: Method, kind: &str, body: &str) {
        let mut headers = Headers::new();
        headers.push(Name::ContentType, kind);
        self.inside_with(now, index, method, headers, body);
    }

    pub(super) fn inside_with(&mut self, now: Instant, index: usize, method: Method, headers: Headers, body: &str) {
        let call = &mut self.calls[index];
        call.cseq += 1;
        let (local, remote, target) = (call.local.clone(), call.remote.clone(), call.target.clone());
        let (call_id, cseq) = (call.call_id.clone(), call.cseq);
        let key = format!("{call_id} {cseq} {method}");
        let mut request = self.request(method, target, &local, &remote, &call_id, cseq);
        request.headers.extend(headers);
        request.body = body.as_bytes().to_vec();
        self.send_request(now, &request, key);
    }
}
