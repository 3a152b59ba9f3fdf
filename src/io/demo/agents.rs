//! The simulated phones and the carrier: user agents on the exchange's own SIP stack, offer/answer and RTP. Pure: packets, orders
//! and deadlines in; packets and what happened out. All of them share one stack, since a flow tells whose a message is.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;

use super::script::{Input as Happened, Line, Order, Place};
use crate::base::{ClientTxn, Duration, Instant, Rng, ServerTxn, SessionId};
use crate::codec::Codec;
use crate::rtp::{self, CLOCK_HZ, event};
use crate::sdp::{Agreed, Direction, MasterKey, Negotiator, SrtpPolicy};
use crate::sip::auth::{Challenger, Credentials, Verdict};
use crate::sip::stack::{InviteDraft, Output as FromStack, RequestDraft, SessionCommand, SessionEvent, Stack};
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Uri};
use crate::sip::{Flow, Transport};

/// A simulated phone.
#[derive(Clone, Debug)]
pub(super) struct Phone {
    /// Its extension.
    pub(super) number: String,
    pub(super) account: Credentials,
    /// Its socket.
    pub(super) at: SocketAddr,
    /// What it says it is.
    pub(super) model: &'static str,
}

/// Who there is, and where.
#[derive(Debug)]
pub(super) struct Cast {
    /// Where the exchange takes SIP.
    pub(super) exchange: SocketAddr,
    pub(super) phones: Vec<Phone>,
    /// The carrier's socket.
    pub(super) carrier: SocketAddr,
    /// The office's accounts at the carrier; the login is the number.
    pub(super) trunks: Vec<Credentials>,
    /// Sockets for sound; one a line, and the lowest that is free.
    pub(super) sound: Vec<SocketAddr>,
    /// What employees and callers say, in A-law, 160 bytes a packet; both as long as the other.
    pub(super) speech: [Vec<u8>; 2],
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Output {
    /// SIP, from that socket.
    Send { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    /// RTP, from that place in [`Cast::sound`].
    Sound { from: usize, to: SocketAddr, bytes: Vec<u8> },
    /// For the script.
    Happened(Happened),
}

/// All of them.
pub(super) struct Agents {
    cast: Cast,
    stack: Stack,
    challenger: Challenger,
    rng: Rng,
    lines: BTreeMap<Line, Leg>,
    sessions: HashMap<SessionId, Line>,
    registering: HashMap<ClientTxn, usize>,
    /// By phone.
    registrations: Vec<Registration>,
    /// Contacts of the office at the carrier, by login.
    contacts: HashMap<String, Uri>,
    /// The carrier does not hear of this login.
    deaf_to: Option<String>,
    /// Twenty milliseconds on.
    beat: Option<Instant>,
    /// How many beats there were: all who talk are at the same place of the conversation.
    beats: usize,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Registration {
    call_id: String,
    cseq: u32,
    /// Plugged in.
    wanted: bool,
    again: Option<Instant>,
}

/// One end of a call.
struct Leg {
    session: SessionId,
    /// Which phone; `None`: the carrier.
    phone: Option<usize>,
    sound: usize,
    sdp: Negotiator,
    /// The offer of an INVITE that has not been answered.
    offer: Option<Vec<u8>>,
    agreed: Option<Agreed>,
    is_held: bool,
    keys: VecDeque<event::Sender>,
    key_began: u32,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
}

impl Agents {
    pub(super) fn new(cast: Cast, mut rng: Rng) -> Self {
        let registrations = cast.phones.iter().map(|_| Registration::new(&mut rng)).collect();
        Self {
            stack: Stack::new(rng.fork(), ""),
            challenger: Challenger::new(rng.fork(), REALM),
            cast,
            rng,
            lines: BTreeMap::new(),
            sessions: HashMap::new(),
            registering: HashMap::new(),
            registrations,
            contacts: HashMap::new(),
            deaf_to: None,
            beat: None,
            beats: 0,
            outputs: VecDeque::new(),
        }
    }

    /// A datagram for the socket `at`.
    pub(super) fn handle_packet(&mut self, now: Instant, at: SocketAddr, peer: SocketAddr, bytes: &[u8]) {
        self.stack.handle_packet(now, Flow { peer, ..self.flow(at) }, bytes);
        self.work(now);
    }

    /// Fires what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        for phone in 0..self.registrations.len() {
            if self.registrations.get(phone).is_some_and(|one| one.again.is_some_and(|at| at <= now)) {
                self.register(now, phone);
            }
        }
        while self.beat.is_some_and(|at| at <= now) {
            self.beat = self.beat.map(|at| at + BEAT);
            self.speak();
        }
        self.work(now);
    }

    /// The next deadline.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let again = self.registrations.iter().filter_map(|one| one.again).min();
        [self.stack.poll_timeout(), again, self.beat].into_iter().flatten().min()
    }

