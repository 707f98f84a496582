//! `validate`: is this a results file? And `validate --worker`: does this program keep the worker protocol?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{code, out, talk};
use crate::record::core_to_core::is_core_to_core;
use crate::record::machine_toml::{self, folder_of, is_machine_toml};
use crate::record::{self, ReadError, Results, core_to_core};
use crate::schedule::examine::{Check, Examination, Found};
use crate::table::count;

/// Check results files: are they whole, of a schema this program reads, and free of what no run writes? Are those in
/// results/<machine>/ of that machine, and is its machine.toml beside them? Or check a worker: does it keep the protocol?
#[derive(Args)]
#[command(override_usage = "queuebench validate <FILES>...
       queuebench validate [-q <ID>] --worker <COMMAND>...")]
#[command(after_help = "Examples:
  queuebench validate results/*/*.jsonl
  queuebench validate results/my-cpu-8c16t-1f3a/*     before you contribute it
  queuebench validate --worker python3 my_worker.py
  queuebench validate -q mine/ring --worker ./my-worker --its-own-option")]
pub struct Validate {
    /// Results files, core-to-core maps, and machine.toml
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
        let mut mind = |error: String| {
            anstream::eprintln!("error: {error}");
            worst = code::ERROR;
        };
        let mut folders = BTreeSet::new();
        for file in &self.files {
            match checked(file) {
                Ok(Valid { line, machine, unfit }) => {
                    out(&line)?;
                    let place = folder_of(file).zip(machine).map(|(folder, machine)| Place { folder, machine });
                    if let Some(place) = place {
                        place.check_name(file).unwrap_or_else(&mut mind);
                        if let Some(why) = unfit.filter(|_| place.is_contributed()) {
                            mind(format!("{}: {why}; leave it in results/local/", file.display()));
                        }
                        if folders.insert(place.folder.clone()) && !self.names_machine_toml_in(&place.folder) {
                            place.check_machine_toml().unwrap_or_else(&mut mind);
                        }
                    }
                }
                Err(error) => mind(error.to_string()),
            }
        }
        Ok(worst)
    }

    /// Whether that folder's machine.toml is checked anyway.
    fn names_machine_toml_in(&self, folder: &Path) -> bool {
        let is_it = |file: &PathBuf| is_machine_toml(file) && folder_of(file).is_some_and(|its| its == folder);
        self.files.iter().any(is_it)
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

/// A file that is what it should be.
struct Valid {
    /// What there is to say of it.
    line: String,
    /// The machine that it holds figures of.
    machine: Option<String>,
    /// Why others have no use for them.
    unfit: Option<String>,
}

fn checked(file: &Path) -> Result<Valid, ReadError> {
    if is_machine_toml(file) {
        let said = machine_toml::read(file)?;
        return Ok(Valid { line: format!("{}: ok, {}", file.display(), said.name), machine: None, unfit: None });
    }
    if is_core_to_core(file) {
        let map = core_to_core::read(file)?;
        let (pairs, cpus) = (count(map.pairs.len(), "pair"), count(map.topology.usable().count(), "cpu"));
        let line = format!("{}: ok, {pairs} of {cpus}", file.display());
        return Ok(Valid { line, machine: Some(map.machine.id), unfit: None });
    }
    let results = record::read(file)?;
    let ended = match &results.end {
        None => format!("; not ended: queuebench run --resume {}", file.display()),
        Some(end) if end.interrupted => format!("; interrupted: queuebench run --resume {}", file.display()),
        Some(_) => String::new(),
    };
    let blocks = count(results.blocks.len(), "block");
    let scenarios = count(results.run.scenarios.len(), "scenario");
    let line = format!("{}: ok, {blocks}, {scenarios}{ended}", file.display());
    let unfit = unfit(&results);
    Ok(Valid { line, machine: Some(results.run.machine.id), unfit })
}

/// Rounds of each scenario of a contribution: with fewer a leader is hardly told from the rest of a field.
const FEWEST_ROUNDS: usize = 10;

/// Why a run is no contribution, though it is good enough to look at.
fn unfit(results: &Results) -> Option<String> {
    if results.end.is_none() {
        return Some("its run has not ended".to_owned());
    }
    if !results.run.toolchain.optimised() {
        return Some("it was built without optimisation; use --release".to_owned());
    }
    let mut rounds: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    results.blocks.iter().for_each(|block| _ = rounds.entry(&block.scenario).or_default().insert(block.round));
    let of = |scenario: &str| rounds.get(scenario).map_or(0, BTreeSet::len);
    let (fewest, scenario) = results.run.scenarios.iter().map(|line| (of(&line.id), &line.id)).min()?;
    let said = || format!("{scenario} has {}; others can use {FEWEST_ROUNDS} and more", count(fewest, "round"));
    (fewest < FEWEST_ROUNDS).then(said)
}

/// The folder a file is in, and the machine that the file is of.
struct Place {
    folder: PathBuf,
    machine: String,
}

impl Place {
    /// Whether the folder is one of contributed results: `results/<machine>/`. Where runs write, anything may lie.
    fn is_contributed(&self) -> bool {
        let parent = self.folder.parent().and_then(Path::file_name);
        parent.is_some_and(|name| name == "results") && self.folder.file_name().is_some_and(|name| name != "local")
    }

    /// A folder that speaks of a machine speaks of that of its files.
    fn check_name(&self, file: &Path) -> Result<(), String> {
        if self.folder.file_name().is_some_and(|name| name == self.machine.as_str()) {
            return Ok(());
        }
        let (file, machine) = (file.display(), &self.machine);
        if self.is_contributed() {
            return Err(format!("{file}: measured on {machine}; move it to results/{machine}/"));
        }
        if self.folder.join(machine_toml::NAME).is_file() {
            let folder = self.folder.file_name().unwrap_or_default().display();
            talk(&format!(
                "warning: {file}: measured on {machine}, so the {} of {folder} does not speak of it",
                machine_toml::NAME
            ));
        }
        Ok(())
    }

    /// Readers of contributed results are told what the machine is.
    fn check_machine_toml(&self) -> Result<(), String> {
        let file = self.folder.join(machine_toml::NAME);
        if !self.is_contributed() {
            return Ok(());
        }
        if file.is_file() {
            return machine_toml::read(&file).map(|_| ()).map_err(|why| why.to_string());
        }
        let folder = self.folder.file_name().unwrap_or_default().display();
        Err(format!("results/{folder}/{} is missing; write into it {}", machine_toml::NAME, machine_toml::EXAMPLE))
    }
}
