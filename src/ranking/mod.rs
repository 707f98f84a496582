//! From the blocks of a scenario to its rows: the one place where figures for people are computed.

mod boundary;
mod disturbed;
mod figures;
mod headline;
mod noise;
mod pairs;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::protocol::{Outcome, Regime, Report};
use crate::record::Block;
use crate::scenario::Scenario;
use crate::stats::{
    Contest, Differences, Interval, Modes, RatioEstimate, Verdict, contest, median, median_interval, modes, spread,
};
use crate::workload::{Size, Workload};
pub use boundary::{BothSides, Change, Crossing, OneSide, Side, Step, crossing};
use disturbed::Signals;
use figures::quantile_of_buckets;
pub use figures::{Logs, figure_of};
pub use headline::{headline, ratio_words, slower_words};
pub use noise::Noise;
use noise::SamePairs;
pub use pairs::{PairRow, Undecided, against_builds, all_pairs, undecided};

/// What intervals are computed for.
pub const CONFIDENCE: f64 = 0.95;
/// Rates that differ by less are as good as equal, unless said otherwise.
pub const MARGIN: f64 = 0.05;
/// A cell of which more than this share of the rounds was disturbed is unreliable.
const MOST_DISTURBED: f64 = 0.3;

/// A scenario's rows: those that may be the best first, limits last.
#[derive(Clone, Debug, Serialize)]
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
        waited_ns: blocks.iter().map(|block| block.waited_ns).sum(),
        away_ns: away().min().zip(away().max()).map(<[u64; 2]>::from),
    })
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
    /// The median's order-statistic interval.
    pub value_interval: Option<[f64; 2]>,
    /// (p90 - p10) / median over blocks.
    pub spread: Option<f64>,
    /// Two separate groups of blocks: value and count of the lower, then of the upper.
    pub modes: Option<[Mode; 2]>,
    /// Whether it belongs to the best set: no other queue is surely better.
    pub may_be_best: bool,
    /// The best and the worst rank it may have, all pairs of queues taken together.
    pub ranks: Option<[usize; 2]>,
    /// How many times slower: the estimate than the leader, the interval than the best of the scenario, whichever of
    /// the best set that is; the intervals of all rows hold together.
    pub times_slower: Option<Ratio>,
    /// What that interval says of it beside the best.
    pub verdict: Option<Verdict>,
    /// Why the verdict is not to be relied on.
    pub unreliable: Option<String>,
    /// What disturbed its blocks, and how many of them; they stay in.
    pub disturbed: BTreeMap<String, usize>,
    /// What a tenth and what nine tenths of the round trips of all its blocks took at most, in nanoseconds.
    pub trips_ns: Option<[u64; 2]>,
    /// Median time until what was started ran, in nanoseconds; where things are started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_ns: Option<u64>,
    /// Median over blocks of the page faults inside the window.
    pub page_faults: Option<f64>,
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

