//! Both sides of the boundary between threads and processes, and what there is to see.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Section;
use crate::ranking::{BothSides, Change, Crossing, OneSide, Side, crossing, ratio_words};
use crate::table::{count, duration, rate};

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

/// How often which verdict, over all scenarios.
pub fn overall(crossings: &[Across]) -> String {
    let all: Vec<&Change> =
        crossings.iter().flat_map(|across| &across.crossing.queues).map(|queue| &queue.change).collect();
    let cells = count(all.len(), "pair");
    format!("Over {}, {cells} of a queue on either side: {}.", count(crossings.len(), "scenario"), counted(&all))
}

fn finding(crossing: &Crossing) -> String {
    let changes: Vec<&Change> = crossing.queues.iter().map(|queue| &queue.change).collect();
    let sure = crossing.queues.iter().filter(|queue| matches!(verdict_of_change(&queue.change), "faster" | "slower"));
    let named: Vec<String> = sure
        .filter_map(|queue| Some(format!("{} {}", queue.queue, ratio_words(&queue.change.times_faster?))))
        .take(3)
        .collect();
    let named = if named.is_empty() { String::new() } else { format!("; {}", named.join(", ")) };
    format!("between processes {}{named}. {}", counted(&changes), fastest(crossing))
}

/// Which of these queues has the best figure on either side.
fn fastest(crossing: &Crossing) -> String {
    type SideOf = fn(&BothSides) -> &OneSide;
    let sides: [(&str, SideOf); 2] = [("threads", |queue| &queue.threads), ("processes", |queue| &queue.processes)];
    let best = |(name, side): (&str, SideOf)| {
        let known = crossing.queues.iter().filter_map(|queue| Some((queue, side(queue).value?)));
        let sign = if crossing.is_timed { 1.0 } else { -1.0 };
        let (queue, value) = known.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))?;
        Some(format!("between {name} {} ({})", queue.queue, figure_words(crossing, value)))
    };
    let both: Vec<String> = sides.into_iter().filter_map(best).collect();
    if both.is_empty() { String::new() } else { format!("Best in the middle: {}.", both.join(", ")) }
}

/// A figure of a scenario that has both sides, in its unit.
pub fn figure_words(crossing: &Crossing, value: f64) -> String {
    if crossing.is_timed { duration(value) } else { rate(value) }
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
