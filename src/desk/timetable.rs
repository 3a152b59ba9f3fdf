//! Open or closed: one timetable asked about one moment, and which of its rules decided. Works on the wall clock of the
//! office's time zone, so that clock changes need no case of their own: an hour that doesn't exist is never met, and
//! one that comes twice counts twice. Asks no clock and reads no zone file; the zones are compiled in.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::base::WallTime;
use crate::office::{DateHours, Language, Schedule, WeekHours};

/// A time zone by its IANA name, from the table that is compiled in.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone `name` (`Europe/Moscow`); `None` when there is no such zone.
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// What clocks in this zone show at `at`. Moments outside of the years −9999 to 9999 count as the first or last one.
    pub fn civil(&self, at: WallTime) -> DateTime {
        let bounds = jiff::Timestamp::MIN.as_millisecond()..=jiff::Timestamp::MAX.as_millisecond();
        let millis = at.millis().clamp(*bounds.start(), *bounds.end());
        let stamp = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
        self.0.to_datetime(stamp)
    }

    /// The first moment at which clocks in this zone show `civil`; in a gap, the moment after it.
    pub fn moment(&self, civil: DateTime) -> Option<WallTime> {
        self.0.to_timestamp(civil).ok().map(|stamp| WallTime(stamp.as_millisecond()))
    }
}

/// What a timetable says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The «yes» output.
    pub open: bool,
    /// Which rule decided.
    pub why: Rule,
}

/// The rule that decided. Indices are those of the timetable's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Open by this entry of `hours`, begun today.
    Hours(usize),
    /// Open by this entry of `hours`, begun yesterday and going on past midnight.
    HoursOfYesterday(usize),
    /// Open by this entry of `except`, begun today.
    Exception(usize),
    /// Open by this entry of `except`, begun yesterday and going on past midnight.
    ExceptionOfYesterday(usize),
    /// Closed: `except` has other hours for today.
    OutsideException,
    /// Closed by this entry of `closed`.
    Holiday(usize),
    /// Closed: today has hours, but not now.
    OutsideHours,
    /// Closed: no hours on this day of the week.
    DayOff,
}

/// Whether `schedule` is open at `at`.
pub fn is_open(schedule: &Schedule, zone: &Zone, at: WallTime) -> bool {
    verdict(schedule, zone, at).open
}

/// Whether `schedule` is open at `at`, and why. A date's exceptions come before holidays, and these before the hours of the week.
/// An interval belongs to the day on which it starts: one that began yesterday goes on past midnight whatever today is.
pub fn verdict(schedule: &Schedule, zone: &Zone, at: WallTime) -> Verdict {
    verdict_at(schedule, zone.civil(at))
}

/// [`verdict`] when clocks of the office show `now`.
pub fn verdict_at(schedule: &Schedule, now: DateTime) -> Verdict {
    let minute = u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs());
    let today = Day::of(schedule, now.date());
    if let Some(why) = today.open_at(schedule, minute) {
        return Verdict { open: true, why };
    }
    let yesterday = now.date().checked_sub(1.day()).map(|date| Day::of(schedule, date));
    if let Some(why) = yesterday.ok().and_then(|day| day.still_open_at(schedule, minute)) {
        return Verdict { open: true, why };
    }
    Verdict { open: false, why: today.why_closed(schedule) }
}

/// Which rule holds for the intervals that start on a date.
enum Day {
    Exceptions(Date),
    Holiday(usize),
    Week(usize),
}

impl Day {
    fn of(schedule: &Schedule, date: Date) -> Self {
        if schedule.except.iter().any(|e| e.date == date) {
            return Self::Exceptions(date);
        }
        let holiday = schedule.closed.iter().position(|(first, last)| (*first..=*last).contains(&date));
        holiday.map_or_else(|| Self::Week(day_index(date.weekday())), Self::Holiday)
    }

    /// Open at this minute of the day itself.
    fn open_at(&self, schedule: &Schedule, minute: u16) -> Option<Rule> {
        let within = |from: u16, to: u16| minute >= from && (to <= from || minute < to);
        match self {
            Self::Exceptions(date) => {
                schedule.except.iter().position(|e| e.date == *date && within(e.from, e.to)).map(Rule::Exception)
            }
            Self::Holiday(_) => None,
            Self::Week(day) => {
                schedule.hours.iter().position(|h| is_on(h, *day) && within(h.from, h.to)).map(Rule::Hours)
            }
        }
    }

    /// Open at this minute of the following day, by an interval that goes on past midnight.
    fn still_open_at(&self, schedule: &Schedule, minute: u16) -> Option<Rule> {
        let within = |from: u16, to: u16| to <= from && minute < to;
        match self {
            Self::Exceptions(date) => schedule
                .except
                .iter()
                .position(|e| e.date == *date && within(e.from, e.to))
                .map(Rule::ExceptionOfYesterday),
            Self::Holiday(_) => None,
            Self::Week(day) => {
                schedule.hours.iter().position(|h| is_on(h, *day) && within(h.from, h.to)).map(Rule::HoursOfYesterday)
            }
        }
    }

    fn why_closed(&self, schedule: &Schedule) -> Rule {
        match self {
            Self::Exceptions(_) => Rule::OutsideException,
            Self::Holiday(at) => Rule::Holiday(*at),
            Self::Week(day) if schedule.hours.iter().any(|h| is_on(h, *day)) => Rule::OutsideHours,
            Self::Week(_) => Rule::DayOff,
        }
    }
}

fn is_on(hours: &WeekHours, day: usize) -> bool {
    hours.days.get(day).copied().unwrap_or(false)
}

fn day_index(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}

impl Rule {
    /// In words, for the page and `what-if`.
    pub fn text(self, schedule: &Schedule, language: Language) -> String {
        let russian = language == Language::Ru;
        let say = |ru: &str, en: &str| if russian { ru.to_owned() } else { en.to_owned() };
        match self {
            Self::Hours(at) => hours_text(schedule.hours.get(at)),
            Self::HoursOfYesterday(at) => {
                format!("{} {}", say("со вчера", "since yesterday"), hours_text(schedule.hours.get(at)))
            }
            Self::Exception(at) => date_text(schedule.except.get(at)),
            Self::ExceptionOfYesterday(at) => {
                format!("{} {}", say("со вчера", "since yesterday"), date_text(schedule.except.get(at)))
            }
            Self::OutsideException => say("вне особых часов этой даты", "outside of this date's own hours"),
            Self::Holiday(at) => match schedule.closed.get(at) {
                Some((first, last)) if first == last => format!("{} {first}", say("выходной", "closed")),
                Some((first, last)) => format!("{} {first}..{last}", say("выходные", "closed")),
                None => say("выходной", "closed"),
            },
            Self::OutsideHours => say("вне рабочих часов", "outside of the hours"),
            Self::DayOff => say("нерабочий день недели", "no hours on this day of the week"),
        }
    }
}

fn hours_text(hours: Option<&WeekHours>) -> String {
    hours.map_or_else(String::new, |h| format!("{}–{}", Clock(h.from), Clock(h.to)))
}

fn date_text(hours: Option<&DateHours>) -> String {
    hours.map_or_else(String::new, |h| format!("{} {}–{}", h.date, Clock(h.from), Clock(h.to)))
}

/// Minutes since midnight as `HH:MM`.
struct Clock(u16);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests;
