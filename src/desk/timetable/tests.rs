use jiff::civil::date;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::*;
use crate::base::{Duration, Rng};
use crate::office::generated;

const WEEKDAYS: [bool; 7] = [true, true, true, true, true, false, false];
const MINUTE: Duration = Duration::from_secs(60);

fn hours(days: [bool; 7], from: u16, to: u16) -> WeekHours {
    WeekHours { days, from: from * 60, to: to * 60 }
}

fn office_hours() -> Schedule {
    Schedule { hours: vec![hours(WEEKDAYS, 9, 13), hours(WEEKDAYS, 14, 18)], ..Schedule::default() }
}

fn at(schedule: &Schedule, civil: &str) -> Verdict {
    verdict_at(schedule, civil.parse().expect("a civil time"))
}

fn is_open_at(schedule: &Schedule, civil: &str) -> bool {
    at(schedule, civil).open
}

/// The plainest model: the set of minutes that are open, painted interval by interval, day by day.
fn painted(schedule: &Schedule, first: Date, days: usize) -> Vec<bool> {
    let mut minutes = vec![false; (days + 1) * 1440];
    let mut paint = |day: usize, from: u16, to: u16| {
        let end = if to > from { usize::from(to) } else { usize::from(to) + 1440 };
        for minute in usize::from(from)..end {
            if let Some(open) = minutes.get_mut(day * 1440 + minute) {
                *open = true;
            }
        }
    };
    let mut date = first;
    for day in 0..days {
        let own: Vec<_> = schedule.except.iter().filter(|e| e.date == date).collect();
        if !own.is_empty() {
            own.iter().for_each(|e| paint(day, e.from, e.to));
        } else if !schedule.closed.iter().any(|(from, to)| *from <= date && date <= *to) {
            let weekday = match date.weekday() {
                Weekday::Monday => 0,
                Weekday::Tuesday => 1,
                Weekday::Wednesday => 2,
                Weekday::Thursday => 3,
                Weekday::Friday => 4,
                Weekday::Saturday => 5,
                Weekday::Sunday => 6,
            };
            schedule.hours.iter().filter(|h| h.days[weekday]).for_each(|h| paint(day, h.from, h.to));
        }
        date = date.tomorrow().expect("within the calendar");
    }
    minutes
}

/// Compares every minute of some years, in a zone with clock changes, with the painted model.
fn compare(schedule: &Schedule, zone: &str, years: usize) -> Result<(), String> {
    let zone = Zone::named(zone).expect("compiled in");
    let (eve, days) = (date(2025, 12, 31), years * 366);
    let model = painted(schedule, eve, days);
    let start = zone.moment(date(2026, 1, 1).to_datetime(jiff::civil::Time::midnight())).expect("within the calendar");
    for minute in 0..u32::try_from(years * 365 * 1440).expect("few years") {
        let now = start + MINUTE * minute;
        let civil = zone.civil(now);
        let day = usize::try_from((civil.date() - eve).get_days()).expect("after the eve");
        let of_day = usize::from(civil.hour().unsigned_abs()) * 60 + usize::from(civil.minute().unsigned_abs());
        if is_open(schedule, &zone, now) != model[day * 1440 + of_day] {
            return Err(format!("{civil}: {:?}, {schedule:?}", verdict(schedule, &zone, now)));
        }
    }
    Ok(())
}

