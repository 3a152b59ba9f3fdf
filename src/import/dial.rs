//! Which dialled numbers a rule for outgoing calls takes, and what it sends. Asterisk's patterns, and those of MikoPBX: the beginning as a
//! regular expression, and how many digits follow. Its expressions are of digits, sets and alternatives; anything else can't be read.

use std::collections::BTreeSet;

/// A rule for outgoing calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Names of trunks, the first first.
    pub(super) trunks: Vec<String>,
    pub(super) patterns: Vec<Pattern>,
    /// Whether it asks who dials for a PIN.
    pub(super) pin: bool,
    /// The number that it shows, as written there; empty: the caller's or the trunk's.
    pub(super) shows: String,
}

impl Rule {
    /// What is sent when this extension dials that; with the pattern that took it.
    pub(super) fn sends(&self, from: &str, dialled: &str) -> Option<(&Pattern, String)> {
        self.patterns.iter().find_map(|pattern| Some((pattern, pattern.sends(from, dialled)?)))
    }

    /// Its patterns as people wrote them.
    pub(super) fn written(&self) -> String {
        self.patterns.iter().take(SHOWN).map(Pattern::written).collect::<Vec<_>>().join(", ")
    }
}

/// Patterns that a note shows.
const SHOWN: usize = 5;

/// Which numbers, and what becomes of them.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Asterisk's: X, Z, N, sets, `.` and `!`.
    Asterisk {
        /// Of the extension that calls; empty: any.
        from: String,
        /// Taken away.
        prefix: String,
        pass: String,
        prepend: String,
    },
    /// MikoPBX's.
    Begins {
        begins: String,
        /// So many digits follow; -1: whatever follows.
        rest: i32,
        /// Digits that are taken away.
        trim: usize,
        prepend: String,
    },
}

impl Pattern {
    /// What is sent; `None`: it is not for this pattern.
    pub(super) fn sends(&self, from: &str, dialled: &str) -> Option<String> {
        match self {
            Self::Asterisk { from: own, prefix, pass, prepend } => {
                if !own.is_empty() && !matches(&tokens(own)?, from) {
                    return None;
                }
                let prefix = tokens(prefix)?;
                let away = prefix.len();
                let whole: Vec<Token> = prefix.into_iter().chain(tokens(pass)?).collect();
                (!whole.is_empty() && matches(&whole, dialled)).then(|| changed(prepend, dialled, away))
            }
            Self::Begins { begins, rest, trim, prepend } => {
                let (pattern, text): (Vec<char>, Vec<char>) = (begins.chars().collect(), dialled.chars().collect());
                if pattern.len() > LONGEST || text.is_empty() {
                    return None;
                }
                let ends = ends(&pattern, &text, &BTreeSet::from([0]), 0)?;
                let fits = ends.iter().any(|end| {
                    let left = text.get(*end..).unwrap_or(&[]);
                    match usize::try_from(*rest) {
                        Ok(rest) => left.len() == rest && left.iter().all(char::is_ascii_digit),
                        Err(_) => true,
                    }
                });
                fits.then(|| changed(prepend, dialled, *trim))
            }
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Asterisk { prefix, pass, .. } if prefix.is_empty() => pass.clone(),
            Self::Asterisk { prefix, pass, .. } => format!("{prefix}|{pass}"),
            Self::Begins { begins, .. } => format!("{begins}…"),
        }
    }
}

fn changed(prepend: &str, dialled: &str, away: usize) -> String {
    let rest = dialled.chars().skip(away);
    prepend.chars().chain(rest).filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect()
}

/// A place of a pattern of Asterisk's.
enum Token {
    Is(char),
    /// Beginnings and ends of ranges.
    Of(Vec<(char, char)>),
    /// So many or more of anything.
    Rest(usize),
}

