//! The thread on which the simulated phones and the carrier live: their sockets and their clock. Everything stays on this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::SockRef;

use super::agents::{Agents, Cast, Output, Phone};
use super::script::{Input, Script};
use crate::base::limits::SIP_MESSAGE_BYTES;
use crate::base::{Duration, Instant, Rng};
use crate::io::clock::Clock;
use crate::office::Office;
use crate::sip::auth::Credentials;

/// The thread; it ends when this goes.
#[derive(Debug)]
pub(super) struct Street {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Street {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The carrier's socket: it must be known before the office is made.
pub(super) fn carrier() -> io::Result<UdpSocket> {
    bind(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 10)))
}

/// Plugs everybody in. `exchange` is where it takes SIP.
///
/// # Errors
/// When there are no sockets, or no thread.
pub(super) fn start(
    exchange: SocketAddr,
    carrier: UdpSocket,
    office: &Office,
    speech: [Vec<u8>; 2],
    mut rng: Rng,
) -> io::Result<Street> {
    let mut exchange = exchange;
    if exchange.ip().is_unspecified() {
        exchange.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let mut sip = vec![carrier];
    let mut phones = Vec::new();
    for (place, extension) in (0u8..100).zip(&office.extensions) {
        let Some(device) = extension.sip_devices().next() else { continue };
        let socket = bind(address(exchange.ip(), place))?;
        phones.push(Phone {
            number: extension.number.clone(),
            account: Credentials { username: device.login.clone(), password: device.password.clone() },
            at: socket.local_addr()?,
            model: MODELS.get(usize::from(place) % MODELS.len()).copied().unwrap_or_default(),
        });
        sip.push(socket);
    }
    let sound: Vec<UdpSocket> = (0..LINES).map(|_| deaf(exchange.ip())).collect::<io::Result<_>>()?;
    let trunk =
        |trunk: &crate::office::Trunk| Credentials { username: trunk.login.clone(), password: trunk.password.clone() };
    let cast = Cast {
        exchange,
        phones,
        carrier: sip.first().map_or(Ok(exchange), UdpSocket::local_addr)?,
        trunks: office.trunks.iter().map(trunk).collect(),
        sound: sound.iter().map(UdpSocket::local_addr).collect::<io::Result<_>>()?,
        speech,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let clock = Clock::start();
    let script = Script::new(clock.now(), rng.fork());
    let sip = sip.into_iter().map(|socket| Ok((socket.local_addr()?, socket))).collect::<io::Result<_>>()?;
    let mut world = World { script, agents: Agents::new(cast, rng), sip, sound };
    let thread = std::thread::Builder::new().name("demo".to_owned()).spawn(move || {
        let mut room = vec![0; SIP_MESSAGE_BYTES];
        while !stopped.load(Ordering::Relaxed) {
            world.turn(clock, &mut room);
        }
    })?;
    Ok(Street { stop, thread: Some(thread) })
}

struct World {
    script: Script,
    agents: Agents,
    sip: Vec<(SocketAddr, UdpSocket)>,
    sound: Vec<UdpSocket>,
}

impl World {
    /// Does what is due, then waits for a message or the next deadline.
    fn turn(&mut self, clock: Clock, room: &mut [u8]) {
        let now = clock.now();
        self.script.handle_input(now, Input::Timeout);
        self.agents.handle_timeout(now);
        self.drain(now);
        let deadline = [self.script.poll_timeout(), self.agents.poll_timeout()].into_iter().flatten().min();
        let wait = deadline.map_or(LOOK, |at| at.since(clock.now())).min(LOOK);
        // To the next whole millisecond, or the rest of one would be spent in a circle.
        let wait = u16::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        let mut polled: Vec<PollFd<'_>> =
            self.sip.iter().map(|(_, socket)| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
        if poll(&mut polled, PollTimeout::from(wait)).unwrap_or(0) == 0 {
            return;
        }
        let ready: Vec<bool> = polled.iter().map(|one| one.any().unwrap_or(false)).collect();
        let now = clock.now();
        for (place, _) in ready.iter().enumerate().filter(|(_, ready)| **ready) {
            while let Some((at, socket)) = self.sip.get(place) {
                let Ok((length, peer)) = socket.recv_from(room) else { break };
                self.agents.handle_packet(now, *at, peer, room.get(..length).unwrap_or_default());
                self.drain(now);
            }
        }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            while let Some(order) = self.script.poll_output() {
                self.agents.order(now, order);
            }
            let Some(output) = self.agents.poll_output() else { return };
            match output {
                Output::Send { from, to, bytes } => {
                    if let Some((_, socket)) = self.sip.iter().find(|(at, _)| *at == from) {
                        // SIP sends again what is lost.
                        let _ = socket.send_to(&bytes, to);
                    }
                }
                Output::Sound { from, to, bytes } => {
                    if let Some(socket) = self.sound.get(from) {
                        let _ = socket.send_to(&bytes, to);
                    }
                }
                Output::Happened(happened) => self.script.handle_input(now, happened),
            }
        }
    }
}

/// 127.0.0.201 and on for the phones, beside an exchange on loopback; else its own address.
fn address(exchange: IpAddr, place: u8) -> IpAddr {
    if exchange.is_loopback() && exchange.is_ipv4() {
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, FIRST_PHONE.saturating_add(place)))
    } else {
        exchange
    }
}

/// The usual port, or any.
fn bind(ip: IpAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, 5060)).or_else(|_| UdpSocket::bind((ip, 0)))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A socket that sends sound. What comes to it is heard by nobody, and takes no room.
fn deaf(ip: IpAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, 0))?;
    socket.set_nonblocking(true)?;
    let _ = SockRef::from(&socket).set_recv_buffer_size(1);
    Ok(socket)
}

const FIRST_PHONE: u8 = 201;
/// Ends of calls at a time.
const LINES: usize = 40;
/// How soon the end is noticed.
const LOOK: Duration = Duration::from_millis(200);
const MODELS: [&str; 7] = [
    "Yealink SIP-T46U 108.86.0.20",
    "Yealink SIP-T31P 124.86.0.40",
    "Grandstream GXP2170 1.0.11.79",
    "Fanvil X4U 2.12.16.13",
    "Yealink SIP-T43U 108.86.0.20",
    "snomD785/10.1.175.16",
    "MicroSIP/3.21.6",
];
