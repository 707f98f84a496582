//! A worker that answers, rightly or wrongly.

use std::fs;

use queuebench::protocol::{Outcome, PROTOCOL};
use queuebench::schedule::Ended;
use serde_json::{Value, json};

use crate::scripted::{LONG, ended_in, outcome, report_in};

#[test]
fn right_answers_become_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let script = "hello; read a; ready; read b; report; read c";
    let Ended::Reported { report, ready_ns, wall_ns, .. } = ended_in(folder.path(), script, LONG, None) else {
        panic!("interrupted by nobody");
    };
    assert_eq!((report.outcome, report.messages, report.elapsed_ns), (Outcome::Ok, 1000, 2000));
    assert_eq!(report.endpoints, [1000, 1001]);
    assert!(0 < ready_ns && ready_ns <= wall_ns);
}

#[test]
fn a_worker_is_told_the_cell_and_the_lengths() {
    let folder = tempfile::tempdir().unwrap();
    let script = "hello; read -r a; echo \"$a\" >prepare; ready; read -r b; echo \"$b\" >slice; report";
    report_in(folder.path(), script, LONG);
    let said = |file| -> Value { serde_json::from_slice(&fs::read(folder.path().join(file)).unwrap()).unwrap() };
    let prepare = json!({
        "type": "prepare", "queue": "std/mutex-deque", "scenario": "stream/1p1c/1024/8B/work=10/20/same-l3",
        "workload": "stream", "boundary": "threads", "producers": 1, "consumers": 1, "capacity": 1024,
        "payload_bytes": 8, "boxed": false, "cpus": [1, null], "work_iterations": [20, 40], "work_ns": [10, 20],
    });
    assert_eq!(said("prepare"), prepare);
    assert_eq!(said("slice"), json!({ "type": "slice", "settle_ns": 51_000_000, "window_ns": 52_000_000 }));
}

#[test]
fn answers_may_come_in_pieces_and_several_at_once() {
    let script = r#"printf '{"type":"hel'; sleep 0.1; printf 'lo","protocol":3,"program":"x","version":"0"}\n'
        ready; report; read a; read b"#;
    assert_eq!(outcome(script, LONG).0, Outcome::Ok);
}

#[test]
fn a_worker_may_report_another_outcome_instead_of_being_ready() {
    let script = r#"hello; read a; echo '{"type":"report","outcome":"refused","detail":"no such cpu"}'"#;
    assert_eq!(outcome(script, LONG), (Outcome::Refused, "no such cpu".into()));
}

#[test]
fn fields_a_newer_worker_adds_are_no_fault() {
    let script = r#"echo '{"type":"hello","protocol":3,"program":"x","version":"0","mood":"good"}'
        read a; echo '{"type":"ready","capacity":null,"numa":[0]}'; read b
        echo '{"type":"report","outcome":"ok","messages":1,"elapsed_ns":1,"luck":{"today":true}}'"#;
    assert_eq!(outcome(script, LONG).0, Outcome::Ok);
}

#[test]
fn another_protocol_version_is_refused_and_named() {
    let script = r#"echo '{"type":"hello","protocol":2,"program":"x","version":"0"}'; sleep 100"#;
    let (outcome, detail) = outcome(script, LONG);
    assert_eq!(outcome, Outcome::Refused);
    assert!(detail.contains("protocol 2") && detail.contains(&PROTOCOL.to_string()), "{detail}");
}

#[test]
fn nonsense_is_quoted_and_ends_the_worker() {
    let (outcome, detail) = outcome("echo 'Usage: worker [OPTIONS]'; sleep 100", LONG);
    assert_eq!(outcome, Outcome::Crashed);
    assert!(detail.contains("Usage: worker"), "{detail}");
}

#[test]
fn what_is_quoted_of_nonsense_cannot_steer_a_terminal() {
    let (_, detail) = outcome(r"printf '\033]0;owned\007\033[2J\302\233x\n'; sleep 100", LONG);
    assert!(!detail.chars().any(char::is_control), "{detail:?}");
    let (_, detail) = outcome(r"printf '\033]0;owned\007\033[2Jpanicked\n' >&2; exit 1", LONG);
    assert!(detail.contains("panicked") && !detail.chars().any(char::is_control), "{detail:?}");
}

#[test]
fn bytes_that_are_no_text_are_nonsense_too() {
    let script = r"printf '\377\376\0\n'; sleep 100";
    assert_eq!(outcome(script, LONG).0, Outcome::Crashed);
}

#[test]
fn a_line_without_end_is_no_answer() {
    let (outcome, detail) = outcome("cat /dev/zero", LONG);
    assert_eq!(outcome, Outcome::Crashed);
    assert!(detail.contains("no end"), "{detail}");
}

#[test]
fn an_answer_out_of_turn_ends_the_worker() {
    for script in ["ready; sleep 100", "hello; hello; sleep 100", "hello; ready; ready; sleep 100", "report; sleep 100"]
    {
        let (outcome, detail) = outcome(script, LONG);
        assert_eq!(outcome, Outcome::Crashed, "{script}");
        assert!(detail.contains("out of turn"), "{script}: {detail}");
    }
}

#[test]
fn figures_that_cannot_be_are_no_figures() {
    for figures in [r#""messages":1"#, r#""messages":1000000,"elapsed_ns":1"#, r#""messages":1,"elapsed_ns":9e18"#] {
        let figures = figures.replace("9e18", "9000000000000000000");
        let script = format!(r#"hello; read a; ready; read b; echo '{{"type":"report","outcome":"ok",{figures}}}'"#);
        let (outcome, detail) = outcome(&script, LONG);
        assert_eq!(outcome, Outcome::Crashed, "{figures}");
        assert!(detail.contains("what cannot be"), "{figures}: {detail}");
    }
}
