//! Tables of results files.

use serde_json::{Value, json};

use crate::typed::{Said, fixtures, typed, typed_in};

fn lines_of(fixture: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("results").join(fixture)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Ranks the fixture after `bend` has changed each of its lines.
fn ranked(fixture: &str, bend: impl Fn(&mut Value), words: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = lines_of(fixture);
    lines.iter_mut().for_each(bend);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("bent.jsonl"), text).unwrap();
    typed_in(folder.path(), &[&["rank", "bent.jsonl"], words].concat())
}

fn with_flags(flags: &'static [&'static str]) -> impl Fn(&mut Value) {
    move |line| {
        if line["type"] == "block" && line["queue"] == "std/mutex-deque" && line["outcome"] == "ok" {
            line["flags"] = json!(flags);
        }
    }
}

#[track_caller]
fn assert_narrow(table: &str) {
    for line in table.lines() {
        assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn a_table_is_at_most_100_columns_wide_whatever_there_is_to_remark() {
    let said = typed(&["rank", "results/synthetic.jsonl"]);
    assert_narrow(&said.out);
    let flags = &["unsettled", "page faults in the window", "another remark of some length", "and one more of them"];
    let said = ranked("synthetic.jsonl", with_flags(flags), &[]);
    assert_narrow(&said.out);
    for flag in flags {
        assert!(said.out.replace("\n    ", " ").contains(flag), "{flag} is not in {}", said.out);
    }
}

#[test]
fn a_long_detail_is_wrapped_and_not_lost() {
    let detail = "what went wrong takes many words to say ".repeat(10);
    let bend = |line: &mut Value| {
        if line["outcome"] == "hung" {
            line["detail"] = json!(detail.trim());
        }
    };
    let said = ranked("synthetic.jsonl", bend, &[]);
    assert_narrow(&said.out);
    assert!(said.out.replace("\n    ", " ").contains(detail.trim()), "{}", said.out);
}

#[test]
fn a_queue_that_failed_is_neither_best_nor_has_a_figure() {
    // The fastest of all loses a message in its last block.
    let bend = |line: &mut Value| {
        if line["queue"] == "made-up/ring+yield" && line["round"] == 7 && line["type"] == "block" {
            *line = json!({
                "type": "block", "scenario": line["scenario"], "queue": line["queue"], "round": 7,
                "repeat": line["repeat"], "position": 0, "ready_ns": 1, "wall_ns": 1, "steal_ticks": 0,
                "outcome": "lost", "detail": "1 message went in and never came out",
            });
        }
    };
    let said = ranked("synthetic.jsonl", bend, &["--format", "json"]);
    assert_eq!(said.code, Some(3));
    let rankings: Value = serde_json::from_str(&said.out).unwrap();
    let rows = rankings["scenarios"][0]["rows"].as_array().unwrap();
    let ring = rows.iter().find(|row| row["queue"] == "made-up/ring+yield").unwrap();
    assert_eq!((&ring["outcome"], &ring["value"], &ring["times_slower"]), (&json!("lost"), &Value::Null, &Value::Null));
    assert_ne!(rows[0]["queue"], "made-up/ring+yield");
    assert_eq!(rows[0]["times_slower"]["estimate"], 1.0, "a sound queue is what others are compared with");
}

#[test]
fn suites_come_in_their_own_order_whatever_files_are_called() {
    let folder = tempfile::tempdir().unwrap();
    // The first and the last are of one build and share a pool.
    let files = [("apps", "2p2c", 1), ("mine.toml", "2p2c", 2), ("balance", "2p2c", 3), ("quick", "1p1c", 1)];
    let names: Vec<String> = (0..files.len()).map(|at| format!("{at}.jsonl")).collect();
    for (name, (at, (suite, shape, build))) in names.iter().zip(files.iter().enumerate()) {
        let mut lines = lines_of("synthetic.jsonl");
        let is_other = |id: &Value| id.as_str().is_some_and(|id| !id.contains(shape));
        lines.retain(|line| line["type"] == "run" || !is_other(&line["scenario"]));
        let blocks = lines.iter().filter(|line| line["type"] == "block").count();
        lines.last_mut().unwrap()["blocks"] = json!(blocks);
        let run = &mut lines[0];
        run["scenarios"].as_array_mut().unwrap().retain(|line| !is_other(&line["id"]));
        (run["suite"], run["seed"], run["build"]) = (json!(suite), json!(at), json!(format!("{build:016x}")));
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let names = names.iter().map(String::as_str);
    let said = typed_in(folder.path(), &["rank", "--format", "json"].into_iter().chain(names).collect::<Vec<_>>());
    let summary: Value = serde_json::from_str(&said.out).unwrap();
    let mut suites: Vec<&Value> =
        summary["scenarios"].as_array().unwrap().iter().map(|section| &section["suite"]).collect();
    suites.dedup();
    assert_eq!(suites, ["quick", "balance", "apps", "mine.toml"]);
}

#[test]
fn who_asks_for_a_queue_is_told_of_queues_and_which_are_no_crates() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixtures().join("results/synthetic.jsonl")).unwrap();
    std::fs::write(folder.path().join("run.jsonl"), text.replace("made-up/ring", "intree/ring")).unwrap();
    let answer = typed_in(folder.path(), &["rank", "run.jsonl", "--for", "1p1c,8B"]).out;
    assert!(answer.contains("no crates to depend on; of the others made-up/"), "{answer}");
    let folder = format!("{}/results/amd-epyc-2c2t-7148", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path().display().to_string());
    let programs = files.filter(|file| file.contains("-apps-")).max().expect("programs were contributed");
    typed(&["rank", &programs, "--for", "2p2c"]).error(1, &["nothing was measured with 2p2c", "counter/2p2c"]);
    assert!(typed(&["rank", &programs, "--for", "counter,2p2c"]).ok().contains("counter/sharded is the fastest of 7"));
}

#[test]
fn crowds_are_marked_in_every_format() {
    let words = |format| ["rank", "results/synthetic.jsonl", "-s", "2p2c", "--format", format];
    for format in ["table", "markdown"] {
        assert!(typed(&words(format)).out.contains("4 threads outnumber the cpus"), "{format}");
    }
    let json: Value = serde_json::from_str(&typed(&words("json")).out).unwrap();
    let scenario = &json["scenarios"][0];
    assert_eq!((&scenario["threads"], &scenario["oversubscribed"]), (&json!(4), &json!(true)));
    let csv = typed(&words("csv")).out;
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let column = head.iter().position(|head| *head == "oversubscribed").expect("it has the column");
    assert!(csv.lines().skip(1).all(|row| row.split(',').nth(column) == Some("true")), "{csv}");
}

#[test]
fn flags_and_outcomes_are_visible_in_every_format() {
    for format in ["table", "markdown", "csv", "json"] {
        let out = typed(&["rank", "results/synthetic.jsonl", "--format", format]).out;
        for word in ["unsettled", "reordered", "hung"] {
            assert!(out.contains(word), "{format} hides {word}: {out}");
        }
    }
}

#[test]
fn texts_of_strangers_mean_nothing_to_what_renders_them() {
    let flags: &[&str] = &["a|b", "<img src=x>", "[x](http://x)", "`c`", "\u{1b}[2J\u{202e}", "d,\"e\""];
    let markdown = ranked("synthetic-smoke.jsonl", with_flags(flags), &["--format", "markdown"]).ok();
    let row = markdown.lines().find(|line| line.contains("| std/mutex-deque |")).unwrap();
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    assert_eq!(columns(row), columns(markdown.lines().find(|line| line.contains("| queue |")).unwrap()), "{row}");
    for markup in [" <", " [", " `"] {
        assert!(!row.contains(markup), "{row}");
    }
    let csv = ranked("synthetic-smoke.jsonl", with_flags(&["=HYPERLINK(1)", "d,\"e\""]), &["--format", "csv"]).ok();
    assert!(csv.contains("\"'=HYPERLINK(1) d,\"\"e\"\"\""), "{csv}");
    for format in ["table", "markdown", "csv", "json"] {
        let out = ranked("synthetic-smoke.jsonl", with_flags(flags), &["--format", format]).ok();
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}') && !out.contains("\\u"), "{format}: {out}");
    }
}

