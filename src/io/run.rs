//! The one loop: wait, feed the engine, drain it. One thread does it, with SIP's sockets on it; sound, the disk, the page
//! and the console have threads of their own and are never waited for.

mod start;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep_until};

use super::accounts::FirstSignIn;
use super::certificate::CertificateError;
use super::clock::{self, Clock};
use super::config::Config;
use super::handle::{Beginning, Handle, HandleError, Order};
use super::http::Ground;
use super::journal::Journal;
use super::journal::syslog::SyslogHandle;
use super::mail::MailHandle;
use super::net::{self, LocalAddresses, Net, NetError, News, Wake};
use super::out::{Outgoing, Trust};
use super::phones;
use super::recordings::RecorderHandle;
use super::rtp::MediaHandle;
use super::signalling::{self, SignallingHandle};
use super::steward::heartbeat::{self, Heartbeat};
use super::store::{RUNNING, StoreError};
use super::update;
use super::voicemail::VoicemailHandle;
use super::webhooks::{self, Happening};
use super::{alarms, backup, control, licence};
use crate::base::{CallId, Duration, Instant, Rng, WallTime};
use crate::engine::live::Live;
use crate::engine::{Engine, EngineConfig, Input, ListenRefused, Output, Record, STOP_GRACE};
use crate::guard::limits::Usage;
use crate::guard::{Alarm, AtHome, Ban};
use crate::machine::trial;
use crate::media;

/// Why the exchange did not start: one sentence for the person at the console.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port of SIP.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The data directory and what is in it.
    #[error(transparent)]
    Data(#[from] HandleError),
    /// What proves the box under TLS.
    #[error("certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The page.
    #[error("{0}")]
    Web(String),
    /// Sound.
    #[error("ports {ports} for sound can't be opened ([rtp] ports): {why}")]
    Rtp {
        /// As configured.
        ports: String,
        /// What the kernel said.
        why: io::Error,
    },
    /// The socket for the console.
    #[error("control.sock: {0}")]
    Control(io::Error),
    /// Threads, signals.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl From<StoreError> for ServeError {
    fn from(error: StoreError) -> Self {
        Self::Data(error.into())
    }
}

/// Why the exchange has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Stopped,
    /// It is to be started anew.
    Anew,
}

/// Runs the exchange until SIGTERM or SIGINT, or until the page ends it or starts it anew. `journal` has the log.
///
/// # Errors
/// When it can't start. Once it runs, it ends only when it is told.
pub fn serve(config: &Config, journal: &Journal) -> Result<End, ServeError> {
    serve_beside(config, journal, |_, _| Ok(()))
}

