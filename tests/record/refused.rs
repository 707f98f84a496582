//! Files that are refused, each with a reason that helps.

use std::path::Path;

use queuebench::record;
use serde_json::json;

use crate::sample::{END, FIRST_BLOCK, LAST_BLOCK, RUN, bent, lines, read, text, why};

fn assert_says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "'{word}' is not in: {said}");
    }
}

#[test]
fn a_garbage_line_is_refused_with_its_number() {
    for garbage in ["garbage", "{\"type\":\"block\"}", "[]", "null", "{\"type\":\"surprise\"}", ""] {
        let mut lines: Vec<String> = lines().iter().map(ToString::to_string).collect();
        lines.insert(3, garbage.into());
        let error = read(lines.join("\n") + "\n").expect_err(garbage).to_string();
        assert_says(&error, &["line 4"]);
    }
}

#[test]
fn a_newer_schema_is_refused_as_such_even_if_nothing_else_is_known() {
    for first in [r#"{"schema":2}"#, r#"{"schema":77,"type":"manifest","type":[],"parts":{"a":1}}"#] {
        let error = read(format!("{first}\nwhatever follows\n")).expect_err(first).to_string();
        assert_says(&error, &["newer", "update"]);
    }
    let error = why(|lines| lines[RUN]["schema"] = json!(2));
    assert_says(&error, &["schema 2", "newer", "update"]);
}

#[test]
fn what_has_no_schema_is_no_results_file() {
    for first in ["{}", r#"{"schema":null}"#, r#"{"schema":"1"}"#, r#"{"schema":-1}"#, "hello", "\u{0}\u{1}"] {
        let error = read(format!("{first}\n")).expect_err(first).to_string();
        assert_says(&error, &["no results file"]);
    }
    assert_says(&why(|lines| lines[RUN]["schema"] = json!(0)), &["line 1", "schema"]);
}

#[test]
fn a_file_that_does_not_start_with_its_run_line_is_refused() {
    assert_says(&why(|lines| drop(lines.remove(RUN))), &["line 1"]);
    assert_says(&why(|lines| lines.insert(2, lines[RUN].clone())), &["line 3", "second run line"]);
}

#[test]
fn nothing_at_all_is_no_results_file() {
    assert_says(&read("").unwrap_err().to_string(), &["no results file"]);
    assert_says(&read("{\"type\":\"run\"").unwrap_err().to_string(), &["no results file"]);
}

#[test]
fn a_folder_and_a_missing_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.jsonl");
    for path in [folder.path(), &missing] {
        let error = record::read(path).unwrap_err().to_string();
        assert_says(&error, &[&path.display().to_string(), "cannot be read"]);
    }
}

#[test]
fn a_device_without_end_is_refused() {
    assert_says(&record::read(Path::new("/dev/zero")).unwrap_err().to_string(), &["longer than"]);
}

#[test]
fn lines_behind_the_end_are_refused() {
    let error = why(|lines| {
        let end = lines.remove(END);
        lines.insert(LAST_BLOCK, end);
    });
    assert_says(&error, &["line 7", "end"]);
    assert_says(&why(|lines| lines.push(lines[END].clone())), &["line 8"]);
}

#[test]
fn a_block_that_is_there_twice_is_refused_and_named() {
    let error = why(|lines| {
        lines[LAST_BLOCK] = lines[FIRST_BLOCK].clone();
    });
    assert_says(&error, &["line 6", "queue", "two blocks", "std/mpsc", "round 0", "repeat 0"]);
}

#[test]
fn a_file_with_blocks_taken_out_or_put_in_is_not_whole() {
    assert_says(&why(|lines| drop(lines.remove(FIRST_BLOCK))), &["4", "3"]);
    assert_says(&why(|lines| lines[END]["blocks"] = json!(u64::MAX)), &["4"]);
}

