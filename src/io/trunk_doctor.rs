//! Why a trunk does not work: looks at it from the name of its server to the sound of a call, one thing after the other, and stops
//! where nothing further can be told. What is found are [`Facts`]; [`verdict`] makes sentences of them.

mod verdict;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{CallId, Duration, Rng};
use crate::engine::live::{TrunkState, TrunkView};
use crate::io::clock;
use crate::io::doctor::first_server;
use crate::io::net::look_up;
use crate::io::out::{Distrust, OutError, Trust, handshake};
use crate::io::store::{HistoryFilter, HistoryRow, StoredStep};
use crate::office::{Authority, NumberFormat, Trunk};
use crate::sip::Transport;

pub use verdict::{Advice, Finding, Fix, State, Verdict, verdict};

/// The doctor's hands: what he may do to the exchange.
pub trait Patient: Send + Sync {
    /// The trunk's state.
    fn trunk(&self, name: &str) -> Option<TrunkView>;
    /// Orders a trial call by it: [`Input::TryTrunk`](crate::engine::Input::TryTrunk).
    fn try_trunk(&self, name: &str, format: Option<NumberFormat>);
    /// Rows of the history, newest first.
    fn rows(&self, filter: &HistoryFilter) -> Vec<HistoryRow>;
    /// The office's own authorities.
    fn authorities(&self) -> Vec<Authority>;
    /// The steps of a call.
    fn steps(&self, call: CallId) -> Vec<StoredStep>;
}

/// Where the server's name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// It has these addresses, with the transport of each.
    Found(Vec<(Transport, SocketAddr)>),
    /// The name is unknown.
    Unknown,
    /// No name server answers.
    Silent,
}

/// What the server's port says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// It answers.
    Answers,
    /// The machine says that nothing listens there.
    Refused,
    /// Nothing comes back.
    Silent,
    /// This machine knows no way there.
    NoRoute,
    /// It answers, and not as TLS.
    NoTls,
    /// It answers under TLS, and does not prove that it is the trunk's server.
    Doubtful(Doubt),
}

/// Why a server's certificate is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nobody whom we trust has signed it.
    Unknown,
    /// It is for another name.
    OtherName,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYet,
    /// Something else.
    Other,
}

/// A trial call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// How the number was written.
    pub format: NumberFormat,
    /// Its row.
    pub call: Option<CallId>,
    /// How far it came.
    pub end: TrialEnd,
}

/// How far a trial call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialEnd {
    /// It never left the box.
    NotPlaced,
    /// The carrier refused it with this status.
    Refused(u16),
    /// Nobody answered in time; whether it came in again.
    NoAnswer {
        /// It rang here.
        came_back: bool,
    },
    /// Answered.
    Answered {
        /// By the exchange itself, as it should; else by somebody or something at the carrier.
        came_back: bool,
        /// What the carrier sent was heard.
        heard: bool,
        /// What we sent came in again.
        sent: bool,
    },
}

/// All that was found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Of the server, or of the outbound proxy.
    pub names: Option<Names>,
    /// Of the first address.
    pub port: Option<Port>,
    /// The trunk's state when it was asked for.
    pub state: Option<TrunkState>,
    /// Calls, in order; the first one is written as the settings say.
    pub trials: Vec<Trial>,
    /// Nothing more will be found.
    pub done: bool,
}

/// An examination under way, or the last one.
#[derive(Clone, Debug)]
pub struct Examination {
    /// As the trunk was then.
    pub trunk: Trunk,
    facts: Arc<Mutex<Facts>>,
}

impl Examination {
    /// Begins on a thread of its own, which ends by itself: names, a state, a knock and three trials have their time.
    ///
    /// # Errors
    /// When there is no thread.
    pub fn begin(patient: Arc<dyn Patient>, trunk: Trunk) -> std::io::Result<Self> {
        let facts = Arc::new(Mutex::new(Facts::default()));
        let examination = Self { trunk: trunk.clone(), facts: Arc::clone(&facts) };
        let work = move || {
            examine(&*patient, &trunk, &facts);
            update(&facts, |facts| facts.done = true);
        };
        std::thread::Builder::new().name("trunk-doctor".to_owned()).spawn(work)?;
        Ok(examination)
    }

