//! All callers who wait at groups, and the members who ring for them. One owner, for members are shared by groups: it sees who
//! waits longest. Asked after every change and at its timeout, it says what is to change on the telephones; it rings none
//! itself. Knows no SIP and no leg.

use std::collections::{BTreeMap, BTreeSet};

use super::{Member, PEACE};
use crate::base::{CallId, Duration, Instant};
use crate::desk::GroupExit;
use crate::office::{Group, Office, Strategy};

/// A caller is told his place not more often than this.
const POSITION_EVERY: Duration = Duration::from_secs(10);

/// Where everybody rings, he rings so much longer than the caller waits: the caller leaves first, and the ringing can go to the next.
const LINGER: Duration = Duration::from_secs(2);

/// What is to be done. All orders of one answer belong together and are carried out in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// These members, who ring for `from`, ring on for `to`, who may be of another group. `from` may have been answered, have
    /// hung up or have left: until the decision that follows, its ringing legs are to be kept.
    Hand {
        /// For whom they rang.
        from: CallId,
        /// For whom they ring from now on.
        to: CallId,
        /// Extensions.
        members: Vec<String>,
        /// So long, from now; then it is [`Queues::refused`].
        span: Duration,
    },
    /// These members ring no longer for this call, which may be gone.
    Stop {
        /// For whom they rang.
        call: CallId,
        /// Extensions.
        members: Vec<String>,
    },
    /// Give the caller back. He is forgotten here.
    Exit {
        /// Who leaves.
        call: CallId,
        /// For the history and the reserve exit.
        why: GroupExit,
    },
    /// Ring these members.
    Ring {
        /// For whom.
        call: CallId,
        /// Extensions, in the group's order.
        members: Vec<String>,
        /// So long, from now; then it is [`Queues::refused`].
        span: Duration,
    },
    /// Tell the caller his place.
    Position {
        /// Whom.
        call: CallId,
        /// 1 is who comes next.
        place: usize,
    },
}

/// Every queue of the office.
#[derive(Debug, Default)]
pub struct Queues {
    /// Who waits longest stands first, over all groups.
    callers: Vec<Caller>,
    /// Member → what rings there.
    rings: BTreeMap<String, Ring>,
    /// Group → member → until when the member is left in peace by this group.
    peace: BTreeMap<String, BTreeMap<String, Instant>>,
    /// Member → until when no group rings it.
    resting: BTreeMap<String, Instant>,
    /// Group → who answered last.
    last: BTreeMap<String, String>,
    /// Rings whose member answered another one.
    stale: Vec<(CallId, String)>,
    wake: Option<Instant>,
}

#[derive(Debug)]
struct Caller {
    call: CallId,
    group: String,
    entered: Instant,
    /// Whom a strategy of one after the other rang last for him.
    rung: Option<String>,
    /// The place that he was told, and when.
    told: Option<(usize, Instant)>,
}

#[derive(Clone, Debug)]
struct Ring {
    call: CallId,
    group: String,
    until: Instant,
}

impl Queues {
    /// A call begins to wait, its greeting included. One that waits already begins anew.
    ///
    /// # Errors
    /// [`GroupExit::QueueFull`] when `max_queue` callers wait there whom nobody has taken. The other exits come with the decision.
    pub fn enter(&mut self, now: Instant, group: &Group, call: CallId) -> Result<(), GroupExit> {
        self.leave(call);
        let rang = self.rings.iter().filter(|(_, ring)| ring.call == call);
        self.stale.extend(rang.map(|(member, _)| (call, member.clone())));
        self.rings.retain(|_, ring| ring.call != call);
        let waiting = self.of_group(&group.number).count();
        if waiting >= usize::try_from(group.max_queue).unwrap_or(usize::MAX) {
            return Err(GroupExit::QueueFull);
        }
        if waiting == 0 {
            self.peace.remove(&group.number); // every new call rings everybody; peace is for those who wait on
        }
        let group = group.number.clone();
        self.callers.push(Caller { call, group, entered: now, rung: None, told: None });
        self.look_soon();
        Ok(())
    }

    /// A caller hung up, was transferred, or went elsewhere; one who doesn't wait may be named too. The next decision says what
    /// becomes of his rings.
    pub fn leave(&mut self, call: CallId) {
        if let Some(place) = self.callers.iter().position(|caller| caller.call == call) {
            self.callers.remove(place);
            self.look_soon();
        }
    }

    /// A member that rang for `call` did not take it: busy, refused, or its span is over. The group leaves it in peace for a
    /// while.
    pub fn refused(&mut self, now: Instant, call: CallId, member: &str) {
        if self.rings.get(member).is_some_and(|ring| ring.call == call) {
            self.not_taken(now, member);
            self.look_soon();
        }
    }

