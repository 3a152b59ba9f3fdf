//! Russian: numbers with their gender, nouns with their three forms after numbers, dates in the genitive.

use super::Word;
use super::number::cardinal;

/// «одно новое сообщение», «два новых сообщения», «пять новых сообщений».
pub(super) fn messages(words: &mut Vec<Word>, kind: &str, count: u32) {
    counted(words, count, "neuter", kind);
}

/// «двадцать один час сорок две минуты», «девять часов ровно».
pub(super) fn time(words: &mut Vec<Word>, hour: u8, minute: u8) {
    counted(words, u32::from(hour), "masculine", "hour");
    match minute {
        0 => words.push("exactly".into()),
        _ => counted(words, u32::from(minute), "feminine", "minute"),
    }
}

/// «двадцать пятого ноября».
pub(super) fn date(words: &mut Vec<Word>, day: u8, month: u8) {
    let ones = day % 10;
    if day > 20 && ones > 0 {
        words.push(format!("n{}", day - ones).into());
        words.push(format!("day{ones}").into());
    } else {
        words.push(format!("day{day}").into());
    }
    words.push(format!("month{month}").into());
}

/// A number in the gender of a noun, and the noun in the form that the number wants.
fn counted(words: &mut Vec<Word>, number: u32, gender: &str, noun: &str) {
    cardinal(words, number);
    if let Some(last) = words.last_mut() {
        let agreed = match (last.as_ref(), gender) {
            ("n1", "feminine" | "neuter") | ("n2", "feminine") => format!("{last}_{gender}"),
            _ => last.to_string(),
        };
        *last = agreed.into();
    }
    words.push(format!("{noun}_{}", form(number)).into());
}

/// The form of a noun after a number.
fn form(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=14) => "many",
        (1, _) => "one",
        (2..=4, _) => "few",
        _ => "many",
    }
}
