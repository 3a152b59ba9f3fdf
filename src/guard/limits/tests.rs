use std::collections::HashMap;

use super::*;
use crate::base::Rng;
use crate::office::{ExtensionLimits, Quiet};
use proptest::prelude::*;

/// 2026-11-23, a Monday, 12:00 in Moscow.
const NOON: WallTime = WallTime(1_795_424_400_000);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn office(limits: Limits) -> Office {
    let mut office = Office::first_start(&mut Rng::from_seed(7), "$argon2id$hash", true);
    office.limits = limits;
    office
}

/// Nothing but what a test sets.
fn none() -> Limits {
    Limits {
        outside_calls: 0,
        extension_calls: 0,
        extension_calls_a_day: 0,
        extension_minutes_a_day: 0,
        calls_a_day: 0,
        minutes_a_day: 0,
        blocked: Vec::new(),
        countries: Vec::new(),
        paid_services: false,
        quiet: None,
        quiet_classes: Limits::default().quiet_classes,
    }
}

/// A meter on a clock that can be put forward, and set.
struct Bench {
    office: Office,
    meter: Meter,
    now: Instant,
    /// The calendar when `now` was zero.
    zero: WallTime,
    last: u64,
    ended: Vec<(SessionId, Limit)>,
    ended_at: HashMap<SessionId, WallTime>,
    warned: Vec<SessionId>,
    kept: HashMap<u64, Use>,
}

impl Bench {
    fn new(limits: Limits) -> Self {
        Self::at(limits, NOON)
    }

    fn at(limits: Limits, wall: WallTime) -> Self {
        Self {
            office: office(limits),
            meter: Meter::default(),
            now: Instant::ZERO,
            zero: wall,
            last: 0,
            ended: Vec::new(),
            ended_at: HashMap::new(),
            warned: Vec::new(),
            kept: HashMap::new(),
        }
    }

    fn wall(&self) -> WallTime {
        self.zero + self.now.since(Instant::ZERO)
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, wall: self.wall() }
    }

    fn ask(&mut self, extension: &str, number: &str, class: Class) -> Result<(), Limit> {
        let wanted = Wanted { extension, number, class, is_own_mobile: false };
        self.meter.ask(self.moment(), &self.office, &wanted)
    }

    /// A call that is let out rings.
    fn call(&mut self, extension: &str) -> Result<SessionId, Limit> {
        self.ask(extension, "79211234567", Class::MobileRegion)?;
        self.last += 1;
        self.meter.begin(SessionId(self.last), extension, false);
        Ok(SessionId(self.last))
    }

    fn answer(&mut self, session: SessionId) {
        let used = self.meter.answered(self.moment(), &self.office, session);
        self.keep(used);
    }

    fn talk(&mut self, extension: &str) -> Result<SessionId, Limit> {
        let session = self.call(extension)?;
        self.answer(session);
        Ok(session)
    }

    fn end(&mut self, session: SessionId) {
        let used = self.meter.end(self.moment(), &self.office, session);
        self.keep(used);
    }

    fn keep(&mut self, used: Option<Use>) {
        self.kept.extend(used.map(|used| (used.id, used)));
    }

    /// Time passes; what comes to its limit is ended at that moment.
    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        loop {
            let due = self.meter.poll_timeout().filter(|due| *due <= until);
            self.now = due.unwrap_or(until).max(self.now);
            if due.is_none() {
                return;
            }
            for order in self.meter.handle_timeout(self.moment(), &self.office) {
                match order {
                    Order::Keep(used) => self.keep(Some(used)),
                    Order::Warn(session) => self.warned.push(session),
                    Order::End { session, limit, .. } => {
                        self.ended.push((session, limit));
                        self.ended_at.insert(session, self.wall());
                        self.end(session);
                    }
                }
            }
        }
    }

    fn tally(&mut self, extension: &str) -> Tally {
        let usage = self.meter.usage(self.moment(), &self.office);
        usage.extensions.get(extension).copied().unwrap_or_default()
    }

    fn set_own(&mut self, extension: &str, limits: ExtensionLimits) {
        for one in self.office.extensions.iter_mut().filter(|one| one.number == extension) {
            one.limits = limits;
        }
        self.meter.changed(self.moment(), &self.office);
    }
}

