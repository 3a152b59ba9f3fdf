//! The sockets of the open endpoints, each pair in a slot.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};

use super::ports::Pair;
use super::sockets;
use super::token::Token;
use crate::base::EndpointId;
use crate::media::Destination;

#[derive(Debug, Default)]
pub(super) struct Links {
    slots: Vec<Option<Link>>,
    free: Vec<usize>,
    by_id: HashMap<EndpointId, usize>,
}

#[derive(Debug)]
struct Link {
    endpoint: EndpointId,
    pair: Pair,
    /// The peer that the RTP socket is connected to: the kernel then keeps strangers out, and needs no address a packet.
    settled: Option<SocketAddr>,
    /// The slot of the endpoint to which this one's packets went last: spares a look-up a packet.
    hearer: usize,
}

impl Links {
    /// The sockets of a pair become those of an endpoint: what comes from now on is its own.
    pub(super) fn open(&mut self, epoll: &Epoll, endpoint: EndpointId, pair: Pair) -> io::Result<()> {
        if self.by_id.contains_key(&endpoint) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let slot = self.free.last().copied().unwrap_or(self.slots.len());
        for (socket, rtcp) in [(&pair.rtp, false), (&pair.rtcp, true)] {
            epoll.modify(socket, &mut EpollEvent::new(EpollFlags::EPOLLIN, Token::Link { slot, rtcp }.into()))?;
        }
        let link = Some(Link { endpoint, pair, settled: None, hearer: slot });
        match self.slots.get_mut(slot) {
            Some(place) => {
                *place = link;
                self.free.pop();
            }
            None => self.slots.push(link),
        }
        self.by_id.insert(endpoint, slot);
        Ok(())
    }

    /// Closes the sockets; epoll forgets them by that.
    pub(super) fn close(&mut self, endpoint: EndpointId) {
        let Some(slot) = self.by_id.remove(&endpoint) else { return };
        if self.slots.get_mut(slot).and_then(Option::take).is_some() {
            self.free.push(slot);
        }
    }

    /// One datagram: whose it is, from where, and its length.
    pub(super) fn receive(
        &self,
        slot: usize,
        rtcp: bool,
        buffer: &mut [u8],
    ) -> Option<(EndpointId, SocketAddr, usize)> {
        let link = self.slots.get(slot)?.as_ref()?;
        let (length, from) = match (rtcp, link.settled) {
            (false, Some(peer)) => (link.pair.rtp.recv(buffer).ok()?, peer),
            (false, None) => link.pair.rtp.recv_from(buffer).ok()?,
            (true, _) => link.pair.rtcp.recv_from(buffer).ok()?,
        };
        Some((link.endpoint, from, length))
    }

    /// Sends what came in by `from_slot`.
    pub(super) fn forward(&mut self, from_slot: usize, destination: &Destination, bytes: &[u8]) {
        let Some(from) = self.slots.get(from_slot).and_then(Option::as_ref) else { return };
        let known = self.slots.get(from.hearer).and_then(Option::as_ref);
        match known.filter(|hearer| hearer.endpoint == destination.endpoint) {
            Some(hearer) => hearer.send(destination, bytes),
            None => {
                self.send(destination, bytes);
                let hearer = self.by_id.get(&destination.endpoint).copied();
                if let (Some(hearer), Some(Some(from))) = (hearer, self.slots.get_mut(from_slot)) {
                    from.hearer = hearer;
                }
            }
        }
    }

    pub(super) fn send(&self, destination: &Destination, bytes: &[u8]) {
        let slot = self.by_id.get(&destination.endpoint);
        if let Some(Some(link)) = slot.and_then(|slot| self.slots.get(*slot)) {
            link.send(destination, bytes);
        }
    }

    /// Connects the RTP socket of an endpoint to its peer, or takes that back.
    pub(super) fn settle(&mut self, endpoint: EndpointId, peer: Option<SocketAddr>) {
        let slot = self.by_id.get(&endpoint);
        if let Some(Some(link)) = slot.and_then(|slot| self.slots.get_mut(*slot)) {
            link.settle(peer);
        }
    }

    pub(super) fn settle_all(&mut self, peer_of: impl Fn(EndpointId) -> Option<SocketAddr>) {
        for link in self.slots.iter_mut().flatten() {
            link.settle(peer_of(link.endpoint));
        }
    }
}

impl Link {
    /// A datagram that the kernel can't take now is lost, as it would be on the way.
    fn send(&self, destination: &Destination, bytes: &[u8]) {
        let _ = match destination {
            Destination { rtcp: true, to, .. } => self.pair.rtcp.send_to(bytes, to),
            Destination { to, .. } if self.settled == Some(*to) => self.pair.rtp.send(bytes),
            Destination { to, .. } => self.pair.rtp.send_to(bytes, to),
        };
    }

    fn settle(&mut self, peer: Option<SocketAddr>) {
        if self.settled == peer {
            return;
        }
        let done = match peer {
            Some(peer) => self.pair.rtp.connect(peer),
            None => sockets::disconnect(&self.pair.rtp),
        };
        match done {
            Ok(()) => self.settled = peer,
            Err(error) => tracing::debug!(endpoint = %self.endpoint, %error, "a socket stays as it is"),
        }
    }
}