    /// Drain until `None`.
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// What the script wants. What can't be done any more is passed over.
    pub(super) fn order(&mut self, now: Instant, order: Order) {
        match order {
            Order::Register(number) => self.plug(now, number, true),
            Order::Leave(number) => self.plug(now, number, false),
            Order::Silence(is_on) => {
                self.deaf_to = self.cast.trunks.last().filter(|_| is_on).map(|trunk| trunk.username.clone());
            }
            Order::Dial { line, from, to } => {
                if self.dial(now, line, &from, &to).is_none() {
                    self.tell(Happened::Over(line));
                }
            }
            Order::Answer(line) => self.answer(now, line),
            Order::Refuse { line, status } => {
                self.command(now, line, SessionCommand::Reject { status, headers: Headers::new() });
                self.forget(line);
            }
            Order::Hold(line) => self.offer(now, line, true),
            Order::Resume(line) => self.offer(now, line, false),
            Order::Transfer { line, to } => self.transfer(now, line, to),
            Order::Press { line, keys } => {
                if let Some(leg) = self.lines.get_mut(&line) {
                    leg.keys.extend(keys.chars().filter_map(|key| event::Sender::new(key, KEY_MS, CLOCK_HZ)));
                }
            }
            Order::HangUp(line) => {
                self.command(now, line, SessionCommand::HangUp { headers: Headers::new() });
                self.forget(line);
            }
        }
        self.work(now);
    }

    fn plug(&mut self, now: Instant, number: &str, is_in: bool) {
        let Some(phone) = self.cast.phones.iter().position(|phone| phone.number == number) else { return };
        if let Some(registration) = self.registrations.get_mut(phone) {
            registration.wanted = is_in;
        }
        self.register(now, phone);
    }

    /// REGISTER: RFC 3261 §10.2. A phone that was unplugged takes it back.
    fn register(&mut self, now: Instant, phone: usize) {
        let (Some(one), Some(registration)) = (self.cast.phones.get(phone), self.registrations.get_mut(phone)) else {
            return;
        };
        let host = Host::Ip(self.cast.exchange.ip());
        let port = Some(self.cast.exchange.port());
        let aor = NameAddr::new("", Uri::sip(Some(&one.account.username), host.clone(), None)).to_string();
        let mut request = Request::new(Method::Register, Uri::sip(None, host, port));
        let expires = if registration.wanted { REGISTERED.as_secs() } else { 0 };
        registration.cseq += CSEQ_STEP;
        registration.again = None;
        for (name, value) in [
            (Name::From, aor.clone()),
            (Name::To, aor),
            (Name::CallId, registration.call_id.clone()),
            (Name::CSeq, format!("{} REGISTER", registration.cseq)),
            (Name::Contact, format!("<{}>", one.contact())),
            (Name::Expires, expires.to_string()),
            (Name::UserAgent, one.model.to_owned()),
        ] {
            request.headers.push(name, value);
        }
        let (flow, credentials) = (self.flow(one.at), Some(one.account.clone()));
        let draft = RequestDraft { flows: vec![flow], request, credentials, give_up: None };
        let txn = self.stack.request(now, draft);
        self.registering.insert(txn, phone);
    }

    fn on_registered(&mut self, now: Instant, txn: ClientTxn, is_success: bool) {
        let Some(phone) = self.registering.remove(&txn) else { return };
        let spread = Duration::from_millis(self.rng.below(5_000));
        let Some(registration) = self.registrations.get_mut(phone).filter(|one| one.wanted) else { return };
        registration.again = Some(now + if is_success { REGISTERED / 2 } else { AGAIN } + spread);
    }

