//! What waits for each webhook: in order, one on its way at a time, tried again later and later, for a day. A receiver that does not
//! answer slows its own events only. Pure: time and outcomes come in, what is to be sent goes out.

use std::collections::{BTreeMap, VecDeque};

use crate::base::{Duration, WallTime};

/// Events that wait for one webhook; beyond it the oldest is given up.
pub const WAITING: usize = 1_000;
/// An event that was not taken by then is given up.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How long to wait after attempts in vain, one after the other; the last counts for all further ones.
pub const AGAIN_AFTER: [Duration; 6] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3600),
];

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    /// Rises with each.
    pub(super) id: i64,
    /// The event's word.
    pub(super) event: String,
    /// When it happened.
    pub(super) made_at: WallTime,
    /// JSON.
    pub(super) body: String,
    /// How often it was tried.
    pub(super) attempts: u32,
}

/// What a receiver made of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has it.
    Taken,
    /// Perhaps later; not before this time, when it said so.
    Later(Option<Duration>),
    /// It will never take this one.
    Refused,
}

/// What became of a delivery by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The receiver has it.
    Delivered(Delivery),
    /// It is tried again.
    Waits(Delivery),
    /// It is not.
    GivenUp(Delivery),
}

/// The queues of all webhooks, by name.
#[derive(Debug, Default)]
pub(super) struct Queues(BTreeMap<String, Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Delivery>,
    /// The first one is on its way.
    is_out: bool,
    /// Attempts in vain since the last that was not.
    failures: u32,
    not_before: Option<WallTime>,
}

impl Queues {
    /// Adds an event behind the others. Returns the one that is given up for it.
    pub(super) fn push(&mut self, webhook: &str, delivery: Delivery) -> Option<Delivery> {
        let queue = self.0.entry(webhook.to_owned()).or_default();
        // The first may be on its way: it is not to be told as given up, and then be taken.
        let given_up =
            if queue.waiting.len() >= WAITING { queue.waiting.remove(usize::from(queue.is_out)) } else { None };
        queue.waiting.push_back(delivery);
        given_up
    }

    /// What is to be sent now, with its webhook; each is out until [`done`](Self::done).
    pub(super) fn start(&mut self, now: WallTime) -> Vec<(String, Delivery)> {
        let mut out = Vec::new();
        for (name, queue) in &mut self.0 {
            if queue.is_out || queue.not_before.is_some_and(|at| is_ahead(at, now)) {
                continue;
            }
            if let Some(first) = queue.waiting.front_mut() {
                first.attempts = first.attempts.saturating_add(1);
                queue.is_out = true;
                out.push((name.clone(), first.clone()));
            }
        }
        out
    }

    /// What came of the one that is out, by its number. `None`: the webhook is gone meanwhile.
    pub(super) fn done(&mut self, now: WallTime, webhook: &str, id: i64, verdict: Verdict) -> Option<Fate> {
        let is_it = |queue: &&mut Queue| queue.is_out && queue.waiting.front().is_some_and(|first| first.id == id);
        let queue = self.0.get_mut(webhook).filter(is_it)?;
        queue.is_out = false;
        match verdict {
            Verdict::Taken => {
                (queue.failures, queue.not_before) = (0, None);
                queue.waiting.pop_front().map(Fate::Delivered)
            }
            Verdict::Refused => queue.waiting.pop_front().map(Fate::GivenUp),
            Verdict::Later(wanted) => {
                let place = usize::try_from(queue.failures).unwrap_or(usize::MAX);
                let usual = AGAIN_AFTER.get(place).copied().unwrap_or(LONGEST);
                queue.failures = queue.failures.saturating_add(1);
                queue.not_before = Some(now + usual.max(wanted.unwrap_or_default()).min(LONGEST));
                let is_old = |one: &Delivery| now.0.saturating_sub(one.made_at.0) >= GIVE_UP_MS;
                if queue.waiting.front().is_some_and(is_old) {
                    return queue.waiting.pop_front().map(Fate::GivenUp);
                }
                queue.waiting.front().cloned().map(Fate::Waits)
            }
        }
    }

    /// The webhook's settings are others now: what waits is tried at once.
    pub(super) fn hurry(&mut self, webhook: &str) {
        if let Some(queue) = self.0.get_mut(webhook) {
            (queue.failures, queue.not_before) = (0, None);
        }
    }

    /// Forgets the queues of the others; returns what waited there. What is out is let go: nobody waits for its outcome.
    pub(super) fn keep_only(&mut self, keep: impl Fn(&str) -> bool) -> Vec<(String, Delivery)> {
        let gone: Vec<String> = self.0.keys().filter(|name| !keep(name)).cloned().collect();
        let queues = gone.into_iter().filter_map(|name| self.0.remove(&name).map(|queue| (name, queue.waiting)));
        queues.flat_map(|(name, waiting)| waiting.into_iter().map(move |one| (name.clone(), one))).collect()
    }

    /// When [`start`](Self::start) has something next; `None`: not before something else happens.
    pub(super) fn next_at(&self, now: WallTime) -> Option<WallTime> {
        let ready = self.0.values().filter(|queue| !queue.is_out && !queue.waiting.is_empty());
        ready.map(|queue| queue.not_before.filter(|at| is_ahead(*at, now)).unwrap_or(now)).min()
    }
}

/// A clock that was set back makes nobody wait for what it said before.
fn is_ahead(at: WallTime, now: WallTime) -> bool {
    at > now && at.0 - now.0 <= LONGEST_MS
}

