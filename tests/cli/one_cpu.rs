//! A process that may use one cpu only.

use queuebench::topology::own_mask;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::typed::{Said, fixtures, run_in, typed};

/// Does it with the last of this process's cpus; what is started inherits the mask of the thread that starts it.
fn on_one_cpu<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    let confined = || {
        let mut mask = CpuSet::new();
        mask.set(*own_mask().last().expect("this runs on some cpu"));
        sched_setaffinity(None, &mask).unwrap();
        what()
    };
    std::thread::scope(|scope| scope.spawn(confined).join().unwrap())
}

pub fn typed_on_one_cpu(words: &[&str]) -> Said {
    on_one_cpu(|| typed(words))
}

#[test]
fn every_scenario_is_one_where_threads_outnumber_cpus_and_says_so() {
    let listed = typed_on_one_cpu(&["list", "--format", "json"]).json();
    let runs = listed["runs"].as_array().unwrap();
    assert!(runs.len() > 3);
    for run in runs {
        assert!(run["scenario"].as_str().unwrap().ends_with("/same-cpu"), "{run}");
        assert_eq!(run["oversubscribed"], true, "{run}");
        let spins = |queue: &serde_json::Value| queue.as_str().unwrap().ends_with("+spin");
        assert!(!run["queues"].as_array().unwrap().iter().any(spins), "{run}");
    }
}

#[test]
fn scenarios_that_come_to_the_same_there_are_merged_with_the_reason() {
    let listed = typed_on_one_cpu(&["list", "--format", "json"]).json();
    let skips = listed["skips"].as_array().unwrap();
    let merged = skips.iter().filter(|skip| skip["queue"].is_null());
    let reasons: Vec<&str> = merged.map(|skip| skip["reason"].as_str().unwrap()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("the same")), "{reasons:?}");
}

#[test]
fn a_run_works_there_and_its_table_says_that_threads_outnumber_cpus() {
    let folder = tempfile::tempdir().unwrap();
    let table = on_one_cpu(|| run_in(folder.path(), 1, &["-o", "run.jsonl"]).ok());
    assert!(table.contains("2 threads outnumber the cpus"), "{table}");
}

#[test]
fn the_machine_says_which_cpus_it_may_use() {
    let text = typed_on_one_cpu(&["machine"]).ok();
    assert!(text.contains("affinity"), "{text}");
    let json = typed_on_one_cpu(&["machine", "--format", "json"]).json();
    let cpus = json["topology"]["cpus"].as_array().unwrap();
    assert_eq!(cpus.iter().filter(|cpu| cpu["usable"] == true).count(), 1);
}

#[test]
fn a_placement_beyond_its_reach_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixtures().join("tiny.toml")).unwrap().replace("\"free\"", "\"same-l3\"");
    let suite = folder.path().join("two-cores.toml");
    std::fs::write(&suite, text).unwrap();
    let said = typed_on_one_cpu(&["run", "--suite", suite.to_str().unwrap()]);
    said.error(1, &["nothing is left to run", "same-l3"]);
}