    fn dial(&mut self, now: Instant, line: Line, from: &Place, to: &str) -> Option<()> {
        let exchange = self.cast.exchange;
        let at_exchange = |user: &str| Uri::sip(Some(user), Host::Ip(exchange.ip()), Some(exchange.port()));
        let (phone, from, uri, at, user, credentials) = match from {
            Place::Phone(number) => {
                let phone = self.cast.phones.iter().position(|phone| phone.number == *number)?;
                let one = self.cast.phones.get(phone)?;
                let user = one.account.username.clone();
                let uri = at_exchange(to);
                (Some(phone), at_exchange(&user), uri, one.at, user, Some(one.account.clone()))
            }
            Place::City(number) => {
                let carrier = self.cast.carrier;
                let from = Uri::sip(Some(number), Host::Ip(carrier.ip()), None);
                let uri = self.contacts.get(to)?.clone();
                (None, from, uri, carrier, to.to_owned(), None)
            }
        };
        let mut leg = self.leg(phone)?;
        let offer = leg.sdp.offer(&CODECS, Direction::SendRecv);
        let mut headers = Headers::new();
        if let Some(one) = phone.and_then(|phone| self.cast.phones.get(phone)) {
            headers.push(Name::UserAgent, one.model);
        }
        let draft = InviteDraft {
            flows: vec![self.flow(at)],
            uri,
            from: NameAddr::new("", from),
            to: NameAddr::new("", at_exchange(to)),
            contact_user: user,
            routes: Vec::new(),
            headers,
            sdp: Some(offer),
            credentials,
            give_up: None,
            session_timer: false,
        };
        leg.session = self.stack.invite(now, draft);
        self.sessions.insert(leg.session, line);
        self.lines.insert(line, leg);
        Some(())
    }

    /// A leg with sound of its own; `None` when all sockets are in use. Its session is still to be made.
    fn leg(&mut self, phone: Option<usize>) -> Option<Leg> {
        let sound = (0..self.cast.sound.len()).find(|at| self.lines.values().all(|leg| leg.sound != *at))?;
        let keys = [MasterKey { key: [0; 16], salt: [0; 14] }; 2];
        let local = *self.cast.sound.get(sound)?;
        Some(Leg {
            session: SessionId(0),
            phone,
            sound,
            sdp: Negotiator::new(local, self.rng.u64() >> 2, SrtpPolicy::Off, keys),
            offer: None,
            agreed: None,
            is_held: false,
            keys: VecDeque::new(),
            key_began: 0,
            sequence: 0,
            timestamp: self.rng.u32(),
            ssrc: self.rng.u32(),
        })
    }

    fn answer(&mut self, now: Instant, line: Line) {
        let Some(leg) = self.lines.get_mut(&line) else { return };
        let sdp = match leg.offer.take() {
            Some(offer) => leg.sdp.receive_offer(&offer, &CODECS, None).ok().map(|(answer, agreed)| {
                leg.agreed = Some(agreed);
                answer
            }),
            None => Some(leg.sdp.offer(&CODECS, Direction::SendRecv)),
        };
        let command = match sdp {
            Some(sdp) => SessionCommand::Answer { headers: Headers::new(), sdp: Some(sdp) },
            None => SessionCommand::Reject { status: 488, headers: Headers::new() },
        };
        self.command(now, line, command);
    }

    /// Puts the other side on hold, or takes it back.
    fn offer(&mut self, now: Instant, line: Line, hold: bool) {
        let Some(leg) = self.lines.get_mut(&line) else { return };
        leg.is_held = hold;
        let sdp = leg.sdp.offer(&CODECS, if hold { Direction::SendOnly } else { Direction::SendRecv });
        self.command(now, line, SessionCommand::Offer { sdp });
    }

    /// REFER: RFC 3515.
    fn transfer(&mut self, now: Instant, line: Line, to: &str) {
        let exchange = self.cast.exchange;
        let target = Uri::sip(Some(to), Host::Ip(exchange.ip()), Some(exchange.port()));
        let mut headers = Headers::new();
        headers.push(Name::ReferTo, format!("<{target}>"));
        self.command(now, line, SessionCommand::Request { request: Method::Refer, headers, body: Vec::new() });
    }

    fn command(&mut self, now: Instant, line: Line, command: SessionCommand) {
        if let Some(leg) = self.lines.get(&line) {
            self.stack.command(now, leg.session, command);
        }
    }

    /// What the stack has to say.
    fn work(&mut self, now: Instant) {
        while let Some(output) = self.stack.poll_output() {
            match output {
                FromStack::Send { flow, bytes } => {
                    self.outputs.push_back(Output::Send { from: flow.local, to: flow.peer, bytes });
                }
                FromStack::Request { txn, flow, request } => self.on_request(now, txn, flow, &request),
                FromStack::Response { txn, response, .. } => self.on_registered(now, txn, response.is_success()),
                FromStack::Session { id, event } => self.on_session(now, id, event),
            }
        }
        let is_loud = self.lines.values().any(|leg| leg.agreed.is_some());
        self.beat = if is_loud { self.beat.or(Some(now + BEAT)) } else { None };
    }

