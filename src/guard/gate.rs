//! The gate before the parser: how many messages one address may send. It is generous, so that a phone that comes back
//! with all its lamps passes and a flood doesn't, and its memory is bounded whatever addresses a flood claims to come from.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use crate::base::{Duration, Instant};
use crate::office::Network;

/// What one address may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Messages a second, for ever.
    pub per_second: u32,
    /// Messages at once, after a silence.
    pub burst: u32,
}

impl Default for Rate {
    /// 200 a second, 1000 at once.
    fn default() -> Self {
        Self { per_second: 200, burst: 1000 }
    }
}

/// Token buckets by address: IPv4 addresses one by one, IPv6 by /64, which is what one subscriber has.
#[derive(Debug)]
pub struct Gate {
    rate: Rate,
    exempt: Vec<Network>,
    buckets: HashMap<IpAddr, Bucket>,
    /// All addresses that found no place in the table share this one.
    crowd: Bucket,
    swept: Instant,
    turned_away: u64,
}

/// Messages, in millionths: what may still be sent, and as of when.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    micro: u64,
    at: Instant,
}

impl Gate {
    /// A gate for everybody but `exempt`: the office's own networks and the carriers' addresses, which must never be
    /// locked out by somebody who sends in their name.
    pub fn new(rate: Rate, exempt: Vec<Network>) -> Self {
        Self {
            rate,
            exempt,
            buckets: HashMap::new(),
            crowd: Bucket::full(rate, Instant::ZERO),
            swept: Instant::ZERO,
            turned_away: 0,
        }
    }

    /// Replaces the list of those who are never counted.
    pub fn set_exempt(&mut self, exempt: Vec<Network>) {
        self.exempt = exempt;
    }

    /// Whether a message from `address` may go on to the parser; one that may not is dropped without an answer.
    pub fn admit(&mut self, now: Instant, address: IpAddr) -> bool {
        if self.exempt.iter().any(|network| network.contains(address)) {
            return true;
        }
        let rate = self.rate;
        let key = key(address);
        if !self.buckets.contains_key(&key) {
            self.make_room(now);
        }
        let has_room = self.buckets.len() < ADDRESSES;
        let bucket = match self.buckets.get_mut(&key) {
            Some(bucket) => bucket,
            None if has_room => self.buckets.entry(key).or_insert(Bucket::full(rate, now)),
            None => &mut self.crowd,
        };
        let admitted = bucket.take(rate, now);
        self.turned_away += u64::from(!admitted);
        admitted
    }

    /// Messages dropped since the start.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// A bucket that is full again says nothing that a new one wouldn't: it goes. Looked through at most once a second, so that
    /// a flood of invented addresses costs no more than that.
    fn make_room(&mut self, now: Instant) {
        if self.buckets.len() < ADDRESSES || now.since(self.swept) < SWEEP_EVERY {
            return;
        }
        self.swept = now;
        let rate = self.rate;
        self.buckets.retain(|_, bucket| !bucket.is_full(rate, now));
    }
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { micro: u64::from(rate.burst) * MICRO, at: now }
    }

    fn level(&self, rate: Rate, now: Instant) -> u64 {
        let passed = now.since(self.at).as_micros();
        let gained = passed.saturating_mul(u128::from(rate.per_second));
        let level = u128::from(self.micro).saturating_add(gained).min(u128::from(rate.burst) * u128::from(MICRO));
        u64::try_from(level).unwrap_or(u64::MAX)
    }

    fn is_full(&self, rate: Rate, now: Instant) -> bool {
        self.level(rate, now) >= u64::from(rate.burst) * MICRO
    }

    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let level = self.level(rate, now);
        self.at = self.at.max(now);
        self.micro = level.checked_sub(MICRO).unwrap_or(level);
        level >= MICRO
    }
}

fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// One message, in the unit of a bucket.
const MICRO: u64 = 1_000_000;
/// Addresses that are counted one by one; further ones share one bucket until a place is free.
const ADDRESSES: usize = 4096;
/// How often the table is looked through, at most.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn v4(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    fn passed(gate: &mut Gate, now: Instant, address: IpAddr, messages: usize) -> usize {
        (0..messages).filter(|_| gate.admit(now, address)).count()
    }

    #[test]
    fn a_burst_passes_and_a_flood_is_cut_to_the_rate() {
        let mut gate = Gate::new(Rate::default(), Vec::new());
        assert_eq!(passed(&mut gate, at(0), v4(1), 3000), 1000);
        assert_eq!(passed(&mut gate, at(1000), v4(1), 3000), 200);
        assert_eq!(passed(&mut gate, at(1010), v4(1), 3000), 2);
        assert_eq!(passed(&mut gate, at(60_000), v4(1), 3000), 1000);
        assert_eq!(gate.turned_away(), 2000 + 2800 + 2998 + 2000);
    }

    #[test]
    fn one_flooder_takes_nothing_from_another_address() {
        let mut gate = Gate::new(Rate::default(), Vec::new());
        passed(&mut gate, at(0), v4(1), 5000);
        assert_eq!(passed(&mut gate, at(0), v4(2), 1000), 1000);
    }

    #[test]
    fn exempt_networks_are_never_counted() {
        let lan = Network { address: v4(0x0a00_0000), prefix: 8 };
        let mut gate = Gate::new(Rate { per_second: 1, burst: 1 }, vec![lan]);
        assert_eq!(passed(&mut gate, at(0), v4(0x0a01_0203), 5000), 5000);
        assert_eq!(passed(&mut gate, at(0), v4(0x0b01_0203), 5000), 1);
        gate.set_exempt(Vec::new());
        assert_eq!(passed(&mut gate, at(0), v4(0x0a01_0203), 5000), 1);
    }

    #[test]
    fn invented_addresses_fill_no_memory_and_starve_no_known_one() {
        let mut gate = Gate::new(Rate::default(), Vec::new());
        let known = v4(1);
        assert!(gate.admit(at(0), known));
        let strangers = (0..100_000).filter(|n| gate.admit(at(0), v4(1000 + n))).count();
        assert!(gate.buckets.len() <= ADDRESSES);
        assert_eq!(strangers, ADDRESSES - 1 + 1000, "the rest share one bucket");
        assert!(gate.admit(at(0), known));
        assert!(gate.admit(at(10_000), v4(7)), "idle buckets have made room");
        assert!(gate.buckets.len() < 10);
    }

    #[test]
    fn one_ipv6_subscriber_is_one_address() {
        let mut gate = Gate::new(Rate { per_second: 1, burst: 2 }, Vec::new());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(gate.admit(at(0), address("2001:db8:1:2::1")));
        assert!(gate.admit(at(0), address("2001:db8:1:2:aaaa::2")));
        assert!(!gate.admit(at(0), address("2001:db8:1:2:bbbb::3")));
        assert!(gate.admit(at(0), address("2001:db8:1:3::1")));
    }
}
