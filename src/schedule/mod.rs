//! The parent's side: which blocks, in which order, one worker at a time.

pub mod contender;
pub mod plan;
pub mod profile;
pub mod rounds;
pub mod supervise;

use std::collections::{HashMap, HashSet};

use crate::protocol::{Outcome, Report};
use crate::record::{Block, Line, Skip, Writer};
use plan::{Cell, Plan};
use rounds::{BlockOrder, Rounds};

/// Runs blocks. The real one starts a worker for each; tests have one that makes the answers up.
pub trait Workers {
    /// Runs one block to its end.
    fn run(&mut self, order: &BlockOrder, cell: &Cell) -> Ended;
}

/// How a block ended.
pub enum Ended {
    /// With a report, of whatever outcome.
    Reported {
        /// What it said.
        report: Box<Report>,
        /// From the worker's start to its ready, in nanoseconds.
        ready_ns: u64,
        /// From the worker's start to its end, in nanoseconds.
        wall_ns: u64,
        /// Ticks stolen by the hypervisor meanwhile.
        steal_ticks: u64,
    },
    /// The user wants to stop; the block is void.
    Interrupted,
}

/// Is told how a run goes. Never while a slice runs.
pub trait Observer {
    /// A block has ended.
    fn block(&mut self, block: &Block, progress: Progress);
    /// A cell is given up after an outcome other than ok.
    fn given_up(&mut self, skip: &Skip);
    /// A scenario has run all its rounds, or the user has stopped it; its blocks of this run and of the file it resumes.
    fn scenario(&mut self, scenario: &str, blocks: &[Block]);
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Blocks that have ended, were skipped or were in the file already.
    pub done: u64,
    /// Blocks in all.
    pub total: u64,
    /// Nanoseconds the rest will take if it goes on like this.
    pub left_ns: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Blocks run now.
    pub blocks: u64,
    /// Whether every one of the file's blocks was ok.
    pub all_ok: bool,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// What the rounds are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Rounds of every scenario.
    pub rounds: u32,
    /// What orders and lengths are drawn from.
    pub seed: u64,
    /// Go on with a cell after an outcome other than ok.
    pub keep_going: bool,
}

/// Runs what `plan` holds and `earlier` does not, and appends it to `writer` block by block.
///
/// # Errors
///
/// When the file cannot be written to. What was appended before stays.
pub fn run(
    plan: &Plan,
    settings: Settings,
    earlier: Vec<Block>,
    workers: &mut impl Workers,
    writer: &mut Writer,
    observer: &mut impl Observer,
) -> anyhow::Result<Summary> {
    let mut state = State::new(plan, settings, earlier);
    for (position, planned) in plan.scenarios.iter().enumerate() {
        let id = planned.scenario.to_string();
        let mut rounds = Rounds::new(planned, position, settings);
        while let Some(order) = rounds.next() {
            if !state.wants(&id, &order) {
                continue;
            }
            let cell = planned.cell(&order.queue);
            let Ended::Reported { report, ready_ns, wall_ns, steal_ticks } = workers.run(&order, &cell) else {
                state.summary.interrupted = true;
                if !state.blocks_of(&id).is_empty() {
                    observer.scenario(&id, state.blocks_of(&id));
                }
                return Ok(state.summary);
            };
            let BlockOrder { queue, round, repeat, position, .. } = order;
            let scenario = id.clone();
            let block =
                Block { scenario, queue, round, repeat, position, ready_ns, wall_ns, steal_ticks, report: *report };
            let given_up = state.gives_up(&block, rounds.has_more_of(&block.queue));
            let mut lines = vec![Line::Block(Box::new(block.clone()))];
            lines.extend(given_up.clone().map(Line::Skip));
            writer.append_all(&lines)?;
            state.finished(block, observer);
            if let Some(skip) = given_up {
                observer.given_up(&skip);
            }
        }
        observer.scenario(&id, state.blocks_of(&id));
    }
    Ok(state.summary)
}

/// What is done and what that says of the rest.
struct State {
    settings: Settings,
    done: HashSet<(String, String, u32, u32)>,
    failed: HashSet<(String, String)>,
    by_scenario: HashMap<String, Vec<Block>>,
    total: u64,
    passed: u64,
    spent_ns: u64,
    summary: Summary,
}

impl State {
    fn new(plan: &Plan, settings: Settings, earlier: Vec<Block>) -> State {
        let per_scenario = |planned: &plan::Planned| Rounds::blocks(planned, settings.rounds);
        let mut state = State {
            settings,
            done: HashSet::new(),
            failed: HashSet::new(),
            by_scenario: HashMap::new(),
            total: plan.scenarios.iter().map(per_scenario).sum(),
            passed: 0,
            spent_ns: 0,
            summary: Summary { all_ok: true, ..Summary::default() },
        };
        for block in earlier {
            state.remember(block);
        }
        state
    }

    fn remember(&mut self, block: Block) {
        let (scenario, queue, round, repeat) = block.key();
        self.done.insert((scenario.to_owned(), queue.to_owned(), round, repeat));
        if block.report.outcome != Outcome::Ok {
            self.summary.all_ok = false;
            self.failed.insert((scenario.to_owned(), queue.to_owned()));
        }
        self.by_scenario.entry(scenario.to_owned()).or_default().push(block);
    }

    /// Whether a block is still to be run; counts it as passed if not.
    fn wants(&mut self, scenario: &str, order: &BlockOrder) -> bool {
        let cell = (scenario.to_owned(), order.queue.clone());
        let given_up = !self.settings.keep_going && self.failed.contains(&cell);
        let wanted = !given_up && !self.done.contains(&(cell.0, cell.1, order.round, order.repeat));
        self.passed += u64::from(!wanted);
        wanted
    }

    /// What is to be said when a cell's remaining blocks are not run because of how this one ended.
    fn gives_up(&self, block: &Block, has_more: bool) -> Option<Skip> {
        let gives_up = block.report.outcome != Outcome::Ok
            && !self.settings.keep_going
            && has_more
            && !self.failed.contains(&(block.scenario.clone(), block.queue.clone()));
        gives_up.then(|| Skip {
            scenario: block.scenario.clone(),
            queue: Some(block.queue.clone()),
            reason: format!("{} in round {}: its remaining blocks are not run", block.report.outcome, block.round + 1),
        })
    }

    fn finished(&mut self, block: Block, observer: &mut impl Observer) {
        self.summary.blocks += 1;
        self.passed += 1;
        self.spent_ns += block.wall_ns;
        let left = self.total.saturating_sub(self.passed);
        let left_ns = self.spent_ns / self.summary.blocks * left;
        observer.block(&block, Progress { done: self.passed, total: self.total, left_ns });
        self.remember(block);
    }

    fn blocks_of(&self, scenario: &str) -> &[Block] {
        self.by_scenario.get(scenario).map_or(&[], Vec::as_slice)
    }
}
