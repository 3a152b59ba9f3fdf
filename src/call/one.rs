//! One call: its legs, its stage, its row of history. Here it begins and ends; [`desk`](super::desk) walks the routing
//! desk, [`ringing`](super::ringing) rings, [`attempt`](super::attempt) is what those that ring answer, [`talk`](super::talk) what happens
//! while two sides talk, [`transfer`](super::transfer) how they come to others, [`park`](super::park) how a call waits for whoever
//! takes it, [`outside`](super::outside) places legs.
//!
//! **Whoever is served is always the A leg.** When one of two sides leaves the other to somebody else, the one who stays
//! becomes `a`, whichever way the call began, so that ringing, music and prompts need to know one side only.

use std::sync::Arc;

use crate::base::{CallId, Duration, EndpointId, Instant, RecordingId, RoomId, SessionId, Timers, WallTime};
use crate::desk::executor::{Collect, Executor};
use crate::media::{Command, Sound, Stats, Tone};
use crate::office::Office;

use super::cdr::{
    CallDirection, CallEnded, CallLeg, CallOutcome, CallStarted, CallState, CallView, MissedCall, StepKind,
};
use super::crossing::Crossing;
use super::leg::{Leg, LegState, Party, SoundError};
use super::outside::Attempt;
use super::ring::Ringing;
use super::{Around, Output};

/// How long a refused caller hears the tone before the final response.
const REFUSAL_TONE: Duration = Duration::from_secs(3);
/// How long the media plane may take to give its last figures.
const LAST_FIGURES: Duration = Duration::from_secs(2);

/// Where a call is.
#[derive(Debug)]
pub(super) enum Stage {
    /// The caller hears a prompt of the desk.
    Prompt { collect: Option<Collect>, digits: String, play: u32 },
    /// Somebody is rung.
    Ringing { ring: Ringing, why: RingWhy },
    /// Two sides talk.
    Talking { b: Box<Leg> },
    /// Waits at a parking place. Who parked it may still be told the place.
    Parked { place: String, by: Party, teller: Option<Box<Leg>> },
    /// Waits while the other side asks a third, in another call.
    Waiting { by: Party },
    /// Speaks with the exchange itself.
    Serving(Box<super::serve::Serving>),
    /// Listens to another call.
    Listening { to: CallId },
    /// Speaks from the telephones of a group.
    Paging { room: RoomId, legs: Vec<Leg> },
    /// The caller hears that it doesn't go; then the status.
    Refusing { status: u16, outcome: CallOutcome, cause: &'static str },
    /// All is said; the media plane's last figures are awaited.
    Over { ended: Box<CallEnded>, awaited: Vec<(EndpointId, usize)> },
}

/// What led to the ringing, and so what follows when nobody answers.
#[derive(Debug)]
pub(super) enum RingWhy {
    /// Dialled from inside, or the number of a trunk without a desk: the caller gets the status.
    Dialled,
    /// The last element of a walk: busy tone and hang-up.
    DeskEnd,
    /// «Донабор номера»: back to the desk.
    DeskDial,
    /// A group, with the way on when it gives the caller back.
    Group { number: String, back: Back },
    /// Given on by the other side: [`Call::transfer`] says by whom.
    Transfer,
    /// Nobody took it, and who gave it on or parked it is rung to have it back; from a parking place, with its number.
    Recall { place: Option<String> },
    /// Nobody is served yet: the telephone of who ordered the call rings first, then this is called.
    Order(Ordered),
    /// A group's telephones, to be spoken from.
    Page { room: RoomId },
}

/// What follows when the telephone that rang first is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ordered {
    /// It calls this.
    Call(String),
    /// Nothing: it was tried whether a trunk carries calls.
    Trial,
    /// It listens to this call.
    Listen(CallId),
}

/// Whom a group gives a caller back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// Nobody: he dialled the group himself.
    Caller,
    /// The desk.
    Desk,
    /// Who gave him on.
    Transfer,
}

/// The caller is on his way to another party.
#[derive(Debug)]
pub(super) struct Transfer {
    /// Who sent him there.
    pub(super) by: Party,
    /// His leg, until he goes: he gets the caller back when nobody takes him.
    pub(super) leg: Option<Box<Leg>>,
    /// He waits to hear of it: RFC 3515.
    pub(super) is_refer: bool,
    /// Where to.
    pub(super) to: String,
}

