//! Both sides of the boundary between threads and processes, and what there is to see.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Section;
use crate::ranking::{BothSides, CONFIDENCE, Change, Crossing, OneSide, Side, Step, crossing, is_limit, ratio_words};
use crate::stats::Verdict;
use crate::table::{count, duration, rate};

/// Queues that a finding names before the rest is counted.
const MOST_NAMED: usize = 3;

/// A scenario between threads and between processes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Across {
    /// The positions of the two in the summary's scenarios: threads, processes.
    pub sections: [usize; 2],
    /// The machine's id.
    pub machine: String,
    /// What there is to see, in a sentence or two.
    pub finding: String,
    /// What both sides say.
    #[serde(flatten)]
    pub crossing: Crossing,
}

/// Both sides of every scenario that has both, in one pool.
pub(super) fn all(sections: &[Section]) -> Vec<Across> {
    let across = |(at, section): (usize, &Section)| {
        let is_other = |other: &Section| other.pool == section.pool && other.scenario == section.scenario.across();
        let other = sections.iter().position(is_other).filter(|_| section.scenario.across() > section.scenario)?;
        let crossing = between(section, &sections[other])?;
        let (machine, finding) = (section.machine.clone(), finding(&crossing));
        Some(Across { sections: [at, other], machine, finding, crossing })
    };
    sections.iter().enumerate().filter_map(across).collect()
}

/// What two sections say that are the two sides of one scenario.
pub fn between(threads: &Section, processes: &Section) -> Option<Crossing> {
    let [one, other] = [threads, processes].map(|section| Side { ranking: &section.ranking, logs: &section.logs });
    crossing(&threads.scenario, &one, &other)
}

/// Which side is faster how often, over all scenarios of queues, by how much, and how much of that may be chance; none
/// where no queue was run on both.
pub fn overall(crossings: &[Across], sections: &[Section]) -> Option<String> {
    let is_of_queues = |across: &&Across| sections[across.sections[0]].is_of_queues();
    let crossings: Vec<&Across> = crossings.iter().filter(is_of_queues).collect();
    let all: Vec<&Change> =
        crossings.iter().flat_map(|across| &across.crossing.queues).map(|queue| &queue.change).collect();
    if all.is_empty() {
        return None;
    }
    let of = |wanted: fn(Verdict) -> bool| {
        let known = all.iter().filter(|change| change.times_faster.is_some() && !change.unreliable);
        known.filter(|change| wanted(change.verdict)).count()
    };
    let decided = |change: &&&Change| !change.unreliable && matches!(change.verdict, Verdict::Faster | Verdict::Slower);
    let estimates = || all.iter().filter(decided).filter_map(|change| Some(change.times_faster?.estimate));
    let (least, most) = (estimates().fold(f64::INFINITY, f64::min), estimates().fold(0.0, f64::max));
    let by = if most == 0.0 {
        String::new()
    } else {
        format!("; where that is decided, processes are {least:.2} to {most:.2} times as fast")
    };
    let others: Vec<String> = [
        (all.iter().filter(|change| change.times_faster.is_some() && change.unreliable).count(), "unreliable in"),
        (all.iter().filter(|change| change.times_faster.is_none()).count(), "without a ratio in"),
    ]
    .into_iter()
    .filter(|(times, _)| *times > 0)
    .map(|(times, word)| format!(", {word} {times}"))
    .collect();
    let with_ratio = all.iter().filter(|change| change.times_faster.is_some()).count();
    let chance = ((1.0 - CONFIDENCE) * with_ratio as f64).round();
    let unsure = of(|verdict| verdict == Verdict::Undecided) + of(Verdict::is_equivalent);
    let mostly = if 2 * unsure > all.len() { "Mostly neither is known to be faster. " } else { "" };
    Some(format!(
        "{mostly}Of {} of a queue on either side, in {}, processes are faster in {}, slower in {}, equivalent in {}, undecided in {}{}{by}. \
         Each bracket holds by itself: were there no difference at all, some {chance} of so many would lie beyond 1 by chance.",
        count(all.len(), "pair"),
        count(crossings.len(), "scenario"),
        of(|verdict| verdict == Verdict::Faster),
        of(|verdict| verdict == Verdict::Slower),
        of(Verdict::is_equivalent),
        of(|verdict| verdict == Verdict::Undecided),
        others.concat()
    ))
}

