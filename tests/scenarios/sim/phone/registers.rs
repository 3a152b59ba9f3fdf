//! A phone registers and proves who it is; a carrier's switch lets others register.

use dozvon::base::{Duration, Instant};
use dozvon::sip::Transport;
use dozvon::sip::wire::{Host, Message, Method, Name, NameAddr, Request, Response, Uri, Via, parse};
use md5::{Digest, Md5};

use super::{Later, Phone};

impl Phone {
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

    /// A carrier's registrar: challenges once, then takes the contact.
    pub(super) fn on_register(&mut self, request: &Request) -> Vec<u8> {
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

    pub(super) fn on_registered(&mut self, now: Instant, response: &Response) {
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
    pub(super) fn authorize(&mut self, request: &mut Request, response: &Response, cseq: u32) {
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
}
