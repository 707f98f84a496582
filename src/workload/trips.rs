//! Durations of what happens many times in a window: round trips, wake-ups, starts, ends.

use hdrhistogram::Histogram;

use super::slice::LONGEST_NS;

/// What was timed again and again, by duration. Not generic and not inlined, so that it is compiled once and not for every queue.
pub(crate) struct Trips(Histogram<u64>);

impl Trips {
    pub fn new() -> Trips {
        // Two digits: a bucket is at most 1 % wide, far below what two processes differ by.
        Trips(Histogram::new_with_bounds(1, 60 * LONGEST_NS, 2).expect("the bounds are constants"))
    }

    /// Nanoseconds and how many, in order.
    pub fn buckets(&self) -> Vec<[u64; 2]> {
        self.0.iter_recorded().map(|bucket| [bucket.value_iterated_to(), bucket.count_at_value()]).collect()
    }

    /// Half of them took at most so long, in nanoseconds; 0 where there are none.
    pub fn median(&self) -> u64 {
        self.0.value_at_quantile(0.5)
    }

    #[inline(never)]
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }
}
