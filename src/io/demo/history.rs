//! The last month of the example office as its history would have it: some thousand calls, with their stories. Pure: the moment and the
//! seed make it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::script::{HOTLINE, MAIN};
use crate::base::{CallId, Rng, WallTime};
use crate::call::cdr::{CallDirection, CallEnded, CallOutcome, CallStarted, CallStep, StepKind};
use crate::engine::Record;
use crate::media::Stats;
use crate::office::{Device, Office};

/// What there was.
#[derive(Debug, Default)]
pub(super) struct Month {
    /// In the order of time.
    pub(super) records: Vec<Record>,
    /// Talks of those who are recorded, with a city caller; the newest last.
    pub(super) talks: Vec<Talk>,
    /// Messages in mailboxes; the newest last.
    pub(super) messages: Vec<Left>,
}

/// A message that somebody left.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) call: CallId,
    pub(super) at: WallTime,
    pub(super) caller: String,
    pub(super) caller_name: String,
    pub(super) mailbox: String,
}

/// A talk that may have a recording.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    pub(super) call: CallId,
    pub(super) at: WallTime,
    pub(super) talk_ms: u64,
    pub(super) caller: String,
    pub(super) called: String,
}

/// The month before `now`.
pub(super) fn month(now: WallTime, office: &Office, rng: &mut Rng) -> Month {
    let zone = TimeZone::get(&office.settings.timezone).unwrap_or(TimeZone::UTC);
    let today = Timestamp::from_millisecond(now.millis()).unwrap_or_default().to_zoned(zone.clone()).date();
    let customers = (0..CUSTOMERS).map(|_| somebody(rng)).collect();
    let mut teller = Teller { office, rng, customers, month: Month::default(), count: 0 };
    for day in (0..=DAYS).rev() {
        let Ok(date) = today.checked_sub(Span::new().days(day)) else { continue };
        teller.day(date, &zone, WallTime(now.millis() - QUIET_MS));
    }
    teller.month
}

struct Teller<'a> {
    office: &'a Office,
    rng: &'a mut Rng,
    /// Those who call again and again.
    customers: Vec<String>,
    month: Month,
    count: u64,
}

/// A call that is being told. Its clock runs with what happens.
struct Story {
    started: CallStarted,
    /// Milliseconds since the start.
    clock: u64,
    answered: Option<(u64, String)>,
    steps: Vec<CallStep>,
}

