//! One owner of all state. Each input is taken to the end: what the stack, the registrar and the calls answer to it is
//! carried between them here, until nothing is left but outputs for the world.

mod ask;
mod lamps;
mod notify;
mod ward;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::base::{CallId, ClientTxn, Duration, Instant, Rng, ServerTxn, WallTime, limits};
use crate::call::{self, Around, Books, Calls, Origin};
use crate::codec::Codec;
use crate::guard;
use crate::guard::limits::Usage;
use crate::lamp::{self, Lamps};
use crate::media;
use crate::number::{Plan, Tones};
use crate::office::Office;
use crate::registrar::bindings::{Bindings, Change};
use crate::registrar::trunks::{self, Trunks};
use crate::sip::Flow;
use crate::sip::auth::Challenger;
use crate::sip::stack::{self, Stack};
use crate::sip::wire::{Headers, Method, Name, Request};

use self::ward::Refusal;
use super::live::{self, Live};
use super::{Input, Output, Record};

/// What calls are made of, preferred first.
const CODECS: [Codec; 4] = Codec::ALL;
/// What we understand outside of calls.
const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, REGISTER, SUBSCRIBE";

/// The exchange without its world.
#[derive(Debug)]
pub struct Engine {
    office: Arc<Office>,
    plan: Plan,
    tones: Tones,
    stack: Stack,
    challenger: Challenger,
    ward: guard::Ward,
    bindings: Bindings,
    trunks: Trunks,
    lamps: Lamps,
    calls: Calls,
    books: Books,
    rng: Rng,
    /// The calendar at the clock's zero.
    wall_at_zero: WallTime,
    stopping: bool,
    /// INVITEs of whom may be a carrier, whose addresses are being asked for.
    early: Vec<(ServerTxn, Flow, Request)>,
    /// Telephones that were asked whether they are there: login and contact.
    asked: HashMap<ClientTxn, (String, String)>,
    from_calls: VecDeque<call::Output>,
    outputs: VecDeque<Output>,
}

/// What an engine needs to begin.
#[derive(Debug)]
pub struct EngineConfig {
    /// The first snapshot.
    pub office: Arc<Office>,
    /// The numbering plan of its country.
    pub plan: Plan,
    /// What the calendar says at the clock's zero.
    pub wall_at_zero: WallTime,
}

impl Engine {
    /// An exchange for this office.
    pub fn new(config: EngineConfig, mut rng: Rng) -> Self {
        let tones = config.plan.tones();
        let mut engine = Self {
            office: config.office,
            plan: config.plan,
            tones,
            stack: Stack::new(rng.fork(), "Dozvon"),
            challenger: Challenger::new(rng.fork(), "dozvon"),
            ward: guard::Ward::default(),
            bindings: Bindings::default(),
            trunks: Trunks::new(rng.fork()),
            lamps: Lamps::new(rng.fork()),
            calls: Calls::default(),
            books: Books::default(),
            rng,
            wall_at_zero: config.wall_at_zero,
            stopping: false,
            early: Vec::new(),
            asked: HashMap::new(),
            from_calls: VecDeque::new(),
            outputs: VecDeque::new(),
        };
        engine.trunks.office(Instant::ZERO, &engine.office);
        engine.show_home();
        engine.show_office(Instant::ZERO);
        engine.settle(Instant::ZERO);
        engine
    }

