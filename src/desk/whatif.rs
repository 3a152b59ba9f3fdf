//! «What if»: the way that a call would take, with the timing, walked by the same [`Executor`] as real calls. The caller listens to
//! every prompt to its end and then presses the given keys; nobody answers, so that the whole way is seen.

use std::collections::VecDeque;
use std::sync::Arc;

use super::executor::{Collect, Entered, Executor, Facts, GroupExit, HangUpWhy, Outcome, Step};
use super::timetable::{self, Verdict, Zone};
use crate::base::{Duration, WallTime};
use crate::office::{Device, ElementKind, Extension, Forward, Group, Office, Out, RingOrder};

mod words;

/// Longer ways are cut: a menu may lead back to itself for ever.
const LONGEST_WAY: usize = 200;
/// Where calls go whose number has no start element (contract.md, SIP).
const GROUP_WITHOUT_START: &str = "500";

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The office's number that is called, E.164 digits, a leading `+` allowed.
    pub number: String,
    /// Who calls; empty when withheld.
    pub from: String,
    /// When.
    pub at: WallTime,
    /// What the caller presses, in order: each entry is one or more keys, an empty one is silence at one prompt.
    pub keys: Vec<String>,
    /// Extensions that are on the telephone.
    pub busy: Vec<String>,
    /// Extensions whose SIP phones are not registered.
    pub offline: Vec<String>,
}

/// Why there is no way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// Such a call gets 404.
    #[error("{0:?} is none of the office's numbers")]
    NotOurNumber(String),
    /// `busy` or `offline` names it.
    #[error("{0:?} is no extension")]
    NoExtension(String),
    /// Not a key of a telephone.
    #[error("{0:?} is no key; keys are 0 to 9, * and #")]
    NoKey(String),
}

/// The way of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// In order.
    pub steps: Vec<WhatIfStep>,
    /// How it ends.
    pub end: End,
    /// From the first second to the end.
    pub lasts: Duration,
    /// What each step of the executor was answered with.
    pub outcomes: Vec<Outcome>,
}

/// One thing that happens to the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIfStep {
    /// The element's id; empty when the number has no start element.
    pub element: String,
    /// Since the start of the call.
    pub after: Duration,
    /// What.
    pub what: What,
    /// The output by which the call left the element behind it, when it did.
    pub out: Option<Out>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The call comes in.
    Comes {
        /// The office's number.
        number: String,
        /// Who calls; empty when withheld.
        from: String,
    },
    /// A timetable is asked.
    Asks {
        /// Its name.
        schedule: String,
        /// Open or closed, and by which rule; in words with [`Rule::text`](timetable::Rule::text).
        verdict: Verdict,
    },
    /// A sound is played.
    Plays {
        /// A media name.
        media: String,
        /// All repetitions; zero when the file has not been loaded.
        lasts: Duration,
    },
    /// The caller presses keys.
    Presses {
        /// Which.
        keys: String,
    },
    /// The caller presses nothing, or no further key.
    Waits {
        /// How long.
        lasts: Duration,
    },
    /// An extension is rung.
    Rings {
        /// Its number.
        extension: String,
        /// What each of its devices does.
        devices: Vec<Ringing>,
        /// Until the last device's seconds are over.
        lasts: Duration,
    },
    /// A group is rung or waited for.
    RingsGroup {
        /// Its number.
        group: String,
        /// Members who can be rung at once.
        free: Vec<String>,
        /// Why it gives the call back.
        exit: GroupExit,
        /// Until then.
        lasts: Duration,
    },
    /// The desk hangs up.
    HangsUp {
        /// Why.
        why: HangUpWhy,
    },
}

/// What one device does with the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ringing {
    /// Login or number.
    pub device: String,
    /// What.
    pub state: DeviceState,
    /// Where the call goes from there, when nobody answers.
    pub forward: Option<String>,
}