impl Teller<'_> {
    fn day(&mut self, date: Date, zone: &TimeZone, until: WallTime) {
        let is_working = date.weekday().to_monday_zero_offset() < 5;
        let mut moments = Vec::new();
        for (hour, weight) in (0i8..).zip(if is_working { WORKING_DAY } else { DAY_OFF }) {
            let calls = weight * (80 + self.rng.below(41)) / 100;
            for _ in 0..calls.max(u64::from(self.rng.chance(weight, 10))) {
                let second = i8::try_from(self.rng.below(60)).unwrap_or(0);
                let minute = i8::try_from(self.rng.below(60)).unwrap_or(0);
                let at = date.at(hour, minute, second, 0).to_zoned(zone.clone());
                moments.extend(at.map(|at| (at.timestamp().as_millisecond(), (9..18).contains(&hour) && is_working)));
            }
        }
        moments.sort_unstable();
        for (at, is_open) in moments.into_iter().filter(|(at, _)| *at < until.millis()) {
            let spread = i64::try_from(self.rng.below(1000)).unwrap_or(0);
            self.call(WallTime(at + spread), is_open);
        }
    }

    fn call(&mut self, at: WallTime, is_open: bool) {
        match self.rng.below(100) {
            _ if !is_open && self.rng.chance(7, 10) => self.closed(at),
            0..=29 => self.queue(at, "501"),
            30..=49 => self.queue(at, "502"),
            50..=57 => self.reception(at),
            58..=61 => self.mailbox(at),
            62..=85 => self.outbound(at),
            _ => self.internal(at),
        }
    }

    /// A caller of the city comes to a group.
    fn queue(&mut self, at: WallTime, group: &str) {
        let is_hotline = group == "502" && self.rng.chance(3, 5);
        let mut story = self.inbound(at, if is_hotline { HOTLINE } else { MAIN });
        if is_hotline {
            story.elements(&["hotline", "support"]);
        } else {
            let (key, element) = if group == "501" { ("1", "sales") } else { ("2", "support") };
            story.elements(&["in", "hours", "menu"]);
            story.wait(self.between(4_000, 12_000));
            story.step(StepKind::Digits { digits: key.to_owned() });
            story.elements(&[element]);
        }
        story.group(group);
        if group == "502" {
            story.wait(3_800); // the greeting
            if self.rng.chance(1, 3) {
                story.wait(self.between(8_000, 90_000));
            }
        }
        if self.rng.chance(1, 12) {
            story.wait(self.between(6_000, 40_000));
            return self.end(story, CallOutcome::Abandoned, 0, "caller_hung_up");
        }
        let members = self.office.group(group).map(|group| group.members.clone()).unwrap_or_default();
        if self.rng.chance(1, 9) {
            let who = self.pick(&members);
            self.ring(&mut story, &who);
            story.wait(15_000);
            story.not_taken(&who, self.office, 0);
        }
        let who = self.pick(&members);
        self.ring(&mut story, &who);
        if self.rng.chance(1, 16) {
            story.wait(self.between(5_000, 14_000));
            return self.end(story, CallOutcome::Abandoned, 0, "caller_hung_up");
        }
        self.talk(story, &who, 2_000, 9_000);
    }

    fn reception(&mut self, at: WallTime) {
        let mut story = self.inbound(at, MAIN);
        story.elements(&["in", "hours", "menu"]);
        story.wait(15_500);
        story.elements(&["reception"]);
        self.ring(&mut story, "201");
        if !self.rng.chance(1, 3) {
            return self.talk(story, "201", 2_000, 9_000);
        }
        story.wait(self.between(2_000, 7_000));
        story.answer("201");
        story.wait(self.between(8_000, 30_000));
        let to = self.pick_of(&["203", "206", "207", "211", "213"]);
        self.ring(&mut story, &to);
        story.wait(self.between(2_000, 8_000));
        story.answer(&to);
        story.step(StepKind::Transferred { by: "201".to_owned(), to: to.clone() });
        self.chat(story, &to);
    }

    /// Nobody is there, and the caller leaves a message.
    fn mailbox(&mut self, at: WallTime) {
        let (mut story, who) = if self.rng.chance(2, 3) {
            let mut story = self.inbound(at, MAIN);
            story.elements(&["in", "hours", "menu"]);
            story.wait(15_500);
            story.elements(&["reception"]);
            (story, "201".to_owned())
        } else {
            let (caller, who) = (self.pick_of(&["204", "207", "209", "211"]), self.pick_of(&["202", "203"]));
            (self.begin(at, CallDirection::Internal, &caller, &who, None), who)
        };
        self.ring(&mut story, &who);
        story.wait(if who == "201" { 20_000 } else { 15_000 });
        story.not_taken(&who, self.office, 0);
        story.step(StepKind::Mailbox { extension: who.clone() });
        let CallStarted { call, caller, caller_name, .. } = story.started.clone();
        let left = Left { call, at: story.now(), caller, caller_name, mailbox: who };
        self.month.messages.push(left);
        story.wait(self.between(12_000, 25_000));
        self.end(story, CallOutcome::NoAnswer, 0, "voicemail");
    }

    /// Outside of the hours: he hears when somebody is there.
    fn closed(&mut self, at: WallTime) {
        let mut story = self.inbound(at, MAIN);
        story.elements(&["in", "hours", "closed"]);
        story.wait(6_500);
        story.elements(&["bye"]);
        self.end(story, CallOutcome::Answered, 0, "desk_hung_up");
    }

    fn outbound(&mut self, at: WallTime) {
        let who = self.pick_of(&["201", "203", "204", "205", "206", "207", "212", "213", "208"]);
        let to = if self.rng.chance(1, 2) { self.customer() } else { somebody(self.rng) };
        let trunk = self.trunk(if who == "208" { HOTLINE } else { MAIN });
        let mut story = self.begin(at, CallDirection::Outbound, &who, &to, trunk.clone());
        story.step(StepKind::Trunk { trunk: trunk.unwrap_or_default() });
        story.step(StepKind::Rung { who, device: to.clone() });
        match self.rng.below(20) {
            0 | 1 => {
                story.wait(self.between(3_000, 6_000));
                self.end(story, CallOutcome::Busy, 486, "busy");
            }
            2..=4 => {
                story.wait(self.between(15_000, 35_000));
                self.end(story, CallOutcome::Abandoned, 487, "caller_hung_up");
            }
            _ => self.talk(story, &to, 5_000, 20_000),
        }
    }

    fn internal(&mut self, at: WallTime) {
        let caller = self.anybody();
        let mut called = self.anybody();
        while called == caller {
            called = self.anybody();
        }
        let mut story = self.begin(at, CallDirection::Internal, &caller, &called, None);
        self.ring(&mut story, &called);
        match self.rng.below(10) {
            0 => {
                story.wait(20_000);
                story.not_taken(&called, self.office, 0);
                self.end(story, CallOutcome::NoAnswer, 480, "no_answer");
            }
            1 => {
                story.wait(300);
                story.not_taken(&called, self.office, 486);
                self.end(story, CallOutcome::Busy, 486, "busy");
            }
            _ => self.talk(story, &called, 1_500, 9_000),
        }
    }

    fn talk(&mut self, mut story: Story, who: &str, least_ms: u64, most_ms: u64) {
        story.wait(self.between(least_ms, most_ms));
        story.answer(who);
        self.chat(story, who);
    }

    fn chat(&mut self, mut story: Story, who: &str) {
        // Most talks are short, some are not.
        let longest = if self.rng.chance(1, 6) { 900_000 } else { 200_000 };
        let lasts = self.between(12_000, longest);
        if lasts > 60_000 && self.rng.chance(1, 8) {
            story.wait(lasts / 3);
            story.step(StepKind::Hold { who: who.to_owned(), on: true });
            story.wait(self.between(6_000, 19_000));
            story.step(StepKind::Hold { who: who.to_owned(), on: false });
            story.wait(lasts / 2);
        } else {
            story.wait(lasts);
        }
        let cause = if self.rng.chance(1, 2) { "caller_hung_up" } else { "called_hung_up" };
        self.end(story, CallOutcome::Answered, 0, cause);
    }

    fn inbound(&mut self, at: WallTime, called: &str) -> Story {
        let caller = if self.rng.chance(2, 3) { self.customer() } else { somebody(self.rng) };
        let trunk = self.trunk(called);
        self.begin(at, CallDirection::Inbound, &caller, called, trunk)
    }

    fn begin(
        &mut self,
        at: WallTime,
        direction: CallDirection,
        caller: &str,
        called: &str,
        trunk: Option<String>,
    ) -> Story {
        self.count += 1;
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        let call = CallId((millis << 20) + self.count % (1 << 20));
        let caller_name = self.office.extension(caller).map(|one| one.employee.clone()).unwrap_or_default();
        let (caller, called) = (caller.to_owned(), called.to_owned());
        let started = CallStarted { call, at, direction, caller, caller_name, called, trunk };
        Story { started, clock: 0, answered: None, steps: Vec::new() }
    }

    fn ring(&mut self, story: &mut Story, who: &str) {
        story.wait(40 + self.rng.below(60));
        story.step(StepKind::Rung { who: who.to_owned(), device: device_of(self.office, who) });
    }

    fn end(&mut self, story: Story, outcome: CallOutcome, status: u16, cause: &'static str) {
        let Story { started, clock, answered, steps } = story;
        let at = |ms: u64| WallTime(started.at.millis() + i64::try_from(ms).unwrap_or(0));
        let ring_ms = answered.as_ref().map_or(clock, |(at, _)| *at);
        let (call, talk_ms) = (started.call, clock - ring_ms);
        if let Some((answered_ms, who)) = &answered
            && started.direction == CallDirection::Inbound
            && self.office.extension(who).is_some_and(|extension| extension.record)
        {
            let (caller, called) = (started.caller.clone(), who.clone());
            self.month.talks.push(Talk { call, at: at(*answered_ms), talk_ms, caller, called });
        }
        let quality = if answered.is_some() { [(); 2].map(|()| Some(self.quality(talk_ms))) } else { [None; 2] };
        let ended = CallEnded {
            call,
            at: at(clock),
            outcome,
            status,
            cause,
            answered_at: answered.as_ref().map(|(ms, _)| at(*ms)),
            answered_by: answered.map(|(_, who)| who),
            ring_ms,
            talk_ms,
            quality,
        };
        self.month.records.push(Record::CallStarted(started));
        self.month.records.extend(steps.into_iter().map(Record::CallStep));
        self.month.records.push(Record::CallEnded(ended));
    }

    /// As a calm office network with a good line has it; now and then it isn't one.
    fn quality(&mut self, talk_ms: u64) -> Stats {
        let packets = talk_ms / 20;
        let is_bad = self.rng.chance(1, 40);
        let lost = if is_bad { packets * self.rng.below(6) / 100 } else { self.rng.below(packets / 1000 + 1) };
        let jitter_ms = (if is_bad { 120 } else { 5 } + self.rng.below(45)) as f32 / 10.0;
        let mos = if is_bad { 3.1 } else { 4.2 } + self.rng.below(20) as f32 / 100.0;
        Stats { received: packets - lost, sent: packets, lost, jitter_ms, mos: Some(mos), ..Stats::default() }
    }

    fn trunk(&self, number: &str) -> Option<String> {
        self.office.trunk_of(number).map(|trunk| trunk.name.clone())
    }

    fn customer(&mut self) -> String {
        let customers = std::mem::take(&mut self.customers);
        let found = self.pick(&customers);
        self.customers = customers;
        found
    }

    fn anybody(&mut self) -> String {
        let at = usize::try_from(self.rng.below(self.office.extensions.len() as u64)).unwrap_or(0);
        self.office.extensions.get(at).map(|extension| extension.number.clone()).unwrap_or_default()
    }

    fn pick(&mut self, among: &[String]) -> String {
        let at = usize::try_from(self.rng.below(among.len() as u64)).unwrap_or(0);
        among.get(at).cloned().unwrap_or_default()
    }

    fn pick_of(&mut self, among: &[&str]) -> String {
        let at = usize::try_from(self.rng.below(among.len() as u64)).unwrap_or(0);
        among.get(at).copied().unwrap_or_default().to_owned()
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.rng.below(most - least)
    }
}

