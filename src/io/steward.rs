//! The steward: the one process of root's on the box. It mounts, supervises the exchange, feeds the watchdog, keeps network and clock,
//! and does what the exchange, which may do none of that, asks by [`Order`](crate::machine::Order).

mod begin;
pub mod client;
pub mod clock;
mod disk;
mod door;
mod exchange;
pub mod gauges;
pub mod heartbeat;
mod journal;
mod kept;
mod kernel;
mod network;
mod places;
mod shares;
mod slots;
mod watchdog;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use nix::sys::reboot::{RebootMode, reboot};
use tokio::signal::unix::{SignalKind, signal};

pub use begin::become_program;
pub use journal::KernelLog;
pub use places::Places;

use super::clock::Clock;
use crate::base::{Duration, Instant};
use crate::engine::STOP_GRACE;
use crate::machine::liveness::Liveness;
use crate::machine::trial::Why;
use crate::machine::{Network, Reason, State, reason, settings};
use exchange::Exchange;
use kept::Kept;
use network::Ports;
use watchdog::{Fast, Watchdog};

/// What comes of an order: it is done, or why not.
type Outcome = Result<(), Reason>;

/// How often the exchange is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What the exchange gets beyond its own grace for calls, to write all down.
const WRITES_WITHIN: Duration = Duration::from_secs(10);
/// A release on trial that can't have the data partition is given up after so long.
const DATA_WITHIN: Duration = Duration::from_secs(30);

/// What the loop hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The exchange has turned so often.
    Turned(u64),
    /// The box goes on so.
    End(End),
}

/// How the box goes on after the steward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The machine starts anew.
    Restart,
    /// The machine is switched off.
    ShutDown,
    /// Whoever stopped the steward knows.
    Stopped,
}

/// What all threads of the steward share.
struct Steward {
    places: Places,
    kept: Arc<Kept>,
    ports: Ports,
    clock: clock::Keeper,
    gauges: gauges::Gauges,
    events: Sender<Event>,
    /// Whether there is a data partition: without it, only what mends that is done.
    has_data: bool,
}

impl Steward {
    /// How the machine is.
    fn state(&self) -> State {
        let kept = self.kept.get();
        let mut state = State {
            host_name: kept.host_name,
            network: self.ports.seen().network,
            confirm_within: self.ports.confirm_within(),
            time_servers: kept.time.servers,
            time_served: kept.time.serve,
            watchdog: watchdog::name(&self.places),
            ..State::default()
        };
        slots::fill(&self.places, &mut state);
        self.gauges.fill(&mut state);
        shares::fill(&self.places, &mut state);
        self.clock.fill(&mut state);
        state
    }

    fn set_host_name(&self, name: String) -> Outcome {
        if !settings::is_host_name(&name) {
            return Err(reason(
                "имя станции: латинские буквы, цифры и дефисы внутри, не больше 63 знаков",
                "a host name is letters, digits and inner hyphens, at most 63",
            ));
        }
        self.kept.change(|kept| kept.host_name = name)?;
        self.tell_kernel_host_name();
        Ok(())
    }

    fn tell_kernel_host_name(&self) {
        let path = self.places.proc.join("sys/kernel/hostname");
        if let Err(error) = std::fs::write(path, self.kept.get().host_name) {
            tracing::warn!(%error, "the kernel has another host name");
        }
    }

    fn set_time(&self, servers: Vec<String>, serve: bool) -> Outcome {
        if servers.len() > settings::MOST_TIME_SERVERS || !servers.iter().all(|name| settings::is_time_server(name)) {
            return Err(reason(
                "серверы времени: имена или адреса, не больше восьми",
                "time servers are names or addresses, at most eight",
            ));
        }
        let time = settings::Time { servers, serve };
        self.kept.change(|kept| kept.time = time.clone())?;
        self.clock.set(&time)
    }

    fn take_network(&self, network: Network, confirm_within: u32) -> Outcome {
        self.ports.take(network, confirm_within)
    }

