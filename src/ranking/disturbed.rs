//! Which blocks something outside of the queue disturbed, by signals that predict how far a block lies from the others of
//! its cell; METHODOLOGY shows how well, and which do not.

use std::collections::{BTreeMap, BTreeSet};

use super::Logs;
use crate::program::counter;
use crate::record::Block;
use crate::schedule::contender::split;
use crate::schedule::gate::is_elsewhere;
use crate::stats::median;

/// A block of which threads waited for a cpu for more than this share of the window, although they had one each.
const LONGEST_RUN_DELAY: f64 = 0.02;

/// What a disturbed block of a scenario is known by.
pub(super) struct Signals {
    /// Nanoseconds a cache line usually takes there.
    usual_line_ns: Option<f64>,
    /// Whether waiting for a cpu is part of the scenario.
    waits_by_itself: bool,
}

impl Signals {
    pub(super) fn of(blocks: &[Block], waits_by_itself: bool) -> Signals {
        let lines: Vec<f64> = blocks.iter().filter_map(|block| Some(block.line_ns? as f64)).collect();
        Signals { usual_line_ns: median(&lines), waits_by_itself }
    }

    /// What disturbed a block, in a word for a table.
    pub(super) fn of_block(&self, block: &Block) -> Option<&'static str> {
        let window_ns = block.report.elapsed_ns.max(1) as f64;
        let lines = block.line_ns.zip(self.usual_line_ns);
        if lines.is_some_and(|(line, usual)| is_elsewhere(line, usual as u64)) {
            return Some("cpus moved");
        }
        let delayed = block.report.run_delay_ns as f64 > LONGEST_RUN_DELAY * window_ns;
        let by_itself = self.waits_by_itself || split(&block.queue).0 == counter::OWNER;
        (delayed && !by_itself).then_some("cpu taken")
    }

    /// How many of these blocks each signal disturbed.
    pub(super) fn count<'a>(&self, blocks: impl Iterator<Item = &'a Block>) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for signal in blocks.filter_map(|block| self.of_block(block)) {
            *counts.entry(signal.to_owned()).or_default() += 1;
        }
        counts
    }

    /// The logs without disturbed blocks; `None` where there are none.
    pub(super) fn left_out(&self, blocks: &[Block], logs: &Logs) -> Option<Logs> {
        let mut disturbed: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        for block in blocks.iter().filter(|block| block.repeat == 0 && self.of_block(block).is_some()) {
            disturbed.entry(&block.queue).or_default().insert(block.round);
        }
        (!disturbed.is_empty()).then(|| logs.clone().without(&disturbed))
    }
}
