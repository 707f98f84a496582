//! `rank`: the tables of results files.

use std::path::PathBuf;

use clap::Args;

use super::{Format, count, out, talk};
use crate::filter::Filter;
use crate::protocol::Outcome;
use crate::queue::Capacity;
use crate::ranking::{Noise, Ranking, Ratio, Row, rank};
use crate::record::{self, Results, Run, ScenarioLine};
use crate::scenario::Scenario;
use crate::schedule::profile::Profile;
use crate::table::{Emphasis, Grid, WIDTH, duration, rate, significant};
use crate::workload::{Size, Workload};

/// What only wide tables have room for.
const WIDE_HEADS: [&str; 8] =
    ["spread", "of limit", "sleeps/msg", "full/msg", "empty/msg", "capacity", "trips 10-90 %", "blocks"];

/// Print the tables of results files: for each scenario the queues, best first.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench rank results/local/*.jsonl
  queuebench rank run.jsonl -s pingpong --wide
  queuebench rank run.jsonl --format json | jq '.[].rows[0].queue'

Columns of --wide:
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
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    format: Format,
    /// All columns, however wide
    #[arg(long)]
    wide: bool,
}

impl Rank {
    pub fn run(&self) -> anyhow::Result<u8> {
        let filter = |text: &Option<String>| text.as_deref().map(Filter::new).transpose();
        let (queues, scenarios) = (filter(&self.queue)?, filter(&self.scenario)?);
        let mut sections = Vec::new();
        for file in &self.files {
            let results = record::read(file)?;
            sections.extend(sections_of(&results, queues.as_ref(), scenarios.as_ref())?);
        }
        if sections.is_empty() {
            let filters: Vec<String> = [&self.queue, &self.scenario].into_iter().flatten().cloned().collect();
            anyhow::ensure!(!filters.is_empty(), "no block was measured in these files; measure with: queuebench run");
            anyhow::bail!("nothing in these files matches '{}'; without filters all is shown", filters.join("' and '"));
        }
        match self.format {
            Format::Table => {
                let mut file = None;
                for section in &sections {
                    if self.files.len() > 1 && section.file != file {
                        file = section.file.clone();
                        out(&format!("\n{} ({})", file.as_deref().unwrap_or_default(), section.machine))?;
                    }
                    out(&section.table(self.wide))?;
                }
            }
            Format::Json => {
                out(&serde_json::to_string_pretty(&sections)?)?;
            }
            Format::Csv => out(&csv(&sections))?,
            Format::Markdown => out(&markdown(&sections, self.wide))?,
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
}

fn sections_of(results: &Results, queues: Option<&Filter>, scenarios: Option<&Filter>) -> anyhow::Result<Vec<Section>> {
    let mut sections = Vec::new();
    for line in &results.run.scenarios {
        let matches =
            |filter: &Filter| filter.matches(&line.id) || line.name.as_ref().is_some_and(|name| filter.matches(name));
        if !scenarios.is_none_or(matches) {
            continue;
        }
        let wanted = |id: &str| queues.is_none_or(|filter| filter.matches(id));
        let own = results.blocks.iter().filter(|block| block.scenario == line.id && wanted(&block.queue));
        let blocks: Vec<_> = own.cloned().collect();
        if !blocks.is_empty() {
            let file = Some(results.path.display().to_string());
            sections.push(Section { file, ..Section::new(&results.run, line, &blocks)? });
        }
    }
    Ok(sections)
}

/// A scenario's table with what stands above and below it.
#[derive(serde::Serialize)]
pub struct Section {
    #[serde(skip)]
    scenario: Scenario,
    #[serde(flatten)]
    ranking: Ranking,
    name: Option<String>,
    threads: usize,
    oversubscribed: bool,
    /// Where it was read from; none while it is being measured.
    file: Option<String>,
    machine: String,
    started: String,
    allocator: String,
    #[serde(skip)]
    compares: bool,
}

impl Section {
    /// Of the blocks of one of a run's scenarios. A smoke run shows no ratio, because so few rounds say nothing.
    ///
    /// # Errors
    ///
    /// When the scenario's id is none.
    pub fn new(run: &Run, line: &ScenarioLine, blocks: &[record::Block]) -> anyhow::Result<Section> {
        let scenario: Scenario = line.id.parse().map_err(anyhow::Error::msg)?;
        let mut ranking = rank(&scenario, blocks, &run.families);
        let compares = run.profile != Profile::Smoke.name();
        if !compares {
            for row in &mut ranking.rows {
                (row.times_slower, row.modes, row.other_regime) = (None, None, false);
            }
        }
        Ok(Section {
            scenario,
            ranking,
            name: line.name.clone(),
            threads: line.threads,
            oversubscribed: line.oversubscribed,
            file: None,
            machine: run.machine.id.clone(),
            started: run.started.clone(),
            allocator: run.toolchain.allocator.clone(),
            compares,
        })
    }

    /// The table as a terminal shows it.
    pub fn table(&self, wide: bool) -> String {
        let (grid, fits) = self.grid(wide, false);
        // What has no room at the end of its row stands below the table.
        let is_below = !wide && !fits;
        let grid = if is_below { self.grid(wide, true).0 } else { grid };
        let mut text = format!("\n{}\n{grid}", self.title());
        for note in self.notes(is_below) {
            for line in wrapped(&note, WIDTH - 4) {
                text.push_str(&line);
            }
        }
        text.trim_end().to_owned()
    }

    /// The rows, and whether they are as narrow as a table is to be.
    fn grid(&self, wide: bool, remarks_below: bool) -> (String, bool) {
        let mut heads = vec!["queue", self.value_head(), "x slower (95 %)", "ran", "cpu/msg"];
        if wide {
            heads.extend(WIDE_HEADS);
        }
        heads.push("");
        let mut grid = Grid::new(&heads, heads.len() - 1);
        let mut first = true;
        for row in &self.ranking.rows {
            let emphasis = match row {
                row if row.outcome != Outcome::Ok => Emphasis::Alarm,
                row if row.limit => Emphasis::Dim,
                _ if first => Emphasis::Strong,
                _ => Emphasis::Plain,
            };
            first = false;
            let mut cells = self.cells(row, wide);
            if let Some(remarks) = cells.last_mut().filter(|remarks| remarks_below && !remarks.is_empty()) {
                *remarks = if row.outcome == Outcome::Ok { String::new() } else { row.outcome.to_string() };
            }
            grid.row(cells, emphasis);
        }
        let fits = grid.width() <= WIDTH;
        (grid.to_string(), fits)
    }

    fn title(&self) -> String {
        let crowd =
            if self.oversubscribed { format!(", {} threads outnumber the cpus", self.threads) } else { String::new() };
        let name = self.name.as_ref().map_or_else(String::new, |name| format!("  {name}"));
        let rounds = count(self.ranking.rounds, "round");
        format!("{}{name}  ({}, {rounds}{crowd})", self.ranking.scenario, self.ranking.unit)
    }

    fn value_head(&self) -> &'static str {
        if self.scenario.workload == Workload::Pingpong { "round trip" } else { "rate" }
    }

    fn value(&self, value: f64) -> String {
        if self.scenario.workload == Workload::Pingpong { duration(value) } else { rate(value) }
    }

    fn cells(&self, row: &Row, wide: bool) -> Vec<String> {
        let dash = || "-".to_owned();
        let number = |value: Option<f64>| value.map_or_else(dash, significant);
        let mut cells = vec![
            row.queue.clone(),
            row.value.map_or_else(dash, |value| self.value(value)),
            row.times_slower.filter(|_| self.compares).map_or_else(dash, |ratio| ratio_words(&ratio)),
            row.regime.map_or_else(dash, |regime| format!("{regime}{}", if row.other_regime { "*" } else { "" })),
            row.cpu_ns_per_message.map_or_else(dash, duration),
        ];
        if wide {
            let [full, empty] = row.failed_tries_per_message.unwrap_or([None, None]);
            cells.extend([
                row.spread.map_or_else(dash, |spread| format!("{:.0} %", spread * 100.0)),
                row.share_of_limit.map_or_else(dash, |share| format!("{:.1} %", share * 100.0)),
                number(row.voluntary_switches_per_message),
                number(full),
                number(empty),
                row.capacity.map_or_else(dash, |capacity| capacity.to_string()),
                row.trips_ns
                    .map_or_else(dash, |[low, high]| format!("{} - {}", duration(low as f64), duration(high as f64))),
                row.blocks.to_string(),
            ]);
        }
        cells.push(self.remarks(row));
        cells
    }

    fn remarks(&self, row: &Row) -> String {
        let mut remarks = Vec::new();
        if row.outcome != Outcome::Ok {
            remarks.push(format!("{} ({} of {})", row.outcome, row.failed_blocks, row.failed_blocks + row.blocks));
        }
        if row.modes.is_some() && self.compares {
            remarks.push("two speeds".into());
        }
        if row.share_of_limit.is_some_and(|share| share > 0.9) && self.scenario.work != Default::default() {
            remarks.push("bounded by the work".into());
        }
        remarks.extend(row.flags.keys().cloned());
        remarks.join(", ")
    }

    /// What the columns have no room for.
    fn notes(&self, with_remarks: bool) -> Vec<String> {
        let mut notes = Vec::new();
        for row in &self.ranking.rows {
            let remarks = self.remarks(row);
            if with_remarks && !remarks.is_empty() {
                notes.push(format!("{}: {remarks}", row.queue));
            }
            if let Some([lower, upper]) = row.modes.filter(|_| self.compares) {
                let blocks = lower.blocks + upper.blocks;
                let mode =
                    |mode: crate::ranking::Mode| format!("{} in {} of {blocks}", self.value(mode.value), mode.blocks);
                notes.push(format!("{}: {}, {}", row.queue, mode(lower), mode(upper)));
            }
            if let Some(detail) = row.detail.as_ref().filter(|_| row.outcome != Outcome::Ok) {
                notes.push(format!("{} {}: {detail}", row.queue, row.outcome));
            }
        }
        if self.ranking.rows.iter().any(|row| row.other_regime) {
            notes.push("* ran fuller or emptier than the best, which may be why they differ".into());
        }
        if self.scenario.size == Size::Boxed || self.scenario.capacity == Capacity::Unbounded {
            notes.push(format!("allocates while it runs, from {}", self.allocator));
        }
        if self.compares && !self.ranking.noise.is_empty() {
            let family = |noise: &Noise| {
                format!(
                    "{} {:.0}\u{a0}% ({})",
                    noise.family,
                    noise.median_difference * 100.0,
                    count(noise.pairs, "pair")
                )
            };
            let families: Vec<String> = self.ranking.noise.iter().map(family).collect();
            notes.push(format!("noise: run twice in a round, a queue differs from itself by: {}", families.join(", ")));
        }
        if !self.compares {
            notes.push("a smoke run: it shows that everything runs, not which is faster".into());
        }
        notes
    }
}

fn ratio_words(ratio: &Ratio) -> String {
    let digits = match ratio.estimate {
        estimate if estimate < 10.0 => 2,
        estimate if estimate < 100.0 => 1,
        _ => 0,
    };
    match ratio.interval {
        _ if ratio.estimate == 1.0 && ratio.interval.is_none_or(|[low, high]| low == high) => "best".into(),
        Some([low, high]) => format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", ratio.estimate),
        None => format!("{:.digits$}", ratio.estimate),
    }
}

/// The text in lines of at most `width` characters, indented; a word longer than that is cut.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let word: String = word.chars().take(width).collect();
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => line.push_str(&format!(" {word}")),
            None => lines.push(word),
        }
    }
    let indent = |(number, line)| format!("{}{line}\n", if number == 0 { "  " } else { "    " });
    lines.into_iter().enumerate().map(indent).collect()
}