#[test]
fn every_minute_of_three_years_is_as_the_plainest_model_says() {
    let mut schedule = generated::schedule(&mut Rng::from_seed(26), 0);
    schedule.hours.push(hours(WEEKDAYS, 22, 6));
    assert_eq!(compare(&schedule, "Europe/Berlin", 3), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_timetable_agrees_with_the_plainest_model(seed in any::<u64>(), zone in 0usize..4) {
        let schedule = generated::schedule(&mut Rng::from_seed(seed), 0);
        let zone = ["Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"][zone];
        prop_assert_eq!(compare(&schedule, zone, 1), Ok(()));
    }
}

#[test]
fn a_lunch_break_is_closed_and_the_last_minute_is_open() {
    let schedule = office_hours();
    for (civil, open) in [
        ("2026-11-25T08:59:59", false),
        ("2026-11-25T09:00:00", true),
        ("2026-11-25T12:59:59", true),
        ("2026-11-25T13:00:00", false),
        ("2026-11-25T14:00:00", true),
        ("2026-11-25T17:59:59", true),
        ("2026-11-25T18:00:00", false),
        ("2026-11-28T12:00:00", false),
    ] {
        assert_eq!(is_open_at(&schedule, civil), open, "{civil}");
    }
}

#[test]
fn a_holiday_over_the_end_of_a_month_does_not_fire_in_another_month() {
    let schedule = Schedule {
        hours: vec![hours([true; 7], 0, 24)],
        closed: vec![(date(2026, 4, 29), date(2026, 5, 5))],
        ..Schedule::default()
    };
    let mut day = date(2025, 1, 1);
    while day < date(2028, 1, 1) {
        let closed = day >= date(2026, 4, 29) && day <= date(2026, 5, 5);
        let noon = day.at(12, 0, 0, 0);
        assert_eq!(verdict_at(&schedule, noon).open, !closed, "{day}");
        day = day.tomorrow().expect("within the calendar");
    }
    assert_eq!(at(&schedule, "2026-05-01T12:00").why, Rule::Holiday(0));
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_starts() {
    let friday = [false, false, false, false, true, false, false];
    let schedule = Schedule {
        hours: vec![hours(friday, 22, 6)],
        closed: vec![(date(2026, 11, 28), date(2026, 11, 28))],
        ..Schedule::default()
    };
    assert_eq!(at(&schedule, "2026-11-27T23:00").why, Rule::Hours(0));
    let saturday = at(&schedule, "2026-11-28T05:59");
    assert_eq!(saturday, Verdict { open: true, why: Rule::HoursOfYesterday(0) }, "though Saturday is a holiday");
    assert_eq!(at(&schedule, "2026-11-28T06:00"), Verdict { open: false, why: Rule::Holiday(0) });
    assert!(!is_open_at(&schedule, "2026-11-27T05:00"), "no night began on Thursday");
    assert!(!is_open_at(&schedule, "2026-11-28T23:00"), "none begins on Saturday");
}

#[test]
fn an_exception_replaces_the_hours_and_the_holiday_of_its_date() {
    let schedule = Schedule {
        except: vec![DateHours { date: date(2026, 12, 31), from: 600, to: 900 }],
        closed: vec![(date(2026, 12, 30), date(2027, 1, 8))],
        ..office_hours()
    };
    assert_eq!(at(&schedule, "2026-12-31T12:00").why, Rule::Exception(0));
    assert_eq!(at(&schedule, "2026-12-31T09:30"), Verdict { open: false, why: Rule::OutsideException });
    assert_eq!(at(&schedule, "2026-12-30T12:00"), Verdict { open: false, why: Rule::Holiday(0) });
    assert_eq!(at(&schedule, "2026-12-29T13:30"), Verdict { open: false, why: Rule::OutsideHours });
    assert_eq!(at(&schedule, "2026-11-28T13:30"), Verdict { open: false, why: Rule::DayOff });
}

#[test]
fn clock_changes_shift_with_the_wall_clock() {
    let zone = Zone::named("Europe/Berlin").expect("compiled in");
    let schedule = Schedule { hours: vec![WeekHours { days: [true; 7], from: 150, to: 180 }], ..Schedule::default() };
    let open_minutes = |day: Date| {
        let midnight = zone.moment(day.at(0, 0, 0, 0)).expect("within the calendar");
        (0..25 * 60)
            .filter(|minute| {
                zone.civil(midnight + MINUTE * *minute).date() == day
                    && is_open(&schedule, &zone, midnight + MINUTE * *minute)
            })
            .count()
    };
    assert_eq!(open_minutes(date(2026, 3, 28)), 30);
    assert_eq!(open_minutes(date(2026, 3, 29)), 0, "half past two doesn't exist");
    assert_eq!(open_minutes(date(2026, 10, 25)), 60, "half past two comes twice");
}

#[test]
fn moscow_follows_its_own_history() {
    let zone = Zone::named("Europe/Moscow").expect("compiled in");
    // 2014-10-26 02:00 (+04) became 01:00 (+03); since then there are no changes.
    let summer = zone.moment(date(2014, 7, 1).at(12, 0, 0, 0)).expect("within the calendar");
    let winter = zone.moment(date(2026, 7, 1).at(12, 0, 0, 0)).expect("within the calendar");
    assert_eq!((summer.millis() / 3_600_000) % 24, 8);
    assert_eq!((winter.millis() / 3_600_000) % 24, 9);
    assert!(Zone::named("Europe/Moskow").is_none());
}

#[test]
fn the_ends_of_the_calendar_are_answered() {
    let zone = Zone::named("Europe/Moscow").expect("compiled in");
    for millis in [i64::MIN, -1, 0, i64::MAX] {
        assert!(!is_open(&Schedule::default(), &zone, WallTime(millis)));
    }
}

#[test]
fn the_rule_is_told_in_both_languages() {
    let schedule = Schedule { closed: vec![(date(2027, 1, 1), date(2027, 1, 8))], ..office_hours() };
    assert_eq!(Rule::Hours(1).text(&schedule, Language::Ru), "14:00–18:00");
    assert_eq!(Rule::Holiday(0).text(&schedule, Language::Ru), "выходные 2027-01-01..2027-01-08");
    assert_eq!(Rule::DayOff.text(&schedule, Language::En), "no hours on this day of the week");
}
