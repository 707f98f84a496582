//! The protocol's schema and its Rust types say the same, and so does PROTOCOL.md.

use std::collections::BTreeSet;

use queuebench::protocol::{Answer, Command, Manner, Outcome, PROTOCOL, Prepare, Regime, Report};
use queuebench::scenario::Boundary;
use queuebench::workload::Workload;
use queuebench::workload::check::{Faults, Received, Sums};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../src/protocol.schema.json");
const TEXT: &str = include_str!("../../PROTOCOL.md");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn names(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
        _ => BTreeSet::new(),
    }
}

/// What a message is by its type.
fn part<'a>(schema: &'a Value, message: &Value) -> &'a Value {
    &schema["$defs"][message["type"].as_str().unwrap()]
}

/// Holds `value` against a part of the schema. `is_closed` where fields that it does not name are faults, too.
fn check(schema: &Value, part: &Value, value: &Value, is_closed: bool, at: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{at}: {value} {what}"));
    for (keyword, wanted) in part.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => {
                let target = schema.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap();
                check(schema, target, value, is_closed, at)?;
            }
            "oneOf" => {
                let fitting = |part| check(schema, part, value, is_closed, at).is_ok();
                if wanted.as_array().unwrap().iter().filter(|part| fitting(part)).count() != 1 {
                    return wrong("is not one of the messages");
                }
            }
            "type" => {
                let kinds = if wanted.is_string() { json!([wanted]) } else { wanted.clone() };
                if !names(&kinds).iter().any(|kind| is_a(kind, value)) {
                    return wrong(&format!("is no {wanted}"));
                }
            }
            "const" if value != wanted => return wrong(&format!("is not {wanted}")),
            "enum" if !wanted.as_array().unwrap().contains(value) => return wrong(&format!("is none of {wanted}")),
            "minimum" | "maximum" if value.is_number() => {
                let within = if keyword == "minimum" { u64::ge } else { u64::le };
                if !value.as_u64().is_some_and(|value| within(&value, &wanted.as_u64().unwrap())) {
                    return wrong(&format!("is beyond {wanted}"));
                }
            }
            "minItems" | "maxItems" => {
                let (items, wanted) = (value.as_array().unwrap().len() as u64, wanted.as_u64().unwrap());
                if if keyword == "minItems" { items < wanted } else { items > wanted } {
                    return wrong("has another number of items");
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    check(schema, wanted, item, is_closed, at)?;
                }
            }
            "maxProperties" if names(value).len() as u64 > wanted.as_u64().unwrap() => {
                return wrong("has too many fields");
            }
            "propertyNames" => {
                let pattern = regex::Regex::new(wanted["pattern"].as_str().unwrap()).unwrap();
                if let Some(name) = names(value).iter().find(|name| !pattern.is_match(name)) {
                    return wrong(&format!("has a field that may not be called {name}"));
                }
            }
            // Beside no fields that are named.
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    check(schema, wanted, value, is_closed, &format!("{at}.{name}"))?;
                }
            }
            "required" if !names(wanted).is_subset(&names(value)) => return wrong(&format!("has not all of {wanted}")),
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match wanted.get(name) {
                        Some(part) => check(schema, part, value, is_closed, &format!("{at}.{name}"))?,
                        None if is_closed => return Err(format!("{at}: the schema has no field {name}")),
                        None => {}
                    }
                }
            }
            "const" | "enum" | "minimum" | "maximum" | "required" | "maxProperties" => {}
            "title" | "description" | "$schema" | "$defs" => {}
            other => panic!("this test does not know the keyword {other}"),
        }
    }
    Ok(())
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("this test does not know the type {other}"),
    }
}

/// Every command, with all that may be in it and with the least.
fn commands() -> Vec<[Command; 2]> {
    let scenario = "stream/2p1c/1024/8B/work=10/20/same-l3".parse().unwrap();
    let prepare = Prepare::new("std/mpsc", &scenario, vec![Some(0), None, Some(1)], [20, 40]);
    let unbounded = Prepare { capacity: None, cpus: Vec::new(), ..prepare.clone() };
    let prepare = Prepare { site: Some("http://127.0.0.1:40001/".into()), ..prepare };
    let slice = |traced| Command::Slice { settle_ns: 20_000_000, window_ns: 50_000_000, traced };
    vec![
        [Command::Prepare(prepare), Command::Prepare(unbounded)],
        [Command::Probe, Command::Probe],
        [slice(true), slice(false)],
        [Command::Verify { messages: 20_000 }, Command::Verify { messages: u64::MAX }],
        [Command::Bye, Command::Bye],
    ]
}