/// Between two attempts.
const LONGEST: Duration = AGAIN_AFTER[AGAIN_AFTER.len() - 1];
const LONGEST_MS: i64 = 3600 * 1000;
const GIVE_UP_MS: i64 = 24 * 3600 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn one(id: i64) -> Delivery {
        Delivery { id, event: "alarm".to_owned(), made_at: WallTime(id * 1000), body: format!("{id}"), attempts: 0 }
    }

    fn at(seconds: i64) -> WallTime {
        WallTime(seconds * 1000)
    }

    fn started(queues: &mut Queues, seconds: i64) -> Vec<(String, i64)> {
        queues.start(at(seconds)).into_iter().map(|(name, one)| (name, one.id)).collect()
    }

    #[test]
    fn events_go_in_order_one_at_a_time() {
        let mut queues = Queues::default();
        for id in 1..=3 {
            assert_eq!(queues.push("crm", one(id)), None);
        }
        assert_eq!(queues.next_at(at(5)), Some(at(5)));
        assert_eq!(started(&mut queues, 5), [("crm".to_owned(), 1)]);
        assert!(started(&mut queues, 5).is_empty() && queues.next_at(at(5)).is_none(), "the first is out");
        assert!(matches!(queues.done(at(5), "crm", 1, Verdict::Taken), Some(Fate::Delivered(one)) if one.id == 1));
        assert_eq!(started(&mut queues, 5), [("crm".to_owned(), 2)]);
        assert!(
            matches!(queues.done(at(5), "crm", 2, Verdict::Later(None)), Some(Fate::Waits(one)) if one.attempts == 1)
        );
        assert!(started(&mut queues, 14).is_empty(), "the third does not overtake the second");
        assert_eq!(queues.next_at(at(14)), Some(at(15)));
        assert_eq!(started(&mut queues, 15), [("crm".to_owned(), 2)]);
        assert!(
            matches!(queues.done(at(15), "crm", 2, Verdict::Refused), Some(Fate::GivenUp(one)) if one.attempts == 2)
        );
        assert_eq!(started(&mut queues, 45), [("crm".to_owned(), 3)]);
    }

    #[test]
    fn a_dead_receiver_is_tried_later_and_later_and_its_events_are_given_up_after_a_day() {
        let mut queues = Queues::default();
        queues.push("dead", one(0));
        let (mut now, mut waits) = (0, Vec::new());
        loop {
            assert_eq!(started(&mut queues, now).len(), 1);
            let fate = queues.done(at(now), "dead", 0, Verdict::Later(None));
            if let Some(Fate::GivenUp(one)) = fate {
                assert_eq!(usize::try_from(one.attempts).ok(), Some(waits.len() + 1));
                break;
            }
            let next = queues.next_at(at(now)).expect("it waits").0 / 1000;
            waits.push(next - now);
            now = next;
        }
        assert_eq!(waits[..7], [10, 30, 120, 600, 1800, 3600, 3600]);
        assert!((86_400..90_001).contains(&now), "{now}");
        queues.push("dead", one(now));
        assert!(started(&mut queues, now + 5).is_empty(), "a dead receiver is no livelier by a new event");
    }

    #[test]
    fn who_does_not_answer_slows_nobody_else() {
        let mut queues = Queues::default();
        queues.push("dead", one(1));
        assert_eq!(started(&mut queues, 1).len(), 1);
        for id in 2..50 {
            queues.push("dead", one(id));
            queues.push("good", one(id));
            assert_eq!(started(&mut queues, id), [("good".to_owned(), id)]);
            assert!(matches!(queues.done(at(id), "good", id, Verdict::Taken), Some(Fate::Delivered(_))));
        }
    }

    #[test]
    fn a_full_queue_gives_up_its_oldest_but_never_the_one_that_is_out() {
        let mut queues = Queues::default();
        let bound = i64::try_from(WAITING).unwrap();
        assert!((1..=bound).all(|id| queues.push("crm", one(id)).is_none()));
        assert_eq!(queues.push("crm", one(bound + 1)).map(|one| one.id), Some(1));
        assert_eq!(started(&mut queues, 1), [("crm".to_owned(), 2)]);
        assert_eq!(queues.push("crm", one(bound + 2)).map(|one| one.id), Some(3));
        assert!(matches!(queues.done(at(1), "crm", 2, Verdict::Taken), Some(Fate::Delivered(one)) if one.id == 2));
        assert_eq!(started(&mut queues, 1), [("crm".to_owned(), 4)]);
    }

    #[test]
    fn a_receiver_may_ask_for_patience_but_not_for_ever() {
        let mut queues = Queues::default();
        queues.push("crm", one(0));
        queues.start(at(0));
        queues.done(at(0), "crm", 0, Verdict::Later(Some(Duration::from_secs(100))));
        assert_eq!(queues.next_at(at(0)), Some(at(100)));
        queues.hurry("crm");
        assert_eq!(started(&mut queues, 1).len(), 1, "new settings are tried at once");
        queues.done(at(1), "crm", 0, Verdict::Later(Some(Duration::from_secs(1_000_000))));
        assert_eq!(queues.next_at(at(1)), Some(at(3601)));
        assert_eq!(started(&mut queues, -1_000_000).len(), 1, "the clock was set back");
    }

    #[test]
    fn a_webhook_that_is_gone_takes_its_queue_along_and_what_is_out_has_no_outcome() {
        let mut queues = Queues::default();
        queues.push("old", one(1));
        queues.push("new", one(1));
        queues.start(at(1));
        let gone = queues.keep_only(|name| name == "new");
        assert_eq!(gone.iter().map(|(name, one)| (name.as_str(), one.id)).collect::<Vec<_>>(), [("old", 1)]);
        assert_eq!(queues.done(at(1), "old", 1, Verdict::Taken), None);
        queues.push("old", one(2));
        queues.start(at(1));
        assert_eq!(queues.done(at(1), "old", 1, Verdict::Taken), None, "it was the other one that was out");
    }
}
