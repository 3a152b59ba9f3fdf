//! The caller speaks with the exchange itself: [`Service`] says what comes next, here it is heard, keyed, recorded.

use std::sync::{Arc, LazyLock};

use jiff::civil::DateTime;

use crate::base::{Duration, Instant, RecordingId, RoomId, WallTime};
use crate::media::{Clip, Command, Sound as Played, Speaks, Tone};
use crate::office::Feature;
use crate::service::{Keys, Kind, Outcome, Service, Sound, Step};

use super::cdr::{CallOutcome, CallState, StepKind};
use super::one::{Call, Stage, Timer};
use super::ring::Verdict;
use super::{Around, Output, Shelf};

/// The tone before a recording.
const BEEP: Duration = Duration::from_millis(400);
/// The longest media file that is recorded by telephone.
const LONGEST_MEDIA: Duration = Duration::from_secs(10 * 60);
/// A clip that has not come from the disk by then does not come.
const CLIP_PATIENCE: Duration = Duration::from_secs(5);

/// A dialogue with the exchange.
#[derive(Debug)]
pub(super) struct Serving {
    service: Service,
    /// The conference or mailbox.
    of: String,
    waits: Waits,
    /// What was recorded last.
    recording: Option<RecordingId>,
    /// It is a message for somebody who did not take the call.
    is_message: bool,
}

/// What the present step waits for.
#[derive(Debug)]
enum Waits {
    /// The end of a sound, or keys.
    Sound { play: u32, keys: Option<Keys>, typed: String },
    /// The end of a tone, or of a pause.
    Pause,
    /// A clip from the disk, which is then played.
    Clip { keys: Option<Keys> },
    /// The end of a recording.
    Recording { since: Instant },
    /// Nothing: one hears oneself.
    Echo,
    /// Nothing: in a conference.
    Room(RoomId),
}

impl Serving {
    /// The conference that the caller is in.
    pub(super) fn room_number(&self) -> Option<&str> {
        matches!(self.waits, Waits::Room(_)).then_some(self.of.as_str())
    }

    /// What the page shows.
    pub(super) fn view(&self) -> (CallState, Vec<String>) {
        match self.waits {
            Waits::Room(_) => (CallState::Talking, vec![self.of.clone()]),
            _ => (CallState::Prompt, Vec::new()),
        }
    }
}

impl Call {
    /// A code that reaches a service.
    pub(super) fn serve(&mut self, around: &mut Around<'_>, feature: Feature) {
        let own = self.a.party.inside().unwrap_or_default().to_owned();
        if !around.books.keeps_messages && matches!(feature, Feature::RecordMessage | Feature::Voicemail) {
            return self.say_and_end(around, &[crate::service::Phrase::NotAvailable]);
        }
        let kind = match feature {
            Feature::Clock => Kind::Clock { number: own.clone() },
            Feature::RecordMessage => Kind::RecordMessage { longest: LONGEST_MEDIA },
            Feature::Voicemail => {
                let has = around.office.extension(&own).is_some_and(|extension| extension.voicemail);
                if !has {
                    return self.say_and_end(around, &[crate::service::Phrase::NoMailbox]);
                }
                let zone = around.office.settings.timezone.clone();
                let messages = around.books.mailboxes.get(&own).into_iter().flatten();
                let messages = messages.map(|message| crate::service::Message {
                    id: message.id.0,
                    at: by_the_clock(message.at, &zone),
                    caller: message.caller.clone(),
                    heard: message.heard,
                });
                Kind::Read { asks_pin: false, messages: messages.collect() }
            }
            _ => Kind::Echo,
        };
        self.begin_service(around, own, kind);
    }

    /// To the door of a conference.
    pub(super) fn enter_conference(&mut self, around: &mut Around<'_>, number: &str) {
        let Some(conference) = around.office.conferences.iter().find(|room| room.number == number) else {
            return self.refuse_with_tone(around, 404, CallOutcome::Refused, "no_such_number");
        };
        let asks_pin = !conference.pin.is_empty();
        self.begin_service(around, number.to_owned(), Kind::Conference { asks_pin });
    }

