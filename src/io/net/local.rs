//! Our address as a peer sees it: what Via, Contact and SDP say.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::base::Duration;
use crate::io::clock::Stopwatch;

/// Finds our address towards peers. The kernel's routing table knows it: a connected datagram socket tells, and sends
/// nothing.
#[derive(Debug)]
pub struct LocalAddresses {
    bound: IpAddr,
    advertise: Option<IpAddr>,
    known: HashMap<IpAddr, IpAddr>,
    since: Stopwatch,
}

impl LocalAddresses {
    /// For a listener; `advertise` replaces what would be found, for peers of its own family.
    pub fn new(listener: SocketAddr, advertise: Option<IpAddr>) -> Self {
        Self { bound: listener.ip(), advertise, known: HashMap::new(), since: Stopwatch::start() }
    }

    /// Our address towards a peer.
    pub fn towards(&mut self, peer: IpAddr) -> IpAddr {
        if let Some(advertise) = self.advertise.filter(|address| address.is_ipv4() == peer.is_ipv4()) {
            return advertise;
        }
        if !self.bound.is_unspecified() {
            return self.bound;
        }
        if self.since.elapsed() > FRESH || self.known.len() >= KNOWN {
            self.known.clear();
            self.since = Stopwatch::start();
        }
        *self.known.entry(peer).or_insert_with(|| probe(peer))
    }
}

fn probe(peer: IpAddr) -> IpAddr {
    let (any, fallback) = match peer {
        IpAddr::V4(_) => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::LOCALHOST)),
        IpAddr::V6(_) => (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::LOCALHOST)),
    };
    let found = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((peer, 9))?;
        socket.local_addr()
    });
    // No route: nothing will be sent there either, so that any address will do.
    found.map_or(fallback, |address| address.ip())
}

/// Networks change: a box gets another address by DHCP.
const FRESH: Duration = Duration::from_secs(10);
/// Peers remembered; a flood of addresses makes us forget and ask again.
const KNOWN: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_on_loopback_sees_loopback() {
        let mut local = LocalAddresses::new(SocketAddr::from(([0, 0, 0, 0], 5060)), None);
        let peer = IpAddr::from([127, 0, 0, 9]);
        assert_eq!(local.towards(peer), IpAddr::V4(Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn a_listener_on_one_address_and_an_advertised_one_need_no_search() {
        let peer = IpAddr::from([127, 0, 0, 9]);
        let mut local = LocalAddresses::new(SocketAddr::from(([127, 0, 0, 2], 5060)), None);
        assert_eq!(local.towards(peer), IpAddr::from([127, 0, 0, 2]));
        let mut local = LocalAddresses::new(SocketAddr::from(([0, 0, 0, 0], 5060)), Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(local.towards(peer), IpAddr::from([192, 0, 2, 1]));
        assert!(local.towards(IpAddr::V6(Ipv6Addr::LOCALHOST)).is_ipv6());
    }
}
