//! Runs that cannot go on, or not like that.

use std::path::Path;

use tempfile::TempDir;

use crate::typed::{Said, command, fixtures, run_in, said, typed_in};

/// A run that was killed before its last block.
fn cut_run() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixtures().join("tiny.toml"), folder.path().join("tiny.toml")).unwrap();
    let words = ["run", "--suite", "tiny.toml", "-q", "^std/mpsc$", "--seed", "1", "--rounds", "1", "-o", "run.jsonl"];
    typed_in(folder.path(), &words).ok();
    let file = folder.path().join("run.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&file, lines[..lines.len() - 2].join("\n") + "\n").unwrap();
    folder
}

fn resume(folder: &Path, rest: &[&str]) -> Said {
    typed_in(folder, &[&["run", "--resume", "run.jsonl"], rest].concat())
}

#[test]
fn what_contradicts_the_file_is_refused_and_the_file_untouched() {
    let folder = cut_run();
    let before = std::fs::read(folder.path().join("run.jsonl")).unwrap();
    let contradictions: [(&[&str], &str); 10] = [
        (&["--seed", "2"], "seed is 1, not 2"),
        (&["--suite", "balance"], "suite is tiny.toml, not balance"),
        // Neither is what is the default elsewhere.
        (&["--suite", "quick"], "suite is tiny.toml, not quick"),
        (&["--profile", "quick"], "profile is default, not quick"),
        (&["--deadline", "9"], "deadline is 10, not 9"),
        (&["--waits", "all"], "waits is yield, not all"),
        (&["--cell", "flume"], "cell filter is none, not flume"),
        (&["--rounds", "9"], "rounds is 1, not 9"),
        (&["-q", "flume"], "queue filter"),
        (&["-s", "1p1c"], "scenario filter"),
    ];
    for (words, reason) in contradictions {
        resume(folder.path(), words).error(1, &["cannot resume run.jsonl", reason, "without --resume"]);
    }
    assert_eq!(std::fs::read(folder.path().join("run.jsonl")).unwrap(), before);
    // What agrees with it is no contradiction.
    resume(folder.path(), &["--seed", "1", "--rounds", "1", "--suite", "tiny.toml", "-q", "^std/mpsc$"]).ok();
}

#[test]
fn a_run_of_another_version_of_a_queue_is_refused() {
    let folder = cut_run();
    let file = folder.path().join("run.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let now = serde_json::from_str::<serde_json::Value>(text.lines().next().unwrap()).unwrap();
    let now = format!("\"std/mpsc\":{}", now["versions"]["std/mpsc"]);
    assert!(text.contains(&now));
    std::fs::write(&file, text.replace(&now, "\"std/mpsc\":\"0.0.1\"")).unwrap();
    resume(folder.path(), &[]).error(1, &["cannot resume", "std/mpsc is 0.0.1, not", "without --resume"]);
}

#[test]
fn another_machines_run_is_refused() {
    let folder = cut_run();
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("proc")).unwrap();
    std::fs::write(other.path().join("proc/cpuinfo"), "processor\t: 0\nmodel name\t: Abacus 9\n").unwrap();
    let mut elsewhere = command(folder.path(), &["run", "--resume", "run.jsonl"]);
    elsewhere.env("QUEUEBENCH_SYSROOT", other.path());
    said(elsewhere).error(1, &["cannot resume", "machine", "abacus-9"]);
}

#[test]
fn a_suite_that_has_changed_meanwhile_is_refused() {
    let folder = cut_run();
    let suite = folder.path().join("tiny.toml");
    let text = std::fs::read_to_string(&suite).unwrap();
    std::fs::write(&suite, text.replace("1024", "128")).unwrap();
    resume(folder.path(), &[]).error(1, &["cannot resume", "suite", "changed"]);
    std::fs::remove_file(&suite).unwrap();
    resume(folder.path(), &[]).error(1, &["tiny.toml"]);
}

#[test]
fn a_complete_run_is_not_run_again() {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), 1, &["-o", "run.jsonl"]).ok();
    let before = std::fs::read(folder.path().join("run.jsonl")).unwrap();
    resume(folder.path(), &[]).error(1, &["complete", "queuebench rank run.jsonl"]);
    assert_eq!(std::fs::read(folder.path().join("run.jsonl")).unwrap(), before);
}

#[test]
fn what_is_no_results_file_cannot_go_on() {
    let folder = tempfile::tempdir().unwrap();
    resume(folder.path(), &[]).error(1, &["run.jsonl", "cannot be read"]);
    std::fs::write(folder.path().join("run.jsonl"), "hello\n").unwrap();
    resume(folder.path(), &[]).error(1, &["run.jsonl", "no results file"]);
    assert_eq!(std::fs::read(folder.path().join("run.jsonl")).unwrap(), b"hello\n");
}
