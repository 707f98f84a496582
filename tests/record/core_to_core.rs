//! Core-to-core maps from strangers.

use queuebench::record::core_to_core::{CoreToCore, is_core_to_core, read};
use queuebench::record::{self, ReadError};
use serde_json::{Value, json};

use crate::hostile::{HOSTILE, assert_harmless};
use crate::sample::{file, lines, text};

/// A map of two cpus.
fn map() -> Value {
    let cpu = |id: usize| {
        json!({
            "id": id, "online": true, "usable": true, "package": 0, "node": 0, "core": id, "l2": id, "l3": 0,
            "kind": null, "l1d_bytes": 32768, "l2_bytes": 524288, "l3_bytes": 33554432,
        })
    };
    let pair = |from: usize, to: usize| {
        json!({
            "from": from, "to": to, "class": "same-l3", "round_trip_ns": 73, "low_ns": 70, "high_ns": 80,
        })
    };
    let machine = queuebench::machine::Fingerprint { id: "made-up-2c2t-0000".into(), ..Default::default() };
    json!({
        "type": "core-to-core", "schema": 1, "program": "queuebench", "version": "0.1.0",
        "started": "2026-01-02T03:04:05Z", "seed": 7, "machine": machine,
        "topology": {
            "cpus": [cpu(0), cpu(1)], "nodes": [{ "id": 0, "memory_bytes": 1 << 30 }], "quota_cpus": null, "notes": [],
        },
        "sampled": false, "repetitions": 15, "pairs": [pair(0, 1), pair(1, 0)],
    })
}

fn read_bytes(bytes: impl AsRef<[u8]>) -> Result<CoreToCore, ReadError> {
    read(&file(bytes).path)
}

fn bent(bend: impl FnOnce(&mut Value)) -> Result<CoreToCore, ReadError> {
    let mut map = map();
    bend(&mut map);
    read_bytes(format!("{map}\n"))
}

#[track_caller]
fn assert_refused(words: &[&str], bend: impl FnOnce(&mut Value)) {
    let why = bent(bend).expect_err("this is to be refused").to_string();
    for word in words {
        assert!(why.contains(word), "'{word}' is not in: {why}");
    }
    assert!(!why.chars().any(char::is_control), "{why:?}");
}

#[test]
fn a_map_is_read_and_what_is_new_in_it_is_ignored() {
    let map = bent(|map| {
        map["surprise"] = json!([1, 2]);
        map["pairs"][0]["surprise"] = json!("!");
    });
    let map = map.unwrap();
    assert_eq!((map.pairs.len(), map.pairs[0].round_trip_ns, map.sampled), (2, Some(73), false));
}

#[test]
fn a_pair_may_be_unknown_for_a_reason() {
    let unknown = |why: Value| {
        json!({
            "from": 0, "to": 1, "class": "same-l3", "round_trip_ns": null, "low_ns": null, "high_ns": null,
            "unanswered": 15, "why": why,
        })
    };
    let map = bent(|map| map["pairs"][0] = unknown(json!("asleep"))).unwrap();
    assert_eq!((map.pairs[0].round_trip_ns, map.pairs[0].why.as_deref()), (None, Some("asleep")));
    assert_refused(&["line 1", "pairs[0].round_trip_ns", "reason"], |map| map["pairs"][0] = unknown(Value::Null));
    assert_refused(&["line 1", "pairs[0].round_trip_ns", "interval"], |map| {
        map["pairs"][0] = unknown(json!("asleep"));
        map["pairs"][0]["low_ns"] = json!(5);
    });
}

#[test]
fn a_newer_schema_is_refused_as_such_even_if_nothing_else_is_known() {
    assert_refused(&["line 1", "schema 2", "newer", "update"], |map| {
        *map = json!({ "type": "core-to-core", "schema": 2, "pairs": {} });
    });
    for schema in [json!(0), json!(-1), json!("1"), Value::Null] {
        assert_refused(&["line 1", "schema"], |map| map["schema"] = schema);
    }
}

#[test]
fn what_is_no_map_is_refused() {
    for bytes in ["", "\n", "{}", "[]", "null", "hello", "{\"type\":\"run\",\"schema\":1}", "\u{0}"] {
        let why = read_bytes(bytes).expect_err(bytes).to_string();
        assert!(why.contains("core-to-core"), "{why}");
    }
    let whole = map().to_string();
    for length in 0..whole.len() {
        read_bytes(&whole[..length]).expect_err("a torn line");
    }
    let why = read_bytes(format!("{whole}\n{whole}\n")).unwrap_err().to_string();
    assert!(why.contains("line 2"), "{why}");
    let mut no_text = whole.into_bytes();
    no_text[40] = 0xff;
    read_bytes(no_text).expect_err("no UTF-8");
}

#[test]
fn each_field_that_is_missing_or_something_else_is_named() {
    let fields: Vec<String> = map().as_object().unwrap().keys().cloned().collect();
    for field in fields {
        assert_refused(&["line 1", &field], |map| drop(map.as_object_mut().unwrap().remove(&field)));
        assert_refused(&["line 1", &field], |map| map[&field] = json!(-1.5));
    }
    for field in ["from", "to", "class"] {
        assert_refused(&["line 1", "pairs[1]", field], |map| {
            drop(map["pairs"][1].as_object_mut().unwrap().remove(field));
        });
    }
}