/// The timers of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// No further digit comes.
    Digits,
    /// The refusal tone has been heard.
    Refused,
    /// Ringing may not last for ever.
    Ringing,
    /// A side that makes no sound, or holds, is asked whether it is still there.
    Probe,
    /// The media plane's last figures did not come.
    Figures,
    /// No further key of a code comes.
    Keys,
    /// Nobody fetched it from its parking place.
    Parked,
    /// A service has lasted long enough.
    Service,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    /// With which it began.
    pub(super) office: Arc<Office>,
    pub(super) a: Leg,
    pub(super) started: CallStarted,
    /// What the next INVITE says.
    pub(super) max_forwards: u32,
    pub(super) stage: Stage,
    pub(super) executor: Option<Executor>,
    /// When it came to the element of the desk on which it is.
    pub(super) element_since: Option<WallTime>,
    /// B legs that ring.
    pub(super) attempts: Vec<Attempt>,
    pub(super) timers: Timers<Timer, 8>,
    pub(super) begun: Instant,
    answered: Option<(Instant, WallTime, String)>,
    pub(super) plays: u32,
    /// The caller is on his way to another party.
    pub(super) transfer: Option<Transfer>,
    /// Codes keyed while two sides talk.
    pub(super) keys: super::keys::Keys,
    /// The call that waits for the end of this one, in which its other side asks a third.
    pub(super) consults_for: Option<CallId>,
    /// The group whose call it is and its member, while they talk.
    pub(super) group: Option<(String, String)>,
    /// The group's greeting is being heard.
    pub(super) greets: bool,
    /// The extension that was called first: its mailbox takes what nobody takes.
    pub(super) wanted: Option<String>,
    /// Who listens to it.
    pub(super) listeners: super::listen::Listeners,
    /// Who parked the call that is on its way back to him.
    pub(super) parker: Option<Party>,
    /// The number of what is said to a leg beside the call.
    pub(super) told: u32,
    /// Nothing may stand before it.
    pub(super) is_emergency: bool,
    /// Extensions whose telephones rang.
    pub(super) rang: Vec<String>,
    /// The sides have changed places: `a` is who was called.
    pub(super) swapped: bool,
    /// Its recording, once it has one.
    pub(super) recording: Option<RecordingId>,
    /// The prompt that waits for the ACK of a late offer.
    pub(super) shown: Option<CallView>,
}

impl Call {
    pub(super) fn new(around: &mut Around<'_>, started: CallStarted, a: Leg, max_forwards: u32) -> Self {
        let mut call = Self {
            id: started.call,
            office: Arc::clone(around.office),
            a,
            started: started.clone(),
            max_forwards,
            stage: Stage::Ringing { ring: Ringing::default(), why: RingWhy::Dialled },
            executor: None,
            element_since: None,
            attempts: Vec::new(),
            timers: Timers::default(),
            begun: around.now,
            answered: None,
            plays: 0,
            transfer: None,
            keys: super::keys::Keys::default(),
            consults_for: None,
            group: None,
            greets: false,
            wanted: None,
            listeners: super::listen::Listeners::default(),
            parker: None,
            told: 0,
            is_emergency: false,
            rang: Vec::new(),
            swapped: false,
            recording: None,
            shown: None,
        };
        around.outputs.push_back(Output::Started(started));
        call.a.hold_busy(around);
        call.a.load_trunk(around);
        call
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let ring = match &self.stage {
            Stage::Ringing { ring, .. } => ring.poll_timeout(),
            _ => None,
        };
        [self.timers.next(), ring].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, around: &mut Around<'_>) {
        while let Some(timer) = self.timers.pop_due(around.now) {
            match timer {
                Timer::Digits => {
                    if !self.service_digits_over(around) {
                        self.digits_over(around);
                    }
                }
                Timer::Service => self.service_over(around),
                Timer::Refused => self.refuse_now(around),
                Timer::Ringing if self.is_page() => self.no_more_listeners(around),
                Timer::Ringing => self.finish(around, 480, CallOutcome::NoAnswer, "rang_too_long"),
                Timer::Probe => self.probe(around),
                Timer::Figures => self.last_figures_missing(),
                Timer::Keys => self.keys_over(around),
                Timer::Parked => self.parked_too_long(around),
            }
        }
        self.ring_timeout(around);
    }

