//! How much faster one queue is than another.

use super::interval::Interval;
use super::sample::all_positive;
use super::signed_rank::signed_rank;

/// The ratio of two paired rates; see [`ratio`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioEstimate {
    /// Rate of the one divided by rate of the other, a pure number: 1.25 is a quarter faster.
    pub estimate: f64,
    /// Its confidence interval; `None` if there are too few rounds for the confidence asked for.
    pub interval: Option<Interval>,
    /// How many rounds went into it.
    pub rounds: usize,
}

/// The ratio of the rates `of` to the rates `to`, position i of both measured in the same round.
///
/// [`signed_rank`] of the differences `ln of_i - ln to_i`, carried back by the exponential.
/// Logarithms make the answer the same whichever queue is the reference (swapped operands give the
/// inverse) and whatever the unit, as long as both have the same one; taken within a round, the
/// difference is free of what drifts between rounds. A round in which either block has no rate is
/// to be left out of both slices, and be reported.
///
/// ```
/// let of = [5.0e6, 6.1e6, 5.4e6, 4.9e6, 5.6e6, 5.2e6];
/// let to = [4.0e6, 4.9e6, 4.2e6, 4.0e6, 4.4e6, 4.3e6];
/// let ratio = queuebench::stats::ratio(&of, &to, 0.95).unwrap();
/// assert!(!ratio.interval.unwrap().contains(1.0)); // faster
/// assert!((1.2..1.3).contains(&ratio.estimate));
/// ```
///
/// `None` if the slices are empty or of different length, for a rate that is not finite and
/// positive, for a ratio beyond the range of `f64`, or unless `0 < confidence < 1`.
#[must_use]
pub fn ratio(of: &[f64], to: &[f64], confidence: f64) -> Option<RatioEstimate> {
    if of.len() != to.len() || !all_positive(of) || !all_positive(to) {
        return None;
    }
    let differences: Vec<f64> = of.iter().zip(to).map(|(a, b)| a.ln() - b.ln()).collect();
    let centre = signed_rank(&differences, confidence)?;
    let interval = centre.interval.map(Interval::exp);
    let estimate = centre.estimate.exp();
    let ends = interval.map_or([estimate; 2], |interval| [interval.lower, interval.upper]);
    (all_positive(&[estimate]) && all_positive(&ends)).then_some(RatioEstimate { estimate, interval, rounds: of.len() })
}
