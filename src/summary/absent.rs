//! Who has no block in a scenario, and whether that is because it cannot run there or because nobody ran it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ranking::Ranking;
use crate::record::Skip;

/// Queues that have no block in a scenario, for one reason.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Absent {
    /// Whether it cannot be, or was not done.
    pub kind: AbsentKind,
    /// Why, as the run said.
    pub reason: String,
    /// The queues' ids.
    pub queues: Vec<String>,
}

/// Two things that are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AbsentKind {
    /// The queue is not made for it.
    NotSupported,
    /// It could be measured, but was not in this run.
    NotMeasured,
}

impl AbsentKind {
    /// A run says what to type, or what is missing, where a queue could have run.
    pub fn of(reason: &str) -> AbsentKind {
        let hints = [
            "name the queue",
            "add --waits",
            "runs no Python worker",
            "is on PATH",
            "outnumber cpus",
            "comes to the same",
        ];
        if hints.iter().any(|hint| reason.contains(hint)) { AbsentKind::NotMeasured } else { AbsentKind::NotSupported }
    }
}

/// The scenario's skips by reason; of a queue that another run has measured after all, nothing.
pub(super) fn absent(ranking: &Ranking, skips: &[Skip]) -> Vec<Absent> {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for skip in skips.iter().filter(|skip| skip.scenario == ranking.scenario) {
        let Some(queue) = &skip.queue else { continue };
        if !ranking.rows.iter().any(|row| row.queue == *queue) {
            by_reason.entry(&skip.reason).or_default().push(queue.clone());
        }
    }
    let of = |(reason, mut queues): (&str, Vec<String>)| {
        queues.sort();
        queues.dedup();
        Absent { kind: AbsentKind::of(reason), reason: reason.to_owned(), queues }
    };
    by_reason.into_iter().map(of).collect()
}
