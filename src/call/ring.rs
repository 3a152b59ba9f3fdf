//! Who rings now, and until when: the devices of an extension in parallel or in sequence, forwarded ones, the members of a
//! group. Places no call itself: it says which device to ring or to stop, and is told how that went.

use std::collections::VecDeque;

use crate::base::{Duration, Instant, SessionId, limits};
use crate::office::{Device, Extension, Forward, NumberFormat, RingOrder};

use super::outside::PlaceError;

/// Something to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The contacts of a SIP device.
    Login(String),
    /// A number of the city, E.164 digits, with the rights of the extension that dialled it or forwards there.
    Outside(String),
    /// A device of the extension that is a mobile telephone: the admin put it there, so no rights are asked.
    Mobile(String),
    /// An emergency number: without rights and limits.
    Emergency(String),
    /// A number of our own by this trunk, to try whether it goes; written in this form, or in the trunk's.
    Trial { number: String, trunk: String, format: Option<NumberFormat> },
}

impl Target {
    /// The login, or the number.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Login(name) | Self::Outside(name) | Self::Mobile(name) | Self::Emergency(name) => name,
            Self::Trial { number, .. } => number,
        }
    }
}

/// How ringing a device ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its seconds ran out.
    NoAnswer,
    /// No contact: counts as not answering, at once.
    Unregistered,
    /// 486, 600 or 603.
    Busy,
    /// Any other refusal, by its status.
    Refused(u16),
    /// It could not be called at all.
    NotPlaced(PlaceError),
}

impl Verdict {
    /// What a phone's final response means for its device.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            486 | 600 | 603 => Self::Busy,
            408 | 480 | 487 => Self::NoAnswer,
            other => Self::Refused(other),
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Ring this device; answer with [`Ringing::rang`] or [`Ringing::over`].
    Ring(DeviceIndex),
    /// Its seconds are over: cancel these legs.
    Stop(Vec<SessionId>),
    /// This device's calls go there instead; answer with [`Ringing::forwarded`] or [`Ringing::over`].
    Forward { device: DeviceIndex, to: String, why: &'static str },
}

/// Whose forwarding led here: RFC 5806.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diversion {
    /// The extension.
    pub(super) by: String,
    /// `always`, `busy`, `no_answer`, `redirected`.
    pub(super) why: &'static str,
}

/// A device as it is to be called.
#[derive(Debug)]
pub(super) struct DeviceView<'a> {
    /// The extension whose device it is, or that forwarded here: its rights count.
    pub(super) extension: &'a str,
    /// What to call.
    pub(super) target: &'a Target,
    /// What led here, the latest first.
    pub(super) diversions: &'a [Diversion],
}

/// A device of this ringing.
pub(super) type DeviceIndex = usize;

#[derive(Debug)]
enum State {
    Waiting,
    Ringing {
        legs: Vec<SessionId>,
        until: Instant,
    },
    /// Another set rings in its place.
    Forwarded {
        set: usize,
    },
    Over(Verdict),
}

#[derive(Debug)]
struct DeviceRing {
    /// The extension whose device it is, or that forwarded here: its rights count.
    extension: String,
    target: Target,
    seconds: u32,
    forward: Forward,
    diversions: Vec<Diversion>,
    set: usize,
    state: State,
}

/// One ringing: sets of devices, each in its own order.
#[derive(Debug, Default)]
pub(super) struct Ringing {
    devices: Vec<DeviceRing>,
    orders: Vec<RingOrder>,
    actions: VecDeque<Action>,
    visited: Vec<String>,
}

/// How long devices ring, and whether their conditional forwarding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Each device its own seconds, then its forwarding.
    Own,
    /// As a member of a group: so long, and forwarding "on busy, on no answer" rests, since the group has others to ring.
    Member(Duration),
    /// To be spoken from: SIP phones only, which answer at once or not at all; forwarding rests.
    Page,
}

