//! The world: one exchange, its media plane, peers, a network between them, one clock.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use dozvon::base::{Duration, EndpointId, Instant, Rng, WallTime};
use dozvon::call::Shelf;
use dozvon::engine::live::{Live, QueueView, TrunkState};
use dozvon::engine::{Engine, EngineConfig, Input, ListenRefused, Output, Record};
use dozvon::media::tape::{Entry, Side};
use dozvon::media::{Clip, Command, Plane, Sound};
use dozvon::number::Plan;
use dozvon::office::{Office, file};
use dozvon::sip::{Flow, Transport};

use super::checks::Checks;
use super::net::Link;
use super::phone::{Answer, CallState, Phone, PhoneCall, PhoneId, Sent};
use super::watcher::Watcher;

/// Something on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Packet {
    ToExchange { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    ToPeer { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
}

/// The world.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) engine: Engine,
    plane: Plane,
    pub(crate) phones: Vec<Phone>,
    pub(crate) links: Vec<Link>,
    pub(crate) watchers: Vec<Watcher>,
    packets: BinaryHeap<Reverse<(Instant, u64, Packet)>>,
    sent: u64,
    ports: HashMap<u16, EndpointId>,
    endpoints: HashMap<EndpointId, u16>,
    recordings: std::collections::HashSet<dozvon::base::RecordingId>,
    /// Packets of each side on each tape.
    pub(crate) taped: std::collections::BTreeMap<dozvon::base::RecordingId, [u32; 2]>,
    pub(crate) records: Vec<Record>,
    pub(crate) shelf: Vec<Shelf>,
    /// How often a code changed the settings.
    pub(crate) changes: usize,
    /// How often something was spoken to somebody.
    pub(crate) spoken: usize,
    pub(crate) emergencies: Vec<dozvon::call::cdr::EmergencyCall>,
    /// What the page and the log are told.
    pub(crate) notices: Vec<(&'static str, String)>,
    /// What was sent to strangers.
    pub(crate) strays: Vec<(SocketAddr, Vec<u8>)>,
    /// Packets that were dropped before the parser.
    pub(crate) turned_away: usize,
    /// What an admin was told.
    pub(crate) alarms: Vec<dozvon::guard::Alarm>,
    pub(crate) missed: Vec<dozvon::call::cdr::MissedCall>,
    /// What was last said of what is used up.
    pub(crate) usage: dozvon::guard::limits::Usage,
    /// Telephones that answered when they were asked: login and contact.
    pub(crate) present: Vec<(String, String)>,
    /// Keeps what is signalled, where a test wants that.
    pub(crate) sorter: Option<dozvon::io::signalling::Sorter>,
    /// The call that was ordered last.
    pub(crate) ordered: Option<dozvon::base::CallId>,
    pub(crate) trunks: HashMap<String, TrunkState>,
    /// What the page shows of groups.
    pub(crate) queues: HashMap<String, QueueView>,
    /// When that was told, of all groups.
    pub(crate) queues_told: Vec<Instant>,
    /// What came of the last order to listen in.
    pub(crate) listens: Option<Result<dozvon::base::CallId, ListenRefused>>,
    /// The world's DNS answers later by so much.
    pub(crate) dns_takes: Duration,
    /// Answers of the DNS on their way.
    answers: Vec<(Instant, dozvon::base::QueryId, Vec<Flow>)>,
    pub(crate) seed: u64,
    rng: Rng,
    pub(crate) checks: Checks,
    /// Names that the world's DNS doesn't know any more.
    pub(crate) dns_is_down: bool,
    /// Steps since time last went on.
    standstill: u32,
}

/// So many steps in one instant are no work any more.
const STANDSTILL: u32 = 10_000;
/// No phone of a scenario has so many calls in its life.
const ENDLESS: usize = 1000;
/// Where the exchange is.
pub(crate) const EXCHANGE: ([u8; 4], u16) = ([10, 0, 0, 1], 5060);
/// What is sent to this port or a higher one belongs to nobody of this world: a test reads it in [`World::strays`].
pub(crate) const STRANGE_PORT: u16 = 40_000;
/// Where the carrier is: the office file says `carrier.example`.
pub(crate) const CARRIER: [u8; 4] = [10, 9, 0, 1];
/// 2026-11-23, a Monday, 12:00 in Moscow.
pub(crate) const MONDAY_NOON: WallTime = WallTime(1_795_424_400_000);

fn exchange() -> SocketAddr {
    SocketAddr::from(EXCHANGE)
}

impl World {
    /// A world with an office. `SIM_SEED` in the environment replaces the seed.
    pub(crate) fn new(seed: u64, office: &str) -> Self {
        let seed = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(seed);
        Self::with_seed(seed, office, MONDAY_NOON)
    }

    /// A world with an office that is shaped after its file was read.
    pub(crate) fn shaped(seed: u64, office: &str, shape: impl FnOnce(&mut Office)) -> Self {
        let seed = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(seed);
        Self::of(seed, office, MONDAY_NOON, Duration::ZERO, shape)
    }

    /// A world whose DNS answers late from the start.
    pub(crate) fn slow_to_resolve(seed: u64, office: &str, later: Duration) -> Self {
        Self::of(seed, office, MONDAY_NOON, later, |_| {})
    }

    /// A world with exactly this seed, at this time.
    pub(crate) fn with_seed(seed: u64, text: &str, wall: WallTime) -> Self {
        Self::of(seed, text, wall, Duration::ZERO, |_| {})
    }

    fn of(seed: u64, text: &str, wall: WallTime, dns_takes: Duration, shape: impl FnOnce(&mut Office)) -> Self {
        let mut rng = Rng::from_seed(seed);
        let mut office = read_office(text, &mut rng);
        shape(&mut office);
        let plan = Plan::load(&office.settings.country, &office.settings.area_code, None).unwrap();
        let config = EngineConfig { office: Arc::new(office), plan, wall_at_zero: wall };
        let engine = Engine::new(config, rng.fork());
        let mut world = Self {
            now: Instant::ZERO,
            engine,
            plane: Plane::new(rng.fork()),
            phones: Vec::new(),
            links: Vec::new(),
            watchers: Vec::new(),
            packets: BinaryHeap::new(),
            sent: 0,
            ports: HashMap::new(),
            endpoints: HashMap::new(),
            recordings: std::collections::HashSet::new(),
            taped: std::collections::BTreeMap::new(),
            records: Vec::new(),
            shelf: Vec::new(),
            changes: 0,
            spoken: 0,
            emergencies: Vec::new(),
            notices: Vec::new(),
            strays: Vec::new(),
            turned_away: 0,
            alarms: Vec::new(),
            missed: Vec::new(),
            usage: Default::default(),
            present: Vec::new(),
            sorter: None,
            ordered: None,
            trunks: HashMap::new(),
            queues: HashMap::new(),
            queues_told: Vec::new(),
            listens: None,
            dns_takes,
            answers: Vec::new(),
            seed,
            rng,
            checks: Checks::default(),
            dns_is_down: false,
            standstill: 0,
        };
        let ports: Vec<u16> = (0..200).map(|n| 10_000 + 2 * n).collect();
        world.checks.ports = ports.len();
        world.input(Input::Media(dozvon::media::Event::Ports { ports }));
        world
    }

    /// Gives the exchange an input and carries out what it wants.
    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.engine.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            while let Some(output) = self.engine.poll_output() {
                self.carry_out(output);
            }
            while let Some(block) = self.plane.poll_block(self.now) {
                let counts = self.taped.entry(block.recording).or_default();
                for entry in block.entries() {
                    if let Entry::Packet { side, .. } = entry {
                        counts[usize::from(side == Side::Right)] += 1;
                    }
                }
                if block.is_last() {
                    assert!(self.recordings.remove(&block.recording), "{} a tape ends that never began", self.at());
                }
            }
            let Some(event) = self.plane.poll_event() else { break };
            if std::env::var_os("SIM_TRACE").is_some() {
                println!("{:?} media says {event:?}", self.now);
            }
            if let dozvon::media::Event::Closed { endpoint, .. } = &event {
                if let Some(port) = self.endpoints.remove(endpoint) {
                    self.ports.remove(&port);
                    let back = dozvon::media::Event::Ports { ports: vec![port] };
                    self.engine.handle_input(self.now, Input::Media(back));
                }
            }
            self.engine.handle_input(self.now, Input::Media(event));
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { flow, bytes } => {
                if let Some(sorter) = &mut self.sorter {
                    sorter.message(self.now, dozvon::base::WallTime(0), flow, true, &bytes);
                }
                assert!(flow.peer.port() != 0 && !flow.peer.ip().is_unspecified(), "sent to nowhere: {flow:?}");
                self.deliver_to_peer(exchange(), flow.peer, bytes);
            }
            Output::Media(command) => {
                if let Command::Open { endpoint, port } = &command {
                    let taken = self.ports.insert(*port, *endpoint);
                    assert!(taken.is_none(), "{} port {port} taken twice", self.at());
                    self.endpoints.insert(*endpoint, *port);
                }
                if let Command::Play { sound: Sound::Sequence(_), .. } = &command {
                    self.spoken += 1;
                }
                if std::env::var_os("SIM_TRACE").is_some() {
                    println!("{:?} media is told {command:?}", self.now);
                }
                self.plane.handle_command(self.now, command);
            }
            Output::Recording(begun) => {
                assert!(self.recordings.insert(begun.recording), "{} recorded twice at once", self.at());
            }
            Output::Resolve { query, name } => {
                let literal = name.host.parse::<std::net::IpAddr>().ok();
                let hops = match (name.host.as_str(), self.dns_is_down) {
                    _ if literal.is_some() => {
                        literal.map(|ip| SocketAddr::new(ip, name.port.unwrap_or(5060))).into_iter().collect()
                    }
                    (_, true) => Vec::new(),
                    ("carrier.example", _) => vec![SocketAddr::from((CARRIER, name.port.unwrap_or(5060)))],
                    ("second.example", _) => vec![SocketAddr::from(([10, 9, 0, 2], name.port.unwrap_or(5060)))],
                    _ => Vec::new(),
                };
                let flow = |peer| Flow { transport: Transport::Udp, local: exchange(), peer, connection: 0 };
                let hops = hops.into_iter().map(flow).collect();
                match self.dns_takes {
                    Duration::ZERO => self.engine.handle_input(self.now, Input::Resolved { query, hops }),
                    later => self.answers.push((self.now + later, query, hops)),
                }
            }
            Output::Store(record) => {
                self.checks.record(&record, self.seed);
                self.records.push(record);
            }
            Output::Live(Live::Trunk(view)) => drop(self.trunks.insert(view.name, view.state)),
            Output::Live(Live::Queue(view)) => {
                self.queues_told.push(self.now);
                self.queues.insert(view.group.clone(), view);
            }
            Output::Live(Live::Notice { what, text }) => self.notices.push((what, text)),
            Output::Live(_) => {}
            Output::Banned(_) | Output::Lifted(_) => {}
            Output::Leg(leg) => {
                if let Some(sorter) = &mut self.sorter {
                    sorter.leg(leg);
                }
            }
            Output::Shelf(order) => {
                self.shelf.push(order.clone());
                match order {
                    Shelf::Begin { recording, .. } => {
                        assert!(self.recordings.insert(recording), "{} recorded twice at once", self.at());
                    }
                    Shelf::Load { call, .. } => {
                        let clip = Some(Arc::new(Clip::silence(50)));
                        self.engine.handle_input(self.now, Input::Clip { call, clip });
                    }
                    _ => {}
                }
            }
            Output::Alarm(alarm) => self.alarms.push(alarm),
            Output::Missed(missed) => self.missed.push(missed),
            Output::Emergency(emergency) => self.emergencies.push(emergency),
            Output::Usage(usage) => self.usage = usage,
            Output::PhoneAnswers { login, contact } => self.present.push((login, contact)),
            Output::Ordered { call } => self.ordered = call,
            Output::Listens(result) => self.listens = Some(result),
            Output::Edit(edit) => {
                if let Some(office) = edit.apply(self.engine.office()) {
                    self.changes += 1;
                    self.engine.handle_input(self.now, Input::Office(Arc::new(office)));
                }
            }
        }
    }

    pub(crate) fn at(&self) -> String {
        format!("SIM_SEED={} at {:?}:", self.seed, self.now)
    }

    /// How many tapes run.
    pub(crate) fn recordings(&self) -> usize {
        self.recordings.len()
    }

    fn link_of(&self, address: SocketAddr) -> Option<usize> {
        self.phones.iter().position(|phone| phone.sip.ip() == address.ip())
    }

    fn deliver_to_peer(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if self.watchers.iter().any(|watcher| watcher.sip == to) {
            return self.queue(Duration::from_micros(500), Packet::ToPeer { from, to, bytes });
        }
        if to.port() >= STRANGE_PORT {
            return self.strays.push((to, bytes));
        }
        let Some(link) = self.link_of(to) else { return };
        for delay in self.links[link].deliveries(&mut self.rng, true) {
            let packet = Packet::ToPeer { from, to, bytes: bytes.clone() };
            self.queue(delay, packet);
        }
    }

    fn queue(&mut self, delay: Duration, packet: Packet) {
        self.sent += 1;
        self.packets.push(Reverse((self.now + delay, self.sent, packet)));
    }

    /// A raw datagram to the exchange from anywhere.
    pub(crate) fn throw(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.queue(Duration::from_micros(100), Packet::ToExchange { from, to, bytes });
    }

    pub(crate) fn collect_from_watchers(&mut self) {
        let take = |watcher: &mut Watcher| watcher.take_sent().into_iter().map(|bytes| (watcher.sip, bytes)).collect();
        let sent: Vec<Vec<_>> = self.watchers.iter_mut().map(take).collect();
        for (from, bytes) in sent.into_iter().flatten() {
            self.throw(from, exchange(), bytes);
        }
    }

    /// Takes up what phones want sent.
    pub(crate) fn collect(&mut self) {
        (0..self.phones.len()).for_each(|index| self.collect_from(index));
    }

    fn collect_from(&mut self, index: usize) {
        for Sent { from, to, bytes } in std::mem::take(&mut self.phones[index].sent) {
            for delay in self.links[index].deliveries(&mut self.rng, false) {
                self.queue(delay, Packet::ToExchange { from, to, bytes: bytes.clone() });
            }
        }
    }

    fn next_event(&self) -> Option<Instant> {
        let packet = self.packets.peek().map(|Reverse((at, ..))| *at);
        let phones = self.phones.iter().filter_map(Phone::poll_timeout).min();
        let answer = self.answers.iter().map(|(at, ..)| *at).min();
        [packet, phones, answer, self.engine.poll_timeout(), self.plane.poll_timeout()].into_iter().flatten().min()
    }

    fn step(&mut self, at: Instant) {
        self.standstill = if at > self.now { 0 } else { self.standstill + 1 };
        assert!(self.standstill < STANDSTILL, "{} time stands still: {:#?}", self.at(), self.engine.calls_in_detail());
        self.now = self.now.max(at);
        while let Some(Reverse((due, ..))) = self.packets.peek() {
            if *due > self.now {
                break;
            }
            let Some(Reverse((_, _, packet))) = self.packets.pop() else { break };
            self.deliver(packet);
        }
        while let Some(due) = self.answers.iter().position(|(due, ..)| *due <= self.now) {
            let (_, query, hops) = self.answers.swap_remove(due);
            self.input(Input::Resolved { query, hops });
        }
        if self.engine.poll_timeout().is_some_and(|at| at <= self.now) {
            self.input(Input::Timeout);
        }
        if self.plane.poll_timeout().is_some_and(|at| at <= self.now) {
            let mut emitted = Vec::new();
            self.plane.tick(self.now, &mut |destination, bytes| emitted.push((destination, bytes.to_vec())));
            for (destination, bytes) in emitted {
                self.sound_out(destination, bytes);
            }
            self.drain();
        }
        for index in 0..self.phones.len() {
            if self.phones[index].poll_timeout().is_some_and(|at| at <= self.now) {
                self.phones[index].handle_timeout(self.now);
            }
            self.collect_from(index);
        }
    }

    fn sound_out(&mut self, destination: dozvon::media::Destination, bytes: Vec<u8>) {
        let Some(port) = self.endpoints.get(&destination.endpoint).copied() else { return };
        let from = SocketAddr::from((EXCHANGE.0, port + u16::from(destination.rtcp)));
        self.deliver_to_peer(from, destination.to, bytes);
    }

    /// What is on the wire, for who looks for a fault: `SIM_TRACE=1`, all of it with `SIM_TRACE=2`.
    fn trace(&self, packet: &Packet) {
        let Some(depth) = std::env::var_os("SIM_TRACE") else { return };
        let (Packet::ToExchange { from, to, bytes } | Packet::ToPeer { from, to, bytes }) = packet;
        if *from == exchange() || *to == exchange() {
            let text = String::from_utf8_lossy(bytes);
            let shown = if depth == "2" { &text } else { text.split("\r\n").next().unwrap_or("") };
            println!("{:?} {from} → {to} {shown}", self.now);
        }
    }

    fn deliver(&mut self, packet: Packet) {
        self.trace(&packet);
        match packet {
            Packet::ToExchange { from, to, mut bytes } if to == exchange() => {
                let flow = Flow { transport: Transport::Udp, local: exchange(), peer: from, connection: 0 };
                if !self.engine.admit(self.now, from.ip()) {
                    self.turned_away += 1;
                    return;
                }
                if let Some(sorter) = &mut self.sorter {
                    sorter.message(self.now, dozvon::base::WallTime(0), flow, false, &bytes);
                }
                self.input(Input::Packet { flow, bytes: &bytes });
                bytes.clear();
            }
            Packet::ToExchange { from, to, mut bytes } => {
                let rtcp = to.port() % 2 == 1;
                let Some(endpoint) = self.ports.get(&(to.port() & !1)).copied() else { return };
                let length = bytes.len();
                if let Some(forward) = self.plane.handle_packet(self.now, endpoint, rtcp, from, &mut bytes, length) {
                    bytes.truncate(forward.len);
                    self.sound_out(forward.destination, bytes);
                }
                self.drain();
            }
            Packet::ToPeer { to, bytes, .. } => {
                if let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.sip == to) {
                    watcher.handle_packet(&bytes);
                    return self.collect_from_watchers();
                }
                let Some(index) = self.link_of(to) else { return };
                let phone = &mut self.phones[index];
                if to == phone.sip {
                    phone.handle_packet(self.now, &bytes);
                } else if to.ip() == phone.rtp.ip() {
                    phone.handle_sound(to, &bytes);
                }
                let calls = phone.calls.len();
                assert!(
                    calls < ENDLESS,
                    "{} {} is called without end: {:#?}",
                    self.at(),
                    self.phones[index].name,
                    self.engine.calls_in_detail()
                );
                self.collect_from(index);
            }
        }
    }

    /// Plays so much time.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.next_event() {
            if at > end {
                break;
            }
            self.step(at);
        }
        self.now = end;
    }

    /// Plays until `done` or so much time has passed; whether it came true.
    pub(crate) fn run_until(&mut self, span: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + span;
        while !done(self) {
            match self.next_event() {
                Some(at) if at <= end => self.step(at),
                _ => {
                    self.now = end;
                    return done(self);
                }
            }
        }
        true
    }

    /// Adds a phone and registers it.
    pub(crate) fn register(&mut self, login: &str) -> PhoneId {
        let id = self.add_phone(login);
        let now = self.now;
        self.phones[id.0].register(now);
        self.collect_from(id.0);
        let registered = self.run_until(super::secs(40), |world| world.phones[id.0].registered);
        assert!(registered, "{} {login} did not register", self.at());
        id
    }

    /// Adds a phone that is switched off.
    pub(crate) fn add_phone(&mut self, login: &str) -> PhoneId {
        let index = self.phones.len();
        let password = self.password_of(login);
        let number = u8::try_from(index).unwrap();
        let tone = 500 + 50 * u16::from(number);
        let phone = Phone::new(login, &password, [10, 0, 1, number], exchange(), tone, self.rng.fork());
        self.phones.push(phone);
        self.links.push(Link::default());
        PhoneId(index)
    }

    fn password_of(&self, login: &str) -> String {
        // passwords of the scenarios' offices follow one rule
        format!("secret-{login}")
    }

    /// Adds the carrier, which registers our trunks; waits for it.
    pub(crate) fn carrier(&mut self) -> PhoneId {
        let id = self.add_carrier();
        let registered = self.run_until(super::secs(60), |world| world.phones[id.0].registered);
        assert!(registered, "{} the trunk did not register", self.at());
        id
    }

    /// Adds the carrier, of whom the exchange need not know yet.
    pub(crate) fn add_carrier(&mut self) -> PhoneId {
        let id = self.add_phone("carrier");
        let phone = &mut self.phones[id.0];
        phone.sip = SocketAddr::from((CARRIER, 5060));
        phone.rtp = SocketAddr::from((CARRIER, 6000));
        phone.registrar = true;
        phone.tone = 1800;
        id
    }

    /// A phone dials.
    pub(crate) fn dial(&mut self, phone: PhoneId, number: &str) {
        let (now, login) = (self.now, self.phones[phone.0].login.clone());
        self.phones[phone.0].dial(now, number, &login);
        self.collect_from(phone.0);
    }

    /// The carrier brings a call from a number of the city.
    pub(crate) fn call_in(&mut self, carrier: PhoneId, from: &str, to: &str) {
        let now = self.now;
        self.phones[carrier.0].dial(now, to, from);
        self.collect_from(carrier.0);
    }

    pub(crate) fn act(&mut self, phone: PhoneId, act: impl FnOnce(&mut Phone, Instant, usize)) {
        let now = self.now;
        let index = self.phones[phone.0].calls.iter().rposition(|call| call.state != CallState::Over).unwrap_or(0);
        act(&mut self.phones[phone.0], now, index);
        self.collect_from(phone.0);
    }

    pub(crate) fn answer(&mut self, phone: PhoneId) {
        self.act(phone, |phone, now, index| {
            let call_id = phone.calls[index].call_id.clone();
            phone.answer_now(now, &call_id);
        });
    }

    pub(crate) fn hang_up(&mut self, phone: PhoneId) {
        if self.call_of(phone).is_some() {
            self.act(phone, |phone, now, index| phone.hang_up(now, index));
        }
    }

    pub(crate) fn press(&mut self, phone: PhoneId, key: char) {
        self.act(phone, |phone, _, index| phone.press(index, key));
    }

    pub(crate) fn will(&mut self, phone: PhoneId, answer: Answer) {
        self.phones[phone.0].answer = answer;
    }

    pub(crate) fn call_of(&self, phone: PhoneId) -> Option<&PhoneCall> {
        self.phones[phone.0].call()
    }

    pub(crate) fn state(&self, phone: PhoneId) -> Option<CallState> {
        self.call_of(phone).map(|call| call.state)
    }

    pub(crate) fn is_ringing(&self, phone: PhoneId) -> bool {
        self.state(phone) == Some(CallState::Ringing)
    }

    pub(crate) fn is_talking(&self, phone: PhoneId) -> bool {
        self.state(phone) == Some(CallState::Talking)
    }

    pub(crate) fn status(&self, phone: PhoneId) -> u16 {
        self.call_of(phone).map_or(0, |call| call.status)
    }

    /// Forgets what was heard so far.
    pub(crate) fn clear_ears(&mut self) {
        for call in self.phones.iter_mut().flat_map(|phone| &mut phone.calls) {
            call.heard.clear();
            call.packets_heard = 0;
        }
    }

    /// Whether `listener` heard this tone.
    pub(crate) fn hears_hz(&self, listener: PhoneId, hz: u16) -> bool {
        let heard = |call: &PhoneCall| call.heard.iter().any(|(tone, times)| tone.abs_diff(hz) <= 20 && *times >= 2);
        self.call_of(listener).is_some_and(heard)
    }

    /// Whether `listener` hears what `speaker` says.
    pub(crate) fn hears(&self, listener: PhoneId, speaker: PhoneId) -> bool {
        self.hears_hz(listener, self.phones[speaker.0].tone)
    }

    /// Lets everything come to rest and looks at what is left: nothing may be.
    pub(crate) fn assert_clean(&mut self) {
        self.run_for(super::secs(200));
        let at = self.at();
        assert_eq!(self.engine.calls(), 0, "{at} calls are left: {:#?}", self.engine.calls_in_detail());
        assert_eq!(self.engine.stack().sessions(), 0, "{at} sessions are left");
        assert_eq!(self.engine.free_ports(), self.checks.ports, "{at} ports are lost");
        assert!(self.recordings.is_empty(), "{at} tapes are left: {:?}", self.recordings);
        assert!(self.engine.ward().bans(self.now).is_empty(), "{at} {:?}", self.engine.ward().bans(self.now));
        let of_ward = |kind: &&'static str| ["address_banned", "old_password", "login_guessed"].contains(kind);
        let told = self.notices.iter().map(|(what, _)| *what).chain(self.alarms.iter().map(|alarm| alarm.kind()));
        let judged: Vec<_> = told.filter(of_ward).collect();
        assert!(judged.is_empty() && self.turned_away == 0, "{at} ordinary traffic was judged: {judged:?}");
        self.checks.assert_every_call_ended(&at);
        for (phone, link) in self.phones.iter().zip(&self.links).filter(|(_, link)| !link.cut) {
            let talks = phone.calls.iter().filter(|call| call.state == CallState::Talking).count();
            assert_eq!(talks, 0, "{at} {} still talks, with nobody ({link:?})", phone.name);
        }
    }
}

/// An office file with clips for its media: each a tone, so that an ear knows which was played.
pub(crate) fn read_office(text: &str, rng: &mut Rng) -> Office {
    let reading = file::read(
        text,
        &Office::default(),
        file::Context { rng, exists: &|_| true, check: &dozvon::desk::check::findings },
    )
    .unwrap_or_else(|problems| panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    let mut office = reading.office;
    for (index, media) in office.media.iter_mut().enumerate() {
        let hz = 1000 + 100 * u16::try_from(index).unwrap();
        let samples: Vec<i16> = (0..16_000u32)
            .map(|n| ((f64::from(n) * f64::from(hz) * std::f64::consts::TAU / 8000.0).sin() * 8000.0) as i16)
            .collect();
        media.clip = Some(Arc::new(Clip::from_narrow(&samples)));
    }
    office
}