#[test]
fn an_extension_has_so_many_calls_at_a_time_and_another_its_own() {
    let mut bench = Bench::new(Limits { extension_calls: 2, ..none() });
    let first = bench.call("200").expect("room");
    bench.talk("200").expect("room");
    assert_eq!(bench.call("200"), Err(Limit::Calls), "who rings counts too");
    bench.call("201").expect("of its own");
    bench.end(first);
    bench.call("200").expect("room again");
    bench.set_own("200", ExtensionLimits { calls: Some(0), ..ExtensionLimits::default() });
    bench.call("200").expect("no limit of its own");
}

#[test]
fn the_office_has_so_many_calls_at_a_time() {
    let mut bench = Bench::new(Limits { outside_calls: 2, ..none() });
    bench.call("200").expect("room");
    bench.call("201").expect("room");
    assert_eq!(bench.call("202"), Err(Limit::OfficeCalls));
}

#[test]
fn calls_that_nobody_answers_use_nothing_up_and_still_no_more_are_answered_than_may_be() {
    let mut bench = Bench::new(Limits { extension_calls_a_day: 3, ..none() });
    for _ in 0..50 {
        let rings = bench.call("200").expect("none was answered");
        bench.pass(MINUTE);
        bench.end(rings);
    }
    let ringing: Vec<SessionId> = (0..3).map(|_| bench.call("200").expect("three may be answered")).collect();
    assert_eq!(bench.call("200"), Err(Limit::CallsADay));
    for session in ringing {
        bench.answer(session);
        bench.end(session);
    }
    assert_eq!((bench.call("200"), bench.tally("200").calls_today), (Err(Limit::CallsADay), 3));
    bench.pass(12 * HOUR);
    bench.call("200").expect("another day");
}

#[test]
fn a_call_is_ended_when_the_minutes_of_the_day_are_used_up_and_told_a_minute_before() {
    let mut bench = Bench::new(Limits { extension_minutes_a_day: 10, ..none() });
    let before = bench.talk("200").expect("minutes");
    bench.pass(4 * MINUTE);
    bench.end(before);
    let session = bench.talk("200").expect("minutes");
    bench.pass(5 * MINUTE - Duration::from_micros(1));
    assert_eq!((bench.warned.len(), bench.ended.len()), (0, 0));
    bench.pass(Duration::from_micros(1));
    assert_eq!((bench.warned.as_slice(), bench.ended.len()), ([session].as_slice(), 0));
    bench.pass(MINUTE);
    assert_eq!(bench.ended, [(session, Limit::MinutesADay)]);
    assert_eq!(bench.tally("200").time_today, 10 * MINUTE);
    assert_eq!(bench.call("200"), Err(Limit::MinutesADay));
    bench.call("201").expect("of its own");
}

#[test]
fn calls_at_a_time_eat_the_minutes_together() {
    let mut bench = Bench::new(Limits { extension_minutes_a_day: 30, ..none() });
    for _ in 0..3 {
        bench.talk("200").expect("minutes");
    }
    bench.pass(10 * MINUTE);
    assert_eq!((bench.ended.len(), bench.tally("200").time_today), (3, 30 * MINUTE));
    let mut bench = Bench::new(Limits { minutes_a_day: 30, ..none() });
    for extension in ["200", "201", "202"] {
        bench.talk(extension).expect("minutes");
    }
    bench.pass(10 * MINUTE);
    assert!(bench.ended.len() == 3 && bench.ended.iter().all(|(_, limit)| *limit == Limit::OfficeMinutesADay));
}

#[test]
fn the_day_turns_at_midnight_of_the_office_and_a_call_goes_on_with_new_minutes() {
    let mut bench = Bench::new(Limits { extension_minutes_a_day: 60, extension_calls_a_day: 1, ..none() });
    bench.pass(11 * HOUR + 30 * MINUTE); // 23:30 in Moscow
    let session = bench.talk("200").expect("minutes");
    bench.pass(30 * MINUTE);
    assert_eq!(bench.tally("200"), Tally { calls: 1, calls_today: 0, time_today: Duration::ZERO });
    bench.pass(45 * MINUTE);
    assert_eq!(bench.tally("200").time_today, 45 * MINUTE);
    assert!(bench.ended.is_empty(), "30 minutes of yesterday and 45 of today");
    bench.pass(15 * MINUTE);
    assert_eq!(bench.ended, [(session, Limit::MinutesADay)]);
}