impl Story {
    fn wait(&mut self, ms: u64) {
        self.clock += ms;
    }

    fn now(&self) -> WallTime {
        WallTime(self.started.at.millis() + i64::try_from(self.clock).unwrap_or(0))
    }

    fn step(&mut self, what: StepKind) {
        self.steps.push(CallStep { call: self.started.call, at: self.now(), what });
    }

    /// Waits at a group from now on.
    fn group(&mut self, number: &str) {
        self.step(StepKind::Group { group: number.to_owned() });
    }

    fn elements(&mut self, ids: &[&str]) {
        for id in ids {
            self.step(StepKind::Element { element: (*id).to_owned() });
        }
    }

    fn answer(&mut self, who: &str) {
        self.step(StepKind::Answered { who: who.to_owned() });
        let at = self.answered.as_ref().map_or(self.clock, |(at, _)| *at);
        self.answered = Some((at, who.to_owned()));
    }

    fn not_taken(&mut self, who: &str, office: &Office, status: u16) {
        let device = device_of(office, who);
        self.step(StepKind::NotTaken { who: who.to_owned(), device, status });
    }
}

fn device_of(office: &Office, who: &str) -> String {
    match office.extension(who).and_then(|extension| extension.devices.first()) {
        Some(Device::Sip(device)) => device.login.clone(),
        Some(Device::Mobile(device)) => device.number.clone(),
        None => String::new(),
    }
}

