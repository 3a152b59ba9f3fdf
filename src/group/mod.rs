//! Whom of a group to ring for one waiting caller, and until when. Pure: it is asked, it doesn't act. Knows no SIP and no leg.

mod queue;

pub use queue::{Order, Queues};

use crate::base::{Duration, Instant};
use crate::desk::GroupExit;
use crate::office::{Group, Strategy};

/// A member that refused, or whose seconds ran out, is left in peace for so long.
const PEACE: Duration = Duration::from_secs(10);

/// What a member is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// No device is registered, and none is a mobile.
    Offline,
    /// On the telephone.
    Busy,
    /// May be rung.
    Free,
}

/// What is to be done for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Ring these members too, each for so long.
    Ring(Vec<String>, Duration),
    /// Nobody new; ask again when a member changes or at [`Round::poll_timeout`].
    Wait,
    /// Give the caller back.
    Exit(GroupExit),
}

/// One caller at a group.
#[derive(Debug, Clone)]
pub struct Round {
    leaves_at: Instant,
    /// Members that are not rung again before a time.
    peace: Vec<(String, Instant)>,
    /// For strategies that go from one to the next: who comes first.
    first: usize,
}

impl Round {
    /// A caller comes at `now`. `last_answered` is who took the group's last call, for round robin.
    pub fn new(now: Instant, group: &Group, last_answered: Option<&str>) -> Self {
        let after = |last: &str| group.members.iter().position(|member| member == last).map_or(0, |index| index + 1);
        let first = if group.strategy == Strategy::RoundRobin { last_answered.map_or(0, after) } else { 0 };
        Self { leaves_at: now + Duration::from_secs(u64::from(group.max_wait_seconds)), peace: Vec::new(), first }
    }

    /// A member was rung and did not take the call.
    pub fn not_taken(&mut self, now: Instant, member: &str) {
        self.peace.retain(|(name, _)| name != member);
        self.peace.push((member.to_owned(), now + PEACE));
    }

    /// Whom to ring now. `ringing` are the members that ring for this caller already.
    pub fn decide(
        &mut self,
        now: Instant,
        group: &Group,
        ringing: &[String],
        state: impl Fn(&str) -> Member,
    ) -> Decision {
        if group.members.is_empty() {
            return Decision::Exit(GroupExit::Empty);
        }
        if group.members.iter().all(|member| state(member) == Member::Offline) {
            return Decision::Exit(GroupExit::NobodyRegistered);
        }
        if now >= self.leaves_at {
            return Decision::Exit(GroupExit::WaitedTooLong);
        }
        self.peace.retain(|(_, until)| *until > now);
        let in_peace = |member: &str| self.peace.iter().any(|(name, _)| name == member);
        let free = |member: &&String| !ringing.contains(member) && !in_peace(member) && state(member) == Member::Free;
        match group.strategy {
            Strategy::RingAll => {
                let all: Vec<String> = group.members.iter().filter(free).cloned().collect();
                if all.is_empty() { Decision::Wait } else { Decision::Ring(all, self.leaves_at.since(now)) }
            }
            Strategy::RoundRobin | Strategy::FirstToLast if !ringing.is_empty() => Decision::Wait,
            Strategy::RoundRobin | Strategy::FirstToLast => {
                let count = group.members.len();
                let mut order = group.members.iter().cycle().skip(self.first).take(count);
                let seconds = Duration::from_secs(u64::from(group.member_ring_seconds));
                match order.find(free) {
                    Some(next) => Decision::Ring(vec![next.clone()], seconds.min(self.leaves_at.since(now))),
                    None => Decision::Wait,
                }
            }
        }
    }

    /// When to ask again at the latest.
    pub fn poll_timeout(&self) -> Instant {
        self.peace.iter().map(|(_, until)| *until).min().map_or(self.leaves_at, |until| until.min(self.leaves_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(strategy: Strategy) -> Group {
        Group {
            number: "500".into(),
            name: "All".into(),
            description: String::new(),
            strategy,
            members: vec!["200".into(), "201".into(), "202".into()],
            greeting: String::new(),
            music: String::new(),
            max_wait_seconds: 60,
            wrap_up_seconds: 0,
            max_queue: 10,
            member_ring_seconds: 20,
            announce_position: false,
        }
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn ring_all_rings_everybody_who_is_free_and_adds_those_who_get_free() {
        let group = group(Strategy::RingAll);
        let mut round = Round::new(at(0), &group, None);
        let busy = |member: &str| if member == "201" { Member::Busy } else { Member::Free };
        let wanted = Decision::Ring(vec!["200".into(), "202".into()], Duration::from_secs(60));
        assert_eq!(round.decide(at(0), &group, &[], busy), wanted);
        let ringing = ["200".to_owned(), "202".to_owned()];
        assert_eq!(round.decide(at(5), &group, &ringing, busy), Decision::Wait);
        let added = Decision::Ring(vec!["201".into()], Duration::from_secs(50));
        assert_eq!(round.decide(at(10), &group, &ringing, |_| Member::Free), added);
        assert_eq!(round.decide(at(60), &group, &ringing, busy), Decision::Exit(GroupExit::WaitedTooLong));
    }

    #[test]
    fn a_group_without_anybody_gives_the_caller_back_at_once() {
        let mut group = group(Strategy::RingAll);
        let mut round = Round::new(at(0), &group, None);
        assert_eq!(round.decide(at(0), &group, &[], |_| Member::Offline), Decision::Exit(GroupExit::NobodyRegistered));
        group.members.clear();
        assert_eq!(round.decide(at(0), &group, &[], |_| Member::Free), Decision::Exit(GroupExit::Empty));
    }

    #[test]
    fn a_member_who_refused_is_left_in_peace_for_a_while() {
        let group = group(Strategy::RingAll);
        let mut round = Round::new(at(0), &group, None);
        round.not_taken(at(1), "200");
        let ringing = ["201".to_owned(), "202".to_owned()];
        assert_eq!(round.decide(at(2), &group, &ringing, |_| Member::Free), Decision::Wait);
        assert_eq!(round.poll_timeout(), at(11));
        assert!(
            matches!(round.decide(at(11), &group, &ringing, |_| Member::Free), Decision::Ring(who, _) if who == ["200"])
        );
    }

    #[test]
    fn round_robin_starts_after_who_answered_last_and_first_to_last_does_not() {
        let robin = group(Strategy::RoundRobin);
        let mut round = Round::new(at(0), &robin, Some("200"));
        assert!(matches!(round.decide(at(0), &robin, &[], |_| Member::Free), Decision::Ring(who, _) if who == ["201"]));
        round.not_taken(at(20), "201");
        assert!(
            matches!(round.decide(at(20), &robin, &[], |_| Member::Free), Decision::Ring(who, _) if who == ["202"])
        );
        let hunt = group(Strategy::FirstToLast);
        let mut round = Round::new(at(0), &hunt, Some("200"));
        assert!(matches!(round.decide(at(0), &hunt, &[], |_| Member::Free), Decision::Ring(who, _) if who == ["200"]));
    }
}