    /// What is known by now.
    pub fn facts(&self) -> Facts {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn update(facts: &Mutex<Facts>, change: impl FnOnce(&mut Facts)) {
    change(&mut facts.lock().unwrap_or_else(PoisonError::into_inner));
}

fn examine(patient: &dyn Patient, trunk: &Trunk, facts: &Mutex<Facts>) {
    let names = resolve(trunk);
    let first = match &names {
        Names::Found(found) => found.first().copied(),
        Names::Unknown | Names::Silent => None,
    };
    update(facts, |facts| facts.names = Some(names));
    let Some((transport, address)) = first else { return };
    let state = settled(patient, &trunk.name);
    let answers = matches!(
        state,
        Some(
            TrunkState::Registered
                | TrunkState::Reachable
                | TrunkState::WrongPassword { .. }
                | TrunkState::Refused { .. }
        )
    );
    let port = if answers { Port::Answers } else { knock(patient, trunk, transport, address) };
    update(facts, |facts| (facts.port, facts.state) = (Some(port), state.clone()));
    if !matches!(state, Some(TrunkState::Registered | TrunkState::Reachable)) {
        return;
    }
    let forms = [NumberFormat::E164, NumberFormat::Plus, NumberFormat::National];
    let others = forms.into_iter().filter(|form| *form != trunk.number_format);
    for form in std::iter::once(trunk.number_format).chain(others) {
        let trial = try_out(patient, trunk, form);
        let further = matches!(trial.end, TrialEnd::Refused(status) if verdict::may_be_the_form(status));
        update(facts, |facts| facts.trials.push(trial));
        if !further {
            return;
        }
    }
}

/// Where the first server of a trunk is, as a call would find it.
pub(super) fn resolve(trunk: &Trunk) -> Names {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(seed)) = (runtime, clock::entropy()) else { return Names::Silent };
    match runtime.block_on(look_up(&first_server(trunk), &mut Rng::from_entropy(seed))) {
        Ok(found) if found.is_empty() => Names::Unknown,
        Ok(found) => Names::Found(found),
        Err(()) => Names::Silent,
    }
}

/// The trunk's state, once it has one.
fn settled(patient: &dyn Patient, name: &str) -> Option<TrunkState> {
    let clock = clock::Clock::start();
    let until = clock.now() + SETTLING;
    loop {
        let state = patient.trunk(name).map(|view| view.state).filter(|state| *state != TrunkState::Starting);
        if state.is_some() || clock.now() > until {
            return state;
        }
        std::thread::sleep(GLANCE);
    }
}

/// Whether anything answers at an address: a connection, or any answer to OPTIONS.
fn knock(patient: &dyn Patient, trunk: &Trunk, transport: Transport, address: SocketAddr) -> Port {
    let answer = match transport {
        Transport::Udp => knock_udp(address),
        Transport::Tcp | Transport::Tls => TcpStream::connect_timeout(&address, KNOCK).map(drop),
    };
    match answer {
        Ok(()) if transport == Transport::Tls => {
            let trust = Trust::new(&patient.authorities());
            of_handshake(handshake(address, &first_server(trunk).host, &trust))
        }
        Ok(()) => Port::Answers,
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused => Port::Refused,
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable => Port::NoRoute,
            _ => Port::Silent,
        },
    }
}