    /// Without a data partition it is made anew at once; otherwise the next start empties it.
    fn forget_everything(&self) -> Outcome {
        if !self.has_data {
            return disk::make_data_anew(&self.places);
        }
        disk::mark(&self.places.data).map_err(|error| not_noted(&error))
    }

    /// What the kernel has said since it started.
    fn kernel_log(&self) -> Result<String, Reason> {
        let told = |error| reason(format!("журнал ядра: {error}"), format!("the kernel's log: {error}"));
        kernel::log(&self.places.dev.join("kmsg")).map_err(told)
    }
}

/// Keeps the box until it ends.
///
/// # Errors
/// When it can't begin.
pub fn run(places: Places) -> io::Result<()> {
    let clock = Clock::start();
    // The last that the kernel ends when memory is short.
    let _ = std::fs::write("/proc/self/oom_score_adj", "-900");
    std::fs::create_dir_all(places.run.join("dozvon"))?;
    let mut watchdog = Watchdog::open(&places);
    clock::lift(&places);
    let data = disk::open(&places, &mut || watchdog.feed(clock.now()));
    if let Err(why) = &data {
        say(&places, why);
    }
    let (events, inbox) = channel();
    let kept = Arc::new(Kept::read(&places));
    let steward = Arc::new(Steward {
        clock: clock::Keeper::start(&places, &kept.get().time),
        ports: Ports::start(&places, &kept, clock)?,
        gauges: gauges::Gauges::at(places.clone()),
        has_data: data.is_ok(),
        events: events.clone(),
        kept,
        places,
    });
    steward.tell_kernel_host_name();
    if steward.has_data {
        // Before the exchange: the last trial may have left it another database.
        slots::settle(&steward.places);
    }
    slots::watch_trial(&steward)?;
    door::open(&steward)?;
    if steward.places.is_image {
        shares::watch(&steward.places)?;
    }
    hear_signals(events)?;
    let liveness = Liveness::new(clock.now());
    let fast = Fast::new(&steward.places);
    let rounds = Rounds { liveness, steward, exchange: None, watchdog, fast, clock, office: None };
    rounds.go(&inbox)
}

/// The loop's own.
struct Rounds {
    steward: Arc<Steward>,
    liveness: Liveness,
    exchange: Option<Exchange>,
    watchdog: Watchdog,
    fast: Fast,
    clock: Clock,
    /// Where the office is, as the clock's keeper knows it.
    office: Option<(String, Ipv4Addr)>,
}

impl Rounds {
    fn go(mut self, inbox: &Receiver<Event>) -> io::Result<()> {
        let begun = self.clock.now();
        let mut grown = false;
        loop {
            let now = self.clock.now();
            if self.steward.has_data {
                self.look_after_exchange(now);
            } else if now.since(begun) >= DATA_WITHIN && is_on_trial(&self.steward.places) {
                // A release that can't read the data is none.
                return self.end(End::Restart);
            }
            self.feed(now);
            if self.exchange.is_some() && !grown {
                // Takes its time on a large disk, and nobody waits for it.
                grown = true;
                let places = self.steward.places.clone();
                std::thread::Builder::new().name("growth".to_owned()).spawn(move || disk::grow(&places))?;
            }
            self.look_after_clock();
            match inbox.recv_timeout(LOOK_EVERY) {
                Ok(Event::Turned(turns)) => self.on_turn(turns),
                Ok(Event::End(end)) => return self.end(end),
                Err(_) => {}
            }
        }
    }

    fn on_turn(&mut self, turns: u64) {
        let lived = self.liveness.lives();
        self.liveness.turned(self.clock.now(), turns);
        if !lived && self.liveness.lives() {
            tracing::info!("the exchange lives");
        }
    }

    fn feed(&mut self, now: Instant) {
        if self.liveness.lives() {
            self.fast.end();
        }
        let is_fed = !self.steward.has_data || self.liveness.is_fed(now);
        if is_fed || !self.fast.is_kept(|| is_on_trial(&self.steward.places)) {
            self.watchdog.feed(now);
        }
    }