fn finding(crossing: &Crossing) -> String {
    let changes: Vec<&Change> = crossing.queues.iter().map(|queue| &queue.change).collect();
    let sure = crossing.queues.iter().filter(|queue| matches!(verdict_of_change(&queue.change), "faster" | "slower"));
    let named: Vec<String> = sure
        .filter_map(|queue| Some(format!("{} {}", queue.queue, ratio_words(&queue.change.times_faster?))))
        .collect();
    let more = named.len().saturating_sub(MOST_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let named = match &named[..named.len().min(MOST_NAMED)] {
        [] => String::new(),
        named => format!("; {}{more}", named.join(", ")),
    };
    format!("between processes {}{named}. {}", counted(&changes), fastest(crossing))
}

/// What the steps come to that change anything, in a sentence.
pub fn ladder_finding(ladder: &[Step]) -> String {
    let isolated: Vec<&Step> = ladder.iter().filter(|step| step.not_isolated.is_none()).collect();
    let changes: Vec<&Change> = isolated.iter().map(|step| &step.change).collect();
    let distance = |step: &&&Step| step.change.times_faster.map_or(0.0, |ratio| ratio.estimate.ln().abs());
    let sure = isolated.iter().filter(|step| matches!(verdict_of_change(&step.change), "faster" | "slower"));
    let most = sure.max_by(|a, b| distance(a).total_cmp(&distance(b)));
    let most = most.and_then(|step| Some((step, step.change.times_faster?))).map_or_else(
        || "none is sure to change anything".to_owned(),
        |(step, ratio)| format!("most by {} to {}, {} times as fast", step.step, step.to, ratio_words(&ratio)),
    );
    format!("Of {} that change one thing: {}; {most}.", count(isolated.len(), "step"), counted(&changes))
}

/// Which of these queues has the best figure on either side.
fn fastest(crossing: &Crossing) -> String {
    type SideOf = fn(&BothSides) -> &OneSide;
    let sides: [(&str, SideOf); 2] = [("threads", |queue| &queue.threads), ("processes", |queue| &queue.processes)];
    let best = |(name, side): (&str, SideOf)| {
        let contenders = crossing.queues.iter().filter(|queue| !is_limit(&queue.queue));
        let known = contenders.filter_map(|queue| Some((queue, side(queue).value?)));
        let sign = if crossing.is_timed { 1.0 } else { -1.0 };
        let (queue, _) = known.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))?;
        Some(format!("between {name} {} ({})", queue.queue, side_words(crossing, side(queue))?))
    };
    let both: Vec<String> = sides.into_iter().filter_map(best).collect();
    if both.is_empty() { String::new() } else { format!("Best by the median block: {}.", both.join(", ")) }
}

/// A side's figure in its unit, or both of them: what lies between two speeds is neither.
pub fn side_words(crossing: &Crossing, side: &OneSide) -> Option<String> {
    let words = |value: f64| if crossing.is_timed { duration(value) } else { rate(value) };
    match side.modes {
        Some([lower, upper]) => Some(format!("{} or {}", words(lower.value), words(upper.value))),
        None => side.value.map(words),
    }
}

/// `3 faster, 2 equivalent`
fn counted(changes: &[&Change]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(verdict_of_change(change)).or_default() += 1;
    }
    let words: Vec<String> = counts.into_iter().map(|(word, times)| format!("{times} {word}")).collect();
    words.join(", ")
}

/// A change in a word.
pub fn verdict_of_change(change: &Change) -> &'static str {
    match change {
        Change { times_faster: None, .. } => "without a figure",
        Change { unreliable: true, .. } => "unreliable",
        change => change.verdict.word(),
    }
}
