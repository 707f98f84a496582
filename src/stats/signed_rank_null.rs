//! The distribution of Wilcoxon's T+ when the differences are symmetric about zero.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use statrs::distribution::{ContinuousCDF, Normal};

/// Up to here the distribution is computed exactly, a fraction of a millisecond; above it the
/// normal approximation moves an end of the interval by a few in thousands of ranks.
const EXACT_UP_TO: usize = 100;

/// A lower tail of the distribution: the values of T+ up to and including `k`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    /// The largest value of T+ that belongs to the tail.
    pub(super) k: u64,
    /// `P(T+ <= k)`.
    pub(super) probability: f64,
}

/// The largest tail for `n` differences whose probability is at most `limit` (below one half);
/// `None` if even `P(T+ = 0)` is larger.
pub(super) fn largest_tail(n: usize, limit: f64) -> Option<Tail> {
    if n <= EXACT_UP_TO { exact(n, limit) } else { normal(n as f64, limit) }
}

/// `P(T+ <= k)` for `n` differences.
pub(super) fn probability_up_to(n: usize, k: u64) -> f64 {
    if n > EXACT_UP_TO {
        let (mean, deviation) = moments(n as f64);
        return Normal::standard().cdf((k as f64 + 0.5 - mean) / deviation);
    }
    let lower_half = lower_half(n);
    match lower_half.get(k as usize) {
        Some(probability) => *probability,
        // T+ and what it lacks of its maximum have the same distribution.
        None => {
            let most = n as u64 * (n as u64 + 1) / 2;
            most.checked_sub(k + 1).map_or(1.0, |mirrored| 1.0 - lower_half[mirrored as usize])
        }
    }
}

fn exact(n: usize, limit: f64) -> Option<Tail> {
    let lower_half = lower_half(n);
    let k = lower_half.partition_point(|probability| *probability <= limit).checked_sub(1)?;
    Some(Tail { k: k as u64, probability: lower_half[k] })
}

thread_local! {
    /// By n: every pair of queues of a table asks for the same one.
    static LOWER_HALVES: RefCell<HashMap<usize, Rc<[f64]>>> = RefCell::default();
}

/// `P(T+ <= k)` for every k of the lower half of its range.
///
/// T+ is a sum of the ranks 1 to n, each in it or not, all 2^n choices alike; so the choices are
/// counted by their sum, rank after rank. Hollander, Wolfe & Chicken, "Nonparametric Statistical
/// Methods" (3rd ed., 2014), section 3.1.
fn lower_half(n: usize) -> Rc<[f64]> {
    let count = || {
        let mut choices = vec![0.0; n * (n + 1) / 4 + 1];
        choices[0] = 1.0;
        for rank in 1..=n {
            for sum in (rank..choices.len()).rev() {
                choices[sum] += choices[sum - rank];
            }
        }
        let all = (n as f64).exp2();
        let up_to = choices.iter().scan(0.0, |so_far, choices| {
            *so_far += choices;
            Some(*so_far / all)
        });
        up_to.collect()
    };
    LOWER_HALVES.with_borrow_mut(|known| Rc::clone(known.entry(n).or_insert_with(count)))
}

/// Mean and standard deviation of T+.
fn moments(n: f64) -> (f64, f64) {
    (n * (n + 1.0) / 4.0, (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt())
}

/// The normal approximation with a continuity correction; same book, same section. Slightly
/// conservative.
fn normal(n: f64, limit: f64) -> Option<Tail> {
    let (mean, deviation) = moments(n);
    let standard = Normal::standard();
    let k = (mean - 0.5 + deviation * standard.inverse_cdf(limit)).floor();
    (k >= 0.0).then(|| Tail { k: k as u64, probability: standard.cdf((k + 0.5 - mean) / deviation) })
}

#[cfg(test)]
mod tests {
    use super::{exact, largest_tail, normal};

    /// Wilcoxon & Wilcox, "Some Rapid Approximate Statistical Procedures" (1964): two-sided 5 % and
    /// 1 %.
    #[test]
    fn critical_values_are_the_published_ones() {
        for (n, five_percent, one_percent) in [
            (5, None, None),
            (6, Some(0), None),
            (7, Some(2), None),
            (8, Some(3), Some(0)),
            (10, Some(8), Some(3)),
            (16, Some(29), Some(19)),
            (20, Some(52), Some(37)),
            (25, Some(89), Some(68)),
        ] {
            let k = |limit| largest_tail(n, limit).map(|tail| tail.k);
            assert_eq!((k(0.025), k(0.005)), (five_percent, one_percent), "n = {n}");
        }
    }

    #[test]
    fn the_normal_approximation_is_close_and_on_the_safe_side() {
        for n in [101, 200, 400] {
            for limit in [0.05, 0.025, 0.005] {
                let (exact, normal) = (exact(n, limit).unwrap(), normal(n as f64, limit).unwrap());
                assert!(normal.k <= exact.k + 1 && normal.k + 10 > exact.k, "{normal:?}, {exact:?}");
                assert!((normal.probability / exact.probability - 1.0).abs() < 0.06);
            }
        }
    }
}