    fn not_taken(&mut self, now: Instant, member: &str) {
        if let Some(ring) = self.rings.remove(member) {
            self.peace.entry(ring.group).or_default().insert(member.to_owned(), now + PEACE);
        }
    }

    /// A member answered a ring of this group: returns the caller who waits longest there and takes him out, whomever the
    /// member rang for. `None`: nobody waits any more, another was faster. Before the next decision, a member that got a caller is to
    /// count as busy. Its other devices, which ring on, are for the owner of the legs to stop.
    pub fn answered(&mut self, group: &str, member: &str) -> Option<CallId> {
        if let Some(ring) = self.rings.remove(member) {
            if ring.group != group {
                // what was answered had been stopped, or handed on, in the same instant; this one still rings
                self.stale.push((ring.call, member.to_owned()));
            }
        }
        self.look_soon();
        let first = self.callers.iter().position(|caller| caller.group == group)?;
        self.last.insert(group.to_owned(), member.to_owned());
        Some(self.callers.remove(first).call)
    }

    /// A member's call from this group ended: no group rings it for the group's `wrap_up_seconds`.
    pub fn rest(&mut self, now: Instant, member: &str, group: &Group) {
        let until = now + Duration::from_secs(u64::from(group.wrap_up_seconds));
        if until > now {
            let resting = self.resting.entry(member.to_owned()).or_insert(until);
            *resting = until.max(*resting);
        }
        self.look_soon();
    }

    /// Until when a member rests after its last call, for the page.
    pub fn rests_until(&self, member: &str) -> Option<Instant> {
        self.resting.get(member).copied()
    }

    /// Who waits at a group whom nobody has taken, the longest first, and since when.
    pub fn callers(&self, group: &str) -> impl Iterator<Item = (CallId, Instant)> {
        self.of_group(group).map(|caller| (caller.call, caller.entered))
    }

