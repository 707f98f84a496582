//! `compare`: two files, made up.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::typed::{Said, fixtures, typed_in};

/// Two files of one made-up machine; `bend` changes each line of the second.
fn files(bend: impl Fn(&mut Value)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixtures().join("results/synthetic-pair.jsonl")).unwrap();
    std::fs::write(folder.path().join("base.jsonl"), &text).unwrap();
    let mut bent = String::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if line["type"] == "run" {
            line["started"] = json!("2026-02-03T04:05:06Z");
        }
        bend(&mut line);
        bent.push_str(&format!("{line}\n"));
    }
    std::fs::write(folder.path().join("new.jsonl"), bent).unwrap();
    folder
}

fn compare(folder: &TempDir, rest: &[&str]) -> Said {
    typed_in(folder.path(), &[&["compare", "base.jsonl", "new.jsonl"], rest].concat())
}

/// A queue's blocks take so many times as long.
fn slower(queue: &'static str, times: f64) -> impl Fn(&mut Value) {
    move |line| {
        if line["queue"] == queue && line["type"] == "block" {
            line["messages"] = json!((line["messages"].as_f64().unwrap() / times) as u64);
        }
    }
}

fn row<'a>(comparison: &'a Value, queue: &str) -> &'a Value {
    let rows = comparison["scenarios"][0]["rows"].as_array().unwrap();
    rows.iter().find(|row| row["queue"] == queue).unwrap()
}

#[test]
fn what_has_not_changed_is_not_said_to_have() {
    let folder = files(|_| ());
    let comparison = compare(&folder, &["--format", "json"]).json();
    assert_eq!(comparison["same_machine"], true);
    for queue in ["made-up/a", "made-up/b", "made-up/c", "made-up/d", "made-up/e"] {
        assert!(row(&comparison, queue)["verdict"].as_str().unwrap().starts_with("equivalent"), "{comparison}");
    }
    assert_eq!(compare(&folder, &["--fail-over", "5%"]).code, Some(0));
}

#[test]
fn a_queue_that_has_become_slower_is_found_and_fails_where_it_is_told_to() {
    let folder = files(slower("made-up/b", 1.5));
    let comparison = compare(&folder, &["--format", "json"]).json();
    assert_eq!(row(&comparison, "made-up/b")["verdict"], "slower");
    let change = row(&comparison, "made-up/b")["change"]["estimate"].as_f64().unwrap();
    assert!((change * 1.5 - 1.0).abs() < 0.01, "{change}");
    assert!(comparison["measured_from"].as_u64().is_some_and(|ratios| ratios >= 10));
    let said = compare(&folder, &["--fail-over", "5%"]);
    assert_eq!(said.code, Some(5));
    assert!(said.err.contains("made-up/b") && said.err.contains("at least"), "{}", said.err);
    // Only where the whole interval lies beyond.
    assert_eq!(compare(&folder, &["--fail-over", "60%"]).code, Some(0));
    assert_eq!(compare(&folder, &["--fail-over", "5%", "-q", "made-up/c"]).code, Some(0));
}

#[test]
fn intervals_are_widened_by_what_runs_differ_by_and_it_is_said() {
    // Every queue a little apart, each in its own direction: that is the runs' doing.
    let directions = [1.06, 0.94, 1.08, 0.93, 1.05, 0.96, 1.07, 0.92, 1.04, 0.95, 1.06, 0.94];
    let apart = |line: &mut Value| {
        let queue = line["queue"].as_str().and_then(|queue| queue.strip_prefix("made-up/")).unwrap_or_default();
        if let Some(times) = (queue.len() == 1).then(|| directions[usize::from(queue.as_bytes()[0] - b'a')]) {
            line["messages"] = json!((line["messages"].as_f64().unwrap() / times) as u64);
        }
    };
    let folder = files(apart);
    let comparison = compare(&folder, &["--format", "json"]).json();
    let between = comparison["between_runs"].as_f64().unwrap();
    assert!((0.03..0.15).contains(&between), "{between}");
    assert_ne!(row(&comparison, "made-up/a")["verdict"], "slower", "{comparison}");
    assert!(compare(&folder, &[]).ok().contains("every interval is widened by that"));
}

#[test]
fn two_machines_begin_with_what_a_message_takes_on_each() {
    let folder = files(|line| {
        if line["type"] == "run" {
            line["machine"]["id"] = json!("synthetic-8c16t-ffff");
        }
    });
    let text = compare(&folder, &[]).ok();
    assert!(text.contains("synthetic-2c2t-0000") && text.contains("synthetic-8c16t-ffff"), "{text}");
    assert!(text.contains("Two machines") && text.contains(" ns"), "{text}");
    compare(&folder, &["--fail-over", "5%"]).error(1, &["one machine"]);
}

#[test]
fn a_queue_that_has_no_figure_any_more_is_no_success() {
    let folder = files(|line| {
        if line["queue"] == "made-up/b" && line["round"] == 7 {
            line["outcome"] = json!("lost");
        }
    });
    let said = compare(&folder, &["--fail-over", "5%"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.err.contains("made-up/b in ") && said.err.contains("no figure in NEW"), "{}", said.err);
    assert_eq!(compare(&folder, &["--fail-over", "5%", "-q", "made-up/c"]).code, Some(0));
}

#[test]
fn what_is_not_comparable_is_refused_with_the_key_that_differs() {
    type Bend = fn(&mut Value);
    let keys: [(&str, Bend); 4] = [
        ("method differs", |line| line["method"] = json!(9)),
        ("rustc differs", |line| line["toolchain"]["rustc"] = json!("rustc 1.0.0")),
        ("RUSTFLAGS differs", |line| line["toolchain"]["rustflags"] = json!("-C target-cpu=native")),
        ("smoke run", |line| line["profile"] = json!("smoke")),
    ];
    for (words, bend) in keys {
        let folder = files(|line| {
            if line["type"] == "run" {
                bend(line);
            }
        });
        compare(&folder, &[]).error(1, &[words]);
    }
}

#[test]
fn a_scenario_that_came_about_otherwise_is_left_out_with_the_key() {
    let folder = files(|line| {
        if line["type"] == "run" {
            line["scenarios"][0]["reference"] = json!("made-up/a");
        }
    });
    compare(&folder, &[]).error(1, &["nothing is comparable", "the reference differs"]);
}
