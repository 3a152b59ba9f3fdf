//! Bounded places, in all and for each address: connections and event streams.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// So many in all, so many of one address. One office is one /64 in IPv6.
#[derive(Debug)]
pub(super) struct Places {
    all: usize,
    of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    pub(super) fn new(all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { all, of_one, taken: Mutex::default() })
    }

    /// A place for `peer`, while there are any.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let address = network_of(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= self.all || of_one >= self.of_one {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, of_one + 1);
        Some(Place { places: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// The address that limits count: IPv4 as it is, IPv6 by its /64.
pub(in crate::io::http) fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_out_for_one_address_before_they_run_out_for_all_and_come_back() {
        let places = Places::new(3, 2);
        let [one, other]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let first = places.take(one).unwrap();
        let _second = places.take(mapped).unwrap();
        assert!(places.take(one).is_none());
        let _third = places.take(other).unwrap();
        assert!(places.take(other).is_none(), "all are taken");
        drop(first);
        assert!(places.take(one).is_some());
    }
}
