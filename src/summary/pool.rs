//! Files of one machine, pooled run by run: their rounds are put one after the other, never mixed.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::bail;

use super::about::RunAbout;
use crate::record::{Block, Results, Run, ScenarioLine, Skip};

/// One machine's runs.
pub struct Pooled {
    /// The first of them.
    pub run: Run,
    /// Every scenario of any of them, in order.
    pub scenarios: Vec<ScenarioLine>,
    /// Every queue's family.
    pub families: BTreeMap<String, String>,
    /// Every queue's version.
    pub versions: BTreeMap<String, String>,
    /// What did not run, and why.
    pub skips: Vec<Skip>,
    /// Each of the runs.
    pub runs: Vec<RunAbout>,
    /// Where each was read from.
    pub paths: Vec<PathBuf>,
    rounds: u32,
    parts: HashMap<String, Part>,
}

/// A scenario's part in all runs.
#[derive(Default)]
pub struct Part {
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// The files they are from.
    pub files: Vec<String>,
    /// The suite it was first run in.
    pub suite: String,
}

impl Pooled {
    /// The runs of each machine together; a run that cannot be pooled with those before it stands by itself.
    ///
    /// # Errors
    ///
    /// When a run is there twice.
    pub fn all(files: Vec<Results>) -> anyhow::Result<Vec<Pooled>> {
        let mut pools: Vec<Pooled> = Vec::new();
        let mut seen: HashMap<(String, u64, String), String> = HashMap::new();
        for results in files {
            let path = results.path.display().to_string();
            let run = &results.run;
            if let Some(other) = seen.insert((run.started.clone(), run.seed, run.machine.id.clone()), path.clone()) {
                bail!("{other} and {path} are the same run; name it once");
            }
            let at = pools.iter().position(|pool| pool.can_take(run)).unwrap_or_else(|| {
                pools.push(Pooled::new(run.clone()));
                pools.len() - 1
            });
            pools[at].add(results, path);
        }
        Ok(pools)
    }

    fn new(run: Run) -> Pooled {
        let (scenarios, families, versions) = Default::default();
        let (skips, runs, paths) = Default::default();
        Pooled { run, scenarios, families, versions, skips, runs, paths, rounds: 0, parts: HashMap::new() }
    }

    /// Whether a run came about like those that are here already.
    fn can_take(&self, run: &Run) -> bool {
        let own = &self.run;
        let versions_agree =
            run.versions.iter().all(|(queue, version)| self.versions.get(queue).is_none_or(|known| known == version));
        let scenarios_agree =
            run.scenarios.iter().all(|line| self.scenarios.iter().all(|known| known.id != line.id || known == line));
        own.machine.id == run.machine.id
            && (&own.version, &own.build, own.method) == (&run.version, &run.build, run.method)
            && own.toolchain == run.toolchain
            && own.workers == run.workers
            && (own.profile == "smoke") == (run.profile == "smoke")
            && versions_agree
            && scenarios_agree
    }

    fn add(&mut self, results: Results, path: String) {
        self.runs.push(RunAbout::of(&results));
        self.paths.push(results.path.clone());
        for line in results.run.scenarios {
            if !self.scenarios.iter().any(|known| known.id == line.id) {
                self.scenarios.push(line);
            }
        }
        self.families.extend(results.run.families);
        self.versions.extend(results.run.versions);
        self.skips.extend(results.skips);
        // Rounds are numbered on, so that no round of one run meets one of another.
        let offset = self.rounds;
        self.rounds += results.run.rounds;
        for mut block in results.blocks {
            block.round += offset;
            let part = match self.parts.get_mut(&block.scenario) {
                Some(part) => part,
                None => self.parts.entry(block.scenario.clone()).or_default(),
            };
            if part.files.last() != Some(&path) {
                part.files.push(path.clone());
            }
            if part.suite.is_empty() {
                part.suite.clone_from(&results.run.suite);
            }
            part.blocks.push(block);
        }
    }

    /// What there is of a scenario.
    pub fn take(&mut self, scenario: &str) -> Part {
        self.parts.remove(scenario).unwrap_or_default()
    }
}
