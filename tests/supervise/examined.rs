//! The examination of a worker, with one that keeps the protocol and with all kinds that do not.

use std::time::{Duration, Instant};

use queuebench::schedule::examine::{Check, Examination, Found};

use crate::scripted::SOON;

/// A worker with one queue. Scripts that follow break one of its functions.
const WORKER: &str = r#"
hello() { echo '{"type":"hello","protocol":3,"program":"script","version":"0","verifies":true,"queues":["mine/ring"]}'; }
refuse() { echo '{"type":"report","outcome":"refused","detail":"'"$1"'"}'; }
ready() { echo '{"type":"ready","capacity":1024}'; }
knows() { case "$1" in *'"queue":"mine/ring"'*) ;; *) return 1;; esac }
fits() { case "$1" in *'"scenario":"stream/1p1c/1024/8B/free"'*) ;; *) return 1;; esac }
seats() { case "$1" in *'"cpus":[null,null]'*) ;; *) return 1;; esac }
prepare() {
    knows "$1" || { refuse 'no such queue'; return; }
    fits "$1" || { refuse 'no such scenario'; return; }
    seats "$1" || { refuse 'not on those cpus'; return; }
    prepared=yes
    ready
}
tags() { seq -s, 1 20000; }
verified() { echo '{"type":"verified","sent":[[0,20000]],"tags":[['"$(tags)"']]}'; }
window=60000000 settled=30000000 messages=3 sent='[[0,4]]' received='[{"count":4,"sum":10,"xor":4}]'
report() {
    sleep 0.12
    echo '{"type":"report","outcome":"ok","messages":'$messages',"elapsed_ns":'$window',"settle_ns":'$settled',' \
        '"endpoints":[3,4],"sent":'$sent',"received":'$received'}'
}
when_prepared() { if [ -n "$prepared" ]; then prepared= ; "$1"; else refuse "$1 before prepare"; fi; }
bye() { exit 0; }
gone() { exit 0; }
serve() {
    hello
    while read -r line; do
        case "$line" in
            *'"type":"prepare"'*) prepare "$line";;
            *'"type":"verify"'*) when_prepared verified;;
            *'"type":"slice"'*) when_prepared report;;
            *'"type":"bye"'*) bye;;
        esac
    done
    gone
}
"#;

/// What comes of the worker with this change.
fn examined(change: &str, patience: Duration) -> (bool, Vec<Check>) {
    let command = ["sh", "-c", &format!("{WORKER}\n{change}\nserve")].map(str::to_owned);
    let mut checks = Vec::new();
    let mut tell = |check: &Check| checks.push(check.clone());
    let is_ok = Examination::new(command.into(), &mut tell).patience(patience).run(None);
    (is_ok, checks)
}

/// Longer than any right answer takes on a machine under load.
const PATIENT: Duration = Duration::from_secs(10);
/// For those that never answer.
const IMPATIENT: Duration = Duration::from_millis(700);

/// Asserts for each change that the first check to fail is the one of this name, and what it says.
fn assert_fails(patience: Duration, changes: &[(&str, &str, &str)]) {
    std::thread::scope(|scope| {
        for (change, name, said) in changes {
            scope.spawn(move || {
                let started = Instant::now();
                let (is_ok, checks) = examined(change, patience);
                let failed = checks.iter().find(|check| matches!(check.found, Found::Failed(_)));
                let failed = failed.unwrap_or_else(|| panic!("{change}: {checks:?}"));
                assert!(!is_ok, "{change}");
                assert_eq!(&failed.name, name, "{change}: {failed:?}");
                let Found::Failed(seen) = &failed.found else { unreachable!("it was found by that") };
                assert!(seen.contains(said), "{change}: {seen}");
                assert!(started.elapsed() < 2 * SOON, "{change} took {:?}", started.elapsed());
            });
        }
    });
}

#[test]
fn one_that_keeps_the_protocol_passes() {
    let (is_ok, checks) = examined("", PATIENT);
    assert!(is_ok, "{checks:#?}");
    // Neither two of each nor cpus of their own are what it has.
    let skipped = checks.iter().filter(|check| matches!(check.found, Found::Skipped(_)));
    let skipped: Vec<&str> = skipped.map(|check| check.name.as_str()).collect();
    assert_eq!(skipped, ["two producers, two consumers", "cpus"]);
    assert!(checks.len() > 20, "{checks:#?}");
}

