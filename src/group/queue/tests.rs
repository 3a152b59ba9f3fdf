use super::*;
use crate::base::Rng;

mod world;

fn at(seconds: u64) -> Instant {
    Instant::ZERO + secs(seconds)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn group(number: &str, strategy: Strategy, members: &[&str]) -> Group {
    Group {
        number: number.into(),
        name: String::new(),
        description: String::new(),
        strategy,
        members: names(members),
        greeting: String::new(),
        music: String::new(),
        max_wait_seconds: 60,
        wrap_up_seconds: 0,
        max_queue: 10,
        member_ring_seconds: 20,
        announce_position: false,
    }
}

fn names(members: &[&str]) -> Vec<String> {
    members.iter().map(|member| (*member).to_owned()).collect()
}

fn office(groups: Vec<Group>) -> Office {
    Office { groups, ..Office::default() }
}

fn ring(call: u64, members: &[&str], seconds: u64) -> Order {
    Order::Ring { call: CallId(call), members: names(members), span: secs(seconds) }
}

fn hand(from: u64, to: u64, members: &[&str], seconds: u64) -> Order {
    Order::Hand { from: CallId(from), to: CallId(to), members: names(members), span: secs(seconds) }
}

fn stop(call: u64, members: &[&str]) -> Order {
    Order::Stop { call: CallId(call), members: names(members) }
}

fn exit(call: u64, why: GroupExit) -> Order {
    Order::Exit { call: CallId(call), why }
}

fn place(call: u64, place: usize) -> Order {
    Order::Position { call: CallId(call), place }
}

/// Queues at an office, with members who are free unless it says otherwise.
struct Desk {
    queues: Queues,
    office: Office,
    states: BTreeMap<&'static str, Member>,
}

impl Desk {
    fn new(groups: Vec<Group>) -> Self {
        Self { queues: Queues::default(), office: office(groups), states: BTreeMap::new() }
    }

    fn one(strategy: Strategy, members: &[&str]) -> Self {
        Self::new(vec![group("500", strategy, members)])
    }

    fn enter(&mut self, seconds: u64, group: &str, call: u64) {
        let group = self.office.group(group).expect("a group").clone();
        self.queues.enter(at(seconds), &group, CallId(call)).expect("room in the queue");
    }

    fn refused(&mut self, seconds: u64, call: u64, member: &str) {
        self.queues.refused(at(seconds), CallId(call), member);
    }

    /// The member is busy from then on.
    fn answered(&mut self, group: &str, member: &'static str) -> Option<u64> {
        self.is(member, Member::Busy);
        self.queues.answered(group, member).map(|call| call.0)
    }

    fn is(&mut self, member: &'static str, state: Member) {
        self.states.insert(member, state);
    }

    fn decide(&mut self, seconds: u64) -> Vec<Order> {
        let states = &self.states;
        self.queues.decide(at(seconds), &self.office, |member| states.get(member).copied().unwrap_or(Member::Free))
    }
}

#[test]
fn ring_all_rings_all_who_are_free_and_adds_those_who_get_free() {
    let mut desk = Desk::one(Strategy::RingAll, &["200", "201", "202"]);
    desk.is("201", Member::Busy);
    desk.is("202", Member::Offline);
    desk.enter(0, "500", 1);
    assert_eq!(desk.decide(0), [ring(1, &["200"], 62)]);
    assert_eq!(desk.decide(5), []);
    desk.is("201", Member::Free);
    desk.is("202", Member::Free);
    assert_eq!(desk.decide(10), [ring(1, &["201", "202"], 52)]);
}

#[test]
fn one_after_the_other_goes_round_until_somebody_takes_the_call() {
    let mut desk = Desk::one(Strategy::FirstToLast, &["200", "201", "202"]);
    desk.enter(0, "500", 1);
    assert_eq!(desk.decide(0), [ring(1, &["200"], 20)]);
    assert_eq!(desk.queues.poll_timeout(), Some(at(20)));
    assert_eq!(desk.decide(20), [stop(1, &["200"]), ring(1, &["201"], 20)]);
    // not 200 again, though its peace is over: who comes after has not been asked
    assert_eq!(desk.decide(40), [stop(1, &["201"]), ring(1, &["202"], 20)]);
    desk.refused(45, 1, "202");
    assert_eq!(desk.decide(45), [ring(1, &["200"], 20)]);
}

#[test]
fn round_robin_begins_after_who_answered_last_and_first_to_last_with_the_first() {
    for (strategy, second) in [(Strategy::RoundRobin, "201"), (Strategy::FirstToLast, "200")] {
        let mut desk = Desk::one(strategy, &["200", "201", "202"]);
        desk.enter(0, "500", 1);
        assert_eq!(desk.decide(0), [ring(1, &["200"], 20)]);
        assert_eq!(desk.answered("500", "200"), Some(1));
        assert_eq!(desk.decide(1), []);
        desk.is("200", Member::Free);
        desk.enter(2, "500", 2);
        assert_eq!(desk.decide(2), [ring(2, &[second], 20)]);
    }
}

#[test]
fn round_robin_remembers_across_restarts() {
    let mut desk = Desk::one(Strategy::RoundRobin, &["200", "201", "202"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.answered("500", "200");
    desk.decide(0);
    let kept: Vec<_> =
        desk.queues.last_answered().map(|(group, member)| (group.to_owned(), member.to_owned())).collect();
    assert_eq!(kept, [("500".to_owned(), "200".to_owned())]);

    let mut desk = Desk::one(Strategy::RoundRobin, &["200", "201", "202"]);
    kept.iter().for_each(|(group, member)| desk.queues.restore(group, member));
    desk.enter(0, "500", 1);
    assert_eq!(desk.decide(0), [ring(1, &["201"], 20)]);
}

#[test]
fn round_robin_is_fair_whoever_is_missing_from_the_list() {
    for seed in 0..200 {
        let mut rng = Rng::from_seed(seed);
        let all = ["200", "201", "202", "203", "204", "205", "206"];
        let members = &all[..usize::try_from(1 + rng.below(7)).unwrap()];
        let mut counts = BTreeMap::<&str, u32>::new();
        let mut desk = Desk::one(Strategy::RoundRobin, members);
        for call in 1..=rng.below(60) + 1 {
            desk.enter(call, "500", call);
            let Some(Order::Ring { members: rung, .. }) = desk.decide(call).pop() else { panic!("nobody rings") };
            let member = *all.iter().find(|one| **one == rung[0]).unwrap();
            assert_eq!(desk.answered("500", member), Some(call));
            desk.decide(call);
            desk.is(member, Member::Free);
            *counts.entry(member).or_default() += 1;
            let count = |member: &&str| counts.get(member).copied().unwrap_or(0);
            let (most, least) = (members.iter().map(count).max(), members.iter().map(count).min());
            assert!(most.unwrap() - least.unwrap() <= 1, "seed {seed}: {counts:?}");
        }
    }
}

#[test]
fn who_waits_longest_is_served_first_whoever_rang_for_whom() {
    let mut desk = Desk::one(Strategy::RoundRobin, &["200", "201", "202"]);
    desk.enter(0, "500", 1);
    desk.enter(1, "500", 2);
    assert_eq!(desk.decide(1), [ring(1, &["200"], 20), ring(2, &["201"], 20)]);
    assert_eq!(desk.answered("500", "201"), Some(1));
    assert_eq!(desk.decide(5), [hand(1, 2, &["200"], 16)], "200 rings on, for who is left");
    assert_eq!(desk.answered("500", "200"), Some(2));
    assert_eq!(desk.decide(5), []);
}

#[test]
fn with_ring_all_the_telephones_ring_on_for_the_next_caller() {
    let mut desk = Desk::one(Strategy::RingAll, &["200", "201", "202"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.enter(10, "500", 2);
    assert_eq!(desk.decide(10), [], "all ring already");
    assert_eq!(desk.answered("500", "201"), Some(1));
    assert_eq!(desk.decide(20), [hand(1, 2, &["200", "202"], 52)]);
    assert_eq!(desk.answered("500", "200"), Some(2));
    assert_eq!(desk.decide(21), [stop(2, &["202"])]);
}

#[test]
fn two_members_who_answer_in_one_instant_get_two_callers_or_one_gets_nobody() {
    let mut desk = Desk::one(Strategy::RingAll, &["200", "201"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.enter(0, "500", 2);
    desk.decide(0);
    assert_eq!((desk.answered("500", "201"), desk.answered("500", "200")), (Some(1), Some(2)));
    assert_eq!(desk.decide(1), []);

    let mut desk = Desk::one(Strategy::RingAll, &["200", "201"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    assert_eq!((desk.answered("500", "201"), desk.answered("500", "200")), (Some(1), None));
    assert_eq!(desk.queues.last_answered().next(), Some(("500", "201")));
    assert_eq!(desk.decide(1), []);
}

#[test]
fn an_answer_that_crosses_its_stop_still_serves_who_waits_longest() {
    let mut desk =
        Desk::new(vec![group("500", Strategy::RingAll, &["200"]), group("501", Strategy::RingAll, &["200", "201"])]);
    desk.enter(0, "501", 1);
    desk.decide(0);
    desk.enter(1, "500", 2);
    desk.queues.leave(CallId(1));
    assert_eq!(desk.decide(1), [hand(1, 2, &["200"], 62), stop(1, &["201"])]);
    desk.enter(2, "501", 3);
    assert_eq!(desk.decide(2), [ring(3, &["201"], 62)]);
    // 200 had answered 501 before it heard of the change
    assert_eq!(desk.answered("501", "200"), Some(3));
    assert_eq!(desk.decide(2), [stop(2, &["200"]), stop(3, &["201"])]);
}

#[test]
fn a_caller_who_hangs_up_leaves_his_telephones_to_the_next_or_to_silence() {
    let mut desk = Desk::one(Strategy::FirstToLast, &["200", "201"]);
    desk.enter(0, "500", 1);
    desk.enter(0, "500", 2);
    desk.enter(0, "500", 3);
    desk.decide(0);
    desk.queues.leave(CallId(1));
    assert_eq!(desk.decide(5), [hand(1, 3, &["200"], 15)]);
    desk.queues.leave(CallId(3));
    assert_eq!(desk.decide(6), [stop(3, &["200"])]);
}

#[test]
fn a_member_who_did_not_take_a_call_is_left_in_peace_for_a_while() {
    let mut desk = Desk::one(Strategy::RingAll, &["200", "201"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.refused(1, 1, "200");
    assert_eq!(desk.decide(1), []);
    assert_eq!(desk.queues.poll_timeout(), Some(at(11)));
    assert_eq!(desk.decide(11), [ring(1, &["200"], 51)]);
}

#[test]
fn peace_is_of_one_group_and_a_refusal_of_another_call_means_nothing() {
    let mut desk =
        Desk::new(vec![group("500", Strategy::RingAll, &["200"]), group("501", Strategy::RingAll, &["200"])]);
    desk.enter(0, "500", 1);
    desk.enter(0, "501", 2);
    assert_eq!(desk.decide(0), [ring(1, &["200"], 62)]);
    desk.refused(1, 2, "200");
    assert_eq!(desk.decide(1), []);
    desk.refused(1, 1, "200");
    assert_eq!(desk.decide(1), [ring(2, &["200"], 61)]);
}

#[test]
fn a_member_who_takes_another_call_or_is_unplugged_rings_no_longer() {
    let mut desk = Desk::one(Strategy::RoundRobin, &["200", "201", "202"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.is("200", Member::Busy);
    assert_eq!(desk.decide(1), [stop(1, &["200"]), ring(1, &["201"], 20)]);
    desk.is("201", Member::Offline);
    assert_eq!(desk.decide(2), [stop(1, &["201"]), ring(1, &["202"], 20)]);
}

#[test]
fn a_resting_member_is_rung_by_no_group_and_by_all_when_it_has_rested() {
    let mut sales = group("500", Strategy::RingAll, &["200"]);
    sales.wrap_up_seconds = 15;
    let mut desk = Desk::new(vec![sales.clone(), group("501", Strategy::RingAll, &["200"])]);
    desk.queues.rest(at(0), "200", &sales);
    desk.enter(1, "501", 1);
    assert_eq!(desk.decide(1), []);
    assert_eq!(desk.queues.rests_until("200"), Some(at(15)));
    assert_eq!(desk.queues.poll_timeout(), Some(at(15)));
    assert_eq!(desk.decide(15), [ring(1, &["200"], 48)]);
}

#[test]
fn a_member_of_several_groups_rings_for_who_waits_longest_in_any_of_them() {
    let mut desk = Desk::new(vec![
        group("500", Strategy::RingAll, &["200", "201"]),
        group("501", Strategy::RoundRobin, &["200", "202"]),
    ]);
    ["200", "201", "202"].into_iter().for_each(|member| desk.is(member, Member::Busy));
    desk.enter(0, "501", 1);
    desk.enter(1, "500", 2);
    assert_eq!(desk.decide(1), []);
    desk.is("200", Member::Free);
    assert_eq!(desk.decide(2), [ring(1, &["200"], 20)]);
    desk.is("202", Member::Free);
    assert_eq!(desk.decide(3), [], "one at a time");
    desk.queues.leave(CallId(1));
    assert_eq!(desk.decide(4), [hand(1, 2, &["200"], 59)]);
}

#[test]
fn an_older_caller_without_a_telephone_gets_the_one_that_rings_for_a_younger() {
    let mut desk = Desk::new(vec![
        group("500", Strategy::FirstToLast, &["200", "201"]),
        group("501", Strategy::RingAll, &["201"]),
    ]);
    desk.enter(0, "500", 1);
    desk.enter(1, "501", 2);
    assert_eq!(desk.decide(1), [ring(1, &["200"], 20), ring(2, &["201"], 62)]);
    desk.refused(5, 1, "200");
    assert_eq!(desk.decide(5), [hand(2, 1, &["201"], 20)]);
}

#[test]
fn the_queue_takes_as_many_as_it_may_and_those_who_are_taken_do_not_count() {
    let mut desk = Desk::one(Strategy::RingAll, &["200"]);
    desk.office.groups[0].max_queue = 2;
    let group = desk.office.groups[0].clone();
    desk.enter(0, "500", 1);
    desk.enter(0, "500", 2);
    assert_eq!(desk.queues.enter(at(0), &group, CallId(3)), Err(GroupExit::QueueFull));
    desk.decide(0);
    desk.answered("500", "200");
    assert_eq!(desk.queues.enter(at(1), &group, CallId(4)), Ok(()));
    assert_eq!(desk.queues.waiting(at(5), "500"), (2, secs(5)));
    assert_eq!(desk.queues.waiting(at(5), "501"), (0, secs(0)));
}

#[test]
fn who_waited_too_long_is_given_back_and_his_telephones_ring_on_for_the_next() {
    let mut desk = Desk::one(Strategy::RingAll, &["200"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.enter(30, "500", 2);
    desk.decide(30);
    assert_eq!(desk.queues.poll_timeout(), Some(at(60)));
    assert_eq!(desk.decide(60), [hand(1, 2, &["200"], 32), exit(1, GroupExit::WaitedTooLong)]);
    assert_eq!(desk.decide(90), [stop(2, &["200"]), exit(2, GroupExit::WaitedTooLong)]);
    assert_eq!(desk.queues.poll_timeout(), None);
}

#[test]
fn a_group_that_nobody_can_answer_gives_callers_back_at_once() {
    let mut desk = Desk::one(Strategy::RingAll, &["200", "201"]);
    desk.is("200", Member::Offline);
    desk.is("201", Member::Offline);
    desk.enter(0, "500", 1);
    assert_eq!(desk.decide(0), [exit(1, GroupExit::NobodyRegistered)]);
    desk.office = office(vec![group("500", Strategy::RingAll, &[])]);
    desk.enter(0, "500", 2);
    assert_eq!(desk.decide(0), [exit(2, GroupExit::Empty)]);
}

#[test]
fn the_last_member_to_leave_ends_the_waiting_and_so_does_the_end_of_the_group() {
    let mut desk = Desk::one(Strategy::RingAll, &["200"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.is("200", Member::Offline);
    assert_eq!(desk.decide(5), [stop(1, &["200"]), exit(1, GroupExit::NobodyRegistered)]);

    let mut desk = Desk::one(Strategy::RingAll, &["200"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.office = office(Vec::new());
    assert_eq!(desk.decide(5), [stop(1, &["200"]), exit(1, GroupExit::Empty)]);
}

#[test]
fn an_applied_change_holds_for_those_who_wait() {
    let mut desk = Desk::one(Strategy::RingAll, &["200", "201"]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.office = office(vec![group("500", Strategy::RingAll, &["201", "202"])]);
    assert_eq!(desk.decide(1), [stop(1, &["200"]), ring(1, &["202"], 61)]);
    desk.office = office(vec![group("500", Strategy::FirstToLast, &["201", "202"])]);
    assert_eq!(desk.decide(2), [stop(1, &["202"])]);
    let mut patient = group("500", Strategy::FirstToLast, &["201", "202"]);
    patient.max_wait_seconds = 10;
    desk.office = office(vec![patient]);
    assert_eq!(desk.decide(10), [stop(1, &["201"]), exit(1, GroupExit::WaitedTooLong)]);
}

#[test]
fn places_are_told_at_entry_and_when_they_change_but_not_in_a_stream() {
    let mut desk = Desk::one(Strategy::RingAll, &["200"]);
    desk.office.groups[0].announce_position = true;
    desk.is("200", Member::Busy);
    for call in 1..=4 {
        desk.enter(0, "500", call);
    }
    assert_eq!(desk.decide(0), [place(1, 1), place(2, 2), place(3, 3), place(4, 4)]);
    desk.queues.leave(CallId(1));
    assert_eq!(desk.decide(4), [], "told a moment ago");
    assert_eq!(desk.queues.poll_timeout(), Some(at(10)));
    desk.queues.leave(CallId(2));
    assert_eq!(desk.decide(10), [place(3, 1), place(4, 2)]);
    assert_eq!(desk.decide(30), []);
    desk.office.groups[0].announce_position = false;
    desk.queues.leave(CallId(3));
    assert_eq!(desk.decide(31), []);
}

#[test]
fn a_call_that_enters_again_begins_anew() {
    let mut desk =
        Desk::new(vec![group("500", Strategy::RingAll, &["200"]), group("501", Strategy::RingAll, &["200"])]);
    desk.enter(0, "500", 1);
    desk.decide(0);
    desk.enter(5, "501", 1);
    assert_eq!(desk.decide(5), [stop(1, &["200"]), ring(1, &["200"], 62)]);
    assert_eq!(desk.queues.waiting(at(5), "500").0, 0);
}