#[test]
fn another_zone_has_another_midnight() {
    let mut bench = Bench::new(Limits { extension_calls_a_day: 1, ..none() });
    let session = bench.talk("200").expect("the first");
    bench.end(session);
    bench.office.settings.timezone = "Asia/Vladivostok".to_owned(); // 19:00 there
    bench.pass(5 * HOUR - MINUTE);
    assert_eq!(bench.call("200"), Err(Limit::CallsADay));
    bench.pass(MINUTE);
    bench.call("200").expect("midnight there, 17:00 in Moscow");
    bench.office.settings.timezone = "Europe/Moscow".to_owned();
    assert_eq!(bench.call("200"), Err(Limit::CallsADay), "in Moscow the day goes on");
}

#[test]
fn a_clock_that_was_wrong_at_the_start_gives_no_second_day() {
    let mut bench = Bench::new(Limits { extension_calls_a_day: 1, ..none() });
    let use_ = Use { id: 1, extension: "200".to_owned(), from: WallTime(NOON.0 - 7_200_000), to: NOON };
    bench.meter.restore(vec![use_], Vec::new());
    bench.zero = WallTime(0); // before the network has told the time
    bench.call("200").expect("nobody knows better");
    bench.zero = NOON;
    bench.meter.changed(bench.moment(), &bench.office);
    assert_eq!(bench.call("200"), Err(Limit::CallsADay));
    assert_eq!(bench.tally("200").time_today, 2 * HOUR);
}

#[test]
fn what_was_used_up_is_there_after_a_restart_but_for_the_last_minute() {
    let mut bench = Bench::new(Limits { extension_minutes_a_day: 60, ..none() });
    let first = bench.talk("200").expect("minutes");
    bench.pass(10 * MINUTE);
    bench.end(first);
    bench.talk("200").expect("minutes");
    bench.pass(20 * MINUTE + Duration::from_secs(59));
    let kept: Vec<Use> = bench.kept.values().cloned().collect();
    assert_eq!(kept.len(), 2, "a row a call");
    let mut next = Bench::at(Limits { extension_minutes_a_day: 60, ..none() }, bench.wall());
    next.meter.restore(kept, Vec::new());
    assert_eq!(next.tally("200"), Tally { calls: 0, calls_today: 2, time_today: 30 * MINUTE });
}

#[test]
fn an_allowance_lifts_limits_blocks_and_quiet_hours_and_ends() {
    let limits = Limits {
        extension_calls: 1,
        extension_minutes_a_day: 10,
        blocked: vec!["882".to_owned()],
        quiet: Some(Quiet { from: 11 * 60, to: 14 * 60 }),
        ..none()
    };
    let mut bench = Bench::new(limits);
    assert_eq!(bench.ask("200", "88299999999", Class::International), Err(Limit::Blocked));
    assert_eq!(bench.ask("200", "74951112233", Class::LongDistance), Err(Limit::Quiet));
    let (moment, until) = (bench.moment(), bench.wall() + HOUR);
    bench.meter.allow(moment, &bench.office, "200", Some(until));
    bench.ask("200", "88299999999", Class::International).expect("lifted");
    bench.ask("200", "74951112233", Class::LongDistance).expect("lifted");
    assert_eq!(bench.ask("201", "74951112233", Class::LongDistance), Err(Limit::Quiet), "for one extension");
    for _ in 0..5 {
        bench.talk("200").expect("lifted");
    }
    bench.pass(59 * MINUTE);
    assert_eq!((bench.warned.len(), bench.ended.len()), (5, 0), "the limit waits for the end of the allowance");
    bench.pass(MINUTE);
    assert_eq!(bench.ended.len(), 5);
    assert_eq!(bench.call("200"), Err(Limit::MinutesADay), "what was used up meanwhile counts");
}

