//! What a string that begins with a star or a hash means by the office's codes, and which codes would stand in each other's way.
//! Both from one rule, so that nothing that passes [`Codes::clash`] can be read in two ways.
//!
//! A dialled string is whole when it comes, and the longest code wins whose number fits. [`Feature::Pickup`],
//! [`Feature::CallBack`] and [`Feature::Page`] take a number of the office, which begins with 2 to 9; so `*80500` is
//! [`Feature::Page`] of 500 beside a [`Feature::Pickup`] at `*8`. Everything else takes any number, and no longer code may
//! begin with such a code. Keyed in a call, a code acts at its last sign, so none of those may begin with another.

use std::ops::RangeInclusive;

use super::telephone::{Codes, Feature, Follows};

/// Signs of a code.
pub const CODE_LENGTHS: RangeInclusive<usize> = 2..=6;

/// Why two codes can't stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Both are the same.
    Same(Feature),
    /// This feature's code begins the other one, and what follows could be its number.
    Begins(Feature),
}

impl Feature {
    /// Whether the number that follows is one of the office: an extension, a group.
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::Pickup | Self::CallBack | Self::Page)
    }

    /// Whether `number` can follow its code, by its shape alone; empty: nothing follows.
    fn takes(self, number: &str) -> bool {
        match self.number() {
            Follows::Never => number.is_empty(),
            Follows::Maybe if number.is_empty() => true,
            Follows::Maybe | Follows::Always => {
                let digits = if self.is_inside() { number } else { number.strip_prefix('+').unwrap_or(number) };
                let begins = digits.bytes().next().is_some_and(|first| self.begins_number(first));
                begins && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
        }
    }

    const fn begins_number(self, first: u8) -> bool {
        if self.is_inside() { matches!(first, b'2'..=b'9') } else { first.is_ascii_digit() }
    }

    /// Whether a longer code that goes on with `next` would take strings away from this one.
    fn is_hidden_by(self, next: u8) -> bool {
        if self.is_in_call() {
            return true;
        }
        match self.number() {
            Follows::Never => self.service().is_some() && next == b'#', // `#21#`
            Follows::Maybe | Follows::Always => !self.is_inside() || self.begins_number(next),
        }
    }

    /// Its service code in 3GPP TS 22.030 annex B, and whether it sets or ends the service.
    const fn service(self) -> Option<(&'static str, bool)> {
        match self {
            Self::ForwardAlways => Some(("21", true)),
            Self::ForwardBusy => Some(("67", true)),
            Self::ForwardNoAnswer => Some(("61", true)),
            Self::ForwardAlwaysOff => Some(("21", false)),
            Self::ForwardBusyOff => Some(("67", false)),
            Self::ForwardNoAnswerOff => Some(("61", false)),
            _ => None,
        }
    }
}

/// Whether this can be a code: 2 to 6 of digits, `*` and `#`, a `*` or `#` first, so that no code is ever a number.
pub fn is_code(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'#');
    CODE_LENGTHS.contains(&text.len()) && text.starts_with(['*', '#']) && text.bytes().all(sign)
}

impl Codes {
    /// The code of a feature against all others; the first that stands in its way. An empty code clashes with none.
    pub fn clash(&self, feature: Feature) -> Option<Clash> {
        let code = self.get(feature);
        let others = Feature::ALL.into_iter().filter(|other| *other != feature && !code.is_empty());
        others.into_iter().find_map(|other| match self.get(other) {
            "" => None,
            same if same == code => Some(Clash::Same(other)),
            begins => {
                let next = code.strip_prefix(begins).and_then(|rest| rest.bytes().next())?;
                let meet = feature.is_in_call() == other.is_in_call();
                (meet && other.is_hidden_by(next)).then_some(Clash::Begins(other))
            }
        })
    }

