//! Work whose parts have nothing in common: the ceiling of what more workers can bring.
//!
//! A run starts its workers, each computes its share of the parts, and the results are added up. Runs follow each other
//! until the window is over, and what is measured is whole runs, starting included.

use super::crew::together;
use super::repeated::repeated;
use super::{Measured, Task, Way, about};
use crate::protocol::{Outcome, Report};
use crate::queue::{About, Program};

const ABOUT: About = about(Program::Map);

/// All of them.
pub const WAYS: [Way; 2] = [
    // One worker, whatever the shape: what the others are so many times as fast as.
    Way { about: About { id: "map/serial", ..ABOUT }, run: |task| run(&alone(task), part) },
    Way { about: About { id: "map/parallel", ..ABOUT }, run: |task| run(task, part) },
];

/// Parts of a run.
const PARTS: u64 = 1024;
/// Words of a part, which make it some ten microseconds of work.
const WORDS: u64 = 4096;

/// The same task for its first worker.
fn alone(task: &Task) -> Task {
    let mut alone = task.clone();
    (alone.scenario.producers, alone.scenario.consumers) = (1, 1);
    alone.cpus.truncate(1);
    alone
}

/// The result of a part: a hash of a block of words that follow from its number. Each step needs the one before.
fn part(number: u64) -> u64 {
    let (mut word, mut hash) = (number, 0xcbf2_9ce4_8422_2325);
    for _ in 0..WORDS {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        hash = (hash ^ word >> 32).wrapping_mul(0x0100_0000_01b3_u64);
    }
    hash
}

/// What all parts come to.
fn sum(parts: impl Iterator<Item = u64>, part: fn(u64) -> u64) -> u64 {
    parts.map(part).fold(0, u64::wrapping_add)
}

fn run(task: &Task, part: fn(u64) -> u64) -> Result<Measured, Box<Report>> {
    let expected = sum(0..PARTS, self::part);
    let once = |_| {
        let share = |worker| (worker as u64..PARTS).step_by(task.workers());
        let results = together(task, |worker| [sum(share(worker), part)])?;
        let came = results.iter().fold(0u64, |came, [share]| came.wrapping_add(*share));
        if came == expected {
            return Ok(());
        }
        let what = format!("{PARTS} parts came to {came:#x}, one by one they are {expected:#x}");
        Err(Box::new(Report::failed(Outcome::Corrupted, what)))
    };
    let measured = repeated(task, once)?;
    let runs = measured.messages;
    let shares = (0..task.workers() as u64).map(|worker| (worker..PARTS).step_by(task.workers()).count() as u64 * runs);
    Ok(Measured { messages: runs * PARTS, endpoints: shares.collect(), ..measured })
}

#[cfg(test)]
mod tests {
    use super::super::tests::task;
    use super::*;
    use crate::scenario::Boundary;

    #[test]
    fn a_part_that_is_computed_wrongly_is_caught() {
        let wrong = |number| part(number) ^ u64::from(number == PARTS - 1);
        for workers in [1, 4] {
            let report = run(&task(Program::Map, workers, Boundary::Threads), wrong).unwrap_err();
            assert_eq!(report.outcome, Outcome::Corrupted, "{report:?}");
        }
    }

    #[test]
    fn every_part_is_computed_once_however_many_share_them() {
        for workers in [1, 2, 3, 7] {
            let measured = run(&task(Program::Map, workers, Boundary::Threads), part).unwrap();
            assert_eq!(measured.endpoints.iter().sum::<u64>(), measured.messages);
            assert_eq!(measured.endpoints.len(), workers);
        }
    }
}