/// `None`: it is no pattern.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let text = text.trim().trim_start_matches('_');
    if text.len() > LONGEST {
        return None;
    }
    let mut letters = text.chars();
    let mut tokens = Vec::new();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            'X' | 'x' => Token::Of(vec![('0', '9')]),
            'Z' | 'z' => Token::Of(vec![('1', '9')]),
            'N' | 'n' => Token::Of(vec![('2', '9')]),
            '[' => {
                let inside: Vec<char> = letters.by_ref().take_while(|letter| *letter != ']').collect();
                Token::Of(ranges(&inside))
            }
            '.' => Token::Rest(1),
            '!' => Token::Rest(0),
            ' ' | '-' => continue,
            letter if letter.is_ascii_digit() || "+*#".contains(letter) => Token::Is(letter),
            _ => return None,
        });
    }
    Some(tokens)
}

fn matches(tokens: &[Token], text: &str) -> bool {
    let mut left = text.chars();
    for token in tokens {
        let fits = match token {
            Token::Rest(least) => return left.count() >= *least,
            Token::Is(own) => left.next() == Some(*own),
            Token::Of(ranges) => left.next().is_some_and(|letter| within(ranges, letter)),
        };
        if !fits {
            return false;
        }
    }
    left.next().is_none()
}

/// `1237-9`
fn ranges(inside: &[char]) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    let mut rest = inside;
    loop {
        rest = match rest {
            [first, '-', last, more @ ..] => {
                ranges.push((*first, *last));
                more
            }
            [one, more @ ..] => {
                ranges.push((*one, *one));
                more
            }
            [] => return ranges,
        };
    }
}

fn within(ranges: &[(char, char)], letter: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&letter))
}

/// Where an expression may end in the text when it begins at one of these places; `None`: it can't be read.
fn ends(pattern: &[char], text: &[char], from: &BTreeSet<usize>, depth: usize) -> Option<BTreeSet<usize>> {
    if depth > DEEPEST {
        return None;
    }
    let mut all = BTreeSet::new();
    for one in alternatives(pattern) {
        all.extend(in_turn(one, text, from, depth)?);
    }
    Some(all)
}

/// What stands between bars that are in no parentheses.
fn alternatives(pattern: &[char]) -> Vec<&[char]> {
    let mut open = 0_usize;
    pattern
        .split(|letter| {
            match letter {
                '(' => open += 1,
                ')' => open = open.saturating_sub(1),
                _ => {}
            }
            *letter == '|' && open == 0
        })
        .collect()
}

fn in_turn(pattern: &[char], text: &[char], from: &BTreeSet<usize>, depth: usize) -> Option<BTreeSet<usize>> {
    let (mut at, mut rest) = (from.clone(), pattern);
    let step = |at: &BTreeSet<usize>, fits: &dyn Fn(char) -> bool| -> BTreeSet<usize> {
        at.iter().filter(|place| text.get(**place).is_some_and(|letter| fits(*letter))).map(|place| place + 1).collect()
    };
    while let [first, after @ ..] = rest {
        let (next, more) = match first {
            '^' => (at.clone(), after),
            '(' => {
                let close = closing(after)?;
                let inside = after.get(..close)?;
                let inside = inside.strip_prefix(&['?', ':']).unwrap_or(inside);
                (ends(inside, text, &at, depth + 1)?, after.get(close + 1..)?)
            }
            '[' => {
                let close = after.iter().position(|letter| *letter == ']')?;
                let inside = after.get(..close)?;
                let (inside, wanted) = inside.strip_prefix(&['^']).map_or((inside, true), |rest| (rest, false));
                let ranges = ranges(inside);
                (step(&at, &|letter| within(&ranges, letter) == wanted), after.get(close + 1..)?)
            }
            '\\' => match after {
                ['d', more @ ..] => (step(&at, &|letter| letter.is_ascii_digit()), more),
                [letter, more @ ..] if letter.is_ascii_punctuation() => (step(&at, &|one| one == *letter), more),
                _ => return None,
            },
            '.' => (step(&at, &|_| true), after),
            letter if letter.is_ascii_digit() || "+*#".contains(*letter) => (step(&at, &|one| one == *letter), after),
            _ => return None,
        };
        (at, rest) = match more {
            ['?', more @ ..] => (next.union(&at).copied().collect(), more),
            more => (next, more),
        };
    }
    Some(at)
}

