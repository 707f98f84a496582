//! A worker that does not answer: it is silent, dies, shouts, or was never there.

use std::io::Write;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use queuebench::protocol::Outcome;
use queuebench::schedule::contender::Contenders;
use queuebench::schedule::supervise::Supervisor;
use queuebench::schedule::{Ended, Workers};

use crate::scripted::{LONG, SHORT, SOON, cell, ended_in, order, outcome};

#[test]
fn silence_until_the_deadline_is_a_hang_at_every_step() {
    for script in ["sleep 100", "hello; sleep 100", "hello; read a; ready; read b; sleep 100"] {
        let (outcome, detail) = outcome(script, SHORT);
        assert_eq!(outcome, Outcome::Hung, "{script}");
        assert!(detail.contains("deadline") && detail.contains("asleep"), "{script}: {detail}");
    }
}

#[test]
fn a_worker_that_is_busy_at_its_deadline_is_told_from_one_asleep() {
    let (outcome, detail) = outcome("hello; while :; do :; done", SHORT);
    assert_eq!(outcome, Outcome::Hung);
    assert!(detail.contains("running"), "{detail}");
}

#[test]
fn a_block_is_not_given_up_before_its_deadline() {
    let deadline = Duration::from_millis(700);
    let started = Instant::now();
    assert_eq!(outcome("hello; sleep 100", deadline).0, Outcome::Hung);
    assert!(started.elapsed() >= deadline);
}

#[test]
fn small_talk_does_not_put_the_deadline_off() {
    let script = "hello; while :; do echo still here >&2; sleep 0.05; done";
    assert_eq!(outcome(script, SHORT).0, Outcome::Hung);
}

#[test]
fn an_exit_without_an_answer_is_a_crash() {
    for (script, said) in [("exit 0", "exited with 0"), ("hello; read a; exit 7", "exited with 7")] {
        assert_eq!(outcome(script, LONG), (Outcome::Crashed, said.into()), "{script}");
    }
}

#[test]
fn a_worker_killed_by_a_signal_says_by_which() {
    for (signal, name) in [("SEGV", "SIGSEGV"), ("ABRT", "SIGABRT"), ("KILL", "SIGKILL")] {
        let (outcome, detail) = outcome(&format!("ulimit -c 0; hello; kill -{signal} $$; sleep 100"), LONG);
        assert_eq!(outcome, Outcome::Crashed);
        assert!(detail.contains("killed by") && detail.contains(name), "{detail}");
    }
}

#[test]
fn a_panics_text_is_kept() {
    let script = "hello; read a; echo \"thread 'endpoint-1' panicked at src/lib.rs:7:9:\" >&2
        echo 'index out of luck' >&2; exit 101";
    let (outcome, detail) = outcome(script, LONG);
    assert_eq!(outcome, Outcome::Crashed);
    assert!(detail.contains("exited with 101") && detail.contains("index out of luck"), "{detail}");
}

#[test]
fn megabytes_on_stderr_do_not_hold_a_worker_up() {
    let flood = "head -c 3000000 /dev/zero | tr '\\0' 'x' >&2";
    let script = format!("{flood}; hello; read a; {flood}; ready; read b; {flood}; report; read c");
    assert_eq!(outcome(&script, LONG).0, Outcome::Ok);
}

#[test]
fn a_crash_after_megabytes_on_stderr_is_told_in_few_words() {
    let script = "echo 'the queue broke' >&2; head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; exit 3";
    let (outcome, detail) = outcome(script, LONG);
    assert_eq!(outcome, Outcome::Crashed);
    assert!(detail.contains("the queue broke") && detail.len() < 10_000, "{} bytes", detail.len());
}

#[test]
fn a_worker_without_stderr_is_a_worker() {
    assert_eq!(outcome("exec 2>&-; hello; read a; sleep 0.2; ready; read b; report", LONG).0, Outcome::Ok);
}

#[test]
fn a_worker_that_closes_its_stdout_and_stays_is_given_up() {
    let (outcome, detail) = outcome("hello; exec >&-; sleep 100", SHORT);
    assert_ne!(outcome, Outcome::Ok, "{detail}");
}

#[test]
fn a_command_that_does_not_exist_is_refused() {
    let command = vec!["/nowhere/no-such-worker".to_owned()];
    let mut supervisor = Supervisor::new(Contenders::own(command), LONG, 1.0, Instant::now());
    let Ended::Reported { report, .. } = supervisor.run(&order(), &cell()) else { panic!("interrupted by nobody") };
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(report.detail.unwrap().contains("No such file"));
}

#[test]
fn an_interrupt_ends_the_block_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let started = Instant::now();
    let interrupter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        writer.write_all(b"x").unwrap();
        writer
    });
    let ended = ended_in(folder.path(), "hello; sleep 100", LONG, Some(reader.as_fd()));
    assert!(matches!(ended, Ended::Interrupted) && started.elapsed() < SOON);
    drop(interrupter.join().unwrap());
    // It stays readable, so whatever block is started next ends too.
    assert!(matches!(ended_in(folder.path(), "sleep 100", LONG, Some(reader.as_fd())), Ended::Interrupted));
    assert!(started.elapsed() < 2 * SOON);
}

#[test]
fn nobody_is_interrupted_by_a_pipe_nobody_writes_to() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, _writer) = std::io::pipe().unwrap();
    let script = "hello; read a; ready; read b; echo noise >&2; report";
    let ended = ended_in(folder.path(), script, LONG, Some(reader.as_fd()));
    assert!(matches!(ended, Ended::Reported { report, .. } if report.outcome == Outcome::Ok));
}
