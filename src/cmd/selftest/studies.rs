//! What the self-test measures: ordinary runs, whose truth is known because the contenders are one queue.

use crate::registry::Registry;
use crate::scenario::Scenario;
use crate::schedule::contender::{Contender, Contenders, split};
use crate::schedule::plan::{Plan, Planned, seat};
use crate::schedule::profile::Extent;
use crate::topology::Topology;

/// One queue or two of each family.
pub const QUEUES: [&str; 5] =
    ["std/mutex-deque", "parking_lot/mutex-deque", "crossbeam-queue/array+yield", "flume/mpmc", "rtrb/spsc+yield"];
/// Those that are compiled a second time.
pub const TWINS: [&str; 2] = ["std/mutex-deque", "crossbeam-queue/array+yield"];
/// Those slowed down on purpose: the ones whose messages take so long that a few percent are several instructions.
pub const SLOWED: [&str; 3] = ["std/mutex-deque", "parking_lot/mutex-deque", "flume/mpmc"];
/// By these shares.
pub const SLOWDOWNS: [f64; 3] = [0.03, 0.05, 0.10];
/// The field of the two whole runs.
const FIELD: [&str; 9] = [
    "std/mutex-deque",
    "parking_lot/mutex-deque",
    "crossbeam-queue/array+yield",
    "crossbeam-channel/mpmc",
    "flume/mpmc",
    "kanal/mpmc",
    "std/mpsc",
    "crossfire/mpmc",
    "rtrb/spsc+yield",
];

/// One results file of the self-test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// One queue as two contenders, as two builds, and slowed down.
    Calm,
    /// One queue as two contenders, and as two builds, while something gets in the way.
    Disturbed,
    /// A whole run.
    First,
    /// And again.
    Second,
}

impl Study {
    pub const ALL: [Study; 4] = [Study::Calm, Study::Disturbed, Study::First, Study::Second];

    /// What its file is called.
    pub fn name(self) -> &'static str {
        match self {
            Study::Calm => "calm",
            Study::Disturbed => "disturbed",
            Study::First => "first",
            Study::Second => "second",
        }
    }

    /// How many rounds it gets; `rounds` where their number is fixed.
    pub fn extent(self, rounds: u32, whole_run: Extent) -> Extent {
        match self {
            Study::Calm | Study::Disturbed => Extent::fixed(rounds),
            Study::First | Study::Second => whole_run,
        }
    }

    /// Its contenders; of those that are slowed down by the iterations `slow` says.
    pub fn queues(self, registry: &Registry, scenario: &Scenario, slow: &[(String, u32)]) -> Vec<String> {
        let is_there = |queue: &&str| registry.find(queue, scenario.capacity).is_some();
        let there =
            |queues: &[&'static str]| -> Vec<&'static str> { queues.iter().copied().filter(is_there).collect() };
        let owned = |queues: Vec<&str>| queues.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let named = |queues: &[&'static str], name: &str| -> Vec<String> {
            there(queues).into_iter().map(|queue| format!("{queue}@{name}")).collect()
        };
        match self {
            Study::First | Study::Second => owned(there(&FIELD)),
            Study::Disturbed => [owned(there(&QUEUES)), named(&QUEUES, "same"), named(&TWINS, "twin")].concat(),
            Study::Calm => {
                let slowed = slow.iter().map(|(queue, iterations)| format!("{queue}@plus{iterations}")).collect();
                [owned(there(&QUEUES)), named(&QUEUES, "same"), named(&TWINS, "twin"), slowed].concat()
            }
        }
    }
}

/// The plan of a study of these contenders.
///
/// # Errors
///
/// When the machine lacks two cores.
pub fn plan(scenario: &Scenario, queues: Vec<String>, topology: &Topology) -> Result<Plan, String> {
    let planned = Planned {
        queues,
        ..Planned::alone(scenario, QUEUES[0], seat(scenario, topology)?, topology.usable_cpus().len())
    };
    Ok(Plan { scenarios: vec![planned], skips: Vec::new() })
}

/// Who runs them: all of them this program, some with twins' code, some with work on top.
pub fn contenders(program: &str, queues: &[String]) -> Contenders {
    let command = || vec![program.to_owned(), "worker".to_owned()];
    let with = |contenders: Contenders, queue: &String| {
        let Some(name) = split(queue).1 else { return contenders };
        let mut contender = Contender { command: command(), extra_iterations: 0 };
        if name == "twin" {
            contender.command.push(TWINS_WORD.to_owned());
        }
        if let Some(Ok(iterations)) = name.strip_prefix("plus").map(str::parse) {
            contender.extra_iterations = iterations;
        }
        contenders.with(name, contender)
    };
    queues.iter().fold(Contenders::own(command()), with)
}

/// The word beside `worker` with which a worker has the twins.
pub const TWINS_WORD: &str = "twins";