/// The place of the parenthesis that closes what was opened before.
fn closing(text: &[char]) -> Option<usize> {
    let mut open = 1_usize;
    text.iter().position(|letter| {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        open == 0
    })
}

/// Characters of a pattern.
const LONGEST: usize = 200;
/// Parentheses in parentheses.
const DEEPEST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn asterisk(prefix: &str, pass: &str, prepend: &str) -> Pattern {
        let [prefix, pass, prepend] = [prefix, pass, prepend].map(str::to_owned);
        Pattern::Asterisk { from: String::new(), prefix, pass, prepend }
    }

    fn begins(begins: &str, rest: i32, trim: usize, prepend: &str) -> Pattern {
        Pattern::Begins { begins: begins.to_owned(), rest, trim, prepend: prepend.to_owned() }
    }

    #[test]
    fn patterns_of_asterisk_take_their_numbers_and_change_them() {
        let cases = [
            (asterisk("9", "8XXXXXXXXXX", ""), "989161234567", Some("89161234567")),
            (asterisk("9", "8XXXXXXXXXX", ""), "89161234567", None),
            (asterisk("", "8[3489]XXXXXXXXX", "+7"), "84951234567", Some("+784951234567")),
            (asterisk("8", "[3-489]XXXXXXXXX", "+7"), "84951234567", Some("+74951234567")),
            (asterisk("", "_NXXXXXX", "8495"), "1234567", None),
            (asterisk("", "_NXXXXXX", "8495"), "2234567", Some("84952234567")),
            (asterisk("9|", "X.", ""), "9112", None),
            (asterisk("", "810.", ""), "8104930123456", Some("8104930123456")),
            (asterisk("", "810.", ""), "810", None),
            (asterisk("", "810!", ""), "810", Some("810")),
            (asterisk("", "", ""), "810", None),
        ];
        for (pattern, dialled, sent) in cases {
            assert_eq!(pattern.sends("201", dialled).as_deref(), sent, "{pattern:?} {dialled}");
        }
        let own = Pattern::Asterisk {
            from: "2XX".to_owned(),
            prefix: String::new(),
            pass: "X.".to_owned(),
            prepend: String::new(),
        };
        assert!(own.sends("201", "112").is_some() && own.sends("301", "112").is_none());
    }

    #[test]
    fn beginnings_of_mikopbx_take_their_numbers_and_change_them() {
        let cases = [
            (begins("(7|8)", 10, 0, ""), "89161234567", Some("89161234567")),
            (begins("(7|8)", 10, 1, "+7"), "89161234567", Some("+79161234567")),
            (begins("[78]9", 9, 1, "7"), "89161234567", Some("79161234567")),
            (begins("8(9|4[98])", -1, 0, ""), "84951234567", Some("84951234567")),
            (begins("8(9|4[98])", -1, 0, ""), "83431234567", None),
            (begins("+7?8", 10, 0, ""), "+89161234567", Some("+89161234567")),
            (begins("", 7, 0, "8495"), "1234567", Some("84951234567")),
            (begins("9", -1, 1, ""), "9112", Some("112")),
            (begins("112", 0, 0, ""), "112", Some("112")),
            (begins("\\d\\d", 0, 0, ""), "12", Some("12")),
        ];
        for (pattern, dialled, sent) in cases {
            assert_eq!(pattern.sends("201", dialled).as_deref(), sent, "{pattern:?} {dialled}");
        }
    }

    #[test]
    fn what_is_no_pattern_takes_nothing_and_ends_soon() {
        for broken in ["(", "(8", "[", "[9", "8)", "a", "\\", "(?", "((((((((((8))))))))))", &"(8|8)?".repeat(33)] {
            let _ = begins(broken, 10, 0, "").sends("201", "89161234567");
            let _ = asterisk(broken, broken, broken).sends(broken, "89161234567");
        }
        assert_eq!(begins("(8", 10, 0, "").sends("201", "89161234567"), None);
        assert_eq!(asterisk("", "8{10}", "").sends("201", "89161234567"), None);
    }
}
