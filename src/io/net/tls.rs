//! Handshakes of TLS, on a thread of their own: whoever stays in the middle of one, or begins many, keeps nobody's calls
//! waiting. A connection comes to the loop's table when its handshake is done, and its bytes are read here.
//!
//! TLS 1.2 and 1.3. There is no renegotiation: rustls refuses it, and ends a connection that asks for many new keys.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::ServerName;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::Event;
use super::tcp::{self, Arrived};
use crate::base::Duration;
use crate::io::out::Trust;
use crate::sip::Transport;

/// A connection whose handshake is done.
pub type Secured = Box<server::TlsStream<TcpStream>>;

/// The thread of TLS; it ends with this.
#[derive(Debug)]
pub(super) struct Runner {
    handle: Handle,
    _ends: oneshot::Sender<()>,
}

impl Runner {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (ends, end) = oneshot::channel::<()>();
        let run = move || drop(runtime.block_on(end));
        std::thread::Builder::new().name("sip-tls".to_owned()).spawn(run)?;
        Ok(Self { handle, _ends: ends })
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Takes connections from now on.
    pub(super) fn listen(
        &self,
        listener: std::net::TcpListener,
        config: rustls::ServerConfig,
        events: mpsc::Sender<Event>,
    ) -> io::Result<()> {
        let _inside = self.handle.enter();
        let listener = TcpListener::from_std(listener)?;
        self.handle.spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), events));
        Ok(())
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, events: mpsc::Sender<Event>) {
    let door = Arc::new(Mutex::new(Door::new(Instant::now())));
    loop {
        let (stream, peer) = tcp::next(&listener).await;
        let Some(id) = lock(&door).enter(peer.ip().to_canonical(), Instant::now()) else { continue };
        let (acceptor, events, leaving) = (acceptor.clone(), events.clone(), Arc::clone(&door));
        let task = tokio::spawn(async move {
            let place = Place(leaving, id);
            match timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let _ =
                        events.send(Event::Accepted(Transport::Tls, Arrived::Secured(Box::new(stream)), peer)).await;
                }
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
            drop(place);
        });
        lock(&door).note(id, task.abort_handle());
    }
}

/// A place in the door, given back when the handshake is over, however it ends.
struct Place(Arc<Mutex<Door>>, u64);

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.0).leave(self.1);
    }
}

fn lock(door: &Mutex<Door>) -> MutexGuard<'_, Door> {
    door.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who is in the middle of a handshake, and who began how many of late.
#[derive(Debug)]
struct Door {
    inside: BTreeMap<u64, (IpAddr, Option<AbortHandle>)>,
    of_address: HashMap<IpAddr, usize>,
    began: HashMap<IpAddr, usize>,
    /// Of `began`: all of them together, and since when.
    all: usize,
    since: Instant,
    last: u64,
}

impl Door {
    fn new(now: Instant) -> Self {
        let (inside, of_address, began) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        Self { inside, of_address, began, all: 0, since: now, last: 0 }
    }

    /// Lets one in, if need be by ending the oldest handshake of all: an honest one takes some milliseconds. `None`: this address
    /// has enough, or all together.
    fn enter(&mut self, address: IpAddr, now: Instant) -> Option<u64> {
        if now - self.since >= WINDOW {
            self.began.clear();
            (self.all, self.since) = (0, now);
        }
        let of_late = self.began.get(&address).copied().unwrap_or(0);
        let inside = self.of_address.get(&address).copied().unwrap_or(0);
        if of_late >= BEGUN_OF_ONE || self.all >= BEGUN || inside >= INSIDE_OF_ONE {
            tracing::debug!(%address, of_late, inside, all = self.all, "too many TLS handshakes; one more is refused");
            return None;
        }
        if self.inside.len() >= INSIDE
            && let Some((oldest, (_, task))) = self.inside.first_key_value().map(|(id, one)| (*id, one.clone()))
        {
            task.inspect(AbortHandle::abort);
            self.leave(oldest);
        }
        self.last += 1;
        self.all += 1;
        *self.began.entry(address).or_default() += 1;
        *self.of_address.entry(address).or_default() += 1;
        self.inside.insert(self.last, (address, None));
        Some(self.last)
    }

    /// By what a handshake can be ended; nothing when it is over already.
    fn note(&mut self, id: u64, task: AbortHandle) {
        if let Some((_, place)) = self.inside.get_mut(&id) {
            *place = Some(task);
        }
    }

    fn leave(&mut self, id: u64) {
        let Some((address, _)) = self.inside.remove(&id) else { return };
        if let Some(count) = self.of_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&address);
            }
        }
    }
}

