//! One queue's figures in a scenario: everything about a row that needs no other row, and the fields its comparison fills.

use std::collections::BTreeMap;

use serde::Serialize;

use super::disturbed::Signals;
use super::figures::{figure_of, quantile_of_buckets};
use super::{CONFIDENCE, Ratio, is_limit};
use crate::protocol::{Outcome, Regime, Report};
use crate::record::Block;
use crate::stats::{Modes, Verdict, median, median_interval, modes, spread};
use crate::workload::Workload;

/// One queue's figures in a scenario; `None` where there is nothing to compute it from, and where any block ended in
/// an outcome other than ok: what is broken may well be fast.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Cpu time of all endpoints per message, in nanoseconds: the median over blocks.
    pub cpu_ns_per_message: Option<f64>,
    /// That median's order-statistic interval.
    pub cpu_interval: Option<[f64; 2]>,
    /// Voluntary context switches per message.
    pub voluntary_switches_per_message: Option<f64>,
    /// Failed tries per message, full and empty; none where the queue waits inside its own calls.
    pub failed_tries_per_message: Option<[Option<f64>; 2]>,
    /// Its rate over that of the loop without a queue.
    pub share_of_limit: Option<f64>,
    /// Messages it took before it said it was full.
    pub capacity: Option<u64>,
    /// What a program counted or timed besides, by name: the median over blocks, the least and the most.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, [f64; 3]>,
    /// Flags, and in how many blocks.
    pub flags: BTreeMap<String, usize>,
}

impl Row {
    /// A queue that does all that the loop without one does, and more, cannot be faster. (Rates above the other limits are
    /// explained: a queue that runs full moves many messages with one line.)
    pub(super) fn hold_against(&mut self, limit: &Row) {
        if let Some(([slowest, _], [_, fastest])) = self.value_interval.zip(limit.value_interval)
            && slowest > fastest
        {
            self.unreliable = Some(format!("faster than {}, which is impossible", limit.queue));
        }
    }

    /// Leaves only what the row says by itself.
    pub fn forget_comparison(&mut self) {
        (self.times_slower, self.ranks, self.verdict) = (None, None, None);
        (self.may_be_best, self.other_regime, self.modes, self.unreliable) = (false, false, None, None);
    }
}

/// One of two groups of blocks.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Mode {
    /// Its median, in the ranking's unit.
    pub value: f64,
    /// Its blocks.
    pub blocks: usize,
}

/// Everything about a row that needs no other row.
pub(super) fn row(workload: Workload, queue: &str, blocks: &[&Block], signals: &Signals) -> Row {
    let worst = blocks.iter().map(|block| &block.report).max_by_key(|report| report.outcome);
    let is_sound = worst.is_some_and(|report| report.outcome == Outcome::Ok);
    let ok_blocks = blocks.iter().filter(|block| block.report.outcome == Outcome::Ok).count();
    let ok = || blocks.iter().map(|block| &block.report).filter(|_| is_sound);
    let figures: Vec<f64> = ok().filter_map(|report| figure_of(workload, report)).collect();
    let each_per_message = |of: &dyn Fn(&Report) -> Option<u64>| -> Option<Vec<f64>> {
        ok().filter(|report| report.messages > 0).map(|r| Some(of(r)? as f64 / r.messages as f64)).collect()
    };
    let per_message = |of: &dyn Fn(&Report) -> Option<u64>| median(&each_per_message(of)?);
    let cpu = each_per_message(&|report| Some(report.cpu_ns)).unwrap_or_default();
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
        cpu_ns_per_message: median(&cpu),
        cpu_interval: median_interval(&cpu, CONFIDENCE).map(|interval| [interval.lower, interval.upper]),
        voluntary_switches_per_message: per_message(&|report| Some(report.voluntary_switches)),
        failed_tries_per_message: (tries[0].is_some() || tries[1].is_some()).then_some(tries),
        share_of_limit: None,
        capacity: ok().find_map(|report| report.capacity),
        figures: other_figures(ok()),
        flags,
    }
}

/// Those of several blocks, in order.
fn all_buckets<'a>(blocks: impl Iterator<Item = &'a Vec<[u64; 2]>>) -> Vec<[u64; 2]> {
    let mut buckets: Vec<[u64; 2]> = blocks.flatten().copied().collect();
    buckets.sort_unstable();
    buckets
}

/// What programs counted or timed besides.
fn other_figures<'a>(blocks: impl Iterator<Item = &'a Report>) -> BTreeMap<String, [f64; 3]> {
    let mut by_name: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (name, figure) in blocks.flat_map(|report| &report.figures) {
        by_name.entry(name).or_default().push(*figure as f64);
    }
    let summed_up = |(name, figures): (&str, Vec<f64>)| {
        let (least, most) = figures.iter().fold((f64::MAX, f64::MIN), |(least, most), f| (least.min(*f), most.max(*f)));
        Some((name.to_owned(), [median(&figures)?, least, most]))
    };
    by_name.into_iter().filter_map(summed_up).collect()
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
