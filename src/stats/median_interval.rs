//! A confidence interval for a median.

use statrs::distribution::{Binomial, DiscreteCDF};

use super::bisect::first;
use super::interval::{Interval, tail};
use super::sample::sorted;

/// The distribution-free confidence interval for the median of the population, in the unit of the
/// values.
///
/// From the r-th smallest to the r-th largest value, where r is the largest rank with `P(B < r) <=
/// (1 - confidence) / 2` and B, the number of values below the true median, is binomial (n, 1/2).
/// It holds for any continuous distribution and is conservative where values tie. Thompson, "On
/// Confidence Ranges for the Median", Annals of Mathematical Statistics 7 (1936); David & Nagaraja,
/// "Order Statistics" (3rd ed., 2003), section 7.1.
///
/// `None` if there are too few values (95 % needs six), for a value that is not finite, or unless
/// `0 < confidence < 1`.
#[must_use]
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let tail = tail(confidence)?;
    let sorted = sorted(values)?;
    let n = sorted.len();
    let below_median = Binomial::new(0.5, n as u64).ok()?;
    let rank = first(0, n as u64 / 2, |r| below_median.cdf(r) > tail);
    let outside = rank.checked_sub(1).map(|r| 2.0 * below_median.cdf(r))?;
    let rank = usize::try_from(rank).ok()?;
    Some(Interval { lower: sorted[rank - 1], upper: sorted[n - rank], coverage: 1.0 - outside })
}
