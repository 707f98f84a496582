//! Walsh averages: the averages of all pairs of values, each value paired with itself too.

use super::bisect::first;

/// How many Walsh averages `n` values have: `n (n + 1) / 2`.
pub(super) fn count(n: usize) -> u64 {
    let n = n as u64;
    n * (n + 1) / 2
}

/// The Walsh average of rank `rank` (1 is the smallest) of a sample that is sorted, finite and not
/// empty.
///
/// Bisects on the value and counts how many averages lie at or below it, in one sweep along the
/// staircase of the sorted pairs; the averages are never stored. Time O(n) for each of at most 64
/// steps, and the answer is exact, because the steps go through the numbers an `f64` can hold.
/// Monahan, "Algorithm 616: Fast Computation of the Hodges-Lehmann Location Estimator", ACM TOMS 10
/// (1984), with bisection in place of the random pivot.
pub(super) fn average_of_rank(sorted: &[f64], rank: u64) -> f64 {
    let (least, greatest) = (sorted[0], sorted[sorted.len() - 1]);
    let key = first(order_key(least), order_key(greatest), |key| count_up_to(sorted, from_order_key(key)) >= rank);
    from_order_key(key) + 0.0 // no negative zero
}

/// How many Walsh averages of a sorted sample are at most `limit`.
pub(super) fn count_up_to(sorted: &[f64], limit: f64) -> u64 {
    let mut end = sorted.len();
    let mut count = 0;
    for (i, &low) in sorted.iter().enumerate() {
        while end > i && low.midpoint(sorted[end - 1]) > limit {
            end -= 1;
        }
        if end == i {
            break;
        }
        count += (end - i) as u64;
    }
    count
}

const SIGN: u64 = 1 << 63;

/// A whole number that orders as the finite value does (IEEE 754 total order).
fn order_key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The value with this [`order_key`].
fn from_order_key(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}
