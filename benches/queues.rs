//! Did my change help? A dozen cells of the suite quick under criterion, for its baselines and its reports.
//!
//! `cargo bench --bench queues -- FILTER --save-baseline before`
//!
//! An iteration is a million messages (or one round trip); a sample is one block in a fresh worker, its window
//! scaled to the iterations criterion asked for. So criterion's samples are independent of each other, which
//! many iterations in one process are not: see METHODOLOGY.md.

use std::process::ExitCode;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use queuebench::cmd;
use queuebench::harness::Harness;
use queuebench::registry::Registry;
use queuebench::workload::Workload;

/// Messages that make an iteration: one would be shorter than the nanosecond criterion counts in.
const MESSAGES: u64 = 1_000_000;
/// Of the base scenario.
const STREAMED: [&str; 10] = [
    "std/mutex-deque",
    "parking_lot/mutex-deque",
    "crossbeam-queue/array+yield",
    "std/mpsc",
    "crossbeam-channel/mpmc",
    "flume/mpmc",
    "kanal/mpmc",
    "tokio/mpsc",
    "rtrb/spsc+yield",
    "intree/spsc+yield",
];
/// Of the same with round trips.
const BOUNCED: [&str; 2] = ["crossbeam-channel/mpmc", "flume/mpmc"];

fn main() -> ExitCode {
    let registry = Registry::builtin();
    if cmd::is_worker() {
        return cmd::main(&registry);
    }
    let mut harness = match Harness::new() {
        Ok(harness) => harness,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let mut criterion = Criterion::default()
        .sample_size(24)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let mut code = ExitCode::SUCCESS;
    for (workload, queues) in [(Workload::Stream, &STREAMED[..]), (Workload::Pingpong, &BOUNCED[..])] {
        let scenario = harness.base(workload);
        let mut group = criterion.benchmark_group(scenario.to_string());
        group.sampling_mode(SamplingMode::Flat);
        if workload == Workload::Stream {
            group.throughput(Throughput::Elements(MESSAGES));
        }
        for queue in queues.iter().filter(|queue| registry.find(queue, scenario.capacity).is_some()) {
            // A queue that fails ends its own bench and no other.
            if let Err(why) = bench(&mut group, &mut harness, scenario, queue) {
                eprintln!("{queue} in {scenario}: {why}");
                code = ExitCode::from(3);
            }
        }
        group.finish();
    }
    criterion.final_summary();
    code
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    harness: &mut Harness,
    scenario: queuebench::scenario::Scenario,
    queue: &str,
) -> Result<(), String> {
    let mut failed = Ok(());
    group.bench_function(queue, |bencher| {
        bencher.iter_custom(|iterations| {
            let unit = if scenario.workload == Workload::Stream { MESSAGES as f64 } else { 1.0 };
            let ns = match harness.block(scenario, queue) {
                Ok(ns) => ns * unit,
                Err(why) => {
                    failed = Err(why);
                    // Criterion must be told something; what it makes of it is void.
                    1.0
                }
            };
            Duration::from_nanos((ns * iterations as f64).max(1.0) as u64)
        });
    });
    failed
}
