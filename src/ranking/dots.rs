//! Every block by itself, in the order they ran: what a median may hide.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Context;
use super::figures::figure_of;
use crate::record::Block;
use crate::scenario::Scenario;

/// The blocks of one queue, in the order they ran.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Dots {
    /// The queue's id.
    pub queue: String,
    /// The round of each.
    pub rounds: Vec<u32>,
    /// The figure of each in the scenario's unit, to four digits; null where it failed.
    pub values: Vec<Option<f64>>,
    /// Which of them are the second of an A/A pair: positions in the lists above.
    pub second: Vec<usize>,
    /// Which of them something disturbed, and what.
    pub disturbed: Vec<(usize, &'static str)>,
}

/// The dots of every queue, in the order of their ids.
pub fn dots(scenario: &Scenario, blocks: &[Block], context: &Context) -> Vec<Dots> {
    let signals = context.signals(scenario, blocks);
    let mut by_queue: BTreeMap<&str, Vec<&Block>> = BTreeMap::new();
    for block in blocks {
        by_queue.entry(&block.queue).or_default().push(block);
    }
    let of_queue = |(queue, mut blocks): (&str, Vec<&Block>)| {
        blocks.sort_by_key(|block| (block.round, block.position));
        let mut dots = Dots { queue: queue.to_owned(), ..Dots::default() };
        for (at, block) in blocks.into_iter().enumerate() {
            dots.rounds.push(block.round);
            dots.values.push(figure_of(scenario.workload, &block.report).map(four_digits));
            if block.repeat == 1 {
                dots.second.push(at);
            }
            dots.disturbed.extend(signals.of_block(block).map(|what| (at, what)));
        }
        dots
    };
    by_queue.into_iter().map(of_queue).collect()
}

fn four_digits(value: f64) -> f64 {
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}
