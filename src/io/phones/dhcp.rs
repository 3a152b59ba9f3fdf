//! DHCP on the wire. Where the settings make the box the server of a network, it serves that one interface, and only while
//! `provision::dhcp` finds nobody else there; elsewhere it listens to what telephones ask of others, as far as it may.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;

use socket2::{Domain, Protocol, Socket, Type};

use super::ways::{AT_ONCE, InForce, LOOK, Way, Ways, Why, thread, wait};
use super::{Phones, interfaces, neighbours};
use crate::base::{Duration, Instant, Rng};
use crate::io::clock::{self, Clock};
use crate::office::{Office, Provisioning};
use crate::provision::Mac;
use crate::provision::dhcp::{Lease, Network, Server, To, Verdict, Watch, overhear};
use crate::provision::ledger::{How, Neighbour, Sighting};
use crate::provision::vendor::Identity;

/// Keeps leases over a restart.
pub(super) struct Book {
    /// What the disk remembers.
    pub(super) stored: Vec<Lease>,
    /// Puts these on the disk; never waits.
    pub(super) keep: Box<dyn Fn(Vec<Lease>) + Send>,
}

struct Shell {
    phones: Phones,
    office: InForce,
    clock: Clock,
    rng: Rng,
    keep: Box<dyn Fn(Vec<Lease>) + Send>,
    leases: Vec<Lease>,
    mode: Mode,
}

enum Mode {
    Off,
    /// Broadcasts only: nothing is taken from another server of this machine.
    Listening(UdpSocket),
    Serving(Box<Serving>),
}

struct Serving {
    interface: String,
    server: Server,
    watch: Watch,
    /// Port 67 of the interface: clients speak to it.
    socket: UdpSocket,
    /// Port 68: another server's answers.
    client: UdpSocket,
}

/// Starts the thread.
///
/// # Errors
/// When there is no thread.
pub(super) fn start(phones: Phones, office: InForce, clock: Clock, rng: Rng, book: Book) -> io::Result<()> {
    let Book { stored: leases, keep } = book;
    let shell = Shell { phones, office, clock, rng, keep, leases, mode: Mode::Off };
    thread("dhcp", move || shell.run())
}

impl Shell {
    fn run(mut self) {
        let mut look_at = Instant::ZERO;
        loop {
            let Some(office) = (self.office)() else { return };
            let now = self.clock.now();
            if now >= look_at {
                look_at = now + LOOK;
                self.follow(now, &office);
            }
            self.work(now);
            let mut until = look_at;
            let mut fds = Vec::new();
            match &self.mode {
                Mode::Off => {}
                Mode::Listening(socket) => fds.push(socket.as_fd()),
                Mode::Serving(serving) => {
                    until = until.min(serving.watch.poll_timeout());
                    fds.extend([serving.socket.as_fd(), serving.client.as_fd()]);
                }
            }
            wait(&fds, self.clock.now(), Some(until));
        }
    }

    /// Does what the settings want, as far as it can.
    fn follow(&mut self, now: Instant, office: &Office) {
        let wanted = &office.provisioning;
        if !wanted.dhcp {
            self.phones.set_way(Ways::dhcp, Way::Off);
            return self.listen(wanted.pnp);
        }
        let Some((interface, network)) = network(wanted, &self.phones) else {
            self.mode = Mode::Off;
            return self.phones.set_way(Ways::dhcp, Way::Closed(Why::NoNetwork));
        };
        let is_same = matches!(&self.mode, Mode::Serving(serving)
            if serving.interface == interface && *serving.server.network() == network);
        if is_same {
            return;
        }
        self.close();
        match self.serve(now, &interface, network) {
            Ok(serving) => {
                tracing::info!(interface, "DHCP: looks whether another server answers");
                self.mode = Mode::Serving(Box::new(serving));
                self.phones.set_way(Ways::dhcp, Way::Looking);
            }
            Err(why) => self.phones.set_way(Ways::dhcp, Way::Closed(why)),
        }
    }

    fn serve(&mut self, now: Instant, interface: &str, network: Network) -> Result<Serving, Why> {
        let card = interfaces::card(interface).ok_or(Why::NoNetwork)?;
        let open =
            |port: u16| open(Ipv4Addr::UNSPECIFIED, port, Some(interface)).map_err(|error| Why::of(&error, port));
        let (socket, client) = (open(SERVER)?, open(CLIENT)?);
        let watch = Watch::new(now, card, network.address, &mut self.rng);
        let server = Server::new(network, self.leases.clone());
        Ok(Serving { interface: interface.to_owned(), server, watch, socket, client })
    }

    /// Stops to serve; what was given stays known.
    fn close(&mut self) {
        if let Mode::Serving(serving) = &self.mode {
            self.leases = serving.server.leases().copied().collect();
        }
        self.mode = Mode::Off;
    }

    fn listen(&mut self, wanted: bool) {
        match (&self.mode, wanted) {
            (Mode::Listening(_), true) => {}
            (_, false) => self.close(),
            (_, true) => {
                self.close();
                // without the right to, or beside a server that has the port, nothing is heard: other ways remain
                match open(Ipv4Addr::BROADCAST, SERVER, None) {
                    Ok(socket) => self.mode = Mode::Listening(socket),
                    Err(error) => tracing::debug!(%error, "DHCP: telephones are not heard when they ask others"),
                }
            }
        }
    }

