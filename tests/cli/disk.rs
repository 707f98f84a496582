//! A disk that is full in the middle of a run.

use std::path::Path;
use std::process::Command;

use queuebench::record;

use crate::typed::{PROGRAM, Said, run_in, said, small_run, typed_in};

/// Types the run where no file may grow beyond `bytes`.
fn run_with_limit(folder: &Path, bytes: u64, rounds: u32) -> Said {
    // Without the trap the kernel would kill what writes too much; so it is told, as it is of a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes.div_ceil(512));
    let mut command = Command::new("sh");
    command.current_dir(folder).args(["-c", &script, PROGRAM]).args(small_run(rounds, &["-o", "run.jsonl"]));
    said(command)
}

#[test]
fn what_was_written_stays_and_the_run_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), 1, &["-o", "one-round.jsonl"]).ok();
    let room = std::fs::metadata(folder.path().join("one-round.jsonl")).unwrap().len();

    let said = run_with_limit(folder.path(), room, 4);
    said.error(1, &["cannot write to run.jsonl", "make room", "--resume run.jsonl"]);
    let file = folder.path().join("run.jsonl");
    let results = record::read(&file).unwrap();
    assert!((1..12).contains(&results.blocks.len()) && results.end.is_none());
    let kept = std::fs::read(&file).unwrap()[..results.resumable as usize].to_vec();

    typed_in(folder.path(), &["run", "--resume", "run.jsonl"]).ok();
    let results = record::read(&file).unwrap();
    assert_eq!(results.blocks.len(), 12);
    assert!(std::fs::read(&file).unwrap().starts_with(&kept));
}

#[test]
fn no_room_for_the_first_line_is_the_same_error() {
    let folder = tempfile::tempdir().unwrap();
    run_with_limit(folder.path(), 512, 1).error(1, &["cannot write to run.jsonl", "make room"]);
}
