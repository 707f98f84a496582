//! An endpoint that stands still.

use std::time::{Duration, Instant};

use queuebench::protocol::Outcome;
use rustix::process::Signal;

use crate::cell::{LONG, SOON};
use crate::proc::{assert_gone, lives, send};
use crate::runs::Started;

/// Stops the endpoint `index` of a run until a block of it has hung.
fn hangs(queue: &str, index: usize) {
    let mut run = Started::run(queue, &["--rounds", "100", "--deadline", "1"]);
    let started = Instant::now();
    let mut stopped = None;
    let code = loop {
        if let Some(code) = run.code() {
            break code;
        }
        assert!(started.elapsed() < LONG, "{queue}: it goes on and on");
        // One that was stopped when it had finished is gone before its deadline; then the next one is.
        if !stopped.is_some_and(lives)
            && let Some(endpoint) = run.endpoints().get(index)
        {
            send(*endpoint, Signal::STOP);
            stopped = Some(*endpoint);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(code, 3, "{queue}");
    let results = run.results();
    let block = results.blocks.last().expect("a block was recorded");
    assert_eq!(block.report.outcome, Outcome::Hung, "{queue}: {:?}", block.report);
    let wall = Duration::from_nanos(block.wall_ns);
    assert!((Duration::from_secs(1)..Duration::from_secs(1) + SOON).contains(&wall), "{queue}: it took {wall:?}");
    assert_gone(run.mark(), Duration::from_secs(1));
}

#[test]
fn a_consumer_that_stands_still_is_a_hang_at_the_deadline() {
    hangs("shm/spsc+park", 0);
    hangs("os/mqueue", 0);
}

#[test]
fn a_producer_that_stands_still_is_a_hang_at_the_deadline() {
    hangs("os/pipe", 1);
    // Perhaps with the lock in its hands.
    hangs("shm/mutex-deque", 1);
}