#[test]
fn absurd_figures_are_refused_with_their_field() {
    for field in ["round_trip_ns", "low_ns", "high_ns"] {
        for value in [json!(0), json!(u64::MAX), json!(1_000_000_001)] {
            assert_refused(&["line 1", "pairs[1].", field], |map| map["pairs"][1][field] = value);
        }
        for value in [json!(-1), json!(7.5), json!(1e300), json!("73"), json!([])] {
            assert_refused(&["line 1", "pairs[1]"], |map| map["pairs"][1][field] = value);
        }
    }
    assert_refused(&["pairs[0].low_ns"], |map| map["pairs"][0]["low_ns"] = json!(74));
    assert_refused(&["pairs[0].high_ns"], |map| map["pairs"][0]["high_ns"] = json!(72));
    assert_refused(&["pairs[0].unanswered"], |map| map["pairs"][0]["unanswered"] = json!(16));
    for repetitions in [json!(0), json!(u32::MAX)] {
        assert_refused(&["line 1", "repetitions"], |map| map["repetitions"] = repetitions);
    }
    assert_refused(&["line 1", "started"], |map| map["started"] = json!("yesterday"));
    let text = map().to_string().replace("\"quota_cpus\":null", "\"quota_cpus\":1e999");
    assert!(read_bytes(text).unwrap_err().to_string().contains("line 1"));
}

#[test]
fn cpus_are_those_of_its_own_topology() {
    for cpu in [json!(2), json!(usize::MAX)] {
        assert_refused(&["line 1", "pairs[0].to", "topology"], |map| map["pairs"][0]["to"] = cpu.clone());
        assert_refused(&["line 1", "pairs[0].from", "topology"], |map| map["pairs"][0]["from"] = cpu);
    }
    assert_refused(&["pairs[0].to", "itself"], |map| map["pairs"][0]["to"] = json!(0));
    assert_refused(&["pairs[1].to", "already"], |map| map["pairs"][1] = map["pairs"][0].clone());
    assert_refused(&["pairs[0].from", "usable"], |map| map["topology"]["cpus"][0]["usable"] = json!(false));
    assert_refused(&["topology", "twice"], |map| map["topology"]["cpus"][1]["id"] = json!(0));
    for class in ["smt", "cross-node", "same-cpu", "free"] {
        assert_refused(&["pairs[0].class", class], |map| map["pairs"][0]["class"] = json!(class));
    }
    assert_refused(&["pairs[0]"], |map| map["pairs"][0]["class"] = json!("nearby"));
}

#[test]
fn a_map_without_some_pairs_is_a_sample_or_not_whole() {
    let drop_one = |map: &mut Value| drop(map["pairs"].as_array_mut().unwrap().remove(1));
    assert_refused(&["line 1", "pairs", "sampled"], drop_one);
    let sample = bent(|map| {
        drop_one(map);
        map["sampled"] = json!(true);
    });
    assert_eq!(sample.unwrap().pairs.len(), 1);
}

#[test]
fn sizes_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.jsonl");
    std::fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    assert!(read(&huge).unwrap_err().to_string().contains("bytes"));
    assert!(read("/dev/zero".as_ref()).unwrap_err().to_string().contains("longer than"));
    assert!(read(folder.path()).unwrap_err().to_string().contains("cannot be read"));
    assert!(read(&folder.path().join("missing")).unwrap_err().to_string().contains("cannot be read"));
    assert_refused(&["line 1", "pairs", "more than"], |map| {
        map["pairs"] = vec![map["pairs"][0].clone(); 20_000].into();
    });
    assert_refused(&["line 1", "topology", "more than"], |map| {
        map["topology"]["cpus"] = vec![map["topology"]["cpus"][0].clone(); 20_000].into();
    });
    let deep = format!("{{\"type\":\"core-to-core\",\"schema\":1,\"x\":{}", "[".repeat(200_000));
    read_bytes(deep).expect_err("deep nesting");
}

#[test]
fn every_text_is_stripped() {
    let read = bent(|map| {
        for field in ["program", "version"] {
            map[field] = json!(format!("{HOSTILE}x"));
        }
        map["machine"]["id"] = json!(HOSTILE);
        map["machine"]["cpu_model"] = json!(format!("{HOSTILE}{}", "y".repeat(100_000)));
        map["topology"]["notes"] = json!([HOSTILE]);
        map["topology"]["cpus"][0]["kind"] = json!(HOSTILE);
        map["pairs"][0]["why"] = json!(HOSTILE);
    });
    let read = read.unwrap();
    assert_harmless(&read);
    assert!(read.machine.cpu_model.unwrap().len() < 10_000);
    assert_refused(&["started"], |map| map["started"] = json!(HOSTILE));
}

#[test]
fn a_map_is_told_from_results_by_how_it_begins() {
    let is_map = |bytes: &str| is_core_to_core(&file(bytes).path);
    assert!(is_map("{\"type\":\"core-to-core\",\"schema\":1}"));
    assert!(is_map("{ \"type\": \"core-to-core\",\n  \"schema\": 77"));
    for other in ["", "{", "{\"type\":\"run\"}", "{\"type\":\"core-to-corer\"}", "{\"schema\":1}", "\u{0}"] {
        assert!(!is_map(other), "{other}");
    }
    assert!(!is_map(&text(&lines())));
    assert!(!is_core_to_core("/dev/zero".as_ref()) && !is_core_to_core("/nowhere".as_ref()));
}

#[test]
fn one_who_reads_results_is_told_what_it_is() {
    let line = format!(
        "{{\"type\":\"core-to-core\",{}",
        &map().to_string()[1..].replace("\"type\":\"core-to-core\"", "\"x\":0")
    );
    let why = record::read(&file(line + "\n").path).unwrap_err().to_string();
    assert!(why.contains("core-to-core map"), "{why}");
}
