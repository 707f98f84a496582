//! Ten million messages from one process to another, each of them checked.

use std::time::{Duration, Instant};

use queuebench::protocol::Outcome;

use crate::cell::{Cell, LONG};

/// What is to come through.
const MESSAGES: u64 = 10_000_000;
/// What it may take; a machine that is as slow as that is told so.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn ten_million_messages_cross_and_none_is_lost_doubled_or_overtaken() {
    let (queue, scenario) = ("shm/spsc+yield", "stream/1p1c/1024/8B/processes/free");
    let started = Instant::now();
    let (mut messages, mut slices) = (0, 0);
    while messages < MESSAGES {
        assert!(started.elapsed() < PATIENCE, "{messages} messages in {slices} slices, and time is up");
        let mut cell = Cell::start();
        cell.prepare(queue, scenario);
        cell.slice(0, 1000);
        let report = cell.report(LONG).expect("it ends");
        assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
        (messages, slices) = (messages + report.messages, slices + 1);
        cell.end();
    }
    println!("{messages} messages in {slices} slices, {:?}", started.elapsed());
}
