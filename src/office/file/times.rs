//! Times of day, days of the week and dates as they are spelled in `[[schedule]]`.

use jiff::civil::Date;

use super::fault::Fault;

/// Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// `24:00`.
const MIDNIGHT: u16 = 24 * 60;

/// `09:00` → minutes since midnight; `24:00` is the end of the day.
pub(super) fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        (lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok())
    };
    let (hours, minutes) = (digits(hours, 1..=2)??, digits(minutes, 2..=2)??);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= MIDNIGHT).then_some(all)
}

pub(super) fn spell_minutes(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `mon-fri`, `sat`, `mon,wed,fri-sun`; a range may go round the end of the week.
pub(super) fn days(text: &str) -> Option<[bool; 7]> {
    let index = |word: &str| DAYS.iter().position(|day| *day == word.trim());
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (index(first)?, index(last)?);
        let span = (last + 7 - first) % 7;
        for day in first..=first + span {
            if let Some(on) = days.get_mut(day % 7) {
                *on = true;
            }
        }
    }
    Some(days)
}

pub(super) fn spell_days(days: [bool; 7]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for (day, _) in days.iter().enumerate().filter(|(_, on)| **on) {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => parts.push((day, day)),
        }
    }
    let name = |day: usize| DAYS.get(day).copied().unwrap_or("");
    let spelled = parts.into_iter().map(|(first, last)| match last - first {
        0 => name(first).to_owned(),
        _ => format!("{}-{}", name(first), name(last)),
    });
    spelled.collect::<Vec<_>>().join(",")
}

/// `2026-12-31`, and nothing looser.
pub(super) fn date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    if shape { text.parse().ok() } else { None }
}

/// `2027-01-01..2027-01-08`, or one date. `Err` says what is wrong, as a fact and in words.
pub(super) fn dates(text: &str) -> Result<(Date, Date), (Fault, String)> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let parse =
        |text: &str| date(text).ok_or_else(|| (Fault::Date, format!("\"{text}\" is no date like \"2027-01-08\"")));
    let (first, last) = (parse(first)?, parse(last)?);
    if last < first { Err((Fault::DateOrder, format!("{last} is before {first}"))) } else { Ok((first, last)) }
}

pub(super) fn spell_dates(first: Date, last: Date) -> String {
    if first == last { first.to_string() } else { format!("{first}..{last}") }
}