/// As [`serve`], with something beside it: it is begun when all is open, before that is told, with the address at which SIP is taken and
/// that of the page. It ends after the exchange.
///
/// # Errors
/// As [`serve`], and when that something can't begin.
pub(super) fn serve_beside<T>(
    config: &Config,
    journal: &Journal,
    beside: impl FnOnce(SocketAddr, &str) -> io::Result<T>,
) -> Result<End, ServeError> {
    raise_descriptor_limit();
    let started_at = clock::wall();
    let clock = Clock::start();
    let mut rng = Rng::from_entropy(clock::entropy()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let signals = Signals::catch()?;
    // Ports first: the data directory is not touched by a start that comes to nothing.
    let mut net = Net::open(&config.sip, rng.fork())?;
    let (media_events, media_inbox) = mpsc::unbounded_channel();
    let taped = Arc::new(OnceLock::new());
    let media = start::media_plane(config, clock, rng.fork(), media_events, Arc::clone(&taped))?;
    // A version on trial must not mend what it has spoiled itself: the old one returns, and with it the database as it left that.
    let mut beginning = Handle::open_or_return(&config.paths.data, || !update::is_on_trial())?;
    if config.standby.litestream != Path::new("") {
        beginning.handle.store().follow(&config.standby.litestream, beginning.handle.data());
    }
    let outgoing = Outgoing::of(config.web.allow_local_outgoing);
    let mail = start::letters(&beginning.handle, outgoing)?;
    let voicemail = start::mailboxes(&beginning.handle, mail.clone())?;
    let recorder = start::recorder(&beginning.handle, voicemail.clone())?;
    let days = beginning.handle.office().recordings.signalling_days;
    let signalling = signalling::start(beginning.handle.store().clone(), days)?;
    beginning.handle.set_signalling(signalling.clone());
    let _ = taped.set(recorder.clone());
    let certificate = start::certificate(config, &beginning.handle)?;
    start::telephones(config, &net, &beginning.handle)?;
    let ground = Ground::of(config, journal.clone());
    let syslog = ground.syslog.clone();
    syslog.set(&beginning.handle.office().syslog);
    let web = start::web(ground, started_at, net.listens(), &beginning.handle, Arc::clone(&certificate));
    let page = page_url(config, web.as_ref().map_or(config.web.https, |web| web.https));
    if let Some(sign_in) = &beginning.first_sign_in {
        // Told even when the rest fails: the account is made.
        tell_first_sign_in(sign_in, &page);
    }
    let https = web?.https;
    net.trust(&Trust::new(&beginning.handle.office().authorities));
    net.open_tls(Arc::clone(&certificate))?;
    start::ways_to_us(config, &net, &beginning.handle, clock, rng.fork())?;
    control::serve(beginning.handle.clone()).map_err(ServeError::Control)?;
    licence::watch(&beginning.handle)?;
    let ready = format!("ready sip={} web={page}", net.listens().udp);
    // It would be made when the first one waits, and all calls with him.
    std::thread::Builder::new().name("melody".to_owned()).spawn(|| drop(Arc::clone(media::melody::built_in())))?;
    let keeping = Keeping { recorder, voicemail, mail, signalling, syslog };
    let listens = net.listens().udp;
    note_start(&beginning)?;
    if let Some(raised) = beginning.alarms.take() {
        alarms::start(&beginning.handle, raised, keeping.mail.clone(), Arc::clone(&certificate))?;
    }
    let handle = beginning.handle.clone();
    let mut exchange = Loop::new(beginning, net, (media, media_inbox), keeping, clock, rng);
    exchange.heartbeat = Heartbeat::start()?;
    // Those who are known from before are no news.
    handle.set_webhooks(webhooks::start(&handle, outgoing)?);
    update::start(&handle, update::Own { sip: listens, https })?;
    handle.set_backups(backup::start(&handle, outgoing)?);
    let beside = beside(listens, &page)?;
    // Not before the phones of the time before are known again.
    tell(&ready);
    runtime.block_on(exchange.run(signals));
    let end = if exchange.starts_anew { End::Anew } else { End::Stopped };
    exchange.close();
    drop(beside);
    Ok(end)
}

/// What the loop owns.
struct Loop {
    engine: Engine,
    net: Net,
    media: MediaHandle,
    media_inbox: mpsc::UnboundedReceiver<media::Event>,
    keeping: Keeping,
    orders: mpsc::UnboundedReceiver<Order>,
    handle: Handle,
    clock: Clock,
    outputs: VecDeque<Output>,
    /// Who waits for the id of the call that is being ordered.
    ordering: Option<Sender<Option<CallId>>>,
    /// And of the call of who is to listen in.
    listening: Option<Sender<Result<CallId, ListenRefused>>>,
    /// Who waits for the ban that was ordered.
    banning: Option<Sender<Result<Ban, AtHome>>>,
    /// And for the end of one.
    lifting: Option<Sender<bool>>,
    /// Who asks what calls with the city use up.
    asking_usage: Option<Sender<Usage>>,
    /// The calendar at the clock's zero, as the engine knows it.
    wall_at_zero: WallTime,
    wall_checked: Instant,
    /// It ends then, whatever calls do; `None`: nobody wants that.
    stop_at: Option<Instant>,
    /// On the box: the steward wants to know that the loop turns.
    heartbeat: Option<Heartbeat>,
    /// It was ordered to.
    starts_anew: bool,
}

/// Threads that keep what is said and signalled, or pass it on.
struct Keeping {
    recorder: RecorderHandle,
    voicemail: VoicemailHandle,
    mail: MailHandle,
    signalling: SignallingHandle,
    syslog: SyslogHandle,
}

impl Loop {
    fn new(
        beginning: Beginning,
        net: Net,
        (media, media_inbox): (MediaHandle, mpsc::UnboundedReceiver<media::Event>),
        keeping: Keeping,
        clock: Clock,
        rng: Rng,
    ) -> Self {
        let Beginning { handle, orders, bindings, subscriptions, servers, last_answered, bans, .. } = beginning;
        let (uses, allowances, plan) = (beginning.uses, beginning.allowances, beginning.plan);
        let now = clock.now();
        let wall_at_zero = at_zero(clock::wall(), now);
        let engine = Engine::new(EngineConfig { office: handle.office(), plan, wall_at_zero }, rng);
        let outputs = VecDeque::new();
        let mut new = Self {
            engine,
            net,
            media,
            media_inbox,
            keeping,
            orders,
            handle,
            clock,
            outputs,
            ordering: None,
            listening: None,
            banning: None,
            lifting: None,
            asking_usage: None,
            wall_at_zero,
            wall_checked: now,
            stop_at: None,
            heartbeat: None,
            starts_anew: false,
        };
        new.feed(now, Input::Licence(new.handle.licence().standing().allowance));
        new.feed(now, Input::RestoreServers(servers));
        new.feed(now, Input::RestoreBans(bans));
        let allowed = allowances.into_iter().map(|row| (row.extension, row.until)).collect();
        new.feed(now, Input::RestoreLimits { uses, allowed });
        new.feed(now, Input::Restore(bindings));
        new.feed(now, Input::RestoreLamps(subscriptions));
        new.feed(now, Input::LastAnswered(last_answered));
        new.act(now);
        new
    }

    async fn run(&mut self, mut signals: Signals) {
        let mut sleep =
            std::pin::pin!(sleep_until(tokio::time::Instant::from_std(self.clock.to_monotonic(Instant::ZERO))));
        let mut armed = None;
        let mut next_beat = Instant::ZERO;
        loop {
            let now = self.clock.now();
            if let Some(heartbeat) = &self.heartbeat {
                heartbeat.turn();
                if now >= next_beat {
                    next_beat = now + heartbeat::EVERY;
                }
            }
            if self.stop_at.is_some_and(|at| now >= at || self.is_quiet()) {
                return;
            }
            self.check_wall(now);
            let deadline = [self.engine.poll_timeout(), self.stop_at].into_iter().flatten().min();
            if deadline.is_some_and(|at| at <= now) {
                self.feed(now, Input::Timeout);
                self.act(now);
                continue;
            }
            // Where nothing happens the loop turns all the same, if somebody wants to know.
            let deadline = deadline.into_iter().chain(self.heartbeat.is_some().then_some(next_beat)).min();
            arm(sleep.as_mut(), &mut armed, deadline, self.clock);
            tokio::select! {
                biased;
                again = signals.stop() => {
                    if again > 1 {
                        return;
                    }
                    self.stop();
                }
                wake = self.net.wake() => self.on_wake(wake),
                Some(event) = self.media_inbox.recv() => self.on_media(event),
                Some(order) = self.orders.recv() => self.on_order(order),
                () = sleep.as_mut(), if deadline.is_some() => {}
            }
        }
    }

    fn on_wake(&mut self, wake: Wake) {
        let now = self.clock.now();
        // First, or a flood of messages would keep the ports for new calls waiting.
        self.take_media(now);
        match wake {
            Wake::Datagrams => {
                let (engine, outputs, signalling) = (&mut self.engine, &mut self.outputs, &self.keeping.signalling);
                let wall = self.wall_at_zero + now.since(Instant::ZERO);
                self.net.receive(|flow, bytes| {
                    if !engine.admit(now, flow.peer.ip()) {
                        return;
                    }
                    signalling.message(wall, flow, false, bytes);
                    feed(engine, outputs, now, Input::Packet { flow, bytes });
                });
            }
            Wake::Event(event) => {
                self.on_event(now, event);
                for _ in 0..AT_ONCE {
                    let Some(event) = self.net.try_event() else { break };
                    self.on_event(now, event);
                }
            }
        }
        self.act(now);
    }

    fn on_event(&mut self, now: Instant, event: net::Event) {
        if let net::Event::Accepted(.., peer) = &event
            && !self.engine.admit(now, peer.ip())
        {
            return; // closed with the event
        }
        for news in self.net.handle(event, &|address| self.engine.ward().knows(address)) {
            match news {
                News::Message(flow, _) if !self.engine.admit(now, flow.peer.ip()) => {
                    if !self.engine.ward().knows(flow.peer.ip()) {
                        self.net.close(flow);
                    }
                }
                News::Message(flow, bytes) => {
                    self.keeping.signalling.message(self.wall(now), flow, false, &bytes);
                    self.feed(now, Input::Packet { flow, bytes: &bytes });
                }
                News::Failed(flow) => self.feed(now, Input::FlowFailed { flow }),
                News::Resolved(query, hops) => self.feed(now, Input::Resolved { query, hops }),
            }
        }
    }

    fn on_media(&mut self, event: media::Event) {
        let now = self.clock.now();
        self.feed(now, Input::Media(event));
        self.take_media(now);
        self.act(now);
    }

    /// What the media thread has said meanwhile, some at a time.
    fn take_media(&mut self, now: Instant) {
        for _ in 0..AT_ONCE {
            let Ok(event) = self.media_inbox.try_recv() else { return };
            self.feed(now, Input::Media(event));
        }
    }

    fn on_order(&mut self, order: Order) {
        let now = self.clock.now();
        match order {
            Order::Licence(allowance) => self.feed(now, Input::Licence(allowance)),
            Order::Allow { extension, until } => self.feed(now, Input::Allow { extension, until }),
            Order::Usage(answer) => {
                self.asking_usage = Some(answer);
                self.feed(now, Input::Usage);
            }
            Order::Stop => self.stop(),
            Order::StartAnew => {
                self.starts_anew = true;
                self.stop();
            }
            Order::HangUp(call) => self.feed(now, Input::HangUp { call }),
            Order::TryTrunk(trunk, format) => self.feed(now, Input::TryTrunk { trunk, format }),
            Order::Call { extension, to, answer } => {
                self.ordering = Some(answer);
                self.feed(now, Input::Order { extension, to });
            }
            Order::Bans(answer) => drop(answer.send(self.engine.ward().bans(now))),
            Order::Ban(address, length, answer) => {
                self.banning = Some(answer);
                self.feed(now, Input::Ban { address, length });
            }
            Order::LiftBan(id, answer) => {
                self.lifting = Some(answer);
                self.feed(now, Input::LiftBan { id });
            }
            Order::Listen { call, extension, whispers, answer } => {
                self.listening = Some(answer);
                self.feed(now, Input::Listen { call, extension, whispers });
            }
            Order::Mailbox(extension, messages) => self.feed(now, Input::Mailbox { extension, messages }),
            Order::Notify { login, event } => self.feed(now, Input::Notify { login, event }),
            Order::AskPhone { login, contact } => self.feed(now, Input::AskPhone { login, contact }),
            Order::Clip(call, clip) => self.feed(now, Input::Clip { call, clip }),
            Order::Silent(call, recording, spoken) => self.feed(now, Input::Silent { call, recording, spoken }),
            Order::Office(office, plan) => {
                self.keeping.recorder.set(start::recording_settings(&office));
                self.keeping.signalling.keep(office.recordings.signalling_days);
                self.keeping.mail.office_changed();
                self.keeping.syslog.set(&office.syslog);
                self.net.trust(&Trust::new(&office.authorities));
                if let Some(plan) = plan {
                    self.feed(now, Input::Plan(plan));
                }
                self.feed(now, Input::Office(office));
            }
        }
        self.act(now);
    }

    fn feed(&mut self, now: Instant, input: Input<'_>) {
        feed(&mut self.engine, &mut self.outputs, now, input);
    }

    /// Does what the engine wants done, until it wants nothing more.
    fn act(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.outputs.pop_front() {
                match output {
                    Output::Send { flow, bytes } => {
                        self.keeping.signalling.message(self.wall(now), flow, true, &bytes);
                        self.net.send(flow, bytes);
                    }
                    Output::Leg(leg) => self.keeping.signalling.leg(leg),
                    Output::Media(command) => self.media.send(command),
                    Output::Recording(begun) => self.keeping.recorder.begin(begun.into()),
                    Output::Resolve { query, name } => self.net.resolve(query, name),
                    Output::Shelf(order) => self.handle.shelve(&self.keeping.recorder, order),
                    Output::Listens(result) => {
                        if let Some(answer) = self.listening.take() {
                            let _ = answer.send(result);
                        }
                    }
                    Output::Banned(result) => {
                        if let Some(answer) = self.banning.take() {
                            let _ = answer.send(result);
                        }
                    }
                    Output::Lifted(lifted) => {
                        if let Some(answer) = self.lifting.take() {
                            let _ = answer.send(lifted);
                        }
                    }
                    Output::Ordered { call } => {
                        if let Some(answer) = self.ordering.take() {
                            let _ = answer.send(call); // who waits no longer doesn't want it
                        }
                    }
                    Output::Missed(missed) => {
                        self.handle.happened(|| Happening::Missed(missed.clone()));
                        self.keeping.mail.missed_call(missed);
                    }
                    Output::Usage(usage) => {
                        if let Some(answer) = self.asking_usage.take() {
                            let _ = answer.send(usage); // who waits no longer doesn't want it
                        }
                    }
                    Output::PhoneAnswers { login, contact } => {
                        self.handle.updates().heard(|| trial::Input::Phone(trial::Phone { login, contact }));
                    }
                    Output::Emergency(emergency) => self.keeping.mail.emergency(emergency),
                    Output::Alarm(alarm) => self.handle.raise(alarm),
                    Output::Edit(edit) => self.handle.edit(edit),
                    Output::Store(record) => {
                        match &record {
                            Record::CallStarted(started) => {
                                self.handle.happened(|| Happening::Started(started.clone()))
                            }
                            Record::Binding(binding) => self.handle.updates().heard(|| {
                                let (login, contact) = (binding.aor.clone(), binding.contact.clone());
                                trial::Input::Phone(trial::Phone { login, contact })
                            }),
                            Record::CallEnded(ended) => {
                                self.keeping.signalling.ended(ended.call);
                                self.handle.happened(|| Happening::Ended(ended.clone()));
                            }
                            _ => {}
                        }
                        self.handle.store().record(record);
                    }
                    Output::Live(live) => {
                        self.notice_phone(&live);
                        if let Live::Trunk(trunk) = &live {
                            let (name, carries) = (trunk.name.clone(), update::carries(trunk));
                            self.handle.updates().heard(|| trial::Input::Trunk { name, carries });
                        }
                        if let Some(event) = self.handle.board().apply(live, self.wall(now)) {
                            self.handle.happened(|| Happening::Seen(event));
                        }
                    }
                }
            }
            match self.net.take_failed() {
                Some(flow) => self.feed(now, Input::FlowFailed { flow }),
                None => break,
            }
        }
        self.net.flush();
    }

    /// A telephone that registers says who it is, and one that tries to as well.
    fn notice_phone(&mut self, live: &Live) {
        if let Live::Registration { contacts, .. } = live {
            contacts.iter().for_each(|contact| self.net.keep(contact.peer));
        }
        let news = match live {
            Live::Registration { login, contacts } => contacts.last().map(|contact| phones::News::Registered {
                login: login.clone(),
                agent: contact.user_agent.clone(),
                address: contact.peer.ip(),
            }),
            Live::RegisterRefused { login, user_agent, peer } => {
                Some(phones::News::Refused { login: login.clone(), agent: user_agent.clone(), address: peer.ip() })
            }
            _ => None,
        };
        news.into_iter().for_each(|news| self.handle.phones().tell(news));
    }

    /// Tells calls and trunks that it ends; after [`STOP_GRACE`] it does whatever they do.
    fn stop(&mut self) {
        if self.stop_at.is_some() {
            return;
        }
        let now = self.clock.now();
        tracing::info!(calls = self.engine.calls(), "stopping");
        self.feed(now, Input::Shutdown);
        self.act(now);
        self.stop_at = Some(now + STOP_GRACE);
    }

    fn is_quiet(&self) -> bool {
        self.engine.calls() == 0 && self.engine.stack().sessions() == 0
    }

    /// Somebody set the clock, or the network did: the engine's calendar follows.
    fn check_wall(&mut self, now: Instant) {
        if now.since(self.wall_checked) < WALL_EVERY {
            return;
        }
        self.wall_checked = now;
        let wall = clock::wall();
        let drift = wall.millis().saturating_sub(self.wall(now).millis());
        if drift.abs() > WALL_DRIFT_MS {
            tracing::info!(milliseconds = drift, "the clock was set");
            self.wall_at_zero = at_zero(wall, now);
            self.feed(now, Input::Clock(wall));
            self.act(now);
        }
    }

    fn wall(&self, now: Instant) -> WallTime {
        self.wall_at_zero + now.since(Instant::ZERO)
    }

    /// After the loop: sound first, whose last numbers and recordings belong to rows that are on their way to the disk.
    fn close(self) {
        let Self { media, keeping: Keeping { recorder, voicemail, mail, signalling, .. }, handle, .. } = self;
        media.stop();
        if !recorder.close() {
            tracing::error!("recordings were not all written; the next start closes them");
        }
        voicemail.close();
        mail.close();
        signalling.close();
        if let Err(error) = handle.store().set_setting(RUNNING, "no") {
            tracing::warn!(%error, "the next start will take this end for a sudden one");
        }
        handle.store().close();
        control::close(handle.data());
    }
}

