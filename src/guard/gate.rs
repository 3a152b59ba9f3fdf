//! The gate before the parser: how many messages one address may send, and all strangers together. It is generous, so that a
//! phone that comes back with all its lamps passes and a flood doesn't; its memory is bounded whatever addresses a flood claims to come from.

use std::collections::HashMap;
use std::net::IpAddr;

use super::bucket::{Bucket, Rate};
use crate::base::{Duration, Instant};

/// What one address may send: messages.
const EACH: Rate = Rate::per_second(200, 1000);
/// What all strangers may send together: messages. What is kept of each for 32 s (RFC 3261 §17.2.2) leaves half of
/// [`TRANSACTIONS`](crate::base::limits::TRANSACTIONS) to those who are known, and a tenth of one core is enough to answer so many.
const STRANGERS: Rate = Rate::per_second(300, 2000);

/// Token buckets by place: see [`place`](super::place).
#[derive(Debug)]
pub(super) struct Gate {
    buckets: HashMap<IpAddr, Bucket>,
    /// All addresses that found no place in the table share this one.
    crowd: Bucket,
    strangers: Bucket,
    swept: Instant,
    turned_away: u64,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            buckets: HashMap::new(),
            crowd: Bucket::full(EACH, Instant::ZERO),
            strangers: Bucket::full(STRANGERS, Instant::ZERO),
            swept: Instant::ZERO,
            turned_away: 0,
        }
    }

    /// Whether a message from this place may go on to the parser; one that may not is dropped without an answer. Of a stranger's
    /// messages only those count for all strangers that he may send for himself, so one flooder shuts nobody out.
    pub(super) fn admit(&mut self, now: Instant, place: IpAddr, is_stranger: bool) -> bool {
        if !self.buckets.contains_key(&place) {
            self.make_room(now);
        }
        let has_room = self.buckets.len() < PLACES;
        let bucket = match self.buckets.get_mut(&place) {
            Some(bucket) => bucket,
            None if has_room => self.buckets.entry(place).or_insert(Bucket::full(EACH, now)),
            None => &mut self.crowd,
        };
        let admitted = bucket.take(EACH, now) && (!is_stranger || self.strangers.take(STRANGERS, now));
        self.turned_away += u64::from(!admitted);
        admitted
    }

    /// Messages dropped since the start.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// A bucket that is full again says nothing that a new one wouldn't: it goes. Looked through at most once a second, so that
    /// a flood of invented addresses costs no more than that.
    fn make_room(&mut self, now: Instant) {
        if self.buckets.len() < PLACES || now.since(self.swept) < SWEEP_EVERY {
            return;
        }
        self.swept = now;
        self.buckets.retain(|_, bucket| !bucket.is_full(EACH, now));
    }
}

/// Places that are counted one by one; further ones share one bucket until there is room.
const PLACES: usize = 4096;
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
        (0..messages).filter(|_| gate.admit(now, address, false)).count()
    }

    #[test]
    fn a_burst_passes_and_a_flood_is_cut_to_the_rate() {
        let mut gate = Gate::new();
        assert_eq!(passed(&mut gate, at(0), v4(1), 3000), 1000);
        assert_eq!(passed(&mut gate, at(1000), v4(1), 3000), 200);
        assert_eq!(passed(&mut gate, at(1010), v4(1), 3000), 2);
        assert_eq!(passed(&mut gate, at(60_000), v4(1), 3000), 1000);
        assert_eq!(gate.turned_away(), 2000 + 2800 + 2998 + 2000);
    }

    #[test]
    fn one_flooder_takes_nothing_from_another_address() {
        let mut gate = Gate::new();
        passed(&mut gate, at(0), v4(1), 5000);
        assert_eq!(passed(&mut gate, at(0), v4(2), 1000), 1000);
    }

    #[test]
    fn many_strangers_leave_the_room_of_those_who_are_known() {
        let mut gate = Gate::new();
        let strangers = (0..8000_u32).filter(|n| gate.admit(at(0), v4(1000 + n % 200), true)).count();
        assert_eq!(strangers, 2000);
        assert_eq!(passed(&mut gate, at(0), v4(1), 1000), 1000);
        let later = (0..8000_u32).filter(|n| gate.admit(at(1000), v4(1000 + n % 200), true)).count();
        assert_eq!(later, 300);
    }

    #[test]
    fn invented_addresses_fill_no_memory_and_starve_no_known_one() {
        let mut gate = Gate::new();
        let known = v4(1);
        assert!(gate.admit(at(0), known, false));
        let strangers = (0..100_000).filter(|n| gate.admit(at(0), v4(1000 + n), false)).count();
        assert!(gate.buckets.len() <= PLACES);
        assert_eq!(strangers, PLACES - 1 + 1000, "the rest share one bucket");
        assert!(gate.admit(at(0), known, false));
        assert!(gate.admit(at(10_000), v4(7), false), "idle buckets have made room");
        assert!(gate.buckets.len() < 10);
    }
}