    /// Takes one input to the end. Outputs are drained by [`poll_output`](Self::poll_output).
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Packet { flow, bytes } => {
                self.stack.handle_packet(now, flow, bytes);
            }
            Input::FlowFailed { flow } => {
                self.stack.handle_flow_failed(now, flow);
                self.trunks.handle_flow_failed(now, flow);
                let changes = self.bindings.lost(&flow);
                self.note_bindings(now, changes);
            }
            Input::Media(media::Event::Ports { ports }) => self.books.add_ports(ports),
            Input::Media(event) => self.with_calls(now, |calls, around| calls.on_media(around, &event)),
            Input::Resolved { query, hops } => {
                self.trunks.handle_resolved(now, query, &hops);
                self.show_home();
                self.judge_early(now);
            }
            Input::Office(office) => self.change_office(now, office),
            Input::Licence(allowance) => self.books.set_allowance(allowance),
            Input::RestoreLimits { uses, allowed } => self.books.restore_meter(uses, allowed),
            Input::Allow { extension, until } => {
                self.with_calls(now, |calls, around| calls.allow(around, &extension, until));
            }
            Input::Usage => {
                let mut usage = Usage::default();
                self.with_calls(now, |calls, around| usage = calls.usage(around));
                self.outputs.push_back(Output::Usage(usage));
            }
            Input::Plan(plan) => {
                self.tones = plan.tones();
                self.plan = *plan;
            }
            Input::Clock(wall) => self.set_clock(now, wall),
            Input::Restore(stored) => {
                let changes = self.bindings.restore(now, self.wall(now), stored);
                self.note_bindings(now, changes);
                self.remember_bindings(now);
                let known: Vec<String> = self.bindings.iter().map(|(aor, _)| aor.to_owned()).collect();
                for login in known {
                    self.show_registration(now, &login);
                    self.tell_registration(now, login);
                }
            }
            Input::RestoreServers(stored) => {
                self.trunks.restore(&stored);
                self.show_home();
            }
            Input::RestoreBans(bans) => {
                let moment = self.moment(now);
                self.ward.restore(moment, bans);
            }
            Input::Ban { address, length } => {
                let moment = self.moment(now);
                let banned = self.ward.ban(moment, address, length);
                self.outputs.push_back(Output::Banned(banned));
            }
            Input::LiftBan { id } => {
                let lifted = self.ward.lift(now, id);
                self.outputs.push_back(Output::Lifted(lifted));
                if lifted {
                    let text = format!("ban {id} is lifted");
                    self.outputs.push_back(Output::Live(Live::Notice { what: "ban_lifted", text }));
                }
            }
            Input::LastAnswered(all) => {
                all.iter().for_each(|(group, member)| self.books.restore_last_answered(group, member));
            }
            Input::Mailbox { extension, messages } => {
                let count = |heard| messages.iter().filter(|message| message.heard == heard).count();
                let [new, old] = [count(false), count(true)].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
                self.lamps.set_mailbox(now, &extension, new, old);
                self.books.set_mailbox(&extension, messages);
            }
            Input::Clip { call, clip } => self.with_calls(now, |calls, around| calls.on_clip(around, call, clip)),
            Input::Silent { call, recording, spoken } => {
                self.with_calls(now, |calls, around| calls.on_silence(around, call, recording, spoken));
            }
            Input::RestoreLamps(stored) => self.restore_lamps(now, stored),
            Input::Order { extension, to } => {
                let mut ordered = None;
                if !self.stopping {
                    self.with_calls(now, |calls, around| ordered = calls.order(around, &extension, &to));
                }
                self.outputs.push_back(Output::Ordered { call: ordered });
            }
            Input::Listen { call, extension, whispers } => {
                let mut listens = Err(call::ListenRefused::Full);
                if !self.stopping {
                    self.with_calls(now, |calls, around| listens = calls.listen(around, call, &extension, whispers));
                }
                self.outputs.push_back(Output::Listens(listens));
            }
            Input::HangUp { call } => self.hang_up(now, call),
            Input::TryTrunk { trunk, format } => self.with_calls(now, |calls, around| {
                calls.try_out(around, &trunk, format);
            }),
            Input::Notify { login, event } => self.notify(now, &login, &event),
            Input::AskPhone { login, contact } => self.ask_phone(now, &login, &contact),
            Input::Shutdown => {
                self.stopping = true;
                self.with_calls(now, |calls, around| calls.hang_up_all(around));
            }
            Input::Timeout => self.handle_timeout(now),
        }
        self.settle(now);
    }

    /// What there is to do; drain until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call again with [`Input::Timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let rooms = [
            self.stack.poll_timeout(),
            self.bindings.poll_timeout(),
            self.trunks.poll_timeout(),
            self.lamps.poll_timeout(),
            self.calls.poll_timeout(),
            self.books.poll_timeout(),
        ];
        rooms.into_iter().flatten().min()
    }

    /// The door before all others: whether a packet or a connection from there is taken in at all. What isn't is dropped without a
    /// trace, before its bytes are looked at.
    pub fn admit(&mut self, now: Instant, address: std::net::IpAddr) -> bool {
        self.ward.admit(now, address)
    }

    /// The judge in front of all, for the page and checkers.
    pub fn ward(&self) -> &guard::Ward {
        &self.ward
    }

    /// Calls that go on.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// The office in force.
    pub fn office(&self) -> &Arc<Office> {
        &self.office
    }

    /// The calls as they stand, for checkers' complaints.
    pub fn calls_in_detail(&self) -> &Calls {
        &self.calls
    }

    /// The subscriptions, for checkers and metrics.
    pub fn lamps(&self) -> &Lamps {
        &self.lamps
    }

    /// Free port pairs, for checkers.
    pub fn free_ports(&self) -> usize {
        self.books.free_ports()
    }

    /// The SIP stack, for checkers and metrics.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    fn wall(&self, now: Instant) -> WallTime {
        self.wall_at_zero + now.since(Instant::ZERO)
    }

    fn set_clock(&mut self, now: Instant, wall: WallTime) {
        let passed = i64::try_from(now.since(Instant::ZERO).as_millis()).unwrap_or(0);
        self.wall_at_zero = WallTime(wall.millis() - passed);
        self.with_calls(now, |calls, around| calls.limits_changed(around));
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.trunks.handle_timeout(now);
        self.lamps.handle_timeout(now);
        let changes = self.bindings.expire(now);
        self.note_bindings(now, changes);
        self.with_calls(now, |calls, around| calls.handle_timeout(around));
        self.judge_early(now);
    }

    fn change_office(&mut self, now: Instant, office: Arc<Office>) {
        self.office = office;
        self.trunks.office(now, &self.office);
        let office = Arc::clone(&self.office);
        let changes = self.bindings.keep_only(|aor| office.device_by_login(aor).is_some());
        self.note_bindings(now, changes);
        self.books.note_members_changed();
        self.show_office(now);
        self.show_home();
        self.with_calls(now, |calls, around| calls.limits_changed(around));
    }

    fn hang_up(&mut self, now: Instant, call: CallId) {
        self.with_calls(now, |calls, around| {
            calls.hang_up(around, call, "ended_by_admin");
        });
    }

    /// Lends everything to the calls for one act.
    fn with_calls(&mut self, now: Instant, act: impl FnOnce(&mut Calls, &mut Around<'_>)) {
        let mut around = Around {
            now,
            wall: self.wall_at_zero + now.since(Instant::ZERO),
            office: &self.office,
            plan: &self.plan,
            tones: &self.tones,
            codecs: &CODECS,
            stack: &mut self.stack,
            bindings: &self.bindings,
            trunks: &self.trunks,
            rng: &mut self.rng,
            outputs: &mut self.from_calls,
            books: &mut self.books,
        };
        act(&mut self.calls, &mut around);
    }

    /// Carries what the rooms say to one another, until none has anything left to say.
    fn settle(&mut self, now: Instant) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.stack.poll_output() {
                quiet = false;
                self.on_stack(now, output);
            }
            while let Some(output) = self.trunks.poll_output() {
                quiet = false;
                self.on_trunks(now, output);
            }
            while let Some(output) = self.lamps.poll_output() {
                quiet = false;
                self.on_lamps(now, output);
            }
            while let Some(output) = self.from_calls.pop_front() {
                quiet = false;
                self.on_calls(now, output);
            }
            if quiet {
                break;
            }
        }
        while let Some(event) = self.ward.poll_event() {
            self.on_ward(event);
        }
        self.with_calls(now, |calls, around| calls.tell_queues(around));
        while let Some(output) = self.from_calls.pop_front() {
            self.on_calls(now, output);
        }
    }

    fn on_stack(&mut self, now: Instant, output: stack::Output) {
        match output {
            stack::Output::Send { flow, bytes } => self.outputs.push_back(Output::Send { flow, bytes }),
            stack::Output::Request { txn, flow, request } => self.on_request(now, txn, flow, &request),
            stack::Output::Response { txn, response, .. } => {
                if !self.on_asked(txn, &response) && !self.trunks.handle_response(now, txn, &response) {
                    self.lamps.handle_response(now, txn, &response);
                }
            }
            stack::Output::Session { id, event } => {
                self.with_calls(now, |calls, around| calls.on_session(around, id, event));
            }
        }
    }

    fn on_trunks(&mut self, now: Instant, output: trunks::Output) {
        match output {
            trunks::Output::Resolve { query, name } => self.outputs.push_back(Output::Resolve { query, name }),
            trunks::Output::Request { order, draft, .. } => {
                let txn = self.stack.request(now, *draft);
                self.trunks.sent(order, txn);
            }
            trunks::Output::Found(server) => self.outputs.push_back(Output::Store(Record::Server(server))),
            trunks::Output::KeepAlive { flow } => {
                self.outputs.push_back(Output::Send { flow, bytes: trunks::Output::KEEP_ALIVE.to_vec() });
            }
            trunks::Output::State { trunk, state } => {
                let since = self.wall(now);
                self.outputs.push_back(Output::Live(Live::Trunk(live::TrunkView { name: trunk, state, since })));
            }
        }
    }

    fn on_calls(&mut self, now: Instant, output: call::Output) {
        let output = match output {
            call::Output::Media(command) => Output::Media(command),
            call::Output::Started(started) => Output::Store(Record::CallStarted(started)),
            call::Output::Leg(leg) => Output::Leg(leg),
            call::Output::Recording(begun) => Output::Recording(begun),
            call::Output::Step(step) => Output::Store(Record::CallStep(step)),
            call::Output::Changed(view) => Output::Live(Live::Call(view)),
            call::Output::Queue(view) => Output::Live(Live::Queue(view)),
            call::Output::Talks { number, talks } => return self.lamps.set_talks(now, &number, talks),
            call::Output::Missed(missed) => Output::Missed(missed),
            call::Output::Edit(edit) => Output::Edit(edit),
            call::Output::Shelf(order) => Output::Shelf(order),
            call::Output::Alarm(alarm) => Output::Alarm(alarm),
            call::Output::LastAnswered { group, member } => Output::Store(Record::LastAnswered { group, member }),
            call::Output::Emergency(emergency) => {
                let text = format!("{} calls {}", emergency.by, emergency.number);
                self.outputs.push_back(Output::Live(Live::Notice { what: "emergency_call", text }));
                let (extension, number) = (emergency.by.clone(), emergency.number.clone());
                self.outputs.push_back(Output::Alarm(guard::Alarm::EmergencyCall { extension, number }));
                Output::Emergency(emergency)
            }
            call::Output::Used(used) => Output::Store(Record::Used(used)),
            call::Output::Ended(ended) => {
                self.outputs.push_back(Output::Live(Live::CallEnded { call: ended.call, outcome: ended.outcome }));
                Output::Store(Record::CallEnded(ended))
            }
        };
        self.outputs.push_back(output);
    }

    /// A request outside of any dialog.
    fn on_request(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        if self.is_scanner(now, &flow, request) {
            return self.stack.ignore(txn);
        }
        match request.method {
            Method::Register => self.on_register(now, txn, flow, request),
            Method::Invite => self.on_invite(now, txn, flow, request),
            Method::Subscribe => self.on_subscribe(now, txn, flow, request),
            Method::Options => {
                let mut headers = Headers::new();
                headers.push(Name::Allow, ALLOW);
                headers.push(Name::Accept, "application/sdp");
                headers.push(Name::AllowEvents, lamp::EVENTS);
                self.answer_briefly(now, txn, flow, request, 200, headers);
            }
            _ => self.on_other(now, txn, flow, request),
        }
    }

    fn on_invite(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        if self.stopping {
            return self.unavailable(now, txn);
        }
        match self.origin(now, &flow, request) {
            Ok(origin) => {
                self.with_calls(now, |calls, around| calls.on_invite(around, txn, flow, origin, request));
            }
            Err(Refusal::Challenge) if self.may_be_a_carrier(&flow, request) => {
                self.early.push((txn, flow, request.clone()))
            }
            Err(refusal) => self.refuse(now, txn, &flow, request, refusal),
        }
    }

    /// Whether to wait with the challenge: at the start a carrier may call before its name has an address, and no carrier answers a
    /// challenge. Who claims to be a device of ours is asked at once.
    fn may_be_a_carrier(&self, flow: &Flow, request: &Request) -> bool {
        let claims =
            request.headers.contains(&Name::Authorization) || request.headers.contains(&Name::ProxyAuthorization);
        let from = request.headers.from().ok().and_then(|from| from.uri.user);
        // Strangers must not see the difference.
        let is_ours =
            self.ward.knows(flow.peer.ip()) && from.is_some_and(|user| self.office.device_by_login(&user).is_some());
        !claims && !is_ours && self.early.len() < limits::EARLY_CALLS && self.trunks.awaits_addresses()
    }

    /// A trunk's addresses have come, or don't: who called before is judged again.
    fn judge_early(&mut self, now: Instant) {
        for (txn, flow, request) in std::mem::take(&mut self.early) {
            self.on_invite(now, txn, flow, &request);
        }
    }

    /// Who sends this request. A proved device first: at home, a phone may share its address with a carrier's proxy.
    fn origin(&mut self, now: Instant, flow: &Flow, request: &Request) -> Result<Origin, Refusal> {
        let claims =
            request.headers.contains(&Name::Authorization) || request.headers.contains(&Name::ProxyAuthorization);
        if !claims && self.bindings.at(flow).is_none() {
            if let Some(trunk) = self.trunks.identify(&self.plan, flow, request) {
                return Ok(Origin::Trunk(trunk.to_owned()));
            }
        }
        let login = self.prove(now, flow, request)?;
        let Some((extension, device)) = self.office.device_by_login(&login) else { return Err(Refusal::Challenge) };
        if !guard::may_use(device, flow.peer.ip()) {
            return Err(Refusal::Forbidden);
        }
        Ok(Origin::Device { login, extension: extension.number.clone() })
    }

    fn unavailable(&mut self, now: Instant, txn: ServerTxn) {
        let mut headers = Headers::new();
        headers.push(Name::RetryAfter, "10");
        self.stack.respond(now, txn, 503, headers, Vec::new());
    }

    fn on_register(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        let login = match self.prove(now, &flow, request) {
            Ok(login) => login,
            Err(refusal) => {
                self.tell_refused(&flow, request, refusal);
                return self.refuse(now, txn, &flow, request, refusal);
            }
        };
        let allowed =
            self.office.device_by_login(&login).is_some_and(|(_, device)| guard::may_use(device, flow.peer.ip()));
        // one's own AOR only: RFC 3261 §10.3 step 4
        let own = request.headers.to().is_ok_and(|to| to.uri.user.as_deref() == Some(login.as_str()));
        if !allowed || !own {
            return self.refuse(now, txn, &flow, request, Refusal::Forbidden);
        }
        let wall = self.wall(now);
        match self.bindings.register(now, wall, &login, flow, request) {
            Ok(mut registered) => {
                registered.headers.push(Name::AllowEvents, lamp::EVENTS);
                self.stack.respond(now, txn, 200, registered.headers, Vec::new());
                self.note_bindings(now, registered.changes);
                self.with_calls(now, |calls, around| calls.look_at_groups(around));
            }
            Err(error) => self.stack.respond(now, txn, error.status(), error.headers(), Vec::new()),
        }
    }

    /// MESSAGE and the like outside of dialogs: strangers are challenged, our own phones hear what we don't do.
    fn on_other(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        match self.prove(now, &flow, request) {
            Err(refusal) => self.refuse(now, txn, &flow, request, refusal),
            Ok(_) => {
                let mut headers = Headers::new();
                headers.push(Name::Allow, ALLOW);
                self.stack.respond(now, txn, 405, headers, Vec::new());
            }
        }
    }

    fn note_bindings(&mut self, now: Instant, changes: Vec<Change>) {
        let mut touched: Vec<String> = Vec::new();
        for change in changes {
            let aor = match &change {
                Change::Kept(binding) => binding.aor.clone(),
                Change::Gone { aor, .. } => aor.clone(),
            };
            if !touched.contains(&aor) {
                touched.push(aor);
            }
            self.outputs.push_back(Output::Store(match change {
                Change::Kept(binding) => Record::Binding(binding),
                Change::Gone { aor, contact } => Record::BindingGone { aor, contact },
            }));
        }
        if !touched.is_empty() {
            self.show_phones();
        }
        for login in touched {
            self.show_registration(now, &login);
            self.tell_registration(now, login);
        }
    }

    /// Who sends a proof that is wrong is a telephone with settings of another time or another exchange.
    fn tell_refused(&mut self, flow: &Flow, request: &Request, refusal: Refusal) {
        let user_agent = request.headers.get(&Name::UserAgent).unwrap_or_default();
        let is_wrong = matches!(refusal, Refusal::Challenge | Refusal::Wrong);
        if is_wrong && request.headers.contains(&Name::Authorization) && !user_agent.is_empty() {
            let login = request.headers.to().ok().and_then(|to| to.uri.user).unwrap_or_default();
            let (user_agent, peer) = (user_agent.to_owned(), flow.peer);
            self.outputs.push_back(Output::Live(Live::RegisterRefused { login, user_agent, peer }));
        }
    }

    fn tell_registration(&mut self, now: Instant, login: String) {
        let wall = self.wall(now);
        let contacts = self.bindings.contacts(&login).iter().map(|binding| live::ContactView {
            peer: binding.flow.peer,
            user_agent: binding.user_agent.clone(),
            expires_at: wall + binding.expires_at.since(now),
        });
        let contacts = contacts.collect();
        self.books.note_members_changed();
        self.outputs.push_back(Output::Live(Live::Registration { login, contacts }));
    }
}

/// How long calls may take to end when the exchange stops.
pub const STOP_GRACE: Duration = Duration::from_secs(2);
