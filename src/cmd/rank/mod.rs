//! `rank`: the tables of results files.

mod boundary;
mod csv;
mod markdown;
mod needs;
mod table;

use std::path::PathBuf;

use clap::Args;

use super::{Format, out, talk};
use crate::filter::Filter;
use crate::protocol::Outcome;
use crate::record;
use crate::summary::{Across, Summary, Wanted};
use crate::table::percent;
pub use boundary::table as boundary_table;
pub use csv::csv;
use needs::Needs;
pub use table::table;

/// Print the tables of results files: for each scenario the queues, those that may be the best first. Files of one
/// machine are pooled.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench rank results/local/*.jsonl
  queuebench rank run.jsonl --for 2p2c,bounded,256B      which queue for me?
  queuebench rank run.jsonl -s pingpong --pairs          who differs from whom
  queuebench rank run.jsonl --boundary                   threads or processes?
  queuebench rank run.jsonl --format json | jq '.scenarios[].rows[0].queue'

Columns:
  rank          from the best to the worst place it may have
  x slower      than the best; the interval holds whichever of the best set that is
  verdict       equivalent: within the margin (- but slower); slower; undecided: not enough is known
  ran           empty, full or swinging; * unlike the best
of --wide:
  spread        (p90 - p10) / median over blocks
  of limit      the share of limit/loop's rate
  sleeps/msg    voluntary context switches; full/msg and empty/msg: tries that found it so
  capacity      as measured
  trips         what a tenth and what nine tenths of the round trips took at most
More in METHODOLOGY.md")]
pub struct Rank {
    /// Results files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only queues whose id matches this regular expression, or contains it as it stands
    #[arg(short = 'q', long, value_name = "RE")]
    queue: Option<String>,
    /// Only scenarios whose id matches this regular expression, or contains it as it stands
    #[arg(short = 's', long, value_name = "RE")]
    scenario: Option<String>,
    /// Answer which queue serves these needs, as 2p2c,bounded,256B
    #[arg(long = "for", value_name = "NEEDS", conflicts_with_all = ["pairs", "wide", "format"])]
    needs: Option<String>,
    /// Rates that differ by less are equivalent [default: the run's, 5%]
    #[arg(long, value_parser = percent, value_name = "PERCENT")]
    margin: Option<f64>,
    /// Also every pair of queues, adjusted for their number after Holm
    #[arg(long)]
    pairs: bool,
    /// Only what both sides of the boundary between threads and processes say, and each step between them
    #[arg(long, conflicts_with_all = ["pairs", "wide", "needs"])]
    boundary: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    format: Format,
    /// All columns, however wide
    #[arg(long)]
    wide: bool,
}

impl Rank {
    pub fn run(&self) -> anyhow::Result<u8> {
        let needs = self.needs.as_deref().map(str::parse::<Needs>).transpose().map_err(anyhow::Error::msg)?;
        let summary = self.summary()?;
        let sections = &summary.scenarios;
        match (&needs, self.format) {
            (None, format) if self.boundary => print_crossings(&summary, format)?,
            (Some(needs), _) => {
                out(&needs::answer(needs, self.needs.as_deref().unwrap_or_default(), &summary)?)?;
            }
            (None, Format::Table) => self.print_tables(&summary)?,
            (None, Format::Json) => out(&serde_json::to_string_pretty(&summary)?)?,
            (None, Format::Csv) => out(&csv(sections))?,
            (None, Format::Markdown) => out(&markdown::markdown(sections, self.wide))?,
        }
        for run in summary.runs.iter().filter(|run| run.incomplete) {
            let is_it = |path: &&PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy() == run.file);
            let path =
                self.files.iter().find(is_it).map_or_else(|| run.file.clone(), |path| path.display().to_string());
            talk(&format!("{path} did not come to its end; finish it with: queuebench run --resume {path}"));
        }
        let mut code = 0;
        for section in sections {
            for row in section.ranking.rows.iter().filter(|row| row.outcome != Outcome::Ok) {
                talk(&format!("{}  {} in {}: no figure", row.outcome, row.queue, section.ranking.scenario));
                code = super::code::OUTCOME;
            }
        }
        Ok(code)
    }

    fn print_tables(&self, summary: &Summary) -> anyhow::Result<()> {
        let mut files = None;
        for section in &summary.scenarios {
            if self.files.len() > 1 && files != Some(&section.files) {
                files = Some(&section.files);
                out(&format!("\n{} ({})", section.files.join(", "), section.machine))?;
            }
            out(&table(section, self.wide))?;
        }
        summary.crossings.iter().try_for_each(|across| out(&boundary_table(&across.crossing)))
    }

    fn summary(&self) -> anyhow::Result<Summary> {
        let filter = |text: &Option<String>| text.as_deref().map(Filter::new).transpose();
        let wanted = Wanted {
            margin: self.margin,
            pairs: self.pairs,
            queues: filter(&self.queue)?,
            scenarios: filter(&self.scenario)?,
            only_tables: self.format != Format::Json || self.boundary,
        };
        let files: Result<Vec<_>, _> = self.files.iter().map(|file| record::read(file)).collect();
        let summary = Summary::of(files?, Vec::new(), &wanted)?;
        if summary.scenarios.is_empty() {
            let filters: Vec<String> = [&self.queue, &self.scenario].into_iter().flatten().cloned().collect();
            anyhow::ensure!(!filters.is_empty(), "no block was measured in these files; measure with: queuebench run");
            anyhow::bail!("nothing in these files matches '{}'; without filters all is shown", filters.join("' and '"));
        }
        Ok(summary)
    }
}

/// What the boundary costs, and nothing else.
fn print_crossings(summary: &Summary, format: Format) -> anyhow::Result<()> {
    anyhow::ensure!(format != Format::Csv, "--boundary has no csv; take --format json");
    let crossings = &summary.crossings;
    anyhow::ensure!(
        !crossings.is_empty(),
        "no queue was run on both sides of the boundary in these scenarios; measure with: queuebench run --suite boundary"
    );
    if format == Format::Json {
        return out(&serde_json::to_string_pretty(crossings)?);
    }
    for Across { crossing, .. } in crossings {
        match format {
            Format::Markdown => out(&boundary::markdown(crossing))?,
            _ => out(&boundary_table(crossing))?,
        }
    }
    Ok(())
}