#[test]
fn several_files_are_printed_one_after_the_other_each_under_its_name() {
    let both = typed(&["rank", "results/synthetic-smoke.jsonl", "results/synthetic.jsonl"]).out;
    let one = |file| format!("\n{file} (synthetic-2c2t-0000)\n{}", typed(&["rank", file]).out);
    assert_eq!(both, one("results/synthetic-smoke.jsonl") + &one("results/synthetic.jsonl"));
}

#[test]
fn files_of_one_machine_are_pooled_run_by_run() {
    let folder = tempfile::tempdir().unwrap();
    let first = std::fs::read_to_string(fixtures().join("results/synthetic.jsonl")).unwrap();
    std::fs::write(folder.path().join("first.jsonl"), &first).unwrap();
    let second = first.replacen("2026-01-02T03:04:05Z", "2026-01-03T03:04:05Z", 1);
    std::fs::write(folder.path().join("second.jsonl"), second).unwrap();
    let words = ["rank", "first.jsonl", "second.jsonl", "-s", "pingpong", "--format", "json"];
    let said = typed_in(folder.path(), &words);
    let summary: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((summary["runs"].as_array().unwrap().len(), summary["scenarios"].as_array().unwrap().len()), (2, 1));
    let pooled = &summary["scenarios"][0];
    assert_eq!((&pooled["rounds"], &pooled["runs"]), (&json!(16), &json!(2)));
    assert_eq!(pooled["rows"][1]["times_slower"]["rounds"], 16);
    let table = typed_in(folder.path(), &["rank", "first.jsonl", "second.jsonl", "-s", "pingpong"]).out;
    assert!(table.contains("16 rounds of 2 runs"), "{table}");
    let twice = typed_in(folder.path(), &["rank", "first.jsonl", "first.jsonl"]);
    twice.error(1, &["are the same run"]);
}