    fn work(&mut self, now: Instant) {
        let mut buffer = [0; LONGEST];
        let mut heard: Vec<(Identity, Ipv4Addr)> = Vec::new();
        match &mut self.mode {
            Mode::Off => {}
            Mode::Listening(socket) => {
                for _ in 0..AT_ONCE {
                    let Ok(length) = socket.recv(&mut buffer) else { break };
                    heard.extend(overhear(buffer.get(..length).unwrap_or_default()));
                }
            }
            Mode::Serving(serving) => {
                serving.work(now, &mut heard);
                let way = match serving.watch.verdict() {
                    Verdict::Looking => Way::Looking,
                    Verdict::Alone => Way::On,
                    Verdict::Other(server) => Way::Closed(Why::OtherServer(server)),
                };
                let changed = serving.server.take_changed();
                if !changed.is_empty() {
                    (self.keep)(changed);
                }
                self.phones.set_way(Ways::dhcp, way);
            }
        }
        for (identity, address) in heard {
            // whoever asks for an address does not have it yet, so the neighbour table may still name another
            let (address, at) = (IpAddr::V4(address), clock::wall());
            let neighbour = match neighbours::of(address) {
                Neighbour::Is(card) if Some(card) == identity.mac => Neighbour::Is(card),
                _ => Neighbour::Unknown,
            };
            self.phones.see(Sighting { identity, address, neighbour, how: How::Dhcp, asked: String::new(), at });
        }
    }
}

impl Serving {
    fn work(&mut self, now: Instant, heard: &mut Vec<(Identity, Ipv4Addr)>) {
        let mut buffer = [0; LONGEST];
        for _ in 0..AT_ONCE {
            let Ok(length) = self.client.recv(&mut buffer) else { break };
            self.watch.handle_packet(now, buffer.get(..length).unwrap_or_default());
        }
        self.watch.handle_timeout(now);
        while let Some(question) = self.watch.poll_output() {
            // lost, as datagrams may be: it is asked again
            let _ = self.socket.send_to(&question, SocketAddr::from((Ipv4Addr::BROADCAST, SERVER)));
        }
        let table = neighbours::all();
        let neighbours =
            |address: Ipv4Addr| -> Option<Mac> { table.iter().find(|(have, _)| *have == address).map(|(_, mac)| *mac) };
        for _ in 0..AT_ONCE {
            let Ok(length) = self.socket.recv(&mut buffer) else { break };
            let bytes = buffer.get(..length).unwrap_or_default();
            if self.watch.is_own(bytes) {
                continue;
            }
            if self.watch.verdict() != Verdict::Alone {
                heard.extend(overhear(bytes));
                continue;
            }
            let answer = self.server.handle(clock::wall(), bytes, &neighbours);
            if let Some(other) = answer.other {
                self.watch.noticed(now, other);
            }
            heard.extend(answer.telephone);
            if let Some((to, bytes)) = answer.reply {
                let to = match to {
                    To::All => Ipv4Addr::BROADCAST,
                    To::Client(address) => address,
                };
                // lost, as datagrams may be: a client asks again
                let _ = self.socket.send_to(&bytes, SocketAddr::from((to, CLIENT)));
            }
        }
    }
}

/// The network that the settings mean, by the interface that they name, that with the way out, or the only one.
fn network(wanted: &Provisioning, phones: &Phones) -> Option<(String, Network)> {
    let (all, way_out) = (interfaces::all(), interfaces::way_out());
    let named = all.iter().find(|one| one.name == wanted.dhcp_interface);
    let out = || all.iter().find(|one| way_out.as_ref().is_some_and(|(name, _)| *name == one.name));
    let only = || all.first().filter(|_| all.len() == 1);
    let found = if wanted.dhcp_interface.is_empty() { out().or_else(only) } else { named };
    let found = found.filter(|found| (8..=30).contains(&found.prefix))?;
    let address = |text: &str| text.parse::<Ipv4Addr>().ok();
    let (first, last) = Network::usual_range(found.address, found.prefix);
    let mut network = Network {
        address: found.address,
        prefix: found.prefix,
        first: address(&wanted.dhcp_first).unwrap_or(first),
        last: address(&wanted.dhcp_last).unwrap_or(last),
        router: None,
        dns: Vec::new(),
        time: phones.tells_time().then_some(found.address),
        lease: Duration::from_secs(u64::from(wanted.dhcp_lease_hours) * 3_600),
        url: phones.discovery_url(IpAddr::V4(found.address)),
    };
    let own_router = way_out.filter(|(name, _)| *name == found.name).map(|(_, router)| router);
    network.router = address(&wanted.dhcp_router).or(own_router).filter(|router| network.has(*router));
    network.dns = wanted.dhcp_dns.iter().filter_map(|text| address(text)).collect();
    if network.dns.is_empty() {
        network.dns.extend(network.router);
    }
    Some((found.name.clone(), network))
}

fn open(address: Ipv4Addr, port: u16, interface: Option<&str>) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // a client of this machine may have port 68, for broadcasts as we do
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    if let Some(interface) = interface {
        socket.bind_device(Some(interface.as_bytes()))?;
    }
    socket.bind(&SocketAddr::from((address, port)).into())?;
    Ok(socket.into())
}

/// RFC 2131 §4.1.
const SERVER: u16 = 67;
/// RFC 2131 §4.1.
const CLIENT: u16 = 68;
/// The longest message that is looked at. Bytes.
const LONGEST: usize = 2_048;
