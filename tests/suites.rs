//! The built-in suites on machines of every size: they parse, stay within bounds, and leave nothing out in silence.

use std::collections::BTreeSet;

use queuebench::queue::Capacity;
use queuebench::registry::Registry;
use queuebench::scenario::Scenario;
use queuebench::schedule::plan::{Choice, DEFAULT_WAIT, Plan, Planned, plan};
use queuebench::suite::Suite;
use queuebench::topology::{Cpu, Node, Topology};

/// `cores` cores of `threads` cpus each; cores share an L3, and L3s a node, in groups of the given sizes.
fn machine(cores: usize, threads: usize, cores_per_l3: usize, l3s_per_node: usize) -> Topology {
    let cpu = |id| {
        let core = id % cores;
        let l3 = core / cores_per_l3;
        Cpu {
            id,
            online: true,
            usable: true,
            node: Some(l3 / l3s_per_node),
            core,
            l2: Some(core),
            l3: Some(l3 * cores_per_l3),
            ..Cpu::default()
        }
    };
    let nodes = (0..cores.div_ceil(cores_per_l3 * l3s_per_node)).map(|id| Node { id, memory_bytes: None });
    Topology { cpus: (0..cores * threads).map(cpu).collect(), nodes: nodes.collect(), ..Topology::default() }
}

/// From one cpu to a server of two sockets.
fn machines() -> Vec<(&'static str, Topology)> {
    vec![
        ("one cpu", machine(1, 1, 1, 1)),
        ("two cpus", machine(2, 1, 2, 1)),
        ("one core of two threads", machine(1, 2, 1, 1)),
        ("four cores", machine(4, 1, 4, 1)),
        ("eight cores of two threads", machine(8, 2, 8, 1)),
        ("twelve cores, three to an L3", machine(12, 2, 3, 4)),
        ("128 cpus on two nodes", machine(64, 2, 8, 4)),
        ("128 cores on eight nodes", machine(128, 1, 16, 1)),
    ]
}

fn planned(suite: &str, topology: &Topology) -> Plan {
    let wanted = Suite::load(suite).unwrap().on(topology).unwrap();
    plan(&wanted, &Registry::builtin(), topology, &Choice::default()).unwrap()
}

/// Every suite on every machine.
fn plans() -> impl Iterator<Item = (String, Topology, Plan)> {
    let names = Suite::names().flat_map(|suite| machines().into_iter().map(move |machine| (suite, machine)));
    names.map(|(suite, (machine, topology))| {
        let plan = planned(suite, &topology);
        (format!("{suite} on {machine}"), topology, plan)
    })
}

#[test]
fn every_suite_has_something_to_run_on_every_machine() {
    for (name, _, plan) in plans() {
        assert!(plan.cells() > 0 && plan.scenarios.iter().all(|planned| !planned.queues.is_empty()), "{name}");
    }
}

#[test]
fn quick_is_at_most_90_cells_and_16_across_the_boundary() {
    for (name, topology) in machines() {
        let plan = planned("quick", &topology);
        let is_both_sides =
            |planned: &&Planned| plan.scenarios.iter().any(|other| other.scenario == planned.scenario.across());
        let across: usize = plan.scenarios.iter().filter(is_both_sides).map(|planned| planned.queues.len()).sum();
        assert!(plan.cells() - across <= 90 && across <= 16, "{} cells on {name}", plan.cells());
    }
}

#[test]
fn quick_has_what_plain_cargo_bench_promises() {
    let plan = planned("quick", &machine(8, 2, 8, 1));
    let has = |what: &str, is: &dyn Fn(&Scenario) -> bool| {
        assert!(plan.scenarios.iter().any(|planned| is(&planned.scenario)), "{what}");
    };
    for (producers, consumers) in [(1, 1), (2, 1), (2, 2), (8, 8)] {
        has("shapes, to all cpus", &|s| (s.producers, s.consumers) == (producers, consumers));
    }
    for capacity in [Capacity::Bounded(1024), Capacity::Unbounded, Capacity::Bounded(0)] {
        has("capacities", &|s| s.capacity == capacity);
    }
    for bytes in [8, 256] {
        has("payloads", &|s| s.size.bytes() == bytes);
    }
    for workload in ["stream", "pingpong"] {
        has("workloads", &|s| s.workload.to_string() == workload);
    }
    for placement in ["same-cpu", "same-l3"] {
        has("placements", &|s| s.placement.to_string() == placement);
    }
    let waits = plan.scenarios.iter().flat_map(|planned| &planned.queues).filter(|queue| queue.contains('+'));
    assert!(waits.clone().count() > 0 && waits.clone().all(|queue| queue.ends_with(DEFAULT_WAIT)));
}

#[test]
fn standard_is_at_most_60_scenarios_and_400_cells() {
    for (name, topology) in machines() {
        let plan = planned("standard", &topology);
        let (scenarios, cells) = (plan.scenarios.len(), plan.cells());
        assert!(scenarios <= 60 && cells <= 400, "{scenarios} scenarios and {cells} cells on {name}");
    }
}

#[test]
fn standard_names_five_corners() {
    let wanted = Suite::load("standard").unwrap().on(&machine(8, 2, 8, 1)).unwrap();
    let corners: BTreeSet<&str> =
        wanted.iter().map(|wanted| wanted.label.as_str()).filter(|label| label.starts_with("corner: ")).collect();
    assert_eq!(corners.len(), 5, "{corners:?}");
}

