//! How long settling and the window must be: a study, not a claim. Traces long slices of fresh processes, and computes
//! from them what any shorter slice would have said: its bias against the slice's last part, how its rates scatter over
//! processes, and what a comparison to within 3 % would cost with it.
//!
//! `cargo bench --bench lengths -- [PROCESSES]`; 60 processes a queue take about three minutes.

use std::process::ExitCode;

use queuebench::cmd;
use queuebench::harness::Harness;
use queuebench::queue::Capacity;
use queuebench::registry::Registry;
use queuebench::scenario::Scenario;
use queuebench::stats::{SignedRank, median, signed_rank, spread};
use queuebench::workload::Workload;

/// One of each family, and the two whose short slices are known to mislead most.
const QUEUES: [&str; 7] = [
    "crossbeam-queue/array+spin",
    "crossbeam-queue/array+yield",
    "crossbeam-channel/mpmc",
    "flume/mpmc",
    "rtrb/spsc+yield",
    "std/mutex-deque",
    "parking_lot/mutex-deque",
];
const SETTLE_MS: [u64; 7] = [2, 5, 10, 20, 30, 50, 100];
const WINDOW_MS: [u64; 5] = [5, 10, 25, 50, 100];
/// The part of a slice that counts as its steady state.
const STEADY_MS: (u64, u64) = (200, 400);
/// What a block takes besides its slice, in milliseconds: starting a worker, draining, ending.
const OVERHEAD_MS: f64 = 6.0;
/// The precision whose cost is shown.
const HALF_WIDTH: f64 = 0.03;

fn main() -> ExitCode {
    if cmd::is_worker() {
        return cmd::main(&Registry::builtin());
    }
    let processes = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(60);
    study(processes).map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn study(processes: usize) -> anyhow::Result<()> {
    let mut harness = Harness::new()?;
    let traces = traces(&mut harness, processes)?;
    println!("{processes} processes a queue; bias against {} to {} ms of the same slice", STEADY_MS.0, STEADY_MS.1);
    println!("cost: median over queues of the wall clock of a comparison of two to within 3 %, at 95 %");
    println!("{:>9} {:>9}  {:<28} {:>24}  {:>7}", "settle ms", "window ms", "surest bias", "95 %", "cost s");
    for settle in SETTLE_MS {
        for window in WINDOW_MS {
            let of = |rates: &Vec<Trace>| Length::of(rates, settle, window);
            let lengths: Vec<(usize, Length)> = traces.iter().map(of).enumerate().collect();
            let surest =
                lengths.iter().max_by(|a, b| a.1.sure_bias().total_cmp(&b.1.sure_bias())).expect("some queues");
            let costs: Vec<f64> = lengths.iter().map(|(_, length)| length.cost_s).collect();
            let cost = median(&costs).unwrap_or(f64::NAN);
            println!("{settle:>9} {window:>9}  {:<28} {:>24}  {cost:>7.1}", QUEUES[surest.0], surest.1.bias_words());
        }
    }
    for settle in [20, 50] {
        println!("\nqueue by queue, settle {settle} ms: bias [95 %] and log scatter over processes, by window");
        for (queue, traces) in QUEUES.iter().zip(&traces) {
            let cell = |window| {
                let length = Length::of(traces, settle, window);
                format!("{:>22} {:>3.0} %", length.bias_words(), length.scatter * 100.0)
            };
            let cells: Vec<String> = [10, 25, 50].iter().map(|window| cell(*window)).collect();
            println!("{queue:<28} {}", cells.join("  "));
        }
    }
    Ok(())
}

/// Nanoseconds since the start and messages received until then.
type Trace = Vec<[u64; 2]>;

/// Traces of every queue, measured in turn.
fn traces(harness: &mut Harness, processes: usize) -> anyhow::Result<Vec<Vec<Trace>>> {
    let scenario: Scenario = harness.base(Workload::Stream);
    assert_eq!(scenario.capacity, Capacity::Bounded(1024));
    let mut traces = vec![Vec::new(); QUEUES.len()];
    let mut order: Vec<usize> = (0..QUEUES.len()).collect();
    for _ in 0..processes {
        fastrand::shuffle(&mut order);
        for queue in &order {
            let report = harness.traced(scenario, QUEUES[*queue], 1_000_000, STEADY_MS.1 * 1_000_000);
            traces[*queue].push(report.map_err(anyhow::Error::msg)?.trace);
        }
    }
    Ok(traces)
}

/// What a slice of some length would have said.
struct Length {
    /// The centre over processes of log(rate / steady rate), with its interval.
    bias: SignedRank,
    /// A robust standard deviation of log(rate) over processes.
    scatter: f64,
    cost_s: f64,
}

impl Length {
    fn of(traces: &[Trace], settle: u64, window: u64) -> Length {
        let (steady_from, steady_to) = STEADY_MS;
        let rate = |trace: &Trace, from, to| rate_between(trace, from * 1_000_000, to * 1_000_000);
        let pairs: Vec<(f64, f64)> = traces
            .iter()
            .filter_map(|trace| Some((rate(trace, settle, settle + window)?, rate(trace, steady_from, steady_to)?)))
            .collect();
        let logs: Vec<f64> = pairs.iter().map(|(rate, steady)| (rate / steady).ln()).collect();
        let bias = signed_rank(&logs, 0.95).unwrap_or(SignedRank { estimate: f64::NAN, interval: None });
        let rates: Vec<f64> = pairs.iter().map(|(rate, _)| *rate).collect();
        // (p90 - p10) of a normal distribution is 2.563 standard deviations.
        let scatter = spread(&rates).unwrap_or(f64::NAN) / 2.563;
        let block_s = (settle + window) as f64 / 1e3 + OVERHEAD_MS / 1e3;
        // Of two independent blocks a pair; the Hodges-Lehmann estimate is 0.977 as efficient as the mean.
        let needed = (1.96 * scatter * 2f64.sqrt() / HALF_WIDTH).powi(2);
        Length { bias, scatter, cost_s: needed * 2.0 * block_s }
    }

    /// How far the bias is from none at least.
    fn sure_bias(&self) -> f64 {
        self.bias.interval.map_or(0.0, |interval| interval.lower.max(-interval.upper).max(0.0))
    }

    fn bias_words(&self) -> String {
        let percent = |log: f64| format!("{:+.1}", log.exp_m1() * 100.0);
        let ends = self.bias.interval.map_or(["?".into(), "?".into()], |i| [percent(i.lower), percent(i.upper)]);
        format!("{} % [{}]", percent(self.bias.estimate), ends.join(", "))
    }
}

/// Messages per second between two moments, each interpolated between the notes around it.
fn rate_between(trace: &Trace, from_ns: u64, to_ns: u64) -> Option<f64> {
    let count_at = |at: u64| {
        let after = trace.partition_point(|note| note[0] < at);
        let (before, after) = (trace.get(after.checked_sub(1)?)?, trace.get(after)?);
        let part = (at - before[0]) as f64 / (after[0] - before[0]) as f64;
        Some(before[1] as f64 + part * (after[1] - before[1]) as f64)
    };
    Some((count_at(to_ns)? - count_at(from_ns)?) * 1e9 / (to_ns - from_ns) as f64)
}
