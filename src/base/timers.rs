//! Deadlines as data. [`Timers`] is for one machine with a handful of named timers; [`TimerQueue`] is for an
//! owner of many machines.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::Instant;

/// At most `N` armed timers, each named by a value of `K`. No allocation.
#[derive(Debug, Clone)]
pub struct Timers<K, const N: usize> {
    slots: [Option<(K, Instant)>; N],
}

impl<K: Copy + PartialEq, const N: usize> Default for Timers<K, N> {
    fn default() -> Self {
        Self { slots: [None; N] }
    }
}

impl<K: Copy + PartialEq, const N: usize> Timers<K, N> {
    /// Arms `name` for `at`, replacing what it was armed for. `N` is the number of names, so a slot is always free.
    pub fn arm(&mut self, name: K, at: Instant) {
        let own = self.slots.iter().position(|slot| slot.is_some_and(|(armed, _)| armed == name));
        let free = || self.slots.iter().position(Option::is_none);
        if let Some(slot) = own.or_else(free).and_then(|index| self.slots.get_mut(index)) {
            *slot = Some((name, at));
        }
    }

    /// Disarms `name`; nothing happens if it was not armed.
    pub fn cancel(&mut self, name: K) {
        for slot in &mut self.slots {
            if slot.is_some_and(|(armed, _)| armed == name) {
                *slot = None;
            }
        }
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.slots = [None; N];
    }

    /// Whether `name` is armed.
    pub fn is_armed(&self, name: K) -> bool {
        self.slots.iter().flatten().any(|(armed, _)| *armed == name)
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.slots.iter().flatten().map(|(_, at)| *at).min()
    }

    /// Disarms and returns the earliest timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (name, at) = self.slots.iter().flatten().copied().min_by_key(|(_, at)| *at)?;
        if at > now {
            return None;
        }
        self.cancel(name);
        Some(name)
    }
}

/// Any number of armed timers, one deadline a key; ties fire in the order in which they were armed.
#[derive(Debug)]
pub struct TimerQueue<K> {
    by_time: BTreeMap<(Instant, u64), K>,
    by_key: HashMap<K, (Instant, u64)>,
    armed: u64,
}

impl<K> Default for TimerQueue<K> {
    fn default() -> Self {
        Self { by_time: BTreeMap::new(), by_key: HashMap::new(), armed: 0 }
    }
}

impl<K: Copy + Eq + Hash> TimerQueue<K> {
    /// Arms `key` for `at`, replacing what it was armed for.
    pub fn arm(&mut self, key: K, at: Instant) {
        self.cancel(key);
        self.armed += 1;
        let place = (at, self.armed);
        self.by_time.insert(place, key);
        self.by_key.insert(key, place);
    }

    /// Arms `key` for `at`, or disarms it with `None`.
    pub fn set(&mut self, key: K, at: Option<Instant>) {
        match at {
            Some(at) if self.by_key.get(&key).is_some_and(|(armed, _)| *armed == at) => {}
            Some(at) => self.arm(key, at),
            None => self.cancel(key),
        }
    }

    /// Disarms `key`.
    pub fn cancel(&mut self, key: K) {
        if let Some(place) = self.by_key.remove(&key) {
            self.by_time.remove(&place);
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    /// Disarms and returns the earliest key that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether no timer is armed.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn timers_fire_in_order_of_their_deadlines() {
        let mut timers = Timers::<u8, 3>::default();
        let at = |s| Instant::ZERO + Duration::from_secs(s);
        timers.arm(1, at(3));
        timers.arm(2, at(1));
        timers.arm(1, at(2));
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.pop_due(at(5)), Some(2));
        assert_eq!(timers.pop_due(at(5)), Some(1));
        assert_eq!(timers.pop_due(at(5)), None);
    }

    #[test]
    fn a_queue_keeps_one_deadline_a_key() {
        let mut queue = TimerQueue::default();
        let at = |s| Instant::ZERO + Duration::from_secs(s);
        queue.arm("a", at(1));
        queue.arm("b", at(1));
        queue.arm("a", at(2));
        assert_eq!(queue.pop_due(at(1)), Some("b"));
        assert_eq!(queue.pop_due(at(1)), None);
        queue.cancel("a");
        assert!(queue.is_empty() && queue.next().is_none());
    }
}
