//! What came of a self-test, from its files alone.

use std::path::Path;

use crate::proof::{self, Agreement, agreement, allowed, at_least, covered, groups, power, rounds_for, scatter};
use crate::ranking::{Context, Logs, MARGIN, PairRow, all_pairs, is_limit, rank};
use crate::record::{self, Results};
use crate::scenario::Scenario;
use crate::schedule::contender::split;
use crate::stats::{Verdict, median};
use crate::table::{Emphasis, Grid, significant};

/// Rounds of a comparison: those of a pilot.
const COMPARISON: usize = 20;
/// What a slow-down is to be found in, in seconds of the pair's own blocks: share, seconds, power.
const WANTED_POWER: [(f64, f64, f64); 3] = [(0.03, 90.0, 0.90), (0.05, 40.0, 0.90), (0.10, 20.0, 0.99)];

/// The report, and whether everything held.
pub struct Report {
    pub text: String,
    pub holds: bool,
}

/// Of the files in `folder`.
pub fn of(folder: &Path) -> anyhow::Result<Report> {
    let read = |name: &str| record::read(&folder.join(format!("{name}.jsonl")));
    let (calm, disturbed) = (Measured::of(&read("calm")?)?, Measured::of(&read("disturbed")?)?);
    let (first, second) = (pairs_of(&read("first")?)?, pairs_of(&read("second")?)?);
    let mut report = Report { text: String::new(), holds: true };
    report.false_alarms(&calm, &disturbed);
    report.slow_downs(&calm);
    report.costs(&calm);
    report.agreement(agreement(&first, &second));
    report.text = report.text.trim_end().to_owned();
    Ok(report)
}

/// A study's log rates, and what a pair of its blocks takes.
struct Measured {
    logs: Logs,
    pair_s: f64,
}

impl Measured {
    fn of(results: &Results) -> anyhow::Result<Measured> {
        let scenario: Scenario = results.run.scenarios[0].id.parse().map_err(anyhow::Error::msg)?;
        let logs = Logs::of(scenario.workload, &results.blocks);
        // What blocks waited for the host's cpus is part of it.
        let wall_ns: u64 = results.blocks.iter().map(|block| block.wall_ns).sum();
        Ok(Measured { logs, pair_s: 2.0 * wall_ns as f64 / results.blocks.len().max(1) as f64 / 1e9 })
    }

    /// The contenders called `name`, each with the queue it is.
    fn named(&self, is_meant: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let queues = self.logs.sound().0.into_iter();
        queues
            .filter(|queue| split(queue).1.is_some_and(&is_meant))
            .map(|queue| (queue.to_owned(), split(queue).0.to_owned()))
            .collect()
    }

    fn pool(&self, of: &str, to: &str) -> Vec<f64> {
        groups(self.logs.get(of), self.logs.get(to), 1).concat()
    }
}

impl Report {
    fn say(&mut self, holds: bool, what: &str) {
        self.holds &= holds;
        self.text.push_str(&format!("{} {what}\n", if holds { "holds    " } else { "FALLS SHORT" }));
    }

    fn table(&mut self, title: &str, grid: &Grid) {
        self.text.push_str(&format!("\n{title}\n{grid}"));
    }

    fn false_alarms(&mut self, calm: &Measured, disturbed: &Measured) {
        let mut grid = Grid::new(&["one queue, twice", "comparisons", "faster or slower", "allowed"], &[0]);
        let mut judged = Vec::new();
        for (title, measured, name) in [
            ("the same code", calm, "same"),
            ("compiled a second time", calm, "twin"),
            ("the same code, something in the way", disturbed, "same"),
        ] {
            let (mut all, mut alarms) = (0, 0);
            for (contender, queue) in measured.named(|own| own == name) {
                for group in groups(measured.logs.get(&contender), measured.logs.get(&queue), COMPARISON) {
                    let verdict = proof::verdict(&group, MARGIN);
                    all += 1;
                    alarms += u64::from(matches!(verdict, Some(Verdict::Faster | Verdict::Slower)));
                }
            }
            let most = allowed(all);
            grid.row(
                [title, &all.to_string(), &alarms.to_string(), &most.to_string()].map(String::from).to_vec(),
                Emphasis::Plain,
            );
            judged.push((alarms <= most, format!("{title}: {alarms} false alarms of {all}, at most {most}")));
        }
        self.table(&format!("False alarms at 5 %, each comparison {COMPARISON} rounds of its own"), &grid);
        for (holds, what) in judged {
            self.say(holds, &what);
        }
    }