impl Row {
    /// Leaves only what the row says by itself.
    pub fn forget_comparison(&mut self) {
        (self.times_slower, self.ranks, self.verdict) = (None, None, None);
        (self.may_be_best, self.other_regime, self.modes, self.unreliable) = (false, false, None, None);
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The Hodges-Lehmann estimate.
    pub estimate: f64,
    /// Its interval, from signed ranks; none with too few rounds.
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

impl Ratio {
    /// Of log ratios, with an interval at this confidence.
    pub fn of(differences: &Differences, confidence: f64) -> Ratio {
        let interval = differences.interval(confidence).map(Interval::exp);
        Ratio {
            estimate: differences.estimate().exp(),
            interval: interval.map(|interval| [interval.lower, interval.upper]),
            rounds: differences.len(),
        }
    }
}

/// Ranks the blocks of one scenario.
pub fn rank(scenario: &Scenario, blocks: &[Block], context: &Context) -> Ranking {
    let Context { families, margin, oversubscribed } = *context;
    // Who starts others waits for a cpu behind them.
    let signals = Signals::of(blocks, oversubscribed || scenario.workload == Workload::Spawn);
    let mut by_queue: BTreeMap<&str, Vec<&Block>> = BTreeMap::new();
    for block in blocks {
        by_queue.entry(&block.queue).or_default().push(block);
    }
    let logs = Logs::of(scenario.workload, blocks).retain(|queue| !is_limit(queue));
    let places = Places::of(&logs);
    let same_pairs = SamePairs::of(scenario.workload, blocks);
    let same_queue_twice = same_pairs.ratio(CONFIDENCE);
    let beyond_margin = |ratio: Ratio| ratio.estimate.ln().abs() > margin.ln_1p();
    let mut ranking = Ranking {
        scenario: scenario.to_string(),
        unit: scenario.unit(),
        rounds: rounds_with_ok(blocks),
        margin,
        rows: by_queue.iter().map(|(queue, blocks)| row(scenario.workload, queue, blocks, &signals)).collect(),
        noise: same_pairs.by_family(families),
        same_queue_twice,
        equivalence_withheld: same_queue_twice.is_some_and(beyond_margin),
        block_ns: median(&blocks.iter().map(|block| block.wall_ns as f64).collect::<Vec<_>>()),
        cpus: cpus(blocks),
    };
    ranking.rows.sort_by_cached_key(|row| (row.limit, places.order_of(&row.queue), row.queue.clone()));
    let undisturbed = signals.left_out(blocks, &logs);
    let steady = undisturbed.as_ref().map(Places::of);
    let limit_loop = if scenario.size == Size::Boxed { "limit/box" } else { "limit/loop" };
    let is_bounded = scenario.workload == Workload::Stream;
    let limit = ranking.rows.iter().find(|row| row.queue == limit_loop && is_bounded).cloned();
    let best_regime = ranking.rows.first().filter(|row| !row.limit).and_then(|row| row.regime);
    let withheld = ranking.equivalence_withheld;
    for row in ranking.rows.iter_mut().filter(|row| !row.limit) {
        places.judge(row, margin, withheld);
        row.other_regime = row.regime.is_some() && best_regime.is_some() && row.regime != best_regime;
        row.share_of_limit =
            row.value.zip(limit.as_ref().and_then(|limit| limit.value)).map(|(value, limit)| value / limit);
        let reason = limit.as_ref().and_then(|limit| impossible(row, limit));
        row.unreliable = reason.or_else(|| unreliable(row, steady.as_ref(), margin, withheld));
    }
    ranking
}

/// Whether an id names a bound, not a contender.
pub fn is_limit(queue: &str) -> bool {
    queue.starts_with("limit/") || queue == "python/null"
}

fn rounds_with_ok(blocks: &[Block]) -> usize {
    let ok = blocks.iter().filter(|block| block.report.outcome == Outcome::Ok);
    ok.map(|block| block.round).collect::<std::collections::BTreeSet<_>>().len()
}

/// The queues' places in a contest of all of them.
struct Places<'a> {
    queues: Vec<&'a str>,
    contest: Option<Contest>,
}

impl<'a> Places<'a> {
    /// Only of queues that ran in rounds with the leader: of others, measured in other runs, nothing can be said.
    fn of(logs: &'a Logs) -> Places<'a> {
        let (mut queues, mut logs) = logs.sound();
        let mut all = contest(&logs, CONFIDENCE);
        if let Some(contest) = all.take_if(|contest| contest.standings.iter().any(|standing| standing.rounds == 0)) {
            let mut met = contest.standings.iter().map(|standing| standing.rounds > 0);
            let mut also_met = met.clone();
            queues.retain(|_| met.next() == Some(true));
            logs.retain(|_| also_met.next() == Some(true));
            all = crate::stats::contest(&logs, CONFIDENCE);
        }
        Places { queues, contest: all }
    }

    /// First who may be the best, then the others, each best first; those without a figure last.
    fn order_of(&self, queue: &str) -> (bool, usize) {
        let place = self.contest.as_ref().and_then(|contest| {
            let place = contest.order.iter().position(|at| self.queues[*at] == queue)?;
            Some((!contest.standings[contest.order[place]].may_be_best, place))
        });
        place.unwrap_or((true, usize::MAX))
    }

    fn judge(&self, row: &mut Row, margin: f64, withheld: bool) {
        let Some(contest) = &self.contest else { return };
        let Some(at) = self.queues.iter().position(|queue| *queue == row.queue) else { return };
        // Who is alone is compared with nobody.
        if self.queues.len() < 2 {
            return;
        }
        let standing = &contest.standings[at];
        row.may_be_best = standing.may_be_best;
        row.ranks = Some([standing.ranks.0, standing.ranks.1]);
        let slower = |log: f64| (-log).exp();
        row.times_slower = standing.estimate.map(|estimate| Ratio {
            estimate: slower(estimate),
            interval: standing.interval.map(|interval| [slower(interval.upper), slower(interval.lower)]),
            rounds: standing.rounds,
        });
        let is_sole_best = contest.standings.iter().filter(|standing| standing.may_be_best).count() == 1;
        row.verdict = match standing.interval {
            _ if at == contest.leader && is_sole_best => None,
            Some(interval) => Some(verdict(interval, margin, withheld)),
            None => Some(Verdict::Undecided),
        };
    }
}

/// What an interval of a log ratio says.
fn verdict(interval: Interval, margin: f64, withheld: bool) -> Verdict {
    let verdict = Verdict::of(interval.exp(), margin);
    if withheld && verdict.is_equivalent() { Verdict::Undecided } else { verdict }
}

/// A queue that does all that the loop without one does, and more, cannot be faster. (Rates above the other limits are
/// explained: a queue that runs full moves many messages with one line.)
fn impossible(row: &Row, limit: &Row) -> Option<String> {
    let ([slowest, _], [_, fastest]) = row.value_interval.zip(limit.value_interval)?;
    (slowest > fastest).then(|| format!("faster than {}, which is impossible", limit.queue))
}

/// Why a row's verdict is not to be relied on: too many of its rounds were disturbed, or it hangs on them.
fn unreliable(row: &Row, steady: Option<&Places>, margin: f64, withheld: bool) -> Option<String> {
    let share = row.disturbed.values().sum::<usize>() as f64 / row.blocks.max(1) as f64;
    if share > MOST_DISTURBED {
        return Some(format!("{:.0} % of its blocks were disturbed", share * 100.0));
    }
    let mut without = row.clone();
    steady?.judge(&mut without, margin, withheld);
    let differs = without.verdict != row.verdict;
    differs.then(|| {
        let words = |verdict: Option<Verdict>| verdict.map_or("best", Verdict::word);
        format!("{}, but {} without the disturbed rounds", words(row.verdict), words(without.verdict))
    })
}

/// Everything about a row that needs no other row.
fn row(workload: Workload, queue: &str, blocks: &[&Block], signals: &Signals) -> Row {
    let worst = blocks.iter().map(|block| &block.report).max_by_key(|report| report.outcome);
    let is_sound = worst.is_some_and(|report| report.outcome == Outcome::Ok);
    let ok_blocks = blocks.iter().filter(|block| block.report.outcome == Outcome::Ok).count();
    let ok = || blocks.iter().map(|block| &block.report).filter(|_| is_sound);
    let figures: Vec<f64> = ok().filter_map(|report| figure_of(workload, report)).collect();
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
        value: median(&figures),
        value_interval: median_interval(&figures, CONFIDENCE).map(|interval| [interval.lower, interval.upper]),
        spread: spread(&figures),
        modes: two_modes(&figures),
        may_be_best: false,
        ranks: None,
        times_slower: None,
        verdict: None,
        unreliable: None,
        disturbed: signals.count(blocks.iter().copied().filter(|_| is_sound)),
        trips_ns: trips(all_buckets(ok().map(|report| &report.round_trips))),
        first_ns: quantile_of_buckets(&all_buckets(ok().map(|report| &report.first)), 0.5),
        page_faults: median(&ok().map(|report| report.page_faults as f64).collect::<Vec<_>>()),
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

/// Those of several blocks, in order.
fn all_buckets<'a>(blocks: impl Iterator<Item = &'a Vec<[u64; 2]>>) -> Vec<[u64; 2]> {
    let mut buckets: Vec<[u64; 2]> = blocks.flatten().copied().collect();
    buckets.sort_unstable();
    buckets
}

fn trips(buckets: Vec<[u64; 2]>) -> Option<[u64; 2]> {
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
