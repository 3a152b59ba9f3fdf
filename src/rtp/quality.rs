//! How good a call sounds, by what is known about its way: the E-model, ITU-T G.107 (and G.107.1 for wideband).

use crate::codec::Codec;

/// One direction of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// The format that crosses the network.
    pub codec: Codec,
    /// The share of packets that were not heard, 0 to 1: after the jitter buffer, or as RTCP reports it.
    pub loss: f32,
    /// How losses stand together: 1 when at random, more in bursts (G.107 §7, `BurstR`).
    pub burst_ratio: f32,
    /// From mouth to ear, milliseconds.
    pub one_way_ms: f32,
}

/// The mean opinion score, 1.0 to 4.5, as the estimated opinion in a conversation (MOS-CQE). G.711 is judged among
/// narrowband calls, G.722 and Opus among wideband ones: each scale ends at 4.5, so figures of the two do not compare.
pub fn mos(path: &Path) -> f32 {
    let Impairment { best, scale, equipment, robustness } = impairment(path.codec);
    let loss = 100.0 * within(path.loss, 0.0, 1.0);
    let burst = within(path.burst_ratio, 1.0, MOST_BURST);
    // G.107 §7.4, Ie-eff
    let lossy = equipment + (MOST_IMPAIRMENT - equipment) * loss / (loss / burst + robustness);
    score((best - delay_impairment(path.one_way_ms) - lossy) / scale)
}

/// The nearest figure from `least` to `most`; what is no number is the least.
fn within(figure: f32, least: f32, most: f32) -> f32 {
    if figure >= least { figure.min(most) } else { least }
}

/// G.107 Annex B: from the rating to the score.
fn score(rating: f32) -> f32 {
    let rating = rating.clamp(0.0, 100.0);
    let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    score.clamp(1.0, 4.5)
}

/// Idd of G.107 §7.3: long delay hurts although nobody hears an echo. The echoes (Idte, Idle) are taken for cancelled, which
/// IP phones do, and which nothing here could measure.
fn delay_impairment(one_way_ms: f32) -> f32 {
    if one_way_ms <= 100.0 || !one_way_ms.is_finite() {
        return 0.0;
    }
    let x = (one_way_ms / 100.0).log2();
    let root = |x: f32| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

struct Impairment {
    /// The rating of a call with nothing wrong.
    best: f32,
    /// How many points of this scale are one of G.107's.
    scale: f32,
    /// Ie, and Ie,wb.
    equipment: f32,
    /// Bpl: loss in percent at which half of the impairment is there.
    robustness: f32,
}

fn impairment(codec: Codec) -> Impairment {
    match codec {
        // G.113 table I.1 and I.4: Ie 0, Bpl 25.1 with the concealment of G.711 Appendix I.
        Codec::Pcma | Codec::Pcmu => Impairment { best: 93.2, scale: 1.0, equipment: 0.0, robustness: 25.1 },
        // Ie,wb 13 at 64 kbit/s: G.113 Appendix IV. It has no Bpl for G.722; 10 is our assumption: concealed like G.711,
        // but on a scale where the predictive codecs that it lists lose half by 4 to 5 percent.
        Codec::G722 => Impairment { equipment: 13.0, robustness: 10.0, ..WIDE },
        // Neither value is published for Opus. Ie,wb 5 is that of AMR-WB at 18.25 kbit/s, below which listening tests put
        // Opus at the bit rates of a telephone; Bpl 15 assumes that in-band error correction brings back most single losses.
        Codec::Opus => Impairment { equipment: 5.0, robustness: 15.0, ..WIDE },
    }
}

/// G.107.1: the rating goes to 129, and its score is that of the rating divided by 1.29.
const WIDE: Impairment = Impairment { best: 129.0, scale: 1.29, equipment: 0.0, robustness: 25.1 };
/// What loss of everything costs: G.107 §7.4 and G.107.1.
const MOST_IMPAIRMENT: f32 = 95.0;
/// G.107 holds for less; a lie of the peer must not make loss harmless or worse than all.
const MOST_BURST: f32 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn path(codec: Codec, loss: f32, one_way_ms: f32) -> f32 {
        mos(&Path { codec, loss, burst_ratio: 1.0, one_way_ms })
    }

    #[test]
    fn the_scores_of_annex_b_are_met() {
        // G.107 table B.1: lower limits of the categories of satisfaction
        for (rating, expected) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58), (93.2, 4.41)] {
            assert!((score(rating) - expected).abs() < 0.01, "{rating}: {}", score(rating));
        }
        assert_eq!((score(-5.0), score(3.0), score(100.0), score(140.0)), (1.0, 1.0, 4.5, 4.5));
    }

    #[test]
    fn a_clean_call_has_the_published_score_of_its_codec() {
        assert!((path(Codec::Pcma, 0.0, 20.0) - 4.41).abs() < 0.006);
        assert!((path(Codec::G722, 0.0, 20.0) - 4.34).abs() < 0.006, "R 116 of 129, by G.107.1");
        assert!(path(Codec::Opus, 0.0, 20.0) > 4.4);
    }

    #[test]
    fn delay_without_echo_costs_what_the_standard_says() {
        for (ms, expected) in [(100.0, 0.0), (150.0, 0.2), (200.0, 3.0), (300.0, 14.7), (400.0, 24.1)] {
            assert!((delay_impairment(ms) - expected).abs() < 0.2, "{ms}: {}", delay_impairment(ms));
        }
    }

    #[test]
    fn one_percent_of_loss_costs_g711_with_concealment_under_four_points() {
        // Ie-eff 3.64: R 89.6
        assert!((path(Codec::Pcmu, 0.01, 0.0) - score(93.2 - 3.64)).abs() < 0.005);
        // half of the impairment at Bpl
        assert!((path(Codec::Pcmu, 0.251, 0.0) - score(93.2 - 47.5)).abs() < 0.005);
    }

    #[test]
    fn more_loss_more_bursts_and_more_delay_never_sound_better() {
        for codec in Codec::ALL {
            let mut before = f32::MAX;
            for loss in 0..=100 {
                let now = path(codec, loss as f32 / 100.0, 80.0);
                assert!(now <= before && (1.0..=4.5).contains(&now), "{codec:?} at {loss} %: {now}");
                before = now;
            }
            let burst = mos(&Path { codec, loss: 0.05, burst_ratio: 2.0, one_way_ms: 0.0 });
            assert!(burst < path(codec, 0.05, 0.0));
            assert!(path(codec, 0.0, 400.0) < path(codec, 0.0, 200.0));
        }
    }

    #[test]
    fn figures_that_cannot_be_give_a_score_all_the_same() {
        for figure in [f32::NAN, f32::INFINITY, -1.0, 1e30] {
            let odd = mos(&Path { codec: Codec::Opus, loss: figure, burst_ratio: figure, one_way_ms: figure });
            assert!((1.0..=4.5).contains(&odd), "{figure}: {odd}");
        }
    }
}
