//! Sample quantiles.

use super::sample::sorted;

/// The median, in the unit of the values.
///
/// Half of the values may be arbitrarily wrong before it is. `None` for an empty sample or one with
/// a value that is not finite.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    sorted(values).map(|sorted| median_of_sorted(&sorted))
}

/// The sample quantile at `q`, in the unit of the values: 0 is the minimum, 0.5 the median, 1 the
/// maximum.
///
/// Definition 7 of Hyndman & Fan, "Sample Quantiles in Statistical Packages", The American
/// Statistician 50 (1996): the point `q (n - 1)` of the sorted sample, counted from 0 and
/// interpolated linearly; the default of R and of NumPy. `None` for an empty sample, a value that
/// is not finite, or a `q` outside 0 to 1.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    sorted(values).map(|sorted| quantile_of_sorted(&sorted, q))
}

/// The median of a sample that is sorted and not empty.
pub(super) fn median_of_sorted(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { sorted[half - 1].midpoint(sorted[half]) } else { sorted[half] }
}

/// The quantile at `q` in 0..=1 of a sample that is sorted and not empty.
pub(super) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len() - 1;
    let point = q * last as f64;
    let below = point.floor() as usize;
    let (low, high) = (sorted[below], sorted[last.min(below + 1)]);
    let part = point - below as f64;
    // Weighted, not `low + part * (high - low)`: that difference can overflow.
    (low * (1.0 - part) + high * part).clamp(low, high)
}
