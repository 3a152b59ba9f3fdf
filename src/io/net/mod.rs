//! SIP's sockets: datagrams, connections, and where a server is found. Turns bytes into [`Packet`]s with their flow, and
//! flows into bytes on their way. Knows no SIP beyond where a message ends.
//!
//! Everything here runs on the thread of the engine's loop; a packet changes no thread.

mod dns;
mod local;
mod owner;
mod tcp;
mod tls;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::certificate::{Certificate, CertificateError, server_config};
use super::config;
use super::out::Trust;
use crate::base::{QueryId, Rng};
use crate::engine::ServerName;
use crate::sip::{Flow, Transport};

pub use dns::Resolver;
pub(in crate::io) use dns::look_up;
pub use local::LocalAddresses;
pub use owner::holder;
pub use tcp::Arrived;
pub use tls::Secured;

/// What the sockets tell the loop.
#[derive(Debug)]
pub enum Event {
    /// One framed message of a connection.
    Message {
        /// Where it came from.
        flow: Flow,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Somebody connected; [`Net::handle`] takes it in.
    Accepted(Transport, Arrived, SocketAddr),
    /// A connection has ended; [`Net::handle`] tells which flows that means.
    Closed(Transport, u32),
    /// A question of [`Net::resolve`] is answered.
    Resolved {
        /// Which.
        query: QueryId,
        /// The server's name, as the office knows it.
        host: String,
        /// Where to send, in the order to try; empty when the name leads nowhere.
        found: Vec<(Transport, SocketAddr)>,
    },
}

/// What an [`Event`] means to the engine.
#[derive(Debug)]
pub enum News {
    /// A message came.
    Message(Flow, Vec<u8>),
    /// Nothing goes that way any more.
    Failed(Flow),
    /// An answer.
    Resolved(QueryId, Vec<Flow>),
}

/// Why a port can't be had.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Somebody has it.
    #[error(
        "{what} {address} is taken by {}; stop that, or choose another in the host file ({key})",
        holder.as_deref().unwrap_or("another program")
    )]
    Taken {
        /// `UDP port`, `TCP port`.
        what: &'static str,
        /// The address as configured.
        address: SocketAddr,
        /// Name and process, when they can be told.
        holder: Option<String>,
        /// Where it is set.
        key: &'static str,
    },
    /// The kernel refuses for another reason.
    #[error("{what} {address} can't be opened ({key}): {why}")]
    Refused {
        /// `UDP port`, `TCP port`.
        what: &'static str,
        /// The address as configured.
        address: SocketAddr,
        /// What the kernel said.
        why: io::Error,
        /// Where it is set.
        key: &'static str,
    },
}

/// All of SIP's sockets.
#[derive(Debug)]
pub struct Net {
    udp: udp::Udp,
    tcp: tcp::Streams,
    tls: tcp::Streams,
    /// TLS waits with its door closed until there is a certificate: [`Net::open_tls`].
    tls_door: Option<std::net::TcpListener>,
    tls_runner: tls::Runner,
    sender: mpsc::Sender<Event>,
    listener: AbortHandle,
    resolver: Resolver,
    local: LocalAddresses,
    events: mpsc::Receiver<Event>,
    /// Flows that failed while something was sent.
    failed: Vec<Flow>,
    listens: Listens,
}

/// Where SIP is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listens {
    /// Datagrams.
    pub udp: SocketAddr,
    /// Connections.
    pub tcp: SocketAddr,
    /// Connections under TLS.
    pub tls: SocketAddr,
}

/// What woke the loop.
#[derive(Debug)]
pub enum Wake {
    /// Datagrams wait: [`Net::receive`].
    Datagrams,
    /// Something else happened: [`Net::handle`].
    Event(Event),
}

impl Net {
    /// Opens the sockets. Call inside of the runtime that will run them.
    ///
    /// # Errors
    /// [`NetError`], naming the port and who has it.
    pub fn open(config: &config::Sip, rng: Rng) -> Result<Self, NetError> {
        let udp = udp::Udp::bind(config.udp).map_err(|why| NetError::of("UDP port", config.udp, "[sip] udp", why))?;
        let (sender, events) = mpsc::channel(EVENTS);
        let refused = |key, address| move |why| NetError::of("TCP port", address, key, why);
        let (plain, tcp_at) = tcp::listen(config.tcp).map_err(refused("[sip] tcp", config.tcp))?;
        let (door, tls_at) = tcp::listen(config.tls).map_err(refused("[sip] tls", config.tls))?;
        let plain = tokio::net::TcpListener::from_std(plain).map_err(refused("[sip] tcp", config.tcp))?;
        let tls_runner = tls::Runner::start().map_err(refused("[sip] tls", config.tls))?;
        let listens = Listens { udp: udp.address(), tcp: tcp_at, tls: tls_at };
        let with_v6 = [listens.udp, listens.tcp, listens.tls].iter().any(SocketAddr::is_ipv6);
        let here = Handle::current();
        let calling = tls::Calling::new(&Trust::new(&[]));
        Ok(Self {
            udp,
            tcp: tcp::Streams::new(Transport::Tcp, tcp_at, sender.clone(), here, None),
            tls: tcp::Streams::new(Transport::Tls, tls_at, sender.clone(), tls_runner.handle(), Some(calling)),
            tls_door: Some(door),
            tls_runner,
            listener: tokio::spawn(tcp::accept(plain, sender.clone())).abort_handle(),
            resolver: Resolver::new(sender.clone(), rng, with_v6),
            local: LocalAddresses::new(listens.udp, config.advertise),
            sender,
            events,
            failed: Vec::new(),
            listens,
        })
    }