    /// Plays to the caller; `PlayEnded` carries the number that is returned.
    pub(super) fn play(&mut self, around: &mut Around<'_>, sound: Sound) -> u32 {
        self.prompt(around, sound, false)
    }

    /// Plays to the caller, until he presses a key where keys are awaited.
    pub(super) fn prompt(&mut self, around: &mut Around<'_>, sound: Sound, until_digit: bool) -> u32 {
        self.plays += 1;
        if let Some(endpoint) = self.a.endpoint() {
            around.media(Command::Play { endpoint, id: self.plays, sound, until_digit });
        }
        self.plays
    }

    pub(super) fn play_tone(&mut self, around: &mut Around<'_>, tone: &Tone) {
        self.play(around, Sound::Tone(tone.clone()));
    }

    pub(super) fn stop_play(&mut self, around: &mut Around<'_>) {
        if let Some(endpoint) = self.a.endpoint() {
            around.media(Command::StopPlay { endpoint });
        }
    }

    /// Answers the caller, so that prompts can be heard. False when it failed and the call is over.
    pub(super) fn answer_caller(&mut self, around: &mut Around<'_>) -> bool {
        match self.a.answer(around, None) {
            Ok(()) => true,
            Err(error) => {
                self.sound_failed(around, error);
                false
            }
        }
    }

    pub(super) fn sound_failed(&mut self, around: &mut Around<'_>, error: SoundError) {
        let cause = if error == SoundError::NoPort { "no_free_port" } else { "no_common_codec" };
        self.finish(around, error.status(), CallOutcome::Failed, cause);
    }

    /// Somebody took the call: talk time counts from here.
    pub(super) fn note_answer(&mut self, around: &mut Around<'_>, who: &str) {
        self.answered.get_or_insert_with(|| (around.now, around.wall, who.to_owned()));
        self.timers.cancel(Timer::Ringing);
        around.step(self.id, StepKind::Answered { who: who.to_owned() });
    }

    /// The caller hears the country's tone for a few seconds, then the status; a caller who can't hear early sound gets it at once.
    pub(super) fn refuse_with_tone(
        &mut self,
        around: &mut Around<'_>,
        status: u16,
        outcome: CallOutcome,
        cause: &'static str,
    ) {
        self.drop_attempts(around, None);
        self.drop_transfer(around, status);
        let tone = if outcome == CallOutcome::Refused || outcome == CallOutcome::Failed {
            around.tones.congestion.clone()
        } else {
            around.tones.busy.clone()
        };
        let answered = self.a.state == LegState::Answered;
        let hears = answered || (self.a.can_hear_early() && self.a.early(around, None).is_ok());
        if !hears {
            return self.finish(around, status, outcome, cause);
        }
        self.play_tone(around, &tone);
        self.stage = Stage::Refusing { status, outcome, cause };
        self.timers.clear();
        self.timers.arm(Timer::Refused, around.now + REFUSAL_TONE);
    }

    fn refuse_now(&mut self, around: &mut Around<'_>) {
        if let Stage::Refusing { status, outcome, cause } = self.stage {
            self.finish(around, status, outcome, cause);
        }
    }

    /// Cancels all that ring, but `except`.
    pub(super) fn drop_attempts(&mut self, around: &mut Around<'_>, except: Option<SessionId>) {
        // RFC 3326: a phone that knows the call was taken elsewhere shows no missed call
        let reason = except.map(|_| super::queue::ELSEWHERE);
        for mut attempt in std::mem::take(&mut self.attempts) {
            if Some(attempt.leg.session) == except {
                self.attempts.push(attempt);
                continue;
            }
            attempt.leg.hang_up(around, reason);
        }
    }

    /// The caller hung up, or his side fell.
    pub(super) fn caller_gone(&mut self, around: &mut Around<'_>, cause: &'static str) {
        if self.leaves_to_third(around) {
            return;
        }
        if matches!(self.stage, Stage::Serving(_)) {
            self.a.close(around);
            self.leave_service(around);
            if self.is_over() {
                return;
            }
        }
        let outcome = match self.stage {
            Stage::Refusing { outcome, .. } => outcome,
            // who was given on or parked has been talked with
            _ if self.was_answered() => CallOutcome::Answered,
            _ => CallOutcome::Abandoned,
        };
        let status = if self.a.state == LegState::Answered { 0 } else { 487 };
        self.end(around, status, outcome, cause, true);
    }

