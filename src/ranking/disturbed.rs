//! Which blocks something outside disturbed, and what the others say.

use std::collections::BTreeSet;

use super::Logs;
use crate::record::Block;

/// A block of which threads waited for a cpu for more than this share of the window, although they had one each.
const LONGEST_RUN_DELAY: f64 = 0.02;

/// Whether something outside of the queue took time from the block.
pub fn is_disturbed(block: &Block) -> bool {
    let window_ns = block.report.elapsed_ns.max(1) as f64;
    block.steal_ticks > 0 || block.report.run_delay_ns as f64 > LONGEST_RUN_DELAY * window_ns
}

/// The logs without disturbed blocks; `None` where there are none.
pub(super) fn left_out(blocks: &[Block], logs: &Logs) -> Option<Logs> {
    let counted = blocks.iter().filter(|block| block.repeat == 0);
    let disturbed: BTreeSet<(&str, u32)> =
        counted.filter(|block| is_disturbed(block)).map(|block| (block.queue.as_str(), block.round)).collect();
    (!disturbed.is_empty()).then(|| logs.clone().without(|queue, round| disturbed.contains(&(queue, round))))
}
