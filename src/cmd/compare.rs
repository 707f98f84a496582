//! `compare`: two results files, of one machine at two times or of two machines.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{PlainFormat, code, out, talk};
use crate::comparison::{ComparedRow, ComparedScenario, Comparison, LeftOut, NO_FIGURE_IN_NEW, compare, obstacle};
use crate::filter::Filter;
use crate::ranking::ratio_words;
use crate::record::{self, Results};
use crate::stats::Verdict;
use crate::table::{Emphasis, Grid, count, duration, percent, significant};

/// Compare two results files: what has changed on one machine, or how two machines differ.
///
/// Figures of two runs are never compared as they are, but by their ratios to the reference queue, which is in every round
/// of both. Two builds of a queue are better compared in the same rounds: queuebench run --worker.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench compare before.jsonl after.jsonl
  queuebench compare before.jsonl after.jsonl -q mycrate --fail-over 5%     exits with 5 if it is surely slower
  queuebench compare results/one/FILE results/other/FILE                    two machines")]
pub struct Compare {
    /// What it is compared with
    base: PathBuf,
    /// What is compared
    new: PathBuf,
    /// Only queues whose id matches this regular expression, or contains it as it stands
    #[arg(short = 'q', long, value_name = "RE")]
    queue: Option<String>,
    /// Only scenarios whose id matches this regular expression, or contains it as it stands
    #[arg(short = 's', long, value_name = "RE")]
    scenario: Option<String>,
    /// Changes smaller than this are equivalent
    #[arg(long, value_parser = percent, default_value = "5%", value_name = "PERCENT")]
    margin: f64,
    /// Exit with 5 if a queue has surely become slower by more than this, with 3 if one has no figure any more
    #[arg(long, value_parser = percent, value_name = "PERCENT")]
    fail_over: Option<f64>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = PlainFormat::Table, value_name = "FORMAT")]
    format: PlainFormat,
}

impl Compare {
    pub fn run(&self) -> anyhow::Result<u8> {
        let filter = |text: &Option<String>| text.as_deref().map(Filter::new).transpose();
        let (queues, scenarios) = (filter(&self.queue)?, filter(&self.scenario)?);
        let (base, new) = (record::read(&self.base)?, record::read(&self.new)?);
        if let Some((key, one, other)) = obstacle(&base.run, &new.run) {
            bail!(
                "not comparable: {key} differs: '{one}' and '{other}'; measure both alike, or in the same rounds with: queuebench run --worker NAME=PATH"
            );
        }
        for file in [&base, &new] {
            if file.run.profile == "smoke" {
                bail!(
                    "{} is a smoke run: its few rounds say nothing; measure with: queuebench run",
                    file.path.display()
                );
            }
        }
        let mut comparison = compare(&base, &new, self.margin).map_err(anyhow::Error::msg)?;
        if self.fail_over.is_some() && !comparison.same_machine {
            bail!(
                "--fail-over needs two files of one machine; these are of {} and {}",
                base.run.machine.id,
                new.run.machine.id
            );
        }
        comparison.left_out.retain(|left| {
            scenarios.as_ref().is_none_or(|filter| filter.matches(&left.scenario))
                && left.queue.as_ref().is_none_or(|queue| queues.as_ref().is_none_or(|filter| filter.matches(queue)))
        });
        // Filters choose what is shown, not what the difference between runs is measured from.
        comparison
            .scenarios
            .retain(|compared| scenarios.as_ref().is_none_or(|filter| filter.matches(&compared.scenario)));
        for compared in &mut comparison.scenarios {
            compared.rows.retain(|row| queues.as_ref().is_none_or(|filter| filter.matches(&row.queue)));
        }
        comparison.scenarios.retain(|compared| !compared.rows.is_empty());
        if comparison.scenarios.is_empty() {
            let left_out: Vec<String> = comparison.left_out.iter().map(ToString::to_string).collect();
            bail!("nothing is comparable in these files, or matches the filters\n  {}", left_out.join("\n  "));
        }
        match self.format {
            PlainFormat::Json => out(&serde_json::to_string_pretty(&comparison)?)?,
            PlainFormat::Table => out(&text(&comparison, &base, &new))?,
        }
        for left in &comparison.left_out {
            talk(&format!("not compared: {left}"));
        }
        Ok(self.fail_over.map_or(0, |most| gate(&comparison, most)))
    }
}

