//! Results of machines that never measured anything: their cpus are those of `tests/topologies`, their figures are made up, and
//! every file says so. `QUEUEBENCH_WRITE_SYNTHETIC=1 cargo test --test cli synthetic` writes the files anew.

use queuebench::machine::Fingerprint;
use queuebench::protocol::Report;
use queuebench::record::core_to_core::{self, CorePair, CoreToCore};
use queuebench::record::{Block, End, Line, Run, Selection};
use queuebench::schedule::profile::Extent;
use queuebench::topology::{Cpu, Placement, Topology};

use crate::made_up::{ok_report, planned, run_line};
use crate::recorded;
use crate::typed::fixtures;

/// What every file says of itself.
const WORDS: &str = "synthetic: made up for tests, nothing here was measured";
/// Rounds: enough for every pair to be decided whose queues differ by a third.
const ROUNDS: u32 = 12;
const BASE: &str = "stream/1p1c/1024/8B/same-l3";
const WIDE: &str = "stream/4p4c/1024/8B/same-l3";
const ROUND_TRIP: &str = "pingpong/1p1c/1024/8B/same-l3";

/// A queue and how many nanoseconds a message takes there.
type Speed = (&'static str, f64);

/// A machine that was made up.
struct Synthetic {
    /// What its file is called.
    name: &'static str,
    /// The machine of `tests/topologies` whose cpus it has.
    topology: &'static str,
    /// What it measured.
    scenarios: Vec<(&'static str, Vec<Speed>)>,
}

/// `made-up/ring` is the faster one here and `made-up/array` there; `made-up/mutex` is slow, and `made-up/channel` between,
/// wherever it is.
fn all() -> Vec<Synthetic> {
    let limits = [("limit/loop", 1.0), ("limit/line-transfer", 80.0), ("limit/fetch-add", 30.0)];
    let with_limits = |queues: [Speed; 4]| queues.into_iter().chain(limits).collect();
    vec![
        Synthetic {
            name: "synthetic-amd-48",
            topology: "48amd64-4pa2n6c-sparse",
            scenarios: vec![
                (
                    BASE,
                    with_limits([
                        ("made-up/channel", 50.0),
                        ("made-up/ring", 10.0),
                        ("made-up/array", 20.0),
                        ("made-up/mutex", 200.0),
                    ]),
                ),
                (WIDE, vec![("made-up/channel", 90.0), ("made-up/array", 60.0), ("made-up/mutex", 400.0)]),
                (ROUND_TRIP, vec![("made-up/channel", 400.0), ("made-up/ring", 250.0)]),
            ],
        },
        Synthetic {
            name: "synthetic-arm-128",
            topology: "128arm-2pa2n8cluster4co",
            scenarios: vec![
                (
                    BASE,
                    with_limits([
                        ("made-up/channel", 70.0),
                        ("made-up/ring", 30.0),
                        ("made-up/array", 15.0),
                        ("made-up/mutex", 300.0),
                    ]),
                ),
                (WIDE, vec![("made-up/channel", 80.0), ("made-up/array", 50.0), ("made-up/mutex", 700.0)]),
            ],
        },
        Synthetic {
            name: "synthetic-ppc-256",
            topology: "256ppc-8n8s4t",
            scenarios: vec![(BASE, vec![("made-up/channel", 100.0), ("made-up/ring", 25.0)])],
        },
    ]
}

impl Synthetic {
    fn topology(&self) -> Topology {
        let machine = recorded::machines().into_iter().find(|machine| machine.name == self.topology).unwrap();
        let notes = vec![WORDS.to_owned()];
        Topology { cpus: machine.cpus(), nodes: machine.nodes(), quota_cpus: None, notes }
    }

    fn fingerprint(&self) -> Fingerprint {
        let topology = self.topology();
        let count =
            |part: fn(&Cpu) -> usize| topology.online().map(part).collect::<std::collections::BTreeSet<_>>().len();
        Fingerprint {
            id: format!("{}-0000", self.name),
            cpu_model: Some(WORDS.into()),
            arch: "none".into(),
            packages: count(|cpu| cpu.package),
            cores: count(|cpu| cpu.core),
            cpus: count(|cpu| cpu.id),
            ..Fingerprint::default()
        }
    }

    fn run(&self) -> Run {
        let plan = |(scenario, queues): &(&str, Vec<Speed>)| {
            planned(scenario, &queues.iter().map(|(queue, _)| *queue).collect::<Vec<_>>())
        };
        let mut run = run_line(&self.scenarios.iter().map(plan).collect::<Vec<_>>(), Extent::fixed(ROUNDS));
        run.program = "none".into();
        // What a later version writes must not change these files.
        (run.version, run.method) = ("0.1.0".into(), 1);
        run.selection = Selection::default();
        run.machine = self.fingerprint();
        run.topology = self.topology();
        for text in [&mut run.toolchain.rustc, &mut run.toolchain.target, &mut run.toolchain.allocator] {
            *text = "none".into();
        }
        (run.toolchain.opt_level, run.toolchain.rustflags) = ("3".into(), String::new());
        run.families = run.versions.keys().map(|queue| (queue.clone(), "made-up".into())).collect();
        run
    }

    /// The results file.
    fn text(&self) -> String {
        let mut random = fastrand::Rng::with_seed(1);
        let mut blocks = Vec::new();
        for round in 0..ROUNDS {
            for (scenario, queues) in &self.scenarios {
                let again = queues[round as usize % queues.len()];
                let mut order: Vec<(Speed, u32)> = queues.iter().map(|speed| (*speed, 0)).collect();
                order.push((again, 1));
                random.shuffle(&mut order);
                // Of two blocks of one queue the one that comes first is the first.
                let first = order.iter().position(|((queue, _), _)| *queue == again.0).unwrap_or_default();
                order.iter_mut().filter(|((queue, _), _)| *queue == again.0).for_each(|entry| entry.1 = 1);
                order[first].1 = 0;
                for (position, (speed, repeat)) in order.into_iter().enumerate() {
                    let mut block = block(scenario, speed, &mut random);
                    (block.round, block.repeat, block.position) = (round, repeat, position as u32);
                    blocks.push(block);
                }
            }
        }
        let end = End { ended: "2026-01-02T04:04:05Z".into(), blocks: blocks.len() as u64, interrupted: false };
        let blocks = blocks.into_iter().map(|block| Line::Block(Box::new(block)));
        let lines = [Line::Run(Box::new(self.run()))].into_iter().chain(blocks).chain([Line::End(end)]);
        lines.map(|line| serde_json::to_string(&line).unwrap() + "\n").collect()
    }

    /// A core-to-core map: of the first cpu and every other, both ways.
    fn map(&self) -> CoreToCore {
        let topology = self.topology();
        let usable: Vec<&Cpu> = topology.usable().collect();
        let ways = usable[1..].iter().flat_map(|cpu| [(usable[0], *cpu), (*cpu, usable[0])]);
        let pairs = ways.map(|(from, to)| {
            let class = from.nearness(to);
            let ns = match class {
                Placement::Smt => 20,
                Placement::SameL2 => 30,
                Placement::SameL3 => 60,
                Placement::CrossL3 => 120,
                _ => 300,
            };
            let [low_ns, high_ns] = [ns - 2, ns + 3].map(Some);
            CorePair {
                from: from.id,
                to: to.id,
                class,
                round_trip_ns: Some(ns),
                low_ns,
                high_ns,
                unanswered: 0,
                why: None,
            }
        });
        CoreToCore {
            schema: core_to_core::SCHEMA,
            program: "none".into(),
            version: "0.1.0".into(),
            started: "2026-01-02T03:04:05Z".into(),
            seed: 1,
            machine: self.fingerprint(),
            pairs: pairs.collect(),
            topology,
            sampled: true,
            repetitions: 15,
        }
    }
}

/// A block of a queue of that speed, give or take 3 %.
fn block(scenario: &str, (queue, ns): Speed, random: &mut fastrand::Rng) -> Block {
    let noise = 1.0 + (random.f64() + random.f64() - 1.0) * 0.03;
    let ns = ns * noise;
    let elapsed_ns: u64 = 50_000_000;
    let messages = (elapsed_ns as f64 / ns) as u64;
    let is_timed = scenario.starts_with("pingpong");
    let report = Report {
        messages,
        elapsed_ns,
        settle_ns: 55_000_000,
        endpoints: vec![messages, messages],
        cpu_ns: 99_000_000,
        voluntary_switches: 0,
        page_faults: 0,
        full_tries: None,
        round_trips: if is_timed { vec![[ns as u64, messages]] } else { Vec::new() },
        first: Vec::new(),
        slices: Vec::new(),
        trace: Vec::new(),
        figures: Default::default(),
        flags: Vec::new(),
        ..ok_report()
    };
    Block {
        scenario: scenario.into(),
        queue: queue.into(),
        round: 0,
        repeat: 0,
        position: 0,
        ready_ns: 2_000_000,
        wall_ns: 115_000_000,
        steal_ticks: 0,
        line_ns: None,
        waited_ns: 0,
        away_ns: None,
        report,
    }
}

/// The file `name` is what it is made as, or is made now.
fn check(name: &str, text: &str) {
    let path = fixtures().join("results").join(name);
    if std::env::var_os("QUEUEBENCH_WRITE_SYNTHETIC").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert!(text.contains(WORDS) && text.len() < 150_000, "{name}: {} bytes", text.len());
    assert!(std::fs::read_to_string(&path).is_ok_and(|there| there == text), "{name} is not as it is made");
}

#[test]
fn synthetic_results_are_as_they_are_made() {
    for synthetic in all() {
        check(&format!("{}.jsonl", synthetic.name), &synthetic.text());
    }
    let first = &all()[0];
    check(&format!("{}-cores.json", first.name), &(first.map().line().unwrap() + "\n"));
}
