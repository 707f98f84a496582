//! `list` and `machine`, and what they make of a machine that tells nothing.

use std::process::Command;

use crate::typed::{Said, command, fixtures, said, typed};

/// On a machine without /proc and /sys.
fn without_sysfs(words: &[&str]) -> Said {
    let nothing = tempfile::tempdir().unwrap();
    let mut command: Command = command(&fixtures(), words);
    command.env("QUEUEBENCH_SYSROOT", nothing.path());
    said(command)
}

#[test]
fn json_is_json_whatever_is_listed() {
    let cells = typed(&["list", "--format", "json"]).json();
    assert!(!cells["runs"].as_array().unwrap().is_empty());
    for what in ["queues", "scenarios", "suites"] {
        assert!(!typed(&["list", what, "--format", "json"]).json().as_array().unwrap().is_empty(), "{what}");
    }
    assert!(typed(&["machine", "--format", "json"]).json()["fingerprint"]["id"].is_string());
}

#[test]
fn every_cell_is_run_or_left_out_with_a_reason() {
    let listed = typed(&["list", "--suite", "standard", "--format", "json"]).json();
    let skips = listed["skips"].as_array().unwrap();
    assert!(skips.iter().all(|skip| skip["reason"].as_str().is_some_and(|reason| reason.len() > 5)));
    let queues = typed(&["list", "queues", "--format", "json"]).json();
    for run in listed["runs"].as_array().unwrap() {
        for queue in queues.as_array().unwrap() {
            let (scenario, id) = (&run["scenario"], &queue["id"]);
            let runs = run["queues"].as_array().unwrap().contains(id);
            let is_left_out = skips.iter().any(|skip| skip["scenario"] == *scenario && skip["queue"] == *id);
            assert!(runs != is_left_out, "{id} in {scenario}");
        }
    }
}

#[test]
fn a_row_of_the_course_finds_what_shows_it_wherever_scenarios_are_chosen() {
    let suite_of = |row: &str| if ["S17", "S28", "S29", "S30"].contains(&row) { "pitfalls" } else { "boundary" };
    for row in ["S01", "S06", "S17", "S22", "S26", "S30"] {
        let listed = typed(&["list", "scenarios", "--suite", suite_of(row), "-s", row]).ok();
        assert!(listed.lines().all(|line| line.split_whitespace().any(|word| word == row)), "{row}: {listed}");
    }
    let both = typed(&["list", "scenarios", "--suite", "apps", "-s", "S08"]).ok();
    assert!(both.lines().all(|line| line.starts_with("counter/")) && both.contains("processes"), "{both}");
    // A tag is meant as a whole.
    typed(&["list", "--suite", "apps", "-s", "S0"]).error(1, &["no scenario of the suite matches", "S0"]);
}

#[test]
fn the_table_of_cells_counts_what_it_lists() {
    let table = typed(&["list"]).ok();
    let json = typed(&["list", "--format", "json"]).json();
    let runs = json["runs"].as_array().unwrap();
    let cells: usize = runs.iter().map(|run| run["queues"].as_array().unwrap().len()).sum();
    assert!(table.contains(&format!("{} scenarios, {cells} cells", runs.len())), "{table}");
}

#[test]
fn a_machine_that_tells_nothing_has_scenarios_all_the_same() {
    let ids = without_sysfs(&["list", "scenarios"]).ok();
    assert!(ids.lines().count() > 3, "{ids}");
    without_sysfs(&["list", "--suite", "standard"]).ok();
    let machine = without_sysfs(&["machine", "--format", "json"]).json();
    assert!(!machine["topology"]["notes"].as_array().unwrap().is_empty());
}

#[test]
fn the_machine_says_once_what_was_assumed() {
    let text = without_sysfs(&["machine"]).ok();
    let notes: Vec<&str> = text.lines().filter(|line| line.contains("note: ")).collect();
    let distinct: std::collections::BTreeSet<&&str> = notes.iter().collect();
    assert!(!notes.is_empty());
    assert_eq!(notes.len(), distinct.len(), "{text}");
}

#[test]
fn a_run_needs_no_sysfs() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = tempfile::tempdir().unwrap();
    let words = crate::typed::small_run(1, &["-o", "run.jsonl"]);
    let mut command = command(folder.path(), &words.iter().map(String::as_str).collect::<Vec<_>>());
    command.env("QUEUEBENCH_SYSROOT", nothing.path());
    assert!(said(command).ok().contains("std/mpsc"));
}
