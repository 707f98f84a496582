//! `validate --worker`: the workers of this program, and what is none.

use std::process::Command;

use crate::typed::{PROGRAM, said, typed};

#[test]
fn the_programs_own_worker_keeps_the_protocol() {
    for queue in [&[][..], &["-q", "std/mpsc"]] {
        let words = [&["validate"], queue, &["--worker", PROGRAM, "worker"]].concat();
        let said = typed(&words);
        assert_eq!(said.code, Some(0), "{said:?}");
        let text = said.out;
        for line in ["ok       hello: queuebench ", "ok       slice: ", "ok       bye: ", "ok       a whole block: "] {
            assert!(text.contains(line), "'{line}' is not in: {text}");
        }
        // What takes one consumer says so when it is asked for two.
        let two = text.contains("skipped  two producers, two consumers: refused: std/mpsc takes one consumer only");
        assert_eq!(two, !queue.is_empty(), "{text}");
    }
}

#[test]
fn the_python_worker_keeps_the_protocol() {
    let is_new_enough = "import sys; sys.exit(sys.version_info < (3, 9))";
    let tried = Command::new("python3").args(["-I", "-c", is_new_enough]).status();
    if !tried.is_ok_and(|status| status.success()) {
        // To the process's own stderr, which the test harness does not capture.
        use std::io::Write;
        writeln!(std::io::stderr(), "skipped: there is no python3 from 3.9 on").unwrap();
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers/python/worker.py");
    // What follows the command is the command's, whatever it looks like.
    let text = typed(&["validate", "--worker", "python3", "-I", "-B", script]).ok();
    assert!(text.contains("ok       verify: 20000 messages") && text.contains("ok       second slice: "), "{text}");
}

#[test]
fn what_is_no_worker_is_told_by_the_check_it_fails() {
    let said = typed(&["validate", "--worker", "sh", "-c", "echo hi"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let line = "FAILED   hello: the worker said what is no answer: hi; expected: hello before all else";
    assert!(said.out.starts_with(line), "{}", said.out);
    assert!(said.err.contains("failed 1 of 1 check") && said.err.contains("PROTOCOL.md"), "{}", said.err);
    let said = typed(&["validate", "--worker", "/nowhere/worker"]);
    assert!(said.code == Some(1) && said.out.contains("cannot be started"), "{said:?}");
    let said = typed(&["validate", "-q", "no/such-queue", "--worker", PROGRAM, "worker"]);
    assert!(said.code == Some(1) && said.out.contains("FAILED   prepare: "), "{said:?}");
}

#[test]
fn files_and_a_worker_are_two_things() {
    let mut command = Command::new(PROGRAM);
    command.args(["validate", "a.jsonl", "--worker", PROGRAM]);
    said(command).error(2, &["cannot be used with"]);
    typed(&["validate"]).error(2, &["--worker"]);
    typed(&["validate", "-q", "std/mpsc", "a.jsonl"]).error(2, &["cannot be used with"]);
}
