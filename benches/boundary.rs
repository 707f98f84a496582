//! What the boundary between threads and processes is claimed to cost, each claim tested over pairs of fresh cells run in
//! turn.
//!
//! `cargo bench --bench boundary -- [--pairs N] [FILTER]`; 400 pairs take about 40 seconds a claim, half an hour and more
//! with Python.

use std::process::{Command, ExitCode};
use std::time::Instant;

use queuebench::cmd;
use queuebench::filter::Filter;
use queuebench::harness::Harness;
use queuebench::protocol::Outcome;
use queuebench::registry::Registry;
use queuebench::scenario::{Boundary, Scenario, WorkNs};
use queuebench::stats::{quantile, ratio};
use queuebench::topology::Placement;
use queuebench::workload::Workload;

/// One side of a claim.
#[derive(Clone)]
enum Arm {
    /// A queue in a scenario.
    Cell(Scenario, String),
    /// A hand-written Python loop over the queue of this name.
    PythonByHand(&'static str, Boundary),
}

/// What is claimed of two arms.
struct Claim {
    of: Arm,
    to: Arm,
    /// How many times faster `of` is: the whole interval is to lie in here.
    within: [f64; 2],
}

/// As good as equal.
const EQUIVALENT: [f64; 2] = [1.0 / 1.05, 1.05];

/// At least so many times faster.
fn at_least(times: f64) -> [f64; 2] {
    [times, f64::INFINITY]
}

fn claims(harness: &Harness) -> Vec<Claim> {
    let mut claims = Vec::new();
    let base = harness.base(Workload::Stream);
    let processes = |scenario| Scenario { boundary: Boundary::Processes, ..scenario };
    let cell = |scenario, queue: &str| Arm::Cell(scenario, queue.to_owned());
    for [producer, consumer] in [[0, 20], [0, 0], [20, 0]] {
        let threads = Scenario { work: WorkNs { producer, consumer }, ..base };
        for wait in ["+spin", "+yield", "+park"] {
            for (heap, ring) in [("intree/spsc", "shm/spsc"), ("intree/vyukov", "shm/mpmc")] {
                let (heap, map, ring) =
                    (format!("{heap}{wait}"), format!("{ring}-one-map{wait}"), format!("{ring}{wait}"));
                let across =
                    Claim { of: cell(processes(threads), &ring), to: cell(threads, &ring), within: EQUIVALENT };
                let memory = Claim { of: cell(threads, &map), to: cell(threads, &heap), within: at_least(0.95) };
                claims.extend([across, memory]);
            }
        }
    }
    let between = processes(Scenario { work: WorkNs { producer: 0, consumer: 4 }, ..base });
    for (queue, times) in [("shm/spsc+spin", 40.0), ("shm/mpmc+spin", 10.0)] {
        claims.push(Claim { of: cell(between, queue), to: cell(between, "os/pipe"), within: at_least(times) });
    }
    for placement in [base.placement, Placement::SameCpu] {
        for boundary in [Boundary::Threads, Boundary::Processes] {
            let wakeup = Scenario { boundary, placement, ..harness.base(Workload::Wakeup) };
            for queue in ["shm/spsc+park", "shm/mpmc+park"] {
                let bare = cell(wakeup, "limit/futex-wake");
                claims.push(Claim { of: cell(wakeup, queue), to: bare, within: at_least(1.0 / 1.2) });
            }
        }
    }
    for (queue, name, boundary) in [
        ("python/queue.Queue", "queue.Queue", Boundary::Threads),
        ("python/deque-condition", "deque-condition", Boundary::Threads),
        ("python/multiprocessing.Pipe", "multiprocessing.Pipe", Boundary::Processes),
        ("python/multiprocessing.Queue", "multiprocessing.Queue", Boundary::Processes),
    ] {
        let of = cell(Scenario { boundary, ..base }, queue);
        claims.push(Claim { of, to: Arm::PythonByHand(name, boundary), within: at_least(0.95) });
    }
    claims
}

impl Arm {
    fn name(&self) -> String {
        match self {
            Arm::Cell(scenario, queue) => format!("{queue} {}/{}", scenario.boundary, scenario.placement),
            Arm::PythonByHand(name, boundary) => format!("by hand {name} {boundary}"),
        }
    }