/// Without meaning for what renders markdown.
fn markdown_text(text: &str) -> String {
    let is_markup = |c: char| "\\`*<[|".contains(c);
    text.chars().flat_map(|c| is_markup(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Quoted where it must be, and without meaning as a formula for what opens it.
fn csv_text(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    if text.contains([',', '"']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

fn csv(sections: &[Section]) -> String {
    let mut text = "scenario,unit,threads,oversubscribed,queue,outcome,blocks,failed_blocks,flags,value,times_slower,times_slower_low,times_slower_high,regime,\
                    cpu_ns_per_message,spread,share_of_limit,voluntary_switches_per_message,capacity,\
                    full_tries_per_message,empty_tries_per_message,detail"
        .to_owned();
    for section in sections {
        for row in &section.ranking.rows {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let ratio = row.times_slower.filter(|_| section.compares);
            let interval = ratio.and_then(|ratio| ratio.interval);
            let cells = [
                section.ranking.scenario.clone(),
                section.ranking.unit.into(),
                section.threads.to_string(),
                section.oversubscribed.to_string(),
                csv_text(&row.queue),
                row.outcome.to_string(),
                row.blocks.to_string(),
                row.failed_blocks.to_string(),
                csv_text(&row.flags.keys().cloned().collect::<Vec<_>>().join(" ")),
                number(row.value),
                number(ratio.map(|ratio| ratio.estimate)),
                number(interval.map(|interval| interval[0])),
                number(interval.map(|interval| interval[1])),
                row.regime.map_or_else(String::new, |regime| regime.to_string()),
                number(row.cpu_ns_per_message),
                number(row.spread),
                number(row.share_of_limit),
                number(row.voluntary_switches_per_message),
                row.capacity.map_or_else(String::new, |capacity| capacity.to_string()),
                number(row.failed_tries_per_message.and_then(|[full, _]| full)),
                number(row.failed_tries_per_message.and_then(|[_, empty]| empty)),
                csv_text(row.detail.as_deref().unwrap_or_default()),
            ];
            text.push('\n');
            text.push_str(&cells.join(","));
        }
    }
    text
}

fn markdown(sections: &[Section], wide: bool) -> String {
    let mut text = String::new();
    for section in sections {
        let head = section.value_head();
        let wide_heads = if wide { WIDE_HEADS.map(|head| format!("{head} | ")).concat() } else { String::new() };
        let heads = format!("| queue | {head} | times slower | ran | cpu/message | {wide_heads}|");
        let rules = if wide { "---:|".repeat(WIDE_HEADS.len()) } else { String::new() };
        text.push_str(&format!("\n{}\n\n{heads}\n|---|---:|---:|---|---:|{rules}---|\n", section.title()));
        for row in &section.ranking.rows {
            let mut cells = section.cells(row, wide);
            if let Some(remarks) = cells.last_mut() {
                *remarks = markdown_text(remarks);
            }
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        for note in section.notes(false) {
            text.push_str(&format!("\n{}\n", markdown_text(&note)));
        }
    }
    text.trim().to_owned()
}
