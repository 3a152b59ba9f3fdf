//! What both languages say alike: digits, and cardinal numbers up to 999.

use super::{GAP, Word};

/// Digit by digit, in groups as people say them: 7 812 612 29 81. What is no digit, `*`, `#` or `+` is passed over.
pub(super) fn digits(words: &mut Vec<Word>, number: &str) {
    let said: Vec<Word> = number.chars().filter_map(digit).collect();
    for (at, word) in said.iter().enumerate() {
        if at > 0 && begins_group(said.len() - at, said.len()) {
            words.push(GAP);
        }
        words.push(word.clone());
    }
}

/// A cardinal number, masculine where that matters. Of more than 999 it says 999.
pub(super) fn cardinal(words: &mut Vec<Word>, number: u32) {
    let number = number.min(MOST);
    let (hundreds, rest) = (number - number % 100, number % 100);
    if hundreds > 0 {
        words.push(format!("n{hundreds}").into());
    }
    let (tens, ones) = if rest < 20 { (0, rest) } else { (rest - rest % 10, rest % 10) };
    if tens > 0 {
        words.push(format!("n{tens}").into());
    }
    if ones > 0 || number == 0 {
        words.push(format!("n{ones}").into());
    }
}

fn digit(digit: char) -> Option<Word> {
    Some(match digit {
        '0'..='9' => format!("n{digit}").into(),
        '*' => "star".into(),
        '#' => "hash".into(),
        '+' => "plus".into(),
        _ => return None,
    })
}

/// Whether a group begins where so many of all digits are left: two, two, three and three from the end.
fn begins_group(left: usize, all: usize) -> bool {
    all > SHORT && matches!(left, 2 | 4 | 7 | 10)
}

/// Numbers so long are said in one breath: those of extensions. Digits.
const SHORT: usize = 5;
/// Nobody has more messages, nor more people before him.
const MOST: u32 = 999;
