//! Millions of messages from one process to another, each of them checked.

use std::time::{Duration, Instant};

use queuebench::protocol::Outcome;

use crate::cell::{Cell, LONG};

/// What is to come through, if there is time.
const MESSAGES: u64 = 10_000_000;
/// What comes through in that time on any machine.
const LEAST: u64 = 1_000_000;
/// Not optimised and on two busy cpus they take about as long.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn ten_million_messages_cross_and_none_is_lost_doubled_or_overtaken() {
    let (queue, scenario) = ("shm/spsc+yield", "stream/1p1c/1024/8B/processes/free");
    let started = Instant::now();
    let (mut messages, mut slices) = (0, 0);
    while messages < MESSAGES && started.elapsed() < PATIENCE {
        let mut cell = Cell::start();
        cell.prepare(queue, scenario);
        cell.slice(0, 1000);
        let report = cell.report(LONG).expect("it ends");
        assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
        (messages, slices) = (messages + report.messages, slices + 1);
        cell.end();
    }
    println!("{messages} messages in {slices} slices, {:?}", started.elapsed());
    assert!(messages >= LEAST, "{messages} messages in {slices} slices");
}