    fn on_request(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        match request.method {
            Method::Invite => {
                if self.ring(now, txn, flow, request).is_none() {
                    self.stack.respond(now, txn, 486, Headers::new(), Vec::new());
                }
            }
            Method::Register if flow.local == self.cast.carrier => self.on_register(now, txn, flow, request),
            Method::Options | Method::Notify | Method::Message => {
                self.stack.respond(now, txn, 200, Headers::new(), Vec::new());
            }
            _ => self.stack.respond(now, txn, 405, Headers::new(), Vec::new()),
        }
    }

    /// The carrier as registrar: RFC 3261 §10.3, one contact a login.
    fn on_register(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        let login = request.headers.to().ok().and_then(|to| to.uri.user).unwrap_or_default();
        if self.deaf_to.as_ref() == Some(&login) {
            return self.stack.ignore(txn);
        }
        let trunks = &self.cast.trunks;
        let password = |name: &str| trunks.iter().find(|trunk| trunk.username == name).map(|one| one.password.clone());
        let mut headers = Headers::new();
        match self.challenger.verify(now, &flow, request, password) {
            Verdict::Proved { username } if username == login => {
                let contact = request.headers.contacts().ok().and_then(|contacts| contacts.into_iter().next());
                let expires = request.headers.number(&Name::Expires).unwrap_or(300);
                if let Some(contact) = contact {
                    headers.push(Name::Contact, format!("<{}>;expires={expires}", contact.uri));
                    self.contacts.insert(login, contact.uri);
                }
                self.stack.respond(now, txn, 200, headers, Vec::new());
            }
            Verdict::Wrong { .. } | Verdict::Proved { .. } => {
                self.stack.respond(now, txn, 403, headers, Vec::new());
            }
            verdict => {
                for value in self.challenger.challenge(now, &flow, request, verdict == Verdict::Stale) {
                    headers.push(Name::WwwAuthenticate, value);
                }
                self.stack.respond(now, txn, 401, headers, Vec::new());
            }
        }
    }

    /// A call comes: it rings.
    fn ring(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) -> Option<()> {
        let phone = self.cast.phones.iter().position(|phone| phone.at == flow.local);
        let user = |address: Option<NameAddr>| address.and_then(|address| address.uri.user).unwrap_or_default();
        let caller = user(request.headers.from().ok());
        let mut leg = self.leg(phone)?;
        let (at, contact) = match phone.and_then(|phone| self.cast.phones.get(phone)) {
            Some(one) => (Place::Phone(one.number.clone()), one.account.username.clone()),
            None => (Place::City(request.uri.user.clone().unwrap_or_default()), "city".to_owned()),
        };
        leg.offer = (!request.body.is_empty()).then(|| request.body.clone());
        leg.session = self.stack.accept_invite(now, txn, &contact)?;
        let line = Line(INCOMING | leg.session.0);
        self.sessions.insert(leg.session, line);
        self.lines.insert(line, leg);
        self.command(now, line, SessionCommand::Progress { status: 180, headers: Headers::new(), sdp: None });
        self.tell(Happened::Rings { line, at, caller });
        Some(())
    }

    fn on_session(&mut self, now: Instant, id: SessionId, event: SessionEvent) {
        let Some(line) = self.sessions.get(&id).copied() else { return };
        let Some(leg) = self.lines.get_mut(&line) else { return };
        match event {
            SessionEvent::Answered { sdp, .. } => {
                leg.hear(sdp.as_deref());
                self.tell(Happened::Answered(line));
            }
            SessionEvent::Confirmed { sdp } => {
                leg.hear(sdp.as_deref());
                self.tell(Happened::Answered(line));
            }
            SessionEvent::OfferAnswered { sdp } => leg.hear(Some(&sdp)),
            SessionEvent::Offer { sdp } => {
                let answer = match sdp {
                    None => Some(leg.sdp.offer(&CODECS, Direction::SendRecv)),
                    Some(offer) => leg.sdp.receive_offer(&offer, &CODECS, None).ok().map(|(answer, agreed)| {
                        leg.agreed = Some(agreed);
                        answer
                    }),
                };
                let command = match answer {
                    Some(sdp) => SessionCommand::AcceptOffer { sdp },
                    None => SessionCommand::RejectOffer { status: 488 },
                };
                self.command(now, line, command);
            }
            SessionEvent::Request { txn, .. } => {
                self.command(now, line, SessionCommand::Respond { txn, status: 200, headers: Headers::new() });
            }
            SessionEvent::Failed { .. } | SessionEvent::Ended { .. } => self.forget(line),
            SessionEvent::Progress { .. } | SessionEvent::OfferRefused { .. } | SessionEvent::Response { .. } => {}
        }
    }

