//! `machine --probe`: what a cache line takes between every two cpus.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cmd::run::now;
use crate::cmd::{PlainFormat, code, out, talk};
use crate::core_to_core::{self, Choice, MOST_MAPPED, PinnedThreads, REPETITIONS, choose, measure};
use crate::machine::Fingerprint;
use crate::record::core_to_core::{CorePair, CoreToCore, SCHEMA, try_place};
use crate::table::{Emphasis, Grid, count, span};
use crate::topology::Topology;

/// With more cpus a matrix is wider than a terminal.
const MOST_IN_MATRIX: usize = 16;
/// A round takes at least so long: a host moves virtual cpus now and then, and a few pairs would all be measured before or
/// after.
const ROUND: Duration = Duration::from_millis(100);

/// Measures, writes to `file` and prints.
pub fn probe(machine: Fingerprint, topology: Topology, format: PlainFormat, file: Option<&Path>) -> anyhow::Result<u8> {
    if let Some(file) = file {
        // Now, not after a minute's work.
        try_place(file)?;
    }
    let started = now();
    let seed = fastrand::u64(..1 << 53);
    let choice = choose(&topology, seed);
    let Some(pairs) = measured(&choice, &topology, seed)? else {
        talk("interrupted; nothing was kept");
        return Ok(code::INTERRUPTED);
    };
    let map = CoreToCore {
        schema: SCHEMA,
        program: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        started,
        seed,
        machine,
        topology,
        sampled: choice.sampled,
        repetitions: REPETITIONS,
        pairs,
    };
    if let Some(file) = file {
        map.write(file)?;
        talk(&format!("{} in {}", count(map.pairs.len(), "pair"), file.display()));
    }
    match format {
        PlainFormat::Json => out(&map.line()?)?,
        PlainFormat::Table => out(text(&map).trim_end())?,
    }
    Ok(0)
}

/// The pairs with their figures; `None` when the user wants to stop.
fn measured(choice: &Choice, topology: &Topology, seed: u64) -> anyhow::Result<Option<Vec<CorePair>>> {
    let is_to_stop = stop_flag()?;
    let (pairs, cpus) = (count(choice.pairs.len(), "pair"), count(topology.usable().count(), "cpu"));
    let drawn = if choice.sampled { ", a sample" } else { "" };
    if !choice.pairs.is_empty() {
        talk(&format!("{pairs} of {cpus}{drawn}, {REPETITIONS} times each"));
    }
    let threads = PinnedThreads::start(&choice.pairs, REPETITIONS);
    let mut progress = Progress::new(choice.pairs.len() * REPETITIONS as usize);
    let mut next_round = Instant::now();
    let go_on = |done: usize| {
        progress.show(done);
        if done.is_multiple_of(choice.pairs.len()) {
            std::thread::sleep(next_round.saturating_duration_since(Instant::now()));
            next_round = Instant::now() + ROUND;
        }
        !is_to_stop.load(Ordering::Relaxed)
    };
    Ok(measure(&choice.pairs, REPETITIONS, seed, |pair, repetition| threads.round_trip(pair, repetition), go_on))
}

/// Becomes true when the user wants to stop. One who wants it twice does not wait for what is in hand.
pub(in crate::cmd) fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, i32::from(code::INTERRUPTED), Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// A bar on a terminal. It is drawn by the thread that waits, between pairs only.
struct Progress {
    bar: ProgressBar,
    started: Instant,
    total: usize,
}

impl Progress {
    fn new(total: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr_with_hz(4));
        bar.set_style(ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}").expect("the template is a constant"));
        Progress { bar, started: Instant::now(), total }
    }

    fn show(&mut self, done: usize) {
        // The first tell little of the rest.
        if done >= 20 {
            let left = self.started.elapsed().as_secs_f64() / done as f64 * (self.total - done) as f64;
            self.bar.set_message(format!("about {} left", span(left as u64)));
        }
        self.bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The map for people.
fn text(map: &CoreToCore) -> String {
    let cpus = map.topology.usable_by_place();
    if cpus.len() < 2 {
        return "This process may use one cpu only: no line goes anywhere, so there is nothing to measure.".into();
    }
    let mut parts = Vec::new();
    if cpus.len() <= MOST_IN_MATRIX {
        let numbers: Vec<usize> = cpus.iter().map(|cpu| cpu.id).collect();
        parts.push(format!(
            "Nanoseconds a cache line takes from the cpu of a row to that of a column and back\n\n{}",
            matrix(map, &numbers)
        ));
    }
    parts.push(format!("{}, nanoseconds\n\n{}", what_classes_hold(map), classes(map)));
    parts.extend(unknown(map));
    parts.join("\n")
}

fn what_classes_hold(map: &CoreToCore) -> String {
    let sampled =
        if map.sampled { format!("; with more than {MOST_MAPPED} cpus a sample of the pairs") } else { String::new() };
    format!("By what two cpus share, each direction a pair, median of {} times{sampled}", map.repetitions)
}

/// Each cpu a row and a column, near ones together.
fn matrix(map: &CoreToCore, cpus: &[usize]) -> Grid {
    let pairs: HashMap<(usize, usize), &CorePair> = map.pairs.iter().map(|pair| ((pair.from, pair.to), pair)).collect();
    let heads: Vec<String> = std::iter::once(String::new()).chain(cpus.iter().map(label)).collect();
    let mut grid = Grid::new(&heads.iter().map(String::as_str).collect::<Vec<_>>(), &[0]);
    for from in cpus {
        let cell = |to: &usize| match pairs.get(&(*from, *to)) {
            Some(pair) => pair.round_trip_ns.map_or("?".into(), |ns| ns.to_string()),
            None => "-".into(),
        };
        grid.row(std::iter::once(label(from)).chain(cpus.iter().map(cell)).collect(), Emphasis::Plain);
    }
    grid
}

fn label(cpu: &usize) -> String {
    format!("cpu {cpu}")
}

/// A row for each class there is.
fn classes(map: &CoreToCore) -> Grid {
    let mut grid = Grid::new(&["class", "pairs", "median", "least", "most"], &[0]);
    for class in core_to_core::classes(map) {
        let figure = |ns: Option<f64>| ns.map_or("?".into(), |ns| format!("{ns:.0}"));
        let figures = [class.median_ns, class.least_ns, class.most_ns].map(figure);
        grid.row(
            [class.class.to_string(), class.pairs.to_string()].into_iter().chain(figures).collect(),
            Emphasis::Plain,
        );
    }
    grid
}

/// How many pairs are not known, and why.
fn unknown(map: &CoreToCore) -> Option<String> {
    let unknown: Vec<&CorePair> = map.pairs.iter().filter(|pair| pair.round_trip_ns.is_none()).collect();
    let whys: BTreeSet<&str> = unknown.iter().filter_map(|pair| pair.why.as_deref()).collect();
    let some: Vec<&str> = whys.iter().copied().take(4).collect();
    let more = if whys.len() > some.len() { "; and others" } else { "" };
    let why = some.join("; ");
    (!unknown.is_empty()).then(|| format!("? is not known, {}: {why}{more}\n", count(unknown.len(), "pair")))
}
