//! One call: its legs, its stage, its row of history. Here it begins and ends; [`desk`](super::desk) walks the routing
//! desk, [`talk`](super::talk) is what happens while two sides talk, [`outside`](super::outside) places legs.

use std::sync::Arc;

use crate::base::{CallId, Duration, EndpointId, Instant, RecordingId, SessionId, Timers, WallTime};
use crate::desk::executor::{Collect, Executor};
use crate::group::Round;
use crate::media::{Command, Sound, Stats, Tone};
use crate::office::Office;

use super::cdr::{CallDirection, CallEnded, CallOutcome, CallStarted, CallState, CallView, StepKind};
use super::leg::{Leg, LegState, SoundError};
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
    Group { number: String, round: Round, from_desk: bool },
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
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    /// With which it began.
    pub(super) office: Arc<Office>,
    pub(super) a: Leg,
    pub(super) started: CallStarted,
    /// The caller wants his number hidden.
    pub(super) hidden: bool,
    /// What the next INVITE says.
    pub(super) max_forwards: u32,
    pub(super) stage: Stage,
    pub(super) executor: Option<Executor>,
    /// B legs that ring.
    pub(super) attempts: Vec<Attempt>,
    pub(super) timers: Timers<Timer, 5>,
    pub(super) begun: Instant,
    answered: Option<(Instant, WallTime, String)>,
    /// Extensions in the books as busy through this call.
    busy: Vec<String>,
    plays: u32,
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
            hidden: false,
            max_forwards,
            stage: Stage::Ringing { ring: Ringing::default(), why: RingWhy::Dialled },
            executor: None,
            attempts: Vec::new(),
            timers: Timers::default(),
            begun: around.now,
            answered: None,
            busy: Vec::new(),
            plays: 0,
            recording: None,
            shown: None,
        };
        around.outputs.push_back(Output::Started(started));
        if let Some(extension) = call.a.party.extension.clone() {
            call.hold_busy(around, &extension);
        }
        call
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let ring = match &self.stage {
            Stage::Ringing { ring, why: RingWhy::Group { round, .. } } => {
                Some(ring.poll_timeout().map_or(round.poll_timeout(), |at| at.min(round.poll_timeout())))
            }
            Stage::Ringing { ring, .. } => ring.poll_timeout(),
            _ => None,
        };
        [self.timers.next(), ring].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, around: &mut Around<'_>) {
        while let Some(timer) = self.timers.pop_due(around.now) {
            match timer {
                Timer::Digits => self.digits_over(around),
                Timer::Refused => self.refuse_now(around),
                Timer::Ringing => self.finish(around, 480, CallOutcome::NoAnswer, "rang_too_long"),
                Timer::Probe => self.probe(around),
                Timer::Figures => self.last_figures_missing(),
            }
        }
        self.ring_timeout(around);
    }

    pub(super) fn hold_busy(&mut self, around: &mut Around<'_>, extension: &str) {
        self.busy.push(extension.to_owned());
        around.books.set_busy(extension, true);
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
        self.answered = Some((around.now, around.wall, who.to_owned()));
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
        for mut attempt in std::mem::take(&mut self.attempts) {
            if Some(attempt.leg.session) == except {
                self.attempts.push(attempt);
                continue;
            }
            // RFC 3326: a phone that knows the call was taken elsewhere shows no missed call
            let reason = except.map(|_| "SIP;cause=200;text=\"Call completed elsewhere\"");
            attempt.leg.hang_up(around, reason);
            attempt.release(around);
        }
    }

    /// The caller hung up, or his side fell.
    pub(super) fn caller_gone(&mut self, around: &mut Around<'_>, cause: &'static str) {
        let outcome = match self.stage {
            Stage::Talking { .. } => CallOutcome::Answered,
            Stage::Refusing { outcome, .. } => outcome,
            _ => CallOutcome::Abandoned,
        };
        let status = if self.a.state == LegState::Answered { 0 } else { 487 };
        self.end(around, status, outcome, cause, true);
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
        self.drop_attempts(around, None);
        let mut awaited: Vec<(EndpointId, usize)> = self.a.endpoint().map(|id| (id, 0)).into_iter().collect();
        if let Stage::Talking { b } = &mut self.stage {
            awaited.extend(b.endpoint().map(|id| (id, 1)));
            b.hang_up(around, None);
            if let Some(trunk) = &b.party.trunk {
                around.books.load_trunk(trunk, -1);
            }
        }
        let answered = self.a.state == LegState::Answered;
        match (a_is_gone, answered) {
            (true, _) => self.a.close(around),
            (false, true) => self.a.hang_up(around, None),
            (false, false) => self.a.reject(around, status),
        }
        if let Some(trunk) = &self.a.party.trunk {
            around.books.load_trunk(trunk, -1);
        }
        for extension in std::mem::take(&mut self.busy) {
            around.books.set_busy(&extension, false);
        }
        let until = self.answered.as_ref().map_or(around.now, |(at, ..)| *at);
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let ended = CallEnded {
            call: self.id,
            at: around.wall,
            outcome,
            status: if answered { 0 } else { status },
            cause,
            answered_at: self.answered.as_ref().map(|(_, wall, _)| *wall),
            answered_by: self.answered.as_ref().map(|(_, _, who)| who.clone()),
            ring_ms: millis(until.since(self.begun)),
            talk_ms: self.answered.as_ref().map_or(0, |(at, ..)| millis(around.now.since(*at))),
            quality: [None, None],
        };
        self.timers.clear();
        self.timers.arm(Timer::Figures, around.now + LAST_FIGURES);
        self.stage = Stage::Over { ended: Box::new(ended), awaited };
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
            Stage::Ringing { ring, .. } => (CallState::Ringing, ring.ringing_now()),
            Stage::Talking { b } if self.a.held || b.held => (CallState::Held, vec![b.party.who.clone()]),
            Stage::Talking { b } => (CallState::Talking, vec![b.party.who.clone()]),
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
