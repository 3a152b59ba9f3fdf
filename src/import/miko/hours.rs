//! When an office on MikoPBX does not work, turned into when it works.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::found::{Found, Goal};
use super::super::{Row, Tables};
use super::{DAY, goal, message};
use crate::office::{Schedule, WeekHours};

/// The hours in which the office works, of those in which it does not, and where calls go then.
pub(super) fn office_hours(tables: &Tables, zone: &str, found: &mut Found) -> Option<(Schedule, Goal)> {
    let rows = tables.rows("m_OutWorkTimes");
    let first = rows.first()?;
    let mut closed = [[false; DAY]; 7];
    let mut schedule = Schedule { name: "Рабочее время MikoPBX".to_owned(), ..Schedule::default() };
    for row in rows {
        match (date(row.get("date_from"), zone), date(row.get("date_to"), zone)) {
            (Some(from), Some(to)) if from <= to => schedule.closed.push((from, to)),
            (Some(day), None) => schedule.closed.push((day, day)),
            (None, None) => close(&mut closed, row),
            _ => {
                let name = row.get("description");
                found.note(
                    format!("Нерабочее время «{name}»: его даты не читаются, оно не переносится."),
                    format!("The off-hours {name}: their dates can't be read, they do not come over."),
                );
            }
        }
        if row.get("allowRestriction") == "1" {
            found.note(
                format!(
                    "Нерабочее время «{}» касалось не всех правил, здесь — всех. Проверьте схему.",
                    row.get("description")
                ),
                format!(
                    "The off-hours {} were of some rules only, here they are of all. Look at the desk.",
                    row.get("description")
                ),
            );
        }
    }
    let way = |row: &Row| ["action", "extension", "audio_message_id"].map(|column| row.get(column).to_owned());
    if rows.iter().any(|row| way(row) != way(first)) {
        found.note(
            "У нерабочего времени разные назначения; взято первое.",
            "The off-hours lead to different places; the first one is taken.",
        );
    }
    schedule.hours = open_hours(&closed);
    if !first.get("calType").is_empty() && first.get("calType") != "none" {
        found.note(
            "Нерабочее время по календарю: его события не переносятся, часы задайте сами.",
            "The off-hours follow a calendar: its events do not come over, set the hours yourself.",
        );
    }
    let no = match first.get("action") {
        "extension" => goal(tables, first.get("extension")),
        _ => message(tables, first.get("audio_message_id"), Goal::HangUp, found),
    };
    Some((schedule, no))
}

fn date(seconds: &str, zone: &str) -> Option<jiff::civil::Date> {
    let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    Some(at.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date())
}

/// Marks what a rule closes: days from 1, Monday; without days every day, without times all day.
fn close(closed: &mut [[bool; DAY]; 7], row: &Row) {
    let day = |column: &str| row.get(column).parse::<usize>().ok().filter(|day| (1..=7).contains(day));
    let minute = |column: &str| {
        let (hours, minutes) = row.get(column).split_once(':')?;
        Some((hours.parse::<usize>().ok()? * 60 + minutes.get(..2)?.parse::<usize>().ok()?).min(DAY))
    };
    let first = day("weekday_from").unwrap_or(1);
    let last = day("weekday_to").unwrap_or(if day("weekday_from").is_some() { first } else { 7 });
    let (from, to) = (minute("time_from").unwrap_or(0), minute("time_to").unwrap_or(DAY));
    // 23:59 is how people write midnight.
    let to = if to == DAY - 1 { DAY } else { to };
    for nth in 0..=(last + 7 - first) % 7 {
        let day = (first - 1 + nth) % 7;
        for minute in 0..DAY {
            let inside = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
            if let Some(mark) = closed.get_mut(day).and_then(|day| day.get_mut(minute)).filter(|_| inside) {
                *mark = true;
            }
        }
    }
}

fn open_hours(closed: &[[bool; DAY]; 7]) -> Vec<WeekHours> {
    let mut hours: Vec<WeekHours> = Vec::new();
    for (day, minutes) in closed.iter().enumerate() {
        let mut from = None;
        for minute in 0..=DAY {
            let open = minutes.get(minute).is_some_and(|closed| !closed);
            match (from, open) {
                (None, true) => from = Some(minute),
                (Some(begun), false) => {
                    add(&mut hours, day, begun, minute);
                    from = None;
                }
                _ => {}
            }
        }
    }
    hours
}

fn add(hours: &mut Vec<WeekHours>, day: usize, from: usize, to: usize) {
    let (Ok(from), Ok(to)) = (u16::try_from(from), u16::try_from(to)) else { return };
    let same = hours.iter().position(|one| one.from == from && one.to == to);
    let at = same.unwrap_or_else(|| {
        hours.push(WeekHours { days: [false; 7], from, to });
        hours.len() - 1
    });
    if let Some(on) = hours.get_mut(at).and_then(|one| one.days.get_mut(day)) {
        *on = true;
    }
}
