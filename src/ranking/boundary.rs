//! Threads or processes: what the two sides of one scenario, run in the same rounds, say of each queue, and of each step
//! that leads from a ring on the heap to a ring between processes.

use serde::Serialize;

use super::{CONFIDENCE, Logs, Mode, Ranking, Ratio, Row, verdict};
use crate::queue::Capacity;
use crate::scenario::{Boundary, Scenario};
use crate::stats::{Verdict, differences};

/// One side of a scenario.
pub struct Side<'a> {
    /// Its rows.
    pub ranking: &'a Ranking,
    /// The logs they are computed from.
    pub logs: &'a Logs,
}

/// What the boundary costs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Crossing {
    /// The scenario between threads.
    pub threads: String,
    /// The same between processes.
    pub processes: String,
    /// Figures that differ by less than this share are called equivalent.
    pub margin: f64,
    /// The unit of the figures.
    pub unit: &'static str,
    /// Whether they are times, of which less is better.
    pub is_timed: bool,
    /// Messages the queue was to hold; null without a bound.
    pub asked: Option<u64>,
    /// Every queue that ran on both sides.
    pub queues: Vec<BothSides>,
    /// Every step whose two ends were measured.
    pub ladder: Vec<Step>,
}

/// A queue on both sides.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BothSides {
    /// Its id.
    pub queue: String,
    /// Its figures between threads; none where a block failed.
    pub threads: OneSide,
    /// And between processes.
    pub processes: OneSide,
    /// What comes of going from threads to processes.
    #[serde(flatten)]
    pub change: Change,
}

/// A queue on one side.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OneSide {
    /// Median over blocks, in the scenario's unit.
    pub value: Option<f64>,
    /// The two speeds it runs at, where it has two.
    pub modes: Option<[Mode; 2]>,
    /// Cpu time of all endpoints per message, in nanoseconds.
    pub cpu_ns_per_message: Option<f64>,
    /// Messages it took before it said it was full.
    pub capacity: Option<u64>,
}

/// From one cell to another.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// How many times faster the other is, over the rounds that have both.
    pub times_faster: Option<Ratio>,
    /// Of the other beside the one.
    pub verdict: Verdict,
    /// Whether either of them is unreliable.
    pub unreliable: bool,
}

/// A step of the ladder: it changes one thing.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Step {
    /// From which rung to which: `L0-L1`.
    pub step: &'static str,
    /// The cell it starts from.
    pub from: String,
    /// The cell it leads to.
    pub to: String,
    /// What it changes, in a few words.
    pub changes: &'static str,
    /// Why it changes nothing for this queue, if it does not: then its ratio is one of noise.
    pub not_isolated: Option<&'static str>,
    /// What comes of it.
    #[serde(flatten)]
    pub change: Change,
}

/// What both sides of a scenario say; nothing where no queue ran on both.
pub fn crossing(scenario: &Scenario, threads: &Side, processes: &Side) -> Option<Crossing> {
    let sides = Sides { threads, processes };
    let both = |row: &Row| {
        let other = processes.ranking.rows.iter().find(|other| other.queue == row.queue)?;
        let (from, to) = ((Boundary::Threads, row.queue.as_str()), (Boundary::Processes, row.queue.as_str()));
        let side = |row: &Row| OneSide {
            value: row.value,
            modes: row.modes,
            cpu_ns_per_message: row.cpu_ns_per_message,
            capacity: row.capacity,
        };
        let (threads, processes) = (side(row), side(other));
        Some(BothSides { queue: row.queue.clone(), threads, processes, change: sides.change(from, to) })
    };
    let queues: Vec<BothSides> = threads.ranking.rows.iter().filter_map(both).collect();
    (!queues.is_empty()).then(|| Crossing {
        threads: threads.ranking.scenario.clone(),
        processes: processes.ranking.scenario.clone(),
        margin: threads.ranking.margin,
        unit: threads.ranking.unit,
        is_timed: scenario.workload.is_timed(),
        asked: match scenario.capacity {
            Capacity::Bounded(messages) => Some(messages as u64),
            Capacity::Unbounded => None,
        },
        queues,
        ladder: sides.ladder(),
    })
}

