//! The worker, spoken to by hand.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::typed::{PROGRAM, fixtures, typed_in};

/// What a worker answers to `prepare` on these cpus.
fn prepared_on(cpus: [Option<usize>; 2]) -> Value {
    let mut worker = Command::new(PROGRAM);
    let mut worker = worker.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut answers = BufReader::new(worker.stdout.take().unwrap()).lines();
    let mut answer = || serde_json::from_str::<Value>(&answers.next().unwrap().unwrap()).unwrap();
    assert_eq!(answer()["type"], "hello");
    let prepare = json!({
        "type": "prepare", "queue": "std/mpsc", "scenario": "stream/1p1c/1024/8B/free", "cpus": cpus,
        "work_iterations": [0, 0],
    });
    writeln!(worker.stdin.as_mut().unwrap(), "{prepare}").unwrap();
    let answer = answer();
    drop(worker.stdin.take());
    worker.kill().unwrap();
    worker.wait().unwrap();
    answer
}

#[test]
fn a_pin_that_does_not_take_is_an_outcome() {
    // Many times: the threads of a crew that is given up must not end the process before it has answered.
    for _ in 0..20 {
        let answer = prepared_on([Some(9999), Some(9999)]);
        assert_eq!((&answer["type"], &answer["outcome"]), (&json!("report"), &json!("refused")), "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains("9999"), "{answer}");
    }
    assert_eq!(prepared_on([None, None])["type"], "ready");
}

#[test]
fn a_queue_that_takes_long_to_drain_is_not_broken() {
    let folder = tempfile::tempdir().unwrap();
    // 65536 messages of 20 us each lie in the queue when its producer stops.
    let suite = std::fs::read_to_string(fixtures().join("tiny.toml")).unwrap();
    let suite = suite.replace("1024", "65536") + "work = \"0/20000\"\n";
    std::fs::write(folder.path().join("slow.toml"), suite).unwrap();
    let words = ["run", "--suite", "slow.toml", "-q", "^std/mpsc$", "--rounds", "1", "-o", "run.jsonl"];
    let said = typed_in(folder.path(), &words);
    assert_eq!(said.code, Some(0), "{}", said.err);
}
