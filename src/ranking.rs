//! From the blocks of a scenario to its rows: the one place where figures for people are computed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::protocol::{Outcome, Regime, Report};
use crate::record::Block;
use crate::scenario::Scenario;
use crate::stats::{Modes, RatioEstimate, median, modes, ratio, spread};
use crate::workload::{Size, Workload};

/// What intervals are computed for.
pub const CONFIDENCE: f64 = 0.95;

/// A scenario's rows, best first, limits last.
#[derive(Clone, Debug, Serialize)]
pub struct Ranking {
    /// The scenario's id.
    pub scenario: String,
    /// The unit of `value`.
    pub unit: &'static str,
    /// Rounds that have at least one ok block.
    pub rounds: usize,
    /// One for each queue.
    pub rows: Vec<Row>,
    /// What two blocks of one queue in one round differ by, for each family that has such blocks.
    pub noise: Vec<Noise>,
}

/// One queue's figures in a scenario; `None` where there is nothing to compute it from, and where any block ended in
/// an outcome other than ok: what is broken may well be fast.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The queue's id.
    pub queue: String,
    /// Whether it is a bound, not a contender.
    pub limit: bool,
    /// The worst outcome of its blocks.
    pub outcome: Outcome,
    /// What was said of it.
    pub detail: Option<String>,
    /// Blocks that ended ok.
    pub blocks: usize,
    /// Blocks that did not.
    pub failed_blocks: usize,
    /// Median over blocks, in the ranking's unit.
    pub value: Option<f64>,
    /// (p90 - p10) / median over blocks.
    pub spread: Option<f64>,
    /// Two separate groups of blocks: value and count of the lower, then of the upper.
    pub modes: Option<[Mode; 2]>,
    /// How many times slower than the best, round by round.
    pub times_slower: Option<Ratio>,
    /// What a tenth and what nine tenths of the round trips of all its blocks took at most, in nanoseconds.
    pub trips_ns: Option<[u64; 2]>,
    /// The regime of most of its blocks.
    pub regime: Option<Regime>,
    /// Whether it ran in another regime than the best.
    pub other_regime: bool,
    /// Cpu time of all endpoints per message, in nanoseconds.
    pub cpu_ns_per_message: Option<f64>,
    /// Voluntary context switches per message.
    pub voluntary_switches_per_message: Option<f64>,
    /// Failed tries per message, full and empty; none where the queue waits inside its own calls.
    pub failed_tries_per_message: Option<[Option<f64>; 2]>,
    /// Its rate over that of the loop without a queue.
    pub share_of_limit: Option<f64>,
    /// Messages it took before it said it was full.
    pub capacity: Option<u64>,
    /// Flags, and in how many blocks.
    pub flags: BTreeMap<String, usize>,
}

/// One of two groups of blocks.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mode {
    /// Its median, in the ranking's unit.
    pub value: f64,
    /// Its blocks.
    pub blocks: usize,
}

/// A ratio over rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratio {
    /// The Hodges-Lehmann estimate.
    pub estimate: f64,
    /// The Wilcoxon signed-rank interval; none with too few rounds.
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

/// What two blocks of one queue in one round differ by, over the queues of a family: how far one block can be trusted.
#[derive(Clone, Debug, Serialize)]
pub struct Noise {
    /// The family.
    pub family: String,
    /// Pairs of such blocks.
    pub pairs: usize,
    /// The median of their differences, as a share of their rate.
    pub median_difference: f64,
}

/// The figure of an ok block in its scenario's unit: a rate per second, or the median round trip in nanoseconds.
pub fn figure_of(workload: Workload, report: &Report) -> Option<f64> {
    if report.outcome != Outcome::Ok {
        return None;
    }
    let figure = match workload {
        Workload::Stream | Workload::Pairs => report.messages as f64 * 1e9 / report.elapsed_ns as f64,
        Workload::Pingpong => quantile_of_buckets(&report.round_trips, 0.5)? as f64,
    };
    (figure.is_finite() && figure > 0.0).then_some(figure)
}

