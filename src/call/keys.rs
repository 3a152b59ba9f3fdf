//! Codes keyed while two sides talk, for telephones that have no buttons for them: product.md section 8. Pure: it says what was
//! keyed, and does nothing.

use crate::office::{Codes, Feature, Follows};

use super::talk::Side;

/// No number that can be dialled is longer.
const LONGEST_NUMBER: usize = 32;

/// What both sides have keyed so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    typed: [String; 2],
    /// A code has been keyed, and its number follows.
    number: Option<(Side, Feature, String)>,
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keyed {
    /// Nothing: it is for the other side.
    Nothing,
    /// Part of a code, perhaps: further keys are awaited.
    More,
    /// A code whose number follows.
    Begun(Side),
    /// A feature is wanted; the number is empty where none follows.
    Wanted(Side, Feature, String),
    /// The number never came.
    GivenUp(Side),
}

impl Keys {
    /// A key was pressed. `joins`: the code of an attended transfer means "join both now", and no number follows.
    /// `is_whole` tells of a number whether nothing further can follow.
    pub(super) fn press(
        &mut self,
        codes: &Codes,
        side: Side,
        key: char,
        joins: bool,
        is_whole: impl Fn(&str) -> bool,
    ) -> Keyed {
        if let Some((dialler, feature, number)) = &mut self.number {
            if *dialler != side {
                return Keyed::Nothing;
            }
            if key != '#' {
                number.push(key);
                if number.len() < LONGEST_NUMBER && !is_whole(number) {
                    return Keyed::More;
                }
            }
            let (feature, number) = (*feature, std::mem::take(number));
            self.number = None;
            return if number.is_empty() { Keyed::GivenUp(side) } else { Keyed::Wanted(side, feature, number) };
        }
        let [a, b] = &mut self.typed;
        let typed = if side == Side::A { a } else { b };
        typed.push(key);
        while !typed.is_empty() {
            let mut longer = in_call(codes).filter(|(_, code)| code.starts_with(typed.as_str()) && *code != typed);
            if longer.next().is_some() {
                return Keyed::More;
            }
            if let Some((feature, _)) = in_call(codes).find(|(_, code)| *code == typed) {
                typed.clear();
                return self.meant(side, feature, joins);
            }
            typed.remove(0);
        }
        Keyed::Nothing
    }

    fn meant(&mut self, side: Side, feature: Feature, joins: bool) -> Keyed {
        if feature.number() == Follows::Never || (joins && feature == Feature::Attended) {
            return Keyed::Wanted(side, feature, String::new());
        }
        self.number = Some((side, feature, String::new()));
        Keyed::Begun(side)
    }

    /// No further key comes.
    pub(super) fn over(&mut self, codes: &Codes, joins: bool) -> Keyed {
        if let Some((side, feature, number)) = self.number.take() {
            return if number.is_empty() { Keyed::GivenUp(side) } else { Keyed::Wanted(side, feature, number) };
        }
        let [a, b] = std::mem::take(&mut self.typed);
        for (side, typed) in [(Side::A, a), (Side::B, b)] {
            // a code that is the beginning of another
            if let Some((feature, _)) = in_call(codes).find(|(_, code)| *code == typed) {
                return self.meant(side, feature, joins);
            }
        }
        Keyed::Nothing
    }

    /// Forgets what was keyed: the sides are others now.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn in_call(codes: &Codes) -> impl Iterator<Item = (Feature, &str)> {
    let all = Feature::ALL.into_iter().filter(|feature| feature.is_in_call());
    all.map(|feature| (feature, codes.get(feature))).filter(|(_, code)| !code.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last answer to these keys.
    fn keyed(keys: &mut Keys, text: &str, joins: bool) -> Keyed {
        let codes = Codes::default();
        let mut last = Keyed::Nothing;
        for key in text.chars() {
            last = keys.press(&codes, Side::B, key, joins, |number| number == "202");
        }
        last
    }

    #[test]
    fn a_code_and_its_number_are_found_among_other_keys() {
        let mut keys = Keys::default();
        assert_eq!(keyed(&mut keys, "5", false), Keyed::Nothing);
        assert_eq!(keyed(&mut keys, "#", false), Keyed::More);
        assert_eq!(keyed(&mut keys, "#", false), Keyed::Begun(Side::B));
        assert_eq!(keyed(&mut keys, "20", false), Keyed::More);
        assert_eq!(keyed(&mut keys, "2", false), Keyed::Wanted(Side::B, Feature::Transfer, "202".into()));
        assert_eq!(keyed(&mut keys, "12*5", false), Keyed::Wanted(Side::B, Feature::Park, String::new()));
    }

    #[test]
    fn a_long_number_ends_with_the_gate_or_after_a_while() {
        let mut keys = Keys::default();
        let wanted = Keyed::Wanted(Side::B, Feature::Attended, "89211234567".into());
        assert_eq!(keyed(&mut keys, "*289211234567#", false), wanted);
        keyed(&mut keys, "*289211234567", false);
        assert_eq!(keys.over(&Codes::default(), false), wanted);
        keyed(&mut keys, "*2", false);
        assert_eq!(keys.over(&Codes::default(), false), Keyed::GivenUp(Side::B));
        assert_eq!(keys.over(&Codes::default(), false), Keyed::Nothing);
    }

    #[test]
    fn in_a_consultation_the_same_code_joins() {
        let mut keys = Keys::default();
        assert_eq!(keyed(&mut keys, "*2", true), Keyed::Wanted(Side::B, Feature::Attended, String::new()));
        assert_eq!(keyed(&mut keys, "*0", true), Keyed::Wanted(Side::B, Feature::Back, String::new()));
    }

    #[test]
    fn a_code_that_is_off_and_five_hundred_keys_mean_nothing() {
        let mut codes = Codes::default();
        codes.set(Feature::Transfer, "");
        let mut keys = Keys::default();
        for _ in 0..500 {
            assert_eq!(keys.press(&codes, Side::A, '#', false, |_| false), Keyed::Nothing);
        }
        let mut keys = Keys::default();
        keyed(&mut keys, "##", false);
        let digits = "9".repeat(500);
        keyed(&mut keys, &digits, false);
        assert!(keys.typed.iter().all(|typed| typed.len() <= LONGEST_NUMBER));
        assert!(keys.number.is_none_or(|(_, _, number)| number.len() <= LONGEST_NUMBER));
    }
}
