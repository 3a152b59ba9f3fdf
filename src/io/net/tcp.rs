//! Connections, plain or under TLS: taken, opened, framed, bounded. Each has a task, on the loop's thread or on that of TLS;
//! the loop owns the tables.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::tls::{Calling, Secured};
use super::{Event, LocalAddresses};
use crate::base::Duration;
use crate::sip::wire::{Frame, Framer};
use crate::sip::{Flow, Transport};

/// A connection that was taken.
#[derive(Debug)]
pub enum Arrived {
    /// Without more.
    Plain(TcpStream),
    /// With its handshake done.
    Secured(Secured),
}

/// The connections of one transport.
#[derive(Debug)]
pub(super) struct Streams {
    transport: Transport,
    address: SocketAddr,
    events: mpsc::Sender<Event>,
    /// Where their tasks run.
    runner: Handle,
    /// How those that we open are secured; `None`: they aren't.
    calling: Option<Calling>,
    by_id: HashMap<u32, Connection>,
    by_peer: HashMap<SocketAddr, u32>,
    by_address: HashMap<IpAddr, usize>,
    /// Those that others opened and nobody has registered by, the oldest first: they make room when there is none.
    strange: BTreeSet<u32>,
    last_id: u32,
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
    /// `runner` is where their tasks run.
    pub(super) fn new(
        transport: Transport,
        address: SocketAddr,
        events: mpsc::Sender<Event>,
        runner: Handle,
        calling: Option<Calling>,
    ) -> Self {
        let (by_id, by_peer, by_address) = (HashMap::new(), HashMap::new(), HashMap::new());
        let strange = BTreeSet::new();
        Self { transport, address, events, runner, calling, by_id, by_peer, by_address, strange, last_id: 0 }
    }

    /// How those that we open are secured.
    pub(super) fn calling(&mut self) -> Option<&mut Calling> {
        self.calling.as_mut()
    }

    /// Takes in a connection that a peer opened, within the bounds: who fills the table makes room with the oldest stranger's whose
    /// address nobody `knows`. Returns which flows are gone for it.
    pub(super) fn accept(
        &mut self,
        arrived: Arrived,
        peer: SocketAddr,
        local: &mut LocalAddresses,
        knows: &dyn Fn(IpAddr) -> bool,
    ) -> Vec<Flow> {
        let peer = canonical(peer);
        let of_peer = self.by_address.get(&peer.ip()).copied().unwrap_or(0);
        let is_full = self.by_id.len() >= CONNECTIONS;
        let is_strange = |id: &&u32| self.by_id.get(id).is_some_and(|one| !knows(one.flow.peer.ip()));
        let oldest = if is_full { self.strange.iter().find(is_strange).copied() } else { None };
        if of_peer >= CONNECTIONS_PER_ADDRESS || (is_full && oldest.is_none()) {
            tracing::debug!(%peer, connections = self.by_id.len(), of_peer, "too many connections; one more is refused");
            return Vec::new();
        }
        let gone = oldest.map(|id| self.close(id)).unwrap_or_default();
        let local = SocketAddr::new(local.towards(peer.ip()), self.address.port());
        let flow = Flow { transport: self.transport, local, peer, connection: self.next_id() };
        match arrived {
            Arrived::Plain(stream) => self.start(flow, false, |line| converse(stream, line)),
            Arrived::Secured(stream) => self.start(flow, false, |line| converse(stream, line)),
        }
        self.strange.insert(flow.connection);
        gone
    }

    /// Ends a connection, and tells which flows it meant.
    pub(super) fn close(&mut self, id: u32) -> Vec<Flow> {
        if let Some(connection) = self.by_id.get(&id) {
            connection.task.abort();
        }
        self.closed(id)
    }

    /// A phone has registered from there: its connection stays, whoever else comes.
    pub(super) fn keep(&mut self, peer: SocketAddr) {
        if let Some(id) = self.by_peer.get(&peer) {
            self.strange.remove(id);
        }
    }

    /// Sends over the flow's connection, or any to that peer, or a new one. False when the flow is dead.
    pub(super) fn send(&mut self, flow: Flow, bytes: Vec<u8>) -> bool {
        let known = match flow.connection {
            0 => self.by_peer.get(&flow.peer).copied(),
            // A response whose connection is gone may take another one to the same peer: RFC 3261 §18.2.2.
            id if self.by_id.contains_key(&id) => Some(id),
            _ => self.by_peer.get(&flow.peer).copied(),
        };
        let opened = || (flow.connection == 0).then(|| self.open(flow)).flatten();
        let Some(id) = known.or_else(opened) else { return false };
        let Some(connection) = self.by_id.get(&id) else { return false };
        if connection.waiting.fetch_add(bytes.len(), Ordering::Relaxed) > WAITING_BYTES {
            tracing::warn!(peer = %flow.peer, "a peer does not read what it is sent; its connection is closed");
            self.end(id);
            return true;
        }
        connection.outbox.send(bytes).is_ok()
    }

