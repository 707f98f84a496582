//! Bisection over whole numbers.

/// The smallest number in `low..=high` that satisfies `predicate`, or `high` where none below it
/// does.
///
/// The predicate must be monotone: once true, true for every larger number.
pub(super) fn first(mut low: u64, mut high: u64, predicate: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low.midpoint(high);
        if predicate(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
