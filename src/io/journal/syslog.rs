//! The log as it is written, to a server of syslog: RFC 5424 in datagrams (RFC 5426) or over a connection with octet counting
//! (RFC 6587 §3.4.1). A thread of its own sends it, from a queue of bounded size: what does not fit while the server is away is
//! counted, and said when it is back. Nobody who logs ever waits. Nothing protects it on its way, so it stays in the own network.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Journal, Level, Line};
use crate::base::WallTime;
use crate::io::clock::Stopwatch;
use crate::io::out::{self, OutError, Outgoing};
use crate::office::{SYSLOG_PORT, Syslog, SyslogTransport};

/// How the sending stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It is switched off.
    #[default]
    Off,
    /// Nothing was sent yet.
    Starting,
    /// The last line went out.
    Sending,
    /// It did not.
    Failing(OutError),
}

/// The way to the thread. Clones share it.
#[derive(Clone, Debug)]
pub struct SyslogHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    journal: Journal,
    outgoing: Outgoing,
    present: Mutex<Present>,
}

#[derive(Debug, Default)]
struct Present {
    settings: Syslog,
    /// Of the thread that sends, when there is one.
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

impl SyslogHandle {
    /// Nothing is sent until [`set`](Self::set). `outgoing` says where servers may be.
    pub fn new(journal: Journal, outgoing: Outgoing) -> Self {
        let outgoing = Outgoing { home_only: true, ..outgoing };
        Self(Arc::new(Shared { journal, outgoing, present: Mutex::default() }))
    }

    /// From now on the log goes there, or nowhere.
    pub fn set(&self, settings: &Syslog) {
        let mut present = self.present();
        if present.settings == *settings {
            return;
        }
        present.stop.store(true, Ordering::Relaxed);
        self.0.journal.untap();
        *present = Present { settings: settings.clone(), ..Present::default() };
        if settings.enabled {
            self.start(&present);
        }
    }

    /// How it stands.
    pub fn state(&self) -> State {
        lock(&self.present().state).clone()
    }

