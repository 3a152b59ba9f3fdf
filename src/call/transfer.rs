//! One side gives the other on to a third: by REFER (RFC 3515, RFC 5589) or by keys, at once or after a word with the third.
//! When nobody takes him, who gave him on gets him back.

use crate::base::{Duration, ServerTxn, SessionId};
use crate::media::Command;
use crate::number::Target as Meaning;
use crate::office::Feature;
use crate::sip::stack::{SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Method, Name, Replaces, Request, Scheme};

use super::Around;
use super::cdr::{CallOutcome, StepKind};
use super::crossing::Crossing;
use super::keys::Keyed;
use super::leg::{Leg, Party};
use super::one::{Back, Call, RingWhy, Stage, Timer, Transfer};
use super::outside::Attempt;
use super::ring::{Ringing, Target};
use super::talk::Side;

/// How long the next key of a code may take.
const KEY_PATIENCE: Duration = Duration::from_secs(3);

/// Where a call is to go.
#[derive(Debug, PartialEq, Eq)]
enum Destination {
    Extension(String),
    Group(String),
    /// A number of the city, E.164 digits.
    Outside(String),
    /// One of the office's own numbers: its desk.
    Desk(String),
    /// A parking place; empty: any.
    Place(String),
    /// A conference room.
    Conference(String),
}

impl Destination {
    fn name(&self) -> &str {
        match self {
            Self::Extension(name)
            | Self::Group(name)
            | Self::Outside(name)
            | Self::Desk(name)
            | Self::Place(name)
            | Self::Conference(name) => name,
        }
    }
}

/// What one call gives to another.
#[derive(Debug)]
pub(super) enum Given {
    /// Who talked there.
    Talker(Box<Leg>),
    /// Those who ring.
    Ringing { ring: Ringing, group: Option<String>, attempts: Vec<Attempt>, to: String },
}

