//! Where figures come from: the runs and the machines.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::machine::Fingerprint;
use crate::record::Results;
use crate::record::machine_toml::MachineToml;
use crate::topology::Topology;

/// One results file's run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunAbout {
    /// The file's name, without its folders.
    pub file: String,
    /// Its pool: the runs that were put together with it have the same.
    pub pool: usize,
    /// The machine's id.
    pub machine: String,
    /// When it started, in UTC, RFC 3339.
    pub started: String,
    /// When it ended, if it did.
    pub ended: Option<String>,
    /// Whether it was interrupted, or never came to its end.
    pub incomplete: bool,
    /// The suite's name.
    pub suite: String,
    /// The profile's name.
    pub profile: String,
    /// Rounds of every scenario, at most.
    pub most_rounds: u32,
    /// Blocks in the file.
    pub blocks: usize,
    /// The seed its orders were drawn from.
    pub seed: u64,
    /// The program's version.
    pub version: String,
    /// Its build.
    pub build: String,
    /// Its method of measuring.
    pub method: u32,
    /// The compiler.
    pub rustc: String,
    /// What it compiled for.
    pub target: String,
    /// The optimisation level.
    pub opt_level: String,
    /// Flags given to it.
    pub rustflags: String,
    /// The allocator.
    pub allocator: String,
    /// Workers of other builds or languages that took part, and what they say they are.
    pub workers: BTreeMap<String, String>,
}

impl RunAbout {
    pub(super) fn of(results: &Results) -> RunAbout {
        let run = &results.run;
        let tools = &run.toolchain;
        let file = results.path.file_name().map(|name| name.to_string_lossy().into_owned());
        RunAbout {
            file: crate::record::printable(&file.unwrap_or_default()),
            pool: 0,
            machine: run.machine.id.clone(),
            started: run.started.clone(),
            ended: results.end.as_ref().map(|end| end.ended.clone()),
            incomplete: results.end.as_ref().is_none_or(|end| end.interrupted),
            suite: run.suite.clone(),
            profile: run.profile.clone(),
            most_rounds: run.rounds,
            blocks: results.blocks.len(),
            seed: run.seed,
            version: run.version.clone(),
            build: run.build.clone(),
            method: run.method,
            rustc: tools.rustc.clone(),
            target: tools.target.clone(),
            opt_level: tools.opt_level.clone(),
            rustflags: tools.rustflags.clone(),
            allocator: tools.allocator.clone(),
            workers: run.workers.clone(),
        }
    }
}

/// A machine that figures were measured on.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// Its id.
    pub id: String,
    /// What people call it: `name` of the machine.toml beside its files.
    pub name: Option<String>,
    /// What people who know it say of it: `notes` of the same file.
    pub notes: Option<String>,
    /// Who contributed its figures, as the same file has it.
    pub contributor: Option<String>,
    /// What identifies it, as its first run found it.
    pub fingerprint: Fingerprint,
    /// Its cpus.
    pub topology: Topology,
    /// Every queue's version.
    pub versions: BTreeMap<String, String>,
}

impl Machine {
    /// What people say of it, unless somebody has spoken before.
    pub(super) fn hear(&mut self, said: MachineToml) {
        if self.name.is_none() {
            self.name = Some(said.name);
            self.notes = Some(said.notes);
            self.contributor = said.contributor;
        }
    }

    /// What it is called, if only by its id.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
