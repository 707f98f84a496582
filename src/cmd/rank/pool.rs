//! Files of one machine, pooled run by run: their rounds are put one after the other, never mixed.

use std::collections::{BTreeMap, HashMap};

use anyhow::bail;

use crate::record::{Block, Results, Run, ScenarioLine};

/// One machine's runs.
pub struct Pooled {
    /// Where they were read from.
    pub files: Vec<String>,
    /// The first of them.
    pub run: Run,
    /// Every scenario of any of them.
    pub scenarios: Vec<ScenarioLine>,
    /// Every queue's family.
    pub families: BTreeMap<String, String>,
    blocks: HashMap<String, Vec<Block>>,
    runs_of: HashMap<String, usize>,
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
            let mut pool = match pools.iter().position(|pool| obstacle(&pool.run, run).is_none()) {
                Some(at) => pools.remove(at),
                None => Pooled::new(run.clone()),
            };
            pool.add(results);
            pools.push(pool);
        }
        Ok(pools)
    }

    fn new(run: Run) -> Pooled {
        let (files, scenarios) = (Vec::new(), Vec::new());
        Pooled { files, run, scenarios, families: BTreeMap::new(), blocks: HashMap::new(), runs_of: HashMap::new() }
    }

    fn add(&mut self, results: Results) {
        self.files.push(results.path.display().to_string());
        for line in results.run.scenarios {
            if !self.scenarios.iter().any(|known| known.id == line.id) {
                self.scenarios.push(line);
            }
        }
        self.families.extend(results.run.families);
        // Rounds are numbered on, so that no round of one run meets one of another.
        let offset = self.blocks.values().flatten().map(|block| block.round + 1).max().unwrap_or(0);
        let mut new: HashMap<String, Vec<Block>> = HashMap::new();
        for mut block in results.blocks {
            block.round += offset;
            new.entry(block.scenario.clone()).or_default().push(block);
        }
        for (scenario, blocks) in new {
            *self.runs_of.entry(scenario.clone()).or_default() += 1;
            self.blocks.entry(scenario).or_default().extend(blocks);
        }
    }

    /// The blocks of a scenario, and how many runs they come from.
    pub fn take(&mut self, scenario: &str) -> (Vec<Block>, usize) {
        (self.blocks.remove(scenario).unwrap_or_default(), self.runs_of.get(scenario).copied().unwrap_or(0))
    }
}

/// Why two runs cannot be pooled, if so.
fn obstacle(one: &Run, other: &Run) -> Option<&'static str> {
    let versions_agree =
        other.versions.iter().all(|(queue, version)| one.versions.get(queue).is_none_or(|known| known == version));
    let cpus_agree =
        other.scenarios.iter().all(|line| one.scenarios.iter().all(|known| known.id != line.id || known == line));
    match () {
        () if one.machine.id != other.machine.id => Some("machine"),
        () if one.version != other.version => Some("queuebench version"),
        () if one.toolchain != other.toolchain => Some("toolchain"),
        () if (one.profile == "smoke") != (other.profile == "smoke") => Some("profile"),
        () if !versions_agree => Some("queue versions"),
        () if !cpus_agree => Some("cpus"),
        () => None,
    }
}