    /// The line is over.
    fn forget(&mut self, line: Line) {
        if let Some(leg) = self.lines.remove(&line) {
            self.sessions.remove(&leg.session);
            self.tell(Happened::Over(line));
        }
    }

    fn tell(&mut self, happened: Happened) {
        self.outputs.push_back(Output::Happened(happened));
    }

    /// Twenty milliseconds of everybody's sound.
    fn speak(&mut self) {
        self.beats = self.beats.wrapping_add(1);
        let place = self.beats % (self.cast.speech[0].len() / FRAME).max(1) * FRAME;
        for leg in self.lines.values_mut() {
            let [inside, outside] = &self.cast.speech;
            let speech = if leg.phone.is_some() { inside } else { outside };
            let sound = speech.get(place..place + FRAME).unwrap_or_default();
            if let Some((to, bytes)) = leg.packet(sound) {
                self.outputs.push_back(Output::Sound { from: leg.sound, to, bytes });
            }
        }
    }

    fn flow(&self, at: SocketAddr) -> Flow {
        Flow { transport: Transport::Udp, local: at, peer: self.cast.exchange, connection: 0 }
    }
}

impl Leg {
    /// Takes the answer to our last offer, if there is one.
    fn hear(&mut self, sdp: Option<&[u8]>) {
        if let Some(agreed) = sdp.and_then(|sdp| self.sdp.receive_answer(sdp).ok()) {
            self.agreed = Some(agreed);
        }
    }

    /// The next packet: a key that is down (RFC 4733), else sound. `None` where nothing is to be sent.
    fn packet(&mut self, sound: &[u8]) -> Option<(SocketAddr, Vec<u8>)> {
        let agreed = self.agreed.as_ref()?;
        self.timestamp = self.timestamp.wrapping_add(TICKS);
        if self.is_held || !agreed.direction.sends() {
            return None;
        }
        let (to, events) = (agreed.rtp?, agreed.events);
        let key = self.keys.front_mut().zip(events).map(|(key, events)| (key.next_packet(), events.payload_type));
        let (payload, payload_type, timestamp, marker) = match key {
            Some((Some((offset, key)), payload_type)) => {
                let is_first = self.key_began == 0;
                if is_first {
                    self.key_began = self.timestamp.max(1);
                }
                (key.write().to_vec(), payload_type, self.key_began.wrapping_add(offset), is_first)
            }
            Some((None, _)) => {
                // The next packet begins the next key, or is sound again.
                self.keys.pop_front();
                self.key_began = 0;
                return None;
            }
            None => (sound.to_vec(), agreed.payload_type, self.timestamp, self.sequence == 0),
        };
        self.sequence = self.sequence.wrapping_add(1);
        let header = rtp::Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        let mut head = [0; rtp::HEADER_BYTES];
        header.write(&mut head);
        Some((to, [&head[..], &payload].concat()))
    }
}

impl Phone {
    fn contact(&self) -> Uri {
        Uri::sip(Some(&self.account.username), Host::Ip(self.at.ip()), Some(self.at.port()))
    }
}

impl Registration {
    fn new(rng: &mut Rng) -> Self {
        Self { call_id: rng.token(20), cseq: 0, wanted: false, again: None }
    }
}

const CODECS: [Codec; 1] = [Codec::Pcma];
const REALM: &str = "carrier";
const REGISTERED: Duration = Duration::from_secs(300);
/// A registration that was refused or met no answer.
const AGAIN: Duration = Duration::from_secs(5);
/// Each challenge that the stack answers takes a number more.
const CSEQ_STEP: u32 = 10;
const BEAT: Duration = Duration::from_millis(20);
/// Of the RTP clock in a packet.
const TICKS: u32 = 160;
/// Bytes of A-law in a packet.
pub(super) const FRAME: usize = 160;
const KEY_MS: u32 = 120;
/// Lines that are called; the script counts those that it dials.
const INCOMING: u64 = 1 << 62;
