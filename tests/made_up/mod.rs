//! A run that never was: plans, blocks and the first line of a results file, made up.

use queuebench::machine::Fingerprint;
use queuebench::protocol::{Outcome, Regime, Report};
use queuebench::record::{METHOD, Run, SCHEMA, ScenarioLine, Selection};
use queuebench::schedule::plan::Planned;
use queuebench::schedule::profile::Extent;
use queuebench::toolchain::Toolchain;
use queuebench::topology::Topology;

/// A scenario with these queues, all of them able to run twice a round, on as many cpus as it has threads.
pub fn planned(scenario: &str, queues: &[&str]) -> Planned {
    let queues: Vec<String> = queues.iter().map(|queue| (*queue).to_owned()).collect();
    let scenario: queuebench::scenario::Scenario = scenario.parse().unwrap();
    Planned {
        scenario,
        label: scenario.to_string(),
        tags: Vec::new(),
        cpus: (0..scenario.threads()).map(Some).collect(),
        threads: scenario.threads(),
        usable_cpus: scenario.threads(),
        repeatable: queues.clone(),
        reference: queues[0].clone(),
        queues,
    }
}

/// The first line of a results file with these scenarios.
pub fn run_line(planned: &[Planned], extent: Extent) -> Run {
    let line = |planned: &Planned| ScenarioLine {
        name: None,
        tags: Vec::new(),
        id: planned.scenario.to_string(),
        reference: planned.reference.clone(),
        threads: planned.threads,
        cpus: planned.cpus.clone(),
        oversubscribed: planned.oversubscribed(),
    };
    let queues = planned.iter().flat_map(|planned| &planned.queues);
    Run {
        schema: SCHEMA,
        program: "queuebench".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        build: String::new(),
        method: METHOD,
        margin: 0.05,
        started: "2026-01-02T03:04:05Z".into(),
        suite: "quick".into(),
        profile: "quick".into(),
        rounds: extent.most,
        pilot: Some(extent.pilot),
        precision: extent.precision,
        budget_ns: None,
        workers: Default::default(),
        seed: 1,
        selection: Selection { queue: Some("a|b".into()), ..Selection::default() },
        deadline_ns: 10_000_000_000,
        ns_per_work_iteration: 0.25,
        machine: Fingerprint { id: "synthetic-2c2t-0000".into(), ..Fingerprint::default() },
        topology: Topology::default(),
        toolchain: Toolchain::own(),
        versions: queues.map(|queue| (queue.clone(), "1.2.3".into())).collect(),
        families: Default::default(),
        scenarios: planned.iter().map(line).collect(),
    }
}

/// A report with a figure in every field.
pub fn ok_report() -> Report {
    Report {
        outcome: Outcome::Ok,
        detail: None,
        messages: 1_234_567,
        elapsed_ns: 61_000_001,
        settle_ns: 59_000_002,
        endpoints: vec![1_234_560, 1_234_567],
        cpu_ns: 121_000_003,
        voluntary_switches: 14,
        involuntary_switches: 3,
        page_faults: 2,
        run_delay_ns: 1_001,
        full_tries: Some(77),
        empty_tries: None,
        capacity: Some(1024),
        regime: Some(Regime::NearFull),
        mean_backlog: 1000,
        peak_backlog: 1024,
        round_trips: vec![[100, 7], [101, 1]],
        first: vec![[50, 8]],
        slices: vec![[1_000_000, 31_000_000], [234_567, 30_000_001]],
        sent: Vec::new(),
        received: Vec::new(),
        trace: vec![[1_000_000, 24_691]],
        figures: [("ending_ns".to_owned(), 640_000), ("lost_updates_ppm".to_owned(), 54_500)].into(),
        flags: vec!["unsettled".into()],
    }
}
