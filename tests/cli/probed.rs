//! `machine --probe`: what a cache line takes from cpu to cpu.

use std::process::Command;
use std::time::Duration;

use queuebench::record::core_to_core;
use queuebench::topology::own_mask;

use crate::one_cpu::typed_on_one_cpu;
use crate::typed::{command, said, typed, typed_in};

#[test]
fn a_file_has_every_pair_of_usable_cpus_and_validates() {
    let folder = tempfile::tempdir().unwrap();
    let said = typed_in(folder.path(), &["machine", "--probe", "-o", "new/cores.jsonl"]);
    assert!(said.err.contains("in new/cores.jsonl"), "{}", said.err);
    said.ok();
    let map = core_to_core::read(&folder.path().join("new/cores.jsonl")).unwrap();
    let cpus = map.topology.usable().count();
    assert_eq!(map.topology.usable_cpus(), own_mask());
    assert!(map.sampled || map.pairs.len() == cpus * (cpus - 1));
    let valid = typed_in(folder.path(), &["validate", "new/cores.jsonl"]).ok();
    assert!(valid.contains(&format!("ok, {} pair", map.pairs.len())) && valid.contains(" cpu"), "{valid}");
}

#[test]
fn a_table_is_for_people_and_json_is_the_line_of_the_file() {
    let table = typed(&["machine", "--probe"]).ok();
    let cpus = own_mask();
    if cpus.len() > 1 {
        assert!(table.contains("class") && table.contains("median"), "{table}");
    }
    if (2..=16).contains(&cpus.len()) {
        assert!(cpus.iter().all(|cpu| table.matches(&format!("cpu {cpu}")).count() >= 2), "{table}");
    }
    let json = typed(&["machine", "--probe", "--format", "json"]).ok();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cores.jsonl");
    std::fs::write(&path, &json).unwrap();
    core_to_core::read(&path).unwrap();
    assert_eq!(json.lines().count(), 1);
}

#[test]
fn one_cpu_is_no_error() {
    let text = typed_on_one_cpu(&["machine", "--probe"]).ok();
    assert!(text.contains("one cpu only"), "{text}");
    let map = typed_on_one_cpu(&["machine", "--probe", "--format", "json"]).json();
    assert_eq!((&map["type"], map["pairs"].as_array().unwrap().len()), (&"core-to-core".into(), 0));
}

#[test]
fn a_file_that_is_there_is_kept_and_a_place_that_cannot_be_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cores.jsonl");
    std::fs::write(&file, "mine").unwrap();
    let probe = |file: &str| typed_in(folder.path(), &["machine", "--probe", "-o", file]);
    probe("cores.jsonl").error(1, &["cores.jsonl exists already", "-o"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    probe("cores.jsonl/below.jsonl").error(1, &["cores.jsonl", "-o"]);
}

#[test]
fn a_file_without_a_probe_is_a_usage_error() {
    typed(&["machine", "-o", "cores.jsonl"]).error(2, &["--probe"]);
}

#[test]
fn one_who_interrupts_it_keeps_no_file() {
    if own_mask().len() < 2 {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command: Command = command(folder.path(), &["machine", "--probe", "-o", "cores.jsonl"]);
    let mut probe = command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap();
    // Its rounds take a second and a half in all, and it listens before it says what it does.
    let mut err = std::io::BufReader::new(probe.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut err, &mut String::new()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    rustix::process::kill_process(rustix::process::Pid::from_child(&probe), rustix::process::Signal::INT).unwrap();
    assert_eq!(probe.wait().unwrap().code(), Some(130));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_map_is_no_results_file_and_a_bent_one_is_refused_with_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let line = typed(&["machine", "--probe", "--format", "json"]).ok();
    std::fs::write(folder.path().join("cores.jsonl"), &line).unwrap();
    typed_in(folder.path(), &["rank", "cores.jsonl"]).error(1, &["cores.jsonl, line 1", "core-to-core map"]);
    std::fs::write(folder.path().join("bent.jsonl"), line.replace("\"repetitions\":", "\"repetition\":")).unwrap();
    typed_in(folder.path(), &["validate", "bent.jsonl"]).error(1, &["bent.jsonl, line 1", "repetitions"]);
    let newer = line.replacen("\"schema\":1", "\"schema\":9", 1);
    std::fs::write(folder.path().join("newer.jsonl"), newer).unwrap();
    typed_in(folder.path(), &["validate", "newer.jsonl"]).error(1, &["schema 9", "update"]);
}

#[test]
fn a_machine_that_tells_nothing_has_a_map_all_the_same() {
    let nothing = tempfile::tempdir().unwrap();
    let mut command = command(nothing.path(), &["machine", "--probe", "--format", "json"]);
    command.env("QUEUEBENCH_SYSROOT", nothing.path());
    assert!(said(command).json()["pairs"].is_array());
}