    /// Takes connections under TLS, with this certificate. Once.
    ///
    /// # Errors
    /// When the certificate does not serve, or the socket not.
    pub fn open_tls(&mut self, certificate: Arc<Certificate>) -> Result<(), CertificateError> {
        let Some(door) = self.tls_door.take() else { return Ok(()) };
        let config = server_config(certificate)?;
        let opened = self.tls_runner.listen(door, config, self.sender.clone());
        opened.map_err(|source| CertificateError::File { path: "[sip] tls".into(), source })
    }

    /// Whose certificates are believed when we connect under TLS, from now on.
    pub fn trust(&mut self, trust: &Trust) {
        if let Some(calling) = self.tls.calling() {
            calling.trust(trust);
        }
    }

    /// A phone has registered from there: its connection is not closed to make room for a stranger's.
    pub fn keep(&mut self, peer: SocketAddr) {
        self.tcp.keep(peer);
        self.tls.keep(peer);
    }

    /// Where datagrams and connections are taken.
    pub fn listens(&self) -> Listens {
        self.listens
    }

    /// The socket for datagrams once more, for who opens another beside it.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn share_udp(&self) -> std::io::Result<std::os::fd::OwnedFd> {
        self.udp.share()
    }

    /// Waits until something happens. May be dropped and called anew at any time.
    pub async fn wake(&mut self) -> Wake {
        tokio::select! {
            biased;
            () = self.udp.readable() => Wake::Datagrams,
            Some(event) = self.events.recv() => Wake::Event(event),
        }
    }

    /// Hands out the datagrams that wait, up to a bound: so many, that timers are not late. True when there may be more.
    pub fn receive(&mut self, mut each: impl FnMut(Flow, &[u8])) -> bool {
        let (local, port) = (&mut self.local, self.listens.udp.port());
        self.udp.receive(|peer, bytes| {
            let local = SocketAddr::new(local.towards(peer.ip()), port);
            each(Flow { transport: Transport::Udp, local, peer, connection: 0 }, bytes);
        })
    }

    /// The next event that has already come.
    pub fn try_event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What an event means to the engine. Where there is no room for one more connection, the oldest goes whose address nobody `knows`.
    pub fn handle(&mut self, event: Event, knows: &dyn Fn(IpAddr) -> bool) -> Vec<News> {
        match event {
            Event::Message { flow, bytes } => vec![News::Message(flow, bytes)],
            Event::Accepted(transport, arrived, peer) => {
                let streams = if transport == Transport::Tls { &mut self.tls } else { &mut self.tcp };
                let gone = streams.accept(arrived, peer, &mut self.local, knows);
                gone.into_iter().map(News::Failed).collect()
            }
            Event::Closed(transport, connection) => {
                let streams = if transport == Transport::Tls { &mut self.tls } else { &mut self.tcp };
                streams.closed(connection).into_iter().map(News::Failed).collect()
            }
            Event::Resolved { query, host, found } => {
                let secured = found.iter().filter(|(transport, _)| *transport == Transport::Tls);
                if let Some(calling) = self.tls.calling() {
                    secured.for_each(|(_, address)| calling.know(&host, *address));
                }
                let flows = found.into_iter().filter_map(|(transport, peer)| self.flow_to(transport, peer));
                vec![News::Resolved(query, flows.collect())]
            }
        }
    }

    /// Puts bytes on the way. Datagrams wait for [`Self::flush`]; a flow that is dead comes out of [`Self::take_failed`].
    pub fn send(&mut self, flow: Flow, bytes: Vec<u8>) {
        match flow.transport {
            Transport::Udp => self.udp.queue(flow.peer, bytes),
            Transport::Tcp | Transport::Tls => {
                let streams = if flow.transport == Transport::Tls { &mut self.tls } else { &mut self.tcp };
                if !streams.send(flow, bytes) {
                    self.failed.push(flow);
                }
            }
        }
    }

    /// Ends a connection. What that means comes out of [`Self::take_failed`].
    pub fn close(&mut self, flow: Flow) {
        let streams = if flow.transport == Transport::Tls { &mut self.tls } else { &mut self.tcp };
        let gone = streams.close(flow.connection);
        self.failed.extend(gone);
    }

    /// Sends the datagrams that are queued.
    pub fn flush(&mut self) {
        self.udp.flush();
    }

    /// A flow that failed while something was sent.
    pub fn take_failed(&mut self) -> Option<Flow> {
        self.failed.pop()
    }

    /// Asks where a server is. The answer comes as [`Event::Resolved`] within
    /// [`limits::QUERY`](crate::base::limits::QUERY).
    pub fn resolve(&mut self, query: QueryId, name: ServerName) {
        self.resolver.ask(query, name);
    }

    /// The flow to a peer, or `None` when our sockets don't speak its address family.
    fn flow_to(&mut self, transport: Transport, peer: SocketAddr) -> Option<Flow> {
        let listen = match transport {
            Transport::Udp => self.listens.udp,
            Transport::Tcp => self.listens.tcp,
            Transport::Tls => self.listens.tls,
        };
        if peer.is_ipv6() && listen.is_ipv4() {
            return None;
        }
        let local = SocketAddr::new(self.local.towards(peer.ip()), listen.port());
        Some(Flow { transport, local, peer, connection: 0 })
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl NetError {
    /// Why an address could not be bound. `what` is `UDP port` or `TCP port`, `key` where it is set.
    pub fn of(what: &'static str, address: SocketAddr, key: &'static str, why: io::Error) -> Self {
        if why.kind() == io::ErrorKind::AddrInUse {
            let holder = holder(if what.starts_with("UDP") { "udp" } else { "tcp" }, address.port());
            return Self::Taken { what, address, holder, key };
        }
        Self::Refused { what, address, why, key }
    }
}

/// Messages of connections that wait for the loop; then the connections wait.
const EVENTS: usize = 256;

#[cfg(test)]
mod tests;