#[test]
fn ids_that_are_no_ids_are_refused_with_their_line() {
    let ids = ["", "../../etc/passwd", "/etc/passwd", "a b", "<script>", "a|b", "x\n", "\u{202e}evil", "é/é"];
    for id in ids.into_iter().chain([["a/"; 200].concat().as_str()]) {
        let error = why(|lines| lines[FIRST_BLOCK]["queue"] = json!(id));
        assert_says(&error, &["line 3", "queue: ", "no queue id"]);
    }
    for id in ["", "stream", "stream/1p1c/1024/8B/nearby", "stream/0p1c/1024/8B/same-l3", "a/../b/c/d", "\u{1b}[2J"] {
        let error = why(|lines| lines[FIRST_BLOCK]["scenario"] = json!(id));
        assert_says(&error, &["line 3", "scenario: "]);
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
}

#[test]
fn ids_in_the_first_line_are_checked_as_those_of_blocks_are() {
    assert_says(
        &why(|lines| lines[RUN]["scenarios"][0]["id"] = json!("nowhere")),
        &["line 1", "scenarios[0].id: ", "nowhere"],
    );
    assert_says(
        &why(|lines| lines[RUN]["scenarios"][0]["reference"] = json!("<b>")),
        &["line 1", "scenarios[0].reference: '<b>'"],
    );
    assert_says(
        &why(|lines| lines[RUN]["versions"] = json!({ "<script>": "1.0" })),
        &["line 1", "versions: '<script>'"],
    );
    assert_says(&why(|lines| lines[RUN]["families"] = json!({ "../x": "ring" })), &["line 1", "families: '../x'"]);
    for id in ["", "../up", "a/b", ".hidden", "<b>", "a b"] {
        assert_says(&why(|lines| lines[RUN]["machine"]["id"] = json!(id)), &["line 1", "machine.id: "]);
    }
    let twice = why(|lines| {
        let planned = lines[RUN]["scenarios"].as_array_mut().unwrap();
        planned.push(planned[0].clone());
    });
    assert_says(&twice, &["line 1", "scenarios[1].id: ", "already"]);
}

#[test]
fn a_block_of_a_scenario_or_a_round_that_was_not_planned_is_refused() {
    let other = "stream/2p2c/1024/8B/same-l3";
    assert_says(&why(|lines| lines[FIRST_BLOCK]["scenario"] = json!(other)), &["line 3", "scenario: ", other]);
    assert_says(&why(|lines| lines[FIRST_BLOCK]["round"] = json!(2)), &["line 3", "round: "]);
    assert_says(&why(|lines| lines[FIRST_BLOCK]["repeat"] = json!(2)), &["line 3", "repeat: "]);
}

#[test]
fn absurd_numbers_are_refused() {
    for (field, value) in [
        ("elapsed_ns", json!(u64::MAX)),
        ("elapsed_ns", json!(0)),
        ("messages", json!(u64::MAX)),
        ("wall_ns", json!(u64::MAX)),
        ("messages", json!(-1)),
        ("messages", json!(1.5)),
        ("messages", json!(1e40)),
        ("messages", json!("12")),
        ("round", json!(u64::MAX)),
        ("capacity", json!(-1)),
        ("outcome", json!("splendid")),
        ("regime", json!("sideways")),
    ] {
        let error = why(|lines| lines[FIRST_BLOCK][field] = value.clone());
        assert_says(&error, &["line 3", field]);
    }
}

/// What JSON has no number for is not in a field that could be asked for it either.
#[test]
fn numbers_that_are_none_are_refused_with_their_field() {
    let with = |line: usize, field: &str, number: &str| {
        let mut lines: Vec<String> = lines().iter().map(ToString::to_string).collect();
        let key = format!("\"{field}\":");
        let start = lines[line].find(&key).unwrap() + key.len();
        let end = start + lines[line][start..].find([',', '}']).unwrap();
        lines[line].replace_range(start..end, number);
        read(lines.join("\n") + "\n").expect_err(number).to_string()
    };
    for number in ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "+1"] {
        assert_says(&with(FIRST_BLOCK, "elapsed_ns", number), &["line 3", "elapsed_ns"]);
        assert_says(&with(FIRST_BLOCK, "wall_ns", number), &["line 3", "wall_ns"]);
        assert_says(&with(RUN, "ns_per_work_iteration", number), &["line 1", "ns_per_work_iteration"]);
    }
    for number in ["0", "-1", "1e300"] {
        assert_says(&with(RUN, "margin", number), &["line 1", "margin"]);
    }
}

