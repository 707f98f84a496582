//! The parent's side: which blocks, in which order, one worker at a time.

mod child;
pub mod contender;
mod evidence;
pub mod examine;
pub mod gate;
mod need;
pub mod plan;
pub mod profile;
pub mod rounds;
pub mod supervise;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::protocol::{Outcome, Report};
use crate::record::{Block, Line, Skip, Writer};
use need::Need;
use plan::{Cell, Plan, Planned};
use profile::Extent;
use rounds::{BlockOrder, blocks_a_round, draw, rng_for, round_ns};

/// Runs blocks. The real one starts a worker for each; tests have one that makes the answers up.
pub trait Workers {
    /// Runs one block to its end.
    fn run(&mut self, order: &BlockOrder, cell: &Cell) -> Ended;
    /// Nanoseconds since the command began.
    fn elapsed_ns(&self) -> u64;
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
        /// Where the cpus were.
        cpus: Whereabouts,
    },
    /// The user wants to stop; the block is void.
    Interrupted,
}

/// What was seen of where a host has the cpus, just before a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Nanoseconds a cache line took to the other cpu and back.
    pub line_ns: Option<u64>,
    /// Nanoseconds that were waited for it to be as usual.
    pub waited_ns: u64,
    /// The last look that was not as usual.
    pub away_ns: Option<u64>,
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
    /// Blocks in all; a guess where their number depends on what is measured.
    pub total: u64,
    /// Nanoseconds the rest will take if it goes on like this.
    pub left_ns: u64,
    /// Queues of the scenario that are not yet known well enough, of how many; none where the number of rounds is fixed.
    pub undecided: Option<[usize; 2]>,
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
    pub extent: Extent,
    /// What orders and lengths are drawn from.
    pub seed: u64,
    /// Go on with a cell after an outcome other than ok.
    pub keep_going: bool,
    /// Nanoseconds since the workers' clock began after which no round is started.
    pub budget_ns: Option<u64>,
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
    let state = State::new(settings, earlier);
    let mut conductor = Conductor { plan, settings, state, workers, writer, observer };
    for group in plan.groups() {
        if conductor.group(group)? == Flow::Stop {
            conductor.state.summary.interrupted = true;
            break;
        }
    }
    Ok(conductor.state.summary)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Stop,
}

/// One run, scenario by scenario, round by round, block by block.
struct Conductor<'a, W, O> {
    plan: &'a Plan,
    settings: Settings,
    state: State,
    workers: &'a mut W,
    writer: &'a mut Writer,
    observer: &'a mut O,
}