    /// Nobody took the call: a mailbox, where the one who was called has one. False when not.
    pub(super) fn reach_mailbox(&mut self, around: &mut Around<'_>, verdict: Verdict) -> bool {
        let called = self.wanted.take().and_then(|number| around.office.extension(&number));
        let Some(extension) = called.filter(|extension| extension.voicemail) else { return false };
        if matches!(verdict, Verdict::NotPlaced(_)) || self.consults_for.is_some() || !around.books.keeps_messages {
            return false;
        }
        let settings = &around.office.voicemail;
        let greeting = [&extension.voicemail_greeting, &settings.greeting].into_iter().find(|name| !name.is_empty());
        let kind = Kind::Leave {
            extension: extension.number.clone(),
            greeting: greeting.cloned().unwrap_or_default(),
            longest: Duration::from_secs(u64::from(settings.max_seconds)),
        };
        let number = extension.number.clone();
        self.transfer_done(around, &number);
        around.step(self.id, StepKind::Mailbox { extension: number.clone() });
        self.begin_service(around, number, kind);
        true
    }

    pub(super) fn begin_service(&mut self, around: &mut Around<'_>, of: String, kind: Kind) {
        let is_message = matches!(kind, Kind::Leave { .. });
        if !self.answer_caller(around) {
            return;
        }
        self.timers.clear();
        self.watch_caller(around);
        if !is_message {
            let who = self.started.called.clone();
            self.note_answer(around, &who); // a message is no talk
        }
        let wall = by_the_clock(around.wall, &around.office.settings.timezone);
        let (service, step) = Service::start(around.now, wall, kind);
        let serving = Serving { service, of, waits: Waits::Pause, recording: None, is_message };
        self.stage = Stage::Serving(Box::new(serving));
        self.take_service_step(around, step);
    }

    fn serving(&mut self) -> Option<&mut Serving> {
        match &mut self.stage {
            Stage::Serving(serving) => Some(serving),
            _ => None,
        }
    }

    /// Does steps until one has to wait.
    fn take_service_step(&mut self, around: &mut Around<'_>, step: Step) {
        let mut next = Some(step);
        while let Some(step) = next {
            let outcome = self.do_step(around, step);
            let now = around.now;
            next = match (outcome, self.serving()) {
                (Some(outcome), Some(serving)) => Some(serving.service.resume(now, outcome)),
                _ => None,
            };
        }
        let end = self.serving().and_then(|serving| serving.service.poll_timeout());
        match end {
            Some(at) => self.timers.arm(Timer::Service, at),
            None => self.timers.cancel(Timer::Service),
        }
    }

    fn resume_service(&mut self, around: &mut Around<'_>, outcome: Outcome) {
        self.timers.cancel(Timer::Digits);
        let now = around.now;
        if let Some(serving) = self.serving() {
            let step = serving.service.resume(now, outcome);
            self.take_service_step(around, step);
        }
    }

    /// The outcome when the step was over at once; `None` while it goes on, or the call is over.
    fn do_step(&mut self, around: &mut Around<'_>, step: Step) -> Option<Outcome> {
        match step {
            Step::Play { sound, keys } => self.play_step(around, sound, keys),
            Step::Wait(span) => {
                self.timers.arm(Timer::Digits, around.now + span);
                self.serving()?.waits = Waits::Pause;
                None
            }
            Step::TryPin(pin) => Some(Outcome::Pin(self.try_pin(around, &pin))),
            Step::Record { longest, silence } => {
                self.record_step(around, longest, silence);
                None
            }
            Step::Echo => {
                self.serving()?.waits = Waits::Echo;
                if let Some(endpoint) = self.a.endpoint() {
                    around.media(Command::Bridge { a: endpoint, b: endpoint });
                }
                None
            }
            Step::Join => self.join_step(around),
            Step::HangUp => {
                let missed = self.serving()?.is_message && !self.was_answered();
                let cause = if self.a.is_absent() { "caller_hung_up" } else { "said" };
                let (outcome, cause) =
                    if missed { (CallOutcome::NoAnswer, "voicemail") } else { (CallOutcome::Answered, cause) };
                self.finish(around, 480, outcome, cause);
                None
            }
            kept => Some(self.shelf_step(around, &kept)),
        }
    }

