//! Blocks whose cpus the host has elsewhere.

use std::time::{Duration, Instant};

use queuebench::protocol::Outcome;
use queuebench::schedule::contender::{Contender, Contenders};
use queuebench::schedule::plan::Cell;
use queuebench::schedule::supervise::Supervisor;
use queuebench::schedule::{Ended, Whereabouts, Workers};

use crate::scripted::{LONG, cell, command, order};

/// A line takes 76 ns.
const USUAL: &str = r#"hello; read a; echo '{"type":"ready","capacity":1,"line_ns":76}'; read b; report"#;
/// First it takes 450 ns; at the second look it is as usual again.
const MOVED: &str = r#"hello; read a; echo '{"type":"ready","capacity":1,"line_ns":450}'
    for line in 450 76; do
        read -r b
        case "$b" in *probe*) echo '{"type":"line","line_ns":'$line'}';; *) break;; esac
    done
    case "$b" in *probe*) read b;; esac
    report"#;

/// What was seen of a block of the contender `name`.
fn seen(workers: &mut Supervisor<'_>, name: &str) -> Whereabouts {
    let cell = Cell { queue: format!("std/mutex-deque{name}"), ..cell() };
    let Ended::Reported { report, cpus, .. } = workers.run(&order(), &cell) else { panic!("interrupted by nobody") };
    assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
    cpus
}

/// Workers of a run that began long ago, so that there is time to wait, used to a line of 76 ns.
fn used_to_it() -> Supervisor<'static> {
    let moved = Contender { command: command(MOVED), extra_iterations: 0 };
    let contenders = Contenders::own(command(USUAL)).with("moved", moved);
    let began = Instant::now().checked_sub(Duration::from_secs(100)).unwrap();
    let mut workers = Supervisor::new(contenders, LONG, 0.5, began);
    for _ in 0..12 {
        assert_eq!(seen(&mut workers, ""), Whereabouts { line_ns: Some(76), waited_ns: 0, away_ns: None });
    }
    workers
}

#[test]
fn wait_until_they_are_back() {
    let cpus = seen(&mut used_to_it(), "@moved");
    assert_eq!((cpus.line_ns, cpus.away_ns), (Some(76), Some(450)));
    // Two looks, 20 ms apart.
    assert!((40_000_000..10_000_000_000).contains(&cpus.waited_ns), "{cpus:?}");
}