#[test]
fn balance_goes_from_32_ns_on_one_side_to_32_ns_on_the_other() {
    let plan = planned("balance", &machine(2, 1, 2, 1));
    let work: Vec<String> = plan.scenarios.iter().map(|planned| planned.scenario.work.to_string()).collect();
    assert_eq!((work[0].as_str(), work[work.len() - 1].as_str()), ("32/0", "0/32"));
    assert!(work.contains(&"0/0".to_owned()) && work.len() >= 9, "{work:?}");
    for planned in &plan.scenarios {
        assert_eq!(planned.repeatable.len(), 10, "ten queues: {:?}", planned.queues);
    }
}

#[test]
fn every_scenario_id_parses_back() {
    for (name, _, plan) in plans() {
        for planned in &plan.scenarios {
            assert_eq!(planned.scenario.to_string().parse(), Ok(planned.scenario), "{name}");
        }
    }
}

#[test]
fn no_scenario_runs_twice_on_a_machine() {
    for (name, _, plan) in plans() {
        // The placement's word aside, as words may mean the same cpus.
        let what = |planned: &queuebench::schedule::plan::Planned| {
            let id = planned.scenario.to_string();
            (id.rsplit_once('/').unwrap().0.to_owned(), planned.cpus.clone())
        };
        let distinct: BTreeSet<_> = plan.scenarios.iter().map(what).collect();
        assert_eq!(distinct.len(), plan.scenarios.len(), "{name}");
    }
}

#[test]
fn whatever_a_suite_wants_is_run_or_left_out_with_a_reason() {
    for (name, topology, plan) in plans() {
        let suite = name.split(' ').next().unwrap();
        let wanted = Suite::load(suite).unwrap().on(&topology).unwrap();
        let skipped = plan.skips.iter().filter(|skip| skip.queue.is_none()).count();
        assert_eq!(plan.scenarios.len() + skipped, wanted.len(), "{name}: scenarios");
        assert!(plan.skips.iter().all(|skip| !skip.reason.is_empty()), "{name}");
    }
}

#[test]
fn every_queue_runs_in_a_scenario_or_is_left_out_with_a_reason() {
    let registry = Registry::builtin();
    let ids: BTreeSet<&str> = registry.entries().iter().map(|entry| entry.id.as_str()).collect();
    for (name, _, plan) in plans() {
        for planned in &plan.scenarios {
            let scenario = planned.scenario.to_string();
            let left_out = plan.skips.iter().filter(|skip| skip.scenario == scenario);
            let left_out: Vec<&str> = left_out.filter_map(|skip| skip.queue.as_deref()).collect();
            for id in &ids {
                let runs = planned.queues.iter().filter(|queue| queue == id).count();
                let skips = left_out.iter().filter(|queue| *queue == id).count();
                assert_eq!(runs + skips, 1, "{name}: {id} in {scenario}");
            }
        }
    }
}

#[test]
fn the_reference_is_a_queue_of_its_scenario() {
    for (name, _, plan) in plans() {
        for planned in &plan.scenarios {
            assert!(planned.queues.contains(&planned.reference), "{name}: {}", planned.scenario);
            assert!(!planned.reference.starts_with("limit/"), "{name}: {}", planned.scenario);
        }
    }
}

#[test]
fn suites_name_no_queues_but_references() {
    let registry = Registry::builtin();
    let ids: BTreeSet<&str> = registry.entries().iter().map(|entry| entry.about.id).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/suites");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| !line.starts_with("reference = ")) {
            assert!(!ids.iter().any(|id| line.contains(id)), "{line}");
        }
    }
}

#[test]
fn spinning_queues_stay_away_where_threads_outnumber_cpus() {
    let mut crowded = 0;
    for (name, _, plan) in plans() {
        for planned in plan.scenarios.iter().filter(|planned| planned.oversubscribed()) {
            crowded += 1;
            assert!(!planned.queues.iter().any(|queue| queue.ends_with("+spin")), "{name}: {}", planned.scenario);
        }
    }
    assert!(crowded > 0);
}

#[test]
fn a_suite_of_ones_own_is_checked_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let load = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let on = |suite: Suite| suite.on(&machine(2, 1, 2, 1)).map_err(anyhow::Error::msg);
        Suite::load(path.to_str().unwrap()).and_then(on).map(|wanted| wanted.len()).map_err(|why| format!("{why:#}"))
    };
    let right = "description = \"x\"\n[[scenario]]\nworkload = \"stream\"\nshape = [\"1p1c\", \"2p1c\"]\ncapacity = [0, 16]\n\
                 payload = \"8B\"\nplacement = \"cores\"\n";
    assert_eq!(load(right), Ok(4));
    for (part, wrong, word) in [
        ("2p1c", "2p", "shape"),
        ("16", "-16", "capacity"),
        ("16", "\"much\"", "capacity"),
        ("16", "1.5", "capacity"),
        ("8B", "9B", "payload"),
        ("\"cores\"", "\"nearby\"", "placement"),
        ("stream", "surf", "surf"),
        ("shape", "form", "form"),
    ] {
        let why = load(&right.replace(part, wrong)).unwrap_err();
        assert!(why.contains(word), "{wrong}: {why}");
    }
}
