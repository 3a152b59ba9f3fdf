use super::*;
use crate::base::Rng;
use Phrase::*;

/// One caller who does what the test says.
struct Talk {
    service: Service,
    now: Instant,
    step: Step,
}

impl Talk {
    fn start(kind: Kind) -> Self {
        let (service, step) = Service::start(at(0), wall(), kind);
        Self { service, now: at(0), step }
    }

    fn reading(messages: Vec<Message>) -> Self {
        Self::start(Kind::Read { asks_pin: false, messages })
    }

    /// The present step is this one, and went so.
    #[track_caller]
    fn then(&mut self, step: Step, outcome: Outcome) -> &mut Self {
        assert_eq!(self.step, step);
        self.step = self.service.resume(self.now, outcome);
        self
    }

    /// This is said to the end, and keys mean nothing.
    #[track_caller]
    fn says(&mut self, phrases: &[Phrase]) -> &mut Self {
        self.then(say(phrases.to_vec()), Outcome::Done)
    }

    /// This is asked, and the key comes; a blank is silence.
    #[track_caller]
    fn asks(&mut self, phrases: &[Phrase], key: char) -> &mut Self {
        self.then(ask(phrases.to_vec()), pressed(key))
    }

    /// A message's header is said, or its sound played, and the key comes meanwhile; a blank is none.
    #[track_caller]
    fn plays(&mut self, sound: Sound, key: char) -> &mut Self {
        self.then(interruptible(sound, Duration::ZERO), pressed(key))
    }

    #[track_caller]
    fn hears(&mut self, caller: &str, day: Phrase, hour: u8, id: u64) -> &mut Self {
        let header = vec![MessageFrom(caller.into()), day, Time { hour, minute: 30 }];
        self.plays(Sound::Phrases(header), ' ').plays(Sound::Message(id), ' ')
    }

    #[track_caller]
    fn records(&mut self, longest: u64, span: Duration) -> &mut Self {
        let step = Step::Record { longest: secs(longest), silence: SILENCE };
        self.then(tone(), Outcome::Done).then(step, Outcome::Recorded { span, hung_up: false })
    }

    #[track_caller]
    fn done(&mut self, step: Step) -> &mut Self {
        self.then(step, Outcome::Done)
    }

    #[track_caller]
    fn ends(&mut self) {
        assert_eq!(self.step, Step::HangUp);
        assert_eq!(self.service.resume(self.now, Outcome::Done), Step::HangUp);
    }

