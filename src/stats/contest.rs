//! Several queues measured in the same rounds: which may be the best, and what the others lack.

use std::cmp::Ordering;

use super::interval::Interval;
use super::signed_rank::Differences;

/// What is known of several queues beside each other; see [`contest`].
#[derive(Debug, Clone, PartialEq)]
pub struct Contest {
    /// The queues' positions, best first, by the mean of their estimated log ratios to all others:
    /// Lehmann's adjusted estimates, which unlike the single ratios never contradict each other.
    /// Hollander, Wolfe & Chicken, "Nonparametric Statistical Methods" (3rd ed., 2014), section 7.4.
    pub order: Vec<usize>,
    /// The first of them that may be the best; ratios are given against it.
    pub leader: usize,
    /// One for each queue, in the order given.
    pub standings: Vec<Standing>,
}

/// One queue's place in a [`Contest`].
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The Hodges-Lehmann estimate of its log ratio to the leader; 0 for the leader. `None` without a
    /// round in common.
    pub estimate: Option<f64>,
    /// Of its log ratio to the best, whichever of the best set that is, simultaneous over all queues;
    /// holds 0 for members of the best set. `None` with too few rounds.
    pub interval: Option<Interval>,
    /// Rounds in common with the leader.
    pub rounds: usize,
    /// Whether it belongs to the best set: none of the others is surely better.
    pub may_be_best: bool,
    /// The best and the worst rank it may have, from 1, simultaneous over all pairs.
    pub ranks: (usize, usize),
}

/// Compares queues by the logs of their figures, larger being better: `logs[queue][round]`, `None`
/// where a queue has no figure for a round. Every queue has the same number of rounds.
///
/// **The best set** holds every queue that no other beats at a confidence of `1 - (1 - confidence)
/// / (N - 1)`; with probability `confidence` the truly best one is in it. Hsu, "Simultaneous
/// Confidence Intervals for All Distances from the Best", Annals of Statistics 9 (1981), with
/// Bonferroni's inequality and signed ranks in place of Dunnett's t.
///
/// **The interval** of a queue spans those of its ratios to each member of the best set. One of them
/// is the best; so all intervals hold together with probability `confidence`, although the leader
/// was chosen by the same data. Edwards & Hsu, "Multiple Comparisons with the Best Treatment",
/// Journal of the American Statistical Association 78 (1983).
///
/// **Ranks** count who is surely better and who surely worse, all N (N - 1) / 2 pairs together:
/// Mogstad, Romano, Shaikh & Wilhelm, "Inference for Ranks", Review of Economic Studies 91 (2024).
///
/// `None` for no queue.
#[must_use]
pub fn contest(logs: &[Vec<Option<f64>>], confidence: f64) -> Option<Contest> {
    let queues = logs.len();
    let others = queues.saturating_sub(1).max(1) as f64;
    let to_the_best = 1.0 - (1.0 - confidence) / others;
    let of_all_pairs = 1.0 - (1.0 - confidence) / (others * queues as f64 / 2.0).max(1.0);
    let pairs = Pairs::new(logs, to_the_best, of_all_pairs);
    let others_of = |i: usize| (0..queues).filter(move |j| *j != i);
    let is_beaten = |i: usize| others_of(i).any(|j| pairs.to_the_best(i, j) == Some(Ordering::Less));
    let mut may_be_best: Vec<bool> = (0..queues).map(|i| !is_beaten(i)).collect();
    let mut order: Vec<usize> = (0..queues).collect();
    let adjusted: Vec<f64> = order.iter().map(|i| pairs.mean_estimate(*i)).collect();
    order.sort_by(|a, b| adjusted[*b].total_cmp(&adjusted[*a]).then(a.cmp(b)));
    // Somebody is unbeaten unless three queues beat each other in a circle.
    let leader = order.iter().copied().find(|i| may_be_best[*i]).or(order.first().copied())?;
    may_be_best[leader] = true;
    // Who has too few rounds in common with the leader is known too little of to be compared with.
    let beside_leader = |k: usize| differences(&logs[k], &logs[leader])?.interval(to_the_best);
    let candidates: Vec<usize> =
        (0..queues).filter(|k| may_be_best[*k] && (*k == leader || beside_leader(*k).is_some())).collect();
    // Beside itself alone the leader would be known exactly.
    let nobody_is_known = candidates.len() == 1 && may_be_best.iter().filter(|may| **may).count() > 1;
    let standing = |i: usize| {
        let own = Some(Interval { lower: 0.0, upper: 0.0, coverage: 1.0 });
        let beside = |k: usize| if k == i { own } else { differences(&logs[i], &logs[k])?.interval(to_the_best) };
        let better = others_of(i).filter(|j| pairs.of_all_pairs(i, *j) == Some(Ordering::Less)).count();
        let worse = others_of(i).filter(|j| pairs.of_all_pairs(i, *j) == Some(Ordering::Greater)).count();
        Standing {
            estimate: if i == leader { Some(0.0) } else { pairs.estimate(i, leader) },
            interval: hull(candidates.iter().map(|k| beside(*k))).filter(|_| !nobody_is_known),
            rounds: logs[i].iter().zip(&logs[leader]).filter(|(own, other)| own.is_some() && other.is_some()).count(),
            may_be_best: may_be_best[i],
            ranks: (1 + better, queues - worse),
        }
    };
    let standings = (0..queues).map(standing).collect();
    Some(Contest { order, leader, standings })
}