    /// When to ask for a decision at the latest, be it without a change.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.wake
    }

    /// Group and who answered there last, of all groups; for the store.
    pub fn last_answered(&self) -> impl Iterator<Item = (&str, &str)> {
        self.last.iter().map(|(group, member)| (group.as_str(), member.as_str()))
    }

    /// Who answered last at a group, before a restart.
    pub fn restore(&mut self, group: &str, member: &str) {
        self.last.insert(group.to_owned(), member.to_owned());
    }

    /// How many wait at a group whom nobody has taken, and how long the first of them has.
    pub fn waiting(&self, now: Instant, group: &str) -> (usize, Duration) {
        let longest = self.of_group(group).next().map_or(Duration::ZERO, |caller| now.since(caller.entered));
        (self.of_group(group).count(), longest)
    }

    fn of_group(&self, group: &str) -> impl Iterator<Item = &Caller> {
        self.callers.iter().filter(move |caller| caller.group == group)
    }

    fn look_soon(&mut self) {
        self.wake = Some(Instant::ZERO);
    }

    /// What is to be done now. `office` is the present one: who waits when the settings change waits by the new ones, the longest
    /// wait included. `state` says what a member does *apart from* rings of these queues: one that only rings here is free.
    pub fn decide(&mut self, now: Instant, office: &Office, state: impl Fn(&str) -> Member) -> Vec<Order> {
        let mut orders = Orders::default();
        self.forget(now, office, &mut orders);
        let mut looks = self.look(office, state);
        self.give_back(now, &looks, &mut orders);
        let wanted = self.wanted(&mut looks);
        self.change_rings(now, &looks, wanted, &mut orders);
        let next_place = self.tell_places(now, &looks, &mut orders);
        self.wake = self.next_change(&looks).into_iter().chain(next_place).min();
        orders.into_list(now)
    }

    /// What is over needs no place in the tables, and neither do groups that are gone.
    fn forget(&mut self, now: Instant, office: &Office, orders: &mut Orders) {
        for (call, member) in self.stale.drain(..) {
            orders.stop(call, member);
        }
        let over: Vec<_> = self.rings.iter().filter(|(_, ring)| ring.until <= now).map(|(m, _)| m.clone()).collect();
        for member in over {
            self.rings.get(&member).into_iter().for_each(|ring| orders.stop(ring.call, member.clone()));
            self.not_taken(now, &member);
        }
        self.peace.retain(|group, members| {
            members.retain(|_, until| *until > now);
            !members.is_empty() && office.group(group).is_some()
        });
        self.resting.retain(|_, until| *until > now);
        self.last.retain(|group, _| office.group(group).is_some());
    }

    /// The groups at which somebody waits, and which of their members may ring.
    fn look<'o>(&self, office: &'o Office, state: impl Fn(&str) -> Member) -> Looks<'o> {
        let mut states = BTreeMap::new();
        let mut looks = Looks::new();
        for caller in &self.callers {
            let Some(group) = office.group(&caller.group) else { continue };
            if looks.contains_key(group.number.as_str()) {
                continue;
            }
            let peace = self.peace.get(&group.number);
            let mut look = Look { group, open: Vec::new(), offline: true };
            for (place, member) in group.members.iter().enumerate() {
                let state = *states.entry(member.as_str()).or_insert_with(|| state(member));
                look.offline &= state == Member::Offline;
                let spared = self.resting.contains_key(member) || peace.is_some_and(|peace| peace.contains_key(member));
                if state == Member::Free && !spared {
                    look.open.push((place, member));
                }
            }
            looks.insert(&group.number, look);
        }
        looks
    }

    /// Callers whose group can do nothing for them, and those who have waited too long.
    fn give_back(&mut self, now: Instant, looks: &Looks<'_>, orders: &mut Orders) {
        self.callers.retain(|caller| {
            let why = match looks.get(caller.group.as_str()) {
                None => GroupExit::Empty,
                Some(look) if look.group.members.is_empty() => GroupExit::Empty,
                Some(look) if look.offline => GroupExit::NobodyRegistered,
                Some(look) if now >= look.leaves_at(caller) => GroupExit::WaitedTooLong,
                Some(_) => return true,
            };
            orders.exits.push(Order::Exit { call: caller.call, why });
            false
        });
    }

    /// Who is to ring for whom: member and place in the list of callers. Who waits longest chooses first.
    fn wanted<'o>(&self, looks: &mut Looks<'o>) -> Vec<(&'o str, usize)> {
        let ages: BTreeMap<CallId, usize> = self.callers.iter().enumerate().map(|(age, c)| (c.call, age)).collect();
        let (mut taken, mut wanted) = (BTreeSet::new(), Vec::new());
        for (age, caller) in self.callers.iter().enumerate() {
            let Some(look) = looks.get_mut(caller.group.as_str()) else { continue };
            look.open.retain(|(_, member)| !taken.contains(member));
            let chosen = match look.group.strategy {
                Strategy::RingAll => std::mem::take(&mut look.open).into_iter().map(|(_, member)| member).collect(),
                Strategy::RoundRobin | Strategy::FirstToLast => Vec::from_iter(self.choose(caller, look, &ages)),
            };
            taken.extend(chosen.iter().copied());
            wanted.extend(chosen.into_iter().map(|member| (member, age)));
        }
        wanted
    }

    /// Whom one after the other rings for this caller: who rings for him already; else who rings here for a caller that is gone;
    /// else the next in turn whom nobody rings; else who rings for the youngest caller, for it is the older one's turn.
    fn choose<'o>(&self, caller: &Caller, look: &Look<'o>, ages: &BTreeMap<CallId, usize>) -> Option<&'o str> {
        let ring = |member: &str| self.rings.get(member);
        let is_own = |ring: &Ring| ring.call == caller.call;
        let is_left = |ring: &Ring| ring.group == caller.group && !ages.contains_key(&ring.call);
        let open = || look.open.iter().map(|(_, member)| *member);
        let youngest =
            |member: &&str| ring(member).and_then(|ring| ages.get(&ring.call)).copied().unwrap_or(usize::MAX);
        open()
            .find(|member| ring(member).is_some_and(is_own))
            .or_else(|| open().find(|member| ring(member).is_some_and(is_left)))
            .or_else(|| look.in_turn(self.turn(caller, look.group)).find(|member| ring(member).is_none()))
            .or_else(|| open().max_by_key(youngest))
    }

    /// Where the turn begins: after whom he heard last; at first where the strategy says.
    fn turn(&self, caller: &Caller, group: &Group) -> usize {
        let after = |member: &String| group.members.iter().position(|m| m == member).map(|place| place + 1);
        let last = || self.last.get(&group.number).filter(|_| group.strategy == Strategy::RoundRobin);
        caller.rung.as_ref().and_then(after).or_else(|| last().and_then(after)).unwrap_or(0)
    }

    /// From the rings that are to those that are wanted.
    fn change_rings(&mut self, now: Instant, looks: &Looks<'_>, wanted: Vec<(&str, usize)>, orders: &mut Orders) {
        let mut old = std::mem::take(&mut self.rings);
        for (member, age) in wanted {
            let Some(caller) = self.callers.get_mut(age) else { continue };
            let Some(look) = looks.get(caller.group.as_str()) else { continue };
            let one_by_one = look.group.strategy != Strategy::RingAll;
            let fresh = if one_by_one { now + look.member_span() } else { look.leaves_at(caller) + LINGER };
            let (to, name) = (caller.call, member.to_owned());
            let until = match old.remove(member) {
                Some(ring) if ring.call == to => ring.until,
                Some(ring) => {
                    let until = if one_by_one && ring.group == caller.group { ring.until } else { fresh };
                    orders.hands.entry((ring.call, to, until)).or_default().push(name);
                    until
                }
                None => {
                    orders.rings.entry((to, fresh)).or_default().push(name);
                    fresh
                }
            };
            if one_by_one {
                caller.rung = Some(member.to_owned());
            }
            self.rings.insert(member.to_owned(), Ring { call: to, group: caller.group.clone(), until });
        }
        old.into_iter().for_each(|(member, ring)| orders.stop(ring.call, member));
    }

    /// Tells places at entry and when they change; returns when to look for those who were told a moment ago.
    fn tell_places(&mut self, now: Instant, looks: &Looks<'_>, orders: &mut Orders) -> Option<Instant> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut next = None;
        for caller in &mut self.callers {
            let Some((number, look)) = looks.get_key_value(caller.group.as_str()) else { continue };
            let place = places.entry(number).and_modify(|place| *place += 1).or_insert(1);
            if !look.group.announce_position || caller.told.is_some_and(|(told, _)| told == *place) {
                continue;
            }
            match caller.told.map(|(_, at)| at + POSITION_EVERY).filter(|at| *at > now) {
                Some(later) => next = Some(next.map_or(later, |next| later.min(next))),
                None => {
                    caller.told = Some((*place, now));
                    orders.places.push(Order::Position { call: caller.call, place: *place });
                }
            }
        }
        next
    }

    /// When something changes by itself.
    fn next_change(&self, looks: &Looks<'_>) -> Option<Instant> {
        let leaving = self.callers.iter().filter_map(|c| looks.get(c.group.as_str()).map(|look| look.leaves_at(c)));
        let rings = self.rings.values().map(|ring| ring.until);
        let peace = self.peace.values().flat_map(BTreeMap::values).copied();
        leaving.chain(rings).chain(peace).chain(self.resting.values().copied()).min()
    }
}

