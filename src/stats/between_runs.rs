//! What a comparison of two runs has to reckon with besides the scatter inside each.

use super::interval::Interval;
use super::quantile::median;

/// An estimate of one run, with the half width of its 95 % interval, on the log scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunEstimate {
    /// The log of the estimated ratio.
    pub log: f64,
    /// Half of its 95 % interval.
    pub half_width: f64,
}

/// Half of a 95 % interval of a normal distribution, in standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// The median of a chi-square distribution of one degree of freedom: the middle square of a standard normal.
const MIDDLE_SQUARE: f64 = 0.454_936_423_119_572_8;

/// Pairs below which the middle of their squares says too little.
const FEWEST: usize = 10;

impl RunEstimate {
    /// Of an interval of a log ratio and its centre.
    #[must_use]
    pub fn new(log: f64, interval: Interval) -> RunEstimate {
        RunEstimate { log, half_width: interval.half_width() }
    }

    fn variance(self) -> f64 {
        (self.half_width / Z).powi(2)
    }
}

/// The standard deviation of what a log ratio differs by between two runs, beyond what the intervals of both explain:
/// from pairs of estimates (before, after) of ratios most of which have not changed.
///
/// The middle of the squared differences estimates their variance although some have changed; what lies within the runs
/// is taken off. A method of moments as in DerSimonian & Laird, "Meta-analysis in Clinical Trials", Controlled Clinical
/// Trials 7 (1986), with medians in place of means. `None` for fewer than `FEWEST` pairs.
#[must_use]
pub fn between_runs(pairs: &[(RunEstimate, RunEstimate)]) -> Option<f64> {
    if pairs.len() < FEWEST {
        return None;
    }
    let squares: Vec<f64> = pairs.iter().map(|(before, after)| (after.log - before.log).powi(2)).collect();
    let within: Vec<f64> = pairs.iter().map(|(before, after)| before.variance() + after.variance()).collect();
    let between = median(&squares)? / MIDDLE_SQUARE - median(&within)?;
    Some(between.max(0.0).sqrt())
}

/// The log of how a ratio has changed from one run to another, with a 95 % interval widened by the standard deviation
/// `between` of what runs differ by.
#[must_use]
pub fn change(before: RunEstimate, after: RunEstimate, between: f64) -> (f64, Interval) {
    let log = after.log - before.log;
    let half_width = Z * (before.variance() + after.variance() + between.powi(2)).sqrt();
    (log, Interval { lower: log - half_width, upper: log + half_width, coverage: 0.95 })
}
