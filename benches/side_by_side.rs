//! criterion as people use it, beside queuebench: the same unchanged code compared with itself, and with itself made 5 %
//! slower, in the same time. Which one says "changed", and which one misses a change?
//!
//! `cargo bench --bench side_by_side -- FOLDER [COMPARISONS]`, FOLDER being that of a finished `queuebench selftest`, whose
//! blocks are our side of the table. A comparison of criterion's takes about 8 s, and as much for its baseline.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use criterion::Criterion;
use crossbeam_queue::ArrayQueue;
use queuebench::proof::{COMPARISONS, comparisons, groups, verdict};
use queuebench::ranking::{Logs, MARGIN};
use queuebench::record;
use queuebench::stats::Verdict;
use queuebench::topology::pin;
use queuebench::workload::Workload;

/// Messages an iteration sends.
const MESSAGES: u64 = 10_000;
const CAPACITY: usize = 1024;
/// How much slower a slowed one is.
const SLOWER: f64 = 0.05;
/// Those that criterion measures, by the names of queuebench.
const QUEUES: [&str; 3] = ["crossbeam-queue/array+yield", "flume/mpmc", "std/mutex-deque"];
/// Beside which a run of this program is one of criterion's, with a queue's name and what is to be slowed down by.
const AS_CRITERION: &str = "as-criterion";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        [AS_CRITERION, queue, slower, baseline, keep] => {
            as_criterion(queue, slower == "slower", baseline, keep == "keep")
        }
        [folder] => side_by_side(Path::new(folder), 10),
        [folder, comparisons] => comparisons
            .parse()
            .context("how many comparisons?")
            .and_then(|comparisons| side_by_side(Path::new(folder), comparisons)),
        _ => Err(anyhow::anyhow!("type: cargo bench --bench side_by_side -- FOLDER [COMPARISONS]")),
    };
    done.map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn side_by_side(folder: &Path, comparisons: usize) -> anyhow::Result<()> {
    println!("{:<28} {:>24} {:>24}", "", "criterion, in process", "queuebench, same time");
    println!("{:<28} {:>12} {:>11} {:>12} {:>11}", "queue", "changed", "missed 5 %", "changed", "missed 5 %");
    for queue in QUEUES {
        let criterion = of_criterion(queue, comparisons)?;
        let ours = ours(folder, queue, criterion.seconds)?;
        println!(
            "{queue:<28} {:>12} {:>11} {:>12} {:>11}",
            format!("{} of {comparisons}", criterion.changed),
            format!("{} of {comparisons}", criterion.missed),
            format!("{:.1} %", ours.changed * 100.0),
            format!("{:.1} %", ours.missed * 100.0)
        );
        println!(
            "{:<28} {:.0} s a comparison, its baseline included; {} rounds of ours",
            "", criterion.seconds, ours.rounds
        );
    }
    Ok(())
}

struct OfCriterion {
    changed: usize,
    missed: usize,
    seconds: f64,
}