    /// Who asks a third hangs up: the one who waits speaks with the third, or hears him ring.
    fn leaves_to_third(&mut self, around: &mut Around<'_>) -> bool {
        let Some(into) =
            self.consults_for.filter(|_| matches!(self.stage, Stage::Talking { .. } | Stage::Ringing { .. }))
        else {
            return false;
        };
        self.a.close(around);
        around.books.crossings.push_back(Crossing::Join { into, from: self.id });
        true
    }

    /// The conversation with a third is over: who asked him returns to the one who waits.
    fn give_back(&mut self, around: &mut Around<'_>, a_is_gone: bool) {
        let Some(to) = self.consults_for.take() else { return };
        let party = self.a.party.clone();
        let mut leg = std::mem::replace(&mut self.a, Leg::absent(party));
        if a_is_gone {
            leg.close(around);
        }
        self.a.state = leg.state;
        around.books.crossings.push_back(Crossing::Return { to, leg: Box::new(leg) });
    }

    /// Ends the call from our side: every leg is told, the row is completed.
    pub(super) fn finish(&mut self, around: &mut Around<'_>, status: u16, outcome: CallOutcome, cause: &'static str) {
        self.end(around, status, outcome, cause, false);
    }

    fn end(
        &mut self,
        around: &mut Around<'_>,
        status: u16,
        outcome: CallOutcome,
        cause: &'static str,
        a_is_gone: bool,
    ) {
        if self.is_over() {
            return;
        }
        self.give_back(around, a_is_gone);
        self.end_listening(around);
        self.drop_attempts(around, None);
        around.books.queues.leave(self.id);
        self.rest_member(around);
        self.close_service(around);
        self.drop_transfer(around, if status == 0 { 487 } else { status });
        let mut awaited: Vec<(EndpointId, usize)> = self.a.endpoint().map(|id| (id, 0)).into_iter().collect();
        match &mut self.stage {
            Stage::Talking { b } => {
                awaited.extend(b.endpoint().map(|id| (id, 1)));
                b.hang_up(around, None);
            }
            Stage::Parked { place, teller, .. } => {
                around.books.parked.remove(place);
                if let Some(leg) = teller {
                    leg.hang_up(around, None);
                }
            }
            Stage::Paging { legs, .. } => legs.iter_mut().for_each(|leg| leg.hang_up(around, None)),
            _ => {}
        }
        let answered = self.a.state == LegState::Answered;
        match (a_is_gone, answered) {
            (true, _) => self.a.close(around),
            (false, true) => self.a.hang_up(around, None),
            (false, false) => self.a.reject(around, status),
        }
        self.note_missed(around, cause);
        let ended = self.last_word(around, (status, outcome, cause), answered);
        self.timers.clear();
        self.timers.arm(Timer::Figures, around.now + LAST_FIGURES);
        self.stage = Stage::Over { ended: Box::new(ended), awaited };
    }

    /// Those whose telephones rang in vain are told once; whoever has a message left knows by that.
    fn note_missed(&mut self, around: &mut Around<'_>, cause: &'static str) {
        let extensions = std::mem::take(&mut self.rang);
        if extensions.is_empty() || self.was_answered() || self.is_outbound() || cause == "voicemail" {
            return;
        }
        let CallStarted { call, at, caller, caller_name, .. } = self.started.clone();
        around.outputs.push_back(Output::Missed(MissedCall { call, at, caller, caller_name, extensions }));
    }