    fn start(&self, present: &Present) {
        let (sender, inbox) = sync_channel(QUEUE);
        let post = Post {
            settings: present.settings.clone(),
            outgoing: self.0.outgoing,
            journal: self.0.journal.clone(),
            state: Arc::clone(&present.state),
            stop: Arc::clone(&present.stop),
            host: host_name(),
        };
        *lock(&present.state) = State::Starting;
        match std::thread::Builder::new().name("syslog".to_owned()).spawn(move || post.run(&inbox)) {
            Ok(_) => {
                self.0.journal.tap(sender);
                // the first line that goes there: whoever switched it on sees at once whether it arrives
                tracing::info!(server = present.settings.server, "syslog: the log is sent there from now on");
            }
            Err(error) => *lock(&present.state) = State::Failing(OutError::Lost(error.to_string())),
        }
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.0.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Post {
    settings: Syslog,
    outgoing: Outgoing,
    journal: Journal,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    host: String,
}

impl Post {
    fn run(&self, inbox: &Receiver<Arc<Line>>) {
        let mut line = None;
        let mut wait = SHORTEST_WAIT;
        while !self.stops() {
            match self.connect().and_then(|mut way| self.send_all(&mut way, inbox, &mut line, &mut wait)) {
                Ok(()) => {}
                Err(error) => {
                    self.becomes(State::Failing(error));
                    let waited = Stopwatch::start();
                    while waited.elapsed() < wait && !self.stops() {
                        std::thread::sleep(TICK);
                    }
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Sends until the way breaks, is old, or nobody wants it any more. `line` is what is not sent yet.
    fn send_all(
        &self,
        way: &mut Way,
        inbox: &Receiver<Arc<Line>>,
        line: &mut Option<Arc<Line>>,
        wait: &mut Duration,
    ) -> Result<(), OutError> {
        let age = Stopwatch::start();
        while !self.stops() && age.elapsed() < LOOK_UP_EVERY {
            if line.is_none() {
                *line = match inbox.recv_timeout(TICK) {
                    Ok(line) => Some(line),
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => {
                        self.stop.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                };
            }
            if let Some(next) = line.as_ref() {
                way.send(&message(next, &self.host))?;
            }
            *line = None;
            *wait = SHORTEST_WAIT;
            self.becomes(State::Sending);
            let missed = self.journal.missed();
            if missed > 0 {
                tracing::warn!(lines = missed, "syslog: lines were not sent, as the server was away");
            }
        }
        Ok(())
    }

    fn becomes(&self, state: State) {
        let mut present = lock(&self.state);
        if *present == state {
            return;
        }
        let before = std::mem::replace(&mut *present, state.clone());
        drop(present);
        match (before, state) {
            (State::Failing(_), State::Sending) => tracing::info!("syslog: the log is sent again"),
            (State::Failing(_), _) => {}
            (_, State::Failing(error)) => tracing::warn!(%error, "syslog: the log can't be sent"),
            _ => {}
        }
    }

    fn connect(&self) -> Result<Way, OutError> {
        let (host, port) = host_and_port(&self.settings.server);
        let places = out::places(host, port, self.outgoing)?;
        let mut last = OutError::NoName(host.to_owned());
        for place in places {
            match Way::open(self.settings.transport, place) {
                Ok(way) => return Ok(way),
                Err(error) => last = out::refused(&error, place),
            }
        }
        Err(last)
    }
}

enum Way {
    Udp(UdpSocket, SocketAddr),
    Tcp(TcpStream, SocketAddr),
}

impl Way {
    fn open(transport: SyslogTransport, place: SocketAddr) -> io::Result<Self> {
        match transport {
            SyslogTransport::Udp => {
                let any: SocketAddr = if place.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
                let socket = UdpSocket::bind(any)?;
                // connected, so that the kernel tells when nobody listens there
                socket.connect(place)?;
                Ok(Self::Udp(socket, place))
            }
            SyslogTransport::Tcp => {
                let stream = TcpStream::connect_timeout(&place, CONNECT_TIME)?;
                stream.set_write_timeout(Some(CONNECT_TIME))?;
                Ok(Self::Tcp(stream, place))
            }
        }
    }

    fn send(&mut self, message: &str) -> Result<(), OutError> {
        match self {
            Self::Udp(socket, place) => socket.send(message.as_bytes()).map(drop).map_err(|e| out::refused(&e, *place)),
            Self::Tcp(stream, place) => {
                let framed = format!("{} {message}", message.len());
                is_open(stream).and_then(|()| stream.write_all(framed.as_bytes())).map_err(|e| out::refused(&e, *place))
            }
        }
    }
}

/// A server that has closed takes one more line without a word.
fn is_open(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    match seen {
        Ok(0) => Err(ErrorKind::ConnectionReset.into()),
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// A name or an address in its brackets, and the port.
fn host_and_port(server: &str) -> (&str, u16) {
    let digits = server.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match digits {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port),
        _ => (server, SYSLOG_PORT),
    }
}

/// RFC 5424 §6. The byte order mark is there where the text is more than ASCII (§6.4).
fn message(line: &Line, host: &str) -> String {
    let severity = match line.level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    };
    let priority = DAEMON * 8 + severity;
    let (at, process) = (time(line.at), std::process::id());
    let mut text = format!("{}: {}", line.target, line.text);
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    let mark = if text.is_ascii() { "" } else { "\u{feff}" };
    let mut message = format!("<{priority}>1 {at} {host} dozvon {process} - - ");
    let _ = write!(message, "{mark}{text}"); // a String takes all
    message
}

fn time(at: WallTime) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// As machines of the network call us: RFC 5424 §6.2.4, visible ASCII, or `-`.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    let is_plain = !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { name.to_owned() } else { "-".to_owned() }
}

/// RFC 5424 §6.2.1: system daemons.
const DAEMON: u32 = 3;
/// Lines that wait for the server.
const QUEUE: usize = 2_000;
/// The longest text of a line. Bytes; with its head every receiver takes it (RFC 5425 §4.3.1: 2048).
const LONGEST: usize = 1_900;
/// How often a thread that waits looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(250);
/// For a connection, and for one line.
const CONNECT_TIME: Duration = Duration::from_secs(4);
/// Between tries, doubled at each.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A name may lead elsewhere by now.
const LOOK_UP_EVERY: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