    /// What was dialled, when it is a feature, with the number that follows; codes that are keyed in calls are none. Of the
    /// forms of 3GPP TS 22.030 §6.5.2, `*21*NUMBER#`, `**21*NUMBER#`, `#21#` and `##21#` are taken too while the code of the
    /// forwarding is that of the standard, and `*#21#`, which asks how it stands, comes as the feature without a number.
    pub fn read<'d>(&self, dialled: &'d str) -> Option<(Feature, Option<&'d str>)> {
        if !dialled.starts_with(['*', '#']) {
            return None;
        }
        let fitting = Feature::ALL.into_iter().filter(|feature| !feature.is_in_call()).filter_map(|feature| {
            let code = Some(self.get(feature)).filter(|code| !code.is_empty())?;
            let rest = dialled.strip_prefix(code).filter(|rest| feature.takes(rest))?;
            Some((code.len(), feature, Some(rest).filter(|rest| !rest.is_empty())))
        });
        let longest = fitting.max_by_key(|(length, ..)| *length);
        longest.map(|(_, feature, number)| (feature, number)).or_else(|| self.read_22_030(dialled))
    }

    fn read_22_030<'d>(&self, dialled: &'d str) -> Option<(Feature, Option<&'d str>)> {
        Feature::ALL.into_iter().find_map(|feature| {
            let (service, sets) = feature.service()?;
            let own = self.get(feature);
            if own.get(1..) != Some(service) || !own.starts_with(if sets { '*' } else { '#' }) {
                return None;
            }
            if !sets {
                let bare = dialled.strip_prefix("##").or_else(|| dialled.strip_prefix('#'))?;
                let bare = bare.strip_suffix('#').unwrap_or(bare);
                return (bare == service).then_some((feature, None));
            }
            if dialled.strip_prefix("*#").and_then(|rest| rest.strip_suffix('#')) == Some(service) {
                return Some((feature, None));
            }
            let rest = dialled.strip_prefix("**").or_else(|| dialled.strip_prefix('*'))?.strip_prefix(service)?;
            let number = rest.strip_prefix('*').unwrap_or(rest);
            let number = number.strip_suffix('#').unwrap_or(number);
            feature.takes(number).then_some((feature, Some(number)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(Feature, &str)]) -> Codes {
        let mut codes = Codes::default();
        for (feature, code) in changes {
            codes.set(*feature, code);
        }
        codes
    }

    #[test]
    fn the_codes_of_a_new_box_are_codes_and_stand_together() {
        let codes = Codes::default();
        for feature in Feature::ALL {
            assert!(is_code(feature.code()), "{feature:?}");
            assert_eq!(codes.clash(feature), None, "{feature:?}");
        }
    }

    #[test]
    fn a_code_has_two_to_six_signs_and_is_never_a_number() {
        for good in ["*1", "##", "*#21#", "*12345", "#*"] {
            assert!(is_code(good), "{good}");
        }
        for bad in ["", "*", "21", "8*", "*123456", "*2a", "* 2", "*２"] {
            assert!(!is_code(bad), "{bad}");
        }
    }

    #[test]
    fn a_code_that_begins_another_is_allowed_only_where_no_string_has_two_meanings() {
        use Feature::{Attended, Back, Clock, Echo, ForwardAlways, ForwardAlwaysOff, Hide, Page, Park, Pickup};
        let fine: [&[(Feature, &str)]; 7] = [
            &[(Echo, "")],
            &[(Echo, "*81")], // nobody's extension begins with 1
            &[(Echo, "*8*")],
            &[(Echo, "*655")],                             // after the clock no number follows
            &[(Attended, "*21"), (ForwardAlways, "*211")], // keyed in calls and dialled never meet
            &[(Echo, "**"), (Clock, "**1")],
            &[(Page, "*8#")],
        ];
        for changes in fine {
            let codes = with(changes);
            for feature in Feature::ALL {
                assert_eq!(codes.clash(feature), None, "{changes:?} {feature:?}");
            }
        }
        let clashing = [
            (Echo, "*65", Clash::Same(Clock)),
            (Park, "*65", Clash::Same(Clock)),
            (Echo, "*82", Clash::Begins(Pickup)),
            (Echo, "*210", Clash::Begins(ForwardAlways)),
            (Echo, "*21*", Clash::Begins(ForwardAlways)),
            (Echo, "*31#", Clash::Begins(Hide)),
            (Echo, "#21#", Clash::Begins(ForwardAlwaysOff)),
            (Park, "*01", Clash::Begins(Back)),
            (Park, "###", Clash::Begins(Feature::Transfer)),
        ];
        for (feature, code, clash) in clashing {
            assert_eq!(with(&[(feature, code)]).clash(feature), Some(clash), "{feature:?} {code}");
        }
    }

    #[test]
    fn what_stands_together_is_read_in_one_way_only() {
        // Every string of a code and a number is the code's own, whatever other codes there are.
        let numbers = ["", "2", "201", "500", "80201", "89211234567", "+79211234567", "112", "0037529"];
        let rivals = ["*81", "*8*", "*88", "*6", "*655", "**", "*800", "*3", "*2", "*211", "*#", "#2", "#210"];
        for rival in rivals {
            let codes = with(&[(Feature::Echo, rival)]);
            if Feature::ALL.into_iter().any(|feature| codes.clash(feature).is_some()) {
                continue;
            }
            for feature in Feature::ALL.into_iter().filter(|feature| !feature.is_in_call()) {
                for number in numbers.into_iter().filter(|number| feature.takes(number)) {
                    let dialled = format!("{}{number}", codes.get(feature));
                    let wanted = (feature, Some(number).filter(|number| !number.is_empty()));
                    assert_eq!(codes.read(&dialled), Some(wanted), "{dialled} beside {rival}");
                }
            }
        }
    }

    #[test]
    fn the_longest_code_wins_whose_number_fits() {
        let codes = Codes::default();
        assert_eq!(codes.read("*80500"), Some((Feature::Page, Some("500"))));
        assert_eq!(codes.read("*8500"), Some((Feature::Pickup, Some("500"))));
        assert_eq!(codes.read("*8"), Some((Feature::Pickup, None)));
        assert_eq!(codes.read("*66"), Some((Feature::CallBack, None)));
        assert_eq!(codes.read("*66201"), Some((Feature::CallBack, Some("201"))));
        assert_eq!(codes.read("*2189211234567"), Some((Feature::ForwardAlways, Some("89211234567"))));
        for nothing in ["*80", "*81", "*60201", "*21", "*31", "*43#", "##201", "*5", "*2", "201", "", "*", "*8*", "*9"]
        {
            assert_eq!(codes.read(nothing), None, "{nothing}");
        }
        assert_eq!(with(&[(Feature::Page, "")]).read("*80500"), None, "switched off");
    }

    #[test]
    fn the_forms_of_mobile_telephones_are_taken_at_the_codes_of_the_standard() {
        let codes = Codes::default();
        for (form, feature) in
            [("21", Feature::ForwardAlways), ("67", Feature::ForwardBusy), ("61", Feature::ForwardNoAnswer)]
        {
            for dialled in ["*S*201#", "**S*201#", "*S201#", "*S201", "*S*201"] {
                let dialled = dialled.replace('S', form);
                assert_eq!(codes.read(&dialled), Some((feature, Some("201"))), "{dialled}");
            }
            assert_eq!(codes.read(&format!("*#{form}#")), Some((feature, None)), "asks how it stands");
            assert_eq!(codes.read(&format!("*{form}#")), None, "no number, and none was kept");
        }
        for (form, feature) in
            [("21", Feature::ForwardAlwaysOff), ("67", Feature::ForwardBusyOff), ("61", Feature::ForwardNoAnswerOff)]
        {
            for dialled in ["#S", "#S#", "##S#"] {
                let dialled = dialled.replace('S', form);
                assert_eq!(codes.read(&dialled), Some((feature, None)), "{dialled}");
            }
        }
        let moved = with(&[(Feature::ForwardAlways, "*72"), (Feature::ForwardAlwaysOff, "*73")]);
        assert_eq!(moved.read("*72201"), Some((Feature::ForwardAlways, Some("201"))));
        for gone in ["*21*201#", "*72*201#", "#21#", "*73#", "*#21#"] {
            assert_eq!(moved.read(gone), None, "{gone}");
        }
    }
}
