//! What lines take, by what two cpus share.

use serde::Serialize;

use crate::record::core_to_core::CoreToCore;
use crate::stats::{median, quantile};
use crate::topology::Placement;

/// All pairs of one class.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassFigures {
    /// What the cpus are to each other.
    pub class: Placement,
    /// Pairs, each direction one.
    pub pairs: usize,
    /// Those of them that gave no figure.
    pub failed: usize,
    /// Nanoseconds in the middle of them; null where none answered.
    pub median_ns: Option<f64>,
    /// The least.
    pub least_ns: Option<f64>,
    /// The most.
    pub most_ns: Option<f64>,
}

/// The classes that the map has, the nearest first.
pub fn classes(map: &CoreToCore) -> Vec<ClassFigures> {
    let of = |class: Placement| {
        let pairs = || map.pairs.iter().filter(|pair| pair.class == class);
        let known: Vec<f64> = pairs().filter_map(|pair| pair.round_trip_ns).map(|ns| ns as f64).collect();
        let (least_ns, most_ns) = (quantile(&known, 0.0), quantile(&known, 1.0));
        let failed = pairs().count() - known.len();
        ClassFigures { class, pairs: pairs().count(), failed, median_ns: median(&known), least_ns, most_ns }
    };
    Placement::BETWEEN_CPUS.into_iter().map(of).filter(|figures| figures.pairs > 0).collect()
}