/// A queue on a side.
type Cell<'a> = (Boundary, &'a str);

struct Sides<'a> {
    threads: &'a Side<'a>,
    processes: &'a Side<'a>,
}

impl Sides<'_> {
    fn side(&self, boundary: Boundary) -> &Side<'_> {
        match boundary {
            Boundary::Threads => self.threads,
            Boundary::Processes => self.processes,
        }
    }

    fn row(&self, (boundary, queue): Cell) -> Option<&Row> {
        self.side(boundary).ranking.rows.iter().find(|row| row.queue == queue)
    }

    fn change(&self, from: Cell, to: Cell) -> Change {
        let logs = |(boundary, queue): Cell| self.side(boundary).logs.get(queue).to_vec();
        let differences = differences(&logs(to), &logs(from));
        let withheld = [self.threads, self.processes].iter().any(|side| side.ranking.equivalence_withheld);
        let interval = differences.as_ref().and_then(|differences| differences.interval(CONFIDENCE));
        let margin = self.threads.ranking.margin;
        let is_unreliable = |cell| self.row(cell).is_some_and(|row| row.unreliable.is_some());
        Change {
            times_faster: differences.map(|differences| Ratio::of(&differences, CONFIDENCE)),
            verdict: interval.map_or(Verdict::Undecided, |interval| verdict(interval, margin, withheld)),
            unreliable: is_unreliable(from) || is_unreliable(to),
        }
    }

    /// The steps, ring by ring and wait by wait, then the kernel's queues.
    fn ladder(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (heap, ring) in RINGS {
            for wait in ["+spin", "+yield", "+park"] {
                let rungs = [
                    (Boundary::Threads, format!("{heap}{wait}")),
                    (Boundary::Threads, format!("{ring}-one-map{wait}")),
                    (Boundary::Threads, format!("{ring}-two-maps{wait}")),
                    (Boundary::Threads, format!("{ring}{wait}")),
                    (Boundary::Processes, format!("{ring}{wait}")),
                ];
                for ((step, changes), ends) in STEPS.into_iter().zip(rungs.windows(2)) {
                    let sleepless = step == "L2-L3" && wait != "+park";
                    steps.extend(self.step(step, changes, sleepless.then_some(SLEEPLESS), &ends[0], &ends[1]));
                }
            }
        }
        let kernels = self.threads.ranking.rows.iter().map(|row| &row.queue).filter(|queue| queue.starts_with("os/"));
        for queue in kernels {
            let (from, to) = ((Boundary::Threads, queue.clone()), (Boundary::Processes, queue.clone()));
            steps.extend(self.step("KT-KP", "who holds the descriptors, from threads to processes", None, &from, &to));
        }
        steps
    }

    fn step(
        &self,
        step: &'static str,
        changes: &'static str,
        not_isolated: Option<&'static str>,
        from: &(Boundary, String),
        to: &(Boundary, String),
    ) -> Option<Step> {
        let [from, to] = [from, to].map(|(boundary, queue)| (*boundary, queue.as_str()));
        self.row(from).zip(self.row(to))?;
        let change = self.change(from, to);
        let [name_from, name_to] = [from, to].map(|(boundary, queue)| format!("{queue} {boundary}"));
        Some(Step { step, from: name_from, to: name_to, changes, not_isolated, change })
    }
}

/// Each ring on the heap, and in shared memory.
const RINGS: [(&str, &str); 2] = [("intree/spsc", "shm/spsc"), ("intree/vyukov", "shm/mpmc")];

/// What each step changes.
const STEPS: [(&str, &str); 4] = [
    ("L0-L1", "the memory, from the heap to one mapping of shared memory"),
    ("L1-L2", "the address, from one mapping for all to one for each end"),
    ("L2-L3", "the futex key, from private to shared between processes"),
    ("L3-L4", "the boundary itself, from threads to processes"),
];

const SLEEPLESS: &str = "nobody sleeps, so there is no key: the same instructions twice";
