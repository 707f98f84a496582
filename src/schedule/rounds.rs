//! Rounds: every queue of a scenario once, one of them twice, in an order and with lengths drawn anew.

use fastrand::Rng;

use super::Settings;
use super::plan::Planned;

/// Settling and the window last at least this long; lengths are drawn from it upwards.
const SHORTEST_NS: f64 = 50e6;
/// They are drawn from this share of their mean either way, so as not to beat with the kernel's ticks.
const JITTER: f64 = 0.2;
/// Threads that share a cpu take turns of milliseconds: lengths grow with the crowd, up to this much.
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

/// All blocks of a scenario, round by round.
pub struct Rounds<'a> {
    planned: &'a Planned,
    scenario: usize,
    settings: Settings,
    round: u32,
    current: std::vec::IntoIter<BlockOrder>,
}

impl<'a> Rounds<'a> {
    /// Of the plan's scenario number `scenario`. The same seed draws the same orders and lengths.
    pub fn new(planned: &'a Planned, scenario: usize, settings: Settings) -> Rounds<'a> {
        Rounds { planned, scenario, settings, round: 0, current: Vec::new().into_iter() }
    }

    /// Blocks of a scenario in all.
    pub fn blocks(planned: &Planned, rounds: u32) -> u64 {
        let repeats = u64::from(!planned.repeatable.is_empty());
        (planned.queues.len() as u64 + repeats) * u64::from(rounds)
    }

    /// The mean length of a block's slice, in nanoseconds.
    pub fn mean_slice_ns(planned: &Planned) -> u64 {
        (2.0 * mean_ns(planned)) as u64
    }

    /// Whether blocks of `queue` are still to come.
    pub fn has_more_of(&self, queue: &str) -> bool {
        self.round < self.settings.rounds || self.current.as_slice().iter().any(|order| order.queue == queue)
    }

    fn draw(&self) -> Vec<BlockOrder> {
        let mut rng = rng_for(self.settings.seed, self.scenario, self.round);
        let mut length = || (mean_ns(self.planned) * (1.0 - JITTER + 2.0 * JITTER * rng.f64())) as u64;
        let (settle_ns, window_ns) = (length(), length());
        let mut queues: Vec<(&String, u32)> = self.planned.queues.iter().map(|queue| (queue, 0)).collect();
        let repeatable = &self.planned.repeatable;
        if !repeatable.is_empty() {
            queues.push((&repeatable[self.round as usize % repeatable.len()], 1));
        }
        rng.shuffle(&mut queues);
        let order = |(position, (queue, repeat)): (usize, (&String, u32))| BlockOrder {
            queue: queue.clone(),
            round: self.round,
            repeat,
            position: position as u32,
            settle_ns,
            window_ns,
            traced: false,
        };
        queues.into_iter().enumerate().map(order).collect()
    }
}

/// Each number is stirred before the next is added, or neighbouring seeds would draw the same rounds in another order.
fn rng_for(seed: u64, scenario: usize, round: u32) -> Rng {
    let stirred = Rng::with_seed(seed).u64(..) ^ scenario as u64;
    Rng::with_seed(Rng::with_seed(stirred).u64(..) ^ u64::from(round))
}

fn mean_ns(planned: &Planned) -> f64 {
    let crowd = (planned.threads as f64 / planned.cpus_used() as f64).clamp(1.0, MOST_CROWDED);
    SHORTEST_NS / (1.0 - JITTER) * crowd
}

impl Iterator for Rounds<'_> {
    type Item = BlockOrder;

    fn next(&mut self) -> Option<BlockOrder> {
        loop {
            if let Some(order) = self.current.next() {
                return Some(order);
            }
            if self.round == self.settings.rounds {
                return None;
            }
            self.current = self.draw().into_iter();
            self.round += 1;
        }
    }
}
