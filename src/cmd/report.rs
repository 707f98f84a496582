//! `report`: results files as a page to look at.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::rank::csv;
use super::{out, talk};
use crate::filter::Filter;
use crate::record::{self, Results, core_to_core};
use crate::report::{MOST_CELLS, page};
use crate::summary::{Summary, Wanted, gallery};
use crate::table::{count, percent};

/// Make a page of results files: which queue, how sure that is, what it costs, and every figure behind it. One file, for a
/// browser, offline. Files of two machines are put side by side.
#[derive(Args)]
#[command(after_help = "Examples:
  queuebench report results/local/*.jsonl
  queuebench report results/*/*.jsonl results/*/core-to-core.json -o all.html
  queuebench report ONE.jsonl OTHER.jsonl -o two-machines.html -s 1p1c
  queuebench report results/*/*.jsonl --format markdown     what scripts/results writes

Files: results of `queuebench run`, and maps of `queuebench machine --probe -o FILE`")]
pub struct Report {
    /// Results files, and core-to-core maps
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where to write it; - is standard output [default: report.html, and - for markdown]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A page, or the machines with their floors and best sets as markdown
    #[arg(long, value_enum, default_value_t = PageFormat::Html, value_name = "FORMAT")]
    format: PageFormat,
    /// Only queues whose id matches this regular expression, or contains it as it stands
    #[arg(short = 'q', long, value_name = "RE")]
    queue: Option<String>,
    /// Only scenarios whose id matches this regular expression, or contains it as it stands
    #[arg(short = 's', long, value_name = "RE")]
    scenario: Option<String>,
    /// Rates that differ by less are equivalent [default: the run's, 5%]
    #[arg(long, value_parser = percent, value_name = "PERCENT")]
    margin: Option<f64>,
}

/// What is made of results files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PageFormat {
    Html,
    Markdown,
}

impl Report {
    pub fn run(&self) -> anyhow::Result<u8> {
        self.spare_what_is_there()?;
        let summary = self.summary()?;
        let text = match self.format {
            PageFormat::Html => self.page(&summary),
            PageFormat::Markdown => gallery(&summary),
        };
        let path = self.output();
        if path == Path::new("-") {
            return out(&text).map(|()| 0);
        }
        let written = std::fs::File::create(path).and_then(|mut file| writeln!(file, "{text}"));
        written.with_context(|| format!("cannot write {}; name another file with -o", path.display()))?;
        let maps = summary.core_maps.len();
        talk(&format!(
            "{}: {} of {}{}, {:.1} MB{}",
            path.display(),
            count(summary.scenarios.len(), "scenario"),
            count(summary.machines.len(), "machine"),
            if maps == 0 { String::new() } else { format!(", {}", count(maps, "core-to-core map")) },
            text.len() as f64 / 1e6,
            if self.format == PageFormat::Html { "; open it in a browser" } else { "" }
        ));
        Ok(0)
    }

    /// Refuses to write over a file that is read, or over one that no earlier report has written.
    fn spare_what_is_there(&self) -> anyhow::Result<()> {
        let path = self.output();
        let Ok(there) = path.canonicalize() else { return Ok(()) };
        let is_read = self.files.iter().any(|file| file.canonicalize().is_ok_and(|file| file == there));
        anyhow::ensure!(!is_read, "{} is one of the files to read; name another with -o", path.display());
        // A device is written to as it is, and so is what is empty.
        if !there.is_file() {
            return Ok(());
        }
        let mut head = Vec::new();
        std::fs::File::open(&there)
            .and_then(|file| file.take(4096).read_to_end(&mut head))
            .with_context(|| format!("cannot read what is at {}; name another file with -o", path.display()))?;
        let head = String::from_utf8_lossy(&head);
        let is_ours = (head.starts_with("<!DOCTYPE html>") && head.contains("<title>queuebench: "))
            || head.starts_with("# Results\n\nMachines whose results are here");
        anyhow::ensure!(
            head.is_empty() || is_ours,
            "{} is there and is no page of queuebench; move it away, or name another file with -o",
            path.display()
        );
        Ok(())
    }

