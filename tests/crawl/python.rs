//! Python's crawl, run as a run runs it: the parent serves the site, and calls no block ok whose worker found anything
//! but what is there or asked for a page twice.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use queuebench::fit::misfit;
use queuebench::peers::python;
use queuebench::protocol::Prepare;
use queuebench::scenario::Scenario;
use serde_json::{Value, json};

/// Whether there is a Python for the worker; says so where there is none.
fn is_there() -> bool {
    let is_new_enough = "import sys; sys.exit(sys.version_info < (3, 9))";
    let is_there = Command::new("python3").args(["-I", "-c", is_new_enough]).status().is_ok_and(|end| end.success());
    if !is_there {
        // To the process's own stderr, which the test harness does not capture.
        std::io::stderr().write_all(b"skipped: there is no python3 from 3.9 on\n").unwrap();
    }
    is_there
}

const SUITE: &str = r#"
description = "Python's crawl"
[[scenario]]
workload = "crawl"
shape = "3p3c"
capacity = [1, "unbounded"]
payload = "256B"
site = ["site=80x0ms/seen=mutex", "site=80x0ms/seen=owner", "site=80x0ms/seen=sharded"]
boundary = ["threads", "processes"]
placement = "free"
peers = true
reference = "python/crawl-serial"
"#;

/// Of each scenario of the suite the queues that are to join, worked out from what they declare.
fn expected() -> BTreeSet<(String, String)> {
    let sites = ["mutex/", "owner/", "sharded/", "mutex/processes/", "owner/processes/", "sharded/processes/"];
    let mut cells = BTreeSet::new();
    for (capacity, site) in ["1", "unbounded"].iter().flat_map(|capacity| sites.map(|site| (capacity, site))) {
        let id = format!("crawl/3p3c/{capacity}/256B/site=80x0ms/seen={site}free");
        let scenario: Scenario = id.parse().unwrap();
        let fits = python::ABOUTS.iter().filter(|about| misfit(about, &scenario).is_none());
        let knows = site == "mutex/" || site.starts_with("owner/");
        let joins = fits.filter(|about| knows || about.id == "python/crawl-serial");
        cells.extend(joins.map(|about| (id.clone(), about.id.to_owned())));
    }
    cells
}

#[test]
fn every_python_queue_finds_the_site_and_asks_for_nothing_twice() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("crawl.toml"), SUITE).unwrap();
    let words = "run --suite crawl.toml --profile smoke --rounds 1 -q ^python/ -o crawl.jsonl";
    let run =
        Command::new(env!("CARGO_BIN_EXE_queuebench")).args(words.split(' ')).current_dir(&folder).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut ran = BTreeSet::new();
    for line in std::fs::read_to_string(folder.path().join("crawl.jsonl")).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["type"] == "block" {
            assert!(line["outcome"] == "ok" && line["messages"].as_u64() > Some(80), "{line}");
            let figures: Vec<&String> = line["figures"].as_object().unwrap().keys().collect();
            assert_eq!(figures, ["duplicate_fetches", "ending_ns", "queue_share_ppm"], "{line}");
            ran.insert(["scenario", "queue"].map(|key| line[key].as_str().unwrap().to_owned()).into());
        }
    }
    assert_eq!(ran, expected());
    // Both kinds, bounded to one and not bounded, and alone: not that nothing joins anything.
    let joins = |queue: &str| ran.iter().filter(|(_, own)| own == queue).count();
    let queues = [("queue.Queue", 4), ("queue.SimpleQueue", 2), ("deque-condition", 2), ("multiprocessing.Queue", 6)];
    let others = [("multiprocessing.JoinableQueue", 6), ("multiprocessing.SimpleQueue", 3), ("crawl-serial", 12)];
    for (queue, cells) in queues.into_iter().chain(others) {
        assert_eq!(joins(&format!("python/{queue}")), cells, "{queue}");
    }
}

#[test]
fn what_python_cannot_crawl_it_refuses_in_words() {
    if !is_there() {
        return;
    }
    let (program, words) = python::command("python3").split_first().map(|(a, b)| (a.clone(), b.to_vec())).unwrap();
    let mut worker = Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut answers = BufReader::new(worker.stdout.take().unwrap()).lines();
    let mut answer = || serde_json::from_str::<Value>(&answers.next().unwrap().unwrap()).unwrap();
    assert_eq!(answer()["type"], "hello");
    let mut commands = worker.stdin.take().unwrap();
    for (queue, id, site, why) in [
        ("multiprocessing.Pipe", "1p1c/1/256B/site=9x0ms/seen=mutex/free", "http://127.0.0.1:1/", "both ends"),
        ("null", "1p1c/unbounded/256B/site=9x0ms/seen=mutex/free", "http://127.0.0.1:1/", "both ends"),
        (
            "queue.Queue",
            "2p2c/1/256B/site=9x0ms/seen=sharded/free",
            "http://127.0.0.1:1/",
            "by sharded between threads",
        ),
        (
            "multiprocessing.Queue",
            "2p2c/1/256B/site=9x0ms/seen=mutex/processes/free",
            "http://127.0.0.1:1/",
            "by mutex",
        ),
        ("queue.Queue", "2p2c/1/256B/site=9x0ms/seen=owner/processes/free", "http://127.0.0.1:1/", "one interpreter"),
        ("queue.Queue", "2p2c/1/256B/site=9x0ms/seen=mutex/free", "file:///etc/passwd", "where the site is"),
        ("crawl-serial", "2p2c/1/256B/site=9x0ms/seen=mutex/free", "", "where the site is"),
        ("map", "2p2c/1/256B/site=9x0ms/seen=mutex/free", "http://127.0.0.1:1/", "no workload crawl"),
    ] {
        let scenario: Scenario = format!("crawl/{id}").parse().unwrap();
        let mut prepare = Prepare::new(&format!("python/{queue}"), &scenario, vec![None; scenario.producers], [0, 0]);
        prepare.site = (!site.is_empty()).then(|| site.to_owned());
        let mut command = serde_json::to_value(prepare).unwrap();
        command["type"] = json!("prepare");
        writeln!(commands, "{command}").unwrap();
        let answer = answer();
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(answer["outcome"] == "refused" && detail.contains(why), "{queue}, {id}: {answer}");
    }
    drop(commands);
    assert!(worker.wait().unwrap().success());
}

#[test]
fn who_validates_a_crawl_gets_a_site() {
    let own = env!("CARGO_BIN_EXE_queuebench");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers/python/worker.py");
    let mut workers = vec![("crawl/serial", vec![own, "worker"])];
    workers.extend(is_there().then(|| ("python/crawl-serial", vec!["python3", "-I", "-B", script])));
    for (queue, worker) in workers {
        let said = Command::new(own).args(["validate", "-q", queue, "--worker"]).args(worker).output().unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(said.status.success() && text.contains("ok       a whole block: 26 messages"), "{queue}: {text}");
    }
}