/// What one device does with the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// It rings for so many seconds.
    Rings(u32),
    /// It is on the telephone.
    Busy,
    /// It is not registered.
    Offline,
    /// It forwards every call.
    Forwards,
}

/// How the way ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By the desk.
    HungUp(HangUpWhy),
    /// An extension was rung and nobody took the call: busy tone and hang-up.
    NotTaken,
    /// An extension was rung, nobody took the call, and its mailbox took a message.
    Mailbox,
    /// The number has no start element and group 500 gave the call back, or is gone: 480.
    NoStart,
    /// The way goes on and on; it was cut.
    Endless,
}

/// The way that a call would take.
///
/// # Errors
/// The question names something that is not there.
pub fn run(office: &Arc<Office>, question: &Question) -> Result<Way, NoWay> {
    let number = question.number.strip_prefix('+').unwrap_or(&question.number);
    if office.trunk_of(number).is_none() {
        return Err(NoWay::NotOurNumber(question.number.clone()));
    }
    let unknown = question.busy.iter().chain(&question.offline).find(|number| office.extension(number).is_none());
    if let Some(unknown) = unknown {
        return Err(NoWay::NoExtension(unknown.clone()));
    }
    let mut walk = Walk {
        office,
        question,
        keys: keys(&question.keys)?,
        steps: Vec::new(),
        outcomes: Vec::new(),
        after: Duration::ZERO,
    };
    let end = walk.go(number);
    Ok(Way { steps: walk.steps, end, lasts: walk.after, outcomes: walk.outcomes })
}

/// One entry a key; `None` is silence at one prompt.
fn keys(entries: &[String]) -> Result<VecDeque<Option<char>>, NoWay> {
    let mut keys = VecDeque::new();
    for entry in entries {
        let entry = entry.trim();
        if !entry.chars().all(|key| key.is_ascii_digit() || matches!(key, '*' | '#')) {
            return Err(NoWay::NoKey(entry.to_owned()));
        }
        if entry.is_empty() {
            keys.push_back(None);
        }
        keys.extend(entry.chars().map(Some));
    }
    Ok(keys)
}

struct Walk<'a> {
    office: &'a Arc<Office>,
    question: &'a Question,
    keys: VecDeque<Option<char>>,
    steps: Vec<WhatIfStep>,
    outcomes: Vec<Outcome>,
    after: Duration,
}

impl What {
    /// A word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Comes { .. } => "comes",
            Self::Asks { .. } => "asks",
            Self::Plays { .. } => "plays",
            Self::Presses { .. } => "presses",
            Self::Waits { .. } => "waits",
            Self::Rings { .. } => "rings",
            Self::RingsGroup { .. } => "rings_group",
            Self::HangsUp { .. } => "hangs_up",
        }
    }
}

impl End {
    /// A word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HungUp(_) => "hung_up",
            Self::NotTaken => "not_taken",
            Self::Mailbox => "mailbox",
            Self::NoStart => "no_start",
            Self::Endless => "endless",
        }
    }
}

