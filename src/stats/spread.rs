//! How much the blocks of one queue differ.

use super::quantile::{median_of_sorted, quantile_of_sorted};
use super::sample::sorted;

/// The relative spread `(p90 - p10) / median`, a pure number: 0.25 says that the middle four fifths
/// of the values span a quarter of the median.
///
/// About 2.56 coefficients of variation where the values are normal, but blind to a stray block in
/// ten. `None` for an empty sample, a value that is not finite, or a median that is not positive.
#[must_use]
pub fn spread(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values)?;
    let median = median_of_sorted(&sorted);
    let width = quantile_of_sorted(&sorted, 0.9) - quantile_of_sorted(&sorted, 0.1);
    let spread = width / median;
    (median > 0.0 && spread.is_finite()).then_some(spread)
}