#[test]
fn more_time_during_a_call_lets_it_go_on_and_tells_anew() {
    let mut bench = Bench::new(Limits { extension_minutes_a_day: 10, ..none() });
    let session = bench.talk("200").expect("minutes");
    bench.pass(9 * MINUTE + Duration::from_secs(30));
    assert_eq!(bench.warned.len(), 1);
    bench.set_own("200", ExtensionLimits { minutes_a_day: Some(20), ..ExtensionLimits::default() });
    bench.pass(9 * MINUTE + Duration::from_secs(30));
    assert_eq!((bench.warned.len(), bench.ended.len()), (2, 0));
    bench.pass(MINUTE);
    assert_eq!(bench.ended, [(session, Limit::MinutesADay)]);
}

#[test]
fn destinations_are_judged_by_their_beginning() {
    let mut bench =
        Bench::new(Limits { countries: vec!["375".to_owned(), "77".to_owned()], quiet: None, ..Limits::default() });
    let abroad = Class::International;
    assert_eq!(bench.ask("200", "375171112233", abroad), Ok(()));
    assert_eq!(bench.ask("200", "77011112233", abroad), Ok(()));
    assert_eq!(bench.ask("200", "49301112233", abroad), Err(Limit::Country));
    assert_eq!(bench.ask("200", "881612345678", abroad), Err(Limit::Blocked));
    assert_eq!(bench.ask("200", "447012345678", abroad), Err(Limit::Blocked), "personal numbers of Britain");
    assert_eq!(bench.ask("200", "78121112233", Class::City), Ok(()), "home is no foreign country");
    let mobile = Wanted { extension: "200", number: "881612345678", class: abroad, is_own_mobile: true };
    assert_eq!(bench.meter.ask(bench.moment(), &bench.office, &mobile), Ok(()), "an admin wrote it there");
}

