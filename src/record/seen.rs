//! What a results file has had so far, so that what is there twice or too often is refused at its line, before it takes up
//! memory.

use std::collections::{HashMap, HashSet};

use super::{Block, Run};

/// Queues of a file, at most: many times those there are.
const MOST_QUEUES: usize = 500;
/// Scenarios with their queues, at most.
const MOST_CELLS: usize = 50_000;
/// Lines that say what did not run, at most.
const MOST_SKIPS: usize = 100_000;

/// What the lines read so far hold.
#[derive(Default)]
pub struct Seen {
    /// The planned scenarios, numbered.
    scenarios: HashMap<String, u32>,
    /// The queues of blocks, numbered.
    queues: HashMap<String, u32>,
    cells: HashSet<(u32, u32)>,
    /// Scenario, queue, round and repeat of every block.
    blocks: HashSet<(u32, u32, u32, u32)>,
    skips: usize,
}

impl Seen {
    /// The first line's plan.
    pub fn plan(run: &Run) -> Result<Seen, String> {
        let mut seen = Seen::default();
        for (at, planned) in run.scenarios.iter().enumerate() {
            if seen.scenarios.insert(planned.id.clone(), at as u32).is_some() {
                return Err(format!("scenarios[{at}].id: {} is there already", planned.id));
            }
        }
        Ok(seen)
    }

    /// Takes note of a block, if the plan has a place for it that is empty.
    pub fn block(&mut self, block: &Block, run: &Run) -> Result<(), String> {
        let Block { scenario, queue, round, repeat, .. } = block;
        let Some(&in_scenario) = self.scenarios.get(scenario) else {
            return Err(format!("scenario: {scenario} is no scenario of this run"));
        };
        if *round >= run.rounds {
            return Err(format!("round: {round} of a run of {} rounds, counted from 0", run.rounds));
        }
        if *repeat > 1 {
            return Err(format!("repeat: {repeat}, but a queue runs twice a round at most"));
        }
        let of_queue = self.number(queue)?;
        if self.cells.insert((in_scenario, of_queue)) && self.cells.len() > MOST_CELLS {
            return Err(format!("queue: more than {MOST_CELLS} pairs of a scenario and a queue; split the file"));
        }
        if !self.blocks.insert((in_scenario, of_queue, *round, *repeat)) {
            return Err(format!("queue: two blocks for {scenario} {queue} round {round} repeat {repeat}"));
        }
        Ok(())
    }

    fn number(&mut self, queue: &str) -> Result<u32, String> {
        if let Some(known) = self.queues.get(queue) {
            return Ok(*known);
        }
        let number = self.queues.len();
        if number == MOST_QUEUES {
            return Err(format!("queue: more than {MOST_QUEUES} different ones; no run has so many, split the file"));
        }
        self.queues.insert(queue.to_owned(), number as u32);
        Ok(number as u32)
    }

    /// Takes note of a line that says what did not run.
    pub fn skip(&mut self) -> Result<(), String> {
        self.skips += 1;
        if self.skips > MOST_SKIPS { Err(format!("type: more than {MOST_SKIPS} skip lines")) } else { Ok(()) }
    }
}
