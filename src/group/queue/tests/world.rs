//! Offices by seed: groups that share members, callers who lose patience, phones that answer, refuse and vanish, settings that
//! change under way. After each decision checkers look whether everybody was treated as promised.

use super::*;

const MEMBERS: [&str; 8] = ["200", "201", "202", "203", "204", "205", "206", "207"];
const GROUPS: [&str; 4] = ["500", "501", "502", "503"];

/// Worlds that are played.
const SEEDS: u64 = 400;

/// What happens in one world before everybody is let go.
const EVENTS: u64 = 250;

#[derive(Clone, Debug)]
struct Leg {
    call: u64,
    group: String,
    until: Instant,
}

#[derive(Clone, Debug)]
struct Waiting {
    call: u64,
    group: String,
    entered: Instant,
    told: Option<(usize, Instant)>,
}

struct World {
    seed: u64,
    rng: Rng,
    now: Instant,
    office: Office,
    queues: Queues,
    states: BTreeMap<&'static str, Member>,
    /// Member → the group whose call it has.
    talks: BTreeMap<&'static str, String>,
    legs: BTreeMap<String, Leg>,
    /// In order of entry.
    waiting: Vec<Waiting>,
    peace: BTreeMap<(String, String), Instant>,
    rest: BTreeMap<String, Instant>,
    calls: u64,
    gone: BTreeSet<u64>,
    served: u64,
    handed: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::from_seed(seed);
        let office = office(GROUPS.map(|number| any_group(&mut rng, number)).into());
        Self {
            seed,
            rng,
            now: at(1),
            office,
            queues: Queues::default(),
            states: MEMBERS.map(|member| (member, Member::Free)).into(),
            talks: BTreeMap::new(),
            legs: BTreeMap::new(),
            waiting: Vec::new(),
            peace: BTreeMap::new(),
            rest: BTreeMap::new(),
            calls: 0,
            gone: BTreeSet::new(),
            served: 0,
            handed: 0,
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = self.rng.below(u64::try_from(from.len()).unwrap());
        from.get(usize::try_from(index).unwrap()).copied()
    }

    fn step(&mut self) {
        match self.rng.below(20) {
            0..=4 => self.call(),
            5..=7 => self.answer(),
            // two in one instant
            8 => {
                self.answer();
                self.answer();
            }
            9 => self.refuse(),
            10 => self.hang_up(),
            11..=13 => self.end_talk(),
            14 => self.toggle(Member::Busy),
            15 => self.toggle(Member::Offline),
            16 if self.rng.chance(1, 3) => self.change_office(),
            17 => self.late_answer(),
            _ => {}
        }
        self.decide();
        let span = Duration::from_millis(self.rng.below(4_000));
        self.run_until(self.now + span);
    }

    /// Deadlines of the queues and of ringing legs, in order.
    fn run_until(&mut self, end: Instant) {
        for _ in 0..10_000 {
            let legs = self.legs.values().map(|leg| leg.until);
            let Some(next) = legs.chain(self.queues.poll_timeout()).min().filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = next.max(self.now);
            // the leg's own timer is sometimes faster than the queues' and sometimes not
            if self.rng.chance(1, 2) {
                let over: Vec<_> =
                    self.legs.iter().filter(|(_, leg)| leg.until <= self.now).map(|(m, _)| m.clone()).collect();
                over.iter().for_each(|member| self.leg_refused(member));
            }
            self.decide();
        }
        panic!("seed {}: it looks again and again", self.seed);
    }

    fn call(&mut self) {
        let number = self.pick(&GROUPS).unwrap();
        let Some(group) = self.office.group(number).cloned() else { return };
        self.calls += 1;
        let call = self.calls;
        let full = self.of_group(number).len() >= usize::try_from(group.max_queue).unwrap();
        let entered = self.queues.enter(self.now, &group, CallId(call));
        assert_eq!(entered, if full { Err(GroupExit::QueueFull) } else { Ok(()) }, "seed {}", self.seed);
        if full {
            assert!(self.gone.insert(call));
        } else {
            if self.of_group(number).is_empty() {
                self.peace.retain(|(group, _), _| group != number);
            }
            self.waiting.push(Waiting { call, group: number.to_owned(), entered: self.now, told: None });
        }
    }

    fn of_group(&self, group: &str) -> Vec<&Waiting> {
        self.waiting.iter().filter(|one| one.group == group).collect()
    }

    fn answer(&mut self) {
        let ringing: Vec<&'static str> = MEMBERS.into_iter().filter(|member| self.legs.contains_key(*member)).collect();
        let Some(member) = self.pick(&ringing) else { return };
        let leg = self.legs.remove(member).unwrap();
        self.answered(member, &leg.group);
    }

    /// The answer of a phone that was told to stop in the same instant.
    fn late_answer(&mut self) {
        let (member, group) = (self.pick(&MEMBERS).unwrap(), self.pick(&GROUPS).unwrap());
        if self.states[member] == Member::Free && self.legs.get(member).is_none_or(|leg| leg.group != group) {
            self.answered(member, group);
        }
    }