#[test]
fn a_field_that_is_missing_or_of_another_kind_is_named() {
    for field in ["scenario", "queue", "round", "wall_ns", "outcome"] {
        let error = why(|lines| drop(lines[FIRST_BLOCK].as_object_mut().unwrap().remove(field)));
        assert_says(&error, &["line 3", field]);
        assert_says(&why(|lines| lines[FIRST_BLOCK][field] = json!([{}])), &["line 3", field]);
    }
    assert_says(&why(|lines| lines[FIRST_BLOCK]["endpoints"] = json!([1, "2"])), &["line 3", "endpoints[1]"]);
    for (path, bend) in [
        ("machine.cpus", json!({ "machine": { "cpus": "two" } })),
        ("toolchain.rustc", json!({ "toolchain": { "rustc": 7 } })),
        ("seed", json!({ "seed": -1 })),
    ] {
        let error = why(|lines| merge(&mut lines[RUN], &bend));
        assert_says(&error, &["line 1", path]);
    }
    assert_says(&why(|lines| lines[RUN]["scenarios"][0]["threads"] = json!(0.5)), &["line 1", "scenarios[0].threads"]);
    assert_says(&why(|lines| lines[END]["blocks"] = json!("4")), &["line 7", "blocks"]);
}

/// Puts the fields of `other` in place of those of `value`.
fn merge(value: &mut serde_json::Value, other: &serde_json::Value) {
    match other {
        serde_json::Value::Object(fields) => fields.iter().for_each(|(key, field)| merge(&mut value[key], field)),
        _ => *value = other.clone(),
    }
}

#[test]
fn numbers_that_say_little_but_are_no_figures_of_a_table_do_no_harm() {
    let results = bent(|lines| {
        for field in ["cpu_ns", "voluntary_switches", "page_faults", "peak_backlog", "capacity", "ready_ns"] {
            lines[FIRST_BLOCK][field] = json!(u64::MAX);
        }
        lines[FIRST_BLOCK]["endpoints"] = json!([u64::MAX, u64::MAX]);
        lines[FIRST_BLOCK]["round_trips"] = json!([[u64::MAX, u64::MAX], [0, u64::MAX]]);
    });
    let results = results.unwrap();
    let ranking = queuebench::ranking::rank(
        &crate::sample::SCENARIO.parse().unwrap(),
        &results.blocks,
        &queuebench::ranking::Context { families: &results.run.families, margin: 0.05, oversubscribed: false },
    );
    assert_eq!(ranking.rows.len(), 2);
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!("{{\"type\":\"block\",\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let error = read(format!("{}{deep}\n", text(&lines()[..2]))).unwrap_err().to_string();
    assert_says(&error, &["line 3"]);
}

#[test]
fn what_is_no_utf8_is_refused() {
    let mut bytes = text(&lines()).into_bytes();
    let at = bytes.len() - 20;
    bytes[at] = 0xff;
    assert_says(&read(bytes).unwrap_err().to_string(), &["line 7"]);
}

#[test]
fn figures_of_a_programs_own_are_few_and_have_plain_names() {
    let with =
        |figures: serde_json::Value| move |lines: &mut Vec<serde_json::Value>| lines[FIRST_BLOCK]["figures"] = figures;
    for name in ["<script>", "ending ns", "\u{202e}", &"a".repeat(41)] {
        assert_says(&why(with(json!({ name: 1 }))), &["figures", "no name of a figure"]);
    }
    let many: serde_json::Map<_, _> = (0..17u8).map(|at| (char::from(b'a' + at).to_string(), json!(1))).collect();
    assert_says(&why(with(many.into())), &["figures", "more than 16"]);
    assert_says(&why(with(json!({ "ending_ns": -1 }))), &["figures"]);
}