/// What `share` of the values in buckets lie at or below; the buckets are in order, as a worker reports them.
fn quantile_of_buckets(buckets: &[[u64; 2]], share: f64) -> Option<u64> {
    let total: u128 = buckets.iter().map(|bucket| u128::from(bucket[1])).sum();
    let wanted = (total as f64 * share).ceil() as u128;
    let mut seen = 0;
    let reached = buckets.iter().find(|bucket| {
        seen += u128::from(bucket[1]);
        seen >= wanted.max(1)
    });
    reached.map(|bucket| bucket[0])
}

/// Ranks the blocks of one scenario; `families` names the family of each queue.
pub fn rank(scenario: &Scenario, blocks: &[Block], families: &BTreeMap<String, String>) -> Ranking {
    let mut by_queue: BTreeMap<&str, Vec<&Block>> = BTreeMap::new();
    for block in blocks {
        by_queue.entry(&block.queue).or_default().push(block);
    }
    let figures: BTreeMap<&str, Figures> =
        by_queue.iter().map(|(queue, blocks)| (*queue, Figures::of(scenario.workload, blocks))).collect();
    let better = |value: f64| if scenario.workload == Workload::Pingpong { value } else { -value };
    let key = |queue: &str| figures[queue].median.map_or(f64::INFINITY, better);
    let mut order: Vec<&str> = by_queue.keys().copied().collect();
    order.sort_by(|a, b| (is_limit(a), key(a)).partial_cmp(&(is_limit(b), key(b))).expect("medians are numbers"));
    let best = order.iter().copied().find(|queue| figures[queue].median.is_some() && !is_limit(queue));
    let limit_loop = if scenario.size == Size::Boxed { "limit/box" } else { "limit/loop" };
    let limit = figures.get(limit_loop).and_then(|figures| figures.median);
    let best_regime = best.and_then(|best| most_common_regime(&by_queue[best]));
    let row = |queue: &str| {
        let mut row = row(queue, &by_queue[queue], &figures[queue]);
        if let Some(best) = best.filter(|_| !row.limit) {
            row.times_slower = figures[queue].times_slower_than(&figures[best], scenario.workload);
            row.other_regime = row.regime.is_some() && best_regime.is_some() && row.regime != best_regime;
        }
        if scenario.workload == Workload::Stream && !row.limit {
            row.share_of_limit = row.value.zip(limit).map(|(value, limit)| value / limit);
        }
        row
    };
    let rounds: std::collections::BTreeSet<u32> = figures.values().flat_map(|f| f.by_round.keys().copied()).collect();
    Ranking {
        scenario: scenario.to_string(),
        unit: scenario.unit(),
        rounds: rounds.len(),
        rows: order.iter().map(|queue| row(queue)).collect(),
        noise: noise(scenario.workload, blocks, families),
    }
}

fn is_limit(queue: &str) -> bool {
    queue.starts_with("limit/")
}

/// A queue's figures: all of them for its median, the first of each round for ratios.
struct Figures {
    all: Vec<f64>,
    by_round: BTreeMap<u32, f64>,
    median: Option<f64>,
}

impl Figures {
    fn of(workload: Workload, blocks: &[&Block]) -> Figures {
        let of = |block: &&Block| figure_of(workload, &block.report).map(|figure| (block.round, block.repeat, figure));
        let is_sound = blocks.iter().all(|block| block.report.outcome == Outcome::Ok);
        let figures: Vec<(u32, u32, f64)> = blocks.iter().filter(|_| is_sound).filter_map(of).collect();
        let all: Vec<f64> = figures.iter().map(|(_, _, figure)| *figure).collect();
        let first = figures.iter().filter(|(_, repeat, _)| *repeat == 0);
        Figures { median: median(&all), by_round: first.map(|(round, _, figure)| (*round, *figure)).collect(), all }
    }

    fn times_slower_than(&self, best: &Figures, workload: Workload) -> Option<Ratio> {
        let both = self.by_round.iter().filter_map(|(round, own)| best.by_round.get(round).map(|best| (*own, *best)));
        let (own, best): (Vec<f64>, Vec<f64>) = both.unzip();
        let estimate = match workload {
            Workload::Pingpong => ratio(&own, &best, CONFIDENCE),
            Workload::Stream | Workload::Pairs => ratio(&best, &own, CONFIDENCE),
        };
        estimate.map(Ratio::from)
    }
}

