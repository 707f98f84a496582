//! What cannot be had on this machine, or at all, is refused in words.

use std::os::unix::process::CommandExt;

use queuebench::protocol::Outcome;
use queuebench::queue::crossing::Crossing;
use queuebench::queue::crossing::mqueue::Mqueue;
use queuebench::queue::{Capacity, Shape, Words};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::cell::{Cell, LONG};
use crate::runs::command;

const SMALL: &str = "stream/1p1c/1024/8B/processes/free";

/// A cell that may have so many of something.
fn limited(resource: Resource, most: u64) -> Cell {
    Cell::started(|command| {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        // SAFETY: one system call, which may be made between fork and exec.
        unsafe { command.pre_exec(move || Ok(setrlimit(resource, limit)?)) };
    })
}

#[test]
fn too_few_descriptors_are_refused_by_name() {
    // From too few for the memory to enough for all: in between each step fails once, and none in another way.
    let mut refusals = 0;
    for most in 6..24 {
        let mut cell = limited(Resource::Nofile, most);
        cell.ask("shm/spsc+yield", SMALL);
        if let Err(report) = cell.ready() {
            let detail = report.detail.unwrap_or_default();
            assert_eq!(report.outcome, Outcome::Refused, "{most} descriptors: {detail}");
            assert!(detail.contains("Too many open files"), "{most} descriptors: {detail}");
            refusals += 1;
        } else {
            cell.slice(1, 1);
            assert_eq!(cell.report(LONG).unwrap().outcome, Outcome::Ok, "{most} descriptors");
        }
        cell.assert_no_endpoints();
        cell.end();
    }
    assert!(refusals > 2 && refusals < 18, "{refusals} of 18");
}

#[test]
fn too_few_bytes_for_message_queues_are_refused_by_name() {
    let mut cell = limited(Resource::Msgqueue, 0);
    let why = cell.refusal("os/mqueue", "stream/1p1c/10/8B/processes/free");
    assert!(why.contains("RLIMIT_MSGQUEUE"), "{why}");
    // Between threads too.
    let why = cell.refusal("os/mqueue", "stream/1p1c/10/8B/free");
    assert!(why.contains("RLIMIT_MSGQUEUE"), "{why}");
}

#[test]
fn sixty_four_processes_run_on_the_cpus_there_are() {
    let mut cell = Cell::start();
    let scenario = "stream/32p32c/1024/8B/processes/free";
    assert_eq!(cell.prepare("shm/mpmc+yield", scenario), Some(1024));
    assert_eq!(cell.endpoints(scenario).len(), 64);
    cell.slice(50, 200);
    let report = cell.report(LONG).expect("it ends");
    assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
    assert!(report.messages > 0 && report.endpoints.len() == 64, "{report:?}");
    cell.end();
}

#[test]
fn a_capacity_that_the_kernel_rounds_is_reported_as_it_is() {
    let mut cell = Cell::start();
    let capacity = cell.prepare("os/pipe", "stream/1p1c/100/8B/processes/free");
    // A page, however large that is here.
    let page = rustix::param::page_size() as u64;
    assert_eq!(capacity, Some(page / 8));
    cell.slice(10, 10);
    let report = cell.report(LONG).unwrap();
    assert_eq!((report.outcome, report.capacity), (Outcome::Ok, capacity), "{report:?}");
    cell.end();
}

#[test]
fn what_does_not_cross_is_refused_with_the_reason() {
    let mut cell = Cell::start();
    let why = cell.refusal("std/mpsc", SMALL);
    assert!(why.contains("lives in one process"), "{why}");
    let why = cell.refusal("shm/spsc-one-map+yield", SMALL);
    assert!(why.contains("lives in one process"), "{why}");
    let why = cell.refusal("shm/spsc+yield", "stream/1p1c/1024/box256B/processes/free");
    assert!(why.contains("a box cannot cross"), "{why}");
    // It is not tired of it.
    assert_eq!(cell.prepare("shm/spsc+yield", SMALL), Some(1024));
    cell.end();
}

#[test]
fn what_no_scenario_is_is_refused_by_the_worker() {
    let mut cell = Cell::start();
    for (scenario, said) in [
        ("stream/1p0c/1024/8B/processes/free", "no shape"),
        ("stream/0p1c/1024/8B/processes/free", "no shape"),
        ("stream/1p1c/1024/8B/process/free", "no boundary"),
    ] {
        cell.ask_nonsense("shm/spsc+yield", scenario);
        let why = cell.refused();
        assert!(why.contains(said), "{scenario}: {why}");
    }
    cell.end();
}

/// Exit code and words of the command on a suite of this shape and payload.
fn said(shape: &str, payload: &str, words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), shape, payload, words);
    let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_cannot_run_is_refused_by_the_command() {
    for (shape, payload, queue, reason) in [
        ("1p0c", "8B", "os/pipe", "1p0c"),
        ("1p1c", "8B", "^std/mpsc$", "lives in one process"),
        ("1p1c", "8B", "spsc-one-map", "lives in one process"),
        ("1p1c", "box256B", "os/pipe", "a box cannot cross"),
        ("2p1c", "8B", "os/tcp", "takes one producer only"),
    ] {
        let (code, stderr) = said(shape, payload, &["run", "--rounds", "1", "-o", "run.jsonl", "-q", queue]);
        assert_eq!(code, Some(1), "{shape} {payload} {queue}: {stderr}");
        assert!(stderr.contains(reason), "{shape} {payload} {queue}: {stderr}");
    }
}

#[test]
fn a_message_that_is_longer_than_message_queues_take_is_refused_with_both_lengths() {
    // Longer than Linux lets anybody set: 16 MiB.
    const WORDS: usize = (16 << 20) / 8 + 1;
    let shape = Shape { producers: 1, consumers: 1, capacity: Capacity::Bounded(1) };
    let why = Mqueue::create::<Words<WORDS>>(shape).err().expect("it was made").to_string();
    assert!(why.contains("16777224 bytes") && why.contains("longer than message queues take"), "{why}");
}