    /// Nanoseconds a message takes, or what is timed.
    fn run(&self, harness: &mut Harness, ready_ns: &mut [Vec<f64>; 2]) -> anyhow::Result<f64> {
        match self {
            Arm::Cell(scenario, queue) => {
                let (report, ready) = harness.report(*scenario, queue).map_err(anyhow::Error::msg)?;
                let detail = report.detail.clone().unwrap_or_default();
                anyhow::ensure!(report.outcome == Outcome::Ok, "{queue}: {}: {detail}", report.outcome);
                let is_python = queue.starts_with("python/");
                if is_python || scenario.boundary == Boundary::Processes {
                    ready_ns[usize::from(is_python)].push(ready as f64);
                }
                harness.figure(*scenario, &report).map_err(anyhow::Error::msg)
            }
            Arm::PythonByHand(name, boundary) => {
                let cpus = harness.cpus(&harness.base(Workload::Stream)).map_err(anyhow::Error::msg)?;
                let cpus = cpus.into_iter().map(|cpu| cpu.map_or("-".into(), |cpu| cpu.to_string()));
                let loops = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/by_hand.py");
                let ran = Command::new("python3")
                    .args(["-I", "-B", loops, name, &boundary.to_string()])
                    .args(cpus)
                    .output()?;
                anyhow::ensure!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
                Ok(1e9 / String::from_utf8(ran.stdout)?.trim().parse::<f64>()?)
            }
        }
    }
}

impl Claim {
    fn name(&self) -> String {
        let Arm::Cell(scenario, _) = &self.of else { unreachable!("a claim is about a queue") };
        format!("{} {}: {} : {}", scenario.workload, scenario.work, self.of.name(), self.to.name())
    }

    fn test(&self, harness: &mut Harness, pairs: usize, ready_ns: &mut [Vec<f64>; 2]) -> anyhow::Result<()> {
        let (mut of, mut to) = (Vec::new(), Vec::new());
        for pair in 0..pairs {
            // By turns, so that neither always comes first.
            if pair % 2 == 0 {
                of.push(self.of.run(harness, ready_ns)?);
            }
            to.push(self.to.run(harness, ready_ns)?);
            if pair % 2 == 1 {
                of.push(self.of.run(harness, ready_ns)?);
            }
        }
        // Times, so the other way round.
        let found = ratio(&to, &of, 0.95).ok_or_else(|| anyhow::anyhow!("no ratio of {pairs} pairs"))?;
        let interval = found.interval.map_or([f64::NAN; 2], |interval| [interval.lower, interval.upper]);
        let reached = if interval[0] >= self.within[0] && interval[1] <= self.within[1] { "yes" } else { "NO" };
        let [low, high] = self.within;
        println!(
            "{:<96} {:>7.3}  [{:.3}, {:.3}]  {low:.3} to {high:.3}  {reached}",
            self.name(),
            found.estimate,
            interval[0],
            interval[1]
        );
        Ok(())
    }
}

fn main() -> ExitCode {
    if cmd::is_worker() {
        return cmd::main(&Registry::builtin());
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    test_claims(&words).map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn test_claims(words: &[String]) -> anyhow::Result<()> {
    let pairs_at = words.iter().position(|word| word == "--pairs");
    let pairs = pairs_at.and_then(|at| words.get(at + 1)).map_or(Ok(400), |n| n.parse())?;
    let is_filter =
        |(at, word): &(usize, &String)| !word.starts_with('-') && pairs_at.is_none_or(|flag| *at != flag + 1);
    let filter = words.iter().enumerate().find(is_filter).map(|(_, word)| Filter::new(word)).transpose()?;
    let mut harness = Harness::new()?.with_python();
    let mut ready_ns = [Vec::new(), Vec::new()];
    let start = Instant::now();
    println!("{:<96} {:>7}  {:<14}  {:<14}  reached", "times faster", "ratio", "95 % interval", "wanted");
    for claim in claims(&harness) {
        if filter.as_ref().is_none_or(|filter| filter.matches(&claim.name())) {
            claim.test(&mut harness, pairs, &mut ready_ns)?;
        }
    }
    for (what, ns) in ["endpoints in processes", "Python workers"].into_iter().zip(&ready_ns) {
        if let (Some(median), Some(p95)) = (quantile(ns, 0.5), quantile(ns, 0.95)) {
            println!("{what} ready: median {:.1} ms, p95 {:.1} ms of {}", median / 1e6, p95 / 1e6, ns.len());
        }
    }
    println!("{pairs} pairs a claim, {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}
