//! Sorts messages to calls by their Call-ID. What comes before the engine has told whose it is (the INVITE itself, and the
//! challenge before it) waits a while. Pure: time comes in, packed parts go out.

use std::collections::{HashMap, VecDeque};

use super::mask::masked;
use super::part::{Kept, Leg, Party, pack};
use crate::base::{CallId, Duration, Instant, WallTime};
use crate::call::cdr::CallLeg;
use crate::sip::Flow;

/// A part of a call's ladder on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The row.
    pub call: CallId,
    /// Of its first message.
    pub at: WallTime,
    /// See [`unpack`](super::unpack).
    pub messages: Vec<u8>,
}

/// Whether a message could be one of a call's: REGISTER, OPTIONS and the like are many, and never are.
pub(super) fn may_be_of_a_call(bytes: &[u8]) -> bool {
    bytes.len() > LEAST && !STRANGERS.iter().any(|method| bytes.starts_with(method))
}

/// Messages on their way to their calls.
#[derive(Debug, Default)]
pub struct Sorter {
    calls: HashMap<CallId, Open>,
    /// Call-ID → the calls that it is of: two, when a leg has moved from one to another.
    by_call_id: HashMap<String, Vec<CallId>>,
    early: VecDeque<Early>,
    early_bytes: usize,
    packed: VecDeque<Packed>,
    looked: Option<Instant>,
}

/// A call whose messages are not all written.
#[derive(Debug, Default)]
struct Open {
    legs: Vec<Leg>,
    messages: Vec<Kept>,
    /// Since when the first of them waits.
    since: Option<Instant>,
    bytes: usize,
    /// Of all that was ever kept of it.
    total: usize,
    over_at: Option<Instant>,
}

/// A message of nobody yet.
#[derive(Debug)]
struct Early {
    came: Instant,
    call_id: String,
    kept: Kept,
}

impl Sorter {
    /// A message came, or was `sent`, `at` this time.
    pub fn message(&mut self, now: Instant, at: WallTime, flow: Flow, sent: bool, bytes: &[u8]) {
        let Some((call_id, may_begin)) = look(bytes) else { return };
        let keep = |leg| Kept {
            at: at.millis(),
            sent,
            leg,
            transport: flow.transport.param().to_owned(),
            local: flow.local,
            peer: flow.peer,
            text: masked(bytes),
        };
        if let Some(calls) = self.by_call_id.get(call_id) {
            for call in calls {
                if let Some(open) = self.calls.get_mut(call) {
                    let leg = open.legs.iter().position(|leg| leg.call_id == call_id).unwrap_or(0);
                    open.keep(now, keep(leg));
                }
            }
        } else if may_begin {
            self.early_bytes += bytes.len();
            self.early.push_back(Early { came: now, call_id: call_id.to_owned(), kept: keep(0) });
            while self.early.len() > EARLY || self.early_bytes > EARLY_BYTES {
                self.drop_earliest();
            }
        }
    }