/// The smallest interval that holds all of them; `None` if one is missing.
fn hull(mut intervals: impl Iterator<Item = Option<Interval>>) -> Option<Interval> {
    let first = intervals.next()??;
    intervals.try_fold(first, |hull, interval| {
        let interval = interval?;
        Some(Interval {
            lower: hull.lower.min(interval.lower),
            upper: hull.upper.max(interval.upper),
            coverage: hull.coverage.min(interval.coverage),
        })
    })
}

/// What is known of the log ratio of one queue to another: where it centres, and on which side of zero it surely lies.
#[derive(Clone, Copy)]
struct Pair {
    estimate: f64,
    to_the_best: Option<Ordering>,
    of_all_pairs: Option<Ordering>,
}

/// All pairs, each computed once.
struct Pairs {
    queues: usize,
    /// Of each queue to those before it.
    below_diagonal: Vec<Option<Pair>>,
}

impl Pairs {
    fn new(logs: &[Vec<Option<f64>>], to_the_best: f64, of_all_pairs: f64) -> Pairs {
        let pair = |i: usize, j: usize| {
            let differences = differences(&logs[i], &logs[j])?;
            Some(Pair {
                estimate: differences.estimate(),
                to_the_best: differences.side(to_the_best),
                of_all_pairs: differences.side(of_all_pairs),
            })
        };
        let below_diagonal = (0..logs.len()).flat_map(|i| (0..i).map(move |j| pair(i, j))).collect();
        Pairs { queues: logs.len(), below_diagonal }
    }

    fn get(&self, i: usize, j: usize) -> Option<Pair> {
        match i {
            _ if i == j => None,
            _ if i > j => self.below_diagonal[i * (i - 1) / 2 + j],
            _ => self.get(j, i).map(|pair| Pair {
                estimate: -pair.estimate,
                to_the_best: pair.to_the_best.map(Ordering::reverse),
                of_all_pairs: pair.of_all_pairs.map(Ordering::reverse),
            }),
        }
    }

    fn estimate(&self, i: usize, j: usize) -> Option<f64> {
        self.get(i, j).map(|pair| pair.estimate)
    }

    fn to_the_best(&self, i: usize, j: usize) -> Option<Ordering> {
        self.get(i, j)?.to_the_best
    }

    fn of_all_pairs(&self, i: usize, j: usize) -> Option<Ordering> {
        self.get(i, j)?.of_all_pairs
    }

    /// Of its log ratios to all queues, itself included; negative infinity without any.
    fn mean_estimate(&self, i: usize) -> f64 {
        let estimates: Vec<f64> = (0..self.queues).filter_map(|j| self.estimate(i, j)).collect();
        match estimates.len() {
            0 if self.queues > 1 => f64::NEG_INFINITY,
            others => estimates.iter().sum::<f64>() / (others + 1) as f64,
        }
    }
}

/// The log ratios of the rounds both have a figure for; `None` without one.
#[must_use]
pub fn differences(of: &[Option<f64>], to: &[Option<f64>]) -> Option<Differences> {
    let both: Vec<f64> = of.iter().zip(to).filter_map(|(of, to)| Some((*of)? - (*to)?)).collect();
    Differences::new(&both)
}