    fn play_step(&mut self, around: &mut Around<'_>, sound: Sound, keys: Option<Keys>) -> Option<Outcome> {
        let played = match sound {
            Sound::Phrases(phrases) => self.speech(&phrases),
            Sound::Media(name) => {
                let clip = around.office.media(&name).and_then(|file| file.clip.clone());
                match clip {
                    Some(clip) => Played::Clip { clip, repeat: 1 },
                    None => return Some(Outcome::Failed),
                }
            }
            Sound::Tone => {
                let tone = Tone { frequencies: [1000, 0], cadence_ms: Vec::new() };
                self.play_tone(around, &tone);
                self.timers.arm(Timer::Digits, around.now + BEEP);
                self.serving()?.waits = Waits::Pause;
                return None;
            }
            Sound::Message(id) => return self.load_step(around, RecordingId(id), keys),
            Sound::Recording => {
                let recording = self.serving()?.recording;
                return match recording {
                    Some(recording) => self.load_step(around, recording, keys),
                    None => Some(Outcome::Failed),
                };
            }
        };
        let play = self.prompt(around, played, keys.is_some());
        self.serving()?.waits = Waits::Sound { play, keys, typed: String::new() };
        None
    }

    fn load_step(&mut self, around: &mut Around<'_>, recording: RecordingId, keys: Option<Keys>) -> Option<Outcome> {
        around.outputs.push_back(Output::Shelf(Shelf::Load { call: self.id, recording }));
        self.timers.arm(Timer::Digits, around.now + CLIP_PATIENCE);
        self.serving()?.waits = Waits::Clip { keys };
        None
    }

    /// A clip came from the disk, or there is none.
    pub(super) fn clip_came(&mut self, around: &mut Around<'_>, clip: Option<Arc<Clip>>) {
        let Some(serving) = self.serving() else { return };
        let Waits::Clip { keys } = serving.waits else { return };
        let Some(clip) = clip else { return self.resume_service(around, Outcome::Failed) };
        self.timers.cancel(Timer::Digits);
        let play = self.prompt(around, Played::Clip { clip, repeat: 1 }, keys.is_some());
        if let Some(serving) = self.serving() {
            serving.waits = Waits::Sound { play, keys, typed: String::new() };
        }
    }

    fn try_pin(&mut self, around: &mut Around<'_>, pin: &str) -> crate::service::Verdict {
        let of = self.serving().map(|serving| serving.of.clone()).unwrap_or_default();
        let office = around.office;
        let room = office.conferences.iter().find(|room| room.number == of).map(|room| room.pin.as_str());
        let wanted = room.or_else(|| office.extension(&of).map(|extension| extension.voicemail_pin.as_str()));
        let right = wanted.is_some_and(|wanted| !wanted.is_empty() && wanted == pin);
        let source = if self.a.party.who.is_empty() { "withheld" } else { self.a.party.who.as_str() };
        around.books.guesses.attempt(around.now, source, &of, right)
    }

    fn record_step(&mut self, around: &mut Around<'_>, longest: Duration, silence: Duration) {
        let recording = around.new_recording();
        let (call, at) = (self.id, around.wall);
        let party = self.a.party.clone();
        let now = around.now;
        let Some(serving) = self.serving() else { return };
        serving.waits = Waits::Recording { since: now };
        serving.recording = Some(recording);
        let mailbox = serving.of.clone();
        let is_message = serving.is_message;
        let (caller, caller_name) = (party.who, party.name);
        let begun = Shelf::Begin { recording, call, at, mailbox, caller, caller_name, is_message, silence };
        around.outputs.push_back(Output::Shelf(begun));
        self.timers.arm(Timer::Digits, now + longest);
        if let Some(endpoint) = self.a.endpoint() {
            around.media(Command::StopPlay { endpoint });
            around.media(Command::Record { recording, left: endpoint, right: endpoint });
        }
    }

