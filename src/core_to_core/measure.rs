//! In which order pairs are measured, and what is made of it.

use fastrand::Rng;

use super::Pair;
use crate::ranking::CONFIDENCE;
use crate::record::core_to_core::CorePair;
use crate::stats::{median, median_interval};

/// Stands for a round trip that had no end: longer than any that has one.
const ENDLESS_NS: f64 = 1e18;
/// Longer ones are no round trips but [`ENDLESS_NS`], or what lies between that and a real one.
const LONGEST_NS: f64 = 1e9;

/// Measures each pair once in each of `repetitions` rounds, in an order drawn anew for each, so that what the machine does
/// meanwhile falls on all alike.
///
/// `round_trip` says how many nanoseconds a pair took in a round, or why that is not known; `go_on` is asked before each,
/// with the number of those that are done. `None` when it said no.
pub fn measure(
    pairs: &[Pair],
    repetitions: u32,
    seed: u64,
    mut round_trip: impl FnMut(Pair, u32) -> Result<u64, String>,
    mut go_on: impl FnMut(usize) -> bool,
) -> Option<Vec<CorePair>> {
    let mut rng = Rng::with_seed(seed);
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    let mut found = vec![Vec::new(); pairs.len()];
    let mut done = 0;
    for repetition in 0..repetitions {
        rng.shuffle(&mut order);
        for &at in &order {
            if !go_on(done) {
                return None;
            }
            found[at].push(round_trip(pairs[at], repetition));
            done += 1;
        }
    }
    Some(pairs.iter().zip(found).map(|(pair, found)| summary(*pair, &found)).collect())
}

/// The median of a pair's round trips. One without an end counts as longer than all others, because to leave it out would
/// be to leave out the slowest.
fn summary(pair: Pair, found: &[Result<u64, String>]) -> CorePair {
    let values: Vec<f64> = found.iter().map(|found| found.as_ref().map_or(ENDLESS_NS, |ns| *ns as f64)).collect();
    let known = |ns: f64| (ns <= LONGEST_NS).then(|| ns.round() as u64);
    let round_trip_ns = median(&values).and_then(known);
    let interval = median_interval(&values, CONFIDENCE).filter(|_| round_trip_ns.is_some());
    let why = found.iter().find_map(|found| found.as_ref().err()).filter(|_| round_trip_ns.is_none());
    CorePair {
        from: pair.from,
        to: pair.to,
        class: pair.class,
        round_trip_ns,
        low_ns: interval.and_then(|interval| known(interval.lower)),
        high_ns: interval.and_then(|interval| known(interval.upper)),
        unanswered: found.iter().filter(|found| found.is_err()).count() as u32,
        why: why.cloned(),
    }
}