    /// Time servers are asked again, and telephones are told, where the office is now.
    fn look_after_clock(&mut self) {
        let office = self.steward.ports.seen().office;
        if office != self.office {
            if let Some((interface, _)) = &office {
                self.steward.clock.network(interface);
            }
            self.office = office;
        }
    }

    /// An exchange that only ends has nobody who could judge its version; the end of the trial would be long to wait for.
    fn give_up_hopeless_trial(&self) {
        let steward = &self.steward;
        if !self.liveness.keeps_ending() || !is_on_trial(&steward.places) {
            return;
        }
        tracing::error!("the version on trial ends again and again");
        match slots::give_up(&steward.places, &Why::Silent.to_string()) {
            Ok(()) => drop(steward.events.send(Event::End(End::Restart))),
            Err([_, error]) => tracing::error!(error, "the trial can't be ended; its own end will do that"),
        }
    }

    fn look_after_exchange(&mut self, now: Instant) {
        if self.exchange.as_mut().is_some_and(Exchange::has_ended) {
            self.exchange = None;
            self.liveness.ended(now);
            self.give_up_hopeless_trial();
        }
        if let Some(exchange) = &mut self.exchange
            && self.liveness.hangs(now)
        {
            tracing::error!("the exchange does not turn any more and is ended");
            exchange.kill();
        }
        if self.exchange.is_none() && self.liveness.is_due(now) {
            match Exchange::start(&self.steward.places) {
                Ok(exchange) => {
                    self.exchange = Some(exchange);
                    self.liveness.started(now);
                }
                Err(error) => {
                    tracing::error!(%error, "the exchange can't be started");
                    self.liveness.ended(now);
                }
            }
        }
    }

    /// In good order: the exchange says good-bye to its calls, all is written, nothing is open.
    fn end(mut self, end: End) -> io::Result<()> {
        tracing::info!(?end, "the box ends");
        self.end_exchange();
        self.steward.ports.stop();
        self.steward.clock.stop();
        shares::stop(&self.steward.places);
        disk::close(&self.steward.places);
        let mode = match end {
            End::Restart => RebootMode::RB_AUTOBOOT,
            End::ShutDown => RebootMode::RB_POWER_OFF,
            End::Stopped => {
                self.watchdog.close();
                return Ok(());
            }
        };
        if end == End::ShutDown {
            self.watchdog.close();
        } else {
            // It stays awake: a machine that does not find its way down is started anew by it.
            self.watchdog.feed_now();
        }
        if !self.steward.places.is_image {
            return Ok(());
        }
        reboot(mode).map(|never| match never {}).map_err(io::Error::from)
    }

    fn end_exchange(&mut self) {
        let Some(mut exchange) = self.exchange.take() else { return };
        exchange.stop();
        let until = self.clock.now() + STOP_GRACE + WRITES_WITHIN;
        while !exchange.has_ended() {
            let now = self.clock.now();
            if now >= until {
                tracing::error!("the exchange does not end by itself");
                exchange.kill();
            }
            self.watchdog.feed(now);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The disk does not take a mark.
fn not_noted(error: &io::Error) -> Reason {
    reason(format!("это не записать на диск: {error}"), format!("it can't be noted: {error}"))
}

fn is_on_trial(places: &Places) -> bool {
    let mut state = State::default();
    slots::fill(places, &mut state);
    state.on_trial
}

/// SIGTERM and SIGINT end the steward in good order.
fn hear_signals(events: Sender<Event>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let wait = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let thread = move || {
        runtime.block_on(wait);
        let _ = events.send(Event::End(End::Stopped));
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(thread)?;
    Ok(())
}

/// To whoever sits at the console, and into the log.
fn say(places: &Places, what: &str) {
    tracing::error!("{what}");
    exchange::write_on(&places.consoles, what);
}