    #[track_caller]
    fn tries(&mut self, before: &[Phrase], digits: &str, verdict: Verdict) -> &mut Self {
        let phrases = before.iter().cloned().chain([EnterPin]).collect();
        let keys = Keys { digits: 16, hash_ends: true, timeout: KEY_TIMEOUT };
        let step = Step::Play { sound: Sound::Phrases(phrases), keys: Some(keys) };
        self.then(step, Outcome::Digits(digits.into())).then(Step::TryPin(digits.into()), Outcome::Pin(verdict))
    }
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + secs(seconds)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wall() -> DateTime {
    "2026-11-25T14:05:55".parse().expect("a time")
}

fn pressed(key: char) -> Outcome {
    if key == ' ' { Outcome::TimedOut } else { Outcome::Digits(key.into()) }
}

fn tone() -> Step {
    Step::Play { sound: Sound::Tone, keys: None }
}

fn message(id: u64, at: &str, heard: bool) -> Message {
    Message { id, at: at.parse().expect("a time"), caller: format!("20{id}"), heard }
}

/// Two new ones and a heard one.
fn three() -> Vec<Message> {
    vec![
        message(1, "2026-11-20T09:30", true),
        message(3, "2026-11-25T10:30", false),
        message(2, "2026-11-24T09:30", false),
    ]
}

#[test]
fn an_announcement_is_said_and_ends() {
    Talk::start(Kind::Announce(vec![DoNotDisturbOn])).says(&[DoNotDisturbOn]).ends();
}

#[test]
fn the_echo_test_is_explained_and_lasts_until_hang_up_or_its_bound() {
    let mut talk = Talk::start(Kind::Echo);
    talk.says(&[EchoTest]).then(Step::Echo, Outcome::HungUp).ends();
    let mut talk = Talk::start(Kind::Echo);
    talk.says(&[EchoTest]);
    talk.now = talk.service.poll_timeout().expect("a bound");
    assert_eq!(talk.now, at(30 * 60));
    talk.then(Step::Echo, Outcome::TimedOut).ends();
}

#[test]
fn the_clock_says_time_and_number_twice_and_the_time_goes_on_meanwhile() {
    let said = |minute| [TheTimeIs, Time { hour: 14, minute }, YourNumberIs("200".into())];
    let mut talk = Talk::start(Kind::Clock { number: "200".into() });
    talk.now = at(6);
    talk.says(&said(5)).says(&said(6)).ends();
    let mut talk = Talk::start(Kind::Clock { number: String::new() });
    talk.says(&[TheTimeIs, Time { hour: 14, minute: 5 }]);
}

#[test]
fn the_right_pin_opens_a_conference_and_an_open_one_asks_for_none() {
    let mut talk = Talk::start(Kind::Conference { asks_pin: true });
    talk.tries(&[], "1234", Verdict::Right).says(&[JoiningConference]);
    assert_eq!(talk.step, Step::Join);
    assert_eq!(talk.service.poll_timeout(), None, "a conference may be long");
    talk.then(Step::Join, Outcome::HungUp).ends();
    let mut talk = Talk::start(Kind::Conference { asks_pin: false });
    talk.says(&[JoiningConference]).then(Step::Join, Outcome::Failed).says(&[ConferenceFull, Goodbye]).ends();
}

#[test]
fn three_wrong_pins_or_silences_end_the_call() {
    let mut talk = Talk::start(Kind::Conference { asks_pin: true });
    talk.tries(&[], "1", Verdict::Wrong).tries(&[WrongPin], "2", Verdict::Wrong).tries(
        &[WrongPin],
        "3",
        Verdict::Wrong,
    );
    talk.says(&[WrongPin, Goodbye]).ends();
    let mut talk = Talk::start(Kind::Conference { asks_pin: true });
    for outcome in [Outcome::TimedOut, Outcome::Digits(String::new()), Outcome::TimedOut] {
        talk.step = talk.service.resume(at(1), outcome);
    }
    talk.says(&[Goodbye]).ends();
}

#[test]
fn a_pin_that_must_wait_is_tried_later_and_one_that_is_refused_ends_the_call() {
    let mut talk = Talk::start(Kind::Conference { asks_pin: true });
    talk.tries(&[], "1234", Verdict::Later(secs(5)));
    talk.done(Step::Wait(secs(5))).then(Step::TryPin("1234".into()), Outcome::Pin(Verdict::Right));
    talk.says(&[JoiningConference]);
    let mut talk = Talk::start(Kind::Conference { asks_pin: true });
    talk.tries(&[], "1234", Verdict::Refused).says(&[TooManyAttempts, Goodbye]).ends();
    let mut talk = Talk::start(Kind::Conference { asks_pin: true });
    talk.tries(&[], "1234", Verdict::Later(secs(9)));
    for _ in 0..3 {
        let later = Outcome::Pin(Verdict::Later(secs(9)));
        talk.done(Step::Wait(secs(9))).then(Step::TryPin("1234".into()), later);
    }
    talk.says(&[TooManyAttempts, Goodbye]).ends();
}

fn leaving(greeting: &str) -> Talk {
    Talk::start(Kind::Leave { extension: "200".into(), greeting: greeting.into(), longest: secs(180) })
}

fn built_in() -> Sound {
    Sound::Phrases(vec![NumberDoesNotAnswer("200".into()), LeaveMessageAfterTone])
}

#[test]
fn a_caller_leaves_a_message_after_the_greeting_and_the_tone() {
    let mut talk = leaving("");
    talk.plays(built_in(), ' ').records(180, secs(20)).done(Step::KeepMessage).says(&[MessageLeft, Goodbye]).ends();
    let mut talk = leaving("Our greeting");
    talk.plays(Sound::Media("Our greeting".into()), '#').records(180, secs(1)).done(Step::KeepMessage);
}

#[test]
fn a_message_is_kept_when_the_caller_hangs_up_and_one_shorter_than_a_second_is_none() {
    for (span, kept) in [(secs(20), Step::KeepMessage), (Duration::from_millis(900), Step::Discard)] {
        let mut talk = leaving("");
        let step = Step::Record { longest: secs(180), silence: secs(5) };
        talk.plays(built_in(), ' ')
            .done(tone())
            .then(step, Outcome::Recorded { span, hung_up: true })
            .done(kept)
            .ends();
    }
    let mut talk = leaving("");
    talk.plays(built_in(), ' ')
        .records(180, Duration::ZERO)
        .done(Step::Discard)
        .says(&[NothingRecorded, Goodbye])
        .ends();
    leaving("").then(interruptible(built_in(), Duration::ZERO), Outcome::HungUp).ends();
}

#[test]
fn a_message_that_cannot_be_kept_is_not_said_to_be_left() {
    let mut talk = leaving("");
    talk.plays(built_in(), ' ').records(180, secs(20)).then(Step::KeepMessage, Outcome::Failed);
    talk.says(&[NotAvailable, Goodbye]).ends();
}

#[test]
fn the_owner_hears_new_messages_first_and_the_older_before_the_younger() {
    let mut talk = Talk::reading(three());
    talk.plays(Sound::Phrases(vec![NewMessages(2), SavedMessages(1)]), ' ');
    talk.hears("202", Yesterday, 9, 2).done(Step::MarkHeard(2)).asks(&[MailboxKeys], '2');
    talk.hears("203", Today, 10, 3).done(Step::MarkHeard(3)).asks(&[MailboxKeys], '2');
    talk.hears("201", Date { day: 20, month: 11 }, 9, 1).asks(&[MailboxKeys], '2');
    talk.says(&[NoMoreMessages]).asks(&[MailboxMenu], '#').says(&[Goodbye]).ends();
}

#[test]
fn an_empty_mailbox_leads_to_its_menu() {
    let mut talk = Talk::reading(Vec::new());
    talk.says(&[NoMessages]).asks(&[MailboxMenu], '1').says(&[NoMessages]).asks(&[MailboxMenu], '#');
    talk.says(&[Goodbye]).ends();
}

#[test]
fn the_mailbox_asks_for_its_pin_where_it_must() {
    let mut talk = Talk::start(Kind::Read { asks_pin: true, messages: three() });
    talk.tries(&[], "1234", Verdict::Wrong).tries(&[WrongPin], "4321", Verdict::Right);
    talk.plays(Sound::Phrases(vec![NewMessages(2), SavedMessages(1)]), '#').says(&[Goodbye]).ends();
}

fn header(id: u64, day: Phrase, hour: u8) -> Sound {
    Sound::Phrases(vec![MessageFrom(format!("20{id}")), day, Time { hour, minute: 30 }])
}

/// Message 2 plays.
fn playing() -> Talk {
    let mut talk = Talk::reading(three());
    talk.plays(Sound::Phrases(vec![NewMessages(2), SavedMessages(1)]), ' ').plays(header(2, Yesterday, 9), ' ');
    talk
}

#[test]
fn keys_cut_a_message_short() {
    // again
    playing()
        .plays(Sound::Message(2), '1')
        .done(Step::MarkHeard(2))
        .hears("202", Yesterday, 9, 2)
        .asks(&[MailboxKeys], ' ');
    // the next one, and back
    let mut talk = playing();
    talk.plays(Sound::Message(2), '2')
        .done(Step::MarkHeard(2))
        .plays(header(3, Today, 10), '*')
        .hears("202", Yesterday, 9, 2);
    // deleted: once, and gone on the way back
    let mut talk = playing();
    talk.plays(Sound::Message(2), '3').done(Step::Delete(2)).says(&[Deleted]).plays(header(3, Today, 10), '*');
    talk.plays(header(3, Today, 10), '2').hears("201", Date { day: 20, month: 11 }, 9, 1);
    // stays new
    let mut talk = playing();
    talk.plays(Sound::Message(2), '4').says(&[KeptAsNew]).plays(header(3, Today, 10), '#').says(&[Goodbye]).ends();
    // the menu, and back
    let mut talk = playing();
    talk.plays(Sound::Message(2), '0').done(Step::MarkHeard(2)).asks(&[MailboxMenu], '*').hears("202", Yesterday, 9, 2);
}

#[test]
fn a_heard_message_can_be_made_new_again() {
    let mut talk = playing();
    talk.plays(Sound::Message(2), ' ').done(Step::MarkHeard(2)).asks(&[MailboxKeys], '4').done(Step::MarkNew(2));
    talk.says(&[KeptAsNew]).plays(header(3, Today, 10), ' ');
}

#[test]
fn a_message_stays_new_when_the_owner_hangs_up_while_it_plays_or_skips_it() {
    playing().then(interruptible(Sound::Message(2), Duration::ZERO), Outcome::HungUp).ends();
    let mut talk = Talk::reading(three());
    talk.plays(Sound::Phrases(vec![NewMessages(2), SavedMessages(1)]), ' ').plays(header(2, Yesterday, 9), '2');
    talk.plays(header(3, Today, 10), ' ');
}

#[test]
fn a_message_that_cannot_be_played_is_passed_over() {
    let mut talk = playing();
    talk.then(interruptible(Sound::Message(2), Duration::ZERO), Outcome::Failed).says(&[NotAvailable]);
    talk.plays(header(3, Today, 10), ' ');
}

#[test]
fn silence_and_wrong_keys_are_borne_three_times() {
    let mut talk = playing();
    talk.plays(Sound::Message(2), ' ').done(Step::MarkHeard(2)).asks(&[MailboxKeys], ' ').asks(&[MailboxKeys], '9');
    talk.asks(&[WrongKey, MailboxKeys], ' ').says(&[Goodbye]).ends();
}

#[test]
fn the_owner_records_a_greeting_hears_it_and_keeps_it_or_goes_back_to_the_offices() {
    let mut talk = Talk::reading(Vec::new());
    talk.says(&[NoMessages]).asks(&[MailboxMenu], '5').says(&[SpeakGreetingAfterTone]).records(60, secs(9));
    talk.plays(Sound::Recording, ' ').asks(&[RecordingKeys], '2').done(Step::Discard).records(60, secs(8));
    talk.plays(Sound::Recording, '1').done(Step::KeepGreeting).says(&[GreetingKept]).asks(&[MailboxMenu], '6');
    talk.done(Step::RemoveGreeting).says(&[GreetingRemoved]).asks(&[MailboxMenu], '#');
}

#[test]
fn a_message_file_is_recorded_heard_and_kept() {
    let start = || {
        let mut talk = Talk::start(Kind::RecordMessage { longest: secs(300) });
        talk.says(&[SpeakAfterTone]);
        talk
    };
    let mut talk = start();
    talk.records(300, secs(9)).plays(Sound::Recording, ' ').asks(&[RecordingKeys], '#').done(Step::KeepMedia);
    talk.says(&[Saved, Goodbye]).ends();
    let mut talk = start();
    talk.records(300, secs(9)).plays(Sound::Recording, '*').done(Step::Discard).says(&[Discarded, Goodbye]).ends();
    let mut talk = start();
    talk.records(300, Duration::ZERO).done(Step::Discard).says(&[NothingRecorded, Goodbye]).ends();
    let mut talk = start();
    talk.records(300, secs(9)).plays(Sound::Recording, ' ').then(ask(vec![RecordingKeys]), Outcome::HungUp);
    talk.done(Step::Discard).ends();
}

const KEYS: &[u8] = b"012345612*9#";

/// Whatever may come back, fitting or not.
fn any_outcome(rng: &mut Rng) -> Outcome {
    match rng.below(20) {
        0..=3 => Outcome::Done,
        4 => Outcome::Failed,
        5..=6 => Outcome::TimedOut,
        7 if rng.chance(1, 8) => Outcome::HungUp,
        8 => Outcome::Pin(match rng.below(4) {
            0 => Verdict::Right,
            1 => Verdict::Wrong,
            2 => Verdict::Later(secs(rng.below(100))),
            _ => Verdict::Refused,
        }),
        9..=10 => Outcome::Recorded { span: Duration::from_millis(rng.below(3_000)), hung_up: rng.chance(1, 20) },
        _ => {
            let count = rng.below(3);
            let digit = |rng: &mut Rng| char::from(KEYS[usize::try_from(rng.below(12)).unwrap()]);
            Outcome::Digits((0..count).map(|_| digit(rng)).collect())
        }
    }
}

fn any_kind(rng: &mut Rng) -> Kind {
    let longest = secs(rng.below(200));
    match rng.below(8) {
        0 => Kind::Echo,
        1 => Kind::Clock { number: "200".into() },
        2 => Kind::Conference { asks_pin: rng.chance(3, 4) },
        3 => Kind::Leave { extension: "200".into(), greeting: String::new(), longest },
        4 => Kind::RecordMessage { longest },
        _ => {
            let count = rng.below(12);
            // ids that come twice are no reason to delete twice
            let messages = (0..count).map(|_| message(rng.below(10), "2026-11-24T09:30", rng.chance(1, 2))).collect();
            Kind::Read { asks_pin: rng.chance(1, 3), messages }
        }
    }
}

#[test]
fn any_row_of_outcomes_ends_within_its_bounds_and_leaves_nothing_behind() {
    let (mut longest, mut deleted_in_all) = (0, 0);
    for seed in 0..4_000 {
        let mut rng = Rng::from_seed(seed);
        let kind = any_kind(&mut rng);
        let ids: Vec<u64> = match &kind {
            Kind::Read { messages, .. } => messages.iter().map(|message| message.id).collect(),
            _ => Vec::new(),
        };
        let (mut service, mut step) = Service::start(at(0), wall(), kind);
        let (mut deleted, mut holds) = (Vec::new(), false);
        let mut steps = 0;
        // some stay as long as they may
        let talks = rng.chance(1, 3);
        while step != Step::HangUp {
            match &step {
                Step::Delete(id) => {
                    assert!(ids.contains(id) && !deleted.contains(id), "seed {seed}: {id} deleted twice");
                    deleted.push(*id);
                }
                Step::MarkHeard(id) | Step::MarkNew(id) => {
                    assert!(ids.contains(id) && !deleted.contains(id), "seed {seed}: {id} is gone");
                }
                Step::KeepMessage | Step::KeepGreeting | Step::KeepMedia | Step::Discard => {
                    assert!(std::mem::take(&mut holds), "seed {seed}: {step:?} of nothing");
                }
                Step::Record { .. } => assert!(!holds, "seed {seed}: a recording is forgotten"),
                _ => {}
            }
            // answers as they ought to be more often than not, so that dialogues get far
            let outcome = match &step {
                Step::Record { .. } if rng.chance(4, 5) => {
                    Outcome::Recorded { span: Duration::from_millis(rng.below(4_000)), hung_up: rng.chance(1, 20) }
                }
                Step::TryPin(_) if rng.chance(4, 5) => Outcome::Pin(Verdict::Right),
                Step::Play { keys: Some(_), .. } if talks && rng.chance(19, 20) => {
                    pressed(char::from(KEYS[usize::try_from(rng.below(11)).unwrap()]))
                }
                _ => any_outcome(&mut rng),
            };
            holds |= matches!((&step, &outcome), (Step::Record { .. }, Outcome::Recorded { .. }));
            step = service.resume(at(0), outcome);
            steps += 1;
            assert!(steps <= STEPS + 2, "seed {seed}: no end");
        }
        assert!(!holds, "seed {seed}: a recording is left behind");
        assert_eq!(service.resume(at(0), any_outcome(&mut rng)), Step::HangUp, "seed {seed}");
        longest = longest.max(steps);
        deleted_in_all += deleted.len();
    }
    assert!(longest > 50 && deleted_in_all > 100, "{longest} steps, {deleted_in_all} deleted");
}

#[test]
fn who_keys_for_ever_is_hung_up_by_steps_or_by_time() {
    let mut talk = Talk::reading(three());
    let ended = (1..).find(|_| {
        talk.step = talk.service.resume(at(1), pressed('1'));
        talk.step == Step::HangUp
    });
    assert_eq!(ended, Some(STEPS + 1));
    let mut talk = Talk::reading(three());
    let ended = (1..).find(|seconds| {
        talk.step = talk.service.resume(at(*seconds), pressed('1'));
        talk.step == Step::HangUp
    });
    assert_eq!(ended, Some(30 * 60));
}