#[test]
fn quiet_hours_go_on_past_midnight_and_leave_the_city_alone() {
    let quiet = Some(Quiet { from: 22 * 60, to: 7 * 60 });
    let mut bench = Bench::new(Limits { quiet, ..Limits::default() });
    let mut quiet = Vec::new();
    for hour in 12..36 {
        if bench.ask("200", "74951112233", Class::LongDistance) == Err(Limit::Quiet) {
            quiet.push(hour % 24);
        }
        bench.ask("200", "78121112233", Class::City).expect("city calls go at all hours");
        bench.pass(HOUR);
    }
    assert_eq!(quiet, [22, 23, 0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_call_for_help_is_asked_nothing() {
    let limits = Limits { extension_calls: 1, blocked: vec!["1".to_owned()], ..none() };
    let mut bench = Bench::new(limits);
    bench.meter.begin(SessionId(99), "200", false);
    assert_eq!(bench.ask("200", "112", Class::Emergency), Ok(()));
}

#[test]
fn a_month_of_a_busy_office_meets_no_limit() {
    let mut rng = Rng::from_seed(31);
    let morning = WallTime(NOON.0 - 3 * 3_600_000);
    let mut bench = Bench::at(Limits::default(), morning);
    let people = ["200", "201", "202", "203", "204", "205", "206", "207"];
    let mut calls = 0;
    for day in 0..30u64 {
        // from 9 to 20: who sells is on the telephone all day long, a second call at a time when somebody asks a third
        for minute in 0..11 * 60 {
            for (nth, extension) in people.iter().enumerate() {
                let busy = bench.meter.running.values().filter(|one| one.extension == *extension).count();
                let again = if nth < 3 { 4 } else { 20 };
                let may = busy == 0 && rng.chance(1, again) || busy == 1 && rng.chance(1, 60);
                if may {
                    let class = if rng.chance(1, 10) { Class::LongDistance } else { Class::MobileRegion };
                    assert_eq!(bench.ask(extension, "79211234567", class), Ok(()), "day {day}, minute {minute}");
                    let session = bench.call(extension).expect("asked");
                    if rng.chance(2, 3) {
                        bench.answer(session);
                    }
                    calls += 1;
                }
            }
            bench.pass(MINUTE);
            let over: Vec<SessionId> = bench.meter.running.keys().copied().filter(|_| rng.chance(1, 3)).collect();
            over.into_iter().for_each(|session| bench.end(session));
        }
        let open: Vec<SessionId> = bench.meter.running.keys().copied().collect();
        open.into_iter().for_each(|session| bench.end(session));
        bench.pass(13 * HOUR);
    }
    assert!(calls > 10_000 && bench.ended.is_empty(), "{calls} calls, {:?}", bench.ended);
}

/// What a model knows of a call: when it was answered and ended, in seconds of wall time.
type Talk = (&'static str, i64, i64);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a thief does for three days: no day has more calls and minutes than its limits say, and no moment more calls.
    #[test]
    fn no_walk_passes_a_limit(seed in any::<u64>(), zone in 0usize..3) {
        let mut rng = Rng::from_seed(seed);
        let limits = Limits {
            outside_calls: 5,
            extension_calls: 1 + rng.below(3) as u32,
            extension_calls_a_day: 5 + rng.below(20) as u32,
            extension_minutes_a_day: 20 + rng.below(200) as u32,
            calls_a_day: 30,
            minutes_a_day: 300,
            ..none()
        };
        let mut bench = Bench::new(limits.clone());
        bench.office.settings.timezone = ["Europe/Moscow", "Pacific/Apia", "America/New_York"][zone].to_owned();
        let clock = Zone::named(&bench.office.settings.timezone).expect("compiled in");
        let mut open: Vec<(SessionId, &'static str, Option<i64>)> = Vec::new();
        let mut talks: Vec<Talk> = Vec::new();
        for _ in 0..400 {
            match rng.below(4) {
                0 | 1 => {
                    let extension = ["200", "201"][rng.below(2) as usize];
                    if let Ok(session) = bench.call(extension) {
                        open.push((session, extension, None));
                    }
                }
                2 if !open.is_empty() => {
                    let at = rng.below(open.len() as u64) as usize;
                    if open[at].2.is_none() {
                        bench.answer(open[at].0);
                        open[at].2 = Some(bench.wall().millis());
                    }
                }
                _ if rng.chance(1, 3) && !open.is_empty() => {
                    let (session, extension, answered) = open.swap_remove(rng.below(open.len() as u64) as usize);
                    bench.end(session);
                    talks.extend(answered.map(|from| (extension, from, bench.wall().millis())));
                }
                _ => {}
            }
            for _ in 0..rng.below(20) {
                bench.pass(Duration::from_secs(rng.below(60)));
                for (session, _) in std::mem::take(&mut bench.ended) {
                    let at = open.iter().position(|(one, ..)| *one == session).expect("it went on");
                    let (_, extension, answered) = open.swap_remove(at);
                    let to = bench.ended_at[&session].millis();
                    talks.push((extension, answered.expect("it was answered"), to));
                }
            }
            for extension in ["200", "201"] {
                let own = open.iter().filter(|one| one.1 == extension).count();
                prop_assert!(own <= limits.extension_calls as usize, "{own} calls at a time");
            }
            prop_assert!(open.len() <= 5);
        }
        let now = bench.wall().millis();
        talks.extend(open.iter().filter_map(|(_, extension, answered)| Some((*extension, (*answered)?, now))));
        let mut calls: HashMap<(String, &str), (u32, i64)> = HashMap::new();
        for (extension, from, to) in talks {
            let mut at = from;
            let begun = clock.civil(WallTime(from)).date();
            for who in [extension, "office"] {
                calls.entry((begun.to_string(), who)).or_default().0 += 1;
            }
            while at < to {
                let date = clock.civil(WallTime(at)).date();
                let next = clock.moment(date.tomorrow().expect("a date").at(0, 0, 0, 0)).expect("a moment").millis().min(to);
                for who in [extension, "office"] {
                    calls.entry((date.to_string(), who)).or_default().1 += next - at;
                }
                at = next;
            }
        }
        for ((date, who), (calls, millis)) in calls {
            let (most, minutes) = match who {
                "office" => (limits.calls_a_day, limits.minutes_a_day),
                _ => (limits.extension_calls_a_day, limits.extension_minutes_a_day),
            };
            prop_assert!(calls <= most, "{date} {who}: {calls} calls");
            let rounding = 2 * i64::from(calls) + 20; // the calendar knows milliseconds, and calls of the day before go on
            prop_assert!(millis <= i64::from(minutes) * 60_000 + rounding, "{date} {who}: {millis} ms");
        }
    }
}
