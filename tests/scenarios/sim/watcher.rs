//! A simulated phone of lamps only: it registers, subscribes, and answers each NOTIFY. Its link is good, so it never resends.

use std::net::SocketAddr;

use dozvon::base::Rng;
use dozvon::sip::Transport;
use dozvon::sip::wire::{Headers, Host, Message, Method, Name, NameAddr, Request, Response, Uri, Via, parse};
use md5::{Digest, Md5};

use super::World;
use super::world::EXCHANGE;

/// Which watcher of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WatcherId(pub(crate) usize);

/// A watcher.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) login: String,
    pub(crate) sip: SocketAddr,
    /// It is switched off: what comes is lost.
    pub(crate) is_off: bool,
    /// It answers NOTIFY with this.
    pub(crate) says: u16,
    pub(crate) notifies: Vec<Request>,
    pub(crate) responses: Vec<Response>,
    /// Requests that wait for their final response, to be repeated with proof.
    waiting: Vec<Request>,
    sent: Vec<Vec<u8>>,
    rng: Rng,
    count: u32,
}

impl Watcher {
    pub(crate) fn new(login: &str, ip: [u8; 4], mut rng: Rng) -> Self {
        Self {
            login: login.to_owned(),
            sip: SocketAddr::from((ip, 5060)),
            is_off: false,
            says: 200,
            notifies: Vec::new(),
            responses: Vec::new(),
            waiting: Vec::new(),
            sent: Vec::new(),
            count: rng.u32() % 1000,
            rng,
        }
    }

    pub(crate) fn take_sent(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
    }

    /// A request outside of dialogs, or inside of the one that `dialog` says: its Call-ID, our From-tag and the To-tag.
    pub(crate) fn ask(
        &mut self,
        method: Method,
        user: Option<&str>,
        dialog: Option<[&str; 3]>,
        lines: &[(Name, &str)],
    ) {
        self.count += 1;
        let host = Host::Ip(EXCHANGE.0.into());
        let uri = Uri::sip(user, host.clone(), None);
        let own = Uri::sip(Some(&self.login), host, None);
        let fresh = [self.rng.token(16), self.rng.token(8)];
        let [call_id, from_tag, to_tag] = dialog.unwrap_or([&fresh[0], &fresh[1], ""]);
        let from = NameAddr::new("", own.clone()).with_tag(from_tag);
        let mut to = NameAddr::new("", if method == Method::Register { own } else { uri.clone() });
        if !to_tag.is_empty() {
            to = to.with_tag(to_tag);
        }
        let mut headers = Headers::new();
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, from.to_string());
        headers.push(Name::To, to.to_string());
        headers.push(Name::CallId, call_id);
        headers.push(Name::CSeq, format!("{} {method}", self.count));
        headers.push(Name::Contact, format!("<sip:{}@{}>", self.login, self.sip));
        for (name, value) in lines {
            headers.push(name.clone(), *value);
        }
        self.send(Request { method, uri, headers, body: Vec::new() });
    }

    fn send(&mut self, mut request: Request) {
        let branch = format!("z9hG4bK{}", self.rng.token(12));
        request.headers.push_front(Name::Via, Via::new(Transport::Udp, self.sip, &branch).to_string());
        self.sent.push(request.to_bytes());
        self.waiting.push(request);
    }

    pub(crate) fn handle_packet(&mut self, bytes: &[u8]) {
        if self.is_off {
            return;
        }
        match parse(bytes) {
            Ok(Message::Request(request)) => {
                self.sent.push(request.reply(self.says).to_bytes());
                self.notifies.push(request);
            }
            Ok(Message::Response(response)) => self.on_response(response),
            Err(bad) => panic!("{} got a broken message: {:?}", self.login, bad.why),
        }
    }

    fn on_response(&mut self, response: Response) {
        let is_of = |request: &Request| {
            request.headers.call_id() == response.headers.call_id()
                && request.headers.get(&Name::CSeq) == response.headers.get(&Name::CSeq)
        };
        let Some(at) = self.waiting.iter().position(is_of) else { return };
        let request = self.waiting.remove(at);
        if response.status == 401 && !request.headers.contains(&Name::Authorization) {
            return self.prove(request, &response);
        }
        self.responses.push(response);
    }

    fn prove(&mut self, mut request: Request, challenge: &Response) {
        let md5 = |value: &&str| value.contains("MD5") || !value.contains("algorithm");
        let challenge = challenge.headers.all(&Name::WwwAuthenticate).find(md5).unwrap();
        let field = |name: &str| challenge.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
        let (realm, nonce) = (field("realm"), field("nonce"));
        let hex = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (login, uri, method) = (&self.login, request.uri.to_string(), request.method.clone());
        let ha1 = hex(format!("{login}:{realm}:secret-{login}"));
        let ha2 = hex(format!("{method}:{uri}"));
        let answer = hex(format!("{ha1}:{nonce}:00000001:c:auth:{ha2}"));
        let proof = format!(
            "Digest username=\"{login}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{answer}\", cnonce=\"c\", qop=auth, nc=00000001, algorithm=MD5"
        );
        request.headers.remove(&Name::Via);
        request.headers.push(Name::Authorization, proof);
        self.count += 1;
        request.headers.set(Name::CSeq, format!("{} {method}", self.count));
        self.send(request);
    }
}

impl World {
    /// Adds a watcher, which is not registered.
    pub(crate) fn add_watcher(&mut self, login: &str) -> WatcherId {
        let index = self.watchers.len();
        let ip = [10, 0, 2, u8::try_from(index).unwrap()];
        let rng = Rng::from_seed(self.seed ^ (index as u64 + 1));
        self.watchers.push(Watcher::new(login, ip, rng));
        WatcherId(index)
    }

    pub(crate) fn watcher(&mut self, id: WatcherId) -> &mut Watcher {
        &mut self.watchers[id.0]
    }

    /// It registers for so many seconds.
    pub(crate) fn watcher_registers(&mut self, id: WatcherId, expires: u32) {
        let dialog = [&format!("register-{}", id.0), "r", ""].map(str::to_owned);
        let dialog = [dialog[0].as_str(), dialog[1].as_str(), ""];
        self.watchers[id.0].ask(Method::Register, None, Some(dialog), &[(Name::Expires, &expires.to_string())]);
        self.collect_from_watchers();
    }

    /// It subscribes to `user`; returns what is said about it when its packets have gone round.
    pub(crate) fn watch(&mut self, id: WatcherId, user: &str, event: &str) -> u16 {
        let lines = [(Name::Event, event), (Name::Expires, "600")];
        self.watchers[id.0].ask(Method::Subscribe, Some(user), None, &lines);
        self.collect_from_watchers();
        self.run_for(super::millis(50));
        self.watchers[id.0].responses.last().map_or(0, |response| response.status)
    }

    /// The last document that a watcher got about `user`.
    pub(crate) fn lamp(&self, id: WatcherId, user: &str) -> String {
        let about = |request: &&Request| request.headers.from().unwrap().uri.user.as_deref() == Some(user);
        let last = self.watchers[id.0].notifies.iter().rev().find(about);
        last.map(|request| String::from_utf8(request.body.clone()).unwrap()).unwrap_or_default()
    }
}