/// Whether the process before this one was stopped in order.
fn note_start(beginning: &Beginning) -> Result<(), StoreError> {
    let handle = &beginning.handle;
    let was_running = handle.store().setting(RUNNING)?.is_some_and(|text| text == "yes");
    if was_running || beginning.interrupted > 0 {
        handle.raise(Alarm::UncleanStart { calls: u32::try_from(beginning.interrupted).unwrap_or(u32::MAX) });
    }
    handle.store().set_setting(RUNNING, "yes")
}

/// One input, and what comes of it. A panic is a defect of ours that one packet has found: it ends with that packet.
fn feed(engine: &mut Engine, outputs: &mut VecDeque<Output>, now: Instant, input: Input<'_>) {
    let result = catch_unwind(AssertUnwindSafe(|| {
        engine.handle_input(now, input);
        while let Some(output) = engine.poll_output() {
            outputs.push_back(output);
        }
    }));
    if result.is_err() {
        tracing::error!("an input made the engine panic and was dropped; calls go on");
    }
}

fn arm(sleep: std::pin::Pin<&mut Sleep>, armed: &mut Option<Instant>, deadline: Option<Instant>, clock: Clock) {
    if let Some(at) = deadline
        && *armed != deadline
    {
        sleep.reset(tokio::time::Instant::from_std(clock.to_monotonic(at)));
        *armed = deadline;
    }
}

