//! Datagrams, in batches: one system call takes or sends up to [`BATCH`].

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::base::limits::SIP_MESSAGE_BYTES;

/// A bound socket with what waits to be sent.
pub(super) struct Udp {
    socket: AsyncFd<std::net::UdpSocket>,
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
            socket: AsyncFd::with_interest(socket, Interest::READABLE)?,
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

    /// Waits for datagrams.
    pub(super) async fn readable(&self) {
        // The only error is that the runtime ends; then nothing is ever readable.
        match self.socket.readable().await {
            Ok(mut guard) => guard.retain_ready(),
            Err(_) => std::future::pending().await,
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
                self.clear_ready();
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
        let fd = self.socket.get_ref().as_raw_fd();
        let count = match recvmmsg(fd, &mut self.incoming, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
            Ok(messages) => {
                from.iter_mut().zip(messages).map(|(place, m)| *place = (m.address.and_then(peer_of), m.bytes)).count()
            }
            Err(Errno::EAGAIN | Errno::EINTR) => 0,
            Err(error) => {
                tracing::warn!(%error, "reading datagrams");
                0
            }
        };
        (count, from)
    }

    /// After a batch that was not full the socket was empty; the next datagram wakes us anew.
    fn clear_ready(&mut self) {
        use std::task::{Context, Poll, Waker};
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Ok(mut guard)) = self.socket.poll_read_ready(&mut context) {
            guard.clear_ready();
        }
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
            self.complain(self.socket.get_ref().send_to(bytes, peer).err(), peer);
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
        let fd = self.socket.get_ref().as_raw_fd();
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
