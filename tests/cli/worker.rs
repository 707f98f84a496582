//! The worker, spoken to by hand.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::typed::{PROGRAM, fixtures, typed_in};

/// What a worker answers to `prepare` on these cpus, and to what it is told then.
fn answers_on(cpus: [Option<usize>; 2], then: &[Value]) -> Vec<Value> {
    let mut worker = Command::new(PROGRAM);
    let mut worker = worker.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut answers = BufReader::new(worker.stdout.take().unwrap()).lines();
    let mut answer = || serde_json::from_str::<Value>(&answers.next().unwrap().unwrap()).unwrap();
    assert_eq!(answer()["type"], "hello");
    let prepare = json!({
        "type": "prepare", "queue": "std/mpsc", "scenario": "stream/1p1c/1024/8B/free", "workload": "stream",
        "boundary": "threads", "producers": 1, "consumers": 1, "capacity": 1024, "payload_bytes": 8, "boxed": false,
        "cpus": cpus, "work_iterations": [0, 0], "work_ns": [0, 0],
    });
    let said = std::iter::once(&prepare).chain(then).map(|command| {
        writeln!(worker.stdin.as_mut().unwrap(), "{command}").unwrap();
        answer()
    });
    let said = said.collect();
    drop(worker.stdin.take());
    worker.kill().unwrap();
    worker.wait().unwrap();
    said
}

fn prepared_on(cpus: [Option<usize>; 2]) -> Value {
    answers_on(cpus, &[]).remove(0)
}

#[test]
fn a_traced_slice_has_notes_every_millisecond_and_more() {
    let slice = json!({ "type": "slice", "settle_ns": 1_000_000, "window_ns": 60_000_000, "traced": true });
    let said = answers_on([None, None], &[json!({ "type": "probe" }), slice]);
    assert_eq!(said[1], json!({ "type": "line", "line_ns": null }), "nothing is pinned, so nothing can be apart");
    let trace = said[2]["trace"].as_array().unwrap_or_else(|| panic!("no trace in {}", said[2]));
    let notes: Vec<[u64; 2]> = trace.iter().map(|note| serde_json::from_value(note.clone()).unwrap()).collect();
    assert!(notes.len() > 10, "{notes:?}");
    for pair in notes.windows(2) {
        assert!(pair[1][0] >= pair[0][0] + 1_000_000 && pair[1][1] >= pair[0][1], "{pair:?}");
    }
}

#[test]
fn cpus_of_their_own_are_probed_as_often_as_is_asked() {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let said = answers_on([Some(0), Some(cpus - 1)], &[json!({ "type": "probe" }), json!({ "type": "probe" })]);
    if said[0]["type"] == "report" {
        // Cpus 0 to n are not those this process may use.
        return;
    }
    for (answer, kind) in said.iter().zip(["ready", "line", "line"]) {
        assert_eq!(answer["type"], kind, "{said:?}");
        // On a loaded machine the other end may come too late.
        assert!(answer["line_ns"].is_null() || (cpus > 1 && answer["line_ns"].as_u64() > Some(0)), "{said:?}");
    }
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