/// A group at which somebody waits.
struct Look<'o> {
    group: &'o Group,
    /// Its members that may ring and are not given to an older caller, with their places in its list.
    open: Vec<(usize, &'o str)>,
    /// Nobody is registered.
    offline: bool,
}

type Looks<'o> = BTreeMap<&'o str, Look<'o>>;

impl<'o> Look<'o> {
    fn leaves_at(&self, caller: &Caller) -> Instant {
        caller.entered + Duration::from_secs(u64::from(self.group.max_wait_seconds))
    }

    fn member_span(&self) -> Duration {
        Duration::from_secs(u64::from(self.group.member_ring_seconds))
    }

    /// Those who may ring, from a place in the list on and round.
    fn in_turn(&self, from: usize) -> impl Iterator<Item = &'o str> {
        let later = self.open.iter().filter(move |(place, _)| *place >= from);
        later.chain(self.open.iter().filter(move |(place, _)| *place < from)).map(|(_, member)| *member)
    }
}

/// Orders in the making, those of one kind for one caller as one.
#[derive(Default)]
struct Orders {
    hands: BTreeMap<(CallId, CallId, Instant), Vec<String>>,
    stops: BTreeMap<CallId, Vec<String>>,
    exits: Vec<Order>,
    rings: BTreeMap<(CallId, Instant), Vec<String>>,
    places: Vec<Order>,
}

impl Orders {
    fn stop(&mut self, call: CallId, member: String) {
        self.stops.entry(call).or_default().push(member);
    }

    /// What is handed on is saved before its caller leaves, and what is stopped has stopped before it rings anew.
    fn into_list(self, now: Instant) -> Vec<Order> {
        let hand =
            |((from, to, until), members): (_, _)| Order::Hand { from, to, members, span: Instant::since(until, now) };
        let stop = |(call, members)| Order::Stop { call, members };
        let ring = |((call, until), members): (_, _)| Order::Ring { call, members, span: Instant::since(until, now) };
        let moved = self.hands.into_iter().map(hand).chain(self.stops.into_iter().map(stop));
        moved.chain(self.exits).chain(self.rings.into_iter().map(ring)).chain(self.places).collect()
    }
}

#[cfg(test)]
mod tests;
