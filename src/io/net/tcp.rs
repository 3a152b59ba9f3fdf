//! Connections: taken, opened, framed, bounded. Each has a task on the loop's thread; the loop owns the table.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Event, LocalAddresses};
use crate::base::Duration;
use crate::sip::wire::{Frame, Framer};
use crate::sip::{Flow, Transport};

/// The table of connections and their listener.
#[derive(Debug)]
pub(super) struct Streams {
    address: SocketAddr,
    events: mpsc::Sender<Event>,
    by_id: HashMap<u32, Connection>,
    by_peer: HashMap<SocketAddr, u32>,
    by_address: HashMap<IpAddr, usize>,
    last_id: u32,
    listener: AbortHandle,
}

#[derive(Debug)]
struct Connection {
    flow: Flow,
    /// We opened it: who sent to "any connection to this peer" waits for it as well.
    opened_by_us: bool,
    outbox: mpsc::UnboundedSender<Vec<u8>>,
    /// Bytes in the outbox.
    waiting: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Streams {
    pub(super) fn listen(address: SocketAddr, events: mpsc::Sender<Event>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, events.clone()));
        let empty = (HashMap::new(), HashMap::new(), HashMap::new());
        let (by_id, by_peer, by_address) = empty;
        Ok(Self { address, events, by_id, by_peer, by_address, last_id: 0, listener: task.abort_handle() })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes in a connection that a peer opened, within the bounds: who fills the table with connections that say nothing, or nothing
    /// that is proved, makes room with the oldest of them. Returns which flows are gone for it.
    pub(super) fn accept(
        &mut self,
        stream: TcpStream,
        peer: SocketAddr,
        local: &mut LocalAddresses,
        knows: &dyn Fn(IpAddr) -> bool,
    ) -> Vec<Flow> {
        let peer = canonical(peer);
        let of_peer = self.by_address.get(&peer.ip()).copied().unwrap_or(0);
        let is_full = self.by_id.len() >= CONNECTIONS;
        let strangers = self.by_id.values().map(|one| one.flow).filter(|flow| !knows(flow.peer.ip()));
        let oldest = if is_full { strangers.map(|flow| flow.connection).min() } else { None };
        if is_full && oldest.is_none() || of_peer >= CONNECTIONS_PER_ADDRESS {
            tracing::debug!(%peer, connections = self.by_id.len(), of_peer, "too many connections; one more is refused");
            return Vec::new();
        }
        let gone = oldest.map(|id| self.close(id)).unwrap_or_default();
        let local = SocketAddr::new(local.towards(peer.ip()), self.address.port());
        let flow = Flow { transport: Transport::Tcp, local, peer, connection: self.next_id() };
        self.start(flow, false, |line| converse(stream, line));
        gone
    }

    /// Ends a connection, and tells which flows it meant.
    pub(super) fn close(&mut self, id: u32) -> Vec<Flow> {
        if let Some(connection) = self.by_id.get(&id) {
            connection.task.abort();
        }
        self.closed(id)
    }

    /// Sends over the flow's connection, or any to that peer, or a new one. False when the flow is dead.
    pub(super) fn send(&mut self, flow: Flow, bytes: Vec<u8>) -> bool {
        let known = match flow.connection {
            0 => self.by_peer.get(&flow.peer).copied(),
            // A response whose connection is gone may take another one to the same peer: RFC 3261 §18.2.2.
            id if self.by_id.contains_key(&id) => Some(id),
            _ => self.by_peer.get(&flow.peer).copied(),
        };
        let id = match known {
            Some(id) => id,
            None if flow.connection == 0 => self.open(flow),
            None => return false,
        };
        let Some(connection) = self.by_id.get(&id) else { return false };
        if connection.waiting.fetch_add(bytes.len(), Ordering::Relaxed) > WAITING_BYTES {
            tracing::warn!(peer = %flow.peer, "a peer does not read what it is sent; its connection is closed");
            connection.task.abort();
            let events = self.events.clone();
            tokio::spawn(async move { events.send(Event::Closed(id)).await });
            return true;
        }
        connection.outbox.send(bytes).is_ok()
    }

    /// Forgets a connection, and tells which flows it meant.
    pub(super) fn closed(&mut self, id: u32) -> Vec<Flow> {
        let Some(connection) = self.by_id.remove(&id) else { return Vec::new() };
        let flow = connection.flow;
        if self.by_peer.get(&flow.peer) == Some(&id) {
            self.by_peer.remove(&flow.peer);
        }
        if let Some(count) = self.by_address.get_mut(&flow.peer.ip()) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&flow.peer.ip());
            }
        }
        let any = Flow { connection: 0, ..flow };
        std::iter::once(flow).chain(connection.opened_by_us.then_some(any)).collect()
    }

    fn open(&mut self, flow: Flow) -> u32 {
        let id = self.next_id();
        self.start(Flow { connection: id, ..flow }, true, move |line| async move {
            match timeout(CONNECT, connect(flow.peer)).await {
                Ok(Ok(stream)) => converse(stream, line).await,
                Ok(Err(error)) => tracing::debug!(%error, peer = %flow.peer, "no connection"),
                Err(_) => tracing::debug!(peer = %flow.peer, "no connection in time"),
            }
        });
        id
    }

    fn start<F>(&mut self, flow: Flow, opened_by_us: bool, conversation: impl FnOnce(Line) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let line = Line { flow, inbox, waiting: Arc::clone(&waiting), events: self.events.clone() };
        let conversation = conversation(line);
        let events = self.events.clone();
        let task = tokio::spawn(async move {
            conversation.await;
            let _ = events.send(Event::Closed(flow.connection)).await;
        });
        let connection = Connection { flow, opened_by_us, outbox, waiting, task: task.abort_handle() };
        self.by_id.insert(flow.connection, connection);
        self.by_peer.insert(flow.peer, flow.connection);
        *self.by_address.entry(flow.peer.ip()).or_default() += 1;
    }

    fn next_id(&mut self) -> u32 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if self.last_id != 0 && !self.by_id.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.listener.abort();
        self.by_id.values().for_each(|connection| connection.task.abort());
    }
}

