//! How a piece of sound repeats itself: what concealment repeats, and what the stretching of time cuts out or doubles.

/// The lag, of `least..=most` samples, at which `sound` resembles itself best, and how well: the normalised correlation of
/// two windows that lie a lag apart, −1 to 1. The later window is the `window` samples at `at`. `None` when the sound isn't
/// that long or is silent.
///
/// Searched on every `stride`-th sample and lag first, then around the best on all.
pub(super) fn best_lag(sound: &[i16], at: usize, search: &Search) -> Option<(usize, f32)> {
    let later = sound.get(at..at + search.window)?;
    let earlier = |lag: usize| at.checked_sub(lag).and_then(|start| sound.get(start..start + search.window));
    earlier(search.most)?;
    let better = |best: Option<(usize, f32)>, lag: usize, stride: usize| {
        let found = correlation(later, earlier(lag)?, stride)?;
        match best {
            Some((_, before)) if before >= found => best,
            _ => Some((lag, found)),
        }
    };
    let (mut coarse, mut fine) = (None, None);
    for lag in (search.least..=search.most).step_by(search.stride) {
        coarse = better(coarse, lag, search.stride).or(coarse);
    }
    let (near, _) = coarse?;
    let around = search.stride;
    for lag in near.saturating_sub(around).max(search.least)..=(near + around).min(search.most) {
        fine = better(fine, lag, 1).or(fine);
    }
    fine
}

/// What [`best_lag`] looks for, in samples.
pub(super) struct Search {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) window: usize,
    pub(super) stride: usize,
}

fn correlation(one: &[i16], other: &[i16], stride: usize) -> Option<f32> {
    let (mut product, mut ones, mut others) = (0.0f32, 0.0f32, 0.0f32);
    for (one, other) in one.iter().zip(other).step_by(stride) {
        let (one, other) = (f32::from(*one), f32::from(*other));
        product += one * other;
        ones += one * one;
        others += other * other;
    }
    let energy = (ones * others).sqrt();
    (energy > 0.0).then(|| product / energy)
}
