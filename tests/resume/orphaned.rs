//! A worker whose parent is killed.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const PREPARE: &str = r#"{"type":"prepare","queue":"std/mpsc","scenario":"stream/1p1c/1024/8B/free","workload":"stream","boundary":"threads","producers":1,"consumers":1,"capacity":1024,"payload_bytes":8,"boxed":false,"cpus":[null,null],"work_iterations":[0,0],"work_ns":[0,0]}"#;
/// A slice of ten minutes.
const SLICE: &str = r#"{"type":"slice","settle_ns":300000000000,"window_ns":300000000000}"#;

fn line_with(word: &str, lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    lines.map(Result::unwrap).find(|line| line.contains(word)).expect(word)
}

/// Whether the process is there and no corpse.
fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn a_worker_whose_parent_is_killed_is_gone_within_a_second_in_the_middle_of_its_slice() {
    // The shell is the parent; the worker's stdin is this test's, so that it never reads an end there.
    let script = "exec 3<&0; \"$0\" worker <&3 3<&- & echo \"pid $!\"; wait";
    let mut parent = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_queuebench")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = parent.stdin.take().unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let worker: i32 = line_with("pid ", &mut lines)["pid ".len()..].parse().unwrap();
    writeln!(stdin, "{PREPARE}").unwrap();
    line_with("ready", &mut lines);
    writeln!(stdin, "{SLICE}").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(lives(worker));

    parent.kill().unwrap();
    parent.wait().unwrap();
    let killed = Instant::now();
    while lives(worker) && killed.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let in_time = !lives(worker);
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).ok();
    assert!(in_time, "worker {worker} outlived its parent");
    drop(stdin);
}
