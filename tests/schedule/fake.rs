//! Workers that make their answers up, and an observer that remembers what it was told.

use queuebench::protocol::{Outcome, Report};
use queuebench::record::{self, Block, Line, Results, Skip, Writer};
use queuebench::schedule::plan::{Cell, Plan, Planned};
use queuebench::schedule::profile::Extent;
use queuebench::schedule::rounds::BlockOrder;
use queuebench::schedule::{self, Ended, Observer, Progress, Settings, Summary, Whereabouts, Workers};
use tempfile::TempDir;

use crate::made_up;

pub const SECOND: u64 = 1_000_000_000;

pub fn plan(scenarios: Vec<Planned>) -> Plan {
    Plan { scenarios, skips: Vec::new() }
}

pub fn settings(rounds: u32) -> Settings {
    Settings { extent: Extent::fixed(rounds), seed: 7, keep_going: false, budget_ns: None }
}

/// Workers that start no process. What they answer depends on the block alone, so that a block that is run again
/// says the same again.
pub struct Fake {
    /// How a block ends.
    pub outcome: fn(&BlockOrder, &Cell) -> Outcome,
    /// Messages per second of a block.
    pub rate: fn(&BlockOrder) -> f64,
    /// The clock: what a block takes.
    pub wall_ns: fn(&BlockOrder) -> u64,
    /// Blocks until the user interrupts.
    pub blocks_left: usize,
    /// What its blocks have taken so far.
    pub elapsed_ns: u64,
    /// What was asked for.
    pub asked: Vec<(String, BlockOrder)>,
}

impl Fake {
    pub fn new() -> Fake {
        Fake {
            outcome: |_, _| Outcome::Ok,
            rate: |_| 1e7,
            wall_ns: |_| SECOND,
            blocks_left: usize::MAX,
            elapsed_ns: 0,
            asked: Vec::new(),
        }
    }
}

impl Workers for Fake {
    fn run(&mut self, order: &BlockOrder, cell: &Cell) -> Ended {
        assert_eq!(order.queue, cell.queue);
        if self.blocks_left == 0 {
            return Ended::Interrupted;
        }
        self.blocks_left -= 1;
        self.asked.push((cell.scenario.to_string(), order.clone()));
        let report = match (self.outcome)(order, cell) {
            Outcome::Ok => {
                let messages = ((self.rate)(order) * order.window_ns as f64 / 1e9) as u64;
                Report { messages, elapsed_ns: order.window_ns, ..made_up::ok_report() }
            }
            outcome => Report::failed(outcome, "made up"),
        };
        let wall_ns = (self.wall_ns)(order);
        self.elapsed_ns += wall_ns;
        Ended::Reported {
            report: Box::new(report),
            ready_ns: wall_ns / 100,
            wall_ns,
            steal_ticks: 0,
            cpus: Whereabouts::default(),
        }
    }

    fn elapsed_ns(&self) -> u64 {
        self.elapsed_ns
    }
}

/// What an observer was told.
#[derive(Default)]
pub struct Told {
    pub progress: Vec<Progress>,
    pub given_up: Vec<Skip>,
    /// Scenarios with the number of their blocks.
    pub scenarios: Vec<(String, usize)>,
}

impl Observer for Told {
    fn block(&mut self, _: &Block, progress: Progress) {
        self.progress.push(progress);
    }

    fn given_up(&mut self, skip: &Skip) {
        self.given_up.push(skip.clone());
    }

    fn scenario(&mut self, scenario: &str, blocks: &[Block]) {
        self.scenarios.push((scenario.to_owned(), blocks.len()));
    }
}

/// A results file in a folder of its own.
pub struct File(TempDir);

impl File {
    /// With its first line, as `queuebench run` leaves it before the first block.
    pub fn new(plan: &Plan, settings: Settings) -> File {
        let file = File(tempfile::tempdir().unwrap());
        let run = made_up::run_line(&plan.scenarios, settings.extent);
        Writer::create(&file.path()).unwrap().append(&Line::Run(Box::new(run))).unwrap();
        file
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.0.path().join("run.jsonl")
    }

    pub fn read(&self) -> Results {
        record::read(&self.path()).unwrap()
    }

    /// Goes on with whatever the file holds.
    pub fn go_on(&self, plan: &Plan, settings: Settings, fake: &mut Fake) -> (Summary, Told) {
        let earlier = self.read();
        let mut writer = Writer::resume(&self.path(), earlier.resumable).unwrap();
        let mut told = Told::default();
        let summary = schedule::run(plan, settings, earlier.blocks, fake, &mut writer, &mut told).unwrap();
        (summary, told)
    }
}

/// One whole run.
pub struct Ran {
    pub asked: Vec<(String, BlockOrder)>,
    pub summary: Summary,
    pub told: Told,
    pub file: File,
}

pub fn run(plan: &Plan, settings: Settings, mut fake: Fake) -> Ran {
    let file = File::new(plan, settings);
    let (summary, told) = file.go_on(plan, settings, &mut fake);
    Ran { asked: fake.asked, summary, told, file }
}

/// The orders one scenario's blocks are run in.
pub fn orders(planned: &Planned, settings: Settings) -> Vec<BlockOrder> {
    let ran = run(&plan(vec![planned.clone()]), settings, Fake::new());
    ran.asked.into_iter().map(|(_, order)| order).collect()
}
