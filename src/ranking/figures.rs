//! What one block says in its scenario's unit, and the blocks of one queue by round.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{Outcome, Report};
use crate::queue::Program;
use crate::record::Block;
use crate::workload::Workload;

/// The figure of an ok block in its scenario's unit: a rate per second, or nanoseconds: a median, or a mean where each
/// is shorter than a look at the clock.
pub fn figure_of(workload: Workload, report: &Report) -> Option<f64> {
    if report.outcome != Outcome::Ok {
        return None;
    }
    let figure = match workload {
        Workload::Stream | Workload::Pairs | Workload::Copy => report.messages as f64 * 1e9 / report.elapsed_ns as f64,
        Workload::Program(Program::Crawl | Program::Print | Program::Map) => {
            report.messages as f64 * 1e9 / report.elapsed_ns as f64
        }
        Workload::Program(Program::Counter | Program::Lookup | Program::Barrier) => {
            report.elapsed_ns as f64 / report.messages as f64
        }
        Workload::Pingpong
        | Workload::Spawn
        | Workload::Wakeup
        | Workload::Program(Program::Finish | Program::Recover) => {
            quantile_of_buckets(&report.round_trips, 0.5)? as f64
        }
    };
    (figure.is_finite() && figure > 0.0).then_some(figure)
}

/// The log of a block's figure, larger being better.
pub(super) fn log_of(workload: Workload, figure: f64) -> f64 {
    if workload.is_timed() { -figure.ln() } else { figure.ln() }
}

/// What `share` of the values in buckets lie at or below; the buckets are in order, as a worker reports them.
pub(super) fn quantile_of_buckets(buckets: &[[u64; 2]], share: f64) -> Option<u64> {
    let total: u128 = buckets.iter().map(|bucket| u128::from(bucket[1])).sum();
    let wanted = (total as f64 * share).ceil() as u128;
    let mut seen = 0;
    let reached = buckets.iter().find(|bucket| {
        seen += u128::from(bucket[1]);
        seen >= wanted.max(1)
    });
    reached.map(|bucket| bucket[0])
}

/// Logs of the figures of queues by round, larger being better: what queues are compared by. A queue with a block
/// that ended in another outcome than ok has none: what is broken may well be fast.
#[derive(Clone, Debug)]
pub struct Logs {
    rounds: usize,
    by_queue: BTreeMap<String, Vec<Option<f64>>>,
}

impl Logs {
    /// Of one scenario's blocks; of a queue that ran twice in a round, the first counts.
    pub fn of<'a>(workload: Workload, blocks: impl IntoIterator<Item = &'a Block>) -> Logs {
        Logs::by(blocks, |report| Some(log_of(workload, figure_of(workload, report)?)))
    }

    /// The same of what a message costs in cpu time, less being better.
    pub(super) fn of_cost<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Logs {
        Logs::by(blocks, |report| {
            let cost = report.cpu_ns as f64 / report.messages as f64;
            (report.outcome == Outcome::Ok && cost.is_finite() && cost > 0.0).then(|| -cost.ln())
        })
    }

    fn by<'a>(blocks: impl IntoIterator<Item = &'a Block>, log_of: impl Fn(&Report) -> Option<f64>) -> Logs {
        let mut by_queue: BTreeMap<&str, BTreeMap<u32, f64>> = BTreeMap::new();
        let mut broken = BTreeSet::new();
        for block in blocks {
            let rounds = by_queue.entry(&block.queue).or_default();
            match log_of(&block.report) {
                Some(log) if block.repeat == 0 => drop(rounds.insert(block.round, log)),
                Some(_) => {}
                None => drop(broken.insert(block.queue.as_str())),
            }
        }
        let rounds = by_queue.values().filter_map(|rounds| rounds.keys().last()).max().map_or(0, |last| last + 1);
        let dense = |(queue, own): (&str, BTreeMap<u32, f64>)| {
            let of_round = |round| own.get(&round).copied().filter(|_| !broken.contains(queue));
            (queue.to_owned(), (0..rounds).map(of_round).collect())
        };
        Logs { rounds: rounds as usize, by_queue: by_queue.into_iter().map(dense).collect() }
    }

    /// Only these queues.
    #[must_use]
    pub fn retain(mut self, wanted: impl Fn(&str) -> bool) -> Logs {
        self.by_queue.retain(|queue, _| wanted(queue));
        self
    }

    /// Without the blocks of these rounds of these queues.
    #[must_use]
    pub fn without(mut self, left_out: &BTreeMap<&str, BTreeSet<u32>>) -> Logs {
        for (queue, rounds) in left_out {
            let Some(logs) = self.by_queue.get_mut(*queue) else { continue };
            for round in rounds {
                if let Some(log) = logs.get_mut(*round as usize) {
                    *log = None;
                }
            }
        }
        self
    }

    /// The logs of a queue, one for each round; none of a queue that is not there.
    pub fn get(&self, queue: &str) -> &[Option<f64>] {
        self.by_queue.get(queue).map_or(&[], Vec::as_slice)
    }

    /// Queues that have a figure, in the order of their ids, and the logs of each.
    pub fn sound(&self) -> (Vec<&str>, Vec<Vec<Option<f64>>>) {
        let sound = self.by_queue.iter().filter(|(_, logs)| logs.iter().any(Option::is_some));
        sound.map(|(queue, logs)| (queue.as_str(), logs.clone())).unzip()
    }

    /// Rounds, also those without any figure.
    pub fn rounds(&self) -> usize {
        self.rounds
    }
}
