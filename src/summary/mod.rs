//! Everything that is said of results files, computed once: tables, the page and the plots show this and compute nothing.
//! As JSON (`rank --format json`) it is described by `src/summary/schema.json`.

mod about;
mod absent;
mod across;
mod beside;
mod core_map;
mod gallery;
mod look;
mod pool;
mod section;
mod series;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

pub use about::{Machine, RunAbout};
pub use absent::{Absent, AbsentKind};
pub use across::{Across, between, ladder_finding, overall, side_words, verdict_of_change};
pub use beside::{Agreed, Beside, OnMachine, OnMachines, Reversal, SideBySide, Without};
pub use core_map::CoreMap;
pub use gallery::gallery;
pub use look::{Look, Palette, look_of};
use pool::Pooled;
pub use section::{Measured, Parts, Section, SiteParts};
pub use series::{Line, Measure, Place, Series, Swept};
pub use words::{named_figure, program_finding, rank_words, these_queues, verdict_words};

use crate::filter::Filter;
use crate::ranking::CONFIDENCE;
use crate::record::core_to_core::CoreToCore;
use crate::record::{Results, Skip, machine_toml};
use crate::suite::Suite;

/// The summary's own schema; it is raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// What is to be summed up, and how.
#[derive(Default)]
pub struct Wanted {
    /// Rates that differ by less are equivalent; as each run has it, where nothing is said.
    pub margin: Option<f64>,
    /// Whether every pair is wanted.
    pub pairs: bool,
    /// Only these queues.
    pub queues: Option<Filter>,
    /// Only these scenarios, by id or name.
    pub scenarios: Option<Filter>,
    /// Whether only tables are wanted, not what takes the whole picture.
    pub only_tables: bool,
}

/// All that is said of some results files.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    /// The schema of this summary.
    pub schema: u32,
    /// The program's version that summed up.
    pub version: &'static str,
    /// What intervals are computed for.
    pub confidence: f64,
    /// The files.
    pub runs: Vec<RunAbout>,
    /// The machines, in the order they were named.
    pub machines: Vec<Machine>,
    /// The scenarios: machine by machine, its suites in the order that `list` has them, pool by pool, as they ran.
    pub scenarios: Vec<Section>,
    /// Scenarios that differ in one thing, as a line of each queue.
    pub series: Vec<Series>,
    /// Both sides of the boundary between threads and processes.
    pub crossings: Vec<Across>,
    /// What a cache line takes from cpu to cpu.
    pub core_maps: Vec<CoreMap>,
    /// Several machines beside each other.
    pub side_by_side: Option<SideBySide>,
    /// Scenarios that did not run, and why.
    pub scenarios_not_run: Vec<Skip>,
    /// How each queue is drawn, wherever it is.
    pub looks: BTreeMap<String, Look>,
    /// The colours that looks speak of.
    pub palette: Palette,
}

impl Summary {
    /// Of these files; those of one machine and build are pooled.
    ///
    /// # Errors
    ///
    /// When a run is there twice, or a machine.toml cannot be read.
    pub fn of(mut files: Vec<Results>, maps: Vec<CoreToCore>, wanted: &Wanted) -> anyhow::Result<Summary> {
        let machines: Vec<String> = files.iter().map(|results| results.run.machine.id.clone()).collect();
        // Machine by machine as they were named, and of each the suites in the order that `list` has them.
        let place = |machine: &str, suite: &str| {
            let suite = Suite::names().position(|name| name == suite).unwrap_or(usize::MAX);
            (machines.iter().position(|known| known == machine), suite)
        };
        files.sort_by_key(|results| place(&results.run.machine.id, &results.run.suite));
        let pools = Pooled::all(files)?;
        let mut summary = Summary::empty();
        summary.core_maps = maps.into_iter().map(CoreMap::of).collect();
        let mut first_runs = Vec::new();
        for (at, mut pool) in pools.into_iter().enumerate() {
            summary.runs.extend(pool.runs.drain(..).map(|run| RunAbout { pool: at, ..run }));
            summary.add_machine(&pool);
            if !wanted.only_tables {
                summary.hear_of_machine(&pool)?;
            }
            summary.scenarios.extend(pool.sections(at, wanted)?);
            let whole = pool.skips.into_iter().filter(|skip| skip.queue.is_none());
            summary.scenarios_not_run.extend(whole);
            first_runs.push(pool.run);
        }
        // Pools may have several suites each.
        summary.scenarios.sort_by_key(|section| place(&section.machine, &section.suite));
        summary.find_twins();
        summary.crossings = across::all(&summary.scenarios);
        if !wanted.only_tables {
            summary.side_by_side = beside::side_by_side(&summary.scenarios, &summary.machines, &first_runs);
            summary.series = series::all(&summary.scenarios, &summary.machines);
            let queues = summary.scenarios.iter().flat_map(|section| &section.ranking.rows);
            summary.looks = queues.map(|row| (row.queue.clone(), look_of(&row.queue))).collect();
        }
        Ok(summary)
    }