/// The code to exit with: whether a queue has surely become slower by more than `most`.
fn gate(comparison: &Comparison, most: f64) -> u8 {
    // A queue that has no figure any more has not got faster.
    let gone: Vec<&LeftOut> = comparison.left_out.iter().filter(|left| left.reason == NO_FIGURE_IN_NEW).collect();
    let mut exit = 0;
    if let Some(left) = gone.first() {
        talk(&format!(
            "gone     {left}; {} in all. --fail-over cannot pass what it cannot see: name queues with -q",
            gone.len()
        ));
        exit = code::OUTCOME;
    }
    for compared in &comparison.scenarios {
        for row in &compared.rows {
            let Some([_, high]) = row.change.and_then(|change| change.interval) else { continue };
            if high < 1.0 / (1.0 + most) {
                let slower = (1.0 / high - 1.0) * 100.0;
                talk(&format!("slower   {} in {}: by {slower:.1} % at least", row.queue, compared.scenario));
                exit = code::REGRESSION;
            }
        }
    }
    exit
}

fn text(comparison: &Comparison, base: &Results, new: &Results) -> String {
    let about = |file: &Results| format!("{}  ({}, {})", file.path.display(), file.run.machine.id, file.run.started);
    let mut text = format!("base  {}\nnew   {}\n", about(base), about(new));
    let from = comparison.measured_from.map_or_else(
        || "what such runs usually differ by".to_owned(),
        |ratios| format!("measured from {} of these two", count(ratios, "ratio")),
    );
    text.push_str(&format!(
        "Ratios to the reference are compared. Runs differ by {:.1} % beyond their intervals ({from});\nevery interval is widened by that.\n",
        comparison.between_runs.exp_m1() * 100.0
    ));
    if !comparison.same_machine {
        text.push_str("Two machines: first what a message takes on each, then whether a queue gained or lost beside the reference.\n");
    }
    for compared in &comparison.scenarios {
        text.push_str(&format!("\n{}\n{}", compared.scenario, grid(compared)));
    }
    text.trim_end().to_owned()
}

fn grid(compared: &ComparedScenario) -> String {
    let mut grid =
        Grid::new(&["queue", "base", "new", "x reference", "", "x faster (95 %)", "verdict", "version"], &[0, 6, 7]);
    for row in &compared.rows {
        let emphasis = match row.verdict {
            Some(Verdict::Slower) => Emphasis::Alarm,
            Some(Verdict::Faster) => Emphasis::Strong,
            None => Emphasis::Dim,
            _ => Emphasis::Plain,
        };
        grid.row(cells(row), emphasis);
    }
    grid.to_string()
}

fn cells(row: &ComparedRow) -> Vec<String> {
    let [before, after] = &row.versions;
    let times = row.times_reference.map(|ratio| ratio.map_or_else(|| "-".into(), |ratio| significant(ratio.estimate)));
    let [base, new] = row.ns.map(duration);
    let [times_base, times_new] = times;
    vec![
        row.queue.clone(),
        base,
        new,
        times_base,
        times_new,
        row.change.map_or_else(|| "-".into(), |ratio| ratio_words(&ratio)),
        match row.verdict {
            _ if row.unreliable.is_some() => "UNRELIABLE".into(),
            verdict => verdict.map_or("reference", Verdict::word).to_owned(),
        },
        if before == after { before.clone() } else { format!("{before} -> {after}") },
    ]
}