impl<W: Workers, O: Observer> Conductor<'_, W, O> {
    /// Runs scenarios that share their rounds.
    fn group(&mut self, group: Range<usize>) -> anyhow::Result<Flow> {
        let extent = self.settings.extent;
        let time = Share::of_group(self.plan, &group, self.workers.elapsed_ns(), self.settings.budget_ns);
        let mut needs: Vec<Need> = self.plan.scenarios[group.clone()].iter().map(|p| Need::pilot(p, extent)).collect();
        let mut flow = Flow::GoOn;
        let mut rounds_now = 0;
        for round in 0..extent.most {
            if extent.looks_before(round) {
                needs = self.look(&group, round);
            }
            if needs.iter().all(|need| need.queues.is_empty()) || time.is_over(rounds_now, self.workers.elapsed_ns()) {
                break;
            }
            let before = self.state.summary.blocks;
            flow = self.round(&group, round, &needs)?;
            rounds_now += u32::from(self.state.summary.blocks > before);
            if flow == Flow::Stop {
                break;
            }
        }
        for planned in &self.plan.scenarios[group] {
            let id = planned.scenario.to_string();
            let rounds = self.state.blocks_of(&id).iter().map(|block| block.round + 1).max();
            self.state.rounds_taken.extend(rounds);
            if flow == Flow::GoOn || !self.state.blocks_of(&id).is_empty() {
                self.observer.scenario(&id, self.state.blocks_of(&id));
            }
        }
        Ok(flow)
    }

    /// What each scenario of a group needs. A queue goes on in all of them as long as it must in one, or there would be
    /// nothing to set its rounds there against.
    fn look(&self, group: &Range<usize>, round: u32) -> Vec<Need> {
        let scenarios = &self.plan.scenarios[group.clone()];
        let look = |planned: &Planned| {
            let id = planned.scenario.to_string();
            Need::look(planned, self.settings.extent, &self.state.blocks_before(&id, round))
        };
        let mut needs: Vec<Need> = scenarios.iter().map(look).collect();
        let wanted: HashSet<String> = needs.iter().flat_map(|need| need.queues.iter().cloned()).collect();
        for (planned, need) in scenarios.iter().zip(&mut needs) {
            need.queues = planned.queues.iter().filter(|queue| wanted.contains(*queue)).cloned().collect();
        }
        needs
    }

    /// The blocks of a round of all its scenarios, in one order.
    fn drawn(&self, group: &Range<usize>, round: u32, needs: &[Need]) -> Vec<(usize, BlockOrder)> {
        let seed = self.settings.seed;
        let mut orders = Vec::new();
        for (position, need) in group.clone().zip(needs) {
            // From the first of the group, so that all have the same lengths.
            let own = draw(&self.plan.scenarios[position], group.start, seed, round, &need.queues);
            orders.extend(own.into_iter().map(|order| (position, order)));
        }
        if group.len() > 1 {
            rng_for(!seed, group.start, round).shuffle(&mut orders);
            for (at, (_, order)) in orders.iter_mut().enumerate() {
                order.position = at as u32;
            }
        }
        orders
    }

    fn round(&mut self, group: &Range<usize>, round: u32, needs: &[Need]) -> anyhow::Result<Flow> {
        let extent = self.settings.extent;
        let orders = self.drawn(group, round, needs);
        let later = self.blocks_after(group, round, needs, orders.len() as u64);
        let (undecided, contenders) = needs
            .iter()
            .fold((0, 0), |(undecided, contenders), need| (undecided + need.undecided, contenders + need.contenders));
        for (at, (position, order)) in orders.iter().enumerate() {
            let planned = &self.plan.scenarios[*position];
            let id = planned.scenario.to_string();
            if !self.state.wants(&id, order) {
                continue;
            }
            let Some(block) = self.block(&id, order, planned) else { return Ok(Flow::Stop) };
            let rest = &orders[at + 1..];
            let again = rest.iter().any(|(other, order)| other == position && order.queue == block.queue);
            let given_up = self.state.gives_up(&block, round + 1 < extent.most || again);
            let mut lines = vec![Line::Block(Box::new(block.clone()))];
            lines.extend(given_up.clone().map(Line::Skip));
            self.writer.append_all(&lines)?;
            let undecided = extent.is_adaptive().then_some([undecided, contenders]);
            let progress = self.state.progress(&block, rest.len() as u64 + later, undecided);
            let progress = self.within_budget(progress);
            self.observer.block(&block, progress);
            self.state.remember(block);
            if let Some(skip) = given_up {
                self.observer.given_up(&skip);
            }
        }
        Ok(Flow::GoOn)
    }

    /// Runs one block; `None` if the user wants to stop.
    fn block(&mut self, id: &str, order: &BlockOrder, planned: &Planned) -> Option<Block> {
        let ended = self.workers.run(order, &planned.cell(&order.queue));
        let Ended::Reported { report, ready_ns, wall_ns, steal_ticks, cpus } = ended else { return None };
        let BlockOrder { queue, round, repeat, position, .. } = order.clone();
        let Whereabouts { line_ns, waited_ns, away_ns } = cpus;
        Some(Block {
            scenario: id.to_owned(),
            queue,
            round,
            repeat,
            position,
            ready_ns,
            wall_ns,
            steal_ticks,
            line_ns,
            waited_ns,
            away_ns,
            report: *report,
        })
    }

    /// Blocks that are likely to follow a round.
    fn blocks_after(&self, group: &Range<usize>, round: u32, needs: &[Need], a_round: u64) -> u64 {
        let extent = self.settings.extent;
        let rounds = |rounds: u32| u64::from(rounds.saturating_sub(round + 1));
        let needed = needs.iter().map(|need| need.rounds).max().unwrap_or(0);
        let here = match round < extent.pilot {
            true => {
                rounds(extent.pilot) * a_round + u64::from(self.state.usual_rounds(extent) - extent.pilot) * a_round
            }
            false => rounds(needed.max(round + 1)) * a_round,
        };
        let of_scenario = |planned| u64::from(self.state.usual_rounds(extent)) * blocks_a_round(planned);
        here + self.plan.scenarios[group.end..].iter().map(of_scenario).sum::<u64>()
    }

    fn within_budget(&self, progress: Progress) -> Progress {
        let left_ns = self.settings.budget_ns.map(|budget| budget.saturating_sub(self.workers.elapsed_ns()));
        Progress { left_ns: left_ns.map_or(progress.left_ns, |left| left.min(progress.left_ns)), ..progress }
    }
}

