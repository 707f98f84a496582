//! Two queues at a time: all pairs, a queue against another build of it, and what would decide an open one.

use serde::Serialize;

use super::{CONFIDENCE, Logs, Ranking, Ratio, verdict};
use crate::peers::language;
use crate::schedule::contender::split;
use crate::schedule::profile::Profile;
use crate::stats::{Differences, Verdict, differences, holm};

/// One queue beside another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PairRow {
    /// The one.
    pub of: String,
    /// The other.
    pub to: String,
    /// How many times faster the one is, over the rounds that have both.
    pub times_faster: Ratio,
    /// The p-value of their difference, adjusted for all pairs after Holm; as it is where the pair stands by itself.
    pub p_value: f64,
    /// Of the one, beside the other.
    pub verdict: Verdict,
    /// Whether either of them is unreliable, and the verdict with it.
    pub unreliable: bool,
}

/// Every pair of `logs`' queues, each once, the ids in order. A pair differs where its adjusted p-value says so, and is
/// equivalent where its interval at Bonferroni's confidence lies within the margin; the interval shown is that one.
pub fn all_pairs(logs: &Logs, ranking: &Ranking) -> Vec<PairRow> {
    let order: Vec<&str> = ranking.rows.iter().map(|row| row.queue.as_str()).collect();
    let (queues, _) = logs.sound();
    let queues: Vec<&str> = order.into_iter().filter(|queue| queues.contains(queue)).collect();
    let pairs = || queues.iter().enumerate().flat_map(|(i, of)| queues[i + 1..].iter().map(move |to| (*of, *to)));
    let known: Vec<(&str, &str, Differences)> =
        pairs().filter_map(|(of, to)| Some((of, to, differences(logs.get(of), logs.get(to))?))).collect();
    let p_values = holm(&known.iter().map(|(.., differences)| differences.p_value()).collect::<Vec<_>>());
    let confidence = 1.0 - (1.0 - CONFIDENCE) / known.len().max(1) as f64;
    let row = |((of, to, differences), p_value): (&(&str, &str, Differences), f64)| {
        let mut row = PairRow::new(of, to, differences, confidence, ranking);
        let direction = if differences.estimate() > 0.0 { Verdict::Faster } else { Verdict::Slower };
        row.p_value = p_value;
        row.verdict = match row.verdict {
            equivalent if equivalent.is_equivalent() => equivalent,
            _ if p_value <= 1.0 - CONFIDENCE => direction,
            _ => Verdict::Undecided,
        };
        row
    };
    known.iter().zip(p_values).map(row).collect()
}

/// Each queue beside every other build of it that took part (`queue@name`): the comparisons such a run is made for, so
/// each stands by itself.
pub fn against_builds(logs: &Logs, ranking: &Ranking) -> Vec<PairRow> {
    let builds = ranking.rows.iter().map(|row| row.queue.as_str()).filter(|queue| split(queue).1.is_some());
    let pair = |build| {
        let (own, _) = split(build);
        Some(PairRow::new(own, build, &differences(logs.get(own), logs.get(build))?, CONFIDENCE, ranking))
    };
    builds.filter_map(pair).collect()
}

/// Each way to write a program beside the one that does the same with one worker, its own language's where there is one;
/// each comparison stands by itself.
pub fn speed_up(logs: &Logs, ranking: &Ranking) -> Vec<PairRow> {
    let queues = || ranking.rows.iter().map(|row| row.queue.as_str());
    let pair = |of: &str| {
        let to = queues().find(|to| to.ends_with("serial") && language(to) == language(of))?;
        let both = differences(logs.get(of), logs.get(to)).filter(|_| to != of)?;
        Some(PairRow::new(of, to, &both, CONFIDENCE, ranking))
    };
    queues().filter_map(pair).collect()
}

impl PairRow {
    fn new(of: &str, to: &str, differences: &Differences, confidence: f64, ranking: &Ranking) -> PairRow {
        let interval = differences.interval(confidence);
        let verdict = interval
            .map_or(Verdict::Undecided, |interval| verdict(interval, ranking.margin, ranking.equivalence_withheld));
        let is_unreliable = |queue: &str| ranking.rows.iter().any(|row| row.queue == queue && row.unreliable.is_some());
        let unreliable = is_unreliable(of) || is_unreliable(to);
        let times_faster = Ratio::of(differences, confidence);
        PairRow {
            of: of.to_owned(),
            to: to.to_owned(),
            times_faster,
            p_value: differences.p_value(),
            verdict,
            unreliable,
        }
    }
}

/// What it would take to tell two queues apart, or to call them equivalent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Undecided {
    /// The queue.
    pub queue: String,
    /// The one it is compared with.
    pub leader: String,
    /// Rounds of the two by themselves.
    pub rounds: u32,
    /// What they would take, in nanoseconds.
    pub time_ns: u64,
}

/// The undecided rows beside the leader, each with the rounds that would decide it if estimate and scatter stay as they
/// are. The width of an interval falls with the root of the rounds.
pub fn undecided(logs: &Logs, ranking: &Ranking) -> Vec<Undecided> {
    // Rows stand in the contest's order.
    let Some(leader) = ranking.rows.first().filter(|row| row.times_slower.is_some()) else { return Vec::new() };
    let leader = leader.queue.as_str();
    // No number of rounds mends what withheld the word.
    if ranking.equivalence_withheld {
        return Vec::new();
    }
    let block_ns = ranking.block_ns.unwrap_or_default();
    let open = ranking.rows.iter().filter(|row| row.verdict == Some(Verdict::Undecided) && row.queue != leader);
    let decide = |queue: &str| {
        let differences = differences(logs.get(queue), logs.get(leader))?;
        let estimate = differences.estimate().abs();
        let wanted = estimate.max(ranking.margin.ln_1p() - estimate);
        // Two queues and the reference: three at most. Half as many again, or the width would be reached only every other time.
        let needed = 1.5 * differences.needed_for(wanted, 1.0 - (1.0 - CONFIDENCE) / 2.0)?;
        // Fewer than a pilot has are too few for a table of many queues.
        let pilot = f64::from(Profile::Default.extent().pilot);
        let rounds = needed.ceil().max(differences.len() as f64).max(pilot);
        // The two, the reference, and the second block of one of them.
        let time_ns = (rounds * 4.0 * block_ns) as u64;
        Some(Undecided { queue: queue.to_owned(), leader: leader.to_owned(), rounds: rounds as u32, time_ns })
    };
    open.filter_map(|row| decide(&row.queue)).collect()
}
