//! Whole programs that are measured as they run: each starts its own workers, does its task and ends. A block is as many
//! runs as fit into its time.
//!
//! Where a program is one continuous stream it keeps the clockwork of [`Slice`](crate::workload::slice::Slice), so that
//! its window lies inside of it.

pub mod barrier;
mod clocked;
pub mod counter;
#[cfg(feature = "crawl")]
pub mod crawl;
mod crew;
pub mod finish;
pub mod lookup;
pub mod map;
pub mod print;
pub mod recover;
mod repeated;

use std::collections::BTreeMap;

use crate::protocol::Report;
use crate::queue::crossing::Crossing;
use crate::queue::{About, Capacities, Family, Program, Queue, Role, Wait};
use crate::scenario::Scenario;
use crate::workload::slice::Usage;

/// What a program is asked to do.
#[derive(Clone, Debug)]
pub struct Task {
    /// The scenario; its producers are the workers.
    pub scenario: Scenario,
    /// A cpu for each worker; `None` leaves it unpinned.
    pub cpus: Vec<Option<usize>>,
    /// Settling at least, in nanoseconds, where there is any.
    pub settle_ns: u64,
    /// What is timed lasts at least so long, in nanoseconds.
    pub window_ns: u64,
    /// Where a crawl begins.
    pub site: Option<String>,
}

impl Task {
    /// How many work at once.
    pub fn workers(&self) -> usize {
        self.scenario.producers
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// What the scenario counts: increments, lookups, recoveries, phases, pages.
    pub messages: u64,
    /// What they took, in nanoseconds.
    pub elapsed_ns: u64,
    /// From the start until then, in nanoseconds.
    pub settle_ns: u64,
    /// What each worker did of it.
    pub endpoints: Vec<u64>,
    /// What each time took, nanoseconds and how many; where many are timed one by one.
    pub durations: Vec<[u64; 2]>,
    /// See [`Report::figures`].
    pub figures: BTreeMap<&'static str, u64>,
    /// What all workers used up meanwhile; where it is not said, all that the process and its children did.
    pub usage: Option<Usage>,
}

/// Runs a program.
///
/// # Errors
///
/// A report of what went wrong.
pub type Run = fn(&Task) -> Result<Measured, Box<Report>>;

/// One way to write a program.
#[derive(Clone, Copy)]
pub struct Way {
    /// What is declared of it.
    pub about: About,
    /// Runs it.
    pub run: Run,
}

/// What all ways to write this program declare; each names itself, and says what else is so of it.
const fn about(program: Program) -> About {
    About {
        family: Family::Program,
        role: Role::Program(program),
        capacities: Capacities::ALL,
        transfers: false,
        crosses: true,
        ..About::MPMC
    }
}

/// `part` of `whole`, in millionths.
fn parts_per_million(part: u64, whole: u64) -> u64 {
    (u128::from(part) * 1_000_000 / u128::from(whole.max(1))) as u64
}

/// Every way to write a program but those that are queues.
pub fn ways() -> impl Iterator<Item = Way> {
    let ways = counter::WAYS.into_iter().chain(lookup::WAYS).chain(barrier::WAYS).chain(finish::WAYS);
    let ways = ways.chain(recover::WAYS).chain(print::WAYS).chain(map::WAYS);
    #[cfg(feature = "crawl")]
    let ways = ways.chain(crawl::WAYS);
    ways
}

/// How a program is run whose workers have `Q` between them, if there is one.
pub const fn through<Q: Queue, W: Wait>() -> Option<Run> {
    #[cfg(feature = "crawl")]
    return crawl::through::<Q, W>();
    #[cfg(not(feature = "crawl"))]
    None
}

/// The same where the workers may be processes.
pub const fn across<Q: Crossing, W: Wait>() -> Option<Run> {
    #[cfg(feature = "crawl")]
    return crawl::across::<Q, W>();
    #[cfg(not(feature = "crawl"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Boundary;

    /// A short task, nobody pinned.
    pub(super) fn task(program: Program, workers: usize, boundary: Boundary) -> Task {
        let id = format!("{program}/{workers}p{workers}c/1/8B/{boundary}/free");
        let scenario: Scenario = id.parse().expect("it is a scenario");
        Task { scenario, cpus: vec![None; workers], settle_ns: 5_000_000, window_ns: 20_000_000, site: None }
    }
}
