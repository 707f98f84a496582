//! The binary alone: copied to an empty folder, without an environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::typed::{PROGRAM, Said, said};

/// A copy of the program in `folder`. Another process copies it: a file this one still held open for writing while
/// some other test starts a process could not be run.
fn copy_into(folder: &Path) -> PathBuf {
    let copy = folder.join("queuebench");
    assert!(Command::new("cp").arg(PROGRAM).arg(&copy).status().unwrap().success());
    copy
}

fn typed_alone(program: &Path, words: &[&str]) -> Said {
    let mut command = Command::new(program);
    command.current_dir(program.parent().unwrap()).env_clear().args(words);
    said(command)
}

#[test]
fn it_lists_measures_and_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let program = copy_into(folder.path());
    assert!(typed_alone(&program, &["list"]).ok().contains("std/mutex-deque"));
    // On one cpu, which is there on every machine: the base, or all that comes to it.
    let words = ["run", "-q", "^std/mpsc$", "-s", "^stream/1p1c/1024/8B/same-cpu$", "--rounds", "1"];
    let table = typed_alone(&program, &words).ok();
    assert!(table.contains("std/mpsc"), "{table}");
    let local = folder.path().join("results/local");
    let file = std::fs::read_dir(local).unwrap().next().unwrap().unwrap().path();
    assert_eq!(typed_alone(&program, &["rank", file.to_str().unwrap()]).ok(), table);
}
