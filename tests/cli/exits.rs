//! A run to its end: what it prints where, and what it leaves.

use queuebench::record;

use crate::typed::{run_in, typed_in};

#[test]
fn a_run_prints_its_table_writes_its_file_and_exits_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), 2, &["-o", "new/folder/run.jsonl"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    // Talk on stderr: the plan before it starts, and where the results are.
    assert!(said.err.contains("2 cells in 1 scenario, 2 rounds, seed 1"), "{}", said.err);
    assert!(said.err.contains("6 blocks in new/folder/run.jsonl"), "{}", said.err);
    let results = record::read(&folder.path().join("new/folder/run.jsonl")).unwrap();
    assert_eq!(results.blocks.len(), 6);
    assert!(results.end.is_some_and(|end| !end.interrupted));
    // Data on stdout, and rank prints the same.
    assert!(said.out.contains("stream/1p1c/1024/8B/free") && said.out.contains("std/mpsc"), "{}", said.out);
    assert_eq!(typed_in(folder.path(), &["rank", "new/folder/run.jsonl"]).ok(), said.out);
}

#[test]
fn without_a_file_named_results_go_below_results_local() {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), 1, &["--profile", "smoke"]).ok();
    let files: Vec<_> = std::fs::read_dir(folder.path().join("results/local")).unwrap().flatten().collect();
    let name = files[0].file_name().into_string().unwrap();
    assert!(files.len() == 1 && name.ends_with("-tiny-smoke.jsonl"), "{name}");
}

#[test]
fn a_smoke_run_prints_no_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let table = run_in(folder.path(), 1, &["--profile", "smoke", "-o", "run.jsonl"]).ok();
    assert!(table.contains("a smoke run") && !table.contains("best"), "{table}");
}

#[test]
fn a_dry_run_says_the_plan_and_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(folder.path(), 2, &["--dry-run"]);
    assert!(said.err.contains("2 cells in 1 scenario,"), "{}", said.err);
    assert!(said.err.contains("stream/1p1c/1024/8B/free"), "what will run is named: {}", said.err);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    std::fs::write(&file, "mine").unwrap();
    run_in(folder.path(), 1, &["-o", "run.jsonl"]).error(1, &["run.jsonl exists already", "--resume", "-o"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // Root may write anywhere but there.
    run_in(folder.path(), 1, &["-o", "/proc/nowhere/run.jsonl"]).error(1, &["/proc/nowhere", "-o"]);
    run_in(folder.path(), 1, &["-o", "/proc/run.jsonl"]).error(1, &["/proc/run.jsonl", "-o"]);
}