    fn find_twins(&mut self) {
        let key = |section: &Section| (section.scenario, section.machine.clone());
        let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, section) in self.scenarios.iter().enumerate() {
            places.entry(key(section)).or_default().push(at);
        }
        for (at, section) in self.scenarios.iter_mut().enumerate() {
            section.twins = places[&key(section)].iter().copied().filter(|twin| *twin != at).collect();
        }
    }

    fn empty() -> Summary {
        Summary {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            confidence: CONFIDENCE,
            runs: Vec::new(),
            machines: Vec::new(),
            scenarios: Vec::new(),
            series: Vec::new(),
            crossings: Vec::new(),
            core_maps: Vec::new(),
            side_by_side: None,
            scenarios_not_run: Vec::new(),
            looks: BTreeMap::new(),
            palette: Palette::default(),
        }
    }

    fn add_machine(&mut self, pool: &Pooled) {
        let id = &pool.run.machine.id;
        match self.machines.iter_mut().find(|machine| machine.id == *id) {
            Some(known) => known.versions.extend(pool.versions.clone()),
            None => self.machines.push(Machine {
                id: id.clone(),
                name: None,
                notes: None,
                contributor: None,
                fingerprint: pool.run.machine.clone(),
                topology: pool.run.topology.clone(),
                versions: pool.versions.clone(),
            }),
        }
    }

    /// What is said of the pool's machine beside its files.
    fn hear_of_machine(&mut self, pool: &Pooled) -> anyhow::Result<()> {
        let id = &pool.run.machine.id;
        let Some(machine) = self.machines.iter_mut().find(|machine| machine.id == *id) else { return Ok(()) };
        for path in &pool.paths {
            if let Some(said) = machine_toml::beside(path, id)? {
                machine.hear(said);
            }
        }
        Ok(())
    }
}

impl Pooled {
    fn sections(&mut self, at: usize, wanted: &Wanted) -> anyhow::Result<Vec<Section>> {
        let mut sections = Vec::new();
        for line in self.scenarios.clone() {
            let matches = |filter: &Filter| filter.matches_scenario(&line.id, line.name.as_deref(), &line.tags);
            let mut part = self.take(&line.id);
            part.blocks.retain(|block| wanted.queues.as_ref().is_none_or(|filter| filter.matches(&block.queue)));
            if part.blocks.is_empty() || !wanted.scenarios.as_ref().is_none_or(matches) {
                continue;
            }
            let measured = Measured { run: &self.run, families: &self.families, line: &line, blocks: &part.blocks };
            let mut section = Section::new(&measured, wanted.margin.unwrap_or(self.run.margin), wanted.pairs)?;
            if !wanted.only_tables {
                section = section.whole(&measured, &self.skips);
            }
            (section.runs, section.files, section.suite) = (part.files.len(), part.files, part.suite);
            section.pool = at;
            sections.push(section);
        }
        Ok(sections)
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    /// The schema follows from the types and their documentation; this file is for those who read the JSON.
    #[test]
    fn the_schema_beside_this_file_is_that_of_the_summary() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/summary/schema.json");
        // What is written, not what could be read: a field that is left out where it is empty is not required.
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<Summary>();
        let schema = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("QUEUEBENCH_WRITE_SCHEMA").is_some() {
            std::fs::write(path, &schema).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == schema, "write it anew: QUEUEBENCH_WRITE_SCHEMA=1 cargo test --lib the_schema");
    }
}
