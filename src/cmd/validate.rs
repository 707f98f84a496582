//! `validate`: is this a results file? And `validate --worker`: does this program keep the worker protocol?

use std::path::{Path, PathBuf};

use clap::Args;

use super::{code, out};
use crate::record::core_to_core::is_core_to_core;
use crate::record::{self, ReadError, core_to_core};
use crate::schedule::examine::{Check, Examination, Found};
use crate::table::count;

/// Check results files: are they whole, of a schema this program reads, and free of what no run writes? Or check a
/// worker: does it keep the protocol?
#[derive(Args)]
#[command(override_usage = "queuebench validate <FILES>...
       queuebench validate [-q <ID>] --worker <COMMAND>...")]
#[command(after_help = "Examples:
  queuebench validate results/*/*.jsonl
  queuebench validate --worker python3 my_worker.py
  queuebench validate -q mine/ring --worker ./my-worker --its-own-option")]
pub struct Validate {
    /// Results files
    #[arg(required_unless_present = "worker")]
    files: Vec<PathBuf>,
    /// Check this worker against PROTOCOL.md: its program and all its arguments, to the end of the line
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true, conflicts_with = "files")]
    worker: Vec<String>,
    /// The queue to check the worker with [default: the first it lists, or std/mutex-deque]
    #[arg(short = 'q', long, value_name = "ID", requires = "worker", conflicts_with = "files")]
    queue: Option<String>,
}

impl Validate {
    pub fn run(&self) -> anyhow::Result<u8> {
        if self.worker.is_empty() { self.files() } else { self.worker() }
    }

    fn files(&self) -> anyhow::Result<u8> {
        let mut worst = 0;
        for file in &self.files {
            match checked(file) {
                Ok(line) => out(&line)?,
                Err(error) => {
                    anstream::eprintln!("error: {error}");
                    worst = code::ERROR;
                }
            }
        }
        Ok(worst)
    }

    fn worker(&self) -> anyhow::Result<u8> {
        let (mut checks, mut failed, mut printed) = (0, 0, Ok(()));
        let mut tell = |check: &Check| {
            checks += 1;
            failed += usize::from(matches!(check.found, Found::Failed(_)));
            if printed.is_ok() {
                printed = out(&line(check));
            }
        };
        let is_ok = Examination::new(self.worker.clone(), &mut tell).run(self.queue.as_deref());
        printed?;
        if is_ok {
            return Ok(0);
        }
        anstream::eprintln!("error: the worker failed {failed} of {}; see PROTOCOL.md", count(checks, "check"));
        Ok(code::ERROR)
    }
}

fn line(check: &Check) -> String {
    let Check { name, expected, found } = check;
    match found {
        Found::Ok(seen) => format!("ok       {name}: {seen}"),
        Found::Skipped(why) => format!("skipped  {name}: {why}"),
        Found::Failed(seen) => format!("FAILED   {name}: {seen}; expected: {expected}"),
    }
}

/// What there is to say of a file that is what it should be.
fn checked(file: &Path) -> Result<String, ReadError> {
    if is_core_to_core(file) {
        let map = core_to_core::read(file)?;
        let (pairs, cpus) = (count(map.pairs.len(), "pair"), count(map.topology.usable().count(), "cpu"));
        return Ok(format!("{}: ok, {pairs} of {cpus}", file.display()));
    }
    let results = record::read(file)?;
    let ended = match &results.end {
        None => format!("; not ended: queuebench run --resume {}", file.display()),
        Some(end) if end.interrupted => format!("; interrupted: queuebench run --resume {}", file.display()),
        Some(_) => String::new(),
    };
    let blocks = count(results.blocks.len(), "block");
    let scenarios = count(results.run.scenarios.len(), "scenario");
    Ok(format!("{}: ok, {blocks}, {scenarios}{ended}", file.display()))
}
