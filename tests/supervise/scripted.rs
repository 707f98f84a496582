//! Workers made of a few lines of shell.

use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use queuebench::protocol::{Outcome, Report};
use queuebench::schedule::contender::Contenders;
use queuebench::schedule::plan::Cell;
use queuebench::schedule::rounds::BlockOrder;
use queuebench::schedule::supervise::Supervisor;
use queuebench::schedule::{Ended, Workers};

/// Functions for scripts: each answer as a right worker gives it.
const ANSWERS: &str = r#"
hello() { echo '{"type":"hello","protocol":3,"program":"script","version":"0"}'; }
ready() { echo '{"type":"ready","capacity":1024}'; }
report() { echo '{"type":"report","outcome":"ok","messages":1000,"elapsed_ns":2000,"endpoints":[1000,1001]}'; }
"#;

/// Longer than any script takes, and than any machine is held up.
pub const LONG: Duration = Duration::from_secs(60);
/// For scripts that never answer.
pub const SHORT: Duration = Duration::from_millis(300);
/// Within this a block has ended, if its deadline was short: it holds for machines under load.
pub const SOON: Duration = Duration::from_secs(20);

pub fn order() -> BlockOrder {
    let queue = "std/mutex-deque".into();
    BlockOrder { queue, round: 3, repeat: 0, position: 1, settle_ns: 51_000_000, window_ns: 52_000_000, traced: false }
}

pub fn cell() -> Cell {
    Cell {
        scenario: "stream/1p1c/1024/8B/work=10/20/same-l3".parse().unwrap(),
        queue: "std/mutex-deque".into(),
        cpus: vec![Some(1), None],
    }
}

/// A worker that is `script`.
pub fn command(script: &str) -> Vec<String> {
    vec!["sh".into(), "-c".into(), format!("{ANSWERS}\n{script}")]
}

/// Runs one block with a worker that is `script`, started in `folder`.
pub fn ended_in(folder: &Path, script: &str, deadline: Duration, interrupt: Option<BorrowedFd<'_>>) -> Ended {
    let script = format!("cd '{}' || exit 9\n{script}", folder.display());
    let mut workers = Supervisor::new(Contenders::own(command(&script)), deadline, 0.5, Instant::now());
    if let Some(interrupt) = interrupt {
        workers = workers.until(interrupt);
    }
    workers.run(&order(), &cell())
}

/// The report of a block that was not interrupted, and which took no longer than its deadline and some.
pub fn report_in(folder: &Path, script: &str, deadline: Duration) -> Report {
    let started = Instant::now();
    let Ended::Reported { report, .. } = ended_in(folder, script, deadline, None) else {
        panic!("interrupted by nobody");
    };
    assert!(started.elapsed() < deadline + SOON, "it took {:?}", started.elapsed());
    *report
}

/// The outcome and what was said of it.
pub fn outcome(script: &str, deadline: Duration) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    let report = report_in(folder.path(), script, deadline);
    (report.outcome, report.detail.unwrap_or_default())
}