#[test]
fn needs_are_answered_with_the_best_set_the_next_and_the_evidence() {
    let said = typed(&["rank", "results/synthetic.jsonl", "--for", "1p1c,bounded,8B,stream"]).out;
    for words in ["made-up/ring+yield is the fastest", "best set", "runner-up", "cost", "evidence", "synthetic.jsonl"] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    typed(&["rank", "results/synthetic.jsonl", "--for", "7p7c"]).error(1, &["nothing was measured with 7p7c"]);
    typed(&["rank", "results/synthetic.jsonl", "--for", "cheap"]).error(1, &["no need", "--for 2p2c,bounded,256B"]);
}

#[test]
fn a_margin_and_pairs_are_as_asked_for() {
    let words = |rest: &[&str]| typed(&[&["rank", "results/synthetic.jsonl", "-s", "pingpong"], rest].concat()).out;
    assert!(words(&[]).contains("slower") && !words(&[]).contains("beside"));
    assert!(words(&["--pairs"]).contains("beside"));
    let wide: Value = serde_json::from_str(&words(&["--margin", "900%", "--format", "json"])).unwrap();
    assert_eq!(wide["scenarios"][0]["margin"], 9.0);
    typed(&["rank", "results/synthetic.jsonl", "--margin", "nothing"]).error(2, &["no percentage", "5%"]);
}

#[test]
fn a_damaged_file_among_several_is_named() {
    let said = typed(&["rank", "results/synthetic.jsonl", "tiny.toml"]);
    said.error(1, &["tiny.toml", "line 1"]);
}