    fn slow_downs(&mut self, calm: &Measured) {
        let heads = ["slowed on purpose", "made", "found at", "power", "wrong sign", "covered"];
        let mut grid = Grid::new(&heads, &[0]);
        let (mut holds_all, mut wrong_all, mut hits, mut trials) = (Vec::new(), 0.0f64, 0, 0);
        for (contender, queue) in calm.named(|name| name.starts_with("plus")) {
            let pool = calm.pool(&contender, &queue);
            let Some(centre) = crate::stats::Differences::new(&pool).map(|pool| pool.estimate()) else { continue };
            let own = groups(calm.logs.get(&contender), calm.logs.get(&queue), COMPARISON);
            let held = covered(&own).unwrap_or(0);
            (hits, trials) = (hits + held, trials + own.len() as u64);
            // The wanted slow-down nearest to the one that was made; the pool is moved to it.
            let made = -centre.exp_m1();
            let nearest = WANTED_POWER.iter().min_by(|a, b| (a.0 - made).abs().total_cmp(&(b.0 - made).abs()));
            let Some((share, seconds, wanted)) = nearest.copied() else { continue };
            let rounds = (seconds / calm.pair_s) as usize;
            let Some(power) = power(&pool, (-share).ln_1p(), rounds, 1) else { continue };
            wrong_all = wrong_all.max(power.wrong);
            holds_all.push((
                power.found >= wanted,
                format!(
                    "{queue}: {:.0} % found in {seconds} s ({rounds} of {} rounds) with power {:.3}, wanted {wanted}",
                    share * 100.0,
                    pool.len(),
                    power.found
                ),
            ));
            grid.row(
                vec![
                    contender,
                    format!("{:.1} %", made * 100.0),
                    format!("{:.0} % in {seconds} s", share * 100.0),
                    format!("{:.3}", power.found),
                    format!("{:.3}", power.wrong),
                    format!("{held} of {}", own.len()),
                ],
                Emphasis::Plain,
            );
        }
        self.table("Slow-downs (power by drawing rounds from all that were recorded)", &grid);
        for (holds, what) in holds_all {
            self.say(holds, &what);
        }
        self.say(wrong_all == 0.0, &format!("no wrong sign in 1000 comparisons each (worst {wrong_all})"));
        let bound = at_least(hits, trials);
        let what = format!(
            "intervals of {COMPARISON} rounds hold the truth in {hits} of {trials}: at least {:.1} %, wanted 90",
            bound * 100.0
        );
        self.say(bound >= 0.90, &what);
    }

    fn costs(&mut self, calm: &Measured) {
        let mut grid = Grid::new(&["a pair of", "scatter", "to within 3 %", "to within 1 %"], &[0]);
        let mut costs = [Vec::new(), Vec::new()];
        for (contender, queue) in calm.named(|name| name == "same") {
            let pool = calm.pool(&contender, &queue);
            let cost = |precision| rounds_for(&pool, precision).map_or(f64::NAN, |rounds| rounds * calm.pair_s);
            let own = [cost(0.03), cost(0.01)];
            costs[0].push(own[0]);
            costs[1].push(own[1]);
            let scatter = format!("{:.0} %", scatter(&pool).unwrap_or(f64::NAN) * 100.0);
            let seconds = own.map(|seconds| format!("{} s", significant(seconds)));
            grid.row(vec![queue, scatter, seconds[0].clone(), seconds[1].clone()], Emphasis::Plain);
        }
        self.table(&format!("Cost, at {:.0} ms a pair of blocks", calm.pair_s * 1e3), &grid);
        for (costs, percent, wanted) in [(&costs[0], 3, 30.0), (&costs[1], 1, 300.0)] {
            let middle = median(costs).unwrap_or(f64::NAN);
            self.say(
                middle <= wanted,
                &format!("to within {percent} %: {} s in the middle, wanted {wanted} s", significant(middle)),
            );
        }
    }

    fn agreement(&mut self, agreement: Agreement) {
        let Agreement { decided, confirmed, reversed } = agreement;
        self.text.push('\n');
        let holds = reversed == 0 && confirmed as f64 >= 0.95 * decided as f64;
        let what = format!(
            "two whole runs: {confirmed} of {decided} verdicts on pairs confirmed, {reversed} reversed; wanted 95 %, none"
        );
        self.say(holds, &what);
    }
}

/// All pairs of a whole run.
fn pairs_of(results: &Results) -> anyhow::Result<Vec<PairRow>> {
    let line = &results.run.scenarios[0];
    let scenario: Scenario = line.id.parse().map_err(anyhow::Error::msg)?;
    let context = Context { families: &results.run.families, margin: MARGIN, oversubscribed: line.oversubscribed };
    let ranking = rank(&scenario, &results.blocks, &context);
    let logs = Logs::of(scenario.workload, &results.blocks).retain(|queue| !is_limit(queue));
    Ok(all_pairs(&logs, &ranking))
}