impl Walk<'_> {
    fn now(&self) -> WallTime {
        self.question.at + self.after
    }

    fn push(&mut self, element: &str, what: What) {
        self.steps.push(WhatIfStep { element: element.to_owned(), after: self.after, what, out: None });
    }

    fn go(&mut self, number: &str) -> End {
        let facts = Facts { number: number.to_owned(), caller: self.question.from.clone() };
        let Some((mut executor, mut step)) = Executor::start(Arc::clone(self.office), &facts, self.now()) else {
            return self.without_start(number);
        };
        loop {
            self.passed(&mut executor, number);
            if self.steps.len() >= LONGEST_WAY {
                return End::Endless;
            }
            let element = executor.element().to_owned();
            let outcome = match step {
                Step::HangUp { why } => {
                    self.push(&element, What::HangsUp { why });
                    return End::HungUp(why);
                }
                Step::RingExtension { extension } => {
                    self.ring(&element, &extension);
                    return if self.has_mailbox(&extension) { End::Mailbox } else { End::NotTaken };
                }
                Step::DialExtension { extension } => {
                    self.ring(&element, &extension);
                    if self.has_mailbox(&extension) {
                        return End::Mailbox;
                    }
                    Outcome::NotAnswered
                }
                Step::RingGroup { group } => Outcome::Reserve(self.ring_group(&element, &group)),
                Step::Prompt { media, repeat, collect } => self.prompt(&element, &media, repeat, collect),
            };
            self.outcomes.push(outcome.clone());
            step = executor.resume(outcome, self.now());
        }
    }

    fn without_start(&mut self, number: &str) -> End {
        let from = self.question.from.clone();
        self.push("", What::Comes { number: number.to_owned(), from });
        if self.office.group(GROUP_WITHOUT_START).is_some() {
            self.ring_group("", GROUP_WITHOUT_START);
        }
        End::NoStart
    }

    /// The elements that took no time.
    fn passed(&mut self, executor: &mut Executor, number: &str) {
        for Entered { id, by } in executor.take_way() {
            if let (Some(out), Some(last)) = (by, self.steps.last_mut()) {
                last.out = Some(out);
            }
            let what = match self.office.desk.element(&id).map(|element| &element.kind) {
                Some(ElementKind::Incoming { .. }) => {
                    What::Comes { number: number.to_owned(), from: self.question.from.clone() }
                }
                Some(ElementKind::Schedule { schedule }) => match self.ask(schedule) {
                    Some(verdict) => What::Asks { schedule: schedule.clone(), verdict },
                    None => continue,
                },
                _ => continue, // these are told by the step that they ask for
            };
            self.push(&id, what);
        }
    }

    fn ask(&self, schedule: &str) -> Option<Verdict> {
        let zone = Zone::named(&self.office.settings.timezone)?;
        Some(timetable::verdict(self.office.schedule(schedule)?, &zone, self.now()))
    }

    fn prompt(&mut self, element: &str, media: &str, repeat: u32, collect: Option<Collect>) -> Outcome {
        let lasts = self.length_of(media).saturating_mul(repeat);
        self.push(element, What::Plays { media: media.to_owned(), lasts });
        self.after += lasts;
        let Some(collect) = collect else { return Outcome::Played };
        let digits = self.press(collect.digits);
        if !digits.is_empty() {
            self.push(element, What::Presses { keys: digits.clone() });
        }
        if u32::try_from(digits.len()).is_ok_and(|count| count < collect.digits) {
            self.push(element, What::Waits { lasts: collect.timeout });
            self.after += collect.timeout;
        }
        if digits.is_empty() { Outcome::TimedOut } else { Outcome::Digits(digits) }
    }

    /// The next keys, at most `count`, up to a silence.
    fn press(&mut self, count: u32) -> String {
        let mut digits = String::new();
        for _ in 0..count {
            match self.keys.front().copied() {
                Some(Some(key)) => {
                    self.keys.pop_front();
                    digits.push(key);
                }
                Some(None) => {
                    // A silence ends what is being pressed; after a full number it is a prompt of its own.
                    self.keys.pop_front();
                    break;
                }
                None => break,
            }
        }
        digits
    }

    fn length_of(&self, media: &str) -> Duration {
        let clip = self.office.media(media).and_then(|media| media.clip.as_ref());
        clip.map_or(Duration::ZERO, |clip| clip.duration())
    }

    /// Who was called by name has his mailbox answer what he doesn't, before the desk goes on.
    fn has_mailbox(&self, number: &str) -> bool {
        self.office.extension(number).is_some_and(|extension| extension.voicemail)
    }

    fn ring(&mut self, element: &str, number: &str) {
        let Some(extension) = self.office.extension(number) else { return };
        let devices: Vec<Ringing> = extension.devices.iter().map(|device| self.device(extension, device)).collect();
        let seconds = devices.iter().map(|device| match device.state {
            DeviceState::Rings(seconds) => seconds,
            DeviceState::Busy | DeviceState::Offline | DeviceState::Forwards => 0,
        });
        let seconds: u32 = match extension.ring {
            RingOrder::Parallel => seconds.max().unwrap_or(0),
            RingOrder::Sequential => seconds.sum(),
        };
        let lasts = Duration::from_secs(u64::from(seconds));
        self.push(element, What::Rings { extension: number.to_owned(), devices, lasts });
        self.after += lasts;
    }

    fn device(&self, extension: &Extension, device: &Device) -> Ringing {
        let sip = match device {
            Device::Mobile(mobile) => {
                let state = DeviceState::Rings(mobile.ring_seconds);
                return Ringing { device: mobile.number.clone(), state, forward: None };
            }
            Device::Sip(sip) => sip,
        };
        let (busy, no_answer) = match &sip.forward {
            Forward::None => ("", ""),
            Forward::Conditional { busy, no_answer } => (busy.as_str(), no_answer.as_str()),
            Forward::Always { to } => {
                return Ringing { device: sip.login.clone(), state: DeviceState::Forwards, forward: Some(to.clone()) };
            }
        };
        let (state, forward) = if self.is_offline(&extension.number) {
            (DeviceState::Offline, no_answer)
        } else if self.is_busy(&extension.number) {
            (DeviceState::Busy, busy)
        } else {
            (DeviceState::Rings(sip.ring_seconds), no_answer)
        };
        let forward = (!forward.is_empty()).then(|| forward.to_owned());
        Ringing { device: sip.login.clone(), state, forward }
    }

    fn is_busy(&self, number: &str) -> bool {
        self.question.busy.iter().any(|one| one == number)
    }

    fn is_offline(&self, number: &str) -> bool {
        self.question.offline.iter().any(|one| one == number)
    }

    fn ring_group(&mut self, element: &str, number: &str) -> GroupExit {
        let Some(group) = self.office.group(number) else { return GroupExit::Empty };
        let reachable: Vec<&String> = group.members.iter().filter(|member| self.is_reachable(member)).collect();
        let (exit, lasts) = exit_of(group, !reachable.is_empty());
        let free = reachable.into_iter().filter(|member| !self.is_busy(member)).cloned().collect();
        self.push(element, What::RingsGroup { group: number.to_owned(), free, exit, lasts });
        self.after += lasts;
        exit
    }

    /// A mobile phone can always be rung.
    fn is_reachable(&self, number: &str) -> bool {
        let has_mobile = |extension: &Extension| extension.devices.iter().any(|d| matches!(d, Device::Mobile(_)));
        self.office.extension(number).is_some_and(|extension| !self.is_offline(number) || has_mobile(extension))
    }
}

/// When nobody answers. product.md section 7.
fn exit_of(group: &Group, somebody_is_there: bool) -> (GroupExit, Duration) {
    if group.members.is_empty() {
        (GroupExit::Empty, Duration::ZERO)
    } else if !somebody_is_there {
        (GroupExit::NobodyRegistered, Duration::ZERO)
    } else {
        (GroupExit::WaitedTooLong, Duration::from_secs(u64::from(group.max_wait_seconds)))
    }
}

/// A time as a person gives it: `2026-12-31 14:00` or `2026-12-31T14:00:30` on the office's clocks, `14:00` on the day of `now`, or RFC 3339
/// with an offset. `None` when it is none of these.
pub fn parse_time(text: &str, office: &Office, now: WallTime) -> Option<WallTime> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(WallTime(stamp.as_millisecond()));
    }
    let zone = Zone::named(&office.settings.timezone)?;
    let civil = match text.parse::<jiff::civil::DateTime>() {
        Ok(civil) => civil,
        Err(_) => zone.civil(now).date().to_datetime(text.parse::<jiff::civil::Time>().ok()?),
    };
    zone.moment(civil)
}

#[cfg(test)]
mod tests;
