//! TFTP on the wire, for telephones that know nothing else: read requests to one port, each transfer from a port of its own.
//! How a file is sent is `provision::tftp`, who may have it the ledger's affair, as over HTTP at the first address. Since there is
//! no secret in a request, only machines of the office's own networks are answered.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;

use super::ways::{AT_ONCE, InForce, LOOK, Way, Ways, Why, thread, wait};
use super::{Phones, Served, neighbours};
use crate::base::Instant;
use crate::io::clock::{self, Clock};
use crate::office::Office;
use crate::provision::ledger::{How, Request};
use crate::provision::tftp::{ReadRequest, Refusal, Transfer};

struct Shell {
    phones: Phones,
    office: InForce,
    address: SocketAddr,
    clock: Clock,
    socket: Option<UdpSocket>,
    running: Vec<Running>,
}

struct Running {
    peer: SocketAddr,
    file: String,
    /// Connected to the one who reads.
    socket: UdpSocket,
    transfer: Transfer,
}

/// Starts the thread.
///
/// # Errors
/// When there is no thread.
pub(super) fn start(phones: Phones, office: InForce, address: SocketAddr, clock: Clock) -> io::Result<()> {
    let shell = Shell { phones, office, address, clock, socket: None, running: Vec::new() };
    thread("tftp", move || shell.run())
}

impl Shell {
    fn run(mut self) {
        let mut look_at = Instant::ZERO;
        loop {
            let Some(office) = (self.office)() else { return };
            let now = self.clock.now();
            if now >= look_at {
                look_at = now + LOOK;
                self.follow(&office);
            }
            self.receive(now, &office);
            self.running.iter_mut().for_each(|running| running.go_on(now));
            self.running.retain(|running| running.transfer.poll_timeout().is_some());
            let due = self.running.iter().filter_map(|running| running.transfer.poll_timeout());
            let until = due.chain([look_at]).min();
            let sockets = self.socket.iter().chain(self.running.iter().map(|running| &running.socket));
            let fds: Vec<_> = sockets.map(|socket| socket.as_fd()).collect();
            wait(&fds, self.clock.now(), until);
        }
    }

    fn follow(&mut self, office: &Office) {
        if !office.provisioning.tftp {
            self.socket = None;
            return self.phones.set_way(Ways::tftp, Way::Off);
        }
        if self.socket.is_none() {
            let opened = UdpSocket::bind(self.address).and_then(|socket| {
                socket.set_nonblocking(true)?;
                Ok(socket)
            });
            match opened {
                Ok(socket) => self.socket = Some(socket),
                Err(error) => {
                    let why = Why::of(&error, self.address.port());
                    return self.phones.set_way(Ways::tftp, Way::Closed(why));
                }
            }
        }
        self.phones.set_way(Ways::tftp, Way::On);
    }

    fn receive(&mut self, now: Instant, office: &std::sync::Arc<Office>) {
        let Some(socket) = &self.socket else { return };
        let mut buffer = [0; LONGEST];
        for _ in 0..AT_ONCE {
            let Ok((length, peer)) = socket.recv_from(&mut buffer) else { return };
            if !neighbours::is_inside(peer.ip()) {
                continue;
            }
            let refusal = match ReadRequest::read(buffer.get(..length).unwrap_or_default()) {
                Err(refusal) => refusal,
                // its first packet was lost: the transfer goes on by itself
                Ok(request) if self.running.iter().any(|one| one.peer == peer && one.file == request.file) => None,
                Ok(_) if self.running.len() >= TRANSFERS => Some(Refusal::Busy),
                Ok(request) => match begin(&self.phones, office, now, peer, &request) {
                    Some(running) => {
                        self.running.push(running);
                        None
                    }
                    None => Some(Refusal::NotFound),
                },
            };
            if let Some(refusal) = refusal {
                // lost, as datagrams may be
                let _ = socket.send_to(&refusal.to_bytes(), peer);
            }
        }
    }
}

/// Asks the ledger for a file and begins to send it; `None` is the one refusal.
fn begin(
    phones: &Phones,
    office: &std::sync::Arc<Office>,
    now: Instant,
    peer: SocketAddr,
    request: &ReadRequest,
) -> Option<Running> {
    let any: IpAddr =
        if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { std::net::Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(peer).ok()?;
    socket.set_nonblocking(true).ok()?;
    let local = socket.local_addr().ok()?.ip();
    let secret = phones.with(|ledger| ledger.secret().to_owned());
    let asked = Request {
        secret: &secret,
        file: &request.file,
        address: peer.ip().to_canonical(),
        neighbour: neighbours::of(peer.ip()),
        agent: "",
        secure: false,
        how: How::Tftp,
        head: false,
        at: clock::wall(),
    };
    let Served::Made { body, .. } = phones.answer(office, &asked, local)? else { return None };
    let transfer = Transfer::new(now, request, body);
    Some(Running { peer, file: request.file.clone(), socket, transfer })
}

impl Running {
    fn go_on(&mut self, now: Instant) {
        let mut buffer = [0; LONGEST];
        for _ in 0..AT_ONCE {
            let Ok(length) = self.socket.recv(&mut buffer) else { break };
            self.transfer.handle_packet(now, buffer.get(..length).unwrap_or_default());
        }
        self.transfer.handle_timeout(now);
        while let Some(packet) = self.transfer.poll_output() {
            // lost, as datagrams may be
            let _ = self.socket.send(&packet);
        }
    }
}

/// The longest packet that a telephone sends. Bytes.
const LONGEST: usize = 1_024;
/// Files on their way at a time.
const TRANSFERS: usize = 64;
