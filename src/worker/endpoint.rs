//! One endpoint in a process of its own, and what it and the cell process say to each other: a JSON object a line.

use std::io::{self, BufRead};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::probe::Probe;
use super::{die_on_panic, order_of, say};
use crate::memory::{LINE, Map, Part, Placed};
use crate::orphan::die_with_parent;
use crate::protocol::Outcome;
use crate::registry::Registry;
use crate::scenario::Scenario;
use crate::topology;
use crate::workload::Loop;
use crate::workload::slice::{Lengths, Slice, Tally};

/// Cell process to endpoint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// Pin yourself, make your end of the queue.
    Join(Join),
    /// Take part in a probe, as its leader or not.
    Probe { leads: bool },
    /// Run the slice that began at this time.
    Start { origin_ns: u64, lengths: Lengths },
}

/// What an endpoint is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Join {
    pub queue: String,
    pub scenario: String,
    pub work_iterations: [u32; 2],
    /// Consumers are numbered first.
    pub index: usize,
    pub cpu: Option<usize>,
}

/// Endpoint to cell process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Said {
    /// Ready; what touching the queue has shown, by the first.
    Joined { capacity: Option<u64>, missing: u64 },
    /// What a line takes, by the leader; the other has nothing to say of it.
    Probed { line_ns: Option<u64> },
    /// What came of the slice.
    Finished(Box<Tally>),
    /// It cannot go on.
    Failed { outcome: Outcome, detail: String },
}

/// Where the slice begins in the memory that endpoints share, behind the probe.
pub(super) const SLICE_AT: usize = size_of::<Probe>().next_multiple_of(LINE);

/// Serves the cell process on stdin and stdout until it goes away. `words` name the descriptors this process was
/// started with: the memory all endpoints share, then the queue's parts.
///
/// # Errors
///
/// When stdin or stdout break, or the cell process says what is no order.
pub fn serve(registry: &Registry, words: &[String]) -> anyhow::Result<()> {
    die_with_parent()?;
    die_on_panic(|outcome, detail| say(&Said::Failed { outcome, detail }).ok());
    let mut descriptors = words.iter().map(|word| inherited(word)).collect::<anyhow::Result<Vec<_>>>()?;
    anyhow::ensure!(!descriptors.is_empty(), "an endpoint is started by a worker, not by hand");
    let shared = Part::all(Map::of(descriptors.remove(0))?);
    let mut parts = Some(descriptors);
    let mut joined: Option<(Scenario, Loop)> = None;
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line?)? {
            Order::Join(join) => match joins(registry, &join, parts.take().unwrap_or_default()) {
                Ok((said, ready)) => {
                    joined = Some(ready);
                    say(&said)?;
                }
                Err(why) => say(&Said::Failed { outcome: Outcome::Refused, detail: format!("{why:#}") })?,
            },
            Order::Probe { leads } => {
                let probe: Placed<Probe> = Placed::at(shared.clone());
                let line_ns = if leads {
                    probe.lead()
                } else {
                    probe.follow();
                    None
                };
                say(&Said::Probed { line_ns })?;
            }
            Order::Start { origin_ns, lengths } => {
                let (scenario, own_loop) = joined.take().context("start before join")?;
                let memory = shared.from(SLICE_AT);
                let slice = Slice::in_memory(&memory, origin_ns, lengths, scenario.producers, scenario.consumers);
                say(&Said::Finished(Box::new(own_loop(&slice))))?;
            }
        }
    }
    Ok(())
}

/// The descriptor that a process was started with by this number.
pub(crate) fn inherited(word: &str) -> anyhow::Result<OwnedFd> {
    let fd: RawFd = word.parse().context("an endpoint is started with numbers of descriptors")?;
    // SAFETY: only to ask whether it is open.
    rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(fd) }).context("a descriptor is missing")?;
    // SAFETY: it is open, and handed over to this process by who named it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn joins(registry: &Registry, join: &Join, parts: Vec<OwnedFd>) -> anyhow::Result<(Said, (Scenario, Loop))> {
    if let Some(cpu) = join.cpu {
        topology::pin(cpu).map_err(anyhow::Error::msg)?;
    }
    let scenario: Scenario = join.scenario.parse().map_err(anyhow::Error::msg)?;
    let runs = registry.find(&join.queue, scenario.capacity).and_then(|entry| entry.runs);
    let joining = runs.and_then(|runs| runs.joining).context("the queue does not cross")?;
    let joined = (joining.join)(&order_of(&scenario, join.work_iterations), parts, join.index)?;
    let (capacity, missing) = joined.lap.map_or((None, 0), |lap| (lap.capacity, lap.missing));
    Ok((Said::Joined { capacity, missing }, (scenario, joined.own_loop)))
}
