//! Ctrl-C, and its relative SIGTERM.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::small_run::{BLOCKS, SmallRun, ended};

fn send(signal: Signal, run: &Child) {
    kill_process(Pid::from_raw(run.id() as i32).unwrap(), signal).unwrap();
}

fn keeps_what_was_measured(signal: Signal) {
    let run = SmallRun::new(3);
    let mut child = run.start();
    run.wait_for(3, &mut child);
    send(signal, &child);
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("--resume run.jsonl"), "{stderr}");
    let results = run.read();
    let end = results.end.as_ref().expect("it has an end line");
    assert!(end.interrupted && end.blocks == results.blocks.len() as u64 && results.blocks.len() < BLOCKS);
    let kept = run.kept();
    let (code, stderr) = ended(run.resume());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(std::fs::read(run.file()).unwrap().starts_with(&kept));
    run.assert_complete();
}

#[test]
fn ctrl_c_ends_cleanly_and_the_run_can_go_on() {
    keeps_what_was_measured(Signal::INT);
}

#[test]
fn so_does_sigterm() {
    keeps_what_was_measured(Signal::TERM);
}

#[test]
fn an_interrupted_run_can_be_interrupted_again() {
    let run = SmallRun::new(4);
    let mut child = run.start();
    for blocks in [1, 4, 7] {
        run.wait_for(blocks, &mut child);
        send(Signal::INT, &child);
        assert_eq!(ended(child).0, Some(130));
        assert!(run.read().blocks.len() >= blocks);
        child = run.resume();
    }
    assert_eq!(ended(child).0, Some(0));
    run.assert_complete();
}
