//! Datagrams, in batches: one system call takes or sends up to [`BATCH`].

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd as _, AsRawFd};

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::base::limits::SIP_MESSAGE_BYTES;

/// A bound socket with what waits to be sent.
pub(super) struct Udp {
    socket: UdpSocket,
    address: SocketAddr,
    buffer: Box<[u8]>,
    incoming: MultiHeaders<SockaddrStorage>,
    outgoing: MultiHeaders<SockaddrStorage>,
    queue: Vec<(SocketAddr, Vec<u8>)>,
}

impl std::fmt::Debug for Udp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Udp").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Udp {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
            socket.set_tclass_v6(CS3)?;
        }
        // Queueing marks are a wish; so are large buffers. Without them calls go as well, on a calm network.
        let _ = socket.set_tos_v4(CS3);
        let _ = socket.set_recv_buffer_size(SOCKET_BYTES);
        let _ = socket.set_send_buffer_size(SOCKET_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket: std::net::UdpSocket = socket.into();
        let address = socket.local_addr()?;
        Ok(Self {
            socket: UdpSocket::from_std(socket)?,
            address,
            // Zeroed lazily by the kernel: pages that no datagram reaches are never touched.
            buffer: vec![0; BATCH * SIP_MESSAGE_BYTES].into_boxed_slice(),
            incoming: MultiHeaders::preallocate(BATCH, None),
            outgoing: MultiHeaders::preallocate(BATCH, None),
            queue: Vec::new(),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket once more, for who opens another beside it.
    pub(super) fn share(&self) -> io::Result<std::os::fd::OwnedFd> {
        self.socket.as_fd().try_clone_to_owned()
    }

    /// Waits for datagrams.
    pub(super) async fn readable(&self) {
        // The only error is that the runtime ends; then nothing is ever readable.
        if self.socket.readable().await.is_err() {
            std::future::pending().await
        }
    }

    /// Hands out up to four batches. True when there may be more.
    pub(super) fn receive(&mut self, mut each: impl FnMut(SocketAddr, &[u8])) -> bool {
        for _ in 0..BATCHES {
            let (count, from) = self.receive_batch();
            let messages = self.buffer.chunks_exact(SIP_MESSAGE_BYTES).zip(&from);
            for (chunk, (peer, length)) in messages.take(count) {
                let message = chunk.get(..*length).unwrap_or_default();
                // RFC 5626 §3.5.1 has no pings over UDP, but phones send CRLF to keep the way open; nothing is due.
                if let Some(peer) = peer.filter(|_| message.iter().any(|byte| !matches!(byte, b'\r' | b'\n' | 0))) {
                    each(peer, message);
                }
            }
            if count < BATCH {
                return false;
            }
        }
        true
    }

    /// One system call: how many came, and for each from whom and how long.
    fn receive_batch(&mut self) -> (usize, [(Option<SocketAddr>, usize); BATCH]) {
        let mut from = [(None, 0); BATCH];
        let mut chunks = self.buffer.chunks_exact_mut(SIP_MESSAGE_BYTES);
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(chunks.next().unwrap_or_default())]);
        let (fd, incoming) = (self.socket.as_raw_fd(), &mut self.incoming);
        let mut count = 0;
        let batch = self.socket.try_io(Interest::READABLE, || {
            let messages = recvmmsg(fd, incoming, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
            for (place, message) in from.iter_mut().zip(messages) {
                *place = (message.address.and_then(peer_of), message.bytes);
                count += 1;
            }
            // A batch that is not full has emptied the socket: saying so spares the call that would find it empty.
            if count < BATCH { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        if let Err(error) = batch
            && error.kind() != io::ErrorKind::WouldBlock
        {
            tracing::warn!(%error, "reading datagrams");
        }
        (count, from)
    }

    /// Queues a datagram for [`Self::flush`].
    pub(super) fn queue(&mut self, peer: SocketAddr, bytes: Vec<u8>) {
        self.queue.push((peer, bytes));
        if self.queue.len() >= BATCH {
            self.flush();
        }
    }

    /// Sends what is queued. What the kernel refuses is lost, as datagrams may be: SIP sends again.
    pub(super) fn flush(&mut self) {
        let mut queue = std::mem::take(&mut self.queue);
        if let [(peer, bytes)] = queue.as_slice() {
            let peer = self.to_family(*peer);
            self.complain(self.socket.try_send_to(bytes, peer).err(), peer);
        } else {
            let mut rest = queue.as_slice();
            while !rest.is_empty() {
                let sent = self.send_batch(rest);
                rest = rest.get(sent..).unwrap_or_default();
            }
        }
        queue.clear();
        self.queue = queue;
    }

    /// One system call: how many are dealt with, at least 1. The kernel reports the fault of the first one only.
    fn send_batch(&mut self, queue: &[(SocketAddr, Vec<u8>)]) -> usize {
        let batch = queue.get(..BATCH).unwrap_or(queue);
        let slices: Vec<[IoSlice<'_>; 1]> = batch.iter().map(|(_, bytes)| [IoSlice::new(bytes)]).collect();
        let peers: Vec<Option<SockaddrStorage>> =
            batch.iter().map(|(peer, _)| Some(SockaddrStorage::from(self.to_family(*peer)))).collect();
        let fd = self.socket.as_raw_fd();
        match sendmmsg(fd, &mut self.outgoing, &slices, &peers, [], MsgFlags::MSG_DONTWAIT) {
            Ok(sent) => sent.count().max(1),
            Err(error) => {
                if let Some((peer, _)) = batch.first() {
                    self.complain(Some(error.into()), *peer);
                }
                1
            }
        }
    }

    fn complain(&self, error: Option<io::Error>, peer: SocketAddr) {
        if let Some(error) = error {
            tracing::debug!(%error, %peer, "a datagram could not be sent");
        }
    }

    /// An IPv6 socket reaches IPv4 peers by their mapped addresses.
    fn to_family(&self, peer: SocketAddr) -> SocketAddr {
        match peer {
            SocketAddr::V4(peer) if self.address.is_ipv6() => {
                SocketAddr::V6(SocketAddrV6::new(peer.ip().to_ipv6_mapped(), peer.port(), 0, 0))
            }
            other => other,
        }
    }
}

fn peer_of(address: SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4(SocketAddrV4::from(*v4)));
    }
    let v6 = SocketAddrV6::from(*address.as_sockaddr_in6()?);
    Some(match v6.ip().to_ipv4_mapped() {
        Some(v4) => SocketAddr::V4(SocketAddrV4::new(v4, v6.port())),
        None => SocketAddr::V6(v6),
    })
}

/// Datagrams a system call.
const BATCH: usize = 16;
/// Batches until timers get their turn.
const BATCHES: usize = 4;
/// Room for a burst of phones that come back after a power cut. The kernel grants what it allows.
const SOCKET_BYTES: usize = 4 * 1024 * 1024;
/// Class selector 3 for signalling: RFC 4594 §2.3.
const CS3: u32 = 24 << 2;
