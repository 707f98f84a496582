//! Rounds: every queue of a scenario once, one of them twice, in an order and with lengths drawn anew.

use fastrand::Rng;

use super::plan::Planned;
use crate::peers::language;

/// Settling lasts at least this long, where every thread has a cpu: shorter ones flatter fast queues on some machines.
/// `cargo bench --bench lengths` shows what it costs and what it is good for.
const SHORTEST_SETTLING_NS: f64 = 20e6;
/// The window likewise: processes differ by far more than longer windows of one would say.
const SHORTEST_WINDOW_NS: f64 = 10e6;
/// Either, where threads share a cpu and take turns of milliseconds; times the crowd.
const SHORTEST_CROWDED_NS: f64 = 50e6;
/// They are drawn from this share of their mean either way, so as not to beat with the kernel's ticks.
const JITTER: f64 = 0.2;
/// Lengths grow with the threads on a cpu up to this many.
const MOST_CROWDED: f64 = 4.0;

/// One block to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOrder {
    /// The queue's id.
    pub queue: String,
    /// The round, from 0.
    pub round: u32,
    /// 1 for the second block of an A/A pair, else 0.
    pub repeat: u32,
    /// Its place in the round's order, from 0.
    pub position: u32,
    /// Settling at least, in nanoseconds; the same for the whole round.
    pub settle_ns: u64,
    /// The window at least, in nanoseconds; the same for the whole round.
    pub window_ns: u64,
    /// Whether the report is to hold a trace.
    pub traced: bool,
}

/// The blocks of `round` of the plan's scenario number `scenario`: each of `queues` once, and one of them, by turns, a
/// second time. The same seed draws the same order and lengths.
pub fn draw(planned: &Planned, scenario: usize, seed: u64, round: u32, queues: &[String]) -> Vec<BlockOrder> {
    let mut rng = rng_for(seed, scenario, round);
    let [settle_ns, window_ns] = mean_ns(planned).map(|mean| (mean * (1.0 - JITTER + 2.0 * JITTER * rng.f64())) as u64);
    let mut blocks: Vec<(&String, u32)> = queues.iter().map(|queue| (queue, 0)).collect();
    let repeatable: Vec<&String> = planned.repeatable.iter().filter(|queue| queues.contains(queue)).collect();
    if !repeatable.is_empty() {
        blocks.push((repeatable[round as usize % repeatable.len()], 1));
    }
    rng.shuffle(&mut blocks);
    let order = |(position, (queue, repeat)): (usize, (&String, u32))| BlockOrder {
        queue: queue.clone(),
        round,
        repeat,
        position: position as u32,
        settle_ns,
        window_ns,
        traced: false,
    };
    blocks.into_iter().enumerate().map(order).collect()
}

/// Blocks of a round of all of a scenario's queues.
pub fn blocks_a_round(planned: &Planned) -> u64 {
    planned.queues.len() as u64 + u64::from(!planned.repeatable.is_empty())
}

/// What a block takes besides its slice, in nanoseconds: starting and ending a worker.
const BLOCK_OVERHEAD_NS: u64 = 6_000_000;
/// What a block of another language takes: a dear start, and several long slices.
const PEER_BLOCK_NS: u64 = 2_500_000_000;
/// What a page of a made-up site takes besides its delay, in nanoseconds, on a machine of some years.
const PAGE_NS: u64 = 600_000;

/// What a round of all of a scenario's queues is likely to take, in nanoseconds.
pub fn round_ns(planned: &Planned) -> u64 {
    let peers = planned.queues.iter().filter(|queue| language(queue).is_some()).count() as u64;
    if let Some(site) = planned.scenario.site {
        // A site has 1.4 addresses a page. One worker waits for all of them, several for their share; a start costs as any.
        let alone = u64::from(site.pages) * (u64::from(site.delay_ms) * 1_000_000 + PAGE_NS) * 7 / 5;
        let shared = alone / planned.scenario.producers as u64 + BLOCK_OVERHEAD_NS;
        return alone + blocks_a_round(planned) * shared + peers * PEER_BLOCK_NS;
    }
    (blocks_a_round(planned) - peers) * (mean_slice_ns(planned) + BLOCK_OVERHEAD_NS) + peers * PEER_BLOCK_NS
}

/// The mean length of a block's slice, in nanoseconds.
pub fn mean_slice_ns(planned: &Planned) -> u64 {
    mean_ns(planned).iter().sum::<f64>() as u64
}

/// Each number is stirred before the next is added, or neighbouring seeds would draw the same rounds in another order.
pub(super) fn rng_for(seed: u64, scenario: usize, round: u32) -> Rng {
    let stirred = Rng::with_seed(seed).u64(..) ^ scenario as u64;
    Rng::with_seed(Rng::with_seed(stirred).u64(..) ^ u64::from(round))
}

/// Of settling and of the window.
fn mean_ns(planned: &Planned) -> [f64; 2] {
    let crowd = planned.threads as f64 / planned.cpus_used() as f64;
    let shortest = match crowd {
        ..=1.0 => [SHORTEST_SETTLING_NS, SHORTEST_WINDOW_NS],
        _ => [SHORTEST_CROWDED_NS * crowd.min(MOST_CROWDED); 2],
    };
    shortest.map(|shortest| shortest / (1.0 - JITTER))
}
