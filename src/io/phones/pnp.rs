//! SIP plug-and-play on the wire: the group 224.0.1.75 on every IPv4 network of the box. What is said is `provision::pnp`.
//!
//! The group has a socket of its own beside that of the exchange, bound to the group's address: it takes nothing that is for the
//! exchange. Linux allows that on one port when both sockets agree while the second is bound, so the exchange's agrees for that
//! moment only; nobody else can take its port afterwards.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::ways::{AT_ONCE, InForce, LOOK, Way, Ways, Why, thread, wait};
use super::{Phones, interfaces, neighbours};
use crate::base::{Instant, Rng};
use crate::io::clock::{self, Clock};
use crate::io::net::LocalAddresses;
use crate::office::Office;
use crate::provision::ledger::{How, Neighbour, Sighting};
use crate::provision::pnp::{Input, Output, Pnp};
use crate::provision::{Mac, vendor};

/// Where the exchange takes SIP: the socket agrees to the group's beside it.
#[derive(Debug)]
pub struct Beside {
    /// Its address.
    pub address: SocketAddr,
    /// The same socket.
    pub socket: OwnedFd,
}

struct Shell {
    phones: Phones,
    office: InForce,
    beside: Beside,
    clock: Clock,
    group: Option<Group>,
    pnp: Pnp,
    local: LocalAddresses,
    /// MACs of telephones that were accepted.
    accepted: UnixDatagram,
}

struct Group {
    socket: UdpSocket,
    /// NOTIFYs leave from here, and are answered to here.
    own: UdpSocket,
    /// The addresses of our interfaces that have joined.
    joined: BTreeSet<Ipv4Addr>,
}

/// Starts the thread. Returns the way to tell it that a telephone was accepted.
///
/// # Errors
/// When there is no thread.
pub(super) fn start(
    phones: Phones,
    office: InForce,
    beside: Beside,
    clock: Clock,
    rng: Rng,
) -> io::Result<UnixDatagram> {
    let (tell, accepted) = UnixDatagram::pair()?;
    tell.set_nonblocking(true)?;
    accepted.set_nonblocking(true)?;
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let local = LocalAddresses::new(everywhere, phones.advertised());
    let shell = Shell { phones, office, beside, clock, group: None, pnp: Pnp::new(rng), local, accepted };
    thread("pnp", move || shell.run())?;
    Ok(tell)
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
                if office.provisioning.pnp {
                    look_around(&self.phones);
                }
            }
            let due = self.pnp.poll_timeout();
            if due.is_some_and(|due| due <= now) {
                self.pnp.handle_input(now, Input::Timeout);
            }
            self.receive(&office);
            self.act();
            let until = self.pnp.poll_timeout().into_iter().chain([look_at]).min();
            let mut fds = vec![self.accepted.as_fd()];
            fds.extend(self.group.iter().flat_map(|group| [group.socket.as_fd(), group.own.as_fd()]));
            wait(&fds, self.clock.now(), until);
        }
    }

    /// Opens and closes as the settings want, and joins on networks that have come.
    fn follow(&mut self, office: &Office) {
        let is_local = self.beside.address.ip().is_loopback();
        if !office.provisioning.pnp || is_local {
            self.group = None;
            return self.phones.set_way(Ways::pnp, Way::Off);
        }
        if self.group.is_none() {
            match Group::open(&self.beside) {
                Ok(group) => self.group = Some(group),
                Err(error) => {
                    let why = Why::of(&error, PORT);
                    return self.phones.set_way(Ways::pnp, Way::Closed(why));
                }
            }
        }
        let Some(group) = &mut self.group else { return };
        group.join();
        let way = if group.joined.is_empty() { Way::Closed(Why::NoNetwork) } else { Way::On };
        self.phones.set_way(Ways::pnp, way);
    }

    fn receive(&mut self, office: &Arc<Office>) {
        let now = self.clock.now();
        let mut buffer = [0; LONGEST];
        if let Some(group) = &self.group {
            let port = group.own.local_addr().map_or(0, |own| own.port());
            for _ in 0..AT_ONCE {
                let Ok((length, from)) = group.socket.recv_from(&mut buffer) else { break };
                let ours = self.local.towards(from.ip());
                let url = self.phones.discovery_url(ours);
                let (ours, bytes) = (SocketAddr::new(ours, port), buffer.get(..length).unwrap_or_default());
                self.pnp.handle_input(now, Input::Asked { from, ours, url: &url, bytes });
            }
            for _ in 0..AT_ONCE {
                let Ok((length, from)) = group.own.recv_from(&mut buffer) else { break };
                let bytes = buffer.get(..length).unwrap_or_default();
                self.pnp.handle_input(now, Input::Answered { from, bytes });
            }
        }
        let mut card = [0; 6];
        while self.accepted.recv(&mut card).is_ok_and(|length| length == card.len()) {
            if let Some(mac) = Mac::of(card) {
                self.accept(now, office, mac);
            }
        }
    }

    /// A telephone was accepted: it is told to ask, by each way that it may hear.
    fn accept(&mut self, now: Instant, office: &Arc<Office>, mac: Mac) {
        let Some(group) = &self.group else { return };
        let port = group.own.local_addr().map_or(0, |own| own.port());
        let seen = self.phones.with(|ledger| ledger.seen(mac).cloned());
        let vendor = seen.as_ref().and_then(|seen| vendor::named(&seen.identity.vendor));
        let Some(phone) = office.phone(&mac.to_string()) else { return };
        let template = vendor
            .filter(|vendor| vendor.wakes)
            .and_then(|vendor| crate::provision::template::built_in(&vendor.template));
        let sync = template.map(|template| template.head.sync.as_str()).filter(|sync| !sync.is_empty());
        let address = seen.as_ref().map(|seen| seen.address).filter(IpAddr::is_ipv4);
        let ours = self.local.towards(address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let seen = address.map(|address| (address, SocketAddr::new(ours, port)));
        let url = self.phones.first_file(office, phone, mac, ours);
        self.pnp.handle_input(now, Input::Accepted { mac, sync, seen, url: &url });
    }

    fn act(&mut self) {
        while let Some(output) = self.pnp.poll_output() {
            let Some(group) = &self.group else { continue };
            // what can't be sent is lost, as datagrams may be
            match output {
                Output::Reply { to, bytes } => drop(group.socket.send_to(&bytes, to)),
                Output::Send { to, bytes } => drop(group.own.send_to(&bytes, to)),
                Output::Seen { identity, address } => {
                    let (neighbour, at) = (neighbours::of(address), clock::wall());
                    let asked = String::new();
                    self.phones.see(Sighting { identity, address, neighbour, how: How::Pnp, asked, at });
                }
            }
        }
    }
}