fn at_zero(wall: WallTime, now: Instant) -> WallTime {
    let since = i64::try_from(now.since(Instant::ZERO).as_millis()).unwrap_or(0);
    WallTime(wall.millis() - since)
}

/// SIGTERM and SIGINT stop us, SIGHUP does nothing: a service has no terminal to lose.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    _hang_up: Signal,
    count: u32,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _hang_up: signal(SignalKind::hangup())?,
            count: 0,
        })
    }

    /// Waits for a signal, and says how many there were.
    async fn stop(&mut self) -> u32 {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        self.count += 1;
        self.count
    }
}

/// Where a person finds the page: our address as the rest of the office sees it, when we listen everywhere.
fn page_url(config: &Config, https: SocketAddr) -> String {
    let mut address = https;
    if address.ip().is_unspecified() {
        // Any address outside will do: the kernel tells by which of ours it would be reached.
        let outside = IpAddr::from([192, 0, 2, 1]);
        address.set_ip(LocalAddresses::new(https, config.sip.advertise).towards(outside));
    }
    format!("https://{address}")
}

/// On stderr, and not through the log: it has neither level nor time.
fn tell(line: &str) {
    // In one piece: stderr is not buffered, and others write to it too.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The password must not reach a log that others read: under systemd stderr is the journal, and the console is for it.
pub(super) fn tell_first_sign_in(sign_in: &FirstSignIn, page: &str) {
    let Some(password) = &sign_in.password else {
        return tell(&format!("first sign-in: admin at {page}, with the password of DOZVON_ADMIN_PASSWORD"));
    };
    let line = format!("first sign-in: admin / {password} at {page}");
    if !stderr_is_journal() {
        return tell(&line);
    }
    let console = std::fs::OpenOptions::new().write(true).open("/dev/console");
    if console.and_then(|mut console| writeln!(console, "{line}")).is_err() {
        tell(
            "first sign-in: `dozvon user set-password admin` makes the password, since the journal is no place for one",
        );
    }
}

/// systemd tells device and inode of the stream that it connected to the journal.
fn stderr_is_journal() -> bool {
    let Ok(journal) = std::env::var("JOURNAL_STREAM") else { return false };
    let stderr = nix::sys::stat::fstat(io::stderr());
    stderr.is_ok_and(|stat| journal == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Each call takes descriptors for its sound; what the machine allows we take.
fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Events taken before timers and datagrams get their turn.
const AT_ONCE: usize = 64;
/// How often the calendar is compared.
const WALL_EVERY: Duration = Duration::from_secs(1);
/// A difference that is no more than the drift of a crystal is left to itself.
const WALL_DRIFT_MS: i64 = 500;