/// What a handshake says of who is there.
fn of_handshake(result: Result<(), OutError>) -> Port {
    match result {
        Ok(()) => Port::Answers,
        Err(OutError::Certificate(why)) => Port::Doubtful(match why {
            Distrust::Unknown => Doubt::Unknown,
            Distrust::OtherName => Doubt::OtherName,
            Distrust::Expired => Doubt::Expired,
            Distrust::NotYet => Doubt::NotYet,
            Distrust::Other(_) => Doubt::Other,
        }),
        Err(_) => Port::NoTls,
    }
}

fn knock_udp(address: SocketAddr) -> std::io::Result<()> {
    let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(KNOCK))?;
    let host = address.ip();
    let us = socket.local_addr()?;
    let ask = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{0:08x};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{host}>;tag={0:08x}\r\nTo: <sip:{address}>\r\nCall-ID: {0:08x}@{1}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n",
        us.port(),
        us.ip()
    );
    socket.send(ask.as_bytes())?;
    socket.recv(&mut [0; 2048]).map(drop)
}

fn try_out(patient: &dyn Patient, trunk: &Trunk, format: NumberFormat) -> Trial {
    let filter =
        HistoryFilter { from: Some(clock::wall()), number: Some(trunk.number.clone()), ..HistoryFilter::default() };
    patient.try_trunk(&trunk.name, Some(format));
    let clock = clock::Clock::start();
    let until = clock.now() + TRIAL;
    loop {
        std::thread::sleep(GLANCE);
        let rows = patient.rows(&filter);
        let out = rows.iter().find(|row| is_trial(row, trunk, "outbound"));
        let ended = out.is_some_and(|row| row.ended_at.is_some());
        if ended || clock.now() > until {
            // the far end's row is complete a little later
            std::thread::sleep(FAR_END);
            let rows = patient.rows(&filter);
            let out = rows.iter().find(|row| is_trial(row, trunk, "outbound"));
            let back = rows.iter().find(|row| row.direction == "inbound" && is_ours(patient, row));
            let end = out.map_or(TrialEnd::NotPlaced, |row| end_of(&patient.steps(row.call), row, back));
            return Trial { format, call: out.map(|row| row.call), end };
        }
    }
}

fn is_trial(row: &HistoryRow, trunk: &Trunk, direction: &str) -> bool {
    row.direction == direction && row.caller == trunk.number && row.called == trunk.number
}

/// The far end of a trial says so in its story.
fn is_ours(patient: &dyn Patient, row: &HistoryRow) -> bool {
    patient.steps(row.call).iter().any(|step| step.what == "service" && step.detail["service"] == "trial")
}

fn end_of(steps: &[StoredStep], out: &HistoryRow, back: Option<&HistoryRow>) -> TrialEnd {
    let came_back = back.is_some();
    if out.answered_at.is_some() {
        let heard =
            |row: &HistoryRow| row.quality.as_ref().is_some_and(|quality| quality[0]["received"].as_u64() > Some(0));
        return TrialEnd::Answered { came_back, heard: heard(out), sent: back.is_some_and(heard) };
    }
    let refused = steps.iter().rev().find(|step| step.what == "not_taken");
    let status = refused.and_then(|step| step.detail["status"].as_u64()).and_then(|status| u16::try_from(status).ok());
    match status {
        Some(408 | 480 | 487) | None if steps.iter().any(|step| step.what == "trunk") => {
            TrialEnd::NoAnswer { came_back }
        }
        Some(status) if steps.iter().any(|step| step.what == "trunk") => TrialEnd::Refused(status),
        _ => TrialEnd::NotPlaced,
    }
}

/// How long a trunk may be on its way to a state.
const SETTLING: Duration = Duration::from_secs(12);
/// How long a server's answer is awaited.
const KNOCK: Duration = Duration::from_secs(3);
/// How long a trial may take: it rings for 30 s, and speaks for some seconds.
const TRIAL: Duration = Duration::from_secs(60);
/// How long after the near end of a trial the far end's row is complete.
const FAR_END: Duration = Duration::from_millis(1_500);
/// Between looks.
const GLANCE: Duration = Duration::from_millis(300);