    /// Messages with this Call-ID are the call's, also those that came lately.
    pub fn leg(&mut self, leg: CallLeg) {
        let CallLeg { call, call_id, who, device, trunk } = leg;
        let open = self.calls.entry(call).or_default();
        if open.legs.iter().any(|leg| leg.call_id == call_id) {
            return;
        }
        let index = open.legs.len();
        open.legs.push(Leg { call_id: call_id.clone(), party: Party { who, device, trunk } });
        let (own, others): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.early).into_iter().partition(|early| early.call_id == call_id);
        self.early = others;
        for Early { came, mut kept, .. } in own {
            self.early_bytes = self.early_bytes.saturating_sub(kept.text.len());
            kept.leg = index;
            open.keep(came, kept);
        }
        self.by_call_id.entry(call_id).or_default().push(call);
    }

    /// The call is over; what still comes within [`LINGER`] is its own.
    pub fn ended(&mut self, now: Instant, call: CallId) {
        if let Some(open) = self.calls.get_mut(&call) {
            open.over_at = Some(now + LINGER);
        }
    }

    /// Packs what there is of a call.
    pub fn flush(&mut self, call: CallId) {
        if let Some(open) = self.calls.get_mut(&call) {
            self.packed.extend(open.pack(call));
        }
    }

    /// Packs all there is.
    pub fn flush_all(&mut self) {
        self.packed.extend(self.calls.iter_mut().filter_map(|(call, open)| open.pack(*call)));
    }

    /// The next part for the disk.
    pub fn poll_packed(&mut self) -> Option<Packed> {
        self.packed.pop_front()
    }

    /// Packs what is full, old or over, and forgets what nobody has asked for. To be called now and then.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.looked.is_some_and(|at| now.since(at) < LOOK_EVERY) {
            return;
        }
        self.looked = Some(now);
        while self.early.front().is_some_and(|early| now.since(early.came) > EARLY_TIME) {
            self.drop_earliest();
        }
        let mut over = Vec::new();
        for (call, open) in &mut self.calls {
            let is_over = open.over_at.is_some_and(|at| now >= at);
            let is_old = open.since.is_some_and(|since| now.since(since) > PART_TIME);
            if is_over || is_old || open.bytes > PART_BYTES {
                self.packed.extend(open.pack(*call));
            }
            if is_over {
                over.push(*call);
            }
        }
        over.into_iter().for_each(|call| self.forget(call));
    }

    fn forget(&mut self, call: CallId) {
        for leg in self.calls.remove(&call).map(|open| open.legs).unwrap_or_default() {
            if let Some(calls) = self.by_call_id.get_mut(&leg.call_id) {
                calls.retain(|other| *other != call);
                if calls.is_empty() {
                    self.by_call_id.remove(&leg.call_id);
                }
            }
        }
    }

    fn drop_earliest(&mut self) {
        if let Some(early) = self.early.pop_front() {
            self.early_bytes = self.early_bytes.saturating_sub(early.kept.text.len());
        }
    }
}

impl Open {
    fn keep(&mut self, now: Instant, kept: Kept) {
        if self.total + kept.text.len() > CALL_BYTES {
            return;
        }
        self.total += kept.text.len();
        self.bytes += kept.text.len();
        self.since.get_or_insert(now);
        self.messages.push(kept);
    }

    fn pack(&mut self, call: CallId) -> Option<Packed> {
        let at = WallTime(self.messages.first()?.at);
        (self.since, self.bytes) = (None, 0);
        Some(Packed { call, at, messages: pack(&self.legs, std::mem::take(&mut self.messages)) })
    }
}

/// The Call-ID, and whether the message could belong to the beginning of a call: INVITE, and what is part of it.
fn look(bytes: &[u8]) -> Option<(&str, bool)> {
    let (mut call_id, mut may_begin) = (None, None);
    for line in bytes.split(|byte| *byte == b'\n').skip(1) {
        if line.trim_ascii().is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = || std::str::from_utf8(value.get(1..)?).ok().map(str::trim);
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"Call-ID") || name.eq_ignore_ascii_case(b"i") {
            call_id = value();
        } else if name.eq_ignore_ascii_case(b"CSeq") {
            let method = value()?.split_ascii_whitespace().nth(1)?;
            may_begin = Some(["INVITE", "ACK", "CANCEL", "PRACK"].contains(&method));
        }
        if let (Some(call_id), Some(may_begin)) = (call_id, may_begin) {
            return Some((call_id, may_begin));
        }
    }
    None
}

/// Methods that never are of a call.
const STRANGERS: [&[u8]; 5] = [b"REGISTER ", b"OPTIONS ", b"SUBSCRIBE ", b"PUBLISH ", b"MESSAGE "];
/// Less is a keep-alive. Bytes.
const LEAST: usize = 32;
/// Messages that nobody has claimed; the oldest goes.
const EARLY: usize = 2_000;
/// The same in bytes.
const EARLY_BYTES: usize = 4 * 1024 * 1024;
/// How long a message may wait to be claimed: a phone meets its challenge at once.
const EARLY_TIME: Duration = Duration::from_secs(40);
/// What is kept of one call; further messages are left out. Bytes.
const CALL_BYTES: usize = 1024 * 1024;
/// A part that is larger is written. Bytes.
const PART_BYTES: usize = 64 * 1024;
/// So long do messages wait for others of their call: what a crash may cost.
const PART_TIME: Duration = Duration::from_secs(60);
/// After the end of a call its last answers are still under way.
const LINGER: Duration = Duration::from_secs(5);
/// How often calls are looked through.
const LOOK_EVERY: Duration = Duration::from_millis(500);