    fn last_word(
        &self,
        around: &Around<'_>,
        (status, outcome, cause): (u16, CallOutcome, &'static str),
        was_answered: bool,
    ) -> CallEnded {
        let until = self.answered.as_ref().map_or(around.now, |(at, ..)| *at);
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        CallEnded {
            call: self.id,
            at: around.wall,
            outcome,
            status: if was_answered { 0 } else { status },
            cause,
            answered_at: self.answered.as_ref().map(|(_, wall, _)| *wall),
            answered_by: self.answered.as_ref().map(|(_, _, who)| who.clone()),
            ring_ms: millis(until.since(self.begun)),
            talk_ms: self.answered.as_ref().map_or(0, |(at, ..)| millis(around.now.since(*at))),
            quality: [None, None],
        }
    }

    /// The media plane's last figures of an endpoint of this call.
    pub(super) fn endpoint_closed(&mut self, endpoint: EndpointId, stats: Stats) {
        if let Stage::Over { ended, awaited } = &mut self.stage {
            if let Some(index) = awaited.iter().position(|(id, _)| *id == endpoint) {
                let (_, side) = awaited.swap_remove(index);
                if let Some(slot) = ended.quality.get_mut(side) {
                    *slot = Some(stats);
                }
            }
        }
    }

    fn last_figures_missing(&mut self) {
        if let Stage::Over { awaited, .. } = &mut self.stage {
            awaited.clear();
        }
    }

    /// Whoever keeps what is signalled learns that this session is one of the call's legs.
    pub(super) fn tell_leg(&self, around: &mut Around<'_>, session: SessionId) {
        let others: Vec<&Leg> = match &self.stage {
            Stage::Talking { b } => vec![b],
            Stage::Parked { teller, .. } => teller.as_deref().into_iter().collect(),
            Stage::Paging { legs, .. } => legs.iter().collect(),
            _ => Vec::new(),
        };
        let rung = self.attempts.iter().map(|attempt| &attempt.leg);
        let leg = std::iter::once(&self.a).chain(rung).chain(others).find(|leg| leg.session == session);
        if let (Some(leg), Some(call_id)) = (leg, around.stack.call_id_of(session)) {
            let Party { who, device, trunk, .. } = leg.party.clone();
            let leg = CallLeg { call: self.id, call_id: call_id.to_owned(), who, device, trunk };
            around.outputs.push_back(Output::Leg(leg));
        }
    }

    /// Whether anybody has talked with the caller.
    pub(super) fn was_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// The finished row, once nothing more is awaited.
    pub(super) fn take_row(&mut self) -> Option<CallEnded> {
        match &self.stage {
            Stage::Over { ended, awaited } if awaited.is_empty() => Some((**ended).clone()),
            _ => None,
        }
    }

    /// Tells the page when what it shows has changed.
    pub(super) fn show(&mut self, around: &mut Around<'_>) {
        let (state, with) = match &self.stage {
            Stage::Prompt { .. } => (CallState::Prompt, Vec::new()),
            Stage::Serving(serving) => serving.view(),
            Stage::Ringing { ring, .. } => (CallState::Ringing, ring.ringing_now()),
            Stage::Talking { b } if self.a.held || b.held => (CallState::Held, vec![b.party.who.clone()]),
            Stage::Talking { b } => (CallState::Talking, vec![b.party.who.clone()]),
            Stage::Parked { place, .. } => (CallState::Parked, vec![place.clone()]),
            Stage::Waiting { by, .. } => (CallState::Held, vec![by.who.clone()]),
            Stage::Listening { .. } => (CallState::Listening, Vec::new()),
            Stage::Paging { legs, .. } => (CallState::Talking, legs.iter().map(|leg| leg.party.who.clone()).collect()),
            Stage::Refusing { .. } | Stage::Over { .. } => (CallState::Ending, Vec::new()),
        };
        let view = CallView {
            call: self.id,
            started_at: self.started.at,
            answered_at: self.answered.as_ref().map(|(_, wall, _)| *wall),
            direction: self.started.direction,
            caller: self.started.caller.clone(),
            caller_name: self.started.caller_name.clone(),
            called: self.started.called.clone(),
            with,
            state,
            element: self.executor.as_ref().map(|executor| executor.element().to_owned()),
            element_since: self.element_since,
            trunk: self.trunk(),
        };
        if self.shown.as_ref() != Some(&view) {
            self.shown = Some(view.clone());
            around.outputs.push_back(Output::Changed(view));
        }
    }

    fn trunk(&self) -> Option<String> {
        let b = match &self.stage {
            Stage::Talking { b } => b.party.trunk.clone(),
            _ => self.attempts.iter().find_map(|attempt| attempt.leg.party.trunk.clone()),
        };
        self.started.trunk.clone().or(b)
    }

    /// Which way the call goes, for the row.
    pub(super) fn is_outbound(&self) -> bool {
        self.started.direction == CallDirection::Outbound
    }
}
