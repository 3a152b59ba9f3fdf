//! When the timetable wants a backup.

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::base::WallTime;
use crate::office::BackupSettings;

/// Whether one is due now, when the last was begun at `last`. A box that was off at its hour makes up for it within [`LATE_MS`].
pub(super) fn is_due(now: WallTime, last: WallTime, settings: &BackupSettings, zone: &str) -> bool {
    if !settings.enabled {
        return false;
    }
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(now.millis()).unwrap_or_default().to_zoned(zone.clone());
    let hour = i64::from(settings.hour);
    [0, 1].into_iter().any(|days_ago| {
        let Ok(day) = local.date().checked_sub(days_ago.days()) else { return false };
        if !is_wanted(settings.weekdays, day.weekday()) {
            return false;
        }
        // An hour that the clocks leave out is the one after it.
        let Ok(at) = day.to_zoned(zone.clone()).and_then(|midnight| {
            midnight.datetime().checked_add(hour.minutes()).and_then(|at| at.to_zoned(zone.clone()))
        }) else {
            return false;
        };
        let at = at.timestamp().as_millisecond();
        let late = now.millis() - at;
        (0..LATE_MS).contains(&late) && last.millis() < at
    })
}

fn is_wanted(weekdays: [bool; 7], day: Weekday) -> bool {
    let nth = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
    !weekdays.contains(&true) || weekdays.get(nth).copied().unwrap_or(false)
}

/// Six hours.
const LATE_MS: i64 = 6 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    const MOSCOW: &str = "Europe/Moscow";

    fn at(text: &str) -> WallTime {
        let zoned: jiff::Zoned = format!("{text}[{MOSCOW}]").parse().unwrap();
        WallTime(zoned.timestamp().as_millisecond())
    }

    fn settings() -> BackupSettings {
        BackupSettings { enabled: true, ..BackupSettings::default() }
    }

    #[test]
    fn it_is_due_once_at_its_hour_and_made_up_for_when_the_box_was_off() {
        let due = |now: &str, last: &str| is_due(at(now), at(last), &settings(), MOSCOW);
        assert!(!due("2026-11-26T03:16:59", "2026-11-25T03:17:00"));
        assert!(due("2026-11-26T03:17:00", "2026-11-25T03:17:02"));
        assert!(!due("2026-11-26T03:17:30", "2026-11-26T03:17:00"), "once a day");
        assert!(due("2026-11-26T08:00:00", "2026-11-25T03:17:00"), "it was off");
        assert!(!due("2026-11-26T12:00:00", "2026-11-25T03:17:00"), "not in the middle of the day");
        let late = BackupSettings { hour: 23 * 60 + 50, ..settings() };
        assert!(is_due(at("2026-11-26T00:10:00"), at("2026-11-24T23:50:00"), &late, MOSCOW), "over midnight");
        assert!(!is_due(at("2026-11-26T03:18:00"), WallTime(0), &BackupSettings::default(), MOSCOW), "it is off");
    }

    #[test]
    fn only_the_days_that_are_named_count() {
        // 2026-11-26 is a Thursday.
        let mut days = [false; 7];
        days[3] = true;
        let thursdays = BackupSettings { weekdays: days, ..settings() };
        assert!(is_due(at("2026-11-26T03:18:00"), WallTime(0), &thursdays, MOSCOW));
        assert!(!is_due(at("2026-11-27T03:18:00"), WallTime(0), &thursdays, MOSCOW));
    }

    #[test]
    fn an_hour_that_summer_time_leaves_out_is_the_next_one() {
        let settings = BackupSettings { hour: 2 * 60 + 30, ..settings() };
        let berlin = |text: &str| {
            let zoned: jiff::Zoned = format!("{text}[Europe/Berlin]").parse().unwrap();
            WallTime(zoned.timestamp().as_millisecond())
        };
        let last = berlin("2026-03-28T02:30:00");
        assert!(is_due(berlin("2026-03-29T03:31:00"), last, &settings, "Europe/Berlin"));
    }
}
