//! `run` and `run --strict` on a machine that spoils numbers.

use tempfile::TempDir;

use crate::typed::{Said, command, said, small_run};

/// A machine of two cpus whose clock follows the load.
fn restless() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let cpu = root.path().join("sys/devices/system/cpu");
    for number in 0..2 {
        let governor = cpu.join(format!("cpu{number}/cpufreq"));
        std::fs::create_dir_all(&governor).unwrap();
        std::fs::write(governor.join("scaling_governor"), "powersave\n").unwrap();
    }
    std::fs::write(cpu.join("online"), "0-1\n").unwrap();
    root
}

/// A short run there.
fn run_on(root: &TempDir, folder: &TempDir, rest: &[&str]) -> Said {
    let words = small_run(1, &[&["-o", "run.jsonl"], rest].concat());
    let mut run = command(folder.path(), &words.iter().map(String::as_str).collect::<Vec<_>>());
    run.env("QUEUEBENCH_SYSROOT", root.path());
    said(run)
}

#[test]
fn a_machine_that_spoils_numbers_is_refused_with_what_to_change() {
    let (folder, root) = (tempfile::tempdir().unwrap(), restless());
    let said = run_on(&root, &folder, &["--strict"]);
    said.error(4, &["refused", "governor", "powersave", "cpupower frequency-set -g performance"]);
    assert!(!folder.path().join("run.jsonl").exists(), "nothing is measured");
}

#[test]
fn without_it_what_spoils_numbers_is_said_and_they_are_measured() {
    let (folder, root) = (tempfile::tempdir().unwrap(), restless());
    let warning = "warning  governor: powersave";
    let planned = run_on(&root, &folder, &["--dry-run"]);
    assert_eq!((planned.code, planned.err.contains(warning)), (Some(0), false), "a plan is spoiled by nothing");
    let measured = run_on(&root, &folder, &[]);
    assert!(measured.err.contains(warning) && measured.err.contains("try: sudo cpupower"), "{measured:?}");
    assert_eq!((measured.code, folder.path().join("run.jsonl").exists()), (Some(0), true));
}
