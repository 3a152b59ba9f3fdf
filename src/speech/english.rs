//! English: times of twelve hours, dates with the month first.

use super::Word;
use super::number::cardinal;

/// "one new message", "five new messages".
pub(super) fn messages(words: &mut Vec<Word>, kind: &str, count: u32) {
    cardinal(words, count);
    words.push(format!("{kind}_{}", if count == 1 { "one" } else { "many" }).into());
}

/// "nine forty-two p m", "nine oh five a m", "twelve p m".
pub(super) fn time(words: &mut Vec<Word>, hour: u8, minute: u8) {
    let twelve = match hour % 12 {
        0 => 12,
        hour => hour,
    };
    cardinal(words, u32::from(twelve));
    if (1..10).contains(&minute) {
        words.push("oh".into());
    }
    if minute > 0 {
        cardinal(words, u32::from(minute));
    }
    words.push(if hour < 12 { "am" } else { "pm" }.into());
}

/// "November twenty-fifth".
pub(super) fn date(words: &mut Vec<Word>, day: u8, month: u8) {
    words.push(format!("month{month}").into());
    let ones = day % 10;
    if day > 20 && ones > 0 {
        words.push(format!("n{}", day - ones).into());
        words.push(format!("day{ones}").into());
    } else {
        words.push(format!("day{day}").into());
    }
}