/// The same of answers. All fields of a report are named, so that a new one has to be thought of here.
fn answers() -> Vec<[Answer; 2]> {
    let hello = |manner| Answer::Hello { protocol: PROTOCOL, program: "mine".into(), version: "1".into(), manner };
    let manner = Manner {
        slices: Some(3),
        settle_ns: Some(1),
        window_ns: Some(2),
        verifies: true,
        queues: vec!["mine/ring".into()],
    };
    let faults = Faults { disordered: 1, corrupted: 2, ends: 3, first: Some("what".into()) };
    let report = Report {
        outcome: Outcome::Ok,
        detail: Some("fine".into()),
        messages: 1,
        elapsed_ns: 2,
        settle_ns: 3,
        endpoints: vec![4],
        cpu_ns: 5,
        voluntary_switches: 6,
        involuntary_switches: 7,
        page_faults: 8,
        run_delay_ns: 9,
        full_tries: Some(10),
        empty_tries: Some(11),
        capacity: Some(u64::MAX),
        regime: Some(Regime::NearFull),
        mean_backlog: 12,
        peak_backlog: 13,
        round_trips: vec![[14, 15]],
        first: vec![[16, 17]],
        trace: vec![[18, 19]],
        slices: vec![[20, 21]],
        sent: vec![(0, 22)],
        received: vec![Received { count: 22, sums: Sums { sum: 23, xor: u64::MAX }, faults }],
        figures: [("lost_updates_ppm".into(), u64::MAX)].into(),
        flags: vec!["unsettled".into()],
    };
    vec![
        [hello(manner), hello(Manner::default())],
        [Answer::Ready { capacity: Some(1024), line_ns: Some(76) }, Answer::Ready { capacity: None, line_ns: None }],
        [Answer::Line { line_ns: Some(76) }, Answer::Line { line_ns: None }],
        [
            Answer::Verified { sent: vec![(0, 2)], tags: vec![vec![1], vec![2]] },
            Answer::Verified { sent: Vec::new(), tags: Vec::new() },
        ],
        [Answer::Report(Box::new(report)), Answer::Report(Box::default())],
    ]
}

/// Asserts that messages are what the schema says, and the fullest have every field that it names.
fn assert_fits(direction: &str, [full, least]: [&Value; 2]) {
    let schema = schema();
    for message in [full, least] {
        check(&schema, &schema["$defs"][direction], message, true, direction).unwrap();
        check(&schema, part(&schema, message), message, true, direction).unwrap();
    }
    assert_eq!(names(full), names(&part(&schema, full)["properties"]), "{full}");
}

fn values<T: Serialize>(pair: &[T; 2]) -> [Value; 2] {
    pair.each_ref().map(|message| serde_json::to_value(message).unwrap())
}

#[test]
fn commands_are_as_the_schema_says_and_what_it_requires_is_always_there() {
    let schema = schema();
    for pair in commands() {
        let [full, least] = values(&pair);
        assert_fits("command", [&full, &least]);
        assert_eq!(names(&part(&schema, &least)["required"]), names(&least), "{least}");
    }
    assert_eq!(schema["$defs"]["command"]["oneOf"].as_array().unwrap().len(), commands().len());
}

#[test]
fn answers_are_as_the_schema_says_and_only_what_it_requires_may_not_be_left_out() {
    let schema = schema();
    for pair in answers() {
        let [full, least] = values(&pair);
        assert_fits("answer", [&full, &least]);
        for name in names(&full) {
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(&name);
            let is_required = names(&part(&schema, &full)["required"]).contains(&name);
            assert_eq!(serde_json::from_value::<Answer>(without).is_err(), is_required, "{name} of {full}");
        }
    }
    assert_eq!(schema["$defs"]["answer"]["oneOf"].as_array().unwrap().len(), answers().len());
}

#[test]
fn words_are_those_of_the_types() {
    let schema = schema();
    assert_eq!(schema["$defs"]["report"]["properties"]["outcome"]["enum"], json!(Outcome::ALL));
    assert_eq!(schema["$defs"]["prepare"]["properties"]["workload"]["enum"], json!(Workload::ALL));
    let boundaries = json!([Boundary::Threads, Boundary::Processes]);
    assert_eq!(schema["$defs"]["prepare"]["properties"]["boundary"]["enum"], boundaries);
    let regimes = json!([Regime::NearEmpty, Regime::NearFull, Regime::Swinging, null]);
    assert_eq!(schema["$defs"]["report"]["properties"]["regime"]["enum"], regimes);
    assert_eq!(schema["$defs"]["hello"]["properties"]["protocol"]["const"], json!(PROTOCOL));
}

#[test]
fn what_is_wrong_does_not_fit() {
    let schema = schema();
    for message in [
        json!({ "type": "dance" }),
        json!({ "type": "hello", "protocol": PROTOCOL + 1, "program": "x", "version": "0" }),
        json!({ "type": "report" }),
        json!({ "type": "report", "outcome": "fine" }),
        json!({ "type": "report", "outcome": "ok", "messages": -1 }),
        json!({ "type": "report", "outcome": "ok", "figures": { "Joules": 1 } }),
        json!({ "type": "report", "outcome": "ok", "figures": { "joules": -1 } }),
        json!({ "type": "verified", "sent": [[0, 1, 2]], "tags": [] }),
        json!({ "type": "slice", "settle_ns": "1", "window_ns": 1 }),
    ] {
        assert!(check(&schema, &schema, &message, false, "").is_err(), "{message}");
    }
}

/// The lines of a conversation in PROTOCOL.md that `who` says.
fn quoted(who: &str) -> Vec<Value> {
    let lines = TEXT.lines().filter_map(|line| line.strip_prefix(who)?.strip_prefix("  "));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"))).collect()
}

fn assert_speaks<T: DeserializeOwned>(direction: &str, who: &str) {
    let schema = schema();
    let said = quoted(who);
    assert!(said.len() > 5, "PROTOCOL.md shows conversations");
    for message in said {
        check(&schema, &schema["$defs"][direction], &message, true, direction).unwrap();
        serde_json::from_value::<T>(message.clone()).unwrap_or_else(|why| panic!("{why}: {message}"));
    }
}

#[test]
fn the_conversations_of_the_text_are_conversations() {
    assert_speaks::<Command>("command", "parent");
    assert_speaks::<Answer>("answer", "worker");
    let schema = schema();
    for (_, part) in schema["$defs"].as_object().unwrap() {
        for name in names(&part["properties"]) {
            assert!(TEXT.contains(&format!("`{name}`")), "PROTOCOL.md does not say what {name} is");
        }
    }
}