/// A group's share of the budget.
#[derive(Clone, Copy)]
struct Share {
    since_ns: u64,
    until_ns: Option<u64>,
}

impl Share {
    /// What is left is divided by what the scenarios to come would take for one round.
    fn of_group(plan: &Plan, group: &Range<usize>, now_ns: u64, budget_ns: Option<u64>) -> Share {
        let of = |scenarios: &[Planned]| scenarios.iter().map(round_ns).sum::<u64>() as f64;
        let own = of(&plan.scenarios[group.clone()]) / of(&plan.scenarios[group.start..]);
        let share = |budget: u64| now_ns + (budget.saturating_sub(now_ns) as f64 * own) as u64;
        Share { since_ns: now_ns, until_ns: budget_ns.map(share) }
    }

    /// Whether there is no time for another round, if it takes what those run now took. The first is always run.
    fn is_over(self, rounds_now: u32, now_ns: u64) -> bool {
        let a_round = (now_ns - self.since_ns).checked_div(u64::from(rounds_now));
        let next = a_round.map(|a_round| now_ns + a_round);
        self.until_ns.zip(next).is_some_and(|(until, next)| next > until)
    }
}

/// What is done and what that says of the rest.
struct State {
    settings: Settings,
    done: HashSet<(String, String, u32, u32)>,
    failed: HashSet<(String, String)>,
    by_scenario: HashMap<String, Vec<Block>>,
    /// Rounds of each scenario that is over.
    rounds_taken: Vec<u32>,
    passed: u64,
    spent_ns: u64,
    summary: Summary,
}

impl State {
    fn new(settings: Settings, earlier: Vec<Block>) -> State {
        let mut state = State {
            settings,
            done: HashSet::new(),
            failed: HashSet::new(),
            by_scenario: HashMap::new(),
            rounds_taken: Vec::new(),
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

    /// After a block that was run now, with so many likely to follow.
    fn progress(&mut self, block: &Block, left: u64, undecided: Option<[usize; 2]>) -> Progress {
        self.summary.blocks += 1;
        self.passed += 1;
        self.spent_ns += block.wall_ns;
        let left_ns = self.spent_ns / self.summary.blocks * left;
        Progress { done: self.passed, total: self.passed + left, left_ns, undecided }
    }

    /// Rounds a scenario is likely to take: what those before took, or half of what it may.
    fn usual_rounds(&self, extent: Extent) -> u32 {
        match self.rounds_taken.iter().sum::<u32>().checked_div(self.rounds_taken.len() as u32) {
            Some(mean) if extent.is_adaptive() => mean.clamp(extent.pilot, extent.most),
            _ => extent.pilot.midpoint(extent.most),
        }
    }

    fn blocks_of(&self, scenario: &str) -> &[Block] {
        self.by_scenario.get(scenario).map_or(&[], Vec::as_slice)
    }

    /// Not those of later rounds that an interrupted run has left: a look finds the same however often it is resumed.
    fn blocks_before(&self, scenario: &str, round: u32) -> Vec<&Block> {
        self.blocks_of(scenario).iter().filter(|block| block.round < round).collect()
    }
}