    /// The recorder hears nobody speak any more. What came too late is of a recording before.
    pub(super) fn fell_silent(&mut self, around: &mut Around<'_>, recording: RecordingId, spoken: Duration) {
        let is_ours = |serving: &mut Serving| serving.recording == Some(recording);
        if self.serving().is_some_and(is_ours) {
            self.stop_recording(around, spoken, false);
        }
    }

    /// A recording ends: by key, by time, by hang-up.
    fn end_recording(&mut self, around: &mut Around<'_>, hung_up: bool) {
        let now = around.now;
        let Some(serving) = self.serving() else { return };
        if let Waits::Recording { since } = serving.waits {
            self.stop_recording(around, now.since(since), hung_up);
        }
    }

    fn stop_recording(&mut self, around: &mut Around<'_>, span: Duration, hung_up: bool) {
        let Some(serving) = self.serving() else { return };
        let Waits::Recording { .. } = serving.waits else { return };
        if let Some(recording) = serving.recording {
            around.media(Command::StopRecording { recording });
        }
        self.resume_service(around, Outcome::Recorded { span, hung_up });
    }

    fn join_step(&mut self, around: &mut Around<'_>) -> Option<Outcome> {
        let of = self.serving()?.of.clone();
        let (room, members) = match around.books.rooms.get(&of) {
            Some(open) => *open,
            None => (around.new_room(), 0),
        };
        if members >= crate::base::limits::ROOM_MEMBERS {
            return Some(Outcome::Failed);
        }
        around.step(self.id, StepKind::Conference { number: of.clone() });
        around.books.rooms.insert(of, (room, members + 1));
        self.serving()?.waits = Waits::Room(room);
        let endpoint = self.a.endpoint()?;
        around.media(Command::Join { endpoint, room, speaks: Speaks::ToAll });
        around.media(Command::WatchSilence { endpoint, on: false });
        if members > 0 {
            around.media(Command::Announce { room, sound: signal(&ENTERS) });
        }
        None
    }

    /// What concerns the disk; it answers by doing.
    fn shelf_step(&mut self, around: &mut Around<'_>, step: &Step) -> Outcome {
        let Some(serving) = self.serving() else { return Outcome::Failed };
        let mailbox = serving.of.clone();
        let recorded = match step {
            Step::KeepMessage | Step::KeepGreeting | Step::KeepMedia | Step::Discard => serving.recording.take(),
            _ => None,
        };
        let order = match (step, recorded) {
            (Step::KeepMessage, Some(recording)) => Shelf::KeepMessage { recording, mailbox },
            (Step::KeepGreeting, Some(recording)) => Shelf::KeepGreeting { recording, mailbox },
            (Step::KeepMedia, Some(recording)) => Shelf::KeepMedia { recording, by: mailbox },
            (Step::Discard, Some(recording)) => Shelf::Discard { recording },
            (Step::RemoveGreeting, _) => Shelf::RemoveGreeting { mailbox },
            (Step::MarkHeard(id), _) => Shelf::Mark { message: RecordingId(*id), heard: true },
            (Step::MarkNew(id), _) => Shelf::Mark { message: RecordingId(*id), heard: false },
            (Step::Delete(id), _) => Shelf::Delete { message: RecordingId(*id) },
            _ => return Outcome::Failed,
        };
        around.outputs.push_back(Output::Shelf(order));
        Outcome::Done
    }

    /// A sound came to its end.
    pub(super) fn service_played(&mut self, around: &mut Around<'_>, id: u32) {
        let Some(serving) = self.serving() else { return };
        let Waits::Sound { play, keys, .. } = &serving.waits else { return };
        match (*play == id, *keys) {
            (false, _) => {}
            (true, None) => self.resume_service(around, Outcome::Done),
            (true, Some(keys)) if keys.timeout.is_zero() => self.resume_service(around, Outcome::TimedOut),
            (true, Some(keys)) => self.timers.arm(Timer::Digits, around.now + keys.timeout),
        }
    }

