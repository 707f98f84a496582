//! From the blocks of a scenario to its rows: the one place where figures for people are computed.

mod answer;
mod boundary;
mod disturbed;
mod dots;
mod figures;
mod headline;
mod noise;
mod pairs;
mod places;
mod ratio;
mod row;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::program::{counter, print};
use crate::protocol::Outcome;
use crate::queue::Program;
use crate::record::Block;
use crate::scenario::Scenario;
use crate::stats::median;
use crate::workload::{Size, Workload};
pub use answer::{Answer, Candidate, Matter, WaitNeed, answers};
pub use boundary::{BothSides, Change, Crossing, OneSide, Side, Step, crossing};
use disturbed::Signals;
pub use dots::{Dots, dots};
pub use figures::{Logs, figure_of};
pub use headline::{end_words, headline, ratio_words, slower_words};
pub use noise::Noise;
use noise::SamePairs;
pub use pairs::{PairRow, Undecided, against_builds, all_pairs, speed_up, undecided};
use places::{Field, verdict};
pub use ratio::Ratio;
pub use row::{Mode, Row};

/// What intervals are computed for.
pub const CONFIDENCE: f64 = 0.95;
/// Rates that differ by less are as good as equal, unless said otherwise.
pub const MARGIN: f64 = 0.05;

/// A scenario's rows: those that may be the best first, limits last.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Ranking {
    /// The scenario's id.
    pub scenario: String,
    /// The unit of `value`.
    pub unit: &'static str,
    /// Rounds that have at least one ok block.
    pub rounds: usize,
    /// Rates that differ by less than this share are called equivalent.
    pub margin: f64,
    /// One for each queue.
    pub rows: Vec<Row>,
    /// What two blocks of one queue in one round differ by, for each family that has such blocks.
    pub noise: Vec<Noise>,
    /// The second over the first of two blocks of one queue in one round, all queues together.
    pub same_queue_twice: Option<Ratio>,
    /// Whether that ratio lies beyond the margin, so that nothing is called equivalent.
    pub equivalence_withheld: bool,
    /// What a block takes in all, in nanoseconds.
    pub block_ns: Option<f64>,
    /// Where the host had the cpus.
    pub cpus: Option<Cpus>,
}

/// Where the host had the cpus, as told by what a cache line takes from one to the other and back.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cpus {
    /// Nanoseconds, usually.
    pub line_ns: f64,
    /// Blocks that had to wait for it to be so.
    pub waited_blocks: usize,
    /// Nanoseconds they waited, all together.
    pub waited_ns: u64,
    /// Nanoseconds a line took meanwhile: the least and the most.
    pub away_ns: Option<[u64; 2]>,
}

fn cpus(blocks: &[Block]) -> Option<Cpus> {
    let median = |of: &dyn Fn(&Block) -> Option<u64>| {
        median(&blocks.iter().filter_map(|block| Some(of(block)? as f64)).collect::<Vec<_>>())
    };
    let away = || blocks.iter().filter_map(|block| block.away_ns);
    Some(Cpus {
        line_ns: median(&|block| block.line_ns)?,
        waited_blocks: blocks.iter().filter(|block| block.waited_ns > 0).count(),
        // A file may say any number.
        waited_ns: blocks.iter().fold(0, |sum: u64, block| sum.saturating_add(block.waited_ns)),
        away_ns: away().min().zip(away().max()).map(<[u64; 2]>::from),
    })
}

/// What besides its blocks a ranking depends on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The family of each queue.
    pub families: &'a BTreeMap<String, String>,
    /// The share by which rates may differ and still be called equivalent; fixed before anything is measured.
    pub margin: f64,
    /// Whether threads outnumber the cpus they run on.
    pub oversubscribed: bool,
}

/// Ranks the blocks of one scenario.
pub fn rank(scenario: &Scenario, blocks: &[Block], context: &Context) -> Ranking {
    let Context { families, margin, .. } = *context;
    let signals = context.signals(scenario, blocks);
    let mut by_queue: BTreeMap<&str, Vec<&Block>> = BTreeMap::new();
    for block in blocks {
        by_queue.entry(&block.queue).or_default().push(block);
    }
    let same_pairs = SamePairs::of(scenario.workload, blocks);
    let same_queue_twice = same_pairs.ratio(CONFIDENCE);
    let beyond_margin = |ratio: Ratio| ratio.estimate.ln().abs() > margin.ln_1p();
    let mut ranking = Ranking {
        scenario: scenario.to_string(),
        unit: scenario.unit(),
        rounds: rounds_with_ok(blocks),
        margin,
        rows: by_queue.iter().map(|(queue, blocks)| row::row(scenario.workload, queue, blocks, &signals)).collect(),
        noise: same_pairs.by_family(families),
        same_queue_twice,
        equivalence_withheld: same_queue_twice.is_some_and(beyond_margin),
        block_ns: median(&blocks.iter().map(|block| block.wall_ns as f64).collect::<Vec<_>>()),
        cpus: cpus(blocks),
    };
    Field::new(Logs::of(scenario.workload, blocks), blocks, &signals).seat(&mut ranking);
    ranking.beside_the_loop(scenario);
    ranking
}

impl Context<'_> {
    fn signals(&self, scenario: &Scenario, blocks: &[Block]) -> Signals {
        Signals::of(blocks, self.oversubscribed || brings_others(scenario.workload))
    }
}

/// Whether others of its own run beside its endpoints, who wait for a cpu behind them: what is started, a reader of lines,
/// who ends the workers, who leaves them a lock, a site.
fn brings_others(workload: Workload) -> bool {
    use Program::{Crawl, Finish, Print, Recover};
    matches!(workload, Workload::Spawn | Workload::Program(Crawl | Finish | Print | Recover))
}

impl Ranking {
    /// What the loop without a queue, in the same rounds, says of each row.
    fn beside_the_loop(&mut self, scenario: &Scenario) {
        let Some(limit) = self.the_loop(scenario).cloned() else { return };
        for row in self.rows.iter_mut().filter(|row| !row.limit) {
            row.share_of_limit = row.value.zip(limit.value).map(|(value, limit)| value / limit);
            row.hold_against(&limit);
        }
    }

    fn the_loop(&self, scenario: &Scenario) -> Option<&Row> {
        let limit_loop = if scenario.size == Size::Boxed { "limit/box" } else { "limit/loop" };
        self.rows.iter().find(|row| row.queue == limit_loop && scenario.workload == Workload::Stream)
    }
}

/// Whether an id names a bound, not a contender.
pub fn is_limit(queue: &str) -> bool {
    queue.starts_with("limit/")
        || queue == "python/null"
        || [counter::UNSYNCHRONISED, print::UNSYNCHRONISED].contains(&queue)
}

fn rounds_with_ok(blocks: &[Block]) -> usize {
    let ok = blocks.iter().filter(|block| block.report.outcome == Outcome::Ok);
    ok.map(|block| block.round).collect::<std::collections::BTreeSet<_>>().len()
}