    /// Ends a connection from our side; that it has ended comes as any other end.
    fn end(&self, id: u32) {
        let Some(connection) = self.by_id.get(&id) else { return };
        connection.task.abort();
        let (events, transport) = (self.events.clone(), self.transport);
        self.runner.spawn(async move { events.send(Event::Closed(transport, id)).await });
    }

    /// Forgets a connection, and tells which flows it meant.
    pub(super) fn closed(&mut self, id: u32) -> Vec<Flow> {
        let Some(connection) = self.by_id.remove(&id) else { return Vec::new() };
        self.strange.remove(&id);
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

    /// Opens a connection; `None` when nobody could prove that he is whom we mean.
    fn open(&mut self, flow: Flow) -> Option<u32> {
        let id = self.next_id();
        let whom = Flow { connection: id, ..flow };
        match &self.calling {
            None => self.start(whom, true, move |line| async move {
                if let Some(stream) = in_time(flow, connect(flow.peer)).await {
                    converse(stream, line).await;
                }
            }),
            Some(calling) => {
                let secure = calling.to(flow.peer)?;
                self.start(whom, true, move |line| async move {
                    let stream = in_time(flow, async { secure.handshake(connect(flow.peer).await?).await });
                    if let Some(stream) = stream.await {
                        converse(stream, line).await;
                    }
                });
            }
        }
        Some(id)
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
        let task = self.runner.spawn(async move {
            conversation.await;
            let _ = events.send(Event::Closed(flow.transport, flow.connection)).await;
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
        self.by_id.values().for_each(|connection| connection.task.abort());
    }
}

/// A socket that listens, for datagrams' fellow or for TLS.
pub(super) fn listen(address: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The next connection, however many can't be had.
pub(super) async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tune(&stream);
                return (stream, peer);
            }
            // Out of descriptors, or the peer was gone before we looked: the listener lives on.
            Err(error) => {
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Passes on whoever connects.
pub(super) async fn accept(listener: TcpListener, events: mpsc::Sender<Event>) {
    loop {
        let (stream, peer) = next(&listener).await;
        if events.send(Event::Accepted(Transport::Tcp, Arrived::Plain(stream), peer)).await.is_err() {
            return;
        }
    }
}

/// A connection of ours, or word of why there is none.
async fn in_time<S>(flow: Flow, connecting: impl Future<Output = io::Result<S>>) -> Option<S> {
    let (transport, peer) = (flow.transport.name(), flow.peer);
    match timeout(CONNECT, connecting).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::warn!(transport, %peer, %error, "no connection"),
        Err(_) => tracing::warn!(transport, %peer, "no connection in time"),
    }
    None
}

async fn connect(peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    let stream = socket.connect(peer).await?;
    tune(&stream);
    Ok(stream)
}

/// What a connection's task holds of the table.
struct Line {
    flow: Flow,
    inbox: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    events: mpsc::Sender<Event>,
}

/// Reads and writes until either side ends, breaks the framing, sends too slowly or says nothing for too long.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, mut line: Line) {
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
                let Ok(Ok(())) = timeout(WRITE, say(&mut stream, &bytes)).await else { return };
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
async fn take_frames<S: AsyncWrite + Unpin>(framer: &mut Framer, stream: &mut S, line: &Line) -> Option<usize> {
    let mut messages = 0;
    loop {
        match framer.next() {
            Ok(Some(Frame::Message(bytes))) => {
                messages += 1;
                line.events.send(Event::Message { flow: line.flow, bytes }).await.ok()?;
            }
            Ok(Some(Frame::KeepAlive)) => timeout(WRITE, say(stream, b"\r\n")).await.ok()?.ok()?,
            Ok(None) => return Some(messages),
            Err(broken) => {
                tracing::debug!(peer = %line.flow.peer, why = %broken.why, "the stream can't be followed");
                if let Some(reply) = broken.reply {
                    let _ = timeout(WRITE, say(stream, &reply.to_bytes())).await;
                    let _ = stream.shutdown().await;
                }
                return None;
            }
        }
    }
}

/// All of it, out of every buffer on our side.
async fn say<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
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

/// Connections of a transport at a time; a further one takes the place of the oldest stranger's.
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
/// A peer has to take our connection within this time, its handshake included.
const CONNECT: Duration = Duration::from_secs(5);
/// The kernel asks dead peers after so much silence, three times.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Bytes that may wait for a peer to read; then the connection ends.
const WAITING_BYTES: usize = 512 * 1024;
/// Bytes a read.
const READ_BYTES: usize = 4_096;
/// Class selector 3 for signalling: RFC 4594 §2.3.
const CS3: u32 = 24 << 2;
