//! Which SIP passwords a stranger would guess. An office file may carry them, with a warning; the page and the API refuse them.

/// Fewer characters are guessed.
const SHORTEST: usize = 8;
/// Only digits must be so many.
const SHORTEST_OF_DIGITS: usize = 12;
/// What everybody tries first, in lower case.
const COMMON: [&str; 14] = [
    "password",
    "passw0rd",
    "password1",
    "qwertyui",
    "qwerty123",
    "qwertyuiop",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "asterisk",
    "welcome1",
    "changeme",
    "dozvon123",
    "iloveyou",
    "zaq12wsx",
];

/// Why a password is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("the password is shorter than {SHORTEST} characters")]
    Short,
    /// Digits only, and too few.
    #[error("the password is only digits")]
    Digits,
    /// The login or the number itself.
    #[error("the password is the login or the number")]
    Own,
    /// One of those that everybody tries, or one letter over and over.
    #[error("the password is one of those that are tried first")]
    Common,
}

/// Why `password` is weak for the device `login` of extension `number`; `None` when it isn't.
pub fn weak_password(password: &str, login: &str, number: &str) -> Option<WeakPassword> {
    let same = |other: &str| password.eq_ignore_ascii_case(other);
    let mut letters = password.chars();
    let first = letters.next();
    if same(login) || same(number) || login.split_once('+').is_some_and(|(_, rest)| same(rest)) {
        Some(WeakPassword::Own)
    } else if password.chars().count() < SHORTEST {
        Some(WeakPassword::Short)
    } else if COMMON.iter().any(|common| same(common)) || letters.all(|letter| Some(letter) == first) {
        Some(WeakPassword::Common)
    } else if password.len() < SHORTEST_OF_DIGITS && password.bytes().all(|b| b.is_ascii_digit()) {
        Some(WeakPassword::Digits)
    } else {
        None
    }
}