#[test]
fn one_that_does_not_introduce_itself_fails_at_once() {
    assert_fails(
        IMPATIENT,
        &[
            ("sleep 100", "hello", "no answer within the deadline"),
            ("exit 3", "hello", "exited with 3"),
            ("echo 'Usage: worker'", "hello", "Usage: worker"),
            ("cat /dev/zero", "hello", "no end"),
            ("ready", "hello", "out of turn"),
            (r#"hello() { echo '{"type":"hello","protocol":2,"program":"x","version":"0"}'; }"#, "hello", "protocol 2"),
        ],
    );
}

#[test]
fn what_is_late_is_missed() {
    assert_fails(
        IMPATIENT,
        &[
            ("ready() { sleep 100; }", "queues", "no answer within the deadline"),
            ("report() { sleep 100; }", "slice", "no answer within the deadline"),
        ],
    );
}

#[test]
fn queues_it_has_not_are_found_out() {
    let hello = |queues: &str| {
        let rest = r#""program":"x","version":"0","verifies":true"#;
        format!(r#"hello() {{ echo '{{"type":"hello","protocol":3,{rest},"queues":{queues}}}'; }}"#)
    };
    assert_fails(
        PATIENT,
        &[
            (&hello(r#"["mine/ring","mine/other"]"#), "queues", "mine/other: stream/1p1c/1024/8B/free: refused"),
            (&hello(r#"["mine/ring","mine/ring"]"#), "queues", "twice"),
            (&hello(r#"["mine/ring","my ring"]"#), "queues", "'my ring' is no queue id"),
        ],
    );
}

#[test]
fn every_fault_of_a_verifying_slice_is_seen() {
    assert_fails(
        PATIENT,
        &[
            ("tags() { seq -s, 1 19999; }", "verify", "lost: 20000 messages went in, 19999 came out"),
            ("tags() { echo \"$(seq -s, 1 20000)],[20000\"; }", "verify", "duplicated"),
            ("tags() { echo \"2,1,$(seq -s, 3 20000)\"; }", "verify", "reordered: message 1 of producer 0"),
            ("tags() { echo \"$(seq -s, 1 19999),18446744073709551615\"; }", "verify", "corrupted"),
        ],
    );
}

#[test]
fn figures_that_cannot_be_or_do_not_balance_are_seen() {
    assert_fails(
        PATIENT,
        &[
            (r#"received='[{"count":4,"sum":11,"xor":4}]'"#, "slice", "not the same"),
            (r#"received='[{"count":3,"sum":6,"xor":0}]'"#, "slice", "3 came out"),
            ("sent='[]'", "slice", "did not say what was sent"),
            ("window=1000000", "slice", "50000000 were asked for"),
            ("settled=0", "slice", "settled for 0 ns"),
            ("window=900000000000", "slice", "what cannot be"),
            ("messages=0", "slice", "no message"),
            ("messages=9", "slice", "9 in the window, 4 in all"),
        ],
    );
}

#[test]
fn what_cannot_be_done_must_be_refused_in_words() {
    assert_fails(
        PATIENT,
        &[
            ("knows() { true; }", "unknown queue", "ready for that"),
            ("knows() { case \"$1\" in *such*) exit 1; esac; }", "unknown queue", "exited with 1"),
            ("knows() { case \"$1\" in *such*) refuse ''; continue;; esac; }", "unknown queue", "without a detail"),
            (
                "fits() { case \"$1\" in *surf*) true;; *) [ -z \"${1##*1p1c/1024/8B/free*}\" ];; esac; }",
                "unknown workload",
                "ready for that",
            ),
            ("seats() { case \"$1\" in *'\"cpus\":[0'*) false;; esac; }", "too few cpus", "ready for that"),
            ("when_prepared() { prepared= ; \"$1\"; }", "slice before prepare", "ok"),
            (
                "fits() { case \"$1\" in *mood*|*2p2c*) false;; *) [ -z \"${1##*stream/1p1c/1024/8B/free*}\" ];; esac; }",
                "unknown fields",
                "no such scenario",
            ),
        ],
    );
}

#[test]
fn ends_that_are_none_are_seen() {
    assert_fails(
        PATIENT,
        &[
            ("bye() { sleep 100; }", "bye", "still there"),
            ("bye() { exit 5; }", "bye", "exited with 5"),
            ("bye() { echo so long; exit 0; }", "stdout until bye", "so long"),
            ("gone() { sleep 100; }", "end of stdin when ready", "still there"),
            ("sleep 100 <&- >&- 2>&- &", "left behind after bye", "1 of its processes"),
            ("sleep 100 &", "left behind after bye", "1 of its processes"),
        ],
    );
}