    fn answered(&mut self, member: &'static str, group: &str) {
        let first = self.waiting.iter().position(|one| one.group == group);
        let expected = first.map(|index| self.waiting.remove(index).call);
        let given = self.queues.answered(group, member).map(|call| call.0);
        assert_eq!(given, expected, "seed {}: not who waits longest", self.seed);
        if let Some(call) = given {
            assert!(self.gone.insert(call), "seed {}: {call} left twice", self.seed);
            self.served += 1;
            self.states.insert(member, Member::Busy);
            self.talks.insert(member, group.to_owned());
        }
    }

    fn leg_refused(&mut self, member: &str) {
        let leg = self.legs.remove(member).unwrap();
        self.queues.refused(self.now, CallId(leg.call), member);
        self.peace.insert((leg.group, member.to_owned()), self.now + PEACE);
    }

    fn refuse(&mut self) {
        let ringing: Vec<&'static str> = MEMBERS.into_iter().filter(|member| self.legs.contains_key(*member)).collect();
        if let Some(member) = self.pick(&ringing) {
            self.leg_refused(member);
        }
    }

    fn hang_up(&mut self) {
        let waiting: Vec<u64> = self.waiting.iter().map(|one| one.call).collect();
        if let Some(call) = self.pick(&waiting) {
            self.leave(call);
        }
    }

    fn leave(&mut self, call: u64) {
        self.waiting.retain(|one| one.call != call);
        self.queues.leave(CallId(call));
        assert!(self.gone.insert(call), "seed {}: {call} left twice", self.seed);
    }

    fn end_talk(&mut self) {
        let talking: Vec<&'static str> = self.talks.keys().copied().collect();
        let Some(member) = self.pick(&talking) else { return };
        let number = self.talks.remove(member).unwrap();
        self.states.insert(member, Member::Free);
        if let Some(group) = self.office.group(&number) {
            self.queues.rest(self.now, member, group);
            let until = self.now + secs(u64::from(group.wrap_up_seconds));
            let rest = self.rest.entry(member.to_owned()).or_insert(until);
            *rest = until.max(*rest);
        }
    }

    fn toggle(&mut self, other: Member) {
        let idle: Vec<&'static str> = MEMBERS.into_iter().filter(|member| !self.talks.contains_key(member)).collect();
        let Some(member) = self.pick(&idle) else { return };
        let next = if self.states[member] == Member::Free { other } else { Member::Free };
        self.states.insert(member, next);
    }

    fn change_office(&mut self) {
        let number = self.pick(&GROUPS).unwrap();
        let gone = self.rng.chance(1, 6);
        let changed = any_group(&mut self.rng, number);
        let mut groups = self.office.groups.clone();
        groups.retain(|group| group.number != number);
        if !gone {
            groups.push(changed);
        }
        self.office = office(groups);
        // a group that is made anew begins anew
        let office = &self.office;
        self.peace.retain(|(group, _), _| office.group(group).is_some());
    }

    fn decide(&mut self) {
        let states = self.states.clone();
        let orders = self.queues.decide(self.now, &self.office, |member| states[member]);
        let again = self.queues.decide(self.now, &self.office, |member| states[member]);
        assert_eq!(again, [], "seed {}: a decision is not the last word", self.seed);
        orders.into_iter().for_each(|order| self.carry_out(order));
        self.check();
    }

    fn carry_out(&mut self, order: Order) {
        let (seed, now) = (self.seed, self.now);
        match order {
            Order::Hand { from, to, members, span } => {
                for member in members {
                    let leg =
                        self.legs.get_mut(&member).unwrap_or_else(|| panic!("seed {seed}: {member} does not ring"));
                    assert_eq!(leg.call, from.0, "seed {seed}: {member} rang for another");
                    let group = &self.waiting.iter().find(|one| one.call == to.0).expect("who waits").group;
                    *leg = Leg { call: to.0, group: group.clone(), until: now + span };
                    self.handed += 1;
                }
            }
            Order::Stop { call, members } => {
                for member in members {
                    let Some(leg) = self.legs.remove(&member) else { panic!("seed {seed}: {member} does not ring") };
                    assert_eq!(leg.call, call.0, "seed {seed}: {member} rang for another");
                    if leg.until <= now {
                        self.peace.insert((leg.group, member), now + PEACE);
                    }
                }
            }
            Order::Exit { call, why } => {
                let index = self.waiting.iter().position(|one| one.call == call.0).expect("who waits");
                let one = self.waiting.remove(index);
                assert_eq!(self.exit_of(&one), Some(why), "seed {seed}: {one:?}");
                assert!(self.gone.insert(call.0), "seed {seed}: {call} left twice");
            }
            Order::Ring { call, members, span } => {
                let one = self.waiting.iter().find(|one| one.call == call.0).expect("who waits");
                assert!(span > Duration::ZERO);
                for member in members {
                    assert!(self.may_ring(&one.group, &member), "seed {seed}: {member} is not to be rung for {one:?}");
                    let leg = Leg { call: call.0, group: one.group.clone(), until: now + span };
                    assert!(self.legs.insert(member, leg).is_none(), "seed {seed}: rung by two calls at once");
                }
            }
            Order::Position { call, place } => {
                let index = self.waiting.iter().position(|one| one.call == call.0).expect("who waits");
                let group = self.waiting[index].group.clone();
                assert!(self.office.group(&group).unwrap().announce_position, "seed {seed}: nobody wants to know");
                assert_eq!(self.of_group(&group)[place - 1].call, call.0, "seed {seed}: not his place");
                let told = self.waiting[index].told.replace((place, now));
                assert!(
                    told.is_none_or(|(last, at)| last != place && at + POSITION_EVERY <= now),
                    "seed {seed}: told too often"
                );
            }
        }
    }

