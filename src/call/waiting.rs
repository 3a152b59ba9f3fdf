//! Groups as the page shows them: who waits there since when, and what each member does. Told when it changes, and not more often than
//! somebody can read it.

use std::collections::{HashMap, HashSet};

use crate::base::{CallId, Duration, Instant, WallTime};

use super::calls::Calls;
use super::one::Stage;
use super::{Around, Output};

/// Changes of groups are told together, so often at most.
const TOLD_EVERY: Duration = Duration::from_millis(300);

/// A group as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueView {
    /// The group's number.
    pub group: String,
    /// Who waits and has not been taken, the longest first.
    pub waiting: Vec<WaitingView>,
    /// Its members, in the group's order.
    pub members: Vec<MemberView>,
}

/// A caller who waits at a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingView {
    /// Which call.
    pub call: CallId,
    /// An extension's number, or E.164 digits, or empty when withheld.
    pub caller: String,
    /// His name, or empty.
    pub caller_name: String,
    /// When he began to wait there.
    pub since: WallTime,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// Its number.
    pub extension: String,
    /// What it does.
    pub state: MemberState,
}

/// What a member does, the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// On the telephone, be it a mobile.
    Talking,
    /// A telephone of it rings.
    Ringing,
    /// Not to be disturbed.
    DoNotDisturb,
    /// No device can be reached.
    Offline,
    /// Left in peace after a call of a group.
    Resting {
        /// For so long.
        until: WallTime,
    },
    /// May be rung.
    Free,
}

/// What has been told of groups, and when it may be told again.
#[derive(Debug)]
pub(super) struct Told {
    groups: HashMap<String, QueueView>,
    next: Instant,
    /// Something changed since.
    changed: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self { groups: HashMap::new(), next: Instant::ZERO, changed: true }
    }
}

impl Told {
    /// Something happened that a group may show.
    pub(super) fn note(&mut self) {
        self.changed = true;
    }

    /// When to tell what has changed.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.changed.then_some(self.next)
    }
}

impl Calls {
    /// Tells what has changed of the groups, when its time has come.
    pub fn tell_queues(&mut self, around: &mut Around<'_>) {
        if around.books.members_changed {
            self.told.note();
        }
        if !self.told.changed || around.now < self.told.next {
            return;
        }
        (self.told.changed, self.told.next) = (false, around.now + TOLD_EVERY);
        let views = self.queue_views(around);
        let before = std::mem::take(&mut self.told.groups);
        for view in views {
            if before.get(&view.group) != Some(&view) {
                around.outputs.push_back(Output::Queue(view.clone()));
            }
            self.told.groups.insert(view.group.clone(), view);
        }
    }

    fn queue_views(&self, around: &Around<'_>) -> Vec<QueueView> {
        let ringing: HashSet<&str> = self.calls.values().flat_map(|call| call.rung_employees()).collect();
        let view = |group: &crate::office::Group| QueueView {
            group: group.number.clone(),
            waiting: self.waiting_at(around, &group.number),
            members: group.members.iter().map(|number| member_view(around, &ringing, number)).collect(),
        };
        around.office.groups.iter().map(view).collect()
    }

    fn waiting_at(&self, around: &Around<'_>, group: &str) -> Vec<WaitingView> {
        let shown = |(call, entered): (CallId, Instant)| {
            let party = &self.calls.get(&call)?.a.party;
            let (caller, caller_name) =
                if party.hidden { Default::default() } else { (party.who.clone(), party.name.clone()) };
            Some(WaitingView { call, caller, caller_name, since: around.wall_of(entered) })
        };
        around.books.queues.callers(group).filter_map(shown).collect()
    }
}

fn member_view(around: &Around<'_>, ringing: &HashSet<&str>, number: &str) -> MemberView {
    let disturbed = around.office.extension(number).is_some_and(|extension| extension.do_not_disturb);
    let resting = around.books.queues.rests_until(number).filter(|until| *until > around.now);
    let state = match resting {
        _ if around.books.is_busy(number) => MemberState::Talking,
        _ if ringing.contains(number) => MemberState::Ringing,
        _ if disturbed => MemberState::DoNotDisturb,
        _ if around.member(around.office, number) == crate::group::Member::Offline => MemberState::Offline,
        Some(until) => MemberState::Resting { until: around.wall_of(until) },
        None => MemberState::Free,
    };
    MemberView { extension: number.to_owned(), state }
}

impl super::one::Call {
    /// The extensions whose telephones ring here.
    fn rung_employees(&self) -> impl Iterator<Item = &str> {
        let rings = matches!(self.stage, Stage::Ringing { .. } | Stage::Paging { .. });
        self.attempts.iter().filter(move |_| rings).filter_map(|attempt| attempt.leg.party.employee())
    }
}

impl Around<'_> {
    /// What the calendar says at `then`.
    fn wall_of(&self, then: Instant) -> WallTime {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(0);
        let ahead = millis(then.since(self.now)) - millis(self.now.since(then));
        WallTime(self.wall.millis() + ahead)
    }
}