impl Ringing {
    /// Adds an extension's devices; false when it rings already here (a forwarding loop) or has nothing to ring.
    pub(super) fn add_extension(
        &mut self,
        extension: &Extension,
        patience: Patience,
        diversions: Vec<Diversion>,
    ) -> Option<usize> {
        let set = self.orders.len();
        if !self.add_devices(set, extension, patience, &diversions) {
            return None;
        }
        self.orders.push(extension.ring);
        self.start_next(set);
        Some(set)
    }

    /// Adds the devices of several extensions, which ring at the same time; those that ring here already are left out.
    pub(super) fn add_all<'e>(
        &mut self,
        extensions: impl Iterator<Item = &'e Extension>,
        diversions: Vec<Diversion>,
    ) -> Option<usize> {
        let set = self.orders.len();
        let added = extensions.filter(|e| self.add_devices(set, e, Patience::Own, &diversions)).count();
        if added == 0 {
            return None;
        }
        self.orders.push(RingOrder::Parallel);
        self.start_next(set);
        Some(set)
    }

    /// What led to a device, and one thing more.
    pub(super) fn diverted(&self, index: DeviceIndex, diversion: Diversion) -> Vec<Diversion> {
        let before = self.devices.get(index).map(|device| device.diversions.clone()).unwrap_or_default();
        std::iter::once(diversion).chain(before).collect()
    }

    fn add_devices(&mut self, set: usize, extension: &Extension, patience: Patience, diversions: &[Diversion]) -> bool {
        if self.visited.contains(&extension.number) {
            return false;
        }
        self.visited.push(extension.number.clone());
        for device in &extension.devices {
            let (target, own, forward) = match device {
                Device::Sip(sip) => (Target::Login(sip.login.clone()), sip.ring_seconds, sip.forward.clone()),
                Device::Mobile(mobile) => (Target::Mobile(mobile.number.clone()), mobile.ring_seconds, Forward::None),
            };
            if patience == Patience::Page && !matches!(target, Target::Login(_)) {
                continue;
            }
            let (seconds, forward) = match (patience, forward) {
                (Patience::Own, forward) => (own, forward),
                (Patience::Member(_), Forward::Conditional { .. }) => (member_seconds(patience), Forward::None),
                (Patience::Member(_), forward) => (member_seconds(patience), forward),
                (Patience::Page, _) => (PAGE_SECONDS, Forward::None),
            };
            let (extension, diversions) = (extension.number.clone(), diversions.to_vec());
            let state = State::Waiting;
            self.devices.push(DeviceRing { extension, target, seconds, forward, diversions, set, state });
        }
        true
    }

    /// Adds a number of the city, called for `extension`.
    pub(super) fn add_outside(&mut self, extension: &str, target: Target, diversions: Vec<Diversion>) -> Option<usize> {
        let number = target.name();
        if self.visited.iter().any(|seen| seen == number) {
            return None;
        }
        self.visited.push(number.to_owned());
        let set = self.orders.len();
        self.orders.push(RingOrder::Parallel);
        let seconds = match target {
            Target::Trial { .. } => super::trial::TRIAL_SECONDS,
            _ => u32::try_from(limits::RINGING.as_secs()).unwrap_or(300),
        };
        self.devices.push(DeviceRing {
            extension: extension.to_owned(),
            target,
            seconds,
            forward: Forward::None,
            diversions,
            set,
            state: State::Waiting,
        });
        self.start_next(set);
        Some(set)
    }

    /// Rings what is next in a set: all of it, or the first that waits.
    fn start_next(&mut self, set: usize) {
        let sequential = self.orders.get(set) == Some(&RingOrder::Sequential);
        if sequential
            && self.members(set).any(|device| matches!(device.state, State::Ringing { .. } | State::Forwarded { .. }))
        {
            return;
        }
        for index in 0..self.devices.len() {
            let Some(device) = self.devices.get(index) else { return };
            if device.set != set || !matches!(device.state, State::Waiting) || self.is_queued(index) {
                continue;
            }
            self.actions.push_back(match &device.forward {
                Forward::Always { to } => Action::Forward { device: index, to: to.clone(), why: "always" },
                _ => Action::Ring(index),
            });
            if sequential {
                return;
            }
        }
    }

    fn is_queued(&self, index: DeviceIndex) -> bool {
        self.actions.iter().any(|action| match action {
            Action::Ring(device) | Action::Forward { device, .. } => *device == index,
            Action::Stop(_) => false,
        })
    }

    fn members(&self, set: usize) -> impl Iterator<Item = &DeviceRing> {
        self.devices.iter().filter(move |device| device.set == set)
    }

    /// What to do next; drain until `None`.
    pub(super) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Extension and target of a device.
    pub(super) fn device(&self, index: DeviceIndex) -> Option<DeviceView<'_>> {
        self.devices.get(index).map(|device| DeviceView {
            extension: &device.extension,
            target: &device.target,
            diversions: &device.diversions,
        })
    }

    /// The device is being called by these legs.
    pub(super) fn rang(&mut self, now: Instant, index: DeviceIndex, legs: Vec<SessionId>) {
        if let Some(device) = self.devices.get_mut(index) {
            let until = now + Duration::from_secs(u64::from(device.seconds));
            device.state = State::Ringing { legs, until };
        }
    }

    /// Another set rings in the device's place.
    pub(super) fn forwarded(&mut self, index: DeviceIndex, set: usize) {
        if let Some(device) = self.devices.get_mut(index) {
            device.state = State::Forwarded { set };
        }
    }

    /// The device can't be rung, or has been.
    pub(super) fn over(&mut self, index: DeviceIndex, verdict: Verdict) {
        let Some(device) = self.devices.get_mut(index) else { return };
        let was_forwarded_always = matches!(device.forward, Forward::Always { .. });
        device.state = State::Over(verdict);
        let set = device.set;
        if let (Forward::Conditional { busy, no_answer }, false) = (&device.forward, was_forwarded_always) {
            let (to, why) = if verdict == Verdict::Busy { (busy, "busy") } else { (no_answer, "no_answer") };
            if !to.is_empty() {
                let to = to.clone();
                device.forward = Forward::None; // once
                device.state = State::Waiting;
                self.actions.push_back(Action::Forward { device: index, to, why });
                return;
            }
        }
        self.start_next(set);
        self.finish_forwarded(set);
    }

    /// A forwarded device is over when the set in its place is.
    fn finish_forwarded(&mut self, set: usize) {
        if !self.is_set_over(set) {
            return;
        }
        let verdict = self.set_verdict(set);
        let waiting = |device: &DeviceRing| matches!(device.state, State::Forwarded { set: other } if other == set);
        if let Some(index) = self.devices.iter().position(waiting) {
            if let Some(device) = self.devices.get_mut(index) {
                device.forward = Forward::None;
            }
            self.over(index, verdict);
        }
    }

    /// A leg failed with this status. A device with several contacts is over when the last of its legs is.
    pub(super) fn leg_failed(&mut self, session: SessionId, status: u16) {
        let holds =
            |device: &DeviceRing| matches!(&device.state, State::Ringing { legs, .. } if legs.contains(&session));
        let Some(index) = self.devices.iter().position(holds) else { return };
        if let Some(DeviceRing { state: State::Ringing { legs, .. }, .. }) = self.devices.get_mut(index) {
            legs.retain(|leg| *leg != session);
            if !legs.is_empty() && status < 600 && status != 486 {
                return;
            }
            let rest = std::mem::take(legs);
            if !rest.is_empty() {
                self.actions.push_back(Action::Stop(rest)); // busy at one contact is busy at the device
            }
        }
        self.over(index, Verdict::of_status(status));
    }

    /// A leg was replaced by another (another trunk was tried, a redirection followed).
    pub(super) fn replace_leg(&mut self, old: SessionId, new: SessionId) {
        for device in &mut self.devices {
            if let State::Ringing { legs, .. } = &mut device.state {
                for leg in legs.iter_mut().filter(|leg| **leg == old) {
                    *leg = new;
                }
            }
        }
    }

    /// The device that a leg calls.
    pub(super) fn device_of(&self, session: SessionId) -> Option<DeviceIndex> {
        self.devices
            .iter()
            .position(|device| matches!(&device.state, State::Ringing { legs, .. } if legs.contains(&session)))
    }

    /// Ends the ringing of devices whose seconds are over.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for index in 0..self.devices.len() {
            let Some(device) = self.devices.get_mut(index) else { return };
            if let State::Ringing { legs, until } = &mut device.state {
                if *until <= now {
                    let legs = std::mem::take(legs);
                    self.actions.push_back(Action::Stop(legs));
                    self.over(index, Verdict::NoAnswer);
                }
            }
        }
    }

    /// When the next device's seconds are over.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let until = |device: &DeviceRing| match device.state {
            State::Ringing { until, .. } => Some(until),
            _ => None,
        };
        self.devices.iter().filter_map(until).min()
    }

    fn is_set_over(&self, set: usize) -> bool {
        self.members(set).all(|device| matches!(device.state, State::Over(_)))
    }

    /// Nothing rings, nothing will.
    pub(super) fn is_over(&self) -> bool {
        self.actions.is_empty() && self.devices.iter().all(|device| matches!(device.state, State::Over(_)))
    }

    fn set_verdict(&self, set: usize) -> Verdict {
        Self::sum(self.members(set))
    }

    /// What it came to: busy if anybody was, else the last refusal, else no answer.
    pub(super) fn verdict(&self) -> Verdict {
        Self::sum(self.devices.iter())
    }

    fn sum<'a>(devices: impl Iterator<Item = &'a DeviceRing>) -> Verdict {
        let mut sum = Verdict::Unregistered;
        for device in devices {
            if let State::Over(verdict) = device.state {
                let rank = |verdict| match verdict {
                    Verdict::Unregistered => 0,
                    Verdict::Refused(_) | Verdict::NotPlaced(_) => 1,
                    Verdict::NoAnswer => 2,
                    Verdict::Busy => 3,
                };
                if rank(verdict) > rank(sum) {
                    sum = verdict;
                }
            }
        }
        sum
    }

    /// Extensions of whose devices one rings or will.
    pub(super) fn extensions_ringing(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for device in self.devices.iter().filter(|device| !matches!(device.state, State::Over(_))) {
            if !names.contains(&device.extension) {
                names.push(device.extension.clone());
            }
        }
        names
    }

    /// Extensions whose devices are all over, each told once.
    pub(super) fn take_finished(&mut self) -> Vec<String> {
        let going = self.extensions_ringing();
        let finished: Vec<String> = self.visited.iter().filter(|name| !going.contains(name)).cloned().collect();
        self.visited.retain(|name| going.contains(name));
        finished
    }

    /// The extension may be rung again.
    pub(super) fn forget(&mut self, extension: &str) {
        self.visited.retain(|name| name != extension);
    }

    /// An extension rings here no longer; its legs are for the caller to end.
    pub(super) fn drop_extension(&mut self, extension: &str) {
        for device in self.devices.iter_mut().filter(|device| device.extension == extension) {
            device.state = State::Over(Verdict::NoAnswer);
        }
        let devices = &self.devices;
        self.actions.retain(|action| match action {
            Action::Ring(index) | Action::Forward { device: index, .. } => {
                devices.get(*index).is_none_or(|device| device.extension != extension)
            }
            Action::Stop(_) => true,
        });
        self.forget(extension);
    }

    /// Extensions that ring, and outside numbers.
    pub(super) fn ringing_now(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for device in &self.devices {
            if let State::Ringing { .. } = device.state {
                let name = match &device.target {
                    Target::Login(_) => device.extension.as_str(),
                    outside => outside.name(),
                };
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }
}

/// How long a telephone may take that answers by itself.
const PAGE_SECONDS: u32 = 8;

fn member_seconds(patience: Patience) -> u32 {
    match patience {
        Patience::Own | Patience::Page => 0,
        Patience::Member(span) => u32::try_from(span.as_secs()).unwrap_or(u32::MAX),
    }
}
