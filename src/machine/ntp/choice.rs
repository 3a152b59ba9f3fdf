//! Which of several servers tell the truth: the intersection algorithm of RFC 5905 §11.2.1. Each answer says where the true time lies,
//! give or take; what more than half of them allow is believed.

/// What one server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Which server it is, by the caller's count.
    pub(super) server: usize,
    /// Nanoseconds by which its clock is ahead of ours.
    pub(super) offset: i64,
    /// Nanoseconds by which that may be wrong either way.
    pub(super) distance: i64,
}

/// The sample to believe, the middle one of those that agree; `None`: no majority does.
pub(super) fn choose(samples: &[Sample]) -> Option<Sample> {
    let point = agreed(samples)?;
    let mut agreeing: Vec<Sample> = samples.iter().filter(|sample| has(sample, point)).copied().collect();
    if agreeing.len() * 2 <= samples.len() {
        return None;
    }
    agreeing.sort_by_key(|sample| sample.offset);
    let upper = agreeing.len() / 2;
    // of an even count the nearer one of the two in the middle
    let lower = upper - usize::from(agreeing.len() % 2 == 0);
    agreeing.get(lower..=upper)?.iter().min_by_key(|sample| sample.distance).copied()
}

/// An offset that the most samples allow. One of their lower ends is such.
fn agreed(samples: &[Sample]) -> Option<i64> {
    let ends = samples.iter().map(|sample| sample.offset.saturating_sub(sample.distance));
    ends.max_by_key(|end| samples.iter().filter(|sample| has(sample, *end)).count())
}

fn has(sample: &Sample, offset: i64) -> bool {
    let (from, to) = (sample.offset.saturating_sub(sample.distance), sample.offset.saturating_add(sample.distance));
    from <= offset && offset <= to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(server: usize, offset: i64, distance: i64) -> Sample {
        Sample { server, offset, distance }
    }

    #[test]
    fn one_that_lies_is_outvoted_and_the_middle_of_the_others_is_taken() {
        let samples = [sample(0, 10, 5), sample(1, 12, 5), sample(2, 9_000, 5), sample(3, 14, 9)];
        assert_eq!(choose(&samples).map(|sample| sample.server), Some(1));
        // the liar claims to be exact
        let samples = [sample(0, 10, 50), sample(1, -900, 0), sample(2, 40, 50)];
        assert_eq!(choose(&samples).map(|sample| sample.server), Some(0));
    }

    #[test]
    fn two_that_contradict_are_not_believed_and_one_alone_is() {
        assert_eq!(choose(&[sample(0, 10, 5), sample(1, 100, 5)]), None);
        assert_eq!(choose(&[sample(0, 10, 5)]), Some(sample(0, 10, 5)));
        assert_eq!(choose(&[]), None);
        let halves = [sample(0, 0, 1), sample(1, 1, 1), sample(2, 90, 1), sample(3, 91, 1)];
        assert_eq!(choose(&halves), None, "two against two");
    }

    #[test]
    fn of_two_that_agree_the_nearer_one_is_taken() {
        assert_eq!(choose(&[sample(0, 10, 5), sample(1, 12, 3)]), Some(sample(1, 12, 3)));
        let ends = [sample(0, i64::MAX, i64::MAX), sample(1, i64::MIN, i64::MAX)];
        assert_eq!(choose(&ends), None, "they do not meet, and nothing overflows");
    }
}