    fn output(&self) -> &Path {
        match (&self.output, self.format) {
            (Some(path), _) => path,
            (None, PageFormat::Html) => Path::new("report.html"),
            (None, PageFormat::Markdown) => Path::new("-"),
        }
    }

    fn page(&self, summary: &Summary) -> String {
        page(summary, &csv(&summary.scenarios), &self.command())
    }

    fn summary(&self) -> anyhow::Result<Summary> {
        let filter = |text: &Option<String>| text.as_deref().map(Filter::new).transpose();
        let wanted = Wanted {
            margin: self.margin,
            queues: filter(&self.queue)?,
            scenarios: filter(&self.scenario)?,
            ..Wanted::default()
        };
        let (maps, results): (Vec<&PathBuf>, Vec<&PathBuf>) =
            self.files.iter().partition(|file| core_to_core::is_core_to_core(file));
        let maps: Result<Vec<_>, _> = maps.into_iter().map(|file| core_to_core::read(file)).collect();
        let results: Result<Vec<_>, _> = results.into_iter().map(|file| record::read(file)).collect();
        let results = results?;
        // Before they are summed up, which takes the longer the more there are.
        let cells: usize = results.iter().map(|results| cells(results, &wanted)).sum();
        anyhow::ensure!(
            cells <= MOST_CELLS || self.format != PageFormat::Html,
            "{cells} cells are more than a page can show ({MOST_CELLS}); choose some with -s and -q"
        );
        let summary = Summary::of(results, maps?, &wanted)?;
        let is_filtered = self.queue.is_some() || self.scenario.is_some();
        anyhow::ensure!(
            !summary.scenarios.is_empty() || !is_filtered,
            "nothing in these files matches the filters; without -s and -q all is shown"
        );
        Ok(summary)
    }

    /// How to make the page again, with none of this machine's folders in it.
    fn command(&self) -> String {
        let quoted = |text: &str| {
            let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./+=@".contains(c)) && !text.is_empty();
            if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
        };
        // As it was typed, but for the folders of this machine.
        let name = |path: &Path| {
            let path = if path.is_absolute() { path.file_name().map_or(path, Path::new) } else { path };
            record::printable(&path.to_string_lossy())
        };
        let mut words = vec!["queuebench".to_owned(), "report".to_owned()];
        words.extend(self.files.iter().map(|file| quoted(&name(file))));
        for (flag, value) in [("-q", &self.queue), ("-s", &self.scenario)] {
            words.extend(value.iter().flat_map(|value| [flag.to_owned(), quoted(&record::printable(value))]));
        }
        words.extend(self.margin.iter().flat_map(|margin| ["--margin".into(), format!("{}%", margin * 100.0)]));
        words.extend(["-o".into(), quoted(&name(self.output()))]);
        words.join(" ")
    }
}

/// Queues by scenario that are wanted of a file.
fn cells(results: &Results, wanted: &Wanted) -> usize {
    let is_wanted = |filter: &Option<Filter>, id: &str| filter.as_ref().is_none_or(|filter| filter.matches(id));
    let named =
        |id: &str| results.run.scenarios.iter().find(|line| line.id == id).and_then(|line| line.name.as_deref());
    let scenario_is_wanted =
        |id: &str| is_wanted(&wanted.scenarios, id) || named(id).is_some_and(|name| is_wanted(&wanted.scenarios, name));
    let cells: HashSet<(&str, &str)> =
        results.blocks.iter().map(|block| (block.scenario.as_str(), block.queue.as_str())).collect();
    cells
        .into_iter()
        .filter(|(scenario, queue)| is_wanted(&wanted.queues, queue) && scenario_is_wanted(scenario))
        .count()
}
