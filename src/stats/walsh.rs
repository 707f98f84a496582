//! Walsh averages: the averages of all pairs of values, each value paired with itself too.

/// How many Walsh averages `n` values have: `n (n + 1) / 2`.
pub(super) fn count(n: usize) -> u64 {
    let n = n as u64;
    n * (n + 1) / 2
}

/// The Walsh average of rank `rank` (1 is the smallest) of a sample that is sorted, finite and not
/// empty.
///
/// Halves the range of values until it holds few averages, counting those at or below its middle in
/// one sweep along the staircase of the sorted pairs, and picks among the few. Time O(n) for each of
/// some log2(n) steps; the answer is exact. Monahan, "Algorithm 616: Fast Computation of the
/// Hodges-Lehmann Location Estimator", ACM TOMS 10 (1984), with halving in place of the random pivot.
pub(super) fn average_of_rank(sorted: &[f64], rank: u64) -> f64 {
    match search(sorted, rank) {
        Found::Exactly(average) => average,
        Found::Among { mut few, below } => pick(&mut few, rank - below),
    }
}

/// The middle Walsh average, or the middle of the two middle ones, of such a sample.
pub(super) fn middle(sorted: &[f64]) -> f64 {
    let averages = count(sorted.len());
    let rank = averages.div_ceil(2);
    if averages % 2 == 1 {
        return average_of_rank(sorted, rank);
    }
    match search(sorted, rank) {
        Found::Among { mut few, below } if rank - below < few.len() as u64 => {
            let lower = pick(&mut few, rank - below);
            lower.midpoint(pick(&mut few, rank - below + 1))
        }
        _ => average_of_rank(sorted, rank).midpoint(average_of_rank(sorted, rank + 1)),
    }
}

/// Where an average of some rank was found.
enum Found {
    /// It is this one.
    Exactly(f64),
    /// It is among these; `below` others are smaller than all of them.
    Among { few: Vec<f64>, below: u64 },
}

fn search(sorted: &[f64], rank: u64) -> Found {
    let few = 4 * sorted.len() as u64;
    // Fewer than `rank` averages are at most `low`, and at least so many are at most `high`.
    let mut low = sorted[0].next_down().max(f64::MIN);
    let mut below = count_up_to(sorted, low);
    if rank <= below {
        return Found::Exactly(low);
    }
    let (mut high, mut up_to) = (sorted[sorted.len() - 1], count(sorted.len()));
    while up_to - below > few {
        let middle = low.midpoint(high);
        if middle <= low || middle >= high {
            // Neighbouring numbers: all averages between them are equal.
            return Found::Exactly(high + 0.0);
        }
        let at_most_middle = count_up_to(sorted, middle);
        if at_most_middle >= rank {
            (high, up_to) = (middle, at_most_middle);
        } else {
            (low, below) = (middle, at_most_middle);
        }
    }
    Found::Among { few: averages_between(sorted, low, high), below }
}

/// The one of this rank, from 1.
fn pick(few: &mut [f64], rank: u64) -> f64 {
    let (_, found, _) = few.select_nth_unstable_by((rank - 1) as usize, f64::total_cmp);
    *found + 0.0 // no negative zero
}

/// The Walsh averages above `low` and at most `high`, in no order.
fn averages_between(sorted: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut averages = Vec::new();
    let mut end = sorted.len();
    for (i, &one) in sorted.iter().enumerate() {
        while end > i && one.midpoint(sorted[end - 1]) > high {
            end -= 1;
        }
        if end == i {
            break;
        }
        let above = sorted[i..end].iter().rev().map(|&other| one.midpoint(other)).take_while(|average| *average > low);
        averages.extend(above);
    }
    averages
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
