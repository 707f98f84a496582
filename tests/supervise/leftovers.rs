//! However a block ends, neither the worker nor what it started is left.

use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use queuebench::protocol::Outcome;
use queuebench::schedule::Ended;

use crate::scripted::{LONG, SHORT, SOON, ended_in, report_in};

/// Notes the worker's pid and that of a child which outlives every test.
const WITH_CHILD: &str = "sleep 100 <&- >&- 2>&- & echo $$ $! >pids\n";
/// The same, with a child that holds on to the worker's pipes.
const WITH_CLINGING_CHILD: &str = "sleep 100 & echo $$ $! >pids\n";

/// The processes that `script` noted.
fn noted(folder: &Path) -> Vec<String> {
    let pids = fs::read_to_string(folder.join("pids")).unwrap();
    pids.split_whitespace().map(str::to_owned).collect()
}

/// Whether a process is there and is no corpse: an orphan's corpse is for the system to take away.
fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn assert_gone(folder: &Path) {
    let pids = noted(folder);
    assert_eq!(pids.len(), 2);
    let started = Instant::now();
    while pids.iter().any(|pid| lives(pid)) {
        assert!(started.elapsed() < Duration::from_secs(1), "{pids:?} are left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ends(start: &str, script: &str, deadline: Duration) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let report = report_in(folder.path(), &format!("{start}{script}"), deadline);
    assert_gone(folder.path());
    report.outcome
}

#[test]
fn after_a_right_answer() {
    assert_eq!(ends(WITH_CHILD, "hello; read a; ready; read b; report; sleep 100", LONG), Outcome::Ok);
}

#[test]
fn after_a_hang() {
    assert_eq!(ends(WITH_CHILD, "hello; sleep 100", SHORT), Outcome::Hung);
}

#[test]
fn after_a_hang_of_a_worker_that_ignores_signals() {
    assert_eq!(ends(WITH_CHILD, "trap '' TERM INT HUP PIPE; hello; while :; do sleep 1; done", SHORT), Outcome::Hung);
}

#[test]
fn after_nonsense() {
    assert_eq!(ends(WITH_CHILD, "echo nonsense; sleep 100", LONG), Outcome::Crashed);
}

#[test]
fn after_a_crash() {
    assert_eq!(ends(WITH_CHILD, "hello; exit 1", LONG), Outcome::Crashed);
}

#[test]
fn after_a_crash_whose_child_keeps_the_pipes_open() {
    assert_ne!(ends(WITH_CLINGING_CHILD, "hello; exit 1", SHORT), Outcome::Ok);
}

#[test]
fn after_a_crash_whose_child_keeps_stderr_open() {
    assert_eq!(ends("sleep 100 >&- & echo $$ $! >pids\n", "hello; exit 1", SHORT), Outcome::Crashed);
}

#[test]
fn after_an_interrupt() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let pids = folder.path().join("pids");
    let interrupter = std::thread::spawn(move || {
        let started = Instant::now();
        while fs::read_to_string(&pids).unwrap_or_default().is_empty() && started.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(5));
        }
        writer.write_all(b"x").unwrap();
    });
    let script = format!("{WITH_CHILD}hello; sleep 100");
    assert!(matches!(ended_in(folder.path(), &script, LONG, Some(reader.as_fd())), Ended::Interrupted));
    interrupter.join().unwrap();
    assert_gone(folder.path());
}
