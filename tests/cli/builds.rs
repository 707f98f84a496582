//! `run --worker NAME=PATH`: another build in the same rounds.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use queuebench::record;

use crate::typed::{PROGRAM, run_in, typed_in};

/// A worker that passes everything on to the program under test, and changes what it says as `sed` is told to.
fn worker_edited(folder: &Path, edit: &str) -> String {
    let path = folder.join("other-build");
    std::fs::write(&path, format!("#!/bin/sh\n'{PROGRAM}' worker | sed -u -E '{edit}'\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn builds(folder: &Path, worker: &str) {
    let worker = format!("base={worker}");
    // At a margin of 1000 % a build that is the same is equivalent on any machine, and one a thousandth as fast is not.
    run_in(folder, 12, &["--worker", &worker, "--margin", "1000", "-o", "run.jsonl"]).ok();
}

#[test]
fn a_change_that_helped_and_one_that_did_nothing_are_told_apart() {
    let a_thousandth = r#"s/"messages":([0-9]+)[0-9]{3},/"messages":\1,/"#;
    for (edit, is_expected) in [(a_thousandth, "faster"), ("", "equivalent")] {
        let folder = tempfile::tempdir().unwrap();
        builds(folder.path(), &worker_edited(folder.path(), edit));
        let ranked = typed_in(folder.path(), &["rank", "run.jsonl", "--format", "json"]).json();
        let pair = &ranked["scenarios"][0]["builds"][0];
        assert_eq!((pair["of"].as_str(), pair["to"].as_str()), (Some("std/mpsc"), Some("std/mpsc@base")));
        assert!(pair["verdict"].as_str().is_some_and(|verdict| verdict.starts_with(is_expected)), "{pair}");
        // The margin of the run is that of its tables.
        assert_eq!(ranked["scenarios"][0]["margin"], 10.0);
        let table = typed_in(folder.path(), &["rank", "run.jsonl"]).ok();
        assert!(table.contains("builds") && table.contains("beside"), "{table}");
    }
}

#[test]
fn both_builds_are_in_every_round_and_the_file_says_whose_is_whose() {
    let folder = tempfile::tempdir().unwrap();
    builds(folder.path(), PROGRAM);
    let results = record::read(&folder.path().join("run.jsonl")).unwrap();
    for queue in ["std/mpsc", "std/mpsc@base"] {
        let first = results.blocks.iter().filter(|block| block.queue == queue && block.repeat == 0);
        assert_eq!(first.count(), 12, "{queue}");
    }
    assert!(
        !results.blocks.iter().any(|block| block.queue == "std/mutex-deque@base"),
        "the reference was not asked for"
    );
    assert!(results.run.workers["base"].starts_with("queuebench "), "{:?}", results.run.workers);
    let text = std::fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    assert!(!text.contains(PROGRAM), "a path is nobody's business");
}

#[test]
fn what_is_no_worker_is_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    for (worker, words) in [
        ("nameless", "write a name and the program"),
        ("base=", "write a name and the program"),
        ("a/b=/bin/true", "write a name and the program"),
        ("base=/nowhere/queuebench", "is no worker"),
        ("base=/bin/true", "is no worker"),
    ] {
        let said = run_in(folder.path(), 1, &["--worker", worker, "-o", "run.jsonl"]);
        assert_eq!(said.code, Some(2), "{worker}: {said:?}");
        assert!(said.err.contains(words), "{worker}: {}", said.err);
        assert!(!folder.path().join("run.jsonl").exists());
    }
}

#[test]
fn a_run_with_another_build_goes_on_only_with_it() {
    let folder = tempfile::tempdir().unwrap();
    builds(folder.path(), PROGRAM);
    let file = folder.path().join("run.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&file, lines[..lines.len() - 2].join("\n") + "\n").unwrap();
    typed_in(folder.path(), &["run", "--resume", "run.jsonl"])
        .error(1, &["other builds", "base (queuebench", "--worker"]);
    let worker = format!("base={PROGRAM}");
    typed_in(folder.path(), &["run", "--resume", "run.jsonl", "--worker", &worker]).ok();
}