fn row(queue: &str, blocks: &[&Block], figures: &Figures) -> Row {
    let worst = blocks.iter().map(|block| &block.report).max_by_key(|report| report.outcome);
    let is_sound = worst.is_some_and(|report| report.outcome == Outcome::Ok);
    let ok_blocks = blocks.iter().filter(|block| block.report.outcome == Outcome::Ok).count();
    let ok = || blocks.iter().map(|block| &block.report).filter(|_| is_sound);
    let per_message = |of: &dyn Fn(&Report) -> Option<u64>| {
        let each: Option<Vec<f64>> =
            ok().filter(|report| report.messages > 0).map(|r| Some(of(r)? as f64 / r.messages as f64)).collect();
        median(&each?)
    };
    let tries = [per_message(&|report| report.full_tries), per_message(&|report| report.empty_tries)];
    let mut flags = BTreeMap::new();
    for flag in ok().flat_map(|report| &report.flags) {
        *flags.entry(flag.clone()).or_default() += 1;
    }
    Row {
        queue: queue.to_owned(),
        limit: is_limit(queue),
        outcome: worst.map_or(Outcome::Ok, |report| report.outcome),
        detail: worst.and_then(|report| report.detail.clone()),
        blocks: ok_blocks,
        failed_blocks: blocks.len() - ok_blocks,
        value: figures.median,
        spread: spread(&figures.all),
        modes: two_modes(&figures.all),
        times_slower: None,
        trips_ns: trips(ok().flat_map(|report| &report.round_trips).copied().collect()),
        regime: most_common_regime(blocks).filter(|_| is_sound),
        other_regime: false,
        cpu_ns_per_message: per_message(&|report| Some(report.cpu_ns)),
        voluntary_switches_per_message: per_message(&|report| Some(report.voluntary_switches)),
        failed_tries_per_message: (tries[0].is_some() || tries[1].is_some()).then_some(tries),
        share_of_limit: None,
        capacity: ok().find_map(|report| report.capacity),
        flags,
    }
}

fn trips(mut buckets: Vec<[u64; 2]>) -> Option<[u64; 2]> {
    // Those of several blocks, one after the other.
    buckets.sort_unstable();
    Some([quantile_of_buckets(&buckets, 0.1)?, quantile_of_buckets(&buckets, 0.9)?])
}

fn two_modes(figures: &[f64]) -> Option<[Mode; 2]> {
    let Modes::Two { lower, upper } = modes(figures)? else { return None };
    Some([lower, upper].map(|mode| Mode { value: mode.median, blocks: mode.count }))
}

fn most_common_regime(blocks: &[&Block]) -> Option<Regime> {
    let mut counts: BTreeMap<Regime, usize> = BTreeMap::new();
    for regime in blocks.iter().filter_map(|block| block.report.regime) {
        *counts.entry(regime).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(regime, _)| regime)
}

/// Pairs the two blocks of each queue that ran twice in a round.
fn noise(workload: Workload, blocks: &[Block], families: &BTreeMap<String, String>) -> Vec<Noise> {
    let mut pairs: BTreeMap<(&str, u32), [Option<f64>; 2]> = BTreeMap::new();
    for block in blocks {
        if let Some(slot) = pairs.entry((&block.queue, block.round)).or_default().get_mut(block.repeat as usize) {
            *slot = figure_of(workload, &block.report);
        }
    }
    let mut by_family: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for ((queue, _), [first, second]) in pairs {
        if let Some((first, second)) = first.zip(second) {
            let family = families.get(queue).map_or("all", String::as_str);
            by_family.entry(family).or_default().push((first / second).ln().abs().exp() - 1.0);
        }
    }
    let noise = |(family, differences): (&str, Vec<f64>)| {
        let (family, pairs) = (family.to_owned(), differences.len());
        median(&differences).map(|median_difference| Noise { family, pairs, median_difference })
    };
    by_family.into_iter().filter_map(noise).collect()
}
