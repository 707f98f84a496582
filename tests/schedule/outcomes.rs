//! After an outcome other than ok.

use std::cell::Cell;

use queuebench::protocol::Outcome;
use queuebench::record::Block;
use queuebench::schedule::Settings;
use queuebench::schedule::plan::Plan;

use crate::fake::{Fake, Ran, plan, run, settings};
use crate::made_up::planned;

const STREAM: &str = "stream/1p1c/1024/8B/same-l3";
const OTHER: &str = "stream/1p1c/1024/256B/same-l3";

fn two_scenarios() -> Plan {
    let queues = ["a/one", "b/two", "c/three"];
    plan(vec![planned(STREAM, &queues), planned(OTHER, &queues)])
}

/// `b/two` hangs in the first scenario from round 2 on.
fn hangs() -> Fake {
    let outcome = |order: &_, cell: &queuebench::schedule::plan::Cell| {
        let order: &queuebench::schedule::rounds::BlockOrder = order;
        let hangs = order.queue == "b/two" && order.round >= 2 && cell.scenario.to_string() == STREAM;
        if hangs { Outcome::Hung } else { Outcome::Ok }
    };
    Fake { outcome, ..Fake::new() }
}

fn of<'a>(blocks: &'a [Block], scenario: &str, queue: &str) -> Vec<&'a Block> {
    blocks.iter().filter(|block| block.scenario == scenario && block.queue == queue).collect()
}

#[test]
fn the_cell_is_not_run_again_and_is_listed() {
    let ran = run(&two_scenarios(), settings(6), hangs());
    let results = ran.file.read();
    let own = of(&results.blocks, STREAM, "b/two");
    assert_eq!(own.last().map(|block| (block.round, block.report.outcome)), Some((2, Outcome::Hung)));
    assert_eq!(own.iter().filter(|block| block.report.outcome != Outcome::Ok).count(), 1);
    assert_eq!(results.skips, ran.told.given_up);
    let [skip] = &results.skips[..] else { panic!("{:?}", results.skips) };
    assert_eq!((skip.scenario.as_str(), skip.queue.as_deref()), (STREAM, Some("b/two")));
    assert!(skip.reason.contains("hung in round 3"), "{}", skip.reason);
    assert!(!ran.summary.all_ok && !ran.summary.interrupted);
}

#[test]
fn the_other_queues_and_the_other_scenarios_go_on() {
    let ran = run(&two_scenarios(), settings(6), hangs());
    let results = ran.file.read();
    for (scenario, queue) in [(STREAM, "a/one"), (STREAM, "c/three"), (OTHER, "b/two")] {
        // Six rounds, and by turns two second blocks.
        assert_eq!(of(&results.blocks, scenario, queue).len(), 8, "{scenario} {queue}");
    }
}

#[test]
fn every_outcome_but_ok_gives_the_cell_up() {
    // An outcome is passed by thread, as the fake's answers are plain functions.
    thread_local!(static OUTCOME: Cell<Outcome> = const { Cell::new(Outcome::Ok) });
    for outcome in Outcome::ALL {
        OUTCOME.set(outcome);
        let ran = run(&two_scenarios(), settings(4), Fake { outcome: |_, _| OUTCOME.get(), ..Fake::new() });
        let blocks = ran.file.read().blocks;
        assert!(blocks.iter().all(|block| block.report.outcome == outcome));
        let expected = if outcome == Outcome::Ok { 2 * 4 * 4 } else { 2 * 3 };
        assert_eq!(blocks.len(), expected, "{outcome}");
        assert_eq!(ran.summary.all_ok, outcome == Outcome::Ok);
    }
}

#[test]
fn keep_going_runs_the_cell_to_the_end() {
    let ran = run(&two_scenarios(), Settings { keep_going: true, ..settings(6) }, hangs());
    let results = ran.file.read();
    assert_eq!(results.blocks.len(), 2 * 6 * 4);
    assert!(results.skips.is_empty() && ran.told.given_up.is_empty() && !ran.summary.all_ok);
}

#[test]
fn whatever_fails_first_each_block_of_the_plan_was_run_or_its_cell_is_listed() {
    thread_local!(static LEFT: Cell<usize> = const { Cell::new(0) });
    let plan = plan(vec![planned(STREAM, &["a/one", "b/two"])]);
    let blocks = run(&plan, settings(4), Fake::new()).asked.len();
    for failing in 0..blocks {
        LEFT.set(failing);
        let outcome = |_: &_, _: &_| {
            let left = LEFT.get();
            LEFT.set(left.wrapping_sub(1));
            if left == 0 { Outcome::Lost } else { Outcome::Ok }
        };
        let Ran { file, told, .. } = run(&plan, settings(4), Fake { outcome, ..Fake::new() });
        let results = file.read();
        let all_ran = results.blocks.len() == blocks;
        assert_eq!(results.skips.len(), usize::from(!all_ran), "block {failing} of {blocks} failed");
        assert_eq!(results.skips, told.given_up);
    }
}
