//! The pool of bound port pairs. A pair is bound before it is announced, so what signalling names is ours; after a call
//! it is closed, and its number comes again only when all others have had their turn: late packets of one call must not
//! reach the next. What comes to a pair that is in no call is thrown away when it comes, not when the call begins: then the
//! first packet of one who was just told the port would be thrown away too.

use std::collections::BTreeMap;
use std::io;
use std::net::UdpSocket;
use std::ops::RangeInclusive;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};

use super::sockets;
use super::token::Token;
use crate::base::Rng;

/// Two bound sockets.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) rtp: UdpSocket,
    /// On the next port.
    pub(super) rtcp: UdpSocket,
}

/// Pairs that are announced and in no call yet.
#[derive(Debug)]
pub(super) struct Ports {
    free: BTreeMap<u16, Pair>,
    first: u16,
    pairs: u32,
    /// Which pair is tried next.
    next: u32,
}

impl Ports {
    /// Of the even ports of `range` whose next one is in it too. Begins anywhere, so that the ports of a restarted
    /// exchange are not those of the calls that it lost.
    pub(super) fn new(range: &RangeInclusive<u16>, rng: &mut Rng) -> Self {
        let first = range.start().saturating_add(range.start() % 2);
        let count = (u32::from(*range.end()) + 1).saturating_sub(u32::from(first));
        let pairs = count / 2;
        let next = u32::try_from(rng.below(u64::from(pairs))).unwrap_or(0);
        Self { free: BTreeMap::new(), first, pairs, next }
    }

    /// Binds pairs until `wanted` are free, puts them under watch, and returns the new ones. Fewer when the range is used up, by
    /// us or by others.
    ///
    /// # Errors
    /// When not one could be bound, and none is free: the last error.
    pub(super) fn fill(&mut self, epoll: &Epoll, wanted: usize) -> io::Result<Vec<u16>> {
        let mut bound = Vec::new();
        let mut failed = io::Error::new(io::ErrorKind::AddrInUse, "the range holds no pair of ports");
        for _ in 0..self.pairs {
            if self.free.len() >= wanted {
                break;
            }
            let Some(port) = self.next_port() else { continue };
            match bind_pair(epoll, port) {
                Ok(pair) => {
                    self.free.insert(port, pair);
                    bound.push(port);
                }
                Err(error) => failed = error,
            }
        }
        if self.free.is_empty() { Err(failed) } else { Ok(bound) }
    }

    fn next_port(&mut self) -> Option<u16> {
        let pair = self.next;
        self.next = (self.next + 1) % self.pairs.max(1);
        let port = u16::try_from(u32::from(self.first) + 2 * pair).ok()?;
        (!self.free.contains_key(&port)).then_some(port)
    }

    /// Takes an announced pair into a call.
    pub(super) fn take(&mut self, port: u16) -> Option<Pair> {
        self.free.remove(&port)
    }

    /// Throws away a datagram that came to a pair in no call.
    pub(super) fn discard(&self, port: u16, rtcp: bool) {
        if let Some(pair) = self.free.get(&port) {
            let _ = if rtcp { &pair.rtcp } else { &pair.rtp }.recv(&mut [0]);
        }
    }

    pub(super) fn free(&self) -> usize {
        self.free.len()
    }
}

fn bind_pair(epoll: &Epoll, port: u16) -> io::Result<Pair> {
    let rtcp = port.checked_add(1).ok_or(io::ErrorKind::InvalidInput)?;
    let pair = Pair { rtp: sockets::bind(port)?, rtcp: sockets::bind(rtcp)? };
    for (socket, rtcp) in [(&pair.rtp, false), (&pair.rtcp, true)] {
        epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, Token::Free { port, rtcp }.into()))?;
    }
    Ok(pair)
}