    /// The caller pressed a key.
    pub(super) fn service_digit(&mut self, around: &mut Around<'_>, digit: char) {
        let now = around.now;
        let Some(serving) = self.serving() else { return };
        match &mut serving.waits {
            Waits::Recording { .. } if digit == '#' => self.end_recording(around, false),
            Waits::Sound { play, keys: Some(keys), typed } => {
                let keys = *keys;
                *play = 0; // its end, should it be on its way already, means nothing any more
                let ends = digit == '#' && keys.hash_ends;
                if !ends {
                    typed.push(digit);
                }
                let typed = typed.clone();
                let full = typed.chars().count() >= usize::try_from(keys.digits).unwrap_or(usize::MAX);
                self.stop_play(around);
                if ends || full {
                    return self.resume_service(around, Outcome::Digits(typed));
                }
                let patience = keys.timeout.max(Duration::from_secs(1));
                self.timers.arm(Timer::Digits, now + patience);
            }
            _ => {}
        }
    }

    /// A pause or a tone is over, or no further key comes, or the recording is long enough, or a clip does not come. False
    /// when the caller is not being served.
    pub(super) fn service_digits_over(&mut self, around: &mut Around<'_>) -> bool {
        let Some(serving) = self.serving() else { return false };
        match &mut serving.waits {
            Waits::Pause => {
                self.stop_play(around);
                self.resume_service(around, Outcome::Done);
            }
            Waits::Recording { .. } => self.end_recording(around, false),
            Waits::Clip { .. } => self.resume_service(around, Outcome::Failed),
            Waits::Sound { typed, .. } => {
                let typed = std::mem::take(typed);
                let outcome = if typed.is_empty() { Outcome::TimedOut } else { Outcome::Digits(typed) };
                self.resume_service(around, outcome);
            }
            Waits::Echo | Waits::Room(_) => {}
        }
        true
    }

    /// It has lasted long enough.
    pub(super) fn service_over(&mut self, around: &mut Around<'_>) {
        self.resume_service(around, Outcome::TimedOut);
    }

    /// The caller hangs up: a message that is being left is kept.
    pub(super) fn leave_service(&mut self, around: &mut Around<'_>) {
        let Some(serving) = self.serving() else { return };
        match serving.waits {
            Waits::Recording { .. } => self.end_recording(around, true),
            _ => self.resume_service(around, Outcome::HungUp),
        }
    }

    /// The call ends: his place in the conference is free; and what was recorded and not kept is forgotten.
    pub(super) fn close_service(&mut self, around: &mut Around<'_>) {
        let Some(serving) = self.serving() else { return };
        let of = serving.of.clone();
        if let Some(recording) = serving.recording.take() {
            around.outputs.push_back(Output::Shelf(Shelf::Discard { recording }));
        }
        if let Some(Serving { waits: Waits::Room(room), .. }) = self.serving() {
            let room = *room;
            let left = around.books.rooms.get(&of).map_or(0, |(_, members)| members.saturating_sub(1));
            if left == 0 {
                around.books.rooms.remove(&of);
            } else {
                around.books.rooms.insert(of, (room, left));
                around.media(Command::Announce { room, sound: signal(&LEAVES) });
            }
        }
    }
}

/// A short tone for a room, made once.
fn signal(tone: &'static LazyLock<Arc<Clip>>) -> Played {
    Played::Clip { clip: Arc::clone(tone), repeat: 1 }
}

/// What is heard by all who may know it when somebody listens from now on.
pub(super) fn entering() -> Played {
    signal(&ENTERS)
}

/// Heard by all when somebody enters a conference.
static ENTERS: LazyLock<Arc<Clip>> = LazyLock::new(|| tone(880.0));
/// And when he leaves it.
static LEAVES: LazyLock<Arc<Clip>> = LazyLock::new(|| tone(440.0));

/// A fifth of a second.
fn tone(hertz: f32) -> Arc<Clip> {
    #[expect(clippy::cast_possible_truncation, reason = "within 16 bits by its factor")]
    let sample = |n: u16| ((hertz * std::f32::consts::TAU * f32::from(n) / 8000.0).sin() * 4000.0) as i16;
    Arc::new(Clip::from_narrow(&(0..1600).map(sample).collect::<Vec<_>>()))
}

/// What clocks in the office show.
fn by_the_clock(at: WallTime, zone: &str) -> DateTime {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(zone).datetime()
}