/// How connections that we open are secured: whose certificate each server has to show.
#[derive(Debug)]
pub(super) struct Calling {
    config: Arc<rustls::ClientConfig>,
    /// By its address, the name by which the office calls a server: RFC 5922 §7.1 wants this one in the certificate, and none that
    /// DNS put in its place. Telephones are no servers and have none: nobody connects to them.
    names: HashMap<SocketAddr, ServerName<'static>>,
}

impl Calling {
    pub(super) fn new(trust: &Trust) -> Self {
        Self { config: trust.config(), names: HashMap::new() }
    }

    /// Whose certificates are believed from now on.
    pub(super) fn trust(&mut self, trust: &Trust) {
        self.config = trust.config();
    }

    /// A server's name has led there.
    pub(super) fn know(&mut self, host: &str, address: SocketAddr) {
        let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let Ok(name) = ServerName::try_from(bare.to_owned()) else { return };
        if self.names.len() >= NAMES && !self.names.contains_key(&address) {
            self.names.clear();
        }
        self.names.insert(address, name);
    }

    /// What a connection to this address needs; `None`: it is no server's.
    pub(super) fn to(&self, address: SocketAddr) -> Option<Secure> {
        Some(Secure {
            connector: TlsConnector::from(Arc::clone(&self.config)),
            name: self.names.get(&address)?.clone(),
        })
    }
}

/// A handshake that we begin.
pub(super) struct Secure {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Secure {
    pub(super) async fn handshake(self, stream: TcpStream) -> io::Result<Box<client::TlsStream<TcpStream>>> {
        self.connector.connect(self.name, stream).await.map(Box::new)
    }
}

/// A handshake has to be done within this time.
const HANDSHAKE: Duration = Duration::from_secs(8);
/// Handshakes under way at a time; a further one ends the oldest.
const INSIDE: usize = 256;
/// Of one address: a branch office that comes back after a power cut.
const INSIDE_OF_ONE: usize = 32;
/// Handshakes that may begin within [`WINDOW`]: each costs a third of a millisecond.
const BEGUN: usize = 2_000;
/// Of one address.
const BEGUN_OF_ONE: usize = 150;
const WINDOW: Duration = Duration::from_secs(10);
/// Servers whose names are remembered; an office has a handful.
const NAMES: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    #[test]
    fn one_address_has_its_share_of_handshakes_and_gets_it_back() {
        let now = Instant::now();
        let mut door = Door::new(now);
        let ids: Vec<_> = (0..INSIDE_OF_ONE).filter_map(|_| door.enter(from(1), now)).collect();
        assert_eq!((ids.len(), door.enter(from(1), now)), (INSIDE_OF_ONE, None));
        assert!(door.enter(from(2), now).is_some(), "others are not touched");
        door.leave(ids[0]);
        door.leave(ids[0]);
        assert!(door.enter(from(1), now).is_some() && door.enter(from(1), now).is_none(), "one place came back, once");
    }

    #[test]
    fn the_oldest_handshake_makes_room_when_all_places_are_taken() {
        let now = Instant::now();
        let mut door = Door::new(now);
        for number in 0..INSIDE {
            let address = from(u8::try_from(number % 200).expect("small"));
            assert!(door.enter(address, now).is_some());
        }
        assert!(door.enter(from(250), now).is_some());
        assert_eq!(door.inside.len(), INSIDE);
        assert!(!door.inside.contains_key(&1) && door.inside.contains_key(&2), "the first is gone");
    }

    #[test]
    fn who_begins_too_many_waits_for_the_next_window() {
        let now = Instant::now();
        let mut door = Door::new(now);
        for _ in 0..BEGUN_OF_ONE {
            let id = door.enter(from(1), now).expect("within the bound");
            door.leave(id);
        }
        assert_eq!(door.enter(from(1), now), None);
        assert!(door.enter(from(2), now).is_some());
        assert!(door.enter(from(1), now + WINDOW).is_some());
    }

    #[test]
    fn a_flood_of_many_addresses_is_bounded_as_a_whole() {
        let now = Instant::now();
        let mut door = Door::new(now);
        let entered = (0..BEGUN * 2).filter(|number| {
            let address = IpAddr::from([
                10,
                0,
                u8::try_from(number / 250).expect("small"),
                u8::try_from(number % 250).expect("small"),
            ]);
            door.enter(address, now).is_some()
        });
        assert_eq!(entered.count(), BEGUN);
    }

    #[test]
    fn a_telephones_address_is_no_servers() {
        let mut calling = Calling::new(&Trust::new(&[]));
        let server: SocketAddr = "192.0.2.1:5061".parse().expect("an address");
        calling.know("sip.carrier.example.", server);
        assert!(calling.to(server).is_some());
        assert!(calling.to("192.0.2.1:50612".parse().expect("an address")).is_none());
    }
}