impl Call {
    /// A side sends REFER.
    pub(super) fn refer(&mut self, around: &mut Around<'_>, side: Side, txn: ServerTxn, request: &Request) {
        let Some(leg) = self.leg_mut(side) else { return };
        let (session, party) = (leg.session, leg.party.clone());
        let answer = |around: &mut Around<'_>, status| {
            around.command(session, SessionCommand::Respond { txn, status, headers: Headers::new() });
        };
        // contract.md, SIP: "REFER and 3xx carry the rights of the device that sent them; from a trunk both are refused"
        let Some(extension) = party.inside().map(str::to_owned) else { return answer(around, 403) };
        if !matches!(self.stage, Stage::Talking { .. }) {
            return answer(around, 403);
        }
        let targets = request.headers.addresses(&Name::ReferTo).unwrap_or_default();
        let [target] = targets.as_slice() else { return answer(around, 400) };
        let dialled = target.uri.user.as_deref().unwrap_or("");
        let known = matches!(target.uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel) && !dialled.is_empty();
        let method = target.uri.params.get("method").unwrap_or("INVITE");
        if !known || !method.eq_ignore_ascii_case("INVITE") {
            return answer(around, 400);
        }
        match Replaces::in_uri(&target.uri) {
            Err(_) => answer(around, 400),
            Ok(Some(replaces)) => {
                around.books.crossings.push_back(Crossing::Attended { call: self.id, session, txn, replaces });
            }
            Ok(None) => match self.destination(around, &extension, dialled) {
                Err(status) => answer(around, status),
                Ok(destination) => {
                    answer(around, 202);
                    self.send_on(around, side, destination, true);
                }
            },
        }
    }

    /// Where a number leads, with the rights of the extension that says it; else the status of its refusal.
    fn destination(&self, around: &Around<'_>, extension: &str, dialled: &str) -> Result<Destination, u16> {
        if let Some((owner, _)) = around.office.device_by_login(dialled) {
            return Ok(Destination::Extension(owner.number.clone()));
        }
        match around.plan.interpret(around.office, dialled) {
            Meaning::Extension { number } => Ok(Destination::Extension(number)),
            Meaning::Group { number } => Ok(Destination::Group(number)),
            Meaning::OwnNumber { number } => Ok(Destination::Desk(number)),
            Meaning::Place { number } => Ok(Destination::Place(number)),
            Meaning::Conference { number } => Ok(Destination::Conference(number)),
            Meaning::Feature { feature: Feature::Park, .. } => Ok(Destination::Place(String::new())),
            Meaning::Outside { number, class } => {
                let extension = around.office.extension(extension);
                let paid = around.office.limits.paid_services;
                let allowed = extension.is_some_and(|e| crate::guard::may_call(e.permissions, paid, class).is_ok());
                if allowed { Ok(Destination::Outside(number)) } else { Err(403) }
            }
            // who needs help must not be cut off from it by a third
            Meaning::Emergency { .. } => Err(403),
            Meaning::Feature { .. } | Meaning::Hidden(_) | Meaning::Unknown => Err(404),
        }
    }

    /// One side leaves the other to somebody else; nobody is bridged any more. `None`: they do not talk.
    pub(super) fn part(&mut self, around: &mut Around<'_>, leaver: Side) -> Option<Box<Leg>> {
        let ringing = Stage::Ringing { ring: Ringing::default(), why: RingWhy::Transfer };
        let mut b = match std::mem::replace(&mut self.stage, ringing) {
            Stage::Talking { b } => b,
            other => {
                self.stage = other;
                return None;
            }
        };
        if leaver == Side::A {
            std::mem::swap(&mut self.a, &mut *b);
            self.swapped = !self.swapped;
        }
        self.keys.clear();
        self.rest_member(around);
        for timer in [Timer::Probe, Timer::Keys] {
            self.timers.cancel(timer);
        }
        if let Some(recording) = self.recording.take() {
            around.media(Command::StopRecording { recording });
        }
        if let Some(endpoint) = self.a.endpoint() {
            around.media(Command::Separate { endpoint });
            around.media(Command::WatchSilence { endpoint, on: true });
        }
        Some(b)
    }

    /// Blind transfer: the other side goes where `leaver` says.
    fn send_on(&mut self, around: &mut Around<'_>, leaver: Side, destination: Destination, is_refer: bool) {
        if let Destination::Place(place) = &destination {
            let place = place.clone();
            return self.park(around, leaver, &place, is_refer);
        }
        let Some(mut leg) = self.part(around, leaver) else { return };
        let by = leg.party.clone();
        if is_refer {
            leg.report(around, 100);
        } else {
            leg.hang_up(around, None); // by keys: his work is done
        }
        let extension = by.inside().unwrap_or_default().to_owned();
        let leg = Some(leg).filter(|leg| !leg.is_absent());
        self.transfer = Some(Transfer { by, leg, is_refer, to: destination.name().to_owned() });
        match destination {
            Destination::Extension(number) => self.ring_extension(around, &number, RingWhy::Transfer),
            Destination::Group(number) => self.ring_group(around, &number, Back::Transfer),
            Destination::Outside(number) => {
                self.ring_outside(around, &extension, Target::Outside(number), RingWhy::Transfer);
            }
            Destination::Desk(number) => {
                self.transfer_done(around, &number);
                if !self.enter_desk(around, &number) {
                    self.ring_group(around, "500", Back::Caller);
                }
            }
            Destination::Conference(number) => {
                self.transfer_done(around, &number);
                self.enter_conference(around, &number);
            }
            Destination::Place(_) => {}
        }
    }

    /// Somebody took the call: who gave it on is done.
    pub(super) fn transfer_done(&mut self, around: &mut Around<'_>, who: &str) {
        let Some(mut transfer) = self.transfer.take() else { return };
        if let Some(leg) = &mut transfer.leg {
            if transfer.is_refer {
                leg.report(around, 200);
            }
            leg.hang_up(around, None);
        }
        around.step(self.id, StepKind::Transferred { by: transfer.by.who, to: who.to_owned() });
        self.introduce(around);
    }

    /// Both sides are told whom they speak with.
    pub(super) fn introduce(&mut self, around: &mut Around<'_>) {
        if let Stage::Talking { b } = &mut self.stage {
            self.a.identify(around, &b.party);
            b.identify(around, &self.a.party);
        }
    }

    /// Nobody took the call: who gave it on has it back, on his line if he is there still, else his telephone rings.
    pub(super) fn transfer_failed(&mut self, around: &mut Around<'_>, status: u16) {
        let Some(transfer) = self.transfer.take() else {
            return self.finish(around, status, CallOutcome::NoAnswer, "transfer_failed");
        };
        self.drop_attempts(around, None);
        around.step(self.id, StepKind::TransferFailed { to: transfer.to, status });
        match transfer.leg {
            Some(leg) => {
                if transfer.is_refer {
                    leg.report(around, status);
                }
                self.come_back(around, leg);
            }
            None => self.recall(around, &transfer.by, None),
        }
    }

    /// A leg that left talks again.
    pub(super) fn come_back(&mut self, around: &mut Around<'_>, b: Box<Leg>) {
        self.stop_play(around);
        self.timers.cancel(Timer::Ringing);
        if let Some(endpoint) = b.endpoint() {
            around.media(Command::StopPlay { endpoint });
        }
        self.stage = Stage::Talking { b };
        self.bridge(around);
        self.introduce(around);
        self.go_on_holding(around);
    }

    /// A side that has put the other on hold goes on doing so, whoever that is now.
    fn go_on_holding(&mut self, around: &mut Around<'_>) {
        for side in [Side::A, Side::B] {
            let holds = self.leg_mut(side).is_some_and(|leg| leg.held);
            if let (true, Some(endpoint)) = (holds, self.other(side).and_then(|leg| leg.endpoint())) {
                let sound = self.music();
                around.media(Command::Play { endpoint, id: 0, sound, until_digit: false });
            }
        }
    }

    /// Rings who gave the call on, or parked it.
    pub(super) fn recall(&mut self, around: &mut Around<'_>, by: &Party, place: Option<String>) {
        let Some(extension) = by.inside() else {
            return self.finish(around, 480, CallOutcome::Answered, "transfer_failed");
        };
        around.step(self.id, StepKind::Recalled { who: extension.to_owned() });
        self.ring_extension(around, extension, RingWhy::Recall { place });
    }

    /// He does not take it back either: a parked call waits on, another one ends.
    pub(super) fn nobody_takes_back(&mut self, around: &mut Around<'_>, place: Option<String>) {
        match place {
            Some(place) => self.park_again(around, place),
            None => self.refuse_with_tone(around, 480, CallOutcome::Answered, "transfer_failed"),
        }
    }

    /// The call ends while it is on its way to somebody.
    pub(super) fn drop_transfer(&mut self, around: &mut Around<'_>, status: u16) {
        let Some(Transfer { leg: Some(mut leg), is_refer, .. }) = self.transfer.take() else { return };
        if is_refer {
            leg.report(around, status.max(400));
        }
        leg.hang_up(around, None);
    }

    /// The leg of who gave the call on, until it is known what came of it.
    pub(super) fn on_transferrer(&mut self, around: &mut Around<'_>, event: SessionEvent) {
        let Some(transfer) = &mut self.transfer else { return };
        let Some(leg) = &mut transfer.leg else { return };
        match event {
            SessionEvent::Ended { .. } | SessionEvent::Failed { .. } => {
                leg.close(around);
                transfer.leg = None;
            }
            SessionEvent::Offer { sdp } => drop(leg.receive_offer(around, sdp.as_deref())),
            SessionEvent::OfferAnswered { sdp } => drop(leg.receive_answer(around, &sdp)),
            SessionEvent::Request { txn, request } => {
                let status = match request.method {
                    Method::Refer => 491,
                    Method::Info => 200,
                    _ => 405,
                };
                around.command(leg.session, SessionCommand::Respond { txn, status, headers: Headers::new() });
            }
            _ => {}
        }
    }

    /// A key while two sides talk: only employees steer calls by keys.
    pub(super) fn keyed(&mut self, around: &mut Around<'_>, side: Side, key: char) {
        let inside = self.leg_mut(side).is_some_and(|leg| leg.party.inside().is_some());
        if !inside {
            return;
        }
        let (plan, office) = (around.plan, around.office);
        let is_whole = |number: &str| {
            matches!(plan.interpret(office, number), Meaning::Extension { .. } | Meaning::Group { .. })
                && !office.has_longer_number(number)
        };
        let joins = self.consults_for.is_some();
        let keyed = self.keys.press(&office.codes, side, key, joins, is_whole);
        self.obey(around, keyed);
    }

    /// No further key comes.
    pub(super) fn keys_over(&mut self, around: &mut Around<'_>) {
        let keyed = self.keys.over(&around.office.codes, self.consults_for.is_some());
        self.obey(around, keyed);
    }

    fn obey(&mut self, around: &mut Around<'_>, keyed: Keyed) {
        match keyed {
            Keyed::Nothing => self.timers.cancel(Timer::Keys),
            Keyed::More => self.timers.arm(Timer::Keys, around.now + KEY_PATIENCE),
            Keyed::Begun(side) => {
                self.timers.arm(Timer::Keys, around.now + KEY_PATIENCE);
                if let Some(endpoint) = self.other(side).and_then(|leg| leg.endpoint()) {
                    let sound = self.music();
                    around.media(Command::Play { endpoint, id: 0, sound, until_digit: false });
                }
            }
            Keyed::GivenUp(side) => self.talk_on(around, side),
            Keyed::Wanted(side, feature, number) => {
                self.timers.cancel(Timer::Keys);
                self.wanted_by_keys(around, side, feature, &number);
            }
        }
    }

    fn other(&mut self, side: Side) -> Option<&mut Leg> {
        self.leg_mut(if side == Side::A { Side::B } else { Side::A })
    }

    /// Nothing came of a code: both hear each other again.
    fn talk_on(&mut self, around: &mut Around<'_>, side: Side) {
        self.timers.cancel(Timer::Keys);
        if let Some(endpoint) = self.other(side).filter(|leg| !leg.held).and_then(|leg| leg.endpoint()) {
            around.media(Command::StopPlay { endpoint });
        }
    }

    fn wanted_by_keys(&mut self, around: &mut Around<'_>, side: Side, feature: Feature, number: &str) {
        let extension = self.leg_mut(side).and_then(|leg| leg.party.inside().map(str::to_owned)).unwrap_or_default();
        match (feature, self.consults_for) {
            (Feature::Attended, Some(into)) if number.is_empty() => {
                around.books.crossings.push_back(Crossing::Join { into, from: self.id });
            }
            (Feature::Back, Some(_)) => self.finish(around, 487, CallOutcome::Answered, "taken_back"),
            (Feature::Back, None) => self.talk_on(around, side),
            (Feature::Park, _) => self.park(around, side, "", false),
            (Feature::Transfer | Feature::Attended, _) => match self.destination(around, &extension, number) {
                Err(_) => self.talk_on(around, side),
                Ok(destination) if feature == Feature::Transfer => self.send_on(around, side, destination, false),
                Ok(_) => self.consult(around, side, number),
            },
            _ => {}
        }
    }

    /// The other side waits, while this one speaks with a third in a call of its own.
    fn consult(&mut self, around: &mut Around<'_>, side: Side, number: &str) {
        let Some(leg) = self.part(around, side) else { return };
        self.stage = Stage::Waiting { by: leg.party.clone() };
        self.watch_caller(around);
        let sound = self.music();
        self.play(around, sound);
        around.books.crossings.push_back(Crossing::Consult { call: self.id, leg, number: number.to_owned() });
    }

    /// The call in which he asked a third is over, and he returns; absent, he is called.
    pub(super) fn returned(&mut self, around: &mut Around<'_>, mut leg: Box<Leg>) {
        let Stage::Waiting { by, .. } = &self.stage else {
            return leg.hang_up(around, None);
        };
        let by = by.clone();
        if leg.is_absent() {
            return self.recall(around, &by, None);
        }
        leg.adopt(around);
        self.come_back(around, leg);
    }

    /// Hands over whom the party of `session` talks with, or rings, to another call. `None`: there is nobody.
    pub(super) fn give(&mut self, around: &mut Around<'_>, session: SessionId) -> Option<Given> {
        around.books.queues.leave(self.id);
        let nothing = Stage::Refusing { status: 487, outcome: CallOutcome::Answered, cause: "transferred" };
        match std::mem::replace(&mut self.stage, nothing) {
            Stage::Talking { mut b } if session == self.a.session || session == b.session => {
                if session == b.session {
                    std::mem::swap(&mut self.a, &mut *b);
                    self.swapped = !self.swapped;
                }
                Some(Given::Talker(b))
            }
            Stage::Ringing { ring, why } if session == self.a.session && self.transfer.is_none() => {
                let group = match &why {
                    RingWhy::Group { number, .. } => Some(number.clone()),
                    _ => None,
                };
                let attempts = std::mem::take(&mut self.attempts);
                Some(Given::Ringing { ring, group, attempts, to: self.started.called.clone() })
            }
            other => {
                self.stage = other;
                None
            }
        }
    }

    /// Takes over from another call whom `by` spoke with there. `leaver`: his side here, when he is here too, and whether he
    /// waits to hear of it.
    pub(super) fn take(
        &mut self,
        around: &mut Around<'_>,
        leaver: Option<Side>,
        by: &Party,
        given: Given,
        from: &Self,
    ) {
        if let Some(mut leg) = leaver.and_then(|side| self.part(around, side)) {
            leg.report(around, 200);
            leg.hang_up(around, None);
        }
        match given {
            Given::Talker(leg) => {
                leg.adopt(around);
                let who = leg.party.who.clone();
                around.step(self.id, StepKind::Joined { call: from.id, who: who.clone() });
                around.step(self.id, StepKind::Transferred { by: by.who.clone(), to: who });
                if let (Some(a), Some(b)) = (self.a.spoken(), leg.spoken()) {
                    if a != b {
                        self.a.follow(around, b);
                    }
                }
                self.come_back(around, leg);
            }
            Given::Ringing { ring, group, attempts, to } => {
                attempts.iter().for_each(|attempt| attempt.leg.adopt(around));
                around.step(self.id, StepKind::Joined { call: from.id, who: to.clone() });
                self.transfer = Some(Transfer { by: by.clone(), leg: None, is_refer: false, to });
                if let Some(group) = group {
                    attempts.into_iter().for_each(|mut attempt| attempt.leg.hang_up(around, None));
                    return self.ring_group(around, &group, Back::Transfer);
                }
                self.attempts = attempts;
                self.begin_ringing(around, ring, RingWhy::Transfer);
            }
        }
    }
}
