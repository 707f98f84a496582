//! What came of a self-test, from its files alone.

use std::path::Path;

use anyhow::Context as _;

use crate::proof::{
    self, Agreement, COMPARISONS, agreement, allowed, at_least, covered, groups, power, rounds_for, scatter,
};
use crate::ranking::{Context, Logs, MARGIN, PairRow, all_pairs, is_limit, rank};
use crate::record::{self, Results, ScenarioLine};
use crate::scenario::Scenario;
use crate::schedule::contender::split;
use crate::stats::{Differences, Verdict, median};
use crate::table::{Emphasis, Grid, significant};

/// Rounds of a comparison: those of a pilot.
const COMPARISON: usize = 20;
/// What a slow-down is to be found in, in seconds of the pair's own blocks: share, seconds, power.
const WANTED_POWER: [(f64, f64, f64); 3] = [(0.03, 90.0, 0.90), (0.05, 40.0, 0.90), (0.10, 20.0, 0.99)];

/// Comparisons below which their number says nothing about coverage.
const ENOUGH_TRIALS: u64 = 300;

/// How often slow-downs are found in the blocks of a pair.
struct Found {
    /// The slow-down that was made.
    made: f64,
    power: [f64; 3],
    wrong: f64,
}

impl Found {
    fn of(pool: &[f64], pair_s: f64) -> Option<Found> {
        let made = -Differences::new(pool)?.estimate().exp_m1();
        let powers = WANTED_POWER
            .map(|(share, seconds, _)| power(pool, (-share).ln_1p(), (seconds / pair_s) as usize, COMPARISONS));
        let [Some(first), Some(second), Some(third)] = powers else { return None };
        let wrong = first.wrong.max(second.wrong).max(third.wrong);
        Some(Found { made, power: [first.found, second.found, third.found], wrong })
    }

    fn cells(&self, name: String, covered: String) -> Vec<String> {
        let mut cells = vec![name, format!("{:.1} %", self.made * 100.0)];
        cells.extend(self.power.map(|power| format!("{power:.3}")));
        cells.extend([format!("{:.3}", self.wrong), covered]);
        cells
    }
}

/// Times that the power curve is shown for, in seconds of a pair's blocks.
const TIMES_S: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 40.0, 90.0];

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
        let scenario: Scenario = first_of(results)?.id.parse().map_err(anyhow::Error::msg)?;
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
            ("compiled a second time, something in the way", disturbed, "twin"),
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
            judged
                .push((all > 0 && alarms <= most, format!("{title}: {alarms} false alarms of {all}, at most {most}")));
        }
        self.table(&format!("False alarms at 5 %, each comparison {COMPARISON} rounds of its own"), &grid);
        for (holds, what) in judged {
            self.say(holds, &what);
        }
    }

    fn slow_downs(&mut self, calm: &Measured) {
        let wanted = WANTED_POWER.map(|(share, seconds, _)| format!("{:.0} % in {seconds} s", share * 100.0));
        let heads = ["slowed on purpose", "by", &wanted[0], &wanted[1], &wanted[2], "wrong sign", "covered"];
        let mut grid = Grid::new(&heads, &[0]);
        let (mut worst, mut wrong, mut hits, mut trials) = ([f64::NAN; 3], 0.0f64, 0, 0);
        for (contender, queue) in calm.named(|name| name.starts_with("plus")) {
            let pool = calm.pool(&contender, &queue);
            let Some(found) = Found::of(&pool, calm.pair_s) else { continue };
            let own = groups(calm.logs.get(&contender), calm.logs.get(&queue), COMPARISON);
            let held = covered(&own).unwrap_or(0);
            (hits, trials) = (hits + held, trials + own.len() as u64);
            wrong = wrong.max(found.wrong);
            worst = std::array::from_fn(|at| worst[at].min(found.power[at]));
            grid.row(found.cells(contender, format!("{held} of {}", own.len())), Emphasis::Plain);
        }
        // What the same slow-downs would look like on the other queues: the scatter of a queue beside itself.
        for (contender, queue) in calm.named(|name| name == "same") {
            let found = Found::of(&calm.pool(&contender, &queue), calm.pair_s);
            if let Some(found) = found {
                grid.row(found.cells(queue, "-".into()), Emphasis::Dim);
            }
        }
        let rounds = calm.logs.rounds();
        self.table(
            &format!("Power: shares of 1000 comparisons drawn from {rounds} rounds, moved to 3, 5 and 10 %"),
            &grid,
        );
        self.curve(calm);
        for ((share, seconds, power), worst) in WANTED_POWER.into_iter().zip(worst) {
            let what = format!(
                "{:.0} % found in {seconds} s of a pair's blocks: power {worst:.3} at least on what was slowed, wanted {power}",
                share * 100.0
            );
            self.say(worst >= power, &what);
        }
        self.say(wrong == 0.0, &format!("wrong sign: {wrong:.3} of the comparisons at most"));
        let bound = at_least(hits, trials);
        let what = format!(
            "intervals of {COMPARISON} rounds hold the slow-down of all rounds in {hits} of {trials}: {:.1} % at least, wanted 90",
            bound * 100.0
        );
        if trials >= ENOUGH_TRIALS {
            self.say(bound >= 0.90, &what);
        }
    }

    /// The power at several times, in the middle of all pairs.
    fn curve(&mut self, calm: &Measured) {
        let heads: Vec<String> = TIMES_S.iter().map(|seconds| format!("{seconds} s")).collect();
        let heads: Vec<&str> = std::iter::once("found in").chain(heads.iter().map(String::as_str)).collect();
        let mut grid = Grid::new(&heads, &[0]);
        let pairs = calm.named(|name| name == "same" || name.starts_with("plus"));
        let pools: Vec<Vec<f64>> = pairs.iter().map(|(contender, queue)| calm.pool(contender, queue)).collect();
        for (share, ..) in WANTED_POWER {
            let at = |seconds: f64| {
                let rounds = (seconds / calm.pair_s) as usize;
                let powers: Vec<f64> = pools
                    .iter()
                    .filter_map(|pool| Some(power(pool, (-share).ln_1p(), rounds, COMPARISONS / 5)?.found))
                    .collect();
                median(&powers).map_or_else(|| "-".into(), |power| format!("{power:.2}"))
            };
            let cells = std::iter::once(format!("{:.0} % slower", share * 100.0)).chain(TIMES_S.map(at));
            grid.row(cells.collect(), Emphasis::Plain);
        }
        self.table("Power by the time of a pair's blocks, in the middle of these pairs", &grid);
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
        let holds = decided > 0 && reversed == 0 && confirmed as f64 >= 0.95 * decided as f64;
        let what = format!(
            "two whole runs: {confirmed} of {decided} verdicts on pairs confirmed, {reversed} reversed; wanted 95 %, none"
        );
        self.say(holds, &what);
    }
}

/// The one scenario that a study has.
fn first_of(results: &Results) -> anyhow::Result<&ScenarioLine> {
    results.run.scenarios.first().with_context(|| format!("{} has no scenario", results.path.display()))
}

/// All pairs of a whole run.
fn pairs_of(results: &Results) -> anyhow::Result<Vec<PairRow>> {
    let line = first_of(results)?;
    let scenario: Scenario = line.id.parse().map_err(anyhow::Error::msg)?;
    let context = Context { families: &results.run.families, margin: MARGIN, oversubscribed: line.oversubscribed };
    let ranking = rank(&scenario, &results.blocks, &context);
    let logs = Logs::of(scenario.workload, &results.blocks).retain(|queue| !is_limit(queue));
    Ok(all_pairs(&logs, &ranking))
}