    fn exit_of(&self, one: &Waiting) -> Option<GroupExit> {
        let Some(group) = self.office.group(&one.group) else { return Some(GroupExit::Empty) };
        if group.members.is_empty() {
            Some(GroupExit::Empty)
        } else if group.members.iter().all(|member| self.states[member.as_str()] == Member::Offline) {
            Some(GroupExit::NobodyRegistered)
        } else {
            let leaves_at = one.entered + secs(u64::from(group.max_wait_seconds));
            (self.now >= leaves_at).then_some(GroupExit::WaitedTooLong)
        }
    }

    /// Free, rested, not in peace, and a member.
    fn may_ring(&self, group: &str, member: &str) -> bool {
        let rests = self.rest.get(member).is_some_and(|until| *until > self.now);
        let peace = self.peace.get(&(group.to_owned(), member.to_owned())).is_some_and(|until| *until > self.now);
        let is_member = self.office.group(group).is_some_and(|group| group.members.iter().any(|m| m == member));
        self.states[member] == Member::Free && !rests && !peace && is_member
    }

    fn check(&self) {
        let seed = self.seed;
        assert!(self.queues.poll_timeout().is_none_or(|next| next > self.now), "seed {seed}: it looks again at once");
        let age = |call: u64| self.waiting.iter().position(|one| one.call == call);
        for (member, leg) in &self.legs {
            assert!(age(leg.call).is_some(), "seed {seed}: {member} rings for nobody");
            assert!(self.may_ring(&leg.group, member), "seed {seed}: {member} is not to ring: {leg:?}");
        }
        for (index, one) in self.waiting.iter().enumerate() {
            assert_eq!(self.exit_of(one), None, "seed {seed}: {one:?} ought to have left");
            let group = self.office.group(&one.group).unwrap();
            let rings = self.legs.values().filter(|leg| leg.call == one.call).count();
            let all = group.strategy == Strategy::RingAll;
            assert!(all || rings <= 1, "seed {seed}: {one:?} rings {rings}");
            if !all && rings == 1 {
                continue;
            }
            for member in group.members.iter().filter(|member| self.may_ring(&one.group, member)) {
                let leg = self.legs.get(member);
                let older = leg.and_then(|leg| age(leg.call)).is_some_and(|age| age <= index);
                assert!(older, "seed {seed}: {one:?} waits while {member} is idle or rings for a younger: {leg:?}");
            }
        }
    }

    /// Nobody comes any more; whoever waits is served, or leaves.
    fn close(&mut self) {
        self.run_until(self.now + secs(400));
        assert!(self.waiting.is_empty() && self.legs.is_empty(), "seed {}: {:?}", self.seed, self.waiting);
        self.run_until(self.now + secs(60));
        assert_eq!(self.queues.poll_timeout(), None, "seed {}", self.seed);
        assert_eq!(u64::try_from(self.gone.len()).unwrap(), self.calls, "seed {}: somebody never left", self.seed);
    }
}

fn any_group(rng: &mut Rng, number: &str) -> Group {
    let strategy =
        [Strategy::RingAll, Strategy::RoundRobin, Strategy::FirstToLast][usize::try_from(rng.below(3)).unwrap()];
    let mut members: Vec<&str> = MEMBERS.into_iter().filter(|_| rng.chance(2, 5)).collect();
    let turned = members.len().min(usize::try_from(rng.below(8)).unwrap());
    members.rotate_left(turned);
    let mut group = group(number, strategy, &members);
    let mut below = |bound: u64| u32::try_from(rng.below(bound)).unwrap();
    group.max_wait_seconds = 5 + below(90);
    group.wrap_up_seconds = below(4) * 5;
    group.max_queue = below(8);
    group.member_ring_seconds = 3 + below(20);
    group.announce_position = below(2) == 1;
    group
}

#[test]
fn everybody_is_treated_as_promised_whatever_happens() {
    let (mut calls, mut served, mut handed) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        for _ in 0..EVENTS {
            world.step();
        }
        world.close();
        calls += world.calls;
        served += world.served;
        handed += world.handed;
    }
    // the worlds are not empty ones
    assert!(calls > 20_000 && served > 5_000 && handed > 1_000, "{calls} calls, {served} served, {handed} handed");
}