async fn accept(listener: TcpListener, events: mpsc::Sender<Event>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if events.send(Event::Accepted(stream, peer)).await.is_err() {
                    return;
                }
            }
            // Out of descriptors, or the peer was gone before we looked: the listener lives on.
            Err(error) => {
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connect(peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.connect(peer).await
}

/// What a connection's task holds of the table.
struct Line {
    flow: Flow,
    inbox: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    events: mpsc::Sender<Event>,
}

/// Reads and writes until either side ends, breaks the framing, sends too slowly or says nothing for too long.
async fn converse(mut stream: TcpStream, mut line: Line) {
    tune(&stream);
    let (mut framer, mut buffer) = (Framer::new(), [0; READ_BYTES]);
    let mut until = Instant::now() + FIRST_MESSAGE;
    let mut heard = false;
    loop {
        tokio::select! {
            read = timeout_at(until, stream.read(&mut buffer)) => {
                let Ok(Ok(count @ 1..)) = read else { return };
                let began = framer.is_empty();
                framer.push(buffer.get(..count).unwrap_or_default());
                let Some(messages) = take_frames(&mut framer, &mut stream, &line).await else { return };
                heard |= messages > 0;
                if framer.is_empty() && heard {
                    until = Instant::now() + IDLE;
                } else if heard && (began || messages > 0) {
                    // Part of a message waits for its rest, and not for longer however it drips in.
                    until = Instant::now() + WHOLE_MESSAGE;
                }
            }
            bytes = line.inbox.recv() => {
                let Some(bytes) = bytes else { return };
                line.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                let Ok(Ok(())) = timeout(WRITE, stream.write_all(&bytes)).await else { return };
                if !heard {
                    // Our own request opened it; the peer may take its time.
                    until = Instant::now() + IDLE;
                    heard = true;
                }
            }
        }
    }
}

/// Passes on the messages that are complete and answers keep-alives; `None` when the connection has to end.
async fn take_frames(framer: &mut Framer, stream: &mut TcpStream, line: &Line) -> Option<usize> {
    let mut messages = 0;
    loop {
        match framer.next() {
            Ok(Some(Frame::Message(bytes))) => {
                messages += 1;
                line.events.send(Event::Message { flow: line.flow, bytes }).await.ok()?;
            }
            Ok(Some(Frame::KeepAlive)) => timeout(WRITE, stream.write_all(b"\r\n")).await.ok()?.ok()?,
            Ok(None) => return Some(messages),
            Err(broken) => {
                tracing::debug!(peer = %line.flow.peer, why = %broken.why, "the stream can't be followed");
                if let Some(reply) = broken.reply {
                    let _ = timeout(WRITE, stream.write_all(&reply.to_bytes())).await;
                    let _ = stream.shutdown().await;
                }
                return None;
            }
        }
    }
}

fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let _ = stream.set_nodelay(true);
    let _ = socket.set_tos_v4(CS3);
    let probes = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE).with_retries(3);
    let _ = socket.set_tcp_keepalive(&probes);
}

fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// Connections at a time; a further one takes the place of a stranger's, or is closed at once.
const CONNECTIONS: usize = 2_000;
/// Connections of one address, behind which a branch office may sit.
const CONNECTIONS_PER_ADDRESS: usize = 100;
/// Connections that the kernel keeps for us.
const BACKLOG: i32 = 256;
/// A peer that connects has to say something within this time.
const FIRST_MESSAGE: Duration = Duration::from_secs(15);
/// A message that began has to be complete within this time.
const WHOLE_MESSAGE: Duration = Duration::from_secs(15);
/// Silence that ends a connection: longer than the longest registration is usual.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// A peer has to take what it is sent within this time.
const WRITE: Duration = Duration::from_secs(10);
/// A peer has to take our connection within this time.
const CONNECT: Duration = Duration::from_secs(5);
/// The kernel asks dead peers after so much silence, three times.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Bytes that may wait for a peer to read; then the connection ends.
const WAITING_BYTES: usize = 512 * 1024;
/// Bytes a read.
const READ_BYTES: usize = 4_096;
/// Class selector 3 for signalling: RFC 4594 §2.3.
const CS3: u32 = 24 << 2;