/// E.164 digits that nobody has: of the city, a mobile, or Moscow.
pub(super) fn somebody(rng: &mut Rng) -> String {
    let digits = rng.below(1_000_000);
    match rng.below(10) {
        0..=3 => format!("78120{digits:06}"),
        4 => format!("74950{digits:06}"),
        _ => format!("79980{digits:06}"),
    }
}

const DAYS: i64 = 30;
const CUSTOMERS: usize = 60;
/// Nothing of the last minutes: what happens now, the phones do.
const QUIET_MS: i64 = 120_000;
/// Calls by the hour.
const WORKING_DAY: [u64; 24] = [0, 0, 0, 0, 0, 0, 0, 1, 3, 14, 19, 18, 13, 10, 16, 17, 14, 9, 3, 2, 1, 0, 0, 0];
const DAY_OFF: [u64; 24] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::io::demo::office::example;
    use crate::office::Language;

    fn a_month(seed: u64) -> Month {
        let (today, mut rng) = (jiff::civil::date(2026, 11, 26), Rng::from_seed(seed));
        let office = example(Language::Ru, "127.0.0.1:5080", String::new(), today, &mut rng).expect("it is valid");
        month(NOON, &office, &mut rng)
    }

    /// 26 November 2026, 12:00 in Moscow.
    const NOON: WallTime = WallTime(1_795_683_600_000);

    #[test]
    fn a_month_has_some_thousand_calls_each_with_its_beginning_and_its_end() {
        let month = a_month(1);
        let mut open = BTreeMap::new();
        let mut calls = 0;
        for record in &month.records {
            match record {
                Record::CallStarted(call) => {
                    calls += 1;
                    assert!(call.at < NOON && open.insert(call.call, call.at).is_none(), "{call:?}");
                }
                Record::CallStep(step) => assert!(open.get(&step.call).is_some_and(|at| *at <= step.at), "{step:?}"),
                Record::CallEnded(call) => {
                    let began = open.remove(&call.call).expect("it began");
                    let lasted = i64::try_from(call.ring_ms + call.talk_ms).expect("minutes");
                    assert_eq!(call.at.millis() - began.millis(), lasted);
                    assert_eq!(call.answered_by.is_some(), call.answered_at.is_some());
                }
                other => panic!("{other:?} is none of a call"),
            }
        }
        assert!(open.is_empty());
        assert!((1_500..5_000).contains(&calls), "{calls} calls");
        assert!(month.records.len() < crate::io::store::QUEUE / 2, "the writer would drop them");
        assert!(month.messages.len() > 20);
        assert!(month.talks.iter().filter(|talk| (20_000..75_000).contains(&talk.talk_ms)).count() > 20);
    }

    #[test]
    fn every_outcome_of_an_office_day_is_there_and_most_calls_are_answered() {
        let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
        for record in a_month(2).records {
            if let Record::CallEnded(call) = record {
                *outcomes.entry(call.outcome.as_str()).or_default() += 1;
            }
        }
        assert!(["answered", "abandoned", "busy", "no_answer"].iter().all(|word| outcomes.contains_key(word)));
        let all: u32 = outcomes.values().sum();
        let answered = outcomes.get("answered").copied().unwrap_or(0);
        assert!((all * 7 / 10..all * 95 / 100).contains(&answered), "{outcomes:?}");
    }
}
