//! Which signals of noise predict how far a block lies from the others of its cell? The table behind METHODOLOGY's choice.
//!
//! `cargo run --release --example noise_signals -- FILE...`

use std::collections::BTreeMap;
use std::path::Path;

use queuebench::ranking::{figure_of, is_limit};
use queuebench::record::{self, Block};
use queuebench::scenario::Scenario;
use queuebench::schedule::gate::is_elsewhere;
use queuebench::stats::median;
use queuebench::workload::Workload;

/// A signal: its name, its value for a block, and the value above which a block would be flagged.
type Signal = (&'static str, fn(&Block) -> Option<f64>, f64);

const SIGNALS: [Signal; 7] = [
    ("line, against the cell's usual", |block| Some(block.line_ns? as f64), f64::NAN),
    ("run delay, share of the window", |block| share(block.report.run_delay_ns, block), 0.02),
    ("steal, ticks", |block| Some(block.steal_ticks as f64), 0.0),
    ("involuntary switches", |block| Some(block.report.involuntary_switches as f64), 8.0),
    ("page faults", |block| Some(block.report.page_faults as f64), 0.0),
    ("time to ready, ns", |block| Some(block.ready_ns as f64), f64::INFINITY),
    ("place in the round", |block| Some(f64::from(block.position)), f64::INFINITY),
];

fn share(ns: u64, block: &Block) -> Option<f64> {
    Some(ns as f64 / block.report.elapsed_ns.max(1) as f64)
}

/// A block with how far it lies from the middle of its cell, as a log ratio of rates.
struct Residual {
    block: Block,
    residual: f64,
    usual_line: Option<f64>,
}

fn main() -> anyhow::Result<()> {
    let mut cells = Vec::new();
    for file in std::env::args().skip(1) {
        cells.extend(cells_of(&file)?);
    }
    anyhow::ensure!(!cells.is_empty(), "name results files: cargo run --release --example noise_signals -- FILE...");
    let blocks: usize = cells.iter().map(Vec::len).sum();
    println!("{blocks} blocks in {} cells of queues that have a cpu for each thread\n", cells.len());
    println!("{:<32} {:>12} {:>8} {:>10} {:>12} {:>12}", "signal", "correlation", "z", "flagged", "off by", "others");
    for signal in SIGNALS {
        print_signal(&signal, &cells);
    }
    println!(
        "\ncorrelation: of ranks with the rate, the mean over cells; z: all cells together, beyond 3 is no chance"
    );
    println!("off by: how far flagged blocks lie from the middle of their cell, in the middle; and all others");
    Ok(())
}

/// The sound cells of a file, without limits and crowded scenarios, in which waiting for a cpu is part of the thing.
fn cells_of(file: &str) -> anyhow::Result<Vec<Vec<Residual>>> {
    let results = record::read(Path::new(file))?;
    let calm = results.run.scenarios.iter().filter(|line| !line.oversubscribed).map(|line| line.id.clone());
    let calm: Vec<String> = calm.collect();
    let mut by_cell: BTreeMap<(String, String), Vec<Block>> = BTreeMap::new();
    for block in results.blocks {
        if calm.contains(&block.scenario) && !is_limit(&block.queue) {
            by_cell.entry((block.scenario.clone(), block.queue.clone())).or_default().push(block);
        }
    }
    let mut cells = Vec::new();
    for ((scenario, _), blocks) in by_cell {
        let workload = scenario.parse::<Scenario>().map_err(anyhow::Error::msg)?.workload;
        // A short round trip is what a high rate is.
        let sign = if workload == Workload::Pingpong { -1.0 } else { 1.0 };
        let logs: Option<Vec<f64>> =
            blocks.iter().map(|block| figure_of(workload, &block.report).map(|figure| sign * figure.ln())).collect();
        let Some((logs, middle)) = logs.and_then(|logs| median(&logs).map(|middle| (logs, middle))) else { continue };
        let lines: Vec<f64> = blocks.iter().filter_map(|block| Some(block.line_ns? as f64)).collect();
        let usual_line = median(&lines);
        let residuals =
            blocks.into_iter().zip(logs).map(|(block, log)| Residual { block, residual: log - middle, usual_line });
        cells.push(residuals.collect());
    }
    Ok(cells)
}

fn print_signal((name, value, flag_above): &Signal, cells: &[Vec<Residual>]) {
    let (mut correlations, mut z) = (Vec::new(), Vec::new());
    let (mut flagged, mut others) = (Vec::new(), Vec::new());
    for cell in cells {
        let known: Vec<(f64, f64)> =
            cell.iter().filter_map(|block| Some((value(&block.block)?, block.residual))).collect();
        if let Some(correlation) = rank_correlation(&known) {
            correlations.push(correlation);
            z.push(correlation * (known.len() as f64 - 1.0).sqrt());
        }
        for block in cell {
            let Some(own) = value(&block.block) else { continue };
            let is_flagged = match block.usual_line.filter(|_| flag_above.is_nan()) {
                Some(usual) => is_elsewhere(own as u64, usual as u64),
                None => own > *flag_above,
            };
            if is_flagged { &mut flagged } else { &mut others }.push(block.residual.abs());
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let combined = z.iter().sum::<f64>() / (z.len().max(1) as f64).sqrt();
    let percent = |values: &[f64]| median(values).map_or("-".into(), |log| format!("{:.0} %", log.exp_m1() * 100.0));
    println!(
        "{name:<32} {:>+12.2} {combined:>+8.1} {:>10} {:>12} {:>12}",
        mean(&correlations),
        flagged.len(),
        percent(&flagged),
        percent(&others)
    );
}

/// Spearman's, with the mean rank for what is equal; `None` where a side does not vary.
fn rank_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let rank = |value: f64| {
            let below = values.iter().filter(|other| **other < value).count() as f64;
            let equal = values.iter().filter(|other| **other == value).count() as f64;
            below + (equal - 1.0) / 2.0
        };
        values.iter().map(|value| rank(*value)).collect()
    };
    let (x, y) = pairs.iter().copied().unzip::<f64, f64, Vec<f64>, Vec<f64>>();
    let (x, y) = (ranks(x), ranks(y));
    let middle = (pairs.len() as f64 - 1.0) / 2.0;
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let both = (sum(&x, &x) * sum(&y, &y)).sqrt();
    (both > 0.0).then(|| sum(&x, &y) / both)
}
