//! `rank`: the tables of results files.

mod boundary;
mod csv;
mod markdown;
mod needs;
mod pool;
mod section;

use std::path::PathBuf;

use clap::Args;

use super::{Format, out, talk};
use crate::filter::Filter;
use crate::protocol::Outcome;
use crate::record;
use crate::table::percent;
pub use boundary::{between, table as boundary_table};
use needs::Needs;
use pool::Pooled;
pub use section::{Measured, Section};

/// Print the tables of results files: for each scenario the queues, those that may be the best first. Files of one
/// machine are pooled.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench rank results/local/*.jsonl
  queuebench rank run.jsonl --for 2p2c,bounded,256B      which queue for me?
  queuebench rank run.jsonl -s pingpong --pairs          who differs from whom
  queuebench rank run.jsonl --boundary                   threads or processes?
  queuebench rank run.jsonl --format json | jq '.[].rows[0].queue'

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
        let sections = self.sections()?;
        match (&needs, self.format) {
            (None, format) if self.boundary => print_crossings(&sections, format)?,
            (Some(needs), _) => {
                out(&needs::answer(needs, self.needs.as_deref().unwrap_or_default(), &sections)?)?;
            }
            (None, Format::Table) => self.print_tables(&sections)?,
            (None, Format::Json) => out(&serde_json::to_string_pretty(&sections)?)?,
            (None, Format::Csv) => out(&csv::csv(&sections))?,
            (None, Format::Markdown) => out(&markdown::markdown(&sections, self.wide))?,
        }
        let mut code = 0;
        for section in &sections {
            for row in section.ranking.rows.iter().filter(|row| row.outcome != Outcome::Ok) {
                talk(&format!("{}  {} in {}: no figure", row.outcome, row.queue, section.ranking.scenario));
                code = super::code::OUTCOME;
            }
        }
        Ok(code)
    }

    fn print_tables(&self, sections: &[Section]) -> anyhow::Result<()> {
        let mut files = None;
        for section in sections {
            if self.files.len() > 1 && files != Some(&section.files) {
                files = Some(&section.files);
                out(&format!("\n{} ({})", section.files.join(", "), section.machine))?;
            }
            out(&section.table(self.wide))?;
        }
        for (section, crossing) in boundary::crossings(sections) {
            out(&boundary::table(section, &crossing))?;
        }
        Ok(())
    }

    fn sections(&self) -> anyhow::Result<Vec<Section>> {
        let filter = |text: &Option<String>| text.as_deref().map(Filter::new).transpose();
        let (queues, scenarios) = (filter(&self.queue)?, filter(&self.scenario)?);
        let files: Result<Vec<_>, _> = self.files.iter().map(|file| record::read(file)).collect();
        let mut sections = Vec::new();
        for mut pool in Pooled::all(files?)? {
            for line in pool.scenarios.clone() {
                let matches = |filter: &Filter| {
                    filter.matches(&line.id) || line.name.as_ref().is_some_and(|name| filter.matches(name))
                };
                let mut part = pool.take(&line.id);
                part.blocks.retain(|block| queues.as_ref().is_none_or(|filter| filter.matches(&block.queue)));
                if part.blocks.is_empty() || !scenarios.as_ref().is_none_or(matches) {
                    continue;
                }
                let measured = Measured { run: &pool.run, families: &pool.families, line: &line, blocks: &part.blocks };
                let mut section = Section::new(&measured, self.margin.unwrap_or(pool.run.margin), self.pairs)?;
                (section.runs, section.files, section.suite) = (part.files.len(), part.files, part.suite);
                sections.push(section);
            }
        }
        if sections.is_empty() {
            let filters: Vec<String> = [&self.queue, &self.scenario].into_iter().flatten().cloned().collect();
            anyhow::ensure!(!filters.is_empty(), "no block was measured in these files; measure with: queuebench run");
            anyhow::bail!("nothing in these files matches '{}'; without filters all is shown", filters.join("' and '"));
        }
        Ok(sections)
    }
}

/// What the boundary costs, and nothing else.
fn print_crossings(sections: &[Section], format: Format) -> anyhow::Result<()> {
    anyhow::ensure!(format != Format::Csv, "--boundary has no csv; take --format json");
    let crossings = boundary::crossings(sections);
    anyhow::ensure!(
        !crossings.is_empty(),
        "no queue was run on both sides of the boundary in these scenarios; measure with: queuebench run --suite boundary"
    );
    if format == Format::Json {
        let all: Vec<_> = crossings.iter().map(|(_, crossing)| crossing).collect();
        return out(&serde_json::to_string_pretty(&all)?);
    }
    for (section, crossing) in &crossings {
        match format {
            Format::Markdown => out(&boundary::markdown(section, crossing))?,
            _ => out(&boundary::table(section, crossing))?,
        }
    }
    Ok(())
}
