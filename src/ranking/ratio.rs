//! A ratio of two queues' figures, over rounds.

use serde::Serialize;

use crate::stats::{Differences, Interval, RatioEstimate};

/// A ratio over rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Ratio {
    /// The Hodges-Lehmann estimate.
    pub estimate: f64,
    /// Its interval, from signed ranks; none with too few rounds.
    pub interval: Option<[f64; 2]>,
    /// Rounds that have both.
    pub rounds: usize,
}

impl From<RatioEstimate> for Ratio {
    fn from(ratio: RatioEstimate) -> Ratio {
        let interval = ratio.interval.map(|interval| [interval.lower, interval.upper]);
        Ratio { estimate: ratio.estimate, interval, rounds: ratio.rounds }
    }
}

impl Ratio {
    /// Of log ratios, with an interval at this confidence.
    pub fn of(differences: &Differences, confidence: f64) -> Ratio {
        let interval = differences.interval(confidence).map(Interval::exp);
        Ratio {
            estimate: differences.estimate().exp(),
            interval: interval.map(|interval| [interval.lower, interval.upper]),
            rounds: differences.len(),
        }
    }
}