/// Compares the same code with a baseline of itself, and slowed down with the same, each time in a fresh process, as two
/// calls of `cargo bench` would.
fn of_criterion(queue: &str, comparisons: usize) -> anyhow::Result<OfCriterion> {
    let program = std::env::current_exe()?;
    let run = |slower: &str, keep: &str| -> anyhow::Result<String> {
        let output = Command::new(&program).args([AS_CRITERION, queue, slower, "side-by-side", keep]).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let start = Instant::now();
    run("as-it-is", "keep")?;
    let (mut changed, mut missed) = (0, 0);
    for _ in 0..comparisons {
        let said = run("as-it-is", "compare")?;
        changed += usize::from(said.contains("has regressed") || said.contains("has improved"));
        let said = run("slower", "compare")?;
        missed += usize::from(!said.contains("has regressed"));
    }
    let runs = (1 + 2 * comparisons) as f64;
    // A user pays for the baseline, too.
    Ok(OfCriterion { changed, missed, seconds: 2.0 * start.elapsed().as_secs_f64() / runs })
}

struct Ours {
    changed: f64,
    missed: f64,
    rounds: usize,
}

/// What comparisons of so many seconds would have said, from a self-test's blocks.
fn ours(folder: &Path, queue: &str, seconds: f64) -> anyhow::Result<Ours> {
    let results = record::read(&folder.join("calm.jsonl"))?;
    let logs = Logs::of(Workload::Stream, &results.blocks);
    let wall_ns: u64 = results.blocks.iter().map(|block| block.wall_ns).sum();
    let pair_s = 2.0 * wall_ns as f64 / results.blocks.len() as f64 / 1e9;
    let rounds = ((seconds / pair_s) as usize).max(6);
    let same = format!("{queue}@same");
    let pool = groups(logs.get(&same), logs.get(queue), 1).concat();
    // One rule for both: what a table would call changed.
    let share = |truth: f64, is_meant: fn(Verdict) -> bool| {
        let drawn = comparisons(&pool, truth, rounds, COMPARISONS).with_context(|| format!("no rounds of {queue}"))?;
        let meant = drawn.filter(|drawn| verdict(drawn, MARGIN).is_some_and(is_meant)).count();
        anyhow::Ok(meant as f64 / COMPARISONS as f64)
    };
    let changed = share(0.0, |verdict| matches!(verdict, Verdict::Faster | Verdict::Slower))?;
    // As much slower as criterion's is made.
    let found = share(-SLOWER.ln_1p(), |verdict| verdict == Verdict::Slower)?;
    Ok(Ours { changed, missed: 1.0 - found, rounds })
}

/// One run of criterion on one queue: both threads kept alive and pinned, as measured.
fn as_criterion(queue: &str, slower: bool, baseline: &str, keep: bool) -> anyhow::Result<()> {
    let criterion = Criterion::default().without_plots();
    let mut criterion =
        if keep { criterion.save_baseline(baseline.into()) } else { criterion.retain_baseline(baseline.into(), true) };
    match queue {
        "crossbeam-queue/array+yield" => {
            let array = Arc::new(ArrayQueue::new(CAPACITY));
            let (pushes, pops) = (Arc::clone(&array), array);
            bench(
                &mut criterion,
                queue,
                slower,
                move |item| retry(|| pushes.push(item).ok()),
                move || retry(|| pops.pop()),
            );
        }
        "flume/mpmc" => {
            let (sender, receiver) = flume::bounded(CAPACITY);
            bench(
                &mut criterion,
                queue,
                slower,
                move |item| drop(sender.send(item)),
                move || receiver.recv().unwrap_or(0),
            );
        }
        "std/mutex-deque" => {
            let deque = Arc::new(Deque::default());
            let other = Arc::clone(&deque);
            bench(&mut criterion, queue, slower, move |item| deque.push(item), move || other.pop());
        }
        _ => anyhow::bail!("no queue {queue}"),
    }
    criterion.final_summary();
    Ok(())
}

fn bench(
    criterion: &mut Criterion,
    name: &str,
    slower: bool,
    mut push: impl FnMut(u64),
    mut pop: impl FnMut() -> u64 + Send + 'static,
) {
    let popped = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&popped);
    std::thread::spawn(move || {
        pin(0).ok();
        // It ends with the process.
        loop {
            std::hint::black_box(pop());
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Release);
        }
    });
    pin(1).ok();
    let mut sent = 0;
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let start = Instant::now();
            for _ in 0..iterations {
                let since = Instant::now();
                for _ in 0..MESSAGES {
                    push(sent);
                    sent += 1;
                }
                while popped.load(Ordering::Acquire) < sent {
                    std::hint::spin_loop();
                }
                if slower {
                    burn(since.elapsed().mul_f64(SLOWER));
                }
            }
            start.elapsed()
        });
    });
}

fn burn(time: Duration) {
    let since = Instant::now();
    while since.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Tries as `+yield` does.
fn retry<T>(mut operation: impl FnMut() -> Option<T>) -> T {
    let mut tries = 0;
    loop {
        if let Some(done) = operation() {
            return done;
        }
        tries += 1;
        if tries < 64 { std::hint::spin_loop() } else { std::thread::yield_now() }
    }
}

#[derive(Default)]
struct Deque {
    items: Mutex<VecDeque<u64>>,
    not_empty: Condvar,
    not_full: Condvar,
}

impl Deque {
    fn push(&self, item: u64) {
        let items = self.items.lock().expect("nobody panics");
        let mut items = self.not_full.wait_while(items, |items| items.len() == CAPACITY).expect("nobody panics");
        items.push_back(item);
        drop(items);
        self.not_empty.notify_one();
    }

    fn pop(&self) -> u64 {
        let items = self.items.lock().expect("nobody panics");
        let mut items = self.not_empty.wait_while(items, |items| items.is_empty()).expect("nobody panics");
        let item = items.pop_front().unwrap_or(0);
        drop(items);
        self.not_full.notify_one();
        item
    }
}
