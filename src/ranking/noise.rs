//! What two blocks of one queue in one round differ by.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Ratio;
use super::figures::figure_of;
use crate::record::Block;
use crate::stats::{median, ratio};
use crate::workload::Workload;

/// What two blocks of one queue in one round differ by, over the queues of a family: how far one block can be trusted.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Noise {
    /// The family.
    pub family: String,
    /// Pairs of such blocks.
    pub pairs: usize,
    /// The median of their differences, as a share of their rate.
    pub median_difference: f64,
}

/// The pairs of blocks of queues that ran twice in a round, in the order they ran.
pub(super) struct SamePairs<'a> {
    pairs: Vec<(&'a str, [f64; 2])>,
}

impl<'a> SamePairs<'a> {
    pub(super) fn of(workload: Workload, blocks: &'a [Block]) -> SamePairs<'a> {
        let twice: BTreeSet<(&str, u32)> =
            blocks.iter().filter(|block| block.repeat == 1).map(|block| (block.queue.as_str(), block.round)).collect();
        let mut pairs: BTreeMap<(&str, u32), BTreeMap<u32, f64>> = BTreeMap::new();
        for block in blocks.iter().filter(|block| twice.contains(&(block.queue.as_str(), block.round))) {
            let figures = pairs.entry((&block.queue, block.round)).or_default();
            figures.extend(figure_of(workload, &block.report).map(|figure| (block.position, figure)));
        }
        let whole = |((queue, _), figures): ((&'a str, u32), BTreeMap<u32, f64>)| {
            let pair: [f64; 2] = figures.into_values().collect::<Vec<_>>().try_into().ok()?;
            Some((queue, pair))
        };
        SamePairs { pairs: pairs.into_iter().filter_map(whole).collect() }
    }

    /// The figures of the blocks that ran second over those that ran first, of all queues together: 1 on a harness
    /// without a fault.
    pub(super) fn ratio(&self, confidence: f64) -> Option<Ratio> {
        let (first, second): (Vec<f64>, Vec<f64>) =
            self.pairs.iter().map(|(_, [first, second])| (*first, *second)).unzip();
        ratio(&second, &first, confidence).map(Ratio::from)
    }

    pub(super) fn by_family(&self, families: &BTreeMap<String, String>) -> Vec<Noise> {
        let mut by_family: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (queue, [first, second]) in &self.pairs {
            let family = families.get(*queue).map_or("all", String::as_str);
            by_family.entry(family).or_default().push((first / second).ln().abs().exp() - 1.0);
        }
        let noise = |(family, differences): (&str, Vec<f64>)| {
            let (family, pairs) = (family.to_owned(), differences.len());
            median(&differences).map(|median_difference| Noise { family, pairs, median_difference })
        };
        by_family.into_iter().filter_map(noise).collect()
    }
}