/// Telephones of known makers with which the kernel has spoken are noticed, once at each address.
fn look_around(phones: &Phones) {
    for (address, mac) in neighbours::all() {
        let (identity, address) = (vendor::of_mac(mac), IpAddr::V4(address));
        let is_known = || phones.with(|ledger| ledger.seen(mac).is_some_and(|seen| seen.address == address));
        if identity.vendor.is_empty() || is_known() {
            continue;
        }
        let (neighbour, how, asked) = (Neighbour::Is(mac), How::Neighbours, String::new());
        phones.see(Sighting { identity, address, neighbour, how, asked, at: clock::wall() });
    }
}

impl Group {
    fn open(beside: &Beside) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(true)?;
        let address = SocketAddr::from((GROUP, PORT));
        let shares = beside.address.port() == PORT && beside.address.ip().is_unspecified();
        let exchange = SockRef::from(&beside.socket);
        if shares {
            exchange.set_reuse_address(true)?;
        }
        let bound = socket.bind(&address.into());
        if shares {
            exchange.set_reuse_address(false)?;
        }
        bound?;
        // only of networks that have joined by this socket
        socket.set_multicast_all_v4(false)?;
        let own = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        own.set_nonblocking(true)?;
        Ok(Self { socket: socket.into(), own, joined: BTreeSet::new() })
    }

    /// Joins on what is there now; the kernel forgets what is gone.
    fn join(&mut self) {
        let here: BTreeSet<Ipv4Addr> = interfaces::all().into_iter().map(|one| one.address).collect();
        self.joined.retain(|address| here.contains(address));
        for address in here {
            if self.joined.contains(&address) {
                continue;
            }
            match self.socket.join_multicast_v4(&GROUP, &address) {
                Ok(()) => tracing::info!(%address, "telephones are heard by plug-and-play"),
                // two addresses of one interface, or one that came back
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => {
                    tracing::debug!(%address, %error, "plug-and-play does not hear there");
                    continue;
                }
            }
            self.joined.insert(address);
        }
    }
}

/// Where telephones look for their settings.
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 1, 75);
/// Of SIP.
const PORT: u16 = 5060;
/// The longest SUBSCRIBE that is looked at. Bytes.
const LONGEST: usize = 8_192;
